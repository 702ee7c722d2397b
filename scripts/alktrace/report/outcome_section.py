"""The outcome part of the cohort page: every figure with caption, caveats and the tables behind it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..classify.resistance_table import ResistanceRow
from ..inputs.settings.cohort_settings import CohortSettings
from ..outcomes.association_table import AssociationRow
from ..outcomes.course_table import FlowRow, OncoprintRow, SwimmerRow
from ..outcomes.curve_table import AtRiskRow, KaplanMeierRow
from ..outcomes.endpoint_table import EndpointRateRow, EndpointRow
from ..outcomes.endpoints import COURSE, RWPFS2, RWTTD2, Endpoint, by_course
from ..outcomes.outcome_files import read_outcomes
from ..outcomes.state_table import StateRow, StateTimeRow
from ..vocabulary.caveats import CaveatCode
from ..vocabulary.outcomes import (
    ABSENT,
    ALL,
    ALL_GROUPS,
    PRESENT,
    REGIMEN,
    Analysis,
    Question,
    Refusal,
    Status,
)
from ..vocabulary.resistance import Classification
from ..vocabulary.samples import Setting
from . import adjusted_section as adjusted
from . import line_section
from . import outcome_definitions as definitions
from . import outcome_tables as tables
from . import outcome_words as say
from . import study_tables as study
from .centre_exhibits import centre_exhibits
from .exhibits import NO_PATIENTS, Exhibit
from .figures.flow import draw_flow
from .figures.forest import draw_forest
from .figures.kaplan_meier import Panel, draw_curves
from .figures.oncoprint import MOST_BESIDE, MOST_LINES, draw_oncoprint, oncoprint_lines
from .figures.state_figure import draw_states
from .figures.style import group_word
from .figures.swimmer import draw_swimmer

Outcomes = Mapping[str, Sequence[Any]]
LATE_ENTRY = (
    "Patients are at risk only from the day on which their group is known: numbers at risk grow first and "
    "may begin at 0. Counting from progression (naive) flatters groups whose members had to live long enough "
    "to join them; it is shown for comparison only."
)


def outcome_exhibits(
    folder: Path,
    messages: Mapping[str, str],
    settings: CohortSettings,
    mechanisms: Sequence[ResistanceRow] = (),
) -> list[Exhibit]:
    """Return the figures and tables of the outcomes.

    Args:
        folder: holds the outcome tables.
        messages: texts of flags and refusals.
        settings: section `cohort`, as the tables were made with.
        mechanisms: rows of `resistance.tsv`, for what stands beside them in the oncoprint.
    """
    found = read_outcomes(folder)
    few, associations = settings.min_group_patients, found["associations.tsv"]
    return [
        *adjusted.plan_exhibits(found, messages),
        tables.linkage(found["linkage.tsv"]),
        study.baseline(found["baseline.tsv"]),
        study.baseline_by_class(found["baseline.tsv"]),
        study.missing_data(found["missing_data.tsv"]),
        oncoprint(found["oncoprint.tsv"], co_alterations(mechanisms)),
        tables.frequencies(found["frequencies.tsv"]),
        tables.expected(found["expected.tsv"]),
        tables.paired(found["baseline_progression.tsv"]),
        tables.concordance(found["concordance.tsv"], found["agreement.tsv"]),
        swimmer(found["swimmer.tsv"]),
        study.follow_up(found["follow_up_times.tsv"]),
        definitions.estimands(found["estimands.tsv"]),
        *_endpoints(found, messages),
        definitions.sensitivities(found["endpoints.tsv"], found["estimands.tsv"]),
        course(found["state_probabilities.tsv"], found["state_times.tsv"]),
        *line_section.all_lines(found["lines.tsv"], found["line_sequences.tsv"], few),
        tables.beyond(found["beyond_progression.tsv"]),
        tables.responses(found["responses.tsv"]),
        by_next_treatment(found, RWPFS2, few, messages),
        by_next_treatment(found, RWTTD2, few, messages),
        adjusted.adjusted(found, messages),
        by_mechanism(
            found["km_mechanism.tsv"], found["km_mechanism_at_risk.tsv"], associations, few, messages
        ),
        tables.by_treatment(found["mechanism_treatment.tsv"], few),
        tables.detail(found["treatment_detail.tsv"], few),
        study.sites(found["progression_sites.tsv"]),
        study.ways(found["progression_ways.tsv"]),
        study.clearance(found["ctdna_clearance.tsv"], few),
        *(forest(associations, question, few, messages) for question in say.QUESTIONS),
        *centre_exhibits(found["centre_effects.tsv"], found["centre_shares.tsv"]),
        flow(found["flow.tsv"]),
        tables.safety(found["safety.tsv"], settings.severe_grade),
        study.safety_rates(found["safety_rates.tsv"], settings.severe_grade),
        tables.doses(found["dose_adjustments.tsv"]),
        study.dose_intensity(found["dose_intensity.tsv"]),
        study.checklist(found["reporting_checklist.tsv"]),
    ]


def co_alterations(mechanisms: Sequence[ResistanceRow]) -> dict[str, frozenset[str]]:
    """Return what was found beside the mechanisms at progression and is none itself, by patient."""
    found: dict[str, set[str]] = {}
    for row in mechanisms:
        if row.setting is Setting.PROGRESSION:
            names = (
                name for flag in row.flags if flag.code is CaveatCode.CO_ALTERATION for name in flag.about
            )
            found.setdefault(row.patient, set()).update(names)
    return {patient: frozenset(names) for patient, names in found.items() if names}


def oncoprint(rows: Sequence[OncoprintRow], beside: Mapping[str, frozenset[str]]) -> Exhibit:
    """Return the oncoprint, with alterations beside the mechanisms below them."""
    blind = {row.patient for row in rows if row.classification is Classification.NOT_EVALUABLE}
    lines = len(oncoprint_lines(rows))
    caption = [
        f"Patients classified at progression, n = {len({row.patient for row in rows})}; {len(blind)} of "
        "them not evaluable (hatched): nothing is known about their mechanisms.",
        "An empty cell of the others means that the finding is no mechanism of the class; it does not mean "
        "that it was excluded. Columns by timing, then class; n counts patients.",
    ]
    if beside:
        caption.append(
            "Grey, below the mechanisms: alterations found beside them that are none, the "
            f"{MOST_BESIDE} most frequent."
        )
    if lines > MOST_LINES:
        caption.append(f"Shown are the {MOST_LINES} most frequent of {lines} findings.")
    return Exhibit(
        "oncoprint",
        "Mechanisms by timing",
        draw_oncoprint(rows, beside),
        "" if rows else NO_PATIENTS,
        tuple(caption),
        ("oncoprint.tsv",),
    )


def swimmer(rows: Sequence[SwimmerRow]) -> Exhibit:
    """Return the swimmer plot."""
    patients = {row.patient for row in rows}
    caption = (
        f"First-line lorlatinib, no earlier ALK inhibitor, n = {len(patients)}; longest observed first.",
        "Thin bars on a broad one are treatments given together with lorlatinib. A response is that of one "
        "assessment, not the best. A bar with an arrowhead goes on beyond the last contact.",
    )
    return Exhibit(
        "swimmer", "Courses", draw_swimmer(rows), "" if rows else NO_PATIENTS, caption, ("swimmer.tsv",)
    )


def _endpoints(found: Outcomes, messages: Mapping[str, str]) -> Iterator[Exhibit]:
    for endpoint in by_course():
        if endpoint.title:
            own = [row for row in found["endpoints.tsv"] if row.endpoint == endpoint.name]
            steps, numbers = found[endpoint.curve_file], found["km_at_risk.tsv"]
            shown = curve(endpoint, own, found["endpoint_rates.tsv"], steps, numbers, messages)
            if endpoint.name in adjusted.endpoints_beside(found):
                shown = replace(shown, caption=(*shown.caption, "Exploratory: not in the analysis plan."))
            if endpoint.states is not None and any(
                row.headline and row.status is Status.ESTIMATED for row in own
            ):
                shown = _in_states(shown, endpoint, found)
            yield shown


STATE_TABLES = ("state_probabilities.tsv", "state_times.tsv", "state_paths.tsv")


def _in_states(shown: Exhibit, endpoint: Endpoint, found: Outcomes) -> Exhibit:
    """Return the exhibit of an endpoint with the ways in which it ends, in place of one curve."""
    model = endpoint.states
    assert model is not None
    own = [row for row in found["state_probabilities.tsv"] if row.model == model.name]
    svg = draw_states(
        own,
        model.states,
        ends=model.ends,
        name=f"states-{model.name}",
        unit=f"days after {endpoint.start.text}",
    )
    return replace(
        shown,
        svgs=(svg,) if svg else (),
        missing="" if svg else NO_PATIENTS,
        caption=(*shown.caption, *say.state_caption(model.states, model.name, found["state_times.tsv"])),
        sources=(*STATE_TABLES, *shown.sources),
        wide=True,
    )


def course(rows: Sequence[StateRow], times: Sequence[StateTimeRow]) -> Exhibit:
    """Return the lines of treatment from lorlatinib on, as stacked probabilities."""
    own = [row for row in rows if row.model == COURSE.name]
    svg = draw_states(
        own, COURSE.states, ends=COURSE.ends, name="states-course", unit="days after first lorlatinib dose"
    )
    caption = (
        "Patients on first-line lorlatinib, at risk from enrolment on; probabilities by Aalen and Johansen. "
        "A patient without systemic treatment may take up a further line.",
        *say.state_caption(COURSE.states, COURSE.name, times),
    )
    return Exhibit(
        "course", COURSE.title, (svg,) if svg else (), "" if svg else NO_PATIENTS, caption, STATE_TABLES
    )


def curve(
    endpoint: Endpoint,
    figures: Sequence[EndpointRow],
    rates: Sequence[EndpointRateRow],
    steps: Sequence[KaplanMeierRow],
    numbers: Sequence[AtRiskRow],
    messages: Mapping[str, str],
) -> Exhibit:
    """Return the curve of one endpoint over all patients, in the analysis to quote.

    Args:
        endpoint: what to show.
        figures: its rows of `endpoints.tsv`.
        rates: `endpoint_rates.tsv`.
        steps: its table of the curve.
        numbers: `km_at_risk.tsv`.
        messages: texts of flags and refusals.
    """
    title, name = endpoint.title or endpoint.name, f"km-{endpoint.name}"
    sources = (
        endpoint.curve_file,
        "km_at_risk.tsv",
        "endpoints.tsv",
        "endpoint_rates.tsv",
        "endpoint_patients.tsv",
    )
    head = next((row for row in figures if row.headline), None)
    if head is None:
        return Exhibit(name, title, (), NO_PATIENTS, (), sources, wide=False)
    svg = None
    if head.status is Status.ESTIMATED:
        panel = _panel("", endpoint, head.analysis, ALL, steps, numbers)
        svg = draw_curves([panel], name=name, label=f"Kaplan-Meier curve of {title}")
    own = [row for row in rates if row.endpoint == endpoint.name and row.analysis is head.analysis]
    other = next((row for row in figures if not row.headline and row.status is Status.ESTIMATED), None)
    return Exhibit(
        name=name,
        title=title,
        svgs=(svg,) if svg else (),
        missing="" if svg else say.not_estimable(head.reason or Refusal.NO_TIME_AT_RISK, messages),
        caption=tuple(say.endpoint_caption(head, own, other, messages)),
        sources=sources,
        notes=tuple(say.caveats(head.flags, messages)),
        wide=False,
    )


def by_next_treatment(found: Outcomes, endpoint: Endpoint, few: int, messages: Mapping[str, str]) -> Exhibit:
    """Return the curves of an endpoint by kind of next treatment, corrected and naive side by side."""
    steps, numbers = found[endpoint.curve_file], found["km_at_risk.tsv"]
    panels = [
        _panel("at risk from treatment start", endpoint, Analysis.GROUP_ENTRY, REGIMEN, steps, numbers),
        _panel("naive: biased, for comparison", endpoint, Analysis.NAIVE, REGIMEN, steps, numbers),
    ]
    name = f"km-{endpoint.name}-regimen"
    own = [row for row in found["associations.tsv"] if row.factor == REGIMEN and _late(row, endpoint)]
    own = [row for row in own if row.level != ALL_GROUPS]
    sources = (endpoint.curve_file, "km_at_risk.tsv", "associations.tsv")
    title = f"{endpoint.name} by next treatment"
    return _grouped(Head(name, title, endpoint, sources), panels, own, few, messages)


def by_mechanism(
    steps: Sequence[KaplanMeierRow],
    numbers: Sequence[AtRiskRow],
    associations: Sequence[AssociationRow],
    few: int,
    messages: Mapping[str, str],
) -> Exhibit:
    """Return rwPFS2 with and without each family of mechanisms, at risk from the report on."""
    endpoint = RWPFS2
    families = list(
        dict.fromkeys(
            [row.grouping for row in steps if row.endpoint == endpoint.name]
            + [row.grouping for row in numbers if row.endpoint == endpoint.name]
        )
    )
    panels = [
        _panel(group_word(family), endpoint, Analysis.GROUP_ENTRY, family, steps, numbers)
        for family in families
    ]
    sources = ("km_mechanism.tsv", "km_mechanism_at_risk.tsv", "associations.tsv")
    own = [row for row in associations if row.question is Question.MECHANISM_OUTCOME and _late(row, endpoint)]
    title = "rwPFS2 by mechanism, at risk from the report on"
    return _grouped(Head("km-mechanism", title, endpoint, sources), panels, own, few, messages)


def _late(row: AssociationRow, endpoint: Endpoint) -> bool:
    return row.endpoint == endpoint.name and row.analysis == Analysis.GROUP_ENTRY.value


@dataclass(frozen=True)
class Head:
    """What an exhibit of grouped curves is called and made of."""

    name: str
    title: str
    endpoint: Endpoint
    sources: tuple[str, ...]


def _grouped(
    head: Head,
    panels: Sequence[Panel],
    compared: Sequence[AssociationRow],
    few: int,
    messages: Mapping[str, str],
) -> Exhibit:
    shown = []
    caption = [f"Patients with {head.endpoint.name} whose group is known. {LATE_ENTRY}"]
    if sizes := say.group_sizes(compared):
        caption.append(f"Patients at risk at any time: {sizes}.")
    left_out: dict[str, None] = {}
    for panel in panels:
        drawn, small = _without_small(panel, few)
        shown.append(drawn)
        left_out |= dict.fromkeys(f"{_of_panel(panel, group)} ({n})" for group, n in small.items())
        caption += _emptied(drawn, messages)
    if left_out:
        needed = f"No curve for groups of fewer than {few} patients (cohort.min_group_patients)"
        caption.append(f"{needed}: {', '.join(left_out)}.")
    svg = draw_curves(shown, name=head.name, label=f"Kaplan-Meier curves: {head.title}")
    missing = "" if svg else "Not estimable because no group has a curve."
    return Exhibit(
        head.name, head.title, (svg,) if svg else (), missing, tuple(dict.fromkeys(caption)), head.sources
    )


def _without_small(panel: Panel, few: int) -> tuple[Panel, Mapping[str, int]]:
    """Return the panel without small groups, and their sizes; one group left alone says nothing."""
    size = {
        group: sum(row.events + row.censored for row in panel.steps if row.group == group)
        for group in panel.groups
    }
    small = {group: patients for group, patients in size.items() if 0 < patients < few}
    kept = [group for group in size if group not in small]
    if small and len(kept) < 2:
        kept = []
    return replace(
        panel,
        steps=[row for row in panel.steps if row.group in kept],
        numbers=[row for row in panel.numbers if row.group in kept],
    ), small


def _of_panel(panel: Panel, group: str) -> str:
    """Return the name of a group outside its panel: `bypass present`, or the treatment."""
    return f"{panel.title} {group}" if group in (PRESENT, ABSENT) else group_word(group)


def _emptied(panel: Panel, messages: Mapping[str, str]) -> Iterator[str]:
    """Yield which curves end at a gap, or have none: patients are at risk after their last day."""
    for group in panel.groups:
        last = max((row.days for row in panel.steps if row.group == group), default=-1.0)
        if any(row.at_risk and row.days > last for row in panel.numbers if row.group == group):
            where = f"ends on day {last:g}" if last > 0 else "is missing"
            why = say.reason(Refusal.RISK_SET_EMPTIED, messages)
            yield f"The curve of {_of_panel(panel, group)} {where}. {why}."


def _panel(
    title: str,
    endpoint: Endpoint,
    analysis: Analysis,
    grouping: str,
    steps: Sequence[KaplanMeierRow],
    numbers: Sequence[AtRiskRow],
) -> Panel:
    key = (endpoint.name, analysis, grouping)
    return Panel(
        title,
        f"days after {endpoint.start.text}",
        [row for row in steps if (row.endpoint, row.analysis, row.grouping) == key],
        [row for row in numbers if (row.endpoint, row.analysis, row.grouping) == key],
    )


def _smallest_group(row: AssociationRow) -> int | None:
    """Return the patients of the smaller group that a ratio compares; None where the row does not say."""
    if not row.patients + row.reference_patients:
        return None
    groups = [row.patients, row.reference_patients]
    if row.question is Question.PRIMARY_VS_ACQUIRED:
        # Fisher's table has two pairs of groups: primary and acquired, with the finding and without it.
        carriers = row.events + row.reference_events
        groups += [carriers, sum(groups) - carriers]
    return min(groups)


def forest(
    rows: Sequence[AssociationRow],
    question: Question,
    few: int,
    messages: Mapping[str, str],
) -> Exhibit:
    """Return the forest plot of one question without small groups, and what could not be estimated."""
    own = [row for row in rows if row.question is question]
    # Other numbers of months between primary and acquired stay in the table.
    own = [row for row in own if not row.analysis.startswith("counts_")]
    sizes = {id(row): _smallest_group(row) for row in own if row.estimate is not None}
    small = [row for row in own if (size := sizes.get(id(row))) is not None and size < few]
    svg = draw_forest([row for row in own if row not in small], name=f"forest-{question}")
    refused = [*say.refusals(own, messages), *say.small_groups(small, few)]
    caption = [
        *([say.CROSSED] if question is Question.BENEFIT and svg else []),
        *(
            say.HOW_TO_READ[measure]
            for measure in say.HOW_TO_READ
            if any(row.measure == measure for row in own)
        ),
        *say.remarks(own),
        *say.precision(own),
        *say.declared(own),
    ]
    return Exhibit(
        f"forest-{question}",
        say.QUESTIONS[question],
        (svg,) if svg else (),
        "" if svg else " ".join(refused) or NO_PATIENTS,
        tuple(caption) if svg else (),
        ("associations.tsv",),
        refused=tuple(refused),
    )


def flow(rows: Sequence[FlowRow]) -> Exhibit:
    """Return the flow from mechanism to next treatment."""
    svg = draw_flow(rows)
    caption = (
        f"Patients with progression on first-line lorlatinib and a classified sample, n = "
        f"{sum(row.patients for row in rows)}. Bands are coloured by mechanism; mixed: components of several "
        "families. What was given is not what works: see the forest plots.",
    )
    return Exhibit(
        "flow",
        "From mechanism to next treatment",
        (svg,) if svg else (),
        "" if svg else NO_PATIENTS,
        caption,
        ("flow.tsv", "mechanism_treatment.tsv", "mechanism_responses.tsv"),
    )
