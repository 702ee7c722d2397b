"""Targeted sites: merged intervals with a margin, their reference bases, and the index of a site."""

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pysam
from numpy.typing import NDArray

from ...errors import DataError
from ...vocabulary.variant import Fetch

MARGIN = 20
"""Bases around targets whose evidence is kept: they show indels across a border, and noise."""

BASES = "ACGT"
CODES = np.full(256, 4, np.uint8)
for _code, _base in enumerate(BASES):
    CODES[ord(_base)] = CODES[ord(_base.lower())] = _code


@dataclass(frozen=True)
class Regions:
    """Merged regions in the order of the BAM header, and one site per base of them.

    Attributes:
        chroms: sequence name of every region.
        ref_ids: int32[n], index of the sequence in the BAM header.
        starts, ends: int64[n], 0-based half-open, margin included.
        offsets: int64[n + 1], first site of every region.
        reference: uint8[sites], 0-3 for ACGT, 4 for anything else.
        targeted: bool[sites], whether the site lies in a target and not only in the margin.
    """

    chroms: tuple[str, ...]
    ref_ids: NDArray[np.int32]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    offsets: NDArray[np.int64]
    reference: NDArray[np.uint8]
    targeted: NDArray[np.bool_]

    @property
    def sites(self) -> int:
        """Number of sites."""
        return int(self.offsets[-1])

    def place(self, site: int) -> tuple[str, int]:
        """Return sequence name and 0-based position of a site."""
        offsets, starts = self._firsts
        region = bisect_right(offsets, site) - 1
        return self.chroms[region], starts[region] + site - offsets[region]

    def site(self, chrom: str, position: int) -> int | None:
        """Return the site of a 0-based position; None outside the regions."""
        own = self._of_chrom.get(chrom, [])
        # A tuple of one sorts before those that begin with it: the last region that begins at or before.
        at = bisect_right(own, (position + 1,)) - 1
        if at < 0 or position >= own[at][1]:
            return None
        return own[at][2] + position - own[at][0]

    def sites_within(self, chrom: str, start: int, end: int) -> NDArray[np.int64]:
        """Return the sites of an interval (0-based half-open) in order."""
        own, parts = self._of_chrom.get(chrom, []), [np.zeros(0, np.int64)]
        for region_start, region_end, first in own[max(0, bisect_right(own, (start + 1,)) - 1) :]:
            if region_start >= end:
                break
            low, high = max(start, region_start), min(end, region_end)
            if low < high:
                shift = first - region_start
                parts.append(np.arange(low + shift, high + shift, dtype=np.int64))
        return np.concatenate(parts)

    def target_sites(self, chrom: str, start: int, end: int) -> NDArray[np.int64]:
        """Return the targeted sites of an interval (0-based half-open) in order."""
        found = self.sites_within(chrom, start, end)
        return found[self.targeted[found]]

    @cached_property
    def _firsts(self) -> tuple[list[int], list[int]]:
        """First site and start of every region."""
        return self.offsets[:-1].tolist(), self.starts.tolist()

    @cached_property
    def _of_chrom(self) -> dict[str, list[tuple[int, int, int]]]:
        """Start, end and first site of the regions of each sequence."""
        found: dict[str, list[tuple[int, int, int]]] = {}
        places = zip(self.starts.tolist(), self.ends.tolist(), self.offsets.tolist(), strict=False)
        for chrom, place in zip(self.chroms, places, strict=True):
            found.setdefault(chrom, []).append(place)
        return found


def fasta_fetch(fasta: pysam.FastaFile) -> Fetch:
    """Return a function that fetches upper-case bases, clipped to the sequence."""

    def fetch(chrom: str, start: int, end: int) -> str:
        return str(fasta.fetch(chrom, max(0, start), max(0, start, end))).upper()

    return fetch


def build_regions(
    intervals: list[tuple[str, int, int]],
    *,
    fasta: pysam.FastaFile,
    header: pysam.AlignmentHeader,
    margin: int = MARGIN,
    source: Path | str = "targets",
) -> Regions:
    """Return the regions of targets.

    Args:
        intervals: name, start, end, 0-based half-open, in any order; they may overlap.
        fasta: reference with the names of the BAM.
        header: header of the BAM.
        margin: bases added on both sides.
        source: named in messages.

    Raises:
        DataError: a sequence is missing from the BAM or the reference, their lengths differ, or an interval
            reaches beyond its sequence.
    """
    lengths = dict(zip(fasta.references, fasta.lengths, strict=True))
    for chrom, _, end in intervals:
        _check_sequence(chrom, end, lengths=lengths, header=header, fasta=fasta, source=source)
    order = {chrom: header.get_tid(chrom) for chrom, _, _ in intervals}
    merged = _merge(
        sorted((order[c], max(0, s - margin), min(e + margin, lengths[c]), c) for c, s, e in intervals)
    )
    starts = np.array([m[1] for m in merged], np.int64)
    ends = np.array([m[2] for m in merged], np.int64)
    offsets = np.concatenate([[0], np.cumsum(ends - starts)]).astype(np.int64)
    reference = np.full(int(offsets[-1]), 4, np.uint8)
    for (_, start, end, chrom), offset in zip(merged, offsets[:-1], strict=True):
        text = np.frombuffer(fasta.fetch(chrom, start, end).encode(), np.uint8)
        reference[offset : offset + len(text)] = CODES[text]
    regions = Regions(
        tuple(m[3] for m in merged),
        np.array([m[0] for m in merged], np.int32),
        starts,
        ends,
        offsets,
        reference,
        np.zeros(int(offsets[-1]), np.bool_),
    )
    for chrom, start, end in intervals:
        first = regions.site(chrom, start)
        if first is not None:
            regions.targeted[first : first + end - start] = True
    return regions


def _check_sequence(
    chrom: str,
    end: int,
    *,
    lengths: dict[str, int],
    header: pysam.AlignmentHeader,
    fasta: pysam.FastaFile,
    source: Path | str,
) -> None:
    if chrom not in lengths:
        raise DataError(source, "sequence is not in the reference", "use the names of the FASTA", chrom)
    tid = header.get_tid(chrom)
    if tid < 0:
        raise DataError(source, "sequence is not in the header of the BAM", "align to this reference", chrom)
    if header.lengths[tid] != lengths[chrom]:
        raise DataError(
            str(fasta.filename, "utf-8") if isinstance(fasta.filename, bytes) else str(fasta.filename),
            f"has {lengths[chrom]} bases, the BAM was aligned to {header.lengths[tid]}",
            "give the reference the reads were aligned to",
            chrom,
        )
    if end > lengths[chrom]:
        raise DataError(
            source,
            f"an interval ends at {end} behind the sequence of {lengths[chrom]} bases",
            "correct it",
            chrom,
        )


def _merge(parts: list[tuple[int, int, int, str]]) -> list[tuple[int, int, int, str]]:
    merged: list[tuple[int, int, int, str]] = []
    for tid, start, end, chrom in parts:
        if merged and merged[-1][0] == tid and start <= merged[-1][2]:
            last = merged[-1]
            merged[-1] = (tid, last[1], max(last[2], end), chrom)
        else:
            merged.append((tid, start, end, chrom))
    return merged


def open_fasta(path: Path) -> pysam.FastaFile:
    """Open an indexed FASTA.

    Raises:
        DataError: it cannot be read.
    """
    try:
        return pysam.FastaFile(str(path))
    except (OSError, ValueError) as error:
        raise DataError(path, f"cannot be read ({error})", "give an indexed FASTA") from None
