"""Pages of IGV: what is in them, that nothing goes out, and that a browser draws them."""

import base64
import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pysam
import pytest
from exported_patients import FUSION, G1202R, HOSTILE, LONG_ID, patient, small

from alktrace.exports.exported import ExportedPatient
from alktrace.exports.igv_page import AROUND, BOOT, write_pages
from alktrace.io.tools import package_version

pytestmark = pytest.mark.skipif(package_version("igv-notebook") is None, reason="igv.js is not installed")
# Chromosome 2 up to the breakpoint in EML4 would be 42 MB: the places of these are moved.
SITE = 1000
MOVED = small(f"chr2:{SITE}:C:T", "ALK", "G1202R", "c.3604G>A", "p.Gly1202Arg", codon=1202, exon=23)
BREAK = FUSION | {"position_grch38": "chr2:2000T>T]chr2:3000]"}


@pytest.fixture
def inputs(tmp_path: Path) -> dict[str, Any]:
    """A genome of 5 kb, and a BAM with a mutant read at the site, one of the reference, and one far away."""
    fasta = tmp_path / "genome.fa"
    fasta.write_text(">chr2\n" + "C" * 5000 + "\n")
    pysam.faidx(str(fasta))
    header = {
        "HD": {"VN": "1.6", "SO": "coordinate"},
        "SQ": [{"SN": "chr2", "LN": 5000}],
        "RG": [{"ID": "u1", "SM": "secret-sample"}],
        "PG": [{"ID": "bwa", "CL": "bwa mem /home/somebody/x.fq"}],
    }
    bam = tmp_path / "consensus.bam"
    with pysam.AlignmentFile(str(bam), "wb", header=header) as out:
        for name, start, bases in (
            ("mutant", 950, "C" * 49 + "T" + "C" * 50),
            ("plain", 960, "C" * 100),
            ("far", 4000, "C" * 100),
        ):
            read = pysam.AlignedSegment(out.header)
            read.query_name, read.query_sequence = name, bases
            read.reference_id, read.reference_start, read.cigarstring = 0, start, "100M"
            read.mapping_quality, read.query_qualities = 60, pysam.qualitystring_to_array("I" * 100)
            read.set_tag("RG", "u1")
            out.write(read)
    pysam.index(str(bam))
    return {"bams": {"P1.PD1.plasma": str(bam)}, "fasta": fasta, "folder": tmp_path / "igv"}


def page(one: ExportedPatient, inputs: dict[str, Any]) -> str:
    write_pages([one], **inputs)
    return Path(inputs["folder"], f"{one.patient}.html").read_text()


def told(text: str) -> list[dict[str, Any]]:
    found = re.search(r'<script type="application/json" id="told">(.*?)</script>', text)
    assert found
    content: list[dict[str, Any]] = json.loads(found[1])
    return content


def decoded(url: str) -> bytes:
    return base64.b64decode(url.partition(",")[2])


def test_reads_and_sequence_of_the_site_alone(inputs: dict[str, Any], tmp_path: Path) -> None:
    (view, five, three) = told(page(patient(MOVED, BREAK), inputs))
    assert [one["name"].rpartition(" ")[2] for one in (view, five, three)] == [
        "chr2:1000",
        "chr2:2000",
        "chr2:3000",
    ]
    first = SITE - AROUND
    assert decoded(view["config"]["reference"]["fastaURL"]).startswith(
        f">chr2:{first}-{SITE + AROUND}\n".encode()
    )
    (track,) = view["config"]["tracks"]
    bam = tmp_path / "again.bam"
    bam.write_bytes(decoded(track["url"]))
    with pysam.AlignmentFile(str(bam), check_sq=False) as stream:
        assert [read.query_name for read in stream] == ["mutant", "plain"]
        assert "secret" not in str(stream.header) and "somebody" not in str(stream.header)
    assert track["sort"] == {"chr": "chr2", "position": SITE, "option": "BASE", "direction": "ASC"}


def test_the_policy_lets_nothing_out_and_no_other_script_in(inputs: dict[str, Any]) -> None:
    text = page(patient(MOVED), inputs)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
    assert policy and policy[1].startswith("default-src 'none'; ") and "connect-src data:;" in policy[1]
    assert not re.search(r"https?:", policy[1])
    assert f"sha256-{base64.b64encode(hashlib.sha256(BOOT.encode()).digest()).decode()}" in policy[1]
    assert '"loadDefaultGenomes": false' in text and '"queryParametersSupported": false' in text


@pytest.mark.parametrize("one", [patient(), patient(name=LONG_ID), patient(G1202R | {"observations": []})])
def test_without_a_finding_the_page_says_so(inputs: dict[str, Any], one: ExportedPatient) -> None:
    text = page(one, inputs)
    assert told(text) == [] and "does not mean that nothing was found" in text


@pytest.mark.parametrize("place", ["chrUn", "chr2:9000"])
def test_a_place_that_the_genome_does_not_have_is_left_out(inputs: dict[str, Any], place: str) -> None:
    chrom, _, pos = place.partition(":")
    far = small(f"{chrom}:{pos or SITE}:C:T", "ALK", "G1202R", None, "p.Gly1202Arg", codon=1202, exon=23)
    assert told(page(patient(far, inherited=True), inputs)) == []


def test_hostile_text_ends_no_script(inputs: dict[str, Any]) -> None:
    name = f"</script><script>alert(1)</script>{HOSTILE}"
    text = page(patient(small(f"chr2:{SITE}:C:T", "ALK", name, None, "p.Gly1202Arg", codon=1202)), inputs)
    assert "<script>alert" not in text.replace("&lt;", "")
    assert not told(text) or told(text)[0]["name"].startswith("ALK </script>")


OPTIONS = """
    --headless --no-sandbox --disable-gpu --disable-background-networking --disable-component-update
    --no-first-run --virtual-time-budget=10000 --dump-dom
""".split()
OWN = "not an origin"
"""What started a request that the browser makes for itself, as for its clock."""


def browsed(path: Path, folder: Path) -> tuple[str, str, set[str]]:
    """What a browser makes of a page, what it says, and the addresses that it asks for outside."""
    log = folder / "net.json"
    done = subprocess.run(
        ["chromium", *OPTIONS, f"--user-data-dir={folder / 'profile'}", f"--log-net-log={log}", f"file://{path}"],
        capture_output=True, text=True, check=False, timeout=50,
    )  # fmt: skip
    told = [event.get("params", {}) for event in json.loads(log.read_text())["events"]]
    asked = {one["url"] for one in told if one.get("initiator", OWN) != OWN and "url" in one}
    return done.stdout, done.stderr, {url for url in asked if url.startswith("http")}


@pytest.mark.skipif(shutil.which("chromium") is None, reason="no browser")
def test_a_browser_draws_it_and_asks_for_nothing(inputs: dict[str, Any], tmp_path: Path) -> None:
    page(patient(MOVED), inputs)
    shown, said, asked = browsed(inputs["folder"] / "P1.html", tmp_path)
    assert f'data-shown="ALK G1202R chr2:{SITE}"' in shown and "P1.PD1.plasma" in shown
    assert "Content Security Policy" not in said, "nothing was even tried"
    assert asked == set()


@pytest.mark.skipif(shutil.which("chromium") is None, reason="no browser")
def test_the_log_would_show_a_request(inputs: dict[str, Any], tmp_path: Path) -> None:
    """The same page with what switches requests off taken away: igv.js asks its makers."""
    text = page(patient(MOVED), inputs).replace('"loadDefaultGenomes": false', '"loadDefaultGenomes": true')
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
    path = tmp_path / "open.html"
    path.write_text(text)
    assert any("igv.org" in url for url in browsed(path, tmp_path)[2])
