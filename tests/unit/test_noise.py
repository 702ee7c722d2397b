"""The noise model: what it learns from counts with known rates, and what must not train it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from molecule_bam import CHROM, Read, make_reference, pair, with_bases, write_bam

from alktrace.calling.molecules.pileup import Pileup, pile_up
from alktrace.calling.molecules.reads import make_filters
from alktrace.calling.molecules.regions import Regions, build_regions, open_fasta
from alktrace.calling.noise.dispersion import fit_dispersion, gamma_nodes
from alktrace.calling.noise.kinds import TYPES, site_rows, substitution_rows, variant_row
from alktrace.calling.noise.learned import LearnedNoise, load_noise, save_noise
from alktrace.calling.noise.molecule_classes import DUPLEX_2, N_CLASSES, SIMPLEX_3, TO_END
from alktrace.calling.noise.normals import PositionNoiseRow, build_noise_model, read_positions
from alktrace.calling.noise.rates import prior_noise, read_prior
from alktrace.calling.noise.training import binned, learn_noise
from alktrace.errors import DataError
from alktrace.inputs.settings.calling_settings import CallingSettings
from alktrace.io.bam_io import read_header
from alktrace.io.tables import read_table
from alktrace.vocabulary.variant import SmallVariant

SITES = 20_000


@pytest.fixture(scope="module")
def calling(root: Path) -> CallingSettings:
    config = yaml.safe_load((root / "config" / "config.yaml").read_text())
    return CallingSettings.model_validate(config["calling"])


def blank(
    totals: dict[int, int], rates: dict[int, float], *, seed: int = 1, shape: float | None = None
) -> Pileup:
    """A pileup of noise alone: alternatives are Binomial(total, rate) per class, sites gamma if asked."""
    rng = np.random.default_rng(seed)
    reference = rng.integers(0, 4, SITES).astype(np.uint8)
    offsets = np.array([0, SITES])
    starts = np.array([1000])
    targeted = np.ones(SITES, np.bool_)
    tids = np.array([0], np.int32)
    regions = Regions((CHROM,), tids, starts, starts + SITES, offsets, reference, targeted)
    counts = np.zeros((SITES, 4, N_CLASSES), np.uint32)
    factor = rng.gamma(shape, 1 / shape, (SITES, 4)) if shape else np.ones((SITES, 4))
    for c, total in totals.items():
        counts[:, :, c] = rng.binomial(total, np.minimum(rates[c] * factor, 0.5))
        counts[np.arange(SITES), reference, c] = 0
        counts[np.arange(SITES), reference, c] = total - counts[:, :, c].sum(axis=1)
    return Pileup(regions, counts, np.zeros((SITES, 4), np.uint32))


@pytest.mark.parametrize("rate", [3e-6, 3e-5, 3e-4, 5e-3], ids=str)
def test_upper_bounds_hold_the_true_rate_closely(calling: CallingSettings, rate: float) -> None:
    model = learn_noise(blank({SIMPLEX_3: 4000}, {SIMPLEX_3: rate}), calling)
    upper = model.rates[: 16 * len(TYPES), SIMPLEX_3]
    assert np.mean(upper >= rate) > 0.85
    assert np.median(upper) < 1.8 * rate
    assert model.learned[0, SIMPLEX_3]
    assert not model.learned[0, DUPLEX_2]


def test_true_variants_do_not_train(calling: CallingSettings) -> None:
    """Thirty variants at 0.5 % with twenty molecules each, against some sixty molecules of noise."""
    quiet = blank({DUPLEX_2: 4000}, {DUPLEX_2: 2.5e-7})
    before = learn_noise(quiet, calling).rates[:96, DUPLEX_2].copy()
    for site in range(100, SITES, SITES // 30):
        alt = (int(quiet.regions.reference[site]) + 1) % 4
        quiet.counts[site, alt, DUPLEX_2] += 20
    after = learn_noise(quiet, calling).rates[:96, DUPLEX_2]
    assert np.median(after / before) < 2.0


def test_a_panel_full_of_small_variants_trains_little(calling: CallingSettings) -> None:
    """400 variants of two duplex and two simplex molecules each: more than all duplex noise together."""
    totals, rates = {SIMPLEX_3: 2000, DUPLEX_2: 2000}, {SIMPLEX_3: 1e-5, DUPLEX_2: 2e-7}
    panel = blank(totals, rates)
    before = learn_noise(panel, calling).rates[:96]
    for site in range(25, SITES, 50):
        alt = (int(panel.regions.reference[site]) + 1) % 4
        panel.counts[site, alt, [SIMPLEX_3, DUPLEX_2]] += 2
    after = learn_noise(panel, calling).rates[:96]
    assert np.median(after[:, DUPLEX_2] / before[:, DUPLEX_2]) < 1.5
    assert np.median(after[:, SIMPLEX_3] / before[:, SIMPLEX_3]) < 1.2


def test_rare_duplex_errors_borrow_from_all_types(calling: CallingSettings) -> None:
    """A twentieth of the prior: a type alone shows too few molecules, the class shows enough."""
    known = read_prior()
    true = {c: float(known.rate[0, c]) / 20 for c in (SIMPLEX_3, DUPLEX_2)}
    model = learn_noise(blank({SIMPLEX_3: 2000, DUPLEX_2: 2000}, true), calling)
    upper = model.rates[: 16 * len(TYPES), DUPLEX_2]
    assert np.median(upper) < 8 * true[DUPLEX_2]
    assert np.mean(upper >= true[DUPLEX_2]) > 0.85


def test_ends_of_fragments_have_rates_of_their_own(calling: CallingSettings) -> None:
    totals = {DUPLEX_2: 3000, DUPLEX_2 - TO_END: 300}
    model = learn_noise(blank(totals, {DUPLEX_2: 2e-7, DUPLEX_2 - TO_END: 1e-5}), calling)
    inner, outer = model.rates[:96, DUPLEX_2], model.rates[:96, DUPLEX_2 - TO_END]
    assert np.median(inner) < 8e-7
    assert np.median(outer) > 8e-6
    noise = model.noise(0)
    assert noise.weights[DUPLEX_2] > noise.weights[DUPLEX_2 - TO_END]


def test_germline_sites_are_no_training_sites(calling: CallingSettings) -> None:
    clean = blank({SIMPLEX_3: 1000}, {SIMPLEX_3: 1e-5})
    before = learn_noise(clean, calling)
    for site in range(50, SITES, 1000):
        alt = (int(clean.regions.reference[site]) + 1) % 4
        clean.counts[site, alt, SIMPLEX_3] += 500
    after = learn_noise(clean, calling)
    assert np.allclose(before.rates[:96], after.rates[:96], rtol=0.02)
    assert after.shape == before.shape


def test_noisy_context_is_learned(calling: CallingSettings) -> None:
    """C>T in front of G is ten times as frequent as elsewhere."""
    pileup = blank({SIMPLEX_3: 4000}, {SIMPLEX_3: 1e-5})
    rows = site_rows(pileup.regions.reference, pileup.regions.offsets)
    c_to_t = 16 * TYPES.index("C>T")
    before_g = np.isin(rows, [c_to_t + 4 * five + 2 for five in range(4)])
    rng = np.random.default_rng(2)
    sites, alts = np.nonzero(before_g)
    pileup.counts[sites, alts, SIMPLEX_3] += rng.binomial(4000, 1e-4, len(sites)).astype(np.uint32)
    rates = learn_noise(pileup, calling).rates[c_to_t : c_to_t + 16, SIMPLEX_3].reshape(4, 4)
    assert (rates[:, 2] > 5e-5).all()
    assert (rates[:, [0, 1, 3]] < 4e-5).all()


def test_no_molecules_leave_the_prior(calling: CallingSettings) -> None:
    model = learn_noise(blank({}, {}), calling)
    assert np.allclose(model.rates, prior_noise(calling).rates, rtol=1e-6)
    assert not model.learned.any()


@pytest.mark.parametrize(
    ("shape", "low", "high"),
    [
        pytest.param(0.5, 0.4, 0.65, id="very-different"),
        pytest.param(2.0, 1.5, 2.7, id="different"),
        pytest.param(50.0, 10.0, 101.0, id="almost-equal"),
    ],
)
def test_dispersion_of_sites_is_found(shape: float, low: float, high: float) -> None:
    rng = np.random.default_rng(3)
    expected = np.repeat([0.02, 0.1, 0.4], 40_000)
    counts = rng.poisson(expected * rng.gamma(shape, 1 / shape, len(expected)))
    counts[:50] += 15  # true variants
    found, scale = fit_dispersion(counts, expected, read_prior().dispersion)
    assert low < found < high
    assert 0.9 < scale < 1.12


def test_gamma_nodes_have_the_moments_of_the_gamma() -> None:
    factors, shares = gamma_nodes(2.0)
    assert shares.sum() == pytest.approx(1)
    assert np.dot(shares, factors) == pytest.approx(1)
    assert np.dot(shares, factors**2) == pytest.approx(1 + 1 / 2)
    assert np.dot(shares, factors**3) == pytest.approx(1 * 1.5 * 2)


@pytest.mark.parametrize("shape", [None, 2.0], ids=["equal-sites", "sites-differ"])
def test_blank_panels_give_almost_no_calls(calling: CallingSettings, shape: float | None) -> None:
    """0.1 Mb of noise with 60,000 alternatives a panel: at 3e-7 a tenth of a call is expected."""
    from alktrace.calling.candidates.from_pileup import snv_candidates
    from alktrace.calling.rule.hotspots import Hotspots
    from alktrace.calling.rule.verdict import judge

    called = 0
    for seed in range(5):
        totals, rates = {SIMPLEX_3: 3000, DUPLEX_2: 2000}, {SIMPLEX_3: 3e-5, DUPLEX_2: 1e-6}
        pileup = blank(totals, rates, seed=seed, shape=shape)
        noise = learn_noise(pileup, calling)
        rows = site_rows(pileup.regions.reference, pileup.regions.offsets)
        for variant, site in snv_candidates(pileup, noise, Hotspots(), calling):
            alt, total = "ACGT".index(variant.alt), pileup.counts[site].sum(axis=0)
            model = noise.of_site(int(rows[site, alt]), CHROM, variant.pos, "")
            called += judge(
                pileup.counts[site, alt], total, (0, 0), model, hotspot=False, settings=calling
            ).detected
    assert called <= 1


# --- kinds of change ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ref", "alt", "damage"), [("C", "T", True), ("G", "A", True), ("C", "A", False), ("A", "G", False)]
)
def test_deamination_is_known_by_its_type(calling: CallingSettings, ref: str, alt: str, damage: bool) -> None:
    sequence = f"AAAA{ref}AAAA"
    noise, _ = prior_noise(calling).of_variant(
        SmallVariant("chr1", 5, ref, alt), lambda _, start, end: sequence[start:end]
    )
    assert noise.deamination is damage


def test_both_strands_share_a_row() -> None:
    rows = substitution_rows()
    codes = {base: i for i, base in enumerate("ACGT")}
    # TCG>TTG on one strand is CGA>CAA on the other.
    assert (
        rows[codes["T"], codes["C"], codes["G"], codes["T"]]
        == rows[codes["C"], codes["G"], codes["A"], codes["A"]]
    )
    assert len(set(rows[rows >= 0].tolist())) == 96


@pytest.mark.parametrize(
    ("variant", "category"),
    [
        pytest.param(SmallVariant("c", 4, "G", "GT"), "indel_0_2", id="single-base"),
        pytest.param(SmallVariant("c", 7, "CA", "C"), "indel_6_8", id="homopolymer-of-eight"),
        pytest.param(SmallVariant("c", 16, "GCTCTG", "G"), "indel_long", id="five-bases"),
        pytest.param(SmallVariant("c", 29, "GCA", "G"), "indel_3_5", id="dinucleotide-five-times"),
        pytest.param(SmallVariant("c", 16, "G", "GCTC"), "indel_0_2", id="codon-duplication"),
        pytest.param(SmallVariant("c", 2, "TC", "GA"), "mnv", id="mnv"),
        pytest.param(SmallVariant("c", 2, "TCG", "GA"), "indel_long", id="delins"),
        pytest.param(SmallVariant("c", 7, "CA", "T"), "indel_6_8", id="slip-beside-a-substitution"),
        pytest.param(SmallVariant("c", 7, "C", "TA"), "indel_6_8", id="gain-beside-a-substitution"),
        pytest.param(SmallVariant("c", 20, "GACC", "TG"), "indel_long", id="two-substitutions-beside"),
    ],
)
def test_kind_of_other_changes(variant: SmallVariant, category: str) -> None:
    from alktrace.calling.noise.kinds import N_SUBSTITUTIONS, OTHERS

    text = "ATCGTACAAAAAAAAGCTCTGACCATTGGCACACACACATGA"
    assert variant_row(variant, lambda chrom, start, end: text[start:end]) == N_SUBSTITUTIONS + OTHERS.index(
        category
    )


# --- normals ----------------------------------------------------------------------------------------


def test_recurrent_position_needs_more_molecules(tmp_path: Path, calling: CallingSettings) -> None:
    reference = make_reference(tmp_path, 2000)
    (tmp_path / "targets.bed").write_text(f"{CHROM}\t700\t1300\n")
    noisy, alt = 1000, "ACGT"[("ACGT".index(reference[1000]) + 1) % 4]
    bams = []
    for k in range(3):
        reads = []
        for i in range(600):
            start = 850 + i % 100
            edits = {noisy: alt} if i % 150 == 0 else {}
            reads += pair(
                f"m{i}", start, with_bases(reference[start : start + 170], edits, start), duplex=(3, 0)
            )
        bams.append(write_bam(tmp_path / f"n{k}.bam", reads, 2000))
    out = tmp_path / "noise.tsv"
    build_noise_model(
        bams=bams, fasta=tmp_path / "ref.fa", targets=tmp_path / "targets.bed", settings=calling, out=out
    )
    rows = read_table(out, PositionNoiseRow)
    assert [(row.pos, row.alt, row.alt_molecules, row.normals_with, row.normals) for row in rows] == [
        (noisy + 1, alt, 12, 3, 3)
    ]
    factor = read_positions(out)[(CHROM, noisy + 1, f"{reference[1000]}>{alt}")]
    assert factor > 4


def test_a_homopolymer_that_slips_in_every_normal_is_known_by_its_place(
    tmp_path: Path, calling: CallingSettings
) -> None:
    """Six C lose one in 5 % of molecules: nothing of its kind foretells it, three normals do."""
    from alktrace.calling.genotyping.known_alleles import count_alterations

    run = 1000
    reference = make_reference(tmp_path, 2000, edits={run: "CCCCCC", run - 1: "A", run + 6: "T"})
    (tmp_path / "targets.bed").write_text(f"{CHROM}\t700\t1300\n")

    def sample(name: str) -> Path:
        reads = []
        for i in range(600):
            start, slipped = 890 + i % 60, i % 20 == 0
            bases = (reference[start:run] + reference[run + slipped :])[:150]
            cigar = f"{run - start}M1D{150 - (run - start)}M" if slipped else "150M"
            reads.append(Read(f"m{i}", start, cigar, bases))
        return write_bam(tmp_path / name, reads, 2000)

    slip = SmallVariant(CHROM, run, "AC", "A")
    files: dict[str, Any] = {"fasta": tmp_path / "ref.fa", "targets": tmp_path / "targets.bed"}
    out = tmp_path / "noise.tsv"
    normals = [sample(f"n{k}.bam") for k in range(3)]
    build_noise_model(bams=normals, settings=calling, out=out, **files)
    assert [(row.pos, row.ref, row.alt, row.normals) for row in read_table(out, PositionNoiseRow)] == [
        (run, "AC", "A", 3)
    ]
    levels = []
    bam = sample("s.bam")
    with open_fasta(files["fasta"]) as fasta:
        regions = build_regions([(CHROM, 700, 1300)], fasta=fasta, header=read_header(bam))
    pileup = pile_up(bam, regions, make_filters(calling))
    for model in (None, out):
        learned = LearnedNoise(learn_noise(pileup, calling, positions=read_positions(model)), {})
        known = count_alterations(
            bam=bam, fasta=files["fasta"], alterations=[slip], settings=calling, learned=learned
        )
        (counts,) = known.alterations
        levels.append((counts.alt_molecules, counts.noise_level, counts.detected))
    assert levels == [(30, "prior", True), (30, "position", False)]


def test_learned_noise_is_read_as_it_was_written(tmp_path: Path, calling: CallingSettings) -> None:
    """To the last digit: evidence counted with it is that of noise learned anew."""
    rng = np.random.default_rng(3)
    prior = prior_noise(calling)
    learned = rng.random(prior.rates.shape) < 0.5
    model = replace(prior, rates=rng.random(prior.rates.shape) ** 9, learned=learned, shape=0.1 + 0.2)
    carried = {"chr2": [(29_220_746, "T"), (29_220_800, "A")]}
    save_noise(LearnedNoise(model, carried), tmp_path / "noise.json")
    found = load_noise(tmp_path / "noise.json", calling, {("chr2", 5, "C>T"): 7.0})
    assert np.array_equal(found.model.rates, model.rates) and np.array_equal(found.model.learned, learned)
    assert (found.model.shape, found.carried) == (0.1 + 0.2, carried)
    assert (found.model.design_vaf, found.model.dispersion) == (model.design_vaf, model.dispersion)
    assert found.model.of_site(0, "chr2", 5, "C>T")[1] == "position"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 0}', '{"format": 1, "rates": [1], "shape": 1}'])
def test_a_file_that_is_no_learned_noise(tmp_path: Path, calling: CallingSettings, text: str) -> None:
    (tmp_path / "noise.json").write_text(text)
    with pytest.raises(DataError, match="no learned noise"):
        load_noise(tmp_path / "noise.json", calling, {})


@given(st.lists(st.integers(0, 60) | st.integers(1, 10**6), max_size=200))
def test_trials_in_bins(trials: list[int]) -> None:
    bins: dict[float, list[int]] = {}
    for number in filter(None, trials):
        bins.setdefault(float(np.rint(np.log(number) * 50)), []).append(number)
    mean, numbers = binned(np.array(trials, np.int64))
    assert numbers.tolist() == [len(bins[key]) for key in sorted(bins)]
    assert mean.tolist() == [sum(bins[key]) / len(bins[key]) for key in sorted(bins)]
