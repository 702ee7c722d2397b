"""Where compiled kernels are kept: once per user, for every clone, installation and output folder."""

import os
import tempfile
import time
from pathlib import Path

VARIABLE = "NUMBA_CACHE_DIR"
"""Environment variable of numba that names another folder."""

SUFFIX = ".kernel"
KEPT_DAYS = 180


def kernel_folder() -> Path:
    """Return the folder of compiled kernels: as the environment says, else in the user's cache."""
    if given := os.environ.get(VARIABLE):
        return Path(given)
    if caches := os.environ.get("XDG_CACHE_HOME"):
        return Path(caches, "alktrace", "kernels")
    try:
        home = Path.home()
    except RuntimeError:
        home = Path(os.devnull)  # of nobody: nothing can be written below it
    return home / ".cache" / "alktrace" / "kernels"


def writable_kernel_folder(fallback: Path) -> Path:
    """Return the folder of compiled kernels, or another one where nothing can be written into it."""
    folder = kernel_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return fallback
    return folder


def forget_old_kernels(folder: Path) -> None:
    """Delete kernels compiled more than `KEPT_DAYS` days ago; those still in use are compiled once more."""
    oldest = time.time() - KEPT_DAYS * 86400
    for path in folder.glob(f"*/*{SUFFIX}"):
        try:
            if path.stat().st_mtime < oldest:
                path.unlink()
        except OSError:
            continue  # another run was faster, or they are not ours to delete
