"""Calling from BAM to VCF and tables: what is called, what is named, what bad input does."""

from array import array
from itertools import pairwise
from pathlib import Path
from typing import Any

import cyvcf2
import numpy as np
import pysam
import pytest
import yaml
from calling_case import BOTH, C3805, FIRST, LENGTH, PASS, SECOND, TARGET, Case, found, with_other
from molecule_bam import CHROM, Read, make_reference, pair, with_bases, write_bam
from present_values import present

from alktrace.calling.genotyping.allele_states import ALT, OTHER, REF
from alktrace.calling.genotyping.counts import PER_WORD, count_groups
from alktrace.calling.genotyping.genotype_table import GenotypeRow
from alktrace.calling.genotyping.known_alleles import count_alterations
from alktrace.calling.molecules.reads import make_filters
from alktrace.calling.molecules.regions import fasta_fetch
from alktrace.calling.noise.error_rate_table import ErrorRateRow
from alktrace.calling.rule.verdict import AlterationCounts
from alktrace.errors import DataError, InputProblems
from alktrace.evidence.phase_counts import marginal_patterns
from alktrace.inputs.settings.calling_settings import CallingSettings
from alktrace.io.tables import read_table
from alktrace.reference.locus_table import HotspotRow
from alktrace.vocabulary.detection import Detection
from alktrace.vocabulary.variant import SmallVariant


@pytest.fixture(scope="module")
def calling(root: Path) -> CallingSettings:
    config = yaml.safe_load((root / "config" / "config.yaml").read_text())
    return CallingSettings.model_validate(config["calling"])


@pytest.fixture
def case(tmp_path: Path, calling: CallingSettings) -> Case:
    return Case(tmp_path, calling)


@pytest.mark.parametrize(
    ("molecules", "expected"),
    [
        pytest.param([(("A", "G"), 20)], {BOTH: (20, PASS)}, id="cis-G1269S"),
        pytest.param(
            [(("A", None), 20), ((None, "G"), 24)], {FIRST: (20, PASS), SECOND: (24, PASS)}, id="trans"
        ),
        pytest.param(
            [(("A", "G"), 20), ((None, "G"), 24)], {BOTH: (20, PASS), SECOND: (24, PASS)}, id="both"
        ),
        pytest.param(
            [(("A", "G"), 20), ((None, "G"), 24), (("A", None), 22)],
            {BOTH: (20, PASS), SECOND: (24, PASS), FIRST: (22, PASS)},
            id="all-three",
        ),
    ],
)
def test_substitutions_of_one_codon(
    case: Case,
    molecules: list[tuple[tuple[str | None, str | None], int]],
    expected: dict[tuple[int, str, str], tuple[int, tuple[str]]],
) -> None:
    reads = case.molecules({}, 1000, name="wild")
    for k, ((first, second), number) in enumerate(molecules):
        edits = {position: base for position, base in ((C3805, first), (C3805 - 1, second)) if base}
        reads += case.molecules(edits, number, name=f"mutant{k}_")
    assert found(case.run(reads)) == expected
    assert case.callability()["G1269"].status is Detection.DETECTED


def test_substitutions_of_neighbouring_codons_stay_apart(case: Case) -> None:
    edits = {C3805: "A", C3805 + 1: with_other(case.reference[C3805 + 1])}
    reads = case.molecules({}, 500, name="wild") + case.molecules(edits, 20, name="mutant")
    assert {record.INFO["TYPE"] for record in case.run(reads)} == {"snv"}


def test_masked_partner_does_not_make_a_single_mutant(case: Case) -> None:
    """A molecule with N at one base of the codon tells neither the MNV nor the SNV."""
    reads = case.molecules({}, 500, name="wild") + case.molecules(
        {C3805: "A", C3805 - 1: "G"}, 20, name="mutant"
    )
    reads += case.molecules({C3805: "A", C3805 - 1: "N"}, 10, name="masked")
    assert found(case.run(reads)) == {BOTH: (20, PASS)}


# --- what counts -------------------------------------------------------------------------------


def test_counts_of_calls_and_of_genotyping_agree(case: Case) -> None:
    reads = case.molecules({}, 600, name="wild") + case.molecules({C3805 - 1: "G"}, 12, name="snv")
    reads += case.molecules({C3805: "A", C3805 - 1: "G"}, 9, name="mnv", duplex=(3, 0))
    records = case.run(reads)
    counted = case.count(*[SmallVariant(CHROM, r.POS, r.REF, r.ALT[0]) for r in records])
    assert len(records) == 2
    for record, counts in zip(records, counted, strict=True):
        assert counts.alt_molecules == record.format("AD")[0][1]
        assert counts.total_molecules == record.format("DP")[0][0]
        assert counts.duplex_alt == record.format("ADX")[0][0]
        assert (counts.strict_alt, counts.strict_total) == (
            record.format("SAD")[0][0],
            record.format("SDP")[0][0],
        )
        assert counts.detected


def test_both_mates_are_one_molecule_and_disagreement_is_none(case: Case) -> None:
    at = C3805 - 60
    wild = case.reference[at : at + 120]
    mutant = with_bases(wild, {C3805: "A"}, at)
    reads = []
    for i in range(40):
        first, second = pair(f"agree{i}", at, mutant)
        reads += [first, second]
    for i in range(30):
        first, second = pair(f"differ{i}", at, mutant)
        second.bases = wild[-100:]
        reads += [first, second]
    reads += [read for i in range(100) for read in pair(f"wild{i}", at, wild)]
    (counts,) = [*case_count(case, reads, SmallVariant(CHROM, *FIRST))]
    assert (counts.alt_molecules, counts.total_molecules) == (40, 140)


def case_count(case: Case, reads: list[Read], *alterations: SmallVariant) -> list[AlterationCounts]:
    write_bam(case.folder / "a.bam", reads, LENGTH)
    return case.count(*alterations)


def test_reads_full_of_mismatches_do_not_vote(case: Case) -> None:
    clean = case.molecules({}, 100, name="wild", tags={"NM": 0})
    noisy = case.molecules({C3805: "A"}, 20, name="noisy", tags={"NM": 30})
    (counts,) = case_count(case, clean + noisy, SmallVariant(CHROM, *FIRST))
    assert (counts.alt_molecules, counts.total_molecules) == (0, 100)


def test_ends_of_fragments_do_not_vote(case: Case) -> None:
    reads = []
    for i, distance in enumerate(range(10)):
        at = C3805 - distance
        reads += pair(f"m{i}", at, with_bases(case.reference[at : at + 150], {C3805: "A"}, at))
    (counts,) = case_count(case, reads, SmallVariant(CHROM, *FIRST))
    assert counts.alt_molecules == 10 - case.settings.end_distance


def test_two_duplex_molecules_are_called_where_noise_is_too_rare(case: Case) -> None:
    """At a hotspot; elsewhere the tail asks for more. One is none anywhere."""
    wild = case.molecules({}, 800, name="wild")
    assert found(case.run(wild + case.molecules({C3805: "A"}, 2, name="mutant"))) == {FIRST: (2, PASS)}
    assert found(case.run(wild + case.molecules({C3805 + 9: "A"}, 2, name="mutant"))) == {
        (C3805 + 10, case.reference[C3805 + 9], "A"): (2, ("noise",))
    }
    assert found(case.run(wild + case.molecules({C3805: "A"}, 1, name="mutant"))) == {}


def test_molecules_without_umi_are_neither_simplex_nor_duplex(case: Case) -> None:
    """Consensus of reads at one place, as from tissue without UMIs: tags of depth and no RX."""
    plain: dict[str, Any] = {"duplex": None, "depth": 3, "umi": False}
    reads = case.molecules({}, 300, name="wild", **plain)
    reads += case.molecules({C3805: "A"}, 30, name="mutant", **plain)
    (record,) = case.run(reads)
    counts = [int(record.format(key)[0][0]) for key in ("ADU", "ADS", "ADX", "DPU", "DPS", "DPX")]
    assert counts == [30, 0, 0, 330, 0, 0]
    row = case.callability()["G1269"]
    assert (row.single, row.simplex, row.duplex) == (row.molecules, 0, 0)
    assert {rate.molecules.value for rate in error_rates(case) if rate.bases} == {"single"}


def error_rates(case: Case) -> list[ErrorRateRow]:
    return read_table(case.folder / "error_rates.tsv", ErrorRateRow)


def test_subthreshold_candidates_stay_with_their_reason(case: Case) -> None:
    """One duplex and one simplex molecule: not noise at a hotspot, but neither three nor two duplex ones."""
    reads = case.molecules({}, 800, name="wild") + case.molecules({C3805: "A"}, 1, name="mutant")
    reads += case.molecules({C3805: "A"}, 1, name="other", duplex=(3, 0))
    assert found(case.run(reads)) == {FIRST: (2, ("few_molecules",))}
    assert case.callability()["G1269"].status is Detection.NOT_DETECTED


def test_listed_hotspot_is_kept_from_the_first_molecule(case: Case) -> None:
    case.hotspots = [HotspotRow("ALK", "G1269X", CHROM, *FIRST)]
    reads = case.molecules({}, 800, name="wild") + case.molecules({C3805: "A"}, 1, name="mutant")
    records = case.run(reads)
    assert [(found(records)[FIRST][0], records[0].INFO.get("HOTSPOT"))] == [(1, True)]
    assert "few_molecules" in records[0].FILTERS


def test_single_reads_of_noise_are_not_called(case: Case) -> None:
    """Four of 4000 molecules without UMI, in a sample whose molecules err 7e-4 times per base."""
    reads, rng = [], np.random.default_rng(7)
    for i in range(3996):
        at = C3805 - 100 + i % 40
        place = at + int(rng.integers(10, 150))
        wrong = "ACGT"[("ACGT".index(case.reference[place]) + int(rng.integers(1, 4))) % 4]
        edits = {place: wrong} if i % 8 == 0 else {}
        reads += case.molecules(edits, 1, name=f"wild{i}_", start=at, duplex=None, depth=None)
    reads += case.molecules(
        {C3805 + 60: with_other(case.reference[C3805 + 60])}, 4, name="noise", duplex=None, depth=None
    )
    assert not [record for record in case.run(reads) if record.FILTERS == ["PASS"]]


def test_molecules_without_tags_are_single_and_said_so(case: Case) -> None:
    reads = case.molecules({}, 300, name="wild", duplex=None, depth=None)
    reads += case.molecules({C3805: "A"}, 60, name="mutant", duplex=None, depth=None)
    (record,) = case.run(reads)
    assert record.format("ADU")[0][0] == 60
    assert record.format("ADX")[0][0] == record.format("ADS")[0][0] == 0
    assert "##alktrace_single_molecules=360" in cyvcf2.VCF(str(case.folder / "out.vcf.gz")).raw_header
    row = case.callability()["G1269"]
    assert (row.molecules, row.simplex, row.duplex) == (360, 0, 0)


@pytest.mark.parametrize(
    ("tags", "simplex", "duplex"),
    [
        pytest.param({"XV": 4, "XW": 0}, 300, 0, id="one-strand"),
        pytest.param({"XV": 4, "XW": 7}, 0, 300, id="duplex"),
        pytest.param({"XV": 4}, 0, 0, id="half-the-tags"),
        pytest.param({"XV": "4", "XW": "0"}, 0, 0, id="text-of-another-tool"),
    ],
)
def test_family_sizes_of_dragen(case: Case, tags: dict[str, int | str], simplex: int, duplex: int) -> None:
    case.run(case.molecules({}, 300, name="wild", duplex=None, depth=None, tags=tags))
    row = case.callability()["G1269"]
    assert (row.molecules, row.simplex, row.duplex) == (300, simplex, duplex)
    header = cyvcf2.VCF(str(case.folder / "out.vcf.gz")).raw_header
    assert f"##alktrace_single_molecules={300 - simplex - duplex}" in header


@pytest.mark.parametrize(
    ("tags", "duplex"),
    [
        pytest.param({"FR": 4}, 0, id="one-strand"),
        pytest.param({"FR": 4, "RR": 3}, 300, id="duplex"),
        pytest.param({"FR": 0, "RR": 0}, 300, id="256-reads-in-a-byte"),
        pytest.param({"FR": "4"}, 0, id="text-of-another-tool"),
    ],
)
def test_family_sizes_of_gencore(case: Case, tags: dict[str, int | str], duplex: int) -> None:
    """One byte each; without RR no strand, and no UMI, is known (gencore, pair.cpp)."""
    case.run(case.molecules({}, 300, name="wild", duplex=None, depth=None, tags=tags))
    row = case.callability()["G1269"]
    assert (row.molecules, row.simplex, row.duplex, row.single) == (300, 0, duplex, 300 - duplex)


# --- callability and genotypes -------------------------------------------------------------------


def test_callability_of_all_kinds_of_loci(case: Case) -> None:
    case.run(case.molecules({}, 2000, name="wild"))
    rows = case.callability()
    assert rows["F1174"].status is Detection.NOT_TARGETED
    hotspot = rows["G1269"]
    assert hotspot.status is Detection.NOT_DETECTED
    assert hotspot.molecules == hotspot.duplex == 2000
    # Two duplex ones of 2000 with 95 % power: solution of P(Binomial(2000, f) >= 2) = 0.95 is f = 0.237 %.
    assert hotspot.vaf_detectable == pytest.approx(0.00237, rel=0.01)
    # Fusions need three, of a Poisson mean of 6.296 in 95 %.
    intron = rows["intron 19"]
    assert intron.vaf_detectable == pytest.approx(6.296 / intron.molecules, rel=0.01)


def test_indels_have_a_limit_of_their_own(case: Case) -> None:
    """The limit of a locus is that of the deletions there, counted allele by allele."""
    case.run(case.molecules({}, 2000, name="wild"))
    row = case.callability()["G1269"]
    deletions = [
        SmallVariant(
            CHROM, start, case.reference[start - 1 : start + 3], case.reference[start - 1]
        ).normalised(lambda _, first, end: case.reference[first:end])
        for start in range(row.start, row.end)
    ]
    limits = [present(one.vaf_detectable) for one in case.count(*deletions)]
    assert row.vaf_detectable_indel == pytest.approx(max(limits), rel=0.05)
    assert case.callability()["intron 19"].vaf_detectable_indel is None


def test_indels_of_a_long_repeat_cannot_be_called_where_substitutions_can(case: Case) -> None:
    case.reference = make_reference(case.folder, LENGTH, edits={C3805 - 32: "TCC" * 20})
    case.run(case.molecules({}, 600, name="wild"))
    row = case.callability()["G1269"]
    assert (row.status, row.vaf_detectable_indel) == (Detection.NOT_DETECTED, None)
    assert row.vaf_detectable is not None


def test_each_locus_says_what_was_found_there(case: Case) -> None:
    """A variant of the gene, 30 bases beside the codon, is found in the gene and not in the codon."""
    beside = C3805 + 30
    base = "A" if case.reference[beside] != "A" else "C"
    reads = case.molecules({beside: base}, 60, name="m") + case.molecules({}, 600, name="wild")
    case.run(reads)
    rows = case.callability()
    key = f"{CHROM}:{beside + 1}:{case.reference[beside]}:{base}"
    assert rows["gene"].detected == (key,)
    assert rows["gene"].status is Detection.NOT_DETECTED
    assert (rows["G1269"].detected, rows["G1269"].status) == ((), Detection.NOT_DETECTED)


def test_more_molecules_see_smaller_fractions(case: Case) -> None:
    limits = []
    for number in (100, 400, 1600):
        case.run(case.molecules({}, number, name="wild"))
        limits.append(present(case.callability()["G1269"].vaf_detectable))
    assert limits == sorted(limits, reverse=True)


def test_hotspot_that_is_targeted_in_part_is_not_targeted(case: Case) -> None:
    case.targets([(CHROM, TARGET[0], C3805)])
    case.run(case.molecules({}, 200, name="wild"))
    assert case.callability()["G1269"].status is Detection.NOT_TARGETED


def test_polymorphisms_are_genotyped(case: Case) -> None:
    sites = {C3805 + 10: 0, C3805 + 20: 50, C3805 + 30: 100}
    lines = [
        "##fileformat=VCFv4.2",
        f"##contig=<ID={CHROM},length={LENGTH}>",
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO",
    ]
    reads = []
    for i in range(100):
        edits = {site: with_other(case.reference[site]) for site, share in sites.items() if i < share}
        reads += case.molecules(edits, 1, name=f"m{i}_", start=C3805 - 60)
    for site in (*sites, 3000):
        lines.append(
            f"{CHROM}\t{site + 1}\t.\t{case.reference[site]}\t{with_other(case.reference[site])}\t.\t.\t."
        )
    case.polymorphisms = case.folder / "known.vcf"
    case.polymorphisms.write_text("\n".join(lines) + "\n")
    case.run(reads)
    rows = read_table(case.folder / "genotypes.tsv", GenotypeRow)
    assert [(row.ref_molecules, row.alt_molecules, row.genotype) for row in rows] == [
        (100, 0, "0/0"),
        (50, 50, "0/1"),
        (0, 100, "1/1"),
    ]


def test_polymorphisms_of_another_genome(case: Case) -> None:
    """Everybody would be homozygous for alleles that the genome does not have there."""
    lines = [
        "##fileformat=VCFv4.2",
        f"##contig=<ID={CHROM},length={LENGTH}>",
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO",
    ]
    sites = {site: (with_other(case.reference[site]), case.reference[site]) for site in (C3805, C3805 + 9)}
    lines += [f"{CHROM}\t{site + 1}\t.\t{ref}\t{alt}\t.\t.\t." for site, (ref, alt) in sites.items()]
    case.polymorphisms = case.folder / "known.vcf"
    case.polymorphisms.write_text("\n".join(lines) + "\n")
    with pytest.raises(InputProblems) as caught:
        case.run(case.molecules({}, 5, name="m", start=C3805 - 60))
    said = [
        f"REF {ref!r} at {CHROM}:{site + 1}, where the genome has {alt!r}"
        for site, (ref, alt) in sites.items()
    ]
    assert [problem.what for problem in caught.value.problems] == said


# --- phase -----------------------------------------------------------------------------------------


def test_patterns_over_both_mates(case: Case) -> None:
    """Sites 130 bases apart lie on different mates of one fragment."""
    far = C3805 + 130
    other = with_other(case.reference[far])
    here, there = SmallVariant(CHROM, *FIRST), SmallVariant(CHROM, far + 1, case.reference[far], other)
    reads = []
    for name, edits, number in (
        ("both", {C3805: "A", far: other}, 7),
        ("first", {C3805: "A"}, 5),
        ("second", {far: other}, 4),
        ("none", {}, 30),
        ("masked", {C3805: "A", far: "N"}, 3),
        ("third", {C3805: "G", far: other}, 2),
    ):
        for i in range(number):
            at = C3805 - 20
            reads += pair(
                f"{name}{i}",
                at,
                with_bases(case.reference[at : at + 170], edits, at),
                length=60,
                duplex=(3, 2),
            )
    for i in range(6):
        at = C3805 - 100
        reads += pair(f"short{i}", at, case.reference[at : at + 150], duplex=(3, 2))
    write_bam(case.folder / "a.bam", reads, LENGTH)
    known = count_alterations(
        bam=case.folder / "a.bam",
        fasta=case.folder / "ref.fa",
        alterations=[here, there],
        settings=case.settings,
        together=(0, 1),
    )
    joint = known.joint((0, 1))
    assert marginal_patterns(joint, (0, 1)) == ({"11": 7, "10": 5, "01": 4, "00": 30}, 5)
    assert joint.total() - 7 - 5 - 4 - 30 - 5 == 6, "short molecules reach one site only"
    assert all(0 < counts.error_rate < 1e-4 for counts in known.alterations)


def test_many_groups_and_long_ones_are_counted_in_one_pass(case: Case) -> None:
    """Neighbours that alternate between molecules, in more alleles than one word of a pattern holds."""
    sites = range(C3805 - 75, C3805 + 75, 7)
    bases = [(site, case.reference[site]) for site in sites]
    alleles = [SmallVariant(CHROM, site + 1, base, with_other(base)) for site, base in bases]
    assert len(alleles) == 22 > PER_WORD
    reads = []
    for remainder, number in ((0, 7), (1, 5)):
        edits = {site: with_other(case.reference[site]) for site in list(sites)[remainder::2]}
        reads += case.molecules(edits, number, name=f"r{remainder}_", start=C3805 - 80)
    write_bam(case.folder / "a.bam", reads, LENGTH)
    groups = [alleles, *pairwise(alleles), alleles[0:3:2]]
    with pysam.FastaFile(str(case.folder / "ref.fa")) as fasta:
        counted = count_groups(case.folder / "a.bam", groups, make_filters(case.settings), fasta_fetch(fasta))
    assert counted[0] == {(ALT, REF) * 11: 7, (REF, ALT) * 11: 5}
    assert counted[1:-1:2] == [{(ALT, REF): 7, (REF, ALT): 5}] * 11
    assert counted[2:-1:2] == [{(REF, ALT): 7, (ALT, REF): 5}] * 10
    assert counted[-1] == {(ALT, ALT): 7, (REF, REF): 5}


def test_a_larger_change_hides_a_smaller_one_only_where_both_are_asked_for(case: Case) -> None:
    base, after = case.reference[C3805], case.reference[C3805 + 1]
    edits = {C3805: with_other(base), C3805 + 1: with_other(after)}
    single = SmallVariant(CHROM, C3805 + 1, base, edits[C3805])
    double = SmallVariant(CHROM, C3805 + 1, base + after, edits[C3805] + edits[C3805 + 1])
    write_bam(case.folder / "a.bam", case.molecules(edits, 6, name="double"), LENGTH)
    known = count_alterations(
        bam=case.folder / "a.bam",
        fasta=case.folder / "ref.fa",
        alterations=[single, double],
        settings=case.settings,
        together=(0, 1),
    )
    assert known.joint((0, 1)) == {(OTHER, ALT): 6}
    assert known.joint((0,)) == {(ALT,): 6}


# --- bad input ------------------------------------------------------------------------------------


def test_empty_bam_is_an_answer(case: Case) -> None:
    assert case.run([]) == []
    rows = case.callability()
    assert rows["G1269"].status is Detection.NOT_ASSESSABLE
    assert (rows["G1269"].molecules, rows["G1269"].vaf_detectable) == (0, None)
    assert rows["F1174"].status is Detection.NOT_TARGETED


def test_target_without_reads_is_not_assessable(case: Case) -> None:
    case.targets([(CHROM, *TARGET), (CHROM, 3990, 4010)])
    case.run(case.molecules({}, 300, name="wild"))
    assert case.callability()["F1174"].status is Detection.NOT_ASSESSABLE
    assert case.callability()["G1269"].status is Detection.NOT_DETECTED


def test_no_targets_at_all(case: Case) -> None:
    case.targets([])
    assert case.run(case.molecules({}, 10, name="wild")) == []
    assert {row.status for row in case.callability().values()} == {Detection.NOT_TARGETED}


@pytest.mark.parametrize(
    ("interval", "message"),
    [
        pytest.param(("chr9", 1, 20), "not in the reference", id="unknown-sequence"),
        pytest.param((CHROM, 10, LENGTH + 1), "behind the sequence", id="beyond-the-end"),
    ],
)
def test_targets_that_do_not_fit_the_reference(
    case: Case, interval: tuple[str, int, int], message: str
) -> None:
    case.targets([interval])
    with pytest.raises(DataError, match=message):
        case.run([])


def test_reference_of_another_length(case: Case) -> None:
    case.run([])
    make_reference(case.folder, LENGTH + 1)
    with pytest.raises(DataError, match="aligned to 6000"):
        case.run([])


def test_reads_of_another_reference(case: Case) -> None:
    reads = case.molecules({}, 50, name="wild")
    make_reference(case.folder, LENGTH, seed=8)
    with pytest.raises(DataError, match="differ from it"):
        case.run(reads)


def test_unsorted_bam(case: Case) -> None:
    case.run(case.molecules({}, 20, name="wild"))
    with pysam.AlignmentFile(str(case.folder / "a.bam")) as bam:
        records, header = list(bam), bam.header
    with pysam.AlignmentFile(str(case.folder / "b.bam"), "wb", header=header) as out:
        for record in reversed(records):
            out.write(record)
    with pytest.raises(DataError, match="not sorted"):
        count_alterations(
            bam=case.folder / "b.bam",
            fasta=case.folder / "ref.fa",
            alterations=[SmallVariant(CHROM, *FIRST)],
            settings=case.settings,
        )


@pytest.mark.parametrize("tags", [{"cD": -2}, {"cd": array("h", [3] * 149 + [-1])}, {"XV": -1}])
def test_a_depth_below_zero(case: Case, tags: dict[str, Any]) -> None:
    reads = [Read(f"r{i}", 1000, "150M", case.reference[1000:1150]) for i in range(9)]
    reads[3].tags.update(tags)
    with pytest.raises(DataError, match="a count of reads of 'r3' is negative"):
        case.run(reads)


def test_alteration_of_another_build(case: Case) -> None:
    case.run([])
    with pytest.raises(DataError, match="where the alteration has T"):
        case.count(SmallVariant(CHROM, C3805 + 1, "T", "A"))


def test_same_bytes_twice_and_for_any_number_of_threads(case: Case) -> None:
    reads = case.molecules({}, 200, name="wild") + case.molecules({C3805: "A"}, 20, name="mutant")
    case.run(reads)
    names = (
        "out.vcf.gz",
        "out.vcf.gz.tbi",
        "callability.tsv",
        "genotypes.tsv",
        "error_rates.tsv",
        "noise.json",
    )
    first = [(case.folder / name).read_bytes() for name in names]
    case.run(list(reversed(reads)))
    assert [(case.folder / name).read_bytes() for name in names] == first


def test_fields_are_described_with_their_meaning(case: Case) -> None:
    case.run(case.molecules({C3805: "A"}, 20, name="mutant"))
    header = cyvcf2.VCF(str(case.folder / "out.vcf.gz"))
    assert header.samples == ["P1.T1.plasma"]
    for line in header.header_iter():
        if line["HeaderType"] in ("INFO", "FORMAT", "FILTER"):
            assert len(line["Description"].strip('"')) > 10, line
    assert np.isfinite([record.QUAL for record in header]).all()
