"""BGZF: the blocks of a BAM file, inflated and deflated by the fastest libraries there are.

Layout: SAM/BAM specification, section 4.1.
"""

import zlib
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from ..errors import DataError

# isa-l inflates fastest, but its deflate does not always give the same bytes; zlib-ng's does.
fast_inflate: Any
fast_deflate: Any
try:
    from isal import isal_zlib
    from zlib_ng import zlib_ng

    fast_inflate, fast_deflate = isal_zlib, zlib_ng
except ImportError:  # no wheel for this processor: same records, slower
    fast_inflate = fast_deflate = zlib

INFLATE_ERROR: type[Exception] = fast_inflate.error
BLOCK_BYTES = 65280
BLOCK_HEADER = bytes.fromhex("1f8b08040000000000ff0600424302000000")
END_OF_FILE = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
BLOCK_OVERHEAD = 26
READ_BYTES = 1 << 18
MAX_INFLATED = 1 << 16
RAW_DEFLATE = -15
MAX_LEVEL = 3


class Source(NamedTuple):
    """What messages about damage say.

    Attributes:
        name: the file, or what the stream is.
        remedy: what to do about it.
    """

    name: Path | str
    remedy: str = "copy or write the BAM anew"


def check_magic(path: Path) -> None:
    """Refuse files that are no BGZF.

    Raises:
        DataError: the file is missing, CRAM or something else.
    """
    try:
        with path.open("rb") as stream:
            magic = stream.read(4)
    except OSError as error:
        raise DataError(path, f"cannot be read ({error.strerror})", "check the path") from None
    if magic == b"CRAM":
        raise DataError(path, "is a CRAM file", "convert it with `samtools view -b`")
    if magic != BLOCK_HEADER[:4]:
        raise DataError(path, f"starts with {magic!r}, not with a BGZF block", "give a BAM file")


def inflate(stream: BinaryIO, source: Source, threads: int) -> Iterator[bytes]:
    """Yield the inflated stream in pieces of some megabytes.

    Args:
        stream: BGZF, a file or a pipe.
        source: name and remedy for messages.
        threads: threads that inflate ahead of the caller; with 1 the caller's own does.

    Raises:
        DataError: no BGZF, truncated or damaged.
    """
    if threads <= 1:
        for blocks in _blocks(stream, source):
            yield _inflate_blocks(source, blocks)
        return
    ahead: deque[Future[bytes]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        for blocks in _blocks(stream, source):
            ahead.append(pool.submit(_inflate_blocks, source, blocks))
            if len(ahead) > 2 * threads:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()


def _blocks(stream: BinaryIO, source: Source) -> Iterator[list[memoryview]]:
    """Yield groups of whole BGZF blocks; an end without the end-of-file block is an error."""
    rest = b""
    last = b""
    while True:
        piece = stream.read(READ_BYTES)
        data = rest + piece
        at, view, blocks = 0, memoryview(data), []
        while at + 18 <= len(data):
            size = _block_size(source, data, at)
            if at + size > len(data):
                break
            blocks.append(view[at : at + size])
            at += size
        if blocks:
            last = bytes(blocks[-1][: len(END_OF_FILE)])
            yield blocks
        rest = data[at:]
        if not piece:
            break
    if rest or last != END_OF_FILE:
        what = "is truncated: no BGZF end-of-file block" if rest or last else "is empty"
        raise DataError(source.name, what, source.remedy)


def _block_size(source: Source, data: bytes, at: int) -> int:
    """Return the size of the block at an offset, from its BC subfield."""
    if data[at : at + 4] != BLOCK_HEADER[:4]:
        raise DataError(source.name, "holds something other than BGZF blocks", source.remedy)
    field, end = at + 12, at + 12 + int.from_bytes(data[at + 10 : at + 12], "little")
    while field + 6 <= min(end, len(data)):
        if data[field : field + 2] == b"BC":
            return int.from_bytes(data[field + 4 : field + 6], "little") + 1
        field += 4 + int.from_bytes(data[field + 2 : field + 4], "little")
    raise DataError(source.name, "a BGZF block does not tell its size", source.remedy)


def _inflate_blocks(source: Source, blocks: list[memoryview]) -> bytes:
    pieces = []
    for block in blocks:
        extra = int.from_bytes(block[10:12], "little")
        size = min(int.from_bytes(block[-4:], "little"), MAX_INFLATED + 1)
        try:
            piece = fast_inflate.decompress(block[12 + extra : -8], wbits=RAW_DEFLATE, bufsize=max(size, 1))
        except INFLATE_ERROR as error:
            raise DataError(
                source.name, f"a BGZF block cannot be inflated ({error})", source.remedy
            ) from None
        if len(piece) != size or fast_inflate.crc32(piece) != int.from_bytes(block[-8:-4], "little"):
            raise DataError(source.name, "a BGZF block does not match its checksum", source.remedy)
        pieces.append(piece)
    return b"".join(pieces)


def deflate_block(data: bytes | memoryview, level: int) -> bytes:
    """Return one block of at most BLOCK_BYTES bytes, deflated at level 0 (stored) to 3."""
    packed: bytes = fast_deflate.compress(data, level, wbits=RAW_DEFLATE) if level else b""
    # Stored, it fits BLOCK_BYTES into any block.
    stored = not packed or len(packed) + BLOCK_OVERHEAD > 1 << 16
    body = (_stored_head(len(data)), data) if stored else (packed,)
    size = sum(map(len, body)) + BLOCK_OVERHEAD - 1
    tail: bytes = fast_inflate.crc32(data).to_bytes(4, "little") + len(data).to_bytes(4, "little")
    return b"".join((BLOCK_HEADER[:16], size.to_bytes(2, "little"), *body, tail))


def _stored_head(size: int) -> bytes:
    """Return what stands before bytes stored as they are, the last of a stream (RFC 1951, section 3.2.4)."""
    return b"\x01" + size.to_bytes(2, "little") + (size ^ 0xFFFF).to_bytes(2, "little")
