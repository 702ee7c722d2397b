"""Targets as laboratories write them, joined once, and read by the jobs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alktrace.errors import DataError, InputProblems
from alktrace.io.bed import Target, read_bed, read_targets
from alktrace.reference.targets import prepare_targets

# Twelve columns, as genome browsers export them.
BED12 = "chr2\t900\t1500\tALK_20\t0\t-\t900\t1500\t0,0,0\t1\t600,\t0,"


@pytest.fixture
def join(tmp_path: Path) -> Callable[..., Any]:
    def joined(text: str) -> list[Target]:
        (tmp_path / "given.bed").write_bytes(text.encode())
        prepare_targets(tmp_path / "given.bed", tmp_path / "joined.bed")
        return read_targets(tmp_path / "joined.bed")

    return joined


@pytest.mark.parametrize(
    ("text", "targets"),
    [
        pytest.param("chr2\t100\t200\n", [Target("chr2", 100, 200, "-")], id="three-columns"),
        pytest.param(BED12, [Target("chr2", 900, 1500, "ALK_20")], id="twelve-columns"),
        pytest.param("\ufeffchr2\t1\t2\tx\r\n\r\n", [Target("chr2", 1, 2, "x")], id="windows"),
        pytest.param(
            'browser position chr2\ntrack name="x y"\n#c\n \nchr2\t1\t2\n# c\ntrack name=z\nchr3\t1\t2\n',
            [Target("chr2", 1, 2), Target("chr3", 1, 2)],
            id="heads-anywhere",
        ),
        pytest.param("tracked\t1\t2\n", [Target("tracked", 1, 2)], id="name-like-a-head"),
        pytest.param("chr2\t1\t2\t\tx\n", [Target("chr2", 1, 2)], id="empty-name"),
        pytest.param(
            "chr10\t0\t9\nchr2\t50\t60\tb\nchr2\t10\t50\ta\nchr2\t61\t62\tc\n",
            [Target("chr2", 10, 60, "a,b"), Target("chr2", 61, 62, "c"), Target("chr10", 0, 9)],
            id="touching-but-not-neighbouring",
        ),
        pytest.param(
            "chr2\t0\t90\tb\nchr2\t5\t6\tb\nchr2\t7\t8\nchr2\t80\t95\ta\n",
            [Target("chr2", 0, 95, "a,b")],
            id="nested",
        ),
    ],
)
def test_targets_are_joined_with_their_names(
    join: Callable[..., Any], text: str, targets: list[Target]
) -> None:
    assert join(text) == targets


LINES = st.lists(
    st.tuples(st.sampled_from(["chr1", "chr2"]), st.integers(0, 40), st.integers(1, 9)), min_size=1
)


@given(LINES)
def test_joined_targets_hold_the_same_bases_once(
    tmp_path_factory: pytest.TempPathFactory, lines: list[tuple[str, int, int]]
) -> None:
    folder = tmp_path_factory.mktemp("bed")
    (folder / "given.bed").write_text("".join(f"{c}\t{s}\t{s + n}\n" for c, s, n in lines))
    prepare_targets(folder / "given.bed", folder / "joined.bed")
    bases = [(t.chrom, base) for t in read_targets(folder / "joined.bed") for base in range(t.start, t.end)]
    assert len(bases) == len(set(bases))
    assert set(bases) == {(c, base) for c, s, n in lines for base in range(s, s + n)}


def test_every_line_that_is_no_interval_is_named(join: Callable[..., Any], tmp_path: Path) -> None:
    with pytest.raises(InputProblems) as error:
        join("chr1\t5\nchr1\tfive\t9\nchr1\t5\t9.0\nchr1\t9\t9\nchr1 1 5\nchr1\t-1\t5\nchr1\t1\t5\n")
    file = tmp_path / "given.bed"
    assert str(error.value).splitlines() == [
        f"{file}:1: 2 columns; write chromosome, start and end, separated by tabs",
        f"{file}:2:start: value 'five'; write a whole number",
        f"{file}:3:end: value '9.0'; write a whole number",
        f"{file}:4:end: empty interval chr1:9-9; write start (0-based) below end, or remove the line",
        f"{file}:5: 1 columns; write chromosome, start and end, separated by tabs",
        f"{file}:6:start: value '-1'; write a whole number",
    ]


@pytest.mark.parametrize(
    ("content", "part"),
    [(b"# nothing\n", "no intervals"), (b"\x1f\x8b\x08\x04", "decompress it"), (None, "No such file")],
)
def test_files_that_are_no_bed(tmp_path: Path, content: bytes | None, part: str) -> None:
    if content is not None:
        (tmp_path / "given.bed").write_bytes(content)
    targets, (problem,) = read_bed(tmp_path / "given.bed")
    assert not targets
    assert part in str(problem)


@pytest.mark.parametrize("text", ["chr1\t1\t5\nchr1\t5\t9\n", "chr1\t6\t9\nchr1\t1\t5\n"])
def test_jobs_refuse_targets_that_nobody_joined(tmp_path: Path, text: str) -> None:
    (tmp_path / "given.bed").write_text(text)
    with pytest.raises(DataError, match="not sorted and joined; give what `prepare_targets` wrote"):
        read_targets(tmp_path / "given.bed")
