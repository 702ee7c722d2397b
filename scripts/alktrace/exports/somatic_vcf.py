"""Annotated VCF 4.3 of one patient: what the tumour shows, one column per specimen.

The VCFs of samples hold every candidate of the caller; this one holds what was found, with its meaning.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pysam

from ..evidence.schema import Alteration, SpecimenEvidence
from ..io.atomic import atomic_output
from ..io.tables import format_cell
from ..vocabulary.detection import Detection
from .exported import ExportedPatient, breakend, filter_of, small_variant
from .identifiers import Identifiers

HEAD = """\
##fileformat=VCFv4.3
##source=alktrace
##FILTER=<ID=PASS,Description="May be of the tumour">
##FILTER=<ID=germline,Description="Inherited, for certain or probably">
##FILTER=<ID=clonal_haematopoiesis,Description="From blood cells, not from the tumour">
##INFO=<ID=GENE,Number=1,Type=String,Description="Gene symbol">
##INFO=<ID=TRANSCRIPT,Number=1,Type=String,Description="Ensembl transcript of the names">
##INFO=<ID=REFSEQ,Number=1,Type=String,Description="RefSeq transcript with the same protein">
##INFO=<ID=HGVSC,Number=1,Type=String,Description="HGVS coding name">
##INFO=<ID=HGVSP,Number=1,Type=String,Description="HGVS protein name">
##INFO=<ID=CONSEQUENCE,Number=1,Type=String,Description="Effect on the protein">
##INFO=<ID=ORIGIN,Number=1,Type=String,Description="somatic, undecided, clonal_haematopoiesis or germline">
##INFO=<ID=MECHANISM,Number=.,Type=String,Description="timepoint|class|mechanism|confidence">
##INFO=<ID=SVTYPE,Number=1,Type=String,Description="Type of structural variant">
##INFO=<ID=PARTNER,Number=1,Type=String,Description="Fusion partner gene">
##INFO=<ID=NAME,Number=1,Type=String,Description="Name shown in reports">
##FORMAT=<ID=GT,Number=1,Type=String,Description="0/1: found here; 0/0: absent down to LIM; not the ploidy">
##FORMAT=<ID=DP,Number=1,Type=Integer,Description="Molecules at the site">
##FORMAT=<ID=AD,Number=R,Type=Integer,Description="Molecules without and with the alternative allele">
##FORMAT=<ID=AF,Number=A,Type=Float,Description="Variant allele fraction from molecules">
##FORMAT=<ID=LIM,Number=1,Type=Float,Description="Smallest allele fraction that would have been called here">
"""
GENOTYPES = {Detection.DETECTED: "0/1", Detection.NOT_DETECTED: "0/0"}
# What a value may not hold (VCF 4.3, section 1.2), blanks, and the sign that parts the fields of MECHANISM.
ENCODED = {ord(sign): f"%{ord(sign):02X}" for sign in "%:;=,| \t\r\n"}


def write_somatic_vcfs(
    patients: Iterable[ExportedPatient], *, fai: Path, identifiers: Identifiers, folder: Path
) -> None:
    """Write the VCF of each patient.

    Args:
        patients: what may be exported.
        fai: index of the reference, for the sequences.
        identifiers: of genes.
        folder: gets `P01.vcf.gz` with its index for every patient.
    """
    lengths = lengths_of(fai)
    for patient in patients:
        out = folder / f"{patient.patient}.vcf.gz"
        write_somatic_vcf(patient, lengths=lengths, refseq=identifiers.transcripts, out=out)


def write_somatic_vcf(
    patient: ExportedPatient, *, lengths: Mapping[str, int], refseq: Mapping[str, str], out: Path
) -> None:
    """Write the VCF of one patient, bgzipped, with a tabix index beside it.

    Args:
        patient: what may be exported.
        lengths: bases of every sequence of the reference, in its order.
        refseq: RefSeq transcript by gene.
        out: ends with `.vcf.gz`.
    """
    index = out.with_name(out.name + ".tbi")
    text = "".join([HEAD, *_head_of(patient, lengths), *_lines(patient, lengths, refseq)])
    with atomic_output(out, index) as (partial, partial_index):
        with pysam.BGZFile(str(partial), "wb", None) as stream:
            stream.write(text.encode())
        pysam.tabix_index(str(partial), preset="vcf", force=True, index=str(partial_index))


def lengths_of(fai: Path) -> dict[str, int]:
    """Return the bases of every sequence, from the index of a FASTA."""
    lines = (line.split("\t") for line in fai.read_text(encoding="utf-8").splitlines())
    return {cells[0]: int(cells[1]) for cells in lines}


def encoded(text: str) -> str:
    """Return a text as a value of a field, percent-encoded where VCF 4.3 asks for it."""
    return text.translate(ENCODED)


def _head_of(patient: ExportedPatient, lengths: Mapping[str, int]) -> Iterator[str]:
    yield from (f"##contig=<ID={name},length={length}>\n" for name, length in lengths.items())
    columns = ["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO"]
    # A table without samples has no FORMAT either.
    samples = [patient.sample(specimen) for specimen in patient.specimens]
    yield "\t".join([*columns, *(["FORMAT", *samples] if samples else [])]) + "\n"


def _lines(patient: ExportedPatient, lengths: Mapping[str, int], refseq: Mapping[str, str]) -> Iterator[str]:
    order = {name: at for at, name in enumerate(lengths)}
    placed = [(place, item) for item in patient.alterations if (place := _place(item)) is not None]
    # A report may give a place that this reference does not have.
    known = [one for one in placed if one[0][0] in order and one[0][1] <= lengths[one[0][0]]]
    for (chrom, pos, ref, alt), item in sorted(known, key=lambda one: (order[one[0][0]], *one[0][1:])):
        info = ";".join(f"{key}={value}" for key, value in _info(patient, item, refseq))
        cells = [chrom, str(pos), ".", ref, alt, ".", filter_of(item), info, "GT:DP:AD:AF:LIM"]
        yield "\t".join([*cells, *(_call(patient, item, one) for one in patient.specimens)]) + "\n"


def _place(item: Alteration) -> tuple[str, int, str, str] | None:
    if (allele := small_variant(item)) is not None:
        return allele.chrom, allele.pos, allele.ref, allele.alt
    junction = breakend(item)
    return None if junction is None else (junction.chrom, junction.pos, junction.ref, junction.alt)


def _info(patient: ExportedPatient, item: Alteration, refseq: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    told = {
        "GENE": item.gene,
        "TRANSCRIPT": item.transcript,
        "REFSEQ": refseq.get(item.gene) if item.transcript else None,
        "HGVSC": item.hgvs_c,
        "HGVSP": item.hgvs_p,
        "CONSEQUENCE": item.consequence.value,
        "ORIGIN": item.origin.value,
        "SVTYPE": "BND" if breakend(item) else None,
        "PARTNER": item.partner,
        "NAME": item.alteration,
    }
    yield from ((key, encoded(value)) for key, value in told.items() if value)
    mechanisms = [
        "|".join(
            encoded(format_cell(one))
            for one in (row.timepoint, row.classification, row.mechanism, row.confidence)
        )
        for row in patient.mechanisms(item)
    ]
    if mechanisms:
        yield "MECHANISM", ",".join(dict.fromkeys(mechanisms))


def _call(patient: ExportedPatient, item: Alteration, specimen: SpecimenEvidence) -> str:
    seen = patient.observation(item, specimen)
    if seen is None:
        return "./.:.:.:.:."
    alt, total = seen.alt_molecules, seen.total_molecules
    depths = "." if alt is None or total is None else f"{total - alt},{alt}"
    cells = [format_cell(value) for value in (total, seen.vaf, seen.vaf_detectable)]
    return ":".join([GENOTYPES.get(seen.detection, "./."), cells[0], depths, *cells[1:]])
