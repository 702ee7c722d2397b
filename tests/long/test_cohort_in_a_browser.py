"""Pages of batch and cohort in a browser: console, policy, filter, width of a phone, paper, axe-core."""

import html
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from batch_samples import made_batches
from browser import NEEDS_AXE, NEEDS_CHROMIUM, PHONE, answer, chromium, console, phone, violations
from patient_pages import words_in

from alktrace.cli import main
from alktrace.report.batch_page import batch_content
from alktrace.report.pages import write_page

pytestmark = NEEDS_CHROMIUM
HOSTILE = '"><script>alert(1)</script><img src=x onerror="alert(2)">'
WIDTH = "document.documentElement.scrollWidth"


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of 300 patients."""
    folder = tmp_path_factory.mktemp("cohort")
    assert main(["demo", "outcomes", "--out", str(folder), "--seed", "5", "--patients", "300"]) == 0
    assert main(["cohort", str(folder / "clinical"), str(folder), "--out", str(folder / "out")]) == 0
    return folder / "out" / "report.html"


def batch(folder: Path, name: str = "B3") -> Path:
    made = made_batches(batch=name)
    content = batch_content(made.batches(), {}, made.shares, made.pairs, words_in())
    write_page("batch.html", content, folder / "batch.html")
    return folder / "batch.html"


def test_the_console_is_quiet(cohort: Path, tmp_path: Path) -> None:
    assert console(cohort, tmp_path) == console(batch(tmp_path), tmp_path) == []


def test_hostile_names_start_nothing(tmp_path: Path) -> None:
    assert console(batch(tmp_path, HOSTILE), tmp_path) == []


def test_a_phone_scrolls_tables_and_figures_and_not_the_page(cohort: Path, tmp_path: Path) -> None:
    texts = [cohort.read_text(), *(batch(tmp_path, name).read_text() for name in ("B3", "B" * 64))]
    assert [phone(text, WIDTH, tmp_path) <= PHONE for text in texts] == [True] * 3


def test_300_patients_are_small_enough(cohort: Path) -> None:
    assert cohort.stat().st_size < 1_500_000


def test_the_filter_hides_rows_without_its_words(cohort: Path, tmp_path: Path) -> None:
    asked = """(() => {
      const field = document.querySelector(".filter-field input");
      const rows = [...document.querySelector("table.filter").tBodies[0].rows];
      const shown = () => rows.filter((row) => !row.hidden).length;
      const before = shown();
      field.value = "Baseline " + rows[0].cells[0].textContent.toLowerCase();
      field.dispatchEvent(new Event("input"));
      return [before === rows.length, shown()];
    })()"""
    assert answer(cohort.read_text(), asked, tmp_path) == [True, 1]


def test_every_figure_is_drawn_and_every_link_has_its_place(cohort: Path, tmp_path: Path) -> None:
    text = cohort.read_text()
    asked = """[[...document.querySelectorAll("section svg")].filter((e) => !e.closest("details")
        && e.getBoundingClientRect().height < 50).length,
      [...document.querySelectorAll('a[href^="#"]')].filter(
        (e) => !document.getElementById(e.hash.slice(1))).length]"""
    assert answer(text, asked, tmp_path) == [0, 0]


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="no pdftotext: apt install poppler-utils")
def test_paper_is_a4_with_numbers_and_no_heading_ends_a_page(cohort: Path, tmp_path: Path) -> None:
    for path in (cohort, batch(tmp_path)):
        paper = tmp_path / "paper.pdf"
        chromium(tmp_path, "--no-pdf-header-footer", f"--print-to-pdf={paper}", path.as_uri())
        boxes = set(re.findall(rb"/MediaBox \[0 0 (\d+)[.\d]* (\d+)", paper.read_bytes()))
        assert boxes == {(b"594", b"841")}
        said = subprocess.run(["pdftotext", paper, "-"], capture_output=True, text=True, check=True).stdout
        sheets = [sheet.split("\n") for sheet in said.rstrip("\f").split("\f")]
        lines = [[line for line in sheet if line.strip()] for sheet in sheets]
        numbers = [sheet[-1].replace(" ", "") for sheet in lines]
        assert numbers == [f"{n}/{len(lines)}" for n in range(1, len(lines) + 1)]
        text = path.read_text(encoding="utf-8")
        heads = {html.unescape(head) for head in re.findall(r"<(?:h2|h3|summary)[^>]*>([^<]+)<", text)}
        assert len(heads) > 3
        assert [sheet[-2] for sheet in lines if sheet[-2] in heads] == []


@NEEDS_AXE
def test_axe_finds_nothing(cohort: Path, tmp_path: Path) -> None:
    for path in (cohort, batch(tmp_path)):
        assert violations(path.read_text(), tmp_path) == []
