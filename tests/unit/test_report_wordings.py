"""Wordings of reports, English and Chinese, with the reading that was written down before any was tried."""

import random
from collections import Counter
from pathlib import Path

import pytest
from gene_facts import alk_fetch, gene_models
from wording_scores import CELLS, WORDINGS, Score, reading, score, wordings

from alktrace.annotate.small_variants import Namer, VariantKnowledge
from alktrace.inputs.knowledge_files import KnowledgeFiles
from alktrace.inputs.user_tables import Line
from alktrace.reported.lines import ReportReader
from alktrace.reported.report_words import read_words
from alktrace.structural.fusions.partners import read_drivers

LEAST_READ = 0.95


@pytest.fixture(scope="module")
def reader(root: Path) -> ReportReader:
    """Return a reader of lines; of the genome only some codons of ALK are known."""
    knowledge = KnowledgeFiles(root / "resources" / "knowledge")
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


SUBJECTS = {
    "ALK G1202R": "ALK G1202R",
    "ALK p.I1171N (exon 22)": "ALK I1171N",
    "EML4-ALK fusion": "EML4-ALK",
    "EML4-ALK融合": "EML4-ALK",
    "ALK扩增": "ALK amplification",
    "MET exon 14 skipping": "MET exon 14 skipping",
    "MET第14外显子跳跃": "MET exon 14 skipping",
    "EGFR 19del": "EGFR exon 19 deletion",
    "KRAS G12C": "KRAS G12C",
}
VERDICTS = {
    "found": (
        "{} detected",
        "{}: detected",
        "positive for {}",
        "{} (positive)",
        "detected: {}",
        "检出{}",
        "{}阳性",
        "{}(阳性)",
    ),
    "denied": (
        "{} not detected",
        "{}: negative",
        "negative for {}",
        "{} was not found",
        "no {}",
        "no {} detected",
        "{} wild type",
        "未检出{}",
        "{}阴性",
        "{}低于检测限",
        "{}: 0%",
        "not detected: {}",
    ),
    "open": (
        "{} indeterminate",
        "possible {}",
        "{} not tested",
        "{}可疑",
        "不能排除{}",
        "{} could not be excluded",
    ),
}
SEPARATORS = ("; ", ", ", ". ", "；", "，", "。", " | ", " but ", " ", "、", " and ", " / ")
LINES = 2000


def test_findings_and_denials_in_any_combination(reader: ReportReader) -> None:
    """What is denied or open is never found; what is found is found or open, unless one `no` spans a list."""
    rng = random.Random(12)
    wrong = []
    for _ in range(LINES):
        subjects = rng.sample(list(SUBJECTS), rng.choice((2, 3, 4)))
        said = {subject: rng.choice(list(VERDICTS)) for subject in subjects}
        parts = [rng.choice(VERDICTS[said[subject]]).format(subject) for subject in subjects]
        text = parts[0] + "".join(rng.choice(SEPARATORS) + part for part in parts[1:])
        names = {SUBJECTS[subject]: verdict for subject, verdict in said.items()}
        if len(names) < len(subjects):
            continue
        found = read(reader, text)
        unread = {name for name in found if name.startswith("?")}
        due = {name for name, verdict in names.items() if verdict == "found"}
        lost = due - found or ("open" in names.values())
        if (found - unread) - due or (lost and not unread):
            wrong.append((text, sorted(found)))
    assert not wrong
