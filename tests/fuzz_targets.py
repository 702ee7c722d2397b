"""The readers of the program as targets of `fuzzing`, with right input and the plain truth if there is one.

Imports stand inside, so that atheris finds the package unread.
"""

import re
import struct
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from fuzzing import EXAMPLES, RIGHT, ROOT, TARGETS, right, search, target, text_of, written

if TYPE_CHECKING:
    from alktrace.annotate.hgvs import NamedTranscript
    from alktrace.annotate.small_variants import VariantKnowledge
    from alktrace.calling.molecules.pileup import Pileup
    from alktrace.inputs.knowledge_files import KnowledgeFiles
    from alktrace.knowledge.answers import Knowledge
    from alktrace.reference.gene_models import Transcript
    from alktrace.reported.lines import ReportReader
    from alktrace.vocabulary.variant import SmallVariant

# --- what people write -----------------------------------------------------------------------------


@target("sample sheet", right("samples.tsv"), file="samples.tsv", examples=800)
def _sheet(content: bytes, folder: Path) -> None:
    from alktrace.inputs.sheet import read_sheet
    from alktrace.vocabulary.samples import Role

    sheet = read_sheet(written(folder, "samples.tsv", content), assays=["panel"])
    named = [name for patient in sheet.patients for name in (s.name for s in sheet.of_patient(patient))]
    assert set(named) <= {sample.name for sample in sheet.of_role(Role.PATIENT)}
    assert {patient for patient, _ in sheet.timepoints} == set(sheet.patients)


@target("workbook", lambda: [_sheet_xml()], examples=200)
def _workbook(content: bytes, folder: Path) -> None:
    """The sheet of an .xlsx; the rest of the file stays as it is."""
    from zipfile import ZipFile

    from alktrace.inputs.cells import read_cells

    path = folder / "table.xlsx"
    with ZipFile(path, "w") as book:
        for name, member in _right_book().items():
            book.writestr(name, content if name == SHEET_XML else member)
    for _, cells in read_cells(path, "table"):
        assert all("\t" not in cell and "\n" not in cell for cell in cells)


SHEET_XML = "xl/worksheets/sheet1.xml"


@cache
def _right_book() -> dict[str, bytes]:
    from io import BytesIO
    from zipfile import ZipFile

    import openpyxl

    book, stored = openpyxl.Workbook(), BytesIO()
    page = book.worksheets[0]
    page.title = "table"
    for row in (["gene", "vaf", "date"], ["ALK", 0.012, "2026-01-31"], ["MET", None, 5], ["", "text", True]):
        page.append(row)
    page.merge_cells("A2:A3")
    book.save(stored)
    with ZipFile(stored) as made:
        return {name: made.read(name) for name in made.namelist()}


def _sheet_xml() -> bytes:
    return _right_book()[SHEET_XML]


@target("configuration", right("config.yaml"), file="config.yaml", examples=300)
def _config(content: bytes, folder: Path) -> None:
    from alktrace.errors import InputProblems
    from alktrace.inputs.config_file import read_config
    from alktrace.inputs.config_lines import CONFIG, place_problems
    from alktrace.inputs.settings.configuration import check_settings, lay_over

    path, below = written(folder, "config.yaml", content), written(folder, "defaults.yaml", b"{}")
    try:
        check_settings(lay_over(_defaults(), read_config(path)), file=CONFIG)
    except InputProblems as error:
        raise InputProblems(place_problems(error.problems, [path, below])) from None


@cache
def _defaults() -> dict[Any, Any]:
    from alktrace.inputs.config_file import read_config
    from alktrace.io.resources import DEFAULTS

    return read_config(DEFAULTS)


@target("read structure", lambda: [b"5M2S+T 5M2S+T", b"8B 3M+T", b"+T"], examples=1000)
def _structure(content: bytes, folder: Path) -> None:
    from alktrace.align.read_structure import OPERATORS, parse_read_structure, plan_layout

    structures = tuple(map(parse_read_structure, text_of(content).split(" ")))
    for structure in structures:
        assert parse_read_structure(str(structure)) == structure
        if structure.min_length > 9999:
            continue
        # What each base of a read is, letter by letter, with three bases for `+`.
        letters = "".join(s.operator * (3 if s.length is None else s.length) for s in structure.segments)
        for operator in OPERATORS:
            bases = "".join(letters[part] for part in structure.slices(operator))
            assert bases == operator * letters.count(operator)
    plan_layout(structures)


@target("fixed UMIs", right("umis.txt"), file="umis.txt", examples=800)
def _umis(content: bytes, folder: Path) -> None:
    from alktrace.align.fixed_umis import read_fixed_umis

    read_fixed_umis(written(folder, "umis.txt", content), max_mismatches=1, min_distance=2)


@target("targets", right("panel.bed"), file="panel.bed", examples=100)
def _targets(content: bytes, folder: Path) -> None:
    from alktrace.io.bed import read_targets
    from alktrace.reference.targets import prepare_targets

    bed, out = written(folder, "panel.bed", content), folder / "joined.bed"
    prepare_targets(bed, out)
    lines = re.split("\r\n|\r|\n", content.decode("utf-8-sig"))
    cells = [line.split("\t") for line in lines if line.strip() and not line.startswith("#")]
    cells = [row for row in cells if row[0].split()[:1] not in (["track"], ["browser"])]
    spans = [(row[0].strip(), int(row[1].strip()), int(row[2].strip())) for row in cells]
    if sum(end - start for _, start, end in spans) < 100_000:
        bases = {(chrom, at) for chrom, start, end in spans for at in range(start, end)}
        joined = [(item.chrom, at) for item in read_targets(out) for at in range(item.start, item.end)]
        assert sorted(bases) == sorted(joined)


# --- reports, evidence, clinic, knowledge ----------------------------------------------------------


@cache
def _report_reader() -> "Callable[[], ReportReader]":
    from gene_facts import alk_fetch, gene_models

    from alktrace.annotate.small_variants import Namer
    from alktrace.reported.lines import ReportReader
    from alktrace.reported.report_words import read_words
    from alktrace.structural.fusions.partners import read_drivers

    found = read_drivers(ROOT / "resources" / "reference" / "fusion_drivers.tsv")
    drivers = {gene: driver.side for gene, driver in found.items()}
    namer, knowledge, words = Namer(gene_models(), alk_fetch), _variant_knowledge(), read_words(_ours(), None)
    return lambda: ReportReader(namer, knowledge, drivers, words)


def _ours() -> "KnowledgeFiles":
    from alktrace.inputs.knowledge_files import KnowledgeFiles

    return KnowledgeFiles(ROOT / "resources" / "knowledge")


@cache
def _variant_knowledge() -> "VariantKnowledge":
    from alktrace.annotate.small_variants import VariantKnowledge

    return VariantKnowledge.load(_ours())


def _read_report(path: Path) -> None:
    """Read a report: no line that names something is dropped without a word."""
    from alktrace.reported.line_rows import SAID_CELLS, read_report_lines
    from alktrace.reported.lines import read_report

    reader = _report_reader()()
    report = read_report(path, reader)
    lines, _, _ = read_report_lines(path, reader.words)
    told = {note.line for note in report.notes}
    for line in lines:
        if any(name in line for name in SAID_CELLS) and line.number not in told:
            assert report.alterations, f"line {line.number} is lost"


def _wordings() -> list[bytes]:
    rows = (ROOT / "tests" / "data" / "report_wordings.tsv").read_text(encoding="utf-8").splitlines()[1:]
    return [" ".join(c for c in row.split("\t")[3:9] if c != ".").encode() for row in rows]


@target("report, free text", _wordings, examples=300)
def _free_text(content: bytes, folder: Path) -> None:
    line = re.sub(r"[\t\r\n]", " ", text_of(content))
    _read_report(written(folder, "report.tsv", f"gene\tvaf\n{line}\t1%\n{line}\n".encode()))


@target("report, table", lambda: [*right("report.tsv")(), _wording_table()], file="report.tsv", examples=200)
def _report_table(content: bytes, folder: Path) -> None:
    _read_report(written(folder, "report.tsv", content))


def _wording_table() -> bytes:
    rows = (ROOT / "tests" / "data" / "report_wordings.tsv").read_text(encoding="utf-8").splitlines()
    return "\n".join("\t".join(row.split("\t")[3:9]) for row in rows[:400:20]).encode()


EVIDENCE = EXAMPLES / "classification" / "evidence.json"


@target("evidence", lambda: [EVIDENCE.read_bytes()], file="evidence.json", examples=60)
def _evidence(content: bytes, folder: Path) -> None:
    from shipped_settings import SHIPPED

    from alktrace.classify.classify_files import classify_evidence_file
    from alktrace.evidence.evidence_file import load_evidence, save_evidence

    path = written(folder, "evidence.json", content)
    given = load_evidence(path)
    save_evidence(given, folder / "again.json")
    assert load_evidence(folder / "again.json") == given
    classify_evidence_file(
        evidence=path,
        knowledge=_ours(),
        settings=SHIPPED.resistance,
        origin=SHIPPED.origin,
        out_dir=folder / "out",
    )


PART = re.compile(rb"^== ([a-z_]{1,30}\.(?:tsv|csv|txt|yaml)) ==\n", re.MULTILINE)
"""Stands before each table of an input of several."""


def _joined(folder: Path) -> bytes:
    files = sorted(path for path in folder.iterdir() if path.is_file())
    return b"".join(b"== %s ==\n%s" % (path.name.encode(), path.read_bytes()) for path in files)


def _parts(content: bytes, folder: Path, known: Sequence[str]) -> None:
    """Write the tables of an input that have names of tables."""
    _, *parts = PART.split(content)
    for path in folder.iterdir() if folder.is_dir() else ():
        path.unlink()
    for name, table in zip(parts[::2], parts[1::2], strict=True):
        if name.decode().rpartition(".")[0] in known:
            written(folder, name.decode(), table)


def _clinics() -> list[bytes]:
    return [_joined(RIGHT / "clinical"), _joined(EXAMPLES / "outcomes" / "clinical")]


@target("clinical tables", _clinics, examples=150)
def _clinical(content: bytes, folder: Path) -> None:
    """The tables with what follows for each patient; curves, a hundred times slower, for some inputs."""
    from shipped_settings import SHIPPED

    from alktrace.outcomes.clinical_schema import FILES
    from alktrace.outcomes.clinical_tables import read_clinical
    from alktrace.outcomes.courses import swimmer_rows
    from alktrace.outcomes.endpoints import patient_rows
    from alktrace.outcomes.outcome_jobs import Clinic, measure_outcomes
    from alktrace.outcomes.response import response_rows
    from alktrace.outcomes.safety import dose_rows, safety_rows
    from alktrace.outcomes.timeline import timeline_of

    _parts(content, folder / "clinical", list(FILES))
    settings = SHIPPED.cohort
    clinical = read_clinical(folder / "clinical", knowledge=_knowledge(), today=date.today())
    timelines = [
        timeline_of(
            record,
            alk_tkis=clinical.drugs.alk_tkis,
            days_after_last_dose=28,
            treatment_gap_days=settings.treatment_gap_days,
            repeat_days=settings.repeat_progression_days,
            cutoff=None,
        )
        for record in clinical.records.values()
    ]
    assert {row.patient for row in patient_rows(timelines)} <= set(clinical.records)
    response_rows(timelines, settings, days_after_last_dose=28)
    swimmer_rows(timelines)
    safety_rows(timelines, settings)
    dose_rows(timelines, settings)
    if not len(content) % 32:
        clinic = Clinic(folder / "clinical", _ours(), days_after_last_dose=28, exclude=())
        measure_outcomes(clinic=clinic, settings=settings, out=folder / "out")


@cache
def _knowledge() -> "Knowledge":
    from alktrace.knowledge.load import load_knowledge

    return load_knowledge(_ours())


@target("knowledge of a site", lambda: [_joined(EXAMPLES / "knowledge")], examples=25)
def _site(content: bytes, folder: Path) -> None:
    from alktrace.checks.table_files import check_knowledge
    from alktrace.inputs.knowledge_schemas import TABLES

    _parts(content, folder / "site", ["overlay", *TABLES])
    files, problems = check_knowledge(str(folder / "site"))
    assert problems or files.own is not None


# --- genes and variants ----------------------------------------------------------------------------


@target("gene models", lambda: [_gff3()], file="genes.gff3", examples=60)
def _gene_models(content: bytes, folder: Path) -> None:
    from alktrace.reference.gff3 import read_gff3, write_gff3

    models = read_gff3(written(folder, "genes.gff3", content), preferred={}, contigs=["chr1", "chr2"])
    write_gff3(models, folder / "again.gff3")
    again = read_gff3(folder / "again.gff3", preferred={})
    for gene, model in models.by_gene.items():
        assert again.by_gene[gene].exons == model.exons
        assert again.by_gene[gene].cds_length == model.cds_length


def _gff3() -> bytes:
    lines = (
        "gene 11 900 + . ID=gene:G1;Name=AAA;biotype=protein_coding",
        "mRNA 11 900 + . ID=transcript:T1;Parent=gene:G1;biotype=protein_coding;tag=Ensembl_canonical",
        "exon 11 100 + . Parent=transcript:T1;rank=1",
        "exon 201 900 + . Parent=transcript:T1;rank=2",
        "CDS 50 100 + 0 ID=CDS:P1;Parent=transcript:T1",
        "CDS 201 300 + 0 ID=CDS:P1;Parent=transcript:T1",
        "gene 1001 1900 - . ID=gene:G2;Name=BBB;biotype=protein_coding",
        "mRNA 1001 1900 - . ID=transcript:T2;Parent=gene:G2;biotype=protein_coding",
        "exon 1001 1900 - . Parent=transcript:T2",
        "CDS 1101 1400 - 0 Parent=transcript:T2",
    )
    cells = (line.split() for line in lines)
    features = [
        "\t".join(("2", "x", *place, ".", *rest)) + "\n"
        for *place, rest in ((kind, start, end, others) for kind, start, end, *others in cells)
    ]
    return "".join(["##gff-version 3\n##sequence-region 2 1 2000\n", *features]).encode()


EXONS = ((100, 190), (300, 360), (500, 620))
CODING = 130, 580


@cache
def _made_gene(strand: str) -> "NamedTranscript":
    from aligned_bam import REFERENCE

    from alktrace.annotate.hgvs import NamedTranscript
    from alktrace.reference.gene_models import Exon, Transcript

    exons = sorted(EXONS, reverse=strand == "-")
    numbered = tuple(Exon(number, *span) for number, span in enumerate(exons, start=1))
    model = Transcript("MADE", "T", "chr1", strand, numbered, *CODING)
    return NamedTranscript(model, lambda _, start, end: REFERENCE[start:end].ljust(end - start, "N"))


HGVS = (
    b"c.10A>G c.15_20del c.30dup c.40_41insACG c.60+2_61-3delinsTT c.-5_*7del c.*3G>T p.G12R p.(L5_L7del)",
    b"p.L5_K7delinsAP p.R9fs*12 p.*99Q p.M1? G1202R p.Gly4dup c.100_120inv c.60+1G>T",
)


@target("HGVS", lambda: HGVS, examples=800)
def _hgvs(content: bytes, folder: Path) -> None:
    from alktrace.annotate.protein import read_protein_change

    gene = _made_gene("-" if len(content) % 2 else "+")
    refused = 0
    names = text_of(content).split()
    for name in names:
        try:
            change = read_protein_change(name, gene.protein, "MADE")
            assert change.codon is None or 0 < change.codon <= len(gene.protein)
        except ValueError:
            refused += 1
        try:
            allele = gene.allele(name)
            if (plain := _plainly_edited(gene.model, name)) is not None:
                assert _edited_by(allele) == plain, name
            described = gene.describe(allele)
        except ValueError:
            refused += 1
        else:
            assert gene.allele(described.hgvs_c) == allele, f"{name}: {described.hgvs_c}"


def _edited_by(allele: "SmallVariant") -> str:
    from aligned_bam import REFERENCE

    assert REFERENCE[allele.start : allele.start + len(allele.ref)] == allele.ref
    return REFERENCE[: allele.start] + allele.alt + REFERENCE[allele.start + len(allele.ref) :]


def _plainly_edited(model: "Transcript", name: str) -> str | None:
    """Return the whole sequence after a change, base by base; None where the name is of no plain form."""
    from aligned_bam import REFERENCE

    from alktrace.reference.gene_models import reverse_complement

    found = re.fullmatch(
        r"c\.(\d+)([+-]\d+)?(?:_(\d+)([+-]\d+)?)?(?:([ACGT])>([ACGT])|(del)|(dup)|ins([ACGT]+)|delins([ACGT]+))",
        name,
    )
    if not found or not name.isascii():
        return None
    plus = model.strand == "+"
    bases = REFERENCE if plus else reverse_complement(REFERENCE)
    coding = [at for start, end in EXONS for at in range(start, end) if CODING[0] <= at < CODING[1]]
    if not plus:
        coding = [len(bases) - 1 - at for at in reversed(coding)]
    i, i_off, j, j_off, _, new, _, doubled, put, replaced = found.groups()
    if not j and (put or False):
        return None
    first = coding[int(i) - 1] + int(i_off or 0)
    last = coding[int(j) - 1] + int(j_off or 0) if j else first
    old = bases[first : last + 1]
    if new:
        made = bases[:first] + new + bases[last + 1 :]
    elif doubled:
        made = bases[: last + 1] + old + bases[last + 1 :]
    elif put:
        made = bases[: first + 1] + put + bases[first + 1 :]
    else:
        made = bases[:first] + (replaced or "") + bases[last + 1 :]
    return made if plus else reverse_complement(made)


VCF = b"""##fileformat=VCFv4.2
##contig=<ID=chr1,length=3000>
##contig=<ID=chr2,length=2000>
##INFO=<ID=AF,Number=A,Type=Float,Description="share">
##INFO=<ID=BCSQ,Number=.,Type=String,Description="csq">
##FORMAT=<ID=AD,Number=R,Type=Integer,Description="molecules">
##FORMAT=<ID=DP,Number=1,Type=Integer,Description="all">
#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS
chr1\t150\trs1\tC\tT\t.\tPASS\tAF=0.1;BCSQ=missense|MADE|T|protein_coding\tAD:DP\t90,10:100
chr1\t151\t.\tG\tGA\t5\tq10\tAF=0.5\tAD:DP\t1,1:2
chr2\t9\t.\tACG\tA\t.\t.\tAF=0.01\tAD:DP\t.,.:.
"""


@cache
def _genome(folder: Path) -> Path:
    import pysam

    path = folder / "genome.fa"
    path.write_text(
        "".join(f">{name}\n{'ACGT' * (size // 4)}\n" for name, size in (("chr1", 3000), ("chr2", 2000)))
    )
    pysam.faidx(str(path))
    return path


@target("VCF, polymorphisms", lambda: [VCF, *right("sites.vcf")()], file="sites.vcf", examples=800)
def _polymorphisms(content: bytes, folder: Path) -> None:
    from shipped_settings import SHIPPED

    from alktrace.calling.genotyping.polymorphisms import genotype_polymorphisms
    from alktrace.checks.table_files import check_vcf

    path = written(folder, "sites.vcf", content)
    check_vcf(path, _genome(folder))
    for row in genotype_polymorphisms(path, _pileup(), SHIPPED.calling):
        assert row.ref == "ACGT"[(row.pos - 1) % 4]


@cache
def _pileup() -> "Pileup":
    """Targets over all of the genome, and no molecules."""
    import numpy as np

    from alktrace.calling.molecules.pileup import Pileup
    from alktrace.calling.molecules.regions import Regions
    from alktrace.calling.noise.molecule_classes import N_CLASSES

    lengths = np.array([3000, 2000], np.int64)
    sites = int(lengths.sum())
    regions = Regions(
        ("chr1", "chr2"),
        np.array([0, 1], np.int32),
        np.zeros(2, np.int64),
        lengths,
        np.array([0, 3000, 5000], np.int64),
        np.arange(sites, dtype=np.uint8) % 4,
        np.ones(sites, np.bool_),
    )
    return Pileup(regions, np.zeros((sites, 4, N_CLASSES), np.uint32), np.zeros((sites, 4), np.uint32))


@target("VCF, reported", lambda: [VCF, *right("calls.vcf")()], file="calls.vcf", examples=600)
def _reported_vcf(content: bytes, folder: Path) -> None:
    from alktrace.annotate.consequences import read_variants
    from alktrace.annotate.small_variants import Namer, variant_rows
    from alktrace.checks.table_files import check_vcf
    from alktrace.reference.gene_models import GeneModels
    from alktrace.reference.genome import Genome

    path, left = written(folder, "calls.vcf", content), folder / "left.bcf"
    check_vcf(path)
    if not _as_bcftools_leaves_it(path, left):
        return
    try:
        variants = list(read_variants(left))
    except (OSError, ValueError):  # `annotated_variants` says so
        return
    with Genome(_genome(folder)) as genome:
        namer = Namer(GeneModels({"MADE": _made_gene("+").model}), genome.fetch)
        for row in variant_rows(variants, namer, _variant_knowledge(), source=path, reported=True):
            assert row.vaf is None or row.vaf >= 0


def _as_bcftools_leaves_it(vcf: Path, out: Path) -> bool:
    """Copy the records of one alternative as BCF; False where htslib refuses the file."""
    import pysam

    verbosity = pysam.set_verbosity(0)
    try:
        with (
            pysam.VariantFile(str(vcf)) as given,
            pysam.VariantFile(str(out), "wb", header=given.header) as left,
        ):
            for record in given:
                if len(record.alts or ()) < 2:
                    left.write(record)
    except (OSError, ValueError):
        return False
    finally:
        pysam.set_verbosity(verbosity)
    return True


# --- alignments ------------------------------------------------------------------------------------

SA = b"chr2,42296001,+,60M40S,60,0;chr1,5,-,10S30M2I8M1D50M,0,12;"


@target("SA tag", lambda: [SA, b"chr2,7,-,3H4S20=1X9S,7,1"], examples=800)
def _sa(content: bytes, folder: Path) -> None:
    from aligned_bam import HEADER
    from damaged_bams import write_stream

    from alktrace.io.damage import opened
    from alktrace.structural.fusions.breakpoints import MalformedAlignment
    from alktrace.structural.fusions.scan import record_segments

    content = content.replace(b"\0", b"")
    record = _records()[0][4:].replace(SA, content)
    path = write_stream(folder / "one.bam", struct.pack("<i", len(record)) + record, HEADER)
    with opened(path) as bam:
        (read,) = bam
    try:
        _, *segments = record_segments(read)
    except MalformedAlignment:
        return
    for segment, entry in zip(segments, content.decode().rstrip(";").split(";"), strict=True):
        chrom, pos, strand, cigar, mapq, _ = entry.split(",")
        assert (segment.chrom, segment.start, segment.mapq) == (chrom, int(pos) - 1, int(mapq))
        items = [(int(n), op) for n, op in re.findall(r"(\d+)(\D)", cigar)]
        if sum(n for n, _ in items) > 9999:
            continue
        steps = "".join(op * n for n, op in items)
        bases = [op for op in (steps[::-1] if strand == "-" else steps) if op in "MIS=XH"]
        aligned = [at for at, op in enumerate(bases) if op in "MI=X"]
        assert (segment.query_start, segment.query_end) == (aligned[0], aligned[-1] + 1)
        assert segment.end - segment.start == sum(op in "MDN=X" for op in steps)


@cache
def _records() -> list[bytes]:
    from aligned_bam import fragment, write_bam
    from damaged_bams import raw_records

    segments = [s for i in range(2) for s in fragment(f"r{i}", 100 + 7 * i, 260, umi="ACGT-TTTT", strand=i)]
    for segment in segments:
        segment.set_tag("XF", 0.5)
        segment.set_tag("SA", SA.decode())
    with TemporaryDirectory() as folder:
        path = Path(folder, "sound.bam")
        write_bam(path, segments)
        records = [struct.pack("<i", len(record)) + record for record in raw_records(path)]
    return [*records, b"".join(records)]


@target("BAM records", _records, packed=True, examples=700)
def _bam(content: bytes, folder: Path) -> None:
    """Packed records, each with its length before it; what htslib refuses must be refused."""
    from aligned_bam import HEADER
    from damaged_bams import write_stream

    from alktrace.checks.probes import ProbeError, bam_head
    from alktrace.errors import DataError
    from alktrace.io.bam_io import iterate_batches
    from alktrace.io.damage import opened, read_records
    from alktrace.io.record_columns import read_columns
    from alktrace.structural.fusions.scan import Regions, SignCollector

    path = write_stream(folder / "records.bam", content, HEADER)
    with suppress(ProbeError):
        bam_head.__wrapped__(path)
    found = 0
    collector = SignCollector(Regions([("chr1", 0, 2000)]), min_clip=5, max_insert=500)
    try:
        for batch in iterate_batches(path):
            found += len(batch.starts)
            collector.take(batch, read_columns(batch), HEADER)
    except DataError:
        found = -1
    try:
        with opened(path) as bam:
            records = sum(1 for _ in read_records(bam, path))
    except DataError:
        records = -1
    assert found in (-1, records), "htslib refuses what passed"


@target("BAM records, reads of a laboratory", _records, packed=True, examples=600)
def _raw_bam(content: bytes, folder: Path) -> None:
    """As above, for the jobs that take reads and UMIs out of them or give them read groups."""
    from io import BytesIO

    from aligned_bam import HEADER
    from damaged_bams import write_stream

    from alktrace.align.extract import Extraction, extract_bam, layout_for
    from alktrace.align.retag import UnitGroup, tag_alignments
    from alktrace.errors import DataError
    from alktrace.vocabulary.samples import UmiSource

    path, out = write_stream(folder / "records.bam", content, HEADER), BytesIO()
    extraction = Extraction(layout_for([], reads=2, umi_reads=0), UmiSource.TAG)
    with suppress(DataError):
        counts = extract_bam(bam=path, extraction=extraction, out=out)
        lines = out.getvalue().split(b"\n")
        assert len(lines) == 8 * counts.written + 1
        assert all(line[:1] == b"@" for line in lines[:-1:4])
    group, tagged = UnitGroup("U", "S", "L"), str(folder / "tagged.bam")
    tag_alignments(bam=path, out=tagged, group=group, source=UmiSource.TAG, tag="RX", fixed=None)


if __name__ == "__main__":
    search(TARGETS[sys.argv[1]], Path(sys.argv[2]), int(sys.argv[3]))
