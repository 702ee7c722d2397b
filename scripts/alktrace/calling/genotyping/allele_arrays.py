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
from ..indel_windows import Window, indel_window
from ..molecules.regions import CODES

CODON = 3
"""Longer substitutions are compared as haplotypes: aligners may write them with gaps."""


class Alleles(NamedTuple):
    """Alleles as arrays for the kernel, sorted by sequence and position.

    Attributes:
        fields: int64[n, 8]: sequence index, start, length of the window, junction, right anchor, its offset,
            first byte in `text`, 1 for an indel.
        text: uint8: codes of the reference and then of the mutant bases of every allele.
        inside: int64[n, k], alleles whose presence overrides this one, -1 filled.
    """

    fields: NDArray[np.int64]
    text: NDArray[np.uint8]
    inside: NDArray[np.int64]


TID, BEGIN, SIZE, JUNCTION, RIGHT, RIGHT_OFFSET, TEXT, IS_INDEL = range(8)


def pack_alleles(
    variants: Sequence[SmallVariant], header: pysam.AlignmentHeader, fetch: Fetch, bam: Path
) -> tuple[Alleles, NDArray[np.int64]]:
    """Return alleles in the order of the kernel, and their places in `variants`; int64[n].

    Args:
        variants: normalised alleles.
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
        window = None if _by_base(variant) else indel_window(variant, fetch)
        parts.append((tid, window.start if window else variant.start, index, window))
    parts.sort(key=lambda part: part[:3])
    order = np.array([part[2] for part in parts], np.int64)
    fields, text = np.zeros((len(parts), 8), np.int64), bytearray()
    for place, (tid, begin, index, window) in enumerate(parts):
        fields[place] = _fields(variants[index], window, tid, begin, text)
    return Alleles(fields, np.frombuffer(bytes(text) or b"\0", np.uint8), _overrides(variants, order)), order


def _by_base(variant: SmallVariant) -> bool:
    """Tell whether an allele is read off the molecule base by base."""
    return variant.is_substitution and len(variant.ref) <= CODON


def _fields(
    variant: SmallVariant, window: Window | None, tid: int, begin: int, text: bytearray
) -> tuple[int, ...]:
    where = len(text)
    if window is None:
        # An indel without a window keeps size 0 and matches nothing.
        size = len(variant.ref) if variant.is_substitution else 0
        for allele in (variant.ref, variant.alt) if size else ():
            text.extend(CODES[np.frombuffer(allele.encode(), np.uint8)].tobytes())
        return tid, begin, size, 0, 0, 0, where, int(not variant.is_substitution)
    for allele in (window.ref, window.alt):
        text.extend(CODES[np.frombuffer(allele.encode(), np.uint8)].tobytes())
    return tid, begin, len(window.ref), window.junction, window.right, window.right_offset, where, 1


def _overrides(variants: Sequence[SmallVariant], order: NDArray[np.int64]) -> NDArray[np.int64]:
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


def contains(big: SmallVariant, small: SmallVariant) -> bool:
    """Tell whether a molecule with `big` would show `small` too by its bases alone."""
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
