"""Caveats: values in the code, texts in the files."""

from typing import Any

import pytest
from golden.build import cases, evidence
from hypothesis import given
from hypothesis import strategies as st

from alktrace.errors import InputProblems
from alktrace.evidence.evidence_file import parse_evidence
from alktrace.vocabulary.caveats import Caveat, CaveatCode, in_order

NAMES = st.text(st.characters(exclude_characters=",\n\t"), min_size=1)


@given(st.sampled_from(CaveatCode), st.lists(NAMES, max_size=3))
def test_a_caveat_is_read_as_it_was_written(code: CaveatCode, about: list[str]) -> None:
    caveat = Caveat(code, tuple(about))
    assert Caveat.parse(str(caveat)) == caveat


def test_the_order_is_that_of_the_texts_and_each_stands_once() -> None:
    given_flags = [Caveat.parse(text) for text in ("qc_fail:b", "csf_only", "qc_fail:b", "qc_fail:a b")]
    assert [*map(str, in_order(given_flags))] == ["csf_only", "qc_fail:a b", "qc_fail:b"]


def content(flags: list[int | str]) -> dict[str, Any]:
    given_evidence = evidence(
        next(case for case in cases() if case["id"] == "single_g1202r_after_lorlatinib")
    )
    written = given_evidence.model_dump(mode="json")
    written["alterations"][0]["flags"] = flags
    return written


def test_an_evidence_file_keeps_its_texts() -> None:
    written = content(["wbc_conflict", "specimens_disagree:csf,plasma"])
    read = parse_evidence(written, file="e.json")
    assert read.alterations[0].flags[1] == Caveat(CaveatCode.SPECIMENS_DISAGREE, ("csf", "plasma"))
    assert read.model_dump(mode="json") == written


@pytest.mark.parametrize(
    ("flag", "said"),
    [
        ("germline_suspectd", "unknown caveat 'germline_suspectd', did you mean 'germline_suspected'?"),
        ("seen by eye", "unknown caveat 'seen by eye'"),
        (3, "unknown caveat '3'"),
    ],
)
def test_a_misspelled_caveat_is_refused(flag: int | str, said: str) -> None:
    with pytest.raises(InputProblems) as caught:
        parse_evidence(content([flag]), file="e.json")
    (problem,) = caught.value.problems
    assert (problem.column, problem.what) == ("alterations.0.flags.0", said)
