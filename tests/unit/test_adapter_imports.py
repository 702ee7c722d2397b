"""What an adapter loads before its work starts: on a cluster every job pays for it."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from alktrace.io.resources import ADAPTERS

SLOW = "cnvlib jinja2 lark matplotlib numba numpy openpyxl pandas pysam scipy".split()
"""Libraries that take from a tenth of a second to two; what needs them imports them where it works."""
ALLOWED = {
    "align_consensus.py": {"numba", "numpy", "pysam", "scipy"},
    "align_once.py": {"numba", "numpy", "pysam", "scipy"},
    "lift_alignments.py": {"pysam"},
    "tag_alignments.py": {"numpy", "pysam"},
}
"""Members of pipes, whose first line is work already."""


@pytest.mark.parametrize("adapter", sorted(ADAPTERS.glob("*.py")), ids=lambda path: path.stem)
def test_slow_libraries_wait_for_the_work(adapter: Path) -> None:
    imports = [
        ast.unparse(node)
        for node in ast.parse(adapter.read_text()).body
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    code = "\n".join([*imports, "import sys", "print(*sys.modules)"])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(SLOW) & set(done.stdout.split()) <= ALLOWED.get(adapter.name, set())
