"""Words of laboratories' reports and what they mean: data, to which a site adds its own."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from ..errors import InputProblems, Problem
from ..inputs.cells import table_path
from ..inputs.knowledge_files import KnowledgeFiles, Placed
from ..inputs.user_tables import read_user_table
from ..io.tables import column

TABLE = "report_words"
COLUMN = "column:"
COLUMNS = (
    "gene",
    "hgvs_p",
    "hgvs_c",
    "variant_class",
    "result",
    "vaf",
    "vaf_unit",
    "copy_number",
    "exon",
    "transcript",
    "partner",
    "covered_genes",
    "covered_exons",
    "lod_vaf",
    "tumour_fraction",
    "molecules",
)
"""Columns of a report."""


class Meaning(StrEnum):
    """What a word does in a line; the columns of a report are meant by `column:NAME`."""

    FOUND = "found"
    DENIED = "denied"
    DOUBTFUL = "doubtful"
    NOT_TESTED = "not_tested"
    NO = "no"
    WITHOUT = "without"
    EQUIVOCAL = "equivocal"
    FUSION = "fusion"
    SKIPPING = "skipping"
    AMPLIFICATION = "amplification"
    GAIN = "gain"
    LOSS = "loss"
    DELETION = "deletion"
    INSERTION = "insertion"
    COPIES = "copies"
    BOTH_COPIES = "both_copies"
    MUTATION = "mutation"
    VAF = "vaf"
    EXON = "exon"
    GERMLINE = "germline"
    BLOOD = "blood"
    SOMATIC = "somatic"
    CIS = "cis"
    TRANS = "trans"
    AND = "and"
    OR = "or"
    BUT = "but"
    FOR = "for"
    OTHER = "other"
    NOT_GIVEN = "not_given"
    LABEL = "label"
    NEUTRAL = "neutral"


MEANINGS = (*(item.value for item in Meaning), *(f"{COLUMN}{name}" for name in COLUMNS))
"""What the column `meaning` may hold."""


@dataclass(frozen=True)
class WordRow:
    """`report_words.tsv`: one word; of two rows on one word the later one counts."""

    word: str = column("word or words as written; case, width and hyphens do not matter")
    language: str = column("language, `en`, `de` or `zh`")
    meaning: str = column("what it does in a line, or `column:` and the column that it heads")
    source: str = column("where it was read", default="")


def plain(text: str) -> str:
    """Return a text in one form: letters of full width as usual ones, no invisible characters, one blank."""
    usual = unicodedata.normalize("NFKC", text)
    shown = (character for character in usual if unicodedata.category(character) != "Cf")
    return re.sub(r"\s+", " ", "".join(shown)).strip()


class ReportWords:
    """All words with their meanings."""

    def __init__(self, rows: Iterable[WordRow]) -> None:
        """Keep the words; names of columns mean themselves."""
        self.headers = {_bare(name): name for name in COLUMNS}
        self._meanings: dict[str, Meaning] = {}
        self._written: dict[str, str] = {}
        for row in rows:
            if row.meaning.startswith(COLUMN):
                self.headers[_bare(row.word)] = row.meaning.removeprefix(COLUMN)
            else:
                key, written = _key(row.word), plain(row.word)
                self._meanings[key] = Meaning(row.meaning)
                # `stop gain` also covers `stopgain`, not the other way round.
                self._written[key] = max(self._written.get(key, ""), written, key=len)

    def pattern(self, *wanted: Meaning, glued: bool = False) -> str:
        """Return a pattern of the words of some meanings, the longest first; a number may follow at once.

        Args:
            wanted: the meanings.
            glued: a number or capital letters may stand before them at once, as in `19del` and `METex14`.
        """
        words = (self._written[key] for key, own in self._meanings.items() if own in wanted)
        longest = sorted(words, key=len, reverse=True)
        return "|".join(_bounded(word, digits=True, glued=glued) for word in longest)

    @cached_property
    def _any(self) -> re.Pattern[str]:
        # A number may follow some words without a blank, such as CN7.5.
        before_number = (Meaning.COPIES, Meaning.VAF)
        words = sorted(self._written.items(), key=lambda item: len(item[1]), reverse=True)
        patterns = (_bounded(word, digits=self._meanings[key] in before_number) for key, word in words)
        return re.compile("|".join(patterns), re.IGNORECASE)

    def match(self, text: str, start: int) -> tuple[str, Meaning] | None:
        """Return the longest word that begins at a place of a plain text, and its meaning."""
        found = self._any.match(text, start)
        return (found.group(), self._meanings[_key(found.group())]) if found else None

    def column(self, written: str) -> tuple[str, bool]:
        """Return the column that a header means, and whether it says per cent.

        `cfDNA %`, `% cfDNA`, `VAF (%)` and `VAF` are all `vaf`. A header that means nothing stays as written.
        """
        shown = plain(written)
        percent = re.search(r"%|percent|百分", shown, re.IGNORECASE) is not None
        bare = _bare(re.sub(r"%|percent|百分比", " ", shown, flags=re.IGNORECASE))
        name = self.headers.get(bare, self.headers.get(_bare(shown)))
        return (name, percent) if name else (written, False)


def own_words(sheet: Path) -> Path | None:
    """Return a site's own table of words, which stands beside its sheet; None without one."""
    path = table_path(sheet.parent, TABLE)
    return path if path.is_file() else None


def read_words(knowledge: KnowledgeFiles, own: Path | None) -> ReportWords:
    """Return the words of the knowledge table with those beside a sheet laid over them.

    Args:
        knowledge: the knowledge tables.
        own: table beside the sheet; None without one.

    Raises:
        InputProblems: everything wrong in either table.
    """
    given = knowledge.rows(TABLE, WordRow)
    problems: list[Problem] = []
    if own is not None:
        found, problems = read_user_table(own, WordRow)
        given += [Placed(str(own), item.line, item.row) for item in found]
    for item in given:
        problems += _wrong_meaning(item.file, item.line, item.row.meaning)
    if problems:
        raise InputProblems(problems)
    return ReportWords(item.row for item in given)


def _wrong_meaning(file: str, line: int, meaning: str) -> list[Problem]:
    if meaning in MEANINGS:
        return []
    remedy = "write one of " + ", ".join(MEANINGS)
    return [Problem(file, line, "meaning", f"value {meaning!r}", remedy)]


def _key(word: str) -> str:
    """Return what the spellings of a word share: no case, no blanks, hyphens or underscores."""
    return re.sub(r"[\s_-]", "", plain(word).casefold())


def _bare(header: str) -> str:
    return re.sub(r"[\s_.()\[\]-]+", " ", header).strip().casefold()


def _pattern(word: str) -> str:
    """Return the pattern of a word, in which blanks and hyphens may be left out or change places."""
    parts = re.split(r"(?<=\w)[\s_-]+(?=\w)", plain(word))
    return r"[\s_-]*".join(map(re.escape, parts))


def _bounded(word: str, *, digits: bool, glued: bool = False) -> str:
    """Return the pattern of a word with the bounds of Latin words; Chinese ones begin and end anywhere."""
    latin = word[0].isascii() and word[0].isalnum() and not glued
    before = "(?<![A-Za-z0-9])" if latin else ""
    letters = "A-Za-z" if digits else "A-Za-z0-9"
    after = f"(?![{letters}])" if word[-1].isascii() and word[-1].isalnum() else ""
    return f"{before}{_pattern(word)}{after}"
