"""Samples refused before work starts, where the configuration makes them rows: `bad_inputs: row`.

A refused sample is one whose only file is unreadable: a file with the reason stands for what the sheet gives.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ..errors import Problem
from ..inputs.sample import Sample, Unit
from ..inputs.sheet import Sheet
from ..io.unreadable import read_unreadable, told, write_unreadable
from ..vocabulary.samples import BamKind

PATIENTS = Path("results") / "patients"
ANY_REFUSAL = r"results/patients/[^/]+/[^/]+/[^/]+/refused\.txt$"
"""Pattern of what `refusal` gives."""


def refusal(sample: Sample) -> Path:
    """Return the file that says why a sample is refused."""
    return PATIENTS / sample.folder / "refused.txt"


def write_refusals(sheet: Sheet, refused: Mapping[str, Sequence[Problem]]) -> None:
    """Write the reasons of refused samples; those of mended ones go.

    A reason that stands is left alone: its date is what the jobs behind it are held against.
    """
    for sample in sheet.samples.values():
        path, problems = refusal(sample), tuple(map(told, refused.get(sample.name, ())))
        if not problems:
            path.unlink(missing_ok=True)
        elif not path.is_file() or read_unreadable(path) != problems:
            write_unreadable(problems, [path])


def refused_before(sheet: Sheet) -> list[str]:
    """Return the samples whose reason stands, for jobs that read the plan while a run goes on."""
    return [sample.name for sample in sheet.samples.values() if refusal(sample).is_file()]


def without(sheet: Sheet, refused: Iterable[str]) -> Sheet:
    """Return the sheet in which refused samples give the file with the reason, as report or consensus BAM."""
    samples = dict(sheet.samples)
    for name in refused:
        sample = samples[name]
        first, path = sample.units[0], str(refusal(sample))
        given = Unit(first.unit, first.library, line=first.line)
        unit = (
            replace(given, calls=path)
            if sample.reported
            else replace(given, bam=path, bam_kind=BamKind.CONSENSUS)
        )
        samples[name] = replace(sample, units=(unit,))
    return replace(sheet, samples=samples)
