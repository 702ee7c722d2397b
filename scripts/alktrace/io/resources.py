"""Where the files lie that come with the code: workflow, adapters, defaults, tables."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]

INSTALLED = PACKAGE / "project"
ROOT = INSTALLED if INSTALLED.is_dir() else PACKAGE.parents[1]
"""Folder of Snakefile, rules, scripts, envs, config, resources: in an installed package, else the clone."""

ADAPTERS = ROOT / "scripts"
DEFAULTS = ROOT / "config" / "config.yaml"
RESOURCES = ROOT / "resources"
KNOWLEDGE = RESOURCES / "knowledge"
