"""Fusions, copy numbers and exon skipping in clauses of a report."""

import re
from dataclasses import dataclass, replace

from ..annotate.alteration_table import AlterationRow, empty_row
from ..vocabulary.changes import Consequence, Origin, VariantType
from .findings import Finding, named_gene
from .genes import ReportGenes
from .line_rows import COPIES_NOT_STATED, PARTNER_UNKNOWN, REPORTED_AS_GAIN
from .report_words import Meaning
from .tokens import Shape

_VARIANT = re.compile(
    r"(?<![A-Za-z0-9])(?:variant|v)\s?(\d)([ab]?(?:/?\d?[ab])?)(?![A-Za-z0-9.%])", re.IGNORECASE
)
DIPLOID = 2.0
NOT_AMPLIFIED = 3.0
"""Copies up to which a report may deny an amplification without contradicting itself."""


@dataclass(frozen=True)
class _Partners:
    """Both partners, 5' first; the driver is the one whose domain matters."""

    five: str
    three: str
    driver: str

    @property
    def partner(self) -> str:
        """The gene beside the driver."""
        return self.five if self.driver == self.three else self.three


def fusion(reader: ReportGenes, finding: Finding) -> AlterationRow:
    """Return the fusion of a clause; one whose partner nobody names is a rearrangement.

    Raises:
        ValueError: no known driver gene.
    """
    partners = _partners(reader, finding)
    if partners is None:
        return _rearranged(reader, finding)
    junctions = finding.clause.values(Shape.JUNCTION)
    junction = junctions[0] if junctions else None
    pair, names = f"{partners.five}-{partners.three}", reader.knowledge.fusions
    variant = _variant(finding) if junction is None and partners.driver == names.gene else None
    stated: tuple[str, ...] = ()
    if variant is not None:
        junction, stated = names.of_variant(partners.partner, variant)
    plain = f"{pair} {junction}" if junction else pair
    name, subjects, flags = names.named(plain, partners.driver, partners.partner, junction)
    if stated:
        name, subjects = f"{plain} ({variant})", stated
    return replace(
        _structural(f"fusion:{partners.five}:{partners.three}", partners.driver, VariantType.FUSION, name),
        consequence=Consequence.FUSION,
        partner=partners.partner,
        junction=junction,
        knowledge=subjects,
        flags=flags,
    )


def _variant(finding: Finding) -> str | None:
    """Return the variant that a clause names, such as `v3a/b`; None without one."""
    match = _VARIANT.search(finding.said)
    return "v" + match[1].lower() + "/".join(re.findall("[ab]", match[2].lower())) if match else None


def _partners(reader: ReportGenes, finding: Finding) -> _Partners | None:
    """Return the partners: a pair as written, or gene and partner in the order of their sides."""
    pairs = finding.clause.values(Shape.PAIR)
    if len(pairs) > 1:
        raise ValueError(f"{finding.said}: two pairs of genes")
    if pairs:
        return _ordered(reader.drivers, *pairs[0])
    genes = [gene for genes in finding.clause.values(Shape.GENES) for gene in genes]
    partner = finding.line.get("partner")
    if partner is not None:
        return _by_side(reader.drivers, finding.gene, reader.symbol(finding.line, "partner", partner))
    if len(genes) != 2:
        return None
    five, three = genes
    ordered = _ordered if three in reader.drivers else _by_side
    return ordered(reader.drivers, five, three)


def _ordered(drivers: dict[str, str], five: str, three: str) -> _Partners:
    named = [name for name in (three, five) if name in drivers]
    if not named:
        raise ValueError(f"{five}-{three}: neither is a known driver gene of a fusion")
    acting = [name for name in named if drivers[name] in ("either", "3" if name == three else "5")]
    return _Partners(five, three, (acting or named)[0])


def _by_side(drivers: dict[str, str], gene: str, partner: str) -> _Partners:
    driver = next((name for name in (gene, partner) if name in drivers), None)
    if driver is None:
        raise ValueError(f"{gene} and {partner}: neither is a known driver gene of a fusion")
    other = partner if driver == gene else gene
    return _Partners(driver, other, driver) if drivers[driver] == "5" else _Partners(other, driver, driver)


def _rearranged(reader: ReportGenes, finding: Finding) -> AlterationRow:
    """Return a rearrangement of a driver gene whose partner nobody names."""
    gene = finding.gene
    if gene not in reader.drivers:
        raise ValueError("a fusion without partner; fill `partner` or write EML4-ALK")
    what = f"{gene}: a fusion without partner"
    reader.note(finding.line, "partner", what, "read as a rearrangement of the gene")
    row = _structural(f"fusion:unknown:{gene}", gene, VariantType.FUSION, f"{gene} rearrangement")
    return replace(row, consequence=Consequence.FUSION, flags=(PARTNER_UNKNOWN,))


def copy_number(reader: ReportGenes, finding: Finding) -> AlterationRow:
    """Return the copy-number change of a clause, flagged where it says less than the name of the change.

    Raises:
        ValueError: no gene, or neither the words nor the number say up or down.
    """
    gene, clause, said = named_gene(finding), finding.clause, finding.said
    number = copies_of(finding)
    flags = reader.model_flags(finding.line, gene)
    lost = clause.has(Meaning.LOSS, Meaning.DELETION)
    raised = clause.has(Meaning.AMPLIFICATION, Meaning.GAIN)
    if (lost and raised) or (not lost and not raised and number is None):
        raise ValueError(f"{said}: up or down? write `amplification` or `loss`")
    if not lost and number is not None and number <= DIPLOID:
        raise ValueError(f"{said} with a copy number of {number:g}: up or down?")
    if not lost and (not clause.has(Meaning.AMPLIFICATION) or clause.has(Meaning.EQUIVOCAL)):
        what = f"{said}: a gain, not called an amplification"
        reader.note(finding.line, "variant_class", what, "shown; it names no class beside firmer findings")
        flags = (*flags, REPORTED_AS_GAIN)
    if lost and not clause.has(Meaning.BOTH_COPIES) and (number is None or number >= 1):
        what = f"{said}: of one copy or of both?"
        remedy = "shown as uncertain; write `homozygous deletion` if so"
        reader.note(finding.line, "variant_class", what, remedy)
        flags = (*flags, COPIES_NOT_STATED)
    kind = VariantType.LOSS if lost else VariantType.AMPLIFICATION
    row = _structural(f"copy_number:{gene}:{kind.value}", gene, kind, kind.value)
    return replace(row, consequence=Consequence.COPY_NUMBER, copy_number=number, flags=flags)


def copies_of(finding: Finding) -> float | None:
    """Return the copy number of a clause, from its cell or from its words.

    Raises:
        ValueError: the two differ.
    """
    written = {float(text.replace(",", ".")) for text in finding.clause.values(Shape.NUMBER)}
    numbers = written | ({finding.copies} if finding.copies is not None else set())
    if len(numbers) > 1:
        shown = ", ".join(f"{number:g}" for number in sorted(numbers))
        raise ValueError(f"{finding.said}: which copy number, {shown}?")
    return numbers.pop() if numbers else None


def skipping(reader: ReportGenes, finding: Finding) -> AlterationRow:
    """Return the exon skipping of a clause.

    Raises:
        ValueError: no gene, or no exon is named.
    """
    gene, exons = named_gene(finding), finding.clause.values(Shape.EXONS)
    if len(exons) != 1:
        raise ValueError(f"{finding.said}: skipping of which exon? write `exon 14 skipping`")
    exon = exons[0]
    row = _structural(f"skipping:{gene}:exon {exon}", gene, VariantType.SKIPPING, f"exon {exon} skipping")
    return replace(
        row,
        consequence=Consequence.SPLICE_SITE,
        exon=exon,
        flags=reader.model_flags(finding.line, gene),
    )


def _structural(key: str, gene: str, kind: VariantType, name: str) -> AlterationRow:
    return replace(empty_row(key, gene, kind, name), origin=Origin.SOMATIC, origin_reason="structural change")


def copy_words(row: AlterationRow) -> str:
    """Return a copy-number line in words, with its number where it gives one."""
    uncertain = {REPORTED_AS_GAIN: "gain", COPIES_NOT_STATED: "loss of one copy or of both"}
    name = next((words for flag, words in uncertain.items() if flag in row.flags), row.alteration)
    return name if row.copy_number is None else f"{name} with {row.copy_number:g} copies"
