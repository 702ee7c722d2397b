"""What the tumour fraction says against a finding: numbers computed by hand."""

import pytest
from golden.build import evidence
from patient_samples import G1202R, loaded

from alktrace.annotate.origin import OriginVerdict
from alktrace.evidence.build import LoadedSample, make_alteration
from alktrace.evidence.fraction_caveats import (
    FractionHere,
    carried_vaf,
    fraction_caveats,
    with_fraction_caveats,
)
from alktrace.evidence.schema import Observation
from alktrace.stats.intervals import share
from alktrace.vocabulary.changes import Origin
from alktrace.vocabulary.detection import Detection, ObservationSource

PLACE = ("PD1", "plasma")
UNSEEN, LOW = FractionHere(0.0, 0.0042), FractionHere(0.009, 0.0108)


def seen(alt: int, total: int, detection: Detection = Detection.DETECTED) -> Observation:
    vaf, low, high = share(alt, total)
    return Observation(
        timepoint="PD1",
        specimen="plasma",
        detection=detection,
        source=ObservationSource.CALLED,
        alt_molecules=alt,
        total_molecules=total,
        vaf=vaf,
        vaf_low=low,
        vaf_high=high,
    )


@pytest.mark.parametrize(
    ("observation", "here", "origin", "caveats"),
    [
        # a fraction of at most 1.08 % carries 1.08 % on both copies; 100 of 2000: 4.1 to 6.1 %
        pytest.param(seen(100, 2000), LOW, Origin.SOMATIC, {"vaf_above_tumour_fraction:PD1.plasma"},
                     id="5 %"),
        pytest.param(seen(10, 2000), LOW, Origin.SOMATIC, set(), id="0.5 %"),
        pytest.param(seen(100, 2000), FractionHere(0.009, 0.0108, copies=12.0), Origin.SOMATIC, set(),
                     id="twelve copies carry 6.1 %"),
        pytest.param(seen(100, 2000), LOW, Origin.GERMLINE, set(), id="germline"),
        pytest.param(seen(100, 2000, Detection.SUBTHRESHOLD), LOW, Origin.SOMATIC, set(), id="not called"),
        # no marker seen, at most 0.42 %: 1755 molecules of markers; (2000 / 3755)^9 = 0.0034
        pytest.param(seen(9, 2000), UNSEEN, Origin.UNDECIDED, {"tumour_fraction_contradicts:PD1.plasma"},
                     id="KRAS G12D at 0.45 %, no marker seen"),
        # (2000 / 3755)^4 = 0.08, (2000 / 3755)^5 = 0.043
        pytest.param(seen(4, 2000), UNSEEN, Origin.UNDECIDED, set(), id="four molecules may be chance"),
        pytest.param(seen(5, 2000), UNSEEN, Origin.UNDECIDED, {"tumour_fraction_contradicts:PD1.plasma"},
                     id="five are none"),
        # 60 of 2000: 2.3 to 3.8 %, more than a fraction of 0.42 % carries; that makes it no likelier
        pytest.param(seen(60, 2000), UNSEEN, Origin.UNDECIDED,
                     {"tumour_fraction_contradicts:PD1.plasma", "vaf_above_tumour_fraction:PD1.plasma"},
                     id="KRAS G12D at 3 %, no marker seen"),
        pytest.param(seen(9, 2000), UNSEEN, Origin.SOMATIC, set(), id="shown to be of the tumour"),
        pytest.param(seen(9, 2000), FractionHere(0.004, 0.01), Origin.UNDECIDED, set(), id="markers seen"),
        pytest.param(seen(9, 2000), FractionHere(0.0, 1.0), Origin.UNDECIDED, set(), id="nothing known"),
    ],
)  # fmt: skip
def test_caveats(observation: Observation, here: FractionHere, origin: Origin, caveats: set[str]) -> None:
    assert {str(item) for item in fraction_caveats([observation], {PLACE: here}, origin)} == caveats


@pytest.mark.parametrize(
    ("identity", "caveats"),
    [
        pytest.param("unknown", {"ch_not_excluded", "tumour_fraction_contradicts:PD.plasma"}, id="usable"),
        pytest.param("conflict", {"ch_not_excluded"}, id="of another person"),
    ],
)
def test_a_file_of_a_user_gets_the_caveats_of_the_workflow(identity: str, caveats: set[str]) -> None:
    case = {
        "specimens": {"PD.plasma": {"tf": [0, 0, 0.0042], "identity": identity}},
        "found": {"KRAS G12D undecided": {"PD.plasma": [9, 2000], "with": {"flags": ["ch_not_excluded"]}}},
    }
    (found,) = with_fraction_caveats(evidence(case)).alterations
    assert {str(flag) for flag in found.flags} == caveats


def test_carried_vaf() -> None:
    assert carried_vaf(0.3) == pytest.approx(0.3)
    # 12 copies in 1 % of the cells: 0.12 of 0.12 + 1.98
    assert carried_vaf(0.01, 12) == pytest.approx(0.12 / 2.1)
    assert carried_vaf(1.0) == 1.0


def test_a_specimen_without_fraction_says_nothing() -> None:
    item: LoadedSample = loaded("plasma", G1202R)
    verdict = OriginVerdict(Origin.UNDECIDED, "")
    made = make_alteration(G1202R.key, {"P1.T1.plasma": G1202R}, [seen(100, 2000)], verdict, [item])
    assert made.flags == ()
