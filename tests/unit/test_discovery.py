"""What emerged and stands in no table is counted by patients."""

import re
from pathlib import Path

from outcome_cohort import KNOWLEDGE, cohort_settings

from alktrace.classify.discovery import EmergentUnknownRow, counted_over_patients
from alktrace.classify.resistance_table import ClassificationRow
from alktrace.io.tables import write_table
from alktrace.report.cohort_page import write_cohort_page
from alktrace.vocabulary.changes import Consequence
from alktrace.vocabulary.languages import Language


def row(
    patient: str, gene: str, change: str, timepoint: str = "PD", *, hotspot: bool = False
) -> EmergentUnknownRow:
    return EmergentUnknownRow(
        patient=patient,
        timepoint=timepoint,
        gene=gene,
        change=change,
        consequence=Consequence.MISSENSE,
        vaf=0.02,
        vaf_low=0.015,
        vaf_high=0.026,
        clone_share=0.4,
        hotspot=hotspot,
    )


def test_of_one_gene_the_change_of_most_patients_comes_first() -> None:
    told = counted_over_patients([row("P1", "B", "G2R"), row("P2", "B", "L9F"), row("P3", "B", "L9F")])
    assert [item.change for item in told] == ["L9F", "L9F", "G2R"]


def test_patients_are_counted_and_not_timepoints() -> None:
    told = counted_over_patients(
        [row("P1", "A", "G1R"), row("P2", "B", "G2R"), row("P2", "B", "G2R", "PD2"), row("P3", "B", "L9F")]
    )
    counts = [
        (item.gene, item.change, item.patient, item.patients_with_gene, item.patients_with_change)
        for item in told
    ]
    assert counts == [
        ("B", "G2R", "P2", 2, 1),
        ("B", "G2R", "P2", 2, 1),
        ("B", "L9F", "P3", 2, 1),
        ("A", "G1R", "P1", 1, 1),
    ]


def page_of(folder: Path, rows: list[EmergentUnknownRow] | None) -> str:
    write_table(folder / "classification.tsv", ClassificationRow, [])
    if rows is not None:
        write_table(folder / "emergent_unknown.tsv", EmergentUnknownRow, rows)
    write_cohort_page(
        classification=folder / "classification.tsv",
        resistance=None,
        discovered=None if rows is None else folder / "emergent_unknown.tsv",
        quality=None,
        identity=None,
        outcomes=(),
        knowledge=KNOWLEDGE,
        settings=cohort_settings(),
        language=Language.EN,
        out=folder / "report.html",
    )
    return (folder / "report.html").read_text()


def test_the_cohort_page_lists_each_change_once_the_recurrent_first(tmp_path: Path) -> None:
    rows = [
        row("P1", "STK11", "G163R"),
        row("P2", "MTOR", "S2215F", hotspot=True),
        row("P3", "MTOR", "S2215F"),
        row("P3", "MTOR", "L1460P"),
    ]
    shown = page_of(tmp_path, rows).split('id="emerged"')[1]
    cells = [re.findall(r"<t([dh])[^>]*>(.*?)</t\1>", line) for line in shown.split("<tr>")[2:]]
    lines = [[re.sub("<[^>]*>", "", cell) for _, cell in line] for line in cells]
    assert lines[:3] == [
        ["MTOR", "S2215F", "missense", "yes", "2", "2", "P2, P3"],
        ["MTOR", "L1460P", "missense", "no", "1", "2", "P3"],
        ["STK11", "G163R", "missense", "no", "1", "1", "P1"],
    ]


def test_nothing_found_and_nothing_known_are_told_apart(tmp_path: Path) -> None:
    assert "None in any timepoint." in page_of(tmp_path, [])
    assert "Emerged, role unknown" not in page_of(tmp_path, None)
