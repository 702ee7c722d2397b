"""What a sample that lacks an alteration excludes, and the ratio of two samples, against plain formulas."""

import math
from datetime import date
from typing import Any

import pytest
from golden.build import default_settings

from alktrace.classify.emergence import excluded_share, trends, vaf_ratio
from alktrace.classify.view import prepare_patient
from alktrace.evidence.schema import Observation, PatientEvidence, SpecimenEvidence


def seen(alt: int | None, total: int | None, **fields: Any) -> Observation:
    place = {"timepoint": "BL", "specimen": "plasma", "source": "genotyped", "detection": "not_detected"}
    counts = {"alt_molecules": alt, "total_molecules": total, "vaf_detectable": 0.0001}
    return Observation.model_validate({**place, **counts, **fields})


def specimen(**fields: Any) -> SpecimenEvidence:
    fraction = {"status": "estimated", "value": 0.6, "low": 0.5, "high": 0.7}
    values = {
        "timepoint": "BL",
        "specimen": "plasma",
        "specimen_type": "plasma",
        "assay": "panel",
        "collected": date(2024, 1, 10),
        "setting": "baseline",
        "tumour_fraction": fraction,
    }
    return SpecimenEvidence.model_validate({**values, **fields})


@pytest.mark.parametrize("asked", [1, 20])
@pytest.mark.parametrize("alt", [0, 1, 4])
def test_what_a_baseline_missed_it_missed_with_five_per_cent_for_all(alt: int, asked: int) -> None:
    """The VAF above which so few molecules come with a risk of 5 % by the number of alterations asked for."""
    share = excluded_share(seen(alt, 3000), specimen(), "KRAS", asked)
    assert share is not None
    vaf = share * 0.5 / 2  # of two copies one is mutated, in half of the genomes
    chance = sum(math.comb(3000, k) * vaf**k * (1 - vaf) ** (3000 - k) for k in range(alt + 1))
    assert chance == pytest.approx(0.05 / asked, rel=1e-6)


@pytest.mark.parametrize(("asked", "times"), [(1, 1.0), (0, 1.0), (20, 2.0)])
@pytest.mark.parametrize("counts", [(None, 3000), (0, None), (0, 0)])
def test_without_counts_the_stated_limit_is_stretched(
    counts: tuple[int | None, int | None], asked: int, times: float
) -> None:
    """Of Poisson molecules with a mean of `limit x n`: ln(0.0025) is twice ln(0.05)."""
    share = excluded_share(seen(*counts, vaf_detectable=0.01), specimen(), "KRAS", asked)
    assert share == pytest.approx(0.01 * 2 / 0.5 * times, rel=1e-3)


def test_what_is_called_with_power_is_no_better_than_that() -> None:
    assert excluded_share(seen(0, 3000, vaf_detectable=0.05), specimen(), "KRAS") == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("fields", "changes"),
    [
        pytest.param({"vaf_detectable": None}, {}, id="no-limit"),
        pytest.param({"detection": "detected"}, {}, id="found"),
        pytest.param({"detection": "subthreshold"}, {}, id="below-the-rule"),
        pytest.param({}, {"verdict": "fail"}, id="failed"),
        pytest.param({}, {"tumour_fraction": {"status": "not_estimable"}}, id="no-tumour-fraction"),
    ],
)
def test_what_excludes_nothing(fields: dict[str, Any], changes: dict[str, Any]) -> None:
    assert excluded_share(seen(0, 3000, **fields), specimen(**changes), "KRAS") is None


@pytest.mark.parametrize(
    ("early", "late", "expected"),
    [
        # half a count added: 60.5 / 30.5, variance 1/30.5 - 1/3000.5 + 1/60.5 - 1/3000.5
        pytest.param((30, 3000), (60, 3000), (1.98361, 1.2874, 3.0563), id="few"),
        # 900.5 / 600.5, variance 1/600.5 + 1/900.5 - 2/1000.5: of many the totals narrow it
        pytest.param((600, 1000), (900, 1000), (1.49958, 1.41986, 1.58378), id="many"),
        pytest.param((0, 3000), (60, 3000), (121.0, 7.4858, 1955.84), id="none-before"),
    ],
)
def test_ratio_by_hand(
    early: tuple[int, int], late: tuple[int, int], expected: tuple[float, float, float]
) -> None:
    assert vaf_ratio(seen(*early), seen(*late)) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(
    ("early", "late"),
    [
        ((None, 3000), (60, 3000)),
        ((30, None), (60, 3000)),
        ((30, 3000), (None, 3000)),
        ((30, 3000), (60, None)),
        ((0, 0), (60, 3000)),
        ((30, 3000), (0, 0)),
    ],
)
def test_no_ratio_without_every_count(
    early: tuple[int | None, int | None], late: tuple[int | None, int | None]
) -> None:
    assert vaf_ratio(seen(*early), seen(*late)) is None


def test_a_course_carries_its_ratio_from_the_first_sample_of_a_day_to_the_next() -> None:
    """Plasma with plasma only; the second plasma of one timepoint is no course of its own."""
    places = [("BL", "plasma", 10), ("BL", "plasma2", 11), ("PD", "plasma", 20), ("PD", "tissue", 20)]
    counts = {("BL", "plasma"): 30, ("BL", "plasma2"): 300, ("PD", "plasma"): 60, ("PD", "tissue"): 500}
    evidence = PatientEvidence(
        patient="P1",
        specimens=tuple(
            specimen(
                timepoint=when, specimen=name, specimen_type=name.rstrip("2"), collected=date(2024, 1, day)
            )
            for when, name, day in places
        ),
        alterations=(
            {
                "key": "kras:G12D",
                "gene": "KRAS",
                "variant_type": "snv",
                "alteration": "G12D",
                "observations": [
                    seen(alt, 3000, timepoint=when, specimen=name, detection="detected", vaf=alt / 3000)
                    for (when, name), alt in counts.items()
                ],
            },
        ),  # type: ignore[arg-type]
    )
    settings = default_settings()
    (step,) = trends(prepare_patient(evidence, settings), settings)
    assert (step.earlier, step.later) == ("BL.plasma", "PD.plasma")
    assert (step.earlier_vaf, step.later_vaf) == (0.01, 0.02)
    assert (step.ratio, step.ratio_low, step.ratio_high) == pytest.approx((1.98361, 1.2874, 3.0563), rel=1e-3)
