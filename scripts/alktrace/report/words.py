"""Numbers and codes as a reader wants them: molecules first, intervals always, nothing invented."""

import math
from collections.abc import Mapping

from ..classify.resistance_table import ResistanceRow

NOTHING = "–"
NOTICE_KEY = "research_use"
WHOLE = 100.0


def percent(share: float) -> str:
    """Return a fraction as per cent with two significant digits: `0.42 %`; only 1 is 100 %."""
    shown = float(f"{100 * share:.2g}")
    if share < 1 and shown >= WHOLE:
        # 99.51 must not read as all
        shown = min(math.floor(1000 * share) / 10, 99.9)
    return f"{shown:g} %"


def number(value: float | None) -> str:
    """Return a count with commas between thousands, or a dash."""
    return NOTHING if value is None else f"{value:,.0f}"


def interval(value: float | None, low: float | None, high: float | None) -> str:
    """Return `0.42 % (0.2–0.78 %)`, or a dash where there is no value."""
    if value is None:
        return NOTHING
    if low is None or high is None:
        return percent(value)
    return f"{percent(value)} ({percent(low).removesuffix(' %')}–{percent(high)})"


def molecules(row: ResistanceRow) -> str:
    """Return what a mechanism rests on: molecules with the VAF, or a copy number."""
    if row.alt_molecules is not None and row.total_molecules is not None:
        duplex = f", {row.duplex_alt} duplex" if row.duplex_alt else ""
        counted = f"{row.alt_molecules} of {row.total_molecules}{duplex}"
        return f"{counted}; {interval(row.vaf, row.vaf_low, row.vaf_high)}"
    if row.copy_number is not None:
        return f"copy number {row.copy_number:.3g}"
    if row.vaf is not None:
        return f"reported VAF {percent(row.vaf)}"
    return NOTHING


def explain_code(code: str, messages: Mapping[str, str]) -> dict[str, str]:
    """Return a reason or a problem of a specimen with its sentence; none where an evidence file named it."""
    return {"code": code, "text": messages.get(code, "")}
