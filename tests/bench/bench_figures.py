"""The key figures of all benches in one table, which `make bench` ends with.

FIGURES=figures.tsv python tests/bench/speed.py; FIGURES=figures.tsv python tests/bench/bench_figures.py
"""

import os
from pathlib import Path

VARIABLE = "FIGURES"
"""Environment variable that names the file; without it nothing is kept."""


def keep(bench: str, what: str, figure: str) -> None:
    """Keep a figure for the table.

    Args:
        bench: heading that it belongs under.
        what: what was measured.
        figure: as it is shown.
    """
    if path := os.environ.get(VARIABLE):
        with Path(path).open("a", encoding="utf-8") as stream:
            stream.write(f"{bench}\t{what}\t{figure}\n")


def table(text: str) -> list[str]:
    """Return the lines of the table: each heading once, with its figures in the order they were kept."""
    rows = [line.split("\t") for line in text.splitlines()]
    width = max((len(what) for _, what, _ in rows), default=0)
    lines = []
    for heading in dict.fromkeys(bench for bench, _, _ in rows):
        lines += ["", heading]
        lines += [f"  {what:{width}}  {figure}" for bench, what, figure in rows if bench == heading]
    return lines


if __name__ == "__main__":
    print("\n".join(table(Path(os.environ[VARIABLE]).read_text(encoding="utf-8"))))
