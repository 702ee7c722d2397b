"""The report of a laboratory as tables of this project: alterations, callability, tumour fraction."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ..annotate.alteration_table import AlterationRow
from ..annotate.consequences import annotated_variants, structural_records
from ..annotate.small_variants import Namer, OriginContext, VariantKnowledge, variant_rows, with_origin
from ..calling.callability_table import CallabilityRow
from ..inputs.knowledge_files import KnowledgeFiles
from ..inputs.sample import VCF_SUFFIXES
from ..inputs.settings.calling_settings import CallingSettings
from ..inputs.settings.origin_settings import OriginSettings
from ..io.tables import read_table, write_table
from ..reference.gene_models import GeneModels
from ..reference.locus_table import LocusRow
from ..structural.tumour_fraction_table import TumourFractionRow
from ..vocabulary.changes import STRUCTURAL, Origin, VariantType
from ..vocabulary.copies import TumourFractionStatus
from ..vocabulary.detection import Detection, LocusKind
from ..vocabulary.samples import SpecimenType, VafUnit
from .covered import WHOLE_GENE, Coverage, CoveredRegions, number_of
from .line_rows import GENE_NOT_NAMED, NOT_READ, Report, ReportNote
from .lines import ReportReader, read_report
from .report_words import read_words


def read_reported_calls(
    *,
    calls: Path,
    gene_models: Path,
    gff3: Path,
    fasta: Path,
    loci: Path,
    knowledge: KnowledgeFiles,
    own_words: Path | None,
    fusion_drivers: Path,
    specimen_type: SpecimenType,
    origin: OriginSettings,
    calling: CallingSettings,
    covered_regions: Path | None,
    lod_vaf: float | None,
    vaf_unit: VafUnit | None,
    out_alterations: Path,
    out_callability: Path,
    out_tumour_fraction: Path,
    out_notes: Path,
) -> None:
    """Read the report of one specimen.

    Args:
        calls: reported-alterations table, or a VCF.
        gene_models: JSON of `GeneModels`.
        gff3: the same models for bcftools.
        fasta: genome.
        loci: table of `LocusRow`.
        knowledge: the knowledge tables.
        own_words: table of words beside the sheet; None without one.
        fusion_drivers: table of genes that drive fusions.
        specimen_type: of the specimen.
        origin: thresholds of the origin.
        calling: power and smallest count; they tell how many molecules a detection limit implies.
        covered_regions: BED of what the report covered, where the report itself does not say it.
        lod_vaf: VAF that it would have found, likewise.
        vaf_unit: unit of its bare VAFs.
        out_alterations: table of `AlterationRow`.
        out_callability: table of `CallabilityRow`; empty where the report does not say what it covered.
        out_tumour_fraction: table with one `TumourFractionRow`.
        out_notes: table of `ReportNote`.

    Raises:
        InputProblems: the table has wrong columns.
        DataError: a VCF that does not fit the genome.
    """
    from ..reference.genome import Genome
    from ..structural.fusions.partners import read_drivers

    tables = VariantKnowledge.load(knowledge)
    drivers = {gene: driver.side for gene, driver in read_drivers(fusion_drivers).items()}
    with Genome(fasta) as genome:
        namer = Namer(GeneModels.load(gene_models), genome.fetch)
        if calls.name.endswith(VCF_SUFFIXES):
            variants = annotated_variants(calls, fasta=fasta, gff3=gff3)
            rows = variant_rows(variants, namer, tables, source=calls, reported=True)
            report = Report(tuple(rows), _left_out(calls), None, None, None, None)
        else:
            words = read_words(knowledge, own_words)
            report = read_report(calls, ReportReader(namer, tables, drivers, words), vaf_unit)
    if report.coverage is None and covered_regions is not None:
        report = replace(report, coverage=CoveredRegions.read(covered_regions))
    if report.lod_vaf is None:
        report = replace(report, lod_vaf=lod_vaf)
    context = OriginContext(specimen_type, {}, {}, tumour_fraction_high=report.tumour_fraction)
    alterations = [
        row if _origin_known(row) else with_origin([row], context, tables, origin)[0]
        for row in report.alterations
    ]
    write_table(out_alterations, AlterationRow, alterations)
    rows_of_loci = read_table(loci, LocusRow)
    write_table(out_callability, CallabilityRow, callability_rows(report, rows_of_loci, calling))
    write_table(out_tumour_fraction, TumourFractionRow, [tumour_fraction_row(report)])
    write_table(out_notes, ReportNote, report.notes)


def _left_out(vcf: Path) -> tuple[ReportNote, ...]:
    number = structural_records(vcf)
    what = f"{number} records of fusions, copy numbers or other structural changes"
    remedy = "left out: a VCF gives small variants alone; write these into a table"
    return (ReportNote(0, "ALT", what, remedy),) if number else ()


def _origin_known(row: AlterationRow) -> bool:
    """Tell whether the origin needs no judgement: a structural change, or stated by the laboratory."""
    return row.variant_type in STRUCTURAL or row.origin is not Origin.UNDECIDED


def callability_rows(
    report: Report, loci: Sequence[LocusRow], calling: CallingSettings
) -> list[CallabilityRow]:
    """Return what the report could have seen; nothing where it names no coverage or detection limit.

    Without a number of molecules the one that the limit implies stands in: so many that the smallest count
    of the calling rule is reached at the limit with the power of the settings (Poisson).
    """
    from scipy.special import gammaincinv

    coverage, limit = report.coverage, report.lod_vaf
    if coverage is None or not limit:
        return []
    implied = int(gammaincinv(calling.min_alt_molecules, calling.power) / limit) + 1
    molecules = report.molecules if report.molecules is not None else implied
    rows = []
    for locus in loci:
        status = _locus_status(locus, coverage, report.alterations)
        seen = status in (Detection.DETECTED, Detection.NOT_DETECTED)
        rows.append(
            CallabilityRow(
                gene=locus.gene,
                locus=locus.locus,
                kind=locus.kind,
                exon=locus.exon,
                chrom=locus.chrom,
                start=locus.start,
                end=locus.end,
                molecules=int(molecules) if seen else 0,
                simplex=0,
                duplex=0,
                vaf_detectable=limit if seen else None,
                status=status,
                # A laboratory states one limit for all small variants.
                vaf_detectable_indel=limit if seen and locus.kind is not LocusKind.FUSION_INTRON else None,
                detected=_detected(locus, report.alterations),
            )
        )
    return rows


def tumour_fraction_row(report: Report) -> TumourFractionRow:
    """Return the tumour fraction that the report gives; it gives no interval."""
    value = report.tumour_fraction
    if value is None:
        return TumourFractionRow(TumourFractionStatus.NOT_ESTIMABLE, None, None, None, 0, ())
    return TumourFractionRow(TumourFractionStatus.GIVEN, value, value, value, 0, ("reported",))


def _locus_status(
    locus: LocusRow, coverage: Coverage | CoveredRegions, alterations: Sequence[AlterationRow]
) -> Detection:
    covered = coverage.covers(locus)
    if covered is False:
        return Detection.NOT_TARGETED
    # The row of a gene stands for all that was not found in it.
    if locus.locus != WHOLE_GENE and _detected(locus, alterations):
        return Detection.DETECTED
    # A line that was not understood, or a record that did not pass, may be there: silence proves nothing.
    open_ = any(_may_be_at(locus, row) for row in alterations)
    return Detection.NOT_DETECTED if covered and not open_ else Detection.NOT_ASSESSABLE


def _detected(locus: LocusRow, alterations: Sequence[AlterationRow]) -> tuple[str, ...]:
    """Return the keys of the alterations found at a locus."""
    found = (row for row in alterations if row.detection is Detection.DETECTED)
    return tuple(row.key for row in found if _at(locus, row))


def _may_be_at(locus: LocusRow, row: AlterationRow) -> bool:
    if NOT_READ not in row.flags:
        return row.detection is not Detection.DETECTED and _at(locus, row)
    pair = locus.kind is LocusKind.FUSION_INTRON and locus.gene in row.gene.split("-")
    return row.gene == locus.gene or pair or GENE_NOT_NAMED in row.flags


def _at(locus: LocusRow, alteration: AlterationRow) -> bool:
    fusion = alteration.variant_type is VariantType.FUSION
    if NOT_READ in alteration.flags or alteration.gene != locus.gene:
        return False
    if locus.kind is LocusKind.FUSION_INTRON or fusion:
        return locus.kind is LocusKind.FUSION_INTRON and fusion
    if locus.locus == WHOLE_GENE:
        return True
    if locus.locus.startswith("exon "):
        return alteration.exon == number_of(locus)
    return alteration.codon is not None and locus.locus[1:] == str(alteration.codon)
