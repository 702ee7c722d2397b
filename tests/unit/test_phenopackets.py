"""Phenopackets: read by the classes of the schema, with verified terms alone, without what may not leave."""

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import phenopackets as schema
import pytest
from exported_patients import EVERYTHING, HOSTILE, LONG_ID, identifiers, patient, small, specimen
from google.protobuf.json_format import ParseDict

from alktrace.exports.exported import ExportedPatient
from alktrace.exports.phenopackets import phenopacket, write_phenopackets
from alktrace.outcomes.clinical_schema import PathologyRow, PatientRecord, PatientRow, Sex, TreatmentRow
from alktrace.vocabulary.clinical import Histology, StopReason

DAY = dt.date(2024, 2, 1)
RECORD = PatientRecord(
    PatientRow("P1", DAY, DAY, Sex.FEMALE, 52, "EML4-ALK"),
    treatments=(
        TreatmentRow("P1", 1, ("lorlatinib",), DAY, None, StopReason.ONGOING),
        TreatmentRow("P1", 2, ("foritinib",), DAY, None, StopReason.ONGOING),
    ),
    assessments=(),
    pathology=(PathologyRow("P1", DAY, Histology.SMALL_CELL, "tissue"),),
    dose_changes=(),
    adverse_events=(),
    follow_up=None,
)


def packet(
    one: ExportedPatient, folder: Path, record: PatientRecord | None = None
) -> tuple[Any, dict[str, Any]]:
    """The packet as its classes read it, which refuse an unknown field, and as plain JSON."""
    write_phenopackets([one], {"P1": record} if record else {}, identifiers(), folder)
    content = json.loads((folder / f"{one.patient}.json").read_text())
    return ParseDict(content, schema.Phenopacket()), content


def test_what_a_timepoint_shows(tmp_path: Path) -> None:
    found, _ = packet(patient(*EVERYTHING), tmp_path)
    (interpretation,) = found.interpretations
    assert interpretation.id == "P1.PD1" and interpretation.summary.startswith("MIXED")
    told = {
        one.variant_interpretation.variation_descriptor.label: one
        for one in interpretation.diagnosis.genomic_interpretations
    }
    assert not {"EGFR Q787=", "TP53 P72R"} & set(told), "inherited variants stay"
    mutation = told["ALK G1202R"]
    assert (
        schema.GenomicInterpretation.InterpretationStatus.Name(mutation.interpretation_status)
        == "CONTRIBUTORY"
    )
    variation = mutation.variant_interpretation.variation_descriptor
    assert (variation.gene_context.value_id, variation.gene_context.symbol) == ("HGNC:427", "ALK")
    assert {(one.syntax, one.value) for one in variation.expressions} == {
        ("hgvs.c", "NM_004304.5:c.3604G>A"),
        ("hgvs.p", "p.Gly1202Arg"),
    }
    record = variation.vcf_record
    assert (record.genome_assembly, record.chrom, record.pos, record.ref, record.alt) == (
        "GRCh38", "chr2", 29220747, "C", "T",
    )  # fmt: skip
    assert mutation.variant_interpretation.acmg_pathogenicity_classification == 0, "not provided"
    assert {"ALK EML4-ALK E13;A20 (v1)", "MET amplification"} <= set(told)


def test_terms_are_verified_or_our_own(tmp_path: Path) -> None:
    one = patient(*EVERYTHING, specimens=(specimen(), specimen(name="tissue"), specimen(name="csf")))
    found, content = packet(one, tmp_path, RECORD)
    assert [sample.sampled_tissue.id for sample in found.biosamples] == [
        "UBERON:0001359", "UBERON:0001969", "UBERON:0000479",
    ]  # fmt: skip
    assert found.biosamples[2].histological_diagnosis.id == "NCIT:C4917"
    assert found.diseases[0].term.label == "Lung Non-Small Cell Carcinoma"
    agents = [(one.treatment.agent.id, one.treatment.agent.label) for one in found.medical_actions]
    assert agents == [("ATC:L01ED05", "lorlatinib"), ("alktrace:foritinib", "foritinib")]
    prefixes = {one.namespace_prefix for one in found.meta_data.resources}
    assert prefixes == {"NCIT", "UBERON", "HGNC", "ATC", "alktrace"}
    assert "2024-02" not in json.dumps(content) and "2025-06" not in json.dumps(content), "no dates"


def test_a_report_is_of_the_specimen_of_its_date() -> None:
    """A biopsy of each timepoint bears the same name: the small cell report is of the later one."""
    one = patient(specimens=(specimen("BL", name="tissue"), specimen(name="tissue")))
    later = one.specimens[1].collected
    record = replace(RECORD, pathology=(PathologyRow("P1", later, Histology.SMALL_CELL, "tissue"),))
    samples = phenopacket(one, record, identifiers())["biosamples"]
    assert ["histologicalDiagnosis" in sample for sample in samples] == [False, True]


def test_ages_are_whole_years(tmp_path: Path) -> None:
    found, _ = packet(patient(), tmp_path, RECORD)
    assert found.diseases[0].onset.age.iso8601duration == "P52Y"
    # 16 months later
    assert found.biosamples[0].time_of_collection.age.iso8601duration == "P53Y"
    assert schema.Sex.Name(found.subject.sex) == "FEMALE"


@pytest.mark.parametrize("name", ["P1", LONG_ID])
def test_a_patient_without_anything(tmp_path: Path, name: str) -> None:
    found, content = packet(patient(name=name), tmp_path)
    assert found.id == name and not found.medical_actions
    assert "age" not in json.dumps(content["biosamples"])


def test_hostile_text_and_equal_bytes(tmp_path: Path) -> None:
    one = patient(small("chr2:29220747:C:T", "ALK", HOSTILE, f"c.{HOSTILE}", None))
    found, _ = packet(one, tmp_path / "a")
    (told,) = found.interpretations[0].diagnosis.genomic_interpretations
    assert told.variant_interpretation.variation_descriptor.label == f"ALK {HOSTILE}"
    packet(one, tmp_path / "b")
    assert (tmp_path / "a" / "P1.json").read_bytes() == (tmp_path / "b" / "P1.json").read_bytes()
