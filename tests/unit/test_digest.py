"""What a job's digest covers: everything its adapter imports or reads, and nothing else."""

import subprocess
import sys
from pathlib import Path

import pytest

from alktrace.io import digest
from alktrace.io.digest import code_digest, import_closure, module_digest
from alktrace.io.resources import ADAPTERS, PACKAGE, RESOURCES

# An adapter, modules and tables its jobs cannot do without, and some that have nothing to do with them.
KNOWN = {
    "extract_reads": (
        "align/extract.py align/read_structure.py errors.py",
        "align/retag.py consensus inputs knowledge outcomes",
    ),
    "align_consensus": ("consensus/placing.py align/copy_fit.py", "consensus/likelihood.py calling"),
    "call_molecules": ("consensus/grouping.py", "calling consensus/zipping.py knowledge"),
    "call_variants": (
        "calling/rule/verdict.py calling/noise/rates.py noise/prior.tsv noise/dispersion.tsv",
        "outcomes classify report knowledge vocabulary/clinical.py",
    ),
    "call_structural": ("structural/fusions/scan.py reference/fusion_drivers.tsv", "outcomes classify noise"),
    "classify_timepoint": ("classify/decision.py knowledge/drugs.tsv", "outcomes calling report noise"),
    "relate_outcomes": ("outcomes/cox.py knowledge/drugs.tsv", "calling consensus align report noise"),
    "export_maf": ("exports/maf.py knowledge/identifiers.tsv", "report outcomes noise workflow/plan.py"),
    "write_patient_page": (
        "report/templates/patient.html report/words.tsv knowledge/messages.tsv outcomes/clinical_schema.py",
        "outcomes/cox.py outcomes/endpoints.py calling noise",
    ),
    "write_manifest": ("report/manifest.py", "report/pages.py report/templates outcomes"),
    "prepare_gene_models": ("reference/loci.py knowledge/genes.tsv", "knowledge/drugs.tsv calling"),
}


def closure(adapter: str) -> list[Path]:
    return import_closure([ADAPTERS / f"{adapter}.py"])


def names_of(adapter: str) -> set[str]:
    """Files that an adapter reaches, and their folders, below the package or the resources."""
    names: set[str] = set()
    for file in closure(adapter):
        for root in (RESOURCES, PACKAGE):
            if file.is_relative_to(root):
                path = file.relative_to(root)
                names |= {str(path), *(str(folder) for folder in path.parents)}
    return names


@pytest.mark.parametrize("adapter", KNOWN)
def test_closures_of_known_adapters(adapter: str) -> None:
    inside, outside = (set(names.split()) for names in KNOWN[adapter])
    found = names_of(adapter)
    assert inside <= found
    assert not outside & {name for name in found if not name.endswith("__init__.py")}


def test_no_job_reaches_the_whole_configuration_the_sheet_or_the_plan() -> None:
    """An edit of these would make every job due that does; sections and samples are handed on by value."""
    reached = {name for path in ADAPTERS.glob("*.py") for name in names_of(path.stem)}
    assert "inputs/settings/calling_settings.py" in reached
    assert not reached & {"inputs/settings/configuration.py", "inputs/sheet.py", "workflow/plan.py", "checks"}


@pytest.mark.parametrize("adapter", ["extract_reads", "classify_timepoint", "measure_outcomes"])
def test_python_loads_nothing_outside_the_closure(adapter: str) -> None:
    modules = [
        ".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
        for file in closure(adapter)
        if PACKAGE in file.parents and file.suffix == ".py"
    ]
    program = (
        "import importlib, sys\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
        "print(*sorted(name for name in sys.modules if name.split('.')[0] == 'alktrace'))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == set(modules)


def test_resources_are_reached_by_their_written_names_alone() -> None:
    files = [*PACKAGE.rglob("*.py"), *ADAPTERS.glob("*.py")]
    users = {path.name for path in files if "RESOURCES" in path.read_text()}
    assert users == {"resources.py", "digest.py", "tools.py"}, "tools.py tells the members of pipes"


# --- a made-up package ----------------------------------------------------------------------


class Code:
    """A folder of scripts with a package and resources, as `digest` expects them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("scripts/job.py", "scripts/alktrace/room/module.py", "scripts/alktrace/room/helper.py"):
            self.write(name, "")
        for name in ("scripts/alktrace/__init__.py", "scripts/alktrace/room/__init__.py"):
            self.write(name, "")
        self.write("scripts/alktrace/other.py", "")
        self.write("scripts/alktrace/room/templates/page.html", "<p>")
        for name in ("table.tsv", "tables/one.tsv", "tables/one.schema.json", "tables/README.md"):
            self.write(f"resources/{name}", "1")
        self.write("scripts/job.py", "from alktrace.room.module import run")

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        for cached in (digest._look_into, digest._name, digest._modules):
            cached.cache_clear()

    def module(self, text: str) -> None:
        self.write("scripts/alktrace/room/module.py", text)

    def reached(self) -> set[str]:
        """Names of the reached files, without the parts that every closure has here."""
        always = {"job.py", "module.py", "__init__.py"}
        return {path.name for path in import_closure([self.folder / "scripts" / "job.py"])} - always


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Code:
    monkeypatch.setattr(digest, "ADAPTERS", tmp_path / "scripts")
    monkeypatch.setattr(digest, "PACKAGE", tmp_path / "scripts" / "alktrace")
    monkeypatch.setattr(digest, "RESOURCES", tmp_path / "resources")
    return Code(tmp_path)


IMPORTS = {
    "import alktrace_other.room.helper, os": set(),
    "match 1:\n    case 1:\n        from . import helper": {"helper.py"},
    "try:\n    pass\nexcept E:\n    from . import helper": {"helper.py"},
    "import alktrace.room.helper": {"helper.py"},
    "import alktrace.room.helper as short": {"helper.py"},
    "from alktrace.room import helper": {"helper.py"},
    "from alktrace.room.helper import name": {"helper.py"},
    "from . import helper": {"helper.py"},
    "from .helper import name": {"helper.py"},
    "from .. import other": {"other.py"},
    "from ..other import name": {"other.py"},
    "def run():\n    from .helper import name": {"helper.py"},
    "class A:\n    from .helper import name": {"helper.py"},
    "try:\n    import quick\nexcept ImportError:\n    from . import helper": {"helper.py"},
    "if FAST:\n    from . import helper\nelse:\n    from .. import other": {"helper.py", "other.py"},
    "with block():\n    from . import helper": {"helper.py"},
    "match x:\n    case 1:\n        from . import helper": {"helper.py"},
    "if TYPE_CHECKING:\n    from . import helper": set(),
    "import typing\nif typing.TYPE_CHECKING:\n    from . import helper": set(),
    "if TYPE_CHECKING:\n    from . import helper\nelse:\n    from .. import other": {"other.py"},
    "if not TYPE_CHECKING:\n    from . import helper": {"helper.py"},
    "import os, numpy": set(),
    "TABLE = resource('table.tsv')": {"table.tsv"},
    "def run(): return read(resource('tables'))": {"one.tsv", "one.schema.json"},
    "FOLDER = Path(__file__).parent / 'templates'": {"page.html"},
}


@pytest.mark.parametrize("text", IMPORTS)
def test_what_a_module_reaches(code: Code, text: str) -> None:
    code.module(text)
    assert code.reached() == IMPORTS[text]


def test_packages_on_the_way_run_too(code: Code) -> None:
    code.write("scripts/alktrace/room/__init__.py", "from .. import other")
    assert code.reached() == {"other.py"}


def test_circles_end(code: Code) -> None:
    code.module("from . import helper")
    code.write("scripts/alktrace/room/helper.py", "from . import module")
    assert code.reached() == {"helper.py"}


def test_a_resource_without_a_written_name_is_an_error(code: Code) -> None:
    code.module("resource(name)")
    with pytest.raises(ValueError, match="malformed"):
        code.reached()


TEXT = '''"""Module."""

LIMIT = 3
"""Of what."""


def run(x):
    """Say it."""
    return x + LIMIT
'''
SAME = {
    "comment": TEXT.replace("LIMIT = 3", "LIMIT = 3  # three"),
    "layout": TEXT.replace("x + LIMIT", "(\n        x + LIMIT\n    )"),
    "docstrings": TEXT.replace("Module", "Mod").replace("Say it", "Return"),
    "no docstrings": "LIMIT = 3\ndef run(x):\n    return x + LIMIT\n",
    "text behind a constant": TEXT.replace("Of what", "Of that"),
}
OTHER = {
    "constant": TEXT.replace("3", "4"),
    "operator": TEXT.replace("x +", "x -"),
    "name": TEXT.replace("run", "walk"),
    "default": TEXT.replace("run(x)", "run(x=1)"),
    "value of a text": TEXT.replace("x + LIMIT", "'x'"),
}


@pytest.mark.parametrize("name", [*SAME, *OTHER])
def test_code_counts_and_words_about_it_do_not(code: Code, name: str) -> None:
    code.module(TEXT)
    before = code_digest("job")
    code.module((SAME | OTHER)[name])
    assert (code_digest("job") == before) is (name in SAME)


def test_tables_and_templates_count(code: Code) -> None:
    code.module("resource('tables'), 'templates'")
    seen = [code_digest("job")]
    for name in (
        "resources/tables/one.tsv",
        "resources/tables/one.schema.json",
        "scripts/alktrace/room/templates/page.html",
    ):
        code.write(name, "2")
        seen.append(code_digest("job"))
    assert len(set(seen)) == len(seen)
    code.write("resources/tables/README.md", "2")
    code.write("resources/table.tsv", "2")
    assert code_digest("job") == seen[-1]


def test_digests_do_not_depend_on_where_the_code_lies(
    code: Code, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code.module("resource('table.tsv')")
    here = code_digest("job")
    # An installed package holds adapters and resources, a clone has them beside the package.
    package, project = tmp_path / "site" / "alktrace", tmp_path / "site" / "alktrace" / "project"
    package.parent.mkdir()
    (tmp_path / "scripts" / "alktrace").rename(package)
    project.mkdir()
    for name, folder in {"ADAPTERS": "scripts", "RESOURCES": "resources"}.items():
        (tmp_path / folder).rename(project / folder)
        monkeypatch.setattr(digest, name, project / folder)
    monkeypatch.setattr(digest, "PACKAGE", package)
    assert code_digest("job") == here


def test_a_resource_has_a_digest_of_its_own(code: Code) -> None:
    table = code.folder / "resources" / "table.tsv"
    before = module_digest(table)
    code.write("resources/table.tsv", "2")
    assert module_digest(table) != before
