"""Outcome by next treatment and by mechanism, without immortal time.

rwPFS2 and rwTTD2 start at progression, but the drug is known only when it starts and the mechanism when it is
reported. Who dies before cannot be in a group, so everybody in a group is immortal until then. Each
comparison therefore lets patients enter when their group is known (delayed entry); the naive figure stands
beside it, marked as such, and a third one starts at the treatment.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import compress

import numpy as np
import pandas as pd

from ..inputs.settings.cohort_settings import CohortSettings
from ..stats.proportions import false_discovery
from ..vocabulary.outcomes import (
    ABSENT,
    ALL_GROUPS,
    INTERACTION,
    NONE_FOUND,
    OTHERS,
    PRESENT,
    REGIMEN,
    Analysis,
    Exclusion,
    Question,
    Refusal,
    RegimenKind,
    Status,
)
from ..vocabulary.resistance import Component
from .absence import Absence
from .association_table import AssociationRow
from .cox import CoxFit, CoxTerm, fit_cox, refuse
from .endpoint_figures import Observed, columns, counted, observe, strata_of
from .endpoint_table import EndpointPatientRow
from .endpoints import (
    FIRST_DOSE,
    NEXT_DOSE,
    RWPFS2,
    RWTTD2_TREATMENT,
    Endpoint,
    by_course,
    switch_exclusion,
)
from .group_tests import compare_groups
from .interval_width import interval_factor
from .mechanisms import Feature, Finding, absence, features
from .penalised_cox import PenalisedTerm, fit_penalised
from .timeline import Timeline

NAIVE_NOTE = (
    "biased: counts from progression although the group was known only later, "
    "so nobody in a group can have the event before (immortal time)"
)
NOTES = {
    Analysis.GROUP_ENTRY: "patients enter when their group is known",
    Analysis.NAIVE: NAIVE_NOTE,
    Analysis.LANDMARK: "patients enter at the landmark; what came before it counts for neither group",
    Analysis.FROM_TREATMENT: "day 0 is the first dose of the next treatment",
}
TOO_SMALL = (
    Refusal.TOO_FEW_EVENTS, Refusal.GROUP_TOO_SMALL, Refusal.NO_EVENTS_IN_A_GROUP, Refusal.NO_MAXIMUM,
)  # fmt: skip
"""Refusals of a model that a penalised one answers."""
FEWEST_EVENTS = 2
"""One event says what became of one person."""
COUNTS_ELSEWHERE = "counts by group stand in mechanism_treatment.tsv"
WITHIN_CENTRES = "compared within centres"
HOW_TO_READ = "interaction: how the treatment's hazard ratio differs where the mechanism is present"
Known = Mapping[str, dt.date | Exclusion]


@dataclass(frozen=True)
class Grouping:
    """A way to group patients.

    Attributes:
        factor: `regimen`, or a component.
        group_of: group by patient; patients without a group are missing.
        known_from: day on which the group is known, or why it or its day is not.
    """

    factor: str
    group_of: Mapping[str, str]
    known_from: Known


@dataclass(frozen=True)
class Comparison:
    """Patients at risk of one endpoint in one analysis, with what was left out."""

    endpoint: Endpoint
    analysis: Analysis
    observed: Sequence[Observed]
    excluded: Mapping[Exclusion, int]


def regimen_grouping(timelines: Iterable[Timeline]) -> Grouping:
    """Group patients by the kind of their first sequential treatment."""
    group_of: dict[str, str] = {}
    known_from: dict[str, dt.date | Exclusion] = {}
    for timeline in timelines:
        why, given = switch_exclusion(timeline), timeline.next_treatment
        # Who died before a treatment has no group, and is counted as left out, not as censored.
        if why is not None or given is None:
            known_from[timeline.patient] = why or Exclusion.NOT_YET_STARTED
        else:
            group_of[timeline.patient], known_from[timeline.patient] = given.kind.value, given.start
    return Grouping(REGIMEN, group_of, known_from)


def component_groupings(found: Mapping[str, Finding]) -> list[Grouping]:
    """Group patients by each component, present or excluded, and by `none_found`."""
    groups: list[Grouping] = []
    for component in Component:
        feature = ("component", component.value)
        states = {name: _present(item, feature) for name, item in found.items()}
        groups.append(_grouping(component.value, found, states))
    # A sample that excludes ALK mutations alone is neither: a bypass may be there unseen.
    nothing = {
        name: True if item.groups == (NONE_FOUND,) else False if item.components else None
        for name, item in found.items()
    }
    return [*groups, _grouping(NONE_FOUND, found, nothing)]


def mechanism_groupings(found: Mapping[str, Finding], settings: CohortSettings) -> list[Grouping]:
    """Group patients by a single ALK mutation, a compound, and each bypass gene that enough of them have."""
    counts = Counter(
        gene
        for item in found.values()
        for gene in {row.gene for row in item.rows if row.component is Component.BYPASS and row.gene}
    )
    genes = sorted(gene for gene, number in counts.items() if number >= settings.min_group_patients)
    asked: list[Feature] = [("finding", "alk_single_mutation"), ("finding", "alk_compound_cis")]
    asked += [("gene", gene) for gene in genes]
    return [
        _grouping(feature[1], found, {name: _present(item, feature) for name, item in found.items()})
        for feature in asked
    ]


def _present(item: Finding, feature: Feature) -> bool | None:
    if feature in features(item):
        return True
    # Neither where it was not excluded: `absent` would be a negative that nobody saw.
    return False if absence(item, feature) is Absence.EXCLUDED else None


def _grouping(factor: str, found: Mapping[str, Finding], states: Mapping[str, bool | None]) -> Grouping:
    known: dict[str, dt.date | Exclusion] = {}
    for name, item in found.items():
        if states[name] is not None:
            known[name] = item.reported or Exclusion.REPORT_DATE_MISSING
        else:
            known[name] = Exclusion.MECHANISM_NOT_EXCLUDED if item.evaluable else Exclusion.NOT_EVALUABLE
    groups = {name: PRESENT if state else ABSENT for name, state in states.items() if state is not None}
    return Grouping(factor, groups, known)


def prepare(rows: Sequence[EndpointPatientRow], grouping: Grouping) -> Iterator[Comparison]:
    """Yield the patients at risk for every endpoint and analysis of a grouping.

    Args:
        rows: endpoint_patients.tsv.
        grouping: patients without a group are left out.
    """
    for endpoint in _compared_endpoints():
        late = _entries(rows, endpoint, grouping)
        if endpoint.start is NEXT_DOSE:
            yield _comparison(rows, endpoint, Analysis.FROM_TREATMENT, late)
        else:
            yield _comparison(rows, endpoint, Analysis.GROUP_ENTRY, late)
            yield _comparison(rows, endpoint, Analysis.NAIVE, _naive(grouping))


def compare_all(
    rows: Sequence[EndpointPatientRow], groupings: Iterable[Grouping], settings: CohortSettings
) -> list[AssociationRow]:
    """Return every comparison of every grouping, with p values adjusted per question, endpoint, analysis."""
    found = []
    for grouping in groupings:
        for comparison in prepare(rows, grouping):
            found += list(compare(comparison, grouping, settings))
    return adjust(found)


def compare(comparison: Comparison, grouping: Grouping, settings: CohortSettings) -> Iterator[AssociationRow]:
    """Yield each group against the others, and for more than two groups the test of all."""
    group = [grouping.group_of[item.patient] for item in comparison.observed]
    question = question_of(grouping)
    if len(set(group)) > 2:
        yield _global_row(question, comparison, grouping.factor, group, settings)
    for one in contrasts(comparison, grouping):
        yield _contrast(question, comparison, grouping.factor, one.level, one.reference, one.member, settings)


@dataclass(frozen=True)
class Contrast:
    """A group against another: of each patient, whether a member."""

    level: str
    reference: str
    member: Sequence[bool]


def question_of(grouping: Grouping) -> Question:
    """Return what a grouping asks."""
    return Question.TREATMENT_OUTCOME if grouping.factor == REGIMEN else Question.MECHANISM_OUTCOME


def contrasts(comparison: Comparison, grouping: Grouping) -> list[Contrast]:
    """Return who is compared with whom: each treatment with the others, present with absent."""
    group = [grouping.group_of[item.patient] for item in comparison.observed]
    named = [(PRESENT, ABSENT)]
    if grouping.factor == REGIMEN:
        named = [(level, OTHERS) for level in sorted(set(group))]
    return [Contrast(level, reference, [item == level for item in group]) for level, reference in named]


def benefit(
    rows: Sequence[EndpointPatientRow],
    regimen: Grouping,
    mechanisms: Iterable[Grouping],
    settings: CohortSettings,
) -> list[AssociationRow]:
    """Ask which mechanism predicts benefit from which treatment: Cox models with interaction.

    Patients enter at the later of report and treatment start, on the time scale of rwPFS2.
    """
    found = []
    for grouping in mechanisms:
        both = [name for name in regimen.group_of if name in grouping.group_of]
        known = {name: _later(regimen.known_from[name], grouping.known_from[name]) for name in both}
        group_of = {name: grouping.group_of[name] for name in both}
        entries = _entries(rows, RWPFS2, Grouping(grouping.factor, group_of, known))
        comparison = _comparison(rows, RWPFS2, Analysis.GROUP_ENTRY, entries)
        for kind in RegimenKind:
            if kind.value in regimen.group_of.values():
                found += list(_interaction(comparison, regimen, grouping, kind.value, settings))
    return adjust(found)


def relate(
    question: Question,
    rows: Sequence[EndpointPatientRow],
    endpoint: Endpoint,
    analysis: Analysis,
    grouping: Grouping,
    level: str,
    reference: str,
    settings: CohortSettings,
) -> AssociationRow:
    """Return one contrast: who is `present` in a grouping against who is `absent`.

    Args:
        question: what is asked.
        rows: endpoint_patients.tsv.
        endpoint: outcome.
        analysis: where the time at risk begins; patients enter when their group is known.
        grouping: present or absent.
        level: name of those present, in the table.
        reference: name of those absent.
        settings: section `cohort`.
    """
    comparison = at_risk(rows, endpoint, analysis, grouping)
    member = [grouping.group_of[item.patient] == PRESENT for item in comparison.observed]
    return _contrast(question, comparison, grouping.factor, level, reference, member, settings)


def at_risk(
    rows: Sequence[EndpointPatientRow], endpoint: Endpoint, analysis: Analysis, grouping: Grouping
) -> Comparison:
    """Return the patients of a grouping at risk of an endpoint, from the day their group is known on."""
    return _comparison(rows, endpoint, analysis, _entries(rows, endpoint, grouping))


def adjust(rows: Sequence[AssociationRow]) -> list[AssociationRow]:
    """Fill the false discovery rate within question, endpoint and analysis."""
    found = list(rows)
    # Within one analysis only: naive and corrected ask the same question twice.
    families: dict[tuple[str, str, str], list[int]] = {}
    for place, row in enumerate(found):
        families.setdefault((row.question, row.endpoint, row.analysis), []).append(place)
    for places in families.values():
        adjusted = false_discovery([found[place].p for place in places])
        for place, q in zip(places, adjusted, strict=True):
            found[place] = replace(found[place], q=q)
    return found


# --- pieces --------------------------------------------------------------------------------------


def _compared_endpoints() -> list[Endpoint]:
    """Those after progression: first as from progression, then as from the treatment."""
    # Groups are made at progression or later: what starts with lorlatinib has no groups yet.
    later = [item for item in by_course() if item.compared and item.start is not FIRST_DOSE]
    return sorted(later, key=lambda endpoint: endpoint.start is NEXT_DOSE)


def _naive(grouping: Grouping) -> dict[str, float | Exclusion]:
    """Everybody with a group from day 0; the reason of those without."""
    # The date of the report does not matter here, so those without one are compared too.
    without = {name: why for name, why in grouping.known_from.items() if isinstance(why, Exclusion)}
    return {**without, **dict.fromkeys(grouping.group_of, 0.0)}


def _comparison(
    rows: Iterable[EndpointPatientRow],
    endpoint: Endpoint,
    analysis: Analysis,
    entries: Mapping[str, float | Exclusion],
) -> Comparison:
    own = [row for row in rows if row.endpoint == endpoint.name]
    return Comparison(endpoint, analysis, *observe(own, analysis, entries=entries))


def _entries(
    rows: Sequence[EndpointPatientRow], endpoint: Endpoint, grouping: Grouping
) -> dict[str, float | Exclusion]:
    """Days from day 0 to the entry of each patient."""
    # Not before the group is known, nor before the event can happen: until then a patient is immortal, and
    # the group would look better than it is.
    treated = [row for row in rows if row.endpoint == RWTTD2_TREATMENT.name]
    given = {row.patient: row.start for row in treated if row.start and endpoint.population.needs_treatment}
    found: dict[str, float | Exclusion] = {}
    for row in rows:
        known = grouping.known_from.get(row.patient)
        if row.endpoint != endpoint.name or row.start is None or known is None:
            continue
        known = _later(known, given.get(row.patient, row.start))
        found[row.patient] = known if isinstance(known, Exclusion) else float((known - row.start).days)
    return found


def _later(one: dt.date | Exclusion, other: dt.date | Exclusion) -> dt.date | Exclusion:
    if isinstance(one, Exclusion):
        return one
    return other if isinstance(other, Exclusion) else max(one, other)


def _contrast(
    question: Question,
    comparison: Comparison,
    factor: str,
    level: str,
    reference: str,
    member: Sequence[bool],
    settings: CohortSettings,
) -> AssociationRow:
    observed = comparison.observed
    design = pd.DataFrame({level: [float(item) for item in member]})
    fitted = _fit(design, observed, settings)
    term = fitted.terms[0] if fitted.terms else None
    # The log-rank or score test, not Wald's: it holds its level in small groups.
    strata = strata_of(observed)
    test = compare_groups(*columns(observed), [str(item) for item in member], strata) if term else None
    inside, outside = _split(observed, member, [not item for item in member])
    row = _row(question, comparison, factor, level, reference, inside, outside, term, fitted.refusal)
    row = _with_precision(row, observed, [member], settings)
    if term is None:
        (penalised,) = _penalised(design, observed, fitted.refusal, settings) or (None,)
        return _with_penalised(row, penalised)
    return replace(row, method=f"cox; p by {test.method}", p=test.p) if test else replace(row, p=None)


def _global_row(
    question: Question, comparison: Comparison, factor: str, group: Sequence[str], settings: CohortSettings
) -> AssociationRow:
    observed = comparison.observed
    levels = sorted(set(group))
    design = pd.DataFrame({level: [float(item == level) for item in group] for level in levels[1:]})
    refusal = refuse(
        design,
        pd.Series([item.event for item in observed]).to_numpy(bool),
        events_per_parameter=settings.events_per_parameter,
        min_group_patients=settings.min_group_patients,
    )
    test = None if refusal else compare_groups(*columns(observed), group, strata_of(observed))
    row = _row(question, comparison, factor, ALL_GROUPS, "no difference", observed, (), None, refusal)
    return replace(row, method=test.method, p=test.p, status=Status.ESTIMATED) if test else row


def _interaction(
    comparison: Comparison,
    regimen: Grouping,
    mechanism: Grouping,
    kind: str,
    settings: CohortSettings,
) -> Iterator[AssociationRow]:
    observed, factor = comparison.observed, mechanism.factor
    treated = [regimen.group_of[item.patient] == kind for item in observed]
    marked = [mechanism.group_of[item.patient] == PRESENT for item in observed]
    cells = list(zip(treated, marked, strict=True))
    design = pd.DataFrame({kind: treated, factor: marked, INTERACTION: map(all, cells)}).astype(float)
    fitted = _fit(design, observed, settings)
    terms = {term.name: term for term in fitted.terms}
    penalised = dict(zip(design, _penalised(design, observed, fitted.refusal, settings), strict=False))
    # Each term compares cells: a main effect is that of its factor alone, against neither. Only the
    # interaction speaks of benefit: a treatment that helps everybody has a main effect too.
    compared = {
        kind: ((True, False), f"other treatments, {factor} absent"),
        factor: ((False, True), f"{factor} absent, other treatments"),
        INTERACTION: ((True, True), f"{factor} absent"),
    }
    for name, (own, reference) in compared.items():
        others = [cell != own if name == INTERACTION else cell == (False, False) for cell in cells]
        inside, outside = _split(observed, [cell == own for cell in cells], others)
        row = _row(
            Question.BENEFIT, comparison, f"{factor} x {kind}", name, reference, inside, outside,
            terms.get(name), fitted.refusal,
        )  # fmt: skip
        row = _with_penalised(row, penalised.get(name))
        # Main effects compare cells of their own; the interaction has all events, split both ways.
        if name == INTERACTION:
            row = _with_precision(row, observed, [treated, marked], settings)
        yield replace(row, note=_note(comparison, COUNTS_ELSEWHERE if row.estimate is None else HOW_TO_READ))


def _split(
    observed: Sequence[Observed], inside: Iterable[bool], outside: Iterable[bool]
) -> tuple[list[Observed], list[Observed]]:
    return list(compress(observed, inside)), list(compress(observed, outside))


def _fit(design: pd.DataFrame, observed: Sequence[Observed], settings: CohortSettings) -> CoxFit:
    entries, times, events = columns(observed)
    return fit_cox(
        design,
        entry=entries,
        time=times,
        event=events,
        confidence=settings.confidence,
        events_per_parameter=settings.events_per_parameter,
        min_group_patients=settings.min_group_patients,
        strata=strata_of(observed),
    )


def _penalised(
    design: pd.DataFrame, observed: Sequence[Observed], refusal: str | None, settings: CohortSettings
) -> list[PenalisedTerm]:
    """Return the terms of the penalised model where the ordinary one was refused for being too small."""
    if refusal is None or refusal.partition(":")[0] not in TOO_SMALL:
        return []
    entries, times, events = columns(observed)
    if sum(events) < FEWEST_EVENTS:
        return []
    # Too few events are named first, whatever else is wrong: groups must still be two, and differ.
    values = design.to_numpy(float)
    if np.linalg.matrix_rank(values - values.mean(axis=0)) < values.shape[1]:
        return []
    return fit_penalised(
        values,
        entry=entries,
        time=times,
        event=events,
        confidence=settings.confidence,
        strata=strata_of(observed),
    )


def _with_penalised(row: AssociationRow, term: PenalisedTerm | None) -> AssociationRow:
    if term is None:
        return row
    return replace(
        row,
        method="cox_firth; p by penalised likelihood ratio",
        measure="HR",
        estimate=float(np.exp(term.coefficient)),
        low=None if term.low is None else float(np.exp(term.low)),
        high=None if term.high is None else float(np.exp(term.high)),
        p=term.p,
        status=Status.PENALISED,
    )


def _with_precision(
    row: AssociationRow,
    observed: Sequence[Observed],
    indicators: Sequence[Sequence[bool]],
    settings: CohortSettings,
) -> AssociationRow:
    events = sum(item.event for item in observed)
    shares = [sum(members) / max(len(members), 1) for members in indicators]
    return replace(row, interval_factor=interval_factor(events, shares, settings.confidence))


def _note(comparison: Comparison, text: str | None) -> str | None:
    within = WITHIN_CENTRES if strata_of(comparison.observed) else None
    return "; ".join(part for part in (text, within) if part) or None


def _row(
    question: Question,
    comparison: Comparison,
    factor: str,
    level: str,
    reference: str,
    inside: Sequence[Observed],
    outside: Sequence[Observed],
    term: CoxTerm | None,
    refusal: str | None,
) -> AssociationRow:
    row = AssociationRow(
        question=question,
        endpoint=comparison.endpoint.name,
        analysis=comparison.analysis.value,
        factor=factor,
        level=level,
        reference=reference,
        patients=len(inside),
        events=sum(item.event for item in inside),
        reference_patients=len(outside),
        reference_events=sum(item.event for item in outside),
        method="counts",
        excluded=counted(comparison.excluded),
        status=Status.DESCRIPTIVE,
        reason=refusal,
        note=_note(comparison, NOTES.get(comparison.analysis)),
    )
    if term is None:
        return row
    return replace(
        row,
        method="cox",
        measure="HR",
        estimate=term.ratio,
        low=term.low,
        high=term.high,
        p=term.p,
        hazards_p=term.hazards_p,
        status=Status.ESTIMATED,
    )
