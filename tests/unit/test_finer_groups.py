"""Outcome by drug, class and alteration: classes by knowledge, absence only where excluded, small "
"groups nowhere."""

from dataclasses import replace

import pytest
from clinical_records import Records, on
from mechanism_rows import mechanism
from outcome_cohort import KNOWLEDGE, cohort_settings

from alktrace.knowledge.load import load_knowledge
from alktrace.outcomes.absence import Absence, Silence
from alktrace.outcomes.endpoints import patient_rows
from alktrace.outcomes.finer_groups import detail_comparisons, detail_rows, drug_class
from alktrace.outcomes.mechanisms import Finding, lacks_alteration
from alktrace.outcomes.response import response_rows
from alktrace.outcomes.timeline import Timeline
from alktrace.vocabulary.negatives import NegativeKind
from alktrace.vocabulary.outcomes import RegimenKind
from alktrace.vocabulary.resistance import Classification, Component
from alktrace.vocabulary.samples import Setting

DRUGS = load_knowledge(KNOWLEDGE).drugs
FEW = cohort_settings(min_group_patients=3)


@pytest.mark.parametrize(
    ("drug", "name"),
    [
        ("alectinib", "ALK TKI, generation 2"),
        ("neladalkib", "ALK TKI, generation 4"),
        ("pemetrexed", "chemotherapy and others"),
        ("pembrolizumab", "checkpoint inhibitor"),
        ("capmatinib", "MET inhibitor"),
        ("declared-by-the-site", "other"),
    ],
)
def test_the_class_of_a_drug(drug: str, name: str) -> None:
    assert drug_class(drug, DRUGS, RegimenKind.NO_ALK_TKI) == name


def test_an_inhibitor_that_a_site_declared_is_one() -> None:
    assert drug_class("declared-by-the-site", DRUGS, RegimenKind.ALK_TKI) == "ALK TKI"


def patient(name: str, drugs: str, days: int) -> Timeline:
    return (
        Records(name)
        .treat("lorlatinib", 0, 110, "progression")
        .scan(100, "PD")
        .treat(drugs, 120, 120 + days, "progression", line=2)
        .alive(600)
        .timeline()
    )


PATIENTS = [patient(f"A{n}", "neladalkib", 50 + n) for n in range(4)] + [
    patient(f"B{n}", "pemetrexed+carboplatin", 100 + n) for n in range(4)
]


def finding(name: str, *alterations: str, excluded: bool = True) -> Finding:
    silence = Silence(beyond=frozenset({NegativeKind.ALK_MUTATION}))
    rows = tuple(mechanism(name, "ALK", item, Component.ON_TARGET) for item in alterations)
    return Finding(
        name,
        "PD",
        Setting.PROGRESSION,
        Classification.ON_TARGET_SINGLE,
        (Component.ON_TARGET,),
        None,
        None,
        rows,
        on(100),
        on(115),
        silence=silence if excluded else Silence(),
    )


def test_pairs_of_groups_with_enough_patients() -> None:
    found = {item.patient: finding(item.patient, "G1202R") for item in PATIENTS[:4]}
    endpoints = patient_rows(PATIENTS)
    responses = response_rows(PATIENTS, FEW, days_after_last_dose=30)
    rows = detail_rows(found, PATIENTS, responses, endpoints, DRUGS, FEW)
    cells = {(row.mechanism, row.treatment): (row.treated, row.ttd_median) for row in rows}
    assert cells["all", "pemetrexed"] == cells["all", "carboplatin"] == (4, 101.5)
    assert cells["ALK G1202R", "ALK TKI, generation 4"] == (4, 51.5)
    assert ("ALK G1202R", "pemetrexed") not in cells
    compared = detail_comparisons(found, PATIENTS, endpoints, DRUGS, FEW)
    names = {(row.question.value, row.level): (row.patients, row.reference_patients) for row in compared}
    assert names["drug_outcome", "neladalkib"] == (4, 4)
    # Nobody without it: an alteration that all have is compared with nothing.
    assert not [level for question, level in names if question == "alteration_outcome"]


def test_an_alteration_is_absent_only_where_it_was_excluded() -> None:
    other = finding("A", "L1196M")
    assert lacks_alteration(other, "ALK G1202R") is Absence.EXCLUDED
    assert lacks_alteration(replace(other, silence=Silence()), "ALK G1202R") is Absence.NOT_TARGETED
    assert lacks_alteration(other, "KRAS G12D") is not Absence.EXCLUDED
