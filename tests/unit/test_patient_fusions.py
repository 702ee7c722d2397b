"""Fusions over the samples of a patient: keys by junction, molecules instead of silence."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from patient_samples import FUSION, loaded, locus
from shipped_settings import SHIPPED
from structural_bam import BamBuilder, derived, random_genome, stretch, write_fasta

from alktrace.annotate.alteration_table import AlterationRow
from alktrace.evidence.build import LoadedSample, unite
from alktrace.evidence.patient_fusions import (
    align_fusion_keys,
    count_in_sample,
    fusion_observation,
    known_junctions,
)
from alktrace.inputs.settings.fusion_settings import FusionSettings
from alktrace.structural.fusions.fusion_calls import FusionCount
from alktrace.vocabulary.detection import Detection, LocusKind, ObservationSource

KEY = "fusion:EML4:ALK"
INTRON: dict[str, Any] = {"name": "intron 19", "kind": LocusKind.FUSION_INTRON}


@pytest.fixture(scope="module")
def settings() -> FusionSettings:
    return SHIPPED.fusions


def junction(
    pos: int, mate: int, *, key: str = KEY, molecules: int = 20, flags: tuple[str, ...] = ()
) -> AlterationRow:
    return replace(
        FUSION,
        key=key,
        chrom="chr2",
        pos=pos,
        ref="T",
        alt=f"T]chr2:{mate}]",
        alt_molecules=molecules,
        flags=flags,
    )


def keys(samples: list[LoadedSample], settings: FusionSettings) -> list[list[str]]:
    return [[row.key for row in item.alterations] for item in align_fusion_keys(samples, settings)]


class TestKeys:
    def test_one_junction_has_one_key(self, settings: FusionSettings) -> None:
        samples = [loaded("plasma", junction(1000, 9000)), loaded("csf", junction(1002, 9002, molecules=5))]
        assert keys(samples, settings) == [[KEY], [KEY]]
        assert list(unite(align_fusion_keys(samples, settings))) == [KEY]

    def test_other_junctions_of_the_same_genes_stay_apart(self, settings: FusionSettings) -> None:
        samples = [loaded("plasma", junction(1000, 9000)), loaded("csf", junction(1500, 9000, molecules=5))]
        assert keys(samples, settings) == [[KEY], [f"{KEY}:chr2-1500:chr2-9000"]]

    def test_the_order_of_support_may_differ(self, settings: FusionSettings) -> None:
        second = f"{KEY}:E6;A20"
        samples = [
            loaded(
                "plasma", junction(1000, 9000, molecules=50), junction(1500, 7000, key=second, molecules=30)
            ),
            loaded("csf", junction(1500, 7000, molecules=20), junction(1000, 9000, key=second, molecules=4)),
        ]
        assert keys(samples, settings) == [[KEY, second], [second, KEY]]

    def test_an_imprecise_breakpoint_is_the_precise_one_nearby(self, settings: FusionSettings) -> None:
        vague = junction(1300, 8700, molecules=90, flags=("imprecise_breakpoint",))
        samples = [loaded("plasma", junction(1000, 9000)), loaded("csf", vague)]
        assert keys(samples, settings) == [[KEY], [KEY]]
        (known,) = known_junctions(unite(align_fusion_keys(samples, settings))).values()
        assert (known.pos, known.precise) == (1000, True)

    def test_two_rows_of_one_sample_never_share_a_key(self, settings: FusionSettings) -> None:
        twice = loaded("plasma", junction(1000, 9000), junction(1004, 9004, key=f"{KEY}:E13;A20"))
        assert len(set(keys([twice], settings)[0])) == 2

    def test_the_other_half_of_an_exchange_is_another_junction(self, settings: FusionSettings) -> None:
        other = replace(junction(1000, 9000), alt="[chr2:9001[T")
        (first,), (second,) = keys([loaded("a", junction(1000, 9000)), loaded("b", other)], settings)
        assert first != second

    def test_reported_fusions_keep_their_key(self, settings: FusionSettings) -> None:
        samples = [
            loaded("plasma", junction(1000, 9000)),
            loaded("report", replace(FUSION, chrom=None, pos=None), reported=True),
        ]
        assert keys(samples, settings) == [[KEY], [KEY]]


def count(molecules: int, intact: int, detectable: float | None = 0.01) -> FusionCount:
    total = molecules + intact
    share = molecules / total if total else None
    return FusionCount(KEY, molecules, intact, 1, share, share, share, detectable)


@pytest.mark.parametrize(
    ("molecules", "intact", "detectable", "introns", "expected"),
    [
        (3, 300, 0.02, Detection.NOT_DETECTED, Detection.DETECTED),
        (2, 300, 0.02, Detection.NOT_DETECTED, Detection.SUBTHRESHOLD),
        (1, 300, 0.02, Detection.NOT_DETECTED, Detection.NOT_DETECTED),
        (0, 300, 0.02, Detection.NOT_DETECTED, Detection.NOT_DETECTED),
        (0, 2, None, Detection.NOT_ASSESSABLE, Detection.NOT_ASSESSABLE),
        (0, 0, None, Detection.NOT_TARGETED, Detection.NOT_TARGETED),
        # The intron as a whole is covered, the place of this junction is not.
        (0, 1, None, Detection.NOT_DETECTED, Detection.NOT_ASSESSABLE),
        # Targets that name no intron, but molecules at the site.
        (0, 300, 0.02, Detection.NOT_TARGETED, Detection.NOT_DETECTED),
    ],
    ids=["three", "candidate", "stray", "none", "thin", "not-targeted", "hole", "covered-anyway"],
)
def test_what_the_molecules_say(
    settings: FusionSettings,
    molecules: int,
    intact: int,
    detectable: float | None,
    introns: Detection,
    expected: Detection,
) -> None:
    item = loaded("csf", callability=[locus(status=introns, **INTRON)])
    seen = fusion_observation(item, junction(1000, 9000), count(molecules, intact, detectable), settings, 2)
    assert (seen.detection, seen.source) == (expected, ObservationSource.GENOTYPED)
    assert (seen.alt_molecules, seen.total_molecules, seen.vaf_detectable) == (
        molecules,
        molecules + intact,
        detectable,
    )


def test_molecules_of_a_later_sample_are_counted(settings: FusionSettings, tmp_path: Path) -> None:
    """Twelve molecules over the junction and forty over the intact site, where the caller said nothing."""
    genome = random_genome({"chr1": 4000, "chr2": 4000}, seed=3)
    fasta = write_fasta(tmp_path / "genome.fa", genome)
    path, middle = derived(genome, ("chr1", 2000, "L"), ("chr2", 1500, "R"))
    builder = BamBuilder(genome)
    for i in range(12):
        builder.molecule(path, middle - 90 + i, middle + 80 + i)
    intact = stretch(genome, "chr1", 0, 4000)
    for i in range(40):
        builder.molecule(intact, 1900 + i % 20, 2080 + i % 20)
    item = loaded("plasma")
    item = replace(item, files=replace(item.files, bam=builder.write(tmp_path / "later.bam")))
    known = known_junctions(
        {KEY: {"P1.T0.plasma": replace(junction(2001, 1501), chrom="chr1", alt="N[chr2:1501[")}}
    )
    (found,) = count_in_sample(item, known, fasta, settings).values()
    assert (found.molecules, found.intact) == (12, 40)
    report = replace(item, files=replace(item.files, bam=None))
    assert count_in_sample(report, known, fasta, settings) == {}
