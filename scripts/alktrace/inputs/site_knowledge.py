"""A site's own knowledge tables: who states them, and where they lie."""

import datetime as dt
import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..errors import DataError, InputProblems, Problem
from ..io.digest import text_digest
from ..io.text import parse_yaml
from .cells import WORKBOOK, read_cells
from .knowledge_schemas import TABLES

HEADER = "overlay.yaml"
SUFFIXES = (".tsv", ".csv", WORKBOOK)
EXAMPLE = "`name: Example hospital`, `version: '1.0'`, `date: 2026-11-29`"
TOLD = frozenset(
    {
        "effect", "civic", "known_conflict", "ic50_nm", "approval", "note", "statement",
        "combination", "frequency", "setting", "calling_note", "context",
        "evidence_level", "amp_tier", "escat",
    }
)  # fmt: skip
"""Attributes that say what a finding means; annotation and evidence ask for none of them."""


class _Header(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    # Without `;` and brackets: name and version stand in lists of sources and of drugs.
    name: Annotated[str, Field(pattern=r"^[^;()\[\]\s][^;()\[\]\t\n]{0,59}$")]
    version: Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z.+_-]{0,19}$")]
    date: dt.date


@dataclass(frozen=True)
class SiteKnowledge:
    """Tables of a site that lie over ours.

    Attributes:
        name: who states them.
        version: theirs, not ours.
        header: `overlay.yaml`.
        tables: file by name of the table, such as `alk_mutations`.
    """

    name: str
    version: str
    date: dt.date
    header: Path
    tables: Mapping[str, Path] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """What stands before the source of every value of the site."""
        return f"site knowledge {self.name} {self.version}"

    @property
    def files(self) -> tuple[Path, ...]:
        """Header and tables."""
        return self.header, *self.tables.values()

    @property
    def digest(self) -> str:
        """Digest of everything the site says."""
        return text_digest("".join(f"{path.name}\n{path.read_bytes()!r}\n" for path in self.files))

    def recognition_digest(self, *tables: str) -> str:
        """Return a digest of what some tables say beside the meaning of findings; empty if nothing.

        Jobs that ask which change is which need not be done again for another statement on a drug.
        """
        said = []
        for name in tables:
            if name in self.tables:
                head, *rows = [c for _, c in read_cells(self.tables[name], name) if not c[0].startswith("#")]
                lines = [dict(zip(head, cells, strict=False)) for cells in rows]
                kept = (line for line in lines if line.get("attribute") not in TOLD)
                said += [(name, {k: v for k, v in line.items() if k != "source"}) for line in kept]
        return text_digest(repr(said)) if said else ""


def read_site_knowledge(given: str | Sequence[str]) -> SiteKnowledge:
    """Find the tables of a site and read who states them.

    Args:
        given: a folder, or the files: `overlay.yaml` and tables named as ours.

    Raises:
        InputProblems: files that are missing or that nobody would read, a header that does not say enough.
    """
    paths, problems = _paths(given)
    tables: dict[str, Path] = {}
    for path in paths:
        if path.name == HEADER:
            continue
        if path.stem not in TABLES:
            close = difflib.get_close_matches(path.stem, TABLES, n=1)
            remedy = f"did you mean {close[0]}{path.suffix}?" if close else "tables are " + ", ".join(TABLES)
            problems.append(Problem(str(path), 0, "", f"no knowledge table is named {path.stem!r}", remedy))
        elif path.stem in tables:
            problems.append(
                Problem(str(path), 0, "", f"the same table as {tables[path.stem].name}", "keep one")
            )
        else:
            tables[path.stem] = path
    header = next((path for path in paths if path.name == HEADER), None)
    if header is None and not problems:
        place = given if isinstance(given, str) else given[0] if given else "knowledge"
        what = f"no {HEADER} says whose tables these are"
        problems.append(Problem(place, 0, "", what, f"add {HEADER} beside them with {EXAMPLE}"))
    said, wrong = _read_header(header) if header else (None, [])
    if problems or wrong or said is None or header is None:
        raise InputProblems([*problems, *wrong])
    return SiteKnowledge(said.name, said.version, said.date, header, tables)


def _paths(given: str | Sequence[str]) -> tuple[list[Path], list[Problem]]:
    if isinstance(given, str) and Path(given).is_dir():
        found = sorted(Path(given).iterdir())
        return [path for path in found if path.suffix.lower() in SUFFIXES or path.name == HEADER], []
    paths = [Path(text) for text in ([given] if isinstance(given, str) else given)]
    if isinstance(given, str) and paths[0].name != HEADER and paths[0].with_name(HEADER).is_file():
        paths.append(paths[0].with_name(HEADER))
    remedy = f"give the folder, or a list of files: {HEADER} and tables named as ours"
    return [path for path in paths if path.is_file()], [
        Problem(str(path), 0, "", "is a folder" if path.is_dir() else "no such file or folder", remedy)
        for path in paths
        if not path.is_file()
    ]


def _read_header(path: Path) -> tuple[_Header | None, list[Problem]]:
    try:
        return _Header.model_validate(parse_yaml(path.read_text(encoding="utf-8"), path)), []
    except (OSError, UnicodeDecodeError) as error:
        return None, [Problem(str(path), 0, "", f"cannot be read ({error})", f"write {EXAMPLE}, in UTF-8")]
    except DataError as error:
        return None, [error.problem]
    except InputProblems as error:
        return None, list(error.problems)
    except ValidationError as error:
        return None, [_refused(path, detail) for detail in error.errors()]


def _refused(path: Path, detail: Any) -> Problem:
    key = str(detail["loc"][0]) if detail["loc"] else ""
    lines = path.read_text(encoding="utf-8").splitlines()
    line = next((number for number, text in enumerate(lines, start=1) if text.startswith(f"{key}:")), 0)
    if detail["type"] == "missing":
        return Problem(str(path), 0, key, "the key is missing", f"write {EXAMPLE}")
    if detail["type"] == "extra_forbidden":
        return Problem(str(path), line, key, "unknown key", "keys are name, version, date")
    value = detail["input"]
    if isinstance(value, float | int) and key == "version":
        # 1.10 without quotes is the number 1.1: another version.
        return Problem(str(path), line, key, f"value {value!r} is a number", f"write '{value}', in quotes")
    return Problem(str(path), line, key, f"value {value!r}", f"{detail['msg']}; write {EXAMPLE}")
