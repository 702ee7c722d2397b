"""Kernels of grouping and consensus against the slow, plain reference."""

import array
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import consensus_reference as plain
import numpy as np
import pysam
from aligned_bam import COMPLEMENT, LENGTH, REFERENCE, aligned_bases, pair, read, write_bam
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from present_values import present

from alktrace.consensus import grouping as group
from alktrace.consensus import likelihood as consensus
from alktrace.consensus.molecules import call_molecules
from alktrace.inputs.settings.molecule_settings import MoleculeSettings
from alktrace.inputs.settings.umi_settings import UmiSettings
from alktrace.vocabulary.samples import RandomEnd, UmiSource

QUALITIES = [2, 11, 19, 20, 25, 30, 37, 41]
relaxed = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def umi_settings(
    source: UmiSource = UmiSource.TAG, *, duplex: bool = False, edits: int = 1, tag: str = "RX"
) -> UmiSettings:
    return UmiSettings(
        source=source, read_structures=(), tag=tag, duplex=duplex, random_end=RandomEnd.BOTH,
        edits=edits, fixed_umis=None, max_mismatches=1, min_distance=2,
    )  # fmt: skip


def molecule_settings(**changes: Any) -> MoleculeSettings:
    values = {
        "min_mapq": 1,
        "error_rate_pre_umi": 45,
        "error_rate_post_umi": 40,
        "min_input_base_quality": 20,
        "saturation": 0.2,
    }
    return MoleculeSettings(**(values | changes))


# --- the model ------------------------------------------------------------------------------

column = st.lists(st.tuples(st.sampled_from("ACGT"), st.integers(2, 93)), min_size=1, max_size=12)
rates = st.tuples(st.integers(20, 90), st.integers(20, 90))


@given(column, rates)
@settings(max_examples=100, deadline=None)
def test_column_equals_the_plain_model(observed: list[tuple[str, int]], pre_post: tuple[int, int]) -> None:
    model = consensus.error_model(*pre_post)
    evidence = np.zeros(8, np.int64)
    for base, quality in observed:
        evidence["ACGT".index(base)] += model.weights[quality]
    called, quality = consensus.call_column(evidence, 0, model)
    expected = plain.call_column(observed, *pre_post)
    assert "ACGTN"[called] == expected[0]
    # Sums near a boundary of two qualities may round either way: 2^-32 against double precision.
    assert abs(quality - expected[1]) <= (0 if max(pre_post) <= 60 else 1)


@given(st.integers(2, 93), rates)
@settings(max_examples=100, deadline=None)
def test_single_read_equals_the_plain_model(quality: int, pre_post: tuple[int, int]) -> None:
    model = consensus.error_model(*pre_post)
    _, (expected,), _, _ = present(plain.strand_consensus([("A", [quality])], *pre_post))
    assert model.single[quality] == expected


@given(st.sampled_from("ACGTN"), st.integers(2, 93), st.sampled_from("ACGTN"), st.integers(0, 93))
@settings(max_examples=100, deadline=None)
def test_joined_strands_equal_the_plain_rule(a: str, qa: int, b: str, qb: int) -> None:
    base, quality, raw = consensus.join_strands("ACGTN".index(a), qa, "ACGTN".index(b), qb)
    assert ("ACGTN"[base], quality, "ACGTN"[raw]) == plain.join_bases(a, qa, b, qb)


# --- grouping -------------------------------------------------------------------------------


def partition(root: dict[str, str]) -> set[frozenset[str]]:
    groups: dict[str, set[str]] = {}
    for umi, parent in root.items():
        groups.setdefault(parent, set()).add(umi)
    return {frozenset(members) for members in groups.values()}


def pack(text: str) -> int:
    code = 0
    for letter in text:
        code = code << 2 | "ACGT".index(letter)
    return code


@given(
    st.integers(1, 5), st.integers(0, 3), st.integers(1, 160), st.integers(0, 2), st.integers(0, 2**32 - 1)
)
@settings(max_examples=100, deadline=None)
def test_adjacency_equals_the_plain_network(
    length_a: int, length_b: int, size: int, edits: int, seed: int
) -> None:
    """Up to 160 UMIs, so that both comparing all and looking up neighbours are tried."""
    rng = np.random.default_rng(seed)
    umis = {"".join(rng.choice(list("ACGT"), length_a + length_b)) for _ in range(size)}
    counts = {umi: int(rng.integers(1, 9)) for umi in sorted(umis)}
    names = list(counts)
    a = np.array([pack(umi[:length_a]) for umi in names])
    b = np.array([pack(umi[length_a:]) for umi in names])
    roots = group.adjacency(a, b, length_a, length_b, np.array(list(counts.values())), edits)
    found = {umi: names[root] for umi, root in zip(names, roots, strict=True)}
    expected = plain.adjacency(counts, edits) if edits else {umi: umi for umi in counts}
    assert partition(found) == partition(expected)
    assert found == expected


# --- the whole way --------------------------------------------------------------------------

umis = st.sampled_from(["AAC-GTA", "AAC-GTC", "GTA-AAC", "CAC-GTA", "TTT-TTT", "AAC-GGG"])


@st.composite
def cigars(draw: st.DrawFn, length: int) -> list[tuple[int, int]]:
    """A CIGAR of one read: clips, and now and then one indel."""
    left, right = draw(st.sampled_from([(0, 0), (0, 0), (3, 0), (0, 4), (2, 2)]))
    inner = length - left - right
    kind = draw(st.sampled_from([None, None, None, 1, 2]))
    at, size = draw(st.sampled_from([(8, 1), (8, 2), (inner - 4, 2)]))
    if kind is None:
        middle = [(0, inner)]
    elif kind == 1:
        middle = [(0, at), (1, size), (0, inner - at - size)]
    else:
        middle = [(0, at), (2, size), (0, inner - at)]
    return [item for item in [(4, left), *middle, (4, right)] if item[1] > 0]


def span(cigar: list[tuple[int, int]]) -> int:
    return sum(length for code, length in cigar if code in (0, 2))


@st.composite
def drawn_read(
    draw: st.DrawFn, name: str, end: int, *, reverse: bool, umi: str, length: int
) -> pysam.AlignedSegment:
    """A read whose unclipped 5' end is at `end`."""
    cigar = draw(cigars(length))
    if reverse:
        start = end + 1 - span(cigar) - (cigar[-1][1] if cigar[-1][0] == 4 else 0)
    else:
        start = end + (cigar[0][1] if cigar[0][0] == 4 else 0)
    bases = list(aligned_bases(start, cigar))
    for _ in range(draw(st.integers(0, 3))):
        bases[draw(st.integers(0, length - 1))] = draw(st.sampled_from("ACGTN"))
    quals = array.array("B", draw(st.lists(st.sampled_from(QUALITIES), min_size=length, max_size=length)))
    return read(
        name, start, cigar, flag=16 if reverse else 0, bases="".join(bases), quals=quals, umi=umi,
        group=draw(st.sampled_from("AAAB")),
    )  # fmt: skip


@st.composite
def drawn_templates(draw: st.DrawFn) -> list[list[pysam.AlignedSegment]]:
    templates = []
    for i in range(draw(st.integers(1, 9))):
        low, insert = draw(st.sampled_from([(400, 34), (400, 60), (403, 34), (400, 22)]))
        umi, strand = draw(umis), draw(st.integers(0, 1))
        length = draw(st.sampled_from([24, 24, 30]))
        name = f"t{i}"
        one = draw(drawn_read(name, low, reverse=False, umi=umi, length=length))
        two = draw(drawn_read(name, low + insert - 1, reverse=True, umi=umi, length=length))
        two.set_tag("RG", one.get_tag("RG"))
        if draw(st.integers(0, 9)) == 0:
            two = read(name, one.reference_start, 0, flag=4, bases=REFERENCE[:24][::-1], umi=umi)
            two.set_tag("RG", one.get_tag("RG"))
        templates.append(pair(two, one) if strand else pair(one, two))
    return templates


def output(path: Path) -> list[tuple[int, str, list[int], dict[str, Any]]]:
    records = []
    with pysam.AlignmentFile(str(path), check_sq=False) as bam:
        for segment in bam:
            tags: dict[str, Any] = dict(segment.get_tags())
            tags.pop("xp", None)  # the place, which goes where the read is aligned
            assert tags.pop("RG") == "p.t.s"
            assert segment.query_name == f"p.t.s:{tags.pop('MI')}"
            tags = {name: list(v) if isinstance(v, array.array) else v for name, v in tags.items()}
            bases, quals = present(segment.query_sequence), list(present(segment.query_qualities))
            records.append((segment.flag, bases, quals, tags))
    return sorted(records, key=repr)


def call(
    tmp_path: Path, templates: Iterable[plain.Template], umi: UmiSettings, **changes: Any
) -> list[tuple[int, str, list[int], dict[str, Any]]]:
    source, out = tmp_path / "in.bam", tmp_path / "out.bam"
    write_bam(source, [segment for template in templates for segment in template if segment is not None])
    call_molecules(
        bams=[source], out=out, metrics=tmp_path / "molecules.tsv", umi=umi,
        settings=molecule_settings(**changes), targets=None, sample="p.t.s", threads=1,
    )  # fmt: skip
    return output(out)


@given(drawn_templates(), st.integers(0, 2))
@relaxed
def test_simplex_molecules_equal_the_plain_way(
    tmp_path: Path, templates: list[list[pysam.AlignedSegment]], edits: int
) -> None:
    found = call(tmp_path, templates, umi_settings(edits=edits))
    assert found == plain.consensus(templates, duplex=False, with_umi=True, edits=edits, min_quality=20)


@given(drawn_templates(), st.integers(0, 1))
@relaxed
def test_duplex_molecules_equal_the_plain_way(
    tmp_path: Path, templates: list[list[pysam.AlignedSegment]], edits: int
) -> None:
    found = call(tmp_path, templates, umi_settings(duplex=True, edits=edits))
    assert found == plain.consensus(templates, duplex=True, with_umi=True, edits=edits, min_quality=20)


@given(drawn_templates())
@relaxed
def test_molecules_without_umi_equal_the_plain_way(
    tmp_path: Path, templates: list[list[pysam.AlignedSegment]]
) -> None:
    found = call(tmp_path, templates, umi_settings(UmiSource.NONE))
    assert found == plain.consensus(templates, duplex=False, with_umi=False, edits=0, min_quality=20)


@given(drawn_templates())
@relaxed
def test_single_end_molecules_equal_the_plain_way(
    tmp_path: Path, templates: list[list[pysam.AlignedSegment]]
) -> None:
    reads = []
    for one, _ in templates:
        one.flag &= 16 | 4
        if not one.is_unmapped:
            reads.append((one, None))
    if reads:
        found = call(tmp_path, reads, umi_settings())
        assert found == plain.consensus(reads, duplex=False, with_umi=True, edits=1, min_quality=20)


def test_reference_sequence_is_long_enough() -> None:
    assert len(REFERENCE) == LENGTH
    assert REFERENCE.translate(COMPLEMENT).translate(COMPLEMENT) == REFERENCE
