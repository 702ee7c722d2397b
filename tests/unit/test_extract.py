"""Reads and their UMIs from FASTQ and unaligned BAM; expected text is written out by hand."""

import bz2
import gzip
import io
import lzma
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pysam
import pytest
from backports import zstd

from alktrace.align.extract import Counts, Extraction, extract_bam, extract_fastq, layout_for
from alktrace.align.fixed_umis import FixedUmis
from alktrace.align.read_structure import ReadStructureError
from alktrace.align.umi_text import umi_from_name
from alktrace.errors import DataError
from alktrace.vocabulary.samples import UmiSource


def fastq(path: Path, *records: tuple[str, str, str]) -> Path:
    text = "".join(f"@{name}\n{bases}\n+\n{quals or 'I' * len(bases)}\n" for name, bases, quals in records)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text)
    return path


def extraction(
    source: UmiSource,
    *structures: str,
    reads: int = 2,
    umi_reads: int = 0,
    fixed: FixedUmis | None = None,
    tag: str = "RX",
) -> Extraction:
    return Extraction(layout_for(structures, reads=reads, umi_reads=umi_reads), source, tag, fixed)


def run(fastqs: list[Path], plan: Extraction) -> tuple[str, Counts]:
    """Extract by kernels and without: both must give the same, or find the same fault."""
    answers = [extracted(fastqs, plan, kernels_from) for kernels_from in (0, 1 << 40)]
    by_kernels, without = answers
    if isinstance(by_kernels, DataError):
        assert isinstance(without, DataError)
        assert by_kernels.problem.what == without.problem.what
        raise by_kernels
    assert by_kernels == without
    return by_kernels


def extracted(fastqs: list[Path], plan: Extraction, kernels_from: int) -> tuple[str, Counts] | DataError:
    out, counts = io.BytesIO(), Counts()
    try:
        extract_fastq(fastqs=fastqs, extraction=plan, out=out, counts=counts, kernels_from=kernels_from)
    except DataError as fault:
        return fault
    return out.getvalue().decode(), counts


def test_pairs_with_inline_umis(tmp_path: Path) -> None:
    one = fastq(tmp_path / "1.fastq.gz", ("r 1:N:0:ACGT", "AACTTTT", "ABCDEFG"))
    two = fastq(tmp_path / "2.fastq.gz", ("r 2:N:0:ACGT", "GGCCCCC", "HIJKLMN"))
    text, counts = run([one, two], extraction(UmiSource.INLINE, "2M1S+T", "2M1S+T"))
    head = "@r\tRX:Z:AA-GG\tQX:Z:AB HI\n"
    assert text == f"{head}TTTT\n+\nDEFG\n{head}CCCC\n+\nKLMN\n"
    assert counts == Counts(templates=1, reads=2, written=1)


def test_single_reads(tmp_path: Path) -> None:
    one = fastq(tmp_path / "1.fastq", ("r", "AACTTTT", "ABCDEFG"))
    text, _ = run([one], extraction(UmiSource.INLINE, "2M1S+T", reads=1))
    assert text == "@r\tRX:Z:AA\tQX:Z:AB\nTTTT\n+\nDEFG\n"


def test_umi_in_its_own_fastq(tmp_path: Path) -> None:
    files = [
        fastq(tmp_path / "1.fastq", ("r/1", "ACGT", "")),
        fastq(tmp_path / "2.fastq", ("r/2", "TTTT", "")),
        fastq(tmp_path / "3.fastq", ("r/3", "GATC", "ABCD")),
    ]
    text, _ = run(files, extraction(UmiSource.FASTQ, umi_reads=1))
    assert text.splitlines()[0] == "@r\tRX:Z:GATC\tQX:Z:ABCD"
    assert text.count("@r\t") == 2


def test_halves_in_one_umi_read_are_joined(tmp_path: Path) -> None:
    files = [
        fastq(tmp_path / "1.fastq", ("r", "ACGT", "")),
        fastq(tmp_path / "2.fastq", ("r", "GGTTA", "ABCDE")),
    ]
    text, _ = run(files, extraction(UmiSource.FASTQ, "+T", "2M2M+S", reads=1, umi_reads=1))
    assert text.splitlines()[0] == "@r\tRX:Z:GG-TT\tQX:Z:AB CD"


def test_pairs_in_one_compressed_fastq(tmp_path: Path) -> None:
    """As the pair in two files; counted as one template, not as two single reads."""
    path = tmp_path / "both.fastq.zst"
    path.write_bytes(zstd.compress(b"@r/1\nAACTTTT\n+\nABCDEFG\n@r/2\nGGCCCCC\n+\nHIJKLMN\n"))
    out, counts = io.BytesIO(), Counts()
    plan = extraction(UmiSource.INLINE, "2M1S+T", "2M1S+T")
    extract_fastq(fastqs=[path], extraction=plan, out=out, counts=counts, interleaved=True)
    head = "@r\tRX:Z:AA-GG\tQX:Z:AB HI\n"
    assert out.getvalue().decode() == f"{head}TTTT\n+\nDEFG\n{head}CCCC\n+\nKLMN\n"
    assert counts == Counts(templates=1, reads=2, written=1)


@pytest.mark.parametrize(
    ("suffix", "pack"), [(".zst", zstd.compress), (".bz2", bz2.compress), (".xz", lzma.compress)]
)
def test_a_damaged_compressed_fastq_is_named(
    tmp_path: Path, suffix: str, pack: Callable[[bytes], bytes]
) -> None:
    """Behind its head, where no check looks: an error of the format is none of the operating system."""
    texts = "".join(f"@r{i}\n{i:060d}\n+\n{i:060d}\n" for i in range(9999)).replace("1", "A").encode()
    whole = pack(texts)
    for data in (whole[:-2000], whole[: len(whole) // 2] + bytes(2000)):
        path = tmp_path / f"x.fastq{suffix}"
        path.write_bytes(data)
        with pytest.raises(DataError, match=re.escape(str(path))):
            run([path], extraction(UmiSource.NONE, reads=1))


def test_without_umi_the_name_is_bare(tmp_path: Path) -> None:
    one = fastq(tmp_path / "1.fastq", ("r 1:N:0:ACGT extra", "ACGT", ""))
    text, _ = run([one], extraction(UmiSource.NONE, reads=1))
    assert text.splitlines()[0] == "@r"


def test_two_templates_in_one_read(tmp_path: Path) -> None:
    one = fastq(tmp_path / "1.fastq", ("r", "AACCGGTT", "ABCDEFGH"))
    text, counts = run([one], extraction(UmiSource.INLINE, "2T2S2M2T", reads=1))
    head = "@r\tRX:Z:GG\tQX:Z:EF\n"
    assert text == f"{head}AA\n+\nAB\n{head}TT\n+\nGH\n"
    assert counts.reads == 2


@pytest.mark.parametrize(
    ("name", "umi"),
    [
        pytest.param("NB5:1:HL3:2:13111:8444:16082:TCAATGCC", "TCAATGCC", id="Illumina field"),
        pytest.param("A:1:F:2:1:8:1:TCAA+GGNC", "TCAA-GGNC", id="two halves"),
        pytest.param("A:1:F:2:1:8:1:TCAA_GGCC", "TCAA-GGCC", id="joined by _"),
        pytest.param("A:1:F:2:1:8:16082_TCAA", "TCAA", id="UMI-tools"),
        pytest.param("SRR1.5_ACGT_TTGG", "ACGT-TTGG", id="two by _"),
        pytest.param("A:1:F:2:1:8:1:rTCAA+GGCC", "TTGA-GGCC", id="reversed half"),
        pytest.param("A:1:F:2:1:8:16082", "", id="none"),
        pytest.param("A:1:F:2:1:8:1:TCAAX", "", id="no bases"),
    ],
)
def test_umi_in_the_read_name(name: str, umi: str) -> None:
    assert umi_from_name(name) == umi


def test_names_without_umi_are_counted(tmp_path: Path) -> None:
    one = fastq(tmp_path / "1.fastq", ("a:AC+GT", "ACGT", ""), ("b:7", "ACGT", ""))
    text, counts = run([one], extraction(UmiSource.NAME, reads=1))
    assert text == "@a:AC+GT\tRX:Z:AC-GT\nACGT\n+\nIIII\n"
    assert (counts.without_umi, counts.written) == (1, 1)


def test_failed_reads_are_dropped(tmp_path: Path) -> None:
    one = fastq(tmp_path / "1.fastq", ("a 1:Y:0:AC", "ACGT", ""), ("b 1:N:0:AC", "ACGT", ""))
    text, counts = run([one], extraction(UmiSource.NONE, reads=1))
    assert text.splitlines()[0] == "@b"
    assert (counts.failed_filter, counts.written) == (1, 1)


def test_short_reads_are_dropped_with_their_mates(tmp_path: Path) -> None:
    one = fastq(tmp_path / "1.fastq", ("a", "AACTTTT", ""), ("b", "AAC", ""), ("c", "AACG", ""))
    two = fastq(tmp_path / "2.fastq", ("a", "GG", ""), ("b", "GGCC", ""), ("c", "GGCC", ""))
    text, counts = run([one, two], extraction(UmiSource.INLINE, "2M1S+T", "2M1S+T"))
    assert [line.split("\t")[0] for line in text.splitlines()[::4]] == ["@c", "@c"]
    assert (counts.too_short, counts.written) == (2, 1)


def test_fixed_umis_are_corrected_and_the_old_one_kept(tmp_path: Path) -> None:
    one = fastq(
        tmp_path / "1.fastq", ("a", "AAAAT", ""), ("b", "AACAT", ""), ("c", "ACCAT", ""), ("d", "GGGGT", "")
    )
    fixed = FixedUmis(("AAAA", "GGGG"), max_mismatches=1, min_distance=2)
    text, counts = run([one], extraction(UmiSource.INLINE, "4M+T", reads=1, fixed=fixed))
    assert text.splitlines()[::4] == [
        "@a\tRX:Z:AAAA\tQX:Z:IIII",
        "@b\tRX:Z:AAAA\tOX:Z:AACA\tQX:Z:IIII",
        "@d\tRX:Z:GGGG\tQX:Z:IIII",
    ]
    assert (counts.corrected, counts.uncorrectable, counts.written) == (1, 1, 3)


def test_counts_over_many_batches(tmp_path: Path) -> None:
    records = [(f"r{i}", "AAC" + "ACGT" * (i % 3), "") for i in range(2000)]
    text, counts = run(
        [fastq(tmp_path / "1.fastq.gz", *records)], extraction(UmiSource.INLINE, "2M1S+T", reads=1)
    )
    kept = [name for name, bases, _ in records if len(bases) > 3]
    assert [line.split("\t")[0][1:] for line in text.splitlines()[::4]] == kept
    assert (counts.templates, counts.too_short) == (2000, 667)


@pytest.mark.parametrize(
    ("odd", "written"),
    [
        pytest.param("@r\r\nAACGT\r\n+\r\nIIIII\r\n", True, id="line ends of another system"),
        pytest.param("@r\nAACGT\n+r\nIIIII\n", True, id="the name a second time"),
        pytest.param("@r/1\nAACGT\n+\nIIIII\n", True, id="the number of the mate in one name alone"),
        pytest.param("@r\t1:N:0\nAACGT\n+\nIIIII\n", True, id="a tab behind the name"),
        pytest.param("@r  1:Y:0\nAACGT\n+\nIIIII\n", False, id="failed"),
        pytest.param("@r\nAACGT\n+\nIIIII", True, id="a last line without its end"),
        pytest.param("@r\nAA\n+\nII\n", False, id="too short"),
        pytest.param("@r\n\n+\n\n", False, id="no bases"),
    ],
)
def test_what_is_unusual_behind_many_reads(tmp_path: Path, odd: str, written: bool) -> None:
    one, usual = tmp_path / "1.fastq", "@a\nAACGT\n+\nIIIII\n"
    one.write_text(usual * 600 + "@f 1:Y:0\nAACGT\n+\nIIIII\n" + usual * 99 + odd)
    text, counts = run([one], extraction(UmiSource.INLINE, "2M+T", reads=1))
    assert (counts.templates, counts.written) == (701, 699 + written)
    assert "@f" not in text
    assert text.endswith("\nCGT\n+\nIII\n")


def test_reads_longer_than_a_block(tmp_path: Path) -> None:
    """A read of 3 MB and mates of 3 bases: the texts of both files are not used up alike."""
    long = [("r0", "A" * 3_000_000, ""), *((f"r{i}", "ACGT" * 900, "") for i in range(1, 2000))]
    one = fastq(tmp_path / "1.fastq.gz", *long)
    two = fastq(tmp_path / "2.fastq", *((name, "GGC", "") for name, _, _ in long))
    text, counts = run([one, two], extraction(UmiSource.INLINE, "2M+T", "2M+T"))
    assert counts == Counts(templates=2000, reads=4000, written=2000)
    assert text.count("\nC\n") == 2000


def test_random_reads_by_kernels_and_without(tmp_path: Path) -> None:
    """Names, lengths, comments and layouts drawn at random, each of them seldom unusual."""
    rng = random.Random(3)
    for case in range(30):
        mark = rng.choice(["/{}", "", ".{}"])
        records: list[list[tuple[str, str, str]]] = [[], [], []]
        for i in range(rng.choice([40, 700])):
            for k, column in enumerate(records):
                bases = "".join(rng.choices("ACGTNaR", [9, 9, 9, 9, 1, 0.01, 0.01], k=rng.randint(4, 12)))
                comment = rng.choice(["", " 1:N:0:AC", "\tx", " 1:Y:0"])
                column.append((f"r{i}{mark.format(k + 1)}{comment}", bases, ""))
        files = [fastq(tmp_path / f"{case}.{k}.fastq.gz", *column) for k, column in enumerate(records)]
        structures = rng.choice([("+T", "+T", "+M"), ("2M+T", "1S+T", "2M2M+S"), ("3M2S+T", "3M2S+T", "+S")])
        layout = layout_for(structures, reads=2, umi_reads=1)
        duplex = rng.random() < 0.5
        run(files, Extraction(layout, UmiSource.INLINE, duplex=duplex))


@pytest.mark.parametrize("name", ["1.fastq", "1.fastq.gz"])
def test_fastq_without_reads_is_legal(tmp_path: Path, name: str) -> None:
    text, counts = run([fastq(tmp_path / name)], extraction(UmiSource.INLINE, "2M+T", reads=1))
    assert (text, counts) == ("", Counts())


def test_truncated_gzip_is_an_error(tmp_path: Path) -> None:
    rng = random.Random(1)
    records = [(f"r{i}", "".join(rng.choices("ACGT", k=100)), "") for i in range(5000)]
    path = fastq(tmp_path / "1.fastq.gz", *records)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(DataError, match=r"1\.fastq\.gz.*(end|truncated)"):
        run([path], extraction(UmiSource.NONE, reads=1))


@pytest.mark.parametrize(
    ("second", "message"),
    [
        pytest.param(["a", "x", "c"], "does not match", id="names"),
        pytest.param(["a", "b"], "more reads in file 1", id="fewer"),
        pytest.param(["a", "b", "c", "d"], "more reads in file 2", id="more"),
        pytest.param([], "more reads in file 1", id="none"),
    ],
)
def test_mates_must_agree(tmp_path: Path, second: list[str], message: str) -> None:
    one = fastq(tmp_path / "1.fastq", *((name, "ACGT", "") for name in "abc"))
    two = fastq(tmp_path / "2.fastq", *((name, "ACGT", "") for name in second))
    with pytest.raises(DataError, match=message):
        run([one, two], extraction(UmiSource.NONE))


def test_other_text_is_no_fastq(tmp_path: Path) -> None:
    path = tmp_path / "1.fastq"
    path.write_text(">r\nACGT\n")
    with pytest.raises(DataError):
        run([path], extraction(UmiSource.NONE, reads=1))


def test_structure_that_no_read_fits_is_an_error(tmp_path: Path) -> None:
    one = fastq(tmp_path / "1.fastq", ("a", "ACGT", ""), ("b", "ACGTA", ""))
    with pytest.raises(DataError, match="shorter than the read structures `8M\\+T`"):
        run([one], extraction(UmiSource.INLINE, "8M+T", reads=1))


def test_source_that_no_read_has_is_an_error(tmp_path: Path) -> None:
    one = fastq(tmp_path / "1.fastq", ("a:1", "ACGT", ""))
    with pytest.raises(DataError, match="UMI in its read name"):
        run([one], extraction(UmiSource.NAME, reads=1))


@pytest.mark.parametrize(
    ("source", "structures", "reads"),
    [
        pytest.param(UmiSource.INLINE, ["+T", "+T"], 2, id="inline without M"),
        pytest.param(UmiSource.NONE, ["2M+T"], 1, id="none with M"),
        pytest.param(UmiSource.INLINE, ["2M+T", "+T"], 1, id="more structures than reads"),
    ],
)
def test_source_and_structures_must_fit(source: UmiSource, structures: list[str], reads: int) -> None:
    with pytest.raises(ReadStructureError):
        extraction(source, *structures, reads=reads)


# --- unaligned BAM --------------------------------------------------------------------------


def bam(path: Path, *records: tuple[str, int, str, dict[str, str]]) -> Path:
    """Write records of (name, flag, bases, tags)."""
    with pysam.AlignmentFile(str(path), "wb", header={"HD": {"VN": "1.6"}}) as out:
        for name, flag, bases, tags in records:
            record = pysam.AlignedSegment(out.header)
            record.query_name, record.flag, record.query_sequence = name, flag, bases
            record.query_qualities = pysam.qualitystring_to_array("ABCDEFGH"[: len(bases)])
            for tag, value in tags.items():
                record.set_tag(tag, value)
            out.write(record)
    return path


def run_bam(path: Path, plan: Extraction) -> tuple[str, Counts]:
    out, counts = io.BytesIO(), Counts()
    extract_bam(bam=path, extraction=plan, out=out, counts=counts)
    return out.getvalue().decode(), counts


def test_bam_pairs_with_tag(tmp_path: Path) -> None:
    tags = {"RX": "AC-GT", "QX": "II JJ"}
    path = bam(tmp_path / "u.bam", ("r", 77, "AACC", tags), ("r", 141, "GGTT", tags))
    text, counts = run_bam(path, extraction(UmiSource.TAG))
    head = "@r\tRX:Z:AC-GT\tQX:Z:II JJ\n"
    assert text == f"{head}AACC\n+\nABCD\n{head}GGTT\n+\nABCD\n"
    assert counts.written == 1


def test_bam_with_another_tag_and_joint(tmp_path: Path) -> None:
    path = bam(tmp_path / "u.bam", ("r", 4, "AACC", {"ZU": "ac+gt"}), ("s", 4, "AACC", {}))
    text, counts = run_bam(path, extraction(UmiSource.TAG, reads=1, tag="ZU"))
    assert text == "@r\tRX:Z:AC-GT\nAACC\n+\nABCD\n"
    assert counts.without_umi == 1


def test_bam_with_inline_umis_and_failed_reads(tmp_path: Path) -> None:
    path = bam(tmp_path / "u.bam", ("r", 4, "AACC", {}), ("s", 4 | 512, "AACC", {}))
    text, counts = run_bam(path, extraction(UmiSource.INLINE, "2M+T", reads=1))
    assert text == "@r\tRX:Z:AA\tQX:Z:AB\nCC\n+\nCD\n"
    assert counts.failed_filter == 1


def test_bam_reads_come_in_sequencing_orientation(tmp_path: Path) -> None:
    path = bam(tmp_path / "u.bam", ("r", 141, "GGTT", {}), ("r", 77 | 16, "AACC", {}), ("r", 2125, "AA", {}))
    text, _ = run_bam(path, extraction(UmiSource.NONE))
    assert text == "@r\nGGTT\n+\nDCBA\n@r\nGGTT\n+\nABCD\n"


@pytest.mark.parametrize(
    "records",
    [
        pytest.param([("a", 77, "A", {}), ("b", 77, "A", {})], id="mates apart"),
        pytest.param([("a", 77, "A", {})], id="mate missing at the end"),
        pytest.param([("a", 4, "A", {}), ("a", 4, "A", {})], id="single reads where pairs are expected"),
    ],
)
def test_bam_mates_must_follow_each_other(
    tmp_path: Path, records: list[tuple[str, int, str, dict[Any, Any]]]
) -> None:
    with pytest.raises(DataError, match="samtools collate"):
        run_bam(bam(tmp_path / "u.bam", *records), extraction(UmiSource.NONE))


def test_truncated_bam_is_an_error(tmp_path: Path) -> None:
    path = bam(tmp_path / "u.bam", *((f"r{i}", 4, "ACGTACGT", {}) for i in range(20000)))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(DataError, match="truncated"):
        run_bam(path, extraction(UmiSource.NONE, reads=1))


@pytest.mark.real
def test_simsenseq_reads(real_data: Path) -> None:
    """The publishers count 1,938 reads with 562 UMIs."""
    path = real_data / "umi" / "umierrorcorrect_simsenseq_PIK3CA_R1.fastq.gz"
    text, counts = run([path], extraction(UmiSource.INLINE, "12M16S+T", reads=1))
    assert counts.written == counts.templates == 1938
    assert len({line.split("\t")[1] for line in text.splitlines()[::4]}) == 562


def test_bases_in_lower_case_and_other_codes(tmp_path: Path) -> None:
    """R is no base: an aligner reads it as N; a base in lower case is that base."""
    one = fastq(tmp_path / "1.fastq", ("r", "acgtNRYu.T", ""))
    text, counts = run([one], extraction(UmiSource.INLINE, "2M+T", reads=1))
    assert text.splitlines()[0].startswith("@r\tRX:Z:AC\t")
    assert text.splitlines()[1] == "GTNNNNNT"
    assert counts.other_bases == 4


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ("@@r\nACGT\n+\nIIII\n", "read name '@r' begins with @"),
        (f"@{'r' * 255}\nACGT\n+\nIIII\n", "has 255 characters"),
        ("@r\nACGT\n+\nII I\n", "read 'r' has the quality character ' '"),
    ],
)
def test_reads_that_sam_cannot_hold_are_found_behind_the_head_too(
    tmp_path: Path, record: str, said: str
) -> None:
    one = tmp_path / "1.fastq"
    one.write_text("@a\nACGT\n+\nIIII\n" * 600 + record)
    with pytest.raises(DataError, match=re.escape(said)):
        run([one], extraction(UmiSource.NONE, reads=1))


def test_reads_without_qualities(tmp_path: Path) -> None:
    """Without them the FASTQ would end there for the aligner, and all later reads be lost."""
    path = tmp_path / "1.bam"
    with pysam.AlignmentFile(str(path), "wb", header={"HD": {"VN": "1.6"}}) as out:
        record = pysam.AlignedSegment(out.header)
        record.query_name, record.flag, record.query_sequence = "r", 4, "ACGT"
        out.write(record)
    with pytest.raises(DataError, match="has no base qualities"):
        extract_bam(bam=path, extraction=extraction(UmiSource.NONE, reads=1), out=io.BytesIO())
