"""What of a patient may leave in an export: the one place that decides it; pure.

Counts are molecules; positions are 1-based as in the evidence.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ..classify.carrying import carrying_rows
from ..classify.finding_caveats import RANK, lowest
from ..classify.resistance_table import ResistanceRow
from ..evidence.evidence_file import load_evidence
from ..evidence.schema import Alteration, Observation, PatientEvidence, SpecimenEvidence
from ..io.tables import read_table
from ..vocabulary.caveats import CaveatCode, codes_of
from ..vocabulary.changes import Origin, VariantType
from ..vocabulary.copies import TumourFractionStatus
from ..vocabulary.detection import Detection
from ..vocabulary.resistance import Component, Confidence
from ..vocabulary.samples import SpecimenType
from ..vocabulary.variant import SmallVariant

BREAKEND = re.compile(
    r"(?P<chrom>\S+):(?P<pos>\d+)(?P<ref>[ACGTN])>(?P<alt>\S*[\[\]](?P<mate>\S+):(?P<mate_pos>\d+)[\[\]]\S*)"
)
"""A junction as the evidence places it: `chr2:29223741T>T]chr2:42299750]` (VCF 4.3, section 5.4)."""


@dataclass(frozen=True)
class Breakend:
    """A junction as one record of a VCF; positions are 1-based."""

    chrom: str
    pos: int
    ref: str
    alt: str
    mate: str
    mate_pos: int

    @property
    def kind(self) -> str | None:
        """Two chromosomes, or two strands of one; None where it may be a deletion or a duplication."""
        if self.chrom != self.mate:
            return "TRANSLOCATION"
        # `T]p]` and `[p[T` join ends that face one way.
        return "INVERSION" if self.alt[-1] == "]" or self.alt[0] == "[" else None


@dataclass(frozen=True)
class Seen:
    """One alteration in one specimen that shows it."""

    alteration: Alteration
    specimen: SpecimenEvidence
    observation: Observation


@dataclass(frozen=True)
class ExportedPatient:
    """What an export may say of one patient.

    Attributes:
        evidence: of the patient, with inherited variants.
        rows: `resistance.tsv` of the classified timepoints, in their order.
        carriers: those rows whose mechanism carries the class of its timepoint; others are listed only.
        inherited: whether inherited variants may be exported.
    """

    evidence: PatientEvidence
    rows: tuple[ResistanceRow, ...]
    carriers: tuple[ResistanceRow, ...]
    inherited: bool

    @property
    def patient(self) -> str:
        """Patient id."""
        return self.evidence.patient

    @cached_property
    def specimens(self) -> tuple[SpecimenEvidence, ...]:
        """Specimens of the tumour, by date: white cells are the patient, not the tumour."""
        own = (s for s in self.evidence.specimens if s.specimen_type is not SpecimenType.WBC)
        return tuple(sorted(own, key=lambda s: (s.collected, s.timepoint, s.specimen)))

    @cached_property
    def alterations(self) -> tuple[Alteration, ...]:
        """Alterations that some specimen of the tumour shows, and that may be exported."""
        return tuple(
            item
            for item in self.evidence.alterations
            if (self.inherited or not is_inherited(item)) and any(True for _ in self.seen(item))
        )

    def seen(self, alteration: Alteration) -> Iterator[Seen]:
        """Yield the specimens of the tumour that show an alteration, by date."""
        found = {o.place: o for o in alteration.observations if o.detection is Detection.DETECTED}
        for specimen in self.specimens:
            if specimen.place in found:
                yield Seen(alteration, specimen, found[specimen.place])

    def observation(self, alteration: Alteration, specimen: SpecimenEvidence) -> Observation | None:
        """Return what one specimen says of an alteration."""
        return next((o for o in alteration.observations if o.place == specimen.place), None)

    def listed(self, alteration: Alteration) -> tuple[ResistanceRow, ...]:
        """Return the rows of `resistance.tsv` that name an alteration."""
        name = (alteration.gene, alteration.alteration, alteration.variant_type)
        return tuple(row for row in self.rows if (row.gene, row.alteration, row.variant_type) == name)

    def mechanisms(self, alteration: Alteration) -> tuple[ResistanceRow, ...]:
        """Return of these the rows whose mechanism carries the class of its timepoint."""
        return self.carrying(self.listed(alteration))

    def carrying(self, rows: Iterable[ResistanceRow]) -> tuple[ResistanceRow, ...]:
        """Return the rows whose mechanism carries the class of its timepoint."""
        return tuple(row for row in rows if row in self.carriers)

    def sample(self, specimen: SpecimenEvidence) -> str:
        """Return the name of a sample, as in BAM and VCF."""
        return f"{self.patient}.{specimen.full_name}"


def load_patients(
    evidence: Iterable[Path | str],
    tables: Sequence[Path | str],
    details: Sequence[Path | str],
    *,
    inherited: bool,
) -> list[ExportedPatient]:
    """Read the patients of an export.

    Args:
        evidence: `evidence.json` of each.
        tables: `resistance.tsv` of the timepoints, in any order.
        details: `resistance.json` of the timepoints, in the same order.
        inherited: whether inherited variants may be exported.

    Raises:
        InputProblems: a file is none of this release.
    """
    rows: dict[str, list[ResistanceRow]] = {}
    carriers: dict[str, list[ResistanceRow]] = {}
    for table, account in zip(tables, details, strict=True):
        found = read_table(Path(table), ResistanceRow)
        detail = json.loads(Path(account).read_text(encoding="utf-8"))
        rows.setdefault(found[0].patient, []).extend(found)
        carriers.setdefault(found[0].patient, []).extend(carrying_rows(found, detail))
    patients = [load_evidence(Path(path)) for path in evidence]
    return [
        ExportedPatient(
            one, tuple(rows.get(one.patient, ())), tuple(carriers.get(one.patient, ())), inherited
        )
        for one in patients
    ]


def confidence_of(rows: Iterable[ResistanceRow]) -> Confidence | None:
    """Return the confidence of a class: of each family the surest, of these the least sure."""
    surest: dict[Component | None, Confidence] = {}
    for row in rows:
        if row.confidence is not None:
            other = surest.get(row.component, row.confidence)
            surest[row.component] = min(row.confidence, other, key=RANK.__getitem__)
    return lowest(*surest.values()) if surest else None


def fraction_interval(specimen: SpecimenEvidence) -> tuple[float | None, float | None]:
    """Return the interval of a tumour fraction; none where a report gave a bare number."""
    found = specimen.tumour_fraction
    return (
        (None, None)
        if found.status is TumourFractionStatus.GIVEN and found.low == found.high
        else (found.low, found.high)
    )


def is_inherited(alteration: Alteration) -> bool:
    """Tell whether a variant is inherited, for certain or probably; others may not be told of it."""
    probable = CaveatCode.PROBABLE_GERMLINE in codes_of(alteration.flags)
    return alteration.origin is Origin.GERMLINE or probable


def filter_of(alteration: Alteration) -> str:
    """Return FILTER of MAF and VCF: only what may be of the tumour passes."""
    if is_inherited(alteration):
        return "germline"
    blood = alteration.origin is Origin.CLONAL_HAEMATOPOIESIS
    return Origin.CLONAL_HAEMATOPOIESIS.value if blood else "PASS"


def small_variant(alteration: Alteration) -> SmallVariant | None:
    """Return the allele of an alteration; None for a fusion, a copy number or a name without a place."""
    if alteration.variant_type is VariantType.FUSION:
        return None
    try:
        return SmallVariant.parse(alteration.key)
    except ValueError:
        return None


def breakend(alteration: Alteration) -> Breakend | None:
    """Return the junction of a fusion; None where a report gives no place."""
    found = BREAKEND.fullmatch(alteration.position_grch38 or "")
    if alteration.variant_type is not VariantType.FUSION or found is None:
        return None
    return Breakend(
        found["chrom"], int(found["pos"]), found["ref"], found["alt"], found["mate"], int(found["mate_pos"])
    )


def all_seen(patients: Iterable[ExportedPatient]) -> Iterator[tuple[ExportedPatient, Seen]]:
    """Yield every alteration in every specimen that shows it, with its patient."""
    for patient in patients:
        for alteration in patient.alterations:
            for seen in patient.seen(alteration):
                yield patient, seen
