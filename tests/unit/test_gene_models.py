"""Positions, numberings and files of gene models; the truth is published coordinates."""

import csv
import gzip
from pathlib import Path

import pytest
from gene_facts import gene_models, transcript
from present_values import present

from alktrace.errors import DataError
from alktrace.reference.gene_models import Exon, GeneModels, Transcript
from alktrace.reference.gff3 import read_gff3, write_gff3

ALK = transcript("ALK")
KRAS = transcript("KRAS")
EGFR = transcript("EGFR")


@pytest.mark.parametrize(
    ("model", "c", "pos"),
    [
        # published pairs of c. number and 1-based GRCh38 position
        pytest.param(ALK, 1, 29_920_659, id="ALK start codon"),
        pytest.param(ALK, 3604, 29_220_747, id="ALK G1202R"),
        pytest.param(ALK, 3520, 29_220_831, id="ALK F1174 first base"),
        pytest.param(ALK, 3586, 29_220_765, id="ALK L1196M"),
        pytest.param(ALK, 3512, 29_222_347, id="ALK I1171N"),
        pytest.param(ALK, 3824, 29_209_798, id="ALK R1275Q"),
        pytest.param(ALK, 4863, 29_193_224, id="ALK last base of the stop codon"),
        pytest.param(KRAS, 35, 25_245_350, id="KRAS G12D"),
        pytest.param(EGFR, 2573, 55_191_822, id="EGFR L858R"),
        pytest.param(EGFR, 2369, 55_181_378, id="EGFR T790M"),
    ],
)
def test_coding_and_genomic_positions(model: Transcript, c: int, pos: int) -> None:
    assert model.genomic_position(c) == pos - 1
    assert model.coding_position(pos - 1) == c


@pytest.mark.parametrize("gene", ["ALK", "KRAS", "EGFR", "EML4"])
def test_every_coding_base_goes_there_and_back(gene: str) -> None:
    model = transcript(gene)
    positions = [model.genomic_position(c) for c in range(1, model.cds_length + 1)]
    assert [model.coding_position(pos) for pos in positions] == list(range(1, model.cds_length + 1))
    assert len(set(positions)) == model.cds_length
    assert model.cds_length % 3 == 0


def test_protein_lengths() -> None:
    lengths = {gene: transcript(gene).cds_length // 3 - 1 for gene in ("ALK", "EGFR", "EML4", "KRAS")}
    assert lengths == {"ALK": 1620, "EGFR": 1210, "EML4": 981, "KRAS": 188}


def test_codon_split_between_exons() -> None:
    # codon 1172 of ALK ends on exon 22 with two bases and begins exon 23 with one
    assert ALK.codon_positions(1172) == (29_222_344, 29_222_343, 29_220_834)
    assert [present(ALK.exon_at(pos)).number for pos in ALK.codon_positions(1172)] == [22, 22, 23]


@pytest.mark.parametrize("codon", [0, 1622, -3])
def test_codon_outside(codon: int) -> None:
    with pytest.raises(ValueError, match=f"ALK has no codon {codon}"):
        ALK.codon_positions(codon)


@pytest.mark.parametrize("c", [0, -1, 4864])
def test_coding_position_outside(c: int) -> None:
    with pytest.raises(ValueError, match="ALK has no c"):
        ALK.genomic_position(c)


def test_introns_are_named_by_the_exon_before_them() -> None:
    # the ALK breakpoint of the cell line H3122, and EML4's
    assert ALK.intron_at(29_223_741 - 1) == 19
    assert transcript("EML4").intron_at(42_299_750 - 1) == 13
    assert ALK.intron(19) == (29_223_528, 29_225_460)
    assert ALK.intron_at(29_223_528 - 1) is None
    assert ALK.exon_at(29_223_741) is None
    assert ALK.exon(23).length == 130


def test_outside_the_coding_sequence() -> None:
    assert ALK.coding_position(29_920_659) is None  # 5' untranslated
    assert ALK.coding_position(29_223_741) is None  # intron
    assert present(ALK.exon_at(29_920_659)).number == 1


def gene_exons(spans: list[tuple[int, int]]) -> tuple[Exon, ...]:
    return tuple(Exon(i, start, end) for i, (start, end) in enumerate(spans, start=1))


def test_genes_at_finds_nested_and_overlapping_genes() -> None:
    def model(gene: str, start: int, end: int) -> Transcript:
        return Transcript(gene, "T" + gene, "chr1", "+", gene_exons([(start, end)]), start, end)

    models = GeneModels(
        {m.gene: m for m in [model("long", 0, 1000), model("in", 100, 200), model("next", 150, 300)]}
    )
    named = [
        [m.gene for m in models.genes_at("chr1", pos)] for pos in (0, 99, 100, 150, 199, 200, 299, 999, 1000)
    ]
    assert named == [
        ["long"], ["long"], ["long", "in"], ["long", "in", "next"], ["long", "in", "next"],
        ["long", "next"], ["long", "next"], ["long"], [],
    ]  # fmt: skip
    assert models.genes_at("chr9", 5) == ()


def test_json_round_trip_is_exact_and_in_genomic_order(tmp_path: Path) -> None:
    models = gene_models()
    models.save(tmp_path / "a.json")
    loaded = GeneModels.load(tmp_path / "a.json")
    assert loaded.by_gene == models.by_gene
    GeneModels(dict(reversed(loaded.by_gene.items()))).save(tmp_path / "b.json")
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_other_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"format": 99}')
    with pytest.raises(DataError, match=r"x\.json: no gene models"):
        GeneModels.load(tmp_path / "x.json")


# --- GFF3 ------------------------------------------------------------------------------------


def gff3_lines(chrom: str = "2") -> list[str]:
    def line(kind: str, *cells: str | int) -> str:
        start, end, strand, phase, attributes = map(str, cells)
        return "\t".join([chrom, "ensembl", kind, start, end, ".", strand, phase, attributes])

    return [
        "##gff-version 3",
        "##sequence-region 2 1 242193529",
        line("gene", 101, 900, "-", ".", "ID=gene:ENSG1;Name=ABC;biotype=protein_coding;version=3"),
        line("mRNA", 101, 900, "-", ".",
             "ID=transcript:ENST1;Parent=gene:ENSG1;Name=ABC-201;biotype=protein_coding;"
             "tag=basic,Ensembl_canonical,MANE_Select;transcript_id=ENST1;version=8"),
        line("exon", 701, 900, "-", ".", "Parent=transcript:ENST1;Name=E1;rank=1"),
        line("exon", 101, 400, "-", ".", "Parent=transcript:ENST1;Name=E2;rank=2"),
        line("CDS", 701, 800, "-", "0", "ID=CDS:P1;Parent=transcript:ENST1;protein_id=P1"),
        line("CDS", 301, 400, "-", "2", "ID=CDS:P1;Parent=transcript:ENST1;protein_id=P1"),
        line("mRNA", 101, 950, "-", ".", "ID=transcript:ENST2;Parent=gene:ENSG1;tag=basic"),
        line("exon", 101, 950, "-", ".", "Parent=transcript:ENST2;rank=1"),
        line("CDS", 101, 400, "-", "0", "ID=CDS:P2;Parent=transcript:ENST2"),
        "###",
        line("gene", 2001, 2900, "+", ".", "ID=gene:ENSG2;Name=DEF;biotype=protein_coding"),
        line("mRNA", 2001, 2900, "+", ".", "ID=transcript:ENST3;Parent=gene:ENSG2;biotype=protein_coding"),
        line("exon", 2001, 2100, "+", ".", "Parent=transcript:ENST3;rank=1"),
        line("CDS", 2011, 2040, "+", "0", "ID=CDS:P3;Parent=transcript:ENST3"),
        line("mRNA", 2001, 2900, "+", ".", "ID=transcript:ENST4;Parent=gene:ENSG2;biotype=protein_coding"),
        line("exon", 2001, 2900, "+", ".", "Parent=transcript:ENST4;rank=1"),
        line("CDS", 2011, 2100, "+", "0", "ID=CDS:P4;Parent=transcript:ENST4"),
        "###",
        line("pseudogene", 5001, 5900, "+", ".", "ID=gene:ENSG3;Name=GHI;biotype=pseudogene"),
        line("pseudogenic_transcript", 5001, 5900, "+", ".", "ID=transcript:ENST5;Parent=gene:ENSG3"),
        line("exon", 5001, 5900, "+", ".", "Parent=transcript:ENST5;rank=1"),
    ]  # fmt: skip


@pytest.fixture
def gff3(tmp_path: Path) -> Path:
    path = tmp_path / "genes.gff3.gz"
    with gzip.open(path, "wt") as stream:
        stream.write("\n".join(gff3_lines()) + "\n")
    return path


def test_gff3_takes_mane_then_the_longest_coding_sequence(gff3: Path) -> None:
    models = read_gff3(gff3, preferred={})
    assert {gene: m.transcript for gene, m in models.by_gene.items()} == {"ABC": "ENST1", "DEF": "ENST4"}
    abc = models.by_gene["ABC"]
    assert [(e.number, e.start, e.end) for e in abc.exons] == [(1, 700, 900), (2, 100, 400)]
    assert (abc.cds_start, abc.cds_end, abc.strand, abc.chrom) == (300, 800, "-", "2")
    assert abc.genomic_position(1) == 799


def test_gff3_preferred_transcript_wins(gff3: Path) -> None:
    models = read_gff3(gff3, preferred={"ABC": "ENST2.7", "DEF": ["ENST8", "ENST3"]})
    assert {gene: m.transcript for gene, m in models.by_gene.items()} == {"ABC": "ENST2", "DEF": "ENST3"}


def test_gff3_names_follow_the_genome(gff3: Path) -> None:
    assert read_gff3(gff3, preferred={}, contigs=["chr2"]).by_gene["ABC"].chrom == "chr2"
    assert read_gff3(gff3, preferred={}, contigs=["2"]).by_gene["ABC"].chrom == "2"
    assert read_gff3(gff3, preferred={}, contigs=["chr7"]).by_gene == {}


def test_gff3_without_the_preferred_transcript_says_so(gff3: Path, caplog: pytest.LogCaptureFixture) -> None:
    models = read_gff3(gff3, preferred={"ABC": "ENST9", "XYZ": "ENST7"})
    assert models.by_gene["ABC"].transcript == "ENST1"
    assert caplog.messages == ["ABC: no transcript ENST9, names follow ENST1"]


def test_gff3_without_genes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.gff3").write_text("##gff-version 3\n")
    with pytest.raises(DataError, match="no protein-coding gene"):
        read_gff3(tmp_path / "x.gff3", preferred={})


@pytest.mark.parametrize("line", ['1\t9\t.\t+\t.\tID=gene:G1;gene_name "ABC"', "one\t9\t.\t+\t.\tID=gene:G1"])
def test_lines_of_another_format_are_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "x.gff3").write_text(f"#\n2\te\tgene\t{line}\n")
    with pytest.raises(
        DataError, match=r"x\.gff3:2: attributes that are no `key=value`, or a place that is no"
    ):
        read_gff3(tmp_path / "x.gff3", preferred={})


def test_gff3_round_trip(tmp_path: Path) -> None:
    write_gff3(gene_models(), tmp_path / "own.gff3")
    assert read_gff3(tmp_path / "own.gff3", preferred={}).by_gene == gene_models().by_gene


# --- real ------------------------------------------------------------------------------------


@pytest.mark.real
def test_codons_of_the_published_table(real_data: Path) -> None:
    with (real_data / "reference" / "alk_codons.grch38_grch37.tsv").open() as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    assert len(rows) > 20
    for row in rows:
        expected = tuple(int(p) - 1 for p in row["grch38_chr2_pos_tx_order"].split(","))
        assert ALK.codon_positions(int(row["codon"])) == expected
        assert present(ALK.exon_at(expected[0])).number == int(row["exon"])
