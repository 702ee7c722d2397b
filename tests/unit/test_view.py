"""One timepoint prepared: its setting, what is absent, and which reported names are called changes."""

from typing import Any

import pytest
from golden.build import catalogue, default_settings, evidence
from golden.test_golden import ROOT

from alktrace.classify.view import TimepointView, fold_reported, prepare_patient, view_timepoint
from alktrace.evidence.schema import Alteration
from alktrace.inputs.knowledge_files import KnowledgeFiles
from alktrace.knowledge.load import load_knowledge

SETTINGS = default_settings()
KNOWLEDGE = load_knowledge(KnowledgeFiles(ROOT / "resources" / "knowledge"))


def view(**case: Any) -> TimepointView:
    return view_timepoint(prepare_patient(evidence(case), SETTINGS), "PD", KNOWLEDGE, SETTINGS)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("on_treatment", "progression", "progression"),
        ("baseline", "progression", "progression"),
        ("baseline", "on_treatment", "on_treatment"),
        ("baseline", "baseline", "baseline"),
    ],
)
def test_one_sample_of_progression_makes_the_timepoint_one(first: str, second: str, expected: str) -> None:
    for a, b in ((first, second), (second, first)):
        assert view(specimens={"PD.csf": {"setting": a}, "PD.plasma": {"setting": b}}).setting == expected


def test_absent_is_what_looked_and_called_nothing() -> None:
    """Molecules below the rule are there, a hole is no look, and what one source calls the specimen has."""
    names = ("plasma", "csf", "tissue", "lung", "node")
    seen: dict[str, Any] = {
        "PD.plasma": [30, 3000],
        "PD.csf": {"detection": "subthreshold"},
        "PD.tissue": {"absent": 0.01},
        "PD.lung": {"detection": "not_assessable"},
    }
    specimens = {f"PD.{name}": {"type": "tissue"} for name in names}
    (found,) = view(specimens=specimens, found={"ALK G1202R": seen}).found
    assert [one.specimen for one in found.seen] == ["plasma"]
    assert [one.specimen for one in found.absent] == ["tissue"]


def alteration(name: str, **fields: Any) -> Alteration:
    return Alteration.model_validate({**catalogue()[name], **fields})


@pytest.mark.parametrize(
    ("called", "reported"),
    [
        pytest.param(alteration("ALK G1202R"), alteration("ALK G1202R reported"), id="by-protein-change"),
        pytest.param(
            alteration("ALK G1202R"),
            alteration("ALK G1202R reported", alteration="Gly1202Arg"),
            id="whatever-name-is-shown",
        ),
        pytest.param(
            alteration("ALK intronic", hgvs_c=None, position_grch38="chr2:29220900A>G"),
            alteration("ALK intronic", hgvs_c=None, key="reported:ALK:intronic"),
            id="by-name-without-a-protein-change",
        ),
        pytest.param(
            alteration("ALK G1202R"),
            alteration("ALK G1202R reported", hgvs_c="c.3604G>A"),
            id="by-coding-name",
        ),
        pytest.param(
            alteration("MET amplification"), alteration("MET amplification reported"), id="copy-number"
        ),
        pytest.param(
            alteration("EML4-ALK"),
            alteration("EML4-ALK", key="reported:EML4:ALK", alteration="EML4-ALK V1", position_grch38=None),
            id="fusion-by-its-partner",
        ),
    ],
)
def test_a_reported_name_is_the_called_change(called: Alteration, reported: Alteration) -> None:
    folded, renamed = fold_reported([reported, called])
    assert [item.key for item in folded] == [called.key]
    assert renamed == {reported.key: called.key}


@pytest.mark.parametrize(
    ("called", "reported"),
    [
        pytest.param(
            alteration("MET amplification"),
            alteration("MET amplification reported", gene="ERBB2", key="reported:ERBB2:amplification"),
            id="another-gene",
        ),
        pytest.param(
            alteration("NF2 loss"),
            alteration("NF2 loss", variant_type="amplification", key="reported:NF2:gain"),
            id="gain-and-loss",
        ),
        pytest.param(
            alteration("EML4-ALK"),
            alteration("KIF5B-ALK", gene="EML4", position_grch38=None),
            id="another-partner",
        ),
        pytest.param(
            alteration("ALK G1202R"),
            alteration("ALK G1202R reported", hgvs_c="c.3604G>C"),
            id="another-base",
        ),
        pytest.param(
            alteration("ALK G1202R"),
            alteration("ALK G1202R reported", hgvs_c="c.3604G>A", gene="ROS1"),
            id="a-coding-name-of-another-gene",
        ),
        pytest.param(
            alteration("ALK G1202R"), alteration("ALK G1202R second route"), id="two-changes-with-positions"
        ),
    ],
)
def test_others_stay_apart(called: Alteration, reported: Alteration) -> None:
    folded, renamed = fold_reported([reported, called])
    assert len(folded) == 2
    assert not renamed


def test_a_name_and_a_coding_name_both_reach_the_located_change() -> None:
    """Whatever keys a file has: here the located one comes last."""
    by_name = alteration("ALK G1202R reported", key="a")
    by_coding_name = alteration("ALK G1202R reported", key="b", hgvs_c="c.3604G>A")
    located = alteration("ALK G1202R", key="c")
    folded, renamed = fold_reported([located, by_name, by_coding_name])
    assert [item.key for item in folded] == ["c"]
    assert renamed == {"a": "c", "b": "c"}
