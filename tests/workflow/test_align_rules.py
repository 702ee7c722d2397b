"""The rules of alignment on simulated reads, through the real tools; truth stands in the read names."""

import gzip
import json
import os
import random
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pysam
import pytest
import yaml
from present_values import present

from alktrace.io.unreadable import read_unreadable

pytestmark = pytest.mark.skipif(
    any(shutil.which(tool) is None for tool in ("bwa", "fastp", "samtools")), reason="tools are missing"
)

GENOME = {"chr1": 4000, "chr2": 3000}
COMPACT = (("chr1", 500, 2000), ("chr1", 2000, 3500), ("chr2", 0, 3000))
REGIONS = (("chr1", 500, 3500), ("chr2", 0, 3000))
SEAM = 2000  # neighbouring contigs of the compact genome meet here
READ = 100
UMI, SPACER = 5, "TG"
INSIDE = READ - UMI - len(SPACER)
ADAPTERS = (
    "AGATCGGAAGAGCACACGTCTGAACTCCAGTCA" + "C" * READ,
    "AGATCGGAAGAGCGTCGTGTAGGGAAAGAGTGT" + "C" * READ,
)
PRIMER = 20
AMPLICONS = ((500, 600), (560, 680))
"""On chr2; the reverse primer of the first lies on bases of the second."""
DIMER = 40
MIN_OVERLAP = 30  # shorter overlaps of mates do not trim
SNAKEFILE = """
configfile: {config!r}
include: {rules!r} + "/common.smk"
include: {rules!r} + "/reference.smk"
include: {rules!r} + "/align.smk"
rule all:
    input:
        [UNITS.unit_bams(s) for s in PLAN.sheet.samples.values()],
        REFERENCE.dictionary,
    default_target: True
"""
COMPLEMENT = str.maketrans("ACGT", "TGCA")


def turn(text: str) -> str:
    return text[::-1].translate(COMPLEMENT)


class Reads:
    """Fragments of a random genome as pairs with inline UMIs; names tell chrom, start, end, UMI."""

    def __init__(self, genome: dict[str, str], seed: int) -> None:
        self.genome = genome
        self.rng = random.Random(seed)

    def fragment(self, number: int, *, low: int = 60, high: int = 200) -> tuple[str, str, list[str]]:
        rng = self.rng
        chrom, first, last = rng.choice(REGIONS)
        size = rng.randrange(low, high)
        start = rng.randrange(first, last - size)
        umis = ["".join(rng.choices("ACGT", k=UMI)) for _ in range(2)]
        bases = self.genome[chrom][start : start + size]
        if rng.random() < 0.5:
            bases = turn(bases)
        return f"{number}_{chrom}_{start}_{start + size}_{'.'.join(umis)}", bases, umis

    def amplicon(self, number: int, *, size: int | None = None) -> tuple[str, str, list[str]]:
        """A molecule from primer to primer, whichever strand read 1 is of; `size` cuts it short."""
        start, end = AMPLICONS[number % len(AMPLICONS)]
        umis = ["".join(self.rng.choices("ACGT", k=UMI)) for _ in range(2)]
        end = end if size is None else start + size
        bases = self.genome["chr2"][start:end]
        whole = bases if number % 4 < 2 else turn(bases)
        return f"{number}_chr2_{start}_{end}_{'.'.join(umis)}", whole, umis

    def inline_pair(self, number: int) -> tuple[str, str, str]:
        name, bases, (one, two) = self.fragment(number)
        whole = one + SPACER + bases + turn(two + SPACER)
        return name, (whole + ADAPTERS[0])[:READ], (turn(whole) + ADAPTERS[1])[:READ]


def truth(name: str) -> tuple[str, int, int, list[str]]:
    _, chrom, start, end, umis = name.split(":", maxsplit=1)[0].split("_")
    return chrom, int(start), int(end), umis.split(".")


def write_fastq(path: Path, reads: list[tuple[str, str]]) -> str:
    text = "".join(f"@{name} 1:N:0:ACGT\n{bases}\n+\n{'F' * len(bases)}\n" for name, bases in reads)
    path.write_bytes(gzip.compress(text.encode(), mtime=0))
    return path.name


def write_unaligned(path: Path, fragments: list[tuple[str, str, list[str]]]) -> str:
    with pysam.AlignmentFile(str(path), "wb", header={"HD": {"VN": "1.6", "GO": "query"}}) as out:
        for name, bases, umis in fragments:
            for flag, read in ((77, bases[:READ]), (141, turn(bases)[:READ])):
                record = pysam.AlignedSegment(out.header)
                record.query_name, record.flag, record.query_sequence = name, flag, read
                record.query_qualities = pysam.qualitystring_to_array("F" * len(read))
                record.set_tag("RX", "-".join(umis))
                out.write(record)
    return path.name


def write_aligned(path: Path, fragments: list[tuple[str, str, list[str]]]) -> str:
    contigs = [{"SN": name, "LN": size} for name, size in GENOME.items()]
    header = {"HD": {"VN": "1.6", "SO": "unsorted"}, "SQ": contigs, "RG": [{"ID": "old", "SM": "old"}]}
    with pysam.AlignmentFile(str(path), "wb", header=header) as out:
        for name, bases, umis in fragments:
            chrom, start, end, _ = truth(name)
            size = min(READ, end - start)
            for flag, at in ((99, start), (147, end - size)):
                record = pysam.AlignedSegment(out.header)
                record.query_name, record.flag, record.query_sequence = (
                    f"{name}:{'+'.join(umis)}",
                    flag,
                    bases[:size],
                )
                record.query_qualities = pysam.qualitystring_to_array("F" * size)
                record.reference_id, record.reference_start = list(GENOME).index(chrom), at
                record.cigarstring, record.mapping_quality = f"{size}M", 60
                record.set_tag("RG", "old")
                out.write(record)
    return path.name


def write_genome(folder: Path, rng: random.Random) -> dict[str, str]:
    genome = {name: "".join(rng.choices("ACGT", k=size)) for name, size in GENOME.items()}
    (folder / "genome.fa").write_text("".join(f">{name}\n{bases}\n" for name, bases in genome.items()))
    (folder / "compact.fa").write_text(
        "".join(f">{chrom}:{start + 1}-{end}\n{genome[chrom][start:end]}\n" for chrom, start, end in COMPACT)
    )
    (folder / "genes.gff3").write_text("chr1\tx\tgene\t1\t9\t.\t+\t.\tID=gene:g\n")
    (folder / "panel.bed").write_text("chr1\t600\t3400\nchr2\t100\t2900\n")
    return genome


def write_config(folder: Path) -> dict[str, Any]:
    def assay(source: str, *structures: str) -> dict[str, Any]:
        return {
            "targets": "panel.bed",
            "umi": {"source": source, "read_structures": list(structures)},
            "qc": {"min_molecules": 1, "warn_molecules": 2, "min_on_target": 0.1},
        }

    inline = f"{UMI}M{len(SPACER)}S+T"
    changes: dict[str, Any] = {
        "samples": "samples.tsv",
        "assays": {
            "pairs": assay("inline", inline, inline),
            "single": assay("inline", inline),
            "tag": assay("tag"),
            "name": assay("name"),
            "primers": assay("tag") | {"primers": "primers.bed"},
            "adopted-primers": assay("name") | {"primers": "primers.bed"},
        },
    }
    return changes | {"reference": {"fasta": "genome.fa", "gff3": "genes.gff3", "align_fasta": "compact.fa"}}


def write_primers(path: Path) -> None:
    lines = []
    for start, end in AMPLICONS:
        lines += [f"chr2\t{start}\t{start + PRIMER}\tF\t0\t+", f"chr2\t{end - PRIMER}\t{end}\tR\t0\t-"]
    path.write_text("\n".join(lines) + "\n")


def write_sheet(folder: Path, rows: list[dict[str, str]]) -> None:
    columns = ("patient", "assay", "fastq_1", "fastq_2", "bam", "bam_kind")
    fixed = {
        "timepoint": "T1",
        "specimen_type": "plasma",
        "collected": "2026-01-01",
        "setting": "progression",
    }
    lines = ["\t".join((*columns, *fixed))]
    lines += ["\t".join([*(row.get(name, "") for name in columns), *fixed.values()]) for row in rows]
    (folder / "samples.tsv").write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def run(
    tmp_path_factory: pytest.TempPathFactory, root: Path
) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """One run over every kind of input, one of them broken behind what the checks look at."""
    folder = tmp_path_factory.mktemp("align")
    genome = write_genome(folder, random.Random(1))
    reads = Reads(genome, 2)
    pairs = [reads.inline_pair(i) for i in range(200)]
    rows = []
    for lane, part in (("a", pairs[:120]), ("b", pairs[120:])):
        one = write_fastq(folder / f"{lane}_1.fastq.gz", [(name, first) for name, first, _ in part])
        two = write_fastq(folder / f"{lane}_2.fastq.gz", [(name, second) for name, _, second in part])
        rows.append({"patient": "pairs", "assay": "pairs", "fastq_1": one, "fastq_2": two})
    single = write_fastq(folder / "s_1.fastq.gz", [(name, first) for name, first, _ in pairs[:100]])
    rows.append({"patient": "single", "assay": "single", "fastq_1": single})
    fragments = [reads.fragment(i) for i in range(100)]
    unaligned = write_unaligned(folder / "u.bam", fragments)
    rows.append({"patient": "unaligned", "assay": "tag", "bam": unaligned, "bam_kind": "raw"})
    aligned = write_aligned(folder / "a.bam", fragments)
    rows.append({"patient": "aligned", "assay": "name", "bam": aligned, "bam_kind": "raw"})
    others = [reads.fragment(i) for i in range(100, 200)]
    for name, write in (("v", write_unaligned), ("b", write_aligned)):
        bam = write(folder / f"{name}.bam", others)
        pysam.samtools.view(
            *("-C", "-T", str(folder / "genome.fa"), "-o", str(folder / f"{name}.cram")),
            str(folder / bam),
            catch_stdout=False,
        )
    rows.append({"patient": "unaligned-cram", "assay": "tag", "bam": "v.cram", "bam_kind": "raw"})
    rows.append({"patient": "aligned-cram", "assay": "name", "bam": "b.cram", "bam_kind": "raw"})
    amplicons = [reads.amplicon(i) for i in range(80)] + [reads.amplicon(80 + i, size=DIMER) for i in (0, 2)]
    write_primers(folder / "primers.bed")
    unaligned = write_unaligned(folder / "p.bam", amplicons)
    rows.append({"patient": "primers", "assay": "primers", "bam": unaligned, "bam_kind": "raw"})
    aligned = write_aligned(folder / "q.bam", amplicons)
    rows.append({"patient": "adopted-primers", "assay": "adopted-primers", "bam": aligned, "bam_kind": "raw"})
    empty = [write_fastq(folder / f"e_{i}.fastq.gz", []) for i in (1, 2)]
    rows.append({"patient": "empty", "assay": "pairs", "fastq_1": empty[0], "fastq_2": empty[1]})
    many = [reads.inline_pair(i) for i in range(700)]
    one = write_fastq(folder / "x_1.fastq.gz", [(name, first) for name, first, _ in many])
    swapped = [*many[:-2], many[-1], many[-2]]
    two = write_fastq(folder / "x_2.fastq.gz", [(name, second) for name, _, second in swapped])
    rows.append({"patient": "broken", "assay": "pairs", "fastq_1": one, "fastq_2": two})
    write_sheet(folder, rows)
    (folder / "changes.yaml").write_text(yaml.safe_dump(write_config(folder)))
    (folder / "Snakefile").write_text(
        SNAKEFILE.format(config=str(root / "config" / "config.yaml"), rules=str(root / "rules"))
    )
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--configfile", "changes.yaml", "--cores", "2", "--keep-going"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    return folder, done


def aligned_units(
    run: tuple[Path, subprocess.CompletedProcess[str]], patient: str
) -> tuple[dict[str, Any], list[pysam.AlignedSegment]]:
    """Header of the first unit with the read groups of all, and the records of one unit after the other."""
    folder, done = run
    paths = sorted((folder / "results" / "patients" / patient / "T1" / "plasma" / "units").glob("*.bam"))
    assert paths, done.stderr[-3000:]
    headers, records = [], []
    for path in paths:
        with pysam.AlignmentFile(str(path)) as bam:
            headers.append(bam.header.to_dict())
            records += list(bam)
    groups = [line for header in headers for line in header["RG"]]
    return {**headers[0], "RG": groups}, records


def counts(
    run: tuple[Path, subprocess.CompletedProcess[str]], patient: str, unit: str = "u1", kind: str = "extract"
) -> dict[str, str]:
    path = run[0] / "results" / "patients" / patient / "T1" / "plasma" / "units" / f"{unit}.{kind}.tsv"
    head, row = (line.split("\t") for line in path.read_text().splitlines())
    return dict(zip(head, row, strict=True))


def check_places(
    run: tuple[Path, subprocess.CompletedProcess[str]], records: list[pysam.AlignedSegment], read_length: int
) -> None:
    """5' ends must be the ends of the fragment; nothing of UMI, spacer or adapter may be left.

    Bases at the 3' end that look like the start of an adapter may be trimmed with it.
    """
    with pysam.FastaFile(str(run[0] / "genome.fa")) as genome:
        for record in records:
            chrom, start, end, _ = truth(present(record.query_name))
            if record.is_supplementary or (chrom == "chr1" and start < SEAM < end):
                continue
            assert record.reference_name == chrom
            bases = genome.fetch(chrom, start, end)
            if record.is_reverse:
                assert record.reference_end == end
                bases = turn(bases)
            else:
                assert record.reference_start == start
            assert record.cigarstring == f"{record.query_length}M"
            assert record.get_forward_sequence() == bases[: record.query_length]
            if end - start <= 2 * read_length - MIN_OVERLAP:
                trimmed = bases[record.query_length : read_length]
                assert ADAPTERS[record.is_read2].startswith(trimmed)


def test_pairs_of_two_lanes(run: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    header, records = aligned_units(run, "pairs")
    assert header["HD"]["SO"] == "coordinate"
    assert [line["SN"] for line in header["SQ"]] == list(GENOME)
    assert [(line["ID"], line["SM"], line["LB"]) for line in header["RG"]] == [
        ("u1", "pairs.T1.plasma", "lib1"),
        ("u2", "pairs.T1.plasma", "lib1"),
    ]
    primary = [record for record in records if not record.is_supplementary]
    assert set(Counter(r.query_name for r in primary).values()) == {2}
    assert Counter(record.get_tag("RG") for record in primary) == {"u1": 240, "u2": 160}
    for record in records:
        assert record.get_tag("RX") == "-".join(truth(present(record.query_name))[3])
    check_places(run, records, INSIDE)


def test_mates_across_the_seam_of_the_compact_genome(
    run: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    _, records = aligned_units(run, "pairs")
    by_name: dict[Any, pysam.AlignedSegment] = {}
    for record in records:
        by_name.setdefault((record.query_name, record.is_read2), record)
    seen = 0
    for (name, second), record in by_name.items():
        mate = by_name[name, not second]
        if record.is_supplementary or mate.is_supplementary:
            continue
        assert record.next_reference_name == mate.reference_name
        assert record.next_reference_start == mate.reference_start
        seen += (record.reference_start < SEAM) != (mate.reference_start < SEAM)
    assert seen > 0


def test_single_reads(run: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    _, records = aligned_units(run, "single")
    primary = [record for record in records if not record.is_supplementary]
    assert len(primary) == 100
    assert not any(record.is_paired for record in primary)
    for record in primary:
        chrom, start, end, (umi, _) = truth(present(record.query_name))
        assert record.get_tag("RX") == umi
        if not (chrom == "chr1" and start < SEAM < end):
            assert (record.reference_end == end) if record.is_reverse else (record.reference_start == start)


def test_unaligned_bam(run: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    _, records = aligned_units(run, "unaligned")
    assert len([r for r in records if not r.is_supplementary]) == 200
    for record in records:
        assert record.get_tag("RX") == "-".join(truth(present(record.query_name))[3])
        assert record.get_tag("RG") == "u1"
    check_places(run, records, READ)


def test_aligned_bam_is_sorted_and_tagged(run: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    header, records = aligned_units(run, "aligned")
    assert header["RG"] == [{"ID": "u1", "SM": "aligned.T1.plasma", "LB": "lib1", "PL": "ILLUMINA"}]
    places = [(record.reference_id, record.reference_start) for record in records]
    assert len(places) == 200
    assert places == sorted(places)
    for record in records:
        assert record.get_tag("RX") == "-".join(truth(present(record.query_name))[3])
    assert counts(run, "aligned", kind="adopted")["templates"] == "100"


def test_cram_is_read_with_the_genome(run: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    read = {name: aligned_units(run, name)[1] for name in ("unaligned-cram", "aligned-cram")}
    for records in read.values():
        primary = [record for record in records if not record.is_supplementary]
        assert len(primary) == 200
        assert {present(record.query_qualities)[0] for record in primary} == {ord("F") - 33}
        for record in primary:
            assert record.get_tag("RX") == "-".join(truth(present(record.query_name))[3])
    check_places(run, read["unaligned-cram"], READ)
    with pysam.AlignmentFile(str(run[0] / "b.bam")) as given:
        bases = {(r.query_name, r.is_read2): r.query_sequence for r in given}
    assert {(r.query_name, r.is_read2): r.query_sequence for r in read["aligned-cram"]} == bases


@pytest.mark.parametrize("patient", ["primers", "adopted-primers"])
def test_primers_are_cut_off_the_reads_that_begin_or_end_at_them(
    run: tuple[Path, subprocess.CompletedProcess[str]], patient: str
) -> None:
    _, records = aligned_units(run, patient)
    # Of 82 molecules two are nothing but a primer on each side.
    assert Counter(record.query_name for record in records).total() == 160
    at_the_primer = 0
    with pysam.FastaFile(str(run[0] / "genome.fa")) as genome:
        for record in records:
            chrom, start, end, _ = truth(present(record.query_name))
            inside = (start + PRIMER, end - PRIMER)
            assert inside[0] <= record.reference_start < present(record.reference_end) <= inside[1]
            # The end of the molecule is where its first base behind the primer lies, for all of its reads.
            assert (record.reference_end if record.is_reverse else record.reference_start) in inside
            if patient == "primers":  # the bases of `write_aligned` are those of one strand
                bases = genome.fetch(chrom, record.reference_start, record.reference_end)
                assert record.query_sequence == bases
            first = AMPLICONS[0][1] - PRIMER
            at_the_primer += start > AMPLICONS[0][0] and record.reference_start <= first
    assert at_the_primer >= 40, "the other amplicon keeps its bases on that primer"
    places = [(record.reference_id, record.reference_start) for record in records]
    assert places == sorted(places)


def test_no_reads_give_an_empty_bam(run: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    header, records = aligned_units(run, "empty")
    assert records == []
    assert header["RG"][0]["SM"] == "empty.T1.plasma"
    assert counts(run, "empty")["templates"] == "0"


def test_counts_and_trimming_are_reported(run: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    found = counts(run, "pairs")
    assert (found["templates"], found["reads"], found["written"]) == ("120", "240", "120")
    report = json.loads((run[0] / "results/patients/pairs/T1/plasma/units/u1.fastp.json").read_text())
    assert report["summary"]["before_filtering"]["total_reads"] == 240
    assert report["adapter_cutting"]["adapter_trimmed_reads"] > 0


def test_a_member_that_the_data_fail_leaves_the_reason_in_place_of_every_file(
    run: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    folder, done = run
    assert done.returncode == 0
    text = (folder / "logs" / "align_unit" / "broken.T1.plasma.u1.log").read_text()
    assert "extract_reads: x_1.fastq.gz, x_2.fastq.gz: " in text.replace(str(folder) + "/", "")
    assert "improperly paired" in text and "give the files of one run" in text
    left = folder / "results" / "patients" / "broken" / "T1" / "plasma"
    found = [path for path in left.rglob("*") if path.is_file()]
    assert {path.name for path in found} >= {"u1.aligned.bam", "u1.fastp.json", "u1.extract.tsv"}
    for path in found:
        assert ["improperly paired" in problem.what for problem in read_unreadable(path)] == [True], path


def test_half_a_report_of_fastp_is_no_result(
    run: tuple[Path, subprocess.CompletedProcess[str]], tmp_path: Path, root: Path
) -> None:
    """On a full disk fastp ends well."""
    folder = shutil.copytree(run[0], tmp_path / "run")
    program = tmp_path / "bin" / "fastp"
    program.parent.mkdir()
    program.write_text(
        f"""#!/bin/sh\n{shutil.which("fastp")} "$@" && printf '{{"summary": {{' >/dev/fd/3\n"""
    )
    program.chmod(0o755)
    unit = "results/patients/single/T1/plasma/units/u1"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "snakemake", "--configfile", "changes.yaml", "--cores", "2"),
            *("--forcerun", "align_unit", "--", f"{unit}.aligned.bam"),
        ],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(root), "PATH": f"{program.parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr[-3000:]
    assert "Error in rule align_unit" in done.stderr
    assert not (folder / f"{unit}.fastp.json").exists()
