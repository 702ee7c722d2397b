"""Tumour fraction of each sample with what all samples of the patient know: markers, then copy numbers.

A mutation is truncal if it was there before: such markers come from baseline samples and from tissue taken no
later than the sample, and the ALK fusion comes from any sample. They are counted in the sample whatever it
would have called, so that few or no molecules of them say how little tumour there is. A mutation that an
earlier sample excluded at the VAF seen now has emerged since and marks no trunk.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..annotate.alteration_table import AlterationRow
from ..annotate.alterations import copy_number_alterations, mutation_markers
from ..calling.rule.verdict import AlterationCounts
from ..inputs.settings.copy_number_settings import CopyNumberSettings
from ..inputs.settings.tumour_fraction_settings import TumourFractionSettings
from ..reference.gene_models import GeneModels
from ..structural.fusions.fusion_calls import FusionCount
from ..structural.tumour_fraction import RESISTANCE_GENE, Marker, MarkerKind, estimate_tumour_fraction
from ..structural.tumour_fraction_table import SampleTumourFractionRow, TumourFractionRow
from ..vocabulary.caveats import NOT_THE_DRIVER
from ..vocabulary.changes import Origin
from ..vocabulary.detection import Detection
from ..vocabulary.samples import Setting, SpecimenType
from .build import COPY_NUMBER_TYPES, LoadedSample


@dataclass(frozen=True)
class PatientCounts:
    """What was counted over the patient.

    Attributes:
        united: every alteration by key, with its row per usable sample.
        small: counts of small variants by sample name and key.
        fusions: counts of junctions by sample name and key.
        origins: origin over all samples by key.
    """

    united: Mapping[str, Mapping[str, AlterationRow]]
    small: Mapping[str, Mapping[str, AlterationCounts]]
    fusions: Mapping[str, Mapping[str, FusionCount]]
    origins: Mapping[str, Origin]


def patient_tumour_fraction(
    item: LoadedSample,
    loaded: Sequence[LoadedSample],
    counts: PatientCounts,
    settings: TumourFractionSettings,
) -> TumourFractionRow:
    """Return the tumour fraction of one sample from markers of all samples of its patient.

    Args:
        item: the sample. A report keeps the tumour fraction it gives; white cells have none.
        loaded: the samples of the patient that may be used.
        counts: what was counted over the patient.
        settings: section `tumour_fraction` of the configuration.
    """
    if item.files.bam is None or item.sample.specimen_type is SpecimenType.WBC:
        return item.tumour_fraction
    sources = [other for other in loaded if _tells_of_trunk(other, item)]
    known = [*_known_fusions(item, counts), *_known_mutations(item, sources, counts)]
    labels = {marker.label for marker in known}
    own = [
        (row.key, marker)
        for row in item.alterations
        if counts.origins.get(row.key) is Origin.SOMATIC
        for marker in mutation_markers([replace(row, origin=Origin.SOMATIC)])
        if marker.label not in labels
    ]
    firm = [m for key, m in own if not known or not _emerged(key, m, sources, counts)]
    return estimate_tumour_fraction([*known, *firm], settings, item.copy_number)


def with_tumour_fraction(
    item: LoadedSample,
    fraction: TumourFractionRow,
    gene_models: Path,
    centromeres: Path,
    settings: CopyNumberSettings,
) -> LoadedSample:
    """Return the sample with this tumour fraction and the copy numbers that follow from it."""
    if fraction == item.tumour_fraction:
        return item
    item = replace(item, tumour_fraction=fraction)
    coverage, reference = item.files.coverage, item.files.copy_number_reference
    if coverage is None or reference is None:
        return item
    from ..structural.copy_number.gene_copies import copy_number_rows, read_boundaries
    from ..structural.copy_number.normalise import read_ratios

    rows = copy_number_rows(
        read_ratios(coverage, reference),
        GeneModels.load(gene_models),
        read_boundaries(centromeres),
        settings,
        fraction,
    )
    others = [row for row in item.alterations if row.variant_type not in COPY_NUMBER_TYPES]
    return replace(item, copy_number=tuple(rows), alterations=(*others, *copy_number_alterations(rows)))


def tumour_fraction_rows(loaded: Sequence[LoadedSample]) -> list[SampleTumourFractionRow]:
    """Return one row per sample that may hold tumour, in the order of collection."""
    samples = [item for item in loaded if item.sample.specimen_type is not SpecimenType.WBC]
    samples.sort(key=lambda item: (item.sample.collected, item.sample.timepoint, item.sample.specimen))
    return [
        SampleTumourFractionRow(
            timepoint=item.sample.timepoint,
            specimen=item.sample.specimen,
            specimen_type=item.sample.specimen_type,
            collected=item.sample.collected,
            status=item.tumour_fraction.status,
            value=item.tumour_fraction.value,
            low=item.tumour_fraction.low,
            high=item.tumour_fraction.high,
            truncal_markers=item.tumour_fraction.truncal_markers,
            markers=item.tumour_fraction.markers,
            above=item.tumour_fraction.above,
        )
        for item in samples
    ]


def _tells_of_trunk(other: LoadedSample, item: LoadedSample) -> bool:
    sample = other.sample
    if sample.name == item.sample.name or sample.specimen_type is SpecimenType.WBC:
        return False
    first = sample.setting is Setting.BASELINE or sample.specimen_type is SpecimenType.TISSUE
    return first and sample.collected <= item.sample.collected


def _known_mutations(
    item: LoadedSample, sources: Sequence[LoadedSample], counts: PatientCounts
) -> list[Marker]:
    found = []
    for key, counted in counts.small[item.sample.name].items():
        if counts.origins.get(key) is not Origin.SOMATIC:
            continue
        rows = [counts.united[key].get(source.sample.name) for source in sources]
        named = mutation_markers([replace(row, origin=Origin.SOMATIC) for row in rows if row is not None])
        if named:
            found.append(
                replace(
                    named[0],
                    alt_molecules=counted.alt_molecules,
                    total_molecules=counted.total_molecules,
                    known=True,
                )
            )
    return found


def _known_fusions(item: LoadedSample, counts: PatientCounts) -> list[Marker]:
    """Return the ALK fusions that some sample calls; of several junctions of a pair the best supported."""
    best: dict[str, tuple[int, Marker]] = {}
    mine = counts.fusions[item.sample.name]
    for key, counted in mine.items():
        rows = counts.united[key].values()
        called = any(row.detection is Detection.DETECTED for row in rows)
        if not called:
            continue
        lead = max(rows, key=lambda row: row.alt_molecules or 0)
        driver = not NOT_THE_DRIVER.intersection(lead.flags)
        if lead.gene != RESISTANCE_GENE or not driver:
            continue
        five, three = key.split(":")[1:3]
        other = mine.get(f"fusion:{three}:{five}")
        marker = Marker(
            label=f"fusion {five}-{three}",
            gene=lead.gene,
            kind=MarkerKind.FUSION,
            alt_molecules=counted.molecules,
            total_molecules=counted.molecules + counted.intact,
            known=True,
            reciprocal=(other.molecules, other.molecules + other.intact) if other else None,
        )
        support = max(row.alt_molecules or 0 for row in rows)
        if support > best.get(marker.label, (-1, marker))[0]:
            best[marker.label] = support, marker
    return [best[label][1] for label in sorted(best)]


def _emerged(key: str, marker: Marker, sources: Sequence[LoadedSample], counts: PatientCounts) -> bool:
    """Tell whether an earlier sample excludes a mutation at the VAF that it has now."""
    earlier = [counts.small[source.sample.name].get(key) for source in sources]
    return any(
        before is not None
        and not before.detected
        and before.vaf_detectable is not None
        and before.vaf_detectable <= marker.vaf
        for before in earlier
    )
