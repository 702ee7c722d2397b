"""What the comparison with other consensus callers counts."""

import sys
from pathlib import Path
from typing import Any

import pysam
import pytest

BENCH = Path(__file__).resolve().parents[1] / "bench"


@pytest.fixture(scope="module")
def bench() -> Any:
    sys.path.insert(0, str(BENCH))
    try:
        import peers
    finally:
        sys.path.remove(str(BENCH))
    return peers


def write(path: Path, molecules: list[tuple[str, str, str, str]]) -> Path:
    """Write molecules of UMI, two reads and the quality of all bases."""
    with pysam.AlignmentFile(str(path), "wb", header={"HD": {"VN": "1.6"}}) as out:
        for number, (umi, *reads, quality) in enumerate(molecules):
            for flag, bases in zip((77, 141), reads, strict=True):
                record = pysam.AlignedSegment()
                record.query_name, record.flag, record.query_sequence = str(number), flag, bases
                record.query_qualities_str = quality * len(bases)
                record.set_tag("RX", umi)
                out.write(record)
    return path


def test_molecules_and_bases_that_differ_are_counted(tmp_path: Path, bench: Any) -> None:
    same = ("AA-CC", "ACGT", "GGT", "I")
    ours = write(
        tmp_path / "ours.bam",
        [same, ("AA-GG", "ACGT", "TTT", "I"), ("AA-TT", "ACGTA", "T", "I"), ("CC-TT", "AAAA", "C", "I")],
    )
    theirs = write(
        tmp_path / "theirs.bam",
        [
            ("CC-AA", "GGT", "ACGT", "I"),  # the other strand's names of the same molecule
            ("AA-GG", "ACCT", "TTT", "I"),  # one base
            ("CC-TT", "AAAA", "C", "F"),  # qualities alone
            ("GG-TT", "AAAA", "C", "I"),
        ],
    )
    assert bench.differences(ours, theirs) == {
        "molecules": 4,
        "same": 1,
        "ours alone": 1,
        "theirs alone": 1,
        "bases": 7 + 7 + 5,
        "bases that differ": 1,
    }
