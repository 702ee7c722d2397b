"""Digests of the code behind a job, and of text."""

import ast
import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from .resources import ADAPTERS, PACKAGE

DIGEST_LENGTH = 12


def code_digest(*adapters: str) -> str:
    """Return a digest of all code that the jobs of some adapters can reach.

    That is the adapter, every module of the package that it imports, directly or through others, also inside
    functions, and the templates beside those modules. Comments, docstrings and layout do not count.

    Args:
        *adapters: names of files in `scripts`, without suffix; all of them if none is given.

    Returns:
        The first 12 hexadecimal digits of a SHA-256 over paths and contents.
    """
    named = [ADAPTERS / f"{name}.py" for name in adapters] or ADAPTERS.glob("*.py")
    return module_digest(*named)


def module_digest(*files: Path) -> str:
    """Return a digest of some modules and of all code that they can reach, as `code_digest` does."""
    digest = hashlib.sha256()
    for file in import_closure(files):
        digest.update(_name(file).encode())
        digest.update(_meaning(file))
    return digest.hexdigest()[:DIGEST_LENGTH]


def import_closure(files: Iterable[Path]) -> list[Path]:
    """Return some modules and the files that they can reach, sorted by name."""
    found: set[Path] = set()
    waiting = list(files)
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting.extend(_imported(file))
    templates = {file for folder in {item.parent for item in found} for file in folder.glob("templates/*")}
    return sorted(found | templates, key=_name)


def text_digest(text: str) -> str:
    """Return the first 12 hexadecimal digits of the SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_LENGTH]


def _name(file: Path) -> str:
    """Return the name of a file, the same in a clone and in an installed package."""
    return file.relative_to(ADAPTERS if file.parent == ADAPTERS else PACKAGE.parent).as_posix()


@cache
def _meaning(file: Path) -> bytes:
    """Content of a template; of a module the syntax tree without docstrings."""
    if file.suffix != ".py":
        return file.read_bytes()
    tree = ast.parse(file.read_bytes())
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            node.body = node.body[ast.get_docstring(node, clean=False) is not None :]
    return ast.dump(tree).encode()


@cache
def _imported(file: Path) -> tuple[Path, ...]:
    """Files of the package that one file imports, with the packages they lie in."""
    modules = [
        path for node in _run_imports(ast.parse(file.read_bytes()).body) for path in _targets(file, node)
    ]
    packages = [
        folder / "__init__.py"
        for module in modules
        for folder in module.parents
        if folder == PACKAGE or PACKAGE in folder.parents
    ]
    return tuple(dict.fromkeys([*modules, *packages]))


def _run_imports(body: Iterable[ast.AST]) -> Iterator[ast.Import | ast.ImportFrom]:
    """Import statements that are carried out, also inside functions; those for types alone are not."""
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            yield from _run_imports(node.orelse)
        else:
            yield from _run_imports(ast.iter_child_nodes(node))


def _targets(file: Path, node: ast.Import | ast.ImportFrom) -> Iterator[Path]:
    if isinstance(node, ast.Import):
        named = [PACKAGE.parent.joinpath(*alias.name.split(".")) for alias in node.names]
    else:
        base = file.parents[node.level - 1] if node.level else PACKAGE.parent
        module = base.joinpath(*(node.module or "").split(".")) if node.module else base
        named = [module, *(module / alias.name for alias in node.names)]
    for path in named:
        for candidate in (path.with_suffix(".py"), path / "__init__.py"):
            if PACKAGE in candidate.parents and candidate.is_file():
                yield candidate
