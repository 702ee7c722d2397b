"""Known alleles counted in a BAM: what every molecule shows at every allele, by class and in combination."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...io.bam_io import read_header
from ...io.records import kernel, l_seq, position, ref_id
from ...vocabulary.variant import Fetch, SmallVariant
from ..molecules.layout import Records, describe_molecule, fill_row
from ..molecules.pileup import Scratch, make_scratch
from ..molecules.reads import Filters
from ..molecules.stream import ALONE, iterate_molecules
from ..noise.molecule_classes import N_CLASSES
from .allele_arrays import BEGIN, IS_INDEL, TID, Alleles, pack_alleles
from .allele_states import ABSENT, ALT, OTHER, UNKNOWN, indel_state, substitution_state

STATES = 5
STATE_BITS = 3
REACH = 1000
"""Bases that a read may reach beyond the start of an indel window."""
PATTERN_LIMIT = 20


@dataclass(frozen=True)
class AlleleCounts:
    """Molecules at one allele.

    Attributes:
        states: int64[STATES, N_CLASSES], molecules per state and class.
        strict: int64[STATES], of these, strict molecules.
    """

    states: NDArray[np.int64]
    strict: NDArray[np.int64]

    @property
    def alt(self) -> NDArray[np.int64]:
        """int64[N_CLASSES], mutant molecules."""
        mutant: NDArray[np.int64] = self.states[ALT]
        return mutant

    @property
    def total(self) -> NDArray[np.int64]:
        """int64[N_CLASSES], molecules that tell: reference, mutant or another allele."""
        informative: NDArray[np.int64] = self.states[:UNKNOWN].sum(axis=0)
        return informative

    @property
    def strict_total(self) -> int:
        """Strict molecules that tell."""
        return int(self.strict[:UNKNOWN].sum())


def count_alleles(
    bam: Path, variants: Sequence[SmallVariant], filters: Filters, fetch: Fetch, *, threads: int = 1
) -> list[AlleleCounts]:
    """Count every molecule of a BAM at every allele, in one pass.

    A substitution inside a larger variant of the list (the SNVs of an MNV, a base inside a delins) is counted
    on molecules without the larger one: those that show it have OTHER at the smaller.

    Args:
        bam: coordinate-sorted consensus BAM.
        variants: normalised alleles.
        filters: which bases vote.
        fetch: reference bases.
        threads: threads that inflate.

    Returns:
        Counts in the order of `variants`; an indel that no read can tell from the reference has none.
    """
    counted, _ = _walk(bam, variants, filters, fetch, patterns=False, threads=threads)
    return counted


def count_joint(
    bam: Path, variants: Sequence[SmallVariant], filters: Filters, fetch: Fetch, *, threads: int = 1
) -> Counter[tuple[int, ...]]:
    """Count molecules per combination of states over all alleles that they touch.

    Returns:
        Molecules per tuple of states, in the order of `variants`; molecules without any known state are
        left out.
    """
    if len(variants) > PATTERN_LIMIT:
        raise ValueError(
            f"{len(variants)} alleles in one set; at most {PATTERN_LIMIT} can be counted together"
        )
    _, joint = _walk(bam, variants, filters, fetch, patterns=True, threads=threads)
    return joint


def _walk(
    bam: Path,
    variants: Sequence[SmallVariant],
    filters: Filters,
    fetch: Fetch,
    *,
    patterns: bool,
    threads: int,
) -> tuple[list[AlleleCounts], Counter[tuple[int, ...]]]:
    n = len(variants)
    states, strict = np.zeros((n, STATES, N_CLASSES), np.int64), np.zeros((n, STATES), np.int64)
    joint: Counter[tuple[int, ...]] = Counter()
    if n:
        alleles, order = pack_alleles(variants, read_header(bam), fetch, bam)
        sorted_states, sorted_strict = np.zeros_like(states), np.zeros_like(strict)
        scratch = make_scratch()
        for batch in iterate_molecules(bam, threads=threads):
            codes = np.zeros(len(batch.starts) if patterns else 0, np.int64)
            records = Records(batch.data, batch.starts, batch.ends, batch.mates)
            _count_batch(records, filters, alleles, scratch, (sorted_states, sorted_strict, codes))
            for code, number in zip(*np.unique(codes[codes != 0], return_counts=True), strict=True):
                joint[_decode(int(code), order)] += int(number)
        states[order], strict[order] = sorted_states, sorted_strict
    return [AlleleCounts(states[i], strict[i]) for i in range(n)], joint


def _decode(code: int, order: NDArray[np.int64]) -> tuple[int, ...]:
    """Undo the packing of `_count_batch`: three bits per allele, offset so that ABSENT is 0."""
    out = [ABSENT] * len(order)
    for place, index in enumerate(order.tolist()):
        out[index] = ABSENT - ((code >> (STATE_BITS * place)) & 7)
    return tuple(out)


# --- kernel -----------------------------------------------------------------------------------


@kernel
def _count_batch(
    records: Records,
    filters: Filters,
    alleles: Alleles,
    scratch: Scratch,
    into: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]],
) -> None:
    """Count one batch into states, strict states and codes.

    The codes, if there is room for them, get three bits per allele and molecule, 0 for ABSENT.
    """
    states, strict, codes = into
    n = len(alleles.fields)
    seen = np.full((3, n), ABSENT, np.int64)  # state, class, strict
    for i in range(len(records.starts)):
        if records.mates[i] < ALONE:
            continue
        tid = ref_id(records.data, records.starts[i])
        if tid < alleles.fields[0, TID] or tid > alleles.fields[n - 1, TID]:
            continue
        if not _may_reach(records, i, tid, alleles.fields):
            continue
        low, high = describe_molecule(records, i, filters, scratch.infos)
        if low == high:
            continue
        if _has_bases(alleles.fields, tid, low, high):
            fill_row(records, i, filters, scratch.infos, (low, high), scratch.row)
        first = _first_allele(alleles.fields, tid, low - REACH)
        last = _look(records, i, filters, (alleles, first, seen), (scratch, tid, low, high))
        code = 0
        for k in range(first, last):
            state = _override(alleles, k, first, last, seen)
            states[k, state, max(0, seen[1, k])] += 1
            strict[k, state] += seen[2, k] == 1
            if len(codes):
                code |= (ABSENT - state) << (STATE_BITS * k)
        if len(codes):
            codes[i] = code


@kernel
def _may_reach(records: Records, i: int, tid: int, fields: NDArray[np.int64]) -> bool:
    """Tell whether a molecule lies near enough to an allele to be laid out."""
    low = high = position(records.data, records.starts[i])
    longest, mate = l_seq(records.data, records.starts[i]), records.mates[i]
    if mate >= 0:
        other = position(records.data, records.starts[mate])
        low, high = min(low, other), max(high, other)
        longest = max(longest, l_seq(records.data, records.starts[mate]))
    first = _first_allele(fields, tid, low - REACH)
    if first == len(fields) or fields[first, TID] != tid:
        return False
    reach: bool = fields[first, BEGIN] < high + longest + REACH
    return reach


@kernel
def _has_bases(fields: NDArray[np.int64], tid: int, low: int, high: int) -> bool:
    """Tell whether an allele that is read base by base begins within a molecule: indels need no row."""
    k = _first_allele(fields, tid, low)
    while k < len(fields) and fields[k, TID] == tid and fields[k, BEGIN] < high:
        if fields[k, IS_INDEL] == 0:
            return True
        k += 1
    return False


@kernel
def _look(
    records: Records,
    i: int,
    filters: Filters,
    what: tuple[Alleles, int, NDArray[np.int64]],
    where: tuple[Scratch, int, int, int],
) -> int:
    """Fill `seen` for the alleles from `first` on that a molecule may reach; return the one behind them."""
    alleles, last, seen = what
    scratch, tid, low, high = where
    fields = alleles.fields
    while last < len(fields) and fields[last, TID] == tid and fields[last, BEGIN] < high:
        if fields[last, IS_INDEL] == 0:
            substitution_state(alleles, last, (low, high), scratch.row, seen)
        else:
            indel_state(records, i, filters, (alleles, last, scratch.infos), seen)
        last += 1
    return last


@kernel
def _first_allele(fields: NDArray[np.int64], tid: int, begin: int) -> int:
    low, high = 0, len(fields)
    while low < high:
        middle = (low + high) // 2
        if fields[middle, TID] < tid or (fields[middle, TID] == tid and fields[middle, BEGIN] < begin):
            low = middle + 1
        else:
            high = middle
    return low


@kernel
def _override(alleles: Alleles, k: int, first: int, last: int, seen: NDArray[np.int64]) -> int:
    """Return the state of an allele in view of the larger ones that contain it."""
    state = int(seen[0, k])
    for j in range(alleles.inside.shape[1]):
        larger = alleles.inside[k, j]
        if first <= larger < last and state < UNKNOWN:
            if seen[0, larger] >= UNKNOWN:
                # Mutants and others are left out alike, so that the VAF of the smaller stays unbiased.
                state = UNKNOWN
            elif seen[0, larger] == ALT and state == ALT:
                state = OTHER
    return state
