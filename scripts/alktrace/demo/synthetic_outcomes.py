"""A synthetic cohort with known hazards: clinical tables and classification.

Independent of the analysis: it writes tables and knows nothing of how they are read. All times are whole
days; a time drawn from a continuous law is rounded up, which leaves the survival at whole days as it is.
"""

import csv
import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..classify.resistance_table import ClassificationRow, ResistanceRow
from ..evidence.evidence_table import EvidenceRow
from ..io.atomic import atomic_output
from ..io.tables import format_cell, write_table
from ..vocabulary.changes import Origin, VariantType
from ..vocabulary.detection import Detection, ObservationSource
from ..vocabulary.negatives import Exclusion
from ..vocabulary.resistance import (
    Classification,
    Component,
    Confidence,
    Emergence,
    FindingRole,
    NotEvaluableReason,
    Phase,
    Timing,
)
from ..vocabulary.samples import Setting, SpecimenType
from .outcome_law import ALTERATIONS, COMPONENTS, KINDS, Law, Regimen
from .sample_limits import draw_limits

FIRST_DAY = dt.date(2020, 1, 6)
LAST_DAY = dt.date(2022, 12, 31)
ROLES = {
    Emergence.EMERGENT: FindingRole.EMERGENT,
    Emergence.EXPANDED: FindingRole.EMERGENT,
    Emergence.PERSISTENT: FindingRole.PRE_EXISTING,
    Emergence.BASELINE_ONLY: FindingRole.PRE_EXISTING,
}
SITES = ("cns_only", "oligo", "systemic")
ACCRUAL_DAYS = 900
SCAN_DAYS = 56

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "patients": (
        "patient", "enrolled", "diagnosed", "sex", "age_at_diagnosis", "alk_fusion", "smoking",
        "cns_metastases", "ecog",
    ),
    "treatments": ("patient", "line", "drugs", "start", "end", "reason", "regimen", "dose_mg"),
    "local_therapy": ("patient", "site", "kind", "start", "end", "intent"),
    "assessments": ("patient", "date", "response", "site"),
    "pathology": ("patient", "date", "histology", "neuroendocrine_ihc", "ihc"),
    "dose_changes": ("patient", "drug", "date", "from_mg", "to_mg", "reason"),
    "adverse_events": ("patient", "term", "grade", "onset", "relation"),
    "follow_up": ("patient", "last_contact", "death"),
    "reports": ("patient", "timepoint", "collected", "reported"),
}  # fmt: skip
EVENTS = (
    "Cholesterol high",
    "Hypertriglyceridemia",
    "Edema limbs",
    "Weight gain",
    "Cognitive disturbance",
    "Peripheral sensory neuropathy",
)

Seen = tuple[Component, tuple[str, str, VariantType]]
"""An alteration found, with its family."""


@dataclass
class Cohort:
    """The tables of a synthetic cohort, by name, and the results of its sequencing."""

    clinical: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {name: [] for name in COLUMNS})
    classification: list[ClassificationRow] = field(default_factory=list)
    resistance: list[ResistanceRow] = field(default_factory=list)
    evidence: list[EvidenceRow] = field(default_factory=list)
    details: list[dict[str, Any]] = field(default_factory=list)

    def add(self, table: str, **cells: Any) -> None:
        """Add a row to a clinical table."""
        self.clinical[table].append(cells)


def simulate_cohort(*, seed: int, patients: int, law: Law | None = None) -> Cohort:
    """Return a cohort; the same seed gives the same tables.

    Args:
        seed: of the random numbers.
        patients: how many.
        law: the hazards.
    """
    cohort = Cohort()
    for number in range(1, patients + 1):
        # One stream per patient: a change of one patient leaves the others as they are.
        rng, limits, local, plasma = (
            np.random.default_rng([seed, number, *own]) for own in ((), (1,), (2,), (3,))
        )
        _Patient(f"S{number:03d}", rng, limits, local, plasma, law or Law(), cohort).live()
    return cohort


def write_outcomes(*, out: Path, seed: int, patients: int, law: Law | None = None) -> None:
    """Write a cohort: clinical tables in `clinical/`, classification, resistance, evidence, `details/`."""
    cohort = simulate_cohort(seed=seed, patients=patients, law=law)
    write_clinical_tables(cohort, out / "clinical")
    write_table(out / "classification.tsv", ClassificationRow, cohort.classification)
    write_table(out / "resistance.tsv", ResistanceRow, cohort.resistance)
    write_table(out / "evidence.tsv", EvidenceRow, cohort.evidence)
    for detail in cohort.details:
        name = f"{detail['patient']}.{detail['timepoint']}.resistance.json"
        with atomic_output(out / "details" / name) as (partial,):
            partial.write_text(json.dumps(detail, indent=2) + "\n")


def write_clinical_tables(cohort: Cohort, out: Path) -> None:
    """Write the clinical tables of a cohort into a folder."""
    for name, columns in COLUMNS.items():
        path = out / f"{name}.tsv"
        with atomic_output(path) as (partial,), partial.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, delimiter="\t", lineterminator="\n")
            writer.writerow(columns)
            for row in cohort.clinical[name]:
                writer.writerow([format_cell(row.get(column)) for column in columns])


class _Patient:
    """One patient's life, written into the tables as it goes."""

    def __init__(
        self,
        name: str,
        rng: np.random.Generator,
        limits: np.random.Generator,
        local: np.random.Generator,
        plasma: np.random.Generator,
        law: Law,
        cohort: Cohort,
    ) -> None:
        self.name = name
        self.rng = rng
        self.limits = limits
        self.local = local
        self.plasma = plasma
        self.law = law
        self.cohort = cohort
        self.start = FIRST_DAY + dt.timedelta(days=int(rng.integers(0, ACCRUAL_DAYS)))
        self.primary = bool(rng.random() < law.primary)

    def live(self) -> None:
        """Lorlatinib, progression, sample, next treatment, death or last contact."""
        hazard = self.law.early if self.primary else self.law.late
        progression = self._later(self.start, hazard, self.law.first_scan)
        toxicity = self._later(self.start, 1 / 6000)
        late = self.rng.random() < self.law.late_enrolment and progression < LAST_DAY
        soon = self.start + dt.timedelta(days=int(self.rng.integers(0, 15)))
        self._baseline(progression if late else soon)
        self._safety(self.start, min(progression, toxicity, LAST_DAY))
        self._ctdna(min(progression, toxicity, LAST_DAY))
        if min(progression, toxicity) >= LAST_DAY:
            self._scans(self.start, LAST_DAY, responding=True)
            self._treat(1, ("lorlatinib",), self.start, None, "ongoing")
            self._end(LAST_DAY, None)
        elif toxicity < progression and not late:
            self._scans(self.start, toxicity, responding=True)
            self._treat(1, ("lorlatinib",), self.start, toxicity, "toxicity")
            self._end(min(toxicity + dt.timedelta(days=200), LAST_DAY), None)
        else:
            self._progress(progression)

    def _progress(self, progression: dt.date) -> None:
        self._scans(self.start, progression, responding=not self.primary)
        site = SITES[int(self.rng.choice(3, p=(0.2, 0.25, 0.55)))]
        self.cohort.add("assessments", patient=self.name, date=progression, response="PD", site=site)
        found = self._sample(progression)
        regimen = self.law.regimens[int(self.rng.choice(3, p=[r.share for r in self.law.regimens]))]
        begin = self._later(progression, 1 / regimen.mean_wait)
        died = self._later(progression, self.law.untreated)
        if min(begin, died) >= LAST_DAY or died <= begin:
            stop = min(progression + dt.timedelta(days=7), died, LAST_DAY)
            self._treat(1, ("lorlatinib",), self.start, stop, "progression")
            self._end(min(died, LAST_DAY), died if died < LAST_DAY else None)
            return
        last = begin - dt.timedelta(days=1)
        # Few places that grew are irradiated, and lorlatinib goes on until the next treatment.
        kept = "lorlatinib" in regimen.drugs or self._treated_locally(site, progression, last)
        stop = last if kept else max(progression, min(progression + dt.timedelta(days=7), last))
        self._treat(1, ("lorlatinib",), self.start, stop, "progression")
        self._second(regimen, begin, found)

    def _treated_locally(self, site: str, progression: dt.date, last: dt.date) -> bool:
        given = progression + dt.timedelta(days=int(self.local.integers(3, 15)))
        if site == "systemic" or given > last or self.local.random() > self.law.local_share:
            return False
        place, kind = ("brain", "SRS") if site == "cns_only" else ("bone", "SBRT")
        self.cohort.add(
            "local_therapy",
            patient=self.name,
            site=place,
            kind=kind,
            start=given,
            end=given,
            intent="progression",
        )
        return True

    def _second(self, regimen: Regimen, begin: dt.date, found: Classification) -> None:
        hazard = regimen.hazard
        for component in COMPONENTS[found]:
            hazard *= self.law.ratios.get((component.value, regimen.kind), 1)
        event = self._later(begin, hazard)
        left = self._later(begin, 1 / 1200)
        responding = bool(self.rng.random() < regimen.response)
        observed = min(event, LAST_DAY)
        dies = bool(self.rng.random() < self.law.death_share)
        self._scans(begin, observed, responding=responding)
        self._safety(begin, min(observed, left))
        death = event if dies else self._later(event, self.law.after)
        if event < LAST_DAY and not dies:
            site = SITES[int(self.local.choice(3, p=(0.25, 0.15, 0.6)))]
            self.cohort.add("assessments", patient=self.name, date=event, response="PD", site=site)
        if left < observed:
            end, reason = left, "toxicity"
        elif event < LAST_DAY:
            end, reason = event, "death" if dies else "progression"
        else:
            end, reason = LAST_DAY, "ongoing"
        self._treat(2, regimen.drugs, begin, None if reason == "ongoing" else end, reason)
        if not dies:
            self._third(event, death)
        self._end(min(death, LAST_DAY), death if death < LAST_DAY else None)

    def _third(self, event: dt.date, death: dt.date) -> None:
        """A third line after the progression on the second, for those who live until it begins."""
        drugs = self.law.third[int(self.local.integers(len(self.law.third)))]
        begin = event + dt.timedelta(days=int(3 + self.local.exponential(20)))
        stop = begin + dt.timedelta(days=int(20 + self.local.exponential(90)))
        best = ("PR", "SD", "PD")[int(self.local.choice(3, p=(0.2, 0.45, 0.35)))]
        if self.local.random() > self.law.third_share or begin >= min(death, LAST_DAY):
            return
        if (scan := begin + dt.timedelta(days=20)) <= min(stop, death, LAST_DAY):
            site = "systemic" if best == "PD" else None
            self.cohort.add("assessments", patient=self.name, date=scan, response=best, site=site)
        if stop < min(death, LAST_DAY):
            self._treat(3, drugs, begin, stop, "progression")
        elif death < LAST_DAY:
            self._treat(3, drugs, begin, death, "death")
        else:
            self._treat(3, drugs, begin, None, "ongoing")

    def _ctdna(self, end: dt.date) -> None:
        """Plasma before and under lorlatinib; whose resistance is primary seldom clears it."""
        fraction, vaf = float(self.plasma.uniform(0.02, 0.4)), float(self.plasma.uniform(0.01, 0.2))
        again = self.start + dt.timedelta(days=int(self.plasma.integers(28, 70)))
        cleared = self.plasma.random() < self.law.cleared[not self.primary]
        if self.plasma.random() > self.law.followed or again >= end:
            return
        self._plasma("baseline", Setting.BASELINE, self.start, Detection.DETECTED, vaf, fraction)
        state = Detection.NOT_DETECTED if cleared else Detection.DETECTED
        left = None if cleared else vaf / 4
        self._plasma("C3", Setting.ON_TREATMENT, again, state, left, None if cleared else fraction / 4)

    def _plasma(
        self,
        timepoint: str,
        setting: Setting,
        collected: dt.date,
        state: Detection,
        vaf: float | None,
        fraction: float | None,
    ) -> None:
        specimen = {
            "specimen": "plasma",
            "specimen_type": "plasma",
            "usable": True,
            "collected": collected.isoformat(),
            "tumour_fraction": None if fraction is None else {"value": round(fraction, 3)},
        }
        self.cohort.details.append(
            {"patient": self.name, "timepoint": timepoint, "setting": setting.value, "specimens": [specimen]}
        )
        self.cohort.evidence.append(
            self._observed(
                timepoint,
                SpecimenType.PLASMA,
                ("TP53", "R273H", VariantType.SNV),
                state,
                vaf=None if vaf is None else round(vaf, 4),
                vaf_detectable=0.002,
            )
        )

    def _observed(
        self,
        timepoint: str,
        specimen: SpecimenType,
        found: tuple[str, str, VariantType],
        state: Detection,
        **given: float | None,
    ) -> EvidenceRow:
        gene, alteration, kind = found
        nothing = dict.fromkeys(
            (
                "hgvs_c",
                "hgvs_p",
                "position_grch38",
                "alt_molecules",
                "total_molecules",
                "duplex_alt",
                "vaf",
                "vaf_low",
                "vaf_high",
                "vaf_detectable",
                "copy_number",
            )
        )
        values: dict[str, Any] = {
            **nothing,
            "patient": self.name,
            "timepoint": timepoint,
            "specimen": specimen.value,
            "specimen_type": specimen,
            "key": f"{gene}:{alteration}",
            "gene": gene,
            "variant_type": kind,
            "alteration": alteration,
            "origin": Origin.SOMATIC,
            "detection": state,
            "source": ObservationSource.CALLED,
            "filters": (),
            **given,
        }
        return EvidenceRow(**values)

    def _sample(self, progression: dt.date) -> Classification:
        classes = list(self.law.mechanisms)
        found = classes[int(self.rng.choice(len(classes), p=list(self.law.mechanisms.values())))]
        timing = Timing.PRIMARY if self.primary else Timing.ACQUIRED
        reported = progression + dt.timedelta(days=int(7 + self.rng.exponential(12)))
        collected = progression + dt.timedelta(days=int(self.rng.integers(0, 5)))
        self._report("PD", collected, max(collected, reported))
        self._report("baseline", self.start, self.start + dt.timedelta(days=14))
        before = found if self.rng.random() < 0.1 else Classification.NONE_FOUND
        known, seen = self._alterations(before), self._alterations(found)
        self._classified("baseline", Setting.BASELINE, before, timing, known, seen)
        self._classified("PD", Setting.PROGRESSION, found, timing, seen, known)
        if Component.TRANSFORMATION in COMPONENTS[found]:
            self.cohort.add(
                "pathology",
                patient=self.name,
                date=collected,
                histology="small_cell",
                neuroendocrine_ihc=True,
                ihc=("ALK:positive", "RB1:negative"),
            )
        return found

    def _alterations(self, found: Classification) -> tuple[Seen, ...]:
        """Return the alterations behind a class."""
        seen: list[Seen] = []
        for component in COMPONENTS[found]:
            choices = ALTERATIONS[component]
            first = int(self.rng.integers(0, len(choices)))
            size = 2 if found is Classification.ON_TARGET_COMPOUND_CIS else 1
            seen += [(component, choices[(first + i) % len(choices)]) for i in range(size)]
        return tuple(seen)

    def _classified(
        self,
        timepoint: str,
        setting: Setting,
        found: Classification,
        timing: Timing | None,
        seen: Sequence[Seen],
        elsewhere: Sequence[Seen],
    ) -> None:
        """Write the rows of a timepoint that shows `seen`; the patient's other one shows `elsewhere`."""
        components = COMPONENTS[found]
        timing = None if setting is Setting.BASELINE else timing
        reasons = (NotEvaluableReason.TUMOUR_FRACTION_LOW,) if found is Classification.NOT_EVALUABLE else ()
        confidence = Confidence.ESTABLISHED if components else None
        head = (self.name, timepoint, setting, found)
        excluded = draw_limits(found, {KINDS[gene] for _, (gene, _, _) in seen}, self.limits)
        self.cohort.classification.append(
            ClassificationRow(*head, components, timing, confidence, (), reasons, excluded)
        )
        new = Emergence.BASELINE_ONLY if setting is Setting.BASELINE else Emergence.EMERGENT
        if not seen:
            self._mechanism(head, timing, reasons, excluded, None, None, (), None)
        for component, alteration in seen:
            partners = tuple(a[1] for c, a in seen if a is not alteration and c is component)
            emergence = self._known(setting) if (component, alteration) in elsewhere else new
            self._mechanism(head, timing, reasons, excluded, component, alteration, partners, emergence)
            if setting is Setting.PROGRESSION:
                self._evidence(timepoint, *alteration)
        if setting is Setting.PROGRESSION:
            self._detail(timepoint, found)

    def _known(self, setting: Setting) -> Emergence:
        """Return what the other timepoint makes of an alteration; what is acquired has at least grown."""
        grown = setting is Setting.PROGRESSION and not self.primary
        return Emergence.EXPANDED if grown else Emergence.PERSISTENT

    def _mechanism(
        self,
        head: tuple[str, str, Setting, Classification],
        timing: Timing | None,
        reasons: tuple[NotEvaluableReason, ...],
        excluded: tuple[Exclusion, ...],
        component: Component | None,
        alteration: tuple[str, str, VariantType] | None,
        partners: tuple[str, ...],
        emergence: Emergence | None,
    ) -> None:
        gene, name, kind = alteration or (None, None, None)
        texts = ("not_assessable", "resistant_to", "sensitive_to", "evidence", "criteria", "flags")
        lists = dict.fromkeys(texts, ())
        nothing = dict.fromkeys(
            (
                "hgvs_c", "hgvs_p", "position_grch38", "vaf", "vaf_low", "vaf_high", "alt_molecules",
                "total_molecules", "duplex_alt", "copy_number", "tumour_fraction", "phase_evidence",
                "excluded_clone_fraction", "compound_molecules", "compound_total", "compound_vaf",
                "compound_vaf_low", "compound_vaf_high", "compound_share",
            )
        )  # fmt: skip
        values: dict[str, Any] = {
            **nothing,
            **lists,
            "excluded": excluded,
            "confidence": Confidence.ESTABLISHED if component else None,
            "component": component,
            "mechanism": f"{gene} {name}" if gene else None,
            "gene": gene,
            "alteration": name,
            "variant_type": kind,
            "lead_specimen": "plasma" if gene else None,
            "specimens": ("plasma",) if gene else (),
            "phase": Phase.CIS if partners else None,
            "phase_partner": partners,
            "emergence": emergence,
            "role": ROLES[emergence] if emergence else None,
            "timing": timing,
            "not_evaluable_reason": reasons,
        }
        patient, timepoint, setting, found = head
        self.cohort.resistance.append(
            ResistanceRow(
                patient=patient, timepoint=timepoint, setting=setting, classification=found, **values
            )
        )

    def _evidence(self, timepoint: str, gene: str, alteration: str, kind: VariantType) -> None:
        """Half of the patients have tissue too; plasma misses a fifth of what tissue shows."""
        specimens = [SpecimenType.PLASMA, SpecimenType.TISSUE][: int(self.rng.integers(1, 3))]
        for specimen in specimens:
            state = Detection.DETECTED
            if len(specimens) == 2 and self.rng.random() < 0.2:
                state = Detection.NOT_DETECTED if self.rng.random() < 0.7 else Detection.NOT_ASSESSABLE
            row = self._observed(timepoint, specimen, (gene, alteration, kind), state)
            self.cohort.evidence.append(row)

    def _detail(self, timepoint: str, found: Classification) -> None:
        """What each specimen could have shown; every second patient without findings has tissue too."""
        own = [r for r in self.cohort.evidence if (r.patient, r.timepoint) == (self.name, timepoint)]
        kinds = sorted({row.specimen_type.value for row in own})
        if not kinds:
            kinds = ["plasma", "tissue"][: 1 + int(self.name[1:]) % 2]
        informative = found is not Classification.NOT_EVALUABLE
        self.cohort.details.append(
            {
                "patient": self.name,
                "timepoint": timepoint,
                "specimens": [{"specimen": k, "specimen_type": k, "usable": True} for k in kinds],
                "negative": {"specimens": [{"specimen": k, "informative": informative} for k in kinds]},
            }
        )

    # --- what is written ---

    def _baseline(self, enrolled: dt.date) -> None:
        self.cohort.add(
            "patients",
            patient=self.name,
            enrolled=min(enrolled, LAST_DAY),
            diagnosed=self.start - dt.timedelta(days=int(self.rng.integers(7, 40))),
            sex=("female", "male")[int(self.rng.integers(0, 2))],
            age_at_diagnosis=int(self.rng.normal(54, 11)),
            alk_fusion="EML4-ALK",
            smoking=("never", "former", "current")[int(self.rng.choice(3, p=(0.65, 0.25, 0.1)))],
            cns_metastases=bool(self.rng.random() < 0.3),
            ecog=int(self.rng.choice(3, p=(0.4, 0.45, 0.15))),
        )

    def _scans(self, begin: dt.date, end: dt.date, *, responding: bool) -> None:
        """Scans between the first dose and the end, both left out."""
        day, number = begin + dt.timedelta(days=SCAN_DAYS), 0
        while day < end:
            response = "SD" if not responding or number == 0 else "PR"
            self.cohort.add("assessments", patient=self.name, date=day, response=response)
            day, number = day + dt.timedelta(days=SCAN_DAYS), number + 1

    def _safety(self, begin: dt.date, end: dt.date) -> None:
        for term in EVENTS:
            onset = self._later(begin, 1 / 700)
            if onset >= end:
                continue
            grade = int(self.rng.choice((1, 2, 3), p=(0.5, 0.35, 0.15)))
            relation = "related" if self.rng.random() < 0.8 else "unrelated"
            self.cohort.add(
                "adverse_events", patient=self.name, term=term, grade=grade, onset=onset, relation=relation
            )
            if grade == 3 and begin == self.start and not self._reduced():
                self.cohort.add(
                    "dose_changes",
                    patient=self.name,
                    drug="lorlatinib",
                    date=onset,
                    from_mg=100.0,
                    to_mg=75.0,
                    reason="toxicity",
                )

    def _reduced(self) -> bool:
        return any(row["patient"] == self.name for row in self.cohort.clinical["dose_changes"])

    def _treat(
        self, line: int, drugs: Sequence[str], start: dt.date, end: dt.date | None, reason: str
    ) -> None:
        self.cohort.add(
            "treatments", patient=self.name, line=line, drugs=tuple(drugs), start=start, end=end,
            reason=reason, regimen="+".join(drugs), dose_mg=self.law.doses.get("+".join(drugs)),
        )  # fmt: skip

    def _report(self, timepoint: str, collected: dt.date, reported: dt.date) -> None:
        self.cohort.add(
            "reports", patient=self.name, timepoint=timepoint, collected=collected, reported=reported
        )

    def _end(self, last: dt.date, death: dt.date | None) -> None:
        self.cohort.add("follow_up", patient=self.name, last_contact=death or last, death=death)

    def _later(self, start: dt.date, hazard: float, after: int = 0) -> dt.date:
        days = after + max(1, int(np.ceil(self.rng.exponential(1 / hazard))))
        return start + dt.timedelta(days=min(days, 20_000))
