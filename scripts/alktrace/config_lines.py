"""Where a key of the configuration stands: problems of the configuration name file and line."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import yaml

from .errors import AlktraceError, InputProblems, Problem

CONFIG = "config"
"""File of a problem of the merged configuration, whose keys come from several files."""


def with_places(error: AlktraceError, files: Sequence[str | Path]) -> str:
    """Return the message of an error, keys of the configuration with their file and line.

    Args:
        error: problems whose file is `config` and whose column is a key, such as `calling.power`, and others.
        files: the user's configuration files, a later one laid over an earlier one, then the defaults.
    """
    if not isinstance(error, InputProblems):
        return str(error)
    *given, defaults = files
    trees = [(str(path), tree) for path in (*reversed(given), defaults) if (tree := _tree(Path(path)))]
    return "\n".join(str(_placed(problem, trees)) for problem in error.problems)


def _placed(problem: Problem, trees: Iterable[tuple[str, yaml.Node]]) -> Problem:
    if problem.file != CONFIG:
        return problem
    for file, tree in trees:
        if line := _line(tree, problem.column.split(".")):
            return Problem(_short(file), line, problem.column, problem.what, problem.remedy)
    return problem


def _tree(path: Path) -> yaml.Node | None:
    try:
        return yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return None


def _line(tree: yaml.Node, keys: Sequence[str]) -> int | None:
    """Return the 1-based line of a key, None where the file does not have it."""
    line, node = None, tree
    for key in keys:
        pairs = node.value if isinstance(node, yaml.MappingNode) else []
        found = next(((name, value) for name, value in pairs if name.value == key), None)
        if found is None:
            return None
        line, node = found[0].start_mark.line + 1, found[1]
    return line


def _short(file: str) -> str:
    """Return a path below the working directory without it."""
    path = os.path.relpath(file)
    return file if path.startswith("..") else path
