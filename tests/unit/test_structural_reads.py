"""What is asked of many records at once, or briefly, is what a full look at every single record finds."""

import random
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pysam
import pytest
from fusion_molecules import SETTINGS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structural_bam import random_genome, write_fasta

from alktrace.io.bam_io import iterate_batches
from alktrace.io.record_columns import read_columns
from alktrace.reference.genome import Genome
from alktrace.structural.copy_number import coverage
from alktrace.structural.copy_number.coverage import Stretches
from alktrace.structural.fusions import scan, support
from alktrace.structural.fusions.breakpoints import Breakend, Junction, normalise
from alktrace.structural.fusions.fusion_calls import open_indexed
from alktrace.structural.fusions.junctions import Candidate
from alktrace.structural.fusions.scan import NOT_PRIMARY, Regions, SignCollector, Signs
from alktrace.structural.fusions.support import Molecule, Support, count_support

GENOME = random_genome({"chr1": 4000, "chr2": 4000}, seed=11)
HEADER = pysam.AlignmentHeader.from_references(list(GENOME), [len(bases) for bases in GENOME.values()])
FIRST, SECOND = Breakend("chr1", 1999, "L"), Breakend("chr2", 2000, "R")
JOINED = GENOME["chr1"][:2000] + GENOME["chr2"][2000:]
FLAGS = (0x63, 0x93, 0x53, 0xA3, 0x61, 0x91, 0x51, 0xA1, 0x41, 0x81, 0x71, 0x69, 0, 0x10)
MAX_INSERT, OVERHANG = 1000, SETTINGS.min_overhang
SEEDS = st.integers(0, 1 << 32)


@pytest.fixture(scope="module")
def fasta(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_fasta(tmp_path_factory.mktemp("genome") / "genome.fa", GENOME)


# Hard clips stand outermost: else pysam raises an error of its own.
CLIPS = ((), (), (4,), (4,), (4,), (5,), (5, 4))


def make_reads(seed: int, most: int) -> list[pysam.AlignedSegment]:
    """Records around the junction, some as no aligner would write them."""
    choose = random.Random(seed)
    return [make_read(choose) for _ in range(choose.randint(0, most))]


def make_read(choose: random.Random) -> pysam.AlignedSegment:
    record = pysam.AlignedSegment(HEADER)
    record.query_name = f"m{choose.randrange(10)}"
    record.flag = choose.choice(FLAGS) | choose.choice((0, 0, 0, 0, 0, 0, 0x100, 0x800, 0x4, 0x200, 0x400))
    lead = [(code, choose.randint(0, 60)) for code in choose.choice(CLIPS)]
    inner = [
        (choose.choice((0, 0, 0, 0, 1, 2, 3, 6, 7, 8)), choose.randint(1, 70))
        for _ in range(choose.randint(1, 4))
    ]
    trail = [(code, choose.randint(0, 60)) for code in reversed(choose.choice(CLIPS))]
    cigar = [*lead, *inner, *trail] if choose.random() < 0.95 else []
    record.reference_id, record.reference_start = choose.randrange(2), make_place(choose)
    if choose.random() < 0.5:  # starts or ends at the breakend
        place = 2000 + choose.choice((0, 0, 0, 3, -4, 6))
        span = sum(length for code, length in cigar if code in (0, 2, 3, 7, 8))
        record.reference_start = place if record.reference_id else place - span
    length = sum(length for code, length in cigar if code in (0, 1, 4, 7, 8))
    at = record.reference_start - sum(length for code, length in lead if code == 4)
    if not record.flag & NOT_PRIMARY or choose.random() < 0.8:
        record.query_sequence = JOINED[at : at + length].ljust(length, "A")
    record.cigartuples = cigar
    record.mapping_quality = choose.choice((0, 19, 20, 60))
    record.next_reference_id = choose.choice((-1, 0, 0, 1, 1))
    record.next_reference_start = make_place(choose)
    record.template_length = choose.choice((0, 90, -90, 300, -300, 1000, -1000, 1001, -4000))
    if choose.random() < 0.3:
        record.set_tag("SA", choose.choice((make_split(choose, length), "x", "chr9,1;")))
    for tag in ("aD", "bD"):
        if choose.random() < 0.7:
            record.set_tag(tag, choose.randrange(3))
    return record


def make_place(choose: random.Random) -> int:
    return 1999 + (choose.randint(-1100, 1100) if choose.random() < 0.5 else choose.randint(-80, 20))


def make_split(choose: random.Random, length: int) -> str:
    kept = choose.randint(1, max(1, length))
    rest = max(length - kept, 1)
    cigar = f"{rest}S{kept}M" if choose.random() < 0.5 else f"{kept}M{rest}S"
    chrom, start = choose.choice(("chr1", "chr2")), choose.choice((2001, 2001, 2001 - kept, 1500))
    return f"{chrom},{start},{choose.choice('+-')},{cigar},{choose.choice((10, 60))},0;"


def write(folder: str, items: list[pysam.AlignedSegment]) -> Path:
    path = Path(folder, "reads.bam")
    with pysam.AlignmentFile(str(path), "wb", header=HEADER) as out:
        for item in sorted(items, key=lambda r: (r.reference_id, r.reference_start)):
            out.write(item)
    pysam.index("-c", str(path))
    return path


def plain_signs(reads: Any, collector: SignCollector, regions: Regions) -> Signs:
    found = Signs()
    for record in reads:
        found.records += 1
        flag = record.flag
        if flag & scan.UNUSABLE:
            continue
        clipped = record.query_alignment_length != record.query_length
        if (clipped or flag & NOT_PRIMARY) and record.has_tag("SA"):
            scan._take_split(record, regions, found)
        if record.cigartuples and record.is_paired and not flag & (pysam.FMUNMAP | NOT_PRIMARY):
            apart = abs(record.reference_start - record.next_reference_start) > MAX_INSERT
            if apart or record.reference_id != record.next_reference_id:
                scan._take_pair(record, regions, found)
        if clipped:
            scan._take_clips(record, regions, OVERHANG, found)
    return found


def plain_stretches(reads: Any) -> list[list[int]]:
    pieces = []
    for record in reads:
        if record.flag & coverage.UNUSABLE or record.mapping_quality < 20:
            continue
        start, length = record.reference_start, record.template_length
        if record.is_proper_pair and 0 < abs(length) <= MAX_INSERT:
            if length > 0:
                pieces.append([record.reference_id, start, start + length])
        elif record.reference_end is not None:
            pieces.append([record.reference_id, start, record.reference_end])
    return pieces


@given(SEEDS, st.sampled_from((1, 400, 1 << 20)))
@settings(max_examples=150, deadline=None)
def test_signs_and_stretches_in_batches(seed: int, batch_bytes: int) -> None:
    regions = Regions([("chr1", 1200, 2600), ("chr2", 1900, 2100)])
    collector = SignCollector(regions, min_clip=OVERHANG, max_insert=MAX_INSERT)
    stretches = Stretches(min_mapq=20, max_insert=MAX_INSERT)
    with TemporaryDirectory() as folder:
        bam = write(folder, make_reads(seed, 40))
        for batch in iterate_batches(bam, batch_bytes=batch_bytes):
            columns = read_columns(batch)
            collector.take(batch, columns, HEADER)
            stretches.take(columns)
        with pysam.AlignmentFile(str(bam)) as every:
            records = list(every)
    assert collector.found == plain_signs(records, collector, regions)
    assert stretches.found.tolist() == plain_stretches(records)
    assert stretches.found.dtype == np.int64


class PlainView(support._View):
    """A breakend that looks at all of every record."""

    def read(self, record: Any, molecules: dict[str, Molecule]) -> None:
        molecule = Molecule()
        if self.precise:
            self._read_clips(record, molecule)
            if record.has_tag("SA"):
                self._read_sa(record, molecule)
        self._read_pair(record, molecule)
        if not (molecule.split or molecule.pair):
            self.read_intact(record, molecule)
        if not (molecule.split or molecule.pair or molecule.read_through or molecule.spans):
            return
        known = molecules.setdefault(record.query_name, Molecule())
        self._join(known, molecule)
        known.read_through |= molecule.read_through
        known.spans |= molecule.spans
        depths = [record.get_tag(tag) for tag in ("aD", "bD") if record.has_tag(tag)]
        known.duplex |= len(depths) == 2 and min(depths) > 0
        if support._is_kept_side(self.end, record):
            known.mapq[self.index] = max(known.mapq[self.index], record.mapping_quality)
            self._extend(known, self.index, support._outermost(self.end, record))

    def read_intact(self, record: Any, molecule: Molecule) -> None:
        low, high = self._site()
        start, end, length = record.reference_start, record.reference_end, record.template_length
        if start <= low - OVERHANG and end >= high + OVERHANG:
            molecule.read_through.add(self.index)
            return
        if record.flag & NOT_PRIMARY or not record.is_proper_pair or not length:
            return
        first = start if length > 0 else record.next_reference_start
        last = first + abs(length)
        if abs(length) <= MAX_INSERT and first <= low - OVERHANG and last >= high + OVERHANG:
            molecule.spans.add(self.index)


def plain_support(reads: Any, candidate: Candidate, genome: Genome) -> Support:
    molecules: dict[str, Molecule] = {}
    for index, junction in enumerate((candidate.junction, candidate.junction.flipped())):
        view = PlainView(junction, candidate, index, genome, min_overhang=OVERHANG, max_insert=MAX_INSERT)
        end = junction.first
        for record in reads.fetch(end.chrom, max(0, end.pos - MAX_INSERT), min(4000, end.pos + MAX_INSERT)):
            if not record.flag & scan.UNUSABLE and record.cigartuples:
                view.read(record, molecules)
    return support._summarise(molecules.values(), (0, 0), SETTINGS.min_anchor, SETTINGS.min_mapq)


@given(SEEDS, st.booleans(), st.sampled_from(("", "ACG")), st.booleans())
@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_support_against_a_full_look_at_every_record(
    fasta: Path, seed: int, precise: bool, between: str, within: bool
) -> None:
    # Of the first chromosome alone, mates on the other side lie on the same one.
    second = Breakend("chr1", 3400, "R") if within else SECOND
    items = make_reads(seed, 25)
    with TemporaryDirectory() as folder, Genome(fasta) as genome, open_indexed(write(folder, items)) as bam:
        junction, homology = normalise(Junction(FIRST, second, between), genome)
        candidate = Candidate(junction, homology, precise, frozenset())
        found = count_support(
            bam,
            candidate,
            genome,
            min_overhang=OVERHANG,
            min_anchor=SETTINGS.min_anchor,
            min_mapq=SETTINGS.min_mapq,
            max_insert=MAX_INSERT,
        )
        assert found == plain_support(bam, candidate, genome)


def test_the_made_up_reads_show_all_that_is_counted(fasta: Path) -> None:
    """Else the tests above would hold nothing."""
    seen: list[Support] = []
    for seed in range(60):
        with TemporaryDirectory() as folder, Genome(fasta) as genome:
            junction, homology = normalise(Junction(FIRST, SECOND), genome)
            with open_indexed(write(folder, make_reads(seed, 25))) as bam:
                seen.append(plain_support(bam, Candidate(junction, homology, True, frozenset()), genome))
    for name in ("split", "pairs", "duplex", "unique", "contradictory"):
        assert any(getattr(one, name) for one in seen), name
    assert any(one.intact[0] for one in seen)
    assert any(one.intact[1] for one in seen)
