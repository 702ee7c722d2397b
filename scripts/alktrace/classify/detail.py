"""The JSON account of one timepoint: every criterion with its explanation and the numbers behind it."""

import dataclasses
from collections.abc import Sequence
from datetime import date
from enum import Enum
from typing import Any

from pydantic import BaseModel

from ..io.tables import SIGNIFICANT_DIGITS
from ..vocabulary.caveats import Caveat
from ..vocabulary.drugs import NamedDrug
from ..vocabulary.resistance import Classification
from .alk_sets import AlkSets, PairPhase
from .emergence import trends
from .exclusions import KindExclusion, families_excluded, genes_excluded
from .mechanism import Mechanism
from .named_drugs import resistant_drugs, sensitive_drugs
from .negative import not_assessable_loci
from .phase import PhaseEvidence, PhaseVerdict, describe
from .timepoint_criteria import Draft, Fired
from .view import Found, TimepointView

DETAIL_VERSION = 1


def describe_timepoint(
    draft: Draft,
    sets: AlkSets,
    fired: Sequence[Fired],
    classification: Classification,
    decision: str,
) -> dict[str, Any]:
    """Return what `resistance.json` holds: plain values in a fixed order."""
    view = draft.view
    names = {found.alteration.key: found.alteration.alteration for found in view.found}
    timing, excludes = view.patient.timing, families_excluded(view)
    account = {
        "schema_version": DETAIL_VERSION,
        "patient": view.patient.patient,
        "timepoint": view.timepoint,
        "setting": view.setting,
        "classification": classification,
        "decision": decision,
        "components": sorted(draft.families),
        "timing": {"timing": timing.timing, "reason": timing.reason, "early": timing.early},
        "mechanisms": [_mechanism(item, view) for item in draft.mechanisms],
        "criteria": list(fired),
        "alterations": [
            {
                "key": role.found.alteration.key,
                "name": role.found.name,
                "code": role.code,
                "effect": role.effect,
                "explanation": role.explanation,
                "origin": role.found.alteration.origin,
                "origin_reason": role.found.alteration.origin_reason,
                "white_cells": role.found.alteration.white_cells,
                "observations": _observations(role.found),
            }
            for role in draft.roles
        ],
        "subthreshold": [item.full_name for item in view.subthreshold],
        "phase": {
            "pairs": [_pair(pair, names) for pair in sets.pairs],
            "larger_sets": [_verdict(verdict, names) for verdict in sets.larger],
            "compounds": [sorted(members) for members in sets.compounds],
        },
        "negative": view.negative,
        "excluded": [_exclusion(item) for item in draft.exclusions],
        "genes_excluded": genes_excluded(view),
        "not_assessable": not_assessable_loci(
            view.specimens, view.settings.negative, view.knowledge.amplified_genes
        ),
        "windows": dict(sorted(view.windows.items())),
        "fusion": draft.driver,
        "histology": {
            "baseline": draft.lineage.baseline,
            "transformed": list(draft.lineage.transformed),
            "unchanged": list(draft.lineage.unchanged),
            "earlier": draft.lineage.earlier,
        },
        "specimens": [
            {
                "specimen": item.specimen,
                "specimen_type": item.specimen_type,
                "assay": item.assay,
                "collected": item.collected,
                "usable": item in view.usable,
                "excludes": excludes.get(item.specimen, ()),
                "verdict": item.verdict,
                "identity": item.identity,
                "problems": item.problems,
                "flags": item.flags,
                "tumour_fraction": item.tumour_fraction,
                "board": item.board,
            }
            for item in view.specimens
        ],
        "unused_findings": _unused(draft),
        # Ids hold no dot, so that what stands before it is the timepoint.
        "courses": [
            step
            for step in trends(view.patient, view.settings)
            if view.timepoint in (step.earlier.split(".")[0], step.later.split(".")[0])
        ],
    }
    plain = to_plain(account)
    assert isinstance(plain, dict)
    return plain


def to_plain(value: Any) -> Any:
    """Return JSON values: enums and dates as text, floats with six significant digits."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, (int, str)):
        return value
    if isinstance(value, float):
        # As in the tables: two machines that differ in the last bit must write the same file.
        return float(format(value, f".{SIGNIFICANT_DIGITS}g"))
    if isinstance(value, date):
        return value.isoformat()
    # Values whose text is the published form; taken apart they would change the format of the file.
    if isinstance(value, (Caveat, NamedDrug, PhaseEvidence)):
        return str(value)
    if isinstance(value, BaseModel):
        return to_plain(value.model_dump())
    if dataclasses.is_dataclass(value):
        return to_plain(_by_name(value))
    if isinstance(value, dict):
        return {str(to_plain(key)): to_plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no plain form")


def _by_name(value: Any) -> dict[str, Any]:
    return {item.name: getattr(value, item.name) for item in dataclasses.fields(value)}


def _mechanism(item: Mechanism, view: TimepointView) -> dict[str, Any]:
    return {
        "key": item.key,
        "component": item.component,
        "mechanism": item.mechanism,
        "alteration": item.found.name if item.found else None,
        "confidence": item.confidence,
        "carries": item.carries,
        "criteria": item.criteria,
        "flags": item.flags,
        "emergence": item.emergence,
        "phase": item.phase,
        "phase_partner": item.phase_partner,
        "phase_evidence": item.phase_evidence,
        "compound": item.compound,
        "hints": _hints(item, view),
    }


def _exclusion(item: KindExclusion) -> dict[str, Any]:
    """One kind, its loci by name: the limit, or why there is none."""
    return {
        "kind": item.kind,
        "status": item.exclusion.status,
        "above": item.exclusion.above,
        "informative": item.informative,
        "loci": {
            f"{locus.gene} {locus.locus}": locus.status if locus.above is None else locus.above
            for locus in item.loci
        },
        "not_enough": [f"{locus.gene} {locus.locus}" for locus in item.loci if not locus.informative],
    }


def _hints(item: Mechanism, view: TimepointView) -> dict[str, Any]:
    lists = ("intermediate", "conflicting", "withheld")
    return {
        "resistant_to": resistant_drugs(item),
        "sensitive_to": sensitive_drugs(item, view),
        **{name: getattr(item.hints, name) for name in lists},
        "cited": sorted(item.hints.cited),
        "remarks": item.hints.remarks,
        "sources": item.sources,
        # Of a histology nobody asks for drugs, and so none are missing.
        "flags": item.hints.flags if item.found else (),
    }


def _observations(found: Found) -> list[Any]:
    return [*found.seen, *found.absent]


def _pair(pair: PairPhase, names: dict[str, str]) -> dict[str, Any]:
    return {
        **_verdict(pair.verdict, names),
        "between": [pair.first, pair.second],
        "compound": pair.compound,
        "flags": pair.flags,
    }


def _verdict(verdict: PhaseVerdict, names: dict[str, str]) -> dict[str, Any]:
    return {
        **_by_name(verdict),
        "names": [names.get(key, key) for key in verdict.alterations],
        "words": describe(verdict),
    }


def _unused(draft: Draft) -> list[dict[str, Any]]:
    """Findings in specimens that give none: shown, so that nobody has to look for them."""
    unusable = {item.place for item in draft.view.specimens if item not in draft.view.usable}
    return [
        {"key": item.key, "name": item.full_name, "observation": seen}
        for item in draft.view.patient.alterations
        for seen in item.observations
        if seen.place in unusable and seen.detection.value == "detected"
    ]
