"""Which mechanisms carry the class of a timepoint, as `resistance.json` says it; others are listed only."""

from collections.abc import Mapping, Sequence
from typing import Any

from .resistance_table import ResistanceRow


def carries_class(account: Mapping[str, Any], detail: Mapping[str, Any]) -> bool:
    """Return whether a mechanism carries the class.

    Args:
        account: one of `mechanisms` in the detail.
        detail: `resistance.json` of the timepoint.
    """
    # A weak finding may carry a class, and does not where another family has a firm one.
    return bool(account["carries"]) and account["component"] in detail["components"]


def carrying_rows(rows: Sequence[ResistanceRow], detail: Mapping[str, Any]) -> list[ResistanceRow]:
    """Return the rows of `resistance.tsv` of a timepoint whose mechanism carries its class.

    Args:
        rows: all rows of the timepoint.
        detail: its `resistance.json`.

    Raises:
        ValueError: the two are not of one timepoint.
    """
    named = [row for row in rows if row.mechanism is not None]
    return [
        row
        for row, account in zip(named, detail["mechanisms"], strict=True)
        if carries_class(account, detail)
    ]
