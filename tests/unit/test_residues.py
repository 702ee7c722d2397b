"""The genetic code and the names of residues, held against Biopython's."""

from itertools import product

import pytest
from Bio.Data.IUPACData import protein_letters_1to3
from Bio.Seq import Seq

from alktrace.vocabulary.residues import THREE_LETTERS, translate


def test_every_codon() -> None:
    codons = ["".join(codon) for codon in product("ACGTN", repeat=3)]
    assert {codon: translate(codon) for codon in codons} == {c: str(Seq(c).translate()) for c in codons}


@pytest.mark.parametrize(("bases", "residues"), [("", ""), ("AT", ""), ("ATGTAAC", "M*"), ("ACNTAN", "TX")])
def test_whole_codons(bases: str, residues: str) -> None:
    assert translate(bases) == residues


def test_names() -> None:
    assert protein_letters_1to3 == THREE_LETTERS
