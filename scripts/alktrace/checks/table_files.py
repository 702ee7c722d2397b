"""Clinical tables and reports of laboratories, read once before work starts."""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

from ..errors import InputProblems, Problem
from ..inputs.cells import TABLE_SUFFIXES, table_path
from ..inputs.config_lines import CONFIG
from ..inputs.knowledge_files import KnowledgeFiles, open_knowledge
from ..io.resources import resource
from ..knowledge.load import load_knowledge, read_wide
from ..outcomes.clinical_schema import FILES
from ..outcomes.clinical_tables import read_clinical
from ..outcomes.frequency_table import ExpectedFrequencyRow
from ..reference.contigs import grch37_contig, same_contig
from ..reference.genome import Genome
from ..reported.report_words import ReportWords, own_words, read_words
from ..vocabulary.samples import VafUnit

SITES = 1000
MAX_SHOWN = 5
OTHER_BUILD = "give variants of the genome in the configuration"


def check_knowledge(given: str | Sequence[str] | None) -> tuple[KnowledgeFiles, list[Problem]]:
    """Return the knowledge tables, without a site's where these are wrong, and what is wrong with them."""
    ours = KnowledgeFiles(resource("knowledge"))
    try:
        files = open_knowledge(ours.folder, given)
    except InputProblems as error:
        return ours, list(error.problems)
    # Beside the tables that `load_knowledge` reads.
    _, problems = read_wide(files, "expected_frequencies", ExpectedFrequencyRow)
    try:
        load_knowledge(files)
    except InputProblems as error:
        problems += error.problems
    return (ours if problems else files), problems


def check_clinical(folder: Path, patients: Iterable[str], files: KnowledgeFiles) -> list[Problem]:
    """Check the clinical tables, and that their names and ids are those the workflow looks for.

    Args:
        folder: holds `patients.tsv` and any of the other tables.
        patients: ids of the sheet.
        files: knowledge tables, for the names of drugs.
    """
    if not table_path(folder, "patients").is_file():
        what = f"no table `patients` in {str(folder)!r}"
        return [Problem(CONFIG, 0, "clinical", what, "correct the folder or use null")]
    problems = _misnamed(folder)
    knowledge = load_knowledge(files)
    try:
        records = read_clinical(folder, knowledge=knowledge, today=date.today()).records
    except InputProblems as error:
        return [*problems, *error.problems]
    spelling = {name.lower(): name for name in records}
    for patient in patients:
        other = spelling.get(patient.lower(), patient)
        if other != patient:
            what = f"patient {other!r} is {patient!r} in the sheet"
            table = str(table_path(folder, "patients"))
            problems.append(Problem(table, 0, "patient", what, "write both alike"))
    return problems


def _misnamed(folder: Path) -> list[Problem]:
    """A table under another name, or beside one of the same name, would be left out without a word."""
    problems = []
    for path in sorted(path for path in folder.glob("*") if path.suffix in TABLE_SUFFIXES):
        read = table_path(folder, path.stem)
        if path.stem in FILES and path != read:
            problems.append(Problem(str(path), 0, "", f"the same table as {read.name}", "keep one"))
        close = difflib.get_close_matches(path.stem, FILES, n=1)
        if close and path.stem not in FILES:
            problems.append(
                Problem(str(path), 0, "", "unknown table", f"did you mean {close[0]}{path.suffix}?")
            )
    return problems


class ReportCheck:
    """Checks the form of laboratories' reports that are tables.

    What single lines say is judged where they are read: it leaves a note, never a crash.
    """

    def __init__(self, words: ReportWords | None, problems: list[Problem]) -> None:
        """Keep the words that head columns, and what is wrong with their tables."""
        self._words = words
        self.problems = problems

    @classmethod
    def of_sheet(cls, sheet: Path, files: KnowledgeFiles) -> "ReportCheck":
        """Read the words of reports, with those that stand beside the sheet."""
        try:
            return cls(read_words(files, own_words(sheet)), [])
        except InputProblems as error:
            return cls(None, list(error.problems))

    def check(self, path: Path, unit: VafUnit | None) -> list[Problem]:
        """Return what is wrong with the form of a report that can be opened; `unit` is of its bare VAFs."""
        from ..reported.line_rows import read_report_lines

        return read_report_lines(path, self._words, unit)[2] if self._words else []


def check_vcf(
    path: Path,
    fasta: Path | None = None,
    contigs: Mapping[str, int] | None = None,
    *,
    frequencies: bool = False,
    one_sample: bool = False,
) -> list[Problem]:
    """Return what is wrong with a VCF that can be opened: no VCF, of GRCh37, or not of the genome.

    Args:
        path: a readable file.
        fasta: genome whose bases the REF of the first records must be, if it has an index.
        contigs: of the genome; a VCF of known sites lies on them, at least in part.
        frequencies: is it looked up for INFO/AF.
        one_sample: is it a report, in which nobody could tell a tumour from its normal.
    """
    import pysam

    verbosity = pysam.set_verbosity(0)
    try:
        with pysam.VariantFile(str(path)) as vcf:
            lengths = {str(name): contig.length or 0 for name, contig in vcf.header.contigs.items()}
            sites = list(islice(vcf, SITES)) if fasta else []
            problems = _foreign_sites(path, sites, fasta) if fasta else []
            problems += _foreign_names(path, sites, contigs) if contigs else ()
            problems += _lookup_faults(path, vcf) if frequencies else ()
            problems += _several_samples(path, vcf) if one_sample else ()
    except (OSError, ValueError) as error:
        return [Problem(str(path), 0, "", f"no valid VCF ({error})", "give a VCF or a table")]
    finally:
        pysam.set_verbosity(verbosity)
    if name := grch37_contig(lengths):
        what = f"variants of GRCh37: {name} has {lengths[name]} bases"
        return [Problem(str(path), 0, "", what, "give variants on GRCh38, or a table with HGVS names")]
    return problems


def _several_samples(path: Path, vcf: Any) -> Iterator[Problem]:
    if len(samples := list(vcf.header.samples)) > 1:
        what = f"columns of {len(samples)} samples: {', '.join(samples[:MAX_SHOWN])}"
        remedy = f"keep that of the tumour: `bcftools view --samples {samples[-1]} {path.name}`"
        yield Problem(str(path), 0, "", what, remedy)


def _foreign_names(path: Path, sites: Sequence[Any], contigs: Mapping[str, int]) -> Iterator[Problem]:
    """Yield a problem where no site lies on the genome: none would be found, and nothing would say so."""
    if sites and not any(site.chrom in contigs for site in sites):
        name = sites[0].chrom
        other = same_contig(name, contigs)
        remedy = f"rename its sequences, {name!r} to {other!r} and so on" if other else OTHER_BUILD
        yield Problem(str(path), 0, "CHROM", f"no site on the genome: it has no {name!r}", remedy)


def _lookup_faults(path: Path, vcf: Any) -> Iterator[Problem]:
    """Yield why no population frequency could be looked up."""
    if "AF" not in vcf.header.info:
        remedy = "give a VCF with population frequencies in INFO/AF"
        yield Problem(str(path), 0, "INFO", "its header has no AF", remedy)
    if vcf.index is None:
        yield Problem(str(path), 0, "", "has no index", "compress it with bgzip and run `tabix -p vcf`")


def _foreign_sites(path: Path, sites: Iterable[Any], fasta: Path) -> list[Problem]:
    if not fasta.with_name(f"{fasta.name}.fai").is_file():
        return []  # the job that genotypes them looks again
    with Genome(fasta) as genome:
        found = []
        for site in sites:
            ref, there = site.ref.upper(), genome.fetch(site.chrom, site.start, site.start + len(site.ref))
            if set(ref + there) <= set("ACGT") and ref != there:
                what = f"REF {ref!r} at {site.chrom}:{site.pos}, where the genome has {there!r}"
                found.append(Problem(str(path), 0, "REF", what, OTHER_BUILD))
    if len(found) > MAX_SHOWN:
        what = f"{len(found) - MAX_SHOWN} more of the first {SITES} records differ from the genome"
        found[MAX_SHOWN:] = [Problem(str(path), 0, "REF", what, OTHER_BUILD)]
    return found
