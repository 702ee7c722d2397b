"""A new endpoint is one registered object: tables, comparisons, page and docs have it without other edits."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from outcome_cohort import KNOWLEDGE, cohort_settings, resistance_settings, write_demo

from alktrace.commands.generated_docs import generated_parts
from alktrace.io.tables import read_table
from alktrace.knowledge.load import load_knowledge
from alktrace.outcomes.endpoints import (
    ALIVE,
    ENDPOINTS,
    LOCAL_THERAPY,
    PROGRESSED,
    PROGRESSION,
    RWPFS2,
    Endpoint,
    Event,
    register,
)
from alktrace.outcomes.outcome_files import outcome_tables
from alktrace.outcomes.outcome_jobs import measure_outcomes, relate_outcomes
from alktrace.outcomes.timeline import Timeline
from alktrace.report.outcome_section import outcome_exhibits

SETTINGS = cohort_settings()


def switch_or_death(timeline: Timeline) -> tuple[dt.date, str] | None:
    if timeline.next_treatment:
        return timeline.next_treatment.start, "switch"
    return (timeline.death, "death") if timeline.death else None


NEW = Endpoint(
    name="rwTTNT2",
    title="Time to the next treatment",
    population=PROGRESSED,
    start=PROGRESSION,
    event=Event("first dose of the next treatment, or death", switch_or_death, place=2),
    censoring=ALIVE,
    treatment="whatever follows lorlatinib",
    intercurrent=(LOCAL_THERAPY,),
)


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(ENDPOINTS, NEW.name, NEW)
        folder = tmp_path_factory.mktemp("cohort")
        clinic, out = write_demo(folder), folder / "out"
        measure_outcomes(clinic=clinic, settings=SETTINGS, out=out)
        relate_outcomes(
            clinic=clinic, classification=folder / "classification.tsv",
            resistance=folder / "resistance.tsv", evidence=[], details=[], settings=SETTINGS,
            timing=resistance_settings(), out=out,
        )  # fmt: skip
        yield out


def test_every_table_by_endpoint_has_it(cohort: Path) -> None:
    tables = {name: kind for name, kind in outcome_tables().items() if "endpoint" in kind.__annotations__}
    named = {name: {row.endpoint for row in read_table(cohort / name, kind)} for name, kind in tables.items()}
    # Without a plan and in one centre some have no rows of any endpoint; clearance is of lorlatinib's alone.
    named = {name: found for name, found in named.items() if found and name != "ctdna_clearance.tsv"}
    assert len(named) > len(ENDPOINTS)
    for name, found in named.items():
        assert NEW.name in found or (name.startswith("km_") and len(found) == 1), name


def test_the_curve_counts_what_the_definition_says(cohort: Path) -> None:
    tables = outcome_tables()
    own = [
        row
        for row in read_table(cohort / "endpoint_patients.tsv", tables["endpoint_patients.tsv"])
        if row.endpoint == NEW.name and row.included
    ]
    steps = read_table(cohort / NEW.curve_file, tables[NEW.curve_file])
    assert {row.event_type for row in own} == {"switch", "death", None}
    events = sum(row.events for row in steps if row.grouping == "all" and row.analysis is NEW.headline)
    assert events == sum(row.event for row in own) > 0


def test_the_page_shows_it_with_its_texts(cohort: Path) -> None:
    shown = {
        item.name: item for item in outcome_exhibits(cohort, load_knowledge(KNOWLEDGE).messages, SETTINGS)
    }
    item = shown[f"km-{NEW.name}"]
    assert item.title == NEW.title
    assert f"days after {PROGRESSION.text}" in item.svgs[0]
    for text in (PROGRESSED.text, NEW.event.text, ALIVE.text):
        assert text in " ".join(item.caption)
    assert "rwTTNT2, late entry" in shown["forest-treatment_outcome"].svgs[0]


def test_docs_and_rules_name_it(cohort: Path) -> None:
    assert NEW.curve_file in outcome_tables()
    assert f"| `{NEW.name}` | {PROGRESSED.text} |" in generated_parts()["endpoints"]
    assert (
        f"| `{NEW.name}` | {NEW.treatment} | local therapy: treatment policy"
        in generated_parts()["estimands"]
    )


def test_a_name_is_given_once() -> None:
    with pytest.raises(ValueError, match="rwPFS2"):
        register(RWPFS2)
