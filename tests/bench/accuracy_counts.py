"""Substitutions by the megabase: the molecules of `accuracy_molecules`, counted without a BAM between.

    python tests/bench/accuracy_counts.py --megabases 10          plasma
    python tests/bench/accuracy_counts.py --sample ffpe_no_umi    damaged tissue, molecules without UMI

A molecule is made base by base as for the BAM and laid on the sites at once: writing, sorting and reading
cost ten times as much as all else. What is measured is the caller's own: noise model, candidates, verdict.
Insertions and deletions are not counted here.

A plain read caller is shown beside: it calls what enough molecules and a large enough share of them show,
one reading of the same consensus for all. What the rule adds is the recall at equal false calls.
"""

import argparse
import itertools
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pysam
from accuracy import at_least_three, calling_settings
from accuracy_molecules import (
    READ,
    Depth,
    Floats,
    Ints,
    Library,
    Molecule,
    Place,
    Variants,
    draw_molecules,
    make_molecule,
    make_room,
    place_of,
    rates_of,
    variants_of,
    yields,
)
from accuracy_panel import CONTIGS, LEVELS, TARGET, Panel, make_panel, site_factors, write_panel
from bench_figures import keep
from numpy.typing import NDArray

from alktrace.calling.candidates.from_pileup import snv_candidates
from alktrace.calling.molecules.pileup import Pileup
from alktrace.calling.molecules.reads import class_of
from alktrace.calling.molecules.regions import Regions, build_regions
from alktrace.calling.noise.molecule_classes import CLASS_NAMES, N_CLASSES, TO_END
from alktrace.calling.noise.training import learn_noise
from alktrace.calling.rule.hotspots import Hotspots
from alktrace.calling.rule.verdict import AlterationCounts, judge
from alktrace.demo.made_genome import text
from alktrace.inputs.settings.calling_settings import CallingSettings
from alktrace.io.bed import read_targets
from alktrace.io.kernels import kernel
from alktrace.vocabulary.variant import SmallVariant

SAMPLES = {
    "plasma": Library(),
    "low_duplex": Library(recovery=0.25),
    # Cells fixed in formalin: few templates, deaminated on single strands all along, most at CpG.
    "ffpe": Library(
        genomes=800, deamination=3e-4, end_factor=1.0, cpg=3.0, spread=1.0, fragments="sonicated"
    ),
    "ffpe_no_umi": Library(
        genomes=800, deamination=3e-4, end_factor=1.0, cpg=3.0, spread=1.0, fragments="sonicated", umis=False
    ),
}


PLAIN = (
    (3, 0.0),
    (4, 0.0),
    (5, 0.0),
    (6, 0.0),
    (8, 0.0),
    (10, 0.0),
    (3, 0.002),
    (3, 0.005),
    (5, 0.005),
    (5, 0.01),
)
"""Plain read callers: so many molecules with the alternative, and so large a share, whatever they are."""


@dataclass(frozen=True)
class Tested:
    """One substitution that the rule was asked about.

    Attributes:
        vaf: planted fraction, 0 for none.
        covering: molecules that cover a planted one.
    """

    key: str
    hotspot: bool
    vaf: float
    covering: int
    counts: AlterationCounts

    def plain(self, least: int, share: float) -> bool:
        """Tell whether a plain read caller calls it."""
        seen, total = self.counts.alt_molecules, self.counts.total_molecules
        return seen >= least and seen >= share * total


@dataclass(frozen=True)
class Counted:
    """What one panel gave.

    Attributes:
        plain: false calls of every plain read caller.
        bases, hotspot_bases: targeted ones, and those of hotspot codons, neither planted nor inherited.
        molecules, duplex: of the panel.
    """

    tested: tuple[Tested, ...]
    plain: tuple[int, ...]
    bases: int
    hotspot_bases: int
    molecules: int
    duplex: int

    def false(self, *, hotspot: bool | None = None) -> list[str]:
        """Return false calls with their counts."""
        return [
            f"{t.key} {'hotspot ' if t.hotspot else ''}{_text(t.counts)}"
            for t in self.tested
            if t.vaf == 0 and t.counts.detected and hotspot in (None, t.hotspot)
        ]


def _text(counts: AlterationCounts) -> str:
    shown = {CLASS_NAMES[c]: int(counts.by_class[0, c]) for c in np.flatnonzero(counts.by_class[0])}
    return f"tail {counts.p_noise:.1e}, {counts.alt_molecules} of {counts.total_molecules}: {shown}"


def count_panel(panel: Panel, library: Library, regions: Regions, seed: int) -> tuple[Pileup, Ints, Ints]:
    """Return the pileup of a panel's molecules, covering molecules per planted variant, and the yields."""
    covering = np.zeros(max(1, len(panel.planted)), np.int64)
    mutant = np.zeros_like(covering)
    counts = np.zeros((regions.sites, 4, N_CLASSES), np.uint32)
    factors = site_factors(panel, seed, library.spread, library.cpg)
    tallies = np.zeros(2, np.int64)
    settings = calling_settings()
    for contig in range(len(panel.bases)):
        rng = np.random.default_rng([seed, 13, contig])
        molecules = draw_molecules(panel, library, contig, rng)
        tallies += yields(molecules)
        region = regions.chroms.index(panel.name(contig))
        span = (int(regions.starts[region]), int(regions.ends[region]), int(regions.offsets[region]))
        _count(
            int(rng.integers(1 << 31)),
            place_of(panel, contig, factors[contig]),
            rates_of(library),
            molecules,
            variants_of(panel, contig),
            (covering, mutant),
            (span, settings.end_distance, settings.end_zone),
            counts,
        )
    return Pileup(regions, counts, np.zeros((regions.sites, 4), np.uint32)), covering, tallies


@kernel
def _count(
    seed: int,
    place: Place,
    rates: Floats,
    molecules: tuple[Ints, Ints, Ints],
    variants: Variants,
    truth: tuple[Ints, Ints],
    frame: tuple[tuple[int, int, int], int, int],
    counts: NDArray[np.uint32],
) -> None:
    """Make all molecules of a contig and count them."""
    np.random.seed(seed)
    start, length, depth = molecules
    room = make_room()
    for i in range(len(start)):
        pair = (depth[0, i], depth[1, i])
        size, _ = make_molecule(place, rates, (start[i], length[i]), pair, variants, truth, room)
        _lay(room, size, _class(pair, rates[7] == 1.0), frame, counts)


@kernel
def _class(pair: Depth, stranded: bool) -> int:
    total = pair[0] + pair[1]
    return class_of(total, pair[0], pair[1], stranded)


@kernel
def _lay(
    molecule: Molecule,
    size: int,
    support: int,
    frame: tuple[tuple[int, int, int], int, int],
    counts: NDArray[np.uint32],
) -> None:
    """Count the bases that either mate shows; where they differ none counts."""
    _, position, shown, hidden = molecule
    (low, high, offset), end_distance, end_zone = frame
    for at in range(end_distance, size - end_distance):
        where = position[at]
        if not low <= where < high:
            continue
        first = at < READ and not hidden[0, at]
        second = at >= size - READ and not hidden[1, at]
        if not (first or second) or (first and second and shown[0, at] != shown[1, at]):
            continue
        base = shown[0, at] if first else shown[1, at]
        near = at < end_zone or at >= size - end_zone
        counts[offset + where - low, base, support - (TO_END if near else 0)] += 1


def score(seed: int, planted: bool, *, library: Library, settings: CallingSettings) -> Counted:
    """Simulate one panel and ask the rule about every candidate and every planted substitution."""
    panel = make_panel(seed, planted=planted)
    if planted:
        panel = replace(panel, planted=tuple(v for v in panel.planted if v.kind == "snv"))
    with tempfile.TemporaryDirectory() as name:
        files = write_panel(panel, Path(name))
        header = pysam.AlignmentHeader.from_references(
            [panel.name(c) for c in range(len(panel.bases))], [len(b) for b in panel.bases]
        )
        with pysam.FastaFile(str(files.fasta)) as reference:
            spans = [target.span for target in read_targets(files.targets)]
            regions = build_regions(spans, fasta=reference, header=header)
    pileup, covering, tallies = count_panel(panel, library, regions, seed)
    return Counted(
        tuple(judged(panel, pileup, covering, settings)),
        tuple(plain_false(panel, pileup)),
        panel.target_bases - len(panel.planted) - len(panel.germline),
        3 * len(panel.codons),
        int(tallies[0]),
        int(tallies[1]),
    )


def plain_false(panel: Panel, pileup: Pileup) -> Iterator[int]:
    """Yield the false calls of every plain read caller."""
    regions = pileup.regions
    seen = pileup.counts.sum(axis=2, dtype=np.int64)
    total = seen.sum(axis=1, keepdims=True)
    seen[np.arange(len(seen)), regions.reference] = 0
    seen[~regions.targeted] = 0
    for contig, pos, *_ in panel.germline:
        seen[regions.site(panel.name(contig), pos)] = 0
    for variant in panel.planted:
        seen[regions.site(panel.name(variant.contig), variant.pos), "ACGT".index(variant.alt)] = 0
    for least, share in PLAIN:
        yield int(((seen >= least) & (seen >= share * total)).sum())


def judged(panel: Panel, pileup: Pileup, covering: Ints, settings: CallingSettings) -> list[Tested]:
    """Return the verdict on every candidate and every planted substitution of a pileup."""
    texts = {panel.name(c): text(bases) for c, bases in enumerate(panel.bases)}

    def fetch(chrom: str, start: int, end: int) -> str:
        return texts[chrom][max(0, start) : end]

    loci: dict[str, list[tuple[int, int]]] = {}
    for contig, first in panel.codons:
        loci.setdefault(panel.name(contig), []).append((first, first + 3))
    hotspots = Hotspots(loci)
    noise = learn_noise(pileup, settings)
    sites = dict(snv_candidates(pileup, noise, hotspots, settings))
    truth = {
        SmallVariant(panel.name(v.contig), v.pos + 1, v.ref, v.alt): (LEVELS[v.level], int(n))
        for v, n in zip(panel.planted, covering, strict=False)
    }
    for variant in truth:
        site = pileup.regions.site(variant.chrom, variant.start)
        if site is not None:
            sites.setdefault(variant, site)
    inherited = {(panel.name(c), pos) for c, pos, _, _ in panel.germline}
    tested = []
    for variant, site in sites.items():
        if (variant.chrom, variant.start) in inherited:
            continue
        counts = pileup.counts[site].astype(np.int64)
        hotspot = hotspots.contains(variant)
        verdict = judge(
            counts["ACGT".index(variant.alt)],
            counts.sum(axis=0),
            (0, 0),
            noise.of_variant(variant, fetch),
            hotspot=hotspot,
            settings=settings,
        )
        vaf, covered = truth.get(variant, (0.0, 0))
        key = f"{variant.chrom}:{variant.pos} {variant.ref}>{variant.alt}"
        tested.append(Tested(key, hotspot, vaf, covered, verdict))
    return tested


# --- tables -------------------------------------------------------------------------------------


def per_megabase(count: int, bases: int) -> str:
    """Return a rate with its exact 95 % interval."""
    from scipy.stats import chi2

    low = chi2.ppf(0.025, 2 * count) / 2 if count else 0.0
    high = chi2.ppf(0.975, 2 * count + 2) / 2
    of = bases / 1e6
    return f"{count:6} in {of:.2f} Mb: {count / of:.2f} per Mb ({low / of:.2f} to {high / of:.2f})"


def blank_table(panels: Sequence[Counted]) -> Iterator[str]:
    """Yield lines on false calls, at hotspots and elsewhere, and of plain read callers."""
    bases, hotspots = sum(p.bases for p in panels), sum(p.hotspot_bases for p in panels)
    calls = [call for p in panels for call in p.false()]
    at_hotspots = sum(len(p.false(hotspot=True)) for p in panels)
    yield f"false calls            {per_megabase(len(calls), bases)}"
    yield f"  of them at hotspots  {per_megabase(at_hotspots, hotspots)}"
    yield f"  elsewhere            {per_megabase(len(calls) - at_hotspots, bases - hotspots)}"
    for number, (least, share) in enumerate(PLAIN):
        false = sum(p.plain[number] for p in panels)
        yield f"  {least:2} molecules, {share:.1%}   {per_megabase(false, bases)}"
    yield from (f"  {call}" for call in calls)


def recall_table(panels: Sequence[Counted]) -> Iterator[str]:
    """Yield lines on recall by fraction: the rule, bound A, and plain read callers."""
    planted = [t for p in panels for t in p.tested if t.vaf]
    names = "".join(f" {least}/{share:.1%}".rjust(9) for least, share in PLAIN)
    yield f"fraction place     variants  recall  bound_A recall/A{names}"
    for vaf, place in itertools.product(LEVELS, (None, True, False)):
        mine = [t for t in planted if t.vaf == vaf and place in (None, t.hotspot)]
        if not mine:
            continue
        recall = float(np.mean([t.counts.detected for t in mine]))
        bound = float(np.mean([at_least_three(t.covering, vaf) for t in mine]))
        others = "".join(f"{float(np.mean([t.plain(*rule) for t in mine])):9.3f}" for rule in PLAIN)
        name = {None: "all", True: "hotspot", False: "elsewhere"}[place]
        yield f"{vaf:8.2%} {name:9} {len(mine):8} {recall:7.3f} {bound:8.3f} {recall / bound:8.3f}{others}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sample", choices=SAMPLES, default="plasma")
    parser.add_argument("--megabases", type=float, default=1.0, help="of blanks")
    parser.add_argument("--first", type=int, default=1001, help="seed of the first blank panel")
    parser.add_argument("--panels", type=int, default=13, help="with planted substitutions")
    parser.add_argument("--jobs", type=int, default=1)
    given = parser.parse_args(arguments)
    blanks = round(given.megabases * 1e6 / (CONTIGS * TARGET))
    jobs = [(1 + k, True) for k in range(given.panels)] + [(given.first + k, False) for k in range(blanks)]
    ask = partial(score, library=SAMPLES[given.sample], settings=calling_settings())
    with ProcessPoolExecutor(given.jobs) as pool:
        seeds, planted = zip(*jobs, strict=True)
        found = list(pool.map(ask, seeds, planted))
    molecules, both = sum(p.molecules for p in found), sum(p.duplex for p in found)
    print(f"{given.sample}: {molecules:,} molecules, both strands of {both / molecules:.1%}")
    heading, *recalls = recall_table(found[: given.panels])
    false = list(blank_table(found[given.panels :]))
    print("\n".join([heading, *recalls, *false]))
    # What is ours: plain read callers stand behind it.
    for line in [heading, *(line for line in recalls if " all " in line)]:
        keep(f"Substitutions, {given.sample}", line[:8].strip(), line[18:53])
    keep(
        f"Substitutions, {given.sample}",
        "false calls on blanks",
        false[0].removeprefix("false calls").strip(),
    )


if __name__ == "__main__":
    main()
