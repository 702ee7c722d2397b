"""Residues of proteins: their names, and the codons that stand for them."""

from functools import cache
from itertools import product

STOP, UNKNOWN_RESIDUE = "*", "X"
_NAMES = "Ala Cys Asp Glu Phe Gly His Ile Lys Leu Met Asn Pro Gln Arg Ser Thr Val Trp Tyr"
THREE_LETTERS = dict(zip("ACDEFGHIKLMNPQRSTVWY", _NAMES.split(), strict=True))
"""The twenty residues, without stop and unknown."""
ONE_LETTER = {three: one for one, three in THREE_LETTERS.items()}

# NCBI translation table 1: the first base of a codon changes slowest, in the order TCAG.
_CODED = "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"
CODE = dict(zip(map("".join, product("TCAG", repeat=3)), _CODED, strict=True))


def translate(bases: str) -> str:
    """Return the residues of whole codons; what is left behind the last one is none.

    Args:
        bases: upper-case bases of the coding strand. Where an N changes nothing (ACN) the residue is known.
    """
    return "".join(_residue(bases[at : at + 3]) for at in range(0, len(bases) - 2, 3))


@cache
def _residue(codon: str) -> str:
    options = product(*("ACGT" if base == "N" else base for base in codon))
    found = {CODE.get("".join(option), UNKNOWN_RESIDUE) for option in options}
    return found.pop() if len(found) == 1 else UNKNOWN_RESIDUE
