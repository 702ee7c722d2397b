"""The page of a validation study: claims first, then what was measured, kind by kind."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from math import sqrt
from pathlib import Path
from typing import Any

from ..assay.limits import level_fit, reported_limit
from ..assay.study import by_kind, by_level
from ..assay.validate import Validation
from ..assay.validation_table import LimitRow
from ..io.tables import format_cell, header
from ..stats.probit import ProbitFit
from ..vocabulary.validation import AssayKind, Judgement
from .figures.assay_figures import Point, draw_hits, draw_linearity
from .language import Said, Share, Words, say
from .pages import write_page
from .words import NOTICE_KEY, percent

SECTIONS = (
    "limits",
    "hit_rates",
    "blanks",
    "agreement",
    "stated_power",
    "stated",
    "precision",
    "linearity",
    "carry_over",
    "contamination",
)


def write_assay_page(found: Validation, title: str, words: Words, out: Path) -> None:
    """Write the page.

    Args:
        found: the study.
        title: name of the assay, as given; shown as it is.
        words: of the language of the page.
        out: HTML.
    """
    write_page("assay.html", assay_content(found, title, words), out)


def assay_content(found: Validation, title: str, words: Words) -> dict[str, Any]:
    """Return what the template shows; pure."""
    cases = found.study.cases
    return {
        "w": words,
        "language": words.language.value,
        "title": title,
        "notice": words.messages[NOTICE_KEY],
        "headline": words.tell(_headline(found)),
        "facts": words(
            "assay.facts",
            results=f"{len(cases):,}",
            samples=f"{len({case.sample for case in cases}):,}",
            runs=len({case.run for case in cases}),
            lots=len({case.lot for case in cases}),
        ),
        "criteria": [
            {
                "kind": words.word("assay.kind", row.kind),
                "claim": words.word("assay.claim", row.criterion),
                "required": _number(row.required),
                "estimate": _number(row.estimate),
                "bound": _number(row.bound),
                "state": row.judgement.value,
                "said": words.word("assay.judgement", row.judgement),
            }
            for row in found.judgements
        ],
        "limits": [words.tell(_limit(row, words)) for row in _reported(found)],
        "figures": figures(found, words),
        "tables": [_table(name, found, words) for name in SECTIONS if found.tables[name][1]],
    }


def _headline(found: Validation) -> Said:
    counts = {state: sum(row.judgement is state for row in found.judgements) for state in Judgement}
    if not found.judgements:
        return say("assay.no_claims")
    key = (
        "assay.failed"
        if counts[Judgement.FAIL]
        else "assay.open"
        if counts[Judgement.OPEN]
        else "assay.passed"
    )
    return say(key, **{state.value: number for state, number in counts.items()}, all=len(found.judgements))


def _reported(found: Validation) -> list[LimitRow]:
    limits = found.measures.limits
    diluted = [kind for kind in AssayKind if any(row.kind is kind for row in limits)]
    rows = (reported_limit(limits, kind) or _unlimited(limits, kind) for kind in diluted)
    return list(rows)


def _unlimited(limits: Sequence[LimitRow], kind: AssayKind) -> LimitRow:
    """Return the lot of a kind that has no limit."""
    return next(row for row in limits if row.kind is kind and row.lod is None)


def _limit(row: LimitRow, words: Words) -> Said:
    level: Any = row.lod
    if row.lod is not None and row.kind is AssayKind.AMPLIFICATION:
        level = say("assay.copies", copies=_number(row.lod) + _ends(row, _number))
    elif row.lod is not None and row.lod_low is not None and row.lod_high is None:
        level = percent(row.lod) + _ends(row, percent)
    elif row.lod is not None:
        level = Share(row.lod, row.lod_low, row.lod_high)
    return say(
        f"assay.lod.{row.method}", kind=words.word("assay.kind", row.kind), level=level, results=row.results
    )


def _ends(row: LimitRow, number: Callable[[float], str]) -> str:
    """Return the interval of a limit, which the data may bound on one side alone."""
    if row.lod_low is None:
        return ""
    if row.lod_high is None:
        return f" (≥ {number(row.lod_low)})"
    return f" ({number(row.lod_low)}–{number(row.lod_high)})"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}"


def _table(name: str, found: Validation, words: Words) -> dict[str, Any]:
    row_type, rows = found.tables[name]
    columns = header(row_type)
    return {
        "name": name,
        "title": words.word("assay.table", name),
        "note": words.word("assay.note", name),
        "columns": [(item.name.replace("_", " "), item.metadata["description"]) for item in fields(row_type)],
        "rows": [[_cell(getattr(row, column)) for column in columns] for row in rows],
    }


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return "–" if value is None else format_cell(value).replace("_", " ")


def figures(found: Validation, words: Words) -> list[str]:
    """Return the drawings: per kind hit rates, stated limits and linearity, where there is anything."""
    drawn = []
    for kind, cases in by_kind(found.study.cases).items():
        name = words.word("assay.kind", kind)
        levels = by_level([case for case in cases if case.detected is not None])
        if levels:
            drawn.append(_hits(found, kind, name, level_fit(cases), words))
        drawn += _stated(found, kind, name, words)
        means = [
            (level, [case.observed for case in there if case.observed is not None])
            for level, there in by_level(cases).items()
        ]
        points = [_mean_point(level, values) for level, values in means if values]
        if points:
            labels = words("assay.axis.expected"), words("assay.axis.measured")
            drawn.append(draw_linearity(words("assay.figure.linearity", kind=name), points, labels))
    return drawn


def _hits(found: Validation, kind: AssayKind, name: str, fit: ProbitFit | None, words: Words) -> str:
    base = 2.0 if kind is AssayKind.AMPLIFICATION else 0.0
    rows = [row for row in found.hit_rates if row.kind is kind]
    points = [Point(row.level, row.share, row.low, row.high) for row in rows]
    row = reported_limit(found.measures.limits, kind)
    line = None if fit is None else lambda x: fit.rate(x - base)[0] if x > base else 0.0
    labels = words("assay.axis.expected"), words("assay.axis.called")
    return draw_hits(words("assay.figure.hits", kind=name), points, line, row.lod if row else None, labels)


def _stated(found: Validation, kind: AssayKind, name: str, words: Words) -> list[str]:
    """Return the calibration plot of a kind: shares called by the ratio of expected to stated limit."""
    rows = [row for row in found.stated if row.kind is kind and row.from_ratio > 0 and row.to_ratio]
    if not rows:
        return []
    points = [
        Point(sqrt(row.from_ratio * row.to_ratio), row.share, row.low, row.high)
        for row in rows
        if row.to_ratio
    ]
    labels = words("assay.axis.ratio"), words("assay.axis.called")
    return [draw_hits(words("assay.figure.stated", kind=name), points, None, 1.0, labels)]


def _mean_point(level: float, values: Sequence[float]) -> Point:
    mean = sum(values) / len(values)
    error = sqrt(sum((value - mean) ** 2 for value in values) / max(1, len(values) - 1) / len(values))
    return Point(level, mean, mean - 1.96 * error, mean + 1.96 * error)
