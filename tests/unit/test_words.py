"""The table of words: every key is used, both languages say the same things, values keep their intervals."""

import re
import string
from pathlib import Path

import pytest
from patient_pages import EN, ZH, knowledge, words_in

from alktrace.classify.named_drugs import LORLATINIB_INHIBITS_TOO, SITE_KNOWLEDGE
from alktrace.classify.phase import PhaseReason
from alktrace.classify.set_criteria import SET_CRITERIA
from alktrace.classify.single_criteria import ALTERATION_CRITERIA
from alktrace.classify.timepoint_criteria import TIMEPOINT_CRITERIA
from alktrace.classify.treatment_history import UNDATED
from alktrace.io.resources import PACKAGE, resource
from alktrace.io.tables import read_table
from alktrace.knowledge.next_tests import PHASE_REASONS
from alktrace.report.language import Copies, Listed, Share, WordsRow, say
from alktrace.report.patient_tables import _drug
from alktrace.vocabulary.caveats import Caveat, CaveatCode, DataProblem
from alktrace.vocabulary.drugs import NamedDrug
from alktrace.vocabulary.marks import Mark
from alktrace.vocabulary.resistance import NotEvaluableReason

ROWS = {row.key: row for row in read_table(resource("report/words.tsv"), WordsRow)}
SOURCE = "\n".join(
    path.read_text(encoding="utf-8")
    for pattern in ("*.py", "templates/*.html", "figures/*.py")
    for path in sorted((PACKAGE / "report").glob(pattern))
)
CHINESE = re.compile(r"[\u4e00-\u9fff]")
LATIN_IN_CHINESE = {
    "fusion.plain",
    "fusion.variant",
    "board.nse",
    "board.progrp",
    "board.name",
    "header.joined",
}


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_both_languages_fill_in_the_same(row: WordsRow) -> None:
    assert fields(row.en) == fields(row.zh)


def has_words(text: str) -> bool:
    return re.search(r"[a-z]{3,}", re.sub(r"\{.*?\}", "", text)) is not None


def test_chinese_is_chinese() -> None:
    """What has English words has Chinese ones; names, signs and what is filled in stay as they are."""
    left = [key for key, row in ROWS.items() if has_words(row.en) and not CHINESE.search(row.zh)]
    assert set(left) <= LATIN_IN_CHINESE


def test_every_key_is_asked_for() -> None:
    """By name, or by the group and a value of a closed list."""
    groups = {
        *re.findall(r'f"([\w.]+)\.\{', SOURCE),
        *re.findall(r'words\.word\(\s*"([\w.]+)"', SOURCE),
        *re.findall(r'"([\w.]+)\." ~ ', SOURCE),
        *re.findall(r'counted\(\s*"([\w.]+)"', SOURCE),
    }
    named = set(re.findall(r"""["']([\w.]+)["']""", SOURCE))
    unused = [
        key for key in ROWS if key not in named and not any(key.startswith(f"{one}.") for one in groups)
    ]
    assert unused == []


def test_every_criterion_has_words() -> None:
    codes = {item.code for item in (*ALTERATION_CRITERIA, *SET_CRITERIA, *TIMEPOINT_CRITERIA)}
    told = {key.partition(".")[2] for key in ROWS if key.startswith("criterion.")} - {"subject"}
    of_mechanisms = {"HISTOLOGY_TRANSFORMED", "HISTOLOGY_WITHOUT_BASELINE", "LINEAGE_IHC", "LINEAGE_DNA"}
    families = {"FAMILY_ON_TARGET", "FAMILY_BYPASS", "FAMILY_TRANSFORMATION"}
    assert told == codes | of_mechanisms | families


def test_every_message_of_the_page_is_there_in_chinese() -> None:
    """Those of the cohort page, which is English, may wait."""
    known = knowledge()
    asked = {
        item.value for group in (CaveatCode, DataProblem, NotEvaluableReason, PhaseReason) for item in group
    }
    assert {"research_use", *asked} <= set(known.chinese) <= set(known.messages)
    assert all(CHINESE.search(text) and text.endswith("。") for text in known.chinese.values())


@pytest.mark.parametrize(
    ("value", "english", "chinese"),
    [
        (Share(0.0042, 0.002, 0.0078), "0.42 % (0.2–0.78 %)", "0.42 % (0.2–0.78 %)"),
        (Share(0.5), "50 %", "50 %"),
        (Copies(11.94, 7.88, 20.1), "11.9 (7.88–20.1)", "11.9 (7.88–20.1)"),
        (("a", "b", "c"), "a, b and c", "a、b 和 c"),
        (Listed(("a", "b")), "a, b", "a、b"),
        (say("site.cns_only"), "CNS only", "仅中枢神经系统"),
        ((), "", ""),
    ],
)
def test_values_are_told_last(value: object, english: str, chinese: str) -> None:
    assert words_in(EN).tell(value) == english
    assert words_in(ZH).tell(value) == chinese


def test_braces_in_a_name_are_letters() -> None:
    assert words_in().tell(say("mechanism.mutation", gene="{gene}", name="{0}")) == "{gene} {0} mutation"


def test_a_message_that_a_site_replaced_in_english_is_quoted() -> None:
    """Ours in Chinese would contradict the sentence that the site chose."""
    from dataclasses import replace

    known = knowledge()
    code = CaveatCode.CSF_ONLY.value
    told = replace(
        known,
        messages={**known.messages, code: "Ours to say."},
        chinese={name: text for name, text in known.chinese.items() if name != code},
    )
    from alktrace.report.language import Words

    assert Words(ZH, told).caveat(Caveat(CaveatCode.CSF_ONLY))["text"] == "Ours to say."


def test_drugs_have_their_chinese_names() -> None:
    chinese, english = words_in(ZH), words_in(EN)
    inhibitors = sorted(knowledge().alk_tkis)
    approved = {"crizotinib", "ceritinib", "alectinib", "brigatinib", "ensartinib", "lorlatinib"}
    assert all(CHINESE.search(chinese.drug(name)) for name in approved)
    assert [english.drug(name) for name in inhibitors] == inhibitors


def test_phase_reasons_of_the_rules_are_those_of_the_classifier() -> None:
    assert set(PHASE_REASONS) <= {item.value for item in PhaseReason}


def test_the_table_has_no_tab_and_no_empty_text() -> None:
    lines = Path(resource("report/words.tsv")).read_text(encoding="utf-8").splitlines()
    assert all(len(line.split("\t")) == 3 and all(line.split("\t")) for line in lines)


@pytest.mark.parametrize(
    ("text", "english", "chinese"),
    [
        ("bypass_not_excluded:gene_loss", "Concerns NF2 loss.", "涉及：NF2 缺失。"),
        ("negative_from:csf,tissue", "Concerns CSF, tissue.", "涉及：脑脊液、组织。"),
        ("conflicting_evidence:brigatinib", "Concerns brigatinib.", "涉及：布格替尼。"),
        ("co_alteration:TP53 R175H", "Concerns TP53 R175H.", "涉及：TP53 R175H。"),
    ],
)
def test_what_a_caveat_is_about_is_in_words(text: str, english: str, chinese: str) -> None:
    caveat = Caveat.parse(text)
    assert words_in(EN).caveat(caveat)["text"].endswith(english)
    assert words_in(ZH).caveat(caveat)["text"].endswith(chinese)


@pytest.mark.parametrize(
    "note, chinese",
    [
        (LORLATINIB_INHIBITS_TOO, "但已在洛拉替尼治疗中进展，而洛拉替尼同样可抑制该突变"),
        (SITE_KNOWLEDGE, "本机构知识"),
        (UNDATED, "已使用 日期不详"),
        (
            "already given 2021-03-01 to 2022-04-30 and from 2024-01-05",
            "已使用 2021-03-01 至 2022-04-30 和 自 2024-01-05 起",
        ),
    ],
)
def test_what_stands_beside_a_drug_is_chinese_too(note: str, chinese: str) -> None:
    drug = NamedDrug("lorlatinib", Mark.CITED, (note,))
    assert _drug(drug, words_in(ZH)) == f"洛拉替尼 (引用, {chinese})"
    assert _drug(drug, words_in(EN)) == f"lorlatinib (cited, {note})"


def test_chinese_does_not_say_more_than_english() -> None:
    """ "No test is asked for" is not "none is needed"; a VAF that rose is no amplification."""
    assert "无需" not in ROWS["card.no_test"].zh
    assert "扩增" not in ROWS["emergence.expanded"].zh
    assert "不改变" in ROWS["drugs.key"].zh, "what is cited moves no verified drug"
