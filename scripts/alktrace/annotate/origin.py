"""Where a variant comes from: tumour, germline, blood cells; pure.

The order of the questions and the flags follow the rules of the project's design: population frequency, then
white cells molecule by molecule, then tissue, then the VAF: against the tumour fraction, the other variants
of the specimen and the other samples of the patient. White cells without the variant say something only if
they would have shown it with the stated power at the VAF of the specimen.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from ..inputs.settings.origin_settings import OriginSettings
from ..vocabulary.caveats import CaveatCode
from ..vocabulary.changes import Origin
from ..vocabulary.samples import SpecimenType
from .germline_band import Companions, Elsewhere, inherited_because

CH_NOT_EXCLUDED = CaveatCode.CH_NOT_EXCLUDED
GERMLINE_NOT_EXCLUDED = CaveatCode.GERMLINE_NOT_EXCLUDED
GERMLINE_SUSPECTED = CaveatCode.GERMLINE_SUSPECTED
PROBABLE_GERMLINE = CaveatCode.PROBABLE_GERMLINE
CARRY_OVER = CaveatCode.WBC_CARRY_OVER
WHITE_CELLS_SHALLOW = CaveatCode.WBC_NOT_INFORMATIVE
WHITE_CELLS_CONFLICT = CaveatCode.WBC_CONFLICT

ORIGIN_FLAGS = frozenset(
    {
        CH_NOT_EXCLUDED,
        GERMLINE_NOT_EXCLUDED,
        GERMLINE_SUSPECTED,
        PROBABLE_GERMLINE,
        CARRY_OVER,
        WHITE_CELLS_SHALLOW,
        WHITE_CELLS_CONFLICT,
    }
)
"""Caveats that the origin over all samples replaces."""

RANK = (Origin.GERMLINE, Origin.CLONAL_HAEMATOPOIESIS, Origin.SOMATIC, Origin.UNDECIDED)
"""What one specimen proves holds for the patient: a germline variant is one in every sample."""


@dataclass(frozen=True)
class MoleculeCount:
    """Mutant molecules and informative molecules at one site.

    Attributes:
        noise: false-mutant molecules per molecule there, where known; the settings give the least.
    """

    alt: int
    total: int
    noise: float = 0.0

    @property
    def vaf(self) -> float:
        """Variant allele fraction; 0 without molecules."""
        return self.alt / self.total if self.total else 0.0


@dataclass(frozen=True)
class OriginEvidence:
    """What is known about one alteration of one specimen.

    Attributes:
        small_variant: SNV, MNV or indel; fusions and copy numbers come from the tumour.
        vaf: variant allele fraction in the specimen; `vaf_low`, `vaf_high` the ends of its 95 % interval.
        called: the calling rule calls it; a candidate of white cells is no clone of blood.
        known_somatic: a listed resistance or hotspot mutation, which a VAF alone never makes germline.
        amplified: the gene has extra copies in this specimen, so that its VAF may exceed the tumour fraction.
        white_cells: counts of each white-cell sample of the patient.
        tissue: counts of each tissue specimen of the patient, this specimen left out.
        population_frequency: frequency of the allele in a population, if it is listed.
        tumour_fraction_high: upper end of the interval of the tumour fraction from other markers.
        fraction_of_trunk: that fraction rests on a fusion or was given. Mutations in all cells of a pure
            tumour lie in the germline band and mark nothing, so that subclonal ones alone understate it.
        beside: VAFs of the other tumour alterations of the specimen.
        elsewhere: counts of each other sample of the patient but white cells.
    """

    gene: str
    small_variant: bool
    specimen_type: SpecimenType
    vaf: float | None
    vaf_low: float | None = None
    vaf_high: float | None = None
    called: bool = True
    known_somatic: bool = False
    amplified: bool = False
    white_cells: Sequence[MoleculeCount] = ()
    tissue: Sequence[MoleculeCount] = ()
    population_frequency: float | None = None
    tumour_fraction_high: float | None = None
    fraction_of_trunk: bool = True
    beside: Sequence[float] = ()
    elsewhere: Sequence[Elsewhere] = ()


@dataclass(frozen=True)
class OriginVerdict:
    """The origin, what it rests on, and the caveats."""

    origin: Origin
    reason: str
    flags: tuple[str, ...] = field(default=())


def decide_origin(
    evidence: OriginEvidence, *, settings: OriginSettings, blood_genes: Collection[str]
) -> OriginVerdict:
    """Return the origin of one alteration.

    Args:
        evidence: counts and figures of the alteration.
        settings: bands, ratios and the power asked for.
        blood_genes: genes whose variants may come from clonal haematopoiesis.
    """
    if not evidence.small_variant:
        return OriginVerdict(Origin.SOMATIC, "structural change")
    frequency = evidence.population_frequency
    if frequency is not None and frequency >= settings.population_frequency:
        return OriginVerdict(Origin.GERMLINE, f"population frequency {frequency:.3g}")
    if evidence.specimen_type is SpecimenType.WBC:
        return _of_white_cells(evidence, settings)
    return by_white_cells(evidence, settings) or _without_white_cells(evidence, settings, blood_genes)


def combine_verdicts(verdicts: Sequence[OriginVerdict]) -> OriginVerdict:
    """Return what the verdicts on the specimens of a patient say together: what one proves holds for all."""
    first = OriginVerdict(Origin.UNDECIDED, "in no usable sample above the calling rule")
    best = min(verdicts, key=lambda one: RANK.index(one.origin), default=first)
    # Inherited in one sample is inherited in all, those of few molecules too, where it may miss the band.
    suspected = [one for one in verdicts if PROBABLE_GERMLINE in one.flags]
    if suspected and best.origin in (Origin.SOMATIC, Origin.UNDECIDED):
        return suspected[0]
    agreeing = [one for one in verdicts if one.origin is best.origin]
    # A caveat that one sample lifts, such as tissue that shows the variant, is lifted for the patient.
    shared = [flag for flag in best.flags if all(flag in one.flags for one in agreeing)]
    return OriginVerdict(best.origin, best.reason, tuple(shared))


def white_cells_informative(count: MoleculeCount, vaf: float, settings: OriginSettings) -> bool:
    """Tell whether white cells would show a variant of this VAF with the power asked for.

    The power is exact: the probability that a binomial count at this VAF reaches the smallest count that
    noise reaches with a probability of at most `alpha`.
    """
    from scipy.special import bdtrc

    needed = _needed(count, settings)
    return bool(count.total >= needed and bdtrc(needed - 1, count.total, vaf) >= settings.power)


def white_cells_show(count: MoleculeCount, settings: OriginSettings) -> bool:
    """Tell whether white cells carry more mutant molecules than noise explains."""
    return count.alt >= _needed(count, settings)


def _needed(count: MoleculeCount, settings: OriginSettings) -> int:
    """Return the smallest count that noise reaches with a probability of at most `alpha`."""
    from scipy.special import bdtrc

    noise = max(settings.white_cell_noise, count.noise)
    needed = 1
    while needed <= count.total and bdtrc(needed - 1, count.total, noise) > settings.alpha:
        needed += 1
    return needed


def _percent(value: float) -> str:
    return f"{100 * value:.3g} %"


def _zygosity(vaf: float, settings: OriginSettings) -> str:
    return "heterozygous" if vaf <= settings.germline_vaf_high else "homozygous"


def _of_white_cells(evidence: OriginEvidence, settings: OriginSettings) -> OriginVerdict:
    vaf = evidence.vaf or 0.0
    if not evidence.called:
        return OriginVerdict(Origin.UNDECIDED, f"VAF {_percent(vaf)} in white cells, below the calling rule")
    if vaf >= settings.germline_vaf_low:
        zygosity = _zygosity(vaf, settings)
        return OriginVerdict(Origin.GERMLINE, f"VAF {_percent(vaf)} in white cells, {zygosity}")
    return OriginVerdict(Origin.CLONAL_HAEMATOPOIESIS, f"VAF {_percent(vaf)} in white cells")


def by_white_cells(evidence: OriginEvidence, settings: OriginSettings) -> OriginVerdict | None:
    """Return what white cells say; None if they say nothing."""
    vaf = evidence.vaf
    if vaf is None or not evidence.white_cells:
        return None
    # White cells in which the variant could hide neither show it nor are silent: the question stays open.
    showing = [count for count in evidence.white_cells if white_cells_show(count, settings)]
    silent = [
        count
        for count in evidence.white_cells
        if count not in showing and white_cells_informative(count, vaf, settings)
    ]
    if showing and silent:
        seen = " and ".join(f"{c.alt} of {c.total}" for c in (*showing, *silent))
        return OriginVerdict(
            Origin.UNDECIDED, f"white-cell samples disagree: {seen} molecules", (WHITE_CELLS_CONFLICT,)
        )
    if showing:
        pooled = MoleculeCount(sum(c.alt for c in showing), sum(c.total for c in showing))
        return _seen_in_white_cells(evidence, pooled, vaf, settings)
    if silent:
        total = sum(count.total for count in silent)
        return OriginVerdict(Origin.SOMATIC, f"not in {total} molecules of white cells")
    return None


def _seen_in_white_cells(
    evidence: OriginEvidence, count: MoleculeCount, vaf: float, settings: OriginSettings
) -> OriginVerdict:
    seen = f"white cells {count.alt} of {count.total} molecules ({_percent(count.vaf)})"
    if count.vaf >= settings.germline_vaf_low:
        return OriginVerdict(Origin.GERMLINE, f"{seen}, {_zygosity(count.vaf, settings)}")
    # Tissue too: where plasma sheds little, tumour DNA carried over into white cells may equal its VAF.
    strongest = max([vaf, *(c.vaf for c in evidence.tissue)])
    if strongest >= settings.carry_over_ratio * count.vaf:
        reason = f"{seen}, {strongest / count.vaf:.3g}-fold below the tumour sample"
        return OriginVerdict(Origin.SOMATIC, reason, (CARRY_OVER,))
    return OriginVerdict(Origin.CLONAL_HAEMATOPOIESIS, seen)


def _without_white_cells(
    evidence: OriginEvidence, settings: OriginSettings, blood_genes: Collection[str]
) -> OriginVerdict:
    flags = [WHITE_CELLS_SHALLOW] if evidence.white_cells else []
    in_tissue = any(white_cells_show(count, settings) for count in evidence.tissue)
    supported = in_tissue or evidence.specimen_type is SpecimenType.TISSUE
    verdict = _by_vaf(evidence, settings)
    if evidence.gene in blood_genes and not supported and verdict.origin is not Origin.GERMLINE:
        flags.append(CH_NOT_EXCLUDED)
        reason = f"{verdict.reason}; no informative white cells for a gene of clonal haematopoiesis"
        verdict = OriginVerdict(Origin.UNDECIDED, reason, verdict.flags)
    elif in_tissue and verdict.origin is Origin.SOMATIC:
        verdict = OriginVerdict(Origin.SOMATIC, f"{verdict.reason}; tumour tissue has it too", verdict.flags)
    return OriginVerdict(verdict.origin, verdict.reason, tuple(flags) + verdict.flags)


def _by_vaf(evidence: OriginEvidence, settings: OriginSettings) -> OriginVerdict:
    """Judge by the VAF alone: a germline variant stays near one half whatever the tumour sheds.

    Without extra copies of the gene no somatic variant exceeds the tumour fraction (copy-neutral loss of
    the other allele in every tumour cell).
    """
    vaf, most = evidence.vaf, evidence.tumour_fraction_high
    if vaf is None:
        return OriginVerdict(Origin.UNDECIDED, "no VAF")
    if vaf < settings.germline_vaf_low:
        return OriginVerdict(Origin.SOMATIC, f"VAF {_percent(vaf)}, below the germline band")
    around = _companions(evidence, vaf)
    if not around.contradicted(settings.germline_vaf_low):
        firm = evidence.fraction_of_trunk or evidence.specimen_type is not SpecimenType.TISSUE
        if most is not None and around.low > most and firm and _may_be_inherited(evidence):
            text = f"VAF {_percent(vaf)} at a tumour fraction of at most {_percent(most)}"
            return OriginVerdict(Origin.GERMLINE, text)
        because = None if evidence.amplified else inherited_because(around, settings.germline_vaf_low)
        if because is not None:
            # A listed mutation of tumours stays one: the suspicion weakens it and takes no class from it.
            flag = GERMLINE_SUSPECTED if evidence.known_somatic else PROBABLE_GERMLINE
            return OriginVerdict(Origin.UNDECIDED, f"VAF {_percent(vaf)}, {because}", (flag,))
    # Above what its own tumour fraction carries, it is of the tumour no more than inherited.
    elif (other := around.absent_in) is not None and (most is None or around.low <= most):
        text = f"VAF {_percent(vaf)}, {other.alt} of {other.total} molecules in another sample: not inherited"
        return OriginVerdict(Origin.SOMATIC, text)
    text = f"VAF {_percent(vaf)} is that of a germline variant or of a tumour with a high fraction"
    return OriginVerdict(Origin.UNDECIDED, text, (GERMLINE_NOT_EXCLUDED,))


def _may_be_inherited(evidence: OriginEvidence) -> bool:
    return not evidence.amplified and not evidence.known_somatic


def _companions(evidence: OriginEvidence, vaf: float) -> Companions:
    low = evidence.vaf_low if evidence.vaf_low is not None else vaf
    high = evidence.vaf_high if evidence.vaf_high is not None else vaf
    return Companions(evidence.specimen_type, low, high, evidence.beside, evidence.elsewhere)
