"""The demo genome against the facts it was built from, with samtools and bcftools as judges."""

import filecmp
import shutil
import subprocess
from itertools import groupby
from pathlib import Path

import bcftools_csq
import numpy as np
import pysam
import pytest
from hypothesis import given
from hypothesis import strategies as st
from present_values import present

from alktrace.demo import made_genome
from alktrace.demo.facts import load_facts
from alktrace.demo.genome_files import ReferenceFiles, write_genome
from alktrace.demo.made_genome import GENETIC_CODE, Genome, back_translate, build_genome
from alktrace.demo.planted import PlantedVariant, duplication, substitution

FACTS = load_facts()


@pytest.fixture(scope="module")
def genome() -> Genome:
    return build_genome(FACTS, seed=11)


@pytest.fixture(scope="module")
def files(genome: Genome, tmp_path_factory: pytest.TempPathFactory) -> ReferenceFiles:
    return write_genome(genome, tmp_path_factory.mktemp("reference"))


def csq(files: ReferenceFiles, variants: str) -> list[str]:
    """Annotate VCF body lines with bcftools csq; return BCSQ per record."""
    path = files.fasta.parent / "in.vcf"
    head = "##fileformat=VCFv4.2\n" + "".join(
        f"##contig=<ID={name},length={length}>\n" for name, length in FACTS.chromosomes.items()
    )
    path.write_text(head + "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n" + variants)
    return bcftools_csq.csq(path, fasta=files.fasta, gff3=files.gff3)


def vcf_line(variant: PlantedVariant) -> str:
    return f"{variant.chrom}\t{variant.pos + 1}\t.\t{variant.ref}\t{variant.alt}\t.\t.\t.\n"


@pytest.mark.parametrize("name", sorted(FACTS.genes))
def test_coding_sequence_of_the_sparse_genome_translates_to_the_protein(
    name: str, files: ReferenceFiles
) -> None:
    gene = FACTS.genes[name]
    with pysam.FastaFile(str(files.fasta)) as fasta:
        exons = [fasta.fetch(gene.chrom, e.cds_start, e.cds_end) for e in gene.exons if e.cds_start]
    if gene.strand == "-":
        exons = [exon.translate(str.maketrans("ACGT", "TGCA"))[::-1] for exon in exons]
    sequence = "".join(exons)
    protein = "".join(GENETIC_CODE[sequence[i : i + 3]] for i in range(0, len(sequence), 3))
    assert protein == gene.protein + "*"


def test_known_codons_are_real(genome: Genome) -> None:
    for name, known in FACTS.codons.items():
        gene = genome.genes[name]
        for number, codon in known.items():
            positions = gene.coding_positions[3 * number - 3 : 3 * number]
            seen = "".join(genome.fetch(gene.chrom, pos, pos + 1) for pos in positions)
            if gene.strand == "-":
                seen = seen.translate(str.maketrans("ACGT", "TGCA"))
            assert seen == codon, (name, number)


# Coordinates and names from the literature: GRCh38 positions of CIViC and of the gene model tables.
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param("chr2\t29220747\t.\tC\tT\t.\t.\t.\n", "1202G>1202R", id="ALK-G1202R"),
        pytest.param("chr2\t29220765\t.\tG\tT\t.\t.\t.\n", "1196L>1196M", id="ALK-L1196M"),
        pytest.param("chr2\t29222347\t.\tA\tT\t.\t.\t.\n", "1171I>1171N", id="ALK-I1171N"),
        pytest.param("chr12\t25245350\t.\tC\tT\t.\t.\t.\n", "12G>12D", id="KRAS-G12D"),
        pytest.param("chr7\t140753336\t.\tA\tT\t.\t.\t.\n", "600V>600E", id="BRAF-V600E"),
        pytest.param("chr7\t55191822\t.\tT\tG\t.\t.\t.\n", "858L>858R", id="EGFR-L858R"),
        pytest.param("chr3\t179234297\t.\tA\tG\t.\t.\t.\n", "1047H>1047R", id="PIK3CA-H1047R"),
        pytest.param("chr17\t7675088\t.\tC\tT\t.\t.\t.\n", "175R>175H", id="TP53-R175H"),
    ],
)
def test_bcftools_names_published_variants(line: str, expected: str, files: ReferenceFiles) -> None:
    (found,) = csq(files, line)
    assert found.split("|")[5] == expected


def test_variants_from_coding_positions(genome: Genome, files: ReferenceFiles) -> None:
    variants = [
        substitution(genome, "ALK", "p.Gly1202Arg", 3604, "G>A"),
        substitution(genome, "ALK", "p.Gly1269Ser", 3805, "GG>TC"),
        duplication(genome, "ALK", "p.Thr1151dup", 3451, 3453),
        substitution(genome, "NF2", "p.Arg341Ter", 1021, "C>T"),
    ]
    assert variants[0].pos + 1 == 29220747
    assert [variant.name for variant in variants] == ["G1202R", "G1269S", "T1151dup", "R341*"]
    found = csq(files, "".join(map(vcf_line, sorted(variants, key=lambda v: (v.chrom != "chr2", v.pos)))))
    names = [item.split("|")[5] for item in found]
    assert names[0] == "1269G>1269S"
    assert names[1] == "1202G>1202R"
    assert names[2] == "1152L>1152TL"  # csq names an insertion: a second T1151 before L1152
    assert names[3] == "341R>341*"


def test_a_wrong_reference_base_is_refused(genome: Genome) -> None:
    with pytest.raises(ValueError, match="genome has C on the plus strand, not T"):
        substitution(genome, "KRAS", "p.Gly12Asp", 35, "A>T")


def test_polymorphisms_change_no_protein_and_lie_on_targets(genome: Genome, files: ReferenceFiles) -> None:
    with pysam.VariantFile(str(files.polymorphisms)) as stream:
        lines = [f"{r.chrom}\t{r.pos}\t.\t{r.ref}\t{present(r.alts)[0]}\t.\t.\t.\n" for r in stream]
    found = csq(files, "".join(lines))
    assert len(lines) >= 24
    kinds = {item.split("|")[0] for item in found}
    assert kinds == {"synonymous", "intron"}
    for site in genome.polymorphisms:
        assert any(t.chrom == site.chrom and t.start <= site.pos < t.end for t in genome.targets)


def test_sparse_index_equals_that_of_samtools(files: ReferenceFiles, tmp_path: Path) -> None:
    small = build_small(tmp_path)
    copy = tmp_path / "copy.fa.gz"
    shutil.copy(small, copy)
    subprocess.run(["samtools", "faidx", copy], check=True)
    assert filecmp.cmp(f"{copy}.fai", f"{small}.fai", shallow=False)
    assert filecmp.cmp(f"{copy}.gzi", f"{small}.gzi", shallow=False)
    with pysam.FastaFile(str(files.fasta)) as fasta:
        assert dict(zip(fasta.references, fasta.lengths, strict=True)) == {
            name: FACTS.chromosomes[name] for name in fasta.references
        }
        assert fasta.fetch("chr2", 1000, 1010) == "N" * 10


def build_small(folder: Path) -> Path:
    """Write a sparse FASTA of three short chromosomes with loci at block borders."""
    from alktrace.demo.genome_files import BLOCK_BASES, write_sparse_fasta
    from alktrace.demo.made_genome import Locus

    rng = np.random.default_rng(3)
    lengths = {"a": 3 * BLOCK_BASES + 17, "b": 400, "c": BLOCK_BASES}
    loci = [Locus("a", BLOCK_BASES - 5, BLOCK_BASES + 90), Locus("b", 0, 400), Locus("c", 100, 2000)]
    bases = [rng.integers(0, 4, locus.end - locus.start).astype(np.uint8) for locus in loci]
    path = folder / "small.fa.gz"
    write_sparse_fasta(lengths, loci, bases, path)
    with pysam.FastaFile(str(path)) as fasta:
        for locus, sequence in zip(loci, bases, strict=True):
            seen = fasta.fetch(locus.chrom, locus.start, locus.end)
            assert seen == "".join("ACGT"[code] for code in sequence)
    return path


def test_compact_and_sparse_hold_the_same_bases(files: ReferenceFiles) -> None:
    with pysam.FastaFile(str(files.compact)) as compact, pysam.FastaFile(str(files.fasta)) as sparse:
        for name in compact.references:
            chrom, place = name.split(":")
            start, end = (int(part) for part in place.split("-"))
            assert compact.fetch(name) == sparse.fetch(chrom, start - 1, end)


def test_equal_seeds_give_equal_bytes_and_other_seeds_do_not(tmp_path: Path, files: ReferenceFiles) -> None:
    again = write_genome(build_genome(FACTS, seed=11), tmp_path / "again")
    other = write_genome(build_genome(FACTS, seed=12), tmp_path / "other")
    for name in ("fasta", "compact", "gff3", "targets", "polymorphisms"):
        assert getattr(again, name).read_bytes() == getattr(files, name).read_bytes(), name
    assert other.compact.read_bytes() != files.compact.read_bytes()


def test_filler_is_as_drawn_base_by_base() -> None:
    for seed in range(20):
        length = (0, 1, 3, 5, 9, 50)[seed] if seed < 6 else 3000
        rng = np.random.default_rng(seed)
        draws, steps = rng.integers(0, 4, size=length).tolist(), rng.integers(1, 4, size=length).tolist()
        out: list[int] = []
        for base, step in zip(draws, steps, strict=True):
            chosen = base
            while out[-3:] == [chosen] * 3 or (len(out) > 3 and out[-4:] == [chosen, out[-1]] * 2):
                chosen = (chosen + step) % 4 if chosen == base else (chosen + 1) % 4
            out.append(chosen)
        assert made_genome._filler(np.random.default_rng(seed), length).tolist() == out


@given(st.lists(st.text("AC", min_size=3, max_size=3), min_size=1, max_size=4), st.text("AC", max_size=6))
def test_the_codon_with_the_shortest_run_is_taken(options: list[str], before: str) -> None:
    def longest(codon: str) -> int:
        return max(4, *(len(list(run)) for _, run in groupby(f"{before}{codon}CCA")))

    assert made_genome._least_repetitive(options, before, "CCA") == min(options, key=longest)


def test_filler_has_no_long_homopolymers(genome: Genome) -> None:
    alk = genome.fetch("chr2", 29223529, 29225460)
    assert max(len(run) for base in "ACGT" for run in _runs(alk, base)) <= 4


def _runs(sequence: str, base: str) -> list[str]:
    import re

    return re.findall(f"{base}+", sequence)


@pytest.mark.parametrize("protein", ["MKKKKKKKKF", "MGGGGPPPPGGGG", "MFFFFLLLLW"])
def test_back_translation_keeps_the_protein_and_fixed_codons(protein: str) -> None:
    rng = np.random.default_rng(0)
    sequence = back_translate(protein, {1: "ATG"}, rng)
    assert "".join(GENETIC_CODE[sequence[i : i + 3]] for i in range(0, len(sequence), 3)) == protein + "*"


def test_a_codon_of_another_residue_is_refused() -> None:
    with pytest.raises(ValueError, match="codon 2 is GGG"):
        back_translate("MK", {2: "GGG"}, np.random.default_rng(0))
