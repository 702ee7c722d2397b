"""The batch page: what is released and held, in lines and cells; hostile names; a batch of nothing."""

import html
import itertools
import re
from collections.abc import Mapping
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from types import MappingProxyType

import pytest
from batch_samples import LIMITS, Made, made_batches, quality_row, with_verdict
from patient_pages import EN, ZH, words_in

from alktrace.calling.noise.error_rate_table import ErrorRateRow
from alktrace.consensus.molecule_table import MoleculeMetric
from alktrace.inputs.sample import Processing
from alktrace.qc.identity_table import IdentityRow
from alktrace.qc.qc_table import QcRow
from alktrace.qc.quality import _contamination_open, _control_reasons, _depth_reasons, _reasons
from alktrace.qc.release import Batch, BatchSample, Measure, State, batches, mixed_up
from alktrace.report.batch_page import (
    MOST_IN_MATRIX,
    batch_content,
    error_rate_of,
    family_size_of,
    in_matrix,
    panels,
)
from alktrace.report.batch_words import batch_line
from alktrace.report.figures.batch_figures import Panel, Well, draw_panel, draw_plate
from alktrace.report.pages import write_page
from alktrace.vocabulary.detection import MoleculeGroup
from alktrace.vocabulary.languages import Language
from alktrace.vocabulary.samples import IdentityStatus, Verdict

SWAPS = "no swap among the 1 samples with a second one of their patient"


def batch_of(
    *rows: QcRow,
    pairs: tuple[IdentityRow, ...] = (),
    no_class: Mapping[tuple[str, str], tuple[str, ...]] = MappingProxyType({}),
) -> Batch:
    (found,) = batches(
        rows, limits={"panel": LIMITS}, processing={}, genotypes={}, pairs=pairs, no_class=no_class
    )
    return found


def control(verdict: Verdict = Verdict.PASS, *reasons: str) -> QcRow:
    return with_verdict(quality_row("NTC", role="control", molecules=0.0), verdict, *reasons)


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        ([quality_row("A"), control()], f"1 sample: 1 pass, 0 warn, 0 fail; controls in order; {SWAPS}"),
        ([quality_row("A")], f"1 sample: 1 pass, 0 warn, 0 fail; no control in the sheet; {SWAPS}"),
        (
            [quality_row("A", identity=IdentityStatus.UNKNOWN, verdict=Verdict.FAIL), control(Verdict.FAIL)],
            "1 sample: 0 pass, 0 warn, 1 fail; 1 of 1 control failed; identity not comparable",
        ),
    ],
)
def test_a_batch_in_a_line(rows: list[QcRow], line: str) -> None:
    assert words_in().tell(batch_line(batch_of(*rows))) == line


def test_forty_samples_with_failures() -> None:
    made = made_batches()
    found = made.batches()
    assert [batch.name for batch in found] == ["B1", "B2", "B3"]
    newest = found[-1]
    assert (
        words_in().tell(batch_line(newest))
        == "40 samples: 29 pass, 2 warn, 9 fail; controls in order; 2 swaps suspected"
    )
    verdicts = [sample.row.verdict for sample in newest.samples]
    assert verdicts == sorted(verdicts, key=["fail", "warn", "pass"].index), "failures first"
    # Of two samples that disagree nobody can tell which is wrong: both are held.
    swapped = {f"P{number}.{point}.plasma" for number in ("02", "09", "14", "15") for point in ("BL", "PD1")}
    assert {sample.name for sample in newest.samples if sample.held} == {"P10.BL.plasma", *swapped}


def test_a_failed_control_holds_the_whole_batch() -> None:
    found = batch_of(quality_row("A"), quality_row("B"), control(Verdict.FAIL, "blank with 90 molecules"))
    assert [sample.held for sample in found.samples] == [("control NTC.PD1.plasma failed",)] * 2
    content = batch_content([found], {}, {}, (), words_in())
    assert (len(content["held"]), content["released"]) == (2, [])


def test_what_was_not_evaluated_is_said_of_a_pass() -> None:
    row = quality_row("A", identity=IdentityStatus.UNKNOWN, contamination=None, on_target=None)
    content = batch_content([batch_of(row)], {}, {}, (), words_in())
    (sample,) = content["released"]
    assert sample["open"] == ["on target", "contamination", "identity"]
    assert [cell["state"] for cell in sample["cells"]] == ["pass", "open", "open", "open"]
    assert sum("passed without a verdict on" in text for text in content["remarks"]) == 3
    assert any("No control" in text for text in content["remarks"])


def test_a_pass_at_a_timepoint_that_is_not_evaluable_is_told() -> None:
    rows = quality_row("A", "BL"), quality_row("A", "PD1"), quality_row("B", verdict=Verdict.FAIL)
    reasons = {("A", "BL"): ("power_low",), ("B", "PD1"): ("no_data",)}
    content = batch_content([batch_of(*rows, no_class=reasons)], {}, {}, (), words_in())
    assert [one["no_class"] for one in content["released"]] == [
        ["too few molecules, or quality control failed"],
        [],
    ]
    assert [one["no_class"] for one in content["held"]] == [["sample empty or contaminated"]]
    told = [text for text in content["remarks"] if "timepoint that is not evaluable" in text]
    assert [text.split(" within")[0] for text in told] == ["1 sample"], "a failure is held anyway"


def test_a_pass_without_a_tumour_fraction_is_told() -> None:
    """Quality passed, and a negative of the sample still excludes nothing; normals and failures have none."""
    rows = quality_row("A", tumour_fraction=None), quality_row("N", role="normal", tumour_fraction=None)
    failed = quality_row("F", tumour_fraction=None, verdict=Verdict.FAIL)
    content = batch_content([batch_of(*rows, failed)], {}, {}, (), words_in())
    assert [one["open"] for one in content["released"]] == [["tumour fraction"], []]
    assert [one["name"] for one in content["held"]] == ["F.PD1.plasma"], "also without a reason"
    assert sum("1 sample without a tumour fraction" in text for text in content["remarks"]) == 1


GRID = itertools.product(
    (None, 0.0, 499.0, 500.0, 1499.0, 1500.0),
    (None, 0.0, 0.29, 0.3, 1.0),
    (None, 0.0, 0.03, 0.031, 0.5),
    IdentityStatus,
)


@pytest.mark.parametrize(("molecules", "on_target", "contamination", "identity"), list(GRID))
def test_cells_agree_with_the_verdict(
    molecules: float | None, on_target: float | None, contamination: float | None, identity: IdentityStatus
) -> None:
    reasons = [
        *_depth_reasons(molecules, False, LIMITS),
        *_reasons(on_target, contamination, identity, LIMITS),
    ]
    verdict = max((one for _, one in reasons), key=list(Verdict).index, default=Verdict.PASS)
    row = quality_row(
        "A",
        molecules=molecules,
        on_target=on_target,
        contamination=contamination,
        identity=identity,
        reasons=tuple(text for text, _ in reasons),
        verdict=verdict,
    )
    states = BatchSample(row, LIMITS, Processing(), None).states().values()
    worst = max((Verdict(one.value) for one in states if one is not State.OPEN), key=list(Verdict).index)
    assert worst is verdict


def test_few_homozygous_sites_are_a_warning() -> None:
    row = quality_row("A", reasons=("40 of 60 polymorphisms heterozygous: DNA of two persons?",))
    sample = BatchSample(row, LIMITS, Processing(), None)
    assert sample.states()[Measure.CONTAMINATION] is State.WARN


@pytest.mark.parametrize(
    ("linked", "groups"),
    [
        ([], []),
        ([("a", "b")], [("a", "b")]),
        ([("a", "b"), ("c", "d"), ("b", "c")], [("a", "b", "c", "d")]),
        ([("a", "b"), ("c", "d")], [("a", "b"), ("c", "d")]),
    ],
)
def test_samples_mixed_up(linked: list[tuple[str, str]], groups: list[tuple[str, ...]]) -> None:
    pairs = [IdentityRow(a, b, True, 60, 0.4, IdentityStatus.CONFLICT) for a, b in linked]
    pairs.append(IdentityRow("x", "y", True, 60, 1.0, IdentityStatus.MATCH))
    assert mixed_up(pairs) == groups


def test_figures_beside_the_quality_table() -> None:
    assert family_size_of([MoleculeMetric("mean_family_size", "all", 3.5)]) == 3.5
    assert family_size_of([]) is None

    def row(group: MoleculeGroup, errors: int, bases: int) -> ErrorRateRow:
        return ErrorRateRow(group, "C>A", errors, bases, None, None, None, 0, 0, 0)

    simplex, duplex = row(MoleculeGroup.SIMPLEX, 50, 1000), row(MoleculeGroup.DUPLEX, 1, 1000)
    assert error_rate_of([simplex, duplex]) == 0.001
    assert error_rate_of([simplex, replace(duplex, bases=0, errors=0)]) == 0.05
    assert error_rate_of([]) is None


def test_of_many_samples_those_in_doubt_are_compared() -> None:
    rows = [quality_row(f"P{number}") for number in range(MOST_IN_MATRIX + 1)]
    conflict = IdentityRow("P3.PD1.plasma", "P4.PD1.plasma", False, 60, 1.0, IdentityStatus.CONFLICT)
    assert in_matrix(batch_of(*rows, pairs=(conflict,)), [conflict]) == ["P3.PD1.plasma", "P4.PD1.plasma"]


def test_a_panel_says_its_result_and_shows_every_dot() -> None:
    dots = {"B1": [(10.0, False)], "B2": [(100.0, False), (0.0, True)]}
    panel = Panel("molecules (median)", dots, 50.0, log=True)
    drawn, said = draw_panel(panel, words_in()), panel.said(words_in())
    assert said == "molecules (median): B2: median 50 of 2; B1: median 10 of 1; threshold 50"
    assert said in drawn and drawn.count("<circle") == 3


def test_panels_without_a_figure_are_left_out() -> None:
    row = quality_row("A", duplex_yield=None, tumour_fraction=None)
    titles = [panel.title for panel in panels([batch_of(row)], {}, words_in())]
    assert titles == [
        "molecules (median over loci)",
        "insert size (bases)",
        "on target (share)",
        "contamination (share)",
    ]


@pytest.mark.parametrize(("place", "rows"), [("A1", 8), ("H12", 8), ("P24", 16), ("A13", 16)])
def test_a_plate_of_96_or_384_wells(place: str, rows: int) -> None:
    drawn = draw_plate("X", [Well(place, "P1", "fail")], words_in())
    assert f'viewBox="0 0 {26 + 84 * (12 if rows == 8 else 24) + 4} ' in drawn
    assert f"failed: P1 in {place}" in drawn


class Tags(HTMLParser):
    """Collects the tags of a page and their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def page_of(made: Made, out: Path, language: Language = EN) -> str:
    found = made.batches()
    write_page("batch.html", batch_content(found, {}, made.shares, made.pairs, words_in(language)), out)
    return out.read_text()


def test_hostile_names_are_text(tmp_path: Path) -> None:
    page = page_of(made_batches(6, '<img src=x onerror="alert(1)">', blank=90), tmp_path / "batch.html")
    tags = Tags(page).found
    assert not {"img", "script"} & {tag for tag, _ in tags}
    assert not [name for _, given in tags for name in given if name.startswith("on")]


def test_a_page_can_be_read_without_eyes_and_leaves_nothing(tmp_path: Path) -> None:
    page = page_of(made_batches(), tmp_path / "batch.html")
    tags = Tags(page).found
    assert all("scope" in given for tag, given in tags if tag == "th")
    assert page.count("<table") == page.count("<caption")
    assert sum(tag == "main" for tag, _ in tags) == 1
    assert all(given.get("aria-label") for tag, given in tags if tag == "svg")
    links = [given["href"] or "" for tag, given in tags if tag == "a"]
    assert not [link for link in links if re.match(r"\w+:|//", link)], "nothing leaves"
    anchors = {given["id"] for _, given in tags if given.get("id")}
    assert {link[1:] for link in links if link.startswith("#")} <= anchors
    assert {"report.html", "multiqc.html", "../patients/P00/report.html"} <= set(links)


def test_a_cohort_of_reports_alone_has_a_page(tmp_path: Path) -> None:
    write_page("batch.html", batch_content([], {}, {}, (), words_in()), tmp_path / "batch.html")
    assert "no sample from reads" in (tmp_path / "batch.html").read_text()


LETTERS = re.compile(r"[A-Za-z]{2,}")
NAMES = re.compile(
    r"P\d\d (?:BL|PD1)\b|[^\s：、]*\b(P\d\d|NTC|B\d|plate-B|run-B)[^\s、]*|qc\.tsv|MultiQC|`umi`|\bml\b"
    r"|\bUMI\b|\brole\b|\bcontrol\b|\bplate\b|\bwell\b"
)
"""What is no word: names of samples, plates and runs, files, columns of the sheet."""


@pytest.mark.parametrize("blank", [3.0, 90.0])
def test_a_chinese_page_has_no_english_sentence(tmp_path: Path, blank: float) -> None:
    """Every word comes from the table, those of `qc.tsv` too; one left in English is found here."""
    page = page_of(made_batches(blank=blank), tmp_path / "batch.html", ZH)
    assert 'lang="zh-CN"' in page
    body = page[page.index("</style>") :]
    shown = [*re.findall(r">([^<]+)<", body), *re.findall(r' (?:title|aria-label)="([^"]*)"', body)]
    left = [text for text in map(html.unescape, shown) if LETTERS.search(NAMES.sub("", text))]
    assert left == []


def test_every_reason_of_the_quality_table_has_chinese_words() -> None:
    """Those that `qc.quality` writes: each with numbers of another sample than the page above has."""
    words = words_in(ZH)
    reasons = [
        *(text for text, _ in _depth_reasons(None, True, LIMITS)),
        *(text for text, _ in _depth_reasons(12.0, False, LIMITS)),
        *(text for text, _ in _reasons(0.1, 0.5, IdentityStatus.CONFLICT, LIMITS)),
        *(text for text, _ in _contamination_open(None, (58, 60), LIMITS)),
        *(text for text, _ in _contamination_open(None, (30, 60), LIMITS)),
        *(text for text, _ in _control_reasons(3.0, (), ["ALK p.Gly1202Arg"], LIMITS)),
        "unreadable",
        "control NTC.N1.plasma failed",
    ]
    assert len(reasons) == 10
    assert all(re.search("[\u4e00-\u9fff]", words.quoted(text)) for text in reasons)
    assert words.quoted("something new") == "something new"
    assert words_in(EN).quoted("identity conflict") == "identity conflict"
