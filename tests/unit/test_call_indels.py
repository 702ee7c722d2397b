"""Insertions, deletions and what lies beside them, from BAM to VCF: what is called, what is named."""

from collections import Counter
from pathlib import Path

import pysam.bcftools
import pytest
import yaml
from calling_case import BOTH, C3805, G1269, LENGTH, PASS, Case, found, with_other
from molecule_bam import CHROM, Read, make_reference, with_bases

from alktrace.calling.genotyping.allele_states import ABSENT, ALT, OTHER, REF
from alktrace.calling.rule.neighbours import Neighbourhood, edges, is_edge
from alktrace.inputs.settings.calling_settings import CallingSettings
from alktrace.reference.locus_table import LocusRow
from alktrace.vocabulary.detection import LocusKind
from alktrace.vocabulary.variant import SmallVariant


@pytest.fixture(scope="module")
def calling(root: Path) -> CallingSettings:
    config = yaml.safe_load((root / "config" / "config.yaml").read_text())
    return CallingSettings.model_validate(config["calling"])


@pytest.fixture
def case(tmp_path: Path, calling: CallingSettings) -> Case:
    return Case(tmp_path, calling)


def indel_reads(
    case: Case, number: int, ref: int, alt: str, *, name: str, clip: str | None = None
) -> list[Read]:
    """Single reads of 120 bases over a change at C3805: `ref` bases replaced by `alt`.

    With `clip`, the aligner has kept the bases before (`right`) or behind (`left`) the change only.
    """
    reads = []
    for i in range(number):
        at = C3805 - 100 + i % 80
        before = case.reference[at:C3805]
        behind = case.reference[C3805 + ref : C3805 + ref + 200]
        bases = (before + alt + behind)[:120]
        rest = len(bases) - len(before) - len(alt)
        if clip == "right":
            reads.append(Read(f"{name}{i}", at, f"{len(before)}M{120 - len(before)}S", bases))
        elif clip == "left":
            clipped = len(before) + len(alt)
            reads.append(Read(f"{name}{i}", C3805 + ref, f"{clipped}S{rest}M", bases))
        else:
            middle = (f"{len(alt)}I" if alt else "") + (f"{ref}D" if ref else "")
            reads.append(Read(f"{name}{i}", at, f"{len(before)}M{middle}{rest}M", bases))
    return reads


@pytest.mark.parametrize("clip", [None, "right", "left"], ids=["gapped", "clipped-right", "clipped-left"])
@pytest.mark.parametrize(
    ("ref", "alt", "kind"),
    [
        pytest.param(15, "", "deletion", id="EGFR-exon-19-like"),
        pytest.param(60, "", "deletion", id="MET-exon-14-like"),
        pytest.param(0, "ACG", "insertion", id="T1151dup-like"),
        pytest.param(0, "GTTCCGAATGAC", "insertion", id="insertion-12"),
        pytest.param(9, "TCA", "delins", id="delins"),
    ],
)
def test_indels_gapped_or_clipped_are_one_record(
    case: Case, ref: int, alt: str, kind: str, clip: str | None
) -> None:
    if clip and 0 < len(alt) < 9:
        alt = alt if kind != "insertion" else alt + "TTGCAAC"
    wild = [
        Read(f"wild{i}", C3805 - 100 + i % 80, "120M", case.reference[C3805 - 100 + i % 80 :][:120])
        for i in range(800)
    ]
    reads = wild + indel_reads(case, 80, ref, alt, name="mutant", clip=clip)
    records = case.run(reads)
    assert [(record.INFO["TYPE"], tuple(record.FILTERS)) for record in records] == [(kind, PASS)]
    vaf, low, high = (float(records[0].format(key)[0][0]) for key in ("AF", "AFL", "AFH"))
    assert low < 1 / 11 < high
    assert abs(vaf * 11 - 1) < 0.05, "wild and mutant molecules have the same chance to tell"
    genome, made = str(case.folder / "ref.fa"), str(case.folder / "out.vcf.gz")
    again = str(pysam.bcftools.norm("-c", "e", "-f", genome, made))
    body = [line for line in again.splitlines() if not line.startswith("#")]
    assert [line.split("\t")[1:5:2] for line in body] == [[str(records[0].POS), records[0].REF]], "leftmost"


def edge_reads(case: Case, place: int, base: str, number: int) -> list[Read]:
    """Reads that end four bases behind a mismatch: too few to tell a deletion that begins before it."""
    reads = []
    for i in range(number):
        at = C3805 - 100 + i % 40
        bases = with_bases(case.reference[at : place + 5], {place: base}, at)
        reads.append(Read(f"edge{i}", at, f"{len(bases)}M", bases, duplex=(3, 2)))
    return reads


@pytest.mark.parametrize(
    ("shift", "alt", "molecules", "over", "filters"),
    [
        pytest.param(2, None, 4, False, ["indel_edge"], id="what-the-deletion-predicts"),
        pytest.param(2, "other", 4, False, ["PASS"], id="another-base"),
        pytest.param(2, None, 30, False, ["PASS"], id="as-frequent-as-a-variant"),
        pytest.param(40, None, 4, False, ["PASS"], id="far-away"),
        pytest.param(2, None, 4, True, ["PASS"], id="in-molecules-that-reach-over-the-break"),
    ],
)
def test_ends_of_reads_over_a_deletion(
    case: Case, shift: int, alt: str | None, molecules: int, over: bool, filters: list[str]
) -> None:
    """A deletion of 15 bases in 80 molecules, and a mismatch behind its break in some others.

    But for one base, what follows the deletion begins as the deleted bases do.
    """
    case.loci = []
    alike = with_bases(case.reference[C3805 : C3805 + 8], {2: with_other(case.reference[C3805 + 2])})
    case.reference = make_reference(case.folder, LENGTH, edits={C3805 + 15: alike})
    place = C3805 + shift
    predicted = case.reference[place + 15]
    base = (
        predicted if alt is None else next(b for b in "ACGT" if b not in (predicted, case.reference[place]))
    )
    if base == case.reference[place]:
        base = with_other(base)
    reads = case.molecules({}, 800, name="wild", duplex=(3, 2))
    reads += indel_reads(case, 80, 15, "", name="mutant")
    if over:
        reads += case.molecules({place: base}, molecules, name="own", duplex=(3, 2))
    else:
        reads += edge_reads(case, place, base, molecules)
    found = {record.INFO["TYPE"]: record for record in case.run(reads)}
    assert found["deletion"].FILTERS == ["PASS"]
    assert filters == found["snv"].FILTERS
    assert found["snv"].format("AD")[0][1] == molecules, "a candidate keeps its counts"


def test_a_hotspot_is_not_explained_away(case: Case) -> None:
    """The same as the first case above, in a codon of the table of hotspots."""
    alike = with_bases(case.reference[C3805 : C3805 + 8], {2: with_other(case.reference[C3805 + 2])})
    case.reference = make_reference(case.folder, LENGTH, edits={C3805 + 15: alike})
    place = C3805 + 2
    reads = case.molecules({}, 800, name="wild", duplex=(3, 2))
    reads += indel_reads(case, 80, 15, "", name="mutant")
    reads += edge_reads(case, place, case.reference[place + 15], 4)
    case.loci = [LocusRow("ALK", "here", LocusKind.ALK_HOTSPOT, 25, CHROM, place - 1, place + 2)]
    kinds = {record.INFO["TYPE"]: record.FILTERS for record in case.run(reads)}
    assert kinds == {"deletion": ["PASS"], "snv": ["PASS"]}


def haplotype_reads(case: Case, number: int, changes: list[tuple[int, int, str]], *, name: str) -> list[Read]:
    """Duplex reads from C3805 - 100 + i % 60 over changes (offset from C3805, reference bases, new bases).

    Aligned with one gap per insertion or deletion, where it was made.
    """
    reads = []
    for i in range(number):
        at = here = C3805 - 100 + i % 60
        bases, cigar = "", ""
        for offset, ref, alt in changes:
            before = case.reference[here : C3805 + offset]
            gap = (
                f"{ref}M" if len(alt) == ref else (f"{len(alt)}I" if alt else "") + (f"{ref}D" if ref else "")
            )
            bases, cigar = bases + before + alt, f"{cigar}{len(before)}M{gap}"
            here = C3805 + offset + ref
        rest = case.reference[here : C3805 + 80]
        reads.append(Read(f"{name}{i}", at, f"{cigar}{len(rest)}M", bases + rest, duplex=(3, 2)))
    return reads


@pytest.mark.parametrize(
    ("carriers", "both", "changes"),
    [
        pytest.param(0, 80, [(0, 4, ""), (30, 5, "")], id="two-deletions"),
        pytest.param(380, 20, [(0, 4, ""), (30, 5, "")], id="inherited-and-acquired"),
        pytest.param(0, 80, [(0, 1, ""), (16, 0, "A")], id="frame-lost-and-restored"),
    ],
)
def test_two_changes_in_the_same_molecules_are_no_two_forms(
    case: Case, carriers: int, both: int, changes: list[tuple[int, int, str]]
) -> None:
    case.loci = []
    reads = haplotype_reads(case, 400, [], name="wild")
    reads += haplotype_reads(case, carriers, changes[:1], name="first")
    reads += haplotype_reads(case, both, changes, name="both")
    first, second = case.run(reads)
    assert (first.FILTERS, second.FILTERS) == (["PASS"], ["PASS"])
    assert int(first.format("AD")[0][1]) == carriers + both
    assert int(second.format("AD")[0][1]) == both


def test_a_change_of_some_carriers_is_no_second_form(case: Case) -> None:
    """A twentieth of the carriers of a deletion has a substitution besides, laid out as one complex change.

    Its molecules show the deletion too, but the deletion alone does not explain the substitution.
    """
    case.loci = []
    case.reference = make_reference(case.folder, LENGTH, edits={C3805 - 1: "GATGAATCTTACACGAAAACAACT"})
    reads = haplotype_reads(case, 400, [], name="wild")
    reads += haplotype_reads(case, 400, [(0, 15, "")], name="carrier")
    reads += haplotype_reads(case, 20, [(1, 21, "AACAAA")], name="some")
    records = {record.INFO["TYPE"]: record for record in case.run(reads)}
    assert {kind: record.FILTERS for kind, record in records.items()} == {
        "deletion": ["PASS"],
        "delins": ["PASS"],
    }
    assert records["delins"].format("AD")[0][1] == 20


@pytest.mark.parametrize(
    ("states", "explained"),
    [
        pytest.param({(ALT, ALT, OTHER): 8}, True, id="with-the-deletion"),
        pytest.param({(ALT, OTHER, ALT): 8}, True, id="with-its-subclone"),
        pytest.param({(ALT, ABSENT, ABSENT): 8}, True, id="too-short-to-tell"),
        pytest.param({(ALT, REF, REF): 8}, False, id="with-neither"),
        pytest.param({(ALT, OTHER, OTHER): 8}, False, id="inside-the-window"),
        pytest.param({(ALT, ALT, OTHER): 6, (ALT, REF, REF): 2}, True, id="two-of-their-own"),
        pytest.param({(ALT, ALT, OTHER): 5, (ALT, REF, REF): 3}, False, id="three-of-their-own"),
    ],
)
def test_which_molecules_speak_for_a_substitution_beside_indels(
    calling: CallingSettings, states: dict[tuple[int, int, int], int], explained: bool
) -> None:
    """Behind the deletion of CCCC the mutant haplotype shows A where the reference has C."""
    sequence = "ACGTACGTTACCCCAGTACGGTACAT"
    snv = SmallVariant(CHROM, 11, "C", "A")
    deletion, complex_ = SmallVariant(CHROM, 10, "ACCCC", "A"), SmallVariant(CHROM, 8, "TTACCCC", "GTA")
    hood = Neighbourhood(
        {snv: 8},
        {deletion: 400, complex_: 40},
        Counter(),
        calling,
        lambda _, start, end: sequence[start:end],
    )
    (group,) = edges(hood)
    assert group == (snv, deletion, complex_)
    assert is_edge(group, Counter(states), hood) == (snv if explained else None)


@pytest.mark.parametrize(
    ("changes", "gained"),
    [
        pytest.param([(0, 1, ""), (4, 0, "A")], 0, id="three-bases-apart-frame-restored"),
        pytest.param([(0, 0, "TT"), (3, 3, "")], -1, id="insertion-then-deletion"),
        pytest.param([(0, 0, "TT"), (4, 3, "")], -1, id="four-bases-apart"),
        pytest.param([(0, 1, ""), (6, 0, "A")], 0, id="five-bases-apart"),
        pytest.param([(0, 1, ""), (4, 1, "A"), (7, 0, "GA")], 1, id="substitution-between"),
    ],
)
def test_two_gaps_close_by_are_one_change(
    case: Case, changes: list[tuple[int, int, str]], gained: int
) -> None:
    """None of them shows in the window of the other: apart, neither would be seen at all."""
    case.loci = []
    reads = haplotype_reads(case, 800, [], name="wild") + haplotype_reads(case, 80, changes, name="mutant")
    (record,) = case.run(reads)
    assert len(record.ALT[0]) - len(record.REF) == gained
    assert (record.format("AD")[0].tolist(), record.FILTERS) == ([800, 80], ["PASS"])
    (counts,) = case.count(SmallVariant(CHROM, record.POS, record.REF, record.ALT[0]))
    assert (counts.alt_molecules, counts.total_molecules) == (80, 880)


@pytest.mark.parametrize("offset", [-8, -6, -5, -4, 7, 8, 12])
@pytest.mark.parametrize("inherited", ["cis-only", "heterozygous", "homozygous"])
def test_a_substitution_beside_a_deletion_does_not_hide_it(case: Case, offset: int, inherited: str) -> None:
    case.loci = []
    deletion, place = (0, 4, ""), C3805 + offset
    beside = (offset, 1, with_other(case.reference[place]))
    wild = {"cis-only": 800, "heterozygous": 400, "homozygous": 0}[inherited]
    reads = haplotype_reads(case, wild, [], name="wild")
    reads += haplotype_reads(case, 800 - wild, [beside], name="other")
    reads += haplotype_reads(case, 60, sorted([deletion, beside]), name="mutant")
    records = {record.INFO["TYPE"]: record for record in case.run(reads)}
    assert {kind: record.FILTERS for kind, record in records.items()} == {
        "deletion": ["PASS"],
        "snv": ["PASS"],
    }
    assert records["deletion"].format("AD")[0][1] == 60
    assert records["deletion"].format("DP")[0][0] == 860
    assert records["snv"].format("AD")[0][1] == 860 - wild


def test_a_substitution_written_with_gaps_is_one_record(case: Case) -> None:
    """Some reads of a mutant codon are aligned with two gaps: they make no second record of it."""
    reads = haplotype_reads(case, 600, [], name="wild")
    reads += haplotype_reads(case, 20, [(-1, 2, "GA")], name="plain")
    for i in range(6):
        at = C3805 - 100 + i
        bases = with_bases(case.reference[at : C3805 + 60], {C3805 - 1: "G", C3805: "A"}, at)
        reads.append(Read(f"gaps{i}", at, f"{99 - i}M2D2I59M", bases, duplex=(3, 2)))
    assert found(case.run(reads)) == {BOTH: (20, PASS)}


def test_another_deletion_of_the_same_place_is_another_allele(case: Case) -> None:
    """Fifteen bases lost one base farther on leave one other base at the break, as in EGFR exon 19."""
    case.loci = []
    case.reference = make_reference(case.folder, LENGTH, edits={C3805 - 1: "TGGAATTAAGAGAAGCAACATC"})
    first, second = (0, 15, ""), (1, 15, "")
    reads = haplotype_reads(case, 800, [], name="wild")
    reads += haplotype_reads(case, 40, [first], name="first") + haplotype_reads(
        case, 30, [second], name="second"
    )
    molecules = {(r.INFO["TYPE"], r.POS): int(r.format("AD")[0][1]) for r in case.run(reads)}
    assert molecules == {("deletion", C3805): 40, ("deletion", C3805 + 1): 30}


@pytest.mark.parametrize("unknown", [-3, 6, 11])
def test_an_unknown_base_of_the_reference_does_not_hide_a_deletion(case: Case, unknown: int) -> None:
    case.loci = []
    reads = haplotype_reads(case, 800, [], name="wild") + haplotype_reads(
        case, 60, [(0, 4, "")], name="mutant"
    )
    make_reference(case.folder, LENGTH, edits={G1269[0]: G1269[1], C3805 + unknown: "N"})
    (record,) = case.run(reads)
    assert (record.INFO["TYPE"], record.FILTERS) == ("deletion", ["PASS"])
    assert record.format("AD")[0].tolist() == [800, 60]


@pytest.mark.parametrize(
    ("change", "called"),
    [
        pytest.param((-11, 0, "GTACCA"), False, id="before-the-base-before-the-first"),
        pytest.param((-10, 0, "GTACCA"), True, id="before-the-first"),
        pytest.param((10, 0, "GTACCA"), True, id="behind-the-last"),
        pytest.param((11, 0, "GTACCA"), False, id="behind-the-base-behind-the-last"),
        pytest.param((-15, 5, ""), False, id="deletion-up-to-the-border"),
        pytest.param((-14, 5, ""), True, id="deletion-of-the-first-base"),
        pytest.param((-20, 40, ""), True, id="deletion-of-the-target"),
    ],
)
def test_insertions_and_deletions_at_the_border_of_a_target(
    case: Case, change: tuple[int, int, str], called: bool
) -> None:
    """The target is C3805 - 10 to C3805 + 10."""
    case.loci = []
    case.targets([(CHROM, C3805 - 10, C3805 + 10)])
    reads = haplotype_reads(case, 600, [], name="wild") + haplotype_reads(case, 60, [change], name="mutant")
    assert [record.FILTERS for record in case.run(reads)] == ([["PASS"]] if called else [])


def test_a_repeat_across_the_border_of_a_target(case: Case) -> None:
    """The first A of the run lies before the target; which A is lost cannot be told."""
    case.loci = []
    case.reference = make_reference(case.folder, LENGTH, edits={C3805 - 1: "CAAAAG"})
    case.targets([(CHROM, C3805 + 1, C3805 + 100)])
    reads = haplotype_reads(case, 600, [], name="wild") + haplotype_reads(
        case, 60, [(0, 1, "")], name="mutant"
    )
    (record,) = case.run(reads)
    assert (record.POS, record.REF, record.FILTERS) == (C3805, "CA", ["PASS"])


@pytest.mark.parametrize("offset", [-40, -12, 40, 55])
@pytest.mark.parametrize("clip", ["left", "right"])
def test_an_inherited_substitution_in_a_clip_does_not_hide_the_deletion(
    case: Case, offset: int, clip: str
) -> None:
    """All molecules carry the substitution, some the deletion of 15 bases, which the aligner clips."""
    case.loci = []
    place = C3805 + offset
    own = with_bases(case.reference, {place: with_other(case.reference[place])})
    case.reference, reference = own, case.reference
    reads = haplotype_reads(case, 800, [], name="wild") + indel_reads(case, 80, 15, "", name="m", clip=clip)
    case.reference = reference
    records = {record.INFO["TYPE"]: record for record in case.run(reads)}
    assert {kind: record.FILTERS for kind, record in records.items()} == {
        "deletion": ["PASS"],
        "snv": ["PASS"],
    }
    assert len(records["deletion"].REF) == 16
    # The rest has too little of the deletion on one of its sides to tell.
    assert records["deletion"].format("AD")[0][1] >= 70


def test_homopolymer_indels_need_the_whole_run(case: Case) -> None:
    """A read that ends inside a homopolymer of ten A tells nothing about its length."""
    run = C3805
    case.reference = make_reference(
        case.folder, LENGTH, edits={run: "AAAAAAAAAA", run - 1: "C", run + 10: "G"}
    )
    reads = []
    for i in range(400):
        at = run - 110 + i % 100
        reads.append(Read(f"wild{i}", at, "120M", case.reference[at : at + 120]))
    for i in range(60):
        at = run - 100 + i % 80
        bases = case.reference[at:run] + case.reference[run + 1 : run + 1 + 120 - (run - at)]
        cigar = f"{run - at}M1D{120 - (run - at)}M"
        reads.append(Read(f"mutant{i}", at, cigar, bases))
    (record,) = case.run(reads)
    assert (record.POS, record.REF, record.ALT[0]) == (run, "CA", "C")
    assert record.INFO["REPEATS"] == 9
    # Windows reach 5 bases before the run and 3 differing bases behind it.
    telling = sum(
        run - 110 + i % 100 <= run - 5 and run - 110 + i % 100 + 120 >= run + 12 for i in range(400)
    )
    assert 0.9 * telling <= int(record.format("DP")[0][0]) - 60 <= 1.1 * telling


def test_one_deletion_that_fits_as_an_insertion_too(case: Case) -> None:
    """Beside a repeat of five bases, reads that begin in it are aligned with two bases more instead."""
    at = C3805
    repeat = "ACCGTACCGTTTCC"
    case.reference = make_reference(case.folder, LENGTH, edits={at - 1: "G", at: repeat})
    case.loci = []
    mutant = case.reference[: at + 7] + case.reference[at + 10 :]
    reads = [
        Read(f"wild{i}", at - 100 + i % 80, "120M", case.reference[at - 100 + i % 80 :][:120])
        for i in range(800)
    ]
    for i in range(60):
        start = at - 100 + i % 80
        left = at + 7 - start
        reads.append(Read(f"gapped{i}", start, f"{left}M3D{120 - left}M", mutant[start : start + 120]))
    for i in range(20):
        reads.append(Read(f"other{i}", at + 5, "5M2I113M", mutant[at : at + 120]))
    found = {record.INFO["TYPE"]: record.FILTERS for record in case.run(reads)}
    assert found == {"deletion": ["PASS"], "insertion": ["second_form"]}


def test_slips_of_a_homopolymer_are_noise(case: Case) -> None:
    """A homopolymer of ten that slips in 4 % of single-stranded molecules is no frameshift."""
    run = C3805
    case.reference = make_reference(
        case.folder, LENGTH, edits={run: "AAAAAAAAAA", run - 1: "C", run + 10: "G"}
    )
    reads = []
    for i in range(2000):
        at = run - 100 + i % 60
        slipped = i % 25 == 0
        bases = case.reference[at:run] + case.reference[run + slipped :]
        cigar = f"{run - at}M1D{120 - (run - at)}M" if slipped else "120M"
        reads.append(Read(f"m{i}", at, cigar, bases[:120], depth=4))
    assert not [record for record in case.run(reads) if record.FILTERS == ["PASS"]]


def test_slips_beside_an_inherited_substitution_are_noise(case: Case) -> None:
    """The same run behind a base that half of the molecules have otherwise: slips of those look complex."""
    run = C3805
    case.reference = make_reference(
        case.folder, LENGTH, edits={run: "AAAAAAAAAA", run - 1: "C", run + 10: "G"}
    )
    case.loci = []
    reads = []
    for i in range(2000):
        at, slipped, other = run - 100 + i % 60, i % 25 == 0, i // 60 % 2
        bases = case.reference[at : run - 1] + "CT"[other] + case.reference[run + slipped :]
        # The gap lies beside the substitution: one base for two.
        cigar = f"{run - at}M1D{120 - (run - at)}M" if slipped else "120M"
        reads.append(Read(f"m{i}", at, cigar, bases[:120], depth=4))
    assert [r.INFO["TYPE"] for r in case.run(reads) if r.FILTERS == ["PASS"]] == ["snv"]


@pytest.mark.parametrize(("length", "filters"), [(12, ["PASS"]), (13, ["long_repeat"])], ids=str)
def test_a_run_too_long_to_judge(case: Case, length: int, filters: list[str]) -> None:
    """Half of the duplex molecules lost a base: inherited in twelve equal ones, never sure in more."""
    run = C3805
    case.reference = make_reference(
        case.folder, LENGTH, edits={run: "A" * length, run - 1: "C", run + length: "G"}
    )
    case.loci = []
    reads = []
    for i in range(400):
        at, slipped = run - 100 + i % 60, i % 2
        bases = case.reference[at:run] + case.reference[run + slipped :]
        cigar = f"{run - at}M1D{120 - (run - at)}M" if slipped else "120M"
        reads.append(Read(f"m{i}", at, cigar, bases[:120], duplex=(3, 2)))
    (record,) = case.run(reads)
    assert (record.POS, record.REF, record.ALT[0], record.FILTERS) == (run, "CA", "C", filters)
    assert record.format("AD")[0][1] > 100
    (counts,) = case.count(SmallVariant(CHROM, run, "CA", "C"))
    assert counts.detected is (filters == ["PASS"])
    assert (counts.vaf_detectable is None) is (filters == ["long_repeat"]), (
        "what is never called has no limit"
    )


def slipping(case: Case, carried: bool, rate: int, number: int = 2000) -> list[Read]:
    """Single reads over `CG(TG)3TA(TG)3C` in which half of the molecules, and one of `rate` of these, differ.

    With `carried` half of the molecules have TG for TA, a repeat of seven; one of `rate` of these has lost a
    unit, aligned as far to the left as a gap goes. Else none has TG, and as many have lost the unit.
    """
    run = C3805
    repeat = "TGTGTGTATGTGTG"
    edits = {run - 2: "CA", run: repeat, run + len(repeat): "CC"}
    case.reference = make_reference(case.folder, LENGTH, edits=edits)
    case.loci = []
    reads = []
    for i in range(number):
        at, mine = run - 100 + i % 60, i // 60 % 2 == 0
        slipped = mine and i % rate == 0
        inside = repeat.replace("TATG", "TGTG") if carried and mine else repeat
        bases = case.reference[at:run] + inside[2 * slipped :] + case.reference[run + len(repeat) :]
        cigar = f"{run - at}M2D{120 - (run - at)}M" if slipped else "120M"
        reads.append(Read(f"m{i}", at, cigar, bases[:120], depth=4))
    return reads


def test_slips_in_a_repeat_that_an_inherited_substitution_makes(case: Case) -> None:
    """Three units of the reference are seven on half of the molecules, and slip like seven."""
    records = case.run(slipping(case, carried=True, rate=150))
    assert [(r.INFO["TYPE"], r.INFO.get("REPEATS")) for r in records if r.FILTERS == ["PASS"]] == [
        ("snv", None)
    ]
    (known,) = case.count(SmallVariant(CHROM, C3805, "ATG", "A"))
    assert not known.detected
    records = case.run(slipping(case, carried=True, rate=4))
    found = {r.INFO["TYPE"]: (r.FILTERS, r.INFO.get("REPEATS")) for r in records}
    assert found["deletion"] == (["PASS"], 6), "an eighth of the molecules is more than slips"


def test_the_same_deletion_without_the_substitution_is_called(case: Case) -> None:
    (record,) = case.run(slipping(case, carried=False, rate=150))
    assert (record.INFO["TYPE"], record.INFO["REPEATS"], record.FILTERS) == ("deletion", 2, ["PASS"])
