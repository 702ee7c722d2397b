"""What the page of a batch says, as values: the line on top, remarks, cells against their thresholds."""

from collections import Counter
from collections.abc import Iterator

from ..qc.release import Batch, BatchSample, Measure, open_counts
from ..vocabulary.samples import IdentityStatus, Role, Verdict
from .language import Listed, Said, counted, say

VERDICTS = (Verdict.PASS, Verdict.WARN, Verdict.FAIL)


def batch_line(batch: Batch) -> Said:
    """Return the batch in a line: `40 samples: 36 pass, 3 warn, 1 fail; controls in order; ...`."""
    if not batch.samples:
        return say("batch.no_samples")
    parts = (
        say(
            "batch.counts",
            samples=counted("batch.samples", len(batch.samples)),
            counts=Listed(tuple(say(f"batch.count.{one}", number=batch.count(one)) for one in VERDICTS)),
        ),
        _controls(batch),
        swaps_said(batch),
    )
    return say("batch.line", parts=Listed(parts, "list.semicolon"))


def _controls(batch: Batch) -> Said:
    bad = sum(sample.row.verdict is not Verdict.PASS for sample in batch.controls)
    if not batch.controls:
        return say("batch.no_control")
    if not bad:
        return say("batch.controls_in_order")
    return counted("batch.controls_failed", len(batch.controls), bad=bad)


def swaps_said(batch: Batch) -> Said:
    """Return how many swaps identity suspects, of how many samples that can be compared."""
    if batch.swaps:
        return counted("batch.swaps", len(batch.swaps))
    compared = sum(sample.row.identity is not IdentityStatus.UNKNOWN for sample in batch.samples)
    return say("batch.no_swap", compared=compared) if compared else say("batch.not_comparable")


def processed_said(batch: Batch) -> Iterator[Said]:
    """Say operators and runs, with the samples of each where there are several."""
    for name in ("operator", "run"):
        found = Counter(getattr(one.processing, name) for one in (*batch.samples, *batch.controls))
        if set(found) != {""}:
            each = tuple(
                say("batch.with_number", name=said or say("batch.not_stated"), number=number)
                for said, number in found.items()
            )
            yield say(f"batch.processed.{name}", each=Listed(each))


def remarks_said(batch: Batch) -> Iterator[Said]:
    """Say what a pass of this batch does not say."""
    counts = open_counts(batch)
    for measure in Measure:
        if counts[measure]:
            yield say(
                "batch.open",
                samples=counted("batch.samples", counts[measure]),
                measure=say(f"batch.open.{measure}"),
            )
    if number := sum(map(without_fraction, batch.samples)):
        yield say("batch.without_fraction", samples=counted("batch.samples", number))
    if number := sum(bool(one.no_class) and one.row.verdict is not Verdict.FAIL for one in batch.samples):
        yield say("batch.no_class", samples=counted("batch.samples", number))
    if not batch.controls:
        yield say("batch.no_control_remark")


def without_fraction(sample: BatchSample) -> bool:
    """Tell whether a sample of a patient passed though its share of tumour DNA is not known."""
    row = sample.row
    passed = row.verdict is not Verdict.FAIL and row.role == Role.PATIENT.value
    return passed and row.tumour_fraction is None


def identity_said(sample: BatchSample) -> Said:
    """Return with which samples one agrees or not."""
    own = sample.identity
    if own is None or sample.row.identity is IdentityStatus.UNKNOWN:
        return say("identity.unknown")
    conflict = sample.row.identity is IdentityStatus.CONFLICT
    others = own.conflicting if conflict else own.matching
    return say("batch.conflicts" if conflict else "batch.matches", others=Listed(others))
