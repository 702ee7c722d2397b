"""Reading and checking the knowledge tables."""

import re
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from types import MappingProxyType
from typing import TypeVar

from ..errors import InputProblems, Problem
from ..inputs.knowledge_files import RESTORE, KnowledgeFiles, Placed
from ..inputs.knowledge_rows import KnownGene, KnownIsoform, KnownLocus
from ..inputs.knowledge_schemas import LONG_TABLES, WideSchema
from ..io.tables import format_cell
from ..reported.report_words import WordRow
from ..vocabulary.clinical import Histology
from .answers import Edition, Knowledge
from .bypass_rules import mechanism_of
from .consistency import EFFECT_ATTRIBUTES, cross_checks, gene_name_problems, isoform_problems, names_of
from .entries import (
    AlkMutation,
    AlkRole,
    CompoundFamily,
    Drug,
    DrugStatement,
    ProteinDomain,
    TransformationMarker,
    approval_of,
    conflict_statement,
    effect_statement,
    remark_of,
)
from .locus_checks import locus_problems
from .long_tables import Facts, read_facts
from .next_tests import condition_problems, next_test_of

R = TypeVar("R")
DRUG_TABLES = ("alk_mutations", "alk_compounds", "alk_families", "alk_fusions", "bypass", "drugs")


def load_knowledge(files: KnowledgeFiles) -> Knowledge:
    """Read and check every table of `resources/knowledge`, with those of a site laid over them.

    Args:
        files: where tables and schemas lie.

    Raises:
        InputProblems: everything wrong in any table, with file, line and column.
    """
    if files.own is None:
        with suppress(OSError):  # which file cannot be read is said below
            contents = [(path.name, path.read_bytes()) for path in sorted(files.folder.glob("*.*"))]
            return _load_ours(files, tuple(contents))
    return _load(files)


@lru_cache(maxsize=2)
def _load_ours(files: KnowledgeFiles, _contents: tuple[tuple[str, bytes], ...]) -> Knowledge:
    """Jobs of a run find the knowledge of its warm process, as long as every table is as it was there."""
    return _load(files)


def _load(files: KnowledgeFiles) -> Knowledge:
    tables: dict[str, dict[str, Facts]] = {}
    problems: list[Problem] = []
    for name in LONG_TABLES:
        tables[name], wrong = read_facts(files, name)
        problems.extend(wrong)
    hotspots, wrong_loci = read_wide(files, "hotspots", KnownLocus)
    genes, wrong_genes = read_wide(files, "genes", KnownGene)
    _, wrong_words = read_wide(files, "report_words", WordRow)
    isoforms, wrong_isoforms = read_wide(files, "isoforms", KnownIsoform)
    problems += [*wrong_loci, *wrong_genes, *wrong_words, *wrong_isoforms]
    # Beside a table that was not read every gene would be unknown.
    if hotspots and genes:
        problems.extend(locus_problems(tables, hotspots, genes))
        problems.extend(isoform_problems(isoforms, genes))
    problems.extend(gene_name_problems(genes))
    problems.extend(cross_checks(tables))
    problems.extend(condition_problems(tables["next_tests"]))
    if problems:
        raise InputProblems(problems)
    return _build(tables, hotspots, genes, edition_of(files))


def edition_of(files: KnowledgeFiles) -> Edition:
    """Return whose knowledge these tables hold; ours is as new as its newest table."""
    schemas = {name: files.long_schema(name) for name in LONG_TABLES}
    return Edition(
        version=max(
            (s.version for s in schemas.values()), key=lambda text: [int(n) for n in text.split(".")]
        ),
        as_of=max(schemas[name].date for name in DRUG_TABLES),
        site=files.own,
    )


def read_wide(files: KnowledgeFiles, name: str, row_type: type[R]) -> tuple[list[Placed[R]], list[Problem]]:
    """Read one wide table and check it against its schema, as `read_facts` does with a long one."""
    path = files.folder / f"{name}.schema.json"
    try:
        schema = WideSchema.model_validate_json(path.read_text("utf-8"))
        rows, problems = files.read(name, row_type)
    except InputProblems as error:
        return [], list(error.problems)
    except (OSError, ValueError) as error:
        return [], [Problem(str(path), 0, "", str(error).splitlines()[0], RESTORE)]
    for item in rows:
        for key, rule in schema.columns.items():
            text = format_cell(getattr(item.row, key))
            if refusal := rule.refusal(text):
                problems.append(Problem(item.file, item.line, key, f"value {text!r}", refusal))
    return rows, problems


def _build(
    tables: dict[str, dict[str, Facts]],
    hotspots: list[Placed[KnownLocus]],
    genes: list[Placed[KnownGene]],
    edition: Edition,
) -> Knowledge:
    loci = [item.row for item in hotspots]
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
        chinese=MappingProxyType({c: text for c, f in tables["messages"].items() if (text := _chinese(f))}),
        fusion_variants=MappingProxyType(_fusion_variants(tables["alk_fusions"])),
        next_tests=tuple(next_test_of(f) for f in tables["next_tests"].values()),
        hotspots=tuple(loci),
        hotspot_codons=frozenset((h.gene, h.codon) for h in loci if h.codon is not None),
        genes=MappingProxyType({item.row.gene: item.row for item in genes}),
        kinase_domain=(int(domain.value("codon_first")), int(domain.value("codon_last"))),
        domains=tuple(_domain(f) for f in tables["alk_regions"].values() if f.value("gene")),
        statements=MappingProxyType({f.subject: tuple(_statements(f)) for f in subjects}),
        families=tuple(_family(f) for f in tables["alk_families"].values()),
        edition=edition,
    )


def _statements(facts: Facts) -> list[DrugStatement]:
    told = [effect_statement(item) for name in EFFECT_ATTRIBUTES for item in facts.all(name)]
    conflicts = [conflict_statement(item) for item in facts.all("known_conflict")]
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
        chinese=next(iter(facts.values("chinese_name")), None),
        approvals=tuple(approval_of(item.row) for item in facts.all("approval") if item.row.mark.shown),
        generation=next(iter(facts.values("generation")), None),
        targets=tuple(facts.values("target")),
    )


def _fusion_variants(fusions: Mapping[str, Facts]) -> dict[tuple[str, str], str]:
    """Return the names of variants by partner and junction; a junction of two variants has none."""
    named: dict[tuple[str, str], set[str]] = {}
    for facts in fusions.values():
        variant = re.match(r".+ (v\d+)(prime)?", facts.subject)
        for junction in facts.values("junction") if variant else ():
            # DNA does not tell E6a from E6b, which are one intron apart: both are variant 3.
            place = facts.value("partner"), re.sub(r"(?<=\d)[ab](?=;)", "", junction)
            named.setdefault(place, set()).add("".join(filter(None, variant.groups())) if variant else "")
    return {place: names.pop() for place, names in named.items() if len(names) == 1}


def _chinese(facts: Facts) -> str | None:
    """Return the Chinese text of a message; none where a site replaced the English one alone."""
    text, chinese = next(facts.all("text")), next(facts.all("chinese"), None)
    return None if chinese is None or (text.own and not chinese.own) else chinese.row.value


def _family(facts: Facts) -> CompoundFamily:
    return CompoundFamily(
        members=frozenset(facts.values("member")),
        remarks=tuple(
            remark_of(item.row, "family") for item in facts.all("statement") if item.row.mark.shown
        ),
    )


def _domain(facts: Facts) -> ProteinDomain:
    # Both ends are there: the schema asks for them.
    first, last = (next(facts.all(name)).row for name in ("codon_first", "codon_last"))
    weaker = last if first.verified else first
    return ProteinDomain(
        name=facts.subject,
        gene=facts.value("gene"),
        first=int(first.value),
        last=int(last.value),
        source=first.source,
        mark=weaker.mark,
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
