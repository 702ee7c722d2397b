"""The results as an RO-Crate 1.1: who made which file from what, as JSON-LD beside them.

It follows the profile Process Run Crate 0.5 and is made of the manifest alone, so that both say the same.
Inputs lie outside of the crate and are described, not contained: name, size and digest, no place.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..io.atomic import atomic_output

NAME = "ro-crate-metadata.json"
CONTEXT = "https://w3id.org/ro/crate/1.1/context"
SPECIFICATION = "https://w3id.org/ro/crate/1.1"
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
PROGRAM = "#alktrace"
FORMATS = {
    ".bam": "application/x-bam",
    ".bed": "text/plain",
    ".gz": "application/gzip",
    ".html": "text/html",
    ".json": "application/json",
    ".maf": "text/tab-separated-values",
    ".tsv": "text/tab-separated-values",
    ".txt": "text/plain",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
Entity = dict[str, Any]


def write_crate(manifest: Path, manifest_entry: Mapping[str, Any], out: Path) -> None:
    """Write the crate's metadata file at the root of the results.

    Args:
        manifest: `run_manifest.json`, below the folder of `out`.
        manifest_entry: its size and digest, as the manifest itself has of other files.
        out: `ro-crate-metadata.json`.
    """
    said = json.loads(manifest.read_text(encoding="utf-8"))
    own = {manifest.relative_to(out.parent).as_posix(): manifest_entry}
    graph = list(crate_entities(said, own))
    with atomic_output(out) as (partial,):
        text = json.dumps({"@context": CONTEXT, "@graph": graph}, indent=2, ensure_ascii=False) + "\n"
        partial.write_text(text, encoding="utf-8")


def crate_entities(said: Mapping[str, Any], own: Mapping[str, Mapping[str, Any]]) -> Iterator[Entity]:
    """Yield the entities of a crate.

    Args:
        said: content of the manifest.
        own: what is to be said of the manifest itself, by its path.
    """
    files = {**said["results"], **own}
    inputs = {f"#input/{quote(name)}": (name, told) for name, told in said["inputs"].items()}
    software = dict(_software(said))
    yield {
        "@id": NAME,
        "@type": "CreativeWork",
        "conformsTo": {"@id": SPECIFICATION},
        "about": {"@id": "./"},
    }
    yield {
        "@id": "./",
        "@type": "Dataset",
        "name": "Results of alktrace",
        "description": "Resistance to first-line lorlatinib in ALK-positive lung cancer; for research.",
        # The day of the knowledge used: that of the run would differ in runs that are equal.
        "datePublished": said["knowledge"]["as_of"],
        "license": "Not stated by the program: the results belong to those who ran it.",
        "conformsTo": {"@id": PROFILE},
        "hasPart": [{"@id": quote(name)} for name in files],
        "mentions": {"@id": "#run"},
    }
    yield {"@id": PROFILE, "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"}
    yield {
        "@id": "#run",
        "@type": "CreateAction",
        "name": f"Run of alktrace {said['alktrace']}",
        "instrument": {"@id": PROGRAM},
        "object": [{"@id": name} for name in inputs],
        "result": [{"@id": quote(name)} for name in files],
    }
    yield {
        "@id": PROGRAM,
        "@type": "SoftwareApplication",
        "name": "alktrace",
        "softwareVersion": said["alktrace"],
        "identifier": [f"commit {said['commit']}", f"code {said['code']}"],
        "softwareRequirements": [{"@id": name} for name in software],
    }
    yield from software.values()
    for name, told in files.items():
        yield {"@id": quote(name), "@type": "File", "name": name.rpartition("/")[2], **_described(name, told)}
    for identity, (name, told) in inputs.items():
        yield {"@id": identity, "@type": "MediaObject", "name": name, **_described(told["file"], told)}


def _software(said: Mapping[str, Any]) -> Iterator[tuple[str, Entity]]:
    versions = {"python": said["python"], **said["programs"], **said["packages"]}
    for name, version in versions.items():
        found = {"@id": f"#{name}", "@type": "SoftwareApplication", "name": name, "softwareVersion": version}
        yield f"#{name}", found


def _described(name: str, told: Mapping[str, Any]) -> Entity:
    if "missing" in told:
        return {"description": "missing at the end of the run"}
    found: Entity = {"contentSize": str(told["bytes"])}
    if kind := FORMATS.get(Path(name).suffix):
        found["encodingFormat"] = kind
    if "sha256" in told:
        return found | {"sha256": told["sha256"]}
    # Of large files the manifest has no digest of the whole.
    return found | {"identifier": f"sha256_of_ends:{told['sha256_of_ends']}"}
