"""Drug names: those of the knowledge table, and those that a site adds in its own `drugs.tsv`."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from .clinical_schema import DrugRow

LORLATINIB = "lorlatinib"
MIN_SIMILARITY = 0.75
"""Of `difflib`: two letters swapped in ten still suggest the name, a common ending alone does not."""


class DrugKnowledge(Protocol):
    """What the clinical tables need to know of drugs."""

    @property
    def alk_tkis(self) -> frozenset[str]:
        """Canonical names of the ALK inhibitors."""

    @property
    def drug_names(self) -> Mapping[str, str]:
        """Canonical name by every name in lower case."""


@dataclass(frozen=True)
class DrugNames:
    """The drugs that a folder of clinical tables may name.

    Attributes:
        names: canonical name by every name, case folded.
        alk_tkis: canonical names of the ALK inhibitors.
    """

    names: Mapping[str, str]
    alk_tkis: frozenset[str]

    def canonical(self, name: str) -> str | None:
        """Return the canonical name of a drug or synonym in any case, None if nobody knows it."""
        return self.names.get(fold(name))

    def closest(self, name: str) -> str | None:
        """Return the known name most like one that is not known, None without any that is alike."""
        found = difflib.get_close_matches(fold(name), self.names, n=1, cutoff=MIN_SIMILARITY)
        return found[0] if found else None


def fold(name: str) -> str:
    """Return a name as it is looked up."""
    return name.strip().casefold()


def all_drugs(knowledge: DrugKnowledge, own: Iterable[DrugRow]) -> DrugNames:
    """Return the drugs of the knowledge table together with a site's own.

    Args:
        knowledge: the shipped table; its names go first.
        own: rows of the site's `drugs.tsv`.
    """
    # The shipped names first: a synonym of a site cannot give them another meaning.
    names = dict(knowledge.drug_names)
    inhibitors = set(knowledge.alk_tkis)
    for row in own:
        canonical = names.setdefault(fold(row.drug), row.drug)
        for synonym in row.synonyms:
            names.setdefault(fold(synonym), canonical)
        if row.alk_tki:
            inhibitors.add(canonical)
    return DrugNames(names, frozenset(inhibitors))
