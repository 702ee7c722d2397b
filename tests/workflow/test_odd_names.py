"""Names of files and folders as people give them: blanks, quotes, umlauts, signs that are more to a shell."""

import shutil
from pathlib import Path

import pytest
import yaml
from rough_runs import Run, new_project
from workflow_runs import NEEDS_TOOLS, final_files, read_sheet, write_sheet

pytestmark = [NEEDS_TOOLS, pytest.mark.long, pytest.mark.timeout(1800)]

ODD = """it's "1" $HOME;*ü (x) &|<>`id`#%!"""
READS = ("fastq_1", "fastq_2", "bam", "calls")
GENOME = ("fasta", "gff3", "align_fasta", "polymorphisms", "population_vcf")


class OddProject:
    """A project of a few patients in which everything that may be named has an odd name."""

    def __init__(self, small_demo: Path, folder: Path) -> None:
        self.folder = folder / f"project {ODD}"
        self._inputs = self.folder / f"inputs {ODD}"
        project = new_project(small_demo, self.folder)
        self._inputs.mkdir()
        rows = read_sheet(self.folder / "samples.tsv")
        for row in rows:
            row |= {name: self._moved(row[name]) for name in READS if row[name] != "."}
        config = project.config
        config["samples"] = f"{ODD}.tsv"
        write_sheet(self.folder / config["samples"], rows)
        config["reference"] |= {name: self._moved(config["reference"][name]) for name in GENOME}
        for assay in config["assays"].values():
            assay["targets"] = self._moved(assay["targets"])
        config["clinical"] = f"clinical {ODD}"
        (self.folder / "clinical").rename(self.folder / config["clinical"])
        for name in ("bam", "calls", "fastq", "samples.tsv", "config.yaml"):
            (self.folder / name).unlink()
        shutil.rmtree(self.folder / "reference")
        self.config = f"{ODD}.yaml"
        (self.folder / self.config).write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")

    def _moved(self, name: str) -> str:
        """Copy a file and what lies beside it, such as its index, to an odd name; return it."""
        given = self.folder / name
        for path in given.parent.resolve().glob(f"{given.name}*"):
            shutil.copy(path, self._inputs / f"{ODD} {path.name}")
        return str((self._inputs / f"{ODD} {given.name}").relative_to(self.folder))


def test_every_name_is_odd(small_demo: Path, undisturbed: Run, tmp_path: Path) -> None:
    project = OddProject(small_demo, tmp_path)
    temporary = tmp_path / f"tmp {ODD}"
    temporary.mkdir()
    run = Run(project.folder, tmp_path, {"TMPDIR": str(temporary)}, config=project.config)
    assert run.done() == 0, run.said[-4000:]
    found, expected = final_files(run.folder), final_files(undisturbed.folder)
    found = {name.replace(f"{ODD} ", ""): content for name, content in found.items()}
    assert sorted(found) == sorted(expected)
    # It names the inputs.
    assert [n for n in expected if found[n] != expected[n]] == ["cohort/run_manifest.json"]
