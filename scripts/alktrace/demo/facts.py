"""Facts the demo genome is built from: exons, proteins, known codons, chromosome lengths and the panel.

All tables lie in `resources/demo`; coordinates are GRCh38, 0-based half-open.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ..io.resources import resource

DEMO = resource("demo")


@dataclass(frozen=True)
class ExonFact:
    """One exon; `number` counts from the 5' end of the transcript.

    Attributes:
        cds_start, cds_end: coding part, 0-based half-open; None where the exon does not code.
    """

    number: int
    start: int
    end: int
    cds_start: int | None
    cds_end: int | None


@dataclass(frozen=True)
class Gene:
    """One gene with the transcript and protein that stand for it.

    Attributes:
        exons: in transcript order.
        protein: one-letter residues without the stop.
    """

    name: str
    transcript: str
    chrom: str
    strand: str
    exons: tuple[ExonFact, ...]
    protein: str

    @property
    def start(self) -> int:
        """First base of the transcript."""
        return min(exon.start for exon in self.exons)

    @property
    def end(self) -> int:
        """End of the transcript, exclusive."""
        return max(exon.end for exon in self.exons)

    @cached_property
    def coding_positions(self) -> tuple[int, ...]:
        """Genomic 0-based positions of c.1, c.2 ... to the last base of the stop codon."""
        positions: list[int] = []
        for exon in self.exons:
            if exon.cds_start is not None and exon.cds_end is not None:
                block = range(exon.cds_start, exon.cds_end)
                positions.extend(block if self.strand == "+" else reversed(block))
        return tuple(positions)

    def feature(self, kind: str, number: int) -> tuple[int, int]:
        """Return the interval of a coding `exon` part or of an `intron` (named by the exon before it).

        Raises:
            ValueError: no such coding exon, or another kind of feature.
        """
        exon = self.exons[number - 1]
        if kind == "exon" and exon.cds_start is not None and exon.cds_end is not None:
            return exon.cds_start, exon.cds_end
        if kind == "intron":
            after = self.exons[number]
            return (exon.end, after.start) if self.strand == "+" else (after.end, exon.start)
        raise ValueError(f"{self.name}: no coding {kind} {number}")


@dataclass(frozen=True)
class PanelFeature:
    """One targeted exon or intron; `depth` is relative to the ALK kinase domain."""

    gene: str
    feature: str
    number: int
    depth: float


@dataclass(frozen=True)
class Window:
    """Sequence that is present without being targeted, such as a partner intron."""

    name: str
    chrom: str
    start: int
    end: int


@dataclass(frozen=True)
class Facts:
    """Everything `resources/demo` says.

    Attributes:
        codons: per gene, codon number to the three bases on the transcript strand.
    """

    genes: dict[str, Gene]
    codons: dict[str, dict[int, str]]
    chromosomes: dict[str, int]
    panel: tuple[PanelFeature, ...]
    windows: tuple[Window, ...]


def load_facts(resources: Path = DEMO) -> Facts:
    """Read the tables of `resources/demo`."""
    proteins = {row["gene"]: row["protein"] for row in _rows(resources / "proteins.tsv")}
    codons: dict[str, dict[int, str]] = {}
    for row in _rows(resources / "codons.tsv"):
        codons.setdefault(row["gene"], {})[int(row["codon"])] = row["bases"]
    return Facts(
        genes=read_genes(resources / "exons.tsv", proteins),
        codons=codons,
        chromosomes={row["chrom"]: int(row["length"]) for row in _rows(resources / "chromosomes.tsv")},
        panel=tuple(
            PanelFeature(row["gene"], row["feature"], int(row["number"]), float(row["depth"]))
            for row in _rows(resources / "panel.tsv")
        ),
        windows=tuple(
            Window(row["name"], row["chrom"], int(row["start"]), int(row["end"]))
            for row in _rows(resources / "windows.tsv")
        ),
    )


def read_genes(path: Path, proteins: dict[str, str]) -> dict[str, Gene]:
    """Read an exon table (0-based half-open) into genes, in file order."""
    exons: dict[str, list[ExonFact]] = {}
    heads: dict[str, dict[str, str]] = {}
    for row in _rows(path):
        heads.setdefault(row["gene"], row)
        exons.setdefault(row["gene"], []).append(
            ExonFact(
                int(row["exon"]),
                int(row["start"]),
                int(row["end"]),
                _optional(row["cds_start"]),
                _optional(row["cds_end"]),
            )
        )
    return {
        name: Gene(
            name,
            head["transcript"],
            head["chrom"],
            head["strand"],
            tuple(exons[name]),
            proteins.get(name, ""),
        )
        for name, head in heads.items()
    }


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        yield from csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)


def _optional(text: str) -> int | None:
    return None if text == "." else int(text)
