"""UMIs of the first reads: can they be read, are they on both reads, do they differ."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ..align.read_structure import Layout
from ..align.read_text import beyond_sequencers
from ..align.umi_text import in_halves, umi_from_comment, umi_from_name
from ..inputs.settings.umi_settings import UmiSettings
from ..vocabulary.samples import UmiSource
from .probes import BamHead, FastqHead, HeadRead

UMI = re.compile(r"[ACGTNacgtn]+(?:[-+_][ACGTNacgtn]+)?")
RX = "RX"
MIN_TEMPLATES = 50
START_BASES = 20
MAX_EQUAL_UMIS = 0.5
"""Share of pairs of first reads with one UMI from which it tells nothing apart: that of two UMIs."""
MAX_EQUAL_STARTS = 0.1
"""Share of pairs of first reads that begin alike up to which they are of many molecules."""
MIN_ENDS = 8
MIN_COPIES = 2.0
"""Templates per pair of ends from which reads are raw; consensus of 5,000 molecules has some 1.3."""
MIN_NAME_UMI = 4
"""Bases from which the end of all read names is taken for a UMI."""

Fault = tuple[str, str]
"""What is wrong, and what to do."""


class FirstUmi(NamedTuple):
    """UMI and template of one of the first reads."""

    umi: str
    start: str


def fastq_umis(heads: Sequence[FastqHead], umi: UmiSettings, layout: Layout) -> list[FirstUmi]:
    """Return the UMIs of the first templates as extraction will read them; none without UMIs.

    Args:
        heads: one per read, in the order of the layout.
        umi: of the assay.
        layout: where template and UMI stand.
    """
    reads = list(zip(*(head.bases for head in heads), strict=False))
    names = heads[0].names
    read, template = layout.templates[0]
    starts = [cluster[read][template][:START_BASES] for cluster in reads]
    if umi.source is UmiSource.NONE:
        return []
    parts = [[umi_from_name(name) for name in names]] if umi.source is UmiSource.NAME else []
    parts += [comment_umis(heads[0], umi.tag)] if umi.source is UmiSource.TAG else []
    parts += [[cluster[i][part] for cluster in reads] for i, part in layout.umis]
    umis = map("-".join, zip(*parts, strict=False)) if parts else ()
    return [FirstUmi(*pair) for pair in zip(umis, starts, strict=False)]


def comment_umis(head: FastqHead, tag: str) -> list[str]:
    """Return the UMIs in the comments of a FASTQ, empty text where there is none."""
    return [umi_from_comment(comment, tag) for comment in head.comments]


def comment_fault(head: FastqHead, umi: UmiSettings) -> Fault | None:
    """Return what is wrong with the UMI tags in the comments of a FASTQ."""
    found = comment_umis(head, umi.tag)
    if found and not any(found):
        what = f"no {umi.tag} tag behind the read names, such as {head.names[0]!r}"
        return what, "give a BAM, or correct `umi.source` and `umi.tag` of the assay"
    known = [text for text in found if text]
    return _one_half(known, umi.tag) if umi.duplex and known else None


def tag_umi(read: HeadRead, tag: str) -> str:
    """Return the UMI in a tag, or in two that are joined by `+`, one per half."""
    parts = [read.tags.get(name, "") for name in tag.split("+")]
    return "-".join(parts) if all(parts) else ""


def bam_umis(head: BamHead, umi: UmiSettings, tag: str) -> list[FirstUmi]:
    """Return the UMIs of the first templates of a BAM, from names or a tag."""
    first = [read for read in head.reads if not read.second]
    if umi.source is UmiSource.NAME:
        return [FirstUmi(umi_from_name(read.name), read.bases[:START_BASES]) for read in first]
    return [FirstUmi(text, read.bases[:START_BASES]) for read in first if (text := tag_umi(read, tag))]


def equal_umis(umis: Iterable[FirstUmi]) -> Fault | None:
    """Return a fault where the first reads begin in many ways, but with one UMI mostly.

    A sample index, or a cycle that failed, parts no molecules: all of one position would be one.
    """
    known = [item for item in umis if item.umi]
    if len(known) < MIN_TEMPLATES:
        return None
    seen = Counter(item.umi for item in known)
    starts = Counter(item.start for item in known)
    if _equal(seen) < MAX_EQUAL_UMIS or _equal(starts) > MAX_EQUAL_STARTS:
        return None
    most, count = seen.most_common(1)[0]
    what = f"the UMI of {count} of the first {len(known)} templates is {most!r}: it tells no molecules apart"
    return what, "say where the UMI is (a sample index is none), or write `source: none`"


def _equal(counts: Counter[str]) -> float:
    total = counts.total()
    return sum(count * (count - 1) for count in counts.values()) / (total * (total - 1))


def tag_fault(head: BamHead, tag: str, *, aligned: bool, duplex: bool) -> Fault | None:
    """Return what is wrong with the UMI tags of a raw BAM.

    Args:
        head: its first records.
        tag: where the UMI is.
        aligned: is it used as it is; of reads that will be aligned the first one's tag is enough.
        duplex: do both strands carry paired UMIs.
    """
    tagged = [read for read in head.reads if tag_umi(read, tag)]
    if not tagged:
        what = f"none of the first {head.records} records has a {tag} tag"
        return what, "correct `umi.source` and `umi.tag` of the assay, or give FASTQ"
    firsts = any(not read.second for read in tagged)
    if aligned and head.lengths[1] and firsts != any(read.second for read in tagged):
        what = f"only read {1 if firsts else 2} has a {tag} tag"
        return what, "write the tag to both reads, or give the reads unaligned"
    wrong = [read for read in tagged if not UMI.fullmatch(tag_umi(read, tag))]
    if 2 * len(wrong) > len(tagged):
        what = f"{tag} of {wrong[0].name!r} is {tag_umi(wrong[0], tag)!r}, which is no UMI"
        return what, "write bases, two halves joined by `-`"
    return _one_half([tag_umi(read, tag) for read in tagged], tag) if duplex else None


def _one_half(umis: Sequence[str], tag: str) -> Fault | None:
    if any(in_halves(umi) != umi or "-" in umi or "+" in umi or "_" in umi for umi in umis):
        return None
    what = f"duplex, but {tag} is one half, such as {umis[0]!r}"
    return what, "join the UMIs of both strands by `-`, or write `duplex: false`"


def one_word(umis: Iterable[FirstUmi]) -> Fault | None:
    """Return what is to be said of duplex UMIs whose halves stand in one word; None where they do not."""
    text = next((item.umi for item in umis if item.umi), "")
    if in_halves(text) == text:
        return None
    return f"the UMI {text!r} of a duplex assay is one word", f"it is read as {in_halves(text)!r}"


def unused_umis(names: Sequence[str], texts: Sequence[str]) -> Fault | None:
    """Return where UMIs are that an assay without UMIs leaves unused; None where none are seen.

    Args:
        names: of the first reads.
        texts: their RX tags, where they have one.
    """
    found = [text for text in texts if UMI.fullmatch(text)]
    if found and len(set(found)) > 1:
        where, source, shown = f"in {RX}", "tag", found[0]
    else:
        at_end = [umi for name in names if len((umi := umi_from_name(name)).replace("-", "")) >= MIN_NAME_UMI]
        if not names or len(at_end) < len(names) or len(set(at_end)) < 2:
            return None
        where, source, shown = "at the end of their names", "name", at_end[0]
    what = f"the reads have UMIs {where}, such as {shown!r}, and `umi.source` is none: they are not used"
    duplex = " and, if both strands carry them, `duplex: true`" if "-" in shown or "+" in shown else ""
    return what, f"write `umi: {{source: {source}}}`{duplex} (`--umi {source}` of `alktrace one`)"


def consensus_fault(head: BamHead) -> str:
    """Return what shows that a BAM of raw reads holds a consensus; empty where nothing does.

    Each of its molecules would count as one read, and the depths in its tags would be lost.
    """
    if "cD" in head.tags or {"XV", "XW"} <= head.tags:
        found = "cD" if "cD" in head.tags else "XV and XW"
        return f"looks like a consensus: it has tags of depth ({found})"
    if head.qualities and beyond_sequencers(*head.qualities):
        return f"looks like a consensus: it has qualities up to Q{ord(head.qualities[1]) - ord('!')}"
    return ""


def raw_fault(reads: Sequence[HeadRead], depth_tags: bool) -> Fault | None:
    """Return a fault where a consensus BAM holds raw reads: no depths, and many templates of few ends.

    Of an amplicon all molecules share their ends; there nothing can be told.
    """
    places = Counter(read.place for read in reads if not read.second and read.place is not None)
    if depth_tags or len(places) < MIN_ENDS or places.total() < MIN_COPIES * len(places):
        return None
    what = (
        f"has no tags of depth, and {places.total()} templates at {len(places)} pairs of ends: "
        "these are raw reads, whose copies would count as molecules"
    )
    return what, "write `bam_kind` raw, or give the consensus with its tags"
