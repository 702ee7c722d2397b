"""Exports and Snakemake's report at the end of a small run: a patient of whom there are reports alone."""

import json
from pathlib import Path

import pytest
from rocrate.rocrate import ROCrate
from workflow_runs import NEEDS_TOOLS, Outcome, Project, traces

from alktrace.vocabulary.exports import Export

pytestmark = NEEDS_TOOLS


@pytest.fixture(scope="module")
def finished(small_demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A finished run with every export."""
    project = Project.of_demo(small_demo, tmp_path_factory.mktemp("exports"), patients=("P18",))
    project.config |= {"exports": [one.value for one in Export], "export_inherited": True}
    project.run("--cores", "2").check()
    return project


def test_every_export_is_there_and_in_the_manifest(finished: Project) -> None:
    manifest = json.loads((finished.folder / "results/cohort/run_manifest.json").read_text())
    named = {name for name in manifest["results"] if name.startswith("exports/")}
    folder = finished.folder / "results"
    there = [path for path in (folder / "exports").rglob("*") if path.is_file()]
    assert named == {path.relative_to(folder).as_posix() for path in there}
    assert {name.split("/")[1] for name in named} == {
        "alterations.maf", "vcf", "cbioportal", "xlsx", "phenopackets", "igv",
    }  # fmt: skip
    crate = ROCrate(folder)
    parts = {part.id for part in crate.root_dataset["hasPart"]}
    assert parts == {*manifest["results"], "cohort/run_manifest.json"}
    assert not traces(folder / "exports")
    assert str(finished.folder) not in (folder / "ro-crate-metadata.json").read_text()


def test_a_second_run_finds_nothing_to_do_and_one_without_exports_costs_nothing(finished: Project) -> None:
    assert finished.dry().check().jobs == {}
    without = Project(finished.folder, finished.config | {"exports": []})
    assert not [name for name in without.dry().check().jobs if name.startswith("export_")]
    finished.write_config()


@pytest.fixture(scope="module")
def report(finished: Project) -> str:
    """What `--report` makes where every way out ends at a closed port."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
            patch.setenv(name, "http://127.0.0.1:9")
        made: Outcome = finished.run("--report", "report.html", "--cores", "1").check()
    assert "Report created" in made.text
    return (finished.folder / "report.html").read_text()


def test_the_report_quotes_the_configuration(report: str, finished: Project) -> None:
    assert "Resistance to first-line lorlatinib" in report
    told = report.replace("\\n", " ")
    assert "a probability of at most 3e-07 (3e-05 at hotspots)" in " ".join(told.split())
    assert "Patient P18. A negative counts" in told, "a caption with its wildcard"
    for name in ("Patients", "Cohort", "Tables", "Outcomes", "Quality", "Proof"):
        assert f'"{name}"' in report, name
    for name in ("P18/report.html", "cohort/report.html", "multiqc.html", "run_manifest.json", "qc.tsv"):
        assert name in report, name
    assert str(finished.folder) not in report
