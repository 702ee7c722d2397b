"""Phase of ALK alterations from molecules: on one molecule (cis), apart (trans), or open.

Counts are molecules that show every site of the set. A molecule with an N, a filtered base or a
third allele at one site is uninformative and takes no part.

**Cis.** A compound clone grows inside a single-mutant clone, so the share of double-mutant
molecules says nothing; only their origin matters. Null hypothesis: no molecule carries the whole set.
All-mutant molecules then come from

* noise: an incomplete molecule misread at every missing site, `sum over patterns of n(pattern) x
  chance`. Misreadings of one molecule need not be independent (one damaged strand, one bad read), so
  the chance is the product of the error rates, but at least the smallest of them times the share of
  correlated errors `c`; for a pair
  `n(a) err(b) + n(b) err(a) + n(neither) max(err(a) err(b), c min(err(a), err(b)))`;
* UMI collisions: two originals that complete each other taken for one molecule, for a pair
  `2 x collision rate x n(a) n(b) / n`;
* PCR chimeras: the left part of one original joined to the right part of another, for a pair
  `chimera rate x n(a) n(b) / n`.

In these sums the all-mutant molecules are counted into every pattern that lacks one site, so the
expectation errs upwards. The number of false all-mutant molecules is a sum of rare independent events; its
upper tail is bounded by the exact Poisson tail of that expectation (for binomial parts the bound
holds above the mean: Anderson and Samuels 1967).

**Trans.** No all-mutant molecule, enough mutant molecules, enough of each. The largest share of
all-mutant among mutant molecules still possible is the one-sided exact binomial 95 % bound.

Patterns read `1` for mutant and `0` for reference, in the order of the alterations.
"""

import itertools
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from ..evidence.schema import PhaseObservation
from ..inputs.settings.phase_settings import PhaseSettings
from ..stats.intervals import upper_bound
from ..vocabulary.caveats import Caveat, CaveatCode
from ..vocabulary.resistance import Phase


class PhaseReason(StrEnum):
    """Why the phase is what it is; codes of the `phase_evidence` column and the JSON."""

    DOUBLES_PROVEN = "doubles_proven"
    PROVEN_BY_LARGER_SET = "proven_by_larger_set"
    NO_DOUBLE = "no_double"
    SAME_BASE = "same_base"
    SAME_CODON = "same_codon"
    NOT_SPANNABLE = "not_spannable"
    REPORTED_ONLY = "reported_only"
    SEPARATE_SPECIMENS = "separate_specimens"
    UNINFORMATIVE = "uninformative"
    TOO_FEW_MOLECULES = "too_few_molecules"
    TOO_FEW_DOUBLES = "too_few_doubles"
    DOUBLES_WITHIN_NOISE = "doubles_within_noise"
    SPECIMENS_DISAGREE = "specimens_disagree"


CIS_PHASES = frozenset({Phase.CIS, Phase.CIS_AND_SINGLE})
PARENTAL_CLONE = Caveat(CaveatCode.PARENTAL_CLONE)
SPECIMENS_DISAGREE = Caveat(CaveatCode.PHASE_SPECIMENS_DISAGREE)


@dataclass(frozen=True)
class PhaseCounts:
    """Molecules of one set in one specimen, or summed over specimens.

    Attributes:
        doubles: molecules with every alteration of the set.
        singles: per alteration, molecules that carry it but not the whole set.
        informative: molecules with at least one alteration.
        total: molecules that show every site.
        expected_doubles: all-mutant molecules expected under the null.
        expected_singles: per alteration, such molecules expected from dropout and noise alone.
        p_value: chance of so many all-mutant molecules under the null; 1 if there is none.
    """

    specimen: str
    doubles: int
    singles: tuple[int, ...]
    informative: int
    total: int
    uninformative: int
    expected_doubles: float
    expected_singles: tuple[float, ...]
    p_value: float


@dataclass(frozen=True)
class PhaseVerdict:
    """Phase of one set of alterations at one timepoint, with the numbers behind it.

    Attributes:
        alterations: keys of the set, sorted.
        p_value: smallest tail probability of the tests (each specimen, all together); None if no molecule.
        max_double_share: of a trans verdict, the share of all-mutant among mutant molecules
            still possible (95 %).
        specimens: the counts of each specimen.
    """

    alterations: tuple[str, ...]
    phase: Phase
    reason: PhaseReason
    p_value: float | None = None
    max_double_share: float | None = None
    doubles: int = 0
    singles: tuple[int, ...] = ()
    informative: int = 0
    uninformative: int = 0
    expected_doubles: float = 0.0
    flags: tuple[Caveat, ...] = ()
    specimens: tuple[PhaseCounts, ...] = field(default=())


def poisson_tail(count: int, expected: float) -> float:
    """Return P(X >= count) for a Poisson variable with the given mean; exact."""
    from scipy.special import pdtrc

    return 1.0 if count <= 0 else float(pdtrc(count - 1, expected))


def resolve_phase(observations: Sequence[PhaseObservation], settings: PhaseSettings) -> PhaseVerdict:
    """Return the phase of one set of alterations over all specimens of a timepoint.

    Cis in one specimen is cis, whatever the others show: every specimen is tested alone and all
    are tested together, so another specimen can add proof but not take it away. A specimen that looks trans
    beside a proven one is flagged; beside unproven doubles it leaves the phase open.

    Args:
        observations: one per specimen, all over the same alterations.
        settings: section `resistance.phase`.

    Raises:
        ValueError: no observation, or observations over different alterations.
    """
    if len({frozenset(seen.alterations) for seen in observations}) != 1:
        raise ValueError("phase needs observations over one set of alterations")
    names = tuple(sorted(observations[0].alterations))
    counts = tuple(
        sorted(
            (count_patterns(seen, names, settings.correlated_error_share) for seen in observations),
            key=lambda item: item.specimen,
        )
    )
    return _judge(names, counts, settings)


def count_patterns(seen: PhaseObservation, names: tuple[str, ...], correlated: float) -> PhaseCounts:
    """Count one observation with its alterations brought into the order of `names`.

    Args:
        seen: molecules of one specimen.
        names: the order wanted.
        correlated: share of misreadings that come with one at every other missing site.
    """
    # Patterns follow the genome in the file, keys are sorted here: unturned, singles would change owners.
    order = [seen.alterations.index(name) for name in names]
    patterns: dict[str, int] = {}
    for pattern, count in seen.patterns.items():
        turned = "".join(pattern[index] for index in order)
        patterns[turned] = patterns.get(turned, 0) + count
    size = len(names)
    full = "1" * size
    doubles = patterns.get(full, 0)
    singles = tuple(
        sum(count for pattern, count in patterns.items() if pattern[site] == "1" and pattern != full)
        for site in range(size)
    )
    total = sum(patterns.values())
    errors = [seen.error_rates[index] for index in order]
    # Chimeras depend on which site lies left: the observation lists them in genomic order.
    expected = _expected_full(seen.patterns, seen, correlated)
    return PhaseCounts(
        specimen=seen.full_name,
        doubles=doubles,
        singles=singles,
        informative=total - patterns.get("0" * size, 0),
        total=total,
        uninformative=seen.uninformative,
        expected_doubles=expected,
        expected_singles=_expected_singles(patterns, errors, seen),
        p_value=poisson_tail(doubles, expected),
    )


def _expected_full(patterns: Mapping[str, int], seen: PhaseObservation, correlated: float) -> float:
    """Return the all-mutant molecules expected if no original molecule carries the whole set."""
    size = len(seen.alterations)
    full = "1" * size
    # Molecules that show every site alone: with the uninformative ones every expectation would shrink.
    total = sum(patterns.values())
    if total == 0:
        return 0.0
    doubles = patterns.get(full, 0)
    # Doubles count as partial molecules too: under the null they are such, misread.
    partial = {pattern: count for pattern, count in patterns.items() if pattern != full}
    for site in range(size):
        lacking = full[:site] + "0" + full[site + 1 :]
        partial[lacking] = partial.get(lacking, 0) + doubles
    noise = sum(count * _misread(pattern, seen.error_rates, correlated) for pattern, count in partial.items())
    return float(
        noise
        + seen.collision_rate * _completing_pairs(partial) / total
        + seen.chimera_rate * _joined_halves(partial, size) / total
    )


def _misread(pattern: str, errors: Sequence[float], correlated: float) -> float:
    missing = [error for base, error in zip(pattern, errors, strict=True) if base == "0"]
    apart = math.prod(missing)
    # One damaged strand misreads several sites at once: independence alone would prove cis from a bad read.
    return apart if len(missing) < 2 else max(apart, correlated * min(missing))


def _completing_pairs(partial: Mapping[str, int]) -> float:
    """Ordered pairs of incomplete molecules that together show every alteration."""
    return float(
        sum(
            first * second
            for (a, first), (b, second) in itertools.product(partial.items(), repeat=2)
            if all("1" in pair for pair in zip(a, b, strict=True))
        )
    )


def _joined_halves(partial: Mapping[str, int], size: int) -> float:
    """Pairs whose left part of one and right part of the other show every alteration.

    The rate is stated for the whole stretch between the outer sites; all of it is laid into the
    gap where it does most harm.
    """
    best = 0
    for cut in range(1, size):
        left = sum(count for pattern, count in partial.items() if "0" not in pattern[:cut])
        right = sum(count for pattern, count in partial.items() if "0" not in pattern[cut:])
        best = max(best, left * right)
    return float(best)


def _expected_singles(
    patterns: Mapping[str, int], errors: Sequence[float], seen: PhaseObservation
) -> tuple[float, ...]:
    """Incomplete molecules per site expected from all-mutant and reference molecules alone."""
    size = len(errors)
    doubles = patterns.get("1" * size, 0)
    none = patterns.get("0" * size, 0)
    mixing = seen.collision_rate + seen.chimera_rate
    return tuple(
        none * errors[site] + doubles * (sum(errors) - errors[site] + mixing) for site in range(size)
    )


def _judge(names: tuple[str, ...], counts: tuple[PhaseCounts, ...], settings: PhaseSettings) -> PhaseVerdict:
    pooled = _pool(counts, len(names))
    # Each specimen and all together: pooling alone would bury a compound of CSF under plasma.
    tests = (*counts, pooled)
    proven = any(_is_cis(test, settings) for test in tests)
    looks_trans = any(_is_trans(test, settings) for test in counts)
    flags: tuple[Caveat, ...] = ()
    share = None
    if proven:
        parental = any(_has_parental(test, settings) for test in tests)
        phase = Phase.CIS_AND_SINGLE if parental else Phase.CIS
        reason = PhaseReason.DOUBLES_PROVEN
        flags = ((PARENTAL_CLONE,) if parental else ()) + ((SPECIMENS_DISAGREE,) if looks_trans else ())
    elif _is_trans(pooled, settings):
        phase, reason = Phase.TRANS, PhaseReason.NO_DOUBLE
        share = upper_bound(0, pooled.informative)
    else:
        phase, reason = Phase.UNRESOLVED, _open_reason(pooled, looks_trans, settings)
        flags = (SPECIMENS_DISAGREE,) if reason is PhaseReason.SPECIMENS_DISAGREE else ()
    return PhaseVerdict(
        alterations=names,
        phase=phase,
        reason=reason,
        p_value=min(test.p_value for test in tests) if pooled.total else None,
        max_double_share=share,
        doubles=pooled.doubles,
        singles=pooled.singles,
        informative=pooled.informative,
        uninformative=pooled.uninformative,
        expected_doubles=pooled.expected_doubles,
        flags=flags,
        specimens=counts,
    )


def _pool(counts: Sequence[PhaseCounts], size: int) -> PhaseCounts:
    doubles = sum(item.doubles for item in counts)
    expected = sum(item.expected_doubles for item in counts)
    return PhaseCounts(
        specimen="all",
        doubles=doubles,
        singles=tuple(sum(item.singles[site] for item in counts) for site in range(size)),
        informative=sum(item.informative for item in counts),
        total=sum(item.total for item in counts),
        uninformative=sum(item.uninformative for item in counts),
        expected_doubles=expected,
        expected_singles=tuple(sum(item.expected_singles[site] for item in counts) for site in range(size)),
        p_value=poisson_tail(doubles, expected),
    )


def _is_cis(test: PhaseCounts, settings: PhaseSettings) -> bool:
    return test.doubles >= settings.min_double and test.p_value < settings.alpha


def _is_trans(test: PhaseCounts, settings: PhaseSettings) -> bool:
    enough = test.informative >= settings.min_informative and min(test.singles) >= settings.min_single
    # Enough of each single: a clone of two molecules that shares none proves nothing.
    return test.doubles == 0 and enough


def _has_parental(test: PhaseCounts, settings: PhaseSettings) -> bool:
    return any(
        count >= settings.min_parental and poisson_tail(count, expected) < settings.alpha
        for count, expected in zip(test.singles, test.expected_singles, strict=True)
    )


def _open_reason(pooled: PhaseCounts, looks_trans: bool, settings: PhaseSettings) -> PhaseReason:
    ladder = (
        (pooled.total + pooled.uninformative == 0, PhaseReason.NOT_SPANNABLE),
        (pooled.total == 0, PhaseReason.UNINFORMATIVE),
        (looks_trans, PhaseReason.SPECIMENS_DISAGREE),
        # Noise before "too few": many doubles that noise explains are not a near proof.
        (pooled.doubles > 0 and pooled.p_value >= settings.alpha, PhaseReason.DOUBLES_WITHIN_NOISE),
        (pooled.doubles > 0, PhaseReason.TOO_FEW_DOUBLES),
    )
    return next((reason for holds, reason in ladder if holds), PhaseReason.TOO_FEW_MOLECULES)


# --- text, and the bound behind a hint ---------------------------------------------------------


@dataclass(frozen=True)
class PartnerPhase:
    """Phase of a mutation to one other.

    Attributes:
        partner: name of the other mutation.
        reason: None where the counts say it themselves.
        counts: the molecules behind it, in words; empty where none were counted.
    """

    partner: str
    phase: Phase
    reason: PhaseReason | None
    counts: str

    def __str__(self) -> str:
        return f"{self.partner}: {self.phase}, {_joined(self.reason, self.counts)}"


@dataclass(frozen=True)
class PhaseEvidence:
    """Column `phase_evidence`: a mutation against each of the others, the strongest phase first."""

    partners: tuple[PartnerPhase, ...]

    def __str__(self) -> str:
        return " | ".join(map(str, self.partners))

    @classmethod
    def parse(cls, text: str) -> "PhaseEvidence":
        """Return the evidence of its text: `I1171N: UNRESOLVED, not_spannable | L1196M: CIS, 5 molecules`.

        Raises:
            ValueError: the text is none.
        """
        return cls(tuple(_read_partner(part) for part in text.split(" | ")))


def _read_partner(text: str) -> PartnerPhase:
    found = _PARTNER.fullmatch(text)
    if found is None:
        raise ValueError("write partner: PHASE, reason or molecules")
    reason = PhaseReason(found["reason"]) if found["reason"] else None
    return PartnerPhase(found["partner"], Phase(found["phase"]), reason, found["counts"])


_PARTNER = re.compile(
    f"(?P<partner>.+?): (?P<phase>{'|'.join(Phase)}), "
    f"(?:(?P<reason>{'|'.join(PhaseReason)})(?: |$))?(?P<counts>.*)"
)


def partner_phase(partner: str, verdict: PhaseVerdict) -> PartnerPhase:
    """Return the phase of a mutation to the partner of this name."""
    return PartnerPhase(partner, verdict.phase, *_reason_and_counts(verdict))


def describe(verdict: PhaseVerdict) -> str:
    """Return the evidence of a phase in one line."""
    return _joined(*_reason_and_counts(verdict))


def _joined(reason: PhaseReason | None, counts: str) -> str:
    return " ".join(part for part in (reason, counts) if part)


def _reason_and_counts(verdict: PhaseVerdict) -> tuple[PhaseReason | None, str]:
    singles = "+".join(str(count) for count in verdict.singles)
    if verdict.phase in CIS_PHASES and verdict.reason is PhaseReason.DOUBLES_PROVEN:
        return None, (
            f"{verdict.doubles} molecules with all, {singles} with one only, "
            f"{verdict.expected_doubles:.2g} with all expected by error, p {verdict.p_value:.2g}"
        )
    # Without the share that stays possible "no molecule with all" would read as proof that none exists.
    if verdict.reason is PhaseReason.NO_DOUBLE and verdict.max_double_share is not None:
        return None, (
            f"no molecule with all of {verdict.informative} mutant molecules ({singles}), "
            f"a share up to {verdict.max_double_share:.0%} not excluded"
        )
    counted = f"({verdict.doubles} with all of {verdict.informative} mutant molecules)"
    return verdict.reason, counted if verdict.informative else ""


def copies_share_low(vaf_low: float, tumour_fraction_high: float, copy_number_high: float) -> float:
    """Return the smallest share of the tumour's ALK copies that a VAF can mean.

    `vaf x (TF x CN + 2 (1 - TF)) / (TF x CN)` falls with the tumour fraction and with the copy
    number, so the upper ends of both give the lower bound.
    """
    tumour_copies = tumour_fraction_high * copy_number_high
    if tumour_copies <= 0:
        return 0.0
    return vaf_low * (tumour_copies + 2 * (1 - tumour_fraction_high)) / tumour_copies
