import json
from pathlib import Path
from typing import Any

import pytest
from clinical_records import switched
from golden.build import evidence as evidence_of
from mechanism_rows import BYPASS, ON_TARGET, classified, evidence, found_of, mechanism
from outcome_cohort import KNOWLEDGE, cohort_settings, resistance_settings

from alktrace.classify.decision import classify_patient
from alktrace.classify.resistance_table import ResistanceRow
from alktrace.evidence.evidence_table import EvidenceRow
from alktrace.knowledge.load import load_knowledge
from alktrace.outcomes.concordance import Material, agreement_rows, concordance_rows, read_materials
from alktrace.outcomes.concordance_table import ConcordanceRow
from alktrace.outcomes.courses import flow_rows, oncoprint_rows, swimmer_rows
from alktrace.outcomes.endpoints import patient_rows
from alktrace.outcomes.frequencies import primary_against_acquired
from alktrace.outcomes.linkage import linkage_rows
from alktrace.outcomes.mechanism_treatment import mechanism_treatment_rows
from alktrace.outcomes.mechanisms import features, with_timing
from alktrace.outcomes.response import response_rows
from alktrace.vocabulary.changes import Origin, VariantType
from alktrace.vocabulary.detection import Detection
from alktrace.vocabulary.resistance import Classification as C
from alktrace.vocabulary.resistance import Component, Confidence, Phase, Timing
from alktrace.vocabulary.samples import SpecimenType

SETTINGS = cohort_settings()


def test_first_progression_sample_counts() -> None:
    timeline = switched().report("late", 300, 310).report("PD", 101, 110).alive(400).timeline()
    rows = [classified("P1", C.BYPASS, [BYPASS], timepoint="late"), classified("P1", C.NONE_FOUND)]
    found = found_of(rows, timelines=[timeline])["P1"]
    assert (found.timepoint, found.classification) == ("PD", C.NONE_FOUND)
    assert found.reported == timeline.record.reports[0].reported


def test_features_of_a_compound_with_bypass() -> None:
    rows = [
        mechanism("P1", "ALK", "G1202R", ON_TARGET, phase=Phase.CIS, phase_partner=("L1196M",)),
        mechanism("P1", "MET", "amplification", BYPASS, variant_type=VariantType.AMPLIFICATION,
                  confidence=Confidence.CANDIDATE),
        mechanism("P1", "TP53", "R175H", None),
    ]  # fmt: skip
    found = found_of([classified("P1", C.MIXED, [ON_TARGET, BYPASS])], rows)["P1"]
    assert {name: seen.established for name, seen in features(found).items()} == {
        ("class", "MIXED"): None,
        ("component", "on_target"): True,
        ("component", "bypass"): False,
        ("finding", "alk_mutation"): True,
        ("finding", "alk_multiple_mutations"): True,
        ("finding", "alk_compound_cis"): True,
        ("finding", "met_amplification"): False,
        ("gene", "ALK"): True,
        ("gene", "MET"): False,
    }


def test_amplified_alk_is_no_mutation() -> None:
    rows = [mechanism("P1", "ALK", "amplification", ON_TARGET, variant_type=VariantType.AMPLIFICATION)]
    found = found_of([classified("P1", C.ON_TARGET_AMPLIFICATION, [ON_TARGET])], rows)["P1"]
    assert {name for _, name in features(found)} == {
        "ON_TARGET_AMPLIFICATION",
        "on_target",
        "alk_amplification",
        "ALK",
    }


def test_timing_can_be_judged_at_other_months() -> None:
    # Stable for 100 days: acquired at 3 months, primary at 6.
    timeline = switched().scan(60, "SD").alive(300).timeline()
    found = found_of([classified("P1", C.NONE_FOUND)]).values()
    for months, timing in ((3, Timing.ACQUIRED), (6, Timing.PRIMARY)):
        judged = with_timing(found, [timeline], resistance_settings(), months)
        assert [item.timing for item in judged] == [timing]
        rows = primary_against_acquired(judged, SETTINGS, months=months)
        assert {row.analysis for row in rows} == {f"counts_{months}_months"}


SEEN, UNSEEN = Detection.DETECTED, Detection.NOT_DETECTED


@pytest.mark.parametrize(
    ("plasma", "tissue", "verdict"),
    [
        (SEEN, SEEN, "both"),
        (SEEN, UNSEEN, "plasma_only"),
        (UNSEEN, SEEN, "tissue_only"),
        (Detection.NOT_ASSESSABLE, SEEN, "not_comparable"),
        (SEEN, Detection.NOT_TARGETED, "not_comparable"),
        (Detection.SUBTHRESHOLD, SEEN, "not_comparable"),
    ],
)
def test_a_side_that_could_not_see_is_no_disagreement(
    plasma: Detection, tissue: Detection, verdict: str
) -> None:
    rows = concordance_rows([evidence("a", "plasma", plasma), evidence("a", "tissue", tissue)])
    assert [row.verdict for row in rows if row.level == "alteration"] == [verdict]


def test_concordance_needs_both_specimens_and_tumour_variants() -> None:
    alone = [evidence("a", "plasma", SEEN, patient="P2")]
    germline = [evidence("b", kind, SEEN, Origin.GERMLINE) for kind in ("plasma", "tissue")]
    nowhere = [evidence("c", kind, UNSEEN) for kind in ("plasma", "tissue")]
    found = concordance_rows([*alone, *germline, *nowhere])
    assert [row for row in found if row.level == "alteration"] == []
    assert {(row.patient, row.verdict) for row in found} == {("P1", "not_comparable")}


def test_both_junctions_of_one_rearrangement_are_one_alteration() -> None:
    """A reciprocal junction agrees with the other one by itself; a report may name no partner at all."""
    fusion: dict[str, Any] = {"variant_type": VariantType.FUSION}
    rows = [
        evidence("fusion:ALK:EML4", "plasma", SEEN, **fusion),
        evidence("fusion:ALK:EML4", "tissue", UNSEEN, **fusion),
        evidence("fusion:EML4:ALK", "plasma", SEEN, **fusion),
        evidence("fusion:EML4:ALK", "tissue", UNSEEN, **fusion),
        evidence("fusion:unknown:ALK", "tissue", SEEN, **fusion),
        evidence("fusion:KIF5B:RET", "plasma", SEEN, **fusion),
        evidence("fusion:KIF5B:RET", "tissue", UNSEEN, **fusion),
        evidence("a", "plasma", SEEN),
        evidence("a", "tissue", UNSEEN),
    ]
    found = [row for row in concordance_rows(rows) if row.level == "alteration"]
    assert [(row.alteration, row.verdict) for row in found] == [
        ("a", "plasma_only"),
        ("fusion:EML4:ALK", "both"),
        ("fusion:KIF5B:RET", "plasma_only"),
    ]


def test_of_two_fusions_of_a_gene_a_report_without_partner_names_neither() -> None:
    fusion: dict[str, Any] = {"variant_type": VariantType.FUSION}
    keys = ("fusion:EML4:ALK", "fusion:KIF5B:ALK", "fusion:unknown:ALK")
    rows = [evidence(key, "plasma", SEEN, **fusion) for key in keys[:2]]
    rows.append(evidence(keys[2], "tissue", SEEN, **fusion))
    found = [row.alteration for row in concordance_rows(rows) if row.level == "alteration"]
    assert sorted(found) == sorted(keys)


@pytest.mark.parametrize(
    ("excludes", "shown"), [(frozenset(), "not_seen"), (frozenset({ON_TARGET, BYPASS}), "none")]
)
def test_a_class_without_families_is_none_only_where_they_are_excluded(
    excludes: frozenset[Component], shown: str
) -> None:
    """Tissue lacks the MET of plasma and could not have shown every bypass: that is no class `none`."""
    rows = [evidence("m", "plasma", SEEN, gene="MET"), evidence("m", "tissue", UNSEEN, gene="MET")]
    rows += [evidence("a", kind, UNSEEN) for kind in ("plasma", "tissue")]
    listed = [mechanism("P1", "MET", "m", BYPASS), mechanism("P1", "ALK", "a", ON_TARGET)]
    tissue = Material(SpecimenType.TISSUE, excludes)
    materials = {("P1", "PD"): [Material(SpecimenType.PLASMA, frozenset({ON_TARGET})), tissue]}
    (whole,) = [row for row in concordance_rows(rows, listed, materials) if row.level == "class"]
    assert (whole.plasma, whole.tissue) == ("bypass", shown)


def test_agreement_counts_only_what_can_be_compared() -> None:
    verdicts = [(SEEN, SEEN), (SEEN, SEEN), (SEEN, UNSEEN), (UNSEEN, SEEN), (Detection.NOT_ASSESSABLE, SEEN)]
    rows = []
    for i, (plasma, tissue) in enumerate(verdicts):
        rows += [evidence(f"v{i}", "plasma", plasma), evidence(f"v{i}", "tissue", tissue)]
    table = agreement_rows(concordance_rows(rows), SETTINGS)
    found = {r.measure: (r.agreeing, r.total) for r in table if r.level == "alteration"}
    assert found == {
        "seen_in_plasma_of_tissue": (2, 3),
        "seen_in_tissue_of_plasma": (2, 3),
        "seen_in_both_of_any": (2, 4),
    }


def pair(
    patient: str,
    plasma: Detection,
    tissue: Detection,
    component: Component = ON_TARGET,
    informative: tuple[bool, bool] = (True, True),
) -> tuple[list[EvidenceRow], ResistanceRow, dict[Any, Any]]:
    """One alteration of a family in plasma and tissue of one timepoint, and what each could have shown."""
    rows = [
        evidence(f"{patient}-a", "plasma", plasma, patient=patient),
        evidence(f"{patient}-a", "tissue", tissue, patient=patient),
    ]
    kinds = (SpecimenType.PLASMA, SpecimenType.TISSUE)
    families = frozenset({ON_TARGET, BYPASS})
    materials = [
        Material(kind, families if known else frozenset())
        for kind, known in zip(kinds, informative, strict=True)
    ]
    return rows, mechanism(patient, "ALK", f"{patient}-a", component), {(patient, "PD"): materials}


def family_verdicts(
    *pairs: tuple[list[EvidenceRow], ResistanceRow, dict[Any, Any]],
) -> tuple[list[ConcordanceRow], dict[tuple[str, str], str]]:
    rows = [row for item in pairs for row in item[0]]
    materials = {key: value for item in pairs for key, value in item[2].items()}
    found = concordance_rows(rows, [item[1] for item in pairs], materials)
    return found, {(r.patient, r.alteration): r.verdict for r in found if r.level != "alteration"}


@pytest.mark.parametrize(
    ("plasma", "tissue", "informative", "family", "whole"),
    [
        (SEEN, SEEN, (True, True), "both", "concordant"),
        (SEEN, UNSEEN, (True, True), "plasma_only", "discordant"),
        (UNSEEN, SEEN, (True, True), "tissue_only", "discordant"),
        (Detection.NOT_ASSESSABLE, SEEN, (True, True), "not_comparable", "not_comparable"),
        (UNSEEN, SEEN, (False, True), "tissue_only", "discordant"),
        (SEEN, SEEN, (False, False), "both", "not_comparable"),
        (UNSEEN, UNSEEN, (True, True), "neither", "concordant"),
        (UNSEEN, UNSEEN, (True, False), "not_comparable", "not_comparable"),
    ],
)
def test_families_and_class_of_a_timepoint(
    plasma: Detection, tissue: Detection, informative: tuple[bool, bool], family: str, whole: str
) -> None:
    """Bypass, of which nothing is listed, is absent in both where both could have shown it."""
    _, verdicts = family_verdicts(pair("P1", plasma, tissue, informative=informative))
    assert verdicts["P1", "on_target"] == family
    assert verdicts["P1", "mechanism class"] == whole
    assert verdicts["P1", "bypass"] == ("neither" if informative == (True, True) else "not_comparable")


def test_a_family_is_absent_only_where_the_sample_excludes_that_family() -> None:
    """ALK was excluded in both, bypass was not: its silence is no agreement."""
    rows, listed, _ = pair("P1", UNSEEN, UNSEEN)
    materials = {
        ("P1", "PD"): [
            Material(kind, frozenset({ON_TARGET})) for kind in (SpecimenType.PLASMA, SpecimenType.TISSUE)
        ]
    }
    found = {row.alteration: row.verdict for row in concordance_rows(rows, [listed], materials)}
    assert (found["on_target"], found["bypass"]) == ("neither", "not_comparable")


def test_positive_and_negative_agreement_against_tissue() -> None:
    found, _ = family_verdicts(
        *(pair(f"A{i}", SEEN, SEEN) for i in range(8)),
        *(pair(f"B{i}", UNSEEN, SEEN) for i in range(2)),
        *(pair(f"C{i}", UNSEEN, UNSEEN) for i in range(5)),
        pair("D", SEEN, UNSEEN),
        pair("E", SEEN, UNSEEN, informative=(True, False)),
        pair("F", Detection.NOT_ASSESSABLE, SEEN),
    )
    table = {(row.name, row.measure): row for row in agreement_rows(found, SETTINGS)}
    positive = table["on_target", "positive_agreement"]
    assert (positive.agreeing, positive.total) == (8, 10)
    # Clopper and Pearson for 8 of 10.
    assert (positive.low, positive.high) == pytest.approx((0.4439, 0.9748), abs=1e-4)
    negative = table["on_target", "negative_agreement"]
    assert (negative.agreeing, negative.total) == (5, 6), "tissue of E could not exclude the family"
    assert positive.not_comparable == negative.not_comparable == 2
    whole = table["mechanism class", "overall_agreement"]
    assert (whole.agreeing, whole.total, whole.not_comparable) == (13, 17, 1)


def test_without_an_account_of_the_samples_there_is_no_negative_agreement() -> None:
    rows, listed, _ = pair("P1", SEEN, UNSEEN)
    table = agreement_rows(concordance_rows(rows, [listed]), SETTINGS)
    negative = next(r for r in table if (r.name, r.measure) == ("on_target", "negative_agreement"))
    assert (negative.total, negative.share, negative.not_comparable) == (0, None, 1)


def test_materials_are_read_from_the_account_of_a_timepoint(tmp_path: Path) -> None:
    """Of two plasma samples one excludes ALK mutations, the other every core bypass; the tissue is empty."""
    case = {
        "specimens": {
            "PD.a": {"type": "plasma"},
            "PD.b": {"type": "plasma", "core": 0.0025, "holes": ["G1202"]},
            "PD.c": {"type": "csf", "core": 0.0025},
            "PD.t": {"type": "tissue", "core": 0.0025, "core_holes": ["RET"]},
            "PD2.t": {"type": "tissue", "core": 0.0025, "problems": ["empty_bam"]},
            "PD2.p": {"type": "plasma"},
        }
    }
    paths = []
    for result in classify_patient(evidence_of(case), load_knowledge(KNOWLEDGE), resistance_settings()):
        paths.append(tmp_path / f"{result.timepoint}.json")
        paths[-1].write_text(json.dumps(result.detail))
    both, on_target = frozenset({ON_TARGET, BYPASS}), frozenset({ON_TARGET})
    assert read_materials(paths) == {
        ("P1", "PD"): [Material(SpecimenType.PLASMA, both), Material(SpecimenType.TISSUE, on_target)],
        ("P1", "PD2"): [Material(SpecimenType.PLASMA, on_target)],
    }


def test_patients_on_one_side_only_are_named() -> None:
    timelines = [switched(name).alive(300).timeline() for name in ("A", "B")]
    rows = [classified("B", C.NONE_FOUND), classified("B", C.NONE_FOUND, timepoint="PD2"),
            classified("C", C.NONE_FOUND), classified("X", C.NONE_FOUND)]  # fmt: skip
    found = {
        row.patient: (row.timepoints, row.clinical, row.missing)
        for row in linkage_rows(rows, timelines, {"X"})
    }
    assert found == {
        "A": (0, True, "classified_timepoints"),
        "B": (2, True, None),
        "C": (1, False, "clinical_tables"),
        "X": (1, False, None),
    }


def test_oncoprint_orders_by_timing_and_keeps_patients_without_findings() -> None:
    rows = [
        classified("A", C.NONE_FOUND),
        classified("B", C.BYPASS, [BYPASS], Timing.PRIMARY),
        classified("C", C.NOT_EVALUABLE, (), Timing.PRIMARY),
    ]
    table = oncoprint_rows(found_of(rows, [mechanism("B", "KRAS", "G12D", BYPASS)]).values())
    assert [(r.patient, r.order, r.gene) for r in table] == [("B", 1, "KRAS"), ("C", 2, None), ("A", 3, None)]


def test_swimmer_intervals_and_points() -> None:
    timeline = switched(enrolled=0).report("PD", 101, 112).scan(160, "PR").alive(300).timeline()
    found = [(r.kind.value, r.label, r.start_days, r.end_days, r.ongoing) for r in swimmer_rows([timeline])]
    assert found == [
        ("enrolled", "enrolled", 0, 0, False),
        ("lorlatinib", "lorlatinib", 0, 110, False),
        ("progression", "progression", 100, 100, False),
        ("response", "PD", 100, 100, False),
        ("sample", "PD", 101, 101, False),
        ("report", "PD", 112, 112, False),
        ("next_treatment", "pemetrexed", 120, 300, True),
        ("response", "PR", 160, 160, False),
        ("last_alive", "last_alive", 300, 300, False),
    ]


def test_flow_counts_every_progressed_patient_with_a_sample_once() -> None:
    records = [switched("A").scan(160, "PR").alive(300), switched("B").alive(300)]
    timelines = [item.timeline() for item in records]
    found = found_of([classified("A", C.MIXED, [ON_TARGET, BYPASS]), classified("B", C.NONE_FOUND)])
    responses = response_rows(timelines, SETTINGS, days_after_last_dose=30)
    rows = flow_rows(found, timelines, responses)
    assert [(r.classification, r.component, r.next_treatment, r.best, r.patients) for r in rows] == [
        (C.MIXED, "mixed", "no_alk_tki", "PR", 1),
        (C.NONE_FOUND, "none_found", "no_alk_tki", "NE", 1),
    ]


def test_mechanism_by_treatment_counts_a_mixed_patient_under_both() -> None:
    timelines = [
        switched("A").scan(160, "PR").scan(220, "PD").alive(300).timeline(),
        switched("B").scan(160, "SD").alive(300).timeline(),
    ]
    found = found_of([classified("A", C.MIXED, [ON_TARGET, BYPASS])])
    responses = response_rows(timelines, SETTINGS, days_after_last_dose=30)
    rows = mechanism_treatment_rows(found, responses, patient_rows(timelines), SETTINGS)
    table = {(r.component, r.regimen_kind): r for r in rows}
    assert {key[0] for key in table} == {"all", "on_target", "bypass", "no_sample"}
    both = table["on_target", "no_alk_tki"]
    assert (both.treated, both.responders, both.controlled, both.pfs_events) == (1, 1, 1, 1)
    assert both.pfs_median == 100
    assert (table["all", "all"].treated, table["all", "all"].controlled) == (2, 2)
