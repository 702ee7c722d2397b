"""Figures of the endpoints: time at risk, medians, rates, and why a figure is missing."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..inputs.settings import CohortSettings
from ..vocabulary.outcomes import Analysis, Exclusion, OutcomeCaveat, Refusal, Status
from .endpoint_table import EndpointPatientRow, EndpointRateRow, EndpointRow
from .endpoints import ENDPOINTS, HALF_DAY, Endpoint, study_exclusion
from .survival import (
    DAYS_PER_YEAR,
    Curve,
    Estimate,
    early_small_risk_set,
    emptied,
    kaplan_meier,
    median,
    numbers_at_risk,
    rate_at,
)
from .timeline import Timeline

ANALYSES = (Analysis.AS_DEFINED, Analysis.ENROLMENT_ENTRY)


@dataclass(frozen=True)
class Observed:
    """Time at risk of one patient in one analysis, days."""

    patient: str
    entry: float
    time: float
    event: bool


def observe(
    rows: Iterable[EndpointPatientRow],
    analysis: Analysis,
    *,
    entries: Mapping[str, float | Exclusion] | None = None,
) -> tuple[list[Observed], Counter[Exclusion]]:
    """Return the time at risk of each included patient, and how many are left out for which reason.

    Args:
        rows: of one endpoint.
        analysis: `as_defined` from day 0, `enrolment_entry` from enrolment; others with `entries`.
        entries: days from day 0 to the entry of each patient, or why there is none.
    """
    found: list[Observed] = []
    left_out: Counter[Exclusion] = Counter()
    for row in rows:
        if not row.included or row.days is None:
            continue
        entry = _entry(row, analysis, entries)
        outcome = entry if isinstance(entry, Exclusion) else _at_risk(row, row.days, entry)
        if isinstance(outcome, Exclusion):
            left_out[outcome] += 1
        else:
            found.append(outcome)
    return found, left_out


def curve_of(observed: Sequence[Observed], confidence: float) -> Curve | None:
    """Return the Kaplan-Meier curve; None without patients or where the risk set empties early."""
    if not observed or emptied(*columns(observed)) is not None:
        return None
    return kaplan_meier(*columns(observed), confidence=confidence)


def columns(observed: Sequence[Observed]) -> tuple[list[float], list[float], list[bool]]:
    """Return entries, times and events."""
    return [o.entry for o in observed], [o.time for o in observed], [o.event for o in observed]


def summarise(
    rows: Sequence[EndpointPatientRow], settings: CohortSettings, *, enrolled_late: float | None
) -> tuple[list[EndpointRow], list[EndpointRateRow]]:
    """Return figures and rates of every endpoint and analysis.

    Args:
        rows: of `patient_rows`.
        settings: section `cohort`.
        enrolled_late: share of patients enrolled at or after progression, see `enrolled_at_progression`.
    """
    figures: list[EndpointRow] = []
    rates: list[EndpointRateRow] = []
    for endpoint in ENDPOINTS.values():
        own = [row for row in rows if row.endpoint == endpoint.name]
        for analysis in ANALYSES:
            observed, left_out = observe(own, analysis)
            refusal = refuse(endpoint, observed, settings, enrolled_late)
            curve = None if refusal else curve_of(observed, settings.confidence)
            figures.append(_figure(endpoint, own, analysis, observed, left_out, curve, refusal, settings))
            rates += _rates(endpoint, analysis, observed, curve, refusal, settings)
    return figures, rates


def enrolled_at_progression(timelines: Iterable[Timeline]) -> float | None:
    """Return the share of the population that was enrolled at or after progression on lorlatinib.

    Such patients were chosen because lorlatinib had failed; nothing about its duration can be learned from
    them. None without any known date of enrolment.
    """
    known = [t for t in timelines if study_exclusion(t) is None and t.enrolled]
    late = [t for t in known if t.progression and t.enrolled and t.enrolled >= t.progression]
    return len(late) / len(known) if known else None


def refuse(
    endpoint: Endpoint, observed: Sequence[Observed], settings: CohortSettings, enrolled_late: float | None
) -> str | None:
    """Return why an endpoint has no figures, None where it has."""
    limit = settings.max_enrolled_at_progression
    if endpoint.needs_early_enrolment and enrolled_late is not None and enrolled_late > limit:
        return f"{Refusal.ENROLLED_AT_PROGRESSION}: {enrolled_late:.0%} of the patients, at most {limit:.0%}"
    if not observed:
        return Refusal.NO_TIME_AT_RISK.value
    day = emptied(*columns(observed))
    return None if day is None else f"{Refusal.RISK_SET_EMPTIED}: on day {day:g}, while patients still enter"


# --- pieces --------------------------------------------------------------------------------------


def _entry(
    row: EndpointPatientRow, analysis: Analysis, entries: Mapping[str, float | Exclusion] | None
) -> float | Exclusion:
    if entries is not None:
        return entries.get(row.patient, Exclusion.GROUP_UNKNOWN)
    if analysis is Analysis.AS_DEFINED:
        return 0.0
    return Exclusion.ENROLMENT_MISSING if row.entry_days is None else row.entry_days


def _at_risk(row: EndpointPatientRow, days: float, entry: float) -> Observed | Exclusion:
    if row.event and days == entry:
        days += HALF_DAY
    if days <= entry:
        return Exclusion.EVENT_BEFORE_ENTRY if row.event else Exclusion.NO_FOLLOW_UP
    return Observed(row.patient, entry, days, bool(row.event))


def _figure(
    endpoint: Endpoint,
    rows: Sequence[EndpointPatientRow],
    analysis: Analysis,
    observed: Sequence[Observed],
    left_out: Mapping[Exclusion, int],
    curve: Curve | None,
    refusal: str | None,
    settings: CohortSettings,
) -> EndpointRow:
    outside = Counter(row.exclusion for row in rows if row.exclusion is not None)
    middle = median(curve) if curve else None
    return EndpointRow(
        endpoint=endpoint.name,
        analysis=analysis,
        headline=analysis is endpoint.headline,
        population=endpoint.population.text,
        start_rule=endpoint.start.text,
        event_rule=endpoint.event.text,
        censoring_rule=endpoint.censoring.text,
        patients=sum(row.included for row in rows),
        analysed=len(observed),
        events=sum(item.event for item in observed),
        excluded=counted(outside + Counter(left_out)),
        status=Status.NOT_ESTIMABLE if refusal else Status.ESTIMATED,
        reason=refusal or (middle.reason if middle else None),
        median_days=middle.value if middle else None,
        median_low=middle.low if middle else None,
        median_high=middle.high if middle else None,
        flags=_flags(rows, analysis, observed, curve, settings),
    )


def counted(reasons: Mapping[Exclusion, int]) -> tuple[str, ...]:
    """Return `reason=number` in the order of the vocabulary."""
    return tuple(f"{why.value}={reasons[why]}" for why in Exclusion if reasons.get(why))


def _flags(
    rows: Sequence[EndpointPatientRow],
    analysis: Analysis,
    observed: Sequence[Observed],
    curve: Curve | None,
    settings: CohortSettings,
) -> tuple[str, ...]:
    flags = []
    late = sum(OutcomeCaveat.ENROLLED_AFTER_START in row.flags for row in rows)
    if analysis is Analysis.AS_DEFINED and late:
        flags.append(f"{OutcomeCaveat.IMMORTAL_TIME_BEFORE_ENROLMENT}={late}")
    if curve and early_small_risk_set([item.entry for item in observed], curve, settings.min_at_risk):
        flags.append(OutcomeCaveat.SMALL_EARLY_RISK_SET)
    on_day = sum(OutcomeCaveat.EVENT_ON_DAY_0 in row.flags for row in rows)
    return (*flags, *([f"{OutcomeCaveat.EVENT_ON_DAY_0}={on_day}"] if on_day else []))


def _rates(
    endpoint: Endpoint,
    analysis: Analysis,
    observed: Sequence[Observed],
    curve: Curve | None,
    refusal: str | None,
    settings: CohortSettings,
) -> Iterator[EndpointRateRow]:
    for years in settings.rate_years:
        days = years * DAYS_PER_YEAR
        if curve is None:
            found, at_risk = Estimate(None, None, None, reason=refusal), 0
        else:
            found = rate_at(curve, days, confidence=settings.confidence)
            entries, times, _ = columns(observed)
            at_risk = int(numbers_at_risk(entries, times, [days])[0])
        yield EndpointRateRow(
            endpoint=endpoint.name,
            analysis=analysis,
            years=years,
            rate=found.value,
            low=found.low,
            high=found.high,
            at_risk=at_risk,
            method=found.method,
            reason=found.reason,
        )
