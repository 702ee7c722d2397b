"""Which mechanisms carry a class: as the account of the timepoint says it, whatever a row looks like."""

import pytest
from exported_patients import AMPLIFICATION, G1202R, exported, patient
from golden.build import evidence
from patient_pages import CASES


@pytest.mark.parametrize(
    ("alterations", "carriers"),
    [
        ((G1202R,), {"ALK single mutation"}),
        ((G1202R, AMPLIFICATION), {"ALK single mutation", "MET amplification"}),
        ((), set()),
    ],
)
def test_carriers_are_those_of_the_account(
    alterations: tuple[dict[str, object], ...], carriers: set[str]
) -> None:
    assert {row.mechanism for row in patient(*alterations).carriers} == carriers


def test_a_weak_finding_beside_a_firm_one_is_listed_only() -> None:
    """BRAF copies that no source calls a bypass stand beside an ALK mutation, and carry no class."""
    one = exported(evidence(CASES["braf_copies_in_plasma_beside_a_single_mutation"]))
    assert [row.gene for row in one.carriers] == ["ALK"]
    assert {row.gene for row in one.rows} == {"ALK", "BRAF"}
    (item,) = (item for item in one.evidence.alterations if item.gene == "BRAF")
    assert one.listed(item) and not one.mechanisms(item)
