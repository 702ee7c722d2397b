"""Copy number by the number of normals: what is called, and what is called for nothing.

    python tests/bench/copy_number.py                  some minutes on a core

A panel of 15 genes on ten autosomes, 177 bins of 250 bases, 4,000 molecules a bin on average. Nothing of the
code under test makes the samples. Per sample every bin strays by its own amount (5 % in the middle of bins),
every gene as a whole too (2 % in the middle; genes differ by a scaled inverse chi-square with six degrees of
freedom), either by a t distribution with five degrees of freedom, with a wave over GC; molecules are Poisson.
Pools are drawn anew: what is told holds for laboratories, not for one lucky set of normals.
"""

import argparse
import logging
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from bench_figures import keep

from alktrace.inputs.config_file import load_settings
from alktrace.io.resources import DEFAULTS
from alktrace.reference.gene_models import Exon, GeneModels, Transcript
from alktrace.stats.intervals import clopper_pearson
from alktrace.structural.copy_number.copy_number_table import CopyNumberRow
from alktrace.structural.copy_number.gene_copies import copy_number_rows
from alktrace.structural.copy_number.normalise import build_copy_number_reference, read_ratios
from alktrace.structural.tumour_fraction_table import TumourFractionRow
from alktrace.vocabulary.copies import CopyNumberCall, TumourFractionStatus

# Gene: chromosome and bins.
GENES = {
    "ALK": ("chr2", 16),
    "PIK3CA": ("chr3", 12),
    "EGFR": ("chr7", 20),
    "CDK6": ("chr7", 8),
    "MET": ("chr7", 20),
    "BRAF": ("chr7", 8),
    "FGFR1": ("chr8", 15),
    "MYC": ("chr8", 6),
    "CDKN2A": ("chr9", 4),
    "PTEN": ("chr10", 9),
    "KRAS": ("chr12", 5),
    "RB1": ("chr13", 20),
    "NF1": ("chr17", 12),
    "ERBB2": ("chr17", 17),
    "STK11": ("chr19", 5),
}
SIZE, STEP = 250, 1000
LARGE = 15
GAIN_GENES = ("MET", "EGFR", "ERBB2", "KRAS")
AMPLIFIED = frozenset({CopyNumberCall.AMPLIFICATION})
GAINS = AMPLIFIED | {CopyNumberCall.GAIN}
CASES = ((6.0, 0.2), (12.0, 0.05), (2.0, 0.2), (2.0, 0.05))


@dataclass(frozen=True)
class Panel:
    """A made-up panel on disk: targets, genome, gene models, and how bins capture and stray."""

    folder: Path
    models: GeneModels
    places: tuple[tuple[str, int, int, str], ...]
    gc: np.ndarray
    capture: np.ndarray
    strays: np.ndarray
    gene_strays: Mapping[str, float]
    depth: float

    def sample(self, rng: np.random.Generator, *, copies: float, fraction: float, gene: str) -> Path:
        """Write the coverage of one sample in which a gene has so many copies in the tumour."""
        shape = rng.standard_t(5, len(self.places)) * np.sqrt(3 / 5)
        whole = {name: rng.standard_t(5) * np.sqrt(3 / 5) * sd for name, sd in self.gene_strays.items()}
        log = shape * self.strays + np.array([whole[place[3]] for place in self.places])
        log = log + rng.normal(0, 0.4) * (self.gc - 0.5)
        level = np.array(
            [1 + fraction * (copies - 2) / 2 if place[3] == gene else 1.0 for place in self.places]
        )
        molecules = rng.poisson(self.depth * rng.uniform(0.7, 1.3) * self.capture * level * np.exp(log))
        path = self.folder / f"s{rng.integers(1 << 40)}.cnn"
        with path.open("w") as stream:
            stream.write("chromosome\tstart\tend\tgene\tdepth\tlog2\n")
            for (chrom, start, end, name), depth in zip(self.places, molecules, strict=True):
                stream.write(f"{chrom}\t{start}\t{end}\t{name}\t{depth}\t{np.log2(max(depth, 1)):.6g}\n")
        return path


def make_panel(folder: Path, seed: int, depth: float) -> Panel:
    """Return a panel; other seeds stray in other bins and genes."""
    rng = np.random.default_rng([seed, 1])
    places, transcripts, nexts = [], {}, Counter[str]()
    for name, (chrom, bins) in GENES.items():
        at = 10_000 + nexts[chrom]
        nexts[chrom] += bins * STEP + 50_000
        spans = [(at + i * STEP, at + i * STEP + SIZE) for i in range(bins)]
        places += [(chrom, start, end, name) for start, end in spans]
        exons = tuple(Exon(i, *span) for i, span in enumerate(spans, start=1))
        transcripts[name] = Transcript(name, f"T_{name}", chrom, "+", exons, spans[0][0], spans[-1][1])
    places.sort(key=lambda place: (int(place[0][3:]), place[1]))
    targets = "".join("\t".join(map(str, place)) + "\n" for place in places)
    (folder / "targets.bed").write_text(targets)
    gc = rng.uniform(0.3, 0.7, len(places))
    _write_genome(folder / "genome.fa", places, gc, rng)
    strays = 0.05 * rng.lognormal(0, 0.3, len(places))
    gene_strays = {name: 0.02 * float(np.sqrt(6 / rng.chisquare(6))) for name in GENES}
    capture = rng.lognormal(0, 0.3, len(places))
    return Panel(
        folder,
        GeneModels(transcripts),
        tuple(places),
        gc,
        capture / capture.mean(),
        strays,
        gene_strays,
        depth,
    )


def _write_genome(
    path: Path, places: Sequence[tuple[str, int, int, str]], gc: np.ndarray, rng: np.random.Generator
) -> None:
    import pysam

    bases: dict[str, np.ndarray] = {}
    for chrom, _, end, _ in places:
        bases[chrom] = np.frombuffer(b"A" * (end + 1000), np.uint8).copy()
    for (chrom, start, end, _), share in zip(places, gc, strict=True):
        strong = rng.random(end - start) < share
        bases[chrom][start:end] = np.where(strong, ord("G"), ord("T"))
    path.write_text("".join(f">{name}\n{row.tobytes().decode()}\n" for name, row in bases.items()))
    pysam.faidx(str(path))


def calls_of(
    normals: int, pools: int, samples: int, depth: float, seed: int
) -> Iterator[tuple[float, float, str, CopyNumberRow]]:
    """Yield copies and fraction put in, the gene that has them, and every row that the code gives."""
    settings = load_settings(DEFAULTS, defaults=DEFAULTS).copy_number
    for pool in range(pools):
        with tempfile.TemporaryDirectory() as name:
            panel = make_panel(Path(name), seed + pool, depth)
            rng = np.random.default_rng([seed + pool, normals])
            plain = {"copies": 2.0, "fraction": 0.0, "gene": "MET"}
            coverages = [panel.sample(rng, **plain) for _ in range(normals)]  # type: ignore[arg-type]
            reference = panel.folder / "reference.cnn"
            build_copy_number_reference(
                coverages=coverages,
                fasta=panel.folder / "genome.fa",
                targets=panel.folder / "targets.bed",
                out=reference,
                bin_size=settings.bin_size,
                min_normals=settings.min_normals,
            )
            for k in range(samples):
                for copies, fraction in CASES:
                    gene = GAIN_GENES[k % len(GAIN_GENES)]
                    path = panel.sample(rng, copies=copies, fraction=fraction, gene=gene)
                    known = TumourFractionRow(
                        TumourFractionStatus.ESTIMATED, fraction, 0.8 * fraction, 1.2 * fraction, 2, ()
                    )
                    rows = copy_number_rows(read_ratios(path, reference), panel.models, {}, settings, known)
                    yield from ((copies, fraction, gene, row) for row in rows)


def table(normals: Sequence[int], pools: int, samples: int, depth: float, seed: int) -> Iterator[str]:
    """Yield a line per number of normals."""
    yield "normals  6 copies, 20 %   12 copies, 5 %   15 bins or more  gains of 2 copies  amplifications"
    for number in normals:
        found = list(calls_of(number, pools, samples, depth, seed))
        six, twelve = (
            [row for copies, _, gene, row in found if copies == level and row.gene == gene]
            for level in (6.0, 12.0)
        )
        neutral = [row for copies, _, _, row in found if copies == 2]
        shown = [
            _share(rows, AMPLIFIED) for rows in (six, twelve, [row for row in twelve if row.bins >= LARGE])
        ]
        yield (
            f"{number:7}  {shown[0]:>15}  {shown[1]:>15}  {shown[2]:>18}  {_share(neutral, GAINS):>22}  "
            f"{_share(neutral, AMPLIFIED)}"
        )


def _share(rows: Sequence[CopyNumberRow], calls: frozenset[CopyNumberCall]) -> str:
    hits = sum(row.call in calls for row in rows)
    low, high = clopper_pearson(hits, len(rows))
    if hits < len(rows) / 10:
        return (
            f"{1000 * hits / len(rows):.2f} ({1000 * low:.2f}-{1000 * high:.2f}) per 1,000 of {len(rows):,}"
        )
    return f"{hits / len(rows):.1%} of {len(rows)}"


def main() -> None:
    """Print the table."""
    logging.getLogger("alktrace").setLevel(logging.ERROR)
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--normals", type=int, nargs="+", default=[3, 4, 6, 10, 20])
    parser.add_argument("--pools", type=int, default=20)
    parser.add_argument("--samples", type=int, default=12, help="of every case and pool")
    parser.add_argument("--depth", type=float, default=4000, help="molecules per bin")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    for line in table(given.normals, given.pools, given.samples, given.depth, given.seed):
        print(line, flush=True)
        keep("Copy number, by number of normals", line[:7].strip(), line[7:])


if __name__ == "__main__":
    main()
