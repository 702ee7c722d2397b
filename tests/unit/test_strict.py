"""FilterConsensusReads' rules, by hand and against a plain reading of its source."""

import array
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pysam
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from present_values import present
from pydantic import ValidationError

from alktrace.calling.molecules import reads
from alktrace.consensus import strict
from alktrace.errors import DataError
from alktrace.inputs.settings.calling_settings import StrictSettings
from alktrace.io import bam_io

HEADER = pysam.AlignmentHeader.from_dict(
    {"HD": {"VN": "1.6", "SO": "coordinate"}, "SQ": [{"SN": "chr1", "LN": 1000}]}
)


def limits(**changes: Any) -> StrictSettings:
    values: dict[str, Any] = {
        "min_reads": (3, 2, 1), "max_read_error_rate": 0.1, "max_base_error_rate": 0.25,
        "min_base_quality": 30, "max_no_calls": 0.5, "strand_agreement": True,
    }  # fmt: skip
    return StrictSettings(**(values | changes))


def tag(read: pysam.AlignedSegment, name: str) -> Any:
    return read.get_tag(name)


def shorts(values: list[int]) -> "array.array[int]":
    return array.array("h", values)


def simplex(
    depths: list[int],
    errors: list[int],
    bases: str = "ACGT",
    quals: Sequence[int] = (40, 40, 40, 40),
    name: str = "m",
    flag: int = 0,
    per_base: bool = True,
) -> pysam.AlignedSegment:
    segment = pysam.AlignedSegment(HEADER)
    segment.query_name, segment.flag, segment.reference_id, segment.reference_start = name, flag, 0, 100
    segment.query_sequence, segment.query_qualities = bases, array.array("B", quals)
    segment.cigartuples, segment.mapping_quality = [(0, len(bases))], 60
    segment.set_tags([("NM", 0, "i"), ("MD", str(len(bases)), "Z"), ("cD", max(depths), "i")])
    segment.set_tag("cE", sum(errors) / sum(depths), "f")
    if per_base:
        segment.set_tag("cd", shorts(depths))
        segment.set_tag("ce", shorts(errors))
    return segment


def duplex(
    strands: list[tuple[str, list[int], list[int]]],
    bases: str = "ACGT",
    quals: Sequence[int] = (80, 80, 80, 80),
    name: str = "m",
    flag: int = 0,
) -> pysam.AlignedSegment:
    """`strands`: (bases, depths, errors) of A and, where both were seen, of B."""
    totals = [sum(column) for column in zip(*(strand[1] for strand in strands), strict=True)]
    wrong = [sum(column) for column in zip(*(strand[2] for strand in strands), strict=True)]
    segment = simplex(totals, wrong, bases, quals, name, flag, per_base=False)
    for letter, strand in zip("ab", [*strands, None][:2], strict=True):
        text, depths, errors = strand or ("", [0], [0])
        segment.set_tag(letter + "D", max(depths), "i")
        segment.set_tag(letter + "E", sum(errors) / max(1, sum(depths)), "f")
        if strand:
            segment.set_tag(letter + "d", shorts(depths))
            segment.set_tag(letter + "e", shorts(errors))
            segment.set_tag(letter + "c", text)
    return segment


def judge(tmp_path: Path, segment: pysam.AlignedSegment, setting: StrictSettings) -> tuple[int, list[int]]:
    """Return the verdict and the mask of one record."""
    path = tmp_path / "one.bam"
    with pysam.AlignmentFile(str(path), "wb", header=HEADER) as bam:
        bam.write(segment)
    (batch,) = bam_io.iterate_batches(path)
    mask = np.zeros(len(present(segment.query_sequence)), np.uint8)
    verdict = strict.judge(batch.data, batch.starts[0], batch.ends[0], strict.strict_limits(setting), mask)
    return verdict, mask.tolist()


def judged_by_the_caller(tmp_path: Path, setting: StrictSettings) -> tuple[bool, list[bool]]:
    """Return what the variant caller says of the record that `judge` wrote: read, and base by base."""
    (batch,) = bam_io.iterate_batches(tmp_path / "one.bam")
    filters = reads.Filters(20, 0, 0, 0, 1.0, strict.strict_limits(setting))
    info = np.zeros(reads.INFO_SIZE, np.int64)
    reads.describe(batch.data, batch.starts[0], batch.ends[0], filters, info)
    length = info[reads.LENGTH]
    bases = [reads.strict_at(batch.data, info, i, filters) for i in range(length)]
    return info[reads.STRICT] == 1, bases


FOUR = [4, 4, 4, 4]
NONE = [0, 0, 0, 0]


def with_depths(depths: list[int]) -> pysam.AlignedSegment:
    """A read whose depths per base are another number than its bases: nothing can be said of them."""
    segment = simplex(FOUR, NONE)
    segment.set_tag("cd", shorts(depths))
    return segment


def widened(segment: pysam.AlignedSegment) -> pysam.AlignedSegment:
    """The same read with arrays of 32 bits."""
    for name, value in segment.get_tags():
        if isinstance(value, array.array):
            segment.set_tag(name, array.array("i", value))
    return segment


@pytest.mark.parametrize(
    ("segment", "changes", "verdict", "mask"),
    [
        (simplex(FOUR, NONE), {}, strict.KEEP, NONE),
        (simplex([2, 2, 2, 2], NONE), {}, strict.FAIL, None),
        (simplex([3, 2, 3, 3], NONE), {}, strict.KEEP, [0, 1, 0, 0]),
        (simplex(FOUR, [0, 0, 1, 0]), {}, strict.KEEP, NONE),
        (simplex(FOUR, [0, 0, 2, 0]), {"max_read_error_rate": 0.2}, strict.KEEP, [0, 0, 1, 0]),
        (simplex(FOUR, [0, 0, 2, 0]), {}, strict.FAIL, None),
        (simplex(FOUR, NONE, quals=(30, 29, 40, 40)), {}, strict.KEEP, [0, 1, 0, 0]),
        (simplex(FOUR, NONE, bases="NNGT"), {}, strict.KEEP, [1, 1, 0, 0]),
        (simplex(FOUR, NONE, bases="NNNT"), {}, strict.FAIL, [1, 1, 1, 0]),
        (simplex([2, 2, 2, 3], NONE, per_base=False), {}, strict.KEEP, NONE),
        (duplex([("ACGT", [2] * 4, NONE), ("ACGT", [1] * 4, NONE)]), {}, strict.KEEP, NONE),
        (duplex([("ACGT", [1] * 4, NONE), ("ACGT", [2] * 4, NONE)]), {}, strict.KEEP, NONE),
        (duplex([("ACGT", [9] * 4, NONE)]), {}, strict.FAIL, None),
        (duplex([("ACGT", [9] * 4, NONE)]), {"min_reads": (3, 2, 0)}, strict.KEEP, NONE),
        (duplex([("ACGT", [2, 2, 0, 2], NONE), ("ACNT", [2, 0, 2, 2], NONE)]), {}, strict.KEEP, [0, 1, 1, 0]),
        (duplex([("ACGT", [9] * 4, NONE), ("ATGT", [2] * 4, NONE)]), {}, strict.KEEP, [0, 1, 0, 0]),
        (
            duplex([("ACGT", [9] * 4, NONE), ("ATGT", [2] * 4, NONE)]),
            {"strand_agreement": False},
            strict.KEEP,
            NONE,
        ),
        (duplex([("ACGT", [9] * 4, NONE), ("ACGT", [3] * 4, [0, 1, 0, 0])]), {}, strict.KEEP, [0, 1, 0, 0]),
        (duplex([("ACGT", [9] * 4, NONE), ("ACGT", [2] * 4, [0, 1, 0, 0])]), {}, strict.FAIL, None),
        (duplex([("ACGT", [2] * 4, [0, 1, 0, 0]), ("ACGT", [9] * 4, NONE)]), {}, strict.FAIL, None),
        (duplex([("ACGT", [1] * 4, NONE)] * 2), {}, strict.FAIL, None),
        (duplex([("ACGT", [1] * 4, NONE)] * 2), {"min_reads": (2, 2, 1)}, strict.FAIL, None),
        (with_depths([2, 2, 2]), {}, strict.KEEP, NONE),
    ],
    ids=[
        "passes", "shallow read", "shallow base", "errors at the limit", "errors above the limit",
        "noisy read",
        "base quality", "half N is allowed", "too many N", "no per-base tags", "strands deep enough",
        "better and worse by depth", "one strand", "one strand allowed", "strand missing at a base",
        "strands disagree", "disagreement allowed", "errors of the worse strand", "noisy strand B",
        "noisy strand A", "too few reads", "better strand too shallow", "depths of another length",
    ],
)  # fmt: skip
def test_rules(
    tmp_path: Path,
    segment: pysam.AlignedSegment,
    changes: dict[str, float | tuple[int, int, int]],
    verdict: int,
    mask: list[int] | None,
) -> None:
    found, masked = judge(tmp_path, segment, limits(**changes))
    assert found == verdict
    if mask is not None:
        assert masked == mask
    passes, bases = judged_by_the_caller(tmp_path, limits(**changes))
    assert passes == (verdict == strict.KEEP)
    if passes:
        called = [base == "N" for base in present(segment.query_sequence)]
        assert [n or not ok for n, ok in zip(called, bases, strict=True)] == [bool(n) for n in present(mask)]
    # Arrays of 16 bits take a way of their own.
    judge(tmp_path, widened(segment), limits(**changes))
    assert judged_by_the_caller(tmp_path, limits(**changes)) == (passes, bases)


def test_single_precision_fails_a_rate_equal_to_the_limit(tmp_path: Path) -> None:
    """fgbio compares the single-precision tag with a double: 1 in 20 as float is above 0.05."""
    segment = simplex([5] * 4, [1, 0, 0, 0])
    assert tag(segment, "cE") > 0.05
    assert judge(tmp_path, segment, limits(max_read_error_rate=0.05))[0] == strict.FAIL


@pytest.mark.parametrize("min_reads", [(1, 2, 0), (3, 1, 2)])
def test_min_reads_go_from_high_to_low(min_reads: tuple[int, int, int]) -> None:
    with pytest.raises(ValidationError):
        limits(min_reads=min_reads)


def plain_duplex_mask(
    a: tuple[str, list[int], list[int]],
    b: tuple[str, list[int], list[int]],
    setting: StrictSettings,
    quals: list[int],
) -> list[int]:
    """A plain reading of DuplexConsensusPerBaseValues.maskBaseAt; NaN compares as false, as on the JVM."""
    masked = []
    for i in range(4):
        depths, errors = (a[1][i], b[1][i]), (a[2][i], b[2][i])
        rates = [e / d if d else math.nan for d, e in zip(depths, errors, strict=True)]
        low, high = (math.nan, math.nan) if any(map(math.isnan, rates)) else (min(rates), max(rates))
        total = sum(errors) / sum(depths) if sum(depths) else math.nan
        limit, (all_reads, better, worse) = setting.max_base_error_rate, setting.min_reads
        fails = sum(depths) < all_reads or total > limit or max(depths) < better or low > limit
        fails = fails or min(depths) < worse or high > limit
        disagree = setting.strand_agreement and all(depths) and a[0][i] != b[0][i]
        masked.append(int(fails or disagree or quals[i] < setting.min_base_quality))
    return masked


strand = st.tuples(
    st.text("ACGT", min_size=4, max_size=4),
    st.lists(st.integers(0, 6), min_size=4, max_size=4),
    st.lists(st.integers(0, 2), min_size=4, max_size=4),
).map(lambda s: (s[0], s[1], [min(d, e) for d, e in zip(s[1], s[2], strict=True)]))


@given(
    strand, strand, st.lists(st.integers(25, 40), min_size=4, max_size=4), st.booleans(),
    st.sampled_from([(1, 1, 0), (3, 2, 1), (2, 1, 1)]), st.sampled_from([0.0, 0.2, 0.5]),
)  # fmt: skip
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_duplex_mask_equals_the_plain_rule(
    tmp_path: Path,
    a: tuple[str, list[int], list[int]],
    b: tuple[str, list[int], list[int]],
    quals: list[int],
    agreement: bool,
    min_reads: tuple[int, int, int],
    rate: float,
) -> None:
    a[1][0] = max(1, a[1][0])
    setting = limits(
        min_reads=min_reads,
        max_base_error_rate=rate,
        strand_agreement=agreement,
        max_read_error_rate=1,
        max_no_calls=1,
    )
    segment = duplex([a, b], quals=quals)
    for tag in ("aD", "bD", "cD"):
        segment.set_tag(tag, 99, "i")
    _, mask = judge(tmp_path, segment, setting)
    assert mask == plain_duplex_mask(a, b, setting, quals)


def test_strict_bam_drops_templates_and_masks_bases(tmp_path: Path) -> None:
    """A failing R2 takes R1 along; a supplementary record must pass itself."""
    good, shallow = ([4, 4, 4, 4], NONE), ([1, 1, 1, 1], NONE)
    segments = [
        simplex(*good, name="kept", flag=65, quals=(10, 10, 40, 40)),
        simplex(*good, name="kept", flag=129),
        simplex(*shallow, name="kept", flag=65 | 2048),
        simplex(*good, name="gone", flag=65),
        simplex(*shallow, name="gone", flag=129),
    ]
    source, out = tmp_path / "in.bam", tmp_path / "out.bam"
    with pysam.AlignmentFile(str(source), "wb", header=HEADER) as bam:
        for segment in segments:
            bam.write(segment)
    strict.write_strict(bam=source, out=out, settings=limits(), threads=1)
    with pysam.AlignmentFile(str(out)) as bam:
        first, second = bam.fetch("chr1")
    assert (first.query_name, first.flag, second.flag) == ("kept", 65, 129)
    assert first.query_sequence == "NNGT"
    assert list(present(first.query_qualities)) == [2, 2, 40, 40]
    assert not first.has_tag("NM") and not first.has_tag("MD")
    assert tag(first, "cd").tolist() == [4, 4, 4, 4]
    assert second.to_string() == segments[1].to_string()


def test_reads_without_consensus_tags_are_refused(tmp_path: Path) -> None:
    segment = simplex(FOUR, NONE)
    segment.set_tag("cD", None)
    source = tmp_path / "in.bam"
    with pysam.AlignmentFile(str(source), "wb", header=HEADER) as bam:
        bam.write(segment)
    with pytest.raises(DataError, match="no consensus tags"):
        strict.write_strict(bam=source, out=tmp_path / "out.bam", settings=limits(), threads=1)
    assert not (tmp_path / "out.bam").exists()
