"""Read pairs of molecules: UMIs, PCR copies with their errors, strand damage, sequencing errors.

All reads of a library have one length. Arrays hold one row per read pair; bases are codes 0 to 3.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .fragments import Ints, Molecules
from .made_genome import COMPLEMENT, Bases, codes, translated

UmiKind = Literal["duplex", "inline", "fastq", "name", "none"]

ADAPTER_1 = codes("AGATCGGAAGAGCACACGTCTGAACTCCAGTCACTGACCTATCTCGTATGCCGTCTTCTGCTTGAGATCGCTACGATCTACGATC")
ADAPTER_2 = codes("AGATCGGAAGAGCGTCGTGTAGGGAAAGAGTGTTCTGACCTGTGTAGATCTCGGTGGTCGCCGTATCATTGATCGCTACGATCTAC")
DUPLEX_UMI, DUPLEX_SKIP = 5, 2
SIMPLEX_UMI = 8
SKIP = codes("CT")

# Shares of base qualities as in binned two-colour data; a base of quality Q is wrong with 10^(-Q/10).
QUALITY_SHARES = {37: 236, 25: 14, 11: 6}
QUALITY_OF_BYTE = b"".join(bytes([quality]) * share for quality, share in QUALITY_SHARES.items())


@dataclass(frozen=True)
class Library:
    """How molecules are turned into reads.

    Attributes:
        umi: `duplex` is 5 bases and 2 skipped on both reads (5M2S+T), `inline` 8 bases on read 1 (8M+T),
            `fastq` 8 bases in their own file, `name` 8 bases as the last field of the read name.
        read_length: bases of a read with its UMI.
        pcr_error: errors per base of a strand that reach a share of its copies.
        damage: C>T or G>T per base of one strand, in all its copies.
        umi_error: errors per UMI base beyond sequencing errors.
    """

    umi: UmiKind
    read_length: int = 100
    pcr_error: float = 1e-5
    damage: float = 3e-5
    umi_error: float = 5e-4

    @property
    def prefixes(self) -> tuple[int, int]:
        """Bases before the template in read 1 and read 2."""
        if self.umi == "duplex":
            return DUPLEX_UMI + DUPLEX_SKIP, DUPLEX_UMI + DUPLEX_SKIP
        return (SIMPLEX_UMI, 0) if self.umi == "inline" else (0, 0)

    @property
    def template_bases(self) -> int:
        """Template bases that both reads show, if the fragment is that long; read 2 may show more."""
        return self.read_length - max(self.prefixes)


@dataclass(frozen=True)
class ReadPairs:
    """Read pairs in the order of the files.

    Attributes:
        molecule, strand, copy: where each pair comes from; strand 1 has read 1 at the start of the
            fragment, strand 2 at its end; `copy` counts within the strand.
        bases: codes of read 1 and read 2, shape (pairs, read_length).
        qualities: phred values of the same shape.
        umi: UMI as sequenced, shape (pairs, bases); the true one of the molecule with errors. For duplex
            the UMI of read 1 and then that of read 2. Empty without UMIs.
        umi_quality: phred values of it.
    """

    library: Library
    molecule: Ints
    strand: Ints
    copy: Ints
    bases: tuple[Bases, Bases]
    qualities: tuple[Bases, Bases]
    umi: Bases
    umi_quality: Bases

    def __len__(self) -> int:
        """Return the number of read pairs."""
        return len(self.molecule)


def draw_umis(rng: np.random.Generator, molecules: int, umi: UmiKind) -> Bases:
    """Return one UMI per molecule: for duplex that of its start and then that of its end."""
    size = {"duplex": 2 * DUPLEX_UMI, "none": 0}.get(umi, SIMPLEX_UMI)
    return rng.integers(0, 4, (molecules, size)).astype(np.uint8)


def make_reads(molecules: Molecules, umis: Bases, library: Library, rng: np.random.Generator) -> ReadPairs:
    """Sequence the molecules; the order of the pairs is random.

    Args:
        molecules: with the number of copies per strand.
        umis: from `draw_umis`.
        library: design of the reads.
        rng: random generator.
    """
    counts = np.stack([molecules.top, molecules.bottom], axis=1).ravel()
    first = np.cumsum(counts) - counts
    strands = np.repeat(np.arange(len(counts)), counts)
    copy = np.arange(len(strands)) - first[strands]
    molecule, strand = strands // 2, strands % 2
    longest = library.read_length - min(library.prefixes)
    left, right = fragment_ends(molecules, molecule, longest)
    fragment = molecules.end - molecules.start
    _strand_errors(_Copies(left, right, counts, first, fragment), library, rng)
    mates = (left, right), (right, left)
    umi = _umi_errors(umis[molecule], library, rng)
    if library.umi == "duplex":
        half = DUPLEX_UMI
        swapped = np.concatenate([umi[:, half:], umi[:, :half]], axis=1)
        umi = np.where(strand[:, None] == 0, umi, swapped)
    length = fragment[molecule]
    reads = []
    for mate in (0, 1):
        body = np.where(strand[:, None] == 0, mates[0][mate], mates[1][mate])
        reads.append(_raw_read(mate, body, length, umi, library))
    order = rng.permutation(len(strands))
    bases, qualities = zip(*(_sequence(read[order], rng) for read in reads), strict=True)
    umi = umi[order]
    umi_quality = np.full(umi.shape, 37, dtype=np.uint8)
    if library.umi in ("fastq", "name"):
        umi, umi_quality = _sequence(umi, rng)
    elif library.umi == "inline":
        umi, umi_quality = bases[0][:, :SIMPLEX_UMI], qualities[0][:, :SIMPLEX_UMI]
    elif library.umi == "duplex":
        umi = np.concatenate([read[:, :DUPLEX_UMI] for read in bases], axis=1)
        umi_quality = np.concatenate([read[:, :DUPLEX_UMI] for read in qualities], axis=1)
    return ReadPairs(
        library, molecule[order], strand[order] + 1, copy[order], bases, qualities, umi, umi_quality
    )


def fragment_ends(molecules: Molecules, molecule: Ints, size: int) -> tuple[Bases, Bases]:
    """Return the first `size` bases of each fragment and of its reverse complement; 4 beyond its end."""
    flat = np.concatenate([template.bases for template in molecules.templates])
    sizes = np.array([len(template.bases) for template in molecules.templates])
    offset = (np.cumsum(sizes) - sizes)[molecules.template]
    start, end = (offset + molecules.start)[molecule], (offset + molecules.end)[molecule]
    left = _windows(flat, size)[start]
    right = _windows(COMPLEMENT[flat[::-1]], size)[len(flat) - end]
    short = np.flatnonzero(end - start < size)
    outside = np.arange(size) >= (end - start)[short, None]
    for side in (left, right):
        side[short] = np.where(outside, 4, side[short])
    return left, right


def _windows(bases: Bases, size: int) -> Bases:
    """Return the `size` bases from each base on as a view, shape (bases + 1, size); 4 beyond the end."""
    return sliding_window_view(np.concatenate([bases, np.full(size, 4, dtype=np.uint8)]), size)


@dataclass(frozen=True)
class _Copies:
    """Template bases of all read pairs, grouped by strand of a molecule."""

    left: Bases
    right: Bases
    counts: Ints
    first: Ints
    length: Ints

    def change(self, strand: int, place: int, table: Bases, share: Bases) -> None:
        """Replace the base at one place of a strand in the marked copies, in place."""
        rows = self.first[strand] + np.flatnonzero(share)
        width = self.left.shape[1]
        back = int(self.length[strand // 2]) - 1 - place
        if place < width:
            self.left[rows, place] = table[self.left[rows, place]]
        if back < width:
            self.right[rows, back] = COMPLEMENT[table[COMPLEMENT[self.right[rows, back]]]]


def _strand_errors(copies: _Copies, library: Library, rng: np.random.Generator) -> None:
    """Write damage and early PCR errors into the copies of single strands, in place."""
    strands = np.flatnonzero(copies.counts)
    bases = int(copies.length[strands // 2].sum())
    for damage, rate in ((True, library.damage), (False, library.pcr_error)):
        for pick in rng.random(rng.poisson(bases * rate)):
            strand = int(strands[int(pick * len(strands))])
            place = int(rng.integers(copies.length[strand // 2]))
            number = int(copies.counts[strand])
            if damage:
                copies.change(strand, place, _damaged(strand % 2, rng), np.ones(number, dtype=np.uint8))
            else:
                share = rng.random(number) < rng.choice([0.25, 0.5, 1.0])
                table = ((np.arange(5) + rng.integers(1, 4)) % 4).astype(np.uint8)
                copies.change(strand, place, table, share.astype(np.uint8))


def _damaged(strand: int, rng: np.random.Generator) -> Bases:
    """Return the new base for each plus-strand base: deaminated C or oxidised G of the strand read."""
    table = np.arange(5, dtype=np.uint8)
    old, new = (1, 3) if rng.random() < 0.7 else (2, 3)
    table[old] = new
    return table if strand == 0 else COMPLEMENT[table[COMPLEMENT]]


def _umi_errors(umi: Bases, library: Library, rng: np.random.Generator) -> Bases:
    wrong = rng.random(umi.shape, dtype=np.float32) < library.umi_error
    umi = umi.copy()
    umi[wrong] = (umi[wrong] + rng.integers(1, 4, int(wrong.sum()))) % 4
    return umi


def _raw_read(mate: int, body: Bases, length: Ints, umi: Bases, library: Library) -> Bases:
    """Return raw reads of one mate: its UMI, the template, and adapter where the fragment ends."""
    prefix = library.prefixes[mate]
    read = np.empty((len(body), library.read_length), dtype=np.uint8)
    halves = (umi[:, :DUPLEX_UMI], umi[:, DUPLEX_UMI:]) if library.umi == "duplex" else (umi, umi[:, :0])
    if prefix:
        read[:, : halves[mate].shape[1]] = halves[mate]
        read[:, halves[mate].shape[1] : prefix] = SKIP[: prefix - halves[mate].shape[1]]
    room = library.read_length - prefix
    read[:, prefix:] = body[:, :room]
    for row in np.flatnonzero(length < room).tolist():
        read[row, prefix + length[row] :] = _beyond(mate, halves, row, library)[: room - length[row]]
    return read


def _beyond(mate: int, halves: tuple[Bases, Bases], row: int, library: Library) -> Bases:
    """Return what follows a short fragment: the other mate's UMI seen from behind, then the adapter."""
    adapter = (ADAPTER_1, ADAPTER_2)[mate]
    other = library.prefixes[1 - mate]
    if not other:
        return adapter
    head = np.concatenate([halves[1 - mate][row], SKIP[: other - halves[1 - mate].shape[1]]])
    return np.concatenate([COMPLEMENT[head[::-1]], adapter])


def _sequence(read: Bases, rng: np.random.Generator) -> tuple[Bases, Bases]:
    """Return bases with sequencing errors and their qualities; errors happen as often as these say."""
    draws = rng.integers(0, 1 << 32, read.shape, dtype=np.uint32)
    quality = translated(draws.astype(np.uint8), QUALITY_OF_BYTE)
    limit = np.array([round(10 ** (-q / 10) * (1 << 24)) for q in range(64)], dtype=np.uint32)
    # Few bases can be wrong at all: those of the lowest quality, and of a draw below the limit of any other.
    *_, higher, lowest = sorted(QUALITY_SHARES, reverse=True)
    some = np.flatnonzero((draws < limit[higher] << 8) | (quality == lowest))
    wrong = some[draws.ravel()[some] >> 8 < limit[quality.ravel()[some]]]
    out = read.copy()
    flat = out.reshape(-1)
    flat[wrong] = (flat[wrong] + rng.integers(1, 4, len(wrong))) % 4
    return out, quality
