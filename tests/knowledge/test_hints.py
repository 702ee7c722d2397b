"""Hints: verified only, a compound as a unit, contradictions shown."""

from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest

from alktrace.evidence.schema import Alteration
from alktrace.knowledge.drug_hints import joined, treatment_hints, withheld
from alktrace.knowledge.entries import DrugEffect
from alktrace.knowledge.load import load_knowledge
from alktrace.knowledge.ports import Hints
from alktrace.vocabulary.changes import Consequence, VariantType

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
    shown = found.for_classifier()
    assert shown.conflicting == (drug,) and f"conflicting_evidence:{drug}" in shown.flags
    assert [text for text in shown.sources if text.startswith(f"{drug} contradictory: ")]


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


@pytest.mark.parametrize(
    ("effects", "place"),
    [
        (["sensitive"], "sensitive_to"),
        (["resistant"], "resistant_to"),
        (["intermediate"], "intermediate"),
        (["intermediate", "sensitive"], "intermediate"),
        (["resistant", "intermediate"], "intermediate"),
        (["sensitive", "resistant"], "conflicting"),
        (["sensitive", "resistant", "intermediate"], "conflicting"),
    ],
    ids="-".join,
)
def test_a_drug_stands_in_one_list(effects, place):
    stated = tuple(
        DrugEffect("ceritinib", effect, "D", "cell_model", f"source {effect}", verified=True)
        for effect in effects
    )
    known = replace(KNOWLEDGE, effects={"p.Ala1Val": stated}, conflicts={})
    shown = treatment_hints(["p.Ala1Val"], known).for_classifier()
    lists = {name: getattr(shown, name) for name in LISTS}
    assert lists == {name: ("ceritinib",) if name == place else () for name in LISTS}
    assert list(shown.sources) == [f"ceritinib {effect} (D): source {effect}" for effect in effects]
    named = {"intermediate": ("intermediate_evidence:ceritinib",)}
    named["conflicting"] = ("conflicting_evidence:ceritinib",)
    assert shown.flags == named.get(place, ())


LISTS = ("resistant_to", "sensitive_to", "intermediate", "conflicting", "withheld")


@pytest.mark.parametrize(
    ("first", "second", "place"),
    [
        ("resistant_to", "resistant_to", "resistant_to"),
        ("resistant_to", "sensitive_to", "conflicting"),
        ("resistant_to", "intermediate", "intermediate"),
        ("sensitive_to", "intermediate", "intermediate"),
        ("conflicting", "sensitive_to", "conflicting"),
    ],
)
def test_compounds_that_share_a_mutation_may_contradict_each_other(first, second, place):
    shown = joined([Hints(**{first: ("x",)}, sources=("a",)), Hints(**{second: ("x",)}, sources=("b",))])
    assert {name: getattr(shown, name) for name in LISTS} == {
        name: ("x",) if name == place else () for name in LISTS
    }
    assert shown.sources == ("a", "b")


def test_withheld_statements_claim_nothing_and_keep_their_condition():
    alone = Hints(resistant_to=("x",), intermediate=("y",), sources=("x resistant (C): a", "y b"))
    shown = withheld(alone, {"L1198F": Hints(sensitive_to=("z",), sources=("z sensitive (C): c",))})
    assert shown.resistant_to == shown.sensitive_to == shown.intermediate == shown.conflicting == ()
    assert shown.withheld == ("x", "y", "z")
    assert shown.flags == ("drug_effects_withheld:x,y,z",)
    assert shown.sources == (
        "if nothing else shares its molecule, x resistant (C): a",
        "if nothing else shares its molecule, y b",
        "if on one molecule with L1198F, z sensitive (C): c",
    )


def test_nothing_to_withhold_is_no_data():
    assert withheld(Hints(), {"L1198F": Hints()}).flags == ("no_verified_drug_data",)


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
