"""The golden text of verdict cards: every class, in both languages, word for word.

A changed sentence is a changed statement to a tumour board: read it before it goes into `verdict_cards.yaml`.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml
from patient_pages import CASES, EN, ZH, content

from alktrace.vocabulary.languages import Language
from alktrace.vocabulary.resistance import Classification

CARDS: dict[str, dict[str, Any]] = yaml.safe_load(
    (Path(__file__).resolve().parent / "verdict_cards.yaml").read_text(encoding="utf-8")
)


def card(case: str, language: Language) -> dict[str, Any]:
    shown = content(case, language)["cards"][0]
    told = ("headline", "confidence", "reason", "timing", "numbers", "missed")
    tests = [f"{item['name']} / {item['settles']}" for item in shown["tests"]]
    return {"class": shown["classification"], **{name: shown[name] for name in told}, "tests": tests}


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
