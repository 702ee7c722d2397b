"""Tables of the whole cohort: the patients' rows one below the other."""

from collections.abc import Sequence
from pathlib import Path

from ..classify.resistance_table import ClassificationRow, ResistanceRow
from ..io.tables import read_table, write_table


def collect_resistance(
    *, tables: Sequence[Path], summaries: Sequence[Path], out_resistance: Path, out_classification: Path
) -> None:
    """Write `resistance.tsv` and `classification.tsv` of the cohort.

    Nothing is summed up anew: a mechanism that is listed need not carry the class, and only the
    classification knows which ones do.

    Args:
        tables: `resistance.tsv` of every timepoint, in the order wanted.
        summaries: `classification.tsv` of every timepoint, in the same order.
        out_resistance: all rows.
        out_classification: one row per timepoint.
    """
    mechanisms = [row for path in tables for row in read_table(path, ResistanceRow)]
    write_table(out_resistance, ResistanceRow, mechanisms)
    classes = [row for path in summaries for row in read_table(path, ClassificationRow)]
    write_table(out_classification, ClassificationRow, classes)
