"""Workbooks: read back by another program's eyes, text is text, and what may not leave is not there."""

import datetime as dt
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import openpyxl
import pytest
from exported_patients import EVERYTHING, FILES, HOSTILE, LONG_ID, patient
from golden.build import cases, default_settings, evidence

from alktrace.classify.decision import classify_patient
from alktrace.classify.resistance_table import ResistanceRow
from alktrace.exports.exported import ExportedPatient
from alktrace.exports.result_tables import COHORT_TABLES, may_leave, withheld_of, write_workbooks
from alktrace.exports.workbooks import LONGEST_CELL, Sheet, write_workbook
from alktrace.io.tables import column, write_table
from alktrace.knowledge.load import load_knowledge
from alktrace.vocabulary.caveats import CaveatCode
from alktrace.vocabulary.changes import Origin


@dataclass(frozen=True)
class Row:
    text: str = column("any text")
    number: float | None = column("a number")
    count: int | None = column("a count", default=None)
    day: dt.date | None = column("a day", default=None)
    origin: Origin | None = column("a word", default=None)
    items: tuple[str, ...] = column("a list", default=())


def written(folder: Path, *rows: Row) -> Path:
    path = folder / "book.xlsx"
    write_workbook(path, "title", [Sheet("rows", Row, rows)])
    return path


@pytest.mark.parametrize(
    "text",
    [
        "5-5",
        "MARCH1",
        "1E5",
        "0012",
        "TRUE",
        "2024-01-02",
        "=cmd()",
        "+1",
        "-2-3",
        "@SUM(A1)",
        "'q",
        "＝1",
        HOSTILE,
    ],
)
def test_text_stays_text(tmp_path: Path, text: str) -> None:
    path = written(tmp_path, Row(text, 0.25))
    cell = openpyxl.load_workbook(path)["rows"]["A2"]
    assert (cell.value, cell.data_type, cell.number_format) == (text, "s", "@")
    assert bool(cell.quotePrefix) == (text[0] in "=+-@'＝"), "else editing it makes a formula"


def test_no_formula_and_no_date_anywhere_in_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, Row("=1+1", 1.5, 3, dt.date(2025, 5, 5), Origin.SOMATIC, ("=1", "5-5")))
    with zipfile.ZipFile(path) as book:
        (name,) = (name for name in book.namelist() if name.endswith("sheet2.xml"))
        cells = [node for node in ElementTree.fromstring(book.read(name)).iter() if node.tag.endswith("}c")]
    assert not [node for cell in cells for node in cell if node.tag.endswith("}f")]
    values = [cell.value for cell in openpyxl.load_workbook(path)["rows"][2]]
    assert values == ["=1+1", 1.5, 3, "2025-05-05", "somatic", "=1;5-5"]


def test_what_a_cell_cannot_hold(tmp_path: Path) -> None:
    page = openpyxl.load_workbook(written(tmp_path, Row("a\x0bb\x00c", None), Row("x" * 40_000, 1e-9)))[
        "rows"
    ]
    assert page["A2"].value == "a b c" and page["B2"].value is None
    assert len(page["A3"].value) == LONGEST_CELL and page["A3"].value.endswith("[cut]")
    assert page["B3"].value == 1e-9


def test_columns_are_explained(tmp_path: Path) -> None:
    about = openpyxl.load_workbook(written(tmp_path))["about"]
    assert [cell.value for cell in about[4]] == ["rows", "text", "any text"]


def test_equal_bytes(tmp_path: Path) -> None:
    first = written(tmp_path, Row("a", 1.0)).read_bytes()
    assert written(tmp_path, Row("a", 1.0)).read_bytes() == first


def books(folder: Path, one: ExportedPatient) -> Path:
    tables = [folder / name for name in COHORT_TABLES]
    for path in tables:
        kind = COHORT_TABLES[path.name]
        write_table(path, kind, one.rows if kind is ResistanceRow else [])
    write_workbooks([one], tables, folder / "xlsx")
    return folder / "xlsx"


@pytest.mark.parametrize("inherited", [False, True])
def test_inherited_variants_leave_only_where_asked_for(tmp_path: Path, inherited: bool) -> None:
    folder = books(tmp_path, patient(*EVERYTHING, inherited=inherited))
    book = openpyxl.load_workbook(folder / "patients" / "P1.xlsx")
    names = {row[7].value for row in book["evidence"].iter_rows(min_row=2)}
    assert {"G1202R", "R882H"} <= names
    assert ({"Q787=", "P72R"} & names) == ({"Q787=", "P72R"} if inherited else set())


def test_no_caveat_names_an_inherited_variant() -> None:
    """The row of another mutation names what is inherited in its column `flags`."""
    found = evidence({one["id"]: one for one in cases()}["in_cis_with_a_probable_inherited_variant"])
    results = classify_patient(found, load_knowledge(FILES), default_settings())
    rows: list[Any] = [row for item in results for row in (*item.rows, item.row)]
    told = " ".join(str(flag) for row in rows for flag in row.flags)
    assert "in_cis_with_probable_germline:R1275Q" in told and "probable_germline:ALK R1275Q" in told
    one = ExportedPatient(found, (), (), False)
    kept = [flag for row in may_leave(rows, withheld_of([one])) for flag in row.flags]
    assert not any("R1275Q" in str(flag) for flag in kept)
    assert CaveatCode.IN_CIS_WITH_PROBABLE_GERMLINE in {flag.code for flag in kept}, "that it is so is told"
    agreed = withheld_of([ExportedPatient(found, (), (), True)])
    assert may_leave(rows, agreed) == rows


@pytest.mark.parametrize("name", ["P1", LONG_ID, "cohort"])
def test_a_patient_without_any_alteration_has_a_workbook(tmp_path: Path, name: str) -> None:
    folder = books(tmp_path, patient(name=name))
    book = openpyxl.load_workbook(folder / "patients" / f"{name}.xlsx")
    assert book.sheetnames[0] == "about" and book["evidence"].max_row == 1
    assert (folder / "cohort.xlsx").is_file()
