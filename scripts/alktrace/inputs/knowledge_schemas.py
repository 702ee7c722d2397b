"""Schemas of the knowledge tables: what their columns and attributes may hold."""

import re

from pydantic import BaseModel, ConfigDict

LONG_TABLES = (
    "alk_mutations",
    "alk_compounds",
    "alk_families",
    "alk_fusions",
    "alk_regions",
    "bypass",
    "transformation",
    "acquired",
    "drugs",
    "ch_genes",
    "messages",
    "identifiers",
    "next_tests",
)
"""One value per row, named by subject and attribute, and by value and source where it may repeat."""
WIDE_KEYS = {
    "genes": ("gene",),
    "hotspots": ("gene", "locus"),
    "isoforms": ("gene", "refseq"),
    "report_words": ("word", "language", "meaning"),
    "expected_frequencies": ("series", "line", "material", "finding"),
}
"""One column per property; the columns that name a row."""
TABLES = (*LONG_TABLES, *WIDE_KEYS)
RECOGNITION_TABLES = (
    "alk_mutations",
    "alk_fusions",
    "bypass",
    "acquired",
    "ch_genes",
    "genes",
    "hotspots",
    "isoforms",
)
"""What says which change is which; annotation and reports ask these."""


class AttributeSchema(BaseModel):
    """What one attribute may hold: a closed list, a pattern, or free text."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    description: str
    pattern: str | None = None
    values: tuple[str, ...] | None = None
    repeat: bool = False
    required: bool = False

    def refusal(self, value: str) -> str | None:
        """Return what to write instead, or None if the value is allowed."""
        if self.values is not None and value not in self.values:
            return "write one of " + ", ".join(self.values)
        if self.pattern is not None and not re.fullmatch(self.pattern, value):
            return f"write a value that matches {self.pattern}"
        return None


class LongSchema(BaseModel):
    """Schema of a long table, read from `<table>.schema.json`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    table: str
    version: str
    date: str
    description: str
    subject: str
    attributes: dict[str, AttributeSchema]


class WideSchema(BaseModel):
    """Schema of a wide table: one column per property."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    table: str
    version: str
    date: str
    description: str
    columns: dict[str, AttributeSchema]
