"""The union over the samples of a patient, on rows made by hand."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from patient_samples import AMPLIFIED, FUSION, G1202R, QC, REPORTED, copies, loaded, locus
from present_values import present
from shipped_settings import SHIPPED

from alktrace.annotate.alteration_table import AlterationRow
from alktrace.annotate.origin import OriginVerdict
from alktrace.calling.callability_table import CallabilityRow
from alktrace.evidence.build import (
    LoadedSample,
    absent_observation,
    detection_of,
    make_alteration,
    make_specimen,
    position,
    unite,
    worth_following,
)
from alktrace.evidence.flat_table import evidence_rows
from alktrace.evidence.gather import usable_samples
from alktrace.evidence.patient_origin import OriginJudge
from alktrace.evidence.schema import PatientEvidence
from alktrace.qc.identity import SampleIdentityRow, Sex
from alktrace.qc.qc_table import QcRow
from alktrace.qc.quality import judge_quality
from alktrace.stats.intervals import share
from alktrace.structural.copy_number.copy_number_table import CopyNumberRow
from alktrace.vocabulary.changes import Origin, VariantType
from alktrace.vocabulary.detection import Detection, LocusKind
from alktrace.vocabulary.samples import IdentityStatus, SpecimenType


def test_a_reported_name_joins_the_called_allele() -> None:
    united = unite([loaded("report", REPORTED, reported=True), loaded("plasma", G1202R)])
    assert {key: sorted(rows) for key, rows in united.items()} == {
        "chr2:29220747:C:T": ["P1.T1.plasma", "P1.T1.report"]
    }


def test_a_reported_name_stands_alone_without_reads() -> None:
    assert list(unite([loaded("report", REPORTED, reported=True)])) == ["reported:ALK:p.Gly1202Arg"]


def test_two_dna_routes_to_one_protein_change_stay_two_alterations() -> None:
    other = replace(G1202R, key="chr2:29220747:C:G", alt="G", hgvs_c="c.3604G>C")
    assert len(unite([loaded("plasma", G1202R, other)])) == 2


@pytest.mark.parametrize(
    ("row", "callability", "copy_number", "reported", "expected"),
    [
        (FUSION, [locus(name="intron 19", kind=LocusKind.FUSION_INTRON)], [], False, Detection.NOT_DETECTED),
        (
            FUSION,
            [locus(name="intron 19", kind=LocusKind.FUSION_INTRON, status=Detection.NOT_TARGETED)],
            [],
            False,
            Detection.NOT_TARGETED,
        ),
        (FUSION, [], [], False, Detection.NOT_TARGETED),
        (AMPLIFIED, [], [copies(visible=4.0)], False, Detection.NOT_DETECTED),
        (AMPLIFIED, [], [copies(visible=None)], False, Detection.NOT_ASSESSABLE),
        (AMPLIFIED, [], [], False, Detection.NOT_TARGETED),
        (G1202R, [locus()], [], True, Detection.NOT_DETECTED),
        (G1202R, [], [], True, Detection.NOT_ASSESSABLE),
    ],
    ids=[
        "fusion-covered", "fusion-untargeted", "fusion-no-locus", "copies-visible", "copies-invisible",
        "copies-untargeted", "report-with-limit", "report-without",
    ],
)  # fmt: skip
def test_absence_means_what_the_sample_could_have_seen(
    row: AlterationRow,
    callability: list[CallabilityRow],
    copy_number: list[CopyNumberRow],
    reported: bool,
    expected: Detection,
) -> None:
    item = loaded("other", reported=reported, callability=callability, copy_number=copy_number)
    assert absent_observation(item, row).detection is expected


def test_positions_read_as_in_the_tables() -> None:
    assert position(G1202R) == "chr2:29220747C>T"
    assert position(REPORTED) is None
    assert position(replace(G1202R, chrom="2")) == "chr2:29220747C>T", "a genome without chr"
    assert position(replace(G1202R, chrom="HLA-A")) == "HLA-A:29220747C>T"


def counted(alt: int, total: int = 3000) -> SimpleNamespace:
    return SimpleNamespace(alt_molecules=alt, total_molecules=total)


def called(alt: int, total: int = 3000) -> AlterationRow:
    vaf = alt / total
    return replace(G1202R, alt_molecules=alt, total_molecules=total, vaf=vaf, vaf_low=vaf * 0.8)


def of_blood(item: LoadedSample) -> LoadedSample:
    sample = replace(item.sample, specimen_type=SpecimenType.WBC)
    return replace(item, files=replace(item.files, sample=sample))


@pytest.mark.parametrize(
    ("molecules", "expected", "flags"),
    [
        ({"plasma": 600, "wbc": 12}, Origin.SOMATIC, ("wbc_carry_over",)),
        ({"plasma": 20, "wbc": 12}, Origin.CLONAL_HAEMATOPOIESIS, ()),
        ({"before": 600, "plasma": 20, "wbc": 12}, Origin.SOMATIC, ("wbc_carry_over",)),
        ({"plasma": 1500, "wbc": 1500}, Origin.GERMLINE, ()),
        ({"wbc": 12}, Origin.CLONAL_HAEMATOPOIESIS, ()),
    ],
    ids=["carried-over", "as-much-in-blood", "carried-over-before", "inherited", "in-blood-alone"],
)
def test_white_cells_that_call_a_trace_do_not_make_it_a_clone_of_blood(
    molecules: dict[str, int], expected: Origin, flags: tuple[str, ...]
) -> None:
    items = [loaded(name, called(alt)) for name, alt in molecules.items()]
    items = [of_blood(item) if item.sample.specimen == "wbc" else item for item in items]
    counts: dict[str, Any] = {f"P1.T1.{name}": {G1202R.key: counted(alt)} for name, alt in molecules.items()}
    rows = {f"P1.T1.{name}": called(alt) for name, alt in molecules.items()}
    verdict = OriginJudge(items, counts, SHIPPED.origin, (), {}).verdict(G1202R.key, rows)
    assert (verdict.origin, verdict.flags) == (expected, flags)


@pytest.mark.parametrize(
    ("status", "contamination", "used"),
    [
        (IdentityStatus.MATCH, 0.0, True),
        (IdentityStatus.UNKNOWN, None, True),
        (IdentityStatus.CONFLICT, 0.0, False),
        (IdentityStatus.MATCH, 0.03, False),
    ],
    ids=["own", "not-known", "of-another-person", "contaminated"],
)
def test_white_cells_of_another_person_do_not_speak(
    status: IdentityStatus, contamination: float | None, used: bool
) -> None:
    item = of_blood(loaded("wbc"))
    verdict = SampleIdentityRow(item.sample.name, status, 20, contamination, Sex.UNKNOWN, (), ())
    assert usable_samples([item], {item.sample.name: verdict}) == ([item] if used else [])


@pytest.mark.parametrize("origin", [Origin.GERMLINE, Origin.CLONAL_HAEMATOPOIESIS])
def test_what_the_laboratory_said_of_the_origin_holds_for_the_patient(origin: Origin) -> None:
    said = replace(REPORTED, origin=origin, origin_reason="by the report")
    item = loaded("report", said, reported=True)
    judge = OriginJudge([item], {"P1.T1.report": {}}, SHIPPED.origin, (), {})
    verdict = judge.verdict(said.key, {"P1.T1.report": said})
    assert (verdict.origin, verdict.reason) == (origin, "by the report")


def quality(item: LoadedSample) -> QcRow:
    return judge_quality(
        sample=item.sample,
        metrics={},
        callability=item.callability,
        alterations=(),
        expected=(),
        contamination=None,
        identity=IdentityStatus.MATCH,
        thresholds=QC,
    )


def test_a_sample_without_molecules_is_empty_not_negative() -> None:
    empty = loaded("plasma", callability=[replace(locus(), molecules=0, status=Detection.NOT_ASSESSABLE)])
    assert make_specimen(empty, quality(empty)).problems == ("empty",)


@pytest.mark.parametrize(
    ("share", "problems"),
    [(None, ()), (0.02, ()), (0.021, ("contaminated",))],
    ids=["unknown", "at-the-threshold", "above"],
)
def test_contamination_is_judged_by_its_number(share: float | None, problems: tuple[str, ...]) -> None:
    item = loaded("plasma", callability=[locus()])
    row = replace(quality(item), contamination=share, reasons=("contamination in other words",))
    assert make_specimen(item, row).problems == problems


def test_a_report_that_names_no_coverage_has_unknown_callability() -> None:
    silent = loaded("report", REPORTED, reported=True)
    assert not make_specimen(silent, quality(silent)).callability_known


def test_the_flat_table_has_a_row_per_alteration_and_specimen() -> None:
    first, second = loaded("plasma", G1202R, callability=[locus()]), loaded("csf", callability=[locus()])
    verdict = OriginVerdict(Origin.SOMATIC, "tumour", ())
    observations = [absent_observation(item, G1202R) for item in (first, second)]
    evidence = PatientEvidence(
        patient="P1",
        specimens=tuple(make_specimen(item, quality(item)) for item in (first, second)),
        alterations=(make_alteration(G1202R.key, {"P1.T1.plasma": G1202R}, observations, verdict, ()),),
    )
    assert [(row.specimen, row.detection.value) for row in evidence_rows(evidence)] == [
        ("plasma", "not_detected"),
        ("csf", "not_detected"),
    ]


@pytest.mark.parametrize(
    ("called", "alt", "assessable", "expected"),
    [
        (True, 3, True, Detection.DETECTED),
        (False, 2, True, Detection.SUBTHRESHOLD),
        (False, 1, True, Detection.NOT_DETECTED),
        (False, 0, True, Detection.NOT_DETECTED),
        (False, 5, False, Detection.NOT_ASSESSABLE),
    ],
    ids=["called", "candidate", "stray", "none", "blind"],
)
def test_one_stray_molecule_is_no_finding(
    called: bool, alt: int, assessable: bool, expected: Detection
) -> None:
    assert detection_of(called, alt, assessable, least=2) is expected


def test_alterations_that_only_noise_shows_are_not_followed() -> None:
    stray = replace(G1202R, detection=Detection.SUBTHRESHOLD, alt_molecules=1)
    assert not worth_following([stray], 2)
    assert worth_following([stray, G1202R], 2)
    assert worth_following([REPORTED], 2)
    explained = replace(stray, alt_molecules=40, filters=("second_form",))
    assert not worth_following([explained], 2)
    assert worth_following([explained, replace(explained, filters=("noise",))], 2)


def test_what_population_frequencies_said_of_one_sample_holds_for_the_patient() -> None:
    known = replace(G1202R, origin=Origin.GERMLINE, origin_reason="population frequency 0.4")
    item = loaded("plasma", known)
    judge = OriginJudge([item], {"P1.T1.plasma": {}}, SHIPPED.origin, (), {})
    verdict = judge.verdict(known.key, {"P1.T1.plasma": known})
    assert (verdict.origin, verdict.reason) == (Origin.GERMLINE, "population frequency 0.4")


def at(specimen: str, alt: int, timepoint: str = "T1") -> tuple[LoadedSample, AlterationRow]:
    vaf, low, high = share(alt, 2006)
    row = replace(called(alt), total_molecules=2006, vaf=vaf, vaf_low=low, vaf_high=high, knowledge=())
    item = loaded(specimen, row)
    sample = replace(item.sample, timepoint=timepoint)
    return replace(item, files=replace(item.files, sample=sample)), row


def verdict_over(*seen: tuple[LoadedSample, AlterationRow], same_person: bool = True) -> OriginVerdict:
    names = {item.sample.name for item, _ in seen}
    matching = dict.fromkeys(names, names) if same_person else {}
    counts: dict[str, Any] = {
        item.sample.name: {G1202R.key: counted(present(row.alt_molecules), 2006)} for item, row in seen
    }
    rows = {item.sample.name: row for item, row in seen if row.alt_molecules}
    return OriginJudge([item for item, _ in seen], counts, SHIPPED.origin, (), matching).verdict(
        G1202R.key, rows
    )


def test_one_half_at_two_timepoints_is_probably_inherited() -> None:
    verdict = verdict_over(at("plasma", 1023), at("plasma", 1043, "T2"))
    assert (verdict.origin, verdict.flags) == (Origin.UNDECIDED, ("probable_germline",))
    assert verdict_over(at("plasma", 1023)).flags == ("germline_not_excluded",)


def test_one_half_beside_a_low_tumour_variant_is_probably_inherited() -> None:
    item, row = at("plasma", 1043)
    low = replace(row, key="chr2:29209798:C:T", vaf=0.012, vaf_low=0.008, vaf_high=0.017)
    verdict = verdict_over((replace(item, alterations=(row, low)), row))
    assert (verdict.origin, verdict.flags) == (Origin.UNDECIDED, ("probable_germline",))


def test_one_half_here_and_a_trace_there_is_not_inherited() -> None:
    verdict = verdict_over(at("plasma", 1023), at("plasma", 40, "T2"))
    assert verdict.origin is Origin.SOMATIC
    assert verdict.flags == ()


def test_a_sample_that_may_be_of_another_person_makes_nothing_somatic() -> None:
    """Too few polymorphisms to compare: a swapped baseline lacks every inherited variant of the patient."""
    samples = at("plasma", 1023), at("plasma", 0, "T2")
    assert verdict_over(*samples).origin is Origin.SOMATIC
    verdict = verdict_over(*samples, same_person=False)
    assert (verdict.origin, verdict.flags) == (Origin.UNDECIDED, ("germline_not_excluded",))


@pytest.mark.parametrize(
    ("substitution", "indel", "kind", "expected"),
    [
        (0.01, 0.05, VariantType.DELETION, (Detection.NOT_DETECTED, 0.05)),
        (0.01, None, VariantType.DELETION, (Detection.NOT_ASSESSABLE, None)),
        (0.01, 0.05, VariantType.SNV, (Detection.NOT_DETECTED, 0.01)),
        (None, 0.05, VariantType.SNV, (Detection.NOT_ASSESSABLE, None)),
    ],
)
@pytest.mark.parametrize("status", [Detection.DETECTED, Detection.NOT_DETECTED])
def test_absence_has_the_limit_of_its_kind(
    substitution: float | None,
    indel: float | None,
    kind: VariantType,
    expected: tuple[Detection, float | None],
    status: Detection,
) -> None:
    """Another change of the codon was found, or none: what is absent was seen down to its own limit."""
    row = replace(locus(status=status, vaf=substitution), vaf_detectable_indel=indel)
    seen = absent_observation(loaded("plasma", callability=[row]), replace(G1202R, variant_type=kind))
    assert (seen.detection, seen.vaf_detectable) == expected
