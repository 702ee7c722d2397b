"""The page of the newest batch: what may be released, what is held, and why."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..calling.genotyping.genotype_table import GenotypeRow
from ..calling.noise.error_rate_table import ErrorRateRow
from ..classify.resistance_table import ClassificationRow
from ..consensus.molecule_table import MoleculeMetric
from ..inputs.sample import Processing
from ..inputs.settings.assay_settings import AssayQc
from ..inputs.settings.identity_settings import IdentitySettings
from ..io.tables import read_table
from ..qc.identity import SampleIdentityRow, concordances
from ..qc.identity_table import IdentityRow
from ..qc.qc_table import QcRow
from ..qc.release import (
    Batch,
    BatchSample,
    Measure,
    State,
    batches,
    open_counts,
    plural,
)
from ..vocabulary.detection import MoleculeGroup
from ..vocabulary.resistance import Classification
from ..vocabulary.samples import IdentityStatus, Role, Verdict
from . import words
from .figures.batch_figures import Panel, Well, draw_identity, draw_panel, draw_plate
from .pages import write_page

MOST_IN_MATRIX = 60
OPEN_TEXT = {
    Measure.MOLECULES: "molecules",
    Measure.ON_TARGET: "share on target",
    Measure.CONTAMINATION: "contamination (too few homozygous polymorphisms)",
    Measure.IDENTITY: "identity (no second sample of the patient, or too few polymorphisms)",
}
"""What could not be judged, and why that can be."""
SYMBOLS = {State.PASS: "✓", State.WARN: "!", State.FAIL: "✗", State.OPEN: "?"}
STATE_TEXT = {
    State.PASS: "within its threshold",
    State.WARN: "warning",
    State.FAIL: "failed",
    State.OPEN: "not evaluated",
}


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
    write_page("batch.html", batch_content(found, measured, shares, pairs), out)


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
) -> dict[str, Any]:
    """Return what the template shows, as plain values; pure.

    Args:
        found: the batches, the newest last.
        measured: figures beside `qc.tsv` by sample.
        shares: concordance of genotypes by pair.
        pairs: rows of `identity.tsv`.
    """
    newest = found[-1] if found else Batch("", (), (), ())
    return {
        "name": newest.name,
        "placed": any(one.processing.well or one.processing.plate for one in newest.samples),
        "line": newest.line(),
        "remarks": _remarks(newest),
        "processed": _processed(newest),
        "held": [_sample(one) for one in newest.samples if one.held],
        "looked": [_sample(one) for one in newest.samples if not one.held and _warned(one)],
        "released": [_sample(one) for one in newest.samples if not one.held and not _warned(one)],
        "controls": [_control(one) for one in newest.controls],
        "swaps": [", ".join(group) for group in newest.swaps],
        "plates": _plates(newest),
        "panels": [draw_panel(panel) for panel in panels(found, measured)],
        "matrix": _matrix(newest, shares, pairs),
        "batches": [_earlier(batch) for batch in reversed(found)],
    }


def _processed(batch: Batch) -> list[str]:
    """Return operators and runs, with the samples of each where there are several."""
    lines = []
    for title, name in (("operator", "operator"), ("sequencing run", "run")):
        found = Counter(getattr(one.processing, name) for one in (*batch.samples, *batch.controls))
        if set(found) != {""}:
            listed = ", ".join(f"{said or 'not stated'} ({number})" for said, number in found.items())
            lines.append(f"{title}: {listed}")
    return lines


def _warned(sample: BatchSample) -> bool:
    return sample.row.verdict is Verdict.WARN


def _remarks(batch: Batch) -> list[str]:
    """Return what a pass of this batch does not say."""
    counts = open_counts(batch)
    lines = [
        f"{plural(counts[measure], 'sample')} passed without a verdict on {OPEN_TEXT[measure]}."
        for measure in Measure
        if counts[measure]
    ]
    if number := sum(_without_fraction(one) for one in batch.samples):
        lines.append(
            f"{plural(number, 'sample')} without a tumour fraction: that nothing was found there excludes "
            "nothing (white cells have none)."
        )
    if number := sum(bool(one.no_class) and one.row.verdict is not Verdict.FAIL for one in batch.samples):
        lines.append(
            f"{plural(number, 'sample')} within the thresholds, of a timepoint that is not "
            "evaluable: what was found there counts, what was not found does not."
        )
    if not batch.controls:
        lines.append("No control of this batch is in the sheet: nothing shows that a blank stays empty.")
    return lines


def _without_fraction(sample: BatchSample) -> bool:
    """Tell whether a sample of a patient passed though its share of tumour DNA is not known."""
    row = sample.row
    passed = row.verdict is not Verdict.FAIL and row.role == Role.PATIENT.value
    return passed and row.tumour_fraction is None


def _sample(sample: BatchSample) -> dict[str, Any]:
    row, limits, own = sample.row, sample.limits, sample.identity
    sites = f"{own.sites - (own.heterozygous or 0)} of {own.sites} sites" if own else ""
    low, high = (own.contamination_low, own.contamination_high) if own else (None, None)
    states = sample.states()
    cells = [
        _cell(
            states[Measure.MOLECULES],
            words.number(row.molecules),
            f"≥ {limits.warn_molecules}, fails < {limits.min_molecules}",
        ),
        _cell(states[Measure.ON_TARGET], _percent(row.on_target), f"≥ {words.percent(limits.min_on_target)}"),
        _cell(
            states[Measure.CONTAMINATION],
            words.interval(row.contamination, low, high),
            f"≤ {words.percent(limits.max_contamination)}; {sites}",
        ),
        _cell(states[Measure.IDENTITY], _identity(sample), "", whole=False),
    ]
    opened = [measure.value.replace("_", " ") for measure in sample.not_evaluated()]
    opened += ["tumour fraction"] if _without_fraction(sample) else []
    return {
        "name": sample.name,
        "page": f"../patients/{row.patient}/report.html" if row.role == Role.PATIENT.value else "",
        "place": " ".join(filter(None, (sample.processing.plate, sample.processing.well))),
        "verdict": row.verdict.value,
        "why": list(dict.fromkeys((*sample.held, *row.reasons))),
        "cells": [] if sample.unreadable else cells,
        "duplex": _percent(row.duplex_yield),
        "insert": words.number(row.insert_size),
        "fraction": _percent(row.tumour_fraction),
        "open": opened if row.verdict is Verdict.PASS else [],
        "no_class": sample.no_class,
    }


def _identity(sample: BatchSample) -> str:
    own = sample.identity
    if own is None or sample.row.identity is IdentityStatus.UNKNOWN:
        return "not compared"
    others = own.conflicting if sample.row.identity is IdentityStatus.CONFLICT else own.matching
    word = "conflict with" if sample.row.identity is IdentityStatus.CONFLICT else "matches"
    return f"{word} {', '.join(others)}"


def _cell(state: State, value: str, limit: str, *, whole: bool = True) -> dict[str, Any]:
    return {
        "state": state.value,
        "symbol": SYMBOLS[state],
        "said": STATE_TEXT[state],
        "value": value,
        "limit": limit.removesuffix("; "),
        "whole": whole,
    }


def _percent(value: float | None) -> str:
    return words.NOTHING if value is None else words.percent(value)


def _control(sample: BatchSample) -> dict[str, Any]:
    row = sample.row
    blank = not row.control_expected
    return {
        "name": sample.name,
        "place": " ".join(filter(None, (sample.processing.plate, sample.processing.well))),
        "kind": "blank" if blank else "positive",
        "expected": f"at most {sample.limits.max_blank_molecules} molecules"
        if blank
        else ", ".join(row.control_expected),
        "found": f"{words.number(row.molecules)} molecules, {words.number(row.raw_reads)} reads"
        if blank
        else ", ".join(row.control_found) or "none",
        "verdict": row.verdict.value,
        "why": list(row.reasons),
    }


def _plates(batch: Batch) -> list[str]:
    plates: dict[str, list[Well]] = {}
    for sample in (*batch.samples, *batch.controls):
        if well := sample.processing.well:
            shown = Well(well, sample.row.patient, sample.row.verdict.value, sample.control)
            plates.setdefault(sample.processing.plate, []).append(shown)
    return [draw_plate(name, wells) for name, wells in plates.items()]


def panels(found: Sequence[Batch], measured: Mapping[str, Measured]) -> list[Panel]:
    """Return the figures of all batches, those without any value left out; pure."""

    def of(name: str) -> Measured:
        return measured.get(name, Measured())

    kinds: list[tuple[str, str, Callable[[BatchSample], float | None], str, bool]] = [
        ("molecules", "median over loci", lambda one: one.row.molecules, "warn_molecules", True),
        ("duplex yield", "share", lambda one: one.row.duplex_yield, "", False),
        ("family size", "templates per molecule", lambda one: of(one.name).family_size, "", False),
        ("insert size", "bases", lambda one: one.row.insert_size, "", False),
        ("on target", "share", lambda one: one.row.on_target, "min_on_target", False),
        ("error rate", "per base", lambda one: of(one.name).error_rate, "", True),
        ("contamination", "share", lambda one: one.row.contamination, "max_contamination", False),
        ("tumour fraction", "share", lambda one: one.row.tumour_fraction, "", False),
    ]
    shown = []
    for title, unit, value, limit, log in kinds:
        dots = {
            batch.name: [
                (figure, one.row.verdict is Verdict.FAIL)
                for one in batch.samples
                if (figure := value(one)) is not None
            ]
            for batch in found
        }
        if any(dots.values()):
            shown.append(Panel(title, unit, dots, _limit(found, limit), log))
    return shown


def _limit(found: Sequence[Batch], name: str) -> float | None:
    """Return a threshold where all assays of the newest batch share it."""
    if not name:
        return None
    values = {getattr(one.limits, name) for one in found[-1].samples}
    return float(values.pop()) if len(values) == 1 else None


def _matrix(
    batch: Batch, shares: Mapping[tuple[str, str], float | None], pairs: Sequence[IdentityRow]
) -> str:
    names = list(dict.fromkeys(name for pair in shares for name in pair))
    if len(names) < 2:
        return ""
    crossed = [(one.sample_a, one.sample_b) for one in pairs if one.status is IdentityStatus.CONFLICT]
    said = f"Share of equal genotypes of {len(names)} samples: {batch.line().rpartition('; ')[2]}"
    return draw_identity(names, shares, crossed, said)


def _earlier(batch: Batch) -> dict[str, Any]:
    return {
        "name": batch.name or "all samples",
        "line": batch.line(),
        "samples": len(batch.samples),
        "counts": [batch.count(verdict) for verdict in Verdict],
    }
