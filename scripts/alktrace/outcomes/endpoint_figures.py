"""Figures of the endpoints: time at risk, medians, rates, and why a figure is missing."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ..inputs.settings.cohort_settings import CohortSettings
from ..vocabulary.outcomes import HALF_DAY, Analysis, Exclusion, OutcomeCaveat, Refusal, Status
from .endpoint_table import EndpointPatientRow, EndpointRateRow, EndpointRow
from .endpoints import ENDPOINTS, Endpoint, study_exclusion
from .interval_censoring import IntervalEstimate, estimate_intervals, span_of
from .state_estimates import fit_states, open_curve
from .state_table import PathRow
from .survival import (
    DAYS_PER_YEAR,
    Curve,
    Estimate,
    early_small_risk_set,
    kaplan_meier,
    median,
    numbers_at_risk,
    rate_at,
    window_of,
)
from .timeline import Timeline

ANALYSES = (Analysis.AS_DEFINED, Analysis.ENROLMENT_ENTRY)
NOTHING = Estimate(None, None, None)


@dataclass(frozen=True)
class Observed:
    """Time at risk of one patient in one analysis, days; hazards are compared within a stratum."""

    patient: str
    entry: float
    time: float
    event: bool
    stratum: str = ""


@dataclass(frozen=True)
class Analysed:
    """One endpoint in one analysis.

    Attributes:
        rows: its patients.
        observed: those with time at risk; `left_out` counts the others.
        refusal: why there are no figures; None where there are.
        curve: None with a refusal.
        gap: day on which nobody is at risk while others still enter: the figures end there; None without.
        intervals: the estimate of the interval-censored analysis, in place of a curve.
    """

    endpoint: Endpoint
    analysis: Analysis
    rows: Sequence[EndpointPatientRow]
    observed: Sequence[Observed]
    left_out: Mapping[Exclusion, int]
    refusal: str | None
    curve: Curve | None
    gap: float | None = None
    intervals: IntervalEstimate | None = None


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
    """Return the Kaplan-Meier curve, up to the gap where the risk set empties; None without patients."""
    seen, _ = until_gap(observed)
    return kaplan_meier(*columns(seen), confidence=confidence) if seen else None


def until_gap(observed: Sequence[Observed]) -> tuple[list[Observed], float | None]:
    """Return what can be seen before the risk set empties, and the day of that; None if it never does.

    Who enters later is left out, as `window_of` says.
    """
    window = window_of(*columns(observed)) if observed else None
    if window is None:
        return list(observed), None
    ended = [
        replace(item, time=window.end, event=False) if item.time > window.end else item
        for item in observed
        if item.entry < window.end
    ]
    return ended, window.gap


def columns(observed: Sequence[Observed]) -> tuple[list[float], list[float], list[bool]]:
    """Return entries, times and events."""
    return [o.entry for o in observed], [o.time for o in observed], [o.event for o in observed]


def strata_of(observed: Sequence[Observed]) -> list[str]:
    """Return the stratum of each patient; nothing where all are of one, so that there is one hazard."""
    strata = [item.stratum for item in observed]
    return strata if len(set(strata)) > 1 else []


def analyse(
    rows: Sequence[EndpointPatientRow],
    settings: CohortSettings,
    *,
    enrolled_late: float | None,
    paths: Sequence[PathRow] = (),
) -> Iterator[Analysed]:
    """Yield every endpoint in every analysis.

    Args:
        rows: of `patient_rows`.
        settings: section `cohort`.
        enrolled_late: share of patients enrolled at or after progression, see `enrolled_at_progression`.
        paths: `state_paths.tsv`, for endpoints that end in several ways.
    """
    for endpoint in ENDPOINTS.values():
        own = [row for row in rows if row.endpoint == endpoint.name]
        found = [_analysed(endpoint, analysis, own, settings, enrolled_late) for analysis in ANALYSES]
        yield from found
        # As from enrolment on, patient for patient; the ends have curves of their own.
        if endpoint.visits and found[0].refusal is None:
            yield _between_visits(found[0], settings)
        if endpoint.states is not None and paths:
            fitted = fit_states(endpoint.states, paths, settings)
            curve = open_curve(fitted, settings.confidence)
            yield replace(found[-1], analysis=Analysis.COMPETING_STATES, curve=curve)


def _between_visits(analysed: Analysed, settings: CohortSettings) -> Analysed:
    # The same patients as in the quoted figure, so that only the estimator differs.
    seen = {item.patient for item in analysed.observed}
    spans = [
        span_of(row.free_days, row.days, event=bool(row.event))
        for row in analysed.rows
        if row.patient in seen and row.free_days is not None and row.days is not None
    ]
    found = estimate_intervals(*zip(*spans, strict=True), confidence=settings.confidence)
    return replace(analysed, analysis=Analysis.INTERVAL_CENSORED, curve=None, intervals=found)


def _analysed(
    endpoint: Endpoint,
    analysis: Analysis,
    own: Sequence[EndpointPatientRow],
    settings: CohortSettings,
    enrolled_late: float | None,
) -> Analysed:
    observed, left_out = _observe(endpoint, own, analysis, settings, enrolled_late)
    seen, gap = until_gap(observed)
    left_out[Exclusion.ENTERS_AFTER_GAP] += len(observed) - len(seen)
    refusal = refuse(endpoint, analysis, seen, settings, enrolled_late)
    if refusal is Refusal.NO_TIME_AT_RISK and gap is not None:
        refusal = _at_gap(gap)
    curve = None if refusal else kaplan_meier(*columns(seen), confidence=settings.confidence)
    return Analysed(endpoint, analysis, own, seen, left_out, refusal, curve, gap)


def _observe(
    endpoint: Endpoint,
    rows: Sequence[EndpointPatientRow],
    analysis: Analysis,
    settings: CohortSettings,
    enrolled_late: float | None,
) -> tuple[list[Observed], Counter[Exclusion]]:
    if analysis is Analysis.AS_DEFINED or not _too_late(endpoint, settings, enrolled_late):
        return observe(rows, analysis)
    # Those who joined because lorlatinib had failed would stop at once; the others are a sample.
    entries = {
        row.patient: Exclusion.ENROLLED_AT_PROGRESSION
        if OutcomeCaveat.ENROLLED_AT_PROGRESSION in row.flags
        else _entry(row, analysis, None)
        for row in rows
        if row.included
    }
    return observe(rows, analysis, entries=entries)


def _too_late(endpoint: Endpoint, settings: CohortSettings, enrolled_late: float | None) -> bool:
    limit = settings.max_enrolled_at_progression
    return endpoint.needs_early_enrolment and enrolled_late is not None and enrolled_late > limit


def enrolled_at_progression(timelines: Iterable[Timeline]) -> float | None:
    """Return the share of the population that was enrolled at or after progression on lorlatinib.

    Such patients were chosen because lorlatinib had failed; nothing about its duration can be learned from
    them. None without any known date of enrolment.
    """
    known = [t for t in timelines if study_exclusion(t) is None and t.enrolled]
    late = [t for t in known if t.progression and t.enrolled and t.enrolled >= t.progression]
    return len(late) / len(known) if known else None


def refuse(
    endpoint: Endpoint,
    analysis: Analysis,
    observed: Sequence[Observed],
    settings: CohortSettings,
    enrolled_late: float | None,
) -> str | None:
    """Return why an endpoint has no figures, None where it has."""
    # From enrolment on, those who joined too late are left out, and the figure of the others stands.
    if analysis is Analysis.AS_DEFINED and _too_late(endpoint, settings, enrolled_late):
        limit = settings.max_enrolled_at_progression
        return f"{Refusal.ENROLLED_AT_PROGRESSION}: {enrolled_late:.0%} of the patients, at most {limit:.0%}"
    return None if observed else Refusal.NO_TIME_AT_RISK


def figure(analysed: Analysed, settings: CohortSettings) -> EndpointRow:
    """Return the median of an endpoint in an analysis, or why there is none, and how many it rests on."""
    endpoint = analysed.endpoint
    outside = Counter(row.exclusion for row in analysed.rows if row.exclusion is not None)
    middle = median(analysed.curve) if analysed.curve else NOTHING
    if analysed.intervals is not None:
        middle = analysed.intervals.median()
    return EndpointRow(
        endpoint=endpoint.name,
        analysis=analysed.analysis,
        headline=analysed.analysis is endpoint.headline,
        population=endpoint.population.text,
        start_rule=endpoint.start.text,
        event_rule=endpoint.event.text,
        censoring_rule=endpoint.censoring.text,
        patients=sum(row.included for row in analysed.rows),
        analysed=len(analysed.observed),
        events=sum(item.event for item in analysed.observed),
        excluded=counted(outside + Counter(analysed.left_out)),
        status=Status.NOT_ESTIMABLE if analysed.refusal else Status.ESTIMATED,
        reason=analysed.refusal or (middle.reason and _ended(middle.reason, analysed.gap)),
        median_days=middle.value,
        median_low=middle.low,
        median_high=middle.high,
        flags=_flags(analysed, settings),
    )


def rates(analysed: Analysed, settings: CohortSettings) -> Iterator[EndpointRateRow]:
    """Yield the share without event at the years of the settings."""
    for years in settings.rate_years:
        found, at_risk = Estimate(None, None, None, reason=analysed.refusal), 0
        days = years * DAYS_PER_YEAR
        if analysed.intervals is not None:
            found, at_risk = analysed.intervals.rate(days)
        if analysed.curve is not None:
            found = rate_at(analysed.curve, days, confidence=settings.confidence)
            entries, times, _ = columns(analysed.observed)
            at_risk = int(numbers_at_risk(entries, times, [days])[0])
        yield EndpointRateRow(
            endpoint=analysed.endpoint.name,
            analysis=analysed.analysis,
            years=years,
            rate=found.value,
            low=found.low,
            high=found.high,
            at_risk=at_risk,
            method=found.method,
            reason=found.reason and _ended(found.reason, analysed.gap),
        )


def counted(reasons: Mapping[Exclusion, int]) -> tuple[str, ...]:
    """Return `reason=number` in the order of the vocabulary."""
    return tuple(f"{why.value}={reasons[why]}" for why in Exclusion if reasons.get(why))


# --- pieces --------------------------------------------------------------------------------------


def _ended(reason: str, gap: float | None) -> str:
    """Return why a figure is missing: the gap, where the curve ends there and not with the last patient."""
    missing = (Refusal.MEDIAN_NOT_REACHED, Refusal.FOLLOW_UP_TOO_SHORT)
    return _at_gap(gap) if gap is not None and reason in missing else reason


def _at_gap(gap: float) -> str:
    return f"{Refusal.RISK_SET_EMPTIED}: on day {gap:g}, while patients still enter"


def _entry(
    row: EndpointPatientRow, analysis: Analysis, entries: Mapping[str, float | Exclusion] | None
) -> float | Exclusion:
    if entries is not None:
        return entries.get(row.patient, Exclusion.GROUP_UNKNOWN)
    if analysis is Analysis.AS_DEFINED:
        return 0.0
    # Unknown enrolment is not enrolment on day 0: that would count unseen time as survived.
    return Exclusion.ENROLMENT_MISSING if row.entry_days is None else row.entry_days


def _at_risk(row: EndpointPatientRow, days: float, entry: float) -> Observed | Exclusion:
    # At risk over (entry, time]: an event on the day of entry would not be in its own risk set.
    if row.event and days == entry:
        days += HALF_DAY
    if days <= entry:
        return Exclusion.EVENT_BEFORE_ENTRY if row.event else Exclusion.NO_FOLLOW_UP
    return Observed(row.patient, entry, days, bool(row.event), row.centre or "")


def _flags(analysed: Analysed, settings: CohortSettings) -> tuple[str, ...]:
    flags: list[str] = []
    curve, rows = analysed.curve, analysed.rows
    late = sum(OutcomeCaveat.ENROLLED_AFTER_START in row.flags for row in rows)
    # From day 0 on, who enrolled late is immortal until then, and the figure too good.
    if analysed.analysis is Analysis.AS_DEFINED and late:
        flags.append(f"{OutcomeCaveat.IMMORTAL_TIME_BEFORE_ENROLMENT}={late}")
    if analysed.gap is not None:
        flags.append(f"{OutcomeCaveat.RISK_SET_EMPTIED}={analysed.gap:g}")
    entries, _, _ = columns(analysed.observed)
    if curve and early_small_risk_set(entries, curve, settings.min_at_risk):
        flags.append(OutcomeCaveat.SMALL_EARLY_RISK_SET)
    on_day = sum(OutcomeCaveat.EVENT_ON_DAY_0 in row.flags for row in rows)
    return (*flags, *([f"{OutcomeCaveat.EVENT_ON_DAY_0}={on_day}"] if on_day else []))
