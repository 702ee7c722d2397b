"""What laboratories write into a report: fractions, copy numbers, fusions, kinds of alteration; pure."""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ..vocabulary.changes import Consequence, Origin

MAX_PERCENT = 100.0


class ReportedKind(StrEnum):
    """What a line of a report speaks of."""

    SMALL = "small"
    FUSION = "fusion"
    AMPLIFICATION = "amplification"
    LOSS = "loss"
    SKIPPING = "skipping"
    OTHER = "other"


_FUSION = re.compile(r"fusion|rearrang|translocat|inversion|::", re.IGNORECASE)
_GAIN = re.compile(r"amplif|copy.?number.?(?:gain|increase)|\bgain\b|\bcna?\b|\bcnv\b|\bamp\b", re.IGNORECASE)
_LOSS = re.compile(r"copy.?number.?loss|\bloss\b|homozygous.?del|deep.?del|biallelic.?del", re.IGNORECASE)
_SKIPPING = re.compile(r"skip", re.IGNORECASE)
_AMPLIFIED = re.compile(r"amplif|\bamp\b", re.IGNORECASE)
_GAIN_ONLY = re.compile(r"\bgain\b|increase", re.IGNORECASE)
_NEGATED = re.compile(
    r"\b(?:not|non|nicht) +(?:\w+ +){0,2}"
    r"(?:detect|found|identif|present|seen|amplif|rearrang|mutat|nachw|gefunden)"
    r"|\bundetected|\bnegativ|\babsent\b|\bwild[ -]?typ|\bwt\b|\bno +(?:\w+ +){0,4}\w*"
    r"(?:alteration|amplification|change|detected|evidence|found|fusion|mutation|rearrangement|seen|variant)"
    r"|\bkeine?\b|\bunauff|未检出|未见|阴性|野生型",
    re.IGNORECASE,
)
_NEGATED_PLAINLY = re.compile(
    r"not detected|undetected|negativ|\babsent\b|wild[ -]?typ|\bwt\b|nicht nachgewiesen|未检出|阴性|野生型",
    re.IGNORECASE,
)
_DENIED_CELL = re.compile(r"n\.? ?d\.?|0+(?:[.,]0+)?\s*%?", re.IGNORECASE)
_DOUBTED = re.compile(
    r"indeterminate(?! significance)|inconclusive|low[ -]?confidence|not (?:clear|certain|confirm)"
    r"|\bunconfirmed|\bequivocal|\bborderline|below (?:the )?(?:lod|limit|cut-?off|threshold)"
    r"|nicht eindeutig|不确定",
    re.IGNORECASE,
)
_BOUND = re.compile(r"[<≤].*\d.*")
_EQUIVOCAL = re.compile(r"equivocal|borderline", re.IGNORECASE)
_GERMLINE = re.compile(r"germ-?line|keimbahn|胚系", re.IGNORECASE)
_BLOOD = re.compile(r"clonal ha?ematopoiesis|\bchip\b|克隆性造血", re.IGNORECASE)
_DOUBTED_ORIGIN = re.compile(
    r"somatic|\bnot?\b|\bnon\b|exclud|possibl|potential|suspect|probabl|presum|likely|\?|体细胞",
    re.IGNORECASE,
)
_SEVERAL = re.compile(r"\s*(?:[;+&/,]|\band\b|\bund\b)\s*")
_CODING = re.compile(r"[\s,;(\[]*\b(?P<c>c\.[^\s;,()\[\]]+)[)\]]?")
_PERCENT_HEADER = re.compile(r"%|percent", re.IGNORECASE)
HEADERS = {
    "gene": ("gene name", "gene symbol"),
    "hgvs_p": ("protein", "protein change", "amino acid change", "aa change", "alteration", "mutation"),
    "hgvs_c": ("coding change", "cdna change", "nucleotide change"),
    "variant_class": ("variant class", "variant type", "alteration type", "type"),
    "vaf": ("cfdna", "allele frequency", "allele fraction", "variant allele fraction", "maf"),
    "copy_number": ("copy number", "cn"),
    "partner": ("fusion partner",),
    "tumour_fraction": ("tumour fraction", "tumor fraction"),
}
"""What laboratories write above a column; compared without case, punctuation and per cent signs."""
_OTHER = re.compile(r"\b(?:tmb|msi|mss|microsatellite|mutational burden|loh|hrd)\b", re.IGNORECASE)
_PAIR = re.compile(
    r"(?<![\w.])(?P<five>[A-Z][A-Z0-9]{1,14})\s*(?:-|::|/|–|—)\s*(?P<three>[A-Z][A-Z0-9]{1,14})(?![\w.])"
)
_JUNCTION = re.compile(r"\b(?P<a>[A-Z])(?P<i>\d+)(?P<x>[a-z]?)\s*[;:,]\s*(?P<b>[A-Z])(?P<j>\d+)\b")
_EXON = re.compile(r"ex(?:on)?\s*(?P<number>\d+)", re.IGNORECASE)
_EXON_EVENT = re.compile(r"ex(?:on)?\s*\d+\s*(?:in-?frame\s*)?(?P<event>del|ins)(?!\w*fs)", re.IGNORECASE)
_NUMBER = re.compile(r"(?<![\w.])(?P<number>\d+(?:[.,]\d+)?)(?![\w.])")
_FRACTION = re.compile(r"(?P<below>[<≤~]?)\s*(?P<number>\d+(?:[.,]\d+)?(?:[eE]-?\d+)?)\s*(?P<percent>%?)")


def kind_of(text: str) -> ReportedKind:
    """Return what all cells of a line, joined, speak of."""
    for pattern, kind in (
        (_OTHER, ReportedKind.OTHER),
        (_SKIPPING, ReportedKind.SKIPPING),
        (_FUSION, ReportedKind.FUSION),
        (_LOSS, ReportedKind.LOSS),
        (_GAIN, ReportedKind.AMPLIFICATION),
    ):
        if pattern.search(text):
            return kind
    return ReportedKind.SMALL


def says_nothing_found(text: str) -> bool:
    """Tell whether a line says that something was looked for and not found."""
    return _NEGATED.search(text) is not None


def says_nothing_plainly(text: str) -> bool:
    """Tell whether a line with the name of a change denies it: `not detected`, but not `not seen before`."""
    return _NEGATED_PLAINLY.search(text) is not None


def cell_denies(text: str) -> bool:
    """Tell whether the VAF cell of a line says that the change was not found: `ND`, `0`, `not detected`.

    A bare dash and a bound deny nothing: they may stand for `not given` and `below the limit of counting`;
    `is_bound` and `is_dash` tell them.
    """
    return _DENIED_CELL.fullmatch(text.strip()) is not None or says_nothing_plainly(text)


def says_doubtful(text: str) -> bool:
    """Tell whether a line leaves open if its change was found: `indeterminate`, `low confidence`."""
    return _DOUBTED.search(text) is not None


def is_bound(text: str) -> bool:
    """Tell whether a VAF cell gives a bound only, such as `< 0.1 %`: a trace, or the limit of the test."""
    return _BOUND.fullmatch(text.strip()) is not None


def is_dash(text: str) -> bool:
    """Tell whether a cell holds a dash and nothing else."""
    return text.strip() in ("-", "–", "—", "--")


def says_amplified(text: str) -> bool:
    """Tell whether a line speaks of an amplification, not only of a gain, a change, or an equivocal one."""
    return _AMPLIFIED.search(text) is not None and _EQUIVOCAL.search(text) is None


def says_origin(text: str) -> Origin | None:
    """Return the origin that a line states, where it states one other than the tumour without a doubt."""
    if _DOUBTED_ORIGIN.search(text):
        return None
    germline, blood = _GERMLINE.search(text), _BLOOD.search(text)
    if germline and not blood:
        return Origin.GERMLINE
    return Origin.CLONAL_HAEMATOPOIESIS if blood and not germline else None


def says_both_copies(text: str) -> bool:
    """Tell whether a loss is said to be of both copies."""
    return re.search(r"homozyg|bi-?allel|\bdeep\b|both (?:copies|alleles)", text, re.IGNORECASE) is not None


def says_gain(text: str) -> bool:
    """Tell whether a line gives a copy-number change a direction: up."""
    return _AMPLIFIED.search(text) is not None or _GAIN_ONLY.search(text) is not None


def several_changes(text: str) -> tuple[str, ...]:
    """Return the parts of a cell that may hold several changes.

    Such as `G1202R + L1196M` or `p.[Gly1202Arg;Leu1196Met]`.
    A single part where nothing separates; whether the parts are changes is for the caller to see.
    """
    bare = re.sub(r"[\[\]]", "", text)
    return tuple(part for part in _SEVERAL.split(bare) if part)


def split_names(text: str) -> tuple[str, str | None]:
    """Return protein name and coding name of a cell that holds both, as `p.G1202R (c.3604G>A)`."""
    match = _CODING.search(text)
    if match is None:
        return text, None
    return (text[: match.start()] + text[match.end() :]).strip(" ,;()"), match["c"]


def column_name(written: str) -> tuple[str, bool]:
    """Return the column that a header means, and whether it says per cent.

    `cfDNA %`, `% cfDNA`, `VAF (%)` and `VAF` are all `vaf`. A header that means nothing stays as written.
    """
    percent = _PERCENT_HEADER.search(written) is not None
    bare = re.sub(r"[\s_.()\[\]-]+", " ", _PERCENT_HEADER.sub(" ", written)).strip().casefold()
    for name, others in HEADERS.items():
        if bare in (name.replace("_", " "), *others):
            return name, percent
    return written, False


def read_fraction(text: str, *, percent: bool) -> float:
    """Return a fraction written as `0.012`, `1.2 %`, `1,2%` or, with `percent`, `1.2`.

    Raises:
        ValueError: no number, a bound such as `< 0.1 %`, or a share above one.
    """
    match = _FRACTION.fullmatch(text.strip())
    if match is None:
        raise ValueError("write a fraction such as 0.012 or a percentage such as 1.2%")
    if match["below"]:
        raise ValueError("a bound is no value; leave the cell empty")
    value = float(match["number"].replace(",", "."))
    value = value / MAX_PERCENT if match["percent"] or percent else value
    if value > 1:
        raise ValueError("a share above 100 %")
    return value


def names_pair(text: str) -> bool:
    """Tell whether a text names two genes joined, such as `EML4-ALK`."""
    return _PAIR.search(text) is not None


def means_percent(cells: Collection[str], least: float = 1.0) -> bool:
    """Tell whether the bare numbers of a column are percentages: one of them is one or more.

    No sample has a tumour's variant in all of its molecules, so that `1` is one per cent. `least` replaces
    the one.
    """
    numbers = [_FRACTION.fullmatch(cell.strip()) for cell in cells]
    return any(
        match is not None and not match["percent"] and float(match["number"].replace(",", ".")) >= least
        for match in numbers
    )


def read_copy_number(text: str) -> float | None:
    """Return the number beside the name of an amplification, such as 2.3 in `MET amplification 2.3`."""
    match = _NUMBER.search(text)
    return float(match["number"].replace(",", ".")) if match else None


def read_exon(text: str) -> int | None:
    """Return the exon named in a text, such as 14 in `exon 14 skipping`."""
    match = _EXON.search(text)
    return int(match["number"]) if match else None


def read_exon_event(text: str) -> tuple[Consequence, str] | None:
    """Return what a text that names no residue says of an exon: `exon 19 deletion`, `ex20ins`."""
    if re.search(r"[A-Z*]\d+(?:_|del|ins|dup|[A-Z*])", text):
        return None
    if match := _EXON_EVENT.search(text):
        deleted = match["event"].casefold().startswith("del")
        return (
            (Consequence.INFRAME_DELETION, "deletion")
            if deleted
            else (Consequence.INFRAME_INSERTION, "insertion")
        )
    return None


def read_junction(text: str) -> str | None:
    """Return the junction named in a text, such as `E13;A20`."""
    match = _JUNCTION.search(text)
    return f"{match['a']}{match['i']}{match['x']};{match['b']}{match['j']}" if match else None


@dataclass(frozen=True)
class ReportedFusion:
    """Both partners, 5' first; the driver is the one whose domain matters."""

    five: str
    three: str
    driver: str

    @property
    def partner(self) -> str:
        """The gene beside the driver."""
        return self.five if self.driver == self.three else self.three


def as_written(name: str) -> str:
    """Return a gene name unchanged."""
    return name


def read_fusion(
    gene: str,
    partner: str | None,
    text: str,
    drivers: dict[str, str],
    symbol: Callable[[str], str] = as_written,
) -> ReportedFusion:
    """Return the partners of a fusion.

    Args:
        gene: gene cell, `ALK` or `EML4-ALK`.
        partner: partner cell, if filled.
        text: the other cells, which may name the pair.
        drivers: side of the fusion on which a driver gene acts: `3`, `5` or `either`.
        symbol: gives the symbol of a gene name.

    Raises:
        ValueError: no driver gene, or no partner.
    """
    match = _PAIR.search(gene) or _PAIR.search(text)
    if match:
        five, three = symbol(match["five"]), symbol(match["three"])
        named = [name for name in (three, five) if name in drivers]
        if not named:
            raise ValueError(f"{five}-{three}: neither is a known driver gene of a fusion")
        acting = [name for name in named if drivers[name] in ("either", "3" if name == three else "5")]
        return ReportedFusion(five, three, (acting or named)[0])
    if partner is None:
        raise ValueError("a fusion without partner; fill `partner` or write EML4-ALK")
    names = [symbol(gene.strip()), symbol(partner.strip())]
    driver = next((name for name in names if name in drivers), None)
    if driver is None:
        raise ValueError(f"{gene} and {partner}: neither is a known driver gene of a fusion")
    other = names[1] if driver == names[0] else names[0]
    if drivers[driver] == "5":
        return ReportedFusion(driver, other, driver)
    return ReportedFusion(other, driver, driver)


@dataclass(frozen=True)
class Coverage:
    """What a report says it covered.

    Attributes:
        genes: genes covered.
        exons: exons by gene, where the report lists them; a gene without entry is covered as a whole.
        introns: introns by gene.
    """

    genes: frozenset[str]
    exons: dict[str, frozenset[int]]
    introns: dict[str, frozenset[int]]


def read_coverage(
    genes: str | None, exons: str | None, symbol: Callable[[str], str] = as_written
) -> Coverage:
    """Return the coverage from its two cells.

    Args:
        genes: `ALK;EGFR;KRAS`; commas and blanks separate too.
        exons: `ALK:20-28;KRAS:2,3;ALK:intron 19`.
        symbol: gives the symbol of a gene name.

    Raises:
        ValueError: a part that cannot be read, named.
    """
    named = {symbol(name) for name in re.split(r"[;,\s]+", genes or "") if name}
    listed: dict[str, set[int]] = {}
    introns: dict[str, set[int]] = {}
    gene = ""
    for part in re.split(r"[;,]", exons or ""):
        name, _, span = part.strip().rpartition(":")
        gene = symbol(name.strip()) if name.strip() else gene
        if not span.strip():
            continue
        intron, numbers = _read_span(gene, span)
        (introns if intron else listed).setdefault(gene, set()).update(numbers)
    return Coverage(
        frozenset(named | set(listed) | set(introns)),
        {name: frozenset(numbers) for name, numbers in listed.items()},
        {name: frozenset(numbers) for name, numbers in introns.items()},
    )


def _read_span(gene: str, span: str) -> tuple[bool, Sequence[int]]:
    match = re.fullmatch(
        r"\s*(?P<intron>in?(?:tron)?s?\s*)?(?P<first>\d+)(?:\s*[-–]\s*(?P<last>\d+))?\s*", span
    )
    if match is None or not gene:
        raise ValueError(f"{span.strip()!r}: write exons as ALK:20-28 and introns as ALK:intron 19")
    first = int(match["first"])
    last = int(match["last"] or first)
    if last < first:
        raise ValueError(f"{gene}:{span.strip()}: the last exon is before the first")
    return match["intron"] is not None, range(first, last + 1)
