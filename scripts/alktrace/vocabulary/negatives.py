"""What a timepoint excludes, per kind of mechanism, as values until a row is written."""

import re
from dataclasses import dataclass
from enum import StrEnum


class NegativeKind(StrEnum):
    """Kinds of mechanism that a sample excludes or not, each on its own, in the order they are written."""

    ALK_MUTATION = "alk_mutation"
    ALK_AMPLIFICATION = "alk_amplification"
    BYPASS_MUTATION = "bypass_mutation"
    MET_AMPLIFICATION = "met_amplification"
    BYPASS_AMPLIFICATION = "bypass_amplification"
    BYPASS_FUSION = "bypass_fusion"
    GENE_LOSS = "gene_loss"
    HISTOLOGY = "histology"


class ExclusionStatus(StrEnum):
    """What the silence of a timepoint says about one kind; `in_part`: some of its loci were excluded."""

    EXCLUDED = "excluded"
    FOUND = "found"
    IN_PART = "in_part"
    NOT_ASSESSABLE = "not_assessable"
    NOT_TARGETED = "not_targeted"
    NOT_STATED = "not_stated"
    NOT_EXAMINED = "not_examined"


@dataclass(frozen=True)
class Exclusion:
    """What is excluded of one kind; its text is `alk_mutation>0.18` or `bypass_fusion:not_targeted`.

    Attributes:
        above: tumour-cell shares above this are excluded; of amplifications, tumour copy numbers above it.
            None where nothing is excluded, and for histology, which has no limit.
    """

    kind: NegativeKind
    status: ExclusionStatus
    above: float | None = None

    def __str__(self) -> str:
        # `>` reads as the column does: "excluded: alk_mutation>0.18"; a `<=` would turn the statement round.
        return f"{self.kind}:{self.status}" if self.above is None else f"{self.kind}>{self.above:.3g}"

    @classmethod
    def parse(cls, text: str) -> "Exclusion":
        """Return the exclusion of its text.

        Raises:
            ValueError: no known kind with a number or a status.
        """
        parts = re.fullmatch(r"(\w+)(>|:)(.+)", text)
        if parts is None:
            raise ValueError("write a limit or a status: alk_mutation>0.18, histology:not_examined")
        kind, mark, said = parts.groups()
        if mark == ">":
            return cls(NegativeKind(kind), ExclusionStatus.EXCLUDED, float(said))
        return cls(NegativeKind(kind), ExclusionStatus(said))
