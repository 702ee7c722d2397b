"""Where compiled kernels lie, named for their code: numba does not see changes in imported modules.

Imported before any module that holds kernels.
"""

import os
from pathlib import Path

from alktrace.io.digest import code_digest

ROOT = Path(__file__).resolve().parents[2]
os.environ.setdefault(
    "NUMBA_CACHE_DIR",
    str(ROOT / ".pytest_cache" / f"bench-{code_digest('compile_calling_kernels')}"),
)
