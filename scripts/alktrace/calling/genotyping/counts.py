"""Known alleles counted in a BAM: what every molecule shows at every allele, by class and in combination."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...io.bam_io import read_header
from ...io.kernels import kernel
from ...io.records import l_seq, position, ref_id
from ...vocabulary.variant import Fetch, SmallVariant
from ..molecules.layout import describe_molecule, fill_row
from ..molecules.pileup import Scratch, make_scratch
from ..molecules.reads import Filters
from ..molecules.stream import ALONE, Records, feed
from ..noise.molecule_classes import N_CLASSES
from .allele_arrays import BEGIN, BY_BASE, BY_BREAK, TID, WAY, Allele, Alleles, contains, pack_alleles
from .allele_states import ABSENT, ALT, OTHER, UNKNOWN, break_state, indel_state, substitution_state

STATES = 5
STATE_BITS = 3
PER_WORD = 20
"""States of three bits that one word of a pattern holds."""
PATTERN_CAPACITY = 1 << 17
REACH = 1000
"""Bases that a read may reach beyond the start of an indel window."""

States = tuple[int, ...]
"""What one molecule shows at each allele of a group."""


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


class Patterns(NamedTuple):
    """Where the kernel notes what molecules show at groups of alleles.

    Attributes:
        first: int64[n + 1], first entry of every allele, in the order of the kernel.
        entries: int64[entries, 2], a group that the allele belongs to, and its place there.
        words: int64[groups, words], the pattern of one molecule; zero between molecules.
        noted: int64[PATTERN_CAPACITY + groups, 1 + words], group and pattern of every molecule.
    """

    first: NDArray[np.int64]
    entries: NDArray[np.int64]
    words: NDArray[np.int64]
    noted: NDArray[np.int64]


class AlleleCounter:
    """Counts alleles, and their combinations within groups, as the molecules of a BAM are fed."""

    def __init__(
        self,
        bam: Path,
        variants: Sequence[Allele],
        filters: Filters,
        fetch: Fetch,
        groups: Sequence[Sequence[Allele]] = (),
    ) -> None:
        """Lay out the alleles for the kernel.

        Args:
            bam: whose molecules will be fed.
            variants: normalised alleles; a substitution inside a larger variant of the list (the SNVs of an
                MNV, a base inside a delins) is counted on molecules without the larger one: those that show
                it have OTHER at the smaller.
            filters: which bases vote.
            fetch: reference bases.
            groups: alleles of the list to count together.
        """
        n = len(variants)
        self._filters, self._groups, self._scratch = filters, groups, make_scratch()
        self._alleles, self._order = pack_alleles(variants, read_header(bam), fetch, bam)
        self._states = np.zeros((n, STATES, N_CLASSES), np.int64)
        self._strict = np.zeros((n, STATES), np.int64)
        self._patterns = _lay_out_groups([variants[i] for i in self._order.tolist()], groups)
        self._found: list[Counter[tuple[int, ...]]] = [Counter() for _ in groups]

    def take(self, records: Records) -> None:
        """Count the molecules of one batch."""
        at = 0
        while at < len(records.starts):
            into = (self._scratch, self._states, self._strict, self._patterns)
            at, noted = _count_batch(records, at, self._filters, self._alleles, into)
            if noted:
                rows, numbers = np.unique(self._patterns.noted[:noted], axis=0, return_counts=True)
                for (group, *words), molecules in zip(rows.tolist(), numbers.tolist(), strict=True):
                    self._found[group][tuple(words)] += molecules

    @property
    def counts(self) -> list[AlleleCounts]:
        """Molecules of each allele; an indel that no read can tell from the reference has none."""
        places = np.argsort(self._order)
        return [AlleleCounts(self._states[place], self._strict[place]) for place in places.tolist()]

    def joint(self, group: int, members: Sequence[int] | None = None) -> Counter[States]:
        """Return molecules per combination of states in a group; those without any known state are left out.

        Args:
            group: its number.
            members: places of the alleles in the group, if not all are asked for. The others then count as
                never looked for, so a larger one among them hides no smaller one.
        """
        alleles = self._groups[group]
        chosen = range(len(alleles)) if members is None else members
        larger = [[j for j, k in enumerate(chosen) if contains(alleles[k], alleles[i])] for i in chosen]
        found: Counter[States] = Counter()
        for words, molecules in self._found[group].items():
            raw = [ABSENT - ((words[k // PER_WORD] >> (STATE_BITS * (k % PER_WORD))) & 7) for k in chosen]
            if any(state != ABSENT for state in raw):
                found[tuple(_settled(raw, k, larger[k]) for k in range(len(raw)))] += molecules
        return found


def count_alleles(
    bam: Path, variants: Sequence[SmallVariant], filters: Filters, fetch: Fetch, *, threads: int = 1
) -> list[AlleleCounts]:
    """Count every molecule of a BAM at every allele, in one pass; arguments as of `AlleleCounter`.

    Raises:
        DataError: the BAM is not sorted by coordinate.
    """
    if not variants:
        return []
    counter = AlleleCounter(bam, variants, filters, fetch)
    feed(bam, [counter], threads=threads)
    return counter.counts


def count_groups(
    bam: Path, groups: Sequence[Sequence[Allele]], filters: Filters, fetch: Fetch, *, threads: int = 1
) -> list[Counter[States]]:
    """Count molecules per combination of states in each group of alleles, all groups in one pass.

    Raises:
        DataError: the BAM is not sorted by coordinate.
    """
    if not groups:
        return []
    # In order of appearance: breaks and alleles cannot be compared, and the kernel sorts by place anyway.
    alleles = list(dict.fromkeys(allele for group in groups for allele in group))
    counter = AlleleCounter(bam, alleles, filters, fetch, groups)
    feed(bam, [counter], threads=threads)
    return [counter.joint(group) for group in range(len(groups))]


def _lay_out_groups(alleles: Sequence[Allele], groups: Sequence[Sequence[Allele]]) -> Patterns:
    """Return the groups for the kernel; `alleles` in its order."""
    own: dict[Allele, list[tuple[int, int]]] = {variant: [] for variant in alleles}
    for number, group in enumerate(groups):
        for place, variant in enumerate(group):
            own[variant].append((number, place))
    entries = [entry for variant in alleles for entry in own[variant]]
    words = -(-max(map(len, groups), default=0) // PER_WORD)
    return Patterns(
        np.cumsum([0, *(len(own[variant]) for variant in alleles)]).astype(np.int64),
        np.array(entries, np.int64).reshape(-1, 2),
        np.zeros((len(groups), words), np.int64),
        np.zeros((PATTERN_CAPACITY + len(groups) if groups else 0, 1 + words), np.int64),
    )


def _settled(states: Sequence[int], k: int, larger: Sequence[int]) -> int:
    """Return the state of an allele in view of the larger ones of its group: `_override` on a pattern."""
    state = states[k]
    for j in larger:
        state = settle(state, states[j])
    return state


# --- kernel -----------------------------------------------------------------------------------


@kernel
def settle(state: int, larger: int) -> int:
    """Return the state of an allele in view of one larger allele that contains it."""
    if state < UNKNOWN and larger >= UNKNOWN:
        # Mutants and others are left out alike, so that the VAF of the smaller stays unbiased.
        return UNKNOWN
    return OTHER if state == ALT and larger == ALT else state


@kernel
def _count_batch(
    records: Records,
    at: int,
    filters: Filters,
    alleles: Alleles,
    into: tuple[Scratch, NDArray[np.int64], NDArray[np.int64], Patterns],
) -> tuple[int, int]:
    """Count molecules from record `at` on into states, strict states and patterns.

    Returns:
        Where to go on once the noted patterns are taken, and how many there are.
    """
    scratch, states, strict, patterns = into
    n, noted = len(alleles.fields), 0
    seen = np.full((3, n), ABSENT, np.int64)  # state, class, strict
    for i in range(at, len(records.starts)):
        if noted > len(patterns.noted) - len(patterns.words):
            return i, noted
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
        for k in range(first, last):
            state = _override(alleles, k, first, last, seen)
            states[k, state, max(0, seen[1, k])] += 1
            strict[k, state] += seen[2, k] == 1
        if len(patterns.words):
            noted = _note_patterns(patterns, first, last, seen, noted)
    return len(records.starts), noted


@kernel
def _note_patterns(patterns: Patterns, first: int, last: int, seen: NDArray[np.int64], noted: int) -> int:
    """Note what a molecule shows at each group that it touches; return the number of patterns noted."""
    begin = noted
    for k in range(first, last):
        if seen[0, k] == ABSENT:
            continue
        for entry in range(patterns.first[k], patterns.first[k + 1]):
            group, place = patterns.entries[entry, 0], patterns.entries[entry, 1]
            words = patterns.words[group]
            if not words.any():
                patterns.noted[noted, 0] = group
                noted += 1
            words[place // PER_WORD] |= (ABSENT - seen[0, k]) << (STATE_BITS * (place % PER_WORD))
    for row in range(begin, noted):
        words = patterns.words[patterns.noted[row, 0]]
        patterns.noted[row, 1:] = words
        words[:] = 0
    return noted


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
        if fields[k, WAY] == BY_BASE:
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
        if fields[last, WAY] == BY_BASE:
            substitution_state(alleles, last, (low, high), scratch.row, seen)
        elif fields[last, WAY] == BY_BREAK:
            break_state(records, i, (alleles, last, scratch.infos), seen)
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
    """Return the state of an allele in view of all larger ones of the list that contain it."""
    state = int(seen[0, k])
    for j in range(alleles.inside.shape[1]):
        larger = alleles.inside[k, j]
        if first <= larger < last:
            state = settle(state, int(seen[0, larger]))
    return state
