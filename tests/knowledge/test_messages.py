"""Every code that can reach a reader has its text, and every text a code that can reach a reader."""

import re
from pathlib import Path

import pytest
from emitted_codes import emitted_codes, shown_texts
from golden.build import cases, default_settings, evidence

from alktrace.classify.decision import classify_patient
from alktrace.knowledge.load import load_knowledge

KNOWLEDGE = load_knowledge(Path(__file__).resolve().parents[2] / "resources" / "knowledge")
EMITTED = emitted_codes()
SENTENCE_END = re.compile(r"[.!?](?=\s|$)")


@pytest.fixture(scope="module")
def golden():
    return [
        result
        for case in cases()
        for result in classify_patient(evidence(case), KNOWLEDGE, default_settings())
    ]


def head(flag):
    return flag.split(":")[0]


def test_no_code_is_without_a_text():
    assert sorted(EMITTED - set(KNOWLEDGE.messages)) == []


def test_no_text_is_without_a_code():
    assert sorted(set(KNOWLEDGE.messages) - EMITTED - shown_texts()) == []


def test_the_source_is_read_in_full(golden):
    """What the golden cases bring out must be among the codes found in the source."""
    flags = {head(flag) for result in golden for row in result.rows for flag in row.flags}
    reasons = {reason.value for result in golden for reason in result.row.not_evaluable_reason}
    phases = {pair["reason"] for result in golden for pair in result.detail["phase"]["pairs"]}
    problems = {
        problem
        for result in golden
        for specimen in result.detail["specimens"]
        for problem in (*specimen["problems"], *specimen["flags"])
    }
    assert len(flags) > 40
    assert (flags | reasons | phases | problems) <= EMITTED


@pytest.mark.parametrize(
    "code",
    [
        "qc_fail",  # a key of `checks`
        "negative_from",  # the head of an f-string
        "weak_component",  # given by a criterion of a timepoint
        "subthreshold_at_baseline",  # a value of a table of codes
        "specimens_disagree",  # joined with `+`
        "imprecise_breakpoint",  # a constant
        "unclear_junction",  # put together from a vocabulary
        "wbc_carry_over",  # an argument of a verdict on origin
        "not_spannable",  # a reason of a phase
        "empty",  # a problem of a specimen
        "enrolled_after_start",  # of the outcomes
    ],
)
def test_codes_are_found_however_they_are_written(code):
    assert code in EMITTED


@pytest.mark.parametrize("code", sorted(KNOWLEDGE.messages))
def test_a_text_is_one_or_two_sentences(code):
    text = KNOWLEDGE.messages[code]
    assert text[0].isupper() and text.endswith(".")
    assert 1 <= len(SENTENCE_END.findall(text)) <= 2
    assert "_" not in text, "a code is no English"
    assert len(text) <= 260


def test_no_text_names_a_drug_but_lorlatinib():
    names = {name.casefold() for drug in KNOWLEDGE.drugs.values() for name in drug.names}
    words = {word for text in KNOWLEDGE.messages.values() for word in re.findall(r"\w+", text.casefold())}
    assert words & names == {"lorlatinib"}
