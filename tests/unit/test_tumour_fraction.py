"""Tumour fraction: intervals against simulated molecules and against exact binomial intervals."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from present_values import present
from scipy.stats import beta

from alktrace.inputs.settings.tumour_fraction_settings import CopyState, TumourFractionSettings
from alktrace.structural.copy_number.copy_number_table import CopyNumberRow
from alktrace.structural.fusions.fusion_vcf import FusionCall
from alktrace.structural.fusions.partners import FusionRole
from alktrace.structural.tumour_fraction import (
    Marker,
    MarkerKind,
    estimate_tumour_fraction,
    expected_vaf,
    fusion_markers,
    loss_bound,
    settle_gain,
)
from alktrace.vocabulary.copies import CopyNumberCall, Focality, TumourFractionStatus

SETTINGS = TumourFractionSettings(
    max_marker_vaf=0.9,
    min_marker_molecules=3,
    copy_states=(
        CopyState(mutated=1, total=2, weight=0.8),
        CopyState(mutated=2, total=2, weight=0.08),
        CopyState(mutated=1, total=1, weight=0.06),
        CopyState(mutated=2, total=3, weight=0.06),
    ),
    fusion_gain_tail=0.001,
    subclonal=0.1,
    unrelated=0.05,
)


def marker(label: str, alt: int, total: int, **options: Any) -> Marker:
    return Marker(label, label.split(maxsplit=1)[0], MarkerKind.MUTATION, alt, total, **options)


def fusion(alt: int, total: int, **options: Any) -> Marker:
    return Marker("fusion EML4-ALK", "ALK", MarkerKind.FUSION, alt, total, **options)


def copy_number(gene: str, value: float, low: float, high: float) -> CopyNumberRow:
    return CopyNumberRow(
        gene=gene,
        chrom="chr1",
        start=0,
        end=1,
        bins=10,
        log2=None,
        log2_low=None,
        log2_high=None,
        copy_number=value,
        copy_number_low=low,
        copy_number_high=high,
        tumour_copy_number=None,
        tumour_copy_number_low=None,
        tumour_copy_number_high=None,
        smallest_visible_cn=None,
        focal=Focality.NOT_ASSESSABLE,
        call=CopyNumberCall.NEUTRAL,
        reference="pooled",
    )


CALL = FusionCall(
    key="fusion:EML4:ALK",
    name="EML4-ALK E13;A20",
    gene="ALK",
    partner="EML4",
    five="EML4",
    three="ALK",
    junction="E13;A20",
    in_frame=True,
    role=FusionRole.DRIVER,
    chrom="chr2",
    pos=29223741,
    ref="A",
    alt="A]chr2:42299750]",
    position="chr2:29223741|chr2:42299750",
    homology=0,
    precise=True,
    event="ALK_EML4_1",
    molecules=20,
    split=15,
    fragments=20,
    duplex=0,
    intact=480,
    vaf=0.04,
    vaf_low=0.02,
    vaf_high=0.06,
    filters=(),
)


class TestFormula:
    @pytest.mark.parametrize(
        ("tf", "mutated", "total", "vaf"),
        [
            (0.2, 1, 2, 0.1),
            (0.2, 2, 2, 0.2),
            (1.0, 1, 2, 0.5),
            (0.5, 1, 1, 0.5 / 1.5),
            (1.0, 2, 3, 2 / 3),
            (0.0, 1, 2, 0.0),
        ],
    )
    def test_vaf_of_a_mixture(self, tf: float, mutated: int, total: int, vaf: float) -> None:
        # Counted by hand: tumour gives tf * mutated of tf * total + 2 (1 - tf) copies.
        assert float(expected_vaf(tf, mutated, total)) == pytest.approx(vaf)


class TestOneMarker:
    @pytest.mark.parametrize(("alt", "total"), [(3, 3000), (10, 3000), (150, 3000), (400, 1000)])
    def test_known_copies_give_the_exact_interval(self, alt: int, total: int) -> None:
        # Clopper-Pearson of the VAF, doubled.
        row = estimate_tumour_fraction([fusion(alt, total, copies=(1, 2))], SETTINGS)
        assert row.value == pytest.approx(2 * alt / total, rel=0.01)
        assert row.low == pytest.approx(2 * beta.ppf(0.025, alt, total - alt + 1), rel=0.01)
        assert row.high == pytest.approx(min(1, 2 * beta.ppf(0.975, alt + 1, total - alt)), rel=0.01)

    def test_unknown_copies_lower_the_lower_end(self) -> None:
        # Both copies fused would halve the tumour fraction; one marker cannot exclude that.
        row = estimate_tumour_fraction([fusion(150, 3000)], SETTINGS)
        assert row.value == pytest.approx(0.1, rel=0.01)
        assert present(row.low) < 0.05
        assert row.markers == ("fusion EML4-ALK",)
        assert row.truncal_markers == 1

    def test_known_marker_without_a_molecule(self) -> None:
        row = estimate_tumour_fraction([fusion(0, 3000, known=True)], SETTINGS)
        assert (row.status, row.value, row.low) == (TumourFractionStatus.ESTIMATED, 0.0, 0.0)
        assert row.high == pytest.approx(2 * beta.ppf(0.975, 1, 3000), rel=0.05)


class TestManyMarkers:
    def test_agreement_settles_the_copies(self) -> None:
        one = estimate_tumour_fraction([fusion(150, 3000)], SETTINGS)
        three = estimate_tumour_fraction(
            [fusion(150, 3000), marker("TP53 a", 140, 3000), marker("PTEN b", 160, 3000)], SETTINGS
        )
        assert three.truncal_markers == 3
        assert present(three.low) > present(one.low)
        assert present(three.high) < present(one.high)
        assert present(three.low) < 0.1 < present(three.high)

    def test_disagreement_widens(self) -> None:
        agree = estimate_tumour_fraction([fusion(150, 3000), marker("TP53 a", 150, 3000)], SETTINGS)
        differ = estimate_tumour_fraction([fusion(150, 3000), marker("TP53 a", 30, 3000)], SETTINGS)
        assert present(differ.low) < present(agree.low)
        assert present(differ.high) > present(agree.high)
        assert present(differ.low) < 0.02 < present(differ.high)
        assert present(differ.low) < 0.1 < present(differ.high)

    def test_order_does_not_matter(self) -> None:
        markers = [fusion(150, 3000), marker("TP53 a", 30, 3000), marker("RB1 b", 60, 900)]
        assert estimate_tumour_fraction(markers, SETTINGS) == estimate_tumour_fraction(
            markers[::-1], SETTINGS
        )

    def test_one_stray_among_three(self) -> None:
        row = estimate_tumour_fraction(
            [fusion(150, 3000), marker("TP53 a", 145, 3000), marker("DNMT3A b", 900, 3000)], SETTINGS
        )
        assert present(row.low) < 0.1 < present(row.high)

    def test_markers_above_the_fraction_widen_it_and_are_named(self) -> None:
        low = [marker(f"A{i} x", 9, 2000) for i in range(12)]
        high = [marker(f"B{i} x", 100, 2000) for i in range(3)]
        row = estimate_tumour_fraction([*low, *high], SETTINGS)
        # 12 markers at 0.45 % say 0.9 %; three at 5 % say 10 %: neither is excluded
        assert present(row.low) < 0.009 < present(row.high)
        assert present(row.low) < 0.1 < present(row.high)
        assert row.above == ("B0 x", "B1 x", "B2 x")
        assert estimate_tumour_fraction(low, SETTINGS).above == ()


class TestMarkers:
    def test_none(self) -> None:
        row = estimate_tumour_fraction([], SETTINGS)
        assert row.status is TumourFractionStatus.NOT_ESTIMABLE
        assert (row.value, row.low, row.high, row.markers) == (None, None, None, ())

    @pytest.mark.parametrize(
        "unusable",
        [
            marker("ALK p.Gly1202Arg", 300, 3000),
            marker("TP53 few", 2, 3000),
            marker("TP53 germline", 2900, 3000),
            marker("TP53 uncovered", 0, 0, known=True),
        ],
        ids=lambda m: m.label,
    )
    def test_unusable(self, unusable: Any) -> None:
        row = estimate_tumour_fraction([unusable], SETTINGS)
        assert row.status is TumourFractionStatus.NOT_ESTIMABLE

    def test_same_label_counts_once(self) -> None:
        row = estimate_tumour_fraction([marker("TP53 a", 10, 200), marker("TP53 a", 50, 1000)], SETTINGS)
        assert row.truncal_markers == 1

    def test_amplified_gene_gives_no_marker(self) -> None:
        rows = [copy_number("EGFR", 6.0, 5.5, 6.5)]
        row = estimate_tumour_fraction([marker("EGFR x", 2000, 3000)], SETTINGS, rows)
        assert row.status is TumourFractionStatus.NOT_ESTIMABLE

    def test_fusion_markers(self) -> None:
        reciprocal = replace(
            CALL, key="fusion:ALK:EML4", five="ALK", three="EML4", role=FusionRole.RECIPROCAL
        )
        weak = replace(CALL, key="fusion:KIF5B:ALK", five="KIF5B", filters=("molecules",), event="other")
        (found,) = fusion_markers([CALL, reciprocal, weak])
        assert (found.label, found.alt_molecules, found.total_molecules) == ("fusion EML4-ALK", 20, 500)

    @pytest.mark.parametrize(
        ("driver", "reciprocal", "alt"),
        [(226, 29, 29), (30, 25, 30), (25, 40, 25)],
        ids=["gained", "even", "fewer"],
    )
    def test_gained_fusion_is_read_from_its_reciprocal(self, driver: int, reciprocal: int, alt: int) -> None:
        # One intact and one rearranged allele at TF 0.35: 29 of 166 molecules on the reciprocal side, while
        # extra copies of the fused allele raise the driver junction alone.
        calls = [
            replace(CALL, molecules=driver, intact=137),
            replace(CALL, key="r", role=FusionRole.RECIPROCAL, molecules=reciprocal, intact=137),
        ]
        (made,) = fusion_markers(calls)
        found = settle_gain(made, SETTINGS)
        assert (found.alt_molecules, found.total_molecules) == (alt, alt + 137)
        assert found.unaffected == (driver == 226)

    def test_gained_fusion_gives_a_tumour_fraction(self) -> None:
        # The gene is amplified, and the reciprocal junction tells the tumour fraction all the same.
        rows = [copy_number("ALK", 4.9, 4.2, 5.6)]
        gained = fusion(226, 363, reciprocal=(29, 166))
        assert estimate_tumour_fraction([gained], SETTINGS, rows).value == pytest.approx(0.35, rel=0.02)
        spoilt = fusion(226, 363)
        assert estimate_tumour_fraction([spoilt], SETTINGS, rows).value is None


class TestLosses:
    def test_bound(self) -> None:
        # Half of all copies gone: at least half of the genomes are of the tumour.
        assert loss_bound([copy_number("PTEN", 1.0, 0.95, 1.05)]) == pytest.approx(0.45)
        assert loss_bound([copy_number("PTEN", 1.9, 1.7, 2.1)]) == 0.0

    def test_raises_the_lower_end(self) -> None:
        rows = [copy_number("PTEN", 1.2, 1.15, 1.25)]
        row = estimate_tumour_fraction([fusion(750, 3000)], SETTINGS, rows)
        assert row.low == pytest.approx(0.35)
        assert row.markers == ("fusion EML4-ALK", "copy number")

    def test_contradicts_the_markers(self) -> None:
        # A fusion in 1 % of molecules beside a loss that needs 35 %: the fusion is not in all cells.
        rows = [copy_number("PTEN", 1.2, 1.15, 1.25)]
        row = estimate_tumour_fraction([fusion(30, 3000)], SETTINGS, rows)
        assert present(row.low) < 0.05
        assert (row.value, row.high) == pytest.approx((0.35, 1.0))


@pytest.mark.parametrize("truth", [0.005, 0.03, 0.1, 0.4])
@pytest.mark.parametrize("count", [1, 3])
def test_interval_holds_the_truth(truth: float, count: int) -> None:
    """Molecules drawn at the truth, copy states drawn from the settings: 95 % of intervals hold it."""
    choose = np.random.default_rng(17)
    states = SETTINGS.copy_states
    weights = np.array([s.weight for s in states])
    held, rounds = 0, 200
    for _ in range(rounds):
        markers = []
        for i in range(count):
            state = states[choose.choice(len(states), p=weights / weights.sum())]
            vaf = float(expected_vaf(truth, state.mutated, state.total))
            markers.append(marker(f"G{i} x", int(choose.binomial(3000, vaf)), 3000, known=True))
        row = estimate_tumour_fraction(markers, SETTINGS)
        held += present(row.low) <= truth <= present(row.high)
    # Three standard errors below 95 % of 200.
    assert held >= 0.95 * rounds - 3 * np.sqrt(rounds * 0.95 * 0.05)


@pytest.mark.parametrize("truth", [0.01, 0.1])
def test_lower_end_is_conservative(truth: float) -> None:
    """Heterozygous at two copies throughout: the lower end overshoots in at most 2.5 % of samples."""
    choose = np.random.default_rng(23)
    rows = [
        estimate_tumour_fraction([fusion(int(choose.binomial(2000, truth / 2)), 2000, known=True)], SETTINGS)
        for _ in range(300)
    ]
    above = sum(present(row.low) > truth for row in rows)
    assert above <= 300 * 0.025 + 3 * np.sqrt(300 * 0.025)
    assert np.median([row.value for row in rows]) == pytest.approx(truth, rel=0.06)


@pytest.mark.parametrize(("clonal", "subclonal"), [(0.85, 0.1), (0.6, 0.25), (0.4, 0.4)])
def test_interval_holds_the_truth_beside_subclonal_and_unrelated_markers(
    clonal: float, subclonal: float
) -> None:
    """2 to 12 markers: some in a share of the tumour cells, some of one other clone at any VAF."""
    choose = np.random.default_rng(5)
    held, rounds = 0, 100
    for _ in range(rounds):
        truth, kinds = float(np.exp(choose.uniform(np.log(0.01), np.log(0.5)))), np.zeros(1, int)
        while 1 not in kinds:
            shares = [1 - clonal - subclonal, clonal, subclonal]
            kinds = choose.choice(3, size=int(choose.integers(2, 13)), p=shares)
        full, other = float(expected_vaf(truth, 1, 2)), np.exp(choose.uniform(np.log(0.003), np.log(0.3)))
        vafs = [{0: other, 1: full, 2: full * choose.uniform()}[int(kind)] for kind in kinds]
        markers = [marker(f"G{i} x", int(choose.binomial(2000, vaf)), 2000) for i, vaf in enumerate(vafs)]
        row = estimate_tumour_fraction(markers, SETTINGS)
        estimated = row.status is not TumourFractionStatus.NOT_ESTIMABLE
        held += not estimated or present(row.low) <= truth <= present(row.high)
    assert held >= 0.95 * rounds - 3 * np.sqrt(rounds * 0.95 * 0.05)
