"""Gene models from an annotation in GFF3 or GTF, and back to GFF3.

One transcript stands for a gene: the preferred one, else MANE Select, else Ensembl canonical, else the one
with the longest coding sequence.
"""

import gzip
import logging
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path

from ..errors import DataError
from ..io.atomic import atomic_output
from .contigs import GZIP_MAGIC, same_contig
from .gene_lines import CODING_BIOTYPE, ENSEMBL, Dialect, Feature, dialect_of
from .gene_models import Exon, GeneModels, Transcript

LOGGER = logging.getLogger(__name__)

CHOSEN_TAGS = ("MANE_Select", "Ensembl_canonical")
UNTAGGED = 1 + len(CHOSEN_TAGS)
CODING_PARTS = ("CDS", "stop_codon")
REMEDY = "give gene models of Ensembl, GENCODE or RefSeq, in GFF3 or GTF"


def read_gff3(
    path: Path, *, preferred: Mapping[str, str | Sequence[str]], contigs: Collection[str] | None = None
) -> GeneModels:
    """Read one transcript per protein-coding gene.

    Args:
        path: plain or gzip, in one of the ways of `gene_lines`: lines of genes, transcripts, exons and coding
            sequence.
        preferred: transcript by gene symbol, with or without version; it wins over any tag. Several in
            order of preference where releases name one coding sequence differently. Where the file has none
            of them the log says so and the next best transcript is taken.
        contigs: sequence names of the genome; where given, names that differ by `chr` only are rewritten
            to them (Ensembl writes `2`, most genomes `chr2`) and genes on other sequences are left out.

    Raises:
        DataError: the file holds no protein-coding gene, or attributes that are no `key=value`.
    """
    wanted = {
        gene: [name.split(".")[0] for name in ([names] if isinstance(names, str) else names)]
        for gene, names in preferred.items()
    }
    # Without a line of a gene any dialect finds none.
    dialect = dialect_of(_lines(path)) or ENSEMBL
    chosen = _choose(_read(path, dialect, dialect.is_head), wanted, dialect)
    spans: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for part in _read(path, dialect, lambda line: dialect.parent(line) in chosen):
        spans.setdefault((part.parent, part.kind), []).append((part.start, part.end))
    models: dict[str, Transcript] = {}
    for name, (gene, given, strand) in sorted(chosen.items()):
        chrom = given if contigs is None else same_contig(given, contigs)
        if chrom is None or (name, "exon") not in spans:
            continue
        exons = sorted(spans[name, "exon"], reverse=strand == "-")
        coding = [span for kind in CODING_PARTS for span in spans.get((name, kind), [])]
        model = Transcript(
            gene=gene,
            transcript=dialect.bare(name),
            chrom=chrom,
            strand=strand,
            exons=tuple(Exon(number, *span) for number, span in enumerate(exons, start=1)),
            cds_start=min((start for start, _ in coding), default=None),
            cds_end=max((end for _, end in coding), default=None),
        )
        if gene not in models or model.cds_length > models[gene].cds_length:
            models[gene] = model
    _name_replaced(wanted, models)
    return GeneModels(models)


def read_lines(path: Path) -> Iterator[str]:
    """Yield the lines of an annotation, plain or compressed."""
    with path.open("rb") as stream:
        compressed = stream.read(2) == GZIP_MAGIC
    with gzip.open(path, "rt", encoding="utf-8") if compressed else path.open(encoding="utf-8") as lines:
        yield from lines


def _lines(path: Path) -> Iterator[str]:
    try:
        yield from read_lines(path)
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise DataError(path, f"cannot be read ({error})", REMEDY) from None


def _read(path: Path, dialect: Dialect, wanted: Callable[[str], bool]) -> list[Feature]:
    """Return some of the features: a whole annotation has millions."""
    found = []
    for number, line in enumerate(_lines(path), start=1):
        if line.startswith("#") or line.count("\t") != 8 or not wanted(line):
            continue
        try:
            found.append(dialect.feature(line))
        except ValueError as error:
            what = f"attributes that are no `key=value`, or a place that is no number ({error})"
            raise DataError(path, what, REMEDY, str(number)) from None
    if not found:
        raise DataError(path, "no protein-coding gene", REMEDY)
    return found


def _choose(
    features: Sequence[Feature], wanted: Mapping[str, Sequence[str]], dialect: Dialect
) -> dict[str, tuple[str, str, str]]:
    """Return gene, sequence and strand of transcripts: one per gene, or all that no mark tells apart."""
    genes = {
        row.id: row.name or row.id.removeprefix(dialect.prefixes[0])
        for row in features
        if dialect.is_gene(row)
    }
    ranked: dict[str, list[tuple[int, str]]] = {}
    places = {}
    for row in features:
        if row.parent in genes:
            rank = _rank(dialect.bare(row.id), row.tag.split(","), wanted.get(genes[row.parent], ()))
            ranked.setdefault(row.parent, []).append((rank, row.id))
            places[row.id] = genes[row.parent], row.chrom, row.strand
    return {
        name: places[name]
        for candidates in ranked.values()
        for name in ([min(candidates)[1]] if min(candidates)[0] < UNTAGGED else [n for _, n in candidates])
    }


def _rank(name: str, tags: Sequence[str], preferred: Sequence[str]) -> int:
    """Return the order of preference of a transcript, best first."""
    if name in preferred:
        return preferred.index(name) - len(preferred)
    return next((rank for rank, tag in enumerate(CHOSEN_TAGS, start=1) if tag in tags), UNTAGGED)


def _name_replaced(wanted: Mapping[str, Sequence[str]], models: Mapping[str, Transcript]) -> None:
    for gene, names in sorted(wanted.items()):
        if gene in models and models[gene].transcript not in names:
            used = models[gene].transcript
            LOGGER.warning("%s: no transcript %s, names follow %s", gene, " or ".join(names), used)


def write_gff3(models: GeneModels, path: Path) -> None:
    """Write the models as Ensembl GFF3, for `bcftools csq`: one transcript per gene, names of the genome.

    A whole annotation costs that tool a gigabyte and half a minute per sample, and it reports every
    transcript; this file holds those whose numbering is used.
    """
    lines = ["##gff-version 3"]
    for model in sorted(models.by_gene.values(), key=lambda t: (t.chrom, t.start, t.gene)):
        lines += _gff3_lines(model)
    with atomic_output(path) as (partial,):
        partial.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _gff3_lines(model: Transcript) -> Iterator[str]:
    def line(kind: str, start: int, end: int, phase: str, attributes: str) -> str:
        cells = (model.chrom, "alktrace", kind, start + 1, end, ".", model.strand, phase, attributes)
        return "\t".join(map(str, cells))

    names = f"biotype={CODING_BIOTYPE};"
    yield line("gene", model.start, model.end, ".", f"ID=gene:{model.gene};Name={model.gene};{names}")
    parent = f"transcript:{model.transcript}"
    yield line("mRNA", model.start, model.end, ".", f"ID={parent};Parent=gene:{model.gene};{names}")
    for exon in model.exons:
        yield line("exon", exon.start, exon.end, ".", f"Parent={parent};rank={exon.number};")
    for kind, start, end in _untranslated(model):
        yield line(kind, start, end, ".", f"Parent={parent};")
    before = 0
    for start, end in model.cds_blocks:
        yield line("CDS", start, end, str(-before % 3), f"ID=CDS:{model.transcript};Parent={parent};")
        before += end - start


def _untranslated(model: Transcript) -> Iterator[tuple[str, int, int]]:
    if model.cds_start is None or model.cds_end is None:
        return
    left, right = ("five", "three") if model.strand == "+" else ("three", "five")
    for exon in model.exons:
        if exon.start < model.cds_start:
            yield f"{left}_prime_UTR", exon.start, min(exon.end, model.cds_start)
        if exon.end > model.cds_end:
            yield f"{right}_prime_UTR", max(exon.start, model.cds_end), exon.end
