"""Alterations that are new at progression and in no table of mechanisms: what the tables may lack."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

from ..io.tables import column
from ..knowledge.bypass_rules import CODING_CONSEQUENCES
from ..vocabulary.caveats import CaveatCode, codes_of
from ..vocabulary.changes import Consequence
from ..vocabulary.resistance import FindingRole
from ..vocabulary.samples import Setting
from .emergence import clone_share, judge_emergence, role_of
from .finding_caveats import finding_flags
from .single_criteria import Role
from .view import TimepointView

DOUBTED = frozenset(
    {
        CaveatCode.CH_NOT_EXCLUDED,
        CaveatCode.GERMLINE_NOT_EXCLUDED,
        CaveatCode.GERMLINE_SUSPECTED,
        CaveatCode.PROBABLE_GERMLINE,
        CaveatCode.TUMOUR_FRACTION_CONTRADICTS,
        CaveatCode.OUTSIDE_WINDOW,
        CaveatCode.QC_FAIL,
    }
)
"""With these an alteration is perhaps not of the tumour, or not of this progression."""


@dataclass(frozen=True)
class EmergentUnknownRow:
    """`emergent_unknown.tsv` of a timepoint: one alteration that emerged and whose role nobody knows."""

    patient: str = column("patient id")
    timepoint: str = column("timepoint id")
    gene: str = column("gene symbol")
    change: str = column("name of the alteration as shown")
    consequence: Consequence = column("what it does to the protein")
    vaf: float | None = column("variant allele fraction in the lead specimen")
    vaf_low: float | None = column("lower end of the 95 % interval")
    vaf_high: float | None = column("upper end of the 95 % interval")
    clone_share: float = column("share of the tumour cells that a heterozygous alteration of this VAF means")
    hotspot: bool = column("it changes a residue that is a listed hotspot (`hotspots.tsv`)")


@dataclass(frozen=True)
class EmergentUnknownCount(EmergentUnknownRow):
    """`cohort/emergent_unknown.tsv`: the rows of all timepoints, with how often each recurs."""

    patients_with_change: int = column("patients in whom this change emerged")
    patients_with_gene: int = column("patients in whom any such change of the gene emerged")


def emergent_unknown(roles: Iterable[Role], view: TimepointView) -> tuple[EmergentUnknownRow, ...]:
    """Return the alterations of a progression that are new, clonal enough, and in no table.

    They change the protein and lie in at least the share of tumour cells below which a finding counts as a
    minor clone. What is inherited or of blood has another role.
    """
    if view.setting is not Setting.PROGRESSION:
        return ()
    found = (_row(role, view) for role in roles if role.code == "NO_KNOWN_EFFECT")
    return tuple(row for row in found if row is not None)


def _row(role: Role, view: TimepointView) -> EmergentUnknownRow | None:
    item, lead = role.found.alteration, role.found.lead
    verdict = judge_emergence(role.found, view)
    share = clone_share(lead, view.specimen(lead.specimen), item.gene)
    if item.consequence not in CODING_CONSEQUENCES:
        return None
    if role_of(verdict, view) is not FindingRole.EMERGENT:
        return None
    # Without a share nobody knows whether it is one cell in a thousand.
    if share is None or share < view.settings.clones.min_share:
        return None
    if DOUBTED & codes_of(finding_flags(role.found, verdict, view)):
        return None
    return EmergentUnknownRow(
        patient=view.patient.patient,
        timepoint=view.timepoint,
        gene=item.gene,
        change=item.alteration,
        consequence=item.consequence,
        vaf=lead.vaf,
        vaf_low=lead.vaf_low,
        vaf_high=lead.vaf_high,
        clone_share=share,
        hotspot=view.knowledge.is_hotspot_mutation(item),
    )


def counted_over_patients(rows: Sequence[EmergentUnknownRow]) -> list[EmergentUnknownCount]:
    """Return the rows with their counts, the most recurrent genes and changes first."""
    genes: dict[str, set[str]] = {}
    changes: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        # Patients, not timepoints: a second progression shows the same clone again.
        genes.setdefault(row.gene, set()).add(row.patient)
        changes.setdefault((row.gene, row.change), set()).add(row.patient)
    told = [
        EmergentUnknownCount(
            **{item.name: getattr(row, item.name) for item in fields(EmergentUnknownRow)},
            patients_with_change=len(changes[row.gene, row.change]),
            patients_with_gene=len(genes[row.gene]),
        )
        for row in rows
    ]
    return sorted(told, key=_order)


def _order(row: EmergentUnknownCount) -> tuple[int, str, int, str, str, str]:
    recurrence = (-row.patients_with_gene, row.gene, -row.patients_with_change, row.change)
    return (*recurrence, row.patient, row.timepoint)
