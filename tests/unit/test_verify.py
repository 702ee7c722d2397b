"""The manifest of a run, and what `alktrace verify` finds: made-up results of a made-up sheet."""

import hashlib
import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from snakemake.io import IOFile, temp

from alktrace.cli import main
from alktrace.commands.run import _inputs
from alktrace.commands.verify import prepare_rerun
from alktrace.inputs.config_file import read_config
from alktrace.inputs.knowledge_files import open_knowledge
from alktrace.inputs.settings.configuration import lay_over
from alktrace.io.digest import code_digest
from alktrace.io.resources import DEFAULTS, resource
from alktrace.io.shown import shown, without_folders
from alktrace.report import manifest as made
from alktrace.report.manifest import digest_of, results_of, write_manifest
from alktrace.workflow.finished import made_by
from alktrace.workflow.plan import Plan

HEAD = "patient timepoint specimen_type assay collected setting calls"
ROW = "P1 PD1 plasma panel 2026-01-01 progression calls/report.tsv"
RESULTS = {
    "cohort/classification.tsv": "patient\n",
    "cohort/multiqc/general_mqc.json": "{}\n",
    "reference/panel.targets.bed": "chr2\t1\t2\n",
    "patients/P1/evidence.tsv": "patient\n",
    "patients/P1/PD1/resistance.tsv": "patient\n",
    "patients/P1/PD1/plasma/reported/alterations.tsv": "key\n",
}
NOT_OF_THE_RUN = (
    "reference/bwa/genome.fa.sa",
    "patients/P9/PD1/plasma/alterations.tsv",
    "patients/P1/BL/old.tsv",
)
SAMPLE = "results/patients/{patient}/{timepoint}/{specimen}"
OUTPUTS = [
    "results/cohort/{table}.tsv",
    "results/cohort/multiqc/general_mqc.json",
    "results/reference/{assay}.targets.bed",
    "results/patients/{patient}/evidence.tsv",
    "results/patients/{patient}/{timepoint}/resistance.tsv",
    f"{SAMPLE}/reported/alterations.tsv",
    temp(f"{SAMPLE}/consensus_unaligned.bam"),
    temp(f"{SAMPLE}/units/{{unit}}.aligned.bam"),
]
MADE = made_by([SimpleNamespace(output=[IOFile(file, rule=None) for file in OUTPUTS])])


class Run:
    """A finished run in a folder: a report inside of it, a genome outside."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.results = folder / "run", folder / "run" / "results"
        self.manifest = self.results / "cohort" / "run_manifest.json"
        self.genome = folder / "someone" / "genome.fa"
        texts = {name: name for name in ("calls/report.tsv", "panel.bed", "panel.bed.idx", "genes.gff3")}
        texts["samples.tsv"] = "".join("\t".join(line.split()) + "\n" for line in (HEAD, ROW))
        texts |= {
            f"results/{name}": text for name, text in (RESULTS | dict.fromkeys(NOT_OF_THE_RUN, "")).items()
        }
        for path, text in [
            *((self.folder / name, text) for name, text in texts.items()),
            (self.genome, "ACGT"),
        ]:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        given = {
            "samples": "samples.tsv",
            "reference": {"fasta": str(self.genome), "gff3": "genes.gff3"},
            "assays": {"panel": {"targets": str(self.folder / "panel.bed")}},
        }
        self.config = folder / "config.yaml"
        self.config.write_text(yaml.safe_dump(given))
        self.settings = lay_over(read_config(DEFAULTS), given)
        plan = Plan.from_config(self.settings)
        write_manifest(
            settings=plan.settings.model_dump(mode="json"),
            inputs=plan.inputs(),
            samples=[sample.folder for sample in plan.used_samples],
            made=MADE,
            knowledge=open_knowledge(resource("knowledge"), None),
            code=code_digest(),
            threads=2,
            out=self.manifest,
        )

    @property
    def said(self) -> Any:
        return json.loads(self.manifest.read_text())


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    (tmp_path / "run").mkdir()
    monkeypatch.chdir(tmp_path / "run")
    return Run(tmp_path)


@pytest.mark.parametrize("more", ["", "bad_inputs: row\n"], ids=["stop", "row"])
def test_the_configuration_is_watched_with_what_it_names(run: Run, more: str) -> None:
    """A sample refused before is not watched by its refusal, which goes where its file is mended."""
    with run.config.open("a") as stream:
        stream.write(more)
    refused = run.results / "patients" / "P1" / "PD1" / "plasma" / "refused.txt"
    refused.write_text("#unreadable\n")
    watched = _inputs(run.config, run.folder)
    assert {str(run.config), "samples.tsv", "calls/report.tsv", str(run.genome)} <= set(watched)
    assert not any("refused" in path for path in watched)


def lines(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, list[str]]:
    """Exit status of `verify` and what it printed."""
    status = main(["verify", *map(str, arguments)])
    out, error = capsys.readouterr()
    assert "Traceback" not in error
    return status, (out + error).splitlines()


def about_files(printed: list[str]) -> list[str]:
    return [
        line for line in printed if line.split()[1] in ("input", "result") and not line.startswith("equal")
    ]


def test_every_file_has_its_digest(run: Run) -> None:
    said = run.said
    assert said["results"].keys() == RESULTS.keys()
    for name, text in RESULTS.items():
        digest = hashlib.sha256(text.encode()).hexdigest()
        assert said["results"][name] == {"bytes": len(text), "sha256": digest}
    files = {name: entry["file"] for name, entry in said["inputs"].items()}
    assert files == {
        "samples": "samples.tsv",
        "reference.fasta": ".../genome.fa",
        "reference.gff3": "genes.gff3",
        "assays.panel.targets": "panel.bed",
        "P1.PD1.plasma.u1 calls": "calls/report.tsv",
    }
    assert said["inputs"]["reference.fasta"]["sha256"] == hashlib.sha256(b"ACGT").hexdigest()


def test_no_folder_of_the_user_is_named(run: Run) -> None:
    text = run.manifest.read_text()
    assert str(run.folder) not in text and "someone" not in text
    assert run.said["settings"]["reference"]["fasta"] == ".../genome.fa"


def test_large_files_count_by_their_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(made, "LARGE", 10)
    monkeypatch.setattr(made, "END", 3)
    path = tmp_path / "reads.bam"
    path.write_bytes(b"abcdefghijklm")
    ends = {"bytes": 13, "sha256_of_ends": hashlib.sha256(b"abcklm").hexdigest()}
    assert digest_of(path, ends=True) == ends
    assert digest_of(path, ends=False) == {
        "bytes": 13,
        "sha256": hashlib.sha256(b"abcdefghijklm").hexdigest(),
    }
    path.write_bytes(b"abcdefghij")
    assert digest_of(path, ends=True) == {"bytes": 10, "sha256": hashlib.sha256(b"abcdefghij").hexdigest()}
    assert digest_of(tmp_path / "none", ends=True) == {"missing": True}


def test_a_run_that_is_as_it_was(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    status, printed = lines(capsys, run.manifest, "--config", run.config)
    assert status == 0, printed
    kinds = [line.split()[1] for line in printed[:-4]]
    assert kinds == sorted(kinds, key=["version", "setting", "input", "result"].index), "versions first"
    assert {line.split()[0] for line in printed[:-4]} == {"equal"}
    assert printed[-2:] == ["inputs: 5 equal", "results: 6 equal"]


def test_a_manifest_alone_does_not_know_other_folders(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    status, printed = lines(capsys, run.manifest)
    assert status == 4
    assert about_files(printed) == ["elsewhere input reference.fasta (.../genome.fa)"]


def test_what_is_not_equal_is_named(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run.genome.write_text("ACGA")
    (run.folder / "calls/report.tsv").unlink()
    (run.results / "cohort/classification.tsv").write_text("patient\nP1\n")
    (run.results / "patients/P1/evidence.tsv").unlink()
    (run.results / "patients/P1/PD1/plasma/stray.tsv").touch()
    status, printed = lines(capsys, run.manifest, "--config", run.config)
    assert status == 4
    assert about_files(printed) == [
        "missing   input P1.PD1.plasma.u1 calls (calls/report.tsv)",
        "different input reference.fasta (.../genome.fa)",
        "different result cohort/classification.tsv",
        "missing   result patients/P1/evidence.tsv",
        "added     result patients/P1/PD1/plasma/stray.tsv",
    ]
    assert printed[-1] == "results: 4 equal, 1 different, 1 missing, 1 added"


def test_other_results_other_settings(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(run.results, tmp_path / "copy")
    (tmp_path / "copy/reference/panel.targets.bed").write_text("chr2\t1\t3\n")
    given = [run.manifest, "--directory", run.folder, "--config", run.config]
    status, printed = lines(capsys, *given, "--results", tmp_path / "copy")
    assert status == 4
    assert about_files(printed) == ["different result reference/panel.targets.bed"]
    run.config.write_text(run.config.read_text() + "align: {min_length: 31}\n")
    status, printed = lines(capsys, *given)
    assert status == 4
    assert "different setting align min_length (30, now 31)" in printed


def test_other_versions_are_said_and_change_nothing(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    earlier = json.loads(run.manifest.read_text())
    earlier["packages"]["pysam"] = "0.1"
    run.manifest.write_text(json.dumps(earlier))
    status, printed = lines(capsys, run.manifest, "--config", run.config)
    assert status == 0
    (said,) = (line for line in printed if line.startswith("different"))
    assert said.startswith("different version packages pysam (0.1, now ")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("patient\n", "is no JSON"),
        ('{"alktrace": "0.1.0", "inputs": {}}', "run_manifest.json of this release"),
        ("[]", "run_manifest.json of this release"),
    ],
)
def test_what_is_no_manifest(text: str, said: str, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run.manifest.write_text(text)
    status, (error,) = lines(capsys, run.manifest)
    assert status == 1 and said in error


def test_inputs_of_a_rerun_are_links(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "again"
    config = prepare_rerun(run.settings, run.folder, out)
    assert {path.name for path in out.iterdir()} == {"samples.tsv", "genes.gff3", "calls", "config.yaml"}
    assert (out / "calls/report.tsv").read_text() == "calls/report.tsv"
    assert lay_over(read_config(DEFAULTS), read_config(config)) == run.settings
    status, printed = lines(capsys, run.manifest, "--config", run.config, "--rerun", out)
    assert (status, printed[-1]) == (1, f"error: {out}: is not empty; give a new folder to `--rerun`")
    status, printed = lines(capsys, run.manifest, "--rerun", tmp_path / "third")
    assert status == 1 and printed[-1].endswith("without their folders; give `--config`")


def test_paths_as_results_show_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for given, said in {
        "bam/a.bam": "bam/a.bam",
        f"{tmp_path}/bam/a.bam": "bam/a.bam",
        "/home/someone/a b.bam": ".../a b.bam",
        "../someone/a.bam": ".../a.bam",
        ".../a.bam": ".../a.bam",
    }.items():
        assert shown(given) == said
    for text, said in {
        "reads of '/data/some one/a.bam' and /data/x/b.bam: 3/4": "reads of '.../a.bam' and .../b.bam: 3/4",
        "https://example.org/a/b, 1/2 and/or bam/a.bam": "https://example.org/a/b, 1/2 and/or bam/a.bam",
    }.items():
        assert without_folders(text) == said


def test_results_are_those_of_the_run(run: Run) -> None:
    """What a failed run left of temporary files is none, nor what somebody put beside the results."""
    sample = run.results / "patients/P1/PD1/plasma"
    (sample / "units").mkdir()
    for name in ("consensus_unaligned.bam", "units/u1.aligned.bam", "reported/alterations (copy).tsv"):
        (sample / name).touch()
    found = results_of(run.results, ["P1/PD1/plasma"], MADE)
    assert list(found) == sorted(RESULTS)


def test_the_reason_of_a_refused_sample_is_a_result(run: Run) -> None:
    (run.results / "patients/P1/PD1/plasma/refused.txt").touch()
    found = results_of(run.results, ["P1/PD1/plasma"], MADE)
    assert found.keys() - RESULTS.keys() == {"patients/P1/PD1/plasma/refused.txt"}
