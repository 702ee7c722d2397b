"""Plasma against tissue of one timepoint, alteration by alteration.

Only what one of the two showed is counted: agreement on what neither showed would depend on how many loci are
listed. A side that could not have shown the alteration is no disagreement.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from ..models import Detection, Origin, SpecimenType
from ..rows import EvidenceRow
from ..settings import CohortSettings
from .proportions import exact_interval, share
from .rows import AgreementRow, ConcordanceRow

TUMOUR = frozenset({Origin.SOMATIC, Origin.UNDECIDED})
MEASURES = (
    (
        "seen_in_plasma_of_tissue",
        ("both",),
        ("both", "tissue_only"),
        "alterations of tissue that plasma showed",
    ),
    (
        "seen_in_tissue_of_plasma",
        ("both",),
        ("both", "plasma_only"),
        "alterations of plasma that tissue showed",
    ),
    (
        "seen_in_both_of_any",
        ("both",),
        ("both", "plasma_only", "tissue_only"),
        "agreement on what either showed",
    ),
)


def concordance_rows(evidence: Iterable[EvidenceRow]) -> list[ConcordanceRow]:
    """Return one row per alteration that plasma or tissue of a timepoint with both showed."""
    by_timepoint: dict[tuple[str, str], list[EvidenceRow]] = defaultdict(list)
    for row in evidence:
        if row.origin in TUMOUR and row.specimen_type in (SpecimenType.PLASMA, SpecimenType.TISSUE):
            by_timepoint[row.patient, row.timepoint].append(row)
    return [row for key in sorted(by_timepoint) for row in _timepoint(by_timepoint[key])]


def agreement_rows(rows: Sequence[ConcordanceRow], settings: CohortSettings) -> list[AgreementRow]:
    """Return agreement over the cohort with exact intervals."""
    found = []
    for measure, agreeing, compared, note in MEASURES:
        count = sum(row.verdict in agreeing for row in rows)
        total = sum(row.verdict in compared for row in rows)
        low, high = exact_interval(count, total, settings.confidence)
        found.append(AgreementRow(measure, count, total, share(count, total), low, high, note))
    return found


def _timepoint(rows: Sequence[EvidenceRow]) -> Iterator[ConcordanceRow]:
    if {row.specimen_type for row in rows} != {SpecimenType.PLASMA, SpecimenType.TISSUE}:
        return
    seen = {row.key: row for row in rows if row.detection is Detection.DETECTED}
    for key in sorted(seen):
        plasma = _status(rows, key, SpecimenType.PLASMA)
        tissue = _status(rows, key, SpecimenType.TISSUE)
        first = seen[key]
        yield ConcordanceRow(
            first.patient, first.timepoint, first.gene, first.alteration, plasma.value, tissue.value,
            _verdict(plasma, tissue),
        )  # fmt: skip


def _status(rows: Sequence[EvidenceRow], key: str, kind: SpecimenType) -> Detection:
    """Best statement of the specimens of one kind; without any row it could not be judged."""
    found = {row.detection for row in rows if row.key == key and row.specimen_type is kind}
    order = (Detection.DETECTED, Detection.SUBTHRESHOLD, Detection.NOT_DETECTED)
    return next((status for status in order if status in found), Detection.NOT_ASSESSABLE)


def _verdict(plasma: Detection, tissue: Detection) -> str:
    """A candidate below the calling rule is neither seen nor excluded."""
    if {plasma, tissue} <= {Detection.DETECTED, Detection.NOT_DETECTED}:
        if plasma is tissue:
            return "both"
        return "plasma_only" if plasma is Detection.DETECTED else "tissue_only"
    return "not_comparable"
