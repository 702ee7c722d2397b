"""A later row of a treatment that began before progression is no next treatment; what is new is one."""

import pytest
from clinical_records import Records, on

from alktrace.outcomes.endpoints import RWTTD2, patient_rows


def failed(*, end: int = 110) -> Records:
    """Lorlatinib from day 0, stopped for progression on day 110 without a scan."""
    return Records().treat("lorlatinib", 0, end, "progression").alive(500)


def combined() -> Records:
    """Lorlatinib with bevacizumab from day 0, both as line 1, and a scan with progression on day 100."""
    return Records().treat("lorlatinib+bevacizumab", 0, 70, "toxicity").scan(100, "PD").alive(500)


NOTHING = None, None
LINES = [
    # Added on day 60, long before lorlatinib failed: not at progression.
    pytest.param(
        failed().treat("pemetrexed", 60, 80, "toxicity", 2).treat("pemetrexed", 115, line=2),
        110, *NOTHING, (60,), id="same line number after a pause",
    ),
    pytest.param(
        failed().treat("pemetrexed", 60, 80, "toxicity", 2).treat("pemetrexed", 115, line=3),
        110, *NOTHING, (60,), id="same drug after a pause, counted as another line",
    ),
    pytest.param(
        failed().treat("pemetrexed+carboplatin", 40, 75, "other", 2).treat("pemetrexed", 120, line=2),
        110, *NOTHING, (40,), id="maintenance after a doublet",
    ),
    pytest.param(
        failed().treat("pemetrexed+carboplatin", 40, 75, "other", 2)
        .treat("bevacizumab", 120, 300, "other", 2),
        110, 120, 300, (40,), id="maintenance with a drug that is new",
    ),
    pytest.param(
        failed().treat("pemetrexed", 60, 80, "progression", 2).treat("pemetrexed", 130, 200, "other", 3),
        110, 130, 200, (60, 130), id="stopped for progression is no pause",
    ),
    pytest.param(
        failed().treat("pemetrexed", 40, 50, "other", 2).treat("pemetrexed", 171, 200, "other", 3),
        110, 171, 200, (40, 171), id="a pause longer than the gap",
    ),
    pytest.param(
        failed().treat("pemetrexed", 60, 80, "other", 2).treat("docetaxel", 120, 160, "other", 3)
        .treat("pemetrexed", 170, line=4),
        110, 120, 160, (60, 120, 170), id="another treatment in the pause",
    ),
    # What replaced lorlatinib, with its own pause: it began before the last dose and went on after it.
    pytest.param(
        failed().treat("alectinib", 95, 100, "toxicity", 2).treat("alectinib", 107, 300, "other", 2),
        95, 95, 300, (95,), id="the successor has a pause",
    ),
    pytest.param(
        failed().treat("pemetrexed", 60, 80, "other", 2).treat("pemetrexed", 105, 300, "other", 2),
        110, *NOTHING, (60,), id="a drug given again before the stop is no successor",
    ),
    # One line number for all: a drug that lorlatinib's line did not have is another treatment.
    pytest.param(
        combined().treat("lorlatinib+bevacizumab", 80, 110, "progression"),
        100, *NOTHING, (), id="lorlatinib's own combination after a pause",
    ),
    pytest.param(
        combined().treat("bevacizumab", 120, 200, "other"),
        100, *NOTHING, (), id="its other drug alone after progression",
    ),
    pytest.param(
        combined().treat("pemetrexed", 120, 200, "other"),
        100, 120, 200, (120,), id="lines without numbers of their own",
    ),
    pytest.param(
        failed().treat("pemetrexed", 120, 180, "other", 2).treat("pemetrexed", 220, 300, "other", 3),
        110, 120, 300, (120,), id="the next treatment after a pause",
    ),
    pytest.param(
        Records().treat("pemetrexed", -60, -10, "other").treat("lorlatinib", 0, 110, "progression")
        .treat("pemetrexed", 115, 200, "other").alive(500),
        110, 115, 200, (115,), id="given before lorlatinib",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("records", "progression", "start", "end", "lines"), LINES)
def test_what_begins_a_treatment(
    records: Records, progression: int, start: int | None, end: int | None, lines: tuple[int, ...]
) -> None:
    found = records.timeline()
    assert found.progression == on(progression)
    given = found.next_treatment
    assert (given and given.start, given and given.end) == (
        start and on(start), end and on(end)
    )  # fmt: skip
    assert tuple(line.start for line in found.later_lines) == tuple(on(day) for day in lines)
    assert [line.number for line in found.later_lines] == list(range(2, 2 + len(lines)))


def test_a_drug_given_again_does_not_end_the_days_after_progression() -> None:
    """It counted as the next treatment of 85 days, stopped for toxicity."""
    records = (
        failed().treat("pemetrexed", 60, 80, "other", 2).treat("pemetrexed", 115, 200, "toxicity", line=2)
    )
    (row,) = (item for item in patient_rows([records.timeline()]) if item.endpoint == RWTTD2.name)
    assert (row.days, row.event, row.censoring) == (390, False, "ongoing_at_last_contact")


def test_the_stop_of_a_drug_given_before_may_be_the_first_progression() -> None:
    records = failed().treat("pemetrexed", 60, 80, "other", 2)
    seen_again = records.treat("pemetrexed", 112, 130, "progression", line=2)
    assert seen_again.timeline().second_progression is None
    later = failed().treat("pemetrexed", 60, 80, "other", 2).treat("pemetrexed", 112, 160, "progression", 2)
    assert later.timeline().second_progression == on(160)
