"""One alignment for all copies against an alignment of every read: cost and equality.

    PYTHONPATH=scripts:tests python tests/bench/once.py                  0.4 M raw reads, some minutes

The panel of `speed.py`, and three of hard fragments (`copied_reads`): duplex, without UMIs, single reads.
"""

import argparse
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from aligned_ways import (
    Sequenced,
    align,
    align_consensus,
    call_consensus,
    consensus_bases,
    counted,
    families,
    placed_apart,
)
from bench_figures import keep
from copied_reads import HardReads

DUPLEX = ("5M2S+T", "5M2S+T")


def compare(title: str, reads: Sequenced, folder: Path, *, duplex: bool) -> None:
    """Align some reads both ways and print what it costs and what differs."""
    subprocess.run(["bwa", "index", str(reads.fasta)], check=True, capture_output=True)
    bams = [folder / "alone.bam", folder / "once.bam"]
    seconds = [align(reads, bam, once=bam is bams[1]) for bam in bams]
    print(f"\n{title}\n  alignment: {seconds[0]:.1f} CPU s, of one of all copies {seconds[1]:.1f}")
    for name, counts in zip(("copies that took over", "other templates"), counted(*bams), strict=True):
        _show(name, counts)
    before, after = map(families, bams)
    same = sum(after.get(key) == names for key, names in before.items())
    _tell("families with the same reads", same, len(before), title)
    for bam in bams:
        call_consensus(bam, bam.with_suffix(".consensus.bam"), duplex=duplex, umis=bool(reads.structures))
    unaligned = [bam.with_suffix(".consensus.bam") for bam in bams]
    one, two = map(consensus_bases, unaligned)
    _tell("molecules with the same consensus", (one & two).total(), one.total(), title)
    outs = [folder / "placed0.bam", folder / "placed1.bam"]
    seconds = [
        align_consensus(unaligned[1], reads.fasta, out, places=places > 0) for places, out in enumerate(outs)
    ]
    print(f"  consensus: {seconds[0]:.1f} CPU s, with reads at their place {seconds[1]:.1f}")
    for name, counts in zip(("reads at their place", "other reads"), placed_apart(*outs), strict=True):
        _show(name, counts)


def _tell(name: str, same: int, of: int, title: str) -> None:
    print(f"  {name}: {same:,} of {of:,}")
    keep("One alignment for all copies against one for every read", f"{title}: {name}", f"{same:,} of {of:,}")


def _show(name: str, counts: Counter[str]) -> None:
    differ = ", ".join(f"{what} {count}" for what, count in counts.most_common(6) if what)
    print(f"  {name}: {counts['']:,} of {counts.total():,} the same" + (f"; {differ}" if differ else ""))


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--reads", type=int, default=400_000, help="raw reads of the panel, both mates counted"
    )
    parser.add_argument("--seed", type=int, default=1, help="of all random choices")
    given = parser.parse_args()
    with TemporaryDirectory() as name:
        folder = Path(name)
        script = Path(__file__).with_name("speed_panel.py")
        made = subprocess.run(
            [sys.executable, script, folder, "--reads", str(given.reads), "--seed", str(given.seed)],
            check=True,
            capture_output=True,
            text=True,
        )
        panel = json.loads(made.stdout)
        reads = Sequenced(Path(panel["fasta"]), list(map(Path, panel["fastqs"])), panel["read_structures"])
        compare(f"panel, {panel['reads']:,} raw reads", reads, folder, duplex=True)
        hard = {
            "hard fragments, duplex": HardReads(given.seed, chimeras=0.03),
            "hard fragments without UMI": HardReads(given.seed, umis=False),
            "hard fragments, single reads": HardReads(given.seed, paired=False),
        }
        for title, drawn in hard.items():
            fasta, fastqs = drawn.write(folder / str(drawn.umis + drawn.paired), given.reads // 10)
            structures = DUPLEX[: len(fastqs)] if drawn.umis else ()
            reads = Sequenced(fasta, fastqs, structures)
            compare(title, reads, folder, duplex=drawn.umis and drawn.paired)


if __name__ == "__main__":
    main()
