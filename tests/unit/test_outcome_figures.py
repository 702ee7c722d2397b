"""Figures of the outcomes: what they show stands in their tables; without data they say why."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from outcome_cohort import KNOWLEDGE, ROOT, cohort_settings, resistance_settings, write_demo
from present_values import present
from shipped_settings import SHIPPED

from alktrace.classify.resistance_table import ClassificationRow, ResistanceRow
from alktrace.demo.synthetic_outcomes import write_outcomes
from alktrace.inputs.sheet import Sheet
from alktrace.io.tables import read_table, write_table
from alktrace.knowledge.load import load_knowledge
from alktrace.outcomes.association_table import AssociationRow
from alktrace.outcomes.checklist_table import ChecklistRow
from alktrace.outcomes.course_table import FlowRow, OncoprintRow, SwimmerRow
from alktrace.outcomes.curve_table import AtRiskRow, KaplanMeierRow
from alktrace.outcomes.endpoint_table import EndpointRow
from alktrace.outcomes.endpoints import RWPFS2, RWTTD1, by_course
from alktrace.outcomes.frequency_table import ExpectedRow
from alktrace.outcomes.linkage_table import LinkageRow
from alktrace.outcomes.mechanism_treatment_table import MechanismTreatmentRow
from alktrace.outcomes.outcome_files import outcome_tables
from alktrace.outcomes.outcome_jobs import Clinic, PlanFiles, measure_outcomes, relate_outcomes
from alktrace.outcomes.safety_table import SafetyRow
from alktrace.qc.identity_table import IdentityRow
from alktrace.qc.qc_table import QcRow
from alktrace.report import outcome_section as section
from alktrace.report.cohort_page import write_cohort_page
from alktrace.report.exhibits import Exhibit
from alktrace.report.figures.flow import draw_flow
from alktrace.report.figures.forest import draw_forest
from alktrace.report.figures.kaplan_meier import Panel, draw_curves
from alktrace.report.figures.oncoprint import draw_oncoprint
from alktrace.report.figures.swimmer import draw_swimmer
from alktrace.vocabulary.languages import Language
from alktrace.vocabulary.outcomes import Analysis, IntervalKind, Question, Refusal, Status
from alktrace.vocabulary.resistance import Classification, Component, Confidence, Emergence, Timing
from alktrace.workflow.plan import Plan

TABLES = {
    "linkage", "frequencies", "expected", "paired", "concordance", "responses", "mechanism-treatment",
    "safety", "safety-rates", "doses", "beyond", "estimands", "sensitivity", "follow-up",
    "lines", "sequences", "baseline", "baseline-class", "missing", "treatment-detail", "sites", "ways",
    "clearance", "checklist", "dose-intensity", "plan", "deviations",
}  # fmt: skip
PLAN = ROOT / "config" / "example" / "sap.yaml"
MESSAGES = load_knowledge(KNOWLEDGE).messages
SETTINGS = cohort_settings()


def run(folder: Path, clinic: Clinic) -> Path:
    out = folder / "cohort"
    measure_outcomes(clinic=clinic, settings=cohort_settings(), out=out)
    relate_outcomes(
        clinic=clinic,
        classification=folder / "classification.tsv",
        resistance=folder / "resistance.tsv",
        evidence=[folder / "evidence.tsv"],
        details=sorted((folder / "details").glob("*.json")),
        settings=cohort_settings(),
        timing=resistance_settings(),
        out=out,
        plan=PlanFiles(PLAN, out / "endpoints.tsv"),
    )
    return out


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("figures")
    return run(folder, write_demo(folder))


@pytest.fixture(scope="module")
def exhibits(cohort: Path) -> dict[str, Exhibit]:
    return {item.name: item for item in section.outcome_exhibits(cohort, MESSAGES, SETTINGS)}


def words(svg: str | None) -> list[str]:
    """Texts of a figure; fails where it is no well-formed SVG."""
    return ["".join(node.itertext()).strip() for node in ElementTree.fromstring(present(svg)).iter("text")]


def paths(svg: str | None) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(present(svg)).iter("path"))


def points(path: ElementTree.Element) -> list[tuple[float, float]]:
    """Corners of a path, with the handles of its curves."""
    numbers = [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", path.get("d", ""))]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def page(folder: Path, outcomes: Path | None) -> str:
    for name, kind in (
        ("classification", ClassificationRow),
        ("resistance", ResistanceRow),
        ("quality", QcRow),
        ("identity", IdentityRow),
    ):
        write_table(folder / f"{name}.tsv", kind, [])
    names = outcome_tables() if outcomes else ()
    write_cohort_page(
        classification=folder / "classification.tsv",
        resistance=folder / "resistance.tsv",
        discovered=None,
        quality=folder / "quality.tsv",
        identity=folder / "identity.tsv",
        outcomes=[outcomes / name for name in names if outcomes],
        knowledge=KNOWLEDGE,
        settings=SETTINGS,
        language=Language.EN,
        out=folder / "report.html",
    )
    return (folder / "report.html").read_text()


@pytest.fixture(scope="module")
def html(cohort: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    return page(tmp_path_factory.mktemp("page"), cohort)


def test_every_figure_of_the_design_is_there(exhibits: dict[str, Exhibit]) -> None:
    assert [name for name in exhibits if not name.startswith("forest")] == [
        "plan", "deviations", "linkage", "baseline", "baseline-class", "missing", "oncoprint",
        "frequencies", "expected", "paired", "concordance", "swimmer",
        "follow-up", "estimands", *(f"km-{item.name}" for item in by_course() if item.title), "sensitivity",
        "course", "lines-flow", "lines", "sequences",
        "beyond", "responses", "km-rwPFS2-regimen", "km-rwTTD2-regimen", "adjusted", "km-mechanism",
        "mechanism-treatment", "treatment-detail", "sites", "ways", "clearance", "flow", "safety",
        "safety-rates", "doses", "dose-intensity", "checklist",
    ]  # fmt: skip
    shown = {name for name, item in exhibits.items() if item.svgs}
    # 30 events are needed for an interaction, eight patients with and without an alteration for its ratio.
    assert set(exhibits) - shown == TABLES | {"forest-benefit", "forest-alteration_outcome"}


def test_every_figure_names_its_tables_and_its_patients(exhibits: dict[str, Exhibit], cohort: Path) -> None:
    for item in exhibits.values():
        assert item.sources, item.name
        for name in item.sources:
            assert name in outcome_tables()
            assert (cohort / name).is_file()
        text = " ".join(item.caption)
        counted = "n = " in text or "atients" in text or item.name.startswith("forest")
        assert counted, item.name
        assert item.svgs or item.lines or item.missing


def test_the_checklist_names_what_is_on_the_page(cohort: Path, html: str) -> None:
    rows = read_table(cohort / "reporting_checklist.tsv", ChecklistRow)
    assert len({(row.guideline, row.item) for row in rows}) == len(rows) > 35
    for row in rows:
        assert (row.answered == "authors") == (not row.sections), row
        assert (row.answered == "output") == (row.left is None), row
        for name in row.sections:
            assert f'id="{name}"' in html, name
        assert set(row.tables) <= set(outcome_tables()), row


def test_refusals_are_text(exhibits: dict[str, Exhibit]) -> None:
    item = exhibits["forest-benefit"]
    assert not item.svgs
    assert item.missing.startswith(
        "Not estimable: There are fewer events than a model needs (too_few_events)."
    )


def test_no_tables_no_crash(tmp_path: Path) -> None:
    for name, kind in outcome_tables().items():
        write_table(tmp_path / name, kind, [])
    for item in section.outcome_exhibits(tmp_path, MESSAGES, SETTINGS):
        assert item.svgs == () and item.lines == ()
        assert item.missing, item.name


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_one_patient_gives_answers_or_text(tmp_path: Path, seed: int) -> None:
    write_outcomes(out=tmp_path, seed=seed, patients=1)
    out = run(tmp_path, Clinic(tmp_path / "clinical", KNOWLEDGE, 30, ()))
    found = {item.name: item for item in section.outcome_exhibits(out, MESSAGES, SETTINGS)}
    assert all(item.svgs or item.lines or item.missing for item in found.values())
    assert found["swimmer"].svgs
    assert not found["forest-mechanism_outcome"].svgs
    for item in found.values():
        assert all(words(svg) for svg in item.svgs)


def test_figures_are_the_same_in_another_process(
    cohort: Path, exhibits: dict[str, Exhibit], tmp_path: Path
) -> None:
    (tmp_path / "matplotlibrc").write_text(
        "font.size: 30\naxes.linewidth: 5\nxtick.major.size: 20\nsvg.fonttype: path\n"
    )
    code = (
        "import sys; from pathlib import Path; from alktrace.report.outcome_section import outcome_exhibits\n"
        "from outcome_cohort import cohort_settings\n"
        "for item in outcome_exhibits(Path(sys.argv[1]), {}, cohort_settings()):\n"
        "    sys.stdout.write(''.join(item.svgs))\n"
    )
    environment = {
        "PYTHONPATH": f"{ROOT / 'scripts'}:{ROOT / 'tests'}",
        "PYTHONHASHSEED": "7",
        "MPLCONFIGDIR": str(tmp_path),
    }
    again = subprocess.run(
        [sys.executable, "-c", code, str(cohort)],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert again.stdout == "".join(svg for item in exhibits.values() for svg in item.svgs)


PAGES = ("batch.html", "multiqc.html", "classification.tsv")


def test_the_page_needs_no_network(html: str) -> None:
    assert '<h2 id="outcomes">Outcomes</h2>' in html
    assert not re.search(r"https?:|//[a-z]|<script [^>]|<link|@import", html)
    for target in re.findall(r'(?:href|src)="([^"]*)"', html):
        assert target.startswith(("#", "../")) or target in (*outcome_tables(), *PAGES), target
    assert all(target.startswith("#") for target in re.findall(r"url\(([^)]*)\)", html))


def test_ids_of_the_page_are_unique(html: str) -> None:
    found = re.findall(r'\bid="([^"]*)"', html)
    assert found
    assert len(found) == len(set(found))


def test_without_clinical_tables_only_classes_are_shown(tmp_path: Path) -> None:
    text = page(tmp_path, None)
    assert "Outcomes" not in text
    assert text.count("<svg") == 1, "the way of the patients alone"


def test_the_page_without_outcomes_does_not_load_matplotlib() -> None:
    code = "import sys, alktrace.report.cohort_page; print('matplotlib' in sys.modules)"
    environment = {"PYTHONPATH": str(ROOT / "scripts")}
    found = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "False"


# --- what the figures say ------------------------------------------------------------------------


CELL = {
    "timing": Timing.ACQUIRED, "classification": Classification.BYPASS, "component": Component.BYPASS,
    "gene": "MET", "alteration": "amplification", "variant_type": "amplification",
    "emergence": Emergence.EMERGENT, "confidence": Confidence.ESTABLISHED.value,
}  # fmt: skip


def cell(patient: str, order: int, **given: Any) -> OncoprintRow:
    return OncoprintRow(**{"patient": patient, "order": order, **CELL, **given})


def test_oncoprint_counts_patients_not_rows() -> None:
    rows = [cell("P1", 1), cell("P1", 1), cell("P2", 2), cell("P2", 2, gene="KRAS", alteration="G12D")]
    (svg,) = draw_oncoprint(rows)
    found = words(svg)
    assert found[found.index("MET amplification") + 1] == "2"
    assert found[found.index("KRAS G12D") + 1] == "1"
    assert {"P1", "P2", "acquired (2)"} <= set(found)


def test_oncoprint_of_many_patients_comes_in_parts() -> None:
    parts = draw_oncoprint([cell(f"P{i:03d}", i) for i in range(120)])
    assert len(parts) == 3
    names = [word for svg in parts for word in words(svg) if re.fullmatch(r"P\d{3}", word)]
    assert names == [f"P{i:03d}" for i in range(120)]


def test_rare_findings_give_way_over_all_families() -> None:
    """With more findings than lines, a frequent one of the last family stays."""
    many = [cell(f"P{i}", i, gene=f"G{i}") for i in range(60)]
    last = [cell(f"T{i}", 60 + i, component=Component.TRANSFORMATION, gene="RB1") for i in range(2)]
    assert "RB1 amplification" in words(draw_oncoprint([*many, *last])[0])
    assert "the 40 most frequent of 61 findings" in " ".join(section.oncoprint([*many, *last], {}).caption)


def test_names_from_tables_are_text() -> None:
    strange = "a<b&c $x_1$"
    (svg,) = draw_oncoprint([cell("P1", 1, alteration=strange)])
    assert f"MET {strange.replace('_', ' ')}" in words(svg)


def test_not_evaluable_is_hatched_and_none_found_is_not() -> None:
    blind = cell("P1", 1, component=None, gene=None, classification=Classification.NOT_EVALUABLE)
    clean = cell("P1", 1, component=None, gene=None, classification=Classification.NONE_FOUND)
    # The legend has the hatch anyway.
    fills = [draw_oncoprint([row])[0].count("url(#h") for row in (blind, clean)]
    assert fills[0] == fills[1] + 1


def test_swimmer_of_many_patients_comes_in_parts() -> None:
    rows = [
        SwimmerRow(
            patient=f"P{i:02d}",
            order=i,
            kind=IntervalKind.LORLATINIB,
            label="lorlatinib",
            start_days=0,
            end_days=100,
            ongoing=True,
        )
        for i in range(41)
    ]
    parts = draw_swimmer(rows)
    assert len(parts) == 2
    assert sum(bool(re.fullmatch(r"P\d\d", word)) for svg in parts for word in words(svg)) == 41


OVERALL = {
    "endpoint": RWPFS2.name,
    "analysis": Analysis.AS_DEFINED,
    "grouping": "all",
    "group": "all",
}


def step(days: int, at_risk: int, survival: float, **given: Any) -> KaplanMeierRow:
    row = {"days": days, "at_risk": at_risk, "events": 1, "censored": 0, "survival": survival}
    return KaplanMeierRow(**{**OVERALL, **row, **given})


def at_risk(days: int, number: int, **given: Any) -> AtRiskRow:
    return AtRiskRow(**{**OVERALL, "days": days, "at_risk": number, **given})


def test_numbers_at_risk_stand_below_the_curve() -> None:
    numbers = [at_risk(0, 23), at_risk(90, 17), at_risk(180, 5)]
    steps = [step(0, 23, 1.0), step(100, 17, 0.9), step(200, 4, 0.6)]
    svg = draw_curves([Panel("", "days", steps, numbers)], name="k", label="a curve")
    found = words(svg)
    assert found[found.index("at risk") + 1 :] == ["23", "17", "5"]


def test_the_curve_has_the_heights_and_times_of_its_table() -> None:
    steps = [step(0, 8, 1.0), step(50, 8, 0.75), step(100, 6, 0.25), step(200, 2, 0.0)]
    svg = draw_curves([Panel("", "days", steps, [])], name="k", label="a curve")
    (line,) = [points(path) for path in paths(svg) if "stroke-width:1.5" in path.get("style", "")]
    (left, top), (right, bottom) = line[0], line[-1]
    found = [((x - left) / (right - left) * 200, (bottom - y) / (bottom - top)) for x, y in line]
    corners = [(0, 1), (50, 1), (50, 0.75), (100, 0.75), (100, 0.25), (200, 0.25), (200, 0)]
    assert [value for corner in found for value in corner] == pytest.approx(
        [value for corner in corners for value in corner], abs=0.01
    )


def test_a_group_without_curve_is_named() -> None:
    late = {"analysis": Analysis.GROUP_ENTRY, "grouping": "bypass"}
    steps = [step(0, 3, 1.0, group="absent", **late), step(9, 3, 0.5, group="absent", **late)]
    numbers = [at_risk(0, 3, group="absent", **late), at_risk(0, 1, group="present", **late)]
    item = section.by_mechanism(steps, numbers, [], 1, MESSAGES)
    assert item.svgs
    text = " ".join(item.caption)
    assert "The curve of bypass present is missing. Everybody at risk had the event" in text
    assert "(risk_set_emptied)" in text


def test_a_curve_that_ends_at_a_gap_is_named() -> None:
    late = {"analysis": Analysis.GROUP_ENTRY, "grouping": "bypass"}
    steps = [step(day, 3, 0.5, group=group, **late) for group in ("absent", "present") for day in (0, 200)]
    numbers = [at_risk(day, 1, group="absent", **late) for day in (0, 90, 180, 270)]
    item = section.by_mechanism(steps, numbers, [], 1, MESSAGES)
    text = " ".join(item.caption)
    assert "The curve of bypass absent ends on day 200." in text
    assert "bypass present ends" not in text


def test_a_group_of_few_patients_has_no_curve_and_is_named() -> None:
    late = {"analysis": Analysis.GROUP_ENTRY}
    curves = {"present": 1, "absent": 9}
    steps = [
        step(days, at, 1.0 - days / 10, grouping="bypass", group=group, events=at if days else 0, **late)
        for group, at in curves.items()
        for days in (0, 9)
    ]
    numbers = [at_risk(0, at, grouping="bypass", group=group, **late) for group, at in curves.items()]
    item = section.by_mechanism(steps, numbers, [], 8, MESSAGES)
    assert item.svgs == ()
    said = "No curve for groups of fewer than 8 patients (cohort.min_group_patients): bypass present (1)."
    assert said in item.caption
    assert section.by_mechanism(steps, numbers, [], 1, MESSAGES).svgs


ENDPOINT = {
    "endpoint": RWTTD1.name, "analysis": Analysis.ENROLMENT_ENTRY, "headline": True, "population": "all",
    "start_rule": "first dose", "event_rule": "stop", "censoring_rule": "last contact", "patients": 9,
    "analysed": 9, "events": 4, "excluded": (), "status": Status.ESTIMATED, "median_days": 100.0,
    "median_low": 50.0, "flags": ("small_early_risk_set",),
}  # fmt: skip


def endpoint(**given: Any) -> EndpointRow:
    return EndpointRow(**{**ENDPOINT, **given})


def test_a_refused_endpoint_is_text_even_where_the_other_analysis_has_a_curve() -> None:
    refused = endpoint(status=Status.NOT_ESTIMABLE, reason="enrolled_at_progression: 40% of the patients")
    other = endpoint(analysis=Analysis.AS_DEFINED, headline=False)
    steps = [
        step(days, 9, 0.5, endpoint=RWTTD1.name, analysis=analysis)
        for days in (0, 90)
        for analysis in (Analysis.AS_DEFINED, Analysis.ENROLMENT_ENTRY)
    ]
    item = section.curve(RWTTD1, [other, refused], [], steps, [], MESSAGES)
    assert item.svgs == ()
    assert "enrolled_at_progression: 40%" in item.missing


def test_a_curve_tells_its_median_its_caveats_and_the_biased_figure() -> None:
    analysis = {"endpoint": RWTTD1.name, "analysis": Analysis.ENROLMENT_ENTRY}
    other = endpoint(
        analysis=Analysis.AS_DEFINED,
        headline=False,
        median_days=140.0,
        flags=("immortal_time_before_enrolment=3",),
    )
    steps = [step(0, 9, 1.0, **analysis), step(100, 9, 0.4, **analysis)]
    messages = {"small_early_risk_set": "few at risk"}
    item = section.curve(RWTTD1, [other, endpoint()], [], steps, [], messages)
    text = " ".join(item.caption)
    assert "Median 100 days (50–not reached)." in text
    assert "140 days" in text
    assert "flatters" in text
    assert item.notes == ({"code": "small_early_risk_set", "text": "few at risk"},)


ASSOCIATION = {
    "question": Question.MECHANISM_OUTCOME, "endpoint": "rwPFS2", "analysis": "group_entry",
    "factor": "bypass", "level": "present", "reference": "absent", "patients": 12, "events": 9,
    "reference_patients": 20,
    "reference_events": 15, "method": "cox", "measure": "HR", "estimate": 3.1, "low": 1.29, "high": 7.44,
    "p": 0.008, "q": 0.032, "hazards_p": 0.0789, "status": Status.ESTIMATED,
}  # fmt: skip


def association(**given: Any) -> AssociationRow:
    return AssociationRow(**{**ASSOCIATION, **given})


def test_forest_shows_numbers_and_marks_the_naive_figure() -> None:
    svg = draw_forest([association(), association(analysis="naive", estimate=2.0)], name="f")
    found = words(svg)
    assert {"3.10 (1.29–7.44)", "9/12 · 15/20", "0.008", "0.032", "0.079", "rwPFS2, naive"} <= set(found)
    assert "stroke-dasharray" in present(svg)


def test_terms_of_crossed_factors_can_be_told_apart() -> None:
    crossed = {"question": Question.BENEFIT, "factor": "transformation x lorlatinib_combination"}
    levels = ("lorlatinib_combination", "transformation", "interaction")
    found = words(draw_forest([association(level=level, **crossed) for level in levels], name="f"))
    assert found.count("transformation × lorlatinib combination") == 3
    assert {"treatment, mechanism absent", "mechanism, other treatments", "interaction"} <= set(found)
    assert not any("…" in word for word in found)


@pytest.mark.parametrize(
    ("estimate", "low", "high", "text"),
    [(0.0, 0.0, 4.2, "0.00 (0.00–4.20)"), (float("inf"), 0.4, float("inf"), "∞ (0.40–∞)")],
    ids=["zero", "infinite"],
)
def test_ratios_at_the_edge_are_drawn(estimate: float, low: float, high: float, text: str) -> None:
    assert text in words(
        draw_forest([association(measure="OR", estimate=estimate, low=low, high=high)], name="f")
    )


def test_flow_keeps_every_patient(cohort: Path) -> None:
    rows = read_table(cohort / "flow.tsv", FlowRow)
    counts = [int(found[1]) for word in words(draw_flow(rows)) if (found := re.search(r"\((\d+)\)$", word))]
    assert sum(counts) == 3 * sum(row.patients for row in rows)


def test_bands_of_the_flow_stay_at_their_nodes(cohort: Path) -> None:
    """What leaves and reaches the nodes of a column fills them from the first to the last, no more."""
    svg = draw_flow(read_table(cohort / "flow.tsv", FlowRow))
    nodes = [points(path) for path in paths(svg) if "fill:#1c2530" in path.get("style", "")]
    bands = [points(path) for path in paths(svg) if "opacity:0.55" in path.get("style", "")]
    edges = {round(x) for node in nodes for x, _ in node}
    assert bands
    for band in bands:
        for x, y in band:
            own = [[b for _, b in node] for node in nodes if round(node[0][0]) == round(x)]
            if round(x) in edges and own:
                assert any(min(ys) - 0.01 <= y <= max(ys) + 0.01 for ys in own)


def test_safety_table_repeats_its_rows(exhibits: dict[str, Exhibit], cohort: Path) -> None:
    rows = [row for row in read_table(cohort / "safety.tsv", SafetyRow) if row.relation == "all"]
    assert [line[1] for line in exhibits["safety"].lines] == [row.term for row in rows]
    share = 100 * present(rows[0].any_share)
    assert exhibits["safety"].lines[0][2].startswith(f"{rows[0].any_grade} ({share:.0f} %")


def test_tables_name_who_is_missing_where(exhibits: dict[str, Exhibit], cohort: Path) -> None:
    rows = read_table(cohort / "linkage.tsv", LinkageRow)
    alone = [row.patient for row in rows if row.missing == "classified_timepoints"]
    assert alone
    line = next(line for line in exhibits["linkage"].lines if line[0].startswith("no classified timepoint"))
    assert line[1:] == (str(len(alone)), ", ".join(alone))


def test_what_nobody_read_is_no_fact_on_the_page(exhibits: dict[str, Exhibit], cohort: Path) -> None:
    rows = read_table(cohort / "expected.tsv", ExpectedRow)
    assert {row.verified for row in rows} == {True, False}
    shown = {line[-1] for line in exhibits["expected"].lines}
    assert shown == {row.source for row in rows if row.verified}
    hidden = sum(not row.verified for row in rows)
    assert f"{hidden} further rows" in exhibits["expected"].caption[1]


def test_the_grade_that_counts_as_severe_is_the_setting_s(cohort: Path) -> None:
    for grade in (2, 4):
        settings = cohort_settings(severe_grade=grade)
        item = {x.name: x for x in section.outcome_exhibits(cohort, MESSAGES, settings)}["safety"]
        assert f"grade ≥ {grade}" in item.header
        assert f"CTCAE grade {grade} or above" in item.caption[0]


def test_medians_of_few_patients_are_no_figure(exhibits: dict[str, Exhibit], cohort: Path) -> None:
    rows = read_table(cohort / "mechanism_treatment.tsv", MechanismTreatmentRow)
    assert {row.treated < SETTINGS.min_group_patients for row in rows} == {True, False}
    for row, line in zip(rows, exhibits["mechanism-treatment"].lines, strict=True):
        assert (line[-2:] == ("–", "–")) == (row.treated < SETTINGS.min_group_patients)


def test_every_refusal_has_its_text() -> None:
    assert {item.value for item in Refusal} <= set(MESSAGES)


# --- wiring --------------------------------------------------------------------------------------


def test_outcome_tables_are_wanted_where_there_are_clinical_tables() -> None:
    without, given = (
        Plan(SHIPPED.model_copy(update={"clinical": folder}), Sheet({})) for folder in (None, "clinical")
    )
    assert without.outcome_files() == []
    assert given.outcome_files() == [f"results/cohort/{name}" for name in outcome_tables()]
