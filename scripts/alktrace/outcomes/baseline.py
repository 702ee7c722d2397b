"""Who the patients were at lorlatinib start, and what is missing of them.

A trait is one object, as an endpoint is: Table 1 and the table of missing data take it from here.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..vocabulary.outcomes import ALL
from ..vocabulary.samples import Setting
from .baseline_table import BaselineRow, MissingRow
from .beyond import site_of
from .clinical_schema import PatientRow, Relation
from .endpoints import progression_exclusion, study_exclusion
from .predictors import PREDICTORS, Case, Measured

NO_SAMPLE, YES, NO = "no_sample", "yes", "no"
Value = float | str | None


@dataclass(frozen=True)
class Trait:
    """One thing that describes a patient at lorlatinib start.

    Attributes:
        name: as in the table.
        value: a number, or the name of a category; None where it is not known.
        levels: categories that stand in the table even where nobody has them; none for numbers.
    """

    name: str
    value: Callable[[Case], Value]
    levels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Item:
    """Something that may be missing.

    Attributes:
        asked_of: who should have it, in words; `asked` tells it of a patient.
        known: is it there.
        consequence: of its absence.
    """

    name: str
    table: str
    asked_of: str
    asked: Callable[[Case], bool]
    known: Callable[[Case], bool]
    consequence: str


def baseline_rows(cases: Iterable[Case]) -> list[BaselineRow]:
    """Return Table 1 of the patients of the study: over all, by timing and by class."""
    inside = [case for case in cases if study_exclusion(case.timeline) is None]
    found = [row for trait in TRAITS for row in _described(ALL, ALL, trait, inside)]
    for grouping, group_of in GROUPINGS.items():
        groups: dict[str, list[Case]] = {}
        # Without progression there is no mechanism: such patients are in `all` alone.
        for case in inside:
            if progression_exclusion(case.timeline) is None:
                groups.setdefault(group_of(case), []).append(case)
        for group, members in sorted(groups.items(), key=lambda item: (item[0] == NO_SAMPLE, item[0])):
            found += [row for trait in TRAITS for row in _described(grouping, group, trait, members)]
    return found


def missing_rows(cases: Iterable[Case]) -> list[MissingRow]:
    """Return how often each item is missing, of those patients of the study who should have it."""
    inside = [case for case in cases if study_exclusion(case.timeline) is None]
    rows = []
    for item in ITEMS:
        # Of those who should have it: a site of progression is missing in nobody who did not progress.
        asked = [case for case in inside if item.asked(case)]
        missing = sum(not item.known(case) for case in asked)
        rows.append(
            MissingRow(
                item=item.name,
                table=item.table,
                asked_of=item.asked_of,
                patients=len(asked),
                missing=missing,
                share=missing / len(asked) if asked else None,
                consequence=item.consequence,
            )
        )
    return rows


def _described(grouping: str, group: str, trait: Trait, members: Sequence[Case]) -> Iterator[BaselineRow]:
    values = [value for case in members if (value := trait.value(case)) is not None]
    missing = len(members) - len(values)
    numbers = [value for value in values if not isinstance(value, str)]
    if not trait.levels:
        low, middle, high = np.percentile(numbers, (25, 50, 75)) if numbers else (None, None, None)
        yield BaselineRow(
            grouping=grouping,
            group=group,
            variable=trait.name,
            patients=len(members),
            known=len(values),
            missing=missing,
            median=None if middle is None else float(middle),
            quartile_low=None if low is None else float(low),
            quartile_high=None if high is None else float(high),
        )
    for level in trait.levels:
        count = sum(value == level for value in values)
        yield BaselineRow(
            grouping=grouping,
            group=group,
            variable=trait.name,
            level=level,
            patients=len(members),
            known=len(values),
            missing=missing,
            count=count,
            # Of those known: missing ones in the denominator would pass for patients without it.
            share=count / len(values) if values else None,
        )


def _timing(case: Case) -> str:
    after = case.after
    # A sample from outside the window shows another time of the tumour.
    if after is None or not after.stands:
        return NO_SAMPLE
    return after.timing.value.lower() if after.timing else "indeterminate"


def _class(case: Case) -> str:
    after = case.after
    return after.classification.value if after is not None and after.stands else NO_SAMPLE


GROUPINGS: dict[str, Callable[[Case], str]] = {"timing": _timing, "class": _class}


# --- traits ---------------------------------------------------------------------------------------


def _yes_no(value: bool | None) -> Value:
    return None if value is None else YES if value else NO


def _predictor(name: str) -> Callable[[Case], Value]:
    def value(case: Case) -> Value:
        measured = PREDICTORS[name].measure(case)
        return _yes_no(measured.value > 0) if isinstance(measured, Measured) else None

    return value


def _ecog(case: Case) -> Value:
    ecog = _row(case).ecog
    return None if ecog is None else "2 or more" if ecog >= 2 else str(ecog)


def _months_since_diagnosis(case: Case) -> Value:
    diagnosed, course = _row(case).diagnosed, case.timeline.lorlatinib
    return (course.start - diagnosed).days / (365.25 / 12) if diagnosed and course else None


def _enrolled(case: Case) -> Value:
    enrolled, progression = case.timeline.enrolled, case.timeline.progression
    if enrolled is None:
        return None
    return "at or after progression" if progression and enrolled >= progression else "before progression"


def _tumour_fraction(case: Case) -> Value:
    sample = case.sample(Setting.BASELINE)
    return sample.tumour_fraction if sample else None


def _fusion(case: Case) -> Value:
    fusion = _row(case).alk_fusion
    return None if fusion is None else "EML4-ALK" if "EML4" in fusion.upper() else "other partner"


def _row(case: Case) -> PatientRow:
    return case.timeline.record.patient


def _text(value: object) -> Value:
    return None if value is None else str(value)


TRAITS = (
    Trait("age at diagnosis, years", lambda case: _row(case).age_at_diagnosis),
    Trait("sex", lambda case: _text(_row(case).sex), ("female", "male")),
    Trait("smoking", lambda case: _text(_row(case).smoking), ("never", "former", "current")),
    Trait("ECOG performance status", _ecog, ("0", "1", "2 or more")),
    Trait("CNS metastases", lambda case: _yes_no(_row(case).cns_metastases), (YES, NO)),
    Trait("ALK fusion", _fusion, ("EML4-ALK", "other partner")),
    Trait("EML4-ALK variant 3, not 1", _predictor("eml4_alk_v3"), (YES, NO)),
    Trait("TP53 mutation at baseline", _predictor("tp53_mutation"), (YES, NO)),
    Trait("tumour fraction of the baseline plasma", _tumour_fraction),
    Trait("months from diagnosis to lorlatinib", _months_since_diagnosis),
    Trait("enrolled", _enrolled, ("before progression", "at or after progression")),
)


# --- what may be missing --------------------------------------------------------------------------


def _everybody(case: Case) -> bool:
    return study_exclusion(case.timeline) is None


def _progressed(case: Case) -> bool:
    return case.timeline.progression is not None


def _treated_next(case: Case) -> bool:
    return case.timeline.next_treatment is not None


def _sampled(case: Case) -> bool:
    return _progressed(case) and case.after is not None and case.after.stands


def _told(name: str) -> Callable[[Case], bool]:
    return lambda case: getattr(_row(case), name) is not None


def _assessed_next(case: Case) -> bool:
    given = case.timeline.next_treatment
    return given is not None and any(
        row.date > given.start and (given.end is None or row.date <= given.end)
        for row in case.timeline.record.assessments
    )


STUDY, PROGRESSION = "patients of the study", "patients with progression on lorlatinib"
DESCRIBED = "is counted as missing in the baseline table, and in no group of its predictor"
ITEMS = (
    Item(
        "date of enrolment",
        "patients.tsv",
        STUDY,
        _everybody,
        _told("enrolled"),
        "is in no analysis at risk from enrolment on (enrolment_missing)",
    ),
    Item("date of diagnosis", "patients.tsv", STUDY, _everybody, _told("diagnosed"), DESCRIBED),
    Item("age", "patients.tsv", STUDY, _everybody, _told("age_at_diagnosis"), DESCRIBED),
    Item("sex", "patients.tsv", STUDY, _everybody, _told("sex"), DESCRIBED),
    Item("smoking", "patients.tsv", STUDY, _everybody, _told("smoking"), DESCRIBED),
    Item("ECOG performance status", "patients.tsv", STUDY, _everybody, _told("ecog"), DESCRIBED),
    Item("CNS metastases", "patients.tsv", STUDY, _everybody, _told("cns_metastases"), DESCRIBED),
    Item(
        "fusion of diagnosis",
        "patients.tsv",
        STUDY,
        _everybody,
        _told("alk_fusion"),
        "its variant is known from samples alone",
    ),
    Item(
        "last contact",
        "follow_up.tsv",
        STUDY,
        _everybody,
        lambda case: case.timeline.record.follow_up is not None,
        "is censored at the last entry of any table; a death would go unseen",
    ),
    Item(
        "assessment on lorlatinib",
        "assessments.tsv",
        STUDY,
        _everybody,
        lambda case: case.timeline.context.best_response is not None,
        "primary or acquired is not told; progression by the stop alone",
    ),
    Item(
        "site of the progression",
        "assessments.tsv",
        PROGRESSION,
        _progressed,
        lambda case: site_of(case.timeline) is not None,
        "is of unknown site",
    ),
    Item(
        "classified sample of the progression",
        "classification.tsv",
        PROGRESSION,
        _progressed,
        _sampled,
        "is in the figures of outcomes alone",
    ),
    Item(
        "evaluable class",
        "classification.tsv",
        "those with such a sample",
        _sampled,
        lambda case: case.after is not None and case.after.evaluable,
        "not_evaluable: is in no comparison by mechanism",
    ),
    Item(
        "date of the report",
        "reports.tsv",
        "those with such a sample",
        _sampled,
        lambda case: case.after is not None and case.after.reported is not None,
        "is in no analysis at risk from the report on (report_date_missing)",
    ),
    Item(
        "baseline sample",
        "classification.tsv",
        "those with such a sample",
        _sampled,
        lambda case: case.before is not None,
        "what is new and what was there before is not told",
    ),
    Item(
        "assessment on the next treatment",
        "response_patients.tsv",
        "those with a next treatment",
        _treated_next,
        _assessed_next,
        "counts as NE, in the denominator of rwORR2",
    ),
    Item(
        "relation of an adverse event",
        "adverse_events.tsv",
        "those with an adverse event",
        lambda case: bool(case.timeline.record.adverse_events),
        lambda case: all(
            event.relation is not Relation.UNKNOWN for event in case.timeline.record.adverse_events
        ),
        "its unknown events do not count as related",
    ),
)
