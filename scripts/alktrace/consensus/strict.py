"""Strict molecules: which consensus reads and bases pass, decided where they are used.

Consensus reads are kept loose (one read is enough) with their tags; these kernels answer, from the tags of
one aligned record, what fgbio's FilterConsensusReads would say of it. They expect per-base tags in the order
of SEQ, that is reversed on the negative strand.
"""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pysam

from ..errors import DataError
from ..inputs.settings.calling_settings import StrictSettings
from ..io.atomic import atomic_output
from ..io.bam_io import BamWriter, iterate_batches, read_header
from ..io.kernels import kernel
from ..io.records import (
    FLAG_SECONDARY,
    FLAG_SUPPLEMENTARY,
    Bytes,
    Offsets,
    after_value,
    array_item,
    array_value,
    base,
    find_tag,
    flag,
    float_value,
    int64,
    int_value,
    l_seq,
    qual_offset,
    seq_offset,
    tags_offset,
    text_value,
    write_int32,
)
from .templates import name_hash

NO_CALL_CODE = 15
NO_CALL_QUALITY = 2
KEEP, FAIL, NO_TAGS = 0, 1, 2


class StrictLimits(NamedTuple):
    """Thresholds as kernels take them; see `StrictSettings`."""

    min_total: int
    min_better: int
    min_worse: int
    max_read_error: float
    max_base_error: float
    min_quality: int
    max_no_calls: float
    agreement: bool


def strict_limits(settings: StrictSettings) -> StrictLimits:
    """Return the thresholds of the settings; `min_reads` goes from high to low there."""
    return StrictLimits(
        *settings.min_reads,
        settings.max_read_error_rate,
        settings.max_base_error_rate,
        settings.min_base_quality,
        settings.max_no_calls,
        settings.strand_agreement,
    )


@kernel
def _number(data: Bytes, tags: int, end: int, first: int, second: int) -> float:
    """Return a numeric tag; NaN if it is absent."""
    at = find_tag(data, tags, end, first, second)
    if at < 0:
        return np.nan
    return float_value(data, at) if data[at] == ord("f") else float(int_value(data, at))


@kernel
def passes_read(data: Bytes, start: int, end: int, limits: StrictLimits) -> int:
    """Judge a consensus read by depth and error rate of the whole read.

    The better and the worse strand are told apart for depth and for error rate each, as fgbio does.

    Args:
        data: packed bytes.
        start: offset of the record.
        end: its end.
        limits: thresholds.

    Returns:
        KEEP, FAIL, or NO_TAGS where the record has no consensus tags.
    """
    tags, c = tags_offset(data, start), ord("c")
    depth, error = _number(data, tags, end, c, ord("D")), _number(data, tags, end, c, ord("E"))
    if np.isnan(depth) or np.isnan(error):
        return NO_TAGS
    # The tag holds single precision and the limit double, so 1 in 20 fails a limit of 0.05: as in fgbio.
    if depth < limits.min_total or error > limits.max_read_error:
        return FAIL
    if find_tag(data, tags, end, ord("a"), ord("D")) < 0:
        return KEEP
    depth_a, depth_b = (
        _number(data, tags, end, ord("a"), ord("D")),
        _number(data, tags, end, ord("b"), ord("D")),
    )
    error_a, error_b = (
        _number(data, tags, end, ord("a"), ord("E")),
        _number(data, tags, end, ord("b"), ord("E")),
    )
    if depths_fail(int64(depth), int64(depth_a), int64(depth_b), True, limits):
        return FAIL
    return FAIL if max(error_a, error_b) > limits.max_read_error else KEEP


@kernel
def _array(data: Bytes, tags: int, end: int, first: int, second: int, length: int) -> tuple[int, int]:
    """Return item type and offset of a per-base array; type 0 if it is absent or of another length."""
    at = find_tag(data, tags, end, first, second)
    if at < 0:
        return 0, 0
    kind, count, offset = array_value(data, at)
    return (kind, offset) if count == length else (0, 0)


@kernel
def _item(data: Bytes, array: tuple[int, int], i: int) -> int:
    return array_item(data, array[0], array[1], i) if array[0] else int64(0)


@kernel
def _text(data: Bytes, tags: int, end: int, first: int, second: int, length: int) -> int:
    """Return the offset of a per-base text; -1 if it is absent or of another length."""
    at = find_tag(data, tags, end, first, second)
    if at < 0:
        return -1
    offset, size = text_value(data, at)
    return offset if size == length else -1


@kernel
def depths_fail(total: int, depth_a: int, depth_b: int, duplex: bool, limits: StrictLimits) -> bool:
    """Judge depths of a read or a base: in total and, for duplex, on the better and the worse strand."""
    if total < limits.min_total:
        return True
    return duplex and (max(depth_a, depth_b) < limits.min_better or min(depth_a, depth_b) < limits.min_worse)


@kernel
def simplex_base_fails(depth: int, errors: int, limits: StrictLimits) -> bool:
    """Judge one base of a simplex read by its depth and errors."""
    return depths_fail(depth, depth, 0, False, limits) or (
        depth > 0 and errors / depth > limits.max_base_error
    )


@kernel
def duplex_base_fails(depth_a: int, depth_b: int, errors_a: int, errors_b: int, limits: StrictLimits) -> bool:
    """Judge one base of a duplex read; a strand without reads there has no error rate."""
    total = depth_a + depth_b
    if depths_fail(total, depth_a, depth_b, True, limits):
        return True
    if total > 0 and (errors_a + errors_b) / total > limits.max_base_error:
        return True
    # A strand without reads has no error rate: 0 / 0 is no failure.
    if depth_a > 0 and depth_b > 0:
        return max(errors_a / depth_a, errors_b / depth_b) > limits.max_base_error
    return False


@kernel
def strict_mask(data: Bytes, start: int, end: int, limits: StrictLimits, mask: Bytes) -> int:
    """Judge the bases of a consensus read.

    Without per-base tags (other callers may leave them out) only the base quality is judged, as fgbio does
    for simplex reads; a duplex read without them, which fgbio refuses, is treated alike.

    Args:
        data: packed bytes.
        start: offset of the record.
        end: its end.
        limits: thresholds.
        mask: uint8[l_seq], set to 1 where a base becomes N or is N, in the order of SEQ.

    Returns:
        Number of masked bases.
    """
    length, tags = l_seq(data, start), tags_offset(data, start)
    seq, qual = seq_offset(data, start), qual_offset(data, start)
    a, b, c, d, e = ord("a"), ord("b"), ord("c"), ord("d"), ord("e")
    simplex = _array(data, tags, end, c, d, length), _array(data, tags, end, c, e, length)
    depth_a, errors_a = _array(data, tags, end, a, d, length), _array(data, tags, end, a, e, length)
    depth_b, errors_b = _array(data, tags, end, b, d, length), _array(data, tags, end, b, e, length)
    text_a, text_b = _text(data, tags, end, a, c, length), _text(data, tags, end, b, c, length)
    duplex, plain = depth_a[0] > 0 and errors_a[0] > 0, simplex[0][0] > 0 and simplex[1][0] > 0
    masked = 0
    for i in range(length):
        fails = base(data, seq, i) == NO_CALL_CODE or data[qual + i] < limits.min_quality
        if duplex and not fails:
            at_a, at_b = _item(data, depth_a, i), _item(data, depth_b, i)
            fails = duplex_base_fails(at_a, at_b, _item(data, errors_a, i), _item(data, errors_b, i), limits)
            if limits.agreement and at_a > 0 and at_b > 0 and text_a >= 0 and text_b >= 0:
                fails |= data[text_a + i] != data[text_b + i]
        elif plain and not fails:
            fails = simplex_base_fails(_item(data, simplex[0], i), _item(data, simplex[1], i), limits)
        mask[i] = fails
        masked += fails
    return masked


@kernel
def judge(data: Bytes, start: int, end: int, limits: StrictLimits, mask: Bytes) -> int:
    """Judge a consensus read as a whole: its tags, then the share of N after masking.

    Args:
        data: packed bytes.
        start: offset of the record.
        end: its end.
        limits: thresholds.
        mask: uint8[l_seq or more], filled in by `strict_mask` if the read passes.

    Returns:
        KEEP, FAIL or NO_TAGS. If one read of a template fails, the template does not count as strict.
    """
    verdict = passes_read(data, start, end, limits)
    if verdict != KEEP:
        return verdict
    length = l_seq(data, start)
    masked = strict_mask(data, start, end, limits, mask)
    # Counted after masking: bases that fail become N and count, as in fgbio.
    return FAIL if length == 0 or masked > limits.max_no_calls * length else KEEP


# --- a strict BAM ---------------------------------------------------------------------------


@kernel
def _failing(
    data: Bytes, starts: Offsets, ends: Offsets, limits: StrictLimits, mask: Bytes, hashes: Offsets
) -> tuple[int, int]:
    """Collect name hashes of templates with a failing primary read; also the first record without tags."""
    n = 0
    for i in range(len(starts)):
        if flag(data, starts[i]) & (FLAG_SECONDARY | FLAG_SUPPLEMENTARY):
            continue
        verdict = judge(data, starts[i], ends[i], limits, mask)
        if verdict == NO_TAGS:
            return n, i
        if verdict == FAIL:
            hashes[n] = name_hash(data, starts[i])
            n += 1
    return n, -1


@kernel
def _is_stale(data: Bytes, at: int) -> bool:
    """Does a tag (NM, MD, UQ) describe bases that masking may change."""
    name = (int64(data[at]) << 8) | data[at + 1]
    return name in (0x4E4D, 0x4D44, 0x5551)


@kernel
def _copy_masked(data: Bytes, start: int, end: int, mask: Bytes, masked: int, out: Bytes, at: int) -> int:
    """Copy a record with its masked bases as N of quality 2; return where it ends."""
    tags = tags_offset(data, start)
    to = at + 4
    out[to : to + tags - start] = data[start:tags]
    seq, qual = seq_offset(data, start) - start + to, qual_offset(data, start) - start + to
    for i in range(l_seq(data, start)):
        if mask[i]:
            # N is all four bits, so that or-ing is enough; even bases are in the high nibble.
            out[seq + (i >> 1)] |= 0xF if i & 1 else 0xF0
            out[qual + i] = NO_CALL_QUALITY
    stop, tag = to + tags - start, tags
    while tag + 3 <= end:
        after = after_value(data, tag + 2, end)
        if after < 0:
            after = end
        if not (masked and _is_stale(data, tag)):
            out[stop : stop + after - tag] = data[tag:after]
            stop += after - tag
        tag = after
    write_int32(out, at, stop - to)
    return stop


@kernel
def _keep_passing(
    data: Bytes, starts: Offsets, ends: Offsets, limits: StrictLimits, failed: Offsets, mask: Bytes
) -> Bytes:
    """Return the packed records that pass, masked; a secondary or supplementary one must pass itself."""
    out = np.empty(len(data) + 4 * len(starts), np.uint8)
    at = 0
    for i in range(len(starts)):
        value = name_hash(data, starts[i])
        found = np.searchsorted(failed, value)
        if found < len(failed) and failed[found] == value:
            continue
        if judge(data, starts[i], ends[i], limits, mask) == KEEP:
            masked = mask[: l_seq(data, starts[i])].sum()
            at = _copy_masked(data, starts[i], ends[i], mask, masked, out, at)
    return out[:at].copy()


def write_strict(*, bam: Path, out: Path, settings: StrictSettings, threads: int) -> None:
    """Write the molecules that pass the strict filter, failing bases masked to N.

    Args:
        bam: aligned consensus BAM in any order; it is read twice.
        out: BAM in the same order. NM, MD and UQ of masked reads are dropped: `samtools calmd` restores them.
        settings: thresholds.
        threads: threads to inflate and deflate.

    Raises:
        DataError: a record without consensus tags, or a damaged file.
    """
    header, limits = read_header(bam), strict_limits(settings)
    failed = np.unique(np.concatenate([np.empty(0, np.int64), *_collect(bam, limits, threads)]))
    with atomic_output(out) as (partial,), BamWriter(partial, header, threads=threads) as writer:
        for batch in iterate_batches(bam, threads=threads):
            mask = np.zeros(_longest(batch.data, batch.starts), np.uint8)
            writer.write(_keep_passing(batch.data, batch.starts, batch.ends, limits, failed, mask))
    if header.to_dict().get("HD", {}).get("SO") == "coordinate":
        pysam.index(str(out))


def _collect(bam: Path, limits: StrictLimits, threads: int) -> list[Any]:
    found = []
    for batch in iterate_batches(bam, threads=threads):
        mask, hashes = (
            np.zeros(_longest(batch.data, batch.starts), np.uint8),
            np.empty(len(batch.starts), np.int64),
        )
        count, untagged = _failing(batch.data, batch.starts, batch.ends, limits, mask, hashes)
        if untagged >= 0:
            raise DataError(bam, "a read has no consensus tags (cD, cE)", "give a BAM of consensus reads")
        found.append(hashes[:count].copy())
    return found


@kernel
def _longest(data: Bytes, starts: Offsets) -> int:
    longest = int64(1)
    for i in range(len(starts)):
        longest = max(longest, l_seq(data, starts[i]))
    return longest
