"""The synthetic cohort agrees with itself: emergence follows from the patient's own rows."""

from collections import Counter

import pytest

from alktrace.classify.resistance_table import ResistanceRow
from alktrace.demo.synthetic_outcomes import simulate_cohort
from alktrace.vocabulary.resistance import Emergence, Timing
from alktrace.vocabulary.samples import Setting

SEEDS = (1, 2, 3, 2026)
PATIENTS = 150


@pytest.fixture(scope="module", params=SEEDS, ids=[f"seed-{seed}" for seed in SEEDS])
def rows(request: pytest.FixtureRequest) -> list[ResistanceRow]:
    found = simulate_cohort(seed=request.param, patients=PATIENTS).resistance
    return [row for row in found if row.alteration is not None]


def shown(rows: list[ResistanceRow], setting: Setting) -> set[tuple[str, str | None, str | None]]:
    return {(row.patient, row.gene, row.alteration) for row in rows if row.setting is setting}


def test_emergence_follows_from_the_patients_own_baseline(rows: list[ResistanceRow]) -> None:
    baseline = shown(rows, Setting.BASELINE)
    for row in rows:
        if row.setting is Setting.PROGRESSION:
            there = (row.patient, row.gene, row.alteration) in baseline
            # What is acquired may have grown, but did not merely stay.
            old = Emergence.PERSISTENT if row.timing is Timing.PRIMARY else Emergence.EXPANDED
            assert row.emergence is (old if there else Emergence.EMERGENT), row


def test_emergence_at_baseline_follows_from_the_progression(rows: list[ResistanceRow]) -> None:
    later = shown(rows, Setting.PROGRESSION)
    for row in rows:
        if row.setting is Setting.BASELINE:
            there = (row.patient, row.gene, row.alteration) in later
            assert row.emergence is (Emergence.PERSISTENT if there else Emergence.BASELINE_ONLY), row


def test_both_kinds_of_emergence_occur(rows: list[ResistanceRow]) -> None:
    kinds = Counter(row.emergence for row in rows if row.setting is Setting.PROGRESSION)
    old = kinds[Emergence.PERSISTENT] + kinds[Emergence.EXPANDED]
    assert old > 0 and kinds[Emergence.EMERGENT] > old
