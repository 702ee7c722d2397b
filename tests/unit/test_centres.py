"""Several centres: comparisons within centres, and their heterogeneity, against R and published figures."""

import csv
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from present_values import present
from scipy import stats

from alktrace.outcomes.cox import PRECISION, fit_cox
from alktrace.outcomes.group_tests import compare_groups
from alktrace.outcomes.penalised_cox import fit_penalised
from alktrace.outcomes.weighted_cox import two_groups
from alktrace.stats.meta_analysis import pool

DATA = Path(__file__).resolve().parents[1] / "data" / "outcomes"
RESULTS = {
    row["name"]: float(row["value"])
    for row in csv.DictReader((DATA / "strata.tsv").read_text().splitlines(), delimiter="\t")
}
SETS = sorted({name.rsplit(":", 1)[0] for name in RESULTS if name.endswith(":score")})


@pytest.mark.parametrize("name", SETS)
def test_models_within_strata_equal_r(name: str) -> None:
    data = pd.read_csv(DATA / "survival.tsv", sep="\t")
    d = data[(data["set"] == name) & data["treated"].notna() & data["marker"].notna()]
    strata = [str(int(patient[1:]) % 3) for patient in d["patient"]]
    times = {
        "entry": d["entry"].to_numpy(),
        "time": d["time"].to_numpy(),
        "event": d["event"].to_numpy() == 1,
    }
    groups = [str(x) for x in d["treated"]]
    test = present(compare_groups(times["entry"], times["time"], times["event"], groups, strata))
    assert test.statistic == pytest.approx(RESULTS[f"{name}:score"], rel=1e-10)
    fitted = fit_cox(
        d[["treated", "marker"]],
        **times,
        strata=strata,
        confidence=0.95,
        events_per_parameter=5,
        min_group_patients=5,
    )
    early = math.sqrt(2 * PRECISION)
    for term in fitted.terms:
        at = f"{name}:{term.name}"
        assert term.coefficient == pytest.approx(RESULTS[f"{at}:coef"], rel=1e-10, abs=early * term.error)
        assert term.error == pytest.approx(RESULTS[f"{at}:se"], rel=1e-9)
        assert term.hazards_p == pytest.approx(RESULTS[f"{at}:zph_p"], rel=1e-8)
    (firth,) = fit_penalised(d[["treated"]].to_numpy(float), **times, strata=strata, confidence=0.95)
    # General optimisers of R stop at about 1e-6.
    for part, value in (("coef", firth.coefficient), ("low", firth.low), ("high", firth.high)):
        assert value == pytest.approx(RESULTS[f"{name}:firth:{part}"], abs=2e-6)


def _log_odds(counts: list[tuple[int, int, int, int]]) -> tuple[list[float], list[float]]:
    """Log odds ratios and standard errors of events and totals in two groups."""
    cells = [(a, n - a, c, m - c) for a, n, c, m in counts]
    estimates = [math.log(a * d / (b * c)) for a, b, c, d in cells]
    return estimates, [math.sqrt(sum(1 / x for x in cell)) for cell in cells]


# Magnesium after myocardial infarction, six trials: DerSimonian and Kacker 2007 (Contemp Clin Trials 28:105),
# their example CLASP; figures of Paule and Mandel in their tables 3 and 4, kept in metafor's tests too.
CLASP = [
    (5, 156, 8, 74),
    (5, 303, 17, 303),
    (12, 565, 9, 477),
    (69, 1570, 94, 1565),
    (9, 103, 11, 105),
    (313, 4659, 352, 4650),
]
# BCG vaccine, thirteen trials (Colditz 1994), metafor's dat.bcg: cases and others among vaccinated and not.
BCG = [
    (4, 119, 11, 128),
    (6, 300, 29, 274),
    (3, 228, 11, 209),
    (62, 13536, 248, 12619),
    (33, 5036, 47, 5761),
    (180, 1361, 372, 1079),
    (8, 2537, 10, 619),
    (505, 87886, 499, 87892),
    (29, 7470, 45, 7232),
    (17, 1699, 65, 1600),
    (186, 50448, 141, 27197),
    (5, 2493, 3, 2338),
    (27, 16886, 29, 17825),
]


def test_paule_and_mandel_as_published() -> None:
    found = pool(*_log_odds(CLASP), 0.95)
    assert math.sqrt(found.between) == pytest.approx(0.3681, abs=1e-4)
    assert found.mean == pytest.approx(-0.3811, abs=1e-4)
    # Hartung and Knapp: the same standard error, 0.2060 there, by the quantile of t with five degrees.
    assert found.high - found.mean == pytest.approx(0.2060 * 2.570582, abs=3e-4)


def test_the_profile_of_q_as_in_metafor() -> None:
    estimates = [math.log(a / (a + b) / (c / (c + d))) for a, b, c, d in BCG]
    errors = [math.sqrt(1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)) for a, b, c, d in BCG]
    found = pool(estimates, errors, 0.95)
    # metafor, tests/testthat/test_misc_confint.r: intervals of tau2 and I2, and Cochran's Q of its manual.
    assert found.between_low == pytest.approx(0.1197, abs=1e-4)
    assert found.between_high == pytest.approx(1.1115, abs=1e-4)
    # Its search for the ends stops at 1e-4 of tau2.
    assert 100 * found.i2_low == pytest.approx(81.9177, abs=5e-3)
    assert 100 * found.i2_high == pytest.approx(97.6781, abs=5e-3)
    assert found.q == pytest.approx(152.2330, abs=1e-3)


def test_centres_that_agree_do_not_narrow_the_interval() -> None:
    found = pool([0.5, 0.5, 0.5], [0.3, 0.3, 0.3], 0.95)
    assert (found.between, found.i2) == (0, 0)
    assert found.mean == pytest.approx(0.5)
    # Hartung's and Knapp's interval would have no width; the normal one stands.
    assert found.high - found.mean == pytest.approx(1.959964 * 0.3 / math.sqrt(3), rel=1e-6)
    with pytest.raises(ValueError, match="two estimates"):
        pool([0.5], [0.3], 0.95)


@pytest.mark.parametrize("seed", range(4))
def test_the_ratio_of_a_centre_is_that_of_the_model(seed: int) -> None:
    """Ties, delayed entry and few patients: what lifelines finds, which equals R."""
    rng = np.random.default_rng(seed)
    member = rng.random(14 + 30 * seed) < 0.4
    entry = np.floor(rng.random(member.size) * 4) * (seed % 2)
    time, event = entry + np.ceil(rng.random(member.size) * 6), rng.random(member.size) < 0.8
    days = {"entry": entry, "time": time, "event": event}
    group = pd.DataFrame({"group": member.astype(float)})
    (term,) = fit_cox(group, **days, confidence=0.95, events_per_parameter=1, min_group_patients=1).terms
    assert present(two_groups(member, **days)) == pytest.approx((term.coefficient, term.error), rel=1e-7)


def test_one_patient_among_sixteen_has_a_ratio() -> None:
    """R's survival: 12.489996 (0.78080127 to 199.79476); lifelines did not converge, and none was given."""
    entry = np.array([33, 11, 11, 29, 1, 20, 11, 31, 6, 1, 35, 8, 6, 9, 3, 6], float)
    time = np.array([189, 36, 20, 252, 46, 43, 19, 67, 46, 122, 140, 48, 227, 397, 231, 152], float)
    event, member = np.ones(16, bool), np.arange(16) == 5
    event[[0, 2, 8]] = False
    log, error = present(two_groups(member, entry=entry, time=time, event=event))
    ends = [math.exp(log + step * error) for step in (-1.959964, 0, 1.959964)]
    assert ends == pytest.approx([0.78080127, 12.489996, 199.79476], rel=1e-6)


def test_a_centre_whose_groups_never_meet_has_no_ratio() -> None:
    member, event = np.array([True, True, False, False]), np.ones(4, bool)
    entry, time = np.array([0.0, 0, 50, 50]), np.array([10.0, 20, 60, 70])
    assert two_groups(member, entry=entry, time=time, event=event) is None


def test_the_widest_interval_between_two_centres_is_found() -> None:
    """Q of two is (3 - -3)^2 / (2 (0.01 + tau2)): its quantile of 0.0005 lies beyond a million."""
    found = pool([3.0, -3.0], [0.1, 0.1], 0.999)
    assert found.between_high == pytest.approx(18 / stats.chi2.ppf(0.0005, 1) - 0.01)


def test_the_interval_of_hartung_and_knapp() -> None:
    # By hand: Q of 0.18 / 0.25 = 0.72 with two degrees, variance between centres 0, factor 0.6, t 4.302653.
    found = pool([0.2, 0.5, 0.8], [0.5, 0.5, 0.5], 0.95)
    assert found.between == 0
    assert found.q == pytest.approx(0.72)
    assert found.high - found.mean == pytest.approx(4.302653 * 0.6 * 0.5 / math.sqrt(3), rel=1e-6)


def test_heterogeneity_is_found_where_it_is() -> None:
    rng = np.random.default_rng(8)
    errors = rng.uniform(0.1, 0.3, 400)
    found = pool(list(rng.normal(0.2, 0.4, 400) + rng.normal(0, errors)), list(errors), 0.95)
    assert found.between == pytest.approx(0.16, abs=0.03)
    assert found.between_low < 0.16 < found.between_high
    assert found.low < 0.2 < found.high
