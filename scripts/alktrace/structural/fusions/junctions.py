"""From signs to candidate junctions: clustering to the base, and clips placed at the partner of a pair."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ...reference.gene_models import reverse_complement
from ...reference.genome import Sequences
from .breakpoints import Breakend, Junction, Side, borders_unknown, normalise
from .scan import ReadPair, Regions, Signs, side_of

Family = tuple[str, str, str, str]

CLUSTER_WINDOW = 10
MAX_INSERTED = 30
MISMATCH_PENALTY = 3
CLIPS_TRIED = 40


@dataclass(frozen=True)
class Candidate:
    """A junction worth counting.

    Attributes:
        junction: in normal form; of an imprecise one, the innermost positions that the reads reach.
        homology: length of the micro-homology.
        precise: False where only pairs show it and no clip could be placed.
        names: molecules that brought it up.
    """

    junction: Junction
    homology: int
    precise: bool
    names: frozenset[str]


def find_candidates(
    signs: Signs, sequences: Sequences, *, regions: Regions, min_anchor: int, min_mapq: int, max_insert: int
) -> list[Candidate]:
    """Return the candidate junctions, best supported first.

    Args:
        signs: what the pass over the reads found.
        sequences: the genome.
        regions: the fusion genes.
        min_anchor: aligned bases that both parts of a split read need.
        min_mapq: mapping quality that a split read (both parts) or a read of a pair needs.
        max_insert: longest ordinary fragment; junctions within one chromosome must span more.
    """
    junctions: dict[Junction, set[str]] = {}
    for name, splits in signs.splits.items():
        for split in splits:
            if split.anchor < min_anchor or split.mapq < min_mapq or is_local(split.junction, max_insert):
                continue
            junction, homology = normalise(split.junction, sequences)
            if not borders_unknown(junction, homology, sequences):
                junctions.setdefault(junction, set()).add(name)
    found = _merge(junctions, sequences)
    pairs = [p for p in signs.pairs if p.mapq >= min_mapq and regions.hit(p.chrom, p.start, p.end)]
    families: dict[Family, list[Junction]] = {}
    for candidate in found:
        families.setdefault(_family(candidate.junction), []).append(candidate.junction)
    unexplained = [
        p for p in pairs if not any(explains(j, p, max_insert) for j in families.get(_pair_family(p), []))
    ]
    for cluster in cluster_pairs(unexplained, max_insert):
        candidate = _resolve(cluster, signs, sequences, max_insert)
        if not any(_close(candidate.junction, other.junction) for other in found):
            found.append(candidate)
    return sorted(found, key=lambda c: (-len(c.names), c.junction))


def is_local(junction: Junction, max_insert: int) -> bool:
    """Say whether both breakends lie within one ordinary fragment: an indel, not a rearrangement."""
    first, second = junction.first, junction.second
    return first.chrom == second.chrom and abs(first.pos - second.pos) <= max_insert


def explains(junction: Junction, pair: ReadPair, max_insert: int) -> bool:
    """Say whether a pair can come from a fragment over the junction."""
    for near, far in ((junction.first, junction.second), (junction.second, junction.first)):
        if (pair.chrom, pair.mate_chrom) != (near.chrom, far.chrom):
            continue
        if (side_of(pair.reverse), side_of(pair.mate_reverse)) != (near.side, far.side):
            continue
        length = pair.end - pair.start
        here = _reach(near, pair.start, pair.end)
        there = _reach(far, pair.mate_start, pair.mate_start + length)
        beyond = pair.end - near.pos - 1 if near.side == "L" else near.pos - pair.start
        if beyond <= CLUSTER_WINDOW and here >= 0 and there >= 0 and here + there <= max_insert:
            return True
    return False


def cluster_pairs(pairs: Iterable[ReadPair], max_insert: int) -> list[list[ReadPair]]:
    """Group pairs that one junction could explain; single pairs are groups of one."""
    groups: dict[tuple[str, bool, str, bool], list[ReadPair]] = {}
    for pair in pairs:
        key = (pair.chrom, pair.reverse, pair.mate_chrom, pair.mate_reverse)
        groups.setdefault(key, []).append(pair)
    clusters: list[list[ReadPair]] = []
    for _, group in sorted(groups.items()):
        open_clusters: list[list[ReadPair]] = []
        for pair in sorted(group, key=lambda p: (p.start, p.mate_start, p.name)):
            home = next((c for c in open_clusters if _near(c[0], pair, max_insert)), None)
            if home is None:
                open_clusters.append([pair])
            else:
                home.append(pair)
        clusters += open_clusters
    return clusters


def place_clip(bases: str, window: str, min_score: int) -> tuple[int, int] | None:
    """Find where clipped bases belong, allowing untemplated bases in front of them.

    Ungapped: a match counts 1, a mismatch -3, and what stands before the best run is the insertion.

    Args:
        bases: clipped bases, read away from the breakend.
        window: sequence that may hold them, in the same direction.
        min_score: matches (less penalties) that a place needs; a second place must be worse by 3.

    Returns:
        Inserted bases and index in the window of the first base behind them; None if there is no one place.
    """
    length = len(bases)
    if len(window) < length or length < min_score:
        return None
    read = np.frombuffer(bases.encode(), dtype=np.uint8)
    text = np.frombuffer(window.encode(), dtype=np.uint8)
    diagonals = np.lib.stride_tricks.sliding_window_view(text, length)
    same = (diagonals == read) & (read != ord("N"))
    points = np.where(same, 1, -MISMATCH_PENALTY)
    # Score of each suffix of the clip on each diagonal: the alignment must run to the outer end.
    suffixes = points[:, ::-1].cumsum(axis=1)[:, ::-1][:, : MAX_INSERTED + 1]
    best_by_diagonal = suffixes.max(axis=1)
    diagonal = int(best_by_diagonal.argmax())
    best = int(best_by_diagonal[diagonal])
    rivals = int((best_by_diagonal > best - MISMATCH_PENALTY).sum())
    if best < min_score or rivals > 1:
        return None
    inserted = int(suffixes[diagonal].argmax())
    return inserted, diagonal + inserted


def _merge(junctions: dict[Junction, set[str]], sequences: Sequences) -> list[Candidate]:
    """Give the molecules of every junction to the best supported one nearby."""
    kept: dict[Family, list[tuple[Junction, set[str]]]] = {}
    for junction, names in sorted(junctions.items(), key=lambda item: (-len(item[1]), item[0])):
        family = kept.setdefault(_family(junction), [])
        home = next((members for other, members in family if _close(other, junction)), None)
        if home is None:
            family.append((junction, set(names)))
        else:
            home |= names
    return [
        Candidate(junction, normalise(junction, sequences)[1], True, frozenset(names))
        for family in kept.values()
        for junction, names in family
    ]


def _family(junction: Junction) -> Family:
    first, second = junction.first, junction.second
    return first.chrom, first.side, second.chrom, second.side


def _pair_family(pair: ReadPair) -> Family:
    """Return chromosomes and sides of the junction that a pair asks for, in the order of `canonical`."""
    here = Breakend(pair.chrom, pair.start, side_of(pair.reverse))
    there = Breakend(pair.mate_chrom, pair.mate_start, side_of(pair.mate_reverse))
    return _family(Junction(here, there).canonical())


def _close(a: Junction, b: Junction) -> bool:
    return all(
        x.chrom == y.chrom and x.side == y.side and abs(x.pos - y.pos) <= CLUSTER_WINDOW
        for x, y in ((a.first, b.first), (a.second, b.second))
    )


def _reach(breakend: Breakend, start: int, end: int) -> int:
    """Return how far the outer end of a read lies from the breakend; negative behind it."""
    return breakend.pos + 1 - start if breakend.side == "L" else end - breakend.pos


def _near(a: ReadPair, b: ReadPair, max_insert: int) -> bool:
    return abs(a.start - b.start) <= max_insert and abs(a.mate_start - b.mate_start) <= max_insert


def _resolve(cluster: Sequence[ReadPair], signs: Signs, sequences: Sequences, max_insert: int) -> Candidate:
    names = frozenset(pair.name for pair in cluster)
    near_side, far_side = side_of(cluster[0].reverse), side_of(cluster[0].mate_reverse)
    inner = _innermost(cluster[0].chrom, near_side, [(p.start, p.end) for p in cluster])
    spans = [(p.mate_start, p.mate_start + p.end - p.start) for p in cluster]
    far = _innermost(cluster[0].mate_chrom, far_side, spans)
    votes: Counter[Junction] = Counter()
    for breakend, bases in _clips_near(inner, signs, max_insert):
        placed = _place_at(breakend, bases, far, sequences, max_insert)
        if placed is None:
            continue
        junction, homology = normalise(placed, sequences)
        if not borders_unknown(junction, homology, sequences):
            votes[junction] += 1
    if not votes:
        return Candidate(Junction(inner, far).canonical(), 0, False, names)
    junction = min(votes, key=lambda j: (-votes[j], j))
    return Candidate(junction, normalise(junction, sequences)[1], True, names)


def _innermost(chrom: str, side: Side, spans: Sequence[tuple[int, int]]) -> Breakend:
    """Return the breakend right where the reads that point to it end."""
    pos = max(end for _, end in spans) - 1 if side == "L" else min(start for start, _ in spans)
    return Breakend(chrom, pos, side)


def _clips_near(inner: Breakend, signs: Signs, max_insert: int) -> list[tuple[Breakend, str]]:
    """Return the clips at the breakends with most of them, longest clips first."""
    back = CLUSTER_WINDOW
    low, high = (-back, max_insert) if inner.side == "L" else (-max_insert, back)
    ends = [
        end
        for end in signs.clips
        if (end.chrom, end.side) == (inner.chrom, inner.side) and low <= end.pos - inner.pos <= high
    ]
    ends.sort(key=lambda end: (-len(signs.clips[end]), end))
    clips = [(end, bases) for end in ends for bases in sorted(signs.clips[end], key=lambda b: (-len(b), b))]
    return clips[:CLIPS_TRIED]


def _place_at(
    breakend: Breakend, bases: str, far: Breakend, sequences: Sequences, max_insert: int
) -> Junction | None:
    """Place clipped bases in the stretch of the partner where the pairs say the junction must be."""
    if far.side == "L":
        start, end = far.pos - max_insert, far.pos + max_insert
        window = reverse_complement(sequences.fetch(far.chrom, max(0, start), end))
    else:
        start, end = far.pos - max_insert, far.pos + max_insert
        window = sequences.fetch(far.chrom, max(0, start), end)
    placed = place_clip(bases, window, min_score=12)
    if placed is None:
        return None
    inserted, index = placed
    pos = end - 1 - index if far.side == "L" else max(0, start) + index
    return Junction(breakend, Breakend(far.chrom, pos, far.side), bases[:inserted]).canonical()
