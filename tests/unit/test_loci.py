"""Knowledge loci on the genome; coordinates are published ones."""

import csv
from pathlib import Path
from typing import TypeVar

import pytest
from gene_facts import gene_models, segment_fetch, transcript

from alktrace.errors import DataError, InputProblems
from alktrace.inputs.knowledge_files import Placed
from alktrace.inputs.knowledge_rows import KnownGene, KnownLocus, KnownValue, gene_symbols
from alktrace.io.tables import read_table
from alktrace.reference.gene_models import Exon, GeneModels, Transcript
from alktrace.reference.loci import build_loci, locate
from alktrace.reference.locus_table import HotspotRow, LocusRow
from alktrace.vocabulary.detection import LocusKind

R = TypeVar("R")


def blank(_: str, start: int, end: int) -> str:
    return "N" * (end - start)


def known(gene: str, locus: str, codon: int | None = None, exon: int | None = None) -> KnownLocus:
    return KnownLocus(gene, LocusKind.ALK_HOTSPOT, locus, codon, exon)


@pytest.mark.parametrize(
    ("locus", "spans"),
    [
        (known("ALK", "G1202", 1202, 23), [(29_220_744, 29_220_747, 23)]),
        (known("ALK", "L1196", 1196, 23), [(29_220_762, 29_220_765, 23)]),
        (known("KRAS", "G12", 12, 2), [(25_245_348, 25_245_351, 2)]),
        (known("ALK", "intron 19"), [(29_223_528, 29_225_460, None)]),
        (known("EGFR", "exon 19", None, 19), [(55_174_721, 55_174_820, 19)]),
        (known("ALK", "gene"), [(29_192_773, 29_921_566, None)]),
        # codon 1172 of ALK: two bases end exon 22, one begins exon 23
        (known("ALK", "A1172", 1172, 22), [(29_220_834, 29_220_835, 23), (29_222_343, 29_222_345, 22)]),
    ],
    ids=lambda value: value.locus if isinstance(value, KnownLocus) else "",
)
def test_where_loci_lie(locus: KnownLocus, spans: list[tuple[int, int, int | None]]) -> None:
    rows = locate(locus, transcript(locus.gene), blank)
    assert [(row.start, row.end, row.exon) for row in rows] == spans


@pytest.mark.parametrize(
    ("locus", "message"),
    [
        (known("ALK", "G9999", 9999, 23), "ALK has no codon 9999"),
        (known("ALK", "exon 40"), "ALK has no exon 40"),
        (known("ALK", "intron 29"), "ALK has no intron 29"),
        (known("ALK", "kinase"), "write a codon"),
    ],
)
def test_loci_that_do_not_exist(locus: KnownLocus, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        locate(locus, transcript("ALK"), blank)


def write(path: Path, *lines: str) -> Path:
    path.write_text("".join(line.replace(" | ", "\t") + "\n" for line in lines))
    return path


def placed(path: Path, row_type: type[R]) -> list[Placed[R]]:
    return [Placed(str(path), line, row) for line, row in enumerate(read_table(path, row_type), start=2)]


HOTSPOTS = "gene | kind | locus | codon | exon"
MUTATIONS = "subject | attribute | value | source | mark"


def build(tmp_path: Path, hotspots: list[str], mutations: list[str], **options: object) -> None:
    arguments = {"gene_models": gene_models(), "fetch": blank, **options}
    build_loci(
        hotspots=placed(write(tmp_path / "h.tsv", HOTSPOTS, *hotspots), KnownLocus),
        mutations=placed(write(tmp_path / "m.tsv", MUTATIONS, *mutations), KnownValue),
        out_loci=tmp_path / "loci.tsv",
        out_hotspots=tmp_path / "hotspots.tsv",
        **arguments,  # type: ignore[arg-type]
    )


def test_tables_and_genes_without_a_model(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    build(
        tmp_path,
        ["ALK | alk_hotspot | G1202 | 1202 | 23", "YES1 | bypass_gene | gene | . | ."],
        [
            "p.Gly1202Arg | short | G1202R | s | verified",
            "p.Gly1202Arg | role | resistance | s | verified",
            "p.Gly1202Arg | route | c.3604G>A chr2:29220747:C:T | s | verified",
            "p.Gly1202Arg | route | c.3604G>C chr2:29220747:C:G | s | verified",
            "p.Asp1529Glu | role | neutral | s | verified",
            "p.Asp1529Glu | route | c.4587C>G chr2:29193500:G:C | s | verified",
        ],
    )
    assert [(row.gene, row.start) for row in read_table(tmp_path / "loci.tsv", LocusRow)] == [
        ("ALK", 29_220_744)
    ]
    alleles = read_table(tmp_path / "hotspots.tsv", HotspotRow)
    assert [(a.alteration, a.pos, a.alt) for a in alleles] == [
        ("G1202R", 29_220_747, "G"),
        ("G1202R", 29_220_747, "T"),
    ]
    assert "YES1" in caplog.text


def test_another_build_is_refused_with_every_locus(tmp_path: Path) -> None:
    with pytest.raises(InputProblems) as caught:
        build(
            tmp_path,
            ["ALK | alk_hotspot | G1202 | 1202 | 23", "ALK | alk_hotspot | L1196 | 1196 | 23"],
            ["p.Gly1202Arg | route | c.3604G>A chr2:29220747:C:T | s | verified"],
            fetch=lambda _, start, end: "A" * (end - start),
        )
    text = str(caught.value)
    assert "h.tsv:2:locus: ALK G1202: the genome has F in codon 1202" in text
    assert "h.tsv:3:locus" in text
    assert "the genome shows A there" in text
    assert not (tmp_path / "loci.tsv").exists()


def test_a_mutation_whose_residue_is_not_in_the_protein_is_refused(tmp_path: Path) -> None:
    """Codon 1202 of ALK is GGA, glycine; the protein has 1620 residues and a stop."""
    codon_1202 = {29_220_744: "T", 29_220_745: "C", 29_220_746: "C"}

    def fetch(_: str, start: int, end: int) -> str:
        return "".join(codon_1202.get(pos, "N") for pos in range(start, end))

    with pytest.raises(InputProblems) as caught:
        build(
            tmp_path,
            [],
            [
                "p.Gly1202Arg | role | resistance | s | verified",
                "p.Ala1202Arg | role | resistance | s | verified",
                "p.Ala1202Arg | short | A1202R | s | verified",
                "p.Gly1702Arg | role | neutral | s | verified",
            ],
            fetch=fetch,
        )
    found = [(problem.line, problem.column, problem.what) for problem in caught.value.problems]
    assert found == [
        (3, "subject", "p.Ala1202Arg: the genome has G there, on ENST00000389048"),
        (5, "subject", "p.Gly1702Arg: ALK has no codon 1702: 1621 codons"),
    ]


def test_no_model_of_alk(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no gene model of ALK"):
        build(tmp_path, [], [], gene_models=GeneModels({}))


def test_symbols_by_any_name(tmp_path: Path) -> None:
    table = write(
        tmp_path / "genes.tsv",
        "gene | transcript | same_coding_sequence | refseq | source | mark | aliases | aliases_source | "
        "aliases_mark",
        "ERBB2 | ENST00000269571 | . | . | s | verified | HER2;HER-2 | s | cited",
        "ALK | ENST00000389048 | . | . | s | verified | . | . | .",
    )
    assert gene_symbols(read_table(table, KnownGene)) == {
        "erbb2": "ERBB2",
        "her2": "ERBB2",
        "her-2": "ERBB2",
        "alk": "ALK",
    }


def test_shipped_tables_fit_the_transcripts(root: Path) -> None:
    knowledge = root / "resources" / "knowledge"
    transcripts = {row.gene: row.transcripts for row in read_table(knowledge / "genes.tsv", KnownGene)}
    assert transcripts["ALK"][0] == "ENST00000389048"
    rows = [
        r for r in read_table(knowledge / "hotspots.tsv", KnownLocus) if r.gene in ("ALK", "KRAS", "EGFR")
    ]
    assert len(rows) > 30
    for row in rows:
        for place in locate(row, transcript(row.gene), blank):
            if row.codon is not None:
                assert place.exon == row.exon, row


@pytest.mark.real
def test_residues_of_every_hotspot_on_the_real_genome(root: Path, real_data: Path) -> None:
    models = read_panel(real_data / "reference" / "panel_transcripts.grch38.tsv")
    fetch = segment_fetch(real_data / "reference" / "grch38_known_segments.fa.gz")
    seen = 0
    for row in read_table(root / "resources" / "knowledge" / "hotspots.tsv", KnownLocus):
        if row.gene not in models:
            continue
        places = locate(row, models[row.gene], fetch)  # raises if the genome has another residue
        seen += row.codon is not None and "N" not in fetch(places[0].chrom, places[0].start, places[0].end)
    assert seen > 70


def read_panel(path: Path) -> dict[str, Transcript]:
    """Read transcripts of the panel table, 1-based inclusive."""
    grouped: dict[str, list[dict[str, str]]] = {}
    with path.open() as stream:
        for row in csv.DictReader(stream, delimiter="\t"):
            grouped.setdefault(row["gene"], []).append(row)
    models = {}
    for gene, rows in grouped.items():
        coding = [r for r in rows if r["cds_start_grch38"] != "."]
        exons = tuple(Exon(int(r["exon"]), int(r["start_grch38"]) - 1, int(r["end_grch38"])) for r in rows)
        start = min(int(r["cds_start_grch38"]) for r in coding) - 1
        end = max(int(r["cds_end_grch38"]) for r in coding)
        top = rows[0]
        models[gene] = Transcript(gene, top["transcript"], top["chrom"], top["strand"], exons, start, end)
    return models
