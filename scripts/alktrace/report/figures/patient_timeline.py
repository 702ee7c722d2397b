"""The course of one patient: treatments, responses and samples, and below them what the samples showed."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log10

from ...evidence.schema import Alteration, Observation, PatientEvidence, SpecimenEvidence
from ...outcomes.clinical_schema import PatientRecord
from ...vocabulary.clinical import BestResponse
from ...vocabulary.detection import Detection
from ...vocabulary.samples import SpecimenType
from .. import svg
from ..language import Listed, Said, Share, Words, say
from .structural_figures import Figure
from .style import FAINT, INK, LINE, SERIES, SOFT

WIDTH, LEFT, RIGHT = 960.0, 160.0, 770.0
ROW = 22.0
PANEL = 230.0
MOST_LINES = 6
"""Alterations drawn; more cannot be told apart, and all stand in the table."""
MOST_BARS = 12
LOWEST, HIGHEST = 1e-4, 1.0
MANY_SAMPLES = 8
"""Above this number samples are named by a turned label."""
TREATMENTS = ("#0b4f6c", "#4f7f97", "#8fb0bf", "#b9c2cb")
FRACTION = "#5b6875"


@dataclass(frozen=True)
class _Axis:
    """Days to places."""

    first: dt.date
    last: dt.date

    def x(self, day: dt.date) -> float:
        """Return the place of a day."""
        length = max((self.last - self.first).days, 1)
        share = min(max((day - self.first).days / length, 0.0), 1.0)
        return LEFT + (RIGHT - LEFT) * share


def draw_timeline(
    evidence: PatientEvidence,
    record: PatientRecord | None,
    tracked: Sequence[Alteration],
    words: Words,
) -> Figure | None:
    """Return the timeline; None without any sample.

    Args:
        evidence: of the patient.
        record: clinical tables; without them samples alone are drawn.
        tracked: alterations, the most important first.
        words: texts of the page.
    """
    samples = [item for item in evidence.specimens if item.specimen_type is not SpecimenType.WBC]
    if not samples:
        return None
    axis = _axis(samples, record)
    parts: list[str] = []
    y = _clinic(parts, record, axis, words) if record else 20.0
    y = _samples(parts, samples, axis, y, words)
    drawn = tracked[:MOST_LINES]
    bottom = _panel(parts, samples, drawn, axis, y + 14, words)
    says = " ".join(words.told(_result(samples, drawn)))
    left_out = [words("timeline.more", number=len(tracked) - len(drawn))] if len(tracked) > len(drawn) else []
    caption = " ".join([words("timeline.caption"), *left_out])
    title = words("timeline.title")
    return Figure(
        title,
        svg.drawing(WIDTH, bottom, title, parts, says),
        caption,
        ("evidence.tsv", "tumour_fraction.tsv"),
    )


def _axis(samples: Sequence[SpecimenEvidence], record: PatientRecord | None) -> _Axis:
    days = [item.collected for item in samples]
    if record:
        days += [row.date for row in record.assessments]
        days += [day for row in record.treatments for day in (row.start, row.end) if day]
    return _Axis(min(days), max(days))


def _clinic(parts: list[str], record: PatientRecord, axis: _Axis, words: Words) -> float:
    """Draw treatment bars and assessments; return the height below them."""
    y = 20.0
    for place, row in enumerate(record.treatments[:MOST_BARS]):
        start, end = axis.x(row.start), axis.x(row.end or axis.last)
        name = " + ".join(words.drug(drug) for drug in row.drugs)
        parts.append(
            svg.text(LEFT - 8, y + 11, words("timeline.line", line=row.line), anchor="end", colour=SOFT)
        )
        parts.append(svg.box(start, y, max(end - start, 2.0), 14, TREATMENTS[place % len(TREATMENTS)]))
        # Beside the bar where there is room to the right, else before it.
        fits = end + 7 * len(name) < WIDTH
        parts.append(
            svg.text(end + 5 if fits else start - 5, y + 11, name, anchor="start" if fits else "end")
        )
        y += ROW
    if record.assessments:
        parts.append(svg.text(LEFT - 8, y + 11, words("timeline.response"), anchor="end", colour=SOFT))
        last, row_y = -100.0, y
        for seen in record.assessments:
            x = axis.x(seen.date)
            # Two scans close together: the second stands a row lower.
            row_y = y + 14 if x - last < 26 and row_y == y else y
            last = x
            text = seen.response.value
            if seen.response is BestResponse.PD and seen.site:
                text = words("timeline.pd", site=say(f"site.{seen.site}"))
            parts.append(svg.line((x, row_y + 13), (x, row_y + 17), INK))
            parts.append(svg.text(x, row_y + 11, text, anchor="middle"))
        y += 2 * ROW
    return y


def _samples(
    parts: list[str], samples: Sequence[SpecimenEvidence], axis: _Axis, y: float, words: Words
) -> float:
    many = len(samples) > MANY_SAMPLES
    parts.append(svg.text(LEFT - 8, y + 11, words("timeline.samples"), anchor="end", colour=SOFT))
    by_day: dict[dt.date, list[str]] = {}
    for item in samples:
        by_day.setdefault(item.collected, []).append(f"{item.timepoint} {item.specimen}")
    height = 76.0 if many else 14.0 * max(len(names) for names in by_day.values())
    for day, names in by_day.items():
        x = axis.x(day)
        if many:
            parts.append(svg.turned(x + 3, y + height - 4, ", ".join(names)[:22]))
        else:
            for row, name in enumerate(names):
                # At the left edge a middle would lie over the name of the row.
                anchor = "start" if x < LEFT + 40 else "middle"
                parts.append(svg.text(x, y + 11 + 14 * row, name, anchor=anchor))
        parts.append(svg.line((x, y + height + 1), (x, y + height + 14 + PANEL), FAINT))
    return y + height


def _height(share: float, top: float) -> float:
    bounded = min(max(share, LOWEST), HIGHEST)
    return top + PANEL * (1 - (log10(bounded) - log10(LOWEST)) / (log10(HIGHEST) - log10(LOWEST)))


def _panel(
    parts: list[str],
    samples: Sequence[SpecimenEvidence],
    drawn: Sequence[Alteration],
    axis: _Axis,
    top: float,
    words: Words,
) -> float:
    """Draw the VAFs on a log axis with the tumour fraction; return the height below."""
    parts.append(svg.text(8, top + 14, words("timeline.vaf"), colour=SOFT))
    for share in (1.0, 0.1, 0.01, 0.001, 0.0001):
        y = _height(share, top)
        parts.append(svg.line((LEFT, y), (RIGHT, y), FAINT))
        parts.append(svg.text(LEFT - 8, y + 4, words.tell(Share(share)), anchor="end", colour=SOFT))
    days = {item.place: item for item in samples}
    ends: list[tuple[float, str, str]] = []
    fraction = _fractions(parts, samples, axis, top)
    if fraction is not None:
        ends.append((fraction, words("timeline.fraction"), FRACTION))
    for place, item in enumerate(drawn):
        colour = SERIES[place % len(SERIES)]
        last = _track(parts, item, days, axis, top, colour, shift=(place - (len(drawn) - 1) / 2) * 3)
        if last is not None:
            ends.append((last, _short(item), colour))
    places = svg.apart([y for y, _, _ in ends], 14, top + 4, top + PANEL)
    for (_, name, colour), y in zip(ends, places, strict=True):
        parts.append(svg.line((RIGHT + 6, y), (RIGHT + 18, y), colour, 3))
        parts.append(svg.text(RIGHT + 22, y + 4, name))
    bottom = top + PANEL
    for day, anchor in ((axis.first, "start"), (axis.last, "end")):
        if anchor == "start" or axis.last != axis.first:
            parts.append(svg.text(axis.x(day), bottom + 18, day.isoformat(), anchor=anchor, colour=SOFT))
    return bottom + 26


def _fractions(
    parts: list[str], samples: Sequence[SpecimenEvidence], axis: _Axis, top: float
) -> float | None:
    last = None
    points: dict[str, list[tuple[float, float]]] = {}
    for item in samples:
        told = item.tumour_fraction
        if told.value is None:
            continue
        x, y = axis.x(item.collected) - 9, _height(told.value, top)
        if told.low is not None and told.high is not None:
            parts.append(svg.line((x, _height(told.low, top)), (x, _height(told.high, top)), FRACTION, 2))
        parts.append(svg.diamond(x, y, 5, FRACTION))
        points.setdefault(item.specimen_type, []).append((x, y))
        last = y
    parts.extend(svg.path(line, LINE, 2) for line in points.values() if len(line) > 1)
    return last


def _track(
    parts: list[str],
    item: Alteration,
    samples: Mapping[tuple[str, str], SpecimenEvidence],
    axis: _Axis,
    top: float,
    colour: str,
    *,
    shift: float,
) -> float | None:
    """Draw one alteration; return the height of its last point, None where nothing of it can be drawn."""
    lines: dict[str, list[tuple[float, float]]] = {}
    last = None
    for seen in sorted(
        item.observations,
        key=lambda one: samples[one.place].collected if one.place in samples else dt.date.min,
    ):
        sample = samples.get(seen.place)
        if sample is None or (point := _point(seen)) is None:
            continue
        x, y = axis.x(sample.collected) + shift, _height(point, top)
        if seen.detection is Detection.NOT_DETECTED:
            parts.append(svg.triangle(x, y, 4, colour))
        else:
            if seen.vaf_low is not None and seen.vaf_high is not None:
                ends = (x, _height(seen.vaf_low, top)), (x, _height(seen.vaf_high, top))
                parts.append(svg.line(*ends, colour, 2))
            full = seen.detection is Detection.DETECTED
            parts.append(svg.dot(x, y, 4.5, colour if full else "#ffffff", colour))
        lines.setdefault(sample.specimen_type, []).append((x, y))
        last = y
    parts.extend(svg.path(line, colour) for line in lines.values() if len(line) > 1)
    return last


def _point(seen: Observation) -> float | None:
    """Return where an observation stands: its VAF, or the limit above which it would have been seen."""
    if seen.detection is Detection.NOT_DETECTED:
        return seen.vaf_detectable
    if seen.detection in (Detection.DETECTED, Detection.SUBTHRESHOLD):
        return seen.vaf
    return None


def _short(item: Alteration) -> str:
    name = item.alteration if item.gene in item.alteration else item.full_name
    return name if len(name) <= 22 else f"{name[:21]}…"


def _result(samples: Sequence[SpecimenEvidence], drawn: Sequence[Alteration]) -> list[Said]:
    """Say what the figure shows: of each alteration its VAF in each sample."""
    names = {item.place: f"{item.timepoint} {item.specimen}" for item in samples}
    told = []
    for item in drawn:
        points = [
            say(
                "timeline.says_seen",
                sample=names[seen.place],
                share=Share(seen.vaf, seen.vaf_low, seen.vaf_high),
            )
            for seen in item.observations
            if seen.place in names and seen.detection is Detection.DETECTED and seen.vaf is not None
        ]
        if points:
            told.append(say("timeline.says", name=item.full_name, points=Listed(tuple(points))))
    return told or [say("timeline.says_nothing", number=len(samples))]
