"""Checks of the input files before work starts: every problem at once, each with place and remedy."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from ..align.extract import Extraction, layout_for
from ..align.fixed_umis import read_fixed_umis
from ..align.read_structure import Layout, ReadStructureError, parse_read_structure, plan_layout
from ..align.read_text import REMEDY_CONSENSUS, REMEDY_NO_QUALITIES, REMEDY_PHRED_64, is_phred_64
from ..align.umi_text import umi_from_name
from ..errors import AlktraceError, InputProblems, Problem
from ..inputs.config_lines import CONFIG
from ..inputs.sample import Unit
from ..inputs.settings.assay_settings import AssaySettings
from ..inputs.settings.configuration import Settings
from ..inputs.sheet import Sheet
from ..reference.contigs import (
    check_index,
    contig_lengths,
    grch37_contig,
    is_cram,
    is_plain_gzip,
    same_contig,
)
from ..reference.locate import locate_reference
from ..vocabulary.samples import InputKind, RandomEnd, UmiSource
from .first_umis import (
    RX,
    FirstUmi,
    bam_umis,
    comment_fault,
    comment_umis,
    consensus_fault,
    equal_umis,
    fastq_umis,
    one_word,
    raw_fault,
    tag_fault,
    unused_umis,
)
from .probes import (
    DEPTH_TAGS,
    HEAD_READS,
    BamHead,
    FastqHead,
    ProbeError,
    bam_head,
    check_readable,
    check_whole,
    fastq_head,
    has_index,
)
from .table_files import ReportCheck, check_clinical, check_knowledge, check_vcf
from .target_files import check_gene_models, check_primers, check_targets

REFERENCE_FOLDER = "results/reference"
READ_COLUMNS = ("fastq_1", "fastq_2", "fastq_umi", "fastq_umi_2", "bam")
INSIDE_READS = (UmiSource.INLINE, UmiSource.FASTQ)

T = TypeVar("T")


@dataclass(frozen=True)
class Judged:
    """What is wrong with the input files: of the run as a whole, and of single samples by their name."""

    shared: list[Problem]
    of_samples: dict[str, list[Problem]]
    # Whose reads are given twice nobody can tell: the sheet is at fault.
    given_twice: list[Problem] = field(default_factory=list)
    # What stops nothing, but should be known.
    notes: list[Problem] = field(default_factory=list)

    @property
    def problems(self) -> list[Problem]:
        """Everything: configuration first, then by line of the sheet."""
        of_samples = (problem for found in self.of_samples.values() for problem in found)
        return [*self.shared, *of_samples, *self.given_twice]


def judge_files(sheet: Sheet, settings: Settings) -> Judged:
    """Return what is wrong with the input files, apart where it concerns one sample alone."""
    contigs, problems = check_reference(settings)
    knowledge, found = check_knowledge(settings.knowledge)
    problems += found
    if settings.clinical is not None:
        problems += check_clinical(Path(settings.clinical), sheet.patients, knowledge)
    chroms: dict[str, frozenset[str]] = {}
    for name, assay in settings.assays.items():
        chroms[name], found = _check_assay(name, assay, contigs)
        problems += found
    used = [sample for sample in sheet.samples.values() if sample.patient not in sheet.exclude]
    reported = any(unit.calls for sample in used for unit in sample.units)
    reports = ReportCheck.of_sheet(Path(settings.samples), knowledge) if reported else None
    problems += reports.problems if reports else []
    of_samples: dict[str, list[Problem]] = {}
    notes: list[Problem] = []
    for sample in used:
        assay = settings.assays[sample.assay]
        for unit in sample.units:
            checker = _UnitChecker(settings, unit, assay, contigs, chroms[sample.assay], reports)
            if found := checker.run():
                of_samples.setdefault(sample.name, []).extend(found)
            notes += checker.notes
    twice = _same_reads(settings, [unit for sample in used for unit in sample.units])
    return Judged(problems, of_samples, twice, notes)


def _same_reads(settings: Settings, units: Iterable[Unit]) -> list[Problem]:
    """Find files with the same first reads, such as a copy; one file given twice is found in the sheet."""
    seen: dict[str, tuple[int, str]] = {}
    sheet, genome = settings.samples, Path(settings.reference.fasta)
    problems = []
    for unit in units:
        given = [(name, path) for name in READ_COLUMNS if (path := getattr(unit, name)) is not None]
        for column, path in given:
            try:
                head = bam_head(Path(path), genome) if column == "bam" else fastq_head(Path(path))
            except ProbeError:
                continue
            line, other = seen.setdefault(head.digest, (unit.line, path)) if head.names else (0, path)
            if other != path:
                what = f"the first reads of {path!r} are those of {other!r} in line {line}"
                problems.append(Problem(sheet, unit.line, column, what, "give every read once"))
    return problems


# --- the configuration ----------------------------------------------------------------------


def check_reference(settings: Settings) -> tuple[dict[str, int] | None, list[Problem]]:
    """Check the files of the genome.

    Returns:
        Contig lengths of the genome, None where they are not known before it is indexed; problems.
    """
    given = settings.reference
    problems: list[Problem] = []
    sites = {"polymorphisms": given.polymorphisms, "population_vcf": given.population_vcf}
    named = {
        "fasta": given.fasta,
        "gff3": given.gff3,
        "align_fasta": given.align_fasta,
    } | sites
    wrong = set()
    for key, text in named.items():
        if text is not None and (problem := _file_problem(Path(text), CONFIG, 0, f"reference.{key}")):
            problems.append(problem)
            wrong.add(key)
    if "fasta" in wrong:
        return None, problems
    contigs, found = _check_fasta(settings)
    problems += found
    if contigs and "gff3" not in wrong:
        problems += check_gene_models(Path(given.gff3), contigs)
    if contigs and given.align_fasta and "align_fasta" not in wrong:
        problems += _check_compact(Path(given.align_fasta), contigs)
    for key, text in sites.items():
        if contigs and text is not None and key not in wrong:
            frequencies = key == "population_vcf"
            problems += check_vcf(Path(text), Path(given.fasta), contigs, frequencies=frequencies)
    return contigs, problems


def _check_fasta(settings: Settings) -> tuple[dict[str, int] | None, list[Problem]]:
    path, key = Path(settings.reference.fasta), "reference.fasta"
    if is_plain_gzip(path):
        what = f"{str(path)!r} is compressed by gzip, which cannot be indexed"
        return None, [Problem(CONFIG, 0, key, what, "compress it with bgzip, or decompress it")]
    place = locate_reference(settings.reference, REFERENCE_FOLDER)
    try:
        contigs = contig_lengths(path, Path(place.fai))
        if not (name := grch37_contig(contigs or {})):
            check_index(path)
            return contigs, []
    except AlktraceError as error:
        return None, [_config_problem(key, error)]
    what = f"{str(path)!r} is GRCh37: {name} has {(contigs or {})[name]} bases"
    return contigs, [Problem(CONFIG, 0, key, what, "give GRCh38, with gene models and targets of GRCh38")]


def _check_compact(path: Path, contigs: Mapping[str, int]) -> list[Problem]:
    from ..align.lift import place_contig

    try:
        check_index(path)
        lengths = contig_lengths(path) or {}
        for name, length in lengths.items():
            place_contig(name, length, contigs, file=path)
    except AlktraceError as error:
        return [_config_problem("reference.align_fasta", error)]
    return []


def _check_assay(
    name: str, assay: AssaySettings, contigs: Mapping[str, int] | None
) -> tuple[frozenset[str], list[Problem]]:
    """Return the contigs of the targets and what is wrong with the files of an assay."""
    key = f"assays.{name}"
    named = {
        "noise_model": assay.noise_model,
        "copy_number_reference": assay.copy_number_reference,
    }
    problems = [
        problem
        for part, text in named.items()
        if text is not None and (problem := _file_problem(Path(text), CONFIG, 0, f"{key}.{part}"))
    ]
    problems += _check_umi_settings(f"{key}.umi", assay)
    if problem := _file_problem(Path(assay.targets), CONFIG, 0, f"{key}.targets"):
        return frozenset(), [*problems, problem]
    chroms, found = check_targets(Path(assay.targets), contigs)
    if assay.primers is not None:
        problem = _file_problem(Path(assay.primers), CONFIG, 0, f"{key}.primers")
        found += [problem] if problem else check_primers(Path(assay.primers), Path(assay.targets), contigs)
    return chroms, problems + found


def _check_umi_settings(key: str, assay: AssaySettings) -> list[Problem]:
    umi = assay.umi
    problems = []
    try:
        structures = tuple(map(parse_read_structure, umi.read_structures))
        if structures:
            layout = plan_layout(structures)
            Extraction(layout, umi.source, umi.tag)
            if umi.duplex and umi.source in INSIDE_READS and len(layout.umis) != 2:
                what = f"duplex, but {len(layout.umis)} M segments"
                remedy = "give one per strand, as in [5M2S+T, 5M2S+T], or write duplex: false"
                problems.append(Problem(CONFIG, 0, f"{key}.read_structures", what, remedy))
        elif umi.source is UmiSource.INLINE:
            what = "empty, but the UMI is inline"
            remedy = "give one per FASTQ, as in [5M2S+T, 5M2S+T]"
            problems.append(Problem(CONFIG, 0, f"{key}.read_structures", what, remedy))
    except ReadStructureError as error:
        problems.append(_config_problem(f"{key}.read_structures", error))
    if umi.fixed_umis is not None:
        try:
            read_fixed_umis(
                Path(umi.fixed_umis), max_mismatches=umi.max_mismatches, min_distance=umi.min_distance
            )
        except InputProblems as error:
            problems += error.problems
        except AlktraceError as error:
            problems.append(_config_problem(f"{key}.fixed_umis", error))
    return problems


def _config_problem(key: str, error: AlktraceError) -> Problem:
    what, _, remedy = str(error).rpartition("; ")
    return Problem(CONFIG, 0, key, what or remedy, remedy if what else "correct the configuration")


def _file_problem(path: Path, file: str, line: int, column: str) -> Problem | None:
    try:
        check_readable(path)
        check_whole(path)
    except ProbeError as error:
        return Problem(file, line, column, error.what, error.remedy)
    return None


# --- one sequencing unit --------------------------------------------------------------------


class _UnitChecker:
    """Checks the files of one row and keeps their problems."""

    def __init__(
        self,
        settings: Settings,
        unit: Unit,
        assay: AssaySettings,
        contigs: Mapping[str, int] | None,
        chroms: frozenset[str],
        reports: ReportCheck | None,
    ) -> None:
        self.sheet = settings.samples
        self.genome = Path(settings.reference.fasta)
        self.unit = unit
        self.umi = assay.umi
        self.contigs = contigs
        self.chroms = chroms
        self.reports = reports
        self.problems: list[Problem] = []
        self.notes: list[Problem] = []

    def run(self) -> list[Problem]:
        """Return what is wrong."""
        match self.unit.kind:
            case InputKind.FASTQ:
                self._fastqs()
            case InputKind.RAW_BAM | InputKind.CONSENSUS_BAM:
                self._bam(Path(self.unit.bam or ""))
            case InputKind.VCF:
                self._calls(partial(check_vcf, one_sample=True))
            case InputKind.REPORT:
                self._calls(self._report)
        return self.problems

    def _calls(self, check: Callable[[Path], list[Problem]]) -> None:
        path = Path(self.unit.calls or "")
        problem = _file_problem(path, self.sheet, self.unit.line, "calls")
        self.problems += [problem] if problem else check(path)
        if self.unit.covered_regions is not None:
            bed = Path(self.unit.covered_regions)
            problem = _file_problem(bed, self.sheet, self.unit.line, "covered_regions")
            self.problems += [problem] if problem else check_targets(bed, self.contigs)[1]

    def _report(self, path: Path) -> list[Problem]:
        return self.reports.check(path, self.unit.vaf_unit) if self.reports else []

    def _add(self, column: str, what: str, remedy: str) -> None:
        self.problems.append(Problem(self.sheet, self.unit.line, column, what, remedy))

    def _note(self, column: str, what: str, remedy: str) -> None:
        """Say what stops nothing, but what a reader of the sheet would not expect."""
        self.notes.append(Problem(self.sheet, self.unit.line, column, what, remedy))

    def _probe(self, column: str, path: str, probe: Callable[[Path], T]) -> T | None:
        try:
            return probe(Path(path))
        except ProbeError as error:
            self._add(column, error.what, error.remedy)
            return None

    def _layout(self, column: str, reads: int, umi_reads: int) -> Layout | None:
        try:
            layout = layout_for(self.umi.read_structures, reads=reads, umi_reads=umi_reads)
            Extraction(layout, self.umi.source, self.umi.tag)
        except ReadStructureError as error:
            self._add(column, str(error), "correct the row or `umi` of the assay")
            return None
        return layout

    # --- FASTQ ---

    def _fastqs(self) -> None:
        names = ("fastq_1", "fastq_2", "fastq_umi", "fastq_umi_2")
        given = {name: path for name in names if (path := getattr(self.unit, name)) is not None}
        heads = {name: self._probe(name, path, fastq_head) for name, path in given.items()}
        if self.umi.source is UmiSource.FASTQ and "fastq_umi" not in given:
            self._add("fastq_umi", "empty, but the UMI of the assay has its own FASTQ", "give that FASTQ")
            return
        known = {name: head for name, head in heads.items() if head is not None}
        if len(known) < len(given) or self._repeated(given, known):
            return
        interleaved = len(known) == 1 and known["fastq_1"].interleaved
        if interleaved:
            what = f"{given['fastq_1']!r} holds both reads of each pair"
            self._note("fastq_1", what, "it is read as pairs")
        umi_reads = ("fastq_umi" in given) + ("fastq_umi_2" in given)
        layout = self._layout("fastq_1", 1 + ("fastq_2" in given) + interleaved, umi_reads)
        self._mates(given, known)
        if layout is not None:
            lengths = [(name, head.lengths) for name, head in known.items()]
            if interleaved:
                ((name, both),) = lengths
                lengths = [(name, both[::2]), (name, both[1::2])]
            for (name, found), needed in zip(lengths, layout.min_lengths, strict=True):
                self._lengths(name, found, needed)
        self._name_umis("fastq_1", known["fastq_1"].names)
        self._random_end("fastq_1", paired="fastq_2" in given or interleaved)
        if self.umi.source is UmiSource.TAG:
            self._fault("fastq_1", comment_fault(known["fastq_1"], self.umi))
        if layout is not None and not interleaved:
            first = fastq_umis(list(known.values()), self.umi, layout)
            self._fault("fastq_1", equal_umis(first))
            self._halves("fastq_1", first)
        if self.umi.source is UmiSource.NONE:
            self._unused("fastq_1", unused_umis(known["fastq_1"].names, comment_umis(known["fastq_1"], RX)))

    def _fault(self, column: str, fault: tuple[str, str] | None) -> None:
        if fault:
            self._add(column, *fault)

    def _halves(self, column: str, first: list[FirstUmi]) -> None:
        if self.umi.duplex and self.umi.source in (UmiSource.NAME, UmiSource.TAG):
            self._unused(column, one_word(first))

    def _unused(self, column: str, fault: tuple[str, str] | None) -> None:
        if fault:
            self._note(column, *fault)

    def _repeated(self, paths: Mapping[str, str], heads: Mapping[str, FastqHead]) -> bool:
        """Refuse files in which a read name stands twice: their molecules would count as often."""
        before = len(self.problems)
        for column, head in heads.items():
            if not head.repeated or (head.interleaved and len(heads) == 1):
                continue
            what = f"{paths[column]!r} has two reads of the name {head.repeated!r}"
            remedy = (
                "give every read once" if not head.interleaved else "leave out one file, or part the reads"
            )
            self._add(column, what, remedy)
        return len(self.problems) > before

    def _mates(self, paths: Mapping[str, str], heads: Mapping[str, FastqHead]) -> None:
        first = heads["fastq_1"].names
        for column in ("fastq_2", "fastq_umi", "fastq_umi_2"):
            if column not in heads:
                continue
            other = heads[column].names
            pairs = enumerate(zip(first, other, strict=False), start=1)
            differing = next((item for item in pairs if item[1][0] != item[1][1]), None)
            if differing:
                number, (mine, theirs) = differing
                what = f"read {number} is {theirs!r} in {paths[column]!r} but {mine!r} in fastq_1"
                self._add(column, what, "give the files of one run, unsorted and with all their reads")
            elif len(first) != len(other) or _differ(heads["fastq_1"].total, heads[column].total):
                mine, theirs = _count(heads["fastq_1"]), _count(heads[column])
                what = f"{theirs} reads in {paths[column]!r} but {mine} in fastq_1"
                self._add(column, what, "give the files of one run, with all their reads")

    def _lengths(self, column: str, lengths: tuple[int, ...], needed: int) -> None:
        if lengths and max(lengths) < needed:
            shown = ", ".join(self.umi.read_structures) or ("+M" if "umi" in column else "+T")
            what = f"reads have at most {max(lengths)} bases, the read structures ({shown}) need {needed}"
            self._add(column, what, "correct `read_structures` of the assay or the order of the files")

    def _random_end(self, column: str, *, paired: bool) -> None:
        if self.umi.random_end is RandomEnd.READ2 and not paired:
            remedy = "give both reads, or write read1 if single reads begin at the random end"
            self._add(column, "single reads, but `random_end` is read2", remedy)

    def _name_umis(self, column: str, names: tuple[str, ...]) -> None:
        if self.umi.source is UmiSource.NAME and names and not any(map(umi_from_name, names)):
            what = f"no UMI at the end of the read names, such as {names[0]!r}"
            self._add(column, what, "correct `umi.source` of the assay")

    # --- BAM ---

    def _bam(self, path: Path) -> None:
        consensus = self.unit.kind is InputKind.CONSENSUS_BAM
        if consensus and is_cram(path):
            self._add("bam", f"{str(path)!r} is CRAM", "convert consensus with `samtools view -b`")
            return
        head = self._probe("bam", str(path), lambda bam: bam_head(bam, self.genome))
        if head is None:
            return
        if head.aligned or consensus:
            self._build(path, head)
        if consensus and self.umi.random_end is not RandomEnd.BOTH:
            what = f"a consensus is given, but `random_end` of the assay is {self.umi.random_end.value}"
            remedy = (
                "give the raw reads, or an assay with `random_end: both`: what was grouped stays as it is"
            )
            self._add("bam", what, remedy)
        elif consensus:
            self._consensus(path, head)
        elif what := consensus_fault(head):
            self._add("bam", f"{str(path)!r} {what}", REMEDY_CONSENSUS)
        elif head.qualities and is_phred_64(*head.qualities):
            self._add("bam", f"{str(path)!r} has base qualities that are Phred+64", REMEDY_PHRED_64)
        elif any(head.lengths) and head.qualities is None:
            self._add("bam", f"{str(path)!r} has reads without base qualities", REMEDY_NO_QUALITIES)
        elif head.records:
            self._raw_umis(head)

    def _build(self, path: Path, head: BamHead) -> None:
        """The contigs that targets use must be those of the genome; others do not matter."""
        if name := grch37_contig(head.contigs):
            what = f"{str(path)!r} is aligned to GRCh37: {name} has {head.contigs[name]} bases"
            self._add("bam", what, "give FASTQ or an unaligned BAM, so that it is aligned to GRCh38")
            return
        for chrom in sorted(self.chroms):
            expected = (self.contigs or {}).get(chrom)
            found = head.contigs.get(chrom)
            if found is None:
                other = same_contig(chrom, head.contigs)
                what = f"{str(path)!r} has no contig {chrom!r}" + (f", but {other!r}" if other else "")
                self._add("bam", what, "give a BAM of the genome in the configuration, or FASTQ")
            elif expected is not None and expected != found:
                what = f"{str(path)!r} is of another reference: {chrom} has {found} bases, not {expected}"
                self._add("bam", what, "give a BAM of the genome in the configuration, or FASTQ")

    def _consensus(self, path: Path, head: BamHead) -> None:
        if head.records and not head.mapped:
            self._add("bam", f"{str(path)!r} is not aligned", "align the consensus reads first")
        elif head.sort_order != "coordinate":
            what = f"{str(path)!r} is not sorted by coordinate (SO:{head.sort_order})"
            self._add("bam", what, "run `samtools sort --write-index`")
        elif not has_index(path):
            self._add("bam", f"{str(path)!r} has no index", f"run `samtools index {path}`")
        elif head.negative_depth:
            what = f"{str(path)!r} counts reads below zero: {head.negative_depth}"
            self._add("bam", what, "write the consensus anew")
        elif fault := raw_fault(head.reads, bool(head.tags & DEPTH_TAGS)):
            self._add("bam", f"{str(path)!r} {fault[0]}", fault[1])
        elif any(head.lengths) and head.qualities is None:
            what = f"{str(path)!r} has molecules without base qualities"
            self._note("bam", what, "every base of them counts as a good one")

    def _raw_umis(self, head: BamHead) -> None:
        source = self.umi.source
        self._random_end("bam", paired=head.paired > 0)
        self._name_umis("bam", head.names)
        if not head.aligned:
            if source is UmiSource.FASTQ:
                self._add(
                    "bam", "the UMI of the assay has its own FASTQ", "give FASTQ or correct `umi.source`"
                )
                return
            layout = self._layout("bam", 2 if head.paired else 1, 0)
            for lengths, needed in zip(head.lengths, layout.min_lengths if layout else (), strict=False):
                self._lengths("bam", lengths, needed)
        in_tag = source is UmiSource.TAG or (head.aligned and source in INSIDE_READS)
        # Aligned reads of an assay with UMIs inside the reads have lost them to the RX tag.
        tag = self.umi.tag if source is UmiSource.TAG else RX
        fault = tag_fault(head, tag, aligned=head.aligned, duplex=self.umi.duplex) if in_tag else None
        if in_tag or source is UmiSource.NAME:
            first = bam_umis(head, self.umi, tag)
            fault = fault or equal_umis(first)
            self._halves("bam", first)
        self._fault("bam", fault)
        if source is UmiSource.NONE:
            self._unused("bam", unused_umis(head.names, [read.tags.get(RX, "") for read in head.reads]))


def _differ(one: int | None, other: int | None) -> bool:
    return one is not None and other is not None and one != other


def _count(head: FastqHead) -> str:
    if head.total is not None:
        return str(head.total)
    return str(len(head.names)) if len(head.names) < HEAD_READS else f"at least {HEAD_READS}"
