"""English sentences of the tables, and of figures made from them, in another language.

The outcome tables say in English who is counted, from when and why not, and the page of the cohort quotes
them. `resources/report/sentences.tsv` has each with its translation; what stands in braces is translated on
its own.
"""

import html
import re
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from ..io.resources import resource
from ..io.tables import column, read_table
from .exhibits import Exhibit

LETTERS = re.compile(r"[A-Za-z]{2}")
COUNTED = (
    (re.compile(r"(?P<text>.+?) \((?P<number>\d+)\)"), "{text}（{number}）"),
    (re.compile(r"(?P<text>.+?) (?P<number>\d[\d.,]*)"), "{text} {number}"),
    (re.compile(r"– (?P<text>.+)"), "– {text}"),
)
"""Names with a number, as legends and lists have them."""
SEPARATORS = (("; ", "；"), (": ", "："), (", ", "、"), (" × ", " × "), (" vs ", " 对 "), ("+", "+"))
"""What parts a list, the outermost first."""
NUMBER = r"[\d.,]+"
NUMBERS = frozenset(
    {"all", "alt", "blind", "done", "duplex", "events", "few", "grade", "m", "most", "n", "needed", "number"}
    | {"sites", "some", "time", "years"}
)
"""Gaps of templates that hold a number and nothing else."""
SENTENCE = 15
"""Letters of a template from which on it is no part of a list."""
SENTENCES = re.compile(r"(?<=\.) (?=Not (?:estimable|drawn))")
"""Between refusals that stand behind each other."""
SHOWN = re.compile(r">([^<>]+)<|(?<= aria-label=\")([^\"]*)")


@dataclass(frozen=True)
class SentenceRow:
    """`sentences.tsv`: a sentence as our tables and figures have it, and in Chinese."""

    en: str = column("English; what is in braces differs")
    zh: str = column("Chinese")


class Sentences:
    """Translates what the table has, also within lists; gives the rest back as it is."""

    def __init__(self, names: Mapping[str, str]):
        """Read the table.

        Args:
            names: more words, such as those of drugs.
        """
        rows = read_table(resource("report/sentences.tsv"), SentenceRow)
        self._plain = {**names, **{row.en: row.zh for row in rows if "{" not in row.en}}
        self._filled = [_Filled.of(row) for row in rows if "{" in row.en]
        self._known: dict[str, str] = {}

    def __call__(self, text: str) -> str:
        """Return a sentence in Chinese, or as it is."""
        if text not in self._known:
            self._known[text] = self._found(text) if LETTERS.search(text) else text
        return self._known[text]

    def _found(self, text: str) -> str:
        plain = self._plain.get(text) or self._plain.get(text[:1].lower() + text[1:])
        if plain:
            return plain
        if len(parts := SENTENCES.split(text)) > 1:
            return "".join(map(self, parts))
        # A template of few words would fit a whole list: lists are parted first, the outermost sign first.
        listed = SEPARATORS[0][0] in text
        told = _fill(self, text, [one for one in self._filled if one.whole and (one.with_list or not listed)])
        for between, sign in SEPARATORS:
            if told is None and between in text:
                told = _fill(self, text, [one for one in self._filled if between in one.text])
                told = told or sign.join(map(self, text.split(between)))
        return told or _fill(self, text, self._filled) or self._numbered(text)

    def _numbered(self, text: str) -> str:
        for pattern, told in COUNTED:
            if found := pattern.fullmatch(text):
                return told.format(**{name: self(item) for name, item in found.groupdict().items()})
        return text


@dataclass(frozen=True)
class _Filled:
    """A sentence of the table with gaps.

    Attributes:
        text: as it stands there.
        pattern: finds it, and what fills its gaps.
        told: its translation.
        whole: is it a sentence, no part of a list.
        with_list: may a gap of it hold a list.
    """

    text: str
    pattern: re.Pattern[str]
    told: str
    whole: bool
    with_list: bool

    @classmethod
    def of(cls, row: SentenceRow) -> "_Filled":
        parts = list(string.Formatter().parse(row.en))
        gaps = [
            f"(?P<{name}>{NUMBER if name in NUMBERS else '.+?'})" if name else "" for _, name, _, _ in parts
        ]
        pattern = "".join(re.escape(part[0]) + gap for part, gap in zip(parts, gaps, strict=True))
        letters = sum(len(part[0]) for part in parts)
        whole = row.en.endswith(".") or letters >= SENTENCE
        with_list = row.en.endswith(".") or "{rest}" in row.en or SEPARATORS[0][0] in row.en
        return cls(row.en, re.compile(pattern, re.DOTALL), row.zh, whole, with_list)


def _fill(told: Callable[[str], str], text: str, templates: Sequence[_Filled]) -> str | None:
    """Return a text by the first template that it follows, its gaps translated; None if none fits."""
    for one in templates:
        if found := one.pattern.fullmatch(text):
            return one.told.format(**{name: told(item) for name, item in found.groupdict().items()})
    return None


def translated(exhibit: Exhibit, told: Callable[[str], str]) -> Exhibit:
    """Return a figure or table of the page with every sentence and word translated.

    Args:
        exhibit: as made in English.
        told: gives a sentence in the language of the page.
    """

    def shown(found: re.Match[str]) -> str:
        text = html.unescape(found[1] or found[2] or "")
        words = html.escape(told(text.strip()))
        return f">{words}<" if found[1] else words

    return replace(
        exhibit,
        title=told(exhibit.title),
        svgs=tuple(SHOWN.sub(shown, svg) for svg in exhibit.svgs),
        missing=told(exhibit.missing),
        caption=tuple(map(told, exhibit.caption)),
        header=tuple(map(told, exhibit.header)),
        lines=tuple(tuple(map(told, line)) for line in exhibit.lines),
        refused=tuple(map(told, exhibit.refused)),
    )
