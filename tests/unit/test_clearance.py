"""ctDNA clearance: the landmark keeps both groups free of immortal time."""

from clinical_records import Records, on
from mechanism_rows import evidence
from outcome_cohort import cohort_settings

from alktrace.outcomes.accounts import Sampled
from alktrace.outcomes.clearance import clearance_rows, landmark_grouping
from alktrace.outcomes.endpoints import patient_rows
from alktrace.outcomes.predictors import Case, cases_of
from alktrace.vocabulary.detection import Detection
from alktrace.vocabulary.samples import Setting

SETTINGS = cohort_settings(ctdna_landmark_days=84)


def case(record: Records, second: int | None, cleared: bool) -> Case:
    name, key = record.patient, "TP53:R273H"
    samples = {(name, "T0"): Sampled("T0", Setting.BASELINE, on(0))}
    seen = [evidence(key, "plasma", Detection.DETECTED, patient=name, timepoint="T0", vaf=0.1)]
    if second is not None:
        samples[name, "T1"] = Sampled("T1", Setting.ON_TREATMENT, on(second))
        state = Detection.NOT_DETECTED if cleared else Detection.DETECTED
        seen.append(
            evidence(
                key,
                "plasma",
                state,
                patient=name,
                timepoint="T1",
                vaf=None if cleared else 0.02,
                vaf_detectable=0.002,
            )
        )
    return cases_of([record.timeline()], {}, {}, samples, seen)[0]


def on_lorlatinib(name: str, stop: int | None = None, *, enrolled: int = 0) -> Records:
    reason = "toxicity" if stop else "ongoing"
    return Records(name, enrolled=enrolled).treat("lorlatinib", 0, stop, reason).alive(500)


CASES = [
    case(on_lorlatinib("A", 300), 40, cleared=True),
    case(on_lorlatinib("B", 200), 84, cleared=False),
    case(on_lorlatinib("early", 60), 40, cleared=False),
    case(on_lorlatinib("late"), 85, cleared=True),
    case(on_lorlatinib("none"), None, cleared=True),
    case(on_lorlatinib("joined-later", 400, enrolled=150), 50, cleared=True),
]


def test_who_is_known_by_the_landmark() -> None:
    grouping = landmark_grouping(CASES, SETTINGS)
    assert grouping.group_of == {
        "A": "present",
        "B": "absent",
        "early": "absent",
        "joined-later": "present",
    }
    assert grouping.known_from["A"] == on(84)
    assert grouping.known_from["joined-later"] == on(150)
    assert grouping.known_from["late"] == grouping.known_from["none"] == "no_sample_by_landmark"


def test_an_event_before_the_landmark_counts_for_neither_group() -> None:
    endpoints = patient_rows([item.timeline for item in CASES])
    rows = {(row.endpoint, row.group): row for row in clearance_rows(CASES, endpoints, SETTINGS)}
    cleared, other = rows["rwTTD1", "cleared"], rows["rwTTD1", "not_cleared"]
    assert (cleared.patients, cleared.analysed, cleared.events, cleared.median_days) == (2, 2, 2, 350)
    assert (other.patients, other.analysed, other.events, other.median_days) == (2, 1, 1, 200)
    assert (cleared.share, other.share) == (0.5, 0.5)
    assert cleared.excluded == ("event_before_entry=1", "no_sample_by_landmark=2")
    alive = rows["OS_lorlatinib", "not_cleared"]
    assert (alive.analysed, alive.events, alive.median_days) == (2, 0, None)
