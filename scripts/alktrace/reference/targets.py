"""The targets of an assay, joined: no base counts twice, whatever the order of the BED."""

import re
from collections.abc import Iterable
from pathlib import Path

from ..errors import InputProblems
from ..io.atomic import atomic_output
from ..io.bed import UNNAMED, Target, read_bed


def prepare_targets(bed: Path, out: Path) -> None:
    """Write the targets of an assay, joined.

    Args:
        bed: targets as the laboratory gives them.
        out: BED of four columns, in natural order, with one line per joined target.

    Raises:
        InputProblems: lines that are no interval, all of them at once.
    """
    targets, problems = read_bed(bed)
    if problems:
        raise InputProblems(problems)
    with atomic_output(out) as (partial,):
        partial.write_text(
            "".join("\t".join(map(str, target)) + "\n" for target in join_targets(targets.values())),
            encoding="utf-8",
        )


def join_targets(targets: Iterable[Target]) -> list[Target]:
    """Return targets that overlap or touch as one with all their names, chr2 before chr10."""
    groups: list[list[Target]] = []
    end = 0
    for target in sorted(targets, key=_natural):
        if groups and groups[-1][0].chrom == target.chrom and target.start <= end:
            groups[-1].append(target)
            end = max(end, target.end)
        else:
            groups.append([target])
            end = target.end
    return [
        Target(group[0].chrom, group[0].start, max(one.end for one in group), _names(group))
        for group in groups
    ]


def _natural(target: Target) -> tuple[list[tuple[int, str]], str, int]:
    # Of two numbers the longer one is greater; Python refuses to read one of thousands of digits.
    parts = re.split(r"0*([0-9]+)", target.chrom)
    places = [(len(part) if i % 2 else 0, part) for i, part in enumerate(parts)]
    return places, target.chrom, target.start


def _names(targets: Iterable[Target]) -> str:
    return ",".join(sorted({target.name for target in targets} - {UNNAMED})) or UNNAMED
