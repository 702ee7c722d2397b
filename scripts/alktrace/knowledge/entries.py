"""What the knowledge tables hold, row by row."""

import re
from dataclasses import dataclass
from enum import StrEnum

from ..inputs.knowledge_files import Placed
from ..inputs.knowledge_rows import KnownValue
from ..vocabulary.clinical import Histology
from ..vocabulary.marks import Mark

COMBINATION = "combination"
REMARKS = (COMBINATION, "calling_note", "frequency")
"""Attributes of the bypass table that reports show as they stand."""


class AlkRole(StrEnum):
    """What is known of an ALK protein change."""

    RESISTANCE = "resistance"
    ACTIVATING = "activating"
    NEUTRAL = "neutral"
    UNKNOWN = "unknown"


class DrugEffect(StrEnum):
    """What is said of a drug; `contradictory` sums up sources that say opposite things."""

    SENSITIVE = "sensitive"
    INTERMEDIATE = "intermediate"
    RESISTANT = "resistant"
    CONTRADICTORY = "contradictory"


@dataclass(frozen=True)
class DrugStatement:
    """One statement about a drug; its text stands in the column `evidence`.

    Attributes:
        level: A validated, B clinical, C case, D preclinical, E inferential, R review; None for a known
            contradiction.
        context: `lung`, `cell_model` or `other_tumour`; None for a known contradiction.
        only_with: None where it holds without condition; else the mutations that must share the molecule
            for it to hold, empty where none may.
        of_site: a site states it, not this project.
    """

    drug: str
    effect: DrugEffect
    level: str | None
    context: str | None
    source: str
    mark: Mark
    only_with: tuple[str, ...] | None = None
    of_site: bool = False

    def __str__(self) -> str:
        marks = ", ".join(filter(None, (self.level, self.mark)))
        text = f"{self.drug} {self.effect} ({marks}): {self.source}"
        if self.only_with is None:
            return text
        shared = f"on one molecule with {', '.join(self.only_with)}"
        return f"if {shared if self.only_with else 'nothing else shares its molecule'}, {text}"


@dataclass(frozen=True)
class Remark:
    """One curated sentence that is shown beside the drugs.

    Attributes:
        kind: `combination`, `calling_note`, `frequency`, or `family` of compounds.
    """

    kind: str
    text: str
    source: str
    mark: Mark


@dataclass(frozen=True)
class CompoundFamily:
    """What is said of every compound that holds one of the members."""

    members: frozenset[str]
    remarks: tuple[Remark, ...]


@dataclass(frozen=True)
class Approval:
    """One approval of a drug; `since` is a date or part of one, `none`, or `unknown`."""

    region: str
    since: str
    as_of: str
    purpose: str
    source: str
    mark: Mark


def remark_of(row: KnownValue, kind: str) -> Remark:
    """Return the sentence of a row."""
    return Remark(kind, row.value, row.source, row.mark)


def approval_of(row: KnownValue) -> Approval:
    """Return the approval of a row `approval`: `region:date:as_of:what for`."""
    region, since, as_of, purpose = row.value.split(":", 3)
    return Approval(region, since, as_of, purpose, row.source, row.mark)


def effect_statement(item: Placed[KnownValue]) -> DrugStatement:
    """Return the statement of a row `effect` or `civic`: `drug:effect:level:context`."""
    drug, effect, level, context = item.row.value.split(":")
    source, mark = in_a_list(item.row.source), item.row.mark
    return DrugStatement(drug, DrugEffect(effect), level, context, source, mark, of_site=item.own)


def conflict_statement(item: Placed[KnownValue]) -> DrugStatement:
    """Return the statement of a row `known_conflict`: the drug alone."""
    source, mark, effect = in_a_list(item.row.source), item.row.mark, DrugEffect.CONTRADICTORY
    return DrugStatement(item.row.value, effect, None, None, source, mark, of_site=item.own)


def in_a_list(source: str) -> str:
    """Return a citation that can stand in a cell with others, where `;` parts them."""
    return source.replace(";", ",")


@dataclass(frozen=True)
class AlkMutation:
    """One ALK variant; `role_verified` is False where its role was remembered."""

    hgvs_p: str
    short: str
    codon: int
    role: AlkRole
    role_verified: bool


@dataclass(frozen=True)
class Drug:
    """One drug with all its names, the canonical one first, and the approvals that reports may show.

    Attributes:
        chinese: its generic name in Chinese, where one is known.
        generation: of an ALK inhibitor, `1` to `4`; of others `other`, or None.
        targets: genes whose products it acts on; of chemotherapy none.
    """

    name: str
    names: tuple[str, ...]
    alk_tki: bool
    approvals: tuple[Approval, ...] = ()
    chinese: str | None = None
    generation: str | None = None
    targets: tuple[str, ...] = ()


@dataclass(frozen=True)
class TransformationMarker:
    """One sign of a change of lineage; `confirms` is False where it only raises suspicion."""

    subject: str
    kind: str
    confirms: bool
    histology: Histology | None
    genes: tuple[str, ...]
    requires: tuple[str, ...]
    biallelic: bool


@dataclass(frozen=True)
class ProteinDomain:
    """A domain of a protein that takes part in fusions; residues are 1-based, both included.

    Attributes:
        name: such as `kinase_domain`.
        source: where its ends were read.
        mark: of the weaker of its ends.
    """

    name: str
    gene: str
    first: int
    last: int
    source: str
    mark: Mark


def codon_of(hgvs_p: str) -> int:
    """Return the first residue number in a protein name, 0 if there is none."""
    found = re.search(r"\d+", hgvs_p)
    return int(found[0]) if found else 0
