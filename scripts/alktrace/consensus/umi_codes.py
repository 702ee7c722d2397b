"""UMIs as packed numbers: two bits per base, one or two halves, from a tag or the end of a read name."""

from typing import Any

from ..io.kernels import kernel, lean_kernel
from ..io.records import Bytes, int64, name_length, name_offset
from .losses import NONE, UMI_INVALID, UMI_MISSING, UMI_N

MAX_UMI_HALF = 31
N, JOINT, OTHER = 4, 5, 6

Rows = Any


@lean_kernel
def base_code(letter: int) -> int:
    """Return 0 to 3 for A, C, G, T in either case, 4 for N, 5 for a separator of halves, 6 for others."""
    # Either case: lower-case bases are the same UMI.
    upper = letter & 0xDF
    if upper == ord("A"):
        return 0
    if upper == ord("C"):
        return 1
    if upper == ord("G"):
        return 2
    if upper == ord("T"):
        return 3
    if upper == ord("N"):
        return N
    return JOINT if letter in (ord("-"), ord("+"), ord("_")) else OTHER


@lean_kernel
def parse_umi(data: Bytes, at: int, length: int, row: Rows) -> int:
    """Pack a UMI of one or two halves into a READ row, two bits per base.

    Args:
        data: packed bytes.
        at: where the UMI starts.
        length: its length.
        row: the READ row to fill in.

    Returns:
        NONE, UMI_N or UMI_INVALID. A UMI without separator of more than 31 bases goes on in the second half.
    """
    codes_a, codes_b, length_a, length_b, joined, status = int64(0), int64(0), 0, 0, 0, NONE
    for i in range(length):
        code = base_code(data[at + i])
        if code == N:
            status = UMI_N
        elif code == OTHER or (code == JOINT and joined + length_b > 0):
            return UMI_INVALID  # a second separator, or a first half that does not fit into one number
        elif code == JOINT:
            joined = 1
        elif joined == 0 and length_a < MAX_UMI_HALF:
            codes_a, length_a = (codes_a << 2) | code, length_a + 1
        elif length_b < MAX_UMI_HALF:
            codes_b, length_b = (codes_b << 2) | code, length_b + 1
        else:
            return UMI_INVALID
    row.umi_a, row.umi_b, row.length_a, row.length_b = codes_a, codes_b, length_a, length_b
    row.joined = joined
    return status if length_a + length_b + (status != NONE) > 0 else UMI_MISSING


@lean_kernel
def turn_half(codes: int, length: int) -> int:
    """Return the reverse complement of a packed half."""
    turned = int64(0)
    for _ in range(length):
        # A, C, G, T are 0 to 3, so that the complement is 3 minus the code.
        turned = (turned << 2) | (3 - (codes & 3))
        codes >>= 2
    return turned


@lean_kernel
def _half_start(data: Bytes, first: int, stop: int) -> int:
    """Return where the upper-case bases before `stop` start, with a leading `r`; `stop` without bases."""
    at = stop
    # Upper case only: a lower-case letter is part of a name.
    while at > first and base_code(data[at - 1]) <= N and data[at - 1] < ord("a"):
        at -= 1
    return at - 1 if first < at < stop and data[at - 1] == ord("r") else at


@lean_kernel
def _parted(data: Bytes, first: int, at: int) -> bool:
    """Does a field of a read name start here."""
    return at == first or data[at - 1] == ord(":") or data[at - 1] == ord("_")


@lean_kernel
def umi_in_name(data: Bytes, start: int) -> tuple[int, int]:
    """Return offset and length of the UMI at the end of a read name; length 0 if there is none.

    It is what `extract.umi_from_name` reads: the last field behind `:` or `_`, one half or two joined by `+`,
    `-` or `_`; `r` before a half marks it as reverse complemented (Illumina, as fgbio reads it).
    """
    first = name_offset(start)
    stop = first + name_length(data, start)
    one = _half_start(data, first, stop)
    if one == stop:
        return stop, 0
    if one > first and base_code(data[one - 1]) == JOINT:
        two = _half_start(data, first, one - 1)
        if two < one - 1 and _parted(data, first, two):
            return two, stop - two
    return one, stop - one if _parted(data, first, one) else 0


@kernel
def parse_name_umi(data: Bytes, at: int, length: int, row: Rows) -> int:
    """Pack the UMI that `umi_in_name` found like `parse_umi`, halves marked `r` turned back."""
    joint, stop = at, at + length
    while joint < stop and base_code(data[joint]) != JOINT:
        joint += 1
    turned_one, turned_two = data[at] == ord("r"), joint < stop and data[joint + 1] == ord("r")
    if not turned_one and not turned_two:
        return parse_umi(data, at, length, row)
    letters = data[at:stop].copy()
    size = 0
    for letter in data[at:stop]:
        if letter != ord("r"):
            letters[size] = letter
            size += 1
    reason = parse_umi(letters, 0, size, row)
    if joint == stop and row.length_b > 0:
        return UMI_INVALID  # longer than a half: turning it would cross the halves
    if turned_one:
        row.umi_a = turn_half(row.umi_a, row.length_a)
    if turned_two:
        row.umi_b = turn_half(row.umi_b, row.length_b)
    return reason
