"""The parts of the docs that come from the code are those of the code."""

import re

import pytest

from alktrace.commands.docs import MARK, fill, generated_parts
from alktrace.outcomes import outcome_rows


@pytest.mark.parametrize("name", ["README.md", "config/README.md"])
def test_generated_parts_are_fresh(root, name):
    text = (root / name).read_text()
    assert fill(text) == text, "run `make docs`"


def test_every_outcome_table_is_described(root):
    text = (root / "config" / "README.md").read_text()
    kinds = [name for name in vars(outcome_rows) if name.endswith("Row") and name != "ExpectedFrequencyRow"]
    kinds = [name for name in kinds if getattr(outcome_rows, name).__module__ == outcome_rows.__name__]
    assert len(kinds) > 15
    for name in (*kinds, "ReportRow"):
        assert MARK.format(name=name) in text, name


def test_a_renamed_part_is_an_error():
    assert "KaplanMeierRow" in generated_parts()
    with pytest.raises(KeyError, match="NoSuchRow"):
        fill(re.sub("X", "NoSuchRow", "<!-- generated: X -->\n<!-- end of generated -->"))
