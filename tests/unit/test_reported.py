"""Reports as commercial panels write them; facts of ALK and EGFR, genome of N so that names alone count."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import yaml
from gene_facts import alk_fetch, gene_models
from shipped_settings import SHIPPED

from alktrace.annotate.alteration_table import AlterationRow, empty_row
from alktrace.annotate.small_variants import Namer, VariantKnowledge
from alktrace.calling.callability_table import CallabilityRow
from alktrace.errors import InputProblems
from alktrace.inputs.knowledge_files import KnowledgeFiles
from alktrace.inputs.knowledge_rows import KnownIsoform
from alktrace.inputs.settings.calling_settings import CallingSettings
from alktrace.inputs.settings.origin_settings import OriginSettings
from alktrace.io.tables import read_table, write_table
from alktrace.reference.locus_table import LocusRow
from alktrace.reported.covered import Coverage, CoveredRegions, read_coverage
from alktrace.reported.line_rows import Report
from alktrace.reported.lines import ReportReader, read_report
from alktrace.reported.read_report import callability_rows, read_reported_calls, tumour_fraction_row
from alktrace.reported.report_words import ReportWords, read_words
from alktrace.reported.vaf_cells import read_share
from alktrace.structural.tumour_fraction_table import TumourFractionRow
from alktrace.vocabulary.changes import Consequence, Origin, VariantType
from alktrace.vocabulary.copies import TumourFractionStatus
from alktrace.vocabulary.detection import Detection, LocusKind
from alktrace.vocabulary.marks import Mark
from alktrace.vocabulary.samples import SpecimenType, VafUnit

DRIVERS = {"ALK": "3", "ROS1": "3", "EGFR": "5", "FGFR3": "either"}


@pytest.fixture(scope="module")
def knowledge(root: Path) -> VariantKnowledge:
    return VariantKnowledge.load(KnowledgeFiles(root / "resources" / "knowledge"))


@pytest.fixture(scope="module")
def lexicon(root: Path) -> ReportWords:
    return read_words(KnowledgeFiles(root / "resources" / "knowledge"), None)


Reads = Callable[..., Report]


@pytest.fixture
def read(tmp_path: Path, knowledge: VariantKnowledge, lexicon: ReportWords) -> Reads:
    def reads(
        *lines: str, header: str = "gene|hgvs_p|hgvs_c|variant_class|vaf|copy_number|partner"
    ) -> Report:
        path = tmp_path / "report.tsv"
        path.write_text("".join(line.replace("|", "\t") + "\n" for line in (header, *lines)))
        return read_report(path, ReportReader(Namer(gene_models(), alk_fetch), knowledge, DRIVERS, lexicon))

    return reads


@pytest.mark.parametrize(
    "written", ["G1202R", "p.G1202R", "p.(Gly1202Arg)", "p.Gly1202Arg", "NP_004295.2:p.G1202R"]
)
def test_protein_change_in_any_spelling(read: Reads, written: str) -> None:
    report = read(f"ALK|{written}||snv|1.2 %||")
    (row,) = report.alterations
    assert (row.key, row.hgvs_p, row.alteration) == ("reported:ALK:p.Gly1202Arg", "p.Gly1202Arg", "G1202R")
    assert (row.codon, row.exon, row.consequence) == (1202, 23, Consequence.MISSENSE)
    assert row.vaf == pytest.approx(0.012)
    assert "p.Gly1202Arg" in row.knowledge
    assert report.notes == ()


def test_coding_change_gives_the_key_of_a_called_variant(read: Reads) -> None:
    (row,) = read("ALK|G1202R|c.3604G>A|SNV|1.2%||").alterations
    assert (row.key, row.pos, row.ref, row.alt) == ("chr2:29220747:C:T", 29_220_747, "C", "T")
    assert row.vaf == pytest.approx(0.012)
    assert row.hgvs_p == "p.Gly1202Arg"


def test_two_bases_of_one_codon(read: Reads) -> None:
    (row,) = read("ALK|G1269S|c.3805_3806delinsTC|MNV|||").alterations
    assert (row.key, row.hgvs_p) == ("chr2:29209816:CC:GA", "p.Gly1269Ser")


@pytest.mark.parametrize("written", ["T1151dup", "T1151_L1152insT", "1151Tins", "p.Thr1151dup"])
def test_duplication_of_t1151(read: Reads, written: str) -> None:
    (row,) = read(f"ALK|{written}|||||").alterations
    assert row.hgvs_p == "p.Thr1151dup"
    assert row.variant_type is VariantType.DUPLICATION


@pytest.mark.parametrize(
    "line",
    [
        "ALK|||fusion|||EML4", "EML4-ALK|||fusion|||", "EML4::ALK|||rearrangement|||",
        "ALK|EML4-ALK fusion|||||", "EML4|||fusion|||ALK", "EML4-ALK fusion||||||",
    ],
)  # fmt: skip
def test_fusion_in_any_spelling(read: Reads, line: str) -> None:
    (row,) = read(line).alterations
    assert (row.key, row.gene, row.partner) == ("fusion:EML4:ALK", "ALK", "EML4")
    assert row.variant_type is VariantType.FUSION
    assert row.origin is Origin.SOMATIC


def test_fusion_with_exons(read: Reads) -> None:
    (row,) = read("EML4-ALK|E13;A20||fusion|5.8%||").alterations
    assert (row.junction, row.alteration) == ("E13;A20", "EML4-ALK E13;A20 (v1)")


@pytest.mark.parametrize(
    ("line", "kind", "number"),
    [
        ("MET|||amplification||2.3|", VariantType.AMPLIFICATION, 2.3),
        ("MET|amplification 2.3|||||", VariantType.AMPLIFICATION, 2.3),
        ("MET amplification 2.3||||||", VariantType.AMPLIFICATION, 2.3),
        ("|amplification of MET, 2.3 copies|||||", VariantType.AMPLIFICATION, 2.3),
        ("MET|||copy number gain||12|", VariantType.AMPLIFICATION, 12.0),
        ("RB1|||homozygous deletion|||", VariantType.LOSS, None),
        ("ERBB2|||CNV||8,5|", VariantType.AMPLIFICATION, 8.5),
    ],
)
def test_copy_number(read: Reads, line: str, kind: VariantType, number: float | None) -> None:
    (row,) = read(line).alterations
    assert (row.variant_type, row.copy_number) == (kind, number)
    assert row.key == f"copy_number:{row.gene}:{kind.value}"


def test_skipping(read: Reads) -> None:
    (row,) = read("MET|exon 14 skipping||splice|||").alterations
    assert (row.gene, row.variant_type, row.exon) == ("MET", VariantType.SKIPPING, 14)


@pytest.mark.parametrize(
    ("line", "note"),
    [
        ("ALK|G1203R|||||", "residue 1203 is Asp, not Gly; another transcript or a misprint"),
        ("ALK|exon 23 hotspot|||||", "not a protein change"),
        ("ALK|LOH|||||", "no alteration of a gene"),
        ("TPM3|||fusion|||", "a fusion without partner"),
        ("EGFR|G719X|||||", "X is a stop or any residue"),
        ("ALK|||CNV|||", "up or down?"),
        ("ALK|||CNV||1.4|", "up or down?"),
        ("ALK|I1171T/N|||||", "words that are not known: N"),
        ("ALK|G1202R, not seen before|||||", "words that are not known: before"),
        ("ALK|G1202R|| not detected|0.4%||", "says that nothing was found, and names a finding"),
        ("KIF5B-TPM3|||fusion|||", "neither is a known driver"),
        ("MET|skipping|||||", "skipping of which exon"),
    ],
)
def test_lines_that_cannot_be_read_are_kept_and_named(read: Reads, line: str, note: str) -> None:
    report = read(line, "ALK|L1196M|||||")
    assert len(report.alterations) == 2
    assert report.alterations[0].flags[-1] == "not_read"
    assert report.alterations[0].hgvs_p is None
    assert report.alterations[1].hgvs_p == "p.Leu1196Met"
    (found,) = [item for item in report.notes if item.line == 2]
    assert note in found.what


@pytest.mark.parametrize(
    "line",
    [
        "EML4-ALK|||fusion negative|||", "MET|||amplification not detected|||", "ALK wild type||||||",
        "ALK|no mutation detected|||||", "KRAS|wt|||||", "ALK|G1202R||not detected|||",
        "ALK|G1202R||not detected|0||", "ALK|G1202R||not detected|<0.1%||", "ALK|G1202R||not detected|n.d.||",
        "ALK|negative|||||", "MET|||not amplified||2.1|",
        "ALK|keine Mutation|||||", "ALK|未检出|||||", "ALK|||no rearrangement|||",
    ],
)  # fmt: skip
def test_what_was_not_found_is_no_finding(read: Reads, line: str) -> None:
    report = read(line)
    assert report.alterations == ()
    (note,) = report.notes
    assert "says that nothing was found" in note.what and note.line == 2


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("MET|扩增 未检出|||||", "lod_vaf is no limit of copy numbers: none is excluded"),
        ("MET|||amplification not detected|||", "lod_vaf is no limit of copy numbers: none is excluded"),
        ("EML4-ALK|||fusion negative|||", "excluded down to lod_vaf where covered_exons names its introns"),
        ("ALK|G1202R||not detected|||", "what that excludes follows from covered_genes and lod_vaf"),
    ],
)
def test_a_denial_tells_what_it_can_exclude(read: Reads, line: str, said: str) -> None:
    """A limit of VAFs says nothing of copies; asking for it where it stands would be wrong advice."""
    (note,) = read(line).notes
    assert said in note.remedy


@pytest.mark.parametrize("line", ["TMB|12 mut/Mb|||||", "MSI-H||||||"])
def test_what_is_no_alteration_of_a_gene_leaves_a_note_only(read: Reads, line: str) -> None:
    report = read(line)
    assert report.alterations == ()
    assert "no alteration of a gene" in report.notes[0].what


@pytest.mark.parametrize(
    "line",
    [
        "ALK|G1202R + L1196M||SNV|1.2%||", "ALK|G1202R/L1196M|||||", "ALK|p.[Gly1202Arg;Leu1196Met]|||||",
        "ALK|G1202R, L1196M|||||", "ALK|G1202R and L1196M|||||", "ALK G1202R + L1196M||||1.2%||",
        "ALK|G1202R & p.(Leu1196Met)|||||",
    ],
)  # fmt: skip
def test_several_changes_in_one_cell(read: Reads, line: str) -> None:
    """Which of them a shared VAF belongs to, and whether they share a molecule, the cell does not show."""
    report = read(line)
    assert [row.hgvs_p for row in report.alterations] == ["p.Gly1202Arg", "p.Leu1196Met"]
    assert [row.vaf for row in report.alterations] == [None, None]
    assert "2 changes in one cell" in report.notes[0].what


@pytest.mark.parametrize(
    "line",
    [
        "alk|g1202r|||||", "ALK|GLY1202ARG|||||", "Alk|p.gly1202arg|||||", "ALK G1202R||||||",
        "ALK|P.G1202R|||||", "|ALK G1202R|||||",
    ],
)  # fmt: skip
def test_case_and_cell_do_not_matter(read: Reads, line: str) -> None:
    (row,) = read(line).alterations
    assert (row.gene, row.hgvs_p) == ("ALK", "p.Gly1202Arg")


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("e746_a750del", "p.Glu746_Ala750del"),
        ("l858r", "p.Leu858Arg"),
        ("q61*", "p.Gln61Ter"),
        ("t1151_l1152inst", "p.Thr1151dup"),
    ],
)
def test_lower_case_names_of_every_kind(read: Reads, written: str, name: str) -> None:
    gene = "ALK" if "1151" in written else "EGFR"
    (row,) = read(f"{gene}|{written}|||||").alterations
    assert row.hgvs_p == name


def test_protein_and_coding_name_in_one_cell(read: Reads) -> None:
    (row,) = read("ALK|p.G1202R (c.3604G>A)|||||").alterations
    assert (row.key, row.hgvs_p) == ("chr2:29220747:C:T", "p.Gly1202Arg")


def test_coding_name_of_another_transcript_is_not_used(read: Reads) -> None:
    report = read("ALK|G1202R|ENST00000618119.4:c.3604G>A||||")
    assert report.alterations[0].key == "reported:ALK:p.Gly1202Arg"
    assert "numbered on another transcript" in report.notes[0].what
    (named,) = read("ALK|G1202R|ENST00000389048.8:c.3604G>A||||").alterations
    assert named.key == "chr2:29220747:C:T"


@pytest.mark.parametrize(
    ("line", "gene"),
    [("ALK|||fusion|||", "ALK"), ("ROS1 rearrangement||||||", "ROS1"), ("ALK|translocation|||||", "ALK")],
)
def test_rearrangement_without_partner(read: Reads, line: str, gene: str) -> None:
    (row,) = read(line).alterations
    assert (row.key, row.alteration) == (f"fusion:unknown:{gene}", f"{gene} rearrangement")
    assert (row.variant_type, row.partner, row.in_frame) == (VariantType.FUSION, None, None)
    assert row.flags == ("partner_unknown",)


def test_partner_in_a_cell_of_its_own(read: Reads) -> None:
    (row,) = read("EML4|ALK||fusion|||").alterations
    assert (row.key, row.partner) == ("fusion:EML4:ALK", "EML4")


@pytest.mark.parametrize(
    ("line", "consequence", "exon"),
    [
        ("EGFR|exon 19 deletion|||2%||", Consequence.INFRAME_DELETION, 19),
        ("EGFR|Ex19del|||||", Consequence.INFRAME_DELETION, 19),
        ("EGFR exon 20 insertion||||||", Consequence.INFRAME_INSERTION, 20),
        ("HER2|||exon 20 ins|||", Consequence.INFRAME_INSERTION, 20),
    ],
)
def test_event_known_by_its_exon(read: Reads, line: str, consequence: Consequence, exon: int) -> None:
    report = read(line)
    (row,) = report.alterations
    assert (row.consequence, row.exon, row.hgvs_p, row.codon) == (consequence, exon, None, None)
    assert "not_read" not in row.flags
    assert [note for note in report.notes if "which residues" in note.what]


@pytest.mark.parametrize("line", ["ALK|exon 23 deletion|||||", "EGFR|exon 18 deletion|||||"])
def test_exon_that_says_too_little(read: Reads, line: str) -> None:
    assert read(line).alterations[0].flags[-1] == "not_read"


def test_residues_go_before_the_exon(read: Reads) -> None:
    (row,) = read("EGFR|E746_A750del||exon 19 deletion|||").alterations
    assert row.hgvs_p == "p.Glu746_Ala750del"


@pytest.mark.parametrize("line", ["MET|||copy number gain||3.1|", "MET|||CNV||12,5|", "MET gain||||||"])
def test_a_gain_is_not_called_an_amplification(read: Reads, line: str) -> None:
    report = read(line)
    assert report.alterations[0].key == "copy_number:MET:amplification"
    assert "reported_as_gain" in report.alterations[0].flags
    assert [n for n in report.notes if "not called an amplification" in n.what]
    assert "reported_as_gain" not in read("MET amplification 2.3||||||").alterations[0].flags


@pytest.mark.parametrize(
    ("line", "stated"),
    [
        ("RB1 loss||||||", False),
        ("NF2|||copy number loss||1.1|", False),
        ("CDKN2A|||homozygous deletion|||", True),
        ("RB1|||deep deletion|||", True),
        ("RB1|||loss||0.2|", True),
    ],
)
def test_a_loss_of_one_copy_is_not_taken_for_both(read: Reads, line: str, stated: bool) -> None:
    (row,) = read(line).alterations
    assert row.variant_type is VariantType.LOSS
    assert ("copies_not_stated" in row.flags) is not stated


@pytest.mark.parametrize(
    ("header", "cell", "vaf"),
    [
        ("Gene|Protein Change|cfDNA %", "0.4", 0.004),
        ("gene|alteration|% cfDNA", "0,4", 0.004),
        ("Gene|Amino acid change|VAF (%)", "1.2 %", 0.012),
        ("gene|hgvs_p|Allele frequency", "0.4％", 0.004),
        ("基因|突变|突变丰度（％）", "0.4", 0.004),
    ],
)
def test_headers_of_laboratories(read: Reads, header: str, cell: str, vaf: float) -> None:
    (row,) = read(f"ALK|G1202R|{cell}", header=header).alterations
    assert row.hgvs_p == "p.Gly1202Arg"
    assert row.vaf == pytest.approx(vaf)


@pytest.mark.parametrize(
    ("header", "line", "vaf"),
    [
        ("gene|hgvs_p|vaf|vaf_unit", "ALK|G1202R|0.15|percent", 0.0015),
        ("gene|hgvs_p|vaf|vaf_unit", "ALK|G1202R|0.15|%", 0.0015),
        ("gene|hgvs_p|vaf|vaf_unit", "ALK|G1202R|0.15|fraction", 0.15),
        ("gene|hgvs_p|VAF (%)", "ALK|G1202R|0.15", 0.0015),
        ("gene|hgvs_p|vaf", "ALK|G1202R|1", 0.01),
        ("gene|hgvs_p|vaf", "ALK|G1202R|1e-3 %", 1e-5),
    ],
)
def test_the_unit_of_a_vaf_is_stated_once(read: Reads, header: str, line: str, vaf: float) -> None:
    assert read(line, header=header).alterations[0].vaf == pytest.approx(vaf)


def test_bare_fractions_without_a_unit_are_refused(read: Reads) -> None:
    """0.1 and 0.15 meant as per cent were 10 % and 15 % before, without a word."""
    with pytest.raises(InputProblems, match=r"value '0.15' without a unit.*name the column `VAF") as caught:
        read("ALK|G1202R|||0.1||", "ALK|L1196M|||0.15||", "KRAS|G12C|||0||")
    assert [problem.line for problem in caught.value.problems] == [2, 3]


@pytest.mark.parametrize("unit", list(VafUnit))
def test_the_sheet_may_state_the_unit(
    tmp_path: Path, knowledge: VariantKnowledge, lexicon: ReportWords, unit: VafUnit
) -> None:
    path = tmp_path / "report.tsv"
    path.write_text("gene\thgvs_p\tvaf\nALK\tG1202R\t0.1\n")
    reader = ReportReader(Namer(gene_models(), alk_fetch), knowledge, DRIVERS, lexicon)
    (row,) = read_report(path, reader, unit).alterations
    assert row.vaf == pytest.approx(0.001 if unit is VafUnit.PERCENT else 0.1)


@pytest.mark.parametrize("ending", ["\r\n", "\r", "\n"])
def test_line_ends_and_byte_order_mark(
    tmp_path: Path, knowledge: VariantKnowledge, lexicon: ReportWords, ending: str
) -> None:
    path = tmp_path / "report.tsv"
    text = ending.join(
        ["\ufeffgene\thgvs_p\tvariant_class", "ALK\tG1202R\tVeränderung", "EML4–ALK\t\tFusion", ""]
    )
    path.write_bytes(text.encode())
    report = read_report(path, ReportReader(Namer(gene_models(), alk_fetch), knowledge, DRIVERS, lexicon))
    assert [row.alteration for row in report.alterations] == ["G1202R", "EML4-ALK"]


ISOFORM = KnownIsoform("ALK", "NM_000001", "ENST00000000001", 1100, 1, "made up", Mark.PROPOSED)


@pytest.mark.parametrize(
    ("line", "key", "flags"),
    [
        ("ALK|G1203R|||||", "reported:ALK:p.Gly1202Arg", ("other_isoform:NM_000001",)),
        (
            "ALK|NM_000001.2:c.3607G>A (p.G1203R)|||||",
            "reported:ALK:p.Gly1202Arg",
            ("other_isoform:NM_000001",),
        ),
        ("ALK|p.G1203R (ENST00000000001.4)|||||", "reported:ALK:p.Gly1202Arg", ("other_isoform:NM_000001",)),
        ("ALK|T1152_L1153insT|||||", "reported:ALK:p.Thr1151dup", ("other_isoform:NM_000001",)),
        ("ALK|G1202R|||||", "reported:ALK:p.Gly1202Arg", ()),
        ("ALK|NM_004304.5:c.3604G>A|||||", "chr2:29220747:C:T", ()),
    ],
    ids=["fits", "refseq", "ensembl", "span", "usual", "own"],
)
def test_numbers_of_a_known_isoform_are_brought_to_the_transcript_used(
    tmp_path: Path,
    knowledge: VariantKnowledge,
    lexicon: ReportWords,
    line: str,
    key: str,
    flags: tuple[str, ...],
) -> None:
    """Residue 1203 is Asp here; on a transcript with one residue more before it, Gly1202 has that number."""
    path = tmp_path / "report.tsv"
    path.write_text("gene\thgvs_p\n" + "\t".join(line.split("|")[:2]) + "\n")
    tables = replace(knowledge, isoforms=(ISOFORM,))
    reader = ReportReader(Namer(gene_models(), alk_fetch), tables, DRIVERS, lexicon)
    (row,) = read_report(path, reader).alterations
    assert (row.key, row.flags) == (key, flags)


@pytest.mark.parametrize(
    "written", ["NM_000001.2:c.3607G>A", "NM_000001: G1050R", "NM_004304.5: G1203R", "NM_004304.5:p.G1203R"]
)
def test_a_number_that_no_transcript_explains_stays_unread(
    tmp_path: Path, knowledge: VariantKnowledge, lexicon: ReportWords, written: str
) -> None:
    path = tmp_path / "report.tsv"
    path.write_text(f"gene\thgvs_p\nALK\t{written}\n")
    tables = replace(knowledge, isoforms=(ISOFORM,))
    reader = ReportReader(Namer(gene_models(), alk_fetch), tables, DRIVERS, lexicon)
    assert read_report(path, reader).alterations[0].flags == ("not_read",)


def test_numbering_of_another_transcript(read: Reads) -> None:
    """c.3604 of another transcript is another base; the protein change stays."""
    report = read("ALK|G1202R|c.3607G>C|||||".removesuffix("|"))
    (row,) = report.alterations
    assert (row.hgvs_p, row.key) == ("p.Gly1202Arg", "reported:ALK:p.Gly1202Arg")
    assert row.flags == ("names_disagree",)
    assert "c.3607G>C means p.Asp1203His, the report says G1202R" in report.notes[0].what


def test_coding_change_that_the_genome_contradicts(read: Reads) -> None:
    report = read("ALK|G1202R|c.3604T>A|snv|||")
    assert report.alterations[0].key == "reported:ALK:p.Gly1202Arg"
    assert "shows G there, not T" in report.notes[0].what


def test_coding_change_alone(read: Reads) -> None:
    (row,) = read("ALK||c.3604G>A||2%||").alterations
    assert row.hgvs_p == "p.Gly1202Arg"


def test_gene_without_model_keeps_the_name_as_written(read: Reads) -> None:
    report = read("STK11|p.Q37*||snv|||", "ABL2|||amplification|||")
    assert [row.flags for row in report.alterations] == [("no_gene_model",), ("no_gene_model",)]
    assert report.alterations[0].hgvs_p == "p.Gln37Ter"
    assert "ABL2: no gene model" in report.notes[1].what


@pytest.mark.parametrize(
    ("line", "key", "written"),
    [
        ("HER2|||amplification|||", "copy_number:ERBB2:amplification", "HER2"),
        ("HER2 amplification||||||", "copy_number:ERBB2:amplification", "HER2"),
        ("her-2|||CNV||8|", "copy_number:ERBB2:amplification", "her-2"),
        ("|HER2 amplification|||||", "copy_number:ERBB2:amplification", "HER2"),
        ("c-MET|exon 14 skipping||splice|||", "skipping:MET:exon 14", "c-MET"),
        ("Alk|G1202R|||||", "reported:ALK:p.Gly1202Arg", "Alk"),
        ("ERBB1|E746_A750del|||||", "reported:EGFR:p.Glu746_Ala750del", "ERBB1"),
        ("CD246|||fusion|||EML4", "fusion:EML4:ALK", "CD246"),
        ("EML4-CD246|||fusion|||", "fusion:EML4:ALK", "CD246"),
        ("|EML4-CD246 fusion|||||", "fusion:EML4:ALK", "CD246"),
        ("EML4|||fusion|||CD246", "fusion:EML4:ALK", "CD246"),
    ],
)
def test_other_names_of_a_gene_are_read_as_its_symbol(read: Reads, line: str, key: str, written: str) -> None:
    report = read(line)
    assert [row.key for row in report.alterations] == [key]
    symbol = report.alterations[0].gene
    (note,) = [note for note in report.notes if "is a name of" in note.what]
    assert (note.line, note.what) == (2, f"{written} is a name of {symbol}")
    assert symbol in note.remedy


@pytest.mark.parametrize("line", ["ERBB2|||amplification|||", "EML4-ALK|||fusion|||", "ALK||c.3604G>A||||"])
def test_a_symbol_needs_no_note_about_its_name(read: Reads, line: str) -> None:
    assert not [note for note in read(line).notes if "is a name of" in note.what]


def test_two_names_of_a_gene_are_one_alteration(read: Reads) -> None:
    report = read("ERBB2|||amplification||8|", "HER2|||amplification||9|")
    (row,) = report.alterations
    assert row.copy_number == 8
    assert any("stands twice" in note.what for note in report.notes)


def test_a_gene_model_of_that_name_goes_first(
    tmp_path: Path, knowledge: VariantKnowledge, lexicon: ReportWords
) -> None:
    namer = Namer(gene_models(), alk_fetch)
    assert "ALK" in namer.models.by_gene
    path = tmp_path / "report.tsv"
    path.write_text("gene\tvariant_class\nALK\tamplification\n")
    renamed = replace(knowledge, gene_symbols={"alk": "OTHER"})
    (row,) = read_report(path, ReportReader(namer, renamed, DRIVERS, lexicon)).alterations
    assert row.gene == "ALK"


def test_a_site_adds_words_of_its_own(tmp_path: Path, knowledge: VariantKnowledge, root: Path) -> None:
    own = tmp_path / "report_words.tsv"
    own.write_text(
        "word\tlanguage\tmeaning\nnicht darstellbar\tde\tdenied\nBefund\tde\tcolumn:hgvs_p\n"
        "compound\ten\tcis\n"
    )
    path = tmp_path / "report.csv"
    path.write_text("Gene,Befund\nALK,G1202R nicht darstellbar\nALK,L1196M + I1171N (compound)\n")
    words = read_words(KnowledgeFiles(root / "resources" / "knowledge"), own)
    report = read_report(path, ReportReader(Namer(gene_models(), alk_fetch), knowledge, DRIVERS, words))
    assert [(row.alteration, row.flags) for row in report.alterations] == [
        ("L1196M", ("reported_in_cis:I1171N",)),
        ("I1171N", ("reported_in_cis:L1196M",)),
    ]


@pytest.mark.parametrize("kind", ["utf-8", "utf-8-sig", "gb18030", "xlsx"])
def test_a_chinese_report_in_every_kind_of_file(
    tmp_path: Path, knowledge: VariantKnowledge, lexicon: ReportWords, kind: str
) -> None:
    rows: list[list[Any]] = [
        ["基因", "变异", "外显子", "突变丰度（％）", "拷贝数", "检测结果", "转录本"],
        ["ALK", "p.G1202R", 23, 1.2, None, "检出", "NM_004304"],
        ["EML4-ALK", "融合", None, "5.8", "/", "阳性", "/"],
        ["MET", "扩增", None, "/", 7.5, "检出", "/"],
        ["EGFR", "缺失突变", 19, "/", "/", "未检出", "/"],
        ["KRAS", "Ｇ１２Ｃ", "第2外显子", "低于检测限", "/", "/", "/"],
    ]
    path = tmp_path / f"report.{'xlsx' if kind == 'xlsx' else 'csv'}"
    if kind == "xlsx":
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        book.save(path)
    else:
        lines = (",".join("" if cell is None else str(cell) for cell in row) for row in rows)
        path.write_bytes("\r\n".join(lines).encode(kind))
    report = read_report(path, ReportReader(Namer(gene_models(), alk_fetch), knowledge, DRIVERS, lexicon))
    assert [(row.gene, row.alteration, row.vaf and round(row.vaf, 6)) for row in report.alterations] == [
        ("ALK", "G1202R", 0.012),
        ("ALK", "EML4-ALK", 0.058),
        ("MET", "amplification", None),
    ]
    assert report.alterations[2].copy_number == 7.5


def test_unknown_variant_of_alk_is_kept(read: Reads) -> None:
    (row,) = read("ALK|p.Ile1171Trp|||||").alterations
    assert (row.hgvs_p, row.knowledge) == ("p.Ile1171Trp", ("ALK I1171",))


def test_report_without_findings(read: Reads) -> None:
    report = read(".||||||")
    assert report.alterations == ()
    assert report.notes == ()


def test_percentages_of_a_column_are_recognised(read: Reads) -> None:
    report = read("ALK|G1202R|||12.5||", "ALK|L1196M|||0.4||")
    assert [row.vaf for row in report.alterations] == [pytest.approx(0.125), pytest.approx(0.004)]
    assert "read as percentages" in report.notes[0].remedy


def test_a_bound_is_no_value(read: Reads) -> None:
    report = read("ALK|||amplification|<0.1%|8|")
    assert report.alterations[0].vaf is None
    assert "a bound is no value" in report.notes[0].remedy


def test_a_line_twice(read: Reads) -> None:
    report = read("ALK|G1202R|||1%||", "ALK|p.Gly1202Arg|||2%||")
    assert len(report.alterations) == 1
    assert report.alterations[0].vaf == pytest.approx(0.01)
    assert "stands twice" in report.notes[0].what


def test_wrong_columns_are_refused(read: Reads) -> None:
    with pytest.raises(InputProblems, match="did you mean 'hgvs_p'"):
        read("ALK|G1202R", header="gene|hgvsp")


# --- text ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [("0.012", 0.012), ("1.2%", 0.012), ("1,2 %", 0.012), ("0.4％", 0.004), ("2e-3", 0.002)],
)
def test_shares(text: str, value: float) -> None:
    assert read_share(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["", "high", "120%", "~", "< 0.1%", "1.2.3"])
def test_no_shares(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_share(text)


@pytest.mark.parametrize(
    ("line", "key", "gene"),
    [
        ("FGFR3-TACC3|||fusion|||", "fusion:FGFR3:TACC3", "FGFR3"),
        ("EGFR|||fusion|||RAD51", "fusion:EGFR:RAD51", "EGFR"),
        ("ALK-EML4|||fusion|||", "fusion:ALK:EML4", "ALK"),
    ],
    ids=["five-prime", "by-side", "reciprocal"],
)
def test_five_prime_drivers_and_order(read: Reads, line: str, key: str, gene: str) -> None:
    (row,) = read(line).alterations
    assert (row.key, row.gene) == (key, gene)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("E13;A20", "E13;A20"),
        ("E6a:A20", "E6a;A20"),
        ("E20, A20", "E20;A20"),
        ("E6a/b;A20", "E6;A20"),
        ("v9", None),
    ],
)
def test_junctions(read: Reads, text: str, name: str | None) -> None:
    (row,) = read(f"EML4-ALK|{text}||fusion|||").alterations
    assert row.junction == name


# Junctions of variants: Takeuchi 2008 and the sources of `alk_fusions.tsv`.
@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("v1", "EML4-ALK E13;A20 (v1)"),
        ("variant 3", "EML4-ALK E6;A20 (v3)"),
        ("V3a", "EML4-ALK E6;A20 (v3a)"),
        ("(variant 3a/b)", "EML4-ALK E6;A20 (v3a/b)"),
        ("v3a/3b", "EML4-ALK E6;A20 (v3a/b)"),
        ("variant 3ab", "EML4-ALK E6;A20 (v3a/b)"),
        ("v5", "EML4-ALK E2;A20 (v5)"),
        ("E6ab:A20", "EML4-ALK E6;A20 (v3a/b)"),
        ("E6a:A20", "EML4-ALK E6a;A20 (v3a)"),
        ("v6", "EML4-ALK (v6)"),
        ("v9", "EML4-ALK"),
    ],
)
def test_variants_by_the_names_of_the_field(read: Reads, text: str, name: str) -> None:
    (row,) = read(f"EML4-ALK|{text}||fusion|||").alterations
    assert row.alteration == name
    assert bool(row.knowledge) is ("(" in name)


# --- coverage --------------------------------------------------------------------------------


def test_coverage_cells() -> None:
    coverage = read_coverage("ALK, EGFR", "ALK:20-22;25;KRAS:2,3;ALK:intron 19")
    assert coverage.genes == {"ALK", "EGFR", "KRAS"}
    assert coverage.exons == {"ALK": {20, 21, 22, 25}, "KRAS": {2, 3}}
    assert coverage.introns == {"ALK": {19}}


def test_covered_genes_under_other_names(read: Reads) -> None:
    line = "ALK|G1202R|1%|HER2, c-MET;ALK|HER2:20;ERBB2:21|0.003|.|."
    report = read(line, line.replace("G1202R", "L1196M"), header=FULL)
    assert isinstance(report.coverage, Coverage)
    assert report.coverage.genes == {"ALK", "ERBB2", "MET"}
    assert report.coverage.exons == {"ERBB2": {20, 21}}
    assert [note.what for note in report.notes] == ["HER2 is a name of ERBB2", "c-MET is a name of MET"]


@pytest.mark.parametrize("exons", ["20-28", "ALK:28-20", "ALK:all"])
def test_coverage_that_cannot_be_read(exons: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_coverage("ALK", exons)


LOCI = [
    LocusRow("ALK", "G1202", LocusKind.ALK_HOTSPOT, 23, "chr2", 29_220_744, 29_220_747),
    LocusRow("ALK", "I1171", LocusKind.ALK_HOTSPOT, 22, "chr2", 29_222_345, 29_222_348),
    LocusRow("KRAS", "G12", LocusKind.BYPASS_HOTSPOT, 2, "chr12", 25_245_348, 25_245_351),
    LocusRow("MET", "gene", LocusKind.BYPASS_GENE, None, "chr7", 100, 200),
    LocusRow("ALK", "intron 19", LocusKind.FUSION_INTRON, None, "chr2", 29_223_528, 29_225_460),
]
G1202R_ROW = replace(
    empty_row("reported:ALK:p.Gly1202Arg", "ALK", VariantType.SNV, "G1202R"), exon=23, codon=1202
)
FULL = "gene|hgvs_p|vaf|covered_genes|covered_exons|lod_vaf|tumour_fraction|molecules"


@pytest.fixture(scope="module")
def calling() -> CallingSettings:
    return SHIPPED.calling


def status(report: Report, calling: CallingSettings) -> list[Detection]:
    return [row.status for row in callability_rows(report, LOCI, calling)]


def test_covered_genes_and_limit_make_a_negative(read: Reads, calling: CallingSettings) -> None:
    report = read(".|.|.|ALK;MET|.|0.3%|.|.", header=FULL)
    assert status(report, calling) == [
        Detection.NOT_DETECTED,
        Detection.NOT_DETECTED,
        Detection.NOT_TARGETED,
        Detection.NOT_DETECTED,
        Detection.NOT_ASSESSABLE,
    ]
    rows = callability_rows(report, LOCI, calling)
    assert rows[0].vaf_detectable == pytest.approx(0.003)
    # three molecules with 95 % at 0.3 %: a Poisson mean of 6.30, so 2,099 molecules
    assert rows[0].molecules == pytest.approx(2099, abs=1)
    assert (rows[2].molecules, rows[2].vaf_detectable) == (0, None)


def test_exons_listed_limit_a_gene(read: Reads, calling: CallingSettings) -> None:
    report = read(".|.|.|.|ALK:23;ALK:intron 19|0.005|.|1500", header=FULL)
    assert status(report, calling) == [
        Detection.NOT_DETECTED,
        Detection.NOT_TARGETED,
        Detection.NOT_TARGETED,
        Detection.NOT_TARGETED,
        Detection.NOT_DETECTED,
    ]
    assert callability_rows(report, LOCI, calling)[0].molecules == 1500


def test_an_exon_of_too_many_digits_takes_no_memory(read: Reads) -> None:
    report = read(".|.|.|.|ALK:20-99999999999|0.005|.|1500", header=FULL)
    assert report.coverage is None
    assert [note.what for note in report.notes] == ["ALK:20-99999999999: no gene has so many exons"]


def test_findings_are_detected(read: Reads, calling: CallingSettings) -> None:
    report = read(
        "ALK|G1202R|1%|ALK;MET|.|0.003|.|.",
        "EML4-ALK fusion|.|2%|ALK;MET|.|0.003|.|.",
        "MET|amplification|.|ALK;MET|.|0.003|.|.",
        header=FULL,
    )
    assert status(report, calling) == [
        Detection.DETECTED,
        Detection.NOT_DETECTED,
        Detection.NOT_TARGETED,
        Detection.NOT_DETECTED,
        Detection.DETECTED,
    ]
    # The row of a gene says what was found in it, and its status what was not.
    named = {row.locus: row.detected for row in callability_rows(report, LOCI, calling)}
    assert named["gene"] == ("copy_number:MET:amplification",)


def test_a_line_that_was_not_understood_leaves_its_gene_open(read: Reads, calling: CallingSettings) -> None:
    """A doubtful ALK line beside G1202R: neither I1171 nor the introns of ALK are clear, MET is."""
    report = read(
        "ALK|G1202R|1%|ALK;MET|.|0.003|.|.", "ALK|variant, low confidence|.|ALK;MET|.|0.003|.|.", header=FULL
    )
    assert status(report, calling) == [
        Detection.DETECTED,
        Detection.NOT_ASSESSABLE,
        Detection.NOT_TARGETED,
        Detection.NOT_DETECTED,
        Detection.NOT_ASSESSABLE,
    ]


def test_regions_of_a_bed_make_a_negative(tmp_path: Path, calling: CallingSettings) -> None:
    """A VCF of small variants shows neither copies nor fusions, and a codon covered in part nothing."""
    bed = tmp_path / "covered.bed"
    bed.write_text(
        "chr2\t29220700\t29220746\nchr2\t29220740\t29220800\nchr2\t29222347\t29222400\n"
        "chr7\t0\t500\nchr2\t29223000\t29226000\n"
    )
    report = Report((), (), CoveredRegions.read(bed), 0.003, None, None)
    assert status(report, calling) == [
        Detection.NOT_DETECTED,
        Detection.NOT_ASSESSABLE,
        Detection.NOT_TARGETED,
        Detection.NOT_ASSESSABLE,
        Detection.NOT_ASSESSABLE,
    ]
    filtered = replace(G1202R_ROW, detection=Detection.SUBTHRESHOLD)
    assert status(replace(report, alterations=(G1202R_ROW,)), calling)[0] is Detection.DETECTED
    assert status(replace(report, alterations=(filtered,)), calling)[0] is Detection.NOT_ASSESSABLE


def test_a_finding_without_gene_leaves_every_gene_open(read: Reads, calling: CallingSettings) -> None:
    report = read(".|fusion, low confidence|.|ALK;MET|ALK:23;ALK:intron 19;MET:14|0.3%|.|.", header=FULL)
    assert set(status(report, calling)) == {Detection.NOT_ASSESSABLE, Detection.NOT_TARGETED}


def test_a_doubtful_fusion_leaves_its_intron_open(read: Reads, calling: CallingSettings) -> None:
    line = "EML4-ALK|fusion, low confidence|.|ALK;MET|ALK:22-23;ALK:intron 19|0.3%|.|."
    assert status(read(line, header=FULL), calling) == [
        Detection.NOT_DETECTED,
        Detection.NOT_DETECTED,
        Detection.NOT_TARGETED,
        Detection.NOT_DETECTED,
        Detection.NOT_ASSESSABLE,
    ]


@pytest.mark.parametrize("line", [".|.|.|ALK|.|.|.|.", ".|.|.|.|.|0.003|.|.", ".|.|.|.|.|.|.|."])
def test_callability_is_unknown_without_coverage_or_limit(
    read: Reads, calling: CallingSettings, line: str
) -> None:
    assert callability_rows(read(line, header=FULL), LOCI, calling) == []


def test_tumour_fraction_given_or_not(read: Reads) -> None:
    given = tumour_fraction_row(read(".|.|.|.|.|.|12%|.", header=FULL))
    assert (given.status, given.value, given.low) == (TumourFractionStatus.GIVEN, 0.12, 0.12)
    assert tumour_fraction_row(read("ALK|G1202R|1%|.|.|.|.|.", header=FULL)).status is (
        TumourFractionStatus.NOT_ESTIMABLE
    )


def test_lines_that_differ_give_the_cautious_value(read: Reads) -> None:
    report = read("ALK|G1202R|1%|ALK|.|0.003|10%|2800", "ALK|L1196M|1%|ALK|.|0.005|20%|2,000", header=FULL)
    assert (report.lod_vaf, report.tumour_fraction, report.molecules) == (0.005, 0.1, 2000)
    assert len(report.notes) == 3


def test_job(tmp_path: Path, root: Path, calling: CallingSettings) -> None:
    config = yaml.safe_load((root / "config" / "config.yaml").read_text())
    (tmp_path / "g.fa").write_text(">chr2\n" + "N" * 80 + "\n")
    import pysam

    pysam.faidx(str(tmp_path / "g.fa"))
    gene_models().save(tmp_path / "models.json")
    write_table(tmp_path / "loci.tsv", LocusRow, LOCI)
    calls = tmp_path / "calls.tsv"
    calls.write_text("gene\thgvs_p\tvaf\ttumour_fraction\nALK\tG1202R\t1%\t12%\nKRAS\tG12D\t0.5%\t\n")
    read_reported_calls(
        calls=calls,
        gene_models=tmp_path / "models.json",
        gff3=tmp_path / "models.gff3",
        fasta=tmp_path / "g.fa",
        loci=tmp_path / "loci.tsv",
        knowledge=KnowledgeFiles(root / "resources" / "knowledge"),
        own_words=None,
        fusion_drivers=root / "resources" / "reference" / "fusion_drivers.tsv",
        specimen_type=SpecimenType.PLASMA,
        origin=OriginSettings(**config["origin"]),
        calling=calling,
        covered_regions=None,
        lod_vaf=None,
        vaf_unit=None,
        out_alterations=tmp_path / "alterations.tsv",
        out_callability=tmp_path / "callability.tsv",
        out_tumour_fraction=tmp_path / "tumour_fraction.tsv",
        out_notes=tmp_path / "notes.tsv",
    )
    alk, kras = read_table(tmp_path / "alterations.tsv", AlterationRow)
    assert (alk.origin, alk.alteration) == (Origin.SOMATIC, "G1202R")
    assert (kras.origin, kras.flags) == (Origin.UNDECIDED, ("ch_not_excluded",))
    assert read_table(tmp_path / "callability.tsv", CallabilityRow) == []
    assert read_table(tmp_path / "tumour_fraction.tsv", TumourFractionRow)[0].value == pytest.approx(0.12)


@pytest.mark.parametrize(
    "cell", ["0", "0.0", "0 %", "0,00%", "ND", "n.d.", "not detected", "negative", "未检出"]
)
def test_a_vaf_cell_that_denies_the_change_is_no_finding(read: Reads, cell: str) -> None:
    report = read(f"ALK|G1202R||snv|{cell}||", "ALK|L1196M||snv|1.2 %||")
    assert [row.alteration for row in report.alterations] == ["L1196M"]
    assert [note.line for note in report.notes if "not found" in note.what] == [2]


@pytest.mark.parametrize("cell", ["-", "n/a", "0.01 %"], ids=["dash", "not-given", "small"])
def test_a_vaf_cell_that_denies_nothing_keeps_the_finding(read: Reads, cell: str) -> None:
    assert [row.alteration for row in read(f"ALK|G1202R||snv|{cell}||").alterations] == ["G1202R"]


@pytest.mark.parametrize("dash", ["/", "-", "n/a"])
def test_a_list_of_changes_with_dashes_alone_has_two_readings(read: Reads, dash: str) -> None:
    """Hotspots that were looked for, `/` where nothing was found - or findings of a report without VAFs."""
    rows = read(f"ALK|G1202R|||{dash}||", f"KRAS|G12C|||{dash}||").alterations
    assert [row.flags[-1] for row in rows] == ["not_read", "not_read"]


@pytest.mark.parametrize(
    ("said", "flags"),
    [
        ("G1202R and L1196M in cis", ("reported_in_cis:L1196M",)),
        ("G1202R and L1196M, not in cis", ()),
        ("G1202R and L1196M, possibly in cis", ()),
    ],
)
def test_a_denied_phase_is_no_phase(read: Reads, said: str, flags: tuple[str, ...]) -> None:
    first = read(f"ALK|{said}|||||").alterations[0]
    assert tuple(flag for flag in first.flags if flag.startswith("reported_in")) == flags


@pytest.mark.parametrize(
    "line",
    ["ALK|G1202R||snv|< 0.1 %||", "ALK|G1202R||snv|<0.1||", "ALK|G1202R||snv|-||", "ALK|G1202R||snv|–||",
     "ALK|G1202R||indeterminate|||", "ALK|G1202R||low confidence|0.3 %||", "ALK|G1202R||snv|inconclusive||",
     "EML4-ALK|||fusion, low-confidence|||"],
    ids=["bound", "bare-bound", "dash", "long-dash", "indeterminate", "confidence", "vaf-words", "fusion"],
)  # fmt: skip
def test_a_doubtful_line_is_kept_and_nothing_is_concluded(read: Reads, line: str) -> None:
    report = read(line, "KRAS|G12D||snv|1.2 %||")
    first, second = report.alterations
    assert (first.hgvs_p, first.flags[-1], first.variant_type) == (None, "not_read", VariantType.DELINS)
    assert (second.hgvs_p, second.flags) == ("p.Gly12Asp", ())
    assert any(note.line == 2 and "nothing is concluded" in note.remedy for note in report.notes)


@pytest.mark.parametrize(
    ("line", "genes"),
    [
        ("|CD74-ROS1 fusion, low confidence|||||", ["ROS1"]),
        ("|low confidence: CD74::ROS1 fusion|||||", ["ROS1"]),
        ("CD74-ROS1|||fusion, inconclusive|||", ["ROS1"]),
        ("CD74|||fusion, inconclusive|||ROS1", ["ROS1"]),
        (".|||CD74-ROS1 fusion, inconclusive|||", ["ROS1"]),
        (".|||fusion, inconclusive|||ROS1", ["ROS1"]),
        ("|FGFR3-TACC3 or CD74-ROS1 fusion, indeterminate|||||", ["FGFR3", "ROS1"]),
        ("|HER2 or KRAS mutation, not confirmed|||||", ["ERBB2", "KRAS"]),
        ("KRAS|mutation, not confirmed, HER2 normal|||||", ["KRAS"]),
        ("EML4-ALK|||fusion, low-confidence|||", ["EML4-ALK"]),
    ],
    ids=["change", "words-first", "pair", "partner", "class", "class-partner", "two", "old-name", "cell",
         "alk"],
)  # fmt: skip
def test_an_unread_line_is_of_the_genes_that_it_names(read: Reads, line: str, genes: list[str]) -> None:
    rows = read(line).alterations
    assert [row.gene for row in rows] == genes
    assert all(row.flags == ("not_read",) and row.variant_type is VariantType.DELINS for row in rows)


@pytest.mark.parametrize(
    ("line", "flags"),
    [
        ("|fusion, low confidence|||||", ("gene_not_named", "not_read")),
        (".|||fusion|||", ("gene_not_named", "not_read")),
        (".|||amplification|||", ("gene_not_named", "not_read")),
        (".||||2 %||", ("gene_not_named", "not_read")),
        (".|||snv|2 %||", ("gene_not_named", "not_read")),
        ("BRCA2|||large rearrangement, inconclusive|||", ("not_read",)),
        ("FOO-BAR|||fusion|||", ("not_read",)),
        ("remark: good sample||||||", ("not_read",)),
    ],
    ids=["change", "class", "copies", "vaf", "class-vaf", "other-gene", "other-pair", "remark"],
)
def test_a_finding_without_gene_may_be_of_any(read: Reads, line: str, flags: tuple[str, ...]) -> None:
    (row,) = read(line).alterations
    assert row.flags == flags


@pytest.mark.parametrize(
    "line",
    [".|||snv|||", ".|||no fusion detected|||", ".|||fusion|0||", ".|||TMB|||", ".|||none|||", ".||||ND||"],
    ids=["class", "denied", "zero", "burden", "none", "nd"],
)
def test_a_line_without_gene_and_finding_is_none(read: Reads, line: str) -> None:
    assert read(line).alterations == ()


def test_a_fusion_in_the_class_cell_is_read(read: Reads) -> None:
    (row,) = read(".|||CD74-ROS1 fusion|3 %||").alterations
    assert (row.key, row.gene, row.flags) == ("fusion:CD74:ROS1", "ROS1", ())


@pytest.mark.parametrize("words", ["of indeterminate significance", "confirmed", "VUS"])
def test_a_doubt_about_the_meaning_is_none_about_the_finding(read: Reads, words: str) -> None:
    assert read(f"ALK|G1202R||{words}|1 %||").alterations[0].hgvs_p == "p.Gly1202Arg"


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["gain-first", "amplification-first"])
def test_a_gain_and_an_amplification_of_one_gene(read: Reads, order: tuple[int, int]) -> None:
    lines = ("ALK|||copy number gain||3.1|", "ALK|||amplification||8|")
    report = read(*(lines[index] for index in order))
    (row,) = report.alterations
    assert (row.copy_number, row.flags) == (8.0, ("report_lines_differ",))
    (note,) = [note for note in report.notes if "stands twice" in note.what]
    assert "amplification with 8 copies" in note.what and "gain with 3.1 copies" in note.what


def test_a_loss_of_one_copy_and_a_homozygous_one(read: Reads) -> None:
    report = read("RB1|||copy number loss|||", "RB1|||homozygous deletion|||")
    (row,) = report.alterations
    assert "copies_not_stated" not in row.flags and "report_lines_differ" in row.flags


def test_copy_numbers_have_no_vaf_and_a_zero_denies_none(read: Reads) -> None:
    assert [row.gene for row in read("MET|||amplification|0|7.5|").alterations] == ["MET"]


@pytest.mark.parametrize(
    ("written", "copies", "kind", "flags"),
    [
        ("amplification", "7.5", VariantType.AMPLIFICATION, ()),
        ("amplification", "1.1", VariantType.DELINS, ("not_read",)),
        ("amplification", "2", VariantType.DELINS, ("not_read",)),
        ("gain", "2", VariantType.DELINS, ("not_read",)),
        ("amplification - equivocal", "6", VariantType.AMPLIFICATION, ("reported_as_gain",)),
    ],
    ids=["amplified", "fewer-copies", "two-copies", "gain-of-none", "equivocal"],
)
def test_an_amplification_has_more_than_two_copies(
    read: Reads, written: str, copies: str, kind: VariantType, flags: tuple[str, ...]
) -> None:
    (row,) = read(f"ALK|||{written}||{copies}|").alterations
    assert (row.variant_type, row.flags) == (kind, flags)


@pytest.mark.parametrize(
    ("written", "origin"),
    [
        ("germline", Origin.GERMLINE),
        ("pathogenic (germ-line)", Origin.GERMLINE),
        ("胚系", Origin.GERMLINE),
        ("clonal hematopoiesis", Origin.CLONAL_HAEMATOPOIESIS),
        ("CHIP", Origin.CLONAL_HAEMATOPOIESIS),
        ("somatic", Origin.UNDECIDED),
        ("germline not excluded", Origin.UNDECIDED),
        ("potential germline", Origin.UNDECIDED),
        ("somatic, germline control clean", Origin.UNDECIDED),
        ("snv", Origin.UNDECIDED),
    ],
)
def test_what_the_laboratory_says_of_the_origin_counts(read: Reads, written: str, origin: Origin) -> None:
    (row,) = read(f"KRAS|G12D||{written}|0.4 %||").alterations
    assert row.origin is origin


@pytest.mark.parametrize(
    ("vafs", "written", "fraction", "noted"),
    [
        (("3.1", "0.4"), "0.5", 0.005, True),
        (("3.1", "0.4"), "0.5 %", 0.005, False),
        (("3.1 %", "0.4 %"), "0.5", 0.5, True),
        (("3.1 %", "0.4 %"), "0.05", 0.05, False),
        (("3.1", "0.4"), "12", 0.12, True),
    ],
    ids=["per-cent-beside-per-cent", "sign", "may-be-per-cent", "fraction", "one-or-more"],
)
def test_a_bare_tumour_fraction_is_read_as_its_neighbours(
    read: Reads, vafs: tuple[str, str], written: str, fraction: float, noted: bool
) -> None:
    lines = [f"{name}|{vaf}|{written}" for name, vaf in zip(("ALK|G1202R", "KRAS|G12D"), vafs, strict=True)]
    report = read(*lines, header="gene|hgvs_p|vaf|tumour_fraction")
    assert report.tumour_fraction == pytest.approx(fraction)
    assert any(note.place == "tumour_fraction" for note in report.notes) is noted


@pytest.mark.parametrize(
    ("header", "line", "names"),
    [
        ("gene|hgvs_p|variant_class|vaf", "ALK|G1202R|missense_variant|1%", ["ALK G1202R"]),
        ("gene|hgvs_p|variant_class|vaf", "ALK|G1202R|Missense_Mutation|1%", ["ALK G1202R"]),
        ("gene|variant_class|exon|result", "EGFR|deletion|19|positive", ["EGFR exon 19 deletion"]),
        ("gene|variant_class|exon|result", "EGFR|deletion|19|negative", []),
        ("gene|hgvs_p|result", "ALK|G1202R; L1196M|detected; not detected", ["ALK G1202R"]),
        ("gene|hgvs_p|result", "ALK|G1202R|amplification not detected", ["?ALK"]),
        ("gene|variant_class|copy_number", "MET|amplification|> 10", ["MET amplification"]),
        ("gene|variant_class|copy_number", "MET|amplification|4-6", ["?MET"]),
        ("gene|variant_class|copy_number", "MET||amplified", ["MET amplification"]),
        ("gene|hgvs_p", "EML4-ALK|G1202R", ["?EML4", "?ALK"]),
        ("gene|hgvs_p", "ALK|EGFR L858R", ["?ALK", "?EGFR"]),
        ("gene|hgvs_p", "ALK|EGFR L858R not detected", []),
        ("gene|hgvs_p", "TMB 12; ALK G1202R detected|", ["ALK G1202R"]),
    ],
)
def test_cells_of_a_line_are_read_together(read: Reads, header: str, line: str, names: list[str]) -> None:
    rows = read(line, header=header).alterations
    assert [f"?{r.gene}" if "not_read" in r.flags else f"{r.gene} {r.alteration}" for r in rows] == names
