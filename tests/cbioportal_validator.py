"""cBioPortal's own validator, from a checkout of its public importer (`ALKTRACE_CBIOPORTAL`)."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = "ALKTRACE_CBIOPORTAL"
PYTHON = "ALKTRACE_CBIOPORTAL_PYTHON"
"""Environment variables: the checkout, and a Python with what its requirements.txt names."""
CANCER = {
    "cancerTypeId": "nsclc",
    "name": "NSCLC",
    "dedicatedColor": "Gainsboro",
    "shortName": "NSCLC",
    "parent": "lung",
}


def said_of_study(study: Path, folder: Path) -> str:
    """Return what the validator says of a study, offline; skip the test without the checkout.

    Args:
        study: folder of the study.
        folder: gets what the validator asks a portal for.
    """
    checkout = os.environ.get(CHECKOUT)
    if not checkout:
        pytest.skip(f"{CHECKOUT} is not set")
    portal = folder / "portal"
    portal.mkdir()
    for path in Path(checkout, "tests", "test_data", "api_json_unit_tests").glob("*.json"):
        (portal / path.name).write_bytes(path.read_bytes())
    (portal / "cancer-types.json").write_text(json.dumps([CANCER]))
    program = str(Path(checkout, "scripts", "importer", "validateData.py"))
    command = [os.environ.get(PYTHON, sys.executable), program, "-s", str(study), "-p", str(portal)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    # 3: valid, with warnings.
    assert done.returncode in (0, 3), said
    return said
