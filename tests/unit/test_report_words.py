"""Numbers and codes in the words of a reader."""

from pathlib import Path
from typing import Any

import pytest

from alktrace.classify.phase import PhaseEvidence, PhaseReason
from alktrace.classify.resistance_table import ResistanceRow
from alktrace.evidence.schema import Observation, TumourFraction
from alktrace.inputs.knowledge_files import KnowledgeFiles
from alktrace.io.tables import header
from alktrace.knowledge.load import load_knowledge
from alktrace.report import words
from alktrace.vocabulary.caveats import Caveat, CaveatCode
from alktrace.vocabulary.copies import TumourFractionStatus
from alktrace.vocabulary.detection import Detection, ObservationSource
from alktrace.vocabulary.negatives import Exclusion, ExclusionStatus, NegativeKind
from alktrace.vocabulary.resistance import Classification, Confidence, Timing
from alktrace.vocabulary.samples import Setting


def row(**values: Any) -> ResistanceRow:
    lists: tuple[str, ...] = (
        "specimens",
        "phase_partner",
        "not_evaluable_reason",
        "not_assessable",
        "resistant_to",
    )
    lists += ("sensitive_to", "evidence", "criteria", "flags")
    given = {
        **dict.fromkeys(header(ResistanceRow)),
        **dict.fromkeys(lists, ()),
        "patient": "P1",
        "timepoint": "PD",
        "setting": Setting.PROGRESSION,
        "classification": Classification.ON_TARGET_SINGLE,
        "confidence": Confidence.CANDIDATE,
        "timing": Timing.ACQUIRED,
    }
    return ResistanceRow(**{**given, **values})


def seen(detection: Detection, **values: Any) -> Observation:
    source = values.pop("source", ObservationSource.CALLED)
    return Observation(timepoint="PD", specimen="plasma", detection=detection, source=source, **values)


COUNTED = {
    "alt_molecules": 8,
    "total_molecules": 1900,
    "vaf": 8 / 1900,
    "vaf_low": 0.00182,
    "vaf_high": 0.00828,
}


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0 %"),
        (1.0, "100 %"),
        (0.5, "50 %"),
        (0.0042, "0.42 %"),
        (0.00421, "0.42 %"),
        (0.126, "13 %"),
        (0.994, "99 %"),
        (0.9949, "99 %"),
        (0.9951, "99.5 %"),
        (0.999999, "99.9 %"),
        (0.00004, "0.004 %"),
    ],
)
def test_percent(share: float, text: str) -> None:
    assert words.percent(share) == text


@pytest.mark.parametrize(
    ("value", "low", "high", "text"),
    [
        (0.0042, 0.002, 0.0078, "0.42 % (0.2–0.78 %)"),
        (0.0, 0.0, 0.0019, "0 % (0–0.19 %)"),
        (0.5, None, None, "50 %"),
        (0.5, 0.4, None, "50 %"),
        (None, 0.1, 0.2, "–"),
    ],
)
def test_interval(value: float | None, low: float | None, high: float | None, text: str) -> None:
    assert words.interval(value, low, high) == text


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({**COUNTED, "duplex_alt": 3}, "8 of 1900, 3 duplex; 0.42 % (0.18–0.83 %)"),
        ({**COUNTED, "duplex_alt": 0}, "8 of 1900; 0.42 % (0.18–0.83 %)"),
        ({**COUNTED, "copy_number": 9.0}, "8 of 1900; 0.42 % (0.18–0.83 %)"),
        ({"copy_number": 7.456}, "copy number 7.46"),
        ({"vaf": 0.012}, "reported VAF 1.2 %"),
        ({"alt_molecules": 8, "vaf": 0.012}, "reported VAF 1.2 %"),
        ({}, "–"),
    ],
    ids=["duplex", "no-duplex", "molecules-first", "copies", "reported", "no-total", "nothing"],
)
def test_molecules(values: Any, text: str) -> None:
    assert words.molecules(row(**values)) == text


@pytest.mark.parametrize(
    ("observed", "text"),
    [
        (None, "not assessed"),
        (seen(Detection.DETECTED, **COUNTED), "8/1900; 0.42 % (0.18–0.83 %)"),
        (seen(Detection.DETECTED, copy_number=6.0), "copy number 6"),
        (seen(Detection.DETECTED, vaf=0.012, source=ObservationSource.REPORTED), "reported, VAF 1.2 %"),
        (seen(Detection.DETECTED, source=ObservationSource.REPORTED), "reported"),
        (
            seen(Detection.SUBTHRESHOLD, alt_molecules=2, total_molecules=2000, vaf=0.001),
            "below the rule: 2/2000; 0.1 %",
        ),
        (seen(Detection.SUBTHRESHOLD, copy_number=3.0), "below the rule: copy number 3"),
        (
            seen(Detection.NOT_DETECTED, alt_molecules=0, total_molecules=2000, vaf_detectable=0.0025),
            "not detected (≤ 0.25 %)",
        ),
        (
            seen(Detection.NOT_DETECTED, alt_molecules=1, total_molecules=2000, vaf_detectable=0.0025),
            "1/2000; not detected (≤ 0.25 %)",
        ),
        (seen(Detection.NOT_DETECTED), "not detected"),
        (seen(Detection.NOT_ASSESSABLE), "not assessable"),
        (seen(Detection.NOT_TARGETED), "not targeted"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_observation(observed: Any, text: str) -> None:
    assert words.observation(observed) == text


@pytest.mark.parametrize(
    ("fraction", "text"),
    [
        (TumourFraction(status=TumourFractionStatus.NOT_ESTIMABLE), "not estimable"),
        (
            TumourFraction(
                status=TumourFractionStatus.ESTIMATED,
                value=0.123,
                low=0.1,
                high=0.15,
                markers=("fusion EML4-ALK", "TP53 p.Arg175His"),
            ),
            "12 % (10–15 %) from fusion EML4-ALK, TP53 p.Arg175His",
        ),
        (
            TumourFraction(status=TumourFractionStatus.GIVEN, value=0.2, low=0.2, high=0.2),
            "20 % (20–20 %)",
        ),
    ],
    ids=["unknown", "estimated", "given"],
)
def test_tumour_fraction(fraction: TumourFraction, text: str) -> None:
    assert words.tumour_fraction(fraction) == text


@pytest.mark.parametrize(
    ("resistant", "sensitive", "text"),
    [
        ((), (), "this knowledge base holds no drug report for it"),
        (("crizotinib", "alectinib"), (), "resistance: crizotinib, alectinib"),
        ((), ("lorlatinib",), "sensitivity: lorlatinib"),
        (("alectinib",), ("lorlatinib",), "resistance: alectinib; sensitivity: lorlatinib"),
    ],
    ids=["none", "resistant", "sensitive", "both"],
)
def test_drugs(resistant: tuple[str, ...], sensitive: tuple[str, ...], text: str) -> None:
    assert words.drugs(row(resistant_to=resistant, sensitive_to=sensitive)) == text


@pytest.mark.parametrize(
    ("flags", "text"),
    [
        (("conflicting_evidence:brigatinib",), "contradictory reports: brigatinib"),
        (("intermediate_evidence:a,b", "csf_only"), "neither sensitive nor resistant: a, b"),
        (("drug_effects_withheld:a",), "open, depends on what else shares the molecule: a"),
        (("no_drug_report",), "this knowledge base holds no drug report for it"),
    ],
)
def test_drugs_that_stand_in_no_column_are_named(flags: tuple[str, ...], text: str) -> None:
    assert words.drugs(row(flags=tuple(map(Caveat.parse, flags)))) == text


def test_a_drug_that_another_clone_resists_is_named_beside_its_sensitivity() -> None:
    shown = words.drugs(row(sensitive_to=("a", "b"), flags=(Caveat(CaveatCode.OTHER_CLONE_RESISTS, ("b",)),)))
    assert shown == "sensitivity: a, b; resisted by another clone: b"


PHASES = {"not_spannable": "No fragment spans both.", "too_few_doubles": "Too few."}


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (None, []),
        ("I1171N: UNRESOLVED, not_spannable", ["I1171N: UNRESOLVED: No fragment spans both."]),
        (
            "L1196M: CIS, 5 molecules with all, 0+3 with one only | "
            "I1171N: UNRESOLVED, too_few_doubles (2 with all of 8 mutant molecules)",
            [
                "L1196M: CIS, 5 molecules with all, 0+3 with one only",
                "I1171N: UNRESOLVED: Too few. (2 with all of 8 mutant molecules)",
            ],
        ),
    ],
    ids=["none", "code", "several"],
)
def test_phase_evidence_in_words(text: str | None, lines: list[str]) -> None:
    assert words.phase_evidence(PhaseEvidence.parse(text) if text else None, PHASES) == lines


@pytest.mark.parametrize("share", [None, 1.01, 25.0])
def test_nothing_is_excluded(share: float | None) -> None:
    text = words.excluded(share)
    assert text.startswith("No share of tumour cells")
    assert "would have been called" not in text


@pytest.mark.parametrize(("share", "shown"), [(1.0, "100 %"), (0.32, "32 %"), (0.005, "0.5 %")])
def test_a_share_is_excluded(share: float, shown: str) -> None:
    text = words.excluded(share)
    assert f"in {shown} or more of the tumour cells would have been called" in text


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("window_unknown", ""),
        ("negative_from:csf,tissue", " Concerns csf, tissue."),
        ("negative_from:csf, tissue", " Concerns csf, tissue."),
        ("with:TP53 R175H", " Concerns TP53 R175H."),
        ("qc_fail:pl-1", " Concerns pl-1."),
        ("co_alteration:ALK p.(Gly1202Arg):x", " Concerns ALK p.(Gly1202Arg):x."),
    ],
)
def test_a_caveat_is_explained_by_the_table(root: Path, text: str, about: str) -> None:
    messages = load_knowledge(KnowledgeFiles(root / "resources" / "knowledge")).messages
    sentence = messages[text.partition(":")[0]]
    assert words.explain(Caveat.parse(text), messages) == {"code": text, "text": sentence + about}


def test_a_problem_that_an_evidence_file_named_stands_as_it_is() -> None:
    assert words.explain_code("empty", {"empty": "Nothing there."})["text"] == "Nothing there."
    assert words.explain_code("spilled", {}) == {"code": "spilled", "text": ""}


def test_every_open_phase_has_words(root: Path) -> None:
    messages = load_knowledge(KnowledgeFiles(root / "resources" / "knowledge")).messages
    for reason in PhaseReason:
        evidence = PhaseEvidence.parse(f"G1202R: UNRESOLVED, {reason.value} (1 with all)")
        (line,) = words.phase_evidence(evidence, messages)
        assert reason.value not in line and messages[reason.value] in line


@pytest.mark.parametrize(
    ("text", "words_of_it"),
    [
        ("alk_mutation>0.18", "ALK mutation (substitution): excluded in more than 18 % of the tumour cells"),
        ("met_amplification>4.9", "MET amplification: excluded above 4.9 copies"),
        ("bypass_fusion:not_targeted", "bypass fusion (RET, ROS1): not looked for"),
        ("histology:excluded", "change of histology: excluded"),
    ],
)
def test_what_is_excluded_in_words(text: str, words_of_it: str) -> None:
    assert words.exclusion(Exclusion.parse(text)) == words_of_it


def test_every_kind_and_status_has_words() -> None:
    assert set(words.KIND_TEXT) == set(NegativeKind)
    assert set(words.STATUS_TEXT) == set(ExclusionStatus)


@pytest.mark.parametrize(
    ("criteria", "said", "unsaid"),
    [
        ({"HISTOLOGY_TRANSFORMED"}, "another histology than before", "DNA suggests"),
        ({"HISTOLOGY_WITHOUT_BASELINE"}, "before lorlatinib is not known", "another histology than before"),
        ({"LINEAGE_DNA", "HISTOLOGY_OVER_DNA"}, "suspected", "DNA suggests"),
    ],
)
def test_sentences_follow_the_criteria(criteria: set[str], said: str, unsaid: str) -> None:
    text = words.class_text(Classification.TRANSFORMATION_SUSPECTED, criteria)
    assert said in text
    assert unsaid not in text
