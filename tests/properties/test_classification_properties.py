"""What must hold for any evidence: order, neutral variants, less data, more samples."""

import json
import random
from functools import cache
from pathlib import Path
from typing import Any

from golden.build import cases, catalogue, default_settings, evidence
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alktrace.classify.decision import TimepointResult, classify_patient
from alktrace.classify.resistance_table import ResistanceRow
from alktrace.evidence.schema import (
    Alteration,
    Observation,
    PatientEvidence,
    PhaseObservation,
    SpecimenEvidence,
)
from alktrace.inputs.knowledge_files import KnowledgeFiles
from alktrace.io.tables import format_cell, header
from alktrace.knowledge.answers import Knowledge
from alktrace.knowledge.entries import AlkRole
from alktrace.knowledge.load import load_knowledge
from alktrace.vocabulary.changes import Consequence, Origin, VariantType
from alktrace.vocabulary.detection import Detection, ObservationSource
from alktrace.vocabulary.resistance import Classification

ROOT = Path(__file__).resolve().parents[2]
NAMES = [case["id"] for case in cases()]
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@cache
def knowledge() -> Knowledge:
    return load_knowledge(KnowledgeFiles(ROOT / "resources" / "knowledge"))


@cache
def case(name: str) -> PatientEvidence:
    return evidence(next(item for item in cases() if item["id"] == name))


def classify(given_evidence: PatientEvidence) -> list[TimepointResult]:
    return classify_patient(given_evidence, knowledge(), default_settings())


def told(results: list[TimepointResult]) -> str:
    """Everything that reaches a file, as text."""
    rows = [
        [format_cell(getattr(row, name)) for name in header(ResistanceRow)]
        for result in results
        for row in result.rows
    ]
    return json.dumps([rows, [result.detail for result in results]])


def checked(given_evidence: PatientEvidence, **changes: Any) -> PatientEvidence:
    changed = given_evidence.model_copy(update=changes)
    return PatientEvidence.model_validate_json(changed.model_dump_json())


# --- order -----------------------------------------------------------------------------------


@QUICK
@given(name=st.sampled_from(NAMES), seed=st.integers(0, 1000))
def test_order_never_matters(name: str, seed: int) -> None:
    given_evidence, rng = case(name), random.Random(seed)

    def shuffled(items: Any) -> tuple[Any, ...]:
        return tuple(rng.sample(list(items), len(items)))

    turned = checked(
        given_evidence,
        specimens=shuffled(
            [
                item.model_copy(
                    update={
                        "callability": shuffled(item.callability),
                        "copy_number": shuffled(item.copy_number),
                    }
                )
                for item in given_evidence.specimens
            ]
        ),
        alterations=shuffled(
            [
                item.model_copy(update={"observations": shuffled(item.observations)})
                for item in given_evidence.alterations
            ]
        ),
        phase=shuffled([turn(item, rng) for item in given_evidence.phase]),
    )
    assert told(classify(turned)) == told(classify(given_evidence))


def turn(seen: PhaseObservation, rng: random.Random) -> PhaseObservation:
    """Patterns in another order; the alterations stay in genomic order."""
    items = list(seen.patterns.items())
    return seen.model_copy(update={"patterns": dict(rng.sample(items, len(items)))})


# --- neutral variants ------------------------------------------------------------------------


def neutral_variants() -> list[str]:
    return sorted(name for name, item in knowledge().mutations.items() if item.role is AlkRole.NEUTRAL)


@QUICK
@given(
    name=st.sampled_from(NAMES),
    variant=st.sampled_from(neutral_variants()),
    alt=st.integers(3, 2900),
    doubles=st.integers(0, 50),
)
def test_a_neutral_variant_never_changes_the_class(name: str, variant: str, alt: int, doubles: int) -> None:
    given_evidence = case(name)
    mutation = knowledge().mutations[variant]
    if any(item.hgvs_p == variant for item in given_evidence.alterations):
        return
    seen = tuple(
        Observation(
            timepoint=item.timepoint,
            specimen=item.specimen,
            detection=Detection.DETECTED,
            source=ObservationSource.CALLED,
            alt_molecules=alt,
            total_molecules=3000,
            vaf=alt / 3000,
            vaf_low=alt / 3100,
            vaf_high=min(1.0, alt / 2900),
        )
        for item in given_evidence.specimens
    )
    added = Alteration(
        key="neutral",
        gene="ALK",
        variant_type=VariantType.SNV,
        alteration=mutation.short,
        consequence=Consequence.MISSENSE,
        hgvs_c="c.1A>G",
        hgvs_p=variant,
        codon=mutation.codon,
        origin=Origin.SOMATIC,
        observations=seen,
    )
    partners = [item for item in given_evidence.alterations if item.gene == "ALK" and item.hgvs_p]
    together = tuple(
        PhaseObservation(
            timepoint=item.timepoint,
            specimen=item.specimen,
            alterations=("neutral", partner.key),
            patterns={"11": doubles, "10": 5, "01": 5, "00": 1000},
            span_bp=20,
            error_rates=(1e-5, 1e-5),
        )
        for item in given_evidence.specimens
        for partner in partners[:1]
    )
    changed = checked(
        given_evidence,
        alterations=(*given_evidence.alterations, added),
        phase=(*given_evidence.phase, *together),
    )
    before, after = classify(given_evidence), classify(changed)
    assert [item.row.classification for item in before] == [item.row.classification for item in after]
    assert [len(item.rows) for item in before] == [len(item.rows) for item in after]
    assert all(row.hgvs_p != variant for item in after for row in item.rows)


# --- less data -------------------------------------------------------------------------------


def poorer(item: SpecimenEvidence, molecules: float, tumour: float) -> SpecimenEvidence:
    """Fewer molecules need a higher VAF to be seen; less tumour DNA lowers the whole interval."""
    fraction = item.tumour_fraction
    numbers = {
        name: getattr(fraction, name) * tumour
        for name in ("value", "low", "high")
        if getattr(fraction, name) is not None
    }
    callability = tuple(
        locus.model_copy(
            update={
                "molecules": int(locus.molecules * molecules),
                "vaf_detectable": None
                if locus.vaf_detectable is None
                else min(1.0, locus.vaf_detectable / max(molecules, 1e-3)),
            }
        )
        for locus in item.callability
    )
    return item.model_copy(
        update={"callability": callability, "tumour_fraction": fraction.model_copy(update=numbers)}
    )


@st.composite
def silent_patients(draw: st.DrawFn) -> PatientEvidence:
    """One to three specimens of one timepoint without any finding."""
    base = case("best_specimen_counts")
    template = base.specimens[0]
    specimens = []
    for index in range(draw(st.integers(1, 3))):
        low = draw(st.floats(0.0, 0.6))
        value = min(1.0, low + draw(st.floats(0.0, 0.2)))
        vaf = draw(st.floats(0.0005, 0.2))
        callability = [
            locus.model_copy(update={"vaf_detectable": vaf, "molecules": int(6.3 / vaf)})
            for locus in template.callability
        ]
        if draw(st.booleans()) and draw(st.booleans()):
            callability[draw(st.integers(0, len(callability) - 1))] = callability[0].model_copy(
                update={"status": Detection.NOT_ASSESSABLE, "vaf_detectable": None}
            )
        fraction = {"status": "estimated", "value": value, "low": low, "high": min(1.0, value + 0.1)}
        specimens.append(
            template.model_copy(
                update={
                    "specimen": f"s{index}",
                    "callability": tuple(callability),
                    "tumour_fraction": type(template.tumour_fraction).model_validate(fraction),
                    "problems": ("contaminated",) if draw(st.integers(0, 5)) == 0 else (),
                }
            )
        )
    return checked(base, specimens=tuple(specimens), alterations=(), phase=())


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(patient=silent_patients(), molecules=st.floats(0.0, 1.0), tumour=st.floats(0.0, 1.0), data=st.data())
def test_less_data_never_makes_a_negative(
    patient: PatientEvidence, molecules: float, tumour: float, data: st.DataObject
) -> None:
    which = data.draw(st.integers(0, len(patient.specimens) - 1))
    less = checked(
        patient,
        specimens=tuple(
            poorer(item, molecules, tumour) if index == which else item
            for index, item in enumerate(patient.specimens)
        ),
    )
    (before,), (after,) = classify(patient), classify(less)
    ladder = (Classification.NOT_EVALUABLE, Classification.ON_TARGET_EXCLUDED, Classification.NONE_FOUND)
    assert ladder.index(after.row.classification) <= ladder.index(before.row.classification)


# --- more samples ----------------------------------------------------------------------------


def mechanisms(results: list[TimepointResult], timepoint: str) -> set[tuple[str | None, ...]]:
    return {
        (row.component, row.gene, row.alteration)
        for item in results
        if item.timepoint == timepoint
        for row in item.rows
        if row.mechanism is not None
    }


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    name=st.sampled_from(NAMES),
    kind=st.sampled_from(["plasma", "csf", "tissue"]),
    tumour=st.floats(0.0, 0.9),
    extra=st.lists(st.sampled_from(sorted(catalogue())), max_size=3, unique=True),
    states=st.lists(
        st.sampled_from([Detection.DETECTED, Detection.NOT_DETECTED, Detection.SUBTHRESHOLD]),
        min_size=40,
        max_size=40,
    ),
    conflict=st.booleans(),
    patterns=st.fixed_dictionaries({key: st.integers(0, 60) for key in ("11", "10", "01", "00")}),
)
def test_another_sample_never_removes_a_mechanism(
    name: str,
    kind: str,
    tumour: float,
    extra: list[str],
    states: list[Detection],
    conflict: bool,
    patterns: dict[str, int],
) -> None:
    given_evidence = case(name)
    template = given_evidence.specimens[-1]
    timepoint = template.timepoint
    values = template.model_dump()
    values |= {
        "specimen": "another",
        "specimen_type": kind,
        "identity": "conflict" if conflict else "unknown",
        "problems": (),
        "copy_number": (),
        "tumour_fraction": {"status": "estimated", "value": tumour, "low": tumour, "high": tumour},
    }
    known = {item.key for item in given_evidence.alterations}
    added = [
        Alteration.model_validate(catalogue()[item])
        for item in extra
        if catalogue()[item]["key"] not in known
    ]
    unique = list({item.key: item for item in added}.values())
    alterations = tuple(
        item.model_copy(update={"observations": (*item.observations, another(timepoint, state))})
        for item, state in zip([*given_evidence.alterations, *unique], states, strict=False)
    )
    phase = tuple(
        seen.model_copy(update={"specimen": "another", "patterns": patterns})
        for seen in given_evidence.phase
        if seen.timepoint == timepoint and len(seen.alterations) == 2
    )[:1]
    more = checked(
        given_evidence,
        specimens=(*given_evidence.specimens, SpecimenEvidence.model_validate(values)),
        alterations=alterations,
        phase=(*given_evidence.phase, *phase),
    )
    before, after = classify(given_evidence), classify(more)
    assert mechanisms(before, timepoint) <= mechanisms(after, timepoint)
    proven = {tuple(item) for item in compounds(before, timepoint)}
    assert all(any(set(item) <= set(other) for other in compounds(after, timepoint)) for item in proven)


def compounds(results: list[TimepointResult], timepoint: str) -> list[list[str]]:
    detail: Any = next(item for item in results if item.timepoint == timepoint).detail
    found: list[list[str]] = detail["phase"]["compounds"]
    return found


def another(timepoint: str, state: Detection) -> Observation:
    found: dict[Detection, dict[str, Any]] = {
        Detection.DETECTED: {"alt_molecules": 20, "total_molecules": 1000, "vaf": 0.02},
        Detection.SUBTHRESHOLD: {"alt_molecules": 2, "total_molecules": 1000, "vaf": 0.002},
        Detection.NOT_DETECTED: {"alt_molecules": 0, "total_molecules": 1000, "vaf_detectable": 0.006},
    }
    return Observation(
        timepoint=timepoint,
        specimen="another",
        detection=state,
        source=ObservationSource.GENOTYPED,
        **found[state],
    )
