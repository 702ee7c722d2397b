"""Modules are read once per user: what is kept is what reading says, and no kept file can stop a run."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from alktrace.io import sources
from alktrace.io.kernel_folder import CACHES
from alktrace.io.resources import ADAPTERS, PACKAGE

TEXT = b"from . import helper\nTABLE = resource('table.tsv')\n"
MODULES = sorted([*PACKAGE.rglob("*.py"), *ADAPTERS.glob("*.py")])


def forget() -> None:
    """Forget what this process knows, as a new one would."""
    for kept in (sources._known, sources._new, sources._reader):
        kept.cache_clear()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv(CACHES, str(tmp_path))
    monkeypatch.setattr("atexit.register", lambda function: None)
    forget()
    yield tmp_path / "alktrace" / "sources.json"
    monkeypatch.undo()
    forget()


def test_all_modules_are_known_to_the_next_process(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    contents = [path.read_bytes() for path in MODULES]
    read = [sources.read_source(content) for content in contents]
    assert read == [sources.parse_source(content) for content in contents]
    sources._keep()
    forget()
    monkeypatch.setattr(sources, "parse_source", None)
    assert [sources.read_source(content) for content in contents] == read


def test_the_newest_are_kept(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "KEPT_SOURCES", 2)
    for name in ("a", "b", "c"):
        sources.read_source(f"import {name}".encode())
        sources._keep()
        forget()
    kept = json.loads(cache.read_text())["sources"].values()
    assert [imports[0][1] for _, imports, _, _ in kept] == ["b", "c"]


WRONG: list[tuple[int, Any]] = [
    *[(0, ""), (0, "zz"), (0, "00"), (0, None), (0, 5), (0, [])],
    *[(1, ""), (1, {}), (1, None), (1, [["1", "m", []]]), (1, [[0, 5, []]]), (1, [[-1, "m", []]])],
    *[(1, [[0, "m", "x"]]), (2, "abc"), (2, [1]), (2, None)],
]
"""Parts of an entry that nobody has written, with their place in it."""


def broken(kept: str) -> dict[str, str]:
    """Return files that no process of this version has written, by what is wrong with them."""
    whole = json.loads(kept)
    (key,) = whole["sources"]
    return {
        "cut off": kept[:-9],
        "empty": "",
        "a list": "[]",
        "no sources": json.dumps({"reader": whole["reader"]}),
        "another reader": json.dumps(whole | {"reader": "0", "sources": {key: ["0", [], [], False]}}),
        "an entry of other length": json.dumps(whole | {"sources": {key: ["0"]}}),
        "an entry of another kind": json.dumps(whole | {"sources": {key: 5}}),
        "too deep": "[" * 200_000,
        **{f"{place} {bad!r}": entry(whole, key, place, bad) for place, bad in WRONG},
    }


def entry(whole: dict[str, Any], key: str, place: int, bad: Any) -> str:
    """Return the file with one part of an entry replaced."""
    kept: list[Any] = ["0" * 64, [], [], False]
    kept[place] = bad
    return json.dumps(whole | {"sources": {key: kept}})


@pytest.mark.parametrize("fault", broken(json.dumps({"reader": "", "sources": {"": 0}})))
def test_what_cannot_be_used_is_read_anew(cache: Path, fault: str) -> None:
    right = sources.read_source(TEXT)
    sources._keep()
    cache.write_text(broken(cache.read_text())[fault])
    forget()
    assert sources.read_source(TEXT) == right
    sources._keep()
    assert len(json.loads(cache.read_text())["sources"]) == 1


def test_nothing_is_kept_where_nothing_can_be_written(cache: Path) -> None:
    cache.parent.write_text("no folder")
    assert sources.read_source(TEXT).resources == ("table.tsv",)
    sources._keep()


def test_errors_are_not_kept(cache: Path) -> None:
    for wrong, error in ((b"resource(name)", ValueError), (b"def", SyntaxError)):
        with pytest.raises(error):
            sources.read_source(wrong)
    assert not sources._new()
