"""An offline page per patient with igv.js: the reads at what carries a mechanism, and at breakpoints.

Everything is inside the page, the script as well, and its policy lets nothing out; igv.js would ask for lists
of genomes otherwise. Reads show inherited variants: pages are written only where those may leave.
"""

import base64
import hashlib
import html
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import distribution
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pysam

from ..io.atomic import atomic_output
from .exported import ExportedPatient
from .igv_session import Site, telling_sites

PACKAGE = "igv-notebook"
SCRIPT = "igv_notebook/js/igv.min.js"
AROUND = 150
"""Bases on both sides of a site whose reads and sequence are taken along."""
NOTICE = "For research. The reads of this page are those of the patient, with everything inherited in them."
NO_PLACE = "No finding has a place in this genome; that does not mean that nothing was found."
BOOT = """\
const told = JSON.parse(document.getElementById("told").textContent);
const place = document.getElementById("igv");
async function show(at) {
  igv.removeAllBrowsers();
  await igv.createBrowser(place, told[at].config);
  document.body.dataset.shown = told[at].name;
}
document.querySelectorAll("button").forEach((one, at) => one.addEventListener("click", () => show(at)));
if (told.length) show(0);
"""
PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src {digests}; \
style-src 'unsafe-inline'; img-src data: blob:; connect-src data:; base-uri 'none'; form-action 'none'">
<title>{title}</title>
<style>body {{ font: 16px sans-serif; margin: 1rem }} button {{ margin: 0 .5rem .5rem 0 }}</style>
</head>
<body>
<h1>{title}</h1>
<p>{notice}</p>
<nav aria-label="Places">{buttons}</nav>
<main id="igv"></main>
<script type="application/json" id="told">{told}</script>
<script>{library}</script>
<script>{boot}</script>
</body>
</html>
"""


def script_file() -> Path:
    """Return the file of igv.js that the package brings; `readiness` has asked for it before."""
    # Imported, the package would ask for Jupyter, which nobody needs for its script.
    return Path(str(distribution(PACKAGE).locate_file(SCRIPT)))


def write_pages(
    patients: Iterable[ExportedPatient], *, bams: Mapping[str, str], fasta: Path, folder: Path
) -> None:
    """Write the page of each patient.

    Args:
        patients: what may be exported, inherited variants too.
        bams: consensus BAM of each sample by its name.
        fasta: genome with its index.
        folder: gets `P01.html` for every patient.
    """
    library = script_file().read_text(encoding="utf-8")
    with pysam.FastaFile(str(fasta)) as genome:
        for patient in patients:
            with atomic_output(folder / f"{patient.patient}.html") as (partial,):
                partial.write_text(page(patient, bams, genome, library), encoding="utf-8")


def page(patient: ExportedPatient, bams: Mapping[str, str], genome: pysam.FastaFile, library: str) -> str:
    """Return the page of one patient as HTML."""
    told = [_view(patient, site, bams, genome) for site in telling_sites(patient) if _is_in(site, genome)]
    # `</script>` inside would end the block, whatever it stands in.
    data = json.dumps(told, ensure_ascii=False).replace("<", "\\u003c")
    library = library.replace("</script", "<\\/script")
    names = [f"<button type=button>{html.escape(one['name'])}</button>" for one in told]
    return PAGE.format(
        digests=" ".join(f"'sha256-{_digest(text)}'" for text in (library, BOOT)),
        title=html.escape(f"{patient.patient}: reads at the findings"),
        notice=NOTICE if told else NO_PLACE,
        buttons="".join(names),
        told=data,
        library=library,
        boot=BOOT,
    )


def _is_in(site: Site, genome: pysam.FastaFile) -> bool:
    """Tell whether the genome has a place; a report may give one that it does not have."""
    return site.chrom in genome.references and site.end <= genome.get_reference_length(site.chrom)


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _view(
    patient: ExportedPatient, site: Site, bams: Mapping[str, str], genome: pysam.FastaFile
) -> dict[str, Any]:
    length = genome.get_reference_length(site.chrom)
    start, end = max(0, site.start - AROUND), min(length, site.end + AROUND)
    bases = genome.fetch(site.chrom, start, end)
    # A slice as `samtools faidx` names it, which igv.js places by its name.
    fasta = f">{site.chrom}:{start + 1}-{end}\n{bases}\n".encode()
    samples = [name for name in map(patient.sample, patient.specimens) if name in bams]
    return {
        "name": f"{site.text} {site.chrom}:{site.start + 1}",
        "config": {
            "locus": site.around,
            "loadDefaultGenomes": False,
            "queryParametersSupported": False,
            "reference": {"id": "slice", "fastaURL": _data(fasta), "indexed": False},
            "tracks": list(_tracks(samples, bams, site, (site.chrom, start, end))),
        },
    }


def _tracks(
    samples: Sequence[str], bams: Mapping[str, str], site: Site, place: tuple[str, int, int]
) -> Iterator[dict[str, Any]]:
    for name in samples:
        yield {
            "type": "alignment",
            "format": "bam",
            "indexed": False,
            "name": name,
            "url": _data(reads_at(Path(bams[name]), place)),
            "height": 300,
            # Mutant reads on top.
            "sort": {"chr": site.chrom, "position": site.start + 1, "option": "BASE", "direction": "ASC"},
        }


def reads_at(bam: Path, place: tuple[str, int, int]) -> bytes:
    """Return a BAM with the reads of one place, whose header names sequences alone."""
    with pysam.AlignmentFile(str(bam)) as stream, TemporaryDirectory() as folder:
        header = pysam.AlignmentHeader.from_dict({"HD": {"VN": "1.6"}, "SQ": stream.header.to_dict()["SQ"]})
        out = Path(folder, "reads.bam")
        with pysam.AlignmentFile(str(out), "wb", header=header) as made:
            for read in stream.fetch(*place):
                read.set_tag("RG", None)
                made.write(read)
        return out.read_bytes()


def _data(content: bytes) -> str:
    return f"data:application/octet-stream;base64,{base64.b64encode(content).decode()}"
