"""A filter of a caller: one object from which the verdict, the header of the VCF and the docs are made."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Filter:
    """A reason why a candidate is not called; what tests it stands in the class of its caller.

    Attributes:
        name: FILTER of the VCF.
        text: its description there; `{key}` stands for a setting of the caller's section.
    """

    name: str
    text: str

    def describe(self, settings: Mapping[str, object]) -> str:
        """Return the description with settings, or with what stands for them in the docs."""
        return self.text.format_map(settings)
