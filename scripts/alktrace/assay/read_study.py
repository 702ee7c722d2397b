"""The table of a validation study, read and filled in from results of the workflow."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from ..annotate.alteration_table import AlterationRow
from ..calling.callability_table import CallabilityRow
from ..errors import InputProblems, Problem
from ..evidence.evidence_table import EvidenceRow
from ..inputs.user_tables import Numbered, read_user_table
from ..io.tables import read_table
from ..qc.qc_table import QcRow
from ..structural.copy_number.copy_number_table import CopyNumberRow
from ..structural.tumour_fraction_table import TumourFractionRow
from ..vocabulary.copies import CopyNumberCall
from ..vocabulary.detection import Detection, LocusKind
from ..vocabulary.validation import AssayKind
from .study import DIPLOID, Case
from .validation_table import MeasuredRow

Seen = tuple[float | None, bool | None, float | None]
"""Observed, detected, stated."""


@dataclass(frozen=True)
class Study:
    """A study.

    Attributes:
        cases: one per line.
        contamination: expected and estimated share of foreign molecules by sample.
    """

    cases: tuple[Case, ...]
    contamination: dict[str, tuple[float, float]]


def read_study(path: Path) -> Study:
    """Read a study.

    Args:
        path: table of `MeasuredRow`, as text or workbook.

    Raises:
        InputProblems: everything wrong with the table, and tables of the results that cannot be read.
    """
    rows, problems = read_user_table(path, MeasuredRow)
    problems += [problem for row in rows for problem in _problems(path, row)]
    problems += _repeated(path, rows)
    if not rows and not problems:
        problems.append(
            Problem(str(path), 0, "", "no line but the header", "write a line per change and sample")
        )
    if problems:
        raise InputProblems(problems)
    folders = {
        text: SpecimenResults(path.parent / text) for text in {row.row.results for row in rows} if text
    }
    cases = [_case(row.row, folders.get(row.row.results or "")) for row in rows]
    return Study(tuple(cases), dict(_contamination((row.row for row in rows), folders)))


def _problems(path: Path, numbered: Numbered[MeasuredRow]) -> Iterator[Problem]:
    row = numbered.row

    def problem(column: str, what: str, remedy: str) -> Problem:
        return Problem(str(path), numbered.line, column, what, remedy)

    if row.kind is not AssayKind.AMPLIFICATION:
        for column in ("expected", "observed", "stated"):
            value = getattr(row, column)
            if value is not None and value > 1:
                yield problem(column, f"a VAF of {value:g}", "write a share, such as 0.005 for 0.5 %")
    if row.results is not None:
        folder = path.parent / row.results
        if not (folder / "alterations.tsv").is_file():
            what = f"no alterations.tsv in {row.results!r}"
            yield problem("results", what, "name the folder of a specimen: results/patients/<patient>/...")


def _repeated(path: Path, rows: Sequence[Numbered[MeasuredRow]]) -> Iterator[Problem]:
    first: dict[tuple[str, AssayKind, str], int] = {}
    for numbered in rows:
        row = numbered.row
        line = first.setdefault((row.sample, row.kind, row.variant), numbered.line)
        if line != numbered.line:
            what = f"{row.variant} of {row.sample} stands in line {line} already"
            yield Problem(str(path), numbered.line, "variant", what, "give replicates names of their own")


class SpecimenResults:
    """Tables of one specimen in the results of the workflow; those that are missing are empty."""

    def __init__(self, folder: Path) -> None:
        """Keep the folder: `results/patients/<patient>/<timepoint>/<specimen>`."""
        self.folder = folder.resolve()

    @cached_property
    def alterations(self) -> dict[str, AlterationRow]:
        """Rows of `alterations.tsv` by key."""
        return {row.key: row for row in read_table(self.folder / "alterations.tsv", AlterationRow)}

    @cached_property
    def evidence(self) -> dict[str, EvidenceRow]:
        """Rows of the patient's `evidence.tsv` by key: what was called in another sample is counted here."""
        path = self.folder.parents[1] / "evidence.tsv"
        place = (self.folder.parent.name, self.folder.name)
        rows = read_table(path, EvidenceRow) if path.is_file() else []
        return {row.key: row for row in rows if (row.timepoint, row.specimen) == place}

    @cached_property
    def loci(self) -> list[CallabilityRow]:
        """Rows of `callability.tsv`, the narrowest first."""
        path = self.folder / "callability.tsv"
        rows = read_table(path, CallabilityRow) if path.is_file() else []
        return sorted(rows, key=lambda row: row.end - row.start)

    @cached_property
    def copies(self) -> dict[str, CopyNumberRow]:
        """Rows of `copy_number.tsv` by gene."""
        path = self.folder / "copy_number.tsv"
        return {row.gene: row for row in read_table(path, CopyNumberRow)} if path.is_file() else {}

    @cached_property
    def tumour_fraction(self) -> float | None:
        """Lower end of the tumour fraction, at which the smallest visible copy number is stated."""
        path = self.folder / "tumour_fraction.tsv"
        rows = read_table(path, TumourFractionRow) if path.is_file() else []
        return rows[0].low if rows else None

    @cached_property
    def contamination(self) -> float | None:
        """Contamination of the sample by `qc.tsv` of the cohort."""
        path = self.folder.parents[3] / "cohort" / "qc.tsv"
        names = self.folder.parents[1].name, self.folder.parent.name, self.folder.name
        rows = read_table(path, QcRow) if path.is_file() else []
        found = [row.contamination for row in rows if (row.patient, row.timepoint, row.specimen) == names]
        return found[0] if found else None

    def look_up(self, row: MeasuredRow) -> Seen:
        """Return what the results say of a change: observed, detected, stated."""
        return self._copies(row) if row.kind is AssayKind.AMPLIFICATION else self._variant(row)

    def _copies(self, row: MeasuredRow) -> Seen:
        found = self.copies.get(row.variant)
        if found is None:
            return None, None, None
        visible, fraction = found.smallest_visible_cn, self.tumour_fraction
        # Stated in copies of the tumour; the study counts copies over all genomes.
        stated = None if visible is None or not fraction else DIPLOID + (visible - DIPLOID) * fraction
        if found.call is CopyNumberCall.NOT_ASSESSABLE:
            return found.copy_number, None, stated
        return found.copy_number, found.call is CopyNumberCall.AMPLIFICATION, stated

    def _variant(self, row: MeasuredRow) -> Seen:
        called, counted = self.alterations.get(row.variant), self.evidence.get(row.variant)
        detected: bool | None = called is not None and called.detection is Detection.DETECTED
        observed = called.vaf if called is not None else counted.vaf if counted is not None else None
        stated = self._stated(row)
        if counted is not None and not detected:
            if counted.detection in (Detection.NOT_ASSESSABLE, Detection.NOT_TARGETED):
                detected = None
            stated = counted.vaf_detectable if stated is None else stated
        return observed, detected, stated

    def _stated(self, row: MeasuredRow) -> float | None:
        chrom, _, rest = row.variant.partition(":")
        place = rest.partition(":")[0]
        if row.kind is AssayKind.FUSION or not place.isdigit():
            return None
        for locus in self.loci:
            # Limits of whole genes are medians: they promise nothing for one place.
            if (
                locus.kind is not LocusKind.BYPASS_GENE
                and locus.chrom == chrom
                and (locus.start < int(place) <= locus.end)
            ):
                return locus.vaf_detectable if row.kind is AssayKind.SNV else locus.vaf_detectable_indel
        return None


def _case(row: MeasuredRow, results: SpecimenResults | None) -> Case:
    seen: Seen = results.look_up(row) if results else (None, None, None)
    observed = seen[0] if row.observed is None else row.observed
    detected = seen[1] if row.detected is None else row.detected
    stated = seen[2] if row.stated is None else row.stated
    what = row.sample, row.kind, row.variant, row.expected, row.run, row.lot, row.place
    case = Case(*what, observed, detected, stated, row.comparator)
    return replace(case, stated=None) if stated is not None and stated <= case.base else case


def _contamination(
    rows: Iterable[MeasuredRow], folders: dict[str, SpecimenResults]
) -> Iterator[tuple[str, tuple[float, float]]]:
    for row in rows:
        estimate = row.contamination
        if estimate is None and row.results:
            estimate = folders[row.results].contamination
        if estimate is not None:
            yield row.sample, (row.expected_contamination or 0.0, estimate)
