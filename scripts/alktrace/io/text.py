"""Text that people give: lines as editors show them, JSON and YAML that are refused with their place."""

import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import DataError, InputProblems, Problem

if TYPE_CHECKING:
    import yaml

MAX_VALUES = 100_000
MAX_DIGITS = 100


def split_lines(text: str) -> list[str]:
    """Return the lines of a text, which end at line feeds, carriage returns or both only.

    `str.splitlines` also ends one at U+2028, U+0085 or the separator 0x1c, as they stand in copied cells.
    """
    return [line.removesuffix("\n") for line in io.StringIO(text, newline=None)]


def parse_json(text: str, file: Path | str) -> Any:
    """Return the content of a JSON file.

    Raises:
        DataError: no JSON, or a key that stands twice in one object, of which JSON would keep the last.
    """
    try:
        return json.loads(text, object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        place = f"{error.lineno}:{error.colno}"
        raise DataError(file, f"is no JSON: {error.msg}", "correct it at that place", place) from None
    except RecursionError:
        raise DataError(file, "is nested too deeply", "give the file as it was written") from None
    except ValueError as error:
        raise DataError(file, f"is no JSON: {error}", "correct it") from None


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"key {twice!r} stands twice in one object")
    return dict(pairs)


def parse_yaml(text: str, file: Path | str) -> Any:
    """Return the content of a YAML file; None where it holds nothing.

    Raises:
        InputProblems: keys that stand twice, of which YAML keeps the last, and numbers that nobody wrote.
        DataError: no YAML, or too much of it.
    """
    import yaml  # jobs that read tables alone need none

    try:
        loader = yaml.SafeLoader(text)
        tree = loader.get_single_node()
        if problems := [Problem(str(file), line, *told) for line, *told in _faults(tree, set())]:
            raise InputProblems(problems)
        # Aliases of aliases make a small file a large content.
        if _values(tree, {}) > MAX_VALUES:
            raise DataError(file, f"holds more than {MAX_VALUES} values", "write them without `*` and `&`")
        return loader.construct_document(tree) if tree else None
    except (DataError, InputProblems):
        raise
    except RecursionError:
        raise DataError(file, "is nested too deeply", "write keys with values") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"{mark.line + 1}:{mark.column + 1}" if mark else ""
        remedy = "correct it there or in the line before; indent by spaces, quote texts with `:` or `#`"
        raise DataError(file, f"is no YAML ({error.problem})", remedy, place) from None
    except Exception as error:  # of any kind
        raise DataError(file, f"is no YAML ({error})", "correct or quote that value") from None


def _faults(node: "yaml.Node | None", seen: set[int]) -> Iterator[tuple[int, str, str, str]]:
    """Yield line, key, what and remedy of keys that stand twice in one mapping and of numbers too long."""
    import yaml

    if node is None or id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.ScalarNode):
        if node.tag.endswith((":int", ":float")) and len(node.value) > MAX_DIGITS:
            what = f"a number of {len(node.value)} characters"
            yield node.start_mark.line + 1, "", what, f"write at most {MAX_DIGITS}, or quote it"
        return
    keys = set()
    for item in node.value:
        for part in item if isinstance(node, yaml.MappingNode) else (item,):
            yield from _faults(part, seen)
        if isinstance(node, yaml.MappingNode) and isinstance(item[0], yaml.ScalarNode):
            if item[0].value in keys:
                yield item[0].start_mark.line + 1, str(item[0].value), "key stands twice", "keep one"
            keys.add(item[0].value)


def _values(node: "yaml.Node | None", known: dict[int, int]) -> int:
    """Return how many nodes there are when every alias is written out."""
    import yaml

    if node is None or isinstance(node, yaml.ScalarNode):
        return 1
    if id(node) not in known:
        parts = (
            node.value if isinstance(node, yaml.SequenceNode) else [n for pair in node.value for n in pair]
        )
        known[id(node)] = 1 + sum(_values(part, known) for part in parts)
    return known[id(node)]
