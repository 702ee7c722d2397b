"""Real and designed reads, end to end: extraction, alignment, molecules."""

import io
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pysam
import pytest
from present_values import present

from alktrace.align.extract import Extraction, extract_fastq, layout_for
from alktrace.consensus.molecule_table import MoleculeMetric
from alktrace.consensus.molecules import call_molecules
from alktrace.inputs.settings.molecule_settings import MoleculeSettings
from alktrace.inputs.settings.umi_settings import UmiSettings
from alktrace.io.tables import read_table
from alktrace.vocabulary.samples import RandomEnd, UmiSource

pytestmark = pytest.mark.real

SETTINGS = MoleculeSettings(
    min_mapq=1, error_rate_pre_umi=45, error_rate_post_umi=40, min_input_base_quality=20, saturation=0.2
)


def bwa(reference: Path, reads: Path, out: Path, *options: str) -> Path:
    if not (reference.parent / f"{reference.name}.bwt").exists():
        subprocess.run(["bwa", "index", reference], check=True, capture_output=True)
    command = ["bwa", "mem", "-v1", "-K", "10000000", "-Y", "-C", *options, str(reference), str(reads)]
    sam = subprocess.run(command, check=True, capture_output=True).stdout
    subprocess.run(["samtools", "sort", "-o", out, "-"], input=sam, check=True, capture_output=True)
    return out


def molecules(
    tmp_path: Path,
    fastqs: list[Path],
    structures: tuple[str, ...],
    reference: Path,
    *,
    duplex: bool,
    edits: int,
    paired: bool,
) -> tuple[Path, dict[tuple[str, str], float]]:
    layout = layout_for(structures, reads=len(fastqs), umi_reads=0)
    stream = io.BytesIO()
    extract_fastq(fastqs=fastqs, extraction=Extraction(layout=layout, source=UmiSource.INLINE), out=stream)
    reads = tmp_path / "reads.fq"
    reads.write_bytes(stream.getvalue())
    aligned = bwa(reference, reads, tmp_path / "aligned.bam", *(["-p"] if paired else []))
    umi = UmiSettings(
        source=UmiSource.INLINE,
        read_structures=structures,
        tag="RX",
        duplex=duplex,
        random_end=RandomEnd.BOTH,
        edits=edits,
        fixed_umis=None,
        max_mismatches=1,
        min_distance=2,
    )
    out, table = tmp_path / "consensus.bam", tmp_path / "molecules.tsv"
    call_molecules(
        bams=[aligned], out=out, metrics=table, umi=umi, settings=SETTINGS, targets=None, sample="p.t.s",
        threads=1,
    )  # fmt: skip
    return out, {(row.metric, row.stratum): row.value for row in read_table(table, MoleculeMetric)}


def test_designed_duplex_families(real_data: Path, tmp_path: Path) -> None:
    """Read names such as `fam3_10_fr_4` and `fam3_10_rf_2` tell family and strand."""
    folder = real_data / "umi"
    fastqs = [folder / f"kennedy_duplex_testSeq{i}.fastq.gz" for i in (1, 2)]
    reference = tmp_path / "ref.fa"
    shutil.copy(folder / "kennedy_duplex_testRef_TP53.fa", reference)
    with pysam.FastxFile(str(fastqs[0])) as reads:
        strands = Counter(present(record.name).split("/")[0].rsplit("_", 1)[0] for record in reads)
    sizes: Counter[str] = Counter()
    for strand, count in strands.items():
        sizes[strand.removesuffix("_fr").removesuffix("_rf")] += count
    _, metrics = molecules(
        tmp_path, fastqs, ("8M1S+T", "8M1S+T"), reference, duplex=True, edits=1, paired=True
    )
    found = {int(size): int(n) for (name, size), n in metrics.items() if name == "family_size"}
    assert found == dict(Counter(sizes.values()))
    assert metrics["families", "all"] == len(sizes) == 207
    assert metrics["duplex_molecules", "all"] == len(strands) - len(sizes) == 206


def test_simsenseq_variant(real_data: Path, tmp_path: Path) -> None:
    """PIK3CA H1047R (chr3:179,234,297 A>G); the publishers find 12 of 362 in families of two and more.

    Over all 556 families they find 17 by majority; here one single read is masked for its quality, and those
    that do not align are not counted.
    """
    with pysam.FastaFile(str(real_data / "reference" / "grch38_known_segments.fa.gz")) as fasta:
        (name,) = (
            name
            for name in fasta.references
            if name.startswith("chr3:") and 179234297 in range(*map(int, name.split(":")[1].split("-")))
        )
        (tmp_path / "ref.fa").write_text(f">{name}\n{fasta.fetch(name)}\n")
    site = 179234297 - int(name.split(":")[1].split("-")[0])
    fastq = real_data / "umi" / "umierrorcorrect_simsenseq_PIK3CA_R1.fastq.gz"
    consensus, metrics = molecules(
        tmp_path, [fastq], ("12M16S+T",), tmp_path / "ref.fa", duplex=False, edits=0, paired=False
    )
    assert metrics["reads_in", "all"] == 1938
    reads = tmp_path / "consensus.fq"
    reads.write_bytes(
        subprocess.run(["samtools", "fastq", "-T", "cD", consensus], check=True, capture_output=True).stdout
    )
    aligned = bwa(tmp_path / "ref.fa", reads, tmp_path / "again.bam")
    bases: Counter[tuple[str, bool]] = Counter()
    with pysam.AlignmentFile(str(aligned)) as bam:
        for read in bam:
            if not read.is_unmapped and not read.is_supplementary:
                for query, ref in read.get_aligned_pairs(matches_only=True):
                    if ref == site:
                        depth = read.get_tag("cD")
                        assert isinstance(depth, int)
                        bases[present(read.query_sequence)[query], depth >= 2] += 1
    assert bases["G", True] == 12
    assert bases["A", True] + bases["G", True] + bases["N", True] == 362
    assert bases["G", True] + bases["G", False] == 16
