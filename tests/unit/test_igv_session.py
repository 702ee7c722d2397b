"""Sessions for IGV: the places that were found, the files of the samples, nothing of the machine."""

from pathlib import Path
from xml.etree import ElementTree

import pytest
from exported_patients import (
    EVERYTHING,
    FUSION,
    G1202R,
    HOSTILE,
    INHERITED,
    LONG_ID,
    patient,
    small,
    specimen,
)

from alktrace.exports.exported import ExportedPatient
from alktrace.exports.igv_session import session, write_sessions
from alktrace.workflow.export_paths import tracks_from_sessions

TRACKS = {"P1.PD1.plasma": ["../../patients/P1/PD1/plasma/consensus.bam"]}


def regions(one: ExportedPatient) -> list[tuple[str, ...]]:
    root = ElementTree.fromstring(session(one, TRACKS))
    return [
        tuple(node.get(key) or "" for key in ("chromosome", "start", "end", "description"))
        for node in root[1]
    ]


def test_regions_are_0_based_and_the_mechanism_comes_first() -> None:
    """IGV's regions are as BED; 29,220,747 is G1202R, and both sides of the fusion are shown."""
    one = patient(FUSION, G1202R, INHERITED)
    assert regions(one) == [
        ("chr2", "29220746", "29220747", "ALK G1202R"),
        ("chr2", "29223740", "29223741", "ALK EML4-ALK E13;A20 (v1)"),
        ("chr2", "42299749", "42299750", "ALK EML4-ALK E13;A20 (v1)"),
    ]
    root = ElementTree.fromstring(session(one, TRACKS))
    assert (root.get("genome"), root.get("locus")) == ("hg38", "chr2:29220687-29220807")
    assert [node.get("path") for node in root[0]] == TRACKS["P1.PD1.plasma"]


@pytest.mark.parametrize(
    "one", [patient(), patient(name=LONG_ID), patient(specimens=(specimen(name="wbc"),))]
)
def test_without_anything_the_whole_genome_is_shown(one: ExportedPatient, tmp_path: Path) -> None:
    write_sessions([one], TRACKS, tmp_path)
    root = ElementTree.parse(tmp_path / f"{one.patient}.xml").getroot()
    assert root.get("locus") == "All" and len(root[1]) == 0


def test_hostile_text_is_text(tmp_path: Path) -> None:
    item = small("chr2:29220747:C:T", "ALK", f'<x a="1">&{HOSTILE}', None, None)
    ((_, _, _, text),) = regions(patient(item))
    assert text == f'ALK <x a="1">&{HOSTILE}'


def test_all_kinds_of_alterations() -> None:
    assert len(regions(patient(*EVERYTHING))) == 6


def test_files_outside_of_the_working_directory_are_not_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    given = ["results/patients/P1/PD1/plasma/consensus.bam", "bam/x.bam", "/data/secret/x.bam", "../x.bam"]
    assert tracks_from_sessions([*given, str(tmp_path / "y.bam")]) == [
        "../../patients/P1/PD1/plasma/consensus.bam",
        "../../../bam/x.bam",
        "../../../y.bam",
    ]
