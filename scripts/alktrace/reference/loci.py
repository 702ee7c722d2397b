"""Where callability is stated and which alleles are counted: knowledge tables put on the genome.

The knowledge tables name codons, exons and introns; gene models and genome turn them into coordinates. The
residue of every hotspot and of every ALK mutation is compared with the genome, so that another build or
another transcript stops here and not in a report.
"""

import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ..errors import DataError, InputProblems, Problem
from ..inputs.knowledge_files import KnowledgeFiles, Placed
from ..inputs.knowledge_rows import KnownGene, KnownLocus, KnownValue, group_values
from ..io.tables import write_table
from ..vocabulary.residues import ONE_LETTER, translate
from ..vocabulary.variant import Fetch, SmallVariant
from .gene_models import GeneModels, Transcript
from .gff3 import read_gff3, write_gff3
from .locus_table import HotspotRow, LocusRow

LOGGER = logging.getLogger(__name__)
ESSENTIAL_GENE = "ALK"
NEUTRAL = "neutral"
_MUTATION = re.compile(r"p\.(?P<residue>[A-Z][a-z]{2})(?P<codon>\d+)")


def prepare_gene_models(
    *,
    gff3: Path,
    fasta: Path,
    knowledge: KnowledgeFiles,
    out_gene_models: Path,
    out_gff3: Path,
    out_loci: Path,
    out_hotspots: Path,
) -> None:
    """Read the gene models and put the knowledge tables on the genome.

    Args:
        gff3: gene models, GFF3 or GTF.
        fasta: genome, with index.
        knowledge: tables of transcripts, loci, and ALK mutations with their alleles.
        out_gene_models: JSON of `GeneModels`.
        out_gff3: the same models as GFF3, for `bcftools csq`.
        out_loci: table of `LocusRow`.
        out_hotspots: table of `HotspotRow`.

    Raises:
        DataError: gene models and genome do not belong together, or ALK has no model.
        InputProblems: a locus of the knowledge tables does not exist or has another residue.
    """
    from pysam import FastaFile

    with FastaFile(str(fasta)) as genome:
        genes = knowledge.bare_rows("genes", KnownGene)
        # Annotations hold the transcripts of Ensembl or those of RefSeq.
        preferred = {row.gene: tuple(filter(None, (*row.transcripts, row.refseq))) for row in genes}
        models = read_gff3(gff3, preferred=preferred, contigs=set(genome.references))
        if not models.by_gene:
            what = f"no gene lies on a sequence of {fasta.name}"
            raise DataError(gff3, what, "give gene models and genome of one build with the same names")
        models.save(out_gene_models)
        write_gff3(models, out_gff3)
        build_loci(
            gene_models=models,
            fetch=genome.fetch,
            hotspots=knowledge.rows("hotspots", KnownLocus),
            mutations=knowledge.values("alk_mutations"),
            out_loci=out_loci,
            out_hotspots=out_hotspots,
        )


def build_loci(
    *,
    gene_models: GeneModels,
    fetch: Fetch,
    hotspots: Sequence[Placed[KnownLocus]],
    mutations: Sequence[Placed[KnownValue]],
    out_loci: Path,
    out_hotspots: Path,
) -> None:
    """Write the coordinates of the knowledge loci and the alleles counted in every sample.

    Genes without a model are left out and named in the log: a small gene-model file is legal. A codon that
    an intron splits gives one row per piece.

    Args:
        gene_models: transcripts with the sequence names of the genome.
        fetch: `fetch(chrom, start, end)` gives the plus strand of the genome, 0-based half-open.
        hotspots: knowledge table of loci.
        mutations: knowledge table of ALK mutations, by subject; neutral ones are not counted.
        out_loci: table of `LocusRow`.
        out_hotspots: table of `HotspotRow`.

    Raises:
        DataError: ALK has no model.
        InputProblems: a locus does not exist or has another residue or base; all of them at once.
    """
    if ESSENTIAL_GENE not in gene_models.by_gene:
        raise DataError("hotspots.tsv", f"no gene model of {ESSENTIAL_GENE}", "give gene models that hold it")
    missing = sorted({item.row.gene for item in hotspots} - set(gene_models.by_gene))
    if missing:
        LOGGER.warning("no gene model, so nothing is stated about: %s", ", ".join(missing))
    rows: list[LocusRow] = []
    problems: list[Problem] = []
    for item in hotspots:
        if item.row.gene not in missing:
            try:
                rows += locate(item.row, gene_models.by_gene[item.row.gene], fetch)
            except ValueError as error:
                remedy = "use the transcript of genes.tsv"
                problems.append(Problem(item.file, item.line, "locus", str(error), remedy))
    alleles, wrong = _alleles(mutations, gene_models.by_gene[ESSENTIAL_GENE], fetch)
    problems += [*_residue_problems(mutations, gene_models.by_gene[ESSENTIAL_GENE], fetch), *wrong]
    if problems:
        raise InputProblems(problems)
    write_table(out_loci, LocusRow, rows)
    write_table(out_hotspots, HotspotRow, alleles)


def locate(known: KnownLocus, model: Transcript, fetch: Fetch) -> list[LocusRow]:
    """Return where a knowledge locus lies.

    Raises:
        ValueError: the transcript has no such codon, exon or intron, or the residue is another one.
    """
    if known.codon is not None:
        _check_residue(known, model, fetch)
        return [_row(known, model, start, end) for start, end in _pieces(model.codon_positions(known.codon))]
    kind, _, number = known.locus.partition(" ")
    if kind == "exon":
        exon = model.exon(int(number))
        return [_row(known, model, exon.start, exon.end)]
    if kind == "intron":
        return [_row(known, model, *model.intron(int(number)))]
    if known.locus == "gene":
        return [_row(known, model, model.start, model.end)]
    raise ValueError(f"{known.gene} {known.locus}: write a codon, `exon 14`, `intron 19` or `gene`")


def _row(known: KnownLocus, model: Transcript, start: int, end: int) -> LocusRow:
    exon = model.exon_at(start)
    number = exon.number if exon and known.codon is not None else known.exon
    return LocusRow(
        gene=known.gene,
        locus=known.locus,
        kind=known.kind,
        exon=number,
        chrom=model.chrom,
        start=start,
        end=end,
    )


def _pieces(positions: Iterable[int]) -> list[tuple[int, int]]:
    """Return the runs of neighbouring bases, 0-based half-open."""
    ordered = sorted(positions)
    starts = [p for i, p in enumerate(ordered) if i == 0 or ordered[i - 1] + 1 != p]
    ends = [p + 1 for i, p in enumerate(ordered) if i + 1 == len(ordered) or ordered[i + 1] != p + 1]
    return list(zip(starts, ends, strict=True))


def _check_residue(known: KnownLocus, model: Transcript, fetch: Fetch) -> None:
    assert known.codon is not None
    residue = _residue(known.codon, model, fetch)
    if residue not in (None, known.locus[0]):
        raise ValueError(
            f"{known.gene} {known.locus}: the genome has {residue} in codon {known.codon} "
            f"of {model.transcript}"
        )


def _residue(codon: int, model: Transcript, fetch: Fetch) -> str | None:
    """Return the residue that the genome has in a codon, None where it does not say."""
    bases = "".join(fetch(model.chrom, p, p + 1) for p in model.codon_positions(codon)).upper()
    if model.strand == "-":
        bases = bases.translate(str.maketrans("ACGT", "TGCA"))
    return None if "N" in bases else translate(bases)


def _residue_problems(
    mutations: Sequence[Placed[KnownValue]], model: Transcript, fetch: Fetch
) -> Iterator[Problem]:
    """Yield ALK mutations whose first residue is another one in the genome, or lies outside the protein."""
    places: dict[str, Placed[KnownValue]] = {}
    for item in mutations:
        places.setdefault(item.row.subject, item)
    for subject, item in places.items():
        match = _MUTATION.match(subject)
        if match is None:
            continue
        try:
            residue = _residue(int(match["codon"]), model, fetch)
        except ValueError as error:
            yield _residue_problem(item, f"{subject}: {error}")
            continue
        if residue not in (None, ONE_LETTER.get(match["residue"])):
            what = f"{subject}: the genome has {residue} there, on {model.transcript}"
            yield _residue_problem(item, what)


def _residue_problem(item: Placed[KnownValue], what: str) -> Problem:
    return Problem(item.file, item.line, "subject", what, "use the transcript of genes.tsv")


def _alleles(
    mutations: Sequence[Placed[KnownValue]], model: Transcript, fetch: Fetch
) -> tuple[list[HotspotRow], list[Problem]]:
    rows, problems = [], []
    files = {item.row.subject: item.file for item in mutations}
    for subject, values in group_values(item.row for item in mutations).items():
        if NEUTRAL in values.get("role", ()):
            continue
        for route in values.get("route", ()):
            try:
                allele = SmallVariant.parse(route.partition(" ")[2])
            except ValueError:
                problems.append(_route_problem(files[subject], subject, f"cannot read {route!r}"))
                continue
            shown = fetch(model.chrom, allele.start, allele.end).upper()
            if shown != allele.ref and "N" not in shown:
                what = f"{route}: the genome shows {shown} there"
                problems.append(_route_problem(files[subject], subject, what))
            short = values.get("short", (subject,))[0]
            rows.append(
                HotspotRow(
                    gene=model.gene,
                    alteration=short,
                    chrom=model.chrom,
                    pos=allele.pos,
                    ref=allele.ref,
                    alt=allele.alt,
                )
            )
    return sorted(rows, key=lambda row: (row.pos, row.ref, row.alt)), problems


def _route_problem(file: str, subject: str, what: str) -> Problem:
    return Problem(file, 0, subject, what, "GRCh38 is expected: check genome and gene models")
