"""Facts that may predict early progression on lorlatinib, or benefit from the next treatment.

A predictor is one object, registered once: tables, pages and docs take everything they say and do from it.
Each says from when on it is known: nobody is at risk before, and who had the event before is left out.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from ..evidence.evidence_table import EvidenceRow
from ..vocabulary.changes import Origin
from ..vocabulary.clinical import BestResponse, ProgressionSite
from ..vocabulary.detection import Detection
from ..vocabulary.outcomes import Exclusion
from ..vocabulary.resistance import Classification
from ..vocabulary.samples import Setting, SpecimenType
from .accounts import Key, Sampled
from .beyond import WIDEST_FIRST
from .clinical_schema import PatientRow, Smoking
from .mechanisms import Finding
from .timeline import Timeline


@dataclass(frozen=True)
class Case:
    """What is known of one patient.

    Attributes:
        before, after: findings at baseline and at progression.
        samples: what was measured at each timepoint, by date.
        evidence: what each sample showed.
    """

    timeline: Timeline
    before: Finding | None
    after: Finding | None
    samples: tuple[Sampled, ...]
    evidence: tuple[EvidenceRow, ...]

    def sample(self, setting: Setting) -> Sampled | None:
        """Return the first sample of a setting."""
        return next((item for item in self.samples if item.setting is setting), None)


@dataclass(frozen=True)
class Measured:
    """A value, and the day from which on it is known."""

    value: float
    known: dt.date


Measure = Callable[[Case], Measured | Exclusion | None]


@dataclass(frozen=True, kw_only=True)
class Predictor:
    """One predictor.

    Attributes:
        name: of patients with it, as in the tables.
        reference: of those without.
        text: what it is, for the docs.
        measure: its value in a patient (1 with, 0 without), or why it is not known; None for no other reason.
        split: compare values above the median of the cohort with the others.
        early: known before progression, so that it may predict an early one.
    """

    name: str
    reference: str
    text: str
    measure: Measure
    split: bool = False
    early: bool = True


PREDICTORS: dict[str, Predictor] = {}
"""By name, in the order of the tables."""


def register(predictor: Predictor) -> Predictor:
    """Make a predictor one of the study's.

    Raises:
        ValueError: another one has that name.
    """
    if predictor.name in PREDICTORS:
        raise ValueError(f"there is a predictor {predictor.name} already")
    PREDICTORS[predictor.name] = predictor
    return predictor


def cases_of(
    timelines: Iterable[Timeline],
    before: Mapping[str, Finding],
    after: Mapping[str, Finding],
    samples: Mapping[Key, Sampled],
    evidence: Iterable[EvidenceRow],
) -> list[Case]:
    """Return what is known of each patient with clinical tables."""
    own: dict[str, list[Sampled]] = {}
    for (patient, _), item in samples.items():
        own.setdefault(patient, []).append(item)
    seen: dict[str, list[EvidenceRow]] = {}
    for row in evidence:
        seen.setdefault(row.patient, []).append(row)
    return [
        Case(
            timeline,
            before.get(timeline.patient),
            after.get(timeline.patient),
            tuple(sorted(own.get(timeline.patient, ()), key=lambda item: item.collected or dt.date.max)),
            tuple(seen.get(timeline.patient, ())),
        )
        for timeline in timelines
    ]


# --- what is measured ----------------------------------------------------------------------------

_TUMOUR = (Origin.SOMATIC, Origin.UNDECIDED)
_VARIANT = re.compile(r"\bv(?:ariant )?([1-9])|\bE(13|20|6)[ab]?;A20", re.IGNORECASE)
_BY_EXON = {"13": "1", "20": "2", "6": "3"}


def _at_start(value: bool | float | None, case: Case) -> Measured | None:
    course = case.timeline.lorlatinib
    return None if value is None or course is None else Measured(float(value), course.start)


def _fact(value: Callable[[PatientRow], bool | None]) -> Measure:
    return lambda case: _at_start(value(case.timeline.record.patient), case)


def _baseline(value: Callable[[Sampled], bool | float | None]) -> Measure:
    def measure(case: Case) -> Measured | None:
        sample = case.sample(Setting.BASELINE)
        found = _at_start(value(sample), case) if sample else None
        # A baseline taken late is known only then.
        late = sample.collected if sample else None
        return replace(found, known=max(found.known, late)) if found and late else found

    return measure


def _at_progression(value: Callable[[Sampled], bool | float | None]) -> Measure:
    def measure(case: Case) -> Measured | Exclusion | None:
        after = case.after
        own = [item for item in case.samples if after and item.timepoint == after.timepoint]
        found = value(own[0]) if own else None
        if found is None or after is None or not after.stands:
            return None
        return Measured(float(found), after.reported) if after.reported else Exclusion.REPORT_DATE_MISSING

    return measure


def _tp53(sample: Sampled) -> bool | None:
    if "TP53" in sample.co_altered:
        return True
    # Not found is not unchanged: only a gene in which any change would have been seen is of the reference.
    return False if "TP53" in sample.excluded else None


def _variant_3(case: Case) -> Measured | None:
    """Variant 3 against variant 1; the fusion is that of diagnosis, whenever it was read."""
    names = [row.alteration for row in case.evidence if row.detection is Detection.DETECTED]
    told = [name for name in (*names, case.timeline.record.patient.alk_fusion or "") if "EML4" in name]
    read = (_VARIANT.search(name) for name in told)
    variants = {match[1] or _BY_EXON[match[2]] for match in read if match}
    # Two different variants contradict each other: such a patient is in neither group.
    return _at_start({"3": True, "1": False}.get(next(iter(variants))), case) if len(variants) == 1 else None


def _prior_findings(case: Case) -> Measured | None:
    before = case.before
    # Without a finding only NONE_FOUND says that there is none; other classes looked at too little.
    if before is None or not (before.components or before.classification is Classification.NONE_FOUND):
        return None
    return _at_start(bool(before.components), case)


def _followed(case: Case) -> tuple[dt.date, list[tuple[EvidenceRow, EvidenceRow]]] | None:
    """First plasma under lorlatinib, and what the baseline plasma showed, in both; None without all of it."""
    baseline, course, end = case.sample(Setting.BASELINE), case.timeline.lorlatinib, case.timeline.progression
    taken = [item for item in case.samples if item.setting is Setting.ON_TREATMENT and item.collected]
    # After progression it follows the next treatment.
    later = next((one for one in taken if one.collected and (end is None or one.collected < end)), None)
    if baseline is None or course is None or later is None or later.collected is None:
        return None
    plasma = [row for row in case.evidence if row.specimen_type is SpecimenType.PLASMA]
    tumour = [row for row in plasma if row.detection is Detection.DETECTED and row.origin in _TUMOUR]
    first = {row.key: row for row in tumour if row.timepoint == baseline.timepoint}
    second = {row.key: row for row in plasma if row.timepoint == later.timepoint}
    # What was not looked for again may be there still.
    if later.collected <= course.start or not first or first.keys() - second.keys():
        return None
    pairs = [(row, second[key]) for key, row in first.items()]
    return (later.collected, told) if (told := [pair for pair in pairs if _told(*pair)]) else None


def _told(before: EvidenceRow, later: EvidenceRow) -> bool:
    """Tell whether a later sample says anything: what lies below its limit may be there unchanged."""
    if later.detection is not Detection.NOT_DETECTED or before.vaf is None:
        return True
    return later.vaf_detectable is not None and later.vaf_detectable < before.vaf


def _cleared(case: Case) -> Measured | None:
    followed = _followed(case)
    if followed is None:
        return None
    day, pairs = followed
    states = {row.detection for _, row in pairs}
    if states & {Detection.DETECTED, Detection.SUBTHRESHOLD}:
        return Measured(0.0, day)
    return Measured(1.0, day) if states == {Detection.NOT_DETECTED} else None


def _vaf_ratio(case: Case) -> Measured | None:
    followed = _followed(case)
    if followed is None:
        return None
    day, pairs = followed
    early = [row.vaf for row, _ in pairs]
    late = [0.0 if row.detection is Detection.NOT_DETECTED else row.vaf for _, row in pairs]
    if None in early or None in late or not any(early):
        return None
    return Measured(sum(vaf or 0.0 for vaf in late) / sum(vaf or 0.0 for vaf in early), day)


def _site(wanted: ProgressionSite) -> Measure:
    def measure(case: Case) -> Measured | None:
        day = case.timeline.progression
        if day is None:
            return None
        rows = case.timeline.record.assessments
        seen = {row.site for row in rows if row.date == day and row.response is BestResponse.PD}
        seen |= {item.site for item in case.samples if case.after and item.timepoint == case.after.timepoint}
        # Two readings of one day, such as brain and body: the wider one.
        worst = next((site for site in WIDEST_FIRST if site in seen), None)
        return Measured(float(worst is wanted), day) if worst else None

    return measure


def _ever(row: PatientRow) -> bool | None:
    return None if row.smoking is None else row.smoking is not Smoking.NEVER


for _predictor in (
    Predictor(
        name="cns_metastases", reference="no_cns_metastases", text="CNS metastases at lorlatinib start",
        measure=_fact(lambda row: row.cns_metastases),
    ),
    Predictor(
        name="ecog_2_or_more", reference="ecog_0_or_1", text="ECOG performance status at lorlatinib start",
        measure=_fact(lambda row: None if row.ecog is None else row.ecog >= 2),
    ),
    Predictor(name="ever_smoker", reference="never_smoker", text="smoking", measure=_fact(_ever)),
    Predictor(
        name="male", reference="female", text="sex",
        measure=_fact(lambda row: None if row.sex is None else row.sex.value == "male"),
    ),
    Predictor(
        name="tp53_mutation", reference="tp53_excluded", measure=_baseline(_tp53),
        text="coding mutation of TP53 at baseline, against a baseline that could have shown one",
    ),
    Predictor(
        name="eml4_alk_v3", reference="eml4_alk_v1", measure=_variant_3,
        text="EML4-ALK variant 3 (E6;A20) against variant 1 (E13;A20), from samples or `alk_fusion`",
    ),
    Predictor(
        name="tumour_fraction_high", reference="tumour_fraction_low", split=True,
        text="tumour fraction of the baseline plasma", measure=_baseline(lambda one: one.tumour_fraction),
    ),
    Predictor(
        name="many_mutations", reference="few_mutations", split=True,
        text="small variants of the tumour found at baseline", measure=_baseline(lambda one: one.mutations),
    ),
    Predictor(
        name="resistance_at_baseline", reference="none_at_baseline", measure=_prior_findings,
        text="a mechanism of any family at baseline, against `NONE_FOUND`",
    ),
    Predictor(
        name="ctdna_cleared", reference="ctdna_not_cleared", measure=_cleared,
        text="baseline findings that the first plasma under lorlatinib could show again: none is left",
    ),
    Predictor(
        name="ctdna_ratio_high", reference="ctdna_ratio_low", split=True, measure=_vaf_ratio,
        text="VAFs of the same alterations under lorlatinib by those at baseline",
    ),
    Predictor(
        name="tumour_fraction_at_progression_high", reference="tumour_fraction_at_progression_low",
        text="tumour fraction of the plasma at progression", split=True, early=False,
        measure=_at_progression(lambda one: one.tumour_fraction),
    ),
    Predictor(
        name="many_mutations_at_progression", reference="few_mutations_at_progression",
        text="small variants of the tumour found at progression", split=True, early=False,
        measure=_at_progression(lambda one: one.mutations),
    ),
    *(
        Predictor(
            name=f"{site}_progression", reference="other_site", early=False,
            text="site of the progression on lorlatinib (`assessments.site`, else the evidence)",
            measure=_site(site),
        )
        for site in ProgressionSite
    ),
):  # fmt: skip
    register(_predictor)
