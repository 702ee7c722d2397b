"""The decision table of the classification in words, for pages that lie where no documentation is."""

from collections.abc import Collection
from typing import Any

from ..classify.decision import DECISIONS
from .language import Words


def decision_lines(used: Collection[str], words: Words) -> list[dict[str, Any]]:
    """Return one line per row of the table, in the order in which they are asked.

    Args:
        used: rows that decided a timepoint of the page.
        words: texts of the page.
    """
    return [
        {
            "row": row.code,
            "criteria": [words(f"criterion.{code}") for code in sorted(row.requires)],
            "classification": row.classification.value,
            "class_name": words.word("class", row.classification),
            "used": row.code in used,
        }
        for row in DECISIONS
    ]
