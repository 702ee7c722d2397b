"""Origin of an alteration over all samples of a patient: white cells and tissue speak together."""

from collections.abc import Collection, Mapping, Sequence

from ..annotate.alteration_table import AlterationRow
from ..annotate.germline_band import Elsewhere
from ..annotate.origin import (
    CARRY_OVER,
    MoleculeCount,
    OriginEvidence,
    OriginVerdict,
    combine_verdicts,
    decide_origin,
)
from ..annotate.small_variants import row_vafs
from ..calling.rule.verdict import AlterationCounts
from ..inputs.settings.origin_settings import OriginSettings
from ..structural.tumour_fraction import rests_on_trunk
from ..vocabulary.changes import STRUCTURAL, Origin, VariantType
from ..vocabulary.detection import Detection, ObservationSource
from ..vocabulary.samples import SpecimenType
from .build import LoadedSample


class OriginJudge:
    """Judges alterations of one patient; holds the counts of all samples."""

    def __init__(
        self,
        loaded: Sequence[LoadedSample],
        counts: Mapping[str, Mapping[str, AlterationCounts]],
        settings: OriginSettings,
        blood_genes: Collection[str],
        matching: Mapping[str, Collection[str]],
    ) -> None:
        """Keep what the judgement needs.

        Args:
            loaded: the samples of the patient that may be used; a sample of another person would tell
                blood from tumour wrongly.
            counts: forced counts by sample name and key.
            settings: thresholds.
            blood_genes: genes whose variants may come from clonal haematopoiesis.
            matching: samples with the same genotypes, by sample name.
        """
        self.loaded = loaded
        self.counts = counts
        self.settings = settings
        self.blood_genes = blood_genes
        self.matching = matching

    def verdict(self, key: str, rows: Mapping[str, AlterationRow]) -> OriginVerdict:
        """Return the origin of an alteration.

        Args:
            key: its identity.
            rows: the alteration in the tables that list it, by sample name.
        """
        verdicts = self._of_samples(key, rows)
        # What population frequencies and the laboratory said of one sample holds everywhere.
        verdicts += [
            OriginVerdict(row.origin, row.origin_reason)
            for row in rows.values()
            if row.origin is Origin.GERMLINE or _blood_by_report(row)
        ]
        return combine_verdicts(verdicts)

    def _of_samples(self, key: str, rows: Mapping[str, AlterationRow]) -> list[OriginVerdict]:
        """Return what the samples that call the alteration say.

        White cells whose molecules were counted are heard through the tumour samples, which hold their counts
        against the own; alone they would take tumour DNA carried over for a clone of blood. One sample
        that shows the carry-over shows it for all: a clone of blood does not change by that ratio.
        """
        calling = [
            item
            for item in self.loaded
            if item.sample.name in rows and rows[item.sample.name].detection is Detection.DETECTED
        ]
        tumour = [item for item in calling if item.sample.specimen_type is not SpecimenType.WBC]
        if tumour:
            calling = [item for item in calling if item in tumour or key not in self.counts[item.sample.name]]
        verdicts = [
            decide_origin(
                self._evidence(item, key, rows), settings=self.settings, blood_genes=self.blood_genes
            )
            for item in calling
        ]
        if any(CARRY_OVER in verdict.flags for verdict in verdicts):
            verdicts = [one for one in verdicts if one.origin is not Origin.CLONAL_HAEMATOPOIESIS]
        return verdicts

    def _evidence(self, item: LoadedSample, key: str, rows: Mapping[str, AlterationRow]) -> OriginEvidence:
        row = rows[item.sample.name]
        amplified = any(
            other.gene == row.gene and other.variant_type is VariantType.AMPLIFICATION
            for other in item.alterations
        )
        return OriginEvidence(
            gene=row.gene,
            small_variant=row.variant_type not in STRUCTURAL,
            specimen_type=item.sample.specimen_type,
            vaf=row.vaf,
            vaf_low=row.vaf_low,
            vaf_high=row.vaf_high,
            known_somatic=bool(row.knowledge),
            amplified=amplified,
            white_cells=self._molecules(key, SpecimenType.WBC, item),
            tissue=self._molecules(key, SpecimenType.TISSUE, item),
            tumour_fraction_high=item.tumour_fraction.high,
            fraction_of_trunk=rests_on_trunk(item.tumour_fraction),
            beside=[
                vaf
                for other, vaf in row_vafs(item.alterations, self.settings.germline_vaf_low).items()
                if other != key
            ],
            elsewhere=self._elsewhere(key, item),
        )

    def _elsewhere(self, key: str, own: LoadedSample) -> list[Elsewhere]:
        return [
            Elsewhere(
                item.sample.specimen_type,
                counted.alt_molecules,
                counted.total_molecules,
                item.tumour_fraction.high,
                item.sample.name in self.matching.get(own.sample.name, ()),
            )
            for item in self.loaded
            if item.sample.specimen_type is not SpecimenType.WBC and item.sample.name != own.sample.name
            for counted in [self.counts[item.sample.name].get(key)]
            if counted is not None
        ]

    def _molecules(self, key: str, kind: SpecimenType, own: LoadedSample) -> list[MoleculeCount]:
        # Without the sample itself: it is no witness of its own.
        return [
            MoleculeCount(counted.alt_molecules, counted.total_molecules)
            for item in self.loaded
            if item.sample.specimen_type is kind and item.sample.name != own.sample.name
            for counted in [self.counts[item.sample.name].get(key)]
            if counted is not None
        ]


def _blood_by_report(row: AlterationRow) -> bool:
    reported = row.source is ObservationSource.REPORTED
    return reported and row.origin is Origin.CLONAL_HAEMATOPOIESIS
