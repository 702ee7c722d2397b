"""The RO-Crate: read by the library of its makers, true to the files, silent about places."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from rocrate.rocrate import ROCrate

from alktrace.exports.ro_crate import write_crate
from alktrace.report.manifest import digest_of

HASH = "0" * 64
MANIFEST: dict[str, Any] = {
    "alktrace": "0.2.0",
    "commit": "abc123",
    "code": "0123456789ab",
    "python": "3.11.7",
    "programs": {"samtools": "1.20"},
    "packages": {"numpy": "2.0"},
    "knowledge": {"as_of": "2026-11-29"},
    "inputs": {
        "reference.fasta": {"file": ".../genome.fa", "bytes": 5, "sha256": HASH},
        "P1.PD1.plasma.u1 fastq_1": {
            "file": "P1 R1.fastq.gz",
            "bytes": 1 << 30,
            "sha256_of_ends": HASH,
        },
        "reference.gff3": {"file": "x.gff3", "missing": True},
    },
    "results": {},
}


@pytest.fixture
def crate(tmp_path: Path) -> ROCrate:
    """A crate of two results, one with a name that must be quoted."""
    results = tmp_path / "results"
    said = MANIFEST | {"results": {}}
    for name in ("cohort/resistance.tsv", "patients/P1/a b#c.json"):
        path = results / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
        said["results"][name] = digest_of(path, ends=True)
    manifest = results / "cohort" / "run_manifest.json"
    manifest.write_text(json.dumps(said))
    write_crate(manifest, digest_of(manifest, ends=False), results / "ro-crate-metadata.json")
    return ROCrate(results)


def test_every_result_is_a_part_with_its_digest(crate: ROCrate) -> None:
    parts = {one.id: one for one in crate.root_dataset["hasPart"]}
    assert set(parts) == {"cohort/resistance.tsv", "patients/P1/a%20b%23c.json", "cohort/run_manifest.json"}
    for one in parts.values():
        path = crate.source / one.id.replace("%20", " ").replace("%23", "#")
        assert one["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert one["contentSize"] == str(path.stat().st_size) and one.type == "File"


def test_the_run_names_software_commit_and_inputs(crate: ROCrate) -> None:
    run = crate.dereference("#run")
    program = run["instrument"]
    assert program["softwareVersion"] == "0.2.0" and "commit abc123" in program["identifier"]
    assert {(one["name"], one["softwareVersion"]) for one in program["softwareRequirements"]} == {
        ("python", "3.11.7"), ("samtools", "1.20"), ("numpy", "2.0"),
    }  # fmt: skip
    inputs = {one["name"]: one for one in run["object"]}
    assert inputs["reference.fasta"]["sha256"] == HASH
    assert inputs["P1.PD1.plasma.u1 fastq_1"]["identifier"] == f"sha256_of_ends:{HASH}"
    assert inputs["reference.gff3"]["description"] == "missing at the end of the run"
    assert len(run["result"]) == 3


def test_every_reference_leads_to_an_entity(crate: ROCrate) -> None:
    graph = json.loads((crate.source / "ro-crate-metadata.json").read_text())["@graph"]
    known = {one["@id"] for one in graph} | {"https://w3id.org/ro/crate/1.1"}
    assert len(known) == len(graph) + 1

    def ids(value: Any) -> set[str]:
        if isinstance(value, dict):
            return {value["@id"]} if set(value) == {"@id"} else set().union(*map(ids, value.values()))
        return set().union(*map(ids, value)) if isinstance(value, list) else set()

    assert ids(graph) <= known
    assert "genome.fa" not in json.dumps(graph), "no place"


def test_equal_bytes(crate: ROCrate) -> None:
    out = crate.source / "ro-crate-metadata.json"
    first, manifest = out.read_bytes(), crate.source / "cohort" / "run_manifest.json"
    write_crate(manifest, digest_of(manifest, ends=False), out)
    assert out.read_bytes() == first
