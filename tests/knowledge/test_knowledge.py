"""Questions to the tables, the rules of mechanisms, and what a broken table is told."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from present_values import present

from alktrace.errors import InputProblems
from alktrace.evidence.schema import Alteration
from alktrace.inputs.knowledge_files import KnowledgeFiles
from alktrace.knowledge.bypass_rules import BypassMechanism, OffTargetKind
from alktrace.knowledge.drug_hints import hints_of
from alktrace.knowledge.entries import AlkRole, Drug
from alktrace.knowledge.load import load_knowledge
from alktrace.vocabulary.changes import Consequence, VariantType
from alktrace.vocabulary.resistance import Confidence

TABLES = Path(__file__).resolve().parents[2] / "resources" / "knowledge"
KNOWLEDGE = load_knowledge(KnowledgeFiles(TABLES))
V, C = VariantType, Consequence


def alteration(
    gene: str, kind: VariantType = V.SNV, consequence: Consequence = C.UNKNOWN, **fields: Any
) -> Alteration:
    return Alteration(
        key="k", gene=gene, variant_type=kind, alteration="x", consequence=consequence, **fields
    )


def amplified(gene: str) -> Alteration:
    return alteration(gene, V.AMPLIFICATION, C.COPY_NUMBER)


def missense(gene: str, codon: int, **fields: str) -> Alteration:
    return alteration(gene, V.SNV, C.MISSENSE, codon=codon, **fields)


def fusion(gene: str, *, in_frame: bool | None) -> Alteration:
    return alteration(gene, V.FUSION, C.FUSION, in_frame=in_frame)


def lost(gene: str) -> Alteration:
    return alteration(gene, V.LOSS, C.COPY_NUMBER)


def truncated(gene: str) -> Alteration:
    return alteration(gene, V.SNV, C.STOP_GAINED, codon=100)


def inframe(gene: str, consequence: Consequence, exon: int) -> Alteration:
    return alteration(gene, V.DELETION, consequence, exon=exon)


# per mechanism: one alteration that is it, one of the same gene that is not
CASES = {
    "MET amplification": (amplified("MET"), lost("MET")),
    "MET fusion": (fusion("MET", in_frame=True), fusion("MET", in_frame=False)),
    "MET exon 14 skipping": (
        alteration("MET", V.SNV, C.SPLICE_SITE, exon=14),
        alteration("MET", V.SNV, C.SPLICE_SITE, exon=13),
    ),
    "MET kinase-domain mutation": (missense("MET", 1228), missense("MET", 1010)),
    "EGFR activating mutation": (missense("EGFR", 858), missense("EGFR", 500)),
    "EGFR exon 19 deletion": (
        inframe("EGFR", C.INFRAME_DELETION, 19),
        inframe("EGFR", C.INFRAME_DELETION, 18),
    ),
    "EGFR exon 20 insertion": (
        inframe("EGFR", C.INFRAME_INSERTION, 20),
        inframe("EGFR", C.INFRAME_DELETION, 20),
    ),
    "EGFR amplification": (amplified("EGFR"), lost("EGFR")),
    "ERBB2 amplification": (amplified("ERBB2"), lost("ERBB2")),
    "ERBB2 activating mutation": (missense("ERBB2", 755), missense("ERBB2", 654)),
    "ERBB2 exon 20 insertion": (
        inframe("ERBB2", C.INFRAME_INSERTION, 20),
        inframe("ERBB2", C.INFRAME_INSERTION, 19),
    ),
    "NRG1 fusion": (fusion("NRG1", in_frame=True), fusion("NRG1", in_frame=False)),
    "KIT amplification": (amplified("KIT"), missense("KIT", 541)),
    "RET fusion": (fusion("RET", in_frame=True), missense("RET", 691)),
    "RET activating mutation": (missense("RET", 918), missense("RET", 691)),
    "ROS1 G2032 mutation": (missense("ROS1", 2032), missense("ROS1", 2229)),
    "ROS1 fusion": (fusion("ROS1", in_frame=None), fusion("ROS1", in_frame=False)),
    "NTRK fusion": (fusion("NTRK3", in_frame=True), fusion("NTRK1", in_frame=False)),
    "FGFR fusion": (fusion("FGFR3", in_frame=True), fusion("FGFR2", in_frame=False)),
    "BRAF fusion": (fusion("BRAF", in_frame=True), fusion("BRAF", in_frame=False)),
    "FGFR1 amplification": (amplified("FGFR1"), lost("FGFR1")),
    "FGFR1 activating mutation": (missense("FGFR1", 577), missense("FGFR1", 546)),
    "FGFR2 activating mutation": (missense("FGFR2", 549), missense("FGFR2", 203)),
    "FGFR3 activating mutation": (missense("FGFR3", 249), missense("FGFR3", 8)),
    "YES1 amplification": (amplified("YES1"), lost("YES1")),
    "KRAS G12C": (missense("KRAS", 12, hgvs_p="p.Gly12Cys"), missense("KRAS", 12, hgvs_p="p.Gly12Asp")),
    "KRAS mutation": (missense("KRAS", 12, hgvs_p="p.Gly12Asp"), missense("KRAS", 22)),
    "KRAS amplification": (amplified("KRAS"), lost("KRAS")),
    "NRAS mutation": (missense("NRAS", 61), missense("NRAS", 62)),
    "HRAS mutation": (missense("HRAS", 13), missense("HRAS", 27)),
    "BRAF V600": (missense("BRAF", 600), missense("BRAF", 599)),
    "BRAF class 2 or 3 mutation": (missense("BRAF", 594), missense("BRAF", 301)),
    "BRAF amplification": (amplified("BRAF"), lost("BRAF")),
    "RAF1 activating mutation": (missense("RAF1", 257), missense("RAF1", 310)),
    "MAP2K1 activating mutation": (missense("MAP2K1", 57), missense("MAP2K1", 300)),
    "PTPN11 activating mutation": (missense("PTPN11", 76), missense("PTPN11", 400)),
    "NF1 loss of function": (truncated("NF1"), missense("NF1", 176)),
    "NF2 loss of function": (lost("NF2"), missense("NF2", 62)),
    "PIK3CA activating mutation": (missense("PIK3CA", 1047), missense("PIK3CA", 391)),
    "PTEN loss of function": (truncated("PTEN"), missense("PTEN", 20)),
    "AKT1 activating mutation": (missense("AKT1", 17), missense("AKT1", 18)),
    "TSC loss of function": (truncated("TSC2"), missense("TSC1", 322)),
    "MTOR activating mutation": (missense("MTOR", 2215), missense("MTOR", 100)),
    "TP53 mutation": (missense("TP53", 175), alteration("TP53", V.SNV, C.SYNONYMOUS, codon=213)),
    "RB1 loss of function": (lost("RB1"), missense("RB1", 137)),
    "MYC amplification": (amplified("MYCN"), lost("MYC")),
    "Cell-cycle amplification": (amplified("CDK4"), lost("CCND1")),
    "CRKL amplification": (amplified("CRKL"), lost("CRKL")),
    "CDKN2A loss": (lost("CDKN2A"), missense("CDKN2A", 148)),
}
FIRING = [m for m in KNOWLEDGE.mechanisms.values() if m.kind and m.rule != "not_in_dna"]


def test_every_rule_has_its_pair_of_cases() -> None:
    assert {m.subject for m in FIRING} == set(CASES)


@pytest.mark.parametrize("subject", CASES)
def test_rule_fires_on_its_positive_and_not_on_its_negative(subject: str) -> None:
    positive, negative = CASES[subject]
    assert present(KNOWLEDGE.off_target(positive)).subject == subject
    found = KNOWLEDGE.off_target(negative)
    assert found is None or found.subject != subject


@pytest.mark.parametrize(("gene", "codon"), [("KRAS", 12), ("BRAF", 600), ("PIK3CA", 1047)])
@pytest.mark.parametrize("consequence", [C.STOP_GAINED, C.SYNONYMOUS, C.FRAMESHIFT])
def test_a_hotspot_is_a_changed_residue_not_a_stop(gene: str, codon: int, consequence: Consequence) -> None:
    assert KNOWLEDGE.off_target(alteration(gene, V.SNV, consequence, codon=codon)) is None


@pytest.mark.parametrize("mechanism", [m for m in KNOWLEDGE.mechanisms.values() if m.rule == "not_in_dna"])
def test_what_dna_cannot_show_never_fires(mechanism: BypassMechanism) -> None:
    for gene in mechanism.genes:
        assert not any(mechanism.matches(item) for item in (amplified(gene), truncated(gene), lost(gene)))


@pytest.mark.parametrize("gene", ["TP53", "CDKN2A", "MYC", "MYCN", "CCND1", "CDK4", "MDM2", "CRKL"])
def test_co_alterations_never_carry_the_class(gene: str) -> None:
    listed = [m for m in KNOWLEDGE.mechanisms.values() if gene in m.genes]
    assert listed and not any(m.carries_class for m in listed)
    shown = amplified(gene) if gene not in ("TP53", "CDKN2A") else lost(gene)
    assert present(KNOWLEDGE.off_target(shown)).kind is OffTargetKind.CO_ALTERATION


def test_roles_keep_neutral_unknown_and_unlisted_apart() -> None:
    assert present(KNOWLEDGE.mutation("p.Gly1202Arg")).role is AlkRole.RESISTANCE
    assert present(KNOWLEDGE.mutation("p.Arg1275Gln")).role is AlkRole.ACTIVATING
    assert present(KNOWLEDGE.mutation("p.Arg1231Gln")).role is AlkRole.NEUTRAL
    assert present(KNOWLEDGE.mutation("p.Gly1201Glu")).role is AlkRole.UNKNOWN
    assert KNOWLEDGE.mutation("p.Gly1200Trp") is None


def test_l1256f_is_recognised_but_its_role_is_not_a_fact() -> None:
    found = present(KNOWLEDGE.mutation("p.Leu1256Phe"))
    assert found.role is AlkRole.RESISTANCE and not found.role_verified
    assert not [item for item in KNOWLEDGE.statements["p.Leu1256Phe"] if item.mark.verified]


@pytest.mark.parametrize(("codon", "inside"), [(1115, False), (1116, True), (1392, True), (1393, False)])
def test_kinase_domain_includes_its_ends(codon: int, inside: bool) -> None:
    assert KNOWLEDGE.in_kinase_domain(codon) is inside


def test_proposed_statements_are_no_hints() -> None:
    stated = KNOWLEDGE.statements["p.Gly1202Arg"]
    proposed = {item.drug for item in stated if not item.mark.shown}
    shown = hints_of(stated)
    assert shown.statements and all(item.mark.shown for item in shown.statements)
    assert {"iruplinalkib", "envonalkib"} <= proposed - {drug for drug, _ in shown.effects()}


def drug(name: str) -> Drug | None:
    canonical = KNOWLEDGE.drug_names.get(name.casefold())
    return KNOWLEDGE.drugs[canonical] if canonical else None


@pytest.mark.parametrize("name", ["lorlatinib", "LORBRENA", "PF-06463922", "洛拉替尼"])
def test_drug_is_found_under_any_name(name: str) -> None:
    assert present(drug(name)).name == "lorlatinib"


LATER_LINES = """
    docetaxel gemcitabine vinorelbine pembrolizumab nivolumab durvalumab atezolizumab bevacizumab anlotinib
    carboplatin cisplatin pemetrexed paclitaxel nab-paclitaxel etoposide irinotecan topotecan capmatinib
    tepotinib savolitinib crizotinib trametinib dabrafenib osimertinib neladalkib NVL-655 TPX-0131 zotizalkib
    gilteritinib APG-2449 iruplinalkib envonalkib foritinib SAF-189s ensartinib
""".split()


@pytest.mark.parametrize("name", [*LATER_LINES, "platinum doublet", "Keytruda", "安罗替尼"])
def test_drugs_of_later_lines_are_known(name: str) -> None:
    assert drug(name) is not None


def test_what_inhibits_alk_counts_as_alk_inhibitor() -> None:
    """Also gilteritinib (doi 10.1038/s41467-021-21396-w) and the ROS1/ALK inhibitor SAF-189s (PMC8149715)."""
    assert {"gilteritinib", "foritinib", "ensartinib", "neladalkib"} <= KNOWLEDGE.alk_tkis
    assert not KNOWLEDGE.alk_tkis & {"docetaxel", "osimertinib", "capmatinib", "platinum-doublet"}


def test_unknown_drug_is_not_made_up() -> None:
    assert drug("aspirin") is None
    assert "lorlatinib" in KNOWLEDGE.alk_tkis and "capmatinib" not in KNOWLEDGE.alk_tkis


def test_evidence_limits_confidence() -> None:
    assert present(KNOWLEDGE.off_target(amplified("MET"))).confidence is Confidence.ESTABLISHED
    assert present(KNOWLEDGE.off_target(missense("NRAS", 61))).confidence is Confidence.CANDIDATE
    assert present(KNOWLEDGE.off_target(missense("HRAS", 13))).confidence is Confidence.UNCERTAIN
    # Sui 2021 (PMID 33663128) and Minari 2020 (doi 10.21037/tlcr.2020.04.03): one patient each
    assert present(KNOWLEDGE.off_target(missense("BRAF", 600))).confidence is Confidence.CANDIDATE
    assert present(KNOWLEDGE.off_target(amplified("ERBB2"))).confidence is Confidence.CANDIDATE
    # what was read names mutations of KRAS, activation of EGFR and a ligand of HER2/HER3
    for remembered in (amplified("KRAS"), amplified("EGFR"), fusion("NRG1", in_frame=True)):
        assert present(KNOWLEDGE.off_target(remembered)).confidence is Confidence.UNCERTAIN


def test_a_deletion_of_exon_19_stands_on_one_step_with_l858r() -> None:
    deletion = present(KNOWLEDGE.off_target(inframe("EGFR", C.INFRAME_DELETION, 19)))
    assert deletion.confidence is present(KNOWLEDGE.off_target(missense("EGFR", 858))).confidence


@pytest.mark.parametrize(
    "known", [missense("MET", 1228), missense("MET", 1230), missense("MTOR", 2215), missense("FGFR2", 549)]
)
def test_activating_mutations_without_a_report_are_bypass_but_uncertain(known: Alteration) -> None:
    found = present(KNOWLEDGE.off_target(known))
    assert found.kind is OffTargetKind.BYPASS and found.confidence is Confidence.UNCERTAIN


def test_what_a_negative_asks_for_and_what_asks_for_both_copies() -> None:
    core = {gene for m in KNOWLEDGE.mechanisms.values() if m.core for gene in m.genes}
    assert core == {"MET", "KRAS", "NRAS", "BRAF", "EGFR", "ERBB2", "PIK3CA", "MAP2K1", "NF2", "RET", "ROS1"}
    assert all(m.carries_class for m in KNOWLEDGE.mechanisms.values() if m.core)
    suppressors = [m for m in KNOWLEDGE.mechanisms.values() if m.both_copies]
    assert {"RB1", "NF1", "NF2", "PTEN", "TP53", "CDKN2A"} <= {gene for m in suppressors for gene in m.genes}
    assert {m.rule for m in suppressors} == {"loss_of_function", "any_coding"}


def test_haematopoiesis_lists_are_apart() -> None:
    assert "DNMT3A" in KNOWLEDGE.ch_genes and "TP53" in KNOWLEDGE.ch_not_excluded_genes
    assert not KNOWLEDGE.ch_genes & KNOWLEDGE.ch_not_excluded_genes
    assert "ALK" not in KNOWLEDGE.blood_genes


def test_alk_itself_is_no_bypass() -> None:
    assert KNOWLEDGE.is_hotspot_mutation(missense("ALK", 1202))
    assert KNOWLEDGE.is_hotspot_mutation(alteration("ALK", V.DELETION, C.INFRAME_DELETION, codon=1202))
    for consequence in (C.FRAMESHIFT, C.STOP_GAINED, C.SPLICE_SITE, C.SYNONYMOUS):
        # A truncated kinase is no hotspot mutation.
        assert not KNOWLEDGE.is_hotspot_mutation(alteration("ALK", V.SNV, consequence, codon=1202))
    assert KNOWLEDGE.is_hotspot("ALK", 1202) and not KNOWLEDGE.is_hotspot("ALK", 1200)
    assert KNOWLEDGE.off_target(amplified("ALK")) is None


G1202R = "p.Gly1202Arg\t"
BROKEN = [
    ("alk_mutations", G1202R + "role\tresistance", G1202R + "role\tresistent", "value", "write one of"),
    ("alk_mutations", G1202R + "codon\t1202", G1202R + "codon\t1203", "codon", "write its codon"),
    (
        "alk_mutations",
        G1202R + "known_conflict\tbrigatinib",
        G1202R + "context\tx",
        "value",
        "known_conflict",
    ),
    ("alk_mutations", "lorlatinib:sensitive:R", "lorlatinob:sensitive:R", "value", "add it to drugs.tsv"),
    ("acquired", "T790M\tgene\tEGFR", "T790M\tgene\tEGRF", "value", "did you mean 'EGFR'"),
    (
        "acquired",
        "MET exon 14 skipping\texon\t14",
        "ALK missense mutation\texon\t14",
        "attribute",
        "one of codon",
    ),
    ("alk_families", "member\tp.Gly1202Arg", "member\tp.Gly1202Trp", "value", "add it to alk_mutations"),
    ("bypass", "BRAF V600\tcodon\tV600", "BRAF V600\tfrequency\tV600", "codon", "its rule needs one"),
    ("drugs", "synonym\tLorbrena", "synonym\tXalkori", "value", "keep it with one drug"),
    ("ch_genes", "TET2\tlist", "TET2\tlists", "attribute", "write one of"),
    ("messages", "\trule of this project\tverified", "\t.\tverified", "source", "name where it was read"),
    ("messages", "project\tverified", "project\ttrue", "mark", "write one of verified, cited, proposed"),
    ("hotspots", "alk_hotspot", "alk_hot", "kind", "write one of"),
    ("genes", "ENST00000389048", "ENST389048", "transcript", "matches"),
    ("genes", "\tHER3\t", "\tHER2\t", "aliases", "'HER2' names ERBB2 already; keep it with one gene"),
    ("genes", "\tHER3\t", "\tEGFR\t", "aliases", "'EGFR' names EGFR already; keep it with one gene"),
    ("genes", "\tHER3\t", "\tHER3;HER3\t", "aliases", "'HER3' names ERBB3 already"),
    ("genes", "\tHER3\t", "\tHer3\t", "aliases", "matches"),
    ("genes", "\tTRKA\tcommon", "\t.\tcommon", "aliases_source", "fill all three or none"),
    ("bypass", "KRAS amplification\tgene\tKRAS", "KRAS amplification\tgene\tKRSA", "value", "mean 'KRAS'?"),
    ("bypass", "NRG1 fusion\tgene\tNRG1", "NRG1 fusion\tgene\tZZZ9", "value", "'ZZZ9'; add it to genes.tsv"),
    (
        "transformation",
        "requires\tTP53",
        "requires\tTP35",
        "value",
        "unknown gene 'TP35'; did you mean 'TP53'",
    ),
    ("ch_genes", "TET2\tlist", "TET22\tlist", "subject", "unknown gene 'TET22'; did you mean 'TET2'"),
    ("hotspots", "KRAS\tbypass_gene", "KRASS\tbypass_gene", "gene", "unknown gene 'KRASS'"),
    ("hotspots", "V600\t600", "V600\t601", "codon", "V600 on codon 601; write its codon"),
    (
        "bypass",
        "codon\tV600",
        "codon\tV6000",
        "value",
        "'V6000' is no locus of BRAF in hotspots.tsv; add V6000",
    ),
    (
        "bypass",
        "codon\tV600",
        "codon\tE600",
        "value",
        "'E600' is no locus of BRAF in hotspots.tsv; write V600",
    ),
    ("bypass", "change\tp.Gly12Cys", "change\tp.Ala12Cys", "value", "write G12, or correct both"),
    ("bypass", "change\tp.Gly12Cys", "change\tp.Gly412Cys", "value", "add G412 there"),
    ("bypass", "skipping\texon\t14", "skipping\texon\t144", "value", "add exon 144 there"),
    ("bypass", "breakpoint_intron\t11", "breakpoint_intron\t99", "value", "add intron 99 there"),
    (
        "alk_mutations",
        "p.Gly1202Arg",
        "p.Ala1202Arg",
        "subject",
        "alk_mutations.tsv has G1202 at this codon",
    ),
    (
        "genes",
        "alias symbol, read in a copy of the record\tverified",
        "x\t.",
        "aliases_source",
        "fill all three",
    ),
]


@pytest.mark.parametrize("case", BROKEN, ids=lambda c: f"{c[0]}-{c[3]}")
def test_broken_table_is_named_with_place_and_remedy(tmp_path: Path, case: tuple[str, ...]) -> None:
    name, old, new, place, remedy = case
    folder = shutil.copytree(TABLES, tmp_path / "knowledge")
    path = folder / f"{name}.tsv"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputProblems) as caught:
        load_knowledge(KnowledgeFiles(folder))
    found = [p for p in caught.value.problems if p.column == place and remedy in f"{p.what}; {p.remedy}"]
    assert found and found[0].file == str(path) and found[0].line > 1


def test_genes_of_what_dna_cannot_show_need_no_transcript() -> None:
    silent = {g for m in KNOWLEDGE.mechanisms.values() if m.rule == "not_in_dna" for g in m.genes}
    assert {"ABCB1", "VIM"} <= silent - set(KNOWLEDGE.genes)


def test_a_table_of_genes_that_was_not_read_makes_no_gene_unknown(tmp_path: Path) -> None:
    folder = shutil.copytree(TABLES, tmp_path / "knowledge")
    path = folder / "genes.tsv"
    path.write_text(path.read_text().replace("transcript", "transcripts", 1))
    with pytest.raises(InputProblems) as caught:
        load_knowledge(KnowledgeFiles(folder))
    (problem,) = caught.value.problems
    assert (problem.file, problem.line, problem.column) == (str(path), 1, "transcript")


def test_all_problems_are_reported_together(tmp_path: Path) -> None:
    folder = shutil.copytree(TABLES, tmp_path / "knowledge")
    (folder / "messages.tsv").unlink()
    path = folder / "ch_genes.tsv"
    path.write_text(path.read_text() + path.read_text().splitlines()[1] + "\n")
    with pytest.raises(InputProblems) as caught:
        load_knowledge(KnowledgeFiles(folder))
    assert {Path(p.file).name for p in caught.value.problems} == {"messages.tsv", "ch_genes.tsv"}
