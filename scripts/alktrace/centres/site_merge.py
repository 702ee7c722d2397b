"""Exports of several sites as one set of tables, as the cohort step reads them.

Ids become `SITE-pseudonym`, so that equal ids of two sites stay apart. Days become dates by one made-up day
0: durations are right, the calendar is not.
"""

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import DataError, InputProblems, Problem
from ..inputs.knowledge_files import KnowledgeFiles
from ..inputs.settings.configuration import Settings
from ..io.atomic import atomic_output
from ..io.digest import module_digest
from ..io.resources import PACKAGE
from ..io.tables import MISSING, format_cell, header, read_table, write_table
from ..io.text import parse_json, split_lines
from ..knowledge.load import load_knowledge
from ..outcomes.clinical_schema import DRUGS, FILES
from ..outcomes.drug_names import fold
from .exported_columns import Leaving, leaving
from .genotype_hashes import FILE, HashRow, SameRow, same_persons
from .site_differences import Site, notes, refusals
from .site_export import ACCOUNTS, RESULTS
from .site_manifest import Dates, SiteManifest, assays_of, knowledge_digests, read_manifest

DAY_0 = dt.date(2012, 1, 1)
"""So that diagnoses 20 years before and follow-up of more than ten years lie among dates that are taken."""
LONGEST = 7300
CLINICAL, TABLES = "clinical", "tables"

Row = dict[str, str]


def merge_sites(
    folders: Sequence[Path], *, knowledge: KnowledgeFiles, settings: Settings, out: Path
) -> list[str]:
    """Write the tables of all sites into `out/clinical` and `out/tables`; return what a reader should know.

    Args:
        folders: exports.
        knowledge: the knowledge tables of this machine.
        settings: the configuration of the merged cohort.
        out: folder of the merged tables.

    Raises:
        InputProblems: exports whose rows could not mean the same.
        DataError: a folder that is no export, or was changed.
    """
    sites = [Site(folder, read_manifest(folder)) for folder in folders]
    ours = _ours(sites[0].manifest, knowledge, settings)
    problems = [*refusals(sites, ours), *_same_patients(sites)]
    if problems:
        raise InputProblems(problems)
    told = list(notes(sites, ours))
    for name, row_type in FILES.items():
        where = {site.name: site.folder / "clinical" / f"{name}.tsv" for site in sites}
        without = [site for site, path in where.items() if not path.is_file()]
        if len(without) == len(sites):
            continue
        if name == DRUGS:
            rows, more = _drugs(
                sites, load_knowledge(knowledge).alk_tkis, load_knowledge(knowledge).drug_names
            )
            told += more
        else:
            if without:
                told.append(
                    f"{name}: {', '.join(without)} has no such table; its patients count as without rows"
                )
            rows = [row for site in sites for row in _rows(site, name, where[site.name])]
        _write(out / CLINICAL / f"{name}.tsv", header(row_type), rows)
    for name, result_type in RESULTS.items():
        rows = [row for site in sites for row in _rows(site, name, site.folder / f"{name}.tsv")]
        if rows or name == "classification":
            _write(out / TABLES / f"{name}.tsv", header(result_type), rows)
    told += _same_persons(sites, out)
    for site in sites:
        _write_accounts(site, out / TABLES / "details")
    return told


def _ours(like: SiteManifest, knowledge: KnowledgeFiles, settings: Settings) -> SiteManifest:
    cutoff = settings.cohort.data_cutoff
    return like.model_copy(
        update={
            "version": __version__,
            "code": module_digest(PACKAGE / "classify" / "classify_files.py"),
            "cutoff": cutoff.isoformat() if cutoff else None,
            "resistance": settings.resistance.model_dump(mode="json"),
            "cohort": settings.cohort.model_dump(mode="json", exclude={"data_cutoff"}),
            "knowledge": knowledge_digests(knowledge),
            "assays": assays_of(settings, Path()),
        }
    )


def _same_patients(sites: Sequence[Site]) -> Iterable[Problem]:
    """Yield patients who stand in two exports made with one key: they are the same for certain."""
    seen: dict[tuple[str, str], Site] = {}
    for site in sites:
        path = site.folder / "clinical" / "patients.tsv"
        for row in _read(path):
            other = seen.setdefault((site.manifest.key, row["patient"]), site)
            if other is not site and other.name != site.name:
                what = f"patient {row['patient']!r} stands in {other.folder} too, under the same key"
                yield Problem(
                    str(path), 0, "patient", what, "leave the patient out of one export (`exclude`)"
                )


def _same_persons(sites: Sequence[Site], out: Path) -> Iterable[str]:
    """Write who may be one person at two sites; return what to say of it."""
    sharing = [site for site in sites if site.manifest.genotypes]
    if len({repr(sorted((site.manifest.genotypes or {}).items())) for site in sharing}) > 1:
        names = ", ".join(site.name for site in sharing)
        return [f"hashes of genotypes are not compared: {names} have other secrets or polymorphisms"]
    hashes = {
        site.name: [
            replace(row, patient=f"{site.name}-{row.patient}")
            for row in read_table(site.folder / FILE, HashRow)
        ]
        for site in sharing
    }
    rows = list(same_persons(hashes))
    if len(sharing) > 1:
        write_table(out / "possible_duplicates.tsv", SameRow, rows)
    return [
        f"possibly one person: {row.patient} and {row.other} ({row.equal} of {row.compared} blocks of "
        "genotypes); leave the patient out of one export (`exclude`)"
        for row in rows
    ]


def _rows(site: Site, table: str, path: Path) -> list[Row]:
    """Return the rows of a table of a site with the ids and dates of the merged one."""
    if not path.is_file():
        return []
    rules, rows = leaving(table), []
    for line, row in enumerate(_read(path), start=2):
        try:
            found = {name: _cell(site, rules.get(name), text) for name, text in row.items()}
        except ValueError:
            raise DataError(path, "a day that is no number of days", "export again", str(line)) from None
        if table == "patients":
            found["centre"] = site.name
        rows.append(found)
    return rows


def _cell(site: Site, rule: Leaving | None, text: str) -> str:
    if text == MISSING:
        return text
    if rule is Leaving.PSEUDONYM:
        return f"{site.name}-{text}"
    if rule is Leaving.DAY and site.manifest.dates is Dates.DAYS:
        return _date(int(text)).isoformat()
    return text


def _date(days: int) -> dt.date:
    if abs(days) > LONGEST:
        raise ValueError(days)
    return DAY_0 + dt.timedelta(days=days)


def _drugs(
    sites: Sequence[Site], inhibitors: frozenset[str], known: Mapping[str, str]
) -> tuple[list[Row], list[str]]:
    """Return the drugs that sites declared and ours does not know, each once."""
    found: dict[str, tuple[Row, Site]] = {}
    told, problems = [], []
    for site in sites:
        path = site.folder / "clinical" / f"{DRUGS}.tsv"
        for row in _read(path) if path.is_file() else ():
            name, kind = row["drug"], row["alk_tki"]
            ours = known.get(fold(name))
            if ours is not None:
                here, where = format_cell(ours in inhibitors), "our knowledge"
                told.append(f"{site.name}: drug {name!r} is {ours} here")
            else:
                first, other = found.setdefault(fold(name), (row, site))
                here, where = first["alk_tki"], other.name
            if here != kind:
                what = (
                    f"drug {name!r} is an ALK inhibitor by one of {site.name} and {where}, not by the other"
                )
                problems.append(Problem(str(path), 0, "alk_tki", what, "agree on what the drug is"))
    if problems:
        raise InputProblems(problems)
    return [row for row, _ in found.values()], told


def _read(path: Path) -> list[Row]:
    lines = split_lines(path.read_text(encoding="utf-8"))
    names = lines[0].split("\t")
    return [dict(zip(names, line.split("\t"), strict=True)) for line in lines[1:]]


def _write(path: Path, names: Sequence[str], rows: Iterable[Row]) -> None:
    lines = ["\t".join(row.get(name, MISSING) for name in names) for row in rows]
    with atomic_output(path) as (partial,):
        partial.write_text("\n".join(["\t".join(names), *lines]) + "\n", encoding="utf-8")


def _write_accounts(site: Site, out: Path) -> None:
    path = site.folder / ACCOUNTS
    if not path.is_file():
        return
    out.mkdir(parents=True, exist_ok=True)
    for account in parse_json(path.read_text(encoding="utf-8"), path):
        merged = _account(site, account)
        file = out / f"{merged['patient']}.{merged['timepoint']}.resistance.json"
        file.write_text(json.dumps(merged), encoding="utf-8")


def _account(site: Site, account: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**account, "patient": f"{site.name}-{account['patient']}"}
    if site.manifest.dates is Dates.DAYS:
        merged["specimens"] = [
            {**item, "collected": _date(item["collected"]).isoformat()} if "collected" in item else item
            for item in account["specimens"]
        ]
    if "alterations" in account:
        # Without a name: withheld. A word that is no gene, so that it counts and co-occurs with nothing.
        merged["alterations"] = [
            {"name": "withheld", **item, "key": f"{item['key']}:"} for item in account["alterations"]
        ]
    return merged
