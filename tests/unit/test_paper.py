"""Pages of patients on paper: with WeasyPrint a page prints; without it a run says so before work."""

import re
import sys
from pathlib import Path

import pytest
from patient_pages import COMPOUND, EN, ZH, page
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
