"""The consensus job on one BAM, as it is or with a clock round its parts; a program for `speed.py`."""

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import yaml
from consensus_only import consensus_only

from alktrace.consensus import molecules as job
from alktrace.consensus.metrics import new_counts
from alktrace.inputs.settings.molecule_settings import MoleculeSettings
from alktrace.inputs.settings.umi_settings import UmiSettings
from alktrace.vocabulary.samples import RandomEnd, UmiSource

ROOT = Path(__file__).resolve().parents[2]
PARTS = (
    "decode (inflate, find records)",
    "mates and keys",
    "window",
    "grouping",
    "metrics",
    "consensus",
    "encode",
    "compression",
    "the rest",
)
molecules: Any = job
"""Parts of the module are replaced by the same with a clock."""
DEFAULTS = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())


def call(bam: Path, targets: Path | None, out: Path, *, duplex: bool = True, threads: int = 1) -> None:
    """Run the consensus job on reads with UMIs in RX."""
    umi = UmiSettings(
        source=UmiSource.TAG, read_structures=(), tag="RX", duplex=duplex, random_end=RandomEnd.BOTH,
        edits=1, fixed_umis=None, max_mismatches=1, min_distance=2,
    )  # fmt: skip
    molecules.call_molecules(
        bams=[bam], out=out, metrics=out.with_suffix(".tsv"), umi=umi,
        settings=MoleculeSettings.model_validate(DEFAULTS["molecules"]), targets=targets,
        sample="bench", threads=threads,
    )  # fmt: skip


@dataclass
class Clock:
    """CPU and wall seconds by part."""

    cpu: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    wall: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    def add(self, part: str, cpu: float, wall: float) -> None:
        """Add to a part."""
        self.cpu[part] += cpu
        self.wall[part] += wall

    def timed(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function with the clock round it."""

        def timed(*arguments: Any, **named: Any) -> Any:
            cpu, wall = time.process_time(), time.perf_counter()
            answer = function(*arguments, **named)
            self.add(part, time.process_time() - cpu, time.perf_counter() - wall)
            return answer

        return timed

    def stream(self, part: str, function: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
        """Return a generator function with the clock round each step."""

        def timed(*arguments: Any, **named: Any) -> Iterator[Any]:
            steps = self.timed(part, lambda source: next(source, None))
            source = function(*arguments, **named)
            while (item := steps(source)) is not None:
                yield item

        return timed


def parts_of_the_job(bam: Path, targets: Path | None, out: Path) -> dict[str, tuple[float, float]]:
    """Run the job with the clock round its parts."""
    clock = Clock()
    calls, alone_kernel = molecules.call_families, cast(Callable[..., Any], consensus_only)

    def call_families(*arguments: Any) -> Any:
        cpu, wall = time.process_time(), time.perf_counter()
        records = calls(*arguments)
        both = time.process_time() - cpu, time.perf_counter() - wall
        cpu, wall = time.process_time(), time.perf_counter()
        alone_kernel(*arguments[:-1], new_counts())
        alone = time.process_time() - cpu, time.perf_counter() - wall
        clock.add("consensus", *alone)
        clock.add("encode", both[0] - alone[0], both[1] - alone[1])
        return records

    replaced: dict[str, Any] = {
        "iterate_batches": clock.stream(PARTS[0], molecules.iterate_batches),
        "call_families": call_families,
    }
    for part, name in (
        ("mates and keys", "scan_reads"),
        ("mates and keys", "join_mates"),
        ("window", "keep_bytes"),
        ("grouping", "sort_templates"),
        ("grouping", "group_templates"),
    ):
        replaced[name] = clock.timed(part, getattr(molecules, name))
    originals = {name: getattr(molecules, name) for name in replaced}
    write, add = molecules.BamWriter.write, molecules.Tally.add
    try:
        for name, function in replaced.items():
            setattr(molecules, name, function)
        molecules.BamWriter.write = clock.timed("compression", write)
        molecules.Tally.add = clock.timed("metrics", add)
        start = time.process_time()
        call(bam, targets, out)
        total = time.process_time() - start - clock.cpu["consensus"]
    finally:
        for name, function in originals.items():
            setattr(molecules, name, function)
        molecules.BamWriter.write, molecules.Tally.add = write, add
    clock.add("the rest", total - sum(clock.cpu.values()), 0.0)
    return {part: (clock.cpu[part], clock.wall[part]) for part in PARTS}


def main() -> None:
    """Run the job; with --clock print a JSON object: part to CPU and wall seconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bam", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--targets", type=Path, help="reads on them alone")
    parser.add_argument("--clock", action="store_true", help="time the parts, in a second run")
    given = parser.parse_args()
    if not given.clock:
        call(given.bam, given.targets, given.out)
        return
    parts_of_the_job(given.bam, given.targets, given.out)  # so that no kernel is loaded in the clock
    print(json.dumps(parts_of_the_job(given.bam, given.targets, given.out)))


if __name__ == "__main__":
    main()
