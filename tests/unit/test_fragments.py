"""Molecules drawn from designed cells: fractions worked out by hand, sequences joined as they must be."""

import math

import numpy as np
import pytest
from present_values import present

from alktrace.demo.facts import load_facts
from alktrace.demo.fragments import (
    FragmentKind,
    Germline,
    Molecules,
    build_templates,
    draw_germline,
    draw_molecules,
    fragment_lengths,
)
from alktrace.demo.made_genome import build_genome, text
from alktrace.demo.planted import (
    Amplification,
    Inversion,
    Loss,
    Placed,
    PlantedVariant,
    Population,
    duplication,
    placed,
    short_name,
    substitution,
)
from alktrace.demo.truth import alteration_truth, average_copies, expected_vaf, pair_truth

GENOME = build_genome(load_facts(), seed=5)
G1202R = substitution(GENOME, "ALK", "p.Gly1202Arg", 3604, "G>A")
L1196M = substitution(GENOME, "ALK", "p.Leu1196Met", 3586, "C>A")
I1171N = substitution(GENOME, "ALK", "p.Ile1171Asn", 3512, "T>A")
T1151DUP = duplication(GENOME, "ALK", "p.Thr1151dup", 3451, 3453)
RB1_STOP = substitution(GENOME, "RB1", "p.Arg320Ter", 958, "C>T")
RB1_LOSS = Loss("RB1", "chr13", 48_200_000, 48_600_000)
MET_GAIN = Amplification("MET", "chr7", 116_600_000, 116_900_000, extra=10)
ALK_GAIN = Amplification("ALK", "chr2", 29_100_000, 29_225_000, extra=4)
EML4_ALK = Inversion("ALK", "EML4", "E13;A20", "chr2", 29_223_740, 42_299_749)
NOBODY = Germline(np.zeros((2, len(GENOME.polymorphisms)), dtype=bool))


def draw(
    populations: tuple[Population, ...],
    depth: float = 3000.0,
    seed: int = 1,
    fragments: FragmentKind = "plasma",
    copies: float = 2.0,
    both_strands: bool = True,
) -> Molecules:
    return draw_molecules(
        GENOME,
        populations,
        NOBODY,
        np.random.default_rng(seed),
        depth=depth,
        fragments=fragments,
        copies=copies,
        both_strands=both_strands,
    )


def cells(fraction: float, *alterations: Placed) -> tuple[Population, Population]:
    return (Population("normal", 1 - fraction), Population("tumour", fraction, alterations))


# Fractions by hand: tumour share f, one mutated of two copies gives f/2; with a gain of e copies of the
# mutated allele (1+e)f / (2+ef); with loss of the other allele f / (2-f).
@pytest.mark.parametrize(
    ("populations", "variant", "vaf"),
    [
        pytest.param(cells(0.3, *placed(G1202R)), G1202R, 0.15, id="heterozygous"),
        pytest.param(cells(0.3, *placed(T1151DUP)), T1151DUP, 0.15, id="insertion"),
        pytest.param(cells(0.4, *placed(G1202R, ALK_GAIN)), G1202R, 2.0 / 3.6, id="amplified-allele"),
        pytest.param(
            cells(0.4, *placed(RB1_STOP), *placed(RB1_LOSS, on=1)), RB1_STOP, 0.4 / 1.6, id="other-copy-lost"
        ),
        pytest.param(cells(0.2, *placed(G1202R), *placed(G1202R, on=1)), G1202R, 0.2, id="both-alleles"),
    ],
)
def test_fractions_of_the_molecules_are_those_of_the_cells(
    populations: tuple[Population, Population], variant: PlantedVariant, vaf: float
) -> None:
    assert expected_vaf(populations, variant) == pytest.approx(vaf)
    truth = alteration_truth(populations, draw(populations), variant, template_bases=93)
    sd = math.sqrt(present(truth.total) * vaf * (1 - vaf))
    assert present(truth.total) > 700
    assert abs(present(truth.mutant) - present(truth.total) * vaf) < 4 * sd


@pytest.mark.parametrize("seed", range(6))
def test_rare_variants_stay_within_binomial_limits(seed: int) -> None:
    populations = cells(0.02, *placed(G1202R))
    truth = alteration_truth(populations, draw(populations, seed=seed), G1202R, template_bases=93)
    expected = present(truth.total) * 0.01
    assert abs(present(truth.mutant) - expected) < 4 * math.sqrt(expected)


def test_copy_number_shows_in_the_molecules() -> None:
    plain, gained = draw(cells(0.0)), draw(cells(0.3, *placed(MET_GAIN)))
    assert average_copies(cells(0.3, *placed(MET_GAIN)), MET_GAIN) == pytest.approx(2 + 0.3 * 10)

    def on(molecules: Molecules, chrom: str, low: int, high: int) -> int:
        positions = [t.positions[t.positions >= 0] for t in molecules.templates]
        inside = [
            t.chrom == chrom and low < p[0] < high
            for t, p in zip(molecules.templates, positions, strict=True)
        ]
        return int(np.isin(molecules.template, np.flatnonzero(inside)).sum())

    met = on(gained, "chr7", 116_600_000, 116_900_000) / on(plain, "chr7", 116_600_000, 116_900_000)
    rest = on(gained, "chr7", 90_000_000, 95_000_000) / on(plain, "chr7", 90_000_000, 95_000_000)
    assert met == pytest.approx(2.5, rel=0.1)
    assert rest == pytest.approx(1.0, rel=0.1)


def test_cis_and_trans_pairs() -> None:
    cis = cells(0.3, *placed(G1202R, L1196M))
    trans = (
        Population("normal", 0.7),
        Population("one", 0.15, placed(G1202R)),
        Population("two", 0.15, placed(L1196M)),
    )
    counts = pair_truth(draw(cis), G1202R, L1196M, template_bases=93)
    assert (counts.first_only, counts.second_only) == (0, 0)
    assert counts.both / (counts.both + counts.neither) == pytest.approx(0.15, abs=0.04)
    counts = pair_truth(draw(trans), G1202R, L1196M, template_bases=93)
    assert counts.both == 0
    assert min(counts.first_only, counts.second_only) > 20


def test_no_molecule_shows_exons_22_and_23_together() -> None:
    counts = pair_truth(draw(cells(0.5, *placed(G1202R, I1171N))), G1202R, I1171N, template_bases=93)
    assert (counts.both, counts.first_only, counts.second_only, counts.neither) == (0, 0, 0, 0)


def test_junctions_join_what_an_inversion_joins() -> None:
    templates = [
        t for t in build_templates(GENOME, cells(0.5, *placed(EML4_ALK, G1202R)), NOBODY) if t.inversion
    ]
    fused, reciprocal = templates
    table = str.maketrans("ACGT", "TGCA")
    partner = GENOME.fetch("chr2", 42_299_730, 42_299_750).translate(table)[::-1]
    joined = text(fused.bases[fused.joint - 20 : fused.joint + 20])
    assert joined == GENOME.fetch("chr2", 29_223_721, 29_223_741) + partner
    rest = GENOME.fetch("chr2", 29_223_741, 29_223_761).translate(table)[::-1]
    joined = text(reciprocal.bases[reciprocal.joint - 20 : reciprocal.joint + 20])
    assert joined == rest + GENOME.fetch("chr2", 42_299_750, 42_299_770)
    assert reciprocal.reciprocal
    assert not fused.reciprocal


def test_fused_share_and_amplified_fusion() -> None:
    for gain, vaf in (((), 0.2), ((ALK_GAIN,), 0.4 * 5 / (2 + 0.4 * 4))):
        populations = cells(0.4, *placed(EML4_ALK, *gain))
        assert expected_vaf(populations, EML4_ALK) == pytest.approx(vaf)
        truth = alteration_truth(populations, draw(populations, depth=6000), EML4_ALK, template_bases=93)
        # The partner side is not targeted, so junctions are captured somewhat less than intact sites.
        assert 0.7 * vaf < present(truth.mutant) / present(truth.total) < 1.05 * vaf
        assert present(truth.spanning) > 0
        assert present(truth.reciprocal) > 0


def test_insertions_keep_their_place_in_the_templates() -> None:
    (mutant,) = (t for t in build_templates(GENOME, cells(0.5, *placed(T1151DUP)), NOBODY) if t.variants)
    place = int(np.flatnonzero(mutant.positions == T1151DUP.pos)[0])
    assert text(mutant.bases[place : place + 7]) == T1151DUP.alt + T1151DUP.alt[1:]
    assert mutant.positions[place : place + 5].tolist() == [T1151DUP.pos, -1, -1, -1, T1151DUP.pos + 1]


def test_snps_follow_the_person_on_both_haplotypes() -> None:
    rng = np.random.default_rng(8)
    person = draw_germline(GENOME, rng)
    templates = list(build_templates(GENOME, (Population("normal", 1.0),), person))
    for number, site in enumerate(GENOME.polymorphisms):
        seen = 0.0
        for template in templates:
            if template.chrom != site.chrom:
                continue
            found = np.flatnonzero(template.positions == site.pos)
            if len(found) and text(template.bases[found[:1]]) == site.alt:
                seen += template.weight
        assert seen == pytest.approx(person.alternative[:, number].sum()), site


@pytest.mark.parametrize(("kind", "mode"), [("plasma", 167), ("csf", 150), ("sonicated", 200)])
def test_fragment_lengths(kind: FragmentKind, mode: int) -> None:
    lengths, probability = fragment_lengths(kind)
    assert probability.sum() == pytest.approx(1)
    assert lengths[int(probability.argmax())] == pytest.approx(mode, abs=2)
    molecules = draw(cells(0.0), depth=300, fragments=kind)
    assert np.median(molecules.end - molecules.start) == pytest.approx(mode, abs=12)


def test_single_strand_libraries_show_one_strand() -> None:
    molecules = draw(cells(0.0), depth=300, both_strands=False)
    assert not ((molecules.top > 0) & (molecules.bottom > 0)).any()
    assert 0.4 < (molecules.top > 0).mean() < 0.6
    paired = draw(cells(0.0), depth=300)
    assert ((paired.top > 0) & (paired.bottom > 0)).mean() > 0.5


def test_shares_must_add_up() -> None:
    with pytest.raises(ValueError, match="add up to 1"):
        draw((Population("normal", 0.9),))


def test_short_names() -> None:
    assert [short_name(name) for name in ("p.Gly1202Arg", "p.Arg341Ter", "p.Thr1151dup")] == [
        "G1202R",
        "R341*",
        "T1151dup",
    ]
