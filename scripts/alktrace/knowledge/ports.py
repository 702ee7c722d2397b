"""What the classification needs to know, as an interface; `knowledge.py` fulfils it from the tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from ..evidence.schema import Alteration
from ..vocabulary.clinical import Histology
from ..vocabulary.resistance import Confidence


class AlkRole(StrEnum):
    """What is known of an ALK protein change."""

    RESISTANCE = "resistance"
    ACTIVATING = "activating"
    NEUTRAL = "neutral"
    UNKNOWN = "unknown"


class OffTargetKind(StrEnum):
    """What an alteration outside ALK can mean."""

    BYPASS = "bypass"
    CO_ALTERATION = "co_alteration"
    LINEAGE_MARKER = "lineage_marker"


@dataclass(frozen=True)
class OffTargetFact:
    """What the tables say about an alteration outside ALK.

    Attributes:
        subject: row of the knowledge table.
        mechanism: name shown, such as `MET amplification`.
        confidence: highest confidence the published evidence allows.
        sources: citations of verified statements.
    """

    subject: str
    mechanism: str
    kind: OffTargetKind
    confidence: Confidence
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Hints:
    """Drugs with verified reports, for one mechanism taken as a unit; a drug stands in one list only.

    Attributes:
        intermediate: drugs reported as neither sensitive nor resistant.
        conflicting: drugs whose sources contradict each other.
        withheld: drugs with reports that hold only if no other mutation shares the molecule or codon.
        sources: every statement used, with its effect, level and source, withheld ones included.
    """

    resistant_to: tuple[str, ...] = ()
    sensitive_to: tuple[str, ...] = ()
    intermediate: tuple[str, ...] = ()
    conflicting: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


class KnownMutation(Protocol):
    """One ALK protein change of the tables."""

    @property
    def role(self) -> AlkRole:
        """What it does."""

    @property
    def role_verified(self) -> bool:
        """Whether the role was read in a source, or remembered."""


class LineageSign(Protocol):
    """A sign of a change of lineage."""

    @property
    def confirms(self) -> bool:
        """Whether it proves the change, or only raises suspicion."""

    @property
    def histology(self) -> Histology | None:
        """The histology meant, where it is one."""


class ClassifierKnowledge(Protocol):
    """Facts that the classification asks for."""

    @property
    def transformation_markers(self) -> Sequence[LineageSign]:
        """Signs of a change of lineage."""

    def mutation(self, hgvs_p: str) -> KnownMutation | None:
        """Return what is known of an ALK protein change (`p.Gly1202Arg`); None if it is in no table."""

    def in_kinase_domain(self, codon: int) -> bool:
        """Return whether a residue of ALK belongs to the kinase domain."""

    def hotspot(self, gene: str, codon: int) -> bool:
        """Return whether a residue is a listed hotspot."""

    def haematopoiesis_gene(self, gene: str) -> bool:
        """Return whether variants of the gene may come from blood cells unless white cells exclude it."""

    def off_target(self, alteration: Alteration) -> OffTargetFact | None:
        """Return what the tables say about an alteration outside ALK."""

    def carries_bypass(self, gene: str) -> bool:
        """Return whether some alteration of the gene is a mechanism that names the class."""

    def hints(self, alterations: tuple[Alteration, ...]) -> Hints:
        """Return the drugs for one alteration, or for a compound as a unit."""
