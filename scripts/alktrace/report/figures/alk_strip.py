"""The ALK kinase on one strip: exons, domain, mutations by VAF, their phase, what would have been seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log10
from typing import Any

from ...evidence.schema import Alteration, SpecimenEvidence
from ...reference.gene_models import Transcript
from ...vocabulary.changes import ALK
from ...vocabulary.detection import Detection
from .. import svg
from ..language import Listed, Share, Words, say
from ..patient_header import alk_hotspots, codon_of, sample_name
from .structural_figures import Figure
from .style import BLUE, FAINT, INK, LINE, ORANGE, SKY, SOFT, VERMILION

WIDTH, LEFT, RIGHT = 960.0, 64.0, 940.0
TOP, BASE = 92.0, 250.0
FIRST_EXON, LAST_EXON = 20, 29
HOT_EXONS = (21, 25)
STRETCH = 4.0
"""The exons with the hotspots are drawn this much wider: to scale their codons could not be told apart."""
FIRST_CODON, LAST_CODON = 1058, 1620
LOWEST = 1e-4
BAND = "#e3eef5"
GAP = "#f6d9cc"
ARCS = {
    "CIS": (VERMILION, ""),
    "CIS_AND_SINGLE": (VERMILION, ""),
    "TRANS": (BLUE, "7 4"),
    "UNRESOLVED": (SOFT, "2 4"),
}
MOST_MARKS = 12


@dataclass(frozen=True)
class _Scale:
    """Codons to places: a stretch of codons, its first place and its width."""

    pieces: tuple[tuple[int, int, float, float], ...]

    def x(self, codon: float) -> float:
        """Return the place of a codon; what lies outside stands at the end."""
        for first, last, start, width in self.pieces:
            if codon < last + 1:
                return start + width * max(codon - first, 0) / (last + 1 - first)
        _, _, start, width = self.pieces[-1]
        return start + width


def draw_alk_strip(
    specimen: SpecimenEvidence,
    alterations: Sequence[Alteration],
    pairs: Sequence[Mapping[str, Any]],
    transcript: Transcript | None,
    domain: tuple[int, int],
    words: Words,
) -> Figure:
    """Return the strip of one sample.

    Args:
        specimen: the sample.
        alterations: of the patient, those that may be named.
        pairs: `phase.pairs` of `resistance.json`.
        transcript: gene model of ALK, for the exons; without it codons alone are drawn.
        domain: first and last residue of the kinase domain.
        words: texts of the page.
    """
    exons = _exons(transcript) if transcript else []
    scale = _scale(exons)
    marks = _marks(specimen, alterations)
    parts: list[str] = [*_band(specimen, scale), *_grid(words)]
    parts += _gene(exons, scale, domain, words)
    parts += _lollipops(marks, scale)
    bows = _arcs(pairs, marks, scale, words)
    # Room for bows and names only where there are some.
    unused = 0.0 if bows else 44.0 if marks else 72.0
    parts = [f'<g transform="translate(0 {-unused:g})">', *parts, *bows, "</g>"]
    title = words("strip.title", sample=sample_name(specimen))
    says = _says(specimen, marks, words)
    caption = " ".join([words("strip.caption"), *([] if exons else [words("strip.no_exons")])])
    drawn = svg.drawing(WIDTH, BASE + 66 - unused, title, parts, says)
    return Figure(title, drawn, f"{says} {caption}", ("evidence.tsv", "callability.tsv"))


def _exons(transcript: Transcript) -> list[tuple[int, int, int]]:
    """Return number, first and last codon of the exons; a codon split by an intron counts in both."""
    found = []
    for exon in transcript.exons:
        if not FIRST_EXON <= exon.number <= LAST_EXON:
            continue
        ends = [transcript.coding_position(pos) for pos in (exon.start, exon.end - 1)]
        known = sorted(pos for pos in ends if pos is not None)
        if known:
            last = (known[-1] + 2) // 3 if len(known) == 2 else LAST_CODON
            found.append((exon.number, (known[0] + 2) // 3, last))
    return sorted(found)


def _scale(exons: Sequence[tuple[int, int, int]]) -> _Scale:
    if not exons:
        return _Scale(((FIRST_CODON, LAST_CODON, LEFT, RIGHT - LEFT),))
    weights = [
        (last - first + 1) * (STRETCH if HOT_EXONS[0] <= number <= HOT_EXONS[1] else 1.0)
        for number, first, last in exons
    ]
    unit = (RIGHT - LEFT) / sum(weights)
    pieces, start = [], LEFT
    for (_, first, last), weight in zip(exons, weights, strict=True):
        pieces.append((first, last, start, weight * unit))
        start += weight * unit
    return _Scale(tuple(pieces))


def _y(share: float) -> float:
    bounded = min(max(share, LOWEST), 1.0)
    return BASE - (BASE - TOP) * (log10(bounded) - log10(LOWEST)) / -log10(LOWEST)


def _grid(words: Words) -> list[str]:
    parts = []
    for share in (1.0, 0.1, 0.01, 0.001, 0.0001):
        parts.append(svg.line((LEFT, _y(share)), (RIGHT, _y(share)), FAINT))
        parts.append(svg.text(LEFT - 6, _y(share) + 4, words.tell(Share(share)), anchor="end", colour=SOFT))
    return parts


def _band(specimen: SpecimenEvidence, scale: _Scale) -> list[str]:
    """Draw from which VAF on each hotspot codon would have shown a substitution; a hole is marked as one."""
    parts = []
    for locus in alk_hotspots(specimen):
        codon = codon_of(locus.locus)
        x = scale.x(codon)
        width = max(scale.x(codon + 1) - x, 3.0)
        blind = locus.vaf_detectable is None or locus.status in (
            Detection.NOT_ASSESSABLE,
            Detection.NOT_TARGETED,
        )
        top = TOP
        bottom = BASE if blind else _y(locus.vaf_detectable or 1.0)
        parts.append(svg.box(x, top, width, bottom - top, GAP if blind else BAND))
        if not blind:
            parts.append(svg.line((x, bottom), (x + width, bottom), SKY, 2))
    return parts


def _gene(
    exons: Sequence[tuple[int, int, int]], scale: _Scale, domain: tuple[int, int], words: Words
) -> list[str]:
    parts = []
    for number, first, last in exons:
        x, end = scale.x(first), scale.x(last + 1) if number < LAST_EXON else RIGHT
        parts.append(svg.box(x, BASE + 6, end - x - 1, 18, "#dfe5ea"))
        parts.append(svg.text((x + end) / 2, BASE + 19, str(number), anchor="middle"))
    first, last = domain
    x, end = scale.x(first), scale.x(last + 1)
    parts.append(svg.box(x, BASE + 28, end - x, 8, ORANGE))
    parts.append(
        svg.text((x + end) / 2, BASE + 52, words("strip.domain", first=first, last=last), anchor="middle")
    )
    parts.append(svg.text(LEFT - 6, BASE + 19, words("strip.exon"), anchor="end", colour=SOFT))
    return parts


def _marks(
    specimen: SpecimenEvidence, alterations: Sequence[Alteration]
) -> list[tuple[int, str, str, float, Share]]:
    """Return codon, key, name and VAF of the ALK changes called in the sample."""
    found = []
    for item in alterations:
        if item.gene != ALK or item.codon is None:
            continue
        for seen in item.observations:
            if seen.place == specimen.place and seen.detection is Detection.DETECTED and seen.vaf is not None:
                share = Share(seen.vaf, seen.vaf_low, seen.vaf_high)
                found.append((item.codon, item.key, item.alteration, seen.vaf, share))
    found.sort(key=lambda mark: -mark[3])
    return sorted(found[:MOST_MARKS])


def _lollipops(marks: Sequence[tuple[int, str, str, float, Share]], scale: _Scale) -> list[str]:
    parts = []
    names = svg.apart([scale.x(codon + 0.5) for codon, *_ in marks], 58, LEFT + 28, RIGHT - 28)
    for (codon, _, name, vaf, share), place in zip(marks, names, strict=True):
        x = scale.x(codon + 0.5)
        parts.append(svg.line((x, BASE), (x, _y(vaf)), INK, 2))
        if share.low is not None and share.high is not None:
            parts.append(svg.line((x - 4, _y(share.low)), (x + 4, _y(share.low)), INK))
            parts.append(svg.line((x - 4, _y(share.high)), (x + 4, _y(share.high)), INK))
        parts.append(svg.dot(x, _y(vaf), 6, VERMILION, INK))
        parts.append(svg.line((x, _y(vaf) - 7), (place, TOP - 8), LINE))
        parts.append(svg.text(place, TOP - 12, name[:14], anchor="middle", size=12))
    return parts


def _arcs(
    pairs: Sequence[Mapping[str, Any]],
    marks: Sequence[tuple[int, str, str, float, Share]],
    scale: _Scale,
    words: Words,
) -> list[str]:
    names = svg.apart([scale.x(codon + 0.5) for codon, *_ in marks], 58, LEFT + 28, RIGHT - 28)
    places = {key: name for (_, key, *_), name in zip(marks, names, strict=True)}
    parts: list[str] = []
    drawn = [
        pair for pair in pairs if set(pair["alterations"]) <= places.keys() and len(pair["alterations"]) == 2
    ]
    for place, pair in enumerate(drawn[:MOST_MARKS]):
        left, right = sorted(places[key] for key in pair["alterations"])
        colour, dash = ARCS[pair["phase"]]
        height = 16.0 + 9.0 * (place % 4)
        parts.append(svg.arc(left, right, TOP - 26, height, colour, dash))
        if len(drawn) <= 3:
            text = words(phase_word(pair))
            parts.append(svg.text((left + right) / 2, TOP - 31 - height, text, anchor="middle"))
    return parts


def phase_word(pair: Mapping[str, Any]) -> str:
    """Return the key of what a pair is: in cis, in trans, not spannable, or open."""
    if pair["phase"] == "UNRESOLVED":
        return "phase.not_spannable" if pair["reason"] == "not_spannable" else "phase.UNRESOLVED"
    return f"phase.{pair['phase']}"


def _says(
    specimen: SpecimenEvidence, marks: Sequence[tuple[int, str, str, float, Share]], words: Words
) -> str:
    loci = alk_hotspots(specimen)
    limits = [item.vaf_detectable for item in loci if item.vaf_detectable is not None]
    told = [say("strip.says_mark", name=name, share=share) for _, _, name, _, share in marks]
    first = words("strip.says", marks=Listed(tuple(told))) if told else words("strip.says_none")
    if not limits:
        return f"{first} {words('strip.no_limit')}"
    return (
        first
        + " "
        + words(
            "strip.says_limit",
            best=Share(min(limits)),
            worst=Share(max(limits)),
            seen=len(limits),
            all=len(loci),
        )
    )
