"""Known alterations and their combinations, counted and judged in any sample of a patient."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pysam

from ...errors import DataError
from ...inputs.settings.calling_settings import CallingSettings
from ...io.bam_io import read_header
from ...vocabulary.variant import Fetch, SmallVariant
from ..molecules.pileup import PileupCounter
from ..molecules.reads import make_filters
from ..molecules.regions import Regions, build_regions, fasta_fetch, open_fasta
from ..molecules.stream import feed
from ..noise.carried import Haplotypes
from ..noise.kinds import repeats
from ..noise.learned import LearnedNoise
from ..noise.training import learn_noise
from ..rule.verdict import AlterationCounts, judge
from .allele_states import ALT
from .counts import AlleleCounter, States

TRAINING_SPAN = 500
"""Bases around known alterations that are training sites of a sample that is only genotyped."""


@dataclass(frozen=True)
class KnownCounts:
    """Known alterations in one sample.

    Attributes:
        alterations: their counts, in the order asked.
        together: those that were counted in combination, by their places in that order.
        counter: what counted them; None without alterations.
    """

    alterations: list[AlterationCounts]
    together: Sequence[int]
    counter: AlleleCounter | None

    def joint(self, places: Sequence[int]) -> Counter[States]:
        """Return molecules per combination of states of some alterations that were counted together.

        Args:
            places: where these alterations stand in the order asked.
        """
        members = [self.together.index(place) for place in places]
        return self.counter.joint(0, members) if self.counter else Counter()


def count_alterations(
    *,
    bam: Path,
    fasta: Path,
    alterations: Sequence[SmallVariant],
    settings: CallingSettings,
    learned: LearnedNoise | None = None,
    together: Sequence[int] = (),
) -> KnownCounts:
    """Count known alterations in a sample, whether it shows them or not, and judge them by the calling rule.

    One pass over the BAM.

    Args:
        bam: coordinate-sorted consensus BAM.
        fasta: its reference.
        alterations: alleles in any form; an SNV that lies inside an MNV of the list is counted on molecules
            without the MNV.
        settings: calling section.
        learned: the noise of the sample, as `call_variants` learned it in the targets; None: it is learned
            in the surroundings of the alterations.
        together: places of the alterations to count in combination too, for phase.
    """
    if not alterations:
        return KnownCounts([], (), None)
    with open_fasta(fasta) as reference:
        fetch, filters = fasta_fetch(reference), make_filters(settings)
        variants = [_checked(variant, fetch, fasta) for variant in alterations]
        groups = [[variants[i] for i in together]] if together else []
        alleles = AlleleCounter(bam, variants, filters, fetch, groups)
        if learned is None:
            pileup = PileupCounter(_surroundings(bam, reference, variants), filters)
            feed(bam, [pileup, alleles])
            carried = Haplotypes.of_sample(pileup.found, fetch, settings.normals.max_vaf)
            learned = LearnedNoise(learn_noise(pileup.found, settings), carried.changes)
        else:
            feed(bam, [alleles])
        haplotypes = Haplotypes(fetch, learned.carried)
        forms = [haplotypes.longest(variant) for variant in variants]
        judged = [
            judge(
                counts.alt,
                counts.total,
                (int(counts.strict[ALT]), counts.strict_total),
                learned.model.of_variant(variant, fetch, form),
                # Each was found or known before it was looked for here.
                hotspot=True,
                repeats=repeats(*form),
                settings=settings,
            )
            for variant, form, counts in zip(variants, forms, alleles.counts, strict=True)
        ]
    return KnownCounts(judged, together, alleles)


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


def _surroundings(bam: Path, fasta: pysam.FastaFile, variants: Sequence[SmallVariant]) -> Regions:
    """Return the sites around some alterations."""
    lengths = dict(zip(fasta.references, fasta.lengths, strict=True))
    span = [(v.chrom, v.start - TRAINING_SPAN, v.end + TRAINING_SPAN) for v in variants]
    intervals = [(chrom, max(0, start), min(end, lengths[chrom])) for chrom, start, end in span]
    return build_regions(intervals, fasta=fasta, header=read_header(bam), source=bam)
