"""A configuration file laid over the defaults, for commands that run without the workflow."""

from pathlib import Path
from typing import Any

from ..errors import DataError, InputProblems
from ..io.text import parse_json, parse_yaml
from .config_lines import CONFIG, place_problems
from .settings.configuration import Settings, check_settings, lay_over


def load_settings(path: Path, *, defaults: Path) -> Settings:
    """Return the settings that the workflow would use with `--configfile path`.

    Args:
        path: YAML or JSON with the keys that differ from the defaults.
        defaults: the project's `config/config.yaml`.

    Raises:
        DataError: a file cannot be read, is no YAML or has no keys at its top level.
        InputProblems: every key that is missing, unknown or has a wrong value, with file and line.
    """
    merged = lay_over(read_config(defaults), read_config(path))
    try:
        return check_settings(merged, file=CONFIG)
    except InputProblems as error:
        raise InputProblems(place_problems(error.problems, [path, defaults])) from None


def read_config(path: Path) -> dict[Any, Any]:
    """Return the keys of a configuration file.

    Raises:
        DataError: the file cannot be read, is no YAML or has no keys at its top level.
        InputProblems: keys that stand twice.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(path, f"cannot be read ({error})", "give a configuration in YAML") from None
    content = _parse(path, text)
    if not isinstance(content, dict):
        what = f"holds {'nothing' if content is None else 'a ' + type(content).__name__} at its top level"
        raise DataError(path, what, "write keys with values, such as `cohort: {rate_years: [1, 2]}`")
    return content


def _parse(path: Path, text: str) -> Any:
    # Snakemake tries JSON first: JSON may be indented by tabs, which YAML refuses.
    try:
        return parse_json(text, path)
    except DataError:
        return parse_yaml(text, path)
