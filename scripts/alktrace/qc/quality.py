"""Quality of one sample by the thresholds of its assay; pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from statistics import median

from ..align.extract_table import ExtractRow
from ..annotate.alteration_table import AlterationRow
from ..calling.callability_table import CallabilityRow
from ..consensus.molecule_table import MoleculeMetric
from ..inputs.sample import Sample
from ..inputs.sample_files import SampleFiles
from ..inputs.settings.assay_settings import AssayQc
from ..io.tables import read_table
from ..structural.copy_number.copy_number_table import CopyNumberRow, RatioRow
from ..structural.tumour_fraction_table import TumourFractionRow
from ..vocabulary.caveats import NOT_THE_DRIVER, DataProblem
from ..vocabulary.changes import VariantType
from ..vocabulary.detection import Detection, LocusKind
from ..vocabulary.samples import IdentityStatus, Verdict
from .identity import SampleIdentityRow, Sex
from .qc_table import QcRow

Metrics = Mapping[tuple[str, str], float]
MAD_TO_SD = 1.4826
LEAST_STEPS = 10
"""Neighbouring bins from which their noise is stated."""
TWO_PERSONS = 1e-3
"""Probability of so many heterozygous sites in one person from which two are asked about."""
LEAST_PRIMER_SHARE = 0.1
"""Of anchored PCR one read of two begins at a primer, of amplicons nearly all do."""
NOT_ALIGNED = ("secondary", "supplementary", "unmapped")
ENOUGH_SITES = 16
"""Sites of which about eight are homozygous in one person: enough for an estimate."""


def index_metrics(rows: Sequence[MoleculeMetric]) -> Metrics:
    """Return the figures by name and stratum."""
    return {(row.metric, row.stratum): row.value for row in rows}


@dataclass(frozen=True)
class StructuralFigures:
    """What fusions, bins and markers of a sample say of its quality."""

    tumour_fraction: float | None = None
    noise: float | None = None
    reference: str | None = None


def structural_figures(
    fraction: TumourFractionRow, copies: Sequence[CopyNumberRow], bins: Sequence[RatioRow]
) -> StructuralFigures:
    """Return tumour fraction, noise of the bins and kind of the reference.

    The noise is taken from neighbouring bins of one gene, which have the same copies: their differences
    spread by sqrt(2) standard deviations of a bin; 1.4826 makes one of the median absolute difference.
    """
    steps = [abs(a.log2 - b.log2) for a, b in pairwise(bins) if a.gene and a.gene == b.gene]
    noise = MAD_TO_SD * median(steps) / sqrt(2) if len(steps) >= LEAST_STEPS else None
    # Bins without any difference hold no molecules.
    return StructuralFigures(fraction.value, noise or None, copies[0].reference if copies else None)


def sample_quality(
    files: SampleFiles,
    *,
    metrics: Metrics,
    callability: Sequence[CallabilityRow],
    alterations: Sequence[AlterationRow],
    verdict: SampleIdentityRow | None,
    structural: StructuralFigures = StructuralFigures(),
) -> QcRow:
    """Return the quality row of a sample by the thresholds of its assay."""
    return judge_quality(
        sample=files.sample,
        metrics=metrics,
        callability=callability,
        alterations=alterations,
        expected=files.assay.expected,
        contamination=verdict.contamination if verdict else None,
        identity=verdict.status if verdict else IdentityStatus.UNKNOWN,
        genotypes=(verdict.heterozygous, verdict.sites) if verdict else (None, 0),
        thresholds=files.assay.qc,
        raw_reads=_raw_reads(files),
        sex=verdict.sex if verdict else Sex.UNKNOWN,
        structural=structural,
        primers=files.assay.primers is not None,
    )


def _raw_reads(files: SampleFiles) -> int | None:
    """Return the reads of all units, None if some unit was not extracted here."""
    if len(files.extracted) < len(files.sample.units):
        return None
    return sum(row.reads for path in files.extracted for row in read_table(path, ExtractRow))


def judge_quality(
    *,
    sample: Sample,
    metrics: Metrics,
    callability: Sequence[CallabilityRow],
    alterations: Sequence[AlterationRow],
    expected: Collection[str],
    contamination: float | None,
    identity: IdentityStatus,
    thresholds: AssayQc,
    genotypes: tuple[int | None, int] = (None, 0),
    raw_reads: int | None = None,
    sex: Sex = Sex.UNKNOWN,
    structural: StructuralFigures = StructuralFigures(),
    primers: bool = False,
) -> QcRow:
    """Return the quality row of a sample.

    Args:
        sample: the sample.
        metrics: figures of grouping and consensus; empty where a consensus BAM was given.
        callability: its loci; the median over targeted loci stands for the sample.
        alterations: what was found, for controls.
        expected: alterations a positive control must show, as `ALK p.Gly1202Arg`; empty for a
            no-template control.
        contamination: estimated share of foreign molecules, None if not estimable.
        identity: agreement with the patient's other samples.
        thresholds: of the assay.
        genotypes: polymorphisms that are heterozygous, and all that have a genotype.
        raw_reads: reads before trimming, None where they were not extracted here.
        sex: as its polymorphisms say.
        structural: what bins and markers say.
        primers: are there primers that were cut off the reads.
    """
    targeted = [row for row in callability if row.status is not Detection.NOT_TARGETED]
    depth = [row for row in targeted if row.kind is not LocusKind.FUSION_INTRON]
    molecules = _median([row.molecules for row in depth])
    found = _found(alterations)
    control = sample.role.value == "control"
    row_expected = tuple(expected) if control else ()
    cut = primer_share(metrics) if primers else None
    reasons = (
        _control_reasons(molecules, found, row_expected, thresholds)
        if control
        else [
            *_depth_reasons(molecules, sample.reported, thresholds),
            *_reasons(metrics.get(("on_target_share", "all")), contamination, identity, thresholds),
            *_contamination_open(contamination, genotypes, thresholds),
            *_grouping_reasons(sample, metrics, depth),
            *_primer_reasons(cut),
        ]
    )
    return QcRow(
        patient=sample.patient,
        timepoint=sample.timepoint,
        specimen=sample.specimen,
        role=sample.role.value,
        assay=sample.assay,
        raw_reads=raw_reads if raw_reads is not None else _whole(metrics.get(("reads_in", "all"))),
        on_target=metrics.get(("on_target_share", "all")),
        molecules=molecules,
        molecules_duplex=_median([row.duplex for row in depth]),
        duplex_yield=metrics.get(("duplex_yield", "100")),
        insert_size=metrics.get(("insert_size_median", "all")),
        contamination=contamination,
        control_expected=row_expected,
        control_found=tuple(name for name in row_expected if name in found),
        identity=identity,
        sex=sex.value,
        tumour_fraction=structural.tumour_fraction,
        fusions=_fusions(alterations),
        copy_number_noise=structural.noise,
        copy_number_reference=structural.reference,
        verdict=max((verdict for _, verdict in reasons), key=list(Verdict).index, default=Verdict.PASS),
        reasons=tuple(reason for reason, _ in reasons),
        primer_share=cut,
    )


def primer_share(metrics: Metrics) -> float | None:
    """Return the share of aligned reads that begin or end at a primer; None without reads."""
    lost = sum(metrics.get(("reads_lost", reason), 0) for reason in NOT_ALIGNED)
    aligned = metrics.get(("reads_in", "all"), 0) - lost
    return metrics.get(("reads_cut", "all"), 0) / aligned if aligned > 0 else None


def unreadable_quality(sample: Sample) -> QcRow:
    """Return the quality row of a sample whose data could not be read: failed, and no figure."""
    return QcRow(
        patient=sample.patient,
        timepoint=sample.timepoint,
        specimen=sample.specimen,
        role=sample.role.value,
        assay=sample.assay,
        raw_reads=None,
        on_target=None,
        molecules=None,
        molecules_duplex=None,
        duplex_yield=None,
        insert_size=None,
        contamination=None,
        control_expected=(),
        control_found=(),
        identity=IdentityStatus.UNKNOWN,
        sex=Sex.UNKNOWN.value,
        tumour_fraction=None,
        fusions=None,
        copy_number_noise=None,
        copy_number_reference=None,
        verdict=Verdict.FAIL,
        reasons=(DataProblem.UNREADABLE.value,),
    )


def contaminated(contamination: float | None, thresholds: AssayQc) -> bool:
    """Tell whether more foreign molecules were estimated than the assay allows."""
    return contamination is not None and contamination > thresholds.max_contamination


def _depth_reasons(molecules: float | None, reported: bool, thresholds: AssayQc) -> list[tuple[str, Verdict]]:
    if molecules is None and reported:
        # What a laboratory does not state is no failure of its assay.
        return [("molecules not stated by the report", Verdict.WARN)]
    if molecules is None or molecules < thresholds.min_molecules:
        return [(f"molecules {_shown(molecules)} below {thresholds.min_molecules}", Verdict.FAIL)]
    if molecules < thresholds.warn_molecules:
        return [(f"molecules {_shown(molecules)} below {thresholds.warn_molecules}", Verdict.WARN)]
    return []


def _reasons(
    on_target: float | None,
    contamination: float | None,
    identity: IdentityStatus,
    thresholds: AssayQc,
) -> list[tuple[str, Verdict]]:
    reasons = []
    if on_target is not None and on_target < thresholds.min_on_target:
        reasons.append((f"on target {on_target:.2g} below {thresholds.min_on_target:g}", Verdict.WARN))
    if contaminated(contamination, thresholds):
        reasons.append(
            (f"contamination {contamination:.2g} above {thresholds.max_contamination:g}", Verdict.FAIL)
        )
    if identity is IdentityStatus.CONFLICT:
        reasons.append(("identity conflict", Verdict.FAIL))
    return reasons


def _contamination_open(
    contamination: float | None, genotypes: tuple[int | None, int], thresholds: AssayQc
) -> list[tuple[str, Verdict]]:
    """Warn where homozygous sites, on which the estimate rests, are too few to tell.

    Much foreign DNA makes nearly every site look heterozygous; of one person at most half of the sites are.
    """
    from scipy.special import bdtrc

    heterozygous, sites = genotypes
    if heterozygous is None or not sites or contaminated(contamination, thresholds):
        return []
    text = f"{heterozygous} of {sites} polymorphisms heterozygous"
    if float(bdtrc(heterozygous - 1, sites, 0.5)) < TWO_PERSONS:
        return [(f"{text}: DNA of two persons?", Verdict.WARN)]
    if contamination is None and sites >= ENOUGH_SITES:
        return [(f"contamination not estimable: {text}", Verdict.WARN)]
    return []


def _grouping_reasons(
    sample: Sample, metrics: Metrics, depth: Sequence[CallabilityRow]
) -> list[tuple[str, Verdict]]:
    """Say where molecules may be none: UMIs that part nothing, a consensus that tells no depths."""
    reasons = []
    if metrics.get(("umi_uninformative", "all")):
        text = "UMIs tell no molecules apart: correct `umi` of the assay; were copies removed by position?"
        reasons.append((text, Verdict.FAIL))
    molecules = sum(row.molecules for row in depth)
    if sample.consensus and molecules and molecules == sum(row.single for row in depth):
        text = "consensus without tags of depth: are these molecules, or raw reads?"
        reasons.append((text, Verdict.WARN))
    return reasons


def _primer_reasons(share: float | None) -> list[tuple[str, Verdict]]:
    """Say where primers are hardly those of the reads: their bases count as the patient's then."""
    if share is None or share >= LEAST_PRIMER_SHARE:
        return []
    text = f"primers at {share:.2g} of the reads, below {LEAST_PRIMER_SHARE:g}: are they of this panel?"
    return [(text, Verdict.WARN)]


def _control_reasons(
    molecules: float | None, found: Collection[str], expected: Sequence[str], thresholds: AssayQc
) -> list[tuple[str, Verdict]]:
    if not expected:
        if (molecules or 0) > thresholds.max_blank_molecules:
            return [(f"blank with {_shown(molecules)} molecules", Verdict.FAIL)]
        return []
    return [(f"{name} not found", Verdict.FAIL) for name in expected if name not in found]


def _found(alterations: Sequence[AlterationRow]) -> set[str]:
    return {
        f"{row.gene} {row.hgvs_p or row.alteration}"
        for row in alterations
        if row.detection is Detection.DETECTED
    }


def _fusions(alterations: Sequence[AlterationRow]) -> str | None:
    """Return the driver junctions called: one text, for `;` joins lists and stands in the junctions."""
    called = [
        row.alteration
        for row in alterations
        if row.variant_type is VariantType.FUSION
        and row.detection is Detection.DETECTED
        and not NOT_THE_DRIVER.intersection(row.flags)
    ]
    return ", ".join(called) or None


def _median(values: Sequence[int]) -> float | None:
    if not values:
        return None
    ordered = sorted(values)
    middle = len(ordered) // 2
    return float(ordered[middle]) if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)


def _shown(value: float | None) -> str:
    return "unknown" if value is None else f"{value:g}"
