"""Every code that can reach a reader has its text, and every text a code that can reach a reader."""

import re
from pathlib import Path

import pytest

from alktrace.classify.phase import PhaseReason
from alktrace.inputs.knowledge_files import KnowledgeFiles
from alktrace.knowledge.load import load_knowledge
from alktrace.vocabulary.caveats import CaveatCode, DataProblem
from alktrace.vocabulary.outcomes import OutcomeCaveat, Refusal
from alktrace.vocabulary.resistance import NotEvaluableReason

ROOT = Path(__file__).resolve().parents[2]
KNOWLEDGE = load_knowledge(KnowledgeFiles(ROOT / "resources" / "knowledge"))
CAVEATS = [*CaveatCode, *OutcomeCaveat, *DataProblem]
CODES = {item.value for item in (*CAVEATS, *NotEvaluableReason, *PhaseReason, *Refusal)}
SENTENCE_END = re.compile(r"[.!?](?=\s|$)")
SOURCE = "\n".join(
    path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "scripts" / "alktrace").rglob("*.py"))
    if path.parent.name != "vocabulary"
)


def test_no_code_is_without_a_text() -> None:
    assert sorted(CODES - set(KNOWLEDGE.messages)) == []


def test_no_text_is_without_a_code() -> None:
    # the notice of research use stands on every page, whatever was found
    assert sorted(set(KNOWLEDGE.messages) - CODES) == ["research_use"]


@pytest.mark.parametrize("code", CAVEATS)
def test_every_caveat_is_given_somewhere(code: CaveatCode | DataProblem | OutcomeCaveat) -> None:
    assert f"{type(code).__name__}.{code.name}" in SOURCE


@pytest.mark.parametrize("code", sorted(KNOWLEDGE.messages))
def test_a_text_is_one_or_two_sentences(code: str) -> None:
    text = KNOWLEDGE.messages[code]
    assert text[0].isupper() and text.endswith(".")
    assert 1 <= len(SENTENCE_END.findall(text)) <= 2
    assert "_" not in text, "a code is no English"
    assert len(text) <= 260


def test_no_text_names_a_drug_but_lorlatinib() -> None:
    names = {name.casefold() for drug in KNOWLEDGE.drugs.values() for name in drug.names}
    words = {word for text in KNOWLEDGE.messages.values() for word in re.findall(r"\w+", text.casefold())}
    assert words & names == {"lorlatinib"}
