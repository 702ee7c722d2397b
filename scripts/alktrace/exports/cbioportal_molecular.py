"""Mutations, structural variants and copy numbers as cBioPortal loads them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..evidence.schema import Alteration, GeneCopyNumber
from ..vocabulary.caveats import NOT_THE_DRIVER, CaveatCode, codes_of
from ..vocabulary.changes import STRUCTURAL, Origin, VariantType
from ..vocabulary.copies import CopyNumberCall
from .cbioportal_names import sample_id
from .exported import ExportedPatient, Seen, all_seen, breakend, filter_of, small_variant
from .identifiers import Identifiers
from .maf import ASSEMBLY, classification_of, maf_rows, short_protein

MUTATION_COLUMNS = (
    "Hugo_Symbol", "Entrez_Gene_Id", "NCBI_Build", "Chromosome", "Start_Position", "End_Position", "Strand",
    "Variant_Classification", "Variant_Type", "Reference_Allele", "Tumor_Seq_Allele1", "Tumor_Seq_Allele2",
    "Tumor_Sample_Barcode", "Mutation_Status", "HGVSc", "HGVSp_Short", "Transcript_ID", "RefSeq",
    "t_ref_count", "t_alt_count",
)  # fmt: skip
SV_COLUMNS = (
    "Sample_Id", "SV_Status", "NCBI_Build",
    "Site1_Hugo_Symbol", "Site1_Entrez_Gene_Id", "Site1_Chromosome", "Site1_Position", "Site1_Description",
    "Site2_Hugo_Symbol", "Site2_Entrez_Gene_Id", "Site2_Chromosome", "Site2_Position", "Site2_Description",
    "Site2_Effect_On_Frame", "Class", "Tumor_Variant_Count", "Tumor_Read_Count", "Event_Info",
)  # fmt: skip
FRAMES = {True: "In_Frame", False: "Frameshift"}
LEVELS = {CopyNumberCall.AMPLIFICATION: "2", CopyNumberCall.GAIN: "1", CopyNumberCall.NEUTRAL: "0"}
NOT_KNOWN = "NA"
FEWER_THAN_ONE = 1.0


def mutation_rows(
    patients: Sequence[ExportedPatient], identifiers: Identifiers
) -> Iterator[Mapping[str, Any]]:
    """Yield the mutations of the tumour, in MAF; what a report names without a place has none here either."""
    names = {
        patient.sample(one): sample_id(patient, one) for patient in patients for one in patient.specimens
    }
    for row in maf_rows(patients, identifiers):
        # cBioPortal knows no mutations of blood: in its figures they would be the tumour's.
        if row["origin"] is not Origin.CLONAL_HAEMATOPOIESIS:
            yield {
                **row,
                "Entrez_Gene_Id": row["Entrez_Gene_Id"] or None,
                "Chromosome": row["Chromosome"].removeprefix("chr"),
                "Tumor_Sample_Barcode": names[row["Tumor_Sample_Barcode"]],
            }
    for patient, seen in all_seen(patients):
        item = seen.alteration
        if small_variant(item) is None and item.variant_type not in STRUCTURAL and filter_of(item) == "PASS":
            yield _named_only(patient, seen, identifiers)


def structural_rows(
    patients: Sequence[ExportedPatient], identifiers: Identifiers
) -> Iterator[Mapping[str, Any]]:
    """Yield the driver fusions; a reciprocal or unclear junction is the same event once more."""
    for patient, seen in all_seen(patients):
        item = seen.alteration
        if item.variant_type is VariantType.FUSION and not codes_of(item.flags) & NOT_THE_DRIVER:
            yield _fusion(patient, seen, identifiers)


def copy_number_table(patients: Sequence[ExportedPatient]) -> tuple[list[str], list[dict[str, str]]]:
    """Return samples and rows of the matrix: a gene in a row, what nobody could say is `NA`, never 0."""
    levels: dict[str, dict[str, str]] = {}
    samples = []
    for patient in patients:
        for specimen in patient.specimens:
            name = sample_id(patient, specimen)
            samples.append(name)
            for gene in specimen.copy_number:
                levels.setdefault(gene.gene, {})[name] = level_of(gene)
    for patient, seen in all_seen(patients):
        item = seen.alteration
        if item.variant_type in (VariantType.AMPLIFICATION, VariantType.LOSS):
            # A report gives no copy numbers of genes, but what it found.
            told = "2" if item.variant_type is VariantType.AMPLIFICATION else "-1"
            told = "1" if CaveatCode.REPORTED_AS_GAIN in codes_of(item.flags) else told
            own = levels.setdefault(item.gene, {})
            if own.get(name := sample_id(patient, seen.specimen), NOT_KNOWN) == NOT_KNOWN:
                own[name] = told
    return samples, [{"gene": gene, **levels[gene]} for gene in sorted(levels)]


def level_of(found: GeneCopyNumber) -> str:
    """Return the level of a gene: 2 amplification, 1 gain, 0 neutral, -1 loss, -2 loss of all copies."""
    if found.call is CopyNumberCall.LOSS:
        high = found.tumour_copy_number_high
        return "-2" if high is not None and high < FEWER_THAN_ONE else "-1"
    return LEVELS.get(found.call, NOT_KNOWN)


def _named_only(patient: ExportedPatient, seen: Seen, identifiers: Identifiers) -> Mapping[str, Any]:
    item = seen.alteration
    return {
        "Hugo_Symbol": item.gene,
        "Entrez_Gene_Id": identifiers.entrez(item.gene),
        "NCBI_Build": ASSEMBLY,
        "Variant_Classification": classification_of(item.consequence, _side(item), item.hgvs_c),
        "Tumor_Sample_Barcode": sample_id(patient, seen.specimen),
        "Mutation_Status": "Unknown",
        "HGVSc": item.hgvs_c,
        "HGVSp_Short": short_protein(item.hgvs_p),
        "Transcript_ID": item.transcript,
        "RefSeq": identifiers.refseq(item.gene),
    }


def _side(item: Alteration) -> str:
    return "INS" if item.variant_type in (VariantType.INSERTION, VariantType.DUPLICATION) else "DEL"


def _fusion(patient: ExportedPatient, seen: Seen, identifiers: Identifiers) -> Mapping[str, Any]:
    item, found = seen.alteration, seen.observation
    partner, gene = item.partner, item.gene
    # An evidence file may name the fusion by its first gene.
    if f"{gene}-{partner}" == item.alteration.split(" ")[0]:
        partner, gene = gene, partner or ""
    first, _, second = (item.junction or "").partition(";")
    place = breakend(item)
    return {
        "Sample_Id": sample_id(patient, seen.specimen),
        "SV_Status": "SOMATIC",
        "NCBI_Build": ASSEMBLY,
        "Site1_Hugo_Symbol": partner,
        "Site1_Entrez_Gene_Id": identifiers.entrez(partner or ""),
        "Site1_Chromosome": place and place.mate.removeprefix("chr"),
        "Site1_Position": place and place.mate_pos,
        "Site1_Description": first,
        "Site2_Hugo_Symbol": gene,
        "Site2_Entrez_Gene_Id": identifiers.entrez(gene),
        "Site2_Chromosome": place and place.chrom.removeprefix("chr"),
        "Site2_Position": place and place.pos,
        "Site2_Description": second,
        "Site2_Effect_On_Frame": None if item.in_frame is None else FRAMES[item.in_frame],
        "Class": place and place.kind,
        "Tumor_Variant_Count": found.alt_molecules,
        "Tumor_Read_Count": found.total_molecules,
        "Event_Info": item.alteration,
    }
