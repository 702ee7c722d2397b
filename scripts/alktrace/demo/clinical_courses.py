"""Clinical tables of the demo cohort: one synthetic course per patient, dates by offset from milestones."""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

from ..io.atomic import atomic_output
from .design import Course, Specimen

MISSING = "."
FIRST_SCAN_DAYS, SCAN_DAYS = 45, 56
NEXT_BEST = ("PR", "SD", "PR", "PD", "SD", "CR")
"""Best response to the next treatment, patient by patient in turn."""
Row = Sequence[object]

COLUMNS: dict[str, tuple[str, ...]] = {
    "patients": (
        "patient", "diagnosed", "enrolled", "sex", "age_at_diagnosis", "alk_fusion", "smoking",
        "cns_metastases",
    ),
    "treatments": ("patient", "line", "regimen", "drugs", "start", "end", "reason", "dose_mg"),
    "local_therapy": ("patient", "site", "kind", "start", "end", "intent"),
    "assessments": ("patient", "date", "response", "site"),
    "pathology": ("patient", "date", "specimen", "histology", "neuroendocrine_ihc"),
    "dose_changes": ("patient", "drug", "date", "from_mg", "to_mg", "reason"),
    "adverse_events": ("patient", "term", "grade", "onset", "relation"),
    "follow_up": ("patient", "last_contact", "death"),
    "reports": ("patient", "timepoint", "collected", "reported"),
}  # fmt: skip


def write_clinical(courses: Sequence[Course], specimens: Sequence[Specimen], folder: Path) -> None:
    """Write the clinical tables; a cell that nobody filled is `.`."""
    rows: dict[str, list[Row]] = {name: [] for name in COLUMNS}
    rows["reports"] = _reports(specimens)
    for number, course in enumerate(courses):
        for name, found in _course_rows(course, number).items():
            rows[name].extend(found)
    for name, columns in COLUMNS.items():
        lines = ["\t".join(columns)]
        lines += ["\t".join(_cell(value) for value in row) for row in rows[name]]
        with atomic_output(folder / f"{name}.tsv") as (partial,):
            partial.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _cell(value: object) -> str:
    if value is None:
        return MISSING
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, date) else str(value)


def _course_rows(course: Course, number: int) -> dict[str, list[Row]]:
    name, start, progression = course.patient, course.start, course.progression
    diagnosed = start - timedelta(days=25)
    brain = course.site == "cns_only" or number % 3 == 0
    stopped = progression + timedelta(days=12) if progression else None
    treatments: list[Row] = [
        (
            name,
            1,
            "lorlatinib",
            "lorlatinib",
            start,
            stopped,
            "progression" if stopped else "ongoing",
            100,
        )
    ]
    last = (stopped or date(2024, 12, 2)) + timedelta(days=20)
    assessments = _assessments(course)
    if stopped and course.next_drugs:
        begin, best = stopped + timedelta(days=9), NEXT_BEST[number % len(NEXT_BEST)]
        end = begin + timedelta(days=52 if best == "PD" else 30 * course.next_months + 9 * (number % 7))
        assessments += _next_assessments(course, best, begin, end)
        drugs = ";".join(course.next_drugs)
        regimen = " + ".join(course.next_drugs)
        treatments.append(
            (name, 2, regimen, drugs, begin, end, "death" if course.death else "progression", None)
        )
        last = end if course.death else end + timedelta(days=120 + 17 * number)
    return {
        "patients": [
            (
                name, diagnosed, diagnosed + timedelta(days=14), course.sex, course.age, course.fusion,
                ("never", "former", "never", "current")[number % 4], brain,
            )
        ],
        "treatments": treatments,
        "local_therapy": [
            (name, "brain", "SRS", progression + timedelta(days=4), None, "progression")
        ] if progression and course.site == "cns_only" else [],
        "assessments": assessments,
        # The histology before lorlatinib, without which no transformation is confirmed.
        "pathology": [(name, diagnosed, None, "adenocarcinoma", False)] * bool(course.pathology)
        + [
            (name, progression and progression + timedelta(days=3), specimen, histology,
             histology == "small_cell")
            for specimen, histology in course.pathology
        ],
        "dose_changes": [(name, "lorlatinib", start + timedelta(days=40), 100, 75, "toxicity")]
        if number % 5 == 0
        else [],
        "adverse_events": [
            (name, "Hypercholesterolemia", 1 + number % 3, start + timedelta(days=21), "related")
        ]
        if number % 2 == 0
        else [],
        "follow_up": [(name, last, last if course.death else None)],
    }  # fmt: skip


def _next_assessments(course: Course, best: str, begin: date, end: date) -> list[Row]:
    """Return the scans on the next treatment: the best response, and progression unless death came first."""
    first = begin + timedelta(days=FIRST_SCAN_DAYS)
    rows: list[Row] = [(course.patient, first, best, "systemic" if best == "PD" else None)]
    if best != "PD":
        rows.append((course.patient, first + timedelta(days=SCAN_DAYS), best, None))
    if best != "PD" and not course.death:
        rows.append((course.patient, end - timedelta(days=6), "PD", "systemic"))
    return rows


def _reports(specimens: Sequence[Specimen]) -> list[Row]:
    """Return one report per timepoint, two to three weeks after the last of its specimens."""
    collected: dict[tuple[str, str], date] = {}
    for item in specimens:
        if item.role == "patient":
            key = (item.patient, item.timepoint)
            collected[key] = max(item.collected, collected.get(key, item.collected))
    return [
        (*key, taken, taken + timedelta(days=14 + number % 8))
        for number, (key, taken) in enumerate(sorted(collected.items()))
    ]


def _assessments(course: Course) -> list[Row]:
    """Return the scans: the best response after eight weeks, unless that is the progression."""
    rows: list[Row] = []
    if course.best not in (None, "PD"):
        rows.append((course.patient, course.start + timedelta(days=56), course.best, None))
    if course.progression:
        rows.append((course.patient, course.progression, "PD", course.site))
    return rows
