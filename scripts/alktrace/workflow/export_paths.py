"""The files of each export."""

import os
from collections.abc import Sequence

from ..exports.cbioportal import study_files
from ..io.shown import ELSEWHERE, shown
from ..vocabulary.exports import Export

FOLDER = "results/exports"


def export_paths(export: Export, patients: Sequence[str]) -> list[str]:
    """Return the files that an export writes.

    Args:
        export: which one.
        patients: ids of the patients of the cohort.
    """
    match export:
        case Export.MAF:
            return [f"{FOLDER}/alterations.maf"]
        case Export.VCF:
            return [f"{FOLDER}/vcf/{patient}.vcf.gz{end}" for patient in patients for end in ("", ".tbi")]
        case Export.CBIOPORTAL:
            return [f"{FOLDER}/cbioportal/{name}" for name in study_files()]
        case Export.XLSX:
            folder = f"{FOLDER}/xlsx"
            return [f"{folder}/cohort.xlsx", *(f"{folder}/patients/{name}.xlsx" for name in patients)]
        case Export.PHENOPACKETS:
            return [f"{FOLDER}/phenopackets/{patient}.json" for patient in patients]
        case Export.RO_CRATE:
            return ["results/ro-crate-metadata.json"]
        case Export.IGV:
            return [f"{FOLDER}/igv/{patient}.xml" for patient in patients]
        case Export.IGV_PAGE:
            return [f"{FOLDER}/igv/{patient}.html" for patient in patients]


def tracks_from_sessions(paths: Sequence[str]) -> list[str]:
    """Return files as sessions in their folder name them; of those outside the working directory none."""
    folder = f"{FOLDER}/igv"
    return [os.path.relpath(path, folder) for path in paths if not shown(path).startswith(ELSEWHERE)]
