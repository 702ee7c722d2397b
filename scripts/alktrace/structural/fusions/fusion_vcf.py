"""Fusions as pairs of breakends in VCF, and back.

The VCF follows VCF 4.2/4.3, section 5.4: one record per breakend, joined by MATEID; both junctions of an
exchange share EVENT. POS is 1-based.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pysam

from ...inputs.settings.fusion_settings import FusionSettings
from ...io.atomic import atomic_output
from ...reference.gene_models import reverse_complement
from .breakpoints import Breakend, Junction
from .fusion_filters import FUSION_FILTERS
from .partners import FusionRole, Meaning, junction_name
from .support import Support

_YES_NO = {True: "yes", False: "no", None: "unknown"}
_FROM_YES_NO = {text: value for value, text in _YES_NO.items()}
_BREAKEND = re.compile(
    r"(?P<before>[ACGTN]*)(?P<bracket>[\[\]])(?P<chrom>.+):(?P<pos>\d+)(?P=bracket)(?P<after>[ACGTN]*)"
)


@dataclass(frozen=True)
class FusionRecord:
    """One junction as it goes into the VCF.

    Attributes:
        bases: reference base at the first and at the second breakend.
        vaf: supporting molecules over these and the intact ones at the driver's breakend.
    """

    event: str
    number: int
    junction: Junction
    homology: int
    homology_sequence: str
    precise: bool
    bases: tuple[str, str]
    meaning: Meaning
    support: Support
    vaf: float
    vaf_low: float
    vaf_high: float
    filters: tuple[str, ...]


@dataclass(frozen=True)
class FusionCall:
    """One junction as the annotation reads it.

    Attributes:
        key: `fusion:EML4:ALK`, 5' partner first; further junctions of the same pair, and any with an
            intergenic side, carry a suffix.
        gene: the fusion gene concerned; `partner` the other one, or `intergenic`.
        chrom, pos, ref, alt: the VCF record at the driver's breakend, `pos` 1-based.
        position: `chr2:29223741|chr2:42299750`, 1-based, the driver's breakend first.
        vaf: against the molecules over the intact site of the driver gene.
        filters: empty if the call passed.
    """

    key: str
    name: str
    gene: str
    partner: str
    five: str
    three: str
    junction: str | None
    in_frame: bool | None
    role: FusionRole
    chrom: str
    pos: int
    ref: str
    alt: str
    position: str
    homology: int
    precise: bool
    event: str
    molecules: int
    split: int
    fragments: int
    duplex: int
    intact: int
    vaf: float
    vaf_low: float
    vaf_high: float
    filters: tuple[str, ...]


def write_fusions(
    path: Path,
    records: Sequence[FusionRecord],
    *,
    contigs: Sequence[tuple[str, int]],
    sample: str,
    settings: FusionSettings,
) -> None:
    """Write the junctions as sorted breakend records, compressed and indexed.

    Args:
        path: bgzip VCF; the index is `path` + `.tbi`.
        records: junctions.
        contigs: names and lengths of the sequences, in the order of the file.
        sample: sample name.
        settings: its thresholds are told in the header.
    """
    header = _header(contigs, sample, settings)
    order = {name: i for i, (name, _) in enumerate(contigs)}
    lines = [line for record in records for line in _breakends(header, record)]
    lines.sort(key=lambda line: (order[line.chrom], line.pos, line.id))
    index = path.with_name(path.name + ".tbi")
    with atomic_output(path, index) as (partial, partial_index):
        with pysam.VariantFile(str(partial), "wz", header=header) as out:
            for line in lines:
                out.write(line)
        pysam.tabix_index(str(partial), preset="vcf", force=True)
        made = partial.with_name(partial.name + ".tbi")
        if made != partial_index:
            made.replace(partial_index)


def read_fusions(path: Path) -> list[FusionCall]:
    """Return the junctions of a fusion VCF, best supported first.

    Args:
        path: VCF that `write_fusions` wrote.
    """
    with pysam.VariantFile(str(path)) as stream:
        lines = [line for line in stream if line.info["DRIVERSIDE"]]
    # The event counter and ID keep the order of support within PASS and within the rest.
    lines.sort(key=lambda line: int(str(line.id).split("_")[1]))
    seen: Counter[str] = Counter()
    calls = []
    for line in lines:
        call = _call(line, seen)
        seen[f"fusion:{call.five}:{call.three}"] += 1
        calls.append(call)
    return calls


def breakend_alt(base: str, junction: Junction) -> str:
    """Return the ALT of the record at the first breakend (VCF 4.2, table of section 5.4)."""
    mate = junction.second
    place = f"{mate.chrom}:{mate.pos + 1}"
    bracket = "[" if mate.side == "R" else "]"
    if junction.first.side == "L":
        return f"{base}{junction.inserted}{bracket}{place}{bracket}"
    inserted = reverse_complement(junction.inserted)
    return f"{bracket}{place}{bracket}{inserted}{base}"


def parse_breakend(chrom: str, pos: int, alt: str) -> Junction:
    """Return the junction that a breakend record describes, read from the record's side.

    Args:
        chrom: CHROM.
        pos: POS, 1-based.
        alt: ALT in breakend notation.

    Raises:
        ValueError: the ALT is no breakend.
    """
    match = _BREAKEND.fullmatch(alt)
    if match is None:
        raise ValueError(f"{alt!r} at {chrom}:{pos} is no breakend")
    bracket = match["bracket"]
    mate = Breakend(match["chrom"], int(match["pos"]) - 1, "R" if bracket == "[" else "L")
    if match["before"]:
        return Junction(Breakend(chrom, pos - 1, "L"), mate, match["before"][1:])
    return Junction(Breakend(chrom, pos - 1, "R"), mate, reverse_complement(match["after"][:-1]))


def _header(contigs: Sequence[tuple[str, int]], sample: str, settings: FusionSettings) -> Any:
    header = pysam.VariantHeader()
    for name, length in contigs:
        header.contigs.add(name, length=length)
    for one in FUSION_FILTERS.values():
        header.filters.add(one.name, None, None, one.describe(settings.model_dump()))
    for name, number, kind, text in _INFO:
        header.info.add(name, number, kind, text)
    for name, number, kind, text in _FORMAT:
        header.formats.add(name, number, kind, text)
    header.add_sample(sample)
    return header


_INFO = [
    ("SVTYPE", 1, "String", "Type of structural variant"),
    ("MATEID", 1, "String", "ID of the other breakend of the junction"),
    ("EVENT", 1, "String", "Rearrangement; both junctions of an exchange share it"),
    ("CIPOS", 2, "Integer", "Bases that the breakend may lie before and behind POS"),
    ("HOMLEN", 1, "Integer", "Length of the micro-homology in bases"),
    ("HOMSEQ", 1, "String", "Sequence of the micro-homology, plus strand of the lower breakend"),
    ("IMPRECISE", 0, "Flag", "No split read or clip gives the base"),
    ("DRIVERSIDE", 0, "Flag", "The fusion gene lies at this breakend"),
    ("GENE", 1, "String", "Fusion gene that the junction concerns"),
    ("PARTNER", 1, "String", "The other gene, or intergenic"),
    ("GENE5", 1, "String", "Gene of the 5 prime part"),
    ("GENE3", 1, "String", "Gene of the 3 prime part"),
    ("EXON5", 1, "Integer", "Last exon of the 5 prime part"),
    ("EXON3", 1, "Integer", "First exon of the 3 prime part"),
    ("INFRAME", 1, "String", "Is the reading frame kept: yes, no or unknown"),
    ("ROLE", 1, "String", "driver, reciprocal, unclear (domain kept, no 5 prime partner) or other"),
]

_FORMAT = [
    ("GT", 1, "String", "Genotype; not called for subclonal junctions"),
    ("MOL", 1, "Integer", "Molecules that support the junction"),
    ("SPLIT", 1, "Integer", "Of these, with a read across it and enough bases on both sides"),
    ("PAIR", 1, "Integer", "Of these, shown by a pair of reads only"),
    ("FRAG", 1, "Integer", "Different fragments among them"),
    ("UNIQ", 1, "Integer", "Of the molecules, placed uniquely on both sides"),
    ("DUPLEX", 1, "Integer", "Of the molecules, with consensus of both strands"),
    ("CONTRA", 1, "Integer", "Molecules that contradict themselves, counted nowhere"),
    ("INTACT", 1, "Integer", "Molecules over the intact site of this breakend"),
    ("VAF", 1, "Float", "MOL over MOL and the intact molecules at the fusion gene, fraction"),
    ("VAFLOW", 1, "Float", "Lower end of the 95 % interval, fraction"),
    ("VAFHIGH", 1, "Float", "Upper end of the 95 % interval, fraction"),
]


def _breakends(header: Any, record: FusionRecord) -> list[Any]:
    lines = []
    for index, junction in enumerate((record.junction, record.junction.flipped())):
        end = junction.first
        driver_here = record.meaning.driver_first == (index == 0)
        line = header.new_record(
            contig=end.chrom,
            start=end.pos,
            alleles=(record.bases[index], breakend_alt(record.bases[index], junction)),
            id=_breakend_id(record, index),
            filter=list(record.filters) or ["PASS"],
        )
        _fill_info(line, record, index, driver_here)
        _fill_format(line, record, index)
        lines.append(line)
    return lines


def _breakend_id(record: FusionRecord, index: int) -> str:
    return f"bnd_{record.number}_{index + 1}"


def _fill_info(line: Any, record: FusionRecord, index: int, driver_here: bool) -> None:
    meaning = record.meaning
    info = line.info
    info["SVTYPE"] = "BND"
    info["MATEID"] = _breakend_id(record, 1 - index)
    info["EVENT"] = record.event
    info["CIPOS"] = _confidence(record, index)
    info["HOMLEN"] = record.homology
    if record.homology:
        info["HOMSEQ"] = record.homology_sequence
    info["IMPRECISE"] = not record.precise
    info["DRIVERSIDE"] = driver_here
    info["GENE"], info["PARTNER"] = meaning.driver, meaning.partner
    info["GENE5"], info["GENE3"] = meaning.five, meaning.three
    if meaning.exon_five is not None:
        info["EXON5"] = meaning.exon_five
    if meaning.exon_three is not None:
        info["EXON3"] = meaning.exon_three
    info["INFRAME"] = _YES_NO[meaning.in_frame]
    info["ROLE"] = meaning.role.value


def _confidence(record: FusionRecord, index: int) -> tuple[int, int]:
    """Return CIPOS: the first breakend moves right by the homology, the other along with the junction."""
    length = record.homology
    first, second = record.junction.first, record.junction.second
    if index == 0 or first.side != second.side:
        return 0, length
    return -length, 0


def _fill_format(line: Any, record: FusionRecord, index: int) -> None:
    support, sample = record.support, line.samples[0]
    sample["GT"] = (None, None)
    sample["MOL"] = support.molecules
    sample["SPLIT"] = support.split
    sample["PAIR"] = support.pairs
    sample["FRAG"] = support.fragments
    sample["UNIQ"] = support.unique
    sample["DUPLEX"] = support.duplex
    sample["CONTRA"] = support.contradictory
    sample["INTACT"] = support.intact[index]
    sample["VAF"] = record.vaf
    sample["VAFLOW"] = record.vaf_low
    sample["VAFHIGH"] = record.vaf_high


def _call(line: Any, seen: Counter[str]) -> FusionCall:
    info, sample = line.info, line.samples[0]
    five, three = info["GENE5"], info["GENE3"]
    # Not a field of its own: `;` parts the fields of a VCF, and tables name the junction with one.
    junction = junction_name((five, info.get("EXON5")), (three, info.get("EXON3")))
    alt = line.alts[0]
    mate = alt.replace("]", "[").split("[")[1]
    filters = tuple(sorted(name for name in line.filter.keys() if name != "PASS"))  # noqa: SIM118
    key = f"fusion:{five}:{three}"
    if seen[key] or junction is None:
        key += f":{junction or mate.replace(':', '-')}"
    name = f"{five}-{three}" + (f" {junction}" if junction else "")
    return FusionCall(
        key=key,
        name=name,
        gene=info["GENE"],
        partner=info["PARTNER"],
        five=five,
        three=three,
        junction=junction,
        in_frame=_FROM_YES_NO[info["INFRAME"]],
        role=FusionRole(info["ROLE"]),
        chrom=line.chrom,
        pos=line.pos,
        ref=line.ref,
        alt=alt,
        position=f"{line.chrom}:{line.pos}|{mate}",
        homology=info["HOMLEN"],
        precise=not info["IMPRECISE"],
        event=info["EVENT"],
        molecules=sample["MOL"],
        split=sample["SPLIT"],
        fragments=sample["FRAG"],
        duplex=sample["DUPLEX"],
        intact=sample["INTACT"],
        vaf=float(sample["VAF"]),
        vaf_low=float(sample["VAFLOW"]),
        vaf_high=float(sample["VAFHIGH"]),
        filters=filters,
    )
