"""Our consequences against those of an independent tool, `bcftools csq`, and the reading of its output."""

import random
import re
import subprocess
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import pysam
import pytest
from gene_facts import gene_models
from present_values import present

from alktrace.annotate import consequences
from alktrace.annotate.consequences import (
    NO_GENOTYPE,
    REFERENCE_GENOTYPE,
    VcfVariant,
    annotated_variants,
    choose_gene,
    csq_consequence,
    read_variants,
    reconcile,
    structural_records,
)
from alktrace.annotate.hgvs import NamedTranscript
from alktrace.errors import DataError
from alktrace.io.unreadable import problems_of_data
from alktrace.reference.gene_models import Exon, GeneModels, Transcript, reverse_complement
from alktrace.reference.gff3 import write_gff3
from alktrace.vocabulary.changes import Consequence
from alktrace.vocabulary.variant import SmallVariant

MARGIN = 10
GENES = 24


def random_gene(name: str, dice: random.Random, strand: str) -> tuple[str, Transcript]:
    """Make a gene of four exons; the first and last carry untranslated bases."""
    stops = {"TAA", "TAG", "TGA"}
    codons = [c for c in ("".join(dice.choices("ACGT", k=3)) for _ in range(90)) if c not in stops]
    coding = "ATG" + "".join(codons) + "TAG"
    cuts = [0, *sorted(dice.sample(range(40, len(coding) - 40, 23), 3)), len(coding)]
    genome = "".join(dice.choices("ACGT", k=20))
    spans = []
    for i, (first, last) in enumerate(pairwise(cuts)):
        start = len(genome) - (12 if i == 0 else 0)
        genome += coding[first:last]
        spans.append((start, len(genome) + (12 if i == 3 else 0)))
        genome += (
            "".join(dice.choices("ACGT", k=20))
            if i == 3
            else "GT" + "".join(dice.choices("ACGT", k=40)) + "AG"
        )
    cds = (20, spans[3][1] - 12)
    if strand == "-":
        size = len(genome)
        genome = reverse_complement(genome)
        spans = [(size - end, size - start) for start, end in spans]
        cds = (size - cds[1], size - cds[0])
    exons = tuple(Exon(i, *span) for i, span in enumerate(spans, start=1))
    return genome, Transcript(f"G{name}", f"T{name}", f"c{name}", strand, exons, *cds)


def random_variants(genome: str, chrom: str, dice: random.Random) -> set[SmallVariant]:
    found = set()
    for _ in range(80):
        pos, size = dice.randrange(10, len(genome) - 12), dice.randint(1, 7)
        kind = dice.choice(["snv", "snv", "mnv", "deletion", "insertion", "duplication"])
        ref = genome[pos - 1]
        alt = dice.choice([b for b in "ACGT" if b != ref])
        if kind == "mnv":
            ref = genome[pos - 1 : pos + 1]
            alt = alt + dice.choice([b for b in "ACGT" if b != ref[1]])
        elif kind == "deletion":
            ref, alt = genome[pos - 1 : pos + size], genome[pos - 1]
        elif kind == "insertion":
            alt = ref + "".join(dice.choices("ACGT", k=size))
        elif kind == "duplication":
            alt = ref + genome[pos : pos + size]
        found.add(SmallVariant(chrom, pos, ref, alt))
    return found


Annotated = tuple[list[VcfVariant], dict[str, str], GeneModels]


@pytest.fixture(scope="module")
def annotated(tmp_path_factory: pytest.TempPathFactory) -> Annotated:
    folder = tmp_path_factory.mktemp("csq")
    dice = random.Random(20)
    genomes, models, lines = {}, {}, []
    for i in range(GENES):
        genome, model = random_gene(str(i), dice, "+-"[i % 2])
        genomes[model.chrom], models[model.gene] = genome, model
        variants = sorted(random_variants(genome, model.chrom, dice), key=lambda a: (a.pos, a.ref, a.alt))
        lines += [f"{a.chrom}\t{a.pos}\t.\t{a.ref}\t{a.alt}\t.\tPASS\t.\n" for a in variants]
    contigs = "".join(f"##contig=<ID={name},length={len(g)}>\n" for name, g in genomes.items())
    (folder / "in.vcf").write_text(
        f"##fileformat=VCFv4.2\n{contigs}#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n" + "".join(lines)
    )
    (folder / "g.fa").write_text("".join(f">{name}\n{g}\n" for name, g in genomes.items()))
    pysam.faidx(str(folder / "g.fa"))
    write_gff3(GeneModels(models), folder / "g.gff3")
    found = annotated_variants(folder / "in.vcf", fasta=folder / "g.fa", gff3=folder / "g.gff3")
    return found, genomes, GeneModels(models)


def far_from_borders(model: Transcript, allele: SmallVariant) -> bool:
    """Tell whether no exon border, start or stop lies near, where placing an indel matters."""
    borders = [b for e in model.exons for b in (e.start, e.end)] + [model.cds_start or 0, model.cds_end or 0]
    return all(abs(border - allele.pos) > MARGIN + len(allele.ref) + len(allele.alt) for border in borders)


def between(genome: str, _: str, start: int, end: int) -> str:
    return genome[start:end]


def test_same_consequence_as_bcftools(annotated: Annotated) -> None:
    variants, genomes, models = annotated
    compared = {"substitution": 0, "indel": 0}
    for variant in variants:
        allele = variant.allele
        model = models.by_gene["G" + allele.chrom[1:]]
        genome = genomes[allele.chrom]
        names = NamedTranscript(model, partial(between, genome)).describe(allele)
        theirs = csq_consequence(variant, model)
        substitution = len(allele.ref) == len(allele.alt)
        first, last = min(e.start for e in model.exons), max(e.end for e in model.exons)
        if not first < allele.pos <= last or not (substitution or far_from_borders(model, allele)):
            continue
        if theirs is Consequence.INTRON and names.consequence is Consequence.SPLICE_SITE:
            continue  # the tool names no splice site beside the leftmost exon of a transcript
        if names.consequence is Consequence.STOP_GAINED and len(allele.ref) == 2:
            continue  # it calls a stop in the second codon of an MNV missense
        compared["substitution" if substitution else "indel"] += 1
        assert not reconcile(names.consequence, theirs)[1], (allele.key, model.strand, names, variant.csq)
    assert compared["substitution"] > 500
    assert compared["indel"] > 150


@pytest.mark.parametrize(
    ("own", "csq", "reported", "differs"),
    [
        (Consequence.MISSENSE, Consequence.MISSENSE, Consequence.MISSENSE, False),
        (Consequence.MISSENSE, None, Consequence.MISSENSE, False),
        (Consequence.INFRAME_DELINS, Consequence.INFRAME_DELETION, Consequence.INFRAME_DELINS, False),
        (Consequence.FRAMESHIFT, Consequence.STOP_GAINED, Consequence.FRAMESHIFT, False),
        (Consequence.UNKNOWN, Consequence.MISSENSE, Consequence.MISSENSE, False),
        (Consequence.MISSENSE, Consequence.SYNONYMOUS, Consequence.MISSENSE, True),
    ],
)
def test_reconcile(own: Consequence, csq: Consequence | None, reported: Consequence, differs: bool) -> None:
    assert reconcile(own, csq) == (reported, differs)


def test_chosen_gene_is_the_one_with_coding_bases() -> None:
    models = gene_models()
    inner = replace(
        models.by_gene["KRAS"], gene="AAA", chrom="chr2", exons=(Exon(1, 29_220_000, 29_222_000),),
        cds_start=None, cds_end=None,
    )  # fmt: skip
    both = GeneModels({**models.by_gene, "AAA": inner})
    assert present(choose_gene(SmallVariant("chr2", 29_220_747, "C", "T"), both)).gene == "ALK"
    assert present(choose_gene(SmallVariant("chr2", 29_221_500, "C", "T"), both)).gene == "AAA"
    assert choose_gene(SmallVariant("chr1", 5, "C", "T"), both) is None


# --- fields ----------------------------------------------------------------------------------

HEADER = """##fileformat=VCFv4.2
##contig=<ID=chr2,length=242193529>
##FILTER=<ID=noise,Description="x">
##INFO=<ID=BCSQ,Number=.,Type=String,Description="x">
##INFO=<ID=AF,Number=A,Type=Float,Description="x">
##FORMAT=<ID=GT,Number=1,Type=String,Description="x">
##FORMAT=<ID=DP,Number=1,Type=Integer,Description="x">
##FORMAT=<ID=AD,Number=R,Type=Integer,Description="x">
##FORMAT=<ID=AF,Number=A,Type=Float,Description="x">
##FORMAT=<ID=ADX,Number=A,Type=Integer,Description="x">
"""


def vcf(tmp_path: Path, *lines: str, sample: bool = True) -> Path:
    columns = [
        "#CHROM",
        "POS",
        "ID",
        "REF",
        "ALT",
        "QUAL",
        "FILTER",
        "INFO",
        *(["FORMAT", "s"] if sample else []),
    ]
    path = tmp_path / "x.vcf"
    path.write_text(
        HEADER + "\t".join(columns) + "\n" + "".join(line.replace(" ", "\t") + "\n" for line in lines)
    )
    return path


def test_fields_of_our_own_vcf(tmp_path: Path) -> None:
    bcsq = "BCSQ=missense|ALK|ENST00000389048|protein_coding|-|1202G>1202R|29220747C>T"
    path = vcf(tmp_path, f"chr2 29220747 . C T 50 noise {bcsq} GT:DP:AD:AF:ADX 0/1:1000:994,6:0.006:2")
    (variant,) = read_variants(path)
    assert variant.allele.key == "chr2:29220747:C:T"
    assert (variant.alt_molecules, variant.total_molecules, variant.duplex_alt) == (6, 1000, 2)
    assert variant.vaf == pytest.approx(0.006)
    assert variant.filters == ("noise",)
    assert csq_consequence(variant, gene_models().by_gene["ALK"]) is Consequence.MISSENSE


def test_foreign_vcf_without_samples(tmp_path: Path) -> None:
    (variant,) = read_variants(vcf(tmp_path, "chr2 29220747 . C T . PASS AF=0.012", sample=False))
    assert variant.vaf == pytest.approx(0.012)
    assert (variant.alt_molecules, variant.filters, variant.csq) == (None, (), ())


def test_vaf_from_counts_where_there_is_no_af(tmp_path: Path) -> None:
    (variant,) = read_variants(vcf(tmp_path, "chr2 29220747 . C T . . . GT:AD 0/1:990,10"))
    assert variant.vaf == pytest.approx(0.01)
    assert variant.total_molecules == 1000


@pytest.mark.parametrize("cells", ["AF=0.5 GT:AD 0/1:990,10", "AF=0.5 GT:AD:AF 0/1:1,1:0.01"])
def test_af_of_info_beside_a_sample_is_no_vaf(tmp_path: Path, cells: str) -> None:
    """It is that of the genotype, or of a population."""
    (variant,) = read_variants(vcf(tmp_path, f"chr2 29220747 . C T . PASS {cells}"))
    assert variant.vaf == pytest.approx(0.01)
    (variant,) = read_variants(vcf(tmp_path, "chr2 29220747 . C T . PASS AF=0.5 GT 0/1"))
    assert variant.vaf is None


@pytest.mark.parametrize("cells", ["GT 0/0", "GT:AD 0/0:300,0", "GT:AF ./.:0", "AD 300,0", "GT:AD 0:300,0"])
def test_what_was_looked_for_and_not_found_is_no_variant(tmp_path: Path, cells: str) -> None:
    """Callers of hotspots list every place that they looked at, with FILTER PASS."""
    assert list(read_variants(vcf(tmp_path, f"chr2 29220747 . C T . PASS . {cells}"))) == []


@pytest.mark.parametrize(
    ("cells", "filters"),
    [
        ("GT:AD 0/0:990,10", (REFERENCE_GENOTYPE,)),
        ("GT ./.", (NO_GENOTYPE,)),
        ("GT:AD ./.:990,10", ()),
        ("GT 1", ()),
        ("GT .|1", ()),
    ],
)
def test_a_genotype_without_the_allele_is_no_call(
    tmp_path: Path, cells: str, filters: tuple[str, ...]
) -> None:
    (variant,) = read_variants(vcf(tmp_path, f"chr2 29220747 . C T . PASS . {cells}"))
    assert variant.filters == filters


def test_of_several_samples_nobody_knows_which_is_the_tumour(tmp_path: Path) -> None:
    path = vcf(tmp_path, "chr2 29220747 . C T . PASS . GT 0/0\t0/1")
    path.write_text(path.read_text().replace("FORMAT\ts", "FORMAT\tnormal\ttumour"))
    with pytest.raises(ValueError, match="columns of 2 samples: normal, tumour"):
        list(read_variants(path))


def test_breakends_and_symbols_are_no_small_variants(tmp_path: Path) -> None:
    path = vcf(
        tmp_path,
        "chr2 29220747 . C <DEL> . PASS . GT 0/1",
        "chr2 29220748 . C C[chr2:42299750[ . PASS . GT 0/1",
        "chr2 29220749 . C . . PASS . GT 0/0",
    )
    assert list(read_variants(path)) == []
    assert structural_records(path) == 2, "of which a report says that it has them"


HEAD = "##fileformat=VCFv4.2\n##contig=<ID=c,length=9>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("gene\thgvs_p\n", "unknown file type"),
        (HEAD + "c\t2\t.\tA\tT\t.\t.\t.\n", "Reference allele mismatch at c:2"),
        (HEAD + "c\tx\t.\tA\tT\t.\t.\t.\n", "Could not parse"),
    ],
    ids=["no VCF", "another genome", "a damaged line"],
)
def test_what_bcftools_refuses_names_the_file(tmp_path: Path, text: str, said: str) -> None:
    given = tmp_path / "x.vcf"
    given.write_text(text)
    (tmp_path / "g.fa").write_text(">c\nACGTACGTA\n")
    (tmp_path / "g.gff3").write_text("##gff-version 3\n")
    with pytest.raises(DataError, match="give a VCF or BCF of calls on the genome") as caught:
        annotated_variants(given, fasta=tmp_path / "g.fa", gff3=tmp_path / "g.gff3")
    assert str(caught.value).startswith(f"{given}: ") and said in str(caught.value)


def test_several_alternatives_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "x.vcf").write_text(HEAD + "c\t2\t.\tC\tT,G\t.\t.\t.\n")
    (tmp_path / "g.fa").write_text(">c\nACGTACGTA\n")
    _, model = random_gene("1", random.Random(3), "+")
    write_gff3(GeneModels({model.gene: model}), tmp_path / "g.gff3")
    found = annotated_variants(tmp_path / "x.vcf", fasta=tmp_path / "g.fa", gff3=tmp_path / "g.gff3")
    assert [variant.allele.alt for variant in found] == ["T", "G"]


def test_a_full_disk_is_no_fault_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        out = re.search(r"/\S*normalised.bcf", command[-1])
        return subprocess.CompletedProcess(command, 1, "", f"Error: cannot write to {present(out)[0]}\n")

    monkeypatch.setattr("subprocess.run", full)
    with pytest.raises(DataError, match="cannot write") as caught:
        annotated_variants(tmp_path / "x.vcf", fasta=tmp_path / "g.fa", gff3=tmp_path / "g.gff3")
    assert problems_of_data(caught.value, [tmp_path / "x.vcf"]) == ()


def test_a_bcftools_that_is_killed_is_no_fault_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consequences, "BCFTOOLS", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    with pytest.raises(DataError, match=r"^bcftools: ended with status -9; run again") as caught:
        annotated_variants(tmp_path / "x.vcf", fasta=tmp_path / "g.fa", gff3=tmp_path / "g.gff3")
    assert problems_of_data(caught.value, [tmp_path / "x.vcf"]) == ()
