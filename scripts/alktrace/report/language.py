"""Every word that a reader of a page sees: what is said as values, and its text in a language.

What a page says is a `Said`, a key and values. `Words` turns it into text by the table
`resources/report/words.tsv`, which has a sentence in each language for every key.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from ..io.resources import resource
from ..io.tables import column, read_table
from ..knowledge.answers import Knowledge
from ..vocabulary.caveats import Caveat, CaveatCode
from ..vocabulary.languages import Language
from .sentences import Sentences
from .words import NOTHING, percent

ABOUT = {
    CaveatCode.BYPASS_NOT_EXCLUDED: "kind",
    CaveatCode.NEGATIVE_FROM: "specimen",
    CaveatCode.WEAK_COMPONENT: "component",
}
"""Groups of the table that name what a caveat is about; the others name alterations, samples or drugs."""


@dataclass(frozen=True)
class WordsRow:
    """`words.tsv`: one text in every language; what stands in braces is filled in."""

    key: str = column("what is said; dots group")
    en: str = column("English")
    zh: str = column("Chinese")


@dataclass(frozen=True)
class Said:
    """One thing to say: a key of the table, and what fills its text; values may be said things themselves."""

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Share:
    """A fraction between 0 and 1, told as per cent with two significant digits; with an interval if known."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Copies:
    """A copy number with its interval."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Listed:
    """Several things of equal rank, told with commas and no `and`, or with another sign of the table."""

    items: tuple[Any, ...]
    between: str = "list.comma"


def say(key: str, **values: Any) -> Said:
    """Return one thing to say."""
    return Said(key, values)


def counted(key: str, number: int, **values: Any) -> Said:
    """Return one thing to say of a number: `key.one` or `key.many`."""
    return Said(f"{key}.{'one' if number == 1 else 'many'}", {"number": number, **values})


def html_language(language: Language) -> str:
    """Return a language as pages name it."""
    return "zh-CN" if language is Language.ZH else "en"


class Words:
    """The texts of one language."""

    def __init__(self, language: Language, knowledge: Knowledge):
        """Read the table of this language, with the messages and drug names of the knowledge tables."""
        rows = read_table(resource("report/words.tsv"), WordsRow)
        self.language = language
        self.texts = {row.key: row.zh if language is Language.ZH else row.en for row in rows}
        chinese = knowledge.chinese if language is Language.ZH else {}
        # A site that replaced a message in English alone is quoted, not overruled by our translation.
        self.messages = {**knowledge.messages, **chinese}
        self.drug_names = {
            name: drug.chinese or name for name, drug in knowledge.drugs.items() if language is Language.ZH
        }
        self._sentences = Sentences(self.drug_names) if language is Language.ZH else None

    def __call__(self, key: str, **values: Any) -> str:
        """Return the text of a key."""
        return self.tell(Said(key, values))

    def tell(self, value: Any) -> str:
        """Return the text of anything that a page says."""
        if isinstance(value, Said):
            filled = {name: self.tell(item) for name, item in value.values.items()}
            return self.texts[value.key].format(**filled)
        if isinstance(value, Share):
            return self._share(value)
        if isinstance(value, Copies):
            low, high = value.low, value.high
            text = f"{value.value:.3g}"
            return (
                text
                if low is None or high is None
                else self("copies.interval", value=text, low=f"{low:.3g}", high=f"{high:.3g}")
            )
        if isinstance(value, Listed):
            return self.texts[value.between].join(self.tell(item) for item in value.items)
        if isinstance(value, (tuple, list)):
            return self._joined([self.tell(item) for item in value])
        return value.value if isinstance(value, Enum) else str(value)

    def quoted(self, text: str) -> str:
        """Return a sentence that a table holds in English, in this language; as it is if none is known."""
        return text if self._sentences is None else self._sentences(text)

    def told(self, values: Sequence[Any]) -> list[str]:
        """Return the texts of several things."""
        return [self.tell(item) for item in values]

    def sentences(self, values: Sequence[Any]) -> list[str]:
        """Return the texts of several things, each with a capital letter."""
        return [text[:1].upper() + text[1:] for text in self.told(values)]

    def word(self, group: str, value: Enum | str | None) -> str:
        """Return the word of a value of a closed list, such as `confidence.established`; a dash for none."""
        return NOTHING if value is None else self.texts[f"{group}.{value}"]

    def drug(self, name: str) -> str:
        """Return the name of a drug in this language; in English where none is known."""
        return self.drug_names.get(name, name)

    def caveat(self, caveat: Caveat) -> dict[str, str]:
        """Return a caveat: its code as in the tables, its sentence, and what it is about."""
        text = self.messages[caveat.code]
        if caveat.about:
            about = tuple(self._about(caveat.code, part.strip()) for part in caveat.about)
            text = self("sentence.concerns", text=text, about=Listed(about))
        return {"code": str(caveat), "text": text}

    def reason(self, code: str) -> dict[str, str]:
        """Return a reason or problem with its sentence; none where an evidence file named it."""
        return {"code": code, "text": self.messages.get(code, "")}

    def _about(self, code: CaveatCode, name: str) -> str:
        """Return what a caveat is about; names of kinds, families and drugs are words too."""
        group = ABOUT.get(code)
        if group is None:
            return self.drug(name)
        return self.texts.get(f"{group}.{name}", name)

    def _share(self, share: Share) -> str:
        if share.low is None or share.high is None:
            return percent(share.value)
        low = percent(share.low).removesuffix(" %")
        return self("share.interval", value=percent(share.value), low=low, high=percent(share.high))

    def _joined(self, texts: Sequence[str]) -> str:
        if len(texts) < 2:
            return "".join(texts)
        return self.texts["list.comma"].join(texts[:-1]) + self.texts["list.and"] + texts[-1]
