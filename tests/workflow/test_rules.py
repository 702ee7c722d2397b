"""The rules as a whole: lint and format, the jobs each configuration gives, docs that follow the code."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from present_values import present
from workflow_runs import ROOT, Outcome, Project, read_sheet, snakemake

from alktrace.commands.generated_docs import fill

RULE_FILES = sorted((ROOT / "rules").glob("*.smk"))
# Limits of the design: Python starts slowly, and a cohort has hundreds of samples.
MOST_PER_SAMPLE, MOST_PYTHON_PER_SAMPLE, MOST_PYTHON_PER_PATIENT = 8, 5, 2

COHORT = {
    "compare_identity": 1,
    "collect_cohort": 1,
    "write_cohort_page": 1,
    "write_batch_page": 1,
    "write_multiqc_sections": 1,
    "collect_multiqc": 1,
    "write_manifest": 1,
}
OUTCOMES = {"measure_outcomes": 1, "relate_outcomes": 1}
REFERENCE = {"prepare_gene_models": 1, "index_aligner": 1}
KERNELS = {"compile_consensus_kernels": 1, "compile_calling_kernels": 1}
PER_ASSAY = ("prepare_targets", "build_copy_number_reference")


def per_sample(number: int, *, units: Any = None, adopted: int = 0, consensus: int = 0) -> dict[str, int]:
    """Jobs of samples from reads: `units` rows of FASTQ, `adopted` aligned BAMs, `consensus` given."""
    made = number - consensus
    aligned = made - adopted if units is None else units
    counts = {
        "compile_align_kernels": min(aligned, 1),
        "align_unit": aligned,
        "adopt_unit": adopted,
        "call_molecules": made,
        "align_consensus": made,
        "call_variants": number,
        "call_structural": number,
        "annotate_alterations": number,
    }
    return {name: count for name, count in counts.items() if count}


def per_patient(patients: int, timepoints: int) -> dict[str, int]:
    return {"gather_evidence": patients, "classify_timepoint": timepoints, "write_patient_page": patients}


def rules() -> Iterator[tuple[str, str]]:
    """Name and text of every rule and checkpoint."""
    for path in RULE_FILES:
        for text in re.split(r"(?m)^(?=rule |checkpoint )", path.read_text())[1:]:
            yield present(re.match(r"\w+ (\w+):", text))[1], text


RULES = dict(rules())


@pytest.fixture(scope="module")
def demo_jobs(small_demo: Path) -> Outcome:
    return snakemake(
        "--directory", str(small_demo), "--configfile", str(small_demo / "config.yaml"), "--dry-run"
    ).check()


# --- form -----------------------------------------------------------------------------------


def test_lint_finds_nothing(small_demo: Path) -> None:
    found = snakemake(
        "--directory", str(small_demo), "--configfile", str(small_demo / "config.yaml"), "--lint"
    )
    assert found.code == 0, found.text


def test_rules_are_formatted() -> None:
    command = [sys.executable, "-m", "snakefmt", "--check", "--compact-diff", "Snakefile", "rules"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", RULES)
def test_every_rule_says_what_it_does_and_needs(name: str) -> None:
    text = RULES[name]
    for directive in ("log", "resources", "message", "conda"):
        assert re.search(rf"^    {directive}:$", text, re.MULTILINE), directive
    assert "mem_mb=" in text
    assert "runtime=" in text
    logs = re.search(r"    log:\n\s+\"logs/(\w+)", text)
    assert logs and logs[1] == name, "logs lie where the rule's name says"


@pytest.mark.parametrize("name", [name for name, text in RULES.items() if "    script:\n" in text])
def test_python_rules_run_their_own_adapter(name: str) -> None:
    assert present(re.search(r'script:\n\s+"\.\./scripts/(\w+)\.py"', RULES[name]))[1] == name
    assert (ROOT / "scripts" / f"{name}.py").is_file()
    assert f'code=PLAN.code("{name}")' in RULES[name], "changed modules rerun the rule"


@pytest.mark.parametrize("name", [name for name, text in RULES.items() if "    shell:\n" in text])
def test_tools_come_from_an_environment_that_exists(name: str) -> None:
    path = present(re.search(r'conda:\n\s+"\.\./(envs/\w+\.yaml)"', RULES[name]))[1]
    environment = yaml.safe_load((ROOT / path).read_text())
    assert environment["channels"] == ["conda-forge", "bioconda", "nodefaults"]
    assert all(re.fullmatch(r"[\w-]+ =[\d.]+", item) for item in environment["dependencies"])


def test_few_jobs_per_sample_and_patient() -> None:
    outputs = {
        name: present(re.search(r"    output:\n(.*?)\n    \w+:", text, re.DOTALL))[1]
        for name, text in RULES.items()
    }
    # A strict BAM and a PDF are made where somebody asks for them.
    outputs = {
        name: text for name, text in outputs.items() if name not in ("write_strict", "print_patient_page")
    }
    sample = [name for name, text in outputs.items() if "{specimen}" in text]
    patient = [name for name, text in outputs.items() if "{patient}" in text and "{timepoint}" not in text]
    assert len(sample) <= MOST_PER_SAMPLE
    assert len([name for name in sample if "    script:\n" in RULES[name]]) <= MOST_PYTHON_PER_SAMPLE
    assert len([name for name in patient if "    script:\n" in RULES[name]]) <= MOST_PYTHON_PER_PATIENT


def test_a_run_deletes_and_does_not_name_what_an_earlier_one_left(project: Project) -> None:
    """Temporary files of a run that failed before: their jobs are done, and nobody else deletes them."""
    project.keep(project.rows("P01"))
    project.pretend()
    results = project.folder / "results"
    manifest = results / "cohort/run_manifest.json"
    folder = next(results.glob("patients/P01/PD1/*/alterations.tsv")).parent
    left = [folder / name for name in ("consensus_unaligned.bam", "units/u1.aligned.bam")]
    for path in left:
        path.touch()
        os.utime(path, (0, 0))
    manifest.unlink()
    project.run("--cores", "1").check()
    named = json.loads(manifest.read_text())["results"]
    assert f"{folder.relative_to(results)}/alterations.tsv" in named
    for path in left:
        assert not path.exists()
        assert str(path.relative_to(results)) not in named


# --- jobs of a configuration -----------------------------------------------------------------


def test_jobs_of_the_demo(demo_jobs: Outcome, small_demo: Path) -> None:
    rows = read_sheet(small_demo / "samples.tsv")
    reads = [row for row in rows if row["calls"] == "."]
    cohort = {row["patient"] for row in rows if row["role"] == "patient"}
    timepoints = {
        (row["patient"], row["timepoint"])
        for row in rows
        if row["role"] == "patient" and row["specimen_type"] != "wbc"
    }
    assert (len(rows), len(reads), len(cohort), len(timepoints)) == (32, 29, 19, 23)
    assert demo_jobs.jobs == (
        REFERENCE
        | KERNELS
        | COHORT
        | OUTCOMES
        | per_sample(29, adopted=1, consensus=1)
        | dict.fromkeys(PER_ASSAY, len({row["assay"] for row in reads}))
        | {"read_reported_calls": 3}
        | per_patient(19, 23)
    )


READS = KERNELS | {"prepare_gene_models": 1} | dict.fromkeys(PER_ASSAY, 1)
INDEX = {"index_aligner": 1}
VARIANTS = {
    "reports alone": (
        ["P18"],
        {},
        {"prepare_gene_models": 1, "read_reported_calls": 2} | per_patient(1, 2),
    ),
    "plasma and white cells": (["P07"], {}, READS | INDEX | per_sample(2) | per_patient(1, 1)),
    "consensus BAM alone": (["P17"], {}, READS | per_sample(1, consensus=1) | per_patient(1, 1)),
    "aligned BAM": (["P16"], {}, READS | INDEX | per_sample(1, adopted=1) | per_patient(1, 1)),
    "whole genome": (["P07"], {"align_fasta": None}, READS | INDEX | per_sample(2) | per_patient(1, 1)),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_jobs_of_a_part(project: Project, name: str) -> None:
    patients, reference, expected = VARIANTS[name]
    project.keep(project.rows(*patients))
    project.config["clinical"] = None
    project.config["reference"] |= reference
    assert project.dry().check().jobs == expected | COHORT


def test_lanes_are_aligned_apart_and_merged(project: Project) -> None:
    rows = project.rows("P06", "P10")
    rows[1] |= {name: rows[0][name] for name in ("patient", "timepoint", "specimen", "collected")}
    project.keep(rows)
    project.config["clinical"] = None
    jobs = project.dry().check().jobs
    assert (jobs["align_unit"], jobs["call_molecules"], jobs["call_variants"]) == (2, 1, 1)


def test_excluded_patients_cost_nothing(project: Project) -> None:
    rows = project.rows("P06", "P10")
    project.keep(rows)
    project.config |= {"clinical": None, "exclude": ["P10"]}
    jobs = project.dry().check().jobs
    assert (jobs["align_unit"], jobs["gather_evidence"]) == (1, 1)


def test_normals_alone_are_no_cohort_but_run(project: Project) -> None:
    rows = [row for row in read_sheet(project.folder / "samples.tsv") if row["role"] == "normal"]
    project.keep(rows)
    project.config["clinical"] = None
    jobs = project.dry().check().jobs
    assert jobs["call_variants"] == 3
    assert "classify_timepoint" not in jobs


def test_noise_of_positions_is_learned_only_for_who_asks(project: Project) -> None:
    project.keep([row for row in read_sheet(project.folder / "samples.tsv") if row["role"] == "normal"])
    project.config["clinical"] = None
    asked = project.dry("results/reference/plasma-duplex.noise.tsv").check()
    assert (asked.jobs["build_noise_model"], asked.jobs["align_consensus"]) == (1, 3)
    assert "call_variants" not in asked.jobs


def test_an_assay_is_described_only_for_who_asks(project: Project) -> None:
    assert "describe_assay" not in project.dry().check().jobs
    jobs = project.dry("results/assay/plasma-duplex/reach.tsv").check().jobs
    assert jobs["describe_assay"] == jobs["build_noise_model"] == jobs["build_copy_number_reference"] == 1
    assert jobs["call_variants"] == jobs["call_structural"]
    assert "classify_timepoint" not in jobs


def test_a_strict_bam_is_made_only_for_who_asks(project: Project) -> None:
    project.keep(project.rows("P17"))
    project.config["clinical"] = None
    assert "write_strict" not in project.dry().check().jobs
    asked = project.dry("results/patients/P17/PD1/plasma/strict.bam").check()
    assert asked.jobs == {"write_strict": 1}


# --- docs -----------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["README.md", "config/README.md"])
def test_generated_docs_are_current(page: str) -> None:
    text = (ROOT / page).read_text()
    assert fill(text) == text, "run `make docs`"


def commands(text: str) -> list[str]:
    """Lines of the shell blocks of a page."""
    return [line for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]


def test_commands_of_the_readme_exist() -> None:
    lines = commands((ROOT / "README.md").read_text())
    targets = set(re.findall(r"(?m)^([\w-]+):", (ROOT / "Makefile").read_text()))
    wanted = {match[1] for line in lines if (match := re.match(r"make ([\w-]+)", line))}
    wanted |= set(re.findall(r"`make ([\w-]+)`", (ROOT / "README.md").read_text()))
    assert {"demo", "test", "one", "test-long"} <= wanted <= targets
    variables = {
        name for line in lines if line.startswith("make one") for name in re.findall(r"([A-Z\d]+)=", line)
    }
    assert variables and all(f"$({name})" in (ROOT / "Makefile").read_text() for name in variables - {"UMI"})


@pytest.mark.parametrize("page", ["README.md", "config/README.md", "resources/knowledge/README.md"])
def test_links_of_the_docs_lead_somewhere(page: str) -> None:
    path = ROOT / page
    links = re.findall(r"\]\(([^)#\s]+)", path.read_text())
    missing = [link for link in links if "://" not in link and not (path.parent / link).exists()]
    assert not missing


def test_a_run_that_ends_well_without_its_files_fails(project: Project) -> None:
    """As Snakemake may, where a checkpoint stands beside group jobs; `--touch` makes nothing either."""
    outcome = project.run("--touch", "--cores", "1")
    assert outcome.code == 1
    assert "the run ended before all was done, without results/" in outcome.text
    assert "run again: it goes on where it stopped" in outcome.text
    assert project.run("--touch", "--cores", "1", "results/cohort/qc.tsv").code == 0, "not all was asked for"
