"""Sheets and names of files are UTF-8, whatever the locale says."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from bad_input.bad_inputs import right_project

from alktrace.io.resources import ROOT

LATIN = "de_DE.ISO-8859-1"


@pytest.mark.parametrize("locale", [LATIN, "C"])
def test_a_name_with_an_umlaut_in_the_configuration(locale: str, tmp_path: Path) -> None:
    if locale == LATIN:
        command = ["localedef", "-i", "de_DE", "-f", "ISO-8859-1", str(tmp_path / LATIN)]
        if shutil.which("localedef") is None or subprocess.run(command, check=False).returncode:
            pytest.skip("localedef or the sources of locales are missing")
    project = right_project(tmp_path)
    (project / "samples.tsv").rename(project / "ü.tsv")
    config = (project / "config.yaml").read_text(encoding="utf-8").replace("samples.tsv", "ü.tsv")
    (project / "config.yaml").write_text(config, encoding="utf-8")
    names = {"LC_ALL": locale, "LOCPATH": str(tmp_path), "PYTHONPATH": str(ROOT / "scripts")}
    given = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [sys.executable, "-m", "alktrace", "check", "config.yaml", "--without-tools"],
        cwd=project,
        env=given | names,
        capture_output=True,
        check=False,
        timeout=50,
    )
    assert done.returncode == 0, done.stderr
