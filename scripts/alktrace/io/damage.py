"""BAM files record by record through pysam, where a damaged one is named with the record."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pysam

from ..errors import DataError

UNREADABLE = "\ufffd"
REMEDY = "fetch or write the BAM again"
REMEDY_CRAM = "set `reference.fasta` to the genome that the CRAM was written with, or fetch it again"


@contextmanager
def without_server() -> Iterator[None]:
    """Keep htslib from asking a server for sequences that the genome lacks, while a CRAM is read."""
    before = os.environ.get("REF_PATH")
    os.environ["REF_PATH"] = os.devnull
    try:
        yield
    finally:
        if before is None:
            del os.environ["REF_PATH"]
        else:
            os.environ["REF_PATH"] = before


@contextmanager
def opened(bam: Path, fasta: Path | None = None) -> Iterator[pysam.AlignmentFile]:
    """Open a BAM or CRAM for reading; htslib stays silent meanwhile, as the error says it.

    Args:
        bam: the file.
        fasta: genome that a CRAM was written with.

    Raises:
        DataError: the file is missing, or neither.
    """
    verbosity = pysam.set_verbosity(0)
    try:
        alignments = pysam.AlignmentFile(
            str(bam), "r", check_sq=False, reference_filename=str(fasta) if fasta else None
        )
    except (OSError, ValueError) as error:
        pysam.set_verbosity(verbosity)
        raise DataError(bam, f"cannot be read: {error}", REMEDY) from error
    try:
        with without_server():
            yield alignments
    finally:
        # To close a damaged file fails too, and would hide where it is damaged.
        with suppress(OSError):
            alignments.close()
        pysam.set_verbosity(verbosity)


def text_tag(record: pysam.AlignedSegment, name: str) -> str:
    """Return a tag of a record as text, empty without it; bytes that are no text become U+FFFD.

    htslib lets any bytes pass in a text, and pysam raises what is no error of a file.
    """
    try:
        return str(record.get_tag(name))
    except KeyError:
        return ""
    except UnicodeDecodeError as error:
        return error.object.decode("utf-8", "replace")
    except OverflowError:  # a single letter that is none
        return UNREADABLE


def read_records(alignments: pysam.AlignmentFile, bam: Path) -> Iterator[pysam.AlignedSegment]:
    """Yield the records of an open BAM in file order.

    Its errors are told here and not by the caller: those of writing say nothing about the file.

    Raises:
        DataError: the file is truncated or damaged.
    """
    number = 1
    try:
        for record in alignments.fetch(until_eof=True):
            yield record
            number += 1
    except (OSError, ValueError) as error:
        remedy = REMEDY_CRAM if alignments.is_cram else REMEDY
        raise DataError(bam, f"cannot be read: {error}", remedy, f"record {number}") from error
