"""Consensus molecules in volume: fragments, strand families and their errors, as an aligned BAM.

Written against the caller, not with it: no code of consensus or calling is used. One molecule is

- a fragment of plasma length; each strand is recovered with a given probability and then copied
  (negative binomial), so that the duplex yield is an outcome;
- damaged on single strands (C>T, G>T; more at fragment ends; places differ) in all copies of the strand;
- damaged before end repair (a filled-in end carries the error on both strands) or, rarely, anywhere on both;
- hit by PCR errors that reach a share of one strand's copies, and by slips in runs of one base;
- sequenced with errors as frequent as base qualities say.

The consensus of a family is the simplest one: majority, N where copies or strands disagree, N below Q20.
"""

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from accuracy_panel import FLANK, LEVELS, TARGET, Panel, site_factors
from numpy.typing import NDArray

from alktrace.demo.fragments import FragmentKind, fragment_lengths
from alktrace.demo.made_genome import Bases, codes
from alktrace.io.kernels import kernel

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Place = tuple[int, Bases, Floats, Ints]
"""Contig, its bases, damage by base and strand, lengths of runs."""
Variants = tuple[Ints, Floats, Ints]
"""Planted changes, their fractions, germline."""
Haplotype = tuple[Bases, Ints]
"""Bases of a molecule and where they lie."""
Molecule = tuple[Bases, Ints, Bases, Flags]
"""Bases of a molecule, where they lie, and what either mate shows and hides of them."""
Depth = tuple[int, int]
"""Reads of either strand."""
Out = tuple[Bases, Ints, Ints]
"""Bytes of records, where they lie, how many there are."""
Counts = tuple[Ints, Ints, Ints]
"""Molecules over every planted variant, of these with it; all and duplex."""

READ = 143
CLIP = 7
"""A change with fewer bases to the end of its read is left as a soft clip, as aligners do."""
MAX_ALLELE = 32
RECORD_ROOM = 1024


@dataclass(frozen=True)
class Library:
    """What the molecules of one sample look like; rates per base of a strand unless said otherwise.

    Attributes:
        genomes: haploid genome equivalents that go in.
        recovery: probability that a strand of a molecule is recovered.
        copies: mean reads of a recovered strand; the share with none is lost too.
        deamination, oxidation: C>T and G>T on one strand.
        end_factor: damage in the first ten bases of a fragment over the rest.
        end_repair: C>T or G>T on both strands, per base in the first twelve bases of a fragment.
        both_strands: any change on both strands, per base.
        pcr: errors per base and strand that reach half, a quarter or an eighth of its copies.
        slip: gain or loss of one base in a run of five, per strand; four times as often per further base.
        cpg: deamination at CpG over the rest.
        spread: how much places differ in damage, standard deviation of the logarithm.
        fragments: length distribution.
        umis: whether strands are told apart; without, all copies of a molecule are one family.
    """

    genomes: int = 5000
    recovery: float = 0.75
    copies: float = 3.5
    deamination: float = 3e-5
    oxidation: float = 1.5e-5
    end_factor: float = 4.0
    end_repair: float = 3e-6
    both_strands: float = 3e-7
    pcr: float = 1e-5
    slip: float = 4e-6
    cpg: float = 1.0
    spread: float = 0.8
    fragments: FragmentKind = "plasma"
    umis: bool = True


@dataclass(frozen=True)
class Truth:
    """What was sampled at every planted variant.

    Attributes:
        covering, mutant: molecules that were sequenced over it, and of these with it.
        molecules, duplex: of the whole panel.
    """

    covering: Ints
    mutant: Ints
    molecules: int
    duplex: int


def write_molecules(panel: Panel, library: Library, path: Path, *, seed: int) -> Truth:
    """Write the consensus BAM of one sample of a panel, sorted by coordinate, with its index."""
    import pysam

    covering = np.zeros(max(1, len(panel.planted)), np.int64)
    mutant = np.zeros_like(covering)
    factors = site_factors(panel, seed, library.spread, library.cpg)
    tallies = np.zeros(2, np.int64)
    contigs = range(len(panel.bases))
    text = "@HD\tVN:1.6\tSO:coordinate\n" + "".join(
        f"@SQ\tSN:{panel.name(c)}\tLN:{len(panel.bases[c])}\n" for c in contigs
    )
    head = b"BAM\1" + len(text).to_bytes(4, "little") + text.encode() + len(contigs).to_bytes(4, "little")
    for c in contigs:
        name = panel.name(c).encode() + b"\0"
        head += len(name).to_bytes(4, "little") + name + len(panel.bases[c]).to_bytes(4, "little")
    with path.open("wb") as stream:
        _blocks(stream, head)
        for contig in contigs:
            rng = np.random.default_rng([seed, 13, contig])
            data = _contig(panel, library, contig, rng, factors[contig], (covering, mutant, tallies))
            _blocks(stream, data)
        stream.write(bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000"))
    pysam.index(str(path))
    return Truth(covering, mutant, int(tallies[0]), int(tallies[1]))


def _blocks(stream: BinaryIO, data: bytes) -> None:
    for at in range(0, len(data), 65_000):
        part = data[at : at + 65_000]
        packer = zlib.compressobj(1, zlib.DEFLATED, -15)
        body = packer.compress(part) + packer.flush()
        head = bytes.fromhex("1f8b08040000000000ff060042430200") + (len(body) + 25).to_bytes(2, "little")
        tail = zlib.crc32(part).to_bytes(4, "little") + len(part).to_bytes(4, "little")
        stream.write(head + body + tail)


def _contig(
    panel: Panel, library: Library, contig: int, rng: np.random.Generator, factors: Floats, into: Counts
) -> bytes:
    """Return the packed records of one contig in order."""
    covering, mutant, tallies = into
    molecules = draw_molecules(panel, library, contig, rng)
    tallies += yields(molecules)
    start = molecules[0]
    out = np.empty(2 * len(start) * RECORD_ROOM, np.uint8)
    places, wrote = np.zeros((2 * len(start), 3), np.int64), np.zeros(1, np.int64)
    _fill(
        int(rng.integers(1 << 31)),
        place_of(panel, contig, factors),
        rates_of(library),
        molecules,
        variants_of(panel, contig),
        (covering, mutant),
        (out, places, wrote),
    )
    used = places[: wrote[0]]
    order = np.argsort(used[:, 0], kind="stable")
    return bytes(_gathered(out, used[order]))


def draw_molecules(
    panel: Panel, library: Library, contig: int, rng: np.random.Generator
) -> tuple[Ints, Ints, Ints]:
    """Return start, length and reads of either strand of the molecules of a contig that were sequenced."""
    lengths, shares = fragment_lengths(library.fragments)
    size = len(panel.bases[contig])
    # Every fragment covers its length: so many give `genomes` copies of every base.
    number = rng.poisson(library.genomes * size / float(lengths @ shares))
    start = np.sort(rng.integers(0, size, number))
    length = rng.choice(lengths, number, p=shares)
    inside = (start + length <= size) & (start < FLANK + TARGET) & (start + length > FLANK)
    start, length = start[inside], length[inside]
    recovered = rng.random((2, len(start))) < library.recovery
    rate = rng.gamma(4.0, library.copies / 4.0, len(start))
    depth = rng.poisson(rate, (2, len(start))) * recovered
    seen = depth.sum(axis=0) > 0
    return start[seen], length[seen], depth[:, seen]


def yields(molecules: tuple[Ints, Ints, Ints]) -> Ints:
    """Return the number of molecules, and of those with reads of both strands."""
    depth = molecules[2]
    return np.array([depth.shape[1], int((depth > 0).all(axis=0).sum())])


def place_of(panel: Panel, contig: int, factors: Floats) -> Place:
    """Return what the kernels must know of a contig."""
    return contig, panel.bases[contig], factors, _runs(panel.bases[contig])


def rates_of(library: Library) -> Floats:
    """Return the rates for the kernels."""
    return np.array(
        [
            library.deamination,
            library.oxidation,
            library.end_factor,
            library.end_repair,
            library.both_strands,
            library.pcr,
            library.slip,
            float(library.umis),
        ]
    )


def variants_of(panel: Panel, contig: int) -> Variants:
    """Return the planted variants of a contig, their fractions, and its germline."""
    here = [k for k, item in enumerate(panel.planted) if item.contig == contig]
    changes = np.zeros((len(here), 4 + MAX_ALLELE), np.int64)
    for row, k in zip(changes, here, strict=True):
        item = panel.planted[k]
        row[:4] = item.pos, len(item.ref), len(item.alt), k
        row[4 : 4 + len(item.alt)] = codes(item.alt)
    vaf = np.array([LEVELS[panel.planted[k].level] for k in here])
    germline = np.array([g[1:] for g in panel.germline if g[0] == contig], np.int64).reshape(-1, 3)
    return changes, vaf, germline


def _runs(bases: Bases) -> Ints:
    """Return int64[n]: length of the run of equal bases that begins at a place, 0 inside runs."""
    begins = np.flatnonzero(np.concatenate([[True], bases[1:] != bases[:-1]]))
    out = np.zeros(len(bases), np.int64)
    out[begins] = np.diff(np.append(begins, len(bases)))
    return out


@kernel
def _gathered(out: Bases, used: Ints) -> Bases:
    whole = np.empty(used[:, 2].sum(), np.uint8)
    at = 0
    for i in range(len(used)):
        size = used[i, 2]
        whole[at : at + size] = out[used[i, 1] : used[i, 1] + size]
        at += size
    return whole


@kernel
def _fill(
    seed: int,
    place: Place,
    rates: Floats,
    molecules: tuple[Ints, Ints, Ints],
    variants: Variants,
    truth: tuple[Ints, Ints],
    into: Out,
) -> None:
    """Make all molecules of a contig."""
    np.random.seed(seed)
    start, length, depth = molecules
    out, places, wrote = into
    room = make_room()
    at = 0
    for i in range(len(start)):
        pair = (depth[0, i], depth[1, i])
        size, quality = make_molecule(place, rates, (start[i], length[i]), pair, variants, truth, room)
        _, position, shown, hidden = room
        stranded = rates[7] == 1.0
        at = _write(
            (place[0], i),
            pair,
            (quality, stranded),
            (position, shown, hidden, size),
            (out, places, wrote),
            at,
        )


@kernel
def make_room() -> Molecule:
    """Return room for a molecule: base, reference position (-1 for inserted), shown and hidden per mate."""
    return (
        np.empty(700, np.uint8),
        np.empty(700, np.int64),
        np.empty((2, 700), np.uint8),
        np.empty((2, 700), np.bool_),
    )


@kernel
def make_molecule(
    place: Place,
    rates: Floats,
    fragment: tuple[int, int],
    pair: Depth,
    variants: Variants,
    truth: tuple[Ints, Ints],
    room: Molecule,
) -> tuple[int, int]:
    """Fill the room with the consensus of one fragment; return its bases and their quality."""
    hap, position, shown, hidden = room
    size = _haplotype(place, fragment, variants, truth, (hap, position))
    size = _slips(place[3], rates[6], pair, (hap, position), size)
    hidden[:, :size] = False
    for m in range(2):
        shown[m, :size] = hap[:size]
    _damage(place[2], rates, pair, room, size)
    _both_strands(rates, room, size)
    _copying(rates[5], rates[7] == 1.0, pair, (shown, hidden), size)
    return size, _sequencing(pair, rates[7] == 1.0, (shown, hidden), size)


@kernel
def _haplotype(
    place: Place, fragment: tuple[int, int], variants: Variants, truth: tuple[Ints, Ints], into: Haplotype
) -> int:
    """Copy a fragment with the variants it carries; return its bases."""
    reference = place[1]
    changes, vaf, germline = variants
    covering, mutant = truth
    start, end = fragment[0], fragment[0] + fragment[1]
    hap, position = into
    second = np.random.random() < 0.5
    v = np.searchsorted(changes[:, 0], start)
    g = np.searchsorted(germline[:, 0], start)
    size, at = 0, start
    while at < end:
        if v < len(changes) and changes[v, 0] == at:
            k, carries = v, np.random.random() < vaf[v]
            v += 1
            last = at + changes[k, 1]
            gap = length_gap(fragment[1])
            middle = start + READ <= at < end - READ if gap else False
            if last <= end and not middle:
                covering[changes[k, 3]] += 1
                mutant[changes[k, 3]] += carries
                if carries:
                    for j in range(changes[k, 2]):
                        hap[size] = changes[k, 4 + j]
                        position[size] = at + j if j < changes[k, 1] else -1
                        size += 1
                    at = last
                    continue
        while g < len(germline) and germline[g, 0] < at:
            g += 1
        hap[size] = reference[at]
        if g < len(germline) and germline[g, 0] == at and (second or germline[g, 2] == 1):
            hap[size] = germline[g, 1]
        position[size] = at
        size, at = size + 1, at + 1
    return size


@kernel
def length_gap(length: int) -> bool:
    """Tell whether a fragment has a middle that neither mate shows."""
    return length > 2 * READ


@kernel
def _slips(runs: Ints, rate: float, depth: Depth, into: Haplotype, size: int) -> int:
    """Gain or lose a base in a run: in a lone strand as such, in both strands rarely."""
    hap, position = into
    both = depth[0] > 0 and depth[1] > 0
    i = 0
    while i < size:
        p = position[i]
        if p < 0 or runs[p] < 5 or i == 0 or i + runs[p] >= size:
            i += 1
            continue
        chance = rate * 4.0 ** (runs[p] - 5)
        if np.random.random() < chance * (0.02 if both else 1.0):
            if np.random.random() < 0.7:
                hap[i : size - 1] = hap[i + 1 : size]
                position[i : size - 1] = position[i + 1 : size]
                return size - 1
            for j in range(size, i, -1):
                hap[j], position[j] = hap[j - 1], position[j - 1]
            position[i] = -1
            return size + 1
        i += 1
    return size


@kernel
def _damage(
    factors: Floats, rates: Floats, depth: Depth, molecule: tuple[Bases, Ints, Bases, Flags], size: int
) -> None:
    hap, position, shown, hidden = molecule
    highest = rates[2] * max(rates[0], rates[1])
    # Thinning: damage is tried at the highest rate and kept as often as its own rate says.
    for strand in range(2):
        if depth[strand] == 0:
            continue
        lone = depth[1 - strand] == 0
        if rates[7] == 0.0:
            # One family of both strands: the more frequent copies decide, a tie is N.
            if depth[strand] < depth[1 - strand]:
                continue
            lone = depth[strand] > depth[1 - strand]
        for _ in range(np.random.poisson(size * highest * 12.0)):
            at = np.random.randint(size)
            rate = _strand_rate(hap[at], strand, rates)
            if position[at] >= 0:
                rate *= min(12.0, factors[position[at], strand])
            if min(at, size - 1 - at) < 10:
                rate *= rates[2]
            if np.random.random() * highest * 12.0 < rate:
                _change(at, 3 if strand == 0 else 0, lone, shown, hidden)


@kernel
def _both_strands(rates: Floats, molecule: tuple[Bases, Ints, Bases, Flags], size: int) -> None:
    hap, _, shown, hidden = molecule
    for end in range(2):
        for _ in range(np.random.poisson(12 * rates[3])):
            at = np.random.randint(12)
            at = at if end == 0 else size - 1 - at
            if hap[at] == 1 or hap[at] == 2:
                _change(at, 3 if np.random.random() < 0.5 else 0, True, shown, hidden)
    for _ in range(np.random.poisson(size * rates[4])):
        at = np.random.randint(size)
        _change(at, (hap[at] + np.random.randint(1, 4)) % 4, True, shown, hidden)


@kernel
def _strand_rate(base: int, strand: int, rates: Floats) -> float:
    """Rate of C>T or G>T on the strand that is read: top has the base itself, bottom its complement."""
    if strand == 1:
        base = 3 - base
    return rates[0] if base == 1 else (rates[1] if base == 2 else 0.0)


@kernel
def _change(at: int, base: int, alone: bool, shown: Bases, hidden: Flags) -> None:
    for m in range(2):
        if alone:
            shown[m, at] = base
        else:
            hidden[m, at] = True


@kernel
def _copying(rate: float, stranded: bool, depth: Depth, molecule: tuple[Bases, Flags], size: int) -> None:
    shown, hidden = molecule
    for strand in range(2):
        if depth[strand] == 0:
            continue
        family = depth[strand] if stranded else depth[0] + depth[1]
        other = depth[1 - strand] if stranded else 0
        for _ in range(np.random.poisson(size * rate)):
            at = np.random.randint(size)
            share = 0.5 ** np.random.randint(1, 4)
            wrong = np.random.binomial(depth[strand], share)
            if 2 * wrong == family or (2 * wrong > family and other > 0):
                hidden[:, at] = True
            elif 2 * wrong > family:
                base = (shown[0, at] + np.random.randint(1, 4)) % 4
                shown[0, at] = shown[1, at] = base


@kernel
def _sequencing(depth: Depth, stranded: bool, molecule: tuple[Bases, Flags], size: int) -> int:
    """Sequence errors of strands with one or two reads; return the quality of the consensus.

    Q37, Q25 and Q11 as 236:14:6. With one read, Q11 is N and an error is one; with two a wrong one gives N;
    with more it is outvoted. Both strands together: one wrong gives N.
    """
    shown, hidden = molecule
    total, lone = depth[0] + depth[1], depth[0] == 0 or depth[1] == 0
    for m in range(2):
        if total == 1:
            for at in range(size):
                if np.random.random() < 0.0234:
                    hidden[m, at] = True
            for _ in range(np.random.poisson(size * 3.7e-4)):
                at = np.random.randint(size)
                shown[m, at] = (shown[m, at] + np.random.randint(1, 4)) % 4
        elif total == 2:
            for _ in range(np.random.poisson(size * 7.4e-4)):
                hidden[m, np.random.randint(size)] = True
    if total == 1:
        return 35
    return 44 if lone or not stranded else 88


@kernel
def _write(
    who: tuple[int, int],
    depth: Depth,
    support: tuple[int, bool],
    molecule: tuple[Ints, Bases, Flags, int],
    into: Out,
    at: int,
) -> int:
    """Write both mates; a read runs from either end of the fragment."""
    position, shown, hidden, size = molecule
    out, places, wrote = into
    length = min(READ, size)
    ends = ((0, length), (size - length, size))
    starts = (
        position[_trim(position, 0, length)[0]],
        position[_trim(position, size - length, size)[0]],
    )
    span = _last(position, 0, size) + 1 - _first(position, 0, size)
    for m in range(2):
        if starts[m] < 0 or starts[1 - m] < 0:
            continue
        begin = at
        at = _record(
            (who[0], who[1], m),
            depth,
            support,
            (position, shown[m], hidden[m]),
            ends[m],
            (starts[m], starts[1 - m], span),
            out,
            at,
        )
        row = places[wrote[0]]
        row[0], row[1], row[2] = _position_of(out, begin), begin, at - begin
        wrote[0] += 1
    return at


@kernel
def _first(position: Ints, low: int, high: int) -> int:
    for i in range(low, high):
        if position[i] >= 0:
            return int(position[i])
    return -1


@kernel
def _last(position: Ints, low: int, high: int) -> int:
    for i in range(high - 1, low - 1, -1):
        if position[i] >= 0:
            return int(position[i])
    return -1


@kernel
def _position_of(out: Bases, at: int) -> int:
    return int(out[at + 8] | (np.int64(out[at + 9]) << 8) | (np.int64(out[at + 10]) << 16))


@kernel
def _put(out: Bases, at: int, value: int, width: int) -> int:
    for k in range(width):
        out[at + k] = (value >> (8 * k)) & 0xFF
    return at + width


@kernel
def _trim(position: Ints, low: int, high: int) -> tuple[int, int]:
    """Return the first and last aligned base of a stretch; short ends beyond a change are left out."""
    first, last = low, high - 1
    for i in range(low, min(low + CLIP, high - 1)):
        if position[i] < 0 or position[i + 1] != position[i] + 1:
            first = i + 1
    while first < high - 1 and position[first] < 0:
        first += 1
    for i in range(high - 1, max(high - 1 - CLIP, low), -1):
        if position[i] < 0 or position[i - 1] != position[i] - 1:
            last = i - 1
    while last > first and position[last] < 0:
        last -= 1
    return first, last


@kernel
def _append(operations: Ints, count: int, size: int, code: int) -> int:
    """Add an operation (size << 4 | code) or lengthen the last one; return their number."""
    if size <= 0:
        return count
    if count and operations[count - 1] & 15 == code:
        operations[count - 1] += size << 4
        return count
    operations[count] = size << 4 | code
    return count + 1


@kernel
def _cigar(position: Ints, low: int, high: int, operations: Ints) -> tuple[int, int]:
    """Fill the operations of a stretch; return their number and the first aligned base."""
    first, last = _trim(position, low, high)
    count = _append(operations, 0, first - low, 4)
    before = position[first] - 1
    for i in range(first, last + 1):
        if position[i] < 0:
            count = _append(operations, count, 1, 1)
            continue
        count = _append(operations, count, position[i] - before - 1, 2)
        count = _append(operations, count, 1, 0)
        before = position[i]
    return _append(operations, count, high - 1 - last, 4), first


@kernel
def _record(
    who: tuple[int, int, int],
    depth: Depth,
    support: tuple[int, bool],
    read: tuple[Ints, Bases, Flags],
    stretch: tuple[int, int],
    where: tuple[int, int, int],
    out: Bases,
    at: int,
) -> int:
    contig, number, mate = who
    quality, stranded = support
    position, shown, hidden = read
    low, high = stretch
    operations = np.zeros(64, np.int64)
    count, first = _cigar(position, low, high, operations)
    begin, length = at, high - low
    at += 4
    at = _put(out, at, contig, 4)
    at = _put(out, at, position[first], 4)
    out[at], out[at + 1] = 11, 60
    at = _put(out, at + 2, 4680, 2)
    at = _put(out, at, count, 2)
    at = _put(out, at, 1 | 2 | (32 | 64 if mate == 0 else 16 | 128), 2)
    at = _put(out, at, length, 4)
    at = _put(out, at, contig, 4)
    at = _put(out, at, where[1], 4)
    at = _put(out, at, where[2] if mate == 0 else -where[2], 4)
    digits = number
    # Names are unique over the file: contig, then number.
    out[at], out[at + 1] = ord("m"), 65 + contig
    for k in range(9, 1, -1):
        out[at + k] = 48 + digits % 10
        digits //= 10
    out[at + 10] = 0
    at += 11
    for k in range(count):
        at = _put(out, at, operations[k], 4)
    for k in range(0, length, 2):
        high_half = 15 if hidden[low + k] else 1 << shown[low + k]
        low_half = 0
        if k + 1 < length:
            low_half = 15 if hidden[low + k + 1] else 1 << shown[low + k + 1]
        out[at] = high_half << 4 | low_half
        at += 1
    for k in range(length):
        out[at + k] = 2 if hidden[low + k] else quality
    at += length
    a, b = max(depth[0], depth[1]), min(depth[0], depth[1])
    for letter, value in ((ord("c"), a + b), (ord("a"), a), (ord("b"), b)):
        if letter != ord("c") and not stranded:
            continue
        for kind in (ord("D"), ord("M")):
            out[at], out[at + 1], out[at + 2] = letter, kind, ord("C")
            out[at + 3] = min(255, value)
            at += 4
    _put(out, begin, at - begin - 4, 4)
    return at
