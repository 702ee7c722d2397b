"""The page of the newest batch: what may be released, what is held, and why."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..calling.genotyping.genotype_table import GenotypeRow
from ..calling.noise.error_rate_table import ErrorRateRow
from ..classify.resistance_table import ClassificationRow
from ..consensus.molecule_table import MoleculeMetric
from ..inputs.knowledge_files import KnowledgeFiles
from ..inputs.sample import Processing
from ..inputs.settings.assay_settings import AssayQc
from ..inputs.settings.identity_settings import IdentitySettings
from ..io.tables import read_table
from ..knowledge.load import load_knowledge
from ..qc.identity import SampleIdentityRow, concordances
from ..qc.identity_table import IdentityRow
from ..qc.qc_table import QcRow
from ..qc.release import Batch, BatchSample, Measure, State, batches
from ..vocabulary.detection import MoleculeGroup
from ..vocabulary.languages import Language
from ..vocabulary.resistance import Classification
from ..vocabulary.samples import IdentityStatus, Role, Verdict
from .batch_words import batch_line, identity_said, processed_said, remarks_said, swaps_said, without_fraction
from .figures.batch_figures import Panel, Well, draw_identity, draw_panel, draw_plate
from .language import Listed, Said, Words, html_language, say
from .pages import write_page
from .words import NOTHING, interval, number, percent

MOST_IN_MATRIX = 60
SYMBOLS = {State.PASS: "✓", State.WARN: "!", State.FAIL: "✗", State.OPEN: "?"}


@dataclass(frozen=True)
class Measured:
    """Figures of a sample beside `qc.tsv`; None where there are none.

    Attributes:
        family_size: mean templates per molecule.
        error_rate: errors per base over all substitutions, of duplex molecules, else simplex, else single.
    """

    family_size: float | None = None
    error_rate: float | None = None


def write_batch_page(
    *,
    quality: Path,
    classification: Path,
    identity: Path,
    patients: Sequence[Path],
    genotypes: Mapping[str, Path],
    molecules: Mapping[str, Path],
    error_rates: Mapping[str, Path],
    limits: Mapping[str, AssayQc],
    processing: Mapping[str, Processing],
    settings: IdentitySettings,
    knowledge: KnowledgeFiles,
    language: Language,
    out: Path,
) -> None:
    """Write the page of the batch that stands last in the sheet, beside those before it.

    Args:
        quality: `qc.tsv`.
        classification: `classification.tsv` of the cohort.
        identity: `identity.tsv` of the cohort.
        patients: `identity/<patient>.tsv`.
        genotypes: `genotypes.tsv` of readable samples, no controls, by name.
        molecules: `molecules.tsv` of samples that have one, by name.
        error_rates: `error_rates.tsv`, likewise.
        limits: thresholds by assay.
        processing: what the sheet says of batch, plate and well, by sample.
        settings: section `identity`.
        knowledge: the knowledge tables, for messages.
        language: of the page.
        out: HTML.
    """
    pairs = read_table(identity, IdentityRow)
    found = batches(
        read_table(quality, QcRow),
        limits=limits,
        processing=processing,
        genotypes={row.sample: row for path in patients for row in read_table(path, SampleIdentityRow)},
        pairs=pairs,
        no_class={
            (row.patient, row.timepoint): tuple(reason.value for reason in row.not_evaluable_reason)
            for row in read_table(classification, ClassificationRow)
            if row.classification is Classification.NOT_EVALUABLE
        },
    )
    measured = {
        name: Measured(
            family_size_of(read_table(molecules[name], MoleculeMetric)) if name in molecules else None,
            error_rate_of(read_table(error_rates[name], ErrorRateRow)) if name in error_rates else None,
        )
        for name in {*molecules, *error_rates}
    }
    shown = in_matrix(found[-1], pairs) if found else []
    shares = concordances(
        {name: read_table(genotypes[name], GenotypeRow) for name in shown if name in genotypes},
        settings.min_sites,
    )
    words = Words(language, load_knowledge(knowledge))
    write_page("batch.html", batch_content(found, measured, shares, pairs, words), out)


def family_size_of(rows: Sequence[MoleculeMetric]) -> float | None:
    """Return the mean family size of `molecules.tsv`."""
    return next((row.value for row in rows if row.metric == "mean_family_size"), None)


def error_rate_of(rows: Sequence[ErrorRateRow]) -> float | None:
    """Return errors per base of the best molecules that a sample has; None without an error or a base."""
    for group in (MoleculeGroup.DUPLEX, MoleculeGroup.SIMPLEX, MoleculeGroup.SINGLE):
        own = [row for row in rows if row.molecules is group]
        if bases := sum(row.bases for row in own):
            return sum(row.errors for row in own) / bases
    return None


def in_matrix(batch: Batch, pairs: Sequence[IdentityRow]) -> list[str]:
    """Return the samples whose genotypes are shown against each other: all, or of many those in doubt."""
    names = [sample.name for sample in batch.samples if not sample.unreadable]
    partners = [name for group in batch.swaps for name in group if name not in names]
    if len(names) + len(partners) > MOST_IN_MATRIX:
        doubtful = {name for pair in pairs for name in (pair.sample_a, pair.sample_b) if _doubtful(pair)}
        names = [name for name in names if name in doubtful]
    return sorted((*names, *partners))[:MOST_IN_MATRIX]


def _doubtful(pair: IdentityRow) -> bool:
    return pair.status is IdentityStatus.CONFLICT or not pair.same_patient


def batch_content(
    found: Sequence[Batch],
    measured: Mapping[str, Measured],
    shares: Mapping[tuple[str, str], float | None],
    pairs: Sequence[IdentityRow],
    words: Words,
) -> dict[str, Any]:
    """Return what the template shows, as texts; pure.

    Args:
        found: the batches, the newest last.
        measured: figures beside `qc.tsv` by sample.
        shares: concordance of genotypes by pair.
        pairs: rows of `identity.tsv`.
        words: texts of the page.
    """
    newest = found[-1] if found else Batch("", (), (), ())
    return {
        "w": words,
        "language": html_language(words.language),
        "name": newest.name,
        "placed": any(one.processing.well or one.processing.plate for one in newest.samples),
        "line": words.tell(batch_line(newest)),
        "remarks": words.told(list(remarks_said(newest))),
        "processed": words.told(list(processed_said(newest))),
        "held": [_sample(one, words) for one in newest.samples if one.held],
        "looked": [_sample(one, words) for one in newest.samples if not one.held and _warned(one)],
        "released": [_sample(one, words) for one in newest.samples if not one.held and not _warned(one)],
        "controls": [_control(one, words) for one in newest.controls],
        "swaps": [words.tell(Listed(group)) for group in newest.swaps],
        "plates": _plates(newest, words),
        "panels": [draw_panel(panel, words) for panel in panels(found, measured, words)],
        "matrix": _matrix(newest, shares, pairs, words),
        "batches": [_earlier(batch, words) for batch in reversed(found)],
    }


def _warned(sample: BatchSample) -> bool:
    return sample.row.verdict is Verdict.WARN


def _sample(sample: BatchSample, words: Words) -> dict[str, Any]:
    row, limits, own = sample.row, sample.limits, sample.identity
    most = {"limit": percent(limits.max_contamination)}
    low, high = (own.contamination_low, own.contamination_high) if own else (None, None)
    states = sample.states()
    cells = [
        _cell(
            states[Measure.MOLECULES],
            number(row.molecules),
            say("batch.limit_molecules", warn=limits.warn_molecules, least=limits.min_molecules),
            words,
        ),
        _cell(
            states[Measure.ON_TARGET],
            _percent(row.on_target),
            say("batch.limit_least", limit=percent(limits.min_on_target)),
            words,
        ),
        _cell(
            states[Measure.CONTAMINATION],
            interval(row.contamination, low, high),
            say("batch.limit_sites", **most, used=own.sites - (own.heterozygous or 0), sites=own.sites)
            if own
            else say("batch.limit_most", **most),
            words,
        ),
        _cell(states[Measure.IDENTITY], words.tell(identity_said(sample)), None, words, whole=False),
    ]
    opened = [words(f"measure.{measure}") for measure in sample.not_evaluated()]
    opened += [words("measure.tumour_fraction")] if without_fraction(sample) else []
    return {
        "name": sample.name,
        "page": f"../patients/{row.patient}/report.html" if row.role == Role.PATIENT.value else "",
        "place": " ".join(filter(None, (sample.processing.plate, sample.processing.well))),
        "verdict": row.verdict.value,
        "verdict_word": words.word("verdict", row.verdict),
        "why": [words.quoted(text) for text in dict.fromkeys((*sample.held, *row.reasons))],
        "cells": [] if sample.unreadable else cells,
        "duplex": _percent(row.duplex_yield),
        "insert": number(row.insert_size),
        "fraction": _percent(row.tumour_fraction),
        "open": opened if row.verdict is Verdict.PASS else [],
        "no_class": [words(f"not_evaluable.{reason}") for reason in sample.no_class],
    }


def _cell(
    state: State, value: str, limit: Said | None, words: Words, *, whole: bool = True
) -> dict[str, Any]:
    return {
        "state": state.value,
        "symbol": SYMBOLS[state],
        "said": words(f"state.{state}"),
        "value": value,
        "limit": words.tell(limit) if limit else "",
        "whole": whole,
    }


def _percent(value: float | None) -> str:
    return NOTHING if value is None else percent(value)


def _control(sample: BatchSample, words: Words) -> dict[str, Any]:
    row = sample.row
    blank = not row.control_expected
    found = say("batch.blank_found", molecules=number(row.molecules), reads=number(row.raw_reads))
    expected = say("batch.blank_expected", most=sample.limits.max_blank_molecules)
    return {
        "name": sample.name,
        "place": " ".join(filter(None, (sample.processing.plate, sample.processing.well))),
        "kind": words("batch.blank" if blank else "batch.positive"),
        "expected": words.tell(expected if blank else Listed(row.control_expected)),
        "found": words.tell(found if blank else Listed(row.control_found or (say("batch.none"),))),
        "verdict": row.verdict.value,
        "verdict_word": words.word("verdict", row.verdict),
        "why": [words.quoted(text) for text in row.reasons],
    }


def _plates(batch: Batch, words: Words) -> list[str]:
    plates: dict[str, list[Well]] = {}
    for sample in (*batch.samples, *batch.controls):
        if well := sample.processing.well:
            name = f"{sample.row.patient} {sample.row.timepoint}"
            shown = Well(well, name, sample.row.verdict.value, sample.control)
            plates.setdefault(sample.processing.plate, []).append(shown)
    return [draw_plate(name, wells, words) for name, wells in plates.items()]


def panels(found: Sequence[Batch], measured: Mapping[str, Measured], words: Words) -> list[Panel]:
    """Return the figures of all batches, those without any value left out; pure."""

    def of(name: str) -> Measured:
        return measured.get(name, Measured())

    kinds: list[tuple[str, Callable[[BatchSample], float | None], str, bool]] = [
        ("molecules", lambda one: one.row.molecules, "warn_molecules", True),
        ("duplex", lambda one: one.row.duplex_yield, "", False),
        ("family", lambda one: of(one.name).family_size, "", False),
        ("insert", lambda one: one.row.insert_size, "", False),
        ("on_target", lambda one: one.row.on_target, "min_on_target", False),
        ("error", lambda one: of(one.name).error_rate, "", True),
        ("contamination", lambda one: one.row.contamination, "max_contamination", False),
        ("tumour_fraction", lambda one: one.row.tumour_fraction, "", False),
    ]
    shown = []
    for name, value, limit, log in kinds:
        dots = {
            batch.name: [
                (figure, one.row.verdict is Verdict.FAIL)
                for one in batch.samples
                if (figure := value(one)) is not None
            ]
            for batch in found
        }
        if any(dots.values()):
            shown.append(Panel(words(f"panel.{name}"), dots, _limit(found, limit), log))
    return shown


def _limit(found: Sequence[Batch], name: str) -> float | None:
    """Return a threshold where all assays of the newest batch share it."""
    if not name:
        return None
    values = {getattr(one.limits, name) for one in found[-1].samples}
    return float(values.pop()) if len(values) == 1 else None


def _matrix(
    batch: Batch,
    shares: Mapping[tuple[str, str], float | None],
    pairs: Sequence[IdentityRow],
    words: Words,
) -> str:
    names = list(dict.fromkeys(name for pair in shares for name in pair))
    if len(names) < 2:
        return ""
    crossed = [(one.sample_a, one.sample_b) for one in pairs if one.status is IdentityStatus.CONFLICT]
    said = words("batch.matrix_says", number=len(names), swaps=swaps_said(batch))
    return draw_identity(names, shares, crossed, said)


def _earlier(batch: Batch, words: Words) -> dict[str, Any]:
    return {
        "name": batch.name or words("batch.all"),
        "line": words.tell(batch_line(batch)),
        "samples": len(batch.samples),
        "counts": [batch.count(verdict) for verdict in Verdict],
    }
