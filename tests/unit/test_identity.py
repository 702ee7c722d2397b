"""Identity and contamination on simulated persons: genotypes are drawn, then counted in molecules."""

import time
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from present_values import present
from shipped_settings import SHIPPED

from alktrace.calling.genotyping.genotype_table import GenotypeRow
from alktrace.calling.genotyping.polymorphisms import genotype
from alktrace.inputs.settings.identity_settings import IdentitySettings
from alktrace.io.tables import read_table, write_table
from alktrace.qc import identity
from alktrace.qc.identity import (
    SampleIdentityRow,
    Sex,
    compare_identity,
    compare_pairs,
    concordances,
    estimate_contamination,
    judge_samples,
    sex_of,
)
from alktrace.qc.identity_table import IdentityRow
from alktrace.vocabulary.samples import IdentityStatus

SITES = 40
MATCH, CONFLICT, UNKNOWN = IdentityStatus.MATCH, IdentityStatus.CONFLICT, IdentityStatus.UNKNOWN


@pytest.fixture(scope="module")
def settings() -> IdentitySettings:
    return SHIPPED.identity


def person(seed: int, sites: int = SITES) -> NDArray[np.int64]:
    return np.random.default_rng(seed).binomial(2, 0.5, size=sites)


def sample(
    genome: NDArray[np.int64],
    *,
    seed: int,
    depth: int = 800,
    foreign: NDArray[np.int64] | None = None,
    share: float = 0.0,
    lost: float = 0.0,
    error: float = 1e-5,
) -> list[GenotypeRow]:
    """Count molecules; `lost` is the share of heterozygous sites of which a pure tumour keeps one allele."""
    dice = np.random.default_rng(seed)
    rows = []
    for i, copies in enumerate(genome):
        fraction = copies / 2
        if copies == 1 and dice.random() < lost:
            fraction = 0.02
        if foreign is not None:
            fraction = (1 - share) * fraction + share * foreign[i] / 2
        alt = int(dice.binomial(depth, fraction + error * (1 - 2 * fraction)))
        vaf = alt / depth if depth else 0.0
        called = "0/0" if vaf < 0.1 else "1/1" if vaf > 0.9 else "0/1" if 0.2 < vaf < 0.8 else None
        rows.append(
            GenotypeRow("chr1", 1000 + i, "A", "G", depth - alt, alt, called if depth >= 20 else None)
        )
    return rows


def verdicts(samples: dict[str, list[GenotypeRow]], settings: IdentitySettings) -> dict[str, IdentityStatus]:
    patients = {name: name.split(".")[0] for name in samples}
    pairs = compare_pairs(samples, patients, settings)
    return {n: row.status for n, row in judge_samples(sorted(samples), patients, pairs).items()}


ANNA, BEA, CLEO = person(1), person(2), person(3)


def test_samples_of_one_person(settings: IdentitySettings) -> None:
    samples = {"P1.t1.plasma": sample(ANNA, seed=1), "P1.t1.wbc": sample(ANNA, seed=2)}
    assert set(verdicts(samples, settings).values()) == {MATCH}


def test_one_sample_says_nothing(settings: IdentitySettings) -> None:
    assert verdicts({"P1.t1.plasma": sample(ANNA, seed=1)}, settings) == {"P1.t1.plasma": UNKNOWN}


def test_foreign_sample_among_three(settings: IdentitySettings) -> None:
    samples = {
        "P1.t1.plasma": sample(ANNA, seed=1),
        "P1.t1.wbc": sample(ANNA, seed=2),
        "P1.t2.plasma": sample(BEA, seed=3),
    }
    assert verdicts(samples, settings) == {
        "P1.t1.plasma": MATCH,
        "P1.t1.wbc": MATCH,
        "P1.t2.plasma": CONFLICT,
    }


def test_two_that_differ_are_both_in_doubt(settings: IdentitySettings) -> None:
    samples = {"P1.t1.plasma": sample(ANNA, seed=1), "P1.t1.wbc": sample(BEA, seed=2)}
    assert set(verdicts(samples, settings).values()) == {CONFLICT}


def test_two_against_two_are_all_in_doubt(settings: IdentitySettings) -> None:
    samples = {f"P1.t{i}.plasma": sample(ANNA if i < 2 else BEA, seed=i) for i in range(4)}
    assert set(verdicts(samples, settings).values()) == {CONFLICT}


def test_swap_between_two_patients(settings: IdentitySettings) -> None:
    samples = {
        "P1.t1.plasma": sample(ANNA, seed=1),
        "P1.t1.wbc": sample(ANNA, seed=2),
        "P1.t2.plasma": sample(BEA, seed=3),
        "P2.t1.plasma": sample(BEA, seed=4),
        "P2.t1.wbc": sample(BEA, seed=5),
        "P2.t2.plasma": sample(ANNA, seed=6),
    }
    found = verdicts(samples, settings)
    assert {name for name, status in found.items() if status is CONFLICT} == {"P1.t2.plasma", "P2.t2.plasma"}


def test_lone_sample_of_another_patient(settings: IdentitySettings) -> None:
    samples = {
        "P1.t1.plasma": sample(ANNA, seed=1),
        "P1.t1.wbc": sample(ANNA, seed=2),
        "P2.t1.plasma": sample(ANNA, seed=3),
    }
    assert verdicts(samples, settings) == {
        "P1.t1.plasma": MATCH,
        "P1.t1.wbc": MATCH,
        "P2.t1.plasma": CONFLICT,
    }


def test_one_person_enrolled_twice(settings: IdentitySettings) -> None:
    samples = {f"P{p}.t1.{s}": sample(ANNA, seed=10 * p + i) for p in (1, 2) for i, s in enumerate("ab")}
    assert set(verdicts(samples, settings).values()) == {CONFLICT}


def test_tumour_that_lost_alleles_is_not_another_person(settings: IdentitySettings) -> None:
    samples = {"P1.t1.tissue": sample(ANNA, seed=1, lost=0.3), "P1.t1.wbc": sample(ANNA, seed=2)}
    assert CONFLICT not in verdicts(samples, settings).values()


def test_too_few_sites(settings: IdentitySettings) -> None:
    samples = {
        "P1.t1.plasma": sample(ANNA[:7], seed=1),
        "P1.t1.wbc": sample(BEA[:7], seed=2),
        "P2.t1.wbc": sample(ANNA[:7], seed=3),
    }
    assert set(verdicts(samples, settings).values()) == {UNKNOWN}


def test_chance_matches_in_a_large_cohort_are_no_conflict(settings: IdentitySettings) -> None:
    """Nine sites: hundreds of strangers, some alike in all of them by chance."""
    samples = {f"P{i}.t1.wbc": sample(person(100 + i, 9), seed=i, depth=100) for i in range(150)}
    assert CONFLICT not in verdicts(samples, settings).values()


def test_depth_too_low(settings: IdentitySettings) -> None:
    samples = {"P1.t1.plasma": sample(ANNA, seed=1, depth=0), "P1.t1.wbc": sample(ANNA, seed=2)}
    assert set(verdicts(samples, settings).values()) == {UNKNOWN}


@pytest.mark.parametrize("share", [0.0, 0.005, 0.02, 0.05, 0.1])
@pytest.mark.parametrize("error", [1e-5, 1e-3])
def test_contamination(share: float, error: float) -> None:
    found = [
        present(
            estimate_contamination(
                sample(person(50 + i), seed=i, depth=2000, foreign=person(90 + i), share=share, error=error),
                min_sites=8,
            )
        )
        for i in range(10)
    ]
    estimates = [one.share for one in found]
    assert all(one.low <= one.share <= one.high for one in found)
    # Seven of ten or fewer has a probability of 1 % where each interval holds the truth with 95 %.
    assert sum(one.low <= share * 1.03 and share <= one.high * 1.03 for one in found) >= 8
    assert np.median(estimates) == pytest.approx(share, rel=0.15, abs=5e-4)
    assert max(estimates) <= 1.5 * share + 2 * max(error, 5e-4)


def uneven(gained: dict[int, float], *, share: float = 0.0, sites: int = 60) -> list[list[GenotypeRow]]:
    """Ten persons with five sites per chromosome; of some one allele has so many copies, the other one.

    Genotypes are called as they are of molecules, so that a rare allele may be taken for none.
    """
    samples = []
    for seed in range(10):
        dice, mine, foreign = np.random.default_rng(seed), person(50 + seed, sites), person(90 + seed, sites)
        rows = []
        for i in range(sites):
            more = gained.get(i // 5, 1.0)
            first = more / (more + 1) if dice.random() < 0.5 else 1 / (more + 1)
            own = {0: 0.0, 1: first, 2: 1.0}[int(mine[i])]
            alt = int(dice.binomial(130, (1 - share) * own + share * foreign[i] / 2))
            rows.append(
                GenotypeRow(f"chr{i // 5}", 1000 + i, "A", "G", 130 - alt, alt, genotype(130 - alt, alt))
            )
        samples.append(rows)
    return samples


@pytest.mark.parametrize(
    "gained",
    [
        pytest.param({7: 8.2}, id="MET in twelve copies, seven of ten cells tumour"),
        pytest.param({3: 5.0, 7: 5.0}, id="RB1 and TP53 lost in eight of ten cells"),
    ],
)
def test_an_uneven_tumour_is_not_contaminated(gained: dict[int, float]) -> None:
    estimates = [estimate_contamination(rows, min_sites=8) for rows in uneven(gained)]
    assert max(found.share for found in estimates if found is not None) < 0.005


@pytest.mark.parametrize("share", [0.05, 0.2])
def test_an_uneven_tumour_may_be_contaminated_too(share: float) -> None:
    estimates = [estimate_contamination(rows, min_sites=8) for rows in uneven({7: 8.2}, share=share)]
    assert min(found.share for found in estimates if found is not None) > 0.5 * share


@pytest.mark.parametrize("share", [0.4, 0.5])
def test_much_foreign_dna_is_missed_and_looks_heterozygous(share: float) -> None:
    """What the estimate rests on is gone; of nearly all sites heterozygous `judge_quality` warns."""
    for rows in uneven({}, share=share):
        heterozygous = sum(row.genotype == "0/1" for row in rows)
        assert heterozygous >= 44, "P(X >= 44 of 60, one half) is 2e-4"


def test_contamination_needs_sites() -> None:
    assert estimate_contamination(sample(ANNA[:10], seed=1), min_sites=8) is None
    assert estimate_contamination([], min_sites=8) is None


def write_cohort(folder: Path, samples: dict[str, list[GenotypeRow]]) -> dict[str, Path]:
    paths = {name: folder / f"{name}.tsv" for name in samples}
    for name, rows in samples.items():
        write_table(paths[name], GenotypeRow, rows)
    return paths


def run(folder: Path, samples: dict[str, list[GenotypeRow]], settings: IdentitySettings) -> None:
    patients = {name: name.split(".")[0] for name in samples}
    compare_identity(
        genotypes=write_cohort(folder, samples),
        patients=patients,
        settings=settings,
        out_table=folder / "identity.tsv",
        out_patients={patient: folder / patient / "identity.tsv" for patient in set(patients.values())},
    )


def test_files_of_other_patients_keep_their_content(tmp_path: Path, settings: IdentitySettings) -> None:
    samples = {"P1.t1.plasma": sample(ANNA, seed=1), "P1.t1.wbc": sample(ANNA, seed=2)}
    run(tmp_path, samples, settings)
    before = (tmp_path / "P1" / "identity.tsv").read_bytes()
    samples |= {"P2.t1.plasma": sample(BEA, seed=3), "P2.t1.wbc": sample(CLEO, seed=4)}
    run(tmp_path, samples, settings)
    assert (tmp_path / "P1" / "identity.tsv").read_bytes() == before
    own = read_table(tmp_path / "P2" / "identity.tsv", SampleIdentityRow)
    assert [row.status for row in own] == [CONFLICT, CONFLICT]
    assert own[0].conflicting == ("P2.t1.wbc",)
    assert len(read_table(tmp_path / "identity.tsv", IdentityRow)) == 2


def on(chrom: str, first: int, genotypes: list[str | None]) -> list[GenotypeRow]:
    return [
        GenotypeRow(chrom, first + i, "A", "G", 50 if text else 0, 50 if text == "0/1" else 0, text)
        for i, text in enumerate(genotypes)
    ]


@pytest.mark.parametrize(
    ("rows", "sex"),
    [
        (on("chrX", 67_000_000, ["0/1", "0/0", "0/1"]), Sex.XX),
        (on("chrY", 7_000_000, ["0/0", "1/1"]), Sex.XY),
        (on("Y", 7_000_000, ["0/0", "0/0"]), Sex.XY),
        (on("chrY", 7_000_000, [None, None, None]), Sex.UNKNOWN),
        (on("chrX", 67_000_000, ["0/0"] * 20), Sex.UNKNOWN),
        (on("chrX", 67_000_000, ["0/1", "0/0", "1/1"]), Sex.UNKNOWN),
        (on("chrX", 1_000_000, ["0/1"] * 5) + on("chrY", 57_000_000, ["0/0"] * 5), Sex.UNKNOWN),
        (on("chrX", 67_000_000, ["0/1"] * 3) + on("chrY", 7_000_000, ["0/0"] * 3), Sex.UNKNOWN),
        (on("chr1", 67_000_000, ["0/1"] * 20), Sex.UNKNOWN),
    ],
    ids=[
        "two-alleles-of-X", "Y", "Y-without-chr", "Y-not-covered", "X-perhaps-lost", "one-site",
        "pseudoautosomal", "both", "no-targets",
    ],
)  # fmt: skip
def test_sex(rows: list[GenotypeRow], sex: Sex) -> None:
    assert sex_of(rows, 2) is sex


def test_sexes_that_differ_are_a_conflict(settings: IdentitySettings) -> None:
    """Genotypes too few for a verdict, but a woman's and a man's."""
    woman = on("chrX", 67_000_000, ["0/1"] * 3) + on("chrY", 7_000_000, [None] * 3)
    man = on("chrX", 67_000_000, ["0/0"] * 3) + on("chrY", 7_000_000, ["0/0"] * 3)
    found = verdicts({"P1.t1.plasma": woman, "P1.t1.wbc": man}, settings)
    assert set(found.values()) == {CONFLICT}


@pytest.mark.parametrize("block", [7, 512])
def test_counting_by_matrices_is_counting_pair_by_pair(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifty samples of twenty people with errors and gaps; two patients are one person."""
    rng = np.random.default_rng(4)
    people = rng.choice(3, size=(20, 60), p=[0.25, 0.5, 0.25])
    people[19] = people[3]
    rows, patients = {}, {}
    for i in range(50):
        name = f"P{i % 20:02d}.t{i // 20}.plasma"
        patients[name] = name[:3]
        shown = [None if rng.random() < 0.1 else ("0/0", "0/1", "1/1")[value] for value in people[i % 20]]
        rows[name] = [
            GenotypeRow("chr1", 100 + site, "A", "C", 100, 100, called) for site, called in enumerate(shown)
        ]
    monkeypatch.setattr(identity, "BLOCK", block)
    settings = SHIPPED.identity.model_copy(update={"min_sites": 20})
    found = {(row.sample_a, row.sample_b): row for row in compare_pairs(rows, patients, settings)}
    shares = concordances({name: rows[name] for name in sorted(rows)}, min_sites=1)
    for (one, other), share in shares.items():
        row = found.get((one, other))
        if patients[one] == patients[other] or present(share) >= settings.match:
            assert present(row).concordance == pytest.approx(present(share))
        else:
            assert row is None
    assert {("P03", "P19")} <= {(patients[a], patients[b]) for a, b in found if patients[a] != patients[b]}


def test_ten_thousand_samples_are_compared_in_seconds() -> None:
    """Fifty million pairs: a loop over them in Python takes a minute."""
    rng = np.random.default_rng(5)
    table = rng.integers(-1, 3, (10_000, 60)).astype(np.int8)
    own = np.arange(10_000) // 3
    start = time.process_time()
    found = list(identity._pairs_in_question(table, own, SHIPPED.identity))
    assert time.process_time() - start < 10
    assert len(found) >= 9_999
