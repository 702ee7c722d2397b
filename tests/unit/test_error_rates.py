"""Errors per base against the reference: molecules with known false bases, and variants that are none."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from molecule_bam import CHROM, Read, make_reference, pair, with_bases, write_bam
from present_values import present

from alktrace.calling.caller import call_variants
from alktrace.calling.molecules.pileup import Pileup
from alktrace.calling.molecules.regions import Regions
from alktrace.calling.noise.error_rate_table import ErrorRateRow
from alktrace.calling.noise.error_rates import measure_error_rates
from alktrace.calling.noise.molecule_classes import DUPLEX_2, N_CLASSES, SIMPLEX_3
from alktrace.calling.noise.training import learn_noise
from alktrace.inputs.settings.calling_settings import CallingSettings
from alktrace.io.tables import header, read_table, write_table
from alktrace.reference.locus_table import HotspotRow, LocusRow

LENGTH, FRAGMENT = 2000, 170
TARGET = (900, 1100)
# Bases around a target whose molecules are counted too.
MARGIN = 20
GROUPS = ("single", "simplex", "duplex")
OPTIONS: dict[str, dict[str, Any]] = {
    "single": {"depth": None},
    "simplex": {"depth": 4},
    "duplex": {"duplex": (3, 2)},
}
MOLECULES = {"single": 120, "simplex": 180, "duplex": 600}
TYPES = ("C>A", "C>G", "C>T", "T>A", "T>C", "T>G")
# Both strands of a type, written out: what a pyrimidine shows and what its complement shows.
STRANDS = {
    "C>A": ("CA", "GT"), "C>G": ("CG", "GC"), "C>T": ("CT", "GA"),
    "T>A": ("TA", "AT"), "T>C": ("TC", "AG"), "T>G": ("TG", "AC"),
}  # fmt: skip
# Group, reference base and base shown of each false molecule, all at different places.
FALSE = [
    *[("duplex", "C", "A"), ("duplex", "G", "T"), ("duplex", "G", "T")],
    *[("simplex", "T", "C"), ("simplex", "A", "G"), ("simplex", "A", "G"), ("simplex", "G", "A")],
    *[("single", "C", "A"), ("single", "A", "C"), ("single", "T", "G"), ("single", "A", "T")],
]
ERRORS = {
    ("duplex", "C>A"): 3, ("simplex", "T>C"): 3, ("simplex", "C>T"): 1, ("single", "C>A"): 1,
    ("single", "T>G"): 2, ("single", "T>A"): 1,
}  # fmt: skip
VARIANT_MOLECULES = 6
"""One per cent of the duplex molecules."""


@pytest.fixture(scope="module")
def calling(root: Path) -> CallingSettings:
    config = yaml.safe_load((root / "config" / "config.yaml").read_text())
    return CallingSettings.model_validate(config["calling"])


def call(folder: Path, reads: list[Read], calling: CallingSettings, targets: str) -> list[ErrorRateRow]:
    """Call a sample and return its table."""
    (folder / "targets.bed").write_text(targets)
    write_bam(folder / "a.bam", reads, LENGTH)
    write_table(folder / "loci.tsv", LocusRow, [])
    write_table(folder / "hotspots.tsv", HotspotRow, [])
    call_variants(
        bam=folder / "a.bam", fasta=folder / "ref.fa", targets=folder / "targets.bed",
        loci=folder / "loci.tsv", hotspots=folder / "hotspots.tsv", gene_models=None, polymorphisms=None,
        settings=calling, noise_model=None, sample="S", out_vcf=folder / "out.vcf.gz",
        out_callability=folder / "c.tsv", out_genotypes=folder / "g.tsv", out_error_rates=folder / "e.tsv",
        out_noise=folder / "noise.json",
    )  # fmt: skip
    return read_table(folder / "e.tsv", ErrorRateRow)


class Sample:
    """Molecules around a target: false bases one by one, an inherited SNV and a variant at one per cent."""

    def __init__(self, folder: Path) -> None:
        self.reference = make_reference(folder, LENGTH)
        middle = range(960, 1040)
        self.germline = next(p for p in middle if self.reference[p] == "A")
        self.variant = next(p for p in middle if self.reference[p] == "G" and p > self.germline)
        self.starts = {
            (group, i): 880 + i % 7 for group in GROUPS for i in range(MOLECULES[group])
        }  # every molecule lies over both
        self.reads = [read for key in self.starts for read in self._molecule(*key)]

    def _molecule(self, group: str, i: int) -> list[Read]:
        start = self.starts[group, i]
        edits = {self.germline: "G"} if i % 2 else {}
        if group == "duplex" and i % 100 == 50:
            edits[self.variant] = "A"
        edits |= self._false().get((group, i), {})
        fragment = with_bases(self.reference[start : start + FRAGMENT], edits, start)
        return pair(f"{group}{i}", start, fragment, **OPTIONS[group])

    def _false(self) -> dict[tuple[str, int], dict[int, str]]:
        """One false base for each of the first molecules of a group, nowhere twice."""
        taken = {self.germline, self.variant}
        used: Counter[str] = Counter()
        edits = {}
        for group, base, shown in FALSE:
            place = next(p for p in range(910, 1035) if self.reference[p] == base and p not in taken)
            taken.add(place)
            edits[group, used[group]] = {place: shown}
            used[group] += 1
        return edits

    def bases(self, group: str, substitution: str, end_distance: int) -> int:
        """Molecules over each base that could show a type, without what must not count."""
        own = {pair[0] for pair in STRANDS[substitution]}
        left_out = {self.germline} | ({self.variant} if substitution == "C>T" else set())
        places = [
            p
            for p in range(TARGET[0] - MARGIN, TARGET[1] + MARGIN)
            if self.reference[p] in own and p not in left_out
        ]
        spans = [
            (start + end_distance, start + FRAGMENT - end_distance)
            for (name, _), start in self.starts.items()
            if name == group
        ]
        return sum(first <= place < last for first, last in spans for place in places)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Sample]:
    folder = tmp_path_factory.mktemp("rates")
    return folder, Sample(folder)


@pytest.fixture(scope="module")
def rows(sample: tuple[Path, Sample], calling: CallingSettings) -> dict[tuple[str, str], ErrorRateRow]:
    folder, made = sample
    table = call(folder, made.reads, calling, f"{CHROM}\t{TARGET[0]}\t{TARGET[1]}\n")
    return {(row.molecules.value, row.substitution): row for row in table}


def test_every_group_and_type_has_a_row(rows: dict[tuple[str, str], ErrorRateRow]) -> None:
    assert list(rows) == [(group, substitution) for group in GROUPS for substitution in TYPES]


def test_false_bases_are_counted_by_group_and_type(rows: dict[tuple[str, str], ErrorRateRow]) -> None:
    """Neither the inherited SNV (A>G in half of the molecules) nor the variant at 1 % is among them."""
    assert {key: row.errors for key, row in rows.items() if row.errors} == ERRORS


def test_bases_are_molecules_over_what_could_show_the_type(
    rows: dict[tuple[str, str], ErrorRateRow], sample: tuple[Path, Sample], calling: CallingSettings
) -> None:
    _, made = sample
    for (group, substitution), row in rows.items():
        assert row.bases == made.bases(group, substitution, calling.end_distance), (group, substitution)
        assert row.rate == pytest.approx(row.errors / row.bases, rel=1e-5)


def test_what_is_left_out_is_said(rows: dict[tuple[str, str], ErrorRateRow]) -> None:
    assert {key: row.sites_left_out for key, row in rows.items() if row.sites_left_out} == {
        (group, substitution): 1 for group in GROUPS for substitution in ("T>A", "T>C", "T>G")
    }
    assert {key: row.set_aside for key, row in rows.items() if row.set_aside} == {
        (group, "C>T"): 1 for group in GROUPS
    }
    assert {key: row.set_aside_molecules for key, row in rows.items() if row.set_aside_molecules} == {
        ("duplex", "C>T"): VARIANT_MOLECULES
    }


def test_no_error_in_n_bases_is_zero_with_its_bound(rows: dict[tuple[str, str], ErrorRateRow]) -> None:
    row = rows["duplex", "T>G"]
    assert (row.errors, row.rate, row.low) == (0, 0.0, 0.0)
    assert row.high == pytest.approx(1 - 0.025 ** (1 / row.bases), rel=1e-5)


def test_without_targets_nothing_is_known(tmp_path: Path, calling: CallingSettings) -> None:
    reference = make_reference(tmp_path, LENGTH)
    table = call(tmp_path, pair("a", 880, reference[880:1050], duplex=(3, 2)), calling, "")
    assert len(table) == len(GROUPS) * len(TYPES)
    empty = dict.fromkeys(header(ErrorRateRow)[2:], 0) | dict.fromkeys(("rate", "low", "high"))
    for row in table:
        assert {name: getattr(row, name) for name in empty} == empty


# --- many sites ------------------------------------------------------------------------------

SITES, DEPTH = 12_000, 3000
RATES = {SIMPLEX_3: 2e-5, DUPLEX_2: 1e-6}


@pytest.fixture
def noise_alone() -> Pileup:
    """Counts drawn with known rates per base shown, the same for all types."""
    rng = np.random.default_rng(3)
    reference = rng.integers(0, 4, SITES).astype(np.uint8)
    bounds = np.array([1000]), np.array([1000 + SITES])
    targeted = np.ones(SITES, np.bool_)
    regions = Regions((CHROM,), np.array([0], np.int32), *bounds, np.array([0, SITES]), reference, targeted)
    counts = np.zeros((SITES, 4, N_CLASSES), np.uint32)
    for c, rate in RATES.items():
        counts[:, :, c] = rng.binomial(DEPTH, rate, (SITES, 4))
        counts[np.arange(SITES), reference, c] = 0
        counts[np.arange(SITES), reference, c] = DEPTH - counts[:, :, c].sum(axis=1)
    return Pileup(regions, counts, np.zeros((SITES, 4), np.uint32))


def measured(pileup: Pileup, calling: CallingSettings) -> dict[tuple[str, str], ErrorRateRow]:
    rows = measure_error_rates(pileup, learn_noise(pileup, calling), calling)
    return {(row.molecules.value, row.substitution): row for row in rows}


def test_intervals_hold_the_rate_that_was_drawn(noise_alone: Pileup, calling: CallingSettings) -> None:
    rows = measured(noise_alone, calling)
    for group, rate in (("simplex", RATES[SIMPLEX_3]), ("duplex", RATES[DUPLEX_2])):
        held = [present(rows[group, name].low) <= rate <= present(rows[group, name].high) for name in TYPES]
        assert sum(held) >= len(TYPES) - 1, group
        together = sum(rows[group, name].errors for name in TYPES) / (3 * SITES * DEPTH)
        # Four standard deviations: of the 100 duplex errors expected here.
        assert together == pytest.approx(rate, rel=4 / np.sqrt(3 * SITES * DEPTH * rate))


def test_variants_of_a_tumour_are_set_aside(noise_alone: Pileup, calling: CallingSettings) -> None:
    """Thirty variants of twenty duplex molecules each (0.3 %): six times the errors that are there."""
    before = measured(noise_alone, calling)
    for site in range(100, SITES, SITES // 30):
        alternative = (int(noise_alone.regions.reference[site]) + 1) % 4
        noise_alone.counts[site, alternative, DUPLEX_2] += 20
    after = measured(noise_alone, calling)
    assert sum(after["duplex", name].set_aside_molecules for name in TYPES) >= 600
    for name in TYPES:
        assert after["duplex", name].errors <= before["duplex", name].errors
        assert after["duplex", name].set_aside == after["simplex", name].set_aside
