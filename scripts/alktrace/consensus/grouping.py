"""Families: which templates are copies of one molecule.

Kernels here know keys and UMIs, not alignments. Partitions equal those of fgbio's GroupReadsByUmi, read in
its source: `adjacency` after UMI-tools' directed network (Smith et al. 2017, doi 10.1101/gr.209601.116);
`paired` is the same on UMI halves in the order of the fragment ends, which is what fgbio's prefixes do.
"""

from typing import Any

import numpy as np

from ..io.kernels import kernel, lean_kernel
from ..io.records import Offsets
from .templates import Rows

# Below this many UMIs at one position, comparing all with all is faster than looking up neighbours.
FEW_UMIS = 64
ODD_BITS = 0x5555555555555555


@lean_kernel
def _before(rows: Rows, i: int, j: int) -> bool:
    """Does row i sort before row j: position, library, orientation, UMI, then the name hash."""
    a, b = rows[i], rows[j]
    if a.last != b.last:
        return bool(a.last < b.last)
    one = (a.key_low, a.key_high, a.library, a.side, a.length_a, a.length_b, a.umi_a, a.umi_b, a.hash)
    two = (b.key_low, b.key_high, b.library, b.side, b.length_a, b.length_b, b.umi_a, b.umi_b, b.hash)
    return one < two


@kernel
def sort_templates(rows: Rows) -> Offsets:
    """Return the order of templates by key; it does not depend on the order they came in."""
    n = len(rows)
    order, other = np.arange(n), np.empty(n, np.int64)
    width = 1
    while width < n:
        for left in range(0, n, 2 * width):
            middle, right = min(left + width, n), min(left + 2 * width, n)
            i, j = left, middle
            for k in range(left, right):
                # Ties go to the left half: the order of equal templates must not depend on the merging.
                if i < middle and (j >= right or not _before(rows, order[j], order[i])):
                    other[k] = order[i]
                    i += 1
                else:
                    other[k] = order[j]
                    j += 1
        order, other = other, order
        width *= 2
    return order


@lean_kernel
def mismatches(one: int, two: int) -> int:
    """Return at how many bases two packed UMI halves of one length differ."""
    bits = one ^ two
    # A base is two bits: either or both may differ, and it counts once.
    bits = (bits | (bits >> 1)) & ODD_BITS
    count = 0
    while bits:
        bits &= bits - 1
        count += 1
    return count


@lean_kernel
def _find_umi(a: Offsets, b: Offsets, low: int, high: int, code_a: int, code_b: int) -> int:
    """Return the index of a UMI among sorted ones; -1 if absent."""
    while low < high:
        middle = (low + high) // 2
        if a[middle] < code_a or (a[middle] == code_a and b[middle] < code_b):
            low = middle + 1
        else:
            high = middle
    return low


@lean_kernel
def _capture(found: int, root: Offsets, counts: Offsets, parent: int, queue: Offsets, tail: int) -> int:
    """Give a neighbour to the parent's family if its count is low enough; return the new end of the queue."""
    # Whole-number halves: of 7 templates an UMI captures one of 4 (7 // 2 + 1), as in fgbio.
    if root[found] < 0 and counts[found] <= counts[parent] // 2 + 1:
        root[found] = root[parent]
        queue[tail] = found
        return tail + 1
    return tail


@lean_kernel
def _capture_all(
    a: Offsets, b: Offsets, counts: Offsets, edits: int, root: Offsets, parent: int, queue: Offsets, tail: int
) -> int:
    for other in range(len(a)):
        if root[other] < 0 and mismatches(a[parent], a[other]) + mismatches(b[parent], b[other]) <= edits:
            tail = _capture(other, root, counts, parent, queue, tail)
    return tail


@lean_kernel
def _capture_near(
    a: Offsets,
    b: Offsets,
    length_a: int,
    length_b: int,
    counts: Offsets,
    root: Offsets,
    parent: int,
    queue: Offsets,
    tail: int,
) -> int:
    """Look up every UMI at distance one."""
    n = len(a)
    for i in range(length_a + length_b):
        for change in range(1, 4):
            code_a, code_b = a[parent], b[parent]
            if i < length_a:
                code_a ^= change << (2 * i)
            else:
                code_b ^= change << (2 * (i - length_a))
            found = _find_umi(a, b, 0, n, code_a, code_b)
            # `_find_umi` returns where it would stand; only an equal one is there.
            if found < n and a[found] == code_a and b[found] == code_b:
                tail = _capture(found, root, counts, parent, queue, tail)
    return tail


@kernel
def adjacency(a: Offsets, b: Offsets, length_a: int, length_b: int, counts: Offsets, edits: int) -> Offsets:
    """Join UMIs of one position and one length to families.

    Starting from the most frequent UMI (ties: the lexically first), a UMI captures every free UMI within
    `edits` mismatches whose count is at most half its own plus one, and so on from the captured ones.

    Args:
        a: int64[n], packed first halves, ascending.
        b: int64[n], packed second halves, ascending within equal `a`.
        length_a: bases of the first half.
        length_b: bases of the second half.
        counts: int64[n], templates of each UMI.
        edits: mismatches allowed over both halves.

    Returns:
        int64[n], index of the UMI at the root of the family of each.
    """
    n = len(a)
    root, queue = np.full(n, -1), np.empty(n, np.int64)
    # A stable sort: of equally frequent UMIs the lexically first is the root, whatever came first.
    by_count = np.argsort(-counts, kind="mergesort")
    for start in by_count:
        if root[start] >= 0:
            continue
        root[start], queue[0] = start, start
        head, tail = 0, 1
        while head < tail:
            parent = queue[head]
            head += 1
            if edits == 1 and n > FEW_UMIS:
                tail = _capture_near(a, b, length_a, length_b, counts, root, parent, queue, tail)
            else:
                tail = _capture_all(a, b, counts, edits, root, parent, queue, tail)
    return root


@lean_kernel
def _same_position(a: Any, b: Any) -> bool:
    one = (a.last, a.key_low, a.key_high, a.library, a.side, a.length_a, a.length_b)
    return one == (b.last, b.key_low, b.key_high, b.library, b.side, b.length_a, b.length_b)


@kernel
def group_templates(rows: Rows, order: Offsets, edits: int) -> tuple[Offsets, Offsets, Offsets]:
    """Part sorted templates into molecules.

    Args:
        rows: TEMPLATE[n].
        order: int64[n] of `sort_templates`.
        edits: mismatches between UMIs of one family; 0 is the identity strategy.

    Returns:
        int64[n], the order with the templates of a molecule side by side; int64[m + 1], the bounds of the
        molecules in it; int64[p], molecules at each position.
    """
    n = len(order)
    grouped, bounds, per_position = np.empty(n, np.int64), np.empty(n + 1, np.int64), np.empty(n, np.int64)
    molecules, positions, at = 0, 0, 0
    bounds[0] = 0
    while at < n:
        stop = at + 1
        while stop < n and _same_position(rows[order[at]], rows[order[stop]]):
            stop += 1
        before = molecules
        molecules = _group_position(rows, order, at, stop, edits, grouped, bounds, molecules)
        per_position[positions] = molecules - before
        positions += 1
        at = stop
    return grouped, bounds[: molecules + 1].copy(), per_position[:positions].copy()


@kernel
def _group_position(
    rows: Rows,
    order: Offsets,
    first: int,
    stop: int,
    edits: int,
    grouped: Offsets,
    bounds: Offsets,
    molecules: int,
) -> int:
    """Group the templates of one position; return the number of molecules so far."""
    size = stop - first
    node_of, counts = np.empty(size, np.int64), np.zeros(size, np.int64)
    a, b = np.empty(size, np.int64), np.empty(size, np.int64)
    nodes = 0
    for i in range(size):
        row = rows[order[first + i]]
        # Sorted by UMI, so that equal ones stand side by side.
        if nodes == 0 or row.umi_a != a[nodes - 1] or row.umi_b != b[nodes - 1]:
            a[nodes], b[nodes] = row.umi_a, row.umi_b
            nodes += 1
        node_of[i] = nodes - 1
        counts[nodes - 1] += 1
    root = np.arange(nodes)
    if nodes > 1 and edits > 0:
        row = rows[order[first]]
        root = adjacency(a[:nodes], b[:nodes], row.length_a, row.length_b, counts[:nodes], edits)
    sizes = np.zeros(nodes + 1, np.int64)
    for i in range(size):
        sizes[root[node_of[i]] + 1] += 1
    for node in range(nodes):
        if sizes[node + 1] > 0:
            bounds[molecules + 1] = bounds[molecules] + sizes[node + 1]
            molecules += 1
        sizes[node + 1] += sizes[node]
    for i in range(size):
        node = root[node_of[i]]
        grouped[first + sizes[node]] = order[first + i]
        sizes[node] += 1
    return molecules
