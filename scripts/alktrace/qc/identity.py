"""Whose sample is it: genotypes of known polymorphisms compared within and between patients.

A patient's samples must share their genotypes; loss of an allele in a tumour makes some differ, so that the
verdict has a wide band between match and conflict. Samples of two patients that match more often than
chance allows over all pairs are one person's. Contamination and sex are estimated in each sample by itself.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..calling.genotyping.genotype_table import GenotypeRow
from ..inputs.settings.identity_settings import IdentitySettings
from ..io.tables import column, read_table, write_table
from ..vocabulary.samples import IdentityStatus
from .identity_table import IdentityRow

GENOTYPES = {"0/0": 0, "0/1": 1, "1/1": 2}
MISSING = -1
ERROR_RATES = (1e-6, 1e-5, 1e-4, 1e-3, 5e-3)
"""Rates of false bases tried beside the contamination, per molecule."""
CONTAMINANT = ((0.0, 0.25), (0.5, 0.5), (1.0, 0.25))
"""Share of the other allele in a foreign genome and its probability, for an allele of frequency one half."""
HALF_CHI_SQUARE = 1.92
IMBALANCE = 0.01
"""Prior probability that a tumour lost or gained an allele of a chromosome; an assumption of this project."""
LARGEST_MINORITY = 0.15
"""Share of an allele up to which a site is called homozygous for the other one."""
MINORITIES = 30
"""Shares of the rarer allele that are tried."""
GRID = 400
BLOCK = 512
"""Samples that are compared with all later ones at a time."""
SHARED_BY_SEXES = {
    "X": ((10_000, 2_781_479), (155_701_382, 156_030_895)),
    "Y": ((10_000, 2_781_479), (56_887_902, 57_217_415)),
}
"""Pseudoautosomal regions of GRCh38, 0-based half-open (Genome Reference Consortium)."""


class Sex(StrEnum):
    """Sex chromosomes that the targets show."""

    XX = "XX"
    XY = "XY"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class SampleIdentityRow:
    """`identity.tsv` of one patient: one sample."""

    sample: str = column("patient.timepoint.specimen")
    status: IdentityStatus = column("verdict over all comparisons of the sample")
    sites: int = column("polymorphisms genotyped")
    contamination: float | None = column("estimated share of molecules of another person")
    sex: Sex = column(
        "XX where polymorphisms of X are heterozygous, XY where those of Y are covered, else unknown"
    )
    matching: tuple[str, ...] = column("samples of the patient with the same genotypes")
    conflicting: tuple[str, ...] = column(
        "samples of the patient with other genotypes, and samples of other patients with the same"
    )
    heterozygous: int | None = column("sites of these that are heterozygous", default=None)
    contamination_low: float | None = column(
        "lower end of its 95 % interval, by the profile of the likelihood", default=None
    )
    contamination_high: float | None = column("upper end", default=None)


def compare_identity(
    *,
    genotypes: Mapping[str, Path],
    patients: Mapping[str, str],
    settings: IdentitySettings,
    out_table: Path,
    out_patients: Mapping[str, Path],
) -> None:
    """Compare all samples of the cohort.

    A patient's file holds nothing of other patients but those that conflict with it, so that a new patient
    leaves its content, and with it the results, as they are.

    Args:
        genotypes: `genotypes.tsv` by sample name.
        patients: patient by sample name; controls are left to the caller to leave out.
        settings: thresholds.
        out_table: table of `IdentityRow`: pairs of one patient, and alike pairs of two.
        out_patients: table of `SampleIdentityRow` by patient.
    """
    rows = {name: read_table(path, GenotypeRow) for name, path in sorted(genotypes.items())}
    pairs = compare_pairs(rows, patients, settings)
    verdicts = judge_samples(sorted(rows), patients, pairs)
    write_table(out_table, IdentityRow, pairs)
    for patient, path in sorted(out_patients.items()):
        own = [
            replace(
                verdicts[name],
                sites=sum(row.genotype is not None for row in rows[name]),
                heterozygous=sum(row.genotype == "0/1" for row in rows[name]),
                contamination=found.share if found else None,
                contamination_low=found.low if found else None,
                contamination_high=found.high if found else None,
                sex=sex_of(rows[name], settings.min_sex_sites),
            )
            for name in sorted(rows)
            if patients[name] == patient
            for found in [estimate_contamination(rows[name], min_sites=settings.min_sites)]
        ]
        write_table(path, SampleIdentityRow, own)


def compare_pairs(
    rows: Mapping[str, Sequence[GenotypeRow]], patients: Mapping[str, str], settings: IdentitySettings
) -> list[IdentityRow]:
    """Return the pairs of one patient, and the pairs of two patients that look like one person."""
    names = sorted(rows)
    table = _matrix([rows[name] for name in names])
    sexes = {name: sex_of(rows[name], settings.min_sex_sites) for name in names}
    codes = {patient: code for code, patient in enumerate(dict.fromkeys(patients[name] for name in names))}
    own = np.array([codes[patients[name]] for name in names], np.int64)
    sizes = np.bincount(own) if names else np.zeros(0, np.int64)
    pairs_between = (len(names) ** 2 - int((sizes**2).sum())) // 2
    found = []
    for i, j, n, same in _pairs_in_question(table, own, settings):
        name, other = names[i], names[j]
        mine = own[i] == own[j]
        status = _pair_status(n, same, settings) if mine else _stranger(n, same, pairs_between, settings)
        if mine and {sexes[name], sexes[other]} == {Sex.XX, Sex.XY}:
            status = IdentityStatus.CONFLICT
        if status is not None:
            found.append(IdentityRow(name, other, bool(mine), n, same / n if n else None, status))
    return found


def _pairs_in_question(
    table: NDArray[np.int8], own: NDArray[np.int64], settings: IdentitySettings
) -> Iterator[tuple[int, int, int, int]]:
    """Yield pairs of one patient and alike pairs of two: places, sites genotyped in both, equal ones.

    Millions of pairs of two patients are unlike: they are counted as products of matrices and left out there.
    Counts are whole numbers far below 2^24, so that 32-bit floats hold them exactly.
    """
    known = (table != MISSING).astype(np.float32)
    shown = np.hstack([(table == value).astype(np.float32) for value in GENOTYPES.values()])
    for first in range(0, len(table), BLOCK):
        last = min(first + BLOCK, len(table))
        sites = (known[first:last] @ known[first:].T).astype(np.int64)
        equal = (shown[first:last] @ shown[first:].T).astype(np.int64)
        mine = own[first:last, None] == own[None, first:]
        alike = (sites >= settings.min_sites) & (equal >= settings.match * sites)
        for i, j in np.argwhere(np.triu(mine | alike, k=1)).tolist():
            yield first + i, first + j, int(sites[i, j]), int(equal[i, j])


def concordances(
    rows: Mapping[str, Sequence[GenotypeRow]], min_sites: int
) -> dict[tuple[str, str], float | None]:
    """Return the share of equal genotypes of every pair, in the order given; None with fewer sites."""
    table = _matrix(list(rows.values()))
    found: dict[tuple[str, str], float | None] = {}
    for (i, name), (j, other) in combinations(enumerate(rows), 2):
        both = (table[i] != MISSING) & (table[j] != MISSING)
        sites, equal = int(both.sum()), int(((table[i] == table[j]) & both).sum())
        found[name, other] = equal / sites if sites >= min_sites else None
    return found


def judge_samples(
    names: Sequence[str], patients: Mapping[str, str], pairs: Iterable[IdentityRow]
) -> dict[str, SampleIdentityRow]:
    """Return the verdict of every sample from its pairs.

    The samples of a patient that match one another form groups. The largest group is the patient; samples
    that conflict with it are wrong. Without a largest group nobody can tell, and all that conflict are. A
    match with another patient makes a sample wrong unless it alone is backed by its own patient.
    """
    links = list(pairs)
    matches = _partners(links, same_patient=True, status=IdentityStatus.MATCH)
    conflicts = _partners(links, same_patient=True, status=IdentityStatus.CONFLICT)
    strangers = _partners(links, same_patient=False, status=IdentityStatus.CONFLICT)
    by_patient: dict[str, list[str]] = {}
    for name in names:
        by_patient.setdefault(patients[name], []).append(name)
    backed = set().union(*(_backed(group, matches, conflicts) for group in by_patient.values()), set())
    verdicts = {}
    for name in names:
        wrong = bool(conflicts.get(name)) and name not in backed
        wrong |= any(name not in backed or other in backed for other in strangers.get(name, ()))
        status = IdentityStatus.UNKNOWN
        if wrong:
            status = IdentityStatus.CONFLICT
        elif matches.get(name):
            status = IdentityStatus.MATCH
        conflicting = sorted({*conflicts.get(name, ()), *strangers.get(name, ())})
        verdicts[name] = SampleIdentityRow(
            name, status, 0, None, Sex.UNKNOWN, tuple(sorted(matches.get(name, ()))), tuple(conflicting)
        )
    return verdicts


@dataclass(frozen=True)
class Contamination:
    """Estimated share of foreign molecules with its 95 % interval, on the levels that were tried."""

    share: float
    low: float
    high: float


def estimate_contamination(rows: Sequence[GenotypeRow], *, min_sites: int) -> Contamination | None:
    """Return the share of foreign molecules that explains the other allele at homozygous sites best.

    Maximum likelihood over contamination (0 to 0.5) and base error. The genotype of the foreign person is
    unknown: its probabilities are those of an allele of frequency one half. A tumour that lost or gained an
    allele leaves few molecules of the other one too, but on some chromosomes, where a foreign person shows on
    all: a chromosome may be explained by imbalance instead, at its prior probability.

    The interval holds the levels whose log likelihood, with the base error that suits each best, is within
    1.92 of the largest: half of the 95 % point of chi square with one degree of freedom (profile likelihood;
    at the bound of 0 it is wider than it need be).

    Returns:
        None with fewer than `min_sites` homozygous sites.
    """
    chroms, other, total = _other_allele(rows)
    if len(total) < min_sites:
        return None
    own = [chroms == name for name in sorted(set(chroms))]
    levels = np.concatenate([[0.0], np.geomspace(1e-4, 0.5, GRID)])
    profile = np.max(
        [_over_chromosomes(*_site_likelihoods(other, total, levels, error), own) for error in ERROR_RATES],
        axis=0,
    )
    likely = levels[profile >= profile.max() - HALF_CHI_SQUARE]
    # The first of equal ones: the least contamination that explains the molecules.
    return Contamination(float(levels[np.argmax(profile)]), float(likely[0]), float(likely[-1]))


def sex_of(rows: Iterable[GenotypeRow], min_sites: int) -> Sex:
    """Return the sex that the polymorphisms of X and Y show, outside the regions that both share.

    Only what a tumour cannot feign counts: it loses X or Y, but gains no second allele of X and no Y.

    Args:
        rows: genotypes of a sample.
        min_sites: sites that must agree.
    """
    counts = {"X": 0, "Y": 0}
    for row in rows:
        chrom = row.chrom.removeprefix("chr")
        shared = any(start < row.pos <= end for start, end in SHARED_BY_SEXES.get(chrom, ()))
        if chrom in counts and not shared:
            counts[chrom] += row.genotype == "0/1" if chrom == "X" else row.genotype is not None
    female, male = (counts[chrom] >= min_sites for chrom in "XY")
    if female == male:
        return Sex.UNKNOWN
    return Sex.XX if female else Sex.XY


def _matrix(samples: Sequence[Sequence[GenotypeRow]]) -> NDArray[np.int8]:
    """Return genotypes as int8[samples, sites]: other alleles, or -1 where unknown."""
    sites = sorted({(r.chrom, r.pos, r.ref, r.alt) for rows in samples for r in rows})
    index = {site: i for i, site in enumerate(sites)}
    table = np.full((len(samples), len(sites)), MISSING, dtype=np.int8)
    for i, rows in enumerate(samples):
        for row in rows:
            if row.genotype is not None:
                table[i, index[row.chrom, row.pos, row.ref, row.alt]] = GENOTYPES[row.genotype]
    return table


def _pair_status(sites: int, equal: int, settings: IdentitySettings) -> IdentityStatus:
    if sites < settings.min_sites:
        return IdentityStatus.UNKNOWN
    if equal >= settings.match * sites:
        return IdentityStatus.MATCH
    return IdentityStatus.CONFLICT if equal < settings.mismatch * sites else IdentityStatus.UNKNOWN


def _stranger(sites: int, equal: int, pairs: int, settings: IdentitySettings) -> IdentityStatus | None:
    """Judge a pair of two patients; None where nothing links them."""
    from scipy.special import bdtrc

    if sites < settings.min_sites or equal < settings.match * sites:
        return None
    by_chance = float(bdtrc(equal - 1, sites, settings.chance)) * pairs
    return IdentityStatus.CONFLICT if by_chance <= settings.alpha else IdentityStatus.UNKNOWN


def _partners(
    pairs: Iterable[IdentityRow], *, same_patient: bool, status: IdentityStatus
) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for pair in pairs:
        if pair.same_patient == same_patient and pair.status is status:
            found.setdefault(pair.sample_a, set()).add(pair.sample_b)
            found.setdefault(pair.sample_b, set()).add(pair.sample_a)
    return found


def _backed(
    samples: Sequence[str], matches: Mapping[str, set[str]], conflicts: Mapping[str, set[str]]
) -> set[str]:
    """Return the largest group of matching samples of a patient; empty if two are equally large."""
    groups: list[set[str]] = []
    left = set(samples)
    while left:
        group, queue = set(), [min(left)]
        while queue:
            name = queue.pop()
            if name not in group:
                group.add(name)
                queue += sorted(matches.get(name, set()) & left)
        groups.append(group)
        left -= group
    groups.sort(key=lambda group: (-len(group), min(group)))
    largest = groups[0]
    rivals = [g for g in groups[1:] if len(g) == len(largest)]
    tied = any(conflicts.get(name, set()) & rival for rival in rivals for name in largest)
    return set() if tied or len(largest) < 2 else largest


def _other_allele(
    rows: Sequence[GenotypeRow],
) -> tuple[NDArray[np.str_], NDArray[np.int64], NDArray[np.int64]]:
    """Return chromosome, molecules with the other allele and all molecules, at homozygous sites."""
    homozygous = [row for row in rows if row.genotype in ("0/0", "1/1")]
    other = [r.alt_molecules if r.genotype == "0/0" else r.ref_molecules for r in homozygous]
    total = [r.alt_molecules + r.ref_molecules for r in homozygous]
    chroms = np.array([row.chrom for row in homozygous], dtype=np.str_)
    return chroms, np.array(other, dtype=np.int64), np.array(total, dtype=np.int64)


def _site_likelihoods(
    other: NDArray[np.int64], total: NDArray[np.int64], levels: NDArray[np.float64], error: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return log likelihoods of the sites by level of contamination, and under imbalance; constants left out.

    Under imbalance a site called homozygous is homozygous or heterozygous with equal probability; of the
    latter the other allele may have any share up to `LARGEST_MINORITY`.
    """

    def term(rate: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(other * np.log(rate) + (total - other) * np.log1p(-rate))

    foreign = np.full((len(levels), len(total)), -np.inf)
    for share, probability in CONTAMINANT:
        foreign = np.logaddexp(foreign, np.log(probability) + term(levels[:, None] * share + error))
    shares = LARGEST_MINORITY * (np.arange(MINORITIES)[:, None] + 0.5) / MINORITIES
    uneven = np.logaddexp.reduce(term(shares + error), axis=0) - np.log(MINORITIES)
    return foreign, np.logaddexp(term(np.array([error])), uneven) - np.log(2)


def _over_chromosomes(
    foreign: NDArray[np.float64], imbalanced: NDArray[np.float64], own: Sequence[NDArray[np.bool_]]
) -> NDArray[np.float64]:
    """Return the log likelihood of every level; each chromosome has the better of its two explanations."""
    found = np.zeros(len(foreign))
    for here in own:
        found += np.maximum(foreign[:, here].sum(axis=1), np.log(IMBALANCE) + imbalanced[here].sum())
    return found
