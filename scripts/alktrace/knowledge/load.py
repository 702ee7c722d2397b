"""Reading and checking the knowledge tables."""

from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from ..errors import InputProblems, Problem
from ..inputs.knowledge_rows import KnownGene, KnownIsoform, KnownLocus
from ..io.tables import format_cell, read_table
from ..reported.report_words import WordRow
from ..vocabulary.clinical import Histology
from .answers import Knowledge
from .bypass_rules import mechanism_of
from .consistency import EFFECT_ATTRIBUTES, cross_checks, gene_name_problems, isoform_problems, names_of
from .entries import (
    AlkMutation,
    AlkRole,
    CompoundFamily,
    Drug,
    DrugStatement,
    TransformationMarker,
    approval_of,
    conflict_statement,
    effect_statement,
    remark_of,
)
from .locus_checks import locus_problems
from .long_tables import Facts, LongSchema, WideSchema, read_facts

R = TypeVar("R")
LONG_TABLES = (
    "alk_mutations",
    "alk_compounds",
    "alk_families",
    "alk_fusions",
    "alk_regions",
    "bypass",
    "transformation",
    "acquired",
    "drugs",
    "ch_genes",
    "messages",
)
DRUG_TABLES = ("alk_mutations", "alk_compounds", "alk_families", "alk_fusions", "bypass", "drugs")


def load_knowledge(folder: Path) -> Knowledge:
    """Read and check every table of `resources/knowledge`.

    Args:
        folder: the folder with tables and schemas.

    Raises:
        InputProblems: everything wrong in any table, with file, line and column.
    """
    tables: dict[str, dict[str, Facts]] = {}
    problems: list[Problem] = []
    for name in LONG_TABLES:
        tables[name], wrong = read_facts(folder, name)
        problems.extend(wrong)
    hotspots, wrong_loci = _wide(folder, "hotspots", KnownLocus)
    genes, wrong_genes = _wide(folder, "genes", KnownGene)
    _, wrong_words = _wide(folder, "report_words", WordRow)
    isoforms, wrong_isoforms = _wide(folder, "isoforms", KnownIsoform)
    problems += [*wrong_loci, *wrong_genes, *wrong_words, *wrong_isoforms]
    # Beside a table that was not read every gene would be unknown.
    if hotspots and genes:
        problems.extend(locus_problems(folder, tables, hotspots, genes))
        problems.extend(isoform_problems(str(folder / "isoforms.tsv"), isoforms, genes))
    problems.extend(gene_name_problems(str(folder / "genes.tsv"), genes))
    problems.extend(cross_checks(folder, tables))
    if problems:
        raise InputProblems(problems)
    return _build(tables, hotspots, genes, _as_of(folder))


def _as_of(folder: Path) -> str:
    schemas = ((folder / f"{name}.schema.json").read_text("utf-8") for name in DRUG_TABLES)
    return max(LongSchema.model_validate_json(text).date for text in schemas)


def _wide(folder: Path, name: str, row_type: type[R]) -> tuple[list[R], list[Problem]]:
    path = folder / f"{name}.tsv"
    try:
        schema = WideSchema.model_validate_json((folder / f"{name}.schema.json").read_text("utf-8"))
        rows = read_table(path, row_type)
    except InputProblems as error:
        return [], list(error.problems)
    except (OSError, ValueError) as error:
        return [], [Problem(str(path), 0, "", str(error).splitlines()[0], "restore resources/knowledge")]
    problems = []
    for line, row in enumerate(rows, start=2):
        for key, rule in schema.columns.items():
            text = format_cell(getattr(row, key))
            if refusal := rule.refusal(text):
                problems.append(Problem(str(path), line, key, f"value {text!r}", refusal))
    return rows, problems


def _build(
    tables: dict[str, dict[str, Facts]], hotspots: list[KnownLocus], genes: list[KnownGene], as_of: str
) -> Knowledge:
    drugs = {name: _drug(facts) for name, facts in tables["drugs"].items()}
    subjects = [
        f
        for name in ("alk_mutations", "alk_compounds", "alk_fusions", "bypass")
        for f in tables[name].values()
    ]
    domain = tables["alk_regions"]["kinase_domain"]
    lists = {gene: facts.value("list") for gene, facts in tables["ch_genes"].items()}
    return Knowledge(
        mutations=MappingProxyType({n: _mutation(f) for n, f in tables["alk_mutations"].items()}),
        mechanisms=MappingProxyType({n: mechanism_of(f) for n, f in tables["bypass"].items()}),
        transformation_markers=tuple(_marker(f) for f in tables["transformation"].values()),
        drugs=MappingProxyType(drugs),
        drug_names=MappingProxyType({n.casefold(): d.name for d in drugs.values() for n in d.names}),
        ch_genes=frozenset(g for g, kind in lists.items() if kind == "clonal_haematopoiesis"),
        ch_not_excluded_genes=frozenset(g for g, kind in lists.items() if kind == "not_excluded"),
        messages=MappingProxyType({c: f.value("text") for c, f in tables["messages"].items()}),
        hotspots=tuple(hotspots),
        hotspot_codons=frozenset((h.gene, h.codon) for h in hotspots if h.codon is not None),
        genes=MappingProxyType({row.gene: row for row in genes}),
        kinase_domain=(int(domain.value("codon_first")), int(domain.value("codon_last"))),
        statements=MappingProxyType({f.subject: tuple(_statements(f)) for f in subjects}),
        families=tuple(_family(f) for f in tables["alk_families"].values()),
        as_of=as_of,
    )


def _statements(facts: Facts) -> list[DrugStatement]:
    told = [effect_statement(row) for name in EFFECT_ATTRIBUTES for _, row in facts.all(name)]
    conflicts = [conflict_statement(row) for _, row in facts.all("known_conflict")]
    return told + sorted(conflicts, key=lambda item: item.drug)


def _mutation(facts: Facts) -> AlkMutation:
    role = facts.one("role")
    return AlkMutation(
        hgvs_p=facts.subject,
        short=facts.value("short"),
        codon=int(facts.value("codon")),
        role=AlkRole(facts.value("role")),
        role_verified=bool(role and role.verified),
    )


def _drug(facts: Facts) -> Drug:
    return Drug(
        name=facts.subject,
        names=names_of(facts),
        alk_tki=facts.value("alk_tki") == "yes",
        approvals=tuple(approval_of(row) for _, row in facts.all("approval") if row.mark.shown),
    )


def _family(facts: Facts) -> CompoundFamily:
    return CompoundFamily(
        members=frozenset(facts.values("member")),
        remarks=tuple(remark_of(row, "family") for _, row in facts.all("statement") if row.mark.shown),
    )


def _marker(facts: Facts) -> TransformationMarker:
    histology = facts.one("histology")
    return TransformationMarker(
        subject=facts.subject,
        kind=facts.value("kind"),
        confirms=facts.value("confirms") == "yes",
        histology=Histology(histology.value) if histology else None,
        genes=facts.values("gene"),
        requires=facts.values("requires"),
        biallelic="yes" in facts.values("biallelic"),
    )
