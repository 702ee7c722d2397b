"""Accuracy of the caller against known truth: recall by fraction, bias of fractions, false calls on blanks.

    python tests/bench/accuracy.py                  some minutes on two cores
    python tests/bench/accuracy.py --full           the numbers of the README

Terms. Bound A: probability that three mutant molecules of any class were sequenced, from all molecules that
cover the place. Bound B: probability that the calling rule calls the fraction, from the molecules that tell
something there, by class, at the sample's noise. Bias: mean of counted over true fraction, every planted
variant counted whether called or not. False calls: PASS records that were neither planted nor inherited.
"""

import argparse
import math
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from accuracy_molecules import Library, Truth, write_molecules
from accuracy_panel import LEVELS, Panel, PanelFiles, Planted, make_panel, write_panel
from bench_figures import keep

from alktrace.inputs.settings.calling_settings import CallingSettings

ROOT = Path(__file__).resolve().parents[2]
GROUPS = ("snv", "indel", "hotspot", "other")
Key = tuple[str, int, str, str]


@dataclass(frozen=True)
class Outcome:
    """One planted variant: was it called, and could it have been.

    Attributes:
        bound_a, bound_b: probabilities, see the head of this file.
        vaf: fraction counted by forced genotyping over the true one; None without molecules.
        telling: share of the molecules that cover the place that tell something there.
    """

    planted: Planted
    called: bool
    bound_a: float
    bound_b: float
    vaf: float | None
    telling: float


@dataclass(frozen=True)
class Sample:
    """What one panel gave.

    Attributes:
        false: false calls as `contig:pos ref>alt`, with QUAL and molecules.
        bases: targeted bases that were neither planted nor inherited.
    """

    outcomes: tuple[Outcome, ...]
    false: tuple[str, ...]
    bases: int
    molecules: int
    duplex: int
    seconds: float


def calling_settings() -> CallingSettings:
    """Return the calling section of the shipped configuration."""
    import yaml

    config = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
    return CallingSettings.model_validate(config["calling"])


def score(panel: Panel, bam: Path, truth: Truth, folder: Path) -> Sample:
    """Call one sample and compare it with the truth."""
    from alktrace.calling.caller import call_variants

    settings = calling_settings()
    files = write_panel(panel, folder)
    before = time.process_time()
    call_variants(
        bam=bam, fasta=files.fasta, targets=files.targets, loci=files.loci, hotspots=files.hotspots,
        gene_models=None, polymorphisms=None, settings=settings, noise_model=None, sample="B.T1.plasma",
        out_vcf=folder / "out.vcf.gz", out_callability=folder / "callability.tsv",
        out_genotypes=folder / "genotypes.tsv", out_error_rates=folder / "error_rates.tsv",
        out_noise=folder / "noise.json",
    )  # fmt: skip
    seconds = time.process_time() - before
    called = _called(folder / "out.vcf.gz")
    planted = {(panel.name(v.contig), v.pos + 1, v.ref, v.alt) for v in panel.planted}
    inherited = {
        (panel.name(c), pos + 1, "ACGT"[panel.bases[c][pos]], "ACGT"[alt])
        for c, pos, alt, _ in panel.germline
    }
    false = [
        f"{key[0]}:{key[1]} {key[2]}>{key[3]} {text}"
        for key, text in sorted(called.items())
        if key not in planted | inherited
    ]
    outcomes = _outcomes(panel, bam, truth, files, set(called), settings)
    bases = panel.target_bases - len(panel.planted) - len(panel.germline)
    return Sample(tuple(outcomes), tuple(false), bases, truth.molecules, truth.duplex, seconds)


def _called(vcf: Path) -> dict[Key, str]:
    from cyvcf2 import VCF

    return {
        (
            r.CHROM,
            r.POS,
            r.REF,
            r.ALT[0],
        ): f"QUAL {r.QUAL} AD {r.format('AD')[0][1]} ADX {r.format('ADX')[0][0]}"
        for r in VCF(str(vcf))
        if r.FILTERS == ["PASS"]
    }


def _outcomes(
    panel: Panel, bam: Path, truth: Truth, files: PanelFiles, called: set[Key], settings: CallingSettings
) -> Iterator[Outcome]:
    """Count every planted variant as union genotyping does, and ask the rule for its power there."""
    import pysam

    from alktrace.calling.genotyping.counts import count_alleles
    from alktrace.calling.molecules.pileup import pile_up
    from alktrace.calling.molecules.reads import make_filters
    from alktrace.calling.molecules.regions import build_regions, fasta_fetch
    from alktrace.calling.noise.training import learn_noise
    from alktrace.calling.rule.power import power_at
    from alktrace.calling.rule.tail_test import threshold
    from alktrace.calling.rule.verdict import allowed_tail
    from alktrace.io.bam_io import read_header
    from alktrace.io.bed import read_targets
    from alktrace.vocabulary.variant import SmallVariant

    keys = [SmallVariant(panel.name(v.contig), v.pos + 1, v.ref, v.alt) for v in panel.planted]
    filters = make_filters(settings)
    with pysam.FastaFile(str(files.fasta)) as reference:
        fetch = fasta_fetch(reference)
        spans = [target.span for target in read_targets(files.targets)]
        regions = build_regions(spans, fasta=reference, header=read_header(bam))
        noise = learn_noise(pile_up(bam, regions, filters), settings)
        counted = count_alleles(bam, keys, filters, fetch)
        for number, (key, variant, counts) in enumerate(zip(keys, panel.planted, counted, strict=True)):
            vaf, covering = LEVELS[variant.level], int(truth.covering[number])
            site = noise.of_variant(key, fetch)[0]
            tail = allowed_tail(counts.total, site, hotspot=variant.hotspot, settings=settings)
            needed = threshold(counts.total, site, tail)
            power = power_at(
                counts.total, site.weights, needed, (settings.min_alt_molecules, settings.min_alt_duplex), vaf
            )
            total = int(counts.total.sum())
            yield Outcome(
                variant,
                (key.chrom, key.pos, key.ref, key.alt) in called,
                at_least_three(covering, vaf),
                power,
                int(counts.alt.sum()) / total / vaf if total else None,
                total / max(1, covering),
            )


def at_least_three(molecules: int, vaf: float) -> float:
    """Return the probability of three mutant molecules of so many."""
    few = sum(math.comb(molecules, k) * vaf**k * (1 - vaf) ** (molecules - k) for k in range(3))
    return 1.0 - few


# --- jobs ---------------------------------------------------------------------------------------


def from_molecules(seed: int, library: Library, *, planted: bool) -> Sample:
    """Simulate, call and score one panel at the level of aligned consensus molecules."""
    panel = make_panel(seed, planted=planted)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bam = folder / "consensus.bam"
        truth = write_molecules(panel, library, bam, seed=seed)
        return score(panel, bam, truth, folder)


def from_reads(seed: int, library: Library, contigs: int) -> tuple[Sample, str]:
    """Simulate reads of one panel, take them all the way, score, and say what calling cost beside bwa."""
    from accuracy_reads import prepare

    # Compiles the kernels, so that the time is that of the work.
    from_molecules(seed, replace(library, genomes=50), planted=True)
    panel = make_panel(seed, planted=True, contigs=contigs)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepared = prepare(panel, library, folder, seed=seed)
        sample = score(panel, prepared.bam, prepared.truth, folder)
    share = sample.seconds / prepared.aligner_seconds
    return sample, (
        f"{prepared.pairs:,} read pairs; evidence and calling {sample.seconds:.1f} CPU seconds, "
        f"{share:.1%} of bwa mem on the raw reads ({prepared.aligner_seconds:.1f} s)"
    )


# --- tables -------------------------------------------------------------------------------------


def recall_table(samples: Sequence[Sample]) -> list[str]:
    """Return lines: per fraction and group, recall, both bounds and the bias of the fraction."""
    lines = ["fraction group    variants recall bound_A recall/A bound_B recall/B telling  bias"]
    outcomes = [outcome for sample in samples for outcome in sample.outcomes]
    for level, vaf in enumerate(LEVELS):
        for group in ("all", *GROUPS):
            chosen = [o for o in outcomes if o.planted.level == level and _belongs(o.planted, group)]
            if chosen:
                lines.append(_recall_line(vaf, group, chosen))
    return lines


def _belongs(planted: Planted, group: str) -> bool:
    if group in ("snv", "indel"):
        return planted.kind == group
    return group == "all" or bool(planted.hotspot) == (group == "hotspot")


def _recall_line(vaf: float, group: str, chosen: Sequence[Outcome]) -> str:
    recall = float(np.mean([o.called for o in chosen]))
    a, b = (float(np.mean([getattr(o, name) for o in chosen])) for name in ("bound_a", "bound_b"))
    bias = float(np.mean([o.vaf for o in chosen if o.vaf is not None])) - 1
    telling = float(np.mean([o.telling for o in chosen]))
    return (
        f"{vaf:8.3%} {group:8} {len(chosen):8} {recall:6.3f} {a:7.3f} {recall / a:8.3f} "
        f"{b:7.3f} {recall / b:8.3f} {telling:7.3f} {bias:+6.1%}"
    )


def blank_lines(samples: Sequence[Sample]) -> list[str]:
    """Return lines on false calls, with the exact 95 % interval of their number per Mb."""
    from scipy.stats import chi2

    false, bases = [call for s in samples for call in s.false], sum(s.bases for s in samples)
    if not bases:
        return []
    count = len(false)
    low = chi2.ppf(0.025, 2 * count) / 2 if count else 0.0
    high = chi2.ppf(0.975, 2 * count + 2) / 2
    megabases = bases / 1e6
    lines = [
        f"{count} false calls in {megabases:.2f} Mb: {count / megabases:.2f} per Mb "
        f"(95 % interval {low / megabases:.2f} to {high / megabases:.2f})"
    ]
    return lines + [f"  {call}" for call in false]


def cost_line(samples: Sequence[Sample]) -> str:
    """Return one line on molecules, duplex yield and the caller's speed."""
    molecules, duplex = sum(s.molecules for s in samples), sum(s.duplex for s in samples)
    seconds = sum(s.seconds for s in samples)
    return (
        f"{molecules:,} molecules, {duplex / molecules:.1%} duplex; "
        f"call_variants {molecules / seconds:,.0f} molecules per CPU second"
    )


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the command line, sizes filled in."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--full", action="store_true", help="3 Mb of blanks, 20 kb from reads")
    parser.add_argument("--panels", type=int, default=13, help="panels with 390 variants each")
    parser.add_argument("--blanks", type=int, help="panels of 20 kb without variants")
    parser.add_argument("--contigs", type=int, help="of 2 kb each, of the panel from reads; 0: none")
    parser.add_argument(
        "--recovery", type=float, default=Library.recovery, help="of a strand: the duplex yield"
    )
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--seed", type=int, default=1, help="first seed")
    given = parser.parse_args(arguments)
    if given.blanks is None:
        given.blanks = 150 if given.full else 15
    if given.contigs is None:
        given.contigs = 10 if given.full else 3
    return given


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the bench and print its tables."""
    given = parse(arguments)
    library = Library(recovery=given.recovery)
    jobs = [(given.seed + k, True) for k in range(given.panels)]
    jobs += [(given.seed + 1000 + k, False) for k in range(given.blanks)]
    started = time.monotonic()
    with ProcessPoolExecutor(given.jobs) as pool:
        # Its CPU seconds are compared with those of the aligner: nothing else runs meanwhile.
        reads = (
            pool.submit(from_reads, given.seed + 500, library, given.contigs).result()
            if given.contigs
            else None
        )
        waiting = [pool.submit(from_molecules, seed, library, planted=planted) for seed, planted in jobs]
        samples = [future.result() for future in waiting]
        if samples:
            print(
                f"\nCalling from simulated consensus: {library.genomes:,} genome equivalents, 20 kb a panel"
            )
            show("Calls from molecules", samples[: given.panels], samples[given.panels :])
        if reads:
            sample, line = reads
            print(f"\nCalling from reads, {2 * given.contigs} kb, by the steps of the workflow: {line}")
            show("Calls from reads", [sample], [])
    print(f"{time.monotonic() - started:.0f} s")


def show(title: str, with_variants: Sequence[Sample], without: Sequence[Sample]) -> None:
    """Print the tables of panels with and without variants."""
    print(cost_line([*with_variants, *without]))
    if with_variants:
        heading, *lines = recall_table(with_variants)
        print("\n".join([heading, *lines]))
        for line in [heading, *(line for line in lines if " all " in line)]:
            keep(title, line[:8].strip(), line[17:])
        print("Beside planted variants: " + "\n".join(blank_lines(with_variants)))
    if without:
        first, *others = blank_lines(without)
        print("\n".join([f"Blanks: {first}", *others]))
        keep(title, "blanks", first)


if __name__ == "__main__":
    main()
