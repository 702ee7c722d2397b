"""Write a site's tables for merging elsewhere: pseudonyms, days, and only columns that are listed."""

import datetime as dt
import json
import shutil
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from .. import __version__
from ..classify.discovery import EmergentUnknownRow
from ..classify.resistance_table import ClassificationRow, ResistanceRow
from ..errors import DataError
from ..evidence.evidence_table import EvidenceRow
from ..inputs.cells import table_path
from ..inputs.knowledge_files import KnowledgeFiles
from ..inputs.settings.configuration import Settings
from ..inputs.user_tables import read_user_table
from ..io.atomic import atomic_output
from ..io.digest import module_digest
from ..io.resources import PACKAGE, resource
from ..io.tables import format_cell, read_table, write_table
from ..io.text import parse_json
from ..knowledge.load import load_knowledge
from ..outcomes.accounts import NOT_OF_THE_TUMOUR
from ..outcomes.clinical_schema import DRUGS, DrugRow, PatientRecord
from ..outcomes.clinical_tables import read_clinical
from ..outcomes.cutoff import cut_off
from ..outcomes.drug_names import LORLATINIB
from ..vocabulary.caveats import CaveatCode
from ..vocabulary.changes import Origin
from ..vocabulary.samples import SpecimenType
from .cell_rules import Leaver
from .exported_columns import Leaving, exported_columns, leaving
from .genotype_hashes import FILE as HASHES
from .genotype_hashes import HashRow, hashes_of, read_genotypes, sites_digest, sites_of
from .pseudonyms import Pseudonyms, key_mark
from .site_manifest import (
    Dates,
    SiteManifest,
    assays_of,
    file_digest,
    knowledge_digests,
    write_manifest,
)

ACCOUNTS = "accounts.json"
SMALL_GROUP = 5
PROBABLY = frozenset({CaveatCode.GERMLINE, CaveatCode.PROBABLE_GERMLINE})
PARTS: Mapping[str, Callable[[PatientRecord], Sequence[Any]]] = {
    "patients": lambda record: (record.patient,),
    "treatments": lambda record: record.treatments,
    "local_therapy": lambda record: record.local_therapies,
    "assessments": lambda record: record.assessments,
    "pathology": lambda record: record.pathology,
    "dose_changes": lambda record: record.dose_changes,
    "adverse_events": lambda record: record.adverse_events,
    "follow_up": lambda record: (record.follow_up,) if record.follow_up else (),
    "reports": lambda record: record.reports,
}
"""The rows of each clinical table in a record."""
RESULTS: dict[str, type[Any]] = {
    # First, as it knows the kind of each specimen, after which specimens are named.
    "evidence": EvidenceRow,
    "classification": ClassificationRow,
    "resistance": ResistanceRow,
    "emergent_unknown": EmergentUnknownRow,
}


def export_site(
    *,
    clinical: Path,
    tables: Path,
    details: Sequence[Path],
    site: str,
    key: bytes,
    dates: Dates,
    knowledge: KnowledgeFiles,
    settings: Settings,
    beside: Path,
    out: Path,
    genotypes: tuple[Path, bytes] | None = None,
) -> SiteManifest:
    """Write the export of a site; return what stands in its `site.json`.

    Args:
        clinical: folder of the clinical tables.
        tables: folder with `classification.tsv`, and others if known.
        details: `resistance.json` of the timepoints.
        site: name under which its patients are known elsewhere.
        key: of the pseudonyms.
        dates: how dates leave. A data cut-off of the settings is applied here: days know no calendar.
        knowledge: the knowledge tables.
        settings: the configuration of the site.
        beside: folder that paths of the configuration count from.
        out: a folder that is new or empty.
        genotypes: `results/patients` of the run and the secret of the sites, where they share hashes.

    Raises:
        InputProblems, DataError: what is wrong with the tables, or the folder is not empty.
    """
    if out.is_dir() and any(out.iterdir()):
        raise DataError(out, "is not empty: what lies there would leave with the export", "give a new folder")
    known = load_knowledge(knowledge)
    read = read_clinical(clinical, knowledge=known, today=dt.date.today())
    records = {name: one for name, one in read.records.items() if name not in settings.exclude}
    if cutoff := settings.cohort.data_cutoff:
        records = {name: cut_off(record, cutoff) for name, record in records.items()}
    day_0 = {name: day for name, one in records.items() if (day := first_day(one)) is not None}
    leaver = Leaver(Pseudonyms(key), known, day_0 if dates is Dates.DAYS else None)
    _number_timepoints(leaver.pseudonyms, records.values())
    _write_clinical(leaver, clinical, records, out)
    _write_results(leaver, tables, settings.exclude, out)
    _write_accounts(leaver, details, settings.exclude, out)
    hashed = _write_hashes(leaver, genotypes, records, out) if genotypes else None
    shutil.copyfile(resource("exported_columns.tsv"), out / "columns.tsv")
    manifest = SiteManifest(
        site=site,
        version=__version__,
        code=module_digest(PACKAGE / "classify" / "classify_files.py"),
        dates=dates,
        cutoff=None if dates is Dates.DAYS or cutoff is None else cutoff.isoformat(),
        key=key_mark(key),
        patients=len(records),
        resistance=settings.resistance.model_dump(mode="json"),
        cohort=settings.cohort.model_dump(mode="json", exclude={"data_cutoff"}),
        knowledge=knowledge_digests(knowledge),
        assays=assays_of(settings, beside),
        withheld=dict(sorted(leaver.withheld.items())),
        small_groups=small_groups(records.values()),
        genotypes=hashed,
        files={
            path.relative_to(out).as_posix(): file_digest(path)
            for path in sorted(out.rglob("*"))
            if path.is_file()
        },
    )
    write_manifest(out, manifest)
    return manifest


def first_day(record: PatientRecord) -> dt.date | None:
    """Return the day that the dates of a patient count from.

    It is the first dose of lorlatinib, else the enrolment, else the first date there is.
    """
    given = [row.start for row in record.treatments if LORLATINIB in row.drugs]
    if given or record.patient.enrolled:
        return min(given) if given else record.patient.enrolled
    dates = (
        getattr(row, item.name)
        for rows in PARTS.values()
        for row in rows(record)
        for item in fields(row)
        if isinstance(getattr(row, item.name), dt.date)
    )
    return min(dates, default=None)


def small_groups(records: Iterable[PatientRecord]) -> int:
    """Return how many patients share sex and ten years of age with fewer than four others."""
    groups = Counter(
        (
            row.patient.sex,
            None if row.patient.age_at_diagnosis is None else row.patient.age_at_diagnosis // 10,
        )
        for row in records
    )
    return sum(number for number in groups.values() if number < SMALL_GROUP)


def _number_timepoints(pseudonyms: Pseudonyms, records: Iterable[PatientRecord]) -> None:
    """Give the first sample the first number; those without a date of sampling follow."""
    for record in records:
        for row in sorted(record.reports, key=lambda row: (row.collected, row.timepoint)):
            pseudonyms.timepoint(row.patient, row.timepoint)


def _write_clinical(leaver: Leaver, folder: Path, records: Mapping[str, PatientRecord], out: Path) -> None:
    for name, rows_of in PARTS.items():
        rows = [_cells(row) for record in records.values() for row in rows_of(record)]
        # A table that the site does not have stays missing: an empty one would say that nothing happened.
        if table_path(folder, name).is_file():
            _write(leaver, name, rows, out / "clinical" / f"{name}.tsv")
    if (path := table_path(folder, DRUGS)).is_file():
        given = {drug for record in records.values() for row in record.treatments for drug in row.drugs}
        own = [item.row for item in read_user_table(path, DrugRow)[0] if item.row.drug in given]
        _write(leaver, DRUGS, [_cells(row) for row in own], out / "clinical" / f"{DRUGS}.tsv")


def _write_results(leaver: Leaver, tables: Path, exclude: Collection[str], out: Path) -> None:
    found: dict[str, list[dict[str, Any]]] = {}
    for name, row_type in RESULTS.items():
        path = tables / f"{name}.tsv"
        if path.is_file() or name == "classification":
            found[name] = [_cells(row) for row in read_table(path, row_type) if row.patient not in exclude]
    for row in (*found.get("evidence", ()), *found.get("resistance", ())):
        if is_inherited(row) and row["alteration"]:
            leaver.inherited.setdefault(row["patient"], set()).add(row["alteration"])
    for name, rows in found.items():
        _write(leaver, name, [row for row in rows if may_leave(name, row)], out / f"{name}.tsv")


def is_inherited(row: Mapping[str, Any]) -> bool:
    """Tell whether a row of `evidence.tsv` or `resistance.tsv` is an inherited variant's."""
    own = any(flag.code in PROBABLY and not flag.about for flag in row.get("flags", ()))
    return own or row.get("origin") is Origin.GERMLINE


def may_leave(table: str, row: Mapping[str, Any]) -> bool:
    """Tell whether a row may leave at all: nothing inherited, nothing of blood, nothing that may be either.

    What carries a class stands in `resistance.tsv` and leaves unless it is inherited, for certain or
    probably; of `evidence.tsv` what nobody could tell from the inherited stays.
    """
    if table == "resistance":
        return not is_inherited(row)
    if table == "evidence":
        return row["origin"] is Origin.SOMATIC and row["specimen_type"] is not SpecimenType.WBC
    # What emerged on lorlatinib was not inherited; what is doubted is in no `emergent_unknown.tsv`.
    return True


def _cells(row: Any) -> dict[str, Any]:
    return {item.name: getattr(row, item.name) for item in fields(row)}


def _write(leaver: Leaver, table: str, rows: Iterable[Mapping[str, Any]], path: Path) -> None:
    rules = leaving(table)
    lines = [
        "\t".join(
            format_cell(leaver.cell(rule, row[name], row, f"{table}.{name}")) for name, rule in rules.items()
        )
        for row in rows
    ]
    # By pseudonym, not as at the site: an order would tell who is who.
    with atomic_output(path) as (partial,):
        partial.write_text("\n".join(["\t".join(rules), *sorted(lines)]) + "\n", encoding="utf-8")


def _write_hashes(
    leaver: Leaver, given: tuple[Path, bytes], records: Collection[str], out: Path
) -> dict[str, str]:
    folder, secret = given
    found = read_genotypes(folder, records)
    sites = sites_of(found)
    rows = [
        HashRow(leaver.pseudonyms.patient(name), hashes)
        for name, own in found.items()
        if (hashes := hashes_of(own, sites, secret))
    ]
    write_table(out / HASHES, HashRow, sorted(rows, key=lambda row: row.patient))
    return {"secret": key_mark(secret), "polymorphisms": sites_digest(sites)}


# --- accounts ----------------------------------------------------------------------------------


def _write_accounts(leaver: Leaver, details: Sequence[Path], exclude: Collection[str], out: Path) -> None:
    found = []
    for path in details:
        content = parse_json(path.read_text(encoding="utf-8"), path)
        try:
            if content["patient"] not in exclude:
                found.append(_account(leaver, content))
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            what = f"is no account of a timepoint ({type(error).__name__}: {error})"
            raise DataError(path, what, "give it as `classify` wrote it, or remove it") from None
    if found:
        found.sort(key=lambda item: (item["patient"], item["timepoint"]))
        with atomic_output(out / ACCOUNTS) as (partial,):
            partial.write_text(json.dumps(found, separators=(",", ":")) + "\n", encoding="utf-8")


def _account(leaver: Leaver, content: Mapping[str, Any]) -> dict[str, Any]:
    given = _reduced(content)
    rules = exported_columns()["accounts"]
    patient, timepoint = content["patient"], content["timepoint"]
    found: dict[str, Any] = _leave(leaver, given, "", rules, {"patient": patient, "timepoint": timepoint})
    return found


def _leave(
    leaver: Leaver, value: Any, place: str, rules: Mapping[str, Leaving], row: Mapping[str, Any]
) -> Any:
    """Return what leaves of a part of an account; a place that is not listed does not."""
    if isinstance(value, list):
        kept = (_leave(leaver, item, place, rules, row) for item in value)
        return [item for item in kept if item is not None]
    rule = rules.get(place, Leaving.WITHHELD)
    if isinstance(value, dict) and rule is Leaving.LOCUS:
        names = {name: leaver.cell(rule, name, row, f"accounts.{place}") for name in value}
        return {names[name]: item for name, item in value.items() if names[name] is not None}
    if isinstance(value, dict):
        row = {**row, **{key: value[key] for key in ("specimen_type",) if key in value}}
        # By the list, not by the file: names of unlisted parts are ids too (`windows` names specimens).
        below = [name for name in value if _is_listed(f"{place}.{name}".lstrip("."), rules)]
        parts = {
            name: _leave(leaver, value[name], f"{place}.{name}".lstrip("."), rules, row) for name in below
        }
        return {name: item for name, item in parts.items() if item is not None}
    if rule is Leaving.WITHHELD:
        return None
    if rule is Leaving.DAY and value is not None:
        value = dt.date.fromisoformat(value)
    found = leaver.cell(rule, value, row, f"accounts.{place}")
    return found.isoformat() if isinstance(found, dt.date) else found


def _is_listed(place: str, rules: Mapping[str, Leaving]) -> bool:
    return any(name == place or name.startswith(f"{place}.") for name in rules)


def _reduced(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return an account with its alterations reduced to what the cohort counts: kind, gene, effect."""
    reduced = dict(content)
    if "alterations" in content:
        reduced["alterations"] = [
            {
                "code": item["code"],
                "origin": item["origin"],
                "effect": item["effect"],
                "key": next(
                    (k for k in ("fusion", "copy_number") if item["key"].startswith(f"{k}:")), "small"
                ),
                # Of an undecided one not even the gene: it may be inherited.
                "name": item["name"].split()[0] if item["origin"] == Origin.SOMATIC else "",
            }
            for item in content["alterations"]
            if item["code"] not in NOT_OF_THE_TUMOUR and item["origin"] in (Origin.SOMATIC, Origin.UNDECIDED)
        ]
    return reduced
