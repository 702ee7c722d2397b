"""Small variants in clauses of a report: the names of DNA and protein, held against each other."""

import re
from dataclasses import replace

from ..annotate.alteration_table import AlterationRow, empty_row
from ..annotate.hgvs import VariantNames
from ..annotate.protein import ProteinChange, read_protein_change, short_name
from ..inputs.knowledge_rows import KnownIsoform
from ..vocabulary.caveats import Caveat, CaveatCode
from ..vocabulary.changes import Consequence, VariantType
from ..vocabulary.variant import SmallVariant
from .findings import Finding, named_gene
from .genes import ReportGenes
from .line_rows import NAMES_DISAGREE
from .report_words import Meaning
from .tokens import Shape


def small_change(reader: ReportGenes, finding: Finding) -> AlterationRow:
    """Return the small variant of a clause, by its coding name where that can be read.

    Raises:
        ValueError: no change that can be read, or two of them.
    """
    gene, line, clause = named_gene(finding), finding.line, finding.clause
    written_p, written_c = clause.values(Shape.CHANGE), clause.values(Shape.CODING)
    if not written_p and not written_c:
        return _exon_event(reader, finding)
    if len(written_c) > 1:
        raise ValueError(f"{finding.said}: two coding changes of one finding")
    flags = reader.model_flags(line, gene)
    isoform = _stated_isoform(reader, finding)
    by_dna = None
    if written_c and not flags and isoform is None:
        by_dna = _by_dna(reader, finding, written_c[0])
    if written_p and isoform is None and not by_dna:
        isoform = _fitting_isoform(reader, gene, written_p[0], finding)
    if isoform is not None:
        written_p = [_renumbered(change, isoform) for change in written_p]
        flags = (*flags, str(Caveat(CaveatCode.OTHER_ISOFORM, (isoform.refseq,))))
        what = f"{finding.said}: numbered on {isoform.refseq}"
        reader.note(line, "hgvs_p", what, "the protein change counts, renumbered")
    by_protein = _by_protein(reader, finding, written_p, coded=bool(written_c)) if written_p else None
    if by_dna and by_protein and by_dna[1].hgvs_p != by_protein.name:
        what = f"{written_c[0]} means {by_dna[1].hgvs_p}, the report says {written_p[0]}"
        reader.note(line, "hgvs_c", what, "the protein change counts; check the transcript")
        flags, by_dna = (*flags, NAMES_DISAGREE), None
    if by_dna:
        return _named(reader, gene, *by_dna, flags)
    if by_protein is not None:
        return _protein_only(reader, gene, by_protein, flags)
    if written_c and gene not in reader.namer.models.by_gene and isoform is None:
        return _coding_only(gene, written_c[0], flags)
    raise ValueError(f"{finding.said}: no change that can be read")


def _stated_isoform(reader: ReportGenes, finding: Finding) -> KnownIsoform | None:
    """Return the isoform of the table that a clause names; None where it names none or the one used here."""
    clause = finding.clause
    written = (*clause.values(Shape.TRANSCRIPT), *clause.values(Shape.CODING), *clause.values(Shape.CHANGE))
    names = {match[0] for text in written if (match := re.match(r"(?:NM_|ENST)\d+", text))}
    return next(
        (item for item in _isoforms(reader, finding.gene) if names & {item.refseq, item.transcript}), None
    )


def _isoforms(reader: ReportGenes, gene: str) -> list[KnownIsoform]:
    return [item for item in reader.knowledge.isoforms if item.gene == gene]


def _fitting_isoform(reader: ReportGenes, gene: str, written: str, finding: Finding) -> KnownIsoform | None:
    """Return the one isoform whose residue a change names, where the transcript used here has another there.

    A change that names its transcript, or fits here, is not looked for elsewhere.
    """
    if finding.clause.has(Shape.TRANSCRIPT) or ":" in written:
        return None
    fitting = []
    for item in (None, *_isoforms(reader, gene)):
        try:
            _read_change(reader, gene, _renumbered(written, item) if item else written)
        except ValueError:
            continue
        if item is None:
            return None
        fitting.append(item)
    return fitting[0] if len(fitting) == 1 else None


def _renumbered(written: str, isoform: KnownIsoform) -> str:
    """Return a change with the numbers of the transcript used here.

    Raises:
        ValueError: it lies before the residue from which the offset is known.
    """
    bare = re.sub(r"^.*?p\.|[()]", "", written)
    numbers = re.compile(r"((?:^|_)(?:[A-Z][a-z]{2}|[A-Za-z*]))(\d+)")
    if any(int(number) - isoform.offset < isoform.first_residue for _, number in numbers.findall(bare)):
        raise ValueError(f"{isoform.gene} {written}: not known how {isoform.refseq} is numbered there")
    return numbers.sub(lambda match: f"{match[1]}{int(match[2]) - isoform.offset}", bare)


def _exon_event(reader: ReportGenes, finding: Finding) -> AlterationRow:
    """Return a deletion or insertion known by its exon alone, such as EGFR exon 19 deletion."""
    gene, clause = named_gene(finding), finding.clause
    (exon, *others) = clause.values(Shape.EXONS)
    deleted = clause.has(Meaning.DELETION)
    consequence = Consequence.INFRAME_DELETION if deleted else Consequence.INFRAME_INSERTION
    if others or (gene, exon, consequence) not in reader.knowledge.exon_events:
        raise ValueError(f"{finding.said}: not a protein change; write it as p.Gly1202Arg or G1202R")
    words = "deletion" if deleted else "insertion"
    kind = VariantType.DELETION if deleted else VariantType.INSERTION
    name = f"exon {exon} {words}"
    reader.note(
        finding.line, "hgvs_p", f"{gene} {name}: which residues?", "read as any in-frame change of the exon"
    )
    row = empty_row(f"reported:{gene}:{name}", gene, kind, name)
    return replace(row, consequence=consequence, exon=exon, flags=reader.model_flags(finding.line, gene))


def _by_dna(reader: ReportGenes, finding: Finding, written: str) -> tuple[SmallVariant, VariantNames] | None:
    try:
        named = reader.namer.on_gene(finding.gene)
        _check_transcript(reader, written, finding.gene)
        allele = named.allele(written)
        return allele, named.describe(allele)
    except ValueError as error:
        reader.note(finding.line, "hgvs_c", str(error), "the protein change counts, if there is one")
        return None


def _check_transcript(reader: ReportGenes, written: str, gene: str) -> None:
    """Refuse numbers of another Ensembl transcript: the same number is another base there."""
    given = re.match(r"\s*(ENST\d+)", written)
    used = reader.namer.models.by_gene[gene].transcript
    if given and given[1] != used.split(".")[0]:
        raise ValueError(f"{gene} {written}: numbered on another transcript than {used}, which is used here")


def _by_protein(
    reader: ReportGenes, finding: Finding, written: list[str], *, coded: bool
) -> ProteinChange | None:
    try:
        changes = [_read_change(reader, finding.gene, text) for text in written]
    except ValueError as error:
        if coded:
            reader.note(finding.line, "hgvs_p", str(error), "the coding change counts, if it can be read")
            return None
        raise
    if len({change.name for change in changes}) > 1:
        raise ValueError(f"{finding.said}: {' and '.join(written)} without a sign between them")
    return changes[0]


def _read_change(reader: ReportGenes, gene: str, written: str) -> ProteinChange:
    change = read_protein_change(written, reader.protein(gene), gene)
    if written.endswith("X") and (gene, change.codon) in reader.knowledge.hotspots:
        raise ValueError(f"{gene} {written}: X is a stop or any residue; write Ter or the residue")
    return change


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
    kind = _protein_type(change)
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


def _coding_only(gene: str, written: str, flags: tuple[str, ...]) -> AlterationRow:
    """Return a change of a gene without model, of which the coding name is all that is known."""
    name = written.rpartition(":")[2]
    splice = re.search(r"\d[+-][12](?!\d)", name) is not None
    row = empty_row(
        f"reported:{gene}:{name}", gene, VariantType.SNV if ">" in name else VariantType.DELINS, name
    )
    consequence = Consequence.SPLICE_SITE if splice else Consequence.UNKNOWN
    return replace(row, hgvs_c=name, consequence=consequence, flags=flags)


def _protein_type(change: ProteinChange) -> VariantType:
    """Return the kind of variant that a protein change alone suggests."""
    if change.name.endswith("dup"):
        return VariantType.DUPLICATION
    return {
        Consequence.INFRAME_INSERTION: VariantType.INSERTION,
        Consequence.INFRAME_DELETION: VariantType.DELETION,
        Consequence.INFRAME_DELINS: VariantType.DELINS,
        Consequence.FRAMESHIFT: VariantType.DELINS,
    }.get(change.consequence, VariantType.SNV)
