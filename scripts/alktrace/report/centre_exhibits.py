"""Several centres on the cohort page: each comparison by centre, and what each centre could have seen."""

from collections.abc import Sequence

from ..outcomes.centre_table import CentreEffectRow, CentreShareRow
from ..vocabulary.outcomes import ALL
from . import words
from .exhibits import Exhibit
from .figures.style import group_word


def centre_exhibits(effects: Sequence[CentreEffectRow], shares: Sequence[CentreShareRow]) -> list[Exhibit]:
    """Return both tables; nothing of a study of one centre."""
    return [*([_effects(effects)] if effects else []), *([_shares(shares)] if shares else [])]


def _effects(rows: Sequence[CentreEffectRow]) -> Exhibit:
    centres = sorted({row.centre for row in rows} - {ALL})
    cells = {(*_asked(row), row.centre): row for row in rows}
    pooled = [row for row in rows if row.centre == ALL]
    shown = [row for row in pooled if row.estimate is not None]
    lines = tuple(
        (
            row.endpoint,
            group_word(row.level if row.factor == "regimen" else row.factor),
            *(_ratio(cells.get((*_asked(row), centre))) for centre in centres),
            _ratio(row),
            words.interval(row.i2, row.i2_low, row.i2_high),
            "–" if row.heterogeneity_p is None else f"{row.heterogeneity_p:.2g}",
        )
        for row in shown
    )
    caption = [
        "Hazard ratios by centre, each against the others of its centre (of a mechanism: present against "
        "excluded), and pooled with random effects (Paule and Mandel; interval of Hartung and Knapp). The "
        "comparisons above are stratified by centre; this is their sensitivity analysis. I2, in per cent: "
        "how far centres differ by more than chance; of few centres its interval is wide.",
    ]
    if hidden := len(pooled) - len(shown):
        caption.append(f"{hidden} further comparisons have an estimate in fewer than two centres.")
    header = ("endpoint", "group", *centres, "all, random effects", "I2, %", "p of equal centres")
    return _table("centre_effects", "Comparisons by centre", header, lines, caption)


def _asked(row: CentreEffectRow) -> tuple[str, ...]:
    return row.question, row.endpoint, row.analysis, row.factor, row.level


def _ratio(row: CentreEffectRow | None) -> str:
    if row is None or row.estimate is None:
        return "–"
    return f"{row.estimate:.2f} ({row.low:.2f}–{row.high:.2f})"


def _shares(rows: Sequence[CentreShareRow]) -> Exhibit:
    centres = sorted({row.centre for row in rows})
    cells = {(row.category, row.name, row.centre): row for row in rows}
    named = dict.fromkeys((row.category, row.name) for row in rows if row.category != "gene")
    lines = tuple(
        (group_word(name), *(_seen(cells[category, name, centre]) for centre in centres))
        for category, name in named
    )
    patients = {row.centre: row.patients for row in rows}
    caption = [
        "Patients at progression who have the finding, of those whose sample could have shown it, with exact "
        "interval in per cent; then how many of all patients of the centre could have shown it. Centres test "
        "with different panels: a finding that few samples of a centre could have shown is not rare there.",
        "Patients: " + ", ".join(f"{centre} n = {patients[centre]}" for centre in centres) + ".",
    ]
    return _table("centre_shares", "What each centre could have seen", ("finding", *centres), lines, caption)


def _seen(row: CentreShareRow) -> str:
    if row.total is None:
        return f"{row.n}; nothing stated"
    share = words.interval(row.share, row.low, row.high)
    return f"{row.n}/{row.total} ({share}); {row.total} of {row.patients} could show it"


def _table(
    name: str, title: str, header: tuple[str, ...], lines: tuple[tuple[str, ...], ...], caption: list[str]
) -> Exhibit:
    missing = "" if lines else "No comparison has an estimate in two centres."
    return Exhibit(name, title, (), missing, tuple(caption), (f"{name}.tsv",), header=header, lines=lines)
