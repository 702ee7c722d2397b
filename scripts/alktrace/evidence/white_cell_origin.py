"""Origin of alterations of an evidence file from its white-cell counts, as the workflow judges it; pure."""

from collections.abc import Mapping

from ..annotate.origin import (
    ORIGIN_FLAGS,
    MoleculeCount,
    OriginEvidence,
    OriginVerdict,
    by_white_cells,
    combine_verdicts,
)
from ..inputs.settings.origin_settings import OriginSettings
from ..vocabulary.caveats import Caveat, in_order
from ..vocabulary.changes import STRUCTURAL
from ..vocabulary.detection import Detection
from ..vocabulary.samples import IdentityStatus, SpecimenType
from .schema import Alteration, PatientEvidence, SpecimenEvidence

Specimens = Mapping[tuple[str, str], SpecimenEvidence]


def with_white_cell_origins(evidence: PatientEvidence, settings: OriginSettings) -> PatientEvidence:
    """Return the evidence with the origins that white cells prove.

    Counts stand in `white_cells` of an alteration or in its observations of white-cell specimens. The latter
    are heard where the file gives no reason for the origin: the workflow gives one, and has judged them.

    Args:
        evidence: of one patient.
        settings: section `origin`.
    """
    specimens = {item.place: item for item in evidence.specimens if _usable(item)}
    judged = tuple(_judged(item, specimens, settings) for item in evidence.alterations)
    return evidence.model_copy(update={"alterations": judged})


def _usable(specimen: SpecimenEvidence) -> bool:
    return specimen.identity is not IdentityStatus.CONFLICT and not specimen.problems


def _judged(item: Alteration, specimens: Specimens, settings: OriginSettings) -> Alteration:
    if item.variant_type in STRUCTURAL:
        return item
    white_cells = _counts(item, SpecimenType.WBC, specimens) if not item.origin_reason else []
    white_cells += [MoleculeCount(one.alt_molecules, one.total_molecules) for one in item.white_cells]
    tissue = _counts(item, SpecimenType.TISSUE, specimens)
    verdicts = []
    for seen in item.observations:
        specimen = specimens.get(seen.place)
        tumour = specimen is not None and specimen.specimen_type is not SpecimenType.WBC
        if specimen is None or not tumour or seen.detection is not Detection.DETECTED:
            continue
        evidence = OriginEvidence(
            gene=item.gene,
            small_variant=True,
            specimen_type=specimen.specimen_type,
            vaf=seen.vaf,
            white_cells=white_cells,
            tissue=tissue,
        )
        verdict = by_white_cells(evidence, settings)
        verdicts += [verdict] if verdict is not None else []
    return _with_verdict(item, combine_verdicts(verdicts)) if verdicts else item


def _counts(item: Alteration, kind: SpecimenType, specimens: Specimens) -> list[MoleculeCount]:
    return [
        MoleculeCount(seen.alt_molecules, seen.total_molecules)
        for seen in item.observations
        if seen.place in specimens and specimens[seen.place].specimen_type is kind
        if seen.alt_molecules is not None and seen.total_molecules
    ]


def _with_verdict(item: Alteration, verdict: OriginVerdict) -> Alteration:
    kept = [flag for flag in item.flags if flag.code not in ORIGIN_FLAGS]
    flags = in_order([*kept, *(Caveat.parse(flag) for flag in verdict.flags)])
    update = {"origin": verdict.origin, "origin_reason": verdict.reason, "flags": flags}
    return item.model_copy(update=update)
