"""A made-up batch of 40 samples with failures, beside two earlier ones; genotypes of swapped samples too."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from alktrace.inputs.sample import Processing
from alktrace.inputs.settings.assay_settings import AssayQc
from alktrace.qc.identity import SampleIdentityRow, Sex, judge_samples
from alktrace.qc.identity_table import IdentityRow
from alktrace.qc.qc_table import QcRow
from alktrace.qc.release import Batch, batches, name_of
from alktrace.vocabulary.samples import IdentityStatus, Verdict

LIMITS = AssayQc(
    min_molecules=500,
    warn_molecules=1500,
    min_on_target=0.3,
    max_contamination=0.03,
    max_blank_molecules=20,
)
MATCH, CONFLICT, UNKNOWN = IdentityStatus
WARNED, FAILED = (5, 11, 12), 20
SWAPPED = ((2, 9), (14, 15))


@dataclass(frozen=True)
class Made:
    """What `qc.release.batches` takes."""

    quality: Sequence[QcRow]
    processing: Mapping[str, Processing]
    genotypes: Mapping[str, SampleIdentityRow]
    pairs: Sequence[IdentityRow]
    shares: Mapping[tuple[str, str], float | None]

    def batches(self) -> list[Batch]:
        """Return the batches as the page gets them."""
        return batches(
            self.quality,
            limits={"panel": LIMITS},
            processing=self.processing,
            genotypes=self.genotypes,
            pairs=self.pairs,
            no_class={},
        )


def quality_row(patient: str, timepoint: str = "PD1", **given: object) -> QcRow:
    """Return a row of a good sample, with changes."""
    values: dict[str, object] = {
        "patient": patient,
        "timepoint": timepoint,
        "specimen": "plasma",
        "role": "patient",
        "assay": "panel",
        "raw_reads": 4_000_000,
        "on_target": 0.86,
        "molecules": 2400.0,
        "molecules_duplex": 800.0,
        "duplex_yield": 0.34,
        "insert_size": 167.0,
        "contamination": 0.0,
        "control_expected": (),
        "control_found": (),
        "identity": MATCH,
        "sex": "XX",
        "tumour_fraction": 0.12,
        "fusions": None,
        "copy_number_noise": 0.1,
        "copy_number_reference": "pooled",
        "verdict": Verdict.PASS,
        "reasons": (),
    }
    return QcRow(**(values | given))  # type: ignore[arg-type]


def made_batches(patients: int = 20, batch: str = "B3", blank: float = 3.0) -> Made:
    """Return three batches; the newest has two samples of each patient, warnings, failures, two swaps."""
    draw = random.Random(3)
    rows, processing = [], {}
    for name, size in (("B1", 12), ("B2", 16), (batch, 2 * patients)):
        for number in range(size):
            newest = name == batch
            patient = f"{name}-P{number // 2:02}" if not newest else f"P{number // 2:02}"
            row = quality_row(
                patient,
                ("BL", "PD1")[number % 2],
                molecules=round(draw.lognormvariate(7.8, 0.15)),
                duplex_yield=round(draw.uniform(0.28, 0.4), 3),
                on_target=round(draw.uniform(0.8, 0.9), 3),
                tumour_fraction=round(draw.uniform(0.01, 0.5), 3),
                insert_size=float(draw.randint(160, 175)),
                contamination=round(draw.uniform(0, 0.002), 5),
            )
            rows.append(changed(row, number) if newest else row)
            well = f"{'ABCDEFGH'[number % 8]}{number // 8 + 1}"
            processing[name_of(rows[-1])] = Processing(name, f"plate-{name}", well, "ml", f"run-{name}")
        blank_row = quality_row(
            f"NTC-{name}",
            "N1",
            role="control",
            molecules=blank,
            raw_reads=40,
            identity=UNKNOWN,
            contamination=None,
            tumour_fraction=None,
        )
        failed = blank > LIMITS.max_blank_molecules
        rows.append(
            with_verdict(blank_row, Verdict.FAIL, f"blank with {blank:g} molecules") if failed else blank_row
        )
        processing[name_of(rows[-1])] = Processing(name, f"plate-{name}", "H12", "ml", f"run-{name}")
    people = person_of(rows)
    linked = pairs(rows, people)
    owners = {name_of(row): row.patient for row in rows if row.role != "control"}
    judged = judge_samples(list(owners), owners, linked)
    rows = [identified(row, judged.get(name_of(row))) for row in rows]
    return Made(rows, processing, genotypes(rows, judged), linked, shares(rows, people, batch, processing))


def changed(row: QcRow, number: int) -> QcRow:
    """Return the sample as it is in the newest batch, before its identity is judged."""
    if number in WARNED:
        return with_verdict(row, Verdict.WARN, "molecules 900 below 1500", molecules=900.0)
    if number == FAILED:
        return with_verdict(row, Verdict.FAIL, "contamination 0.08 above 0.03", contamination=0.08)
    if number % 7 == 0 and not any(number // 2 in pair for pair in SWAPPED):
        # Too few polymorphisms for contamination and for identity.
        return with_verdict(row, Verdict.PASS, contamination=None)
    return row


def identified(row: QcRow, judged: SampleIdentityRow | None) -> QcRow:
    """Return the row with the identity that the product judges, which fails a sample in conflict."""
    status = judged.status if judged else UNKNOWN
    if status is not CONFLICT:
        return with_verdict(row, row.verdict, *row.reasons, identity=status)
    return with_verdict(row, Verdict.FAIL, *row.reasons, "identity conflict", identity=status)


def with_verdict(row: QcRow, verdict: Verdict, *reasons: str, **given: object) -> QcRow:
    """Return a row with another verdict and figures."""
    return QcRow(**(vars(row) | {"verdict": verdict, "reasons": reasons} | given))


def person_of(rows: Sequence[QcRow]) -> dict[str, str]:
    """Return whose DNA is in each sample: that of its patient but for the swapped ones."""
    found = {name_of(row): row.patient for row in rows if row.role != "control"}
    for a, b in SWAPPED:
        one, other = f"P{a:02}.PD1.plasma", f"P{b:02}.PD1.plasma"
        if one in found and other in found:
            found[one], found[other] = found[other], found[one]
    return found


def genotypes(rows: Sequence[QcRow], judged: Mapping[str, SampleIdentityRow]) -> dict[str, SampleIdentityRow]:
    """Return the row of each sample, with an interval around its contamination."""
    found = {}
    for row in rows:
        if name_of(row) in judged:
            share = row.contamination
            found[name_of(row)] = replace(
                judged[name_of(row)],
                sites=9 if share is None else 60,
                contamination=share,
                sex=Sex.XX,
                heterozygous=5 if share is None else 28,
                contamination_low=None if share is None else share / 2,
                contamination_high=None if share is None else share * 2 + 0.001,
            )
    return found


def pairs(rows: Sequence[QcRow], people: Mapping[str, str]) -> list[IdentityRow]:
    """Return the pairs of one patient, and those of two patients that are one person."""
    compared = [row for row in rows if row.role != "control" and row.contamination is not None]
    found = []
    for one, other in combinations(compared, 2):
        names = name_of(one), name_of(other)
        mine, same = one.patient == other.patient, people[names[0]] == people[names[1]]
        if mine or same:
            status = MATCH if mine and same else CONFLICT
            found.append(IdentityRow(*names, mine, 60, 1.0 if same else 0.5, status))
    return found


def shares(
    rows: Sequence[QcRow], people: Mapping[str, str], batch: str, processing: Mapping[str, Processing]
) -> dict[tuple[str, str], float | None]:
    """Return the share of equal genotypes of every pair of the newest batch."""
    names = sorted(name for name in people if processing[name].batch == batch)
    draw = random.Random(4)
    return {
        (name, other): 1.0 if people[name] == people[other] else round(draw.uniform(0.35, 0.6), 2)
        for i, name in enumerate(names)
        for other in names[i + 1 :]
    }
