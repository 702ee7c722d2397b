"""Criteria on sets of ALK mutations: one small function per code."""

from collections.abc import Callable
from dataclasses import dataclass

from ..vocabulary.resistance import Phase
from .alk_sets import AlkSets, PairPhase, ResidueChange, is_polyclonal
from .phase import PhaseReason


@dataclass(frozen=True)
class SetCriterion:
    """One criterion on a protein change of ALK among the others of its timepoint."""

    code: str
    description: str
    holds: Callable[[ResidueChange, AlkSets], bool]


def _phase(phase: Phase) -> Callable[[ResidueChange, AlkSets], bool]:
    return lambda change, sets: any(pair.verdict.phase is phase for pair in sets.pairs_of(change.name))


def _compound(phase: Phase) -> Callable[[ResidueChange, AlkSets], bool]:
    # `compound` too: cis within one codon is one residue and no pair.
    return lambda change, sets: any(
        pair.compound and pair.verdict.phase is phase for pair in sets.pairs_of(change.name)
    )


def _polyclonal(change: ResidueChange, _: AlkSets) -> bool:
    return is_polyclonal(change)


def _same_codon(change: ResidueChange, sets: AlkSets) -> bool:
    return any(pair.verdict.reason in _ONE_CODON for pair in sets.pairs_of(change.name))


_ONE_CODON = (PhaseReason.SAME_CODON, PhaseReason.SAME_BASE)


def _merged(pair: PairPhase) -> bool:
    """Both changes on one molecule and in one codon: one residue, which neither name gives."""
    return pair.verdict.reason is PhaseReason.SAME_CODON and pair.verdict.phase is not Phase.UNRESOLVED


def _single(change: ResidueChange, sets: AlkSets) -> bool:
    # True without any pair, and where every partner turned out to be part of the same residue.
    return all(_merged(pair) for pair in sets.pairs_of(change.name))


def _larger(change: ResidueChange, sets: AlkSets) -> bool:
    return any(change.name in members and len(members) > 2 for members in sets.compounds)


SET_CRITERIA = (
    SetCriterion("ALK_CIS", "Proven on one molecule with another ALK mutation.", _compound(Phase.CIS)),
    SetCriterion(
        "ALK_CIS_AND_SINGLE",
        "Proven on one molecule with another ALK mutation, and alone on others.",
        _compound(Phase.CIS_AND_SINGLE),
    ),
    SetCriterion("ALK_CIS_LARGER", "Proven on one molecule with two or more others.", _larger),
    SetCriterion("ALK_TRANS", "On other molecules than another ALK mutation.", _phase(Phase.TRANS)),
    SetCriterion("ALK_UNRESOLVED", "Phase to another ALK mutation is open.", _phase(Phase.UNRESOLVED)),
    SetCriterion("ALK_SAME_CODON", "Another change of the same codon was found.", _same_codon),
    SetCriterion(
        "ALK_POLYCLONAL",
        "One protein change by several DNA changes.",
        lambda change, _: is_polyclonal(change),
    ),
    SetCriterion("ALK_SINGLE", "No other ALK mutation beside it.", _single),
)
