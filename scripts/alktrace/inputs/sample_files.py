"""The files of one sample, for jobs that look at several samples."""

from dataclasses import dataclass
from pathlib import Path

from ..errors import Problem
from ..io.unreadable import read_unreadable
from .sample import Sample
from .settings.assay_settings import AssaySettings


@dataclass(frozen=True)
class SampleFiles:
    """Files of one sample of the patient; None where there is none.

    Attributes:
        bam: consensus BAM; None for a report.
        noise: what calling learned of its noise; None for a report.
        copy_number: None for a report.
        bins: normalised bins; None for a report.
        coverage: molecules per bin; None for a report.
        copy_number_reference: of the assay; None for a report.
        molecules: None where the consensus BAM was given.
        extracted: counts of each unit whose reads were extracted here.
    """

    sample: Sample
    assay: AssaySettings
    alterations: Path
    callability: Path
    tumour_fraction: Path
    copy_number: Path | None = None
    bins: Path | None = None
    coverage: Path | None = None
    copy_number_reference: Path | None = None
    bam: Path | None = None
    noise: Path | None = None
    molecules: Path | None = None
    extracted: tuple[Path, ...] = ()

    def unreadable(self) -> tuple[Problem, ...]:
        """Return why nothing of the sample can be used; empty where its tables stand."""
        # Every earlier stage of a sample hands its reason on to the alterations.
        return read_unreadable(self.alterations)
