"""Digests of the code behind a job, and of text."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from .resources import ADAPTERS, PACKAGE, RESOURCES
from .sources import ImportStatement, Source, read_source

DIGEST_LENGTH = 12


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
    """What digests need to know of a file.

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
    source = read_source(content)
    modules = [name for statement in source.imports for name in _targets(file, statement)]
    # Python runs the packages before a module too.
    names = dict.fromkeys([*modules, *(package for name in modules for package in _packages(name))])
    reached = [path for name in names if (path := _modules().get(name))]
    return _File(bytes.fromhex(source.meaning), (*reached, *_named_files(file, source)))


@cache
def _modules() -> Mapping[str, Path]:
    """Every module of the package by its dotted name."""
    return {".".join(_parts(path)).removesuffix(".__init__"): path for path in PACKAGE.rglob("*.py")}


def _parts(file: Path) -> tuple[str, ...]:
    return file.relative_to(PACKAGE.parent).with_suffix("").parts


@cache
def _packages(module: str) -> tuple[str, ...]:
    parts = module.split(".")
    return tuple(".".join(parts[:end]) for end in range(1, len(parts)))


def _named_files(file: Path, source: Source) -> Iterator[Path]:
    """Resources that a module names, of a folder tables and schemas; and the templates beside the module."""
    for name in source.resources:
        path = RESOURCES / name
        files = path.iterdir() if path.is_dir() else [path]
        yield from (item for item in files if item.suffix != ".md")
    if source.templates:
        yield from file.parent.glob("templates/*")


def _targets(file: Path, statement: ImportStatement) -> Iterator[str]:
    """Dotted names that a statement may import, as modules of the package."""
    base = _parts(file)[: -statement.dots] if statement.dots else ()
    module = ".".join((*base, *filter(None, [statement.module])))
    if module.partition(".")[0] == PACKAGE.name:
        yield module
        yield from (f"{module}.{name}" for name in statement.names)
