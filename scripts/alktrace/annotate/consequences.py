"""What `bcftools csq` says about the variants of a VCF, and how it fits our own names.

It is the one in pysam, with the version that the lock file pins. It calls a duplication an insertion; names
are made in `hgvs.py`.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..errors import DataError
from ..io.atomic import ROOM
from ..reference.gene_models import GeneModels, Transcript
from ..vocabulary.changes import Consequence
from ..vocabulary.variant import SmallVariant

CSQ_TERMS = {
    "start_lost": Consequence.START_LOST,
    "stop_gained": Consequence.STOP_GAINED,
    "frameshift": Consequence.FRAMESHIFT,
    "splice_acceptor": Consequence.SPLICE_SITE,
    "splice_donor": Consequence.SPLICE_SITE,
    "stop_lost": Consequence.STOP_LOST,
    "missense": Consequence.MISSENSE,
    "inframe_insertion": Consequence.INFRAME_INSERTION,
    "inframe_deletion": Consequence.INFRAME_DELETION,
    "inframe_altering": Consequence.INFRAME_DELINS,
    "synonymous": Consequence.SYNONYMOUS,
    "stop_retained": Consequence.SYNONYMOUS,
    "start_retained": Consequence.SYNONYMOUS,
    "splice_region": Consequence.SPLICE_REGION,
    "5_prime_utr": Consequence.UTR,
    "3_prime_utr": Consequence.UTR,
    "non_coding": Consequence.UTR,
    "intron": Consequence.INTRON,
    "intergenic": Consequence.INTERGENIC,
}
"""Terms of `bcftools csq`, gravest first: of several the first in this order counts."""

IN_FRAME = frozenset(
    {Consequence.INFRAME_INSERTION, Consequence.INFRAME_DELETION, Consequence.INFRAME_DELINS}
)
OTHER_PROTEIN = frozenset(
    {
        Consequence.FRAMESHIFT,
        Consequence.STOP_GAINED,
        Consequence.STOP_LOST,
        Consequence.START_LOST,
        Consequence.SPLICE_SITE,
    }
)
SILENT_NONCODING = frozenset(
    {Consequence.INTRON, Consequence.SPLICE_REGION, Consequence.UTR, Consequence.INTERGENIC}
)
FAMILIES = (IN_FRAME, OTHER_PROTEIN, SILENT_NONCODING)


REFUSED = 3
"""Status of the process of bcftools where bcftools itself ended with an error."""
BCFTOOLS = f"""
import json, sys, pysam.bcftools
for name, *options in json.loads(sys.argv[1]):
    try:
        getattr(pysam.bcftools, name)(*options, catch_stdout=False)
    except pysam.SamtoolsError as error:
        print(error.value.partition("stderr=")[2], file=sys.stderr)
        sys.exit({REFUSED})
"""
CSQ_OPTIONS = ("--local-csq", "--force", "--samples", "-", "--trim-protein-seq", "1")
"""Without `--local-csq` it joins unphased variants of one codon and so invents a phase; with `--force` it
lets pass what lies on a chromosome without gene models."""
STRUCTURAL_ALLELE = re.compile(r"<(?!\*>|NON_REF>)|.*[\[\]]")
"""`<*>` and `<NON_REF>` stand for whatever else may be there."""
SHOWN, SHOWN_SAMPLES = 300, 5
PROGRESS = ("Parsing ", "Warning: ", "Indexed ", "Calling", "Lines ")
"""Beginnings of what bcftools says while it works."""
VCF_REMEDY = "give a VCF or BCF of calls on the genome of `reference.fasta`, sorted, of one sample"
REFERENCE_GENOTYPE, NO_GENOTYPE = "reference_genotype", "no_genotype"
"""Filters of foreign records whose GT does not say that their allele is there."""


@dataclass(frozen=True)
class VcfVariant:
    """One record of a VCF, one alternative allele.

    Attributes:
        vaf, vaf_low, vaf_high: fractions; None where the VCF does not tell.
        alt_molecules, total_molecules: molecules, or reads where a foreign VCF counts reads.
        filters: FILTER without PASS, and what GT says against the allele.
        csq: entries of BCSQ as `(term, gene, transcript)`.
    """

    allele: SmallVariant
    filters: tuple[str, ...]
    vaf: float | None
    vaf_low: float | None
    vaf_high: float | None
    alt_molecules: int | None
    total_molecules: int | None
    duplex_alt: int | None
    strict_alt: int | None
    strict_total: int | None
    csq: tuple[tuple[str, str, str], ...]


def annotated_variants(vcf: Path, *, fasta: Path, gff3: Path) -> list[VcfVariant]:
    """Return the variants of a VCF, normalised and with consequences; see `read_variants`.

    Args:
        vcf: FORMAT fields of our own caller, or AF/AD/DP of another.
        fasta: genome.
        gff3: gene models as `write_gff3` writes them.

    Raises:
        DataError: the file is no VCF, or is of another genome. It names another `file` where bcftools could
            not write its temporary files, or was killed.
    """
    with TemporaryDirectory() as folder:
        normalised, out = f"{folder}/normalised.bcf", f"{folder}/consequences.bcf"
        genome = ["--no-version", "--output-type", "u", "--fasta-ref", str(fasta), "--output"]
        _bcftools(
            vcf,
            ["norm", *genome, normalised, "--multiallelics", "-any", str(vcf)],
            ["csq", *genome, out, "--gff-annot", str(gff3), *CSQ_OPTIONS, normalised],
        )
        try:
            return list(read_variants(Path(out)))
        except (OSError, ValueError) as error:  # bytes that are no text, values that the header refuses
            raise DataError(vcf, f"cannot be read as VCF ({error})", VCF_REMEDY) from None


def _bcftools(vcf: Path, *commands: list[str]) -> None:
    """Run commands of bcftools; their errors name the file that was given."""
    # In a process of its own: csq keeps variables from one call to the next.
    command = [sys.executable, "-c", BCFTOOLS, json.dumps(commands)]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        lines = [line.strip() for line in done.stderr.splitlines() if not line.startswith(PROGRESS)]
        said = " ".join(lines)
        # What it cannot write, and what kills it, is no fault of the sample, which another try will annotate.
        for out in (command[command.index("--output") + 1] for command in commands):
            if out in said:
                raise DataError(out, f"bcftools: {said}", ROOM)
        if done.returncode != REFUSED:
            what = f"ended with status {done.returncode} {said[-SHOWN:]}".rstrip()
            raise DataError("bcftools", what, "run again; if it ends so again, with more memory")
        raise DataError(vcf, f"bcftools: {said}", VCF_REMEDY)


def read_variants(vcf: Path) -> Iterator[VcfVariant]:
    """Yield the variants of a VCF with one alternative per record, as bcftools leaves it.

    Symbolic alleles, breakends and `*` are left out: they are no small variants. So are records that say of
    their allele that it was not found, as those who list every place they looked at write.

    Raises:
        ValueError: several samples, of which nobody says which one is the tumour's.
    """
    import pysam

    # It would complain of a missing index, which nobody needs here.
    verbosity = pysam.set_verbosity(0)
    try:
        reader = pysam.VariantFile(str(vcf))
    finally:
        pysam.set_verbosity(verbosity)
    with reader:
        if len(samples := list(reader.header.samples)) > 1:
            raise ValueError(f"columns of {len(samples)} samples: {', '.join(samples[:SHOWN_SAMPLES])}")
        for record in reader:
            if record.alts and set(record.alts[0]) <= set("ACGTN"):
                variant = _variant(record)
                if not _is_denied(record, variant):
                    yield variant


def structural_records(vcf: Path) -> int:
    """Return how many records of a VCF that can be read hold a symbolic allele or a breakend."""
    import pysam

    verbosity = pysam.set_verbosity(0)
    try:
        with pysam.VariantFile(str(vcf)) as reader:
            return sum(any(STRUCTURAL_ALLELE.match(alt) for alt in record.alts or ()) for record in reader)
    finally:
        pysam.set_verbosity(verbosity)


def _is_denied(record: Any, variant: VcfVariant) -> bool:
    """Tell whether a record says that its allele was not found: no molecule of it, or GT without it."""
    if variant.vaf or variant.alt_molecules:
        return False
    counted = 0 in (variant.vaf, variant.alt_molecules)
    return counted or _genotype_filters(record, found=False) == {REFERENCE_GENOTYPE}


def _genotype_filters(record: Any, *, found: bool) -> set[str]:
    """Return what GT says against the allele of a record; `found`: molecules of it are counted."""
    genotype = _field(record, "GT")
    if genotype is None or 1 in genotype:
        return set()
    if None not in genotype:
        return {REFERENCE_GENOTYPE}
    # Callers of somatic variants need not give a genotype, and then count what they found.
    return set() if found else {NO_GENOTYPE}


def csq_consequence(variant: VcfVariant, transcript: Transcript) -> Consequence | None:
    """Return what `bcftools csq` says for one transcript; None if it says nothing."""
    terms = {
        term.lstrip("*")
        for text, gene, name in variant.csq
        if name.split(".")[0] == transcript.transcript or (not name and gene == transcript.gene)
        for term in text.split("&")
    }
    return next((CSQ_TERMS[term] for term in CSQ_TERMS if term in terms), None)


def reconcile(own: Consequence, csq: Consequence | None) -> tuple[Consequence, bool]:
    """Return the consequence to report and whether both sources disagree on its kind.

    Our own comes from the same placement as the name; the tool judges an indel where the VCF puts it, which
    beside a splice site or the start codon can differ. Differences inside one family (in frame, protein cut
    or extended, outside the coding sequence) are a matter of names.
    """
    if csq is None or csq is own:
        return own, False
    if own is Consequence.UNKNOWN:
        return csq, False
    return own, not any(own in family and csq in family for family in FAMILIES)


def choose_gene(allele: SmallVariant, models: GeneModels) -> Transcript | None:
    """Return the gene a variant is named on: coding there, else in an exon, else the first that spans it."""
    first, last = allele.start, allele.end - 1
    candidates = {t.gene: t for p in (first, last) for t in models.genes_at(allele.chrom, p)}
    ranked = sorted(candidates.values(), key=lambda t: (-_depth(t, first, last), t.gene))
    return ranked[0] if ranked else None


def _depth(transcript: Transcript, first: int, last: int) -> int:
    touched = range(first, last + 1)
    if any(transcript.coding_position(p) is not None for p in touched):
        return 2
    return int(any(transcript.exon_at(p) is not None for p in touched))


def _variant(record: Any) -> VcfVariant:
    alt, total = _molecules(record)
    vaf = _vaf(record, alt, total)
    against = _genotype_filters(record, found=bool(vaf or alt))
    duplex, strict, strict_total = (_number(record, name) for name in ("ADX", "SAD", "SDP"))
    return VcfVariant(
        allele=SmallVariant(record.chrom, record.pos, record.ref.upper(), record.alts[0].upper()),
        filters=tuple(sorted({*record.filter} - {"PASS"} | against)),
        vaf=vaf,
        vaf_low=_number(record, "AFL"),
        vaf_high=_number(record, "AFH"),
        alt_molecules=alt,
        total_molecules=total,
        duplex_alt=None if duplex is None else int(duplex),
        strict_alt=None if strict is None else int(strict),
        strict_total=None if strict_total is None else int(strict_total),
        csq=_csq(_info(record, "BCSQ")),
    )


def _vaf(record: Any, alt: int | None, total: int | None) -> float | None:
    """Return the VAF that a record states, or that its counts make.

    AF in INFO counts only without a sample: beside one it is the share of its genotype (GATK), or a
    frequency of the population that was written into it.
    """
    if (own := _as_number(_field(record, "AF"))) is not None:
        return own
    if alt is not None and total:
        return alt / total
    return None if len(record.samples) else _number(record, "AF")


def _molecules(record: Any) -> tuple[int | None, int | None]:
    """Return mutant and all molecules, of the sample column or of INFO."""
    depth = _number(record, "DP")
    total = None if depth is None else int(depth)
    counts = _field(record, "AD") or ()
    if len(counts) == 2 and isinstance(counts[1], int):
        return counts[1], total if total is not None else (counts[0] or 0) + counts[1]
    return None, total


def _field(record: Any, name: str) -> tuple[Any, ...] | None:
    return _values(record.samples[0][name]) if name in record.format else None


def _info(record: Any, name: str) -> tuple[Any, ...]:
    # `get` raises for what the header does not declare.
    return _values(record.info[name]) if name in record.info else (None,)


def _values(given: Any) -> tuple[Any, ...]:
    return given if isinstance(given, tuple) else (given,)


def _number(record: Any, name: str) -> float | None:
    """Return the last number of a field of the sample, else of INFO; None if missing or below zero."""
    return _as_number(_field(record, name) or _info(record, name))


def _as_number(found: tuple[Any, ...] | None) -> float | None:
    try:
        # A field that the header does not declare comes as text.
        value = float((found or (None,))[-1])
    except (TypeError, ValueError):
        return None
    return value if value >= 0 else None


def _csq(items: Sequence[str | None]) -> tuple[tuple[str, str, str], ...]:
    entries = []
    for item in items:
        cells = (item or "").split("|")
        if len(cells) >= 3 and not cells[0].startswith("@"):
            entries.append((cells[0], cells[1], cells[2]))
    return tuple(entries)
