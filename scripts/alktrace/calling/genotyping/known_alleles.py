"""Known alterations and their combinations, counted and judged in any sample of a patient."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pysam

from ...errors import DataError
from ...inputs.settings import CallingSettings
from ...io.bam_io import read_header
from ...io.bed import read_targets
from ...vocabulary.variant import Fetch, SmallVariant
from ..molecules.pileup import pile_up
from ..molecules.reads import make_filters
from ..molecules.regions import build_regions, fasta_fetch, open_fasta
from ..noise.kinds import repeats
from ..noise.normals import read_positions
from ..noise.rates import NoiseModel
from ..noise.training import learn_noise
from ..rule.hotspots import Hotspots
from ..rule.verdict import AlterationCounts, judge, mean_rate
from .allele_states import ALT, REF, UNKNOWN
from .counts import count_alleles, count_joint

TEACHING_SPAN = 500
"""Bases around known alterations that teach the noise of a sample that is only genotyped."""


def count_alterations(
    *,
    bam: Path,
    fasta: Path,
    alterations: Sequence[SmallVariant],
    settings: CallingSettings,
    noise_model: Path | None = None,
    targets: Path | None = None,
    hotspots: Hotspots | None = None,
    threads: int = 1,
) -> list[AlterationCounts]:
    """Count known alterations in a sample, whether it shows them or not, and judge them by the calling rule.

    Args:
        bam: coordinate-sorted consensus BAM.
        fasta: its reference.
        alterations: alleles in any form; an SNV that lies inside an MNV of the list is counted on molecules
            without the MNV.
        settings: calling section.
        noise_model: factors per position from normals.
        targets: BED whose sites teach the noise of the sample, as in `call_variants`; None: the surroundings
            of the alterations do.
        hotspots: where the hotspot tail holds; None: at every allele of the list, since each was
            found or known before it was looked for here.
        threads: threads that inflate the BAM.

    Returns:
        Counts in the order of the alterations.
    """
    if not alterations:
        return []
    with open_fasta(fasta) as reference:
        fetch = fasta_fetch(reference)
        variants = [_checked(variant, fetch, fasta) for variant in alterations]
        noise = _local_noise(
            bam, reference, variants, settings, noise_model=noise_model, targets=targets, threads=threads
        )
        counted = count_alleles(bam, variants, make_filters(settings), fetch, threads=threads)
        return [
            judge(
                counts.alt,
                counts.total,
                (int(counts.strict[ALT]), counts.strict_total),
                noise.of_variant(variant, fetch),
                hotspot=hotspots is None or hotspots.contains(variant),
                in_long_run=repeats(variant, fetch) > settings.max_repeats,
                settings=settings,
            )
            for variant, counts in zip(variants, counted, strict=True)
        ]


@dataclass(frozen=True)
class PatternCounts:
    """Molecules over a set of alterations, for phase.

    Attributes:
        patterns: molecules that tell at all sites, per pattern in the order of the alterations:
            `1` mutant, `0` reference.
        uninformative: molecules that reach all sites with a masked base or another allele at one of them.
        partial: molecules that tell at one site at least, but do not reach all.
        error_rates: false-mutant rate per molecule for each alteration, under the noise model.
    """

    patterns: dict[str, int]
    uninformative: int
    partial: int
    error_rates: tuple[float, ...]


def count_patterns(
    *,
    bam: Path,
    fasta: Path,
    alterations: Sequence[SmallVariant],
    settings: CallingSettings,
    noise_model: Path | None = None,
    targets: Path | None = None,
    threads: int = 1,
) -> PatternCounts:
    """Count molecules by which alterations of a set they carry; both mates count as one molecule.

    Args:
        bam: coordinate-sorted consensus BAM.
        fasta: its reference.
        alterations: two or more alleles.
        settings: calling section.
        noise_model: factors per position from normals.
        targets: BED whose sites teach the noise of the sample; None: the surroundings of the alterations do.
        threads: threads that inflate the BAM.
    """
    with open_fasta(fasta) as reference:
        fetch = fasta_fetch(reference)
        variants = [_checked(variant, fetch, fasta) for variant in alterations]
        filters = make_filters(settings)
        noise = _local_noise(
            bam, reference, variants, settings, noise_model=noise_model, targets=targets, threads=threads
        )
        counted = count_alleles(bam, variants, filters, fetch, threads=threads)
        joint = count_joint(bam, variants, filters, fetch, threads=threads)
        rates = tuple(
            mean_rate(counts.total, noise.of_variant(variant, fetch)[0])
            for variant, counts in zip(variants, counted, strict=True)
        )
    patterns, uninformative, partial = _summarise(joint)
    return PatternCounts(patterns, uninformative, partial, rates)


def _checked(variant: SmallVariant, fetch: Fetch, fasta: Path) -> SmallVariant:
    """Return the normal form of a variant whose reference allele is in the reference."""
    try:
        bases = fetch(variant.chrom, variant.start, variant.end)
    except KeyError:
        raise DataError(fasta, "has no such sequence", "use its names", variant.chrom) from None
    if bases != variant.ref:
        raise DataError(
            fasta,
            f"has {bases or 'no base'} where the alteration has {variant.ref}",
            "give alterations of this reference",
            f"{variant.chrom}:{variant.pos}",
        )
    return variant.normalised(fetch)


def _local_noise(
    bam: Path,
    fasta: pysam.FastaFile,
    variants: Sequence[SmallVariant],
    settings: CallingSettings,
    *,
    noise_model: Path | None,
    targets: Path | None,
    threads: int,
) -> NoiseModel:
    """Learn the noise of a sample on its targets, or around the alterations where they are not given."""
    if targets is None:
        lengths = dict(zip(fasta.references, fasta.lengths, strict=True))
        intervals = [
            (v.chrom, max(0, v.start - TEACHING_SPAN), min(v.end + TEACHING_SPAN, lengths[v.chrom]))
            for v in variants
        ]
    else:
        intervals = [target.span for target in read_targets(targets)]
    regions = build_regions(intervals, fasta=fasta, header=read_header(bam), source=bam)
    pileup = pile_up(bam, regions, make_filters(settings), threads=threads)
    return learn_noise(pileup, settings, positions=read_positions(noise_model))


def _summarise(joint: dict[tuple[int, ...], int]) -> tuple[dict[str, int], int, int]:
    """Return complete patterns, molecules that reach all sites without telling, and molecules that do not."""
    patterns: dict[str, int] = {}
    uninformative = partial = 0
    for states, molecules in sorted(joint.items()):
        if all(state in (REF, ALT) for state in states):
            name = "".join("1" if state == ALT else "0" for state in states)
            patterns[name] = patterns.get(name, 0) + molecules
        elif any(state > UNKNOWN for state in states):
            partial += molecules
        else:
            uninformative += molecules
    return patterns, uninformative, partial
