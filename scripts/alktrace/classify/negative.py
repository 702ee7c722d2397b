"""What a negative sample excludes: the smallest clone that would have been seen, and whether that suffices.

A heterozygous mutation (one of the tumour's ALK copies) in a share `c` of the tumour cells gives
`VAF = c TF / (TF CN + 2 (1 - TF))`. Solved for the VAF that the calling rule detects with 95 % power,
`c = VAF_detectable (TF CN + 2 (1 - TF)) / TF` is the smallest share that was excluded; above 1
nothing was. TF is the lower end of its interval, CN the tumour copy number of ALK (2 if unknown).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ..evidence.schema import GeneCopyNumber, LocusCallability, SpecimenEvidence
from ..inputs.settings.resistance_settings import NegativeSettings
from ..vocabulary.caveats import DataProblem
from ..vocabulary.changes import ALK
from ..vocabulary.copies import CopyNumberCall, TumourFractionStatus
from ..vocabulary.detection import Detection, LocusKind
from ..vocabulary.resistance import NotEvaluableReason
from ..vocabulary.samples import IdentityStatus, Verdict
from .window import WindowStatus

DIPLOID = 2.0
NOT_TARGETED_MARK = " (not_targeted)"


@dataclass(frozen=True)
class SpecimenNegative:
    """What the absence of a finding means in one specimen.

    Attributes:
        informative: a negative of this specimen counts.
        excluded: excluded clone fraction at the worst ALK hotspot; None if it cannot be stated.
        worst_locus: that hotspot.
        reasons: why a negative does not count, in the order of the vocabulary.
        holes: ALK hotspots (or whole exons) that were not seen.
    """

    specimen: str
    informative: bool
    excluded: float | None
    worst_locus: str | None
    reasons: tuple[NotEvaluableReason, ...]
    holes: tuple[str, ...]


@dataclass(frozen=True)
class TimepointNegative:
    """What the absence of a finding means at one timepoint; the best specimen counts."""

    informative: bool
    excluded: float | None
    best_specimen: str | None
    reasons: tuple[NotEvaluableReason, ...]
    specimens: tuple[SpecimenNegative, ...]


def excluded_clone_fraction(
    vaf_detectable: float, tumour_fraction: float, copy_number: float = DIPLOID
) -> float:
    """Return the smallest tumour-cell share of a heterozygous mutation that would have been called.

    Args:
        vaf_detectable: VAF that is called with the stated power.
        tumour_fraction: tumour-derived share of the genomes, above 0.
        copy_number: copies of the gene in a tumour cell.

    Returns:
        A share of the tumour cells; above 1 no clone was excluded.

    Raises:
        ValueError: the tumour fraction is not above 0.
    """
    if tumour_fraction <= 0:
        raise ValueError(f"tumour fraction {tumour_fraction} excludes nothing")
    genomes = tumour_fraction * copy_number + DIPLOID * (1 - tumour_fraction)
    return vaf_detectable * genomes / tumour_fraction


def copies_of(specimen: SpecimenEvidence, gene: str) -> GeneCopyNumber | None:
    """Return what a specimen tells of the copies of a gene."""
    return next((item for item in specimen.copy_number if item.gene == gene), None)


def tumour_copies(specimen: SpecimenEvidence, gene: str = ALK) -> float:
    """Return the tumour copy number of a gene, 2 where the specimen does not tell."""
    copies = copies_of(specimen, gene)
    number = copies.tumour_copy_number if copies else None
    # A copy number of zero could carry no mutation: two is assumed there, as where none is known.
    return number if number is not None and number > 0 else DIPLOID


def share_of_cells(
    vaf: float | None, fraction: float | None, specimen: SpecimenEvidence, gene: str
) -> float | None:
    """Return the share of tumour cells that a heterozygous VAF means, at most 1; None if unknown.

    Args:
        vaf: variant allele fraction, or one end of its interval.
        fraction: tumour fraction of the specimen, or one end of its interval.
        specimen: gives the tumour copies of the gene.
        gene: gene symbol.
    """
    if vaf is None or not fraction:
        return None
    return min(1.0, excluded_clone_fraction(vaf, fraction, tumour_copies(specimen, gene)))


def largest_if_the_lead_tells(shares: Sequence[float | None]) -> float | None:
    """Return the largest share; None where the leading specimen does not tell: others may hold less."""
    return max(share for share in shares if share is not None) if shares[0] is not None else None


def states_coverage(specimen: SpecimenEvidence) -> bool:
    """Tell whether a specimen says where it looked; a report often lists only what was found."""
    return specimen.callability_known and bool(specimen.callability)


def unusable_reasons(specimen: SpecimenEvidence) -> tuple[NotEvaluableReason, ...]:
    """Return why nothing of the specimen may be used; empty for a usable one."""
    reasons = []
    if specimen.identity is IdentityStatus.CONFLICT:
        reasons.append(NotEvaluableReason.IDENTITY_CONFLICT)
    # Nobody looked: that a file was damaged must not read as a sample without DNA.
    if DataProblem.UNREADABLE in specimen.problems:
        reasons.append(NotEvaluableReason.UNREADABLE)
    elif specimen.problems:
        reasons.append(NotEvaluableReason.NO_DATA)
    return tuple(reasons)


def can_exclude(specimen: SpecimenEvidence) -> bool:
    """Tell whether what a specimen does not show may be absent; a failed quality check forbids it."""
    return specimen.verdict is not Verdict.FAIL


def judge_specimen(
    specimen: SpecimenEvidence, window: WindowStatus, settings: NegativeSettings
) -> SpecimenNegative:
    """Return what a negative of this specimen means.

    Args:
        specimen: plasma, CSF or tissue; the formula is the same, with purity as the fraction of tissue.
        window: does its date lie in the sampling window.
        settings: section `resistance.negative`.
    """
    name = specimen.full_name
    unusable = unusable_reasons(specimen)
    if unusable:
        return SpecimenNegative(name, False, None, None, unusable, ())
    hotspots = alk_hotspots(specimen, settings)
    holes = _holes(specimen, hotspots, settings)
    # With holes no worst hotspot is named: the one not seen at all would be worse.
    low = specimen.tumour_fraction.low
    worst = None if holes else _worst(hotspots, low or 0.0, tumour_copies(specimen))
    reasons = _reasons(specimen, window, holes, worst, settings)
    return SpecimenNegative(
        specimen=name,
        informative=not reasons,
        excluded=worst[0] if worst else None,
        worst_locus=worst[1] if worst else None,
        reasons=reasons,
        holes=holes,
    )


def judge_timepoint(specimens: Sequence[SpecimenNegative]) -> TimepointNegative:
    """Return what a negative timepoint means: its best specimen counts.

    Reasons of all specimens are given if none is informative.
    """
    ordered = sorted(specimens, key=_rank)
    best = ordered[0] if ordered else None
    informative = best is not None and best.informative
    # Of all specimens, not of the best: who plans the next sample must know what each of them lacked.
    given = {reason for item in ordered for reason in item.reasons} or {NotEvaluableReason.NO_DATA}
    return TimepointNegative(
        informative=informative,
        excluded=best.excluded if best else None,
        best_specimen=best.specimen if best else None,
        reasons=() if informative else tuple(reason for reason in NotEvaluableReason if reason in given),
        specimens=tuple(sorted(specimens, key=lambda item: item.specimen)),
    )


def not_assessable_loci(
    specimens: Sequence[SpecimenEvidence], settings: NegativeSettings, amplified: Collection[str]
) -> tuple[str, ...]:
    """Return the loci that no specimen could judge; one that is unusable or failed judges nothing by silence.

    `MET exon 14` was targeted but not seen well enough, `RET intron 11 (not_targeted)` was not
    looked at, `MET copy_number` means an amplification would not have shown.

    Args:
        specimens: of one timepoint.
        settings: section `resistance.negative`.
        amplified: genes of which an amplification is asked for; of others, such as NF2, a loss.
    """
    seen: set[tuple[str, str]] = set()
    blind: dict[tuple[str, str], Detection] = {}
    for specimen, locus in [(one, locus) for one in specimens for locus in one.callability]:
        place = (locus.gene, locus.locus)
        if locus.status is Detection.NOT_TARGETED:
            blind.setdefault(place, Detection.NOT_TARGETED)
        elif _is_hole(locus) or not _sees(specimen, locus.status is Detection.DETECTED):
            blind[place] = Detection.NOT_ASSESSABLE
        else:
            seen.add(place)
    loci = [
        f"{gene} {name}" + (NOT_TARGETED_MARK if status is Detection.NOT_TARGETED else "")
        for (gene, name), status in blind.items()
        if (gene, name) not in seen
    ]
    return tuple(sorted([*loci, *_blind_copy_numbers(specimens, settings, amplified)]))


def _sees(specimen: SpecimenEvidence, found: bool) -> bool:
    return not unusable_reasons(specimen) and (found or can_exclude(specimen))


def copies_seen(item: GeneCopyNumber, settings: NegativeSettings) -> bool:
    """Tell whether an amplification of the gene would have been seen, or is excluded by the interval."""
    high = item.tumour_copy_number_high
    if high is not None and high < settings.amplification_copy_number:
        return True
    return _called(item, settings)


def _blind_copy_numbers(
    specimens: Sequence[SpecimenEvidence], settings: NegativeSettings, amplified: Collection[str]
) -> list[str]:
    visible: dict[str, bool] = {}
    for specimen, item in [(one, item) for one in specimens for item in one.copy_number]:
        found = item.call in (CopyNumberCall.AMPLIFICATION, CopyNumberCall.GAIN, CopyNumberCall.LOSS)
        # Of a gene that is lost, "below an amplification" says nothing.
        silent = copies_seen(item, settings) if item.gene in amplified else _called(item, settings)
        sees = (found or silent) and _sees(specimen, found)
        visible[item.gene] = visible.get(item.gene, False) or sees
    return [f"{gene} copy_number" for gene, sees in visible.items() if not sees]


def _called(item: GeneCopyNumber, settings: NegativeSettings) -> bool:
    limit = item.smallest_visible_cn
    judged = item.call is not CopyNumberCall.NOT_ASSESSABLE
    return judged and limit is not None and limit <= settings.max_visible_copy_number


def alk_hotspots(specimen: SpecimenEvidence, settings: NegativeSettings) -> list[LocusCallability]:
    """Return the hotspots of ALK that a negative asks for."""
    return [
        locus
        for locus in specimen.callability
        if locus.gene == ALK and locus.kind is LocusKind.ALK_HOTSPOT and locus.exon in settings.alk_exons
    ]


def _is_hole(locus: LocusCallability) -> bool:
    blind = locus.status in (Detection.NOT_ASSESSABLE, Detection.NOT_TARGETED)
    needs_vaf = locus.kind in (LocusKind.ALK_HOTSPOT, LocusKind.BYPASS_HOTSPOT)
    return blind or locus.molecules == 0 or (needs_vaf and locus.vaf_detectable is None)


def _holes(
    specimen: SpecimenEvidence, hotspots: Sequence[LocusCallability], settings: NegativeSettings
) -> tuple[str, ...]:
    if not states_coverage(specimen):
        return ()
    listed = {locus.exon for locus in hotspots}
    # An exon without a single locus is missing from the table, and must not pass for one that was seen.
    missing = [f"{ALK} exon {exon}" for exon in settings.alk_exons if exon not in listed]
    return tuple(sorted(missing + [f"{ALK} {locus.locus}" for locus in hotspots if _is_hole(locus)]))


def _worst(
    hotspots: Sequence[LocusCallability], tumour_fraction: float, copy_number: float
) -> tuple[float, str] | None:
    if tumour_fraction <= 0 or not hotspots:
        return None
    return max(
        (excluded_clone_fraction(locus.vaf_detectable or 0.0, tumour_fraction, copy_number), locus.locus)
        for locus in hotspots
    )


def _reasons(
    specimen: SpecimenEvidence,
    window: WindowStatus,
    holes: tuple[str, ...],
    worst: tuple[float, str] | None,
    settings: NegativeSettings,
) -> tuple[NotEvaluableReason, ...]:
    fraction = specimen.tumour_fraction
    unknown = fraction.status is TumourFractionStatus.NOT_ESTIMABLE
    weak = worst is not None and worst[0] > settings.max_excluded_clone_fraction
    checks = {
        NotEvaluableReason.TUMOUR_FRACTION_LOW: (fraction.low or 0.0) < settings.min_tumour_fraction
        and not unknown,
        NotEvaluableReason.TUMOUR_FRACTION_UNKNOWN: unknown,
        # A sample that failed its quality check gives findings, but its silence proves nothing.
        NotEvaluableReason.POWER_LOW: weak or not can_exclude(specimen),
        NotEvaluableReason.ALK_NOT_COVERED: bool(holes),
        NotEvaluableReason.OUTSIDE_WINDOW: window is WindowStatus.OUTSIDE,
        # A report without coverage lists what was found; what it leaves out may never have been looked at.
        NotEvaluableReason.CALLABILITY_UNKNOWN: not states_coverage(specimen),
    }
    return tuple(reason for reason in NotEvaluableReason if checks.get(reason, False))


def _rank(item: SpecimenNegative) -> tuple[bool, bool, float, int, str]:
    return (
        not item.informative,
        item.excluded is None,
        item.excluded if item.excluded is not None else 0.0,
        len(item.reasons),
        item.specimen,
    )
