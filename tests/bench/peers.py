"""Families and consensus beside fgumi and fgbio on the same aligned reads, for users who have them.

    python tests/bench/peers.py                      1 M raw reads, some minutes; `fgumi` or `fgbio` on PATH

Both are given the shipped settings and the same reads, one thread each, and are no part of set-up. Molecules
are compared by their UMI and the bases and qualities of both reads. `alktrace` sorts and groups in one step.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pysam
from speed import DEFAULTS, align, run, show
from speed_whole import Cost

COMMANDS = {
    "fgumi": ("sort --order template-coordinate", "group", "duplex --min-reads 1,1,0"),
    "fgbio": (
        "SortBam --sort-order TemplateCoordinate",
        "GroupReadsByUmi",
        "CallDuplexConsensusReads --min-reads 1 1 0",
    ),
}
MOLECULES = DEFAULTS["molecules"]
EDITS = 1


class Consensus(NamedTuple):
    """Bases and qualities of both reads of a molecule, in the order of their bases."""

    reads: tuple[tuple[str, bytes], ...]

    @property
    def lengths(self) -> tuple[int, ...]:
        return tuple(len(bases) for bases, _ in self.reads)

    def bases(self) -> Iterator[str]:
        """Yield every base that is called."""
        for bases, _ in self.reads:
            yield from bases


def molecules(bam: Path) -> dict[str, list[Consensus]]:
    """Return the molecules of each UMI, whichever of its halves stands first."""
    reads: dict[str, list[tuple[str, bytes]]] = defaultdict(list)
    umis = {}
    with pysam.AlignmentFile(str(bam), check_sq=False) as records:
        for record in records:
            name = str(record.query_name)
            reads[name].append((record.query_sequence or "", bytes(record.query_qualities or ())))
            umis[name] = "-".join(sorted(str(record.get_tag("RX")).split("-")))
    found: dict[str, list[Consensus]] = defaultdict(list)
    for name, pair in reads.items():
        found[umis[name]].append(Consensus(tuple(sorted(pair))))
    return found


def differences(ours: Path, theirs: Path) -> Counter[str]:
    """Count molecules and bases that are the same, and those that are not."""
    one, two = molecules(ours), molecules(theirs)
    counts = Counter[str]()
    for umi in one.keys() | two.keys():
        here, there = Counter(one.get(umi, ())), Counter(two.get(umi, ()))
        same = here & there
        counts["molecules"] += here.total()
        counts["same"] += same.total()
        counts["bases"] += sum(sum(molecule.lengths) * number for molecule, number in same.items())
        others = list((there - here).elements())
        for molecule in (here - there).elements():
            alike = [other for other in others if other.lengths == molecule.lengths]
            if not alike:
                counts["ours alone"] += 1
                continue
            nearest = min(alike, key=lambda other: _apart(molecule, other))
            others.remove(nearest)
            counts["bases"] += sum(molecule.lengths)
            counts["bases that differ"] += _apart(molecule, nearest)
        counts["theirs alone"] += len(others)
    return counts


def _apart(one: Consensus, two: Consensus) -> int:
    return sum(a != b for a, b in zip(one.bases(), two.bases(), strict=True))


def with_mates(bam: Path, out: Path) -> None:
    """Write the reads by name with the quality and CIGAR of their mates, which both peers ask for."""
    script = f"samtools sort -n -u {bam} | samtools fixmate -u -m - {out}"
    subprocess.run(["bash", "-euo", "pipefail", "-c", script], check=True, capture_output=True)


def run_peer(peer: str, bam: Path, folder: Path) -> tuple[dict[str, Cost], Path]:
    """Sort, group and call the molecules; return the costs and the consensus."""
    ordered, grouped, called = (folder / f"{peer}_{step}.bam" for step in ("sorted", "grouped", "consensus"))
    sort, group, duplex = COMMANDS[peer]
    groups = f"--strategy paired --edits {EDITS} --min-map-q {MOLECULES['min_mapq']}"
    rates = " ".join(
        f"--error-rate-{when}-umi {MOLECULES[f'error_rate_{when}_umi']}" for when in ("pre", "post")
    )
    steps = {
        "sort": f"{sort} --input {bam} --output {ordered}",
        "group": f"{group} --input {ordered} --output {grouped} {groups}",
        "duplex": f"{duplex} --input {grouped} --output {called} {rates} "
        f"--min-input-base-quality {MOLECULES['min_input_base_quality']}",
    }
    return {f"{peer} {step}": run([peer, *words.split()]) for step, words in steps.items()}, called


def bench(folder: Path, peers: list[str], *, reads: int, seed: int) -> None:
    """Make the panel, run all and print what they cost and where they differ."""
    scripts, described = Path(__file__).parent, folder / "panel.json"
    make = [sys.executable, str(scripts / "speed_panel.py"), str(folder / "panel")]
    run([*make, "--reads", str(reads), "--seed", str(seed)], stdout=described)
    panel = json.loads(described.read_text())
    print(
        f"{panel['reads']:,} raw reads of {panel['molecules']:,} molecules, 2x150, duplex UMIs, seed {seed}"
    )
    costs, bam = align(panel, folder)
    plain = costs["bwa mem, plain"].cpu
    ours = folder / "consensus.bam"
    job: list[str | Path] = [sys.executable, scripts / "speed_parts.py", bam, ours]
    run(job)  # compiles the kernels, if need be
    costs = {"alktrace, all of it": run(job)}
    by_name = folder / "by_name.bam"
    with_mates(bam, by_name)
    called = {}
    for peer in peers:
        steps, called[peer] = run_peer(peer, by_name, folder)
        costs |= steps
    show("One thread each", costs, panel["reads"], plain)
    for peer, theirs in called.items():
        print(
            f"\nConsensus of {peer}: "
            + ", ".join(f"{what} {n:,}" for what, n in differences(ours, theirs).items())
        )


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--reads", type=int, default=1_000_000, help="raw reads, both mates counted")
    parser.add_argument("--seed", type=int, default=1, help="of all random choices")
    given = parser.parse_args()
    peers = [peer for peer in COMMANDS if shutil.which(peer)]
    if not peers:
        sys.exit("neither fgumi nor fgbio is on PATH: install one of them to run this")
    with tempfile.TemporaryDirectory() as folder:
        bench(Path(folder), peers, reads=given.reads, seed=given.seed)


if __name__ == "__main__":
    main()
