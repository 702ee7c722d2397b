"""Codes that the package can put into a flag, read from its source: what a text is owed for.

A code is emitted where it flows into something called `flags` (assigned, added, passed, or returned by a
function of that name), where it keys a table of `checks`, or where a criterion of a timepoint gives it.
Names are looked up in the imported module, so that constants and tables of codes count with their values.
"""

import ast
import importlib
import re
from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import Path
from types import ModuleType
from typing import Any

from alktrace.classify.phase import PhaseReason
from alktrace.structural.fusions.partners import FusionRole
from alktrace.vocabulary.outcomes import Refusal
from alktrace.vocabulary.resistance import NotEvaluableReason

PACKAGE = Path(__file__).resolve().parents[1] / "scripts" / "alktrace"
SOURCES = """
    annotate reported qc evidence knowledge classify outcomes/endpoints.py outcomes/endpoint_figures.py
""".split()
"""Where caveats arise; other parts use the word for SAM flags and for problems of the input."""
HOLDERS = {"flags", "problems", "codes"}
QUESTIONS = {"every", "getattr", "column", "Problem"}
"""Calls whose words are names of attributes or places, not codes."""
_CODE = re.compile(r"[a-z][a-z0-9_]*")
_HEAD = re.compile(r"([a-z][a-z0-9_]*)[:=]")


def emitted_codes() -> set[str]:
    """Return every code that can stand in a flag, a problem, a reason or the evidence of a phase."""
    codes = {code for path in _sources() for code in _of_module(path)}
    codes |= {reason.value for reason in (*NotEvaluableReason, *PhaseReason, *Refusal)}
    # the one code that is put together from a vocabulary
    return codes | {f"{role.value}_junction" for role in FusionRole if role is not FusionRole.DRIVER}


def shown_texts() -> set[str]:
    """Return the codes whose texts the package takes from the table itself, whatever a flag says."""
    found = set()
    for path in sorted(PACKAGE.rglob("*.py")):
        if "messages[" not in path.read_text(encoding="utf-8"):
            continue
        tree, module = _load(path)
        for node in ast.walk(tree):
            if isinstance(node, ast.Subscript) and _last_name(node.value) == "messages":
                found |= set(_values(node.slice, module))
    return found


def _sources() -> list[Path]:
    places = [PACKAGE / name for name in SOURCES]
    return [path for place in places for path in ([place] if place.is_file() else sorted(place.glob("*.py")))]


def _load(path: Path) -> tuple[ast.Module, ModuleType]:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    name = ".".join(part for part in parts if part != "__init__")
    return ast.parse(path.read_text(encoding="utf-8")), importlib.import_module(name)


def _of_module(path: Path) -> Iterator[str]:
    tree, module = _load(path)
    criteria = path.name == "timepoint_criteria.py"
    for place in [*_places(tree), *(_given_places(tree) if criteria else ())]:
        yield from _values(place, module)


def _places(tree: ast.Module) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from _call_places(node)
        elif isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign)) and node.value is not None:
            yield from _assigned_places(node)
        elif isinstance(node, ast.FunctionDef) and node.name.endswith("_flags"):
            returns = [item for item in ast.walk(node) if isinstance(item, ast.Return)]
            yield from (item.value for item in returns if item.value is not None)


def _given_places(tree: ast.Module) -> Iterator[ast.expr]:
    """Yield the flags of `(subject, explanation, flags)`, as criteria of a timepoint give them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Tuple) and len(node.elts) == 3:
            yield node.elts[2]


def _call_places(node: ast.Call) -> Iterator[ast.expr]:
    yield from (word.value for word in node.keywords if word.arg in HOLDERS)
    called = _last_name(node.func)
    if isinstance(node.func, ast.Attribute) and _last_name(node.func.value) in HOLDERS:
        yield from node.args
    elif called in ("_if", "OriginVerdict"):
        yield from node.args[2:]


def _assigned_places(node: ast.Assign | ast.AugAssign | ast.AnnAssign) -> Iterator[ast.expr]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    names = {_last_name(part) for target in targets for part in _unpacked(target)}
    if names & HOLDERS and node.value is not None:
        yield node.value
    if "checks" in names and isinstance(node.value, ast.Dict):
        yield from (key for key in node.value.keys if key is not None)


def _unpacked(target: ast.expr) -> Iterable[ast.expr]:
    return target.elts if isinstance(target, ast.Tuple) else [target]


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _values(node: ast.expr, module: ModuleType) -> Iterator[str]:
    """Yield the codes of an expression: literals, heads of f-strings, and what its names stand for."""
    if isinstance(node, ast.JoinedStr):
        first = node.values[0]
        if isinstance(first, ast.Constant) and (head := _HEAD.match(str(first.value))):
            yield head[1]
        return
    if isinstance(node, (ast.Compare, ast.Subscript)):
        return
    if (
        isinstance(node, ast.BinOp)
        and isinstance(node.left, ast.Constant)
        and isinstance(node.left.value, str)
    ):
        yield from (head[1] for head in [_HEAD.match(node.left.value)] if head)
        return
    if isinstance(node, ast.Constant):
        yield from _codes_of(node.value)
    elif isinstance(node, ast.Name):
        yield from _codes_of(getattr(module, node.id, None))
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.comprehension):
            yield from _values(child.iter, module)
        elif isinstance(child, ast.expr) and not _is_question(node, child):
            yield from _values(child, module)


def _is_question(node: ast.AST, child: ast.expr) -> bool:
    """Tell whether a part only decides, or names an attribute, a column or a place."""
    asked = isinstance(node, ast.Call) and _last_name(node.func) in QUESTIONS
    return asked or (isinstance(node, ast.IfExp) and child is node.test)


def _codes_of(value: Any) -> Iterator[str]:
    if isinstance(value, str) and not isinstance(value, Enum):
        if _CODE.fullmatch(value):
            yield value
        elif head := _HEAD.match(value):
            yield head[1]
    elif isinstance(value, dict):
        yield from (code for item in value.values() for code in _codes_of(item))
    elif isinstance(value, (tuple, list)):
        yield from (code for item in value for code in _codes_of(item))
