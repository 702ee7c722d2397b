"""`site.json`: what an export was made with, so that exports can be compared before rows are."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..errors import DataError
from ..inputs.knowledge_files import KnowledgeFiles
from ..inputs.settings.configuration import Settings
from ..io.atomic import atomic_output
from ..io.text import parse_json

MANIFEST = "site.json"
FORMAT = 1
"""Of the export as a whole; a reader of another one refuses it."""
LENGTH = 16
SiteName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,31}$")]


class Dates(StrEnum):
    """How dates leave: as days since the first lorlatinib dose of each patient, or as they are."""

    DAYS = "days"
    KEPT = "kept"


class SiteManifest(BaseModel):
    """The content of `site.json`; it holds no path, and no word that somebody at the site wrote but its name.

    Attributes:
        site: name of the site, chosen by it.
        key: tells keys of pseudonyms apart, and says nothing of them.
        code: digest of the code that classifies.
        resistance: settings that decide classes; `cohort`: those of the analysis at the site.
        knowledge: digest of each knowledge table, with what the site lays over it.
        assays: per assay how UMIs are read, and a digest of its targets.
        withheld: cells that had no known form, by table and column.
        genotypes: which secret and polymorphisms their hashes were made with; None: none left.
        small_groups: patients who share sex and ten years of age with fewer than four others.
        files: digest of each file of the export.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1] = 1
    site: SiteName
    version: str
    code: str
    dates: Dates
    cutoff: str | None
    key: str
    patients: int
    resistance: dict[str, Any]
    cohort: dict[str, Any]
    knowledge: dict[str, str]
    assays: dict[str, dict[str, Any]]
    withheld: dict[str, int]
    small_groups: int
    genotypes: dict[str, str] | None = None
    files: dict[str, str]


def write_manifest(folder: Path, manifest: SiteManifest) -> None:
    """Write `site.json`; its last value is a digest of all others."""
    content = manifest.model_dump(mode="json")
    text = json.dumps({**content, "digest": _digest(content)}, indent=2, sort_keys=True, ensure_ascii=False)
    with atomic_output(folder / MANIFEST) as (partial,):
        partial.write_text(f"{text}\n", encoding="utf-8")


def read_manifest(folder: Path) -> SiteManifest:
    """Read `site.json` and hold all files of the export against it.

    The digests show what was changed or lost by mistake. They are no signature: who edits on purpose can
    write them anew.

    Raises:
        DataError: no export, one of another format, or one that was changed after it was written.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise DataError(path, "no such file", "give a folder that `alktrace export-site` wrote")
    content = parse_json(path.read_text(encoding="utf-8"), path)
    given = dict(content) if isinstance(content, dict) else {}
    if given.get("format") != FORMAT:
        what = f"is of format {given.get('format')!r}, this version reads {FORMAT}"
        raise DataError(path, what, "export again with the version that merges")
    if given.pop("digest", None) != _digest(given):
        raise DataError(path, "was changed after it was written", "export again")
    try:
        manifest = SiteManifest.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        what = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
        raise DataError(path, what, "export again") from None
    there = {found.relative_to(folder).as_posix() for found in folder.rglob("*") if found.is_file()}
    for name in sorted({*manifest.files, *there - {MANIFEST}}):
        if name not in there or file_digest(folder / name) != manifest.files.get(name):
            what = "is not there" if name not in there else "is not the file that was exported"
            raise DataError(folder / name, what, "export again, or take the file back as it was")
    return manifest


def file_digest(path: Path) -> str:
    """Return the first digits of the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:LENGTH]


def knowledge_digests(files: KnowledgeFiles) -> dict[str, str]:
    """Return a digest of each knowledge table as it counts: ours with the site's table over it."""
    own: Mapping[str, Path] = files.own.tables if files.own else {}
    return {
        path.stem: file_digest(path) + (f"+{file_digest(own[path.stem])}" if path.stem in own else "")
        for path in sorted(files.folder.glob("*.tsv"))
    }


def assays_of(settings: Settings, folder: Path) -> dict[str, dict[str, Any]]:
    """Return what may leave of the assays: how UMIs are read, and which targets, without any path.

    Args:
        settings: the configuration of the site.
        folder: that paths in it count from.
    """
    found = {}
    for name, assay in settings.assays.items():
        targets = folder / assay.targets
        found[name] = {
            "umi": assay.umi.source.value,
            "duplex": assay.umi.duplex,
            "targets": file_digest(targets) if targets.is_file() else None,
        }
    return found


def _digest(content: Mapping[str, Any] | Sequence[Any]) -> str:
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:LENGTH]
