"""Course, ALK strip and phase of a patient: places follow from numbers, what is not known is not drawn."""

import datetime as dt
import re
from typing import Any
from xml.etree import ElementTree

import pytest
from golden.build import evidence
from patient_pages import CASES, COMPOUND, EN, data_of, with_clinic, words_in
from present_values import present

from alktrace.evidence.schema import Alteration, Observation, PatientEvidence
from alktrace.reference.gene_models import Exon, Transcript
from alktrace.report.figures.alk_strip import draw_alk_strip
from alktrace.report.figures.patient_timeline import draw_timeline
from alktrace.report.figures.phase_bars import draw_phase, phase_sentence
from alktrace.report.figures.structural_figures import Figure
from alktrace.report.svg import apart
from alktrace.vocabulary.detection import Detection, ObservationSource

WORDS = words_in(EN)
KINASE = (1116, 1392)


def parsed(figure: Figure | None) -> ElementTree.Element:
    return ElementTree.fromstring(present(figure).svg)


def texts(figure: Figure | None) -> list[str]:
    return ["".join(item.itertext()) for item in parsed(figure).iter("text")]


def heights(figure: Figure | None) -> list[float]:
    return [float(item.attrib["cy"]) for item in parsed(figure).iter("circle")]


def seen(timepoint: str, detection: Detection = Detection.DETECTED, **values: Any) -> Observation:
    source = ObservationSource.CALLED
    return Observation(timepoint=timepoint, specimen="plasma", detection=detection, source=source, **values)


def g1202r(*observations: Observation) -> Alteration:
    return Alteration.model_validate(
        {
            "key": "chr2:29220747:C:T", "gene": "ALK", "variant_type": "snv", "alteration": "G1202R",
            "consequence": "missense", "codon": 1202, "origin": "somatic", "observations": observations,
        }
    )  # fmt: skip


def two_samples() -> PatientEvidence:
    case = evidence(CASES[COMPOUND])
    (first, *_) = case.specimens
    early = first.model_copy(
        update={"timepoint": "BL", "collected": first.collected - dt.timedelta(days=300)}
    )
    return case.model_copy(update={"specimens": (early, first)})


# --- course ---------------------------------------------------------------------------------------


def test_vafs_stand_on_a_log_scale() -> None:
    """From 0.1 to 1 % as far as from 1 to 10 %."""
    points = [seen("BL", vaf=0.001), seen("PD", vaf=0.01), seen("PD", vaf=0.1)]
    first, second, third = heights(draw_timeline(two_samples(), None, [g1202r(*points)], WORDS))
    assert first - second == pytest.approx(second - third, abs=0.2)


def test_what_was_not_seen_stands_open_at_its_limit() -> None:
    limit = seen("BL", Detection.NOT_DETECTED, vaf_detectable=0.01)
    figure = draw_timeline(two_samples(), None, [g1202r(limit, seen("PD", vaf=0.01))], WORDS)
    (dot,) = heights(figure)
    triangles = [
        item.attrib["d"] for item in parsed(figure).iter("path") if item.get("stroke-width") == "1.5"
    ]
    (base, top) = sorted({float(y) for y in re.findall(r"[\d.]+ ([\d.]+)", triangles[0])})
    assert (base + top) / 2 == pytest.approx(dot, abs=0.2)


def test_a_sample_that_could_not_tell_draws_nothing() -> None:
    blind = g1202r(seen("BL", Detection.NOT_ASSESSABLE), seen("PD", Detection.NOT_TARGETED))
    figure = draw_timeline(two_samples(), None, [blind], WORDS)
    assert heights(figure) == []
    assert "No tracked alteration was detected in 2 samples." in present(figure).svg


def test_below_the_rule_is_an_open_dot() -> None:
    figure = draw_timeline(
        two_samples(), None, [g1202r(seen("PD", Detection.SUBTHRESHOLD, vaf=0.001))], WORDS
    )
    (dot,) = parsed(figure).iter("circle")
    assert dot.get("fill") == "#ffffff"


def test_the_clinic_is_drawn_with_its_lines() -> None:
    words = texts(draw_timeline(two_samples(), with_clinic(), [], WORDS))
    assert {"line 1", "line 2", "lorlatinib", "pemetrexed + carboplatin", "PR", "PD, systemic"} <= set(words)


def test_the_figure_says_its_result() -> None:
    figure = draw_timeline(
        two_samples(), None, [g1202r(seen("PD", vaf=0.02, vaf_low=0.01, vaf_high=0.03))], WORDS
    )
    (says,) = parsed(figure).iter("desc")
    assert says.text == "ALK G1202R: PD plasma 2 % (1–3 %)."


# --- ALK strip ------------------------------------------------------------------------------------


def alk() -> Transcript:
    """Exons of 300 bases: 100 codons each, the first 10 before the strip."""
    exons = tuple(Exon(number, 1000 * number, 1000 * number + 300) for number in range(1, 30))
    return Transcript("ALK", "T", "chr2", "+", exons, 1000, 29_300)


def strip(
    specimen: Any, alterations: list[Alteration], pairs: list[dict[str, Any]], transcript: Any = None
) -> Figure:
    return draw_alk_strip(specimen, alterations, pairs, transcript, KINASE, WORDS)


def pair(phase: str, reason: str) -> dict[str, Any]:
    keys = ["chr2:29220747:C:T", "chr2:29220765:G:T"]
    return {"alterations": keys, "phase": phase, "reason": reason}


def pages_pair() -> list[Alteration]:
    other = g1202r(seen("PD", vaf=0.1)).model_copy(
        update={"key": "chr2:29220765:G:T", "alteration": "L1196M", "codon": 1196}
    )
    return [g1202r(seen("PD", vaf=0.1)), other]


@pytest.mark.parametrize(
    ("phase", "reason", "word", "dash"),
    [
        ("CIS", "doubles_proven", "in cis", None),
        ("CIS_AND_SINGLE", "doubles_proven", "in cis, and alone", None),
        ("TRANS", "no_double", "in trans", "7 4"),
        ("UNRESOLVED", "not_spannable", "not spannable", "2 4"),
        ("UNRESOLVED", "too_few_molecules", "phase open", "2 4"),
    ],
)
def test_a_bow_tells_the_phase(phase: str, reason: str, word: str, dash: str | None) -> None:
    (specimen,) = two_samples().specimens[1:]
    figure = strip(specimen, pages_pair(), [pair(phase, reason)])
    assert word in texts(figure)
    (bow,) = [item for item in parsed(figure).iter("path") if "Q" in item.attrib["d"]]
    assert bow.get("stroke-dasharray") == dash


def test_a_mutation_of_another_sample_is_not_on_its_strip() -> None:
    early, late = two_samples().specimens
    mutation = g1202r(seen("PD", vaf=0.1))
    assert "G1202R" in texts(strip(late, [mutation], []))
    figure = strip(early, [mutation], [])
    assert "G1202R" not in texts(figure) and "No ALK mutation was called" in figure.caption


def test_exons_are_named_and_those_with_the_hotspots_are_wider() -> None:
    (specimen,) = two_samples().specimens[1:]
    figure = strip(specimen, [], [], alk())
    boxes = {
        text: float(box.attrib["width"])
        for text, box in zip(
            texts(figure)[5:15],
            [b for b in parsed(figure).iter("rect") if b.get("fill") == "#dfe5ea"],
            strict=True,
        )
    }
    assert list(boxes) == [str(number) for number in range(20, 30)]
    assert boxes["23"] == pytest.approx(4 * boxes["27"], rel=0.05)


def test_a_codon_that_could_not_be_assessed_is_marked() -> None:
    (specimen,) = two_samples().specimens[1:]
    first, *others = specimen.callability
    hole = first.model_copy(update={"status": Detection.NOT_ASSESSABLE, "vaf_detectable": None})
    blind = specimen.model_copy(update={"callability": (hole, *others)})

    def marked(item: Any) -> int:
        return sum(box.get("fill") == "#f6d9cc" for box in parsed(strip(item, [], [])).iter("rect"))

    assert (marked(specimen), marked(blind)) == (0, 1)


# --- phase ----------------------------------------------------------------------------------------


def phase_of(case: str) -> dict[str, Any]:
    (found,) = data_of(evidence(CASES[case])).details[-1]["phase"]["pairs"]
    return dict(found)


def test_bars_have_the_counts() -> None:
    told = phase_of("compound_inside_a_parental_clone")
    figure = draw_phase([told], "PD", WORDS)
    shown = [int(word) for word in texts(figure) if word.isdigit()]
    assert shown == [told["doubles"], *told["singles"]]
    assert f"{told['doubles']} molecules carry both" in present(figure).caption


def test_a_pair_that_nothing_spans_has_a_sentence_and_no_bar() -> None:
    told = phase_of("no_fragment_spans_exon_22_and_23")
    assert draw_phase([told], "PD", WORDS) is None
    assert phase_sentence(told, WORDS).startswith("F1174L and I1171N: phase unresolved. No fragment spans")


def test_trans_states_the_share_that_stays_possible() -> None:
    assert "is not excluded" in phase_sentence(phase_of("trans_with_bound"), WORDS)


@pytest.mark.parametrize(
    ("given", "moved"),
    [
        ([10.0, 50.0], [10.0, 50.0]),
        ([10.0, 12.0], [10.0, 24.0]),
        ([12.0, 10.0], [24.0, 10.0]),
        ([95.0, 98.0], [86.0, 100.0]),
        ([], []),
    ],
)
def test_labels_stand_apart_within_bounds(given: list[float], moved: list[float]) -> None:
    assert apart(given, 14, 0, 100) == moved
