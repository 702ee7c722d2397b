"""The tables of the outcome part of the cohort page."""

from collections import Counter
from collections.abc import Sequence

from ..outcomes.beyond_table import BeyondRow
from ..outcomes.concordance_table import AgreementRow, ConcordanceRow
from ..outcomes.frequency_table import ExpectedRow, FrequencyRow, PairedRow
from ..outcomes.linkage_table import LinkageRow
from ..outcomes.mechanism_treatment_table import MechanismTreatmentRow, TreatmentDetailRow
from ..outcomes.response_table import ResponseRow
from ..outcomes.safety_table import DoseRow, SafetyRow
from ..vocabulary.outcomes import ALL
from ..vocabulary.resistance import Timing
from ..vocabulary.samples import Setting
from . import outcome_words as say
from . import words
from .exhibits import Exhibit
from .figures.style import group_word

Lines = tuple[tuple[str, ...], ...]
COUNTED = ("component", "finding")


def linkage(rows: Sequence[LinkageRow]) -> Exhibit:
    """Return who has sequencing or clinical data only."""
    both = sum(row.missing is None and not row.excluded for row in rows)
    lines = [
        ("sequencing and clinical data", str(both), ""),
        ("no clinical data: mechanisms without an outcome", *_names(rows, "clinical_tables")),
        ("no classified timepoint: outcomes without a mechanism", *_names(rows, "classified_timepoints")),
    ]
    out = [row.patient for row in rows if row.excluded]
    if out:
        lines.append(("left out by the setting exclude", str(len(out)), ", ".join(out)))
    return _table(
        "linkage",
        "Who is in which tables",
        ("data", "patients", "who"),
        tuple(lines) if rows else (),
        "linkage.tsv",
        (
            f"Patients, n = {len(rows)}. Without clinical data a patient is in the figures of mechanisms "
            "only, without a classified timepoint in those of outcomes only.",
        ),
    )


def frequencies(rows: Sequence[FrequencyRow]) -> Exhibit:
    """Return how often each finding is seen at progression, of those who could have shown it."""
    own = [row for row in rows if row.setting == Setting.PROGRESSION.value and row.category in COUNTED]
    cells = {(row.category, row.name, row.timing): row for row in own}
    lines = tuple(
        (
            group_word(name),
            _all(cells[category, name, ALL]),
            _emergent(cells[category, name, ALL]),
            *(_all(cells[category, name, timing.value]) for timing in (Timing.PRIMARY, Timing.ACQUIRED)),
            str(cells[category, name, ALL].not_assessable + cells[category, name, ALL].not_targeted),
            _established(cells[category, name, ALL]),
        )
        for category, name in dict.fromkeys((row.category, row.name) for row in own)
    )
    patients = {row.timing: row.patients for row in own}
    header = (
        "finding",
        "all",
        "of these, emergent",
        *(f"resistance: {one.value.lower()}" for one in (Timing.PRIMARY, Timing.ACQUIRED)),
        "could not show it",
        "of all, established",
    )
    caption = (
        f"Patients with a sample of their progression on lorlatinib, n = {patients.get(ALL, 0)}. Each "
        "finding is counted of those who have it or in whom it was excluded; who could not show it stands "
        "apart, and in no share. Where only such patients lack it, there is none. Exact intervals in per "
        "cent. One patient may have several findings.",
        "Emergent: new or grown since baseline, of those whose baseline tells.",
    )
    return _table("frequencies", "Findings at progression", header, lines, "frequencies.tsv", caption)


def expected(rows: Sequence[ExpectedRow]) -> Exhibit:
    """Return observed shares beside published ones that were read in their source."""
    known = [row for row in rows if row.verified]
    lines = tuple(
        (
            group_word(row.finding),
            _all(row),
            _emergent(row),
            words.interval(row.expected_share, row.expected_low, row.expected_high),
            "–" if row.p is None else f"{row.p:.2g}",
            f"{row.series}: {row.line} line, {row.material}",
            row.source,
        )
        for row in known
    )
    caption = [
        "Cohort: patients at progression who have the finding or in whom it was excluded. p: Fisher's test "
        "of all against the series, where its numbers are known. Series differ in line of treatment, "
        "material and assay.",
    ]
    if hidden := len(rows) - len(known):
        caption.append(
            f"{hidden} further rows of expected.tsv were remembered, not read in a source, and are not shown."
        )
    header = ("finding", "this cohort", "emergent", "published", "p", "series", "source")
    return _table("expected", "Observed beside expected", header, lines, "expected.tsv", tuple(caption))


def paired(rows: Sequence[PairedRow]) -> Exhibit:
    """Return each finding before lorlatinib and at progression."""
    lines = tuple(
        (
            group_word(row.finding),
            str(row.both),
            str(row.gained),
            str(row.lost),
            str(row.neither),
            str(row.not_assessable),
            "–" if row.p is None else f"{row.p:.2g}",
        )
        for row in rows
    )
    total = max((row.patients + row.not_assessable for row in rows), default=0)
    header = (
        "finding",
        "at both",
        "only at progression",
        "only at baseline",
        "at neither",
        "could not show it",
        "p",
    )
    caption = (
        f"Patients with both samples, n = {total}; who could not have shown the finding in one of them is "
        "counted apart. p: exact McNemar test.",
    )
    return _table(
        "paired",
        "Baseline against progression",
        header,
        lines if total else (),
        "baseline_progression.tsv",
        caption,
    )


def concordance(rows: Sequence[ConcordanceRow], agreement: Sequence[AgreementRow]) -> Exhibit:
    """Return agreement of plasma and tissue: of alterations, of families, of the class."""
    lines = tuple(
        (
            group_word(row.name),
            row.measure.replace("_", " "),
            f"{row.agreeing} of {row.total}",
            words.interval(row.share, row.low, row.high),
            str(row.not_comparable),
            row.note or "",
        )
        for row in agreement
    )
    verdicts = Counter(row.verdict for row in rows if row.level == "class")
    timepoints = ", ".join(f"{group_word(name)} {number}" for name, number in sorted(verdicts.items()))
    caption = (
        f"Timepoints with plasma and tissue, n = {sum(verdicts.values())} ({timepoints or 'none'}). "
        "Not comparable: one side could not have shown it; never counted as a disagreement. Exact intervals.",
        "Negative agreement counts only samples that could have excluded a mechanism.",
    )
    header = ("of", "measure", "agreeing", "share", "not comparable", "what it says")
    shown = lines if verdicts else ()
    found = _table("concordance", "Plasma against tissue", header, shown, "concordance.tsv", caption)
    return Exhibit(**{**vars(found), "sources": ("agreement.tsv", "concordance.tsv")})


def beyond(rows: Sequence[BeyondRow]) -> Exhibit:
    """Return how often and how long lorlatinib went on after progression, with and without local therapy."""
    lines = tuple(
        (
            group_word(row.site),
            row.local_therapy,
            str(row.patients),
            say.share(row.continued, row.share, row.low, row.high),
            f"{row.stopped} of {row.analysed}",
            say.days(row.median_days, row.median_low, row.median_high) if row.analysed else "–",
        )
        for row in rows
    )
    caption = (
        "Patients with progression on first-line lorlatinib, by where it progressed. Local therapy: "
        "radiotherapy, surgery or the like, begun at or after progression, before the next progression and "
        "the next drug; it is no line of treatment. Time counts from progression, at risk from enrolment on.",
        "Who was treated locally had to live until then: the rows describe, they do not compare.",
    )
    header = (
        "progression",
        "local therapy",
        "patients",
        "lorlatinib went on",
        "stopped since",
        "median beyond",
    )
    title = "Progression treated locally, and lorlatinib beyond it"
    return _table("beyond", title, header, lines, "beyond_progression.tsv", caption)


def responses(rows: Sequence[ResponseRow]) -> Exhibit:
    """Return response and control rates to the next treatment, for both denominators."""
    cells = {(row.group, row.denominator, row.measure): row for row in rows}
    lines = tuple(
        (
            group_word(group),
            denominator,
            str(cells[group, denominator, "rwORR2"].patients),
            *(
                say.share(row.responders, row.rate, row.low, row.high)
                for row in (cells[group, denominator, name] for name in MEASURES)
            ),
        )
        for group, denominator in dict.fromkeys((row.group, row.denominator) for row in rows)
    )
    any_treated = any(row.patients for row in rows)
    caption = (
        "Treated: patients who started a first sequential treatment after progression on lorlatinib. "
        "Assessed: with at least one evaluable assessment on it. Exact intervals in per cent.",
    )
    header = ("next treatment", "denominator", "n", "rwORR2", "rwORR2, confirmed", "rwDCR2")
    shown = lines if any_treated else ()
    return _table("responses", "Response to the next treatment", header, shown, "responses.tsv", caption)


MEASURES = ("rwORR2", "rwORR2_confirmed", "rwDCR2")


def by_treatment(rows: Sequence[MechanismTreatmentRow], few: int) -> Exhibit:
    """Return each mechanism under each kind of next treatment; a median needs as many patients as a curve."""
    lines = tuple(
        (group_word(row.component), group_word(row.regimen_kind), *_measures(row, few)) for row in rows
    )
    caption = (
        "Medians count from the first dose of the next treatment, with log-log intervals; a dash stands for "
        f"groups of fewer than {few} patients. Shares are of the treated, with exact intervals in per cent. "
        "A patient with two families counts under both. Groups were not made by lot: no comparison.",
    )
    header = ("mechanism", "next treatment", "treated, assessed", "rwORR2", "rwDCR2", "rwPFS2", "rwTTD2")
    return _table(
        "mechanism-treatment",
        "Mechanism and next treatment",
        header,
        lines,
        "mechanism_treatment.tsv",
        caption,
    )


def _measures(row: MechanismTreatmentRow | TreatmentDetailRow, few: int) -> tuple[str, ...]:
    def days(value: float | None, low: float | None, high: float | None) -> str:
        return say.days(value, low, high) if row.treated >= few else "–"

    return (
        f"{row.treated}, {row.assessed}",
        say.share(row.responders, row.orr, row.orr_low, row.orr_high),
        say.share(row.controlled, row.dcr, row.dcr_low, row.dcr_high),
        days(row.pfs_median, row.pfs_low, row.pfs_high),
        days(row.ttd_median, row.ttd_low, row.ttd_high),
    )


def detail(rows: Sequence[TreatmentDetailRow], few: int) -> Exhibit:
    """Return the same by drug, class of drugs, gene and alteration."""
    lines = tuple(
        (
            f"{row.mechanism_level}: {group_word(row.mechanism)}" if row.mechanism != ALL else ALL,
            f"{row.treatment_level}: {group_word(row.treatment)}" if row.treatment != ALL else ALL,
            *_measures(row, few),
        )
        for row in rows
    )
    caption = (
        f"Groups of {few} treated patients or more (cohort.min_group_patients); a patient counts under each "
        "drug and each alteration. Figures as in the table above. Classes of drugs by generation and target "
        "of the knowledge table; lorlatinib that goes on is no drug of the next treatment's class.",
    )
    header = ("mechanism", "next treatment", "treated, assessed", "rwORR2", "rwDCR2", "rwPFS2", "rwTTD2")
    title = "Drug, class of drugs, gene and alteration"
    return _table("treatment-detail", title, header, lines, "treatment_detail.tsv", caption)


def safety(rows: Sequence[SafetyRow], severe_grade: int) -> Exhibit:
    """Return the safety table: patients by worst grade, all events beside those related to the treatment."""
    related = {(row.treatment, row.term): row for row in rows if row.relation == "related"}
    lines = []
    for row in (row for row in rows if row.relation == ALL):
        other = related.get((row.treatment, row.term))
        lines.append(
            (
                row.treatment.replace("_", " "),
                row.term,
                say.share(row.any_grade, row.any_share, row.any_low, row.any_high),
                say.share(row.severe, row.severe_share, row.severe_low, row.severe_high),
                str(other.any_grade) if other else "0",
                str(other.severe) if other else "0",
                str(row.worst_grade),
            )
        )
    numbers = {row.treatment.replace("_", " "): row.treated for row in rows}
    treated = ", ".join(f"{name} {number}" for name, number in numbers.items())
    caption = (
        f"Patients treated: {treated or 'none'}. Each patient "
        f"counts once per term with the worst grade; exact intervals in per cent. Severe: CTCAE grade "
        f"{severe_grade} or above (cohort.severe_grade).",
    )
    missing = "" if lines else "No adverse event is on record, or there is no table adverse_events.tsv."
    severe = f"grade ≥ {severe_grade}"
    header = ("treatment", "term", "any grade", severe, "related", f"related, {severe}", "worst grade")
    return Exhibit("safety", "Safety", (), missing, caption, ("safety.tsv",), (), header, tuple(lines))


def doses(rows: Sequence[DoseRow]) -> Exhibit:
    """Return the table of dose adjustments."""
    lines = tuple(
        (
            row.drug,
            row.change,
            row.reason.replace("_", " "),
            say.share(row.patients, row.share, row.low, row.high),
            str(row.treated),
            str(row.changes),
        )
        for row in rows
    )
    missing = "" if lines else "No change of dose is on record, or there is no table dose_changes.tsv."
    header = ("drug", "change", "reason", "patients", "treated", "changes")
    caption = ("Patients with at least one such change; exact intervals in per cent.",)
    return Exhibit(
        "doses", "Dose adjustments", (), missing, caption, ("dose_adjustments.tsv",), (), header, lines
    )


def _table(
    name: str, title: str, header: tuple[str, ...], lines: Lines, source: str, caption: tuple[str, ...]
) -> Exhibit:
    missing = "" if lines else "Nothing to show: no patient belongs here."
    return Exhibit(name, title, (), missing, caption, (source,), (), header, lines)


def _names(rows: Sequence[LinkageRow], missing: str) -> tuple[str, str]:
    found = [row.patient for row in rows if row.missing == missing]
    return str(len(found)), ", ".join(found)


def _all(row: FrequencyRow | ExpectedRow) -> str:
    return _of(row.n_all, row.total_all, row.share_all, row.low_all, row.high_all)


def _emergent(row: FrequencyRow | ExpectedRow) -> str:
    return _of(row.n_emergent, row.total_emergent, row.share_emergent, row.low_emergent, row.high_emergent)


def _of(
    count: int | None, total: int | None, share: float | None, low: float | None, high: float | None
) -> str:
    """`1 of 2 (50 %, 1–99)`; the count alone where nobody states a denominator."""
    if count is None:
        return "–"
    number = f"{count} of {total}" if total is not None else str(count)
    return (
        number
        if share is None or low is None or high is None
        else (f"{number} ({100 * share:.0f} %, {100 * low:.0f}–{100 * high:.0f})")
    )


def _established(row: FrequencyRow) -> str:
    return "–" if row.established is None else str(row.established)
