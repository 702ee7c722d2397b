"""Figures of `molecules.tsv`, computed by hand."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from alktrace.consensus.metrics import MAX_SHARE, UMI_BINS, Tally, Targets, _match_probability
from alktrace.consensus.templates import TEMPLATE, end_key


@pytest.mark.parametrize(
    ("ref", "start", "stop", "touches"),
    [
        (0, 140, 150, False),
        (0, 140, 151, True),
        (0, 219, 220, True),
        (0, 220, 230, False),
        (0, 225, 300, False),
        (0, 225, 301, True),
        (0, 310, 400, False),
        (0, 100, 400, True),
        (1, 0, 1, True),
        (1, 4, 9, True),
        (1, 5, 9, False),
        (2, 0, 900, False),
    ],
)
def test_targets(tmp_path: Path, ref: int, start: int, stop: int, touches: bool) -> None:
    """0-based half-open on both sides; two targets touch the fragment that begins in neither."""
    bed = tmp_path / "panel.bed"
    bed.write_text("chr1\t150\t220\nchr1\t300\t310\nchr2\t0\t5\nchrX\t1\t2\nchrX\t5\t6\n")
    targets = Targets(bed, ("chr1", "chr2", "chr3"))
    asked = [np.array([value]) for value in (ref, start, stop)]
    assert targets.touched(*asked).tolist() == [touches]
    assert targets.unmatched == 1, "sequence names, not targets"


@pytest.mark.parametrize(
    ("counts", "probability"),
    [([2, 2], 1 / 3), ([1, 1], 0.0), ([5], 1.0), ([1], 0.0), ([], 0.0), ([3, 1], 0.5)],
)
def test_probability_that_two_draws_are_equal(counts: list[int], probability: float) -> None:
    """Of the pairs: 2 of 6, none of 1, all of 10, none, none, 3 of 6."""
    assert _match_probability(np.array(counts, np.int64)) == pytest.approx(probability)


def test_chance_matches_of_hashed_umis_are_taken_off() -> None:
    bins = np.zeros(UMI_BINS, np.int64)
    bins[:2] = 2
    assert _match_probability(bins) == pytest.approx((1 / 3 - 1 / UMI_BINS) / (1 - 1 / UMI_BINS), rel=1e-12)


def families(spans: list[tuple[int, int, int]]) -> tuple[Any, ...]:
    """Rows, order and bounds of families given as (first base, last base, templates), all facing pairs."""
    sizes = [size for _, _, size in spans]
    rows = np.zeros(sum(sizes), TEMPLATE)
    rows["low"] = np.repeat([end_key(0, low, 0) for low, _, _ in spans], sizes)
    rows["high"] = np.repeat([end_key(0, high, 1) for _, high, _ in spans], sizes)
    return rows, np.arange(len(rows)), np.cumsum([0, *sizes]), np.ones(len(spans), np.int64)


def figures(tally: Tally) -> dict[tuple[str, str], float]:
    return {(row.metric, row.stratum): row.value for row in tally.rows(0.2)}


@pytest.mark.parametrize(
    ("spans", "share", "positions"),
    [
        # Eight starts of one window of 32 and one length.
        ([(at, at + 59, 1) for at in range(96, 104)], 8 / 32, 32),
        # Twenty templates, eleven of them at one position: an amplicon, whose positions are those taken.
        ([(96, 155, 11), (97, 156, 9)], MAX_SHARE, 2),
        # Ten of twenty, or nineteen: none.
        ([(96, 155, 10), (97, 156, 10)], 2 / 32, 32),
        ([(96, 155, 19)], 1 / 32, 32),
    ],
    ids=["some-starts", "amplicon", "half-at-one-position", "too-few-templates"],
)
def test_fragment_saturation(spans: list[tuple[int, int, int]], share: float, positions: int) -> None:
    """With a share s of positions taken, -ln(1 - s) molecules lie at each."""
    tally = Tally(duplex=False, umis=False, targets=None)
    tally.add(*families(spans))
    found = figures(tally)
    assert found["fragment_saturation", "all"] == pytest.approx(share)
    assert found["collision_rate", "all"] == pytest.approx(
        1 - len(spans) / (-math.log(1 - share) * positions)
    )
    assert found["fragment_saturated", "all"] == (share > 0.2)


# --- UMIs that are none -----------------------------------------------------------------------

SETS = {"32": 32, "96": 96, "384": 384, "random 5+5": 4**10}


def drawn(draw: np.random.Generator, molecules: int, width: int) -> tuple[Any, Any]:
    """Starts and lengths of plasma fragments over a target, evenly or in steps of nucleosomes."""
    starts = draw.integers(0, width + 166, molecules)
    if draw.random() < 0.5:
        starts = starts // 166 * 166 + draw.normal(0, 20, molecules).astype(int) + 100
    return starts + 1000, np.clip(draw.normal(167, 20, molecules), 60, 400).astype(int)


def grouped_by(starts: Any, lengths: Any, umis: Any) -> dict[tuple[str, str], float]:
    """Figures of the families of molecules: those of one place and UMI are one."""
    seen = np.unique(np.stack([starts, lengths, umis], 1), axis=0)
    _, per_position = np.unique(seen[:, :2], axis=0, return_counts=True)
    rows = np.zeros(len(seen), TEMPLATE)
    rows["low"] = end_key(0, 0, 0) + (seen[:, 0] << 1)
    rows["high"] = end_key(0, 0, 1) + (seen[:, 0] + seen[:, 1] - 1 << 1)
    rows["umi_a"], rows["second"] = seen[:, 2], 1
    tally = Tally(duplex=False, umis=True, targets=None)
    tally.add(rows, np.arange(len(seen)), np.arange(len(seen) + 1), per_position)
    return figures(tally)


@pytest.mark.parametrize("size", SETS.values(), ids=SETS)
def test_true_umis_give_no_alarm_and_state_what_they_hide(size: int) -> None:
    """From thirty molecules to thousands of a target, of sets whose UMIs are not equally frequent."""
    draw = np.random.default_rng(size)
    for molecules in np.geomspace(30, 5000, 60).astype(int):
        starts, lengths = drawn(draw, molecules, 300)
        shares = draw.dirichlet(np.full(size, 3.0)) if size < 1000 else None
        found = grouped_by(starts, lengths, draw.choice(size, molecules, p=shares))
        assert found["umi_uninformative", "all"] == 0
        hidden = 1 - found["families", "all"] / molecules
        assert ("fragment_saturation", "all") not in found
        if hidden * molecules > 50:
            assert found["collision_rate", "all"] == pytest.approx(hidden, rel=0.35)


@pytest.mark.parametrize("kind", ["constant", "bases of the template", "one of a hundred misread"])
def test_umis_that_follow_from_the_position_are_found(kind: str) -> None:
    """Where thirty pairs of molecules share their ends by chance; the rate is then that of positions."""
    draw = np.random.default_rng(3)
    for molecules in (2000, 4000, 8000):
        starts, lengths = drawn(draw, molecules, 300)
        umis = np.zeros(molecules, int) if kind == "constant" else (starts * 7919 + lengths) % 1024
        if kind == "one of a hundred misread":
            umis = np.where(draw.random(molecules) < 0.01, draw.integers(0, 1024, molecules), umis)
        found = grouped_by(starts, lengths, umis)
        assert found["umi_uninformative", "all"] == 1
        assert found["fragment_saturation", "all"] > 0
        assert found["collision_rate", "all"] > 0.4 * (1 - found["families", "all"] / molecules) > 0


def test_few_molecules_say_nothing_of_their_umis() -> None:
    """No alarm, and no rate of zero either: that of positions, for bases of the template would look alike."""
    starts, lengths = drawn(np.random.default_rng(5), 60, 300)
    found = grouped_by(starts, lengths, starts)
    assert found["umi_uninformative", "all"] == 0
    assert 0.001 < found["collision_rate", "all"] < 0.1


def test_few_equal_pairs_bound_the_probability() -> None:
    """Twenty families at ten positions with UMIs of their own: three of 190 pairs may be equal, not none."""
    found = grouped_by(np.repeat(np.arange(10), 2), np.full(20, 100), np.arange(20))
    assert found["umi_collision_probability", "all"] == 0
    assert found["umi_collisions", "all"] == pytest.approx(10 * 3 / 190, rel=0.05)


def test_windows_far_behind_are_counted_once() -> None:
    """In one go or piece by piece, with windows that close in between."""
    spans = [(at, at + 59, 1) for at in (0, 1, 31, 32, 5_000, 50_000, 50_001)]
    once, apart = (Tally(duplex=False, umis=False, targets=None) for _ in range(2))
    once.add(*families(spans))
    for i in range(0, 7, 2):
        apart.add(*families(spans[i : i + 2]))
    assert figures(once) == figures(apart)
    expected = (3 * 3 + 1 + 1 + 2 * 2) / 32 / 7
    assert figures(once)["fragment_saturation", "all"] == pytest.approx(expected)


def test_sizes_inserts_and_yield() -> None:
    """One family has strand A in the first tenth of the reads and B in the fourth, one A in the last."""
    rows, grouped, bounds, _ = families([(100, 159, 2), (200, 268, 1)])
    rows["strand"] = [0, 1, 0]
    rows["hash"] = (np.array([0.0, 0.35, 0.999]) * 2**64).astype(np.uint64).view(np.int64)
    tally = Tally(duplex=True, umis=True, targets=None)
    tally.add(rows, grouped, bounds, np.array([2]))
    found = figures(tally)
    assert [found["families_at", str(p)] for p in range(10, 101, 10)] == [1] * 9 + [2]
    assert [found["duplex_yield", str(p)] for p in range(10, 101, 10)] == [0] * 3 + [1] * 6 + [0.5]
    assert found["duplex_families", "all"] == 1
    assert (found["family_size", "1"], found["family_size", "2"]) == (1, 1)
    assert (found["mean_family_size", "all"], found["families", "all"]) == (1.5, 2)
    assert (found["insert_size_median", "all"], found["positions", "all"]) == (60, 1)
    assert {key[1]: n for key, n in found.items() if key[0] == "insert_size"} == {"60": 2}


@pytest.mark.parametrize(
    ("low", "high", "counted"),
    [
        (end_key(0, 100, 0), end_key(0, 100, 1), {"0": 1}),
        (end_key(0, 100, 0), end_key(0, 2099, 1), {"2000": 1}),
        (end_key(0, 100, 0), end_key(0, 2100, 1), {}),
        (end_key(0, 100, 0), end_key(0, 300, 0), {}),
        (end_key(0, 100, 1), end_key(0, 300, 1), {}),
        (end_key(0, 100, 0), end_key(1, 300, 1), {}),
    ],
)
def test_inserts_of_facing_pairs_of_one_sequence(low: int, high: int, counted: dict[str, int]) -> None:
    """Both ends included: of 100 and 100 one base, of 100 and 2099 two thousand, the longest counted."""
    rows, grouped, bounds, positions = families([(100, 200, 1)])
    rows["low"], rows["high"] = low, high
    tally = Tally(duplex=False, umis=True, targets=None)
    tally.add(rows, grouped, bounds, positions)
    assert {key[1]: n for key, n in figures(tally).items() if key[0] == "insert_size"} == counted
