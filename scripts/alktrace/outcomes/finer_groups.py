"""Outcome by drug, class of drug, gene and alteration, where enough patients have them."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from ..inputs.settings.cohort_settings import CohortSettings
from ..knowledge.entries import Drug
from ..vocabulary.outcomes import (
    ABSENT,
    ALL,
    OTHERS,
    PRESENT,
    Analysis,
    Exclusion,
    Question,
    RegimenKind,
)
from .absence import Absence
from .association_table import AssociationRow
from .comparisons import Grouping, adjust, relate
from .drug_names import LORLATINIB
from .endpoint_table import EndpointPatientRow
from .endpoints import OS_PROGRESSION, RWPFS2, RWPFS2_TREATMENT, RWTTD2_TREATMENT, switch_exclusion
from .mechanism_treatment import NO_SAMPLE, measures, treatment_events
from .mechanism_treatment_table import TreatmentDetailRow
from .mechanisms import Finding, alterations_of, lacks_alteration
from .response_table import ResponsePatientRow
from .timeline import NextTreatment, Timeline

DRUG, DRUG_CLASS, ALTERATION = "drug", "drug_class", "alteration"
CHECKPOINTS, VESSELS = frozenset({"PDCD1", "CD274", "CTLA4"}), frozenset({"KDR", "VEGFA"})
Level = Mapping[str, Sequence[str]]
"""Groups of each patient, one or several."""


def drug_class(drug: str, known: Mapping[str, Drug], kind: RegimenKind) -> str:
    """Return the class of a drug: generation of an ALK inhibitor, else what it acts on.

    Args:
        drug: canonical name.
        known: drugs of the knowledge table.
        kind: of the treatment it belongs to; tells of a drug that the site declared.
    """
    entry = known.get(drug)
    if entry is None:
        return "ALK TKI" if kind is RegimenKind.ALK_TKI else "other"
    if entry.alk_tki:
        number = entry.generation or ""
        return f"ALK TKI, generation {number}" if number.isdigit() else "ALK TKI"
    targets = frozenset(entry.targets)
    if targets & CHECKPOINTS:
        return "checkpoint inhibitor"
    if targets & VESSELS:
        return "angiogenesis inhibitor"
    return f"{'/'.join(sorted(targets))} inhibitor" if targets else "chemotherapy and others"


def classes_of(given: NextTreatment, known: Mapping[str, Drug]) -> list[str]:
    """Return the classes of the drugs of a treatment, lorlatinib that goes on left out."""
    # It was given before: as a class of the next treatment it would be what the comparison is against.
    added = [drug for drug in given.drugs if drug != LORLATINIB]
    return sorted({drug_class(drug, known, given.kind) for drug in added})


def detail_rows(
    found: Mapping[str, Finding],
    timelines: Iterable[Timeline],
    responses: Iterable[ResponsePatientRow],
    endpoints: Sequence[EndpointPatientRow],
    known: Mapping[str, Drug],
    settings: CohortSettings,
) -> list[TreatmentDetailRow]:
    """Return response and time on the next treatment of every pair of groups with enough patients.

    Args:
        found: findings at progression, by patient.
        timelines: of all patients.
        responses: `response_patients.tsv`.
        endpoints: `endpoint_patients.tsv`.
        known: drugs of the knowledge table.
        settings: section `cohort`.
    """
    # Of all treated, as in mechanism_treatment.tsv: who has no sample counts under each drug too.
    treated = [row for row in responses if row.included]
    given = {item.patient: item.next_treatment for item in timelines if item.next_treatment}
    mechanisms = _mechanism_levels(found, [row.patient for row in treated])
    treatments: dict[str, Level] = {
        ALL: {row.patient: (ALL,) for row in treated},
        "kind": {row.patient: (given[row.patient].kind,) for row in treated},
        "class": {row.patient: classes_of(given[row.patient], known) for row in treated},
        DRUG: {row.patient: given[row.patient].drugs for row in treated},
    }
    events, rows = treatment_events(endpoints), []
    for mechanism_level, of_mechanism in mechanisms.items():
        for treatment_level, of_treatment in treatments.items():
            # Those stand in mechanism_treatment.tsv, of any size.
            if mechanism_level in (ALL, "component") and treatment_level in (ALL, "kind"):
                continue
            for (mechanism, treatment), members in _pairs(treated, of_mechanism, of_treatment).items():
                if len(members) >= settings.min_group_patients:
                    rows.append(
                        TreatmentDetailRow(
                            mechanism_level=mechanism_level,
                            mechanism=mechanism,
                            treatment_level=treatment_level,
                            treatment=treatment,
                            **measures(members, events, settings),
                        )
                    )
    return rows


def detail_comparisons(
    found: Mapping[str, Finding],
    timelines: Sequence[Timeline],
    endpoints: Sequence[EndpointPatientRow],
    known: Mapping[str, Drug],
    settings: CohortSettings,
) -> list[AssociationRow]:
    """Return hazard ratios of each drug, class and alteration that enough patients have, and enough lack."""
    asked = (
        (
            Question.DRUG_OUTCOME,
            Analysis.FROM_TREATMENT,
            OTHERS,
            (RWPFS2_TREATMENT, RWTTD2_TREATMENT),
            _treatment_groupings(timelines, known),
        ),
        (
            Question.ALTERATION_OUTCOME,
            Analysis.GROUP_ENTRY,
            ABSENT,
            (RWPFS2, OS_PROGRESSION),
            _alteration_groupings(found),
        ),
    )
    # Of the two endpoints that a comparison looks at: eleven times as many rows would be walked each time.
    rows_of = {
        endpoint.name: [row for row in endpoints if row.endpoint in (endpoint.name, RWTTD2_TREATMENT.name)]
        for _, _, _, outcomes, _ in asked
        for endpoint in outcomes
    }
    rows = [
        relate(question, rows_of[endpoint.name], endpoint, analysis, grouping, name, reference, settings)
        for question, analysis, reference, outcomes, groupings in asked
        for name, grouping in groupings.items()
        for endpoint in outcomes
        if _large(grouping, settings.min_group_patients)
    ]
    return adjust(rows)


def _mechanism_levels(found: Mapping[str, Finding], patients: Iterable[str]) -> dict[str, Level]:
    names = list(patients)

    def level(groups: Callable[[Finding], Iterable[str]]) -> Level:
        return {name: tuple(groups(found[name])) if name in found else () for name in names}

    return {
        ALL: dict.fromkeys(names, (ALL,)),
        "component": {name: found[name].groups if name in found else (NO_SAMPLE,) for name in names},
        "gene": level(lambda item: sorted({row.gene for row in item.rows if row.gene})),
        ALTERATION: level(lambda item: sorted(alterations_of(item))),
    }


def _pairs(
    treated: Iterable[ResponsePatientRow], one: Level, other: Level
) -> dict[tuple[str, str], list[ResponsePatientRow]]:
    pairs: dict[tuple[str, str], list[ResponsePatientRow]] = {}
    for row in treated:
        for mechanism in one[row.patient]:
            for treatment in other[row.patient]:
                pairs.setdefault((str(mechanism), str(treatment)), []).append(row)
    return dict(sorted(pairs.items()))


def _treatment_groupings(timelines: Iterable[Timeline], known: Mapping[str, Drug]) -> dict[str, Grouping]:
    """Return who was given each drug and each class of drugs, of all with a next treatment."""
    given: dict[str, NextTreatment] = {}
    known_from: dict[str, Exclusion] = {}
    for timeline in timelines:
        why, treatment = switch_exclusion(timeline), timeline.next_treatment
        if why is None and treatment is not None:
            given[timeline.patient] = treatment
        elif why is not None:
            known_from[timeline.patient] = why
    starts = {name: treatment.start for name, treatment in given.items()}
    levels = {
        DRUG_CLASS: {patient: frozenset(classes_of(one, known)) for patient, one in given.items()},
        DRUG: {patient: frozenset(one.drugs) - {LORLATINIB} for patient, one in given.items()},
    }
    # One grouping per name: a patient with two drugs is `present` in both, and in the others of neither.
    groupings = {}
    for factor, names in levels.items():
        for name in sorted({item for own in names.values() for item in own}):
            group_of = {patient: PRESENT if name in own else ABSENT for patient, own in names.items()}
            groupings[name] = Grouping(factor, group_of, {**known_from, **starts})
    return groupings


def _alteration_groupings(found: Mapping[str, Finding]) -> dict[str, Grouping]:
    counts = Counter(name for item in found.values() for name in alterations_of(item))
    groupings = {}
    for name in sorted(counts):
        group_of, known_from = {}, {}
        for patient, item in found.items():
            present = name in alterations_of(item)
            # Not found is absent only where it was excluded.
            if present or lacks_alteration(item, name) is Absence.EXCLUDED:
                group_of[patient] = PRESENT if present else ABSENT
                known_from[patient] = item.reported or Exclusion.REPORT_DATE_MISSING
            else:
                why = Exclusion.MECHANISM_NOT_EXCLUDED if item.evaluable else Exclusion.NOT_EVALUABLE
                known_from[patient] = why
        groupings[name] = Grouping(ALTERATION, group_of, known_from)
    return groupings


def _large(grouping: Grouping, few: int) -> bool:
    # Both sides: a drug that nearly all were given is compared with a handful.
    sizes = Counter(grouping.group_of.values())
    return min(sizes[PRESENT], sizes[ABSENT]) >= few
