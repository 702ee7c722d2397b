"""The cBioPortal study: what its columns say, and that the portal's own validator takes it."""

import csv
import datetime as dt
import gzip
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cbioportal_validator import said_of_study
from exported_patients import (
    AMPLIFICATION,
    EVERYTHING,
    FUSION,
    G1202R,
    HOSTILE,
    LONG_ID,
    OF_BLOOD,
    REPORTED,
    exported,
    identifiers,
    patient,
    seen,
    small,
    specimen,
)  # fmt: skip

from alktrace.evidence.schema import ClinicalContext
from alktrace.exports.cbioportal import study_files, write_study
from alktrace.exports.cbioportal_names import short_id
from alktrace.exports.exported import ExportedPatient
from alktrace.exports.igv_session import telling_sites
from alktrace.exports.maf import maf_rows
from alktrace.exports.phenopackets import phenopacket
from alktrace.exports.plain_tables import plain_text
from alktrace.exports.somatic_vcf import write_somatic_vcf
from alktrace.outcomes.clinical_schema import (
    AssessmentRow,
    FollowUpRow,
    PathologyRow,
    PatientRecord,
    PatientRow,
    Sex,
    TreatmentRow,
)  # fmt: skip
from alktrace.vocabulary.clinical import BestResponse, Histology, ProgressionSite, StopReason

COPIES = {
    "copy_number_low": 1.8, "copy_number_high": 2.2, "focal": "yes", "bins": 9, "smallest_visible_cn": 4.0,
}  # fmt: skip
WITH_COPIES = specimen(
    copy_number=[
        {"gene": "MET", "copy_number": 3.4, "call": "amplification", **COPIES},
        {"gene": "ALK", "copy_number": 2.0, "call": "neutral", **COPIES},
        {"gene": "EGFR", "copy_number": 2.0, "call": "not_assessable", **COPIES},
        {"gene": "RB1", "copy_number": 1.7, "call": "loss", "tumour_copy_number_high": 0.6, **COPIES},
        {"gene": "PTEN", "copy_number": 1.7, "call": "loss", "tumour_copy_number_high": 1.3, **COPIES},
    ]
)
START = dt.date(2024, 2, 1)
RECORD = PatientRecord(
    PatientRow("P1", START, None, Sex.FEMALE, 52, "EML4-ALK"),
    treatments=(TreatmentRow("P1", 1, ("lorlatinib",), START, dt.date(2025, 6, 11), StopReason.PROGRESSION),),
    assessments=(AssessmentRow("P1", dt.date(2025, 6, 1), BestResponse.PD, ProgressionSite.SYSTEMIC),),
    pathology=(PathologyRow("P1", dt.date(2024, 1, 2), Histology.ADENOCARCINOMA),),
    dose_changes=(),
    adverse_events=(),
    follow_up=FollowUpRow("P1", dt.date(2026, 2, 1), dt.date(2026, 2, 1)),
)


def with_clinic(one: ExportedPatient) -> ExportedPatient:
    context = ClinicalContext(
        lorlatinib_start=START, progression=dt.date(2025, 6, 1), best_response=BestResponse.PR
    )
    return replace(one, evidence=one.evidence.model_copy(update={"clinical": context}))


def study(folder: Path, patients: Sequence[ExportedPatient], **records: PatientRecord) -> Path:
    write_study(patients, records, identifiers(), folder)
    assert {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()} == set(study_files())
    return folder


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(
            csv.DictReader(
                (line for line in stream if line[0] != "#"), delimiter="\t", quoting=csv.QUOTE_NONE
            )
        )


def test_mutations_are_those_of_the_tumour(tmp_path: Path) -> None:
    folder = study(tmp_path, [patient(*EVERYTHING)])
    found = {row["HGVSp_Short"]: row for row in rows(folder / "data_mutations.txt")}
    assert set(found) == {"p.G1202R", "p.E746_A750del", "p.T1151dup", "p.L1196M"}
    assert (found["p.G1202R"]["Chromosome"], found["p.G1202R"]["Entrez_Gene_Id"]) == ("2", "238")
    assert found["p.L1196M"]["Start_Position"] == "", "the report gives no place"


def test_a_fusion_has_both_genes_once(tmp_path: Path) -> None:
    reciprocal = FUSION | {"key": "fusion:ALK:EML4", "flags": ["reciprocal_junction"]}
    (row,) = rows(study(tmp_path, [patient(FUSION, reciprocal)]) / "data_sv.txt")
    expected = {
        "Site1_Hugo_Symbol": "EML4", "Site1_Position": "42299750", "Site1_Description": "E13",
        "Site2_Hugo_Symbol": "ALK", "Site2_Position": "29223741", "Site2_Effect_On_Frame": "In_Frame",
        "Class": "INVERSION", "Tumor_Variant_Count": "22",
    }  # fmt: skip
    assert row | expected == row


def test_copy_numbers_that_nobody_knows_are_not_neutral(tmp_path: Path) -> None:
    other = patient(AMPLIFICATION, name="P2")
    levels = {
        row["Hugo_Symbol"]: (row["P1.PD1.plasma"], row["P2.PD1.plasma"])
        for row in rows(study(tmp_path, [patient(specimens=(WITH_COPIES,)), other]) / "data_cna.txt")
    }
    assert levels == {
        "MET": ("2", "2"), "ALK": ("0", "NA"), "EGFR": ("NA", "NA"), "RB1": ("-2", "NA"),
        "PTEN": ("-1", "NA"),
    }  # fmt: skip


def test_clinical_data_and_timelines_count_days(tmp_path: Path) -> None:
    folder = study(tmp_path, [with_clinic(patient(G1202R))], P1=RECORD)
    (person,) = rows(folder / "data_clinical_patient.txt")
    expected = {"SEX": "Female", "AGE": "52", "OS_STATUS": "1:DECEASED", "BEST_RESPONSE": "PR"}
    assert person | expected == person
    assert float(person["OS_MONTHS"]) == pytest.approx(24, abs=0.1)  # two years to the day
    assert person["DAYS_TO_PROGRESSION"] == "486"
    (treatment,) = rows(folder / "data_timeline_treatment.txt")
    assert (treatment["START_DATE"], treatment["STOP_DATE"], treatment["AGENT"]) == ("0", "496", "lorlatinib")
    (pathology,) = rows(folder / "data_timeline_pathology.txt")
    assert pathology["START_DATE"] == "-30"
    (sample,) = rows(folder / "data_clinical_sample.txt")
    assert (sample["DAY_COLLECTED"], sample["CLASSIFICATION"]) == ("486", "ON_TARGET_SINGLE")
    everything = "".join(path.read_text() for path in folder.rglob("*.txt"))
    assert "2024-" not in everything and "2025-" not in everything, "no dates"


def test_what_is_only_listed_is_no_mechanism_of_the_sample(tmp_path: Path) -> None:
    """Found outside the window of progression: not evaluable, though the row keeps its confidence."""
    late = {
        "lorlatinib_start": "2023-01-01",
        "lorlatinib_last_dose": "2024-01-01",
        "progression": "2024-01-01",
    }
    one = patient(G1202R)
    evidence = one.evidence.model_copy(update={"clinical": ClinicalContext.model_validate(late)})
    told = exported(evidence)
    assert (told.rows[0].classification, told.rows[0].confidence) == ("NOT_EVALUABLE", "candidate")
    (sample,) = rows(study(tmp_path, [told]) / "data_clinical_sample.txt")
    assert (sample["CLASSIFICATION"], sample["MECHANISMS"], sample["CONFIDENCE"]) == ("NOT_EVALUABLE", "", "")
    packet = phenopacket(told, None, identifiers())
    (interpretation,) = packet["interpretations"]
    assert interpretation["summary"] == "NOT_EVALUABLE"
    (genomic,) = interpretation["diagnosis"]["genomicInterpretations"]
    assert genomic["interpretationStatus"] == "UNKNOWN_STATUS"
    (line,) = maf_rows([told], identifiers())
    assert (line["classification"], line["mechanism"], line["confidence"]) == ("NOT_EVALUABLE", "", None)
    write_somatic_vcf(told, lengths={"chr2": 242_193_529}, refseq={}, out=tmp_path / "told.vcf.gz")
    assert "MECHANISM=" not in gzip.decompress((tmp_path / "told.vcf.gz").read_bytes()).decode()
    assert telling_sites(told), "what was found has a place to look at all the same"


def test_what_was_there_before_lorlatinib_is_the_mechanism_of_that_sample_alone(tmp_path: Path) -> None:
    """MET was amplified before lorlatinib, and ALK G1202R is new under it."""
    one = AMPLIFICATION["observations"][0]
    met = AMPLIFICATION | {"observations": [one | {"timepoint": "BL"}, one]}
    folder = study(tmp_path, [patient(LATER, met, specimens=(specimen("BL"), specimen()))])
    told = {row["TIMEPOINT"]: row for row in rows(folder / "data_clinical_sample.txt")}
    assert (told["BL"]["CLASSIFICATION"], told["BL"]["MECHANISMS"]) == ("BYPASS", "MET amplification")
    assert told["BL"]["CONFIDENCE"] and "MET" not in told["PD1"]["MECHANISMS"]


def test_what_a_report_gives_bare_stays_bare(tmp_path: Path) -> None:
    """A tumour fraction without an interval gets none; a gain of a report is no amplification."""
    given = {"status": "given", "value": 0.12, "low": 0.12, "high": 0.12, "markers": ["reported"]}
    gain = AMPLIFICATION | {"flags": ["reported_as_gain"]}
    folder = study(tmp_path, [patient(gain, specimens=(specimen(tumour_fraction=given),))])
    (sample,) = rows(folder / "data_clinical_sample.txt")
    names = ("TUMOR_FRACTION", "TUMOR_FRACTION_LOW", "TUMOR_FRACTION_HIGH")
    assert [sample[name] for name in names] == ["0.12", "", ""]
    (met,) = rows(folder / "data_cna.txt")
    assert (met["Hugo_Symbol"], met["P1.PD1.plasma"]) == ("MET", "1")


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        (" @SUM(A1)", "'@SUM(A1)"),
        ("-2", "-2"),
        ("-", "-"),
        (-2, "-2"),
        ("a\u2028b", "a b"),
    ],
)
def test_free_text_is_no_formula_and_one_cell(value: object, cell: str) -> None:
    assert plain_text(value) == cell


def test_long_ids_stay_apart() -> None:
    one, other = short_id("x" * 70 + "1"), short_id("x" * 70 + "2")
    assert len(one) == len(other) == 63 and one != other
    assert short_id("P1.PD1.plasma") == "P1.PD1.plasma"


def test_blood_is_no_tumour(tmp_path: Path) -> None:
    folder = study(tmp_path, [patient(OF_BLOOD, specimens=(specimen(), specimen(name="wbc")))])
    assert rows(folder / "data_mutations.txt") == []
    assert [row["SPECIMEN_TYPE"] for row in rows(folder / "data_clinical_sample.txt")] == ["plasma"]


HOSTILE_NAMES = small("chr2:29220747:C:T", "ALK", HOSTILE, f"c.{HOSTILE}", f"p.{HOSTILE}")
LATER = G1202R | {"observations": [seen(0, 289, "BL"), seen(47, 297)]}
STUDIES: dict[str, tuple[list[ExportedPatient], dict[str, Any]]] = {
    "everything": ([with_clinic(patient(*EVERYTHING, specimens=(WITH_COPIES,)))], {"P1": RECORD}),
    "two timepoints": ([patient(LATER, FUSION, specimens=(specimen("BL"), WITH_COPIES))], {}),
    "inherited": ([patient(*EVERYTHING, inherited=True)], {}),
    "no alteration": ([patient()], {}),
    "reports only": ([patient(REPORTED, AMPLIFICATION)], {}),
    "long ids": ([patient(*EVERYTHING, name=LONG_ID), patient(name=f"{LONG_ID[:-1]}y")], {}),
    "hostile": ([patient(HOSTILE_NAMES)], {}),
    "white cells only": ([patient(name="P2"), patient(specimens=(specimen(name="wbc"),))], {}),
}


@pytest.mark.parametrize("name", STUDIES)
def test_the_validator_of_the_portal_takes_it(tmp_path: Path, name: str) -> None:
    patients, records = STUDIES[name]
    folder = study(tmp_path / "study", patients, **records)
    assert "ERROR" not in said_of_study(folder, tmp_path)
