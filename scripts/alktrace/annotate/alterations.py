"""All alterations of one specimen in one table, with the tumour fraction and copy numbers that go with them.

Order matters: origin decides what may mark the tumour (a germline variant or one of blood cells never does),
the markers give the tumour fraction, and that tells germline variants of a low fraction apart and turns copy
numbers of the sample into copy numbers of the tumour.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ..inputs.knowledge_files import KnowledgeFiles
from ..inputs.settings.calling_settings import CallingSettings
from ..inputs.settings.copy_number_settings import CopyNumberSettings
from ..inputs.settings.origin_settings import OriginSettings
from ..inputs.settings.tumour_fraction_settings import TumourFractionSettings
from ..io.tables import write_table
from ..reference.gene_models import GeneModels
from ..reference.genome import Genome
from ..structural.copy_number.copy_number_table import CopyNumberRow, RatioRow
from ..structural.fusions.fusion_vcf import FusionCall, read_fusions
from ..structural.fusions.partners import FusionRole
from ..structural.tumour_fraction import (
    NOT_ESTIMABLE,
    Marker,
    MarkerKind,
    estimate_tumour_fraction,
    fusion_markers,
    rests_on_trunk,
)
from ..structural.tumour_fraction_table import TumourFractionRow
from ..vocabulary.caveats import CaveatCode
from ..vocabulary.changes import Consequence, Origin, VariantType
from ..vocabulary.copies import CopyNumberCall
from ..vocabulary.detection import Detection, ObservationSource
from ..vocabulary.samples import SpecimenType
from ..vocabulary.variant import SmallVariant
from .alteration_table import AlterationRow, empty_row
from .consequences import annotated_variants
from .fusion_names import FusionNames
from .origin import MoleculeCount
from .small_variants import (
    Namer,
    OriginContext,
    VariantKnowledge,
    read_frequencies,
    variant_rows,
    with_origin,
)

LOGGER = logging.getLogger(__name__)
IMPRECISE = CaveatCode.IMPRECISE_BREAKPOINT
EXTRA_COPIES = (CopyNumberCall.GAIN, CopyNumberCall.AMPLIFICATION)
COPY_NUMBER_TYPES = {
    CopyNumberCall.AMPLIFICATION: VariantType.AMPLIFICATION,
    CopyNumberCall.LOSS: VariantType.LOSS,
}


def annotate_alterations(
    *,
    vcf: Path,
    fusions_vcf: Path,
    coverage: Path | None,
    copy_number_reference: Path | None,
    centromeres: Path,
    gene_models: Path,
    gff3: Path,
    fasta: Path,
    knowledge: KnowledgeFiles,
    white_cell_bams: Sequence[Path],
    population_vcf: Path | None,
    specimen_type: SpecimenType,
    calling: CallingSettings,
    origin: OriginSettings,
    tumour_fraction: TumourFractionSettings,
    copy_number: CopyNumberSettings,
    out_alterations: Path,
    out_tumour_fraction: Path,
    out_copy_number: Path,
    out_bins: Path | None,
) -> None:
    """Write alterations, tumour fraction and copy numbers of one specimen from reads.

    Args:
        vcf: small variants of our own caller.
        fusions_vcf: breakends of our own caller.
        coverage: coverage per bin; None where the assay has too few targets for copy numbers.
        copy_number_reference: reference of the assay; needed with `coverage`.
        centromeres: borders of the chromosome arms.
        gene_models: JSON of `GeneModels`.
        gff3: the same models for bcftools.
        fasta: genome.
        knowledge: the knowledge tables.
        white_cell_bams: consensus BAMs of the patient's white cells, without this specimen.
        population_vcf: population frequencies in INFO/AF, or None.
        specimen_type: of the specimen; white cells have no tumour fraction.
        calling: the calling rule, for counts in white cells.
        origin: thresholds of the origin.
        tumour_fraction: thresholds of markers.
        copy_number: thresholds of copy-number calls.
        out_alterations: table of `AlterationRow`.
        out_tumour_fraction: table with one `TumourFractionRow`.
        out_copy_number: table of `CopyNumberRow`; empty without `coverage`.
        out_bins: normalised bins for the figure, or None.

    Raises:
        DataError: inputs that do not belong together.
    """
    tables = VariantKnowledge.load(knowledge)
    models = GeneModels.load(gene_models)
    with Genome(fasta) as genome:
        namer = Namer(models, genome.fetch)
        variants = annotated_variants(vcf, fasta=fasta, gff3=gff3)
        rows = variant_rows(variants, namer, tables, source=vcf, reported=False)
    fusions = read_fusions(fusions_vcf)
    numbers = _CopyNumbers(models, coverage, copy_number_reference, centromeres, copy_number)
    untold = numbers.rows(None)
    alleles = [allele for row in rows if (allele := row.small_variant) is not None]
    context = OriginContext(
        specimen_type=specimen_type,
        white_cells=count_white_cells(alleles, white_cell_bams, fasta, calling),
        frequencies=read_frequencies(population_vcf, alleles) if population_vcf else {},
        extra_copies=frozenset(row.gene for row in untold if row.call in EXTRA_COPIES),
        fusion_vafs=[call.vaf for call in fusions if call.vaf is not None and not call.filters],
    )
    first = with_origin(rows, context, tables, origin)
    fraction = specimen_tumour_fraction(first, fusions, untold, specimen_type, tumour_fraction)
    told_context = replace(
        context, tumour_fraction_high=fraction.high, fraction_of_trunk=rests_on_trunk(fraction)
    )
    final = with_origin(rows, told_context, tables, origin)
    told = numbers.rows(fraction)
    write_table(
        out_alterations,
        AlterationRow,
        [*final, *fusion_rows(fusions, tables.fusions), *copy_number_alterations(told)],
    )
    write_table(out_tumour_fraction, TumourFractionRow, [fraction])
    write_table(out_copy_number, CopyNumberRow, told)
    if out_bins is not None:
        numbers.write_bins(out_bins)
    LOGGER.info(
        "%d small variants, %d junctions, tumour fraction %s", len(rows), len(fusions), fraction.value
    )


def count_white_cells(
    alleles: Sequence[SmallVariant], bams: Sequence[Path], fasta: Path, calling: CallingSettings
) -> dict[str, list[MoleculeCount]]:
    """Return the counts of every allele in every white-cell sample, by key, in the order of the BAMs."""
    counts: dict[str, list[MoleculeCount]] = {allele.key: [] for allele in alleles}
    if not bams:
        return counts
    from ..calling.genotyping.known_alleles import count_alterations

    for bam in bams:
        found = count_alterations(bam=bam, fasta=fasta, alterations=alleles, settings=calling)
        for allele, count in zip(alleles, found.alterations, strict=True):
            counts[allele.key].append(
                MoleculeCount(count.alt_molecules, count.total_molecules, count.error_rate)
            )
    return counts


def specimen_tumour_fraction(
    rows: Sequence[AlterationRow],
    fusions: Sequence[FusionCall],
    copy_number: Sequence[CopyNumberRow],
    specimen_type: SpecimenType,
    settings: TumourFractionSettings,
) -> TumourFractionRow:
    """Return the tumour fraction from fusions and mutations that are certain to be of the tumour.

    Mutations of listed hotspots are left out beside those of ALK: as mechanisms of resistance they are
    subclonal by nature. White cells have no tumour fraction.
    """
    if specimen_type is SpecimenType.WBC:
        return NOT_ESTIMABLE
    markers = [*fusion_markers(fusions), *mutation_markers(rows)]
    return estimate_tumour_fraction(markers, settings, copy_number)


def mutation_markers(rows: Sequence[AlterationRow]) -> list[Marker]:
    """Return the called somatic changes of proteins that are no listed hotspots."""
    return [
        Marker(
            label=f"{row.gene} {row.hgvs_p if row.hgvs_p != 'p.?' else row.hgvs_c}",
            gene=row.gene,
            kind=MarkerKind.MUTATION,
            alt_molecules=row.alt_molecules,
            total_molecules=row.total_molecules,
        )
        for row in rows
        if row.detection is Detection.DETECTED
        and row.origin is Origin.SOMATIC
        and row.hgvs_p is not None
        and not row.knowledge
        and row.alt_molecules is not None
        and row.total_molecules
    ]


def fusion_rows(calls: Sequence[FusionCall], names: FusionNames) -> list[AlterationRow]:
    """Return one row per junction; a junction that is not the driver's says so in a flag."""
    rows = []
    for call in calls:
        if call.role is FusionRole.DRIVER:
            known = names.named(call.name, call.gene, call.partner, call.junction, call.position)
        else:
            known = call.name, (), (CaveatCode(f"{call.role.value}_junction"),)
        name, subjects, flags = known
        rows.append(
            replace(
                empty_row(call.key, call.gene, VariantType.FUSION, name),
                consequence=Consequence.FUSION,
                chrom=call.chrom,
                pos=call.pos,
                ref=call.ref,
                alt=call.alt,
                partner=call.partner,
                junction=call.junction,
                in_frame=call.in_frame,
                detection=Detection.SUBTHRESHOLD if call.filters else Detection.DETECTED,
                source=ObservationSource.CALLED,
                vaf=call.vaf,
                vaf_low=call.vaf_low,
                vaf_high=call.vaf_high,
                alt_molecules=call.molecules,
                total_molecules=call.molecules + call.intact,
                duplex_alt=call.duplex,
                origin=Origin.SOMATIC,
                origin_reason="structural change",
                knowledge=subjects,
                filters=call.filters,
                flags=flags if call.precise else (*flags, IMPRECISE),
            )
        )
    return rows


def copy_number_alterations(rows: Sequence[CopyNumberRow]) -> list[AlterationRow]:
    """Return one row per amplification or loss; the copy number is the tumour's where it is known."""
    found = []
    for row in rows:
        kind = COPY_NUMBER_TYPES.get(row.call)
        if kind is None:
            continue
        number = row.tumour_copy_number if row.tumour_copy_number is not None else row.copy_number
        found.append(
            replace(
                empty_row(f"copy_number:{row.gene}:{kind.value}", row.gene, kind, kind.value),
                consequence=Consequence.COPY_NUMBER,
                source=ObservationSource.CALLED,
                copy_number=number,
                origin=Origin.SOMATIC,
                origin_reason="structural change",
            )
        )
    return found


class _CopyNumbers:
    """Copy numbers of a specimen before and after its tumour fraction is known; bins are read once."""

    def __init__(
        self,
        models: GeneModels,
        coverage: Path | None,
        reference: Path | None,
        centromeres: Path,
        settings: CopyNumberSettings,
    ) -> None:
        self._models = models
        self._settings = settings
        self._centromeres = centromeres
        self._ratios = None
        if coverage is not None and reference is not None:
            from ..structural.copy_number.normalise import read_ratios

            self._ratios = read_ratios(coverage, reference)

    def rows(self, fraction: TumourFractionRow | None) -> list[CopyNumberRow]:
        if self._ratios is None:
            return []
        from ..structural.copy_number.gene_copies import copy_number_rows, read_boundaries

        boundaries = read_boundaries(self._centromeres)
        return copy_number_rows(self._ratios, self._models, boundaries, self._settings, fraction)

    def write_bins(self, path: Path) -> None:
        from ..structural.copy_number.gene_copies import ratio_rows

        bins = ratio_rows(self._ratios, self._models) if self._ratios is not None else []
        write_table(path, RatioRow, bins)
