"""Who is in the sheet and not in the clinical tables, and the other way round."""

from collections import Counter
from collections.abc import Collection, Iterable

from ..classify.resistance_table import ClassificationRow
from .linkage_table import LinkageRow
from .timeline import Timeline


def linkage_rows(
    classified: Iterable[ClassificationRow], timelines: Iterable[Timeline], excluded: Collection[str]
) -> list[LinkageRow]:
    """Return one row per patient of either side, by id.

    A patient without clinical data has mechanisms and no outcome; one without a classified timepoint has an
    outcome and no mechanism. Neither is an error, and neither may go unsaid.
    """
    timepoints = Counter(row.patient for row in classified)
    clinical = {timeline.patient for timeline in timelines}
    rows = []
    for name in sorted({*timepoints, *clinical}):
        # Left out on purpose is not missing.
        out = name in excluded
        missing = None
        if not out and name not in clinical:
            missing = "clinical_tables"
        elif not out and name not in timepoints:
            missing = "classified_timepoints"
        row = LinkageRow(
            patient=name,
            timepoints=timepoints[name],
            clinical=name in clinical,
            excluded=out,
            missing=missing,
        )
        rows.append(row)
    return rows
