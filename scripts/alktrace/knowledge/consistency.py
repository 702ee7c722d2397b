"""Checks between the rows and tables of the knowledge: drugs, contradictions, compounds, rules, names."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from ..errors import Problem
from ..inputs.knowledge_files import Placed
from ..inputs.knowledge_rows import KnownGene, KnownIsoform
from .drug_hints import what_counts
from .entries import DrugEffect, codon_of, effect_statement
from .long_tables import Facts

EFFECT_ATTRIBUTES = ("effect", "civic")
ACQUIRED_CHANGES = ("codon", "protein_change", "exon", "any_missense")
NEEDED_BY_RULE = {
    "hotspot": "codon",
    "protein_change": "protein_change",
    "inframe_deletion": "exon",
    "inframe_insertion": "exon",
    "exon_skipping": "exon",
}


def cross_checks(tables: dict[str, dict[str, Facts]]) -> Iterator[Problem]:
    """Yield what is wrong between rows or tables that are each well formed."""
    for name in ("alk_mutations", "alk_compounds", "alk_fusions", "bypass"):
        for facts in tables[name].values():
            yield from _drug_problems(facts, tables["drugs"])
    for facts in tables["alk_mutations"].values():
        row = facts.one("codon")
        if row and int(row.value) != codon_of(facts.subject):
            yield facts.problem("codon", f"{facts.subject} on codon {row.value}", "write its codon")
    for facts in tables["alk_compounds"].values():
        yield from _compound_problems(facts, tables["alk_mutations"])
    for facts in tables["alk_families"].values():
        yield from _family_problems(facts, tables["alk_mutations"])
    yield from _change_problems(tables)
    yield from _name_problems(tables["drugs"])


def _change_problems(tables: dict[str, dict[str, Facts]]) -> Iterator[Problem]:
    """Yield mechanisms and acquired changes that name no change and would never match."""
    for facts in tables["bypass"].values():
        needed = NEEDED_BY_RULE.get(facts.value("rule"))
        if needed and not facts.values(needed):
            yield facts.problem(needed, f"{facts.subject!r} has no {needed}", "its rule needs one")
    for facts in tables["acquired"].values():
        if not any(facts.values(name) for name in ACQUIRED_CHANGES):
            remedy = "give one of " + ", ".join(ACQUIRED_CHANGES)
            yield facts.problem("attribute", f"{facts.subject!r} names no change", remedy)


def _drug_problems(facts: Facts, drugs: dict[str, Facts]) -> Iterator[Problem]:
    found: dict[str, set[DrugEffect]] = defaultdict(set)
    listed = set(facts.values("known_conflict"))
    for attribute in (*EFFECT_ATTRIBUTES, "known_conflict", "ic50_nm"):
        for item in facts.all(attribute):
            drug = item.row.value.partition(":")[0]
            if drug not in drugs:
                what = f"unknown drug {drug!r}"
                yield Problem(item.file, item.line, "value", what, "add it to drugs.tsv")
    stated = (effect_statement(item) for name in EFFECT_ATTRIBUTES for item in facts.all(name))
    for told in what_counts(stated):
        found[told.drug].add(told.effect)
    for drug, effects in found.items():
        if {DrugEffect.SENSITIVE, DrugEffect.RESISTANT} <= effects and drug not in listed:
            what = f"{facts.subject}: {drug} is both sensitive and resistant"
            yield facts.problem("value", what, "add a known_conflict row")


def _compound_problems(facts: Facts, mutations: dict[str, Facts]) -> Iterator[Problem]:
    members = facts.subject.split("+")
    for member in members:
        if member not in mutations:
            yield facts.problem("subject", f"unknown mutation {member!r}", "add it to alk_mutations")
    if members != sorted(members, key=lambda name: (codon_of(name), name)):
        yield facts.problem("subject", f"{facts.subject!r} is not in order", "sort by codon")


def _family_problems(facts: Facts, mutations: dict[str, Facts]) -> Iterator[Problem]:
    for item in facts.all("member"):
        if item.row.value not in mutations:
            what = f"unknown mutation {item.row.value!r}"
            yield Problem(item.file, item.line, "value", what, "add it to alk_mutations")


def _name_problems(drugs: dict[str, Facts]) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for facts in drugs.values():
        for name in names_of(facts):
            owner = seen.setdefault(name.casefold(), facts.subject)
            if owner != facts.subject:
                what = f"{name!r} names {owner} and {facts.subject}"
                yield facts.problem("value", what, "keep it with one drug")


def gene_name_problems(genes: Sequence[Placed[KnownGene]]) -> Iterator[Problem]:
    """Yield names that are given twice or are the symbol of a gene, and names without their source."""
    owners = {item.row.gene: item.row.gene for item in genes}
    for item in genes:
        file, line, row = item.file, item.line, item.row
        for alias in row.aliases:
            if alias in owners:
                what = f"{alias!r} names {owners[alias]} already"
                yield Problem(file, line, "aliases", what, "keep it with one gene")
            owners.setdefault(alias, row.gene)
        if len({bool(row.aliases), row.aliases_source is not None, row.aliases_mark is not None}) > 1:
            what = "names, their source and `aliases_mark` go together"
            yield Problem(file, line, "aliases_source", what, "fill all three or none")


def isoform_problems(
    isoforms: Sequence[Placed[KnownIsoform]], genes: Sequence[Placed[KnownGene]]
) -> Iterator[Problem]:
    """Yield isoforms of genes that nobody knows, and transcripts that the numbering follows anyway."""
    known = {item.row.gene: item.row for item in genes}
    for item in isoforms:
        file, line, row = item.file, item.line, item.row
        gene = known.get(row.gene)
        if gene is None:
            yield Problem(file, line, "gene", f"unknown gene {row.gene!r}", "add it to genes.tsv")
        elif row.refseq == (gene.refseq or "").split(".")[0] or row.transcript in gene.transcripts:
            what = f"{row.refseq} is the transcript of genes.tsv"
            yield Problem(file, line, "refseq", what, "its offset is none; remove the row")


def names_of(facts: Facts) -> tuple[str, ...]:
    """Return every name of a drug, the canonical one first."""
    return (facts.subject, *facts.values("synonym"), *facts.values("chinese_name"))
