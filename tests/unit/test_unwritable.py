"""Places that are full or may only be read: one line that names file and remedy, and nothing half written."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from alktrace.errors import DataError
from alktrace.io.atomic import atomic_output
from alktrace.io.unreadable import problems_of_data
from alktrace.workflow.job import job_log

FULL = Path("/dev/full")
pytestmark = pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")
SAID = "cannot be written: No space left on device; make room there and run again: what is finished is kept"


def write_to_full_disk() -> None:
    with FULL.open("w") as stream:
        stream.write("x")


def test_an_output_on_a_full_disk_is_named_and_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "table.tsv"
    path.write_text("old")
    with pytest.raises(DataError) as caught, atomic_output(path):
        write_to_full_disk()
    assert str(caught.value) == f"{path}: {SAID}"
    assert problems_of_data(caught.value, [path]) == (), "no fault of the sample"
    assert [item.name for item in tmp_path.iterdir()] == ["table.tsv"]
    assert path.read_text() == "old"


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
def test_a_folder_that_may_only_be_read(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, *_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setattr(Path, "mkdir", refuse)
    path = tmp_path / "results" / "table.tsv"
    said = f"{path}: cannot be written: {os.strerror(number)}; make it writable, or choose another place"
    with pytest.raises(DataError) as caught, atomic_output(path):
        pass
    assert str(caught.value) == said


def test_an_input_that_may_not_be_read_is_no_output(tmp_path: Path) -> None:
    with pytest.raises(PermissionError), atomic_output(tmp_path / "out.tsv"):
        raise PermissionError(errno.EACCES, "Permission denied", str(tmp_path / "in.tsv"))


def test_a_job_tells_a_full_disk_in_one_line_also_where_its_log_is_on_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit), job_log(FULL):
        write_to_full_disk()
    assert capsys.readouterr().err == f"error: disk: {SAID}\n"


def test_output_of_a_command_on_a_full_disk() -> None:
    with FULL.open("w") as out:
        done = subprocess.run(
            [sys.executable, "-m", "alktrace", "completion", "bash"],
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=50,
        )
    assert (done.returncode, done.stderr) == (1, f"error: output: {SAID}\n")
