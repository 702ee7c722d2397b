"""The demo genome: loci at true GRCh38 coordinates, coding bases by back-translation, filler elsewhere.

Coordinates are 0-based half-open. Bases are codes 0 to 3 for A, C, G, T on the plus strand.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .facts import Facts, Gene

Bases = NDArray[np.uint8]

ALPHABET = "ACGT"
ASCII = np.frombuffer(b"ACGTN", dtype=np.uint8)
LETTER_OF_CODE = b"ACGTN" + bytes(251)
COMPLEMENT = np.array([3, 2, 1, 0, 4], dtype=np.uint8)

TARGET_PAD = 20
"""Bases added to each side of a targeted exon, so that splice sites are targeted."""
TARGET_FLANK = 420
"""Sequence around a target: longer than nearly every fragment that overlaps it."""
EXON_FLANK = 60
"""Sequence around an exon that is not targeted."""
MAX_RUN = 3
MAX_CODING_RUN = 4

GENETIC_CODE = {
    a + b + c: "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"[16 * i + 4 * j + k]
    for i, a in enumerate("TCAG")
    for j, b in enumerate("TCAG")
    for k, c in enumerate("TCAG")
}


def codes(text: str) -> Bases:
    """Return base codes of a sequence of A, C, G, T."""
    return np.array([ALPHABET.index(base) for base in text], dtype=np.uint8)


def text(bases: Bases) -> str:
    """Return the sequence of base codes; code 4 is N."""
    return bases.tobytes().translate(LETTER_OF_CODE).decode()


def translated(values: Bases, table: bytes) -> Bases:
    """Return `table[value]` of every value; a table of 256 bytes."""
    return np.frombuffer(bytearray(values).translate(table), dtype=np.uint8).reshape(values.shape)


@dataclass(frozen=True, order=True)
class Locus:
    """One stretch with sequence."""

    chrom: str
    start: int
    end: int

    @property
    def name(self) -> str:
        """Contig name of the compact FASTA: `chr:start-end`, 1-based inclusive."""
        return f"{self.chrom}:{self.start + 1}-{self.end}"


@dataclass(frozen=True)
class Target:
    """One targeted interval; `depth` is relative to the ALK kinase domain."""

    chrom: str
    start: int
    end: int
    gene: str
    depth: float


@dataclass(frozen=True)
class Polymorphism:
    """One common SNP; `pos` is 0-based, `frequency` that of `alt`."""

    chrom: str
    pos: int
    ref: str
    alt: str
    frequency: float


@dataclass(frozen=True)
class Genome:
    """Loci with their sequence, and what lies on them.

    Attributes:
        chromosomes: name and true length of the chromosomes used, in karyotype order.
        loci: sorted by karyotype order and start; they do not overlap.
        bases: one array of codes per locus.
    """

    chromosomes: dict[str, int]
    loci: tuple[Locus, ...]
    bases: tuple[Bases, ...]
    genes: dict[str, Gene]
    targets: tuple[Target, ...] = ()
    polymorphisms: tuple[Polymorphism, ...] = ()

    @cached_property
    def _by_chrom(self) -> dict[str, tuple[list[int], list[int]]]:
        index: dict[str, tuple[list[int], list[int]]] = {}
        for number, locus in enumerate(self.loci):
            starts, numbers = index.setdefault(locus.chrom, ([], []))
            starts.append(locus.start)
            numbers.append(number)
        return index

    def locus_at(self, chrom: str, pos: int) -> int:
        """Return the number of the locus that holds a 0-based position.

        Raises:
            KeyError: the position has no sequence.
        """
        starts, numbers = self._by_chrom.get(chrom, ([], []))
        place = bisect_right(starts, pos) - 1
        if place < 0 or pos >= self.loci[numbers[place]].end:
            raise KeyError(f"{chrom}:{pos + 1} has no sequence in the demo genome")
        return numbers[place]

    def fetch(self, chrom: str, start: int, end: int) -> str:
        """Return the plus-strand sequence of an interval inside one locus."""
        number = self.locus_at(chrom, start)
        offset = self.loci[number].start
        if end > self.loci[number].end:
            raise KeyError(f"{chrom}:{start + 1}-{end} is not inside one locus")
        return text(self.bases[number][start - offset : end - offset])


def build_genome(facts: Facts, *, seed: int) -> Genome:
    """Build the demo genome.

    Args:
        facts: tables of `resources/demo`.
        seed: of all random choices; equal seeds give equal genomes.
    """
    rng = np.random.default_rng([seed, 1])
    chromosomes = _used_chromosomes(facts)
    targets = _targets(facts, list(chromosomes))
    loci = _loci(facts, targets, list(chromosomes))
    stream = _filler(rng, sum(locus.end - locus.start for locus in loci))
    cuts = np.cumsum([locus.end - locus.start for locus in loci])[:-1]
    bases = tuple(part.copy() for part in np.split(stream, cuts))
    genome = Genome(chromosomes, loci, bases, facts.genes, targets)
    for gene in facts.genes.values():
        _write_splice_sites(genome, gene)
        _write_coding(genome, gene, facts.codons.get(gene.name, {}), rng)
    sites = tuple(_polymorphisms(genome, facts, rng))
    return Genome(chromosomes, loci, bases, facts.genes, targets, sites)


def back_translate(protein: str, fixed: dict[int, str], rng: np.random.Generator) -> str:
    """Return a coding sequence with a stop codon, without long homopolymers where that is possible.

    Args:
        protein: one-letter residues without the stop.
        fixed: codon number (1-based) to the bases it must have.
        rng: chooses among synonymous codons.

    Raises:
        ValueError: a fixed codon does not code for its residue.
    """
    choices: dict[str, list[str]] = {}
    for codon, residue in GENETIC_CODE.items():
        choices.setdefault(residue, []).append(codon)
    parts: list[str] = []
    tail = ""
    for number, residue in enumerate(protein + "*", start=1):
        known = fixed.get(number)
        if known is not None and GENETIC_CODE[known] != residue:
            raise ValueError(f"codon {number} is {known}, which does not code for {residue}")
        order = (
            [known]
            if known
            else [choices[residue][i] for i in rng.permutation(len(choices[residue])).tolist()]
        )
        after = fixed.get(number + 1, "")
        codon = _least_repetitive(order, tail, after)
        parts.append(codon)
        tail = (tail + codon)[-6:]
    return "".join(parts)


def _least_repetitive(options: Sequence[str], before: str, after: str) -> str:
    """Return the first codon of the shortest run over `MAX_CODING_RUN` between two sequences."""
    longest = MAX_CODING_RUN
    while True:
        runs = [base * (longest + 1) for base in ALPHABET]
        for option in options:
            sequence = before + option + after
            if not any(run in sequence for run in runs):
                return option
        longest += 1


def _used_chromosomes(facts: Facts) -> dict[str, int]:
    used = {gene.chrom for gene in facts.genes.values()} | {window.chrom for window in facts.windows}
    return {name: length for name, length in facts.chromosomes.items() if name in used}


def _targets(facts: Facts, order: list[str]) -> tuple[Target, ...]:
    """Return the targets, sorted; a padded exon gives way to an intron target beside it."""
    introns: set[int] = set()
    found = []
    for item in facts.panel:
        gene = facts.genes[item.gene]
        start, end = gene.feature(item.feature, item.number)
        if item.feature == "intron":
            introns |= {start, end}
        found.append((gene, start, end, item))
    targets = []
    for gene, start, end, item in found:
        pad = 0 if item.feature == "intron" else TARGET_PAD
        low = start if start in introns else start - pad
        high = end if end in introns else end + pad
        targets.append(Target(gene.chrom, low, high, gene.name, item.depth))
    return tuple(sorted(targets, key=lambda t: (order.index(t.chrom), t.start)))


def _loci(facts: Facts, targets: Iterable[Target], order: list[str]) -> tuple[Locus, ...]:
    wanted = [(t.chrom, t.start - TARGET_FLANK, t.end + TARGET_FLANK) for t in targets]
    wanted += [(w.chrom, w.start, w.end) for w in facts.windows]
    for gene in facts.genes.values():
        wanted += [
            (gene.chrom, exon.cds_start - EXON_FLANK, exon.cds_end + EXON_FLANK)
            for exon in gene.exons
            if exon.cds_start is not None and exon.cds_end is not None
        ]
    merged: list[list[int]] = []
    for chrom, start, end in sorted((order.index(c), s, e) for c, s, e in wanted):
        if merged and merged[-1][0] == chrom and start <= merged[-1][2]:
            merged[-1][2] = max(merged[-1][2], end)
        else:
            merged.append([chrom, start, end])
    return tuple(Locus(order[chrom], start, end) for chrom, start, end in merged)


def _filler(rng: np.random.Generator, length: int) -> Bases:
    """Return random bases without runs of one base over `MAX_RUN` or of two bases over two copies."""
    drawn = rng.integers(0, 4, size=length)
    steps = rng.integers(1, 4, size=length).tolist()
    out: list[int] = drawn.tolist()
    for first in _repetitive(drawn):
        at, stop = first, first + 1
        while at < min(stop, length):
            before, chosen = out[max(at - 4, 0) : at], out[at]
            while _repeats(before, chosen):
                chosen = (chosen + steps[at]) % 4 if chosen == out[at] else (chosen + 1) % 4
            if chosen != out[at]:
                # Another base: what follows may repeat now.
                out[at], stop = chosen, at + 5
            at += 1
    return np.array(out, dtype=np.uint8)


def _repetitive(bases: NDArray[np.int64]) -> list[int]:
    """Return the places of bases that `_repeats` forbids."""
    same = {gap: bases[gap:] == bases[:-gap] for gap in (1, 2)}
    runs = same[1][2:] & same[1][1:-1] & same[1][:-2]
    pairs = same[2][2:] & same[2][1:-1] & same[2][:-2]
    return sorted({*(np.flatnonzero(runs) + 3).tolist(), *(np.flatnonzero(pairs) + 4).tolist()})


def _repeats(before: list[int], base: int) -> bool:
    run = before[-MAX_RUN:]
    if len(run) == MAX_RUN and all(other == base for other in run):
        return True
    pair = before[-4:]
    return len(pair) == 4 and pair[0] == pair[2] == base and pair[1] == pair[3]


def _write_splice_sites(genome: Genome, gene: Gene) -> None:
    """Write GT and AG at the ends of the introns that lie between coding exons."""
    last = len(gene.exons) - 1
    for index, exon in enumerate(gene.exons):
        if exon.cds_start is None or exon.cds_end is None:
            continue
        plus = gene.strand == "+"
        donor, acceptor = ("GT", "AG") if plus else ("AC", "CT")
        after, before = (exon.end, exon.start - 2) if plus else (exon.start - 2, exon.end)
        three_prime, five_prime = (exon.cds_end, exon.cds_start) if plus else (exon.cds_start, exon.cds_end)
        if index < last and three_prime == (exon.end if plus else exon.start):
            _put(genome, gene.chrom, after, donor)
        if index > 0 and five_prime == (exon.start if plus else exon.end):
            _put(genome, gene.chrom, before, acceptor)


def _write_coding(genome: Genome, gene: Gene, fixed: dict[int, str], rng: np.random.Generator) -> None:
    sequence = codes(back_translate(gene.protein, fixed, rng))
    if gene.strand == "-":
        sequence = COMPLEMENT[sequence]
    positions = np.array(gene.coding_positions)
    if len(positions) != len(sequence):
        raise ValueError(f"{gene.name}: {len(positions)} coding bases but a protein of {len(gene.protein)}")
    for exon in gene.exons:
        if exon.cds_start is None:
            continue
        number = genome.locus_at(gene.chrom, exon.cds_start)
        inside = (positions >= exon.cds_start) & (positions < (exon.cds_end or 0))
        genome.bases[number][positions[inside] - genome.loci[number].start] = sequence[inside]


def _put(genome: Genome, chrom: str, start: int, sequence: str) -> None:
    number = genome.locus_at(chrom, start)
    offset = start - genome.loci[number].start
    genome.bases[number][offset : offset + len(sequence)] = codes(sequence)


def _polymorphisms(genome: Genome, facts: Facts, rng: np.random.Generator) -> Iterator[Polymorphism]:
    """Yield a SNP in every second target outside the ALK kinase domain, alternately silent and intronic.

    Intronic sites lie 10 to 18 bases from the exon: inside the padded target, outside the splice region.
    """
    silent = False
    eligible = [target for target in genome.targets if target.gene != "ALK" or target.depth < 0.8]
    for target in eligible[::2]:
        gene = facts.genes[target.gene]
        silent = not silent
        pos = _silent_site(genome, gene, target, facts.codons.get(gene.name, {}), rng) if silent else None
        if pos is None:
            pos = _intronic_site(gene, target, rng)
        reference = genome.fetch(target.chrom, pos, pos + 1)
        alternative = reference.translate(str.maketrans("ACGT", "GTAC"))
        yield Polymorphism(target.chrom, pos, reference, alternative, round(float(rng.uniform(0.3, 0.5)), 2))


def _intronic_site(gene: Gene, target: Target, rng: np.random.Generator) -> int:
    if target.end - target.start > 1000:
        return int(rng.integers(target.start + 100, target.start + 200))
    beside_start = {exon.end for exon in gene.exons} | {exon.start for exon in gene.exons}
    low = target.start + TARGET_PAD in beside_start
    offset = int(rng.integers(10, 18))
    return target.start + TARGET_PAD - 1 - offset if low else target.end - TARGET_PAD + offset


def _silent_site(
    genome: Genome, gene: Gene, target: Target, fixed: dict[int, str], rng: np.random.Generator
) -> int | None:
    """Return a third codon position at which a transition is silent, or None."""
    positions = gene.coding_positions
    options = []
    for number in range(2, len(positions) // 3):
        first, second, third = positions[3 * number - 3 : 3 * number]
        near = any(abs(number - known) <= 6 for known in fixed)
        inside = target.start + 30 <= min(first, third) and max(first, third) < target.end - 30
        if near or not inside or abs(first - third) != 2:
            continue
        codon = "".join(genome.fetch(gene.chrom, pos, pos + 1) for pos in (first, second, third))
        if gene.strand == "-":
            codon = codon.translate(str.maketrans("ACGT", "TGCA"))
        changed = codon[:2] + codon[2].translate(str.maketrans("ACGT", "GTAC"))
        if GENETIC_CODE[changed] == GENETIC_CODE[codon]:
            options.append(third)
    return int(options[rng.integers(len(options))]) if options else None
