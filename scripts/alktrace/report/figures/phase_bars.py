"""The phase read-out: molecules that carry both of two ALK mutations, each one alone, or neither."""

from collections.abc import Mapping, Sequence
from typing import Any

from .. import svg
from ..language import Share, Words
from .alk_strip import phase_word
from .structural_figures import Figure
from .style import BLUE, ORANGE, VERMILION

WIDTH, LEFT, LENGTH = 760.0, 220.0, 380.0
MOST_PAIRS = 8


def draw_phase(pairs: Sequence[Mapping[str, Any]], timepoint: str, words: Words) -> Figure | None:
    """Return bars with counts of every pair that some molecule spans; None where there is no such pair.

    Args:
        pairs: `phase.pairs` of `resistance.json`.
        timepoint: its name.
        words: texts of the page.
    """
    counted = [pair for pair in pairs if pair["informative"] and len(pair["alterations"]) == 2][:MOST_PAIRS]
    if not counted:
        return None
    parts: list[str] = []
    y = 8.0
    for pair in counted:
        y = _bars(parts, pair, y, words)
    title = words("phase.title", timepoint=timepoint)
    says = " ".join(phase_sentence(pair, words) for pair in counted)
    return Figure(title, svg.drawing(WIDTH, y, title, parts, says), says, ("resistance.tsv",))


def _bars(parts: list[str], pair: Mapping[str, Any], y: float, words: Words) -> float:
    first, second = pair["names"]
    rows = [
        (words("phase.both", first=first, second=second), pair["doubles"], VERMILION),
        (words("phase.only", name=first), pair["singles"][0], BLUE),
        (words("phase.only", name=second), pair["singles"][1], ORANGE),
    ]
    most = max(count for _, count, _ in rows) or 1
    parts.append(svg.text(8, y + 12, words(phase_word(pair)), size=12))
    y += 18
    for name, count, colour in rows:
        width = LENGTH * count / most
        parts.append(svg.text(LEFT - 8, y + 12, name, anchor="end"))
        parts.append(svg.box(LEFT, y, max(width, 1.0), 16, colour))
        parts.append(svg.text(LEFT + max(width, 1.0) + 6, y + 12, str(count), size=12))
        y += 20
    neither = sum(item["total"] for item in pair["specimens"]) - pair["informative"]
    parts.append(svg.text(LEFT, y + 12, words("phase.neither", number=neither), colour="#5b6875"))
    return y + 26


def phase_sentence(pair: Mapping[str, Any], words: Words) -> str:
    """Return the phase of a pair in one sentence with its molecules."""
    first, second = pair["names"][:2]
    names = {"first": first, "second": second}
    if pair["phase"] == "UNRESOLVED":
        reason = words.messages[pair["reason"]]
        return words("phase.open", reason=reason, **names)
    if pair["phase"] == "TRANS" and pair["max_double_share"] is not None:
        share = Share(pair["max_double_share"])
        return words("phase.trans_says", total=pair["informative"], share=share, **names)
    if not pair["informative"]:
        return words("phase.stated", reason=words.messages[pair["reason"]], **names)
    counts = {"both": pair["doubles"], "one": pair["singles"][0], "other": pair["singles"][1]}
    expected = f"{pair['expected_doubles']:.2g}"
    return words("phase.cis_says", expected=expected, **counts, **names)
