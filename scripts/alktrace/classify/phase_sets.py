"""Phase of every pair, and of every larger set that molecules were counted over."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import replace

from ..evidence.schema import PhaseObservation
from ..inputs.settings.phase_settings import PhaseSettings
from ..vocabulary.resistance import Phase
from .phase import CIS_PHASES, PhaseReason, PhaseVerdict, resolve_phase

MAX_SET = 6
"""Larger sets are reduced to their first alterations: no molecule of a patient showed more."""


def resolve_sets(
    alterations: Iterable[str], observations: Iterable[PhaseObservation], settings: PhaseSettings
) -> dict[tuple[str, ...], PhaseVerdict]:
    """Return the verdicts of every pair, and of every larger set that molecules were counted over.

    Larger sets agree with their pairs: molecules of a larger set count for its pairs where they
    are more than the pair's own, and a larger set that is cis makes every part of it cis.

    Args:
        alterations: keys to be judged; observations over other keys are reduced to these.
        observations: of the usable specimens of one timepoint.
        settings: section `resistance.phase`.

    Returns:
        Verdict per sorted tuple of keys. Pairs without any observation are missing.
    """
    wanted = frozenset(alterations)
    groups: dict[tuple[str, ...], dict[tuple[str, str], PhaseObservation]] = {}
    for seen in sorted(observations, key=_order):
        # A triple also counts for its pairs, but one specimen's molecules only once: the larger count stays.
        for part in _parts(seen, wanted):
            names = tuple(sorted(part.alterations))
            known = groups.setdefault(names, {}).get(part.place)
            if known is None or _size(part) > _size(known):
                groups[names][part.place] = part
    verdicts = {names: resolve_phase(list(group.values()), settings) for names, group in groups.items()}
    return _agree(verdicts)


def proven_cis(
    alterations: Iterable[str], observations: Iterable[PhaseObservation], settings: PhaseSettings
) -> bool:
    """Tell whether any molecules prove alterations on one molecule; arguments as of `resolve_sets`."""
    verdicts = resolve_sets(alterations, observations, settings)
    return any(verdict.phase in CIS_PHASES for verdict in verdicts.values())


def marginal(seen: PhaseObservation, keep: Sequence[str]) -> PhaseObservation:
    """Return the observation over some of its alterations, in genomic order.

    Molecules that are uninformative at a dropped site stay uninformative: which site failed is not recorded.
    """
    sites = [index for index, name in enumerate(seen.alterations) if name in keep]
    patterns: dict[str, int] = {}
    for pattern, count in seen.patterns.items():
        short = "".join(pattern[site] for site in sites)
        patterns[short] = patterns.get(short, 0) + count
    return seen.model_copy(
        update={
            "alterations": tuple(seen.alterations[site] for site in sites),
            "patterns": patterns,
            "error_rates": tuple(seen.error_rates[site] for site in sites),
        }
    )


def _parts(seen: PhaseObservation, wanted: frozenset[str]) -> list[PhaseObservation]:
    names = [name for name in seen.alterations if name in wanted][:MAX_SET]
    return [
        marginal(seen, subset)
        for size in range(2, len(names) + 1)
        for subset in itertools.combinations(names, size)
    ]


def _agree(verdicts: dict[tuple[str, ...], PhaseVerdict]) -> dict[tuple[str, ...], PhaseVerdict]:
    proven = [set(names) for names, verdict in verdicts.items() if verdict.phase in CIS_PHASES]
    agreed = {}
    for names in sorted(verdicts):
        verdict = verdicts[names]
        # On one molecule as a triple, so on one as a pair; the other way round two pairs may be two clones.
        if verdict.phase not in CIS_PHASES and any(set(names) < larger for larger in proven):
            verdict = replace(
                verdict,
                phase=Phase.CIS,
                reason=PhaseReason.PROVEN_BY_LARGER_SET,
                max_double_share=None,
            )
        agreed[names] = verdict
    return agreed


def _order(seen: PhaseObservation) -> tuple[str, str, int, tuple[str, ...]]:
    return (seen.timepoint, seen.specimen, len(seen.alterations), tuple(sorted(seen.alterations)))


def _size(seen: PhaseObservation) -> int:
    return sum(seen.patterns.values()) + seen.uninformative
