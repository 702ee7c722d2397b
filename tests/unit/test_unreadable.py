"""A sample that its data fails: what counts as its data, and what stands in place of its results."""

import errno
import json
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pysam
import pytest
from patient_samples import ASSAY
from patient_samples import loaded as table_sample

from alktrace.align.retag import UnitGroup, tag_alignments
from alktrace.errors import AlktraceError, DataError, InputProblems, Problem
from alktrace.evidence.build import unreadable_specimen
from alktrace.inputs.sample_files import SampleFiles
from alktrace.io.tables import read_table
from alktrace.io.unreadable import (
    carry_unreadable,
    is_readable,
    problems_of_data,
    read_unreadable,
    write_unreadable,
)
from alktrace.qc.collect_quality import collect_quality, collect_unreadable
from alktrace.qc.qc_table import QcRow
from alktrace.qc.unreadable_table import UnreadableRow
from alktrace.vocabulary.samples import UmiSource, Verdict
from alktrace.workflow.sample_job import sample_job

TRUNCATED = Problem("s.bam", 0, "record 7", "ends inside a block", "fetch it again")


def test_the_reason_names_no_folder_outside(tmp_path: Path) -> None:
    """Results are handed on; where reads lie tells users, hospitals and projects."""
    mates = "/home/someone/study x/a_1.fq.gz, /home/someone/study x/a_2.fq.gz"
    for file, said in (("bam/s.bam", "bam/s.bam"), (mates, ".../a_1.fq.gz, .../a_2.fq.gz")):
        problem = replace(TRUNCATED, file=file, what="is that of '/home/someone/study x/b.bam'")
        write_unreadable([problem], [tmp_path / "out.tsv"])
        told = replace(problem, file=said, what="is that of '.../b.bam'")
        assert read_unreadable(tmp_path / "out.tsv") == (told,)
        write_unreadable([told], [tmp_path / "next.tsv"])
        assert read_unreadable(tmp_path / "next.tsv") == (told,), "as later jobs hand it on"


def data_error(file: str) -> DataError:
    return DataError(file, "ends inside a block", "fetch it again", "record 7")


def behind(error: AlktraceError, cause: BaseException) -> AlktraceError:
    error.__context__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "of_data"),
    [
        pytest.param(data_error("s.bam"), True, id="the sample's BAM"),
        pytest.param(data_error("a.fq, b.fq"), True, id="both mates"),
        pytest.param(InputProblems([TRUNCATED]), True, id="a list"),
        pytest.param(data_error("genome.fa"), False, id="shared by all samples"),
        pytest.param(InputProblems([TRUNCATED, replace(TRUNCATED, file="genome.fa")]), False, id="both"),
        pytest.param(AlktraceError("bwa is missing"), False, id="a tool"),
        pytest.param(behind(data_error("s.bam"), OSError("truncated file")), True, id="a decoder's word"),
        pytest.param(behind(data_error("s.bam"), OSError(errno.ENOENT, "gone")), True, id="deleted"),
        pytest.param(behind(data_error("s.bam"), OSError(errno.EIO, "disk")), False, id="a disk"),
        pytest.param(behind(data_error("s.bam"), OSError(errno.ESTALE, "net")), False, id="a network"),
        pytest.param(behind(data_error("s.bam"), MemoryError()), False, id="memory"),
    ],
)
def test_what_a_sample_fails_by(error: AlktraceError, of_data: bool) -> None:
    files = ["a.fq", "b.fq"] if "a.fq" in str(error) else ["s.bam"]
    assert bool(problems_of_data(error, files)) is of_data


def test_a_reason_is_read_as_it_was_written(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("x.bam", "x.bam.csi", "new/x.tsv")]
    write_unreadable([TRUNCATED], paths)
    assert [read_unreadable(path) for path in paths] == [(TRUNCATED,)] * 3
    assert not is_readable(paths[0])
    assert paths[0].read_text().startswith("#unreadable\t")


@pytest.mark.parametrize("content", [b"", b"#", b"a\tb\n", bytes(range(256))])
def test_results_are_readable(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    assert is_readable(path)
    assert not carry_unreadable([path, tmp_path / "missing"], [tmp_path / "out"])
    assert not (tmp_path / "out").exists()


# --- jobs -----------------------------------------------------------------------------------


def job(folder: Path, bam: str = "s.bam") -> Any:
    """What a rule gives its adapter: a BAM of the sample, a genome of all."""
    given = {"bam": bam, "fasta": "genome.fa", "more": []}
    return SimpleNamespace(
        input=given, output=[str(folder / "a.tsv"), str(folder / "b.vcf.gz")], log=[str(folder / "job.log")]
    )


def fail(error: Exception) -> Callable[[], None]:
    def run() -> None:
        raise error

    return run


def run_job(made: Any, work: Callable[[], object]) -> None:
    with sample_job(made, "bam", "more"):
        work()


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.bam").write_bytes(b"\x1f\x8b")
    return job(tmp_path)


def test_a_job_that_its_data_fails_ends_well_with_the_reason(given: Any) -> None:
    run_job(given, fail(data_error("s.bam")))
    assert [read_unreadable(path) for path in given.output] == [(TRUNCATED,)] * 2
    assert "s.bam:record 7: ends inside a block; fetch it again" in Path(given.log[0]).read_text()


def test_later_jobs_hand_the_reason_on_and_do_nothing(given: Any, tmp_path: Path) -> None:
    write_unreadable([TRUNCATED], ["s.bam"])
    worked: list[str] = []
    with pytest.raises(SystemExit) as ended:
        run_job(given, lambda: worked.append("work"))
    assert (ended.value.code, worked) == (0, [])
    assert [read_unreadable(path) for path in given.output] == [(TRUNCATED,)] * 2
    assert (tmp_path / "job.log").stat().st_size


@pytest.mark.parametrize("error", [data_error("genome.fa"), MemoryError(), OSError(errno.ENOSPC, "full")])
def test_what_is_not_the_sample_fails_the_job(error: Exception, given: Any) -> None:
    with pytest.raises((SystemExit, MemoryError, OSError)) as ended:
        run_job(given, fail(error))
    assert not isinstance(ended.value, SystemExit) or ended.value.code == 1
    assert not any(Path(path).exists() for path in given.output)
    assert not logging.getLogger("alktrace").handlers


def test_errors_of_writing_do_not_accuse_the_file_that_is_read(tmp_path: Path) -> None:
    bam = tmp_path / "s.bam"
    with pysam.AlignmentFile(str(bam), "wb", header={"SQ": [{"SN": "chr1", "LN": 100}]}) as out:
        for number in range(5000):
            record = pysam.AlignedSegment(out.header)
            record.query_name, record.query_sequence, record.flag = f"r{number}", "ACGT" * 25, 4
            out.write(record)
    with pytest.raises(OSError):
        tag_alignments(
            bam=bam,
            out="/dev/full",
            group=UnitGroup("u1", "P1.T1.plasma", "L1"),
            source=UmiSource.NONE,
            tag="RX",
            fixed=None,
        )


# --- tables ---------------------------------------------------------------------------------


def unreadable_files(folder: Path) -> SampleFiles:
    path = folder / "alterations.tsv"
    write_unreadable([TRUNCATED], [path])
    return SampleFiles(table_sample("plasma").sample, ASSAY, path, path, path)


def test_the_tables_of_the_cohort_name_it(tmp_path: Path) -> None:
    files = unreadable_files(tmp_path)
    collect_quality(samples=[files], identity=[], out=tmp_path / "qc.tsv")
    collect_unreadable([files], out=tmp_path / "unreadable.tsv")
    (quality,) = read_table(tmp_path / "qc.tsv", QcRow)
    assert (quality.verdict, quality.reasons, quality.molecules) == (Verdict.FAIL, ("unreadable",), None)
    (row,) = read_table(tmp_path / "unreadable.tsv", UnreadableRow)
    assert str(row) == "P1.T1.plasma: s.bam:record 7: ends inside a block; fetch it again"


def test_its_specimen_says_why(tmp_path: Path) -> None:
    files = unreadable_files(tmp_path)
    specimen = unreadable_specimen(files.sample, files.unreadable())
    assert specimen.problems == ("unreadable", str(TRUNCATED))
    assert json.loads(specimen.model_dump_json())["tumour_fraction"]["status"] == "not_estimable"
