"""Pages of patients on paper: with WeasyPrint a page prints; without it a run says so before work."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from patient_pages import COMPOUND, EN, ZH, many_timepoints, page, with_clinic
from shipped_settings import SHIPPED

from alktrace.report.paper import print_page
from alktrace.vocabulary.languages import Language
from alktrace.workflow import readiness
from alktrace.workflow.readiness import paper_problems


@pytest.mark.parametrize("language", [EN, ZH])
def test_a_page_prints_alike_twice(language: Language, tmp_path: Path) -> None:
    pytest.importorskip("weasyprint", reason="no WeasyPrint: pip install -r envs/pdf.lock")
    page(COMPOUND, tmp_path / "page.html", language)
    first, second = tmp_path / "first.pdf", tmp_path / "second.pdf"
    print_page(tmp_path / "page.html", first)
    print_page(tmp_path / "page.html", second)
    assert first.read_bytes() == second.read_bytes()
    assert first.read_bytes().startswith(b"%PDF-")
    assert str(tmp_path).encode() not in first.read_bytes()


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="no pdftotext: apt install poppler-utils")
def test_no_row_of_a_table_stands_alone_on_a_page(tmp_path: Path) -> None:
    pytest.importorskip("weasyprint", reason="no WeasyPrint: pip install -r envs/pdf.lock")
    page(many_timepoints(5), tmp_path / "page.html", record=with_clinic())
    print_page(tmp_path / "page.html", tmp_path / "page.pdf")
    command = ["pdftotext", "-layout", str(tmp_path / "page.pdf"), "-"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    # The matrix of genes ends on the page after its head in most of the five timepoints.
    parts = re.findall(
        r"^\f?gene +mutation .*\n((?:.*\n)*?)(?=\f|Why this|Not evaluable|Caveats)", said, re.MULTILINE
    )
    rows = [len(re.findall(r"^[A-Z][A-Z0-9]+\b", part, re.MULTILINE)) for part in parts]
    assert len(rows) > 5 and min(rows) >= 2


def test_a_page_that_asks_for_something_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("weasyprint", reason="no WeasyPrint: pip install -r envs/pdf.lock")
    path = tmp_path / "page.html"
    path.write_text('<html><head><link rel="stylesheet" href="https://example.invalid/x.css"></head></html>')
    with pytest.raises(ValueError, match=re.escape("https://example.invalid/x.css")):
        print_page(path, tmp_path / "page.pdf")


def asked(language: Language, pdf: bool) -> list[str]:
    report = SHIPPED.report.model_copy(update={"pdf": pdf, "language": language})
    return [problem.what for problem in paper_problems(SHIPPED.model_copy(update={"report": report}))]


def test_nothing_is_asked_for_where_nothing_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    assert asked(EN, pdf=False) == []
    assert asked(EN, pdf=True) == ["WeasyPrint, which prints pages, is not installed"]


def test_chinese_paper_needs_a_chinese_font(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", sys)
    monkeypatch.setattr(readiness, "_has_chinese_font", lambda: False)
    assert asked(ZH, pdf=True) == ["no font of this machine has Chinese letters"]
    assert asked(EN, pdf=True) == []
