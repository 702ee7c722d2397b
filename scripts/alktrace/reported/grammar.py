"""The grammar of a cell: statements between separators, asides in brackets, subjects and verdicts in turn."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedInput
from lark.lexer import Lexer

from .report_words import Meaning
from .tokens import Shape, Word

GRAMMAR = """
start: gap? [statement (gap statement)* gap?]
gap: (COMMA | STOP)+
statement: (subjects | verdict | aside | COLON)+
subjects: subject ((AND | OR) subject)*
subject: DETAIL+
verdict: (NO | STATUS | FOR)+
aside: OPEN start? CLOSE

%declare COMMA STOP COLON OPEN CLOSE AND OR NO STATUS FOR DETAIL
"""
_TERMINALS: dict[Shape | Meaning, str] = {
    Shape.COMMA: "COMMA",
    Shape.STOP: "STOP",
    Shape.COLON: "COLON",
    Shape.OPEN: "OPEN",
    Shape.CLOSE: "CLOSE",
    Meaning.AND: "AND",
    Meaning.OR: "OR",
    Meaning.NO: "NO",
    Meaning.FOR: "FOR",
    Meaning.BUT: "STOP",
    Meaning.FOUND: "STATUS",
    Meaning.DENIED: "STATUS",
    Meaning.DOUBTFUL: "STATUS",
    Meaning.NOT_TESTED: "STATUS",
}


class _Ready(Lexer):
    """Passes tokens that are cut already."""

    __future_interface__ = 1

    def __init__(self, _: object) -> None:
        """Need nothing of the grammar."""

    def lex(self, lexer_state: Any, _: Any) -> Iterator[Token]:
        """Yield the tokens."""
        yield from lexer_state.text


@cache
def _parser() -> Lark:
    return Lark(GRAMMAR, parser="lalr", lexer=_Ready)


def parse(words: Sequence[Word]) -> Tree[Token] | None:
    """Return the tree of a cell; None where the grammar does not know it, such as an open bracket.

    The words themselves are the `value` of the tokens.
    """
    try:
        return _parser().parse(list(_terminals(words)))
    except UnexpectedInput:
        return None


def _terminals(words: Sequence[Word]) -> Iterator[Token]:
    """Yield the words under the names of the grammar.

    `and` joins subjects; beside a verdict it begins another statement (`A detected and B not detected`).
    """
    names = [_TERMINALS.get(word.kind, "DETAIL") for word in words]
    for place, (word, name) in enumerate(zip(words, names, strict=True)):
        if word.kind is Meaning.WITHOUT:
            yield Token("STOP", word)
            yield Token("NO", word)
            continue
        around = (*names[max(0, place - 1) : place], *names[place + 1 : place + 2])
        joins = name not in ("AND", "OR") or around == ("DETAIL", "DETAIL")
        yield Token(name if joins or name == "OR" else "COMMA", word)
