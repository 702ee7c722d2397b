"""The statistical analysis plan as a file: what is asked was written down before the answer was seen.

It fixes endpoints with population and analysis, covariates, comparisons, settings and cut-off. What it says
is run; what ran and differs from it is a deviation, and is said (`deviations`).
"""

import datetime as dt
import difflib
import hashlib
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import Field, ValidationError

from ..errors import DataError, InputProblems, Problem
from ..inputs.config_lines import CONFIG, line_of
from ..inputs.settings.cohort_settings import FIRST_ALK_INHIBITOR, CohortSettings
from ..inputs.settings.section import Section
from ..io.text import parse_yaml
from ..vocabulary.outcomes import (
    ABSENT,
    INTERACTION,
    NONE_FOUND,
    OTHERS,
    PREDICTOR,
    PRESENT,
    REGIMEN,
    Analysis,
    RegimenKind,
    Target,
)
from ..vocabulary.resistance import Component
from .covariates import COVARIATES
from .endpoints import ENDPOINTS, FIRST_DOSE, NEXT_DOSE, RWPFS2
from .predictors import PREDICTORS

EXAMPLE = "config/example/sap.yaml"
MECHANISMS = (*Component, NONE_FOUND, "alk_single_mutation", "alk_compound_cis")
KINDS = (*RegimenKind,)
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,59}$")]
Place = tuple[str | int, ...]
Fault = tuple[Place, str, str]


class PlannedEndpoint(Section):
    """An endpoint in the population and the analysis that will be quoted."""

    endpoint: str
    population: str
    analysis: Analysis


class PlannedComparison(Section):
    """A comparison; with an estimand it is adjusted by the covariates of the plan."""

    name: Name
    endpoint: str
    factor: str
    level: str
    reference: str | None = None
    estimand: Target | None = None

    @property
    def against(self) -> str:
        """The reference; the usual one of the factor where the plan names none."""
        if self.reference is not None:
            return self.reference
        if self.factor == PREDICTOR and self.level in PREDICTORS:
            return PREDICTORS[self.level].reference
        return OTHERS if self.factor == REGIMEN else ABSENT

    @property
    def analysis(self) -> Analysis:
        """Where the time at risk begins, so that nobody is immortal."""
        from_treatment = ENDPOINTS[self.endpoint].start is NEXT_DOSE
        return Analysis.FROM_TREATMENT if from_treatment else Analysis.GROUP_ENTRY


class AnalysisPlan(Section):
    """What a plan says.

    Attributes:
        digest: SHA-256 of the file.
    """

    name: Annotated[str, Field(min_length=1, max_length=100)]
    version: Annotated[str, Field(min_length=1, max_length=20)]
    date: dt.date
    data_cutoff: dt.date | None
    endpoints: Annotated[tuple[PlannedEndpoint, ...], Field(min_length=1)]
    covariates: tuple[str, ...] = ()
    comparisons: tuple[PlannedComparison, ...] = ()
    settings: dict[str, Any] = Field(default_factory=dict)
    digest: str = ""


def read_plan(path: Path) -> AnalysisPlan:
    """Read a plan.

    Raises:
        DataError: the file cannot be read or is no YAML.
        InputProblems: everything that the plan says wrongly, with line and key.
    """
    try:
        # Of the bytes: a digest of what was parsed would not be that of the file in a protocol's archive.
        content = path.read_bytes()
        text = content.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(path, f"cannot be read ({error})", f"give a plan in YAML, as {EXAMPLE}") from None
    said = parse_yaml(text, path)
    if not isinstance(said, dict) or "digest" in said:
        what = "has a key `digest`, which is computed" if isinstance(said, dict) else "has no keys"
        raise DataError(path, what, f"write it as {EXAMPLE}")
    try:
        plan = AnalysisPlan.model_validate({**said, "digest": hashlib.sha256(content).hexdigest()})
    except ValidationError as error:
        faults: list[Fault] = [_refused(detail) for detail in error.errors()]
    else:
        faults = list(_faults(plan))
        if not faults:
            return plan
    tree = yaml.compose(text, Loader=yaml.SafeLoader)
    raise InputProblems([_problem(path, tree, fault) for fault in faults])


def planned(settings: CohortSettings) -> CohortSettings:
    """Return the settings with the cut-off of their plan, where they have none of their own.

    Raises:
        DataError: the plan cannot be read.
        InputProblems: what the plan says wrongly; covariates that are none.
    """
    unknown = [name for name in settings.covariates if name not in COVARIATES]
    if unknown:
        key = "cohort.covariates"
        told = [(f"unknown covariate {name!r}", _closest(name, COVARIATES)) for name in unknown]
        raise InputProblems([Problem(CONFIG, 0, key, what, remedy) for what, remedy in told])
    if settings.plan is None:
        return settings
    plan = read_plan(Path(settings.plan))
    # The cut-off of the configuration stays: it is what every other job cuts by, and a deviation.
    return settings.model_copy(update={"data_cutoff": settings.data_cutoff or plan.data_cutoff})


# --- what makes no sense ----------------------------------------------------------------------


def _faults(plan: AnalysisPlan) -> Iterator[Fault]:
    if plan.data_cutoff and plan.data_cutoff < FIRST_ALK_INHIBITOR:
        what = f"{plan.data_cutoff} lies before the first ALK inhibitor"
        yield ("data_cutoff",), what, "write the date of the cut-off, or null"
    yield from _endpoint_faults(plan)
    for place, name in enumerate(plan.covariates):
        if name not in COVARIATES:
            yield ("covariates", place), f"unknown covariate {name!r}", _closest(name, COVARIATES)
        elif name in plan.covariates[:place]:
            yield ("covariates", place), f"covariate {name!r} stands twice", "keep one"
    names = [item.name for item in plan.comparisons]
    for place, item in enumerate(plan.comparisons):
        at = ("comparisons", place)
        if item.name in names[:place]:
            yield (*at, "name"), f"comparison {item.name!r} stands twice", "give each a name of its own"
        for key, what, remedy in _comparison_faults(item, plan.covariates):
            yield (*at, key), what, remedy
    known = [
        name for name in CohortSettings.model_fields if name not in ("plan", "covariates", "data_cutoff")
    ]
    for name in plan.settings:
        if name not in known:
            yield ("settings", name), f"no key of the section `cohort` is {name!r}", _closest(name, known)


def _endpoint_faults(plan: AnalysisPlan) -> Iterator[Fault]:
    names = [item.endpoint for item in plan.endpoints]
    populations = {one.population.name for one in ENDPOINTS.values()}
    for place, item in enumerate(plan.endpoints):
        at = ("endpoints", place)
        if item.endpoint not in ENDPOINTS:
            what = f"unknown endpoint {item.endpoint!r}"
            yield (*at, "endpoint"), what, _closest(item.endpoint, ENDPOINTS)
        elif item.endpoint in names[:place]:
            yield (*at, "endpoint"), f"endpoint {item.endpoint!r} stands twice", "keep one"
        if item.population not in populations:
            what = f"unknown population {item.population!r}"
            yield (*at, "population"), what, _closest(item.population, sorted(populations))


def _comparison_faults(item: PlannedComparison, covariates: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    compared = [one.name for one in ENDPOINTS.values() if one.compared and one.start is not FIRST_DOSE]
    if item.endpoint not in compared:
        yield (
            "endpoint",
            f"{item.endpoint!r} is compared between no groups",
            _closest(item.endpoint, compared),
        )
    yield from _factor_faults(item)
    if item.estimand is not None and item.factor != REGIMEN:
        remedy = f"leave it out: next treatments (`factor: {REGIMEN}`) are adjusted alone"
        yield "estimand", f"{item.estimand} of {item.factor!r}", remedy
    elif item.estimand is not None and not covariates:
        yield (
            "estimand",
            f"{item.estimand} without covariates",
            "name `covariates` of the plan, or leave it out",
        )


def _factor_faults(item: PlannedComparison) -> Iterator[tuple[str, str, str]]:
    """Yield a factor, level or reference that no comparison has."""
    mechanism, crossed, kind = item.factor.partition(" x ")
    if crossed:
        levels: Collection[str] = (INTERACTION,)
        if kind not in KINDS or mechanism not in (*Component, NONE_FOUND):
            yield "factor", f"unknown factor {item.factor!r}", "write it as `bypass x alk_tki`"
        if item.endpoint != RWPFS2.name:
            yield "endpoint", f"interactions on {item.endpoint!r}", f"write {RWPFS2.name}"
        references: Collection[str] = (f"{mechanism} absent",)
    elif item.factor == REGIMEN:
        levels, references = KINDS, [one for one in (*KINDS, OTHERS) if one != item.level]
    elif item.factor == PREDICTOR:
        levels = PREDICTORS
        references = [PREDICTORS[item.level].reference] if item.level in PREDICTORS else []
    else:
        levels, references = (PRESENT,), (ABSENT,)
        # Genes of bypass have names of their own; which of them the cohort has is not known here.
        if item.factor not in MECHANISMS and not item.factor.isupper():
            yield (
                "factor",
                f"unknown factor {item.factor!r}",
                _closest(item.factor, (REGIMEN, PREDICTOR, *MECHANISMS)),
            )
            return
    if item.level not in levels:
        yield "level", f"{item.factor!r} has no level {item.level!r}", _closest(item.level, levels)
    elif item.reference is not None and item.reference not in references:
        what = f"{item.level!r} is not compared with {item.reference!r}"
        yield "reference", what, _closest(item.reference, references)


def _closest(name: str, known: Collection[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {str(close[0])!r}?" if close else "write one of " + ", ".join(known)


def _refused(detail: Any) -> Fault:
    place = detail["loc"]
    if detail["type"] == "missing":
        return place, "the key is missing", f"add it, as in {EXAMPLE}"
    if detail["type"] == "extra_forbidden":
        return place, "unknown key", f"remove it or correct its spelling, as in {EXAMPLE}"
    return place, f"value {detail['input']!r}", detail["msg"]


def _problem(path: Path, tree: yaml.Node | None, fault: Fault) -> Problem:
    place, what, remedy = fault
    # A key that is missing stands nowhere: the nearest place above it does.
    lines = (line_of(tree, place[:depth]) for depth in range(len(place), 0, -1))
    line = next((line for line in lines if line), None)
    column = next((str(key) for key in reversed(place) if isinstance(key, str)), "")
    return Problem(str(path), line or 1, column, what, remedy)
