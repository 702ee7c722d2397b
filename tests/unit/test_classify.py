"""The decision table row by row, and what keeps it a table."""

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from golden.build import cases, default_settings, evidence
from patient_pages import words_in

from alktrace.classify.decision import DECISIONS, carrying_families, classify_patient, decide
from alktrace.classify.emergence import vaf_ratio
from alktrace.classify.finding_caveats import CAPS, capped
from alktrace.classify.mechanism import Mechanism
from alktrace.classify.resistance_table import ResistanceRow
from alktrace.classify.set_criteria import SET_CRITERIA
from alktrace.classify.single_criteria import ALTERATION_CRITERIA
from alktrace.classify.timepoint_criteria import TIMEPOINT_CRITERIA
from alktrace.classify.view import fold_reported, prepare_patient
from alktrace.evidence.schema import PatientEvidence
from alktrace.inputs.knowledge_files import KnowledgeFiles
from alktrace.io.tables import read_table, write_table
from alktrace.knowledge.answers import Knowledge
from alktrace.knowledge.drug_hints import Hints
from alktrace.knowledge.entries import DrugEffect, DrugStatement
from alktrace.knowledge.load import load_knowledge
from alktrace.report.patient_tables import drug_lines
from alktrace.report.verdict_card import all_mechanisms
from alktrace.vocabulary.caveats import Caveat, CaveatCode
from alktrace.vocabulary.marks import Mark
from alktrace.vocabulary.resistance import Classification, Component, Confidence
from alktrace.vocabulary.samples import SpecimenType

ROOT = Path(__file__).resolve().parents[2]
ALONE = {
    "D01": {"FAMILY_ON_TARGET", "FAMILY_BYPASS", "ALK_CIS"},
    "D02": {"FAMILY_ON_TARGET", "FAMILY_TRANSFORMATION", "HISTOLOGY_TRANSFORMED"},
    "D03": {"FAMILY_BYPASS", "FAMILY_TRANSFORMATION", "LINEAGE_DNA"},
    "D04": {"FAMILY_TRANSFORMATION", "HISTOLOGY_TRANSFORMED", "LINEAGE_DNA", "NEGATIVE_INFORMATIVE"},
    "D05": {"FAMILY_TRANSFORMATION", "LINEAGE_DNA", "NEGATIVE_INFORMATIVE"},
    "D06": {"FAMILY_BYPASS", "NEGATIVE_INFORMATIVE"},
    "D07": {"FAMILY_ON_TARGET", "ALK_CIS", "ALK_TRANS", "ALK_UNRESOLVED"},
    "D08": {"FAMILY_ON_TARGET", "ALK_CIS_AND_SINGLE", "ALK_TRANS", "ALK_UNRESOLVED"},
    "D09": {"FAMILY_ON_TARGET", "ALK_TRANS", "ALK_UNRESOLVED", "ALK_AMPLIFIED"},
    "D10": {"FAMILY_ON_TARGET", "ALK_UNRESOLVED", "ALK_AMPLIFIED"},
    "D11": {"FAMILY_ON_TARGET", "ALK_SINGLE", "ALK_AMPLIFIED", "NEGATIVE_INFORMATIVE"},
    "D12": {"FAMILY_ON_TARGET", "ALK_AMPLIFIED", "NEGATIVE_INFORMATIVE"},
    "D13": {"NEGATIVE_INFORMATIVE", "BYPASS_INFORMATIVE", "FUSION_LOST"},
    "D14": {"NEGATIVE_INFORMATIVE", "FUSION_LOST"},
    "D15": {"NEGATIVE_UNINFORMATIVE", "BYPASS_INFORMATIVE"},
}
CLASSES = {
    "D01": "MIXED",
    "D02": "MIXED",
    "D03": "MIXED",
    "D04": "TRANSFORMATION_CONFIRMED",
    "D05": "TRANSFORMATION_SUSPECTED",
    "D06": "BYPASS",
    "D07": "ON_TARGET_COMPOUND_CIS",
    "D08": "ON_TARGET_COMPOUND_CIS",
    "D09": "ON_TARGET_MULTIPLE_TRANS",
    "D10": "ON_TARGET_MULTIPLE_UNRESOLVED",
    "D11": "ON_TARGET_SINGLE",
    "D12": "ON_TARGET_AMPLIFICATION",
    "D13": "NONE_FOUND",
    "D14": "ON_TARGET_EXCLUDED",
    "D15": "NOT_EVALUABLE",
}


@pytest.mark.parametrize("row", [row.code for row in DECISIONS])
def test_row(row: str) -> None:
    decision = decide(ALONE[row])
    assert (decision.code, decision.classification) == (row, Classification(CLASSES[row]))


def test_every_row_has_its_test() -> None:
    assert [row.code for row in DECISIONS] == list(ALONE) == list(CLASSES)


def test_no_row_is_out_of_reach() -> None:
    for earlier, later in itertools.combinations(DECISIONS, 2):
        assert not earlier.requires <= later.requires, f"{later.code} never decides"


def test_something_is_always_decided() -> None:
    assert decide([]).classification is Classification.NOT_EVALUABLE


def test_codes_are_used_once() -> None:
    codes = [c.code for c in (*ALTERATION_CRITERIA, *SET_CRITERIA, *TIMEPOINT_CRITERIA)]
    assert len(codes) == len(set(codes))


def test_every_code_of_the_table_comes_from_a_criterion() -> None:
    known = {c.code for c in (*ALTERATION_CRITERIA, *SET_CRITERIA, *TIMEPOINT_CRITERIA)}
    known |= {f"FAMILY_{component.name}" for component in Component} | {"HISTOLOGY_TRANSFORMED"}
    assert {code for row in DECISIONS for code in row.requires} <= known


# --- families and confidence -----------------------------------------------------------------


def mechanism(component: Component, *, weak: bool = False, carries: bool = True) -> Mechanism:
    confidence = Confidence.UNCERTAIN if weak else Confidence.CANDIDATE
    return Mechanism(component, "m", confidence, (), (), None, carries=carries)


@pytest.mark.parametrize(
    ("mechanisms", "families"),
    [
        pytest.param([], set(), id="none"),
        pytest.param([mechanism(Component.ON_TARGET, weak=True)], {"on_target"}, id="weak-alone"),
        pytest.param(
            [mechanism(Component.ON_TARGET, weak=True), mechanism(Component.BYPASS)],
            {"bypass"},
            id="weak-beside",
        ),
        pytest.param(
            [mechanism(Component.ON_TARGET), mechanism(Component.BYPASS)], {"on_target", "bypass"}, id="both"
        ),
        pytest.param([mechanism(Component.ON_TARGET, carries=False)], set(), id="shown-only"),
    ],
)
def test_families(mechanisms: list[Mechanism], families: set[str]) -> None:
    assert carrying_families(mechanisms) == families


@pytest.mark.parametrize("code", sorted(CAPS))
@pytest.mark.parametrize("start", list(Confidence))
def test_a_cap_never_raises(code: CaveatCode, start: Confidence) -> None:
    order = list(Confidence)
    flags = [Caveat(code, ("x",)), Caveat(CaveatCode.POLYCLONAL)]
    assert order.index(capped(start, flags)) == max(order.index(start), order.index(CAPS[code]))


@pytest.mark.parametrize(
    ("sensitive", "resistant", "confidence"),
    [
        pytest.param((), (), Confidence.ESTABLISHED, id="no-data"),
        pytest.param((), ("lorlatinib",), Confidence.ESTABLISHED, id="verified-resistant"),
        pytest.param(("lorlatinib",), (), Confidence.CANDIDATE, id="verified-sensitive"),
        pytest.param(("crizotinib",), (), Confidence.ESTABLISHED, id="another-drug"),
    ],
)
def test_a_compound_that_lorlatinib_inhibits_is_a_candidate(
    sensitive: tuple[str, ...], resistant: tuple[str, ...], confidence: Confidence
) -> None:
    """Reports of the compound itself count, whatever its name promises."""

    class Told:
        def __init__(self, knowledge: Knowledge) -> None:
            self.knowledge = knowledge

        def __getattr__(self, name: str) -> object:
            return getattr(self.knowledge, name)

        def hints(self, alterations: tuple[object, ...]) -> Hints:
            assert len(alterations) == 2, "the compound is asked for as a unit"
            return Hints(resistant_to=resistant, sensitive_to=sensitive)

    told: Any = Told(load_knowledge(KnowledgeFiles(ROOT / "resources" / "knowledge")))
    (result,) = classify_patient(golden("compound_cis_l1196m_g1202r"), told, default_settings())
    assert result.row.classification is Classification.ON_TARGET_COMPOUND_CIS
    assert result.row.confidence is confidence


def test_every_drug_of_a_report_is_somewhere() -> None:
    """Intermediate and contradictory drugs stand in no column; row and account name them all the same."""
    loaded = load_knowledge(KnowledgeFiles(ROOT / "resources" / "knowledge"))
    stated = [
        ("a", "intermediate"),
        ("b", "sensitive"),
        ("b", "resistant"),
        ("c", "resistant"),
        ("d", "sensitive"),
    ]
    statements = tuple(
        DrugStatement(d, DrugEffect(e), "D", "cell_model", f"source {d} {e}", Mark.VERIFIED)
        for d, e in stated
    )
    told = replace(loaded, statements={"p.Gly1202Arg": statements})
    (result,) = classify_patient(golden("single_g1202r_after_lorlatinib"), told, default_settings())
    (row,) = result.rows
    assert [*map(str, row.resistant_to), *map(str, row.sensitive_to)] == ["c (verified)", "d (verified)"]
    assert {"intermediate_evidence:a", "conflicting_evidence:b"} <= set(map(str, row.flags))
    assert set(row.evidence) == {
        f"{drug} {effect} (D, verified): source {drug} {effect}" for drug, effect in stated
    }
    account: Any
    (account,) = result.detail["mechanisms"]  # type: ignore[misc]
    assert account["hints"]["intermediate"] == ["a"]
    assert account["hints"]["conflicting"] == ["b"]
    (item,) = all_mechanisms(result.rows, result.detail, ())
    assert drug_lines(item, words_in()) == [
        "resistance: c (verified)",
        "sensitivity: d (verified)",
        "neither sensitive nor resistant: a",
        "contradictory reports: b",
    ]


def test_a_result_is_read_from_its_table_as_it_was_written(tmp_path: Path) -> None:
    loaded = load_knowledge(KnowledgeFiles(ROOT / "resources" / "knowledge"))
    results = [r for case in cases() for r in classify_patient(evidence(case), loaded, default_settings())]
    rows = [row for result in results for row in result.rows]
    first, second = tmp_path / "resistance.tsv", tmp_path / "again.tsv"
    write_table(first, ResistanceRow, rows)
    read = read_table(first, ResistanceRow)
    write_table(second, ResistanceRow, read)
    assert first.read_bytes() == second.read_bytes()
    assert [row.flags for row in read if row.phase] == [row.flags for row in rows if row.phase]
    assert [row.phase_evidence for row in read] == [row.phase_evidence for row in rows]


# --- preparation -----------------------------------------------------------------------------


def golden(name: str) -> PatientEvidence:
    return evidence(next(case for case in cases() if case["id"] == name))


def test_reported_name_joins_its_located_twin() -> None:
    given = golden("reported_and_called_name_one_change")
    folded, renamed = fold_reported(given.alterations)
    assert renamed == {"reported:ALK:p.Gly1202Arg": "chr2:29220747:C:T"}
    assert [len(item.observations) for item in folded] == [2]


def test_reported_names_stay_where_nothing_is_located() -> None:
    given = golden("report_without_molecules")
    folded, renamed = fold_reported(given.alterations)
    assert renamed == {}
    assert {item.key for item in folded} == {item.key for item in given.alterations}


def test_white_cells_are_no_timepoint() -> None:
    given = golden("single_g1202r_after_lorlatinib")
    blood = given.specimens[0].model_copy(
        update={"timepoint": "W", "specimen": "wbc", "specimen_type": SpecimenType.WBC, "setting": None}
    )
    given = given.model_copy(update={"specimens": (*given.specimens, blood)})
    patient = prepare_patient(given, default_settings())
    assert {item.timepoint for item in patient.specimens} == {"PD"}


# --- courses ---------------------------------------------------------------------------------


def test_ratio_of_equal_counts_is_one() -> None:
    seen = golden("single_g1202r_after_lorlatinib").alterations[0].observations[0]
    ratio, low, high = vaf_ratio(seen, seen) or (0, 0, 0)
    assert ratio == pytest.approx(1.0)
    assert low * high == pytest.approx(1.0)
    assert low < 1 < high


def test_ratio_interval_covers_the_truth() -> None:
    """30 of 3000 against 60 of 3000: doubled, and the interval is about 1.3 to 3.1 (plain log normal)."""
    seen = golden("single_g1202r_after_lorlatinib").alterations[0].observations[0]
    later = seen.model_copy(update={"alt_molecules": 60})
    ratio, low, high = vaf_ratio(seen, later) or (0, 0, 0)
    assert ratio == pytest.approx(2.0, rel=0.02)
    assert (low, high) == pytest.approx((1.28, 3.05), rel=0.03)


def test_ratio_needs_molecules() -> None:
    seen = golden("single_g1202r_after_lorlatinib").alterations[0].observations[0]
    assert vaf_ratio(seen, seen.model_copy(update={"alt_molecules": None})) is None
