"""Probit limits and variance components against R and against what is known of them."""

import csv
import math
import shutil
import subprocess
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

from alktrace.assay.limits import parametric_blank, rank_blank
from alktrace.stats.probit import ProbitFit, fit_probit
from alktrace.stats.variance_components import components

DATA = Path(__file__).resolve().parents[1] / "data" / "assay"


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


R = {row["name"]: float(row["value"]) for row in rows("results.tsv") if row["name"] != "R"}
NESTED = [
    {run: [float(row["value"]) for row in same] for run, same in groupby(own, lambda row: row["run"])}
    for _, group in groupby(rows("nested.tsv"), lambda row: row["material"])
    for own in [list(group)]
]


@pytest.mark.parametrize("lot", ["1", "2", "3"])
def test_probit_of_the_published_example_is_that_of_r(lot: str) -> None:
    own = [row for row in rows("probit.tsv") if row["lot"] == lot]
    fit = fit_probit(
        [float(row["dose"]) for row in own], [int(r["hits"]) for r in own], [int(r["total"]) for r in own]
    )
    assert fit is not None
    low, high = fit.interval(0.95)
    _, rate_low, rate_high = fit.rate(0.05)
    said = {"intercept": fit.intercept, "slope": fit.slope, "dose": fit.dose(0.95), "fit_p": fit.fit_p}
    said |= {"low": low, "high": high, "rate_low": rate_low, "rate_high": rate_high}
    assert said == pytest.approx({name: R[f"{lot}:{name}"] for name in said}, rel=1e-6)


def test_the_published_limit() -> None:
    """EP17-A2, appendix C reports 0.077 CFU/mL for the first lot, the largest of the three."""
    assert round(R["1:dose"], 3) == 0.077
    assert R["1:dose"] > max(R["2:dose"], R["3:dose"])


@pytest.mark.parametrize(
    ("hits", "why"),
    [
        ([0, 0, 10, 10], "separated"),
        ([10, 10, 10, 10], "all"),
        ([0, 0, 0, 0], "none"),
        ([9, 5, 3, 1], "falls"),
    ],
)
def test_where_no_line_fits_none_is_made_up(hits: list[int], why: str) -> None:
    assert fit_probit([1, 2, 4, 8], hits, [10] * 4) is None, why


def test_a_flat_line_bounds_no_dose() -> None:
    fit = fit_probit([1, 2, 4, 8], [4, 5, 5, 6], [10] * 4)
    assert fit is not None
    assert fit.interval(0.95) == (None, None)


def test_a_slope_that_is_barely_one_bounds_the_dose_on_one_side() -> None:
    """Fieller's upper end is beyond all numbers here, as of eight fusions of the demo: OverflowError."""
    fit = ProbitFit(0.0, 2.0, (0.01, 0.0, 0.99999 * (2.0 / 1.959964) ** 2), None, 1.0)
    low, high = fit.interval(0.95)
    assert low is not None
    assert high is None


def test_replicates_that_scatter_too_much_widen_the_interval() -> None:
    hits = [2, 60, 20, 98]
    fit = fit_probit([1, 2, 4, 8], hits, [100] * 4)
    assert fit is not None
    assert fit.fit_p is not None
    assert fit.fit_p < 1e-6
    assert fit.scale > 10


def test_the_interval_holds_the_true_limit() -> None:
    """Coverage over 400 studies of five levels with 24 results, as issue and guideline have them."""
    rng, doses, total = np.random.default_rng(8), np.array([0.001, 0.002, 0.003, 0.005, 0.01]), 24
    p = norm.cdf(12.0 + 4.2 * np.log10(doses))
    truth = 10 ** ((norm.ppf(0.95) - 12.0) / 4.2)
    inside = fitted = 0
    for _ in range(400):
        fit = fit_probit(doses.tolist(), rng.binomial(total, p).tolist(), [total] * 5)
        if fit is None:
            continue
        low, high = fit.interval(0.95)
        fitted += 1
        inside += (low or 0.0) <= truth <= (high or math.inf)
    assert fitted > 380
    assert 0.92 <= inside / fitted <= 0.985


def test_components_are_those_of_r() -> None:
    """One material: within is R's residual mean square; between follows by n0 = (13 - 43 / 13) / 3."""
    found = components(NESTED[:1])
    assert found is not None
    n0 = (13 - (9 + 9 + 9 + 16) / 13) / 3
    between = (R["a:between_square"] - R["a:within_square"]) / n0
    assert found.within**2 == pytest.approx(R["a:within_square"])
    assert found.between is not None
    assert found.between**2 == pytest.approx(between)
    assert found.total**2 == pytest.approx(R["a:within_square"] + between)
    assert found.total_high > found.total


def test_materials_are_pooled_around_means_of_their_own() -> None:
    found = components(NESTED)
    assert found is not None
    assert found.within**2 == pytest.approx(R["both:within_square"])
    n0 = ((13 - 43 / 13) + (5 - 13 / 5)) / 4
    assert found.between is not None
    assert found.between**2 == pytest.approx((R["both:between_square"] - R["both:within_square"]) / n0)


@pytest.mark.parametrize("runs", [{"1": [1.0], "2": [2.0]}, {}])
def test_without_replicates_in_a_run_there_are_no_components(runs: dict[str, list[float]]) -> None:
    assert components([runs]) is None


def test_one_run_says_nothing_of_others() -> None:
    found = components([{"1": [1.0, 2.0, 3.0]}])
    assert found is not None
    assert (found.within, found.between, found.total) == (1.0, None, 1.0)


def test_ranks_of_blanks() -> None:
    """EP17-A2, 5.3.3.1: of 60 values the rank is 57.5, half way between the 57th and the 58th."""
    assert rank_blank([float(k) for k in range(60, 0, -1)]) == 57.5
    assert rank_blank([3.0]) == 3.0
    assert rank_blank([1.0, 2.0, 3.0]) == 3.0


def test_parametric_limit_of_blank() -> None:
    """Mean 1, SD 2 over 60 results of 4 materials: 1 + 1.645 / (1 - 1 / 224) * 2."""
    values = [1.0 + 2.0 * math.sqrt(59 / 60) * sign for sign in (-1, 1) for _ in range(30)]
    assert parametric_blank(values, 4) == pytest.approx(1 + 2 * 1.6448536 / (1 - 1 / 224), rel=1e-7)
    assert parametric_blank([0.0, 1.0], 2) is None


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")
def test_r_says_so_today() -> None:
    command = ["Rscript", "reference.R", "probit.tsv", "nested.tsv"]
    ended = subprocess.run(command, cwd=DATA, capture_output=True, text=True, check=True, timeout=120)
    said = ended.stdout
    found = dict(line.split("\t") for line in said.splitlines())
    assert {name: float(found[name]) for name in R} == pytest.approx(R, rel=1e-8)
