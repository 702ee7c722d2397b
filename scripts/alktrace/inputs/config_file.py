"""A configuration file laid over the defaults, for commands that run without the workflow."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from ..errors import DataError, InputProblems, Problem
from ..io.text import parse_json
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
        pass
    try:
        loader = yaml.SafeLoader(text)
        tree = loader.get_single_node()
        # Of a key that stands twice YAML keeps the last one.
        problems = [
            Problem(str(path), node.start_mark.line + 1, str(node.value), "key stands twice", "keep one")
            for node in _keys_twice(tree)
        ]
        if problems:
            raise InputProblems(problems)
        return loader.construct_document(tree) if tree else None
    except RecursionError:
        raise DataError(path, "is nested too deeply", "write keys with values") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"{mark.line + 1}:{mark.column + 1}" if mark else ""
        remedy = "correct it there or in the line before; indent by spaces, quote texts with `:` or `#`"
        raise DataError(path, f"is no YAML ({error.problem})", remedy, place) from None
    except (yaml.YAMLError, ValueError) as error:
        # ValueError: what looks like a date and is none, such as 2026-02-30.
        raise DataError(path, f"is no YAML ({error})", "correct or quote that value") from None


def _keys_twice(node: yaml.Node | None) -> Iterator[yaml.ScalarNode]:
    """Yield the second and further nodes of a key in one mapping."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _keys_twice(item)
    if not isinstance(node, yaml.MappingNode):
        return
    seen = set()
    for key, value in node.value:
        if isinstance(key, yaml.ScalarNode):
            if key.value in seen:
                yield key
            seen.add(key.value)
        yield from _keys_twice(value)
