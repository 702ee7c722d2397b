"""Denominators of findings, counted by hand: who has it, in whom it was excluded, who could not show it."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from excluded_kinds import excluded
from golden.build import cases
from golden.build import evidence as evidence_of
from mechanism_rows import BYPASS, ON_TARGET, bypass_or_none, classified, found_of, mechanism
from outcome_cohort import KNOWLEDGE, cohort_settings, resistance_settings
from present_values import present

from alktrace.classify.decision import classify_patient
from alktrace.knowledge.load import load_knowledge
from alktrace.outcomes.absence import Absence, read_silences, silence_of_row
from alktrace.outcomes.frequencies import expected_rows, frequency_rows, paired_rows, primary_against_acquired
from alktrace.outcomes.frequency_table import ExpectedFrequencyRow, FrequencyRow
from alktrace.outcomes.mechanisms import Finding, absence
from alktrace.vocabulary.caveats import Caveat, CaveatCode
from alktrace.vocabulary.changes import VariantType
from alktrace.vocabulary.negatives import Exclusion, ExclusionStatus, NegativeKind
from alktrace.vocabulary.resistance import Classification as C
from alktrace.vocabulary.resistance import Confidence, FindingRole, NotEvaluableReason, Phase, Timing
from alktrace.vocabulary.samples import Setting

SETTINGS = cohort_settings()
KNOWN = load_knowledge(KNOWLEDGE)
CORE = KNOWN.core_loci
MET = ("finding", "met_amplification")
DOUBTED = Confidence.UNCERTAIN


def amplified(patient: str, **values: Any) -> Any:
    return mechanism(
        patient, "MET", "amplification", BYPASS, variant_type=VariantType.AMPLIFICATION, **values
    )


def table(found: dict[str, Finding], setting: Setting = Setting.PROGRESSION) -> dict[Any, FrequencyRow]:
    rows = frequency_rows(found.values(), setting, SETTINGS)
    return {(row.timing, row.category, row.name): row for row in rows}


def test_met_amplification_in_one_of_seventeen_is_one_of_two_where_fifteen_were_blind() -> None:
    blind = excluded(met_amplification="not_assessable")
    found = {"met_amplification": ExclusionStatus.FOUND}
    rows = [
        classified("A", C.BYPASS, [BYPASS], excluded=excluded(**found)),
        classified("B", C.NONE_FOUND, excluded=excluded()),
        *(classified(f"C{i}", C.ON_TARGET_EXCLUDED, excluded=blind) for i in range(15)),
    ]
    row = table(found_of(rows, [amplified("A", role=FindingRole.EMERGENT)]))["all", *MET]
    assert (row.patients, row.n_all, row.total_all, row.share_all) == (17, 1, 2, 0.5)
    # Clopper and Pearson for 1 of 2.
    assert (row.low_all, row.high_all) == pytest.approx((0.0126, 0.9874), abs=1e-4)
    assert (row.n_emergent, row.total_emergent) == (1, 2)
    assert (row.not_assessable, row.not_targeted) == (15, 0)
    assert row.patients == present(row.total_all) + row.not_assessable + row.not_targeted


COHORT: Sequence[tuple[str, C, Timing, tuple[Exclusion, ...], FindingRole | None]] = [
    ("A", C.BYPASS, Timing.ACQUIRED, excluded(bypass_mutation="found"), FindingRole.EMERGENT),
    ("B", C.BYPASS, Timing.ACQUIRED, excluded(bypass_mutation="found"), FindingRole.UNKNOWN),
    ("C", C.NONE_FOUND, Timing.ACQUIRED, excluded(), None),
    ("D", C.ON_TARGET_EXCLUDED, Timing.ACQUIRED, excluded(bypass_mutation="not_targeted"), None),
    ("E", C.NOT_EVALUABLE, Timing.ACQUIRED, excluded(bypass_mutation="in_part"), None),
    ("F", C.BYPASS, Timing.PRIMARY, excluded(bypass_mutation="found"), FindingRole.PRE_EXISTING),
    ("G", C.ON_TARGET_EXCLUDED, Timing.PRIMARY, (), None),
    ("H", C.NONE_FOUND, Timing.INDETERMINATE, excluded(), None),
]
"""KRAS, by hand: A emerged, B has no baseline, F had it before; C and H exclude it, E saw some loci only,
in D nobody looked, and G has no account of what it excludes."""


def cohort(**changes: Any) -> dict[str, Finding]:
    rows = [
        replace(classified(name, cls, [BYPASS] if role else [], timing, excluded=limits), **changes)
        for name, cls, timing, limits, role in COHORT
    ]
    listed = [mechanism(n, "KRAS", "G12C", BYPASS, role=role) for n, *_, role in COHORT if role]
    return found_of(rows, listed)


@pytest.mark.parametrize("name", [("component", "bypass"), ("gene", "KRAS")])
def test_counts_of_a_cohort_by_hand(name: tuple[str, str]) -> None:
    rows = table(cohort())
    row = rows["all", *name]
    assert (row.patients, row.n_all, row.total_all) == (8, 3, 5)
    assert (row.n_emergent, row.n_role_unknown, row.n_pre_existing) == (1, 1, 1)
    # B may be either: of the four whose baseline tells, one emerged.
    assert (row.total_emergent, row.share_emergent) == (4, 0.25)
    assert (row.not_assessable, row.not_targeted) == (1, 2)
    primary, acquired = rows["PRIMARY", *name], rows["ACQUIRED", *name]
    assert (primary.n_all, primary.total_all, primary.n_emergent, primary.not_targeted) == (1, 1, 0, 1)
    assert (acquired.n_all, acquired.total_all, acquired.not_assessable, acquired.not_targeted) == (
        2,
        3,
        1,
        1,
    )


def test_what_nobody_has_is_named_with_its_denominator() -> None:
    row = table(cohort())["all", "component", "transformation"]
    assert (row.n_all, row.total_all, row.share_all, row.not_targeted) == (0, 7, 0.0, 1)
    assert row.high_all == pytest.approx(0.4096, abs=1e-4), "Clopper and Pearson for 0 of 7"


def test_classes_are_counted_of_those_that_say_something() -> None:
    row = table(cohort())["all", "class", "NONE_FOUND"]
    assert (row.n_all, row.total_all, row.not_assessable, row.n_emergent) == (2, 7, 1, None)


@pytest.mark.parametrize(
    "changes",
    [{"timing": None}, {"not_evaluable_reason": (NotEvaluableReason.OUTSIDE_WINDOW,)}],
    ids=["stopped without progression", "outside the window"],
)
def test_what_is_no_sample_of_a_progression_stands_in_no_frequency_of_it(changes: dict[str, Any]) -> None:
    assert {row.patients for row in table(cohort(**changes)).values()} == {0}
    series = KNOWLEDGE.bare_rows("expected_frequencies", ExpectedFrequencyRow)
    assert {row.n_all for row in expected_rows(cohort(**changes).values(), series, SETTINGS)} == {0}


def test_a_sample_outside_the_window_does_not_hide_the_one_inside() -> None:
    late = classified("A", C.NOT_EVALUABLE, timepoint="PD0")
    late = replace(late, not_evaluable_reason=(NotEvaluableReason.OUTSIDE_WINDOW,))
    assert found_of([late, classified("A", C.NONE_FOUND)])["A"].timepoint == "PD"


def test_an_old_finding_is_counted_apart_and_carries_nothing() -> None:
    """KRAS was there before lorlatinib, MET emerged; of an acquired progression only MET is the mechanism."""
    rows = [
        classified("A", C.BYPASS, [BYPASS], excluded=excluded(bypass_mutation="found")),
        classified("B", C.NONE_FOUND, excluded=excluded()),
        classified("C", C.NONE_FOUND, timing=Timing.PRIMARY, excluded=excluded()),
    ]
    listed = [
        mechanism("A", "KRAS", "G12C", BYPASS, role=FindingRole.PRE_EXISTING),
        amplified("A", role=FindingRole.EMERGENT),
        mechanism(
            "A", "NRAS", "Q61K", BYPASS, role=FindingRole.PRE_EXISTING, confidence=Confidence.UNCERTAIN
        ),
    ]
    found = found_of(rows, listed)
    kras, both = table(found)["all", "gene", "KRAS"], table(found)["all", "component", "bypass"]
    assert (kras.n_all, kras.n_emergent, kras.n_pre_existing) == (1, 0, 1)
    assert (both.n_all, both.n_emergent, both.n_pre_existing) == (1, 1, 0)
    assert ("all", "gene", "NRAS") not in table(found), "uncertain, beside something better"
    compared = {r.level: r for r in primary_against_acquired(found.values(), SETTINGS)}
    assert (compared["MET"].reference_events, compared["KRAS"].reference_events) == (1, 0)


def test_a_gene_that_no_core_locus_speaks_of_has_no_denominator() -> None:
    rows = [
        classified("A", C.BYPASS, [BYPASS], excluded=excluded(bypass_mutation="found")),
        classified("B", C.NONE_FOUND, excluded=excluded()),
    ]
    found = found_of(rows, [mechanism("A", "FGFR3", "S249C", BYPASS)])
    row = table(found)["all", "gene", "FGFR3"]
    assert (row.n_all, row.total_all, row.share_all, row.not_assessable) == (1, None, None, 0)
    compared = next(r for r in primary_against_acquired(found.values(), SETTINGS) if r.level == "FGFR3")
    assert (compared.reason, compared.p) == ("nothing_excluded", None)


def test_at_baseline_nothing_emerges() -> None:
    rows = [classified("A", C.BYPASS, [BYPASS], setting=Setting.BASELINE, excluded=excluded())]
    row = table(found_of(rows, setting=Setting.BASELINE), Setting.BASELINE)["all", "component", "bypass"]
    assert (row.n_all, row.total_all, row.n_emergent, row.total_emergent) == (1, 1, None, None)


@pytest.mark.parametrize(
    ("limit", "kind", "state"),
    [
        (0.2, NegativeKind.BYPASS_MUTATION, Absence.EXCLUDED),
        (0.21, NegativeKind.BYPASS_MUTATION, Absence.NOT_ASSESSABLE),
        (4.9, NegativeKind.MET_AMPLIFICATION, Absence.EXCLUDED),
        (5.0, NegativeKind.MET_AMPLIFICATION, Absence.NOT_ASSESSABLE),
        (None, NegativeKind.GENE_LOSS, Absence.EXCLUDED),
    ],
)
def test_excluded_means_down_to_the_share_or_copies_of_the_settings(
    limit: float | None, kind: NegativeKind, state: Absence
) -> None:
    told = (Exclusion(kind, ExclusionStatus.EXCLUDED, limit),)
    row = classified("A", C.ON_TARGET_EXCLUDED, excluded=told)
    assert silence_of_row(row, CORE, resistance_settings().negative).kinds == {kind: state}


def test_a_line_that_nobody_could_read_may_be_the_mechanism() -> None:
    unread = (Caveat(CaveatCode.NOT_INTERPRETED, ("EGFR exon 19 deletion",)),)
    row = replace(classified("A", C.NOT_EVALUABLE, excluded=excluded()), flags=unread)
    reasons = (NotEvaluableReason.CALLABILITY_UNKNOWN,)
    found = found_of([replace(row, not_evaluable_reason=reasons)])["A"]
    for feature in (("component", "bypass"), ("gene", "EGFR"), ("finding", "alk_mutation")):
        assert absence(found, feature) is Absence.NOT_ASSESSABLE
    negative = replace(row, classification=C.NONE_FOUND)
    assert absence(found_of([negative])["A"], ("component", "bypass")) is Absence.EXCLUDED


def test_the_row_of_a_timepoint_claims_no_more_than_its_loci(tmp_path: Path) -> None:
    """Every golden case, through the classifier: by kind never more than locus by locus."""
    settings = resistance_settings()
    for case in cases():
        for result in classify_patient(evidence_of(case), KNOWN, settings):
            path = tmp_path / "resistance.json"
            path.write_text(json.dumps(result.detail))
            account = next(iter(read_silences([path], CORE).values()))
            by_kind = silence_of_row(result.row, CORE, settings.negative)
            for name in ("kinds", "genes"):
                told, known = getattr(by_kind, name), getattr(account, name)
                claimed = {key for key, state in told.items() if state is Absence.EXCLUDED}
                assert {known[key] for key in claimed} <= {Absence.EXCLUDED}, (case["id"], name)
            if result.row.classification is C.NONE_FOUND:
                # A mutation from before is found, and no class.
                old = {item.kind for item in result.row.excluded if item.status is ExclusionStatus.FOUND}
                kinds = set(NegativeKind) - {NegativeKind.HISTOLOGY} - old
                assert by_kind.of_kinds(kinds) is account.of_kinds(kinds) is Absence.EXCLUDED


def test_without_the_column_nothing_counts_as_excluded() -> None:
    row = table(found_of([classified("A", C.NONE_FOUND)]))["all", "component", "bypass"]
    assert (row.total_all, row.share_all, row.not_targeted) == (0, None, 1)


@pytest.mark.parametrize(
    ("phase", "flags", "compound"),
    [
        (None, (), Absence.EXCLUDED),
        (None, (Caveat(CaveatCode.FURTHER_ALK_NOT_EXCLUDED),), Absence.NOT_ASSESSABLE),
        (Phase.TRANS, (), Absence.EXCLUDED),
        (Phase.UNRESOLVED, (), Absence.NOT_ASSESSABLE),
    ],
)
def test_no_compound_is_said_only_where_a_second_mutation_in_cis_would_have_shown(
    phase: Phase | None, flags: tuple[Caveat, ...], compound: Absence
) -> None:
    row = classified("A", C.ON_TARGET_SINGLE, [ON_TARGET], excluded=excluded(alk_mutation="found"))
    listed = [mechanism("A", "ALK", "G1202R", ON_TARGET, phase=phase)]
    found = found_of([replace(row, flags=flags)], listed)["A"]
    assert absence(found, ("finding", "alk_compound_cis")) is compound


def account(folder: Path, **loci: Any) -> Path:
    """A `resistance.json` of the demo's shape: MET by copies alone, KRAS seen, RET not looked at."""
    told = [
        {"kind": "bypass_mutation", "status": "in_part", "above": None, "informative": False,
         "loci": {"KRAS G12": 0.08, "KRAS Q61": 0.31, "NRAS Q61": 0.09, "MET exon 14": 0.1},
         "not_enough": ["KRAS Q61"]},
        {"kind": "met_amplification", "status": "not_assessable", "above": None, "informative": False,
         "loci": {"MET copy_number": "not_assessable"}, "not_enough": ["MET copy_number"]},
        {"kind": "bypass_fusion", "status": "not_targeted", "above": None, "informative": False,
         "loci": {"RET intron 11": "not_targeted"}, "not_enough": ["RET intron 11"]},
        {"kind": "gene_loss", "status": "excluded", "above": None, "informative": True,
         "loci": {"NF2 copy_number": "excluded"}, "not_enough": []},
    ]  # fmt: skip
    path = folder / "resistance.json"
    path.write_text(json.dumps({"patient": "A", "timepoint": "PD", "excluded": told}))
    return path


def test_of_a_gene_its_own_loci_count(tmp_path: Path) -> None:
    silence = read_silences([account(tmp_path)], CORE)["A", "PD"]
    states = {gene: silence.genes[gene] for gene in ("KRAS", "NRAS", "MET", "RET", "NF2", "BRAF")}
    assert states == {
        "KRAS": Absence.NOT_ASSESSABLE,
        "NRAS": Absence.EXCLUDED,
        "MET": Absence.NOT_ASSESSABLE,
        "RET": Absence.NOT_TARGETED,
        "NF2": Absence.EXCLUDED,
        "BRAF": Absence.NOT_TARGETED,
    }
    assert silence.kinds[NegativeKind.GENE_LOSS] is Absence.EXCLUDED


def test_where_no_sample_excludes_it_there_is_no_share() -> None:
    """Five with a bypass, thirteen in whom nobody knows: five of five would be a share of one."""
    rows = [
        *(bypass_or_none(f"A{i}", bypass=True) for i in range(5)),
        *(
            classified(f"B{i}", C.ON_TARGET_EXCLUDED, excluded=excluded(gene_loss="in_part"))
            for i in range(13)
        ),
    ]
    found = found_of(rows)
    row = table(found)["all", "component", "bypass"]
    assert (row.n_all, row.total_all, row.share_all, row.high_all, row.not_assessable) == (
        5,
        5,
        None,
        None,
        13,
    )
    compared = next(r for r in primary_against_acquired(found.values(), SETTINGS) if r.level == "bypass")
    assert (compared.p, compared.reason) == (None, "nothing_excluded")
    everybody = table(found_of(rows[:5]))["all", "component", "bypass"]
    assert everybody.share_all == 1.0, "all have it, and none was blind"


def test_primary_against_acquired_by_fisher() -> None:
    # Fisher's tea tasting (1935): 3 of 4 against 1 of 4, two-sided p = 0.4857; who could not show it is out.
    rows = [
        bypass_or_none(f"{timing.value}{i}", i < hits, timing)
        for timing, hits in ((Timing.PRIMARY, 3), (Timing.ACQUIRED, 1))
        for i in range(4)
    ]
    blind = [
        classified(f"X{i}", C.ON_TARGET_EXCLUDED, excluded=excluded(gene_loss="in_part")) for i in range(9)
    ]
    compared = primary_against_acquired(found_of([*rows, *blind]).values(), SETTINGS)
    row = next(r for r in compared if r.level == "bypass")
    assert (row.events, row.patients, row.reference_events, row.reference_patients) == (3, 4, 1, 4)
    assert row.p == pytest.approx(0.4857, abs=1e-4)
    assert row.estimate == pytest.approx(6.408, abs=1e-3)
    assert row.excluded == ("mechanism_not_excluded=9",)


def test_without_primary_resistance_there_is_no_test() -> None:
    compared = primary_against_acquired(found_of([bypass_or_none("A", bypass=False)]).values(), SETTINGS)
    assert {(r.status.value, r.p, r.q, r.reason) for r in compared} == {
        ("not_estimable", None, None, "empty_group")
    }


def test_before_and_after_only_where_both_could_show_it() -> None:
    before = found_of(
        [
            classified("A", C.NONE_FOUND, setting=Setting.BASELINE, excluded=excluded()),
            classified("B", C.BYPASS, [BYPASS], setting=Setting.BASELINE),
            classified("C", C.NOT_EVALUABLE, setting=Setting.BASELINE),
        ],
        setting=Setting.BASELINE,
    )
    after = found_of([classified(name, C.BYPASS, [BYPASS]) for name in "ABCD"])
    found = {row.finding: row for row in paired_rows(before, after)}
    row = found["bypass"]
    assert (row.patients, row.both, row.gained, row.lost, row.neither, row.p) == (2, 1, 1, 0, 0, 1.0)
    assert row.not_assessable == 1
    assert (found["on_target"].patients, found["on_target"].p) == (0, None)


def test_observed_stands_beside_expected() -> None:
    series = KNOWLEDGE.bare_rows("expected_frequencies", ExpectedFrequencyRow)
    assert {item.mark.verified for item in series} == {True, False}
    found = found_of([bypass_or_none(f"P{i}", i < 3) for i in range(10)])
    rows = {(row.series, row.finding): row for row in expected_rows(found.values(), series, SETTINGS)}
    row = rows["CROWN, 5 years", "bypass"]
    assert (row.n_all, row.total_all, row.share_all) == (3, 10, 0.3)
    assert (row.n_emergent, row.total_emergent) == (0, 7), "no baseline tells"
    assert row.p == pytest.approx(1.0)
    assert rows["CROWN, 5 years", "alk_mutation"].p is None
