from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alktrace.classify.resistance_table import ResistanceRow
from alktrace.commands.generated_docs import written_tables
from alktrace.errors import InputProblems
from alktrace.io.tables import column, describe_columns, format_cell, header, read_table, write_table
from alktrace.vocabulary.resistance import Phase


@dataclass(frozen=True)
class Example:
    name: str = column("a name")
    count: int | None = column("a count")
    share: float | None = column("a share")
    sure: bool | None = column("a truth")
    day: date | None = column("a day")
    phase: Phase | None = column("a phase")
    items: tuple[str, ...] = column("a list")


text = st.text(st.characters(codec="utf-8", exclude_characters="\t\n\r;", exclude_categories=["C"]))
text |= st.builds("{}{}".format, st.sampled_from(["=", "+", "-", "@", "'=", "''-", "'"]), text)
items = text.filter(lambda t: t not in ("", "."))
examples = st.builds(
    Example,
    name=items,
    count=st.none() | st.integers(-(10**9), 10**9),
    share=st.none() | st.integers(0, 10**5).map(lambda n: n / 10**5),
    sure=st.none() | st.booleans(),
    day=st.none() | st.dates(),
    phase=st.none() | st.sampled_from(Phase),
    items=st.lists(items, max_size=3).map(tuple),
)


@given(st.lists(examples, max_size=4))
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, written: Any) -> None:
    path = tmp_path_factory.mktemp("t") / "t.tsv"
    write_table(path, Example, written)
    assert read_table(path, Example) == written


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+49 30", "'+49 30"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-2+3", "'-2+3"),
        ("＝1", "'＝1"),
        ("'=1", "''=1"),
        ("-", "-"),
        ("+", "+"),
        ("'quoted'", "'quoted'"),
        ("c.-124C>T", "c.-124C>T"),
    ],
)
def test_text_is_no_formula_in_a_spreadsheet(tmp_path: Path, name: str, cell: str) -> None:
    """The sign of a number stays: only text can hold what somebody else wrote."""
    path = tmp_path / "t.tsv"
    written = [Example(name, -1, -0.5, None, None, None, (name, "x"))]
    write_table(path, Example, written)
    assert path.read_text().splitlines()[1].split("\t")[:3] == [cell, "-1", "-0.5"]
    assert read_table(path, Example) == written


@pytest.mark.parametrize(
    ("value", "cell"),
    [(None, "."), ((), "."), (("a", "b"), "a;b"), (True, "true"), (0.1 + 0.2, "0.3"), (1e-7, "1e-07")],
    ids=str,
)
def test_cells_have_one_form(value: float | tuple[str, ...] | None, cell: str) -> None:
    assert format_cell(value) == cell


@pytest.mark.parametrize("value", ["a\tb", "a\nb", ("a;b",)], ids=["tab", "line", "semicolon"])
def test_cells_that_would_break_the_table_are_refused(value: str | tuple[str]) -> None:
    with pytest.raises(ValueError, match="holds"):
        format_cell(value)


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    row = Example("a\tb", None, None, None, None, None, ())
    with pytest.raises(ValueError, match="tab"):
        write_table(tmp_path / "t.tsv", Example, [row])
    assert list(tmp_path.iterdir()) == []


def test_all_bad_cells_are_named_at_once(tmp_path: Path) -> None:
    path = tmp_path / "t.tsv"
    path.write_text("\t".join(header(Example)) + "\na\tx\t.\tyes\t.\tcis\t.\nb\t.\n")
    with pytest.raises(InputProblems) as caught:
        read_table(path, Example)
    places = [(problem.line, problem.column) for problem in caught.value.problems]
    assert places == [(2, "count"), (2, "sure"), (2, "phase"), (3, "")]


@given(st.lists(examples, max_size=3), st.permutations(header(Example)))
def test_columns_may_stand_in_any_order_beside_unknown_ones(
    tmp_path_factory: pytest.TempPathFactory, written: Any, order: Any
) -> None:
    path = tmp_path_factory.mktemp("t") / "t.tsv"
    write_table(path, Example, written)
    places = [header(Example).index(name) for name in order]
    lines = [line.split("\t") for line in path.read_text().split("\n")[:-1]]
    path.write_text("".join("\t".join(["added", *(cells[i] for i in places), "x"]) + "\n" for cells in lines))
    assert read_table(path, Example) == written


@dataclass(frozen=True)
class Grown:
    name: str = column("a name")
    count: int = column("a count added later", default=7)
    items: tuple[str, ...] = column("a list added later", default_factory=tuple)


def test_a_missing_column_gets_the_default_of_its_field(tmp_path: Path) -> None:
    path = tmp_path / "t.tsv"
    path.write_text("items\tname\na;b\tx\n")
    assert read_table(path, Grown) == [Grown("x", 7, ("a", "b"))]
    path.write_text("name\nx\n")
    assert read_table(path, Grown) == [Grown("x", 7, ())]


def test_columns_missing_or_twice_are_named_at_once(tmp_path: Path) -> None:
    path = tmp_path / "t.tsv"
    path.write_text("count\tcount\tvaf\n")
    with pytest.raises(InputProblems) as caught:
        read_table(path, Grown)
    found = [(problem.line, problem.column, problem.what) for problem in caught.value.problems]
    assert found == [(1, "name", "column is missing"), (1, "count", "column stands twice")]


def test_an_empty_file_misses_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "t.tsv"
    path.write_text("")
    with pytest.raises(InputProblems, match=r"t\.tsv:1:name: column is missing"):
        read_table(path, Grown)


ROW_TYPES = [
    *written_tables(),
]


@pytest.mark.parametrize("row_type", ROW_TYPES, ids=lambda item: item.__name__)
def test_every_column_is_described(row_type: Any) -> None:
    assert all(description for _, description in describe_columns(row_type))


def test_the_resistance_table_has_the_columns_of_the_contract() -> None:
    assert " ".join(header(ResistanceRow)) == (
        "patient timepoint setting classification confidence component mechanism gene alteration hgvs_c "
        "hgvs_p variant_type position_grch38 lead_specimen specimens vaf vaf_low vaf_high alt_molecules "
        "total_molecules duplex_alt copy_number tumour_fraction phase phase_partner phase_evidence "
        "compound_molecules compound_total compound_vaf compound_vaf_low compound_vaf_high compound_share "
        "emergence role timing excluded_clone_fraction excluded not_evaluable_reason not_assessable "
        "resistant_to sensitive_to evidence criteria flags"
    )
