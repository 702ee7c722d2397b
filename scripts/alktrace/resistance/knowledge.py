"""The knowledge tables as one checked, frozen object, and the questions the classification asks of it.

An unverified value was remembered, not read. It may steer recognition (role of a variant, codons of a
mechanism, names of drugs) and may withhold a statement (known conflicts); it is never given as a fact.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from ..errors import InputProblems, Problem
from ..models import Alteration, Confidence, Histology, LocusKind, VariantType
from ..tables import column, format_cell, read_table
from .bypass_rules import BypassMechanism, mechanism_of
from .checks import EFFECT_ATTRIBUTES, codon_of, cross_checks, gene_name_problems, names_of
from .facts import Facts, WideSchema, read_facts
from .hints import treatment_hints
from .ports import AlkRole, Hints, OffTargetFact, OffTargetKind

R = TypeVar("R")
ALK = "ALK"
ALK_AMPLIFICATION = "ALK amplification"
LONG_TABLES = (
    "alk_mutations",
    "alk_compounds",
    "alk_fusions",
    "alk_regions",
    "bypass",
    "transformation",
    "drugs",
    "ch_genes",
    "messages",
)


@dataclass(frozen=True)
class HotspotLocus:
    """`hotspots.tsv`: one locus where callability is stated."""

    gene: str = column("gene symbol")
    kind: LocusKind = column("kind of locus")
    locus: str = column("residue and number, `exon n`, `intron n` or `gene`")
    codon: int | None = column("codon")
    exon: int | None = column("exon")


@dataclass(frozen=True)
class GeneRow:
    """`genes.tsv`: the transcript preferred for one gene, and its other names."""

    gene: str = column("gene symbol")
    transcript: str = column("Ensembl transcript without version")
    same_coding_sequence: str | None = column("other transcript taken as equivalent")
    refseq: str | None = column("RefSeq transcript")
    source: str = column("where the transcripts were read")
    verified: bool = column("are the transcripts as read in the source")
    aliases: tuple[str, ...] = column("other names of the gene")
    aliases_source: str | None = column("where the names were read")
    aliases_verified: bool | None = column("was every one of the names read in that source")


@dataclass(frozen=True)
class DnaRoute:
    """One DNA change that gives a protein change; `pos` is 1-based on GRCh38, `ref`/`alt` plus strand."""

    hgvs_c: str
    chrom: str
    pos: int
    ref: str
    alt: str


@dataclass(frozen=True)
class DrugEffect:
    """One statement about a drug.

    Attributes:
        level: A validated, B clinical, C case, D preclinical, E inferential, R review.
        context: `lung`, `cell_model` or `other_tumour`.
    """

    drug: str
    effect: str
    level: str
    context: str
    source: str
    verified: bool


@dataclass(frozen=True)
class AlkMutation:
    """One ALK variant; `role_verified` is False where its role was remembered."""

    hgvs_p: str
    short: str
    codon: int
    exon: int
    role: AlkRole
    role_verified: bool
    polymorphism: bool
    structural_class: str
    routes: tuple[DnaRoute, ...]


@dataclass(frozen=True)
class AlkCompound:
    """A set of ALK mutations reported together; `phase` is None where it was not read in a source."""

    subject: str
    members: frozenset[str]
    short: str
    phase: str | None
    exons: tuple[int, ...]


@dataclass(frozen=True)
class Drug:
    """One drug; approvals that were only remembered are left out."""

    name: str
    names: tuple[str, ...]
    alk_tki: bool
    us_approvals: tuple[str, ...]
    china_approvals: tuple[str, ...]


@dataclass(frozen=True)
class TransformationMarker:
    """One sign of a change of lineage; `confirms` is False where it only raises suspicion."""

    subject: str
    kind: str
    confirms: bool
    histology: Histology | None
    genes: tuple[str, ...]
    requires: tuple[str, ...]
    biallelic: bool


@dataclass(frozen=True)
class Knowledge:
    """All tables; fulfils `ports.ClassifierKnowledge`."""

    mutations: Mapping[str, AlkMutation]
    compounds: Mapping[frozenset[str], AlkCompound]
    mechanisms: Mapping[str, BypassMechanism]
    transformation_markers: tuple[TransformationMarker, ...]
    drugs: Mapping[str, Drug]
    drug_names: Mapping[str, str]
    ch_genes: frozenset[str]
    ch_not_excluded_genes: frozenset[str]
    messages: Mapping[str, str]
    hotspots: tuple[HotspotLocus, ...]
    hotspot_codons: frozenset[tuple[str, int]]
    genes: Mapping[str, GeneRow]
    kinase_domain: tuple[int, int]
    effects: Mapping[str, tuple[DrugEffect, ...]]
    conflicts: Mapping[str, Mapping[str, str]]
    assigned_tiers: Mapping[str, tuple[str | None, str | None]]

    def mutation(self, hgvs_p: str) -> AlkMutation | None:
        """Return the ALK variant of this three-letter name (`p.Gly1202Arg`)."""
        return self.mutations.get(hgvs_p)

    def alk_role(self, hgvs_p: str) -> AlkRole:
        """Return the role of an ALK protein change; `unknown` also where no table has it."""
        found = self.mutation(hgvs_p)
        return found.role if found else AlkRole.UNKNOWN

    def is_kinase_domain(self, codon: int) -> bool:
        """Return whether a residue of ALK lies in the kinase domain, ends included."""
        first, last = self.kinase_domain
        return first <= codon <= last

    def compound(self, members: frozenset[str]) -> AlkCompound | None:
        """Return the compound of exactly these protein changes."""
        return self.compounds.get(members)

    def mechanism(self, subject: str) -> BypassMechanism | None:
        """Return a mechanism of the bypass table by its id."""
        return self.mechanisms.get(subject)

    def bypass_match(self, alteration: Alteration) -> BypassMechanism | None:
        """Return what an alteration outside ALK is; None means a variant of unknown meaning.

        A rule that names the protein change goes before a rule that names the codon.
        """
        if alteration.gene == ALK:
            return None
        found = [m for m in self.mechanisms.values() if m.off_target_kind and m.matches(alteration)]
        found.sort(key=lambda m: m.rule != "protein_change")
        return found[0] if found else None

    def is_hotspot(self, gene: str, codon: int) -> bool:
        """Return whether the codon is a listed hotspot of the gene."""
        return (gene, codon) in self.hotspot_codons

    def drug(self, name: str) -> Drug | None:
        """Return the drug of a canonical name, code, trade or Chinese name, in any case."""
        canonical = self.drug_names.get(name.strip().casefold())
        return self.drugs[canonical] if canonical else None

    @property
    def alk_tkis(self) -> frozenset[str]:
        """Canonical names of the ALK inhibitors."""
        return frozenset(drug.name for drug in self.drugs.values() if drug.alk_tki)

    def drug_effects(self, subject: str, *, include_unverified: bool = False) -> tuple[DrugEffect, ...]:
        """Return the statements about one subject; those not read in a source only on request."""
        found = self.effects.get(subject, ())
        return tuple(item for item in found if item.verified or include_unverified)

    def known_conflicts(self, subject: str) -> Mapping[str, str]:
        """Return the drugs about which sources contradict each other, each with those sources."""
        return self.conflicts.get(subject, {})

    def tiers(self, subject: str) -> tuple[str | None, str | None]:
        """Return AMP/ASCO/CAP tier and ESCAT as read in a source, else None."""
        return self.assigned_tiers.get(subject, (None, None))

    def subject_of(self, subjects: Sequence[str]) -> str:
        """Return the subject of one alteration, or of a compound whether or not it is in a table."""
        if len(subjects) == 1:
            return subjects[0]
        return "+".join(sorted(subjects, key=lambda name: (codon_of(name), name)))

    # --- the interface of the classification (ports.py) ---

    def role_of_alk(self, hgvs_p: str) -> AlkRole | None:
        """Return the role of an ALK protein change, None where no table has it."""
        found = self.mutation(hgvs_p)
        return found.role if found else None

    def in_kinase_domain(self, codon: int) -> bool:
        """Return whether a residue of ALK belongs to the kinase domain."""
        return self.is_kinase_domain(codon)

    def hotspot(self, gene: str, codon: int) -> bool:
        """Return whether a residue is a listed hotspot."""
        return self.is_hotspot(gene, codon)

    def haematopoiesis_gene(self, gene: str) -> bool:
        """Return whether variants of the gene may come from blood cells unless white cells exclude it."""
        return gene in self.ch_genes or gene in self.ch_not_excluded_genes

    def off_target(self, alteration: Alteration) -> OffTargetFact | None:
        """Return what the tables say about an alteration outside ALK."""
        found = self.bypass_match(alteration)
        if found is None or found.off_target_kind is None:
            return None
        confidence = found.confidence if found.carries_class else Confidence.UNCERTAIN
        return OffTargetFact(found.subject, found.mechanism, found.off_target_kind, confidence, found.sources)

    def carries_bypass(self, gene: str) -> bool:
        """Return whether some alteration of the gene is a mechanism that names the class."""
        return any(
            gene in item.genes and item.carries_class and item.off_target_kind is OffTargetKind.BYPASS
            for item in self.mechanisms.values()
        )

    def hints(self, alterations: tuple[Alteration, ...]) -> Hints:
        """Return the drugs for one alteration, or for a compound as a unit."""
        return treatment_hints([self._subject(item) for item in alterations], self).for_classifier()

    def _subject(self, alteration: Alteration) -> str:
        if alteration.gene != ALK:
            found = self.bypass_match(alteration)
            return found.subject if found else alteration.key
        if alteration.variant_type is VariantType.AMPLIFICATION:
            return ALK_AMPLIFICATION
        return alteration.hgvs_p or alteration.key


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
    hotspots, wrong = _wide(folder, "hotspots", HotspotLocus)
    problems.extend(wrong)
    genes, wrong = _wide(folder, "genes", GeneRow)
    problems.extend(wrong)
    problems.extend(gene_name_problems(str(folder / "genes.tsv"), genes))
    problems.extend(cross_checks(folder, tables))
    if problems:
        raise InputProblems(problems)
    return _build(tables, hotspots, genes)


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
    tables: dict[str, dict[str, Facts]], hotspots: list[HotspotLocus], genes: list[GeneRow]
) -> Knowledge:
    drugs = {name: _drug(facts) for name, facts in tables["drugs"].items()}
    subjects = [
        f
        for name in ("alk_mutations", "alk_compounds", "alk_fusions", "bypass")
        for f in tables[name].values()
    ]
    compounds = [_compound(facts) for facts in tables["alk_compounds"].values()]
    domain = tables["alk_regions"]["kinase_domain"]
    lists = {gene: facts.value("list") for gene, facts in tables["ch_genes"].items()}
    return Knowledge(
        mutations=MappingProxyType({n: _mutation(f) for n, f in tables["alk_mutations"].items()}),
        compounds=MappingProxyType({item.members: item for item in compounds}),
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
        effects=MappingProxyType({f.subject: tuple(_effects(f)) for f in subjects}),
        conflicts=MappingProxyType(
            {f.subject: {r.value: r.source for _, r in f.all("known_conflict")} for f in subjects}
        ),
        assigned_tiers=MappingProxyType({f.subject: (f.fact("amp_tier"), f.fact("escat")) for f in subjects}),
    )


def _effects(facts: Facts) -> Iterator[DrugEffect]:
    for attribute in EFFECT_ATTRIBUTES:
        for _, row in facts.all(attribute):
            drug, effect, level, context = row.value.split(":")
            yield DrugEffect(drug, effect, level, context, row.source, row.verified)


def _mutation(facts: Facts) -> AlkMutation:
    role = facts.one("role")
    return AlkMutation(
        hgvs_p=facts.subject,
        short=facts.value("short"),
        codon=int(facts.value("codon")),
        exon=int(facts.value("exon")),
        role=AlkRole(facts.value("role")),
        role_verified=bool(role and role.verified),
        polymorphism=bool(facts.values("polymorphism")),
        structural_class=facts.value("structural_class"),
        routes=tuple(_route(text) for text in facts.values("route")),
    )


def _route(text: str) -> DnaRoute:
    hgvs_c, allele = text.split(" ")
    chrom, pos, ref, alt = allele.split(":")
    return DnaRoute(hgvs_c, chrom, int(pos), ref, alt)


def _compound(facts: Facts) -> AlkCompound:
    return AlkCompound(
        subject=facts.subject,
        members=frozenset(facts.subject.split("+")),
        short=facts.value("short"),
        phase=facts.fact("phase_reported"),
        exons=tuple(int(exon) for exon in facts.value("exons").split(";")),
    )


def _drug(facts: Facts) -> Drug:
    return Drug(
        name=facts.subject,
        names=names_of(facts),
        alk_tki=facts.value("alk_tki") == "yes",
        us_approvals=facts.values("us_approval", verified_only=True),
        china_approvals=facts.values("china_approval", verified_only=True),
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
