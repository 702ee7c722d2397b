"""Local therapy is no line of treatment: lorlatinib goes on beside it, and that time is counted."""

from clinical_records import Records, on
from outcome_cohort import cohort_settings
from present_values import present

from alktrace.outcomes.beyond import beyond_rows
from alktrace.outcomes.beyond_table import BeyondRow
from alktrace.outcomes.courses import swimmer_rows
from alktrace.outcomes.endpoints import RWTTD1, RWTTD1_BEYOND, RWTTD2, patient_rows
from alktrace.vocabulary.outcomes import Exclusion

SETTINGS = cohort_settings(min_group_patients=1)


def irradiated(name: str = "P1", stop: int = 310, site: str = "oligo") -> Records:
    """Oligo-progression on day 100, SBRT on days 110 to 118, lorlatinib until `stop`, then pemetrexed."""
    return (
        Records(name)
        .treat("lorlatinib", 0, stop, "progression")
        .scan(100, "PD", site)
        .local("SBRT", "bone", 110, 118)
        .scan(stop - 10, "PD", "systemic")
        .treat("pemetrexed", stop + 10, line=2)
        .alive(stop + 200)
    )


def table(*records: Records) -> dict[tuple[str, str], BeyondRow]:
    timelines = [item.timeline() for item in records]
    found = beyond_rows(timelines, patient_rows(timelines), SETTINGS)
    return {(row.site, row.local_therapy): row for row in found}


def test_radiotherapy_on_continued_lorlatinib_is_no_next_treatment() -> None:
    found = {row.endpoint: row for row in patient_rows([irradiated().timeline()])}
    assert present(irradiated().timeline().next_treatment).start == on(320)
    assert (found[RWTTD1.name].days, found[RWTTD1_BEYOND.name].days) == (310, 210)
    assert found[RWTTD2.name].days == 410  # from progression; still on pemetrexed at last contact


def test_without_a_later_drug_nobody_is_on_a_next_treatment() -> None:
    waiting = Records().treat("lorlatinib", 0).scan(100, "PD", "oligo").local("SBRT", "bone", 110).alive(200)
    assert waiting.timeline().next_treatment is None
    found = {row.endpoint: row for row in patient_rows([waiting.timeline()])}
    assert (found[RWTTD1_BEYOND.name].event, found[RWTTD1_BEYOND.name].days) == (False, 100)


def test_time_beyond_progression_by_site_and_local_therapy() -> None:
    stopped = Records("P3").treat("lorlatinib", 0, 100, "progression").scan(100, "PD", "systemic").alive(400)
    found = table(irradiated("P1", 310), irradiated("P2", 410), stopped)
    oligo, systemic = found["oligo", "yes"], found["systemic", "no"]
    assert (oligo.patients, oligo.continued, oligo.analysed, oligo.stopped) == (2, 2, 2, 2)
    assert oligo.median_days == 260  # the middle of 210 and 310
    assert (systemic.patients, systemic.continued, systemic.median_days) == (1, 0, None)
    assert ("oligo", "no") not in found
    assert (found["all", "all"].patients, found["all", "all"].continued) == (3, 2)
    row = {row.endpoint: row for row in patient_rows([stopped.timeline()])}[RWTTD1_BEYOND.name]
    assert row.exclusion is Exclusion.STOPPED_AT_PROGRESSION


def test_local_therapy_counts_for_this_progression_only() -> None:
    """Not what was irradiated before, nor beside a later drug, nor after the next progression."""
    others = [
        Records("A").treat("lorlatinib", 0).scan(100, "PD", "oligo").local("SBRT", "bone", 90).alive(200),
        Records("B").treat("lorlatinib", 0).scan(100, "PD", "oligo").treat("pemetrexed", 120, line=2)
        .local("SBRT", "bone", 130).alive(200),
        Records("C").treat("lorlatinib", 0).scan(100, "PD", "oligo").scan(180, "PD")
        .local("SBRT", "bone", 190).alive(200),
    ]  # fmt: skip
    found = table(*others)
    assert ("oligo", "yes") not in found
    assert found["oligo", "no"].patients == 3


def test_the_swimmer_plot_shows_it_and_the_cut_off_hides_it() -> None:
    shown = [row for row in swimmer_rows([irradiated().timeline()]) if row.kind == "local_therapy"]
    assert [(row.label, row.start_days, row.end_days) for row in shown] == [("SBRT bone", 110, 118)]
    assert not irradiated().timeline(cutoff=105).record.local_therapies
    assert irradiated().timeline(cutoff=112).record.local_therapies[0].end is None


def test_local_therapy_proves_life() -> None:
    records = Records().treat("lorlatinib", 0).alive(50).local("surgery", "brain", 80)
    assert records.timeline().last_alive == on(80)
