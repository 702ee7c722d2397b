"""The recipes of containers: both do the same, with the set-up of a clone, and run without rights."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCKER = ROOT / "envs" / "Dockerfile"
APPTAINER = ROOT / "envs" / "alktrace.def"
FOLDER = "/opt/alktrace"


def instructions() -> list[tuple[str, str]]:
    """Instructions of the Dockerfile with what follows them."""
    lines = [line for line in DOCKER.read_text().splitlines() if line and not line.startswith("#")]
    assert all(re.match(r"[A-Z]+ \S", line) for line in lines)
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in lines)]


def sections() -> dict[str, list[str]]:
    """Sections of the Apptainer definition with their lines; the head has no name."""
    found: dict[str, list[str]] = {"": []}
    name = ""
    for line in APPTAINER.read_text().splitlines():
        if line.startswith("%"):
            name = line[1:]
            found[name] = []
        elif line.strip() and not line.startswith("#"):
            found[name].append(line.strip())
    return found


def of(name: str) -> list[str]:
    return [rest for instruction, rest in instructions() if instruction == name]


def test_the_base_is_debian_12_by_its_plain_name() -> None:
    assert of("FROM") == ["debian:12-slim"]
    assert sections()[""] == ["Bootstrap: docker", "From: debian:12-slim"]
    for path in (DOCKER, APPTAINER):
        assert not re.search(
            r"://|\b[\w-]+\.(com|io|net|org)\b|token|password=|secret", path.read_text(), re.IGNORECASE
        )


def test_everything_a_run_reads_is_copied_and_exists() -> None:
    copied = dict(rest.split() for rest in of("COPY"))
    assert all((ROOT / source).exists() for source in copied)
    # What a wheel holds beside the package, and the locks.
    wheel = re.search(r"for name in \((.*?), \*map", (ROOT / "hatch_build.py").read_text())
    assert wheel and {*re.findall(r'"(\w+)"', wheel[1]), "scripts", "requirements.lock"} == {*copied}
    assert {tuple(line.split()) for line in sections()["files"]} == {
        (source, f"{FOLDER}/{source}") for source in copied
    }


def test_both_run_the_same_commands() -> None:
    assert sections()["post"] == [f"cd {FOLDER}", *of("RUN")]
    assert of("WORKDIR")[0] == FOLDER


def test_the_set_up_is_that_of_a_clone_and_asks_for_hashes() -> None:
    assert any(command.startswith("envs/setup.sh run") for command in of("RUN"))
    script = (ROOT / "envs" / "setup.sh").read_text()
    assert re.search(r'^hashed=".*--require-hashes"', script, re.MULTILINE)
    for line in re.findall(r".*pip install.*", script):
        assert "$hashed" in line or "--no-deps --no-build-isolation -e ." in line, line
    locks = set(re.findall(r"\S+\.lock", script))
    names = ("cnvkit", "dev", "igv", "multiqc")
    assert locks == {"requirements.lock", *(f"envs/{name}.lock" for name in names)}
    # The set-up installs the rest.
    (packages,) = (re.findall(r"--no-install-recommends (.*)", command) for command in of("RUN")[:1])
    assert packages == ["python3 python3-venv"]


def test_it_runs_as_a_user_without_rights_from_the_environment_of_the_set_up() -> None:
    names = [name for name, _ in instructions()]
    assert of("USER") == ["nobody"]
    assert "RUN" not in names[names.index("USER") :]
    (variables,) = of("ENV")
    # Apptainer keeps the caller's home and name.
    assert sections()["environment"] == [f"export {variables.removesuffix(' HOME=/tmp USER=nobody')}"]
    assert f"PATH={FOLDER}/.venv/bin:" in variables
    assert f"PYTHONPATH={FOLDER}/scripts" in variables
    assert of("ENTRYPOINT") == ['["python", "-m", "alktrace"]']
    assert sections()["runscript"] == ['exec python -m alktrace "$@"']


@pytest.mark.long
@pytest.mark.timeout(3000)
def test_the_image_is_built_and_runs_as_anybody(tmp_path: Path) -> None:
    if (
        not shutil.which("docker")
        or subprocess.run(["docker", "info"], capture_output=True, check=False).returncode
    ):
        pytest.skip("no Docker engine answers on this machine (`docker info`): the image was not built")
    build = ["docker", "build", "-q", "-f", str(DOCKER), str(ROOT)]
    image = subprocess.run(build, capture_output=True, text=True, check=True).stdout.strip()
    tmp_path.chmod(0o777)
    run = [
        "docker",
        "run",
        "--rm",
        "--network",
        "none",
        "-u",
        "12345:12345",
        "-v",
        f"{tmp_path}:/data",
        image,
    ]
    subprocess.run([*run, "demo", "outcomes", "--out", "made"], check=True)
    subprocess.run([*run, "cohort", "made/clinical", "made", "--out", "made/cohort"], check=True)
    assert (tmp_path / "made" / "cohort" / "report.html").is_file()
