"""The clauses of a line: what its cells say together. Cells that contradict each other leave it open."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..inputs.user_tables import Line
from .clauses import TWO_READINGS, Cell, Clause, Form, read_cell
from .line_rows import SAID_CELLS
from .report_words import Meaning, plain
from .statements import Status
from .tokens import Lexer, Shape, Word
from .vaf_cells import DASHES

IN_COPIES = (
    Shape.NUMBER,
    Shape.BOUND,
    Meaning.FOUND,
    Meaning.DENIED,
    Meaning.DOUBTFUL,
    Meaning.NOT_TESTED,
    Meaning.NO,
    Meaning.EQUIVOCAL,
    Meaning.AMPLIFICATION,
    Meaning.GAIN,
    Meaning.LOSS,
    Meaning.BOTH_COPIES,
)
"""What a copy-number cell may say."""
NAMES_ONLY = (Shape.GENES, Shape.PAIR, Meaning.MUTATION)


@dataclass(frozen=True)
class LineClauses:
    """What a line says.

    Attributes:
        context: genes or pair of the gene cell, for clauses that name none.
        copies: the number of the copy-number cell.
        problem: why nothing is concluded from any of its clauses.
        words: all words, for notes on names of genes.
    """

    clauses: tuple[Clause, ...]
    context: Word | None
    copies: float | None
    problem: str | None
    words: tuple[Word, ...]


def read_line(line: Line, lexer: Lexer) -> LineClauses:
    """Return the clauses of a line, VAF and partner cells apart."""
    first = next((name for name in (*SAID_CELLS, "partner") if name in line), "")
    texts = {name: plain(line[name]) for name in (*SAID_CELLS, "exon", "transcript") if name in line}
    texts = {name: text for name, text in texts.items() if text not in DASHES}
    words = {name: lexer.tokens(text, gene_first=name == first) for name, text in texts.items()}
    if "exon" in words and not any(word.kind is Shape.EXONS for word in words["exon"]):
        words["exon"] = lexer.tokens(f"exon {texts['exon']}")
    copies, words["copy_number"] = _copies(line, lexer)
    context = None
    gene = words.get("gene", [])
    if gene and all(word.kind in NAMES_ONLY for word in gene) and gene[0].kind is not Meaning.MUTATION:
        context = gene[0]
        words["gene"] = []
    cells = [read_cell(own) for own in words.values()]
    clauses, problem = _joined(cells)
    problem = problem or next((cell.problem for cell in cells if cell.problem), None)
    everything = tuple(word for own in (gene if context else [], *words.values()) for word in own)
    return LineClauses(tuple(_with_genes(clauses, context)), context, copies, problem, everything)


def _copies(line: Line, lexer: Lexer) -> tuple[float | None, list[Word]]:
    """Return the number of the copy-number cell, and its other words."""
    text = plain(line.get("copy_number", ""))
    if text in ("", *DASHES):
        return None, []
    found = [word for word in lexer.tokens(text) if word.kind not in (Meaning.COPIES, Meaning.NOT_GIVEN)]
    words = [word if word.kind in IN_COPIES else Word(Shape.UNKNOWN, word.text) for word in found]
    numbers = [word for word in words if word.kind is Shape.NUMBER]
    if len(numbers) != 1:
        return None, words
    rest = [word for word in words if word is not numbers[0]]
    return float(str(numbers[0].value).replace(",", ".")), rest


def _joined(cells: Sequence[Cell]) -> tuple[list[Clause], str | None]:
    """Return the clauses of all cells: those of the richest one, with what the others say of them."""
    carriers = sorted((cell for cell in cells if cell.clauses), key=lambda cell: -len(cell.clauses))
    details = tuple(word for cell in cells for word in cell.details)
    clauses = list(carriers[0].clauses) if carriers else [Clause(())]
    problem = None
    for other in carriers[1:]:
        if len(other.clauses) > 1:
            problem = "two cells with several findings each"
            continue
        (extra,) = other.clauses
        clauses = [_merged(clause, extra) for clause in clauses]
    clauses = [replace(clause, words=(*clause.words, *details)) for clause in clauses]
    for cell in cells:
        clauses, wrong = _judged(clauses, cell.verdicts)
        problem = problem or wrong
    empty = not carriers and not details and clauses[0].status is None
    return ([] if empty else clauses), problem


def _merged(clause: Clause, extra: Clause) -> Clause:
    """Return a clause with the words of another cell; where both give a verdict they must agree."""
    both = replace(clause, words=(*clause.words, *extra.words))
    if extra.problem:
        return both.unread(extra.problem)
    return _with_status(both, extra.status) if extra.status else both


def _with_status(clause: Clause, status: Status) -> Clause:
    if clause.status is None:
        return replace(clause, status=status, form=Form.AFTER)
    return clause if clause.status is status else clause.unread(TWO_READINGS)


def _judged(clauses: list[Clause], verdicts: Sequence[Status]) -> tuple[list[Clause], str | None]:
    """Return the clauses with the verdicts of another cell: one for all, or one for each."""
    if not verdicts:
        return clauses, None
    if len(set(verdicts)) == 1:
        return [_with_status(clause, verdicts[0]) for clause in clauses], None
    if len(verdicts) == len(clauses):
        return [_with_status(*pair) for pair in zip(clauses, verdicts, strict=True)], None
    return clauses, "verdicts that do not go with the findings"


def _with_genes(clauses: Sequence[Clause], context: Word | None) -> list[Clause]:
    """Return the clauses with their genes: their own, else those named last in the cell, else the line's."""
    last = context
    found = []
    for clause in clauses:
        own = [word for word in clause.words if word.kind in (Shape.GENES, Shape.PAIR)]
        if own:
            last = own[-1] if own[-1].kind is Shape.GENES else context
            # `EML4` in the gene cell, `ALK fusion` in another
            both = context is not None and clause.has(Meaning.FUSION) and not clause.has(Shape.PAIR)
            joined = replace(clause, words=(context, *clause.words)) if both and context else clause
            found.append(_of_context(joined, context))
        elif last is not None:
            found.append(replace(clause, words=(last, *clause.words)))
        else:
            found.append(clause)
    return found


def _of_context(clause: Clause, context: Word | None) -> Clause:
    """Return a clause that may speak of other genes than the gene cell only where it denies them."""
    if context is None or context.kind is Shape.PAIR or clause.status is Status.DENIED:
        return clause
    named = {gene for genes in clause.values(Shape.GENES) + clause.values(Shape.PAIR) for gene in genes}
    if named & set(context.value):
        return clause
    return replace(clause, words=(context, *clause.words)).unread("another gene than in the gene cell")
