"""The demo cohort by our functions and by R's `survival` and `stats` (numbers in tests/data/outcomes)."""

import csv
import math
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from outcome_cohort import Demo, cohort_settings, write_rows
from present_values import present

from alktrace.outcomes.cox import PRECISION, fit_cox
from alktrace.outcomes.endpoints import STATE_MODELS
from alktrace.outcomes.group_tests import compare_groups
from alktrace.outcomes.interval_censoring import estimate_intervals
from alktrace.outcomes.penalised_cox import fit_penalised
from alktrace.outcomes.propensity import balance, effective_number, propensities, weights
from alktrace.outcomes.state_curves import aalen_johansen, log_log_band
from alktrace.outcomes.state_estimates import fit_states
from alktrace.outcomes.state_table import PathRow
from alktrace.outcomes.states import StateModel
from alktrace.outcomes.survival import DAYS_PER_YEAR, kaplan_meier, median, rate_at
from alktrace.outcomes.weighted_cox import fit_weighted
from alktrace.stats.intervals import clopper_pearson, poisson_rate
from alktrace.stats.proportions import false_discovery, fisher, holm
from alktrace.vocabulary.outcomes import Target

DATA = Path(__file__).resolve().parents[1] / "data" / "outcomes"
CLOSE, AGAIN = 1e-10, 1e-6
"""Of our figures to those of R, which have twelve digits, and of R to another version of R."""
SCRIPT = "reference.R"
INPUTS = ("survival.tsv", "counts.tsv", "stays.tsv", "intervals.tsv", "few.tsv", "weights.tsv", "rates.tsv")


def read_results(text: str) -> dict[str, str]:
    return {row["name"]: row["value"] for row in csv.DictReader(text.splitlines(), delimiter="\t")}


RESULTS = read_results((DATA / "results.tsv").read_text())
SURVIVAL = pd.read_csv(DATA / "survival.tsv", sep="\t")
COUNTS = list(csv.DictReader((DATA / "counts.tsv").read_text().splitlines(), delimiter="\t"))
SETS = list(dict.fromkeys(SURVIVAL["set"]))
COMPARED = list(dict.fromkeys(SURVIVAL.loc[SURVIVAL["treated"].notna(), "set"]))


def close(name: str, value: float | None, within: float = 1e-12) -> None:
    """Ten digits, or that close."""
    expected = RESULTS[name]
    if expected == "NA":
        assert value is None
    else:
        assert value == pytest.approx(float(expected), rel=CLOSE, abs=within), name


def given(name: str, *, marked: bool = False) -> dict[str, NDArray[Any]]:
    rows = SURVIVAL[SURVIVAL["set"] == name]
    if marked:
        rows = rows[rows["marker"].notna()]
    return {key: rows[key].to_numpy() for key in ("entry", "time", "event", "treated", "marker")}


def test_versions_are_named() -> None:
    assert RESULTS["R"] == "4.2.2"
    assert RESULTS["survival"] == "3.5.3"


@pytest.mark.parametrize("name", SETS)
def test_kaplan_meier_equals_r(name: str) -> None:
    d = given(name)
    curve = kaplan_meier(d["entry"], d["time"], d["event"], confidence=0.95)
    found = median(curve)
    for part, value in (("median", found.value), ("median_low", found.low), ("median_high", found.high)):
        close(f"{name}:{part}", value)
    for years in (1, 2):
        rate = rate_at(curve, years * DAYS_PER_YEAR, confidence=0.95)
        if f"{name}:{years}:rate" not in RESULTS:
            assert rate.value in (None, 0.0)
            continue
        for part, value in (("rate", rate.value), ("low", rate.low), ("high", rate.high)):
            close(f"{name}:{years}:{part}", value)


@pytest.mark.parametrize("name", [name for name in SETS if name.startswith("OS_")])
def test_follow_up_equals_r(name: str) -> None:
    d = given(name)
    found = median(kaplan_meier(d["entry"], d["time"], d["event"] == 0, confidence=0.95))
    for part, value in (("", found.value), ("_low", found.low), ("_high", found.high)):
        close(f"{name}:follow_up{part}", value)


def test_rates_by_exposure_equal_r() -> None:
    for row in csv.DictReader((DATA / "rates.tsv").read_text().splitlines(), delimiter="\t"):
        found = poisson_rate(int(row["events"]), float(row["years"]), 0.95)
        for part, value in (("rate", found.value), ("low", found.low), ("high", found.high)):
            close(f"rate:{row['events']}:{row['years']}:{part}", value)


@pytest.mark.parametrize("name", COMPARED)
def test_group_tests_equal_r(name: str) -> None:
    d = given(name, marked=True)
    found = present(compare_groups(d["entry"], d["time"], d["event"], [str(x) for x in d["treated"]]))
    test = "score" if f"{name}:log_rank" not in RESULTS else "log_rank"
    assert found.method == ("cox_score" if test == "score" else "log_rank")
    close(f"{name}:{test}", found.statistic)


@pytest.mark.parametrize("name", COMPARED)
def test_cox_with_delayed_entry_equals_r(name: str) -> None:
    d = given(name, marked=True)
    fitted = fit_cox(
        pd.DataFrame({"treated": d["treated"], "marker": d["marker"]}),
        entry=d["entry"],
        time=d["time"],
        event=d["event"],
        confidence=0.95,
        events_per_parameter=5,
        min_group_patients=5,
    )
    assert fitted.refusal is None
    for term in fitted.terms:
        # In standard errors; where a coefficient is near zero, less than ten digits of it are left.
        early = math.sqrt(2 * PRECISION)
        close(f"{name}:{term.name}:coef", term.coefficient, early * term.error)
        close(f"{name}:{term.name}:se", term.error)
        close(f"{name}:{term.name}:p", term.p, early)
        close(f"{name}:{term.name}:zph_p", term.hazards_p, early)


@pytest.mark.parametrize("model", STATE_MODELS, ids=lambda model: model.name)
def test_probabilities_of_states_equal_r(model: StateModel) -> None:
    given = csv.DictReader((DATA / "stays.tsv").read_text().splitlines(), delimiter="\t")
    paths = [
        PathRow(
            model=row["model"],
            patient=row["patient"],
            state=row["state"],
            begin_days=float(row["begin_days"]),
            end_days=float(row["end_days"]),
            next_state=None if row["next_state"] == "NA" else row["next_state"],
        )
        for row in given
    ]
    stays, horizons = fit_states(model, paths, cohort_settings()).stays, (100.0, 200.0, 300.0)
    ends = [list(model.states).index(name) for name in model.ends]
    curve = aalen_johansen(stays, len(model.states), ends=ends, horizons=horizons)
    low, high = log_log_band(curve.probability, curve.error, 0.95)
    for day in horizons:
        step = int((curve.days <= day).sum()) - 1
        for place, state in enumerate(model.states):
            at = f"{model.name}:{state}:{day:g}"
            for name, values in (("probability", curve.probability), ("error", curve.error)):
                close(f"{at}:{name}", values[step, place])
            for name, values in (("low", low), ("high", high)):
                close(f"{at}:{name}", None if math.isnan(values[step, place]) else values[step, place])
            close(f"{at}:days", curve.times[day].days[place])
            close(f"{at}:days_error", curve.times[day].error[place])


def test_interval_censored_survival_equals_r_and_the_published_masses() -> None:
    rows = list(csv.DictReader((DATA / "intervals.tsv").read_text().splitlines(), delimiter="\t"))
    ends = [math.inf if row["right"] == "NA" else float(row["right"]) for row in rows]
    found = estimate_intervals([float(row["left"]) for row in rows], ends, confidence=0.95)
    for day in (5, 10, 15, 20, 30, 35, 45):
        # R stops when no mass changes by 5e-5.
        close(f"radiotherapy:{day}:interval", found.rate(day)[0].value, 1e-3)
    masses = {
        (low, high): round(mass, 4)
        for low, high, mass in zip(found.lower, found.upper, found.mass, strict=True)
        if mass > 1e-4
    }
    # As published with the data (Turnbull's estimate, four digits).
    assert masses == {
        (4, 5): 0.0463, (6, 7): 0.0334, (7, 8): 0.0887, (11, 12): 0.0708, (24, 25): 0.0926, (33, 34): 0.0818,
        (38, 40): 0.1209, (46, 48): 0.4656,
    }  # fmt: skip


@pytest.mark.parametrize("name", ["crossed", "separated"])
def test_penalised_models_of_few_events_equal_r(name: str) -> None:
    """Three terms on fifteen events; a group without any, where the ordinary model has no maximum."""
    d = pd.read_csv(DATA / "few.tsv", sep="\t")
    columns, event = ["treated", "marker", "both"], "event"
    if name == "separated":
        columns, event = ["treated"], "event_of_others"
        assert not d.loc[d["treated"] == 1, event].any()
    terms = fit_penalised(
        d[columns].to_numpy(float), entry=d["entry"], time=d["time"], event=d[event] == 1, confidence=0.95
    )
    # General optimisers of R stop at about 1e-6.
    for place, term in enumerate(terms, start=1):
        at = f"firth:{name}:{place}"
        close(f"{at}:coef", term.coefficient, 2e-6)
        if place < len(terms):
            continue
        close(f"{at}:low", term.low, 2e-6)
        close(f"{at}:high", term.high, 2e-6)
        close(f"{at}:p", term.p, 2e-6)


@pytest.mark.parametrize("target", Target)
def test_weighted_comparisons_equal_r(target: Target) -> None:
    d = pd.read_csv(DATA / "weights.tsv", sep="\t")
    treated, names = d["treated"].to_numpy() == 1, ["brain", "months", "ecog"]
    found = propensities(d[names], treated)
    for row in (1, 2, 30, 90):
        close(f"propensity:{row}", found[row - 1])
    weight = weights(found, treated, target)
    event, time = d["event"].to_numpy() == 1, d["time"].to_numpy(float)
    late, none, levels = d["entry"].to_numpy(float), np.zeros(len(d)), d["ecog"].astype(str).tolist()
    for name, entry, strata in (("late", late, []), ("day0", none, []), ("strata", late, levels)):
        days = {"entry": entry, "time": time, "event": event}
        term = present(fit_weighted(treated, weight, **days, confidence=0.95, strata=strata))
        at = f"weighted:{target}:{name}"
        close(f"{at}:coef", term.coefficient)
        close(f"{at}:se", term.error)
        close(f"{at}:p", term.p)
    for group, side in enumerate((~treated, treated)):
        close(f"effective:{target}:{group}", effective_number(weight[side]))
    for name in names:
        item = balance(d[name].to_numpy(float), treated, weight)
        close(f"before:{name}", item.before)
        close(f"after:{target}:{name}", item.after)


def test_holm_equals_r() -> None:
    for place, p in enumerate(holm([0.01, 0.04, 0.03, 0.005, 0.9]), start=1):
        close(f"holm:{place}", p)
    # A declared test that did not run did not reject.
    assert holm([0.01, None]) == [0.02, None]


def test_fisher_shares_and_false_discovery_equal_r() -> None:
    p_values = []
    for row in COUNTS:
        name = row["name"]
        k, n, other_k, other_n = (int(row[key]) for key in ("count", "total", "other_count", "other_total"))
        found = present(fisher(k, n, other_k, other_n, 0.95))
        p_values.append(found.p)
        close(f"{name}:fisher_p", found.p)
        close(f"{name}:odds_ratio", found.estimate)
        close(f"{name}:odds_low", found.low)
        close(f"{name}:odds_high", found.high)
        low, high = clopper_pearson(k + other_k, n + other_n, 0.95)
        close(f"{name}:share_low", low)
        close(f"{name}:share_high", high)
    for row, q in zip(COUNTS, false_discovery(p_values), strict=True):
        close(f"{row['name']}:q", q)


def test_the_numbers_are_those_of_the_demo_cohort(tmp_path: Path) -> None:
    demo = Demo(tmp_path / "demo")
    write_rows(tmp_path / "survival.tsv", list(demo.survival()))
    write_rows(tmp_path / "counts.tsv", list(demo.counts()))
    write_rows(tmp_path / "stays.tsv", list(demo.stays()))
    for name in ("survival.tsv", "counts.tsv", "stays.tsv"):
        assert (tmp_path / name).read_text() == (DATA / name).read_text(), name


def test_r_still_gives_these_numbers() -> None:
    program = shutil.which("Rscript")
    if program is None:
        pytest.skip("no Rscript on PATH: R is not needed by the project, only by this check")
    probe = subprocess.run([program, "-e", "library(survival)"], capture_output=True, check=False)
    if probe.returncode:
        pytest.skip("R has no package survival (Debian: r-cran-survival)")
    done = subprocess.run(
        [program, SCRIPT, *INPUTS],
        cwd=DATA,
        capture_output=True,
        text=True,
        check=True,
    )
    again = read_results(done.stdout)
    assert again.keys() == RESULTS.keys()
    for name in RESULTS.keys() - {"R", "survival"}:
        if RESULTS[name] == "NA":
            assert again[name] == "NA"
        else:
            assert float(again[name]) == pytest.approx(float(RESULTS[name]), rel=AGAIN, abs=1e-9), name
