"""Molecules: fragments drawn from the haplotypes of every cell population of a specimen.

A *template* is the sequence of one haplotype at one locus (or of one rearrangement junction). Its weight
is the number of such copies per average genome of the specimen. Template coordinates are 0-based.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .made_genome import COMPLEMENT, Bases, Genome, Locus, codes
from .planted import Alteration, Amplification, Inversion, Loss, PlantedVariant, Population

Ints = NDArray[np.int64]

MIN_CAPTURED = 10
FULL_CAPTURE = 70
"""A fragment is captured with certainty from this many targeted bases on, never up to `MIN_CAPTURED`."""
TARGET_JITTER = 0.04
"""Spread of the capture of one target from sample to sample."""

FragmentKind = Literal["plasma", "csf", "sonicated"]


@dataclass(frozen=True)
class Template:
    """Sequence of one haplotype at one locus.

    Attributes:
        bases: codes in template order.
        positions: plus-strand position of every base, 0-based; -1 for inserted bases. They fall where
            the reverse complement is part of the template.
        weight: copies per average genome of the specimen.
        variants: small variants it carries, germline SNPs left out.
        inversion: set if the template is a junction.
        joint: first base after the junction.
        reciprocal: the junction is the one that leaves the fusion gene out.
    """

    chrom: str
    bases: Bases
    positions: Ints
    weight: float
    variants: tuple[PlantedVariant, ...] = ()
    inversion: Inversion | None = None
    joint: int = -1
    reciprocal: bool = False


@dataclass(frozen=True)
class Germline:
    """Alleles of one person at the polymorphisms of the genome: shape (2, sites), True where alternative."""

    alternative: NDArray[np.bool_]


@dataclass(frozen=True)
class Molecules:
    """Original double-stranded fragments; one row per molecule.

    Attributes:
        template, start, end: template number and interval on it.
        top, bottom: sequenced copies of either strand; top has read 1 at `start`.
    """

    templates: tuple[Template, ...]
    template: Ints
    start: Ints
    end: Ints
    top: Ints
    bottom: Ints

    def __len__(self) -> int:
        """Return the number of molecules."""
        return len(self.start)


def draw_germline(genome: Genome, rng: np.random.Generator) -> Germline:
    """Draw the SNPs of one person from the population frequencies."""
    frequency = np.array([site.frequency for site in genome.polymorphisms])
    return Germline(rng.random((2, len(frequency))) < frequency)


def draw_molecules(
    genome: Genome,
    populations: Sequence[Population],
    germline: Germline,
    rng: np.random.Generator,
    *,
    depth: float,
    fragments: FragmentKind,
    copies: float,
    both_strands: bool,
) -> Molecules:
    """Draw the molecules of one specimen that are sequenced at least once.

    Args:
        genome: demo genome with targets.
        populations: cell populations; their shares add up to 1.
        germline: SNPs of the person.
        rng: random generator.
        depth: expected molecules at a diploid target of relative depth 1 before sequencing.
        fragments: length distribution.
        copies: expected sequenced copies per strand that is recovered.
        both_strands: False if only one strand of a molecule can be recovered (simplex libraries).
    """
    if abs(sum(population.share for population in populations) - 1) > 1e-9:
        raise ValueError("the shares of the populations do not add up to 1")
    templates = tuple(build_templates(genome, populations, germline))
    lengths, probability = fragment_lengths(fragments)
    mean = float((lengths * probability).sum())
    depths = np.array([target.depth for target in genome.targets])
    depths = depths * rng.normal(1, TARGET_JITTER, len(depths))
    parts = []
    for number, template in enumerate(templates):
        size = len(template.bases)
        count = rng.poisson(depth * template.weight / 2 * size / mean)
        start = rng.integers(0, size, count)
        end = start + rng.choice(lengths, count, p=probability)
        inside = end <= size
        start, end = start[inside], end[inside]
        kept = rng.random(len(start)) < _capture(genome, depths, template, start, end)
        parts.append((np.full(int(kept.sum()), number), start[kept], end[kept]))
    numbers, starts, ends = (np.concatenate(column) for column in zip(*parts, strict=True))
    top, bottom = _copies(rng, len(starts), copies, both_strands)
    seen = top + bottom > 0
    return Molecules(templates, numbers[seen], starts[seen], ends[seen], top[seen], bottom[seen])


def fragment_lengths(kind: FragmentKind) -> tuple[Ints, NDArray[np.float64]]:
    """Return fragment lengths and their probabilities.

    Plasma: a mononucleosomal mode at 167 with ripples 10.4 bases apart below it, a dinucleosomal
    and a subnucleosomal share; CSF the same, shorter; sonicated DNA is broad. Mode and ripple are those
    published for cell-free DNA (Snyder 2016, doi 10.1016/j.cell.2015.11.050); the widths are ours.
    """
    lengths = np.arange(60, 400)
    if kind == "sonicated":
        weight = np.exp(-0.5 * ((lengths - 200) / 40) ** 2)
        return lengths, weight / weight.sum()
    mode = 167 if kind == "plasma" else 150
    width = np.where(lengths < mode, 20.0, 11.0)
    weight = np.exp(-0.5 * ((lengths - mode) / width) ** 2)
    ripple = 1 + 0.35 * np.cos(2 * np.pi * (lengths - mode) / 10.4)
    weight = np.where(lengths < mode, weight * ripple, weight * 1.35)
    weight = weight + 0.04 * np.exp(-0.5 * ((lengths - 2 * mode + 10) / 18) ** 2)
    weight = weight + 0.02 * np.exp(-0.5 * ((lengths - 95) / 20) ** 2)
    return lengths, weight / weight.sum()


def build_templates(
    genome: Genome, populations: Sequence[Population], germline: Germline
) -> Iterator[Template]:
    """Yield the templates of all loci that hold a target or a junction with one."""
    targeted = {genome.locus_at(target.chrom, target.start) for target in genome.targets}
    for locus in sorted(targeted):
        weights: dict[_Copy, float] = {}
        for population in populations:
            for haplotype in (0, 1):
                carried = [item.alteration for item in population.placed if item.haplotype == haplotype]
                for copy, copies in _copies_at(genome.loci[locus], haplotype, carried):
                    weights[copy] = weights.get(copy, 0.0) + population.share * copies
        for copy, weight in weights.items():
            if weight > 0:
                yield _template(genome, locus, germline, copy, weight)


@dataclass(frozen=True)
class _Copy:
    """What one haplotype has at a locus: variants, and the piece of a rearrangement if there is one."""

    haplotype: int
    variants: tuple[PlantedVariant, ...]
    inversion: Inversion | None = None
    reciprocal: bool = False


def _copies_at(place: Locus, haplotype: int, carried: Sequence[Alteration]) -> Iterator[tuple[_Copy, float]]:
    """Yield what a haplotype of one population has at a locus, with the copies per cell."""
    here = [item for item in carried if item.chrom == place.chrom]
    small = sorted((v for v in here if isinstance(v, PlantedVariant)), key=lambda item: item.pos)
    cuts = [v for v in here if isinstance(v, Inversion) and place.start <= v.low < place.end]
    inversion = cuts[0] if cuts else None
    pieces = [(place.start, place.end)]
    if inversion:
        pieces = [(place.start, inversion.low + 1), (inversion.low + 1, place.end)]
    for reciprocal, (start, end) in enumerate(pieces):
        copies = 1.0
        for item in here:
            if isinstance(item, (Amplification, Loss)) and item.start <= start and end <= item.end:
                copies += item.extra if isinstance(item, Amplification) else -1.0
        inside = tuple(v for v in small if start <= v.pos < end)
        yield _Copy(haplotype, inside, inversion, bool(reciprocal)), copies


def _template(genome: Genome, locus: int, germline: Germline, copy: _Copy, weight: float) -> Template:
    place = genome.loci[locus]
    snps = [
        PlantedVariant("", "", "", site.chrom, site.pos, site.ref, site.alt)
        for site, carried in zip(genome.polymorphisms, germline.alternative[copy.haplotype], strict=True)
        if carried and site.chrom == place.chrom and place.start <= site.pos < place.end
    ]
    bases, positions = _haplotype(genome.bases[locus], place.start, [*copy.variants, *snps])
    inversion = copy.inversion
    if inversion is None:
        return Template(place.chrom, bases, positions, weight, copy.variants)
    partner = genome.locus_at(inversion.chrom, inversion.high)
    other = np.arange(genome.loci[partner].start, genome.loci[partner].end)
    cut = int(np.flatnonzero(positions == inversion.low)[0]) + 1
    mate = int(np.flatnonzero(other == inversion.high)[0]) + 1
    if copy.reciprocal:
        left = (COMPLEMENT[bases[cut:]][::-1], positions[cut:][::-1])
        right = (genome.bases[partner][mate:], other[mate:])
    else:
        left = (bases[:cut], positions[:cut])
        right = (COMPLEMENT[genome.bases[partner][:mate]][::-1], other[:mate][::-1])
    return Template(
        chrom=place.chrom,
        bases=np.concatenate([left[0], right[0]]),
        positions=np.concatenate([left[1], right[1]]),
        weight=weight,
        variants=copy.variants,
        inversion=inversion,
        joint=len(left[0]),
        reciprocal=copy.reciprocal,
    )


def _haplotype(bases: Bases, start: int, variants: Iterable[PlantedVariant]) -> tuple[Bases, Ints]:
    """Apply variants to a locus; positions of inserted bases are -1."""
    positions = np.arange(start, start + len(bases))
    for variant in sorted(variants, key=lambda item: item.pos, reverse=True):
        at = variant.pos - start
        stop = at + len(variant.ref)
        kept = min(len(variant.ref), len(variant.alt))
        new = np.concatenate([positions[at : at + kept], np.full(len(variant.alt) - kept, -1)])
        bases = np.concatenate([bases[:at], codes(variant.alt), bases[stop:]])
        positions = np.concatenate([positions[:at], new, positions[stop:]])
    return bases, positions


def _capture(
    genome: Genome, depths: NDArray[np.float64], template: Template, start: Ints, end: Ints
) -> NDArray[np.float64]:
    """Return the probability that a fragment is captured; `depths` holds one value per target."""
    depth = np.zeros(len(template.positions))
    known = template.positions[template.positions >= 0]
    first, last = known.min(), known.max()
    for target, value in zip(genome.targets, depths, strict=True):
        if target.chrom == template.chrom and target.start <= last and first < target.end:
            inside = (template.positions >= target.start) & (template.positions < target.end)
            depth[inside] = value
    total = np.concatenate([[0.0], np.cumsum(depth)])
    targeted = np.concatenate([[0], np.cumsum(depth > 0)])
    bases = targeted[end] - targeted[start]
    mean = (total[end] - total[start]) / np.maximum(bases, 1)
    ramp = np.clip((bases - MIN_CAPTURED) / (FULL_CAPTURE - MIN_CAPTURED), 0, 1)
    return np.asarray(mean * ramp)


def _copies(rng: np.random.Generator, size: int, mean: float, both_strands: bool) -> tuple[Ints, Ints]:
    """Draw sequenced copies per strand: Poisson with a gamma rate shared by the strands of a molecule."""
    rate = rng.gamma(4.0, mean / 4.0, size)
    top, bottom = rng.poisson(rate), rng.poisson(rate)
    if both_strands:
        return top, bottom
    first = rng.random(size) < 0.5
    return np.where(first, top, 0), np.where(first, 0, top)
