"""Alignments as a user gives them, with the read groups and the RX tag that the later stages expect."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pysam

from ..io.damage import opened, read_records, text_tag
from ..vocabulary.samples import UmiSource
from .extract import Counts
from .fixed_umis import FixedUmis
from .umi_text import JOINTS, in_halves, umi_from_name, umi_from_tags

RX = "RX"
PLATFORM = "ILLUMINA"
NOT_COUNTED = 0x80 | 0x100 | 0x800  # second reads, secondary and supplementary records


@dataclass(frozen=True)
class UnitGroup:
    """What a sequencing unit is called in read groups."""

    unit: str
    sample: str
    library: str


def rename_groups(
    groups: Sequence[Mapping[str, str]], given: UnitGroup
) -> tuple[list[dict[str, str]], dict[str, str]]:
    """Return the read groups under the names of the sheet, and new ids by old ones.

    The sheet names sample and library; a BAM with several libraries keeps them apart.
    """
    if not groups:
        return [{"ID": given.unit, "SM": given.sample, "LB": given.library, "PL": PLATFORM}], {}
    libraries = {group.get("LB", "") for group in groups}
    renamed, ids = [], {}
    for group in groups:
        ids[group["ID"]] = given.unit if len(groups) == 1 else f"{given.unit}.{group['ID']}"
        library = given.library if len(libraries) == 1 else f"{given.library}.{group.get('LB', 'none')}"
        own = {"ID": ids[group["ID"]], "SM": given.sample, "LB": library}
        renamed.append(own | {"PL": PLATFORM} | {k: v for k, v in group.items() if k not in own})
    return renamed, ids


class Retagger:
    """Gives records their read group and their UMI."""

    def __init__(
        self,
        group: UnitGroup,
        ids: Mapping[str, str],
        source: UmiSource,
        tag: str,
        fixed: FixedUmis | None,
        duplex: bool = False,
    ) -> None:
        """Keep what records get.

        Args:
            group: read group of records without one.
            ids: new read group ids by old ones.
            source: where the UMI is; inside reads means that the aligned reads have it in RX.
            tag: tag of the UMI, for `UmiSource.TAG`.
            fixed: allowed UMIs.
            duplex: have UMIs two halves.
        """
        self.counts = Counts()
        self._unit = group.unit
        self._ids = ids
        self._source = source
        self._tag = tag if source is UmiSource.TAG else RX
        self._fixed = fixed
        self._duplex = duplex

    def record(self, record: Any) -> bool:
        """Change a pysam record in place; False if its UMI cannot be corrected and it is dropped."""
        old = text_tag(record, "RG")
        new = self._ids.get(old, self._unit)
        if new != old:
            record.set_tag("RG", new, "Z")
        counted = not record.flag & NOT_COUNTED
        self.counts.templates += counted
        if self._source is not UmiSource.NONE and not self._umi(record, counted):
            self.counts.uncorrectable += counted
            return False
        self.counts.written += counted
        return True

    def _umi(self, record: Any, counted: bool) -> bool:
        old = text_tag(record, RX)
        umi = in_halves(self._read(record)) if self._duplex else self._read(record)
        if not umi:
            # The record stays: grouping counts it among those without a UMI.
            self.counts.without_umi += counted
            return True
        if self._fixed is not None:
            corrected = self._fixed.correct(umi)
            if corrected is None:
                return False
            if corrected != umi:
                self.counts.corrected += counted
                record.set_tag("OX", umi, "Z")
                umi = corrected
        if umi != old:
            record.set_tag(RX, umi, "Z")
        return True

    def _read(self, record: Any) -> str:
        if self._source is UmiSource.NAME:
            return umi_from_name(record.query_name)
        return umi_from_tags(record, self._tag).translate(JOINTS)


def tag_alignments(
    *,
    bam: Path,
    fasta: Path | None = None,
    out: str,
    group: UnitGroup,
    source: UmiSource,
    tag: str,
    fixed: FixedUmis | None,
    duplex: bool = False,
) -> Counts:
    """Stream a BAM with new read groups and UMIs.

    Args:
        bam: alignments in any order, or a CRAM.
        fasta: genome that the CRAM was written with.
        out: where uncompressed BAM goes; `-` is standard output.
        group: names of the unit.
        source: where the UMI is.
        tag: tag of the UMI, for `UmiSource.TAG`.
        fixed: allowed UMIs, None for random ones.
        duplex: have UMIs two halves, so that one word is both of them.

    Returns:
        Counts over templates (first reads and single-end reads, primary records).

    Raises:
        DataError: the BAM is truncated or damaged.
    """
    with opened(bam, fasta) as alignments:
        header = alignments.header.to_dict()
        header["RG"], ids = rename_groups(header.get("RG", []), group)
        retagger = Retagger(group, ids, source, tag, fixed, duplex)
        with pysam.AlignmentFile(out, "wbu", header=header) as target:
            for record in read_records(alignments, bam):
                if retagger.record(record):
                    target.write(record)
    return retagger.counts
