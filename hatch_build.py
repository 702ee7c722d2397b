"""What a wheel holds besides the package: the adapters of the rules; pyproject.toml names the rest.

Folders are named there whole; `scripts` cannot be, for the package lies in it.
"""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Adapters(BuildHookInterface[Any]):
    """Adds `scripts/*.py`."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name the files; an editable install finds them in the clone."""
        if version != "editable":
            for path in sorted(Path(self.root, "scripts").glob("*.py")):
                build_data["force_include"][str(path)] = f"alktrace/project/scripts/{path.name}"
