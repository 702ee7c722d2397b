"""The analysis plan on the cohort page: what it declares, deviations from it, adjusted comparisons."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..outcomes.adjusted_table import AdjustedRow, BalanceRow, PropensityRow
from ..outcomes.plan_table import DeviationRow, PlannedRow, PlanRow
from ..vocabulary.outcomes import Deviation, Status, Target
from . import outcome_words as say
from .exhibits import Exhibit
from .figures.overlap import draw_overlap
from .figures.style import comparison_words, group_word

NO_PLAN = "There is no analysis plan (cohort.plan): every comparison of this page is exploratory."
UNDECLARED = "What is asked of these patients was not declared before."
PLAN_TABLES = ("analysis_plan.tsv", "planned_comparisons.tsv")
NO_DEVIATION = "What ran is what the plan declares, and nothing else."
DEVIATIONS = {
    Deviation.NOT_IN_PLAN: "ran, not in the plan",
    Deviation.NOT_RUN: "planned, without result",
    Deviation.CHANGED: "ran otherwise",
}
TARGETS = {
    Target.ATE: "ATE: had all who took one of the two taken the first",
    Target.ATT: "ATT: in those who took the first",
}
HOW_ADJUSTED = (
    "Patients are weighted by how likely their treatment was by the covariates, as known before it began "
    "(stabilised propensity weights); intervals by robust variance. The ratio is that of the weighted "
    "groups. Left: patients by propensity; outside 0.1 to 0.9 one treatment was hardly possible. Right: "
    "standardised differences before (open) and after (full); below 0.1 the groups count as alike."
)
E_VALUE = (
    "E-value: an unmeasured confounder needs risk ratios of at least this with both treatment and outcome to "
    "move the ratio (in brackets: the interval) to 1."
)


def plan_exhibits(found: Mapping[str, Sequence[Any]], messages: Mapping[str, str]) -> list[Exhibit]:
    """Return what the plan declares with its results, and every deviation from it."""
    said = found["analysis_plan.tsv"]
    if not said:
        return [Exhibit("plan", "Analysis plan", (), NO_PLAN, (UNDECLARED,), PLAN_TABLES)]
    return [
        _declared(said, found["planned_comparisons.tsv"], messages),
        _deviations(found["plan_deviations.tsv"], messages),
    ]


def endpoints_beside(found: Mapping[str, Sequence[Any]]) -> set[str]:
    """Return the endpoints that are not in the plan; none without one."""
    rows: Sequence[DeviationRow] = found["plan_deviations.tsv"]
    return {row.name for row in rows if row.part == "endpoint" and row.deviation is Deviation.NOT_IN_PLAN}


def adjusted(found: Mapping[str, Sequence[Any]], messages: Mapping[str, str]) -> Exhibit:
    """Return the adjusted comparisons of next treatments, with overlap and balance."""
    rows: Sequence[AdjustedRow] = found["adjusted_comparisons.tsv"]
    balances: Sequence[BalanceRow] = found["balance.tsv"]
    propensities: Sequence[PropensityRow] = found["propensities.tsv"]
    svgs = (
        draw_overlap(
            [item for item in propensities if item.comparison == row.comparison],
            [item for item in balances if item.comparison == row.comparison],
            groups=(group_word(row.level), group_word(row.reference)),
            name=f"overlap-{number}",
            title=_which(row),
        )
        for number, row in enumerate(rows)
    )
    header = (
        "comparison", "plan", "estimand", "events/n · reference", "effective n", "unadjusted HR",
        "adjusted HR", "p", "E-value", "difference",
    )  # fmt: skip
    sources = ("adjusted_comparisons.tsv", "balance.tsv", "propensities.tsv")
    missing = "" if rows else "No covariates are declared (analysis plan, or cohort.covariates)."
    return Exhibit(
        "adjusted",
        "Next treatments, adjusted",
        tuple(svg for svg in svgs if svg),
        missing,
        tuple(_caption(rows)) if rows else (),
        sources,
        header=header,
        lines=tuple(_line(row) for row in rows),
        refused=tuple(
            f"{_which(row)}: {say.reason(row.reason, messages)}" for row in rows if row.reason is not None
        ),
    )


def _declared(said: Sequence[PlanRow], rows: Sequence[PlannedRow], messages: Mapping[str, str]) -> Exhibit:
    plan = {row.item: row.value for row in said}
    lines = tuple(
        (
            row.comparison,
            f"{_factor(row)}{group_word(row.level)} vs {group_word(row.reference)}",
            ", ".join(comparison_words(row.endpoint, row.analysis)),
            row.estimand or "not adjusted",
            "–" if row.estimate is None else _ratio(row.estimate, row.low, row.high),
            _number(row.p),
            _number(row.p_holm),
            _why(row.reason, messages),
        )
        for row in rows
    )
    caption = (
        f"{plan['name']}, version {plan['version']} of {plan['date']}; SHA-256 {plan['sha256']}. Cut-off: "
        f"{plan['data_cutoff']}. Covariates: {plan['covariates'] or 'none'}.",
        f"p (Holm) is adjusted over the {plan['comparisons']} declared comparisons, those without a result "
        "among them. Every other comparison of these patients is exploratory.",
    )
    header = ("declared", "groups", "outcome, analysis", "estimand", "HR (interval)", "p", "p (Holm)", "why")
    missing = "" if lines else "The plan declares no comparison."
    return Exhibit("plan", "Analysis plan", (), missing, caption, PLAN_TABLES, (), header, lines)


def _deviations(rows: Sequence[DeviationRow], messages: Mapping[str, str]) -> Exhibit:
    lines = tuple(
        (
            DEVIATIONS[row.deviation],
            row.part.replace("_", " "),
            row.name,
            row.planned or "–",
            row.ran or "–",
            _why(row.reason, messages),
        )
        for row in sorted(rows, key=lambda row: row.deviation is Deviation.NOT_IN_PLAN)
    )
    header = ("deviation", "part", "which", "planned", "ran", "why")
    caption = (
        "Patients, endpoints and comparisons; what ran and is not in the plan stands at the end, counted by "
        "question.",
    )
    title, missing = "Deviations from the plan", "" if lines else NO_DEVIATION
    return Exhibit("deviations", title, (), missing, caption, ("plan_deviations.tsv",), (), header, lines)


def _caption(rows: Sequence[AdjustedRow]) -> list[str]:
    covariates = ", ".join(dict.fromkeys(group_word(name) for row in rows for name in row.covariates))
    parts = [HOW_ADJUSTED, f"Covariates: {covariates}."]
    parts += [f"{text}." for target, text in TARGETS.items() if any(row.estimand is target for row in rows)]
    parts += [
        f"{row.comparison}: a covariate is unknown in some ({', '.join(row.missing)}), who are left out."
        for row in rows
        if row.missing
    ]
    return [*parts, E_VALUE]


def _which(row: AdjustedRow) -> str:
    outcome = ", ".join(comparison_words(row.endpoint, row.analysis))
    return f"{group_word(row.level)} vs {group_word(row.reference)}, {outcome}"


def _line(row: AdjustedRow) -> tuple[str, ...]:
    known = row.status is Status.ESTIMATED and row.estimate is not None and row.unadjusted is not None
    effective = (row.effective_patients, row.effective_reference)
    return (
        f"{row.comparison}: {_which(row)}",
        row.plan,
        row.estimand,
        f"{row.events}/{row.patients} · {row.reference_events}/{row.reference_patients}",
        " · ".join("–" if number is None else f"{number:.1f}" for number in effective),
        _ratio(row.unadjusted, row.unadjusted_low, row.unadjusted_high) if known else "–",
        _ratio(row.estimate, row.low, row.high) if known else "not estimable",
        _number(row.p),
        f"{row.e_value:.1f} ({row.e_value_limit:.1f})" if known else "–",
        "–" if row.difference_before is None else f"{row.difference_before:.2f} → {row.difference_after:.2f}",
    )


def _why(text: str | None, messages: Mapping[str, str]) -> str:
    """Return the text of a code with its numbers; of a deviation that has none, its own words."""
    if text is None:
        return ""
    return say.reason(text, messages) if say.sentence(text, messages) else text


def _factor(row: PlannedRow) -> str:
    return "" if row.factor in ("regimen", "predictor") else f"{group_word(row.factor)}: "


def _ratio(value: float | None, low: float | None, high: float | None) -> str:
    ends = ["?" if end is None else f"{end:.2f}" for end in (low, high)]
    return f"{value or 0:.2f} ({ends[0]}–{ends[1]})"


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return "<0.001" if value < 0.001 else f"{value:.3f}"
