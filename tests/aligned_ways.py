"""The same reads aligned one by one and one of all copies, through the programs of the workflow."""

import os
import resource
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pysam
import yaml
from shipped_settings import SHIPPED

from alktrace.consensus.molecules import call_molecules
from alktrace.inputs.settings.umi_settings import UmiSettings
from alktrace.vocabulary.samples import RandomEnd, UmiSource

ROOT = Path(__file__).resolve().parents[1]
DEFAULTS = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())["align"]
UNIT = "u1"


@dataclass(frozen=True)
class Sequenced:
    """Reads and how they are taken apart; without structures they hold template alone."""

    fasta: Path
    fastqs: Sequence[Path]
    structures: Sequence[str] = ()

    @property
    def paired(self) -> bool:
        return len(self.fastqs) == 2


def align(reads: Sequenced, out: Path, *, once: bool) -> float:
    """Write the sorted BAM as rule align_unit does, on one thread; return CPU seconds."""
    pairs = ("--interleaved_in", "-p") if reads.paired else ("", "")
    first, second = DEFAULTS["adapters"]
    adapters = f"--adapter_sequence {first}" + (f" --adapter_sequence_r2 {second}" if reads.paired else "")
    source = f"--source inline --read-structure {' '.join(reads.structures)}"
    extract = (
        f"{sys.executable} {ROOT}/scripts/extract_reads.py --unit {UNIT} --counts {out}.tsv "
        f"--fastq {' '.join(map(str, reads.fastqs))} {source if reads.structures else '--source none'}"
    )
    member = f"{sys.executable} {ROOT}/scripts/align_once.py --group {UNIT} --aligner align"
    member += " --paired" * reads.paired
    script = f"""set -euo pipefail
        align() {{
            fastp --stdin --stdout --thread 1 {pairs[0]} {adapters} \
                --length_required {DEFAULTS["min_length"]} --disable_quality_filtering \
                --disable_trim_poly_g --dont_eval_duplication --json /dev/null --html /dev/null \
            | bwa mem -t 1 -K {DEFAULTS["batch_bases"]} -Y -C {pairs[1]} ${{ALKTRACE_INSERTS-}} \
                -R '@RG\\tID:{UNIT}\\tSM:s\\tLB:l' {reads.fasta} - | samtools view --uncompressed -
        }}
        export -f align
        {extract} | {member if once else "align"} | samtools sort --no-PG -l 1 -T {out}.sort -o {out} -"""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = os.environ | {"PYTHONPATH": str(ROOT / "scripts")}
    done = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


ALIGN = 'bwa mem -K 10000000 -Y -p $ALKTRACE_INSERTS "$FASTA" - | samtools view --uncompressed -'


def call_consensus(bam: Path, out: Path, *, duplex: bool, umis: bool = True) -> None:
    """Write the unaligned consensus of reads with their UMI in RX."""
    umi = UmiSettings(
        source=UmiSource.TAG if umis else UmiSource.NONE,
        read_structures=(),
        tag="RX",
        duplex=duplex,
        random_end=RandomEnd.BOTH,
        edits=1,
        fixed_umis=None,
        max_mismatches=1,
        min_distance=2,
    )
    call_molecules(
        bams=[bam],
        out=out,
        metrics=out.with_suffix(".tsv"),
        umi=umi,
        settings=SHIPPED.molecules,
        targets=None,
        sample="s",
        threads=1,
    )


def align_consensus(unaligned: Path, fasta: Path, out: Path, *, places: bool) -> float:
    """Write the consensus as rule align_consensus does, but unsorted; return CPU seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, str(ROOT / "scripts" / "align_consensus.py"), "--unaligned", str(unaligned)]
    command += ["--aligner", ALIGN, *(["--fasta", str(fasta)] if places else [])]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "scripts"), "FASTA": str(fasta)}
    with out.open("wb") as stream:
        done = subprocess.run(
            command, env=environment, stdout=stream, stderr=subprocess.PIPE, check=False, text=True
        )
    assert done.returncode == 0, done.stderr[-2000:]
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


# --- comparison -----------------------------------------------------------------------------


class Place(NamedTuple):
    """Where a read lies; `took_over` where it has its alignment from a copy."""

    contig: str | None
    start: int
    cigar: str | None
    strand: bool
    bases: str
    quals: str
    mapq: int
    umi: str
    took_over: bool


def placed(bam: Path) -> dict[str, dict[bool, Place]]:
    """Return the primary alignments of each template by read name and whether it is R2."""
    found: dict[str, dict[bool, Place]] = defaultdict(dict)
    with pysam.AlignmentFile(str(bam)) as records:
        for r in records:
            if r.is_secondary or r.is_supplementary:
                continue
            assert r.is_read2 not in found[str(r.query_name)], "a read twice"
            found[str(r.query_name)][r.is_read2] = Place(
                r.reference_name,
                r.reference_start,
                r.cigarstring,
                r.is_reverse,
                str(r.query_sequence),
                str(r.query_qualities_str),
                r.mapping_quality,
                str(dict(r.get_tags()).get("RX", "")),
                not r.is_unmapped and not r.has_tag("NM"),
            )
    return found


def is_grouped(mates: dict[bool, Place]) -> bool:
    """Tell whether grouping uses a template: all of its mapped mates are unique enough."""
    mapped = [mate for mate in mates.values() if mate.cigar]
    return bool(mapped) and min(mate.mapq for mate in mapped) >= 1


def differences(alone: Path, once: Path) -> Iterator[tuple[str, bool, str]]:
    """Yield name, whether it took an alignment over, and what differs, of each template that is grouped."""
    one, two = placed(alone), placed(once)
    assert one.keys() == two.keys()
    for name, mates in one.items():
        others = two[name]
        used = is_grouped(mates), is_grouped(others)
        if not any(used):
            continue
        took_over = any(mate.took_over for mate in others.values())
        if not all(used):
            yield name, took_over, "grouped one way alone"
            continue
        assert mates.keys() == others.keys()
        fields = [_differs(mates[mate], others[mate]) for mate in mates]
        yield name, took_over, " ".join(sorted(set(filter(None, fields))))


def _differs(one: Place, two: Place) -> str:
    if one[:6] == two[:6] and one.umi == two.umi:
        return ""
    if (one.contig, one.strand) != (two.contig, two.strand):
        return "elsewhere"
    if len(one.bases) != len(two.bases):
        return "trimmed"
    return "alignment"


def counted(alone: Path, once: Path) -> tuple[Counter[str], Counter[str]]:
    """Return what differs by frequency, of copies that took over and of other templates."""
    took_over, others = Counter[str](), Counter[str]()
    for _, copy, what in differences(alone, once):
        (took_over if copy else others)[what] += 1
    return took_over, others


def key(mates: dict[bool, Place]) -> Any:
    """Return what grouping sees of a template: unclipped ends, strands and UMI."""
    ends = []
    for read2, mate in sorted(mates.items()):
        if not mate.cigar:
            ends.append(("", -1, False, read2))
            continue
        record = pysam.AlignedSegment()
        record.cigarstring = mate.cigar
        operations = record.cigartuples or []
        before = operations[0][1] if operations[0][0] == 4 else 0
        behind = operations[-1][1] if operations[-1][0] == 4 else 0
        spans = sum(size for code, size in operations if code in (0, 2, 3, 7, 8))
        end = mate.start + spans + behind if mate.strand else mate.start - before
        ends.append((mate.contig or "", end, mate.strand, read2))
    return tuple(ends), mates[min(mates)].umi


def families(bam: Path) -> dict[Any, frozenset[str]]:
    """Return the templates of each position and UMI."""
    found: dict[Any, set[str]] = defaultdict(set)
    for name, mates in placed(bam).items():
        if is_grouped(mates):
            found[key(mates)].add(name)
    return {key: frozenset(names) for key, names in found.items()}


OF_THE_SECOND_PLACE = {"XS", "XA"}
"""Tags that a read without a second alignment cannot have."""


def fields(bam: Path) -> dict[tuple[str, bool], dict[str, Any]]:
    """Return fields and tags of primary alignments by read name and whether it is R2."""
    found = {}
    with pysam.AlignmentFile(str(bam), check_sq=False) as records:
        for record in records:
            if not record.is_supplementary:
                tags = {name: str(value) for name, value in record.get_tags()}
                own = record.to_dict() | {"bin": record.bin, "tags": ""}
                found[str(record.query_name), record.is_read2] = own | tags
    return found


def placed_apart(one: Path, two: Path) -> tuple[Counter[str], Counter[str]]:
    """Return in what the second of two consensus BAMs differs, of reads placed there and of reads aligned."""
    before, after = fields(one), fields(two)
    assert before.keys() == after.keys()
    placed_reads, others = Counter[str](), Counter[str]()
    for name, read in before.items():
        other = after[name]
        names = (read.keys() | other.keys()) - OF_THE_SECOND_PLACE
        wrong = sorted(item for item in names if read.get(item) != other.get(item))
        alone = "XS" not in other and other["ref_name"] != "*"
        (placed_reads if alone else others)[" ".join(wrong)] += 1
    return placed_reads, others


def consensus_bases(bam: Path) -> Counter[tuple[str, ...]]:
    """Return UMI, bases and qualities of the reads of each molecule, with how many are alike."""
    found: dict[str, list[str]] = defaultdict(list)
    for (name, _), read in sorted(fields(bam).items()):
        found[name] += [read.get("RX", ""), read["seq"], read["qual"]]
    return Counter(map(tuple, found.values()))
