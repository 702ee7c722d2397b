"""The table of a validation study, and the tables made of it."""

from dataclasses import dataclass as frozen_record
from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from ..io.tables import column
from ..vocabulary.validation import Agreement, AssayKind, Comparator, Judgement, LimitMethod

Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Name = Annotated[str, Field(min_length=1)]


@dataclass(frozen=True)
class MeasuredRow:
    """The study: one change in one sample, a replicate of a dilution or a blank."""

    sample: Name = column("the measurement; replicates are samples of their own")
    kind: AssayKind = column("`snv`, `indel`, `fusion` or `amplification`")
    variant: Name = column(
        "the change, by a name of yours; with `results` its key, such as `chr2:29220747:C:T`, "
        "`fusion:EML4:ALK`, or the gene of an amplification"
    )
    expected: Amount = column(
        "what is in the sample: VAF; of an amplification copies, averaged over all genomes; "
        "0 (or up to 2 copies): a blank"
    )
    run: Name = column("run or day; precision between runs needs two", default="1")
    lot: Name = column("lot of reagents; limits are stated per lot up to three", default="1")
    place: int | None = column("place in the run, counted up; carry-over needs it", default=None)
    observed: Amount | None = column("what was measured, called or not, as `expected`", default=None)
    detected: bool | None = column("was it called; empty: not assessable", default=None)
    stated: Amount | None = column("the limit that was stated there with 95 % power", default=None)
    comparator: bool | None = column("what an orthogonal method found", default=None)
    results: str | None = column(
        "folder of the specimen in results of the workflow, relative to the table; fills `observed`, "
        "`detected`, `stated` and `contamination` where they are empty",
        default=None,
    )
    contamination: Fraction | None = column("estimated share of foreign molecules", default=None)
    expected_contamination: Fraction | None = column("of a contaminated sample: true share", default=None)


@frozen_record(frozen=True)
class BlankRow:
    """`blanks.tsv`: what blanks show, and the limit of blank (CLSI EP17-A2)."""

    kind: AssayKind = column("kind of change")
    samples: int = column("samples that are blank for some change")
    results: int = column("blank results; EP17-A2 asks for 60")
    false_positives: int = column("of these, called")
    share: float = column("share of results called")
    low: float = column("lower end of its exact 95 % interval")
    high: float = column("upper end of its exact 95 % interval")
    lob: float = column("limit of blank of reported results: 0 where at most 5 % of blanks are called")
    lob_rank: float = column("of what was counted, called or not: rank 0.5 + 0.95 n")
    lob_parametric: float | None = column("the same from mean and standard deviation, were it normal")


@frozen_record(frozen=True)
class HitRateRow:
    """`hit_rates.tsv`: one level of one kind."""

    kind: AssayKind = column("kind of change")
    lot: str = column("lot, or `all`")
    level: float = column("expected VAF or copies")
    results: int = column("results")
    detected: int = column("of these, called")
    share: float = column("share called")
    low: float = column("lower end of its exact 95 % interval")
    high: float = column("upper end of its exact 95 % interval")
    mean: float | None = column("mean of what was measured, called or not; none where some is not known")


@frozen_record(frozen=True)
class LimitRow:
    """`limits.tsv`: limit of detection, the level called with 95 % probability (CLSI EP17-A2)."""

    kind: AssayKind = column("kind of change")
    lot: str = column("lot, or `all`")
    reported: bool = column("the one to report: the largest of up to three lots, else that of all")
    method: LimitMethod = column(
        "`probit`, `hit_rate` (the lowest level called in 95 % with those above), or `none`"
    )
    lod: float | None = column("limit of detection: VAF, or copies over all genomes")
    lod_low: float | None = column("lower end of its 95 % interval (Fieller)")
    lod_high: float | None = column(
        "upper end of it; empty beside a lower end: the data bound it on one side"
    )
    levels: int = column("levels above 0")
    results: int = column("results at these levels")
    not_assessable: int = column("results left out: the assay itself said that it could not tell")
    slope: float | None = column("probits per tenfold level")
    fit_p: float | None = column("probability of a worse fit; below 0.05 the interval is widened")


@frozen_record(frozen=True)
class PrecisionRow:
    """`precision.tsv`: standard deviations within and between runs (as CLSI EP05-A3)."""

    kind: AssayKind = column("kind of change")
    level: float = column("expected VAF or copies")
    changes: int = column("changes, each around means of its own")
    results: int = column("results")
    missing: int = column("results without a measured value")
    runs: int = column("runs, counted per change")
    mean: float = column("mean of the results")
    sd_within: float = column("within a run")
    sd_between: float | None = column("between runs, besides")
    sd_total: float = column("both together")
    cv_within: float = column("within a run, over the mean")
    cv_total: float = column("both together, over the mean")
    cv_total_high: float = column("one-sided 95 % upper bound")


@frozen_record(frozen=True)
class AgreementRow:
    """`agreement.tsv`: per cent agreement with an orthogonal method, or with what was put in."""

    kind: AssayKind = column("kind of change")
    comparator: Comparator = column("`orthogonal`, or `truth` where there is none")
    measure: Agreement = column("positive, negative or overall agreement")
    agreeing: int = column("results that agree")
    results: int = column("results; those not assessable are left out")
    share: float = column("agreement")
    low: float = column("lower end of its exact 95 % interval")
    high: float = column("upper end of its exact 95 % interval")
    from_level: float = column("level from which on truth counts as positive: the claim `max_lod`")


@frozen_record(frozen=True)
class LinearityRow:
    """`linearity.tsv`: measured on expected, weighted by 1 / level."""

    kind: AssayKind = column("kind of change")
    levels: int = column("levels used")
    left_out: int = column("levels where some results have no measured value: what is left is selected")
    slope: float = column("of the line; 1 without bias")
    intercept: float = column("of the line")
    r_squared: float = column("share of the weighted variance of level means that the line explains")
    largest_deviation: float = column("of a level's mean from the line, as a share of the line")
    at_level: float = column("the level that strays most")


@frozen_record(frozen=True)
class StatedRow:
    """`stated.tsv`: are the limits true that the assay states for every locus."""

    kind: AssayKind = column("kind of change")
    from_ratio: float = column("expected over stated limit, from")
    to_ratio: float | None = column("and below; none: no end")
    results: int = column("results there")
    detected: int = column("of these, called")
    share: float = column("share called: 95 % is stated for a ratio of 1")
    low: float = column("lower end of its exact 95 % interval")
    high: float = column("upper end of its exact 95 % interval")


@frozen_record(frozen=True)
class StatedPowerRow:
    """`stated_power.tsv`: the share called at the very limit, from a probit line through all ratios."""

    kind: AssayKind = column("kind of change")
    results: int = column("results with a stated limit, a quarter to four times of it expected")
    power: float = column("share called where just the stated limit is expected; 95 % is stated")
    low: float = column("lower end of its 95 % interval")
    high: float = column("upper end of its 95 % interval")


@frozen_record(frozen=True)
class CarryOverRow:
    """`carry_over.tsv`: blanks right behind a sample that carries the change."""

    kind: AssayKind = column("kind of change")
    pairs: int = column("blanks behind a carrier in one run")
    detected: int = column("of these, called")
    share: float = column("share called")
    high: float = column("upper end of its exact 95 % interval")
    largest: float | None = column("largest measured, over what the carrier has")


@frozen_record(frozen=True)
class ContaminationRow:
    """`contamination.tsv`: estimated contamination by what was put in."""

    expected: float = column("true share of foreign molecules; 0 where none was put in")
    samples: int = column("samples")
    mean: float = column("mean estimate")
    largest: float = column("largest estimate")
    smallest: float = column("smallest estimate")


@frozen_record(frozen=True)
class JudgementRow:
    """`criteria.tsv`: every claim of the file of criteria."""

    kind: str = column("kind of change, or `samples`")
    criterion: str = column("key of the claim")
    required: float = column("what is claimed")
    estimate: float | None = column("what was measured")
    bound: float | None = column("the end of its interval on the wrong side; none: without interval")
    judgement: Judgement = column(
        "`pass`: the bound too is good enough; `fail`: the estimate is not; `open`: too few results"
    )
