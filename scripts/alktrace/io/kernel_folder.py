"""Where compiled kernels are kept: once per user, for every clone, installation and output folder."""

import os
import tempfile
import time
from pathlib import Path

VARIABLE = "NUMBA_CACHE_DIR"
"""Environment variable of numba that names another folder."""

CACHES = "XDG_CACHE_HOME"
"""Environment variable that names the folder of all caches of a user."""

SUFFIX = ".kernel"
KEPT_DAYS = 180


def kernel_folder() -> Path:
    """Return the folder of compiled kernels: as the environment says, else in the user's cache."""
    if given := os.environ.get(VARIABLE):
        return Path(given)
    return user_caches() / "alktrace" / "kernels"


def user_caches() -> Path:
    """Return the folder of all caches of a user."""
    if caches := os.environ.get(CACHES):
        return Path(caches)
    try:
        return Path.home() / ".cache"
    except RuntimeError:
        return Path(os.devnull)  # of nobody: nothing can be written below it


def writable_kernel_folder(fallback: Path) -> Path:
    """Return the folder of compiled kernels, or another one where nothing can be written into it."""
    folder = kernel_folder()
    return folder if is_writable(folder) else fallback


def is_writable(folder: Path) -> bool:
    """Tell whether a folder can be written into; it is made where it is missing."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return False
    return True


def forget_old_kernels(folder: Path) -> None:
    """Delete kernels compiled more than `KEPT_DAYS` days ago; those still in use are compiled once more."""
    oldest = time.time() - KEPT_DAYS * 86400
    for path in folder.glob(f"*/*{SUFFIX}"):
        try:
            if path.stat().st_mtime < oldest:
                path.unlink()
        except OSError:
            continue  # another run was faster, or they are not ours to delete
