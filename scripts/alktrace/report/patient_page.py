"""The page of one patient: what was found, how sure, and what could not have been seen."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..classify.negative import NOT_TARGETED_MARK
from ..classify.resistance_table import ResistanceRow
from ..evidence.evidence_file import load_evidence
from ..evidence.schema import Alteration, PatientEvidence, SpecimenEvidence
from ..inputs.knowledge_files import KnowledgeFiles
from ..io.tables import read_table
from ..knowledge.answers import Knowledge
from ..knowledge.entries import COMBINATION
from ..knowledge.load import load_knowledge
from ..reference.gene_models import GeneModels
from ..structural.copy_number.copy_number_table import RatioRow
from ..structural.tumour_fraction_table import SampleTumourFractionRow
from ..vocabulary.caveats import in_order
from ..vocabulary.changes import Consequence, Origin
from ..vocabulary.detection import Detection, LocusKind
from ..vocabulary.resistance import Confidence
from . import words
from .figures.structural_figures import draw_breakpoints, draw_copy_number, draw_tumour_fraction
from .pages import write_page

SILENT = {
    Consequence.SYNONYMOUS,
    Consequence.INTRON,
    Consequence.UTR,
    Consequence.INTERGENIC,
}
NOTICE_KEY = "research_use"


def write_patient_page(
    *,
    evidence: Path,
    tables: Sequence[Path],
    details: Sequence[Path],
    tumour_fraction: Path,
    bins: Mapping[str, Path],
    gene_models: Path,
    knowledge: KnowledgeFiles,
    out: Path,
) -> None:
    """Write the page of one patient.

    Args:
        evidence: `evidence.json`.
        tables: `resistance.tsv` of each timepoint.
        details: `resistance.json` of each timepoint, in the same order.
        tumour_fraction: table of `SampleTumourFractionRow`.
        bins: `copy_number_bins.tsv` by sample, such as `PD1 plasma`.
        gene_models: JSON of `GeneModels`.
        knowledge: the knowledge tables, for the texts of codes.
        out: HTML.
    """
    found = load_evidence(evidence)
    known = load_knowledge(knowledge)
    content = patient_content(
        found,
        [read_table(path, ResistanceRow) for path in tables],
        [json.loads(path.read_text(encoding="utf-8")) for path in details],
        known,
    )
    copies = {_name(item): item.copy_number for item in found.specimens}
    figures = [
        draw_tumour_fraction(read_table(tumour_fraction, SampleTumourFractionRow)),
        *draw_breakpoints(found.alterations, GeneModels.load(gene_models)),
        *(
            draw_copy_number(name, read_table(path, RatioRow), copies.get(name, ()))
            for name, path in bins.items()
        ),
    ]
    write_page("patient.html", content | {"figures": [item for item in figures if item is not None]}, out)


def patient_content(
    evidence: PatientEvidence,
    tables: Sequence[Sequence[ResistanceRow]],
    details: Sequence[Mapping[str, Any]],
    knowledge: Knowledge,
) -> dict[str, Any]:
    """Return what the template shows, as plain values; pure."""
    messages = knowledge.messages
    points = [
        _timepoint(rows, detail, evidence, messages) for rows, detail in zip(tables, details, strict=True)
    ]
    order = sorted(evidence.specimens, key=lambda item: (item.collected, item.timepoint, item.specimen))
    return {
        "patient": evidence.patient,
        "notice": messages[NOTICE_KEY],
        "timepoints": points,
        "edition": knowledge.edition,
        "approvals": _approvals(tables, knowledge),
        "samples": [_name(item) for item in order],
        "alterations": _alterations([a for a in evidence.alterations if _telling(a)], order),
        "others": _alterations([a for a in evidence.alterations if not _telling(a)], order),
        "specimens": [_specimen(item, messages) for item in order],
        "board": _board(evidence, order),
        "callable_samples": [_name(item) for item in order if item.callability],
        "callability": _callability([item for item in order if item.callability]),
    }


def _timepoint(
    rows: Sequence[ResistanceRow],
    detail: Mapping[str, Any],
    evidence: PatientEvidence,
    messages: Mapping[str, str],
) -> dict[str, Any]:
    first = rows[0]
    found = [row for row in rows if row.mechanism is not None]
    # As in classification.tsv: what is listed only lends its confidence to no class.
    carrying = {
        item["confidence"]
        for item in detail["mechanisms"]
        if item["carries"] and item["component"] in detail["components"]
    }
    return {
        "id": first.timepoint,
        "setting": first.setting.value,
        "specimens": [s.specimen for s in evidence.specimens if s.timepoint == first.timepoint],
        "classification": first.classification.value,
        "confidence": next((item.value for item in Confidence if item.value in carrying), words.NOTHING),
        "timing": first.timing.value if first.timing else words.NOTHING,
        "meaning": words.class_text(first.classification, {code for row in rows for code in row.criteria}),
        "decision": detail["decision"],
        "reasons": [words.explain_code(reason.value, messages) for reason in first.not_evaluable_reason],
        "mechanisms": [
            _mechanism(row, account["hints"]["remarks"], messages)
            for row, account in zip(found, detail["mechanisms"], strict=True)
        ],
        "flags": [
            words.explain(flag, messages) for flag in in_order(flag for row in rows for flag in row.flags)
        ],
        "excluded": words.excluded(first.excluded_clone_fraction),
        "exclusions": [words.exclusion(item) for item in first.excluded],
        "not_assessable": [name for name in first.not_assessable if not name.endswith(NOT_TARGETED_MARK)],
        "not_targeted": [
            name.removesuffix(NOT_TARGETED_MARK)
            for name in first.not_assessable
            if name.endswith(NOT_TARGETED_MARK)
        ],
        "criteria": detail["criteria"],
    }


def _mechanism(
    row: ResistanceRow, remarks: Sequence[Mapping[str, str]], messages: Mapping[str, str]
) -> dict[str, Any]:
    partners = f" with {', '.join(row.phase_partner)}" if row.phase_partner else ""
    return {
        "mechanism": row.mechanism,
        "component": row.component.value if row.component else "",
        "gene": row.gene or "",
        "alteration": row.alteration or "",
        "hgvs": " ".join(name for name in (row.hgvs_c, row.hgvs_p) if name),
        "molecules": words.molecules(row),
        "lead": row.lead_specimen or "",
        "phase": f"{row.phase.value}{partners}" if row.phase else words.NOTHING,
        "phase_evidence": words.phase_evidence(row.phase_evidence, messages),
        "confidence": row.confidence.value if row.confidence else words.NOTHING,
        "emergence": row.emergence.value if row.emergence else words.NOTHING,
        "drugs": words.drugs(
            row, [f"{r['text']} ({r['mark']})" for r in remarks if r["kind"] == COMBINATION]
        ),
        "remarks": [words.remark(item) for item in remarks],
        "sources": row.evidence,
    }


def _approvals(tables: Sequence[Sequence[ResistanceRow]], knowledge: Knowledge) -> list[dict[str, str]]:
    """Approvals of the drugs that some row names, where a source is known."""
    rows = [row for table in tables for row in table]
    named = sorted({drug.name for row in rows for drug in (*row.sensitive_to, *row.resistant_to)})
    return [
        {"drug": name, **{key: str(value) for key, value in vars(approval).items()}}
        for name in named
        if name in knowledge.drugs
        for approval in knowledge.drugs[name].approvals
    ]


def _telling(item: Alteration) -> bool:
    return item.origin is not Origin.GERMLINE and item.consequence not in SILENT


def _alterations(
    alterations: Sequence[Alteration], order: Sequence[SpecimenEvidence]
) -> list[dict[str, Any]]:
    lines = []
    for item in sorted(alterations, key=lambda one: (one.gene, one.codon or 0, one.key)):
        seen = {(one.timepoint, one.specimen): one for one in item.observations}
        cells = [seen.get((s.timepoint, s.specimen)) for s in order]
        lines.append(
            {
                "gene": item.gene,
                "alteration": item.alteration,
                "hgvs": " ".join(name for name in (item.hgvs_c, item.hgvs_p) if name),
                "origin": item.origin.value.replace("_", " "),
                "cells": [
                    {
                        "detection": cell.detection.value if cell else Detection.NOT_ASSESSABLE.value,
                        "text": words.observation(cell),
                    }
                    for cell in cells
                ],
            }
        )
    return lines


def _specimen(item: SpecimenEvidence, messages: Mapping[str, str]) -> dict[str, Any]:
    return {
        "name": _name(item),
        "type": item.specimen_type.value,
        "collected": item.collected.isoformat(),
        "assay": item.assay,
        "tumour_fraction": words.tumour_fraction(item.tumour_fraction),
        "identity": item.identity.value,
        "verdict": item.verdict.value,
        "remarks": [
            *(words.explain_code(code, messages) for code in item.problems),
            *(words.explain(flag, messages) for flag in item.flags),
        ],
    }


def _board(evidence: PatientEvidence, order: Sequence[SpecimenEvidence]) -> list[dict[str, Any]]:
    names = {item.key: f"{item.gene} {item.alteration}" for item in evidence.alterations}
    told = [(_name(item), words.board(item.board, names)) for item in order if item.board]
    return [{"sample": name, "findings": findings} for name, findings in told if findings]


def _callability(specimens: Sequence[SpecimenEvidence]) -> list[dict[str, Any]]:
    per_sample = [
        {locus.locus: locus for locus in item.callability if locus.kind is LocusKind.ALK_HOTSPOT}
        for item in specimens
    ]
    loci = dict.fromkeys(name for sample in per_sample for name in sample)
    lines = []
    for name in loci:
        cells = []
        for sample in per_sample:
            locus = sample.get(name)
            status = locus.status if locus else Detection.NOT_ASSESSABLE
            text = status.value.replace("_", " ")
            if locus and locus.vaf_detectable is not None:
                text = f"{text}; {words.limits(locus)}, {locus.molecules} molecules"
            cells.append({"detection": status.value, "text": text})
        lines.append({"locus": name, "cells": cells})
    return lines


def _name(item: SpecimenEvidence) -> str:
    return f"{item.timepoint} {item.specimen}"
