"""Fields of many packed records as columns, for what numpy answers at once; layout as in `records.py`."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .bam_io import RecordBatch
from .records import FIXED_BYTES, Bytes, Offsets

Flags = NDArray[np.bool_]

FIXED = np.dtype(
    [
        ("ref", "<i4"),
        ("start", "<i4"),
        ("name_bytes", "u1"),
        ("mapq", "u1"),
        ("bin", "<u2"),
        ("operations", "<u2"),
        ("flag", "<u2"),
        ("bases", "<i4"),
        ("mate_ref", "<i4"),
        ("mate_start", "<i4"),
        ("tlen", "<i4"),
    ]
)
SOFT_CLIP = 4
_REFERENCE_OPERATIONS = np.isin(np.arange(16), [0, 2, 3, 7, 8])
"""Operation i of `MIDNSHP=X` consumes bases of the reference (SAM specification, section 1.4.6)."""


class Columns(NamedTuple):
    """Fields of records, one item per record; positions are 0-based half-open.

    Attributes:
        ref, mate_ref: int64, index of the sequence of a record and of its mate, -1 without one.
        start, end: int64, aligned bases of the reference; one base where the CIGAR has none.
        mate_start: int64, first aligned base of the mate, -1 without one.
        tlen: int64, insert size with its sign.
        flag, mapq: int64.
        operations: int64, CIGAR operations.
        clipped: bool, a soft clip stands anywhere in the CIGAR, or the bases are left away.
    """

    ref: Offsets
    start: Offsets
    end: Offsets
    mate_ref: Offsets
    mate_start: Offsets
    tlen: Offsets
    flag: Offsets
    mapq: Offsets
    operations: Offsets
    clipped: Flags


def read_columns(records: RecordBatch) -> Columns:
    """Return the fields of all records of a batch."""
    fixed = _items(records.data, FIXED)[records.starts]
    number = {name: fixed[name].astype(np.int64) for name in FIXED.names or ()}
    cigars = records.starts + FIXED_BYTES + number["name_bytes"]
    span, soft = _read_cigars(records.data, cigars, number["operations"])
    return Columns(
        ref=number["ref"],
        start=number["start"],
        end=number["start"] + np.maximum(span, 1),
        mate_ref=number["mate_ref"],
        mate_start=number["mate_start"],
        tlen=number["tlen"],
        flag=number["flag"],
        mapq=number["mapq"],
        operations=number["operations"],
        clipped=soft | (number["bases"] == 0),
    )


def _read_cigars(data: Bytes, cigars: Offsets, operations: Offsets) -> tuple[Offsets, Flags]:
    """Return the bases of the reference that CIGARs span, and which hold a soft clip."""
    span, soft = np.zeros(len(cigars), np.int64), np.zeros(len(cigars), np.bool_)
    items = _items(data, np.dtype("<u4"))
    left, i = np.flatnonzero(operations), 0
    while len(left):
        item = items[cigars[left] + 4 * i].astype(np.int64)
        code = item & 0xF
        span[left] += np.where(_REFERENCE_OPERATIONS[code], item >> 4, 0)
        soft[left] |= code == SOFT_CLIP
        i += 1
        left = left[operations[left] > i]
    return span, soft


def _items(data: Bytes, kind: np.dtype[Any]) -> NDArray[Any]:
    """Return what stands at each byte, read as one item of a type; nothing is copied."""
    return np.ndarray((max(len(data) - kind.itemsize + 1, 0),), kind, buffer=data, strides=(1,))
