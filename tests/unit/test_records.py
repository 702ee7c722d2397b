"""Packed BAM records held against pysam."""

import array
import gzip
import random
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pysam
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from alktrace.errors import DataError
from alktrace.io import bam_io, bgzf, records
from alktrace.io.record_columns import read_columns

HEADER = pysam.AlignmentHeader.from_dict(
    {
        "HD": {"VN": "1.6", "SO": "unsorted"},
        "SQ": [{"SN": "chr1", "LN": 2**31 - 2}, {"SN": "chr2", "LN": 1000}],
        "RG": [{"ID": "A", "SM": "s"}],
    }
)
NIBBLES = "=ACMGRSVTWYHKDBN"
INTEGER_RANGES = {
    "c": (-128, 127),
    "C": (0, 255),
    "s": (-32768, 32767),
    "S": (0, 65535),
    "i": (-(2**31), 2**31 - 1),
    "I": (0, 2**32 - 1),
}
TYPE_CODES = {"c": "b", "C": "B", "s": "h", "S": "H", "i": "i", "I": "I"}


def integers(kind: str) -> st.SearchStrategy[Any]:
    return st.integers(*INTEGER_RANGES[kind])


text = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20)
tag_value = st.one_of(
    st.sampled_from("cCsSiI").flatmap(lambda k: st.tuples(st.just(k), integers(k))),
    st.tuples(st.just("f"), st.floats(width=32, allow_nan=False)),
    st.tuples(st.just("A"), st.characters(min_codepoint=33, max_codepoint=126)),
    st.tuples(st.just("Z"), text),
    st.tuples(st.just("H"), st.binary(max_size=5).map(lambda b: b.hex().upper())),
    st.sampled_from("cCsSiI").flatmap(
        lambda k: st.tuples(st.just("B" + k), st.lists(integers(k), max_size=6))
    ),
    st.tuples(st.just("Bf"), st.lists(st.floats(width=32, allow_nan=False), max_size=4)),
)


cigars = st.lists(
    st.one_of(
        st.tuples(st.sampled_from([0, 1, 4, 7, 8]), st.integers(1, 12)),
        st.tuples(st.sampled_from([2, 3, 5, 6]), st.integers(1, 2**28 - 1)),
    ),
    max_size=6,
)


@st.composite
def segments(draw: st.DrawFn) -> pysam.AlignedSegment:
    cigar = draw(cigars)
    length = (
        sum(count for code, count in cigar if code in (0, 1, 4, 7, 8)) if cigar else draw(st.integers(0, 40))
    )
    segment = pysam.AlignedSegment(HEADER)
    segment.query_name = draw(st.text("abcXYZ019:_+", min_size=1, max_size=60))
    segment.flag = draw(st.integers(0, 0xFFF))
    segment.reference_id = draw(st.integers(-1, 1))
    # A mapped record needs a place on its sequence: htslib takes any, the kernels cannot.
    first, last = (0, HEADER.lengths[segment.reference_id] - 1) if segment.reference_id >= 0 else (-1, 2**30)
    segment.reference_start = draw(st.integers(first, min(last, 2**30)))
    segment.mapping_quality = draw(st.integers(0, 255))
    segment.next_reference_id = draw(st.integers(-1, 1))
    segment.next_reference_start = draw(st.integers(-1, 2**30))
    segment.template_length = draw(st.integers(-(2**31) + 1, 2**31 - 1))
    segment.query_sequence = "".join(
        draw(st.lists(st.sampled_from(NIBBLES), min_size=length, max_size=length))
    )
    segment.query_qualities = array.array(
        "B", draw(st.lists(st.integers(0, 93), min_size=length, max_size=length))
    )
    segment.cigartuples = cigar
    tags = draw(st.lists(st.tuples(st.from_regex(r"\A[A-Za-z][A-Za-z0-9]\Z"), tag_value), max_size=6))
    for name, (kind, value) in dict(tags).items():
        if kind.startswith("B"):
            segment.set_tag(name, array.array(TYPE_CODES.get(kind[1], "f"), value))
        else:
            segment.set_tag(name, value, kind)
    return segment


def write(path: Path, items: Iterable[pysam.AlignedSegment], header: pysam.AlignmentHeader = HEADER) -> None:
    with pysam.AlignmentFile(str(path), "wb", header=header) as bam:
        for item in items:
            bam.write(item)


def tag_of(
    data: NDArray[np.uint8], tags: int, end: int, name: str
) -> tuple[str, float | str | list[float] | None]:
    """Return (type, value) of a tag through the kernels alone."""
    at = records.find_tag(data, tags, end, ord(name[0]), ord(name[1]))
    assert at >= 0
    kind = chr(data[at])
    if kind in "cCsSiI":
        return kind, records.int_value(data, at)
    if kind == "f":
        return kind, records.float_value(data, at)
    if kind in "AZ":
        offset, length = records.text_value(data, at)
        return kind, data[offset : offset + length].tobytes().decode()
    if kind == "B":
        item, count, first = records.array_value(data, at)
        if chr(item) == "f":
            return "Bf", data[first : first + 4 * count].copy().view(np.float32).tolist()
        return "B" + chr(item), [records.array_item(data, item, first, i) for i in range(count)]
    return kind, None


def assert_same(data: NDArray[np.uint8], start: int, end: int, segment: pysam.AlignedSegment) -> None:
    assert records.ref_id(data, start) == segment.reference_id
    assert records.position(data, start) == segment.reference_start
    assert records.mapq(data, start) == segment.mapping_quality
    assert records.flag(data, start) == segment.flag
    assert records.mate_ref(data, start) == segment.next_reference_id
    assert records.mate_pos(data, start) == segment.next_reference_start
    assert records.tlen(data, start) == segment.template_length
    name_at = records.name_offset(start)
    assert data[name_at : name_at + records.name_length(data, start)].tobytes().decode() == segment.query_name
    cigar, count = records.cigar_offset(data, start), records.n_cigar(data, start)
    items = [records.cigar_item(data, cigar, i)[::-1] for i in range(count)]
    assert items == (segment.cigartuples or [])
    sequence = segment.query_sequence or ""
    assert records.l_seq(data, start) == len(sequence)
    seq, qual = records.seq_offset(data, start), records.qual_offset(data, start)
    assert "".join(NIBBLES[records.base(data, seq, i)] for i in range(len(sequence))) == sequence
    if segment.query_qualities is not None:
        assert data[qual : qual + len(sequence)].tolist() == list(segment.query_qualities)
    tags = records.tags_offset(data, start)
    for name, _, kind in segment.get_tags(with_value_type=True):
        value = segment.get_tag(name)  # get_tags() reads an I above 2^31 as negative
        found_kind, found = tag_of(data, tags, end, name)
        if isinstance(value, array.array):
            assert found_kind[0] == "B"
            assert found == value.tolist()
        else:
            assert found_kind == (kind if isinstance(kind, str) else chr(kind))
            assert found_kind == "H" or found == value


@given(st.lists(segments(), max_size=8), st.sampled_from([64, 1 << 20]), st.integers(1, 3))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_records_round_trip_against_pysam(
    tmp_path: Path, items: list[pysam.AlignedSegment], batch_bytes: int, threads: int
) -> None:
    """pysam writes, kernels read; the writer writes the same bytes back, pysam reads the same records."""
    source, copy = tmp_path / "in.bam", tmp_path / "out.bam"
    write(source, items)
    header = bam_io.read_header(source)
    seen = 0
    with bam_io.BamWriter(copy, header, level=1, threads=threads) as writer:
        for batch in bam_io.iterate_batches(source, batch_bytes=batch_bytes, threads=threads):
            for start, end in zip(batch.starts, batch.ends, strict=True):
                assert_same(batch.data, start, end, items[seen])
                seen += 1
            writer.write(batch.data[batch.starts[0] - 4 : batch.ends[-1]])
    assert seen == len(items)
    with pysam.AlignmentFile(str(copy), check_sq=False) as bam:
        assert str(bam.header) == str(HEADER)
        assert [str(item) for item in bam] == [str(item) for item in items]


@given(st.lists(segments(), max_size=8), st.sampled_from([64, 1 << 20]), st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_columns_and_chosen_records_against_pysam(
    tmp_path: Path, items: list[pysam.AlignedSegment], batch_bytes: int, data: st.DataObject
) -> None:
    source = tmp_path / "in.bam"
    write(source, items)
    seen = 0
    for batch in bam_io.iterate_batches(source, batch_bytes=batch_bytes):
        columns = read_columns(batch)
        own = items[seen : seen + len(batch.starts)]
        seen += len(own)
        for i, item in enumerate(own):
            assert (columns.ref[i], columns.start[i]) == (item.reference_id, item.reference_start)
            assert (columns.flag[i], columns.mapq[i]) == (item.flag, item.mapping_quality)
            assert columns.mate_ref[i] == item.next_reference_id
            assert (columns.mate_start[i], columns.tlen[i]) == (
                item.next_reference_start,
                item.template_length,
            )
            cigar = item.cigartuples or []
            assert columns.operations[i] == len(cigar)
            if cigar and not item.is_unmapped:
                assert columns.end[i] == item.reference_end
            assert columns.clipped[i] == (any(code == 4 for code, _ in cigar) or not item.query_sequence)
        chosen = np.array([i for i in range(len(own)) if data.draw(st.booleans())], np.int64)
        unpacked = bam_io.unpack(batch, chosen, HEADER)
        assert [str(item) for item in unpacked] == [str(own[i]) for i in chosen]
    assert seen == len(items)


def plain_segment(i: int, length: int = 150) -> pysam.AlignedSegment:
    rng = random.Random(i)
    segment = pysam.AlignedSegment(HEADER)
    segment.query_name = f"read:{i}"
    segment.query_sequence = "".join(rng.choices("ACGT", k=length))
    segment.query_qualities = array.array("B", rng.choices([11, 25, 37], k=length))
    segment.reference_id, segment.reference_start = 0, i
    segment.cigartuples = [(0, length)]
    segment.set_tag("RX", "ACGTAC")
    return segment


@pytest.fixture
def bam(tmp_path: Path) -> Path:
    path = tmp_path / "many.bam"
    write(path, (plain_segment(i) for i in range(3000)))
    return path


@pytest.mark.parametrize(
    "text", [b"", b"@HD\tVN:1.6\n", b"@CO\tM\xfcller\n"], ids=["none", "no @SQ", "Latin-1"]
)
def test_records_of_files_with_odd_headers_are_unpacked(
    bam: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: bytes
) -> None:
    """Without a temporary folder: what is wrong with that is no fault of the file."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    whole, path = gzip.decompress(bam.read_bytes()), tmp_path / "odd.bam"
    behind = 8 + int.from_bytes(whole[4:8], "little")
    head = b"BAM\1" + len(text).to_bytes(4, "little") + text
    path.write_bytes(bgzf.deflate_block((head + whole[behind:])[:60_000], 0) + bgzf.END_OF_FILE)
    header = bam_io.read_header(path)
    with pytest.raises(DataError, match="ends inside record"):  # cut off above
        for batch in bam_io.iterate_batches(path, batch_bytes=20_000):
            chosen = np.array([0, len(batch.starts) - 1])
            names = [records.read_name(batch.data, batch.starts[i]) for i in chosen]
            assert [item.query_name for item in bam_io.unpack(batch, chosen, header)] == names


def positions(path: Path, **options: int) -> list[int]:
    return [
        records.position(batch.data, start)
        for batch in bam_io.iterate_batches(path, **options)
        for start in batch.starts
    ]


@pytest.mark.parametrize("batch_bytes", [1, 5000, 1 << 26], ids=["tiny", "small", "one"])
@pytest.mark.parametrize("threads", [1, 4])
def test_batches_hold_all_records_in_order(bam: Path, batch_bytes: int, threads: int) -> None:
    assert positions(bam, batch_bytes=batch_bytes, threads=threads) == list(range(3000))


def test_output_bytes_do_not_depend_on_threads_or_pieces(bam: Path, tmp_path: Path) -> None:
    (batch,) = bam_io.iterate_batches(bam)
    outputs, path = [], tmp_path
    for threads, step in ((1, 3000), (4, 3000), (3, 7)):
        path = tmp_path / f"{threads}.{step}.bam"
        with bam_io.BamWriter(path, HEADER, threads=threads) as writer:
            for i in range(0, len(batch.starts), step):
                last = min(i + step, len(batch.starts)) - 1
                writer.write(batch.data[batch.starts[i] - 4 : batch.ends[last]])
        outputs.append(path.read_bytes())
    assert outputs[0] == outputs[1] == outputs[2]
    pysam.AlignmentFile(str(path)).check_truncation()


@pytest.mark.parametrize("level", [0, 1, 2, 3])
def test_every_level_can_be_read_even_if_nothing_compresses(tmp_path: Path, level: int) -> None:
    rng = random.Random(level)
    segment = pysam.AlignedSegment(HEADER)
    segment.query_name = "noise"
    segment.set_tag("XX", array.array("B", rng.randbytes(300_000)))
    write(tmp_path / "in.bam", [segment])
    (batch,) = bam_io.iterate_batches(tmp_path / "in.bam")
    with bam_io.BamWriter(tmp_path / "out.bam", HEADER, level=level) as writer:
        writer.write(batch.data)
    (read,) = pysam.AlignmentFile(str(tmp_path / "out.bam"), check_sq=False).fetch(until_eof=True)
    assert read.get_tag("XX") == segment.get_tag("XX")


def test_empty_bam_has_no_batches(tmp_path: Path) -> None:
    write(tmp_path / "empty.bam", [])
    assert list(bam_io.iterate_batches(tmp_path / "empty.bam")) == []


def cut(content: bytes, _: Path) -> bytes:
    return content[: len(content) // 2]


def without_end(content: bytes, _: Path) -> bytes:
    return content[: -len(bgzf.END_OF_FILE)]


def flip(content: bytes, _: Path) -> bytes:
    broken = bytearray(content)
    broken[len(broken) // 2] ^= 0xFF
    return bytes(broken)


def no_bam(content: bytes, _: Path) -> bytes:
    return b"@HD\tVN:1.6\n"


def cram(content: bytes, _: Path) -> bytes:
    return b"CRAM" + content


def bad_lengths(content: bytes, path: Path) -> bytes:
    """A record that claims more bases than it holds, in blocks that are whole."""
    (batch,) = bam_io.iterate_batches(path)
    data = batch.data.copy()
    records.write_int32(data, batch.starts[10] + 16, 1 << 20)
    with bam_io.BamWriter(path, HEADER) as writer:
        writer.write(data)
    return path.read_bytes()


def half_record(content: bytes, path: Path) -> bytes:
    (batch,) = bam_io.iterate_batches(path)
    with bam_io.BamWriter(path, HEADER) as writer:
        writer.write(batch.data[:-7])
    return path.read_bytes()


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (cut, "truncated|BGZF"),
        (without_end, "truncated: no BGZF end-of-file block"),
        (flip, "BGZF"),
        (no_bam, "not with a BGZF block"),
        (cram, "samtools view -b"),
        (bad_lengths, "record 11: lengths"),
        (half_record, "ends inside record 3000"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_damaged_files_are_named(bam: Path, damage: Callable[..., Any], says: str) -> None:
    bam.write_bytes(damage(bam.read_bytes(), bam))
    with pytest.raises(DataError, match=says) as caught:
        positions(bam)
    assert str(bam) in str(caught.value)


def test_missing_file_is_a_data_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        bam_io.read_header(tmp_path / "none.bam")


@pytest.mark.parametrize("kind", "cCsSiIfAZHB")
def test_tags_that_reach_over_the_record_are_absent(kind: str) -> None:
    """A damaged tag must never make a kernel read behind its record."""
    data = np.frombuffer(
        b"XX" + kind.encode() + b"S\xff\xff\x00\x00"[: 0 if kind != "B" else 5], np.uint8
    ).copy()
    assert records.find_tag(data, 0, len(data), ord("X"), ord("X")) == -1


def test_writer_leaves_no_valid_end_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), bam_io.BamWriter(tmp_path / "x.bam", HEADER, threads=2):
        raise RuntimeError
    assert not (tmp_path / "x.bam").read_bytes().endswith(bgzf.END_OF_FILE)


def test_accepts_a_path_object_only_once_needed(bam: Path) -> None:
    assert [*bam_io.read_header(Path(bam)).references] == ["chr1", "chr2"]


@settings(deadline=None)
@given(st.binary(max_size=120), st.integers(0, 120), st.integers(0, 120))
def test_text_ends_at_the_first_nul(content: bytes, at: int, end: int) -> None:
    at, end = min(at, len(content)), min(end, len(content))
    at = min(at, end)
    found = content.find(b"\0", at, end)
    assert records.text_end(np.frombuffer(content, np.uint8), at, end) == (found if found >= 0 else end)


@settings(deadline=None)
@given(st.lists(st.sampled_from([b"A", b"\x7f", b"\x80", b"\x81", b"\xff", b"\x01"]), max_size=60))
def test_no_byte_but_nul_ends_a_text(letters: list[bytes]) -> None:
    content = b"".join(letters)
    data = np.frombuffer(content + b"\0" + content, np.uint8)
    assert records.text_end(data, 0, len(data)) == len(content)
