"""The columns of `identity.tsv`."""

from dataclasses import dataclass

from ..io.tables import column
from ..vocabulary.samples import IdentityStatus


@dataclass(frozen=True)
class IdentityRow:
    """`identity.tsv`: one pair of samples worth a look: same patient, or alike across patients."""

    sample_a: str = column("patient.timepoint.specimen")
    sample_b: str = column("patient.timepoint.specimen")
    same_patient: bool = column("are both labelled with one patient")
    sites: int = column("polymorphisms genotyped in both")
    concordance: float | None = column("share of equal genotypes")
    status: IdentityStatus = column("the verdict of the pair")
