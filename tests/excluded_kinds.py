"""What a sample of a made-up cohort excludes: everything, but for the kinds named."""

from alktrace.vocabulary.negatives import Exclusion, ExclusionStatus, NegativeKind

COPIES = frozenset(
    {NegativeKind.ALK_AMPLIFICATION, NegativeKind.MET_AMPLIFICATION, NegativeKind.BYPASS_AMPLIFICATION}
)


def excluded(**other: str) -> tuple[Exclusion, ...]:
    """Every kind excluded in more than a tenth of the tumour cells, or above three copies.

    Args:
        other: kinds of which something else is said, as `met_amplification="not_assessable"`.
    """
    rows = []
    for kind in NegativeKind:
        limit = None if kind is NegativeKind.HISTOLOGY else 3.0 if kind in COPIES else 0.1
        told = Exclusion(kind, ExclusionStatus.EXCLUDED, limit)
        rows.append(Exclusion(kind, ExclusionStatus(other[kind.value])) if kind.value in other else told)
    return tuple(rows)
