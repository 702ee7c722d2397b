"""Which jobs of a finished run are due after an edit, and that results may be moved to another clone."""

import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from workflow_runs import ROOT, Project, copy_code

from alktrace.io.digest import import_closure
from alktrace.io.resources import ADAPTERS

# Plasma and white cells, an aligned BAM, reports.
PATIENTS = ("P07", "P16", "P18")
# Outputs that are deleted once they are used: who needs them needs the job again that makes them.
TEMPORARY = {
    "call_molecules": {"align_unit", "adopt_unit"},
    "align_consensus": {"call_molecules"},
}
# Who waits for the checkpoint is asked again once it is done; a dry run ends before that.
CHECKPOINT, AFTER_IT = "compare_identity", "gather_evidence"
CODE = "X = 1\n"
EVERY_ADAPTER = [path.stem for path in ADAPTERS.glob("*.py")]


def adapters() -> dict[str, list[Path]]:
    """Adapters behind each rule, as its parameters name them."""
    text = "\n".join(path.read_text() for path in sorted((ROOT / "rules").glob("*.smk")))
    found: dict[str, list[Path]] = {}
    for rule in re.split(r"(?m)^(?=rule |checkpoint )", text)[1:]:
        names = re.findall(r'"(\w+)"', " ".join(re.findall(r"PLAN\.code\((.*?)\)", rule)))
        compact = ["lift_alignments"] if "REFERENCE.lift_adapters" in rule else []
        everything = EVERY_ADAPTER if "PLAN.code()" in rule else []
        files = [ADAPTERS / f"{name}.py" for name in names + compact + everything]
        found[re.split(r"[ :]", rule)[1]] = files
    return found


class Jobs:
    """Jobs of a run and what they wait for."""

    def __init__(self, dag: str) -> None:
        self.rule = dict(re.findall(r"(?m)^\s*(\d+)\[label = \"(\w+)", dag))
        self.edges = re.findall(r"(?m)^\s*(\d+) -> (\d+)$", dag)

    def due(self, rules: set[str]) -> dict[str, int]:
        """Jobs per rule that a dry run shows once those of some rules are due."""
        found = self._with_users(rules - {AFTER_IT})
        return found if CHECKPOINT in found else self._with_users(rules)

    def _with_users(self, rules: set[str]) -> dict[str, int]:
        due = {job for job, rule in self.rule.items() if rule in rules}
        size = -1
        while size != len(due):
            size = len(due)
            for first, second in self.edges:
                maker, user = self.rule[first], self.rule[second]
                if first in due and (maker, user) != (CHECKPOINT, AFTER_IT):
                    due.add(second)
                if second in due and maker in TEMPORARY.get(user, ()):
                    due.add(first)
        return dict(Counter(self.rule[job] for job in due if self.rule[job] != "all"))


@pytest.fixture(scope="module")
def finished(small_demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A run that looks finished, by a copy of the code that may be edited."""
    folder = tmp_path_factory.mktemp("finished")
    (folder / "run").mkdir()
    project = Project.of_demo(small_demo, folder / "run", PATIENTS)
    project.code = copy_code(folder / "clone")
    project.pretend()
    return project


@pytest.fixture(scope="module")
def jobs(finished: Project) -> Jobs:
    return Jobs(finished.run("--dag", "--forceall").check().text)


@pytest.fixture
def edit(finished: Project) -> Iterator[Project]:
    """The finished run; its code is put back afterwards."""
    yield finished
    shutil.rmtree(finished.code)
    copy_code(finished.code)


# What is edited and how; a rule that must run for it, and one that must not.
EDITS = {
    "comment in the Cox model": ("scripts/alktrace/outcomes/cox.py", "# why\n", "", "relate_outcomes"),
    "code of the Cox model": ("scripts/alktrace/outcomes/cox.py", CODE, "relate_outcomes", "gather_evidence"),
    "clinical words": ("scripts/alktrace/vocabulary/clinical.py", CODE, "gather_evidence", "call_variants"),
    "member of a pipe": ("scripts/extract_reads.py", CODE, "align_unit", "prepare_gene_models"),
    "end of a pipe": ("scripts/align_consensus.py", CODE, "align_consensus", "read_reported_calls"),
    "a kernel": ("scripts/alktrace/consensus/likelihood.py", CODE, "call_molecules", "adopt_unit"),
    "prior of the noise": ("resources/noise/prior.tsv", "\n", "call_variants", "call_molecules"),
}


@pytest.mark.parametrize("name", EDITS)
def test_jobs_due_after_an_edit(name: str, edit: Project, jobs: Jobs) -> None:
    path, added, must, must_not = EDITS[name]
    with (edit.code / path).open("a") as stream:
        stream.write(added)
    counts = must != ""
    touched = {rule for rule, files in adapters().items() if counts and ROOT / path in import_closure(files)}
    found = edit.dry().check().jobs
    assert found == jobs.due(touched)
    assert (must in found) is counts
    assert must_not not in found or must_not in jobs.due({must})


@pytest.mark.parametrize("remembered", [True, False], ids=["with .snakemake", "results alone"])
def test_results_moved_to_another_clone_have_nothing_to_do(
    remembered: bool, finished: Project, tmp_path: Path
) -> None:
    moved = tmp_path / "deep" / "er" / "run"
    moved.parent.mkdir(parents=True)
    subprocess.run(["cp", "-a", finished.folder, moved], check=True)
    if not remembered:
        shutil.rmtree(moved / ".snakemake")
    project = Project(moved, finished.config, copy_code(tmp_path / "another" / "clone"))
    again = project.dry().check()
    assert "Nothing to be done" in again.text
    assert ("missing provenance" in again.text) is not remembered
