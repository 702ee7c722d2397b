"""Chinese pages of batch and cohort: sentences of tables, endpoints and figures are found in the table."""

import re
import string
from pathlib import Path

import pytest
from outcome_cohort import KNOWLEDGE, cohort_settings
from patient_pages import EN, ZH, knowledge, words_in

from alktrace.cli import main
from alktrace.io.resources import resource
from alktrace.io.tables import read_table
from alktrace.outcomes.endpoints import ENDPOINTS
from alktrace.outcomes.estimands import estimand_rows
from alktrace.outcomes.outcome_files import outcome_tables
from alktrace.report.cohort_page import write_cohort_page
from alktrace.report.exhibits import Exhibit
from alktrace.report.sentences import SentenceRow, translated
from alktrace.vocabulary.languages import Language

PLAN = Path(__file__).resolve().parents[2] / "config" / "example" / "sap.yaml"
ROWS = read_table(resource("report/sentences.tsv"), SentenceRow)
CHINESE = re.compile(r"[一-鿿]")
told = words_in(ZH).quoted


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_no_sentence_stands_twice_and_both_languages_fill_in_the_same() -> None:
    assert len({row.en for row in ROWS}) == len(ROWS)
    assert [row.en for row in ROWS if fields(row.en) != fields(row.zh)] == []


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("identity conflict", "身份不符"),
        ("Median 259 days (226–303).", "中位数 259 天（226–303）。"),
        ("not evaluable: 29", "无法评估：29"),
        (
            "on target 53 present, 74 absent; bypass 51 present, 77 absent",
            "靶点内 有 53、无 74；旁路 有 51、无 77",
        ),
        ("Left out: no progression 87, died untreated 39.", "未纳入：未进展 87、未治疗即死亡 39。"),
        ("lorlatinib combination vs others", "洛拉替尼联合 对 其他"),
        ("carboplatin+pemetrexed", "卡铂+培美曲塞"),
        ("P01.PD1.plasma", "P01.PD1.plasma"),
        ("0.97 (0.64–1.46)", "0.97 (0.64–1.46)"),
        ("what nobody wrote down", "what nobody wrote down"),
    ],
)
def test_lists_numbers_and_names(english: str, chinese: str) -> None:
    assert told(english) == chinese
    assert words_in(EN).quoted(english) == english


def test_figures_and_tables_are_translated_and_names_stay_escaped() -> None:
    svg = '<svg aria-label="Forest plot of HR"><title>Forest plot of HR</title><text>&lt;b&gt;</text></svg>'
    item = Exhibit("x", "Safety", (svg,), "", ("Courses",), ("safety.tsv",), lines=(("any", "<b>"),))
    shown = translated(item, told)
    assert shown.svgs == (svg.replace("Forest plot of HR", "森林图：HR"),)
    assert (shown.title, shown.caption, shown.lines) == ("安全性", ("病程",), (("任何", "<b>"),))
    assert (shown.name, shown.sources) == ("x", ("safety.tsv",))


def test_every_text_of_an_endpoint_has_chinese_words() -> None:
    """Those of registered endpoints; one more that is registered elsewhere stays in English."""
    texts = {
        text
        for row in estimand_rows()
        for text in (row.population, row.treatment, row.variable, row.summary, row.censoring, row.differs)
        if text
    }
    texts |= {one.title for one in ENDPOINTS.values() if one.title}
    assert sorted(text for text in texts if not CHINESE.search(told(text))) == []


def test_every_mechanism_has_a_chinese_name() -> None:
    """Gene and residue alone are no words: `KRAS G12C` stays as it is."""
    names = {item.mechanism for item in knowledge().mechanisms.values()}
    left = {name for name in names if not CHINESE.search(told(name))}
    assert left == {"BRAF V600", "KRAS G12C"}


def test_every_approval_has_chinese_words() -> None:
    """What it is for, and where; sources are quoted as they are."""
    approvals = [one for drug in knowledge().drugs.values() for one in drug.approvals]
    said = {text for one in approvals for text in (one.purpose, one.region)}
    assert sorted(text for text in said if text != "ROS1" and not CHINESE.search(told(text))) == []


MAY_WAIT = 5
"""Sentences of a new table that may wait for their translation; a page half in English may not be shown."""
LATIN = re.compile(r"[A-Za-z]{4,} [a-z]{2,}")
"""Two words after each other: names of genes, drugs, files and methods stand alone."""
SOURCES = re.compile(r"doi|PMC|PMID|Lin and Shaw|Dagogo-Jack")


@pytest.mark.timeout(120)
def test_a_chinese_page_of_a_cohort_has_no_english_sentence(tmp_path: Path) -> None:
    assert main(["demo", "outcomes", "--out", str(tmp_path), "--seed", "3", "--patients", "60"]) == 0
    cohort = ["cohort", str(tmp_path / "clinical"), str(tmp_path), "--out", str(tmp_path / "out")]
    assert main([*cohort, "--plan", str(PLAN)]) == 0
    page = tmp_path / "zh.html"
    write_cohort_page(
        classification=tmp_path / "classification.tsv",
        resistance=tmp_path / "resistance.tsv",
        discovered=None,
        quality=None,
        identity=None,
        outcomes=[tmp_path / "out" / name for name in outcome_tables()],
        knowledge=KNOWLEDGE,
        settings=cohort_settings(),
        language=Language.ZH,
        out=page,
    )
    text = page.read_text(encoding="utf-8")
    assert 'lang="zh-CN"' in text
    body = text[text.index("</style>") : text.rindex("<script>")]
    shown = [*re.findall(r">([^<]+)<", body), *re.findall(r' aria-label="([^"]*)"', body)]
    left = {item.strip() for item in shown if LATIN.search(item) and not SOURCES.search(item)}
    assert len(left) <= MAY_WAIT, left
