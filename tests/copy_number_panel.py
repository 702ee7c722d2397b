"""A made-up panel of twelve genes on disk, and samples of it as coverage tables."""

import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from structural_bam import write_fasta

from alktrace.inputs.settings.copy_number_settings import CopyNumberSettings
from alktrace.reference.gene_models import Exon, GeneModels, Transcript
from alktrace.structural.copy_number.copy_number_table import CopyNumberRow
from alktrace.structural.copy_number.coverage import EMPTY_LOG2, make_bins
from alktrace.structural.copy_number.gene_copies import copy_number_rows
from alktrace.structural.copy_number.normalise import build_copy_number_reference, read_ratios
from alktrace.structural.tumour_fraction_table import TumourFractionRow
from alktrace.vocabulary.copies import TumourFractionStatus

SETTINGS = CopyNumberSettings(
    min_bins=3,
    min_arm_bins=5,
    min_normals=3,
    amplification={"MET": 5, "ERBB2": 5, "KRAS": 5, "EGFR": 5, "ALK": 5, "FGFR1": 6},
    loss_genes=("RB1", "PTEN"),
    loss=1.5,
    min_loss_tumour_fraction=0.3,
    bin_size=267,
    tail_probability=0.0001,
    loss_tail_probability=0.01,
    power=0.95,
)
# Gene: chromosome, start, exons of 250 bases every 1,000. MET, CDK6 and BRAF share an arm.
LAYOUT = {
    "ALK": ("chr2", 1_000, 12),
    "EGFR": ("chr7", 10_000, 20),
    "CDK6": ("chr7", 100_000, 8),
    "MET": ("chr7", 140_000, 20),
    "BRAF": ("chr7", 180_000, 8),
    "FGFR1": ("chr8", 1_000, 15),
    "PTEN": ("chr10", 1_000, 9),
    "KRAS": ("chr12", 1_000, 5),
    "RB1": ("chr13", 1_000, 20),
    "TP53": ("chr17", 1_000, 10),
    "ERBB2": ("chr17", 60_000, 20),
    "AR": ("chrX", 1_000, 8),
}
LENGTHS = dict.fromkeys(("chr2", "chr7", "chr8", "chr10", "chr12", "chr13", "chr17", "chrX"), 220000)
BOUNDARIES = {"2": 90_000, "7": 60_000, "8": 60_000, "10": 500, "12": 60_000, "13": 500, "17": 50_000}


def gene(name: str, chrom: str, start: int, exons: int) -> Transcript:
    spans = [(start + i * 1000, start + i * 1000 + 250) for i in range(exons)]
    items = tuple(Exon(i, a, b) for i, (a, b) in enumerate(spans, start=1))
    return Transcript(name, f"T_{name}", chrom, "+", items, spans[0][0], spans[-1][1])


MODELS = GeneModels({name: gene(name, *where) for name, where in LAYOUT.items()})


def fraction(value: float) -> TumourFractionRow:
    return TumourFractionRow(
        TumourFractionStatus.ESTIMATED, value, 0.8 * value, min(1.0, 1.2 * value), 2, ("a", "b")
    )


@dataclass
class Panel:
    """A panel on disk, and samples of it as coverage tables."""

    folder: Path
    depth: float = 4000
    noise: float = 0.03

    def __post_init__(self) -> None:
        self.targets = self.folder / "targets.bed"
        self.targets.write_text(
            "".join(
                f"{t.chrom}\t{e.start}\t{e.end}\t{t.gene}\n" for t in MODELS.by_gene.values() for e in t.exons
            )
        )
        choose = random.Random(4)
        genome = {
            name: "".join(choose.choices("ACGT", weights=(w, 1 - w, 1 - w, w), k=length))
            for (name, length), w in zip(
                LENGTHS.items(), (0.5, 0.55, 0.45, 0.5, 0.6, 0.55, 0.4, 0.5), strict=True
            )
        }
        self.fasta = write_fasta(self.folder / "genome.fa", genome)
        self.bins = make_bins(self.targets, SETTINGS.bin_size)
        self.gc = np.array(
            [
                sum(base in "GC" for base in genome[b.chrom][b.start : b.end]) / (b.end - b.start)
                for b in self.bins
            ]
        )
        self.capture = np.random.default_rng(5).lognormal(0, 0.4, len(self.bins))

    def sample(self, name: str, seed: int, *, tf: float = 0.0, wave: float = 0.0, **copies: float) -> Path:
        choose = np.random.default_rng(seed)
        factor = np.array([(tf * copies.get(b.name, 2) + 2 * (1 - tf)) / 2 for b in self.bins])
        tilt = 2 ** (wave * (self.gc - 0.5))
        expected = self.depth * self.capture * factor * tilt * choose.lognormal(0, self.noise, len(self.bins))
        depths = choose.poisson(expected)
        path = self.folder / f"{name}.cnn"
        lines = ["chromosome\tstart\tend\tgene\tdepth\tlog2"]
        for item, depth in zip(self.bins, depths, strict=True):
            log2 = np.log2(depth) if depth else EMPTY_LOG2
            lines.append(f"{item.chrom}\t{item.start}\t{item.end}\t{item.name}\t{depth}\t{log2:.6g}")
        path.write_text("\n".join(lines) + "\n")
        return path

    def reference(self, name: str, coverages: list[Path]) -> Path:
        out = self.folder / name
        build_copy_number_reference(
            coverages=coverages,
            fasta=self.fasta,
            targets=self.targets,
            out=out,
            bin_size=SETTINGS.bin_size,
            min_normals=SETTINGS.min_normals,
        )
        return out

    def rows(self, coverage: Path, reference: Path, tf: float | None) -> dict[str, CopyNumberRow]:
        ratios = read_ratios(coverage, reference)
        share = None if tf is None else fraction(tf)
        return {r.gene: r for r in copy_number_rows(ratios, MODELS, BOUNDARIES, SETTINGS, share)}
