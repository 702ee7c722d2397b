"""Hints: verified only, a compound as a unit, contradictions shown."""

from itertools import permutations
from pathlib import Path

import pytest

from alktrace.models import Alteration, Consequence, VariantType
from alktrace.resistance.hints import treatment_hints
from alktrace.resistance.knowledge import load_knowledge

KNOWLEDGE = load_knowledge(Path(__file__).resolve().parents[2] / "resources" / "knowledge")
SUBJECTS = [*KNOWLEDGE.mutations, *KNOWLEDGE.mechanisms]


def hints(*subjects):
    return treatment_hints(subjects, KNOWLEDGE)


def test_compound_is_not_the_union_of_its_singles():
    # Shaw 2016, PMID 26698910: the pair resists lorlatinib and obeys crizotinib; C1156Y alone the reverse
    pair = hints("p.Leu1198Phe", "p.Cys1156Tyr")
    assert pair.resistant_to == ("lorlatinib",) and pair.sensitive_to == ("crizotinib",)
    single = hints("p.Cys1156Tyr")
    assert "lorlatinib" in single.sensitive_to and "crizotinib" in single.resistant_to


def test_compound_without_a_read_source_says_so():
    found = hints("p.Leu1196Met", "p.Gly1202Arg")
    assert found.resistant_to == found.sensitive_to == found.evidence == ()
    assert "No verified drug data" in found.note


def test_pair_in_no_table_takes_nothing_from_its_singles():
    found = hints("p.Gly1202Arg", "p.Gly1123Ser")
    assert found.resistant_to == found.sensitive_to == ()


def test_reports_from_another_tumour_are_not_used():
    # CIViC EID11113, EID11115: mesothelioma
    assert hints("p.Ile1171Asn", "p.Leu1196Met").evidence == ()


@pytest.mark.parametrize(
    ("subject", "drug"),
    [
        ("p.Cys1156Tyr", "ceritinib"),
        ("p.Phe1174Cys", "ceritinib"),
        ("p.Ile1171Thr", "alectinib"),
        ("p.Glu1210Lys", "crizotinib"),
        ("p.Gly1202Arg", "brigatinib"),
        ("p.Thr1151dup", "ceritinib"),
        ("p.Gly1269Ala", "alectinib"),
    ],
)
def test_conflicts_are_shown_as_conflicts(subject, drug):
    found = hints(subject)
    assert drug in found.conflicting
    assert drug not in found.resistant_to + found.sensitive_to
    assert "conflicting_evidence" in found.for_classifier().flags


@pytest.mark.parametrize("subject", SUBJECTS)
def test_lists_hold_only_what_verified_reports_say(subject):
    found = hints(subject)
    stated = [e for e in KNOWLEDGE.drug_effects(subject) if e.context != "other_tumour"]
    assert all(item.verified for item in stated)
    for drug in found.resistant_to:
        assert {e.effect for e in stated if e.drug == drug} == {"resistant"}
    for drug in found.sensitive_to:
        assert {e.effect for e in stated if e.drug == drug} == {"sensitive"}
    assert not set(found.resistant_to) & set(found.sensitive_to)
    assert not any(";" in text for text in found.evidence)
    assert (found.tier, found.escat) == (None, None)


def test_order_of_a_triple_does_not_matter():
    names = ("p.Asp1203Asn", "p.Glu1210Lys", "p.Gly1269Ala")
    assert len({hints(*order) for order in permutations(names)}) == 1


def test_alterations_reach_their_subject():
    met = Alteration(
        key="copy_number:MET:amplification", gene="MET", variant_type=VariantType.AMPLIFICATION,
        alteration="amplification", consequence=Consequence.COPY_NUMBER,
    )  # fmt: skip
    alk = met.model_copy(update={"key": "copy_number:ALK:amplification", "gene": "ALK"})
    assert KNOWLEDGE.hints((met,)).flags == ("no_verified_drug_data",)
    assert KNOWLEDGE.hints((alk,)).resistant_to == ("crizotinib",)  # CIViC EID766, EID767, EID440


def test_research_notice_is_there():
    assert "research use" in KNOWLEDGE.messages["research_use"]
