"""Small variants of a VCF as rows of `alterations.tsv`: names, consequence, knowledge hits, origin."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import DataError
from ..inputs.knowledge_files import KnowledgeFiles
from ..inputs.knowledge_rows import (
    KnownGene,
    KnownIsoform,
    KnownLocus,
    KnownValue,
    gene_symbols,
    group_values,
)
from ..inputs.settings.origin_settings import OriginSettings
from ..reference.gene_models import GeneModels
from ..vocabulary.caveats import CaveatCode
from ..vocabulary.changes import Consequence, Origin
from ..vocabulary.detection import Detection, ObservationSource
from ..vocabulary.samples import SpecimenType
from ..vocabulary.variant import Fetch, SmallVariant
from .alteration_table import AlterationRow
from .consequences import VcfVariant, choose_gene, csq_consequence, reconcile
from .fusion_names import FusionNames
from .germline_band import tumour_vafs
from .hgvs import NamedTranscript, VariantNames
from .origin import MoleculeCount, OriginEvidence, decide_origin

INTERGENIC = "intergenic"
ALK = "ALK"
NEUTRAL = "neutral"
CONSEQUENCE_DIFFERS = CaveatCode.CONSEQUENCE_DIFFERS
EXON_RULES = {
    "inframe_deletion": Consequence.INFRAME_DELETION,
    "inframe_insertion": Consequence.INFRAME_INSERTION,
}
"""Rules of the bypass table for which the exon says enough."""


@dataclass(frozen=True)
class VariantKnowledge:
    """What annotation asks the knowledge tables.

    Attributes:
        alk_roles: roles of ALK protein changes by three-letter name.
        hotspots: loci by gene and codon, such as `KRAS G12`.
        blood_genes: genes whose variants may come from clonal haematopoiesis.
        gene_symbols: symbols by any name of a gene in lower case.
        acquired: changes that arise under treatment; no marker of the trunk.
        exon_events: genes and exons in which deletions or insertions of any kind are one mechanism.
        fusions: names of known ALK fusions.
        isoforms: other transcripts on which reports number residues.
    """

    alk_roles: Mapping[str, tuple[str, ...]]
    hotspots: Mapping[tuple[str, int], str]
    blood_genes: Collection[str]
    gene_symbols: Mapping[str, str]
    fusions: FusionNames = FusionNames(())
    exon_events: Collection[tuple[str, int, Consequence]] = ()
    acquired: Collection["AcquiredChange"] = ()
    isoforms: Sequence[KnownIsoform] = ()

    @classmethod
    def load(cls, files: KnowledgeFiles) -> "VariantKnowledge":
        """Read `VARIANT_TABLES`."""
        mutations = group_values(files.bare_values("alk_mutations"))
        loci = files.bare_rows("hotspots", KnownLocus)
        blood = files.bare_values("ch_genes")
        return cls(
            alk_roles={subject: values.get("role", ()) for subject, values in mutations.items()},
            hotspots={(r.gene, r.codon): f"{r.gene} {r.locus}" for r in loci if r.codon is not None},
            blood_genes=frozenset(row.subject for row in blood if row.attribute == "list"),
            gene_symbols=gene_symbols(files.bare_rows("genes", KnownGene)),
            fusions=FusionNames.of(files.bare_values("alk_fusions")),
            exon_events=frozenset(_exon_events(files.bare_values("bypass"))),
            acquired=tuple(_acquired_changes(files.bare_values("acquired"))),
            isoforms=tuple(files.bare_rows("isoforms", KnownIsoform)),
        )

    def hits(self, gene: str, names: VariantNames) -> tuple[str, ...]:
        """Return the subjects that a variant hits: the ALK mutation and the hotspot.

        What hits something is a known mutation of tumours: neutral ALK variants and synonymous changes hit
        nothing.
        """
        roles = self.alk_roles.get(names.hgvs_p or "") if gene == ALK else None
        if names.consequence is Consequence.SYNONYMOUS or NEUTRAL in (roles or ()):
            return ()
        found = [str(names.hgvs_p)] if roles is not None else []
        hotspot = self.hotspots.get((gene, names.codon)) if names.codon is not None else None
        found += [hotspot] if hotspot else []
        return (*found, *(change.subject for change in self.acquired if change.matches(gene, names)))


@dataclass(frozen=True)
class AcquiredChange:
    """A change of `acquired.tsv`: what arises under treatment marks no trunk, whatever its VAF.

    Any missense mutation of ALK is one too, but ALK marks no trunk anyhow, and an inherited one must not be
    taken for a listed mutation of tumours: such entries match nothing here.
    """

    subject: str
    gene: str
    codons: frozenset[int]
    protein_changes: frozenset[str]
    exons: frozenset[int]

    def matches(self, gene: str, names: VariantNames) -> bool:
        """Tell whether a variant is it; of an exon as a whole, its splice sites are."""
        if gene != self.gene:
            return False
        skips = names.exon in self.exons and names.consequence is Consequence.SPLICE_SITE
        return skips or names.codon in self.codons or names.hgvs_p in self.protein_changes


def _acquired_changes(acquired: Iterable[KnownValue]) -> Iterator[AcquiredChange]:
    for subject, values in group_values(acquired).items():
        for gene in values.get("gene", ()):
            yield AcquiredChange(
                subject,
                gene,
                frozenset(int(codon[1:]) for codon in values.get("codon", ())),
                frozenset(values.get("protein_change", ())),
                frozenset(int(exon) for exon in values.get("exon", ())),
            )


def _exon_events(bypass: Iterable[KnownValue]) -> Iterator[tuple[str, int, Consequence]]:
    for values in group_values(bypass).values():
        for rule in values.get("rule", ()):
            if rule in EXON_RULES:
                for gene in values.get("gene", ()):
                    yield gene, int(values["exon"][0]), EXON_RULES[rule]


class Namer:
    """Names variants on the transcript of their gene; keeps sequences between calls."""

    def __init__(self, models: GeneModels, fetch: Fetch) -> None:
        """Keep gene models and `fetch(chrom, start, end)`."""
        self.models = models
        self._fetch = fetch
        self._named: dict[str, NamedTranscript] = {}

    def on_gene(self, gene: str) -> NamedTranscript:
        """Return the transcript of a gene.

        Raises:
            KeyError: the gene has no model.
        """
        if gene not in self._named:
            self._named[gene] = NamedTranscript(self.models.by_gene[gene], self._fetch)
        return self._named[gene]

    def name(self, allele: SmallVariant) -> tuple[str, VariantNames | None]:
        """Return gene and names; no names between genes.

        Raises:
            ValueError: the genome shows another reference allele.
        """
        model = choose_gene(allele, self.models)
        if model is None:
            return INTERGENIC, None
        return model.gene, self.on_gene(model.gene).describe(allele)


def variant_rows(
    variants: Iterable[VcfVariant], namer: Namer, knowledge: VariantKnowledge, *, source: Path, reported: bool
) -> list[AlterationRow]:
    """Return one row per variant, origin still undecided.

    Args:
        variants: of a normalised VCF.
        namer: names them.
        knowledge: tables.
        source: the VCF, for messages.
        reported: the VCF is a report of a laboratory, not of our own caller.

    Raises:
        DataError: reference alleles are not those of the genome.
    """
    rows = []
    for variant in variants:
        try:
            gene, names = namer.name(variant.allele)
        except ValueError as error:
            raise DataError(source, str(error), "give a VCF and a genome of one build") from None
        rows.append(_row(variant, gene, names, namer, knowledge, reported))
    return rows


def _row(
    variant: VcfVariant,
    gene: str,
    names: VariantNames | None,
    namer: Namer,
    knowledge: VariantKnowledge,
    reported: bool,
) -> AlterationRow:
    allele = variant.allele
    model = namer.models.by_gene.get(gene)
    consequence, differs = Consequence.INTERGENIC, False
    if names is not None and model is not None:
        consequence, differs = reconcile(names.consequence, csq_consequence(variant, model))
    return AlterationRow(
        key=allele.key,
        gene=gene,
        variant_type=names.variant_type if names else allele.kind,
        alteration=names.short if names else f"{allele.ref}>{allele.alt}",
        consequence=consequence,
        transcript=model.transcript if model else None,
        hgvs_c=names.hgvs_c if names else None,
        hgvs_p=names.hgvs_p if names else None,
        exon=names.exon if names else None,
        codon=names.codon if names else None,
        chrom=allele.chrom,
        pos=allele.pos,
        ref=allele.ref,
        alt=allele.alt,
        partner=None,
        junction=None,
        in_frame=None,
        detection=Detection.SUBTHRESHOLD if variant.filters else Detection.DETECTED,
        source=ObservationSource.REPORTED if reported else ObservationSource.CALLED,
        vaf=variant.vaf,
        vaf_low=variant.vaf_low,
        vaf_high=variant.vaf_high,
        alt_molecules=variant.alt_molecules,
        total_molecules=variant.total_molecules,
        duplex_alt=variant.duplex_alt,
        strict_alt=variant.strict_alt,
        strict_total=variant.strict_total,
        copy_number=None,
        origin=Origin.UNDECIDED,
        origin_reason="",
        knowledge=knowledge.hits(gene, names) if names else (),
        filters=variant.filters,
        flags=(CONSEQUENCE_DIFFERS,) if differs else (),
    )


def read_frequencies(population_vcf: Path, alleles: Sequence[SmallVariant]) -> dict[str, float]:
    """Return population frequencies by key of the alleles that the VCF lists.

    Args:
        population_vcf: bgzipped and indexed, INFO/AF, normalised.
        alleles: alleles to look up.

    Raises:
        DataError: the file cannot be read or is not indexed.
    """
    from pysam import VariantFile

    found: dict[str, float] = {}
    try:
        with VariantFile(str(population_vcf)) as reader:
            for allele in alleles:
                if allele.chrom not in reader.header.contigs:
                    continue
                for record in reader.fetch(allele.chrom, allele.pos - 1, allele.pos):
                    if "AF" not in record.info or (allele.pos, allele.ref) != (record.pos, record.ref):
                        continue
                    frequency, alts = record.info["AF"], record.alts or ()
                    values = frequency if isinstance(frequency, tuple) else (frequency,)
                    value = dict(zip(alts, values, strict=False)).get(allele.alt)
                    if value is not None:
                        found[allele.key] = float(value)
    except Exception as error:
        raise DataError(population_vcf, f"cannot be looked up: {error}", "bgzip and index it") from None
    return found


@dataclass(frozen=True)
class OriginContext:
    """What the origin of the variants of one specimen rests on, beside their own counts.

    Attributes:
        white_cells: counts of each white-cell sample by key.
        frequencies: population frequencies by key.
        extra_copies: genes with a gain or amplification in this specimen.
        tumour_fraction_high: upper end of the interval from markers that are certain; None if unknown.
        fraction_of_trunk: it rests on a fusion.
        fusion_vafs: VAFs of the fusions called.
    """

    specimen_type: SpecimenType
    white_cells: Mapping[str, Sequence[MoleculeCount]]
    frequencies: Mapping[str, float]
    extra_copies: Collection[str] = ()
    tumour_fraction_high: float | None = None
    fraction_of_trunk: bool = False
    fusion_vafs: Sequence[float] = ()


def with_origin(
    rows: Sequence[AlterationRow],
    context: OriginContext,
    knowledge: VariantKnowledge,
    settings: OriginSettings,
) -> list[AlterationRow]:
    """Return the rows with origin, its reason and its flags.

    Args:
        rows: small variants.
        context: white cells, population, copy number, tumour fraction.
        knowledge: tables.
        settings: thresholds.
    """
    beside = row_vafs(
        [row for row in rows if context.frequencies.get(row.key, 0.0) < settings.population_frequency],
        settings.germline_vaf_low,
    )
    decided = []
    for row in rows:
        verdict = decide_origin(
            OriginEvidence(
                gene=row.gene,
                small_variant=True,
                specimen_type=context.specimen_type,
                vaf=row.vaf,
                vaf_low=row.vaf_low,
                vaf_high=row.vaf_high,
                called=row.detection is Detection.DETECTED,
                known_somatic=bool(row.knowledge),
                amplified=row.gene in context.extra_copies,
                white_cells=context.white_cells.get(row.key, ()),
                population_frequency=context.frequencies.get(row.key),
                tumour_fraction_high=context.tumour_fraction_high,
                fraction_of_trunk=context.fraction_of_trunk,
                beside=[*context.fusion_vafs, *(vaf for key, vaf in beside.items() if key != row.key)],
            ),
            settings=settings,
            blood_genes=knowledge.blood_genes,
        )
        flags = tuple(dict.fromkeys((*row.flags, *verdict.flags)))
        decided.append(replace(row, origin=verdict.origin, origin_reason=verdict.reason, flags=flags))
    return decided


def row_vafs(rows: Iterable[AlterationRow], band: float) -> dict[str, float]:
    """Return the VAFs of the called alterations of one sample that may be of its tumour, by key.

    Args:
        rows: alterations of the sample; those already known to be of germline or blood are left out.
        band: lower end of the germline band.
    """
    return tumour_vafs(
        (
            (row.key, row.vaf, row.vaf_low or row.vaf, row.vaf_high or row.vaf, bool(row.knowledge))
            for row in rows
            if row.detection is Detection.DETECTED
            and row.vaf is not None
            and row.origin not in (Origin.GERMLINE, Origin.CLONAL_HAEMATOPOIESIS)
        ),
        band,
    )
