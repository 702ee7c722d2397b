"""The jobs of calling: variants of one sample, known alterations and their combinations in a sample."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pysam
from numpy.typing import NDArray

from ..errors import DataError
from ..gene_models import GeneModels
from ..rows import CallabilityRow, ErrorRateRow, GenotypeRow, HotspotRow, LocusRow
from ..settings import CallingSettings
from ..tables import read_table, write_table
from ..umi.bam_io import read_header
from .alleles import Fetch, SmallVariant, normalise
from .callability import judge_loci
from .candidates import aligned_indels, check_reference, indel_candidates, mnv_candidates, snv_candidates
from .clips import clip_candidates
from .error_rates import measure_error_rates
from .genotypes import genotype_polymorphisms
from .genotyping import ALT, REF, UNKNOWN, AlleleCounts, count_alleles, count_joint
from .hotspots import Hotspots, make_hotspots
from .kinds import repeats
from .learning import learn_noise
from .neighbours import indel_edges, second_forms
from .noise import NoiseModel
from .normals import read_positions
from .pileup import Pileup, pile_up
from .reads import make_filters
from .regions import BASES, build_regions, fasta_fetch, read_targets
from .vcf import Record, write_vcf
from .verdict import FILTER_EDGE, FILTER_FORM, AlterationCounts, judge, mean_rate

log = logging.getLogger("alktrace")

TEACHING_SPAN = 500
"""Bases around known alterations that teach the noise of a sample that is only genotyped."""


def call_variants(
    *,
    bam: Path,
    fasta: Path,
    targets: Path,
    loci: Path,
    hotspots: Path,
    gene_models: Path | None,
    polymorphisms: Path | None,
    settings: CallingSettings,
    noise_model: Path | None,
    sample: str,
    out_vcf: Path,
    out_callability: Path,
    out_genotypes: Path,
    out_error_rates: Path,
    threads: int = 1,
) -> None:
    """Call small variants on consensus molecules and say what could not have been seen.

    Args:
        bam: coordinate-sorted consensus BAM; without depth tags every fragment is a single molecule.
        fasta: reference with the coordinates of the BAM, indexed.
        targets: BED of targeted regions.
        loci: table of `LocusRow`, where callability is stated.
        hotspots: table of `HotspotRow`, alleles kept from the first molecule on.
        gene_models: JSON of gene models; without it substitutions of one codon stay apart.
        polymorphisms: VCF of known sites to genotype; None: the table is empty.
        settings: calling section.
        noise_model: factors per position from normals; None: prior and sample alone.
        sample: name in the VCF.
        out_vcf: bgzipped VCF; its index is written beside it.
        out_callability: table of `CallabilityRow`.
        out_genotypes: table of `GenotypeRow`.
        out_error_rates: table of `ErrorRateRow`.
        threads: threads that inflate the BAM.

    Raises:
        DataError: files that do not belong together or cannot be read.
    """
    filters = make_filters(settings)
    rows = read_table(loci, LocusRow)
    known = make_hotspots(rows, read_table(hotspots, HotspotRow))
    with _open_fasta(fasta) as reference:
        fetch = fasta_fetch(reference)
        regions = build_regions(
            read_targets(targets), fasta=reference, header=read_header(bam), source=targets
        )
        pileup = pile_up(bam, regions, filters, threads=threads)
        check_reference(pileup, fasta, settings)
        noise = learn_noise(pileup, settings, positions=read_positions(noise_model))
        sample_ = _Sample(bam, pileup, noise, known, settings, fetch)
        records = _records(sample_, GeneModels.load(gene_models) if gene_models else None, threads)
        _log_pass(pileup, records)
        write_vcf(
            out_vcf, records, fasta=reference, sample=sample, settings=settings, remarks=_remarks(pileup)
        )
    called = [record.variant for record in records if record.counts.detected]
    write_table(out_callability, CallabilityRow, judge_loci(rows, pileup, noise, called, settings))
    genotypes = genotype_polymorphisms(polymorphisms, pileup, settings) if polymorphisms else []
    write_table(out_genotypes, GenotypeRow, genotypes)
    write_table(out_error_rates, ErrorRateRow, measure_error_rates(pileup, noise, settings))


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
    with _open_fasta(fasta) as reference:
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
    with _open_fasta(fasta) as reference:
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


@dataclass(frozen=True)
class _Sample:
    """What one call needs at hand."""

    bam: Path
    pileup: Pileup
    noise: NoiseModel
    hotspots: Hotspots
    settings: CallingSettings
    fetch: Fetch


def _open_fasta(path: Path) -> pysam.FastaFile:
    try:
        return pysam.FastaFile(str(path))
    except (OSError, ValueError) as error:
        raise DataError(path, f"cannot be read ({error})", "give an indexed FASTA") from None


def _records(sample: _Sample, models: GeneModels | None, threads: int) -> list[Record]:
    """Return records of all candidates: SNVs from the pileup, all others from molecules read again.

    SNVs inside a larger candidate are counted anew too, on molecules without it.
    """
    snvs = snv_candidates(sample.pileup, sample.noise, sample.hotspots, sample.settings)
    larger = _larger(sample, models)
    spans: dict[str, set[int]] = {}
    for variant in larger:
        if variant.kind in ("mnv", "delins"):
            spans.setdefault(variant.chrom, set()).update(range(variant.start, variant.end))
    again = [variant for variant, _ in snvs if variant.start in spans.get(variant.chrom, ())]
    listed = again + larger
    counted = count_alleles(sample.bam, listed, make_filters(sample.settings), sample.fetch, threads=threads)
    records = [_from_pileup(sample, variant, site) for variant, site in snvs if variant not in set(again)]
    records += [_from_counts(sample, *item) for item in zip(listed, counted, strict=True)]
    kept = [record for record in records if _worth_keeping(record, sample)]
    return _with_neighbours(sample, kept, threads)


def _larger(sample: _Sample, models: GeneModels | None) -> list[SmallVariant]:
    """Return candidates of more than one base."""
    least = sample.settings.min_candidate_molecules
    indels = set(indel_candidates(sample.pileup, sample.hotspots, sample.settings, sample.fetch))
    indels |= set(clip_candidates(sample.pileup, least, sample.fetch))
    return sorted(indels.union(mnv_candidates(sample.pileup, models, sample.settings)))


def _with_neighbours(sample: _Sample, records: Sequence[Record], threads: int) -> list[Record]:
    """Name the records that an insertion or deletion beside them explains."""
    settings, filters = sample.settings.neighbours, make_filters(sample.settings)
    real = [(r.variant, r.counts.alt_molecules) for r in records if r.counts.above_noise]
    indels = [item for item in real if not item[0].is_substitution]
    snvs = [(r.variant, r.counts.alt_molecules) for r in records if r.variant.kind == "snv" and not r.hotspot]
    joint = partial(count_joint, sample.bam, filters=filters, fetch=sample.fetch, threads=threads)
    aligned = aligned_indels(sample.pileup, sample.fetch)
    least = sample.settings.min_alt_molecules
    forms = second_forms(indels, aligned, joint, settings, sample.fetch)
    edges = indel_edges(snvs, indels, joint, settings, sample.fetch, min_molecules=least)
    reasons = dict.fromkeys(forms, FILTER_FORM) | dict.fromkeys(edges, FILTER_EDGE)
    return [r.filtered(reasons[r.variant]) if r.variant in reasons else r for r in records]


def _from_pileup(sample: _Sample, variant: SmallVariant, site: int) -> Record:
    counts, strict = sample.pileup.counts[site].astype(np.int64), sample.pileup.strict[site]
    ref, alt = BASES.index(variant.ref), BASES.index(variant.alt)
    total = counts.sum(axis=0)
    molecules = int(counts[ref].sum()), (int(strict[alt]), int(strict.sum()))
    return _record(sample, variant, counts[alt], total, molecules)


def _from_counts(sample: _Sample, variant: SmallVariant, counts: AlleleCounts) -> Record:
    molecules = int(counts.states[REF].sum()), (int(counts.strict[ALT]), counts.strict_total)
    return _record(sample, variant, counts.alt, counts.total, molecules)


def _record(
    sample: _Sample,
    variant: SmallVariant,
    alt: NDArray[np.int64],
    total: NDArray[np.int64],
    molecules: tuple[int, tuple[int, int]],
) -> Record:
    """Judge an allele; `molecules`: those with the reference, and the strict ones."""
    reference, strict = molecules
    hotspot = sample.hotspots.contains(variant)
    judged = judge(
        alt,
        total,
        strict,
        sample.noise.of_variant(variant, sample.fetch),
        hotspot=hotspot,
        in_long_run=repeats(variant, sample.fetch) > sample.settings.max_repeats,
        settings=sample.settings,
    )
    return Record(variant, judged, reference, hotspot)


def _worth_keeping(record: Record, sample: _Sample) -> bool:
    """Tell whether a candidate is called, or near enough to be kept with its reason."""
    counts = record.counts
    if counts.alt_molecules == 0:
        return False
    if counts.detected or sample.hotspots.is_listed(record.variant):
        return True
    settings = sample.settings
    return (
        counts.p_noise <= settings.subthreshold_tail_probability
        and counts.alt_molecules >= settings.min_candidate_molecules
    )


def _log_pass(pileup: Pileup, records: Sequence[Record]) -> None:
    called = sum(record.counts.detected for record in records)
    log.info(
        "%d molecules near targets, %d without depth tags; %d candidates, %d called",
        pileup.molecules,
        pileup.untagged,
        len(records),
        called,
    )
    if pileup.untagged:
        log.warning(
            "molecules without depth tags count as single molecules: no UMI consensus stands behind them"
        )


def _remarks(pileup: Pileup) -> list[tuple[str, str]]:
    return [
        ("alktrace_molecules", str(pileup.molecules)),
        ("alktrace_single_molecules", str(pileup.untagged)),
    ]


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
    return normalise(variant, fetch)


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
        intervals = read_targets(targets)
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
