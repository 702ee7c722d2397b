"""What a plan declares is run, adjusted over what it declares, and everything else is said to differ."""

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from outcome_cohort import cohort_settings, resistance_settings, write_demo
from present_values import present

from alktrace.cli import main
from alktrace.errors import InputProblems
from alktrace.inputs.settings.cohort_settings import CohortSettings
from alktrace.io.tables import read_table
from alktrace.outcomes.analysis_plan import planned, read_plan
from alktrace.outcomes.outcome_files import outcome_tables, related_tables
from alktrace.outcomes.outcome_jobs import PlanFiles, measure_outcomes, relate_outcomes
from alktrace.stats.proportions import holm
from alktrace.vocabulary.outcomes import Deviation, Status

EXAMPLE = Path(__file__).resolve().parents[2] / "config" / "example" / "sap.yaml"
SETTINGS = cohort_settings(min_group_patients=5)
SAID: dict[str, Any] = {
    "name": "study",
    "version": "1",
    "date": dt.date(2020, 1, 1),
    "data_cutoff": None,
    "endpoints": [
        {"endpoint": "rwPFS2", "population": "treated", "analysis": "as_defined"},
        {"endpoint": "rwTTD1", "population": "treated", "analysis": "interval_censored"},
    ],
    "covariates": ["months_to_progression", "cns_metastases"],
    "comparisons": [
        {
            "name": "chemo", "endpoint": "rwPFS2_treatment", "factor": "regimen", "level": "no_alk_tki",
            "estimand": "ATT",
        },
        {
            "name": "pair", "endpoint": "rwPFS2", "factor": "regimen", "level": "no_alk_tki",
            "reference": "alk_tki",
        },
        {"name": "bypass", "endpoint": "rwPFS2", "factor": "bypass", "level": "present"},
        {"name": "rare", "endpoint": "rwPFS2", "factor": "ZZZ1", "level": "present"},
    ],
    "settings": {"confidence": 0.9, "severe_grade": 3},
}  # fmt: skip


def written(folder: Path, **changes: Any) -> Path:
    path = folder / "sap.yaml"
    path.write_text(yaml.safe_dump({**SAID, **changes}, sort_keys=False))
    return path


Tables = Mapping[str, Sequence[Any]]


def tables(folder: Path, plan: Path | None, settings: CohortSettings) -> Tables:
    clinic, out = write_demo(folder), folder / "out"
    measure_outcomes(clinic=clinic, settings=settings, out=out)
    relate_outcomes(
        clinic=clinic, classification=folder / "classification.tsv", resistance=folder / "resistance.tsv",
        evidence=[], details=[], settings=settings, timing=resistance_settings(), out=out,
        plan=PlanFiles(plan, out / "endpoints.tsv") if plan else None,
    )  # fmt: skip
    return {name: read_table(out / name, kind) for name, kind in related_tables().items()}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    folder = tmp_path_factory.mktemp("planned")
    return tables(folder, written(folder), SETTINGS)


def test_every_declared_comparison_has_a_row_and_holm_counts_those_without_a_result(found: Tables) -> None:
    rows = found["planned_comparisons.tsv"]
    assert [row.comparison for row in rows] == ["chemo", "pair", "bypass", "rare"]
    for row, p in zip(rows, holm([row.p for row in rows]), strict=True):
        assert (row.p_holm is None) == (p is None)
        assert p is None or row.p_holm == pytest.approx(p, rel=1e-4)
    rare = rows[-1]
    assert (rare.status, rare.p, rare.reason) == (Status.NOT_ESTIMABLE, None, "nobody_compared")
    smallest = min(row.p for row in rows if row.p is not None)
    assert min(row.p_holm for row in rows if row.p_holm) == pytest.approx(4 * smallest, rel=1e-4)


def test_an_unadjusted_comparison_is_that_of_the_associations_and_named_there(found: Tables) -> None:
    own = next(row for row in found["planned_comparisons.tsv"] if row.comparison == "bypass")
    (row,) = (row for row in found["associations.tsv"] if row.plan == "bypass")
    assert (row.estimate, row.low, row.high, row.p) == (own.estimate, own.low, own.high, own.p)
    others = {row.plan for row in found["associations.tsv"]} - {"bypass"}
    assert others == {"exploratory"}


def test_the_adjusted_comparison_rests_on_the_patients_of_its_tables(found: Tables) -> None:
    (row,) = found["adjusted_comparisons.tsv"]
    assert (row.comparison, row.plan, row.estimand, row.reference) == ("chemo", "declared", "ATT", "others")
    patients = found["propensities.tsv"]
    assert len(patients) == row.patients + row.reference_patients
    assert sum(item.treated for item in patients) == row.patients
    assert sum(item.propensity for item in patients) == pytest.approx(row.patients, rel=1e-4)
    # ATT: the treated count once each.
    assert {item.weight for item in patients if item.treated} == {1.0}
    assert [item.covariate for item in found["balance.tsv"]] == ["months_to_progression", "cns_metastases"]
    before = max(abs(item.difference) for item in found["balance.tsv"])
    assert before == pytest.approx(present(row.difference_before), rel=1e-4)
    if row.status is Status.ESTIMATED:
        assert present(row.e_value) >= present(row.e_value_limit) >= 1


def test_what_ran_otherwise_is_said(found: Tables) -> None:
    rows = found["plan_deviations.tsv"]
    told = {(row.deviation, row.part, row.name): row for row in rows}
    assert told[Deviation.CHANGED, "population", "rwPFS2"].ran == "progressed"
    assert told[Deviation.CHANGED, "setting", "cohort.confidence"].planned == "0.9"
    assert (Deviation.CHANGED, "setting", "cohort.severe_grade") not in told
    # rwTTD1 has no interval-censored analysis.
    assert told[Deviation.NOT_RUN, "endpoint", "rwTTD1"].planned == "interval_censored"
    assert told[Deviation.NOT_RUN, "comparison", "rare"].reason == "nobody_compared"
    assert (Deviation.NOT_IN_PLAN, "endpoint", "OS_progression") in told
    assert (Deviation.NOT_IN_PLAN, "endpoint", "rwPFS2") not in told
    beside = [row for row in rows if row.deviation is Deviation.NOT_IN_PLAN and row.part == "comparison"]
    exploratory = sum(row.plan == "exploratory" for row in found["associations.tsv"])
    assert sum(int(row.ran.split()[0]) for row in beside) == exploratory


def test_the_digest_is_that_of_the_file(found: Tables, tmp_path: Path) -> None:
    said = {row.item: row.value for row in found["analysis_plan.tsv"]}
    assert said["sha256"] == hashlib.sha256(written(tmp_path).read_bytes()).hexdigest()
    assert (said["name"], said["date"], said["comparisons"]) == ("study", "2020-01-01", "4")


def test_the_cut_off_of_the_plan_cuts_and_another_one_is_a_deviation(tmp_path: Path) -> None:
    plan = written(tmp_path, data_cutoff=dt.date(2021, 6, 1), date=dt.date(2021, 7, 1))
    settings = planned(cohort_settings(plan=str(plan)))
    assert settings.data_cutoff == dt.date(2021, 6, 1)
    own = planned(cohort_settings(plan=str(plan), data_cutoff=dt.date(2022, 1, 1)))
    assert own.data_cutoff == dt.date(2022, 1, 1)
    rows = tables(tmp_path / "own", plan, own)["plan_deviations.tsv"]
    (cut,) = (row for row in rows if row.part == "data_cutoff")
    assert (cut.planned, cut.ran) == ("2021-06-01", "2022-01-01")
    # Written after the data were cut: its outcomes may have been known.
    late = tables(tmp_path / "late", plan, settings)["plan_deviations.tsv"]
    assert [row.ran for row in late if row.part == "date"] == ["data until 2021-06-01"]


def test_without_a_plan_all_is_exploratory_and_covariates_of_the_settings_adjust(tmp_path: Path) -> None:
    settings = cohort_settings(covariates=("cns_metastases",), min_group_patients=5)
    found = tables(tmp_path, None, settings)
    assert {row.plan for row in found["associations.tsv"]} == {"exploratory"}
    for name in ("analysis_plan.tsv", "planned_comparisons.tsv", "plan_deviations.tsv"):
        assert found[name] == []
    rows = found["adjusted_comparisons.tsv"]
    assert {(row.plan, row.estimand) for row in rows} == {("exploratory", "ATE")}
    assert {row.endpoint for row in rows} == {"rwPFS2_treatment", "OS_progression"}


def test_all_problems_of_a_plan_are_said_at_once(tmp_path: Path) -> None:
    path = written(
        tmp_path, covariates=["ecog"], settings={"confidenc": 0.9},
        comparisons=[{"name": "a", "endpoint": "rwTTD1", "factor": "bypass", "level": "there"}],
    )  # fmt: skip
    with pytest.raises(InputProblems) as error:
        read_plan(path)
    assert [problem.column for problem in error.value.problems] == [
        "covariates", "endpoint", "level", "confidenc",
    ]  # fmt: skip
    lines = path.read_text().splitlines()
    for problem in error.value.problems:
        assert problem.line and (problem.column in lines[problem.line - 1] or "ecog" in problem.what)


def test_the_example_is_right_and_its_page_names_it(tmp_path: Path) -> None:
    assert len(read_plan(EXAMPLE).comparisons) == 5
    folder = EXAMPLE.parents[2] / "docs" / "examples" / "outcomes"
    out = tmp_path / "out"
    command = ["cohort", str(folder / "clinical"), str(folder), "--plan", str(EXAMPLE), "--out", str(out)]
    assert main(command) == 0
    page = (out / "report.html").read_text()
    assert hashlib.sha256(EXAMPLE.read_bytes()).hexdigest() in page
    assert "Deviations from the plan" in page
    assert {path.name for path in out.iterdir()} == {*outcome_tables(), "report.html"}
