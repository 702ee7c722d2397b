"""Clearance of ctDNA under lorlatinib and what came after it: from a landmark on, without immortal time.

Who progressed before the second sample could not clear; counted from the first dose on, those who cleared
would have lived until their sample by definition. Only what comes after the landmark counts, for both groups.
"""

import datetime as dt
from collections.abc import Iterable, Sequence

from ..inputs.settings.cohort_settings import CohortSettings
from ..stats.intervals import share
from ..vocabulary.outcomes import ABSENT, PREDICTOR, PRESENT, Analysis, Exclusion, Question
from .association_table import AssociationRow
from .clearance_table import ClearanceRow
from .comparisons import Grouping, at_risk, relate
from .endpoint_figures import NOTHING, counted, curve_of
from .endpoint_table import EndpointPatientRow
from .endpoints import OS_LORLATINIB, RWTTD1, study_exclusion
from .predictors import PREDICTORS, Case, Measured
from .survival import median

ENDPOINTS = (RWTTD1, OS_LORLATINIB)
CLEARED = PREDICTORS["ctdna_cleared"]
GROUPS = {PRESENT: "cleared", ABSENT: "not_cleared"}


def landmark_grouping(cases: Iterable[Case], settings: CohortSettings) -> Grouping:
    """Group patients by clearance at the landmark; known from the later of landmark and enrolment on."""
    group_of: dict[str, str] = {}
    known_from: dict[str, dt.date | Exclusion] = {}
    for case in cases:
        timeline, course = case.timeline, case.timeline.lorlatinib
        if study_exclusion(timeline) is not None or course is None:
            continue
        name, landmark = timeline.patient, course.start + dt.timedelta(days=settings.ctdna_landmark_days)
        measured = CLEARED.measure(case)
        # A sample after the landmark says what came later: such a patient is in no group.
        if not isinstance(measured, Measured) or measured.known > landmark:
            known_from[name] = Exclusion.NO_SAMPLE_BY_LANDMARK
            continue
        group_of[name] = PRESENT if measured.value else ABSENT
        # Enrolled after the landmark is at risk only then: until then a patient was immortal by enrolment.
        enrolled = timeline.enrolled
        known_from[name] = max(landmark, enrolled) if enrolled else Exclusion.ENROLMENT_MISSING
    return Grouping(PREDICTOR, group_of, known_from)


def clearance_rows(
    cases: Sequence[Case], endpoints: Sequence[EndpointPatientRow], settings: CohortSettings
) -> list[ClearanceRow]:
    """Return events and median of those who cleared and those who did not, from the landmark on.

    Args:
        cases: what is known of each patient.
        endpoints: `endpoint_patients.tsv`.
        settings: section `cohort`.
    """
    grouping, rows = landmark_grouping(cases, settings), []
    for endpoint in ENDPOINTS:
        comparison = at_risk(endpoints, endpoint, Analysis.LANDMARK, grouping)
        for group, name in GROUPS.items():
            own = [item for item in comparison.observed if grouping.group_of[item.patient] == group]
            curve = curve_of(own, settings.confidence)
            middle = median(curve) if curve else NOTHING
            members = list(grouping.group_of.values()).count(group)
            part = share(members, len(grouping.group_of), settings.confidence)
            rows.append(
                ClearanceRow(
                    endpoint=endpoint.name,
                    landmark_days=settings.ctdna_landmark_days,
                    group=name,
                    patients=members,
                    share=part.value,
                    low=part.low,
                    high=part.high,
                    analysed=len(own),
                    events=sum(item.event for item in own),
                    median_days=middle.value,
                    median_low=middle.low,
                    median_high=middle.high,
                    excluded=counted(comparison.excluded),
                )
            )
    return rows


def clearance_comparisons(
    cases: Sequence[Case], endpoints: Sequence[EndpointPatientRow], settings: CohortSettings
) -> list[AssociationRow]:
    """Return the hazard ratio of those who cleared against those who did not, after the landmark."""
    grouping = landmark_grouping(cases, settings)
    return [
        relate(
            Question.CLEARANCE,
            endpoints,
            endpoint,
            Analysis.LANDMARK,
            grouping,
            CLEARED.name,
            CLEARED.reference,
            settings,
        )
        for endpoint in ENDPOINTS
    ]
