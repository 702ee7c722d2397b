"""What all figures share: colours, fonts, and SVG for HTML that is the same from run to run."""

import html
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Item = TypeVar("Item")

INK, SOFT, LINE, FAINT = "#1c2530", "#5b6875", "#b9c2cb", "#eceff2"
# Okabe and Ito, distinguishable with every common colour vision deficiency.
BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILION = (
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00",
)  # fmt: skip
SERIES = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY)
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1)), (0, (1, 2)))
COLOURS = {
    "on_target": BLUE,
    "bypass": ORANGE,
    "transformation": PURPLE,
    "mixed": GREEN,
    "none_found": LINE,
    "on_target_excluded": SKY,
    "not_evaluable": "#ffffff",
}
"""By component, and what stands for patients without one; not evaluable is hatched besides."""
HATCH = "////"
FONTS = "DejaVu Sans, sans-serif"

STYLE: dict[str, Any] = {
    "font.family": ["DejaVu Sans", "sans-serif"],
    "font.size": 8,
    "axes.titlesize": 9,
    "axes.labelsize": 8,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "legend.fontsize": 7.5,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "hatch.linewidth": 0.6,
    "hatch.color": SOFT,
    "svg.fonttype": "none",
    # Names come from tables: `$` is a letter.
    "text.parse_math": False,
}
_NO_METADATA = dict.fromkeys(("Date", "Creator", "Format", "Type"))
GROUP_WORDS = {
    "on_target_excluded": "ALK excluded, bypass open",
    "none": "no treatment",
    "NE": "NE or not assessed",
    "no_alk_tki": "no ALK TKI",
    "alk_tki": "other ALK TKI",
    "alk_tki_combination": "ALK TKI combination",
    "cns_metastases": "CNS metastases",
    "no_cns_metastases": "no CNS metastases",
    "ecog_2_or_more": "ECOG 2 or more",
    "ecog_0_or_1": "ECOG 0 or 1",
    "cns_only_progression": "progression in the CNS only",
    "ctdna_cleared": "ctDNA cleared",
    "ctdna_not_cleared": "ctDNA not cleared",
    "ctdna_ratio_high": "ctDNA ratio high",
    "ctdna_ratio_low": "ctDNA ratio low",
    "eml4_alk_v1": "EML4-ALK v1",
    "eml4_alk_v3": "EML4-ALK v3",
    "tp53_mutation": "TP53 mutation",
    "tp53_excluded": "TP53 excluded",
    "alk_mutation": "ALK mutation",
    "alk_single_mutation": "one ALK mutation",
    "alk_multiple_mutations": "several ALK mutations",
    "alk_compound_cis": "ALK compound in cis",
    "alk_amplification": "ALK amplification",
    "met_amplification": "MET amplification",
}
"""Names that are no plain words."""


ANALYSIS_WORDS = {"group_entry": "late entry"}


@contextmanager
def drawing(name: str) -> Iterator[None]:
    """Draw in the project's style, whatever the user's own settings are.

    Args:
        name: of the figure; goes into the ids of its SVG, so that figures of one page do not share them.
    """
    import matplotlib

    settings: Any = STYLE | {"svg.hashsalt": name}
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(settings)
        yield


def canvas(width: float, height: float) -> tuple["Figure", "Axes"]:
    """Return a figure with one empty plane over all of it; coordinates are inches from the top left."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    plane = figure.add_axes((0, 0, 1, 1))
    plane.set_axis_off()
    plane.set_xlim(0, width)
    plane.set_ylim(height, 0)
    return figure, plane


def to_svg(figure: "Figure", label: str) -> str:
    """Return a figure as an SVG element without namespaces, metadata, global styles or ids of groups.

    Args:
        figure: drawn within `drawing`.
        label: what a screen reader says.
    """
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    stream = io.StringIO()
    FigureCanvasSVG(figure).print_svg(stream, metadata=_NO_METADATA)
    text = stream.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"\s*<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r"\s*<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r"<style[^>]*>[^<]*</style>", "", text)
    text = re.sub(r' xmlns(:\w+)?="[^"]*"', "", text).replace("xlink:href", "href")
    text = re.sub(r'<g id="[^"]*"', "<g", text)
    title = html.escape(label)
    head = f'<svg role="img" aria-label="{title}" stroke-linejoin="round" font-family="{FONTS}"'
    text = _slimmed(text).replace("<svg", head, 1)
    start = text.index(">") + 1
    return f"{text[:start]}<title>{title}</title>{text[start:].rstrip()}\n"


def _slimmed(text: str) -> str:
    """Return an SVG without what draws nothing: half of what matplotlib writes."""
    text = re.sub(r">\s+<", "><", text)
    # Inside of tags alone: numbers between them are words of a reader, such as p values.
    text = re.sub(r"<[^>]*>", lambda tag: re.sub(r"(?<=[\s\"(])(-?\d+\.\d\d)\d+", r"\1", tag[0]), text)
    text = re.sub(r"(?<=[;\"]) ?font-family: [^;\"]*; ?", "", text)
    text = re.sub(r' transform="rotate\(-?0 [^)]*\)"', "", text)
    text = re.sub(r'(?<= style=")[^"]*', lambda found: found[0].replace(": ", ":").replace("; ", ";"), text)
    text = re.sub(r'(?<= d=")[^"]*', lambda found: re.sub(r"\s*([A-Za-z])\s*", r"\1", found[0]).strip(), text)
    before = ""
    while before != text:
        before, text = text, re.sub(r"<g></g>|<g/>", "", text)
        text = re.sub(r"<g>((?:<(?:use|path|text)[^<>]*/>|<text[^<>]*>[^<>]*</text>))</g>", r"\1", text)
    return text


def group_word(name: str) -> str:
    """Return the name of a group, mechanism or treatment as a reader knows it."""
    return " × ".join(GROUP_WORDS.get(part, part.replace("_", " ")) for part in name.split(" x "))


def comparison_words(endpoint: str, analysis: str) -> tuple[str, str]:
    """Return endpoint and analysis of a comparison as a reader knows them: `OS progression`, `late entry`."""
    # Day 0 stands with the analysis.
    name = endpoint.removesuffix("_treatment").replace("_", " ")
    return name, ANALYSIS_WORDS.get(analysis, analysis.replace("_", " "))


def shortened(text: str, length: int) -> str:
    """Return a label of at most so many characters."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def chunks(items: Sequence[Item], size: int) -> list[Sequence[Item]]:
    """Return the items in parts of about equal length, none longer than `size`."""
    parts = -(-len(items) // size)
    return [items[len(items) * i // parts : len(items) * (i + 1) // parts] for i in range(parts)]
