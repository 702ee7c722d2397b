"""From the templates of molecules to their consensus records."""

import numpy as np

from ..io.kernels import kernel, lean_kernel
from ..io.records import Bytes, Offsets, int64, l_seq
from .encode import BYTES_PER_BASE, FIXED_ROOM
from .likelihood import ErrorModel, new_sums
from .molecule_records import Naming, new_scratch, put_molecule, umi_text
from .places import common_place
from .strands import Counts, call_molecule, new_side
from .templates import Rows


@lean_kernel
def widest(data: Bytes, rows: Rows, order: Offsets, bounds: Offsets) -> tuple[int, int]:
    """Return the longest read and the largest family of a chunk."""
    width, largest = int64(1), int64(1)
    for m in range(len(bounds) - 1):
        largest = max(largest, bounds[m + 1] - bounds[m])
    for k in range(bounds[0], bounds[len(bounds) - 1]):
        row = rows[order[k]]
        width = max(width, l_seq(data, row.first))
        # -1 marks a single-end read; as an offset it would read the last record's tail.
        if row.second >= 0:
            width = max(width, l_seq(data, row.second))
    return width, largest


@kernel
def call_families(
    data: Bytes,
    rows: Rows,
    order: Offsets,
    bounds: Offsets,
    number: int,
    duplex: bool,
    min_quality: int,
    model: ErrorModel,
    naming: Naming,
    counts: Counts,
) -> Bytes:
    """Call the consensus reads of a run of molecules.

    Args:
        data: packed bytes of the records.
        rows: TEMPLATE rows.
        order: int64, templates of a molecule side by side.
        bounds: int64[molecules + 1], bounds of the molecules in `order`.
        number: number of the first molecule.
        duplex: are strands called apart and joined.
        min_quality: raw bases below are ignored.
        model: the error model.
        naming: name prefix and read group.
        counts: added to.

    Returns:
        Packed records, each with its block_size: R1 and R2 of each molecule, or one single-end read.
    """
    width, largest = widest(data, rows, order, bounds)
    room = FIXED_ROOM + len(naming.prefix) + len(naming.read_group) + BYTES_PER_BASE * width
    # Kernels do not check bounds: room for both reads of every molecule at the longest read of the chunk.
    out = np.empty(2 * (len(bounds) - 1) * room + room, np.uint8)
    one, two, sums, scratch = (
        new_side(largest, width),
        new_side(largest, width),
        new_sums(width),
        new_scratch(width),
    )
    at = 0
    for m in range(len(bounds) - 1):
        first, n = bounds[m], bounds[m + 1] - bounds[m]
        called = call_molecule(
            data, rows, order, first, n, duplex, min_quality, model, sums, one, two, counts
        )
        if called.ends > 0:
            umi = umi_text(rows, order, first, n, called.strands == 2, scratch.umi)
            places = (
                common_place(data, one.starts, one.keep, n, called.length_one),
                common_place(data, two.starts, two.keep, n, called.length_two),
            )
            at = put_molecule(out, at, number + m, called, umi, duplex, one, two, naming, scratch, places)
    return out[:at]
