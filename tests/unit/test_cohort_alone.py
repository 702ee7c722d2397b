"""The cohort without reads, through the command that users type: answers, or refusals that name the place."""

import csv
import re
from dataclasses import replace
from pathlib import Path

import pytest
from outcome_cohort import KNOWLEDGE, Demo, cohort_settings, resistance_settings, write_rows

from alktrace.classify.resistance_table import ClassificationRow
from alktrace.cli import main
from alktrace.io.tables import read_table, write_table
from alktrace.outcomes.adjusted_table import AdjustedRow
from alktrace.outcomes.association_table import AssociationRow
from alktrace.outcomes.endpoint_table import EndpointPatientRow
from alktrace.outcomes.outcome_files import outcome_tables
from alktrace.outcomes.outcome_jobs import Clinic, measure_outcomes, relate_outcomes
from alktrace.outcomes.response_table import ResponseRow
from alktrace.vocabulary.outcomes import RegimenKind
from alktrace.vocabulary.resistance import Classification, Component, Confidence, Timing
from alktrace.vocabulary.samples import Setting

HEADERS = {
    "patients": "patient enrolled",
    "treatments": "patient line drugs start end reason",
    "assessments": "patient date response",
    "follow_up": "patient last_contact death",
    "reports": "patient timepoint collected reported",
}
LIFE = {
    "patients": ["P1 2021-01-01"],
    "treatments": [
        "P1 1 lorlatinib 2021-01-01 2021-06-01 progression",
        "P1 2 pemetrexed 2021-06-10 . ongoing",
    ],
    "assessments": ["P1 2021-03-01 PR", "P1 2021-05-25 PD", "P1 2021-08-01 PR"],
    "follow_up": ["P1 2022-01-01 ."],
}


def written(folder: Path, **tables: list[str]) -> Path:
    (folder / "clinical").mkdir()
    for name, lines in (LIFE | tables).items():
        text = "\n".join(line.replace(" ", "\t") for line in (HEADERS[name], *lines))
        (folder / "clinical" / f"{name}.tsv").write_text(text + "\n")
    found = ClassificationRow(
        patient="P1",
        timepoint="PD",
        setting=Setting.PROGRESSION,
        classification=Classification.BYPASS,
        components=(Component.BYPASS,),
        timing=Timing.ACQUIRED,
        confidence=Confidence.ESTABLISHED,
        flags=(),
        not_evaluable_reason=(),
    )
    write_table(folder / "classification.tsv", ClassificationRow, [found])
    return folder


def run(folder: Path, *arguments: str) -> int:
    return main(["cohort", str(folder / "clinical"), str(folder), "--out", str(folder / "out"), *arguments])


def test_a_synthetic_cohort_to_its_page_without_reads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["demo", "outcomes", "--out", str(tmp_path), "--seed", "5", "--patients", "40"]) == 0
    assert run(tmp_path) == 0
    assert "report.html" in capsys.readouterr().out
    page = (tmp_path / "out" / "report.html").read_text()
    assert "<h2>Quality</h2>" not in page and "../patients/" not in page
    assert {path.name for path in (tmp_path / "out").iterdir()} == {*outcome_tables(), "report.html"}
    clinic = Clinic(tmp_path / "clinical", KNOWLEDGE, 30, ())
    jobs = tmp_path / "jobs"
    measure_outcomes(clinic=clinic, settings=cohort_settings(), out=jobs)
    relate_outcomes(
        clinic=clinic, classification=tmp_path / "classification.tsv",
        resistance=tmp_path / "resistance.tsv", evidence=[tmp_path / "evidence.tsv"],
        details=sorted((tmp_path / "details").iterdir()), settings=cohort_settings(),
        timing=resistance_settings(), out=jobs,
    )  # fmt: skip
    for name in outcome_tables():
        assert (tmp_path / "out" / name).read_bytes() == (jobs / name).read_bytes(), name


def test_one_patient_with_a_class_and_nothing_else(tmp_path: Path) -> None:
    """No mechanisms, no evidence: the class alone gives tables and a page; one life gives no ratio."""
    assert run(written(tmp_path)) == 0
    page = (tmp_path / "out" / "report.html").read_text()
    assert "<h2>Mechanisms</h2>" not in page
    table = read_table(tmp_path / "out" / "associations.tsv", AssociationRow)
    assert table and all(row.estimate is None and row.p is None and row.reason for row in table)
    rates = read_table(tmp_path / "out" / "responses.tsv", ResponseRow)
    found = {row.measure: (row.responders, row.patients) for row in rates if row.denominator == "treated"}
    assert found == {"rwORR2": (1, 1), "rwORR2_confirmed": (0, 1), "rwDCR2": (1, 1)}


def test_a_covariate_that_decides_the_treatment_leaves_no_ratio(tmp_path: Path) -> None:
    """All on chemotherapy are over 65 and nobody else is: who of them could have had the other treatment?"""
    kinds = {one.patient: one.next_treatment and one.next_treatment.kind for one in Demo(tmp_path).timelines}
    table = tmp_path / "clinical" / "patients.tsv"
    rows = list(csv.DictReader(table.read_text().splitlines(), delimiter="\t"))
    for place, row in enumerate(rows):
        chemotherapy = kinds[row["patient"]] == RegimenKind.NO_ALK_TKI
        row["age_at_diagnosis"] = str((70 if chemotherapy else 40) + place % 7)
    write_rows(table, rows)
    config = tmp_path / "config.yaml"
    config.write_text("cohort:\n  covariates: [age]\n")
    assert run(tmp_path, "--config", str(config)) == 0
    compared = {
        row.comparison: row for row in read_table(tmp_path / "out" / "adjusted_comparisons.tsv", AdjustedRow)
    }
    found = compared["no_alk_tki:OS_progression"]
    assert (found.patients, found.reference_patients, found.events, found.reference_events) == (19, 17, 11, 8)
    assert (found.estimate, found.unadjusted, found.p, found.e_value) == (None, None, None, None)
    assert found.reason == "no_overlap: 0 of a group with propensity 0.1 to 0.9, 8 needed"
    page = re.sub(r"<[^>]+>", "", (tmp_path / "out" / "report.html").read_text())
    assert "could hardly have had the other treatment (no_overlap: 0 of a group" in page


def test_two_progressions_on_one_day_are_one(tmp_path: Path) -> None:
    twice = ["P1 2021-05-25 PD", "P1 2021-05-25 PD", "P1 2021-12-01 PD", "P1 2021-12-01 SD"]
    assert run(written(tmp_path, assessments=twice)) == 0
    rows = read_table(tmp_path / "out" / "endpoint_patients.tsv", EndpointPatientRow)
    pfs = next(row for row in rows if row.endpoint == "rwPFS2")
    # 25 May to 1 December 2021.
    assert (pfs.event_type, pfs.days) == ("progression", 190)


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        pytest.param(
            {"patients": ["P1 2021-02-30"]},
            ["patients.tsv:2:enrolled: value '2021-02-30'; write the date as YYYY-MM-DD"],
            id="impossible-date",
        ),
        pytest.param(
            {"treatments": [*LIFE["treatments"], "P1 3 pemetrexed 2021-09-01 . ongoing"]},
            ["treatments.tsv:4:start: pemetrexed given already in line 3 until now"],
            id="one-drug-twice",
        ),
        pytest.param(
            {"assessments": ["P1 2020-12-01 PD"]},
            ["assessments.tsv:2:date: PD on 2020-12-01, before the first treatment of 2021-01-01"],
            id="progression-before-start",
        ),
        pytest.param(
            {"follow_up": ["P1 2022-01-01 2021-12-01"]},
            [
                "follow_up.tsv:2:death: last contact 2022-01-01 and death 2021-12-01",
                "treatments.tsv:3:reason: ongoing, but the patient died on 2021-12-01",
            ],
            id="death-before-last-contact",
        ),
        pytest.param(
            {"treatments": [LIFE["treatments"][0], "P1 2 neladalkip 2021-06-10 . ongoing"]},
            ["treatments.tsv:3:drugs: unknown drug 'neladalkip'; did you mean 'neladalkib'?"],
            id="unknown-drug",
        ),
        pytest.param(
            {"assessments": ["P1 2021-08-01 ."]},
            ["assessments.tsv:2:response: empty; write a value"],
            id="missing-response",
        ),
    ],
)
def test_what_cannot_be_is_refused_by_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], tables: dict[str, list[str]], said: list[str]
) -> None:
    assert run(written(tmp_path, **tables)) == 1
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == len(said), lines
    for line, wanted in zip(lines, said, strict=True):
        assert wanted in line
    assert not (tmp_path / "out").exists()


def test_a_folder_without_classification_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(tmp_path)
    (tmp_path / "classification.tsv").unlink()
    assert run(tmp_path) == 1
    assert "classification.tsv: no such file" in capsys.readouterr().err


def test_a_config_is_laid_over_the_defaults(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "my.yaml"
    config.write_text("cohort: {rate_years: [3], bogus: 1}\n")
    assert run(written(tmp_path), "--config", str(config)) == 1
    assert "my.yaml:1:cohort.bogus: unknown key" in capsys.readouterr().err
    config.write_text("cohort: {rate_years: [3]}\n")
    assert run(tmp_path, "--config", str(config)) == 0
    with (tmp_path / "out" / "endpoint_rates.tsv").open(newline="") as stream:
        assert {row["years"] for row in csv.DictReader(stream, delimiter="\t")} == {"3"}


def test_folders_with_tables_are_one_cohort(tmp_path: Path) -> None:
    """The tables of two patients apart give what their joined tables give."""
    lines = {name: [*rows, *(row.replace("P1", "P2") for row in rows)] for name, rows in LIFE.items()}
    (tmp_path / "together").mkdir()
    together = written(tmp_path / "together", **lines)
    (one,) = read_table(together / "classification.tsv", ClassificationRow)
    both = [one, replace(one, patient="P2")]
    write_table(together / "classification.tsv", ClassificationRow, both)
    for row in both:
        write_table(tmp_path / "apart" / row.patient / "classification.tsv", ClassificationRow, [row])
    assert run(together) == 0
    clinical, apart = str(together / "clinical"), str(tmp_path / "apart")
    assert main(["cohort", clinical, apart, "--out", str(tmp_path / "out")]) == 0
    for name in outcome_tables():
        assert (tmp_path / "out" / name).read_bytes() == (together / "out" / name).read_bytes(), name
