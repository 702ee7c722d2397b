"""`molecules.tsv`: what became of the reads, and how far the molecules can be trusted.

Metrics, by name; the stratum is `all` unless given:

reads_in                    records read
reads_lost                  reads that did not reach a consensus; stratum: the reason (`losses.REASONS`)
reads_used                  reads in a consensus; reads_in is the sum of reads_used and reads_lost
reads_cut                   primary reads that lost an end to a primer (hard clips); missing where none did
reads_without_mc            mapped pairs' reads without MC tag: the mate itself was used
umi_length                  templates; stratum: bases of the UMI, both halves (`6-6`); lengths are never mixed
positions                   places (both ends or the random one, library, orientation) that have a family
families                    groups of reads taken as copies of one molecule
family_size                 families; stratum: templates of the family
mean_family_size            templates per family
primer_ends                 families; stratum: pairs of ends among their templates, two or more where several
                            primers amplified one molecule; with one random end only
molecules                   families that gave a consensus
duplex_families             families with templates of both strands
duplex_molecules            molecules whose both reads rest on both strands
consensus_reads             reads written
families_at                 families had only a share of the templates been read; stratum: 10 to 100 (percent)
duplex_yield                share of these with both strands; stratum: 10 to 100 (percent)
umi_collision_probability   probability that two molecules carry one UMI, from the UMIs seen
umi_collisions              molecules expected behind another of their position and UMI, at most: three equal
                            pairs are added to those seen, the upper 95 % limit where there are none
umi_uninformative           1 if the UMIs tell no molecules apart: most are one, or far fewer positions have
                            several than chance alone would bring together (`_pairs_expected`)
collision_rate              molecules hidden behind another, as a share of all: by UMI, else by position
fragment_saturation         without UMIs, or where they tell nothing: share of the fragment positions within
                            reach that are taken
fragment_saturated          1 if that is above the setting
insert_size_median          bases, over families of facing pairs
insert_size                 families; stratum: first size of a bin of ten
molecules_on_target         families whose fragment touches a target
on_target_share             these as a share of families
targets_unmatched           sequence names of the targets that the BAM does not have
error_rate                  stratum `raw C>T`: raw bases other than the consensus (of three reads or more), by
                            base of the consensus and base read, as sequenced; `strand A/G`: positions where
                            the consensuses of both strands (two reads each) differ, by the two bases or
                            their complements; `simplex A/G`: half of that, since either strand may err (which
                            one cannot be told without the reference); `expected duplex A/G`: the square of
                            simplex, expected where strands err on their own. Damage that end repair copied
                            to both strands comes on top and shows only against the reference, where
                            `error_rates.tsv` measures it
errors                      stratum `raw C>T` or `strand A/G`: what these rates count
compared_bases              same strata: bases looked at; error_rate is errors over these, missing where none
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ..io.bed import read_targets
from ..io.records import Offsets
from .losses import COUNT_CUT, COUNT_IN, COUNT_WITHOUT_MC, INSERT_BIN, N_COUNTS, OTHER_PRIMER, REASONS
from .molecule_table import MoleculeMetric
from .strands import CONSENSUS_READS, DUPLEX_MOLECULES, MOLECULES, N_OUTCOMES, READS_USED, Counts
from .templates import POSITION_SHIFT, Rows

UMI_BINS = 1 << 20
DECILES = 10
MAX_INSERT = 2000
# Fragment positions are counted over windows of starts; short against the unevenness of coverage.
START_WINDOW = 32
KIND_BITS = 5
# From so many templates on, a window whose templates mostly share one position holds an amplicon: ends are
# fixed there and tell no molecules apart.
AMPLICON_TEMPLATES = 20
AMPLICON_SHARE = 0.5
# So many pairs of molecules must share their ends by chance before their absence says anything. As many or
# more are seen: real fragments are less even than thought, and of a true set of 32 UMIs nearly all differ.
LEAST_PAIRS = 30
SEEN_SHARE = 0.25
# Of families, that two have one UMI: no kit has fewer than some dozen.
MAX_EQUAL_UMIS = 0.4
LEAST_FAMILIES = 50
RULE_OF_THREE = 3.0
# Where all positions are taken the number of molecules has no upper bound; this keeps it finite.
MAX_SHARE = 0.999
BASES = "ACGT"
# Mismatches of two strands are folded with their complements.
STRAND_CLASSES = {
    "A/C": ("AC", "CA", "GT", "TG"),
    "A/G": ("AG", "GA", "CT", "TC"),
    "A/T": ("AT", "TA"),
    "C/G": ("CG", "GC"),
}


class Targets:
    """Targeted intervals for a vectorised look-up."""

    def __init__(self, path: Path, references: tuple[str, ...]) -> None:
        """Read the joined targets of an assay."""
        targets = read_targets(path)
        index = {name: i << 34 for i, name in enumerate(references)}
        self.unmatched = len({target.chrom for target in targets} - set(index))
        known = sorted(
            (index[chrom] | start, index[chrom] | end) for chrom, start, end, _ in targets if chrom in index
        )
        bounds = np.array(known, np.int64).reshape(-1, 2)
        self._starts, self._ends = bounds[:, 0], bounds[:, 1]

    def touched(self, ref: Offsets, start: Offsets, stop: Offsets) -> Any:
        """Return whether each 0-based half-open interval overlaps a target, as bool[n]."""
        if not len(self._starts):
            return np.zeros(len(ref), bool)
        base = ref.astype(np.int64) << 34
        # Targets are joined and do not overlap: the last that begins before the end is the only one to ask.
        before = np.searchsorted(self._starts, base | stop.astype(np.int64), side="left") - 1
        return (before >= 0) & (self._ends[np.maximum(before, 0)] > (base | start.astype(np.int64)))


class Tally:
    """Sums over all windows of a run."""

    def __init__(self, *, duplex: bool, umis: bool, targets: Targets | None, one_end: bool = False) -> None:
        """Start at zero.

        Args:
            duplex: are strands told apart.
            umis: do reads carry UMIs.
            targets: targeted intervals.
            one_end: is one end of a molecule random alone.
        """
        self._one_end = one_end
        self._primer_ends = np.zeros(2, np.int64)
        self.counts = np.zeros(N_COUNTS, np.int64)
        self.called = new_counts()
        self._duplex, self._umis, self._targets = duplex, umis, targets
        self._sizes = np.zeros(2, np.int64)
        self._inserts = np.zeros(MAX_INSERT + 1, np.int64)
        self._umi_bins = np.zeros(UMI_BINS if umis else 0, np.int64)
        self._umi_lengths: dict[tuple[int, int], int] = {}
        self._any_strand = np.zeros(DECILES + 2, np.int64)
        self._both_strands = np.zeros(DECILES + 2, np.int64)
        self._on_target = 0
        self._crowds = np.zeros(2, np.int64)
        self._windows = np.zeros((0, 4), np.int64)
        self._occupied: list[Offsets] = []
        self._paired = True

    def add(self, rows: Rows, grouped: Offsets, bounds: Offsets, per_position: Offsets) -> None:
        """Add the families of a window.

        Args:
            rows: TEMPLATE[n].
            grouped: int64[n], templates of a family side by side.
            bounds: int64[families + 1].
            per_position: int64[positions], families of each.
        """
        if len(bounds) < 2:
            return
        self._sizes = _add(self._sizes, np.bincount(np.diff(bounds)))
        self._crowds = _add(self._crowds, np.bincount(per_position))
        heads = rows[grouped[bounds[:-1]]]
        self._add_strands(rows, grouped, bounds)
        if self._umis:
            self._add_umis(rows, heads)
        self._add_fragments(heads, np.diff(bounds))

    def add_primer_ends(self, pairs: Offsets, others: Rows) -> None:
        """Add the pairs of ends of each family, and the templates that do not lead theirs."""
        self._primer_ends = _add(self._primer_ends, np.bincount(pairs))
        self.called.losses[OTHER_PRIMER] += len(others) + int((others["second"] >= 0).sum())

    def add_called(self, counts: Counts) -> None:
        """Add what the consensus kernels counted."""
        for total, part in zip(self.called, counts, strict=True):
            np.add(total, part, out=total)

    def _add_strands(self, rows: Rows, grouped: Offsets, bounds: Offsets) -> None:
        share = (rows["hash"][grouped].view(np.uint64) >> np.uint64(32)).astype(np.int64)
        decile = (share * DECILES >> 32) + 1
        strand = rows["strand"][grouped] if self._duplex else np.zeros(len(grouped), np.uint8)
        # Tenths of the reads, by name: the tenth from which on a strand is seen.
        first_a = np.minimum.reduceat(np.where(strand == 0, decile, DECILES + 1), bounds[:-1])
        first_b = np.minimum.reduceat(np.where(strand == 1, decile, DECILES + 1), bounds[:-1])
        self._any_strand += np.bincount(np.minimum(first_a, first_b), minlength=DECILES + 2)
        self._both_strands += np.bincount(np.maximum(first_a, first_b), minlength=DECILES + 2)

    def _add_umis(self, rows: Rows, heads: Rows) -> None:
        mixed = heads["umi_a"] * np.int64(-7046029254386353131) ^ heads["umi_b"] * np.int64(
            -4417276706812531889
        )
        np.add.at(self._umi_bins, (mixed >> np.int64(40)) & np.int64(UMI_BINS - 1), 1)
        lengths = rows["length_a"].astype(np.int64) << 8 | rows["length_b"]
        for value, count in zip(*np.unique(lengths, return_counts=True), strict=True):
            key = (int(value) >> 8, int(value) & 0xFF)
            self._umi_lengths[key] = self._umi_lengths.get(key, 0) + int(count)

    def _add_fragments(self, heads: Rows, sizes: Offsets) -> None:
        low, high = heads["low"], heads["high"]
        facing = (heads["second"] >= 0) & (low >> 34 == high >> 34) & (low & 1 == 0) & (high & 1 == 1)
        # Ends are the outermost bases, both included; a key holds the position above its lowest bit.
        insert = ((high - low) >> 1) + 1
        facing &= insert <= MAX_INSERT
        self._inserts += np.bincount(insert[facing], minlength=MAX_INSERT + 1)
        start = np.where(facing, _position(low), heads["start"])
        stop = np.where(facing, _position(high) + 1, heads["stop"])
        if self._targets is not None:
            self._on_target += int(self._targets.touched(heads["ref"], start, stop).sum())
        single = heads["second"] < 0
        self._paired &= not bool(single.any())
        if self._one_end:
            low, kept = heads["key_low"], np.ones(len(heads), bool)
        else:
            kept = facing | single
        # With UMIs a library, and a side that R1 comes from, has positions of its own.
        kind = (heads["library"] % 8 << 2) | heads["side"] if self._umis else np.zeros(len(heads), np.int64)
        self._add_windows(low[kept], sizes[kept], kind[kept].astype(np.int64))

    def _add_windows(self, low: Offsets, sizes: Offsets, kind: Offsets) -> None:
        """Count families, templates and the largest family per window of starts; windows far behind close."""
        window = (low >> 34 << 30) | (_position(low) // START_WINDOW << 1) | (low & 1)
        window = window << KIND_BITS | kind
        fresh = np.column_stack([window, np.ones_like(sizes), sizes, sizes])
        table = np.concatenate([self._windows, fresh])
        keys, inverse = np.unique(table[:, 0], return_inverse=True)
        merged = np.zeros((len(keys), 4), np.int64)
        merged[:, 0] = keys
        np.add.at(merged[:, 1:3], inverse, table[:, 1:3])
        np.maximum.at(merged[:, 3], inverse, table[:, 3])
        behind = keys[-1] - (4 * MAX_INSERT // START_WINDOW << 1 + KIND_BITS) if len(keys) else 0
        # A random end comes up when the last of its primers was passed, however far behind that is.
        behind = 0 if self._one_end else behind
        self._occupied.append(merged[keys < behind])
        self._windows = merged[keys >= behind]

    def rows(self, saturation_limit: float) -> Iterator[MoleculeMetric]:
        """Yield all metrics.

        Args:
            saturation_limit: fragment saturation above which it is flagged.
        """
        for metric, stratum, value in self._figures(saturation_limit):
            # Counts stay whole numbers: as floats they would be written with six digits.
            number = int(value) if isinstance(value, (int, np.integer)) else float(value)
            yield MoleculeMetric(metric, stratum, number)

    def _figures(self, limit: float) -> Iterator[tuple[str, str, float]]:
        families = int(self._sizes.sum())
        yield "reads_in", "all", self.counts[COUNT_IN]
        for code, reason in enumerate(REASONS[1:], start=1):
            if code != OTHER_PRIMER or self._one_end:
                yield "reads_lost", reason, self.called.losses[code]
        yield "reads_used", "all", self.called.outcomes[READS_USED]
        if self.counts[COUNT_CUT]:
            yield "reads_cut", "all", self.counts[COUNT_CUT]
        yield "reads_without_mc", "all", self.counts[COUNT_WITHOUT_MC]
        for (a, b), count in sorted(self._umi_lengths.items()):
            yield "umi_length", f"{a}-{b}" if b else str(a), count
        yield "positions", "all", self._crowds[1:].sum()
        yield "families", "all", families
        for size in np.flatnonzero(self._sizes):
            yield "family_size", str(size), self._sizes[size]
        if families:
            yield "mean_family_size", "all", float(self._sizes @ np.arange(len(self._sizes))) / families
        for ends in np.flatnonzero(self._primer_ends):
            yield "primer_ends", str(ends), self._primer_ends[ends]
        yield "molecules", "all", self.called.outcomes[MOLECULES]
        yield "consensus_reads", "all", self.called.outcomes[CONSENSUS_READS]
        yield from self._yield_figures()
        yield from self._collision_figures(families, limit)
        yield from self._fragment_figures(families)
        yield from self._error_figures()

    def _yield_figures(self) -> Iterator[tuple[str, str, float]]:
        found = np.cumsum(self._any_strand)[1 : DECILES + 1]
        both = np.cumsum(self._both_strands)[1 : DECILES + 1]
        if self._duplex:
            yield "duplex_families", "all", both[-1]
            yield "duplex_molecules", "all", self.called.outcomes[DUPLEX_MOLECULES]
        for i in range(DECILES):
            yield "families_at", str(100 * (i + 1) // DECILES), found[i]
        if self._duplex:
            for i in range(DECILES):
                if found[i]:
                    yield "duplex_yield", str(100 * (i + 1) // DECILES), both[i] / found[i]

    def _collision_figures(self, families: int, limit: float) -> Iterator[tuple[str, str, float]]:
        if not families:
            return
        useless = not self._umis
        if self._umis:
            probability, expected = _match_probability(self._umi_bins), self._pairs_expected()
            parting = self._parting(expected)
            constant = int(self._umi_bins.sum()) >= LEAST_FAMILIES and probability > MAX_EQUAL_UMIS
            useless = constant or (expected >= LEAST_PAIRS and not parting)
            collisions = self._umi_collisions(probability, expected)
            yield "umi_collision_probability", "all", probability
            yield "umi_collisions", "all", collisions
            yield "umi_uninformative", "all", useless
            if parting and not useless:
                yield "collision_rate", "all", collisions / (families + collisions)
                return
        saturation, hidden = self._saturation()
        # Of few molecules with UMIs nobody knows whether these part them: only the share hidden is stated.
        if useless:
            yield "fragment_saturation", "all", saturation
            yield "fragment_saturated", "all", saturation > limit
        yield "collision_rate", "all", hidden

    def _parting(self, expected: float) -> bool:
        """Tell whether UMIs are seen to part molecules of one position as often as chance brings them there.

        Bases of the template, taken for a UMI, are as diverse as any; but molecules of one position have the
        same, so that no position ever has two families.
        """
        sizes = np.arange(len(self._crowds))
        seen = float((self._crowds * sizes * (sizes - 1)).sum()) / 2
        return seen >= SEEN_SHARE * expected

    def _pairs_expected(self) -> float:
        """Return the pairs of families that share both ends by chance where fragments lie evenly.

        Real ones lie less evenly in each window, so that more do.
        """
        families = np.concatenate([*self._occupied, self._windows])[:, 1].astype(float)
        return float((families * (families - 1)).sum() / (2 * START_WINDOW * self._lengths()))

    def _umi_collisions(self, probability: float, expected: float) -> float:
        """Return the molecules behind another of their position and UMI, at most.

        Of `m` molecules of a position with `K` equally frequent UMIs, `K (1 - (1 - 1/K)^m)` are seen.
        """
        total = int(self._umi_bins.sum())
        few = RULE_OF_THREE / max(total * (total - 1) / 2, RULE_OF_THREE)
        equal = min(probability + few, MAX_SHARE)
        sizes = np.arange(len(self._crowds))
        molecules = np.log1p(-np.minimum(sizes * equal, MAX_SHARE)) / np.log1p(-equal)
        hidden = float((self._crowds * np.maximum(molecules - sizes, 0)).sum())
        return max(hidden, expected * equal)

    def _lengths(self) -> float:
        """Return the effective number of fragment lengths, 1 of single reads and of one random end."""
        if self._paired and not self._one_end and self._inserts.sum() > 1:
            return 1.0 / max(_match_probability(self._inserts), 1.0 / MAX_INSERT)
        return 1.0

    def _saturation(self) -> tuple[float, float]:
        """Return the share of fragment positions taken, over families, and the share of molecules hidden.

        The positions within reach of a window are its starts times the effective number of fragment lengths
        (the inverse of the probability that two fragments have one length); of an amplicon, those taken.
        With a share s of them taken, -ln(1 - s) molecules per position are expected.
        """
        windows = np.concatenate([*self._occupied, self._windows]).astype(float)
        taken, templates, largest = windows[:, 1], windows[:, 2], windows[:, 3]
        if not taken.sum():
            return 0.0, 0.0
        amplicon = (templates >= AMPLICON_TEMPLATES) & (largest > AMPLICON_SHARE * templates)
        reach = np.where(amplicon, taken, START_WINDOW * self._lengths())
        # More may be taken than thought within reach; a share of one would hide infinitely many.
        share = np.minimum(taken / reach, MAX_SHARE)
        molecules = -np.log1p(-share) * reach
        hidden = 1.0 - taken.sum() / max(molecules.sum(), taken.sum())
        return float((share * taken).sum() / taken.sum()), float(hidden)

    def _fragment_figures(self, families: int) -> Iterator[tuple[str, str, float]]:
        total = int(self._inserts.sum())
        if total:
            yield (
                "insert_size_median",
                "all",
                int(np.searchsorted(np.cumsum(self._inserts), (total + 1) // 2)),
            )
            for first in range(0, MAX_INSERT + 1, INSERT_BIN):
                count = self._inserts[first : first + INSERT_BIN].sum()
                if count:
                    yield "insert_size", str(first), count
        if self._targets is not None:
            yield "targets_unmatched", "all", self._targets.unmatched
            yield "molecules_on_target", "all", self._on_target
            if families:
                yield "on_target_share", "all", self._on_target / families

    def _error_figures(self) -> Iterator[tuple[str, str, float]]:
        raw = self.called.raw_errors.reshape(4, 4)
        for i, base in enumerate(BASES):
            for j, other in enumerate(BASES):
                if i != j:
                    yield from _error_rate(f"raw {base}>{other}", int(raw[i, j]), int(raw[i].sum()))
        if not self._duplex:
            return
        pairs = self.called.strand_pairs.reshape(4, 4)
        compared = int(pairs.sum())
        for name, members in STRAND_CLASSES.items():
            count = int(sum(pairs[BASES.index(pair[0]), BASES.index(pair[1])] for pair in members))
            yield from _error_rate(f"strand {name}", count, compared)
            if compared:
                # Either strand may be the wrong one.
                simplex = count / compared / 2
                yield "error_rate", f"simplex {name}", simplex
                yield "error_rate", f"expected duplex {name}", simplex**2


def _error_rate(stratum: str, errors: int, compared: int) -> Iterator[tuple[str, str, float]]:
    yield "errors", stratum, errors
    yield "compared_bases", stratum, compared
    if compared:
        yield "error_rate", stratum, errors / compared


def new_counts() -> Counts:
    """Return counters at zero."""
    return Counts(
        np.zeros(len(REASONS), np.int64),
        np.zeros(N_OUTCOMES, np.int64),
        np.zeros(16, np.int64),
        np.zeros(16, np.int64),
    )


def _position(key: Offsets) -> Offsets:
    return ((key & ((1 << 34) - 1)) >> 1) - POSITION_SHIFT


def _add(total: Offsets, part: Offsets) -> Offsets:
    if len(part) > len(total):
        total = np.pad(total, (0, len(part) - len(total)))
    total[: len(part)] += part
    return total


def _match_probability(counts: Offsets) -> float:
    """Return the unbiased estimate of the probability that two draws are equal.

    For hashed UMIs, chance matches of the bins are taken off.
    """
    n = int(counts.sum())
    if n < 2:
        return 0.0
    equal = float(counts @ counts - n) / (n * (n - 1.0))
    if len(counts) == UMI_BINS:
        equal = (equal - 1.0 / UMI_BINS) / (1.0 - 1.0 / UMI_BINS)
    return max(0.0, equal)
