"""`qc.tsv`: the quality of every sample of the cohort."""

from collections.abc import Sequence
from pathlib import Path

from ..annotate.alteration_table import AlterationRow
from ..calling.callability_table import CallabilityRow
from ..consensus.molecule_table import MoleculeMetric
from ..inputs.sample_files import SampleFiles
from ..io.tables import read_table, write_table
from ..structural.copy_number.copy_number_table import CopyNumberRow, RatioRow
from ..structural.tumour_fraction_table import TumourFractionRow
from .identity import SampleIdentityRow
from .qc_table import QcRow
from .quality import index_metrics, sample_quality, structural_figures, unreadable_quality
from .unreadable_table import UnreadableRow


def collect_quality(*, samples: Sequence[SampleFiles], identity: Sequence[Path], out: Path) -> None:
    """Write one row per sample, patients, normals and controls.

    Args:
        samples: the samples from reads with their files.
        identity: `SampleIdentityRow` of every patient.
        out: `qc.tsv`.
    """
    verdicts = {row.sample: row for path in identity for row in read_table(path, SampleIdentityRow)}
    rows = [
        unreadable_quality(files.sample)
        if files.unreadable()
        else _quality(files, verdicts.get(files.sample.name))
        for files in samples
    ]
    write_table(out, QcRow, rows)


def _quality(files: SampleFiles, verdict: SampleIdentityRow | None) -> QcRow:
    return sample_quality(
        files,
        metrics=index_metrics(read_table(files.molecules, MoleculeMetric) if files.molecules else []),
        callability=read_table(files.callability, CallabilityRow),
        alterations=read_table(files.alterations, AlterationRow),
        verdict=verdict,
        structural=structural_figures(
            read_table(files.tumour_fraction, TumourFractionRow)[0],
            read_table(files.copy_number, CopyNumberRow) if files.copy_number else [],
            read_table(files.bins, RatioRow) if files.bins else [],
        ),
    )


def collect_unreadable(samples: Sequence[SampleFiles], *, out: Path) -> None:
    """Write what is wrong with the files of samples that could not be read: mostly a header alone."""
    rows = [
        UnreadableRow(
            patient=files.sample.patient,
            timepoint=files.sample.timepoint,
            specimen=files.sample.specimen,
            file=problem.file,
            line=problem.line or None,
            place=problem.column,
            what=" ".join(problem.what.split()),
            remedy=" ".join(problem.remedy.split()),
        )
        for files in samples
        for problem in files.unreadable()
    ]
    write_table(out, UnreadableRow, rows)
