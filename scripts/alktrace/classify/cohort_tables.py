"""Tables of the whole cohort: the patients' rows one below the other."""

from collections.abc import Sequence
from pathlib import Path

from ..classify.discovery import EmergentUnknownCount, EmergentUnknownRow, counted_over_patients
from ..classify.resistance_table import ClassificationRow, ResistanceRow
from ..io.tables import read_table, write_table


def collect_resistance(
    *,
    tables: Sequence[Path],
    summaries: Sequence[Path],
    discovered: Sequence[Path],
    out_resistance: Path,
    out_classification: Path,
    out_discovered: Path,
) -> None:
    """Write `resistance.tsv`, `classification.tsv` and `emergent_unknown.tsv` of the cohort.

    Of classes nothing is summed up anew: a mechanism that is listed need not carry the class, and only the
    classification knows which ones do.

    Args:
        tables: `resistance.tsv` of every timepoint, in the order wanted.
        summaries: `classification.tsv` of every timepoint, in the same order.
        discovered: `emergent_unknown.tsv` of every timepoint.
        out_resistance: all rows.
        out_classification: one row per timepoint.
        out_discovered: all rows, with the patients who share the change and the gene.
    """
    mechanisms = [row for path in tables for row in read_table(path, ResistanceRow)]
    write_table(out_resistance, ResistanceRow, mechanisms)
    classes = [row for path in summaries for row in read_table(path, ClassificationRow)]
    write_table(out_classification, ClassificationRow, classes)
    new = [row for path in discovered for row in read_table(path, EmergentUnknownRow)]
    write_table(out_discovered, EmergentUnknownCount, counted_over_patients(new))
