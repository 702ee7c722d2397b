"""Whatever stands in a file that people write, its reader answers or says what is wrong, and never breaks."""

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import fuzz_targets
import pytest
from fuzz_targets import HGVS
from fuzzing import EDITS, ROOT, TARGETS, bounded_memory, decoded
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

LONGER = 10 if os.environ.get("HYPOTHESIS_PROFILE") == "search" else 1
SECONDS = int(os.environ.get("ALKTRACE_FUZZ_SECONDS", "600"))
edits = st.binary(min_size=5, max_size=17).map(lambda script: EDITS + script)


@pytest.fixture
def _bounded() -> Iterator[None]:
    with bounded_memory():
        yield


@pytest.mark.parametrize("name", TARGETS)
def test_right_input_is_read(name: str, tmp_path: Path) -> None:
    for content in TARGETS[name].seeds()[:20]:
        TARGETS[name].read(content, tmp_path)


@pytest.mark.usefixtures("_bounded")
@pytest.mark.parametrize("name", TARGETS)
def test_edited_input_is_read_or_refused(name: str, tmp_path: Path) -> None:
    """About two seconds for each target, twenty under the profile `search`."""
    target = TARGETS[name]

    @settings(max_examples=LONGER * target.examples, deadline=None, suppress_health_check=[*HealthCheck])
    @given(data=edits)
    def right(data: bytes) -> None:
        target.judge(decoded(data, target.seeds(), packed=target.packed), tmp_path)

    right()


# --- what was found ----------------------------------------------------------------------------

HEX = b"0x" + b"f" * 5000
ALIASES = b"a: &a [x, x, x, x, x, x, x, x, x]\n" + b"".join(
    b"%c: &%c [%s]\n" % (name + 1, name + 1, b", ".join([b"*%c" % name] * 9)) for name in b"abcdefg"
)
DEEP = b"[" * 3000
FOUND = {
    "configuration": [
        (b"samples.tsv", b"!!int"),
        (b"samples.tsv", b"!!timestamp a"),
        (b"samples.tsv", HEX),
        (b"clinical: clinical", b"exclude: [%s]" % HEX),
        (b"", ALIASES),
    ],
    "knowledge of a site": [
        (b"name:", b"name: !!int\nnam:"),
        (b"version: ", b"version: %s #" % HEX),
        (b"name:", b"name: %s\nnam:" % DEEP),
        (b"", b"== overlay.yaml ==\n" + ALIASES),
    ],
    "workbook": [(b"2026-01-31", b"2026\t01-31"), (b'r="C4"', b'r="XFD1048576"'), (b"A2:A3", b"A2:C3")],
    "report, table": [(b"p.G1202R", b"rs113488022"), (b"p.G1202R", b"COSM28055")],
    "gene models": [(b"\t900\t", b"\t;\t"), (b"\t11\t", b"\t-11\t"), (b"AAA", b"\xcc"), (b"\t+\t", b"\t.\t")],
    "HGVS": [
        (HGVS[0], b"c.0A>G"),
        (HGVS[0], b"c.207del"),
        (HGVS[0], b"c.60+200del"),
        (HGVS[0], b"c.60+1_60+%sdel" % (b"9" * 12)),
    ],
    "SA tag": [(b"60M40S", b"60M%sS" % (b"9" * 5000)), (b"42296001", b"9" * 99), (b"chr2", b"ch\xff2")],
    "VCF, reported": [
        (b"chr1\t150", b"ch\xff1\t150"),
        (b"\tC\tT\t", b"\t\xd8C\tT\t"),
        (b"Number=R,Type=Integer", b"Number=R,Type=Integer=<"),
        (b"ID=DP,Number=1,Type=Integer", b"ID=DP,Number="),
        (b"\tAF=0.5\t", b"\tAF\t"),
    ],
    "BAM records": [(b"XFf", b"XF0"), (b"XFf", b"XFB"), (b"SAZ", b"SAB"), (b"r0\0", b"\x800\0")],
    "BAM records, reads of a laboratory": [
        (b"r0\0", b"\x800\0"),
        (b"r0\0", "Ä\0".encode()),
        (b"ACGT-", b"AC\nT-"),
        (b"ACGT-", b"AC\xffT-"),
        (b"ZACGT-", b"A\xffXYZ"),
    ],
}


@pytest.mark.usefixtures("_bounded")
@pytest.mark.parametrize(("name", "old", "new"), [(name, *found) for name in FOUND for found in FOUND[name]])
def test_what_broke_a_reader(name: str, old: bytes, new: bytes, tmp_path: Path) -> None:
    right = TARGETS[name].seeds()[0]
    assert old in right
    TARGETS[name].judge(right.replace(old, new) if old else new, tmp_path)


@pytest.mark.long
@pytest.mark.timeout(SECONDS + 600)
@pytest.mark.parametrize("name", TARGETS)
def test_search(name: str, tmp_path: Path) -> None:
    """Led by the lines it reaches, atheris finds nothing in `ALKTRACE_FUZZ_SECONDS`."""
    if find_spec("atheris") is None:
        pytest.skip("atheris has no wheel for this Python")
    done = subprocess.run(
        [sys.executable, fuzz_targets.__file__, name, str(tmp_path), str(SECONDS)],
        env=os.environ | {"PYTHONPATH": f"{ROOT}/scripts"},
        capture_output=True,
        check=False,
    )
    found = [path.read_text(errors="replace") for path in (tmp_path / "found").glob("*.txt")]
    assert not found, "\n".join(found)
    assert done.returncode == 0, done.stderr[-3000:].decode(errors="replace")
