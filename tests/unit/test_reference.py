"""Where the genome and its indices are, or will be built; which build it is."""

import gzip
from pathlib import Path
from typing import Literal

import pysam
import pytest

from alktrace.errors import DataError
from alktrace.inputs.settings.reference_settings import ReferenceSettings
from alktrace.reference.contigs import (
    GRCH37,
    contig_lengths,
    grch37_contig,
    is_bgzf,
    is_plain_gzip,
    same_contig,
)
from alktrace.reference.locate import INDEX_SUFFIXES, locate_reference

FOLDER = "results/reference"


def reference(
    fasta: Path, align_fasta: Path | None = None, aligner: Literal["bwa", "bwa-mem2"] = "bwa"
) -> ReferenceSettings:
    return ReferenceSettings(
        fasta=str(fasta),
        gff3="genes.gff3",
        align_fasta=str(align_fasta) if align_fasta else None,
        polymorphisms=None,
        population_vcf=None,
        aligner=aligner,
    )


@pytest.fixture
def fasta(tmp_path: Path) -> Path:
    path = tmp_path / "genome.fa"
    path.write_text(">chr1 first\nACGTA\nCG\n>chr2\nTT\n")
    return path


def add(fasta: Path, *suffixes: str) -> None:
    for suffix in suffixes:
        Path(str(fasta) + suffix).write_text("")


def test_bare_genome_is_linked_and_indexed_in_the_results(fasta: Path) -> None:
    place = locate_reference(reference(fasta), FOLDER)
    assert place.fasta == f"{FOLDER}/genome/genome.fa"
    assert place.fai == f"{FOLDER}/genome/genome.fa.fai"
    assert place.linked == (place.fasta, place.fai)
    assert place.gzi == ()
    assert place.dictionary == place.built_dictionary == f"{FOLDER}/genome/genome.dict"
    assert place.index == place.built_index
    assert set(place.index) == {f"{FOLDER}/bwa/genome.fa{suffix}" for suffix in INDEX_SUFFIXES["bwa"]}
    assert place.aligned_to == place.fasta
    assert place.lift == "| samtools view --uncompressed -"


def test_indices_beside_the_genome_are_used(fasta: Path) -> None:
    add(fasta, ".fai", *INDEX_SUFFIXES["bwa"])
    (fasta.parent / "genome.dict").write_text("")
    place = locate_reference(reference(fasta), FOLDER)
    assert place.fasta == str(fasta)
    assert place.fai == f"{fasta}.fai"
    assert place.dictionary == str(fasta.parent / "genome.dict")
    assert place.index[0] == f"{fasta}.pac"


def test_half_an_aligner_index_is_built_anew(fasta: Path) -> None:
    add(fasta, ".fai", *INDEX_SUFFIXES["bwa"][:-1])
    assert locate_reference(reference(fasta), FOLDER).index[0].startswith(FOLDER)


def test_index_of_another_aligner_is_not_used(fasta: Path) -> None:
    add(fasta, ".fai", *INDEX_SUFFIXES["bwa"])
    place = locate_reference(reference(fasta, aligner="bwa-mem2"), FOLDER)
    assert place.index[0] == f"{FOLDER}/bwa-mem2/genome.fa.pac"


def test_compressed_genome_needs_both_indices(tmp_path: Path) -> None:
    path = tmp_path / "genome.fa.gz"
    with pysam.BGZFile(str(path), "wb", None) as out:
        out.write(b">chr1\nACGT\n")
    add(path, ".fai")
    assert locate_reference(reference(path), FOLDER).gzi == (f"{FOLDER}/genome/genome.fa.gz.gzi",)
    add(path, ".gzi")
    place = locate_reference(reference(path), FOLDER)
    assert place.gzi == (f"{path}.gzi",)
    assert place.built_dictionary == f"{FOLDER}/genome/genome.dict"


def test_compact_genome_is_aligned_to_and_lifted(fasta: Path, tmp_path: Path) -> None:
    compact = tmp_path / "compact.fa"
    compact.write_text(">chr1:1-4\nACGT\n")
    place = locate_reference(reference(fasta, compact), FOLDER)
    assert place.aligned_to == str(compact)
    assert place.index[0] == f"{FOLDER}/bwa/compact.fa.pac"
    assert "lift_alignments.py" in place.lift
    assert place.lift.endswith(place.fai)


def test_list_of_alternative_contigs_is_part_of_the_index(fasta: Path) -> None:
    add(fasta, ".fai", ".alt")
    place = locate_reference(reference(fasta), FOLDER)
    assert place.alt == (f"{fasta}.alt",)
    assert place.built_index[-1] == f"{FOLDER}/bwa/genome.fa.alt"


def test_kinds_of_compression(tmp_path: Path) -> None:
    plain, packed, blocks = (tmp_path / name for name in ("a", "b", "c"))
    plain.write_text("text")
    packed.write_bytes(gzip.compress(b"text"))
    with pysam.BGZFile(str(blocks), "wb", None) as out:
        out.write(b"text")
    assert [is_bgzf(path) for path in (plain, packed, blocks, tmp_path / "none")] == [
        False,
        False,
        True,
        False,
    ]
    assert [is_plain_gzip(path) for path in (plain, packed, blocks)] == [False, True, False]


@pytest.mark.parametrize("name", ["genome.fa", "genome.fa.gz"])
def test_lengths_are_counted_without_an_index(fasta: Path, name: str) -> None:
    path = fasta.parent / name
    if name.endswith(".gz"):
        path.write_bytes(gzip.compress(fasta.read_bytes()))
    assert contig_lengths(path) == {"chr1": 7, "chr2": 2}


def test_index_is_preferred_to_counting(fasta: Path, tmp_path: Path) -> None:
    built = tmp_path / "built.fai"
    built.write_text("chr1\t70\t0\t60\t61\n")
    assert contig_lengths(fasta, built) == {"chr1": 70}
    Path(f"{fasta}.fai").write_text("chr1\t700\t0\t60\t61\n")
    assert contig_lengths(fasta, built) == {"chr1": 700}


def test_large_genomes_are_not_counted(fasta: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alktrace.reference.contigs.MAX_COUNTED_BYTES", 3)
    assert contig_lengths(fasta) is None


@pytest.mark.parametrize("text", ["ACGT\n", ">\nACGT\n"], ids=["no header", "no name"])
def test_other_text_is_no_fasta(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.fa"
    path.write_text(text)
    with pytest.raises(DataError, match="is no FASTA"):
        contig_lengths(path)


# GRCh38 and GRCh37, from the headers of published BAMs.
@pytest.mark.parametrize(
    ("contigs", "expected"),
    [
        pytest.param({"chr1": 248956422, "chr2": 242193529}, None, id="GRCh38"),
        pytest.param({"1": 249250621, "2": 243199373}, "1", id="GRCh37"),
        pytest.param({"chrM": 16571, "chr2": 243199373}, "chr2", id="hg19"),
        pytest.param({"chr1": 200000}, None, id="another genome"),
    ],
)
def test_grch37_is_recognised(contigs: dict[str, int], expected: str | None) -> None:
    assert grch37_contig(contigs) == expected


def test_no_chromosome_has_one_length_in_both_builds() -> None:
    grch38 = {
        "1": 248956422, "2": 242193529, "3": 198295559, "4": 190214555, "5": 181538259, "6": 170805979,
        "7": 159345973, "8": 145138636, "9": 138394717, "10": 133797422, "11": 135086622, "12": 133275309,
        "13": 114364328, "14": 107043718, "15": 101991189, "16": 90338345, "17": 83257441, "18": 80373285,
        "19": 58617616, "20": 64444167, "21": 46709983, "22": 50818468, "X": 156040895, "Y": 57227415,
    }  # fmt: skip
    assert set(grch38) == set(GRCH37)
    assert grch37_contig(grch38) is None


@pytest.mark.parametrize(
    ("name", "contigs", "expected"),
    [
        pytest.param("chr2", {"chr2": 1}, "chr2", id="same"),
        pytest.param("2", {"chr2": 1}, "chr2", id="with chr"),
        pytest.param("chr2", {"2": 1}, "2", id="without chr"),
        pytest.param("MT", {"chrM": 1}, "chrM", id="mitochondrion"),
        pytest.param("chrM", {"MT": 1}, "MT", id="mitochondrion of Ensembl"),
        pytest.param("chr2", {"chr3": 1}, None, id="none"),
    ],
)
def test_names_that_differ_by_chr(name: str, contigs: dict[str, int], expected: str | None) -> None:
    assert same_contig(name, contigs) == expected
