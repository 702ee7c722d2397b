import datetime as dt
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from patient_samples import FUSION

from alktrace.calling.callability_table import CallabilityRow
from alktrace.inputs.sample import Sample, Unit
from alktrace.inputs.settings.assay_settings import AssayQc
from alktrace.qc.identity import Sex
from alktrace.qc.quality import StructuralFigures, judge_quality, structural_figures
from alktrace.structural.copy_number.copy_number_table import RatioRow
from alktrace.structural.tumour_fraction_table import TumourFractionRow
from alktrace.vocabulary.copies import TumourFractionStatus
from alktrace.vocabulary.detection import Detection, LocusKind
from alktrace.vocabulary.samples import BamKind, IdentityStatus, Role, SpecimenType, Verdict

THRESHOLDS = AssayQc(
    min_molecules=100, warn_molecules=500, min_on_target=0.3, max_contamination=0.02, max_blank_molecules=20
)


def sample(role: Role = Role.PATIENT) -> Sample:
    return Sample(
        "P1", "T1", "plasma", SpecimenType.PLASMA, "a", dt.date(2026, 1, 1), None, role, (Unit("u1", "l"),)
    )


def locus(
    molecules: int, kind: Any = LocusKind.ALK_HOTSPOT, status: Any = Detection.NOT_DETECTED
) -> CallabilityRow:
    return CallabilityRow(
        "ALK", "G1202", kind, 23, "chr2", 0, 3, molecules, molecules, molecules // 2, 0.01, status
    )


def judge(
    molecules: Any = (600,),
    *,
    role: Any = Role.PATIENT,
    expected: Any = (),
    alterations: Any = (),
    **given: Any,
) -> Any:
    values = {"metrics": {}, "contamination": None, "identity": IdentityStatus.MATCH} | given
    return judge_quality(
        sample=sample(role),
        callability=[locus(n) for n in molecules],
        alterations=alterations,
        expected=expected,
        thresholds=THRESHOLDS,
        **values,
    )


@pytest.mark.parametrize(
    ("given", "verdict", "reason"),
    [
        ({}, Verdict.PASS, None),
        ({"molecules": (499,)}, Verdict.WARN, "molecules 499 below 500"),
        ({"molecules": (99,)}, Verdict.FAIL, "molecules 99 below 100"),
        ({"molecules": ()}, Verdict.FAIL, "molecules unknown below 100"),
        ({"metrics": {("on_target_share", "all"): 0.2}}, Verdict.WARN, "on target 0.2 below 0.3"),
        ({"contamination": 0.05}, Verdict.FAIL, "contamination 0.05 above 0.02"),
        ({"identity": IdentityStatus.CONFLICT}, Verdict.FAIL, "identity conflict"),
        # P(X >= 51 of 60, one half) is below 1e-7, P(X >= 36 of 60) is 8 %
        (
            {"contamination": 0.0, "genotypes": (51, 60)},
            Verdict.WARN,
            "51 of 60 polymorphisms heterozygous: DNA of two persons?",
        ),
        ({"contamination": 0.0, "genotypes": (36, 60)}, Verdict.PASS, None),
        (
            {"genotypes": (14, 20)},
            Verdict.WARN,
            "contamination not estimable: 14 of 20 polymorphisms heterozygous",
        ),
        ({"genotypes": (5, 8)}, Verdict.PASS, None),
        ({"genotypes": (None, 60)}, Verdict.PASS, None),
        ({"contamination": 0.3, "genotypes": (51, 60)}, Verdict.FAIL, "contamination 0.3 above 0.02"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_patients_are_judged_by_the_thresholds_of_the_assay(
    given: dict[str, Any], verdict: Verdict, reason: str | None
) -> None:
    row = judge(**given)
    assert row.verdict is verdict
    assert row.reasons == (() if reason is None else (reason,))


def test_umis_that_tell_nothing_apart_fail_a_patient_but_no_control() -> None:
    useless = {("umi_uninformative", "all"): 1.0}
    row = judge(metrics=useless)
    assert row.verdict is Verdict.FAIL
    assert row.reasons == (
        "UMIs tell no molecules apart: correct `umi` of the assay; were copies removed by position?",
    )
    assert judge((0,), role=Role.CONTROL, metrics=useless).verdict is Verdict.PASS
    assert judge(metrics={("umi_uninformative", "all"): 0.0}).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("kind", "single", "warns"),
    [(BamKind.CONSENSUS, 600, True), (BamKind.CONSENSUS, 599, False), (BamKind.RAW, 600, False)],
)
def test_a_consensus_without_depths_is_said(kind: BamKind, single: int, warns: bool) -> None:
    given = replace(sample(), units=(Unit("u1", "l", bam="a.bam", bam_kind=kind),))
    row = judge_quality(
        sample=given,
        metrics={},
        callability=[replace(locus(600), single=single)],
        alterations=(),
        expected=(),
        contamination=None,
        identity=IdentityStatus.MATCH,
        thresholds=THRESHOLDS,
    )
    said = ("consensus without tags of depth: are these molecules, or raw reads?",)
    assert (row.verdict, row.reasons) == ((Verdict.WARN, said) if warns else (Verdict.PASS, ()))


@pytest.mark.parametrize(
    ("cut", "share", "warns"),
    [
        pytest.param(800.0, 0.8, False, id="amplicons"),
        pytest.param(100.0, 0.1, False, id="at-the-limit"),
        pytest.param(20.0, 0.02, True, id="of-another-panel"),
        pytest.param(None, 0.0, True, id="none"),
    ],
)
def test_primers_that_are_not_those_of_the_reads_are_said(
    cut: float | None, share: float, warns: bool
) -> None:
    """Of 1,200 records 1,000 are alignments of a read's own; `reads_cut` is missing where none was cut."""
    metrics = {("reads_in", "all"): 1200.0, ("reads_lost", "supplementary"): 150.0}
    metrics |= {("reads_lost", "unmapped"): 50.0}
    metrics |= {("reads_cut", "all"): cut} if cut is not None else {}
    row = judge(metrics=metrics, primers=True)
    said = (f"primers at {share:.2g} of the reads, below 0.1: are they of this panel?",)
    assert row.primer_share == share
    assert (row.verdict, row.reasons) == ((Verdict.WARN, said) if warns else (Verdict.PASS, ()))
    without = judge(metrics=metrics)
    assert (without.primer_share, without.reasons) == (None, ())


def test_a_given_consensus_says_nothing_of_primers() -> None:
    row = judge(metrics={}, primers=True)
    assert (row.primer_share, row.reasons) == (None, ())


def test_a_report_that_states_no_molecules_failed_nothing() -> None:
    """Whether its negative counts is judged by what it says it could have seen."""
    reported = replace(sample(), units=(Unit("u1", "l", calls="calls.tsv"),))
    given: dict[str, Any] = {"metrics": {}, "alterations": (), "expected": (), "contamination": None}
    given |= {"identity": IdentityStatus.UNKNOWN, "thresholds": THRESHOLDS}
    silent = judge_quality(sample=reported, callability=[], **given)
    assert (silent.verdict, silent.reasons) == (Verdict.WARN, ("molecules not stated by the report",))
    few = judge_quality(sample=reported, callability=[locus(99)], **given)
    assert (few.verdict, few.reasons) == (Verdict.FAIL, ("molecules 99 below 100",))


def test_the_median_is_over_targeted_loci_without_introns() -> None:
    row = judge_quality(
        sample=sample(),
        metrics={},
        callability=[
            locus(200),
            locus(400),
            locus(5, LocusKind.FUSION_INTRON),
            locus(0, status=Detection.NOT_TARGETED),
        ],
        alterations=(),
        expected=(),
        contamination=None,
        identity=IdentityStatus.UNKNOWN,
        thresholds=THRESHOLDS,
    )
    assert row.molecules == 300


@pytest.mark.parametrize(
    ("molecules", "verdict"), [((0,), Verdict.PASS), ((21,), Verdict.FAIL)], ids=["clean", "not"]
)
def test_a_blank_passes_only_without_molecules(molecules: tuple[int], verdict: Verdict) -> None:
    assert judge(molecules, role=Role.CONTROL).verdict is verdict


def test_a_positive_control_that_misses_an_alteration_fails() -> None:
    row = judge((600,), role=Role.CONTROL, expected=("ALK p.Gly1202Arg",))
    assert (row.verdict, row.reasons) == (Verdict.FAIL, ("ALK p.Gly1202Arg not found",))


def bins(gene: str, *values: float) -> list[RatioRow]:
    return [RatioRow("chr7", i, i + 1, gene, value, 1.0) for i, value in enumerate(values)]


NO_FRACTION = TumourFractionRow(TumourFractionStatus.NOT_ESTIMABLE, None, None, None, 0, ())


class TestStructural:
    def test_noise_is_that_of_neighbours_whatever_the_level(self) -> None:
        choose = np.random.default_rng(1)
        level, amplified = choose.normal(0, 0.1, 2000), choose.normal(2, 0.1, 2000)
        noise = structural_figures(NO_FRACTION, [], bins("EGFR", *level) + bins("MET", *amplified)).noise
        assert noise == pytest.approx(0.1, rel=0.06)

    def test_few_bins_have_no_noise(self) -> None:
        assert structural_figures(NO_FRACTION, [], bins("MET", *range(10))).noise is None
        assert structural_figures(NO_FRACTION, [], bins("", *range(40))).noise is None

    def test_the_row_tells_fusions_tumour_fraction_and_sex(self) -> None:
        called = replace(FUSION, alteration="EML4-ALK E13;A20 (v1)")
        other = replace(called, flags=("reciprocal_junction",))
        weak = replace(called, detection=Detection.SUBTHRESHOLD)
        row = judge(
            alterations=[called, other, weak], sex=Sex.XX, structural=StructuralFigures(0.2, 0.05, "pooled")
        )
        assert row.fusions == "EML4-ALK E13;A20 (v1)"
        assert (row.sex, row.tumour_fraction, row.copy_number_noise) == ("XX", 0.2, 0.05)
        assert row.copy_number_reference == "pooled"
