"""The consensus kernel without the writing of records, to tell the two apart."""

from typing import Any

from alktrace.consensus.families import widest
from alktrace.consensus.likelihood import ErrorModel, new_sums
from alktrace.consensus.molecule_records import Naming
from alktrace.consensus.strands import Counts, call_molecule, new_side
from alktrace.io.kernels import kernel
from alktrace.io.records import Bytes, Offsets


@kernel
def consensus_only(
    data: Bytes,
    rows: Any,
    order: Offsets,
    bounds: Offsets,
    number: int,
    duplex: bool,
    min_quality: int,
    model: ErrorModel,
    naming: Naming,
    counts: Counts,
) -> int:
    """Call a run of molecules like `call_families`, whose arguments these are; return the reads called."""
    width, largest = widest(data, rows, order, bounds)
    one, two, sums = new_side(largest, width), new_side(largest, width), new_sums(width)
    called = 0
    for m in range(len(bounds) - 1):
        first, n = bounds[m], bounds[m + 1] - bounds[m]
        called += call_molecule(
            data, rows, order, first, n, duplex, min_quality, model, sums, one, two, counts
        ).ends
    return called
