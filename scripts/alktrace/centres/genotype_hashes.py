"""One person treated at two sites, found by keyed hashes of genotypes: only where sites choose to share them.

Genotypes of common polymorphisms are hashed in blocks of ten under a secret of the sites, so that one wrong
or missing genotype costs one block. Whoever holds the secret can try all 59,049 genotypes of a block and read
them back: for the holder these are genotypes. Without the secret, equal hashes still say who is alike.
"""

import hashlib
import hmac
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from ..calling.genotyping.genotype_table import GenotypeRow
from ..errors import DataError
from ..io.digest import text_digest
from ..io.tables import column, read_table

BLOCK, FEWEST = 10, 2
"""Two blocks of two persons agree by chance in 1 of 3e8 pairs, of siblings in 1 of 4e4 (frequencies of one
half)."""
LENGTH = 16
FILE = "genotype_hashes.tsv"

Site = tuple[str, int]
Genotypes = Mapping[Site, str | None]


@dataclass(frozen=True)
class HashRow:
    """`genotype_hashes.tsv`: one patient whose genotypes fill a block or more."""

    patient: str = column("pseudonym")
    hashes: tuple[str, ...] = column("keyed hash of each complete block")


@dataclass(frozen=True)
class SameRow:
    """`possible_duplicates.tsv`: two patients of two sites with equal genotypes."""

    patient: str = column("patient of the merged cohort")
    other: str = column("patient of another site")
    equal: int = column("blocks of ten genotypes that are equal")
    compared: int = column("blocks that the one of them with fewer has")


def read_genotypes(folder: Path, patients: Collection[str]) -> dict[str, Genotypes]:
    """Return the genotypes of each patient; unknown where two samples disagree (lost alleles of a tumour).

    Args:
        folder: `results/patients` of a run.
        patients: whose genotypes are asked for; normals and controls are none.

    Raises:
        DataError: no genotypes.
    """
    found: dict[str, dict[Site, set[str | None]]] = {}
    for path in sorted(folder.glob("*/*/*/genotypes.tsv")):
        patient = path.parts[-4]
        if patient not in patients:
            continue
        own = found.setdefault(patient, {})
        for row in read_table(path, GenotypeRow):
            own.setdefault((row.chrom, row.pos), set()).update({row.genotype} - {None})
    if not found:
        raise DataError(folder, "has no genotypes of these patients", "give `results/patients` of the run")
    return {
        patient: {site: next(iter(seen)) if len(seen) == 1 else None for site, seen in own.items()}
        for patient, own in found.items()
    }


def sites_of(genotypes: Mapping[str, Genotypes]) -> list[Site]:
    """Return the polymorphisms that any patient has, in order."""
    return sorted({site for own in genotypes.values() for site in own})


def sites_digest(sites: Sequence[Site]) -> str:
    """Return what tells two lists of polymorphisms apart."""
    return text_digest(repr(list(sites)))


def hashes_of(own: Genotypes, sites: Sequence[Site], secret: bytes) -> tuple[str, ...]:
    """Return the hash of every block that is complete.

    Args:
        own: genotypes of one patient.
        sites: all polymorphisms; the same at all sites.
        secret: shared by the sites.
    """
    blocks = len(sites) // BLOCK
    found = []
    for number in range(blocks):
        # From all over the genome: neighbours are inherited together, and would agree by chance.
        block = sites[number::blocks][:BLOCK]
        known = [own.get(site) for site in block]
        if None not in known:
            text = f"genotypes {number} {block} {known}"
            found.append(hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()[:LENGTH])
    return tuple(found)


def same_persons(by_site: Mapping[str, Sequence[HashRow]]) -> Iterator[SameRow]:
    """Yield pairs of patients of two sites that share two blocks or more.

    Args:
        by_site: rows by the name of the site, patients as in the merged cohort.
    """
    for one, other in combinations(sorted(by_site), 2):
        holders: dict[str, list[HashRow]] = {}
        for row in by_site[other]:
            for block in row.hashes:
                holders.setdefault(block, []).append(row)
        for row in by_site[one]:
            met = {item.patient: item for block in row.hashes for item in holders.get(block, ())}
            for name, item in sorted(met.items()):
                equal = len(set(row.hashes) & set(item.hashes))
                if equal >= FEWEST:
                    yield SameRow(row.patient, name, equal, min(len(row.hashes), len(item.hashes)))
