"""Published reads through the whole workflow; truth is what their authors measured by other means.

The folder's README names sources and licences. Every run aligns to real panel sequence.
"""

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pysam
import pytest
import yaml
from present_values import present
from real_reference import build_real_reference
from workflow_runs import NEEDS_TOOLS, ROOT, Project, snakemake

from alktrace.annotate.alteration_table import AlterationRow
from alktrace.calling.callability_table import CallabilityRow
from alktrace.classify.resistance_table import ClassificationRow, ResistanceRow
from alktrace.demo.genome_files import ReferenceFiles
from alktrace.evidence.evidence_table import EvidenceRow
from alktrace.io.tables import read_table
from alktrace.vocabulary.changes import Consequence

pytestmark = [pytest.mark.real, pytest.mark.timeout(600), NEEDS_TOOLS]

QC = {
    "min_molecules": 1,
    "warn_molecules": 2,
    "min_on_target": 0,
    "max_contamination": 0.5,
    "max_blank_molecules": 9,
}


Row = TypeVar("Row")


@pytest.fixture(scope="module")
def reference(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> ReferenceFiles:
    return build_real_reference(data=real_data, out=tmp_path_factory.mktemp("real-reference"))


def segments(real_data: Path, wanted: Callable[[str, int, int], str | None]) -> Iterator[str]:
    """Lines of a BED: segments of real sequence that `wanted` names, by chromosome, start and end."""
    index = real_data / "reference" / "grch38_known_segments.fa.gz.fai"
    for line in index.read_text().splitlines():
        chrom, start, end = present(re.match(r"(\w+):(\d+)-(\d+)", line)).groups()
        if name := wanted(chrom, int(start), int(end)):
            yield f"{chrom}\t{int(start) - 1}\t{end}\t{name}\n"


def table(results: Path, name: str, row_type: type[Row]) -> list[Row]:
    return read_table(results / name, row_type)


def detected(rows: list[AlterationRow], gene: str) -> list[AlterationRow]:
    return [row for row in rows if row.gene == gene and row.detection.value == "detected"]


# --- one BAM with the README's command ------------------------------------------------------------


def alk_or_eml4(chrom: str, start: int, end: int) -> str | None:
    """ALK exons 19 to 29 with intron 19, and EML4: what a panel for its fusions covers."""
    if chrom != "chr2":
        return None
    if start > 29_192_000 and end < 29_231_000:
        return "ALK"
    return "EML4" if start > 42_160_000 and end < 42_340_000 else None


@pytest.fixture(scope="module")
def h3122(
    real_data: Path, reference: ReferenceFiles, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str]:
    """The README's command, without the set-up that it depends on."""
    folder = tmp_path_factory.mktemp("h3122") / "run"
    bed = folder.parent / "panel.bed"
    bed.write_text("".join(segments(real_data, alk_or_eml4)))
    given = {
        "BAM": real_data / "fusion" / "H3122_EML4.bam",
        "TARGETS": bed,
        "FASTA": reference.fasta,
        "GFF3": reference.gff3,
        "ALIGN_FASTA": reference.compact,
        "UMI": "none",
        "SPECIMEN": "tissue",
        "OUT": folder,
        "CORES": 2,
    }
    done = subprocess.run(
        ["make", "--assume-old=.venv/.ready", "one", *(f"{name}={value}" for name, value in given.items())],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:]
    return folder / "results", done.stdout


def test_h3122_has_its_fusion(h3122: tuple[Path, str]) -> None:
    """EML4-ALK variant 1; breakpoints of the authors of the BAM: chr2:29,223,741 and chr2:42,299,750."""
    results, _ = h3122
    sample = results / "patients/H3122-EML4/T1/tissue"
    (fusion,) = [
        row
        for row in detected(table(sample, "alterations.tsv", AlterationRow), "ALK")
        if row.variant_type.value == "fusion"
    ]
    assert (fusion.partner, fusion.junction, fusion.in_frame) == ("EML4", "E13;A20", True)
    assert fusion.alteration == "EML4-ALK E13;A20 (v1)"
    with pysam.VariantFile(str(sample / "fusions.vcf.gz")) as vcf:
        records = [record for record in vcf if "PASS" in record.filter]
    assert {record.info["SVTYPE"] for record in records} == {"BND"}
    low, high = sorted(record.pos for record in records)
    assert abs(low - 29_223_741) <= 3
    assert abs(high - 42_299_750) <= 3


def test_h3122_counts_molecules_in_a_bam_without_umis_and_mate_cigars(h3122: tuple[Path, str]) -> None:
    results, _ = h3122
    sample = results / "patients/H3122-EML4/T1/tissue"
    with pysam.AlignmentFile(str(sample / "consensus.bam")) as bam:
        names = {read.query_name for read in bam}
    # 53,580 records in the published BAM, already without duplicates: nearly every pair is a molecule.
    assert 25_000 < len(names) <= 26_800


def test_h3122_is_no_proof_of_a_mutation(h3122: tuple[Path, str]) -> None:
    """A cell line that ALK inhibitors kill: nothing that changes the kinase domain may be called."""
    results, said = h3122
    rows = table(results / "patients/H3122-EML4/T1/tissue", "alterations.tsv", AlterationRow)
    kinase = [row for row in detected(rows, "ALK") if row.codon and 1116 <= row.codon <= 1392]
    assert [row.hgvs_p for row in kinase if row.consequence is not Consequence.SYNONYMOUS] == []
    (timepoint,) = table(results, "cohort/classification.tsv", ClassificationRow)
    assert timepoint.classification.value in ("NONE_FOUND", "NOT_EVALUABLE")
    assert timepoint.classification.value in said
    assert "report.html" in said


# --- FASTQ of two other assays, in one run --------------------------------------------------------


def assay(targets: Path | str, source: str = "none", *structures: str) -> dict[str, Any]:
    umi = {"source": source, "read_structures": list(structures)}
    return {"targets": str(targets), "umi": umi, "qc": QC}


@pytest.fixture(scope="module")
def fastqs(real_data: Path, reference: ReferenceFiles, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("fastq")
    (folder / "braf.bed").write_text("chr7\t140753274\t140753393\tBRAF\n")
    rows = [
        (
            "SIMSEN",
            "plasma",
            "simsen",
            "progression",
            "umi/umierrorcorrect_simsenseq_PIK3CA_R1.fastq.gz",
            "",
        ),
        *(
            (
                "COLO829",
                kind,
                "capture",
                setting,
                *(f"tumour_normal/hartwig_COLO829_{x}_R{n}.fastq.gz" for n in (1, 2)),
            )
            for kind, setting, x in (("tissue", "progression", "T"), ("wbc", ".", "R"))
        ),
    ]
    columns = "patient specimen_type assay setting fastq_1 fastq_2 timepoint collected".split()
    lines = [columns] + [
        [*row[:4], str(real_data / row[4]), str(real_data / row[5]) if row[5] else ".", "T1", "2020-01-01"]
        for row in rows
    ]
    (folder / "samples.tsv").write_text("".join("\t".join(line) + "\n" for line in lines))
    project = Project(
        folder,
        {
            "samples": "samples.tsv",
            "reference": {
                "fasta": str(reference.fasta),
                "gff3": str(reference.gff3),
                "align_fasta": str(reference.compact),
            },
            "assays": {
                "simsen": assay(
                    real_data / "umi" / "umierrorcorrect_target_regions_hg38.bed", "inline", "12M16S+T"
                ),
                "capture": assay("braf.bed"),
            },
        },
    )
    project.run("--cores", "2", timeout=580).check()
    return folder / "results"


def test_pik3ca_of_simsen_seq(fastqs: Any) -> None:
    """Other tools: 17 of 556 families by majority, 12 of 362 with two reads and more (2 to 5 %)."""
    sample = fastqs / "patients/SIMSEN/T1/plasma"
    (found,) = detected(table(sample, "alterations.tsv", AlterationRow), "PIK3CA")
    assert (found.hgvs_p, found.hgvs_c) == ("p.His1047Arg", "c.3140A>G")
    assert (found.chrom, found.pos, found.ref, found.alt) == ("chr3", 179_234_297, "A", "G")
    assert 0.02 <= present(found.vaf) <= 0.05
    assert present(found.vaf_low) < 17 / 556 < present(found.vaf_high)
    assert 500 <= present(found.total_molecules) <= 562
    (locus,) = [
        row
        for row in table(sample, "callability.tsv", CallabilityRow)
        if (row.gene, row.locus) == ("PIK3CA", "H1047")
    ]
    assert locus.status.value == "detected"
    (mechanism,) = table(fastqs, "patients/SIMSEN/T1/resistance.tsv", ResistanceRow)
    assert (mechanism.gene, mechanism.hgvs_p) == ("PIK3CA", "p.His1047Arg")


def test_braf_of_colo829_is_of_the_tumour(fastqs: Any) -> None:
    tumour = table(fastqs, "patients/COLO829/T1/tissue/alterations.tsv", AlterationRow)
    (found,) = detected(tumour, "BRAF")
    assert (found.hgvs_p, found.pos, found.origin.value) == ("p.Val600Glu", 140_753_336, "somatic")
    assert 0.5 < present(found.vaf) < 0.9
    blood = table(fastqs, "patients/COLO829/T1/wbc/alterations.tsv", AlterationRow)
    assert detected(blood, "BRAF") == []


def test_the_normal_of_colo829_was_looked_at(fastqs: Any) -> None:
    rows = [
        row
        for row in table(fastqs, "patients/COLO829/evidence.tsv", EvidenceRow)
        if row.key == "chr7:140753336:A:T"
    ]
    found = {row.specimen: row for row in rows}
    assert present(found["tissue"].alt_molecules) > 100
    assert found["wbc"].alt_molecules == 0
    assert present(found["wbc"].total_molecules) >= 20


def test_nothing_is_left_to_do(fastqs: Any) -> None:
    folder = fastqs.parent
    again = snakemake(
        "--directory", str(folder), "--configfile", str(folder / "config.yaml"), "--dry-run"
    ).check()
    assert again.jobs == {}
    assert "Nothing to be done" in again.text


def test_settings_of_the_run_are_written_down(fastqs: Any) -> None:
    manifest = yaml.safe_load((fastqs / "cohort/run_manifest.json").read_text())
    assert manifest["settings"]["assays"]["simsen"]["umi"]["read_structures"] == ["12M16S+T"]
