"""The demo cohort of the outcome tests: written once, read by several test modules."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from alktrace.classify.resistance_table import ClassificationRow, ResistanceRow
from alktrace.demo.synthetic_outcomes import write_outcomes
from alktrace.inputs.settings import CohortSettings, ResistanceSettings
from alktrace.io.tables import read_table
from alktrace.outcomes.comparisons import PRESENT, component_groupings, prepare, regimen_grouping
from alktrace.outcomes.endpoint_figures import ANALYSES, observe, refuse
from alktrace.outcomes.endpoints import patient_rows
from alktrace.outcomes.mechanisms import features, findings
from alktrace.outcomes.outcome_jobs import Clinic, load_journeys
from alktrace.vocabulary.outcomes import Endpoint, RegimenKind
from alktrace.vocabulary.resistance import Timing
from alktrace.vocabulary.samples import Setting

ROOT = Path(__file__).resolve().parents[1]
KNOWLEDGE = ROOT / "resources" / "knowledge"
SEED, PATIENTS = 11, 60


def cohort_settings(**changes: Any) -> CohortSettings:
    given = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())["cohort"]
    return CohortSettings(**{**given, **changes})


def resistance_settings() -> ResistanceSettings:
    return ResistanceSettings(**yaml.safe_load((ROOT / "config" / "config.yaml").read_text())["resistance"])


def write_demo(folder: Path) -> Clinic:
    write_outcomes(out=folder, seed=SEED, patients=PATIENTS)
    return Clinic(folder / "clinical", KNOWLEDGE, 30, ())


class Demo:
    """The demo cohort, as far as survival analysis needs it."""

    def __init__(self, folder: Path) -> None:
        self.clinic = write_demo(folder)
        self.settings = cohort_settings()
        self.journeys = load_journeys(self.clinic, self.settings)
        self.rows = patient_rows(self.journeys)
        classified = read_table(folder / "classification.tsv", ClassificationRow)
        mechanisms = read_table(folder / "resistance.tsv", ResistanceRow)
        self.found = findings(classified, mechanisms, self.journeys, Setting.PROGRESSION)

    def survival(self) -> Iterator[dict[str, Any]]:
        """Sets of patients at risk: every endpoint over all, then rwPFS2 by treatment in each analysis."""
        for endpoint in Endpoint:
            own = [row for row in self.rows if row.endpoint is endpoint]
            for analysis in ANALYSES:
                observed, _ = observe(own, analysis)
                assert refuse(endpoint, observed, self.settings, 0.0) is None
                for item in observed:
                    yield self._row(f"{endpoint.value}:{analysis.value}", item, None, None)
        regimen = regimen_grouping(self.journeys)
        marker = component_groupings(self.found)[0]
        starts = {j.patient.patient: j.following.start for j in self.journeys if j.following}
        for comparison in prepare(self.rows, regimen, starts):
            if comparison.endpoint in (Endpoint.RWPFS2, Endpoint.RWPFS2_TREATMENT):
                name = f"{comparison.endpoint.value}:{comparison.analysis.value}"
                for item in comparison.observed:
                    group = marker.group_of.get(item.patient)
                    treated = int(regimen.group_of[item.patient] == RegimenKind.NO_ALK_TKI)
                    yield self._row(name, item, treated, None if group is None else int(group == PRESENT))

    def counts(self) -> Iterator[dict[str, Any]]:
        evaluable = [item for item in self.found.values() if item.evaluable]
        primary = [item for item in evaluable if item.timing is Timing.PRIMARY]
        acquired = [item for item in evaluable if item.timing is Timing.ACQUIRED]
        for name in ("on_target", "bypass", "transformation"):
            key = ("component", name)
            yield {
                "name": name,
                "count": sum(key in features(item) for item in primary),
                "total": len(primary),
                "other_count": sum(key in features(item) for item in acquired),
                "other_total": len(acquired),
            }

    @staticmethod
    def _row(name: str, item: Any, treated: int | None, marker: int | None) -> dict[str, Any]:
        return {
            "set": name, "patient": item.patient, "entry": item.entry, "time": item.time,
            "event": int(item.event), "treated": treated, "marker": marker,
        }  # fmt: skip


def write_rows(path: Path, rows: list[dict[str, Any]]) -> None:
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows({key: _text(value) for key, value in row.items()} for row in rows)


def _text(value: Any) -> str:
    return "NA" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
