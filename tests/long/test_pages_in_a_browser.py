"""Patient pages in a browser: quiet console, no request, width of a phone, order of keys, paper, axe-core."""

import re
from pathlib import Path

import pytest
from browser import NEEDS_AXE, NEEDS_CHROMIUM, PHONE, answer, chromium, console, phone, violations
from golden.build import evidence
from patient_pages import CASES, COMPOUND, EN, HOSTILE, ZH, many_timepoints, page, with_clinic

from alktrace.vocabulary.languages import Language

pytestmark = NEEDS_CHROMIUM


def pages() -> list[tuple[str, Language]]:
    cases = (COMPOUND, "met_amplification_focal", "everything_was_looked_at", "report_without_molecules")
    return [(case, language) for case in cases for language in (EN, ZH)]


def test_the_console_is_quiet(tmp_path: Path) -> None:
    page(COMPOUND, tmp_path / "page.html", record=with_clinic())
    assert console(tmp_path / "page.html", tmp_path) == []


def test_the_policy_stops_what_a_page_may_not_do(tmp_path: Path) -> None:
    """The same look at the console would see a request or a script."""
    text = page(COMPOUND, tmp_path / "page.html")
    for foreign in ('<img src="https://example.invalid/x.png">', "<script>alert(1)</script>"):
        path = tmp_path / "foreign.html"
        path.write_text(text.replace("</body>", f"{foreign}</body>"), encoding="utf-8")
        assert any("Content Security Policy" in line for line in console(path, tmp_path)), foreign


def test_hostile_names_start_nothing(tmp_path: Path) -> None:
    case = evidence(CASES[COMPOUND])
    specimens = tuple(item.model_copy(update={"assay": HOSTILE}) for item in case.specimens)
    found = case.model_copy(update={"specimens": specimens})
    page(found, tmp_path / "page.html", record=with_clinic(HOSTILE))
    assert console(tmp_path / "page.html", tmp_path) == []


@pytest.mark.parametrize("number", [1, 30])
def test_a_phone_scrolls_tables_and_figures_and_not_the_page(number: int, tmp_path: Path) -> None:
    text = page(many_timepoints(number), tmp_path / "page.html", record=with_clinic())
    assert phone(text, "document.documentElement.scrollWidth", tmp_path) <= PHONE
    widths = "[e.getBoundingClientRect().width, +e.getAttribute('width')]"
    drawn = f"[...document.querySelectorAll('svg')].map(e => {widths})"
    sizes = phone(text, drawn, tmp_path)
    # Drawn as wide as they are: shrunk to the phone their text would be below eleven pixels.
    assert sizes and all(shown == pytest.approx(given, abs=1) for shown, given in sizes)


def test_a_name_of_sixty_four_letters_does_not_widen_the_page(tmp_path: Path) -> None:
    found = evidence(CASES[COMPOUND]).model_copy(update={"patient": "P" + "x" * 63})
    text = page(found, tmp_path / "page.html")
    assert phone(text, "document.documentElement.scrollWidth", tmp_path) <= PHONE


def test_the_keyboard_goes_through_the_page_in_order(tmp_path: Path) -> None:
    text = page(COMPOUND, tmp_path / "page.html")
    asked = "[...document.querySelectorAll('a[href],[tabindex],summary')].map(e => [e.tabIndex, e.className])"
    stops = answer(text, asked, tmp_path)
    assert stops[0] == [0, "skip"] and {index for index, _ in stops} == {0}
    assert answer(text, "!!document.querySelector(document.querySelector('.skip').hash)", tmp_path)


@pytest.mark.parametrize(("case", "language"), pages())
def test_paper_begins_with_the_answer(case: str, language: Language, tmp_path: Path) -> None:
    text = page(case, tmp_path / "page.html", language)
    paper = tmp_path / "page.pdf"
    chromium(tmp_path, "--no-pdf-header-footer", f"--print-to-pdf={paper}", (tmp_path / "page.html").as_uri())
    assert len(re.findall(rb"/Type\s*/Page\b", paper.read_bytes())) >= 2
    # The card ends within the first A4 page, of 297 mm less the margins, at the width of its text.
    bottom = "document.querySelector('.card').getBoundingClientRect().bottom"
    frame = text.replace("@media print", "@media all").replace("<body>", '<body style="width: 695px">')
    assert answer(frame, bottom, tmp_path) < 264 / 25.4 * 96


@NEEDS_AXE
@pytest.mark.parametrize(("case", "language"), pages())
def test_axe_finds_nothing(case: str, language: Language, tmp_path: Path) -> None:
    text = page(case, tmp_path / "page.html", language, record=with_clinic())
    assert violations(text, tmp_path) == []


@NEEDS_AXE
def test_cards_of_one_mechanism_have_names_of_their_own(tmp_path: Path) -> None:
    text = page(many_timepoints(5), tmp_path / "page.html", record=with_clinic())
    assert violations(text, tmp_path) == []
