"""The structure that the design promises, held against the files."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "scripts" / "alktrace"

# Left to right: a module imports from its own stage and from those before it.
ORDER = ("", "umi", "calling", "structural", "annotate", "resistance", "clinical", "report")
# Modules of the top level that tie stages together; jobs do not import them.
TIES = {"plan.py", "__main__.py", "one.py", "inputs.py", "table_files.py", "units.py"}
TRUTH = {"umi", "calling", "structural", "annotate", "resistance"}
HEAVY = {"pysam", "cyvcf2", "pyranges", "snakemake", "numba", "pandas"}

MODULES = sorted(PACKAGE.rglob("*.py"))
ADAPTERS = sorted((ROOT / "scripts").glob("*.py"))
RULES = "\n".join(path.read_text() for path in sorted((ROOT / "rules").glob("*.smk")))


def imports(path: Path) -> list[str]:
    """Dotted names a module imports; relative ones resolved below the package."""
    here = path.relative_to(PACKAGE).parts[:-1]
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = (".".join(here[: len(here) - node.level + 1]),) if node.level else ()
            prefix = "." if node.level else ""
            module = ".".join(part for part in (*base, node.module or "") if part)
            found += [f"{prefix}{module}.{alias.name}" for alias in node.names]
    return found


def stage_of(relative: str) -> str:
    first = relative.lstrip(".").split(".")[0]
    return first if (PACKAGE / first).is_dir() else ""


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_dependencies_point_one_way(path):
    stage = stage_of(".".join(path.relative_to(PACKAGE).parts[:-1]))
    if path.name in TIES and not stage:
        return
    used = {stage_of(name) for name in imports(path) if name.startswith(".")}
    if stage == "simulate":
        assert not used & TRUTH, "truth must share nothing with the code under test"
        return
    later = {name for name in used if name == "simulate" or ORDER.index(name) > ORDER.index(stage)}
    assert not later


@pytest.mark.parametrize(
    "path",
    [path for path in MODULES if path.parent.name in ("resistance", "clinical")],
    ids=lambda p: str(p.relative_to(PACKAGE)),
)
def test_clinical_logic_is_pure(path):
    allowed = {"pandas"} if path.parent.name == "clinical" else set()
    assert not {name.split(".")[0] for name in imports(path)} & (HEAVY - allowed)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_nothing_in_the_package_knows_snakemake(path):
    assert not [name for name in imports(path) if name.split(".")[0] == "snakemake"]


@pytest.mark.parametrize(
    "path", [path for path in ADAPTERS if path.name != "__init__.py"], ids=lambda path: path.stem
)
def test_every_adapter_belongs_to_a_rule_and_holds_no_logic(path):
    text = path.read_text()
    tree = ast.parse(text)
    if "snakemake" in text:
        assert f'"../scripts/{path.name}"' in RULES
        assert re.search(rf"^(rule|checkpoint) {path.stem}:", RULES, re.MULTILINE)
        branches = [n for n in ast.walk(tree) if isinstance(n, (ast.For, ast.While))]
        ifs = [n for n in ast.walk(tree) if isinstance(n, ast.If) and "TYPE_CHECKING" not in ast.dump(n)]
        assert not branches + ifs
    else:
        assert path.name in RULES, "a stream member of a shell rule"


def test_common_rules_stay_small():
    assert len((ROOT / "rules" / "common.smk").read_text().splitlines()) < 80
