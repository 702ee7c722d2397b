"""Molecules of which one end is random and the other lies at a primer, as in anchored PCR.

The random end (the ligated adapter with the UMI) is that of the molecule; the other end is that of the primer
which amplified a copy, and tiled primers amplify one molecule at several. So the random end and the UMI make
the family, as UMI-tools' `--ignore-tlen` groups pairs by the start of one read.
"""

import numpy as np

from ..io.kernels import kernel
from ..io.records import FLAG_FIRST, FLAG_LAST, FLAG_PAIRED, Offsets
from ..vocabulary.samples import RandomEnd
from .templates import NO_END, Rows

READ_NUMBERS = {RandomEnd.BOTH: 0, RandomEnd.READ1: 1, RandomEnd.READ2: 2}
"""The number of the read at the random end, 0 where both ends are."""


class OpenEnds:
    """Random ends that were seen, and how far the stream must go until all copies have both mates.

    A copy is complete only where its mate is, near for one primer and on another chromosome for the next;
    records say where, so that the order of molecules does not depend on how reads come in batches.
    """

    def __init__(self) -> None:
        """Start with none."""
        self._ends, self._last = np.empty(0, np.int64), np.empty(0, np.int64)

    def add(self, reads: Rows, number: int) -> None:
        """Add new READ rows; `number` is that of the read at the random end."""
        wanted = (reads["flag"] & (FLAG_FIRST if number == 1 else FLAG_LAST)) != 0
        wanted |= (reads["flag"] & FLAG_PAIRED) == 0
        new = reads[wanted & (reads["whole"] != NO_END)]
        ends = np.concatenate([self._ends, new["whole"]])
        last = np.concatenate([self._last, np.maximum(new["whole"], new["mate"])])
        self._ends, place = np.unique(ends, return_inverse=True)
        self._last = np.full(len(self._ends), np.iinfo(np.int64).min)
        np.maximum.at(self._last, place, last)

    def set_last(self, templates: Rows) -> None:
        """Set `last` of TEMPLATE rows to that of their random end."""
        if not len(self._ends):
            return
        place = np.minimum(np.searchsorted(self._ends, templates["key_low"]), len(self._ends) - 1)
        # A mate that lies behind where its record says comes after the end was closed: a family of its own.
        known = self._ends[place] == templates["key_low"]
        templates["last"] = np.where(known, self._last[place], templates["last"])

    def close(self, frontier: int) -> None:
        """Forget the ends of which no read can come any more."""
        still = self._last >= frontier
        self._ends, self._last = self._ends[still], self._last[still]


@kernel
def put_leading_first(rows: Rows, grouped: Offsets, bounds: Offsets) -> tuple[Offsets, Offsets]:
    """Put first in each molecule the copies of one pair of ends that has most of them; of equals the lowest.

    A consensus stacks reads by cycle, which agrees only between reads that begin at one base.

    Args:
        rows: TEMPLATE[n].
        grouped: int64, templates of a molecule side by side; put into another order.
        bounds: int64[m + 1], bounds of the molecules in it.

    Returns:
        int64[m], templates that lead each molecule; int64[m], different pairs of ends of it.
    """
    molecules = len(bounds) - 1
    leading, pairs = np.empty(molecules, np.int64), np.empty(molecules, np.int64)
    for m in range(molecules):
        first, n = bounds[m], bounds[m + 1] - bounds[m]
        own = grouped[first : first + n].copy()
        low, high = np.empty(n, np.int64), np.empty(n, np.int64)
        for k in range(n):
            low[k], high[k] = rows[own[k]].low, rows[own[k]].high
        # Both sorts are stable: copies of one pair of ends keep the order of their UMIs and names.
        order = np.argsort(high, kind="mergesort")
        order = order[np.argsort(low[order], kind="mergesort")]
        best, size, start, pairs[m] = 0, 0, 0, 0
        for k in range(1, n + 1):
            if k < n and low[order[k]] == low[order[start]] and high[order[k]] == high[order[start]]:
                continue
            pairs[m] += 1
            if k - start > size:
                best, size = start, k - start
            start = k
        leading[m], at = size, first + size
        for k in range(n):
            if best <= k < best + size:
                grouped[first + k - best] = own[order[k]]
            else:
                grouped[at] = own[order[k]]
                at += 1
    return leading, pairs


def keep_leading(grouped: Offsets, bounds: Offsets, leading: Offsets) -> tuple[Offsets, Offsets, Offsets]:
    """Return the templates that lead each molecule, the bounds of molecules in them, and all others."""
    of = np.repeat(np.arange(len(leading)), np.diff(bounds))
    kept = np.arange(len(grouped)) - bounds[of] < leading[of]
    return grouped[kept], np.concatenate([[0], np.cumsum(leading)]), grouped[~kept]
