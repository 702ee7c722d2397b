"""The evidence of a patient as a flat table, whether it was counted in reads or read from a file."""

from .evidence_table import EvidenceRow
from .schema import PatientEvidence


def evidence_rows(evidence: PatientEvidence) -> list[EvidenceRow]:
    """Return the evidence as a flat table, by alteration and specimen."""
    kinds = {s.place: s.specimen_type for s in evidence.specimens}
    return [
        EvidenceRow(
            patient=evidence.patient,
            timepoint=seen.timepoint,
            specimen=seen.specimen,
            specimen_type=kinds[seen.place],
            key=item.key,
            gene=item.gene,
            variant_type=item.variant_type,
            alteration=item.alteration,
            hgvs_c=item.hgvs_c,
            hgvs_p=item.hgvs_p,
            position_grch38=item.position_grch38,
            origin=item.origin,
            detection=seen.detection,
            source=seen.source,
            alt_molecules=seen.alt_molecules,
            total_molecules=seen.total_molecules,
            duplex_alt=seen.duplex_alt,
            vaf=seen.vaf,
            vaf_low=seen.vaf_low,
            vaf_high=seen.vaf_high,
            vaf_detectable=seen.vaf_detectable,
            copy_number=seen.copy_number,
            filters=seen.filters,
        )
        for item in evidence.alterations
        for seen in item.observations
    ]
