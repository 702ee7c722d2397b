"""Facts of UMI consensus that no other test states, and the table of all of them in tests/README.md."""

import ast
import re
from array import array
from collections.abc import Iterable
from pathlib import Path

import pysam
import pytest
import yaml
from aligned_bam import REFERENCE, fragment, pair, read, write_bam
from present_values import present

from alktrace.consensus.molecule_table import MoleculeMetric
from alktrace.consensus.molecules import call_molecules
from alktrace.inputs.settings.molecule_settings import MoleculeSettings
from alktrace.inputs.settings.umi_settings import UmiSettings
from alktrace.io.tables import read_table
from alktrace.vocabulary.samples import RandomEnd, UmiSource

TESTS = Path(__file__).resolve().parents[1]
DEFAULTS = yaml.safe_load((TESTS.parent / "config" / "config.yaml").read_text())

NAMED = re.compile(r"`((?:unit|properties|workflow|long)/\w+\.py)::(\w+)(?:\[(.+?)\])?`")


def call(
    tmp_path: Path, segments: Iterable[pysam.AlignedSegment], *, duplex: bool = False, edits: int = 1
) -> tuple[list[pysam.AlignedSegment], dict[tuple[str, str], float]]:
    out, table = tmp_path / "out.bam", tmp_path / "out.tsv"
    umi = UmiSettings(
        source=UmiSource.TAG, read_structures=(), tag="RX", duplex=duplex, random_end=RandomEnd.BOTH,
        edits=edits, fixed_umis=None, max_mismatches=1, min_distance=2,
    )  # fmt: skip
    call_molecules(
        bams=[write_bam(tmp_path / "in.bam", segments)], out=out, metrics=table, umi=umi,
        settings=MoleculeSettings.model_validate(DEFAULTS["molecules"]), targets=None, sample="p.t.s",
        threads=1,
    )  # fmt: skip
    with pysam.AlignmentFile(str(out), check_sq=False) as bam:
        records = list(bam)
    return records, {(row.metric, row.stratum): row.value for row in read_table(table, MoleculeMetric)}


def kinds(record: pysam.AlignedSegment) -> dict[str, str]:
    """Return tag to type; of arrays that of their items. The place (xp) goes where the read is aligned."""
    text = [cell for cell in record.to_string().split("\t")[11:] if not cell.startswith("xp:")]
    return {cell[:2]: cell[3:6] if cell[3] == "B" else cell[3] for cell in text}


# --- the table ------------------------------------------------------------------------------


def functions(path: str) -> dict[str, str]:
    tree = ast.parse((TESTS / path).read_text())
    return {node.name: ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def rows_of_the_table() -> list[str]:
    text = (TESTS / "README.md").read_text()
    return [
        line for line in text.splitlines() if line.startswith("|") and not re.match(r"\| (Fact|---)", line)
    ]


@pytest.mark.parametrize("row", rows_of_the_table(), ids=lambda row: row.split("|")[1].strip()[:50])
def test_every_fact_names_tests_that_exist(row: str) -> None:
    found = NAMED.findall(row)
    assert found or "not done:" in row, "a fact has a test, or says that it does not hold here"
    for path, name, case in found:
        known = functions(path)
        assert name in known, f"{path} has no {name}"
        assert not case or case in known[name], f"{name} has no case {case}"


# --- tags -----------------------------------------------------------------------------------

SIMPLEX = {"RG": "Z", "MI": "Z", "RX": "Z", "cD": "i", "cM": "i", "cE": "f", "cd": "B:s", "ce": "B:s"}
READ_LEVEL = {"RG": "Z", "MI": "Z", "RX": "Z"} | {
    letter + figure: kind for letter in "abc" for figure, kind in (("D", "i"), ("M", "i"), ("E", "f"))
}
STRAND_A = {"ad": "B:s", "ae": "B:s", "ac": "Z", "aq": "Z"}
STRAND_B = {"bd": "B:s", "be": "B:s", "bc": "Z", "bq": "Z"}


def test_tags_of_a_simplex_read(tmp_path: Path) -> None:
    records, _ = call(tmp_path, [*fragment("a", 100, 160, umi="AAAA"), *fragment("b", 100, 160, umi="AAAA")])
    for record in records:
        assert {name: kind[:3] for name, kind in kinds(record).items()} == SIMPLEX
        assert (record.get_tag("cD"), record.get_tag("cM"), record.get_tag("cE")) == (2, 2, 0.0)
        depths, errors = (record.get_tag(tag) for tag in ("cd", "ce"))
        assert isinstance(depths, array) and isinstance(errors, array)
        assert [*depths] == [2] * 30 and [*errors] == [0] * 30


def test_tags_of_a_duplex_read(tmp_path: Path) -> None:
    """The whole read has depth and error rate but no arrays; the strands have both, bases and qualities."""
    both = [*fragment("a", 100, 160, umi="AA-CC"), *fragment("b", 100, 160, umi="CC-AA", strand=1)]
    records, _ = call(tmp_path, both, duplex=True)
    for record in records:
        assert kinds(record) == READ_LEVEL | STRAND_A | STRAND_B
        assert record.get_tag("ac") == record.get_tag("bc") == record.query_sequence
        assert (record.get_tag("cD"), record.get_tag("aD"), record.get_tag("bD")) == (2, 1, 1)


def test_tags_of_one_strand(tmp_path: Path) -> None:
    """Depths 0 and no arrays for the strand that was not seen."""
    records, _ = call(tmp_path, fragment("a", 100, 160, umi="AA-CC"), duplex=True)
    for record in records:
        assert kinds(record) == READ_LEVEL | STRAND_A
        assert (record.get_tag("bD"), record.get_tag("bM"), record.get_tag("bE")) == (0, 0, 0.0)


# --- grouping -------------------------------------------------------------------------------


def test_hard_clips_do_not_belong_to_the_end(tmp_path: Path) -> None:
    """Unlike soft clips: 4 bases cut off do not take the end of the fragment back."""
    clipped = pair(
        read("b", 104, [(5, 4), (0, 26)], umi="AAAA"), read("b", 130, [(0, 25), (5, 5)], flag=16, umi="AAAA")
    )
    _, metrics = call(tmp_path, [*fragment("a", 100, 160, umi="AAAA"), *clipped])
    assert metrics["families", "all"] == 2


def test_orientations_are_counted_together_only_for_duplex(tmp_path: Path) -> None:
    """A-B read from the lower end and B-A from the upper are one family for duplex, two for simplex."""
    both = [*fragment("a", 100, 160, umi="AA-CC"), *fragment("b", 100, 160, umi="CC-AA", strand=1)]
    assert call(tmp_path, both, duplex=True)[1]["families", "all"] == 1
    assert call(tmp_path, both, duplex=False)[1]["families", "all"] == 2


# --- the known trap of clipping -------------------------------------------------------------


def test_indel_near_the_end_of_the_mate_does_not_clip_the_read(tmp_path: Path) -> None:
    """R1 ends three bases behind a deletion that only R2 shows (fgbio#1090 clipped all of it)."""
    one = read("a", 100, 40, umi="AAAA", bases=REFERENCE[100:140])
    two = read(
        "a", 96, [(0, 41), (2, 2), (0, 4)], flag=16, umi="AAAA", bases=REFERENCE[96:137] + REFERENCE[139:143]
    )
    (first, second), metrics = call(tmp_path, pair(one, two))
    assert metrics["reads_used", "all"] == 2
    assert len(present(first.query_sequence)) >= 37
    assert len(present(second.query_sequence)) == 41, "the four bases before the start of R1 are adapter"


def test_adapter_is_cut_without_mc_as_with_it(tmp_path: Path) -> None:
    """The mate itself is at hand: a missing MC tag never switches the cutting off."""

    def short(mc: bool) -> list[pysam.AlignedSegment]:
        one = read("a", 100, [(0, 20), (4, 10)], bases=REFERENCE[100:120] + "ACACACACAC", umi="AAAA")
        two = read("a", 100, [(4, 10), (0, 20)], bases="GTGTGTGTGT" + REFERENCE[100:120], umi="AAAA", flag=16)
        if mc:
            one.set_tag("MC", "10S20M")
            two.set_tag("MC", "20M10S")
        return pair(one, two)

    without, with_tag = (call(tmp_path, short(mc))[0] for mc in (False, True))
    assert [r.query_sequence for r in without] == [r.query_sequence for r in with_tag]
    assert [len(present(r.query_sequence)) for r in without] == [20, 20]


# --- settings -------------------------------------------------------------------------------


def test_defaults_are_those_of_the_guides() -> None:
    """fgbio's grouping and consensus defaults, input quality 20, and fgumi's strict liquid-biopsy preset."""
    molecules, strict = DEFAULTS["molecules"], DEFAULTS["calling"]["strict"]
    assert (molecules["error_rate_pre_umi"], molecules["error_rate_post_umi"]) == (45, 40)
    assert (molecules["min_mapq"], molecules["min_input_base_quality"]) == (1, 20)
    assert (strict["min_reads"], strict["max_base_error_rate"]) == ([3, 2, 2], 0.05)
    assert strict["strand_agreement"] is True
