"""Hold a finished run against its manifest: versions first, then every input and every result.

A line each: equal, different, missing, added (not in the manifest) or elsewhere (outside the working
directory, whose folders no manifest names: `--config` says where). `--rerun` runs the workflow on the same
inputs into a new folder and compares what comes out of it. Exit status 4: something other than a
version is not equal.
"""

import argparse
import contextlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import AlktraceError, DataError
from ..io.resources import DEFAULTS, resource
from .run import add_run_arguments
from .run import run as run_workflow

if TYPE_CHECKING:
    from ..report.verification import Finding

EXAMPLE = "alktrace verify demo/results/cohort/run_manifest.json"
NOT_EQUAL = 4
DONE = (0, 3)
"""Exit status of runs that have results."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("manifest", type=Path, help="run_manifest.json")
    parser.add_argument("--results", type=Path, help="folder to compare (default: that of the manifest)")
    parser.add_argument(
        "--directory", type=Path, help="working directory of the run (default: that of results)"
    )
    parser.add_argument("--config", type=Path, help="configuration of the run, compared too")
    parser.add_argument("--rerun", type=Path, metavar="FOLDER", help="run again, into this new folder")
    add_run_arguments(parser)


def main(options: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    from ..inputs.config_file import read_config
    from ..inputs.settings.configuration import lay_over
    from ..report.verification import compare_results, read_manifest

    manifest = read_manifest(options.manifest)
    results = (options.results or options.manifest.resolve().parent.parent).resolve()
    folder = (options.directory or results.parent).resolve()
    given = read_config(options.config) if options.config else manifest["settings"]
    settings = lay_over(read_config(DEFAULTS), given)
    found = _printed(_before_results(manifest, folder, settings, configured=options.config is not None))
    if options.rerun:
        config = prepare_rerun(settings, folder, options.rerun)
        status = run_workflow(config, options.handed_on, directory=options.rerun, profile=options.profile)
        if status not in DONE:
            return status
        results = options.rerun / "results"
    found += _printed(compare_results(manifest, results))
    return _conclude(found)


def _before_results(
    manifest: Mapping[str, Any], folder: Path, settings: Mapping[str, Any], *, configured: bool
) -> Iterator["Finding"]:
    """Compare versions, settings where a configuration was given, and inputs."""
    from ..report.manifest import shown_settings
    from ..report.verification import compare_inputs, compare_values
    from ..workflow.plan import Plan

    places: dict[str, str] = {}
    with contextlib.chdir(folder):
        now = _versions(settings["knowledge"])
        yield from compare_values("version", {key: manifest.get(key) for key in now}, now)
        if configured:
            plan = Plan.from_config(settings)
            places = plan.inputs()
            used = shown_settings(plan.settings.model_dump(mode="json"))
            yield from compare_values("setting", manifest["settings"], used)
    yield from compare_inputs(manifest, folder, places)


def _versions(own_knowledge: Any) -> dict[str, Any]:
    """Return the versions of now; without those of a site's knowledge where it cannot be read."""
    from ..inputs.knowledge_files import open_knowledge
    from ..io.digest import code_digest
    from ..io.tools import find_tool_folders
    from ..report.manifest import versions

    find_tool_folders()
    try:
        knowledge = open_knowledge(resource("knowledge"), own_knowledge)
    except AlktraceError:
        knowledge = open_knowledge(resource("knowledge"), None)
    return versions(knowledge, code_digest())


def prepare_rerun(settings: Mapping[str, Any], folder: Path, out: Path) -> Path:
    """Lay links to the inputs of a run and its configuration into a new folder.

    Args:
        settings: the configuration, laid over the defaults.
        folder: working directory of the run; what lies outside is found by its absolute path.
        out: the new folder.

    Returns:
        The configuration.

    Raises:
        DataError: the folder holds something, or nobody says where an input lies.
    """
    import yaml

    from ..io.shown import ELSEWHERE
    from ..workflow.plan import Plan

    config = out / "config.yaml"
    text = yaml.safe_dump(dict(settings), sort_keys=False)
    if ELSEWHERE in text:
        raise DataError(
            config, f"settings name files as {ELSEWHERE}, without their folders", "give `--config`"
        )
    if out.is_dir() and any(out.iterdir()):
        raise DataError(out, "is not empty", "give a new folder to `--rerun`")
    with contextlib.chdir(folder):
        plan = Plan.from_config(settings)
    own = plan.site_knowledge.files if plan.site_knowledge else ()
    paths = [*map(Path, plan.inputs().values()), *own]
    first = {path.parts[0] for path in paths if not path.is_absolute()}
    if ".." in first:
        raise DataError(folder, "inputs are named as `../`", "name them by absolute paths, and run again")
    out.mkdir(parents=True, exist_ok=True)
    for name in sorted(first - {"results"}):
        # With what lies beside a file under its name: indices of a genome or a BAM.
        beside = [folder / name] if (folder / name).is_dir() else folder.glob(f"{name}*")
        for path in beside:
            (out / path.name).symlink_to(path)
    config.write_text(text, encoding="utf-8")
    return config


def _printed(findings: Iterable["Finding"]) -> list["Finding"]:
    found = []
    for finding in findings:
        print(finding, flush=True)  # before what snakemake says
        found.append(finding)
    return found


def _conclude(found: Iterable["Finding"]) -> int:
    """Print how many of each kind are what; return the exit status."""
    counts: dict[str, Counter[str]] = {}
    for finding in found:
        counts.setdefault(finding.kind, Counter())[finding.status.value] += 1
    for kind, numbers in counts.items():
        print(f"{kind}s: {', '.join(f'{number} {status}' for status, number in numbers.most_common())}")
    files = [numbers for kind, numbers in counts.items() if kind != "version"]
    return NOT_EQUAL if any(set(numbers) != {"equal"} for numbers in files) else 0
