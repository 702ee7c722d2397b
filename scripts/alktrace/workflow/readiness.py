"""Everything that would stop a run, found before its first job: configuration, sheet, files, tools."""

import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from ..checks.input_files import Judged, judge_files
from ..errors import InputProblems, Problem
from ..inputs.config_lines import CONFIG
from ..inputs.settings.configuration import Settings, check_settings
from ..inputs.sheet import Sheet, read_sheet
from ..io.tools import package_version, tool_problems
from ..vocabulary.exports import Export
from ..vocabulary.languages import Language
from ..vocabulary.samples import BadInputs
from .plan import Plan, with_analysis_plan

T = TypeVar("T")
UNUSABLE = re.compile(r"[{}\x00-\x1f\x7f]|^-")
"""Wildcards of Snakemake, ends of lines, and the beginning of an option."""


def checked_plan(
    config: Mapping[str, Any], *, tools: bool, say: Callable[[str], object] = lambda _: None
) -> Plan:
    """Return the plan of a run that nothing stands in the way of, without refused samples where configured.

    Args:
        config: the user's configuration laid over the defaults.
        tools: look for the command-line tools; not where they come from conda environments of the rules.
        say: gets what stops nothing but should be known, line by line.

    Raises:
        InputProblems: everything wrong, as far as it can be judged beside what else is wrong.
    """
    settings, problems = _tried(lambda: check_settings(dict(config), file=CONFIG))
    if settings:
        cut, found = _tried(partial(with_analysis_plan, settings))
        settings, problems = cut or settings, found
    sheet, found = _tried(lambda: _sheet(config, settings))
    problems += found
    judged: Judged | None = None
    if settings:
        # Without a sheet the files that the configuration names are judged all the same.
        judged, found = _tried(partial(judge_files, sheet or Sheet({}), settings))
        problems += found
    if settings and judged:
        as_rows = settings.bad_inputs is BadInputs.ROW
        problems += [*judged.shared, *judged.given_twice] if as_rows else judged.problems
    if settings and sheet and judged:
        plan = Plan(settings, sheet, judged.of_samples)
        # It reads the targets: where they are wrong, that is said already.
        problems += cnvkit_problems(plan) if not problems else []
        problems += paper_problems(settings)
        problems += igv_problems(plan)
        problems += tool_problems(plan.tools()) if tools else []
        problems += _unusable_names(plan)
        if not problems:
            for note in judged.notes:
                say(f"note: {note}")
            return plan
    raise InputProblems(problems)


def cnvkit_problems(plan: Plan) -> list[Problem]:
    """Return the assays that need CNVkit where it is not installed."""
    what = (
        "its copy number (normals, CNVkit's reference or a large panel) needs CNVkit, which is not installed"
    )
    remedy = "install it beside alktrace: `pip install cnvkit`, or `envs/setup.sh` in a clone"
    missing = plan.assays_for_cnvkit() if package_version("cnvkit") is None else []
    return [Problem(CONFIG, 0, f"assays.{name}", what, remedy) for name in missing]


def paper_problems(settings: Settings) -> list[Problem]:
    """Return what is missing to print pages, where that is asked for."""
    if not settings.report.pdf:
        return []
    remedy = "install it beside alktrace: `pip install 'alktrace[pdf]'`; `pdf: false` prints none"
    try:
        import weasyprint  # noqa: F401
    except ImportError:
        return [Problem(CONFIG, 0, "report.pdf", "WeasyPrint, which prints pages, is not installed", remedy)]
    except OSError as error:
        what = f"WeasyPrint does not find its libraries ({str(error).splitlines()[0]})"
        return [Problem(CONFIG, 0, "report.pdf", what, "install Pango: `apt install libpangoft2-1.0-0`")]
    if settings.report.language is Language.ZH and not _has_chinese_font():
        what = "no font of this machine has Chinese letters"
        return [Problem(CONFIG, 0, "report.language", what, "install one: `apt install fonts-noto-cjk`")]
    return []


def _has_chinese_font() -> bool:
    """Ask fontconfig; where it has no command nobody can tell, and paper is printed as well as it can be."""
    command = shutil.which("fc-list")
    if command is None:
        return True
    listed = subprocess.run([command, ":lang=zh"], capture_output=True, text=True, check=False)
    return bool(listed.stdout.strip())


def igv_problems(plan: Plan) -> list[Problem]:
    """Return that pages of IGV are asked for where its script is not installed."""
    if Export.IGV_PAGE not in plan.settings.exports or package_version("igv-notebook") is not None:
        return []
    what = "igv_page needs igv.js, which is not installed"
    remedy = "install it beside alktrace: `pip install --no-deps igv-notebook`, or `envs/setup.sh` in a clone"
    return [Problem(CONFIG, 0, "exports", what, remedy)]


def _unusable_names(plan: Plan) -> list[Problem]:
    """Return the input files whose names Snakemake or a tool would take for something else."""
    remedy = "rename it, or link to it by another name"
    return [
        Problem(repr(path), 0, "", f"{found[0]!r} in the name of a file ({what})", remedy)
        for what, path in plan.inputs().items()
        if (found := UNUSABLE.search(path))
    ]


def _sheet(config: Mapping[str, Any], settings: Settings | None) -> Sheet | None:
    """Read the sheet with what a wrong configuration still says; None where that is too little."""
    if settings:
        return read_sheet(Path(settings.samples), assays=settings.assays, exclude=settings.exclude)
    path, assays = config.get("samples"), config.get("assays")
    if isinstance(path, str) and isinstance(assays, Mapping):
        return read_sheet(Path(path), assays=[str(name) for name in assays])
    return None


def _tried(read: Callable[[], T]) -> tuple[T | None, list[Problem]]:
    try:
        return read(), []
    except InputProblems as error:
        return None, list(error.problems)
    except OSError as error:  # a folder that may not be entered
        if error.filename is None:
            raise
        what = error.strerror or "cannot be read"
        return None, [
            Problem(str(error.filename), 0, "", what, "correct the path, or ask for the permission")
        ]
