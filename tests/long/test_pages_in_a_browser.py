"""Patient pages in a browser: quiet console, no request, width of a phone, order of keys, paper, axe-core."""

import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from golden.build import evidence
from patient_pages import CASES, COMPOUND, EN, HOSTILE, ZH, many_timepoints, page, with_clinic

from alktrace.vocabulary.languages import Language

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
AXE = os.environ.get("ALKTRACE_AXE", "")
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
PHONE = 390
ASK = """
<script>
addEventListener("load", () => {
  const answer = document.createElement("pre");
  answer.id = "answer";
  Promise.resolve(%s).then(told => {
    answer.textContent = JSON.stringify(told);
    document.body.append(answer);
  });
});
</script>
"""
pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(300),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt install chromium"),
]


def chromium(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(CHROMIUM), "--headless=new", "--no-sandbox", "--disable-gpu"]
    command.append(f"--user-data-dir={folder / 'profile'}")
    return subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=120, check=False)


def console(path: Path, folder: Path) -> list[str]:
    """What the page said on the console, violations of its policy among them."""
    quiet = ("--enable-logging=stderr", "--virtual-time-budget=5000", "--dump-dom")
    said = chromium(folder, *quiet, path.as_uri()).stderr
    return [line for line in said.splitlines() if "CONSOLE" in line]


def answer(text: str, question: str, folder: Path) -> Any:
    """What a script finds on a page, whose policy would not run it; the page is otherwise as it is."""
    copy = folder / "asked.html"
    copy.write_text(POLICY.sub("", text).replace("</body>", f"{ASK % question}</body>"), encoding="utf-8")
    shown = chromium(folder, "--virtual-time-budget=20000", "--dump-dom", copy.as_uri()).stdout
    found = re.search(r'<pre id="answer">(.*?)</pre>', shown, re.DOTALL)
    assert found is not None, shown[-500:]
    return json.loads(html.unescape(found[1]))


def phone(text: str, question: str, folder: Path) -> Any:
    """What a script finds on a page in a frame as wide as a phone; windows of Chromium are wider."""
    inner = html.escape(POLICY.sub("", text), quote=True)
    style = f'width="{PHONE}" height="900" style="border:0"'
    frame = f'<html><body><iframe {style} srcdoc="{inner}"></iframe></body></html>'
    asked = f"(document => {question})(document.querySelector('iframe').contentDocument)"
    return answer(frame, asked, folder)


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


@pytest.mark.skipif(not AXE, reason="no axe-core: npm pack axe-core, then ALKTRACE_AXE=package/axe.min.js")
@pytest.mark.parametrize(("case", "language"), pages())
def test_axe_finds_nothing(case: str, language: Language, tmp_path: Path) -> None:
    text = page(case, tmp_path / "page.html", language, record=with_clinic())
    library = f"<script>{Path(AXE).read_text(encoding='utf-8')}</script></head>"
    asked = "axe.run(document).then(r => r.violations.map(v => [v.id, v.nodes.map(n => n.html)]))"
    assert answer(text.replace("</head>", library), asked, tmp_path) == []
