"""CIViC's evidence items as candidate rows of our tables: proposed, for a person to review.

A release, monthly or nightly (`ClinicalEvidenceSummaries.tsv`, later `AcceptedClinicalEvidenceSummaries.tsv`)
has one item per line, with the columns that `EvidenceItemTsvFormatter` of CIViC's own source names. Items of
its GraphQL interface as a JSON list have the same fields under other names. CIViC's content is CC0.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import DataError, InputProblems, Problem
from ..io.tables import column
from ..vocabulary.changes import ALK
from ..vocabulary.marks import Mark
from ..vocabulary.residues import ONE_LETTER
from .answers import ALK_AMPLIFICATION, Knowledge
from .bypass_rules import BypassMechanism
from .entries import DrugEffect, codon_of

COLUMNS = (
    "molecular_profile", "disease", "therapies", "therapy_interaction_type", "evidence_type",
    "evidence_direction", "evidence_level", "significance", "citation_id", "source_type", "asco_abstract_id",
    "evidence_status", "evidence_id", "is_flagged",
)  # fmt: skip
"""Those of the release that are read."""
OLDER = "give ClinicalEvidenceSummaries of a release since September 2022, as it was downloaded"
EFFECTS = {
    "sensitivityresponse": DrugEffect.SENSITIVE,
    "reducedsensitivity": DrugEffect.INTERMEDIATE,
    "resistance": DrugEffect.RESISTANT,
}
ALK_FUSION = "ALK fusion"
_FUSION = re.compile(r"(?:v|[A-Z0-9]+)::(?P<gene>[A-Z0-9]+) (?:Fusion|e\d+::e\d+)")
_CHANGE = re.compile(r"(?P<gene>[A-Z0-9]+) (?P<change>[A-Z]\d+(?:[A-Z]|dup|del)?)")
_AMPLIFICATION = re.compile(r"(?P<gene>[A-Z0-9]+) Amplification", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class CandidateRow:
    """One line of `alktrace knowledge civic`: a row for the table named, once its source was read."""

    table: str = column("table that the row is for")
    subject: str = column("what the value is about")
    attribute: str = column("`civic`")
    value: str = column("`drug:effect:level:context`")
    source: str = column("number of the item, and the publication it cites")
    mark: Mark = column("`proposed`")
    profile: str = column("molecular profile as CIViC writes it")
    disease: str = column("disease as CIViC writes it")


@dataclass(frozen=True)
class CivicItem:
    """One evidence item; `place` is where it stands."""

    place: str
    fields: Mapping[str, str]

    def word(self, name: str) -> str:
        """Return a word of a closed list: `SENSITIVITYRESPONSE` and `Sensitivity/Response` are one."""
        return re.sub(r"[^a-z]", "", self.fields[name].casefold())

    @property
    def name(self) -> str:
        """Its number as our tables cite it."""
        return f"CIViC EID{self.fields['evidence_id']}"


class _Skipped(Exception):
    """Why an item gives no candidate."""


def read_civic(path: Path) -> list[CivicItem]:
    """Return the evidence items of a file.

    Args:
        path: release file with tabs, or a JSON list of evidence items.

    Raises:
        DataError: the file cannot be read or is none of these.
        InputProblems: columns that are missing.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataError(path, f"cannot be read ({error.strerror})", "correct the path") from None
    except UnicodeDecodeError:
        raise DataError(path, "is no text in UTF-8", OLDER) from None
    return _of_json(path, text) if text.lstrip()[:1] in ("[", "{") else _of_release(path, text)


def _of_release(path: Path, text: str) -> list[CivicItem]:
    # Cells with quotes are quoted; statements hold line separators of Unicode, which end no line.
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter="\t")
    try:
        missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            raise InputProblems([Problem(str(path), 1, name, "column is missing", OLDER) for name in missing])
        return [
            CivicItem(f"{path}:{reader.line_num}", {name: (row[name] or "").strip() for name in COLUMNS})
            for row in reader
        ]
    except csv.Error as error:
        raise DataError(path, f"no cells ({error})", OLDER, str(reader.line_num)) from None


def _of_json(path: Path, text: str) -> list[CivicItem]:
    try:
        return [
            CivicItem(f"{path}:item {number}", _json_fields(item))
            for number, item in enumerate(json.loads(text), start=1)
        ]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        what = f"is no list of evidence items ({type(error).__name__}: {error})"
        raise DataError(path, what, OLDER) from None


def _json_fields(item: Mapping[str, Any]) -> dict[str, str]:
    source, disease = item["source"], item["disease"] or {}
    said = {
        "molecular_profile": item["molecularProfile"]["name"],
        "disease": disease.get("name"),
        "therapies": ",".join(therapy["name"] for therapy in item["therapies"]),
        "therapy_interaction_type": item.get("therapyInteractionType"),
        "evidence_type": item["evidenceType"],
        "evidence_direction": item["evidenceDirection"],
        "evidence_level": item["evidenceLevel"],
        "significance": item["significance"],
        "citation_id": source["citationId"],
        "source_type": source["sourceType"],
        "asco_abstract_id": source.get("ascoAbstractId"),
        "evidence_status": item["status"],
        "evidence_id": item["id"],
        "is_flagged": item.get("flagged"),
    }
    return {name: "" if value is None else str(value) for name, value in said.items()}


def candidates(items: Iterable[CivicItem], known: Knowledge) -> tuple[list[CandidateRow], list[str]]:
    """Return candidate rows, and a line per item that gives none, with its reason."""
    rows: list[CandidateRow] = []
    skipped = []
    held = {
        (subject, item.source.split(",")[0]) for subject, told in known.statements.items() for item in told
    }
    for item in items:
        try:
            found = list(_rows(item, known))
            new = [row for row in found if (row.subject, item.name) not in held]
            if not new:
                raise _Skipped(f"our table {found[0].table}.tsv holds it for {found[0].subject}")
            rows += new
        except _Skipped as reason:
            skipped.append(f"{item.place}: {item.name}, {item.fields['molecular_profile']}: {reason}")
    return rows, skipped


def _rows(item: CivicItem, known: Knowledge) -> Iterator[CandidateRow]:
    said = item.fields
    _check_kind(item)
    table, subject = _subject(said["molecular_profile"], known)
    context = "lung" if said["disease"].startswith("Lung") else "other_tumour"
    effect = EFFECTS[item.word("significance")]
    for drug in _drugs(item, known):
        yield CandidateRow(
            table=table,
            subject=subject,
            attribute="civic",
            value=f"{drug}:{effect}:{said['evidence_level']}:{context}",
            source=f"{item.name}; {_publication(item)}",
            mark=Mark.PROPOSED,
            profile=said["molecular_profile"],
            disease=said["disease"],
        )


def _check_kind(item: CivicItem) -> None:
    said = item.fields
    wrong = {
        f"its type is {said['evidence_type']!r}, not Predictive": item.word("evidence_type") != "predictive",
        f"its status is {said['evidence_status']!r}": item.word("evidence_status") != "accepted",
        "it is flagged, so under dispute": item.word("is_flagged") == "true",
        "it does not support its claim": item.word("evidence_direction") != "supports",
        f"significance {said['significance']!r} is no effect": item.word("significance") not in EFFECTS,
        f"level {said['evidence_level']!r} is unknown": said["evidence_level"] not in tuple("ABCDE"),
    }
    for reason, applies in wrong.items():
        if applies:
            raise _Skipped(reason)


def _drugs(item: CivicItem, known: Knowledge) -> list[str]:
    names = [name.strip() for name in item.fields["therapies"].split(",") if name.strip()]
    # Several drugs are joined by commas; only a combination is more than each of them says.
    if len(names) > 1 and item.word("therapy_interaction_type") not in ("sequential", "substitutes"):
        raise _Skipped(f"a combination of drugs: {', '.join(names)}")
    unknown = [name for name in names if name.casefold() not in known.drug_names]
    if unknown or not names:
        raise _Skipped(f"drugs.tsv does not know {', '.join(unknown)}" if unknown else "it names no drug")
    return [known.drug_names[name.casefold()] for name in names]


def _publication(item: CivicItem) -> str:
    said = item.fields
    if item.word("source_type") == "pubmed" and said["citation_id"]:
        return f"PMID {said['citation_id']}"
    number = said["asco_abstract_id"] or said["citation_id"]
    if not number:
        raise _Skipped("it cites no publication")
    return f"{said['source_type']} abstract {number}"


def _subject(profile: str, known: Knowledge) -> tuple[str, str]:
    """Return table and subject of a molecular profile; a fusion beside ALK mutations is understood."""
    if re.search(r"\b(?:OR|NOT)\b|[()]", profile):
        raise _Skipped("a profile of alternatives or absences")
    parts = profile.split(" AND ")
    fusions = {part for part in parts if (found := _FUSION.fullmatch(part)) and found["gene"] == ALK}
    rest = [part for part in parts if part not in fusions]
    if not rest:
        # What was seen of one variant is not said of all.
        if not all(part.endswith(" Fusion") for part in fusions):
            raise _Skipped("one variant of a fusion")
        return "alk_fusions", ALK_FUSION
    if all(part.startswith(f"{ALK} ") for part in rest):
        return _alk_subject(rest, known)
    if len(rest) > 1:
        raise _Skipped("alterations of several genes together")
    return "bypass", _mechanism(rest[0], known).subject


def _alk_subject(parts: Sequence[str], known: Knowledge) -> tuple[str, str]:
    if len(parts) == 1 and _AMPLIFICATION.fullmatch(parts[0]):
        return "bypass", ALK_AMPLIFICATION
    by_short = {item.short: name for name, item in known.mutations.items()}
    changes = [part.removeprefix(f"{ALK} ") for part in parts]
    unknown = [change for change in changes if change not in by_short]
    if unknown:
        raise _Skipped(f"alk_mutations.tsv does not list {', '.join(unknown)}")
    names = sorted((by_short[change] for change in changes), key=lambda name: (codon_of(name), name))
    subject = "+".join(names)
    if len(names) > 1 and subject not in known.statements:
        raise _Skipped(f"alk_compounds.tsv does not list {subject}")
    return ("alk_compounds" if len(names) > 1 else "alk_mutations"), subject


def _mechanism(part: str, known: Knowledge) -> BypassMechanism:
    amplified, fused, changed = (pattern.fullmatch(part) for pattern in (_AMPLIFICATION, _FUSION, _CHANGE))
    for mechanism in sorted(known.mechanisms.values(), key=lambda item: item.rule != "protein_change"):
        for found, rule in ((amplified, "amplification"), (fused, "fusion")):
            if found and mechanism.rule == rule and found["gene"] in mechanism.genes:
                return mechanism
        if changed and changed["gene"] in mechanism.genes and _holds(mechanism, changed["change"]):
            return mechanism
    raise _Skipped("no mechanism of bypass.tsv could be told from it")


def _holds(mechanism: BypassMechanism, change: str) -> bool:
    """Tell whether `G12C` is a change that the mechanism names, or a substitution of one of its codons."""
    number, codon = codon_of(change), (change[0], codon_of(change))
    if mechanism.rule == "protein_change":
        return any(codon_of(name) == number and _short(name) == change for name in mechanism.protein_changes)
    substituted = re.fullmatch(r"[A-Z]\d+[A-Z]?", change)
    return mechanism.rule == "hotspot" and substituted is not None and codon in mechanism.codons


def _short(hgvs_p: str) -> str:
    found = re.fullmatch(r"p\.([A-Z][a-z]{2})(\d+)([A-Z][a-z]{2})", hgvs_p)
    if found is None:
        return hgvs_p
    return ONE_LETTER[found[1]] + found[2] + ONE_LETTER[found[3]]
