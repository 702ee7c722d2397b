"""Hand-computed consensus calls.

With a post-UMI rate of Q40 a base of Q30 is wrong with 1e-3 + 1e-4 - 4/3 * 1e-7 = 1.09987e-3, one of Q20 with
1.00987e-2. The weight of a base is ln((1 - p) / (p / 3)): 7.909 for Q30, 5.684 for Q20.
"""

import math

import numpy as np
import pytest

from alktrace.consensus import likelihood as consensus

MODEL = consensus.error_model(45, 40)
WIDTH = 8


def call(
    *reads: tuple[str, list[int]], model: consensus.ErrorModel = MODEL
) -> tuple[str, list[int], list[int], list[int]]:
    """Call reads given as (bases, quals); return bases, quals, depths and errors."""
    bases, quals = np.full((len(reads), WIDTH), 4, np.uint8), np.zeros((len(reads), WIDTH), np.uint8)
    for row, (text, values) in enumerate(reads):
        bases[row, : len(text)] = ["ACGTN".index(base) for base in text]
        quals[row, : len(text)] = values
    # Filled by the molecule before, as in the product.
    out = (
        np.full(WIDTH, 3, np.uint8),
        np.full(WIDTH, 77, np.uint8),
        np.full(WIDTH, 7, np.int16),
        np.full(WIDTH, 7, np.int16),
    )
    raw = np.zeros(16, np.int64)
    lengths, rows = np.array([len(text) for text, _ in reads]), np.arange(len(reads))
    length = consensus.strand_consensus(
        bases, quals, lengths, rows, len(reads), model, consensus.new_sums(WIDTH), *out, raw
    )
    codes, values, depths, errors = (part[:length].tolist() for part in out)
    return "".join("ACGTN"[code] for code in codes), values, depths, errors


@pytest.mark.parametrize(("quality", "weight"), [(30, 7.9101), (20, 5.6837)])
def test_weights(quality: int, weight: float) -> None:
    p = 10 ** (-quality / 10) + 1e-4 - 4 / 3 * 10 ** (-quality / 10) * 1e-4
    assert MODEL.weights[quality] / 2**32 == pytest.approx(math.log((1 - p) / (p / 3)), abs=1e-9)
    assert MODEL.weights[quality] / 2**32 == pytest.approx(weight, abs=1e-3)


@pytest.mark.parametrize(
    ("reads", "expected"),
    [
        # One read: 1.09987e-3 is Q29.58.
        ([("A", [30])], ("A", [29], [1], [0])),
        # One read of Q10: 0.1 exceeds 1e-4 by more than e^6, which is then neglected: Q10 stays Q10.
        ([("A", [10])], ("A", [10], [1], [0])),
        # Two agree: 3 exp(-15.820) = 4.04e-7, with 10^-4.5 before the UMI 3.2026e-5: Q44.94.
        ([("C", [30]), ("C", [30])], ("C", [44], [2], [0])),
        # Three agree: 3 exp(-23.7) = 1.5e-10 is below 10^-4.5 by more than e^6: Q45.
        ([("C", [30]), ("C", [30]), ("C", [30])], ("C", [45], [3], [0])),
        # Q30 against Q20: exp(5.684 - 7.910) = 0.1080, two others at exp(-7.91) = 3.67e-4 each; normalised
        # (0.1080 + 0.00073) / (1 + 0.1087) = 0.0981: Q10.08.
        ([("G", [30]), ("T", [20])], ("G", [10], [2], [1])),
        # Equal evidence for two bases.
        ([("G", [30]), ("T", [30])], ("N", [2], [2], [2])),
        # Two of Q30 against one: exp(-7.910) = 3.671e-4, with 10^-4.5 before the UMI 3.988e-4: Q33.99.
        ([("G", [30]), ("T", [30]), ("G", [30])], ("G", [33], [3], [1])),
        # Ns do not vote; a cycle without votes has quality 0, of a single read 2.
        ([("NA", [2, 30]), ("NA", [2, 30])], ("NA", [0, 44], [0, 2], [0, 0])),
        ([("NA", [2, 30])], ("NA", [2, 29], [0, 1], [0, 0])),
        ([("NA", [2, 30]), ("GA", [30, 30])], ("GA", [29, 44], [1, 2], [0, 0])),
        # The consensus is as long as the longest read.
        ([("AC", [30, 30]), ("ACG", [30, 30, 30])], ("ACG", [44, 44, 29], [2, 2, 1], [0, 0, 0])),
    ],
    ids=[
        "one read", "one poor read", "two agree", "three agree", "two disagree", "tie", "majority", "all N",
        "single N", "N beside a base", "lengths differ",
    ],
)  # fmt: skip
def test_strand_consensus(
    reads: list[tuple[str, list[int]]], expected: tuple[str, list[int], list[int], list[int]]
) -> None:
    assert call(*reads) == expected


def test_tie_does_not_depend_on_order() -> None:
    """2 x Q20 + Q30 on either side, in every order: exactly equal evidence."""
    reads = [("A", [20]), ("A", [20]), ("A", [30]), ("C", [30]), ("C", [20]), ("C", [20])]
    for shift in range(6):
        assert call(*reads[shift:], *reads[:shift]) == ("N", [2], [6], [6])


def test_depths_are_capped() -> None:
    reads = [("A", [30])] * 40_000
    assert call(*reads) == ("A", [45], [32767], [0])


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (("A", 30), ("A", 40), ("A", 70)),
        (("A", 60), ("A", 45), ("A", 93)),
        (("A", 30), ("C", 45), ("C", 15)),
        (("A", 45), ("C", 30), ("A", 15)),
        (("A", 40), ("C", 40), ("N", 2)),
        (("A", 40), ("C", 38), ("N", 2)),
        (("A", 40), ("N", 2), ("N", 2)),
        (("N", 2), ("A", 40), ("N", 2)),
    ],
    ids=["agree", "agree, capped", "b better", "a better", "equal", "difference of two", "b is N", "a is N"],
)
def test_strands_joined(a: tuple[str, int], b: tuple[str, int], expected: tuple[str, int]) -> None:
    """The rule is that of duplex bases and of overlapping mates alike."""
    codes = "ACGTN".index(a[0]), a[1], "ACGTN".index(b[0]), b[1]
    base, quality, _ = consensus.join_strands(*codes)
    assert ("ACGTN"[base], quality) == expected


def test_high_pre_umi_rate_never_exceeds_the_cap() -> None:
    model = consensus.error_model(93, 93)
    assert call(*[("A", [60])] * 5, model=model)[1] == [93]


@pytest.mark.parametrize(
    ("p", "quality"),
    [
        (1.0, 2),
        (0.7, 2),
        (0.5, 3),
        (0.1, 10),
        (0.0999, 10),
        (0.101, 9),
        (1e-9, 90),
        (10**-9.35, 93),
        (0.0, 93),
    ],
)
def test_quality_of_an_error_probability(p: float, quality: int) -> None:
    """-10 log10 p rounded down, from 2 to 93."""
    assert consensus.phred(math.log(p) if p else -math.inf) == quality


@pytest.mark.parametrize(
    ("one", "two", "both"),
    [
        (0.1, 0.1, 0.2 - 4 / 3 * 0.01),
        (0.02, 0.3, 0.32 - 4 / 3 * 0.006),
        (0.75, 0.6, 0.75),
        (0.4, 0.4 * math.exp(-6.01), 0.4),
        (0.4, 0.4 * math.exp(-5.99), 0.4 + 0.4 * math.exp(-5.99) * (1 - 4 / 3 * 0.4)),
    ],
)
def test_two_trials(one: float, two: float, both: float) -> None:
    """X + Y - 4/3 XY; of rates that differ by more than e^6 the larger. At 3/4 every base is as likely."""
    for x, y in ((one, two), (two, one)):
        assert math.exp(consensus.two_trials(math.log(x), math.log(y))) == pytest.approx(both, rel=1e-9)


@pytest.mark.parametrize("pre", [20, 45, 90])
def test_looked_up_qualities_are_those_computed(pre: int) -> None:
    """Summed weights from none to more than the table holds; three other bases at exp(-weight) each."""
    model = consensus.error_model(pre, 40)
    for weight in range(0, 45 * 2**32, 2**22 + 12_345):
        others = 3 * math.exp(-weight / 2**32)
        error = consensus.two_trials(-pre * math.log(10) / 10, math.log(others) - math.log1p(others))
        assert consensus.agreed_quality(weight, model) == consensus.phred(error)


def test_errors_are_counted_from_three_reads_on() -> None:
    """By consensus base and base read; the bases that agree are what errors are held against."""
    raw = np.zeros(16, np.int64)
    bases, quals = np.array([[0], [0], [1], [0]], np.uint8), np.full((4, 1), 30, np.uint8)
    out = (np.zeros(1, np.uint8), np.zeros(1, np.uint8), np.zeros(1, np.int16), np.zeros(1, np.int16))
    for n, rows in ((2, [0, 1]), (3, [0, 1, 2]), (3, [0, 1, 3])):
        consensus.strand_consensus(
            bases, quals, np.ones(4, np.int64), np.array(rows), n, MODEL, consensus.new_sums(1), *out, raw
        )
    assert raw.reshape(4, 4).tolist() == [[5, 1, 0, 0], [0] * 4, [0] * 4, [0] * 4]
