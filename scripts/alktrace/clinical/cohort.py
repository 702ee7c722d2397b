"""Tables of the whole cohort: the patients' rows one below the other."""

from collections.abc import Sequence
from pathlib import Path

from ..models import Component, Confidence
from ..rows import ClassificationRow, ResistanceRow
from ..tables import read_table, write_table


def collect_resistance(*, tables: Sequence[Path], out_resistance: Path, out_classification: Path) -> None:
    """Write `resistance.tsv` and `classification.tsv` of the cohort.

    Args:
        tables: `resistance.tsv` of every timepoint, in the order wanted.
        out_resistance: all rows.
        out_classification: one row per timepoint.
    """
    per_timepoint = [read_table(path, ResistanceRow) for path in tables]
    write_table(out_resistance, ResistanceRow, [row for rows in per_timepoint for row in rows])
    write_table(out_classification, ClassificationRow, [summarise_timepoint(rows) for rows in per_timepoint])


def summarise_timepoint(rows: Sequence[ResistanceRow]) -> ClassificationRow:
    """Return the one row of a timepoint.

    Args:
        rows: its mechanisms, or the single row of a timepoint without any.
    """
    first = rows[0]
    present = {row.component for row in rows}
    confidences = [row.confidence for row in rows if row.confidence is not None]
    return ClassificationRow(
        patient=first.patient,
        timepoint=first.timepoint,
        setting=first.setting,
        classification=first.classification,
        components=tuple(component for component in Component if component in present),
        timing=first.timing,
        confidence=min(confidences, key=list(Confidence).index, default=None),
        flags=tuple(sorted({flag for row in rows for flag in row.flags})),
        not_evaluable_reason=first.not_evaluable_reason,
    )
