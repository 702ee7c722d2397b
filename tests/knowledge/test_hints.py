"""Hints: verified before cited, nothing proposed, a compound as a unit, contradictions shown."""

from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from alktrace.evidence.schema import Alteration
from alktrace.inputs.knowledge_files import KnowledgeFiles
from alktrace.knowledge.drug_hints import Hints, hints_of, joined, withheld
from alktrace.knowledge.entries import DrugEffect, DrugStatement, Remark, codon_of
from alktrace.knowledge.load import load_knowledge
from alktrace.vocabulary.changes import Consequence, VariantType
from alktrace.vocabulary.drugs import NamedDrug
from alktrace.vocabulary.marks import Mark

KNOWLEDGE = load_knowledge(KnowledgeFiles(Path(__file__).resolve().parents[2] / "resources" / "knowledge"))
SUBJECTS = [*KNOWLEDGE.mutations, *KNOWLEDGE.mechanisms]
CITED_INTERMEDIATE = tuple(
    f"p.{name}" for name in "Cys1156Tyr Ile1171Asn Ile1171Ser Ile1171Thr Phe1174Cys Gly1269Ala".split()
)


def mutation(hgvs_p: str) -> Alteration:
    return Alteration(
        key=hgvs_p, gene="ALK", variant_type=VariantType.SNV, alteration="x", hgvs_p=hgvs_p,
        consequence=Consequence.MISSENSE, codon=codon_of(hgvs_p),
    )  # fmt: skip


def hints(*names: str) -> Hints:
    return KNOWLEDGE.hints(tuple(mutation(name) for name in names))


def told(drug: str, effect: str, source: str, *, level: str = "C") -> DrugStatement:
    return DrugStatement(drug, DrugEffect(effect), level, "cell_model", source, Mark.VERIFIED)


def test_compound_is_not_the_union_of_its_singles() -> None:
    # Shaw 2016, PMID 26698910: the pair resists lorlatinib, not crizotinib; C1156Y alone the reverse
    pair = hints("p.Leu1198Phe", "p.Cys1156Tyr")
    assert pair.verified.resistant_to == ("lorlatinib",) and pair.verified.sensitive_to == ("crizotinib",)
    single = hints("p.Cys1156Tyr")
    assert "lorlatinib" in single.sensitive_to and "crizotinib" in single.resistant_to


def test_the_commonest_compound_after_lorlatinib_speaks_with_its_mark() -> None:
    # Yoda 2018, PMID 29650534, named and not read again
    found = hints("p.Leu1196Met", "p.Gly1202Arg")
    assert "lorlatinib" in found.resistant_to and found.mark("lorlatinib") is Mark.CITED
    assert found.verified == Hints()
    assert [text for text in found.sources if text.startswith("lorlatinib resistant (D, cited): ")]


def test_compounds_of_a_family_carry_its_sentences_and_no_drug_of_it() -> None:
    # Shiba-Ishii 2022, PMC9732888: families of compounds with G1202R and with I1171N/S/T
    pair = hints("p.Gly1202Arg", "p.Gly1123Ser")
    assert {item.kind for item in pair.remarks} == {"family"}
    assert pair.remarks[0].source.startswith("Shiba-Ishii 2022") and pair.remarks[0].mark is Mark.VERIFIED
    assert pair.sensitive_to == pair.resistant_to == ()
    assert hints("p.Gly1202Arg").remarks == hints("p.Cys1156Tyr", "p.Leu1198Phe").remarks == ()


def test_most_compounds_speak() -> None:
    compounds = [name for name in KNOWLEDGE.statements if name.count("p.") > 1]
    speaking = [name for name in compounds if any(hints_of(KNOWLEDGE.statements[name]).effects())]
    assert (len(compounds), len(speaking)) == (33, 26)


@pytest.mark.parametrize(
    ("subject", "drug", "place"),
    [
        *((name, "crizotinib", "resistant_to") for name in CITED_INTERMEDIATE),
        ("p.Ile1171Ser", "alectinib", "resistant_to"),
        ("p.Leu1196Met", "alectinib", "sensitive_to"),
        ("p.Gly1202Arg", "ceritinib", "resistant_to"),
        ("p.Gly1202Arg", "lorlatinib", "sensitive_to"),
    ],
)
def test_what_was_read_is_not_moved_by_what_was_not(subject: str, drug: str, place: str) -> None:
    found = hints(subject)
    said = {s.effect for s in KNOWLEDGE.statements[subject] if s.drug == drug and s.mark is Mark.CITED}
    assert said - {"resistant" if place == "resistant_to" else "sensitive"}, "a cited report says otherwise"
    assert drug in getattr(found, place) and found.mark(drug) is Mark.VERIFIED


def test_brigatinib_for_d1203n_with_e1210k() -> None:
    found = hints("p.Asp1203Asn", "p.Glu1210Lys")
    # Lin 2017 Table 2, read; Gainor 2016 calls it intermediate and was not read
    assert "brigatinib" in found.verified.resistant_to


def test_pair_in_no_table_takes_nothing_from_its_singles() -> None:
    found = hints("p.Gly1202Arg", "p.Gly1123Ser")
    assert found.resistant_to == found.sensitive_to == ()


def test_reports_from_another_tumour_are_not_used() -> None:
    # CIViC EID11113, EID11115: mesothelioma
    assert not [text for text in hints("p.Ile1171Asn", "p.Leu1196Met").sources if "EID1111" in text]


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
def test_conflicts_are_shown_as_conflicts(subject: str, drug: str) -> None:
    found = hints(subject)
    assert drug in found.conflicting
    assert drug not in found.resistant_to + found.sensitive_to
    assert found.conflicting == (drug,) and f"conflicting_evidence:{drug}" in map(str, found.flags)
    assert [text for text in found.sources if text.startswith(f"{drug} contradictory (")]


@pytest.mark.parametrize("subject", SUBJECTS)
def test_lists_hold_only_what_reports_of_their_mark_say(subject: str) -> None:
    found = hints_of(KNOWLEDGE.statements[subject])
    stated = [s for s in KNOWLEDGE.statements[subject] if s.context != "other_tumour"]
    for effect, drugs in (("resistant", found.resistant_to), ("sensitive", found.sensitive_to)):
        for drug in drugs:
            assert {s.effect for s in stated if s.drug == drug and s.mark is found.mark(drug)} == {effect}
    assert all(statement.mark.shown for statement in found.statements)
    assert not set(found.resistant_to) & set(found.sensitive_to)
    assert not any(";" in text for text in found.sources)


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
def test_a_drug_stands_in_one_list(effects: list[str], place: str) -> None:
    shown = hints_of(told("ceritinib", effect, f"source {effect}", level="D") for effect in effects)
    lists = {name: getattr(shown, name) for name in LISTS}
    assert lists == {name: ("ceritinib",) if name == place else () for name in LISTS}
    assert list(shown.sources) == [f"ceritinib {effect} (D, verified): source {effect}" for effect in effects]
    named = {"intermediate": ("intermediate_evidence:ceritinib",)}
    named["conflicting"] = ("conflicting_evidence:ceritinib",)
    assert tuple(map(str, shown.flags)) == named.get(place, ())


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
def test_compounds_that_share_a_mutation_may_contradict_each_other(
    first: str, second: str, place: str
) -> None:
    a, b = told("x", "resistant", "a"), told("x", "sensitive", "b")
    lists: list[dict[str, Any]] = [{first: ("x",)}, {second: ("x",)}]
    shown = joined([Hints(**one, statements=(said,)) for one, said in zip(lists, (a, b), strict=True)])
    assert {name: getattr(shown, name) for name in LISTS} == {
        name: ("x",) if name == place else () for name in LISTS
    }
    assert shown.statements == (a, b)


def test_withheld_statements_claim_nothing_and_keep_their_condition() -> None:
    alone = hints_of([told("x", "resistant", "a"), told("y", "intermediate", "b")])
    shown = withheld(alone, {"L1198F": hints_of([told("z", "sensitive", "c")])})
    assert shown.resistant_to == shown.sensitive_to == shown.intermediate == shown.conflicting == ()
    assert shown.withheld == ("x", "y", "z")
    assert [*map(str, shown.flags)] == ["drug_effects_withheld:x,y,z"]
    assert shown.sources == (
        "if nothing else shares its molecule, x resistant (C, verified): a",
        "if nothing else shares its molecule, y intermediate (C, verified): b",
        "if on one molecule with L1198F, z sensitive (C, verified): c",
    )


def test_nothing_to_withhold_is_no_data() -> None:
    assert [*map(str, withheld(Hints(), {"L1198F": Hints()}).flags)] == ["no_drug_report"]


@pytest.mark.parametrize(
    "drug",
    [
        NamedDrug("lorlatinib", Mark.CITED),
        NamedDrug("nab-paclitaxel", Mark.VERIFIED, ("already given from 2024-02-01", "but progressed on it")),
    ],
)
def test_a_named_drug_is_read_as_it_was_written(drug: NamedDrug) -> None:
    assert NamedDrug.parse(str(drug)) == drug


@pytest.mark.parametrize("text", ["lorlatinib", "lorlatinib (proposed)", "(cited)", "lorlatinib (cited"])
def test_a_drug_without_its_mark_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="mark"):
        NamedDrug.parse(text)


def test_order_of_a_triple_does_not_matter() -> None:
    names = ("p.Asp1203Asn", "p.Glu1210Lys", "p.Gly1269Ala")
    assert len({hints(*order) for order in permutations(names)}) == 1


def test_alterations_reach_their_subject() -> None:
    met = Alteration(
        key="copy_number:MET:amplification",
        gene="MET",
        variant_type=VariantType.AMPLIFICATION,
        alteration="amplification",
        consequence=Consequence.COPY_NUMBER,
    )
    alk = met.model_copy(update={"key": "copy_number:ALK:amplification", "gene": "ALK"})
    found = KNOWLEDGE.hints((met,))
    assert found.flags == () and found.remarks[0] == Remark(
        "combination", "a MET inhibitor beside the ALK inhibitor", "PMC8448518 Table 1", Mark.VERIFIED
    )
    assert KNOWLEDGE.hints((alk,)).resistant_to == ("crizotinib",)  # CIViC EID766, EID767, EID440


def test_research_notice_is_there() -> None:
    assert "research use" in KNOWLEDGE.messages["research_use"]
