"""What is replaced in Snakemake's graph answers as Snakemake does: part by part, and in whole runs."""

import gc
import importlib.util
import inspect
import os
import pickle
import re
import subprocess
import sys
from functools import partial
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import snakemake
import snakemake.io
import snakemake.jobs
from snakemake.common import get_function_params, overwrite_function_params
from snakemake.iocontainers import AttributeGuard, Namedlist
from snakemake.utils import format as format_whole
from workflow_runs import NEEDS_TOOLS

from alktrace.workflow.lean_graph import (
    compare_names_of_outputs,
    format_commands_once,
    format_what_is_named,
    keep_flags_lean,
    known_parameters,
    read_scripts_once,
    share_guards,
)
from alktrace.workflow.mended import LEAN_FOR

ROOT = Path(__file__).resolve().parents[2]


def test_it_was_made_for_the_version_that_is_installed() -> None:
    """After an upgrade: look through `lean_graph.py` beside the new code, then name the new version."""
    assert snakemake.__version__ == LEAN_FOR


class Asked:
    def method(self, wildcards: Any, *, attempt: int = 1) -> None: ...

    def __call__(self, wildcards: Any) -> None: ...


def plain(wildcards: Any, input: Any, **more: Any) -> None: ...  # noqa: A002


def overwritten(*given: Any) -> None: ...


overwrite_function_params(overwritten, ["wildcards", "input"])


@pytest.mark.parametrize(
    "function",
    [plain, lambda wildcards: 1, Asked().method, Asked.method, Asked(), partial(plain, 1), overwritten],
)
def test_parameters_are_those_that_snakemake_finds(function: Any) -> None:
    parameters = known_parameters(get_function_params)
    for _ in range(2):
        assert list(parameters(function)) == list(get_function_params(function))
    if hasattr(parameters(function), "values"):
        kinds = [parameter.kind for parameter in parameters(function).values()]
        assert kinds == [parameter.kind for parameter in inspect.signature(function).parameters.values()]


def test_parameters_of_a_rule_s_function_are_found_once() -> None:
    asked = []

    def ask(function: Any) -> Any:
        asked.append(function)
        return get_function_params(function)

    parameters = known_parameters(ask)
    for number in range(9):
        parameters(lambda wildcards, it=number: it)
        parameters(Asked().method)
    assert len(asked) == 2


def lists() -> tuple[type[Any], type[Any]]:
    """Two classes of lists: with what is replaced, and without."""

    class Lean(Namedlist): ...  # type: ignore[misc]

    class Whole(Namedlist): ...  # type: ignore[misc]

    share_guards(Lean, AttributeGuard)
    return Lean, Whole


@pytest.mark.parametrize("given", [{}, {"patient": "P1"}, {"index": "a.pac", "sort": "b", "bam": "c"}])
def test_lists_have_their_names_and_guards(given: dict[str, str]) -> None:
    answers = []
    for kind in lists():
        made = kind(fromdict=given)
        made.extend(["x", "y"])
        made._set_name("two", len(made) - 2, end=len(made))
        for one in (made, made._clone(), made._plainstrings()):
            said = [
                list(one),
                list(one._allitems()),
                dict(one.items()),
                one.get("sort"),
                one.get("no", 1),
                hash(one),
            ]
            for name in ("index", "sort"):
                try:
                    said.append(getattr(one, name)("x"))
                except (AttributeError, TypeError) as error:
                    said.append(str(error))
            answers.append(said)
        with pytest.raises(AttributeError, match="reserved"):
            made._set_name("append", 0)
    assert answers[:3] == answers[3:]


def test_lists_are_small() -> None:
    lean, whole = lists()
    assert len(vars(lean(fromdict={"patient": "P1"}))) < len(vars(whole(fromdict={"patient": "P1"}))) - 2


def files(lean: bool) -> ModuleType:
    """A copy of Snakemake's module of files, with what is replaced or without."""
    spec = importlib.util.spec_from_file_location("a_copy_of_files", str(snakemake.io.__file__))
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if lean:
        module.is_flagged = keep_flags_lean(module)  # type: ignore[attr-defined]
    return module


def flags_of_files(lean: bool) -> list[Any]:
    io = files(lean)
    rule = SimpleNamespace(
        pathvars=SimpleNamespace(apply=lambda path: path), name="r", lineno=1, snakefile="S", workflow=None
    )
    pattern = io.IOFile("{p}.bam", rule=rule)
    marked = io.IOFile(io.flag(io.temp("{p}.bam"), "report", 0), rule=rule)
    function = io.IOFile(io.AnnotatedString(len), rule=rule)
    old = io.ancient(len)
    said: list[Any] = []
    for item in (pattern, marked):
        file = item.apply_wildcards({"p": "P1"})
        said += [
            file,
            str(file.file),
            dict(file.flags),
            file.is_storage,
            file.is_ancient,
            io.is_callable(file),
        ]
        file.flags["ancient"] = True
        file._file.flags.update(pipe=1)
        said += [file.is_ancient, dict(file.flags), io.get_flag_value(file, "pipe"), dict(item.flags)]
        said += [io.is_flagged(file, name) for name in ("temp", "report", "pipe", "no")]
        copy = file.apply_wildcards({})
        said += [
            dict(copy.flags),
            copy.flags is file.flags,
            file.is_flagged("temp"),
            file == copy,
            hash(file) == hash(copy),
        ]
        said.append(io.is_flagged(io.flag(file, "late"), "late"))
        # As the target of a checkpoint that is not done yet.
        within = io.IOFile(io.flag(file, "checkpoint_target"), rule=rule)
        said += [dict(one.flags) for one in (within, within.apply_wildcards({}))]
    said += [io.is_callable(function), io.is_flagged(function, "temp"), function.is_storage, function.flags]
    said += [io.is_callable(old), io.is_flagged(old, "ancient"), old.flags, io.is_flagged("text", "temp")]
    said += [io.is_flagged(len, "temp"), io.is_flagged(None, "temp"), io.AnnotatedString("x").callable]
    return said


def test_flags_are_those_of_snakemake() -> None:
    assert flags_of_files(lean=True) == flags_of_files(lean=False)


def test_files_without_flags_have_no_dictionary() -> None:
    io = files(lean=True)
    text = io.AnnotatedString("x")
    assert text.flags.get("checkpoint_target") is None and not text.is_flagged("temp")
    assert not vars(text)
    late = text.flags
    late["a"], late["b"] = 1, 2
    assert text.flags == {"a": 1, "b": 2}


def test_texts_are_read_back_by_snakemake_as_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    io, whole = files(lean=True), files(lean=False)
    monkeypatch.setitem(sys.modules, "a_copy_of_files", io)
    written = pickle.dumps([io.AnnotatedString("x"), io.temp("y")])
    monkeypatch.setitem(sys.modules, "a_copy_of_files", whole)
    assert [(item, item.flags, item.callable) for item in pickle.loads(written)] == [
        ("x", {}, None),
        ("y", {"temp": True}, None),
    ]


@pytest.mark.parametrize(
    ("outputs", "wrong"),
    [
        (("a/b.txt", "a/c.txt", "b"), False),
        (("a", "a/b.txt"), True),
        (("a", "a-b", "a/b/c.txt"), True),
        (("./a", "a/b.txt"), True),
        (("a//b", "a/b/c"), True),
        (("/x/a", "/x/ab"), False),
    ],
)
def test_an_output_within_another(outputs: tuple[str, ...], wrong: bool) -> None:
    asked = []

    class Graph:
        jobs = tuple(SimpleNamespace(output=[path]) for path in outputs)

        def check_directory_outputs(self) -> None:
            asked.append(1)

    compare_names_of_outputs(Graph)
    Graph().check_directory_outputs()
    # Snakemake itself is asked where something may be wrong, and says what.
    assert bool(asked) >= wrong
    if not wrong and not outputs[0].startswith("/"):
        assert not asked


class Job:
    """The part of Snakemake's class that texts are made with; it keeps what was looked for."""

    def __init__(self) -> None:
        self.looked: list[str] = []
        workflow = SimpleNamespace(globals={"shared": "S", "input": "no"})
        self.rule = SimpleNamespace(name="align", workflow=workflow)
        self._format_wildcards = Namedlist(fromdict={"patient": "P1"})
        self._params = self._resources = None

    def __getattr__(self, name: str) -> Any:
        known = {
            "input": Namedlist(fromdict={"bam": "a b.bam", "fai": "x"}),
            "params": Namedlist(fromdict={"extra": ["-x", "-y"]}),
            "threads": 8,
            "log": Namedlist(fromdict={"log": "l.log"}),
            "name": "align",
        }
        if name not in known:
            raise AttributeError(name)
        self.looked.append(name)
        return known[name]

    def format_wildcards(self, string: str, **variables: Any) -> str:
        """Look for everything, as Snakemake does."""
        whole = {name: getattr(self, name) for name in ("input", "params", "threads", "log")}
        whole |= {"wildcards": self._format_wildcards, "rule": "align", "shared": "S"}
        return str(format_whole(string, **(whole | variables)))


class LeanJob(Job): ...


format_what_is_named(LeanJob, sys.modules["snakemake.utils"])


@pytest.mark.parametrize(
    ("text", "looked"),
    [
        ("aligning {wildcards.patient}", []),
        (
            "{input.bam:q} {input} {params.extra} {threads} {shared} {rule} {{kept}}",
            ["input", "params", "threads"],
        ),
        ("{log[0]} {wildcards}", ["log"]),
        ("{threads} {own}", ["threads"]),
    ],
)
def test_texts_are_those_of_snakemake_and_what_they_do_not_name_is_not_made(
    text: str, looked: list[str]
) -> None:
    job = LeanJob()
    assert job.format_wildcards(text, own="O") == Job().format_wildcards(text, own="O")
    assert list(dict.fromkeys(job.looked)) == looked


@pytest.mark.parametrize("text", ["{unknown}", "{input.none}", "{wildcards.none}", "{"])
def test_what_cannot_be_formatted_is_said_by_snakemake(text: str) -> None:
    said = []
    for job in (Job(), LeanJob()):
        with pytest.raises((NameError, AttributeError, ValueError)) as error:
            job.format_wildcards(text)
        said.append(str(error.value))
    assert said[0] == said[1]


def test_a_command_is_formatted_anew_for_another_job_and_another_try() -> None:
    made = []

    class Job:
        _params, _resources = object(), object()

        @property
        def shellcmd(self) -> int:
            made.append(self)
            return len(made)

    format_commands_once(Job)
    one, other = Job(), Job()
    assert [one.shellcmd, one.shellcmd, other.shellcmd, one.shellcmd] == [1, 1, 2, 3]
    one._resources = object()
    assert one.shellcmd == 4


def test_a_script_is_looked_for_once_and_one_with_wildcards_for_each_job() -> None:
    looked = []

    class Processor:
        script_type = "script"

        def process_job(self, job: Any) -> None:
            looked.append(job.rule.name)

    read_scripts_once(Processor)
    for name, script in 3 * [("a", "a.py"), ("b", "b.py"), ("c", "{patient}.py"), ("d", None)]:
        Processor().process_job(SimpleNamespace(rule=SimpleNamespace(name=name, script=script)))
    assert sorted(looked) == ["a", "b", "c", "c", "c", "d"]


SNAKEFILE = """
from pathlib import Path
class Plan:
    def bams(self, wildcards): return [f"in/{wildcards.p}.bam"]
    def size(self, wildcards): return Path(f"in/{wildcards.p}.bam").stat().st_size
PLAN = Plan()
PATIENTS = ["P1", "P2", "P3"]
def none(wildcards): return None
def memory(wildcards, input, attempt): return 100 * attempt + len(input.bam)
def checked(wildcards): return checkpoints.compare.get() and f"out/identity/{wildcards.p}.txt"
rule all:
    input: "out/cohort.txt", expand("out/{p}.txt", p=PATIENTS)
rule align:
    input: bam=PLAN.bams, index="out/index.pac", empty=[]
    output: bam=temp("out/{p}.aligned.bam"), counts="out/{p}.counts"
    log: "logs/align/{p}.log"
    threads: 2
    resources: mem_mb=memory, runtime=5
    params: size=PLAN.size, prefix=lambda wildcards, input: input.index.removesuffix(".pac"), all={"a": 1}
    message: "aligning {wildcards.p}"
    shell:
        "echo {params.size} {params.prefix} {threads} {resources.mem_mb} >{output.counts:q};"
        "cp {input.bam} {output.bam}; touch {log}"
rule index:
    output: "out/index.pac"
    message: "indexing {output}"
    shell: "touch {output}"
checkpoint compare:
    input: expand("out/{p}.counts", p=PATIENTS)
    output: table="out/identity.txt", patients=expand("out/identity/{p}.txt", p=PATIENTS)
    params: names=PATIENTS
    shell: "for file in {output}; do cat {input} >$file; done"
rule gather:
    input: bam="out/{p}.aligned.bam", identity=ancient(checked)
    output: protected("out/{p}.txt")
    conda: none
    params: old="{p}"
    message: "gathering {wildcards.p}, {params.old}"
    script: "gather.py"
rule collect:
    input: files=expand("out/{p}.txt", p=PATIENTS), sheet=ancient("in/sheet.tsv")
    output: "out/cohort.txt"
    shell: "cat {input.files} >{output}"
"""
START = """
import sys
from pathlib import Path
import snakemake.cli
if sys.argv.pop(1) == "lean":
    from alktrace.workflow.lean_graph import lean_graph
    lean_graph(sys.modules)
snakemake.cli.main()
"""
SCRIPT = """
from pathlib import Path
given = snakemake
try:
    given.input.sort()
except AttributeError as error:
    said = str(error)
lines = [given.input, given.input.bam, given.params.old, given.wildcards, given.threads, said]
Path(given.output[0]).write_text("".join(f"{line}\\n" for line in lines))
"""
CHANGING = re.compile(
    r"^\[.*|.*(tmpdir|\.snakemake|Workflow ID|Date:|host:|Host:|Process ID|Command:|Elapsed).*\n?",
    re.MULTILINE,
)


class Study:
    """A folder in which a workflow of all kinds of rules is run."""

    def __init__(self, folder: Path, way: str) -> None:
        self.folder, self.way = folder / way, way
        (self.folder / "in").mkdir(parents=True)
        for name in ("P1.bam", "P2.bam", "P3.bam", "sheet.tsv"):
            (self.folder / "in" / name).write_text(name)
        self.write("Snakefile", SNAKEFILE)
        self.write("gather.py", SCRIPT)

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def run(self, *options: str) -> tuple[int, list[str]]:
        """Return status and lines; these and their words in order of the alphabet: of sets they have none."""
        done = subprocess.run(
            [sys.executable, "-c", START, self.way, "--cores", "1", *options],
            cwd=self.folder, capture_output=True, text=True, check=False,
            env=os.environ | {"PYTHONPATH": str(ROOT / "scripts"), "PYTHONHASHSEED": "0"},
        )  # fmt: skip
        said = CHANGING.sub("", done.stdout + done.stderr).replace(str(self.folder), "")
        words = [sorted(re.split("[ ,]+", line)) for line in said.splitlines()]
        return done.returncode, sorted(" ".join(line) for line in words)

    def files(self) -> dict[str, str]:
        paths = (path for top in ("out", "logs") for path in (self.folder / top).rglob("*"))
        return {str(path.relative_to(self.folder)): path.read_text() for path in paths if path.is_file()}


@pytest.mark.timeout(300)
def test_runs_are_those_of_snakemake(tmp_path: Path) -> None:
    """A dry one, a real one, what is due after changes of an input and of parameters."""
    lean, whole = Study(tmp_path, "lean"), Study(tmp_path, "whole")

    def same(*options: str) -> tuple[int, list[str]]:
        answers = [study.run(*options) for study in (lean, whole)]
        assert answers[0] == answers[1], sorted(set(answers[0][1]) ^ set(answers[1][1]))
        return answers[0]

    status, lines = same("--dry-run", "--printshellcmds")
    assert status == 0 and "P2 aligning" in "\n".join(lines)
    status, lines = same()
    assert status == 0, lines
    assert lean.files() == whole.files() and "out/P1.aligned.bam" not in lean.files()
    assert any("Nothing" in line for line in same("--dry-run")[1])
    for study in (lean, whole):
        study.write("in/P2.bam", "another")
    status, lines = same("--dry-run")
    assert status == 0 and "P2 aligning" in "\n".join(lines) and "P1 aligning" not in "\n".join(lines)
    for study in (lean, whole):
        study.write("Snakefile", SNAKEFILE.replace('{"a": 1}', '{"a": 2}'))
    status, lines = same("--dry-run")
    assert status == 0 and "P1 aligning" in "\n".join(lines)


@NEEDS_TOOLS
@pytest.mark.timeout(300)
def test_the_bench_counts_the_jobs_of_every_patient(tmp_path: Path) -> None:
    command = [
        sys.executable,
        str(ROOT / "tests" / "bench" / "graph.py"),
        "--folder",
        str(tmp_path / "study"),
    ]
    done = subprocess.run(
        [*command, "--patients", "2"], capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT / "scripts")},
    )  # fmt: skip
    assert f"2 patients, {2 * 29 + 15} jobs: " in done.stdout, done.stdout + done.stderr


def test_what_is_replaced_is_there() -> None:
    """All of it, in the installed Snakemake, and nothing twice in this process."""
    done = subprocess.run(
        [sys.executable, "-c", "import sys, gc, snakemake.cli, snakemake.jobs as j\n"
         "from alktrace.workflow.lean_graph import COLLECT, MARKS, lean_graph\n"
         "names = j.Job.__init__.__code__.co_names\n"
         "assert not set(MARKS) - set(names)\n"
         "lean_graph(sys.modules)\n"
         "assert gc.get_threshold() == COLLECT"],
        capture_output=True, text=True, check=False, env=os.environ | {"PYTHONPATH": str(ROOT / "scripts")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert gc.get_threshold()[0] == 700
