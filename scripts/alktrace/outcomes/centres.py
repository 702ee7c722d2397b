"""A study of several centres: each comparison centre by centre, and what each centre could have seen.

The comparisons of the cohort are stratified by centre: one hazard ratio for all. Here is the sensitivity:
one ratio for each centre, pooled with random effects.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import compress

import numpy as np
import pandas as pd
from scipy.special import ndtri

from ..inputs.settings.cohort_settings import CohortSettings
from ..stats.intervals import share
from ..stats.meta_analysis import pool
from ..vocabulary.outcomes import ALL, Analysis, Refusal
from .absence import Absence
from .centre_table import CentreEffectRow, CentreShareRow
from .comparisons import FEWEST_EVENTS, Contrast, Grouping, contrasts, prepare, question_of
from .cox import refuse
from .endpoint_figures import Observed, columns, strata_of
from .endpoint_table import EndpointPatientRow
from .frequencies import feature_names, tally
from .mechanisms import Finding
from .timeline import Timeline
from .weighted_cox import two_groups

Log = tuple[float, float]
"""A log hazard ratio and its standard error."""


def centres_of(timelines: Iterable[Timeline]) -> dict[str, str]:
    """Return the centre of each patient who has one; nothing of a study of one centre."""
    found = {item.patient: item.record.patient.centre for item in timelines}
    known = {name: centre for name, centre in found.items() if centre}
    return known if len(set(known.values())) > 1 else {}


def effect_rows(
    rows: Sequence[EndpointPatientRow], groupings: Iterable[Grouping], settings: CohortSettings
) -> list[CentreEffectRow]:
    """Return every comparison in each centre, and pooled; nothing where all patients are of one centre.

    Args:
        rows: endpoint_patients.tsv.
        groupings: as of the comparisons of the cohort.
        settings: section `cohort`.
    """
    found: list[CentreEffectRow] = []
    if len({row.centre for row in rows}) < 2:
        return found
    for grouping in groupings:
        for comparison in prepare(rows, grouping):
            # The naive figure is there to show its bias; of each centre it would show the same.
            if comparison.analysis is Analysis.NAIVE or not strata_of(comparison.observed):
                continue
            head = CentreEffectRow(
                question=question_of(grouping),
                endpoint=comparison.endpoint.name,
                analysis=comparison.analysis.value,
                factor=grouping.factor,
                level="",
                reference="",
                centre="",
                patients=0,
                events=0,
                reference_patients=0,
                reference_events=0,
            )
            for contrast in contrasts(comparison, grouping):
                found += _contrast(head, comparison.observed, contrast, settings)
    return found


def _contrast(
    head: CentreEffectRow, observed: Sequence[Observed], contrast: Contrast, settings: CohortSettings
) -> list[CentreEffectRow]:
    head = replace(head, level=contrast.level, reference=contrast.reference)
    rows, logs = [], list[Log]()
    z = float(ndtri(0.5 + settings.confidence / 2))
    for centre in sorted({item.stratum for item in observed}):
        own = [item.stratum == centre for item in observed]
        here, member = list(compress(observed, own)), list(compress(contrast.member, own))
        row = _counted(replace(head, centre=centre), here, member)
        found, why = _fit(here, member)
        if found is not None:
            logs.append(found)
            log, reach = found[0], z * found[1]
            ratio, low, high = (float(value) for value in np.exp([log, log - reach, log + reach]))
            row = replace(row, estimate=ratio, low=low, high=high)
        rows.append(replace(row, reason=why))
    together = _counted(replace(head, centre=ALL, centres=len(logs)), observed, contrast.member)
    return [*rows, _pooled(together, logs, settings.confidence)]


def _counted(row: CentreEffectRow, observed: Sequence[Observed], member: Sequence[bool]) -> CentreEffectRow:
    inside, outside = list(compress(observed, member)), list(compress(observed, (not m for m in member)))
    return replace(
        row,
        patients=len(inside),
        events=sum(item.event for item in inside),
        reference_patients=len(outside),
        reference_events=sum(item.event for item in outside),
    )


def _fit(observed: Sequence[Observed], member: Sequence[bool]) -> tuple[Log | None, str | None]:
    entries, times, events = (np.array(one, float) for one in columns(observed))
    inside, event = np.array(member, bool), events.astype(bool)
    # No minimum but an event in each group: how little a small centre says is in its standard error.
    group = pd.DataFrame({"group": inside.astype(float)})
    refusal = refuse(group, event, events_per_parameter=FEWEST_EVENTS, min_group_patients=1)
    if refusal:
        return None, refusal
    found = two_groups(inside, entry=entries, time=times, event=event)
    return found, None if found else Refusal.NO_MAXIMUM.value


def _pooled(row: CentreEffectRow, logs: Sequence[Log], confidence: float) -> CentreEffectRow:
    if len(logs) < 2:
        return replace(row, reason=f"fewer than two centres with an estimate: {len(logs)}")
    found = pool([log for log, _ in logs], [error for _, error in logs], confidence)
    ratio, low, high = (float(value) for value in np.exp([found.mean, found.low, found.high]))
    return replace(
        row,
        estimate=ratio,
        low=low,
        high=high,
        between=found.between,
        i2=found.i2,
        i2_low=found.i2_low,
        i2_high=found.i2_high,
        heterogeneity_p=found.p,
    )


def share_rows(
    found: Mapping[str, Finding], centre_of: Mapping[str, str], settings: CohortSettings
) -> list[CentreShareRow]:
    """Return how often each centre found what it could have seen at progression.

    Args:
        found: findings at progression by patient.
        centre_of: of `centres_of`.
        settings: section `cohort`.
    """
    standing = [item for item in found.values() if item.stands and item.patient in centre_of]
    rows = []
    for centre in sorted(set(centre_of.values())) if standing else ():
        members = [item for item in standing if centre_of[item.patient] == centre]
        # A panel without a gene finds nothing there: what all centres could find stands for each.
        for category, name in feature_names(standing):
            if category == "class":
                continue
            own = tally(members, (category, name))
            observed = (
                share(len(own.seen), own.total, settings.confidence)
                if own.total and own.has_share
                else share(0, 0)
            )
            row = CentreShareRow(
                centre=centre,
                category=category,
                name=name,
                patients=len(members),
                n=len(own.seen),
                total=own.total,
                seen_share=own.total / len(members) if members and own.total is not None else None,
                share=observed.value,
                low=observed.low,
                high=observed.high,
                not_assessable=own.number(Absence.NOT_ASSESSABLE),
                not_targeted=own.number(Absence.NOT_TARGETED),
            )
            rows.append(row)
    return rows
