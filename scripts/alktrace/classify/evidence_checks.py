"""What a well-formed evidence file may still get wrong: names, numbers of residues, counts.

The tables know mutations by the three-letter name on the preferred transcript. A name in another form
would be taken for a variant of unknown effect without a word, so it is refused instead.
"""

import re
from collections.abc import Iterator

from ..errors import Problem
from ..evidence.schema import Alteration, Observation, PatientEvidence
from ..io.tables import LIST_SEPARATOR
from ..knowledge.answers import Knowledge
from ..knowledge.entries import codon_of
from ..vocabulary.changes import ALK, VariantType
from ..vocabulary.samples import Setting, SpecimenType

_RESIDUE = "(?:Ala|Arg|Asn|Asp|Cys|Gln|Glu|Gly|His|Ile|Leu|Lys|Met|Phe|Pro|Sec|Ser|Thr|Trp|Tyr|Val|Ter|Xaa)"
_PROTEIN = re.compile(rf"p\.(?:\?|=|{_RESIDUE}\d+[^()\s]*)")
_CODING = re.compile(r"[cn]\.[^():\s]+")


def content_problems(evidence: PatientEvidence, knowledge: Knowledge, file: str) -> Iterator[Problem]:
    """Yield what is wrong with values that have the right form.

    Args:
        evidence: of one patient.
        knowledge: the loaded tables; they name transcripts and residues of ALK.
        file: named in the problems.
    """
    if all(item.specimen_type is SpecimenType.WBC for item in evidence.specimens):
        yield Problem(file, 0, "specimens", "nothing but white cells", "add plasma, csf or tissue")
    yield from _setting_problems(evidence, file)
    # From the table of mutations, not from a genome: a file is classified without one.
    residues = {item.codon: name[2:5] for name, item in knowledge.mutations.items()}
    for index, alteration in enumerate(evidence.alterations):
        place = f"alterations.{index}"
        for field, what, remedy in (
            *_name_problems(alteration),
            *_transcript_problems(alteration, knowledge),
            *_residue_problems(alteration, residues),
        ):
            yield Problem(file, 0, f"{place}.{field}", what, remedy)
        for number, seen in enumerate(alteration.observations):
            for field, what, remedy in _count_problems(seen):
                yield Problem(file, 0, f"{place}.observations.{number}.{field}", what, remedy)


def _setting_problems(evidence: PatientEvidence, file: str) -> Iterator[Problem]:
    """A baseline sample among those of progression would lend them its findings."""
    first: dict[str, Setting] = {}
    for index, item in enumerate(evidence.specimens):
        if item.setting is None or item.specimen_type is SpecimenType.WBC:
            continue
        expected = first.setdefault(item.timepoint, item.setting)
        if item.setting is not expected:
            what = f"{item.setting.value} here but {expected.value} before at timepoint {item.timepoint}"
            yield Problem(file, 0, f"specimens.{index}.setting", what, "use another timepoint id")


Wrong = tuple[str, str, str]
"""Field, what is wrong, what to write instead."""


def _name_problems(item: Alteration) -> Iterator[Wrong]:
    if item.variant_type is not VariantType.FUSION and LIST_SEPARATOR in (item.alteration or ""):
        yield "alteration", f"value {item.alteration!r}", "name one change, without semicolon"
    if item.hgvs_p is not None and not _PROTEIN.fullmatch(item.hgvs_p):
        remedy = "write the three-letter name without brackets or transcript, such as p.Gly1202Arg"
        yield "hgvs_p", f"value {item.hgvs_p!r}", remedy
    if item.hgvs_c is not None and not _CODING.fullmatch(item.hgvs_c):
        yield "hgvs_c", f"value {item.hgvs_c!r}", "write the coding name alone, such as c.3604G>A"


def _transcript_problems(item: Alteration, knowledge: Knowledge) -> Iterator[Wrong]:
    row = knowledge.genes.get(item.gene)
    if item.gene != ALK or row is None or item.transcript is None:
        return
    # Versions are not compared: files name the transcript with or without one.
    known = [name for name in (*row.transcripts, row.refseq) if name]
    if item.transcript.split(".")[0] not in {name.split(".")[0] for name in known}:
        what = f"value {item.transcript!r}: residues are numbered otherwise there"
        yield "transcript", what, "name the change on " + " or ".join(known)


def _residue_problems(item: Alteration, residues: dict[int, str]) -> Iterator[Wrong]:
    number = codon_of(item.hgvs_p or "")
    if not number or not _PROTEIN.fullmatch(item.hgvs_p or ""):
        return
    if item.codon is not None and item.codon != number:
        yield "codon", f"{item.codon} beside {item.hgvs_p}", f"write {number}, or the right name"
    written = (item.hgvs_p or "")[2:5]
    expected = residues.get(number, written)
    if item.gene == ALK and written != expected:
        what = f"{item.hgvs_p}: residue {number} of ALK is {expected}, not {written}"
        yield "hgvs_p", what, "another transcript or a misprint: name the change on the preferred transcript"


def _count_problems(seen: Observation) -> Iterator[Wrong]:
    if seen.total_molecules is not None and (seen.alt_molecules or 0) > seen.total_molecules:
        yield "alt_molecules", f"{seen.alt_molecules} of {seen.total_molecules}", "write counts of one site"
    # Missing ends are allowed, crossed ones are not: intervals decide what a negative excludes.
    ends = [value for value in (seen.vaf_low, seen.vaf, seen.vaf_high) if value is not None]
    if ends != sorted(ends):
        yield (
            "vaf",
            f"interval {seen.vaf_low} to {seen.vaf_high} around {seen.vaf}",
            "write low <= vaf <= high",
        )
