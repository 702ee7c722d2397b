"""The golden text of verdict cards: every class, in both languages, word for word.

A changed sentence is a changed statement to a tumour board: read it before it goes into `verdict_cards.yaml`.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml
from golden.build import default_settings, evidence
from patient_pages import CASES, EN, ZH, content, knowledge, words_in

from alktrace.classify.decision import classify_patient
from alktrace.report.verdict_card import _cells
from alktrace.vocabulary.languages import Language
from alktrace.vocabulary.resistance import Classification

CARDS: dict[str, dict[str, Any]] = yaml.safe_load(
    (Path(__file__).resolve().parent / "verdict_cards.yaml").read_text(encoding="utf-8")
)


def card(case: str, language: Language) -> dict[str, Any]:
    shown = content(case, language)["cards"][0]
    told = ("headline", "confidence", "reason", "timing", "numbers", "missed")
    tests = [f"{item['name']} / {item['settles']}" for item in shown["tests"]]
    each = {"each": shown["each"]} if shown["each"] else {}
    return {"class": shown["classification"], **each, **{name: shown[name] for name in told}, "tests": tests}


@pytest.mark.parametrize("language", [EN, ZH])
@pytest.mark.parametrize("case", CARDS)
def test_card(case: str, language: Language) -> None:
    assert card(case, language) == CARDS[case][language]


def test_every_class_has_a_card() -> None:
    assert {item["en"]["class"] for item in CARDS.values()} == {item.value for item in Classification}


@pytest.mark.parametrize("language", [EN, ZH])
def test_every_golden_case_has_a_page(language: Language) -> None:
    """No case asks for a sentence that the table of words does not have."""
    for case in CASES:
        for point in content(case, language)["points"]:
            assert point["headline"] and point["reason"] and point["criteria"], case


def test_what_is_not_excluded_is_never_said_to_be() -> None:
    for case in CASES:
        for point in content(case)["points"]:
            texts = " ".join([*point["headline"], *point["missed"]])
            assert "wild type" not in texts and "negative" not in texts


def test_the_card_is_as_sure_as_the_table() -> None:
    """A mixed class is as sure as the less sure of its families: the card may not borrow from the other."""
    words = words_in()
    for case in CASES:
        results = classify_patient(evidence(CASES[case]), knowledge(), default_settings())
        told = {item.timepoint: item.row.confidence for item in results}
        for point in content(case)["points"]:
            assert point["confidence"] == words.word("confidence", told[point["id"]]), case


@pytest.mark.parametrize(
    "share, text",
    [
        (0.21, "21 % of the tumour cells (about 1 in 5)"),
        (0.5, "50 % of the tumour cells (about 1 in 2)"),
        (0.61, "61 % of the tumour cells"),
        (0.7, "70 % of the tumour cells"),
    ],
)
def test_one_in_is_said_where_it_is_near(share: float, text: str) -> None:
    """ "1 in 2" for 61 % would make what may have been missed smaller than it is."""
    assert words_in().tell(_cells(share)) == text
