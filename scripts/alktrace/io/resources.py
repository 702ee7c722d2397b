"""Where the files lie that come with the code: workflow, adapters, defaults, tables."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]

INSTALLED = PACKAGE / "project"
ROOT = INSTALLED if INSTALLED.is_dir() else PACKAGE.parents[1]
"""Folder of Snakefile, rules, scripts, envs, config, resources: in an installed package, else the clone."""

ADAPTERS = ROOT / "scripts"
DEFAULTS = ROOT / "config" / "config.yaml"
EXAMPLE_PLAN = ROOT / "config" / "example" / "sap.yaml"
RESOURCES = ROOT / "resources"


def resource(name: str) -> Path:
    """Return the path of a file or folder of the resources.

    Jobs read them where they lie, not as inputs of rules: another clone has other dates and other relative
    paths. Their content counts in the digest of the code, by the name in the call: it must be written out.
    """
    return RESOURCES / name
