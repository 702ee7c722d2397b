"""The tables as data: protein, DNA, sources, rules, contradictions."""

import csv
import gzip
import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from Bio.Data.IUPACData import protein_letters_3to1
from Bio.Seq import Seq
from present_values import present

from alktrace.inputs.knowledge_files import KnowledgeFiles
from alktrace.inputs.knowledge_rows import KnownIsoform, KnownLocus
from alktrace.inputs.knowledge_schemas import LONG_TABLES
from alktrace.io.tables import read_table
from alktrace.knowledge.entries import AlkMutation
from alktrace.knowledge.load import load_knowledge
from alktrace.knowledge.long_tables import read_facts
from alktrace.reported.report_words import MEANINGS, WordRow
from alktrace.vocabulary.detection import LocusKind
from alktrace.vocabulary.marks import Mark

ROOT = Path(__file__).resolve().parents[2]
TABLES = ROOT / "resources" / "knowledge"
DEMO = ROOT / "resources" / "demo"
KNOWLEDGE = load_knowledge(KnowledgeFiles(TABLES))
ROWS = {
    name: [item.row for f in read_facts(KnowledgeFiles(TABLES), name)[0].values() for item in f.rows]
    for name in LONG_TABLES
}
MUTATIONS = list(KNOWLEDGE.mutations.values())


class Route(NamedTuple):
    """A DNA change that gives a protein change: `c.3604G>A chr2:29220747:C:T`."""

    hgvs_c: str
    chrom: str
    pos: int
    ref: str
    alt: str

    @classmethod
    def of(cls, text: str) -> "Route":
        hgvs_c, chrom, pos, ref, alt = re.split("[ :]", text)
        return cls(hgvs_c, chrom, int(pos), ref, alt)


def values(subject: str, attribute: str) -> list[str]:
    rows = ROWS["alk_mutations"]
    return [row.value for row in rows if (row.subject, row.attribute) == (subject, attribute)]


ROUTES = {m.hgvs_p: [Route.of(text) for text in values(m.hgvs_p, "route")] for m in MUTATIONS}
SINGLE_BASE = [(m, r) for m in MUTATIONS for r in ROUTES[m.hgvs_p] if ">" in r.hgvs_c]
NOT_READ = re.compile("recalled|not read|no source|unreviewed|proposal|not checked")
PUBLICATION = re.compile(r"UniProt|PMID \d|PMC\d|doi 10|EID\d|\b(19|20)\d\d\b")


def table(name: str) -> list[dict[str, str]]:
    with (DEMO / name).open() as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


PROTEINS = {row["gene"]: row["protein"] for row in table("proteins.tsv")}
ALK_EXONS = [row for row in table("exons.tsv") if row["gene"] == "ALK"]
ALK_CODONS = {int(row["codon"]): row["bases"] for row in table("codons.tsv") if row["gene"] == "ALK"}


def genomic(c: int) -> int:
    """1-based GRCh38 position of a coding base of ALK (minus strand)."""
    done = 0
    for exon in ALK_EXONS:
        start, end = int(exon["cds_start"]), int(exon["cds_end"])
        if done < c <= done + end - start:
            return end - (c - done - 1)
        done += end - start
    raise AssertionError(f"c.{c} lies outside the coding sequence")


def letters(hgvs_p: str) -> tuple[str, int, str | None]:
    found = present(re.fullmatch(r"p\.([A-Za-z]{3})(\d+)([A-Za-z]{3})", hgvs_p))
    return protein_letters_3to1[found[1]], int(found[2]), protein_letters_3to1.get(found[3])


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda m: m.short)
def test_reference_residue_is_that_of_the_protein(mutation: AlkMutation) -> None:
    residue, codon, _ = letters(mutation.hgvs_p)
    assert PROTEINS["ALK"][codon - 1] == residue
    assert mutation.short.startswith(f"{residue}{codon}")


@pytest.mark.parametrize(("mutation", "route"), SINGLE_BASE, ids=lambda x: getattr(x, "hgvs_c", None))
def test_coding_protein_and_genomic_names_agree(mutation: AlkMutation, route: Route) -> None:
    position, ref, alt = present(re.fullmatch(r"c\.(\d+)([ACGT])>([ACGT])", route.hgvs_c)).groups()
    codon, offset = divmod(int(position) - 1, 3)
    assert codon + 1 == mutation.codon
    assert route.pos == genomic(int(position))
    assert (route.ref, route.alt) == (str(Seq(ref).complement()), str(Seq(alt).complement()))
    bases = ALK_CODONS.get(mutation.codon)
    if bases is None:
        pytest.skip("the demo facts hold no codon here; the opt-in test reads the reference")
    assert bases[offset] == ref
    changed = bases[:offset] + alt + bases[offset + 1 :]
    assert str(Seq(changed).translate()) == letters(mutation.hgvs_p)[2]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda m: m.short)
def test_exon_is_that_of_the_codon(mutation: AlkMutation) -> None:
    pos = genomic(3 * mutation.codon - 2)
    (exon,) = [e for e in ALK_EXONS if int(e["cds_start"]) < pos <= int(e["cds_end"])]
    assert int(exon["exon"]) == int(values(mutation.hgvs_p, "exon")[0])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("p.Gly1202Arg", {("c.3604G>A", 29220747, "C", "T"), ("c.3604G>C", 29220747, "C", "G")}),
        ("p.Gly1269Ala", {("c.3806G>C", 29209816, "C", "G")}),
        ("p.Leu1196Met", {("c.3586C>A", 29220765, "G", "T")}),
        # the last G of codon 1202 and the first of 1203 are alike: HGVS names the 3' end
        ("p.Gly1202del", {("c.3605_3607del", 29220743, "TCTC", "T")}),
        ("p.Gly1269Ser", {("c.3805_3806delinsTC", 29209816, "CC", "GA")}),
        ("p.Thr1151dup", {("c.3451_3453dup", 29222405, "G", "GCGT")}),
    ],
)
def test_known_dna_routes(name: str, expected: set[tuple[str, int, str, str]]) -> None:
    assert {(r.hgvs_c, r.pos, r.ref, r.alt) for r in ROUTES[name]} == expected


def test_every_mutation_has_a_route_or_says_why_not() -> None:
    multi = {row.subject for row in ROWS["alk_mutations"] if row.attribute == "dna_change"}
    assert {m.hgvs_p for m in MUTATIONS if not ROUTES[m.hgvs_p]} == multi


@pytest.mark.parametrize("name", LONG_TABLES)
def test_nothing_verified_rests_on_memory(name: str) -> None:
    wrong = [row for row in ROWS[name] if row.verified and NOT_READ.search(row.source)]
    assert not wrong


@pytest.mark.parametrize("name", LONG_TABLES)
def test_what_is_cited_names_a_publication(name: str) -> None:
    wrong = [row for row in ROWS[name] if row.mark is Mark.CITED and not PUBLICATION.search(row.source)]
    assert not wrong


def test_a_mark_says_what_is_a_fact_and_what_is_shown() -> None:
    marks = [(mark.verified, mark.shown) for mark in (Mark.VERIFIED, Mark.CITED, Mark.PROPOSED)]
    assert marks == [(True, True), (False, True), (False, False)]


def test_families_hold_the_compounds_of_their_residue() -> None:
    members = {row.value for row in ROWS["alk_families"] if row.attribute == "member"}
    listed = {name for row in ROWS["alk_compounds"] for name in row.subject.split("+")}
    # PMC9732888: G1202R, or I1171 to N, S or T
    assert members == {"p.Gly1202Arg", "p.Ile1171Asn", "p.Ile1171Ser", "p.Ile1171Thr"}
    assert members - listed <= {"p.Ile1171Thr"}


def test_acquired_changes_start_from_the_protein() -> None:
    genes = {row.subject: row.value for row in ROWS["acquired"] if row.attribute == "gene"}
    places = [(genes[r.subject], r.value) for r in ROWS["acquired"] if r.attribute == "codon"]
    changes = [
        (genes[r.subject], letters(r.value)) for r in ROWS["acquired"] if r.attribute == "protein_change"
    ]
    places += [(gene, f"{residue}{codon}") for gene, (residue, codon, _) in changes]
    assert {("EGFR", "T790"), ("EGFR", "C797")} <= set(places)
    assert [residue for _, residue in places] == [
        f"{PROTEINS[gene][int(residue[1:]) - 1]}{residue[1:]}" for gene, residue in places
    ]


def test_an_approval_is_no_younger_than_what_tells_of_it() -> None:
    approvals = [row.value.split(":", 3) for row in ROWS["drugs"] if row.attribute == "approval"]
    assert {region for region, *_ in approvals} == {"US", "EU", "China"}
    assert all(date <= as_of for _, date, as_of, _ in approvals if date[0].isdigit())


def test_no_name_of_a_gene_is_verified_from_memory() -> None:
    named = [row for row in KNOWLEDGE.genes.values() if row.aliases]
    assert named
    for row in named:
        assert present(row.aliases_mark).verified != bool(NOT_READ.search(present(row.aliases_source))), row


def test_numbers_of_isoforms() -> None:
    """Known pairs of names: MET D1246 is D1228 here, FGFR1 N546 is N577 here, whose residues are these."""
    rows = {row.gene: row for row in read_table(TABLES / "isoforms.tsv", KnownIsoform)}
    assert not [row for row in rows.values() if row.mark.verified == bool(NOT_READ.search(row.source))]
    for gene, residue, here, there in (("MET", "D", 1228, 1246), ("FGFR1", "N", 577, 546)):
        assert PROTEINS[gene][here - 1] == residue
        assert here >= rows[gene].first_residue and here + rows[gene].offset == there


def test_potencies_and_proposed_tiers_are_never_verified() -> None:
    never = {"ic50_nm", "amp_tier", "escat"}
    assert not [r for rows in ROWS.values() for r in rows if r.attribute in never and r.verified]


@pytest.mark.parametrize("locus", KNOWLEDGE.hotspots, ids=lambda h: f"{h.gene}-{h.locus}")
def test_every_locus_follows_from_a_table(locus: KnownLocus) -> None:
    if locus.kind is LocusKind.ALK_HOTSPOT:
        roles = {m.role.value for m in MUTATIONS if m.codon == locus.codon}
        assert roles & {"resistance", "activating"} and KNOWLEDGE.in_kinase_domain(present(locus.codon))
        return
    if locus.gene == "ALK":
        assert locus.kind is LocusKind.FUSION_INTRON
        return
    rules = [m for m in KNOWLEDGE.mechanisms.values() if locus.gene in m.genes]
    if locus.kind is LocusKind.FUSION_INTRON:
        number = locus.locus.removeprefix("intron ")
        introns = [
            r.subject for r in ROWS["bypass"] if (r.attribute, r.value) == ("breakpoint_intron", number)
        ]
        assert {m.subject for m in rules} & set(introns)
    elif locus.codon is not None:
        assert (locus.locus[0], locus.codon) in {codon for m in rules for codon in m.codons}
    elif locus.exon is not None:
        assert locus.exon in {m.exon for m in rules}
    else:
        assert {m.rule for m in rules} & {"amplification", "loss_of_function", "any_coding"}


def test_every_hotspot_rule_has_its_loci() -> None:
    needed = {(g, n) for m in KNOWLEDGE.mechanisms.values() for _, n in m.codons for g in m.genes}
    needed |= {
        ("ALK", m.codon)
        for m in MUTATIONS
        if m.role.value in ("resistance", "activating") and KNOWLEDGE.in_kinase_domain(m.codon)
    }
    assert needed == KNOWLEDGE.hotspot_codons


@pytest.mark.parametrize("gene", sorted({h.gene for h in KNOWLEDGE.hotspots} & set(PROTEINS)))
def test_hotspot_residues_are_those_of_the_protein(gene: str) -> None:
    listed = [h for h in KNOWLEDGE.hotspots if h.gene == gene and h.codon]
    assert [h.locus for h in listed] == [f"{PROTEINS[gene][present(h.codon) - 1]}{h.codon}" for h in listed]


@pytest.mark.real
def test_alleles_against_the_reference(real_data: Path) -> None:
    pysam = pytest.importorskip("pysam")
    with pysam.FastaFile(str(real_data / "reference" / "grch38_known_segments.fa.gz")) as fasta:
        segments = [re.fullmatch(r"chr2:(\d+)-(\d+)", name) for name in fasta.references]
        spans = [(int(s[1]), int(s[2]), s[0]) for s in segments if s]
        for mutation in MUTATIONS:
            for route in ROUTES[mutation.hgvs_p]:
                start, name = next((a, n) for a, b, n in spans if a <= route.pos <= b)
                at = route.pos - start
                assert fasta.fetch(name, at, at + len(route.ref)).upper() == route.ref, route
            codon = [genomic(3 * mutation.codon - 2 + i) for i in range(3)]
            plus = ""
            for pos in codon:
                start, name = next((a, n) for a, b, n in spans if a <= pos <= b)
                plus += fasta.fetch(name, pos - start, pos - start + 1).upper()
            bases = str(Seq(plus).complement())
            assert str(Seq(bases).translate()) == mutation.short[0]
            for route in (r for r in ROUTES[mutation.hgvs_p] if ">" in r.hgvs_c):
                offset = (int(present(re.search(r"\d+", route.hgvs_c))[0]) - 1) % 3
                changed = bases[:offset] + route.hgvs_c[-1] + bases[offset + 1 :]
                assert str(Seq(changed).translate()) == mutation.short[-1], route


@pytest.mark.real
def test_civic_rows_equal_the_export(real_data: Path) -> None:
    with gzip.open(real_data / "clinical" / "civic_2025-10_ALK_evidence.json.gz") as stream:
        items = {item["id"]: item for item in json.load(stream)}
    rows = [row for rows in ROWS.values() for row in rows if row.attribute == "civic"]
    assert len(rows) > 50
    for row in rows:
        eid, pmid = present(re.fullmatch(r"CIViC EID(\d+); PMID (\d+)", row.source)).groups()
        item = items[int(eid)]
        drug, effect, level, context = row.value.split(":")
        assert item["evidenceDirection"] == "SUPPORTS" and item["evidenceLevel"] == level, row
        assert item["source"]["citationId"] == pmid, row
        assert drug in [t["name"].lower() for t in item["therapies"]], row
        assert {"RESISTANCE": "resistant", "SENSITIVITYRESPONSE": "sensitive"}[item["significance"]] == effect
        assert (context == "lung") == item["disease"]["name"].startswith("Lung"), row
        assert profile(item) == of_subject(row.subject, int(eid)), row


ASSIGNED_BY_DESCRIPTION = {1283, 1284, 1287, 1344, 1367, 1368}
"""Items that the export files under the residue `I1171`; their descriptions name the change."""


def profile(item: dict[str, Any]) -> set[str]:
    """The ALK changes of a molecular profile; the fusion itself is in all of them."""
    names = {name.removeprefix("ALK ") for name in item["molecularProfile"]["name"].split(" AND ")}
    return {name for name in names if "Fusion" not in name} or {"fusion"}


def of_subject(subject: str, eid: int) -> set[str]:
    if eid in ASSIGNED_BY_DESCRIPTION:
        return {"I1171"}
    if subject.startswith("p."):
        return {present(KNOWLEDGE.mutation(name)).short for name in subject.split("+")}
    return {{"ALK fusion": "fusion", "ALK amplification": "Amplification"}[subject]}


@pytest.mark.real
def test_assigned_items_name_their_change(real_data: Path) -> None:
    with gzip.open(real_data / "clinical" / "civic_2025-10_ALK_evidence.json.gz") as stream:
        items = {item["id"]: item for item in json.load(stream)}
    rows = [row for row in ROWS["alk_mutations"] if row.attribute == "civic"]
    for row in rows:
        eid = int(present(re.search(r"EID(\d+)", row.source))[1])
        if eid in ASSIGNED_BY_DESCRIPTION:
            assert present(KNOWLEDGE.mutation(row.subject)).short in items[eid]["description"], row


def test_words_of_reports_stand_once_and_mean_what_the_schema_allows() -> None:
    rows = read_table(TABLES / "report_words.tsv", WordRow)
    keys = [(re.sub(r"[\s_-]", "", row.word.casefold()), row.meaning.startswith("column:")) for row in rows]
    assert len(set(keys)) == len(keys)
    schema = json.loads((TABLES / "report_words.schema.json").read_text(encoding="utf-8"))
    assert schema["columns"]["meaning"]["values"] == list(MEANINGS)
