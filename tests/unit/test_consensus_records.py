"""Consensus records byte by byte, against the layout of the SAM specification (section 4.2)."""

import struct
from typing import Any

import numpy as np
import pytest

from alktrace.consensus import encode
from alktrace.consensus.molecule_records import MAX_UMI_TEXT, umi_text
from alktrace.consensus.templates import TEMPLATE
from alktrace.io.records import put_digits

AT = 3  # nothing starts at the beginning of its array


def written(put: Any, *values: Any) -> bytes:
    """Return what a kernel writes, and check that it says where it ends."""
    out = np.full(200, 0xEE, np.uint8)
    stop = put(out, AT, *values)
    assert set(out[:AT]) | set(out[stop:]) == {0xEE}
    return out[AT:stop].tobytes()


def codes(bases: str) -> Any:
    return np.array(["ACGTN".index(base) for base in bases] + [2], np.uint8)


@pytest.mark.parametrize("number", [0, 7, 9, 10, 99, 100, 12_345_678_901])
def test_digits(number: int) -> None:
    assert written(put_digits, number) == str(number).encode()


@pytest.mark.parametrize("value", [0, 1, 255, 65_536, -1, 2**31 - 1, -(2**31)])
def test_integer_tag(value: int) -> None:
    assert written(encode.put_int, ord("c"), ord("D"), value) == b"cDi" + struct.pack("<i", value)


def test_other_tags() -> None:
    assert written(
        encode.put_float, ord("c"), ord("E"), 0.05, np.zeros(1, np.float32)
    ) == b"cEf" + struct.pack("<f", 0.05)
    text = np.frombuffer(b"AC-GT", np.uint8)
    assert written(encode.put_text, ord("R"), ord("X"), text) == b"RXZAC-GT\0"
    shorts = np.array([1, 300, 32767, -1, 5], np.int16)
    assert written(encode.put_shorts, ord("c"), ord("d"), shorts, 4) == b"cdBs" + struct.pack(
        "<i4h", 4, 1, 300, 32767, -1
    )
    assert written(encode.put_bases, ord("a"), ord("c"), codes("ACGTN"), 5) == b"acZACGTN\0"
    quals = np.array([0, 2, 93, 40], np.uint8)
    assert written(encode.put_quals, ord("a"), ord("q"), quals, 3) == b"aqZ!#~\0"


@pytest.mark.parametrize(
    ("bases", "packed"), [("A", b"\x10"), ("AC", b"\x12"), ("GTN", b"\x48\xf0"), ("TACG", b"\x81\x24")]
)
def test_record(bases: str, packed: bytes) -> None:
    """No position, no CIGAR, mapping quality 0 and the bin of unplaced reads."""
    quals = np.array([30, 2, 93, 0, 77], np.uint8)

    def put(out: Any, at: int) -> int:
        prefix, n = np.frombuffer(b"S:", np.uint8), len(bases)
        stop = encode.put_record(out, at, prefix, 120, 77, codes(bases), quals, n)
        return int(encode.close_record(out, at, stop))

    n = len(bases)
    fixed = struct.pack("<iiBBHHHiiii", -1, -1, 6, 0, 4680, 0, 77, n, -1, -1, 0)
    body = fixed + b"S:120\0" + packed + quals[:n].tobytes()
    assert written(put) == struct.pack("<i", len(body)) + body


@pytest.mark.parametrize(
    ("umis", "as_read", "expected"),
    [
        ([("ACGT", "")], False, "ACGT"),
        ([("AC", "GTT")], False, "AC-GTT"),
        ([("AC", "GTT")], True, "GTT-AC"),
        ([("AA", "C"), ("AA", "C"), ("AT", "G")], False, "AA-C"),
        ([("AA", "C"), ("AT", "G")], False, "AN-N"),
        ([("AA", "C"), ("AT", "C")], True, "C-AN"),
        ([("TA", "G"), ("TA", "C"), ("TC", "G"), ("TC", "G")], False, "TN-G"),
    ],
)
def test_umi_of_a_molecule(umis: list[tuple[str, str]], as_read: bool, expected: str) -> None:
    """The most frequent base at each place, N in a tie; halves exchanged where only strand B was seen."""
    rows = np.zeros(len(umis) + 1, TEMPLATE)
    for row, (a, b) in zip(rows[1:], umis, strict=True):
        for half, letters in (("a", a), ("b", b)):
            row[f"umi_{half}"] = sum("ACGT".index(base) * 4**i for i, base in enumerate(reversed(letters)))
            row[f"length_{half}"] = len(letters)
        row["joined"] = bool(b)
    text = np.zeros(MAX_UMI_TEXT, np.uint8)
    length = umi_text(rows, np.arange(len(rows)), 1, len(umis), as_read, text)
    assert text[:length].tobytes().decode() == expected
