"""What exports were made with, compared: what makes their rows mean different things, and what to know."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from ..errors import Problem
from .site_manifest import MANIFEST, SiteManifest

DECIDING = frozenset(
    {
        "acquired",
        "alk_compounds",
        "alk_families",
        "alk_fusions",
        "alk_mutations",
        "alk_regions",
        "bypass",
        "ch_genes",
        "genes",
        "hotspots",
        "isoforms",
        "transformation",
    }
)
"""Tables that decide classes; the others decide words, drugs and links."""
AGAIN = "classify and export again with one version, configuration and knowledge"


@dataclass(frozen=True)
class Site:
    """An export and where it lies."""

    folder: Path
    manifest: SiteManifest

    @property
    def name(self) -> str:
        """Name of the site."""
        return self.manifest.site


def refusals(sites: Sequence[Site], ours: SiteManifest) -> Iterator[Problem]:
    """Yield why the rows of some exports cannot stand in one table.

    Args:
        sites: the exports.
        ours: what a manifest of the machine that merges would say.
    """
    for one, other in combinations(sites, 2):
        if one.name == other.name:
            what = f"site {one.name!r} is {one.folder} too"
            yield _problem(other, "site", what, "export one of them under another name, or give each once")
    for site in sites:
        yield from _against(site, ours)


def _against(site: Site, ours: SiteManifest) -> Iterator[Problem]:
    theirs = site.manifest
    if theirs.version != ours.version:
        what = f"was made by alktrace {theirs.version}, this is {ours.version}: classes may mean other things"
        yield _problem(site, "version", what, AGAIN)
    for key, (there, here) in differences(theirs.resistance, ours.resistance).items():
        what = f"{there!r}, here {here!r}: it decides classes and what counts as excluded"
        yield _problem(site, f"resistance.{key}", what, f"give that configuration with --config, or {AGAIN}")
    for table, (there, here) in differences(theirs.knowledge, ours.knowledge).items():
        if table in DECIDING:
            what = f"digest {there}, here {here}: the table decides classes"
            yield _problem(site, f"knowledge.{table}", what, f"give that knowledge, or {AGAIN}")
    if theirs.dates == "days" and ours.cutoff:
        what = f"has days and no dates, so that the data cut-off {ours.cutoff} cannot be applied"
        yield _problem(site, "dates", what, "apply the cut-off in the configuration of each site's export")


def notes(sites: Sequence[Site], ours: SiteManifest) -> Iterator[str]:
    """Yield what a reader of the merged tables should know."""
    for site in sites:
        theirs = site.manifest
        if theirs.code != ours.code:
            yield f"{site.name}: classified by other code of version {theirs.version}"
        for key, (there, here) in differences(theirs.cohort, ours.cohort).items():
            yield f"{site.name}: cohort.{key} was {there!r} at the site; here {here!r} counts"
        for table, (there, here) in differences(theirs.knowledge, ours.knowledge).items():
            if table not in DECIDING:
                yield f"{site.name}: knowledge table {table} differs ({there}, here {here}); ours counts"
        if theirs.withheld:
            number = sum(theirs.withheld.values())
            yield f"{site.name}: {number} cells of no known form stayed there ({', '.join(theirs.withheld)})"
    yield from _between(sites)


def _between(sites: Sequence[Site]) -> Iterator[str]:
    for one, other in combinations(sites, 2):
        for name in sorted(one.manifest.assays.keys() & other.manifest.assays.keys()):
            for key, (there, here) in differences(
                one.manifest.assays[name], other.manifest.assays[name]
            ).items():
                yield f"assay {name}: {key} is {there!r} at {one.name} and {here!r} at {other.name}"
        if one.manifest.dates != other.manifest.dates:
            yield f"dates are {one.manifest.dates} at {one.name} and {other.manifest.dates} at {other.name}"
        if one.manifest.cutoff != other.manifest.cutoff:
            there, here = one.manifest.cutoff, other.manifest.cutoff
            yield f"the data cut-off is {there} at {one.name} and {here} at {other.name}"


def differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return the keys in which two maps differ, at any depth, with both values."""
    found: dict[str, tuple[Any, Any]] = {}
    for key in sorted({*one, *other}):
        there, here = one.get(key), other.get(key)
        if isinstance(there, Mapping) and isinstance(here, Mapping):
            found |= {f"{key}.{inner}": both for inner, both in differences(there, here).items()}
        elif there != here:
            found[key] = (there, here)
    return found


def _problem(site: Site, place: str, what: str, remedy: str) -> Problem:
    return Problem(str(site.folder / MANIFEST), 0, place, what, remedy)
