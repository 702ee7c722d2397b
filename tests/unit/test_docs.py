"""The parts of the docs that come from the code are those of the code."""

import re
from pathlib import Path
from typing import Any

import pytest

from alktrace.commands.generated_docs import MARK, PAGES, fill, generated_parts, written_tables
from alktrace.outcomes.frequency_table import ExpectedFrequencyRow


@pytest.mark.parametrize("name", PAGES)
def test_generated_parts_are_fresh(root: Path, name: Any) -> None:
    text = (root / name).read_text()
    assert fill(text) == text, "run `make docs`"


def test_every_outcome_table_is_described(root: Path) -> None:
    text = (root / "config" / "README.md").read_text()
    outcomes = [row for row in written_tables() if ".outcomes." in row.__module__]
    written = [row.__name__ for row in outcomes if row is not ExpectedFrequencyRow]
    assert len(written) > 15
    for name in (*written, "ReportRow"):
        assert MARK.format(name=name) in text, name


def test_a_renamed_part_is_an_error() -> None:
    assert "KaplanMeierRow" in generated_parts()
    with pytest.raises(KeyError, match="NoSuchRow"):
        fill(re.sub("X", "NoSuchRow", "<!-- generated: X -->\n<!-- end of generated -->"))


def test_a_decision_is_short_and_has_its_parts(root: Path) -> None:
    """At most twelve lines: question, choice, why, cost. Diaries stand in docs/benchmarks.md."""
    text = (root / "DECISIONS.md").read_text()
    decisions = re.split(r"(?m)^## ", text)[1:]
    assert [int(item.split(".")[0]) for item in decisions] == list(range(1, len(decisions) + 1))
    for item in decisions:
        assert re.findall(r"(?m)^- \*\*(\w+):\*\*", item) == ["Question", "Choice", "Why", "Cost"], item
        assert sum(bool(line.strip()) for line in item.splitlines()) <= 12, item
