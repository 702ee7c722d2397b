"""What a job, and a run before its first job, import: hundreds of jobs pay, and whoever types a command."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from alktrace.io import digest, sources
from alktrace.io.resources import ADAPTERS, PACKAGE

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
    "call_structural": {"numba"},
    "call_variants": {"numba"},
    "compile_align_kernels": {"numba"},
    "gather_evidence": {"numba"},
    "measure_outcomes": {"pandas"},
    "relate_outcomes": {"pandas"},
    "write_strict": {"numba"},
}
BEFORE_JOBS: dict[str, set[str]] = {
    "cli.py": set(),
    "workflow/readiness.py": set(),
    "outcomes/analysis_plan.py": set(),
}
"""The program, its checks, and the plan of an analysis where the configuration names one."""


def run_at_once(body: Iterable[ast.stmt]) -> Iterator[ast.Import | ast.ImportFrom]:
    """Imports that are carried out when a module is loaded: not those within functions or for types alone."""
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            yield from run_at_once(node.orelse)
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for block in sources._blocks(node):
                yield from run_at_once(block)


def heavy_imports(first: Path, heavy_ones: Iterable[str] = HEAVY) -> dict[str, Path]:
    """Heavy modules that are loaded with a module, with the module that imports them."""
    found: dict[str, Path] = {}
    seen: set[Path] = set()
    waiting = [first]
    while waiting:
        file = waiting.pop()
        if file in seen:
            continue
        seen.add(file)
        for node in run_at_once(ast.parse(file.read_bytes()).body):
            for statement in sources._statements(node):
                targets = digest._targets(file, statement)
                waiting += [digest._modules()[name] for name in targets if name in digest._modules()]
            names = [alias.name for alias in node.names]
            if isinstance(node, ast.ImportFrom):
                names = [] if node.level else [f"{node.module}.{name}" for name in names]
            for heavy in heavy_ones:
                if any(f"{name}.".startswith(f"{heavy}.") for name in names):
                    found.setdefault(heavy, file)
    return found


@pytest.mark.parametrize("adapter", sorted(ADAPTERS.glob("*.py")), ids=lambda path: path.stem)
def test_a_job_loads_what_it_needs(adapter: Path) -> None:
    found = heavy_imports(adapter)
    assert set(found) == NEEDED.get(adapter.stem, set()), found


@pytest.mark.parametrize("module", BEFORE_JOBS)
def test_a_run_loads_what_it_needs(module: str) -> None:
    found = heavy_imports(PACKAGE / module, [*HEAVY, "scipy"])
    assert set(found) == BEFORE_JOBS[module], found
