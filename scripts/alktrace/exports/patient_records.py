"""The clinical tables as exports use them: up to the cut-off of the data, as every outcome does."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from ..inputs.knowledge_files import KnowledgeFiles
from ..knowledge.load import load_knowledge
from ..outcomes.clinical_schema import PatientRecord
from ..outcomes.clinical_tables import read_clinical
from ..outcomes.cutoff import cut_off


def load_records(
    tables: Sequence[Path | str], knowledge: KnowledgeFiles, *, cutoff: dt.date | None
) -> dict[str, PatientRecord]:
    """Return what the clinical tables say, by patient; nothing without tables.

    Args:
        tables: the clinical tables, all in one folder.
        knowledge: the knowledge tables, for names of drugs.
        cutoff: nothing after it is exported.

    Raises:
        InputProblems: problems of the tables.
    """
    if not tables:
        return {}
    known = load_knowledge(knowledge)
    records = read_clinical(Path(tables[0]).parent, knowledge=known, today=dt.date.today()).records
    return {name: cut_off(one, cutoff) if cutoff else one for name, one in records.items()}
