"""The targets of an assay, joined: no base counts twice, whatever the order of the BED."""

from collections.abc import Iterable
from pathlib import Path

from ..errors import InputProblems
from ..io.atomic import atomic_output
from ..io.bed import UNNAMED, read_bed


def prepare_targets(bed: Path, out: Path) -> None:
    """Join the targets of an assay that overlap or touch; the joined ones keep all names.

    Args:
        bed: targets as the laboratory gives them.
        out: BED of four columns, in natural order, with one line per joined target.

    Raises:
        InputProblems: lines that are no interval, all of them at once.
    """
    from pandas import DataFrame
    from pyranges import PyRanges

    targets, problems = read_bed(bed)
    if problems:
        raise InputProblems(problems)
    given = DataFrame(targets.values()).set_axis(["Chromosome", "Start", "End", "Name"], axis=1)
    by = {"Chromosome": "first", "Start": "min", "End": "max", "Name": _names}
    joined = PyRanges(given).cluster().df.groupby("Cluster").agg(by)
    with atomic_output(out) as (partial,):
        PyRanges(joined).to_csv(str(partial), sep="\t", header=False)


def _names(names: Iterable[str]) -> str:
    return ",".join(sorted({*names} - {UNNAMED})) or UNNAMED
