"""Tumour fraction over the samples of a patient: what was truncal before is counted after."""

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from patient_samples import FUSION, G1202R, loaded
from present_values import present
from shipped_settings import SHIPPED

from alktrace.annotate.alteration_table import AlterationRow
from alktrace.calling.rule.verdict import AlterationCounts
from alktrace.evidence.build import LoadedSample
from alktrace.evidence.patient_tumour_fraction import (
    PatientCounts,
    patient_tumour_fraction,
    tumour_fraction_rows,
    with_tumour_fraction,
)
from alktrace.inputs.settings.tumour_fraction_settings import TumourFractionSettings
from alktrace.structural.fusions.fusion_calls import FusionCount
from alktrace.structural.tumour_fraction_table import TumourFractionRow
from alktrace.vocabulary.changes import Origin
from alktrace.vocabulary.copies import TumourFractionStatus
from alktrace.vocabulary.samples import Setting, SpecimenType

KEY, LATER_KEY, FUSED = "chr2:36893988:T:C", "chr13:48367512:C:T", "fusion:EML4:ALK"


@pytest.fixture(scope="module")
def settings() -> TumourFractionSettings:
    return SHIPPED.tumour_fraction


def mutation(
    alt: int, total: int, *, key: str = KEY, gene: str = "STRN", name: str = "p.Thr281Ala"
) -> AlterationRow:
    return replace(
        G1202R, key=key, gene=gene, hgvs_p=name, alteration=name, codon=None, knowledge=(),
        alt_molecules=alt, total_molecules=total, vaf=alt / total,
    )  # fmt: skip


def fusion(alt: int) -> AlterationRow:
    return replace(FUSION, pos=29223741, ref="T", alt="T]chr2:42299750]", alt_molecules=alt, knowledge=())


def sample(
    timepoint: str,
    *rows: AlterationRow,
    day: int = 1,
    setting: Setting = Setting.PROGRESSION,
    kind: SpecimenType = SpecimenType.PLASMA,
    reads: bool = True,
) -> LoadedSample:
    item = loaded(kind.value, *rows, kind=kind)
    told = replace(item.sample, timepoint=timepoint, setting=setting, collected=dt.date(2024, 1, day))
    return replace(item, files=replace(item.files, sample=told, bam=Path("x.bam") if reads else None))


BASELINE: dict[str, Any] = {"setting": Setting.BASELINE, "day": 1}


def small(alt: int, total: int, *, limit: float | None = 0.01) -> AlterationCounts:
    share = alt / total
    return AlterationCounts(
        by_class=np.zeros((2, 1), np.int64), alt_molecules=alt, total_molecules=total, duplex_alt=0,
        strict_alt=0, strict_total=total, vaf=share, vaf_low=share, vaf_high=share, vaf_detectable=limit,
        p_noise=1.0, error_rate=1e-5, filters=("tail",), noise_level="prior",
    )  # fmt: skip


def junction(molecules: int, total: int) -> FusionCount:
    return FusionCount(FUSED, molecules, total - molecules, 0, None, None, None, 0.01)


def counts(
    samples: list[LoadedSample],
    small_counts: dict[str, dict[str, AlterationCounts]],
    fusion_counts: dict[str, dict[str, FusionCount]] | None = None,
    origin: Origin = Origin.SOMATIC,
) -> PatientCounts:
    """Counts by timepoint and key; every row of a sample is of one origin."""
    united: dict[str, dict[str, AlterationRow]] = {}
    for item in samples:
        for row in item.alterations:
            united.setdefault(row.key, {})[item.sample.name] = row
    return PatientCounts(
        united,
        {item.sample.name: small_counts.get(item.sample.timepoint, {}) for item in samples},
        {item.sample.name: (fusion_counts or {}).get(item.sample.timepoint, {}) for item in samples},
        dict.fromkeys(united, origin),
    )


def estimate(
    samples: list[LoadedSample],
    small_counts: dict[str, dict[str, AlterationCounts]],
    settings: TumourFractionSettings,
    fusion_counts: dict[str, dict[str, FusionCount]] | None = None,
    origin: Origin = Origin.SOMATIC,
) -> TumourFractionRow:
    """Return the tumour fraction of the last sample."""
    told = counts(samples, small_counts, fusion_counts, origin)
    return patient_tumour_fraction(samples[-1], samples, told, settings)


class TestMarkers:
    def test_a_baseline_mutation_is_counted_where_nothing_was_called(
        self, settings: TumourFractionSettings
    ) -> None:
        """Two of 2,000 molecules: VAF 0.1 %, so about 0.2 % tumour; alone it calls nothing."""
        samples = [sample("BL", mutation(100, 1000), **BASELINE), sample("PD", day=20)]
        row = estimate(samples, {"BL": {KEY: small(100, 1000)}, "PD": {KEY: small(2, 2000)}}, settings)
        assert row.status is TumourFractionStatus.ESTIMATED
        assert present(row.low) < 0.002 < present(row.high)
        assert present(row.high) < 0.01
        assert row.markers == ("STRN p.Thr281Ala",)

    def test_none_of_many_molecules_bounds_it_from_above(self, settings: TumourFractionSettings) -> None:
        samples = [sample("BL", mutation(100, 1000), **BASELINE), sample("PD", day=20)]
        row = estimate(samples, {"BL": {KEY: small(100, 1000)}, "PD": {KEY: small(0, 3000)}}, settings)
        assert (row.value, row.low) == (0.0, 0.0)
        # Rule of three: VAF below 3.7 / 3000 at 97.5 %, half of the tumour fraction, over the copy states.
        assert 0.001 < present(row.high) < 0.006

    def test_the_fusion_of_any_sample_is_counted(self, settings: TumourFractionSettings) -> None:
        samples = [sample("PD2", fusion(40), day=28), sample("PD1", day=10)]
        counted = {"PD2": {FUSED: junction(40, 400)}, "PD1": {FUSED: junction(5, 500)}}
        row = estimate(samples, {}, settings, counted)
        assert row.markers == ("fusion EML4-ALK",)
        assert present(row.low) < 0.02 < present(row.high)

    @pytest.mark.parametrize("flag", ["reciprocal_junction", "unclear_junction", "other_junction"])
    def test_other_junctions_are_no_markers(self, settings: TumourFractionSettings, flag: str) -> None:
        samples = [sample("PD2", replace(fusion(40), flags=(flag,))), sample("PD1")]
        counted = {name: {FUSED: junction(40, 400)} for name in ("PD2", "PD1")}
        assert estimate(samples, {}, settings, counted).status is TumourFractionStatus.NOT_ESTIMABLE

    @pytest.mark.parametrize(
        "first",
        [
            {"setting": Setting.PROGRESSION, "day": 1},
            {"setting": Setting.BASELINE, "day": 30},
            {"kind": SpecimenType.TISSUE, "day": 30},
            {"kind": SpecimenType.WBC, "setting": Setting.BASELINE, "day": 1},
        ],
        ids=["no-baseline", "later", "later-tissue", "white-cells"],
    )
    def test_what_is_not_known_from_before_is_no_trunk(
        self, settings: TumourFractionSettings, first: dict[str, Any]
    ) -> None:
        samples = [sample("T0", mutation(100, 1000), **first), sample("PD", day=20)]
        row = estimate(samples, {"T0": {KEY: small(100, 1000)}, "PD": {KEY: small(2, 2000)}}, settings)
        assert row.status is TumourFractionStatus.NOT_ESTIMABLE

    def test_earlier_tissue_is(self, settings: TumourFractionSettings) -> None:
        tissue = sample("BX", mutation(100, 400), kind=SpecimenType.TISSUE, day=2)
        samples = [tissue, sample("PD", day=20)]
        row = estimate(samples, {"BX": {KEY: small(100, 400)}, "PD": {KEY: small(20, 2000)}}, settings)
        assert present(row.low) < 0.02 < present(row.high)

    @pytest.mark.parametrize("origin", [Origin.GERMLINE, Origin.CLONAL_HAEMATOPOIESIS, Origin.UNDECIDED])
    def test_only_the_tumours_own(self, settings: TumourFractionSettings, origin: Origin) -> None:
        samples = [sample("BL", mutation(100, 1000), **BASELINE), sample("PD", mutation(90, 1000), day=20)]
        seen = {"BL": {KEY: small(100, 1000)}, "PD": {KEY: small(90, 1000)}}
        assert estimate(samples, seen, settings, origin=origin).status is TumourFractionStatus.NOT_ESTIMABLE

    def test_what_has_emerged_since_is_no_trunk(self, settings: TumourFractionSettings) -> None:
        """At baseline 0 of 900 molecules, now 15 %: an acquired mutation of a subclone."""
        new = mutation(150, 1000, key=LATER_KEY, gene="RB1", name="p.Arg320Ter")
        samples = [
            sample("BL", mutation(100, 1000), **BASELINE),
            sample("PD", mutation(200, 1000), new, day=20),
        ]
        seen = {
            "BL": {KEY: small(100, 1000), LATER_KEY: small(0, 900)},
            "PD": {KEY: small(200, 1000), LATER_KEY: small(150, 1000)},
        }
        assert estimate(samples, seen, settings).markers == ("STRN p.Thr281Ala",)
        # Where baseline could not have shown it, nothing says that it is new.
        seen["BL"][LATER_KEY] = small(0, 4, limit=None)
        assert len(estimate(samples, seen, settings).markers) == 2

    def test_without_known_markers_the_sample_speaks_for_itself(
        self, settings: TumourFractionSettings
    ) -> None:
        row = estimate([sample("PD", mutation(100, 1000))], {"PD": {KEY: small(100, 1000)}}, settings)
        assert present(row.low) < 0.2 < present(row.high)

    @pytest.mark.parametrize("kind", [SpecimenType.WBC, SpecimenType.PLASMA])
    def test_white_cells_and_reports_keep_theirs(
        self, settings: TumourFractionSettings, kind: SpecimenType
    ) -> None:
        given = TumourFractionRow(TumourFractionStatus.GIVEN, 0.3, 0.3, 0.3, 0, ("reported",))
        item = sample("PD", mutation(100, 1000), kind=kind, reads=kind is SpecimenType.WBC)
        item = replace(item, tumour_fraction=given)
        assert patient_tumour_fraction(item, [item], counts([item], {}), settings) is given


def test_a_sample_whose_fraction_stays_is_not_computed_again() -> None:
    item = sample("PD")
    none = Path("none")
    assert with_tumour_fraction(item, item.tumour_fraction, none, none, SHIPPED.copy_number) is item


def test_rows_in_order_of_collection_without_white_cells() -> None:
    samples = [
        sample("PD", day=20),
        sample("BL", **BASELINE),
        sample("BL", kind=SpecimenType.WBC, **BASELINE),
    ]
    rows = tumour_fraction_rows(samples)
    assert [(row.timepoint, row.specimen_type) for row in rows] == [
        ("BL", SpecimenType.PLASMA),
        ("PD", SpecimenType.PLASMA),
    ]
