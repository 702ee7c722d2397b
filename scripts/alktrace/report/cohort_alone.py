"""Outcomes and the page of a cohort from tables alone, without any reads."""

from pathlib import Path

from ..errors import DataError
from ..inputs.knowledge_files import KnowledgeFiles
from ..inputs.settings.configuration import Settings
from ..outcomes.outcome_files import outcome_tables
from ..outcomes.outcome_jobs import Clinic, measure_outcomes, relate_outcomes
from .cohort_page import write_cohort_page


def write_cohort(
    *, clinical: Path, tables: Path, knowledge: KnowledgeFiles, settings: Settings, out: Path
) -> Path:
    """Write all outcome tables and the page; return the page.

    Args:
        clinical: folder of the clinical tables.
        tables: folder with `classification.tsv`, and if known `resistance.tsv`, `evidence.tsv`,
            `emergent_unknown.tsv` and the accounts `*resistance.json` of the timepoints (there or in
            `details/`), as `classify` writes them.
        knowledge: the knowledge tables.
        settings: the whole configuration; `cohort`, `resistance` and `exclude` count.
        out: gets the tables and `report.html`.

    Raises:
        InputProblems: problems of the clinical tables.
        DataError: no `classification.tsv`.
    """
    classification, resistance = tables / "classification.tsv", tables / "resistance.tsv"
    if not classification.is_file():
        raise DataError(classification, "no such file", "give the folder that has it")
    mechanisms = resistance if resistance.is_file() else None
    gap = settings.resistance.window.days_after_last_dose
    clinic = Clinic(clinical, knowledge, gap, frozenset(settings.exclude))
    evidence, discovered = tables / "evidence.tsv", tables / "emergent_unknown.tsv"
    measure_outcomes(clinic=clinic, settings=settings.cohort, out=out)
    relate_outcomes(
        clinic=clinic,
        classification=classification,
        resistance=mechanisms,
        evidence=[evidence] if evidence.is_file() else [],
        details=[*sorted(tables.glob("*resistance.json")), *sorted(tables.glob("details/*resistance.json"))],
        settings=settings.cohort,
        timing=settings.resistance,
        out=out,
    )
    page = out / "report.html"
    write_cohort_page(
        classification=classification,
        resistance=mechanisms,
        discovered=discovered if discovered.is_file() else None,
        quality=None,
        identity=None,
        outcomes=[out / name for name in outcome_tables()],
        knowledge=knowledge,
        settings=settings.cohort,
        out=page,
    )
    return page
