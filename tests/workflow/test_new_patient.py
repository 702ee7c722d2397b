"""A new patient reruns nobody else's jobs, unless it changes what is known of somebody's identity.

The rules of the patient and of the cohort run as they are; tables of the samples are laid before them, so
that no read has to be processed.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pysam
import yaml
from shipped_settings import SHIPPED
from workflow_runs import ROOT

from alktrace.annotate.alteration_table import AlterationRow
from alktrace.calling.callability_table import CallabilityRow
from alktrace.calling.genotyping.genotype_table import GenotypeRow
from alktrace.calling.noise.learned import LearnedNoise, save_noise
from alktrace.calling.noise.rates import prior_noise
from alktrace.classify.resistance_table import ResistanceRow
from alktrace.io.tables import read_table, write_table
from alktrace.structural.copy_number.copy_number_table import CopyNumberRow
from alktrace.structural.tumour_fraction_table import TumourFractionRow
from alktrace.vocabulary.copies import TumourFractionStatus
from alktrace.vocabulary.resistance import NotEvaluableReason

SNAKEFILE = """
configfile: {root!r} + "/config/config.yaml"
include: {root!r} + "/rules/common.smk"
include: {root!r} + "/rules/reference.smk"
include: {root!r} + "/rules/qc.smk"
include: {root!r} + "/rules/evidence.smk"
include: {root!r} + "/rules/classify.smk"
rule all:
    default_target: True
    input:
        PLAN.timepoint_files("resistance.tsv"),
        "results/cohort/identity.tsv",
"""
HEAD = (
    "patient timepoint specimen specimen_type assay collected setting role library fastq_1 fastq_2 fastq_umi "
    "bam bam_kind calls"
).split()
ROW = "{0} T1 plasma plasma panel 2024-01-01 progression patient L1 . . . {0}.bam consensus ."
SITES = 30


class Cohort:
    """A folder with one consensus sample per patient, whose tables are made up."""

    def __init__(self, folder: Path, demo: Path) -> None:
        self.folder = folder
        (folder / "reference").symlink_to(demo / "reference")
        demo_config = yaml.safe_load((demo / "config.yaml").read_text())
        assay = demo_config["assays"]["plasma-tag"]
        self.config = {
            "samples": "samples.tsv",
            "clinical": "clinical",
            "reference": demo_config["reference"] | {"align_fasta": None},
            "assays": {"panel": assay},
        }
        (folder / "clinical").mkdir()
        (folder / "Snakefile").write_text(SNAKEFILE.format(root=str(ROOT)))
        kernels = folder / "results" / "reference" / "kernels"
        kernels.mkdir(parents=True)
        # No tumour fraction changes here, and so nobody opens these.
        made = ("kernels/calling.txt", "kernels/consensus.txt", "gene_models.json", "panel.copy_number.cnn")
        for name in made:
            (kernels.parent / name).touch()
        self.given = demo / "bam" / "P17_PD1_plasma.bam"
        self.patients: list[str] = []

    def add(self, patient: str, genome: list[int]) -> None:
        """Add a patient whose only sample has the genotypes of a genome."""
        self.patients.append(patient)
        folder = self.folder / "results" / "patients" / patient / "T1" / "plasma"
        for name, row_type in (
            ("alterations", AlterationRow),
            ("callability", CallabilityRow),
            ("copy_number", CopyNumberRow),
        ):
            write_table(folder / f"{name}.tsv", row_type, [])
        (folder / "coverage.cnn").touch()
        save_noise(LearnedNoise(prior_noise(SHIPPED.calling), {}), folder / "noise.json")
        fraction = TumourFractionRow(TumourFractionStatus.NOT_ESTIMABLE, None, None, None, 0, ())
        write_table(folder / "tumour_fraction.tsv", TumourFractionRow, [fraction])
        rows = [
            GenotypeRow("chr1", 100 + i, "A", "G", 50 * (2 - g), 50 * g, ("0/0", "0/1", "1/1")[g])
            for i, g in enumerate(genome)
        ]
        write_table(folder / "genotypes.tsv", GenotypeRow, rows)
        # An empty BAM with the sequences of the demo: whatever is counted in it is nothing.
        bam = self.folder / f"{patient}.bam"
        with pysam.AlignmentFile(str(self.given)) as given:
            pysam.AlignmentFile(str(bam), "wb", header=given.header).close()
        pysam.index(str(bam))
        sheet = [HEAD] + [ROW.format(name).split() for name in self.patients]
        (self.folder / "samples.tsv").write_text("".join("\t".join(line) + "\n" for line in sheet))
        self.enrol()

    def enrol(self, **days: int) -> None:
        """Write the clinical table of all patients: enrolled on the first of a month, or on the day given."""
        (self.folder / "clinical" / "patients.tsv").write_text(
            "patient\tenrolled\talk_fusion\n"
            + "".join(f"{name}\t2023-01-0{days.get(name, 1)}\t.\n" for name in self.patients)
        )

    def run(self) -> list[str]:
        """Run the workflow; return rule and patient of every job that ran."""
        (self.folder / "config.yaml").write_text(yaml.safe_dump(self.config))
        done = subprocess.run(
            [sys.executable, "-m", "snakemake", "--configfile", "config.yaml", "--cores", "2"],
            env=os.environ,
            cwd=self.folder, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        text = done.stdout + done.stderr
        logs = "".join(path.read_text() for path in self.folder.glob("logs/**/*.log"))
        assert done.returncode == 0, text[-3000:] + logs[-3000:]
        told = re.findall(r"(comparing|gathering|classifying) (?:.*of )?(\w+)", text)
        return sorted(verb if verb == "comparing" else f"{verb} {patient}" for verb, patient in told)

    def reasons(self, patient: str) -> tuple[NotEvaluableReason, ...]:
        path = self.folder / "results" / "patients" / patient / "T1" / "resistance.tsv"
        return read_table(path, ResistanceRow)[0].not_evaluable_reason


def jobs(*patients: str) -> list[str]:
    """Jobs of patients that are counted and classified anew."""
    return sorted(f"{verb} {name}" for verb in ("gathering", "classifying") for name in patients)


def test_jobs_that_a_new_patient_starts(small_demo: Path, tmp_path: Path) -> None:
    cohort = Cohort(tmp_path, small_demo)
    anna, bea, cleo = (np.random.default_rng(seed).binomial(2, 0.5, SITES).tolist() for seed in (1, 2, 3))
    cohort.add("A", anna)
    cohort.add("B", bea)
    assert cohort.run() == sorted(["comparing", *jobs("A", "B")])
    assert cohort.run() == []

    cohort.add("C", cleo)
    assert cohort.run() == sorted(["comparing", *jobs("C")]), "a stranger concerns nobody"
    assert NotEvaluableReason.IDENTITY_CONFLICT not in cohort.reasons("A")

    cohort.add("D", anna)
    assert cohort.run() == sorted(["comparing", *jobs("A", "D")]), "who turns out to be the same person"
    for patient, conflict in {"A": True, "B": False, "C": False, "D": True}.items():
        assert (NotEvaluableReason.IDENTITY_CONFLICT in cohort.reasons(patient)) is conflict

    cohort.enrol(B=2)
    assert cohort.run() == jobs("B"), "a row of the clinical table concerns its patient"
    assert cohort.run() == []
