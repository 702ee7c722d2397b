"""Calling from BAM to VCF and tables: what is called, what is named, what bad input does."""

import subprocess
from collections import Counter
from pathlib import Path

import cyvcf2
import numpy as np
import pysam
import pytest
import yaml
from calling_bam import CHROM, Read, make_reference, pair, with_bases, write_bam

from alktrace.calling.allele_states import ABSENT, ALT, OTHER, REF
from alktrace.calling.alleles import SmallVariant
from alktrace.calling.caller import call_variants
from alktrace.calling.known_alleles import count_alterations, count_patterns
from alktrace.calling.neighbours import indel_edges
from alktrace.errors import DataError, InputProblems
from alktrace.gene_models import Exon, GeneModels, Transcript
from alktrace.models import Detection
from alktrace.rows import CallabilityRow, GenotypeRow, HotspotRow, LocusRow
from alktrace.settings import CallingSettings
from alktrace.tables import read_table, write_table

LENGTH = 6000
GENE_START = 500
CODONS = 1620
# G1269 is GGA in ALK (c.3805-3807); ALK lies on the minus strand, so the reference shows TCC.
C3805 = GENE_START + 3 * CODONS - 3805
G1269 = (C3805 - 2, "TCC")
TARGET = (C3805 - 150, C3805 + 150)


@pytest.fixture(scope="module")
def calling(root: Path) -> CallingSettings:
    config = yaml.safe_load((root / "config" / "config.yaml").read_text())
    return CallingSettings.model_validate(config["calling"])


class Case:
    """A folder with reference, targets, loci, hotspots and gene model, and a run of the caller over reads."""

    def __init__(self, folder: Path, calling: CallingSettings) -> None:
        self.folder, self.settings = folder, calling
        self.reference = make_reference(folder, LENGTH, edits={G1269[0]: G1269[1]})
        self.targets([(CHROM, *TARGET)])
        end = GENE_START + 3 * CODONS
        model = Transcript("ALK", "T1", CHROM, "-", (Exon(1, GENE_START, end),), GENE_START, end)
        GeneModels({"ALK": model}).save(folder / "genes.json")
        self.loci = [
            LocusRow("ALK", "G1269", "alk_hotspot", 25, CHROM, G1269[0], G1269[0] + 3),
            LocusRow("ALK", "F1174", "alk_hotspot", 23, CHROM, 4000, 4003),
            LocusRow("ALK", "gene", "bypass_gene", None, CHROM, GENE_START, end),
            LocusRow("ALK", "intron 19", "fusion_intron", 19, CHROM, TARGET[0], TARGET[1]),
        ]
        self.hotspots: list[HotspotRow] = []
        self.polymorphisms: Path | None = None

    def targets(self, intervals) -> None:
        lines = "".join("\t".join(map(str, interval)) + "\n" for interval in intervals)
        (self.folder / "targets.bed").write_text(lines)

    def molecules(self, edits, number: int, *, name: str, start: int | None = None, **options) -> list[Read]:
        """Pairs whose fragments carry edits and start at staggered places around the codon."""
        reads = []
        for i in range(number):
            at = (C3805 - 100 + i % 40) if start is None else start
            fragment = with_bases(self.reference[at : at + 170], edits, at)
            reads += pair(f"{name}{i}", at, fragment, **({"duplex": (3, 2)} | options))
        return reads

    def run(self, reads, *, models: bool = True) -> list[cyvcf2.Variant]:
        folder = self.folder
        write_bam(folder / "a.bam", reads, LENGTH)
        write_table(folder / "loci.tsv", LocusRow, self.loci)
        write_table(folder / "hotspots.tsv", HotspotRow, self.hotspots)
        call_variants(
            bam=folder / "a.bam",
            fasta=folder / "ref.fa",
            targets=folder / "targets.bed",
            loci=folder / "loci.tsv",
            hotspots=folder / "hotspots.tsv",
            gene_models=folder / "genes.json" if models else None,
            polymorphisms=self.polymorphisms,
            settings=self.settings,
            noise_model=None,
            sample="P1.T1.plasma",
            out_vcf=folder / "out.vcf.gz",
            out_callability=folder / "callability.tsv",
            out_genotypes=folder / "genotypes.tsv",
            out_error_rates=folder / "error_rates.tsv",
        )
        return list(cyvcf2.VCF(str(folder / "out.vcf.gz")))

    def callability(self) -> dict[str, CallabilityRow]:
        return {row.locus: row for row in read_table(self.folder / "callability.tsv", CallabilityRow)}

    def count(self, *alterations: SmallVariant):
        return count_alterations(
            bam=self.folder / "a.bam",
            fasta=self.folder / "ref.fa",
            alterations=alterations,
            settings=self.settings,
        )


@pytest.fixture
def case(tmp_path: Path, calling: CallingSettings) -> Case:
    return Case(tmp_path, calling)


def found(records) -> dict[tuple[int, str, str], tuple[int, tuple[str, ...]]]:
    return {(r.POS, r.REF, r.ALT[0]): (int(r.format("AD")[0][1]), tuple(r.FILTERS)) for r in records}


# c.3805G>T and c.3806G>C on the reference: G1269S together, a stop and G1269A apart.
FIRST = (C3805 + 1, "C", "A")
SECOND = (C3805, "C", "G")
BOTH = (C3805, "CC", "GA")
PASS = ("PASS",)


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
def test_substitutions_of_one_codon(case: Case, molecules, expected) -> None:
    reads = case.molecules({}, 1000, name="wild")
    for k, ((first, second), number) in enumerate(molecules):
        edits = {C3805: first, C3805 - 1: second}
        edits = {position: base for position, base in edits.items() if base}
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


def with_other(base: str) -> str:
    return "ACGT"[("ACGT".index(base) + 1) % 4]


# --- indels ------------------------------------------------------------------------------------


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
def test_indels_gapped_or_clipped_are_one_record(case: Case, ref: int, alt: str, kind: str, clip) -> None:
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
    norm = ["bcftools", "norm", "-c", "e", "-f", str(case.folder / "ref.fa"), str(case.folder / "out.vcf.gz")]
    again = subprocess.run(norm, check=True, capture_output=True, text=True)
    body = [line for line in again.stdout.splitlines() if not line.startswith("#")]
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
    case.loci = [LocusRow("ALK", "here", "alk_hotspot", 25, CHROM, place - 1, place + 2)]
    kinds = {record.INFO["TYPE"]: record.FILTERS for record in case.run(reads)}
    assert kinds == {"deletion": ["PASS"], "snv": ["PASS"]}


def haplotype_reads(case: Case, number: int, changes, *, name: str) -> list[Read]:
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
    case: Case, carriers: int, both: int, changes
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
        "deletion": ["PASS"], "delins": ["PASS"],
    }  # fmt: skip
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
    calling: CallingSettings, states, explained: bool
) -> None:
    """Behind the deletion of CCCC the mutant haplotype shows A where the reference has C."""
    sequence = "ACGTACGTTACCCCAGTACGGTACAT"
    snv = SmallVariant(CHROM, 11, "C", "A")
    deletion, complex_ = SmallVariant(CHROM, 10, "ACCCC", "A"), SmallVariant(CHROM, 8, "TTACCCC", "GTA")
    order = sorted([snv, deletion, complex_])

    def joint(alleles) -> Counter[tuple[int, ...]]:
        assert list(alleles) == order
        place = [(snv, deletion, complex_).index(allele) for allele in order]
        return Counter({tuple(key[k] for k in place): number for key, number in states.items()})

    found = indel_edges(
        [(snv, 8)],
        [(deletion, 400), (complex_, 40)],
        joint,
        calling.neighbours,
        lambda _, start, end: sequence[start:end],
        min_molecules=3,
    )
    assert found == ({snv} if explained else set())


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
def test_two_gaps_close_by_are_one_change(case: Case, changes, gained: int) -> None:
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
def test_insertions_and_deletions_at_the_border_of_a_target(case: Case, change, called: bool) -> None:
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
    case: Case, offset: int, clip
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
    """A read that ends inside a run of ten A tells nothing about its length."""
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


def test_slips_of_a_long_run_are_noise(case: Case) -> None:
    """A run of ten that slips in 4 % of single-stranded molecules is no frameshift."""
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


@pytest.mark.parametrize(("length", "filters"), [(12, ["PASS"]), (13, ["long_run"])], ids=str)
def test_a_run_too_long_to_judge(case: Case, length: int, filters: list[str]) -> None:
    """Half of the duplex molecules lost a base: inherited in a run of twelve, never sure in a longer one."""
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
    assert (counts.vaf_detectable is None) is (filters == ["long_run"]), "what is never called has no limit"


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


def case_count(case: Case, reads, *alterations):
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


def test_subthreshold_candidates_stay_with_their_reason(case: Case) -> None:
    """Two duplex molecules: not noise at a hotspot, but fewer than three."""
    reads = case.molecules({}, 800, name="wild") + case.molecules({C3805: "A"}, 2, name="mutant")
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
def test_family_sizes_of_dragen(case: Case, tags, simplex: int, duplex: int) -> None:
    case.run(case.molecules({}, 300, name="wild", duplex=None, depth=None, tags=tags))
    row = case.callability()["G1269"]
    assert (row.molecules, row.simplex, row.duplex) == (300, simplex, duplex)
    header = cyvcf2.VCF(str(case.folder / "out.vcf.gz")).raw_header
    assert f"##alktrace_single_molecules={300 - simplex - duplex}" in header


# --- callability and genotypes -------------------------------------------------------------------


def test_callability_of_all_kinds_of_loci(case: Case) -> None:
    case.run(case.molecules({}, 2000, name="wild"))
    rows = case.callability()
    assert rows["F1174"].status is Detection.NOT_TARGETED
    hotspot = rows["G1269"]
    assert hotspot.status is Detection.NOT_DETECTED
    assert hotspot.molecules == hotspot.duplex == 2000
    # Three of 2000 with 95 % power: solution of P(Binomial(2000, f) >= 3) = 0.95 is f = 0.314 %.
    assert hotspot.vaf_detectable == pytest.approx(0.00314, rel=0.01)
    assert rows["intron 19"].vaf_detectable is not None


def test_more_molecules_see_smaller_fractions(case: Case) -> None:
    limits = []
    for number in (100, 400, 1600):
        case.run(case.molecules({}, number, name="wild"))
        limits.append(case.callability()["G1269"].vaf_detectable)
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
        (100, 0, "0/0"), (50, 50, "0/1"), (0, 100, "1/1"),
    ]  # fmt: skip


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
    counts = count_patterns(
        bam=case.folder / "a.bam",
        fasta=case.folder / "ref.fa",
        alterations=[here, there],
        settings=case.settings,
    )
    assert counts.patterns == {"11": 7, "10": 5, "01": 4, "00": 30}
    assert (counts.uninformative, counts.partial) == (5, 6)
    assert all(0 < rate < 1e-4 for rate in counts.error_rates)


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


def test_overlapping_and_empty_intervals_count_once(case: Case) -> None:
    reads = case.molecules({}, 300, name="wild") + case.molecules({C3805: "A"}, 30, name="mutant")
    once = found(case.run(reads))
    case.targets([(CHROM, C3805 - 50, C3805 + 50), (CHROM, *TARGET), (CHROM, *TARGET), (CHROM, 40, 40)])
    assert found(case.run(reads)) == once == {FIRST: (30, PASS)}


def test_no_targets_at_all(case: Case) -> None:
    case.targets([])
    assert case.run(case.molecules({}, 10, name="wild")) == []
    assert {row.status for row in case.callability().values()} == {Detection.NOT_TARGETED}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        pytest.param("chr2\tten\t20\n", "targets.bed:1", id="no-number"),
        pytest.param("chr2\t30\t20\n", "targets.bed:1", id="end-before-start"),
    ],
)
def test_lines_that_are_no_interval(case: Case, line: str, message: str) -> None:
    (case.folder / "targets.bed").write_text(line)
    with pytest.raises(InputProblems, match=message):
        run_unchanged(case)


def run_unchanged(case: Case) -> None:
    targets = (case.folder / "targets.bed").read_text()
    case.targets = lambda intervals: None  # type: ignore[method-assign]
    case.run([])
    assert targets


@pytest.mark.parametrize(
    ("interval", "message"),
    [
        pytest.param(("chr9", 1, 20), "not in the reference", id="unknown-sequence"),
        pytest.param((CHROM, 10, LENGTH + 1), "behind the sequence", id="beyond-the-end"),
    ],
)
def test_targets_that_do_not_fit_the_reference(case: Case, interval, message: str) -> None:
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


def test_alteration_of_another_build(case: Case) -> None:
    case.run([])
    with pytest.raises(DataError, match="where the alteration has T"):
        case.count(SmallVariant(CHROM, C3805 + 1, "T", "A"))


def test_same_bytes_twice_and_for_any_number_of_threads(case: Case) -> None:
    reads = case.molecules({}, 200, name="wild") + case.molecules({C3805: "A"}, 20, name="mutant")
    case.run(reads)
    names = ("out.vcf.gz", "out.vcf.gz.tbi", "callability.tsv", "genotypes.tsv", "error_rates.tsv")
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
