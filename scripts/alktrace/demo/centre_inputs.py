"""Three synthetic hospitals with different panels, one with reports in Chinese alone; no reads.

Each has patients of the law of the outcome cohort. What a sample has is written as its laboratory would
report it: what a panel does not cover is in no report.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..classify.resistance_table import ResistanceRow
from ..io.atomic import atomic_output
from ..io.tables import MISSING
from ..vocabulary.changes import VariantType
from ..vocabulary.resistance import Classification
from .facts import DEMO, load_facts
from .genome_files import ReferenceFiles, write_genome
from .made_genome import build_genome
from .synthetic_outcomes import Cohort, simulate_cohort, write_clinical_tables

BROAD = ("ALK", "EGFR", "KRAS", "NRAS", "BRAF", "MET", "RB1", "TP53")
ENGLISH = {
    "gene": "gene",
    "change": "hgvs_p",
    "kind": "variant_class",
    "vaf": "vaf",
    "copies": "copy_number",
    "partner": "partner",
    "covered": "covered_genes",
    "limit": "lod_vaf",
    "fraction": "tumour_fraction",
}
CHINESE = {
    "gene": "基因",
    "kind": "变异类型",
    "change": "氨基酸改变",
    "result": "检测结果",
    "vaf": "突变丰度",
    "covered": "检测基因列表",
    "limit": "检测限",
    "fraction": "肿瘤分数",
}
KINDS: Mapping[VariantType, tuple[str, str]] = {
    VariantType.SNV: ("snv", "错义突变"),
    VariantType.AMPLIFICATION: ("amplification", "扩增"),
    VariantType.LOSS: ("loss", "缺失"),
    VariantType.FUSION: ("fusion", "融合"),
}
"""As a laboratory calls it, in English and in Chinese."""


@dataclass(frozen=True)
class Hospital:
    """A site: its seed, the genes of its panel, what it would have found, its language."""

    name: str
    seed: int
    genes: tuple[str, ...]
    limit: str
    chinese: bool = False


HOSPITALS = (
    Hospital("NORTH", 1, BROAD, "0.3%"),
    Hospital("SOUTH", 2, ("ALK",), "1%"),
    Hospital("EAST", 3, BROAD[:6], "0.2%", chinese=True),
)


def write_centres(out: Path, *, seed: int, patients: int) -> ReferenceFiles:
    """Write the inputs of the three hospitals and the genome of the demo; return the files of the genome.

    Args:
        out: gets a folder per hospital with clinical tables, sheet, configuration and reports.
        seed: of all random numbers.
        patients: of each hospital.
    """
    for hospital in HOSPITALS:
        cohort = simulate_cohort(seed=seed + hospital.seed, patients=patients)
        write_clinical_tables(cohort, out / hospital.name / "clinical")
        _write_reports(cohort, hospital, out / hospital.name)
    genome = build_genome(load_facts(DEMO), seed=seed)
    return write_genome(genome, out / "reference")


def _write_reports(cohort: Cohort, hospital: Hospital, out: Path) -> None:
    collected = {(row["patient"], row["timepoint"]): row["collected"] for row in cohort.clinical["reports"]}
    own: dict[tuple[str, str], list[ResistanceRow]] = {}
    for row in cohort.resistance:
        own.setdefault((row.patient, row.timepoint), []).append(row)
    suffix = "csv" if hospital.chinese else "tsv"
    sheet = [("patient", "timepoint", "specimen", "specimen_type", "assay", "collected", "setting", "calls")]
    for (patient, timepoint), rows in own.items():
        calls = f"calls/{patient}_{timepoint}.{suffix}"
        day, setting = collected[patient, timepoint].isoformat(), rows[0].setting.value
        sheet.append((patient, timepoint, "plasma", "plasma", "laboratory", day, setting, calls))
        _write_report(_lines(rows, hospital), out / calls, chinese=hospital.chinese)
    _write(out / "samples.tsv", "\n".join("\t".join(line) for line in sheet) + "\n")
    _write(
        out / "config.yaml",
        "assays: {laboratory: {targets: ../reference/targets.bed, umi: {source: none}}}\n",
    )


def _lines(rows: Sequence[ResistanceRow], hospital: Hospital) -> list[dict[str, str]]:
    """Return the lines of a report, by what they say; what is not evaluable names no tumour fraction."""
    known = rows[0].classification is not Classification.NOT_EVALUABLE
    tail = {"covered": "、".join(hospital.genes) if hospital.chinese else ";".join(hospital.genes)}
    tail |= {"limit": hospital.limit, "fraction": "20%"} if known else {}
    found = [("ALK", "EML4-ALK" if hospital.chinese else "", VariantType.FUSION)]
    found += [
        (row.gene, row.alteration or "", row.variant_type) for row in rows if row.gene and row.variant_type
    ]
    lines = []
    for gene, change, kind in found:
        if gene in hospital.genes:
            small = kind is VariantType.SNV
            line = {"gene": gene, "kind": KINDS[kind][hospital.chinese], "result": "检出"}
            line |= {"change": change} if small or kind is VariantType.FUSION else {}
            line |= {"vaf": "4.2%" if small else "6.1%"} if small or kind is VariantType.FUSION else {}
            line |= {"copies": "12"} if kind is VariantType.AMPLIFICATION and not hospital.chinese else {}
            line |= {"partner": "EML4"} if kind is VariantType.FUSION else {}
            lines.append(line | tail)
    return lines


def _write_report(lines: Sequence[Mapping[str, str]], path: Path, *, chinese: bool) -> None:
    columns, separator = (CHINESE, ",") if chinese else (ENGLISH, "\t")
    cells = [list(columns.values()), *([line.get(key) or MISSING for key in columns] for line in lines)]
    text = "".join(f"{separator.join(line)}\n" for line in cells)
    # As spreadsheets of Chinese hospitals save it.
    _write(path, text.replace("\n", "\r\n") if chinese else text, "gb18030" if chinese else "utf-8")


def _write(path: Path, text: str, encoding: str = "utf-8") -> None:
    with atomic_output(path) as (partial,):
        partial.write_bytes(text.encode(encoding))
