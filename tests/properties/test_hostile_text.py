"""Whatever stands in a file that people write, its reader answers or says what is wrong, and never breaks."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from alktrace.align.fixed_umis import read_fixed_umis
from alktrace.align.read_structure import parse_read_structure
from alktrace.checks.table_files import check_vcf
from alktrace.errors import AlktraceError
from alktrace.evidence.evidence_file import load_evidence
from alktrace.inputs.config_file import read_config
from alktrace.inputs.sheet import read_sheet
from alktrace.inputs.user_tables import read_user_table
from alktrace.io.bed import read_bed
from alktrace.outcomes.clinical_schema import TreatmentRow

ROOT = Path(__file__).resolve().parents[2]
RIGHT = ROOT / "tests" / "bad_input" / "right"
READERS: dict[str, tuple[Path, Callable[[Path], Any]]] = {
    "sheet": (RIGHT / "samples.tsv", lambda path: read_sheet(path, assays=["panel"])),
    "clinical": (RIGHT / "clinical/treatments.tsv", lambda path: read_user_table(path, TreatmentRow)),
    "targets": (RIGHT / "panel.bed", read_bed),
    "config": (RIGHT / "config.yaml", read_config),
    "VCF": (RIGHT / "calls.vcf", check_vcf),
    "UMIs": (RIGHT / "umis.txt", lambda path: read_fixed_umis(path, max_mismatches=1, min_distance=2)),
    "evidence": (ROOT / "docs/examples/classification/evidence.json", load_evidence),
}
SIGNS = [
    "\t",
    "\n",
    "\r",
    "\0",
    "\x1c",
    "\x85",
    "\u2028",
    ",",
    ";",
    ":",
    '"',
    "'",
    "=",
    "-",
    "¹",
    "٣",
    "9" * 5000,
]
SIGNS += ["[", "{", "}", "&a", "*a", "!!int", "nan", "1e999", "1_0", "\ufeff", "ä", "😀", "#", "."]
edits = st.lists(
    st.tuples(
        st.floats(0, 1),
        st.integers(0, 30),
        st.sampled_from(SIGNS) | st.binary(max_size=4).map(lambda b: b.hex()),
    ),
    min_size=1,
    max_size=4,
)
FEW = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@pytest.mark.parametrize("name", READERS)
@FEW
@given(changes=edits)
def test_a_changed_file_is_read_or_refused(name: str, changes: Any, tmp_path: Path) -> None:
    right, read = READERS[name]
    text = right.read_text()
    for share, length, sign in changes:
        at = int(share * len(text))
        text = text[:at] + sign + text[at + length :]
    path = tmp_path / right.name
    path.write_text(text, encoding="utf-8")
    try:
        read(path)
    except AlktraceError as error:
        assert str(error)


@FEW
@given(st.text("0123456789+TMSBC¹ \n", max_size=12))
@example("9" * 5000 + "T")
def test_a_read_structure_is_read_or_refused(text: str) -> None:
    try:
        structure = parse_read_structure(text)
        assert parse_read_structure(str(structure)) == structure
    except AlktraceError as error:
        assert str(error)
