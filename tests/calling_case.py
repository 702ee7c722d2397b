"""One small gene on one contig: a folder in which the caller runs over molecules that a test writes."""

from pathlib import Path
from typing import Any

import cyvcf2
from molecule_bam import CHROM, Read, make_reference, pair, with_bases, write_bam

from alktrace.calling.callability_table import CallabilityRow
from alktrace.calling.caller import call_variants
from alktrace.calling.genotyping.known_alleles import count_alterations
from alktrace.calling.rule.verdict import AlterationCounts
from alktrace.inputs.settings.calling_settings import CallingSettings
from alktrace.io.tables import read_table, write_table
from alktrace.reference.gene_models import Exon, GeneModels, Transcript
from alktrace.reference.locus_table import HotspotRow, LocusRow
from alktrace.vocabulary.detection import LocusKind
from alktrace.vocabulary.variant import SmallVariant

LENGTH = 6000
GENE_START = 500
CODONS = 1620
# G1269 is GGA in ALK (c.3805-3807); ALK lies on the minus strand, so the reference shows TCC.
C3805 = GENE_START + 3 * CODONS - 3805
G1269 = (C3805 - 2, "TCC")
TARGET = (C3805 - 150, C3805 + 150)
# c.3805G>T and c.3806G>C on the reference: G1269S together, a stop and G1269A apart.
FIRST = (C3805 + 1, "C", "A")
SECOND = (C3805, "C", "G")
BOTH = (C3805, "CC", "GA")
PASS = ("PASS",)


class Case:
    """A folder with reference, targets, loci, hotspots and gene model, and a run of the caller over reads."""

    def __init__(self, folder: Path, calling: CallingSettings) -> None:
        self.folder, self.settings = folder, calling
        self.reference = make_reference(folder, LENGTH, edits={G1269[0]: G1269[1]})
        self.targets([(CHROM, *TARGET)])
        end = GENE_START + 3 * CODONS
        model = Transcript("ALK", "T1", CHROM, "-", (Exon(1, GENE_START, end),), GENE_START, end)
        GeneModels({"ALK": model}).save(folder / "genes.json")
        self.loci = [
            LocusRow("ALK", "G1269", LocusKind.ALK_HOTSPOT, 25, CHROM, G1269[0], G1269[0] + 3),
            LocusRow("ALK", "F1174", LocusKind.ALK_HOTSPOT, 23, CHROM, 4000, 4003),
            LocusRow("ALK", "gene", LocusKind.BYPASS_GENE, None, CHROM, GENE_START, end),
            LocusRow("ALK", "intron 19", LocusKind.FUSION_INTRON, 19, CHROM, TARGET[0], TARGET[1]),
        ]
        self.hotspots: list[HotspotRow] = []
        self.polymorphisms: Path | None = None

    def targets(self, intervals: list[tuple[str, int, int]]) -> None:
        lines = "".join("\t".join(map(str, interval)) + "\n" for interval in intervals)
        (self.folder / "targets.bed").write_text(lines)

    def molecules(
        self, edits: dict[int, str], number: int, *, name: str, start: int | None = None, **options: Any
    ) -> list[Read]:
        """Pairs whose fragments carry edits and start at staggered places around the codon."""
        reads = []
        for i in range(number):
            at = (C3805 - 100 + i % 40) if start is None else start
            fragment = with_bases(self.reference[at : at + 170], edits, at)
            reads += pair(f"{name}{i}", at, fragment, **({"duplex": (3, 2)} | options))
        return reads

    def run(self, reads: list[Read], *, models: bool = True) -> list[cyvcf2.Variant]:
        folder = self.folder
        write_bam(folder / "a.bam", reads, LENGTH)
        write_table(folder / "loci.tsv", LocusRow, self.loci)
        write_table(folder / "hotspots.tsv", HotspotRow, self.hotspots)
        call_variants(
            bam=folder / "a.bam",
            fasta=folder / "ref.fa",
            targets=folder / "targets.bed",
            loci=folder / "loci.tsv",
            hotspots=folder / "hotspots.tsv",
            gene_models=folder / "genes.json" if models else None,
            polymorphisms=self.polymorphisms,
            settings=self.settings,
            noise_model=None,
            sample="P1.T1.plasma",
            out_vcf=folder / "out.vcf.gz",
            out_callability=folder / "callability.tsv",
            out_genotypes=folder / "genotypes.tsv",
            out_error_rates=folder / "error_rates.tsv",
            out_noise=folder / "noise.json",
        )
        return list(cyvcf2.VCF(str(folder / "out.vcf.gz")))

    def callability(self) -> dict[str, CallabilityRow]:
        return {row.locus: row for row in read_table(self.folder / "callability.tsv", CallabilityRow)}

    def count(self, *alterations: SmallVariant) -> list[AlterationCounts]:
        counted = count_alterations(
            bam=self.folder / "a.bam",
            fasta=self.folder / "ref.fa",
            alterations=alterations,
            settings=self.settings,
        )
        return counted.alterations


def found(records: list[cyvcf2.Variant]) -> dict[tuple[int, str, str], tuple[int, tuple[str, ...]]]:
    return {(r.POS, r.REF, r.ALT[0]): (int(r.format("AD")[0][1]), tuple(r.FILTERS)) for r in records}


def with_other(base: str) -> str:
    return "ACGT"[("ACGT".index(base) + 1) % 4]
