"""What the patient had before a sample was taken, by dates and not by the setting of the sample."""

import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import date

from ..evidence.schema import ClinicalContext, DrugCourse
from ..vocabulary.resistance import Timing
from ..vocabulary.samples import Setting
from .view import TimepointView
from .window import window_opens

LORLATINIB = "lorlatinib"
UNDATED = "already given on unknown dates"


def notes_of_given(view: TimepointView) -> dict[str, str]:
    """Return `already given 2021-03-01 to 2022-04-30` for every drug started before the latest sample.

    Drugs known without dates, such as those taken at sampling, and lorlatinib without dates from its first
    sample under treatment on, have a note that says so.
    """
    clinical, taken = view.patient.clinical, _taken(view)
    courses: dict[str, list[DrugCourse]] = defaultdict(list)
    for course in _courses(clinical, view.knowledge.drug_names) if clinical else ():
        # Not on the day itself: the sample before the first dose is often taken on it.
        if course.start < taken:
            courses[course.drug].append(course)
    undated = set(clinical.prior_alk_tki) if clinical else set()
    undated.update(drug for item in view.specimens if item.board for drug in item.board.drugs)
    if view.patient.lorlatinib_start is None and view.setting is not Setting.BASELINE:
        undated.add(LORLATINIB)
    notes = {
        drug: "already given " + " and ".join(_dates(one, taken) for one in rows)
        for drug, rows in courses.items()
    }
    return dict.fromkeys(undated, UNDATED) | notes


def progressed_on_lorlatinib(view: TimepointView) -> bool:
    """Does the sample stand for progression on lorlatinib, whatever cells and mice did with the mutation."""
    clinical, taken = view.patient.clinical, _taken(view)
    if view.patient.timing.timing is Timing.NOT_PD:
        return False
    start = view.patient.lorlatinib_start
    opens = window_opens(clinical, view.settings.window) if clinical else None
    if start is None or opens is None:
        return view.setting is Setting.PROGRESSION
    return start < taken and opens <= taken


def _courses(clinical: ClinicalContext, names: Mapping[str, str]) -> list[DrugCourse]:
    courses = list(clinical.courses)
    start, end = clinical.lorlatinib_start, clinical.lorlatinib_last_dose
    if start is not None and all(course.drug != LORLATINIB for course in courses):
        courses.append(DrugCourse(drug=LORLATINIB, start=start, end=end))
    if clinical.next_systemic_start is not None:
        # A file may name what followed lorlatinib without listing its courses.
        words = re.findall(r"[a-z0-9]+(?:-[a-z0-9]+)*", (clinical.next_systemic_regimen or "").casefold())
        following = {names[word] for word in words if word in names} - {course.drug for course in courses}
        courses += [DrugCourse(drug=drug, start=clinical.next_systemic_start) for drug in sorted(following)]
    return sorted(courses, key=lambda course: course.start)


def _dates(course: DrugCourse, taken: date) -> str:
    # A last dose after the sample: when it was taken the drug was still given.
    if course.end is None or course.end >= taken:
        return f"from {course.start.isoformat()}"
    return f"{course.start.isoformat()} to {course.end.isoformat()}"


def _taken(view: TimepointView) -> date:
    return max(item.collected for item in view.specimens)
