"""Scripts of a run as forks of a warm process: they end as scripts started cold do."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from alktrace.report.pages import TEMPLATES
from alktrace.workflow.warm import FOREIGN, PREAMBLE, WarmProcess, start_warm

pytestmark = pytest.mark.timeout(300)  # the warm process may have to compile the kernels first


class Script:
    """The part of Snakemake's class that is used: a script started cold leaves its name."""

    conda_env = container_img = env_modules = bench_record = None

    def __init__(self) -> None:
        self.cold: list[str] = []

    def execute_script(self, fname: str, edit: bool = False) -> None:
        self.cold.append(Path(fname).name)


@pytest.fixture(scope="module")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kernels") / "calling.txt"


@pytest.fixture(scope="module")
def warm(kernels: Path) -> type[Script]:
    """A class whose scripts run warm; one server for all tests."""

    class Warm(Script):
        pass

    start_warm(Warm, WarmProcess(kernels.parent))
    return Warm


@pytest.fixture
def run(warm: type[Script], kernels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    kernels.touch()
    monkeypatch.chdir(tmp_path)

    def run(text: str, **attributes: object) -> Script:
        path = tmp_path / "job.py"
        path.write_text(text)
        script = warm()
        vars(script).update(attributes)
        script.execute_script(str(path))
        return script

    return run


def test_a_script_runs_as_main_in_the_folder_of_the_run(run: Any, tmp_path: Path) -> None:
    script = run("import os, sys; open('seen', 'w').write(repr((__name__, __file__, sys.argv, os.getcwd())))")
    job = str(tmp_path / "job.py")
    assert (tmp_path / "seen").read_text() == repr(("__main__", job, [job], str(tmp_path)))
    assert script.cold == []


def test_a_script_finds_the_package_loaded_and_nothing_of_the_script_before(run: Any, tmp_path: Path) -> None:
    run("import alktrace; alktrace.left = 1")
    run(
        "import sys, alktrace\n"
        "open('seen', 'w').write(f\"{'alktrace.calling.caller' in sys.modules} {hasattr(alktrace, 'left')}\")"
    )
    assert (tmp_path / "seen").read_text() == "True False"


def test_a_script_finds_what_its_first_lines_import(run: Any, tmp_path: Path) -> None:
    """Snakemake's own lines, before each script; else every job pays for it."""
    asked = ", ".join(f"{name!r} in sys.modules" for name in PREAMBLE)
    run(f"import sys; open('seen', 'w').write(repr([{asked}]))")
    assert (tmp_path / "seen").read_text() == repr([True, True])


def test_a_script_finds_knowledge_and_templates(run: Any, tmp_path: Path) -> None:
    run(
        "from alktrace.knowledge.load import _load_ours, load_knowledge\n"
        "from alktrace.inputs.knowledge_files import KnowledgeFiles\n"
        "from alktrace.io.resources import resource\n"
        "from alktrace.report.pages import _environment\n"
        "load_knowledge(KnowledgeFiles(resource('knowledge')))\n"
        "open('seen', 'w').write(f'{_load_ours.cache_info().misses} {len(_environment().cache)}')"
    )
    assert (tmp_path / "seen").read_text() == f"1 {len(list(TEMPLATES.glob('*.html')))}"


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("import sys; sys.exit(3)", 3),
        ("import os; os.kill(os.getpid(), 9)", -9),
        ("1 / 0", 1),
        ("import sys; sys.exit('error: in words')", 1),
    ],
)
def test_a_script_that_fails_fails_with_its_status(run: Any, text: str, status: int) -> None:
    with pytest.raises(subprocess.CalledProcessError) as caught:
        run(text)
    assert caught.value.returncode == status


def test_a_script_that_ends_early_and_well_has_not_failed(run: Any) -> None:
    run("import sys; sys.exit(0)")


def test_scripts_that_end_while_others_start_end_well(run: Any) -> None:
    """Status 255 came here from about one script in twelve: the start of another had read its end."""
    script = run("import os, time; time.sleep(os.getpid() % 7 / 2000)")
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(script.execute_script, ["job.py"] * 150)) == [None] * 150


def test_no_script_is_warm_before_the_kernels_are_compiled(warm: type[Script], kernels: Path) -> None:
    kernels.unlink(missing_ok=True)
    script = warm()
    script.execute_script("job.py")
    assert script.cold == ["job.py"]


@pytest.mark.parametrize("name", FOREIGN)
def test_another_environment_is_left_to_snakemake(run: Any, name: str) -> None:
    assert run("raise SystemExit(9)", **{name: "given"}).cold == ["job.py"]


def test_without_a_server_scripts_start_cold(
    warm: type[Script], run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(_: object) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr("multiprocessing.context.ForkServerProcess.start", start)
    assert run("raise SystemExit(9)").cold == ["job.py"]
