"""What the rules get for each kind of sample: paths, inputs and parameters."""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from alktrace.io.resources import DEFAULTS
from alktrace.workflow.plan import Plan

SHEET = """
    patient timepoint specimen specimen_type assay collected setting role fastq_1 fastq_2 bam bam_kind calls
    P1 T0  wbc    wbc    wide  2025-01-01 .           patient w.fq .    .     .         .
    P1 BL  plasma plasma panel 2025-01-01 baseline    patient 1.fq 2.fq .     .         .
    P1 PD1 plasma plasma panel 2026-01-01 progression patient 3.fq 4.fq .     .         .
    P1 PD1 plasma plasma panel 2026-01-01 progression patient .    .    r.bam raw       .
    P1 PD1 biopsy tissue wide  2026-01-02 progression patient .    .    c.bam consensus .
    P2 PD1 plasma plasma panel 2026-01-01 progression patient .    .    .     .         report.tsv
    P2 PD2 plasma plasma panel 2026-06-01 progression patient .    .    .     .         report.vcf.gz
    P3 PD1 plasma plasma panel 2026-01-01 progression patient 5.fq 6.fq .     .         .
    N1 T0  wbc    wbc    panel 2025-01-01 .           normal  7.fq 8.fq .     .         .
    N2 T0  wbc    wbc    wide  2025-01-01 .           normal  9.fq .    .     .         .
    C1 T0  plasma plasma panel 2025-01-01 .           control a.fq b.fq .     .         .
"""
COLUMNS, *ROWS = (line.strip() for line in SHEET.strip().splitlines())
P1 = "results/patients/P1"
P2 = "results/patients/P2"


def plan_of(folder: Path, rows: Sequence[str] = tuple(ROWS), **changes: Any) -> Plan:
    """A plan of a sheet; P3 is excluded."""
    sheet = folder / "samples.tsv"
    sheet.write_text("".join("\t".join(row.split()) + "\n" for row in (COLUMNS, *rows)))
    config = yaml.safe_load(DEFAULTS.read_text()) | {
        "samples": str(sheet),
        "exclude": ["P3"],
        "assays": {
            "panel": {"targets": "panel.bed", "noise_model": "panel.noise.tsv"},
            "wide": {"targets": "wide.bed", "copy_number_reference": "wide.cnn"},
        },
        **changes,
    }
    return Plan.from_config(config)


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return plan_of(tmp_path)


def of(name: str) -> Any:
    """Wildcards of a sample `P1.PD1.plasma`, of a patient `P1` or of an assay `=panel`."""
    if name.startswith("="):
        return SimpleNamespace(assay=name[1:])
    return SimpleNamespace(**dict(zip(("patient", "timepoint", "specimen"), name.split("."), strict=False)))


# --- one sample -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sample", "bam"),
    [
        ("P1.PD1.plasma", f"{P1}/PD1/plasma/consensus.bam"),
        ("P1.PD1.biopsy", "c.bam"),
        ("N1.T0.wbc", "results/patients/N1/T0/wbc/consensus.bam"),
    ],
)
def test_a_consensus_is_made_or_given(plan: Plan, sample: str, bam: str) -> None:
    assert plan.consensus_bam(of(sample)) == bam


def test_white_cells_serve_every_other_sample_of_their_patient(plan: Plan) -> None:
    assert plan.white_cells(of("P1.PD1.plasma")) == [f"{P1}/T0/wbc/consensus.bam"]
    assert plan.white_cells(of("P1.T0.wbc")) == []
    assert plan.white_cells(of("P2.PD1.plasma")) == []


def test_white_cells_come_with_the_table_that_says_whether_they_can_be_read(plan: Plan) -> None:
    assert plan.white_cell_tables(of("P1.PD1.plasma")) == [f"{P1}/T0/wbc/callability.tsv"]
    assert plan.white_cell_tables(of("P1.T0.wbc")) == []


def test_a_given_file_counts_by_its_size(plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert plan.given_sizes(of("P1.PD1.biopsy")) == [], "deleted: Snakemake says so"
    (tmp_path / "c.bam").write_bytes(bytes(7))
    (tmp_path / "report.tsv").write_bytes(bytes(5))
    found = {name: plan.given_sizes(of(name)) for name in ("P1.PD1.biopsy", "P2.PD1.plasma", "P1.PD1.plasma")}
    assert found == {"P1.PD1.biopsy": [7], "P2.PD1.plasma": [5], "P1.PD1.plasma": []}


def test_every_file_that_is_named_is_watched(plan: Plan) -> None:
    found = plan.given_files()
    assert {"3.fq", "4.fq", "r.bam", "c.bam", "report.tsv", "report.vcf.gz", "7.fq", "a.fq"} <= set(found)
    assert {"panel.bed", "panel.noise.tsv", "wide.cnn", plan.settings.reference.fasta} <= set(found)
    assert "5.fq" not in found, "of an excluded patient"
    assert len(found) == len(set(found))


def test_white_cells_of_a_report_have_no_molecules(tmp_path: Path) -> None:
    cells = "P2 T0 wbc wbc panel 2025-01-01 . patient . . . . blood.tsv"
    assert plan_of(tmp_path, [*ROWS, cells]).white_cells(of("P2.PD1.plasma")) == []


def test_what_an_assay_says_reaches_its_samples(plan: Plan) -> None:
    assert plan.noise_model(of("P1.PD1.plasma")) == ["panel.noise.tsv"]
    assert plan.noise_model(of("P1.PD1.biopsy")) == []
    assert plan.copy_number_reference(of("P1.PD1.plasma")) == "results/reference/panel.copy_number.cnn"
    assert plan.copy_number_reference(of("P1.PD1.biopsy")) == "wide.cnn"
    assert plan.targets(of("P1.PD1.biopsy")) == "results/reference/wide.targets.bed"


def test_normals_of_the_assay_alone_make_its_reference(plan: Plan) -> None:
    assert plan.normal_coverage(of("=panel")) == ["results/patients/N1/T0/wbc/coverage.cnn"]
    assert plan.normal_coverage(of("=wide")) == ["results/patients/N2/T0/wbc/coverage.cnn"]
    assert plan.normal_bams(of("=panel")) == ["results/patients/N1/T0/wbc/consensus.bam"]


def test_a_report_is_read_as_it_is(plan: Plan) -> None:
    assert plan.report(of("P2.PD1.plasma")) == "report.tsv"
    assert plan.report(of("P2.PD2.plasma")) == "report.vcf.gz"


def test_vcfs_of_the_reference_are_optional(plan: Plan, tmp_path: Path) -> None:
    assert plan.polymorphisms() == plan.population_vcf() == []
    reference = yaml.safe_load(DEFAULTS.read_text())["reference"]
    given = reference | {"polymorphisms": "snps.vcf.gz", "population_vcf": "gnomad.vcf.gz"}
    known = plan_of(tmp_path, reference=given)
    assert known.polymorphisms() == ["snps.vcf.gz"]
    assert known.population_vcf() == ["gnomad.vcf.gz"]


# --- one patient ----------------------------------------------------------------------------


def test_inputs_of_a_patient_from_reads(plan: Plan) -> None:
    found = plan.patient_inputs(of("P1"))
    assert len(found) == len(set(found)) + 2, "two samples share what their assay has"
    progression = {path for path in found if path.startswith(f"{P1}/PD1/plasma/")}
    assert {path.removeprefix(f"{P1}/PD1/plasma/") for path in progression} == {
        "alterations.tsv",
        "callability.tsv",
        "tumour_fraction.tsv",
        "copy_number.tsv",
        "coverage.cnn",
        "consensus.bam",
        "noise.json",
        "molecules.tsv",
        "units/u1.extract.tsv",
    }, "the unit from a BAM has no extraction"
    assert {"c.bam", "wide.cnn", f"{P1}/T0/wbc/alterations.tsv"} <= set(found)
    assert f"{P1}/PD1/biopsy/molecules.tsv" not in found, "a consensus BAM has none"
    assert not [path for path in found if "/P2/" in path or "/P3/" in path]
    assert plan.genotyping_kernels(of("P1")) == ["results/reference/kernels/calling.txt"]


def test_inputs_of_a_patient_with_reports_alone(plan: Plan) -> None:
    assert plan.patient_inputs(of("P2")) == [
        f"{P2}/{timepoint}/plasma/reported/{name}.tsv"
        for timepoint in ("PD1", "PD2")
        for name in ("alterations", "callability", "tumour_fraction")
    ]
    assert plan.genotyping_kernels(of("P2")) == []
    assert plan.copy_number_bins(of("P2")) == {}


def test_bins_are_those_of_the_tumour(plan: Plan) -> None:
    assert plan.copy_number_bins(of("P1")) == {
        "BL plasma": f"{P1}/BL/plasma/copy_number_bins.tsv",
        "PD1 plasma": f"{P1}/PD1/plasma/copy_number_bins.tsv",
        "PD1 biopsy": f"{P1}/PD1/biopsy/copy_number_bins.tsv",
    }


def test_parameters_of_a_patient_follow_its_rows_and_assays_alone(plan: Plan, tmp_path: Path) -> None:
    said = repr(plan.patient_files_of(of("P1")))
    assert said.count("SampleFiles(") == 4
    stranger = "P0 PD1 plasma plasma panel 2026-01-01 progression patient x.fq y.fq . . ."
    moved = plan_of(tmp_path, [stranger, *ROWS])
    assert repr(moved.patient_files_of(of("P1"))) == said, "not the line in the sheet"
    later = [row.replace("2026-01-01", "2026-01-03") if row.startswith("P1") else row for row in ROWS]
    assert repr(plan_of(tmp_path, later).patient_files_of(of("P1"))) != said
    assays = {"panel": {"targets": "other.bed"}, "wide": {"targets": "wide.bed"}}
    assert repr(plan_of(tmp_path, assays=assays).patient_files_of(of("P1"))) != said


def test_identity_of_a_patient_counts_by_content(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert plan.identity_digest(of("P1")) == ""
    table = tmp_path / "results" / "cohort" / "identity" / "P1.tsv"
    table.parent.mkdir(parents=True)
    digests = []
    for text in ("match", "conflict", "match"):
        table.write_text(text)
        digests.append(plan.identity_digest(of("P1")))
    assert digests[0] == digests[2] != digests[1]


def test_clinical_tables_count_by_what_they_say_of_the_patient(tmp_path: Path) -> None:
    clinical = tmp_path / "clinical"
    clinical.mkdir()

    def digests(patients: str, drugs: str | None = None, **changes: Any) -> dict[str, str]:
        (clinical / "patients.tsv").write_text(patients)
        if drugs is not None:
            (clinical / "drugs.tsv").write_text(drugs)
        made = plan_of(tmp_path, clinical=str(clinical), **changes)
        return {patient: made.clinical_digest(of(patient)) for patient in ("P1", "P2")}

    def changed(now: dict[str, str]) -> set[str]:
        return {patient for patient in now if now[patient] != before[patient]}

    rows = ["patient\tenrolled", "P1\t2024-01-01", "P2\t2024-01-01"]
    before = digests("\n".join(rows))
    assert changed(digests("\n".join([rows[0], "P0\t2024-02-02", rows[2], rows[1]]))) == set()
    assert changed(digests("\n".join([*rows[:2], "P2\t2024-05-05"]))) == {"P2"}
    assert changed(digests("\n".join([rows[0], "p1\t2024-05-05", rows[2]]))) == {"P1"}, "spelled otherwise"
    cohort = yaml.safe_load(DEFAULTS.read_text())["cohort"] | {"data_cutoff": "2026-06-30"}
    assert changed(digests("\n".join(rows), cohort=cohort)) == {"P1", "P2"}
    assert changed(digests("\n".join(rows), "drug\tname\nlorlatinib\tx\n")) == {"P1", "P2"}, "of no patient"


# --- the cohort -----------------------------------------------------------------------------


def test_who_is_classified(plan: Plan) -> None:
    timepoints = ["P1/BL", "P1/PD1", "P2/PD1", "P2/PD2"]
    assert plan.timepoint_files("x.tsv") == [
        f"results/patients/{timepoint}/x.tsv" for timepoint in timepoints
    ]
    assert plan.timepoints_of("P2", "x.tsv") == [f"{P2}/PD1/x.tsv", f"{P2}/PD2/x.tsv"]
    assert plan.patient_files("x.tsv") == [f"{P1}/x.tsv", f"{P2}/x.tsv"]


def test_an_excluded_patient_is_nowhere(plan: Plan) -> None:
    shown = [
        *plan.cohort_inputs(),
        *plan.fastp_reports(),
        *plan.molecule_tables(),
        *plan.error_rate_tables(),
        *plan.identity_files(),
        *(sample.name for sample in plan.identified()),
    ]
    assert shown
    assert not [item for item in shown if "P3" in item]


def test_samples_of_the_quality_table(plan: Plan) -> None:
    names = [files.sample.name for files in plan.quality_files()]
    assert (
        names == "P1.T0.wbc P1.BL.plasma P1.PD1.plasma P1.PD1.biopsy N1.T0.wbc N2.T0.wbc C1.T0.plasma".split()
    )
    assert list(plan.error_rate_tables()) == names
    assert list(plan.molecule_tables()) == [name for name in names if name != "P1.PD1.biopsy"]
    assert "results/patients/C1/T0/plasma/molecules.tsv" in plan.cohort_inputs()


def test_fastp_reports_are_those_of_fastqs(plan: Plan) -> None:
    assert f"{P1}/PD1/plasma/units/u1.fastp.json" in plan.fastp_reports()
    assert f"{P1}/PD1/plasma/units/u2.fastp.json" not in plan.fastp_reports(), "a BAM"
    assert not [path for path in plan.fastp_reports() if "/C1/" in path], "a control"


def test_identity_is_compared_without_controls(plan: Plan) -> None:
    assert {sample.patient for sample in plan.identified()} == {"P1", "N1", "N2"}
    assert list(plan.identity_files()) == ["P1", "P2", "N1", "N2"], "reports ask for a table too"
    assert plan.identity_file(of("P2")) == "results/cohort/identity/P2.tsv"


def test_outcomes_need_clinical_tables(plan: Plan, tmp_path: Path) -> None:
    assert plan.outcome_files() == plan.clinical_tables() == []
    (tmp_path / "clinical").mkdir()
    (tmp_path / "clinical" / "patients.tsv").write_text("patient\n")
    made = plan_of(tmp_path, clinical=str(tmp_path / "clinical"))
    assert made.clinical_tables() == [str(tmp_path / "clinical" / "patients.tsv")]
    assert "results/cohort/endpoints.tsv" in made.outcome_files()


@pytest.mark.parametrize(
    ("kept", "tools"),
    [
        ("P1", "bwa fastp multiqc samtools"),
        ("biopsy", "multiqc samtools"),
        ("report.tsv", "multiqc samtools"),
        ("report.vcf.gz", "multiqc samtools"),
    ],
)
def test_tools_that_a_run_needs(tmp_path: Path, kept: str, tools: str) -> None:
    plan = plan_of(tmp_path, [row for row in ROWS if kept in row], exclude=[])
    assert sorted(plan.tools()) == tools.split()


def test_versions_are_those_of_what_made_the_rows(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    """A report was read by no tool; MultiQC makes nobody's rows; what is not installed is not named."""
    monkeypatch.setattr("alktrace.workflow.plan.tool_version", lambda name: f"{name}-1")
    known = {"numba": "0.1", "scipy": "1.0"}
    monkeypatch.setattr("alktrace.workflow.plan.package_version", known.get)
    from_reads = plan.versions_of(of("P1"))
    assert {"bwa": "bwa-1", "fastp": "fastp-1", "samtools": "samtools-1", "numba": "0.1"}.items() <= (
        from_reads.items()
    )
    assert "multiqc" not in from_reads and "pysam" not in from_reads
    assert set(plan.versions_of(of("P2"))) == {"python", "scipy"}


def test_parameters_hold_the_sections_that_a_rule_names(plan: Plan) -> None:
    assert set(plan.dump("calling", "identity")) == {"calling", "identity"}
    assert plan.dump("assays")["assays"]["panel"]["targets"] == "panel.bed"


# --- exports --------------------------------------------------------------------------------


def test_exports_are_results_and_the_crate_comes_after_the_manifest(tmp_path: Path) -> None:
    assert plan_of(tmp_path).exports() == []
    plan = plan_of(tmp_path, exports=["ro_crate", "maf", "vcf"])
    vcfs = [f"results/exports/vcf/{name}.vcf.gz{end}" for name in ("P1", "P2") for end in ("", ".tbi")]
    assert plan.exports() == ["results/exports/alterations.maf", *vcfs]
    assert set(plan.exports()) <= set(plan.results())
    assert plan.exports("ro_crate") == ["results/ro-crate-metadata.json"]
    assert "results/ro-crate-metadata.json" not in plan.results()
