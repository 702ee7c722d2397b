"""What a timepoint excludes, as value and as text."""

import pytest

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
