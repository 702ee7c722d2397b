"""The caller beside bcftools mpileup, where the user has it, on one consensus BAM with known truth.

    python tests/bench/accuracy_bcftools.py

A peer's own filters are for reads, not for molecules at 0.1 %: what it counts is taken, and called is what
enough reads and a large enough share of them show, as of the plain read callers of `accuracy_counts`.
"""

import argparse
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from accuracy import Key, Sample, score
from accuracy_counts import PLAIN, SAMPLES
from accuracy_molecules import write_molecules
from accuracy_panel import LEVELS, Panel, PanelFiles, make_panel, write_panel

Seen = dict[Key, tuple[int, int]]
"""Reads with each alternative, and all reads there."""


def by_bcftools(bam: Path, files: PanelFiles) -> Seen:
    """Count reads by `bcftools mpileup`; overlapping mates count once, as by default."""
    piled = _run(
        "bcftools",
        "mpileup",
        "--no-BAQ",
        "--max-depth",
        "1000000",
        "--min-MQ",
        "20",
        "--min-BQ",
        "20",
        "--annotate",
        "FORMAT/AD",
        "--targets-file",
        str(files.targets),
        "--fasta-ref",
        str(files.fasta),
        str(bam),
    )
    normal = _run(
        "bcftools", "norm", "--multiallelics", "-any", "--fasta-ref", str(files.fasta), "-", given=piled
    )
    seen: Seen = {}
    for line in normal.splitlines():
        if line.startswith("#"):
            continue
        chrom, pos, _, ref, alt, *_, keys, values = line.split("\t")
        if alt.startswith("<"):
            continue
        depths = [int(depth) for depth in values.split(":")[keys.split(":").index("AD")].split(",")]
        total = int(line.split("DP=")[1].split(";")[0])
        seen[chrom, int(pos), ref, alt] = depths[1], max(total, 1)
    return seen


def _run(*command: str, given: str | None = None) -> str:
    """Run a program and return what it prints.

    Raises:
        RuntimeError: it failed.
    """
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{done.stderr[-2000:]}")
    return done.stdout


def lines(panel: Panel, ours: Sample, seen: Seen) -> Iterator[str]:
    """Yield a line per caller and threshold: recall of substitutions by fraction, and false substitutions."""
    planted = {
        (panel.name(v.contig), v.pos + 1, v.ref, v.alt): LEVELS[v.level]
        for v in panel.planted
        if v.kind == "snv"
    }
    inherited = {(panel.name(c), pos + 1) for c, pos, *_ in panel.germline}
    called = {
        (panel.name(o.planted.contig), o.planted.pos + 1, o.planted.ref, o.planted.alt)
        for o in ours.outcomes
        if o.called
    }
    yield "caller      least   share  false " + "".join(f"{vaf:9.2%}" for vaf in LEVELS)
    false = sum(len(call.split()[1]) == len("A>C") for call in ours.false)
    yield _line("alktrace", "", "", false, planted, called)
    singles = {key: counts for key, counts in seen.items() if len(key[2]) == len(key[3]) == 1}
    for least, share in PLAIN:
        found = {key for key, (alt, total) in singles.items() if alt >= least and alt >= share * total}
        wrong = [key for key in found if key not in planted and key[:2] not in inherited]
        yield _line("bcftools", str(least), f"{share:.1%}", len(wrong), planted, found)


def _line(name: str, least: str, share: str, false: int, planted: dict[Key, float], found: set[Key]) -> str:
    recalls = [
        float(np.mean([key in found for key, vaf in planted.items() if vaf == level])) for level in LEVELS
    ]
    return f"{name:10} {least:>6} {share:>7} {false:6} " + "".join(f"{recall:9.3f}" for recall in recalls)


def main(arguments: Sequence[str] | None = None) -> None:
    """Simulate one panel with variants, call it with everything, and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sample", choices=SAMPLES, default="plasma")
    parser.add_argument("--genomes", type=int, help="haploid genome equivalents, if not those of the sample")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    library = SAMPLES[given.sample]
    library = replace(library, genomes=given.genomes or library.genomes)
    panel = make_panel(given.seed, planted=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bam, files = folder / "consensus.bam", write_panel(panel, folder)
        truth = write_molecules(panel, library, bam, seed=given.seed)
        ours = score(panel, bam, truth, folder)
        print("\n".join(lines(panel, ours, by_bcftools(bam, files))))


if __name__ == "__main__":
    main()
