"""What emerged and stands in no table is counted by patients."""

from alktrace.classify.discovery import EmergentUnknownRow, counted_over_patients
from alktrace.vocabulary.changes import Consequence


def row(patient: str, gene: str, change: str, timepoint: str = "PD") -> EmergentUnknownRow:
    return EmergentUnknownRow(
        patient=patient,
        timepoint=timepoint,
        gene=gene,
        change=change,
        consequence=Consequence.MISSENSE,
        vaf=0.02,
        vaf_low=0.015,
        vaf_high=0.026,
        clone_share=0.4,
        hotspot=False,
    )


def test_patients_are_counted_and_not_timepoints() -> None:
    told = counted_over_patients(
        [row("P1", "A", "G1R"), row("P2", "B", "G2R"), row("P2", "B", "G2R", "PD2"), row("P3", "B", "L9F")]
    )
    counts = [
        (item.gene, item.change, item.patient, item.patients_with_gene, item.patients_with_change)
        for item in told
    ]
    assert counts == [
        ("B", "G2R", "P2", 2, 1), ("B", "G2R", "P2", 2, 1), ("B", "L9F", "P3", 2, 1), ("A", "G1R", "P1", 1, 1)
    ]  # fmt: skip
