"""What normals say of a panel: reach by their number, targets, loci, copy number; the command."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from copy_number_panel import MODELS, Panel
from shipped_settings import SHIPPED

from alktrace.assay.describe import Normal, copy_rows, locus_rows, reach_rows, target_rows
from alktrace.assay.panel_table import CopyLimitRow, ReachRow
from alktrace.calling.callability_table import CallabilityRow
from alktrace.commands.assay import summary, write_normals
from alktrace.commands.one import OneBam
from alktrace.errors import InputProblems
from alktrace.io.bed import Target
from alktrace.io.tables import write_table
from alktrace.structural.copy_number.bins import BinTable
from alktrace.vocabulary.detection import Detection, LocusKind
from alktrace.vocabulary.panels import LocusState, Readiness, TargetState


@pytest.mark.parametrize(
    ("number", "states"),
    [
        (1, ["limited", "none", "none"]),
        (2, ["limited", "limited", "none"]),
        (3, ["full", "limited", "limited"]),
        (10, ["full", "limited", "full"]),
        (20, ["full", "full", "full"]),
    ],
)
def test_few_normals_reach_less_and_say_so(number: int, states: list[str]) -> None:
    rows = reach_rows(number, SHIPPED.calling, SHIPPED.copy_number, pooled=number >= 3)
    assert [row.state.value for row in rows] == states
    assert len({row.meaning for row in rows}) == 3


def test_a_flat_reference_is_no_reach_whatever_the_number() -> None:
    """Twenty normals of which all but two are empty."""
    assert reach_rows(20, SHIPPED.calling, SHIPPED.copy_number, pooled=False)[2].state is Readiness.NONE


def table(*depths: float) -> BinTable:
    starts = np.arange(len(depths)) * 100
    return BinTable(
        ["chr1"] * len(depths), starts, starts + 100, ["x"] * len(depths), {"depth": np.array(depths)}
    )


def test_targets_are_held_against_the_middle_of_their_normal() -> None:
    """The second normal has twice the depth: that is no spread of its targets."""
    targets = [
        Target("chr1", 0, 200, "two"),
        *(Target("chr1", k, k + 100, "x") for k in (200, 300, 400, 500)),
    ]
    rows = target_rows(targets, [table(90, 110, 100, 10, 0, 95), table(180, 220, 200, 20, 0, 190)])
    assert rows[0].relative == pytest.approx((100 / 95 + 200 / 190) / 2)
    ok, low, empty = TargetState.OK, TargetState.LOW, TargetState.EMPTY
    assert [row.state for row in rows] == [ok, ok, low, empty, ok]


def test_a_target_in_which_normals_differ_is_uneven() -> None:
    targets = [Target("chr1", k, k + 100, "x") for k in (0, 100, 200)]
    rows = target_rows(targets, [table(100, 100, 50), table(100, 100, 150)])
    assert [row.state for row in rows] == [TargetState.OK, TargetState.OK, TargetState.UNEVEN]
    assert target_rows(targets, [table(100, 100, 50)])[2].spread is None


def locus(molecules: int, limit: float | None) -> CallabilityRow:
    return CallabilityRow(
        "ALK",
        "G1202",
        LocusKind.ALK_HOTSPOT,
        23,
        "chr2",
        98,
        101,
        molecules,
        0,
        0,
        limit,
        Detection.NOT_DETECTED,
    )


def test_the_worst_normal_counts_only_where_all_have_a_limit() -> None:
    (row,) = locus_rows([[locus(900, 0.004)], [locus(500, 0.008)], [locus(700, 0.005)]])
    assert (row.state, row.molecules) == (LocusState.COVERED, 700)
    assert (row.vaf_detectable, row.vaf_worst) == (0.005, 0.008)
    (row,) = locus_rows([[locus(900, 0.004)], [locus(0, None)]])
    assert (row.state, row.vaf_detectable, row.vaf_worst) == (LocusState.PARTLY, 0.004, None)
    (row,) = locus_rows([[locus(0, None)]])
    assert row.state is LocusState.NOT_COVERED


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Panel:
    return Panel(tmp_path_factory.mktemp("panel"))


def copy_limits(panel: Panel, normals: int) -> list[CopyLimitRow]:
    coverages = [panel.sample(f"b{i}", 300 + i) for i in range(normals)]
    reference = panel.reference(f"build{normals}.cnn", coverages)
    normal = [Normal(path.stem, (), (), path) for path in coverages]
    return list(copy_rows(normal, reference, MODELS, SHIPPED.copy_number))


def test_more_normals_would_show_smaller_gains_and_large_genes_smaller_ones(panel: Panel) -> None:
    rows = {(row.gene, row.normals): row for row in copy_limits(panel, 4)}
    copies = [rows["MET", number].copies for number in (3, 4, 6, 10, 20)]
    assert copies == sorted(copies, reverse=True)
    assert copies[0] - copies[-1] > 0.05 * (copies[-1] - 2)
    assert rows["KRAS", 4].copies > rows["MET", 4].copies
    assert rows["MET", 4].tumour_copies_10 == pytest.approx(2 + 10 * (rows["MET", 4].copies - 2))
    assert [number for (gene, number), row in rows.items() if gene == "MET" and row.present] == [4]
    assert not [gene for gene, _ in rows if gene == "AR"], "chromosome X"


def test_what_is_forecast_is_what_a_sample_says(panel: Panel) -> None:
    """smallest_visible_cn of new samples against these very normals, on average within 15 % of the gain.

    Of a gene without threshold, below which nothing is stated.
    """
    (row,) = [row for row in copy_limits(panel, 4) if row.gene == "BRAF" and row.present]
    seen = [
        panel.rows(panel.sample("s", 900 + seed), panel.folder / "build4.cnn", 0.125)[
            "BRAF"
        ].smallest_visible_cn
        for seed in range(12)
    ]
    # The lower end of the tumour fraction that the panel of the test tells is 0.8 of it.
    gains = [0.1 * ((value or 0) - 2) for value in seen]
    assert np.mean(gains) == pytest.approx(row.copies - 2, rel=0.15)


def test_a_flat_reference_forecasts_nothing(panel: Panel) -> None:
    assert copy_limits(panel, 2) == []


# --- command -------------------------------------------------------------------------------------


def bam(folder: Path, name: str) -> OneBam:
    for file in (name, "t.bed", "g.fa", "g.gff3"):
        (folder / file).parent.mkdir(exist_ok=True, parents=True)
        (folder / file).touch()
    return OneBam(folder / name, folder / "t.bed", folder / "g.fa", folder / "g.gff3", "2000-01-01")


def test_normals_of_one_file_name_are_different_people(tmp_path: Path) -> None:
    normals = [bam(tmp_path, "a/consensus.bam"), bam(tmp_path, "b/consensus.bam")]
    write_normals(normals, "ours", tmp_path / "out")
    with (tmp_path / "out" / "samples.tsv").open() as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    assert [row["patient"] for row in rows] == ["consensus-1", "consensus-2"]
    assert {row["role"] for row in rows} == {"normal"}
    assert {row["assay"] for row in rows} == {"ours"}


def test_all_missing_files_at_once(tmp_path: Path) -> None:
    normal = bam(tmp_path, "a.bam")
    gone = replace(normal, bam=tmp_path / "no.bam", targets=tmp_path / "no.bed")
    with pytest.raises(InputProblems) as raised:
        write_normals([gone, normal, gone], "ours", tmp_path / "out")
    assert [problem.file for problem in raised.value.problems] == ["NORMAL", "--targets"]


def test_the_configuration_names_only_what_the_normals_are_enough_for(tmp_path: Path) -> None:
    write_normals([bam(tmp_path, "a.bam")], "ours", tmp_path / "out")
    folder = tmp_path / "out" / "results" / "assay" / "ours"
    for number, keys in ((1, set()), (3, {"noise_model", "copy_number_reference"})):
        rows = reach_rows(number, SHIPPED.calling, SHIPPED.copy_number, pooled=number >= 3)
        folder.mkdir(parents=True, exist_ok=True)
        write_table(folder / "reach.tsv", ReachRow, rows)
        said = summary(tmp_path / "out", "ours")
        assay = yaml.safe_load((folder / "assay.yaml").read_text())["assays"]["ours"]
        assert set(assay) == {"targets", "umi"} | keys
        assert len(said) == 4
