"""Which samples of a batch may be released, and what holds the others; pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby

from ..inputs.sample import Processing
from ..inputs.settings.assay_settings import AssayQc
from ..vocabulary.caveats import DataProblem
from ..vocabulary.samples import IdentityStatus, Role, Verdict
from .identity import SampleIdentityRow
from .identity_table import IdentityRow
from .qc_table import QcRow

ORDER = (Verdict.FAIL, Verdict.WARN, Verdict.PASS)
"""In which samples are shown."""


class State(StrEnum):
    """A figure against its threshold; `OPEN`: it could not be taken, and no threshold was passed."""

    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"
    OPEN = "open"


class Measure(StrEnum):
    MOLECULES = "molecules"
    ON_TARGET = "on_target"
    CONTAMINATION = "contamination"
    IDENTITY = "identity"


@dataclass(frozen=True)
class BatchSample:
    """A sample as the page of its batch needs it.

    Attributes:
        row: of `qc.tsv`.
        limits: thresholds of its assay.
        processing: what the sheet says.
        identity: genotypes of the sample; None for controls.
        held: why it may not be released; empty if it may.
        no_class: why its timepoint is not evaluable, whatever the sample's own figures are; empty if it is.
    """

    row: QcRow
    limits: AssayQc
    processing: Processing
    identity: SampleIdentityRow | None
    held: tuple[str, ...] = ()
    no_class: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Name of the sample."""
        return name_of(self.row)

    @property
    def control(self) -> bool:
        """Is it a control."""
        return self.row.role == Role.CONTROL.value

    @property
    def unreadable(self) -> bool:
        """True where its files could not be read: then there is no figure at all."""
        return DataProblem.UNREADABLE.value in self.row.reasons

    def states(self) -> dict[Measure, State]:
        """Return every figure of a sample, no control, against its threshold, as `qc.quality` judges it."""
        row, limits = self.row, self.limits
        contamination = _above(row.contamination, limits.max_contamination)
        if contamination in (State.OPEN, State.PASS) and any("heterozygous" in text for text in row.reasons):
            contamination = State.WARN
        few = State.FAIL if row.molecules is None else _below(row.molecules, limits.warn_molecules)
        return {
            Measure.MOLECULES: State.FAIL if (row.molecules or 0) < limits.min_molecules else few,
            Measure.ON_TARGET: _below(row.on_target, limits.min_on_target),
            Measure.CONTAMINATION: contamination,
            Measure.IDENTITY: {
                IdentityStatus.MATCH: State.PASS,
                IdentityStatus.CONFLICT: State.FAIL,
                IdentityStatus.UNKNOWN: State.OPEN,
            }[row.identity],
        }

    def not_evaluated(self) -> tuple[Measure, ...]:
        """Return what could not be judged: of it a pass says nothing."""
        return tuple(measure for measure, state in self.states().items() if state is State.OPEN)


@dataclass(frozen=True)
class Batch:
    """The samples of one batch, controls apart, failures first.

    Attributes:
        name: empty where the sheet names no batch.
        swaps: groups of samples of which genotypes say that some are mixed up.
    """

    name: str
    samples: tuple[BatchSample, ...]
    controls: tuple[BatchSample, ...]
    swaps: tuple[tuple[str, ...], ...]

    def count(self, verdict: Verdict) -> int:
        """Return the samples with a verdict."""
        return sum(sample.row.verdict is verdict for sample in self.samples)


def name_of(row: QcRow) -> str:
    """Return the name of a sample of `qc.tsv`."""
    return f"{row.patient}.{row.timepoint}.{row.specimen}"


def batches(
    quality: Sequence[QcRow],
    *,
    limits: Mapping[str, AssayQc],
    processing: Mapping[str, Processing],
    genotypes: Mapping[str, SampleIdentityRow],
    pairs: Iterable[IdentityRow],
    no_class: Mapping[tuple[str, str], tuple[str, ...]],
) -> list[Batch]:
    """Return the batches in the order of the sheet, the newest last; normals count as samples.

    A failed control holds every sample of its batch: what went wrong there may have gone wrong beside it.

    Args:
        quality: rows of `qc.tsv`, in the order of the sheet.
        limits: thresholds by assay.
        processing: what the sheet says, by sample.
        genotypes: `SampleIdentityRow` by sample.
        pairs: rows of `identity.tsv`.
        no_class: reasons by patient and timepoint that is not evaluable.
    """
    swaps = mixed_up(pairs)
    members: dict[str, list[BatchSample]] = {}
    for row in quality:
        name = name_of(row)
        own = processing.get(name, Processing())
        reasons = no_class.get((row.patient, row.timepoint), ())
        sample = BatchSample(row, limits[row.assay], own, genotypes.get(name), no_class=reasons)
        members.setdefault(own.batch, []).append(sample)
    return [_batch(name, own, swaps) for name, own in members.items()]


def _batch(name: str, members: Sequence[BatchSample], swaps: Sequence[tuple[str, ...]]) -> Batch:
    controls = tuple(sample for sample in members if sample.control)
    failed = [sample.name for sample in controls if sample.row.verdict is not Verdict.PASS]
    by_control = tuple(f"control {control} failed" for control in failed)
    samples = [
        # A failure is held, also one whose reason is not named.
        replace(one, held=(*(one.row.reasons or ("failed",)), *by_control) if _failed(one) else by_control)
        for one in members
        if not one.control
    ]
    samples.sort(key=lambda sample: ORDER.index(sample.row.verdict))
    names = {sample.name for sample in samples}
    return Batch(name, tuple(samples), controls, tuple(group for group in swaps if names & set(group)))


def _failed(sample: BatchSample) -> bool:
    return sample.row.verdict is Verdict.FAIL


def mixed_up(pairs: Iterable[IdentityRow]) -> list[tuple[str, ...]]:
    """Return groups of samples that conflicts of identity link: each is one thing to clear up."""
    group: dict[str, str] = {}

    def first(name: str) -> str:
        while group.setdefault(name, name) != name:
            name = group[name]
        return name

    for pair in pairs:
        if pair.status is IdentityStatus.CONFLICT:
            group[first(pair.sample_a)] = first(pair.sample_b)
    found = sorted((first(name), name) for name in group)
    return [tuple(name for _, name in names) for _, names in groupby(found, key=lambda item: item[0])]


def open_counts(batch: Batch) -> Counter[Measure]:
    """Return in how many samples that passed each measure could not be judged."""
    passed = (sample for sample in batch.samples if sample.row.verdict is Verdict.PASS)
    return Counter(measure for sample in passed for measure in sample.not_evaluated())


def _below(value: float | None, limit: float) -> State:
    if value is None:
        return State.OPEN
    return State.WARN if value < limit else State.PASS


def _above(value: float | None, limit: float) -> State:
    if value is None:
        return State.OPEN
    return State.FAIL if value > limit else State.PASS
