"""Say what would stop a run: configuration, sheet, input files, references and tools. Nothing is started.

These are the checks that a run makes before its first job.
"""

import argparse
import os
from pathlib import Path

from ..errors import InputProblems
from ..io.resources import DEFAULTS

EXAMPLE = "alktrace check config.yaml"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("config", type=Path, help="your configuration, laid over the defaults")
    parser.add_argument("--directory", type=Path, help="paths are relative to it (default: here)")
    text = "leave out the tools, where the rules get them from conda (`--sdm conda`)"
    parser.add_argument("--without-tools", action="store_true", help=text)


def main(options: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    print(run(options.config, directory=options.directory, tools=not options.without_tools))
    return 0


def run(config: Path, *, directory: Path | None = None, tools: bool = True) -> str:
    """Check everything; return what a run would work on and with.

    Args:
        config: the user's configuration.
        directory: paths are relative to it; the process moves there.
        tools: look for the command-line tools.

    Raises:
        InputProblems: everything that would stop a run.
        DataError: the configuration cannot be read.
    """
    from ..inputs.config_file import read_config
    from ..inputs.config_lines import place_problems
    from ..inputs.settings.configuration import lay_over
    from ..io.tools import find_tool_folders, tool_version
    from ..workflow.readiness import checked_plan

    find_tool_folders()
    merged, given = lay_over(read_config(DEFAULTS), read_config(config)), config.resolve()
    if directory is not None:
        os.chdir(directory)
    notes: list[str] = []
    try:
        plan = checked_plan(merged, tools=tools, say=notes.append)
    except InputProblems as error:
        raise InputProblems(place_problems(error.problems, [given, DEFAULTS])) from None
    sheet = plan.sheet
    counts = {"patients": sheet.patients, "timepoints": sheet.timepoints, "samples": plan.used_samples}
    parts = [", ".join(f"{len(items)} {name}" for name, items in counts.items())]
    parts += [f"{plan.site_knowledge.label} of {plan.site_knowledge.date}"] if plan.site_knowledge else []
    parts += [f"left out: {problem}" for found in plan.refused.values() for problem in found]
    parts += notes
    parts += [f"{tool} {tool_version(tool)}" for tool in sorted(plan.tools())] if tools else []
    return "\n".join([*parts, "nothing would stop a run"])
