"""The page of the cohort: classes, mechanisms, and what could not be judged."""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..classify.discovery import EmergentUnknownCount, EmergentUnknownRow, counted_over_patients
from ..classify.resistance_table import ClassificationRow, ResistanceRow
from ..inputs.knowledge_files import KnowledgeFiles
from ..inputs.settings.cohort_settings import CohortSettings
from ..io.tables import format_cell, read_table
from ..knowledge.load import load_knowledge
from ..outcomes.endpoint_table import EndpointRow
from ..outcomes.linkage_table import LinkageRow
from ..qc.identity_table import IdentityRow
from ..qc.qc_table import QcRow
from ..vocabulary.languages import Language
from ..vocabulary.resistance import Classification, Component
from ..vocabulary.samples import Setting, Verdict
from . import words
from .cohort_flow import patients_flow
from .exhibits import Exhibit
from .language import Words, html_language
from .pages import write_page
from .sentences import translated
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
    language: Language,
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
        language: of the page.
        out: HTML.
    """
    known = load_knowledge(knowledge)
    speech = Words(language, known)
    messages = speech.messages
    content = cohort_content(
        read_table(classification, ClassificationRow),
        read_table(resistance, ResistanceRow) if resistance else (),
        read_table(quality, QcRow) if quality else (),
        read_table(identity, IdentityRow) if identity else (),
        speech,
    )
    content["edition"] = known.edition
    content["from_reads"], content["with_mechanisms"] = quality is not None, resistance is not None
    content["with_discovered"] = discovered is not None
    found = read_table(discovered, EmergentUnknownRow) if discovered else []
    content["discovered"] = discovered_lines(counted_over_patients(found))
    exhibits: list[Exhibit] = []
    linkage: list[LinkageRow] = []
    endpoints: list[EndpointRow] = []
    if outcomes:
        # The figures need matplotlib, which takes a second to import.
        from .outcome_section import outcome_exhibits

        folder = outcomes[0].parent
        mechanisms = read_table(resistance, ResistanceRow) if resistance else ()
        exhibits = outcome_exhibits(folder, messages, settings, mechanisms)
        linkage = read_table(folder / "linkage.tsv", LinkageRow)
        endpoints = read_table(folder / "endpoints.tsv", EndpointRow)
    flow = patients_flow(read_table(classification, ClassificationRow), linkage, endpoints, speech.quoted)
    if language is not Language.EN:
        flow = translated(flow, speech.quoted)
        exhibits = [translated(item, speech.quoted) for item in exhibits]
    content["patients_flow"] = flow
    content["exhibits"] = exhibits
    content["refused"] = refused_figures(exhibits)
    content["outcomes"] = [path.name for path in outcomes]
    write_page("cohort.html", content, out)


def cohort_content(
    classification: Sequence[ClassificationRow],
    resistance: Sequence[ResistanceRow],
    quality: Sequence[QcRow],
    identity: Sequence[IdentityRow],
    speech: Words,
) -> dict[str, Any]:
    """Return what the template shows, as texts; pure."""
    messages, told = speech.messages, speech.quoted
    named = {(row.patient, row.timepoint) for row in resistance if row.mechanism is not None}
    settings = [one for one in Setting if any(row.setting is one for row in classification)]
    per_setting = {
        one: Counter(row.classification for row in classification if row.setting is one) for one in settings
    }
    return {
        "t": told,
        "language": html_language(speech.language),
        "notice": messages[NOTICE_KEY],
        "patients": len({row.patient for row in classification}),
        "timepoints": len(classification),
        "settings": [told(one.value) for one in settings],
        "classes": [
            {"name": told(one.value), "counts": [per_setting[setting][one] for setting in settings]}
            for one in Classification
        ],
        "key": [item | {"text": told(item["text"])} for item in _key_numbers(classification, quality)],
        "rows": _first_of_each(
            [_row(row, speech) | {"named": (row.patient, row.timepoint) in named} for row in classification]
        ),
        "mechanisms": _first_of_each(
            [_mechanism(row, told) for row in resistance if row.mechanism is not None]
        ),
        "quality": [
            {
                "sample": f"{row.patient}.{row.timepoint}.{row.specimen}",
                "patient": row.patient,
                "role": row.role,
                "assay": row.assay,
                "reads": format_cell(row.raw_reads),
                "molecules": format_cell(row.molecules),
                "duplex": format_cell(row.molecules_duplex),
                "contamination": words.percent(row.contamination)
                if row.contamination is not None
                else words.NOTHING,
                "identity": told(row.identity.value),
                "verdict": row.verdict.value,
                "verdict_word": told(row.verdict.value),
                "reasons": ";".join(map(told, row.reasons)) if row.verdict is not Verdict.PASS else "",
            }
            for row in quality
        ],
        "conflicts": [
            f"{row.sample_a} and {row.sample_b}" for row in identity if row.status.value == "conflict"
        ],
    }


def _first_of_each(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Mark the first row of every patient: links lead to it."""
    seen: set[str] = set()
    marked = []
    for row in rows:
        marked.append(row | {"first": row["patient"] not in seen})
        seen.add(row["patient"])
    return marked


def _key_numbers(
    classification: Sequence[ClassificationRow], quality: Sequence[QcRow]
) -> list[dict[str, str]]:
    """Return the numbers that a reader looks for first."""
    patients = {row.patient for row in classification}
    last = {row.patient: row for row in classification if row.setting is Setting.PROGRESSION}
    families = Counter(component for row in last.values() for component in row.components)
    blind = sum(row.classification is Classification.NOT_EVALUABLE for row in last.values())
    numbers = [(len(patients), "patients"), (len(last), "with a sample at progression")]
    numbers += [
        (families[one], f"{one.value.replace('_', ' ')} at the last progression") for one in Component
    ]
    numbers.append((blind, "not evaluable there"))
    if quality:
        passed = sum(row.verdict is Verdict.PASS for row in quality)
        numbers.append((len(quality) - passed, f"of {len(quality)} samples below a threshold of quality"))
    return [{"number": str(number), "text": text} for number, text in numbers]


def refused_figures(exhibits: Sequence[Exhibit]) -> list[dict[str, Any]]:
    """Return what could not be estimated, with the figure that has no place for it."""
    found = []
    for item in exhibits:
        texts = [*item.refused, *([item.missing] if item.missing and not item.refused else [])]
        if texts:
            found.append({"name": item.name, "title": item.title, "texts": texts})
    return found


def discovered_lines(rows: Sequence[EmergentUnknownCount]) -> list[dict[str, Any]]:
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
            "who": list(who),
        }
        for (gene, change), who in patients.items()
    ]


def _row(row: ClassificationRow, speech: Words) -> dict[str, Any]:
    told = speech.quoted
    return {
        "patient": row.patient,
        "timepoint": row.timepoint,
        "setting": told(row.setting.value),
        "classification": told(row.classification.value),
        "components": ", ".join(told(one.value) for one in row.components),
        "timing": told(row.timing.value) if row.timing else words.NOTHING,
        "confidence": told(row.confidence.value) if row.confidence else words.NOTHING,
        "reasons": [words.explain_code(reason.value, speech.messages) for reason in row.not_evaluable_reason],
    }


def _mechanism(row: ResistanceRow, told: Callable[[str], str]) -> dict[str, str]:
    return {
        "patient": row.patient,
        "timepoint": row.timepoint,
        "mechanism": told(row.mechanism or ""),
        "alteration": told(" ".join(name for name in (row.gene, row.alteration) if name)),
        "molecules": told(words.molecules(row)),
        "phase": told(row.phase.value) if row.phase else words.NOTHING,
        "confidence": told(row.confidence.value) if row.confidence else words.NOTHING,
        "emergence": told(row.emergence.value) if row.emergence else words.NOTHING,
    }
