"""Figures of one patient: breakpoints of fusions, copy number over the targets, tumour fraction over time."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log2

from ...evidence.schema import Alteration, GeneCopyNumber
from ...reference.gene_models import GeneModels, Transcript
from ...structural.copy_number.copy_number_table import RatioRow
from ...structural.tumour_fraction_table import SampleTumourFractionRow
from ...vocabulary.caveats import NOT_THE_DRIVER, codes_of
from ...vocabulary.changes import VariantType
from ...vocabulary.copies import CopyNumberCall
from ...vocabulary.detection import Detection
from ...vocabulary.samples import SpecimenType
from .. import svg, words
from .style import BLUE, FAINT, INK, LINE, ORANGE, PURPLE, SOFT, VERMILION

WIDTH = 760
SHOWN_EXONS = 4
"""Exons drawn on either side of a breakpoint; the others stand as a number."""
LEAST_LOG2, MOST_LOG2 = -2.0, 2.0
MOST_VISIBLE = 100
"""Copy number above which figures say only that: it would not have been visible."""
KINDS = {SpecimenType.PLASMA: BLUE, SpecimenType.CSF: PURPLE, SpecimenType.TISSUE: ORANGE}
CALLS = {
    CopyNumberCall.AMPLIFICATION: VERMILION,
    CopyNumberCall.GAIN: ORANGE,
    CopyNumberCall.LOSS: BLUE,
}
_PLACES = re.compile(r"(\w+):(\d+)[ACGTN]*>.*?[\[\]](\w+):(\d+)[\[\]]")
_EXONS = re.compile(r"\D*(\d+);\D*(\d+)$")


@dataclass(frozen=True)
class Figure:
    """A drawing with its title, what to read in it, and the tables behind it."""

    title: str
    svg: str
    caption: str
    tables: tuple[str, ...]


def draw_tumour_fraction(rows: Sequence[SampleTumourFractionRow]) -> Figure | None:
    """Return the tumour fractions with their intervals by day; None where none could be estimated.

    Args:
        rows: `tumour_fraction.tsv` of the patient, in order of collection.
    """
    known = [row for row in rows if row.value is not None]
    if not known:
        return None
    left, right, top, bottom = 56.0, WIDTH - 30.0, 20.0, 210.0
    ceiling = _ceiling(max(row.high or row.value or 0.0 for row in known))
    first = min(row.collected for row in rows)
    days = (max(row.collected for row in rows) - first).days
    parts = []
    for step in range(5):
        y = bottom - (bottom - top) * step / 4
        parts.append(svg.line((left, y), (right, y), FAINT))
        parts.append(svg.text(left - 6, y + 4, words.percent(ceiling * step / 4), size=10, anchor="end"))
    shown: dict[str, list[tuple[float, float]]] = {}
    taken: dict[float, int] = {}
    for row in rows:
        x = left + 30 + (right - left - 60) * (row.collected - first).days / max(days, 1)
        x += 12 * taken.setdefault(x, 0)
        taken[x] = taken.get(x, 0) + 1
        colour = KINDS.get(row.specimen_type, SOFT)
        name = f"{row.timepoint} {row.specimen}"
        parts.append(svg.text(x, bottom + 16 + 12 * (len(shown) % 2), name, size=10, anchor="middle"))
        if row.value is None:
            parts.append(svg.text(x, bottom - 4, "?", anchor="middle", colour=colour))
            continue
        y, low, high = (
            bottom - (bottom - top) * min(share / ceiling, 1.0)
            for share in (row.value, row.low or 0.0, row.high if row.high is not None else row.value)
        )
        shown.setdefault(row.specimen, []).append((x, y))
        parts += [svg.line((x, low), (x, high), colour, 2), svg.dot(x, y, 4.5, colour)]
    lines = [svg.path(points, LINE) for points in shown.values() if len(points) > 1]
    told = f"{first.isoformat()} to {days} days later" if days else first.isoformat()
    dates = svg.text(left, bottom + 46, told, size=10, colour=SOFT)
    return Figure(
        "Tumour fraction over time",
        svg.drawing(WIDTH, bottom + 56, "tumour fraction of every sample by day", [*lines, *parts, dates]),
        "Estimate with its 95 % interval, by day of collection; ? could not be estimated. Blue: plasma, "
        "purple: CSF, orange: tissue.",
        ("tumour_fraction.tsv",),
    )


def draw_copy_number(name: str, rows: Sequence[RatioRow], genes: Sequence[GeneCopyNumber]) -> Figure | None:
    """Return the bins of one sample in genomic order with the level of every judged gene; None without bins.

    Args:
        name: of the sample, such as `PD1 plasma`.
        rows: `copy_number_bins.tsv`.
        genes: copy numbers of the sample.
    """
    if not rows:
        return None
    left, right, top, bottom = 46.0, WIDTH - 20.0, 64.0, 250.0
    step = (right - left) / (len(rows) + 1)

    def height(level: float) -> float:
        bounded = min(max(level, LEAST_LOG2), MOST_LOG2)
        return bottom - (bottom - top) * (bounded - LEAST_LOG2) / (MOST_LOG2 - LEAST_LOG2)

    parts = []
    for level in range(int(LEAST_LOG2), int(MOST_LOG2) + 1):
        y = height(level)
        parts.append(svg.line((left, y), (right, y), LINE if level == 0 else FAINT))
        parts.append(svg.text(left - 6, y + 4, f"{level:+d}" if level else "0", size=10, anchor="end"))
    calls = {item.gene: item for item in genes}
    places: dict[str, list[int]] = {}
    for i, row in enumerate(rows):
        if i and row.chrom != rows[i - 1].chrom:
            parts.append(svg.line((left + step * (i + 0.5), top), (left + step * (i + 0.5), bottom), FAINT))
        for gene in filter(None, row.gene.split(",")):
            places.setdefault(gene, []).append(i)
        called = next(
            (calls[g].call for g in row.gene.split(",") if g in calls and calls[g].call in CALLS), None
        )
        colour = CALLS[called] if called else SOFT
        parts.append(svg.dot(left + step * (i + 1), height(row.log2), 2.2, colour))
    for gene, bins in places.items():
        found = calls.get(gene)
        x = left + step * (bins[0] + bins[-1] + 2) / 2
        colour = CALLS.get(found.call, INK) if found else SOFT
        parts.append(svg.turned(x, top - 6, gene, colour=colour))
        if found is not None:
            y = height(log2(found.copy_number / 2) if found.copy_number > 0 else LEAST_LOG2)
            ends = (left + step * (bins[0] + 0.6), y), (left + step * (bins[-1] + 1.4), y)
            parts.append(svg.line(*ends, colour, 2))
    return Figure(
        f"Copy number: {name}",
        svg.drawing(WIDTH, bottom + 14, f"copy number over the targets of {name}", parts),
        "log2 of every bin against the reference, in genomic order; a bar at the level of every gene that "
        "has bins enough. Red: amplification, orange: gain, blue: loss; grey: nothing called, which does not "
        f"mean normal. {_visible(genes)}",
        ("copy_number_bins.tsv", "copy_number.tsv"),
    )


def draw_breakpoints(alterations: Sequence[Alteration], models: GeneModels) -> list[Figure]:
    """Return a view of every junction that was detected and whose exons are known.

    Args:
        alterations: of the patient.
        models: gene models, for the exons around the breakpoints.
    """
    figures = []
    # The driver before the other half of its exchange.
    for item in sorted(alterations, key=lambda one: (bool(NOT_THE_DRIVER & codes_of(one.flags)), one.key)):
        found = any(seen.detection is Detection.DETECTED for seen in item.observations)
        if item.variant_type is VariantType.FUSION and found and item.junction:
            figure = _breakpoint_view(item, models)
            figures += [figure] if figure else []
    return figures


def _breakpoint_view(item: Alteration, models: GeneModels) -> Figure | None:
    exons = _EXONS.match(item.junction or "")
    five, three = item.key.split(":")[1:3]
    known = models.by_gene
    if exons is None or five not in known or three not in known:
        return None
    last, first = int(exons[1]), int(exons[2])
    places = _places(item)
    parts = [
        *_track(known[five], 30.0, BLUE, last, keeps_left=True, place=places.get(five)),
        *_track(known[three], 100.0, ORANGE, first - 1, keeps_left=False, place=places.get(three)),
        *_product(five, last, three, first, len(known[three].exons), 176.0),
    ]
    frame = {True: "in frame", False: "out of frame", None: "reading frame unknown"}[item.in_frame]
    seen = [
        f"{one.timepoint} {one.specimen}: {one.alt_molecules} of {one.total_molecules} molecules"
        for one in item.observations
        if one.alt_molecules is not None and one.total_molecules
    ]
    return Figure(
        f"Breakpoints: {item.alteration}",
        svg.drawing(WIDTH, 214, f"exons around the junction {item.alteration}", parts),
        f"Exons around the breakpoints, not to scale; what the fusion keeps is filled. {frame.capitalize()}. "
        + ("; ".join(seen) or "Molecules not reported")
        + ".",
        ("evidence.tsv",),
    )


def _track(
    transcript: Transcript, y: float, colour: str, behind: int, *, keeps_left: bool, place: str | None
) -> list[str]:
    """Return exons of a gene in the order of its transcript, with the breakpoint behind exon `behind`."""
    total = len(transcript.exons)
    low, high = max(1, behind - SHOWN_EXONS + 1), min(total, behind + SHOWN_EXONS)
    size, gap = 40.0, 24.0
    x0 = 130.0 + (SHOWN_EXONS - (behind - low + 1)) * (size + gap)
    parts = [
        svg.text(10, y + 18, transcript.gene, size=13),
        svg.text(10, y + 34, place or "", size=9, colour=SOFT),
    ]
    ends = x0 - 14, x0 + (high - low + 1) * (size + gap) - gap + 14
    parts.append(svg.line((ends[0], y + 12), (ends[1], y + 12), LINE))
    for number in range(low, high + 1):
        x = x0 + (number - low) * (size + gap)
        kept = (number <= behind) == keeps_left
        parts.append(svg.box(x, y, size, 24, colour if kept else "#ffffff", colour))
        shade = "#ffffff" if kept and colour == BLUE else INK
        parts.append(svg.text(x + size / 2, y + 16, str(number), anchor="middle", colour=shade))
    cut = x0 + (behind - low + 1) * (size + gap) - gap / 2
    parts.append(svg.line((cut, y - 10), (cut, y + 34), VERMILION, 2))
    return parts


def _product(five: str, last: int, three: str, first: int, total: int, y: float) -> list[str]:
    middle = 130.0 + SHOWN_EXONS * 64.0 - 12
    return [
        svg.text(10, y + 16, "fusion", size=13),
        svg.box(130, y, middle - 130, 24, BLUE),
        svg.box(middle, y, middle - 130, 24, ORANGE),
        svg.text((130 + middle) / 2, y + 16, f"{five} exons 1–{last}", anchor="middle", colour="#ffffff"),
        svg.text((3 * middle - 130) / 2, y + 16, f"{three} exons {first}–{total}", anchor="middle"),
    ]


def _places(item: Alteration) -> Mapping[str, str]:
    """Return the breakpoint of the driver and of the partner."""
    match = _PLACES.match(item.position_grch38 or "")
    if match is None or item.partner is None:
        return {}
    return {item.gene: f"{match[1]}:{match[2]}", item.partner: f"{match[3]}:{match[4]}"}


def _visible(genes: Sequence[GeneCopyNumber]) -> str:
    named = [
        f"{item.gene} {_number(item.smallest_visible_cn)}"
        for item in genes
        if item.smallest_visible_cn is not None
    ]
    if not named:
        return "Without a tumour fraction nothing can be said of what would have been visible."
    return f"A gain would have been visible from these tumour copy numbers on: {', '.join(named)}."


def _number(copies: float) -> str:
    return f"{copies:.3g}" if copies <= MOST_VISIBLE else f"above {MOST_VISIBLE}"


def _ceiling(share: float) -> float:
    return next((top for top in (0.004, 0.02, 0.04, 0.1, 0.2, 0.4, 0.6) if share <= top), 1.0)
