"""First member of the pipe of rule adopt_unit: given alignments with read groups and RX, on stdout."""

import argparse
from pathlib import Path

from alktrace.align.extract_table import ExtractRow
from alktrace.align.fixed_umis import read_fixed_umis
from alktrace.align.retag import UnitGroup, tag_alignments
from alktrace.io.tables import write_table
from alktrace.vocabulary.samples import UmiSource
from alktrace.workflow.pipe_member import pipe_member


def parse_arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bam", type=Path, required=True, help="alignments")
    parser.add_argument(
        "--fasta", type=Path, nargs="*", default=[], help="genome of a CRAM, first, and its indices"
    )
    parser.add_argument("--unit", required=True, help="sequencing unit: id of the read group")
    parser.add_argument("--sample", required=True, help="name of the sample")
    parser.add_argument("--library", required=True, help="name of the library")
    parser.add_argument("--source", type=UmiSource, required=True, help="where the UMI is")
    parser.add_argument("--read-structure", nargs="*", default=[], help="not used: reads are aligned already")
    parser.add_argument("--tag", default="RX", help="BAM tag with the UMI")
    parser.add_argument("--duplex", action="store_true", help="UMIs have two halves")
    parser.add_argument("--fixed-umis", type=Path, nargs="*", default=[], help="list of allowed UMIs")
    parser.add_argument("--max-mismatches", type=int, default=1, help="mismatches to correct")
    parser.add_argument("--min-distance", type=int, default=2, help="distance to the second-best UMI")
    parser.add_argument("--counts", type=Path, required=True, help="where the counts go")
    return parser.parse_args()


def main(given: argparse.Namespace) -> None:
    """Tag and count."""
    fixed = [
        read_fixed_umis(path, max_mismatches=given.max_mismatches, min_distance=given.min_distance)
        for path in given.fixed_umis
    ]
    counts = tag_alignments(
        bam=given.bam,
        fasta=next(iter(given.fasta), None),
        out="-",
        group=UnitGroup(given.unit, given.sample, given.library),
        source=given.source,
        tag=given.tag,
        fixed=fixed[0] if fixed else None,
        duplex=given.duplex,
    )
    write_table(given.counts, ExtractRow, [counts.row(given.unit)])


if __name__ == "__main__":
    arguments = parse_arguments()
    with pipe_member("tag_alignments", [arguments.bam], [arguments.counts]):
        main(arguments)
