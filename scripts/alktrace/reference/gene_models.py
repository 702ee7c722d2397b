"""Gene models: exons and coding sequence of one transcript per gene, and the arithmetic between numberings.

Genomic coordinates are 0-based half-open. Codons and c. positions are 1-based, as in HGVS: c.1 is the A of
the start codon, the stop codon counts as the last codon. One transcript stands for a gene: the preferred
one, else MANE Select, else Ensembl canonical, else the one with the longest coding sequence.
"""

import gzip
import json
import logging
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any

from ..errors import DataError
from ..io.atomic import atomic_output

LOGGER = logging.getLogger(__name__)
Fetch = Callable[[str, int, int], str]

COMPLEMENT = str.maketrans("ACGTNacgtn", "TGCANtgcan")
CODING_BIOTYPE = "protein_coding"
CHOSEN_TAGS = ("MANE_Select", "Ensembl_canonical")
FORMAT_VERSION = 1
_UNTAGGED = 1 + len(CHOSEN_TAGS)


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

    def cds_sequence(self, fetch: Fetch) -> str:
        """Return the coding sequence, 5' to 3', upper case, with the stop codon.

        Args:
            fetch: `fetch(chrom, start, end)` gives the plus strand, 0-based half-open.
        """
        parts = []
        for start, end in self.cds_blocks:
            bases = fetch(self.chrom, start, end).upper()
            parts.append(bases if self.strand == "+" else reverse_complement(bases))
        return "".join(parts)

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
            content = json.loads(path.read_text())
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
            partial.write_text(f'{{"format": {FORMAT_VERSION}, "transcripts": [\n{lines}\n]}}\n')

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


def read_gff3(
    path: Path, *, preferred: Mapping[str, str | Sequence[str]], contigs: Collection[str] | None = None
) -> GeneModels:
    """Read one transcript per protein-coding gene from an Ensembl GFF3.

    Args:
        path: GFF3, plain or gzip; `gene`, transcript, `exon` and `CDS` features with Ensembl's `ID`,
            `Parent`, `Name`, `biotype`, `tag` and `rank` attributes.
        preferred: transcript by gene symbol, with or without version; it wins over any tag. Several in
            order of preference where releases name one coding sequence differently. Where the file has none
            of them the log says so and the next best transcript is taken.
        contigs: sequence names of the genome; where given, names that differ by `chr` only are rewritten
            to them (Ensembl writes `2`, most genomes `chr2`) and genes on other sequences are left out.

    Raises:
        DataError: the file holds no protein-coding gene.
    """
    from pyranges import read_gff3 as read

    wanted = {
        gene: [name.split(".")[0] for name in ([names] if isinstance(names, str) else names)]
        for gene, names in preferred.items()
    }
    with NamedTemporaryFile("w", suffix=".gff3") as chosen:
        if not _write_chosen(path, wanted, chosen):
            raise DataError(path, "no protein-coding gene", "give gene models in Ensembl GFF3")
        frame = read(chosen.name, as_df=True)
    models = _build_models(frame.to_dict("records"), contigs)
    _name_replaced(wanted, models)
    return GeneModels(models)


def write_gff3(models: GeneModels, path: Path) -> None:
    """Write the models as Ensembl GFF3, for `bcftools csq`: one transcript per gene, names of the genome.

    A whole annotation costs that tool a gigabyte and half a minute per sample, and it reports every
    transcript; this file holds those whose numbering is used.
    """
    lines = ["##gff-version 3"]
    for model in sorted(models.by_gene.values(), key=lambda t: (t.chrom, t.start, t.gene)):
        lines += _gff3_lines(model)
    with atomic_output(path) as (partial,):
        partial.write_text("\n".join(lines) + "\n")


def _gff3_lines(model: Transcript) -> Iterator[str]:
    def line(kind: str, start: int, end: int, phase: str, attributes: str) -> str:
        cells = (model.chrom, "alktrace", kind, start + 1, end, ".", model.strand, phase, attributes)
        return "\t".join(map(str, cells))

    names = f"biotype={CODING_BIOTYPE};"
    yield line("gene", model.start, model.end, ".", f"ID=gene:{model.gene};Name={model.gene};{names}")
    parent = f"transcript:{model.transcript}"
    yield line("mRNA", model.start, model.end, ".", f"ID={parent};Parent=gene:{model.gene};{names}")
    for exon in model.exons:
        yield line("exon", exon.start, exon.end, ".", f"Parent={parent};rank={exon.number};")
    for kind, start, end in _untranslated(model):
        yield line(kind, start, end, ".", f"Parent={parent};")
    before = 0
    for start, end in model.cds_blocks:
        yield line("CDS", start, end, str(-before % 3), f"ID=CDS:{model.transcript};Parent={parent};")
        before += end - start


def _untranslated(model: Transcript) -> Iterator[tuple[str, int, int]]:
    if model.cds_start is None or model.cds_end is None:
        return
    left, right = ("five", "three") if model.strand == "+" else ("three", "five")
    for exon in model.exons:
        if exon.start < model.cds_start:
            yield f"{left}_prime_UTR", exon.start, min(exon.end, model.cds_start)
        if exon.end > model.cds_end:
            yield f"{right}_prime_UTR", max(exon.start, model.cds_end), exon.end


def _name_replaced(wanted: Mapping[str, Sequence[str]], models: Mapping[str, Transcript]) -> None:
    for gene, names in sorted(wanted.items()):
        if gene in models and models[gene].transcript not in names:
            used = models[gene].transcript
            LOGGER.warning("%s: no transcript %s, names follow %s", gene, " or ".join(names), used)


def _lines(path: Path) -> Iterator[list[str]]:
    stream: IO[str]
    with gzip.open(path, "rt") if path.suffix in (".gz", ".bgz") else path.open() as stream:
        for line in stream:
            if not line.startswith("#"):
                cells = line.rstrip("\n").split("\t")
                if len(cells) == 9:
                    yield cells


def _attributes(text: str) -> dict[str, str]:
    return dict(item.split("=", 1) for item in text.split(";") if "=" in item)


def _write_chosen(path: Path, wanted: Mapping[str, Sequence[str]], out: IO[str]) -> int:
    """Copy the features of one or few transcripts per coding gene: a whole annotation needs gigabytes."""
    genes: dict[str, str] = {}
    candidates: dict[str, list[tuple[int, str]]] = {}
    for cells in _lines(path):
        if "ID=gene:" in cells[8]:
            tags = _attributes(cells[8])
            if tags.get("biotype") == CODING_BIOTYPE:
                genes[tags["ID"]] = tags.get("Name", tags["ID"].removeprefix("gene:"))
        elif "ID=transcript:" in cells[8]:
            tags = _attributes(cells[8])
            candidates.setdefault(tags.get("Parent", ""), []).append(_rank(tags, genes, wanted))
    coding = {gene for gene in genes if gene in candidates}
    kept = coding.union(*(_best(candidates[gene]) for gene in coding))
    for cells in _lines(path):
        tags = _attributes(cells[8])
        if tags.get("ID") in kept or (cells[2] in ("exon", "CDS") and tags.get("Parent") in kept):
            out.write("\t".join(cells) + "\n")
    out.flush()
    return len(coding)


def _best(candidates: list[tuple[int, str]]) -> set[str]:
    """Return the transcript that wins, or all where no mark tells them apart."""
    rank, name = min(candidates)
    return {name} if rank < _UNTAGGED else {name for _, name in candidates}


def _rank(
    tags: Mapping[str, str], genes: Mapping[str, str], wanted: Mapping[str, Sequence[str]]
) -> tuple[int, str]:
    """Return the order of preference of a transcript, best first, and its ID."""
    name = tags["ID"].removeprefix("transcript:").split(".")[0]
    preferred = wanted.get(genes.get(tags.get("Parent", ""), ""), ())
    if name in preferred:
        return list(preferred).index(name) - len(preferred), tags["ID"]
    marks = tags.get("tag", "").split(",")
    ranks = [1 + i for i, tag in enumerate(CHOSEN_TAGS) if tag in marks]
    return (min(ranks) if ranks else _UNTAGGED), tags["ID"]


def _build_models(records: list[dict[str, Any]], contigs: Collection[str] | None) -> dict[str, Transcript]:
    genes = {r["ID"]: _gene_name(r) for r in records if str(r["ID"]).startswith("gene:")}
    parents = {r["ID"]: r["Parent"] for r in records if str(r["ID"]).startswith("transcript:")}
    exons: dict[str, list[dict[str, Any]]] = {}
    coding: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        if record["Feature"] in ("exon", "CDS"):
            group = exons if record["Feature"] == "exon" else coding
            group.setdefault(record["Parent"], []).append(record)
    models: dict[str, Transcript] = {}
    for name in sorted(exons):
        gene = genes.get(parents.get(name, ""))
        chrom = _contig(str(exons[name][0]["Chromosome"]), contigs)
        if gene is None or chrom is None:
            continue
        transcript = _transcript(gene, name, chrom, exons[name], coding.get(name, []))
        best = models.get(gene)
        if best is None or transcript.cds_length > best.cds_length:
            models[gene] = transcript
    return models


def _gene_name(record: Mapping[str, Any]) -> str:
    name = record.get("Name")
    return name if isinstance(name, str) else str(record["ID"]).removeprefix("gene:")


def _contig(name: str, contigs: Collection[str] | None) -> str | None:
    if contigs is None or name in contigs:
        return name
    other = name.removeprefix("chr") if name.startswith("chr") else f"chr{name}"
    other = {"chrMT": "chrM", "M": "MT"}.get(other, other)
    return other if other in contigs else None


def _transcript(
    gene: str, name: str, chrom: str, exons: list[dict[str, Any]], coding: list[dict[str, Any]]
) -> Transcript:
    strand = str(exons[0]["Strand"])
    spans = sorted((int(e["Start"]), int(e["End"])) for e in exons)
    ordered = spans if strand == "+" else spans[::-1]
    return Transcript(
        gene=gene,
        transcript=name.removeprefix("transcript:").split(".")[0],
        chrom=chrom,
        strand=strand,
        exons=tuple(Exon(i, start, end) for i, (start, end) in enumerate(ordered, start=1)),
        cds_start=min((int(c["Start"]) for c in coding), default=None),
        cds_end=max((int(c["End"]) for c in coding), default=None),
    )


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
