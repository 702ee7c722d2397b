"""What a negative excludes, against published figures and a plain binomial model."""

from datetime import date
from typing import Any

import pytest
from golden.build import default_settings

from alktrace.classify.negative import (
    excluded_clone_fraction,
    judge_specimen,
    judge_timepoint,
    largest_if_the_lead_tells,
    not_assessable_loci,
    share_of_cells,
    tumour_copies,
)
from alktrace.classify.window import WindowStatus
from alktrace.evidence.schema import LocusCallability, SpecimenEvidence
from alktrace.vocabulary.resistance import NotEvaluableReason

SETTINGS = default_settings().negative
EXONS = SETTINGS.alk_exons


def hotspot(exon: int, **fields: Any) -> LocusCallability:
    values = {
        "gene": "ALK",
        "locus": f"X{exon}",
        "kind": "alk_hotspot",
        "exon": exon,
        "molecules": 2500,
        "vaf_detectable": 0.0025,
        "status": "not_detected",
    }
    return LocusCallability.model_validate({**values, **fields})


def specimen(low: float | None = 0.08, **fields: Any) -> SpecimenEvidence:
    fraction = (
        {"status": "not_estimable"}
        if low is None
        else {"status": "estimated", "value": low, "low": low, "high": 1.0}
    )
    values = {
        "timepoint": "PD",
        "specimen": "plasma",
        "specimen_type": "plasma",
        "assay": "panel",
        "collected": date(2025, 6, 1),
        "setting": "progression",
        "tumour_fraction": fraction,
        "callability": tuple(hotspot(exon) for exon in EXONS),
    }
    return SpecimenEvidence.model_validate({**values, **fields})


@pytest.mark.parametrize(
    ("vaf", "excluded"),
    [
        pytest.param(0.01045, 2.09, id="600-molecules"),
        pytest.param(0.0063, 1.26, id="1000-molecules"),
        pytest.param(0.0025, 0.50, id="2500-molecules"),
        pytest.param(0.00125, 0.25, id="5000-molecules"),
        pytest.param(0.001, 0.20, id="6300-molecules"),
    ],
)
def test_published_table_at_one_percent_tumour(vaf: float, excluded: float) -> None:
    """Smallest excluded share at TF 1 %, three molecules, 95 % (rules of the field, section d)."""
    assert excluded_clone_fraction(vaf, 0.01) == pytest.approx(excluded, rel=0.01)


@pytest.mark.parametrize("fraction", [0.01, 0.3, 1.0])
@pytest.mark.parametrize("copies", [1.0, 2.0, 5.0])
@pytest.mark.parametrize("share", [0.05, 0.5, 1.0])
def test_share_comes_back_from_counted_genomes(fraction: float, copies: float, share: float) -> None:
    """Count alleles of 10,000 genomes: tumour cells of the clone carry one mutated copy."""
    genomes = 10_000
    tumour = fraction * genomes
    alleles = tumour * copies + (genomes - tumour) * 2
    vaf = share * tumour / alleles
    assert excluded_clone_fraction(vaf, fraction, copies) == pytest.approx(share)


def test_no_tumour_excludes_nothing() -> None:
    with pytest.raises(ValueError, match="excludes nothing"):
        excluded_clone_fraction(0.01, 0.0)


def test_worst_hotspot_counts() -> None:
    loci = [hotspot(exon) for exon in EXONS[:-1]] + [hotspot(EXONS[-1], vaf_detectable=0.004)]
    verdict = judge_specimen(specimen(callability=loci), WindowStatus.INSIDE, SETTINGS)
    assert verdict.excluded == pytest.approx(0.004 * 2 / 0.08)
    assert verdict.worst_locus == f"X{EXONS[-1]}"


def test_hotspots_outside_the_exons_do_not_count() -> None:
    loci = [*(hotspot(exon) for exon in EXONS), hotspot(27, vaf_detectable=0.5)]
    assert judge_specimen(specimen(callability=loci), WindowStatus.INSIDE, SETTINGS).informative


@pytest.mark.parametrize(
    ("fields", "window", "reason"),
    [
        pytest.param({}, WindowStatus.OUTSIDE, NotEvaluableReason.OUTSIDE_WINDOW, id="window"),
        pytest.param({"verdict": "fail"}, WindowStatus.INSIDE, NotEvaluableReason.POWER_LOW, id="qc"),
        pytest.param(
            {"callability": ()}, WindowStatus.INSIDE, NotEvaluableReason.CALLABILITY_UNKNOWN, id="none"
        ),
        pytest.param(
            {"callability_known": False},
            WindowStatus.INSIDE,
            NotEvaluableReason.CALLABILITY_UNKNOWN,
            id="not-stated",
        ),
        pytest.param(
            {"identity": "conflict"}, WindowStatus.INSIDE, NotEvaluableReason.IDENTITY_CONFLICT, id="id"
        ),
        pytest.param({"problems": ("empty",)}, WindowStatus.INSIDE, NotEvaluableReason.NO_DATA, id="empty"),
        pytest.param(
            {"callability": tuple(hotspot(exon) for exon in EXONS[1:])},
            WindowStatus.INSIDE,
            NotEvaluableReason.ALK_NOT_COVERED,
            id="exon-missing",
        ),
        pytest.param(
            {"callability": tuple(hotspot(exon, molecules=0) for exon in EXONS)},
            WindowStatus.INSIDE,
            NotEvaluableReason.ALK_NOT_COVERED,
            id="no-molecules",
        ),
        pytest.param(
            {"callability": tuple(hotspot(exon, vaf_detectable=None) for exon in EXONS)},
            WindowStatus.INSIDE,
            NotEvaluableReason.ALK_NOT_COVERED,
            id="no-limit",
        ),
    ],
)
def test_one_reason(fields: dict[str, Any], window: WindowStatus, reason: NotEvaluableReason) -> None:
    verdict = judge_specimen(specimen(**fields), window, SETTINGS)
    assert not verdict.informative
    assert verdict.reasons == (reason,)


@pytest.mark.parametrize("window", [WindowStatus.INSIDE, WindowStatus.UNKNOWN, WindowStatus.NOT_APPLICABLE])
def test_unknown_dates_leave_a_negative_informative(window: WindowStatus) -> None:
    assert judge_specimen(specimen(), window, SETTINGS).informative


@pytest.mark.parametrize(("low", "informative"), [(0.01, True), (0.0099, False), (0.0, False), (None, False)])
def test_tumour_fraction_at_its_threshold(low: float | None, informative: bool) -> None:
    deep = tuple(hotspot(exon, vaf_detectable=0.0001) for exon in EXONS)
    verdict = judge_specimen(specimen(low, callability=deep), WindowStatus.INSIDE, SETTINGS)
    assert verdict.informative is informative


def test_best_specimen_counts_and_reasons_vanish() -> None:
    good = judge_specimen(specimen(), WindowStatus.INSIDE, SETTINGS)
    bad = judge_specimen(specimen(None, specimen="csf"), WindowStatus.INSIDE, SETTINGS)
    both = judge_timepoint([bad, good])
    assert (both.informative, both.best_specimen, both.reasons) == (True, "PD.plasma", ())


def test_where_none_counts_the_one_that_states_a_share_goes_before() -> None:
    """Half of the tumour cells is little, and more than nothing at all."""
    half = judge_specimen(specimen(0.01), WindowStatus.INSIDE, SETTINGS)
    unknown = judge_specimen(specimen(None, specimen="csf"), WindowStatus.INSIDE, SETTINGS)
    both = judge_timepoint([unknown, half])
    assert (both.informative, both.best_specimen, both.excluded) == (False, "PD.plasma", 0.5)


def test_no_specimen_is_no_data() -> None:
    assert judge_timepoint([]).reasons == (NotEvaluableReason.NO_DATA,)


def copies(gene: str = "ALK", **fields: Any) -> dict[str, Any]:
    counted = {"copy_number": 2.1, "copy_number_low": 2.0, "copy_number_high": 2.2}
    return {"gene": gene, **counted, "focal": "yes", "call": "neutral", **fields}


@pytest.mark.parametrize(("number", "expected"), [(4.0, 4.0), (1.0, 1.0), (None, 2.0), (0.0, 2.0)])
def test_copy_number_is_that_of_the_tumour(number: float | None, expected: float) -> None:
    """Without a number, or without any copy that could be mutated, two are assumed."""
    told = copies(tumour_copy_number=number), copies("MET", tumour_copy_number=9.0)
    assert tumour_copies(specimen(copy_number=told)) == expected
    assert tumour_copies(specimen()) == 2.0


def test_what_was_found_was_seen_whatever_the_limits() -> None:
    """A report calls MET amplified and states no limit; of ERBB2 it says neither."""
    told = copies("MET", call="amplification"), copies("ERBB2")
    assert not_assessable_loci([specimen(copy_number=told)], SETTINGS, ("MET", "ERBB2")) == (
        "ERBB2 copy_number",
    )


def test_introns_need_no_vaf_limit() -> None:
    """Of fusions no VAF that would show is stated; hotspots without one are holes."""
    loci = (
        hotspot(20, gene="RET", locus="intron 11", kind="fusion_intron", vaf_detectable=None),
        hotspot(2, gene="KRAS", locus="G12", kind="bypass_hotspot", vaf_detectable=None),
    )
    assert not_assessable_loci([specimen(callability=loci)], SETTINGS, ("MET",)) == ("KRAS G12",)


def test_a_locus_seen_in_one_specimen_is_assessable() -> None:
    hole = hotspot(23, status="not_assessable", vaf_detectable=None)
    plasma = specimen(callability=(hole,))
    tissue = specimen(specimen="tissue", callability=(hotspot(23),))
    assert not_assessable_loci([plasma], SETTINGS, ("ALK", "MET")) == ("ALK X23",)
    assert not_assessable_loci([plasma, tissue], SETTINGS, ("ALK", "MET")) == ()


def test_not_targeted_yields_to_not_assessable() -> None:
    """One assay leaves the locus out, the other looked and could not see: the second is the news."""
    left_out = specimen(callability=(hotspot(23, status="not_targeted", vaf_detectable=None),))
    blind = specimen(
        specimen="tissue", callability=(hotspot(23, status="not_assessable", vaf_detectable=None),)
    )
    assert not_assessable_loci([left_out], SETTINGS, ("ALK", "MET")) == ("ALK X23 (not_targeted)",)
    assert not_assessable_loci([left_out, blind], SETTINGS, ("ALK", "MET")) == ("ALK X23",)


@pytest.mark.parametrize(
    ("vaf", "fraction", "expected"),
    [(0.025, 0.1, 0.5), (0.06, 0.1, 1.0), (None, 0.1, None), (0.025, None, None), (0.025, 0.0, None)],
)
def test_share_of_the_tumour_cells(vaf: float | None, fraction: float | None, expected: float | None) -> None:
    """One of two copies: twice the VAF by the tumour fraction, and never more than all cells."""
    assert share_of_cells(vaf, fraction, specimen(), "ALK") == expected


@pytest.mark.parametrize(
    ("shares", "largest"), [((0.1, 0.3, None), 0.3), ((None, 0.3), None), ((0.2,), 0.2), ((0.2, 0.1), 0.2)]
)
def test_the_leading_specimen_must_tell(shares: tuple[float | None, ...], largest: float | None) -> None:
    assert largest_if_the_lead_tells(shares) == largest
