"""What lies around a VAF in the germline band: is it that of an inherited variant or of a tumour's; pure.

An inherited variant lies at one half or at one in every sample of the patient, whatever else is there. A
mutation in all cells of a pure tumour lies at one half too, so that a VAF says something only beside others.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..stats.intervals import clopper_pearson
from ..vocabulary.samples import SpecimenType

HALF = (0.45, 0.55)
"""VAFs that capture and alignment make of one half."""
ONE = 0.95
"""VAF from which no allele but the variant is there, misread molecules aside."""
TIMES_ABOVE = 10.0
"""How far above every other tumour alteration of plasma or CSF no mutation of the same tumour lies."""
MIN_MOLECULES = 20
"""Molecules of another sample from which its VAF tells one half from the VAFs of tumours."""
MIXED_FRACTION = 0.5
"""Tumour fraction below which loss of an inherited allele cannot take it out of the band."""

NEVER_INHERITED = 0.05
"""VAF at which a tumour that lost the inherited allele would have to be 95 % of the DNA."""


@dataclass(frozen=True)
class Elsewhere:
    """Molecules of another sample of the patient, and the upper end of its tumour fraction where known.

    Attributes:
        same_person: the genotypes of both samples agree; few polymorphisms leave that open.
    """

    specimen_type: SpecimenType
    alt: int
    total: int
    tumour_fraction_high: float | None = None
    same_person: bool = False

    @property
    def mixed(self) -> bool:
        """Is normal DNA sure to be most of it."""
        low = self.tumour_fraction_high is not None and self.tumour_fraction_high < MIXED_FRACTION
        return low or self.specimen_type is SpecimenType.PLASMA


@dataclass(frozen=True)
class Companions:
    """A VAF of one specimen with what lies around it.

    Attributes:
        specimen_type: of the specimen.
        low, high: 95 % interval of the VAF.
        beside: VAFs of the other tumour alterations of the specimen.
        elsewhere: the other samples of the patient but white cells.
    """

    specimen_type: SpecimenType
    low: float
    high: float
    beside: Sequence[float] = ()
    elsewhere: Sequence[Elsewhere] = ()

    def contradicted(self, band: float) -> bool:
        """Tell whether another sample, mostly of normal DNA, shows it below the band: not inherited then."""
        return any(
            other.mixed and other.total and clopper_pearson(other.alt, other.total)[1] < band
            for other in self.elsewhere
        )

    @property
    def absent_in(self) -> Elsewhere | None:
        """A sample, mostly of normal DNA, that lacks what an inherited variant shows in all of them.

        Of a swapped sample that says nothing, and a swap would make an inherited variant one of the tumour.
        """
        lacking = (other for other in self.elsewhere if other.mixed and other.total and other.same_person)
        return next(
            (other for other in lacking if clopper_pearson(other.alt, other.total)[1] < NEVER_INHERITED), None
        )


def zygosity(low: float, high: float) -> str | None:
    """Return which inherited genotype an interval of the VAF fits; None if neither."""
    if high >= ONE:
        return "homozygous"
    return "heterozygous" if low <= HALF[1] and high >= HALF[0] else None


def inherited_because(around: Companions, band: float) -> str | None:
    """Return why a variant is probably inherited, in words; None if nothing says so.

    Tissue is judged by other samples alone: pure tumour has mutations at one half beside subclonal ones.

    Args:
        around: the VAF, not contradicted by another sample.
        band: lower end of the germline band.
    """
    fits = zygosity(around.low, around.high)
    if fits is None:
        return None
    same = [other for other in around.elsewhere if _same(other, fits, band)]
    kinds = {around.specimen_type, *(other.specimen_type for other in same)}
    if same and kinds != {SpecimenType.TISSUE}:
        return f"{fits} in each of {len(same) + 1} samples"
    if around.specimen_type is SpecimenType.TISSUE:
        return None
    strongest = max(around.beside, default=None)
    if strongest is not None and strongest * TIMES_ABOVE < around.low:
        return f"{fits} beside tumour alterations of at most {100 * strongest:.3g} %"
    if around.specimen_type is SpecimenType.PLASMA and around.low >= ONE:
        return "more than plasma holds of any tumour"
    return None


def _same(other: Elsewhere, fits: str, band: float) -> bool:
    if other.total < MIN_MOLECULES or other.alt < band * other.total:
        return False
    return zygosity(*clopper_pearson(other.alt, other.total)) == fits


def tumour_vafs(vafs: Iterable[tuple[str, float, float, float, bool]], band: float) -> dict[str, float]:
    """Return the VAFs of alterations that may be of the tumour, by key: none that may be inherited itself.

    Args:
        vafs: key, VAF, ends of its interval, and whether it is known to be of tumours.
        band: lower end of the germline band.
    """
    return {
        key: vaf for key, vaf, low, high, known in vafs if known or vaf < band or zygosity(low, high) is None
    }
