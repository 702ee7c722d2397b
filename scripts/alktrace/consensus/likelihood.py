"""The likelihood model: from the bases of one cycle to a consensus base and its quality.

The model is that of fgbio's ConsensusCaller (its three phases of error, its rounding and its approximation
for very unequal error rates), so that qualities are equal. Log-likelihoods are sums of fixed-point whole
numbers: the sum does not depend on the order of reads and equal evidence is exactly a tie.

Bases are 0 to 3 for A, C, G, T and 4 for N; arrays of a read run in the order of sequencing cycles.
"""

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from ..io.kernels import kernel, lean_kernel
from ..io.records import Bytes, Offsets, int64

NO_CALL = 4
MIN_QUALITY = 2
MAX_QUALITY = 93
MAX_DEPTH = 32767
QUALITIES = 128
LN_10 = float(np.log(10.0))
# From this difference of log probabilities on, the smaller error rate is neglected (fgbio does so).
DOMINANCE = 6.0
ROUNDING = 0.001
FRACTION_BITS = 32
ONE = float(1 << FRACTION_BITS)
BUCKET_BITS = 23
BUCKETS = 1 << 14
# A consensus of at least this many reads is taken as the truth when raw errors are counted.
ERROR_DEPTH = 3

Shorts = Any


class ErrorModel(NamedTuple):
    """Tables of the model.

    Attributes:
        weights: int64[128], by base quality: what a base adds to the log-likelihood of itself over another.
        single: uint8[128], quality of a consensus of one read.
        agreed: int16[BUCKETS], quality where all reads agree, by summed weight; -1 where it must be computed.
        ln_pre: log of the error rate before UMIs were attached.
    """

    weights: Offsets
    single: Bytes
    agreed: Any
    ln_pre: float


@lean_kernel
def two_trials(one: float, two: float) -> float:
    """Return the log probability that two independent error processes leave an error.

    X + Y - 4/3 XY for log probabilities: the second error restores the base in one case of three.
    """
    if one < two:
        one, two = two, one
    if one - two >= DOMINANCE:
        return one
    either = one + np.log1p(np.exp(two - one))
    both = np.log(4.0 / 3.0) + one + two
    return float(either + np.log(-np.expm1(both - either)))


@lean_kernel
def phred(ln_p: float) -> int:
    """Return the quality of a log probability of error, between 2 and 93, rounded as fgbio does."""
    if ln_p < -MAX_QUALITY * LN_10 / 10:
        return MAX_QUALITY
    return max(MIN_QUALITY, min(MAX_QUALITY, int64(np.floor(-10.0 * ln_p / LN_10 + ROUNDING))))


@lean_kernel
def quality(others: float, ln_pre: float) -> int:
    """Return the consensus quality from the summed likelihoods of the other bases relative to the best."""
    error = np.log(others) - np.log1p(others) if others > 0.0 else -np.inf
    return phred(two_trials(ln_pre, error))


@lru_cache(maxsize=4)
def error_model(error_rate_pre_umi: float, error_rate_post_umi: float) -> ErrorModel:
    """Tabulate the model, once for all samples of a warm process: its tables are read, never written.

    Args:
        error_rate_pre_umi: phred error rate before UMIs were attached.
        error_rate_post_umi: phred error rate after UMIs were attached.
    """
    pre, post = -error_rate_pre_umi * LN_10 / 10, -error_rate_post_umi * LN_10 / 10
    weights, single = np.zeros(QUALITIES, np.int64), np.zeros(QUALITIES, np.uint8)
    for value in range(QUALITIES):
        raw = -value * LN_10 / 10
        # Quality 0 is an error for sure: log(1 - 1) would be infinite.
        error = min(two_trials(post, raw), -1e-12)
        weights[value] = round((np.log(-np.expm1(error)) - (error - np.log(3.0))) * ONE)
        single[value] = phred(two_trials(raw, max(pre, post)))
    agreed = np.full(BUCKETS, -1, np.int16)
    edges = [
        quality(3.0 * np.exp(-i * 2.0 ** (BUCKET_BITS - FRACTION_BITS)), pre) for i in range(BUCKETS + 1)
    ]
    for i in range(BUCKETS):
        # Near a change of branch of `two_trials` the quality is not monotone: computed there, not looked up.
        error = -(i + 0.5) * 2.0 ** (BUCKET_BITS - FRACTION_BITS) + np.log(3.0)
        if edges[i] == edges[i + 1] and abs(abs(error - pre) - DOMINANCE) > 0.1:
            agreed[i] = edges[i]
    return ErrorModel(weights, single, agreed, pre)


@lean_kernel
def agreed_quality(weight: int, model: ErrorModel) -> int:
    """Return the quality of a base that all reads agree on, from its summed weight."""
    looked_up = int64(model.agreed[min(max(weight >> BUCKET_BITS, 0), BUCKETS - 1)])
    return looked_up if looked_up >= 0 else quality(3.0 * np.exp(-weight / ONE), model.ln_pre)


@lean_kernel
def call_column(evidence: Offsets, at: int, model: ErrorModel) -> tuple[int, int]:
    """Call one cycle.

    Args:
        evidence: int64, summed weights of A, C, G, T from `at` on.
        at: where the cycle starts.
        model: the error model.

    Returns:
        Base and quality; N with quality 2 if the best is not unique.
    """
    best = 0
    for base in range(1, 4):
        if evidence[at + base] > evidence[at + best]:
            best = base
    top, ties, zeros, others = evidence[at + best], 0, 0, 0.0
    for base in range(4):
        ties += evidence[at + base] == top
        zeros += evidence[at + base] == 0
    # Exactly equal sums, which whole numbers make possible: a tie is N, never the first letter.
    if ties > 1:
        return NO_CALL, MIN_QUALITY
    if zeros == 3:
        return best, agreed_quality(top, model)
    for base in range(4):
        others += np.exp((evidence[at + base] - top) / ONE) if base != best else 0.0
    return best, quality(others, model.ln_pre)


class Sums(NamedTuple):
    """Scratch of `strand_consensus`, one entry per cycle.

    Attributes:
        base: uint8, base of the first read that has one.
        mixed: uint8, is there a read with another base.
        depth: int32, reads with that base.
        weight: int64, their summed weights.
        evidence: int64[4], weights per base of one mixed cycle.
        seen: int64[4], reads per base of one mixed cycle.
    """

    base: Bytes
    mixed: Bytes
    depth: Any
    weight: Offsets
    evidence: Offsets
    seen: Offsets


@kernel
def new_sums(width: int) -> Sums:
    """Return scratch for reads of at most `width` bases."""
    return Sums(
        np.empty(width, np.uint8),
        np.empty(width, np.uint8),
        np.empty(width, np.int32),
        np.empty(width, np.int64),
        np.empty(4, np.int64),
        np.empty(4, np.int64),
    )


@lean_kernel
def _collect(
    bases: Bytes,
    quals: Bytes,
    lengths: Offsets,
    rows: Offsets,
    n: int,
    length: int,
    model: ErrorModel,
    sums: Sums,
) -> None:
    """Sum up every cycle as if all reads agreed; note where they do not."""
    sums.base[:length] = NO_CALL
    sums.mixed[:length] = 0
    sums.depth[:length] = 0
    sums.weight[:length] = 0
    for k in range(n):
        read, read_quals = bases[rows[k]], quals[rows[k]]
        for i in range(lengths[rows[k]]):
            # Without branches: masked bases come at random, and every wrong guess costs as much as ten bases.
            base, first = read[i], sums.base[i]
            first = base if first == NO_CALL else first
            agrees = (base != NO_CALL) & (base == first)
            sums.base[i] = first
            sums.mixed[i] |= (base != NO_CALL) & (base != first)
            sums.depth[i] += agrees
            sums.weight[i] += model.weights[read_quals[i]] if agrees else 0


@lean_kernel
def _mixed_column(
    bases: Bytes,
    quals: Bytes,
    lengths: Offsets,
    rows: Offsets,
    n: int,
    i: int,
    model: ErrorModel,
    sums: Sums,
    raw_errors: Offsets,
) -> tuple[int, int, int, int]:
    """Call a cycle at which reads differ; return base, quality, depth and errors."""
    evidence, seen, depth = sums.evidence, sums.seen, 0
    evidence[:], seen[:] = 0, 0
    for k in range(n):
        row = rows[k]
        if i < lengths[row] and bases[row, i] != NO_CALL:
            evidence[bases[row, i]] += model.weights[quals[row, i]]
            seen[bases[row, i]] += 1
            depth += 1
    base, qual = call_column(evidence, 0, model)
    if base == NO_CALL:
        return base, qual, depth, depth
    if depth >= ERROR_DEPTH:
        for other in range(4):
            raw_errors[base * 4 + other] += seen[other]
    return base, qual, depth, depth - seen[base]


@lean_kernel
def strand_consensus(
    bases: Bytes,
    quals: Bytes,
    lengths: Offsets,
    rows: Offsets,
    n: int,
    model: ErrorModel,
    sums: Sums,
    out_bases: Bytes,
    out_quals: Bytes,
    out_depths: Shorts,
    out_errors: Shorts,
    raw_errors: Offsets,
) -> int:
    """Call the consensus of reads of one strand, at least one read per base.

    Args:
        bases: uint8[n_rows, width], masked and trimmed bases.
        quals: uint8[n_rows, width], their qualities.
        lengths: int64[n_rows], bases of each row.
        rows: int64, the rows to use.
        n: how many of `rows`; at least one.
        model: the error model.
        sums: scratch.
        out_bases: uint8[width], filled in.
        out_quals: uint8[width], filled in.
        out_depths: int16[width], reads with a base, capped at 32,767.
        out_errors: int16[width], of these, other than the consensus, capped alike.
        raw_errors: int64[16], added to: consensus base * 4 + base read, from three reads on.

    Returns:
        Length of the consensus: that of the longest read.
    """
    length = 0
    for k in range(n):
        length = max(length, lengths[rows[k]])
    if n == 1:
        row = rows[0]
        for i in range(length):
            out_bases[i] = bases[row, i]
            # A single read keeps its base, N too, but its quality is capped by both error rates.
            out_quals[i] = model.single[quals[row, i]]
            out_depths[i] = 0 if bases[row, i] == NO_CALL else 1
            out_errors[i] = 0
        return length
    _collect(bases, quals, lengths, rows, n, length, model, sums)
    for i in range(length):
        if sums.mixed[i]:
            base, qual, depth, errors = _mixed_column(
                bases, quals, lengths, rows, n, i, model, sums, raw_errors
            )
        elif sums.depth[i] == 0:
            base, qual, depth, errors = NO_CALL, 0, 0, 0
        else:
            base, depth, errors = int64(sums.base[i]), int64(sums.depth[i]), 0
            qual = agreed_quality(sums.weight[i], model)
            if depth >= ERROR_DEPTH:
                raw_errors[base * 5] += depth
        out_bases[i], out_quals[i] = base, qual
        # int16 in the tag: 32,768 would be written as -32,768.
        out_depths[i], out_errors[i] = min(depth, MAX_DEPTH), min(errors, MAX_DEPTH)
    return length


@lean_kernel
def join_strands(base_a: int, qual_a: int, base_b: int, qual_b: int) -> tuple[int, int, int]:
    """Call one duplex base.

    Args:
        base_a: base of strand A.
        qual_a: its quality.
        base_b: base of strand B, in the orientation of strand A.
        qual_b: its quality.

    Returns:
        Base and quality, N with quality 2 where the strands leave no doubt-free base; and the base before
        that masking, against which errors are counted.
    """
    if base_a == base_b:
        raw, qual = base_a, qual_a + qual_b
    elif qual_a > qual_b:
        raw, qual = base_a, qual_a - qual_b
    elif qual_b > qual_a:
        raw, qual = base_b, qual_b - qual_a
    else:
        raw, qual = base_a, MIN_QUALITY
    qual = max(MIN_QUALITY, min(MAX_QUALITY, qual))
    # A strand without a base is no agreement: one strand alone makes no duplex base.
    if NO_CALL in (base_a, base_b) or qual == MIN_QUALITY:
        return NO_CALL, MIN_QUALITY, raw
    return raw, qual, raw
