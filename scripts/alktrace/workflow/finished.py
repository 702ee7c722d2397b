"""What a run makes, and whether a run that ended well has made all of it."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .refusals import ANY_REFUSAL

SHOWN = 3


def made_by(rules: Iterable[Any]) -> list[str]:
    """Return what a run leaves behind: patterns of the outputs of its rules, without temporary ones.

    Args:
        rules: Snakemake's, all of them: ask when the first job is planned, not while rules are read.
    """
    kept = (file for rule in rules for file in rule.output if not file.is_flagged("temp"))
    return [*(file.regex().pattern for file in kept), ANY_REFUSAL]


def is_whole(asked: Any) -> bool:
    """Tell whether the whole workflow was asked for.

    Args:
        asked: Snakemake's settings of the graph; targets and limits in them mean that not all was.
    """
    return not (asked.targets or asked.target_jobs or asked.until or asked.omit_from or asked.batch)


def what_is_missing(files: Iterable[object]) -> str:
    """Return what to say where files of the whole workflow are missing; empty if all are there."""
    missing = [str(file) for file in files if not Path(str(file)).exists()]
    if not missing:
        return ""
    more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
    return (
        f"the run ended before all was done, without {', '.join(missing[:SHOWN])}{more}; "
        "run again: it goes on where it stopped"
    )
