"""One consensus record as the caller sees it: does it vote, and what stands behind each of its bases.

Compiled functions over packed records (`umi.records`). Tags are those of fgbio: cD cE cd ce, and for duplex
aD bD ad bd ae be ac bc, in the order of SEQ. Without cD and aD, DRAGEN's XV and XW are taken (Illumina, "DNA
Alignment and Read Collapsing"), or gencore's FR and RR (pair.cpp: reads of the forward strand, and of the
reverse one in a duplex); a record without any of them is a molecule of its own. One with cD but without RX
is a molecule of reads at one place, without UMI.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...consensus.strict import (
    StrictLimits,
    depths_fail,
    duplex_base_fails,
    simplex_base_fails,
    strict_limits,
)
from ...inputs.settings.calling_settings import CallingSettings
from ...io.kernels import kernel
from ...io.records import (
    FLAG_MATE_UNMAPPED,
    FLAG_PAIRED,
    FLAG_REVERSE,
    Bytes,
    after_value,
    array_item,
    array_value,
    base,
    cigar_item,
    cigar_offset,
    flag,
    float_value,
    int_value,
    l_seq,
    mapq,
    mate_pos,
    mate_ref,
    n_cigar,
    position,
    qual_offset,
    ref_id,
    seq_offset,
    tags_offset,
    text_value,
)
from ..noise.molecule_classes import (
    DUPLEX_1,
    DUPLEX_2,
    SIMPLEX_1,
    SIMPLEX_2,
    SIMPLEX_3,
    SIMPLEX_6,
    SINGLE,
    SINGLE_2,
    TO_END,
)

Info = NDArray[np.int64]

# Fields of Info.
VOTES = 0
SEQ = 1
QUAL = 2
LENGTH = 3
MODE = 4
START = 5
END = 6
CLIP_LEFT = 7
CLIP_RIGHT = 8
REVERSE = 9
STRICT = 10
DEPTH, DEPTH_A, DEPTH_B = 11, 12, 13
ARRAY_D = 14  # offset and item type of cd, ad, bd
ARRAY_E = 20  # of ce, ae, be
TEXT = 26  # offset of ac and bc at TEXT + 1 and TEXT + 2
NM = 29
FRAGMENT_START, FRAGMENT_END = 30, 31  # filled by `layout`
FAMILY, FAMILY_DUPLEX = 32, 33  # XV and XW
SPLIT, SPLIT_LENGTH = 34, 35  # text of SA
UMI = 36  # 1 if strands could be told apart
FORWARD, BACKWARD = 37, 38  # FR and RR
INFO_SIZE = 39

MODE_SINGLE = 0
MODE_SIMPLEX = 1
MODE_DUPLEX = 2

CIGAR_M, CIGAR_I, CIGAR_D, CIGAR_N, CIGAR_S, CIGAR_EQ, CIGAR_X = 0, 1, 2, 3, 4, 7, 8

ABSENT = -1

MAX_LENGTH = 4096
"""Longer consensus reads do not vote."""
CODE_OF_NIBBLE = np.array([4, 0, 1, 4, 2, 4, 4, 4, 3, 4, 4, 4, 4, 4, 4, 4], np.uint8)


class Filters(NamedTuple):
    """The settings the kernels need, as plain numbers."""

    min_mapq: int
    min_base_quality: int
    end_distance: int
    end_zone: int
    max_mismatch_share: float
    strict: StrictLimits


def make_filters(settings: CallingSettings) -> Filters:
    """Return the numbers of the calling section for the kernels."""
    return Filters(
        settings.min_mapq,
        settings.min_base_quality,
        settings.end_distance,
        settings.end_zone,
        settings.max_mismatch_share,
        strict_limits(settings.strict),
    )


@kernel
def describe(data: Bytes, start: int, end: int, filters: Filters, info: Info) -> None:
    """Fill `info` (int64[INFO_SIZE]) for the record at `start`."""
    info[:] = ABSENT
    length = l_seq(data, start)
    info[SEQ], info[QUAL], info[LENGTH] = seq_offset(data, start), qual_offset(data, start), length
    info[REVERSE] = 1 if flag(data, start) & FLAG_REVERSE else 0
    inserted, deleted, indels = _measure(data, start, info)
    error = _scan_tags(data, start, end, info)
    no_calls = 0
    for i in range(length):
        if base(data, info[SEQ], i) == 15:
            no_calls += 1
    aligned = length - info[CLIP_LEFT] - info[CLIP_RIGHT]
    mismatches = max(0, info[NM] - inserted - deleted + indels - no_calls)
    informative = max(1, aligned - no_calls)
    info[VOTES] = (
        1
        if mapq(data, start) >= filters.min_mapq
        and 0 < length <= MAX_LENGTH
        and mismatches <= filters.max_mismatch_share * informative
        else 0
    )
    info[STRICT] = 1 if _strict_read(data, info, error, filters.strict) else 0


@kernel
def _measure(data: Bytes, start: int, info: Info) -> tuple[int, int, int]:
    """Fill in extent and clips; return inserted bases, deleted bases and the number of indels."""
    cigar, count = cigar_offset(data, start), n_cigar(data, start)
    at, left, right = position(data, start), 0, 0
    inserted, deleted, indels = 0, 0, 0
    aligned = False
    info[START] = at
    for i in range(count):
        size, code = cigar_item(data, cigar, i)
        if code == CIGAR_S:
            if aligned:
                right += size
            else:
                left += size
        elif code in (CIGAR_M, CIGAR_EQ, CIGAR_X):
            aligned = True
            at += size
        elif code == CIGAR_I:
            inserted += size
            indels += 1
        elif code == CIGAR_D:
            deleted += size
            indels += 1
            at += size
        elif code == CIGAR_N:
            at += size
    info[END], info[CLIP_LEFT], info[CLIP_RIGHT] = at, left, right
    return inserted, deleted, indels


@kernel
def _scan_tags(data: Bytes, start: int, end: int, info: Info) -> float:
    """Walk the tags once; return the highest error rate of read and strands (cE, aE, bE), 0 without."""
    at, error = tags_offset(data, start), 0.0
    while at + 3 <= end:
        after = after_value(data, at + 2, end)
        if after < 0:
            break
        first, second, kind = data[at], data[at + 1], at + 2
        if first in (ord("a"), ord("b"), ord("c")):
            strand = 0 if first == ord("c") else (1 if first == ord("a") else 2)
            if second == ord("E"):
                error = max(error, float_value(data, kind))
            else:
                _note_depth(data, kind, strand, second, info)
        else:
            _note_tag(data, kind, first << 8 | second, info)
        at = after
    if info[DEPTH] < 0 and info[DEPTH_A] < 0 and min(info[FAMILY], info[FAMILY_DUPLEX]) >= 0:
        _take_family(info)
    elif info[DEPTH] < 0 and info[DEPTH_A] < 0 and info[FORWARD] >= 0:
        _take_strands(info)
    if info[DEPTH_A] >= 0 or info[FAMILY] >= 0:
        info[UMI] = 1
    if info[DEPTH_A] >= 0:
        info[MODE] = MODE_DUPLEX
        info[DEPTH_B] = max(0, info[DEPTH_B])
    else:
        info[MODE] = MODE_SIMPLEX if info[DEPTH] >= 0 else MODE_SINGLE
    return error


@kernel
def _note_tag(data: Bytes, kind_at: int, name: int, info: Info) -> None:
    """Note a tag that is none of depth or errors; `name`: both letters."""
    if name == ord("N") << 8 | ord("M"):
        info[NM] = int_value(data, kind_at)
    elif name == ord("R") << 8 | ord("X"):
        info[UMI] = 1
    elif name == ord("S") << 8 | ord("A"):
        info[SPLIT], info[SPLIT_LENGTH] = text_value(data, kind_at)
    elif name == ord("X") << 8 | ord("V"):
        info[FAMILY] = int_value(data, kind_at)
    elif name == ord("X") << 8 | ord("W"):
        info[FAMILY_DUPLEX] = int_value(data, kind_at)
    elif name == ord("F") << 8 | ord("R"):
        info[FORWARD] = int_value(data, kind_at)
    elif name == ord("R") << 8 | ord("R"):
        info[BACKWARD] = int_value(data, kind_at)


@kernel
def _take_family(info: Info) -> None:
    """Take depths from XV and XW of a record without fgbio's tags.

    XV is the reads on one strand, XW those of the duplex family or 0. How XW splits between the strands is
    not documented: the weaker strand counts as one read.
    """
    reads = max(1, info[FAMILY])
    if info[FAMILY_DUPLEX] > 0:
        info[DEPTH_A], info[DEPTH_B] = reads, 1
        info[DEPTH] = reads + 1
    else:
        info[DEPTH] = reads


@kernel
def _take_strands(info: Info) -> None:
    """Take depths from FR and RR of a record without fgbio's and DRAGEN's tags.

    They hold one byte: of 256 reads 0 is left. A molecule has one read at least.
    """
    info[DEPTH] = max(1, info[FORWARD])
    if info[BACKWARD] >= 0:
        info[DEPTH_A], info[DEPTH_B] = info[DEPTH], max(1, info[BACKWARD])
        info[DEPTH] += info[DEPTH_B]


@kernel
def _note_depth(data: Bytes, kind_at: int, strand: int, second: int, info: Info) -> None:
    """Note a depth, error or base tag; strand 0: both (c*), 1: A (a*), 2: B (b*)."""
    length = info[LENGTH]
    if second == ord("D"):
        info[DEPTH + strand] = int_value(data, kind_at)
    elif second == ord("d"):
        _note_array(data, kind_at, length, info, ARRAY_D + 2 * strand)
    elif second == ord("e"):
        _note_array(data, kind_at, length, info, ARRAY_E + 2 * strand)
    elif second == ord("c") and strand > 0:
        first, count = text_value(data, kind_at)
        if count == length:
            info[TEXT + strand] = first


@kernel
def _note_array(data: Bytes, kind_at: int, length: int, info: Info, field: int) -> None:
    """Keep offset and item type of a per-base array of the right length."""
    kind, count, first = array_value(data, kind_at)
    if count == length:
        info[field], info[field + 1] = first, kind


@kernel
def _strict_read(data: Bytes, info: Info, error: float, limits: StrictLimits) -> bool:
    """Judge a read by depth and error rate, then by the share of its bases that are masked."""
    if info[MODE] == MODE_SINGLE or error > limits.max_read_error:
        return False
    total, duplex = max(info[DEPTH], 0), info[MODE] == MODE_DUPLEX
    if duplex:
        total = info[DEPTH_A] + info[DEPTH_B]
    if depths_fail(total, info[DEPTH_A], info[DEPTH_B], duplex, limits):
        return False
    masked = 0
    if _is_short(info):
        masked = _masked_short(data, info, limits)
    else:
        for i in range(info[LENGTH]):
            masked += base(data, info[SEQ], i) == 15 or not _strict_base(data, info, i, limits)
    return bool(masked <= limits.max_no_calls * info[LENGTH])


@kernel
def _item(data: Bytes, info: Info, field: int, i: int, otherwise: int) -> int:
    if info[field] < 0:
        return otherwise
    return array_item(data, info[field + 1], info[field], i)


@kernel
def depths_at(data: Bytes, info: Info, i: int) -> tuple[int, int, int]:
    """Return raw reads of base i in total, on strand A and on strand B."""
    if info[MODE] == MODE_DUPLEX:
        a = _item(data, info, ARRAY_D + 2, i, info[DEPTH_A])
        b = _item(data, info, ARRAY_D + 4, i, info[DEPTH_B]) if info[DEPTH_B] > 0 else 0
        return a + b, a, b
    total = _item(data, info, ARRAY_D, i, info[DEPTH])
    return total, total, 0


@kernel
def class_of(total: int, a: int, b: int, umi: bool) -> int:
    """Return the class, far from fragment ends, of raw reads in total, on strand A and on strand B."""
    if not umi:
        # Reads of one place, whatever strand they copy: damage of either strand passes for the molecule's.
        return SINGLE_2 if total >= 2 else SINGLE
    if a > 0 and b > 0:
        return DUPLEX_2 if min(a, b) >= 2 else DUPLEX_1
    if total >= 6:
        return SIMPLEX_6
    if total >= 3:
        return SIMPLEX_3
    return SIMPLEX_2 if total == 2 else SIMPLEX_1


@kernel
def class_at(data: Bytes, info: Info, i: int) -> int:
    """Return the molecule class behind base i, as if it were far from fragment ends."""
    if info[MODE] == MODE_SINGLE:
        return SINGLE
    total, a, b = depths_at(data, info, i)
    return class_of(total, a, b, info[UMI] == 1)


@kernel
def class_between(data: Bytes, info: Info, i: int, span: tuple[int, int], zone: int) -> int:
    """Return the molecule class behind base i for a stretch of the reference (0-based half-open)."""
    near = span[0] < info[FRAGMENT_START] + zone or span[1] > info[FRAGMENT_END] - zone
    return class_at(data, info, i) - (TO_END if near else 0)


@kernel
def strict_at(data: Bytes, info: Info, i: int, filters: Filters) -> bool:
    """Tell whether base i of a strict read passes the strict filter of bases."""
    return info[STRICT] == 1 and _strict_base(data, info, i, filters.strict)


@kernel
def _strict_base(data: Bytes, info: Info, i: int, limits: StrictLimits) -> bool:
    """Judge one base by quality, depth, error rate and agreement; the rule is that of `umi.strict`."""
    if data[info[QUAL] + i] < limits.min_quality:
        return False
    total, a, b = depths_at(data, info, i)
    if info[MODE] == MODE_SIMPLEX:
        return not simplex_base_fails(total, _item(data, info, ARRAY_E, i, 0), limits)
    errors_a, errors_b = _item(data, info, ARRAY_E + 2, i, 0), _item(data, info, ARRAY_E + 4, i, 0)
    if duplex_base_fails(a, b, errors_a, errors_b, limits):
        return False
    if limits.agreement and a > 0 and b > 0 and info[TEXT + 1] >= 0 and info[TEXT + 2] >= 0:
        return bool(data[info[TEXT + 1] + i] == data[info[TEXT + 2] + i])
    return True


@kernel
def mate_is_elsewhere(data: Bytes, start: int, reach: int) -> bool:
    """Tell whether the mate of a record lies on another sequence or starts farther off than `reach` bases."""
    flags = flag(data, start)
    if not flags & FLAG_PAIRED or flags & FLAG_MATE_UNMAPPED:
        return False
    if mate_ref(data, start) != ref_id(data, start):
        return True
    return abs(mate_pos(data, start) - position(data, start)) > reach


@kernel
def base_code(data: Bytes, info: Info, i: int, min_quality: int) -> int:
    """Return 0-3 for an informative A, C, G, T at query index i, else 4.

    A record without qualities (0xFF) is taken at its word.
    """
    if data[info[QUAL] + i] < min_quality:
        return 4
    return int(CODE_OF_NIBBLE[base(data, info[SEQ], i)])


@kernel
def _is_short(info: Info) -> bool:
    """Tell whether all per-base arrays of a read that are there have items of 16 bits, as fgbio writes."""
    for field in range(ARRAY_D, TEXT, 2):
        if info[field] >= 0 and info[field + 1] not in (ord("s"), ord("S")):
            return False
    return True


class Short(NamedTuple):
    """Where depths and errors of the bases of a read stand, in arrays of 16 bits; -1: there is no array.

    Attributes:
        depth_a, depth_b: raw reads, of every base without an array; of a simplex read all are A.
        at_a, at_b: first byte of the depths.
        wrong_a, wrong_b: first byte of the errors.
        text_a, text_b: first byte of the bases of either strand; -1 where they need not agree.
        duplex: whether the read has two strands.
    """

    depth_a: int
    depth_b: int
    at_a: int
    at_b: int
    wrong_a: int
    wrong_b: int
    text_a: int
    text_b: int
    duplex: bool


@kernel
def _short_arrays(info: Info, limits: StrictLimits) -> Short:
    if info[MODE] != MODE_DUPLEX:
        return Short(info[DEPTH], 0, info[ARRAY_D], -1, info[ARRAY_E], -1, -1, -1, False)
    at_b = info[ARRAY_D + 4] if info[DEPTH_B] > 0 else -1
    text_a, text_b = info[TEXT + 1], info[TEXT + 2]
    if not limits.agreement or text_a < 0 or text_b < 0:
        text_a = text_b = -1
    errors = info[ARRAY_E + 2], info[ARRAY_E + 4]
    return Short(
        info[DEPTH_A], info[DEPTH_B], info[ARRAY_D + 2], at_b, errors[0], errors[1], text_a, text_b, True
    )


@kernel
def _short(data: Bytes, first: int, i: int, otherwise: int) -> int:
    """Return item i of an array of 16 bits without sign; `otherwise` where there is no array."""
    if first < 0:
        return otherwise
    at = first + 2 * i
    return int(data[at]) | (int(data[at + 1]) << 8)


@kernel
def _passes_short(data: Bytes, arrays: Short, i: int, depths: tuple[int, int], limits: StrictLimits) -> bool:
    """Judge base i by its depths on both strands, errors and agreement: `_strict_base` but for quality."""
    a, b = depths
    wrong_a = _short(data, arrays.wrong_a, i, 0)
    if not arrays.duplex:
        return not simplex_base_fails(a, wrong_a, limits)
    if duplex_base_fails(a, b, wrong_a, _short(data, arrays.wrong_b, i, 0), limits):
        return False
    if arrays.text_a >= 0 and a > 0 and b > 0:
        return bool(data[arrays.text_a + i] == data[arrays.text_b + i])
    return True


@kernel
def _masked_short(data: Bytes, info: Info, limits: StrictLimits) -> int:
    """Return how many bases of a read are N or fail, by its arrays of 16 bits."""
    arrays, masked = _short_arrays(info, limits), 0
    seq, qual = info[SEQ], info[QUAL]
    for i in range(info[LENGTH]):
        depths = _short(data, arrays.at_a, i, arrays.depth_a), _short(data, arrays.at_b, i, arrays.depth_b)
        passes = data[qual + i] >= limits.min_quality and base(data, seq, i) != 15
        masked += not (passes and _passes_short(data, arrays, i, depths, limits))
    return masked


@kernel
def spread(data: Bytes, info: Info, filters: Filters, span: tuple[int, int], bases: Bytes) -> None:
    """Write code, class and strictness of the bases of a read; uint8[3, MAX_LENGTH].

    The same as `base_code`, `class_at` and `strict_at`, for a stretch (query start and end) at once; the
    arrays that fgbio writes take the short way.
    """
    short = info[MODE] != MODE_SINGLE and _is_short(info)
    if short:
        _spread_short(data, info, filters, span, bases)
        return
    for i in range(span[0], span[1]):
        code = base_code(data, info, i, filters.min_base_quality)
        bases[0, i] = code
        if code <= 3:
            bases[1, i] = class_at(data, info, i)
            bases[2, i] = 1 if strict_at(data, info, i, filters) else 0


@kernel
def _spread_short(data: Bytes, info: Info, filters: Filters, span: tuple[int, int], bases: Bytes) -> None:
    arrays = _short_arrays(info, filters.strict)
    seq, qual, umi = info[SEQ], info[QUAL], info[UMI] == 1
    lowest = filters.min_base_quality
    strict_quality = filters.strict.min_quality if info[STRICT] == 1 else 256
    for i in range(span[0], span[1]):
        quality = data[qual + i]
        code = CODE_OF_NIBBLE[base(data, seq, i)] if quality >= lowest else 4
        bases[0, i] = code
        if code > 3:
            continue
        a, b = _short(data, arrays.at_a, i, arrays.depth_a), _short(data, arrays.at_b, i, arrays.depth_b)
        bases[1, i] = class_of(a + b, a, b, umi)
        strict = quality >= strict_quality and _passes_short(data, arrays, i, (a, b), filters.strict)
        bases[2, i] = 1 if strict else 0
