"""What a wheel holds besides the package: the workflow, laid out below `alktrace/project` as in the clone."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Project(BuildHookInterface[Any]):
    """Adds Snakefile, rules, adapters, environments, defaults and tables."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name the files; an editable install finds them in the clone."""
        if version == "editable":
            return
        # Adapters one by one: the package lies in their folder.
        adapters = sorted(path.relative_to(self.root) for path in Path(self.root, "scripts").glob("*.py"))
        for name in ("Snakefile", "rules", "envs", "config", "resources", *map(Path.as_posix, adapters)):
            build_data["force_include"][str(Path(self.root, name))] = f"alktrace/project/{name}"
