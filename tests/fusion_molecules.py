"""Fragments over junctions of a genome with repeats, aligned by bwa mem and called.

Terms: 5,000 molecules over a site (any class), fragments of 166 +- 20 bases, reads of 130 bases, consensus
errors at 5e-4 per base. A fusion at VAF f gives Poisson(5,000 f) molecules, their junction anywhere within.
"""

import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pysam
from shipped_settings import SHIPPED
from structural_bam import random_genome, reverse_complement, write_fasta

from alktrace.inputs.settings.fusion_settings import FusionSettings
from alktrace.reference.gene_models import Exon, GeneModels, Transcript
from alktrace.structural.call_structural import call_structural
from alktrace.structural.fusions.fusion_vcf import FusionCall, read_fusions

SETTINGS = FusionSettings(
    min_molecules=3,
    min_split_molecules=1,
    min_anchor=20,
    min_mapq=20,
    max_insert=1000,
    min_overhang=10,
    min_fragments=2,
    min_ends=2,
    same_bases=10,
    power=0.95,
    max_homology=20,
    max_similarity=0.8,
    min_complexity=0.35,
)
MOLECULES = 5000
FRAGMENT, FRAGMENT_SD, READ = 166, 20, 130
ERRORS = 5e-4
PER_BAM = 20
REPEAT = 300


def genome_with_repeats(seed: int) -> dict[str, str]:
    """Random sequence; a tenth of it copies of one repeat, 5 to 20 % diverged, in both directions."""
    choose = random.Random(seed)
    genome = random_genome({"chr1": 200_000, "chr2": 300_000, "chr3": 300_000}, seed)
    unit = "".join(choose.choices("ACGT", k=REPEAT))
    for chrom, bases in genome.items():
        text = list(bases)
        for at in range(1500, len(text) - REPEAT, 3000):
            rate = choose.uniform(0.05, 0.2)
            copy = [b if choose.random() > rate else choose.choice("ACGT") for b in unit]
            turned = reverse_complement("".join(copy)) if choose.random() < 0.5 else "".join(copy)
            text[at : at + REPEAT] = turned
        genome[chrom] = "".join(text)
    return genome


def gene(name: str, chrom: str, strand: str, starts: list[int]) -> Transcript:
    spans = [(s, s + 150) for s in starts]
    ordered = spans if strand == "+" else spans[::-1]
    exons = tuple(Exon(i, a, b) for i, (a, b) in enumerate(ordered, start=1))
    return Transcript(name, f"T_{name}", chrom, strand, exons, spans[0][0], spans[-1][1])


# The driver keeps its 3' part; its intron 2 of 2 kb is where breakpoints lie.
DRIVER = gene("KIN", "chr1", "-", [98_000, 100_000, 102_150])
DONORS = [gene("DONA", "chr2", "+", [50_000, 120_000, 200_000]), gene("DONB", "chr3", "-", [50_000, 150_000])]
INTRON = (100_150, 102_150)


Caller = Callable[[str, list[str]], list[FusionCall]]


def fusion_caller(folder: Path) -> tuple[dict[str, str], Caller]:
    """A genome, and what calls the fusions among fragments of it."""
    genome = genome_with_repeats(8)
    fasta = write_fasta(folder / "genome.fa", genome)
    bwa = shutil.which("bwa")
    assert bwa
    subprocess.run([bwa, "index", str(fasta)], check=True, capture_output=True)
    GeneModels({t.gene: t for t in (DRIVER, *DONORS)}).save(folder / "models.json")
    (folder / "targets.bed").write_text("chr1\t98000\t102300\tKIN\n")
    (folder / "drivers.tsv").write_text(
        "gene\tside\tdomain_first\tdomain_last\tsource\tverified\nKIN\t3\t110\t140\tconstructed\tyes\n"
    )

    def call(name: str, fragments: list[str]) -> list[FusionCall]:
        bam = align(folder / f"{name}.bam", fasta, fragments)
        out = folder / f"{name}.vcf.gz"
        call_structural(
            bam=bam,
            fasta=fasta,
            targets=folder / "targets.bed",
            gene_models=folder / "models.json",
            drivers=folder / "drivers.tsv",
            fusions=SETTINGS,
            copy_number=SHIPPED.copy_number,
            sample="s",
            out_vcf=out,
            out_coverage=folder / f"{name}.cnn",
        )
        return read_fusions(out)

    return genome, call


def align(path: Path, fasta: Path, fragments: list[str]) -> Path:
    reads = path.with_suffix(".fq")
    with reads.open("w") as stream:
        for i, bases in enumerate(fragments):
            for end in (bases[:READ], reverse_complement(bases)[:READ]):
                stream.write(f"@m{i}\n{end}\n+\n{'I' * len(end)}\n")
    command = ["bwa", "mem", "-p", "-Y", "-K", "10000000", str(fasta), str(reads)]
    with path.with_suffix(".sam").open("w") as stream:
        subprocess.run(command, check=True, stdout=stream, stderr=subprocess.DEVNULL)
    pysam.sort("-o", str(path), str(path.with_suffix(".sam")))
    pysam.index(str(path))
    return path


def with_errors(bases: str, choose: random.Random) -> str:
    return "".join(choose.choice("ACGT") if choose.random() < ERRORS else b for b in bases)


def fragment_length(choose: random.Random) -> int:
    return max(60, round(choose.gauss(FRAGMENT, FRAGMENT_SD)))


def joined(genome: dict[str, str], driver: int, donor: tuple[str, int, str]) -> tuple[str, int]:
    """Sequence over a junction of the driver's 3' part (read on its own strand's left side) and a donor."""
    left = genome["chr1"][driver - 400 : driver + 1]
    chrom, pos, side = donor
    right = genome[chrom][pos - 400 : pos + 1] if side == "L" else genome[chrom][pos : pos + 401]
    return left + (reverse_complement(right) if side == "L" else right), len(left)


def fusion_fragments(text: str, middle: int, count: int, choose: random.Random) -> list[str]:
    made = []
    for _ in range(count):
        length = fragment_length(choose)
        start = middle - choose.randrange(1, length)
        bases = with_errors(text[start : start + length], choose)
        made.append(bases if choose.random() < 0.5 else reverse_complement(bases))
    return made


def poisson(mean: float, choose: random.Random) -> int:
    count, total = 0, choose.expovariate(1.0)
    while total < mean:
        count, total = count + 1, total + choose.expovariate(1.0)
    return count


def intact_fragments(genome: dict[str, str], count: int, choose: random.Random) -> list[str]:
    made = []
    for _ in range(count):
        length = fragment_length(choose)
        start = choose.randrange(98_000, 102_300)
        made.append(with_errors(genome["chr1"][start : start + length], choose))
    return made


def draw_donor(choose: random.Random) -> tuple[str, int, str]:
    donor = choose.choice(DONORS)
    pos = choose.randrange(donor.start + 1000, donor.end - 1000)
    return donor.chrom, pos, "L" if donor.strand == "+" else "R"


def same(truth: tuple[int, str, int], call: FusionCall) -> bool:
    near, far = call.position.split("|")
    chrom, pos = far.split(":")
    slack = call.homology + 3
    return (
        abs(int(near.split(":")[1]) - truth[0]) <= slack
        and chrom == truth[1]
        and abs(int(pos) - truth[2]) <= slack
    )
