"""UMIs as other programs write them: in names of reads, in what stands behind, in tags."""

import re
from typing import Any

_HALF = "r?[ACGTN]+"
# The last `:` or `_` field: one UMI, or two joined by `+`, `_` or `-`; `r` marks a reversed half.
NAME_UMI = re.compile(rf"(?:^|[:_])({_HALF}(?:[+_-]{_HALF})?)$")
JOINTS = str.maketrans("+_acgtn", "--ACGTN")
_COMPLEMENT = str.maketrans("ACGT", "TGCA")


def umi_from_name(name: str) -> str:
    """Return the UMI at the end of a read name, halves joined by `-`; empty text if there is none.

    Read are the last `:` field (Illumina, DRAGEN: halves joined by `+`, `r` before a half that is
    reverse-complemented) and what follows the last `_` (as UMI-tools and others write).
    """
    found = NAME_UMI.search(name)
    if not found:
        return ""
    return "-".join(
        half[1:].translate(_COMPLEMENT)[::-1] if half[0] == "r" else half
        for half in re.split("[+_-]", found[1])
    )


def in_halves(umi: str) -> str:
    """Return a UMI with `-` between its halves, also where both were written as one word of even length."""
    middle, odd = divmod(len(umi), 2)
    if odd or not umi or any(joint in umi for joint in "-+_"):
        return umi
    return f"{umi[:middle]}-{umi[middle:]}"


def umi_from_comment(comment: str, tag: str) -> str:
    """Return the UMI in the SAM tags behind a read name, as `RX:Z:ACG-TTA`; empty text without it.

    Args:
        comment: what stands behind the name.
        tag: one tag, or two joined by `+`, one per half.
    """
    found = [re.search(rf"(?:^|\s){name}:Z:(\S+)", comment) for name in tag.split("+")]
    return "-".join(match[1] for match in found if match) if all(found) else ""


def umi_from_tags(record: Any, tag: str) -> str:
    """Return the UMI in one tag of a pysam record, or in two, one per half; empty text without it."""
    # Here: names of FASTQ are read without pysam, a tenth of a second less.
    from ..io.damage import text_tag

    parts = [text_tag(record, name) for name in tag.split("+")]
    return "-".join(parts) if all(parts) else ""
