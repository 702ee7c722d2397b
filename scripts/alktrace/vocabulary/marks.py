"""How well a published value is known."""

from enum import StrEnum


class Mark(StrEnum):
    """Where a value of the knowledge tables comes from.

    `verified`: read in the source named, computed, or a rule of this project; `cited`: the source is named
    but was not read again; `proposed`: ours, or remembered without a publication.
    """

    VERIFIED = "verified"
    CITED = "cited"
    PROPOSED = "proposed"

    @property
    def verified(self) -> bool:
        """Whether the value was read in its source."""
        return self is Mark.VERIFIED

    @property
    def shown(self) -> bool:
        """Whether reports may show the value, with its mark and source."""
        return self is not Mark.PROPOSED
