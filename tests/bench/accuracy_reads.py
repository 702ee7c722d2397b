"""The accuracy bench from reads: the simulator's molecules, FASTQ, and the programs of the workflow.

Damage, early PCR errors that reach a share of a family, sequencing errors as frequent as qualities say and
errors in UMIs are those of `alktrace.demo`, which shares no code with what is measured.
"""

import os
import resource
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from accuracy_molecules import Library, Truth
from accuracy_panel import LEVELS, Panel, Planted, write_panel
from numpy.typing import NDArray

from alktrace.demo import read_pairs as sequencer
from alktrace.demo.fastq import write_fastq
from alktrace.demo.fragments import Germline, Molecules, Template, draw_molecules
from alktrace.demo.planted import PlantedVariant, Population, placed

ROOT = Path(__file__).resolve().parents[2]
READ_LENGTH = 150


@dataclass(frozen=True)
class Prepared:
    """Aligned consensus of simulated reads.

    Attributes:
        pairs: raw read pairs.
        aligner_seconds: CPU seconds of the workflow's aligner on the raw reads.
    """

    bam: Path
    truth: Truth
    pairs: int
    aligner_seconds: float


def prepare(panel: Panel, library: Library, folder: Path, *, seed: int) -> Prepared:
    """Simulate reads of a panel and take them to the aligned consensus as the workflow does."""
    files = write_panel(panel, folder)
    fastqs, truth, pairs = _write_reads(panel, library, folder, seed)
    _run(f"bwa index {files.fasta}")
    extract = (
        f"{sys.executable} {ROOT}/scripts/extract_reads.py --unit U --source inline --fastq {fastqs[0]} "
        f"{fastqs[1]} --read-structure 5M2S+T 5M2S+T --counts {folder}/extract.tsv"
    )
    trim = (
        "fastp --stdin --stdout --thread 1 --interleaved_in "
        "--adapter_sequence AGATCGGAAGAGCACACGTCTGAACTCCAGTCA "
        "--adapter_sequence_r2 AGATCGGAAGAGCGTCGTGTAGGGAAAGAGTGT --length_required 30 "
        "--disable_quality_filtering --disable_trim_poly_g --dont_eval_duplication "
        "--json /dev/null --html /dev/null"
    )
    _run(f"{extract} | {trim} > {folder}/trimmed.fq")
    for fastq in fastqs:
        fastq.unlink()
    group = r"@RG\tID:U\tSM:B.T1.plasma\tLB:L1"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    _run(
        f"bwa mem -K 10000000 -Y -C -p -R '{group}' {files.fasta} {folder}/trimmed.fq > {folder}/aligned.sam"
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    (folder / "trimmed.fq").unlink()
    _run(f"samtools sort -m 300M -l 1 -T {folder}/sort -o {folder}/aligned.bam {folder}/aligned.sam")
    (folder / "aligned.sam").unlink()
    _consensus(folder, files.targets)
    unaligned, bam = folder / "unaligned.bam", folder / "consensus.bam"
    _run(
        f"{sys.executable} {ROOT}/scripts/align_consensus.py --unaligned {unaligned} --fasta {files.fasta} "
        f"--aligner 'bwa mem -K 10000000 -Y -p $ALKTRACE_INSERTS {files.fasta} - | samtools view -u -' "
        f"| samtools sort -m 300M -T {folder}/sort --write-index -o {bam} -"
    )
    return Prepared(bam, truth, pairs, seconds)


def _run(command: str) -> None:
    """Run a command line in bash.

    Raises:
        RuntimeError: a member of the pipe failed.
    """
    environment = dict(os.environ, PYTHONPATH=str(ROOT / "scripts"))
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"], env=environment, capture_output=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{command}\n{done.stderr.decode(errors='replace')[-2000:]}")


def _consensus(folder: Path, targets: Path) -> None:
    import yaml

    from alktrace.consensus.molecules import call_molecules
    from alktrace.inputs.settings.molecule_settings import MoleculeSettings
    from alktrace.inputs.settings.umi_settings import UmiSettings

    config = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
    umi = {
        "source": "inline", "read_structures": ["5M2S+T", "5M2S+T"], "tag": "RX", "duplex": True, "edits": 1,
        "random_end": "both", "fixed_umis": None, "max_mismatches": 1, "min_distance": 2,
    }  # fmt: skip
    call_molecules(
        bams=[folder / "aligned.bam"],
        out=folder / "unaligned.bam",
        metrics=folder / "molecules.tsv",
        umi=UmiSettings.model_validate(umi),
        settings=MoleculeSettings.model_validate(config["molecules"]),
        targets=targets,
        sample="B.T1.plasma",
        threads=1,
    )


# --- reads --------------------------------------------------------------------------------------


def _write_reads(
    panel: Panel, library: Library, folder: Path, seed: int
) -> tuple[tuple[Path, Path], Truth, int]:
    """Write the FASTQ contig by contig; return paths, what was sampled, and the read pairs."""
    rng = np.random.default_rng([seed, 21])
    covering = np.zeros(max(1, len(panel.planted)), np.int64)
    mutant = np.zeros_like(covering)
    paths = (folder / "R1.fastq.gz", folder / "R2.fastq.gz")
    total = duplex = pairs = 0
    drawn = _draw(panel, library, rng)
    kind = sequencer.Library("duplex", read_length=READ_LENGTH)
    chroms = np.array([template.chrom for template in drawn.templates])[drawn.template]
    with paths[0].open("wb") as one, paths[1].open("wb") as two:
        for contig, locus in enumerate(panel.genome.loci):
            part = _subset(drawn, chroms == locus.chrom)
            _count(panel, contig, part, kind.template_bases, covering, mutant)
            made = sequencer.make_reads(part, sequencer.draw_umis(rng, len(part), "duplex"), kind, rng)
            files = write_fastq(replace(made, molecule=made.molecule + total), folder, "part")
            for path, stream in ((files.fastq_1, one), (files.fastq_2, two)):
                stream.write(path.read_bytes())
                path.unlink()
            total, pairs = total + len(part), pairs + len(made)
            duplex += int(((part.top > 0) & (part.bottom > 0)).sum())
    return paths, Truth(covering, mutant, total, duplex), pairs


def _draw(panel: Panel, library: Library, rng: np.random.Generator) -> Molecules:
    """Draw molecules of a person with one clone per fraction, and recover their strands."""
    names = [locus.chrom for locus in panel.genome.loci]
    clones = []
    for level, vaf in enumerate(LEVELS):
        mine = [v for v in panel.planted if v.level == level]
        alterations = [PlantedVariant("PANEL", "", "", names[v.contig], v.pos, v.ref, v.alt) for v in mine]
        clones.append(Population(f"clone{level}", 2 * vaf, placed(*alterations)))
    normal = Population("normal", 1 - sum(clone.share for clone in clones))
    both = np.array([[True, bool(g[3])] for g in panel.germline]).T.reshape(2, -1)
    drawn = draw_molecules(
        panel.genome, (normal, *clones), Germline(both), rng,
        depth=library.genomes, fragments="plasma", copies=50.0, both_strands=True,
    )  # fmt: skip
    recovered = rng.random((2, len(drawn))) < library.recovery
    rate = rng.gamma(4.0, library.copies / 4.0, len(drawn))
    copies = rng.poisson(rate, (2, len(drawn))) * recovered
    drawn = replace(drawn, top=copies[0], bottom=copies[1])
    return _subset(drawn, copies.sum(axis=0) > 0)


def _subset(molecules: Molecules, chosen: NDArray[np.bool_]) -> Molecules:
    columns = ("template", "start", "end", "top", "bottom")
    return replace(molecules, **{name: getattr(molecules, name)[chosen] for name in columns})


def _count(
    panel: Panel,
    contig: int,
    molecules: Molecules,
    shown: int,
    covering: NDArray[np.int64],
    mutant: NDArray[np.int64],
) -> None:
    """Count molecules that were sequenced over every planted variant of a contig, and mutant ones."""
    chrom = panel.genome.loci[contig].chrom
    for number in np.unique(molecules.template).tolist():
        template = molecules.templates[number]
        mine = molecules.template == number
        start, end = molecules.start[mine], molecules.end[mine]
        for k, variant in enumerate(panel.planted):
            if variant.contig != contig:
                continue
            first, last = _span(template, variant)
            seen = (start <= first) & (last < end) & ((first < start + shown) | (last >= end - shown))
            covering[k] += int(seen.sum())
            key = (chrom, variant.pos, variant.ref, variant.alt)
            if any((v.chrom, v.pos, v.ref, v.alt) == key for v in template.variants):
                mutant[k] += int(seen.sum())


def _span(template: Template, variant: Planted) -> tuple[int, int]:
    """Return first and last template base of a variant's record, mutant or not."""
    first = int(np.flatnonzero(template.positions == variant.pos)[0])
    after = np.flatnonzero(template.positions == variant.pos + len(variant.ref))
    return first, int(after[0]) - 1
