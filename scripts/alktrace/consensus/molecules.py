"""The job: aligned reads in, one consensus per molecule out.

Reads stream through a window that ends where no later read can join a family any more, so memory follows the
deepest position; of one random end, all copies wait for that of the farthest primer. Output order and numbers
of molecules follow fragment ends, UMIs and names alone.
"""

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pysam

from .. import __version__
from ..errors import DataError
from ..inputs.settings.molecule_settings import MoleculeSettings
from ..inputs.settings.umi_settings import UmiSettings
from ..io.atomic import atomic_output
from ..io.bam_io import BamWriter, RecordBatch, iterate_batches, read_header
from ..io.records import Bytes, Offsets, read_name, same_name
from ..io.tables import write_table
from ..vocabulary.samples import RandomEnd, UmiSource
from .families import call_families
from .grouping import group_templates, sort_templates
from .likelihood import ErrorModel, error_model
from .losses import COUNT_IN, COUNT_WITH_UMI, MATE_MISSING, NONE, UMI_INVALID, UMI_MISSING
from .mates import join_mates, keep_bytes
from .metrics import Tally, Targets, new_counts
from .molecule_records import Naming
from .molecule_table import MoleculeMetric
from .random_end import READ_NUMBERS, OpenEnds, keep_leading, put_leading_first
from .strands import READS_USED, Counts
from .templates import MAX_READ_LENGTH, NO_END, READ, TEMPLATE, Rows, scan_reads

logger = logging.getLogger(__name__)

UMI_TAG = "RX"
UNKNOWN_LIBRARY = "unknown"
CHUNK_TEMPLATES = 1024
# Small batches are recycled memory. The window is copied with each batch: that of a deep position is read in
# larger ones, so that its copies stay in proportion.
BATCH_BYTES = 2 << 20
BATCHES_IN_WINDOW = 4
# So many reads without a UMI and none with one: the setting must be wrong.
READS_TO_GIVE_UP = 10_000


def call_molecules(
    *,
    bams: Sequence[Path],
    out: Path,
    metrics: Path,
    umi: UmiSettings,
    settings: MoleculeSettings,
    targets: Path | None,
    sample: str,
    threads: int,
) -> None:
    """Group reads to molecules and write their consensus.

    Args:
        bams: aligned BAM files, sorted by coordinate, of one sample and one reference; libraries (RG LB) are
            grouped apart, lanes of one library together.
        out: unaligned consensus BAM, grouped by name, R1 before R2, one read per base or more, fgbio tags.
        metrics: table of MoleculeMetric; `metrics` describes the figures.
        umi: where the UMI is and how it is compared. Without UMIs a pair of fragment ends is a molecule,
            whatever strand R1 comes from, and R1 of the consensus is at the lower end.
        settings: filters and error rates.
        targets: joined targets in the coordinates of the BAM; None: no figures on target.
        sample: name of sample and read group.
        threads: threads to use; the output does not depend on it.

    Raises:
        DataError: a file is damaged, not sorted, of another reference than the first, or has no UMIs.
    """
    headers = [read_header(path) for path in bams]
    _check_references(bams, headers)
    tally = Tally(
        duplex=umi.duplex,
        umis=umi.source is not UmiSource.NONE,
        targets=Targets(targets, headers[0].references) if targets else None,
        one_end=umi.random_end is not RandomEnd.BOTH,
    )
    caller = _Caller(
        duplex=umi.duplex and umi.source is not UmiSource.NONE,
        edits=umi.edits,
        min_quality=settings.min_input_base_quality,
        model=error_model(settings.error_rate_pre_umi, settings.error_rate_post_umi),
        naming=Naming(_codes(f"{sample}:"), _codes(sample)),
        one_end=umi.random_end is not RandomEnd.BOTH,
        tally=tally,
    )
    with ExitStack() as stack:
        (partial,) = stack.enter_context(atomic_output(out))
        pool = stack.enter_context(ThreadPoolExecutor(threads)) if threads > 1 else None
        writer = stack.enter_context(BamWriter(partial, _header(headers, sample), threads=threads))
        for data, rows in _windows(bams, headers, umi, settings, tally, threads):
            for records in caller.call(data, rows, pool):
                writer.write(records)
            del data, rows  # else they would stay until the next window is whole
    _check_umis(bams[0], umi, tally)
    lost, used = int(tally.called.losses.sum()), int(tally.called.outcomes[READS_USED])
    if lost + used != tally.counts[COUNT_IN]:
        raise RuntimeError(f"{tally.counts[COUNT_IN]} reads in, but {used} used and {lost} lost")
    logger.info("%d reads, %d used, %d molecules", tally.counts[COUNT_IN], used, caller.number)
    write_table(metrics, MoleculeMetric, tally.rows(settings.saturation))


def in_rx(umi: UmiSettings) -> UmiSettings:
    """Return the settings for reads that were aligned or adopted here: their UMI is in RX now."""
    without = umi.source is UmiSource.NONE
    return umi if without else umi.model_copy(update={"source": UmiSource.TAG, "tag": UMI_TAG})


@dataclass
class _Caller:
    """Calls the families of one window after the other."""

    duplex: bool
    edits: int
    min_quality: int
    model: ErrorModel
    naming: Naming
    one_end: bool
    tally: Tally
    number: int = 0

    def call(self, data: Bytes, rows: Rows, pool: Executor | None) -> Iterator[Bytes]:
        """Yield packed consensus records in order."""
        grouped, bounds, per_position = group_templates(rows, sort_templates(rows), self.edits)
        if self.one_end:
            leading, pairs = put_leading_first(rows, grouped, bounds)
            self.tally.add(rows, grouped, bounds, per_position)
            grouped, bounds, others = keep_leading(grouped, bounds, leading)
            self.tally.add_primer_ends(pairs, rows[others])
        else:
            self.tally.add(rows, grouped, bounds, per_position)
        cuts = _cuts(bounds)
        first, self.number = self.number, self.number + len(bounds) - 1

        def part(cut: tuple[int, int]) -> tuple[Bytes, Counts]:
            counts = new_counts()
            records = call_families(
                data, rows, grouped, bounds[cut[0] : cut[1] + 1], first + cut[0],
                self.duplex, self.min_quality, self.model, self.naming, counts,
            )  # fmt: skip
            return records, counts

        parts = pool.map(part, pairwise(cuts)) if pool else map(part, pairwise(cuts))
        for records, counts in parts:
            self.tally.add_called(counts)
            yield records


def _cuts(bounds: Offsets) -> list[int]:
    """Part families into runs of about CHUNK_TEMPLATES templates; return the first of each and the end."""
    last = len(bounds) - 1
    marks = np.searchsorted(bounds, np.arange(0, int(bounds[-1]), CHUNK_TEMPLATES))
    return [*np.unique(marks[marks < last]).tolist(), last] if last > 0 else [0]


# --- the window -----------------------------------------------------------------------------


@dataclass
class _Window:
    """Reads whose mate is still to come and templates whose position is still open."""

    data: Bytes
    waiting: Rows
    templates: Rows
    open_ends: OpenEnds


def _windows(
    bams: Sequence[Path],
    headers: Sequence[pysam.AlignmentHeader],
    umi: UmiSettings,
    settings: MoleculeSettings,
    tally: Tally,
    threads: int,
) -> Iterator[tuple[Bytes, Rows]]:
    """Yield packed bytes and the templates whose families are complete."""
    window = _Window(np.empty(0, np.uint8), np.empty(0, READ), np.empty(0, TEMPLATE), OpenEnds())
    libraries = _libraries(headers)

    def wanted() -> int:
        return max(BATCH_BYTES, len(window.data) // BATCHES_IN_WINDOW)

    streams = [iterate_batches(path, batch_bytes=wanted, threads=threads) for path in bams]
    seen = [-1] * len(bams)
    while any(key < NO_END + 1 for key in seen):
        i = seen.index(min(seen))
        batch = next(streams[i], None)
        if batch is None:
            seen[i] = NO_END + 1
        else:
            groups = _read_groups(headers[i], libraries)
            seen[i] = _add_batch(window, batch, bams[i], groups, seen[i], umi, settings, tally)
        frontier = min(seen)
        if frontier <= NO_END:
            # A later read may begin so far before its alignment (soft clip); a key is twice the position.
            frontier -= MAX_READ_LENGTH << 1
        if umi.random_end is not RandomEnd.BOTH:
            window.open_ends.set_last(window.templates)
            window.open_ends.close(frontier)
        ready = window.templates["last"] < frontier
        if ready.any():
            if len(bams) > 1:
                _refuse_copies(bams, window.data, window.templates[ready])
            yield window.data, window.templates[ready]
        _shrink(window, ~ready)
    reasons = window.waiting["reason"]
    np.add.at(tally.called.losses, np.where(reasons == NONE, MATE_MISSING, reasons), 1)


def _add_batch(
    window: _Window,
    batch: RecordBatch,
    path: Path,
    groups: tuple[Bytes, Offsets, Offsets],
    previous: int,
    umi: UmiSettings,
    settings: MoleculeSettings,
    tally: Tally,
) -> int:
    """Take records into the window; return the sort key of the last."""
    shift = len(window.data)
    # At once, so that the bytes before are free.
    data = window.data = np.concatenate([window.data, batch.data])
    reads = np.empty(len(batch.starts), READ)
    source = 0 if umi.source is UmiSource.NONE else 2 if umi.source is UmiSource.NAME else 1
    tag = umi.tag if umi.source is UmiSource.TAG else UMI_TAG
    duplex, random = umi.duplex and source > 0, READ_NUMBERS[umi.random_end]
    count, last, wrong = scan_reads(
        data, batch.starts + shift, batch.ends + shift, *groups, ord(tag[0]) << 8 | ord(tag[1]), source,
        duplex, settings.min_mapq, previous, reads, tally.counts, tally.called.losses,
    )  # fmt: skip
    if wrong >= 0:
        raise _unsorted(path, batch, wrong)
    _check_first_umis(path, umi, source, reads[:count], tally)
    if random:
        window.open_ends.add(reads[:count], random)
    reads = np.concatenate([window.waiting, reads[:count]])
    templates, waiting = np.empty(len(reads), TEMPLATE), np.empty(len(reads), np.uint8)
    order = np.argsort(reads["hash"], kind="stable")
    joined = join_mates(
        data, reads, order, duplex, source == 0, random, templates, waiting, tally.called.losses
    )
    if joined < 0:
        raise _given_twice(path, data, int(reads["offset"][-1 - joined]))
    window.waiting = reads[waiting == 1]
    window.templates = np.concatenate([window.templates, templates[:joined]])
    return int(last)


def _shrink(window: _Window, still_open: Bytes) -> None:
    """Keep what is still needed; tags and the bases of reads to be dropped are not."""
    templates, waiting = window.templates[still_open], window.waiting
    offsets = np.concatenate([waiting["offset"], templates["first"], templates["second"]])
    whole = np.ones(len(offsets), np.uint8)
    # Of a read that will be dropped only the name is needed, to find its mate.
    whole[: len(waiting)] = waiting["reason"] == NONE
    window.data, moved = keep_bytes(window.data, offsets, whole)
    waiting["offset"] = moved[: len(waiting)]
    templates["first"], templates["second"] = np.split(moved[len(waiting) :], 2)
    window.templates = templates


# --- headers and checks ---------------------------------------------------------------------


def _codes(text: str) -> Bytes:
    return np.frombuffer(text.encode(), np.uint8).copy()


def _libraries(headers: Sequence[pysam.AlignmentHeader]) -> dict[str, int]:
    names = {
        group.get("LB", UNKNOWN_LIBRARY) for header in headers for group in header.to_dict().get("RG", [])
    }
    return {name: i for i, name in enumerate(sorted(names | {UNKNOWN_LIBRARY}))}


def _read_groups(header: pysam.AlignmentHeader, libraries: dict[str, int]) -> tuple[Bytes, Offsets, Offsets]:
    """Return names of read groups, their bounds, their libraries and last that of reads without one."""
    groups = header.to_dict().get("RG", [])
    names = [group["ID"].encode() for group in groups]
    of_group = [libraries[group.get("LB", UNKNOWN_LIBRARY)] for group in groups]
    return (
        np.frombuffer(b"".join(names) or b"\0", np.uint8).copy(),
        np.cumsum([0, *map(len, names)], dtype=np.int64),
        np.array([*of_group, libraries[UNKNOWN_LIBRARY]], np.int64),
    )


def _header(headers: Sequence[pysam.AlignmentHeader], sample: str) -> pysam.AlignmentHeader:
    libraries = sorted(_libraries(headers))
    named = [name for name in libraries if name != UNKNOWN_LIBRARY]
    group = {"ID": sample, "SM": sample, "LB": ",".join(named or libraries)}
    return pysam.AlignmentHeader.from_dict(
        {
            "HD": {"VN": "1.6", "SO": "unsorted", "GO": "query"},
            "RG": [group],
            "PG": [{"ID": "alktrace", "PN": "alktrace", "VN": __version__}],
        }
    )


def _check_references(bams: Sequence[Path], headers: Sequence[pysam.AlignmentHeader]) -> None:
    first = (headers[0].references, headers[0].lengths)
    for path, header in zip(bams, headers, strict=True):
        if (header.references, header.lengths) != first:
            raise DataError(
                path, f"has other reference sequences than {bams[0]}", "align both to one reference"
            )


def _unsorted(path: Path, batch: RecordBatch, index: int) -> DataError:
    name = read_name(batch.data, int(batch.starts[index]))
    return DataError(path, f"is not sorted by coordinate at read {name}", "run `samtools sort` on it")


def _given_twice(path: Path, data: Bytes, start: int) -> DataError:
    return DataError(
        path,
        f"two primary alignments of the same read {read_name(data, start)!r}",
        "give each read once, and each template a name of its own: without names mates cannot be told",
    )


def _refuse_copies(bams: Sequence[Path], data: Bytes, rows: Rows) -> None:
    """Refuse a template that two files hold, such as FASTQ and BAM of one run.

    Its reads would be copies of its molecule that nobody sequenced, or in two libraries a molecule each.
    Libraries may use the same names: only at the same ends it is the same template.
    """
    order = np.argsort(rows["hash"], kind="stable")
    for i in np.flatnonzero(np.diff(rows["hash"][order]) == 0):
        one, two = rows[order[i]], rows[order[i + 1]]
        same_ends = one["low"] == two["low"] and one["high"] == two["high"]
        if same_ends and same_name(data, one["first"], data, two["first"]):
            raise _given_twice(Path(", ".join(map(str, bams))), data, int(one["first"]))


def _check_first_umis(path: Path, umi: UmiSettings, source: int, reads: Rows, tally: Tally) -> None:
    """Stop early where no read has a UMI."""
    if source and len(reads) > READS_TO_GIVE_UP and tally.counts[COUNT_WITH_UMI] == 0:
        raise _without_umi(path, umi)


def _check_umis(path: Path, umi: UmiSettings, tally: Tally) -> None:
    """Refuse a file in which no read had a usable UMI.

    Single reads without one are a counted loss.
    """
    if umi.source is UmiSource.NONE or tally.called.outcomes[READS_USED]:
        return
    if tally.called.losses[UMI_MISSING] and not tally.counts[COUNT_WITH_UMI]:
        raise _without_umi(path, umi)
    others = tally.called.losses[UMI_INVALID]
    if others and others == tally.called.losses[UMI_MISSING + 1 :].sum():
        raise DataError(
            path,
            "no UMI can be read: they hold letters other than ACGTN"
            + (", or are not two halves joined by `-`" if umi.duplex else ", or more than 62 bases"),
            "correct `umi` of the assay: `source`, `tag`" + (", `duplex`" if umi.duplex else ""),
        )


def _without_umi(path: Path, umi: UmiSettings) -> DataError:
    where = "at the end of the read name" if umi.source is UmiSource.NAME else f"in the tag {umi.tag}"
    return DataError(
        path, f"no read has a UMI {where}", "correct `umi` of the assay, or set its source to `none`"
    )
