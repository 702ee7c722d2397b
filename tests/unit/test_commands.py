"""The command line: help, exit statuses, and what a user sees when something is wrong."""

import os
import re
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from present_values import present

from alktrace.cli import COMMANDS, EXIT_STATUS, main
from alktrace.commands import demo, run, show
from alktrace.inputs.config_file import load_settings
from alktrace.inputs.sheet import read_sheet
from alktrace.io.resources import DEFAULTS, ROOT

ASSAYS = (
    *("twist-umi", "xgen-duplex", "index-umi", "xt-hs", "xt-hs2", "xt-hs2-trimmed", "kapa-umi"),
    *("tso500", "qiaseq", "simsen", "archer", "none"),
)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_an_example_and_the_exit_statuses(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    said = capsys.readouterr().out
    assert ended.value.code == 0
    assert COMMANDS[name].EXAMPLE in said
    assert COMMANDS[name].EXAMPLE.startswith(f"alktrace {name} ") or name == "docs"
    assert EXIT_STATUS in said
    assert max(map(len, said.splitlines())) <= 120


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["sho"],
        ["show"],
        ["show", "a", "b"],
        ["completion", "csh"],
        ["show", "results", "--", "--cores", "2"],
        ["one", "--bam", "a.bam"],
    ],
    ids=" ".join,
)
def test_wrong_use_is_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("usage: alktrace")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["show", "nowhere"], "nowhere/cohort/classification.tsv: no such file; "),
        (["classify", "nowhere.json", "--out", "out"], "nowhere.json: "),
        (["cohort", "nowhere", "nowhere", "--out", "out"], "nowhere/classification.tsv: no such file; "),
        (["check", "nowhere.yaml"], "nowhere.yaml: cannot be read"),
        (["check", "file", "--directory", "nowhere"], "file: holds a str at its top level; "),
        (["check", "empty.yaml", "--directory", "nowhere"], "nowhere: No such file or directory; "),
        (["run", "nowhere.yaml"], "nowhere.yaml: no such file; "),
        (["run", "file"], "file: holds a str at its top level; "),
        (["run", "file", "--profile", "nowhere"], "nowhere: no such profile; give one of local, slurm"),
        (["init", "file"], "file: File exists; "),
        (["demo", "inputs", "--out", "file/demo"], "file/demo"),
        (
            ["one", *(f"--{name}=x" for name in ("bam", "targets", "fasta", "gff3", "out"))],
            "--bam: no file 'x'; ",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_done_is_1_and_a_line(
    arguments: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("text")
    Path("empty.yaml").write_text("exclude: []\n")
    assert main(arguments) == 1
    caught = capsys.readouterr()
    assert caught.out == ""
    assert said in caught.err
    assert caught.err.splitlines()[-1].startswith(("error: ", "--")) and "Traceback" not in caught.err


def test_a_fault_of_the_program_leaves_its_traceback_in_a_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(show, "run", lambda _: dict[str, int]()["missing"])
    assert main(["show", "results"]) == 1
    said = capsys.readouterr().err
    assert "Traceback" not in said
    path = Path(present(re.search(r"report it together with (\S+)", said))[1])
    assert "KeyError: 'missing'" in path.read_text()
    path.unlink()


def test_an_interrupt_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(show, "run", interrupted)
    assert main(["show", "results"]) == 130
    assert capsys.readouterr().err == "interrupted\n"


def python(*arguments: Any, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "alktrace", *arguments],
        env=os.environ | {"PYTHONPATH": str(ROOT / "scripts")} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_reader_that_has_seen_enough(tmp_path: Path) -> None:
    command = f"{sys.executable} -m alktrace completion bash | true"
    done = subprocess.run(
        ["bash", "-c", command],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT / "scripts")},
    )
    assert (done.returncode, done.stderr) == (0, "")


# --- completion -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("alktrace c", {"check", "classify", "cohort", "completion"}),
        ("alktrace init here --assay t", {"tso500", "twist-umi"}),
        ("alktrace run --p", {"--profile"}),
    ],
)
def test_completion(line: str, found: set[str], tmp_path: Path) -> None:
    answer = tmp_path / "answer"
    python(
        _ARGCOMPLETE="1",
        COMP_LINE=line,
        COMP_POINT=str(len(line)),
        _ARGCOMPLETE_IFS="\n",
        _ARGCOMPLETE_STDOUT_FILENAME=str(answer),
    )
    assert {word.strip() for word in answer.read_text().splitlines()} == found


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_of_every_shell_names_the_command(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    said = capsys.readouterr().out
    assert "alktrace" in said and "_ARGCOMPLETE" in said


# --- init -----------------------------------------------------------------------------------


def test_every_kit_that_is_asked_for_has_its_layout() -> None:
    assert {path.stem for path in (ROOT / "resources" / "assays").glob("*.yaml")} == set(ASSAYS)


@pytest.mark.parametrize("assay", ASSAYS)
def test_init_writes_what_is_read_without_a_problem(
    assay: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", str(tmp_path / "study"), "--assay", assay]) == 0
    sheet, config = (Path(line) for line in capsys.readouterr().out.splitlines())
    settings = load_settings(config, defaults=DEFAULTS)
    ((name, written),) = settings.assays.items()
    samples = read_sheet(sheet, assays=settings.assays).samples.values()
    assert [(sample.timepoint, sample.assay) for sample in samples] == [("BL", name), ("PD1", name)]
    columns = ("fastq_1", "fastq_2", "fastq_umi", "fastq_umi_2")
    fastqs = {sum(getattr(unit, name) is not None for name in columns) for s in samples for unit in s.units}
    structures = written.umi.read_structures
    assert not structures or {len(structures)} == fastqs, "a structure for each FASTQ"
    assert not (structures and written.umi.duplex) or sum("M" in text for text in structures) == 2
    text = (ROOT / "resources" / "assays" / f"{assay}.yaml").read_text()
    assert assay == "none" or ("# Source: " in text and re.search("(Not c|C)hecked on ", text))


def test_init_overwrites_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config.yaml").write_text("mine")
    assert main(["init", str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith(f"error: {tmp_path}/config.yaml: stands there already; ")
    assert [path.name for path in tmp_path.iterdir()] == ["config.yaml"]


def test_the_example_that_is_shipped_is_ten_lines(root: Path) -> None:
    path = root / "config" / "example" / "config.yaml"
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    assert len(lines) <= 10
    settings = load_settings(path, defaults=DEFAULTS)
    assert len(read_sheet(path.with_name("samples.tsv"), assays=settings.assays).samples) == 3
    for name, assay in yaml.safe_load(path.read_text())["assays"].items():
        assert set(assay) <= {"targets", "umi"}, name


# --- run ------------------------------------------------------------------------------------


def note(called: list[list[str]], command: list[str], *_: object) -> int:
    called.append(command)
    return 0


def test_run_is_a_thin_call_of_snakemake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[list[str]] = []
    monkeypatch.setattr(run, "_wait", partial(note, called))
    monkeypatch.setattr(run, "cluster_options", lambda: ["--asked-of-the-cluster"])
    (tmp_path / "my.yaml").write_text("exclude: []")
    monkeypatch.chdir(tmp_path)
    assert (
        main(
            ["run", "my.yaml", "--directory", "there", "--profile", "slurm", "--", "--cores", "3", "--", "x"]
        )
        == 0
    )
    assert called == [
        [
            *(sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")),
            *("--configfile", "my.yaml", "--workflow-profile", str(ROOT / "config" / "profiles" / "slurm")),
            *("--directory", "there", "--asked-of-the-cluster", "--cores", "3", "--", "x"),
        ]
    ]


def test_a_profile_of_ones_own_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[list[str]] = []
    monkeypatch.setattr(run, "_wait", partial(note, called))
    monkeypatch.chdir(tmp_path)
    for name in ("my.yaml", "mine/config.v9+.yaml"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text("exclude: []")
    assert main(["run", "my.yaml", "--profile", "mine"]) == 0
    assert str(tmp_path / "mine") in called[0]


@pytest.mark.parametrize(
    ("code", "status"),
    [("raise SystemExit(0)", 0), ("raise SystemExit(1)", 1), ("import os; os.kill(os.getpid(), 9)", 137)],
)
def test_the_status_is_that_of_snakemake(code: str, status: int) -> None:
    before = signal.getsignal(signal.SIGINT)
    assert run._wait([sys.executable, "-c", code]) == status
    assert signal.getsignal(signal.SIGINT) is before


CHILD = """
import signal, sys, time
signal.signal(signal.{name}, lambda *_: (print("cleaned up", flush=True), sys.exit(1)))
print("started", flush=True)
time.sleep(60)
"""
PARENT = """
import sys
from alktrace.commands.run import _wait
sys.exit(_wait([sys.executable, "-c", sys.argv[1]]))
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_an_interrupted_run_ends_by_itself(name: str) -> None:
    """The terminal interrupts both processes; a batch system ends the parent alone."""
    process = subprocess.Popen(
        [sys.executable, "-c", PARENT, CHILD.format(name=name)],
        env=os.environ | {"PYTHONPATH": str(ROOT / "scripts")},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert present(process.stdout).readline() == "started\n"
    number = getattr(signal, name)
    os.killpg(process.pid, number) if name == "SIGINT" else process.send_signal(number)
    assert process.communicate(timeout=20)[0] == "cleaned up\n"
    assert process.returncode == 1


# --- demo -----------------------------------------------------------------------------------


def test_inputs_of_the_demo_are_written_once_for_one_code_seed_and_depth(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    written = []

    def write_demo(out: Path, *, seed: int, depth: float, jobs: int) -> type[Any]:
        written.append((seed, depth))
        out.mkdir(exist_ok=True)
        return type("Cohort", (), {"expectations": (), "specimens": ()})

    monkeypatch.setattr("alktrace.demo.build_demo.write_demo", write_demo)
    for seed, depth in ((1, 1.0), (1, 1.0), (2, 1.0), (2, 0.5), (2, 0.5)):
        demo.write_inputs(tmp_path / "demo", seed=seed, depth=depth)
    assert written == [(1, 1.0), (2, 1.0), (2, 0.5)]
    assert capsys.readouterr().out == ""
