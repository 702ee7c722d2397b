"""Read structures in fgbio's notation."""

from typing import Any

import pytest

from alktrace.align.read_structure import ReadStructureError, parse_read_structure, plan_layout


@pytest.mark.parametrize(
    ("text", "read", "template", "umi"),
    [
        pytest.param("+T", "ACGT", ["ACGT"], [], id="template only"),
        pytest.param("5M2S+T", "AAAAACCGGG", ["GGG"], ["AAAAA"], id="inline with spacer"),
        pytest.param("12M16S+T", "A" * 12 + "C" * 16 + "GT", ["GT"], ["A" * 12], id="SiMSen-Seq"),
        pytest.param("3M3S3M3T", "AAACCCGGGTTT", ["TTT"], ["AAA", "GGG"], id="two UMI segments"),
        pytest.param("8B4C2M3T", "A" * 8 + "C" * 4 + "GGTTT", ["TTT"], ["GG"], id="barcodes left out"),
        pytest.param("2T2S2T", "AACCGG", ["AA", "GG"], [], id="two templates in one read"),
        pytest.param("4M+S", "ACGTTTTT", [], ["ACGT"], id="rest skipped"),
        pytest.param("+M", "ACGTTTTT", [], ["ACGTTTTT"], id="open UMI"),
        pytest.param("5M2S+T", "AAAAACC", [""], ["AAAAA"], id="+ may be nothing"),
        pytest.param(" 5m 2s +t ", "AAAAACCGGG", ["GGG"], ["AAAAA"], id="blanks and case"),
    ],
)
def test_slices_cut_the_segments_out(text: str, read: str, template: list[str], umi: list[str]) -> None:
    structure = parse_read_structure(text)
    assert [read[part] for part in structure.slices("T")] == template
    assert [read[part] for part in structure.slices("M")] == umi


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "pairs of a length", id="empty"),
        pytest.param("T", "pairs of a length", id="no length"),
        pytest.param("5M2X+T", "pairs of a length", id="unknown operator"),
        pytest.param("5M-2S+T", "pairs of a length", id="negative"),
        pytest.param("+M10T", "before its end", id="+ not last"),
        pytest.param("0M10T", "length 0", id="zero"),
    ],
)
def test_other_texts_are_refused(text: str, message: str) -> None:
    with pytest.raises(ReadStructureError, match=message):
        parse_read_structure(text)


def test_text_form_is_kept() -> None:
    assert str(parse_read_structure("5m2s+t")) == "5M2S+T"


def plan(*texts: Any) -> Any:
    return plan_layout(tuple(map(parse_read_structure, texts)))


def test_umi_parts_are_joined_in_file_order() -> None:
    layout = plan("3M+T", "2S+T", "4M4M")
    assert [read for read, _ in layout.templates] == [0, 1]
    assert [read for read, _ in layout.umis] == [0, 2, 2]


def test_open_template_needs_a_base() -> None:
    assert plan("5M2S+T", "10T", "8M").min_lengths == (8, 10, 8)


@pytest.mark.parametrize("texts", [("8M",), ("2T2T", "+T")], ids=["no template", "three templates"])
def test_one_or_two_templates(texts: tuple[str, ...]) -> None:
    with pytest.raises(ReadStructureError, match="template segments"):
        plan(*texts)
