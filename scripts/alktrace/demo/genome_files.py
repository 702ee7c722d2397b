"""The files of a reference: compact and sparse FASTA, gene models, targets, common polymorphisms.

The sparse FASTA has true chromosome lengths with N outside the loci. Its BGZF blocks that hold only N are
compressed once and repeated, so that three billion bases cost a few megabytes and a fraction of a second.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pysam

from ..io.atomic import atomic_output
from .facts import ExonFact, Gene
from .made_genome import ASCII, Bases, Genome, Locus

LINE = 59
LINES_PER_BLOCK = 1088
BLOCK_BASES = LINE * LINES_PER_BLOCK
"""Bases of one BGZF block: 1,088 lines of 59 bases and a line feed are 65,280 bytes, the usual block."""
BGZF_HEADER = bytes.fromhex("1f8b08040000000000ff0600424302001b00")
BGZF_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
SOURCE = "alktrace"


@dataclass(frozen=True)
class ReferenceFiles:
    """Where the files of one reference lie."""

    fasta: Path
    compact: Path
    gff3: Path
    targets: Path
    polymorphisms: Path


def reference_files(folder: Path) -> ReferenceFiles:
    """Name the files of a reference in a folder."""
    return ReferenceFiles(
        fasta=folder / "genome.fa.gz",
        compact=folder / "compact.fa",
        gff3=folder / "genes.gff3.gz",
        targets=folder / "targets.bed",
        polymorphisms=folder / "polymorphisms.vcf.gz",
    )


def write_genome(genome: Genome, folder: Path) -> ReferenceFiles:
    """Write all files of the demo reference."""
    files = reference_files(folder)
    write_compact_fasta(genome.loci, genome.bases, files.compact)
    write_sparse_fasta(genome.chromosomes, genome.loci, genome.bases, files.fasta)
    write_gff3(genome.genes.values(), genome.chromosomes, files.gff3)
    write_targets(genome, files.targets)
    write_polymorphisms(genome, files.polymorphisms)
    return files


def write_compact_fasta(loci: Iterable[Locus], bases: Iterable[Bases], path: Path) -> None:
    """Write one contig per locus, named chr:start-end (1-based inclusive), with its .fai."""
    index = path.with_name(path.name + ".fai")
    with atomic_output(path, index) as (partial, partial_index):
        offset = 0
        with partial.open("wb") as stream, partial_index.open("w") as fai:
            for locus, sequence in zip(loci, bases, strict=True):
                head = f">{locus.name}\n".encode()
                offset += len(head)
                body = _lines(sequence)
                fai.write(f"{locus.name}\t{len(sequence)}\t{offset}\t{LINE}\t{LINE + 1}\n")
                stream.write(head + body)
                offset += len(body)


def write_sparse_fasta(
    chromosomes: dict[str, int], loci: Iterable[Locus], bases: Iterable[Bases], path: Path
) -> None:
    """Write whole chromosomes with N outside the loci as BGZF, with .fai, .gzi and .dict.

    Args:
        chromosomes: name to true length, in file order.
        loci: stretches with sequence.
        bases: their codes (4 is N).
        path: ends in `.fa.gz`.
    """
    per_chrom: dict[str, list[tuple[Locus, Bases]]] = {name: [] for name in chromosomes}
    for locus, sequence in zip(loci, bases, strict=True):
        per_chrom[locus.chrom].append((locus, sequence))
    fai, gzi = path.with_name(path.name + ".fai"), path.with_name(path.name + ".gzi")
    dictionary = path.with_name(path.name.removesuffix(".gz").removesuffix(".fa") + ".dict")
    with atomic_output(path, fai, gzi, dictionary) as (out, out_fai, out_gzi, out_dict):
        offsets = []
        raw = packed = 0
        entries, records = [], ["@HD\tVN:1.6\tSO:unsorted\n"]
        with out.open("wb") as stream:
            for name, length in chromosomes.items():
                head = f">{name}\n".encode()
                entries.append(f"{name}\t{length}\t{raw + len(head)}\t{LINE}\t{LINE + 1}\n")
                records.append(f"@SQ\tSN:{name}\tLN:{length}\n")
                blocks = _chromosome_blocks(length, per_chrom[name])
                for block, size in _with_head(head, blocks):
                    offsets.append((packed, raw))
                    stream.write(block)
                    packed += len(block)
                    raw += size
            stream.write(BGZF_END)
        out_fai.write_text("".join(entries))
        out_dict.write_text("".join(records))
        pairs = [number for pair in offsets[1:] for number in pair]
        out_gzi.write_bytes(struct.pack(f"<{1 + len(pairs)}Q", len(pairs) // 2, *pairs))


def write_gff3(genes: Iterable[Gene], chromosomes: dict[str, int], path: Path) -> None:
    """Write gene models as Ensembl does (`gene:` and `transcript:` ids), bgzipped."""
    lines = ["##gff-version 3"]
    lines += [f"##sequence-region {name} 1 {length}" for name, length in chromosomes.items()]
    order = list(chromosomes)
    for gene in sorted(genes, key=lambda item: (order.index(item.chrom), item.start)):
        lines.extend(_gene_lines(gene))
    with atomic_output(path) as (partial,), pysam.BGZFile(str(partial), "wb", None) as stream:
        stream.write(("\n".join(lines) + "\n").encode())


def write_targets(genome: Genome, path: Path) -> None:
    """Write the targets as BED; the fourth column is the gene, as CNVkit groups by it."""
    with atomic_output(path) as (partial,):
        partial.write_text("".join(f"{t.chrom}\t{t.start}\t{t.end}\t{t.gene}\n" for t in genome.targets))


def write_polymorphisms(genome: Genome, path: Path) -> None:
    """Write the common SNPs with INFO/AF as an indexed VCF."""
    index = path.with_name(path.name + ".tbi")
    header = pysam.VariantHeader()
    for name, length in genome.chromosomes.items():
        header.contigs.add(name, length=length)
    header.add_line('##INFO=<ID=AF,Number=A,Type=Float,Description="Population frequency">')
    with atomic_output(path, index) as (partial, partial_index):
        with pysam.VariantFile(str(partial), "wz", header=header) as stream:
            for site in genome.polymorphisms:
                stream.write(
                    header.new_record(
                        contig=site.chrom,
                        start=site.pos,
                        alleles=(site.ref, site.alt),
                        id=f"snp{site.chrom.removeprefix('chr')}-{site.pos + 1}",
                        info={"AF": (site.frequency,)},
                    )
                )
        pysam.tabix_index(str(partial), preset="vcf", force=True)
        partial.with_name(partial.name + ".tbi").replace(partial_index)


def _lines(bases: Bases) -> bytes:
    """Return ASCII lines of `LINE` bases, each with a line feed."""
    whole = len(bases) // LINE
    table = np.full((whole, LINE + 1), ord("\n"), dtype=np.uint8)
    table[:, :LINE] = ASCII[bases[: whole * LINE]].reshape(whole, LINE)
    rest = ASCII[bases[whole * LINE :]].tobytes()
    return table.tobytes() + (rest + b"\n" if rest else b"")


def _bgzf(data: bytes) -> bytes:
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    body = packer.compress(data) + packer.flush()
    size = len(BGZF_HEADER) + len(body) + 8
    return (
        BGZF_HEADER[:16]
        + struct.pack("<H", size - 1)
        + body
        + struct.pack("<II", zlib.crc32(data), len(data))
    )


def _with_head(head: bytes, blocks: Iterator[tuple[bytes, int]]) -> Iterator[tuple[bytes, int]]:
    yield _bgzf(head), len(head)
    yield from blocks


def _chromosome_blocks(length: int, loci: list[tuple[Locus, Bases]]) -> Iterator[tuple[bytes, int]]:
    """Yield compressed block and its uncompressed size; every block starts at a line start."""
    empty = _lines(np.full(BLOCK_BASES, 4, dtype=np.uint8))
    repeated = (_bgzf(empty), len(empty))
    occupied = sorted(
        {
            block
            for locus, _ in loci
            for block in range(locus.start // BLOCK_BASES, (locus.end - 1) // BLOCK_BASES + 1)
        }
        | {(length - 1) // BLOCK_BASES}
    )
    done = 0
    for block in occupied:
        for _ in range(block - done):
            yield repeated
        start, end = block * BLOCK_BASES, min((block + 1) * BLOCK_BASES, length)
        bases = np.full(end - start, 4, dtype=np.uint8)
        for locus, sequence in loci:
            low, high = max(start, locus.start), min(end, locus.end)
            if low < high:
                bases[low - start : high - start] = sequence[low - locus.start : high - locus.start]
        data = _lines(bases)
        yield _bgzf(data), len(data)
        done = block + 1


def _gene_lines(gene: Gene) -> Iterator[str]:
    def line(kind: str, start: int, end: int, phase: str, attributes: str) -> str:
        fields = (gene.chrom, SOURCE, kind, str(start + 1), str(end), ".", gene.strand, phase, attributes)
        return "\t".join(fields)

    name, transcript = gene.name, gene.transcript
    yield line("gene", gene.start, gene.end, ".", f"ID=gene:{name};Name={name};biotype=protein_coding")
    yield line(
        "mRNA",
        gene.start,
        gene.end,
        ".",
        f"ID=transcript:{transcript};Parent=gene:{name};Name={name}-201;biotype=protein_coding;"
        f"tag=basic,Ensembl_canonical;transcript_id={transcript}",
    )
    parent = f"Parent=transcript:{transcript}"
    written = 0
    for exon in gene.exons:
        yield line("exon", exon.start, exon.end, ".", f"{parent};rank={exon.number}")
        for kind, start, end in _parts(gene, exon):
            phase = str(-written % 3) if kind == "CDS" else "."
            if kind == "CDS":
                written += end - start
            identity = f"ID=CDS:{transcript}P;" if kind == "CDS" else ""
            yield line(kind, start, end, phase, identity + parent)


def _parts(gene: Gene, exon: ExonFact) -> list[tuple[str, int, int]]:
    """Return the coding and untranslated parts of an exon, in transcript order."""
    coding = gene.coding_positions
    low, high = min(coding[0], coding[-1]), max(coding[0], coding[-1]) + 1
    left, right = ("five_prime_UTR", "three_prime_UTR")
    if gene.strand == "-":
        left, right = right, left
    parts = [
        (left, exon.start, min(exon.end, low)),
        ("CDS", max(exon.start, low), min(exon.end, high)),
        (right, max(exon.start, high), exon.end),
    ]
    kept = [part for part in parts if part[1] < part[2]]
    return kept if gene.strand == "+" else kept[::-1]
