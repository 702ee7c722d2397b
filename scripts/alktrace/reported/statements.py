"""Statements of a cell: subjects and verdicts in their order, with asides put where they belong."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from lark import Token, Tree

from .report_words import Meaning
from .tokens import Shape, Word


class Status(StrEnum):
    """What a clause says of its subject."""

    FOUND = "found"
    DENIED = "denied"
    DOUBTFUL = "doubtful"
    NOT_TESTED = "not_tested"


HEADS = (
    Shape.CHANGE,
    Shape.CODING,
    Shape.JUNCTION,
    Shape.PAIR,
    Meaning.FUSION,
    Meaning.SKIPPING,
    Meaning.AMPLIFICATION,
    Meaning.GAIN,
    Meaning.LOSS,
    Meaning.DELETION,
    Meaning.INSERTION,
    Meaning.COPIES,
    Meaning.OTHER,
)
"""Kinds of words that make a subject an alteration of its own; others are its details."""
ORIGINS = (Meaning.GERMLINE, Meaning.BLOOD, Meaning.SOMATIC)


@dataclass
class Element:
    """Subjects or a verdict of a statement; one that `negates` is a bare `no`.

    Attributes:
        labelled: behind a label and a colon, or a numbered label: `Tier I: none`, `other: negative`.
    """

    subjects: list[tuple[Word, ...]]
    alternatives: bool = False
    status: Status | None = None
    negates: bool = False
    conflict: bool = False
    repeats: bool = False
    colon: bool = False
    comma: bool = False
    labelled: bool = False

    @property
    def words(self) -> tuple[Word, ...]:
        """Words of all subjects."""
        return tuple(word for subject in self.subjects for word in subject)

    @property
    def head(self) -> bool:
        """Whether one of the subjects is an alteration of its own."""
        return any(word.kind in HEADS for word in self.words)


Statement = list[Element]


def statements_of(tree: Tree[Token]) -> Iterator[Statement]:
    """Yield the statements of a tree; those of asides that stand alone follow the one around them."""
    comma = False
    for node in tree.children:
        if not isinstance(node, Tree):
            continue
        if node.data == "gap":
            comma = all(token.type == "COMMA" for token in _tokens(node))
            continue
        apart: list[Statement] = []
        if elements := _elements(node, apart):
            elements[0].comma = comma
            yield elements
        yield from apart


def _elements(node: Tree[Token], apart: list[Statement]) -> Statement:
    found: Statement = []
    labelled = isinstance(node.children[0], Token)
    for child in node.children:
        if isinstance(child, Token):
            if found:
                found[-1].colon = True
        elif child.data == "subjects":
            _add_subjects(found, _subjects(child))
        elif child.data == "verdict":
            _add_verdict(found, _verdict(child))
        else:
            parts = [part for part in child.children if isinstance(part, Tree)]
            inside = [statement for part in parts for statement in statements_of(part)]
            _add_aside(found, inside, apart)
    if found:
        found[0].labelled = labelled
    return found


def _tokens(node: Tree[Token]) -> list[Token]:
    return [child for child in node.children if isinstance(child, Token)]


def _words(node: Tree[Token]) -> tuple[Word, ...]:
    return tuple(token.value for token in _tokens(node))  # the words that `parse` was given


def _subjects(node: Tree[Token]) -> Element:
    subjects = [_words(child) for child in node.children if isinstance(child, Tree)]
    return Element(_shared(subjects), alternatives=any(link.type == "OR" for link in _tokens(node)))


def _shared(subjects: list[tuple[Word, ...]]) -> list[tuple[Word, ...]]:
    """Give genes of a list the alteration that stands once behind them: `CDKN2A and CDKN2B loss`."""
    last = tuple(word for word in subjects[-1] if word.kind not in (Shape.GENES, Shape.CHANGE, Shape.CODING))
    return [
        (*subject, *last) if all(word.kind is Shape.GENES for word in subject) else subject
        for subject in subjects
    ]


def _verdict(node: Tree[Token]) -> Element:
    words = [word for word in _words(node) if word.kind is not Meaning.FOR]
    negates = bool(words) and words[0].kind in (Meaning.NO, Meaning.WITHOUT)
    said = [Status(word.kind.value) for word in words[negates:] if word.kind.value in set(Status)]
    if len(said) < len(words) - negates or len(set(said)) > 1 or not words:
        # `detected no`: the `no` is of what follows, where nothing separates the two
        return Element([], conflict=True)
    if not negates:
        return Element([], status=said[0], repeats=len(said) > 1)
    if not said:
        return Element([], negates=True)
    opposite = {Status.FOUND: Status.DENIED, Status.DENIED: Status.DOUBTFUL}
    status = opposite.get(said[0]) if len(said) == 1 else None
    return Element([], status=status, conflict=status is None)


def _add_subjects(found: Statement, element: Element) -> None:
    """Add subjects; behind other subjects they say more of the last of them (`ALK: G1202R`)."""
    if found and found[-1].subjects:
        first, *rest = element.subjects
        found[-1].subjects[-1] += first
        found[-1].subjects += rest
        found[-1].alternatives |= element.alternatives
        found[-1].colon = False
    else:
        found.append(element)


def _add_verdict(found: Statement, element: Element) -> None:
    """Add a verdict; beside an equal one it says nothing new, beside another one they contradict."""
    last = found[-1] if found and not found[-1].subjects else None
    if last is None:
        found.append(element)
    elif last.negates and element.status is Status.FOUND:
        last.negates, last.status = False, Status.DENIED
    elif (last.status, last.negates) != (element.status, element.negates):
        last.conflict = True


def _add_aside(found: Statement, inside: list[Statement], apart: list[Statement]) -> None:
    """Take an aside for a verdict, for details of what stands before it, or for statements of its own."""
    elements = [element for statement in inside for element in statement]
    if all(about_origin(statement) for statement in inside):
        return
    if all(not element.subjects for element in elements):
        for element in elements:
            _add_verdict(found, element)
    elif all(element.subjects for element in elements):
        subjects = [subject for element in elements for subject in element.subjects]
        element = Element(subjects, alternatives=any(element.alternatives for element in elements))
        before = next((item for item in reversed(found) if item.subjects), None)
        if before is not None and (before.head or not element.head):
            before.subjects[-1] += element.words
            before.alternatives |= element.alternatives
        else:
            _add_subjects(found, element)
    else:
        apart += inside


def about_origin(statement: Statement) -> bool:
    """Tell whether a statement doubts or denies an origin (`germline not excluded`), and nothing else."""
    words = [word for element in statement for word in element.words]
    only = bool(words) and all(word.kind in (*ORIGINS, Meaning.MUTATION) for word in words)
    named = any(word.kind in ORIGINS for word in words)
    verdicts = [element for element in statement if not element.subjects]
    return only and named and any(element.status is not Status.FOUND for element in verdicts)
