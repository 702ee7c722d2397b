"""Speed of the way from FASTQ to molecules, against plain `bwa mem` on the same reads and reference.

    python tests/bench/speed.py                      about 1 M raw reads, some minutes
    python tests/bench/speed.py --reads 2500000      a deep panel as the goals name it

Every program runs on one thread, one after the other, and its CPU seconds, wall seconds and peak memory are
those the operating system accounts to it. The parts of the consensus job are measured in one more run of it,
with a clock round each part; encoding is the whole kernel less one that writes nothing.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from bench_figures import keep
from speed_whole import Cost, measure

ROOT = Path(__file__).resolve().parents[2]
DEFAULTS = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
SAMPLE = "bench"
READ_GROUP = rf"@RG\tID:{SAMPLE}\tSM:{SAMPLE}\tLB:{SAMPLE}"
# Shares of plain bwa mem that the project set itself.
GOAL = "grouping and consensus at most 20 % of the CPU of bwa mem; the whole job at 300,000 reads/s"
WAY_GOAL = "the whole way at most 80 % of the CPU of bwa mem"


def run(command: Sequence[str | Path], *, stdin: Path | None = None, stdout: Path | None = None) -> Cost:
    """Run a program to its end and return what it cost.

    Raises:
        SystemExit: it failed.
    """
    with (
        (stdin or Path(os.devnull)).open("rb") as source,
        (stdout or Path(os.devnull)).open("wb") as target,
        tempfile.TemporaryFile() as messages,
    ):
        start = time.perf_counter()
        child = subprocess.Popen(
            [str(part) for part in command], stdin=source, stdout=target, stderr=messages
        )
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - start
        if child.returncode:
            messages.seek(0)
            sys.exit(f"{command[0]} failed:\n{messages.read().decode(errors='replace')[-2000:]}")
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024)


def align(panel: dict[str, Any], folder: Path) -> tuple[dict[str, Cost], Path]:
    """Extract, trim, align and sort the reads as the workflow does, one program at a time."""
    extracted, trimmed, sam = folder / "extracted.fq", folder / "trimmed.fq", folder / "aligned.sam"
    bam = folder / "aligned.bam"
    first, second = DEFAULTS["align"]["adapters"]
    batch = DEFAULTS["align"]["batch_bases"]
    run(["bwa", "index", panel["fasta"]])
    costs = {
        "extraction": run(
            [sys.executable, ROOT / "scripts" / "extract_reads.py", "--unit", SAMPLE, "--source", "inline",
             "--fastq", *panel["fastqs"], "--read-structure", *panel["read_structures"],
             "--counts", folder / "extract.tsv"],
            stdout=extracted,
        ),
        "adapters (fastp)": run(
            ["fastp", "--stdin", "--stdout", "--thread", "1", "--interleaved_in",
             "--adapter_sequence", first, "--adapter_sequence_r2", second,
             "--length_required", str(DEFAULTS["align"]["min_length"]), "--disable_quality_filtering",
             "--disable_trim_poly_g", "--dont_eval_duplication", "--json", os.devnull, "--html", os.devnull],
            stdin=extracted, stdout=trimmed,
        ),
    }  # fmt: skip
    extracted.unlink()
    costs["bwa mem, plain"] = run(
        [
            "bwa",
            "mem",
            "-t",
            "1",
            "-K",
            str(batch),
            "-Y",
            "-C",
            "-p",
            "-R",
            READ_GROUP,
            panel["fasta"],
            trimmed,
        ],
        stdout=sam,
    )
    trimmed.unlink()
    costs["sort"] = run(["samtools", "sort", "-l", "1", "-T", folder / "sort", "-o", bam, sam])
    sam.unlink()
    return costs, bam


# --- the table ------------------------------------------------------------------------------


def show(title: str, costs: dict[str, Cost], reads: int, plain: float) -> None:
    """Print a table of costs; shares are of the CPU of plain bwa mem."""
    print(f"\n{title}")
    print(f"{'':<32}{'CPU s':>9}{'wall s':>9}{'reads/CPU s':>13}{'% of bwa':>10}{'peak MB':>9}")
    for name, cost in costs.items():
        peak = f"{cost.peak_mb:9.0f}" if cost.peak_mb is not None else ""
        rate = f"{reads / cost.cpu:13,.0f}" if cost.cpu > 0 else f"{'':13}"
        share = 100 * cost.cpu / plain
        keep(
            title, name, f"{cost.cpu:7.2f} CPU s {share:6.1f} % of bwa {rate} reads/CPU s {peak or '-':>9} MB"
        )
        print(f"{name:<32}{cost.cpu:9.2f}{cost.wall:9.2f}{rate}{share:10.1f}{peak}")


def bench(folder: Path, *, reads: int, seed: int) -> None:
    """Make the panel, run everything and print the tables."""
    bench_scripts = Path(__file__).parent
    described = folder / "panel.json"
    run([sys.executable, bench_scripts / "speed_panel.py", folder / "panel", "--reads", str(reads),
         "--seed", str(seed)], stdout=described)  # fmt: skip
    panel = json.loads(described.read_text())
    reads, targets = panel["reads"], panel["targets"]
    print(f"{reads:,} raw reads of {panel['molecules']:,} molecules, 2x150, duplex UMIs, seed {seed}")
    costs, bam = align(panel, folder)
    consensus = folder / "consensus.bam"
    job = [sys.executable, bench_scripts / "speed_parts.py", bam, consensus, "--targets", targets]
    run(job)  # compiles the kernels, if need be
    costs["consensus job with start-up"] = run(job)
    plain = costs["bwa mem, plain"].cpu
    show("Programs, one thread each", costs, reads, plain)
    clocked = folder / "parts.json"
    run([*job, "--clock"], stdout=clocked)
    parts = {name: Cost(*cost) for name, cost in json.loads(clocked.read_text()).items()}
    whole = Cost(sum(part.cpu for part in parts.values()), sum(part.wall for part in parts.values()))
    show("Parts of the consensus job", parts | {"whole job": whole}, reads, plain)
    held = parts["grouping"].cpu + parts["consensus"].cpu
    print(f"\nGoals: {GOAL}.")
    print(f"Here: {100 * held / plain:.1f} % of bwa mem, and {reads / whole.cpu:,.0f} reads/s.")
    files = {"fastqs": panel["fastqs"], "read_structures": panel["read_structures"]}
    way = measure(folder / "way", **files, seed=seed)
    show(
        "`alktrace run` of this sample, one thread a job, and what each step adds to a run", way, reads, plain
    )
    print(f"\nGoal: {WAY_GOAL}. Here: {100 * next(iter(way.values())).cpu / plain:.0f} %.")


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--reads", type=int, default=1_000_000, help="raw reads, both mates counted")
    parser.add_argument("--seed", type=int, default=1, help="of all random choices")
    parser.add_argument("--folder", type=Path, help="keep the files here; else they are removed")
    given = parser.parse_args()
    for program in ("bwa", "samtools", "fastp"):
        if not shutil.which(program):
            sys.exit(f"{program} is not on PATH: `make demo` sets it up")
    if given.folder:
        given.folder.mkdir(parents=True, exist_ok=True)
        bench(given.folder, reads=given.reads, seed=given.seed)
    else:
        with tempfile.TemporaryDirectory() as folder:
            bench(Path(folder), reads=given.reads, seed=given.seed)


if __name__ == "__main__":
    main()
