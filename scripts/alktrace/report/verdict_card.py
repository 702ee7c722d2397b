"""What a tumour board asks: the mechanism, how sure, what could have been missed, which test would settle it.

Values only: what to say is a `Said`, its text is made by `language`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..classify.carrying import carries_class
from ..classify.decision import DECISIONS
from ..classify.finding_caveats import CAPS, RANK
from ..classify.phase import CIS_PHASES
from ..classify.resistance_table import ResistanceRow
from ..evidence.schema import GeneCopyNumber, SpecimenEvidence
from ..knowledge.next_tests import NextTest
from ..vocabulary.caveats import CaveatCode
from ..vocabulary.changes import STRUCTURAL, VariantType
from ..vocabulary.negatives import Exclusion, ExclusionStatus, NegativeKind
from ..vocabulary.resistance import Classification, Component, Confidence, Phase
from .language import Copies, Listed, Said, Share, say

MOST_TESTS = 3
"""Tests named on the card: a board orders one or two, and a long list is no advice."""
MOST_LOCI = 6
"""Loci named one by one on the card; of more the genes are named with their number."""
ROUNDING = 0.1
"""How far, of the share, `1 in 5` may lie from it."""
FURTHER = frozenset({NegativeKind.BYPASS_MUTATION, NegativeKind.BYPASS_FUSION})
"""Kinds of several loci: one that was found excludes no other."""
AMPLIFICATIONS = frozenset(
    {NegativeKind.ALK_AMPLIFICATION, NegativeKind.MET_AMPLIFICATION, NegativeKind.BYPASS_AMPLIFICATION}
)
OPEN_REASONS = (CaveatCode.LORLATINIB_INHIBITS_SINGLE, CaveatCode.LORLATINIB_EFFECT_UNVERIFIED)
"""Why an ALK mutation is no more than a candidate where no caveat caps it."""


@dataclass(frozen=True)
class Mechanism:
    """One row of `resistance.tsv` with what `resistance.json` and the evidence say of it.

    Attributes:
        copies: copy number of its gene in its lead specimen, with intervals; None where there is none.
    """

    row: ResistanceRow
    account: Mapping[str, Any]
    copies: GeneCopyNumber | None = None


@dataclass(frozen=True)
class Verdict:
    """The verdict card of one timepoint.

    Attributes:
        headline: the mechanisms in words, in the order of their families.
        confidence: of the class, as in `classification.tsv`; None where nothing carries it.
        reason: the one reason for that confidence, or for the negative.
        each: of a mixed class, how sure each mechanism is and why; empty else.
        numbers: what the mechanisms rest on, one thing each.
        missed: what could have been there unseen, one thing each.
        tests: which would settle what is open, the most telling first.
        deciding: codes of the row of the decision table that decided.
    """

    headline: tuple[Said, ...]
    confidence: Confidence | None
    reason: Said
    each: tuple[Said, ...]
    numbers: tuple[Said, ...]
    missed: tuple[Said, ...]
    tests: tuple[NextTest, ...]
    deciding: tuple[str, ...]


def judge_verdict(
    rows: Sequence[ResistanceRow],
    mechanisms: Sequence[Mechanism],
    detail: Mapping[str, Any],
    tests: Sequence[NextTest],
) -> Verdict:
    """Return the verdict card of one timepoint.

    Args:
        rows: `resistance.tsv` of the timepoint.
        mechanisms: of these rows.
        detail: its `resistance.json`.
        tests: rules of the knowledge table `next_tests.tsv`.
    """
    carrying = [item for item in mechanisms if carries_class(item.account, detail)]
    decisive = _decisive(carrying)
    facts = facts_of(rows, detail)
    asked = [test for test in tests if test.is_asked(facts)]
    return Verdict(
        headline=tuple(_headline(rows[0], carrying)),
        confidence=decisive.row.confidence if decisive else None,
        reason=_named_reason(decisive, carrying, detail) if decisive else _reason_of_negative(rows[0]),
        each=tuple(_each(carrying, detail)) if rows[0].classification is Classification.MIXED else (),
        numbers=tuple(_numbers(item) for item in carrying if item.row.mechanism and item.row.gene),
        missed=tuple(_missed(rows, detail)),
        tests=tuple(sorted(asked, key=lambda item: item.rank)[:MOST_TESTS]),
        deciding=deciding_codes(detail),
    )


def all_mechanisms(
    rows: Sequence[ResistanceRow], detail: Mapping[str, Any], specimens: Sequence[SpecimenEvidence]
) -> list[Mechanism]:
    """Return every mechanism of the timepoint, also those that are listed only."""
    found = [row for row in rows if row.mechanism is not None]
    copies = {(item.place, one.gene): one for item in specimens for one in item.copy_number}
    return [
        Mechanism(row, account, copies.get(((row.timepoint, row.lead_specimen or ""), row.gene or "")))
        for row, account in zip(found, detail["mechanisms"], strict=True)
    ]


def deciding_codes(detail: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the codes that the deciding row of the decision table asks for."""
    row = next(item for item in DECISIONS if item.code == detail["decision"])
    return tuple(sorted(row.requires))


def facts_of(rows: Sequence[ResistanceRow], detail: Mapping[str, Any]) -> frozenset[str]:
    """Return what holds of a timepoint, as `next_tests.tsv` names it: `flag:ch_not_excluded`."""
    first = rows[0]
    pairs = detail["phase"]["pairs"]
    facts = {
        f"class:{first.classification}",
        f"setting:{first.setting}",
        *(f"reason:{item}" for item in first.not_evaluable_reason),
        *(f"flag:{flag.code}" for row in rows for flag in row.flags),
        *(f"kind:{item.kind}:{item.status}" for item in first.excluded),
        *(f"phase:{pair['phase']}" for pair in pairs),
        *(f"phase_reason:{pair['reason']}" for pair in pairs),
        *(f"specimen:{item['specimen_type']}" for item in detail["specimens"]),
    }
    return frozenset(facts)


# --- the mechanism in words ----------------------------------------------------------------------


def _headline(first: ResistanceRow, carrying: Sequence[Mechanism]) -> Iterable[Said]:
    if not carrying:
        key = first.classification.value
        if first.classification is Classification.NOT_EVALUABLE:
            # Something was found, but nothing that may carry a class: "no mechanism found" would be untrue.
            key += ".listed" if first.mechanism is not None else ""
        return [say(f"headline.{key}")]
    told: dict[Component | None, list[Said]] = {}
    for item in _told_apart(carrying):
        named = mechanism_said(item)
        others = told.setdefault(item.row.component, [])
        # Both members of a compound say the same; it is said once.
        if named not in others:
            others.append(named)
    bypass = told.pop(Component.BYPASS, [])
    on_target = told.pop(Component.ON_TARGET, [])
    return [
        *on_target,
        *([say("headline.bypass", names=Listed(tuple(bypass)))] if bypass else []),
        *(said for rest in told.values() for said in rest),
    ]


def mechanism_said(item: Mechanism) -> Said:
    """Return a mechanism in the words of a board."""
    row = item.row
    if row.component is Component.TRANSFORMATION:
        return _lineage(item)
    name = row.alteration or ""
    if row.variant_type is VariantType.AMPLIFICATION:
        return say("mechanism.amplification", gene=row.gene)
    if row.variant_type is VariantType.LOSS:
        return say("mechanism.loss", gene=row.gene)
    if row.variant_type is VariantType.FUSION:
        return say("mechanism.fusion", gene=row.gene, name=name)
    if row.component is Component.BYPASS or row.phase is None:
        return say("mechanism.mutation", gene=row.gene, name=name)
    members = Listed(tuple(sorted({name, *row.phase_partner}, key=_residue)))
    if row.phase in CIS_PHASES:
        members_of = say("mechanism.plus", names=" + ".join(members.items))
        return say(f"mechanism.{row.phase}", names=members_of)
    return say(f"mechanism.{row.phase}", names=tuple(members.items))


def _residue(name: str) -> tuple[int, str]:
    digits = "".join(sign if sign.isdigit() else " " for sign in name).split()
    return (int(digits[0]) if digits else 0, name)


def _lineage(item: Mechanism) -> Said:
    criteria = item.account["criteria"]
    histology = str(item.account["key"]).partition(":")[2]
    if "HISTOLOGY_TRANSFORMED" in criteria:
        return say("mechanism.transformed", histology=say(f"histology.{histology}"))
    if "HISTOLOGY_WITHOUT_BASELINE" in criteria:
        return say("mechanism.histology_without_baseline", histology=say(f"histology.{histology}"))
    return say("mechanism.stains" if "LINEAGE_IHC" in criteria else "mechanism.lineage_dna")


# --- how sure --------------------------------------------------------------------------------------


def _decisive(carrying: Sequence[Mechanism]) -> Mechanism | None:
    """Return whose confidence is that of the class: of each family the surest, of these the least sure."""
    surest: dict[Component | None, Mechanism] = {}
    for item in carrying:
        other = surest.setdefault(item.row.component, item)
        if _rank(item) < _rank(other):
            surest[item.row.component] = item
    return max(surest.values(), key=_rank, default=None)


def _rank(item: Mechanism) -> int:
    return RANK[item.row.confidence or Confidence.UNCERTAIN]


def _named_reason(decisive: Mechanism, carrying: Sequence[Mechanism], detail: Mapping[str, Any]) -> Said:
    """Return the one reason, with the name of its mechanism where the headline has several."""
    reason, name = _reason(decisive, detail), mechanism_said(decisive)
    if all(mechanism_said(item) == name for item in _told_apart(carrying)):
        return reason
    return say("card.number", name=name, amount=reason)


def _each(carrying: Sequence[Mechanism], detail: Mapping[str, Any]) -> Iterable[Said]:
    """Say of every mechanism how sure it is: one confidence of two families is that of neither."""
    surest: list[tuple[Said, Mechanism]] = []
    for item in sorted(_told_apart(carrying), key=_rank):
        # Both members of a compound are one mechanism, as sure as the surer of them.
        if all(said != mechanism_said(item) for said, _ in surest):
            surest.append((mechanism_said(item), item))
    for said, item in surest:
        confidence = say(f"confidence.{item.row.confidence}")
        yield say("card.each", name=said, confidence=confidence, reason=_reason(item, detail))


def _told_apart(carrying: Sequence[Mechanism]) -> list[Mechanism]:
    """Leave out the suspicion from DNA beside a transformed histology: it is no second mechanism."""
    confirmed = any("HISTOLOGY_TRANSFORMED" in item.account["criteria"] for item in carrying)
    return [item for item in carrying if not (confirmed and "LINEAGE_DNA" in item.account["criteria"])]


def _reason(best: Mechanism, detail: Mapping[str, Any]) -> Said:
    """Return the one reason: what caps the confidence, else the numbers behind it."""
    row = best.row
    caps = [flag for flag in row.flags if flag.code in CAPS and CAPS[flag.code] is row.confidence]
    if caps:
        return say(f"why.{caps[0].code}")
    # A stain or DNA alone proves no other histology, whatever is published of it.
    lineage = {"LINEAGE_DNA", "LINEAGE_IHC"} & set(best.account["criteria"])
    if lineage:
        return say(f"why.{min(lineage)}")
    codes = {flag.code for flag in row.flags}
    if row.confidence is not Confidence.ESTABLISHED:
        return say(f"why.{next((code for code in OPEN_REASONS if code in codes), 'published')}")
    return _established(best, detail)


def _established(best: Mechanism, detail: Mapping[str, Any]) -> Said:
    row = best.row
    if row.component is Component.TRANSFORMATION:
        return say("why.pathology")
    if row.phase in CIS_PHASES and row.compound_molecules is not None:
        share = _share(row.compound_vaf, row.compound_vaf_low, row.compound_vaf_high)
        return say("why.compound", both=row.compound_molecules, total=row.compound_total, share=share)
    if row.phase is Phase.TRANS:
        apart = [item for item in detail["phase"]["pairs"] if item["phase"] == Phase.TRANS]
        pair = next((item for item in apart if row.alteration in item["names"]), apart[0])
        return say("why.trans", total=pair["informative"], share=Share(pair["max_double_share"] or 1.0))
    return say("why.reported")


def _numbers(item: Mechanism) -> Said:
    structural = item.row.variant_type in STRUCTURAL
    name = mechanism_said(item) if structural else f"{item.row.gene} {item.row.alteration}"
    if item.row.component is Component.TRANSFORMATION:
        name = f"{item.row.gene} {item.row.alteration}"
    return say("card.number", name=name, amount=amount(item))


def amount(item: Mechanism) -> Said:
    """Return what a mechanism rests on: molecules with the VAF, or copies; each with its interval."""
    row, copies = item.row, item.copies
    if row.alt_molecules is not None and row.total_molecules is not None:
        counted = {"alt": row.alt_molecules, "total": row.total_molecules}
        if row.variant_type is VariantType.FUSION or row.vaf is None:
            return say("amount.molecules", **counted)
        return say("amount.vaf", share=_share(row.vaf, row.vaf_low, row.vaf_high), **counted)
    if row.copy_number is not None:
        return copies_said(row.copy_number, copies)
    if row.vaf is not None:
        return say("amount.reported", share=Share(row.vaf))
    return say("amount.none")


def copies_said(number: float, copies: GeneCopyNumber | None) -> Said:
    """Return a copy number with its interval, of the tumour where that is known; a bare one says so."""
    if copies is None:
        return say("amount.copies_reported", copies=Copies(number))
    tumour = copies.tumour_copy_number is not None
    told = (
        Copies(copies.tumour_copy_number, copies.tumour_copy_number_low, copies.tumour_copy_number_high)
        if copies.tumour_copy_number is not None
        else Copies(copies.copy_number, copies.copy_number_low, copies.copy_number_high)
    )
    if told.low is None or told.high is None:
        return say("amount.copies_bare", copies=told)
    return say("amount.copies_tumour" if tumour else "amount.copies_sample", copies=told)


def _share(value: float | None, low: float | None, high: float | None) -> Share:
    return Share(value or 0.0, low, high)


def _reason_of_negative(first: ResistanceRow) -> Said:
    if first.classification is not Classification.NOT_EVALUABLE:
        return say(f"why.{first.classification}")
    reasons = tuple(say(f"not_evaluable.{reason}") for reason in first.not_evaluable_reason)
    return (
        say("why.not_evaluable", reasons=Listed(reasons, "list.semicolon"))
        if reasons
        else say("why.nothing_counts")
    )


# --- what could have been missed --------------------------------------------------------------------


def _missed(rows: Sequence[ResistanceRow], detail: Mapping[str, Any]) -> Iterable[Said]:
    """Say what is not excluded, kind by kind; not assessable, not looked for and not excluded stay apart."""
    first = rows[0]
    judged = {item["kind"]: item for item in detail["excluded"]}
    yield from _missed_alk(first, {flag.code for row in rows for flag in row.flags})
    by_status: dict[ExclusionStatus, list[Said]] = {}
    for item in first.excluded:
        if item.kind is NegativeKind.ALK_MUTATION:
            continue
        if item.status is ExclusionStatus.EXCLUDED:
            yield from _above(item)
        elif item.status is ExclusionStatus.IN_PART:
            yield _in_part(item, judged[item.kind])
        elif item.status is ExclusionStatus.FOUND:
            yield from _further(item, judged[item.kind])
        else:
            by_status.setdefault(item.status, []).append(say(f"kind.{item.kind}"))
    for status, kinds in by_status.items():
        yield say(f"missed.{status}", kinds=Listed(tuple(kinds)))


def _missed_alk(first: ResistanceRow, codes: set[CaveatCode]) -> Iterable[Said]:
    alk = next((item for item in first.excluded if item.kind is NegativeKind.ALK_MUTATION), None)
    found = alk is not None and alk.status is ExclusionStatus.FOUND
    which = "further_alk" if found else "alk"
    share = first.excluded_clone_fraction
    if CaveatCode.FURTHER_ALK_NOT_EXCLUDED in codes and (share is None or share >= 1):
        return [say(f"missed.{which}_any")]
    if share is not None and share < 1:
        return [say(f"missed.{which}", cells=_cells(share))]
    status = alk.status if alk is not None else ExclusionStatus.NOT_STATED
    unlimited = (
        f"missed.{which}_any" if found or status is ExclusionStatus.EXCLUDED else f"missed.alk_{status}"
    )
    return [say(unlimited)]


def _cells(share: float) -> Said:
    """Say a share of the tumour cells, and as a board counts: `21 % of the tumour cells (about 1 in 5)`."""
    one_in = round(1 / share)
    # 1 in 2 is no way to say 61 %: it would make what may have been missed smaller than it is.
    near = one_in > 1 and abs(one_in * share - 1) <= ROUNDING
    return say("cells.one_in" if near else "cells.share", number=one_in, share=Share(share))


def _above(item: Exclusion) -> Iterable[Said]:
    if item.above is None:
        return []
    if item.kind in AMPLIFICATIONS:
        return [say(f"missed.{item.kind}", copies=f"{item.above:.2g}")]
    return [say(f"missed.{item.kind}", cells=_cells(item.above))]


def _in_part(item: Exclusion, account: Mapping[str, Any]) -> Said:
    """Say what is excluded only at some loci: the worst limit of those, and the loci that are open."""
    limits, holes = _limits_and_holes(account)
    kind, loci = say(f"kind.{item.kind}"), Listed(tuple(_holes(holes)))
    if not limits or item.kind in AMPLIFICATIONS:
        return say("missed.holes", kind=kind, loci=loci)
    return say("missed.in_part", kind=kind, cells=_cells(max(limits)), loci=loci)


def _further(item: Exclusion, account: Mapping[str, Any]) -> Iterable[Said]:
    """Say what else of a kind may be there beside the one that was found."""
    limits, holes = _limits_and_holes(account)
    if item.kind not in FURTHER or not (limits or holes):
        return []
    kind, loci = say("kind.further", kind=say(f"kind.{item.kind}")), Listed(tuple(_holes(holes)))
    if not limits:
        return [say("missed.holes", kind=kind, loci=loci)]
    cells = _cells(max(limits))
    return [say("missed.in_part" if holes else "missed.fewer", kind=kind, cells=cells, loci=loci)]


def _limits_and_holes(account: Mapping[str, Any]) -> tuple[list[float], list[str]]:
    answered = {ExclusionStatus.EXCLUDED.value, ExclusionStatus.FOUND.value}
    limits = [told for told in account["loci"].values() if isinstance(told, float)]
    holes = [name for name, told in account["loci"].items() if isinstance(told, str) and told not in answered]
    return limits, holes


def _holes(names: Sequence[str]) -> list[Any]:
    """Name loci, or where there are many the genes with their number."""
    if len(names) <= MOST_LOCI:
        return [_locus(name) for name in names]
    counts: dict[str, int] = {}
    for name in names:
        gene = name.partition(" ")[0]
        counts[gene] = counts.get(gene, 0) + 1
    return [say("locus.number", gene=gene, number=count) for gene, count in counts.items()]


def _locus(name: str) -> Any:
    gene, _, locus = name.partition(" ")
    if locus == "copy_number":
        return say("locus.copies", gene=gene)
    return say("locus.whole", gene=gene) if locus == "gene" else name
