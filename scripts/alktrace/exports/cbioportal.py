"""A study for cBioPortal: clinical data, mutations, structural variants, copy numbers, timelines, case lists.

The files follow its documentation (File Formats, 2026); its own `validateData.py` passes them without errors.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ..io.atomic import atomic_output
from ..outcomes.clinical_schema import PatientRecord
from .cbioportal_clinical import (
    PATIENT_ATTRIBUTES,
    SAMPLE_ATTRIBUTES,
    TIMELINE_COLUMNS,
    TIMELINES,
    Attribute,
    head_of,
    listed,
    patient_rows,
    sample_rows,
    timeline_rows,
)
from .cbioportal_molecular import (
    MUTATION_COLUMNS,
    NOT_KNOWN,
    SV_COLUMNS,
    copy_number_table,
    mutation_rows,
    structural_rows,
)
from .exported import ExportedPatient
from .identifiers import Identifiers
from .plain_tables import write_plain

STUDY = "alktrace"
META = {
    "meta_study.txt": {
        "type_of_cancer": "nsclc",
        "name": "Lung cancer, ALK-positive, after first-line lorlatinib",
        "description": "Mechanisms of resistance by alktrace, for research. Counts are molecules. "
        "Day 0 is the first dose of lorlatinib, else the first sample.",
        "reference_genome": "hg38",
    },
    "meta_clinical_patient.txt": {
        "genetic_alteration_type": "CLINICAL",
        "datatype": "PATIENT_ATTRIBUTES",
        "data_filename": "data_clinical_patient.txt",
    },
    "meta_clinical_sample.txt": {
        "genetic_alteration_type": "CLINICAL",
        "datatype": "SAMPLE_ATTRIBUTES",
        "data_filename": "data_clinical_sample.txt",
    },
    "meta_mutations.txt": {
        "genetic_alteration_type": "MUTATION_EXTENDED",
        "datatype": "MAF",
        "stable_id": "mutations",
        "show_profile_in_analysis_tab": "true",
        "profile_name": "Mutations",
        "profile_description": "Small variants called on molecules, or reported",
        "data_filename": "data_mutations.txt",
    },
    "meta_sv.txt": {
        "genetic_alteration_type": "STRUCTURAL_VARIANT",
        "datatype": "SV",
        "stable_id": "structural_variants",
        "show_profile_in_analysis_tab": "true",
        "profile_name": "Structural variants",
        "profile_description": "Driver fusions",
        "data_filename": "data_sv.txt",
    },
    "meta_cna.txt": {
        "genetic_alteration_type": "COPY_NUMBER_ALTERATION",
        "datatype": "DISCRETE",
        "stable_id": "cna",
        "show_profile_in_analysis_tab": "true",
        "profile_name": "Copy numbers",
        "profile_description": "2 amplified, 1 gained, 0 neutral, -1 lost, -2 all copies lost, NA not known",
        "data_filename": "data_cna.txt",
    },
}
CASE_LISTS = {
    "all": ("All samples", "all_cases_in_study"),
    "sequenced": ("Samples with mutation data", "all_cases_with_mutation_data"),
    "sv": ("Samples with structural variant data", "all_cases_with_sv_data"),
    "cna": ("Samples with copy numbers", "all_cases_with_cna_data"),
    "cnaseq": ("Samples with mutation data and copy numbers", "all_cases_with_mutation_and_cna_data"),
}


def study_files() -> list[str]:
    """Return the names of all files of a study, below its folder."""
    timelines = [f"{kind}_timeline_{name}.txt" for name in TIMELINES for kind in ("meta", "data")]
    data = [meta["data_filename"] for meta in META.values() if "data_filename" in meta]
    return [*META, *data, *timelines, *(f"case_lists/cases_{name}.txt" for name in CASE_LISTS)]


def write_study(
    patients: Sequence[ExportedPatient],
    records: Mapping[str, PatientRecord],
    identifiers: Identifiers,
    folder: Path,
) -> None:
    """Write the study.

    Args:
        patients: what may be exported.
        records: clinical data by patient; nothing where there are none.
        identifiers: of genes.
        folder: gets the `study_files`.
    """
    names = study_files()
    with atomic_output(*(folder / name for name in names)) as partial:
        paths = dict(zip(names, partial, strict=True))
        for name, text in _meta_texts(patients):
            paths[name].write_text(text, encoding="utf-8")
        _write_clinical(
            paths["data_clinical_patient.txt"], PATIENT_ATTRIBUTES, patient_rows(patients, records)
        )
        _write_clinical(paths["data_clinical_sample.txt"], SAMPLE_ATTRIBUTES, sample_rows(patients))
        write_plain(paths["data_mutations.txt"], MUTATION_COLUMNS, mutation_rows(patients, identifiers))
        write_plain(paths["data_sv.txt"], SV_COLUMNS, structural_rows(patients, identifiers))
        _write_copies(paths["data_cna.txt"], patients, identifiers)
        for name, rows in timeline_rows(patients, records).items():
            write_plain(paths[f"data_timeline_{name}.txt"], (*TIMELINE_COLUMNS, *TIMELINES[name]), rows)


def _write_clinical(
    path: Path, attributes: Sequence[Attribute], rows: Iterator[Mapping[str, object]]
) -> None:
    write_plain(path, [one.id for one in attributes], rows, above=head_of(attributes))


def _write_copies(path: Path, patients: Sequence[ExportedPatient], identifiers: Identifiers) -> None:
    samples, rows = copy_number_table(patients)
    filled = [
        {"Hugo_Symbol": row["gene"], "Entrez_Gene_Id": identifiers.entrez(row["gene"])}
        | {name: row.get(name, NOT_KNOWN) for name in samples}
        for row in rows
    ]
    write_plain(path, ["Hugo_Symbol", "Entrez_Gene_Id", *samples], filled)


def _meta_texts(patients: Sequence[ExportedPatient]) -> Iterator[tuple[str, str]]:
    timelines = {
        f"meta_timeline_{name}.txt": {
            "genetic_alteration_type": "CLINICAL",
            "datatype": "TIMELINE",
            "data_filename": f"data_timeline_{name}.txt",
        }
        for name in TIMELINES
    }
    lists = {
        f"case_lists/cases_{name}.txt": {
            "stable_id": f"{STUDY}_{name}",
            "case_list_name": title,
            "case_list_description": title,
            "case_list_category": category,
            "case_list_ids": "\t".join(listed(patients, copies=name.startswith("cna"))),
        }
        for name, (title, category) in CASE_LISTS.items()
    }
    for name, fields in (META | timelines | lists).items():
        lines = {"cancer_study_identifier": STUDY} | fields
        yield name, "".join(f"{key}: {value}\n" for key, value in lines.items())
