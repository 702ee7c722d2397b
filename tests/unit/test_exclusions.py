"""What a timepoint excludes, as value and as text."""

from typing import Any

import pytest
from golden.build import cases, default_settings, evidence
from outcome_cohort import KNOWLEDGE

from alktrace.classify.decision import classify_patient
from alktrace.knowledge.load import load_knowledge
from alktrace.vocabulary.negatives import Exclusion, ExclusionStatus, NegativeKind


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (
            "alk_mutation>0.18",
            Exclusion(NegativeKind.ALK_MUTATION, ExclusionStatus.EXCLUDED, 0.18),
        ),
        ("met_amplification>12", Exclusion(NegativeKind.MET_AMPLIFICATION, ExclusionStatus.EXCLUDED, 12.0)),
        ("bypass_fusion:not_targeted", Exclusion(NegativeKind.BYPASS_FUSION, ExclusionStatus.NOT_TARGETED)),
        ("histology:excluded", Exclusion(NegativeKind.HISTOLOGY, ExclusionStatus.EXCLUDED)),
    ],
)
def test_text_and_value(text: str, value: Exclusion) -> None:
    assert str(value) == text
    assert Exclusion.parse(text) == value


@pytest.mark.parametrize("text", ["alk_mutation", "alk>0.2", "alk_mutation>much", "histology:perhaps", ""])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Exclusion.parse(text)


def test_a_gene_is_excluded_where_any_mutation_of_it_would_have_shown() -> None:
    """Against the negative of gene losses, which asks NF2 as a whole; over all golden cases."""
    knowledge, settings, found = load_knowledge(KNOWLEDGE), default_settings(), set()
    for case in cases():
        for result in classify_patient(evidence(case), knowledge, settings):
            detail: Any = result.detail
            losses = next(item for item in detail["excluded"] if item["kind"] == "gene_loss")
            seen = "NF2 gene" in losses["loci"] and "NF2 gene" not in losses["not_enough"]
            assert ("NF2" in detail["genes_excluded"]) is seen, case["id"]
            found.add(seen)
    assert found == {True, False}
