"""The cohort page: key numbers, patients into analyses, links, small groups, refusals in one place."""

import base64
import hashlib
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mechanism_rows import bypass_or_none, classified, mechanism
from outcome_cohort import cohort_settings
from patient_pages import words_in
from present_values import present

from alktrace.classify.resistance_table import ClassificationRow, ResistanceRow
from alktrace.inputs.knowledge_files import KnowledgeFiles
from alktrace.io.tables import write_table
from alktrace.knowledge.load import load_knowledge
from alktrace.outcomes.association_table import AssociationRow
from alktrace.outcomes.course_table import OncoprintRow
from alktrace.outcomes.linkage_table import LinkageRow
from alktrace.report.cohort_flow import flow_steps
from alktrace.report.cohort_page import cohort_content, refused_figures, write_cohort_page
from alktrace.report.exhibits import Exhibit
from alktrace.report.figures.oncoprint import draw_oncoprint
from alktrace.report.figures.patients_flow import End, Step, draw_patients_flow, flow_in_words
from alktrace.report.figures.style import _slimmed
from alktrace.report.outcome_section import co_alterations, forest
from alktrace.vocabulary.caveats import Caveat, CaveatCode
from alktrace.vocabulary.languages import Language
from alktrace.vocabulary.outcomes import Question, Status
from alktrace.vocabulary.resistance import Classification, Component, NotEvaluableReason
from alktrace.vocabulary.samples import Setting

ROOT = Path(__file__).resolve().parents[2]
KNOWLEDGE = KnowledgeFiles(ROOT / "resources" / "knowledge")
MESSAGES = load_knowledge(KNOWLEDGE).messages
BLIND = replace(
    classified("P3", Classification.NOT_EVALUABLE, ()),
    not_evaluable_reason=(NotEvaluableReason.POWER_LOW, NotEvaluableReason.NO_DATA),
)
ROWS = [
    replace(bypass_or_none("P1", False), timepoint="BL", setting=Setting.BASELINE),
    bypass_or_none("P1", True),
    bypass_or_none("P2", False),
    BLIND,
    replace(bypass_or_none("P4", False), timepoint="BL", setting=Setting.BASELINE),
]


def linked(patient: str, *, missing: str | None = None, excluded: bool = False) -> LinkageRow:
    return LinkageRow(patient=patient, timepoints=1, clinical=True, excluded=excluded, missing=missing)


def test_the_way_of_the_patients_with_clinical_tables() -> None:
    linkage = [
        linked("P1"),
        linked("P2", missing="clinical_tables"),
        linked("P3"),
        linked("P4"),
        linked("P5", missing="classified_timepoints"),
        linked("P6", excluded=True),
    ]
    out = ("of these no data", 1), ("of these power low", 1)
    assert flow_steps(ROWS, linkage) == [
        Step(
            "Patients of sheet and clinical tables",
            6,
            (("excluded by the configuration", 1), ("clinical data alone, nothing classified", 1)),
        ),
        Step("With a classified timepoint", 4, (("none at progression", 1),)),
        Step("With a sample at progression", 3, (("not evaluable", 1), *out)),
        Step("Evaluable at progression", 2, (("no clinical data", 1),)),
        Step("Evaluable, with clinical data: mechanisms and outcomes", 1),
    ]


def test_the_way_of_the_patients_without_clinical_tables() -> None:
    assert [(step.text, step.patients) for step in flow_steps(ROWS, [])] == [
        ("With a classified timepoint", 4),
        ("With a sample at progression", 3),
        ("Evaluable at progression", 2),
    ]


def test_the_flow_says_its_numbers() -> None:
    steps = [Step("all", 9, (("<out>", 4),)), Step("left", 5)]
    ends = [End("OS", 5, 2)]
    assert flow_in_words(steps, ends) == "all: 9 (without 4 <out>); left: 5; OS: 5 patients, 2 events"
    drawn = draw_patients_flow(steps, ends)
    assert "n = 9" in drawn and "&lt;out&gt;: 4" in drawn and "<out>" not in drawn


def test_key_numbers_count_the_last_progression_of_a_patient() -> None:
    again = replace(bypass_or_none("P1", False), timepoint="PD2")
    key = cohort_content([*ROWS, again], [], [], [], words_in())["key"]
    numbers = {item["text"]: item["number"] for item in key}
    assert numbers["patients"] == "4"
    assert numbers["with a sample at progression"] == "3"
    assert numbers["bypass at the last progression"] == "0", "P1 has none at PD2"
    assert numbers["not evaluable there"] == "1"


def test_what_could_not_be_estimated_is_gathered() -> None:
    exhibits = [
        Exhibit("a", "A", ("<svg/>",), "", (), (), refused=("x", "y")),
        Exhibit("b", "B", (), "Nothing to draw.", (), ()),
        Exhibit("c", "C", ("<svg/>",), "", (), ()),
    ]
    assert refused_figures(exhibits) == [
        {"name": "a", "title": "A", "texts": ["x", "y"]},
        {"name": "b", "title": "B", "texts": ["Nothing to draw."]},
    ]


def ratio(level: str, one: tuple[int, int], other: tuple[int, int], **given: Any) -> AssociationRow:
    values: dict[str, Any] = {
        "question": Question.PRIMARY_VS_ACQUIRED,
        "endpoint": "mechanism",
        "analysis": "counts",
        "factor": "gene",
        "level": level,
        "reference": "acquired",
        "events": one[0],
        "patients": one[1],
        "reference_events": other[0],
        "reference_patients": other[1],
        "method": "fisher_exact",
        "measure": "OR",
        "estimate": 2.0,
        "low": 0.5,
        "high": 8.0,
        "p": 0.3,
        "q": 0.4,
        "status": Status.ESTIMATED,
    }
    return AssociationRow(**(values | given))


@pytest.mark.parametrize(
    ("row", "drawn"),
    [
        (ratio("MET", (5, 10), (5, 10)), True),
        (ratio("MET", (1, 10), (3, 10)), False),  # four carriers
        (ratio("MET", (9, 10), (8, 10)), False),  # three without
        (ratio("MET", (3, 4), (5, 10)), False),  # four primary
        (
            ratio("MET", (1, 10), (0, 10), question=Question.EARLY_PROGRESSION, factor="predictor"),
            True,
        ),  # events are no group
        (ratio("MET", (1, 4), (0, 10), question=Question.EARLY_PROGRESSION, factor="predictor"), False),
    ],
)
def test_the_forest_obeys_the_smallest_group(row: AssociationRow, drawn: bool) -> None:
    found = forest([row], row.question, 5, MESSAGES)
    assert bool(found.svgs) is drawn
    assert any("fewer than 5 patients" in text and "MET" in text for text in found.refused) is not drawn
    assert bool(found.missing) is not drawn


def test_terms_of_a_model_without_numbers_of_their_own_stay() -> None:
    crossed = {"question": Question.BENEFIT, "factor": "bypass x alk_tki", "measure": "HR"}
    row = ratio("interaction", (0, 0), (0, 0), **crossed)
    assert forest([row], Question.BENEFIT, 5, MESSAGES).svgs


def test_co_alterations_stand_below_the_mechanisms() -> None:
    flags = (Caveat(CaveatCode.CO_ALTERATION, ("TP53 R273C",)),)
    rows = [
        mechanism("P1", "MET", "amplification", Component.BYPASS, flags=flags),
        mechanism("P2", "MET", "amplification", Component.BYPASS, flags=flags, setting=Setting.BASELINE),
    ]
    assert co_alterations(rows) == {"P1": frozenset({"TP53 R273C"})}
    cell = OncoprintRow(patient="P1", order=1, timing=None, classification=Classification.BYPASS)
    assert "TP53 R273C" in draw_oncoprint([cell], co_alterations(rows))[0]
    assert "TP53 R273C" not in draw_oncoprint([replace(cell, patient="P2")], co_alterations(rows))[0]


def test_a_slimmed_figure_draws_the_same() -> None:
    label = "font-size: 8px; font-family: 'DejaVu Sans', serif; fill: #000"
    text = (
        f'<g>\n <g/>\n <text style="{label}" x="1.23456" transform="rotate(-0 1.2 3.4)">p  1.23456 b</text>\n'
        '</g><path d="M 1.00001 2 \nL 3 4.5678 \n" style="fill: none"/>'
    )
    assert _slimmed(text) == (
        '<text style="font-size:8px;fill:#000" x="1.23">p  1.23456 b</text>'
        '<path d="M1.00 2L3 4.56" style="fill:none"/>'
    )


def page(folder: Path, rows: list[ClassificationRow], mechanisms: list[ResistanceRow]) -> str:
    write_table(folder / "classification.tsv", ClassificationRow, rows)
    write_table(folder / "resistance.tsv", ResistanceRow, mechanisms)
    write_cohort_page(
        classification=folder / "classification.tsv",
        resistance=folder / "resistance.tsv",
        discovered=None,
        quality=None,
        identity=None,
        outcomes=(),
        knowledge=KNOWLEDGE,
        settings=cohort_settings(),
        language=Language.EN,
        out=folder / "report.html",
    )
    return (folder / "report.html").read_text(encoding="utf-8")


def test_ids_lead_both_ways_and_every_link_has_its_place(tmp_path: Path) -> None:
    found = [mechanism("P1", "MET", "amplification", Component.BYPASS, mechanism="MET", timepoint="PD")] * 2
    text = page(tmp_path, ROWS, found)
    places = re.findall(r'\bid="([^"]*)"', text)
    assert len(places) == len(set(places))
    assert set(re.findall(r'href="#([^"]*)"', text)) <= set(places)
    assert 'href="#mechanism-P1"' in text and 'href="#patient-P1"' in text


def test_a_hostile_alteration_is_text(tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script>"
    text = page(tmp_path, ROWS, [mechanism("P1", "MET", hostile, Component.BYPASS, mechanism="MET")])
    assert hostile not in text and "&lt;script&gt;alert(1)" in text
    assert text.count("<script>") == 1


def test_the_policy_lets_our_script_alone_run(tmp_path: Path) -> None:
    text = page(tmp_path, ROWS, [])
    script = present(re.search(r"<script>(.*?)</script>", text, re.DOTALL))[1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = present(re.search(r'Content-Security-Policy" content="([^"]*)"', text))[1]
    assert f"script-src 'sha256-{digest}'" in policy and "default-src 'none'" in policy


def test_the_page_can_be_read_without_eyes(tmp_path: Path) -> None:
    text = page(tmp_path, ROWS, [])
    assert all("scope=" in head for head in re.findall(r"<th[ >][^>]*", text))
    assert text.count("<table") == text.count("<caption")
    assert text.count("<main") == text.count("<header") == 1 and "<nav" in text
