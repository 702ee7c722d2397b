"""The same pair of FASTA files and gene models from real panel sequence, for opt-in tests on real reads.

The data folder is not part of the project; its README describes the files used here.
"""

import csv
from pathlib import Path

import numpy as np
import pysam

from alktrace.demo.facts import DEMO, ExonFact, Gene, load_facts
from alktrace.demo.genome_files import (
    ReferenceFiles,
    reference_files,
    write_compact_fasta,
    write_gff3,
    write_sparse_fasta,
)
from alktrace.demo.made_genome import Bases, Locus

SEGMENTS = Path("reference") / "grch38_known_segments.fa.gz"
TRANSCRIPTS = Path("reference") / "panel_transcripts.grch38.tsv"

CODE_OF = np.full(256, 4, dtype=np.uint8)
CODE_OF[np.frombuffer(b"ACGTacgt", dtype=np.uint8)] = [0, 1, 2, 3, 0, 1, 2, 3]


def build_real_reference(*, data: Path, out: Path) -> ReferenceFiles:
    """Write compact FASTA, sparse FASTA and GFF3 from segments of real GRCh38 sequence.

    Args:
        data: folder with `reference/grch38_known_segments.fa.gz`, contigs named chr:start-end (1-based
            inclusive), and `reference/panel_transcripts.grch38.tsv`.
        out: folder to write to.

    Returns:
        The files; `targets` and `polymorphisms` are named but not written, as each assay has its own.
    """
    files = reference_files(out)
    loci, bases = _segments(data / SEGMENTS)
    lengths = load_facts(DEMO).chromosomes
    used = {locus.chrom for locus in loci}
    chromosomes = {name: length for name, length in lengths.items() if name in used}
    order = list(chromosomes)
    ranked = sorted(range(len(loci)), key=lambda i: (order.index(loci[i].chrom), loci[i].start))
    loci, bases = [loci[i] for i in ranked], [bases[i] for i in ranked]
    write_compact_fasta(loci, bases, files.compact)
    write_sparse_fasta(chromosomes, loci, bases, files.fasta)
    write_gff3(_genes(data / TRANSCRIPTS), chromosomes, files.gff3)
    return files


def _segments(path: Path) -> tuple[list[Locus], list[Bases]]:
    loci, bases = [], []
    with pysam.FastaFile(str(path)) as fasta:
        for name in fasta.references:
            chrom, place = name.split(":")
            start, end = (int(part) for part in place.split("-"))
            loci.append(Locus(chrom, start - 1, end))
            bases.append(CODE_OF[np.frombuffer(fasta.fetch(name).encode(), dtype=np.uint8)])
    return loci, bases


def _genes(path: Path) -> list[Gene]:
    heads: dict[str, dict[str, str]] = {}
    exons: dict[str, list[ExonFact]] = {}
    with path.open(newline="") as stream:
        for row in csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE):
            heads.setdefault(row["gene"], row)
            start, end = row["cds_start_grch38"], row["cds_end_grch38"]
            exons.setdefault(row["gene"], []).append(
                ExonFact(
                    number=int(row["exon"]),
                    start=int(row["start_grch38"]) - 1,
                    end=int(row["end_grch38"]),
                    cds_start=None if start == "." else int(start) - 1,
                    cds_end=None if end == "." else int(end),
                )
            )
    return [
        Gene(name, head["transcript"], head["chrom"], head["strand"], tuple(exons[name]), "")
        for name, head in heads.items()
    ]
