"""The jobs on the demo cohort: every table typed, complete, the same from run to run."""

import datetime as dt
import runpy
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from outcome_cohort import PATIENTS, ROOT, SEED, cohort_settings, resistance_settings, write_demo

from alktrace.classify.resistance_table import ClassificationRow
from alktrace.demo.synthetic_outcomes import write_outcomes
from alktrace.errors import InputProblems
from alktrace.io.tables import describe_columns, read_table
from alktrace.outcomes.concordance_table import ConcordanceRow
from alktrace.outcomes.endpoint_table import EndpointRow
from alktrace.outcomes.endpoints import ENDPOINTS, RWPFS2, RWTTD2_STARTERS
from alktrace.outcomes.frequency_table import FrequencyRow
from alktrace.outcomes.outcome_files import measured_tables, outcome_tables, related_tables
from alktrace.outcomes.outcome_jobs import Clinic, PlanFiles, measure_outcomes, relate_outcomes
from alktrace.outcomes.safety_table import DoseRow, SafetyRow
from alktrace.vocabulary.outcomes import Analysis, Status

TYPES = outcome_tables()
PLAN = ROOT / "config" / "example" / "sap.yaml"
OF_SEVERAL_CENTRES = ("centre_effects.tsv", "centre_shares.tsv")
SETTINGS = cohort_settings()
NO_MODELS = cohort_settings(events_per_parameter=10_000)
"""Spares the time of fitting where a test asks for something else."""


def run(folder: Path, clinic: Clinic, *, out: Path | None = None, **given: Any) -> Path:
    out = out or folder / "cohort"
    measure_outcomes(clinic=clinic, settings=given.get("settings", SETTINGS), out=out)
    inputs: dict[str, Any] = {
        "resistance": folder / "resistance.tsv",
        "evidence": [folder / "evidence.tsv"],
        "details": sorted((folder / "details").glob("*.json")),
        "settings": SETTINGS,
        "timing": resistance_settings(),
        "plan": PlanFiles(PLAN, out / "endpoints.tsv"),
    } | given
    relate_outcomes(clinic=clinic, classification=folder / "classification.tsv", out=out, **inputs)
    return out


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Clinic, Path]:
    folder = tmp_path_factory.mktemp("cohort")
    clinic = write_demo(folder)
    return folder, clinic, run(folder, clinic)


def table(demo: tuple[Path, Clinic, Path], name: str) -> list[Any]:
    return read_table(demo[2] / name, TYPES[name])


def test_the_jobs_write_the_tables_they_name(demo: tuple[Path, Clinic, Path]) -> None:
    assert {path.name for path in demo[2].iterdir()} == set(TYPES)


@pytest.mark.parametrize("name", sorted(TYPES))
def test_every_table_reads_back_and_holds_something(demo: tuple[Path, Clinic, Path], name: str) -> None:
    assert bool(table(demo, name)) == (name not in OF_SEVERAL_CENTRES)


def test_every_column_is_described() -> None:
    assert all(text for kind in TYPES.values() for _, text in describe_columns(kind))


def test_the_same_cohort_gives_the_same_bytes(demo: tuple[Path, Clinic, Path], tmp_path: Path) -> None:
    write_outcomes(out=tmp_path, seed=SEED, patients=PATIENTS)
    again = run(tmp_path, replace(demo[1], folder=tmp_path / "clinical"))
    for name in TYPES:
        assert (again / name).read_bytes() == (demo[2] / name).read_bytes(), name


def test_counts_agree_across_tables(demo: tuple[Path, Clinic, Path]) -> None:
    endpoints = {(e.endpoint, e.analysis): e for e in table(demo, "endpoints.tsv")}
    patients = table(demo, "endpoint_patients.tsv")
    for (endpoint, analysis), row in endpoints.items():
        own = [p for p in patients if p.endpoint == endpoint]
        assert row.patients + sum(p.exclusion is not None for p in own) == PATIENTS
        if analysis is Analysis.AS_DEFINED and row.status is Status.ESTIMATED:
            steps = [k for k in table(demo, f"km_{endpoint}.tsv") if k.grouping == "all"]
            assert sum(k.events for k in steps if k.analysis is analysis) == row.events
    switched = endpoints[RWTTD2_STARTERS.name, Analysis.AS_DEFINED].patients
    responses = table(demo, "responses.tsv")
    assert {x.patients for x in responses if (x.grouping, x.denominator) == ("all", "treated")} == {switched}
    progressed = endpoints[RWPFS2.name, Analysis.AS_DEFINED].patients
    assert sum(f.patients for f in table(demo, "flow.tsv")) == progressed
    by_treatment = table(demo, "mechanism_treatment.tsv")
    assert next(m for m in by_treatment if m.component == m.regimen_kind == "all").treated == switched


def test_every_figure_of_the_headline_is_there(demo: tuple[Path, Clinic, Path]) -> None:
    headline = [e for e in table(demo, "endpoints.tsv") if e.headline]
    assert [e.endpoint for e in headline] == list(ENDPOINTS)
    assert all(e.median_days is not None for e in headline)
    rates = table(demo, "endpoint_rates.tsv")
    assert {x.years for x in rates} == {1, 2}


def test_naive_and_corrected_stand_side_by_side(demo: tuple[Path, Clinic, Path]) -> None:
    rows = [
        a for a in table(demo, "associations.tsv") if a.question in ("treatment_outcome", "mechanism_outcome")
    ]
    for endpoint in ("rwPFS2", "rwTTD2"):
        found = {(a.factor, a.level, a.analysis) for a in rows if a.endpoint == endpoint}
        naive = {key[:2] for key in found if key[2] == "naive"}
        assert naive
        assert naive == {key[:2] for key in found if key[2] == "group_entry"}


def test_without_sequencing_details_components_remain(
    demo: tuple[Path, Clinic, Path], tmp_path: Path
) -> None:
    folder, clinic, _ = demo
    out = tmp_path / "cohort"
    relate_outcomes(
        clinic=clinic, classification=folder / "classification.tsv", resistance=None, evidence=[], details=[],
        settings=NO_MODELS, timing=resistance_settings(), out=out,
    )  # fmt: skip
    assert {f.category for f in read_table(out / "frequencies.tsv", FrequencyRow)} == {"class", "component"}
    assert read_table(out / "concordance.tsv", ConcordanceRow) == []


def test_excluded_patients_are_nowhere(demo: tuple[Path, Clinic, Path], tmp_path: Path) -> None:
    folder, clinic, _ = demo
    copy = tmp_path_copy(folder, tmp_path)
    out = run(copy, replace(clinic, exclude=("S001",)), settings=NO_MODELS)
    for name in ("endpoint_patients.tsv", "oncoprint.tsv", "swimmer.tsv", "response_patients.tsv"):
        assert all(row.patient != "S001" for row in read_table(out / name, TYPES[name]))


def tmp_path_copy(folder: Path, target: Path) -> Path:
    for name in ("classification.tsv", "resistance.tsv", "evidence.tsv"):
        (target / name).write_bytes((folder / name).read_bytes())
    return target


def test_a_missing_safety_table_is_not_a_zero(tmp_path: Path) -> None:
    clinic = write_demo(tmp_path)
    for name in ("adverse_events", "dose_changes"):
        (clinic.folder / f"{name}.tsv").unlink()
    measure_outcomes(clinic=clinic, settings=SETTINGS, out=tmp_path / "cohort")
    assert read_table(tmp_path / "cohort" / "safety.tsv", SafetyRow) == []
    assert read_table(tmp_path / "cohort" / "dose_adjustments.tsv", DoseRow) == []


def test_a_safety_table_may_be_a_csv(tmp_path: Path) -> None:
    clinic = write_demo(tmp_path)
    path = clinic.folder / "adverse_events.tsv"
    path.with_suffix(".csv").write_text(path.read_text().replace("\t", ","))
    path.unlink()
    measure_outcomes(clinic=clinic, settings=SETTINGS, out=tmp_path / "cohort")
    assert any(row.any_grade for row in read_table(tmp_path / "cohort" / "safety.tsv", SafetyRow))


def test_one_patient_and_no_other_table(tmp_path: Path) -> None:
    clinic = write_demo(tmp_path)
    for path in clinic.folder.iterdir():
        lines = path.read_text().splitlines()
        path.write_text(
            "\n".join(line for line in lines[:1] + [x for x in lines if x.startswith("S001\t")]) + "\n"
        )
    for name in ("assessments", "follow_up", "adverse_events", "dose_changes", "reports", "pathology"):
        (clinic.folder / f"{name}.tsv").unlink()
    for name in ("classification.tsv", "resistance.tsv", "evidence.tsv"):
        (tmp_path / name).write_text((tmp_path / name).read_text().splitlines()[0] + "\n")
    out = run(tmp_path, clinic)
    assert {e.patients for e in read_table(out / "endpoints.tsv", EndpointRow)} <= {0, 1}


def test_an_unknown_drug_is_named(tmp_path: Path) -> None:
    clinic = write_demo(tmp_path)
    path = clinic.folder / "treatments.tsv"
    path.write_text(path.read_text().replace("neladalkib", "neladalkip", 1))
    with pytest.raises(InputProblems, match="unknown drug 'neladalkip'"):
        measure_outcomes(clinic=clinic, settings=SETTINGS, out=tmp_path / "cohort")
    assert not (tmp_path / "cohort").exists()


@pytest.mark.parametrize("name", ["measure_outcomes", "relate_outcomes"])
def test_the_rules_scripts_write_what_the_rules_promise(
    demo: tuple[Path, Clinic, Path], tmp_path: Path, name: str
) -> None:
    folder, clinic, expected = demo
    config = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
    names = measured_tables() if name == "measure_outcomes" else related_tables()
    given = SimpleNamespace(
        input=SimpleNamespace(
            clinical=sorted(str(path) for path in clinic.folder.iterdir()),
            classification=str(folder / "classification.tsv"),
            resistance=str(folder / "resistance.tsv"),
            evidence=[str(folder / "evidence.tsv")],
            details=sorted(str(path) for path in (folder / "details").glob("*.json")),
            endpoints=str(expected / "endpoints.tsv"),
            plan=[str(PLAN)],
        ),
        output=SimpleNamespace(tables=[str(tmp_path / "cohort" / item) for item in names]),
        params=SimpleNamespace(settings={key: config[key] for key in ("cohort", "resistance", "exclude")}),
        config=config,
        log=[str(tmp_path / "job.log")],
    )
    runpy.run_path(str(ROOT / "scripts" / f"{name}.py"), init_globals={"snakemake": given})
    assert {path.name for path in (tmp_path / "cohort").iterdir()} == set(names)
    for item in names:
        assert (tmp_path / "cohort" / item).read_bytes() == (expected / item).read_bytes(), item


def test_a_sample_reported_after_the_data_cut_off_counts_nowhere(
    demo: tuple[Path, Clinic, Path], tmp_path: Path
) -> None:
    """Classes of later samples were counted among the patients of a cut that none of them had reached."""
    folder, clinic, _ = demo
    cutoff = dt.date(2021, 1, 1)
    lines = [line.split("\t") for line in (folder / "clinical/reports.tsv").read_text().splitlines()[1:]]
    known = {(line[0], line[1]) for line in lines if line[3] <= cutoff.isoformat()}
    out = run(
        folder,
        clinic,
        out=tmp_path,
        settings=cohort_settings(events_per_parameter=10_000, data_cutoff=cutoff),
    )
    classified = read_table(folder / "classification.tsv", ClassificationRow)
    baselines = {row.patient for row in classified if row.setting == "baseline"}
    early = {row.patient for row in classified if row.setting == "baseline" and _key(row) in known}
    assert 0 < len(early) < len(baselines)
    rows = read_table(out / "frequencies.tsv", FrequencyRow)
    counted = [row.patients for row in rows if (row.setting, row.name) == ("baseline", "bypass")]
    assert counted == [len(early)]
    compared = read_table(out / "concordance.tsv", ConcordanceRow)
    assert {_key(row) for row in compared} <= known


def _key(row: Any) -> tuple[str, str]:
    return row.patient, row.timepoint
