"""Given alignments under the names of the sheet, with their UMI in RX."""

from pathlib import Path
from typing import Any

import pysam
import pytest

from alktrace.align.fixed_umis import FixedUmis
from alktrace.align.retag import UnitGroup, rename_groups, tag_alignments
from alktrace.errors import DataError
from alktrace.vocabulary.samples import UmiSource

GROUP = UnitGroup("u1", "P1.T1.plasma", "lib1")
OURS = {"SM": "P1.T1.plasma", "LB": "lib1", "PL": "ILLUMINA"}


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        pytest.param([], [{"ID": "u1"} | OURS], id="none"),
        pytest.param(
            [{"ID": "x", "SM": "old", "LB": "old", "PU": "F.2"}], [{"ID": "u1", "PU": "F.2"} | OURS], id="one"
        ),
        pytest.param(
            [{"ID": "a", "LB": "x"}, {"ID": "b", "LB": "x"}],
            [{"ID": "u1.a"} | OURS, {"ID": "u1.b"} | OURS],
            id="two lanes of a library",
        ),
        pytest.param(
            [{"ID": "a", "LB": "x"}, {"ID": "b", "LB": "y"}],
            [{"ID": "u1.a"} | OURS | {"LB": "lib1.x"}, {"ID": "u1.b"} | OURS | {"LB": "lib1.y"}],
            id="two libraries stay apart",
        ),
        pytest.param([{"ID": "x", "PL": "BGI"}], [{"ID": "u1"} | OURS | {"PL": "BGI"}], id="platform kept"),
    ],
)
def test_read_groups(groups: list[dict[str, str]], expected: Any) -> None:
    renamed, ids = rename_groups(groups, GROUP)
    assert renamed == expected
    assert ids == {old["ID"]: new["ID"] for old, new in zip(groups, expected, strict=False)}


def run(
    tmp_path: Path, records: Any, source: Any, *, tag: str = "RX", fixed: Any = None, groups: Any = ()
) -> Any:
    """Tag records of (name, flag, tags); return what comes out and the counts."""
    header = {"HD": {"VN": "1.6", "SO": "coordinate"}, "SQ": [{"SN": "chr1", "LN": 900}], "RG": list(groups)}
    path = tmp_path / "in.bam"
    with pysam.AlignmentFile(str(path), "wb", header=header) as out:
        for i, (name, flag, tags) in enumerate(records):
            record = pysam.AlignedSegment(out.header)
            record.query_name, record.flag, record.query_sequence = name, flag, "ACGT"
            record.reference_id, record.reference_start, record.cigarstring = 0, 10 + i, "4M"
            record.set_tags(list(tags.items()))
            out.write(record)
    target = tmp_path / "out.bam"
    counts = tag_alignments(bam=path, out=str(target), group=GROUP, source=source, tag=tag, fixed=fixed)
    with pysam.AlignmentFile(str(target)) as bam:
        return bam.header.to_dict(), [(r.query_name, dict(r.get_tags())) for r in bam], counts


def test_records_without_umi_get_only_their_read_group(tmp_path: Path) -> None:
    header, records, counts = run(tmp_path, [("a", 0, {"NM": 1})], UmiSource.NONE)
    assert header["RG"] == [{"ID": "u1"} | OURS]
    assert header["HD"]["SO"] == "coordinate"
    assert records == [("a", {"NM": 1, "RG": "u1"})]
    assert counts.written == 1


def test_read_groups_of_records_follow_the_header(tmp_path: Path) -> None:
    groups = [{"ID": "a", "LB": "x"}, {"ID": "b", "LB": "y"}]
    _, records, _ = run(
        tmp_path, [("r", 0, {"RG": "b"}), ("s", 0, {"RG": "a"})], UmiSource.NONE, groups=groups
    )
    assert [tags["RG"] for _, tags in records] == ["u1.b", "u1.a"]


@pytest.mark.parametrize(
    ("source", "name", "tags", "umi"),
    [
        pytest.param(UmiSource.TAG, "r", {"RX": "AC-GT"}, "AC-GT", id="RX"),
        pytest.param(UmiSource.TAG, "r", {"RX": "ac+gt"}, "AC-GT", id="RX in another form"),
        pytest.param(UmiSource.NAME, "x:1:AC+GT", {}, "AC-GT", id="name"),
        pytest.param(UmiSource.NAME, "x:1:AC+GT", {"RX": "TTTT"}, "AC-GT", id="name over RX"),
        pytest.param(UmiSource.INLINE, "r", {"RX": "ACGT"}, "ACGT", id="inline, extracted before"),
        pytest.param(UmiSource.TAG, "r", {}, None, id="none"),
        pytest.param(UmiSource.NAME, "x:1", {}, None, id="none in the name"),
    ],
)
def test_umi_comes_into_rx(
    tmp_path: Path, source: UmiSource, name: str, tags: dict[str, str], umi: str | None
) -> None:
    _, ((_, found),), counts = run(tmp_path, [(name, 0, tags)], source)
    assert found.get("RX") == umi
    assert counts.without_umi == (umi is None)


def test_umi_comes_from_another_tag(tmp_path: Path) -> None:
    _, ((_, found),), _ = run(tmp_path, [("r", 0, {"ZU": "ACGT"})], UmiSource.TAG, tag="ZU")
    assert found["RX"] == "ACGT"


def test_fixed_umis(tmp_path: Path) -> None:
    fixed = FixedUmis(("AAAA", "GGGG"), max_mismatches=1, min_distance=2)
    records = [
        ("a", 99, {"RX": "AAAC"}),
        ("b", 0, {"RX": "ACCC"}),
        ("c", 0, {"RX": "GGGG"}),
        ("a", 147, {"RX": "AAAC"}),
        ("a", 2147, {"RX": "AAAC"}),
    ]
    _, found, counts = run(tmp_path, records, UmiSource.TAG, fixed=fixed)
    assert [(name, tags["RX"], tags.get("OX")) for name, tags in found] == [
        ("a", "AAAA", "AAAC"),
        ("c", "GGGG", None),
        ("a", "AAAA", "AAAC"),
        ("a", "AAAA", "AAAC"),
    ]
    assert (counts.templates, counts.corrected, counts.uncorrectable, counts.written) == (3, 1, 1, 2)


def test_truncated_bam_is_an_error(tmp_path: Path) -> None:
    run(tmp_path, [(f"r{i}", 0, {"NM": i % 7}) for i in range(30000)], UmiSource.NONE)
    path = tmp_path / "in.bam"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(DataError, match="truncated"):
        tag_alignments(
            bam=path, out=str(tmp_path / "out.bam"), group=GROUP, source=UmiSource.NONE, tag="RX", fixed=None
        )
