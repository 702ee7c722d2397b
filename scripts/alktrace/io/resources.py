"""Where the tables that come with the code lie."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]

INSTALLED = PACKAGE / "resources"
RESOURCES = INSTALLED if INSTALLED.is_dir() else PACKAGE.parents[1] / "resources"
"""Inside an installed package, else at the root of the project."""

KNOWLEDGE = RESOURCES / "knowledge"
