"""Small variants as MAF, one line per variant and specimen (GDC MAF 1.0.0, which follows MAF 2.4)."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..io.atomic import atomic_output
from ..vocabulary.changes import Consequence, Origin
from ..vocabulary.detection import ObservationSource
from ..vocabulary.residues import ONE_LETTER, STOP
from ..vocabulary.variant import SmallVariant
from .exported import ExportedPatient, Seen, all_seen, filter_of, is_inherited, small_variant
from .identifiers import Identifiers
from .plain_tables import write_plain

ASSEMBLY = "GRCh38"
COLUMNS = (
    "Hugo_Symbol",
    "Entrez_Gene_Id",
    "Center",
    "NCBI_Build",
    "Chromosome",
    "Start_Position",
    "End_Position",
    "Strand",
    "Variant_Classification",
    "Variant_Type",
    "Reference_Allele",
    "Tumor_Seq_Allele1",
    "Tumor_Seq_Allele2",
    "Tumor_Sample_Barcode",
    "Mutation_Status",
    "HGVSc",
    "HGVSp",
    "HGVSp_Short",
    "Transcript_ID",
    "RefSeq",
    "Exon_Number",
    "t_depth",
    "t_ref_count",
    "t_alt_count",
    "FILTER",
    "patient",
    "timepoint",
    "specimen",
    "specimen_type",
    "vaf",
    "vaf_low",
    "vaf_high",
    "duplex_alt",
    "source",
    "origin",
    "mechanism",
    "classification",
    "confidence",
)

SUBSTITUTIONS = {1: "SNP", 2: "DNP", 3: "TNP"}
CLASSES = {
    Consequence.MISSENSE: "Missense_Mutation",
    Consequence.SYNONYMOUS: "Silent",
    Consequence.STOP_GAINED: "Nonsense_Mutation",
    Consequence.STOP_LOST: "Nonstop_Mutation",
    Consequence.START_LOST: "Translation_Start_Site",
    Consequence.SPLICE_SITE: "Splice_Site",
    Consequence.SPLICE_REGION: "Splice_Region",
    Consequence.INTRON: "Intron",
    Consequence.INTERGENIC: "IGR",
}
STATUS = {Origin.SOMATIC: "Somatic", Origin.GERMLINE: "Germline"}
RESIDUE = re.compile("|".join([*ONE_LETTER, "Ter"]))


def write_maf(patients: Iterable[ExportedPatient], identifiers: Identifiers, out: Path) -> None:
    """Write the small variants of all patients.

    Args:
        patients: what may be exported.
        identifiers: of genes.
        out: MAF.
    """
    with atomic_output(out) as (partial,):
        write_plain(partial, COLUMNS, maf_rows(patients, identifiers), above=("#version gdc-1.0.0",))


def maf_rows(patients: Iterable[ExportedPatient], identifiers: Identifiers) -> Iterator[Mapping[str, Any]]:
    """Yield one row per small variant with coordinates and specimen that shows it."""
    for patient, seen in all_seen(patients):
        variant = small_variant(seen.alteration)
        if variant is not None:
            yield _row(patient, seen, variant, identifiers)


def maf_alleles(variant: SmallVariant) -> tuple[int, int, str, str, str]:
    """Return start and end (1-based, inclusive), both alleles and Variant_Type, without common first bases.

    An insertion lies between start and end, which are neighbours then.
    """
    ref, alt, start = variant.ref, variant.alt, variant.pos
    while ref and alt and ref[0] == alt[0]:
        ref, alt, start = ref[1:], alt[1:], start + 1
    if not ref:
        return start - 1, start, "-", alt, "INS"
    size = len(alt) - len(ref)
    kind = SUBSTITUTIONS.get(len(ref), "ONP") if size == 0 else ("INS" if size > 0 else "DEL")
    return start, start + len(ref) - 1, ref, alt or "-", kind


def classification_of(consequence: Consequence, kind: str, hgvs_c: str | None) -> str:
    """Return Variant_Classification.

    Args:
        consequence: of the variant.
        kind: its Variant_Type.
        hgvs_c: tells the ends of a gene apart: behind the stop codon positions begin with `*`.
    """
    side = "Ins" if kind == "INS" else "Del"
    if consequence is Consequence.FRAMESHIFT:
        return f"Frame_Shift_{side}"
    if consequence in (
        Consequence.INFRAME_INSERTION,
        Consequence.INFRAME_DELETION,
        Consequence.INFRAME_DELINS,
    ):
        return f"In_Frame_{side}"
    if consequence is Consequence.UTR:
        return "3'UTR" if (hgvs_c or "").startswith("c.*") else "5'UTR"
    return CLASSES.get(consequence, "Unknown")


def short_protein(hgvs_p: str | None) -> str | None:
    """Return a protein name in one-letter code: `p.G1202R` for `p.Gly1202Arg`."""
    if hgvs_p is None:
        return None
    return RESIDUE.sub(lambda found: ONE_LETTER.get(found[0], STOP), hgvs_p)


def _row(
    patient: ExportedPatient, seen: Seen, variant: SmallVariant, identifiers: Identifiers
) -> Mapping[str, Any]:
    item, found, specimen = seen.alteration, seen.observation, seen.specimen
    start, end, ref, alt, kind = maf_alleles(variant)
    here = [row for row in patient.listed(item) if row.timepoint == specimen.timepoint]
    carriers = patient.carrying(here)
    total, mutant = found.total_molecules, found.alt_molecules
    return {
        "Hugo_Symbol": item.gene,
        "Entrez_Gene_Id": identifiers.entrez(item.gene) or 0,
        "NCBI_Build": ASSEMBLY,
        "Chromosome": variant.chrom,
        "Start_Position": start,
        "End_Position": end,
        "Strand": "+",
        "Variant_Classification": classification_of(item.consequence, kind, item.hgvs_c),
        "Variant_Type": kind,
        "Reference_Allele": ref,
        "Tumor_Seq_Allele1": ref,
        "Tumor_Seq_Allele2": alt,
        "Tumor_Sample_Barcode": patient.sample(specimen),
        "Mutation_Status": "Germline" if is_inherited(item) else STATUS.get(item.origin, "Unknown"),
        "HGVSc": item.hgvs_c,
        "HGVSp": item.hgvs_p,
        "HGVSp_Short": short_protein(item.hgvs_p),
        "Transcript_ID": item.transcript,
        "RefSeq": identifiers.refseq(item.gene),
        "Exon_Number": item.exon,
        "t_depth": total,
        # Molecules with a third allele are neither: depth may be more than both.
        "t_ref_count": None if total is None or mutant is None else total - mutant,
        "t_alt_count": mutant,
        "FILTER": filter_of(item),
        "patient": patient.patient,
        "timepoint": specimen.timepoint,
        "specimen": specimen.specimen,
        "specimen_type": specimen.specimen_type,
        "vaf": found.vaf,
        "vaf_low": found.vaf_low,
        "vaf_high": found.vaf_high,
        "duplex_alt": found.duplex_alt,
        "source": found.source if found.source is ObservationSource.REPORTED else ObservationSource.CALLED,
        "origin": item.origin,
        "mechanism": "; ".join(dict.fromkeys(row.mechanism for row in carriers if row.mechanism)),
        "classification": next((row.classification for row in here), None),
        "confidence": next((row.confidence for row in carriers), None),
    }
