"""A validation of the demo's panel on simulated reads, through the whole workflow. All of it is simulated.

    PYTHONPATH=scripts:tests python tests/bench/demo_assay.py work --out docs/examples/assay/demo_panel.tsv

A dilution series of one tumour: in each sample one mutation at a hotspot codon of as many exons as have one,
EML4-ALK, and MET amplification, at 0 to 20 % VAF; eight samples of each level in two runs of two lots. Lots
differ in depth; three normals are the reference of copy numbers. Reads are those of the demo's duplex assay,
written by its generator and run by `alktrace run`.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import yaml
from speed_whole import run

from alktrace.assay.read_study import read_study
from alktrace.assay.validation_table import MeasuredRow
from alktrace.demo.build_demo import write_inputs
from alktrace.demo.design import Cohort, Specimen, fusion, missense_variants, tumour
from alktrace.demo.facts import DEMO, load_facts
from alktrace.demo.made_genome import Genome, build_genome
from alktrace.demo.patients import MET_GAIN
from alktrace.demo.planted import Placed, PlantedVariant, Population, placed
from alktrace.inputs.knowledge_files import KnowledgeFiles
from alktrace.io.resources import resource
from alktrace.io.tables import write_table
from alktrace.knowledge.load import load_knowledge
from alktrace.vocabulary.validation import AssayKind

PATIENT, SPECIMEN, ASSAY = "V01", "plasma", "plasma-blank"
NORMALS = 3
"""For copy numbers, as many as in the demo."""
LEVELS = (0.0, 0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.2)
"""VAF; a clonal change of one haplotype, so twice as much of the genomes are tumour."""
RUNS, REPLICATES = 2, 4
DEPTHS = {"A": 500.0, "B": 400.0}
"""Molecules before sequencing by lot, as `Specimen.depth`; 500 are those of the demo."""
JUNCTION = fusion("E13;A20", 29223741, 42299750)


def hotspot_mutations(genome: Genome) -> tuple[PlantedVariant, ...]:
    """Return one substitution at a hotspot codon per target that has one, MET apart: its copies rise."""
    known = load_knowledge(KnowledgeFiles(resource("knowledge"))).hotspots
    codons = {(locus.gene, locus.locus) for locus in known if locus.codon is not None}
    taken: dict[tuple[str, int], PlantedVariant] = {}
    for gene in sorted({gene for gene, _ in codons} & set(genome.genes) - {"MET"}):
        for variant in missense_variants(genome, gene):
            if (gene, variant.name[:-1]) in codons:
                (start,) = (
                    target.start
                    for target in genome.targets
                    if target.chrom == variant.chrom and target.start <= variant.pos < target.end
                )
                taken.setdefault((variant.chrom, start), variant)
    return tuple(taken.values())


def samples() -> Iterator[tuple[str, float, str, int, int]]:
    """Yield name, level, lot, run and place in the run of every sample."""
    place = 0
    for number in range(RUNS):
        for replicate in range(REPLICATES):
            # From high to low: a blank follows the blank's neighbours, and the next series the blank.
            for rank in reversed(range(len(LEVELS))):
                place += 1
                lot = "AB"[replicate % 2]
                yield f"L{rank}R{number}N{replicate}", LEVELS[rank], lot, number, place


def design(mutations: Sequence[PlantedVariant]) -> Cohort:
    """Return the series as timepoints of one patient, so that what one sample shows is counted in all."""
    carried: tuple[Placed, ...] = (*placed(JUNCTION, *mutations), *placed(MET_GAIN, on=1))
    specimens = [
        Specimen(
            PATIENT,
            name,
            SPECIMEN,
            "plasma",
            ASSAY,
            date(2026, 3, 2 + number),
            populations=tumour(2 * level, carried) if level else tumour(0.0, ()),
            depth=DEPTHS[lot],
        )
        for name, level, lot, number, _ in samples()
    ]
    nobody = (Population("normal", 1.0),)
    normals = [
        Specimen(
            f"NORMAL-{k}", f"N{k}", SPECIMEN, "plasma", ASSAY, date(2026, 3, 1), ".", "normal", nobody, 420.0
        )
        for k in range(1, NORMALS + 1)
    ]
    return Cohort((*specimens, *normals), (), ())


def measured(mutations: Sequence[PlantedVariant]) -> Iterator[MeasuredRow]:
    """Yield the lines of the study, to be filled from the results."""
    changes = [(AssayKind.SNV, variant.key) for variant in mutations]
    changes += [(AssayKind.FUSION, JUNCTION.key), (AssayKind.AMPLIFICATION, MET_GAIN.gene)]
    for name, level, lot, number, place in samples():
        for kind, variant in changes:
            copies = kind is AssayKind.AMPLIFICATION
            yield MeasuredRow(
                sample=name,
                kind=kind,
                variant=variant,
                expected=2 + MET_GAIN.extra * 2 * level if copies else level,
                run=f"R{number + 1}",
                lot=lot,
                place=place,
                results=f"results/patients/{PATIENT}/{name}/{SPECIMEN}",
            )


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the reads, run the workflow, and write the study with what it measured."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="for reads and results")
    parser.add_argument("--out", type=Path, required=True, help="table to write")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    folder: Path = given.folder.resolve()
    genome = build_genome(load_facts(DEMO), seed=given.seed)
    mutations = hotspot_mutations(genome)
    write_inputs(folder, genome, design(mutations), seed=given.seed)
    config = yaml.safe_load((folder / "config.yaml").read_text())
    config["clinical"] = config["cohort"] = None
    (folder / "config.yaml").write_text(yaml.safe_dump({k: v for k, v in config.items() if v is not None}))
    cost = run(folder=folder, log=folder / "run.log")
    print(f"{len(mutations)} mutations, {sum(1 for _ in samples())} samples: {cost.cpu:.0f} CPU s")
    lines = list(measured(mutations))
    write_table(folder / "study.tsv", MeasuredRow, lines)
    cases = read_study(folder / "study.tsv").cases
    filled = [
        replace(line, results=None, observed=case.observed, detected=case.detected, stated=case.stated)
        for line, case in zip(lines, cases, strict=True)
    ]
    write_table(given.out, MeasuredRow, filled)


if __name__ == "__main__":
    main()
