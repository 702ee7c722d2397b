"""One small variant: its key, its kind, its normal form."""

import random

import pytest

from alktrace.vocabulary.variant import SmallVariant

GENOME = "GATTACACACGGGTCCA"


def fetch(_: str, start: int, end: int) -> str:
    return GENOME[max(0, start) : end]


@pytest.mark.parametrize("key", ["chr2:29220747:C:T", "7:55174771:AGGAATTAAGAGAAGC:A", "HLA*01:01:5:A:AT"])
def test_a_key_reads_back(key: str) -> None:
    assert SmallVariant.parse(key).key == key


@pytest.mark.parametrize(
    "key", ["chr2:29220747", "chr2:x:C:T", "chr2:5:C:", "chr2:5:C:<DEL>", "fusion:EML4:ALK:E13;A20"]
)
def test_another_text_is_no_variant(key: str) -> None:
    with pytest.raises(ValueError, match="write it as chr2:29220747:C:T"):
        SmallVariant.parse(key)


@pytest.mark.parametrize(
    ("written", "normal", "kind"),
    [
        pytest.param("c:5:A:T", "c:5:A:T", "snv", id="snv"),
        pytest.param("c:4:TACA:TGCG", "c:5:ACA:GCG", "mnv", id="equal-flanks"),
        pytest.param("c:8:CAC:C", "c:4:TAC:T", "deletion", id="unit-of-a-repeat"),
        pytest.param("c:13:G:GG", "c:10:C:CG", "insertion", id="base-of-a-homopolymer"),
        pytest.param("c:11:GGGT:GC", "c:12:GGT:C", "delins", id="delins"),
        pytest.param("c:1:G:AG", "c:1:G:AG", "delins", id="before-the-first-base"),
    ],
)
def test_normal_form_and_kind(written: str, normal: str, kind: str) -> None:
    variant = SmallVariant.parse(written).normalised(fetch)
    assert (variant.key, variant.kind) == (normal, kind)


def test_normal_form_gives_the_same_haplotype_and_is_one() -> None:
    dice = random.Random(3)
    for _ in range(500):
        start, size = dice.randrange(1, 14), dice.randrange(0, 4)
        alt = "".join(dice.choice("AC") for _ in range(dice.randrange(0, 4)))
        variant = SmallVariant("c", start + 1, GENOME[start : start + size], alt)
        if variant.ref == alt:
            continue
        normal = variant.normalised(fetch)
        assert GENOME[normal.start : normal.end] == normal.ref
        mutant = GENOME[:start] + alt + GENOME[start + size :]
        assert GENOME[: normal.start] + normal.alt + GENOME[normal.end :] == mutant
        assert normal.normalised(fetch) == normal
