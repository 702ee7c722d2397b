"""Primary or acquired by calendar months, and the sampling window."""

from datetime import date
from typing import Any

import pytest
from golden.build import default_settings

from alktrace.classify.timing import add_months, judge_timing
from alktrace.classify.window import WindowStatus, judge_window
from alktrace.evidence.schema import ClinicalContext
from alktrace.vocabulary.resistance import Timing
from alktrace.vocabulary.samples import Setting

SETTINGS = default_settings()
START = "2024-02-01"


def clinical(**fields: Any) -> ClinicalContext:
    return ClinicalContext.model_validate({"lorlatinib_start": START, **fields})


@pytest.mark.parametrize(
    ("start", "months", "expected"),
    [
        ("2024-01-31", 1, "2024-02-29"),
        ("2023-01-31", 1, "2023-02-28"),
        ("2024-08-31", 6, "2025-02-28"),
        ("2024-12-15", 1, "2025-01-15"),
        ("2024-11-30", 3, "2025-02-28"),
        ("2024-02-01", 12, "2025-02-01"),
    ],
)
def test_calendar_months(start: str, months: int, expected: str) -> None:
    assert add_months(date.fromisoformat(start), months) == date.fromisoformat(expected)


@pytest.mark.parametrize(
    ("fields", "timing", "reason"),
    [
        pytest.param(
            {"progression": "2024-05-01", "best_response": "PR"}, "ACQUIRED", "response", id="pr-early"
        ),
        pytest.param(
            {"progression": "2024-05-01", "first_cr_pr": "2024-03-01"}, "ACQUIRED", "response", id="cr-pr"
        ),
        pytest.param(
            {"progression": "2024-08-01", "best_response": "SD"}, "ACQUIRED", "stable_long", id="six-months"
        ),
        pytest.param(
            {"progression": "2024-07-31", "best_response": "SD"}, "PRIMARY", "stable_short", id="a-day-less"
        ),
        pytest.param({"progression": "2024-04-01", "best_response": "PD"}, "PRIMARY", "no_response", id="pd"),
        pytest.param(
            {"progression": "2025-04-01", "best_response": "PD"},
            "INDETERMINATE",
            "first_assessment_late",
            id="late-pd",
        ),
        pytest.param(
            {"progression": "2025-04-01"}, "INDETERMINATE", "response_missing", id="no-response-known"
        ),
        pytest.param(
            {"progression": "2025-04-01", "best_response": "NE"}, "INDETERMINATE", "response_missing", id="ne"
        ),
        pytest.param(
            {"progression": "2025-04-01", "best_response": "SD", "lorlatinib_start": None},
            "INDETERMINATE",
            "start_date_missing",
            id="no-start",
        ),
        pytest.param({"best_response": "PR"}, "INDETERMINATE", "progression_date_missing", id="no-date"),
        pytest.param(
            {"best_response": "PR", "lorlatinib_stop_reason": "progression"},
            "ACQUIRED",
            "response",
            id="stopped-pd",
        ),
        pytest.param(
            {"best_response": "SD", "lorlatinib_stop_reason": "progression"},
            "INDETERMINATE",
            "progression_date_missing",
            id="stopped-pd-after-stable-disease",
        ),
        pytest.param(
            {"lorlatinib_stop_reason": "toxicity"}, "NOT_PD", "stopped_without_progression", id="toxicity"
        ),
        pytest.param(
            {"lorlatinib_stop_reason": "death"}, "NOT_PD", "stopped_without_progression", id="death"
        ),
        pytest.param(
            {"lorlatinib_stop_reason": "ongoing"},
            "INDETERMINATE",
            "progression_date_missing",
            id="ongoing",
        ),
        pytest.param(
            {
                "lorlatinib_stop_reason": "toxicity",
                "lorlatinib_last_dose": "2024-05-01",
                "progression": "2024-06-01",
                "best_response": "PR",
            },
            "NOT_PD",
            "progression_off_treatment",
            id="progression-31-days-after-stop",
        ),
        pytest.param(
            {
                "lorlatinib_stop_reason": "toxicity",
                "lorlatinib_last_dose": "2024-05-01",
                "progression": "2024-05-31",
                "best_response": "PR",
            },
            "ACQUIRED",
            "response",
            id="progression-30-days-after-stop",
        ),
        pytest.param(
            {"lorlatinib_stop_reason": "toxicity", "progression": "2024-06-01", "best_response": "PR"},
            "ACQUIRED",
            "response",
            id="day-of-the-stop-unknown",
        ),
        pytest.param(
            {
                "lorlatinib_stop_reason": "progression",
                "lorlatinib_last_dose": "2024-05-01",
                "progression": "2024-07-01",
                "best_response": "PR",
            },
            "ACQUIRED",
            "response",
            id="stopped-for-a-progression-that-was-dated-later",
        ),
        pytest.param(
            {"progression": "2024-05-01", "first_cr_pr": "2024-05-01"},
            "ACQUIRED",
            "response",
            id="response-and-progression-in-one-scan",
        ),
        pytest.param(
            {"progression": "2024-01-01", "best_response": "PR"},
            "INDETERMINATE",
            "dates_conflict",
            id="before-start",
        ),
        pytest.param(
            {"progression": "2024-05-01", "first_cr_pr": "2024-06-01"},
            "INDETERMINATE",
            "dates_conflict",
            id="response-after-progression",
        ),
    ],
)
def test_timing(fields: dict[str, Any], timing: str, reason: str) -> None:
    verdict = judge_timing(clinical(**fields), SETTINGS.timing, SETTINGS.window)
    assert (verdict.timing, verdict.reason) == (Timing(timing), reason)


def test_without_a_clinical_table() -> None:
    assert judge_timing(None, SETTINGS.timing, SETTINGS.window).timing is Timing.INDETERMINATE


@pytest.mark.parametrize(
    ("progression", "early"),
    [("2025-02-01", True), ("2025-02-02", False), (None, None), ("2024-01-01", None)],
)
def test_early_flag_is_twelve_calendar_months(progression: str | None, early: bool | None) -> None:
    verdict = judge_timing(
        clinical(progression=progression, best_response="PR"), SETTINGS.timing, SETTINGS.window
    )
    assert verdict.early is early


@pytest.mark.parametrize(
    ("collected", "fields", "status"),
    [
        pytest.param("2025-05-02", {}, "inside", id="opens"),
        pytest.param("2025-05-01", {}, "outside", id="a-day-early"),
        pytest.param("2025-07-11", {}, "inside", id="closes"),
        pytest.param("2025-07-12", {}, "outside", id="a-day-late"),
        pytest.param("2025-06-19", {"next_systemic_start": "2025-06-20"}, "inside", id="day-before-therapy"),
        pytest.param("2025-06-20", {"next_systemic_start": "2025-06-20"}, "outside", id="day-of-therapy"),
        pytest.param("2026-05-01", {"lorlatinib_last_dose": "2026-04-20"}, "inside", id="beyond-progression"),
        pytest.param(
            "2026-05-01",
            {"lorlatinib_last_dose": None, "lorlatinib_stop_reason": "ongoing"},
            "inside",
            id="still-on-lorlatinib",
        ),
        pytest.param(
            "2025-09-01", {"lorlatinib_stop_reason": "ongoing"}, "inside", id="a-last-dose-beside-ongoing"
        ),
        pytest.param("2025-06-05", {"lorlatinib_start": None}, "inside", id="no-start"),
        pytest.param("2025-05-20", {"lorlatinib_start": "2025-05-20"}, "inside", id="day-of-the-start"),
        pytest.param("2025-05-19", {"lorlatinib_start": "2025-05-20"}, "outside", id="day-before-the-start"),
        pytest.param(
            "2025-06-05", {"lorlatinib_start": "2025-08-01"}, "inside", id="progression-before-the-start"
        ),
        pytest.param("2025-06-05", {"progression": None}, "unknown", id="no-progression-date"),
        pytest.param("2025-06-05", {"lorlatinib_last_dose": None}, "unknown", id="no-last-dose"),
        pytest.param(
            "2024-05-01", {"lorlatinib_last_dose": None}, "outside", id="too-early-whatever-the-end"
        ),
        pytest.param("2025-09-01", {"progression": None}, "outside", id="too-late-whatever-the-start"),
    ],
)
def test_window(collected: str, fields: dict[str, Any], status: str) -> None:
    context = clinical(
        **{
            "progression": "2025-06-01",
            "lorlatinib_last_dose": "2025-06-11",
            "lorlatinib_stop_reason": "progression",
            **fields,
        }
    )
    verdict = judge_window(date.fromisoformat(collected), Setting.PROGRESSION, context, SETTINGS.window)
    assert verdict.status is WindowStatus(status)


@pytest.mark.parametrize("setting", [Setting.BASELINE, Setting.ON_TREATMENT])
def test_window_holds_for_progression_only(setting: Setting) -> None:
    verdict = judge_window(date(2020, 1, 1), setting, clinical(progression="2025-06-01"), SETTINGS.window)
    assert verdict.status is WindowStatus.NOT_APPLICABLE
