"""Names of ALK fusion variants: junctions as published, breakpoints of a cell line, nothing unverified."""

from dataclasses import replace
from pathlib import Path

import pytest

from alktrace.annotate.fusion_names import FusionNames, variant_of
from alktrace.inputs.knowledge_rows import KnownValue
from alktrace.io.tables import read_table
from alktrace.vocabulary.marks import Mark

# H3122, the cell line of variant 1: breakpoints as published by the authors of its reads.
H3122 = "chr2:29223741|chr2:42299750"
IN_EXON_20 = "chr2:29223400|chr2:42299750"
INTRON_6 = "chr2:29224000|chr2:42270000"


@pytest.fixture(scope="module")
def folder(root: Path) -> Path:
    return root / "resources" / "knowledge"


@pytest.fixture(scope="module")
def names(folder: Path) -> FusionNames:
    return FusionNames.of(read_table(folder / "alk_fusions.tsv", KnownValue))


# Variants 1, 2, 3a/b and 5a by doi 10.1016/j.jtho.2021.11.010 and Takeuchi 2008.
@pytest.mark.parametrize(
    ("partner", "junction", "position", "name"),
    [
        ("EML4", "E13;A20", H3122, "EML4-ALK E13;A20 (v1)"),
        ("EML4", "E13;A20", None, "EML4-ALK E13;A20 (v1)"),
        ("EML4", "E13;A20", H3122.replace("chr", ""), "EML4-ALK E13;A20 (v1)"),
        ("EML4", "E20;A20", "chr2:29224000|chr2:42325600", "EML4-ALK E20;A20 (v2)"),
        ("EML4", "E6;A20", INTRON_6, "EML4-ALK E6;A20 (v3a/b)"),
        ("EML4", "E2;A20", "chr2:29224000|chr2:42250000", "EML4-ALK E2;A20 (v5a/b)"),
        ("EML4", "E2;A20", None, "EML4-ALK E2;A20 (v5a)"),
        ("EML4", "E6a;A20", None, "EML4-ALK E6a;A20 (v3a)"),
        ("EML4", "E6b;A20", None, "EML4-ALK E6b;A20 (v3b)"),
        ("EML4", "E13;A20", IN_EXON_20, "EML4-ALK E13;A20"),
        ("EML4", "E6;A20", H3122, "EML4-ALK E6;A20"),
        ("EML4", "E17;A20", "chr2:29224000|chr2:42305000", "EML4-ALK E17;A20"),
        ("KLC1", "K9;A20", "chr2:29224000|chr14:103660000", "KLC1-ALK K9;A20"),
    ],
    ids=[
        "v1", "v1-reported", "v1-without-chr", "v2", "v3-not-told-apart",
        "v5-not-told-apart", "v5a-reported", "v3a", "v3b", "inside-an-exon",
        "label-and-place-differ", "no-such-variant", "other-partner",
    ],
)  # fmt: skip
def test_variant(names: FusionNames, partner: str, junction: str, position: str | None, name: str) -> None:
    plain = f"{partner}-ALK {junction}"
    found, subjects, flags = names.named(plain, "ALK", partner, junction, position)
    assert (found, flags) == (name, ())
    assert bool(subjects) is (name != plain or partner == "KLC1")


@pytest.mark.parametrize(
    ("gene", "partner", "flags"),
    [
        ("ALK", "GENE1", ("novel_partner",)),
        ("ALK", "DYSF", ()),
        ("ALK", "intergenic", ()),
        ("ROS1", "GENE1", ()),
    ],
    ids=["novel", "listed-but-unverified", "no-gene", "other-driver"],
)
def test_novel_partners(names: FusionNames, gene: str, partner: str, flags: tuple[str, ...]) -> None:
    assert names.named("x", gene, partner, "G1;A20") == ("x", (), flags)


@pytest.mark.parametrize("mark", [Mark.CITED, Mark.PROPOSED])
def test_a_junction_that_was_not_read_gives_no_name(folder: Path, mark: Mark) -> None:
    rows = read_table(folder / "alk_fusions.tsv", KnownValue)
    doubtful = [replace(r, mark=mark) if r.attribute == "junction" else r for r in rows]
    assert FusionNames.of(doubtful).subjects("EML4", "E13;A20", H3122) == ()


def test_every_verified_variant_has_its_place(folder: Path) -> None:
    """Names rest on coordinates: a junction of EML4 without both intervals would be named anywhere."""
    rows = [r for r in read_table(folder / "alk_fusions.tsv", KnownValue) if r.mark.verified]
    named = {r.subject for r in rows if r.attribute == "junction" and r.subject.startswith("EML4-ALK v")}
    assert named
    for subject in named:
        assert {"alk_interval", "partner_interval"} <= {r.attribute for r in rows if r.subject == subject}


@pytest.mark.parametrize(
    ("subjects", "variant"),
    [
        ([], None),
        (["KLC1-ALK"], None),
        (["EML4-ALK E6;A19"], None),
        (["EML4-ALK v1"], "v1"),
        (["EML4-ALK v3a", "EML4-ALK v3b"], "v3a/b"),
        (["EML4-ALK v1", "EML4-ALK v6"], "v1/v6"),
    ],
)
def test_short_names(subjects: list[str], variant: str | None) -> None:
    assert variant_of(subjects) == variant
