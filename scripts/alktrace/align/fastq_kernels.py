"""Kernels of `fastq_text`: clusters of one to four FASTQs taken apart, byte by byte.

What a kernel does not know it does not judge: it stops before the cluster, and `extract` goes on from there.
"""

from typing import Any, NamedTuple

import numpy as np

from ..io.kernels import kernel
from ..io.records import PHRED_OFFSET, Bytes, Offsets, int64, put_bytes, uint64
from .copy_keys import NEWLINE, TAB
from .read_text import MAX_NAME

MORE, STRANGE = range(2)
SPACE, SLASH, PLUS, AT, DASH, COLON = (ord(sign) for sign in " /+@-:")
LAST_SIGN = ord("~")
RX = np.frombuffer(b"\tRX:Z:", np.uint8)
QX = np.frombuffer(b"\tQX:Z:", np.uint8)
THIRD_LINE = np.frombuffer(b"\n+\n", np.uint8)
# What the columns of a cluster's reads are: start of the name, end of what identifies it, end of its line,
# start, number and qualities of the bases.
NAME, ID_END, LINE_END, BASES, LENGTH, QUALS, COLUMNS = range(7)
COUNTED = ("templates", "failed_filter", "too_short", "other_bases", "written")
TEMPLATES, FAILED_FILTER, TOO_SHORT, OTHER_BASES, WRITTEN = range(len(COUNTED))


def _read_as() -> tuple[Bytes, Bytes]:
    """Return what each base is read as, 0 for signs that are none, and 1 for those that become N."""
    bases, other = np.zeros(256, np.uint8), np.zeros(256, np.uint8)
    bases[SPACE + 1 : LAST_SIGN + 1], other[SPACE + 1 : LAST_SIGN + 1] = ord("N"), 1
    for letters in (b"ACGTN", b"acgtn"):
        at = np.frombuffer(letters, np.uint8)
        bases[at], other[at] = np.frombuffer(b"ACGTN", np.uint8), 0
    return bases, other


READ_AS, OTHER = _read_as()


class Cut(NamedTuple):
    """How clusters are taken apart.

    Attributes:
        templates: int64[n, 3], read, start and end of each template; one or two.
        umis: int64[n, 3], the same of the parts of the UMI.
        least: int64[n_reads], bases that each read needs.
        halves: is a UMI of one part both halves.
        slashed: do names end with /1 or /2, which is no part of them.
    """

    templates: Any
    umis: Any
    least: Offsets
    halves: bool
    slashed: bool


@kernel
def is_slashed(text: Bytes, name: int, end: int) -> bool:
    """Does a name end with /1 or /2."""
    return end - name >= 2 and text[end - 2] == SLASH and ord("1") <= text[end - 1] <= ord("2")


# Offsets without a sign in loops over single signs: see `put_bytes`.


@kernel
def _find_newline(text: Bytes, start: int, stop: int) -> int:
    at, end = uint64(start), uint64(stop)
    while at < end and text[at] != NEWLINE:
        at += uint64(1)
    return int64(at)


@kernel
def _split_name(text: Bytes, name: int, stop: int) -> int:
    """Return where the first word of a name line ends; -1 with signs that are no text."""
    at, end, odd = uint64(name), uint64(stop), False
    while at < end and text[at] != SPACE and text[at] != TAB:
        odd |= text[at] < SPACE or text[at] > LAST_SIGN
        at += uint64(1)
    for i in range(at, end):
        odd |= (text[i] < SPACE and text[i] != TAB) or text[i] > LAST_SIGN
    return -1 if odd else int64(at)


@kernel
def _find_read(text: Bytes, at: int, end: int, read: Offsets) -> int:
    """Fill in the columns of a read; return where the next one starts, or -1 - MORE or -1 - STRANGE."""
    more, strange = -1 - MORE, -1 - STRANGE
    if at >= end:
        return more
    line = _find_newline(text, at, end)
    bases = line + 1
    behind = _find_newline(text, bases, end)
    length = behind - bases
    quals = behind + 3
    after = quals + length
    if text[at] != AT:
        return strange
    if after >= end:
        return more
    if text[behind + 1] != PLUS or text[behind + 2] != NEWLINE or text[after] != NEWLINE:
        return strange
    word = _split_name(text, at + 1, line)
    if word < 0:
        return strange
    read[NAME], read[ID_END], read[LINE_END] = at + 1, word, line
    read[BASES], read[LENGTH], read[QUALS] = bases, length, quals
    return after + 1


@kernel
def _same_names(text: Bytes, one: Offsets, two: Offsets) -> bool:
    """Have two reads one name, but for a last sign of 1, 2 or 3."""
    size = one[ID_END] - one[NAME]
    if size != two[ID_END] - two[NAME]:
        return False
    a, b, last = one[NAME], two[NAME], size - 1
    different = 0
    for i in range(last):
        different |= text[a + i] ^ text[b + i]
    first, second = text[a + last], text[b + last]
    mates = ord("1") <= first <= ord("3") and ord("1") <= second <= ord("3")
    return different == 0 and (first == second or mates)


@kernel
def _sound(text: Bytes, read: Offsets) -> bool:
    """Are all qualities signs that SAM knows; a line that ends within them is found too."""
    quals, wrong = uint64(read[QUALS]), False
    for i in range(uint64(read[LENGTH])):
        sign = text[quals + i]
        wrong |= (sign < PHRED_OFFSET) | (sign > LAST_SIGN)
    return not wrong


@kernel
def _all_plain(text: Bytes, read: Offsets) -> bool:
    bases, wrong = uint64(read[BASES]), False
    for i in range(uint64(read[LENGTH])):
        sign = text[bases + i]
        letter = (sign == ord("A")) | (sign == ord("C")) | (sign == ord("G")) | (sign == ord("T"))
        wrong |= not (letter | (sign == ord("N")))
    return not wrong


@kernel
def _make_plain(text: Bytes, read: Offsets) -> int:
    """Write bases as A, C, G, T and N in place; return how many were none of these, -1 with other signs."""
    if _all_plain(text, read):
        return 0
    first, others = read[BASES], 0
    for i in range(first, first + read[LENGTH]):
        if READ_AS[text[i]] == 0:
            return -1
    for i in range(first, first + read[LENGTH]):
        others += OTHER[text[i]]
        text[i] = READ_AS[text[i]]
    return others


@kernel
def _failed(text: Bytes, read: Offsets) -> bool:
    """Did the sequencer mark a read as failed: `name 1:Y:`."""
    at, end = read[ID_END], read[LINE_END]
    while at < end and (text[at] == SPACE or text[at] == TAB):
        at += 1
    if at + 4 > end:
        return False
    return bool((text[at + 1] == COLON) & (text[at + 2] == ord("Y")) & (text[at + 3] == COLON))


@kernel
def _put_part(out: Bytes, to: int, text: Bytes, read: Offsets, column: int, part: Offsets) -> int:
    """Write bases or qualities of a slice."""
    first, length = read[column], read[LENGTH]
    return put_bytes(out, to, text, first + min(part[1], length), first + min(part[2], length))


@kernel
def _put_umi(out: Bytes, to: int, text: Bytes, reads: Any, cut: Cut, column: int, joint: int) -> int:
    """Write the parts of the UMI, or their qualities."""
    begin = to
    for k in range(len(cut.umis)):
        if k:
            out[to] = joint
            to += 1
        to = _put_part(out, to, text, reads[cut.umis[k, 0]], column, cut.umis[k])
    size = to - begin
    if column == BASES and cut.halves and len(cut.umis) == 1 and size and size % 2 == 0:
        for i in range(size // 2):
            out[to - i] = out[to - i - 1]
        out[begin + size // 2] = DASH
        to += 1
    return to


@kernel
def _put_cluster(out: Bytes, to: int, text: Bytes, reads: Any, name_end: int, cut: Cut) -> int:
    """Write the templates of a cluster, each behind its name and the UMI."""
    head = to
    out[to] = AT
    to = put_bytes(out, to + 1, text, reads[0, NAME], name_end)
    if len(cut.umis):
        to = put_bytes(out, to, RX, 0, len(RX))
        to = _put_umi(out, to, text, reads, cut, BASES, DASH)
        to = put_bytes(out, to, QX, 0, len(QX))
        to = _put_umi(out, to, text, reads, cut, QUALS, SPACE)
    out[to] = NEWLINE
    to += 1
    behind = to
    for k in range(len(cut.templates)):
        if k:
            to = put_bytes(out, to, out, head, behind)
        part = cut.templates[k]
        read = reads[part[0]]
        to = _put_part(out, to, text, read, BASES, part)
        to = put_bytes(out, to, THIRD_LINE, 0, len(THIRD_LINE))
        to = _put_part(out, to, text, read, QUALS, part)
        out[to] = NEWLINE
        to += 1
    return to


@kernel
def _name_end(text: Bytes, read: Offsets, slashed: bool) -> int:
    """Return where the name ends; -1 if it is none that SAM holds, or /1 stands behind some names alone."""
    name, end = read[NAME], read[ID_END]
    if is_slashed(text, name, end) != slashed:
        return -1
    end -= 2 if slashed else 0
    return end if name < end <= name + MAX_NAME and text[name] != AT else -1


@kernel
def _check_names(text: Bytes, reads: Any, slashed: bool) -> int:
    """Return where the name of a cluster ends; -1 if something is wrong with it or with a quality."""
    name_end = _name_end(text, reads[0], slashed)
    for k in range(len(reads)):
        if not _sound(text, reads[k]) or (k and not _same_names(text, reads[0], reads[k])):
            return -1
    return name_end


@kernel
def take_apart(
    text: Bytes, starts: Offsets, ends: Offsets, most: int, cut: Cut, out: Bytes, counts: Offsets
) -> tuple[int, int]:
    """Take clusters apart.

    Args:
        text: the texts of all files, one behind the other; bases are written in place as A, C, G, T and N.
        starts: int64[n_reads], where the text of each file starts; set to where it is used up to.
        ends: int64[n_reads], where it ends.
        most: clusters to stop after.
        cut: how.
        out: gets the stream for the aligner.
        counts: int64[len(COUNTED)], added to.

    Returns:
        Bytes of `out`; MORE, or STRANGE before a cluster that it does not understand.
    """
    reads, after = np.empty((len(starts), COLUMNS), np.int64), np.empty(len(starts), np.int64)
    to = 0
    for _ in range(most):
        for k in range(len(starts)):
            after[k] = _find_read(text, starts[k], ends[k], reads[k])
            if after[k] < 0:
                return to, -1 - after[k]
        name_end = _check_names(text, reads, cut.slashed)
        if name_end < 0:
            return to, STRANGE
        others, short = 0, False
        for k in range(len(starts)):
            changed = _make_plain(text, reads[k])
            if changed < 0:
                return to, STRANGE
            others += changed
            short |= reads[k, LENGTH] < cut.least[k]
        starts[:] = after
        counts[TEMPLATES] += 1
        counts[OTHER_BASES] += others
        if _failed(text, reads[0]):
            counts[FAILED_FILTER] += 1
        elif short:
            counts[TOO_SHORT] += 1
        else:
            counts[WRITTEN] += 1
            to = _put_cluster(out, to, text, reads, name_end, cut)
    return to, MORE
