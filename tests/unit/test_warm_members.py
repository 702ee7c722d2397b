"""Scripts in the pipes of shell rules as forks of a warm process: they do and end as scripts started cold."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from alktrace.io.resources import ADAPTERS
from alktrace.workflow.start_member import COLD, HEAD, VARIABLE, send
from alktrace.workflow.warm import WarmProcess
from alktrace.workflow.warm_members import _start

SECONDS = 240
"""Also where the warm process must compile the kernels first."""
pytestmark = pytest.mark.timeout(300)
SAYS = "import sys, alktrace; print('alktrace.calling.caller' in sys.modules)"


def until(true: Callable[[], object]) -> None:
    """Wait for something."""
    end = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Environment of jobs of a run whose warm process listens."""
    kernels = tmp_path_factory.mktemp("kernels")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("ALKTRACE_PYTHON", VARIABLE):
            patch.setenv(name, sys.executable)
        warm = WarmProcess(kernels)
        warm.name_members()
        warm.serve_members()
        assert not Path(os.environ[VARIABLE]).exists(), "nothing is served before the kernels are compiled"
        (kernels / "calling.txt").touch()
        warm.serve_members()
        until(Path(os.environ[VARIABLE]).exists)
        yield dict(os.environ)


Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(served: dict[str, str], tmp_path: Path) -> Run:
    def run(
        text: str, *arguments: str, env: dict[str, str] | None = None, stdin: str = ""
    ) -> "subprocess.CompletedProcess[str]":
        path = tmp_path / "member.py"
        path.write_text(text)
        command = [served["ALKTRACE_PYTHON"], str(path), *arguments]
        return subprocess.run(
            command, env=env or served, cwd=tmp_path, input=stdin, capture_output=True, text=True,
            check=False, timeout=SECONDS,
        )  # fmt: skip

    return run


def test_a_member_finds_the_package_loaded(run: Run) -> None:
    assert run(SAYS).stdout == "True\n"


def test_a_member_gets_what_its_caller_has(run: Run, served: dict[str, str], tmp_path: Path) -> None:
    text = (
        "import os, sys\n"
        "print(__name__, sys.argv[1:], os.getcwd(), os.environ['OWN'], os.environ.get('HOME'))\n"
        "print(sys.stdin.read(), file=sys.stderr)\n"
    )
    environment = {name: value for name, value in served.items() if name != "HOME"} | {"OWN": "ü"}
    done = run(text, "a b", "", env=environment, stdin="reads")
    assert done.stdout == f"__main__ ['a b', ''] {tmp_path} ü None\n"
    assert (done.stderr, done.returncode) == ("reads\n", 0)


def test_functions_that_bash_exports_reach_its_programs(run: Run, served: dict[str, str]) -> None:
    text = "import subprocess; subprocess.run(['bash', '-c', 'align'], check=True)"
    assert run(text, env=served | {"BASH_FUNC_align%%": "() { echo aligned; }"}).stdout == "aligned\n"


def test_temporary_files_go_where_the_job_wants_them(
    run: Run, served: dict[str, str], tmp_path: Path
) -> None:
    text = "import tempfile; print(tempfile.gettempdir())"
    assert run(text, env=served | {"TMPDIR": str(tmp_path)}).stdout == f"{tmp_path}\n"


@pytest.mark.parametrize(
    ("text", "status", "said"),
    [
        ("import sys; sys.exit(3)", 3, ""),
        ("import sys; sys.exit('align_once: in words')", 1, "align_once: in words\n"),
        ("import os; os.kill(os.getpid(), 9)", -9, ""),
        ("import os; os.kill(os.getpid(), 15)", -15, ""),
    ],
)
def test_a_member_ends_with_the_status_of_its_script(run: Run, text: str, status: int, said: str) -> None:
    done = run(text)
    assert (done.returncode, done.stderr) == (status, said)


def test_an_error_leaves_its_traceback(run: Run) -> None:
    done = run("1 / 0")
    assert done.returncode == 1
    assert "ZeroDivisionError: division by zero" in done.stderr


def test_modules_run_as_of_any_python(run: Run, served: dict[str, str]) -> None:
    command = [served["ALKTRACE_PYTHON"], "-m", "json.tool", "--compact"]
    done = subprocess.run(
        command, env=served, input='{"a": 1}', capture_output=True, text=True, check=True, timeout=SECONDS
    )
    assert done.stdout == '{"a":1}\n'


def test_whatever_else_python_takes_is_left_to_it(served: dict[str, str]) -> None:
    command = [served["ALKTRACE_PYTHON"], "-c", SAYS]
    done = subprocess.run(command, env=served, capture_output=True, text=True, check=True, timeout=SECONDS)
    assert done.stdout == "False\n"


def test_many_members_at_once(served: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text("import sys; print(sys.argv[1])")
    command = [served["ALKTRACE_PYTHON"], str(tmp_path / "m.py")]
    with ThreadPoolExecutor(8) as pool:
        said = pool.map(
            lambda n: subprocess.check_output([*command, str(n)], env=served, text=True), range(40)
        )
    assert list(said) == [f"{number}\n" for number in range(40)]


def test_a_pipe_of_members_streams(served: dict[str, str], tmp_path: Path) -> None:
    """Each must close the ends of the others: else the last one waits for ever."""
    (tmp_path / "m.py").write_text("import sys; sys.stdout.write(sys.stdin.read().upper())")
    line = 'yes reads | head -c 300000 | "$P" m.py | "$P" m.py | "$P" m.py | wc -c'
    environment = served | {"P": served["ALKTRACE_PYTHON"]}
    done = subprocess.run(
        ["bash", "-c", line],
        env=environment,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        check=True,
        timeout=SECONDS,
    )
    assert int(done.stdout) == 300_000


def gone(process: int) -> bool:
    """Tell whether a process has ended."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_member_ends_with_its_caller(served: dict[str, str], tmp_path: Path, how: signal.Signals) -> None:
    (tmp_path / "m.py").write_text("import os, time; print(os.getpid(), flush=True); time.sleep(600)")
    command = [served["ALKTRACE_PYTHON"], str(tmp_path / "m.py")]
    with subprocess.Popen(command, env=served, stdout=subprocess.PIPE, text=True) as caller:
        assert caller.stdout is not None
        member = int(caller.stdout.readline())
        caller.send_signal(how)
        assert caller.wait(SECONDS) == -how
        until(lambda: gone(member))


def test_without_a_server_members_start_cold(run: Run, served: dict[str, str], tmp_path: Path) -> None:
    assert run(SAYS, env=served | {VARIABLE: str(tmp_path / "nothing")}).stdout == "False\n"


@pytest.mark.parametrize("closed", ["0<&-", "1>&-", "2>&-"])
def test_without_a_standard_stream_members_start_cold(
    served: dict[str, str], tmp_path: Path, closed: str
) -> None:
    """The socket would be the stream: a script that reads it would wait for its own end."""
    (tmp_path / "m.py").write_text("import sys; sys.stdin and sys.stdin.read(); open('done', 'w').close()")
    command = ["bash", "-c", f'"$ALKTRACE_PYTHON" m.py {closed}']
    subprocess.run(command, env=served, cwd=tmp_path, stdin=subprocess.DEVNULL, check=True, timeout=60)
    assert (tmp_path / "done").exists()


def test_a_caller_that_ends_while_it_asks_leaves_no_end_of_a_pipe(served: dict[str, str]) -> None:
    """Else who reads at the other end waits for the end of the run."""
    end, written = os.pipe()
    with socket.socket(socket.AF_UNIX) as caller:
        caller.connect(served[VARIABLE])
        socket.send_fds(caller, [(100).to_bytes(HEAD, "little")], [0, written, 2])
    os.close(written)
    os.set_blocking(end, False)

    def ended() -> bool:
        try:
            return os.read(end, 1) == b""
        except BlockingIOError:
            return False

    until(ended)
    os.close(end)


def test_where_nothing_can_be_forked_members_start_cold(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fork() -> int:
        raise BlockingIOError

    monkeypatch.setattr(os, "fork", fork)
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as caller:
        listener.bind(str(tmp_path / "warm"))
        listener.listen()
        caller.connect(str(tmp_path / "warm"))
        send(caller, (bytes(tmp_path), ["m.py"], {}))
        with pytest.raises(BlockingIOError):
            _start(listener, [])
        assert caller.recv(16) == COLD


@pytest.mark.parametrize("why", ["noexec", "a space", "a long path", "a full disk"])
def test_where_the_program_cannot_be_run_python_stays(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, why: str
) -> None:
    monkeypatch.setenv("ALKTRACE_PYTHON", "python")
    monkeypatch.delenv(VARIABLE, raising=False)
    if why == "noexec":
        monkeypatch.setattr(os, "access", lambda *_: False)
    elif why == "a space":
        monkeypatch.setattr(sys, "executable", "/a folder/python")
    elif why == "a long path":
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / ("t" * 90)))
        (tmp_path / ("t" * 90)).mkdir()
    else:
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    WarmProcess(tmp_path).name_members()
    assert (os.environ["ALKTRACE_PYTHON"], VARIABLE in os.environ) == ("python", False)


def test_a_member_whose_server_ends_says_so(tmp_path: Path) -> None:
    (tmp_path / "calling.txt").touch()
    (tmp_path / "m.py").write_text("import os, time; print(os.getpid(), flush=True); time.sleep(600)")
    program = (
        "import os, subprocess, sys, time\n"
        "from pathlib import Path\n"
        "from alktrace.workflow.warm import WarmProcess\n"
        f"warm = WarmProcess(Path({str(tmp_path)!r}))\n"
        "warm.name_members()\n"
        "warm.serve_members()\n"
        f"while not Path(os.environ[{VARIABLE!r}]).exists(): time.sleep(0.02)\n"
        "command = [os.environ['ALKTRACE_PYTHON'], 'm.py']\n"
        "caller = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)\n"
        f"print(caller.stdout.readline(), caller.pid, os.environ[{VARIABLE!r}], flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    with (tmp_path / "errors").open("w") as errors:
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=tmp_path, stdout=subprocess.PIPE, stderr=errors, text=True,
            timeout=SECONDS, check=False, env=os.environ | {"PYTHONPATH": str(ADAPTERS)},
        )  # fmt: skip
    assert done.returncode == -signal.SIGKILL
    member, caller, here = done.stdout.split()
    until(lambda: gone(int(member)) and gone(int(caller)))
    until(lambda: not Path(here).parent.exists())
    assert "m.py: the warm process of the run ended" in (tmp_path / "errors").read_text()
