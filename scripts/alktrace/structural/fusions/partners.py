"""What a junction means for the genes at its ends: 5' and 3' partner, exons, reading frame, driver.

Positions are 0-based; exons are numbered on the transcript of the gene models.
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ...io.tables import column, read_table
from ...reference.gene_models import GeneModels, Transcript
from .breakpoints import Breakend, Junction

INTERGENIC = "intergenic"


class FusionRole(StrEnum):
    """What a junction does for the driver gene at one of its ends."""

    DRIVER = "driver"
    RECIPROCAL = "reciprocal"
    UNCLEAR = "unclear"
    OTHER = "other"


@dataclass(frozen=True)
class FusionDriver:
    """`fusion_drivers.tsv`: a gene whose domain drives the fusion."""

    gene: str = column("gene symbol")
    side: str = column("`3`, `5` or `either`: the side of the fusion on which the gene drives it")
    domain_first: int = column("first residue of the domain that must be kept")
    domain_last: int = column("last residue of it")
    source: str = column("source of the residues")
    verified: str = column("`yes` if the source was read, `no` if the figures are recalled")


def read_drivers(path: Path) -> dict[str, FusionDriver]:
    """Return the driver genes by symbol."""
    return {row.gene: row for row in read_table(path, FusionDriver)}


@dataclass(frozen=True)
class Part:
    """What one breakend keeps of a gene.

    Attributes:
        keeps: `5` or `3`, the end of the transcript that is kept.
        exon: outermost exon kept on the side of the junction: the last of a 5' part, the first of a 3' part.
        broken: the breakend lies inside that exon.
    """

    transcript: Transcript
    keeps: str
    exon: int | None
    broken: bool
    pos: int

    @property
    def gene(self) -> str:
        """Gene symbol."""
        return self.transcript.gene


@dataclass(frozen=True)
class Meaning:
    """A junction read as a fusion of two genes.

    Attributes:
        driver: the fusion gene whose domain matters; `partner` the other gene, or `intergenic`.
        five, three: genes of the 5' and of the 3' part of the fusion transcript.
        exon_five, exon_three: last and first exon of the two parts, as far as they are known.
        driver_first: is the driver at the first breakend of the junction.
    """

    driver: str
    partner: str
    five: str
    three: str
    exon_five: int | None
    exon_three: int | None
    in_frame: bool | None
    role: FusionRole
    driver_first: bool

    @property
    def pair(self) -> str:
        """Name of the fusion, 5' partner first."""
        return f"{self.five}-{self.three}"

    @property
    def junction(self) -> str | None:
        """Such as `E13;A20`; None if an end is in no gene or the strands do not fit."""
        return junction_name((self.five, self.exon_five), (self.three, self.exon_three))


def junction_name(five: tuple[str, int | None], three: tuple[str, int | None]) -> str | None:
    """Return the name of a junction from genes and exons, such as `E13;A20`; None if an exon is not known."""
    if five[1] is None or three[1] is None:
        return None
    return f"{five[0][0]}{five[1]};{three[0][0]}{three[1]}"


def make_part(transcript: Transcript, breakend: Breakend) -> Part:
    """Return what a breakend inside a transcript keeps of it."""
    keeps = "5" if (transcript.strand == "+") == (breakend.side == "L") else "3"
    exon = transcript.exon_at(breakend.pos)
    if exon is not None:
        return Part(transcript, keeps, exon.number, True, breakend.pos)
    intron = transcript.intron_at(breakend.pos)
    number = None if intron is None else intron if keeps == "5" else intron + 1
    return Part(transcript, keeps, number, False, breakend.pos)


def frame(five: Part, three: Part, inserted: int) -> bool | None:
    """Say whether the 3' part is read in its own frame behind the 5' part.

    Intron to intron, whole exons are spliced together and insertions are spliced out; exon to exon, the DNA
    is read through. None where one breakend lies in an exon and the other in an intron (splicing decides),
    or where a side does not code (a promoter or untranslated exon gives no frame).
    """
    if five.broken != three.broken:
        return None
    last, first = _last_coding(five), _first_coding(three)
    if last is None or first is None:
        return None
    extra = inserted if five.broken else 0
    return (last + extra - (first - 1)) % 3 == 0


def interpret(junction: Junction, models: GeneModels, drivers: dict[str, FusionDriver]) -> Meaning | None:
    """Read a junction as a fusion that concerns one of the fusion genes.

    Args:
        junction: in normal form.
        models: gene models.
        drivers: the fusion genes, and the domains that drive.

    Returns:
        The most telling reading (a driver before a reciprocal junction), or None if neither end lies in a
        fusion gene or both lie in the same gene.
    """
    readings = []
    for first in (True, False):
        directed = junction if first else junction.flipped()
        for transcript in models.genes_at(directed.first.chrom, directed.first.pos):
            if transcript.gene in drivers:
                readings += _readings(make_part(transcript, directed.first), directed, models, drivers, first)
    return min(readings, key=_preference, default=None)


def domain_kept(part: Part, driver: FusionDriver) -> bool | None:
    """Say whether a part holds the whole domain of the driver; None if the model has no such residues."""
    transcript = part.transcript
    try:
        edges = [
            transcript.codon_positions(driver.domain_first)[0],
            transcript.codon_positions(driver.domain_last)[2],
        ]
    except ValueError:
        return None
    kept_left = (transcript.strand == "+") == (part.keeps == "5")
    return all(edge <= part.pos if kept_left else edge >= part.pos for edge in edges)


def _readings(
    part: Part, directed: Junction, models: GeneModels, drivers: dict[str, FusionDriver], first: bool
) -> list[Meaning]:
    others = models.genes_at(directed.second.chrom, directed.second.pos)
    if part.gene in {other.gene for other in others}:
        return []
    partners: list[Part | None] = [make_part(other, directed.second) for other in others]
    return [_meaning(part, partner, directed, drivers, first) for partner in partners or [None]]


def _meaning(
    part: Part, partner: Part | None, directed: Junction, drivers: dict[str, FusionDriver], first: bool
) -> Meaning:
    coherent = partner is not None and partner.keeps != part.keeps
    name = partner.gene if partner is not None else INTERGENIC
    five, three = (part.gene, name) if part.keeps == "5" else (name, part.gene)
    exon_five = exon_three = None
    in_frame = None
    if partner is not None and coherent:
        left, right = (part, partner) if part.keeps == "5" else (partner, part)
        exon_five, exon_three = left.exon, right.exon
        in_frame = frame(left, right, len(directed.inserted))
    elif part.keeps == "5":
        exon_five = part.exon
    else:
        exon_three = part.exon
    return Meaning(
        driver=part.gene,
        partner=name,
        five=five,
        three=three,
        exon_five=exon_five,
        exon_three=exon_three,
        in_frame=in_frame,
        role=_role(part, drivers[part.gene], coherent),
        driver_first=first,
    )


def _role(part: Part, driver: FusionDriver, coherent: bool) -> FusionRole:
    kept = domain_kept(part, driver)
    if kept is None:
        return FusionRole.UNCLEAR
    if kept and driver.side in (part.keeps, "either"):
        return FusionRole.DRIVER if coherent else FusionRole.UNCLEAR
    if kept:
        return FusionRole.OTHER
    return FusionRole.RECIPROCAL if coherent and _other_side(part, driver) else FusionRole.OTHER


def _other_side(part: Part, driver: FusionDriver) -> bool:
    return driver.side == "either" or part.keeps != driver.side


def _preference(meaning: Meaning) -> tuple[int, bool, str, str]:
    order = [FusionRole.DRIVER, FusionRole.UNCLEAR, FusionRole.RECIPROCAL, FusionRole.OTHER]
    return order.index(meaning.role), meaning.in_frame is not True, meaning.driver, meaning.partner


def _last_coding(part: Part) -> int | None:
    """Return the c. number of the last coding base that a 5' part keeps."""
    return _coding_edge(part, at_start=False)


def _first_coding(part: Part) -> int | None:
    """Return the c. number of the first coding base that a 3' part keeps."""
    return _coding_edge(part, at_start=True)


def _coding_edge(part: Part, *, at_start: bool) -> int | None:
    transcript = part.transcript
    if part.exon is None:
        return None
    if part.broken:
        return transcript.coding_position(part.pos)
    exon = transcript.exon(part.exon)
    leftmost = (transcript.strand == "+") == at_start
    return transcript.coding_position(exon.start if leftmost else exon.end - 1)
