"""One patient's evidence: every alteration counted in every sample, and the phase of ALK mutations.

Gained, lost and not assessable are then statements about molecules of each sample, not about which
caller happened to report what.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ..annotate.alteration_table import AlterationRow
from ..calling.callability_table import CallabilityRow
from ..calling.genotyping.known_alleles import KnownCounts, count_alterations
from ..calling.noise.learned import load_noise
from ..calling.noise.normals import read_positions
from ..calling.rule.verdict import AlterationCounts
from ..consensus.molecule_table import MoleculeMetric
from ..inputs.sample_files import SampleFiles
from ..inputs.settings.calling_settings import CallingSettings
from ..inputs.settings.copy_number_settings import CopyNumberSettings
from ..inputs.settings.fusion_settings import FusionSettings
from ..inputs.settings.origin_settings import OriginSettings
from ..inputs.settings.phase_settings import PhaseSettings
from ..inputs.settings.tumour_fraction_settings import TumourFractionSettings
from ..io.tables import read_table, write_table
from ..qc.identity import SampleIdentityRow
from ..qc.qc_table import QcRow
from ..qc.quality import contaminated, index_metrics, sample_quality
from ..structural.copy_number.copy_number_table import CopyNumberRow
from ..structural.fusions.fusion_calls import FusionCount
from ..structural.tumour_fraction_table import SampleTumourFractionRow, TumourFractionRow
from ..vocabulary.detection import Detection
from ..vocabulary.samples import IdentityStatus
from ..vocabulary.variant import SmallVariant
from .build import (
    LoadedSample,
    absent_observation,
    called_observation,
    counted_observation,
    leading_row,
    make_alteration,
    make_specimen,
    unite,
    unreadable_specimen,
    worth_following,
)
from .evidence_file import save_evidence
from .evidence_table import EvidenceRow
from .flat_table import evidence_rows
from .patient_fusions import align_fusion_keys, count_in_sample, fusion_observation, known_junctions
from .patient_origin import OriginJudge
from .patient_tumour_fraction import (
    PatientCounts,
    patient_tumour_fraction,
    tumour_fraction_rows,
    with_tumour_fraction,
)
from .phase_counts import phase_observations
from .schema import ClinicalContext, Observation, PatientEvidence, PhaseObservation

PHASED_GENE = "ALK"

Counts = Mapping[str, AlterationCounts]


def gather_evidence(
    *,
    samples: Sequence[SampleFiles],
    fasta: Path,
    identity: Path,
    blood_genes: Sequence[str],
    clinical: ClinicalContext | None,
    calling: CallingSettings,
    fusions: FusionSettings,
    origin: OriginSettings,
    phase: PhaseSettings,
    tumour_fraction: TumourFractionSettings,
    copy_number: CopyNumberSettings,
    gene_models: Path,
    centromeres: Path,
    out_table: Path,
    out_tumour_fraction: Path,
    out_evidence: Path,
) -> None:
    """Count every alteration of a patient in every sample and write the evidence.

    Each BAM is read once. Origins are judged twice, since either rests on the other: by the tumour fraction
    that a sample gives alone they say which mutations may mark the tumour, and what those markers give over
    all samples tells tumour from germline at last.

    Args:
        samples: all samples of the patient, white cells and reports too; of those whose data cannot be read
            the evidence holds the reason alone.
        fasta: reference of the BAMs.
        identity: `SampleIdentityRow` of the patient.
        blood_genes: genes whose variants may come from clonal haematopoiesis.
        clinical: dates and responses, None without clinical tables.
        calling: the calling rule.
        fusions: what makes a fusion detected.
        origin: thresholds of the origin.
        phase: rates assumed for chimeras and, where not measured, UMI collisions.
        tumour_fraction: thresholds of markers.
        copy_number: thresholds of copy-number calls.
        gene_models: JSON of `GeneModels`.
        centromeres: borders of the chromosome arms.
        out_table: `evidence.tsv`.
        out_tumour_fraction: table of `SampleTumourFractionRow`.
        out_evidence: `evidence.json`.
    """
    unreadable = [(files.sample, why) for files in samples if (why := files.unreadable())]
    loaded = align_fusion_keys([load_sample(files) for files in samples if not files.unreadable()], fusions)
    least = calling.min_candidate_molecules
    united = {key: rows for key, rows in unite(loaded).items() if worth_following(rows.values(), least)}
    variants = {key: variant for key, rows in united.items() if (variant := _variant(rows))}
    phased = sorted((k for k in variants if _may_be_phased(united[k])), key=lambda k: (variants[k], k))
    molecules = {item.sample.name: _count(item, variants, phased, fasta, calling) for item in loaded}
    # A report has no molecules: its counts are empty.
    counts = {name: dict(zip(variants, known.alterations, strict=False)) for name, known in molecules.items()}
    junctions = known_junctions(united)
    joined = {item.sample.name: count_in_sample(item, junctions, fasta, fusions) for item in loaded}
    verdicts = {row.sample: row for row in read_table(identity, SampleIdentityRow)}
    matching = {name: row.matching for name, row in verdicts.items()}
    usable = usable_samples(loaded, verdicts)
    judge = OriginJudge(usable, counts, origin, blood_genes, matching)
    origins = {key: judge.verdict(key, united[key]).origin for key in variants}
    known = PatientCounts(_rows_of(usable, united), counts, joined, origins)
    loaded = [
        with_tumour_fraction(
            item,
            patient_tumour_fraction(item, usable, known, tumour_fraction),
            gene_models,
            centromeres,
            copy_number,
        )
        for item in loaded
    ]
    # Copy numbers follow the tumour fraction, so that their alterations are known only now.
    united = dict(sorted((united | unite(loaded, copies=True)).items()))
    usable = usable_samples(loaded, verdicts)
    judge = OriginJudge(usable, counts, origin, blood_genes, matching)
    alterations = [
        make_alteration(
            key,
            rows,
            [
                _observe_fusion(item, key, rows, joined, fusions, least)
                if key in junctions
                else _observe(item, key, rows, counts, least)
                for item in loaded
            ],
            judge.verdict(key, rows),
            usable,
        )
        for key, rows in united.items()
    ]
    evidence = PatientEvidence(
        patient=samples[0].sample.patient,
        specimens=(
            *(make_specimen(item, _quality(item, verdicts.get(item.sample.name))) for item in loaded),
            *(unreadable_specimen(sample, why) for sample, why in unreadable),
        ),
        alterations=tuple(alterations),
        phase=tuple(_phase(loaded, united, variants, phased, molecules, phase)),
        clinical=clinical,
    )
    write_table(out_table, EvidenceRow, evidence_rows(evidence))
    write_table(out_tumour_fraction, SampleTumourFractionRow, tumour_fraction_rows(loaded))
    save_evidence(evidence, out_evidence)


def load_sample(files: SampleFiles) -> LoadedSample:
    """Read the tables of a sample."""
    copy_number = read_table(files.copy_number, CopyNumberRow) if files.copy_number else []
    molecules = read_table(files.molecules, MoleculeMetric) if files.molecules else []
    (fraction,) = read_table(files.tumour_fraction, TumourFractionRow)
    return LoadedSample(
        files,
        tuple(read_table(files.alterations, AlterationRow)),
        tuple(read_table(files.callability, CallabilityRow)),
        tuple(copy_number),
        fraction,
        index_metrics(molecules),
    )


def usable_samples(
    loaded: Sequence[LoadedSample], verdicts: Mapping[str, SampleIdentityRow]
) -> list[LoadedSample]:
    """Return the samples that may speak of the others: neither of another person nor contaminated."""
    return [item for item in loaded if not _foreign(item, verdicts.get(item.sample.name))]


def _foreign(item: LoadedSample, verdict: SampleIdentityRow | None) -> bool:
    if verdict is None:
        return False
    conflict = verdict.status is IdentityStatus.CONFLICT
    return conflict or contaminated(verdict.contamination, item.files.assay.qc)


def _rows_of(
    usable: Sequence[LoadedSample], united: Mapping[str, Mapping[str, AlterationRow]]
) -> dict[str, dict[str, AlterationRow]]:
    names = {item.sample.name for item in usable}
    return {key: {name: row for name, row in rows.items() if name in names} for key, rows in united.items()}


def _quality(item: LoadedSample, verdict: SampleIdentityRow | None) -> QcRow:
    return sample_quality(
        item.files,
        metrics=item.metrics,
        callability=item.callability,
        alterations=item.alterations,
        verdict=verdict,
    )


def _variant(rows: Mapping[str, AlterationRow]) -> SmallVariant | None:
    return next((variant for row in rows.values() if (variant := row.small_variant)), None)


def _noise_model(item: LoadedSample) -> Path | None:
    given = item.files.assay.noise_model
    return Path(given) if given else None


def _count(
    item: LoadedSample,
    variants: Mapping[str, SmallVariant],
    phased: Sequence[str],
    fasta: Path,
    calling: CallingSettings,
) -> KnownCounts:
    files = item.files
    if files.bam is None:
        return KnownCounts([], (), None)
    keys, learned = list(variants), None
    if files.noise is not None:
        learned = load_noise(files.noise, calling, read_positions(_noise_model(item)))
    return count_alterations(
        bam=files.bam,
        fasta=fasta,
        alterations=list(variants.values()),
        settings=calling,
        learned=learned,
        together=[keys.index(key) for key in phased],
    )


def _observe(
    item: LoadedSample, key: str, rows: Mapping[str, AlterationRow], counts: Mapping[str, Counts], least: int
) -> Observation:
    own, counted = rows.get(item.sample.name), counts[item.sample.name].get(key)
    if own is not None:
        return called_observation(item.sample, own, counted.vaf_detectable if counted else None, least)
    if counted is not None:
        return counted_observation(item.sample, counted, least)
    return absent_observation(item, next(iter(rows.values())))


def _observe_fusion(
    item: LoadedSample,
    key: str,
    rows: Mapping[str, AlterationRow],
    counts: Mapping[str, Mapping[str, FusionCount]],
    settings: FusionSettings,
    least: int,
) -> Observation:
    own, counted = rows.get(item.sample.name), counts[item.sample.name].get(key)
    if own is not None:
        return called_observation(item.sample, own, counted.vaf_detectable if counted else None, least)
    lead = leading_row(rows.values())
    if counted is not None:
        return fusion_observation(item, lead, counted, settings, least)
    return absent_observation(item, lead)


def _phase(
    loaded: Sequence[LoadedSample],
    united: Mapping[str, Mapping[str, AlterationRow]],
    variants: Mapping[str, SmallVariant],
    phased: Sequence[str],
    molecules: Mapping[str, KnownCounts],
    phase: PhaseSettings,
) -> list[PhaseObservation]:
    """Molecules over the patient's ALK mutations in every sample that has reads."""
    places = {key: place for place, key in enumerate(variants)}
    keys = [key for key in phased if _is_shown(united[key].values(), molecules.values(), places[key])]
    observations: list[PhaseObservation] = []
    for item in loaded if len(keys) > 1 else ():
        if item.files.bam is None:
            continue
        known, chosen = molecules[item.sample.name], [places[key] for key in keys]
        observations += phase_observations(
            timepoint=item.sample.timepoint,
            specimen=item.sample.specimen,
            keys=keys,
            variants=[variants[key] for key in keys],
            joint=known.joint(chosen),
            error_rates=[known.alterations[place].error_rate for place in chosen],
            collision_rate=item.metrics.get(("collision_rate", "all"), phase.collision_rate),
            chimera_rate=phase.chimera_rate,
        )
    return observations


def _may_be_phased(rows: Mapping[str, AlterationRow]) -> bool:
    """Tell whether an alteration is an ALK mutation."""
    lead = next(iter(rows.values()))
    return lead.gene == PHASED_GENE and lead.codon is not None


def _is_shown(rows: Iterable[AlterationRow], molecules: Iterable[KnownCounts], place: int) -> bool:
    """Tell whether some sample calls an alteration, in its own table or when it is looked for."""
    called = any(row.detection is Detection.DETECTED for row in rows)
    return called or any(known.alterations[place].detected for known in molecules if known.alterations)
