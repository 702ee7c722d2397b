"""Relate classes to outcomes: tables and page of a cohort from tables alone, without reads.

Besides `classification.tsv`, `resistance.tsv`, `evidence.tsv`, `emergent_unknown.tsv` and
`*resistance.json` are used if they exist. Given exports of sites (`alktrace export-site`) instead of the two
folders, it merges them: comparisons are within sites then.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ..errors import AlktraceError, InputProblems
from ..io.resources import DEFAULTS, resource
from .classify import CONFIG_HELP, KNOWLEDGE_HELP

EXAMPLE = "alktrace cohort synthetic/clinical synthetic --out synthetic/cohort"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "folders",
        type=Path,
        nargs="+",
        help="folder of the clinical tables, and folder with classification.tsv, and others if known, or "
        "with such folders; or exports of sites",
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for tables and page")
    parser.add_argument("--config", type=Path, default=DEFAULTS, help=CONFIG_HELP)
    parser.add_argument("--plan", help="statistical analysis plan (YAML), in place of `cohort.plan`")
    parser.add_argument("--knowledge", help=KNOWLEDGE_HELP)


def main(options: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    page = run(
        options.folders,
        out=options.out,
        config=options.config,
        plan=options.plan,
        knowledge=options.knowledge,
    )
    print(page)
    return 0


def run(
    folders: Sequence[Path],
    *,
    out: Path,
    config: Path = DEFAULTS,
    plan: str | None = None,
    knowledge: str | None = None,
) -> Path:
    """Write the outcome tables and the page of a cohort; return the page.

    Args:
        folders: clinical tables and tables of results; or exports of sites.
        out: folder of tables and page; of exports, the merged tables lie in `merged` in it.
        config: configuration, or the keys in it that differ from the defaults.
        plan: statistical analysis plan, in place of that of the configuration.
        knowledge: tables of a site, laid over ours.

    Raises:
        AlktraceError: what is wrong in the tables, the exports, the configuration or the analysis plan.
    """
    from ..centres.site_manifest import MANIFEST
    from ..centres.site_merge import CLINICAL, TABLES, merge_sites
    from ..inputs.config_file import load_settings
    from ..inputs.config_lines import place_problems
    from ..inputs.knowledge_files import open_knowledge
    from ..outcomes.analysis_plan import planned
    from ..report.cohort_alone import write_cohort

    settings = load_settings(config, defaults=DEFAULTS)
    cohort = settings.cohort if plan is None else settings.cohort.model_copy(update={"plan": plan})
    try:
        settings = settings.model_copy(update={"cohort": planned(cohort)})
    except InputProblems as error:
        raise InputProblems(place_problems(error.problems, [config, DEFAULTS])) from None
    files = open_knowledge(resource("knowledge"), knowledge or settings.knowledge)
    if any((folder / MANIFEST).is_file() for folder in folders):
        merged = out / "merged"
        for line in merge_sites(folders, knowledge=files, settings=settings, out=merged):
            print(line, file=sys.stderr)
        folders = (merged / CLINICAL, merged / TABLES)
    if len(folders) != 2:
        what = (
            f"cohort: {len(folders)} folders; give clinical tables and tables of results, or exports of sites"
        )
        raise AlktraceError(what)
    return write_cohort(clinical=folders[0], tables=folders[1], knowledge=files, settings=settings, out=out)
