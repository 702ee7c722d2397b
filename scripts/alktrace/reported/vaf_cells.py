"""VAFs and other shares of a report: their unit, stated once, and what a cell says beside a number."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ..errors import Problem
from ..inputs.user_tables import Line
from ..vocabulary.samples import VafUnit
from .clauses import read_cell
from .report_words import Meaning, plain
from .statements import Status
from .tokens import Lexer, Shape, Word

MAX_PERCENT = 100.0
LARGE_FRACTION = 0.2
"""A share from here on without sign is named in a note: it may be a percentage."""
FRACTIONS = ("vaf", "lod_vaf", "tumour_fraction")
DASHES = ("-", "–", "—", "--", "/", "//")
_BARE = re.compile(r"[~≈]?\s*(?P<number>\d+(?:[.,]\d+)?(?:[eE]-?\d+)?)")
_SHARE = re.compile(r"[~≈]?\s*(?P<number>\d+(?:[.,]\d+)?(?:[eE]-?\d+)?)\s*(?P<percent>%?)")


UNITS = {
    **dict.fromkeys(("percent", "per cent", "%", "百分比"), VafUnit.PERCENT),
    **dict.fromkeys(("fraction", "1", "小数"), VafUnit.FRACTION),
}
Remark = tuple[str, str, str]
"""Column, what was found, how it was read."""


@dataclass(frozen=True)
class VafCell:
    """What a VAF cell says.

    Attributes:
        value: the fraction; None where the cell gives none.
        status: what it says of the finding; None where it says nothing.
        dash: a dash or `n/a`: not given, or not found?
        zero: a zero, which laboratories fill in for copy numbers.
        bound: `< 0.1 %`: found as a trace, or not found?
        problem: why nothing is concluded from its line.
    """

    value: float | None = None
    status: Status | None = None
    dash: bool = False
    zero: bool = False
    bound: bool = False
    problem: str | None = None


def read_share(text: str) -> float:
    """Return a fraction written as `0.012`, `1.2 %` or `1,2%`.

    Raises:
        ValueError: no number, a bound such as `< 0.1 %`, or a share above one.
    """
    match = _SHARE.fullmatch(plain(text))
    if match is None:
        bound = plain(text)[:1] in ("<", ">", "≤", "≥")
        remedy = "a bound is no value; leave the cell empty" if bound else "write 1.2% or a fraction"
        raise ValueError(remedy)
    value = float(match["number"].replace(",", ".")) / (MAX_PERCENT if match["percent"] else 1)
    if value > 1:
        raise ValueError("a share above 100 %")
    return value


def read_vaf(text: str, lexer: Lexer) -> VafCell:
    """Return what a VAF cell says; its bare numbers have got their sign before (`with_units`)."""
    shown = plain(text)
    if shown in ("", *DASHES):
        return VafCell(dash=shown != "")
    words = [word for word in lexer.tokens(shown) if word.kind is not Meaning.VAF]
    if all(word.kind is Meaning.NOT_GIVEN for word in words) and words:
        return VafCell(dash=True)
    if len(words) == 1 and words[0].kind in (Shape.PERCENT, Shape.NUMBER, Shape.BOUND):
        return _number(shown, words[0])
    cell = read_cell(words)
    if len(cell.verdicts) == 1 and not (cell.clauses or cell.details or cell.problem):
        return VafCell(status=cell.verdicts[0])
    return VafCell(problem=f"VAF {text!r} is no number, bound or known denial")


def _number(shown: str, word: Word) -> VafCell:
    if word.kind is Shape.BOUND:
        above = shown[0] in ">≥"
        return VafCell(status=Status.FOUND) if above else VafCell(bound=True)
    try:
        value = read_share(word.text)
    except ValueError as error:
        return VafCell(problem=f"VAF {shown!r}: {error}")
    return (
        VafCell(status=Status.DENIED, zero=True) if value == 0 else VafCell(value=value, status=Status.FOUND)
    )


# --- units -------------------------------------------------------------------------------------


def with_units(
    file: str, lines: Sequence[Line], percent: Collection[str], unit: VafUnit | None
) -> tuple[list[Remark], list[Problem]]:
    """Give the bare numbers of all shares their sign, and tell what was assumed and what cannot be.

    Args:
        file: the report, for messages.
        lines: changed in place.
        percent: columns whose header says per cent.
        unit: of the whole report, as the sheet states it.
    """
    remarks: list[Remark] = []
    units, problems = _units(file, lines)
    for name in FRACTIONS:
        bare = _bare_numbers(lines, name)
        stated = VafUnit.PERCENT if name in percent else unit
        assumed, remark = _assumed(name, [value for _, value in bare if value > 0], remarks)
        for line, value in bare:
            own = units.get(line.number) or stated or assumed
            if own is None and value > 0:
                what = f"value {line[name]!r} without a unit: per cent or fraction?"
                remedy = "write the sign, name the column `VAF (%)`, or say percent or fraction in vaf_unit"
                problems.append(Problem(file, line.number, name, what, remedy))
            else:
                line[name] = _signed(line[name], own or VafUnit.FRACTION)
        if remark and stated is None and not units:
            remarks.append(remark)
    return remarks, problems


def _bare_numbers(lines: Sequence[Line], name: str) -> list[tuple[Line, float]]:
    found = ((line, _BARE.fullmatch(plain(line[name]))) for line in lines if name in line)
    return [(line, float(match["number"].replace(",", "."))) for line, match in found if match]


def _units(file: str, lines: Sequence[Line]) -> tuple[dict[int, VafUnit], list[Problem]]:
    """Return the units that lines state, by line, and those that are none."""
    units, problems = {}, []
    for line in lines:
        text = plain(line.get("vaf_unit", "")).casefold()
        if text in UNITS:
            units[line.number] = UNITS[text]
        elif text:
            what = f"value {line['vaf_unit']!r}"
            problems.append(Problem(file, line.number, "vaf_unit", what, "write percent or fraction"))
    return units, problems


def _assumed(
    name: str, values: Sequence[float], before: Sequence[Remark]
) -> tuple[VafUnit | None, Remark | None]:
    """Return the unit that the numbers themselves tell, and a remark where somebody should look at it.

    No sample has a tumour's variant in all of its molecules, so that `1` is one per cent. A column of VAFs
    below 1 may be either; columns of this project's own are fractions, unless VAFs beside them are not.
    """
    if not values:
        return None, None
    if max(values) >= 1:
        what = "a value of 1 or more without sign"
        return VafUnit.PERCENT, (name, what, "bare numbers of the column are read as percentages")
    if name == "vaf":
        return None, None
    if name == "tumour_fraction" and any(place == "vaf" for place, _, _ in before):
        what = "values below 1 without sign, beside VAFs in per cent"
        return VafUnit.PERCENT, (name, what, "bare numbers of the column are read as percentages too")
    if name == "tumour_fraction" and max(values) >= LARGE_FRACTION:
        what = f"values below 1 without sign, one of them {LARGE_FRACTION:g} or more"
        remedy = "read as fractions: 0.5 is 50 %; write the sign if they are percentages"
        return VafUnit.FRACTION, (name, what, remedy)
    return VafUnit.FRACTION, None


def _signed(text: str, unit: VafUnit) -> str:
    if unit is VafUnit.PERCENT:
        return f"{text} %"
    match = _BARE.fullmatch(plain(text))
    number = match["number"] if match else "0"
    value = f"{MAX_PERCENT * float(number.replace(',', '.')):.12g} %"
    return plain(text).replace(number, value)
