"""Every wrong input ends with its exit code and line, never a traceback, and every message has an entry."""

import re
from functools import cache
from pathlib import Path

import pytest
import yaml
from bad_input.bad_inputs import HERE, Entry, Outcome, entries, message_sites, right_project, run

ENTRIES = {entry["what"]: entry for entry in entries()}


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bad_input")


@cache
def outcome(name: str, folder: Path) -> Outcome:
    entry: Entry = ENTRIES[name]
    number = list(ENTRIES).index(name)
    return run(entry, right_project(folder), folder / str(number))


def test_the_right_project_passes(folder: Path) -> None:
    for number, command in enumerate(
        ("check config.yaml --without-tools", "classify evidence.json --out out")
    ):
        ended = run({"command": command}, right_project(folder), folder / f"right-{number}")
        assert ended.code == 0, ended.said


@pytest.mark.parametrize("name", ENTRIES)
def test_an_entry(name: str, folder: Path) -> None:
    entry, ended = ENTRIES[name], outcome(name, folder)
    assert "Traceback" not in ended.said
    assert "a fault of alktrace" not in ended.said
    assert ended.code == entry.get("code", 1), ended.said
    pattern = re.compile(re.escape(entry["says"]).replace(re.escape("..."), ".*"))
    lines = [line.removeprefix("error: ") for line in ended.said.split("\n")]
    assert any(map(pattern.fullmatch, lines)), ended.said


def test_there_are_many_entries_of_names_of_their_own() -> None:
    assert len(ENTRIES) == len(entries()) >= 200


def test_every_message_is_in_an_entry_or_left_out_for_a_reason(folder: Path) -> None:
    reached = {site for name in ENTRIES for site in outcome(name, folder).sites}
    without = yaml.safe_load((HERE / "without_entry.yml").read_text())
    left_out = {place for places in without.values() for place in places}
    sites = message_sites()
    seen = {
        name
        for name, (file, first, last) in sites.items()
        if any(file == path and first <= line <= last for path, line in reached)
    }
    assert sorted(set(sites) - seen - left_out) == [], "write an entry"
    assert sorted(left_out & seen) == [], "it has an entry"
    assert sorted(left_out - set(sites)) == [], "no such message"
