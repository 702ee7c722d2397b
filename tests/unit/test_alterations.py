"""The annotation job on a small genome with one gene, white cells counted from a BAM."""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pysam
import pytest
import yaml
from molecule_bam import pair, with_bases, write_bam

from alktrace.annotate.alteration_table import AlterationRow, empty_row
from alktrace.annotate.alterations import (
    annotate_alterations,
    copy_number_alterations,
    fusion_rows,
    mutation_markers,
    specimen_tumour_fraction,
)
from alktrace.annotate.fusion_names import FusionNames
from alktrace.inputs.knowledge_files import KnowledgeFiles
from alktrace.inputs.settings.calling_settings import CallingSettings
from alktrace.inputs.settings.copy_number_settings import CopyNumberSettings
from alktrace.inputs.settings.origin_settings import OriginSettings
from alktrace.inputs.settings.tumour_fraction_settings import TumourFractionSettings
from alktrace.io.tables import read_table
from alktrace.reference.gene_models import Exon, GeneModels, Transcript
from alktrace.reference.gff3 import write_gff3
from alktrace.structural.copy_number.copy_number_table import CopyNumberRow
from alktrace.structural.fusions.fusion_vcf import FusionCall
from alktrace.structural.fusions.partners import FusionRole
from alktrace.structural.tumour_fraction_table import TumourFractionRow
from alktrace.vocabulary.changes import Consequence, Origin, VariantType
from alktrace.vocabulary.copies import CopyNumberCall, Focality, TumourFractionStatus
from alktrace.vocabulary.detection import Detection, ObservationSource
from alktrace.vocabulary.samples import SpecimenType

CHROM, SIZE = "chr2", 2000


def genome() -> str:
    dice = random.Random(4)
    return "".join(dice.choices("ACGT", k=SIZE))


SEQUENCE = genome()


def gene(name: str, start: int) -> Transcript:
    """Make a gene of one exon that codes from its first base; the sequence is what the genome has."""
    return Transcript(name, f"ENST{name}", CHROM, "+", (Exon(1, start, start + 300),), start, start + 300)


MODELS = GeneModels({"TP53": gene("TP53", 400), "ABC": gene("ABC", 900), "KRAS": gene("KRAS", 1400)})


def other(base: str) -> str:
    return "ACGT"[("ACGT".index(base) + 1) % 4]


@dataclass
class Settings:
    calling: CallingSettings
    origin: OriginSettings
    tumour_fraction: TumourFractionSettings
    copy_number: CopyNumberSettings


@pytest.fixture(scope="module")
def settings(root: Path) -> Settings:
    config = yaml.safe_load((root / "config" / "config.yaml").read_text())
    return Settings(
        CallingSettings(**config["calling"]),
        OriginSettings(**config["origin"]),
        TumourFractionSettings(**config["tumour_fraction"]),
        CopyNumberSettings(**config["copy_number"]),
    )


HEADER = f"""##fileformat=VCFv4.2
##contig=<ID={CHROM},length={SIZE}>
##FILTER=<ID=noise,Description="x">
##FORMAT=<ID=GT,Number=1,Type=String,Description="x">
##FORMAT=<ID=DP,Number=1,Type=Integer,Description="x">
##FORMAT=<ID=AD,Number=R,Type=Integer,Description="x">
##FORMAT=<ID=AF,Number=A,Type=Float,Description="x">
##FORMAT=<ID=AFL,Number=A,Type=Float,Description="x">
##FORMAT=<ID=AFH,Number=A,Type=Float,Description="x">
"""


def write_inputs(folder: Path, variants: list[tuple[int, int, str]]) -> None:
    """Write genome, models and a VCF of (0-based position, mutant molecules of 1,000, filter)."""
    (folder / "g.fa").write_text(f">{CHROM}\n{SEQUENCE}\n")
    pysam.faidx(str(folder / "g.fa"))
    MODELS.save(folder / "models.json")
    write_gff3(MODELS, folder / "models.gff3")
    lines = []
    for pos, alt, name in variants:
        ref = SEQUENCE[pos]
        vaf = alt / 1000
        sample = f"0/1:1000:{1000 - alt},{alt}:{vaf}:{vaf * 0.8}:{vaf * 1.2}"
        lines.append(
            f"{CHROM}\t{pos + 1}\t.\t{ref}\t{other(ref)}\t50\t{name}\t.\tGT:DP:AD:AF:AFL:AFH\t{sample}\n"
        )
    columns = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\ts\n"
    (folder / "in.vcf").write_text(HEADER + columns + "".join(lines))
    empty = '##fileformat=VCFv4.2\n##INFO=<ID=DRIVERSIDE,Number=0,Type=Flag,Description="x">\n'
    (folder / "fusions.vcf").write_text(empty + columns)


def white_cells(folder: Path, mutants: dict[int, int], depth: int = 600) -> Path:
    """Write a BAM in which the first molecules at each position are mutant."""
    reads = []
    for position in (450, 950, 1450):
        for i in range(depth):
            start = position - 80 + i % 40
            edits = {p: other(SEQUENCE[p]) for p, n in mutants.items() if i < n and abs(p - position) < 5}
            fragment = with_bases(SEQUENCE[start : start + 160], edits, shift=start)
            reads += pair(f"m{position}.{i}", start, fragment, depth=4)
    return write_bam(folder / "wbc.bam", reads, SIZE)


Run = Callable[..., tuple[dict[int, AlterationRow], TumourFractionRow]]


@pytest.fixture
def run(tmp_path: Path, root: Path, settings: Settings) -> Run:
    def job(
        variants: list[tuple[int, int, str]],
        *,
        wbc: dict[int, int] | None = None,
        specimen_type: SpecimenType = SpecimenType.PLASMA,
    ) -> tuple[dict[int, AlterationRow], TumourFractionRow]:
        write_inputs(tmp_path, variants)
        annotate_alterations(
            vcf=tmp_path / "in.vcf",
            fusions_vcf=tmp_path / "fusions.vcf",
            coverage=None,
            copy_number_reference=None,
            centromeres=root / "resources" / "reference" / "centromeres.grch38.tsv",
            gene_models=tmp_path / "models.json",
            gff3=tmp_path / "models.gff3",
            fasta=tmp_path / "g.fa",
            knowledge=KnowledgeFiles(root / "resources" / "knowledge"),
            white_cell_bams=[] if wbc is None else [white_cells(tmp_path, wbc)],
            population_vcf=None,
            specimen_type=specimen_type,
            calling=settings.calling,
            origin=settings.origin,
            tumour_fraction=settings.tumour_fraction,
            copy_number=settings.copy_number,
            out_alterations=tmp_path / "alterations.tsv",
            out_tumour_fraction=tmp_path / "tumour_fraction.tsv",
            out_copy_number=tmp_path / "copy_number.tsv",
            out_bins=None,
        )
        rows = read_table(tmp_path / "alterations.tsv", AlterationRow)
        (fraction,) = read_table(tmp_path / "tumour_fraction.tsv", TumourFractionRow)
        assert read_table(tmp_path / "copy_number.tsv", CopyNumberRow) == []
        return {(row.pos or 0) - 1: row for row in rows}, fraction

    return job


def test_blood_cells_and_tumour_are_told_apart_by_white_cells(run: Run) -> None:
    rows, fraction = run([(450, 20, "PASS"), (950, 30, "PASS"), (1450, 20, "PASS")], wbc={450: 12})
    assert rows[450].origin is Origin.CLONAL_HAEMATOPOIESIS
    assert rows[450].origin_reason == "white cells 12 of 600 molecules (2 %)"
    assert (rows[950].origin, rows[1450].origin) == (Origin.SOMATIC, Origin.SOMATIC)
    assert rows[950].origin_reason == "not in 600 molecules of white cells"
    # TP53 of blood cells marks no tumour; the other two are not listed mutations
    assert fraction.markers == (f"ABC {rows[950].hgvs_p}", f"KRAS {rows[1450].hgvs_p}")


def test_without_white_cells_a_blood_gene_marks_no_tumour(run: Run) -> None:
    rows, fraction = run([(450, 20, "PASS")])
    assert (rows[450].origin, rows[450].flags) == (Origin.UNDECIDED, ("ch_not_excluded",))
    assert fraction.status is TumourFractionStatus.NOT_ESTIMABLE


def test_low_fraction_shows_a_germline_variant(run: Run) -> None:
    rows, fraction = run([(950, 30, "PASS"), (1000, 490, "PASS")])
    assert fraction.high is not None
    assert fraction.high < 0.2
    assert rows[1000].origin is Origin.GERMLINE
    assert fraction.markers == (f"ABC {rows[950].hgvs_p}",)


def test_names_and_numbers(run: Run) -> None:
    rows, _ = run([(950, 30, "PASS"), (951, 2, "noise"), (100, 40, "PASS")])
    assert (rows[950].gene, rows[950].exon, rows[950].codon) == ("ABC", 1, 17)
    assert (rows[950].alt_molecules, rows[950].total_molecules) == (30, 1000)
    assert (rows[950].vaf, rows[950].vaf_low) == pytest.approx((0.03, 0.024))
    assert (rows[951].detection, rows[951].filters) == (Detection.SUBTHRESHOLD, ("noise",))
    assert (rows[100].gene, rows[100].consequence) == ("intergenic", Consequence.INTERGENIC)
    assert "consequence_differs" not in {flag for row in rows.values() for flag in row.flags}


def test_white_cells_themselves(run: Run) -> None:
    rows, fraction = run([(450, 20, "PASS"), (950, 500, "PASS")], specimen_type=SpecimenType.WBC)
    assert (rows[450].origin, rows[950].origin) == (Origin.CLONAL_HAEMATOPOIESIS, Origin.GERMLINE)
    assert fraction.status is TumourFractionStatus.NOT_ESTIMABLE


def test_no_variants_give_tables_with_headers(run: Run) -> None:
    assert run([], wbc={})[0] == {}


# --- pieces ----------------------------------------------------------------------------------


def small(gene_name: str, **more: object) -> AlterationRow:
    row = empty_row(f"{gene_name}:1", gene_name, VariantType.SNV, "X1Y")
    given = {
        "hgvs_p": "p.Arg1Gly",
        "origin": Origin.SOMATIC,
        "alt_molecules": 30,
        "total_molecules": 1000,
        "source": ObservationSource.CALLED,
    } | more
    return replace(row, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("row", "marks"),
    [
        pytest.param(small("STK11"), True, id="somatic"),
        pytest.param(small("STK11", origin=Origin.GERMLINE), False, id="germline"),
        pytest.param(small("TP53", origin=Origin.CLONAL_HAEMATOPOIESIS), False, id="blood"),
        pytest.param(small("TP53", origin=Origin.UNDECIDED), False, id="undecided"),
        pytest.param(small("STK11", detection=Detection.SUBTHRESHOLD), False, id="below the rule"),
        pytest.param(small("STK11", hgvs_p=None), False, id="outside the coding sequence"),
        pytest.param(small("KRAS", knowledge=("KRAS G12",)), False, id="resistance hotspot"),
        pytest.param(small("STK11", alt_molecules=None), False, id="no counts"),
    ],
)
def test_what_marks_the_tumour(row: AlterationRow, marks: bool) -> None:
    assert bool(mutation_markers([row])) is marks


def test_alk_mutation_is_no_marker(settings: Settings) -> None:
    fraction = specimen_tumour_fraction([small("ALK")], [], [], SpecimenType.PLASMA, settings.tumour_fraction)
    assert fraction.status is TumourFractionStatus.NOT_ESTIMABLE


def call(role: FusionRole = FusionRole.DRIVER, filters: tuple[str, ...] = ()) -> FusionCall:
    return FusionCall(
        key="fusion:EML4:ALK", name="EML4-ALK E13;A20", gene="ALK", partner="EML4", five="EML4", three="ALK",
        junction="E13;A20", in_frame=True, role=role, chrom="chr2", pos=29_223_741, ref="A",
        alt="A]chr2:42299750]", position="chr2:29223741|chr2:42299750", homology=0, precise=False,
        event="e1", molecules=40, split=30, fragments=35, duplex=9, intact=960, vaf=0.04, vaf_low=0.03,
        vaf_high=0.05, filters=filters,
    )  # fmt: skip


def test_fusions_as_rows() -> None:
    (row,) = fusion_rows([call()], FusionNames(()))
    assert (row.key, row.partner, row.junction, row.in_frame) == ("fusion:EML4:ALK", "EML4", "E13;A20", True)
    assert (row.alt_molecules, row.total_molecules, row.duplex_alt) == (40, 1000, 9)
    assert (row.detection, row.source, row.flags) == (
        Detection.DETECTED,
        ObservationSource.CALLED,
        ("novel_partner", "imprecise_breakpoint"),
    )
    (reciprocal,) = fusion_rows([call(FusionRole.RECIPROCAL, ("molecules",))], FusionNames(()))
    assert reciprocal.detection is Detection.SUBTHRESHOLD
    assert "reciprocal_junction" in reciprocal.flags


def gene_copies(verdict: CopyNumberCall, tumour: float | None) -> CopyNumberRow:
    return CopyNumberRow(
        "MET", "chr7", 1, 2, 9, 0.4, 0.3, 0.5, 2.6, 2.5, 2.8, tumour, tumour, tumour, 4.0, Focality.YES,
        verdict, "pooled",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("verdict", "tumour", "key", "number"),
    [
        (CopyNumberCall.AMPLIFICATION, 8.0, "copy_number:MET:amplification", 8.0),
        (CopyNumberCall.AMPLIFICATION, None, "copy_number:MET:amplification", 2.6),
        (CopyNumberCall.LOSS, 0.2, "copy_number:MET:loss", 0.2),
        (CopyNumberCall.GAIN, 4.0, None, None),
        (CopyNumberCall.NEUTRAL, 2.0, None, None),
    ],
)
def test_copy_numbers_as_rows(
    verdict: CopyNumberCall, tumour: float | None, key: str | None, number: float | None
) -> None:
    rows = copy_number_alterations([gene_copies(verdict, tumour)])
    assert [(row.key, row.copy_number) for row in rows] == ([(key, number)] if key else [])
