"""HGVS names of small variants on one transcript, and the alleles behind such names.

The rules are those of the HGVS nomenclature (hgvs-nomenclature.org): the 3' rule on the transcript,
duplication before insertion, `delins` for anything that replaces bases by more than one. A variant that can
be placed inside an exon stays in it, as it would on the transcript's own sequence.

Inside this module a base has an *oriented* coordinate that grows along the transcript: the 0-based position
on the plus strand, minus (position + 1) on the minus strand.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from ..reference.gene_models import Transcript, reverse_complement
from ..vocabulary.changes import Consequence, VariantType
from ..vocabulary.residues import STOP, translate
from ..vocabulary.variant import Fetch, SmallVariant
from .protein import ProteinChange, name_extension, name_frameshift, name_in_frame, short_name

SPLICE_SITE = 2
SPLICE_REGION = 8
BLOCK = 256
UNKNOWN_PROTEIN = "p.?"


@dataclass(frozen=True)
class VariantNames:
    """What a variant is called on one transcript.

    Attributes:
        hgvs_p: None where the variant lies outside the coding sequence.
        short: `G1202R`; the coding name where there is no protein name.
        exon: exon concerned; of a splice site the exon it belongs to.
        codon: first residue concerned.
    """

    hgvs_c: str
    hgvs_p: str | None
    short: str
    consequence: Consequence
    variant_type: VariantType
    exon: int | None
    codon: int | None


@dataclass(frozen=True)
class _Change:
    """Bases [start, end) replaced by `new`, all oriented; one side may be empty, not both."""

    start: int
    end: int
    old: str
    new: str


class NamedTranscript:
    """One transcript with its sequence, ready to name variants."""

    def __init__(self, model: Transcript, fetch: Fetch) -> None:
        """Keep the model and `fetch(chrom, start, end)`, which gives the plus strand."""
        self.model = model
        self._fetch = fetch
        self._plus = model.strand == "+"
        self._blocks: dict[int, str] = {}
        spans = [(e.start, e.end) if self._plus else (-e.end, -e.start) for e in model.exons]
        self._exons = spans
        self._offsets = [0]
        for start, end in spans:
            self._offsets.append(self._offsets[-1] + end - start)

    @cached_property
    def protein(self) -> str:
        """Residues with the stop as last one; `X` where the genome does not show them."""
        return translate(self._coding)

    def describe(self, allele: SmallVariant) -> VariantNames:
        """Return the names of a variant.

        Raises:
            ValueError: the reference allele is not what the genome shows, or nothing changes.
        """
        change = self._place(self._oriented(allele))
        protein = self._protein_change(change)
        hgvs_c = self._coding_name(change)
        consequence = protein.consequence if protein else self._outside(change)
        name = protein.name if protein else None
        return VariantNames(
            hgvs_c=hgvs_c,
            hgvs_p=name,
            short=short_name(name) if name and name != UNKNOWN_PROTEIN else hgvs_c,
            consequence=consequence,
            variant_type=self._variant_type(change),
            exon=self._nearest_exon(change),
            codon=protein.codon if protein else None,
        )

    def allele(self, hgvs_c: str) -> SmallVariant:
        """Return the left-aligned allele of a coding name such as `c.3604G>A` or `c.3452_3454dup`.

        Raises:
            ValueError: the name cannot be read, or its bases are not those of the transcript.
        """
        match = _CODING.fullmatch(re.sub(r"\s", "", hgvs_c).rpartition(":")[2])
        if match is None:
            raise ValueError(f"{self.model.gene} {hgvs_c}: not a coding change; write it as c.3604G>A")
        start = self._base(match["i"])
        end = self._base(match["j"] or match["i"]) + 1
        if end <= start:
            raise ValueError(f"{self.model.gene} {hgvs_c}: positions are not in order")
        old = self._sequence(start, end)
        self._check_written(hgvs_c, match, old)
        if match["dup"] is not None:
            change = _Change(end, end, "", old)
        elif match["ins"] is not None and match["del"] is None:
            change = _Change(start + 1, start + 1, "", match["ins"])
        else:
            change = _Change(start, end, old, match["ins"] or match["new"] or "")
        return self._left_aligned(change)

    def position(self, oriented: int) -> int:
        """Return the 0-based genomic position of an oriented coordinate."""
        return oriented if self._plus else -oriented - 1

    # --- sequence ----------------------------------------------------------------------------

    def _sequence(self, start: int, end: int) -> str:
        first, last = (start, end) if self._plus else (-end, -start)
        bases = self._fetch(self.model.chrom, max(0, first), max(0, last)).upper()
        padded = ("N" * min(-first, last - first) + bases if first < 0 else bases).ljust(last - first, "N")
        return padded if self._plus else reverse_complement(padded)

    def _letter(self, oriented: int) -> str:
        block = oriented // BLOCK
        if block not in self._blocks:
            self._blocks[block] = self._sequence(block * BLOCK, (block + 1) * BLOCK)
        return self._blocks[block][oriented - block * BLOCK]

    @cached_property
    def _transcribed(self) -> str:
        return "".join(self._sequence(start, end) for start, end in self._exons)

    @cached_property
    def _cds(self) -> tuple[int, int]:
        """Coding part of the transcribed sequence, 0-based half-open; empty if it does not code."""
        first, last = self.model.cds_start, self.model.cds_end
        if first is None or last is None:
            return 0, 0
        inside = first if self._plus else -last
        start = self._transcribed_index(inside)
        return (start, start + self.model.cds_length) if start is not None else (0, 0)

    @cached_property
    def _coding(self) -> str:
        return self._transcribed[slice(*self._cds)]

    def _transcribed_index(self, oriented: int) -> int | None:
        i = bisect_right(self._exons, (oriented, 1 << 60)) - 1
        if i < 0 or oriented >= self._exons[i][1]:
            return None
        return self._offsets[i] + oriented - self._exons[i][0]

    # --- placing -----------------------------------------------------------------------------

    def _oriented(self, allele: SmallVariant) -> _Change:
        start, ref, alt = allele.start, allele.ref, allele.alt
        shown = self._fetch(self.model.chrom, start, start + len(ref)).upper()
        if ref == alt or any(a != b != "N" for a, b in zip(ref, shown.ljust(len(ref), "?"), strict=True)):
            raise ValueError(f"{allele.key}: the genome shows {shown} there")
        if self._plus:
            change = _Change(start, start + len(ref), ref, alt)
        else:
            end = start + len(ref)
            change = _Change(-end, -start, reverse_complement(ref), reverse_complement(alt))
        return _trim(change)

    def _place(self, change: _Change) -> _Change:
        """Move a pure insertion or deletion as far 3' as its exon goes."""
        if change.old and change.new:
            return change
        right, left = self._room(change, 1), self._room(change, -1)
        for shift in range(right, -left - 1, -1):
            if self._inside_exon(change, shift):
                return self._moved(change, shift)
        return self._moved(change, right)

    def _room(self, change: _Change, step: int) -> int:
        """Count the bases by which an insertion or deletion can move without changing the result."""
        unit = change.old or change.new
        size, moved = len(unit), 0
        while True:
            i = moved % size
            if step > 0:
                base, other = self._letter(change.end + moved), unit[i]
            else:
                base, other = self._letter(change.start - 1 - moved), unit[size - 1 - i]
            if base != other or base == "N":
                return moved
            moved += 1

    def _moved(self, change: _Change, shift: int) -> _Change:
        turn = shift % len(change.old or change.new)
        return _Change(
            change.start + shift,
            change.end + shift,
            change.old[turn:] + change.old[:turn],
            change.new[turn:] + change.new[:turn],
        )

    def _inside_exon(self, change: _Change, shift: int) -> bool:
        first, last = change.start + shift, change.end + shift - 1
        if not change.old:
            first, last = first - 1, last + 1
        return any(start <= first and last < end for start, end in self._exons)

    def _left_aligned(self, change: _Change) -> SmallVariant:
        """Return the allele as `bcftools norm` would write it."""
        start, old, new = change.start, change.old, change.new
        if not self._plus:
            start, old, new = -change.end, reverse_complement(old), reverse_complement(new)
        variant = SmallVariant(self.model.chrom, start + 1, old, new)
        return variant.normalised(lambda *place: self._fetch(*place).upper())

    # --- coding names ------------------------------------------------------------------------

    def _coding_name(self, change: _Change) -> str:
        prefix = "c." if self._cds[1] else "n."
        if not change.old:
            size = len(change.new)
            if self._sequence(change.start - size, change.start) == change.new:
                return f"{prefix}{self._range(change.start - size, change.start)}dup"
            return f"{prefix}{self._range(change.start - 1, change.start + 1)}ins{change.new}"
        place = self._range(change.start, change.end)
        if not change.new:
            return f"{prefix}{place}del"
        if len(change.old) == len(change.new) == 1:
            return f"{prefix}{place}{change.old}>{change.new}"
        return f"{prefix}{place}delins{change.new}"

    def _range(self, start: int, end: int) -> str:
        first = self._number(start)
        return first if end - start == 1 else f"{first}_{self._number(end - 1)}"

    def _number(self, oriented: int) -> str:
        """Return the number of a base: `3604`, `3600+1`, `3601-2`, `-5`, `*3`."""
        i = bisect_right(self._exons, (oriented, 1 << 60)) - 1
        if i < 0:
            return self._transcript_number(oriented - self._exons[0][0])
        start, end = self._exons[i]
        if oriented < end or i == len(self._exons) - 1:
            return self._transcript_number(self._offsets[i] + oriented - start)
        after, before = oriented - end + 1, self._exons[i + 1][0] - oriented
        boundary = self._offsets[i + 1]
        if after <= before:
            return f"{self._transcript_number(boundary - 1)}+{after}"
        return f"{self._transcript_number(boundary)}-{before}"

    def _transcript_number(self, index: int) -> str:
        start, end = self._cds
        if index < start:
            return f"-{start - index}"
        return f"*{index - end + 1}" if end and index >= end else str(index - start + 1)

    def _base(self, number: str) -> int:
        """Return the oriented coordinate of a number as `_number` writes it."""
        match = _NUMBER.fullmatch(number)
        start, end = self._cds
        assert match is not None
        given = int(match["n"])
        if match["mark"] == "-":
            index = start - given
        else:
            index = given + (end if match["mark"] == "*" else start) - 1
        behind = not match["mark"] and end and index >= end
        if not given or behind or not 0 <= index < self._offsets[-1]:
            raise ValueError(f"{self.model.gene} has no base c.{number}")
        i = bisect_right(self._offsets, index) - 1
        offset = int(match["offset"] or 0)
        # Counted on another transcript it would land inside this exon, and pass for a coding change.
        if offset and index != (self._offsets[i + 1] - 1 if offset > 0 else self._offsets[i]):
            raise ValueError(f"{self.model.gene} c.{number}: no exon of {self.model.transcript} ends there")
        place = self._exons[i][0] + index - self._offsets[i] + offset
        if offset and not self._in_intron(place):
            raise ValueError(f"{self.model.gene} c.{number}: no intron of {self.model.transcript} is so long")
        return place

    def _in_intron(self, oriented: int) -> bool:
        return any(left[1] <= oriented < right[0] for left, right in pairwise(self._exons))

    def _check_written(self, name: str, match: re.Match[str], old: str) -> None:
        written = match["old"] or match["del"] or match["dup"] or ""
        if written and any(
            a != b != "N" for a, b in zip(written, old.ljust(len(written), "?"), strict=False)
        ):
            raise ValueError(
                f"{self.model.gene} {name}: {self.model.transcript} shows {old} there, not {written}; "
                "another transcript or a misprint"
            )

    # --- consequences ------------------------------------------------------------------------

    def _protein_change(self, change: _Change) -> ProteinChange | None:
        """Return the protein change; None outside the coding sequence."""
        if not self._inside_exon(change, 0):
            return self._across_boundary(change)
        first = self._transcribed_index(change.start - (not change.old))
        if first is None:
            return None
        first += not change.old
        start, end = self._cds
        last = first + len(change.old)
        outside = last <= start or first >= end if change.old else first <= start or first >= end
        if outside:
            return None
        if first < start:
            return ProteinChange("p.Met1?", Consequence.START_LOST, 1)
        return self._coding_change(first - start, last - start, change.new)

    def _across_boundary(self, change: _Change) -> ProteinChange | None:
        coding = [i for o in range(change.start, change.end) if (i := self._transcribed_index(o)) is not None]
        start, end = self._cds
        if any(start <= i < end for i in coding):
            codon = (max(min(coding), start) - start) // 3 + 1
            return ProteinChange(UNKNOWN_PROTEIN, Consequence.SPLICE_SITE, codon)
        near_coding = self._cds[1] and self._distance(change) <= SPLICE_SITE and not coding
        return ProteinChange(UNKNOWN_PROTEIN, Consequence.SPLICE_SITE, None) if near_coding else None

    def _coding_change(self, first: int, last: int, new: str) -> ProteinChange:
        """Name a change of coding bases [first, last), counted from the start codon."""
        coding = self._coding
        codon = first // 3
        if last > len(coding):
            return ProteinChange(UNKNOWN_PROTEIN, Consequence.STOP_LOST, codon + 1)
        begin = codon * 3
        changed = coding[begin:first] + new
        if (len(new) - (last - first)) % 3:
            return name_frameshift(self.protein, codon, self._read_on(changed, last))
        until = -(-last // 3) * 3
        residues = translate(changed + coding[last:until])
        if until == len(coding) and STOP not in residues:
            return name_extension(until // 3, self._read_on(changed, last)[until // 3 - codon - 1 :])
        return name_in_frame(self.protein, codon, until // 3, residues)

    def _read_on(self, changed: str, last: int) -> str:
        """Translate from a change to the first stop, into the untranslated region if need be."""
        rest = self._transcribed[self._cds[0] + last :]
        residues = translate(changed + rest)
        stop = residues.find(STOP)
        return residues if stop < 0 else residues[: stop + 1]

    def _outside(self, change: _Change) -> Consequence:
        if self._inside_exon(change, 0):
            return Consequence.UTR
        if change.end <= self._exons[0][0] or change.start >= self._exons[-1][1]:
            return Consequence.INTERGENIC
        distance = self._distance(change)
        if distance <= SPLICE_SITE:
            return Consequence.SPLICE_SITE
        return Consequence.SPLICE_REGION if distance <= SPLICE_REGION else Consequence.INTRON

    def _distance(self, change: _Change) -> int:
        """Return how far into an intron a change keeps from the exons; large outside the transcript.

        Of all placements of an insertion or deletion the most harmless counts: they are one sequence.
        """
        if change.old and change.new:
            return self._distance_here(change)
        shifts = range(-self._room(change, -1), self._room(change, 1) + 1)
        return max(self._distance_here(self._moved(change, shift)) for shift in shifts)

    def _distance_here(self, change: _Change) -> int:
        # An insertion moves the base on its right away from the donor, the one on its left from the acceptor.
        first = change.start
        last = change.end - 1
        distances = [1 << 30]
        for (_, end), (start, _) in zip(self._exons, self._exons[1:], strict=False):
            if max(first, last) >= end and min(first, last) < start:
                distances += [max(1, first - end + 1), max(1, start - last)]
        return min(distances)

    def _nearest_exon(self, change: _Change) -> int | None:
        """Return the exon of a change, or the exon whose splice site it touches."""
        margin = SPLICE_REGION if not self._inside_exon(change, 0) else 0
        for exon, (start, end) in zip(self.model.exons, self._exons, strict=True):
            if change.start < end + margin and max(change.end, change.start + 1) > start - margin:
                return exon.number
        return None

    def _variant_type(self, change: _Change) -> VariantType:
        if not change.old:
            return (
                VariantType.DUPLICATION
                if self._coding_name(change).endswith("dup")
                else VariantType.INSERTION
            )
        if not change.new:
            return VariantType.DELETION
        if len(change.old) != len(change.new):
            return VariantType.DELINS
        return VariantType.SNV if len(change.old) == 1 else VariantType.MNV


_NUMBER = re.compile(r"(?P<mark>[-*]?)(?P<n>\d+)(?P<offset>[+-]\d+)?")
_CODING = re.compile(
    r"c\.(?P<i>[-*]?\d+(?:[+-]\d+)?)(?:_(?P<j>[-*]?\d+(?:[+-]\d+)?))?"
    r"(?:(?P<old>[ACGT])>(?P<new>[ACGT])|dup(?P<dup>[ACGT]*)"
    r"|(?:del(?P<del>[ACGT]*))?(?:ins(?P<ins>[ACGT]+))?)"
)


def _trim(change: _Change) -> _Change:
    """Remove equal bases on both sides, first on the left, so that the rest lies as far 3' as it can."""
    start, old, new = change.start, change.old, change.new
    while old and new and old[0] == new[0]:
        start, old, new = start + 1, old[1:], new[1:]
    while old and new and old[-1] == new[-1]:
        old, new = old[:-1], new[:-1]
    return _Change(start, start + len(old), old, new)
