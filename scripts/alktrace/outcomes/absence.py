"""Whether a timepoint that does not show a finding excludes it, or could not have shown it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
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
from ..vocabulary.resistance import Classification, NotEvaluableReason
from .accounts import Key, read_accounts


class Absence(StrEnum):
    """What it means that a finding is not listed; `not_targeted` also stands for not stated or examined."""

    EXCLUDED = "excluded"
    NOT_ASSESSABLE = "not_assessable"
    NOT_TARGETED = "not_targeted"


NEVER_LOOKED = frozenset(
    {ExclusionStatus.NOT_TARGETED, ExclusionStatus.NOT_STATED, ExclusionStatus.NOT_EXAMINED}
)
OF_ALK_ALONE = frozenset({NotEvaluableReason.ALK_NOT_COVERED, NotEvaluableReason.POWER_LOW})
"""Reasons of an uninformative timepoint that say nothing of loci other than those of ALK."""


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

    def unread(self) -> "Silence":
        """Return what is left where a line of a report was not understood, that may be the mechanism."""
        kinds = {
            kind: state if kind is NegativeKind.HISTOLOGY else together((state, Absence.NOT_ASSESSABLE))
            for kind, state in self.kinds.items()
        }
        return Silence(kinds, frozenset(), dict.fromkeys(self.genes, Absence.NOT_ASSESSABLE))


def together(states: Iterable[Absence]) -> Absence:
    """Return what holds for all: excluded only if each is."""
    open_ = {state for state in states if state is not Absence.EXCLUDED}
    if not open_:
        return Absence.EXCLUDED
    return Absence.NOT_TARGETED if open_ == {Absence.NOT_TARGETED} else Absence.NOT_ASSESSABLE


def silences_of(
    rows: Iterable[ClassificationRow],
    details: Iterable[Path],
    core: Sequence[CoreLocus],
    settings: NegativeSettings,
) -> dict[Key, Silence]:
    """Return what each timepoint excludes: locus by locus where it has an account, else by kind.

    Args:
        rows: of `classification.tsv`.
        details: `resistance.json` of the timepoints; may be empty.
        core: loci that a negative asks for.
        settings: section `resistance.negative`.

    Raises:
        DataError: a file that is no account of a timepoint.
    """
    accounts = read_silences(details, core)
    found = {}
    for row in rows:
        key = row.patient, row.timepoint
        silence = accounts.get(key) or silence_of_row(row, core, settings)
        found[key] = silence.unread() if _hides_a_mechanism(row) else silence
    return found


def silence_of_row(row: ClassificationRow, core: Iterable[CoreLocus], settings: NegativeSettings) -> Silence:
    """Return what `excluded` of a row of `classification.tsv` says, held against the settings.

    Args:
        row: of `classification.tsv`; without `excluded` nothing is.
        core: loci that a negative asks for; tell which kinds speak of a gene.
        settings: section `resistance.negative`: how low a limit must be.
    """
    open_ = _left_open(row)
    kinds = {
        item.kind: _absence(item.status, enough=item.kind not in open_ and _is_enough(item, row, settings))
        for item in row.excluded
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


def _is_enough(item: Exclusion, row: ClassificationRow, settings: NegativeSettings) -> bool:
    # The class is given only where every kind that DNA shows was judged informative.
    if item.above is None or row.classification is Classification.NONE_FOUND:
        return True
    if item.kind in COPY_KINDS:
        return item.above < settings.amplification_copy_number
    return item.above <= settings.max_excluded_clone_fraction


def _hides_a_mechanism(row: ClassificationRow) -> bool:
    # A negative class is not given beside a line that may be one; any other says nothing of such a line.
    negative = row.classification in (Classification.NONE_FOUND, Classification.ON_TARGET_EXCLUDED)
    return not negative and CaveatCode.NOT_INTERPRETED in codes_of(row.flags)


def _left_open(row: ClassificationRow) -> frozenset[NegativeKind]:
    """Return the kinds that a sample leaves open whatever limit it states: too early, too little tumour."""
    if row.classification is Classification.NOT_EVALUABLE:
        if not set(row.not_evaluable_reason) <= OF_ALK_ALONE:
            return frozenset(NegativeKind) - {NegativeKind.HISTOLOGY}
        return frozenset({NegativeKind.ALK_MUTATION})
    told = {name for flag in row.flags if flag.code is CaveatCode.BYPASS_NOT_EXCLUDED for name in flag.about}
    if CaveatCode.ON_TARGET_NOT_EXCLUDED in codes_of(row.flags):
        told.add(NegativeKind.ALK_MUTATION)
    return frozenset(kind for kind in NegativeKind if kind.value in told)
