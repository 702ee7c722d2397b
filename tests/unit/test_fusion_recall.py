"""Recall of fusions and silence of blanks on molecules aligned by bwa mem to a genome with repeats."""

import random
from typing import Any

import pytest
from fusion_molecules import (
    INTRON,
    MOLECULES,
    PER_BAM,
    draw_donor,
    fusion_caller,
    fusion_fragments,
    intact_fragments,
    joined,
    poisson,
    same,
)

from alktrace.structural.fusions.partners import FusionRole

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return fusion_caller(tmp_path_factory.mktemp("recall"))


@pytest.mark.parametrize(("vaf", "recall"), [(0.005, 0.95), (0.002, 0.8)])
def test_recall(bench: Any, vaf: float, recall: float) -> None:
    genome, call = bench
    choose = random.Random(int(vaf * 1e6))
    found = total = extra = 0
    for batch in range(10):
        fragments = intact_fragments(genome, 2000, choose)
        truth = []
        for _ in range(PER_BAM):
            driver, donor = choose.randrange(*INTRON), draw_donor(choose)
            text, middle = joined(genome, driver, donor)
            fragments += fusion_fragments(text, middle, poisson(MOLECULES * vaf, choose), choose)
            truth.append((driver + 1, donor[0], donor[1] + 1))
        calls = [c for c in call(f"v{vaf}_{batch}", fragments) if not c.filters]
        hits = [t for t in truth if any(same(t, c) for c in calls)]
        found, total = found + len(hits), total + len(truth)
        extra += sum(not any(same(t, c) for t in truth) for c in calls)
        assert all(c.role is FusionRole.DRIVER for c in calls if any(same(t, c) for t in truth))
    print(f"VAF {vaf}: recall {found}/{total}, calls without truth {extra}")
    assert found / total >= recall
    assert extra == 0


def test_blanks(bench: Any) -> None:
    """Ordinary molecules and 2 % random ligation chimeras of the driver with anything: nothing passes."""
    genome, call = bench
    for batch in range(3):
        choose = random.Random(100 + batch)
        fragments = intact_fragments(genome, 10_000, choose)
        for _ in range(200):
            chrom = choose.choice(list(genome))
            donor = (chrom, choose.randrange(1000, len(genome[chrom]) - 1000), choose.choice("LR"))
            text, middle = joined(genome, choose.randrange(98_500, 102_300), donor)
            fragments += fusion_fragments(text, middle, 1, choose)
        assert [c.name for c in call(f"blank{batch}", fragments) if not c.filters] == []
