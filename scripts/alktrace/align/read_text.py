"""Characters of reads: what SAM cannot hold is refused, bases that aligners read as N are written as N."""

import sys
from collections.abc import Sequence
from lzma import LZMAError

if sys.version_info >= (3, 14):
    from compression.zstd import ZstdError
else:
    from backports.zstd import ZstdError

DAMAGED = (OSError, EOFError, UnicodeDecodeError, LZMAError, ZstdError)
"""What a compressed text raises that is cut off or damaged; the last two are no OSError."""
MAX_NAME = 254
PRINTED = bytes(range(ord("!"), ord("~") + 1))
PHRED_64_LOW = "@"
PHRED_33_HIGH = "K"
PHRED_64_HIGH = "j"
REMEDY_NAME = "rename the reads: at most 254 printable characters, no @ in front"
REMEDY_QUALITY = "fetch the reads again, with qualities as Phred+33"
REMEDY_NO_QUALITIES = "give the reads with their qualities"
REMEDY_UMI = "write the tags of the UMI again, in printable characters"
REMEDY_CONSENSUS_FASTQ = "align the consensus, and give it as `bam` with `bam_kind` consensus"
REMEDY_CONSENSUS = "write `bam_kind` consensus (`--kind consensus` for `alktrace one`), or give the raw reads"
REMEDY_PHRED_64 = "convert the qualities to Phred+33, as `seqtk seq -VQ64` does"
_READ_AS = dict.fromkeys(range(128), "N") | {ord(base): base for base in "ACGT"}
_READ_AS |= {ord(base.lower()): base for base in "ACGT"}


def name_fault(names: Sequence[str]) -> str:
    """Return what is wrong with the first read name that SAM cannot hold; empty if all are right.

    A name that begins with @ would make its record a line of the header, and the read would be lost.
    """
    joined = "\n".join(names)
    plain = joined.isascii() and not joined.encode().translate(None, PRINTED + b"\n")
    if plain and "" not in names and "\n@" not in f"\n{joined}" and len(max(names, key=len)) <= MAX_NAME:
        return ""
    for name in names:
        if not name:
            return "a read has no name"
        if name.startswith("@"):
            return f"read name {name!r} begins with @"
        if len(name) > MAX_NAME:
            return f"read name {name[:20] + '...'!r} has {len(name)} characters"
        if not (name.isascii() and name.isprintable()):
            return f"read name {name!r} has characters that are not printable"
    return ""


def quality_fault(qualities: Sequence[str], names: Sequence[str]) -> str:
    """Return what is wrong with the first qualities that are no Phred+33; empty if all are right.

    Args:
        qualities: one text per read.
        names: of the same reads.
    """
    if not "".join(qualities).encode().translate(None, PRINTED):
        return ""
    pairs = zip(names, qualities, strict=True)
    name, wrong = next((name, sign) for name, text in pairs for sign in text if not "!" <= sign <= "~")
    return f"read {name!r} has the quality character {wrong!r}"


def umi_fault(umis: Sequence[str], names: Sequence[str]) -> str:
    """Return what is wrong with the first UMI, or its qualities, that a line of a FASTQ cannot hold.

    A line break in a tag would make reads of what follows it.

    Args:
        umis: texts of a tag, one per read.
        names: of the same reads.
    """
    if not "".join(umis).encode().translate(None, PRINTED + b" "):
        return ""
    pairs = zip(names, umis, strict=True)
    name, wrong = next((name, umi) for name, umi in pairs if umi.encode().translate(None, PRINTED + b" "))
    return f"read {name!r} has the UMI {wrong!r}"


def is_phred_64(lowest: str, highest: str) -> bool:
    """Tell whether the range of some hundred reads' quality characters is that of Phred+64.

    As Phred+33, no base would be worse than Q31 and some better than Q42.
    """
    return lowest >= PHRED_64_LOW and highest > PHRED_33_HIGH


def beyond_sequencers(lowest: str, highest: str) -> bool:
    """Tell whether qualities are those of no sequencer, as of a consensus: Phred+64 ends at Q42."""
    return is_phred_64(lowest, highest) and highest > PHRED_64_HIGH


def plain_bases(texts: list[str]) -> tuple[list[str], int]:
    """Return bases as A, C, G, T and N, and how many were none of these, in either case.

    fastp would take a base in lower case for a mismatch, an aligner a code such as R for N.
    """
    strange = "".join(texts).encode().translate(None, b"ACGTN")
    if not strange:
        return texts, 0
    return [text.translate(_READ_AS) for text in texts], len(strange.translate(None, b"acgtn"))
