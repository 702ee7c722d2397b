"""Whether a timepoint that does not show a finding excludes it, or could not have shown it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from ..classify.exclusions import COPY_KINDS
from ..classify.resistance_table import ClassificationRow
from ..inputs.settings.resistance_settings import NegativeSettings
from ..knowledge.core_loci import CoreLocus
from ..vocabulary.caveats import CaveatCode, codes_of
from ..vocabulary.negatives import Exclusion, ExclusionStatus, NegativeKind
from ..vocabulary.resistance import Classification
from .accounts import Key, read_accounts


class Absence(StrEnum):
    """What it means that a finding is not listed; `not_targeted` also stands for not stated or examined."""

    EXCLUDED = "excluded"
    NOT_ASSESSABLE = "not_assessable"
    NOT_TARGETED = "not_targeted"


NEVER_LOOKED = frozenset(
    {ExclusionStatus.NOT_TARGETED, ExclusionStatus.NOT_STATED, ExclusionStatus.NOT_EXAMINED}
)


@dataclass(frozen=True)
class Silence:
    """What one timepoint excludes.

    Attributes:
        kinds: per kind, what its silence means; a kind of which something was found is not excluded.
        beyond: kinds excluded beyond what was found of them.
        genes: the same over all core loci of a gene; genes without one are missing.
    """

    kinds: Mapping[NegativeKind, Absence] = field(default_factory=dict)
    beyond: frozenset[NegativeKind] = frozenset()
    genes: Mapping[str, Absence] = field(default_factory=dict)

    def of_kinds(self, kinds: Iterable[NegativeKind]) -> Absence:
        """Return what holds for several kinds together."""
        return together(self.kinds.get(kind, Absence.NOT_TARGETED) for kind in kinds)


def together(states: Iterable[Absence]) -> Absence:
    """Return what holds for all: excluded only if each is."""
    open_ = {state for state in states if state is not Absence.EXCLUDED}
    if not open_:
        return Absence.EXCLUDED
    return Absence.NOT_TARGETED if open_ == {Absence.NOT_TARGETED} else Absence.NOT_ASSESSABLE


def silence_of_row(row: ClassificationRow, core: Iterable[CoreLocus], settings: NegativeSettings) -> Silence:
    """Return what `excluded` of a row of `classification.tsv` says, held against the settings.

    Args:
        row: of `classification.tsv`; without `excluded` nothing is.
        core: loci that a negative asks for; tell which kinds speak of a gene.
        settings: section `resistance.negative`: how low a limit must be.
    """
    # The class is given only where every kind that DNA shows was judged informative.
    judged = row.classification is Classification.NONE_FOUND
    kinds = {
        item.kind: _absence(item.status, enough=judged or _is_enough(item, settings)) for item in row.excluded
    }
    by_gene: dict[str, set[NegativeKind]] = {}
    for place in core:
        by_gene.setdefault(place.gene, set()).add(place.kind)
    beyond = {kind for kind, state in kinds.items() if state is Absence.EXCLUDED}
    found = any(item.kind is NegativeKind.ALK_MUTATION and _is_found(item) for item in row.excluded)
    if found and CaveatCode.FURTHER_ALK_NOT_EXCLUDED not in codes_of(row.flags):
        beyond.add(NegativeKind.ALK_MUTATION)
    silence = Silence(kinds, frozenset(beyond))
    genes = {gene: silence.of_kinds(own) for gene, own in by_gene.items()}
    return Silence(kinds, frozenset(beyond), genes)


def read_silences(details: Iterable[Path], core: Iterable[CoreLocus]) -> dict[Key, Silence]:
    """Return what each timepoint excludes, locus by locus, from its `resistance.json`.

    Args:
        details: `resistance.json` files; those that tell nothing of exclusions are left out.
        core: loci that a negative asks for.

    Raises:
        DataError: a file that is no account of a timepoint.
    """
    genes = {place.gene for place in core}

    def read(content: Mapping[str, Any]) -> Silence | None:
        told = content.get("excluded")
        return _silence_of_account(told, genes) if told else None

    return {key: silence for key, silence in read_accounts(details, read).items() if silence is not None}


def _silence_of_account(told: Collection[Mapping[str, Any]], genes: Collection[str]) -> Silence:
    kinds, beyond = {}, set()
    loci: dict[str, list[Absence]] = {gene: [] for gene in genes}
    for item in told:
        kind, enough = NegativeKind(item["kind"]), bool(item["informative"])
        kinds[kind] = _absence(ExclusionStatus(item["status"]), enough=enough)
        beyond |= {kind} if enough else set()
        short = set(item["not_enough"])
        for name, limit in item["loci"].items():
            # A number is a limit, a word says why there is none.
            status = ExclusionStatus(limit) if isinstance(limit, str) else ExclusionStatus.EXCLUDED
            loci.setdefault(name.split()[0], []).append(_absence(status, enough=name not in short))
    # `together` of nothing would be excluded: a gene that no locus speaks of was not looked at.
    states = {gene: together(own) if own else Absence.NOT_TARGETED for gene, own in loci.items()}
    return Silence(kinds, frozenset(beyond), states)


def _absence(status: ExclusionStatus, *, enough: bool) -> Absence:
    if status is ExclusionStatus.EXCLUDED and enough:
        return Absence.EXCLUDED
    return Absence.NOT_TARGETED if status in NEVER_LOOKED else Absence.NOT_ASSESSABLE


def _is_found(item: Exclusion) -> bool:
    return item.status is ExclusionStatus.FOUND


def _is_enough(item: Exclusion, settings: NegativeSettings) -> bool:
    if item.above is None:
        return True
    copies = item.kind in COPY_KINDS
    limit = settings.amplification_copy_number if copies else settings.max_excluded_clone_fraction
    return item.above <= limit
