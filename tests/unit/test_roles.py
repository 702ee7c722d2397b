"""What one change of ALK can mean, by what it does to the protein and where."""

from typing import Any

import pytest
from golden.build import default_settings, evidence
from golden.test_golden import ROOT

from alktrace.classify.emergence import EmergenceReason
from alktrace.classify.lineage import Lineage, histology_emergence
from alktrace.classify.single_criteria import assign_role
from alktrace.classify.view import prepare_patient, view_timepoint
from alktrace.inputs.knowledge_files import KnowledgeFiles
from alktrace.knowledge.load import load_knowledge
from alktrace.vocabulary.changes import Consequence
from alktrace.vocabulary.clinical import Histology
from alktrace.vocabulary.resistance import Emergence

SETTINGS = default_settings()
KNOWLEDGE = load_knowledge(KnowledgeFiles(ROOT / "resources" / "knowledge"))
CUTS = {"stop_gained", "frameshift", "start_lost", "stop_lost", "splice_site"}
SILENT = {"synonymous", "intron", "utr", "intergenic", "splice_region"}


def role(**fields: Any) -> str:
    case = {
        "specimens": {"PD.plasma": None},
        "found": {"ALK Q1188R": {"PD.plasma": [30, 3000], "with": fields}},
    }
    view = view_timepoint(prepare_patient(evidence(case), SETTINGS), "PD", KNOWLEDGE, SETTINGS)
    return assign_role(view.found[0], view).code


@pytest.mark.parametrize("consequence", [*Consequence])
def test_a_change_of_the_kinase_domain_in_no_table(consequence: Consequence) -> None:
    """What breaks the kinase is shown, what leaves it is none, whatever changes a residue may resist."""
    expected = {**dict.fromkeys(CUTS, "ALK_TRUNCATING"), **dict.fromkeys(SILENT, "ALK_OTHER")}
    assert role(consequence=consequence) == expected.get(consequence, "ALK_VUS")


@pytest.mark.parametrize("consequence", [*Consequence])
def test_a_change_outside_the_kinase_domain_is_placed(consequence: Consequence) -> None:
    assert role(codon=1450, hgvs_p="p.Arg1450Gly", consequence=consequence) == "ALK_OTHER"


@pytest.mark.parametrize("kind", ["snv", "mnv", "insertion", "deletion", "duplication", "delins"])
def test_every_small_change_counts(kind: str) -> None:
    assert role(variant_type=kind) == "ALK_VUS"


@pytest.mark.parametrize(
    ("baseline", "late", "emergence", "reason"),
    [
        (Histology.ADENOCARCINOMA, False, Emergence.EMERGENT, EmergenceReason.EXCLUDED),
        (None, False, Emergence.UNKNOWN, EmergenceReason.NO_REFERENCE),
        (None, True, Emergence.UNKNOWN, EmergenceReason.AFTER_START),
    ],
)
def test_a_histology_is_new_against_one_from_before(
    baseline: Histology | None, late: bool, emergence: Emergence, reason: EmergenceReason
) -> None:
    verdict = histology_emergence(Lineage((), (), (), baseline, late, ()))
    assert (verdict.emergence, verdict.reason) == (emergence, reason)
