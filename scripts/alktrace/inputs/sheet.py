"""The sample sheet as checked objects: sequencing units, samples, patients."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from ..errors import InputProblems, Problem
from ..vocabulary.samples import ID_PATTERN, BamKind, InputKind, Role, Setting, SpecimenType, VafUnit
from .sample import Processing, Sample, Unit
from .user_tables import Line, read_lines

COLUMNS = (
    "patient",
    "timepoint",
    "specimen",
    "specimen_type",
    "assay",
    "collected",
    "setting",
    "role",
    "library",
    "fastq_1",
    "fastq_2",
    "fastq_umi",
    "fastq_umi_2",
    "bam",
    "bam_kind",
    "calls",
    "covered_regions",
    "lod_vaf",
    "vaf_unit",
    "batch",
    "plate",
    "well",
    "operator",
    "run",
)
REQUIRED = ("patient", "timepoint", "specimen_type", "assay", "collected")
SAMPLE_COLUMNS = ("specimen_type", "assay", "collected", "setting", "role")
FILE_COLUMNS = ("fastq_1", "fastq_2", "fastq_umi", "fastq_umi_2", "bam", "calls")
REPORT_COLUMNS = ("covered_regions", "lod_vaf", "vaf_unit")
SOURCE_COLUMNS = ("fastq_1", "bam", "calls")
PROCESSING_COLUMNS = ("batch", "plate", "well", "operator", "run")
LONGEST_NOTE = 64
WELL = re.compile("([A-Pa-p])0*([1-9]|1[0-9]|2[0-4])")
"""Of plates of up to 384 wells."""
MERGED_KINDS = {InputKind.FASTQ, InputKind.RAW_BAM}
"""Of rows that may be units of one specimen."""

EARLIEST = date(2000, 1, 1)
"""Samples of patients with ALK-positive cancer are younger."""

E = TypeVar("E", bound=Enum)


@dataclass(frozen=True)
class Sheet:
    """All samples by name, in file order; each question is answered once, since thousands of jobs ask."""

    samples: Mapping[str, Sample]
    exclude: frozenset[str] = field(default_factory=frozenset)

    def of_role(self, role: Role) -> tuple[Sample, ...]:
        """Return the samples of one role."""
        return tuple(sample for sample in self.samples.values() if sample.role is role)

    def of_patient(self, patient: str) -> tuple[Sample, ...]:
        """Return the samples of one patient, tumour and white cells."""
        return self._by_patient.get(patient, ())

    @cached_property
    def _by_patient(self) -> dict[str, tuple[Sample, ...]]:
        found: dict[str, list[Sample]] = defaultdict(list)
        for sample in self.of_role(Role.PATIENT):
            found[sample.patient].append(sample)
        return {patient: tuple(samples) for patient, samples in found.items()}

    def white_cells(self, patient: str) -> tuple[Sample, ...]:
        """Return the patient's white-cell samples; they serve all timepoints."""
        return tuple(s for s in self.of_patient(patient) if s.specimen_type is SpecimenType.WBC)

    @cached_property
    def patients(self) -> tuple[str, ...]:
        """Patients with something to classify and not excluded, in file order."""
        return tuple(dict.fromkeys(patient for patient, _ in self.timepoints))

    @cached_property
    def timepoints(self) -> tuple[tuple[str, str], ...]:
        """Pairs of patient and timepoint with a tumour specimen, in file order."""
        return tuple(
            dict.fromkeys(
                (sample.patient, sample.timepoint)
                for sample in self.of_role(Role.PATIENT)
                if sample.specimen_type is not SpecimenType.WBC and sample.patient not in self.exclude
            )
        )

    def normals(self, assay: str) -> tuple[Sample, ...]:
        """Return the normals of one assay that come from reads."""
        return tuple(s for s in self.of_role(Role.NORMAL) if s.assay == assay and not s.reported)


def read_sheet(path: Path, *, assays: Collection[str], exclude: Iterable[str] = ()) -> Sheet:
    """Read and check a sample sheet.

    Args:
        path: table of one row per sequencing unit, of any kind that `read_cells` takes.
        assays: names the config knows.
        exclude: patients left out of the cohort.

    Raises:
        InputProblems: every problem of the sheet, each with line and column.
    """
    lines, problems = read_lines(path, columns=COLUMNS, required=REQUIRED, sheet="samples")
    checker = _Checker(str(path), assays)
    rows = [row for line in lines if (row := checker.row(line))]
    problems += checker.problems
    problems += _case_problems(str(path), rows) + _repeated_files(str(path), rows)
    samples: dict[str, Sample] = {}
    for members in _by_sample(rows).values():
        problems += _sample_problems(str(path), members)
        sample = _sample(members)
        samples[sample.name] = sample
    problems += _timepoint_problems(str(path), rows)
    problems += _well_problems(str(path), rows)
    unknown = sorted(set(exclude) - {row.patient for row in rows})
    for patient in unknown:
        problems.append(
            Problem("config", 0, "exclude", f"patient {patient!r} is not in the sheet", "remove it")
        )
    patients = {row.patient for row in rows if row.role is Role.PATIENT}
    if patients and patients <= set(exclude):
        problems.append(Problem("config", 0, "exclude", "leaves no patient", "keep one of the sheet"))
    if not rows and not problems:
        problems.append(Problem(str(path), 1, "", "no rows", "write one row per sequencing unit"))
    if problems:
        raise InputProblems(sorted(problems))
    return Sheet(samples, frozenset(exclude))


class _Checker:
    """Checks rows one by one and keeps their problems; a row is a sample with one unit."""

    def __init__(self, file: str, assays: Collection[str]) -> None:
        self.file = file
        self.assays = assays
        self.problems: list[Problem] = []

    def row(self, given: Line) -> Sample | None:
        """Return the row, or None where it cannot be used further."""
        before, line = len(self.problems), given.number
        patient = self._id(line, "patient", given)
        timepoint = self._id(line, "timepoint", given)
        kind = self._choice(line, "specimen_type", given, SpecimenType)
        specimen = self._id(line, "specimen", {"specimen": kind.value if kind else "unknown"} | given)
        library = self._id(line, "library", {"library": "lib1"} | given)
        role = self._choice(line, "role", {"role": Role.PATIENT.value} | given, Role)
        optional = role is not Role.PATIENT or kind is SpecimenType.WBC
        setting = self._setting(line, given, optional)
        collected = self._date(line, given)
        assay = self._assay(line, given)
        bam_kind = self._sources(line, given)
        terms = self._report_terms(line, given)
        processing = self._processing(line, given)
        if len(self.problems) > before or kind is None or role is None or collected is None:
            return None
        files: dict[str, Any] = {name: given[name] for name in FILE_COLUMNS if name in given}
        return Sample(
            patient=patient,
            timepoint=timepoint,
            specimen=specimen,
            specimen_type=kind,
            assay=assay,
            collected=collected,
            setting=setting,
            role=role,
            units=(Unit("", library, bam_kind=bam_kind, line=line, **files, **terms),),
            processing=processing,
        )

    def _add(self, line: int, column: str, what: str, remedy: str) -> None:
        self.problems.append(Problem(self.file, line, column, what, remedy))

    def _id(self, line: int, column: str, given: Mapping[str, str]) -> str:
        text = given.get(column, "")
        if not text:
            self._add(line, column, "empty", "write an id")
        elif not re.fullmatch(ID_PATTERN, text):
            self._add(
                line,
                column,
                f"id {text!r}",
                "use letters, digits and hyphens, beginning with a letter or digit, at most 64",
            )
        return text

    def _choice(self, line: int, column: str, given: Mapping[str, str], kind: type[E]) -> E | None:
        text = given.get(column, "")
        try:
            return kind(text)
        except ValueError:
            choices = ", ".join(str(item.value) for item in kind)
            self._add(line, column, f"value {text!r}" if text else "empty", f"write one of {choices}")
            return None

    def _setting(self, line: int, given: Mapping[str, str], optional: bool) -> Setting | None:
        if "setting" not in given and optional:
            return None
        return self._choice(line, "setting", given, Setting)

    def _date(self, line: int, given: Mapping[str, str]) -> date | None:
        text = given.get("collected", "")
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            try:
                found = date.fromisoformat(text)
            except ValueError:
                found = None
            if found and not EARLIEST <= found <= date.today():
                place = "lies in the future" if found > EARLIEST else f"lies before {EARLIEST}"
                self._add(line, "collected", f"date {text!r} {place}", "correct the date")
            if found:
                return found
        self._add(line, "collected", f"date {text!r}", "write it as YYYY-MM-DD, such as 2026-03-31")
        return None

    def _assay(self, line: int, given: Mapping[str, str]) -> str:
        text = given.get("assay", "")
        if text not in self.assays:
            known = ", ".join(sorted(self.assays)) or "none"
            self._add(line, "assay", f"unknown assay {text!r}", f"the config describes: {known}")
        return text

    def _sources(self, line: int, given: Mapping[str, str]) -> BamKind | None:
        sources = [name for name in SOURCE_COLUMNS if name in given]
        if len(sources) != 1:
            what = " and ".join(sources) + " are given" if sources else "no data is given"
            self._add(line, "fastq_1", what, "fill exactly one of fastq_1, bam, calls")
        if "fastq_umi_2" in given and "fastq_umi" not in given:
            self._add(line, "fastq_umi_2", "given without fastq_umi", "fill fastq_umi first")
        for name in ("fastq_2", "fastq_umi"):
            if name in given and "fastq_1" not in given:
                self._add(line, name, "given without fastq_1", "fill fastq_1 or empty this cell")
        if "bam" in given:
            return self._choice(line, "bam_kind", given, BamKind)
        if "bam_kind" in given:
            self._add(line, "bam_kind", "given without bam", "empty this cell or fill bam")
        return None

    def _processing(self, line: int, given: Mapping[str, str]) -> Processing:
        """Return where and by whom the specimen was processed."""
        said = {name: given.get(name, "") for name in PROCESSING_COLUMNS}
        for name, text in said.items():
            if len(text) > LONGEST_NOTE or not text.isprintable():
                self._add(line, name, f"value {text!r}", f"write at most {LONGEST_NOTE} letters, in one line")
        if said["well"]:
            found = WELL.fullmatch(said["well"])
            if found is None:
                self._add(
                    line, "well", f"value {said['well']!r}", "write row and column, A1 to H12 or to P24"
                )
            else:
                said["well"] = f"{found[1].upper()}{found[2]}"
            if not said["plate"]:
                self._add(line, "plate", "empty beside a well", "name the plate or empty the well")
        return Processing(**said)

    def _report_terms(self, line: int, given: Mapping[str, str]) -> dict[str, Any]:
        """Return what the sheet says of a report: where it looked, how deep, in which unit."""
        terms: dict[str, Any] = {}
        for name in REPORT_COLUMNS:
            if name in given and "calls" not in given:
                self._add(line, name, "given without calls", "empty this cell or fill calls")
        if "covered_regions" in given:
            terms["covered_regions"] = given["covered_regions"]
        if "vaf_unit" in given:
            terms["vaf_unit"] = self._choice(line, "vaf_unit", given, VafUnit)
        if "lod_vaf" in given:
            match = re.fullmatch(r"(\d+(?:[.,]\d+)?)\s*[%％]", given["lod_vaf"])
            value = float(match[1].replace(",", ".")) / 100 if match else 0.0
            if not 0 < value < 1:
                self._add(line, "lod_vaf", f"value {given['lod_vaf']!r}", "write it with its sign, as 0.3%")
            terms["lod_vaf"] = value
        return terms


def _by_sample(rows: Iterable[Sample]) -> dict[str, list[Sample]]:
    groups = defaultdict(list)
    for row in rows:
        groups[row.name].append(row)
    return groups


def _sample(rows: list[Sample]) -> Sample:
    units = (replace(row.units[0], unit=f"u{number}") for number, row in enumerate(rows, start=1))
    # A specimen may be sequenced again.
    runs = ", ".join(dict.fromkeys(row.processing.run for row in rows if row.processing.run))
    return replace(rows[0], units=tuple(units), processing=replace(rows[0].processing, run=runs))


def _sample_problems(file: str, rows: list[Sample]) -> list[Problem]:
    first, problems = rows[0], []
    for row in rows[1:]:
        for name in SAMPLE_COLUMNS:
            mine, other = getattr(row, name), getattr(first, name)
            if mine != other:
                what = f"{_text(mine)} here but {_text(other)} in line {first.line} of the same specimen"
                problems.append(Problem(file, row.line, name, what, "make them equal or rename a specimen"))
        problems += _processed_otherwise(file, row, first)
        kind, other = row.units[0].kind, first.units[0].kind
        if not {kind, other} <= MERGED_KINDS:
            what = f"{kind} beside {other} in line {first.line} for one specimen"
            problems.append(
                Problem(file, row.line, "specimen", what, "only FASTQ or raw BAM rows can be merged")
            )
    return problems


def _processed_otherwise(file: str, row: Sample, first: Sample) -> Iterator[Problem]:
    """Yield where two rows of one specimen say different things of its processing; runs may differ."""
    for name in PROCESSING_COLUMNS:
        mine, other = getattr(row.processing, name), getattr(first.processing, name)
        if mine != other and name != "run":
            what = f"{mine!r} here but {other!r} in line {first.line} of the same specimen"
            yield Problem(file, row.line, name, what, "make them equal or rename a specimen")


def _well_problems(file: str, rows: list[Sample]) -> Iterator[Problem]:
    """Yield wells that hold two specimens."""
    seen: dict[tuple[str, str, str], Sample] = {}
    for row in rows:
        own = row.processing
        first = seen.setdefault((own.batch, own.plate, own.well), row) if own.well else row
        if first.name != row.name:
            what = f"{own.well!r} of plate {own.plate!r} is that of {first.name} in line {first.line}"
            yield Problem(file, row.line, "well", what, "correct one of them")


def _timepoint_problems(file: str, rows: list[Sample]) -> list[Problem]:
    """One timepoint has one setting; one patient id is a patient, a normal or a control."""
    problems: list[Problem] = []
    settings: dict[tuple[str, str], Sample] = {}
    roles: dict[str, Sample] = {}
    for row in rows:
        first_role = roles.setdefault(row.patient, row)
        if first_role.role is not row.role:
            what = f"{row.role.value} here but {first_role.role.value} in line {first_role.line}"
            problems.append(
                Problem(file, row.line, "role", what, "give normals and controls ids of their own")
            )
        if row.setting is None:
            continue
        first = settings.setdefault((row.patient, row.timepoint), row)
        if first.setting is not row.setting and first.name != row.name:
            what = (
                f"{row.setting.value} here but {_text(first.setting)} in line {first.line} of this timepoint"
            )
            problems.append(Problem(file, row.line, "setting", what, "use another timepoint id"))
    return problems


def _case_problems(file: str, rows: list[Sample]) -> list[Problem]:
    """Ids equal but for case would share a folder on many file systems."""
    problems: list[Problem] = []
    for level in ("patient", "timepoint", "specimen", "library"):
        seen: dict[tuple[str, ...], tuple[str, int]] = {}
        for row in rows:
            path = (row.patient, row.timepoint, row.specimen, row.units[0].library)
            depth = ("patient", "timepoint", "specimen", "library").index(level)
            key = tuple(part.lower() for part in path[: depth + 1])
            spelling, line = seen.setdefault(key, (path[depth], row.line))
            if spelling != path[depth]:
                what = f"id {path[depth]!r} differs from {spelling!r} in line {line} only by case"
                problems.append(Problem(file, row.line, level, what, "write both alike or rename one"))
    return problems


def _repeated_files(file: str, rows: list[Sample]) -> list[Problem]:
    """Find files given twice, under whatever path: the same reads would count as molecules of their own."""
    seen: dict[object, tuple[int, str, str]] = {}
    problems = []
    for row in rows:
        files = {name: path for name in FILE_COLUMNS if (path := getattr(row.units[0], name))}
        for name, path in files.items():
            line, other, spelling = seen.setdefault(_identity(path), (row.line, name, path))
            if (line, other) != (row.line, name):
                also = "" if spelling == path else f", as {spelling!r}"
                what = f"{path!r} is given already in line {line}, column {other}{also}"
                problems.append(Problem(file, row.line, name, what, "give every file once"))
    return problems


def _identity(path: str) -> object:
    """Return what is equal for all paths of one file; for one that is not there the path."""
    try:
        found = Path(path).stat()
    except (OSError, ValueError):
        return path
    return found.st_dev, found.st_ino


def _text(value: object) -> str:
    return repr(str(value.value) if isinstance(value, Enum) else str(value) if value is not None else "")
