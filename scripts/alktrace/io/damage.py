"""BAM files record by record through pysam, where a damaged one is named with the record."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pysam

from ..errors import DataError

REMEDY = "fetch or write the BAM again"


@contextmanager
def opened(bam: Path) -> Iterator[pysam.AlignmentFile]:
    """Open a BAM for reading; htslib stays silent meanwhile, as the error says it.

    Raises:
        DataError: the file is missing or no BAM.
    """
    verbosity = pysam.set_verbosity(0)
    try:
        alignments = pysam.AlignmentFile(str(bam), "rb", check_sq=False)
    except (OSError, ValueError) as error:
        pysam.set_verbosity(verbosity)
        raise DataError(bam, f"cannot be read: {error}", REMEDY) from error
    try:
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


def read_records(alignments: pysam.AlignmentFile, bam: Path) -> Iterator[pysam.AlignedSegment]:
    """Yield the records of an open BAM in file order.

    Its errors are told here and not by the caller: those of writing say nothing about the file.

    Raises:
        DataError: the file is truncated or damaged.
    """
    number = 1
    try:
        for record in alignments:
            yield record
            number += 1
    except (OSError, ValueError) as error:
        raise DataError(bam, f"cannot be read: {error}", REMEDY, f"record {number}") from error
