"""What the graph of a cohort costs: a quiet dry run by `alktrace run`, nothing made yet.

    python tests/bench/graph.py                     200 patients, a quarter of a minute
    python tests/bench/graph.py --patients 1000     as docs/benchmarks.md names it; 8,000 tiny FASTQs

Each patient has three plasma samples and one of white cells, each of one pair of FASTQs: 29 jobs. CPU and
peak memory are those that the operating system accounts to the processes of the run.
"""

import argparse
import gzip
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import yaml
from bench_figures import keep

from alktrace.demo.facts import load_facts
from alktrace.demo.genome_files import write_genome
from alktrace.demo.made_genome import build_genome

ROOT = Path(__file__).resolve().parents[2]
SEED = 1
HEAD = "patient timepoint specimen specimen_type assay collected setting library fastq_1 fastq_2".split()
SAMPLES = (
    ("BL", "plasma", "2022-03-09", "baseline"),
    ("PD1", "plasma", "2023-03-09", "progression"),
    ("PD1", "wbc", "2023-03-09", "."),
    ("PD2", "plasma", "2024-03-09", "progression"),
)
READ = "@M01:1:FC:1:1101:{0}:{0} {1}:N:0:ACGT\n{2}\n+\n{3}\n"
LENGTH = 150


class Cost(NamedTuple):
    """CPU seconds of all processes of a dry run, memory of the largest, and the number of jobs shown."""

    cpu: float
    peak_mb: float
    jobs: int


def write_study(folder: Path, patients: int) -> None:
    """Write reference, reads, sheet and configuration of a study."""
    files = write_genome(build_genome(load_facts(), seed=SEED), folder / "reference")
    (folder / "fastq").mkdir()
    bases = random.Random(SEED)
    lines = ["\t".join(HEAD)]
    for number in range(patients):
        for timepoint, specimen, collected, setting in SAMPLES:
            name = f"P{number:05}"
            paths = [f"fastq/{name}_{timepoint}_{specimen}_R{mate}.fastq.gz" for mate in (1, 2)]
            for mate, path in enumerate(paths, start=1):
                read = READ.format(number, mate, "".join(bases.choices("ACGT", k=LENGTH)), "I" * LENGTH)
                (folder / path).write_bytes(gzip.compress(read.encode(), mtime=0))
            row = (name, timepoint, specimen, specimen, "panel", collected, setting, "L1", *paths)
            lines.append("\t".join(row))
    (folder / "samples.tsv").write_text("\n".join(lines) + "\n")
    umi = {"source": "inline", "read_structures": ["5M2S+T", "5M2S+T"], "duplex": True}
    config = {
        "samples": "samples.tsv",
        "clinical": None,
        "reference": {
            "fasta": str(files.fasta),
            "gff3": str(files.gff3),
            "polymorphisms": str(files.polymorphisms),
        },
        "assays": {"panel": {"targets": str(files.targets), "umi": umi}},
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config))


def measure(folder: Path, *options: str, code: Path = ROOT) -> Cost:
    """Return what a dry run costs.

    Args:
        folder: a study.
        *options: further ones of snakemake.
        code: the clone whose workflow runs.

    Raises:
        SystemExit: it failed.
    """
    command = [
        sys.executable,
        "-m",
        "alktrace",
        "run",
        "config.yaml",
        "--",
        "--dry-run",
        "--quiet",
        "rules",
        *options,
    ]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHONPATH": str(code / "scripts")},
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"the dry run failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    jobs = re.search(r"^total +(\d+)$", done.stdout + done.stderr, re.MULTILINE)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(cpu, after.ru_maxrss / 1024, int(jobs[1]) if jobs else 0)


def main() -> None:
    """Write a study and measure its dry run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--patients", type=int, default=200)
    parser.add_argument("--folder", type=Path, help="keep the study here; one that is there is used again")
    parser.add_argument("--code", type=Path, default=ROOT, help="the clone to measure")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        if not (folder / "config.yaml").is_file():
            folder.mkdir(parents=True, exist_ok=True)
            write_study(folder, options.patients)
        cost = measure(folder, code=options.code)
    study = f"{options.patients} patients, {cost.jobs:,} jobs"
    costs = f"{cost.cpu:.1f} CPU s, peak {cost.peak_mb:.0f} MB"
    print(f"{study}: {costs}")
    keep("The graph", study, costs)


if __name__ == "__main__":
    main()
