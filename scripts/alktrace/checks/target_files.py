"""Targets and gene models against the genome: contig names, lengths, build."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from pathlib import Path

from ..errors import Problem
from ..io.bed import Target, read_bed, read_strands
from ..io.resources import resource
from ..reference.contigs import GRCH37, same_contig
from ..reference.gene_lines import dialect_of
from ..reference.gff3 import REMEDY, read_lines

MAX_SHOWN = 20
MAX_GENES = 5
LONGEST_PRIMER = 60
PRIMER_REACH = 500
"""A primer lies so near a target, in bases."""
BUILD_LINES = ("#!genome-build", "#!genome-version", "#!assembly", "##genome-build", "##description")
GFF3_LINES = 5000

Exons = dict[str, list[tuple[int, int, str]]]
"""Start, end (0-based half-open) and gene of exons by chromosome."""
_REGION = re.compile(r"##sequence-region\s+(\S+)\s+(\d+)\s+(\d+)")


def check_targets(path: Path, contigs: Mapping[str, int] | None) -> tuple[frozenset[str], list[Problem]]:
    """Check a BED of targets (0-based half-open, in any order; they may overlap, as those of panels do).

    Args:
        path: a readable file.
        contigs: lengths of the genome, None if not known.

    Returns:
        Contigs of the intervals, and the problems, at most some twenty of them.
    """
    targets, problems = read_bed(path)
    chroms = frozenset(target.chrom for target in targets.values())
    if contigs is not None:
        chroms &= set(contigs)
        for line, target in targets.items():
            problems += _off_genome(str(path), line, target, contigs)
    problems += _of_grch37(str(path), targets.values())
    return chroms, _first(path, problems)


def check_primers(path: Path, targets: Path, contigs: Mapping[str, int] | None) -> list[Problem]:
    """Check a BED of primers (0-based half-open): can they be those of the targets.

    Args:
        path: a readable file.
        targets: BED of the assay's targets, readable.
        contigs: lengths of the genome, None if not known.
    """
    primers, problems = read_bed(path)
    strands = read_strands(path) if primers else {}
    for line, primer in primers.items():
        problems += _off_genome(str(path), line, primer, contigs) if contigs is not None else ()
        if line not in strands:
            problems.append(Problem(str(path), line, "strand", "neither + nor -", "write it in column 6"))
        if (length := primer.end - primer.start) > LONGEST_PRIMER:
            remedy = "give primers, not the regions between them"
            problems.append(Problem(str(path), line, "end", f"a primer of {length} bases", remedy))
    given = [target.span for target in read_bed(targets)[0].values()]
    # Of other coordinates none would be cut, and nobody would see it.
    far = [primer for primer in primers.values() if not _is_near(primer, given)]
    if 2 * len(far) > len(primers):
        what = f"{len(far)} of {len(primers)} primers lie over {PRIMER_REACH} bases from every target"
        problems.append(Problem(str(path), 0, "", what, "give the primers of this panel, on GRCh38"))
    return _first(path, problems)


def _is_near(primer: Target, targets: Iterable[tuple[str, int, int]]) -> bool:
    return any(
        chrom == primer.chrom and start - PRIMER_REACH < primer.end and primer.start < end + PRIMER_REACH
        for chrom, start, end in targets
    )


def _first(path: Path, problems: list[Problem]) -> list[Problem]:
    problems.sort()
    if len(problems) <= MAX_SHOWN:
        return problems
    what = f"{len(problems) - MAX_SHOWN} more problems"
    return [*problems[:MAX_SHOWN], Problem(str(path), 0, "", what, "correct those above first")]


def _off_genome(file: str, line: int, target: Target, contigs: Mapping[str, int]) -> Iterator[Problem]:
    chrom, _, end, _ = target
    if chrom not in contigs:
        other = same_contig(chrom, contigs)
        remedy = f"write {other!r}" if other else "use the names of the genome FASTA"
        yield Problem(file, line, "chromosome", f"{chrom!r} is not in the genome", remedy)
    elif end > contigs[chrom]:
        what = f"ends at {end}, but {chrom} has {contigs[chrom]} bases"
        of_grch37 = end <= GRCH37.get(chrom.removeprefix("chr"), 0)
        yield Problem(
            file, line, "end", what, "give targets of GRCh38" if of_grch37 else "correct the interval"
        )


def _of_grch37(file: str, targets: Iterable[Target]) -> Iterator[Problem]:
    """Yield a problem where targets lie on exons of well-known genes by the coordinates of GRCh37.

    Contigs of both builds have the same names and nearly the same lengths: nothing else shows it. In large
    genes such as ALK the places of one build are introns of the other, so that names of genes tell nothing.
    """
    new, old = _exons_of_both()
    spans = [(_bare(chrom), start, end) for chrom, start, end, _ in targets]
    on_new, on_old = (_touched(spans, exons) for exons in (new, old))
    if len(on_old) > 2 * len(on_new):
        genes = ", ".join(sorted(set(on_old.values()))[:MAX_GENES])
        what = f"{len(on_old)} targets lie on exons ({genes}) by GRCh37, {len(on_new)} by GRCh38"
        yield Problem(file, 0, "", what, "give targets of GRCh38")


@cache
def _exons_of_both() -> tuple[Exons, Exons]:
    """Return the exons of some genes on GRCh38 and on GRCh37, by chromosome without `chr`."""
    with resource("reference/grch37_shift.tsv").open(encoding="utf-8") as stream:
        shifts = {row["gene"]: int(row["shift"]) for row in csv.DictReader(stream, delimiter="\t")}
    new: Exons = {}
    old: Exons = {}
    with resource("demo/exons.tsv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream, delimiter="\t"):
            if (shift := shifts.get(row["gene"])) is not None:
                start, end, chrom = int(row["start"]), int(row["end"]), _bare(row["chrom"])
                new.setdefault(chrom, []).append((start, end, row["gene"]))
                old.setdefault(chrom, []).append((start + shift, end + shift, row["gene"]))
    return new, old


def _touched(spans: Iterable[tuple[str, int, int]], exons: Exons) -> dict[tuple[str, int, int], str]:
    """Return those intervals that overlap an exon, with its gene."""
    return {
        (chrom, start, end): gene
        for chrom, start, end in spans
        for first, last, gene in exons.get(chrom, ())
        if start < last and first < end
    }


def _bare(chrom: str) -> str:
    return chrom.removeprefix("chr")


def check_gene_models(path: Path, contigs: Mapping[str, int]) -> list[Problem]:
    """Check the head of gene models: can they be read, and are build, names and lengths those of the genome.

    Names that differ by `chr` only are accepted: gene models are renamed when they are read.

    Args:
        path: a readable file, plain or compressed.
        contigs: lengths of the genome.
    """
    try:
        lines = list(islice(read_lines(path), GFF3_LINES))
    except (OSError, EOFError, UnicodeDecodeError) as error:
        return [Problem(str(path), 0, "", f"cannot be read ({error})", REMEDY)]
    for number, line in enumerate(lines, start=1):
        if found := _build_problem(str(path), number, line, contigs):
            return [found]
    if found := _unreadable(str(path), lines):
        return [found]
    if not any(same_contig(name, contigs) for line in lines if (name := _sequence_name(line))):
        some = ", ".join(list(contigs)[:3])
        return [
            Problem(
                str(path), 0, "", f"no sequence of the genome ({some}, ...)", "give gene models of its build"
            )
        ]
    return []


def _unreadable(file: str, lines: Sequence[str]) -> Problem | None:
    """Return what is wrong with the first lines, read as the job of the reference will read them."""
    dialect = dialect_of(lines)
    if dialect is None:
        what = f"no line of a gene among the first {len(lines)}, as Ensembl, GENCODE or RefSeq write it"
        return Problem(file, 0, "", what, REMEDY)
    for number, line in enumerate(lines, start=1):
        try:
            if _sequence_name(line) and dialect.is_head(line):
                dialect.feature(line)
        except ValueError as error:
            return Problem(file, number, "", f"no line of {dialect.name} ({error})", REMEDY)
    return None


def _build_problem(file: str, number: int, line: str, contigs: Mapping[str, int]) -> Problem | None:
    """Return what shows another build: the pragma that names it, or the length of a sequence."""
    if line.startswith(BUILD_LINES) and ("GRCh37" in line or "hg19" in line):
        return Problem(file, number, "", f"gene models of GRCh37 ({line.strip()})", "give those of GRCh38")
    region = _REGION.match(line)
    if not region:
        return None
    name, end = region[1], int(region[3])
    contig = same_contig(name, contigs)
    if contig is None or contigs[contig] == end:
        return None
    grch37 = GRCH37.get(name.removeprefix("chr")) == end
    what = f"sequence {name} has {end} bases, {contig} of the genome {contigs[contig]}"
    return Problem(
        file,
        number,
        "",
        what + (" (GRCh37)" if grch37 else ""),
        "give gene models of GRCh38" if grch37 else "give gene models of the genome's build",
    )


def _sequence_name(line: str) -> str:
    """Return the sequence that a feature line stands on."""
    return "" if line.startswith("#") or line.count("\t") != 8 else line.split("\t", 1)[0]
