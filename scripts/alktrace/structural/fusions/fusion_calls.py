"""Fusion calls of one sample, from consensus reads to a VCF of breakends."""

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pysam
from scipy.special import betaincinv

from ...errors import DataError
from ...inputs.settings.fusion_settings import FusionSettings
from ...io.bed import read_targets
from ...reference.gene_models import GeneModels
from ...reference.genome import Genome, Sequences
from ...stats.intervals import clopper_pearson, share
from .breakpoints import Breakend, Junction, normalise
from .fusion_filters import FUSION_FILTERS, TestedJunction
from .fusion_vcf import FusionCall, FusionRecord, parse_breakend
from .junctions import Candidate, find_candidates
from .partners import INTERGENIC, FusionDriver, FusionRole, Meaning, interpret
from .scan import Regions, Signs
from .support import Support, count_support

LOG = logging.getLogger("alktrace.structural")

FLANK = 40
MAX_COUNTED = 300
RECIPROCAL_DISTANCE = 10_000


@dataclass(frozen=True)
class Fusion:
    """A counted candidate with its meaning and the reasons against it."""

    candidate: Candidate
    meaning: Meaning
    support: Support
    filters: tuple[str, ...]

    @property
    def intact(self) -> int:
        """Molecules over the intact site of the driver gene."""
        return self.support.intact[0 if self.meaning.driver_first else 1]


@dataclass(frozen=True)
class KnownJunction:
    """A junction to count, as its breakend record says; `pos` is 1-based."""

    key: str
    chrom: str
    pos: int
    alt: str
    precise: bool

    @property
    def junction(self) -> Junction:
        """Both breakends."""
        return parse_breakend(self.chrom, self.pos, self.alt)


@dataclass(frozen=True)
class FusionCount:
    """Molecules of one known fusion in one sample.

    Attributes:
        key: of the fusion.
        molecules, intact: molecules with the junction, and over the intact site of the driver gene.
        vaf, vaf_low, vaf_high: share with 95 % interval; None where no molecule is informative.
        vaf_detectable: VAF at which the calling rule would have had enough molecules, at the power asked for.
    """

    key: str
    molecules: int
    intact: int
    duplex: int
    vaf: float | None
    vaf_low: float | None
    vaf_high: float | None
    vaf_detectable: float | None


def fusion_regions(models: GeneModels, genes: Sequence[str], targets: Path) -> Regions:
    """Return where breakpoints of the fusion genes can lie.

    A gene without a model is looked for in the targets whose name starts with its symbol; a gene without
    either is named in the log and cannot be called.
    """
    spans = []
    for gene in genes:
        transcript = models.by_gene.get(gene)
        if transcript is not None:
            spans.append((transcript.chrom, transcript.start, transcript.end))
            continue
        named = _named_targets(targets, gene)
        LOG.warning(
            "%s has no gene model: %s", gene, f"{len(named)} targets by name" if named else "not searched"
        )
        spans += named
    return Regions(spans)


def find_fusions(
    reads: pysam.AlignmentFile,
    signs: Signs,
    sequences: Sequences,
    *,
    regions: Regions,
    models: GeneModels,
    drivers: dict[str, FusionDriver],
    settings: FusionSettings,
) -> list[Fusion]:
    """Return all candidates with at least one supporting molecule, with the filters they miss.

    Args:
        reads: open, indexed; looked up around candidates.
        signs: what the pass over these reads found.
        sequences: the genome.
        regions: where breakpoints of the fusion genes can lie.
        models: gene models.
        drivers: the fusion genes.
        settings: section `fusions` of the configuration.
    """
    if signs.malformed:
        LOG.warning("%d SA tags could not be read and were left out", signs.malformed)
    candidates = find_candidates(
        signs,
        sequences,
        regions=regions,
        min_anchor=settings.min_anchor,
        min_mapq=settings.min_mapq,
        max_insert=settings.max_insert,
    )
    worth = []
    for candidate in candidates:
        meaning = interpret(candidate.junction, models, drivers)
        if meaning is not None and _worth_counting(candidate, meaning):
            worth.append((candidate, meaning))
    LOG.info("%d records, %d candidates, %d counted", signs.records, len(candidates), len(worth))
    if len(worth) > MAX_COUNTED:
        LOG.warning("only the %d best supported candidates are counted", MAX_COUNTED)
    counted = [_count(reads, c, m, sequences, settings) for c, m in worth[:MAX_COUNTED]]
    return [f for f in counted if f.support.molecules and _worth_keeping(f, settings)]


def count_fusions(
    *, bam: Path, fasta: Path, known: Sequence[KnownJunction | FusionCall], settings: FusionSettings
) -> list[FusionCount]:
    """Count the molecules of fusions that another sample of the patient shows.

    Args:
        bam: indexed consensus reads.
        fasta: genome with true coordinates.
        known: fusions to count, whatever this sample would have called.
        settings: section `fusions` of the configuration.

    Returns:
        One count per fusion, in their order.
    """
    counts = []
    with Genome(fasta) as genome, open_indexed(bam) as reads:
        for call in known:
            junction = parse_breakend(call.chrom, call.pos, call.alt)
            normal, homology = normalise(junction, genome)
            candidate = Candidate(normal, homology, call.precise, frozenset())
            support = _support(reads, candidate, genome, settings)
            driver_first = normal.first.chrom == call.chrom and (
                abs(normal.first.pos + 1 - call.pos) <= homology
            )
            intact = support.intact[0 if driver_first else 1]
            counts.append(_count_of(call.key, support, intact, settings))
    return counts


def detectable_vaf(total: int, min_molecules: int, power: float) -> float | None:
    """Return the smallest VAF that gives `min_molecules` of `total` molecules with that power.

    P(X >= k) of a binomial is the regularised incomplete beta function I_f(k, n - k + 1), inverted here.

    Returns:
        A fraction; None where there are fewer molecules than that.
    """
    if total < min_molecules:
        return None
    return float(betaincinv(min_molecules, total - min_molecules + 1, power))


def judge(
    candidate: Candidate, support: Support, sequences: Sequences, settings: FusionSettings
) -> tuple[str, ...]:
    """Return the names of the filters that a candidate misses; none means PASS."""
    seen = TestedJunction(support, candidate.homology, *_flanks(candidate.junction, sequences), settings)
    return tuple(one.name for one in FUSION_FILTERS.values() if one.applies(seen))


def make_records(fusions: Sequence[Fusion], sequences: Sequences) -> list[FusionRecord]:
    """Return the fusions as records of the VCF, with events that join both junctions of one exchange."""
    ordered = sorted(fusions, key=lambda f: (bool(f.filters), -f.support.molecules, f.candidate.junction))
    events: dict[int, str] = {}
    seen: dict[str, int] = {}
    for i, fusion in enumerate(ordered):
        other = next((j for j in range(i) if _reciprocal(fusion, ordered[j])), None)
        if other is not None:
            events[i] = events[other]
            continue
        name = "_".join(sorted((fusion.meaning.driver, fusion.meaning.partner)))
        seen[name] = seen.get(name, 0) + 1
        events[i] = f"{name}_{seen[name]}"
    return [_record(fusion, events[i], i + 1, sequences) for i, fusion in enumerate(ordered)]


def _record(fusion: Fusion, event: str, number: int, sequences: Sequences) -> FusionRecord:
    junction, meaning, support = fusion.candidate.junction, fusion.meaning, fusion.support
    total = support.molecules + fusion.intact
    low, high = clopper_pearson(support.molecules, total)
    bases = "".join(
        sequences.fetch(end.chrom, end.pos, end.pos + 1) for end in (junction.first, junction.second)
    )
    return FusionRecord(
        event=event,
        number=number,
        junction=junction,
        homology=fusion.candidate.homology,
        homology_sequence=homology_sequence(fusion.candidate, sequences),
        precise=fusion.candidate.precise,
        bases=(bases[0], bases[1]),
        meaning=meaning,
        support=support,
        vaf=support.molecules / total,
        vaf_low=low,
        vaf_high=high,
        filters=fusion.filters,
    )


def homology_sequence(candidate: Candidate, sequences: Sequences) -> str:
    """Return the bases that both sides could have contributed, on the plus strand of the first breakend."""
    first, length = candidate.junction.first, candidate.homology
    start = first.pos + 1 if first.side == "L" else first.pos
    return sequences.fetch(first.chrom, start, start + length)


def _count(
    reads: pysam.AlignmentFile,
    candidate: Candidate,
    meaning: Meaning,
    sequences: Sequences,
    settings: FusionSettings,
) -> Fusion:
    support = _support(reads, candidate, sequences, settings)
    return Fusion(candidate, meaning, support, judge(candidate, support, sequences, settings))


def _support(
    reads: pysam.AlignmentFile, candidate: Candidate, sequences: Sequences, settings: FusionSettings
) -> Support:
    return count_support(
        reads,
        candidate,
        sequences,
        min_overhang=settings.min_overhang,
        min_anchor=settings.min_anchor,
        min_mapq=settings.min_mapq,
        max_insert=settings.max_insert,
    )


def _count_of(key: str, support: Support, intact: int, settings: FusionSettings) -> FusionCount:
    total = support.molecules + intact
    vaf, low, high = share(support.molecules, total)
    return FusionCount(
        key=key,
        molecules=support.molecules,
        intact=intact,
        duplex=support.duplex,
        vaf=vaf,
        vaf_low=low,
        vaf_high=high,
        vaf_detectable=detectable_vaf(total, settings.min_molecules, settings.power),
    )


@contextmanager
def open_indexed(bam: Path) -> Iterator[pysam.AlignmentFile]:
    """Open a BAM that must have an index, for as long as it is read and nothing is written.

    Raises:
        DataError: there is none, or the BAM is damaged, wherever the caller reads it.
    """
    try:
        reads = pysam.AlignmentFile(str(bam))
    except (OSError, ValueError) as error:
        raise DataError(bam, f"cannot be read: {error}", "fetch or write the BAM again") from error
    try:
        if not reads.has_index():
            raise DataError(bam, "the BAM has no index", "run samtools index on it")
        yield reads
    except OSError as error:
        raise DataError(bam, f"cannot be read: {error}", "fetch or write the BAM again") from error
    finally:
        # To close a damaged file fails too, and would hide what is wrong.
        with suppress(OSError):
            reads.close()


def _worth_counting(candidate: Candidate, meaning: Meaning) -> bool:
    """Keep a single molecule only where it could be a driver: random chimeras are mostly none."""
    if len(candidate.names) > 1:
        return True
    return candidate.precise and meaning.role is FusionRole.DRIVER and meaning.in_frame is True


def _worth_keeping(fusion: Fusion, settings: FusionSettings) -> bool:
    """Keep what missed a filter only where two genes fit or the place is sure: the rest is misalignment."""
    if not fusion.filters or fusion.meaning.role in (FusionRole.DRIVER, FusionRole.RECIPROCAL):
        return True
    return fusion.support.unique >= settings.min_fragments


def _reciprocal(a: Fusion, b: Fusion) -> bool:
    """Say whether two junctions are both halves of one exchange between the same two genes."""
    if INTERGENIC in (a.meaning.partner, b.meaning.partner):
        return False
    if (a.meaning.five, a.meaning.three) != (b.meaning.three, b.meaning.five):
        return False
    ends: list[tuple[Breakend, Breakend]] = [
        (a.candidate.junction.first, b.candidate.junction.first),
        (a.candidate.junction.second, b.candidate.junction.second),
    ]
    return all(
        x.chrom == y.chrom and x.side != y.side and abs(x.pos - y.pos) <= RECIPROCAL_DISTANCE for x, y in ends
    )


def _named_targets(targets: Path, gene: str) -> list[tuple[str, int, int]]:
    return [
        target.span
        for target in read_targets(targets)
        if gene in (re.split("[_: ]", name)[0] for name in target.name.split(","))
    ]


def _flanks(junction: Junction, sequences: Sequences) -> tuple[float, float]:
    """Return the lower complexity of both sides and the highest identity of joined to replaced sequence."""
    complexity, similarity = 1.0, 0.0
    for directed in (junction, junction.flipped()):
        kept = directed.first.kept(sequences, FLANK)
        if "N" not in kept:
            triplets = {kept[i : i + 3] for i in range(FLANK - 2)}
            complexity = min(complexity, len(triplets) / (FLANK - 2))
        joined = directed.onward(sequences, FLANK)
        replaced = directed.first.beyond(sequences, FLANK)
        similarity = max(similarity, _identity(joined, replaced))
    return complexity, similarity


def _identity(a: str, b: str) -> float:
    if "N" in a or "N" in b:
        return 0.0
    best = 0
    for shift in range(-3, 4):
        x, y = (a[shift:], b) if shift >= 0 else (a, b[-shift:])
        best = max(best, sum(p == q for p, q in zip(x, y, strict=False)))
    return best / FLANK
