"""UMIs as packed numbers, written out."""

import numpy as np
import pytest

from alktrace.consensus.losses import NONE, UMI_INVALID, UMI_MISSING, UMI_N
from alktrace.consensus.templates import READ
from alktrace.consensus.umi_codes import parse_umi, turn_half


@pytest.mark.parametrize(
    ("umi", "reason", "halves"),
    [
        ("ACGT", NONE, ("ACGT", "")),
        ("acgt", NONE, ("ACGT", "")),
        ("TTA-CG", NONE, ("TTA", "CG")),
        ("TTA+CG", NONE, ("TTA", "CG")),
        ("TTA_CG", NONE, ("TTA", "CG")),
        ("A" * 30 + "C", NONE, ("A" * 30 + "C", "")),
        ("A" * 30 + "CG", NONE, ("A" * 30 + "C", "G")),
        ("T" * 62, NONE, ("T" * 31, "T" * 31)),
        ("T" * 31 + "-" + "T" * 31, NONE, ("T" * 31, "T" * 31)),
        ("T" * 63, UMI_INVALID, None),
        ("T" * 32 + "-G", UMI_INVALID, None),
        ("G-" + "T" * 32, UMI_INVALID, None),
        ("A-C-G", UMI_INVALID, None),
        ("ACRT", UMI_INVALID, None),
        ("AC GT", UMI_INVALID, None),
        ("ACNT", UMI_N, None),
        ("NNNN", UMI_N, None),
        ("AN-CX", UMI_INVALID, None),
        ("-", UMI_MISSING, None),
        ("", UMI_MISSING, None),
    ],
)
def test_umis(umi: str, reason: int, halves: tuple[str, str] | None) -> None:
    """Each half of at most 31 bases; without a separator the second goes on where the first is full."""
    row = np.zeros(1, READ)[0]
    data = np.frombuffer(b"ACGT" + umi.encode() + b"ACGT", np.uint8)
    assert parse_umi(data, 4, len(umi), row) == reason
    if halves is not None:
        found = [(row["umi_a"], row["length_a"]), (row["umi_b"], row["length_b"])]
        assert [(pack(half), len(half)) for half in halves] == found
        assert bool(row["joined"]) is any(sign in umi for sign in "-+_")


def pack(half: str) -> int:
    return sum("ACGT".index(base) * 4**i for i, base in enumerate(reversed(half)))


@pytest.mark.parametrize(("half", "turned"), [("", ""), ("A", "T"), ("AACG", "CGTT"), ("G" * 31, "C" * 31)])
def test_turned_halves(half: str, turned: str) -> None:
    assert turn_half(pack(half), len(half)) == pack(turned)
