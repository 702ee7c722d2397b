"""One gene as four sources write it: the models are the same, but for names. Layouts from public examples."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from gene_facts import transcript

from alktrace.checks.target_files import check_gene_models
from alktrace.errors import DataError
from alktrace.reference.contigs import ACCESSIONS, same_contig
from alktrace.reference.gene_lines import ENSEMBL, GENCODE, GTF, REFSEQ, Dialect, dialect_of
from alktrace.reference.gene_models import Transcript
from alktrace.reference.gff3 import read_gff3

STOP = 3
Writer = Callable[[Transcript], Iterator[str]]


def row(chrom: str, kind: str, span: tuple[int, int], strand: str, attributes: str) -> str:
    return "\t".join([chrom, "src", kind, str(span[0] + 1), str(span[1]), ".", strand, ".", attributes])


def coding(model: Transcript, stop: int) -> list[tuple[int, int]]:
    """Coding blocks without the last bases: a stop codon that two exons share loses both of its parts."""
    left, kept = model.cds_length - stop, []
    for start, end in model.cds_blocks:
        size = min(left, end - start)
        left -= size
        if size:
            kept.append((start, start + size) if model.strand == "+" else (end - size, end))
    return kept


def stops(model: Transcript) -> Iterator[tuple[int, int]]:
    """The stop codon, a line for each base: also where an intron splits it."""
    for c in range(model.cds_length - STOP + 1, model.cds_length + 1):
        yield model.genomic_position(c), model.genomic_position(c) + 1


def gencode(model: Transcript) -> Iterator[str]:
    whole, strand, name = (model.start, model.end), model.strand, f"{model.transcript}.8"
    of_gene = f"gene_id=ENSG1.18;gene_type=protein_coding;gene_name={model.gene};level=2"
    yield row(model.chrom, "gene", whole, strand, f"ID=ENSG1.18;{of_gene}")
    head = f"Parent=ENSG1.18;transcript_id={name};transcript_type=protein_coding;{of_gene}"
    tag = "tag=basic,Ensembl_canonical,MANE_Select"
    yield row(model.chrom, "transcript", whole, strand, f"ID={name};{head};{tag}")
    yield row(model.chrom, "transcript", whole, strand, f"ID=ENST9.1;{head};tag=basic")
    yield row(model.chrom, "exon", whole, strand, f"ID=exon:ENST9.1:1;Parent=ENST9.1;{of_gene}")
    for exon in model.exons:
        parent = f"ID=exon:{name}:{exon.number};Parent={name};exon_number={exon.number}"
        yield row(model.chrom, "exon", (exon.start, exon.end), strand, parent)
    for span in coding(model, 0):
        yield row(model.chrom, "CDS", span, strand, f"ID=CDS:{name};Parent={name};{of_gene}")
    for span in stops(model):
        yield row(model.chrom, "stop_codon", span, strand, f"ID=stop_codon:{name};Parent={name}")
    yield row("chrY", "gene", (5, 9), "+", "ID=ENSG1.18_PAR_Y;gene_type=protein_coding;gene_name=PAR")


def refseq(model: Transcript) -> Iterator[str]:
    whole, strand = (model.start, model.end), model.strand
    chrom = next(name for name, bare in ACCESSIONS.items() if f"chr{bare}" == model.chrom)
    yield row(chrom, "region", (0, 9), "+", f"ID={chrom}:1..9;Dbxref=taxon:9606;Name=2;chromosome=2")
    gene = f"ID=gene-{model.gene};Dbxref=GeneID:238,HGNC:HGNC:427;Name={model.gene};description=a, b=c"
    yield row(
        chrom, "gene", whole, strand, f"{gene};gbkey=Gene;gene={model.gene};gene_biotype=protein_coding"
    )
    rna = f"Parent=gene-{model.gene};Dbxref=GeneID:238;gbkey=mRNA;gene={model.gene};product=x"
    yield row(chrom, "mRNA", whole, strand, f"ID=rna-XM_1.3;{rna};Name=XM_1.3")
    yield row(chrom, "exon", whole, strand, f"ID=exon-XM_1.3-1;{rna};Parent=rna-XM_1.3")
    yield row(chrom, "mRNA", whole, strand, f"ID=rna-NM_2.5;{rna};Name=NM_2.5;tag=MANE Select")
    for exon in model.exons:
        ids = f"ID=exon-NM_2.5-{exon.number};Parent=rna-NM_2.5;gbkey=mRNA"
        yield row(chrom, "exon", (exon.start, exon.end), strand, ids)
    for span in coding(model, 0):
        yield row(chrom, "CDS", span, strand, "ID=cds-NP_2.1;Parent=rna-NM_2.5;Name=NP_2.1;gbkey=CDS")


def gtf(model: Transcript, *, names: str, tags: str, transcript_id: str, biotype: str) -> Iterator[str]:
    whole, strand = (model.start, model.end), model.strand
    gene = f'gene_id "G.1"; {names}; {biotype} "protein_coding";'
    yield row(model.chrom, "gene", whole, strand, gene)
    head = f'gene_id "G.1"; transcript_id "{transcript_id}"; {names};'
    note = 'note "two; parts of one note";'
    yield row(model.chrom, "transcript", whole, strand, f"{head} {note} {tags}")
    yield row(model.chrom, "transcript", whole, strand, f'gene_id "G.1"; transcript_id "OTHER.1"; {names};')
    yield row(model.chrom, "exon", whole, strand, 'gene_id "G.1"; transcript_id "OTHER.1"; exon_number 1;')
    for exon in model.exons:
        yield row(model.chrom, "exon", (exon.start, exon.end), strand, f"{head} exon_number {exon.number};")
    for span in coding(model, STOP):
        yield row(model.chrom, "CDS", span, strand, f'{head} ccds_id "C";')
    for span in stops(model):
        yield row(model.chrom, "stop_codon", span, strand, head)
    yield row(model.chrom, "start_codon", (model.start, model.start + 3), strand, head)


def gencode_gtf(model: Transcript) -> Iterator[str]:
    tags = 'tag "basic"; tag "Ensembl_canonical"; tag "MANE_Select";'
    names = f'gene_name "{model.gene}"'
    return gtf(model, names=names, tags=tags, transcript_id=f"{model.transcript}.8", biotype="gene_type")


def ensembl_gtf(model: Transcript) -> Iterator[str]:
    names = f'gene_version "18"; gene_name "{model.gene}"'
    lines = gtf(
        model, names=names, tags='tag "MANE_Select";', transcript_id=model.transcript, biotype="gene_biotype"
    )
    return (line.removeprefix("chr") for line in lines)


def refseq_gtf(model: Transcript) -> Iterator[str]:
    chrom = next(name for name, bare in ACCESSIONS.items() if f"chr{bare}" == model.chrom)
    names = f'db_xref "GeneID:238"; gene "{model.gene}"'
    lines = gtf(model, names=names, tags='tag "MANE Select";', transcript_id="NM_2.5", biotype="gene_biotype")
    return (f"{chrom}\t{line.split(chr(9), 1)[1]}" for line in lines)


SOURCES: dict[str, tuple[Writer, Dialect, str | None]] = {
    "GENCODE": (gencode, GENCODE, None),
    "RefSeq": (refseq, REFSEQ, "NM_2"),
    "GENCODE GTF": (gencode_gtf, GTF, None),
    "Ensembl GTF": (ensembl_gtf, GTF, None),
    "RefSeq GTF": (refseq_gtf, GTF, "NM_2"),
}


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("gene", ["ALK", "KRAS", "EGFR"])
def test_one_gene_of_every_source(tmp_path: Path, source: str, gene: str) -> None:
    """The transcript marked MANE Select, its exons and its coding sequence with the stop codon."""
    write, dialect, name = SOURCES[source]
    model = transcript(gene)
    path = tmp_path / "genes.txt"
    path.write_text("\n".join(["##a comment", *write(model)]) + "\n")
    assert dialect_of(path.read_text().splitlines()) is dialect
    found = read_gff3(path, preferred={}, contigs=[model.chrom]).by_gene
    assert found == {gene: replace(model, transcript=name or model.transcript)}
    assert check_gene_models(path, {model.chrom: 250_000_000}) == []


def test_a_preferred_transcript_goes_before_mane(tmp_path: Path) -> None:
    path = tmp_path / "genes.gff3"
    path.write_text("\n".join(refseq(transcript("ALK"))) + "\n")
    found = read_gff3(path, preferred={"ALK": ["ENST1", "XM_1.9"]}).by_gene
    assert found["ALK"].transcript == "XM_1"


def test_accessions_of_grch38_alone() -> None:
    """Accessions by the assembly reports of the Genome Reference Consortium: GRCh37 has NC_000002.11."""
    assert same_contig("NC_000002.12", ["chr2"]) == "chr2"
    assert same_contig("NC_000023.11", ["X"]) == "X"
    assert same_contig("NC_000002.11", ["chr2", "2"]) is None


def test_ensembl_stays_ensembl() -> None:
    assert dialect_of(["1\te\tncRNA_gene\t1\t9\t.\t+\t.\tID=gene:G1;biotype=lncRNA"]) is ENSEMBL
    assert dialect_of(["##gff-version 3", 'chr1\tx\ttranscript\t1\t9\t.\t+\t.\tgene_id "G"']) is None


def test_a_line_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "genes.gtf"
    path.write_text(
        "\n".join([*gencode_gtf(transcript("KRAS")), "chr12\ts\tgene\t1\t9\t.\t+\t.\tgene_id G;x"])
    )
    with pytest.raises(DataError, match=r"genes\.gtf:\d+: "):
        read_gff3(path, preferred={})
