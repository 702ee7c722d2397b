"""What made the results: versions of programs and packages, settings, digests of the inputs."""

import hashlib
import json
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from .. import __version__
from ..inputs.knowledge_files import KnowledgeFiles
from ..inputs.site_knowledge import SiteKnowledge
from ..io.atomic import atomic_output
from ..io.tools import tool_version
from ..knowledge.load import edition_of

PROGRAMS = ("bwa", "bwa-mem2", "samtools", "bcftools", "fastp", "multiqc")
PACKAGES = (
    "biopython", "cnvkit", "cyvcf2", "dnaio", "lifelines", "numba", "numpy", "pandas", "pydantic", "pyranges",
    "pysam", "scipy", "snakemake",
)  # fmt: skip


def write_manifest(
    *, settings: dict[str, Any], inputs: Sequence[Path], knowledge: KnowledgeFiles, code: str, out: Path
) -> None:
    """Write the manifest of a run.

    Args:
        settings: the configuration as used.
        inputs: sample sheet and clinical tables.
        knowledge: the knowledge tables.
        code: digest of all adapters and what they reach.
        out: JSON, keys sorted, without dates and machine names, so that equal runs give equal bytes.
    """
    edition = edition_of(knowledge)
    manifest = {
        "alktrace": __version__,
        "code": code,
        "programs": {name: found for name in PROGRAMS if (found := tool_version(name))},
        "packages": {name: version(name) for name in PACKAGES},
        "inputs": {str(path): digest(path) for path in inputs},
        "knowledge": {
            "version": edition.version,
            "as_of": edition.as_of,
            "tables": {path.name: digest(path) for path in sorted(knowledge.folder.glob("*.tsv"))},
            "site": _site(edition.site) if edition.site else None,
        },
        "settings": settings,
    }
    with atomic_output(out) as (partial,):
        partial.write_text(json.dumps(manifest, indent=2, sort_keys=True) + "\n")


def _site(site: SiteKnowledge) -> dict[str, Any]:
    return {
        "name": site.name,
        "version": site.version,
        "date": site.date.isoformat(),
        "files": {str(path): digest(path) for path in site.files},
    }


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
