"""Damaged BAM records: what htslib refuses is refused, and what is let through is safe for the kernels."""

import os
import random
import struct
import subprocess
import sys
from array import array
from collections.abc import Callable
from pathlib import Path

import damaged_bams
import pysam
import pytest
from aligned_bam import HEADER, fragment, write_bam
from damaged_bams import damage, is_accepted, raw_records, write_raw

from alktrace.errors import DataError
from alktrace.io.bam_io import iterate_batches

ROOT = Path(damaged_bams.__file__).resolve().parents[1]
KERNEL_MUTATIONS = 10_000


def sound_records(tmp_path: Path) -> list[bytes]:
    """Pairs with tags of several types."""
    segments = []
    for i in range(8):
        for segment in fragment(f"r{i}", 100 + 7 * i, 260 + 7 * i, umi="ACGT-TTTT", strand=i % 2):
            segment.set_tag("cd", array("H", [3] * 30))
            segment.set_tag("XF", 0.5)
            segments.append(segment)
    write_bam(tmp_path / "sound.bam", segments)
    return raw_records(tmp_path / "sound.bam")


def is_refused_by_htslib(path: Path) -> bool:
    verbosity = pysam.set_verbosity(0)
    try:
        with pysam.AlignmentFile(str(path), "rb", check_sq=False) as bam:
            return not list(bam)
    except (OSError, ValueError):
        return True
    finally:
        pysam.set_verbosity(verbosity)


def test_sound_records_pass(tmp_path: Path) -> None:
    assert is_accepted(write_raw(tmp_path / "again.bam", sound_records(tmp_path), HEADER))


@pytest.mark.parametrize(
    "mutations", [600, pytest.param(10_000, marks=[pytest.mark.long, pytest.mark.timeout(300)])]
)
def test_what_htslib_refuses_is_refused(tmp_path: Path, mutations: int) -> None:
    rng, sound, refused = random.Random(1), sound_records(tmp_path), 0
    for _ in range(mutations):
        record = damage(rng.choice(sound), rng)
        path = write_raw(tmp_path / "one.bam", [record], HEADER)
        if is_refused_by_htslib(path):
            refused += 1
            assert not is_accepted(path), record.hex()
    assert refused > mutations // 10, "damage that nobody refuses tests nothing"


def patch(at: int, value: bytes, *, behind_name: bool = False) -> Callable[[bytearray], None]:
    def change(data: bytearray) -> None:
        start = at % len(data) + (data[8] if behind_name else 0)
        data[start : start + len(value)] = value

    return change


FAULTY = {
    "cigar": (patch(32, struct.pack("<I", 900 << 4), behind_name=True), "CIGAR and sequence"),
    "code": (patch(32, struct.pack("<I", 30 << 4 | 12), behind_name=True), "CIGAR operation"),
    "reference": (patch(0, struct.pack("<i", 2)), "no such reference"),
    "reference of the mate": (patch(20, struct.pack("<i", -2)), "no such reference"),
    "position": (patch(4, struct.pack("<i", -7)), "outside the reference"),
    "position behind the end": (patch(4, struct.pack("<i", 2000)), "outside the reference"),
    "mapped without position": (patch(4, struct.pack("<i", -1)), "outside the reference"),
    "name": (patch(31, b"A", behind_name=True), "name does not end"),
    "bases": (patch(16, struct.pack("<i", 1 << 30)), "lengths"),
    "tag": (patch(-5, b"?"), "malformed tag"),
}


@pytest.mark.parametrize(("change", "says"), FAULTY.values(), ids=FAULTY)
def test_a_fault_is_named_with_file_and_record(
    tmp_path: Path, change: Callable[[bytearray], None], says: str
) -> None:
    sound = sound_records(tmp_path)
    bad = bytearray(sound[3])
    change(bad)
    path = write_raw(tmp_path / "bad.bam", [*sound[:3], bytes(bad)], HEADER)
    with pytest.raises(DataError, match=rf"bad\.bam:record 4: .*{says}"):
        list(iterate_batches(path))


@pytest.mark.long
@pytest.mark.timeout(2400)
def test_damaged_records_crash_no_kernel(tmp_path: Path) -> None:
    """Grouping, consensus, calling and fusions over what is let through, with numba's bounds check on."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests" / "damaged_bams.py"), str(tmp_path), str(KERNEL_MUTATIONS)],
        env=os.environ
        | {
            "NUMBA_BOUNDSCHECK": "1",
            "NUMBA_CACHE_DIR": str(tmp_path / "kernels"),
            "PYTHONPATH": str(ROOT / "scripts"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
