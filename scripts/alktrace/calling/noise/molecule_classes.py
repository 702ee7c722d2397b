"""Classes of molecules: how many reads and strands stand behind a base, and is it near a fragment end.

Order matters: of two classes the larger stands for the better evidence.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

TO_END: Final = 1
"""What is taken off a class for a base near an end of its fragment."""

# Odd numbers: one less is the same support near an end. Sums take both, or ends would get lost.
SINGLE: Final = 1
SINGLE_2: Final = 3
SIMPLEX_1: Final = 5
SIMPLEX_2: Final = 7
SIMPLEX_3: Final = 9
SIMPLEX_6: Final = 11
DUPLEX_1: Final = 13
DUPLEX_2: Final = 15

SUPPORT: Final = (
    "single",
    "single_2",
    "simplex_1",
    "simplex_2",
    "simplex_3_5",
    "simplex_6",
    "duplex_1",
    "duplex_2",
)
"""`single`: no UMI, one read or not known how many; `single_2`: no UMI, two reads or more, of either strand;
`simplex_n`: reads on one strand; `duplex_1`: the weaker strand has one read, `duplex_2`: both strands have
two or more."""
CLASS_NAMES: Final = tuple(f"{name}{suffix}" for name in SUPPORT for suffix in ("_end", ""))
N_CLASSES: Final = 16


def simplex(counts: NDArray[np.integer]) -> int:
    """Return the molecules seen on one strand, of counts per class in the last axis."""
    return int(counts[..., SIMPLEX_1 - TO_END : SIMPLEX_6 + 1].sum())


def duplex(counts: NDArray[np.integer]) -> int:
    """Return the molecules seen on both strands, of counts per class in the last axis."""
    return int(counts[..., DUPLEX_1 - TO_END : DUPLEX_2 + 1].sum())


def single(counts: NDArray[np.integer]) -> int:
    """Return the molecules without UMI, of counts per class in the last axis."""
    return int(counts[..., SINGLE - TO_END : SINGLE_2 + 1].sum())
