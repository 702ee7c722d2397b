"""Treatment hints: what reports say about a mechanism, a compound taken as a unit.

Verified reports outrank cited ones: what was read in a source is not moved by what was not read again.

A compound can resist what its single mutations are sensitive to, and be sensitive to what one of them resists
(C1156Y with L1198F and crizotinib, PMID 26698910): its own reports count, those of its members never do.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ..vocabulary.caveats import Caveat, CaveatCode
from ..vocabulary.marks import Mark
from .entries import COMBINATION, DrugEffect, DrugStatement, Remark

OTHER_TUMOUR = "other_tumour"


@dataclass(frozen=True)
class Hints:
    """Drugs with verified or cited reports, alphabetical, for one mechanism; a drug stands in one list only.

    Attributes:
        intermediate: drugs reported as neither sensitive nor resistant, or as that and something else.
        conflicting: drugs whose sources contradict each other.
        withheld: drugs with reports that hold only if no other mutation shares the molecule or codon.
        cited: those of them that rest on cited reports alone.
        of_site: those of them of which a site states something that counts.
        statements: every statement used, withheld ones included.
        remarks: what else is curated; it puts no drug into a list.
    """

    resistant_to: tuple[str, ...] = ()
    sensitive_to: tuple[str, ...] = ()
    intermediate: tuple[str, ...] = ()
    conflicting: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
    cited: frozenset[str] = frozenset()
    of_site: frozenset[str] = frozenset()
    statements: tuple[DrugStatement, ...] = ()
    remarks: tuple[Remark, ...] = ()

    @property
    def verified(self) -> "Hints":
        """The lists without the drugs that rest on cited reports alone; confidence asks for these."""
        return Hints(
            resistant_to=self._read(self.resistant_to),
            sensitive_to=self._read(self.sensitive_to),
            intermediate=self._read(self.intermediate),
            conflicting=self._read(self.conflicting),
        )

    @property
    def flags(self) -> tuple[Caveat, ...]:
        """Caveats that follow from the lists; drugs that no column of the table holds are named."""
        named = {
            CaveatCode.CONFLICTING_EVIDENCE: self._marked(self.conflicting),
            CaveatCode.INTERMEDIATE_EVIDENCE: self._marked(self.intermediate),
            CaveatCode.DRUG_EFFECTS_WITHHELD: self.withheld,
        }
        flags = [Caveat(code, drugs) for code, drugs in named.items() if drugs]
        curated = self.statements or any(item.kind == COMBINATION for item in self.remarks)
        return tuple(flags if curated else [*flags, Caveat(CaveatCode.NO_DRUG_REPORT)])

    @property
    def sources(self) -> tuple[str, ...]:
        """The statements as they stand in the tables; two that differ in the model used read alike."""
        return tuple(dict.fromkeys(str(item) for item in self.statements))

    def effects(self) -> Iterable[tuple[str, DrugEffect]]:
        """Yield every drug with what is said of it; withheld drugs are not among them."""
        yield from ((drug, DrugEffect.RESISTANT) for drug in self.resistant_to)
        yield from ((drug, DrugEffect.SENSITIVE) for drug in self.sensitive_to)
        yield from ((drug, DrugEffect.INTERMEDIATE) for drug in self.intermediate)
        yield from ((drug, DrugEffect.CONTRADICTORY) for drug in self.conflicting)

    def mark(self, drug: str) -> Mark:
        """Return how well the place of a drug in its list is known."""
        return Mark.CITED if drug in self.cited else Mark.VERIFIED

    def _read(self, drugs: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(drug for drug in drugs if drug not in self.cited)

    def _marked(self, drugs: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(f"{drug} ({Mark.CITED})" if drug in self.cited else drug for drug in drugs)


def hints_of(statements: Iterable[DrugStatement], remarks: Iterable[Remark] = ()) -> Hints:
    """Return the hints that the statements about one subject allow.

    Proposed statements and reports from other tumours are not used.
    """
    used = [item for item in statements if _is_used(item)]
    counted = what_counts(used)
    hints = _sorted_out(
        ((item.drug, item.effect) for item in counted),
        (item for item in used if item.mark.shown),
        {item.drug for item in used} - {item.drug for item in used if item.mark.verified},
    )
    told = frozenset(item.drug for item in counted if item.of_site)
    return replace(hints, remarks=tuple(remarks), of_site=told)


def what_counts(statements: Iterable[DrugStatement]) -> list[DrugStatement]:
    """Return the statements that decide over a drug: the verified ones where there are any, else the cited.

    A cited `intermediate`, or the contrary, would else move a drug out of the list of what was read.
    """
    used = [item for item in statements if _is_used(item)]
    read = {item.drug for item in used if item.mark.verified}
    return [
        item
        for item in used
        if item.mark.verified or item.drug not in read or item.effect is DrugEffect.CONTRADICTORY
    ]


def _is_used(item: DrugStatement) -> bool:
    # Keeping silent needs no proof: a known conflict counts even where one of its sides was not read.
    return item.effect is DrugEffect.CONTRADICTORY or (item.mark.shown and item.context != OTHER_TUMOUR)


def joined(hints: Sequence[Hints]) -> Hints:
    """Return the hints of a member of several compounds, which may contradict each other.

    Here a cited report counts like a verified one: it is about another compound than that one.
    """
    if len(hints) == 1:
        return hints[0]
    together = _sorted_out(
        (pair for item in hints for pair in item.effects()),
        (statement for item in hints for statement in item.statements),
        {drug for item in hints for drug in item.cited},
    )
    return replace(
        together,
        remarks=tuple(dict.fromkeys(note for item in hints for note in item.remarks)),
        of_site=frozenset().union(*(item.of_site for item in hints)),
    )


def withheld(hints: Hints, others: Mapping[str, Hints]) -> Hints:
    """Return hints that claim nothing, because what else shares the molecule or the codon is open.

    The statements stay, each with the condition under which it holds.

    Args:
        hints: of the mutation, or compound, taken alone.
        others: of the sets it may belong to, by the names of the possible partners.
    """
    # Also drugs of the possible sets alone: what only the compound is sensitive to is as open.
    drugs = {drug for item in (hints, *others.values()) for drug, _ in item.effects()}
    statements = [replace(item, only_with=()) for item in hints.statements]
    for partner, possible in sorted(others.items()):
        statements.extend(replace(item, only_with=(partner,)) for item in possible.statements)
    return Hints(withheld=tuple(sorted(drugs)), statements=tuple(statements), remarks=hints.remarks)


def _sorted_out(
    effects: Iterable[tuple[str, DrugEffect]], statements: Iterable[DrugStatement], cited: Iterable[str]
) -> Hints:
    by_drug: dict[str, set[DrugEffect]] = defaultdict(set)
    for drug, effect in effects:
        by_drug[drug].add(effect)
    lists: dict[DrugEffect, list[str]] = defaultdict(list)
    for drug in sorted(by_drug):
        lists[_taken_together(by_drug[drug])].append(drug)
    return Hints(
        resistant_to=tuple(lists[DrugEffect.RESISTANT]),
        sensitive_to=tuple(lists[DrugEffect.SENSITIVE]),
        intermediate=tuple(lists[DrugEffect.INTERMEDIATE]),
        conflicting=tuple(lists[DrugEffect.CONTRADICTORY]),
        cited=frozenset(cited),
        statements=tuple(dict.fromkeys(statements)),
    )


def _taken_together(effects: set[DrugEffect]) -> DrugEffect:
    # Before the intermediate ones: a report in between does not settle two that contradict each other.
    if DrugEffect.CONTRADICTORY in effects or {DrugEffect.SENSITIVE, DrugEffect.RESISTANT} <= effects:
        return DrugEffect.CONTRADICTORY
    return next(iter(effects)) if len(effects) == 1 else DrugEffect.INTERMEDIATE
