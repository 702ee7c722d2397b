"""Sites of regions, held against a list of every base."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from alktrace.calling.molecules.regions import Regions

CHROMS = ("chr1", "chr2", "chr3")


@st.composite
def regions_(draw: st.DrawFn) -> Regions:
    """Return regions apart from each other, in order, on two of three sequences."""
    parts = []
    for tid in range(2):
        at = draw(st.integers(0, 3))
        for gap, size in draw(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 6)), max_size=4)):
            parts.append((tid, at, at + size))
            at += size + gap
    starts, ends = (np.array([part[k] for part in parts], np.int64) for k in (1, 2))
    offsets = np.concatenate([[0], np.cumsum(ends - starts)]).astype(np.int64)
    size = int(offsets[-1])
    targeted = np.array(draw(st.lists(st.booleans(), min_size=size, max_size=size)), np.bool_)
    tids = np.array([part[0] for part in parts], np.int32)
    chroms = tuple(CHROMS[part[0]] for part in parts)
    return Regions(chroms, tids, starts, ends, offsets, np.zeros(size, np.uint8), targeted)


@given(regions_(), st.sampled_from(CHROMS), st.integers(-1, 40), st.integers(0, 40))
def test_sites_of_places_and_places_of_sites(
    regions: Regions, chrom: str, position: int, length: int
) -> None:
    parts = zip(regions.chroms, regions.starts.tolist(), regions.ends.tolist(), strict=True)
    bases = [(name, base) for name, start, end in parts for base in range(start, end)]
    assert [regions.place(site) for site in range(regions.sites)] == bases
    asked = chrom, position
    assert regions.site(*asked) == (bases.index(asked) if asked in bases else None)
    end = position + length
    within = [site for site, (name, base) in enumerate(bases) if name == chrom and position <= base < end]
    assert regions.sites_within(chrom, position, end).tolist() == within
    targeted = [site for site in within if regions.targeted[site]]
    assert regions.target_sites(chrom, position, end).tolist() == targeted
