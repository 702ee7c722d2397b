"""A slow, plain reading of fgbio's grouping and consensus, to hold the kernels against.

Works on pysam records with strings, dictionaries and probabilities; shares nothing with the package but the
name hash, which only breaks ties between indel patterns of equal support.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

import numpy as np
import pysam
from present_values import present

from alktrace.consensus.templates import name_hash

Template = Sequence[pysam.AlignedSegment | None]
"""Reads of one template; None for a mate that there is not."""


COMPLEMENT = str.maketrans("ACGTN", "TGCAN")
QUERY, REFERENCE = set("MIS=X"), set("MDN=X")
LETTERS = "MIDNSHP=X"


# --- the likelihood model ------------------------------------------------------------------


def probability(quality: int) -> float:
    return 10 ** (-quality / 10)


def two_trials(x: float, y: float) -> float:
    x, y = max(x, y), min(x, y)
    if y == 0 or math.log(x / y) >= 6:
        return x
    return x + y - 4 / 3 * x * y


def phred(p: float) -> int:
    if p < probability(93):
        return 93
    return max(2, math.floor(-10 * math.log10(p) + 0.001))


def call_column(observed: list[tuple[str, int]], pre: int = 45, post: int = 40) -> tuple[str, int, int, int]:
    """Return base, quality, depth and errors of one column of (base, quality) without Ns."""
    if not observed:
        return "N", 0, 0, 0
    errors = {q: two_trials(probability(post), probability(q)) for _, q in observed}
    likelihood = {
        base: math.fsum(math.log1p(-errors[q]) if b == base else math.log(errors[q] / 3) for b, q in observed)
        for base in "ACGT"
    }
    top = max(likelihood.values())
    best = [base for base in "ACGT" if math.isclose(likelihood[base], top, rel_tol=0, abs_tol=1e-8)]
    if len(best) > 1:
        return "N", 2, len(observed), len(observed)
    others = math.fsum(math.exp(value - top) for base, value in likelihood.items() if base != best[0])
    quality = phred(two_trials(probability(pre), others / (1 + others)))
    return best[0], quality, len(observed), sum(base != best[0] for base, _ in observed)


def strand_consensus(
    reads: list[tuple[str, list[int]]], pre: int = 45, post: int = 40
) -> tuple[str, list[int], list[int], list[int]] | None:
    """Return (bases, quals, depths, errors) of reads given as (bases, quals); None without reads."""
    if not reads:
        return None
    length = max(len(bases) for bases, _ in reads)
    columns = []
    for i in range(length):
        if len(reads) == 1:
            base, quality = reads[0][0][i], reads[0][1][i]
            single = phred(two_trials(probability(quality), probability(min(pre, post))))
            columns.append((base, single, int(base != "N"), 0))
        else:
            observed = [(b[i], q[i]) for b, q in reads if i < len(b) and b[i] != "N"]
            columns.append(call_column(observed, pre, post))
    bases, quals, depths, errors = zip(*columns, strict=True)
    return "".join(bases), list(quals), list(depths), list(errors)


def join_bases(a: str, qa: int, b: str, qb: int) -> tuple[str, int, str]:
    if a == b:
        raw, q = a, qa + qb
    elif qa != qb:
        raw, q = (a, qa - qb) if qa > qb else (b, qb - qa)
    else:
        raw, q = a, 2
    q = min(93, max(2, q))
    return ("N", 2, raw) if "N" in (a, b) or q == 2 else (raw, q, raw)


# --- source reads --------------------------------------------------------------------------


def forward_query(segment: pysam.AlignedSegment, index: int) -> int:
    return len(present(segment.query_sequence)) - 1 - index if segment.is_reverse else index


def oriented(segment: pysam.AlignedSegment) -> tuple[list[str], list[int]]:
    """Return bases and qualities in sequencing order, as lists."""
    bases, quals = present(segment.query_sequence), list(present(segment.query_qualities))
    if segment.is_reverse:
        return list(bases.translate(COMPLEMENT)[::-1]), quals[::-1]
    return list(bases), quals


def reconcile(
    one: pysam.AlignedSegment, two: pysam.AlignedSegment, reads: list[tuple[list[str], list[int]]]
) -> None:
    """Reconcile overlapping aligned bases of mates in place."""
    at_two = {r: q for q, r in two.get_aligned_pairs(matches_only=True)}
    for q_one, ref in one.get_aligned_pairs(matches_only=True):
        if ref not in at_two:
            continue
        i, j = forward_query(one, q_one), forward_query(two, at_two[ref])
        a, b = reads[0][0][i], reads[1][0][j]
        if "N" in (a, b):
            continue
        flip = one.is_reverse != two.is_reverse
        base, quality, _ = join_bases(
            a, reads[0][1][i], b.translate(COMPLEMENT) if flip else b, reads[1][1][j]
        )
        reads[0][0][i], reads[1][0][j] = base, base.translate(COMPLEMENT) if flip else base
        reads[0][1][i] = reads[1][1][j] = quality


def bases_after(segment: pysam.AlignedSegment, ref: int) -> int:
    count, last = 0, None
    for q, r in segment.get_aligned_pairs():
        if (r is not None and r > ref) or (r is None and last is not None and last >= ref):
            break
        last = r if r is not None else last
        count += q is not None
    return len(present(segment.query_sequence)) - count


def bases_before(segment: pysam.AlignedSegment, ref: int) -> int:
    count = 0
    for q, r in segment.get_aligned_pairs():
        if r is not None and r >= ref:
            break
        count += q is not None
    return count


def is_facing(one: pysam.AlignedSegment, two: pysam.AlignedSegment) -> bool:
    if one.is_unmapped or two.is_unmapped or one.reference_id != two.reference_id:
        return False
    if one.is_reverse == two.is_reverse:
        return False
    forward, reverse = (two, one) if one.is_reverse else (one, two)
    return forward.reference_start + 1 < present(reverse.reference_end)


def clip(segment: pysam.AlignedSegment, left: bool) -> int:
    items = [item for item in present(segment.cigartuples) if item[0] != 5]
    code, length = items[0 if left else -1]
    return length if code == 4 else 0


def bases_past_mate(segment: pysam.AlignedSegment, mate: pysam.AlignedSegment) -> int:
    first = max(segment.reference_start, mate.reference_start)
    last = min(present(segment.reference_end), present(mate.reference_end)) - 1
    if first <= last:
        if segment.is_reverse:
            return max(0, bases_before(segment, first) - bases_before(mate, first))
        return max(0, bases_after(segment, last) - bases_after(mate, last))
    if not segment.is_reverse and present(segment.reference_end) <= mate.reference_start:
        reach = present(mate.reference_end) + clip(mate, left=False) - present(segment.reference_end)
        return max(0, clip(segment, left=False) - reach)
    if segment.is_reverse and segment.reference_start >= present(mate.reference_end):
        reach = segment.reference_start - (mate.reference_start - clip(mate, left=True))
        return max(0, clip(segment, left=True) - reach)
    return 0


def pattern(segment: pysam.AlignedSegment, kept: int) -> list[tuple[str, int]]:
    """Return the indel pattern as a list of (operation, length)."""
    units = [LETTERS[code] for code, length in segment.cigartuples or [] for _ in range(length) if code != 5]
    units = units[::-1] if segment.is_reverse else units
    cut, at, taken = kept < len(present(segment.query_sequence)), 0, []
    for unit in units:
        if cut and at >= kept:
            break
        at += unit in QUERY
        taken.append("M" if unit in "S=X" else unit)
    return [(unit, len(list(run))) for unit, run in groupby(taken)]


def is_prefix(one: list[tuple[str, int]], two: list[tuple[str, int]]) -> bool:
    if len(one) > len(two):
        return False
    pairs = list(zip(one, two, strict=False))
    same = all(a == b for a, b in pairs[:-1])
    return same and all(a[0] == b[0] and a[1] <= b[1] for a, b in pairs[-1:])


def common_pattern(reads: list[tuple[pysam.AlignedSegment, str, list[int]]]) -> list[int]:
    """Return the indices of the reads to keep; reads are (segment, bases, quals)."""
    order = sorted((i for i, read in enumerate(reads) if read[1]), key=lambda i: -len(reads[i][1]))
    groups: list[Any] = []
    for i in order:
        mine = pattern(reads[i][0], len(reads[i][1]))
        joined = [group for group in groups if is_prefix(mine, group[0])]
        for group in joined:
            group[1].append(i)
        if not joined:
            groups.append((mine, [i]))
    return max((sorted(indices) for _, indices in groups), key=len, default=[])


def source_reads(
    template: tuple[pysam.AlignedSegment, pysam.AlignedSegment], min_quality: int
) -> list[tuple[pysam.AlignedSegment, str, list[int]]]:
    """Return the two source reads of a template (R1, R2) as (segment, bases, quals)."""
    segments = [segment for segment in template if segment is not None]
    reads = [oriented(segment) for segment in segments]
    keep = [len(bases) for bases, _ in reads]
    if len(segments) == 2 and not any(s.is_unmapped for s in segments):
        one, two = segments
        if one.reference_id == two.reference_id:
            reconcile(one, two, reads)
        if is_facing(one, two):
            keep = [keep[0] - bases_past_mate(one, two), keep[1] - bases_past_mate(two, one)]
    result = []
    for segment, (bases, quals), length in zip(segments, reads, keep, strict=True):
        low = [q < min_quality for q in quals]
        masked = "".join("N" if mask else base for mask, base in zip(low, bases, strict=True))
        kept = masked[: max(0, length)].rstrip("N")
        result.append(
            (segment, kept, [2 if mask else q for mask, q in zip(low, quals, strict=True)][: len(kept)])
        )
    return result


# --- grouping ------------------------------------------------------------------------------


def five_prime(segment: pysam.AlignedSegment) -> tuple[int, int, int] | None:
    """Return (sequence, unclipped 5' position, is reverse), or None if unmapped."""
    if segment.is_unmapped:
        return None
    if segment.is_reverse:
        return segment.reference_id, present(segment.reference_end) - 1 + clip(segment, left=False), 1
    return segment.reference_id, segment.reference_start - clip(segment, left=True), 0


def hamming(a: str, b: str) -> int:
    return sum(x != y for x, y in zip(a, b, strict=True))


def adjacency(counts: dict[str, int], edits: int) -> dict[str, str]:
    """Return the root of each UMI; counts is a dictionary."""
    root: dict[str, str] = {}
    for start in sorted(counts, key=lambda umi: (-counts[umi], umi)):
        if start in root:
            continue
        root[start], queue = start, [start]
        while queue:
            parent = queue.pop(0)
            for umi, count in counts.items():
                near = len(umi) == len(parent) and hamming(umi, parent) <= edits
                if umi not in root and near and count <= counts[parent] // 2 + 1:
                    root[umi] = start
                    queue.append(umi)
    return root


def hash_of(name: str) -> int:
    record = np.zeros(36 + len(name), np.uint8)
    record[8] = len(name) + 1
    record[32 : 32 + len(name)] = np.frombuffer(name.encode(), np.uint8)
    return int(name_hash(record, 0))


def families(templates: Iterable[Template], *, duplex: bool, with_umi: bool, edits: int) -> list[list[Any]]:
    """Part templates (R1, R2 or None) into molecules: lists of (strand, umi, R1, R2)."""
    places: dict[Any, list[Any]] = defaultdict(list)
    one: Any
    two: Any
    for one, two in templates:
        ends = [five_prime(one), five_prime(two) if two is not None else None]
        lower = ends[1] is None or (ends[0] is not None and ends[0] < ends[1])
        if ends[0] == ends[1]:
            lower = not one.is_reverse
        umi = one.get_tag("RX").upper() if with_umi else ""
        if duplex and not lower:
            umi = "-".join(umi.split("-")[::-1])
        strand = int(not lower)
        first, second = one, two
        if not with_umi and not lower:
            first, second, strand = two, one, 0
        side = 0 if duplex or not with_umi else strand
        library = first.get_tag("RG")
        key = (
            library,
            min(map(str, ends)),
            max(map(str, ends)),
            side,
            second is None,
            tuple(map(len, umi.split("-"))),
        )
        places[key].append((strand, umi, first, second))
    molecules: dict[Any, list[Any]] = defaultdict(list)
    for key, members in places.items():
        roots = adjacency(Counter(member[1] for member in members), edits)
        for member in sorted(members, key=lambda m: (m[1], hash_of(m[2].query_name))):
            molecules[key, roots[member[1]]].append(member)
    return list(molecules.values())


def umi_consensus(umis: list[str]) -> str:
    text = ""
    for column in zip(*umis, strict=True):
        (base, count), *others = Counter(column).most_common(2)
        text += "N" if others and others[0][1] == count else base
    return text


# --- molecules -----------------------------------------------------------------------------


def rate(errors: list[int], depths: list[int]) -> float:
    return float(np.float32(sum(errors)) / np.float32(sum(depths)))


def depth_tags(letter: str, depths: list[int], errors: list[int]) -> dict[str, float]:
    return {letter + "D": max(depths), letter + "M": min(depths), letter + "E": rate(errors, depths)}


def strand_tags(
    letter: str, strand: tuple[str, list[int], list[int], list[int]], length: int
) -> dict[str, Any]:
    bases, quals, depths, errors = strand[0][:length], *(part[:length] for part in strand[1:])
    text = "".join(chr(q + 33) for q in quals)
    return depth_tags(letter, depths, errors) | {
        letter + "d": depths,
        letter + "e": errors,
        letter + "c": bases,
        letter + "q": text,
    }


def call_simplex(
    members: list[Any], min_quality: int, rates: tuple[int, int]
) -> list[tuple[str, list[int], dict[str, float | list[int]]]]:
    ends = list(zip(*(source_reads((m[2], m[3]), min_quality) for m in members), strict=True))
    records = []
    for reads in ends:
        keep = common_pattern(list(reads))
        called = strand_consensus([reads[i][1:] for i in keep], *rates)
        if called is None:
            return []
        bases, quals, depths, errors = called
        records.append((bases, quals, depth_tags("c", depths, errors) | {"cd": depths, "ce": errors}))
    return records


def call_duplex(
    members: list[Any], min_quality: int, rates: tuple[int, int]
) -> list[tuple[str, list[int], dict[str, Any]]]:
    strands = {member[0] for member in members}
    turned = []
    for strand, _, one, two in sorted(members, key=lambda m: 0):
        first, second = source_reads((one, two), min_quality)
        turned.append((strand, second, first) if len(strands) == 2 and strand else (strand, first, second))
    if any(len({member[end][0].is_reverse for member in turned}) > 1 for end in (1, 2)):
        return []
    records = []
    for end in (1, 2):
        record = duplex_end(
            [(member[0] if len(strands) == 2 else 0, member[end]) for member in turned], rates
        )
        if record is None:
            return []
        records.append(record)
    return records


def duplex_end(
    reads: list[tuple[int, tuple[pysam.AlignedSegment, str, Any]]], rates: tuple[int, int]
) -> tuple[str, list[int], dict[str, Any]] | None:
    keep = [reads[i] for i in common_pattern([read for _, read in reads])]
    called = [strand_consensus([read[1:] for strand, read in keep if strand == s], *rates) for s in (0, 1)]
    length = min((len(strand[0]) for strand in called if strand), default=0)
    strands: list[Any] = [strand if strand and any(strand[2][:length]) else None for strand in called]
    if not any(strands):
        return None
    if not all(strands):
        only = strands[0] or strands[1]
        zero = {"bD": 0, "bM": 0, "bE": 0.0}
        return *only[:2], depth_tags("c", only[2], only[3]) | strand_tags("a", only, len(only[0])) | zero
    a, b = strands
    calls = [join_bases(a[0][i], a[1][i], b[0][i], b[1][i]) for i in range(length)]
    errors = [
        sum(i < len(r[1]) and "N" not in (r[1][i], calls[i][2]) and r[1][i] != calls[i][2] for _, r in keep)
        for i in range(length)
    ]
    depths = [a[2][i] + b[2][i] for i in range(length)]
    tags = depth_tags("c", depths, errors) | strand_tags("a", a, length) | strand_tags("b", b, length)
    return "".join(call[0] for call in calls), [call[1] for call in calls], tags


def consensus(
    templates: Iterable[Template],
    *,
    duplex: bool,
    with_umi: bool,
    edits: int,
    min_quality: int,
    rates: tuple[int, int] = (45, 40),
) -> list[tuple[int, str, list[int], dict[str, Any]]]:
    """Return the consensus records of templates as sorted (flag, bases, quals, tags), without numbers."""
    records = []
    for members in families(templates, duplex=duplex, with_umi=with_umi, edits=edits):
        call = call_duplex if duplex else call_simplex
        called = call(members, min_quality, rates)
        flags = [4] if len(called) == 1 else [77, 141]
        umi = umi_consensus([member[1] for member in members])
        if duplex and all(member[0] for member in members):
            umi = "-".join(umi.split("-")[::-1])
        for flag, (bases, quals, tags) in zip(flags, called, strict=False):
            records.append((flag, bases, list(quals), tags | ({"RX": umi} if with_umi else {})))
    return sorted(records, key=repr)
