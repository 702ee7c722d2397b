"""Predictors by hand: what each reads, from when on it is known, and who is left out."""

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from clinical_records import Records, on, switched
from excluded_kinds import excluded
from mechanism_rows import BYPASS, classified, evidence, found_of
from outcome_cohort import cohort_settings, resistance_settings

from alktrace.errors import DataError
from alktrace.outcomes.accounts import Sampled, read_accounts, sampled
from alktrace.outcomes.association_table import AssociationRow
from alktrace.outcomes.endpoints import patient_rows
from alktrace.outcomes.prediction import early_outcome, predictor_rows
from alktrace.outcomes.predictors import PREDICTORS, Case, Measured, Predictor, cases_of, register
from alktrace.outcomes.timeline import Timeline
from alktrace.vocabulary.clinical import ProgressionSite
from alktrace.vocabulary.detection import Detection
from alktrace.vocabulary.outcomes import Exclusion, Question, Status
from alktrace.vocabulary.resistance import Classification as C
from alktrace.vocabulary.samples import Setting

SETTINGS, RESISTANCE = cohort_settings(), resistance_settings()
FEW = cohort_settings(events_per_parameter=2, min_group_patients=2)
SEEN, UNSEEN = Detection.DETECTED, Detection.NOT_DETECTED


def case(timeline: Timeline | None = None, *samples: Sampled, rows: Iterable[Any] = (), **found: Any) -> Case:
    timeline = timeline or switched().alive(300).timeline()
    return Case(timeline, found.get("before"), found.get("after"), samples, tuple(rows))


def measured(name: str, one: Case) -> Any:
    found = PREDICTORS[name].measure(one)
    return found.value if isinstance(found, Measured) else found


def baseline(**values: Any) -> Sampled:
    return Sampled("BL", Setting.BASELINE, on(-3), **values)


@pytest.mark.parametrize(
    ("sample", "value"),
    [
        (baseline(co_altered=frozenset({"TP53"})), 1.0),
        (baseline(excluded=frozenset({"TP53", "RB1"})), 0.0),
        (baseline(excluded=frozenset({"RB1"})), None),
    ],
)
def test_tp53_is_absent_only_where_a_mutation_would_have_shown(sample: Sampled, value: float | None) -> None:
    assert measured("tp53_mutation", case(None, sample)) == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EML4-ALK E6;A20 (v3a/b)", 1.0),
        ("EML4-ALK E13;A20 (v1)", 0.0),
        ("EML4-ALK E6;A20", 1.0),
        ("EML4-ALK E13;A20", 0.0),
        ("EML4-ALK v3", 1.0),
        ("EML4-ALK variant 1", 0.0),
        ("EML4-ALK V3a/b", 1.0),
        ("EML4-ALK E20;A20 (v2)", None),
        ("EML4-ALK", None),
        ("KIF5B-ALK E13;A20", None),
    ],
)
def test_variants_of_eml4_alk(name: str, value: float | None) -> None:
    seen = case(rows=[evidence("fusion", "plasma", SEEN, alteration=name)])
    told = case(switched(alk_fusion=name).alive(300).timeline())
    assert measured("eml4_alk_v3", seen) == measured("eml4_alk_v3", told) == value


def test_two_variants_are_none() -> None:
    rows = [evidence(n, "plasma", SEEN, alteration=f"EML4-ALK {n};A20") for n in ("E6", "E13")]
    assert measured("eml4_alk_v3", case(rows=rows)) is None


def followed(
    late: Detection, *, day: int = 30, vafs: tuple[float, float] = (0.08, 0.02), limit: float | None = 0.003
) -> Case:
    """A baseline plasma with one alteration, and a plasma under lorlatinib."""
    rows = [
        evidence("a", "plasma", SEEN, timepoint="BL", vaf=vafs[0]),
        evidence("a", "plasma", late, timepoint="OT", vaf=vafs[1], vaf_detectable=limit),
    ]
    return case(None, baseline(), Sampled("OT", Setting.ON_TREATMENT, on(day)), rows=rows)


@pytest.mark.parametrize(
    ("late", "cleared", "ratio"),
    [
        (SEEN, 0.0, 0.25),
        (Detection.SUBTHRESHOLD, 0.0, 0.25),
        (UNSEEN, 1.0, 0.0),
        (Detection.NOT_ASSESSABLE, None, 0.25),
    ],
)
def test_clearance_and_change_of_ctdna(late: Detection, cleared: float | None, ratio: float) -> None:
    assert measured("ctdna_cleared", followed(late)) == cleared
    assert measured("ctdna_ratio_high", followed(late)) == pytest.approx(ratio)
    found = PREDICTORS["ctdna_ratio_high"].measure(followed(late))
    assert isinstance(found, Measured)
    assert found.known == on(30), "not before the sample was taken"


@pytest.mark.parametrize("limit", [0.08, 0.2, None])
def test_what_lies_below_the_limit_is_not_cleared(limit: float | None) -> None:
    """8 % before lorlatinib, and a later plasma that could not show 8 % (or does not say what it could)."""
    for name in ("ctdna_cleared", "ctdna_ratio_high"):
        assert measured(name, followed(UNSEEN, limit=limit)) is None
    assert measured("ctdna_cleared", followed(SEEN, limit=limit)) == 0.0


def test_clearance_is_of_lorlatinib_and_of_what_was_there() -> None:
    assert measured("ctdna_cleared", followed(UNSEEN, day=150)) is None, "under the next treatment"
    assert measured("ctdna_cleared", followed(UNSEEN, day=0)) is None, "before the first dose"
    nothing = followed(UNSEEN)
    assert measured("ctdna_cleared", replace(nothing, evidence=nothing.evidence[1:])) is None
    assert measured("ctdna_cleared", replace(nothing, evidence=nothing.evidence[:1])) is None


@pytest.mark.parametrize(
    ("sites", "cns", "oligo", "systemic"),
    [
        (["cns_only"], 1.0, 0.0, 0.0),
        (["oligo"], 0.0, 1.0, 0.0),
        (["cns_only", "systemic"], 0.0, 0.0, 1.0),
        ([], None, None, None),
    ],
)
def test_site_of_the_progression(sites: list[str], cns: Any, oligo: Any, systemic: Any) -> None:
    records = Records().treat("lorlatinib", 0, 110, "progression").scan(50, "SD", "oligo")
    for site in sites:
        records.scan(100, "PD", site)
    one = case(
        (records if sites else records.scan(100, "PD")).scan(200, "PD", "systemic").alive(300).timeline()
    )
    found = [measured(f"{name}_progression", one) for name in ("cns_only", "oligo", "systemic")]
    assert found == [cns, oligo, systemic]


def test_the_evidence_may_state_the_site() -> None:
    after = found_of([classified("P1", C.NONE_FOUND)])["P1"]
    stated = Sampled("PD", Setting.PROGRESSION, on(101), site=ProgressionSite.OLIGO)
    assert measured("oligo_progression", case(None, stated, after=after)) == 1.0


@pytest.mark.parametrize(
    ("cls", "components", "value"),
    [(C.BYPASS, [BYPASS], 1.0), (C.NONE_FOUND, [], 0.0), (C.ON_TARGET_EXCLUDED, [], None)],
)
def test_prior_findings(cls: C, components: list[Any], value: float | None) -> None:
    row = classified("P1", cls, components, setting=Setting.BASELINE, excluded=excluded())
    before = found_of([row], setting=Setting.BASELINE)["P1"]
    assert measured("resistance_at_baseline", case(before=before)) == value


def test_what_a_progression_sample_shows_is_known_when_it_is_reported() -> None:
    sample = Sampled("PD", Setting.PROGRESSION, on(101), tumour_fraction=0.2, mutations=4)
    for report, expected in ((True, Measured(0.2, on(125))), (False, Exclusion.REPORT_DATE_MISSING)):
        records = switched().alive(300)
        timeline = (records.report("PD", 101, 125) if report else records).timeline()
        after = found_of([classified("P1", C.NONE_FOUND)], timelines=[timeline])["P1"]
        one = case(timeline, sample, after=after)
        assert PREDICTORS["tumour_fraction_at_progression_high"].measure(one) == expected


# --- early progression ---------------------------------------------------------------------------


def treated(end: int | None = None, reason: str = "ongoing") -> Records:
    return Records().treat("lorlatinib", 0, end, reason)


@pytest.mark.parametrize(
    ("records", "outcome"),
    [
        (treated().scan(100, "PD").alive(300), (True, on(100))),
        (treated().scan(365, "PD").alive(400), (True, on(365))),
        (treated().scan(366, "PD").alive(400), (False, on(365))),
        (treated(200, "death").died(200), (True, on(200))),
        (treated(100, "toxicity").died(300), Exclusion.NO_FOLLOW_UP),
        (treated(100, "toxicity").alive(900), Exclusion.NO_FOLLOW_UP),
        (treated().alive(364), Exclusion.NO_FOLLOW_UP),
        (treated().alive(365), (False, on(365))),
        (
            Records().treat("alectinib", -90, -1, "progression").treat("lorlatinib", 0, line=2),
            Exclusion.PRIOR_ALK_TKI,
        ),
    ],
    ids="early on_the_day a_day_later death death_off_drug off_drug lost followed prior".split(),
)
def test_early_is_within_twelve_calendar_months_on_lorlatinib(records: Records, outcome: Any) -> None:
    assert early_outcome(records.timeline(), RESISTANCE) == outcome


def related(
    timelines: list[Timeline], samples: dict[Any, Sampled] | None = None, settings: Any = SETTINGS
) -> dict[tuple[str, str], AssociationRow]:
    cases = cases_of(timelines, {}, {}, samples or {}, ())
    rows = predictor_rows(patient_rows(timelines), cases, settings, RESISTANCE)
    return {(row.question.value, row.level): row for row in rows}


def eight(day: Callable[[int], int], **facts: Any) -> list[Timeline]:
    """Four men, of whom three progress early, and four women, of whom one does."""
    early = [True, True, True, False, True, False, False, False]
    timelines = []
    for i, soon in enumerate(early):
        sex = "male" if i < 4 else "female"
        records = Records(f"P{i}", sex=sex, **facts).treat("lorlatinib", 0, None, "ongoing")
        timelines.append((records.scan(day(i), "PD") if soon else records).alive(500).timeline())
    return timelines


def test_early_progression_by_fisher() -> None:
    # Fisher's tea tasting (1935): 3 of 4 against 1 of 4.
    row = related(eight(lambda i: 100 + i))["early_progression", "male"]
    assert (row.events, row.patients, row.reference_events, row.reference_patients) == (3, 4, 1, 4)
    assert row.p == pytest.approx(0.4857, abs=1e-4)
    assert row.estimate == pytest.approx(6.408, abs=1e-3)
    assert row.analysis == "within_12_months"


def test_who_progressed_before_it_was_measured_is_in_no_group() -> None:
    """A tumour fraction from a baseline of day 102: two of three early men progressed by then."""
    samples = {
        (f"P{i}", "BL"): Sampled("BL", Setting.BASELINE, on(102), tumour_fraction=0.1 * (i < 4))
        for i in range(8)
    }
    row = related(eight(lambda i: 100 + i), samples)["early_progression", "tumour_fraction_high"]
    assert row.excluded == ("event_before_entry=3",)
    assert (row.events, row.patients, row.reference_events, row.reference_patients) == (0, 1, 1, 4)
    assert row.note and "above the median of the cohort, 0.05" in row.note


def test_patients_chosen_because_they_progressed_say_nothing_of_when() -> None:
    row = related(eight(lambda i: 100 + i, enrolled=120))["early_progression", "male"]
    assert (row.status, row.estimate, row.p) == (Status.NOT_ESTIMABLE, None, None)
    assert row.reason == "enrolled_at_progression: 50% of the patients, at most 20%"
    assert (row.events, row.patients) == (3, 4), "counts stay"


# --- benefit -------------------------------------------------------------------------------------


def test_facts_that_are_unknown_leave_the_patient_out() -> None:
    records = [switched(f"P{i}", cns_metastases=None if i == 0 else i % 2 == 0) for i in range(7)]
    timelines = [item.scan(160 + 5 * i, "PD").alive(300).timeline() for i, item in enumerate(records)]
    found = related(timelines, settings=FEW)
    row = found["predictor", "cns_metastases"]
    assert (row.patients, row.reference_patients, row.excluded) == (3, 3, ("group_unknown=1",))
    assert row.estimate is not None
    unknown = found["predictor", "ever_smoker"]
    assert (unknown.patients, unknown.status) == (0, Status.DESCRIPTIVE)
    refused = related(timelines)["predictor", "cns_metastases"]
    assert refused.reason == "too_few_events: 6 for 1 parameter, 10 needed"


def test_sites_are_compared_from_the_next_treatment_on() -> None:
    timelines = []
    for i in range(8):
        records = Records(f"P{i}").treat("lorlatinib", 0, 110, "progression")
        records.scan(100, "PD", "oligo" if i % 2 else "systemic").treat("pemetrexed", 120, line=2)
        timelines.append(records.scan(200 + 20 * i, "PD").alive(400).timeline())
    row = related(timelines, settings=FEW)["predictor", "oligo_progression"]
    assert (row.patients, row.events, row.reference_patients, row.reference_events) == (4, 4, 4, 4)
    assert row.endpoint == "rwPFS2_treatment"
    assert row.q is not None


# --- accounts ------------------------------------------------------------------------------------

ACCOUNT: dict[str, Any] = {
    "patient": "P1", "timepoint": "BL", "setting": "baseline", "genes_excluded": ["RB1"],
    "specimens": [
        {"specimen": "a", "specimen_type": "plasma", "usable": True, "collected": "2021-01-05",
         "tumour_fraction": {"value": 0.02}, "board": None},
        {"specimen": "b", "specimen_type": "plasma", "usable": True, "collected": "2021-01-03",
         "tumour_fraction": {"value": 0.05}, "board": {"progression_site": "oligo"}},
        {"specimen": "t", "specimen_type": "tissue", "usable": True, "collected": "2021-01-09",
         "tumour_fraction": {"value": 0.7}},
        {"specimen": "x", "specimen_type": "plasma", "usable": False, "collected": "2020-01-01",
         "tumour_fraction": {"value": 0.9}},
    ],
    "alterations": [
        dict(zip(("key", "name", "code", "effect", "origin"), cells.split("|"), strict=True))
        for cells in (
            "chr17:1:C:T|TP53 R273H|CO_ALTERATION|co_alteration|somatic",
            "fusion:EML4:ALK|EML4 EML4-ALK|ALK_FUSION|driver|somatic",
            "chr2:1:C:T|ALK G1202R|ALK_RESISTANCE|on_target|undecided",
            "chr4:1:C:T|TET2 Q1F|HAEMATOPOIESIS|excluded|undecided",
            "chr5:1:C:T|APC E1317Q|GERMLINE|excluded|germline",
        )
    ],
}  # fmt: skip


def test_what_an_account_says_was_measured(tmp_path: Path) -> None:
    (tmp_path / "resistance.json").write_text(json.dumps(ACCOUNT))
    assert read_accounts([tmp_path / "resistance.json"], sampled) == {
        ("P1", "BL"): Sampled(
            "BL", Setting.BASELINE, on(2), tumour_fraction=0.05, mutations=2,
            co_altered=frozenset({"TP53"}), excluded=frozenset({"RB1"}), site=ProgressionSite.OLIGO,
        )
    }  # fmt: skip


@pytest.mark.parametrize(
    "content",
    ["[]", "{}", "{", '{"patient": "P1", "timepoint": "BL", "specimens": 3}',
     json.dumps({**ACCOUNT, "setting": "later"}), json.dumps({**ACCOUNT, "alterations": ["TP53"]})],
    ids="a_list nothing cut no_specimens setting alterations".split(),
)  # fmt: skip
def test_a_file_that_is_no_account_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "resistance.json").write_text(content)
    with pytest.raises(DataError, match=r"resistance\.json"):
        read_accounts([tmp_path / "resistance.json"], sampled)


def test_a_name_is_given_once() -> None:
    twice = Predictor(name="male", reference="x", text="x", measure=lambda _: None)
    with pytest.raises(ValueError, match="male"):
        register(twice)


def test_every_predictor_is_asked_of_benefit_and_those_known_before_of_early_progression() -> None:
    found = related(eight(lambda i: 100 + i))
    asked = {
        question: {n for q, n in found if q == question}
        for question in (Question.PREDICTOR, Question.EARLY_PROGRESSION)
    }
    assert asked[Question.PREDICTOR] == set(PREDICTORS)
    assert asked[Question.EARLY_PROGRESSION] == {name for name, one in PREDICTORS.items() if one.early}
