"""Sessions for IGV (Desktop): the samples of one patient, with a region for everything that was found."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from ..evidence.schema import Alteration
from ..io.atomic import atomic_output
from ..vocabulary.caveats import NOT_THE_DRIVER, codes_of
from .exported import ExportedPatient, breakend, small_variant

GENOME = "hg38"
SESSION_VERSION = "8"
MARGIN = 60
"""Bases shown on both sides."""
WHOLE_GENOME = "All"


@dataclass(frozen=True, order=True)
class Site:
    """A place to look at: 0-based, half-open, with what was found there."""

    chrom: str
    start: int
    end: int
    text: str

    @property
    def around(self) -> str:
        """The place with its margin, 1-based as IGV writes it."""
        return f"{self.chrom}:{max(1, self.start + 1 - MARGIN)}-{self.end + MARGIN}"


def write_sessions(
    patients: Iterable[ExportedPatient], tracks: Mapping[str, Sequence[str]], folder: Path
) -> None:
    """Write the session of each patient.

    Args:
        patients: what may be exported.
        tracks: files of each sample by its name, relative to the folder of the sessions.
        folder: gets `P01.xml` for every patient.
    """
    for patient in patients:
        with atomic_output(folder / f"{patient.patient}.xml") as (partial,):
            partial.write_bytes(session(patient, tracks))


def session(patient: ExportedPatient, tracks: Mapping[str, Sequence[str]]) -> bytes:
    """Return the session of one patient as XML."""
    sites = sites_of(patient)
    locus = sites[0].around if sites else WHOLE_GENOME
    root = Element("Session", genome=GENOME, locus=locus, version=SESSION_VERSION)
    resources = SubElement(root, "Resources")
    for name in map(patient.sample, patient.specimens):
        for path in tracks.get(name, ()):
            SubElement(resources, "Resource", name=f"{name} {path.rpartition('/')[2]}", path=path)
    regions = SubElement(root, "Regions")
    for site in sites:
        place = {"chromosome": site.chrom, "start": str(site.start), "end": str(site.end)}
        SubElement(regions, "Region", place | {"description": site.text})
    indent(root)
    text: bytes = tostring(root, encoding="UTF-8", xml_declaration=True)
    return text + b"\n"


def sites_of(patient: ExportedPatient) -> list[Site]:
    """Return the places of what was found: what `resistance.tsv` lists first, both sides of a fusion."""
    listed: list[Site] = []
    others: list[Site] = []
    for item in patient.alterations:
        (listed if patient.listed(item) else others).extend(_sites(item))
    return [*sorted(listed), *sorted(others)]


def telling_sites(patient: ExportedPatient) -> list[Site]:
    """Return the places of what `resistance.tsv` lists, then those of the driver fusions."""
    listed = [item for item in patient.alterations if patient.listed(item)]
    drivers = [
        item
        for item in patient.alterations
        if breakend(item) and item not in listed and not codes_of(item.flags) & NOT_THE_DRIVER
    ]
    return [site for item in (*listed, *drivers) for site in _sites(item)]


def _sites(item: Alteration) -> Iterator[Site]:
    if (allele := small_variant(item)) is not None:
        yield Site(allele.chrom, allele.start, allele.end, item.full_name)
    elif (junction := breakend(item)) is not None:
        yield Site(junction.chrom, junction.pos - 1, junction.pos, item.full_name)
        yield Site(junction.mate, junction.mate_pos - 1, junction.mate_pos, item.full_name)
