"""Fusions, copy numbers and exon skipping in lines of a report."""

import re
from dataclasses import replace
from functools import partial

from ..annotate.alteration_table import AlterationRow, empty_row
from ..inputs.user_tables import Line
from ..vocabulary.changes import Consequence, Origin, VariantType
from .genes import ReportGenes
from .line_rows import COPIES_NOT_STATED, GENE_CELLS, PARTNER_UNKNOWN, REPORTED_AS_GAIN, first_word
from .wording import (
    ReportedKind,
    kind_of,
    names_pair,
    read_copy_number,
    read_exon,
    read_fusion,
    read_junction,
    says_amplified,
    says_both_copies,
    says_gain,
)

DIPLOID = 2.0


def fusion(reader: ReportGenes, line: Line, said: str) -> AlterationRow:
    """Return the fusion of a line; one whose partner nobody names is a rearrangement.

    Raises:
        ValueError: no known driver gene.
    """
    symbol = partial(reader.symbol, line, "partner" if "partner" in line else "gene")
    partner = line.get("partner") or _other_gene(reader, line)
    if partner is None and not names_pair(said):
        return _rearranged(reader, line)
    pair = read_fusion(line.get("gene", ""), partner, said, reader.drivers, symbol)
    junction = read_junction(said)
    plain = f"{pair.five}-{pair.three}" + (f" {junction}" if junction else "")
    name, subjects, flags = reader.knowledge.fusions.named(plain, pair.driver, pair.partner, junction)
    return replace(
        empty_row(f"fusion:{pair.five}:{pair.three}", pair.driver, VariantType.FUSION, name),
        consequence=Consequence.FUSION,
        partner=pair.partner,
        junction=junction,
        origin=Origin.SOMATIC,
        origin_reason="structural change",
        knowledge=subjects,
        flags=flags,
    )


def _other_gene(reader: ReportGenes, line: Line) -> str | None:
    """Return the second gene that the cells of a fusion name, if it is one only."""
    words = re.findall(r"[A-Z][A-Z0-9]+", " ".join(line.get(name, "") for name in GENE_CELLS))
    known = {word for word in words if word in reader.namer.models.by_gene or word in reader.drivers}
    others = known - {first_word(line)}
    return others.pop() if len(others) == 1 else None


def _rearranged(reader: ReportGenes, line: Line) -> AlterationRow:
    """Return a rearrangement of a driver gene whose partner nobody names."""
    gene = first_word(line)
    if gene not in reader.drivers:
        raise ValueError("a fusion without partner; fill `partner` or write EML4-ALK")
    reader.note(line, "partner", f"{gene}: a fusion without partner", "read as a rearrangement of the gene")
    row = empty_row(f"fusion:unknown:{gene}", gene, VariantType.FUSION, f"{gene} rearrangement")
    return replace(
        row,
        consequence=Consequence.FUSION,
        origin=Origin.SOMATIC,
        origin_reason="structural change",
        flags=(PARTNER_UNKNOWN,),
    )


def copy_number(reader: ReportGenes, line: Line, said: str) -> AlterationRow:
    """Return the copy-number change of a line, flagged where it says less than the name of the change.

    Raises:
        ValueError: no gene in front, or neither the words nor the number say up or down.
    """
    gene = _gene(reader, line, said)
    kind = VariantType.LOSS if kind_of(said) is ReportedKind.LOSS else VariantType.AMPLIFICATION
    rest = said.removeprefix(gene)
    text = line.get("copy_number", "")
    number = read_copy_number(text) if text else read_copy_number(rest)
    if text and number is None:
        reader.note(line, "copy_number", f"value {text!r}", "write a number such as 7.5")
    flags = reader.model_flags(line, gene)
    if kind is VariantType.AMPLIFICATION and number is not None and number <= DIPLOID:
        raise ValueError(f"{said.strip()} with a copy number of {number:g}: up or down?")
    if kind is VariantType.AMPLIFICATION and not says_amplified(said):
        if not says_gain(said) and number is None:
            raise ValueError(f"{said.strip()}: up or down? write `amplification` or `loss`")
        what = f"{said.strip()}: a gain, not called an amplification"
        reader.note(line, "variant_class", what, "shown; it names no class beside firmer findings")
        flags = (*flags, REPORTED_AS_GAIN)
    if kind is VariantType.LOSS and not says_both_copies(said) and (number is None or number >= 1):
        what = f"{said.strip()}: of one copy or of both?"
        reader.note(line, "variant_class", what, "shown as uncertain; write `homozygous deletion` if so")
        flags = (*flags, COPIES_NOT_STATED)
    return replace(
        empty_row(f"copy_number:{gene}:{kind.value}", gene, kind, kind.value),
        consequence=Consequence.COPY_NUMBER,
        copy_number=number,
        origin=Origin.SOMATIC,
        origin_reason="structural change",
        flags=flags,
    )


def skipping(reader: ReportGenes, line: Line, said: str) -> AlterationRow:
    """Return the exon skipping of a line.

    Raises:
        ValueError: no gene in front, or no exon is named.
    """
    gene, exon = _gene(reader, line, said), read_exon(said)
    if exon is None:
        raise ValueError(f"{said}: skipping of which exon? write `exon 14 skipping`")
    return replace(
        empty_row(f"skipping:{gene}:exon {exon}", gene, VariantType.SKIPPING, f"exon {exon} skipping"),
        consequence=Consequence.SPLICE_SITE,
        exon=exon,
        origin=Origin.SOMATIC,
        origin_reason="structural change",
        flags=reader.model_flags(line, gene),
    )


def _gene(reader: ReportGenes, line: Line, said: str) -> str:
    if not reader.begins_with_gene(line):
        raise ValueError(f"{said.strip()}: of which gene? write its symbol in `gene`")
    return first_word(line)


def copy_words(row: AlterationRow) -> str:
    """Return a copy-number line in words, with its number where it gives one."""
    uncertain = {REPORTED_AS_GAIN: "gain", COPIES_NOT_STATED: "loss of one copy or of both"}
    name = next((words for flag, words in uncertain.items() if flag in row.flags), row.alteration)
    return name if row.copy_number is None else f"{name} with {row.copy_number:g} copies"
