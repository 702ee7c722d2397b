"""What a job imports before it does anything: hundreds of jobs pay for it, most for a second of work."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from alktrace.io import digest
from alktrace.io.resources import ADAPTERS

# Each costs 0.2 CPU seconds or more to import; what needs one now and then imports it where it is used.
HEAVY = """
    altair cnvlib jinja2 lifelines matplotlib numba openpyxl pandas polars scipy.stats snakemake
    statsmodels
""".split()
NEEDED = {
    "align_consensus": {"numba"},
    "align_once": {"numba"},
    "build_noise_model": {"numba"},
    "call_molecules": {"numba"},
    "call_variants": {"numba"},
    "compile_align_kernels": {"numba"},
    "gather_evidence": {"numba"},
    "measure_outcomes": {"pandas", "scipy.stats"},
    "relate_outcomes": {"pandas", "scipy.stats"},
    "write_strict": {"numba"},
}


def run_at_once(body: Iterable[ast.stmt]) -> Iterator[ast.Import | ast.ImportFrom]:
    """Imports that are carried out when a module is loaded: not those within functions or for types alone."""
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            yield from run_at_once(node.orelse)
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for block in digest._blocks(node):
                yield from run_at_once(block)


def heavy_imports(adapter: Path) -> dict[str, Path]:
    """Heavy modules that a job loads before it works, with the module that imports them."""
    found: dict[str, Path] = {}
    seen: set[Path] = set()
    waiting = [adapter]
    while waiting:
        file = waiting.pop()
        if file in seen:
            continue
        seen.add(file)
        for node in run_at_once(ast.parse(file.read_bytes()).body):
            waiting += digest._targets(file, node)
            names = [alias.name for alias in node.names]
            if isinstance(node, ast.ImportFrom):
                names = [] if node.level else [f"{node.module}.{name}" for name in names]
            for heavy in HEAVY:
                if any(f"{name}.".startswith(f"{heavy}.") for name in names):
                    found.setdefault(heavy, file)
    return found


@pytest.mark.parametrize("adapter", sorted(ADAPTERS.glob("*.py")), ids=lambda path: path.stem)
def test_a_job_loads_what_it_needs(adapter: Path) -> None:
    found = heavy_imports(adapter)
    assert set(found) == NEEDED.get(adapter.stem, set()), found
