"""One deep sample from FASTQ to its page by `alktrace run`, and each of its steps; for `speed.py`.

Every process of a run counts: those that outlive their parents (the warm process and its forks) are adopted
by this one, so that the operating system accounts for them too.
"""

import ctypes
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from alktrace.demo.build_demo import write_demo

ROOT = Path(__file__).resolve().parents[2]
PATIENT = "P07"
STEPS = {
    "extraction, trimming, alignment, sort": "align_unit",
    "grouping and consensus": "call_molecules",
    "placing the consensus": "align_consensus",
    "calling": "call_variants",
    "fusions, coverage": "call_structural",
    "annotation": "annotate_alterations",
    "evidence of the patient": "gather_evidence",
    "classification": "classify_timepoint",
    "page": "write_patient_page",
}
START = "prepare_targets"
"""A step that does next to nothing."""
ADOPT_ORPHANS = 36
"""PR_SET_CHILD_SUBREAPER of prctl(2)."""


class Cost(NamedTuple):
    """CPU and wall seconds of one program, part or run, and the memory of its largest process."""

    cpu: float
    wall: float
    peak_mb: float | None = None


def run(*options: str, folder: Path, log: Path) -> Cost:
    """Run the workflow on one thread a job; everything that it started has ended when this returns.

    Raises:
        SystemExit: it failed.
    """
    ctypes.CDLL(None).prctl(ADOPT_ORPHANS, 1, 0, 0, 0)
    command = [
        sys.executable,
        "-m",
        "alktrace",
        "run",
        str(folder / "config.yaml"),
        "--directory",
        str(folder),
    ]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "scripts")}
    start = time.perf_counter()
    with log.open("ab") as stream:
        child = subprocess.Popen(
            [*command, "--", "--cores", "1", "--notemp", *options],
            stdout=stream,
            stderr=subprocess.STDOUT,
            env=environment,
        )
        cpu, peak = 0.0, 0
        while True:
            try:
                ended, status, usage = os.wait4(-1, 0)
            except ChildProcessError:
                break
            cpu += usage.ru_utime + usage.ru_stime
            peak = max(peak, usage.ru_maxrss)
            if ended == child.pid:
                child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"alktrace run failed:\n{log.read_text(errors='replace')[-3000:]}")
    return Cost(cpu, time.perf_counter() - start, peak / 1024)


def write_project(folder: Path, *, fastqs: Sequence[str], read_structures: Sequence[str], seed: int) -> None:
    """Write the inputs of the demo with one sample: these reads, drawn from the genome of the seed."""
    write_demo(folder, seed=seed, depth=0.1)
    config = yaml.safe_load((folder / "config.yaml").read_text())
    config["clinical"] = None
    assay: dict[str, Any] = {
        "targets": config["assays"]["plasma-duplex"]["targets"],
        "umi": {"source": "inline", "read_structures": list(read_structures), "duplex": True},
    }
    config["assays"] = {"deep": assay}
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    row = {"patient": PATIENT, "timepoint": "PD1", "specimen_type": "plasma", "setting": "progression"}
    row |= {"assay": "deep", "collected": "2024-01-01", "fastq_1": fastqs[0], "fastq_2": fastqs[1]}
    (folder / "samples.tsv").write_text("\t".join(row) + "\n" + "\t".join(row.values()) + "\n")


def measure(
    folder: Path, *, fastqs: Sequence[str], read_structures: Sequence[str], seed: int
) -> dict[str, Cost]:
    """Return what the whole way costs, kernels and reference made before, and what each step adds to a run.

    Args:
        folder: to work in.
        fastqs: both mates.
        read_structures: of both mates.
        seed: of the genome that they come from.
    """
    write_project(folder, fastqs=fastqs, read_structures=read_structures, seed=seed)
    log = folder / "bench.log"
    run(folder=folder, log=log)
    costs = {
        "the whole way, FASTQ to page": run("--forcerun", "align_unit", folder=folder, log=log),
        "a run with nothing to do": run(folder=folder, log=log),
        "a run that starts the warm process": run(
            "--forcerun", START, "--until", START, folder=folder, log=log
        ),
    }
    start = list(costs.values())[-1]
    for name, rule in STEPS.items():
        whole = run("--forcerun", rule, "--until", rule, folder=folder, log=log)
        costs[name] = Cost(whole.cpu - start.cpu, whole.wall - start.wall, whole.peak_mb)
    return costs
