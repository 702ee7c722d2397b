"""FASTQs as text: clusters that are as usual go to the stream by kernels, without an object per read."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from xopen import xopen

from ..io.records import Bytes, Offsets
from .fastq_kernels import COUNTED, MORE, Cut, take_apart
from .read_structure import Layout
from .read_text import DAMAGED, MAX_NAME

BLOCK_BYTES = 1 << 20
OUT_BYTES = 5
"""Bytes that are written for one that is read, at most: both templates bear the name and the UMI."""
OPEN = ALL = 1 << 40
"""End of a slice that goes on to the end of a read; more clusters than there are."""
SLASHED = (b"/1", b"/2")
NEWLINE = b"\n"


class Piece(NamedTuple):
    """Some clusters.

    Attributes:
        counts: by the name of a column of `ExtractRow`.
        text: uint8, interleaved FASTQ of those that go on.
        last: True if no cluster follows.
    """

    counts: dict[str, int]
    text: Bytes
    last: bool


def take_texts_apart(fastqs: Sequence[Path], layout: Layout, *, halves: bool, first: int) -> Iterator[Piece]:
    """Take clusters apart until something is not as usual.

    What that is (a damaged file, mates that do not match, a line end of another system) is for somebody else
    to judge, who begins behind the clusters of the pieces. Then none of these is the last.

    Args:
        fastqs: files in the order of the layout, plain or compressed.
        layout: where template and UMI are.
        halves: is a UMI of one part both of its halves.
        first: clusters of the first piece, at most.
    """
    with ExitStack() as stack:
        try:
            # Decompressed in this process: a truncated file then raises here, whatever tools are installed.
            texts = [_Text(stack.enter_context(xopen(path, "rb", threads=0))) for path in fastqs]
            yield from _pieces(texts, layout, halves, first)
        except DAMAGED:
            return


class _Text:
    """The text of one file that is not used up."""

    def __init__(self, file: Any) -> None:
        self.file = file
        self.rest = b""
        self.whole = False

    def extend(self) -> bool:
        """Read more behind a rest of less than a block; False if nothing came."""
        if self.whole or len(self.rest) >= BLOCK_BYTES:
            return False
        more = self.file.read(BLOCK_BYTES)
        self.whole = not more
        if self.whole and self.rest and not self.rest.endswith(NEWLINE):
            more = NEWLINE
        self.rest += more
        return bool(more)


def _pieces(texts: list[_Text], layout: Layout, halves: bool, first: int) -> Iterator[Piece]:
    cut, most = None, first
    while True:
        came = [text.extend() for text in texts]
        cut = cut or _cut(layout, halves, texts[0].rest)
        text = np.frombuffer(b"".join(text.rest for text in texts), np.uint8).copy()
        ends = np.cumsum([len(text.rest) for text in texts])
        starts = np.append(0, ends[:-1])
        counts, out = np.zeros(len(COUNTED), np.int64), np.empty(OUT_BYTES * len(text), np.uint8)
        size, status = take_apart(text, starts, ends, most, cut, out, counts)
        for k, one in enumerate(texts):
            one.rest = text[starts[k] : ends[k]].tobytes()
        last = status == MORE and all(one.whole and not one.rest for one in texts)
        yield Piece(dict(zip(COUNTED, counts.tolist(), strict=True)), out[:size], last)
        if last or status != MORE or not (any(came) or counts.any()):
            return
        most = ALL


def _cut(layout: Layout, halves: bool, text: bytes) -> Cut:
    """Return how clusters are taken apart, as kernels take it; names are like the first one of a text."""
    name = text[: MAX_NAME + 3].split(maxsplit=1)[:1]
    return Cut(
        _slices(layout.templates),
        _slices(layout.umis),
        np.array(layout.min_lengths, np.int64),
        halves,
        bool(name) and name[0].endswith(SLASHED),
    )


def _slices(parts: Sequence[tuple[int, slice]]) -> Offsets:
    rows = [(read, part.start, OPEN if part.stop is None else part.stop) for read, part in parts]
    return np.array(rows, np.int64).reshape(-1, 3)
