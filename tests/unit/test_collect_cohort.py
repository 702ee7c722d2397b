"""The cohort's tables say of a timepoint what its classification says."""

from pathlib import Path

import pytest
from golden.build import cases, default_settings, evidence

from alktrace.classify.classify_files import classify_timepoint_file
from alktrace.classify.cohort_tables import collect_resistance
from alktrace.classify.resistance_table import ClassificationRow, ResistanceRow
from alktrace.evidence.evidence_file import save_evidence
from alktrace.inputs.knowledge_files import KnowledgeFiles
from alktrace.io.tables import read_table

CASES = {case["id"]: case for case in cases()}
LISTED_ONLY = (
    "ret_junction_with_unclear_frame",
    "unknown_variant_beside_a_bypass_is_not_mixed",
    "truncating_change_alone_carries_no_class",
    "report_that_nobody_can_read",
    "adenocarcinoma_overrules_dna",
)
"""Cases with a mechanism that is listed and does not carry the class."""


@pytest.fixture(scope="module")
def collected(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cohort")
    keys = [
        (name, timepoint)
        for name in (*LISTED_ONLY, "rising_between_two_progressions")
        for timepoint in CASES[name]["expect"]
    ]
    for name, timepoint in keys:
        own = folder / name / timepoint
        save_evidence(evidence(CASES[name]), folder / f"{name}.json")
        classify_timepoint_file(
            evidence=folder / f"{name}.json",
            knowledge=KnowledgeFiles(root / "resources" / "knowledge"),
            settings=default_settings(),
            timepoint=timepoint,
            out_table=own / "resistance.tsv",
            out_summary=own / "classification.tsv",
            out_discovered=own / "emergent_unknown.tsv",
            out_json=own / "resistance.json",
        )
    collect_resistance(
        tables=[folder / name / timepoint / "resistance.tsv" for name, timepoint in keys],
        summaries=[folder / name / timepoint / "classification.tsv" for name, timepoint in keys],
        discovered=[folder / name / timepoint / "emergent_unknown.tsv" for name, timepoint in keys],
        out_resistance=folder / "resistance.tsv",
        out_classification=folder / "classification.tsv",
        out_discovered=folder / "emergent_unknown.tsv",
    )
    return folder


def test_one_row_per_timepoint_in_the_order_given(collected: Path) -> None:
    rows = read_table(collected / "classification.tsv", ClassificationRow)
    assert [row.timepoint for row in rows] == [*["PD"] * len(LISTED_ONLY), "PD", "PD2"]
    listed = read_table(collected / "resistance.tsv", ResistanceRow)
    assert {row.timepoint for row in listed} == {"PD", "PD2"}


@pytest.mark.parametrize("name", LISTED_ONLY)
def test_what_does_not_carry_the_class_is_no_component(name: str, collected: Path) -> None:
    """The table of the cohort gives the components and the confidence that the case was reasoned to have."""
    (row,) = read_table(collected / name / "PD" / "classification.tsv", ClassificationRow)
    place = LISTED_ONLY.index(name)
    assert read_table(collected / "classification.tsv", ClassificationRow)[place] == row
    listed = {
        item.component for item in read_table(collected / name / "PD" / "resistance.tsv", ResistanceRow)
    }
    assert listed - {None} > set(row.components)
    expected = CASES[name]["expect"]["PD"]
    assert row.classification.value == expected["classification"]
    if "components" in expected:
        assert [item.value for item in row.components] == expected["components"]
    if not row.components:
        assert row.confidence is None
