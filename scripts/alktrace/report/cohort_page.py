"""The page of the cohort: classes, mechanisms, and what could not be judged."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..classify.discovery import EmergentUnknownCount, EmergentUnknownRow, counted_over_patients
from ..classify.resistance_table import ClassificationRow, ResistanceRow
from ..inputs.knowledge_files import KnowledgeFiles
from ..inputs.settings.cohort_settings import CohortSettings
from ..io.tables import format_cell, read_table
from ..knowledge.load import load_knowledge
from ..qc.identity_table import IdentityRow
from ..qc.qc_table import QcRow
from ..vocabulary.resistance import Classification
from ..vocabulary.samples import Setting, Verdict
from . import words
from .pages import write_page
from .words import NOTICE_KEY


def write_cohort_page(
    *,
    classification: Path,
    resistance: Path | None,
    discovered: Path | None,
    quality: Path | None,
    identity: Path | None,
    outcomes: Sequence[Path],
    knowledge: KnowledgeFiles,
    settings: CohortSettings,
    out: Path,
) -> None:
    """Write the page of the cohort.

    Args:
        classification: `classification.tsv`.
        resistance: `resistance.tsv`; without it the page has no table of mechanisms.
        discovered: `emergent_unknown.tsv`, of the cohort or as `classify` writes it; without it the page
            does not list what emerged and has no known role.
        quality: `qc.tsv`; without it, as for a cohort without reads, the page has no part on quality and no
            links to pages of patients.
        identity: `identity.tsv`.
        outcomes: the outcome tables, all in one folder; none without clinical tables.
        knowledge: the knowledge tables, for the texts of codes.
        settings: section `cohort`, as the outcome tables were made with.
        out: HTML.
    """
    known = load_knowledge(knowledge)
    messages = known.messages
    content = cohort_content(
        read_table(classification, ClassificationRow),
        read_table(resistance, ResistanceRow) if resistance else (),
        read_table(quality, QcRow) if quality else (),
        read_table(identity, IdentityRow) if identity else (),
        messages,
    )
    content["edition"] = known.edition
    content["from_reads"], content["with_mechanisms"] = quality is not None, resistance is not None
    content["with_discovered"] = discovered is not None
    found = read_table(discovered, EmergentUnknownRow) if discovered else []
    content["discovered"] = discovered_lines(counted_over_patients(found))
    content["exhibits"] = []
    if outcomes:
        # The figures need matplotlib, which takes a second to import.
        from .outcome_section import outcome_exhibits

        content["exhibits"] = outcome_exhibits(outcomes[0].parent, messages, settings)
    content["outcomes"] = [path.name for path in outcomes]
    write_page("cohort.html", content, out)


def cohort_content(
    classification: Sequence[ClassificationRow],
    resistance: Sequence[ResistanceRow],
    quality: Sequence[QcRow],
    identity: Sequence[IdentityRow],
    messages: Mapping[str, str],
) -> dict[str, Any]:
    """Return what the template shows, as plain values; pure."""
    settings = [one for one in Setting if any(row.setting is one for row in classification)]
    per_setting = {
        one: Counter(row.classification for row in classification if row.setting is one) for one in settings
    }
    return {
        "notice": messages[NOTICE_KEY],
        "patients": len({row.patient for row in classification}),
        "timepoints": len(classification),
        "settings": [one.value for one in settings],
        "classes": [
            {"name": one.value, "counts": [per_setting[setting][one] for setting in settings]}
            for one in Classification
        ],
        "rows": [_row(row, messages) for row in classification],
        "mechanisms": [_mechanism(row) for row in resistance if row.mechanism is not None],
        "quality": [
            {
                "sample": f"{row.patient}.{row.timepoint}.{row.specimen}",
                "role": row.role,
                "assay": row.assay,
                "reads": format_cell(row.raw_reads),
                "molecules": format_cell(row.molecules),
                "duplex": format_cell(row.molecules_duplex),
                "contamination": words.percent(row.contamination)
                if row.contamination is not None
                else words.NOTHING,
                "identity": row.identity.value,
                "verdict": row.verdict.value,
                "reasons": format_cell(row.reasons) if row.verdict is not Verdict.PASS else "",
            }
            for row in quality
        ],
        "conflicts": [
            f"{row.sample_a} and {row.sample_b}" for row in identity if row.status.value == "conflict"
        ],
    }


def discovered_lines(rows: Sequence[EmergentUnknownCount]) -> list[dict[str, str]]:
    """Return one line per gene and change of what emerged without a known role, the most recurrent first."""
    patients: dict[tuple[str, str], dict[str, None]] = {}
    for row in rows:
        patients.setdefault((row.gene, row.change), {})[row.patient] = None
    first = {(row.gene, row.change): row for row in reversed(rows)}
    return [
        {
            "gene": gene,
            "change": change,
            "consequence": first[gene, change].consequence.value.replace("_", " "),
            "hotspot": "yes" if first[gene, change].hotspot else "no",
            "with_change": str(len(who)),
            "with_gene": str(first[gene, change].patients_with_gene),
            "who": ", ".join(who),
        }
        for (gene, change), who in patients.items()
    ]


def _row(row: ClassificationRow, messages: Mapping[str, str]) -> dict[str, Any]:
    return {
        "patient": row.patient,
        "timepoint": row.timepoint,
        "setting": row.setting.value,
        "classification": row.classification.value,
        "components": ", ".join(one.value for one in row.components),
        "timing": row.timing.value if row.timing else words.NOTHING,
        "confidence": row.confidence.value if row.confidence else words.NOTHING,
        "reasons": [words.explain_code(reason.value, messages) for reason in row.not_evaluable_reason],
    }


def _mechanism(row: ResistanceRow) -> dict[str, str]:
    return {
        "patient": row.patient,
        "timepoint": row.timepoint,
        "mechanism": row.mechanism or "",
        "alteration": " ".join(name for name in (row.gene, row.alteration) if name),
        "molecules": words.molecules(row),
        "phase": row.phase.value if row.phase else words.NOTHING,
        "confidence": row.confidence.value if row.confidence else words.NOTHING,
        "emergence": row.emergence.value if row.emergence else words.NOTHING,
    }
