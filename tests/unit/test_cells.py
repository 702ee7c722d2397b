"""Files that people have: commas, Chinese encodings, workbooks; all read into the same cells."""

import datetime as dt
from pathlib import Path

import openpyxl
import pytest

from alktrace.errors import InputProblems
from alktrace.inputs.cells import read_cells, table_path
from alktrace.inputs.user_tables import read_lines

ROWS = [(1, ["gene", "结果"]), (3, ["ALK", "G1202R, 未检出"])]
TABBED = "gene\t结果\n\nALK\tG1202R, 未检出\n"
QUOTED = 'gene,结果\n\nALK,"G1202R, 未检出"\n'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("text", [TABBED, QUOTED], ids=["tabs", "commas"])
def test_encodings_and_separators(tmp_path: Path, encoding: str, text: str) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(text.encode(encoding))
    assert read_cells(path, "t") == ROWS


@pytest.mark.parametrize("raw", ["gene\tfür Ärzte\n".encode("cp1252"), b"\xff\xfe\x00", b"\x80\x81"])
def test_another_encoding_is_refused(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "t.tsv"
    path.write_bytes(raw)
    with pytest.raises(InputProblems, match="not a UTF-8 text file, nor GB18030"):
        read_cells(path, "t")


def test_a_break_inside_a_quoted_cell_keeps_the_line_numbers(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('gene,change\nALK,"G1202R\n(exon 23)"\nMET,x\n')
    assert read_cells(path, "t")[1:] == [(2, ["ALK", "G1202R; (exon 23)"]), (4, ["MET", "x"])]


@pytest.mark.parametrize("sign", ["\u2028", "\u2029", "\x85", "\x1c", "\x0b", "\x0c"])
@pytest.mark.parametrize("text", [TABBED, QUOTED], ids=["tabs", "commas"])
def test_only_line_feeds_end_a_line(tmp_path: Path, sign: str, text: str) -> None:
    """They stand in copied cells, and made of one finding two rows, the second without its VAF."""
    path = tmp_path / "t.csv"
    path.write_text(text.replace("G1202R", f"G12{sign}02R"), encoding="utf-8")
    assert read_cells(path, "t")[1:] == [(3, ["ALK", f"G12{sign}02R, 未检出"])]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_of_all_systems(tmp_path: Path, end: str) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(TABBED.replace("\n", end).encode())
    assert read_cells(path, "t") == ROWS


def workbook(path: Path, *sheets: str) -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    book.active.title = sheets[0] if sheets else "Sheet1"
    for name in sheets[1:]:
        book.create_sheet(name)
    for page in book.worksheets if sheets else ():
        page.append(["gene", page.title])
    book.save(path)
    return book


def test_values_of_a_workbook_are_what_a_person_sees(tmp_path: Path) -> None:
    book = workbook(tmp_path / "t.xlsx")
    page = book.active
    page.append(["gene", "collected", "vaf", "copies", "note", "when"])
    page.append(["ALK", dt.datetime(2026, 3, 31), 0.0125, 7.0, "a\nb", dt.datetime(2026, 3, 31, 9, 30)])
    page["C2"].number_format = "0.00%"
    page.append(["MET", None, 0.1 + 0.2, 12, True])
    book.save(tmp_path / "t.xlsx")
    assert read_cells(tmp_path / "t.xlsx", "report")[1:] == [
        (2, ["ALK", "2026-03-31", "1.25%", "7", "a; b", "2026-03-31 09:30:00"]),
        (3, ["MET", "", "0.3", "12", "True", ""]),
    ]


def test_a_merged_cell_holds_for_the_rows_that_it_spans(tmp_path: Path) -> None:
    book = workbook(tmp_path / "t.xlsx")
    for row in (["gene", "change"], ["ALK", "G1202R"], [None, "L1196M"]):
        book.active.append(row)
    book.active.merge_cells("A2:A3")
    book.save(tmp_path / "t.xlsx")
    assert [values[0] for _, values in read_cells(tmp_path / "t.xlsx", "report")] == ["gene", "ALK", "ALK"]


@pytest.mark.parametrize(
    ("value", "message"),
    [("=A1*2", "2:A: formula '=A1\\*2' without a stored result"), ("#N/A", "2:A: error value '#N/A'")],
)
def test_a_cell_without_a_value_is_named(tmp_path: Path, value: str, message: str) -> None:
    """A formula that nobody calculated would read as an empty cell."""
    book = workbook(tmp_path / "t.xlsx")
    book.active.append(["gene"])
    book.active.append([value])
    book.save(tmp_path / "t.xlsx")
    with pytest.raises(InputProblems, match=message):
        read_cells(tmp_path / "t.xlsx", "report")


def test_which_sheet_is_read(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    workbook(path, "SNV", "Report")
    assert read_cells(path, "report") == [(1, ["gene", "Report"])]
    workbook(path, "SNV", "CNV")
    with pytest.raises(InputProblems, match="several sheets: SNV, CNV; name the one to read 'report'"):
        read_cells(path, "report")
    workbook(path, "SNV")
    assert read_cells(path, "report") == [(1, ["gene", "SNV"])]
    workbook(path)
    with pytest.raises(InputProblems, match="an empty workbook"):
        read_cells(path, "report")
    path.write_bytes(b"PK\x03\x04 no zip")
    with pytest.raises(InputProblems, match="no workbook that can be read"):
        read_cells(path, "report")


def test_empty_columns_at_the_end_are_none(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("gene,vaf,,\nALK,1%,,\n")
    lines, problems = read_lines(path, columns=("gene", "vaf"), required=("gene",), sheet="report")
    assert (problems, lines) == ([], [{"gene": "ALK", "vaf": "1%"}])


def test_a_table_has_one_of_several_kinds(tmp_path: Path) -> None:
    assert table_path(tmp_path, "patients").name == "patients.tsv"
    (tmp_path / "patients.csv").touch()
    assert table_path(tmp_path, "patients").name == "patients.csv"
