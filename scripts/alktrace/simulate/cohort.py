"""The whole demo: reference, reads of every specimen, sheet, config, clinical tables, and the truth."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from ..job import atomic_output
from ..tables import column, write_table
from .alterations import SmallVariant, distinct
from .bams import write_consensus_bam, write_raw_bam
from .clinical_tables import write_clinical
from .design import Cohort, Expectation, Specimen
from .facts import RESOURCES, load_facts
from .fastq import write_fastq
from .genome import Genome, build_genome
from .genome_files import ReferenceFiles, write_genome
from .molecules import Germline, Molecules, draw_germline, draw_molecules
from .patients import design_cohort
from .reads import Library, ReadPairs, UmiKind, draw_umis, make_reads
from .truth import alteration_truth, pair_truth

SHEET_COLUMNS = (
    "patient", "timepoint", "specimen", "specimen_type", "assay", "collected", "setting", "role", "library",
    "fastq_1", "fastq_2", "fastq_umi", "bam", "bam_kind", "calls",
)  # fmt: skip
REPORT_COLUMNS = (
    "gene", "hgvs_p", "hgvs_c", "variant_class", "vaf", "copy_number", "partner", "covered_genes",
    "covered_exons", "lod_vaf", "tumour_fraction", "molecules",
)  # fmt: skip
MISSING = "."


@dataclass(frozen=True)
class DemoAssay:
    """One assay: how its libraries are made and how the config describes them."""

    umi: UmiKind
    both_strands: bool
    source: str
    structures: tuple[str, ...] = ()
    duplex: bool = False
    expected: tuple[str, ...] = ()


EXPECTED_CONTROL = ("ALK p.Gly1202Arg", "EGFR p.Leu858Arg", "KRAS p.Gly12Asp")
DUPLEX = ("5M2S+T", "5M2S+T")
ASSAYS = {
    "plasma-duplex": DemoAssay("duplex", True, "inline", DUPLEX, True, EXPECTED_CONTROL),
    "plasma-blank": DemoAssay("duplex", True, "inline", DUPLEX, True),
    "plasma-simplex": DemoAssay("inline", False, "inline", ("8M+T", "+T")),
    "csf-index": DemoAssay("fastq", False, "fastq", ("+T", "+T", "8M")),
    "plasma-name": DemoAssay("name", False, "name"),
    "plasma-tag": DemoAssay("duplex", True, "tag", (), True),
    "tissue": DemoAssay("none", True, "none"),
    "lab-report": DemoAssay("none", True, "none"),
}


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
    expected_vaf: float | None = column("mutant share of all copies at the site")
    realised_vaf: float | None = column("mutant over total molecules")
    mutant_molecules: int | None = column("molecules whose reads show the change")
    total_molecules: int | None = column("molecules whose reads show the site")
    spanning_molecules: int | None = column("molecules over a junction that no single read shows")
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
    emergence: str | None = column("of the mechanisms; missing where it is not tested")
    note: str = column("why")


def write_demo(out: Path, *, seed: int, depth: float = 1.0, resources: Path = RESOURCES) -> Cohort:
    """Write the demo cohort below a folder.

    Args:
        out: folder; `config.yaml` in it is laid over the default configuration, and paths in it and in
            `samples.tsv` are relative to the folder.
        seed: of all random choices; equal seeds give equal bytes.
        depth: factor on the depth of every specimen, for quick tests.
        resources: tables of facts.
    """
    genome = build_genome(load_facts(resources), seed=seed)
    files = write_genome(genome, out / "reference")
    cohort = design_cohort(genome, seed=seed)
    truth = _Truth()
    rows = []
    for specimen in cohort.specimens:
        if specimen.source == "calls":
            rows.append(_report(specimen, out))
        else:
            person = germline_of(genome, specimen.patient, seed=seed)
            rows.append(_specimen(specimen, genome, person, truth, out, seed=seed, depth=depth))
    _write_rows(out / "samples.tsv", SHEET_COLUMNS, rows)
    write_clinical(cohort.courses, out / "clinical")
    truth.write(out / "truth", cohort.expectations)
    with atomic_output(out / "config.yaml") as (partial,):
        partial.write_text(yaml.safe_dump(_config(files, out), sort_keys=False))
    return cohort


def germline_of(genome: Genome, patient: str, *, seed: int) -> Germline:
    """Return the SNPs of a person, the same in each of its specimens."""
    return draw_germline(genome, np.random.default_rng([seed, 3, zlib.crc32(patient.encode())]))


def draw_specimen(
    specimen: Specimen, genome: Genome, person: Germline, rng: np.random.Generator, *, depth: float
) -> Molecules:
    """Draw the molecules of one specimen with its assay."""
    return draw_molecules(
        genome,
        specimen.populations,
        person,
        rng,
        depth=specimen.depth * depth,
        fragments=specimen.fragments,
        copies=specimen.copies,
        both_strands=ASSAYS[specimen.assay].both_strands,
    )


def _specimen(
    specimen: Specimen,
    genome: Genome,
    person: Germline,
    truth: "_Truth",
    out: Path,
    *,
    seed: int,
    depth: float,
) -> dict[str, str]:
    """Write the reads of one specimen and return its row of the sheet."""
    rng = np.random.default_rng([seed, 4, zlib.crc32(specimen.sample.encode())])
    library = Library(ASSAYS[specimen.assay].umi)
    molecules = draw_specimen(specimen, genome, person, rng, depth=depth)
    umis = draw_umis(rng, len(molecules), library.umi)
    row = _sheet_row(specimen)
    stem = specimen.sample.replace(".", "_")
    pairs = int((molecules.top + molecules.bottom).sum())
    if specimen.source == "consensus":
        path = out / "bam" / f"{stem}.bam"
        write_consensus_bam(molecules, umis, genome, path, sample=specimen.sample, rng=rng)
        row |= {"bam": _relative(path, out), "bam_kind": "consensus"}
    else:
        reads = make_reads(molecules, umis, library, rng)
        row |= _write_reads(specimen, reads, molecules, genome, out, stem)
    truth.add(specimen, molecules, library, pairs)
    return row


def _write_reads(
    specimen: Specimen, reads: ReadPairs, molecules: Molecules, genome: Genome, out: Path, stem: str
) -> dict[str, str]:
    if specimen.source == "raw":
        path = out / "bam" / f"{stem}.bam"
        write_raw_bam(reads, molecules, genome, path, sample=specimen.sample)
        return {"bam": _relative(path, out), "bam_kind": "raw"}
    files = write_fastq(reads, out / "fastq", stem)
    row = {"fastq_1": _relative(files.fastq_1, out), "fastq_2": _relative(files.fastq_2, out)}
    return row | ({"fastq_umi": _relative(files.umi, out)} if files.umi else {})


def _report(specimen: Specimen, out: Path) -> dict[str, str]:
    path = out / "calls" / f"{specimen.sample.replace('.', '_')}.tsv"
    _write_rows(path, REPORT_COLUMNS, specimen.report)
    return _sheet_row(specimen) | {"calls": _relative(path, out)}


def _sheet_row(specimen: Specimen) -> dict[str, str]:
    return {
        "patient": specimen.patient,
        "timepoint": specimen.timepoint,
        "specimen": specimen.specimen,
        "specimen_type": specimen.specimen_type,
        "assay": specimen.assay,
        "collected": specimen.collected.isoformat(),
        "setting": specimen.setting,
        "role": specimen.role,
        "library": "L1",
    }


def _relative(path: Path, out: Path) -> str:
    return path.relative_to(out).as_posix()


def _write_rows(path: Path, columns: Sequence[str], rows: Sequence[dict[str, str]]) -> None:
    lines = ["\t".join(columns)]
    lines += ["\t".join(row.get(name, MISSING) for name in columns) for row in rows]
    with atomic_output(path) as (partial,):
        partial.write_text("\n".join(lines) + "\n")


def _config(files: ReferenceFiles, out: Path) -> dict[str, Any]:
    """Return what differs from the default configuration."""
    return {
        "samples": "samples.tsv",
        "clinical": "clinical",
        "reference": {
            "fasta": _relative(files.fasta, out),
            "gff3": _relative(files.gff3, out),
            "align_fasta": _relative(files.compact, out),
            "polymorphisms": _relative(files.polymorphisms, out),
            "population_vcf": _relative(files.polymorphisms, out),
        },
        "assays": {
            name: _assay_config(assay, _relative(files.targets, out)) for name, assay in ASSAYS.items()
        },
    }


def _assay_config(assay: DemoAssay, targets: str) -> dict[str, Any]:
    return {
        "targets": targets,
        "umi": {
            "source": assay.source,
            "read_structures": list(assay.structures),
            "tag": "RX",
            "duplex": assay.duplex,
            "edits": 1,
            "fixed_umis": None,
            "max_mismatches": 1,
            "min_distance": 2,
        },
        "noise_model": None,
        "copy_number_reference": None,
        "expected": list(assay.expected),
        "qc": {
            "min_molecules": 60,
            "warn_molecules": 90,
            "min_on_target": 0.3,
            "max_contamination": 0.03,
            "max_blank_molecules": 20,
        },
    }


class _Truth:
    """Collects the truth tables."""

    def __init__(self) -> None:
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
                    change.hgvs_p if isinstance(change, SmallVariant) else None,
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
                    found.copy_number,
                )
            )
        mutations = [item for item in changes if isinstance(item, SmallVariant) and item.gene == "ALK"]
        for first, second in combinations(sorted(mutations, key=lambda item: item.pos), 2):
            pair = pair_truth(molecules, first, second, template_bases=size)
            self.pairs.append(
                PairTruthRow(
                    specimen.sample, first.key, second.key, pair.both, pair.first_only, pair.second_only,
                    pair.neither,
                )
            )  # fmt: skip
        self.molecules.extend(_mutant_molecules(specimen.sample, molecules))

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
