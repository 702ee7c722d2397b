from dataclasses import replace

import pytest
from clinical_records import Records, on, switched
from outcome_cohort import cohort_settings
from present_values import present

from alktrace.inputs.settings.cohort_settings import CohortSettings
from alktrace.outcomes import endpoint_figures
from alktrace.outcomes.endpoint_figures import analyse, enrolled_at_progression, observe
from alktrace.outcomes.endpoint_table import EndpointPatientRow, EndpointRateRow, EndpointRow
from alktrace.outcomes.endpoints import (
    ENDPOINTS,
    FIRST_DOSE,
    NEXT_DOSE,
    OS_LORLATINIB,
    OS_PROGRESSION,
    PROGRESSED,
    PROGRESSION,
    RWPFS2,
    RWPFS2_SCAN,
    RWPFS2_TREATMENT,
    RWTTD1,
    RWTTD2,
    RWTTD2_STARTERS,
    RWTTD2_TREATMENT,
    SWITCHED,
    TREATED,
    Endpoint,
    Population,
    Start,
    by_course,
    patient_rows,
)
from alktrace.vocabulary.outcomes import Analysis, Exclusion, RegimenKind, Status

SETTINGS = cohort_settings()


def late_switch() -> Records:
    return (
        Records().treat("lorlatinib", 0, 110, "progression").scan(100, "PD").treat("pemetrexed", 140, line=2)
    )


def row(records: Records, endpoint: Endpoint, **options: int) -> EndpointPatientRow:
    found = patient_rows([records.timeline(**options)])
    return next(item for item in found if item.endpoint == endpoint.name)


def figure(
    records: list[Records],
    endpoint: Endpoint,
    analysis: Analysis = Analysis.AS_DEFINED,
    settings: CohortSettings = SETTINGS,
) -> tuple[EndpointRow, list[EndpointRateRow]]:
    timelines = [item.timeline() for item in records]
    late = enrolled_at_progression(timelines)
    analysed = next(
        item
        for item in analyse(patient_rows(timelines), settings, enrolled_late=late)
        if item.endpoint is endpoint and item.analysis is analysis
    )
    return endpoint_figures.figure(analysed, settings), list(endpoint_figures.rates(analysed, settings))


@pytest.mark.parametrize(
    ("records", "endpoint", "start", "end", "event", "censoring"),
    [
        (switched().alive(300), RWTTD1, 0, 110, "progression", None),
        (
            Records().treat("lorlatinib", 5, 80, "toxicity").alive(90),
            RWTTD1, 5, 80, "toxicity", None,
        ),
        (
            Records().treat("lorlatinib", 0).alive(400),
            RWTTD1, 0, 400, None, "ongoing_at_last_contact",
        ),
        (
            Records().treat("lorlatinib", 0, 50, "death").died(52),
            RWTTD1, 0, 50, "death", None,
        ),
        (switched().alive(300), RWTTD2, 100, 300, None, "ongoing_at_last_contact"),
        (
            Records().treat("lorlatinib", 0, 110, "progression").scan(100, "PD").died(130),
            RWTTD2, 100, 130, "death", None,
        ),
        (switched().alive(300), RWTTD2_TREATMENT, 120, 300, None, "ongoing_at_last_contact"),
        (switched().scan(200, "PD").alive(300), RWPFS2, 100, 200, "progression", None),
        (switched().scan(200, "PD").alive(300), RWPFS2_TREATMENT, 120, 200, "progression", None),
        (switched().scan(200, "SD").alive(300), RWPFS2, 100, 300, None, "alive_at_last_contact"),
        (switched().died(250), RWPFS2, 100, 250, "death", None),
        (switched().died(250), OS_LORLATINIB, 0, 250, "death", None),
        (switched().died(250), OS_PROGRESSION, 100, 250, "death", None),
        (switched().alive(250), OS_PROGRESSION, 100, 250, None, "alive_at_last_contact"),
    ],
    ids=[
        "TTD1-progression", "TTD1-toxicity", "TTD1-ongoing", "TTD1-death", "TTD2-starts-at-progression",
        "TTD2-died-untreated", "TTD2-from-treatment", "PFS2-progression", "PFS2-from-treatment",
        "PFS2-censored", "PFS2-death", "OS", "OS-from-progression", "OS-censored",
    ],
)  # fmt: skip
def test_dates_of_the_study_definitions(
    records: Records, endpoint: Endpoint, start: int, end: int, event: str | None, censoring: str | None
) -> None:
    found = row(records, endpoint)
    assert (found.start, found.end) == (on(start), on(end))
    assert (found.event, found.event_type, found.censoring) == (event is not None, event, censoring)
    assert found.days == end - start


@pytest.mark.parametrize(
    ("name", "population", "start", "headline", "needs_early_enrolment"),
    [
        ("rwTTD1", TREATED, FIRST_DOSE, Analysis.ENROLMENT_ENTRY, True),
        ("rwTTD2", PROGRESSED, PROGRESSION, Analysis.COMPETING_STATES, False),
        ("rwTTD2_starters", SWITCHED, PROGRESSION, Analysis.AS_DEFINED, False),
        ("rwTTD2_treatment", SWITCHED, NEXT_DOSE, Analysis.AS_DEFINED, False),
        ("rwPFS2", PROGRESSED, PROGRESSION, Analysis.AS_DEFINED, False),
        ("rwPFS2_treatment", SWITCHED, NEXT_DOSE, Analysis.AS_DEFINED, False),
        ("OS_lorlatinib", TREATED, FIRST_DOSE, Analysis.ENROLMENT_ENTRY, False),
        ("OS_progression", PROGRESSED, PROGRESSION, Analysis.ENROLMENT_ENTRY, False),
    ],
)
def test_definitions_of_the_study(
    name: str, population: Population, start: Start, headline: Analysis, needs_early_enrolment: bool
) -> None:
    """Of its protocol; in the order of the tables."""
    found = ENDPOINTS[name]
    assert (found.population, found.start, found.headline) == (population, start, headline)
    assert found.needs_early_enrolment is needs_early_enrolment
    # As config/README.md says.
    assert found.curve_file == f"km_{name}.tsv"


def test_figures_go_by_the_course_of_a_patient() -> None:
    course = ["rwTTD1", "rwPFS2", "rwTTD2", "OS_lorlatinib", "OS_progression"]
    assert [item.name for item in by_course() if item.title and item.name in course] == course


@pytest.mark.parametrize(
    ("records", "endpoint", "day"),
    [
        (switched().scan(200, "PD").died(200), RWPFS2, (200, "progression")),
        (switched().scan(150, "PD").died(200), RWPFS2, (150, "progression")),
        # Seen 29 days after the stop and still before the treatment: an event from progression on, none
        # from treatment on.
        (late_switch().scan(139, "PD").alive(300), RWPFS2, (139, "progression")),
        (late_switch().scan(139, "PD").alive(300), RWPFS2_TREATMENT, Exclusion.EVENT_BEFORE_ENTRY),
        (late_switch().scan(140, "PD").alive(300), RWPFS2_TREATMENT, (140, "progression")),
    ],
    ids=[
        "both-on-one-day",
        "progression-first",
        "before-the-treatment",
        "no-event-of-it",
        "on-its-first-day",
    ],
)
def test_progression_or_death_whichever_is_first(
    records: Records, endpoint: Endpoint, day: Exclusion | tuple[int, str]
) -> None:
    found = row(records, endpoint)
    assert (found.exclusion or ((present(found.end) - on(0)).days, found.event_type)) == day


def test_time_in_the_study_starts_at_enrolment_and_not_before_day_0() -> None:
    days = {enrolled: row(switched(enrolled=enrolled).alive(300), RWTTD1) for enrolled in (-5, 0, 40, None)}
    assert [found.entry_days for found in days.values()] == [0, 0, 40, None]
    assert [found.flags for found in days.values()] == [(), (), ("enrolled_after_start",), ()]
    assert {found.included for found in days.values()} == {True}


def test_an_endpoint_needs_a_population_with_its_day_0(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counting patients without progression from a progression would count them from nowhere."""
    monkeypatch.setitem(ENDPOINTS, "x", replace(OS_PROGRESSION, name="x", population=TREATED))
    with pytest.raises(ValueError, match="x: no progression on lorlatinib of P1"):
        patient_rows([Records().treat("lorlatinib", 0).alive(90).timeline()])


def test_without_any_later_date_a_patient_is_censored_on_the_first_dose() -> None:
    found = row(Records().treat("lorlatinib", 0), RWTTD1)
    assert (found.end, found.event, found.days, found.flags) == (on(0), False, 0, ())


def test_treatment_ends_with_its_last_row_of_the_line() -> None:
    records = (
        switched_to("pemetrexed+carboplatin", 120, 180, "other")
        .treat("pemetrexed", 190, 260, "toxicity", line=2)
        .alive(300)
    )
    found = row(records, RWTTD2)
    assert (found.end, found.event_type) == (on(260), "toxicity")


def test_the_third_line_does_not_prolong_the_second() -> None:
    records = switched_to("pemetrexed", 120, 180, "progression").treat("alectinib", 185, line=3).alive(300)
    assert row(records, RWTTD2).end == on(180)


def switched_to(drugs: str, start: int, end: int | None = None, reason: str = "ongoing") -> Records:
    return (
        Records()
        .treat("lorlatinib", 0, 110, "progression")
        .scan(100, "PD")
        .treat(drugs, start, end, reason, line=2)
    )


@pytest.mark.parametrize(
    ("records", "kind"),
    [
        (switched_to("pemetrexed", 120), RegimenKind.NO_ALK_TKI),
        (switched_to("neladalkib", 120), RegimenKind.ALK_TKI),
        (switched_to("neladalkib+pemetrexed", 120), RegimenKind.ALK_TKI_COMBINATION),
        (switched_to("lorlatinib+pemetrexed", 120), RegimenKind.LORLATINIB_COMBINATION),
        (
            Records().treat("lorlatinib", 0).scan(100, "PD").treat("pemetrexed", 120, line=2),
            RegimenKind.LORLATINIB_COMBINATION,
        ),
    ],
    ids=["chemotherapy", "inhibitor", "both", "lorlatinib-in-the-row", "lorlatinib-goes-on"],
)
def test_kind_of_the_next_treatment(records: Records, kind: RegimenKind) -> None:
    assert present(records.alive(300).timeline().next_treatment).kind is kind


def test_dose_change_and_radiotherapy_are_no_next_treatment() -> None:
    records = Records().treat("lorlatinib", 0, 90, "other").scan(100, "PD").treat("lorlatinib", 95)
    assert records.alive(300).timeline().next_treatment is None


@pytest.mark.parametrize(
    ("records", "endpoint", "why"),
    [
        (Records().treat("alectinib", 0).alive(50), RWTTD1, Exclusion.NO_LORLATINIB),
        (
            Records().treat("alectinib", 0, 40, "progression").treat("lorlatinib", 50, line=2).alive(90),
            RWTTD1,
            Exclusion.PRIOR_ALK_TKI,
        ),
        (
            Records().treat("pemetrexed", 0, 40, "other").treat("lorlatinib", 50, line=2).alive(90),
            OS_LORLATINIB,
            Exclusion.NOT_FIRST_LINE,
        ),
        (Records().treat("lorlatinib", 0).alive(90), RWPFS2, Exclusion.NO_PROGRESSION),
        (
            Records().treat("lorlatinib", 0, 110, "progression").scan(100, "PD").died(130),
            RWTTD2_STARTERS,
            Exclusion.DIED_UNTREATED,
        ),
        (
            Records().treat("lorlatinib", 0, 110, "progression").scan(100, "PD").alive(130),
            RWTTD2_STARTERS,
            Exclusion.NOT_YET_STARTED,
        ),
    ],
    ids=["no-lorlatinib", "inhibitor-before", "second-line", "no-progression", "died-untreated", "waiting"],
)
def test_reasons_of_exclusion(records: Records, endpoint: Endpoint, why: Exclusion) -> None:
    found = row(records, endpoint)
    assert (found.included, found.exclusion, found.days) == (False, why, None)


def test_who_is_enrolled_after_the_cut_off_is_in_no_study_yet() -> None:
    """From day 0 on they counted: alive and on treatment for days on which nobody else was let in."""
    for enrolled, why in ((200, None), (201, Exclusion.ENROLLED_AFTER_CUTOFF)):
        found = patient_rows([switched(enrolled=enrolled).died(300).timeline(cutoff=200)])
        assert {item.exclusion for item in found if item.endpoint in ("rwTTD1", "rwPFS2")} == {why}
    assert row(switched(enrolled=201).died(300), RWPFS2).included


def test_who_died_untreated_is_counted_apart() -> None:
    waiting = [
        Records(name).treat("lorlatinib", 0, 110, "progression").scan(100, "PD") for name in ("A", "B")
    ]
    found, _ = figure(
        [waiting[0].died(130), waiting[1].alive(130), switched("C").alive(200)], RWTTD2_STARTERS
    )
    assert (found.patients, found.excluded) == (1, ("not_yet_started=1", "died_untreated=1"))


@pytest.mark.parametrize(
    ("scans", "again"),
    [
        (((100, "PD"), (100, "PD")), None),
        (((100, "PD"), (115, "PD")), None),
        (((100, "PD"), (120, "PD")), None),
        # A scan on day 121 is within 28 days of the stop: the new treatment has a baseline scan.
        (((100, "PD"), (121, "PD")), None),
        (((100, "PD"), (138, "PD")), None),
        (((100, "PD"), (139, "PD")), 139),
        (((100, "PD"), (118, "PD"), (170, "PD")), 170),
    ],
    ids=[
        "two-on-one-day",
        "seen-again-before-treatment",
        "scan-on-the-first-day",
        "first-scan-on-it",
        "28-days-after-the-stop",
        "29-days-after-the-stop",
        "later",
    ],
)
def test_the_same_progression_seen_again_is_no_second_one(
    scans: tuple[tuple[int, str], ...], again: int | None
) -> None:
    records = Records().treat("lorlatinib", 0, 110, "progression").treat("pemetrexed", 120, line=2)
    for day, response in scans:
        records.scan(day, response)
    found = records.alive(300).timeline()
    assert found.progression == on(100)
    assert found.second_progression == (None if again is None else on(again))


@pytest.mark.parametrize(
    ("record", "progression", "following"),
    [
        pytest.param(
            Records().treat("lorlatinib", 0, 125, "progression").treat("alectinib", 120, line=2),
            120, 120, id="given on for days beside the next drug",
        ),
        pytest.param(
            Records().treat("lorlatinib", 0, 125, "progression").treat("alectinib", 120, line=2)
            .scan(122, "PD"),
            120, 120, id="the scan comes after the switch",
        ),
        pytest.param(
            Records().treat("lorlatinib", 0, 200, "progression").treat("pemetrexed", 60, line=2),
            200, None, id="a combination that failed",
        ),
        pytest.param(
            Records().treat("lorlatinib", 0, 125, "progression").treat("pemetrexed", 110, 120, "toxicity", 2),
            125, None, id="a drug that ended before",
        ),
    ],
)  # fmt: skip
def test_a_stop_for_progression_beside_the_next_drug(
    record: Records, progression: int, following: int | None
) -> None:
    """The stop dated the progression after the start of the next drug, which was then no next treatment."""
    timeline = record.alive(400).timeline()
    assert timeline.progression == on(progression)
    given = timeline.next_treatment
    assert (given and given.start) == (None if following is None else on(following))
    assert timeline.second_progression is None


def test_a_later_progression_without_treatment_is_a_second_one() -> None:
    records = Records().treat("lorlatinib", 0).scan(100, "PD").scan(160, "PD").alive(300)
    assert records.timeline().second_progression == on(160)


@pytest.mark.parametrize(
    ("records", "event", "scanned"),
    [
        # The stop of the next treatment for progression, without a scan.
        (switched_to("pemetrexed", 120, 200, "progression"), (200, "clinical_progression"), None),
        # Its scan comes first: one event, on the day of the scan.
        (switched_to("pemetrexed", 120, 200, "progression").scan(190, "PD"), (190, "progression"), 190),
        # Soon after the first all the same: it failed.
        (switched_to("pemetrexed", 112, 126, "progression"), (126, "clinical_progression"), None),
        (switched_to("pemetrexed", 120, 200, "toxicity"), None, None),
        # Stopped clinically, the next treatment a day later, the scan another day later.
        (
            Records().treat("lorlatinib", 0, 100, "progression").treat("pemetrexed", 101, line=2)
            .scan(102, "PD"), None, None,
        ),
        # A confirming scan 31 days after the first one, 21 after the stop.
        (switched().scan(131, "PD"), None, None),
        # Lorlatinib goes on beyond progression and is stopped for the next one.
        (
            Records().treat("lorlatinib", 0, 200, "progression").scan(100, "PD"),
            (200, "clinical_progression"), None,
        ),
        # A change of dose between scan and stop leaves them one progression.
        (
            Records().treat("lorlatinib", 0, 105, "other").scan(100, "PD")
            .treat("lorlatinib", 105, 115, "progression"), None, None,
        ),
        # A stop of the third line, where the second was left for toxicity.
        (
            switched_to("pemetrexed", 120, 200, "toxicity").treat("docetaxel", 210, 260, "progression", 3),
            (260, "clinical_progression"), None,
        ),
    ],
    ids=["stop-alone", "scan-and-stop", "early-failure", "toxicity", "scan-after-the-switch",
         "confirming-scan", "beyond-progression", "dose-change", "third-line"],
)  # fmt: skip
def test_one_progression_is_one_event_on_every_line(
    records: Records, event: tuple[int, str] | None, scanned: int | None
) -> None:
    found = row(records.alive(400), RWPFS2)
    assert (found.event, found.event_type) == ((True, event[1]) if event else (False, None))
    assert found.end == on(event[0] if event else 400)
    by_scan = row(records, RWPFS2_SCAN)
    assert by_scan.end == on(scanned if scanned else 400)


@pytest.mark.parametrize(
    ("again", "line", "end"),
    [(230, 1, 300), (300, 1, 350), (230, 2, 300), (231, 2, 110)],
    ids=["within-the-gap", "same-line", "other-line-within-the-gap", "longer-than-the-gap"],
)
def test_a_pause_of_lorlatinib_is_no_end(again: int, line: int, end: int) -> None:
    records = (
        Records().treat("lorlatinib", 0, 110, "toxicity")
        .treat("lorlatinib", again, max(300, again + 50), "toxicity", line)
    )  # fmt: skip
    assert row(records.alive(400), RWTTD1).end == on(end)


def test_lorlatinib_again_after_another_treatment_is_another_course() -> None:
    records = (
        Records().treat("lorlatinib", 0, 110, "progression").treat("pemetrexed", 115, 160, "progression", 2)
        .treat("lorlatinib", 180, 250, "progression", 3)
    )  # fmt: skip
    assert row(records.alive(300), RWTTD1).end == on(110)


def test_maintenance_after_a_pause_is_the_same_line() -> None:
    records = switched_to("pemetrexed+carboplatin", 120, 180, "other")
    records.treat("pemetrexed", 215, 400, "progression", line=2).alive(500)
    assert row(records, RWTTD2).end == on(400)


def test_event_on_day_0_is_not_lost() -> None:
    records = Records().treat("lorlatinib", 0, 100, "progression").scan(100, "PD").died(100)
    found = row(records, RWPFS2)
    assert (found.event, found.days, found.flags) == (True, 0.5, ("event_on_day_0",))
    summary, _ = figure([records], RWPFS2)
    assert (summary.events, summary.median_days) == (1, 0.5)


def test_all_censored_on_day_0_is_named_not_computed() -> None:
    records = [
        Records(name).treat("lorlatinib", 0, 100, "progression").scan(100, "PD").alive(100) for name in "AB"
    ]
    found, rates = figure(records, RWPFS2)
    assert (found.status, found.reason) == (Status.NOT_ESTIMABLE, "no_time_at_risk")
    assert (found.patients, found.analysed, found.excluded) == (2, 0, ("no_follow_up=2",))
    assert {(rate.rate, rate.reason) for rate in rates} == {(None, "no_time_at_risk")}


def test_no_patient_at_all() -> None:
    found, _ = figure([], RWPFS2)
    assert (found.endpoint, found.patients, found.status) == ("rwPFS2", 0, Status.NOT_ESTIMABLE)


def test_one_patient_without_event() -> None:
    found, rates = figure([Records().treat("lorlatinib", 0).alive(900)], RWTTD1)
    assert (found.status, found.events, found.median_days) == (Status.ESTIMATED, 0, None)
    assert found.reason == "median_not_reached"
    # One of one at risk: exact lower end 0.025.
    assert [(r.rate, r.method) for r in rates] == [(1.0, "exact_at_risk")] * 2
    assert rates[0].low == pytest.approx(0.025)


def test_rates_are_missing_beyond_follow_up() -> None:
    _, rates = figure([Records().treat("lorlatinib", 0).alive(500)], RWTTD1)
    assert [(r.years, r.rate, r.reason) for r in rates] == [
        (1, 1.0, "no_events_before"),
        (2, None, "follow_up_too_short"),
    ]


def test_time_before_enrolment_is_not_at_risk() -> None:
    early = Records("A", enrolled=0).treat("lorlatinib", 0, 60, "toxicity").alive(70)
    late = Records("B", enrolled=50).treat("lorlatinib", 0, 80, "toxicity").alive(90)
    observed, left_out = observe([row(early, RWTTD1), row(late, RWTTD1)], Analysis.ENROLMENT_ENTRY)
    assert [(item.entry, item.time) for item in observed] == [(0, 60), (50, 80)]
    assert not left_out


@pytest.mark.parametrize(
    ("enrolled", "why"),
    [(None, Exclusion.ENROLMENT_MISSING), (70, Exclusion.EVENT_BEFORE_ENTRY)],
    ids=["unknown", "after-the-event"],
)
def test_who_cannot_enter_is_named(enrolled: int | None, why: Exclusion) -> None:
    records = Records(enrolled=enrolled).treat("lorlatinib", 0, 60, "toxicity").alive(70)
    _, left_out = observe([row(records, RWTTD1)], Analysis.ENROLMENT_ENTRY)
    assert left_out == {why: 1}
    assert len(observe([row(records, RWTTD1)], Analysis.AS_DEFINED)[0]) == 1


def test_event_on_the_day_of_enrolment_counts_half_a_day_later() -> None:
    records = Records(enrolled=60).treat("lorlatinib", 0, 60, "toxicity").alive(70)
    observed, _ = observe([row(records, RWTTD1)], Analysis.ENROLMENT_ENTRY)
    assert (observed[0].entry, observed[0].time) == (60, 60.5)


@pytest.mark.parametrize(("late", "status"), [(1, Status.ESTIMATED), (2, Status.NOT_ESTIMABLE)])
def test_enrolment_at_progression_makes_the_first_duration_from_day_0_not_estimable(
    late: int, status: Status
) -> None:
    records = [switched(f"P{i}", enrolled=100 if i < late else 0).alive(400) for i in range(5)]
    found, rates = figure(records, RWTTD1)
    assert found.status is status
    if status is Status.NOT_ESTIMABLE:
        assert found.reason == "enrolled_at_progression: 40% of the patients, at most 20%"
        assert (found.median_days, rates[0].rate) == (None, None)
    assert figure(records, RWPFS2)[0].status is Status.ESTIMATED


@pytest.mark.parametrize(("late", "analysed"), [(1, 5), (2, 3)])
def test_from_enrolment_the_first_duration_of_the_others_stands(late: int, analysed: int) -> None:
    records = [switched(f"P{i}", enrolled=100 if i < late else 0).alive(400) for i in range(5)]
    found, _ = figure(records, RWTTD1, Analysis.ENROLMENT_ENTRY)
    assert (found.status, found.headline, found.median_days) == (Status.ESTIMATED, True, 110)
    assert (found.patients, found.analysed) == (5, analysed)
    assert found.excluded == (("enrolled_at_progression=2",) if late == 2 else ())


def test_the_curve_ends_at_a_gap_and_says_so() -> None:
    """All at risk had the event on day 60, while one enters on day 70: the others keep their figures."""
    early = [Records(f"A{i}").treat("lorlatinib", 0, 20 + 10 * i, "toxicity").alive(90) for i in range(5)]
    late = Records("B", enrolled=70).treat("lorlatinib", 0, 90, "toxicity").alive(95)
    found, rates = figure([*early, late], RWTTD1, Analysis.ENROLMENT_ENTRY)
    # Of five, stops on days 20 to 60: half are left until day 40; the last one is not a fall to 0.
    assert (found.status, found.median_days, found.events, found.analysed) == (Status.ESTIMATED, 40, 4, 5)
    assert found.excluded == ("enters_after_gap=1",)
    assert "risk_set_emptied=60" in found.flags
    assert rates[0].reason == "risk_set_emptied: on day 60, while patients still enter"


def test_a_gap_by_leaving_keeps_the_last_day() -> None:
    early = [Records(f"A{i}").treat("lorlatinib", 0, 20, "toxicity").alive(90) for i in range(3)]
    gone = Records("C").treat("lorlatinib", 0).alive(30)
    late = Records("B", enrolled=40).treat("lorlatinib", 0, 90, "toxicity").alive(95)
    found, _ = figure([*early, gone, late], RWTTD1, Analysis.ENROLMENT_ENTRY)
    assert (found.median_days, found.events, found.excluded) == (20, 3, ("enters_after_gap=1",))
    assert "risk_set_emptied=30" in found.flags


def test_an_early_gap_leaves_no_median_for_that_reason() -> None:
    early = Records("A").treat("lorlatinib", 0, 10, "toxicity").alive(20)
    late = Records("B", enrolled=50).treat("lorlatinib", 0, 90, "toxicity").alive(95)
    found, _ = figure([early, late], RWTTD1, Analysis.ENROLMENT_ENTRY)
    assert found.median_days is None
    assert found.reason == "risk_set_emptied: on day 10, while patients still enter"


def test_data_cutoff_hides_what_came_later() -> None:
    records = switched().scan(200, "PD").died(260)
    found = row(records, RWPFS2, cutoff=150)
    assert (found.end, found.event, found.censoring) == (on(150), False, "data_cutoff")
    assert row(records, OS_LORLATINIB, cutoff=150).event is False
    assert row(records, RWTTD2_STARTERS, cutoff=110).exclusion is Exclusion.NOT_YET_STARTED


def test_anything_seen_later_proves_life_after_the_last_contact() -> None:
    records = Records().treat("lorlatinib", 0).alive(50).scan(80, "SD")
    assert row(records, OS_LORLATINIB).end == on(80)


def test_without_follow_up_table_the_last_entry_counts() -> None:
    records = Records().treat("lorlatinib", 0).scan(80, "SD")
    assert row(records, RWTTD1).end == on(80)
