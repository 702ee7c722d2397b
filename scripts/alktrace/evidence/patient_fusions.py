"""Fusions of a patient: one key for one junction in all samples, and its molecules in each of them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ..annotate.alteration_table import AlterationRow
from ..annotate.alterations import IMPRECISE
from ..inputs.settings.fusion_settings import FusionSettings
from ..structural.fusions.breakpoints import Breakend
from ..structural.fusions.fusion_calls import FusionCount, KnownJunction, count_fusions
from ..vocabulary.changes import VariantType
from ..vocabulary.detection import Detection, ObservationSource
from .build import LoadedSample, absent_observation, detection_of
from .schema import Observation


def junction_of(row: AlterationRow) -> KnownJunction | None:
    """Return the junction of a called fusion; None for anything else and for reported fusions."""
    if row.variant_type is not VariantType.FUSION or row.chrom is None or row.pos is None or row.alt is None:
        return None
    return KnownJunction(row.key, row.chrom, row.pos, row.alt, IMPRECISE not in row.flags)


def align_fusion_keys(loaded: Sequence[LoadedSample], settings: FusionSettings) -> list[LoadedSample]:
    """Return the samples with one key per junction.

    A sample names its junctions of one gene pair by their support; in another sample that order may differ.
    The best supported junction of the patient keeps the plain key, and others get their place as suffix.

    Args:
        loaded: samples of one patient.
        settings: `max_insert` bounds how far an imprecise breakpoint may lie off.
    """
    found = [
        (item.sample.name, row, known)
        for item in loaded
        for row in item.alterations
        if (known := junction_of(row)) is not None
    ]
    found.sort(key=lambda one: (not one[2].precise, -(one[1].alt_molecules or 0), one[1].key, one[0]))
    taken: dict[str, KnownJunction] = {}
    keys: dict[tuple[str, str], str] = {}
    for name, row, known in found:
        own = {key for (sample, _), key in keys.items() if sample == name}
        key = next(
            (k for k, other in taken.items() if k not in own and _same(known, other, settings)), None
        ) or _free_key(row, known, taken)
        taken.setdefault(key, known)
        keys[name, row.key] = key
    return [
        replace(
            item,
            alterations=tuple(
                replace(row, key=keys.get((item.sample.name, row.key), row.key)) for row in item.alterations
            ),
        )
        for item in loaded
    ]


def known_junctions(united: Mapping[str, Mapping[str, AlterationRow]]) -> dict[str, KnownJunction]:
    """Return the junction of every fusion by key, from the sample that shows it best."""
    junctions = {}
    for key, rows in united.items():
        known = [(row, junction) for row in rows.values() if (junction := junction_of(row)) is not None]
        if known:
            best = max(known, key=lambda one: (one[1].precise, one[0].alt_molecules or 0, one[1].pos))
            junctions[key] = replace(best[1], key=key)
    return junctions


def count_in_sample(
    item: LoadedSample, junctions: Mapping[str, KnownJunction], fasta: Path, settings: FusionSettings
) -> dict[str, FusionCount]:
    """Return the molecules of every junction in one sample, by key; nothing for a report."""
    if item.files.bam is None or not junctions:
        return {}
    counts = count_fusions(bam=item.files.bam, fasta=fasta, known=list(junctions.values()), settings=settings)
    return {count.key: count for count in counts}


def fusion_observation(
    item: LoadedSample, row: AlterationRow, count: FusionCount, settings: FusionSettings, least: int
) -> Observation:
    """Return what counted molecules say of a junction that the sample's own table does not list.

    Args:
        item: the sample.
        row: the fusion in another sample.
        count: molecules with the junction, and over the intact site.
        settings: `min_molecules` make it detected, as they do for the limit that `count` states.
        least: molecules that make a candidate.
    """
    assessable = count.vaf_detectable is not None
    detection = detection_of(count.molecules >= settings.min_molecules, count.molecules, assessable, least)
    if not assessable:
        silent = absent_observation(item, row)
        detection = Detection.NOT_TARGETED if silent.detection is Detection.NOT_TARGETED else detection
    return Observation(
        timepoint=item.sample.timepoint,
        specimen=item.sample.specimen,
        detection=detection,
        source=ObservationSource.GENOTYPED,
        alt_molecules=count.molecules,
        total_molecules=count.molecules + count.intact,
        duplex_alt=count.duplex,
        vaf=count.vaf,
        vaf_low=count.vaf_low,
        vaf_high=count.vaf_high,
        vaf_detectable=count.vaf_detectable,
    )


def _same(a: KnownJunction, b: KnownJunction, settings: FusionSettings) -> bool:
    reach = settings.same_bases if a.precise and b.precise else settings.max_insert
    x, y = a.junction, b.junction
    return _near(x.first, y.first, reach) and _near(x.second, y.second, reach)


def _near(a: Breakend, b: Breakend, reach: int) -> bool:
    return a.chrom == b.chrom and a.side == b.side and abs(a.pos - b.pos) <= reach


def _free_key(row: AlterationRow, known: KnownJunction, taken: Mapping[str, KnownJunction]) -> str:
    if row.key not in taken:
        return row.key
    mate = known.junction.second
    return f"{row.key}:{known.chrom}-{known.pos}:{mate.chrom}-{mate.pos + 1}"
