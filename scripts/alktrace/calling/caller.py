"""Calling: the small variants of one sample, what could not have been seen, and how often it errs."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..inputs.settings.calling_settings import CallingSettings
from ..io.bam_io import read_header
from ..io.bed import read_targets
from ..io.tables import read_table, write_table
from ..reference.gene_models import GeneModels
from ..reference.locus_table import HotspotRow, LocusRow
from ..vocabulary.changes import VariantType
from ..vocabulary.variant import Fetch, SmallVariant
from .callability import judge_loci
from .callability_table import CallabilityRow
from .candidates.breaks import Break
from .candidates.clips import clip_candidates
from .candidates.from_pileup import (
    aligned_indels,
    check_reference,
    indel_candidates,
    mnv_candidates,
    snv_candidates,
)
from .genotyping.allele_states import ALT, REF
from .genotyping.counts import AlleleCounts, count_alleles, count_groups
from .genotyping.genotype_table import GenotypeRow
from .genotyping.polymorphisms import genotype_polymorphisms
from .molecules.pileup import Pileup, pile_up
from .molecules.reads import make_filters
from .molecules.regions import BASES, build_regions, fasta_fetch, open_fasta
from .noise.carried import Haplotypes
from .noise.error_rate_table import ErrorRateRow
from .noise.error_rates import measure_error_rates
from .noise.kinds import repeats
from .noise.learned import LearnedNoise, save_noise
from .noise.normals import read_positions
from .noise.rates import NoiseModel
from .noise.training import learn_noise
from .rule.caller_filters import neighbour_filters
from .rule.hotspots import Hotspots, make_hotspots
from .rule.neighbours import Neighbourhood
from .rule.verdict import judge
from .vcf import Record, write_vcf

log = logging.getLogger("alktrace")


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
    out_noise: Path,
    threads: int = 1,
) -> None:
    """Call small variants on consensus molecules and say what could not have been seen.

    The BAM is read up to three times: which alleles longer than a base there may be is known after the first
    pass, and which of their neighbours must be told apart after the second.

    Args:
        bam: coordinate-sorted consensus BAM; without depth tags every fragment is a single molecule.
        fasta: reference with the coordinates of the BAM, indexed.
        targets: joined targets of the assay.
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
        out_noise: what was learned of the sample's noise, for `count_alterations`.
        threads: threads that inflate the BAM.

    Raises:
        DataError: files that do not belong together or cannot be read.
    """
    filters = make_filters(settings)
    rows = read_table(loci, LocusRow)
    known = make_hotspots(rows, read_table(hotspots, HotspotRow))
    with open_fasta(fasta) as reference:
        fetch = fasta_fetch(reference)
        spans = [target.span for target in read_targets(targets)]
        regions = build_regions(spans, fasta=reference, header=read_header(bam), source=targets)
        pileup = pile_up(bam, regions, filters, threads=threads)
        check_reference(pileup, fasta, settings)
        noise = learn_noise(pileup, settings, positions=read_positions(noise_model))
        haplotypes = Haplotypes.of_sample(pileup, fetch, settings.normals.max_vaf)
        sample_ = _Sample(bam, pileup, noise, known, settings, fetch, haplotypes)
        records = _records(sample_, GeneModels.load(gene_models) if gene_models else None, threads)
        _log_pass(pileup, records)
        write_vcf(
            out_vcf, records, fasta=reference, sample=sample, settings=settings, remarks=_remarks(pileup)
        )
        called = [record.variant for record in records if record.counts.detected]
        judged = judge_loci(rows, pileup, noise, called, settings, haplotypes)
    write_table(out_callability, CallabilityRow, judged)
    genotypes = genotype_polymorphisms(polymorphisms, pileup, settings) if polymorphisms else []
    write_table(out_genotypes, GenotypeRow, genotypes)
    write_table(out_error_rates, ErrorRateRow, measure_error_rates(pileup, noise, settings))
    save_noise(LearnedNoise(noise, haplotypes.changes), out_noise)


@dataclass(frozen=True)
class _Sample:
    """What one call needs at hand."""

    bam: Path
    pileup: Pileup
    noise: NoiseModel
    hotspots: Hotspots
    settings: CallingSettings
    fetch: Fetch
    haplotypes: Haplotypes


def _records(sample: _Sample, models: GeneModels | None, threads: int) -> list[Record]:
    """Return records of all candidates: SNVs from the pileup, all others from molecules read again.

    SNVs inside a larger candidate are counted anew too, on molecules without it.
    """
    snvs = snv_candidates(sample.pileup, sample.noise, sample.hotspots, sample.settings)
    larger = _larger(sample, models)
    spans: dict[str, set[int]] = {}
    for variant in larger:
        if variant.kind in (VariantType.MNV, VariantType.DELINS):
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
    """Name the records that an insertion or deletion, or a junction, beside them explains.

    What to count is known once the records are judged, so this is a pass of its own: one for all filters,
    and none in a sample without such neighbours.
    """
    real = [record for record in records if record.counts.above_noise]
    single = [r for r in records if r.variant.kind is VariantType.SNV and not r.hotspot]
    hood = Neighbourhood(
        {r.variant: r.counts.alt_molecules for r in single},
        {r.variant: r.counts.alt_molecules for r in real if not r.variant.is_substitution},
        aligned_indels(sample.pileup, sample.fetch),
        sample.settings,
        sample.fetch,
        [record.variant for record in records],
        _breaks(sample),
    )
    asked = [(one, group) for one in neighbour_filters() for group in one.groups(hood)]
    groups, filters = [group for _, group in asked], make_filters(sample.settings)
    counted = count_groups(sample.bam, groups, filters, sample.fetch, threads=threads)
    reasons: dict[SmallVariant, list[str]] = {}
    for (one, group), states in zip(asked, counted, strict=True):
        explained = one.explained(group, states, hood)
        if explained is not None and one.name not in reasons.setdefault(explained, []):
            reasons[explained].append(one.name)
    return [record.filtered(reasons.get(record.variant, ())) for record in records]


def _breaks(sample: _Sample) -> list[Break]:
    """Return the breaks that enough molecules show: one alone may be a chimera of the library."""
    least = sample.settings.min_candidate_molecules
    return sorted(place for place, molecules in sample.pileup.breaks.items() if molecules >= least)


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
    form = sample.haplotypes.longest(variant)
    units = repeats(*form)
    judged = judge(
        alt,
        total,
        strict,
        sample.noise.of_variant(variant, sample.fetch, form),
        hotspot=hotspot,
        repeats=units,
        settings=sample.settings,
    )
    return Record(variant, judged, reference, hotspot, units)


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
