"""Numbers and codes in the words of a reader."""

from typing import Any

import pytest

from alktrace.classify.resistance_table import ResistanceRow
from alktrace.io.tables import header
from alktrace.report import words
from alktrace.vocabulary.resistance import Classification, Confidence, Timing
from alktrace.vocabulary.samples import Setting


def row(**values: Any) -> ResistanceRow:
    lists: tuple[str, ...] = (
        "specimens",
        "phase_partner",
        "not_evaluable_reason",
        "not_assessable",
        "resistant_to",
    )
    lists += ("sensitive_to", "evidence", "criteria", "flags")
    given = {
        **dict.fromkeys(header(ResistanceRow)),
        **dict.fromkeys(lists, ()),
        "patient": "P1",
        "timepoint": "PD",
        "setting": Setting.PROGRESSION,
        "classification": Classification.ON_TARGET_SINGLE,
        "confidence": Confidence.CANDIDATE,
        "timing": Timing.ACQUIRED,
    }
    return ResistanceRow(**{**given, **values})


COUNTED = {
    "alt_molecules": 8,
    "total_molecules": 1900,
    "vaf": 8 / 1900,
    "vaf_low": 0.00182,
    "vaf_high": 0.00828,
}


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0 %"),
        (1.0, "100 %"),
        (0.5, "50 %"),
        (0.0042, "0.42 %"),
        (0.00421, "0.42 %"),
        (0.126, "13 %"),
        (0.994, "99 %"),
        (0.9949, "99 %"),
        (0.9951, "99.5 %"),
        (0.999999, "99.9 %"),
        (0.00004, "0.004 %"),
    ],
)
def test_percent(share: float, text: str) -> None:
    assert words.percent(share) == text


@pytest.mark.parametrize(
    ("value", "low", "high", "text"),
    [
        (0.0042, 0.002, 0.0078, "0.42 % (0.2–0.78 %)"),
        (0.0, 0.0, 0.0019, "0 % (0–0.19 %)"),
        (0.5, None, None, "50 %"),
        (0.5, 0.4, None, "50 %"),
        (None, 0.1, 0.2, "–"),
    ],
)
def test_interval(value: float | None, low: float | None, high: float | None, text: str) -> None:
    assert words.interval(value, low, high) == text


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({**COUNTED, "duplex_alt": 3}, "8 of 1900, 3 duplex; 0.42 % (0.18–0.83 %)"),
        ({**COUNTED, "duplex_alt": 0}, "8 of 1900; 0.42 % (0.18–0.83 %)"),
        ({**COUNTED, "copy_number": 9.0}, "8 of 1900; 0.42 % (0.18–0.83 %)"),
        ({"copy_number": 7.456}, "copy number 7.46"),
        ({"vaf": 0.012}, "reported VAF 1.2 %"),
        ({"alt_molecules": 8, "vaf": 0.012}, "reported VAF 1.2 %"),
        ({}, "–"),
    ],
    ids=["duplex", "no-duplex", "molecules-first", "copies", "reported", "no-total", "nothing"],
)
def test_molecules(values: Any, text: str) -> None:
    assert words.molecules(row(**values)) == text


def test_a_problem_that_an_evidence_file_named_stands_as_it_is() -> None:
    assert words.explain_code("empty", {"empty": "Nothing there."})["text"] == "Nothing there."
    assert words.explain_code("spilled", {}) == {"code": "spilled", "text": ""}
