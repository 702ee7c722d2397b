"""Wordings of reports, English and Chinese, with the reading that was written down before any was tried."""

from collections import Counter
from itertools import product
from pathlib import Path

import pytest
from gene_facts import alk_fetch, gene_models
from wording_scores import CELLS, WORDINGS, Score, reading, score, wordings

from alktrace.annotate.small_variants import Namer, VariantKnowledge
from alktrace.inputs.user_tables import Line
from alktrace.reported.lines import ReportReader
from alktrace.reported.report_words import read_words
from alktrace.structural.fusions.partners import read_drivers

LEAST_READ = 0.95


@pytest.fixture(scope="module")
def reader(root: Path) -> ReportReader:
    """Return a reader of lines; of the genome only some codons of ALK are known."""
    knowledge = root / "resources" / "knowledge"
    tables, words = VariantKnowledge.load(knowledge), read_words(knowledge, None)
    found = read_drivers(root / "resources" / "reference" / "fusion_drivers.tsv")
    drivers = {gene: driver.side for gene, driver in found.items()}
    return ReportReader(Namer(gene_models(), alk_fetch), tables, drivers, words)


def read(reader: ReportReader, *cells: str) -> frozenset[str]:
    """Return what a line is read as."""
    line = Line(2, dict(zip(CELLS, cells, strict=False)))
    return frozenset(reading(row) for row in reader.alterations(line))


def test_the_table_has_enough_of_each_form() -> None:
    found = wordings()
    forms = Counter((item.language, item.form) for item in found)
    assert len(found) >= 300 and len({item.cells for item in found}) == len(found)
    assert forms["en", "hostile"] + forms["zh", "hostile"] >= 100
    assert min(forms.values()) >= 50


def test_none_is_read_wrongly_and_the_plain_ones_are_read(
    reader: ReportReader, capsys: pytest.CaptureFixture[str]
) -> None:
    """A denial is never a finding, a finding never a denial; what is not read says so."""
    scored = [(item, found := read(reader, *item.cells), score(found, item.expected)) for item in wordings()]
    counts = Counter((item.language, item.form, result) for item, _, result in scored)
    with capsys.disabled():
        print()
        for key, count in sorted(counts.items()):
            print(*key, count)
    wrong = [
        f"{WORDINGS.name}:{item.line}: {item.cells} is {sorted(found)}, not {sorted(item.expected)}"
        for item, found, result in scored
        if result is Score.WRONG
    ]
    assert not wrong, "\n".join(wrong)
    plain = [result for item, _, result in scored if item.form == "plain"]
    assert plain.count(Score.READ) >= LEAST_READ * len(plain)


FOUND = (
    "{} detected",
    "{}: positive",
    "positive for {}",
    "{} 1.2%",
    "检出{}",
    "{}阳性",
    "{} 检出",
)
DENIED = (
    "{} not detected",
    "{}: negative",
    "negative for {}",
    "no {}",
    "no evidence of {}",
    "{} absent",
    "{} was not identified",
    "未检出{}",
    "{}阴性",
    "{} 未见",
    "未见{}突变",
    "{} 低于检测限",
)
BETWEEN = ("; ", ", ", ". ", " but ", " and ", "；", "，", "、", "。", " | ", " / ")
NAMES = {"G1202R": "ALK G1202R", "L1196M": "ALK L1196M", "EML4-ALK融合": "EML4-ALK"}


@pytest.mark.parametrize("between", BETWEEN)
def test_a_finding_and_a_denial_in_any_combination(reader: ReportReader, between: str) -> None:
    """What was denied is never found; what was found is found or open, unless one `no` spans both."""
    wrong = []
    pairs = [("G1202R", "L1196M"), ("EML4-ALK融合", "G1202R")]
    for yes, no, (one, other) in product(FOUND, DENIED, pairs):
        first, second = yes.format(one), no.format(other)
        for text in (first + between + second, second + between + first):
            found = read(reader, "ALK", text)
            said = {name.removesuffix(" 1.2%") for name in found}
            lost = NAMES[one] not in said and not any(name.startswith("?") for name in said)
            if NAMES[other] in said or lost:
                wrong.append((text, sorted(found)))
    assert not wrong
