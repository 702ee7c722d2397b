"""Evidence files to the tables of the result."""

from collections.abc import Callable, Sequence
from pathlib import Path

from ..errors import DataError, InputProblems, Problem
from ..evidence.evidence_file import json_text, load_evidence
from ..evidence.evidence_table import EvidenceRow
from ..evidence.flat_table import evidence_rows
from ..evidence.fraction_caveats import with_fraction_caveats
from ..evidence.schema import PatientEvidence
from ..evidence.white_cell_origin import with_white_cell_origins
from ..inputs.knowledge_files import KnowledgeFiles
from ..inputs.settings.origin_settings import OriginSettings
from ..inputs.settings.resistance_settings import ResistanceSettings
from ..io.atomic import atomic_output
from ..io.tables import write_table
from ..knowledge.answers import Knowledge
from ..knowledge.load import load_knowledge
from .decision import TimepointResult, classify_patient, classify_timepoint
from .discovery import EmergentUnknownRow
from .evidence_checks import content_problems
from .resistance_table import ClassificationRow, ResistanceRow
from .view import prepare_patient, timepoints


def classify_timepoint_file(
    *,
    evidence: Path,
    knowledge: KnowledgeFiles,
    settings: ResistanceSettings,
    timepoint: str,
    out_table: Path,
    out_summary: Path,
    out_discovered: Path,
    out_json: Path,
) -> None:
    """Classify one timepoint of an evidence file.

    Args:
        evidence: evidence JSON of one patient.
        knowledge: the knowledge tables.
        settings: section `resistance`.
        timepoint: id of the timepoint.
        out_table: `resistance.tsv`.
        out_summary: `classification.tsv`, its one row.
        out_discovered: `emergent_unknown.tsv`, what emerged and stands in no table of mechanisms.
        out_json: `resistance.json`, the full account.

    Raises:
        InputProblems: wrong fields in the evidence or the tables.
        DataError: the timepoint has no specimen to classify.
    """
    patient = prepare_patient(load_evidence(evidence), settings)
    # White cells alone are no timepoint: a sample of the sheet may be missing here.
    if timepoint not in timepoints(patient):
        known = ", ".join(timepoints(patient)) or "none"
        raise DataError(evidence, f"has no timepoint {timepoint!r}", f"give one of: {known}")
    result = classify_timepoint(patient, timepoint, load_knowledge(knowledge), settings)
    write_table(out_table, ResistanceRow, result.rows)
    write_table(out_summary, ClassificationRow, [result.row])
    write_table(out_discovered, EmergentUnknownRow, result.discovered)
    _write_detail(result, out_json)


def classify_evidence_file(
    *,
    evidence: Path,
    knowledge: KnowledgeFiles,
    settings: ResistanceSettings,
    origin: OriginSettings,
    out_dir: Path,
) -> None:
    """Classify every timepoint of an evidence file.

    Args:
        evidence: evidence JSON of one patient.
        knowledge: the knowledge tables.
        settings: section `resistance`.
        origin: section `origin`, by which white-cell counts of the file are judged.
        out_dir: gets `resistance.tsv`, `classification.tsv`, `emergent_unknown.tsv`, `evidence.tsv` and, per
            timepoint, `{timepoint}.resistance.json`.

    Raises:
        InputProblems: wrong fields in the evidence or the tables.
    """
    tables = load_knowledge(knowledge)
    _write(
        [_judge(evidence, tables, settings, origin)],
        out_dir,
        lambda item: f"{item.timepoint}.resistance.json",
    )


def classify_evidence_files(
    *,
    evidence: Sequence[Path],
    knowledge: KnowledgeFiles,
    settings: ResistanceSettings,
    origin: OriginSettings,
    out_dir: Path,
) -> None:
    """Classify the evidence files of many patients into tables over all of them, as `cohort` reads them.

    Args:
        evidence: JSON files of one patient each.
        knowledge: the knowledge tables, read once.
        settings: section `resistance`.
        origin: section `origin`.
        out_dir: gets the tables of `classify_evidence_file` over all patients, and each account as
            `details/{patient}.{timepoint}.resistance.json`.

    Raises:
        InputProblems: what is wrong in any of the files, and patients of two files; nothing is written then.
    """
    tables = load_knowledge(knowledge)
    judged, problems, files = [], list[Problem](), dict[str, Path]()
    for path in evidence:
        try:
            item = _judge(path, tables, settings, origin)
        except InputProblems as error:
            problems += error.problems
            continue
        except DataError as error:
            problems.append(error.problem)
            continue
        # Two files of one patient would be two patients with the same timepoints.
        if (first := files.setdefault(item[0].patient, path)) != path:
            what = f"patient {item[0].patient!r} has a file already: {first}"
            problems.append(Problem(str(path), 0, "patient", what, "keep one file per patient"))
        judged.append(item)
    if problems:
        raise InputProblems(problems)
    _write(judged, out_dir, lambda item: f"details/{item.row.patient}.{item.timepoint}.resistance.json")


Judged = tuple[PatientEvidence, list[TimepointResult]]


def _judge(evidence: Path, tables: Knowledge, settings: ResistanceSettings, origin: OriginSettings) -> Judged:
    given = load_evidence(evidence)
    # Only here: the workflow names changes itself, a file of a user may follow another isoform.
    if problems := list(content_problems(given, tables, str(evidence))):
        raise InputProblems(problems)
    given = with_fraction_caveats(with_white_cell_origins(given, origin))
    return given, list(classify_patient(given, tables, settings))


def _write(judged: Sequence[Judged], out_dir: Path, detail: Callable[[TimepointResult], str]) -> None:
    results = [item for _, found in judged for item in found]
    write_table(out_dir / "resistance.tsv", ResistanceRow, [row for item in results for row in item.rows])
    write_table(out_dir / "classification.tsv", ClassificationRow, [item.row for item in results])
    discovered = [row for item in results for row in item.discovered]
    write_table(out_dir / "emergent_unknown.tsv", EmergentUnknownRow, discovered)
    observed = [row for given, _ in judged for row in evidence_rows(given)]
    write_table(out_dir / "evidence.tsv", EvidenceRow, observed)
    for item in results:
        _write_detail(item, out_dir / detail(item))


def _write_detail(result: TimepointResult, path: Path) -> None:
    with atomic_output(path) as (partial,):
        partial.write_text(json_text(result.detail), encoding="utf-8")
