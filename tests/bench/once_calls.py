"""Calls and limits of the demo with one alignment for all copies, against an alignment of every read.

    PYTHONPATH=scripts:tests python tests/bench/once_calls.py             two runs of the demo

Every alteration that was planted in a sample counts, called or not, and every locus of its callability.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pysam
import yaml
from bench_figures import keep
from workflow_runs import Project, read_sheet

from alktrace.commands import demo

HOUR = 3600
Answers = dict[tuple[str, ...], Any]


def planted_calls(folder: Path) -> Answers:
    """Return filters and counts of molecules of each small variant that was planted."""
    answers: Answers = {}
    truth = read_sheet(folder / "truth" / "alterations.tsv")
    for sample in {row["sample"] for row in truth}:
        found = {}
        path = folder / "results" / "patients" / sample.replace(".", "/") / "variants.vcf.gz"
        if path.exists():
            with pysam.VariantFile(str(path)) as calls:
                for call in calls:
                    key = f"{call.chrom}:{call.pos}:{call.ref}:{call.alts[0] if call.alts else '.'}"
                    found[key] = tuple(call.filter), call.samples[0]["AD"]
        keys = {row["key"] for row in truth if row["sample"] == sample and row["key"].count(":") == 3}
        answers |= {(sample, key): found.get(key) for key in keys}
    return answers


def limits(folder: Path) -> Answers:
    """Return status and detectable VAF of each locus."""
    return {
        (str(path.parent.relative_to(folder)), row["locus"], row["start"]): (
            row["status"],
            row["vaf_detectable"],
        )
        for path in sorted(folder.glob("results/patients/*/*/*/callability.tsv"))
        for row in read_sheet(path)
    }


def classes(folder: Path) -> Answers:
    """Return every value of the cohort's classification."""
    rows = read_sheet(folder / "results" / "cohort" / "classification.tsv")
    return {
        (row["patient"], row["timepoint"], column, str(place)): value
        for row in rows
        for column, cell in row.items()
        for place, value in enumerate(cell.split(";"))
    }


WHAT: dict[str, Callable[[Path], Answers]] = {
    "filters and molecules of planted variants": planted_calls,
    "status and limit of loci": limits,
    "values of the classification": classes,
}


def differing(one: Answers, two: Answers) -> Iterator[str]:
    """Give a line for every answer that is not the same."""
    for key in sorted(one.keys() | two.keys()):
        if one.get(key) != two.get(key):
            yield f"    {' '.join(key)}: {one.get(key)} {two.get(key)}"


def main() -> None:
    """Run the demo both ways and print what differs."""
    with TemporaryDirectory() as name:
        folders = [Path(name, way) for way in ("every", "once")]
        for folder, once in zip(folders, (False, True), strict=True):
            demo.write_inputs(folder, seed=demo.SEED, depth=1.0)
            config = yaml.safe_load((folder / "config.yaml").read_text())
            project = Project(folder, config | {"align": {"once": once}})
            project.run("--cores", str(os.cpu_count() or 1), timeout=HOUR).check()
        print("\nOne alignment for all copies against one for every read, the demo:")
        for what, answers in WHAT.items():
            one, two = map(answers, folders)
            lines = list(differing(one, two))
            same = f"{len(one) - len(lines):,} of {len(one):,} the same"
            print(f"  {what}: {same}")
            keep("One alignment for all copies against one for every read, the demo", what, same)
            for line in lines[:20]:
                print(line)


if __name__ == "__main__":
    main()
