"""The demo cohort of the outcome tests: written once, read by several test modules."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from shipped_settings import SHIPPED

from alktrace.classify.resistance_table import ClassificationRow, ResistanceRow
from alktrace.demo.synthetic_outcomes import write_outcomes
from alktrace.inputs.knowledge_files import KnowledgeFiles
from alktrace.inputs.settings.cohort_settings import CohortSettings
from alktrace.inputs.settings.resistance_settings import ResistanceSettings
from alktrace.io.tables import read_table
from alktrace.knowledge.load import load_knowledge
from alktrace.outcomes.absence import Silence, silences_of
from alktrace.outcomes.accounts import Key
from alktrace.outcomes.comparisons import component_groupings, prepare, regimen_grouping
from alktrace.outcomes.endpoint_figures import ANALYSES, columns, observe
from alktrace.outcomes.endpoints import (
    ENDPOINTS,
    RWPFS2,
    RWPFS2_TREATMENT,
    STATE_MODELS,
    patient_rows,
)
from alktrace.outcomes.frequencies import tally
from alktrace.outcomes.mechanisms import features, findings
from alktrace.outcomes.outcome_jobs import Clinic, load_timelines
from alktrace.outcomes.states import paths_of
from alktrace.outcomes.survival import emptied
from alktrace.vocabulary.outcomes import PRESENT, RegimenKind
from alktrace.vocabulary.resistance import Timing
from alktrace.vocabulary.samples import Setting

ROOT = Path(__file__).resolve().parents[1]
KNOWLEDGE = KnowledgeFiles(ROOT / "resources" / "knowledge")
SEED, PATIENTS = 11, 60
KNOWN_TO_R = """
    rwTTD1 rwTTD1_beyond rwTTD2 rwTTD2_starters rwTTD2_treatment rwPFS2 rwPFS2_treatment
    OS_lorlatinib OS_progression
""".split()
"""Endpoints whose figures were computed in R; a new one needs no R."""


def cohort_settings(**changes: Any) -> CohortSettings:
    return CohortSettings(**{**SHIPPED.cohort.model_dump(), **changes})


def resistance_settings() -> ResistanceSettings:
    return SHIPPED.resistance


def write_demo(folder: Path) -> Clinic:
    write_outcomes(out=folder, seed=SEED, patients=PATIENTS)
    return Clinic(folder / "clinical", KNOWLEDGE, 30, ())


def silences_of_rows(rows: Sequence[ClassificationRow]) -> dict[Key, Silence]:
    return silences_of(rows, (), load_knowledge(KNOWLEDGE).core_loci, resistance_settings().negative)


class Demo:
    """The demo cohort, as far as survival analysis needs it."""

    def __init__(self, folder: Path) -> None:
        self.clinic = write_demo(folder)
        self.settings = cohort_settings()
        self.timelines = load_timelines(self.clinic, self.settings)
        self.rows = patient_rows(self.timelines)
        classified = read_table(folder / "classification.tsv", ClassificationRow)
        mechanisms = read_table(folder / "resistance.tsv", ResistanceRow)
        self.found = findings(
            classified, mechanisms, self.timelines, Setting.PROGRESSION, silences_of_rows(classified)
        )

    def survival(self) -> Iterator[dict[str, Any]]:
        """Sets of patients at risk: endpoints over all, then rwPFS2 by treatment in each analysis."""
        for endpoint in (ENDPOINTS[name] for name in KNOWN_TO_R):
            own = [row for row in self.rows if row.endpoint == endpoint.name]
            for analysis in ANALYSES:
                observed, _ = observe(own, analysis)
                assert emptied(*columns(observed)) is None
                for item in observed:
                    yield self._row(f"{endpoint.name}:{analysis.value}", item, None, None)
        regimen = regimen_grouping(self.timelines)
        marker = component_groupings(self.found)[0]
        for comparison in prepare(self.rows, regimen):
            if comparison.endpoint in (RWPFS2, RWPFS2_TREATMENT):
                name = f"{comparison.endpoint.name}:{comparison.analysis.value}"
                for item in comparison.observed:
                    group = marker.group_of.get(item.patient)
                    treated = int(regimen.group_of[item.patient] == RegimenKind.NO_ALK_TKI)
                    yield self._row(name, item, treated, None if group is None else int(group == PRESENT))

    def counts(self) -> Iterator[dict[str, Any]]:
        primary, acquired = (
            [item for item in self.found.values() if item.timing is timing]
            for timing in (Timing.PRIMARY, Timing.ACQUIRED)
        )
        for name in ("on_target", "bypass", "transformation"):
            feature = ("component", name)
            one, other = tally(primary, feature, features), tally(acquired, feature, features)
            yield {
                "name": name,
                "count": len(one.seen),
                "total": one.total,
                "other_count": len(other.seen),
                "other_total": other.total,
            }

    def stays(self) -> Iterator[dict[str, Any]]:
        for model in STATE_MODELS:
            for row in paths_of(model, self.timelines):
                yield vars(row) | {"states": ";".join(model.states)}

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
