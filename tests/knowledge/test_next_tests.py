"""Which test would settle what is open: every rule can fire, and does for some golden case, not for all."""

from pathlib import Path

import pytest
from golden.build import cases, default_settings, evidence
from patient_pages import KNOWLEDGE_FOLDER, knowledge

from alktrace.classify.decision import classify_patient
from alktrace.errors import InputProblems
from alktrace.inputs.knowledge_files import KnowledgeFiles
from alktrace.inputs.site_knowledge import read_site_knowledge
from alktrace.knowledge.load import load_knowledge
from alktrace.knowledge.next_tests import FACTS, NextTest, condition_of
from alktrace.report.verdict_card import facts_of

TESTS = {item.subject: item for item in knowledge().next_tests}
RESULTS = [
    facts_of(result.rows, result.detail)
    for case in cases()
    for result in classify_patient(evidence(case), knowledge(), default_settings())
]
PD = "setting:progression"
NEVER_GOLDEN = {"repeat_sample", "identity"}


@pytest.mark.parametrize("name", TESTS)
def test_a_rule_asks_for_facts_that_exist(name: str) -> None:
    asked = {fact for wanted, unwanted in TESTS[name].when for fact in wanted | unwanted}
    assert asked <= FACTS


@pytest.mark.parametrize("name", TESTS)
def test_a_test_is_named_for_some_case_and_not_for_another(name: str) -> None:
    asked = [TESTS[name].is_asked(facts) for facts in RESULTS]
    assert not all(asked)
    assert any(asked) or name in NEVER_GOLDEN


@pytest.mark.parametrize(
    ("facts", "name", "asked"),
    [
        ({"flag:ch_not_excluded"}, "white_cells", True),
        ({"phase_reason:not_spannable"}, "phase_long", True),
        ({"phase_reason:not_spannable"}, "phase_more", False),
        ({"class:NONE_FOUND", "flag:histology_unknown", "setting:progression"}, "histology", True),
        ({"class:NONE_FOUND", "setting:progression"}, "histology", False),
        ({"class:BYPASS", "flag:no_reference_sample", "setting:progression"}, "baseline_sample", True),
        ({"class:NOT_EVALUABLE", "flag:no_reference_sample", PD}, "baseline_sample", False),
        ({"class:ON_TARGET_EXCLUDED", "kind:met_amplification:not_assessable", PD}, "met_fish", True),
        ({"class:ON_TARGET_EXCLUDED", "kind:met_amplification:excluded", PD}, "met_fish", False),
        ({"reason:tumour_fraction_low"}, "more_tumour_dna", True),
    ],
)  # fmt: skip
def test_rules_by_hand(facts: set[str], name: str, asked: bool) -> None:
    assert TESTS[name].is_asked(facts) is asked


def test_conditions_are_read() -> None:
    assert condition_of("class:BYPASS & !setting:baseline") == (
        frozenset({"class:BYPASS"}),
        frozenset({"setting:baseline"}),
    )


def test_a_medical_claim_has_a_source() -> None:
    def own(item: NextTest) -> bool:
        return item.source == "rule of this project"

    assert {item.subject for item in TESTS.values() if not own(item)} == {
        "histology", "more_tumour_dna", "white_cells", "met_fish", "focality", "rna_fusion",
    }  # fmt: skip


def test_a_misspelled_condition_of_a_site_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "overlay.yaml").write_text("name: Ours\nversion: '1'\ndate: 2026-11-29\n")
    rule = "met_fish\twhen\tflag:focality_unkown\tours\tcited\n"
    (folder / "next_tests.tsv").write_text("subject\tattribute\tvalue\tsource\tmark\n" + rule)
    files = KnowledgeFiles(KNOWLEDGE_FOLDER, read_site_knowledge(str(folder)))
    with pytest.raises(InputProblems) as error:
        load_knowledge(files)
    (problem,) = error.value.problems
    assert (problem.line, problem.what) == (2, "unknown condition 'flag:focality_unkown'")
    assert problem.remedy == "write flag:focality_unknown"
