"""Digests of the code behind a job, and of text."""

import ast
import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from .resources import ADAPTERS, PACKAGE, RESOURCES

DIGEST_LENGTH = 12
TYPE_CHECKING = ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def code_digest(*adapters: str) -> str:
    """Return a digest of all code that the jobs of some adapters can reach, and of the tables it reads.

    That is the adapter, every module of the package that it imports, directly or through others, also inside
    functions, and the resources and templates that these name. Comments, docstrings and layout do not count.

    Args:
        *adapters: names of files in `scripts`, without suffix; all of them if none is given.

    Returns:
        The first 12 hexadecimal digits of a SHA-256 over paths and contents.
    """
    named = [ADAPTERS / f"{name}.py" for name in adapters] or ADAPTERS.glob("*.py")
    return module_digest(*named)


def module_digest(*files: Path) -> str:
    """Return a digest of some modules or resources and of what they can reach, as `code_digest` does."""
    digest = hashlib.sha256()
    for file in import_closure(files):
        digest.update(_name(file).encode())
        digest.update(_look_into(file).meaning)
    return digest.hexdigest()[:DIGEST_LENGTH]


def import_closure(files: Iterable[Path]) -> list[Path]:
    """Return some modules and the files that they can reach, sorted by name."""
    found: set[Path] = set()
    waiting = list(files)
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting.extend(_look_into(file).reached)
    return sorted(found, key=_name)


def text_digest(text: str) -> str:
    """Return the first 12 hexadecimal digits of the SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_LENGTH]


@cache
def _name(file: Path) -> str:
    """Return the name of a file, the same in a clone and in an installed package."""
    root = next(root for root in (RESOURCES, ADAPTERS, PACKAGE.parent) if root in file.parents)
    return file.relative_to(root).as_posix()


class _File(NamedTuple):
    """What digests need to know of a file. Its syntax tree is not kept: all trees together are much memory.

    Attributes:
        meaning: digest of a table or template; of a module that of its syntax tree without docstrings.
        reached: files that it imports, with the packages they lie in, and files that it names and reads.
    """

    meaning: bytes
    reached: tuple[Path, ...]


@cache
def _look_into(file: Path) -> _File:
    content = file.read_bytes()
    if file.suffix != ".py":
        return _File(hashlib.sha256(content).digest(), ())
    tree = ast.parse(content)
    modules = [path for node in _imports(tree) for path in _targets(file, node)]
    packages = [
        path for folder in dict.fromkeys(path.parent for path in modules) for path in _packages(folder)
    ]
    _drop_texts(tree)
    # Most modules name no file: only these are looked through expression by expression.
    named = _named_files(file, tree) if b"resource" in content or b"templates" in content else ()
    meaning = hashlib.sha256(ast.dump(tree).encode()).digest()
    return _File(meaning, tuple(dict.fromkeys([*modules, *packages, *named])))


@cache
def _packages(folder: Path) -> tuple[Path, ...]:
    """Files that Python runs before a module of a folder."""
    within = [parent for parent in (folder, *folder.parents) if parent.is_relative_to(PACKAGE)]
    return tuple(parent / "__init__.py" for parent in within)


def _named_files(file: Path, tree: ast.Module) -> Iterator[Path]:
    """Resources that a module names, of a folder tables and schemas; and the templates beside the module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "resource":
            path = RESOURCES / ast.literal_eval(node.args[0])
            files = path.iterdir() if path.is_dir() else [path]
            yield from (item for item in files if item.suffix != ".md")
        elif isinstance(node, ast.Constant) and node.value == "templates":
            yield from file.parent.glob("templates/*")


def _blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    """Lists of statements within a node: only these hold imports and docstrings, at any depth."""
    for name in ("body", "orelse", "finalbody"):
        if isinstance(block := getattr(node, name, None), list):
            yield block
    for part in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
        yield part.body


def _drop_texts(node: ast.AST) -> None:
    """Drop statements that are nothing but a text: docstrings, also those behind constants."""
    for block in _blocks(node):
        block[:] = [item for item in block if not _is_text(item)]
        for item in block:
            _drop_texts(item)


def _is_text(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _imports(node: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """Import statements that are carried out, also inside functions; those for types alone are not."""
    for_types = isinstance(node, ast.If) and ast.unparse(node.test) in TYPE_CHECKING
    for block in [node.orelse] if for_types and isinstance(node, ast.If) else _blocks(node):
        for item in block:
            if isinstance(item, ast.Import | ast.ImportFrom):
                yield item
            else:
                yield from _imports(item)


def _targets(file: Path, node: ast.Import | ast.ImportFrom) -> Iterator[Path]:
    """Modules of the package that a statement imports."""
    if isinstance(node, ast.Import):
        named = [alias.name for alias in node.names]
        paths = [PACKAGE.parent.joinpath(*name.split(".")) for name in named if _is_ours(name)]
    elif node.level or _is_ours(node.module or ""):
        base = file.parents[node.level - 1] if node.level else PACKAGE.parent
        module = base.joinpath(*(node.module or "").split(".")) if node.module else base
        paths = [module, *(module / alias.name for alias in node.names)]
    else:
        paths = []
    for path in paths:
        for candidate in (path.with_suffix(".py"), path / "__init__.py"):
            if PACKAGE in candidate.parents and candidate.is_file():
                yield candidate


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] == PACKAGE.name
