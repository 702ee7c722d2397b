"""The section `align`."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from .section import AtLeastOne, Fault, Section

Adapter = Annotated[str, Field(pattern="^[ACGT]{8,}$")]
LONGEST_READ = 300


class AlignSettings(Section):
    min_length: AtLeastOne = Field(description="bases a read must keep after adapter trimming")
    adapters: tuple[Adapter, Adapter] = Field(
        description="adapters that follow read 1 and read 2; pairs are trimmed by their overlap first"
    )
    once: bool = Field(
        description="align one of all copies of a fragment, and by themselves only those that may lie "
        "otherwise; false: align every read"
    )
    batch_bases: AtLeastOne = Field(description="bwa mem -K, fixed so that threads do not change results")

    def faults(self) -> Iterator[Fault]:
        """Yield what makes no sense."""
        if self.min_length > LONGEST_READ:
            yield Fault("min_length", f"{self.min_length} bases is more than a read has", "write some 30")
