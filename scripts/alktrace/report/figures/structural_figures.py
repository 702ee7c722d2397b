"""Figures of one patient: the driver fusion with its protein, and copy number over the targets."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import log2

from ...evidence.schema import Alteration, GeneCopyNumber
from ...knowledge.entries import ProteinDomain
from ...reference.gene_models import GeneModels, Transcript
from ...structural.copy_number.copy_number_table import RatioRow
from ...vocabulary.copies import CopyNumberCall
from .. import svg
from ..language import Listed, Words, say
from .style import BLUE, FAINT, INK, LINE, ORANGE, SOFT, VERMILION

WIDTH = 760
TABLES = ("evidence.tsv",)
SHOWN_EXONS = 4
"""Exons drawn on either side of a breakpoint; the others stand as a number."""
LEAST_LOG2, MOST_LOG2 = -2.0, 2.0
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


def draw_copy_number(
    name: str, rows: Sequence[RatioRow], genes: Sequence[GeneCopyNumber], words: Words
) -> Figure | None:
    """Return the bins of one sample in genomic order with the level of every judged gene; None without bins.

    Args:
        name: of the sample, such as `PD1 plasma`.
        rows: `copy_number_bins.tsv`.
        genes: copy numbers of the sample.
        words: texts of the page.
    """
    if not rows:
        return None
    left, right, top, bottom = 46.0, WIDTH - 20.0, 72.0, 258.0
    step = (right - left) / (len(rows) + 1)

    def height(level: float) -> float:
        bounded = min(max(level, LEAST_LOG2), MOST_LOG2)
        return bottom - (bottom - top) * (bounded - LEAST_LOG2) / (MOST_LOG2 - LEAST_LOG2)

    parts = []
    for level in range(int(LEAST_LOG2), int(MOST_LOG2) + 1):
        y = height(level)
        parts.append(svg.line((left, y), (right, y), LINE if level == 0 else FAINT))
        parts.append(svg.text(left - 6, y + 4, f"{level:+d}" if level else "0", anchor="end"))
    calls = {item.gene: item for item in genes}
    places: dict[str, list[int]] = {}
    for i, row in enumerate(rows):
        for gene in filter(None, row.gene.split(",")):
            places.setdefault(gene, []).append(i)
        called = next(
            (calls[g].call for g in row.gene.split(",") if g in calls and calls[g].call in CALLS), None
        )
        colour = CALLS[called] if called else SOFT
        parts.append(svg.dot(left + step * (i + 1), height(row.log2), 2.2, colour))
    parts += _chromosomes(rows, left, step, top, bottom)
    labels = svg.apart(
        [left + step * (bins[0] + bins[-1] + 2) / 2 for bins in places.values()], 13, left, right
    )
    for (gene, bins), x in zip(places.items(), labels, strict=True):
        found = calls.get(gene)
        colour = CALLS.get(found.call, INK) if found else SOFT
        parts.append(svg.turned(x, top - 6, gene, colour=colour))
        if found is not None:
            y = height(log2(found.copy_number / 2) if found.copy_number > 0 else LEAST_LOG2)
            ends = (left + step * (bins[0] + 0.6), y), (left + step * (bins[-1] + 1.4), y)
            parts.append(svg.line(*ends, colour, 2))
    title = words("copies.title", sample=name)
    says = _copies_said(genes, words)
    return Figure(
        title,
        svg.drawing(WIDTH, bottom + 24, title, parts, says),
        f"{says} {words('copies.caption')}",
        ("copy_number_bins.tsv", "copy_number.tsv"),
    )


def _chromosomes(rows: Sequence[RatioRow], left: float, step: float, top: float, bottom: float) -> list[str]:
    """Draw where chromosomes begin, and name them where there is room."""
    parts = []
    starts = [i for i, row in enumerate(rows) if i == 0 or row.chrom != rows[i - 1].chrom]
    for start, end in zip(starts, [*starts[1:], len(rows)], strict=True):
        if start:
            parts.append(
                svg.line((left + step * (start + 0.5), top), (left + step * (start + 0.5), bottom), LINE)
            )
        name = rows[start].chrom.removeprefix("chr")
        if step * (end - start) >= 8 * len(name):
            parts.append(
                svg.text(left + step * (start + end + 1) / 2, bottom + 16, name, anchor="middle", colour=SOFT)
            )
    return parts


def _copies_said(genes: Sequence[GeneCopyNumber], words: Words) -> str:
    changed = [item for item in genes if item.call in CALLS]
    if not changed:
        return words("copies.says_none")
    told = tuple(say("copies.says_gene", gene=item.gene, call=say(f"call.{item.call}")) for item in changed)
    return words("copies.says", genes=Listed(told))


def draw_fusions(
    drivers: Sequence[Alteration],
    others: Sequence[str],
    models: GeneModels,
    domains: Sequence[ProteinDomain],
    words: Words,
) -> list[Figure]:
    """Return a view of every driver fusion whose exons are known: its junction and its protein.

    Args:
        drivers: junctions that put the kinase behind a partner.
        others: names of the other junctions, such as the other half of the exchange; a footnote.
        models: gene models, for the exons around the breakpoints.
        domains: of ALK and its partners, as far as the knowledge tables have them.
        words: texts of the page.
    """
    drawn = [figure for item in drivers if (figure := _fusion_view(item, models, domains, words))]
    if drawn and others:
        note = words("fusion.others", names=Listed(tuple(others)))
        drawn[-1] = replace(drawn[-1], caption=f"{drawn[-1].caption} {note}")
    return drawn


def _fusion_view(
    item: Alteration, models: GeneModels, domains: Sequence[ProteinDomain], words: Words
) -> Figure | None:
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
    ]
    protein = _protein(known[five], last, known[three], first)
    if protein is not None:
        parts += _drawn_protein(protein, domains, item.junction or "", 190.0, words)
    frame = {True: "fusion.in_frame", False: "fusion.out_of_frame", None: "fusion.frame_unknown"}[
        item.in_frame
    ]
    seen = tuple(
        say(
            "fusion.seen",
            sample=f"{one.timepoint} {one.specimen}",
            alt=one.alt_molecules,
            total=one.total_molecules,
        )
        for one in item.observations
        if one.alt_molecules is not None and one.total_molecules
    )
    counts = words("fusion.counts", samples=Listed(seen)) if seen else words("fusion.not_counted")
    title = words("fusion.title", name=item.alteration)
    says = f"{words(frame)} {counts}"
    told = _domains_said(protein, domains, words) if protein else []
    caption = " ".join((says, words("fusion.caption"), *told))
    return Figure(title, svg.drawing(WIDTH, 250, title, parts, " ".join((says, *told))), caption, TABLES)


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
        svg.text(10, y + 34, place or "", colour=SOFT),
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


@dataclass(frozen=True)
class _Protein:
    """A fusion protein: `head` residues of the partner, then `begin` to `end` of the gene behind it."""

    five: str
    head: int
    three: str
    begin: int
    end: int

    def kept(self, domain: ProteinDomain) -> tuple[int, int] | None:
        """Return the residues of a domain along the fusion, 1-based; None where it is not whole."""
        if domain.gene == self.five:
            return (domain.first, domain.last) if domain.last <= self.head else None
        shift = self.head + 1 - self.begin
        whole = self.begin <= domain.first and domain.last <= self.end
        return (domain.first + shift, domain.last + shift) if whole else None


def _protein(five: Transcript, last: int, three: Transcript, first: int) -> _Protein | None:
    head, begin, end = _last_codon(five, last), _first_codon(three, first), three.cds_length // 3 - 1
    if head is None or begin is None or end <= begin:
        return None
    return _Protein(five.gene, head, three.gene, begin, end)


def _drawn_protein(
    protein: _Protein, domains: Sequence[ProteinDomain], junction: str, y: float, words: Words
) -> list[str]:
    """Draw the fusion protein to the scale of its residues, with what it keeps of the domains."""
    unit = (WIDTH - 150.0) / (protein.head + protein.end - protein.begin + 1)
    middle, right = 130.0 + protein.head * unit, WIDTH - 20.0
    parts = [
        svg.text(10, y + 17, words("fusion.protein"), size=13),
        svg.box(130, y, middle - 130, 24, BLUE),
        svg.box(middle, y, right - middle, 24, ORANGE),
        svg.text(130, y + 46, words("fusion.part", gene=protein.five, first=1, last=protein.head)),
        svg.text(
            right,
            y + 46,
            words("fusion.part", gene=protein.three, first=protein.begin, last=protein.end),
            anchor="end",
        ),
        svg.line((middle, y - 6), (middle, y + 30), VERMILION, 2),
        svg.text(middle, y - 10, words("fusion.junction", junction=junction), anchor="middle"),
    ]
    for domain in domains:
        if domain.gene in (protein.five, protein.three) and (kept := protein.kept(domain)):
            x, width = 130.0 + (kept[0] - 1) * unit, (kept[1] - kept[0] + 1) * unit
            parts.append(svg.box(x, y + 3, width, 18, "#ffffff", INK))
            name = words(f"domain.{domain.name}")
            # A name wider than its domain stands below it.
            inside = len(name) * 7 < width
            parts.append(svg.text(x + width / 2, y + (16 if inside else 46), name, anchor="middle"))
    return parts


def _domains_said(protein: _Protein, domains: Sequence[ProteinDomain], words: Words) -> list[str]:
    """Name the domains with where they were read, those that the fusion lost, and genes without any."""
    own = [one for gene in (protein.five, protein.three) for one in domains if one.gene == gene]
    kept = tuple(
        say(
            "fusion.domain",
            domain=say(f"domain.{one.name}"),
            gene=one.gene,
            first=one.first,
            last=one.last,
            mark=say(f"mark.{one.mark}"),
            source=one.source,
        )
        for one in own
        if protein.kept(one)
    )
    told = [words("fusion.domains", domains=Listed(kept, "list.semicolon"))] if kept else []
    told += [
        words("fusion.domain_lost", domain=say(f"domain.{one.name}"), gene=one.gene)
        for one in own
        if not protein.kept(one)
    ]
    bare = [g for g in (protein.five, protein.three) if all(one.gene != g for one in own)]
    return [*told, *(words("fusion.no_domains", gene=gene) for gene in bare)]


def _last_codon(transcript: Transcript, exon: int) -> int | None:
    """Return the last whole codon of the coding sequence up to the end of an exon."""
    ends = [
        pos
        for item in transcript.exons
        if item.number <= exon
        for base in (item.start, item.end - 1)
        if (pos := transcript.coding_position(base)) is not None
    ]
    return max(ends) // 3 if ends else None


def _first_codon(transcript: Transcript, exon: int) -> int | None:
    """Return the first codon that has bases of an exon."""
    starts = [
        pos
        for item in transcript.exons
        if item.number == exon
        for base in (item.start, item.end - 1)
        if (pos := transcript.coding_position(base)) is not None
    ]
    return (min(starts) + 2) // 3 if starts else None


def _places(item: Alteration) -> Mapping[str, str]:
    """Return the breakpoint of the driver and of the partner."""
    match = _PLACES.match(item.position_grch38 or "")
    if match is None or item.partner is None:
        return {}
    return {item.gene: f"{match[1]}:{match[2]}", item.partner: f"{match[3]}:{match[4]}"}
