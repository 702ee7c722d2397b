"""The built-in example from reads to tables, held against the truth that was drawn with the reads.

Whatever the tables say is compared with `truth/`; no expectation here is output of the workflow.
"""

import re
from collections import defaultdict
from html.parser import HTMLParser
from pathlib import Path
from typing import TypeVar

import pytest
from cbioportal_validator import said_of_study
from present_values import present
from workflow_runs import NEEDS_TOOLS, ROOT, Project, read_sheet, traces

from alktrace.annotate.alteration_table import AlterationRow
from alktrace.calling.callability_table import CallabilityRow
from alktrace.calling.noise.error_rate_table import ErrorRateRow
from alktrace.classify.resistance_table import ClassificationRow, ResistanceRow
from alktrace.commands.demo import SEED
from alktrace.demo.build_demo import write_demo
from alktrace.demo.truth_tables import AlterationTruthRow, ExpectedRow, PairTruthRow, SampleTruth
from alktrace.evidence.evidence_table import EvidenceRow
from alktrace.exports.cbioportal import write_study
from alktrace.exports.exported import load_patients
from alktrace.exports.identifiers import load_identifiers
from alktrace.exports.patient_records import load_records
from alktrace.inputs.knowledge_files import KnowledgeFiles
from alktrace.io.tables import read_table
from alktrace.outcomes.concordance_table import ConcordanceRow
from alktrace.qc.identity_table import IdentityRow
from alktrace.qc.qc_table import QcRow
from alktrace.structural.copy_number.copy_number_table import CopyNumberRow
from alktrace.structural.tumour_fraction_table import TumourFractionRow
from alktrace.vocabulary.caveats import CaveatCode
from alktrace.vocabulary.detection import Detection
from alktrace.vocabulary.resistance import Classification, FindingRole, NotEvaluableReason, Phase
from alktrace.vocabulary.samples import Verdict

pytestmark = [pytest.mark.timeout(1800), NEEDS_TOOLS]

TIMEPOINTS = (
    "P01.BL P01.PD1 P02.PD1 P03.PD1 P04.PD1 P05.PD1 P06.PD1 P07.PD1 P08.PD1 P09.PD1 P10.PD1 P11.PD1 P12.PD1 "
    "P13.BL P13.PD1 P14.PD1 P15.PD1 P16.PD1 P17.PD1 P18.PD1 P18.PD2 P19.PD1 P19.PD2"
).split()
NEGATIVE = (Classification.NONE_FOUND, Classification.ON_TARGET_EXCLUDED, Classification.NOT_EVALUABLE)
# Mutant molecules that every demo assay calls at a hotspot, and where the fusion is looked for.
SURE = 8
# Of the tumour cells: what a negative must exclude that is one beyond doubt; the setting asks for 0.2.
CLEARLY_EXCLUDED = 0.16
# Of the mutant molecules drawn, those that alignment, consensus and quality may cost.
MOST_LOST = 0.2
# Names of the junctions by Horn 2009 (doi 10.1200/JCO.2009.23.6661); DNA does not tell 3a from 3b.
VARIANTS = {"EML4-ALK E13;A20": "v1", "EML4-ALK E20;A20": "v2", "EML4-ALK E6;A20": "v3a/b"}
# Mechanisms whose confidence the decision rules fix, whatever the numbers.
CONFIDENCE = {
    "P01.PD1": "established",
    "P04.PD1": "candidate",
    "P05.PD1": "candidate",
    "P06.PD1": "candidate",
    "P07.PD1": "established",
    "P17.PD1": "established",
}


Row = TypeVar("Row")
Drawn = tuple[dict[str, dict[str, AlterationTruthRow]], dict[str, dict[str, AlterationRow]]]
"""Truth and result of every alteration, by sample and key."""


class Demo:
    """A finished run of the demo with its truth."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.folder = project.folder
        self.results = self.folder / "results"

    def truth(self, name: str, row_type: type[Row]) -> list[Row]:
        return read_table(self.folder / "truth" / f"{name}.tsv", row_type)

    def cohort(self, name: str, row_type: type[Row]) -> list[Row]:
        return read_table(self.results / "cohort" / f"{name}.tsv", row_type)

    def sample(self, name: str, table: str, row_type: type[Row]) -> list[Row]:
        """Rows of a sample by its name; reports stand in a folder of their own."""
        folder = self.results / "patients" / name.replace(".", "/")
        folder = folder / "reported" if (folder / "reported").is_dir() else folder
        return read_table(folder / f"{table}.tsv", row_type)

    def expected(self, timepoint: str) -> ExpectedRow:
        rows = {f"{row.patient}.{row.timepoint}": row for row in self.truth("expected", ExpectedRow)}
        return rows[timepoint]

    def mechanisms(self, timepoint: str) -> list[ResistanceRow]:
        rows = self.cohort("resistance", ResistanceRow)
        return [row for row in rows if f"{row.patient}.{row.timepoint}" == timepoint]


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    folder = tmp_path_factory.mktemp("demo")
    source, run = folder / "inputs", folder / "run"
    run.mkdir()
    write_demo(source, seed=SEED)
    project = Project.of_demo(source, run)
    (run / "truth").symlink_to(source / "truth")
    project.run("--cores", "2", "--keep-going", timeout=1500).check()
    return Demo(project)


@pytest.fixture(scope="module")
def alterations(demo: Demo) -> Drawn:
    """Truth and result of every alteration of a sample from reads: two dictionaries by sample and key."""
    drawn: dict[str, dict[str, AlterationTruthRow]] = defaultdict(dict)
    for row in demo.truth("alterations", AlterationTruthRow):
        drawn[row.sample][row.key] = row
    samples = [row.sample for row in demo.truth("samples", SampleTruth)]
    found = {
        sample: {row.key: row for row in demo.sample(sample, "alterations", AlterationRow)}
        for sample in samples
    }
    return drawn, found


# --- timepoints -----------------------------------------------------------------------------------


def test_every_timepoint_is_asked(demo: Demo) -> None:
    rows = demo.cohort("classification", ClassificationRow)
    assert [f"{row.patient}.{row.timepoint}" for row in rows] == TIMEPOINTS
    assert [f"{row.patient}.{row.timepoint}" for row in demo.truth("expected", ExpectedRow)] == TIMEPOINTS
    # The panel of the demo lacks introns of RET and ROS1: no negative there can exclude every core bypass.
    shown = set(Classification) - {Classification.NONE_FOUND}
    assert {row.classification for row in rows} == shown, "every class that the panel can give"


@pytest.mark.parametrize("timepoint", TIMEPOINTS)
def test_class(demo: Demo, timepoint: str) -> None:
    expected = demo.expected(timepoint)
    (row,) = [
        row
        for row in demo.cohort("classification", ClassificationRow)
        if f"{row.patient}.{row.timepoint}" == timepoint
    ]
    assert row.classification.value == expected.classification, expected.note
    assert {item.value for item in row.components} == set(expected.components)
    assert row.setting.value == expected.setting
    reasons = {item.value for item in row.not_evaluable_reason}
    assert bool(reasons) == (row.classification is Classification.NOT_EVALUABLE)
    if expected.reasons:
        assert reasons & set(expected.reasons)
    if expected.timing:
        assert present(row.timing).value == expected.timing
    if timepoint in CONFIDENCE:
        assert present(row.confidence).value == CONFIDENCE[timepoint]


@pytest.mark.parametrize("timepoint", TIMEPOINTS)
def test_mechanisms(demo: Demo, timepoint: str) -> None:
    expected, rows = demo.expected(timepoint), demo.mechanisms(timepoint)
    assert rows
    names = [f"{row.gene} {row.alteration}" for row in rows]
    if rows[0].classification in NEGATIVE and not expected.mechanisms:
        assert [row.mechanism for row in rows] == [None], "one row that says what was not seen"
        return
    assert all(row.mechanism for row in rows)
    if expected.mechanisms:
        assert sorted(names) == sorted(expected.mechanisms)
    old = [name for name, row in zip(names, rows, strict=True) if row.role is FindingRole.PRE_EXISTING]
    assert sorted(old) == sorted(expected.pre_existing)
    if expected.emergence:
        new = [row for name, row in zip(names, rows, strict=True) if name not in old]
        assert {present(row.emergence).value for row in new} == {expected.emergence}


@pytest.mark.parametrize("timepoint", TIMEPOINTS)
def test_what_is_said_of_each_kind_of_mechanism(demo: Demo, timepoint: str) -> None:
    wanted = set(demo.expected(timepoint).excluded)
    for row in demo.mechanisms(timepoint):
        assert wanted <= {f"{item.kind.value}:{item.status.value}" for item in row.excluded}


@pytest.mark.parametrize("timepoint", TIMEPOINTS)
def test_phase(demo: Demo, timepoint: str) -> None:
    expected = demo.expected(timepoint)
    rows = [row for row in demo.mechanisms(timepoint) if row.gene == "ALK"]
    if not expected.phase:
        assert {row.phase for row in rows} <= {None}
        return
    assert len(rows) == 2
    assert {present(row.phase).value for row in rows} <= set(expected.phase)
    assert {row.phase_partner for row in rows} == {(row.alteration,) for row in rows}
    truth = {row.sample: row for row in demo.truth("pairs", PairTruthRow)}
    pair = truth[f"{timepoint}.{rows[0].lead_specimen}"]
    evidence = str(rows[0].phase_evidence)
    if rows[0].phase in (Phase.CIS, Phase.CIS_AND_SINGLE):
        both, first, second = map(
            int, present(re.search(r"(\d+) molecules with all, (\d+)\+(\d+) with", evidence)).groups()
        )
        assert kept(both, pair.both)
        assert kept(first + second, pair.first_only + pair.second_only)
    elif rows[0].phase is Phase.TRANS:
        single = sorted(map(int, present(re.search(r"\((\d+)\+(\d+)\)", evidence)).groups()))
        assert pair.both == 0
        assert all(
            kept(mine, drawn)
            for mine, drawn in zip(single, sorted((pair.first_only, pair.second_only)), strict=True)
        )
    else:
        assert "not_spannable" in evidence
        assert pair.both + pair.first_only + pair.second_only == 0


def kept(found: float, drawn: float) -> bool:
    """Not more than was drawn, and nearly all of it."""
    return (1 - MOST_LOST) * drawn - 1 <= found <= drawn


@pytest.mark.parametrize("timepoint", [name for name in TIMEPOINTS if name != "P12.PD1"])
def test_the_fusion_is_found(demo: Demo, alterations: Drawn, timepoint: str) -> None:
    expected = demo.expected(timepoint)
    if expected.fusion is None:
        pytest.skip("a report of a laboratory")
    samples = [
        name for name in alterations[1] if name.startswith(f"{timepoint}.") and not name.endswith("wbc")
    ]
    assert samples
    for sample in samples:
        (row,) = [row for row in alterations[1][sample].values() if row.key == "fusion:EML4:ALK"]
        assert row.alteration == f"{expected.fusion} ({VARIANTS[expected.fusion]})"
        assert (row.in_frame, row.detection) == (True, Detection.DETECTED)


def test_plasma_and_tissue_of_one_timepoint(demo: Demo) -> None:
    """P08 agrees. In P15 plasma has two clones that the biopsy lacks, and lacks the one that it has."""
    rows = demo.cohort("concordance", ConcordanceRow)
    found = {
        (row.patient, f"{row.gene} {row.alteration}" if row.gene else row.alteration): row for row in rows
    }
    verdicts = {
        ("P08", "NF2 R341*"): "both",
        ("P08", "on_target"): "neither",
        ("P08", "bypass"): "both",
        ("P08", "mechanism class"): "concordant",
        ("P15", "ALK G1202R"): "plasma_only",
        ("P15", "KRAS G12C"): "plasma_only",
        ("P15", "NRAS Q61R"): "tissue_only",
        ("P15", "on_target"): "plasma_only",
        ("P15", "bypass"): "both",
        ("P15", "mechanism class"): "discordant",
    }
    assert {key: found[key].verdict for key in verdicts} == verdicts
    assert {row.patient for row in rows} == {"P08", "P15"}
    trunk = [row for row in rows if row.gene in ("STRN", "CDK6") or row.alteration.startswith("EML4-ALK")]
    assert {row.verdict for row in trunk} == {"both"}


def test_a_report_in_chinese_is_read_like_one_in_english(demo: Demo) -> None:
    rows = {row.alteration: row for row in demo.sample("P19.PD1.plasma", "alterations", AlterationRow)}
    assert set(rows) == {"G1202R", "EML4-ALK"}, "what is denied is no finding"
    assert (rows["G1202R"].vaf, rows["EML4-ALK"].vaf) == (0.042, 0.061)
    states = {
        (row.gene, row.locus): (row.status, row.vaf_detectable)
        for row in demo.sample("P19.PD1.plasma", "callability", CallabilityRow)
    }
    assert states["ALK", "L1196"] == states["KRAS", "G12"] == (Detection.NOT_DETECTED, 0.002)
    assert states["NF2", "gene"] == (Detection.NOT_TARGETED, None)


def test_negatives_say_what_they_exclude(demo: Demo) -> None:
    for timepoint in TIMEPOINTS:
        for row in demo.mechanisms(timepoint):
            if row.classification is Classification.ON_TARGET_EXCLUDED:
                assert present(row.excluded_clone_fraction) <= CLEARLY_EXCLUDED
                assert present(row.tumour_fraction) >= 0.01
                assert "bypass_fusion:not_targeted" in map(str, row.excluded)
            elif NotEvaluableReason.OUTSIDE_WINDOW in row.not_evaluable_reason:
                assert CaveatCode.OUTSIDE_WINDOW in {flag.code for flag in row.flags}
            elif row.classification is Classification.NOT_EVALUABLE:
                assert row.excluded_clone_fraction is None or row.excluded_clone_fraction > 0.2


# --- alterations ----------------------------------------------------------------------------------


def small(truth_row: AlterationTruthRow) -> bool:
    return truth_row.realised_vaf is not None


def test_nothing_is_missed(alterations: Drawn) -> None:
    drawn, found = alterations
    missed = [
        f"{sample} {row.alteration}: {row.mutant_molecules} of {row.total_molecules}"
        for sample, rows in drawn.items()
        for key, row in rows.items()
        if small(row)
        and present(row.mutant_molecules) >= SURE
        and (key not in found[sample] or found[sample][key].detection is not Detection.DETECTED)
    ]
    assert missed == []


def test_amplifications_are_found_with_their_number(demo: Demo, alterations: Drawn) -> None:
    gains = [
        (sample, row)
        for sample, rows in alterations[0].items()
        for row in rows.values()
        if row.alteration == "amplification"
    ]
    assert len(gains) == 2
    for sample, truth in gains:
        assert alterations[1][sample][truth.key].detection is Detection.DETECTED
        (row,) = [row for row in demo.sample(sample, "copy_number", CopyNumberRow) if row.gene == truth.gene]
        assert present(row.copy_number_low) <= present(truth.copy_number) <= present(row.copy_number_high)


def test_nothing_is_invented(demo: Demo, alterations: Drawn) -> None:
    """Beyond what was drawn: polymorphisms of the person, and the other junction of the inversion."""
    drawn, found = alterations
    with_inversion = {sample for sample, rows in drawn.items() if "fusion:EML4:ALK" in rows}
    polymorphisms = known_polymorphisms(demo)
    invented = [
        f"{sample} {row.gene} {row.alteration} {row.alt_molecules}/{row.total_molecules}"
        for sample, rows in found.items()
        for key, row in rows.items()
        if row.detection is Detection.DETECTED
        and key not in drawn[sample]
        and key not in polymorphisms
        and not (key == "fusion:ALK:EML4" and sample in with_inversion)
    ]
    assert invented == []


def known_polymorphisms(demo: Demo) -> set[str]:
    import pysam

    (path,) = (demo.folder / "reference").glob("*.vcf.gz")
    with pysam.VariantFile(str(path)) as vcf:
        return {f"{record.chrom}:{record.pos}:{record.ref}:{present(record.alts)[0]}" for record in vcf}


def test_vafs_are_those_of_the_molecules(alterations: Drawn) -> None:
    """Intervals hold the share among the sequenced molecules, and nearly all that among the cells."""
    drawn, found = alterations
    rows = [
        (truth, found[sample][key])
        for sample, truths in drawn.items()
        for key, truth in truths.items()
        if small(truth) and key in found[sample]
    ]
    assert len(rows) > 70
    outside = [
        f"{row.alteration}: {truth.realised_vaf} of {truth.sample} not in {row.vaf_low} to {row.vaf_high}"
        for truth, row in rows
        if not present(row.vaf_low) <= present(truth.realised_vaf) <= present(row.vaf_high)
    ]
    assert outside == []
    holding = sum(
        present(row.vaf_low) <= present(truth.expected_vaf) <= present(row.vaf_high) for truth, row in rows
    )
    assert holding / len(rows) > 0.88
    ratio = sum(present(row.vaf) for _, row in rows) / sum(present(truth.realised_vaf) for truth, _ in rows)
    assert 0.97 < ratio < 1.03


def test_mutant_molecules_are_counted_once(alterations: Drawn) -> None:
    drawn, found = alterations
    for sample, truths in drawn.items():
        for key, truth in truths.items():
            if small(truth) and key in found[sample] and not key.startswith("fusion"):
                row = found[sample][key]
                mine, drawn_here = present(row.alt_molecules), present(truth.mutant_molecules)
                assert kept(mine, drawn_here), (sample, truth.alteration)
                assert present(row.total_molecules) <= present(truth.total_molecules)


def test_tumour_fractions_hold_the_truth(demo: Demo) -> None:
    holding = []
    for truth in demo.truth("samples", SampleTruth):
        if truth.role != "patient" or truth.sample.endswith("wbc"):
            continue
        (row,) = demo.sample(truth.sample, "tumour_fraction", TumourFractionRow)
        if truth.tumour_fraction < 0.01:
            assert row.value is None, "below what 100 molecules show"
        else:
            holding.append(present(row.low) <= truth.tumour_fraction <= present(row.high))
    assert len(holding) == 22
    assert sum(holding) >= 20


def test_callability_at_drawn_hotspots(demo: Demo, alterations: Drawn) -> None:
    """A hotspot with a called mutation is `detected`; the same codon elsewhere is judged, not ignored."""
    states = {
        "P06.PD1.plasma": "detected",
        "P11.PD1.plasma": "not_detected",
        "P12.PD1.plasma": "not_detected",
    }
    for sample, expected in states.items():
        (row,) = [
            row
            for row in demo.sample(sample, "callability", CallabilityRow)
            if (row.gene, row.locus) == ("ALK", "G1202")
        ]
        assert row.status.value == expected
        assert 0 < present(row.vaf_detectable) < 0.1


def test_origin(alterations: Drawn) -> None:
    _, found = alterations
    kras = {row.alteration: row for row in found["P07.PD1.plasma"].values() if row.gene == "KRAS"}
    blood = {row.alteration: row for row in found["P07.PD1.plasma"].values() if row.gene == "TP53"}
    assert kras["G12D"].origin.value == "somatic"
    assert blood["R248W"].origin.value == "clonal_haematopoiesis"
    without = {row.alteration: row for row in found["P15.PD1.plasma"].values() if row.gene == "KRAS"}
    assert "ch_not_excluded" in without["G12C"].flags


# --- samples --------------------------------------------------------------------------------------


def test_quality_table(demo: Demo) -> None:
    rows = {f"{row.patient}.{row.timepoint}.{row.specimen}": row for row in demo.cohort("qc", QcRow)}
    truths = {row.sample: row for row in demo.truth("samples", SampleTruth)}
    assert set(rows) == set(truths)
    assert {row.verdict for row in rows.values()} == {Verdict.PASS}
    for sample, row in rows.items():
        truth = truths[sample]
        if sample == "P16.PD1.plasma":
            assert 2 * truth.read_pairs <= present(row.raw_reads) < 2.01 * truth.read_pairs, (
                "with split alignments"
            )
        elif row.raw_reads is not None:
            assert row.raw_reads == 2 * truth.read_pairs, sample
        if row.duplex_yield is not None and truth.molecules > 1000:
            share = truth.duplex / truth.molecules
            assert abs(row.duplex_yield - share) < 0.02, sample


def test_controls(demo: Demo) -> None:
    rows = {row.patient: row for row in demo.cohort("qc", QcRow) if row.role != "patient"}
    positive = rows["CONTROL-POSITIVE"]
    assert positive.control_found == positive.control_expected
    assert len(positive.control_found) == 3
    assert rows["CONTROL-BLANK"].verdict is Verdict.PASS
    assert not {row.patient for row in demo.cohort("resistance", ResistanceRow)} & set(rows)


def test_molecules_are_those_that_were_drawn(demo: Demo) -> None:
    for truth in demo.truth("samples", SampleTruth):
        path = demo.results / "patients" / truth.sample.replace(".", "/") / "molecules.tsv"
        if not path.is_file():
            assert truth.sample == "P17.PD1.plasma", "given as a consensus BAM"
            continue
        lines = (line.split("\t") for line in path.read_text().splitlines())
        found = int(
            next(value for metric, stratum, value in lines if (metric, stratum) == ("molecules", "all"))
        )
        assert abs(found - truth.molecules) <= max(5, 0.03 * truth.molecules), truth.sample


def test_errors_are_measured_in_every_sample(demo: Demo) -> None:
    """The one given as a consensus BAM has them too; every group and type has its row."""
    for truth in demo.truth("samples", SampleTruth):
        folder = demo.results / "patients" / truth.sample.replace(".", "/")
        rows = read_table(folder / "error_rates.tsv", ErrorRateRow)
        assert len({(row.molecules, row.substitution) for row in rows}) == len(rows) == 18, truth.sample
        assert sum(row.bases for row in rows) > 0, truth.sample
        assert all(present(row.low) <= present(row.rate) <= present(row.high) for row in rows if row.bases), (
            truth.sample
        )


def test_identity(demo: Demo) -> None:
    rows = demo.cohort("identity", IdentityRow)
    assert {row.status.value for row in rows} == {"match"}
    assert all(row.same_patient for row in rows)
    assert {row.sample_a.split(".")[0] for row in rows} == {"P01", "P07", "P08", "P13", "P14", "P15"}


def test_every_alteration_is_judged_in_every_sample_of_the_patient(demo: Demo) -> None:
    """What progression shows is counted at baseline, and a blood clone in the white cells."""
    rows = read_table(demo.results / "patients/P01/evidence.tsv", EvidenceRow)
    baseline = {row.alteration: row for row in rows if row.timepoint == "BL"}
    for name in ("G1202R", "L1196M"):
        assert baseline[name].detection is not Detection.DETECTED
        assert present(baseline[name].total_molecules) > 100
        assert baseline[name].vaf_detectable is not None
    blood = read_table(demo.results / "patients/P07/evidence.tsv", EvidenceRow)
    counted = {row.specimen: row for row in blood if row.alteration == "G12D"}
    assert counted["wbc"].detection is not Detection.DETECTED
    assert present(counted["wbc"].total_molecules) > 50


# --- the run and its pages ------------------------------------------------------------------------


def test_a_second_run_does_nothing(demo: Demo) -> None:
    again = demo.project.run("--cores", "2").check()
    assert "Nothing to be done" in again.text
    assert again.jobs == {}


def test_nothing_half_written_is_left(demo: Demo) -> None:
    names = [path.name for path in demo.results.rglob("*")]
    assert not [name for name in names if name.startswith(".partial") or ".tmp." in name]
    assert not list((demo.results / "patients").rglob("*aligned.bam"))


def test_no_file_names_user_machine_or_folders(demo: Demo) -> None:
    """Logs may: they stay with whoever ran it."""
    assert traces(demo.results) == {}


class Requests(HTMLParser):
    """Collects what a browser would fetch by itself, and the text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            asked = name == "src" or (name == "href" and tag in ("link", "image", "use"))
            if asked and value and re.match(r"(https?:)?//", value):
                self.fetched.append(value)

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def read_page(path: Path) -> tuple[list[str], str]:
    page = Requests()
    text = path.read_text()
    page.feed(text)
    styles = re.findall(r"(?:@import|url\()\s*[\"']?((?:https?:)?//[^\"')]+)", text.split("<script")[0])
    return page.fetched + styles, " ".join(" ".join(page.text).split())


@pytest.mark.parametrize("patient", sorted({name.split(".")[0] for name in TIMEPOINTS}))
def test_patient_pages(demo: Demo, patient: str) -> None:
    fetched, text = read_page(demo.results / "patients" / patient / "report.html")
    assert fetched == []
    assert patient in text
    for timepoint in TIMEPOINTS:
        if timepoint.startswith(patient):
            for mechanism in demo.expected(timepoint).mechanisms:
                assert mechanism.split(" ", 1)[1] in text


def test_cohort_pages(demo: Demo) -> None:
    fetched, text = read_page(demo.results / "cohort/report.html")
    assert fetched == []
    assert all(f"P{number:02}" in text for number in range(1, 20))
    fetched, text = read_page(demo.results / "cohort/batch.html")
    assert fetched == []
    assert "27 samples: 27 pass, 0 warn, 0 fail; controls in order; no swap among the 12 samples" in text
    assert "15 samples passed without a verdict on identity" in text
    fetched, text = read_page(demo.results / "cohort/multiqc.html")
    assert fetched == []
    sections = ("Samples", "Duplex yield", "Error rates", "Family sizes", "Insert sizes", "Reads lost")
    assert [name for name in sections if name not in text] == []
    from_reads = [row for row in read_sheet(demo.folder / "samples.tsv") if row["calls"] == "."]
    names = [f"{row['patient']}.{row['timepoint']}.{row['specimen']}" for row in from_reads]
    assert [name for name in names if name not in text] == []


def test_rows_of_the_readme_are_rows_of_the_demo(demo: Demo) -> None:
    text = (ROOT / "README.md").read_text()
    lines = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if re.match(r"\| (patient|P\d\d) \|", line)
    ]
    head, *examples = lines
    assert examples
    columns, *rows = (
        line.split("\t") for line in (demo.results / "cohort/resistance.tsv").read_text().splitlines()
    )
    shown = [[rounded(row[columns.index(name)]) for name in head] for row in rows]
    assert [row for row in examples if row not in shown] == []


def rounded(cell: str) -> str:
    return f"{float(cell):.3g}" if re.fullmatch(r"\d+\.\d+", cell) else cell


# --- the same again -------------------------------------------------------------------------------


def outputs(folder: Path) -> dict[str, bytes]:
    """Every file of the results; compiled kernels, where they are kept there, are of the machine."""
    results = folder / "results"
    return {
        str(path.relative_to(results)): path.read_bytes()
        for path in sorted(results.rglob("*"))
        if path.is_file() and path.suffix not in (".nbc", ".nbi")
    }


def test_two_runs_from_scratch_give_the_same_bytes(tmp_path_factory: pytest.TempPathFactory) -> None:
    """With other hash seeds and numbers of threads: white cells, duplex and single-strand molecules."""
    folder = tmp_path_factory.mktemp("twice")
    source = folder / "inputs"
    write_demo(source, seed=SEED, depth=0.2)
    runs = []
    for number, (hash_seed, cores) in enumerate((("1", "2"), ("2", "1"))):
        run = folder / str(number)
        run.mkdir()
        project = Project.of_demo(source, run, patients=("P07", "P15"))
        project.run("--cores", cores, hash_seed=hash_seed, timeout=600).check()
        runs.append(outputs(run))
    assert len(runs[0]) > 40
    assert [name for name in runs[0] if runs[0][name] != runs[1].get(name)] == []
    assert runs[0].keys() == runs[1].keys()


def test_the_validator_of_cbioportal_takes_the_demo(demo: Demo, tmp_path: Path) -> None:
    """Opt-in, with a checkout of its importer: every patient of the demo, with clinical tables."""
    files = KnowledgeFiles(ROOT / "resources" / "knowledge")
    folder = demo.folder / "results" / "patients"
    tables = sorted(folder.glob("*/*/resistance.tsv"))
    details = [path.with_name("resistance.json") for path in tables]
    patients = load_patients(sorted(folder.glob("*/evidence.json")), tables, details, inherited=False)
    clinical = [str(path) for path in sorted((demo.folder / "clinical").glob("*.tsv"))]
    records = load_records(clinical, files, cutoff=None)
    write_study(patients, records, load_identifiers(files), tmp_path / "study")
    assert len(patients) == 19 and records
    assert "ERROR" not in said_of_study(tmp_path / "study", tmp_path)
