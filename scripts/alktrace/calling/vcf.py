"""The VCF of one sample: one alternative per record, filters named, every field described with its unit."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pysam

from ..inputs.settings.calling_settings import CallingSettings
from ..io.atomic import atomic_output
from ..vocabulary.variant import SmallVariant
from .noise.molecule_classes import duplex, simplex, single
from .rule.caller_filters import FILTERS
from .rule.verdict import AlterationCounts

INFO = (
    ("TYPE", "1", "String", "Kind of the record: snv, mnv, insertion, deletion or delins"),
    (
        "REPEATS",
        "1",
        "Integer",
        "Units beyond the first of the repeat that an insertion or deletion, or that of a delins, lies in",
    ),
    (
        "HOTSPOT",
        "0",
        "Flag",
        "Tested with the tail probability of hotspots; C>T and G>A without UMI with the general one",
    ),
    ("NOISE", "1", "String", "What the noise rate rests on: prior, sample or position"),
)
FORMAT = (
    ("GT", "1", "String", "0/1: molecules with the alternative allele were seen; no statement on ploidy"),
    ("DP", "1", "Integer", "Informative molecules at the site"),
    ("AD", "R", "Integer", "Molecules with the reference and the alternative allele"),
    ("AF", "A", "Float", "Variant allele fraction: alternative over informative molecules"),
    ("AFL", "A", "Float", "Lower end of the exact 95 % interval of AF"),
    ("AFH", "A", "Float", "Upper end of the exact 95 % interval of AF"),
    ("AFD", "A", "Float", "Smallest allele fraction the calling rule detects here with the stated power"),
    ("ADS", "A", "Integer", "Alternative molecules with UMI, seen on one strand (simplex)"),
    ("ADX", "A", "Integer", "Alternative molecules seen on both strands (duplex)"),
    ("ADU", "A", "Integer", "Alternative molecules without UMI (single)"),
    ("DPS", "1", "Integer", "Informative molecules with UMI, seen on one strand (simplex)"),
    ("DPX", "1", "Integer", "Informative molecules seen on both strands (duplex)"),
    ("DPU", "1", "Integer", "Informative molecules without UMI (single)"),
    ("SAD", "A", "Integer", "Alternative molecules that pass the strict consensus filter"),
    ("SDP", "1", "Integer", "Informative molecules that pass the strict consensus filter"),
    ("ER", "A", "Float", "Upper bound of the false-alternative rate per molecule, mean over molecules"),
)


@dataclass(frozen=True)
class Record:
    """One line of the VCF; `repeats`: as the rule counted them, on the haplotype that is carried."""

    variant: SmallVariant
    counts: AlterationCounts
    ref_molecules: int
    hotspot: bool
    repeats: int = 0

    def filtered(self, reasons: Sequence[str]) -> "Record":
        """Return the record with further filters."""
        return replace(self, counts=replace(self.counts, filters=(*self.counts.filters, *reasons)))


def write_vcf(
    path: Path,
    records: Sequence[Record],
    *,
    fasta: pysam.FastaFile,
    sample: str,
    settings: CallingSettings,
    remarks: Sequence[tuple[str, str]] = (),
) -> None:
    """Write records bgzipped with a tabix index beside it.

    Args:
        path: ends with `.vcf.gz`.
        records: in any order.
        fasta: gives the contig lines.
        sample: name of the sample column.
        settings: stated in the header.
        remarks: further header lines as key and value.
    """
    header = _header(fasta, sample, settings, remarks)
    order = {name: i for i, name in enumerate(fasta.references)}
    ranked = sorted(
        records, key=lambda r: (order[r.variant.chrom], r.variant.pos, r.variant.ref, r.variant.alt)
    )
    index = path.with_name(path.name + ".tbi")
    with atomic_output(path, index) as (partial, partial_index):
        with pysam.VariantFile(str(partial), "wz", header=header) as out:
            for record in ranked:
                out.write(_line(out.header, record))
        pysam.tabix_index(str(partial), preset="vcf", force=True, index=str(partial_index))


def _header(
    fasta: pysam.FastaFile, sample: str, settings: CallingSettings, remarks: Sequence[tuple[str, str]]
) -> pysam.VariantHeader:
    header = pysam.VariantHeader()
    for name, length in zip(fasta.references, fasta.lengths, strict=True):
        header.contigs.add(name, length=length)
    for one in FILTERS.values():
        header.filters.add(one.name, None, None, one.describe(settings.model_dump()))
    for name, number, kind, description in INFO:
        header.info.add(name, number, kind, description)
    for name, number, kind, description in FORMAT:
        header.formats.add(name, number, kind, description)
    header.add_meta("source", "alktrace")
    rule = (
        f"tail_probability={settings.tail_probability:g} hotspot={settings.hotspot_tail_probability:g} "
        f"min_alt_molecules={settings.min_alt_molecules} min_alt_duplex={settings.min_alt_duplex} "
        f"power={settings.power:g}; QUAL is the noise tail probability of the alternative molecules, "
        "phred-scaled, at most 300"
    )
    header.add_meta("alktrace_rule", rule)
    for key, value in remarks:
        header.add_meta(key, value)
    header.add_sample(sample)
    return header


def _line(header: pysam.VariantHeader, record: Record) -> pysam.VariantRecord:
    variant, counts = record.variant, record.counts
    line = header.new_record(
        contig=variant.chrom,
        start=variant.start,
        alleles=(variant.ref, variant.alt),
        qual=round(counts.quality, 1),
        filter=counts.filters or ("PASS",),
    )
    line.info["TYPE"] = variant.kind.value
    line.info["NOISE"] = counts.noise_level
    if not variant.is_substitution:
        line.info["REPEATS"] = record.repeats
    if record.hotspot:
        line.info["HOTSPOT"] = True
    alt, total = counts.by_class
    call = line.samples[0]
    call["GT"] = (0, 1)
    call["DP"] = counts.total_molecules
    call["AD"] = (record.ref_molecules, counts.alt_molecules)
    for key, value in (
        ("AF", counts.vaf),
        ("AFL", counts.vaf_low),
        ("AFH", counts.vaf_high),
        ("AFD", counts.vaf_detectable),
        ("ER", counts.error_rate),
    ):
        call[key] = (value,)
    call["ADS"], call["ADX"], call["ADU"] = (simplex(alt),), (duplex(alt),), (single(alt),)
    call["DPS"], call["DPX"], call["DPU"] = simplex(total), duplex(total), single(total)
    call["SAD"], call["SDP"] = (counts.strict_alt,), counts.strict_total
    return line
