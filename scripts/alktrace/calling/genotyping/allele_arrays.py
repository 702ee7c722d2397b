"""Known alleles as arrays for the kernels that compare molecules with them."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pysam
from numpy.typing import NDArray

from ...errors import DataError
from ...vocabulary.changes import VariantType
from ...vocabulary.variant import Fetch, SmallVariant
from ..candidates.breaks import Break
from ..indel_windows import Window, indel_window
from ..molecules.regions import CODES

Allele = SmallVariant | Break
"""What a molecule is compared with; of a break: does it end there, or read over it."""

CODON = 3
"""Longer substitutions are compared as haplotypes: aligners may write them with gaps."""


class Alleles(NamedTuple):
    """Alleles as arrays for the kernel, sorted by sequence and position.

    Attributes:
        fields: int64[n, 8]: sequence index, start, length of the window, junction, right anchor, its offset,
            first byte in `text`, way to read it. Of a break: junction 1 if molecules end on the right, right
            anchor its place, offset the bases around it.
        text: uint8: codes of the reference and then of the mutant bases of every allele.
        inside: int64[n, k], alleles whose presence overrides this one, -1 filled.
    """

    fields: NDArray[np.int64]
    text: NDArray[np.uint8]
    inside: NDArray[np.int64]


TID, BEGIN, SIZE, JUNCTION, RIGHT, RIGHT_OFFSET, TEXT, WAY = range(8)
BY_BASE, BY_WINDOW, BY_BREAK = range(3)
"""Ways to read an allele off a molecule."""
BREAK_REACH = 12
"""Bases around a break: in fewer an aligner may lay out the other side of a junction as mismatches."""


def pack_alleles(
    variants: Sequence[Allele], header: pysam.AlignmentHeader, fetch: Fetch, bam: Path
) -> tuple[Alleles, NDArray[np.int64]]:
    """Return alleles in the order of the kernel, and their places in `variants`; int64[n].

    Args:
        variants: normalised alleles, and breaks.
        header: of the BAM.
        fetch: reference bases.
        bam: named in errors.

    Raises:
        DataError: a sequence is not in the header.
    """
    parts = []
    for index, variant in enumerate(variants):
        tid = header.get_tid(variant.chrom)
        if tid < 0:
            raise DataError(bam, "sequence is not in the header", "align to this reference", variant.chrom)
        window = _window(variant, fetch)
        begin = window.start if window else variant.start
        parts.append((tid, begin - BREAK_REACH if isinstance(variant, Break) else begin, index, window))
    parts.sort(key=lambda part: part[:3])
    order = np.array([part[2] for part in parts], np.int64)
    fields, text = np.zeros((len(parts), 8), np.int64), bytearray()
    for place, (tid, begin, index, window) in enumerate(parts):
        fields[place] = _fields(variants[index], window, tid, begin, text)
    return Alleles(fields, np.frombuffer(bytes(text) or b"\0", np.uint8), _overrides(variants, order)), order


def _window(variant: Allele, fetch: Fetch) -> Window | None:
    """Return the window in which reads are compared; None where bases are read one by one, and for breaks."""
    if isinstance(variant, Break) or (variant.is_substitution and len(variant.ref) <= CODON):
        return None
    return indel_window(variant, fetch)


def _fields(variant: Allele, window: Window | None, tid: int, begin: int, text: bytearray) -> tuple[int, ...]:
    where = len(text)
    if isinstance(variant, Break):
        return tid, begin, 0, int(variant.right), variant.position, BREAK_REACH, where, BY_BREAK
    if window is None:
        # An indel without a window keeps size 0 and matches nothing.
        size = len(variant.ref) if variant.is_substitution else 0
        for allele in (variant.ref, variant.alt) if size else ():
            text.extend(CODES[np.frombuffer(allele.encode(), np.uint8)].tobytes())
        return tid, begin, size, 0, 0, 0, where, BY_BASE if variant.is_substitution else BY_WINDOW
    for allele in (window.ref, window.alt):
        text.extend(CODES[np.frombuffer(allele.encode(), np.uint8)].tobytes())
    return tid, begin, len(window.ref), window.junction, window.right, window.right_offset, where, BY_WINDOW


def _overrides(variants: Sequence[Allele], order: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for every allele, in kernel order, the larger ones that contain it."""
    places = {int(index): place for place, index in enumerate(order)}
    found: list[list[int]] = []
    for index in order.tolist():
        small = variants[index]
        larger = [places[k] for k, big in enumerate(variants) if k != index and contains(big, small)]
        found.append(larger)
    width = max((len(item) for item in found), default=0)
    table = np.full((len(found), max(1, width)), -1, np.int64)
    for place, larger in enumerate(found):
        table[place, : len(larger)] = larger
    return table


def contains(big: Allele, small: Allele) -> bool:
    """Tell whether a molecule with `big` would show `small` too by its bases alone."""
    if isinstance(big, Break) or isinstance(small, Break):
        return False
    if big.chrom != small.chrom or not small.is_substitution:
        return False
    if not (big.start <= small.start and small.end <= big.end):
        return False
    if not big.is_substitution:
        return big.kind is VariantType.DELINS
    if len(big.ref) == len(small.ref):
        return False
    shift = small.start - big.start
    return big.alt[shift : shift + len(small.alt)] == small.alt
