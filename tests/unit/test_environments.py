"""What is installed: the packages of a run stay few, the locks agree, conda files name what exists."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from alktrace.io.tools import floors

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
MOST_BYTES = 600_000_000
# Of MultiQC, of CNVkit, and of tests: none belongs to what every run installs.
NOT_IN_A_RUN = """
    boto3 kaleido multiqc plotly polars polars-runtime-32 polars-runtime-compat pyarrow tiktoken
    cnvkit reportlab scikit-learn statsmodels
    biopython cyvcf2 hypothesis mypy pytest ruff snakefmt
""".split()
# Named by MultiQC or polars, imported by no page: pictures, a second build for newer processors, nothing.
LEFT_OUT_OF_MULTIQC = {"kaleido", "polars-runtime-32", "pyarrow"}


def closure(requirements: list[str]) -> dict[str, Distribution]:
    """Installed packages by name that requirements lead to, their markers and extras honoured."""
    found: dict[str, Distribution] = {}
    waiting = [(Requirement(text), frozenset[str]()) for text in requirements]
    seen = set()
    while waiting:
        wanted, _ = waiting.pop()
        name, extras = str(canonicalize_name(wanted.name)), frozenset(wanted.extras)
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        found[name] = distribution(name)
        for text in found[name].requires or ():
            further = Requirement(text)
            if further.marker is None or any(further.marker.evaluate({"extra": e}) for e in extras or {""}):
                waiting.append((further, extras))
    return found


def pins(lock: str) -> dict[str, str]:
    """Packages of a lock file with version and condition."""
    text = (ROOT / lock).read_text()
    return dict(re.findall(r"^([a-z0-9][\w.-]*)==([^\\\n]*?) *\\?$", text, re.MULTILINE))


LOCKS = (
    "requirements.lock",
    "envs/cnvkit.lock",
    "envs/dev.lock",
    "envs/multiqc.lock",
    "envs/docs.lock",
    "envs/fuzz.lock",
    "envs/pdf.lock",
    "envs/igv.lock",
)


# --- Python packages -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def core() -> dict[str, Distribution]:
    return closure(PROJECT["project"]["dependencies"])


def test_what_a_run_installs_is_small(core: dict[str, Distribution]) -> None:
    """As the packages are shipped: compiled Python comes on top."""
    sizes = {name: sum(file.size or 0 for file in found.files or ()) for name, found in core.items()}
    largest = sorted(sizes, key=lambda name: -sizes[name])[:10]
    assert 100_000_000 < sum(sizes.values()) < MOST_BYTES, {name: sizes[name] for name in largest}
    assert not set(sizes) & set(NOT_IN_A_RUN)


def test_the_lock_is_what_a_run_installs(core: dict[str, Distribution]) -> None:
    locked = pins("requirements.lock")
    assert set(core) <= set(locked)
    # Others are for another system or Python, and say so.
    assert [name for name in set(locked) - set(core) if ";" not in locked[name]] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_everything_is_hashed(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert pins(lock)
    for block in re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]:
        assert "--hash=sha256:" in block, block.splitlines()[0]
    assert "://" not in text


def test_locks_of_one_environment_agree() -> None:
    """They are installed together; CNVkit's and that of tests hold what they add to the first."""
    core, cnvkit, dev = map(pins, LOCKS[:3])
    assert not set(core) & {*cnvkit, *dev} - {"colorama"}
    assert all(cnvkit[name] == dev[name] for name in set(cnvkit) & set(dev))
    assert set(closure(["cnvkit"])) <= {*core, *cnvkit}


@pytest.mark.parametrize("extra", ["cnvkit", "multiqc"])
def test_an_extra_is_what_its_lock_pins(extra: str) -> None:
    assert PROJECT["project"]["optional-dependencies"][extra] == [extra]
    assert extra in pins(f"envs/{extra}.lock")


def test_paper_is_an_extra_that_its_lock_adds_to_a_run() -> None:
    assert PROJECT["project"]["optional-dependencies"]["pdf"] == ["weasyprint>=70"]
    locked = pins("envs/pdf.lock")
    assert "weasyprint" in locked and not set(locked) & set(pins("requirements.lock"))


def test_multiqc_lacks_what_was_left_out_alone() -> None:
    assert not LEFT_OUT_OF_MULTIQC & set(pins("envs/multiqc.lock"))
    python = Path(sys.prefix, "multiqc", "bin", "python")
    if not python.exists():
        pytest.skip("MultiQC has no environment of its own here: `envs/setup.sh` makes it")
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(python), "check"]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    assert set(re.findall(r"requires (\S+), which is not installed", said)) == LEFT_OUT_OF_MULTIQC
    assert len(said.splitlines()) == len(LEFT_OUT_OF_MULTIQC)


# --- conda -----------------------------------------------------------------------------------

FILES = sorted((ROOT / "envs").glob("*.yaml"))
TOOLS = {*floors(), "multiqc"}


def dependencies(path: Path) -> dict[str, str]:
    found = yaml.safe_load(path.read_text())
    assert found["channels"] == ["conda-forge", "bioconda", "nodefaults"]
    return dict(item.split(" =") for item in found["dependencies"])


def number(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_conda_files_pin_what_exists_and_will_do(path: Path) -> None:
    lines = (ROOT / "tests/data/conda_packages.tsv").read_text().splitlines()[2:]
    known = {name: versions.split() for name, versions in (line.split("\t") for line in lines)}
    for name, version in dependencies(path).items():
        assert version in known[name], name
        assert number(version) >= number(floors().get(name, "0"))


def test_conda_files_agree() -> None:
    found: dict[str, set[str]] = {}
    for path in FILES:
        for name, version in dependencies(path).items():
            found.setdefault(name, set()).add(version)
    assert {name for name, versions in found.items() if len(versions) > 1} == set()
    assert found["samtools"] == found["htslib"], "built on one htslib"
    assert found["multiqc"] == {pins("envs/multiqc.lock")["multiqc"]}
    # What the set-up installs where conda is at hand is what the rules would get.
    assert {*dependencies(ROOT / "envs/tools.yaml")} == {*found} - {"multiqc", "bwa-mem2"}


@pytest.mark.parametrize("path", sorted((ROOT / "rules").glob("*.smk")), ids=lambda path: path.stem)
def test_a_rule_finds_the_tools_it_calls_in_its_environment(path: Path) -> None:
    for rule in re.split(r"^(?=rule |checkpoint )", path.read_text(), flags=re.MULTILINE)[1:]:
        shell = re.search(r"^    shell:\n(.*?)(?=^\S|\Z)", rule, re.MULTILINE | re.DOTALL)
        if not shell:
            continue
        text = shell[1].replace("{params.aligner}", "bwa bwa-mem2")
        called = {tool for tool in TOOLS if re.search(rf"(?<![\w/.-]){tool}(?![\w.-])", text)}
        named = re.search(r'^    conda:\n\s+"\.\./(\S+)"', rule, re.MULTILINE)
        assert called and named, rule.splitlines()[0]
        assert called <= {*dependencies(ROOT / named[1])}, rule.splitlines()[0]
