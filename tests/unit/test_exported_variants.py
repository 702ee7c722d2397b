"""MAF and annotated VCF: alleles as public databases write them, and nothing that may not leave."""

import gzip
import subprocess
import sys
from pathlib import Path
from typing import Any

import pysam
import pytest
from exported_patients import (
    AMPLIFICATION,
    EVERYTHING,
    EXON_19,
    FUSION,
    G1202R,
    HOSTILE,
    INHERITED,
    LONG_ID,
    OF_BLOOD,
    PROBABLY_INHERITED,
    T1151DUP,
    identifiers,
    patient,
    seen,
    small,
    specimen,
)  # fmt: skip

from alktrace.exports.exported import ExportedPatient
from alktrace.exports.maf import classification_of, maf_alleles, maf_rows, write_maf
from alktrace.exports.somatic_vcf import write_somatic_vcf
from alktrace.vocabulary.changes import Consequence
from alktrace.vocabulary.variant import SmallVariant

LENGTHS = {"chr2": 242193529, "chr7": 159345973, "chr17": 83257441}


def maf(one: ExportedPatient, folder: Path) -> list[dict[str, str]]:
    out = folder / "alterations.maf"
    write_maf([one], identifiers(), out)
    # As programs read it that end lines wherever Unicode does.
    version, names, *lines = out.read_text().splitlines()
    assert version == "#version gdc-1.0.0"
    return [dict(zip(names.split("\t"), line.split("\t"), strict=True)) for line in lines]


def vcf(one: ExportedPatient, folder: Path) -> list[Any]:
    """Records as htslib reads them; it must have nothing to say."""
    out = folder / "vcf" / f"{one.patient}.vcf.gz"
    write_somatic_vcf(one, lengths=LENGTHS, refseq=identifiers().transcripts, out=out)
    code = "import sys, pysam.bcftools as b; b.view('-o', sys.argv[2], sys.argv[1], catch_stdout=False)"
    done = subprocess.run(
        [sys.executable, "-c", code, out, folder / "again.vcf"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert out.with_name(out.name + ".tbi").is_file()
    with pysam.VariantFile(str(out)) as stream:
        return list(stream)


# --- MAF -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("chr2:29220747:C:T", (29220747, 29220747, "C", "T", "SNP")),
        ("chr2:29209816:CC:GA", (29209816, 29209817, "CC", "GA", "DNP")),
        # EGFR c.2236_2250del, as GDC's MAF has it on GRCh38.
        ("chr7:55174771:AGGAATTAAGAGAAGC:A", (55174772, 55174786, "GGAATTAAGAGAAGC", "-", "DEL")),
        ("chr2:29222405:G:GCGT", (29222405, 29222406, "-", "CGT", "INS")),
        ("chr7:55174772:GGAATTAAGA:CC", (55174772, 55174781, "GGAATTAAGA", "CC", "DEL")),
        ("chr1:1:A:ATTTT", (1, 2, "-", "TTTT", "INS")),
    ],
)
def test_alleles(key: str, expected: tuple[int, int, str, str, str]) -> None:
    assert maf_alleles(SmallVariant.parse(key)) == expected


@pytest.mark.parametrize(
    ("consequence", "kind", "hgvs_c", "expected"),
    [
        (Consequence.FRAMESHIFT, "DEL", None, "Frame_Shift_Del"),
        (Consequence.INFRAME_DELINS, "INS", None, "In_Frame_Ins"),
        (Consequence.UTR, "SNP", "c.*12A>G", "3'UTR"),
        (Consequence.UTR, "SNP", "c.-12A>G", "5'UTR"),
        (Consequence.STOP_GAINED, "SNP", None, "Nonsense_Mutation"),
        (Consequence.UNKNOWN, "SNP", None, "Unknown"),
    ],
)
def test_classes(consequence: Consequence, kind: str, hgvs_c: str | None, expected: str) -> None:
    assert classification_of(consequence, kind, hgvs_c) == expected


def test_a_line_of_the_maf(tmp_path: Path) -> None:
    (line,) = maf(patient(G1202R, FUSION, AMPLIFICATION), tmp_path)
    expected = {
        "Hugo_Symbol": "ALK", "Entrez_Gene_Id": "238", "NCBI_Build": "GRCh38", "Chromosome": "chr2",
        "Variant_Classification": "Missense_Mutation", "Tumor_Sample_Barcode": "P1.PD1.plasma",
        "Mutation_Status": "Somatic", "HGVSp_Short": "p.G1202R", "RefSeq": "NM_004304.5",
        "t_depth": "200", "t_ref_count": "180", "t_alt_count": "20", "FILTER": "PASS",
        "mechanism": "ALK single mutation", "vaf_low": "",
    }  # fmt: skip
    assert line | expected == line


def test_what_may_not_leave_does_not(tmp_path: Path) -> None:
    cells = {row["Tumor_Sample_Barcode"] for row in maf(patient(*EVERYTHING, specimens=CELLS), tmp_path)}
    assert cells == {"P1.PD1.plasma"}, "white cells are the patient"
    for inherited, expected in ((False, {"G1202R", "E746_A750del", "T1151dup", "R882H"}), (True, None)):
        one = patient(*EVERYTHING, specimens=CELLS, inherited=inherited)
        names = {row["HGVSp_Short"].removeprefix("p.") for row in maf(one, tmp_path)}
        assert names == (expected or {"G1202R", "E746_A750del", "T1151dup", "R882H", "Q787=", "P72R"})
        filters = {row["FILTER"] for row in maf(one, tmp_path) if row["Hugo_Symbol"] in ("EGFR", "TP53")}
        assert filters == ({"PASS", "germline"} if inherited else {"PASS"})


CELLS = (specimen(), specimen(name="wbc"))


@pytest.mark.parametrize("alterations", [(), (FUSION,), (INHERITED,)])
def test_nothing_to_say_is_a_table_without_rows(tmp_path: Path, alterations: tuple[Any, ...]) -> None:
    assert maf(patient(*alterations), tmp_path) == []


def test_hostile_text_stays_in_its_cell(tmp_path: Path) -> None:
    item = small("chr2:29220747:C:T", "ALK", HOSTILE, f"c.{HOSTILE}", f"p.{HOSTILE};=,% |")
    one = patient(item, name=LONG_ID)
    assert len(LONG_ID) == 64
    (line,) = maf(one, tmp_path)
    assert line["HGVSc"] == "c.=cmd() @x"
    (record,) = vcf(one, tmp_path)
    assert record.info["HGVSP"].startswith("p.%3Dcmd()") and record.info["GENE"] == "ALK"


# --- VCF -------------------------------------------------------------------------------------


def test_records_of_the_vcf(tmp_path: Path) -> None:
    item = G1202R | {"observations": [seen(0, 289, "BL"), seen(47, 297)]}
    one = patient(item, FUSION, OF_BLOOD, EXON_19, specimens=(specimen("BL"), specimen()))
    records = vcf(one, tmp_path)
    assert [(r.chrom, r.pos, *r.alleles) for r in records] == [
        ("chr2", 25234373, "C", "T"),
        ("chr2", 29220747, "C", "T"),
        ("chr2", 29223741, "T", "T]chr2:42299750]"),
        ("chr7", 55174771, "AGGAATTAAGAGAAGC", "A"),
    ]
    assert [list(r.filter) for r in records] == [["clonal_haematopoiesis"], ["PASS"], ["PASS"], ["PASS"]]
    told = records[1].info
    assert (told["GENE"], told["HGVSC"], told["HGVSP"]) == ("ALK", "c.3604G>A", "p.Gly1202Arg")
    assert (told["CONSEQUENCE"], told["ORIGIN"], told["REFSEQ"]) == ("missense", "somatic", "NM_004304.5")
    assert told["MECHANISM"] == ("PD1|ON_TARGET_SINGLE|ALK%20single%20mutation|candidate",)
    baseline, progression = records[1].samples.values()
    assert (baseline["GT"], baseline["AD"], progression["GT"]) == ((0, 0), (289, 0), (0, 1))
    assert (progression["DP"], progression["AD"]) == (297, (250, 47))
    assert progression["AF"][0] == pytest.approx(47 / 297, rel=1e-5)
    assert records[2].info["SVTYPE"] == "BND"


def test_inherited_variants_do_not_pass(tmp_path: Path) -> None:
    assert vcf(patient(INHERITED, PROBABLY_INHERITED), tmp_path) == []
    records = vcf(patient(INHERITED, PROBABLY_INHERITED, inherited=True), tmp_path)
    assert [list(r.filter) for r in records] == [["germline"], ["germline"]]


def test_it_is_version_4_3_and_names_no_machine(tmp_path: Path) -> None:
    vcf(patient(*EVERYTHING), tmp_path)
    text = gzip.decompress((tmp_path / "vcf" / "P1.vcf.gz").read_bytes()).decode()
    assert text.startswith("##fileformat=VCFv4.3\n") and text.count("fileformat") == 1
    assert str(tmp_path) not in text


def test_places_that_the_reference_lacks_are_left_out(tmp_path: Path) -> None:
    far = small("chr2:999999999:C:T", "ALK", "x", None, None)
    assert vcf(patient(far, small("chrUn:5:C:T", "ALK", "y", None, None)), tmp_path) == []


def test_equal_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        vcf(patient(*EVERYTHING), tmp_path / name)
    one, other = ((tmp_path / name / "vcf" / "P1.vcf.gz").read_bytes() for name in "ab")
    assert one == other


def test_a_report_without_a_place_has_no_line() -> None:
    assert [row["HGVSp"] for row in maf_rows([patient(*EVERYTHING)], identifiers())].count(
        "p.Leu1196Met"
    ) == 0
    assert T1151DUP["key"] in {item.key for item in patient(*EVERYTHING).alterations}
