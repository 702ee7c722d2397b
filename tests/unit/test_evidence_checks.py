"""Values of the right form that mean something else, and those that only look so."""

from typing import Any

import pytest
from golden.build import evidence
from golden.test_golden import ROOT

from alktrace.classify.evidence_checks import content_problems
from alktrace.inputs.knowledge_files import KnowledgeFiles
from alktrace.knowledge.load import load_knowledge

KNOWLEDGE = load_knowledge(KnowledgeFiles(ROOT / "resources" / "knowledge"))


def columns(name: str = "ALK G1202R", seen: Any = None, specimens: Any = None, **fields: Any) -> list[str]:
    """Columns of the problems of a patient with one alteration."""
    found = {name: {"PD.plasma": seen or {"alt_molecules": 30, "total_molecules": 3000}, "with": fields}}
    case = {"specimens": {"PD.plasma": {}, **(specimens or {})}, "found": found}
    return [problem.column for problem in content_problems(evidence(case), KNOWLEDGE, "evidence.json")]


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({}, id="as-it-is"),
        pytest.param({"hgvs_p": None}, id="no-protein-name"),
        pytest.param({"hgvs_p": "p.?"}, id="effect-unknown"),
        pytest.param({"hgvs_p": "p.="}, id="no-effect"),
        pytest.param({"hgvs_p": "p.Gly1202_Asp1203del"}, id="deletion"),
        pytest.param({"hgvs_p": "p.Gly1202Ter"}, id="stop"),
        pytest.param({"codon": None}, id="no-codon"),
        pytest.param({"hgvs_c": None}, id="no-coding-name"),
        pytest.param({"hgvs_c": "n.4521G>A"}, id="non-coding-name"),
        pytest.param({"transcript": "ENST00000389048"}, id="transcript"),
        pytest.param({"transcript": "ENST00000389048.8"}, id="with-a-version"),
        pytest.param({"transcript": "NM_004304"}, id="refseq"),
        pytest.param({"hgvs_p": "p.Ala1604Thr", "codon": 1604}, id="a-residue-that-no-table-names"),
    ],
)
def test_good_names(fields: dict[str, Any]) -> None:
    assert columns(**fields) == []


def test_other_genes_follow_their_own_transcripts() -> None:
    assert columns("EGFR L858R", transcript="ENST00000275493") == []
    assert columns("EGFR L858R", hgvs_p="p.Ala1202Thr", codon=1202) == []


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        pytest.param({"hgvs_p": "G1202R"}, "hgvs_p", id="one-letter"),
        pytest.param({"hgvs_p": "p.(Gly1202Arg)"}, "hgvs_p", id="brackets"),
        pytest.param({"hgvs_p": "p.Gly1202Arg)"}, "hgvs_p", id="a-bracket-left"),
        pytest.param({"hgvs_p": "p.Gly1203Arg", "codon": 1203}, "hgvs_p", id="another-residue"),
        pytest.param({"codon": 1203}, "codon", id="another-codon"),
        pytest.param({"hgvs_c": "NM_004304.5:c.3604G>A"}, "hgvs_c", id="prefix"),
        pytest.param({"hgvs_c": "3604G>A"}, "hgvs_c", id="no-kind"),
        pytest.param({"transcript": "ENST00000618119"}, "transcript", id="another-transcript"),
    ],
)
def test_wrong_names(fields: dict[str, Any], field: str) -> None:
    assert columns(**fields) == [f"alterations.0.{field}"]


def test_a_wrong_name_of_another_gene_is_wrong_too() -> None:
    assert columns("EGFR L858R", codon=859) == ["alterations.0.codon"]
    assert columns("EGFR L858R", hgvs_p="L858R") == ["alterations.0.hgvs_p"]


@pytest.mark.parametrize(
    ("seen", "field"),
    [
        pytest.param({"alt_molecules": 3000, "total_molecules": 3000}, None, id="all-mutant"),
        pytest.param({"alt_molecules": 3001, "total_molecules": 3000}, "alt_molecules", id="one-more"),
        pytest.param({"alt_molecules": 5}, None, id="no-total"),
        pytest.param({"total_molecules": 0}, None, id="nothing-seen"),
        pytest.param({"alt_molecules": 1, "total_molecules": 0}, "alt_molecules", id="one-of-none"),
        pytest.param({"vaf_low": 0.1, "vaf": 0.1, "vaf_high": 0.1}, None, id="no-width"),
        pytest.param({"vaf_low": 0.1, "vaf_high": 0.2}, None, id="ends-alone"),
        pytest.param({"vaf_low": 0.2, "vaf_high": 0.1}, "vaf", id="ends-crossed"),
        pytest.param({"vaf_low": 0.2, "vaf": 0.1}, "vaf", id="below-its-lower-end"),
        pytest.param({"vaf": 0.2, "vaf_high": 0.1}, "vaf", id="above-its-upper-end"),
    ],
)
def test_counts(seen: dict[str, Any], field: str | None) -> None:
    assert columns(seen=seen) == ([f"alterations.0.observations.0.{field}"] if field else [])


@pytest.mark.parametrize(
    ("other", "problems"),
    [
        pytest.param({"type": "tissue", "setting": "progression"}, [], id="the-same"),
        pytest.param({"type": "tissue", "setting": "baseline"}, ["specimens.1.setting"], id="another"),
        pytest.param({"type": "wbc", "setting": None, "collected": "2025-06-01"}, [], id="white-cells"),
        pytest.param({"type": "wbc", "setting": "baseline"}, [], id="white-cells-with-a-setting"),
    ],
)
def test_one_setting_per_timepoint(other: dict[str, Any], problems: list[str]) -> None:
    """White cells of any day serve every timepoint; whatever setting they have binds nobody."""
    assert columns(specimens={"PD.other": other}) == problems
    first = {"PD.other": other, "PD.plasma": {}}
    case = {"specimens": first}
    told = content_problems(evidence(case), KNOWLEDGE, "evidence.json")
    assert len(list(told)) == len(problems)


def test_white_cells_alone_are_nothing_to_classify() -> None:
    case = {"specimens": {"PD.blood": {"type": "wbc"}}}
    told = content_problems(evidence(case), KNOWLEDGE, "evidence.json")
    assert [problem.column for problem in told] == ["specimens"]
