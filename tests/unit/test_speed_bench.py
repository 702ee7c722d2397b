"""The speed benchmark: what its generator promises, and that it runs to its end."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import dnaio
import pysam
import pytest

BENCH = Path(__file__).resolve().parents[1] / "bench"


def run(script: Any, *arguments: Any) -> Any:
    command = [sys.executable, str(BENCH / script), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_panel_has_families_of_three_to_six_pairs(tmp_path: Path) -> None:
    panel = json.loads(run("speed_panel.py", tmp_path, "--reads", 6000, "--seed", 3))
    with dnaio.open(*panel["fastqs"]) as reader:
        pairs = [(one.id, len(one), len(two)) for one, two in reader]
    molecules = Counter(name.split(":")[5] for name, _, _ in pairs)
    assert 2 * len(pairs) == panel["reads"] >= 6000
    assert {(one, two) for _, one, two in pairs} == {(150, 150)}
    assert set(molecules.values()) == {3, 4, 5, 6}
    assert len(molecules) == panel["molecules"]
    assert {name.split(":")[4] for name, _, _ in pairs} == {"1", "2"}, "both strands"


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_benchmark_runs_to_its_end() -> None:
    printed = run("speed.py", "--reads", 20_000)
    for part in ("extraction", "bwa mem, plain", "decode", "grouping", "consensus", "encode", "compression"):
        assert part in printed


@pytest.mark.long
def test_memory_is_measured_on_a_deep_position(tmp_path: Path) -> None:
    printed = run("memory.py", "--reads", 40_000, "--deep", 8_000, "--folder", tmp_path)
    assert "8,000 of them on one position: peak" in printed
    with pysam.AlignmentFile(str(tmp_path / "deep.bam")) as bam:
        records = [(r.reference_start, r.next_reference_start, r.query_name) for r in bam]
    places = Counter(tuple(sorted(place[:2])) for place in records)
    assert records == sorted(records, key=lambda record: record[0])
    assert max(places.values()) == 8_000
    assert set(Counter(name for _, _, name in records).values()) == {2}, "both mates of every pair"
