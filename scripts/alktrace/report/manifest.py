"""What made the results: versions, settings, digests of all that was read and of all that came out.

Nothing in it tells time, machine or user, so that equal runs give equal bytes.
"""

import hashlib
import json
import os
import platform
import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from .. import __version__
from ..inputs.knowledge_files import KnowledgeFiles
from ..inputs.site_knowledge import SiteKnowledge
from ..io.atomic import atomic_output
from ..io.resources import ROOT
from ..io.shown import shown
from ..io.tools import package_version, tool_version
from ..knowledge.load import edition_of

NAME = "run_manifest.json"
PROGRAMS = ("bwa", "bwa-mem2", "samtools", "fastp", "multiqc")
PACKAGES = (
    "cnvkit", "dnaio", "lifelines", "numba", "numpy", "pandas", "pydantic", "pysam", "scipy", "snakemake",
    "weasyprint",
)  # fmt: skip
READS = ("fastq_1", "fastq_2", "fastq_umi", "fastq_umi_2", "bam")
LARGE = 128 << 20
END = 16 << 20
DIGESTS = (
    "sha256: SHA-256 of the whole file; sha256_of_ends: SHA-256 of its first and last "
    f"{END} bytes, for reads and results of more than {LARGE} bytes"
)


def write_manifest(
    *,
    settings: dict[str, Any],
    inputs: Mapping[str, str],
    samples: Sequence[str],
    made: Sequence[str],
    knowledge: KnowledgeFiles,
    code: str,
    threads: int,
    out: Path,
) -> None:
    """Write the manifest of a run, into the folder `cohort` of its results.

    Args:
        settings: the configuration as used.
        inputs: files that were read, by what they are; the last word of reads is their column in the sheet.
        samples: folders of the samples below `patients`.
        made: patterns of what a run makes, from `results/` on.
        knowledge: the knowledge tables.
        code: digest of all adapters and what they reach.
        threads: files read at a time.
        out: JSON, keys sorted.
    """
    results = out.parent.parent
    files = results_of(results, samples, made)
    given = {name: Path(path) for name, path in inputs.items()}
    with ThreadPoolExecutor(threads) as pool:
        read = pool.map(lambda name: digest_of(given[name], ends=is_reads(name)), given)
        found = pool.map(lambda path: digest_of(path, ends=True), files.values())
        digests = dict(zip(given, read, strict=True)), dict(zip(files, found, strict=True))
    manifest = versions(knowledge, code) | {
        "digests": DIGESTS,
        "inputs": {name: {"file": shown(path)} | digests[0][name] for name, path in given.items()},
        "results": digests[1],
        "settings": shown_settings(settings),
    }
    with atomic_output(out) as (partial,):
        partial.write_text(json.dumps(manifest, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def versions(knowledge: KnowledgeFiles, code: str) -> dict[str, Any]:
    """Return what a manifest says of the programs and the knowledge."""
    edition = edition_of(knowledge)
    return {
        "alktrace": __version__,
        "commit": commit(),
        "code": code,
        "python": platform.python_version(),
        "programs": {name: found for name in PROGRAMS if (found := tool_version(name))},
        "packages": {name: found for name in PACKAGES if (found := package_version(name))},
        "knowledge": {
            "version": edition.version,
            "as_of": edition.as_of,
            "tables": {path.name: _sha256(path) for path in sorted(knowledge.folder.glob("*.tsv"))},
            "site": _site(edition.site) if edition.site else None,
        },
    }


def commit() -> str | None:
    """Return the commit of the clone, with `-dirty` where files were changed since; None if unknown."""
    if not (ROOT / ".git").exists():
        return None
    # Of a clone that belongs to somebody else git would say nothing; its code is what ran all the same.
    command = ["git", "-c", f"safe.directory={ROOT}", "-C", str(ROOT)]
    command += ["describe", "--always", "--abbrev=40", "--dirty", "--exclude=*"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env=os.environ | {"GIT_OPTIONAL_LOCKS": "0"}
        )
    except OSError:
        return None
    return done.stdout.strip() or None


def is_reads(name: str) -> bool:
    """Tell whether an input is a file of reads, by its name in the manifest."""
    return name.rpartition(" ")[2] in READS


def results_of(results: Path, samples: Iterable[str], made: Iterable[str]) -> dict[str, Path]:
    """Return the results of a run by their path below its results, sorted.

    A folder also holds what a failed run left of its temporary files, and what people put there.

    Args:
        results: folder of the results.
        samples: folders of the samples below `patients`.
        made: patterns of what a run makes, from `results/` on.
    """
    patterns = [re.compile(pattern) for pattern in made]
    files = {path.relative_to(results).as_posix(): path for path in files_of(results, samples)}
    return {
        name: path
        for name, path in files.items()
        if any(pattern.match(f"results/{name}") for pattern in patterns)
    }


def files_of(results: Path, samples: Iterable[str]) -> list[Path]:
    """Return the files in the folders of a run: samples, patients, timepoints, cohort, exports, reference.

    Sorted; without the manifest itself, and without compiled kernels and indices of the aligner, which lie in
    folders of the reference. What an earlier run left of other samples is not of this one.
    """
    folders = [results / "patients" / sample for sample in samples]
    above = {folder for path in folders for folder in (path.parent, path.parent.parent)}
    whole = (*folders, results / "cohort", results / "exports")
    found = {path for folder in whole for path in folder.rglob("*")}
    found |= {path for folder in (*above, results / "reference") for path in folder.glob("*")}
    found = {path for path in found if NAME not in path.name and ".partial-" not in path.name}
    return sorted(path for path in found if path.is_file())


def digest_of(path: Path, *, ends: bool) -> dict[str, Any]:
    """Return size in bytes and digest of a file; that it is missing, if so.

    Args:
        path: the file.
        ends: of a large one the first and last bytes are enough.
    """
    if not path.is_file():
        return {"missing": True}
    size = path.stat().st_size
    if not ends or size <= LARGE:
        return {"bytes": size, "sha256": _sha256(path)}
    with path.open("rb") as stream:
        digest = hashlib.sha256(stream.read(END))
        stream.seek(-END, os.SEEK_END)
        digest.update(stream.read(END))
    return {"bytes": size, "sha256_of_ends": digest.hexdigest()}


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _site(site: SiteKnowledge) -> dict[str, Any]:
    return {
        "name": site.name,
        "version": site.version,
        "date": site.date.isoformat(),
        "files": {shown(path): _sha256(path) for path in site.files},
    }


def shown_settings(given: Any) -> Any:
    """Return settings in which no path says where it lies outside the working directory."""
    if isinstance(given, Mapping):
        return {key: shown_settings(value) for key, value in given.items()}
    if isinstance(given, list | tuple):
        return [shown_settings(value) for value in given]
    return shown(given) if isinstance(given, str) and given.startswith(("/", "~", "..")) else given
