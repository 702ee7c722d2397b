"""The section `align`."""

from typing import Annotated

from pydantic import Field

from .section import AtLeastOne, Section

Adapter = Annotated[str, Field(pattern="^[ACGT]{8,}$")]


class AlignSettings(Section):
    min_length: AtLeastOne = Field(description="bases a read must keep after adapter trimming")
    adapters: tuple[Adapter, Adapter] = Field(
        description="adapters that follow read 1 and read 2; pairs are trimmed by their overlap first"
    )
    batch_bases: AtLeastOne = Field(description="bwa mem -K, fixed so that threads do not change results")
