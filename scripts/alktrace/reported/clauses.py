"""Clauses of a cell: what each speaks of, and whether it was found. What has two readings has none."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from .grammar import parse
from .report_words import Meaning
from .statements import HEADS, Element, Statement, Status, about_origin, statements_of
from .tokens import Shape, Word

Kind = Shape | Meaning


class Form(StrEnum):
    """Where the verdict of a clause stands."""

    BARE = "bare"  # there is none
    BEFORE = "before"  # `no G1202R`, `positive for G1202R`
    AFTER = "after"  # `G1202R not detected`


COPY_CHANGES = (Meaning.AMPLIFICATION, Meaning.GAIN, Meaning.LOSS, Meaning.DELETION)
UNKNOWN = "words that are not known"
TWO_READINGS = "found, or not found?"


@dataclass(frozen=True)
class Clause:
    """One subject with its verdict.

    Attributes:
        words: of the subject, in their order.
        status: None where the clause gives none; in a list of findings that means found.
        problem: why nothing is concluded from it; None where it can be read.
        lists: a verdict with a colon before the subject, which holds for what follows too.
    """

    words: tuple[Word, ...]
    status: Status | None = None
    form: Form = Form.BARE
    problem: str | None = None
    lists: bool = False

    def has(self, *kinds: Kind) -> bool:
        """Tell whether one of the words is of one of the kinds."""
        return any(word.kind in kinds for word in self.words)

    def values(self, kind: Kind) -> list[Any]:
        """Return the values of the words of one kind, each once."""
        return list(dict.fromkeys(word.value or word.text for word in self.words if word.kind is kind))

    @property
    def heads(self) -> frozenset[Kind]:
        """Kinds of words with which it names an alteration."""
        return frozenset(word.kind for word in self.words if word.kind in HEADS)

    @property
    def head(self) -> bool:
        """Whether it names an alteration."""
        return bool(self.heads)

    @property
    def subject(self) -> frozenset[Any]:
        """What it speaks of, to tell whether two clauses speak of one thing."""
        names = (Shape.GENES, Shape.PAIR, Shape.CHANGE, Shape.CODING, Shape.EXONS)
        return self.heads | {word.value for word in self.words if word.kind in names}

    @property
    def text(self) -> str:
        """The words as written, one blank between them."""
        return " ".join(word.text for word in self.words)

    def unread(self, problem: str) -> "Clause":
        """Return the clause without a reading; the first reason counts."""
        return replace(self, problem=self.problem or problem)


@dataclass
class Cell:
    """What one cell says.

    Attributes:
        clauses: its statements about alterations.
        details: words that say more of an alteration that another cell names.
        verdicts: verdicts without a subject.
        problem: why nothing is concluded from the whole line.
    """

    clauses: list[Clause] = field(default_factory=list)
    details: list[Word] = field(default_factory=list)
    verdicts: list[Status] = field(default_factory=list)
    problem: str | None = None


def read_cell(words: Sequence[Word]) -> Cell:
    """Return the clauses of a cell from its words."""
    if not words:
        return Cell()
    tree = parse(words)
    if tree is None:
        return Cell(problem="brackets or words in an order that is not known")
    cell = _Builder()
    for statement in statements_of(tree):
        cell.add(statement)
    return cell.done()


def _clauses(statement: Statement) -> list[Clause]:
    """Return the clauses of a statement with a verdict, one per subject; of two readings none counts."""
    pairs = _pairs(statement)
    if pairs is None:
        words = tuple(word for element in statement for word in element.words)
        return [Clause(words, form=Form.AFTER, problem=TWO_READINGS)]
    found = []
    for subjects, verdict, form in pairs:
        status = Status.DENIED if verdict.negates else verdict.status
        # Of alternatives that were found one is true, and nobody can tell which.
        if subjects.alternatives and status is not Status.DENIED:
            status = Status.DOUBTFUL
        problem = TWO_READINGS if verdict.conflict else None
        lists = form is Form.BEFORE and verdict.colon
        clauses = [Clause(words, status, form, problem, lists) for words in subjects.subjects]
        if form is Form.AFTER and status is Status.DENIED:
            clauses = [*map(_found_if_counted, clauses[:-1]), clauses[-1]]
        found += clauses
    return found


def _pairs(statement: Statement) -> list[tuple[Element, Element, Form]] | None:
    """Return each subject with its verdict; None where two verdicts may belong to one subject."""
    shape = "".join("S" if element.subjects else "V" for element in statement)
    if len(shape) > 2 and any(element.conflict or element.repeats for element in statement):
        return None
    topic = statement[0] if shape.startswith("SV") and not statement[0].head else None
    if topic is not None and len(shape) > 2:
        statement, shape = statement[1:], shape[1:]
        last = statement[-1] if shape[-1] == "S" else statement[-2]
        if last.head:
            last.subjects[0] = (*topic.words, *last.subjects[0])
        else:
            last.subjects = [(*subject, *last.words) for subject in topic.subjects]
    if shape == "VSV":
        before, subjects, after = statement
        if before.negates and after.status is Status.FOUND and not after.conflict:
            # `no A or B detected`; of `no A and B detected` and `no A, B: positive` B may be found
            joined = subjects.colon or (len(subjects.subjects) > 1 and not subjects.alternatives)
            return None if joined else [(subjects, before, Form.BEFORE)]
        return [(subjects, after, Form.AFTER)] if before.status is after.status is not None else None
    if shape == "SVS" and not statement[2].head:
        statement[0].subjects[-1] += statement[2].words
        return [(statement[0], statement[1], Form.AFTER)]
    # Where nothing separates them, a list or a bare `no` may belong to what stands before it or behind.
    if len(shape) > 2 and any(len(element.subjects) > 1 or element.negates for element in statement):
        return None
    if shape == "SV" * (len(shape) // 2):
        return [(statement[i], statement[i + 1], Form.AFTER) for i in range(0, len(shape), 2)]
    if shape == "VS" * (len(shape) // 2):
        return [(statement[i + 1], statement[i], Form.BEFORE) for i in range(0, len(shape), 2)]
    return None


class _Builder:
    """Puts the statements of a cell together: details go to their subject, lists share a verdict."""

    def __init__(self) -> None:
        self._cell = Cell()
        self._waiting: list[Word] = []
        self._no = False

    def add(self, statement: Statement) -> None:
        """Take the next statement."""
        if about_origin(statement):
            return
        if all(not element.subjects for element in statement):
            self._verdict(statement[0])
        elif any(not element.subjects for element in statement):
            self._told(statement)
        else:
            for element in statement:
                self._bare(element)

    def _verdict(self, element: Element) -> None:
        """Give a verdict without subject to the clause before it, if that is one and has none."""
        status = Status.DENIED if element.negates else element.status
        clauses = self._cell.clauses
        # `Tier III: Q1188R; Tier I: none` denies another tier; `G1202R; result: negative` what is before it.
        another = element.labelled and status is not Status.FOUND and bool(clauses)
        if element.conflict or status is None or another:
            self._cell.problem = TWO_READINGS
        elif not clauses and self._waiting:
            words, self._waiting = tuple(self._waiting), []
            clauses.append(Clause(words, status, Form.AFTER))
        elif not clauses:
            self._cell.verdicts.append(status)
        elif clauses[-1].status is None and (len(clauses) == 1 or clauses[-2].status is not None):
            clauses[-1] = replace(clauses[-1], status=status, form=Form.AFTER)
        elif status is Status.FOUND and clauses[-1].status is None:
            return
        elif clauses[-1].status is not status:
            self._cell.clauses = [clause.unread(TWO_READINGS) for clause in clauses]

    def _told(self, statement: Statement) -> None:
        clauses = _clauses(statement)
        if self._no and statement[0].comma and clauses[0].form is Form.AFTER:
            # `no A, B detected`: is B found, or none of both?
            clauses = [clause.unread(TWO_READINGS) for clause in clauses]
        self._no = statement[0].negates
        waiting, self._waiting = self._waiting, []
        if clauses and clauses[0].head:
            clauses[0] = replace(clauses[0], words=(*waiting, *clauses[0].words))
        else:
            self._cell.details += waiting
        self._cell.clauses += clauses

    def _bare(self, element: Element) -> None:
        for words in element.subjects:
            clause = Clause(words, Status.DOUBTFUL if element.alternatives else None)
            last = self._cell.clauses[-1] if self._cell.clauses else None
            if self._details(clause, last):
                if last is not None and last.head:
                    self._cell.clauses[-1] = replace(last, words=(*last.words, *words))
                else:
                    self._waiting += words
            else:
                self._cell.clauses.append(replace(clause, words=(*self._waiting, *words)))
                self._waiting = []

    @staticmethod
    def _details(clause: Clause, last: Clause | None) -> bool:
        """Tell whether words say more of an alteration beside them, as a coding name where one lacks it."""
        if clause.has(Shape.CODING) and not clause.has(Shape.CHANGE):
            return last is None or (last.has(Shape.CHANGE) and not last.has(Shape.CODING))
        heads = clause.heads
        if last is not None and last.status is None and _one_event(last.heads, heads):
            return True
        return not heads and not (last is not None and clause.has(Shape.GENES))

    def done(self) -> Cell:
        """Return the cell."""
        cell = self._cell
        self._settle_waiting()
        cell.clauses = list(_in_lists(cell.clauses, cell.verdicts))
        cell.clauses = _agreed([_known(clause) for clause in cell.clauses])
        lost = [clause for clause in cell.clauses if clause.problem and not clause.has(Shape.GENES, *HEADS)]
        if lost or any(word.kind is Shape.UNKNOWN for word in cell.details):
            # Words that nobody knows and that name nothing may speak of any clause of the line.
            cell.problem = cell.problem or _unknown(cell.details) or lost[0].problem
        return cell

    def _settle_waiting(self) -> None:
        words, self._waiting = self._waiting, []
        if any(word.kind in HEADS for word in words):
            self._cell.clauses.append(Clause(tuple(words)))
        else:
            self._cell.details += words


def _in_lists(clauses: Sequence[Clause], verdicts: Sequence[Status]) -> Iterator[Clause]:
    """Yield the clauses with the verdicts of their lists.

    A clause without verdict beside one that was not found is open (`A, B not detected`), unless a number
    says that it was found, or the other names its own verdict first (`A, no B`).
    """
    listed: Clause | None = None
    for place, clause in enumerate(clauses):
        if clause.form is not Form.BARE:
            listed = clause if clause.lists else None
        elif clause.status is None and not _counted(clause):
            after = next((other for other in clauses[place + 1 :] if other.form is not Form.BARE), None)
            before = [other for other in clauses[:place] if other.form is not Form.BARE][-1:]
            open_ = after is not None and after.form is Form.AFTER and after.status is not Status.FOUND
            doubted = any(other.status is not Status.FOUND for other in before)
            if listed is not None and not open_:
                yield replace(clause, status=listed.status, form=Form.BEFORE)
                continue
            if open_ or doubted or any(status is not Status.FOUND for status in verdicts):
                yield clause.unread(TWO_READINGS)
                continue
        yield clause


def _one_event(one: frozenset[Kind], other: frozenset[Kind]) -> bool:
    """Tell whether two clauses name one event: `exon 20 insertion, A767_V769dup` or `CN 8, amplified`."""
    events = {Meaning.DELETION, Meaning.INSERTION}
    for first, second in ((one, other), (other, one)):
        if first == {Meaning.COPIES} and second & set(COPY_CHANGES):
            return True
        if first and first <= events and Shape.CHANGE in second:
            return True
        if first == {Meaning.FUSION} and second <= {Shape.PAIR, Shape.JUNCTION}:
            return True
    return False


def _agreed(clauses: Sequence[Clause]) -> list[Clause]:
    """Return the clauses; of several on one thing that do not say the same none can be read."""
    said: dict[frozenset[Any], set[tuple[Status | None, bool]]] = {}
    for clause in clauses:
        said.setdefault(clause.subject, set()).add((clause.status, clause.problem is not None))
    return [
        clause.unread(TWO_READINGS) if clause.head and len(said[clause.subject]) > 1 else clause
        for clause in clauses
    ]


def _counted(clause: Clause) -> bool:
    """Tell whether a number says that the subject was found: a VAF, or copies of an amplification."""
    return clause.has(Shape.PERCENT) or (clause.has(Shape.NUMBER) and clause.has(*COPY_CHANGES))


def _found_if_counted(clause: Clause) -> Clause:
    """Return a clause of a denied list as found where it has a VAF: `A 1.2 % and B not detected`."""
    return replace(clause, status=Status.FOUND) if _counted(clause) else clause


def _known(clause: Clause) -> Clause:
    problem = _unknown(clause.words) or _several(clause)
    return replace(clause, problem=problem) if problem else clause


def _several(clause: Clause) -> str | None:
    """Return why the words of one subject are two; in a list a sign stands between them."""
    changes = (change.rpartition(":")[2] for change in clause.values(Shape.CHANGE))
    counts = {
        "changes": len({tuple(re.findall(r"\d+", change)[:1]) for change in changes}),
        "exons": len(clause.values(Shape.EXONS)),
        "genes": 0 if clause.has(Meaning.FUSION) else len(clause.values(Shape.GENES)) * clause.head,
    }
    two = next((name for name, count in counts.items() if count > 1), None)
    return f"two {two} without a sign between them" if two else None


def _unknown(words: Iterable[Word]) -> str | None:
    unknown = [word.text for word in words if word.kind is Shape.UNKNOWN]
    return f"{UNKNOWN}: {' '.join(unknown)}" if unknown else None
