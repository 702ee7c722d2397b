"""Classes of molecules: how many reads and strands stand behind one base of a consensus read."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

SINGLE: Final = 0
SIMPLEX_1: Final = 1
SIMPLEX_2: Final = 2
SIMPLEX_3: Final = 3
SIMPLEX_6: Final = 4
DUPLEX_1: Final = 5
DUPLEX_2: Final = 6

N_CLASSES: Final = 7
CLASS_NAMES: Final = (
    "single",
    "simplex_1",
    "simplex_2",
    "simplex_3_5",
    "simplex_6",
    "duplex_1",
    "duplex_2",
)
"""`single`: no UMI; `simplex_n`: reads on one strand; `duplex_1`: the weaker strand has one read,
`duplex_2`: both strands have two or more."""

SIMPLEX_CLASSES: Final = (SIMPLEX_1, SIMPLEX_2, SIMPLEX_3, SIMPLEX_6)
DUPLEX_CLASSES: Final = (DUPLEX_1, DUPLEX_2)


def simplex(counts: NDArray[np.integer]) -> int:
    """Return the molecules seen on one strand, of counts per class in the last axis."""
    return int(counts[..., SIMPLEX_1 : SIMPLEX_6 + 1].sum())


def duplex(counts: NDArray[np.integer]) -> int:
    """Return the molecules seen on both strands, of counts per class in the last axis."""
    return int(counts[..., DUPLEX_1 : DUPLEX_2 + 1].sum())


def single(counts: NDArray[np.integer]) -> int:
    """Return the molecules without UMI, of counts per class in the last axis."""
    return int(counts[..., SINGLE].sum())
