"""HGVS names of alleles; the expected names are published ones."""

import csv
import random
import re
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest
from gene_facts import segment_fetch, transcript

from alktrace.annotate.hgvs import NamedTranscript
from alktrace.reference.gene_models import Exon, Transcript
from alktrace.vocabulary.changes import Consequence, VariantType
from alktrace.vocabulary.variant import Fetch, SmallVariant

# Codons of ALK (NM_004304) and of other genes around famous mutations, in transcript orientation.
CODONS = {
    "ALK": {
        1151: "ACG", 1152: "CTG", 1156: "TGC", 1171: "ATC", 1174: "TTC", 1180: "GTT", 1196: "CTG",
        1198: "CTC", 1202: "GGA", 1203: "GAC", 1245: "TTC", 1269: "GGA", 1275: "CGA",
    },
    "KRAS": {1: "ATG", 12: "GGT", 13: "GGC", 61: "CAA"},
    "EGFR": {
        745: "AAG", 746: "GAA", 747: "TTA", 748: "AGA", 749: "GAA", 750: "GCA", 751: "ACA", 752: "TCT",
        790: "ACG", 858: "CTG",
    },
}  # fmt: skip


def mini_genome(gene: str) -> Fetch:
    """Give a genome in which the codons above are real and all else is filler without meaning."""
    model = transcript(gene)
    filler = random.Random(gene)
    bases: dict[int, str] = {}
    for codon, letters in CODONS[gene].items():
        for pos, letter in zip(model.codon_positions(codon), letters, strict=True):
            bases[pos] = letter if model.strand == "+" else letter.translate(str.maketrans("ACGT", "TGCA"))
    memory: defaultdict[int, str] = defaultdict(lambda: filler.choice("ACGT"))
    memory.update(bases)
    return lambda _, start, end: "".join(memory[pos] for pos in range(start, end))


@pytest.fixture(scope="module")
def named() -> Callable[[str], NamedTranscript]:
    made = {gene: NamedTranscript(transcript(gene), mini_genome(gene)) for gene in CODONS}
    return made.__getitem__


@pytest.mark.parametrize(
    ("gene", "allele", "hgvs_c", "hgvs_p", "short"),
    [
        ("ALK", "29220747:C:T", "c.3604G>A", "p.Gly1202Arg", "G1202R"),
        ("ALK", "29220747:C:G", "c.3604G>C", "p.Gly1202Arg", "G1202R"),
        ("ALK", "29220765:G:T", "c.3586C>A", "p.Leu1196Met", "L1196M"),
        ("ALK", "29220765:G:A", "c.3586C>T", "p.Leu1196=", "L1196="),
        ("ALK", "29220831:A:G", "c.3520T>C", "p.Phe1174Leu", "F1174L"),
        ("ALK", "29220829:G:T", "c.3522C>A", "p.Phe1174Leu", "F1174L"),
        ("ALK", "29222347:A:T", "c.3512T>A", "p.Ile1171Asn", "I1171N"),
        ("ALK", "29209816:C:G", "c.3806G>C", "p.Gly1269Ala", "G1269A"),
        ("ALK", "29209817:C:A", "c.3805G>T", "p.Gly1269Ter", "G1269*"),
        ("ALK", "29209816:CC:GA", "c.3805_3806delinsTC", "p.Gly1269Ser", "G1269S"),
        ("ALK", "29209798:C:T", "c.3824G>A", "p.Arg1275Gln", "R1275Q"),
        ("KRAS", "25245350:C:T", "c.35G>A", "p.Gly12Asp", "G12D"),
        ("KRAS", "25227341:T:G", "c.183A>C", "p.Gln61His", "Q61H"),
        ("EGFR", "55191822:T:G", "c.2573T>G", "p.Leu858Arg", "L858R"),
        ("EGFR", "55181378:C:T", "c.2369C>T", "p.Thr790Met", "T790M"),
        ("EGFR", "55174771:AGGAATTAAGAGAAGC:A", "c.2235_2249del", "p.Glu746_Ala750del", "E746_A750del"),
        ("EGFR", "55174772:GGAATTAAGAGAAGCA:G", "c.2236_2250del", "p.Glu746_Ala750del", "E746_A750del"),
    ],
)
def test_published_names(
    named: Callable[[str], NamedTranscript], gene: str, allele: str, *, hgvs_c: str, hgvs_p: str, short: str
) -> None:
    pos, ref, alt = allele.split(":")
    variant = SmallVariant(transcript(gene).chrom, int(pos), ref, alt)
    names = named(gene).describe(variant)
    assert (names.hgvs_c, names.hgvs_p, names.short) == (hgvs_c, hgvs_p, short)
    assert named(gene).allele(hgvs_c) == variant


def test_insertion_of_the_codon_before_is_a_duplication(named: Callable[[str], NamedTranscript]) -> None:
    # T1151dup: 5'-ACG|ACG-CTG on the transcript; written by its left neighbour on the plus strand
    alk = named("ALK")
    allele = alk.allele("c.3451_3453dup")
    names = alk.describe(allele)
    assert names.hgvs_p == "p.Thr1151dup"
    assert names.variant_type is VariantType.DUPLICATION
    assert names.consequence is Consequence.INFRAME_INSERTION
    assert alk.describe(alk.allele("c.3453_3454insACG")).hgvs_p == "p.Thr1151dup"


@pytest.mark.parametrize(
    ("gene", "hgvs_c", "consequence", "exon"),
    [
        ("ALK", "c.3515+1G>A", Consequence.SPLICE_SITE, 22),
        ("ALK", "c.3516-2A>G", Consequence.SPLICE_SITE, 23),
        ("ALK", "c.3516-7T>C", Consequence.SPLICE_REGION, 23),
        ("ALK", "c.3515+60T>C", Consequence.INTRON, None),
        ("ALK", "c.-5C>T", Consequence.UTR, 1),
        ("ALK", "c.*3C>T", Consequence.UTR, 29),
    ],
)
def test_names_outside_the_coding_sequence(
    named: Callable[[str], NamedTranscript],
    gene: str,
    hgvs_c: str,
    consequence: Consequence,
    exon: int | None,
) -> None:
    chosen = named(gene)
    written = hgvs_c
    for base in "ACGT":  # the filler decides which base stands there
        try:
            allele = chosen.allele(re.sub(r"[ACGT]>[ACGT]", f"{base}>{'A' if base != 'A' else 'C'}", written))
        except ValueError:
            continue
        names = chosen.describe(allele)
        assert names.hgvs_c.split(base + ">")[0] == written.split(">")[0][:-1]
        assert (names.consequence, names.exon) == (consequence, exon)
        assert names.hgvs_p == ("p.?" if consequence is Consequence.SPLICE_SITE else None)
        return
    pytest.fail("no base fits")


# --- both strands, exon borders, stops: a gene small enough to check by eye ----------------------
UTR5, UTR3 = "CC", "GATAGCC"
EXONS = ("ATGAAACTGA", "AGAATCATTAA")
INTRON = "GTAAGTTTCAG"
PLUS_GENE = "TT" + UTR5 + EXONS[0] + INTRON + EXONS[1] + UTR3 + "TT"
SPANS = ((2, 14), (25, 43))
CDS = (4, 36)
# Met Lys Leu Lys Asn His Ter; the fourth codon is split A|AG


def small(strand: str) -> NamedTranscript:
    size = len(PLUS_GENE)
    if strand == "+":
        genome, spans, cds = PLUS_GENE, [*SPANS], CDS
    else:
        genome = PLUS_GENE.translate(str.maketrans("ACGT", "TGCA"))[::-1]
        spans = [(size - end, size - start) for start, end in SPANS]
        cds = (size - CDS[1], size - CDS[0])
    exons = tuple(Exon(i, *span) for i, span in enumerate(spans, start=1))
    return NamedTranscript(Transcript("S", "T", "c", strand, exons, *cds), lambda _, s, e: genome[s:e])


def test_protein_of_both_strands() -> None:
    assert small("+").protein == small("-").protein == "MKLKNH*"


@pytest.mark.parametrize("strand", ["+", "-"])
@pytest.mark.parametrize(
    ("hgvs_c", "again", "hgvs_p", "consequence"),
    [
        ("c.4A>T", "c.4A>T", "p.Lys2Ter", Consequence.STOP_GAINED),
        ("c.1A>G", "c.1A>G", "p.Met1?", Consequence.START_LOST),
        # ATG AAC TGA
        ("c.4del", "c.6del", "p.Lys2AsnfsTer2", Consequence.FRAMESHIFT),
        # ATG AAA ACT GAA GAA TCA TTA AGA TAG
        ("c.4dup", "c.6dup", "p.Leu3ThrfsTer7", Consequence.FRAMESHIFT),
        # the last base of exon 1 and the first of exon 2 are both A: a deletion stays in its exon
        ("c.10del", "c.10del", "p.Lys4ArgfsTer?", Consequence.FRAMESHIFT),
        ("c.11del", "c.11del", "p.Lys4ArgfsTer?", Consequence.FRAMESHIFT),
        # the intron begins with G: the insertion moves into it
        ("c.10_10+1insGGG", "c.10+1_10+2insGGG", "p.?", Consequence.SPLICE_SITE),
        ("c.7_9del", "c.7_9del", "p.Leu3del", Consequence.INFRAME_DELETION),
        ("c.4_6dup", "c.4_6dup", "p.Lys2dup", Consequence.INFRAME_INSERTION),
        # ATG AAA CTG AAG AAT CAT TAC GAT AGC C
        ("c.21A>C", "c.21A>C", "p.Ter7TyrextTer?", Consequence.STOP_LOST),
        ("c.21A>G", "c.21A>G", "p.Ter7=", Consequence.SYNONYMOUS),
        ("c.15_16insGGA", "c.15_16insGGA", "p.Asn5_His6insGly", Consequence.INFRAME_INSERTION),
        # ATG AAA CTA GAA TCA TTA AGA TAG
        ("c.9_10del", "c.9_10del", "p.Lys4GlufsTer5", Consequence.FRAMESHIFT),
        # the same bases: GA|G without AG or without GA, the donor GT stays
        ("c.10_10+1del", "c.9_10del", "p.Lys4GlufsTer5", Consequence.FRAMESHIFT),
        ("c.9_10+2del", "c.9_10+2del", "p.?", Consequence.SPLICE_SITE),
        ("c.10+1G>A", "c.10+1G>A", "p.?", Consequence.SPLICE_SITE),
        ("c.11-1G>A", "c.11-1G>A", "p.?", Consequence.SPLICE_SITE),
        # the middle base of an odd intron counts from the exon before it
        ("c.10+6T>A", "c.10+6T>A", None, Consequence.SPLICE_REGION),
        ("c.11-5T>A", "c.11-5T>A", None, Consequence.SPLICE_REGION),
        # ...TTTCAG|A with another CAG: the acceptor AG stays
        ("c.11-3_11-1dup", "c.11-3_11-1dup", None, Consequence.SPLICE_REGION),
        ("c.11-2del", "c.11-2del", "p.?", Consequence.SPLICE_SITE),
        ("c.-1C>T", "c.-1C>T", None, Consequence.UTR),
        ("c.*1G>T", "c.*1G>T", None, Consequence.UTR),
    ],
)
def test_small_gene(
    strand: str, hgvs_c: str, again: str, hgvs_p: str | None, consequence: Consequence
) -> None:
    gene = small(strand)
    names = gene.describe(gene.allele(hgvs_c))
    assert (names.hgvs_c, names.hgvs_p, names.consequence) == (again, hgvs_p, consequence)


def test_reference_allele_must_be_that_of_the_genome(named: Callable[[str], NamedTranscript]) -> None:
    with pytest.raises(ValueError, match="chr2:29220747:A:T: the genome shows C there"):
        named("ALK").describe(SmallVariant("chr2", 29_220_747, "A", "T"))


@pytest.mark.parametrize(
    ("hgvs_c", "message"),
    [
        ("c.3604T>A", "shows G there, not T; another transcript or a misprint"),
        ("c.9999G>A", "ALK has no base"),
        ("3604G>A", "not a coding change"),
        ("c.3606_3604del", "not in order"),
        ("g.29220747C>T", "not a coding change"),
        ("c.3516+1G>A", "no exon of .* ends there"),
        ("c.3515-1G>A", "no exon of .* ends there"),
    ],
)
def test_coding_names_that_do_not_fit(
    named: Callable[[str], NamedTranscript], hgvs_c: str, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        named("ALK").allele(hgvs_c)


def test_a_genome_of_n_gives_no_protein_name() -> None:
    model = transcript("ALK")
    blank = NamedTranscript(model, lambda _, start, end: "N" * (end - start))
    names = blank.describe(SmallVariant("chr2", 29_220_747, "C", "T"))
    assert (names.hgvs_c, names.hgvs_p, names.codon) == ("c.3604G>A", "p.?", 1202)
    assert names.consequence is Consequence.UNKNOWN


# --- real sequence -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real_fetch(real_data: Path) -> Fetch:
    return segment_fetch(real_data / "reference" / "grch38_known_segments.fa.gz")


@pytest.mark.real
def test_every_published_alk_mutation(real_data: Path, real_fetch: Fetch) -> None:
    alk = NamedTranscript(transcript("ALK"), real_fetch)
    assert len(alk.protein) == 1621
    assert "X" not in alk.protein
    table = real_data.parent / "knowledge" / "alk_mutations.tsv"
    checked = 0
    with table.open() as stream:
        for row in csv.DictReader(stream, delimiter="\t"):
            alleles = re.split(r"\s*\|\s*", row["grch38"])
            for hgvs_c, place in zip(re.split(r"\s*\|\s*", row["hgvs_c"]), alleles, strict=True):
                match = re.fullmatch(r"chr2:(\d+)([ACGT]+)>([ACGT]+)", place)
                if match is None:
                    continue
                allele = SmallVariant("chr2", int(match[1]), match[2], match[3])
                names = alk.describe(allele)
                assert (names.hgvs_c, names.hgvs_p) == (hgvs_c, row["protein_3"])
                assert (names.codon, names.exon) == (int(row["codon"]), int(row["exon"]))
                assert alk.allele(hgvs_c) == allele
                checked += 1
    assert checked > 60


@pytest.mark.real
@pytest.mark.parametrize(
    ("hgvs_c", "again", "hgvs_p"),
    [
        # names of COSMIC and ClinVar
        ("c.2235_2249del", "c.2235_2249del", "p.Glu746_Ala750del"),
        ("c.2240_2254del", "c.2240_2254del", "p.Leu747_Thr751del"),
        ("c.2239_2248delinsC", "c.2239_2248delinsC", "p.Leu747_Ala750delinsPro"),
        ("c.2303_2311dup", "c.2303_2311dup", "p.Ser768_Asp770dup"),
        ("c.2311_2312insGCGTGGACA", "c.2303_2311dup", "p.Ser768_Asp770dup"),
        ("c.2300_2308dup", "c.2300_2308dup", "p.Ala767_Val769dup"),
        ("c.2310_2311insGGT", "c.2310_2311insGGT", "p.Asp770_Asn771insGly"),
    ],
)
def test_published_egfr_indels(real_fetch: Fetch, hgvs_c: str, again: str, hgvs_p: str) -> None:
    egfr = NamedTranscript(transcript("EGFR"), real_fetch)
    names = egfr.describe(egfr.allele(hgvs_c))
    assert (names.hgvs_c, names.hgvs_p) == (again, hgvs_p)


@pytest.mark.real
def test_t1151dup_on_the_real_sequence(real_fetch: Fetch) -> None:
    alk = NamedTranscript(transcript("ALK"), real_fetch)
    names = alk.describe(alk.allele("c.3451_3453dup"))
    assert names.hgvs_p == "p.Thr1151dup"
    assert names.short == "T1151dup"
