"""Handmade patients for the tests of exports: every value is known from the line that gives it."""

from datetime import date
from pathlib import Path
from typing import Any

from golden.build import default_settings

from alktrace.classify.carrying import carrying_rows
from alktrace.classify.decision import classify_patient
from alktrace.evidence.schema import PatientEvidence
from alktrace.exports.exported import ExportedPatient
from alktrace.exports.identifiers import Identifiers, load_identifiers
from alktrace.inputs.knowledge_files import KnowledgeFiles
from alktrace.knowledge.load import load_knowledge

FILES = KnowledgeFiles(Path(__file__).resolve().parents[1] / "resources" / "knowledge")
LONG_ID = "P" + "-".join(["x" * 20] * 3) + "-"
"""As long as an id may be."""
HOSTILE = "=cmd()\u2028@x"


def identifiers() -> Identifiers:
    return load_identifiers(FILES)


def specimen(timepoint: str = "PD1", name: str = "plasma", **fields: Any) -> dict[str, Any]:
    kind = name if name in ("plasma", "csf", "tissue", "wbc") else "tissue"
    base = {
        "timepoint": timepoint,
        "specimen": name,
        "specimen_type": kind,
        "assay": "panel",
        "collected": date(2024, 1, 10) if timepoint == "BL" else date(2025, 6, 1),
        "setting": None if kind == "wbc" else "baseline" if timepoint == "BL" else "progression",
        "tumour_fraction": {
            "status": "estimated",
            "value": 0.2,
            "low": 0.15,
            "high": 0.25,
            "truncal_markers": 2,
        },
    }
    return base | fields


def seen(alt: int, total: int, timepoint: str = "PD1", name: str = "plasma", **fields: Any) -> dict[str, Any]:
    base = {
        "timepoint": timepoint,
        "specimen": name,
        "detection": "detected" if alt else "not_detected",
        "source": "called",
        "alt_molecules": alt,
        "total_molecules": total,
        "vaf": alt / total,
        "vaf_detectable": 0.004,
    }
    return base | fields


def small(
    key: str, gene: str, name: str, hgvs_c: str | None, hgvs_p: str | None, **fields: Any
) -> dict[str, Any]:
    chrom, pos, ref, alt = key.split(":") if key.startswith("chr") else ("", "", "", "")
    base = {
        "key": key,
        "gene": gene,
        "variant_type": "snv",
        "alteration": name,
        "consequence": "missense",
        "hgvs_c": hgvs_c,
        "hgvs_p": hgvs_p,
        "position_grch38": f"{chrom}:{pos}{ref}>{alt}" if chrom else None,
        "origin": "somatic",
        "observations": [seen(20, 200)],
    }
    return base | fields


# Alleles and names as public databases write them (ClinVar, COSMIC's legacy MAF rows of EGFR exon 19).
G1202R = small(
    "chr2:29220747:C:T", "ALK", "G1202R", "c.3604G>A", "p.Gly1202Arg",
    transcript="ENST00000389048", exon=23, codon=1202,
)  # fmt: skip
EXON_19 = small(
    "chr7:55174771:AGGAATTAAGAGAAGC:A", "EGFR", "E746_A750del", "c.2236_2250del", "p.Glu746_Ala750del",
    variant_type="deletion", consequence="inframe_deletion",
)  # fmt: skip
T1151DUP = small(
    "chr2:29222405:G:GCGT", "ALK", "T1151dup", "c.3451_3453dup", "p.Thr1151dup",
    variant_type="duplication", consequence="inframe_insertion",
)  # fmt: skip
INHERITED = small(
    "chr7:55181370:G:A",
    "EGFR",
    "Q787=",
    "c.2361G>A",
    "p.Gln787=",
    consequence="synonymous",
    origin="germline",
)
PROBABLY_INHERITED = small(
    "chr17:7676154:G:C", "TP53", "P72R", "c.215C>G", "p.Pro72Arg", origin="undecided",
    flags=["probable_germline"],
)  # fmt: skip
OF_BLOOD = small(
    "chr2:25234373:C:T", "DNMT3A", "R882H", "c.2645G>A", "p.Arg882His", origin="clonal_haematopoiesis"
)
REPORTED = small("reported:ALK:p.Leu1196Met", "ALK", "L1196M", None, "p.Leu1196Met")
FUSION = {
    "key": "fusion:EML4:ALK",
    "gene": "ALK",
    "partner": "EML4",
    "variant_type": "fusion",
    "alteration": "EML4-ALK E13;A20 (v1)",
    "consequence": "fusion",
    "junction": "E13;A20",
    "in_frame": True,
    "position_grch38": "chr2:29223741T>T]chr2:42299750]",
    "origin": "somatic",
    "observations": [seen(22, 191)],
}
AMPLIFICATION: dict[str, Any] = {
    "key": "copy_number:MET:amplification",
    "gene": "MET",
    "variant_type": "amplification",
    "alteration": "amplification",
    "consequence": "copy_number",
    "origin": "somatic",
    "observations": [
        {
            "timepoint": "PD1",
            "specimen": "plasma",
            "detection": "detected",
            "source": "called",
            "copy_number": 11.9,
        }
    ],
}
EVERYTHING = (
    G1202R, EXON_19, T1151DUP, INHERITED, PROBABLY_INHERITED, OF_BLOOD, REPORTED, FUSION, AMPLIFICATION,
)  # fmt: skip


def patient(
    *alterations: dict[str, Any],
    name: str = "P1",
    specimens: tuple[dict[str, Any], ...] = (specimen(),),
    inherited: bool = False,
) -> ExportedPatient:
    """A patient with the classes that the decision table gives it."""
    evidence = PatientEvidence.model_validate(
        {"patient": name, "specimens": specimens, "alterations": alterations}
    )
    return exported(evidence, inherited=inherited)


def exported(evidence: PatientEvidence, *, inherited: bool = False) -> ExportedPatient:
    """A patient with the classes that the decision table gives it, as the jobs read them."""
    results = classify_patient(evidence, load_knowledge(FILES), default_settings())
    return ExportedPatient(
        evidence,
        tuple(row for one in results for row in one.rows),
        tuple(row for one in results for row in carrying_rows(one.rows, one.detail)),
        inherited,
    )
