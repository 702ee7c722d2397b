"""Small variants in lines of a report: the names of DNA and protein, held against each other."""

import re
from dataclasses import replace

from ..annotate.alteration_table import AlterationRow, empty_row
from ..annotate.hgvs import VariantNames
from ..annotate.protein import ProteinChange, read_protein_change, short_name
from ..inputs.user_tables import Line
from ..vocabulary.changes import VariantType
from ..vocabulary.variant import SmallVariant
from .genes import ReportGenes
from .line_rows import NAMES_DISAGREE, first_word, protein_type
from .wording import read_exon, read_exon_event, several_changes


def small_change(reader: ReportGenes, line: Line, said: str) -> AlterationRow:
    """Return the small variant of a line, by its coding name where that can be read.

    Raises:
        ValueError: no change that can be read.
    """
    gene = first_word(line)
    if (event := _exon_event(reader, line, said)) is not None:
        return event
    written_p = line["hgvs_p"] if "hgvs_p" in line else said.removeprefix(gene).strip().split(" ")[0]
    written_p = written_p.removeprefix(gene).strip() or written_p
    flags = reader.model_flags(line, gene)
    by_dna = _by_dna(reader, line, gene) if "hgvs_c" in line and not flags else None
    by_protein = _by_protein(reader, line, gene, written_p) if "hgvs_p" in line or not by_dna else None
    if by_dna and by_protein and by_dna[1].hgvs_p != by_protein.name:
        reader.note(
            line,
            "hgvs_c",
            f"{line['hgvs_c']} means {by_dna[1].hgvs_p}, the report says {line['hgvs_p']}",
            "the protein change counts; check the transcript",
        )
        flags, by_dna = (*flags, NAMES_DISAGREE), None
    if by_dna:
        return _named(reader, gene, *by_dna, flags)
    if by_protein is None:
        raise ValueError(f"{said.strip()}: no change that can be read")
    return _protein_only(reader, gene, by_protein, flags)


def changes_in(reader: ReportGenes, line: Line) -> tuple[str, ...] | None:
    """Return the protein changes a line names, None where one of its words is none."""
    gene = first_word(line)
    parts = several_changes(_protein_words(line, gene))
    return parts if parts and all(_is_change(reader, part, gene) for part in parts) else None


def names_a_change(reader: ReportGenes, line: Line) -> bool:
    """Tell whether one of the words of a line is a protein change."""
    gene = first_word(line)
    words = re.split(r"[\s;,+&/]+", _protein_words(line, gene))
    return any(_is_change(reader, word, gene) for word in words)


def _is_change(reader: ReportGenes, text: str, gene: str) -> bool:
    try:
        read_protein_change(text, reader.protein(gene), gene)
    except ValueError:
        return False
    return True


def _exon_event(reader: ReportGenes, line: Line, said: str) -> AlterationRow | None:
    """Return a deletion or insertion known by its exon alone, such as EGFR exon 19 deletion."""
    gene, exon = first_word(line), read_exon(said)
    event = read_exon_event(said)
    if exon is None or event is None or (gene, exon, event[0]) not in reader.knowledge.exon_events:
        return None
    consequence, words = event
    kind = VariantType.DELETION if words == "deletion" else VariantType.INSERTION
    name = f"exon {exon} {words}"
    reader.note(line, "hgvs_p", f"{gene} {name}: which residues?", "read as any in-frame change of the exon")
    row = empty_row(f"reported:{gene}:{name}", gene, kind, name)
    return replace(row, consequence=consequence, exon=exon, flags=reader.model_flags(line, gene))


def _by_dna(reader: ReportGenes, line: Line, gene: str) -> tuple[SmallVariant, VariantNames] | None:
    try:
        named = reader.namer.on_gene(gene)
        _check_transcript(reader, line["hgvs_c"], gene)
        allele = named.allele(line["hgvs_c"])
        return allele, named.describe(allele)
    except ValueError as error:
        reader.note(line, "hgvs_c", str(error), "the protein change counts, if there is one")
        return None


def _check_transcript(reader: ReportGenes, written: str, gene: str) -> None:
    """Refuse numbers of another Ensembl transcript: the same number is another base there."""
    given = re.match(r"\s*(ENST\d+)", written)
    used = reader.namer.models.by_gene[gene].transcript
    if given and given[1] != used.split(".")[0]:
        raise ValueError(f"{gene} {written}: numbered on another transcript than {used}, which is used here")


def _by_protein(reader: ReportGenes, line: Line, gene: str, written: str) -> ProteinChange | None:
    try:
        change = read_protein_change(written, reader.protein(gene), gene)
        if written.endswith("X") and (gene, change.codon) in reader.knowledge.hotspots:
            raise ValueError(f"{gene} {written}: X is a stop or any residue; write Ter or the residue")
        return change
    except ValueError as error:
        if "hgvs_p" in line and "hgvs_c" in line:
            reader.note(line, "hgvs_p", str(error), "the coding change counts, if it can be read")
            return None
        raise


def _named(
    reader: ReportGenes, gene: str, allele: SmallVariant, names: VariantNames, flags: tuple[str, ...]
) -> AlterationRow:
    return replace(
        empty_row(allele.key, gene, names.variant_type, names.short),
        consequence=names.consequence,
        transcript=reader.namer.models.by_gene[gene].transcript,
        hgvs_c=names.hgvs_c,
        hgvs_p=names.hgvs_p,
        exon=names.exon,
        codon=names.codon,
        chrom=allele.chrom,
        pos=allele.pos,
        ref=allele.ref,
        alt=allele.alt,
        knowledge=reader.knowledge.hits(gene, names),
        flags=flags,
    )


def _protein_only(
    reader: ReportGenes, gene: str, change: ProteinChange, flags: tuple[str, ...]
) -> AlterationRow:
    model = reader.namer.models.by_gene.get(gene)
    exon = None
    if model is not None and change.codon is not None:
        found = model.exon_at(model.codon_positions(change.codon)[1])
        exon = found.number if found else None
    kind = protein_type(change)
    short = short_name(change.name)
    names = VariantNames("", change.name, short, change.consequence, kind, exon, change.codon)
    return replace(
        empty_row(f"reported:{gene}:{change.name}", gene, kind, short),
        consequence=change.consequence,
        transcript=model.transcript if model else None,
        hgvs_p=change.name,
        exon=exon,
        codon=change.codon,
        knowledge=reader.knowledge.hits(gene, names),
        flags=flags,
    )


def _protein_words(line: Line, gene: str) -> str:
    cell = line["hgvs_p"] if "hgvs_p" in line else line.get("gene", "")
    return cell.removeprefix(gene).strip()
