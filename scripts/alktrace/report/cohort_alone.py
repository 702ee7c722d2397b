"""Outcomes and the page of a cohort from tables alone, without any reads."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..classify.discovery import EmergentUnknownRow
from ..classify.resistance_table import ClassificationRow, ResistanceRow
from ..errors import DataError
from ..evidence.evidence_table import EvidenceRow
from ..inputs.knowledge_files import KnowledgeFiles
from ..inputs.settings.configuration import Settings
from ..io.tables import read_table, write_table
from ..outcomes.outcome_files import outcome_tables
from ..outcomes.outcome_jobs import Clinic, PlanFiles, measure_outcomes, relate_outcomes
from .cohort_page import write_cohort_page


def write_cohort(
    *, clinical: Path, tables: Path, knowledge: KnowledgeFiles, settings: Settings, out: Path
) -> Path:
    """Write all outcome tables and the page; return the page.

    Args:
        clinical: folder of the clinical tables.
        tables: folder with `classification.tsv`, and if known `resistance.tsv`, `evidence.tsv`,
            `emergent_unknown.tsv` and the accounts `*resistance.json` of the timepoints (there or in
            `details/`), as `classify` writes them; or folders with such tables, one for each patient.
        knowledge: the knowledge tables.
        settings: the whole configuration; `cohort`, `resistance` and `exclude` count.
        out: gets the tables and `report.html`.

    Raises:
        InputProblems: problems of the clinical tables.
        DataError: no `classification.tsv`.
    """
    tables, details = open_tables(tables, out)
    classification, resistance = tables / "classification.tsv", tables / "resistance.tsv"
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
        details=details,
        settings=settings.cohort,
        timing=settings.resistance,
        out=out,
        plan=PlanFiles(Path(settings.cohort.plan), out / "endpoints.tsv") if settings.cohort.plan else None,
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
        language=settings.report.language,
        out=page,
    )
    return page


def open_tables(tables: Path, out: Path) -> tuple[Path, list[Path]]:
    """Return the folder with the tables of all patients, and the accounts of the timepoints.

    Args:
        tables: as of `write_cohort`.
        out: gets the tables as one where they lie in several folders.

    Raises:
        DataError: no `classification.tsv`, or a timepoint of two folders.
    """
    folders = [tables]
    if not (tables / "classification.tsv").is_file():
        folders = [path.parent for path in sorted(tables.glob("*/classification.tsv")) if path.parent != out]
        tables = _together(tables, folders, out)
    details = [
        path
        for folder in folders
        for part in (folder, folder / "details")
        for path in sorted(part.glob("*resistance.json"))
    ]
    return tables, details


PARTS: dict[str, type[Any]] = {
    "classification.tsv": ClassificationRow,
    "resistance.tsv": ResistanceRow,
    "evidence.tsv": EvidenceRow,
    "emergent_unknown.tsv": EmergentUnknownRow,
}


def _together(tables: Path, folders: Sequence[Path], out: Path) -> Path:
    """Write the tables of some folders in `tables` as one into `out`; return it.

    Raises:
        DataError: there are no folders, or two have the same timepoint.
    """
    if not folders:
        remedy = "give the folder that has it, or one with such folders"
        raise DataError(tables / "classification.tsv", "no such file", remedy)
    for name, row_type in PARTS.items():
        given = [folder / name for folder in folders if (folder / name).is_file()]
        rows = {path: read_table(path, row_type) for path in given}
        if name == "classification.tsv":
            _refuse_doubled(rows)
        if given:
            write_table(out / name, row_type, [row for found in rows.values() for row in found])
    return out


def _refuse_doubled(rows: Mapping[Path, Sequence[ClassificationRow]]) -> None:
    first: dict[tuple[str, str], Path] = {}
    for path, found in rows.items():
        for row in found:
            known = first.setdefault((row.patient, row.timepoint), path)
            if known != path:
                what = f"timepoint {row.timepoint!r} of patient {row.patient!r} stands in {known} too"
                raise DataError(path, what, "give each timepoint once")
