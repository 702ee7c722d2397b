"""What every section of the configuration is built of. Values live in config/config.yaml, never here."""

from collections.abc import Iterator
from typing import Annotated, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

Probability = Annotated[float, Field(gt=0, lt=1)]
Level = Annotated[float, Field(ge=0.5, le=0.9999)]
"""A power or the level of an interval; below one half it is most likely meant as its complement."""
Tail = Annotated[float, Field(gt=0, le=0.5)]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Natural = Annotated[int, Field(ge=0)]
AtLeastOne = Annotated[int, Field(ge=1)]
MappingQuality = Annotated[int, Field(ge=0, le=60)]
"""As bwa gives it."""
BaseQuality = Annotated[int, Field(ge=0, le=93)]
"""As FASTQ and BAM can hold it."""
Days = Annotated[int, Field(ge=0, le=3660)]
Months = Annotated[int, Field(ge=1, le=120)]

SENSELESS = "senseless"


class Fault(NamedTuple):
    """A value that makes no sense, often beside another one: key below the section or none, what, remedy."""

    key: str
    what: str
    remedy: str


class Section(BaseModel):
    """Base of every section: unknown keys are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    def faults(self) -> Iterator[Fault]:
        """Yield what makes no sense though every value by itself is allowed."""
        yield from ()

    def in_order(self, low: str, high: str) -> Iterator[Fault]:
        """Yield a fault of the section, since either may be the one meant, if one value is above another."""
        one, other = getattr(self, low), getattr(self, high)
        if one > other:
            what = f"{low} ({one}) is above {high} ({other})"
            yield Fault("", what, f"lower {low}, or raise {high}")

    def between(self, key: str, low: float, high: float, result: str) -> Iterator[Fault]:
        """Yield a fault of a value outside two bounds, with what comes of it."""
        if not low <= (value := getattr(self, key)) <= high:
            yield Fault(key, f"{value} {result}", f"write a number from {low:g} to {high:g}")

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if found := list(self.faults()):
            raise PydanticCustomError(SENSELESS, "makes no sense", {"faults": found})
        return self
