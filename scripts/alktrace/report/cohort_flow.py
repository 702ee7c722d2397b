"""Patients of a cohort on their way into the analyses, from the tables; pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from ..classify.resistance_table import ClassificationRow
from ..outcomes.endpoint_table import EndpointRow
from ..outcomes.linkage_table import LinkageRow
from ..vocabulary.resistance import Classification
from ..vocabulary.samples import Setting
from .exhibits import Exhibit
from .figures.patients_flow import End, Step, draw_patients_flow


def patients_flow(
    classification: Sequence[ClassificationRow],
    linkage: Sequence[LinkageRow],
    endpoints: Sequence[EndpointRow],
    told: Callable[[str], str],
) -> Exhibit:
    """Return the figure of the patients' way into the analyses.

    Args:
        classification: rows of `classification.tsv`.
        linkage: rows of `linkage.tsv`; none without clinical tables.
        endpoints: rows of `endpoints.tsv`, likewise.
        told: gives a text in the language of the page; lines are broken after that.
    """
    steps = [
        Step(told(step.text), step.patients, _told(step.left_out, told))
        for step in flow_steps(classification, linkage)
    ]
    ends = [
        End(
            told(row.endpoint.replace("_", " ")),
            row.analysed,
            row.events,
            _told(_counted(row.excluded), told),
        )
        for row in endpoints
        if row.headline
    ]
    caption = [
        "Each number counts patients. Evaluable: at one progression or more; the key numbers tell of "
        "the last. An endpoint has a population of its own, given with its curve."
    ]
    if ends:
        caption.append(
            "Endpoints rest on the clinical tables alone, also of patients without a classified sample; "
            "what relates them to mechanisms needs both, and its numbers stand with each figure."
        )
    sources = ("classification.tsv", *(("linkage.tsv", "endpoints.tsv") if linkage else ()))
    drawn = draw_patients_flow(steps, ends)
    return Exhibit("patients", "Patients into analyses", (drawn,), "", tuple(caption), sources)


def flow_steps(classification: Sequence[ClassificationRow], linkage: Sequence[LinkageRow]) -> list[Step]:
    """Return who is left after each step."""
    classified = {row.patient for row in classification}
    at_progression = {row.patient for row in classification if row.setting is Setting.PROGRESSION}
    judged = {
        row.patient
        for row in classification
        if row.setting is Setting.PROGRESSION and row.classification is not Classification.NOT_EVALUABLE
    }
    steps = []
    if linkage:
        excluded = sum(row.excluded for row in linkage)
        alone = sum(row.missing == "classified_timepoints" for row in linkage)
        out = (
            ("excluded by the configuration", excluded),
            ("clinical data alone, nothing classified", alone),
        )
        steps.append(Step("Patients of sheet and clinical tables", len(linkage), _some(out)))
    without = len(classified) - len(at_progression)
    steps.append(
        Step("With a classified timepoint", len(classified), _some((("none at progression", without),)))
    )
    blind = _not_evaluable(classification, at_progression - judged)
    steps.append(Step("With a sample at progression", len(at_progression), blind))
    if not linkage:
        steps.append(Step("Evaluable at progression", len(judged)))
        return steps
    no_clinic = {row.patient for row in linkage if row.missing == "clinical_tables"}
    steps.append(
        Step("Evaluable at progression", len(judged), _some((("no clinical data", len(judged & no_clinic)),)))
    )
    steps.append(Step("Evaluable, with clinical data: mechanisms and outcomes", len(judged - no_clinic)))
    return steps


def _not_evaluable(
    classification: Sequence[ClassificationRow], blind: set[str]
) -> tuple[tuple[str, int], ...]:
    """Return how many are not evaluable for which reasons; a patient may have several."""
    found = Counter(
        reason.value.replace("_", " ")
        for patient in blind
        for reason in {
            reason
            for row in classification
            if row.patient == patient and row.setting is Setting.PROGRESSION
            for reason in row.not_evaluable_reason
        }
    )
    reasons = tuple((f"of these {name}", number) for name, number in sorted(found.items()))
    return (("not evaluable", len(blind)), *reasons) if blind else ()


def _told(left_out: Iterable[tuple[str, int]], told: Callable[[str], str]) -> tuple[tuple[str, int], ...]:
    return tuple((told(why), number) for why, number in left_out)


def _some(left_out: tuple[tuple[str, int], ...]) -> tuple[tuple[str, int], ...]:
    return tuple((why, number) for why, number in left_out if number)


def _counted(excluded: Sequence[str]) -> tuple[tuple[str, int], ...]:
    """Return `no_progression=14` as words and number."""
    return tuple(
        (why.replace("_", " "), int(number)) for why, _, number in (item.partition("=") for item in excluded)
    )
