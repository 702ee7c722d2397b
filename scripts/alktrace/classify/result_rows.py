"""The rows of `resistance.tsv` and `classification.tsv`."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any

from ..vocabulary.caveats import Caveat, in_order
from ..vocabulary.changes import VariantType
from ..vocabulary.resistance import Classification, Component, NotEvaluableReason
from .assemble import Mechanism
from .emergence import tumour_copy_number
from .finding_caveats import RANK
from .lineage import report_specimen
from .negative import not_assessable_loci
from .resistance_table import ClassificationRow, ResistanceRow
from .timepoint_criteria import Draft, Fired
from .view import COPY_TYPES, TimepointView

LIST_SEPARATOR = ";"
COMMON = frozenset(
    {
        "patient",
        "timepoint",
        "setting",
        "classification",
        "timing",
        "excluded_clone_fraction",
        "not_evaluable_reason",
        "not_assessable",
        "criteria",
        "flags",
    }
)
"""Columns that say the same kind of thing in every row of a timepoint."""


def resistance_rows(
    draft: Draft, fired: Sequence[Fired], classification: Classification
) -> tuple[ResistanceRow, ...]:
    """Return one row per mechanism, or one row without any."""
    mechanisms: Sequence[Mechanism | None] = draft.mechanisms or (None,)
    return tuple(_row(mechanism, draft, fired, classification) for mechanism in mechanisms)


def classification_row(
    draft: Draft, rows: Sequence[ResistanceRow], classification: Classification
) -> ClassificationRow:
    """Return the row of one timepoint."""
    carried = [m.confidence for m in draft.mechanisms if m.carries and m.component in draft.families]
    return ClassificationRow(
        patient=draft.view.patient.patient,
        timepoint=draft.view.timepoint,
        setting=draft.view.setting,
        classification=classification,
        components=tuple(item for item in Component if item in draft.families),
        timing=draft.view.patient.timing.timing,
        confidence=min(carried, key=RANK.__getitem__) if carried else None,
        flags=_listed(flag for row in rows for flag in row.flags),
        not_evaluable_reason=_reasons(draft, classification),
    )


def _row(
    mechanism: Mechanism | None, draft: Draft, fired: Sequence[Fired], classification: Classification
) -> ResistanceRow:
    view = draft.view
    values = _mechanism_values(mechanism, view) if mechanism else _empty_values(view)
    own_criteria = mechanism.criteria if mechanism else ()
    own_flags = mechanism.flags if mechanism else _specimen_flags(view)
    return ResistanceRow(
        patient=view.patient.patient,
        timepoint=view.timepoint,
        setting=view.setting,
        classification=classification,
        timing=view.patient.timing.timing,
        excluded_clone_fraction=view.negative.excluded,
        not_evaluable_reason=_reasons(draft, classification),
        not_assessable=not_assessable_loci(view.specimens, view.settings.negative),
        criteria=tuple(dict.fromkeys([*own_criteria, *(item.code for item in fired)])),
        flags=_listed([*own_flags, *(flag for item in fired for flag in item.flags)]),
        **values,
    )


def _mechanism_values(mechanism: Mechanism, view: TimepointView) -> dict[str, Any]:
    values: dict[str, Any] = {
        **_empty_values(view),
        "confidence": mechanism.confidence,
        "component": mechanism.component,
        "mechanism": mechanism.mechanism,
        "phase": mechanism.phase,
        "phase_partner": mechanism.phase_partner,
        "phase_evidence": mechanism.phase_evidence,
        "emergence": mechanism.emergence.emergence if mechanism.emergence else None,
        "resistant_to": mechanism.hints.resistant_to,
        "sensitive_to": mechanism.hints.sensitive_to,
        "evidence": tuple(text.replace(LIST_SEPARATOR, ",") for text in mechanism.sources),
    }
    if mechanism.found is not None:
        values |= _found_values(mechanism, view)
    elif mechanism.report is not None:
        specimen = report_specimen(mechanism.report, view)
        values |= {
            "alteration": mechanism.report.histology.value,
            "variant_type": VariantType.HISTOLOGY,
            "lead_specimen": specimen.specimen if specimen else None,
            "specimens": (specimen.specimen,) if specimen else (),
            "tumour_fraction": specimen.tumour_fraction.value if specimen else None,
        }
    return values


def _found_values(mechanism: Mechanism, view: TimepointView) -> dict[str, Any]:
    found = mechanism.found
    if found is None:
        return {}
    item, lead = found.alteration, found.lead
    copies = None
    if item.variant_type in COPY_TYPES:
        corrected = tumour_copy_number(found, view)
        copies = corrected if corrected is not None else lead.copy_number
    return {
        "gene": item.gene,
        "alteration": item.alteration,
        "hgvs_c": item.hgvs_c,
        "hgvs_p": item.hgvs_p,
        "variant_type": item.variant_type,
        "position_grch38": item.position_grch38,
        "lead_specimen": lead.specimen,
        "specimens": tuple(sorted({seen.specimen for seen in found.seen})),
        "vaf": lead.vaf,
        "vaf_low": lead.vaf_low,
        "vaf_high": lead.vaf_high,
        "alt_molecules": lead.alt_molecules,
        "total_molecules": lead.total_molecules,
        "duplex_alt": lead.duplex_alt,
        "copy_number": copies,
        "tumour_fraction": view.specimen(lead.specimen).tumour_fraction.value,
    }


def _empty_values(view: TimepointView) -> dict[str, Any]:
    nothing = {item.name: None for item in fields(ResistanceRow) if item.name not in COMMON}
    lists = dict.fromkeys(("specimens", "phase_partner", "resistant_to", "sensitive_to", "evidence"), ())
    best = view.negative.best_specimen
    fractions = {f"{s.timepoint}.{s.specimen}": s.tumour_fraction.value for s in view.specimens}
    return {**nothing, **lists, "tumour_fraction": fractions.get(best or "")}


def _specimen_flags(view: TimepointView) -> tuple[Caveat, ...]:
    return tuple(flag for item in view.usable for flag in item.flags)


def _reasons(draft: Draft, classification: Classification) -> tuple[NotEvaluableReason, ...]:
    if classification is not Classification.NOT_EVALUABLE:
        return ()
    # Without a reason of the specimens something was reported that nobody could interpret.
    return draft.view.negative.reasons or (NotEvaluableReason.CALLABILITY_UNKNOWN,)


def _listed(flags: Iterable[Caveat]) -> tuple[Caveat, ...]:
    names = ((flag.code, tuple(name.replace(LIST_SEPARATOR, ",") for name in flag.about)) for flag in flags)
    return in_order(Caveat(code, about) for code, about in names)
