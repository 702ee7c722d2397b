"""Records as kernels see them: packed bytes with their offsets."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pysam
from aligned_bam import HEADER

from alktrace.io.bam_io import RecordBatch, iterate_batches


def packed(folder: Path, segments: Sequence[pysam.AlignedSegment]) -> RecordBatch:
    """Return the records in the order given."""
    path = folder / "packed.bam"
    with pysam.AlignmentFile(str(path), "wb", header=HEADER) as bam:
        for segment in segments:
            bam.write(segment)
    (batch,) = iterate_batches(path)
    return batch


def text(codes: "np.ndarray[tuple[int], np.dtype[np.uint8]]", length: int) -> str:
    """Return base codes as letters."""
    return "".join("ACGTN"[code] for code in codes[:length])
