"""The tables of a patient's page as plain texts: mechanisms, drugs, alterations, copies, samples, limits."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from ..evidence.schema import (
    Alteration,
    GeneCopyNumber,
    LocusCallability,
    Observation,
    PatientEvidence,
    SpecimenEvidence,
)
from ..inputs.knowledge_rows import KnownGene
from ..knowledge.entries import COMBINATION
from ..vocabulary.caveats import Caveat, CaveatCode, codes_of
from ..vocabulary.changes import ALK, Consequence, Origin, VariantType
from ..vocabulary.copies import CopyNumberCall
from ..vocabulary.detection import Detection
from ..vocabulary.drugs import NamedDrug
from ..vocabulary.samples import SpecimenType
from .board import board_findings
from .figures.phase_bars import phase_sentence
from .language import Copies, Listed, Said, Share, Words, say
from .patient_header import alk_hotspots, driver_fusions, fraction_said, quality_light, sample_name
from .verdict_card import Mechanism, amount, copies_said, mechanism_said
from .words import NOTHING

SILENT = frozenset({Consequence.SYNONYMOUS, Consequence.INTRON, Consequence.UTR, Consequence.INTERGENIC})
MOST_ALTERATIONS = 100
"""Rows of alterations on the page; four hundred are read by nobody, and all stand in the table file."""
MOST_VISIBLE = 100
"""Copy number above which the table says only that: it would not have been visible."""
INHERITED_CAVEATS = frozenset(
    {CaveatCode.GERMLINE, CaveatCode.PROBABLE_GERMLINE, CaveatCode.IN_CIS_WITH_PROBABLE_GERMLINE}
)
"""Caveats that name an inherited variant; without consent the name is left out."""
INHERITED_CRITERIA = frozenset({"GERMLINE_ALK", "PROBABLE_GERMLINE_FOUND"})
DRUG_CAVEATS = (
    CaveatCode.INTERMEDIATE_EVIDENCE,
    CaveatCode.CONFLICTING_EVIDENCE,
    CaveatCode.DRUG_EFFECTS_WITHHELD,
    CaveatCode.OTHER_CLONE_RESISTS,
)
"""Caveats that name drugs, in the order in which they are shown."""
GIVEN = "already given "


def mechanism_lines(mechanisms: Sequence[Mechanism], words: Words) -> list[dict[str, Any]]:
    """Return a line per mechanism: what, the molecules behind it, how sure, new or not, drugs."""
    lines: list[dict[str, Any]] = []
    told: dict[str, str] = {}
    for item in mechanisms:
        row = item.row
        histology = item.account["alteration"] is None
        effects = [NOTHING] if histology else drug_lines(item, words)
        name = words.tell(mechanism_said(item)) if histology else f"{row.gene} {row.alteration}"
        # Members of a compound share their reports: they are printed once.
        shared = bool(row.resistant_to or row.sensitive_to)
        same = told.setdefault(repr(effects), name) if shared else name
        lines.append(
            {
                "name": name,
                "kind": words.word("component", row.component),
                "carries": bool(item.account["carries"]),
                "hgvs": " ".join(part for part in (row.hgvs_c, row.hgvs_p) if part),
                "amount": words("amount.pathology") if histology else words.tell(amount(item)),
                "sample": row.lead_specimen or "",
                "duplex": words("amount.duplex", number=row.duplex_alt) if row.duplex_alt else "",
                "confidence": words.word("confidence", row.confidence),
                "emergence": words.word("emergence", row.emergence),
                "drugs": effects if same == name else [words("drugs.as", name=same)],
                "remarks": [] if same != name else remark_lines(item, words),
                "sources": [] if same != name else list(row.evidence),
            }
        )
    return lines


def drug_lines(item: Mechanism, words: Words) -> list[str]:
    """Return what reports say about drugs, or that this knowledge base holds none."""
    row = item.row
    told = []
    for key, drugs in (("drugs.resistant", row.resistant_to), ("drugs.sensitive", row.sensitive_to)):
        if drugs:
            told.append(words(key, drugs=Listed(tuple(_drug(drug, words) for drug in drugs))))
    named = {flag.code: flag.about for flag in row.flags}
    for code in DRUG_CAVEATS:
        if about := named.get(code):
            named_drugs = Listed(tuple(words.drug(part.strip()) for part in about))
            told.append(words(f"drugs.{code}", drugs=named_drugs))
    combinations = [one for one in item.account["hints"]["remarks"] if one["kind"] == COMBINATION]
    if combinations:
        marked = [f"{words.drug(one['text'])} ({words.word('mark', one['mark'])})" for one in combinations]
        told.append(words("drugs.combination", drugs=Listed(tuple(marked))))
    return told or [words("drugs.none")]


def _drug(drug: NamedDrug, words: Words) -> str:
    notes = [
        words("drugs.given", when=tuple(map(_when, note.removeprefix(GIVEN).split(" and "))))
        if note.startswith(GIVEN)
        else _note(note, words)
        for note in drug.notes
    ]
    return f"{words.drug(drug.name)} ({', '.join([words.word('mark', drug.mark), *notes])})"


def _when(told: str) -> Said:
    """Return when a drug was given, from the text of the table: `from A`, `A to B` or neither."""
    start, _, end = told.removeprefix("from ").partition(" to ")
    if end:
        return say("when.span", start=start, end=end)
    return say("when.from", start=start) if told.startswith("from ") else say("when.unknown")


def _note(note: str, words: Words) -> str:
    return words.texts.get(f"drug_note.{note}", note)


def remark_lines(item: Mechanism, words: Words) -> list[str]:
    """Return the curated sentences beside the drugs; they are quoted as they were written."""
    return [
        words("drugs.remark", text=one["text"], mark=words.word("mark", one["mark"]), source=one["source"])
        for one in item.account["hints"]["remarks"]
        if one["kind"] != COMBINATION
    ]


def inherited_names(evidence: PatientEvidence) -> set[str]:
    """Return the names of inherited variants, with and without their gene, that no other variant has."""
    names: dict[bool, set[str]] = {True: set(), False: set()}
    for item in evidence.alterations:
        names[is_inherited(item)].update((item.alteration, item.full_name))
    return names[True] - names[False]


def caveat_lines(
    flags: Iterable[Caveat], inherited: bool, withheld: Collection[str], words: Words
) -> list[dict[str, str]]:
    """Return caveats with their sentences; inherited variants are named only where that is wanted."""
    hidden = () if inherited else INHERITED_CAVEATS
    kept = [
        Caveat(flag.code, tuple(one for one in flag.about if flag.code not in hidden and one not in withheld))
        for flag in flags
    ]
    return [words.caveat(flag) for flag in dict.fromkeys(kept)]


def criterion_lines(
    detail: Mapping[str, Any],
    mechanisms: Sequence[Mechanism],
    deciding: Collection[str],
    inherited: bool,
    withheld: Collection[str],
    words: Words,
) -> list[dict[str, Any]]:
    """Return the criteria that hold, those of the deciding row first."""
    told: dict[tuple[str, str], None] = {}
    for code in deciding:
        told[code, ""] = None
    for item in mechanisms:
        for code in item.account["criteria"]:
            told[code, " ".join(filter(None, (item.row.gene, item.row.alteration)))] = None
    for entry in detail["criteria"]:
        hidden = entry["subject"] in withheld or (entry["code"] in INHERITED_CRITERIA and not inherited)
        told[entry["code"], "" if hidden else entry["subject"]] = None
    own = {code for code, subject in told if subject}
    return [
        {"code": code, "subject": subject, "text": words(f"criterion.{code}"), "deciding": code in deciding}
        for code, subject in sorted(told, key=lambda item: item[0] not in deciding)
        if subject or code not in own
    ]


def phase_lines(detail: Mapping[str, Any], words: Words) -> list[str]:
    """Return a sentence per pair that no bar shows: nothing of it was counted."""
    return [phase_sentence(pair, words) for pair in detail["phase"]["pairs"] if not pair["informative"]]


# --- alterations ------------------------------------------------------------------------------------


def listed_alterations(
    evidence: PatientEvidence, first: Collection[str], hotspots: Collection[str], inherited: bool
) -> list[Alteration]:
    """Return the alterations of the page: called somewhere, or a hotspot below the rule; mechanisms first.

    Args:
        evidence: of the patient.
        first: keys of the mechanisms.
        hotspots: names of hotspots with molecules below the calling rule.
        inherited: list inherited variants.
    """
    kept = [item for item in evidence.alterations if _is_listed(item, hotspots, inherited)]
    return sorted(
        kept, key=lambda one: (one.key not in first, one.gene != ALK, -_largest(one), one.gene, one.key)
    )


def _is_listed(item: Alteration, hotspots: Collection[str], inherited: bool) -> bool:
    if item.consequence in SILENT or (not inherited and is_inherited(item)):
        return False
    called = any(seen.detection is Detection.DETECTED for seen in item.observations)
    return called or item.full_name in hotspots


def is_inherited(item: Alteration) -> bool:
    """Return whether a variant is inherited, or probably so."""
    return item.origin is Origin.GERMLINE or CaveatCode.PROBABLE_GERMLINE in codes_of(item.flags)


def _largest(item: Alteration) -> float:
    return max((seen.vaf or 0.0 for seen in item.observations), default=0.0)


def tracked_alterations(listed: Sequence[Alteration], drivers: Sequence[Alteration]) -> list[Alteration]:
    """Return what the timeline follows: mechanisms, the driver, then other variants with molecules."""
    fusions = [item for item in listed if item in drivers]
    small = [
        item
        for item in listed
        if item.variant_type not in (VariantType.FUSION, VariantType.AMPLIFICATION, VariantType.LOSS)
        and any(seen.vaf is not None for seen in item.observations)
    ]
    return [*small[:4], *fusions[:1], *small[4:]]


def alteration_lines(
    listed: Sequence[Alteration],
    order: Sequence[SpecimenEvidence],
    genes: Mapping[str, KnownGene],
    words: Words,
) -> list[dict[str, Any]]:
    """Return a line per alteration with a cell per sample."""
    lines = []
    for item in listed[:MOST_ALTERATIONS]:
        seen = {one.place: one for one in item.observations}
        lines.append(
            {
                "name": item.alteration if item.gene in item.alteration else item.full_name,
                "hgvs": hgvs_name(item, genes),
                "origin": words.word("origin", item.origin),
                "cells": [
                    _cell(seen.get(sample.place), _copies_of(sample, item.gene), words) for sample in order
                ],
            }
        )
    return lines


def hgvs_name(item: Alteration, genes: Mapping[str, KnownGene]) -> str:
    """Return the HGVS names on the versioned RefSeq transcript, where the numbering follows it."""
    gene = genes.get(item.gene)
    refseq = gene.refseq if gene and item.transcript in gene.transcripts else None
    coding = ":".join(filter(None, (refseq or item.transcript, item.hgvs_c))) if item.hgvs_c else ""
    return " ".join(filter(None, (coding, item.hgvs_p)))


def _copies_of(sample: SpecimenEvidence, gene: str) -> GeneCopyNumber | None:
    return next((one for one in sample.copy_number if one.gene == gene), None)


def _cell(seen: Observation | None, copies: GeneCopyNumber | None, words: Words) -> dict[str, str]:
    if seen is None:
        state = Detection.NOT_ASSESSABLE
        return {"detection": state, "text": words("observation.not_counted")}
    text = observation_text(seen, copies, words)
    if seen.loss_of_heterozygosity is not None:
        lost = "observation.lost" if seen.loss_of_heterozygosity else "observation.kept"
        text = words("observation.with_allele", text=text, allele=say(lost))
    return {"detection": seen.detection, "text": text}


def observation_text(seen: Observation, copies: GeneCopyNumber | None, words: Words) -> str:
    """Return one cell of the table of alterations: four states that are never mixed."""
    if seen.detection in (Detection.DETECTED, Detection.SUBTHRESHOLD):
        found = words.tell(_found(seen, copies))
        return (
            found if seen.detection is Detection.DETECTED else words("observation.subthreshold", found=found)
        )
    if seen.detection is Detection.NOT_DETECTED:
        if seen.vaf_detectable is None:
            return words("observation.not_detected")
        counts = (
            words("observation.some", alt=seen.alt_molecules, total=seen.total_molecules)
            if seen.alt_molecules
            else ""
        )
        return counts + words("observation.not_detected_limit", limit=Share(seen.vaf_detectable))
    return words(f"observation.{seen.detection}")


def _found(seen: Observation, copies: GeneCopyNumber | None) -> Said:
    if seen.alt_molecules is not None and seen.total_molecules is not None:
        share = Share(seen.vaf or 0.0, seen.vaf_low, seen.vaf_high)
        return say("amount.vaf", alt=seen.alt_molecules, total=seen.total_molecules, share=share)
    if seen.copy_number is not None:
        return copies_said(seen.copy_number, copies)
    return say("amount.reported", share=Share(seen.vaf)) if seen.vaf is not None else say("amount.none")


# --- samples, copies, callability -------------------------------------------------------------------


def sample_lines(order: Sequence[SpecimenEvidence], words: Words) -> list[dict[str, Any]]:
    """Return a line per sample: what, when, tumour fraction with its interval, quality with its numbers."""
    lines = []
    for item in order:
        light = quality_light(item)
        molecules = (
            words("sample.not_counted")
            if light.molecules is None
            else words(
                "sample.duplex" if light.duplex else "sample.molecules",
                number=f"{light.molecules:.0f}",
                duplex=Share(light.duplex or 0.0),
            )
        )
        lines.append(
            {
                "name": sample_name(item),
                "kind": ""
                if item.specimen == item.specimen_type
                else words.word("specimen", item.specimen_type),
                "type": words.word("specimen", item.specimen_type),
                "setting": words.word("setting", item.setting),
                "collected": item.collected.isoformat(),
                "assay": item.assay,
                "fraction": words.tell(fraction_said(item)),
                "markers": Listed(item.tumour_fraction.markers).items,
                "identity": words.word("identity", item.identity),
                "light": item.verdict.value,
                "verdict": words.word("verdict", item.verdict),
                "molecules": molecules,
                "remarks": [
                    *(words.reason(code) for code in item.problems),
                    *(words.caveat(flag) for flag in item.flags),
                ],
            }
        )
    return lines


def copy_lines(
    order: Sequence[SpecimenEvidence], chromosomes: Mapping[str, str], words: Words
) -> list[dict[str, Any]]:
    """Return a line per gene and sample: copies in the sample and in the tumour, each with its interval."""
    return [
        {
            "sample": sample_name(item),
            "gene": one.gene,
            "chromosome": chromosomes.get(one.gene, NOTHING),
            "sampled": words.tell(Copies(one.copy_number, one.copy_number_low, one.copy_number_high)),
            "tumour": _tumour_copies(one, words),
            "call": words.word("call", one.call),
            "changed": one.call in (CopyNumberCall.AMPLIFICATION, CopyNumberCall.GAIN, CopyNumberCall.LOSS),
            "visible": _visible(one.smallest_visible_cn),
        }
        for item in order
        if item.specimen_type is not SpecimenType.WBC
        for one in item.copy_number
    ]


def _visible(copies: float | None) -> str:
    if copies is None:
        return NOTHING
    return f"{copies:.2g}" if copies <= MOST_VISIBLE else f"> {MOST_VISIBLE}"


def _tumour_copies(item: GeneCopyNumber, words: Words) -> str:
    if item.tumour_copy_number is None:
        return words("copies.no_fraction")
    return words.tell(
        Copies(item.tumour_copy_number, item.tumour_copy_number_low, item.tumour_copy_number_high)
    )


def callability_lines(
    order: Sequence[SpecimenEvidence], words: Words
) -> tuple[list[str], list[dict[str, Any]]]:
    """Return the names of the samples that state coverage, and a line per ALK hotspot codon."""
    stated = [item for item in order if item.callability]
    per_sample = [{locus.locus: locus for locus in alk_hotspots(item)} for item in stated]
    loci = dict.fromkeys(name for sample in per_sample for name in sample)
    lines = [
        {"locus": name, "cells": [_locus_cell(sample.get(name), words) for sample in per_sample]}
        for name in loci
    ]
    return [sample_name(item) for item in stated], lines


def _locus_cell(locus: LocusCallability | None, words: Words) -> dict[str, str]:
    status = locus.status if locus else Detection.NOT_ASSESSABLE
    if locus is None or locus.vaf_detectable is None:
        return {"detection": status, "text": words.word("observation", status)}
    told = {"limit": Share(locus.vaf_detectable), "number": locus.molecules}
    if locus.vaf_detectable_indel is None:
        text = words("locus.limit", **told)
    else:
        text = words("locus.limits", indel=Share(locus.vaf_detectable_indel), **told)
    return {"detection": status, "text": text}


def board_lines(
    evidence: PatientEvidence, order: Sequence[SpecimenEvidence], words: Words
) -> list[dict[str, Any]]:
    """Return what a board has of a sample beside its DNA."""
    names = {item.key: item.full_name for item in evidence.alterations}
    told = [
        (sample_name(item), words.told(board_findings(item.board, names, words)))
        for item in order
        if item.board
    ]
    return [{"sample": name, "findings": findings} for name, findings in told if findings]


def other_junctions(evidence: PatientEvidence) -> list[str]:
    """Return the names of junctions of ALK that are no driver, such as the other half of the exchange."""
    drivers = {item.key for item in driver_fusions(evidence)}
    return [
        item.alteration
        for item in evidence.alterations
        if item.variant_type is VariantType.FUSION
        and ALK in (item.gene, item.partner)
        and item.key not in drivers
        and any(seen.detection is Detection.DETECTED for seen in item.observations)
    ]
