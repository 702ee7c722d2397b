"""The structure that the map of the project promises, held against the files."""

import ast
import io
import re
import tokenize
from collections import Counter
from pathlib import Path
from tokenize import COMMENT

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "scripts" / "alktrace"

# Bottom to top: a module imports from its own room and from those before it.
ORDER = """
    vocabulary stats io inputs reference align consensus calling structural annotate
    reported qc evidence knowledge classify outcomes assay report exports centres checks workflow commands
""".split()
# Rooms with a rule file of the same name; the other rooms are no stages.
STAGES = """
    reference align consensus calling structural annotate reported qc evidence classify outcomes assay
    report exports
""".split()
PURE = ("knowledge", "classify", "outcomes")
# What is simulated shares nothing with the code under test but words, files and the columns of tables.
DEMO_MAY = {"vocabulary", "io", "inputs", "stats"}
HEAVY = {"pysam", "cyvcf2", "snakemake", "numba", "pandas"}

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


def room_of(relative: str) -> str:
    first = relative.lstrip(".").split(".")[0]
    return first if (PACKAGE / first).is_dir() else ""


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_dependencies_point_one_way(path: Path) -> None:
    room = room_of(".".join(path.relative_to(PACKAGE).parts[:-1]))
    if not room:
        return
    used = [name for name in imports(path) if name.startswith(".")]
    if room == "demo":
        foreign = {name for name in used if room_of(name) not in {"demo", "", *DEMO_MAY}}
        assert all(name.split(".")[-2].endswith("_table") for name in foreign), "truth must be computed apart"
        return
    rooms = {room_of(name) for name in used} - {""}
    if room == "commands":
        rooms -= {"demo"}
    assert not {name for name in rooms if name == "demo" or ORDER.index(name) > ORDER.index(room)}


def test_every_room_stands_in_the_order() -> None:
    rooms = {path.name for path in PACKAGE.iterdir() if path.is_dir() and (path / "__init__.py").is_file()}
    assert rooms == {*ORDER, "demo"}


def test_a_stage_has_one_word_for_folder_and_rules() -> None:
    assert {path.stem for path in (ROOT / "rules").glob("*.smk")} == {*STAGES, "common"}


def test_no_two_modules_share_a_name_and_none_repeats_its_room() -> None:
    names = Counter(path.stem for path in MODULES if not path.stem.startswith("__"))
    assert not [name for name, times in names.items() if times > 1]
    assert not [path for path in MODULES if path.stem == path.parent.name]


@pytest.mark.parametrize(
    "path",
    [path for path in MODULES if path.relative_to(PACKAGE).parts[0] in PURE],
    ids=lambda p: str(p.relative_to(PACKAGE)),
)
def test_clinical_logic_is_pure(path: Path) -> None:
    allowed = {"pandas"} if path.parent.name == "outcomes" else set()
    assert not {name.split(".")[0] for name in imports(path)} & (HEAVY - allowed)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_nothing_in_the_package_knows_snakemake(path: Path) -> None:
    assert not [name for name in imports(path) if name.split(".")[0] == "snakemake"]


@pytest.mark.parametrize("path", ADAPTERS, ids=lambda path: path.stem)
def test_every_adapter_belongs_to_a_rule_and_holds_no_logic(path: Path) -> None:
    text = path.read_text()
    tree = ast.parse(text)
    if "snakemake" in text:
        assert f'"../scripts/{path.name}"' in RULES
        assert re.search(rf"^(rule|checkpoint) {path.stem}:", RULES, re.MULTILINE)
        branches = [n for n in ast.walk(tree) if isinstance(n, (ast.For, ast.While))]
        ifs = [n for n in ast.walk(tree) if isinstance(n, ast.If) and "TYPE_CHECKING" not in ast.dump(n)]
        assert not branches + ifs
    else:
        assert path.stem in RULES, "a stream member of a shell rule"


def test_common_rules_stay_small() -> None:
    assert len((ROOT / "rules" / "common.smk").read_text().splitlines()) < 80


@pytest.mark.parametrize("room", ["classify", "outcomes"])
def test_traps_are_named_where_a_wrong_line_misleads_a_treatment(room: str) -> None:
    """At least two comments in 100 lines; headings and marks for tools are none."""
    lines = comments = 0
    for path in sorted((PACKAGE / room).glob("*.py")):
        text = path.read_text(encoding="utf-8")
        lines += len(text.splitlines())
        found = [t.string for t in tokenize.generate_tokens(io.StringIO(text).readline) if t.type == COMMENT]
        comments += sum(not re.match(r"#\s*(---|fmt:|type:|noqa)", comment) for comment in found)
    assert comments >= lines / 50
