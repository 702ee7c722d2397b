"""Gene models from an annotation in GFF3, and back.

One transcript stands for a gene: the preferred one, else MANE Select, else Ensembl canonical, else the one
with the longest coding sequence.
"""

import gzip
import logging
import re
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ..errors import DataError
from ..io.atomic import atomic_output
from .contigs import GZIP_MAGIC, same_contig
from .gene_models import Exon, GeneModels, Transcript

LOGGER = logging.getLogger(__name__)

# Of Ensembl's IDs; GENCODE's and RefSeq's have none.
GENE, TRANSCRIPT = "gene:", "transcript:"
CODING_BIOTYPE = "protein_coding"
CHOSEN_TAGS = ("MANE_Select", "Ensembl_canonical")
UNTAGGED = 1 + len(CHOSEN_TAGS)
ATTRIBUTES = ("ID", "Parent", "Name", "biotype", "tag")
REMEDY = "give gene models in Ensembl GFF3"
_POSITION = re.compile(r"[0-9]{1,10}")


class Feature(NamedTuple):
    """A line of an annotation: 0-based half-open, with the attributes above, empty where it has none."""

    chrom: str
    kind: str
    start: int
    end: int
    strand: str
    id: str
    parent: str
    name: str
    biotype: str
    tag: str


def read_gff3(
    path: Path, *, preferred: Mapping[str, str | Sequence[str]], contigs: Collection[str] | None = None
) -> GeneModels:
    """Read one transcript per protein-coding gene from an Ensembl GFF3.

    Args:
        path: GFF3, plain or gzip; `gene`, transcript, `exon` and `CDS` features with Ensembl's `ID`,
            `Parent`, `Name`, `biotype` and `tag` attributes.
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
    chosen = _choose(_read(path, lambda line: f"ID={GENE}" in line or f"ID={TRANSCRIPT}" in line), wanted)
    spans: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for part in _read(path, lambda line: line.rpartition("Parent=")[2].split(";")[0].rstrip() in chosen):
        spans.setdefault((part.parent, part.kind), []).append((part.start, part.end))
    models: dict[str, Transcript] = {}
    for name, (gene, given, strand) in sorted(chosen.items()):
        chrom = given if contigs is None else same_contig(given, contigs)
        if chrom is None or (name, "exon") not in spans:
            continue
        exons = sorted(spans[name, "exon"], reverse=strand == "-")
        coding = spans.get((name, "CDS"), [])
        model = Transcript(
            gene=gene,
            transcript=_bare(name),
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


def _read(path: Path, wanted: Callable[[str], bool]) -> list[Feature]:
    """Return some of the features: a whole annotation has millions."""
    found = []
    try:
        for number, line in enumerate(read_lines(path), start=1):
            if line.startswith("#") or line.count("\t") != 8 or not wanted(line):
                continue
            try:
                found.append(_feature(line))
            except ValueError as error:
                what = f"attributes that are no `key=value`, or a place that is no number ({error})"
                raise DataError(path, what, REMEDY, str(number)) from None
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise DataError(path, f"cannot be read ({error})", REMEDY) from None
    if not found:
        raise DataError(path, "no protein-coding gene", REMEDY)
    return found


def _feature(line: str) -> Feature:
    chrom, _, kind, start, end, _, strand, _, text = line.rstrip().split("\t")
    said = dict(part.split("=") for part in text.rstrip("; ").split(";"))
    if not (_POSITION.fullmatch(start) and _POSITION.fullmatch(end) and 0 < int(start) <= int(end)):
        raise ValueError(f"from {start} to {end}")
    if strand not in ("+", "-"):
        raise ValueError(f"strand {strand}")
    return Feature(
        chrom, kind, int(start) - 1, int(end), strand, *(said.get(name, "") for name in ATTRIBUTES)
    )


def _choose(
    features: Sequence[Feature], wanted: Mapping[str, Sequence[str]]
) -> dict[str, tuple[str, str, str]]:
    """Return gene, sequence and strand of transcripts: one per gene, or all that no mark tells apart."""
    genes = {
        row.id: row.name or row.id.removeprefix(GENE)
        for row in features
        if row.id.startswith(GENE) and row.biotype == CODING_BIOTYPE
    }
    ranked: dict[str, list[tuple[int, str]]] = {}
    places = {}
    for row in features:
        if row.parent in genes:
            rank = _rank(_bare(row.id), row.tag.split(","), wanted.get(genes[row.parent], ()))
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


def _bare(name: str) -> str:
    """Return an ID without its kind and version."""
    return name.partition(":")[2].split(".")[0]


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
