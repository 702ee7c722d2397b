"""HGVS names against a slow plain reference: edit the genome, splice it, translate it."""

import random

from Bio.Seq import Seq
from hypothesis import given, settings
from hypothesis import strategies as st

from alktrace.annotate.hgvs import NamedTranscript
from alktrace.annotate.protein import read_protein_change
from alktrace.reference.gene_models import Exon, Transcript, reverse_complement
from alktrace.vocabulary.changes import Consequence
from alktrace.vocabulary.variant import SmallVariant

IN_FRAME = {
    Consequence.MISSENSE,
    Consequence.INFRAME_INSERTION,
    Consequence.INFRAME_DELETION,
    Consequence.INFRAME_DELINS,
    Consequence.SYNONYMOUS,
}


def gene(seed: int, strand: str) -> tuple[str, Transcript]:
    """Make a gene of three exons with repeats, so that indels have room to move."""
    dice = random.Random(seed)
    codons = [dice.choice(("GCA", "GCA", "AAA", "CTG", "CAG", "TTT", "GAT")) for _ in range(14)]
    coding = "ATG" + "".join(codons) + "TAA"
    cuts = sorted(dice.sample(range(5, len(coding) - 5), 2))
    parts = [coding[: cuts[0]], coding[cuts[0] : cuts[1]], coding[cuts[1] :]]
    introns = ["GT" + "".join(dice.choices("ACGT", k=18)) + "AG" for _ in range(2)]
    left, right = ("".join(dice.choices("ACGT", k=12)) for _ in range(2))
    genome = left + parts[0] + introns[0] + parts[1] + introns[1] + parts[2] + right
    starts, at = [], 6
    lengths = (6 + len(parts[0]), len(parts[1]), len(parts[2]) + 6)
    for length, intron in zip(lengths, [*introns, ""], strict=True):
        starts.append((at, at + length))
        at += length + len(intron)
    cds = (12, starts[2][1] - 6)
    size = len(genome)
    if strand == "-":
        genome = reverse_complement(genome)
        starts = [(size - end, size - start) for start, end in starts]
        cds = (size - cds[1], size - cds[0])
    exons = tuple(Exon(i, *span) for i, span in enumerate(starts, start=1))
    return genome, Transcript("G", "T", "c", strand, exons, *cds)


def apply(genome: str, allele: SmallVariant) -> str:
    start = allele.pos - 1
    assert genome[start : start + len(allele.ref)] == allele.ref
    return genome[:start] + allele.alt + genome[start + len(allele.ref) :]


def spliced_protein(genome: str, model: Transcript, allele: SmallVariant) -> str:
    """Edit the exon that holds the allele, splice, translate from the old start to the first stop."""
    start, grown = allele.pos - 1, len(allele.alt) - len(allele.ref)
    edited = apply(genome, allele)
    pieces = []
    for exon in sorted(model.exons, key=lambda e: e.start):
        inside = exon.start <= start < exon.end
        first = exon.start + (grown if exon.start > start else 0)
        last = exon.end + (grown if inside or exon.start > start else 0)
        pieces.append(edited[first:last])
    joined = "".join(pieces)
    sequence = joined if model.strand == "+" else reverse_complement(joined)
    coding = sequence[6:]
    residues = str(Seq(coding[: len(coding) // 3 * 3]).translate())
    return residues[: residues.index("*") + 1] if "*" in residues else residues


@st.composite
def cases(draw: st.DrawFn) -> tuple[str, Transcript, SmallVariant]:
    genome, model = gene(draw(st.integers(0, 10_000)), draw(st.sampled_from("+-")))
    pos = draw(st.integers(8, len(genome) - 16))
    removed = draw(st.integers(1, 7))
    alt = draw(st.one_of(st.text("ACGT", min_size=1, max_size=7), st.just(genome[pos - 1])))
    if draw(st.booleans()):  # often a repeat of what stands there
        removed, alt = 1, genome[pos - 1] + genome[pos : pos + draw(st.integers(1, 6))]
    ref = genome[pos - 1 : pos - 1 + removed]
    return genome, model, SmallVariant("c", pos, ref, alt if alt != ref else alt + "A")


@settings(max_examples=400, deadline=None, derandomize=True)
@given(cases())
def test_name_gives_the_same_genome_again(case: tuple[str, Transcript, SmallVariant]) -> None:
    genome, model, allele = case
    named = NamedTranscript(model, lambda _, s, e: genome[s:e])
    names = named.describe(allele)
    if names.consequence is Consequence.INTERGENIC:
        return
    try:
        again = named.allele(names.hgvs_c)
    except ValueError as error:
        assert "has no base" in str(error)  # one end lies outside the transcript
        return
    assert apply(genome, again) == apply(genome, allele)
    assert named.describe(again) == names


@settings(max_examples=400, deadline=None, derandomize=True)
@given(cases())
def test_protein_name_gives_the_protein_of_the_edited_gene(
    case: tuple[str, Transcript, SmallVariant],
) -> None:
    genome, model, allele = case
    named = NamedTranscript(model, lambda _, s, e: genome[s:e])
    names = named.describe(allele)
    if names.hgvs_p in (None, "p.?", "p.Met1?"):
        return
    # the placement inside the exon is the one the name speaks of
    placed = named.allele(names.hgvs_c)
    inside = [
        e for e in model.exons if e.start <= placed.pos - 1 and placed.pos - 1 + len(placed.ref) <= e.end
    ]
    if not inside:
        return
    truth = spliced_protein(genome, model, placed)
    assert names.hgvs_p is not None
    if names.consequence in IN_FRAME:
        assert edited(named.protein, names.hgvs_p) == truth
    elif names.consequence is Consequence.STOP_GAINED:
        assert truth.endswith("*")
        assert len(truth) < len(named.protein) + len(allele.alt)
    elif names.consequence is Consequence.FRAMESHIFT and "fsTer" in names.hgvs_p:
        codon, count = int(names.hgvs_p[5:].split("fs")[0][:-3]), names.hgvs_p.split("Ter")[1]
        assert count == (str(len(truth) - codon + 1) if truth.endswith("*") else "?")
        assert truth[: codon - 1] == named.protein[: codon - 1]
        assert truth[codon - 1] != named.protein[codon - 1]


def edited(protein: str, name: str) -> str:
    """Apply a protein name by plain string surgery, independent of the code that made it."""
    import re

    from Bio.SeqUtils import seq1

    short = re.sub(r"[A-Z][a-z]{2}", lambda m: str(seq1(m.group())), name.removeprefix("p."))
    match = re.fullmatch(r"(.)(\d+)(?:_.(\d+))?(=|del|dup|ins.+|delins.+|.)", short)
    assert match, short
    first, last, what = int(match[2]) - 1, int(match[3] or match[2]), match[4]
    assert protein[first] == match[1]
    if what == "=":
        return protein
    if what == "del":
        return protein[:first] + protein[last:]
    if what == "dup":
        return protein[:last] + protein[first:last] + protein[last:]
    if what.startswith("delins"):
        return protein[:first] + what[6:] + protein[last:]
    if what.startswith("ins"):
        return protein[: first + 1] + what[3:] + protein[first + 1 :]
    return protein[:first] + what + protein[last:]


@settings(max_examples=300, deadline=None, derandomize=True)
@given(cases())
def test_short_name_reads_back_to_the_long_one(case: tuple[str, Transcript, SmallVariant]) -> None:
    genome, model, allele = case
    named = NamedTranscript(model, lambda _, s, e: genome[s:e])
    names = named.describe(allele)
    if names.hgvs_p in (None, "p.?", "p.Met1?") or "ext" in str(names.hgvs_p):
        return
    again = read_protein_change(names.short, named.protein, "G")
    if names.consequence is not Consequence.FRAMESHIFT or "fs" in str(names.hgvs_p):
        assert again.name == names.hgvs_p
