"""What a comparison of next treatments may be adjusted for: known when the treatment began."""

from collections.abc import Callable
from dataclasses import dataclass

from ..vocabulary.resistance import Component
from .absence import Absence
from .mechanisms import absence, features
from .predictors import PREDICTORS, Case, Measure, Measured

DAYS_PER_MONTH = 30.4375


@dataclass(frozen=True)
class Covariate:
    """One covariate; `measure` gives its value, 0 or 1 of what is no number."""

    name: str
    text: str
    measure: Measure

    def before_treatment(self, case: Case) -> float | None:
        """Return its value if it was known when the next treatment began."""
        found, given = self.measure(case), case.timeline.next_treatment
        # What was learned under the treatment cannot have led to it, and may be its effect.
        known = isinstance(found, Measured) and given is not None and found.known <= given.start
        return found.value if known and isinstance(found, Measured) else None


def _months(case: Case) -> Measured | None:
    course, end = case.timeline.lorlatinib, case.timeline.progression
    return Measured((end - course.start).days / DAYS_PER_MONTH, end) if course and end else None


def _age(case: Case) -> Measured | None:
    course, patient = case.timeline.lorlatinib, case.timeline.record.patient
    age, diagnosed = patient.age_at_diagnosis, patient.diagnosed
    # The date of the diagnosis may be missing where the age is not.
    if course is None or age is None:
        return None
    # Years since the diagnosis count where its date is known.
    later = (course.start - diagnosed).days / (12 * DAYS_PER_MONTH) if diagnosed else 0.0
    return Measured(age + later, course.start)


def _component(component: Component) -> Callable[[Case], Measured | None]:
    def measure(case: Case) -> Measured | None:
        after, feature = case.after, ("component", component.value)
        if after is None or after.reported is None:
            return None
        if feature in features(after):
            return Measured(1.0, after.reported)
        # Neither where it was not excluded.
        return Measured(0.0, after.reported) if absence(after, feature) is Absence.EXCLUDED else None

    return measure


COVARIATES: dict[str, Covariate] = {
    item.name: item
    for item in (
        Covariate("age", "age at lorlatinib start, years", _age),
        Covariate("months_to_progression", "months of lorlatinib before the progression", _months),
        *(
            Covariate(one.value, f"{one.value.replace('_', ' ')} resistance at progression", _component(one))
            for one in Component
        ),
        *(
            Covariate(one.name, f"{one.text}; the number itself" if one.split else one.text, one.measure)
            for one in PREDICTORS.values()
        ),
    )
}
"""By name, as an analysis plan or `cohort.covariates` names them."""
