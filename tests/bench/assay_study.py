"""A validation study of simulated samples, as a table for `alktrace assay validate`. All of it is simulated.

    PYTHONPATH=scripts:tests python tests/bench/assay_study.py study.tsv
    alktrace assay validate study.tsv --criteria tests/bench/assay_criteria.yaml --out validation

Substitutions, insertions and deletions: six panels of 20 kb, each with 390 variants at 0.1 to 5 %, all in
codons for which a limit is stated, and a blank of each; of two panels two runs with two replicates. Panels
and runs differ in input (2,000 to 6,000 genomes), yield of strands and damage; panels are of two lots.
Nothing of the caller makes the molecules. Amplifications: twelve copies in 0 to 30 % tumour against four
normals, on the panel of `copy_number.py`. Fusions: junctions among 5,000 molecules, aligned by bwa mem.
"""

import argparse
import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from accuracy import score
from accuracy_molecules import Library, write_molecules
from accuracy_panel import LEVELS, make_panel
from copy_number import make_panel as make_copy_panel
from fusion_molecules import (
    INTRON,
    MOLECULES,
    PER_BAM,
    draw_donor,
    fusion_caller,
    fusion_fragments,
    intact_fragments,
    joined,
    poisson,
    same,
)

from alktrace.assay.validation_table import MeasuredRow
from alktrace.calling.callability_table import CallabilityRow
from alktrace.inputs.config_file import load_settings
from alktrace.io.resources import DEFAULTS
from alktrace.io.tables import read_table, write_table
from alktrace.structural.copy_number.gene_copies import copy_number_rows
from alktrace.structural.copy_number.normalise import build_copy_number_reference, read_ratios
from alktrace.structural.tumour_fraction_table import TumourFractionRow
from alktrace.vocabulary.copies import CopyNumberCall, TumourFractionStatus
from alktrace.vocabulary.validation import AssayKind

RUNS, REPLICATES, REPEATED = 2, 2, 2
GENOMES = (2000, 3500, 6000)
TUMOUR_COPIES, FRACTIONS = 12.0, (0.0, 0.01, 0.02, 0.03, 0.05, 0.1, 0.3)
PER_FRACTION = 12
FUSION_LEVELS = (0.0, 0.0005, 0.001, 0.002, 0.005)
FUSION_BATCHES = 2


def small_variants(panels: int, seed: int) -> Iterator[MeasuredRow]:
    """Yield results of planted variants, replicates first, then a blank."""
    for number in range(panels):
        lot = "AB"[number % 2]
        runs, replicates = (RUNS, REPLICATES) if number < REPEATED else (1, 1)
        for run in range(runs):
            # The blank is the last place of the first run.
            for replicate in range(replicates + (run == 0)):
                yield from _sample(seed + number, lot, run, replicate, blank=replicate == replicates)


def _sample(number: int, lot: str, run: int, replicate: int, *, blank: bool) -> Iterator[MeasuredRow]:
    panel = make_panel(number, planted=True, hotspot_every=1)
    plain = Library()
    library = replace(
        plain,
        genomes=GENOMES[number % len(GENOMES)],
        recovery=0.75 if lot == "A" else 0.6,
        deamination=plain.deamination * (1.0 + 0.5 * run),
    )
    seed = 10_000 * number + 10 * run + replicate
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bam = folder / "consensus.bam"
        put_in = replace(panel, planted=()) if blank else panel
        truth = write_molecules(put_in, library, bam, seed=seed)
        if blank:
            none = np.zeros(len(panel.planted), np.int64)
            truth = replace(truth, covering=none, mutant=none)
        sample = score(panel, bam, truth, folder)
        loci = {(row.chrom, row.start): row for row in read_table(folder / "callability.tsv", CallabilityRow)}
        for codon, outcome in zip(panel.codons, sample.outcomes, strict=True):
            planted, level = outcome.planted, LEVELS[outcome.planted.level]
            locus = loci[panel.name(codon[0]), codon[1]]
            size = len(planted.alt) - len(planted.ref)
            # The limit of insertions and deletions is stated for those in frame.
            stated = locus.vaf_detectable if not size else None if size % 3 else locus.vaf_detectable_indel
            place = f"{panel.name(planted.contig)}:{planted.pos + 1}:{planted.ref}:{planted.alt}"
            yield MeasuredRow(
                sample=f"{number}-r{run}-{'blank' if blank else replicate}",
                kind=AssayKind(planted.kind),
                variant=f"{number}:{place}",
                expected=0.0 if blank else level,
                run=f"{lot}{run}",
                lot=lot,
                place=100 * number + replicate,
                observed=None if outcome.vaf is None else outcome.vaf * level,
                detected=outcome.called,
                stated=stated,
            )


def amplifications(seed: int) -> Iterator[MeasuredRow]:
    """Yield gains of four genes by tumour fraction, against a pool of four normals."""
    settings = load_settings(DEFAULTS, defaults=DEFAULTS).copy_number
    with tempfile.TemporaryDirectory() as name:
        panel, rng = make_copy_panel(Path(name), seed, 4000), np.random.default_rng([seed, 2])
        normals = [panel.sample(rng, copies=2.0, fraction=0.0, gene="MET") for _ in range(4)]
        reference = panel.folder / "reference.cnn"
        build_copy_number_reference(
            coverages=normals,
            fasta=panel.folder / "genome.fa",
            targets=panel.folder / "targets.bed",
            out=reference,
            bin_size=settings.bin_size,
            min_normals=settings.min_normals,
        )
        for fraction in FRACTIONS:
            for number in range(PER_FRACTION):
                gene = ("MET", "EGFR", "ERBB2", "KRAS")[number % 4]
                path = panel.sample(rng, copies=TUMOUR_COPIES, fraction=fraction, gene=gene)
                # A blank has tumour without the gain: the fraction is known all the same.
                known = fraction or 0.1
                told = TumourFractionRow(
                    TumourFractionStatus.ESTIMATED, known, 0.8 * known, 1.2 * known, 2, ()
                )
                rows = copy_number_rows(read_ratios(path, reference), panel.models, {}, settings, told)
                (row,) = [row for row in rows if row.gene == gene]
                visible = row.smallest_visible_cn
                yield MeasuredRow(
                    sample=f"copies-{fraction:g}-{number}",
                    kind=AssayKind.AMPLIFICATION,
                    variant=gene,
                    expected=2 + (TUMOUR_COPIES - 2) * fraction,
                    run=str(number // 4),
                    observed=row.copy_number,
                    detected=row.call is CopyNumberCall.AMPLIFICATION,
                    stated=None if visible is None else 2 + (visible - 2) * 0.8 * known,
                )


def fusions(seed: int) -> Iterator[MeasuredRow]:
    """Yield junctions by level; a blank has the same junctions in none of its molecules."""
    with tempfile.TemporaryDirectory() as name:
        genome, call = fusion_caller(Path(name))
        for level in FUSION_LEVELS:
            for batch in range(FUSION_BATCHES):
                choose = random.Random(1000 * seed + batch)
                fragments, truth = intact_fragments(genome, 2000, choose), []
                for _ in range(PER_BAM):
                    driver, donor = choose.randrange(*INTRON), draw_donor(choose)
                    text, middle = joined(genome, driver, donor)
                    fragments += fusion_fragments(text, middle, poisson(MOLECULES * level, choose), choose)
                    truth.append((driver + 1, donor[0], donor[1] + 1))
                calls = [one for one in call(f"f{level}-{batch}", fragments) if not one.filters]
                for number, junction in enumerate(truth):
                    yield MeasuredRow(
                        sample=f"fusions-{level:g}-{batch}",
                        kind=AssayKind.FUSION,
                        variant=f"{batch}-{number}",
                        expected=level,
                        detected=any(same(junction, one) for one in calls),
                    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path, help="table to write")
    parser.add_argument("--panels", type=int, default=6, help="of 390 variants each")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    rows = [*small_variants(given.panels, given.seed), *amplifications(given.seed), *fusions(given.seed)]
    write_table(given.out, MeasuredRow, rows)


if __name__ == "__main__":
    main()
