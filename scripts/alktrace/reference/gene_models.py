"""Gene models: exons and coding sequence of one transcript per gene, and the arithmetic between numberings.

Genomic coordinates are 0-based half-open. Codons and c. positions are 1-based, as in HGVS: c.1 is the A of
the start codon, the stop codon counts as the last codon.
"""

import json
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from ..errors import DataError
from ..io.atomic import atomic_output

COMPLEMENT = str.maketrans("ACGTNacgtn", "TGCANtgcan")
FORMAT_VERSION = 1


def reverse_complement(sequence: str) -> str:
    """Return the other strand, 5' to 3'."""
    return sequence.translate(COMPLEMENT)[::-1]


@dataclass(frozen=True)
class Exon:
    """One exon; `number` counts from the 5' end of the transcript."""

    number: int
    start: int
    end: int

    @property
    def length(self) -> int:
        """Bases of the exon."""
        return self.end - self.start


@dataclass(frozen=True)
class Transcript:
    """One transcript of one gene.

    Attributes:
        transcript: identifier without version.
        exons: in transcript order, so with falling positions on the minus strand.
        cds_start, cds_end: genomic extent of the coding sequence with the stop codon, 0-based half-open;
            None where the transcript does not code.
    """

    gene: str
    transcript: str
    chrom: str
    strand: str
    exons: tuple[Exon, ...]
    cds_start: int | None
    cds_end: int | None

    @property
    def start(self) -> int:
        """First base of the transcript on the genome."""
        return min(exon.start for exon in self.exons)

    @property
    def end(self) -> int:
        """End of the transcript on the genome, exclusive."""
        return max(exon.end for exon in self.exons)

    @cached_property
    def cds_blocks(self) -> tuple[tuple[int, int], ...]:
        """Coding part of every exon that has one, in transcript order."""
        if self.cds_start is None or self.cds_end is None:
            return ()
        clipped = ((max(e.start, self.cds_start), min(e.end, self.cds_end)) for e in self.exons)
        return tuple((start, end) for start, end in clipped if start < end)

    @cached_property
    def cds_length(self) -> int:
        """Coding bases, with the stop codon."""
        return sum(end - start for start, end in self.cds_blocks)

    def codon_positions(self, codon: int) -> tuple[int, int, int]:
        """Return the three bases of a codon, 0-based genomic, in transcript order.

        Raises:
            ValueError: the protein has no such codon.
        """
        first = 3 * codon - 2
        if not 1 <= first <= self.cds_length - 2:
            raise ValueError(f"{self.gene} has no codon {codon}: {self.cds_length // 3} codons")
        return (
            self.genomic_position(first),
            self.genomic_position(first + 1),
            self.genomic_position(first + 2),
        )

    def coding_position(self, pos: int) -> int | None:
        """Return the c. number of a 0-based genomic base; None outside the coding sequence."""
        before = 0
        for start, end in self.cds_blocks:
            if start <= pos < end:
                return before + (pos - start if self.strand == "+" else end - 1 - pos) + 1
            before += end - start
        return None

    def genomic_position(self, c: int) -> int:
        """Return the 0-based genomic base of a c. number.

        Raises:
            ValueError: the number lies outside the coding sequence.
        """
        left = c - 1
        if left >= 0:
            for start, end in self.cds_blocks:
                if left < end - start:
                    return start + left if self.strand == "+" else end - 1 - left
                left -= end - start
        raise ValueError(f"{self.gene} has no c.{c}: {self.cds_length} coding bases")

    def exon_at(self, pos: int) -> Exon | None:
        """Return the exon that holds a 0-based genomic base; None in introns and outside."""
        return next((exon for exon in self.exons if exon.start <= pos < exon.end), None)

    def intron_at(self, pos: int) -> int | None:
        """Return the intron that holds a base: the number of the exon before it in transcript order."""
        for upstream, downstream in zip(self.exons, self.exons[1:], strict=False):
            start, end = self.intron_span(upstream, downstream)
            if start <= pos < end:
                return upstream.number
        return None

    def intron(self, number: int) -> tuple[int, int]:
        """Return start and end of an intron, named by the exon before it.

        Raises:
            ValueError: the transcript has no such intron.
        """
        for upstream, downstream in zip(self.exons, self.exons[1:], strict=False):
            if upstream.number == number:
                return self.intron_span(upstream, downstream)
        raise ValueError(f"{self.gene} has no intron {number}: {len(self.exons)} exons")

    def exon(self, number: int) -> Exon:
        """Return an exon by number.

        Raises:
            ValueError: the transcript has no such exon.
        """
        for exon in self.exons:
            if exon.number == number:
                return exon
        raise ValueError(f"{self.gene} has no exon {number}: {len(self.exons)} exons")

    @staticmethod
    def intron_span(upstream: Exon, downstream: Exon) -> tuple[int, int]:
        """Return start and end between two neighbouring exons, whatever the strand."""
        return min(upstream.end, downstream.end), max(upstream.start, downstream.start)


@dataclass(frozen=True)
class GeneModels:
    """One transcript per gene, by gene symbol."""

    by_gene: dict[str, Transcript] = field(default_factory=dict)

    def genes_at(self, chrom: str, pos: int) -> tuple[Transcript, ...]:
        """Return the transcripts that span a 0-based genomic base, in order of their start."""
        starts, transcripts, longest = self._index.get(chrom, ([], [], 0))
        found = []
        for i in range(bisect_right(starts, pos) - 1, -1, -1):
            if starts[i] + longest <= pos:
                break
            if pos < transcripts[i].end:
                found.append(transcripts[i])
        return tuple(reversed(found))

    @classmethod
    def load(cls, path: Path) -> "GeneModels":
        """Read the JSON that `save` wrote.

        Raises:
            DataError: the file is no gene-model file of this version.
        """
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            if content["format"] != FORMAT_VERSION:
                raise KeyError("format")
            transcripts = [_from_json(item) for item in content["transcripts"]]
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(path, f"no gene models: {error}", "rebuild it from the GFF3") from None
        return cls({transcript.gene: transcript for transcript in transcripts})

    def save(self, path: Path) -> None:
        """Write the models as JSON, one transcript per line, in genomic order."""
        ordered = sorted(self.by_gene.values(), key=lambda t: (t.chrom, t.start, t.gene))
        lines = ",\n".join(json.dumps(_to_json(transcript)) for transcript in ordered)
        with atomic_output(path) as (partial,):
            partial.write_text(
                f'{{"format": {FORMAT_VERSION}, "transcripts": [\n{lines}\n]}}\n', encoding="utf-8"
            )

    @cached_property
    def _index(self) -> dict[str, tuple[list[int], list[Transcript], int]]:
        chroms: dict[str, list[Transcript]] = {}
        for transcript in self.by_gene.values():
            chroms.setdefault(transcript.chrom, []).append(transcript)
        index = {}
        for chrom, transcripts in chroms.items():
            transcripts.sort(key=lambda t: (t.start, t.gene))
            longest = max(t.end - t.start for t in transcripts)
            index[chrom] = ([t.start for t in transcripts], transcripts, longest)
        return index


def _to_json(transcript: Transcript) -> dict[str, Any]:
    return {
        "gene": transcript.gene,
        "transcript": transcript.transcript,
        "chrom": transcript.chrom,
        "strand": transcript.strand,
        "cds": [transcript.cds_start, transcript.cds_end],
        "exons": [[exon.number, exon.start, exon.end] for exon in transcript.exons],
    }


def _from_json(item: Mapping[str, Any]) -> Transcript:
    return Transcript(
        gene=item["gene"],
        transcript=item["transcript"],
        chrom=item["chrom"],
        strand=item["strand"],
        exons=tuple(Exon(*exon) for exon in item["exons"]),
        cds_start=item["cds"][0],
        cds_end=item["cds"][1],
    )
