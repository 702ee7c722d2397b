"""What the text of a module says about the code of a job. It is read once per user and text.

Reading all modules takes about a CPU second, and every run asks, and every job of a cluster.
"""

import ast
import atexit
import hashlib
import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import AlktraceError
from .atomic import atomic_output
from .kernel_folder import user_caches

TYPE_CHECKING = ("TYPE_CHECKING", "typing.TYPE_CHECKING")
MEANING_BYTES = 32
KEPT_SOURCES = 2000
"""About four versions of the package; 0.2 kB each."""


class ImportStatement(NamedTuple):
    """An import that is carried out.

    Attributes:
        dots: before the module, 0 for an absolute one.
        module: dotted name behind the dots, may be empty.
        names: what is taken from it, empty for `import module`.
    """

    dots: int
    module: str
    names: tuple[str, ...]


class Source(NamedTuple):
    """What digests need to know of a module, whatever file it stands in.

    Attributes:
        meaning: SHA-256 of its syntax tree without docstrings, in hexadecimal.
        imports: its import statements, also those inside functions; not those for types alone.
        resources: files and folders of the resources that it names.
        templates: whether it names the templates beside it.
    """

    meaning: str
    imports: tuple[ImportStatement, ...]
    resources: tuple[str, ...]
    templates: bool


def read_source(content: bytes) -> Source:
    """Return what a module says, as it was read before if that is known.

    Raises:
        SyntaxError: it is no Python.
        ValueError: a call of `resource` does not write its name out.
    """
    key = hashlib.sha256(content).hexdigest()
    if known := _known().get(key):
        with suppress(TypeError, ValueError):
            return _as_kept(known)
    source = parse_source(content)
    _remember(key, source)
    return source


def parse_source(content: bytes) -> Source:
    """Return what a module says, read from its text; errors are those of `read_source`."""
    tree = ast.parse(content)
    imports = tuple(statement for node in _imports(tree) for statement in _statements(node))
    _drop_texts(tree)
    # Most modules name no file: only these are looked through expression by expression.
    names = b"resource" in content or b"templates" in content
    nodes = list(ast.walk(tree)) if names else []
    return Source(
        meaning=hashlib.sha256(ast.dump(tree).encode()).hexdigest(),
        imports=imports,
        resources=tuple(_resources(nodes)),
        templates=any(isinstance(node, ast.Constant) and node.value == "templates" for node in nodes),
    )


# --- what was read before -------------------------------------------------------------------


def _cache_file() -> Path:
    return user_caches() / "alktrace" / "sources.json"


@cache
def _reader() -> str:
    """Digest of what reads; what another version of it, or another Python, has kept says nothing."""
    return hashlib.sha256(sys.version.encode() + Path(__file__).read_bytes()).hexdigest()


@cache
def _known() -> dict[str, Any]:
    with suppress(OSError, ValueError, TypeError, KeyError, RecursionError):
        kept = json.loads(_cache_file().read_text(encoding="utf-8"))
        if kept["reader"] == _reader():
            return dict(kept["sources"])
    return {}


def _as_kept(kept: Any) -> Source:
    """Return a source from the file.

    Raises:
        ValueError, TypeError: `_keep` has not written this.
    """
    meaning, imports, resources, templates = kept
    source = Source(
        meaning=meaning,
        imports=tuple(ImportStatement(dots, module, tuple(names)) for dots, module, names in imports),
        resources=tuple(resources),
        templates=templates,
    )
    texts = [*source.resources, *(text for one in source.imports for text in (one.module, *one.names))]
    dots = [one.dots for one in source.imports]
    lists = [imports, resources, *(names for _, _, names in imports)]
    right = all(isinstance(text, str) for text in texts) and all(isinstance(one, list) for one in lists)
    if not right or len(bytes.fromhex(meaning)) != MEANING_BYTES or not all(one in range(10) for one in dots):
        raise ValueError(kept)
    return source


@cache
def _new() -> dict[str, Source]:
    """Sources that this process read; written when it ends."""
    atexit.register(_keep)
    return {}


def _remember(key: str, source: Source) -> None:
    _new()[key] = source


def _keep() -> None:
    """Write what is known, the newest; where nothing can be written all is read anew next time."""
    sources = list((_known() | _new()).items())[-KEPT_SOURCES:]
    with suppress(AlktraceError, OSError), atomic_output(_cache_file()) as (partial,):
        partial.write_text(json.dumps({"reader": _reader(), "sources": dict(sources)}), encoding="utf-8")


# --- syntax trees ---------------------------------------------------------------------------


def _resources(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "resource":
            yield ast.literal_eval(node.args[0])


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


def _statements(node: ast.Import | ast.ImportFrom) -> Iterator[ImportStatement]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield ImportStatement(0, alias.name, ())
    else:
        yield ImportStatement(node.level, node.module or "", tuple(alias.name for alias in node.names))
