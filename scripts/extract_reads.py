"""First member of the pipe of rule align_unit: reads with their UMI as interleaved FASTQ on stdout."""

import argparse
import gc
import sys
from pathlib import Path

from alktrace.align.extract import Extraction, extract_bam, extract_fastq, layout_for
from alktrace.align.extract_table import ExtractRow
from alktrace.align.fixed_umis import read_fixed_umis
from alktrace.io.tables import write_table
from alktrace.vocabulary.samples import UmiSource
from alktrace.workflow.pipe_member import pipe_member


def parse_arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fastq", type=Path, nargs="*", default=[], help="FASTQ of read 1, or of both reads")
    parser.add_argument("--bam", type=Path, nargs="*", default=[], help="or a BAM, mates after each other")
    parser.add_argument(
        "--fasta", type=Path, nargs="*", default=[], help="genome of a CRAM, first, and its indices"
    )
    parser.add_argument("--umi-fastq", type=Path, nargs="*", default=[], help="FASTQs of UMI reads")
    parser.add_argument("--single", action="store_true", help="the BAM holds single-end reads")
    parser.add_argument("--interleaved", action="store_true", help="the FASTQ holds both reads of each pair")
    parser.add_argument("--source", type=UmiSource, required=True, help="where the UMI is")
    parser.add_argument("--read-structure", nargs="*", default=[], help="one per read, fgbio's notation")
    parser.add_argument("--tag", default="RX", help="BAM tag with the UMI")
    parser.add_argument("--duplex", action="store_true", help="UMIs have two halves")
    parser.add_argument("--fixed-umis", type=Path, nargs="*", default=[], help="list of allowed UMIs")
    parser.add_argument("--max-mismatches", type=int, default=1, help="mismatches to correct")
    parser.add_argument("--min-distance", type=int, default=2, help="distance to the second-best UMI")
    parser.add_argument("--unit", required=True, help="sequencing unit, for the counts")
    parser.add_argument("--counts", type=Path, required=True, help="where the counts go")
    given = parser.parse_args()
    if bool(given.fastq) == bool(given.bam):
        parser.error("give --fastq or --bam")
    return given


def main(given: argparse.Namespace) -> None:
    """Extract and count."""
    # Nothing made per read refers back to itself; looking for cycles costs a third of the time.
    gc.disable()
    reads = len(given.fastq) + given.interleaved if given.fastq else 2 - given.single
    fixed = [
        read_fixed_umis(path, max_mismatches=given.max_mismatches, min_distance=given.min_distance)
        for path in given.fixed_umis
    ]
    layout = layout_for(given.read_structure, reads=reads, umi_reads=len(given.umi_fastq))
    extraction = Extraction(layout, given.source, given.tag, fixed[0] if fixed else None, given.duplex)
    out = sys.stdout.buffer
    if given.bam:
        genome = next(iter(given.fasta), None)
        counts = extract_bam(bam=given.bam[0], extraction=extraction, out=out, fasta=genome)
    else:
        fastqs = [*given.fastq, *given.umi_fastq]
        counts = extract_fastq(fastqs=fastqs, extraction=extraction, out=out, interleaved=given.interleaved)
    out.flush()
    write_table(given.counts, ExtractRow, [counts.row(given.unit)])


if __name__ == "__main__":
    arguments = parse_arguments()
    with pipe_member(
        "extract_reads", [*arguments.fastq, *arguments.umi_fastq, *arguments.bam], [arguments.counts]
    ):
        main(arguments)
