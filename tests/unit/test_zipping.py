"""Tags of consensus reads on their alignments, held against a plain implementation over pysam."""

import array
import io
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import pysam
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from present_values import present

from alktrace import __version__
from alktrace.consensus import zipping
from alktrace.consensus.zipping import BATCH_BYTES, write_zipped, zipped_header
from alktrace.errors import DataError
from alktrace.io import bgzf
from alktrace.io.bam_io import BamWriter, read_header, read_stream
from alktrace.io.bgzf import Source

REVERSED = {"cd", "ce", "ad", "ae", "bd", "be", "aq", "bq"}
COMPLEMENTED = {"ac", "bc"}
HEADER = pysam.AlignmentHeader.from_dict(
    {"HD": {"VN": "1.6", "GO": "query"}, "SQ": [{"SN": "chr1", "LN": 10000}, {"SN": "chr2", "LN": 10000}]}
)
UNALIGNED = pysam.AlignmentHeader.from_dict(
    {"HD": {"VN": "1.6"}, "RG": [{"ID": "A", "SM": "P.T.plasma", "LB": "lib1"}], "CO": ["made by a test"]}
)
ALIGNED = Source("aligned stream", "see the message of the aligner above")
COMPLEMENT = str.maketrans("ACGTN", "TGCAN")
PAIRED, UNMAPPED, REVERSE, FIRST, LAST, SECONDARY, SUPPLEMENTARY = 1, 4, 16, 64, 128, 256, 2048


def turn(text: str) -> str:
    return text[::-1].translate(COMPLEMENT)


def consensus_read(
    name: str, flag: int, bases: str, rng: random.Random, duplex: bool = True
) -> pysam.AlignedSegment:
    read = pysam.AlignedSegment(UNALIGNED)
    read.query_name, read.flag, read.query_sequence = name, flag | UNMAPPED, bases
    size = len(bases)
    read.query_qualities = array.array("B", [rng.randrange(2, 94) for _ in bases])

    def depths() -> "array.array[int]":
        return array.array("h", [rng.randrange(32768) for _ in range(size)])

    def texts() -> str:
        return "".join(chr(33 + rng.randrange(2, 93)) for _ in range(size))

    read.set_tag("RX", "ACGT-TTGA")
    read.set_tag("MI", name)
    read.set_tag("RG", "A")
    read.set_tag("cD", 300)
    read.set_tag("cE", 0.25, "f")
    if duplex:
        for tag in ("ad", "ae", "bd", "be"):
            read.set_tag(tag, depths())
        for tag in ("ac", "bc"):
            read.set_tag(tag, "".join(rng.choices("ACGTN", k=size)))
        for tag in ("aq", "bq"):
            read.set_tag(tag, texts())
    else:
        read.set_tag("cd", depths())
        read.set_tag("ce", array.array("B", [rng.randrange(256) for _ in range(size)]))
    return read


def alignment(
    read: pysam.AlignedSegment,
    *,
    extra: int = 0,
    reverse: bool = False,
    mapped: bool = True,
    cigar: str | None = None,
    mapq: int = 37,
    tags: Sequence[tuple[str, str]] = (),
) -> pysam.AlignedSegment:
    """Return an alignment of a consensus read as the aligner writes it."""
    record = pysam.AlignedSegment(HEADER)
    record.query_name = read.query_name
    record.flag = (read.flag & (PAIRED | FIRST | LAST)) | extra | (REVERSE if reverse else 0)
    if not mapped:
        record.flag |= UNMAPPED
    bases, quals = present(read.query_sequence), present(read.query_qualities)
    record.query_sequence = turn(bases) if reverse else bases
    record.query_qualities = quals[::-1] if reverse else quals
    if mapped:
        record.reference_id, record.reference_start, record.mapping_quality = 0, 100, mapq
        record.cigarstring = cigar or f"{len(bases)}M"
        record.set_tag("NM", 1)
    record.set_tag("RG", "wrong")
    record.set_tag("MC", "77M")
    for name, value in tags:
        record.set_tag(name, value)
    return record


def write(path: Path, header: pysam.AlignmentHeader, records: list[pysam.AlignedSegment]) -> Path:
    with pysam.AlignmentFile(str(path), "wb", header=header) as out:
        for record in records:
            out.write(record)
    return path


def zip_consensus(*, aligned: BinaryIO, unaligned: Path, out: Path) -> int:
    text, batches = read_stream(aligned, ALIGNED, batch_bytes=BATCH_BYTES)
    header = zipped_header(pysam.AlignmentHeader.from_text(text), read_header(unaligned))
    with BamWriter(out, header, level=0) as writer:
        return write_zipped(batches, unaligned, writer)


def run(
    tmp_path: Path,
    reads: list[pysam.AlignedSegment],
    alignments: list[pysam.AlignedSegment],
    *,
    level: str = "wb",
) -> tuple[pysam.AlignmentHeader, Any]:
    unaligned = write(tmp_path / "c.bam", UNALIGNED, reads)
    with pysam.AlignmentFile(str(tmp_path / "a.bam"), level, header=HEADER) as out:
        for record in alignments:
            out.write(record)
    with (tmp_path / "a.bam").open("rb") as stream:
        count = zip_consensus(aligned=stream, unaligned=unaligned, out=tmp_path / "z.bam")
    with pysam.AlignmentFile(str(tmp_path / "z.bam"), check_sq=False) as bam:
        records = list(bam)
        assert count == len(records)
        return bam.header, records


def tags_of(record: pysam.AlignedSegment) -> dict[str, tuple[float | str | list[int], str]]:
    return {
        name: (list(value) if isinstance(value, array.array) else value, kind)
        for name, value, kind in record.get_tags(with_value_type=True)
    }


def expected_tags(
    record: pysam.AlignedSegment, reads: list[pysam.AlignedSegment], alignments: list[pysam.AlignedSegment]
) -> dict[str, tuple[float | str | list[int], str]]:
    """The rules, one tag at a time."""
    source = next(
        r for r in reads if r.query_name == record.query_name and (r.flag ^ record.flag) & (FIRST | LAST) == 0
    )
    tags = tags_of(record)
    for name in ("MC", "MQ"):
        tags.pop(name, None)
    for name, (value, kind) in tags_of(source).items():
        turned: Any = value
        if record.is_reverse and name in REVERSED:
            turned = turned[::-1]
        if record.is_reverse and name in COMPLEMENTED:
            turned = turn(turned)
        tags[name] = (turned, kind)
    mates = [
        other
        for other in alignments
        if other.query_name == record.query_name
        and (other.flag ^ record.flag) & (FIRST | LAST)
        and not other.flag & (SECONDARY | SUPPLEMENTARY)
    ]
    if mates and not mates[0].is_unmapped:
        tags["MC"] = (present(mates[0].cigarstring), "Z")
        tags["MQ"] = (mates[0].mapping_quality, "C")
    return tags


def check(
    tmp_path: Path, reads: list[pysam.AlignedSegment], alignments: list[pysam.AlignedSegment]
) -> pysam.AlignmentHeader:
    header, records = run(tmp_path, reads, alignments)
    assert len(records) == len(alignments)
    for record, given_record in zip(records, alignments, strict=True):
        assert record.to_string().split("\t")[:11] == given_record.to_string().split("\t")[:11]
        assert tags_of(record) == expected_tags(given_record, reads, alignments)
    return header


def pair(name: str, rng: random.Random, one: str, two: str, **options: bool) -> list[pysam.AlignedSegment]:
    return [
        consensus_read(name, PAIRED | FIRST, one, rng, **options),
        consensus_read(name, PAIRED | LAST, two, rng, **options),
    ]


@pytest.mark.parametrize("bases", ["A", "AC", "ACG", "ACGTN", "ACGTAC"], ids=len)
@pytest.mark.parametrize("duplex", [True, False], ids=["duplex", "simplex"])
@pytest.mark.parametrize("reverse", [True, False], ids=["reverse", "forward"])
def test_odd_and_even_lengths_on_both_strands(
    tmp_path: Path, bases: str, duplex: bool, reverse: bool
) -> None:
    reads = pair("m1", random.Random(1), bases, bases + "T", duplex=bool(duplex))
    check(tmp_path, reads, [alignment(reads[0], reverse=reverse), alignment(reads[1], reverse=not reverse)])


def test_values_written_out(tmp_path: Path) -> None:
    read = consensus_read("m1", 0, "ACG", random.Random(1), duplex=False)
    read.set_tag("cd", array.array("h", [1, 2, 300]))
    read.set_tag("ac", "AAC")
    read.set_tag("aq", "!5I")
    _, (record,) = run(tmp_path, [read], [alignment(read, reverse=True)])
    assert list(record.get_tag("cd")) == [300, 2, 1]
    assert record.get_tag("ac") == "GTT"
    assert record.get_tag("aq") == "I5!"
    assert not record.has_tag("MC")


def test_secondary_and_supplementary_records_get_the_tags_of_their_read(tmp_path: Path) -> None:
    reads = pair("m1", random.Random(2), "ACGTACG", "GGTTAA")
    alignments = [
        alignment(reads[0], reverse=True, cigar="3S4M", tags=[("SA", "chr2,5,+,3M4S,9,0;")]),
        alignment(reads[0], extra=SUPPLEMENTARY, cigar="3M4S", mapq=9),
        alignment(reads[0], extra=SECONDARY, cigar="7M", mapq=0),
        alignment(reads[1], cigar="2M1I1M1D2M", mapq=0),
    ]
    check(tmp_path, reads, alignments)


def test_unmapped_mate_gives_no_mate_tags(tmp_path: Path) -> None:
    reads = pair("m1", random.Random(3), "ACGT", "GGTT")
    check(tmp_path, reads, [alignment(reads[0]), alignment(reads[1], mapped=False)])


def test_header_keeps_contigs_and_gets_read_groups(tmp_path: Path) -> None:
    reads = pair("m1", random.Random(3), "ACGT", "GGTT")
    header = check(tmp_path, reads, [alignment(read) for read in reads]).to_dict()
    assert [line["SN"] for line in header["SQ"]] == ["chr1", "chr2"]
    assert header["RG"] == [{"ID": "A", "SM": "P.T.plasma", "LB": "lib1"}]
    assert header["CO"] == ["made by a test"]


def test_header_names_programs_without_command_lines(tmp_path: Path) -> None:
    """Threads and paths would make other bytes of the same molecules."""
    bwa = {"ID": "bwa", "PN": "bwa", "VN": "0.7.17", "CL": "bwa mem -t 3 /home/someone/genome.fa -"}
    contig = {"SN": "chr1", "LN": 100, "UR": "file:/home/someone/genome.fa"}
    aligned = pysam.AlignmentHeader.from_dict({"SQ": [contig], "PG": [bwa]})
    header = zipped_header(aligned, HEADER)
    assert "someone" not in str(header) and "-t 3" not in str(header)
    assert header.to_dict()["PG"] == [
        {"ID": "bwa", "PN": "bwa", "VN": "0.7.17"},
        {"ID": "alktrace", "PN": "alktrace", "VN": __version__, "PP": "bwa"},
    ]


@pytest.mark.parametrize("level", ["wb", "wbu"], ids=["compressed", "uncompressed"])
def test_no_reads(tmp_path: Path, level: str) -> None:
    _, records = run(tmp_path, [], [], level=level)
    assert records == []


templates = st.lists(
    st.tuples(
        st.booleans(), st.integers(1, 9), st.integers(1, 9), st.booleans(), st.integers(0, 3), st.booleans()
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    templates, st.integers(0, 2**32), st.sampled_from([40, 700, 1 << 20]), st.sampled_from([1, 900, 1 << 22])
)
def test_any_templates_and_batches(
    tmp_path: Path, shapes: list[tuple[int, ...]], seed: int, chunk: int, batch: int
) -> None:
    """Batches so small that templates and single records are cut apart anywhere."""
    rng = random.Random(seed)
    reads, alignments = [], []
    for i, (paired, one, two, duplex, splits, reverse) in enumerate(shapes):
        first = "".join(rng.choices("ACGTN", k=one))
        if paired:
            own = pair(f"m{i}", rng, first, "".join(rng.choices("ACGTN", k=two)), duplex=bool(duplex))
        else:
            own = [consensus_read(f"m{i}", 0, first, rng, duplex=bool(duplex))]
        reads += own
        for read in own:
            alignments.append(
                alignment(read, reverse=bool(reverse), mapped=rng.random() < 0.9, mapq=rng.randrange(61))
            )
            alignments += [
                alignment(read, extra=SUPPLEMENTARY, reverse=rng.random() < 0.5) for _ in range(splits)
            ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bgzf, "READ_BYTES", chunk)
        patch.setattr(zipping, "BATCH_BYTES", batch)
        check(tmp_path, reads, alignments)


def swap(records: list[pysam.AlignedSegment]) -> list[pysam.AlignedSegment]:
    return [records[1], records[0], *records[2:]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param(
            lambda reads, found: (reads, found[1:]), "m0 .*does not come next|m1 is aligned", id="missing"
        ),
        pytest.param(
            lambda reads, found: (reads, found[:-1]), "m2 and later ones were not", id="missing last"
        ),
        pytest.param(lambda reads, found: (reads[:-1], found), "m2 is aligned but", id="too many"),
        pytest.param(lambda reads, found: (swap(reads), found), "m0 is aligned but", id="order"),
    ],
)
def test_other_reads_are_an_error(tmp_path: Path, change: Callable[..., Any], message: str) -> None:
    rng = random.Random(4)
    reads = [consensus_read(f"m{i}", 0, "ACGT", rng) for i in range(3)]
    reads, alignments = change(reads, [alignment(read) for read in reads])
    with pytest.raises(DataError, match=message):
        run(tmp_path, reads, alignments)


def test_mate_that_is_not_in_the_consensus_is_an_error(tmp_path: Path) -> None:
    reads = pair("m1", random.Random(4), "ACGT", "GGTT")
    with pytest.raises(DataError, match="lacks a mate"):
        run(tmp_path, reads[:1], [alignment(read) for read in reads])


def test_hard_clipped_alignments_are_an_error(tmp_path: Path) -> None:
    read = consensus_read("m1", 0, "ACGTACGT", random.Random(4))
    short = consensus_read("m1", 0, "ACGT", random.Random(4))
    with pytest.raises(DataError, match="bwa mem -Y"):
        run(tmp_path, [read], [alignment(short)])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(b"", "is empty; see the message of the aligner", id="nothing came"),
        pytest.param(b"@HD\tVN:1.6\n@SQ\tSN:chr1\tLN:9\n", "other than BGZF", id="SAM"),
    ],
)
def test_stream_that_is_no_bam(tmp_path: Path, data: bytes, message: str) -> None:
    unaligned = write(tmp_path / "c.bam", UNALIGNED, [])
    with pytest.raises(DataError, match=message):
        zip_consensus(aligned=io.BytesIO(data), unaligned=unaligned, out=tmp_path / "z.bam")


def test_cut_stream_is_an_error(tmp_path: Path) -> None:
    reads = [consensus_read(f"m{i}", 0, "ACGTACGT", random.Random(i)) for i in range(2000)]
    unaligned = write(tmp_path / "c.bam", UNALIGNED, reads)
    path = write(tmp_path / "a.bam", HEADER, [alignment(read) for read in reads])
    data = path.read_bytes()
    with pytest.raises(DataError, match="aligned stream"):
        zip_consensus(aligned=io.BytesIO(data[: len(data) // 2]), unaligned=unaligned, out=tmp_path / "z.bam")
    with pytest.raises((OSError, ValueError)), pysam.AlignmentFile(str(tmp_path / "z.bam")) as bam:
        list(bam)
