"""Inputs and parameters of the rules that align sequencing units, and of the rule that joins them."""

import shlex
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from ..align.extract import layout_for
from ..checks.probes import BamHead, ProbeError, bam_head, fastq_head
from ..inputs.sample import Sample, Unit
from ..inputs.settings.configuration import Settings
from ..inputs.settings.umi_settings import UmiSettings
from ..inputs.sheet import Sheet
from ..reference.contigs import is_cram
from ..reference.locate import Reference
from ..vocabulary.samples import InputKind, UmiSource
from .plan import sizes

FOLDER = "results/patients/{sample.folder}/units/{unit.unit}"
PLATFORM = "ILLUMINA"


class UnitWildcards(Protocol):
    """Wildcards of a unit's rule; the rule that joins units has no `unit`."""

    patient: str
    timepoint: str
    specimen: str
    unit: str


class Units:
    """What the rules of `align.smk` ask for, by wildcards."""

    def __init__(self, sheet: Sheet, settings: Settings, reference: Reference) -> None:
        """Keep sheet, settings and the places of the genome."""
        self.sheet = sheet
        self.settings = settings
        self.reference = reference

    def sample(self, wildcards: UnitWildcards) -> Sample:
        """Return the sample."""
        return self.sheet.samples[f"{wildcards.patient}.{wildcards.timepoint}.{wildcards.specimen}"]

    def unit(self, wildcards: UnitWildcards) -> Unit:
        """Return the unit."""
        units = {unit.unit: unit for unit in self.sample(wildcards).units}
        return units[wildcards.unit]

    def umi(self, wildcards: UnitWildcards) -> UmiSettings:
        """Return the UMI settings of the assay."""
        return self.settings.assays[self.sample(wildcards).assay].umi

    # --- inputs of align_unit: FASTQ, or a BAM whose reads are not aligned ---

    def fastqs(self, wildcards: UnitWildcards) -> list[str]:
        """Return the FASTQ of read 1, or of reads 1 and 2; none for a BAM."""
        unit = self.unit(wildcards)
        return [path for path in (unit.fastq_1, unit.fastq_2) if path is not None]

    def umi_fastqs(self, wildcards: UnitWildcards) -> list[str]:
        """Return the FASTQs of the UMI reads, if there are any."""
        unit = self.unit(wildcards)
        return [path for path in (unit.fastq_umi, unit.fastq_umi_2) if path is not None]

    def given_bams(self, wildcards: UnitWildcards) -> list[str]:
        """Return the BAM of the row, if it has one."""
        path = self.unit(wildcards).bam
        return [path] if path is not None else []

    def cram_genome(self, wildcards: UnitWildcards) -> list[str]:
        """Return the genome that the CRAM of the row was written with, and its indices; none for a BAM."""
        path, genome = self.unit(wildcards).bam, self.reference
        return [genome.fasta, genome.fai, *genome.gzi] if path is not None and is_cram(Path(path)) else []

    def given_sizes(self, wildcards: UnitWildcards) -> list[int]:
        """Return the sizes of the files of the row, as `Plan.given_sizes` does."""
        unit = self.unit(wildcards)
        return sizes([unit.fastq_1, unit.fastq_2, unit.fastq_umi, unit.fastq_umi_2, unit.bam])

    def fixed_umis(self, wildcards: UnitWildcards) -> list[str]:
        """Return the list of allowed UMIs, if there is one."""
        path = self.umi(wildcards).fixed_umis
        return [path] if path is not None else []

    def _head(self, unit: Unit) -> BamHead:
        return bam_head(Path(unit.bam or ""), Path(self.settings.reference.fasta))

    def _adopted(self, unit: Unit) -> bool:
        """Tell whether a unit is a BAM of reads that are aligned already."""
        return unit.kind is InputKind.RAW_BAM and self._head(unit).aligned

    def primers(self, wildcards: UnitWildcards) -> list[str]:
        """Return the BED of the assay's primers, if it has any."""
        path = self.settings.assays[self.sample(wildcards).assay].primers
        return [path] if path is not None else []

    # --- parameters ---

    def umi_options(self, wildcards: UnitWildcards) -> str:
        """Return the options that say where the UMI is."""
        umi = self.umi(wildcards)
        words = [f"--source {umi.source.value}"]
        if umi.read_structures:
            words.append(f"--read-structure {shlex.join(umi.read_structures)}")
        if umi.source is UmiSource.TAG:
            words.append(f"--tag {umi.tag}")
        if umi.duplex and umi.source in (UmiSource.NAME, UmiSource.TAG):
            words.append("--duplex")
        if umi.fixed_umis is not None:
            words.append(f"--max-mismatches {umi.max_mismatches} --min-distance {umi.min_distance}")
        return " ".join(words)

    def paired(self, wildcards: UnitWildcards) -> bool:
        """Tell whether the templates of a unit are pairs."""
        return len(self._layout_reads(wildcards)) == 2

    def _layout_reads(self, wildcards: UnitWildcards) -> tuple[object, ...]:
        unit, umi = self.unit(wildcards), self.umi(wildcards)
        fastqs = len(self.fastqs(wildcards)) + self._interleaved(unit)
        reads = 2 - self._single_bam(unit) if unit.bam else fastqs
        layout = layout_for(umi.read_structures, reads=reads, umi_reads=len(self.umi_fastqs(wildcards)))
        return layout.templates

    def extract_options(self, wildcards: UnitWildcards) -> str:
        """Return the options of the extraction besides its files."""
        unit = self.unit(wildcards)
        single = ["--single"] if unit.bam and self._single_bam(unit) else []
        interleaved = ["--interleaved"] if self._interleaved(unit) else []
        return " ".join([self.umi_options(wildcards), *single, *interleaved])

    def _single_bam(self, unit: Unit) -> bool:
        head = self._head(unit)
        return head.records > 0 and head.paired == 0

    @staticmethod
    def _interleaved(unit: Unit) -> bool:
        if unit.fastq_1 is None or unit.fastq_2 is not None:
            return False
        with suppress(ProbeError):  # a file that is gone fails its job
            return fastq_head(Path(unit.fastq_1)).interleaved
        return False

    def fastp_options(self, wildcards: UnitWildcards) -> str:
        """Return the options that depend on single reads or pairs."""
        first, second = self.settings.align.adapters
        if not self.paired(wildcards):
            return f"--adapter_sequence {first}"
        return f"--interleaved_in --adapter_sequence {first} --adapter_sequence_r2 {second}"

    def aligner_options(self, wildcards: UnitWildcards) -> str:
        """Return the options that depend on single reads or pairs."""
        return "-p" if self.paired(wildcards) else ""

    def align(self, wildcards: UnitWildcards) -> str:
        """Return the member of the pipe that aligns; `align`, a function of the rule, aligns all it gets."""
        if not self.settings.align.once:
            return "align"
        paired = "--paired " if self.paired(wildcards) else ""
        program = '"$ALKTRACE_PYTHON" "$ALKTRACE_SCRIPTS/align_once.py"'
        return f"{program} {paired}--group {wildcards.unit} --aligner align"

    def cut_primers(self, wildcards: UnitWildcards) -> str:
        """Return the member of the pipe that cuts primers off, less their file, which follows it.

        A read is cut where it begins at a primer of its direction or ends at one of the other; what is left
        must be as long as behind the trimming of adapters. Hard clips: a soft clip would put the bases into
        the consensus again.
        """
        if not self.primers(wildcards):
            return ""
        shortest = self.settings.align.min_length - 1
        cut = f"--hard-clip --both-ends --strand --filter-len {shortest}"
        return f"| samtools ampliconclip {cut} --no-PG -u - -b"

    def places(self, wildcards: UnitWildcards) -> str:
        """Return the option that lets consensus reads lie where their reads lie."""
        foreign = any(self._adopted(unit) for unit in self.sample(wildcards).units)
        if foreign or not self.settings.align.once:
            return ""
        return f"--fasta {shlex.quote(self.reference.fasta)}"

    def read_group(self, wildcards: UnitWildcards) -> str:
        """Return the read group line for the aligner."""
        unit, sample = self.unit(wildcards), self.sample(wildcards).name
        return rf"@RG\tID:{unit.unit}\tSM:{sample}\tLB:{unit.library}\tPL:{PLATFORM}"

    def group_options(self, wildcards: UnitWildcards) -> str:
        """Return the names of the unit for its read groups."""
        unit, sample = self.unit(wildcards), self.sample(wildcards).name
        return f"--unit {unit.unit} --sample {sample} --library {unit.library}"

    def finish(self, wildcards: UnitWildcards) -> str:
        """Return what ends the pipe of given alignments: only what is not sorted yet is sorted."""
        path = self.unit(wildcards).bam
        ordered = path is not None and self._head(self.unit(wildcards)).sort_order == "coordinate"
        if ordered and not self.primers(wildcards):
            return "view --bam"
        return "sort"

    # --- inputs of call_molecules ---

    def unit_bams(self, wildcards: UnitWildcards) -> list[str]:
        """Return the BAMs of a sample's units: aligned here, or adopted where aligned already."""
        sample = self.sample(wildcards)
        return [
            FOLDER.format(sample=sample, unit=unit)
            + (".adopted.bam" if self._adopted(unit) else ".aligned.bam")
            for unit in sample.units
        ]
