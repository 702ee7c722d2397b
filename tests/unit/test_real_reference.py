"""Real panel sequence as a reference: same files, real bases."""

from pathlib import Path
from typing import Any

import pysam
import pytest
from bcftools_csq import csq
from real_reference import build_real_reference

from alktrace.demo.facts import load_facts
from alktrace.demo.made_genome import GENETIC_CODE

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def files(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return build_real_reference(data=real_data, out=tmp_path_factory.mktemp("real"))


def test_real_codons_are_those_of_the_demo(files: Any) -> None:
    facts = load_facts()
    with pysam.FastaFile(str(files.fasta)) as fasta:
        for name, known in facts.codons.items():
            gene = facts.genes[name]
            for number, codon in known.items():
                positions = gene.coding_positions[3 * number - 3 : 3 * number]
                seen = "".join(fasta.fetch(gene.chrom, pos, pos + 1) for pos in positions)
                if gene.strand == "-":
                    seen = seen.translate(str.maketrans("ACGT", "TGCA"))
                assert seen == codon, (name, number)


def test_real_coding_sequences_translate_to_the_proteins_of_the_demo(files: Any) -> None:
    facts = load_facts()
    with pysam.FastaFile(str(files.fasta)) as fasta:
        for gene in facts.genes.values():
            parts = [fasta.fetch(gene.chrom, e.cds_start, e.cds_end) for e in gene.exons if e.cds_start]
            if gene.strand == "-":
                parts = [part.translate(str.maketrans("ACGT", "TGCA"))[::-1] for part in parts]
            sequence = "".join(parts)
            protein = "".join(GENETIC_CODE[sequence[i : i + 3]] for i in range(0, len(sequence), 3))
            assert protein[1:] == gene.protein[1:] + "*", gene.name


def test_lengths_are_those_of_a_real_alignment(files: Any, real_data: Path) -> None:
    with (
        pysam.AlignmentFile(str(real_data / "fusion" / "H3122_EML4.bam")) as bam,
        pysam.FastaFile(str(files.fasta)) as fasta,
    ):
        for name, length in zip(fasta.references, fasta.lengths, strict=True):
            assert bam.get_reference_length(name) == length


def test_csq_accepts_the_gene_models(files: Any) -> None:
    path = files.fasta.parent / "in.vcf"
    path.write_text(
        "##fileformat=VCFv4.2\n##contig=<ID=chr7,length=159345973>\n"
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\nchr7\t140753336\t.\tA\tT\t.\t.\t.\n"
    )
    (found,) = csq(path, fasta=files.fasta, gff3=files.gff3)
    assert "600V>600E" in found
