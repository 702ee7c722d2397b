"""A filter is one entry of its table: verdict, VCF header and docs follow without another edit."""

from itertools import permutations
from pathlib import Path

import cyvcf2
import pytest
from calling_case import C3805, FIRST, SECOND, Case, found
from shipped_settings import SHIPPED

from alktrace.calling.genotyping.allele_states import ALT
from alktrace.calling.rule import caller_filters
from alktrace.calling.rule.caller_filters import (
    FILTERS,
    AlleleFilter,
    NeighbourFilter,
    failed,
    is_explained,
    neighbour_filters,
    too_little,
)
from alktrace.commands.generated_docs import generated_parts
from alktrace.structural.fusions.breakpoints import Breakend, Junction
from alktrace.structural.fusions.fusion_calls import judge
from alktrace.structural.fusions.fusion_filters import FUSION_FILTERS, FusionFilter
from alktrace.structural.fusions.fusion_vcf import write_fusions
from alktrace.structural.fusions.junctions import Candidate
from alktrace.structural.fusions.support import Support


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path, SHIPPED.calling)


def header(vcf: Path) -> str:
    return str(cyvcf2.VCF(str(vcf)).raw_header)


def test_a_filter_of_alleles(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "An even number of molecules, of {min_alt_molecules} at least"
    made_up = AlleleFilter("made_up", text, lambda seen: seen.alt_molecules % 2 == 0, blind=True)
    monkeypatch.setitem(FILTERS, made_up.name, made_up)
    records = case.run(case.molecules({C3805: "A"}, 20, name="m") + case.molecules({}, 200, name="w"))
    assert [record.FILTERS for record in records] == [["made_up"]]
    assert '##FILTER=<ID=made_up,Description="An even number of molecules, of 3 at least">' in header(
        case.folder / "out.vcf.gz"
    )
    row = "| `made_up` | An even number of molecules, of `calling.min_alt_molecules` at least |"
    assert row in generated_parts()["filters"].splitlines()


def test_a_filter_of_neighbours(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two substitutions in cis the second is named; both are counted in the pass of all such filters."""
    made_up = NeighbourFilter(
        "made_up",
        "In cis with the base before",
        lambda hood: ((a, b) for a, b in permutations(hood.snvs, 2) if a.pos + 1 == b.pos),
        lambda group, states, hood: group[1] if states[ALT, ALT] > 9 else None,
    )
    monkeypatch.setitem(FILTERS, made_up.name, made_up)
    case.loci = []
    reads = case.molecules({C3805: "A", C3805 - 1: "G"}, 20, name="cis") + case.molecules({}, 200, name="w")
    assert found(case.run(reads, models=False)) == {SECOND: (20, ("PASS",)), FIRST: (20, ("made_up",))}
    assert is_explained(["made_up"])


class Unknown:
    """A genome of which nothing is known."""

    def has(self, chrom: str) -> bool:
        return False

    def fetch(self, chrom: str, start: int, end: int) -> str:
        return "N" * (end - start)


def test_a_filter_of_fusions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made_up = FusionFilter("made_up", "homology of {max_homology}", lambda seen: seen.homology == 7)
    monkeypatch.setitem(FUSION_FILTERS, made_up.name, made_up)
    settings = SHIPPED.fusions.model_copy(update={"max_homology": 9})
    ends = Breakend("chr2", 5, "L"), Breakend("chr5", 8, "R")
    support = Support(9, 9, 0, 9, (9, 9), 9, 0, (9, 9), 0)
    for homology, filters in ((7, ("made_up",)), (8, ())):
        candidate = Candidate(Junction(*ends), homology, True, frozenset())
        assert judge(candidate, support, Unknown(), settings) == filters
    write_fusions(tmp_path / "f.vcf.gz", [], contigs=[("chr2", 9)], sample="S", settings=settings)
    assert '##FILTER=<ID=made_up,Description="homology of 9">' in header(tmp_path / "f.vcf.gz")
    assert "| `made_up` | homology of `fusions.max_homology` |" in generated_parts()["fusion_filters"]


@pytest.mark.parametrize(
    ("molecules", "duplex", "p_noise", "repeats", "filters"),
    [
        pytest.param(3, 0, 1e-4, 11, [], id="at-every-limit"),
        pytest.param(2, 2, 1e-4, 11, [], id="two-of-both-strands"),
        pytest.param(2, 1, 1e-4, 11, ["few_molecules"], id="a-molecule-fewer"),
        pytest.param(3, 3, 1.01e-4, 11, ["noise"], id="more-likely-noise"),
        pytest.param(3, 0, 1e-4, 12, ["long_repeat"], id="a-unit-longer"),
        pytest.param(0, 0, 1.0, 12, ["noise", "few_molecules", "long_repeat"], id="all"),
    ],
)
def test_limits_of_an_allele(
    molecules: int, duplex: int, p_noise: float, repeats: int, filters: list[str]
) -> None:
    """Three molecules or two duplex ones, a tail of 1e-4, eleven units beyond the first: just enough."""
    seen = caller_filters.Tested(molecules, duplex, 100, p_noise, 1e-4, repeats, SHIPPED.calling)
    assert [one.name for one in failed(seen)] == filters


@pytest.mark.parametrize(
    ("filters", "little", "explained"),
    [
        ((), False, False),
        (("noise",), True, False),
        (("few_molecules",), True, False),
        (("long_repeat",), False, False),
        (("indel_edge",), False, True),
        (("long_repeat", "second_form"), False, True),
        (("long_repeat", "noise"), True, False),
    ],
)
def test_what_filters_say_of_an_allele(filters: tuple[str, ...], little: bool, explained: bool) -> None:
    """Too little evidence, or another record stands for it; a long repeat is neither."""
    assert (too_little(filters), is_explained(filters)) == (little, explained)
    assert {one.name for one in neighbour_filters()} == {"indel_edge", "second_form", "junction"}
