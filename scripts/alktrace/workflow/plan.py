"""What is built for whom: the paths, inputs and parameters of the rules, from sheet and config."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from platform import python_version
from typing import Any, Protocol

from ..errors import Problem
from ..inputs.cells import read_cells, table_path
from ..inputs.config_lines import CONFIG
from ..inputs.sample import Sample
from ..inputs.sample_files import SampleFiles
from ..inputs.settings.assay_settings import AssaySettings
from ..inputs.settings.configuration import Settings, check_settings
from ..inputs.sheet import Sheet, read_sheet
from ..inputs.site_knowledge import SiteKnowledge, read_site_knowledge
from ..io.digest import code_digest, text_digest
from ..io.tools import package_version, tool_version
from ..outcomes.clinical_schema import FILES
from ..reported.report_words import own_words
from ..vocabulary.exports import Export
from ..vocabulary.samples import BadInputs, InputKind, Role, SpecimenType
from .export_paths import export_paths, tracks_from_sessions
from .refusals import refused_before, without, write_refusals

RESULTS = "results"
REFERENCE = f"{RESULTS}/reference"
PATIENTS = f"{RESULTS}/patients"
COHORT = f"{RESULTS}/cohort"
PACKAGES = ("numpy", "pandas", "pydantic", "scipy", "snakemake")
PACKAGES_OF_READS = ("cnvkit", "dnaio", "numba", "pysam")
"""What the rows of every patient can rest on, and those of one with reads besides."""


class Wildcards(Protocol):
    """Wildcards of a sample's rule."""

    patient: str
    timepoint: str
    specimen: str


class PatientWildcards(Protocol):
    """Wildcards of a patient's rule."""

    patient: str


class AssayWildcards(Protocol):
    """Wildcards of an assay's rule."""

    assay: str


def with_analysis_plan(settings: Settings) -> Settings:
    """Return the settings with the cut-off of the analysis plan that they name.

    Raises:
        DataError: the plan cannot be read.
        InputProblems: what it says wrongly.
    """
    if settings.cohort.plan is None and not settings.cohort.covariates:
        return settings
    # What it may plan is known to the modules that calculate it, and these load numpy.
    from ..outcomes.analysis_plan import planned

    return settings.model_copy(update={"cohort": planned(settings.cohort)})


def sizes(paths: Iterable[str | None]) -> list[int]:
    """Return the sizes in bytes of those files that exist."""
    return [Path(path).stat().st_size for path in paths if path is not None and Path(path).is_file()]


class Plan:
    """Sheet and config, and what follows from them for every rule."""

    def __init__(
        self, settings: Settings, sheet: Sheet, refused: Mapping[str, Sequence[Problem]] | None = None
    ) -> None:
        """Keep checked settings and sheet, without what the files of refused samples would give."""
        self.settings = settings
        self.refused = refused or {}
        self.sheet = without(sheet, self.refused)

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "Plan":
        """Read the configuration and the sheet.

        Raises:
            InputProblems: everything wrong in the configuration, else everything wrong in the sheet.
        """
        settings = with_analysis_plan(check_settings(dict(config), file=CONFIG))
        sheet = read_sheet(Path(settings.samples), assays=settings.assays, exclude=settings.exclude)
        if settings.bad_inputs is BadInputs.ROW:
            sheet = without(sheet, refused_before(sheet))
        return cls(settings, sheet)

    def write_refusals(self) -> None:
        """Write why samples are refused, before jobs ask for it; without `bad_inputs: row` there are none."""
        if self.settings.bad_inputs is BadInputs.ROW:
            write_refusals(self.sheet, self.refused)

    # --- samples ---------------------------------------------------------------------------------

    def sample(self, wildcards: Wildcards) -> Sample:
        """Return the sample of a rule's wildcards."""
        return self.sheet.samples[f"{wildcards.patient}.{wildcards.timepoint}.{wildcards.specimen}"]

    def assay(self, wildcards: Wildcards) -> AssaySettings:
        """Return the assay of a sample."""
        return self.settings.assays[self.sample(wildcards).assay]

    def white_cells(self, wildcards: Wildcards) -> list[str]:
        """Consensus BAMs of the patient's white cells, without the sample itself."""
        return [self.consensus(sample) for sample in self._white_cells(wildcards)]

    def white_cell_tables(self, wildcards: Wildcards) -> list[str]:
        """Return a table of each of these samples: where a given BAM is unreadable, its table says so."""
        return [self.path(sample, "callability.tsv") for sample in self._white_cells(wildcards)]

    def _white_cells(self, wildcards: Wildcards) -> list[Sample]:
        own = self.sample(wildcards)
        cells = self.sheet.white_cells(own.patient)
        return [sample for sample in cells if not sample.reported and sample.name != own.name]

    def tools(self) -> set[str]:
        """Return the command-line tools that the run can need."""
        return {"multiqc", "samtools", *self._tools_for(self.used_samples)}

    def _tools_for(self, samples: Iterable[Sample]) -> set[str]:
        """Return the command-line tools between the files of some samples and their rows."""
        kinds = {unit.kind for sample in samples if not sample.reported for unit in sample.units}
        needed = {"samtools"} if kinds else set()
        if kinds & {InputKind.FASTQ, InputKind.RAW_BAM}:
            needed |= {"fastp", self.settings.reference.aligner}
        return needed

    def versions_of(self, wildcards: PatientWildcards) -> dict[str, str]:
        """Return the versions of the programs and packages that a patient's rows can rest on, by their names.

        Those that are not found stand out: tools of a conda environment are not on PATH.
        """
        samples = [sample for sample in self.sheet.of_patient(wildcards.patient) if not sample.reported]
        packages = list(PACKAGES)
        if samples:
            packages += PACKAGES_OF_READS
        found = {name: tool_version(name) for name in sorted(self._tools_for(samples))}
        found |= {name: package_version(name) for name in sorted(packages)}
        return {"python": python_version()} | {name: version for name, version in found.items() if version}

    def assays_for_cnvkit(self) -> list[str]:
        """Return the assays whose copy number imports CNVkit, which is not installed with alktrace itself."""
        # Jobs on a cluster read the plan again and need none of this.
        from ..structural.copy_number.normalise import asks_for_cnvkit

        copy_number = self.settings.copy_number
        return [
            name
            for name in sorted({sample.assay for sample in self.used_samples if not sample.reported})
            if asks_for_cnvkit(
                reference=self.settings.assays[name].copy_number_reference,
                targets=Path(self.settings.assays[name].targets),
                bin_size=copy_number.bin_size,
                pooled=len(self.sheet.normals(name)) >= copy_number.min_normals,
            )
        ]

    # --- paths -----------------------------------------------------------------------------------

    def path(self, sample: Sample, name: str) -> str:
        """Return the path of one of a sample's files; those of a report stand in a folder of their own."""
        folder = "reported/" if sample.reported else ""
        return f"{PATIENTS}/{sample.folder}/{folder}{name}"

    def consensus(self, sample: Sample) -> str:
        """Return the consensus BAM, where it was given or made."""
        given = sample.units[0].bam if sample.consensus else None
        return given or self.path(sample, "consensus.bam")

    def consensus_bam(self, wildcards: Wildcards) -> str:
        """Return the consensus BAM of a sample's wildcards."""
        return self.consensus(self.sample(wildcards))

    def molecules(self, sample: Sample) -> list[str]:
        """Return the molecule metrics, none where the consensus BAM was given."""
        return [] if sample.consensus or sample.reported else [self.path(sample, "molecules.tsv")]

    def inputs(self) -> dict[str, str]:
        """Return every file that sheet and configuration name and a run reads, by what it is.

        Those of a sample by unit and column of the sheet, as `P01.PD1.plasma.u1 fastq_1`; those of the
        configuration by their key.
        """
        reference = self.settings.reference
        columns = ("fastq_1", "fastq_2", "fastq_umi", "fastq_umi_2", "bam", "calls", "covered_regions")
        genome = ("fasta", "gff3", "align_fasta", "polymorphisms", "population_vcf")
        files = {"samples": self.settings.samples}
        files |= {f"reference.{key}": getattr(reference, key) for key in genome}
        for name, assay in self.settings.assays.items():
            keys = ("targets", "primers", "noise_model", "copy_number_reference")
            given = {key: getattr(assay, key) for key in keys}
            given["umi.fixed_umis"] = assay.umi.fixed_umis
            files |= {f"assays.{name}.{key}": path for key, path in given.items()}
        for sample in self.used_samples:
            for unit in sample.units:
                files |= {f"{sample.name}.{unit.unit} {name}": getattr(unit, name) for name in columns}
        files |= {f"report words {Path(path).name}": path for path in self.report_words()}
        files |= {f"clinical {Path(path).name}": path for path in self.clinical_tables()}
        files |= {f"analysis plan {Path(path).name}": path for path in self.analysis_plan()}
        return {name: path for name, path in files.items() if path is not None}

    def given_files(self) -> list[str]:
        """Return the files of `inputs`, each once."""
        return list(dict.fromkeys(self.inputs().values()))

    def results(self) -> list[str]:
        """Return what a run is for, without its manifest."""
        names = ("resistance.tsv", "classification.tsv", "qc.tsv", "unreadable.tsv", "identity.tsv")
        return [
            *self.timepoint_files("resistance.tsv"),
            *self.timepoint_files("resistance.json"),
            *self.patient_files("evidence.tsv"),
            *self.patient_files("report.html"),
            *(self.patient_files("report.pdf") if self.settings.report.pdf else ()),
            *(f"{COHORT}/{name}" for name in (*names, "report.html", "batch.html", "multiqc.html")),
            *self.outcome_files(),
            *self.exports(),
        ]

    def given_sizes(self, wildcards: Wildcards) -> list[int]:
        """Return the sizes of the consensus BAM or report that the sheet gives; none where reads are given.

        A file that is fetched again may carry its old date, which Snakemake compares: its size then tells.
        """
        unit = self.sample(wildcards).units[0]
        given = unit.bam if self.sample(wildcards).consensus else unit.calls
        return sizes([given])

    def noise_model(self, wildcards: Wildcards) -> list[str]:
        """Return the noise model of a sample's assay, if it has one."""
        model = self.assay(wildcards).noise_model
        return [model] if model else []

    def polymorphisms(self) -> list[str]:
        """Return the VCF of polymorphisms, if there is one."""
        path = self.settings.reference.polymorphisms
        return [path] if path else []

    def population_vcf(self) -> list[str]:
        """Return the VCF of population frequencies, if there is one."""
        path = self.settings.reference.population_vcf
        return [path] if path else []

    def normal_coverage(self, wildcards: AssayWildcards) -> list[str]:
        """Return the coverage of the normals of an assay."""
        return self.normal_tables(wildcards, "coverage.cnn")

    def normal_tables(self, wildcards: AssayWildcards, name: str) -> list[str]:
        """Return a table of each normal of an assay."""
        return self.of_samples(self.sheet.normals(wildcards.assay), name)

    def normal_names(self, wildcards: AssayWildcards) -> list[str]:
        """Return the names of the normals of an assay."""
        return [sample.name for sample in self.sheet.normals(wildcards.assay)]

    def normal_bams(self, wildcards: AssayWildcards) -> list[str]:
        """Return the consensus BAMs of the normals of an assay."""
        return [self.consensus(sample) for sample in self.sheet.normals(wildcards.assay)]

    def targets(self, wildcards: Wildcards) -> str:
        """Return the joined targets of a sample's assay."""
        return self._targets_of(self.sample(wildcards).assay)

    def report(self, wildcards: Wildcards) -> str:
        """Return a report as it was given."""
        return self.sample(wildcards).units[0].calls or ""

    def report_regions(self, wildcards: Wildcards) -> list[str]:
        """Return the BED of what a report covered, where the sheet gives one."""
        path = self.sample(wildcards).units[0].covered_regions
        return [path] if path else []

    def report_words(self) -> list[str]:
        """Return the site's words of reports beside the sheet, if there are any."""
        path = own_words(Path(self.settings.samples))
        return [str(path)] if path else []

    def of_samples(self, samples: tuple[Sample, ...], name: str) -> list[str]:
        """Return one file of each sample."""
        return [self.path(sample, name) for sample in samples]

    def patient_files_of(self, wildcards: PatientWildcards) -> list[SampleFiles]:
        """Return the samples of a patient with assays and files, also so that a change reruns the job."""
        return [self.sample_files(sample) for sample in self.sheet.of_patient(wildcards.patient)]

    def quality_files(self) -> list[SampleFiles]:
        """Return the samples from reads with their files."""
        return [self.sample_files(sample) for sample in self.used_samples if not sample.reported]

    def all_files(self) -> list[SampleFiles]:
        """Return all samples that are used with their files."""
        return [self.sample_files(sample) for sample in self.used_samples]

    def sample_files(self, sample: Sample) -> SampleFiles:
        """Return one sample with its files."""
        return SampleFiles(
            sample=sample,
            assay=self.settings.assays[sample.assay],
            alterations=Path(self.path(sample, "alterations.tsv")),
            callability=Path(self.path(sample, "callability.tsv")),
            tumour_fraction=Path(self.path(sample, "tumour_fraction.tsv")),
            copy_number=None if sample.reported else Path(self.path(sample, "copy_number.tsv")),
            bins=None if sample.reported else Path(self.path(sample, "copy_number_bins.tsv")),
            coverage=None if sample.reported else Path(self.path(sample, "coverage.cnn")),
            copy_number_reference=None if sample.reported else Path(self._reference_of(sample.assay)),
            bam=None if sample.reported else Path(self.consensus(sample)),
            noise=None if sample.reported else Path(self.path(sample, "noise.json")),
            molecules=next((Path(path) for path in self.molecules(sample)), None),
            extracted=tuple(
                Path(self.path(sample, f"units/{unit.unit}.extract.tsv"))
                for unit in sample.units
                if unit.kind is InputKind.FASTQ
            ),
        )

    def patient_inputs(self, wildcards: PatientWildcards) -> list[str]:
        """Return every file of every sample of a patient."""
        found = []
        for files in self.patient_files_of(wildcards):
            paths = (
                files.alterations,
                files.callability,
                files.tumour_fraction,
                files.copy_number,
                files.coverage,
                files.copy_number_reference,
                files.bam,
                files.noise,
                files.molecules,
                *files.extracted,
            )
            found += [str(path) for path in paths if path is not None]
        return found

    def genotyping_kernels(self, wildcards: PatientWildcards) -> list[str]:
        """Return the mark of compiled kernels; reports alone have no molecules to count."""
        samples = self.sheet.of_patient(wildcards.patient)
        return [] if all(sample.reported for sample in samples) else [f"{REFERENCE}/kernels/calling.txt"]

    def copy_number_bins(self, wildcards: PatientWildcards) -> dict[str, str]:
        """Return the bins of a patient's samples from reads, without white cells, by their short name."""
        return {
            f"{sample.timepoint} {sample.specimen}": self.path(sample, "copy_number_bins.tsv")
            for sample in self.sheet.of_patient(wildcards.patient)
            if not sample.reported and sample.specimen_type is not SpecimenType.WBC
        }

    def cohort_inputs(self) -> list[str]:
        """Return what the quality table needs of every sample."""
        files = self.quality_files()
        found = []
        for one in files:
            found += [one.alterations, one.callability, one.tumour_fraction, *one.extracted]
            found += [path for path in (one.copy_number, one.bins, one.molecules) if path is not None]
        return [str(path) for path in found]

    def identified(self) -> tuple[Sample, ...]:
        """Samples whose identity is compared: from reads, without controls."""
        return tuple(s for s in self.used_samples if not s.reported and s.role is not Role.CONTROL)

    def identity_files(self) -> dict[str, str]:
        """Return the identity table of each patient."""
        patients = dict.fromkeys((*self.sheet.patients, *(s.patient for s in self.identified())))
        return {patient: self._identity_of(patient) for patient in patients}

    def identity_file(self, wildcards: PatientWildcards) -> str:
        """Return the identity table of a patient."""
        return self._identity_of(wildcards.patient)

    @staticmethod
    def _identity_of(patient: str) -> str:
        return f"{COHORT}/identity/{patient}.tsv"

    def identity_digest(self, wildcards: PatientWildcards) -> str:
        """Return a digest of a patient's identity table as it is now; empty without one."""
        path = Path(self.identity_file(wildcards))
        return text_digest(path.read_text(encoding="utf-8")) if path.is_file() else ""

    def copy_number_reference(self, wildcards: Wildcards) -> str:
        """Return the copy-number reference of a sample's assay: the given one or the one built."""
        return self._reference_of(self.sample(wildcards).assay)

    def _targets_of(self, assay: str) -> str:
        return f"{REFERENCE}/{assay}.targets.bed"

    def _reference_of(self, assay: str) -> str:
        return self.settings.assays[assay].copy_number_reference or f"{REFERENCE}/{assay}.copy_number.cnn"

    def clinical_tables(self) -> list[str]:
        """Return the clinical tables that exist."""
        if self.settings.clinical is None:
            return []
        paths = (table_path(Path(self.settings.clinical), name) for name in FILES)
        return [str(path) for path in paths if path.is_file()]

    def analysis_plan(self) -> list[str]:
        """Return the analysis plan, none where there is none or nothing to compare."""
        plan = self.settings.cohort.plan
        return [plan] if plan is not None and self.settings.clinical is not None else []

    def clinical_digest(self, wildcards: PatientWildcards) -> str:
        """Return a digest of what the clinical tables say of a patient, with the cut-off of the data."""
        said = [str(self.settings.cohort.data_cutoff)]
        for path, head, lines in self._clinical_lines:
            own = lines.get(wildcards.patient.casefold() if "patient" in head else "", [])
            said.append(repr((path, [head] if head else [], own)))
        return text_digest("".join(said))

    @cached_property
    def _clinical_lines(self) -> list[tuple[str, list[str], dict[str, list[list[str]]]]]:
        """Path, head and lines of each clinical table by patient; all by "" without that column."""
        found = []
        for path in self.clinical_tables():
            head, *lines = [cells for _, cells in read_cells(Path(path), Path(path).stem)] or [[]]
            own = slice(start := head.index("patient"), start + 1) if "patient" in head else slice(0)
            by_patient: dict[str, list[list[str]]] = defaultdict(list)
            for cells in lines:
                by_patient["".join(cells[own]).casefold()].append(cells)
            found.append((path, head, by_patient))
        return found

    @cached_property
    def site_knowledge(self) -> SiteKnowledge | None:
        """The tables that a site lays over ours."""
        given = self.settings.knowledge
        return read_site_knowledge(given) if given else None

    def knowledge(self, *tables: str) -> str:
        """Return a digest of what a site's tables tell a job, so that a change reruns it; else empty.

        Args:
            *tables: those of which the job asks what is recognised, not what it means; none: everything.
        """
        if self.site_knowledge is None:
            return ""
        return self.site_knowledge.recognition_digest(*tables) if tables else self.site_knowledge.digest

    def outcome_files(self) -> list[str]:
        """Return the outcome tables, none without clinical tables."""
        if not self.settings.clinical:
            return []
        from ..outcomes.outcome_files import outcome_tables

        return [f"{COHORT}/{name}" for name in outcome_tables()]

    def exports(self, *names: str) -> list[str]:
        """Return the files of exports that are asked for: of some, or of all that the manifest names."""
        wanted = names or [one for one in Export if one is not Export.RO_CRATE]
        asked = [one for one in Export if one in self.settings.exports and one in wanted]
        return [path for one in asked for path in export_paths(one, self.sheet.patients)]

    def exports_of(self, wildcards: PatientWildcards) -> dict[str, str]:
        """Return the exports of a patient that a person opens, where they are asked for: workbook and IGV."""
        opened = (Export.XLSX, Export.IGV, Export.IGV_PAGE)
        asked = [one for one in opened if one in self.settings.exports]
        return {one.value: export_paths(one, [wildcards.patient])[-1] for one in asked}

    def quality_limits(self) -> dict[str, dict[str, Any]]:
        """Return the thresholds of quality by assay, as plain values."""
        return {name: assay.qc.model_dump(mode="json") for name, assay in self.settings.assays.items()}

    def processing(self) -> dict[str, dict[str, str]]:
        """Return what the sheet says of batch, plate and the like, by the sample's name, as plain values."""
        return {sample.name: asdict(sample.processing) for sample in self.used_samples if not sample.reported}

    def tracks(self) -> dict[str, list[str]]:
        """Return what a session of IGV shows of each sample from reads, by its name."""
        return {
            sample.name: tracks_from_sessions(
                [
                    self.consensus(sample),
                    self.path(sample, "variants.vcf.gz"),
                    self.path(sample, "fusions.vcf.gz"),
                ]
            )
            for sample in self.used_samples
            if not sample.reported
        }

    def shown_reads(self) -> tuple[Sample, ...]:
        """Return the samples whose reads a page shows: of tumours, from reads."""
        cells = SpecimenType.WBC
        used = (s for s in self.used_samples if s.role is Role.PATIENT and s.specimen_type is not cells)
        return tuple(sample for sample in used if not sample.reported)

    # --- targets of the workflow -----------------------------------------------------------------

    def timepoint_files(self, name: str) -> list[str]:
        """Return one file of each timepoint that is classified."""
        return [f"{PATIENTS}/{patient}/{timepoint}/{name}" for patient, timepoint in self.sheet.timepoints]

    def timepoints_of(self, patient: str, name: str) -> list[str]:
        """Return one file of each timepoint of a patient."""
        return [f"{PATIENTS}/{patient}/{timepoint}/{name}" for timepoint in self._timepoints.get(patient, ())]

    @cached_property
    def _timepoints(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for patient, timepoint in self.sheet.timepoints:
            found.setdefault(patient, []).append(timepoint)
        return found

    def fastp_reports(self) -> list[str]:
        """Return fastp's reports of all units that are aligned here from FASTQ, without those of controls."""
        return [
            self.path(sample, f"units/{unit.unit}.fastp.json")
            for sample in self.used_samples
            for unit in sample.units
            if unit.kind is InputKind.FASTQ and sample.role is not Role.CONTROL
        ]

    def molecule_tables(self) -> dict[str, str]:
        """Return the molecule metrics of all samples that have them, by the sample's name."""
        return {sample.name: path for sample in self.used_samples for path in self.molecules(sample)}

    def error_rate_tables(self) -> dict[str, str]:
        """Return the error rates of all samples from reads or molecules, by the sample's name."""
        return {s.name: self.path(s, "error_rates.tsv") for s in self.used_samples if not s.reported}

    def patient_files(self, name: str) -> list[str]:
        """Return one file of each patient."""
        return [f"{PATIENTS}/{patient}/{name}" for patient in self.sheet.patients]

    @cached_property
    def used_samples(self) -> tuple[Sample, ...]:
        """Samples of the patients that are not excluded, with normals and controls."""
        patients = set(self.sheet.patients)
        return tuple(
            sample
            for sample in self.sheet.samples.values()
            if sample.role is not Role.PATIENT or sample.patient in patients
        )

    def dump(self, *sections: str) -> dict[str, Any]:
        """Return sections of the settings as plain values for `params`, so that a change reruns the job."""
        return {name: self._dumped[name] for name in sections}

    @cached_property
    def _dumped(self) -> dict[str, Any]:
        return self.settings.model_dump(mode="json")

    def structural_settings(self, wildcards: Wildcards) -> dict[str, Any]:
        """Return the settings of fusions and copy number, with what the assay says of its ends."""
        settings = self.dump("fusions", "copy_number")
        ends = self.assay(wildcards).fusion_min_ends
        own = {} if ends is None else {"min_ends": ends}
        return settings | {"fusions": settings["fusions"] | own}

    @staticmethod
    def code(*adapters: str) -> str:
        """Return the digest of all code that a rule's job can reach, so that a change reruns the job.

        Snakemake sees the adapter alone: neither the modules it imports nor the members of a pipe.
        """
        return code_digest(*adapters)
