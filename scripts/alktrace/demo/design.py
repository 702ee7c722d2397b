"""What a cohort to generate is made of: specimens of cell populations, courses, expected answers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from .fragments import FragmentKind
from .made_genome import GENETIC_CODE, Genome
from .planted import Inversion, Placed, PlantedVariant, Population, placed, protein_name, substitution

TRANSITION = str.maketrans("ACGT", "GTAC")


@dataclass(frozen=True)
class Specimen:
    """One specimen to sequence, or to report.

    Attributes:
        depth: expected molecules before sequencing at a diploid target of relative depth 1.
        copies: expected sequenced copies per strand.
        source: `fastq`, `raw` or `consensus` BAM, or `calls` for a report.
        report: rows of the report, by column; in Chinese where its columns are.
    """

    patient: str
    timepoint: str
    specimen: str
    specimen_type: str
    assay: str
    collected: date
    setting: str = "progression"
    role: str = "patient"
    populations: tuple[Population, ...] = ()
    depth: float = 500.0
    copies: float = 0.62
    fragments: FragmentKind = "plasma"
    source: str = "fastq"
    report: tuple[dict[str, str], ...] = ()

    @property
    def sample(self) -> str:
        """Sample name in BAM and VCF."""
        return f"{self.patient}.{self.timepoint}.{self.specimen}"


@dataclass(frozen=True)
class Expectation:
    """What the tables must say about one timepoint.

    Attributes:
        mechanisms: gene and alteration of every mechanism, such as `ALK G1202R`, also if it names no class.
        pre_existing: those of them that the baseline shows.
        phase: of the ALK mutations, where there are several; alternatives are all legal.
        reasons: of a negative that says nothing; one of them must be given.
        emergence: of the mechanisms that are not `pre_existing`.
        excluded: what must be said of a kind of mechanism, such as `met_amplification:excluded`.
    """

    patient: str
    timepoint: str
    setting: str
    classification: str
    note: str
    components: tuple[str, ...] = ()
    mechanisms: tuple[str, ...] = ()
    phase: tuple[str, ...] = ()
    fusion: str | None = None
    reasons: tuple[str, ...] = ()
    timing: str | None = None
    emergence: str | None = None
    pre_existing: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()


@dataclass(frozen=True)
class Course:
    """Dates and responses of one patient on first-line lorlatinib; None where nobody wrote them down."""

    patient: str
    start: date
    progression: date | None
    best: str | None = "PR"
    site: str | None = "systemic"
    next_drugs: tuple[str, ...] = ("pemetrexed", "carboplatin")
    next_months: int = 6
    death: bool = False
    pathology: tuple[tuple[str, str], ...] = ()
    sex: str = "female"
    age: int = 52
    fusion: str | None = "EML4-ALK"


@dataclass(frozen=True)
class Cohort:
    """Everything to generate."""

    specimens: tuple[Specimen, ...]
    expectations: tuple[Expectation, ...]
    courses: tuple[Course, ...]


def tumour(
    fraction: float, trunk: tuple[Placed, ...], clones: Sequence[tuple[str, float, tuple[Placed, ...]]] = ()
) -> tuple[Population, ...]:
    """Return the cells of a specimen.

    Args:
        fraction: share of tumour genomes.
        trunk: carried by all tumour cells.
        clones: name, share of the tumour, and what it carries beyond the trunk; clones exclude each other.
    """
    rest = 1 - sum(share for _, share, _ in clones)
    cells = [Population("normal", 1 - fraction)]
    if rest > 1e-9:
        cells.append(Population("trunk", fraction * rest, trunk))
    cells += [Population(name, fraction * share, (*trunk, *own)) for name, share, own in clones]
    return tuple(cells)


def fusion(junction: str, low: int, high: int) -> Inversion:
    """Return EML4-ALK with its breakpoints, both 1-based as reported."""
    return Inversion("ALK", "EML4", junction, "chr2", low - 1, high - 1)


def missense_variants(genome: Genome, gene: str) -> Iterator[PlantedVariant]:
    """Yield the missense transitions well inside the targets of a gene, away from polymorphisms."""
    model = genome.genes[gene]
    taken = {(site.chrom, site.pos) for site in genome.polymorphisms}
    targets = [target for target in genome.targets if target.gene == gene]
    for number in range(2, len(model.protein) + 1):
        positions = model.coding_positions[3 * number - 3 : 3 * number]
        inside = any(t.start + 45 <= min(positions) and max(positions) < t.end - 45 for t in targets)
        if not inside or any((model.chrom, pos) in taken for pos in positions):
            continue
        codon = "".join(genome.fetch(model.chrom, pos, pos + 1) for pos in positions)
        if model.strand == "-":
            codon = codon.translate(str.maketrans("ACGT", "TGCA"))
        for place in (0, 1):
            base = codon[place].translate(TRANSITION)
            changed = codon[:place] + base + codon[place + 1 :]
            residues = GENETIC_CODE[codon], GENETIC_CODE[changed]
            if "*" not in residues and residues[0] != residues[1]:
                name = protein_name(residues[0], number, residues[1])
                yield substitution(genome, gene, name, 3 * number - 2 + place, f"{codon[place]}>{base}")


@dataclass
class Builder:
    """Collects specimens, expectations and courses patient by patient."""

    genome: Genome
    rng: np.random.Generator
    specimens: list[Specimen] = field(default_factory=list)
    expectations: list[Expectation] = field(default_factory=list)
    courses: list[Course] = field(default_factory=list)
    passengers: dict[str, tuple[PlantedVariant, ...]] = field(default_factory=dict)

    def variant(self, gene: str, hgvs_p: str, first: int, change: str) -> PlantedVariant:
        """Return a substitution by its coding position."""
        return substitution(self.genome, gene, hgvs_p, first, change)

    def known(self, name: str) -> tuple[Placed, ...]:
        """Return an ALK mutation that several patients share."""
        hgvs_p, first, change = {
            "G1202R": ("p.Gly1202Arg", 3604, "G>A"),
            "L1196M": ("p.Leu1196Met", 3586, "C>A"),
            "I1171N": ("p.Ile1171Asn", 3512, "T>A"),
            "F1174L": ("p.Phe1174Leu", 3522, "C>A"),
        }[name]
        return placed(self.variant("ALK", hgvs_p, first, change))

    def trunk(self, rearranged: Inversion) -> tuple[Placed, ...]:
        """Return what every tumour cell carries: the fusion and two passengers without meaning."""
        carried = [*placed(rearranged)]
        for gene, haplotype in (("STRN", 0), ("CDK6", 1)):
            if gene not in self.passengers:
                self.passengers[gene] = tuple(missense_variants(self.genome, gene))
            options = self.passengers[gene]
            carried += placed(options[int(self.rng.integers(len(options)))], on=haplotype)
        return tuple(carried)

    def progressed(
        self,
        course: Course,
        populations: tuple[Population, ...],
        classification: str,
        note: str,
        *,
        specimen: dict[str, Any] | None = None,
        **expected: Any,
    ) -> Specimen:
        """Add a patient with one specimen at progression and what must be found; return the specimen.

        Args:
            course: of the patient.
            populations: cells of the specimen, plasma with the duplex assay unless `specimen` says else.
            classification: class of the timepoint.
            note: why.
            specimen: fields of the specimen that differ.
            expected: further fields of the expectation.
        """
        when = course.progression or course.start
        taken = Specimen(
            course.patient,
            "PD1",
            "plasma",
            "plasma",
            "plasma-duplex",
            when + timedelta(days=3),
            populations=populations,
        )
        taken = replace(taken, **(specimen or {}))
        timing = "PRIMARY" if course.best == "PD" else "ACQUIRED"
        self.courses.append(course)
        self.specimens.append(taken)
        self.expectations.append(
            Expectation(course.patient, "PD1", taken.setting, classification, note, timing=timing, **expected)
        )
        return taken

    def baseline(
        self, course: Course, populations: tuple[Population, ...], name: str, **expected: Any
    ) -> None:
        """Add a plasma sample before lorlatinib: nothing is there, and a small clone could be missed.

        Args:
            course: of the patient.
            populations: cells of the specimen.
            name: of the fusion.
            expected: fields of the expectation that differ.
        """
        self.specimens.append(
            Specimen(
                course.patient, "BL", "plasma", "plasma", "plasma-duplex", course.start - timedelta(days=5),
                setting="baseline", populations=populations,
            )
        )  # fmt: skip
        note = "nothing before lorlatinib; a clone in a fifth of the tumour cells is not excluded"
        plain = {"classification": "NOT_EVALUABLE", "note": note, "reasons": ("power_low",)}
        self.expectations.append(
            Expectation(
                patient=course.patient, timepoint="BL", setting="baseline", fusion=name, **(plain | expected)
            )
        )
