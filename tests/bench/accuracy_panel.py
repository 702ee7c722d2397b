"""What the accuracy bench looks for: a panel, a person's germline, and variants with known fractions.

About 20 kb on ten contigs of random sequence in which runs of five to nine equal bases lie as densely as in
coding sequence. Nothing here knows the caller. Positions are 0-based.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alktrace.demo.genome_files import write_compact_fasta
from alktrace.demo.made_genome import Bases, Genome, Locus, Polymorphism, Target, text
from alktrace.vocabulary.detection import LocusKind

CONTIGS, TARGET, FLANK = 10, 2000, 500
SPACING = 50
"""At most one planted variant per so many bases."""
RUN_EVERY = 250
HOTSPOT_EVERY = 8
"""One in so many planted variants lies in a codon of the table of hotspots."""
INDEL_EVERY = 4
DELETIONS = (1, 1, 2, 3, 6, 9, 15, 24)
INSERTIONS = (1, 1, 2, 3, 6, 12)
LEVELS = (0.001, 0.002, 0.005, 0.01, 0.05)


@dataclass(frozen=True)
class Planted:
    """One true variant, leftmost and shortest as in VCF.

    Attributes:
        kind: `snv` or `indel`.
        hotspot: whether it lies in a hotspot codon.
        level: number of its fraction in `LEVELS`.
    """

    contig: int
    pos: int
    ref: str
    alt: str
    kind: str
    hotspot: bool
    level: int


@dataclass(frozen=True)
class Panel:
    """Sequence, germline and planted variants.

    Attributes:
        bases: one array of codes per contig; the target lies between flanks.
        planted: in genomic order.
        germline: contig, position, alternative code, 0 for one haplotype or 1 for both.
        codons: contig and first base of hotspot codons.
    """

    bases: tuple[Bases, ...]
    planted: tuple[Planted, ...]
    germline: tuple[tuple[int, int, int, int], ...]
    codons: tuple[tuple[int, int], ...]

    @cached_property
    def genome(self) -> Genome:
        """The panel as a genome of the simulator, one chromosome per contig."""
        size = TARGET + 2 * FLANK
        names = [f"chr{k + 1}" for k in range(len(self.bases))]
        return Genome(
            dict.fromkeys(names, size),
            tuple(Locus(name, 0, size) for name in names),
            self.bases,
            {},
            tuple(Target(name, FLANK, FLANK + TARGET, "PANEL", 1.0) for name in names),
            tuple(
                Polymorphism(names[c], pos, "ACGT"[self.bases[c][pos]], "ACGT"[alt], 0.5)
                for c, pos, alt, _ in self.germline
            ),
        )

    def name(self, contig: int) -> str:
        """Name of a contig in the FASTA."""
        return self.genome.loci[contig].name

    @property
    def target_bases(self) -> int:
        """Targeted bases."""
        return len(self.bases) * TARGET


def make_panel(
    seed: int, *, planted: bool, contigs: int = CONTIGS, hotspot_every: int = HOTSPOT_EVERY
) -> Panel:
    """Return a panel of 2 kb per contig; without planted variants it is a blank."""
    rng = np.random.default_rng([seed, 11])
    bases = tuple(_sequence(rng) for _ in range(contigs))
    variants: list[Planted] = []
    germline: list[tuple[int, int, int, int]] = []
    codons: list[tuple[int, int]] = []
    for contig in range(contigs):
        for number, slot in enumerate(range(FLANK + 5, FLANK + TARGET - SPACING, SPACING)):
            rank = contig * (TARGET // SPACING) + number
            at = slot + int(rng.integers(4, 20))
            hotspot = rank % hotspot_every == 0
            if hotspot:
                codons.append((contig, at - 1))
            if rank % 20 == 7:
                germline.append(
                    (contig, at + 22, _other(bases[contig][at + 22], rng), int(rng.random() < 0.4))
                )
            if planted:
                kind = "indel" if rank % INDEL_EVERY == 1 or rank % (4 * hotspot_every) == 0 else "snv"
                level = rank // hotspot_every % len(LEVELS) if hotspot else int(rng.integers(len(LEVELS)))
                variants.append(_plant(bases[contig], contig, at, kind, hotspot, level, rng))
    return Panel(bases, tuple(variants), tuple(germline), tuple(codons))


def _sequence(rng: np.random.Generator) -> Bases:
    bases = rng.integers(0, 4, TARGET + 2 * FLANK).astype(np.uint8)
    for start in range(FLANK + 40, FLANK + TARGET - 20, RUN_EVERY):
        at, length = start + int(rng.integers(0, 8)), int(rng.integers(5, 10))
        bases[at : at + length] = rng.integers(0, 4)
    return bases


def _other(base: int, rng: np.random.Generator) -> int:
    return (int(base) + int(rng.integers(1, 4))) % 4


def _plant(
    bases: Bases, contig: int, at: int, kind: str, hotspot: bool, level: int, rng: np.random.Generator
) -> Planted:
    if kind == "snv":
        return Planted(
            contig, at, text(bases[at : at + 1]), "ACGT"[_other(bases[at], rng)], kind, hotspot, level
        )
    if rng.random() < 0.5:
        size = int(rng.choice(DELETIONS))
        ref, alt = text(bases[at : at + 1 + size]), text(bases[at : at + 1])
    else:
        ref = text(bases[at : at + 1])
        alt = ref + text(rng.integers(0, 4, int(rng.choice(INSERTIONS))).astype(np.uint8))
    pos, ref, alt = _leftmost(bases, at, ref, alt)
    return Planted(contig, pos, ref, alt, kind, hotspot, level)


def _leftmost(bases: Bases, pos: int, ref: str, alt: str) -> tuple[int, str, str]:
    """Roll an insertion or deletion to the left as far as it goes."""
    while ref[-1] == alt[-1] and min(len(ref), len(alt)) > 0:
        ref, alt = ref[:-1], alt[:-1]
        if not ref or not alt:
            pos -= 1
            base = text(bases[pos : pos + 1])
            ref, alt = base + ref, base + alt
    return pos, ref, alt


@dataclass(frozen=True)
class PanelFiles:
    """What the caller is given beside the BAM."""

    fasta: Path
    targets: Path
    loci: Path
    hotspots: Path


def write_panel(panel: Panel, folder: Path) -> PanelFiles:
    """Write reference, targets, hotspot codons and an empty table of listed alleles."""
    import pysam

    from alktrace.io.tables import write_table
    from alktrace.reference.locus_table import HotspotRow, LocusRow

    files = PanelFiles(
        folder / "panel.fa", folder / "targets.bed", folder / "loci.tsv", folder / "hotspots.tsv"
    )
    write_compact_fasta(panel.genome.loci, panel.bases, files.fasta)
    pysam.faidx(str(files.fasta))
    files.targets.write_text(
        "".join(f"{panel.name(c)}\t{FLANK}\t{FLANK + TARGET}\n" for c in range(len(panel.bases)))
    )
    rows = [
        LocusRow("PANEL", f"H{k}", LocusKind.ALK_HOTSPOT, 1, panel.name(c), start, start + 3)
        for k, (c, start) in enumerate(panel.codons)
    ]
    write_table(files.loci, LocusRow, rows)
    write_table(files.hotspots, HotspotRow, [])
    return files


def site_factors(panel: Panel, seed: int, spread: float, cpg: float) -> NDArray[np.float64]:
    """Return float64[contigs, bases, 2]: how much a place is damaged on either strand.

    Mean 1 off CpG; `cpg` times as much at either C of a CpG.
    """
    rng = np.random.default_rng([seed, 12])
    factors = rng.lognormal(-(spread**2) / 2, spread, (CONTIGS, TARGET + 2 * FLANK, 2))
    for contig, bases in enumerate(panel.bases):
        at = np.flatnonzero((bases[:-1] == 1) & (bases[1:] == 2))
        # The G of the pair is the C of the other strand.
        factors[contig, at, 0] *= cpg
        factors[contig, at + 1, 1] *= cpg
    return factors
