"""A disk that is full amid a run: it says so, leaves nothing half written, and goes on when there is room."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from rough_runs import Run, check_end, new_project
from workflow_runs import NEEDS_TOOLS, final_files

pytestmark = [
    NEEDS_TOOLS,
    pytest.mark.long,
    pytest.mark.timeout(2400),
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to mount a small disk"),
]
MOMENTS = (
    "align_unit",
    "align_consensus",
    "call_variants",
    "write_patient_page",
    "collect_cohort",
    "collect_multiqc",
)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    options = ["-t", "tmpfs", "-o", "size=64m", "alktrace-test"]
    if subprocess.run(["mount", *options, str(folder)], check=False).returncode:
        pytest.skip("root may not mount a disk here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path) -> Path:
    """Leave not a byte; return the file that fills the disk."""
    filler = disk / "filler"
    with filler.open("ab", buffering=0) as stream:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while stream.write(bytes(size)) == size:
                    pass
            except OSError:
                continue
    return filler


def test_the_disk_of_the_results(disk: Path, small_demo: Path, undisturbed: Run, tmp_path: Path) -> None:
    run = Run(new_project(small_demo, disk / "run").folder, tmp_path)
    expected = final_files(undisturbed.folder)
    for rule in MOMENTS:
        run.start()
        run.wait_for(lambda: rule in run.running())  # noqa: B023
        filler = fill(disk)
        assert run.end() == 1, run.said[-4000:]
        assert "Traceback" not in run.said, f"{rule}: {run.said[-6000:]}"
        assert "No space left on device" in run.said, f"{rule}: {run.said[-6000:]}"
        assert f"{run.folder}: its disk has 0 MB free; make room there and run again" in run.said
        found = final_files(run.folder)
        assert [name for name in found if found[name] != expected.get(name, found[name])] == [], rule
        assert not [name for name in found if ".partial-" in name], rule
        filler.unlink()
    run.start()
    check_end(run, undisturbed)


def test_the_disk_of_temporary_files(disk: Path, small_demo: Path, undisturbed: Run, tmp_path: Path) -> None:
    run = Run(new_project(small_demo, tmp_path / "run").folder, tmp_path, {"TMPDIR": str(disk)})
    run.start()
    run.wait_for(lambda: "call_variants" in run.running())
    filler = fill(disk)
    assert run.end() == 1, run.said[-4000:]
    assert "Traceback" not in run.said, run.said[-6000:]
    assert f"{disk}: its disk has 0 MB free; make room there and run again" in run.said
    filler.unlink()
    run.start()
    check_end(run, undisturbed)
