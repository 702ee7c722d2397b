"""Sites of which there are laboratories' reports and no reads: classified here, without the workflow."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ..classify.classify_files import classify_evidence_files
from ..evidence.gather import gather_evidence
from ..inputs.knowledge_files import KnowledgeFiles
from ..inputs.sample import Sample
from ..inputs.sample_files import SampleFiles
from ..inputs.settings.configuration import Settings
from ..inputs.sheet import read_sheet
from ..io.resources import resource
from ..io.tables import write_table
from ..knowledge.load import load_knowledge
from ..outcomes.clinical_context import clinical_context
from ..outcomes.clinical_tables import read_clinical
from ..qc.identity import SampleIdentityRow
from ..reference.loci import prepare_gene_models
from ..reported.read_report import read_reported_calls


@dataclass(frozen=True)
class Models:
    """Genome and gene models, prepared once for all sites."""

    fasta: Path
    gene_models: Path
    gff3: Path
    loci: Path


def prepare_models(fasta: Path, gff3: Path, knowledge: KnowledgeFiles, out: Path) -> Models:
    """Prepare the gene models of a genome, as rule prepare_gene_models does."""
    out.mkdir(parents=True, exist_ok=True)
    models = Models(fasta, out / "gene_models.json", out / "gene_models.gff3", out / "loci.tsv")
    prepare_gene_models(
        gff3=gff3,
        fasta=fasta,
        knowledge=knowledge,
        out_gene_models=models.gene_models,
        out_gff3=models.gff3,
        out_loci=models.loci,
        out_hotspots=out / "hotspots.tsv",
    )
    return models


def classify_reports(folder: Path, models: Models, knowledge: KnowledgeFiles, settings: Settings) -> Path:
    """Classify all patients of a folder with `samples.tsv`, reports and `clinical/`; return the tables.

    Args:
        folder: paths in its sheet are relative to it.
        models: of the genome that the reports are named on.
        knowledge: the knowledge tables.
        settings: the configuration of the site.

    Raises:
        InputProblems: problems of sheet, reports or clinical tables.
    """
    sheet = read_sheet(folder / "samples.tsv", assays=settings.assays)
    known = load_knowledge(knowledge)
    records = read_clinical(folder / "clinical", knowledge=known, today=date.today()).records
    evidence = []
    for patient in sorted({sample.patient for sample in sheet.samples.values()}):
        own = folder / "evidence" / patient
        files = [
            _read(sample, folder, own, models, knowledge, settings) for sample in sheet.of_patient(patient)
        ]
        write_table(own / "identity.tsv", SampleIdentityRow, [])
        evidence.append(own / "evidence.json")
        gather_evidence(
            samples=files,
            fasta=models.fasta,
            identity=own / "identity.tsv",
            blood_genes=sorted(known.blood_genes),
            clinical=clinical_context(
                records[patient],
                alk_tkis=known.alk_tkis,
                days_after_last_dose=settings.resistance.window.days_after_last_dose,
                treatment_gap_days=settings.cohort.treatment_gap_days,
            ),
            calling=settings.calling,
            fusions=settings.fusions,
            origin=settings.origin,
            phase=settings.resistance.phase,
            tumour_fraction=settings.tumour_fraction,
            copy_number=settings.copy_number,
            gene_models=models.gene_models,
            centromeres=resource("reference/centromeres.grch38.tsv"),
            out_table=own / "evidence.tsv",
            out_tumour_fraction=own / "tumour_fraction.tsv",
            out_evidence=evidence[-1],
        )
    tables = folder / "tables"
    classify_evidence_files(
        evidence=evidence,
        knowledge=knowledge,
        settings=settings.resistance,
        origin=settings.origin,
        out_dir=tables,
    )
    return tables


def _read(
    sample: Sample, folder: Path, out: Path, models: Models, knowledge: KnowledgeFiles, settings: Settings
) -> SampleFiles:
    (unit,) = sample.units
    own = out / sample.timepoint / sample.specimen
    files = SampleFiles(
        sample=sample,
        assay=settings.assays[sample.assay],
        alterations=own / "alterations.tsv",
        callability=own / "callability.tsv",
        tumour_fraction=own / "tumour_fraction.tsv",
    )
    read_reported_calls(
        calls=folder / (unit.calls or ""),
        gene_models=models.gene_models,
        gff3=models.gff3,
        fasta=models.fasta,
        loci=models.loci,
        knowledge=knowledge,
        own_words=None,
        fusion_drivers=resource("reference/fusion_drivers.tsv"),
        specimen_type=sample.specimen_type,
        origin=settings.origin,
        calling=settings.calling,
        covered_regions=None,
        lod_vaf=unit.lod_vaf,
        vaf_unit=unit.vaf_unit,
        out_alterations=files.alterations,
        out_callability=files.callability,
        out_tumour_fraction=files.tumour_fraction,
        out_notes=own / "notes.tsv",
    )
    return files
