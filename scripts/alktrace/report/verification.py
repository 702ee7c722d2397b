"""A manifest held against the programs, inputs and results of now."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from ..errors import DataError, InputProblems, Problem
from ..io.shown import ELSEWHERE
from ..io.text import parse_json
from .manifest import LARGE, digest_of, files_of

KEYS = ("alktrace", "code", "programs", "packages", "knowledge", "digests", "inputs", "results", "settings")


class _SaidFile(BaseModel):
    bytes: int = 0


class _SaidInput(_SaidFile):
    file: str


class _SaidSettings(BaseModel):
    knowledge: str | None = None


class _Said(BaseModel):
    """What is read of a manifest; anybody may have written the file that is given."""

    model_config = ConfigDict(strict=True)
    programs: dict[str, Any]
    packages: dict[str, Any]
    knowledge: dict[str, Any]
    inputs: dict[str, _SaidInput]
    results: dict[str, _SaidFile]
    settings: _SaidSettings


class Status(StrEnum):
    """What was found."""

    EQUAL = "equal"
    DIFFERENT = "different"
    MISSING = "missing"
    ADDED = "added"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True)
class Finding:
    """One version or file.

    Attributes:
        kind: `version`, `setting`, `input` or `result`.
        about: values then and now where they differ; the file of an input.
    """

    status: Status
    kind: str
    name: str
    about: str = ""

    def __str__(self) -> str:
        """Return the finding as a line."""
        return f"{self.status:<10}{self.kind} {self.name}{f' ({self.about})' if self.about else ''}"


def read_manifest(path: Path) -> dict[str, Any]:
    """Read a manifest.

    Raises:
        DataError: no manifest, or one without digests of the results, as earlier releases wrote it.
        InputProblems: entries of another kind than a run writes.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise DataError(path, "is no text", "give a run_manifest.json") from None
    found = parse_json(text, path)
    missing = [key for key in KEYS if not isinstance(found, dict) or key not in found]
    if missing:
        raise DataError(
            path, f"lacks {missing}", "give a run_manifest.json of this release; run again to get it"
        )
    try:
        _Said.model_validate(found)
    except ValidationError as error:
        remedy = "give the run_manifest.json as the run wrote it"
        wrong = [(".".join(map(str, detail["loc"])), detail["msg"]) for detail in error.errors()]
        raise InputProblems([Problem(str(path), 0, place, what, remedy) for place, what in wrong]) from None
    return dict(found)


def compare_values(kind: str, then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Finding]:
    """Compare versions or settings, each by its key."""
    before, after = dict(_flat(then)), dict(_flat(now))
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name, "."), after.get(name, ".")
        status = Status.EQUAL if old == new else Status.DIFFERENT
        yield Finding(status, kind, name, "" if old == new else f"{old}, now {new}")


def compare_inputs(manifest: Mapping[str, Any], folder: Path, places: Mapping[str, str]) -> Iterator[Finding]:
    """Compare the files that were read.

    Args:
        manifest: as read.
        folder: working directory of the run.
        places: where files lie by what they are, relative to the folder; empty: as the manifest says.
    """
    for name, said in manifest["inputs"].items():
        place = places.get(name, said["file"])
        if place.startswith(ELSEWHERE):
            yield Finding(Status.ELSEWHERE, "input", name, said["file"])
        else:
            yield _compared("input", name, said, folder / place)
    for name in sorted(places.keys() - manifest["inputs"].keys()):
        yield Finding(Status.ADDED, "input", name, places[name])


def compare_results(manifest: Mapping[str, Any], results: Path) -> Iterator[Finding]:
    """Compare the files that came out; what lies beside them in the same folders is `added`."""
    said = manifest["results"]
    for name in said:
        yield _compared("result", name, said[name], results / name)
    samples = {"/".join(name.split("/")[1:4]) for name in said if name.count("/") > 3}
    for path in files_of(results, sorted(samples)):
        name = path.relative_to(results).as_posix()
        if name not in said:
            yield Finding(Status.ADDED, "result", name)


def _compared(kind: str, name: str, said: Mapping[str, Any], path: Path) -> Finding:
    about = "" if kind == "result" else str(said["file"])
    then = {key: value for key, value in said.items() if key != "file"}
    now = digest_of(path, ends=then.get("bytes", 0) > LARGE and "sha256_of_ends" in then)
    if now == then:
        return Finding(Status.EQUAL, kind, name, about)
    if "missing" in now:
        return Finding(Status.MISSING, kind, name, about)
    return Finding(Status.DIFFERENT, kind, name, about)


def _flat(given: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Give every value of nested maps as text with the path of its keys."""
    for key, value in given.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{above}{key} ")
        else:
            yield f"{above}{key}", value if isinstance(value, str) else json.dumps(value)
