"""What the figures of a patient draw: places follow from numbers, nothing is drawn that is not known."""

import datetime as dt
import re
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest
from present_values import present

from alktrace.evidence.schema import Alteration, GeneCopyNumber, Observation
from alktrace.reference.gene_models import Exon, GeneModels, Transcript
from alktrace.report.figures.structural_figures import (
    Figure,
    draw_breakpoints,
    draw_copy_number,
    draw_tumour_fraction,
)
from alktrace.structural.copy_number.copy_number_table import RatioRow
from alktrace.structural.tumour_fraction_table import SampleTumourFractionRow
from alktrace.vocabulary.changes import Consequence, Origin, VariantType
from alktrace.vocabulary.copies import CopyNumberCall, Focality, TumourFractionStatus
from alktrace.vocabulary.detection import Detection, ObservationSource
from alktrace.vocabulary.samples import SpecimenType

ESTIMATED, NOT = TumourFractionStatus.ESTIMATED, TumourFractionStatus.NOT_ESTIMABLE


def parsed(figure: Figure | None) -> ElementTree.Element:
    return ElementTree.fromstring(present(figure).svg)


def words(figure: Figure | None) -> list[str]:
    return ["".join(item.itertext()) for item in parsed(figure).iter("text")]


def dots(figure: Figure | None) -> list[tuple[float, float]]:
    return [(float(item.attrib["cx"]), float(item.attrib["cy"])) for item in parsed(figure).iter("circle")]


def fraction(
    day: int,
    value: float | None,
    low: float | None = None,
    high: float | None = None,
    kind: SpecimenType = SpecimenType.PLASMA,
) -> SampleTumourFractionRow:
    status = NOT if value is None else ESTIMATED
    return SampleTumourFractionRow(
        f"T{day}", kind.value, kind, dt.date(2024, 1, day), status, value, low, high, 1, ("fusion EML4-ALK",)
    )


class TestTumourFraction:
    def test_heights_and_days_are_to_scale(self) -> None:
        rows = [fraction(1, 0.1, 0.05, 0.2), fraction(11, 0.2, 0.1, 0.4), fraction(21, 0.4, 0.3, 0.4)]
        (x1, y1), (x2, y2), (x3, y3) = dots(draw_tumour_fraction(rows))
        assert x3 - x2 == pytest.approx(x2 - x1, abs=0.2)
        assert (y2 - y3) == pytest.approx(2 * (y1 - y2), abs=0.3)

    def test_the_interval_is_drawn(self) -> None:
        figure = draw_tumour_fraction([fraction(1, 0.2, 0.1, 0.4)])
        (_, middle), (low, high) = dots(figure)[0], interval(figure)
        assert (low - high) == pytest.approx(3 * (low - middle), abs=0.3)

    def test_what_could_not_be_estimated_is_a_question_mark(self) -> None:
        figure = draw_tumour_fraction([fraction(1, 0.2, 0.1, 0.3), fraction(9, None)])
        assert len(dots(figure)) == 1
        assert "?" in words(figure)

    def test_nothing_known_is_no_figure(self) -> None:
        assert draw_tumour_fraction([fraction(1, None)]) is None
        assert draw_tumour_fraction([]) is None

    def test_samples_of_one_day_stand_apart(self) -> None:
        rows = [fraction(1, 0.2, 0.1, 0.3), fraction(1, 0.2, 0.1, 0.3, kind=SpecimenType.CSF)]
        (x1, _), (x2, _) = dots(draw_tumour_fraction(rows))
        assert x1 != x2


def interval(figure: Figure | None) -> tuple[float, float]:
    """Ends of the only thick vertical line."""
    (path,) = [item.attrib["d"] for item in parsed(figure).iter("path") if item.get("stroke-width") == "2"]
    numbers = [float(number) for number in re.findall(r"[\d.]+", path)]
    return numbers[1], numbers[3]


def ratio(i: int, gene: str, log2: float, chrom: str = "chr7") -> RatioRow:
    return RatioRow(chrom, i, i + 1, gene, log2, 1.0)


def gene(
    name: str, copies: float, call: CopyNumberCall = CopyNumberCall.NEUTRAL, visible: float | None = 4.0
) -> GeneCopyNumber:
    return GeneCopyNumber(
        gene=name, copy_number=copies, copy_number_low=copies, copy_number_high=copies, focal=Focality.YES,
        call=call, smallest_visible_cn=visible,
    )  # fmt: skip


class TestCopyNumber:
    ROWS = tuple(ratio(i, "EGFR", 0.0) for i in range(4)) + tuple(ratio(i, "MET", 1.0) for i in range(9, 12))

    def test_every_bin_is_drawn_where_it_is(self) -> None:
        figure = draw_copy_number("PD plasma", self.ROWS, [gene("EGFR", 2.0), gene("MET", 4.0)])
        places = dots(figure)
        assert len(places) == 7
        assert len({y for _, y in places[:4]}) == 1
        assert places[0][1] > places[4][1], "more copies stand higher"

    def test_called_genes_are_coloured_and_named(self) -> None:
        figure = draw_copy_number(
            "PD plasma", self.ROWS, [gene("EGFR", 2.0), gene("MET", 4.0, CopyNumberCall.AMPLIFICATION)]
        )
        fills = [item.get("fill") for item in parsed(figure).iter("circle")]
        assert len(set(fills[:4])) == 1
        assert fills[4] not in fills[:4]
        assert {"EGFR", "MET"} <= set(words(figure))

    def test_the_caption_says_what_would_have_been_visible(self) -> None:
        told = draw_copy_number(
            "x", self.ROWS, [gene("EGFR", 2.0, visible=7.25), gene("MET", 4.0, visible=4e3)]
        )
        assert "EGFR 7.25, MET above 100." in present(told).caption
        untold = draw_copy_number("x", self.ROWS, [gene("EGFR", 2.0, visible=None)])
        assert "Without a tumour fraction" in present(untold).caption

    def test_values_beyond_the_axis_stay_on_it(self) -> None:
        figure = draw_copy_number("x", [ratio(0, "MET", -5.0), ratio(1, "MET", 9.0)], [gene("MET", 0.0)])
        (_, low), (_, high) = dots(figure)
        assert 60 < high < low < 255

    def test_a_sample_without_bins_has_none(self) -> None:
        assert draw_copy_number("x", [], []) is None


def transcript(name: str, exons: int) -> Transcript:
    spans = tuple(Exon(i, 1000 * i, 1000 * i + 100) for i in range(1, exons + 1))
    return Transcript(name, f"T_{name}", "chr2", "+", spans, 1000, 1000 * exons + 100)


MODELS = GeneModels({"EML4": transcript("EML4", 23), "ALK": transcript("ALK", 29)})


def fusion(**given: Any) -> Alteration:
    seen = Observation(
        timepoint="PD", specimen="plasma", detection=Detection.DETECTED, source=ObservationSource.CALLED,
        alt_molecules=20, total_molecules=400,
    )  # fmt: skip
    told = {
        "key": "fusion:EML4:ALK", "gene": "ALK", "partner": "EML4", "variant_type": VariantType.FUSION,
        "alteration": "EML4-ALK E13;A20 (v1)", "consequence": Consequence.FUSION, "junction": "E13;A20",
        "in_frame": True, "position_grch38": "chr2:29223741T>T]chr2:42299750]", "origin": Origin.SOMATIC,
        "observations": (seen,),
    }  # fmt: skip
    return Alteration.model_validate(told | given)


def views(*alterations: Alteration) -> list[Figure]:
    return draw_breakpoints(alterations, MODELS)


class TestBreakpoints:
    def test_the_kept_exons_are_filled(self) -> None:
        (figure,) = views(fusion())
        boxes = [item.get("fill") for item in parsed(figure).iter("rect")]
        # Exons 10 to 17 of EML4, 16 to 23 of ALK, then both parts of the fusion.
        assert [fill != "#ffffff" for fill in boxes] == [True] * 4 + [False] * 8 + [True] * 6
        shown = [int(word) for word in words(figure) if word.isdigit()]
        assert shown == [*range(10, 18), *range(16, 24)]
        assert {"EML4 exons 1–13", "ALK exons 20–29", "chr2:42299750", "chr2:29223741"} <= set(words(figure))
        assert "In frame. PD plasma: 20 of 400 molecules." in figure.caption

    def test_a_junction_near_the_end_of_a_gene(self) -> None:
        (figure,) = views(fusion(junction="E2;A29"))
        assert [int(word) for word in words(figure) if word.isdigit()] == [*range(1, 7), *range(25, 30)]

    def test_the_driver_comes_before_the_other_half(self) -> None:
        other = fusion(
            key="fusion:ALK:EML4",
            alteration="ALK-EML4 A19;E14",
            junction="A19;E14",
            flags=("reciprocal_junction",),
        )
        assert [figure.title for figure in views(other, fusion())] == [
            "Breakpoints: EML4-ALK E13;A20 (v1)",
            "Breakpoints: ALK-EML4 A19;E14",
        ]

    @pytest.mark.parametrize(
        "given",
        [
            {"junction": None},
            {"key": "fusion:GENE1:ALK", "partner": "GENE1"},
            {"observations": ()},
            {"variant_type": VariantType.SNV},
        ],
        ids=["exons-unknown", "gene-without-model", "not-detected", "no-fusion"],
    )
    def test_what_is_not_known_is_not_drawn(
        self, given: dict[str, VariantType | str | tuple[()] | None]
    ) -> None:
        assert views(fusion(**given)) == []

    def test_a_reported_fusion_has_no_places(self) -> None:
        (figure,) = views(fusion(position_grch38=None, observations=(reported(),)))
        assert not any("chr2" in word for word in words(figure))
        assert "Molecules not reported" in figure.caption


def reported() -> Observation:
    return Observation(
        timepoint="PD", specimen="report", detection=Detection.DETECTED, source=ObservationSource.REPORTED
    )


def test_names_from_tables_cannot_break_the_page() -> None:
    rows = [replace(ratio(0, "<b>&", 0.0))]
    assert "<b>&" in words(draw_copy_number("<script>", rows, [gene("<b>&", 2.0)]))
