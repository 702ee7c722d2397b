"""Depths below zero in tags of consensus reads end the reading of molecules."""

from array import array
from pathlib import Path

import pytest
from aligned_bam import read, write_bam

from alktrace.calling.molecules.stream import iterate_molecules
from alktrace.errors import DataError


@pytest.mark.parametrize(
    ("tag", "kind", "values", "negative"),
    [
        ("cD", None, -1, True),
        ("cD", None, 70_000, False),
        ("cE", None, -1, False),
        ("cd", "b", [3, -128, 3], True),
        ("cd", "B", [3, 200, 255], False),
        ("ad", "h", [3, 3, -1], True),
        ("bd", "h", [255, 32_767, 128], False),
        ("bd", "H", [40_000, 65_535], False),
        ("XV", "i", [1, -70_000], True),
        ("XW", "I", [3_000_000_000], False),
        ("ad", "f", [-1.5], False),
        ("ae", "h", [-1], False),
    ],
)
def test_a_depth_below_zero(
    tmp_path: Path, tag: str, kind: str | None, values: int | list[int], negative: bool
) -> None:
    segment = read("r", 100, 30)
    segment.set_tag(tag, values if kind is None or isinstance(values, int) else array(kind, values))
    path = write_bam(tmp_path / "one.bam", [segment])
    if negative:
        with pytest.raises(DataError, match=r"a count of reads of 'r' is negative"):
            list(iterate_molecules(path))
    else:
        assert len(list(iterate_molecules(path))) == 1
