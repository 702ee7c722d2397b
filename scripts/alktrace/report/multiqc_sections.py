"""Sections of the MultiQC page: what became of reads and molecules, and the quality of every sample.

Each section is one file of MultiQC's custom content (`<section>_mqc.json`). A sample that lacks a figure has
no line, bar or cell in its section: no strands without UMIs, no families where a consensus BAM was given.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any

from ..calling.noise.error_rate_table import ErrorRateRow
from ..consensus.losses import INSERT_BIN, REASONS
from ..consensus.molecule_table import MoleculeMetric
from ..io.atomic import atomic_output
from ..io.tables import LIST_SEPARATOR, describe_columns, read_table
from ..qc.qc_table import QcRow
from ..stats.intervals import clopper_pearson
from ..vocabulary.detection import MoleculeGroup
from ..vocabulary.samples import Role

Section = dict[str, Any]
Strata = Mapping[str, Mapping[str, float]]
"""Values of one sample by metric and stratum."""
Samples = Mapping[str, Strata]
Measured = Mapping[str, Sequence[ErrorRateRow]]
"""Rows of `error_rates.tsv` by sample."""
Points = list[list[float]]

LARGEST_SIZE = 100
"""Families of more templates are shown at this size: few, and without a bound."""
SUFFIX = "_mqc.json"
PERCENT = 100.0
SHOWN_DIGITS = 6
NAME_COLUMNS = ("patient", "timepoint", "specimen")
FIRST_COLUMNS = ("verdict", "reasons")
FRACTIONS = (
    "on_target",
    "duplex_yield",
    "contamination",
    "tumour_fraction",
    "copy_number_noise",
    "primer_share",
)
NO_SAMPLES = "<p>No sample of this cohort comes from reads.</p>"
USED = "used"
REASON_TEXT = {
    USED: "in a consensus",
    "secondary": "secondary alignment",
    "supplementary": "supplementary alignment",
    "not_pf": "failed the vendor's filter",
    "unmapped": "unmapped",
    "too_long": "alignment too long",
    "low_mapq": "low mapping quality",
    "not_paired": "not paired",
    "umi_missing": "no UMI",
    "umi_n": "UMI with N",
    "umi_invalid": "UMI not of the kit",
    "mate_missing": "mate missing",
    "low_quality": "low base quality",
    "minority_alignment": "aligned unlike its family",
    "umi_collision": "UMI collision",
    "orphan": "mate without consensus",
    "other_primer": "from another primer than most of its molecule",
}
RAW = "raw"
LEVEL_TEXT = {
    RAW: "raw bases other than the consensus, as sequenced",
    MoleculeGroup.SINGLE: "molecules without UMI other than the reference, either strand",
    MoleculeGroup.SIMPLEX: "consensus molecules of one strand other than the reference, either strand",
    MoleculeGroup.DUPLEX: "consensus molecules of both strands other than the reference",
}
ERROR_TEXT = (
    "Errors per base by substitution, all measured: raw bases against the consensus, as sequenced; single, "
    "simplex and duplex molecules against the reference, by the pyrimidine of the pair (G>T is C>A). Sites "
    "with an allele above the training VAF and alternatives that noise does not explain are left out; true "
    "variants below detection are in it, so that rates of molecules are upper estimates. Without any error "
    "the upper end of the 95 % interval is shown (<)."
)
OF_MOLECULES = {
    "mean_family_size": ("family size", "templates per molecule", "{:,.2f}"),
    "umi_collisions": ("UMI collisions", "families expected to hold two molecules", "{:,.2g}"),
    "collision_rate": (
        "hidden",
        "share of molecules expected behind another of one UMI or, without UMIs, position",
        "{:,.2g}",
    ),
}
"""Figures of `molecules.tsv` in the row of a sample."""


def write_multiqc_sections(
    *, molecules: Mapping[str, Path], error_rates: Mapping[str, Path], quality: Path, out: Sequence[Path]
) -> None:
    """Write one file of custom content per section.

    Args:
        molecules: `molecules.tsv` of every sample that has one, by the sample's name.
        error_rates: `error_rates.tsv` of every sample that has one, by the sample's name.
        quality: `qc.tsv`.
        out: files named after the sections.
    """
    tables = {name: read_table(path, MoleculeMetric) for name, path in sorted(molecules.items())}
    measured = {name: read_table(path, ErrorRateRow) for name, path in error_rates.items()}
    sections = multiqc_sections(tables, measured, read_table(quality, QcRow))
    with atomic_output(*out) as partial:
        for path, target in zip(partial, out, strict=True):
            section = sections[target.name.removesuffix(SUFFIX)]
            # Order is kept: MultiQC shows columns and categories as they come.
            path.write_text(json.dumps(section, allow_nan=False) + "\n", encoding="utf-8")


def multiqc_sections(
    molecules: Mapping[str, Sequence[MoleculeMetric]], error_rates: Measured, quality: Sequence[QcRow]
) -> dict[str, Section]:
    """Return the sections by name, as MultiQC's custom content.

    Args:
        molecules: rows of `molecules.tsv` of every sample that has them, by the sample's name.
        error_rates: rows of `error_rates.tsv` of every sample that has them, by the sample's name.
        quality: rows of `qc.tsv`.
    """
    strata = {name: _by_metric(rows) for name, rows in sorted(molecules.items())}
    # A blank has no molecules to speak of: in a figure it would take the scale from the samples.
    controls = {_name(row) for row in quality if row.role == Role.CONTROL.value}
    samples = {name: own for name, own in strata.items() if name not in controls}
    error_rates = {name: rows for name, rows in error_rates.items() if name not in controls}
    return {
        "samples": _samples(quality, strata),
        "family_sizes": _family_sizes(samples),
        "duplex_yield": _duplex_yield(samples),
        "insert_sizes": _insert_sizes(samples),
        "error_rates": _error_rates(samples, error_rates),
        "reads_lost": _reads_lost(samples),
    }


def _by_metric(rows: Sequence[MoleculeMetric]) -> Strata:
    found: dict[str, dict[str, float]] = {}
    for row in rows:
        found.setdefault(row.metric, {})[row.stratum] = row.value
    return found


def _samples(quality: Sequence[QcRow], strata: Samples) -> Section:
    """Return a row per sample, controls too: `qc.tsv` and what its molecules say.

    Without samples it is a sentence, since MultiQC writes no page where it finds nothing.
    """
    if not quality:
        return _section("samples", "html", "Samples", "", NO_SAMPLES)
    columns = {name: text for name, text in describe_columns(QcRow) if name not in NAME_COLUMNS}
    order = [*FIRST_COLUMNS, *(name for name in columns if name not in FIRST_COLUMNS)]
    data = {
        _name(row): {name: cell for name in order if (cell := _cell(getattr(row, name))) is not None}
        | _of_molecules(strata.get(_name(row), {}))
        for row in sorted(quality, key=_name)
    }
    section = _section("samples", "table", "Samples", "Quality by the thresholds of the assay.", data)
    headers = {
        name: {
            "title": name.replace("_", " "),
            "description": columns[name],
            "format": "{:.3g}" if name in FRACTIONS else "{:,.0f}",
        }
        for name in order
    }
    headers |= {
        metric: {"title": title, "description": text, "format": form}
        for metric, (title, text, form) in OF_MOLECULES.items()
    }
    return section | {"headers": headers}


def _name(row: QcRow) -> str:
    return ".".join(getattr(row, column) for column in NAME_COLUMNS)


def _cell(value: Any) -> str | float | None:
    if isinstance(value, tuple):
        return LIST_SEPARATOR.join(value) or None
    return str(value.value) if isinstance(value, Enum) else value


def _of_molecules(strata: Mapping[str, Mapping[str, float]]) -> dict[str, str | float]:
    return {metric: _shown(strata[metric]["all"]) for metric in OF_MOLECULES if metric in strata}


def _family_sizes(samples: Samples) -> Section:
    data = {}
    for name, strata in samples.items():
        counts: dict[int, float] = {}
        for stratum, count in strata.get("family_size", {}).items():
            size = min(int(stratum), LARGEST_SIZE)
            counts[size] = counts.get(size, 0) + count
        if counts:
            data[name] = _shares(counts, first=1, step=1)
    return _molecule_section(
        "family_sizes",
        "linegraph",
        "Family sizes",
        "Share of families by their number of templates, copies of one molecule. "
        f"Families of more than {LARGEST_SIZE} are shown at {LARGEST_SIZE}.",
        data,
        {"xlab": "templates per family", "ylab": "families (%)", "ymin": 0, "xmin": 0},
    )


def _insert_sizes(samples: Samples) -> Section:
    data = {}
    for name, strata in samples.items():
        counts = {int(stratum): count for stratum, count in strata.get("insert_size", {}).items()}
        if counts:
            data[name] = _shares(counts, first=min(counts), step=INSERT_BIN)
    return _molecule_section(
        "insert_sizes",
        "linegraph",
        "Insert sizes",
        f"Families of facing pairs by insert size, in bins of {INSERT_BIN} bases named by the first; "
        "each molecule counts once, unlike in figures from reads.",
        data,
        {"xlab": "insert size (bases)", "ylab": "families (%)", "ymin": 0},
    )


def _shares(counts: Mapping[int, float], *, first: int, step: int) -> Points:
    """Return the percentage at each x from the first to the largest; without a count it is zero."""
    total = sum(counts.values())
    return [[x, _shown(PERCENT * counts.get(x, 0) / total)] for x in range(first, max(counts) + 1, step)]


def _duplex_yield(samples: Samples) -> Section:
    data = {
        name: [
            [int(share), _shown(PERCENT * value)]
            for share, value in sorted(strata["duplex_yield"].items(), key=lambda item: int(item[0]))
        ]
        for name, strata in samples.items()
        if "duplex_yield" in strata
    }
    return _molecule_section(
        "duplex_yield",
        "linegraph",
        "Duplex yield",
        "Share of families with both strands, had only a share of the templates been read. "
        "A line that still rises on the right gains from deeper sequencing.",
        data,
        {"xlab": "templates read (%)", "ylab": "families with both strands (%)", "xmin": 0, "ymin": 0},
    )


def _error_rates(samples: Samples, measured: Measured) -> Section:
    data: dict[str, dict[str, str | float]] = {}
    for name in sorted({*samples, *measured}):
        cells = dict(_raw_cells(samples.get(name, {})))
        for row in measured.get(name, ()):
            if row.rate is not None:
                cells[f"{row.molecules} {row.substitution}"] = _rate_cell(row.errors, row.bases, row.rate)
        if cells:
            data[name] = cells
    seen = {key for cells in data.values() for key in cells}
    headers = {
        key: {"title": key, "description": f"errors per base: {text}", "format": "{:.1e}", "min": 0}
        for level, text in LEVEL_TEXT.items()
        for key in sorted(seen)
        if key.split()[0] == level
    }
    section = _molecule_section("error_rates", "table", "Error rates", ERROR_TEXT, data, {})
    return section | {"headers": headers}


def _raw_cells(strata: Strata) -> Iterator[tuple[str, str | float]]:
    for stratum, rate in strata.get("error_rate", {}).items():
        if stratum.split()[0] == RAW:
            errors, bases = (int(strata[metric][stratum]) for metric in ("errors", "compared_bases"))
            yield stratum, _rate_cell(errors, bases, rate)


def _rate_cell(errors: int, bases: int, rate: float) -> str | float:
    """Return a rate; without any error the upper end of its 95 % interval, since zero it is not."""
    return rate if errors else f"<{clopper_pearson(errors, bases)[1]:.1e}"


def _reads_lost(samples: Samples) -> Section:
    data = {}
    for name, strata in samples.items():
        counts = dict(strata.get("reads_lost", {}))
        if "reads_used" in strata:
            counts[USED] = strata["reads_used"]["all"]
        if counts:
            data[name] = counts
    section = _molecule_section(
        "reads_lost",
        "bargraph",
        "Reads lost",
        "Reads in a consensus and, of the others, why not. Every read is counted once.",
        data,
        {"ylab": "reads"},
    )
    return section | {"categories": {key: {"name": REASON_TEXT[key]} for key in (USED, *REASONS[1:])}}


def _molecule_section(
    key: str, plot: str, title: str, text: str, data: Mapping[str, Any], pconfig: Mapping[str, Any]
) -> Section:
    section = _section(key, plot, title, text, data)
    section["pconfig"] |= pconfig
    return section | {
        "parent_id": "alktrace_molecules",
        "parent_name": "Molecules",
        "parent_description": "What became of the reads, and how far the molecules can be trusted.",
    }


def _section(key: str, plot: str, title: str, text: str, data: Mapping[str, Any] | str) -> Section:
    return {
        "id": f"alktrace_{key}",
        "section_name": title,
        "description": text,
        "plot_type": plot,
        "pconfig": {"id": f"alktrace_{key}_plot", "title": title},
        "data": data,
    }


def _shown(value: float) -> float:
    """Return a number with the digits of the tables."""
    return float(f"{value:.{SHOWN_DIGITS}g}")
