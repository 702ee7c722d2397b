"""Rows of small variants: knowledge hits, population frequencies, the VCF of a laboratory."""

from pathlib import Path

import pysam
import pytest
import yaml
from gene_facts import gene_models, transcript

from alktrace.annotate.alteration_table import AlterationRow
from alktrace.annotate.consequences import read_variants
from alktrace.annotate.hgvs import NamedTranscript, VariantNames
from alktrace.annotate.small_variants import (
    Namer,
    OriginContext,
    VariantKnowledge,
    read_frequencies,
    variant_rows,
    with_origin,
)
from alktrace.calling.callability_table import CallabilityRow
from alktrace.errors import DataError
from alktrace.inputs.knowledge_files import KnowledgeFiles
from alktrace.inputs.settings.calling_settings import CallingSettings
from alktrace.inputs.settings.origin_settings import OriginSettings
from alktrace.io.tables import read_table, write_table
from alktrace.reference.gff3 import write_gff3
from alktrace.reference.locus_table import LocusRow
from alktrace.reported.read_report import read_reported_calls
from alktrace.vocabulary.changes import Consequence, Origin, VariantType
from alktrace.vocabulary.detection import Detection, LocusKind, ObservationSource
from alktrace.vocabulary.samples import SpecimenType
from alktrace.vocabulary.variant import SmallVariant

CODONS = {1174: "TTC", 1202: "GGA", 1529: "GAC"}
G1202R = SmallVariant("chr2", 29_220_747, "C", "T")


def fetch(chrom: str, start: int, end: int) -> str:
    """Give three codons of ALK and N elsewhere."""
    bases = ["N"] * (end - start)
    for codon, letters in CODONS.items():
        for pos, letter in zip(transcript("ALK").codon_positions(codon), letters, strict=True):
            if chrom == "chr2" and start <= pos < end:
                bases[pos - start] = letter.translate(str.maketrans("ACGT", "TGCA"))
    return "".join(bases)


@pytest.fixture(scope="module")
def knowledge(root: Path) -> VariantKnowledge:
    return VariantKnowledge.load(KnowledgeFiles(root / "resources" / "knowledge"))


@pytest.mark.parametrize(
    ("hgvs_c", "hits"),
    [
        ("c.3604G>A", ("p.Gly1202Arg", "ALK G1202")),
        ("c.3522C>A", ("p.Phe1174Leu", "ALK F1174")),
        # not in the table, but at a hotspot
        ("c.3605G>C", ("ALK G1202",)),
        ("c.3606A>G", ()),
        # neutral: a polymorphism of exon 29 is no mutation of tumours
        ("c.4587C>A", ()),
    ],
)
def test_knowledge_hits(hgvs_c: str, hits: tuple[str, ...], knowledge: VariantKnowledge) -> None:
    alk = NamedTranscript(transcript("ALK"), fetch)
    found = knowledge.hits("ALK", alk.describe(alk.allele(hgvs_c)))
    assert found == hits


@pytest.mark.parametrize(
    ("gene", "hgvs_p", "codon", "exon", "consequence", "hits"),
    [
        ("EGFR", "p.Thr790Met", 790, 20, Consequence.MISSENSE, ("EGFR T790M",)),
        ("EGFR", "p.Cys797Ser", 797, 20, Consequence.MISSENSE, ("EGFR C797S",)),
        ("MET", None, None, 14, Consequence.SPLICE_SITE, ("MET exon 14 skipping",)),
        ("MET", "p.Thr992Ile", 992, 14, Consequence.MISSENSE, ()),
        ("EGFR", "p.Thr790=", 790, 20, Consequence.SYNONYMOUS, ()),
        ("ALK", "p.Ala1300Val", 1300, 25, Consequence.MISSENSE, ()),
        ("KRAS", "p.Thr790Met", 790, 20, Consequence.MISSENSE, ()),
    ],
)
def test_acquired_changes_are_hit(
    gene: str,
    hgvs_p: str | None,
    codon: int | None,
    exon: int,
    consequence: Consequence,
    hits: tuple[str, ...],
    knowledge: VariantKnowledge,
) -> None:
    names = VariantNames("c.1A>G", hgvs_p, "x", consequence, VariantType.SNV, exon, codon)
    assert knowledge.hits(gene, names) == hits


def test_genes_of_blood_cells(knowledge: VariantKnowledge) -> None:
    assert {"TP53", "KRAS", "DNMT3A", "NF1", "CHEK2"} <= set(knowledge.blood_genes)
    assert not {"ALK", "EGFR", "MET"} & set(knowledge.blood_genes)


HEADER = """##fileformat=VCFv4.2
##contig=<ID=chr2,length=242193529>
##FILTER=<ID=lowqual,Description="x">
##INFO=<ID=AF,Number=A,Type=Float,Description="x">
#CHROM	POS	ID	REF	ALT	QUAL	FILTER	INFO
"""


def population(folder: Path) -> Path:
    path = folder / "population.vcf"
    path.write_text(
        HEADER
        + "chr2\t29220747\t.\tC\tG,T\t.\t.\tAF=0.2,0.03\n"
        + "chr2\t29220750\t.\tC\tT\t.\t.\t.\n"
        + "chr2\t29220760\t.\tCA\tC\t.\t.\tAF=0.4\n"
    )
    return Path(pysam.tabix_index(str(path), preset="vcf", force=True))


def test_population_frequency_is_that_of_the_allele(tmp_path: Path) -> None:
    alleles = [
        G1202R,
        SmallVariant("chr2", 29_220_747, "C", "A"),
        SmallVariant("chr2", 29_220_750, "C", "T"),
        SmallVariant("chr2", 29_220_760, "C", "T"),
        SmallVariant("chr9", 5, "C", "T"),
    ]
    found = read_frequencies(population(tmp_path), alleles)
    assert found == {G1202R.key: pytest.approx(0.03)}


def test_population_file_without_index_is_named(tmp_path: Path) -> None:
    (tmp_path / "p.vcf").write_text(HEADER + "chr2\t29220747\t.\tC\tT\t.\t.\tAF=0.03\n")
    with pytest.raises(DataError, match=r"p\.vcf: cannot be looked up.*bgzip and index it"):
        read_frequencies(tmp_path / "p.vcf", [G1202R])


def test_frequency_decides_the_origin(tmp_path: Path, root: Path, knowledge: VariantKnowledge) -> None:
    config = yaml.safe_load((root / "config" / "config.yaml").read_text())
    path = tmp_path / "x.vcf"
    path.write_text(HEADER + "chr2\t29220747\t.\tC\tT\t.\tPASS\tAF=0.01\n")
    rows = variant_rows(
        read_variants(path), Namer(gene_models(), fetch), knowledge, source=path, reported=False
    )
    context = OriginContext(SpecimenType.PLASMA, {}, {G1202R.key: 0.03})
    (row,) = with_origin(rows, context, knowledge, OriginSettings(**config["origin"]))
    assert (row.origin, row.origin_reason) == (Origin.GERMLINE, "population frequency 0.03")


def test_vcf_of_another_build_is_refused(tmp_path: Path, knowledge: VariantKnowledge) -> None:
    path = tmp_path / "x.vcf"
    path.write_text(HEADER + "chr2\t29220747\t.\tA\tT\t.\tPASS\tAF=0.01\n")
    with pytest.raises(DataError, match="the genome shows C there; give a VCF and a genome of one build"):
        variant_rows(read_variants(path), Namer(gene_models(), fetch), knowledge, source=path, reported=False)


def test_vcf_as_a_report(tmp_path: Path, root: Path) -> None:
    config = yaml.safe_load((root / "config" / "config.yaml").read_text())
    path = tmp_path / "report.vcf"
    path.write_text(
        HEADER
        + "chr2\t29220747\t.\tC\tT\t.\tPASS\tAF=0.01\n"
        + "chr2\t29220831\t.\tA\tG\t.\tlowqual\tAF=0.004\n"
    )
    sequence = fetch("chr2", 29_220_000, 29_221_000)
    (tmp_path / "g.fa").write_text(">chr2\n" + "N" * 29_220_000 + sequence + "\n")
    pysam.faidx(str(tmp_path / "g.fa"))
    gene_models("ALK").save(tmp_path / "models.json")
    write_gff3(gene_models("ALK"), tmp_path / "models.gff3")
    starts = {"G1202": 29_220_744, "F1174": 29_220_828, "R1192": 29_220_774, "L1152": 29_222_402}
    loci = [
        LocusRow("ALK", name, LocusKind.ALK_HOTSPOT, 23, "chr2", start, start + 3)
        for name, start in starts.items()
    ]
    write_table(tmp_path / "loci.tsv", LocusRow, loci)
    (tmp_path / "covered.bed").write_text("chr2\t29220700\t29220900\n")
    read_reported_calls(
        calls=path,
        gene_models=tmp_path / "models.json",
        gff3=tmp_path / "models.gff3",
        fasta=tmp_path / "g.fa",
        loci=tmp_path / "loci.tsv",
        knowledge=KnowledgeFiles(root / "resources" / "knowledge"),
        own_words=None,
        fusion_drivers=root / "resources" / "reference" / "fusion_drivers.tsv",
        specimen_type=SpecimenType.PLASMA,
        origin=OriginSettings(**config["origin"]),
        calling=CallingSettings(**config["calling"]),
        covered_regions=tmp_path / "covered.bed",
        lod_vaf=0.002,
        vaf_unit=None,
        out_alterations=tmp_path / "a.tsv",
        out_callability=tmp_path / "c.tsv",
        out_tumour_fraction=tmp_path / "t.tsv",
        out_notes=tmp_path / "n.tsv",
    )
    first, second = read_table(tmp_path / "a.tsv", AlterationRow)
    assert (first.key, first.hgvs_p, first.detection) == (G1202R.key, "p.Gly1202Arg", Detection.DETECTED)
    assert (second.hgvs_p, second.detection) == ("p.Phe1174Leu", Detection.SUBTHRESHOLD)
    assert {first.source, second.source} == {ObservationSource.REPORTED}
    said = [(row.status, row.vaf_detectable) for row in read_table(tmp_path / "c.tsv", CallabilityRow)]
    assert said == [
        (Detection.DETECTED, 0.002),
        (Detection.NOT_ASSESSABLE, None),
        (Detection.NOT_DETECTED, 0.002),
        (Detection.NOT_TARGETED, None),
    ]
