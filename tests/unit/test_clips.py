"""Which change a soft clip spells out, held against every offset tried one after the other."""

import random

from hypothesis import given
from hypothesis import strategies as st

from alktrace.calling.candidates.clips import (
    ANCHOR,
    COMPLEX_ANCHOR,
    MAX_DELETED,
    MAX_INSERTED,
    MAX_MISMATCHES,
    explain,
)


def follows(clip: str, reference: str, offset: int, anchor: int, mismatches: int) -> bool:
    ahead = reference[offset : offset + len(clip)]
    if len(clip) < anchor or len(ahead) < len(clip) or ahead[:anchor] != clip[:anchor]:
        return False
    differ = sum(a != b for a, b in zip(ahead, clip, strict=True))
    return differ <= min(mismatches, (len(clip) - anchor) // ANCHOR)


def explained_plainly(clip: str, reference: str) -> tuple[int, int] | None:
    """Try all deletions, insertions and pairs of both, in the order of their simplicity."""
    alone = [(0, deleted) for deleted in range(1, MAX_DELETED + 1)]
    alone += [(inserted, 0) for inserted in range(1, MAX_INSERTED + 1)]
    both = [(i, d) for i in range(1, MAX_INSERTED + 1) for d in range(1, MAX_DELETED + 1)]
    tried = [(*pair, ANCHOR, mismatches) for mismatches in (0, MAX_MISMATCHES) for pair in alone]
    tried += [(*pair, COMPLEX_ANCHOR, 0) for pair in both]
    for inserted, deleted, anchor, mismatches in tried:
        if follows(clip[inserted:], reference, deleted, anchor, mismatches):
            return inserted, deleted
    return None


@st.composite
def clips(draw: st.DrawFn) -> tuple[str, str]:
    """Return a clip and the reference at its break: repeats too, ends of sequences, and what fits nowhere."""
    dice = random.Random(draw(st.integers(0, 1 << 32)))
    bases = draw(st.sampled_from(("A", "AC", "ACGT")))
    reference = "".join(dice.choices(bases, k=draw(st.integers(0, 220))))
    inserted = "".join(dice.choices(bases, k=draw(st.integers(0, MAX_INSERTED + 2))))
    deleted = draw(st.integers(0, MAX_DELETED + 2))
    clip = list(inserted + reference[deleted : deleted + draw(st.integers(0, 60))])
    for place in draw(st.lists(st.integers(0, 100), max_size=3)):
        if place < len(clip):
            clip[place] = dice.choice("ACGTN")
    return "".join(clip), reference


@given(clips())
def test_the_simplest_explanation_is_found(case: tuple[str, str]) -> None:
    assert explain(*case) == explained_plainly(*case)
