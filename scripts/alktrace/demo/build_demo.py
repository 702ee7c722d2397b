"""The whole demo: reference, reads of every specimen, sheet, config, clinical tables, and the truth."""

import functools
import signal
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from ..io.atomic import atomic_output
from .bams import write_consensus_bam, write_raw_bam
from .clinical_courses import write_clinical
from .design import Cohort, Specimen
from .facts import DEMO, load_facts
from .fastq import write_fastq
from .fragments import Germline, Molecules, draw_germline, draw_molecules
from .genome_files import ReferenceFiles, write_genome
from .made_genome import Genome, build_genome
from .patients import design_cohort
from .plan_file import PLAN, write_plan
from .read_pairs import Library, ReadPairs, UmiKind, draw_umis, make_reads
from .truth_tables import TruthTables

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


Written = tuple[dict[str, str], TruthTables]
"""Row of the sheet of a specimen, and what was drawn for it."""

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


def write_demo(out: Path, *, seed: int, depth: float = 1.0, resources: Path = DEMO, jobs: int = 1) -> Cohort:
    """Write the demo cohort below a folder.

    Args:
        out: folder; `config.yaml` in it is laid over the default configuration, and paths in it and in
            `samples.tsv` are relative to the folder.
        seed: of all random choices; equal seeds give equal bytes.
        depth: factor on the depth of every specimen, for quick tests.
        resources: tables of facts.
        jobs: processes that write specimens, each with random choices of its own: the bytes are the same.
    """
    genome = build_genome(load_facts(resources), seed=seed)
    cohort = design_cohort(genome, seed=seed)
    write_inputs(out, genome, cohort, seed=seed, depth=depth, jobs=jobs)
    return cohort


def write_inputs(
    out: Path, genome: Genome, cohort: Cohort, *, seed: int, depth: float = 1.0, jobs: int = 1
) -> None:
    """Write reference, reads, sheet, configuration, clinical tables and truth of a cohort.

    Args:
        out: as of `write_demo`.
        genome: which the alterations of the cohort were made for.
        cohort: what to draw.
        seed: of molecules and reads.
        depth: factor on the depth of every specimen.
        jobs: as of `write_demo`.
    """
    files = write_genome(genome, out / "reference")
    truth = TruthTables()
    rows = []
    # Without gene models, which reads do not need: it is sent along with every specimen.
    sent = replace(genome, genes={})
    one = functools.partial(_specimen, genome=sent, out=out, seed=seed, depth=depth)
    for row, drawn in _each(one, cohort.specimens, jobs):
        rows.append(row)
        truth.extend(drawn)
    _write_rows(out / "samples.tsv", SHEET_COLUMNS, rows)
    write_clinical(cohort.courses, cohort.specimens, out / "clinical")
    truth.write(out / "truth", cohort.expectations)
    write_plan(out)
    with atomic_output(out / "config.yaml") as (partial,):
        partial.write_text(yaml.safe_dump(_config(files, out), sort_keys=False), encoding="utf-8")


def _each(
    write: Callable[[Specimen], Written], specimens: Sequence[Specimen], jobs: int
) -> Iterator[Written]:
    """Write the specimens, in their order or side by side; yield in their order."""
    if jobs == 1:
        yield from map(write, specimens)
        return
    # Ended from the terminal, the parent alone says so.
    ignore = (signal.SIGINT, signal.SIG_IGN)
    with ProcessPoolExecutor(jobs, get_context("spawn"), initializer=signal.signal, initargs=ignore) as pool:
        try:
            yield from pool.map(write, specimens)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


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


def _specimen(specimen: Specimen, *, genome: Genome, out: Path, seed: int, depth: float) -> Written:
    """Write the reads or the report of one specimen; return its row of the sheet and what was drawn."""
    truth = TruthTables()
    if specimen.source == "calls":
        return _report(specimen, out), truth
    person = germline_of(genome, specimen.patient, seed=seed)
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
    return row, truth


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
    first = next(iter(specimen.report[0]))
    own = not first.isascii()
    path = out / "calls" / f"{specimen.sample.replace('.', '_')}.{'csv' if own else 'tsv'}"
    if own:
        # As spreadsheets of Chinese hospitals save it.
        lines = [",".join(line) for line in (specimen.report[0], *(row.values() for row in specimen.report))]
        with atomic_output(path) as (partial,):
            partial.write_bytes("".join(f"{line}\r\n" for line in lines).encode("gb18030"))
    else:
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
        partial.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _config(files: ReferenceFiles, out: Path) -> dict[str, Any]:
    """Return what differs from the default configuration."""
    return {
        "samples": "samples.tsv",
        "clinical": "clinical",
        "cohort": {"plan": PLAN},
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
    """What differs from the defaults of an assay; the demo has fewer molecules than a patient."""
    umi = {"source": assay.source, "read_structures": list(assay.structures), "duplex": assay.duplex}
    return {
        "targets": targets,
        "umi": {name: value for name, value in umi.items() if value},
        "qc": {"min_molecules": 60, "warn_molecules": 90, "max_contamination": 0.03},
    } | ({"expected": list(assay.expected)} if assay.expected else {})
