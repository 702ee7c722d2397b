"""Phenopackets v2 (ISO 4454), one JSON file per patient.

The JSON form of the schema is written as it is, so that no run needs its classes; tests hold it against them.
Terms without a verified identifier of a catalogue have one of our own, `alktrace:...`, and claim nothing.
"""

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from .. import __version__
from ..classify.resistance_table import ResistanceRow
from ..evidence.schema import SpecimenEvidence
from ..io.atomic import atomic_output
from ..io.tables import format_cell
from ..outcomes.clinical_schema import PathologyRow, PatientRecord, Sex
from ..vocabulary.clinical import Histology
from .exported import ExportedPatient, Seen, breakend, small_variant
from .identifiers import Identifiers, Term
from .maf import ASSEMBLY

SCHEMA = "2.0"
OWN = "alktrace"
CATALOGUES = {
    "NCIT": (
        "NCI Thesaurus",
        "http://purl.obolibrary.org/obo/ncit.owl",
        "http://purl.obolibrary.org/obo/NCIT_",
    ),
    "UBERON": (
        "Uberon",
        "http://purl.obolibrary.org/obo/uberon.owl",
        "http://purl.obolibrary.org/obo/UBERON_",
    ),
    "HGNC": (
        "HUGO Gene Nomenclature Committee",
        "https://www.genenames.org",
        "https://identifiers.org/hgnc:",
    ),
    "ATC": ("Anatomical Therapeutic Chemical", "https://atcddd.fhi.no", "https://identifiers.org/atc:"),
    OWN: ("words of alktrace", "urn:alktrace", "urn:alktrace:"),
}
LUNG_CANCER = "non-small cell lung cancer"
SEXES = {Sex.FEMALE: "FEMALE", Sex.MALE: "MALE"}
YEAR = 365.25


def write_phenopackets(
    patients: Iterable[ExportedPatient],
    records: Mapping[str, PatientRecord],
    identifiers: Identifiers,
    folder: Path,
) -> None:
    """Write the phenopacket of each patient.

    Args:
        patients: what may be exported.
        records: clinical data by patient; nothing where there are none.
        identifiers: of genes, drugs, tissues and diagnoses.
        folder: gets `P01.json` for every patient.
    """
    for patient in patients:
        packet = phenopacket(patient, records.get(patient.patient), identifiers)
        with atomic_output(folder / f"{patient.patient}.json") as (partial,):
            text = json.dumps(packet, indent=2, ensure_ascii=False) + "\n"
            partial.write_text(text, encoding="utf-8")


def phenopacket(
    patient: ExportedPatient, record: PatientRecord | None, identifiers: Identifiers
) -> dict[str, Any]:
    """Return the phenopacket of one patient, as its JSON form."""
    disease = _class(identifiers, LUNG_CANCER)
    found = {
        "id": patient.patient,
        "subject": _subject(patient, record),
        "biosamples": [_biosample(patient, one, record, identifiers) for one in patient.specimens],
        "interpretations": list(_interpretations(patient, disease, identifiers)),
        "diseases": [{"term": disease, **_at("onset", _diagnosed(record), record)}],
        "medicalActions": list(_actions(record, disease, identifiers)),
    }
    return found | {"metaData": _meta(found, identifiers)}


def _subject(patient: ExportedPatient, record: PatientRecord | None) -> dict[str, Any]:
    sex = record.patient.sex if record else None
    return {"id": patient.patient, **({"sex": SEXES[sex]} if sex else {})}


def _biosample(
    patient: ExportedPatient,
    specimen: SpecimenEvidence,
    record: PatientRecord | None,
    identifiers: Identifiers,
) -> dict[str, Any]:
    words = (specimen.timepoint, specimen.specimen, specimen.setting, specimen.assay)
    reports = record.pathology if record else ()
    histology = next((row.histology for row in reports if _is_of(row, specimen, patient)), None)
    return {
        "id": patient.sample(specimen),
        "individualId": patient.patient,
        "description": ", ".join(format_cell(word) for word in words),
        "sampledTissue": _class(identifiers, specimen.specimen_type.value),
        **_at("timeOfCollection", specimen.collected, record),
        **({"histologicalDiagnosis": _histology(identifiers, histology)} if histology else {}),
    }


def _is_of(report: PathologyRow, specimen: SpecimenEvidence, patient: ExportedPatient) -> bool:
    """Tell whether a report is of a specimen; where several have its name, the nearest in time."""
    if report.specimen == specimen.full_name:
        return True
    named = [one for one in patient.specimens if one.specimen == report.specimen]
    nearest = min(named, key=lambda one: abs(one.collected - report.date), default=None)
    return nearest is not None and nearest.place == specimen.place


def _interpretations(
    patient: ExportedPatient, disease: Mapping[str, str], identifiers: Identifiers
) -> Iterator[dict[str, Any]]:
    """Yield one interpretation per classified timepoint: its class in words, and what its samples show."""
    for timepoint in dict.fromkeys(row.timepoint for row in patient.rows):
        rows = [row for row in patient.rows if row.timepoint == timepoint]
        seen = [
            one
            for item in patient.alterations
            for one in patient.seen(item)
            if one.specimen.timepoint == timepoint
        ]
        told = "; ".join(dict.fromkeys(map(_summary, patient.carrying(rows))))
        yield {
            "id": f"{patient.patient}.{timepoint}",
            "progressStatus": "COMPLETED",
            "summary": told or rows[0].classification.value,
            "diagnosis": {
                "disease": disease,
                "genomicInterpretations": [_genomic(patient, one, rows, identifiers) for one in seen],
            },
        }


def _summary(row: ResistanceRow) -> str:
    words = [row.classification.value, row.mechanism, row.confidence and row.confidence.value]
    return ", ".join(word for word in words if word)


def _genomic(
    patient: ExportedPatient, seen: Seen, rows: Sequence[ResistanceRow], identifiers: Identifiers
) -> dict[str, Any]:
    carried = any(row in rows for row in patient.mechanisms(seen.alteration))
    return {
        "subjectOrBiosampleId": patient.sample(seen.specimen),
        "interpretationStatus": "CONTRIBUTORY" if carried else "UNKNOWN_STATUS",
        "variantInterpretation": {
            "acmgPathogenicityClassification": "NOT_PROVIDED",
            "therapeuticActionability": "UNKNOWN_ACTIONABILITY",
            "variationDescriptor": _variation(seen, identifiers),
        },
    }


def _variation(seen: Seen, identifiers: Identifiers) -> dict[str, Any]:
    item, found = seen.alteration, seen.observation
    gene = identifiers.hgnc(item.gene) or _own(item.gene)
    numbers = {
        "origin": item.origin.value,
        "vaf": found.vaf,
        "alt_molecules": found.alt_molecules,
        "total_molecules": found.total_molecules,
        "copy_number": found.copy_number,
    }
    transcript = identifiers.refseq(item.gene) or item.transcript
    names = {"hgvs.c": item.hgvs_c, "hgvs.p": item.hgvs_p}
    return {
        "id": item.key,
        "label": item.full_name,
        "geneContext": {"valueId": gene, "symbol": item.gene},
        "moleculeContext": "genomic",
        "expressions": [
            {"syntax": syntax, "value": f"{transcript}:{name}" if syntax == "hgvs.c" else name}
            for syntax, name in names.items()
            if name and (transcript or syntax == "hgvs.p")
        ],
        "extensions": [
            {"name": name, "value": format_cell(value)}
            for name, value in numbers.items()
            if value is not None
        ],
        **_record(seen),
    }


def _record(seen: Seen) -> dict[str, Any]:
    place = small_variant(seen.alteration) or breakend(seen.alteration)
    if place is None:
        return {}
    alleles = {"chrom": place.chrom, "pos": str(place.pos), "ref": place.ref, "alt": place.alt}
    return {"vcfRecord": {"genomeAssembly": ASSEMBLY, **alleles}}


def _actions(
    record: PatientRecord | None, disease: Mapping[str, str], identifiers: Identifiers
) -> Iterator[dict[str, Any]]:
    for row in record.treatments if record else ():
        for drug in row.drugs:
            yield {
                "treatment": {"agent": _class(identifiers, drug)},
                "treatmentTarget": disease,
            }


def _diagnosed(record: PatientRecord | None) -> dt.date | None:
    return record.patient.diagnosed if record else None


def _at(name: str, date: dt.date | None, record: PatientRecord | None) -> dict[str, Any]:
    """Return the age at a date in whole years, which is all that the tables know; no date is exported."""
    diagnosed = _diagnosed(record)
    if record is None or date is None or diagnosed is None or record.patient.age_at_diagnosis is None:
        return {}
    years = record.patient.age_at_diagnosis + round((date - diagnosed).days // YEAR)
    return {name: {"age": {"iso8601duration": f"P{max(0, years)}Y"}}}


def _histology(identifiers: Identifiers, histology: Histology) -> dict[str, str]:
    return _class(identifiers, histology.value)


def _class(identifiers: Identifiers, word: str) -> dict[str, str]:
    term = identifiers.term(word) or Term(_own(word), word)
    return {"id": term.id, "label": term.label}


def _own(word: str) -> str:
    return f"{OWN}:{'-'.join(word.split())}"


def _meta(found: Mapping[str, Any], identifiers: Identifiers) -> dict[str, Any]:
    text = json.dumps(found)
    used = [prefix for prefix in CATALOGUES if f'"{prefix}:' in text]
    return {
        # The time of writing would differ from run to run.
        "created": f"{identifiers.date}T00:00:00Z",
        "createdBy": f"alktrace {__version__}",
        "phenopacketSchemaVersion": SCHEMA,
        "resources": [_resource(prefix, identifiers) for prefix in used],
    }


def _resource(prefix: str, identifiers: Identifiers) -> dict[str, str]:
    name, url, iri = CATALOGUES[prefix]
    return {
        "id": prefix.lower(),
        "name": name,
        "url": url,
        "version": f"as in identifiers {identifiers.version} of {identifiers.date}",
        "namespacePrefix": prefix,
        "iriPrefix": iri,
    }
