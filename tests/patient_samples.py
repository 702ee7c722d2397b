"""Samples of a patient as tables, made by hand."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from alktrace.annotate.alteration_table import AlterationRow
from alktrace.calling.callability_table import CallabilityRow
from alktrace.evidence.build import LoadedSample
from alktrace.inputs.sample import Sample, Unit
from alktrace.inputs.sample_files import SampleFiles
from alktrace.inputs.settings.assay_settings import AssayQc, AssaySettings
from alktrace.inputs.settings.umi_settings import UmiSettings
from alktrace.structural.copy_number.copy_number_table import CopyNumberRow
from alktrace.structural.tumour_fraction_table import TumourFractionRow
from alktrace.vocabulary.changes import Consequence, Origin, VariantType
from alktrace.vocabulary.copies import CopyNumberCall, Focality, TumourFractionStatus
from alktrace.vocabulary.detection import Detection, LocusKind, ObservationSource
from alktrace.vocabulary.samples import RandomEnd, Role, Setting, SpecimenType, UmiSource

QC = AssayQc(
    min_molecules=1, warn_molecules=1, min_on_target=0, max_contamination=0.02, max_blank_molecules=20
)
UMI = UmiSettings(
    source=UmiSource.NONE,
    read_structures=(),
    tag="RX",
    duplex=False,
    random_end=RandomEnd.BOTH,
    edits=1,
    fixed_umis=None,
    max_mismatches=1,
    min_distance=2,
)
ASSAY = AssaySettings(
    targets="t.bed",
    umi=UMI,
    noise_model=None,
    copy_number_reference=None,
    expected=(),
    primers=None,
    fusion_min_ends=None,
    qc=QC,
)
G1202R = AlterationRow(
    key="chr2:29220747:C:T",
    gene="ALK",
    variant_type=VariantType.SNV,
    alteration="G1202R",
    consequence=Consequence.MISSENSE,
    transcript="ENST00000389048",
    hgvs_c="c.3604G>A",
    hgvs_p="p.Gly1202Arg",
    exon=23,
    codon=1202,
    chrom="chr2",
    pos=29220747,
    ref="C",
    alt="T",
    partner=None,
    junction=None,
    in_frame=None,
    detection=Detection.DETECTED,
    source=ObservationSource.CALLED,
    vaf=0.1,
    vaf_low=0.08,
    vaf_high=0.12,
    alt_molecules=30,
    total_molecules=300,
    duplex_alt=10,
    strict_alt=8,
    strict_total=80,
    copy_number=None,
    origin=Origin.SOMATIC,
    origin_reason="",
    knowledge=("p.Gly1202Arg",),
    filters=(),
    flags=(),
)
REPORTED = replace(
    G1202R,
    key="reported:ALK:p.Gly1202Arg",
    hgvs_c=None,
    chrom=None,
    pos=None,
    ref=None,
    alt=None,
    source=ObservationSource.REPORTED,
    alt_molecules=None,
    total_molecules=None,
)
FUSION = replace(
    G1202R,
    key="fusion:EML4:ALK",
    variant_type=VariantType.FUSION,
    alteration="EML4-ALK",
    hgvs_p=None,
    codon=None,
    ref=None,
    alt=None,
)
AMPLIFIED = replace(
    G1202R,
    key="copy_number:MET:amplification",
    gene="MET",
    variant_type=VariantType.AMPLIFICATION,
    hgvs_p=None,
    codon=None,
)


def locus(
    gene: str = "ALK",
    name: str = "G1202",
    kind: LocusKind = LocusKind.ALK_HOTSPOT,
    status: Detection = Detection.NOT_DETECTED,
    vaf: float | None = 0.01,
) -> CallabilityRow:
    return CallabilityRow(gene, name, kind, 23, "chr2", 0, 3, 200, 150, 50, vaf, status)


def copies(gene: str = "MET", visible: float | None = None) -> CopyNumberRow:
    return CopyNumberRow(
        gene, "chr7", 0, 10, 5, 0.0, -0.1, 0.1, 2.0, 1.9, 2.1, None, None, None, visible,
        Focality.NOT_ASSESSABLE, CopyNumberCall.NEUTRAL, "flat",
    )  # fmt: skip


def loaded(
    specimen: str,
    *rows: AlterationRow,
    kind: SpecimenType = SpecimenType.PLASMA,
    reported: bool = False,
    callability: Iterable[CallabilityRow] = (),
    copy_number: Iterable[CopyNumberRow] = (),
) -> LoadedSample:
    unit = Unit("u1", "l", calls="r.tsv") if reported else Unit("u1", "l", fastq_1="a.fq")
    sample = Sample(
        "P1", "T1", specimen, kind, "a", dt.date(2026, 1, 1), Setting.PROGRESSION, Role.PATIENT, (unit,)
    )
    files = SampleFiles(sample, ASSAY, Path("a"), Path("c"), Path("t"))
    fraction = TumourFractionRow(TumourFractionStatus.NOT_ESTIMABLE, None, None, None, 0, ())
    return LoadedSample(files, rows, tuple(callability), tuple(copy_number), fraction, {})
