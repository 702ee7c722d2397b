"""Where a key of the configuration stands: problems of the configuration name file and line."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import yaml

from ..errors import AlktraceError, InputProblems, Problem

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
    return "\n".join(str(problem) for problem in place_problems(error.problems, files))


def place_problems(problems: Iterable[Problem], files: Sequence[str | Path]) -> list[Problem]:
    """Return problems, those of keys of the configuration with their file and line.

    Args:
        problems: those whose file is `config` name a key in `column`; others stay as they are.
        files: the user's configuration files, a later one laid over an earlier one, then the defaults.
    """
    *given, defaults = files
    trees = [(str(path), tree) for path in (*reversed(given), defaults) if (tree := _tree(Path(path)))]
    return [_placed(problem, trees, str(defaults)) for problem in problems]


def _placed(problem: Problem, trees: Sequence[tuple[str, yaml.Node]], defaults: str) -> Problem:
    if problem.file != CONFIG:
        return problem
    # A key that is missing stands nowhere: the nearest key above it does.
    keys = problem.column.split(".")
    for depth in range(len(keys), 0, -1):
        for file, tree in trees:
            if not (line := line_of(tree, keys[:depth])):
                continue
            if file == defaults and trees[0][0] != defaults:
                # Nobody edits the defaults of an installed package: the key is missing in the user's file.
                remedy = f"give `{problem.column}` in your configuration"
                return Problem(_short(trees[0][0]), 0, problem.column, f"{problem.what}, the default", remedy)
            return Problem(_short(file), line, problem.column, problem.what, problem.remedy)
    return problem


def _tree(path: Path) -> yaml.Node | None:
    try:
        return yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError):
        return None


def line_of(tree: yaml.Node | None, keys: Sequence[str | int]) -> int | None:
    """Return the 1-based line of a key or of an item of a list, None where the file does not have it."""
    line, node = None, tree
    for key in keys:
        if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
            node = node.value[key]
            line = node.start_mark.line + 1
            continue
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
