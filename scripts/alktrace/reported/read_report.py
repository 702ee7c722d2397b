"""The report of a laboratory as tables of this project: alterations, callability, tumour fraction."""

from collections.abc import Sequence
from pathlib import Path

from ..annotate.alteration_table import AlterationRow
from ..annotate.consequences import read_variants
from ..annotate.small_variants import Namer, OriginContext, VariantKnowledge, variant_rows, with_origin
from ..calling.callability_table import CallabilityRow
from ..inputs.settings import CallingSettings, OriginSettings
from ..inputs.sheet import VCF_SUFFIXES
from ..io.tables import read_table, write_table
from ..reference.gene_models import GeneModels
from ..reference.locus_table import LocusRow
from ..structural.tumour_fraction_table import TumourFractionRow
from ..vocabulary.changes import STRUCTURAL, Origin, VariantType
from ..vocabulary.copies import TumourFractionStatus
from ..vocabulary.detection import Detection, LocusKind
from ..vocabulary.samples import SpecimenType
from .covered import Coverage
from .line_rows import NOT_READ, Report, ReportNote
from .lines import ReportReader, read_report
from .report_words import read_words


def read_reported_calls(
    *,
    calls: Path,
    gene_models: Path,
    fasta: Path,
    loci: Path,
    knowledge: Path,
    own_words: Path | None,
    fusion_drivers: Path,
    specimen_type: SpecimenType,
    origin: OriginSettings,
    calling: CallingSettings,
    out_alterations: Path,
    out_callability: Path,
    out_tumour_fraction: Path,
    out_notes: Path,
) -> None:
    """Read the report of one specimen.

    Args:
        calls: reported-alterations table, or a VCF after `bcftools norm` and `csq`.
        gene_models: JSON of `GeneModels`.
        fasta: genome.
        loci: table of `LocusRow`.
        knowledge: folder of knowledge tables.
        own_words: table of words of the site; None without one.
        fusion_drivers: table of genes that drive fusions.
        specimen_type: of the specimen.
        origin: thresholds of the origin.
        calling: power and smallest count; they tell how many molecules a detection limit implies.
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
            rows = variant_rows(read_variants(calls), namer, tables, source=calls, reported=True)
            report = Report(tuple(rows), (), None, None, None, None)
        else:
            words = read_words(knowledge, own_words)
            report = read_report(calls, ReportReader(namer, tables, drivers, words))
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


def _locus_status(locus: LocusRow, coverage: Coverage, alterations: Sequence[AlterationRow]) -> Detection:
    if locus.gene not in coverage.genes:
        return Detection.NOT_TARGETED
    number = int(locus.locus.split(" ")[1]) if " " in locus.locus else locus.exon
    # A line that was not understood may speak of any place of its gene: silence there proves nothing.
    unread = any(a.gene == locus.gene and NOT_READ in a.flags for a in alterations)
    silent = Detection.NOT_ASSESSABLE if unread else Detection.NOT_DETECTED
    if locus.kind is LocusKind.FUSION_INTRON:
        found = any(a.gene == locus.gene and a.variant_type is VariantType.FUSION for a in alterations)
        if number not in coverage.introns.get(locus.gene, ()):
            # Reports list genes and exons; whether introns are baited they rarely say.
            return Detection.DETECTED if found else Detection.NOT_ASSESSABLE
        return Detection.DETECTED if found else silent
    listed = coverage.exons.get(locus.gene)
    if listed is not None and locus.locus != "gene" and number not in listed:
        return Detection.NOT_TARGETED
    # The row of a gene stands for all that was not found in it.
    hit = locus.locus != "gene" and _detected(locus, alterations)
    return Detection.DETECTED if hit else silent


def _detected(locus: LocusRow, alterations: Sequence[AlterationRow]) -> tuple[str, ...]:
    """Return the keys of the alterations found at a locus."""
    number = int(locus.locus.split(" ")[1]) if " " in locus.locus else locus.exon
    here = [a for a in alterations if a.gene == locus.gene]
    if locus.kind is LocusKind.FUSION_INTRON:
        return tuple(a.key for a in here if a.variant_type is VariantType.FUSION)
    return tuple(a.key for a in here if _at(locus, number, a))


def _at(locus: LocusRow, exon: int | None, alteration: AlterationRow) -> bool:
    if alteration.variant_type is VariantType.FUSION or NOT_READ in alteration.flags:
        return False
    if locus.locus == "gene":
        return True
    if locus.locus.startswith("exon "):
        return alteration.exon == exon
    return alteration.codon is not None and locus.locus[1:] == str(alteration.codon)
