"""The head of a patient's page: who, which driver, how long on lorlatinib, where it progressed, samples."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from ..evidence.schema import Alteration, ClinicalContext, LocusCallability, PatientEvidence, SpecimenEvidence
from ..outcomes.clinical_schema import PatientRecord
from ..vocabulary.caveats import NOT_THE_DRIVER, codes_of
from ..vocabulary.changes import ALK, VariantType
from ..vocabulary.clinical import BestResponse
from ..vocabulary.copies import TumourFractionStatus
from ..vocabulary.detection import Detection, LocusKind
from .language import Listed, Said, Share, say

LORLATINIB = "lorlatinib"


@dataclass(frozen=True)
class Light:
    """Quality of one sample: its verdict, and the molecules behind it at the ALK hotspots.

    Attributes:
        molecules: median over the hotspots; None where nothing was counted.
        duplex: share of them seen on both strands.
    """

    molecules: float | None
    duplex: float | None


def header_facts(
    evidence: PatientEvidence, record: PatientRecord | None, variants: Mapping[tuple[str, str], str]
) -> list[tuple[str, Said]]:
    """Return what stands below the name: a label and what is said, in the order of reading.

    Args:
        evidence: of the patient.
        record: the clinical tables; None without them, and then nothing is invented.
        variants: names of fusion variants by partner and junction, such as `v1` for `EML4`, `E13;A20`.
    """
    clinical = evidence.clinical
    facts = [
        ("person", _person(record)),
        ("diagnosis", _diagnosis(record, clinical)),
        ("driver", _driver(evidence, variants)),
        ("treatment", _treatment(record, clinical)),
        ("progression", _progression(record, clinical)),
    ]
    return [(label, said) for label, said in facts if said is not None]


def last_date(evidence: PatientEvidence, record: PatientRecord | None) -> dt.date | None:
    """Return the newest date of the data on the page: it is as of that day, whenever it was written."""
    dates = [item.collected for item in evidence.specimens]
    if record:
        dates += [row.date for row in record.assessments] + [row.date for row in record.pathology]
        dates += [date for row in record.treatments for date in (row.start, row.end) if date]
        dates += [record.follow_up.last_contact] if record.follow_up else []
    return max(dates, default=None)


def quality_light(specimen: SpecimenEvidence) -> Light:
    """Return the numbers behind the verdict on a sample."""
    loci = alk_hotspots(specimen)
    if not loci:
        return Light(None, None)
    total = sum(item.molecules for item in loci)
    return Light(
        median(item.molecules for item in loci), sum(item.duplex for item in loci) / total if total else None
    )


def alk_hotspots(specimen: SpecimenEvidence) -> list[LocusCallability]:
    """Return what the sample could show at the ALK hotspots, in the order of the protein."""
    loci = [item for item in specimen.callability if item.gene == ALK and item.kind is LocusKind.ALK_HOTSPOT]
    return sorted(loci, key=lambda item: codon_of(item.locus))


def codon_of(name: str) -> int:
    """Return the residue number in a name such as `G1202`; 0 without one."""
    digits = "".join(sign for sign in name if sign.isdigit())
    return int(digits) if digits else 0


def driver_fusions(evidence: PatientEvidence) -> list[Alteration]:
    """Return the ALK fusions that were seen and put the kinase behind a partner; not their other halves."""
    return [
        item
        for item in evidence.alterations
        if item.variant_type is VariantType.FUSION
        and ALK in (item.gene, item.partner)
        and not NOT_THE_DRIVER & codes_of(item.flags)
        and any(seen.detection is Detection.DETECTED for seen in item.observations)
    ]


def fusion_name(item: Alteration, variants: Mapping[tuple[str, str], str]) -> Said:
    """Return a fusion by the name that a board uses: `EML4-ALK variant 1 (E13;A20)`."""
    partner = item.partner if item.gene == ALK else item.gene
    variant = variants.get((partner or "", item.junction or ""))
    if variant is None:
        return say("fusion.plain", name=item.alteration)
    return say("fusion.variant", pair=f"{partner}-ALK", variant=variant, junction=item.junction)


def _person(record: PatientRecord | None) -> Said | None:
    if record is None:
        return None
    age, sex = record.patient.age_at_diagnosis, record.patient.sex
    parts = [say(f"sex.{sex}")] if sex else []
    parts += [say("header.age", age=age)] if age is not None else []
    return say("header.joined", parts=Listed(tuple(parts))) if parts else None


def _diagnosis(record: PatientRecord | None, clinical: ClinicalContext | None) -> Said:
    start = clinical.lorlatinib_start if clinical else None
    reports = [row for row in record.pathology if start is None or row.date <= start] if record else []
    histology = say(f"histology.{reports[-1].histology}") if reports else say("header.histology_unknown")
    diagnosed = record.patient.diagnosed if record else None
    name = say("header.alk_positive", histology=histology)
    return say("header.diagnosed", name=name, date=diagnosed) if diagnosed else name


def _driver(evidence: PatientEvidence, variants: Mapping[tuple[str, str], str]) -> Said:
    seen = driver_fusions(evidence)
    known = evidence.clinical.known_fusion if evidence.clinical else None
    if seen:
        return say("header.driver_seen", names=tuple(fusion_name(item, variants) for item in seen))
    return say("header.driver_known", name=known) if known else say("header.driver_unknown")


def _treatment(record: PatientRecord | None, clinical: ClinicalContext | None) -> Said:
    if clinical is None or clinical.lorlatinib_start is None:
        return say("header.lorlatinib_unknown")
    rows = [row for row in record.treatments if LORLATINIB in row.drugs] if record else []
    line = say("header.line", line=rows[0].line) if rows else say("header.no_line")
    start, end = clinical.lorlatinib_start, clinical.lorlatinib_last_dose
    if end is None:
        return say("header.lorlatinib_ongoing", line=line, start=start)
    return say("header.lorlatinib", line=line, start=start, end=end, days=(end - start).days + 1)


def _progression(record: PatientRecord | None, clinical: ClinicalContext | None) -> Said | None:
    date = clinical.progression if clinical else None
    if date is None or clinical is None:
        return None
    assessments = record.assessments if record else ()
    site = next(
        (row.site for row in assessments if row.date == date and row.response is BestResponse.PD), None
    )
    place = say(f"site.{site}") if site else say("site.unknown")
    if clinical.lorlatinib_start is None:
        return say("header.progression", date=date, site=place)
    return say(
        "header.progression_after", date=date, site=place, days=(date - clinical.lorlatinib_start).days
    )


def sample_order(specimens: Sequence[SpecimenEvidence]) -> list[SpecimenEvidence]:
    """Return samples by date, timepoint and name."""
    return sorted(specimens, key=lambda item: (item.collected, item.timepoint, item.specimen))


def sample_name(item: SpecimenEvidence) -> str:
    """Return the name of a sample as the tables of the page head their columns."""
    return f"{item.timepoint} {item.specimen}"


def fraction_said(item: SpecimenEvidence) -> Said:
    """Return the tumour fraction of a sample with its interval, or that there is none."""
    fraction = item.tumour_fraction
    if fraction.value is None:
        return say("fraction.not_estimable")
    # A report gives a bare number: an interval of no width would be a certainty that nobody measured.
    if fraction.status is TumourFractionStatus.GIVEN and fraction.low == fraction.high:
        return say("fraction.given", share=Share(fraction.value))
    return say("fraction.value", share=Share(fraction.value, fraction.low, fraction.high))
