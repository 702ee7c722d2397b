"""Golden cases: expected classes reasoned by hand from the rules, never copied from the code's output."""

import math
from pathlib import Path
from typing import Any

import pytest
import yaml
from golden.build import FOLDER, cases, catalogue, default_settings, evidence

from alktrace.classify.decision import DECISIONS, TimepointResult, classify_patient
from alktrace.classify.phase import PhaseReason
from alktrace.classify.set_criteria import SET_CRITERIA
from alktrace.classify.single_criteria import ALTERATION_CRITERIA
from alktrace.classify.timepoint_criteria import TIMEPOINT_CRITERIA
from alktrace.inputs.knowledge_files import KnowledgeFiles
from alktrace.inputs.settings.resistance_settings import ResistanceSettings
from alktrace.knowledge.answers import Knowledge
from alktrace.knowledge.load import load_knowledge
from alktrace.vocabulary.resistance import Classification, Component, Emergence, NotEvaluableReason, Timing

ROOT = Path(__file__).resolve().parents[2]
CASES = {case["id"]: case for case in cases()}
EXPECTED = [(case["id"], timepoint) for case in cases() for timepoint in case["expect"]]


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    return load_knowledge(KnowledgeFiles(ROOT / "resources" / "knowledge"))


@pytest.fixture(scope="session")
def settings() -> ResistanceSettings:
    return default_settings()


@pytest.fixture(scope="session")
def results(knowledge: Knowledge, settings: ResistanceSettings) -> dict[tuple[str, str], TimepointResult]:
    found = {}
    for name, case in CASES.items():
        for result in classify_patient(evidence(case), knowledge, settings):
            found[name, result.timepoint] = result
    return found


def summary(result: TimepointResult) -> dict[str, Any]:
    """What the case files speak about, in their words."""
    detail: Any = result.detail
    row = result.rows[0]
    return {
        "classification": result.row.classification.value,
        "decision": detail["decision"],
        "components": [item.value for item in result.row.components],
        "confidence": result.row.confidence.value if result.row.confidence else None,
        "timing": result.row.timing.value if result.row.timing else None,
        "reasons": [item.value for item in result.row.not_evaluable_reason],
        "excluded": row.excluded_clone_fraction,
        "n_rows": len(result.rows),
        "larger_sets": len(detail["phase"]["larger_sets"]),
        "judged": [item["kind"] for item in detail["excluded"] if item["informative"]],
        "order": [f"{row.gene} {row.alteration}" for row in result.rows],
        "discovered": [f"{item.gene} {item.change}" for item in result.discovered],
        "exclusions": " ".join(map(str, result.row.excluded)),
    }


@pytest.mark.parametrize(("case", "timepoint"), EXPECTED, ids=[f"{c}-{t}" for c, t in EXPECTED])
def test_case(case: str, timepoint: str, results: dict[tuple[str, str], TimepointResult]) -> None:
    result = results[case, timepoint]
    expected = CASES[case]["expect"][timepoint]
    detail: Any = result.detail
    found = summary(result)
    for name in found.keys() & expected.keys():
        if name == "excluded" and expected[name] is not None:
            assert found[name] is not None and math.isclose(found[name], expected[name], rel_tol=1e-4)
        else:
            assert found[name] == expected[name], name
    flags = set(map(str, result.row.flags))
    assert set(expected.get("flags", [])) <= flags
    assert not set(expected.get("absent_flags", [])) & flags
    criteria = {code for row in result.rows for code in row.criteria}
    assert set(expected.get("criteria", [])) <= criteria
    assert not set(expected.get("absent_criteria", [])) & criteria
    pairs = detail["phase"]["pairs"]
    assert set(expected.get("phase_reasons", [])) <= {pair["reason"] for pair in pairs}
    assert set(expected.get("not_assessable", [])) <= set(result.rows[0].not_assessable)
    assert not set(expected.get("assessable", [])) & set(result.rows[0].not_assessable)
    if "compounds" in expected:
        assert detail["phase"]["compounds"] == expected["compounds"]
    if "max_double_share" in expected:
        assert math.isclose(pairs[0]["max_double_share"], expected["max_double_share"], rel_tol=1e-3)
    roles = {item["key"]: item["code"] for item in detail["alterations"]}
    for name, code in expected.get("alterations", {}).items():
        assert roles[catalogue()[name]["key"]] == code
    courses = {item["key"]: item["trend"] for item in detail["courses"]}
    assert expected.get("courses", {}).items() <= courses.items()
    told = {
        f"{note['kind'].replace('_', ' ')}: {note['text']} ({note['mark']}: {note['source']})"
        for item in detail["mechanisms"]
        for note in item["hints"]["remarks"]
    }
    assert set(expected.get("remarks", [])) <= told
    check_rows(result, expected.get("rows", []))


def check_rows(result: TimepointResult, expected: list[dict[str, Any]]) -> None:
    for wanted in expected:
        matching = [
            row
            for row in result.rows
            if row.alteration == wanted["alteration"] and row.hgvs_c == wanted.get("hgvs_c", row.hgvs_c)
        ]
        assert len(matching) == 1, wanted
        row = matching[0]
        told = {
            "mechanism": row.mechanism,
            "confidence": row.confidence,
            "phase": row.phase,
            "partner": list(row.phase_partner),
            "emergence": row.emergence,
            "role": row.role,
            "lead": row.lead_specimen,
            "specimens": list(row.specimens),
            "tumour_fraction": row.tumour_fraction,
            "copy_number": row.copy_number,
            "compound_vaf": row.compound_vaf,
            "compound_share": row.compound_share and round(row.compound_share, 6),
            "compound": [row.compound_molecules, row.compound_total],
            "sensitive_to": [*map(str, row.sensitive_to)],
            "resistant_to": [*map(str, row.resistant_to)],
        }
        for name in told.keys() & wanted.keys():
            assert told[name] == wanted[name], name
        assert not set(wanted.get("resistant_to_excludes", [])) & {
            drug.name for drug in row.resistant_to if drug.mark.verified
        }
        for name in ("sensitive_to", "resistant_to"):
            assert set(wanted.get(f"{name}_holds", [])) <= set(map(str, getattr(row, name))), name
        assert set(wanted.get("evidence", [])) <= set(row.evidence)
        flags = set(map(str, row.flags))
        assert set(wanted.get("flags", [])) <= flags
        assert not set(wanted.get("absent_flags", [])) & flags
        assert not set(wanted.get("absent_criteria", [])) & set(row.criteria)


# --- the cases cover everything the code can say ---------------------------------------------


def stated(name: str) -> set[str]:
    """Every value that the case files expect under a name."""
    found: set[str] = set()
    for case in CASES.values():
        for expected in case["expect"].values():
            value = expected.get(name, [])
            found.update(value if isinstance(value, list) else [value])
    return found


def test_every_case_gives_its_reason() -> None:
    assert len(CASES) == len(cases()), "an id is used twice"
    assert all(case["why"] and case["source"] for case in CASES.values())


def test_every_trap_of_the_field_has_its_case() -> None:
    traps = yaml.safe_load((FOLDER / "traps.yaml").read_text(encoding="utf-8"))
    for trap in traps:
        assert trap["cases"] or trap["reason"]
        assert set(trap["cases"]) <= CASES.keys(), trap
    assert len({trap["trap"] for trap in traps}) == len(traps)


def test_every_expected_timepoint_is_classified(results: dict[tuple[str, str], TimepointResult]) -> None:
    assert set(EXPECTED) <= set(results)


def test_every_class_is_expected() -> None:
    assert stated("classification") == {item.value for item in Classification}


def test_every_reason_of_a_negative_is_expected() -> None:
    assert stated("reasons") == {item.value for item in NotEvaluableReason}


def test_every_decision_is_expected() -> None:
    assert stated("decision") == {row.code for row in DECISIONS}


def test_every_phase_reason_is_expected() -> None:
    assert stated("phase_reasons") == {item.value for item in PhaseReason}


def test_every_timing_is_expected() -> None:
    # Who stopped for another reason has no timing, like a baseline.
    assert stated("timing") - {None} == {item.value for item in Timing} - {"NOT_PD"}
    assert None in stated("timing")


def test_every_emergence_is_expected() -> None:
    rows = [row for case in CASES.values() for e in case["expect"].values() for row in e.get("rows", [])]
    assert {row["emergence"] for row in rows if "emergence" in row} == {item.value for item in Emergence}


def test_every_criterion_is_expected() -> None:
    codes = {c.code for c in (*ALTERATION_CRITERIA, *SET_CRITERIA, *TIMEPOINT_CRITERIA)}
    codes |= {"HISTOLOGY_TRANSFORMED", "HISTOLOGY_WITHOUT_BASELINE", "LINEAGE_DNA", "LINEAGE_IHC"}
    alterations = {
        code
        for case in CASES.values()
        for expected in case["expect"].values()
        for code in expected.get("alterations", {}).values()
    }
    assert stated("criteria") | alterations == codes


def test_every_pair_of_families_is_expected() -> None:
    pairs = {
        frozenset((a, b))
        for case in CASES.values()
        for expected in case["expect"].values()
        for a in expected.get("components", [])
        for b in expected.get("components", [])
        if a != b
    }
    families = [item.value for item in Component]
    assert pairs == {frozenset((a, b)) for a in families for b in families if a != b}
