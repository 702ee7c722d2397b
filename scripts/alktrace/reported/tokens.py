"""The text of a cell as tokens: words by their meaning, and names, numbers and signs by their shape."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ..annotate.protein import NAMES
from .report_words import Meaning, ReportWords


class Shape(StrEnum):
    """Kinds of tokens that no word table can list."""

    GENES = "genes"  # value: symbols; several where written EGFR/ALK or CDKN2A/B
    PAIR = "pair"  # value: symbols, 5' first
    CHANGE = "change"  # protein change as written
    CODING = "coding"  # coding change as written
    TRANSCRIPT = "transcript"
    JUNCTION = "junction"  # value: `E13;A20`
    EXONS = "exons"  # value: first exon
    NUMBER = "number"  # value: text
    PERCENT = "percent"  # value: text with its sign
    BOUND = "bound"  # a number with < or >; value: text
    UNKNOWN = "unknown"
    COMMA = "comma"
    STOP = "stop"
    COLON = "colon"
    OPEN = "open"
    CLOSE = "close"


@dataclass(frozen=True)
class Word:
    """One token; `kind` is a `Shape` or a `Meaning`, `value` depends on it."""

    kind: Shape | Meaning
    text: str
    value: Any = None


_RESIDUE = "(?:" + "|".join(sorted(NAMES.values())) + r"|[ACDEFGHIKLMNPQRSTVWYX*])"
_PLACE = rf"{_RESIDUE}\d{{1,5}}"
_EVENT = (
    rf"(?:{_RESIDUE}?fs(?:{_RESIDUE}?(?:\d+|\?))?|{_RESIDUE}?ext\S*|del{_RESIDUE}*ins{_RESIDUE}+"
    rf"|del{_RESIDUE}*|dup{_RESIDUE}*|ins{_RESIDUE}+|>{_RESIDUE}+|=|{_RESIDUE})"
)
_PREFIX = r"(?:(?:NM|NP|NR|XM|XP|ENST|ENSP|LRG)_?[\d.]+(?:\([A-Z0-9]+\))?:)?"
_GENE = r"[A-Za-z][A-Za-z0-9]{1,14}"
_NOT_LATIN = "(?![A-Za-z0-9])"
_NUMBER = r"\d+(?:[.,]\d+)?(?:[eE]-?\d+)?"
_SIGNS: dict[str, Shape | Meaning] = {
    **dict.fromkeys(";。|", Shape.STOP),
    **dict.fromkeys(":=-–—", Shape.COLON),
    **dict.fromkeys("([", Shape.OPEN),
    **dict.fromkeys(")]", Shape.CLOSE),
    **dict.fromkeys("、+&/", Meaning.AND),
    ",": Shape.COMMA,
}
_JOINT = r"\s*(?:-|::|–|—|~|/)\s*"

Builder = Callable[[re.Match[str]], list["Word"]]
KnownGene = Callable[[str], str | None]
"""Returns the symbol of a gene name as written; None where nobody knows it."""


class Lexer:
    """Cuts cells into tokens."""

    def __init__(self, words: ReportWords, symbol_of: KnownGene) -> None:
        """Build the patterns from the words.

        Args:
            words: with their meanings.
            symbol_of: knows the genes.
        """
        self._words = words
        self._symbol_of = symbol_of
        self._shapes = [(re.compile(pattern), build) for pattern, build in self._patterns()]
        change = rf"(?:{_PLACE}(?:_{_PLACE})?{_EVENT}|\d+[ACDEFGHIKLMNPQRSTVWY]ins)(?![A-Za-z0-9_])"
        self._change = re.compile(change, re.IGNORECASE)
        self._number = re.compile(rf"[~≈]?\s*(?P<v>{_NUMBER})(?![A-Za-z0-9])")

    def _patterns(self) -> Iterator[tuple[str, Builder]]:
        """Yield the shapes in the order in which they are tried: a longer one goes before its parts."""
        words = self._words
        exon = words.pattern(Meaning.EXON, glued=True)
        event = words.pattern(Meaning.DELETION, Meaning.INSERTION, glued=True)
        span = r"\d{1,2}(?:\s*[-–~&]\s*\d{1,2})?"
        # EML4:exon13, EML4(13), EML4 (E13), EML4 exon 13
        place = rf"(?:\s*[:(]\s*(?:{exon}|[ea])?|\s+(?:{exon}))\s*"
        yield rf"{_PREFIX}c\.[-*]?\d[^\s;,()\[\]|、。]*", _one(Shape.CODING)
        yield r"(?i:p\.\[(?P<in>[^\]]+)\](?P<two>;\[[^\]]+\])?)", _bracketed
        yield rf"(?i:{_PREFIX}p\.(?:\([^()\s]+\)|[A-Za-z0-9_*>=?]+))", _one(Shape.CHANGE)
        yield _PREFIX.replace(":)?", r")(?!\w)"), _one(Shape.TRANSCRIPT)
        yield rf"\d+(?:[+-]\d+)?(?:_\d+(?:[+-]\d+)?)?[ACGT]>[ACGT]{_NOT_LATIN}", _bare_coding
        yield (
            (
                rf"(?i:(?P<a>{_GENE}){place}(?P<i>\d{{1,2}})\s*\)?{_JOINT}"
                rf"(?P<b>{_GENE}){place}(?P<j>\d{{1,2}})\s*\)?{_NOT_LATIN})"
            ),
            _far_junction,
        )
        yield (
            (
                rf"(?P<a>[A-Z])(?P<i>\d+)(?P<x>[a-z]?(?:/?[a-z])?)\s*[;:,]?\s*(?P<b>[A-Z])(?P<j>\d+){_NOT_LATIN}"
            ),
            _junction,
        )
        yield rf"(?i:(?:(?:{exon})\s*)?(?P<n>\d{{1,2}})\s*[-号]?\s*(?P<w>{event}))", self._event
        yield rf"(?i:(?:{exon})\s*[.:]?\s*(?P<n>{span})(?!\d))", _exons
        yield rf"(?i:第?\s*(?P<n>{span})\s*(?:{exon}))", _exons
        label = words.pattern(Meaning.LABEL)
        yield rf"(?i:(?:{label})\s*:?\s*(?:\d+|[IVX]+[A-D]?){_NOT_LATIN})", _label
        yield r"(?i:(?:variant|v)\s?\d[ab]?(?:/?\d?[ab])?(?![A-Za-z0-9.%]))", _nothing
        yield rf"(?P<g>[A-Z][A-Z0-9]+)(?i:{exon})(?P<n>\d{{1,2}})(?!\d)", self._exon_of_gene
        yield rf"(?:rs|COSM|COSV)\d+{_NOT_LATIN}", _nothing
        yield rf"[<>≤≥]\s*{_NUMBER}\s*%?", _one(Shape.BOUND)
        yield rf"[~≈]?\s*(?P<v>{_NUMBER})\s*%", _one(Shape.PERCENT)

    def tokens(self, text: str, *, gene_first: bool = False) -> list[Word]:
        """Return the tokens of a plain text, without those that say nothing.

        Args:
            text: as `plain` returns it.
            gene_first: the first word is a gene, known or not.
        """
        found: list[Word] = []
        place = 0
        if gene_first and (genes := self._genes(text, 0, certain=True)):
            found, place = [genes[0]], genes[1]
        while place < len(text):
            if text[place] == " ":
                place += 1
                continue
            tokens, place = self._next(text, place)
            found += tokens
        named = (_sign(*pair) for pair in zip(found, [*found[1:], None], strict=False))
        return [word for word in named if word.kind not in (Meaning.NEUTRAL, Meaning.LABEL)]

    def _next(self, text: str, place: int) -> tuple[list[Word], int]:
        """Return the tokens that begin at a place, and the place behind them; names go before words."""
        inside_word = place > 0 and text[place - 1].isascii() and text[place - 1].isalnum()
        if not inside_word:
            for pattern, build in self._shapes:
                if (match := pattern.match(text, place)) and match.end() > place:
                    return build(match), match.end()
        if word := self._words.match(text, place):
            return [Word(word[1], word[0])], place + len(word[0])
        if not inside_word and (genes := self._genes(text, place, certain=False)):
            return [genes[0]], genes[1]
        for pattern, kind in ((self._change, Shape.CHANGE), (self._number, Shape.NUMBER)):
            if match := pattern.match(text, place):
                return [Word(kind, match.group(), match.groupdict().get("v", match.group()))], match.end()
        return _remainder(text, place)

    def _genes(self, text: str, place: int, *, certain: bool) -> tuple[Word, int] | None:
        """Return the genes or the pair of genes that begin at a place."""
        match = re.compile(rf"{_GENE}(?:-\d+)?{_NOT_LATIN}").match(text, place)
        hyphened = re.compile(rf"[A-Za-z]{{1,4}}-[A-Za-z0-9]{{2,8}}{_NOT_LATIN}").match(text, place)
        if hyphened and (symbol := self._known(hyphened.group())):
            return Word(Shape.GENES, hyphened.group(), (symbol,)), hyphened.end()
        if match is None:
            return None
        first = self._known(match.group(), certain=certain)
        pair = self._pair(text, place, match, known=first is not None)
        if pair:
            return pair
        written = match.group()
        other = self._words.match(written, 0) or self._change.fullmatch(written)
        if first is None and certain and not other and re.fullmatch(r"[A-Z][A-Z0-9]+", written):
            first = written
        return self._list(text, match, first) if first else None

    def _pair(self, text: str, place: int, match: re.Match[str], *, known: bool) -> tuple[Word, int] | None:
        joint = re.compile(rf"\s*(?P<joint>-|::|–|—|~)\s*(?P<b>{_GENE}){_NOT_LATIN}").match(text, match.end())
        if joint is None or self._change.fullmatch(joint["b"]) or self._words.match(joint["b"], 0):
            return None
        symbols = [self._symbol_of(name) or name for name in (match.group(), joint["b"])]
        shaped = all(re.fullmatch(r"[A-Z][A-Z0-9]+", symbol) for symbol in symbols)
        either = known or self._known(joint["b"]) is not None or place == 0
        if not shaped or not either:
            return None
        return Word(Shape.PAIR, text[place : joint.end()], tuple(symbols)), joint.end()

    def _list(self, text: str, match: re.Match[str], first: str) -> tuple[Word, int]:
        """Return all genes of `EGFR/ALK/ROS1`, `CDKN2A/B` or `NTRK1/2/3`."""
        symbols, end = [first], match.end()
        while part := re.compile(rf"\s*/\s*([A-Za-z0-9-]+){_NOT_LATIN}").match(text, end):
            whole = self._known(part[1])
            stem = self._known(first[: -len(part[1])] + part[1]) if len(part[1]) < len(first) else None
            symbol = whole or stem
            if symbol is None:
                break
            symbols.append(symbol)
            end = part.end()
        return Word(Shape.GENES, text[match.start() : end], tuple(symbols)), end

    def _known(self, written: str, *, certain: bool = False) -> str | None:
        """Return the symbol of a gene name; words in small letters are names only where one is due."""
        symbol = self._symbol_of(written)
        shaped = written[0].isupper() or any(sign.isdigit() or sign == "-" for sign in written)
        return symbol if certain or shaped else None

    def _exon_of_gene(self, match: re.Match[str]) -> list[Word]:
        symbol = self._symbol_of(match["g"])
        gene = Word(Shape.GENES, match["g"], (symbol,)) if symbol else Word(Shape.UNKNOWN, match["g"])
        return [gene, Word(Shape.EXONS, match.group(), int(match["n"]))]

    def _event(self, match: re.Match[str]) -> list[Word]:
        word = self._words.match(match["w"], 0)
        kind = word[1] if word else Shape.UNKNOWN
        return [Word(Shape.EXONS, match["n"], int(match["n"])), Word(kind, match["w"])]


def _one(kind: Shape) -> Callable[[re.Match[str]], list[Word]]:
    return lambda match: [Word(kind, match.group(), match.groupdict().get("v", match.group()))]


def _label(match: re.Match[str]) -> list[Word]:
    """A numbered label (`Tier II`) names what follows, as words before a colon do."""
    return [Word(Shape.COLON, match.group())]


def _nothing(match: re.Match[str]) -> list[Word]:
    return [Word(Meaning.NEUTRAL, match.group())]


def _bare_coding(match: re.Match[str]) -> list[Word]:
    return [Word(Shape.CODING, match.group(), f"c.{match.group()}")]


def _bracketed(match: re.Match[str]) -> list[Word]:
    """Return the changes of `p.[A;B]`, on one molecule by HGVS, or of `p.[A];[B]`, on two."""
    unknown = "(;)" in match["in"]
    text = match["in"].replace("(;)", ";") + (match["two"] or "")
    changes = [part for part in re.split(r"[;\[\]]+", text) if part]
    found: list[Word] = []
    for change in changes:
        found += [Word(Meaning.AND, ";")] if found else []
        found.append(Word(Shape.CHANGE, change, change))
    phase = Meaning.TRANS if match["two"] else Meaning.CIS
    return found if unknown or len(changes) == 1 else [*found, Word(phase, match.group())]


def _far_junction(match: re.Match[str]) -> list[Word]:
    five, three = match["a"].upper(), match["b"].upper()
    return [
        Word(Shape.PAIR, match.group(), (five, three)),
        Word(Shape.JUNCTION, match.group(), f"{five[0]}{match['i']};{three[0]}{match['j']}"),
    ]


def _junction(match: re.Match[str]) -> list[Word]:
    # E6a/b: two splice forms that the laboratory did not tell apart.
    form = match["x"] if len(match["x"]) == 1 else ""
    value = f"{match['a']}{match['i']}{form};{match['b']}{match['j']}"
    return [Word(Shape.JUNCTION, match.group(), value)]


def _exons(match: re.Match[str]) -> list[Word]:
    return [Word(Shape.EXONS, match.group(), int(re.split(r"\D+", match["n"])[0]))]


def _sign(word: Word, following: Word | None) -> Word:
    """Return a word; a sign that ends its statement is none: `A +, B -` may be found and not found."""
    ends = following is None or following.kind in (Shape.COMMA, Shape.STOP, Shape.CLOSE, Meaning.AND)
    return Word(Shape.UNKNOWN, word.text) if word.text in ("+", "-", "–", "—") and ends else word


def _remainder(text: str, place: int) -> tuple[list[Word], int]:
    """Return a sign, or what no rule knows: a Latin word, or one character of another script."""
    sign = text[place]
    if sign == "." and text[place + 1 : place + 2] in ("", " "):
        return [Word(Shape.STOP, sign)], place + 1
    if sign in _SIGNS:
        return [Word(_SIGNS[sign], sign)], place + 1
    match = re.compile(r"[A-Za-z0-9À-ɏ_*]+|.").match(text, place)
    word = match.group() if match else sign
    return [Word(Shape.UNKNOWN, word, word)], place + len(word)
