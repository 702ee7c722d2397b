"""A deep panel from the simulator: FASTQ of 2x150 with duplex UMIs, families of three to six read pairs.

The simulator shares nothing with the code that is measured. Its compact genome (the panel's loci) is the
reference: an aligner is faster on it than on a whole genome, so that shares of its time err upwards.
"""

import argparse
import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from alktrace.demo.facts import DEMO, load_facts
from alktrace.demo.fastq import write_fastq
from alktrace.demo.fragments import Molecules, draw_germline, draw_molecules
from alktrace.demo.genome_files import write_compact_fasta
from alktrace.demo.made_genome import Genome, build_genome
from alktrace.demo.planted import Population
from alktrace.demo.read_pairs import Library, draw_umis, make_reads
from alktrace.reference.targets import prepare_targets

READ_LENGTH = 150
FAMILY = (3, 6)
READ_STRUCTURES = ("5M2S+T", "5M2S+T")
# Read pairs drawn at once; bounds the memory of the simulator, not of anything that is measured.
BLOCK_PAIRS = 100_000


@dataclass(frozen=True)
class Panel:
    """Files of a generated panel.

    Attributes:
        fasta: compact genome, one contig per locus.
        targets: BED in coordinates of its contigs.
        fastqs: read 1 and read 2, gzipped.
        reads: raw reads, twice the pairs.
        molecules: molecules they come from.
    """

    fasta: Path
    targets: Path
    fastqs: tuple[Path, Path]
    reads: int
    molecules: int


def make_panel(folder: Path, *, reads: int, seed: int) -> Panel:
    """Write a panel with at least so many raw reads.

    Args:
        folder: where the files go.
        reads: raw reads, both mates counted.
        seed: of all random choices.
    """
    folder.mkdir(parents=True, exist_ok=True)
    genome = build_genome(load_facts(DEMO), seed=seed)
    fasta, targets = folder / "compact.fa", folder / "targets.bed"
    write_compact_fasta(genome.loci, genome.bases, fasta)
    _write_targets(genome, folder / "given.bed")
    prepare_targets(folder / "given.bed", targets)
    paths = (folder / "R1.fastq.gz", folder / "R2.fastq.gz")
    pairs = molecules = 0
    with paths[0].open("wb") as one, paths[1].open("wb") as two:
        for block in range(1_000_000):
            if 2 * pairs >= reads:
                break
            rng = np.random.default_rng([seed, block])
            drawn = _draw(genome, rng, min(BLOCK_PAIRS, reads // 2 - pairs))
            library = Library("duplex", read_length=READ_LENGTH)
            sequenced = make_reads(drawn, draw_umis(rng, len(drawn), "duplex"), library, rng)
            sequenced = replace(sequenced, molecule=sequenced.molecule + molecules)
            files = write_fastq(sequenced, folder, "block")
            for path, stream in ((files.fastq_1, one), (files.fastq_2, two)):
                stream.write(path.read_bytes())
                path.unlink()
            pairs, molecules = pairs + len(sequenced), molecules + len(drawn)
    return Panel(fasta, targets, paths, 2 * pairs, molecules)


def _draw(genome: Genome, rng: np.random.Generator, pairs: int) -> Molecules:
    """Draw molecules of a healthy person's plasma for about so many read pairs, over both strands."""
    bases = sum(target.end - target.start for target in genome.targets)
    person = draw_germline(genome, np.random.default_rng(len(genome.loci)))
    per_depth = bases / 120  # molecules that one fold of depth brings, roughly
    drawn = draw_molecules(
        genome,
        (Population("normal", 1.0),),
        person,
        rng,
        depth=pairs / sum(FAMILY) * 2 / per_depth,
        fragments="plasma",
        copies=50.0,
        both_strands=True,
    )
    copies = rng.integers(FAMILY[0], FAMILY[1] + 1, len(drawn))
    top = rng.binomial(copies, 0.5)
    return replace(drawn, top=top, bottom=copies - top)


def _write_targets(genome: Genome, path: Path) -> None:
    with path.open("w") as stream:
        for target in genome.targets:
            locus = genome.loci[genome.locus_at(target.chrom, target.start)]
            start, end = target.start - locus.start, min(target.end, locus.end) - locus.start
            stream.write(f"{locus.name}\t{start}\t{end}\n")


def main() -> None:
    """Write a panel and print what it holds as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--reads", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    panel = make_panel(given.folder, reads=given.reads, seed=given.seed)
    files = {"fasta": str(panel.fasta), "targets": str(panel.targets), "fastqs": list(map(str, panel.fastqs))}
    print(
        json.dumps(
            files | {"read_structures": READ_STRUCTURES, "reads": panel.reads, "molecules": panel.molecules}
        )
    )


if __name__ == "__main__":
    main()
