"""Alignments on compact contigs against the same alignments on the genome."""

import re
from pathlib import Path

import pysam
import pytest

from alktrace.align.lift import Lift, lift_alignments, place_contig
from alktrace.errors import DataError

GENOME = {"chr1": 5000, "chr2": 9000, "chrM": 300}
# Two neighbours and an overlap on chr2, one contig on chr1, one that the genome has itself.
COMPACT = {
    "chr2:1001-2000": 1000,
    "chr2:2001-2500": 500,
    "chr2:2401-3000": 600,
    "chr1:11-510": 500,
    "chrM": 300,
}


def place(name: str, position: int) -> tuple[str, int]:
    """The plain truth: 1-based compact position to genome position."""
    if ":" not in name:
        return name, position
    chrom, span = name.split(":")
    return chrom, position + int(span.split("-")[0]) - 1


def write_fai(tmp_path: Path) -> Path:
    path = tmp_path / "genome.fa.fai"
    path.write_text("".join(f"{name}\t{length}\t0\t60\t61\n" for name, length in GENOME.items()))
    return path


def sam(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "in.sam"
    head = ["@HD\tVN:1.6\tSO:unsorted\tGO:query"]
    head += [f"@SQ\tSN:{name}\tLN:{length}" for name, length in COMPACT.items()]
    head += ["@RG\tID:u1\tSM:s", "@PG\tID:bwa\tPN:bwa", "@CO\tkept"]
    path.write_text("\n".join([*head, *lines]) + "\n")
    return path


def lift(tmp_path: Path, *lines: str) -> tuple[pysam.AlignmentHeader, list[pysam.AlignedSegment]]:
    out = tmp_path / "out.bam"
    count = lift_alignments(source=str(sam(tmp_path, *lines)), fai=write_fai(tmp_path), out=str(out))
    with pysam.AlignmentFile(str(out), check_sq=False) as bam:
        records = list(bam)
        assert len(records) == count
        return bam.header, records


def line(
    name: str,
    flag: int,
    ref: str,
    pos: int,
    cigar: str,
    mate_ref: str,
    mate_pos: int,
    tlen: int = 0,
    *tags: str,
) -> str:
    bases = sum(int(n) for n in re.findall(r"(\d+)[MIS]", cigar))
    cells = [name, flag, ref, pos, 60, cigar, mate_ref, mate_pos, tlen, "A" * bases, "I" * bases, *tags]
    return "\t".join(map(str, cells))


def test_header_has_the_genome_and_keeps_the_rest(tmp_path: Path) -> None:
    header, _ = lift(tmp_path)
    assert dict(zip(header.references, header.lengths, strict=True)) == GENOME
    assert header.to_dict()["HD"]["GO"] == "query"
    assert header.to_dict()["RG"] == [{"ID": "u1", "SM": "s"}]
    assert header.to_dict()["CO"] == ["kept"]
    assert header.to_dict()["PG"][0]["ID"] == "bwa"


@pytest.mark.parametrize("ref", list(COMPACT))
@pytest.mark.parametrize("mate_ref", list(COMPACT))
def test_position_and_mate_of_every_pair_of_contigs(tmp_path: Path, ref: str, mate_ref: str) -> None:
    shown = "=" if mate_ref == ref else mate_ref
    _, (record,) = lift(tmp_path, line("r", 65, ref, 17, "50M", shown, 101))
    assert (record.reference_name, record.reference_start + 1) == place(ref, 17)
    assert (record.next_reference_name, record.next_reference_start + 1) == place(mate_ref, 101)


def test_alternatives_are_lifted(tmp_path: Path) -> None:
    tags = (
        "SA:Z:chr1:11-510,40,-,20S30M,60,1;chrM,7,+,25S25M,3,0;",
        "XA:Z:chr2:2401-3000,+5,50M,0;chr1:11-510,-8,50M,2;",
        "RX:Z:ACG-TTT",
    )
    _, (record,) = lift(tmp_path, line("r", 0, "chr2:1001-2000", 1, "50M", "*", 0, 0, *tags))
    assert record.get_tag("SA") == "chr1,50,-,20S30M,60,1;chrM,7,+,25S25M,3,0;"
    assert record.get_tag("XA") == "chr2,+2405,50M,0;chr1,-18,50M,2;"
    assert record.get_tag("RX") == "ACG-TTT"


def test_unmapped_reads_stay_unmapped(tmp_path: Path) -> None:
    _, records = lift(
        tmp_path,
        line("r", 77, "*", 0, "*", "*", 0),
        line("s", 69, "chr2:1001-2000", 5, "*", "=", 5),
    )
    assert (records[0].reference_id, records[0].reference_start) == (-1, -1)
    assert (records[1].reference_name, records[1].reference_start + 1) == ("chr2", 1005)


@pytest.mark.parametrize(
    ("flag", "expected"),
    [
        pytest.param(97, 1001, id="forward, mate reverse"),
        pytest.param(65, 952, id="both forward"),
    ],
)
def test_template_length_across_neighbours(tmp_path: Path, flag: int, expected: int) -> None:
    # chr2:1500-1549 and chr2:2451-2500: from the first base of one to the 5' end of the other.
    _, (record,) = lift(
        tmp_path, line("r", flag, "chr2:1001-2000", 500, "50M", "chr2:2401-3000", 51, 0, "MC:Z:50M")
    )
    assert record.template_length == expected


def test_template_length_of_the_right_mate_is_negative(tmp_path: Path) -> None:
    _, (record,) = lift(
        tmp_path, line("r", 145, "chr2:2401-3000", 51, "50M", "chr2:1001-2000", 500, 0, "MC:Z:50M")
    )
    assert record.template_length == -1001


def test_template_length_inside_a_contig_is_kept(tmp_path: Path) -> None:
    _, (record,) = lift(tmp_path, line("r", 97, "chr2:1001-2000", 500, "50M", "=", 600, 150, "MC:Z:50M"))
    assert record.template_length == 150


@pytest.mark.parametrize(
    ("name", "length", "message"),
    [
        pytest.param("chr9:1-10", 10, "chr9 is not in the genome", id="unknown chromosome"),
        pytest.param("chr1:4991-5010", 20, "chr1 ends at 5000", id="over the end"),
        pytest.param("chr1:0-9", 10, "does not fit", id="from 0"),
        pytest.param("chr1:1-10", 11, "has 11 bases, its name says 10", id="other length"),
        pytest.param("decoy", 11, "not in the genome", id="no interval"),
    ],
)
def test_contigs_that_do_not_fit_are_refused(name: str, length: int, message: str) -> None:
    with pytest.raises(DataError, match=message):
        place_contig(name, length, GENOME, file="compact.fa")


def test_names_with_colons_are_contigs_of_the_genome() -> None:
    genome = {"HLA-A*01:01:01:01": 3503}
    lift = Lift({"HLA-A*01:01:01:01": 3503, "HLA-A*01:01:01:01:1-100": 100}, genome, file="x")
    assert [place.offset for place in lift.places.values()] == [0, 0]


def test_other_streams_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "in.sam"
    path.write_text("not a SAM\n")
    with pytest.raises(DataError, match="aligner"):
        lift_alignments(source=str(path), fai=write_fai(tmp_path), out=str(tmp_path / "out.bam"))


def test_damaged_index_is_refused(tmp_path: Path) -> None:
    fai = tmp_path / "x.fai"
    fai.write_text("chr1 5000\n")
    with pytest.raises(DataError, match="samtools faidx"):
        lift_alignments(source=str(sam(tmp_path)), fai=fai, out=str(tmp_path / "out.bam"))
