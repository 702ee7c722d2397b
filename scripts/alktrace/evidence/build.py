"""Pieces of a patient's evidence from the tables of the samples; pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..annotate.alteration_table import AlterationRow
from ..annotate.origin import ORIGIN_FLAGS, OriginVerdict
from ..calling.callability_table import CallabilityRow
from ..calling.rule.caller_filters import is_explained
from ..calling.rule.verdict import AlterationCounts
from ..errors import Problem
from ..inputs.sample import Sample
from ..inputs.sample_files import SampleFiles
from ..qc.qc_table import QcRow
from ..qc.quality import Metrics, contaminated
from ..reference.contigs import CHROMOSOMES
from ..structural.copy_number.copy_number_table import CopyNumberRow
from ..structural.tumour_fraction_table import TumourFractionRow
from ..vocabulary.caveats import Caveat, CaveatCode, DataProblem, in_order
from ..vocabulary.changes import STRUCTURAL, VariantType
from ..vocabulary.copies import TumourFractionStatus
from ..vocabulary.detection import Detection, LocusKind, ObservationSource
from ..vocabulary.samples import Verdict
from .fraction_caveats import DIPLOID, FractionHere, fraction_caveats
from .schema import (
    Alteration,
    GeneCopyNumber,
    LocusCallability,
    Observation,
    SpecimenEvidence,
    TumourFraction,
)

COPY_NUMBER_TYPES = (VariantType.AMPLIFICATION, VariantType.LOSS)
INDELS = (VariantType.INSERTION, VariantType.DELETION, VariantType.DUPLICATION, VariantType.DELINS)


@dataclass(frozen=True)
class LoadedSample:
    """The tables of one sample, read."""

    files: SampleFiles
    alterations: tuple[AlterationRow, ...]
    callability: tuple[CallabilityRow, ...]
    copy_number: tuple[CopyNumberRow, ...]
    tumour_fraction: TumourFractionRow
    metrics: Metrics

    @property
    def sample(self) -> Sample:
        """The sample of the sheet."""
        return self.files.sample


def unite(samples: Sequence[LoadedSample], *, copies: bool = False) -> dict[str, dict[str, AlterationRow]]:
    """Return the alterations of the patient by key, with their rows per sample name.

    A reported alteration without coordinates is the called one of the same gene and protein change.

    Args:
        samples: of one patient.
        copies: whether to return amplifications and losses, or all else.
    """
    united: dict[str, dict[str, AlterationRow]] = {}
    named: dict[tuple[str, str], str] = {}
    # Reads before reports: a report without coordinates joins the key that reads gave, never the other way.
    ordered = sorted(samples, key=lambda item: item.sample.reported)
    for loaded in ordered:
        for row in loaded.alterations:
            if (row.variant_type in COPY_NUMBER_TYPES) is not copies:
                continue
            name = (row.gene, row.hgvs_p or "")
            key = row.key
            if row.pos is None and row.hgvs_p and name in named:
                key = named[name]
            elif row.hgvs_p:
                named.setdefault(name, key)
            united.setdefault(key, {})[loaded.sample.name] = row
    return dict(sorted(united.items()))


def leading_row(rows: Iterable[AlterationRow]) -> AlterationRow:
    """Return the row that describes an alteration: with coordinates and most mutant molecules."""
    return max(rows, key=lambda row: (row.pos is not None, row.alt_molecules or 0, row.key))


def detection_of(called: bool, alt: int, assessable: bool, least: int) -> Detection:
    """Return what counted molecules say.

    Args:
        called: does the calling rule call them.
        alt: mutant molecules.
        assessable: could the rule call anything here.
        least: mutant molecules that make a candidate; fewer are what noise shows at any site.
    """
    if called:
        return Detection.DETECTED
    if not assessable:
        return Detection.NOT_ASSESSABLE
    return Detection.SUBTHRESHOLD if alt >= least else Detection.NOT_DETECTED


def worth_following(rows: Iterable[AlterationRow], least: int) -> bool:
    """Tell whether some sample calls an alteration, reports it, or has a candidate of enough molecules.

    A candidate that a neighbouring insertion or deletion explains is none.
    """
    return any(
        row.detection is Detection.DETECTED
        or row.alt_molecules is None
        or (row.alt_molecules >= least and not is_explained(row.filters))
        for row in rows
    )


def called_observation(
    sample: Sample, row: AlterationRow, vaf_detectable: float | None, least: int
) -> Observation:
    """Return what the sample's own table says; a candidate of too few molecules is no finding."""
    # A report without molecules is not weighed by them: `or least` keeps its finding.
    few = row.detection is Detection.SUBTHRESHOLD and (row.alt_molecules or least) < least
    return Observation(
        timepoint=sample.timepoint,
        specimen=sample.specimen,
        detection=detection_of(False, 0, vaf_detectable is not None, least) if few else row.detection,
        source=row.source,
        alt_molecules=row.alt_molecules,
        total_molecules=row.total_molecules,
        duplex_alt=row.duplex_alt,
        strict_alt=row.strict_alt,
        strict_total=row.strict_total,
        vaf=row.vaf,
        vaf_low=row.vaf_low,
        vaf_high=row.vaf_high,
        vaf_detectable=vaf_detectable,
        copy_number=row.copy_number,
        filters=row.filters,
    )


def counted_observation(sample: Sample, counts: AlterationCounts, least: int) -> Observation:
    """Return what forced genotyping says of an allele that the sample's own table does not list."""
    assessable = counts.vaf_detectable is not None
    return Observation(
        timepoint=sample.timepoint,
        specimen=sample.specimen,
        detection=detection_of(counts.detected, counts.alt_molecules, assessable, least),
        source=ObservationSource.GENOTYPED,
        alt_molecules=counts.alt_molecules,
        total_molecules=counts.total_molecules,
        duplex_alt=counts.duplex_alt,
        strict_alt=counts.strict_alt,
        strict_total=counts.strict_total,
        vaf=counts.vaf,
        vaf_low=counts.vaf_low,
        vaf_high=counts.vaf_high,
        vaf_detectable=counts.vaf_detectable,
        filters=counts.filters,
    )


def absent_observation(loaded: LoadedSample, row: AlterationRow) -> Observation:
    """Return what a sample says about an alteration that it neither called nor could count by allele."""
    sample = loaded.sample
    if row.variant_type in COPY_NUMBER_TYPES and not sample.reported:
        found = next((item for item in loaded.copy_number if item.gene == row.gene), None)
        detection = Detection.NOT_TARGETED
        if found is not None:
            assessed = found.smallest_visible_cn is not None
            detection = Detection.NOT_DETECTED if assessed else Detection.NOT_ASSESSABLE
        value = found.copy_number if found else None
        return _absent(sample, detection, copy_number=value)
    locus = _locus(loaded.callability, row)
    if locus is None:
        return _absent(sample, Detection.NOT_ASSESSABLE if sample.reported else Detection.NOT_TARGETED)
    limit = locus.vaf_detectable_indel if row.variant_type in INDELS else locus.vaf_detectable
    detection = locus.status
    # Another change of the locus was found: what is absent is this one, and only where it could be seen.
    if detection is Detection.DETECTED or (detection is Detection.NOT_DETECTED and limit is None):
        detection = Detection.NOT_ASSESSABLE if limit is None else Detection.NOT_DETECTED
    return _absent(sample, detection, vaf_detectable=limit, total=locus.molecules)


def _absent(
    sample: Sample,
    detection: Detection,
    *,
    vaf_detectable: float | None = None,
    total: int | None = None,
    copy_number: float | None = None,
) -> Observation:
    source = ObservationSource.REPORTED if sample.reported else ObservationSource.GENOTYPED
    return Observation(
        timepoint=sample.timepoint,
        specimen=sample.specimen,
        detection=detection,
        source=source,
        total_molecules=total,
        vaf_detectable=vaf_detectable,
        copy_number=copy_number,
    )


def _locus(callability: Sequence[CallabilityRow], row: AlterationRow) -> CallabilityRow | None:
    """Return the locus that speaks for an alteration: its codon, its fusion intron, else its gene."""
    mine = [item for item in callability if item.gene == row.gene]
    if row.variant_type is VariantType.FUSION:
        # The intron with fewest molecules speaks for all: a break there would have been missed first.
        introns = [item for item in mine if item.kind is LocusKind.FUSION_INTRON]
        return min(introns, key=lambda item: item.molecules, default=None)
    within = [item for item in mine if row.codon is not None and item.locus[1:] == str(row.codon)]
    return next(iter(within or [item for item in mine if item.locus == "gene"]), None)


def make_alteration(
    key: str,
    rows: Mapping[str, AlterationRow],
    observations: Sequence[Observation],
    verdict: OriginVerdict,
    usable: Sequence[LoadedSample],
) -> Alteration:
    """Return one alteration with its observations.

    Args:
        key: identity across specimens.
        rows: the alteration in the tables of the samples that list it, by sample name.
        observations: what every sample says.
        verdict: origin over all samples.
        usable: samples whose tumour fraction may speak for or against it.
    """
    lead = leading_row(rows.values())
    flags = {flag for row in rows.values() for flag in row.flags} - ORIGIN_FLAGS
    caveats = {Caveat.parse(flag) for flag in flags | set(verdict.flags)}
    if lead.variant_type not in STRUCTURAL:
        caveats |= fraction_caveats(observations, fractions_at(usable, lead.gene), verdict.origin)
    return Alteration(
        key=key,
        gene=lead.gene,
        variant_type=lead.variant_type,
        alteration=lead.alteration,
        consequence=lead.consequence,
        transcript=lead.transcript,
        hgvs_c=lead.hgvs_c,
        hgvs_p=lead.hgvs_p,
        exon=lead.exon,
        codon=lead.codon,
        position_grch38=position(lead),
        partner=lead.partner,
        junction=lead.junction,
        in_frame=lead.in_frame,
        origin=verdict.origin,
        origin_reason=verdict.reason,
        flags=in_order(caveats),
        observations=tuple(observations),
    )


def fractions_at(loaded: Sequence[LoadedSample], gene: str) -> dict[tuple[str, str], FractionHere]:
    """Return tumour fraction and copies of a gene by timepoint and specimen, where there is a fraction."""
    found = {}
    for item in loaded:
        value, high = item.tumour_fraction.value, item.tumour_fraction.high
        if value is not None and high is not None:
            row = next((row for row in item.copy_number if row.gene == gene), None)
            copies = (row.tumour_copy_number if row else None) or DIPLOID
            found[item.sample.timepoint, item.sample.specimen] = FractionHere(value, high, copies)
    return found


def position(row: AlterationRow) -> str | None:
    """Return `chr2:29220747C>T`, or `chr2:29223741` for what is no allele, whatever the genome writes."""
    if row.chrom is None or row.pos is None:
        return None
    chrom = f"chr{row.chrom}" if row.chrom in CHROMOSOMES else row.chrom
    if row.ref is None or row.alt is None:
        return f"{chrom}:{row.pos}"
    return f"{chrom}:{row.pos}{row.ref}>{row.alt}"


def make_specimen(loaded: LoadedSample, quality: QcRow) -> SpecimenEvidence:
    """Return one specimen of the evidence."""
    sample, fraction = loaded.sample, loaded.tumour_fraction
    known = any(row.status is not Detection.NOT_ASSESSABLE for row in loaded.callability)
    return SpecimenEvidence(
        **_facts(sample),
        callability_known=known or not sample.reported,
        verdict=quality.verdict,
        identity=quality.identity,
        problems=_problems(loaded, quality),
        flags=_flags(loaded),
        tumour_fraction=TumourFraction(
            status=fraction.status,
            value=fraction.value,
            low=fraction.low,
            high=fraction.high,
            markers=fraction.markers,
            truncal_markers=fraction.truncal_markers,
            above=fraction.above,
        ),
        callability=tuple(_locus_callability(row) for row in loaded.callability),
        copy_number=tuple(
            _gene_copy_number(row) for row in loaded.copy_number if row.copy_number is not None
        ),
    )


def unreadable_specimen(sample: Sample, why: Sequence[Problem]) -> SpecimenEvidence:
    """Return a specimen of whose data nothing could be read, with the reason."""
    return SpecimenEvidence(
        **_facts(sample),
        callability_known=False,
        verdict=Verdict.FAIL,
        problems=(DataProblem.UNREADABLE.value, *(str(problem) for problem in why)),
        tumour_fraction=TumourFraction(status=TumourFractionStatus.NOT_ESTIMABLE),
    )


def _facts(sample: Sample) -> dict[str, Any]:
    """Return what is known of a specimen before its data are read."""
    names = ("timepoint", "specimen", "specimen_type", "assay", "collected", "setting")
    return {name: getattr(sample, name) for name in names} | {"reads": not sample.reported}


def _problems(loaded: LoadedSample, quality: QcRow) -> tuple[str, ...]:
    problems = []
    if not loaded.sample.reported and not any(row.molecules for row in loaded.callability):
        problems.append(DataProblem.EMPTY.value)
    if contaminated(quality.contamination, loaded.files.assay.qc):
        problems.append(DataProblem.CONTAMINATED.value)
    return tuple(problems)


def _flags(loaded: LoadedSample) -> tuple[Caveat, ...]:
    saturated = loaded.metrics.get(("fragment_saturated", "all"))
    return (Caveat(CaveatCode.FRAGMENT_SATURATION),) if saturated else ()


def _locus_callability(row: CallabilityRow) -> LocusCallability:
    return LocusCallability(
        gene=row.gene,
        locus=row.locus,
        kind=row.kind,
        exon=row.exon,
        molecules=row.molecules,
        simplex=row.simplex,
        duplex=row.duplex,
        vaf_detectable=row.vaf_detectable,
        status=row.status,
        vaf_detectable_indel=row.vaf_detectable_indel,
        detected=row.detected,
    )


def _gene_copy_number(row: CopyNumberRow) -> GeneCopyNumber:
    return GeneCopyNumber.model_validate({name: getattr(row, name) for name in GeneCopyNumber.model_fields})
