"""The tables of `truth/`: what was drawn, and what the result must say."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

from ..io.tables import column, write_table
from .design import Expectation, Specimen
from .fragments import Molecules
from .planted import PlantedVariant, distinct
from .read_pairs import Library
from .truth import alteration_truth, pair_truth


@dataclass(frozen=True)
class SampleTruth:
    """`truth/samples.tsv`: one specimen as it was drawn."""

    sample: str = column("patient.timepoint.specimen")
    assay: str = column("assay")
    role: str = column("patient, normal or control")
    tumour_fraction: float = column("share of tumour genomes; of cell-line genomes in a control")
    clones: tuple[str, ...] = column("name and share of each population of cells")
    molecules: int = column("molecules sequenced at least once")
    duplex: int = column("of these, with copies of both strands")
    read_pairs: int = column("read pairs")


@dataclass(frozen=True)
class AlterationTruthRow:
    """`truth/alterations.tsv`: one alteration of one specimen."""

    sample: str = column("patient.timepoint.specimen")
    key: str = column("identity as in the tables of the workflow")
    gene: str = column("gene symbol")
    alteration: str = column("name")
    hgvs_p: str | None = column("protein name of a small variant")
    clones: tuple[str, ...] = column("populations that carry it")
    expected_vaf: float | None = column(
        "mutant share of all copies at the site; junctions are captured less, from one side only"
    )
    realised_vaf: float | None = column("mutant over total molecules")
    mutant_molecules: int | None = column("molecules whose reads show the change")
    total_molecules: int | None = column("molecules whose reads show the site")
    spanning_molecules: int | None = column("molecules over a fusion junction that no single read shows")
    reciprocal_molecules: int | None = column("molecules over the reciprocal junction")
    copy_number: float | None = column("average copy number over all genomes")


@dataclass(frozen=True)
class PairTruthRow:
    """`truth/pairs.tsv`: molecules that show two ALK mutations of one specimen."""

    sample: str = column("patient.timepoint.specimen")
    first: str = column("key of the first alteration")
    second: str = column("key of the second alteration")
    both: int = column("molecules with both")
    first_only: int = column("molecules with the first only")
    second_only: int = column("molecules with the second only")
    neither: int = column("molecules that show both sites without a mutation")


@dataclass(frozen=True)
class MoleculeTruthRow:
    """`truth/molecules.tsv`: one molecule with a somatic change; read names hold its number."""

    sample: str = column("patient.timepoint.specimen")
    molecule: int = column("number, field 6 of the read names")
    chrom: str = column("sequence name")
    first: int = column("position of the first base, 1-based")
    last: int = column("position of the last base, 1-based")
    alterations: tuple[str, ...] = column("keys of what it carries")
    top: int = column("copies whose read 1 starts at the first base")
    bottom: int = column("copies whose read 1 starts at the last base")


@dataclass(frozen=True)
class ExpectedRow:
    """`truth/expected.tsv`: what the result must say about one timepoint."""

    patient: str = column("patient id")
    timepoint: str = column("timepoint id")
    setting: str = column("baseline, on_treatment or progression")
    classification: str = column("class")
    components: tuple[str, ...] = column("families of mechanisms")
    mechanisms: tuple[str, ...] = column("gene and alteration of each mechanism that must be listed")
    phase: tuple[str, ...] = column("phase of the ALK mutations; any of these")
    fusion: str | None = column("fusion that must be found")
    reasons: tuple[str, ...] = column("reasons of NOT_EVALUABLE; any of these")
    timing: str | None = column("primary or acquired; missing where it is not tested")
    emergence: str | None = column("of the mechanisms that are new; missing where it is not tested")
    pre_existing: tuple[str, ...] = column("mechanisms that the baseline shows")
    excluded: tuple[str, ...] = column("kind and state of what must stand in the column of this name")
    note: str = column("why")


class TruthTables:
    """Collects the truth tables."""

    def __init__(self) -> None:
        """Start empty."""
        self.samples: list[SampleTruth] = []
        self.alterations: list[AlterationTruthRow] = []
        self.pairs: list[PairTruthRow] = []
        self.molecules: list[MoleculeTruthRow] = []

    def add(self, specimen: Specimen, molecules: Molecules, library: Library, pairs: int) -> None:
        """Add one specimen."""
        size = library.template_bases
        changes = distinct(specimen.populations)
        blood = ("normal", "haematopoiesis")
        self.samples.append(
            SampleTruth(
                specimen.sample,
                specimen.assay,
                specimen.role,
                sum(population.share for population in specimen.populations if population.name not in blood),
                tuple(f"{population.name}={population.share:.4g}" for population in specimen.populations),
                len(molecules),
                int(((molecules.top > 0) & (molecules.bottom > 0)).sum()),
                pairs,
            )
        )
        for change in changes:
            found = alteration_truth(specimen.populations, molecules, change, template_bases=size)
            self.alterations.append(
                AlterationTruthRow(
                    specimen.sample,
                    change.key,
                    change.gene,
                    change.name,
                    change.hgvs_p if isinstance(change, PlantedVariant) else None,
                    tuple(
                        population.name
                        for population in specimen.populations
                        if any(item.alteration == change for item in population.placed)
                    ),
                    found.expected_vaf,
                    found.mutant / found.total if found.mutant is not None and found.total else None,
                    found.mutant,
                    found.total,
                    found.spanning,
                    found.reciprocal,
                    found.copy_number,
                )
            )
        mutations = [item for item in changes if isinstance(item, PlantedVariant) and item.gene == "ALK"]
        for first, second in combinations(sorted(mutations, key=lambda item: item.pos), 2):
            pair = pair_truth(molecules, first, second, template_bases=size)
            self.pairs.append(
                PairTruthRow(
                    specimen.sample,
                    first.key,
                    second.key,
                    pair.both,
                    pair.first_only,
                    pair.second_only,
                    pair.neither,
                )
            )
        self.molecules.extend(_mutant_molecules(specimen.sample, molecules))

    def extend(self, other: "TruthTables") -> None:
        """Add what other tables hold."""
        self.samples += other.samples
        self.alterations += other.alterations
        self.pairs += other.pairs
        self.molecules += other.molecules

    def write(self, folder: Path, expectations: Sequence[Expectation]) -> None:
        """Write all tables."""
        write_table(folder / "samples.tsv", SampleTruth, self.samples)
        write_table(folder / "alterations.tsv", AlterationTruthRow, self.alterations)
        write_table(folder / "pairs.tsv", PairTruthRow, self.pairs)
        write_table(folder / "molecules.tsv", MoleculeTruthRow, self.molecules)
        expected = [ExpectedRow(**vars(item)) for item in expectations]
        write_table(folder / "expected.tsv", ExpectedRow, expected)


def _mutant_molecules(sample: str, molecules: Molecules) -> list[MoleculeTruthRow]:
    """Return the molecules that hold a somatic variant or a junction, in order of their number."""
    carried: dict[int, list[str]] = {}
    for number, template in enumerate(molecules.templates):
        rows = np.flatnonzero(molecules.template == number)
        places = [
            (int(np.flatnonzero(template.positions == item.pos)[0]), item.key) for item in template.variants
        ]
        if template.inversion is not None:
            places.append((template.joint, template.inversion.key))
        for place, key in places:
            inside = (molecules.start[rows] <= place) & (place < molecules.end[rows])
            for row in rows[inside].tolist():
                carried.setdefault(row, []).append(key)
    out = []
    for row in sorted(carried):
        template = molecules.templates[molecules.template[row]]
        positions = template.positions[molecules.start[row] : molecules.end[row]]
        known = positions[positions >= 0]
        out.append(
            MoleculeTruthRow(
                sample, row, template.chrom, int(known[0]) + 1, int(known[-1]) + 1, tuple(carried[row]),
                int(molecules.top[row]), int(molecules.bottom[row]),
            )
        )  # fmt: skip
    return out
