import math
from collections.abc import Iterable
from typing import Any

import pytest
from clinical_records import Records, on, switched
from excluded_kinds import excluded
from mechanism_rows import classified as table_row
from mechanism_rows import found_of, mechanism
from outcome_cohort import cohort_settings
from present_values import present

from alktrace.classify.resistance_table import ClassificationRow
from alktrace.outcomes.comparisons import (
    Comparison,
    Grouping,
    benefit,
    compare_all,
    component_groupings,
    mechanism_groupings,
    prepare,
    regimen_grouping,
)
from alktrace.outcomes.endpoint_table import EndpointPatientRow
from alktrace.outcomes.endpoints import (
    OS_PROGRESSION,
    RWPFS2,
    RWPFS2_TREATMENT,
    RWTTD2,
    RWTTD2_TREATMENT,
    Endpoint,
    patient_rows,
)
from alktrace.outcomes.mechanisms import findings
from alktrace.outcomes.timeline import Timeline
from alktrace.vocabulary.outcomes import Analysis, Exclusion, Status
from alktrace.vocabulary.resistance import Classification, Component, Phase, Timing
from alktrace.vocabulary.samples import Setting

SETTINGS = cohort_settings()
FEW = cohort_settings(min_group_patients=2)


def treated(patient: str, drugs: str, wait: int, after: int, event: str = "PD") -> Records:
    """Progression on day 100, treatment `wait` days later, event or last contact `after` days after that."""
    end = 100 + wait + after
    # Stopped for it: a scan alone, soon after the first, would be the first progression seen again.
    stopped = event == "PD"
    records = (
        Records(patient)
        .treat("lorlatinib", 0, 100, "progression")
        .scan(100, "PD")
        .treat(drugs, 100 + wait, end if stopped else None, "progression" if stopped else "ongoing", line=2)
    )
    return records.scan(end, "PD").alive(end + 10) if stopped else records.alive(end)


def analysed(records: list[Records]) -> tuple[list[Timeline], list[EndpointPatientRow]]:
    timelines = [item.timeline() for item in records]
    return timelines, patient_rows(timelines)


def one(comparisons: Iterable[Comparison], endpoint: Endpoint, analysis: Analysis) -> Comparison:
    return next(c for c in comparisons if c.endpoint is endpoint and c.analysis is analysis)


def test_by_treatment_patients_enter_when_it_starts() -> None:
    timelines, rows = analysed([treated("A", "pemetrexed", 20, 50), treated("B", "neladalkib", 90, 30)])
    found = list(prepare(rows, regimen_grouping(timelines)))
    order = [(c.endpoint.name, c.analysis) for c in found if c.endpoint.event.text != "death"]
    assert order == [
        ("rwPFS2", "group_entry"),
        ("rwPFS2", "naive"),
        ("rwTTD2", "group_entry"),
        ("rwTTD2", "naive"),
        ("rwPFS2_treatment", "from_treatment"),
        ("rwTTD2_treatment", "from_treatment"),
    ]
    late = one(found, RWPFS2, Analysis.GROUP_ENTRY).observed
    assert [(o.patient, o.entry, o.time, o.event) for o in late] == [
        ("A", 20, 70, True),
        ("B", 90, 120, True),
    ]
    naive = one(found, RWPFS2, Analysis.NAIVE).observed
    assert [(o.entry, o.time) for o in naive] == [(0, 70), (0, 120)]
    fresh = one(found, RWPFS2_TREATMENT, Analysis.FROM_TREATMENT).observed
    assert [(o.entry, o.time) for o in fresh] == [(0, 50), (0, 30)]


def grouping(**reported: Any) -> Grouping:
    return Grouping("bypass", dict.fromkeys(reported, "present"), reported)


def test_by_mechanism_patients_enter_at_the_report() -> None:
    _, rows = analysed([treated("A", "pemetrexed", 20, 50), switched("B").died(112)])
    marker = grouping(A=on(115), B=on(130))
    found = one(prepare(rows, marker), RWPFS2, Analysis.GROUP_ENTRY)
    assert [(o.patient, o.entry, o.time) for o in found.observed] == [("A", 15, 70)]
    assert found.excluded == {Exclusion.EVENT_BEFORE_ENTRY: 1}


def test_who_waits_for_a_treatment_may_die_and_is_at_risk_from_the_report() -> None:
    waiting = Records("B").treat("lorlatinib", 0, 100, "progression").scan(100, "PD").died(112)
    _, rows = analysed([treated("A", "pemetrexed", 20, 50), waiting])
    marker = grouping(A=on(115), B=on(110))
    found = one(prepare(rows, marker), RWTTD2, Analysis.GROUP_ENTRY)
    assert [(o.patient, o.entry, o.time, o.event) for o in found.observed] == [
        ("A", 15, 70, True),
        ("B", 10, 12, True),
    ]


def test_from_the_treatment_nobody_enters_before_it() -> None:
    _, rows = analysed([treated("A", "pemetrexed", 20, 50)])
    for reported, entry in ((115, 0), (130, 10)):
        marker = grouping(A=on(reported))
        found = one(prepare(rows, marker), RWTTD2_TREATMENT, Analysis.FROM_TREATMENT)
        assert [o.entry for o in found.observed] == [entry]


def test_without_report_date_nobody_enters_but_the_naive_figure_stands() -> None:
    _, rows = analysed([treated("A", "pemetrexed", 20, 50)])
    found = list(prepare(rows, grouping(A=Exclusion.REPORT_DATE_MISSING)))
    late = one(found, RWPFS2, Analysis.GROUP_ENTRY)
    assert (late.observed, late.excluded) == ([], {Exclusion.REPORT_DATE_MISSING: 1})
    assert len(one(found, RWPFS2, Analysis.NAIVE).observed) == 1


def immortal() -> list[Records]:
    """The same constant hazard on both drugs, but the inhibitor begins 60 days later."""
    days = [round(-70 * math.log(1 - (i + 0.5) / 40)) + 1 for i in range(40)]
    return [
        treated(f"{drug[0]}{i}", drug, wait + i % 7, after)
        for drug, wait in (("pemetrexed", 5), ("neladalkib", 65))
        for i, after in enumerate(days)
    ]


def test_immortal_time_favours_who_waits_longer_only_in_the_naive_figure() -> None:
    timelines, rows = analysed(immortal())
    table = compare_all(rows, [regimen_grouping(timelines)], SETTINGS)
    ratio = {
        r.analysis: r.estimate
        for r in table
        if r.level == "alk_tki" and r.endpoint in ("rwPFS2", "rwPFS2_treatment")
    }
    assert present(ratio["naive"]) < 0.6
    assert ratio["from_treatment"] == pytest.approx(1, abs=0.05)
    assert 0.8 < present(ratio["group_entry"]) < 1.25
    notes = {r.analysis: r.note for r in table}
    assert "immortal time" in present(notes["naive"])


def test_few_events_give_a_penalised_ratio_and_the_reason() -> None:
    timelines, rows = analysed(immortal()[::16])
    table = compare_all(rows, [regimen_grouping(timelines)], SETTINGS)
    row = next(r for r in table if (r.endpoint, r.analysis, r.level) == ("rwPFS2", "naive", "alk_tki"))
    assert (row.status, row.method) == (Status.PENALISED, "cox_firth; p by penalised likelihood ratio")
    assert present(row.low) < present(row.estimate) < present(row.high)
    # Five events, two of five patients in the group: the interval says that nothing is known.
    assert present(row.high) / present(row.low) > 10
    assert row.interval_factor == pytest.approx(math.exp(1.959964 / math.sqrt(5 * 0.4 * 0.6)), rel=1e-5)
    assert row.reason == "too_few_events: 5 for 1 parameter, 10 needed"
    assert (row.patients, row.events, row.reference_patients, row.reference_events) == (2, 2, 3, 3)


def test_more_than_two_treatments_get_a_test_of_all() -> None:
    records = [*immortal(), *(treated(f"x{i}", "neladalkib+pemetrexed", 10 + i, 40 + i) for i in range(9))]
    timelines, rows = analysed(records)
    table = compare_all(rows, [regimen_grouping(timelines)], SETTINGS)
    row = next(
        r for r in table if (r.level, r.endpoint, r.analysis) == ("all groups", "rwPFS2", "group_entry")
    )
    assert (row.patients, row.method, row.status) == (89, "cox_score", Status.ESTIMATED)
    assert 0 < present(row.p) <= 1


@pytest.mark.parametrize("alone", [1, 7])
def test_a_group_of_few_gets_a_penalised_ratio_and_no_test_of_all(alone: int) -> None:
    """Eighty patients with events, and one or seven more on a third treatment."""
    records = [
        *immortal(),
        *(treated(f"x{i}", "neladalkib+pemetrexed", 10 + i, 40 + i) for i in range(alone)),
    ]
    timelines, rows = analysed(records)
    table = compare_all(rows, [regimen_grouping(timelines)], SETTINGS)
    pfs = [r for r in table if r.endpoint == "rwPFS2"]
    refused = [r for r in pfs if r.level in ("alk_tki_combination", "all groups")]
    of_all = [r for r in refused if r.level == "all groups"]
    assert {(r.status, r.estimate, r.p, r.method) for r in of_all} == {
        (Status.DESCRIPTIVE, None, None, "counts")
    }
    assert {r.status for r in refused if r not in of_all} == {Status.PENALISED}
    assert {r.reason for r in refused} == {f"group_too_small: {alone} in the smallest, 8 needed"}
    assert {r.patients for r in refused} == {alone, 80 + alone}
    others = [r for r in pfs if r.level in ("alk_tki", "no_alk_tki")]
    assert all(r.estimate is not None for r in others)


def test_false_discovery_is_controlled_within_question_endpoint_and_analysis() -> None:
    timelines, rows = analysed(immortal())
    table = compare_all(rows, [regimen_grouping(timelines)], SETTINGS)
    naive = [r for r in table if (r.endpoint, r.analysis) == ("rwPFS2", "naive")]
    # Two drugs are one contrast seen from both sides: equal p values stay as they are.
    assert len(naive) == 2
    assert {round(present(r.q), 9) for r in naive} == {round(present(r.p), 9) for r in naive}


def test_who_has_no_group_is_named_with_the_reason() -> None:
    records = [
        *immortal(),
        Records("X").treat("lorlatinib", 0, 100, "progression").scan(100, "PD").died(120),
        Records("Y").treat("lorlatinib", 0, 100, "progression").scan(100, "PD").alive(120),
    ]
    timelines, rows = analysed(records)
    for comparison in prepare(rows, regimen_grouping(timelines)):
        left_out = comparison.excluded
        if comparison.endpoint in (RWPFS2, OS_PROGRESSION):
            assert left_out == {Exclusion.DIED_UNTREATED: 1, Exclusion.NOT_YET_STARTED: 1}


def test_a_sample_that_says_nothing_is_in_no_group() -> None:
    nothing = ClassificationRow(
        "A", "PD", Setting.PROGRESSION, Classification.NOT_EVALUABLE, (), Timing.ACQUIRED, None, (), ()
    )
    timelines, rows = analysed([treated("A", "pemetrexed", 20, 50)])
    groups = component_groupings(findings([nothing], [], timelines, Setting.PROGRESSION))
    assert {c.excluded[Exclusion.NOT_EVALUABLE] for g in groups for c in prepare(rows, g)} == {1}


@pytest.mark.parametrize(
    ("missing", "reason"),
    [("met_amplification", Exclusion.MECHANISM_NOT_EXCLUDED), (None, None)],
)
def test_without_bypass_is_said_only_where_every_core_kind_was_excluded(
    missing: str | None, reason: Exclusion | None
) -> None:
    limits = excluded(**{missing: "not_assessable"} if missing else {})
    cls = Classification.ON_TARGET_EXCLUDED if missing else Classification.NONE_FOUND
    timelines, rows = analysed([treated("A", "pemetrexed", 20, 50).report("PD", 101, 110)])
    found = found_of([table_row("A", cls, excluded=limits)], timelines=timelines)
    groups = {group.factor: group for group in component_groupings(found)}
    for factor, state in (("bypass", "absent"), ("none_found", "present")):
        assert groups[factor].group_of == ({} if missing else {"A": state})
        left_out = one(prepare(rows, groups[factor]), RWPFS2, Analysis.NAIVE).excluded
        assert left_out == ({reason: 1} if reason else {})
    assert groups["on_target"].group_of == {"A": "absent"}, "ALK was judged all the same"


def test_nobody_switched() -> None:
    records = [Records().treat("lorlatinib", 0, 100, "progression").scan(100, "PD").alive(150)]
    timelines, rows = analysed(records)
    table = compare_all(rows, [regimen_grouping(timelines)], SETTINGS)
    assert table == []


def classified(patient: str, component: Component) -> ClassificationRow:
    if component is Component.BYPASS:
        limits = excluded(bypass_mutation="found")
        return table_row(patient, Classification.BYPASS, [component], excluded=limits)
    limits = excluded(alk_mutation="found")
    return table_row(patient, Classification.ON_TARGET_SINGLE, [component], excluded=limits)


def crossed() -> tuple[list[Records], list[ClassificationRow]]:
    """Bypass fares badly on the inhibitor and well on chemotherapy, on-target the other way round."""
    records, rows = [], []
    lives = {("neladalkib", Component.BYPASS): 50, ("neladalkib", Component.ON_TARGET): 130,
             ("pemetrexed", Component.BYPASS): 120, ("pemetrexed", Component.ON_TARGET): 60}  # fmt: skip
    for number, ((drug, component), life) in enumerate(lives.items()):
        for i in range(12):
            name = f"P{number}-{i}"
            records.append(treated(name, drug, 20, max(2 + i, life + 8 * (i - 6))).report("PD", 101, 110))
            rows.append(classified(name, component))
    return records, rows


def test_a_mechanism_that_decides_between_treatments_shows_as_interaction() -> None:
    records, classes = crossed()
    timelines, rows = analysed(records)
    found = found_of(classes, timelines=timelines)
    table = benefit(rows, regimen_grouping(timelines), component_groupings(found), SETTINGS)
    row = next(r for r in table if (r.factor, r.level) == ("bypass x alk_tki", "interaction"))
    assert row.status is Status.ESTIMATED
    assert present(row.estimate) > 10
    assert present(row.p) < 0.001
    assert row.hazards_p is not None
    assert (row.patients, row.reference_patients) == (12, 36)
    # A main effect compares one cell of the cross with the cell that has neither.
    for level in ("alk_tki", "bypass"):
        main = next(r for r in table if (r.factor, r.level) == ("bypass x alk_tki", level))
        assert (main.patients, main.events, main.reference_patients, main.reference_events) == (12,) * 4


def test_without_enough_events_the_interaction_is_penalised() -> None:
    records, classes = crossed()
    timelines, rows = analysed(records[::3])
    found = found_of(classes[::3], timelines=timelines)
    table = benefit(rows, regimen_grouping(timelines), component_groupings(found), SETTINGS)
    row = next(r for r in table if (r.factor, r.level) == ("bypass x alk_tki", "interaction"))
    assert row.reason == "too_few_events: 16 for 3 parameters, 30 needed"
    assert (row.status, row.method) == (Status.PENALISED, "cox_firth; p by penalised likelihood ratio")
    # Of sixteen, half are treated and half marked, all with events: the direction, and how little is known.
    assert row.interval_factor == pytest.approx(math.exp(1.959964 / math.sqrt(16 / 16)), rel=1e-5)
    assert present(row.low) > 1
    assert row.note == "interaction: how the treatment's hazard ratio differs where the mechanism is present"


def test_outcomes_by_single_mutation_compound_and_each_bypass_gene_with_enough_patients() -> None:
    cis = {"phase": Phase.CIS}
    rows = [
        *(mechanism(f"S{i}", "ALK", "G1202R", Component.ON_TARGET) for i in range(3)),
        mechanism("C", "ALK", "G1202R", Component.ON_TARGET, phase_partner=("L1196M",), **cis),
        mechanism("C", "ALK", "L1196M", Component.ON_TARGET, phase_partner=("G1202R",), **cis),
        *(mechanism(f"K{i}", "KRAS", "G12C", Component.BYPASS) for i in range(2)),
        mechanism("M", "MET", "Y1230H", Component.BYPASS),
    ]
    names = list(dict.fromkeys(row.patient for row in rows))
    classes = [
        classified(name, Component.ON_TARGET if name[0] in "SC" else Component.BYPASS) for name in names
    ]
    groups = {
        group.factor: {name for name, state in group.group_of.items() if state == "present"}
        for group in mechanism_groupings(found_of(classes, rows), FEW)
    }
    assert groups == {
        "alk_single_mutation": {"S0", "S1", "S2"},
        "alk_compound_cis": {"C"},
        "KRAS": {"K0", "K1"},
    }
