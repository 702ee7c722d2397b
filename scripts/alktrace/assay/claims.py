"""The file of criteria: what is claimed of an assay, and whether the study bears it out."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field, ValidationError

from ..errors import InputProblems
from ..inputs.config_file import read_config
from ..inputs.config_lines import CONFIG, place_problems
from ..inputs.settings.configuration import detail_problems
from ..inputs.settings.section import Fault, Positive, Section, Share
from ..vocabulary.validation import Agreement, AssayKind, Judgement
from .limits import reported_limit
from .study import DIPLOID
from .validation_table import (
    AgreementRow,
    BlankRow,
    CarryOverRow,
    ContaminationRow,
    JudgementRow,
    LimitRow,
    LinearityRow,
    PrecisionRow,
    StatedPowerRow,
)

SAMPLES = "samples"


class KindClaims(Section):
    max_lod: Positive | None = Field(
        default=None, description="limit of detection: VAF, or copies over all genomes"
    )
    max_lob: float | None = Field(default=None, ge=0, description="limit of blank of reported results")
    max_false_positives: Share | None = Field(
        default=None, description="share of blank results that are called"
    )
    min_ppa: Share | None = Field(
        default=None, description="positive agreement, from `max_lod` on where with truth"
    )
    min_npa: Share | None = Field(default=None, description="negative agreement")
    min_opa: Share | None = Field(default=None, description="overall agreement")
    max_cv: Positive | None = Field(
        default=None, description="total coefficient of variation, from `max_lod` on"
    )
    max_nonlinearity: Positive | None = Field(default=None, description="deviation of a level from the line")
    min_stated_power: Share | None = Field(
        default=None, description="share called where the stated limit is expected"
    )
    max_carry_over: Share | None = Field(
        default=None, description="share of blanks behind a carrier that are called"
    )

    def faults(self) -> Iterator[Fault]:
        """Yield what makes no sense."""
        if self.max_lod is not None and self.max_lod > 1:
            yield Fault("max_lod", f"a VAF of {self.max_lod:g}", "write a share, such as 0.005 for 0.5 %")


class AmplificationClaims(KindClaims):
    def faults(self) -> Iterator[Fault]:
        """Yield what makes no sense."""
        if self.max_lod is not None and self.max_lod <= DIPLOID:
            what = f"{self.max_lod:g} copies are no gain"
            yield Fault("max_lod", what, "write copies over all genomes, above 2")


class SampleClaims(Section):
    max_contamination: Share | None = Field(default=None, description="of samples into which nothing was put")


class Claims(Section):
    snv: KindClaims = KindClaims()
    indel: KindClaims = KindClaims()
    fusion: KindClaims = KindClaims()
    amplification: AmplificationClaims = AmplificationClaims()
    samples: SampleClaims = SampleClaims()

    def of(self, kind: AssayKind) -> KindClaims:
        """Return the claims of a kind of change."""
        found: KindClaims = getattr(self, kind.value)
        return found

    @property
    def limits(self) -> dict[AssayKind, float]:
        """Claimed limits of detection by kind."""
        return {kind: limit for kind in AssayKind if (limit := self.of(kind).max_lod) is not None}


def read_claims(path: Path) -> Claims:
    """Return the claims of a YAML file.

    Raises:
        DataError: no YAML file with keys.
        InputProblems: every key that is unknown or has a wrong value, with file and line.
    """
    try:
        return Claims.model_validate(read_config(path))
    except ValidationError as error:
        found = [problem for detail in error.errors() for problem in detail_problems(CONFIG, detail)]
        raise InputProblems(place_problems(found, [path])) from None


@dataclass(frozen=True)
class Measures:
    """All tables of a study."""

    blanks: Sequence[BlankRow]
    limits: Sequence[LimitRow]
    precision: Sequence[PrecisionRow]
    agreement: Sequence[AgreementRow]
    linearity: Sequence[LinearityRow]
    stated_power: Sequence[StatedPowerRow]
    carry_over: Sequence[CarryOverRow]
    contamination: Sequence[ContaminationRow]


Found = tuple[float | None, float | None]
"""Estimate, and the end of its interval on the wrong side; both None where nothing was measured."""
NOTHING: Found = (None, None)


def judge(claims: Claims, measured: Measures) -> list[JudgementRow]:
    """Return every claim with what was measured, in the order of the file's keys."""
    rows = []
    for kind in AssayKind:
        own = claims.of(kind)
        for name, finder in FINDERS.items():
            required = getattr(own, name)
            if required is not None:
                rows.append(_judged(kind.value, name, required, finder(measured, kind, own)))
    limit = claims.samples.max_contamination
    if limit is not None:
        clean = [row.largest for row in measured.contamination if row.expected == 0]
        found: Found = (clean[0], clean[0]) if clean else NOTHING
        rows.append(_judged(SAMPLES, "max_contamination", limit, found))
    return rows


def _judged(kind: str, name: str, required: float, found: Found) -> JudgementRow:
    estimate, bound = found
    sign = 1 if name.startswith("max_") else -1
    if estimate is not None and sign * estimate > sign * required:
        judgement = Judgement.FAIL
    elif bound is None or sign * bound > sign * required:
        # Good in this study, but a study of this size would be good now and then without being true.
        judgement = Judgement.OPEN
    else:
        judgement = Judgement.PASS
    return JudgementRow(kind, name, required, estimate, bound, judgement)


def _lod(measured: Measures, kind: AssayKind, _own: KindClaims) -> Found:
    row = reported_limit(measured.limits, kind)
    return (row.lod, row.lod_high) if row else NOTHING


def _lob(measured: Measures, kind: AssayKind, _own: KindClaims) -> Found:
    found = [row.lob for row in measured.blanks if row.kind is kind]
    return (found[0], found[0]) if found else NOTHING


def _false_positives(measured: Measures, kind: AssayKind, _own: KindClaims) -> Found:
    return next(((row.share, row.high) for row in measured.blanks if row.kind is kind), NOTHING)


def _agreement(measure: Agreement) -> Callable[[Measures, AssayKind, KindClaims], Found]:
    def find(measured: Measures, kind: AssayKind, _own: KindClaims) -> Found:
        rows = [row for row in measured.agreement if row.kind is kind and row.measure is measure]
        return (rows[0].share, rows[0].low) if rows else NOTHING

    return find


def _cv(measured: Measures, kind: AssayKind, own: KindClaims) -> Found:
    least = own.max_lod or 0.0
    rows = [row for row in measured.precision if row.kind is kind and row.level >= least and not row.missing]
    worst = max(rows, key=lambda row: row.cv_total, default=None)
    return (worst.cv_total, worst.cv_total_high) if worst else NOTHING


def _nonlinearity(measured: Measures, kind: AssayKind, _own: KindClaims) -> Found:
    found = [row.largest_deviation for row in measured.linearity if row.kind is kind]
    return (found[0], found[0]) if found else NOTHING


def _stated_power(measured: Measures, kind: AssayKind, _own: KindClaims) -> Found:
    return next(((row.power, row.low) for row in measured.stated_power if row.kind is kind), NOTHING)


def _carry_over(measured: Measures, kind: AssayKind, _own: KindClaims) -> Found:
    return next(((row.share, row.high) for row in measured.carry_over if row.kind is kind), NOTHING)


FINDERS: dict[str, Callable[[Measures, AssayKind, KindClaims], Found]] = {
    "max_lod": _lod,
    "max_lob": _lob,
    "max_false_positives": _false_positives,
    "min_ppa": _agreement(Agreement.PPA),
    "min_npa": _agreement(Agreement.NPA),
    "min_opa": _agreement(Agreement.OPA),
    "max_cv": _cv,
    "max_nonlinearity": _nonlinearity,
    "min_stated_power": _stated_power,
    "max_carry_over": _carry_over,
}
