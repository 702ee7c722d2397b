"""Digests of the code behind a job, and of text."""

import ast
import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from .resources import ADAPTERS, PACKAGE, RESOURCES

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
            waiting.extend(_reached(file))
    return sorted(found, key=_name)


def text_digest(text: str) -> str:
    """Return the first 12 hexadecimal digits of the SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_LENGTH]


def _name(file: Path) -> str:
    """Return the name of a file, the same in a clone and in an installed package."""
    root = next(root for root in (RESOURCES, ADAPTERS, PACKAGE.parent) if root in file.parents)
    return file.relative_to(root).as_posix()


class _WithoutTexts(ast.NodeTransformer):
    """Drops statements that are nothing but a text: docstrings, also those behind constants."""

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        """Drop or keep a statement that is an expression."""
        is_text = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return None if is_text else node


@cache
def _tree(file: Path) -> ast.Module:
    tree: ast.Module = _WithoutTexts().visit(ast.parse(file.read_bytes()))
    return tree


@cache
def _meaning(file: Path) -> bytes:
    """Content of a table or template; of a module the syntax tree without docstrings."""
    return ast.dump(_tree(file)).encode() if file.suffix == ".py" else file.read_bytes()


@cache
def _reached(file: Path) -> tuple[Path, ...]:
    """Files that one file imports, with the packages they lie in, and files that it names and reads."""
    if file.suffix != ".py":
        return ()
    modules = [path for node in _run_imports(_tree(file).body) for path in _targets(file, node)]
    packages = [
        folder / "__init__.py"
        for module in modules
        for folder in module.parents
        if folder == PACKAGE or PACKAGE in folder.parents
    ]
    return tuple(dict.fromkeys([*modules, *packages, *_named_files(file)]))


def _named_files(file: Path) -> Iterator[Path]:
    """Resources that a module names, of a folder tables and schemas; and the templates beside the module."""
    for node in ast.walk(_tree(file)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "resource":
            path = RESOURCES / ast.literal_eval(node.args[0])
            files = path.iterdir() if path.is_dir() else [path]
            yield from (item for item in files if item.suffix != ".md")
        elif isinstance(node, ast.Constant) and node.value == "templates":
            yield from file.parent.glob("templates/*")


def _run_imports(body: Iterable[ast.AST]) -> Iterator[ast.Import | ast.ImportFrom]:
    """Import statements that are carried out, also inside functions; those for types alone are not."""
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
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
