"""What was given before a sample, and whether it stands for progression on lorlatinib, by dates."""

from typing import Any

import pytest
from golden.build import default_settings, evidence
from golden.test_golden import ROOT

from alktrace.classify.treatment_history import UNDATED, notes_of_given, progressed_on_lorlatinib
from alktrace.classify.view import TimepointView, prepare_patient, view_timepoint
from alktrace.inputs.knowledge_files import KnowledgeFiles
from alktrace.knowledge.load import load_knowledge

SETTINGS = default_settings()
KNOWLEDGE = load_knowledge(KnowledgeFiles(ROOT / "resources" / "knowledge"))
NO_START = {"lorlatinib_start": None, "lorlatinib_last_dose": None}


def view(setting: str, collected: str, clinical: dict[str, Any] | None) -> TimepointView:
    """Lorlatinib from 2024-02-01 to 2025-06-11, progression on 2025-06-01 where nothing else is said."""
    specimen = {"setting": setting, "collected": collected}
    case = {"specimens": {"T.plasma": specimen}, "clinical": clinical}
    return view_timepoint(prepare_patient(evidence(case), SETTINGS), "T", KNOWLEDGE, SETTINGS)


@pytest.mark.parametrize(
    ("setting", "collected", "clinical", "notes"),
    [
        pytest.param("baseline", "2024-01-10", {}, {}, id="before-lorlatinib"),
        pytest.param("baseline", "2024-02-01", {}, {}, id="on-the-day-of-the-first-dose"),
        pytest.param(
            "baseline", "2024-02-02", {}, {"lorlatinib": "already given from 2024-02-01"}, id="a-day-later"
        ),
        pytest.param(
            "progression", "2025-06-11", {}, {"lorlatinib": "already given from 2024-02-01"}, id="last-dose"
        ),
        pytest.param(
            "progression",
            "2025-06-12",
            {},
            {"lorlatinib": "already given 2024-02-01 to 2025-06-11"},
            id="after-the-last-dose",
        ),
        pytest.param("baseline", "2024-01-10", None, {}, id="no-clinical-table-at-baseline"),
        pytest.param(
            "progression", "2025-06-01", None, {"lorlatinib": UNDATED}, id="no-clinical-table-at-progression"
        ),
        pytest.param("baseline", "2024-01-10", NO_START, {}, id="no-start-at-baseline"),
        pytest.param(
            "on_treatment", "2024-09-01", NO_START, {"lorlatinib": UNDATED}, id="no-start-under-treatment"
        ),
        pytest.param(
            "baseline",
            "2024-01-10",
            {"prior_alk_tki": ["crizotinib"]},
            {"crizotinib": UNDATED},
            id="before-without-dates",
        ),
        pytest.param(
            "baseline",
            "2024-01-10",
            {
                "prior_alk_tki": ["crizotinib"],
                "courses": [
                    {"drug": "crizotinib", "start": "2023-05-01", "end": "2023-08-31"},
                    {"drug": "crizotinib", "start": "2022-01-01", "end": "2022-04-30"},
                ],
            },
            {"crizotinib": "already given 2022-01-01 to 2022-04-30 and 2023-05-01 to 2023-08-31"},
            id="dates-say-more",
        ),
        pytest.param(
            "progression",
            "2025-06-01",
            {"courses": [{"drug": "crizotinib", "start": "2023-05-01"}]},
            {
                "crizotinib": "already given from 2023-05-01",
                "lorlatinib": "already given from 2024-02-01",
            },
            id="lorlatinib-beside-courses-without-it",
        ),
        pytest.param(
            "progression",
            "2025-11-19",
            {"next_systemic_start": "2025-06-20", "next_systemic_regimen": "Alecensa and chemotherapy"},
            {
                "alectinib": "already given from 2025-06-20",
                "chemotherapy": "already given from 2025-06-20",
                "lorlatinib": "already given 2024-02-01 to 2025-06-11",
            },
            id="what-followed-without-a-course",
        ),
        pytest.param(
            "progression",
            "2025-06-01",
            {"next_systemic_start": "2025-06-20", "next_systemic_regimen": "alectinib"},
            {"lorlatinib": "already given from 2024-02-01"},
            id="what-followed-the-sample",
        ),
        pytest.param(
            "progression",
            "2025-06-01",
            {"courses": [{"drug": "lorlatinib", "start": "2024-02-01", "end": "2025-03-01"}]},
            {"lorlatinib": "already given 2024-02-01 to 2025-03-01"},
            id="lorlatinib-among-the-courses",
        ),
        pytest.param(
            "progression",
            "2025-06-01",
            {**NO_START, "courses": [{"drug": "crizotinib", "start": "2023-05-01"}]},
            {"crizotinib": "already given from 2023-05-01", "lorlatinib": UNDATED},
            id="courses-and-no-start",
        ),
    ],
)
def test_notes(setting: str, collected: str, clinical: dict[str, Any] | None, notes: dict[str, str]) -> None:
    assert notes_of_given(view(setting, collected, clinical)) == notes


def test_the_latest_sample_of_a_timepoint_counts() -> None:
    days = {"T.plasma": {"collected": "2024-01-31"}, "T.tissue": {"collected": "2024-02-02"}}
    case = {"specimens": days}
    both = view_timepoint(prepare_patient(evidence(case), SETTINGS), "T", KNOWLEDGE, SETTINGS)
    assert notes_of_given(both) == {"lorlatinib": "already given from 2024-02-01"}


@pytest.mark.parametrize(
    ("setting", "collected", "clinical", "expected"),
    [
        pytest.param("progression", "2025-06-01", {}, True, id="of-the-day"),
        pytest.param("progression", "2025-05-02", {}, True, id="thirty-days-before"),
        pytest.param("progression", "2025-05-01", {}, False, id="thirty-one-days-before"),
        pytest.param("on_treatment", "2025-06-01", {}, True, id="dates-and-not-the-setting"),
        pytest.param("progression", "2024-02-01", {"progression": "2024-02-20"}, False, id="first-dose"),
        pytest.param("progression", "2024-02-02", {"progression": "2024-02-20"}, True, id="second-day"),
        pytest.param("progression", "2025-06-01", None, True, id="no-table-but-progression"),
        pytest.param("on_treatment", "2025-06-01", None, False, id="no-table"),
        pytest.param("progression", "2025-06-01", NO_START, True, id="no-start-but-progression"),
        pytest.param("baseline", "2025-06-01", NO_START, False, id="no-start"),
        pytest.param("progression", "2025-06-01", {"progression": None}, True, id="no-day-of-progression"),
        pytest.param("on_treatment", "2025-06-01", {"progression": None}, False, id="no-day-under-treatment"),
        pytest.param(
            "progression",
            "2025-06-01",
            {"progression": None, "lorlatinib_stop_reason": "toxicity"},
            False,
            id="stopped-for-toxicity",
        ),
    ],
)
def test_progressed_on_lorlatinib(
    setting: str, collected: str, clinical: dict[str, Any] | None, expected: bool
) -> None:
    assert progressed_on_lorlatinib(view(setting, collected, clinical)) is expected
