"""Compile the kernels once."""

from pathlib import Path


def compile_kernels(out: Path) -> None:
    """Write the list of compiled kernels."""
    out.write_text("")
