"""The page of one patient: the answer first, then what it rests on."""

import base64
import hashlib
import json
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from .. import __version__
from ..classify.resistance_table import ResistanceRow
from ..evidence.evidence_file import load_evidence
from ..evidence.schema import Alteration, PatientEvidence, SpecimenEvidence
from ..inputs.knowledge_files import KnowledgeFiles
from ..inputs.settings.report_settings import ReportSettings
from ..inputs.settings.resistance_settings import ResistanceSettings
from ..io.tables import read_table
from ..knowledge.answers import Knowledge
from ..knowledge.load import load_knowledge
from ..outcomes.clinical_schema import PatientRecord
from ..outcomes.patient_record import load_record
from ..reference.gene_models import GeneModels
from ..structural.copy_number.copy_number_table import RatioRow
from ..vocabulary.caveats import CaveatCode, in_order
from ..vocabulary.languages import Language
from ..vocabulary.resistance import Classification
from ..vocabulary.samples import Setting, SpecimenType
from . import patient_tables as tables_of
from .bypass_matrix import bypass_matrix
from .decision_table import decision_lines
from .figures.alk_strip import draw_alk_strip
from .figures.patient_timeline import draw_timeline
from .figures.phase_bars import draw_phase
from .figures.structural_figures import Figure, draw_copy_number, draw_fusions
from .language import Words, html_language
from .pages import TEMPLATES, write_page
from .patient_header import (
    alk_hotspots,
    driver_fusions,
    header_facts,
    last_date,
    sample_name,
    sample_order,
)
from .verdict_card import Mechanism, Verdict, all_mechanisms, judge_verdict
from .words import NOTICE_KEY

MOST_STRIPS = 4
"""Strips of ALK drawn, those of the newest samples; all codons of all samples stand in the table."""
MOST_COPY_FIGURES = 6
MOST_COLUMNS = 6
"""Samples beside each other in a table: more would be cut off on A4."""
MOST_CARDS = 3
"""Verdict cards, of the newest progressions; the others stand in the table of timepoints."""


@dataclass(frozen=True)
class Timepoint:
    """One timepoint with everything the page says of it."""

    rows: Sequence[ResistanceRow]
    detail: Mapping[str, Any]
    mechanisms: list[Mechanism]
    verdict: Verdict

    @property
    def name(self) -> str:
        """Id of the timepoint."""
        return self.rows[0].timepoint


@dataclass(frozen=True)
class PatientData:
    """What the page is made of, read and checked.

    Attributes:
        tables: rows of `resistance.tsv` by timepoint, in order of collection.
        details: `resistance.json` of each, in the same order.
        record: the clinical tables; None without them.
        bins: rows of `copy_number_bins.tsv` by sample.
        models: gene models; None where there are none.
        exports: where the exports of the patient lie from the page, by their names.
        versions: of the programs and packages that the rows can rest on, by their names.
    """

    evidence: PatientEvidence
    tables: Sequence[Sequence[ResistanceRow]]
    details: Sequence[Mapping[str, Any]]
    record: PatientRecord | None = None
    bins: Mapping[str, Sequence[RatioRow]] | None = None
    models: GeneModels | None = None
    exports: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)


def write_patient_page(
    *,
    evidence: Path,
    tables: Sequence[Path],
    details: Sequence[Path],
    bins: Mapping[str, Path],
    gene_models: Path,
    clinical: Path | None,
    data_cutoff: date | None,
    exports: Mapping[str, str],
    versions: Mapping[str, str],
    knowledge: KnowledgeFiles,
    settings: ReportSettings,
    resistance: ResistanceSettings,
    out: Path,
) -> None:
    """Write the page of one patient.

    Args:
        evidence: `evidence.json`.
        tables: `resistance.tsv` of each timepoint.
        details: `resistance.json` of each timepoint, in the same order.
        bins: `copy_number_bins.tsv` by sample, such as `PD1 plasma`.
        gene_models: JSON of `GeneModels`.
        clinical: folder of the clinical tables; None without.
        data_cutoff: what the clinic knew later is not shown.
        exports: files of the patient for other programs, by the name of the export.
        versions: of the programs and packages that the rows can rest on, by their names.
        knowledge: the knowledge tables.
        settings: section `report`.
        resistance: section `resistance`, whose thresholds are printed.
        out: HTML.
    """
    known = load_knowledge(knowledge)
    found = load_evidence(evidence)
    data = PatientData(
        evidence=found,
        tables=[read_table(path, ResistanceRow) for path in tables],
        details=[json.loads(path.read_text(encoding="utf-8")) for path in details],
        record=load_record(clinical, found.patient, knowledge=known, data_cutoff=data_cutoff),
        bins={name: read_table(path, RatioRow) for name, path in bins.items()},
        models=GeneModels.load(gene_models),
        exports={name: os.path.relpath(path, out.parent) for name, path in exports.items()},
        versions=versions,
    )
    write_page("patient.html", patient_content(data, known, settings, resistance), out)


def patient_content(
    data: PatientData, knowledge: Knowledge, settings: ReportSettings, resistance: ResistanceSettings
) -> dict[str, Any]:
    """Return what the template shows, as texts; pure."""
    words = Words(settings.language, knowledge)
    points = [
        _timepoint(*pair, data.evidence, knowledge) for pair in zip(data.tables, data.details, strict=True)
    ]
    order = sample_order(data.evidence.specimens)
    keys = {item.account["key"] for point in points for item in point.mechanisms}
    hotspots = {name for point in points for name in _subthreshold(point)}
    listed = tables_of.listed_alterations(data.evidence, keys, hotspots, settings.inherited_variants)
    withheld = set() if settings.inherited_variants else tables_of.inherited_names(data.evidence)
    shown = [_point_texts(point, withheld, settings, words) for point in _newest_first(points)]
    # Ids have letters, digits and hyphens alone: they may stand in a style sheet.
    heading = (
        f'@page {{ @bottom-left {{ content: "{data.evidence.patient}"; font-size: 9pt; color: #4d5966; }} }}'
    )
    style = (TEMPLATES / "patient.css").read_text(encoding="utf-8") + heading
    return {
        "w": words,
        "language": html_language(settings.language),
        "style": style,
        "style_hash": base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        "patient": data.evidence.patient,
        "notice": words.messages[NOTICE_KEY],
        "edition": knowledge.edition,
        "version": __version__,
        "versions": [f"{name} {version}" for name, version in data.versions.items()],
        "as_of": last_date(data.evidence, data.record),
        "facts": [
            (words(f"label.{label}"), words.tell(said))
            for label, said in header_facts(data.evidence, data.record, knowledge.fusion_variants)
        ],
        "points": shown,
        "cards": [item for item in shown if item["setting_code"] == Setting.PROGRESSION][:MOST_CARDS]
        or shown[:1],
        "figures": _figures(data, points, listed, knowledge, words, inherited=settings.inherited_variants),
        "sample_lines": tables_of.sample_lines(order, words),
        "alterations": [
            (
                [sample_name(item) for item in group],
                tables_of.alteration_lines(listed, group, knowledge.genes, words),
            )
            for group in _groups(order)
        ],
        "not_listed": max(len(listed) - tables_of.MOST_ALTERATIONS, 0),
        "inherited": settings.inherited_variants,
        "copies": tables_of.copy_lines(order, _chromosomes(data), words),
        "board": tables_of.board_lines(data.evidence, order, words),
        "callability": [
            (names, lines)
            for group in _groups(order)
            for names, lines in [tables_of.callability_lines(group, words)]
            if lines
        ],
        "decisions": decision_lines({point.detail["decision"] for point in points}, words),
        "approvals": _approvals(data.tables, knowledge, words),
        "thresholds": _thresholds(resistance, words),
        "references": _references(points),
        "exports": [(words(f"link.{name}"), path) for name, path in data.exports.items()],
        "from_reads": any(item.reads for item in data.evidence.specimens),
    }


def _timepoint(
    rows: Sequence[ResistanceRow], detail: Mapping[str, Any], evidence: PatientEvidence, knowledge: Knowledge
) -> Timepoint:
    mechanisms = all_mechanisms(rows, detail, evidence.specimens)
    return Timepoint(rows, detail, mechanisms, judge_verdict(rows, mechanisms, detail, knowledge.next_tests))


def _newest_first(points: Sequence[Timepoint]) -> list[Timepoint]:
    """Progressions first, the newest before the older; then the others, the newest before the older."""
    order = sorted(range(len(points)), reverse=True)
    return sorted(
        (points[i] for i in order), key=lambda item: item.rows[0].setting is not Setting.PROGRESSION
    )


def _subthreshold(point: Timepoint) -> list[str]:
    return [
        name
        for row in point.rows
        for flag in row.flags
        if flag.code is CaveatCode.SUBTHRESHOLD
        for name in flag.about
    ]


def _groups(order: Sequence[SpecimenEvidence]) -> list[Sequence[SpecimenEvidence]]:
    """Return samples in groups that fit beside each other on paper."""
    return [order[start : start + MOST_COLUMNS] for start in range(0, len(order), MOST_COLUMNS)]


def _point_texts(
    point: Timepoint, withheld: Collection[str], settings: ReportSettings, words: Words
) -> dict[str, Any]:
    first, verdict = point.rows[0], point.verdict
    chinese = settings.language is Language.ZH
    inherited = settings.inherited_variants
    dates = sorted({item["collected"] for item in point.detail["specimens"]})
    return {
        "id": point.name,
        "setting": words.word("setting", first.setting),
        "setting_code": first.setting.value,
        "collected": dates,
        "specimens": list(
            dict.fromkeys(words.word("specimen", item["specimen_type"]) for item in point.detail["specimens"])
        ),
        "classification": first.classification.value,
        "class_name": words.word("class", first.classification),
        "tone": _tone(first.classification),
        "headline": words.sentences(verdict.headline),
        "confidence": words.word("confidence", verdict.confidence),
        "has_confidence": verdict.confidence is not None,
        "reason": words.sentences([verdict.reason])[0],
        "each": words.sentences(verdict.each),
        "numbers": words.told(verdict.numbers),
        "timing": words.word("timing", first.timing) if first.timing else "",
        "timing_code": first.timing.value if first.timing else "",
        "missed": words.sentences(verdict.missed),
        "tests": [
            {
                "name": test.chinese_name if chinese else test.name,
                "settles": test.chinese_settles if chinese else test.settles,
            }
            for test in verdict.tests
        ],
        "decision": point.detail["decision"],
        "mechanisms": tables_of.mechanism_lines(point.mechanisms, words),
        "reasons": [words.reason(reason.value) for reason in first.not_evaluable_reason],
        "codes": list(dict.fromkeys(flag.code.value for row in point.rows for flag in row.flags)),
        "caveats": tables_of.caveat_lines(
            in_order(flag for row in point.rows for flag in row.flags), inherited, withheld, words
        ),
        "criteria": tables_of.criterion_lines(
            point.detail, point.mechanisms, verdict.deciding, inherited, withheld, words
        ),
        "phase": tables_of.phase_lines(point.detail, words),
        "matrix": [
            {"gene": gene, "cells": [{"state": cell.state, "text": words.tell(cell.said)} for cell in cells]}
            for gene, cells in bypass_matrix(point.mechanisms, point.detail["excluded"])
        ],
    }


def _tone(classification: Classification) -> str:
    """Return how a card is coloured: something found, nothing found, or nothing can be said."""
    if classification is Classification.NOT_EVALUABLE:
        return "open"
    negative = (Classification.NONE_FOUND, Classification.ON_TARGET_EXCLUDED)
    return "none" if classification in negative else "found"


def _figures(
    data: PatientData,
    points: Sequence[Timepoint],
    listed: Sequence[Alteration],
    knowledge: Knowledge,
    words: Words,
    *,
    inherited: bool,
) -> dict[str, list[Figure]]:
    drivers = driver_fusions(data.evidence)
    timeline = draw_timeline(
        data.evidence, data.record, tables_of.tracked_alterations(listed, drivers), words
    )
    others = tables_of.other_junctions(data.evidence)
    transcript = data.models.by_gene.get("ALK") if data.models else None
    newest = list(reversed(points))
    named = [item for item in data.evidence.alterations if inherited or not tables_of.is_inherited(item)]
    strips = [
        draw_alk_strip(
            item,
            named,
            point.detail["phase"]["pairs"],
            transcript,
            knowledge.kinase_domain,
            words,
        )
        for point in newest
        for item in _of_timepoint(data.evidence, point.name)
        if alk_hotspots(item)
    ]
    phases = [draw_phase(point.detail["phase"]["pairs"], point.name, words) for point in newest]
    fusions = draw_fusions(drivers, others, data.models, knowledge.domains, words) if data.models else []
    copies = {sample_name(item): item.copy_number for item in data.evidence.specimens}
    bins = list((data.bins or {}).items())[-MOST_COPY_FIGURES:]
    drawn = [draw_copy_number(name, rows, copies.get(name, ()), words) for name, rows in bins]
    return {
        "timeline": [timeline] if timeline else [],
        "strips": strips[:MOST_STRIPS],
        "phases": [item for item in phases if item is not None],
        "fusions": fusions,
        "copies": [item for item in drawn if item is not None],
    }


def _of_timepoint(evidence: PatientEvidence, name: str) -> list[SpecimenEvidence]:
    return [
        item
        for item in evidence.specimens
        if item.timepoint == name and item.specimen_type is not SpecimenType.WBC
    ]


def _chromosomes(data: PatientData) -> dict[str, str]:
    found = {
        gene: row.chrom.removeprefix("chr")
        for rows in (data.bins or {}).values()
        for row in rows
        for gene in row.gene.split(",")
        if gene
    }
    known = data.models.by_gene if data.models else {}
    return {gene: item.chrom.removeprefix("chr") for gene, item in known.items()} | found


def _approvals(
    tables: Sequence[Sequence[ResistanceRow]], knowledge: Knowledge, words: Words
) -> list[dict[str, str]]:
    """Approvals of the drugs that some row names, where a source is known."""
    rows = [row for table in tables for row in table]
    named = sorted({drug.name for row in rows for drug in (*row.sensitive_to, *row.resistant_to)})
    return [
        {"drug": words.drug(name)}
        | {key: words.quoted(str(value)) for key, value in vars(approval).items() if key != "source"}
        | {"source": approval.source}
        | {"mark": words.word("mark", approval.mark)}
        for name in named
        if name in knowledge.drugs
        for approval in knowledge.drugs[name].approvals
    ]


def _thresholds(settings: ResistanceSettings, words: Words) -> list[tuple[str, str]]:
    """Return the thresholds behind the classes, by their key in the configuration."""
    told = {
        "negative.max_excluded_clone_fraction": settings.negative.max_excluded_clone_fraction,
        "negative.min_tumour_fraction": settings.negative.min_tumour_fraction,
        "negative.amplification_copy_number": settings.negative.amplification_copy_number,
        "clones.min_share": settings.clones.min_share,
        "phase.min_double": settings.phase.min_double,
        "phase.alpha": settings.phase.alpha,
        "phase.min_informative": settings.phase.min_informative,
        "window.days_before_progression": settings.window.days_before_progression,
        "window.days_after_last_dose": settings.window.days_after_last_dose,
        "timing.early_months": settings.timing.early_months,
    }
    return [(words(f"threshold.{key}"), f"{value:g}") for key, value in told.items()]


def _references(points: Sequence[Timepoint]) -> list[str]:
    """Return every source that the page rests on, once, in the order of reading."""
    told: dict[str, None] = {}
    for point in points:
        for row in point.rows:
            told.update(dict.fromkeys(text.partition(": ")[2] or text for text in row.evidence))
        for item in point.mechanisms:
            told.update(dict.fromkeys(one["source"] for one in item.account["hints"]["remarks"]))
        told.update(
            dict.fromkeys(test.source for test in point.verdict.tests if "this project" not in test.source)
        )
    return list(told)
