"""Records of a BAM as bytes, all at once: a table per field with a row per record, joined row by row.

Not by `io.bam_io`, whose kernels take longer to load than the demo's BAMs to write.
"""

import struct
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pysam
from numpy.typing import NDArray

from ..io.atomic import atomic_output
from .fragments import Ints
from .made_genome import Bases, translated

Flags = NDArray[np.bool_]
Rows = tuple[Bases, Ints]
"""Bytes of all records, shape (records, longest), and how many of each row count."""
Field = bytes | Rows
"""One field of all records, or bytes that stand in each."""

HEAD = np.dtype(
    [
        ("block_size", "<i4"),
        ("tid", "<i4"),
        ("pos", "<i4"),
        ("l_read_name", "u1"),
        ("mapq", "u1"),
        ("bin", "<u2"),
        ("n_cigar_op", "<u2"),
        ("flag", "<u2"),
        ("l_seq", "<i4"),
        ("next_tid", "<i4"),
        ("next_pos", "<i4"),
        ("tlen", "<i4"),
    ]
)
"""What every record starts with."""
NIBBLE_OF_CODE = bytes([1, 2, 4, 8, 15]) + bytes(251)
BLOCK = 0xFF00
"""Bytes of a BGZF block before compression; htslib ends a block where the next record does not fit."""
AT_ONCE = 1024
"""Records whose fields are joined in one step, so that they stay in the cache."""
BINS = ((26, 1), (23, 9), (20, 73), (17, 585), (14, 4681))
"""Bits of the positions of one bin of the index, and the first bin of that size."""


def table_field(table: NDArray[Any]) -> Rows:
    """Return values of any type, of one size in all records, as a field."""
    values = np.ascontiguousarray(table).view(np.uint8).reshape(len(table), -1)
    return values, np.full(len(values), values.shape[1])


def text_field(texts: Sequence[bytes], which: Ints) -> Rows:
    """Return for every record the one of some texts that `which` names."""
    lengths: Ints = np.array([len(text) for text in texts])
    table = np.zeros((len(texts), lengths.max()), dtype=np.uint8)
    table[np.arange(table.shape[1]) < lengths[:, None]] = np.frombuffer(b"".join(texts), dtype=np.uint8)
    return table[which], lengths[which]


def fields_where(present: Flags, fields: Iterable[Field]) -> list[Field]:
    """Return fields that some records do not have."""
    rows = [_rows(field, len(present)) for field in fields]
    return [(values, np.where(present, lengths, 0)) for values, lengths in rows]


def packed_bases(bases: Bases, sizes: Ints) -> Rows:
    """Return the first `sizes` codes of each row as two bases a byte, the first in the high bits."""
    nibbles = np.zeros((len(bases), bases.shape[1] + bases.shape[1] % 2), dtype=np.uint8)
    nibbles[:, : bases.shape[1]] = translated(bases, NIBBLE_OF_CODE)
    packed: Bases = np.bitwise_or(nibbles[:, ::2] << 4, nibbles[:, 1::2], dtype=np.uint8)
    odd = np.flatnonzero(sizes % 2)
    packed[odd, sizes[odd] // 2] &= 0xF0
    return packed, (sizes + 1) // 2


def turned(rows: Bases, sizes: Ints, backwards: Flags) -> Bases:
    """Return rows of which some are turned around, each within its first `sizes` values."""
    out = rows.copy()
    for size in np.unique(sizes[backwards]).tolist():
        which = np.flatnonzero(backwards & (sizes == size))
        out[which, :size] = rows[which, :size][:, ::-1]
    return out


def bins(start: Ints, end: Ints) -> Ints:
    """Return the bin of the index that holds each interval, 0-based half-open."""
    found = np.zeros_like(start)
    for bits, first in BINS:
        found = np.where(start >> bits == (end - 1) >> bits, first + (start >> bits), found)
    return found


def write_records(
    path: Path, header: pysam.AlignmentHeader, head: NDArray[Any], names: Field, fields: Iterable[Field]
) -> None:
    """Write sorted records, in blocks as htslib does, and an index.

    Args:
        path: ends in `.bam`.
        header: of the file.
        head: `HEAD` of every record, without its sizes of the record and of the name; filled in.
        names: of the reads, as `fields`.
        fields: what follows the name, in the order of the format.
    """
    records = len(head)
    rows = [_rows(field, records) for field in (names, b"\0", *fields)]
    sizes = HEAD.itemsize + np.sum([lengths for _, lengths in rows], axis=0)
    head["block_size"] = sizes - 4
    head["l_read_name"] = rows[0][1] + 1
    data = _joined([_rows(table_field(head), records), *rows])
    ends = np.cumsum(sizes)
    index = path.with_name(path.name + ".bai")
    with atomic_output(path, index) as (partial, partial_index):
        with pysam.BGZFile(str(partial), "wb", None) as stream:
            stream.write(_header_bytes(header))
            stream.flush()
            done = 0
            while done < len(data):
                stop = int(ends[np.searchsorted(ends, done + BLOCK, side="right") - 1])
                stream.write(data[done:stop].tobytes())
                stream.flush()
                done = stop
        pysam.index(str(partial), str(partial_index))


def _header_bytes(header: pysam.AlignmentHeader) -> bytes:
    text = str(header).encode()
    parts = [b"BAM\1", struct.pack("<i", len(text)), text, struct.pack("<i", header.nreferences)]
    for name, length in zip(header.references, header.lengths, strict=True):
        parts.append(struct.pack(f"<i{len(name) + 1}si", len(name) + 1, name.encode(), length))
    return b"".join(parts)


def _rows(field: Field, records: int) -> Rows:
    if not isinstance(field, bytes):
        return field
    values = np.broadcast_to(np.frombuffer(field, dtype=np.uint8), (records, len(field)))
    return values, np.full(records, len(field))


def _joined(fields: Sequence[Rows]) -> Bases:
    """Return the fields of the first record, then those of the second, and so on."""
    parts = []
    for at in range(0, len(fields[0][0]), AT_ONCE):
        some = slice(at, at + AT_ONCE)
        values = np.concatenate([table[some] for table, _ in fields], axis=1)
        counted = [np.arange(table.shape[1]) < lengths[some, None] for table, lengths in fields]
        parts.append(values[np.concatenate(counted, axis=1)])
    return np.concatenate(parts)
