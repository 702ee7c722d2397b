"""What the structural figures of a patient draw: nothing that is not known."""

from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest
from patient_pages import words_in
from present_values import present

from alktrace.evidence.schema import Alteration, GeneCopyNumber, Observation
from alktrace.knowledge.entries import ProteinDomain
from alktrace.reference.gene_models import Exon, GeneModels, Transcript
from alktrace.report.figures.structural_figures import (
    Figure,
    draw_copy_number,
    draw_fusions,
)
from alktrace.structural.copy_number.copy_number_table import RatioRow
from alktrace.vocabulary.changes import Consequence, Origin, VariantType
from alktrace.vocabulary.copies import CopyNumberCall, Focality
from alktrace.vocabulary.detection import Detection, ObservationSource
from alktrace.vocabulary.marks import Mark

WORDS = words_in()


def parsed(figure: Figure | None) -> ElementTree.Element:
    return ElementTree.fromstring(present(figure).svg)


def words(figure: Figure | None) -> list[str]:
    return ["".join(item.itertext()) for item in parsed(figure).iter("text")]


def dots(figure: Figure | None) -> list[tuple[float, float]]:
    return [(float(item.attrib["cx"]), float(item.attrib["cy"])) for item in parsed(figure).iter("circle")]


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
        figure = draw_copy_number("PD plasma", self.ROWS, [gene("EGFR", 2.0), gene("MET", 4.0)], WORDS)
        places = dots(figure)
        assert len(places) == 7
        assert len({y for _, y in places[:4]}) == 1
        assert places[0][1] > places[4][1], "more copies stand higher"

    def test_called_genes_are_coloured_and_named(self) -> None:
        figure = draw_copy_number(
            "PD plasma",
            self.ROWS,
            [gene("EGFR", 2.0), gene("MET", 4.0, CopyNumberCall.AMPLIFICATION)],
            WORDS,
        )
        fills = [item.get("fill") for item in parsed(figure).iter("circle")]
        assert len(set(fills[:4])) == 1
        assert fills[4] not in fills[:4]
        assert {"EGFR", "MET"} <= set(words(figure))

    def test_the_caption_names_what_was_called(self) -> None:
        called = draw_copy_number("x", self.ROWS, [gene("MET", 4.0, CopyNumberCall.AMPLIFICATION)], WORDS)
        assert present(called).caption.startswith("Called: MET amplification.")
        silent = draw_copy_number("x", self.ROWS, [gene("EGFR", 2.0)], WORDS)
        assert "No copy-number change was called" in present(silent).caption

    def test_chromosomes_are_named(self) -> None:
        rows = [*self.ROWS, *(ratio(i, "ALK", 0.0, chrom="chr2") for i in range(5))]
        assert {"7", "2"} <= set(words(draw_copy_number("x", rows, [], WORDS)))

    def test_values_beyond_the_axis_stay_on_it(self) -> None:
        figure = draw_copy_number(
            "x", [ratio(0, "MET", -5.0), ratio(1, "MET", 9.0)], [gene("MET", 0.0)], WORDS
        )
        (_, low), (_, high) = dots(figure)
        assert 60 < high < low < 260

    def test_a_sample_without_bins_has_none(self) -> None:
        assert draw_copy_number("x", [], [], WORDS) is None


def transcript(name: str, exons: int) -> Transcript:
    spans = tuple(Exon(i, 1000 * i, 1000 * i + 100) for i in range(1, exons + 1))
    return Transcript(name, f"T_{name}", "chr2", "+", spans, 1000, 1000 * exons + 100)


EXONS = {"EML4": 23, "ALK": 29, "KIF5B": 25}
MODELS = GeneModels({name: transcript(name, exons) for name, exons in EXONS.items()})


DOMAINS = (
    ProteinDomain("trimerization_domain", "EML4", 6, 64, "a paper", Mark.VERIFIED),
    ProteinDomain("kinase_domain", "ALK", 700, 900, "a catalogue", Mark.CITED),
)


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
    return draw_fusions(alterations, [], MODELS, DOMAINS, WORDS)


class TestBreakpoints:
    def test_the_kept_exons_are_filled(self) -> None:
        (figure,) = views(fusion())
        boxes = [item.get("fill") for item in parsed(figure).iter("rect")]
        # Exons 10 to 17 of EML4, 16 to 23 of ALK, then both parts of the protein with two domains.
        filled = [True] * 4 + [False] * 8 + [True] * 6 + [False] * 2
        assert [fill != "#ffffff" for fill in boxes] == filled
        shown = [int(word) for word in words(figure) if word.isdigit()]
        assert shown == [*range(10, 18), *range(16, 24)]
        # 13 exons of 100 bases, and 1,900 bases before exon 20 of 2,900.
        assert {"EML4 1–433", "ALK 634–965", "chr2:42299750", "chr2:29223741"} <= set(words(figure))
        assert figure.caption.startswith("In frame. Seen in PD plasma (20 of 400 molecules).")

    def test_a_junction_near_the_end_of_a_gene(self) -> None:
        (figure,) = views(fusion(junction="E2;A29"))
        assert [int(word) for word in words(figure) if word.isdigit()] == [*range(1, 7), *range(25, 30)]

    def test_the_other_half_is_a_footnote(self) -> None:
        drawn = draw_fusions([fusion()], ["ALK-EML4 A19;E14"], MODELS, DOMAINS, WORDS)
        (figure,) = drawn
        assert figure.title == "EML4-ALK E13;A20 (v1)"
        assert figure.caption.endswith("Also seen, without a kinase of its own: ALK-EML4 A19;E14.")

    def test_domains_lie_where_their_residues_do(self) -> None:
        """The protein has 433 residues of EML4 and 332 of ALK, 610 pixels in all."""
        (figure,) = views(fusion())
        unit = 610 / (433 + 332)
        white = [item.attrib for item in parsed(figure).iter("rect") if item.get("height") == "18.0"]
        (trimer, kinase) = [(float(one["x"]), float(one["width"])) for one in white]
        assert trimer == pytest.approx((130 + 5 * unit, 59 * unit), abs=0.1)
        assert kinase == pytest.approx((130 + (433 + 700 - 634) * unit, 201 * unit), abs=0.1)
        assert "kinase of ALK (700–900, cited: a catalogue)" in figure.caption
        assert "trimerisation of EML4 (6–64, verified: a paper)" in figure.caption

    def test_domains_that_are_lost_or_not_known_are_said(self) -> None:
        """An early junction leaves none of a late domain; nobody told us of any domain of KIF5B."""
        (figure,) = views(fusion(junction="E1;A20"))
        assert "The trimerisation domain of EML4 is not whole in the fusion." in figure.caption
        (other,) = views(fusion(key="fusion:KIF5B:ALK", partner="KIF5B"))
        assert "No domain of KIF5B stands in the knowledge tables." in other.caption

    @pytest.mark.parametrize(
        "given",
        [
            {"junction": None},
            {"key": "fusion:GENE1:ALK", "partner": "GENE1"},
        ],
        ids=["exons-unknown", "gene-without-model"],
    )
    def test_what_is_not_known_is_not_drawn(self, given: dict[str, str | None]) -> None:
        assert views(fusion(**given)) == []

    def test_a_reported_fusion_has_no_places(self) -> None:
        (figure,) = views(fusion(position_grch38=None, observations=(reported(),)))
        assert not any("chr2" in word for word in words(figure))
        assert "Molecules are not reported" in figure.caption


def reported() -> Observation:
    return Observation(
        timepoint="PD", specimen="report", detection=Detection.DETECTED, source=ObservationSource.REPORTED
    )


def test_names_from_tables_cannot_break_the_page() -> None:
    rows = [replace(ratio(0, "<b>&", 0.0))]
    assert "<b>&" in words(draw_copy_number("<script>", rows, [gene("<b>&", 2.0)], WORDS))
