"""Whether a run that ended well has done all that was asked for."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

SHOWN = 3


def what_is_missing(files: Iterable[object], asked: Any) -> str:
    """Return what to say where the whole workflow was asked for and files are missing; empty if all is well.

    Args:
        files: what the whole workflow makes.
        asked: Snakemake's settings of the graph; targets and limits in them mean that not all was asked for.
    """
    if asked.targets or asked.target_jobs or asked.until or asked.omit_from or asked.batch:
        return ""
    missing = [str(file) for file in files if not Path(str(file)).exists()]
    if not missing:
        return ""
    more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
    return (
        f"the run ended before all was done, without {', '.join(missing[:SHOWN])}{more}; "
        "run again: it goes on where it stopped"
    )
