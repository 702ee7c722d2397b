"""Correction to a list of UMIs, by the rule that fgbio's CorrectUmis documents."""

from pathlib import Path
from typing import Any

import pytest

from alktrace.align.fixed_umis import MAX_KNOWN, FixedUmis, read_fixed_umis
from alktrace.errors import DataError, InputProblems

# AAAAAA and AAAATT are at distance 2, so that AAAAAT lies between them.
UMIS = ("AAAAAA", "AAAATT", "CCCCCC", "GGGTTT")


@pytest.mark.parametrize(
    ("observed", "expected"),
    [
        pytest.param("CCCCCC", "CCCCCC", id="exact"),
        pytest.param("CCCCCA", "CCCCCC", id="one mismatch"),
        pytest.param("CCNCCC", "CCCCCC", id="N is a mismatch"),
        pytest.param("CCNNCC", None, id="two N"),
        pytest.param("CCCCAA", None, id="two mismatches"),
        pytest.param("AAAAAT", None, id="between two"),
        pytest.param("AAAAAA", "AAAAAA", id="exact, the second at the least distance"),
        pytest.param("AACAAA", "AAAAAA", id="second best further"),
        pytest.param("CCCCC", None, id="other length"),
        pytest.param("CCCCCC-GGGTTA", "CCCCCC-GGGTTT", id="both halves"),
        pytest.param("CCCCCC-ACGACG", None, id="one half lost"),
        pytest.param("cccccc", "CCCCCC", id="lower case"),
    ],
)
def test_correction(observed: str, expected: str | None) -> None:
    assert FixedUmis(UMIS, max_mismatches=1, min_distance=2).correct(observed) == expected


def test_exact_umi_with_too_near_a_neighbour_is_not_assigned() -> None:
    fixed = FixedUmis(("AAAA", "AAAT", "CCCC"), max_mismatches=1, min_distance=2)
    assert fixed.correct("AAAA") is None
    assert fixed.correct("CCCC") == "CCCC"


def test_settings_decide() -> None:
    fixed = FixedUmis(UMIS, max_mismatches=2, min_distance=1)
    assert fixed.correct("CCCCAA") == "CCCCCC"


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alktrace.align.fixed_umis.MAX_KNOWN", 3)
    fixed = FixedUmis(UMIS, max_mismatches=1, min_distance=2)
    answers = [fixed.correct(umi) for umi in ("CCCCCC", "CCCCCA", "CCCCCG", "CCCCCT", "CCCCAA")]
    assert answers == ["CCCCCC"] * 4 + [None]
    assert len(fixed._known) <= 3 < MAX_KNOWN


def write(tmp_path: Path, text: Any) -> Any:
    path = tmp_path / "umis.txt"
    path.write_text(text)
    return path


def test_list_is_read(tmp_path: Path) -> None:
    fixed = read_fixed_umis(write(tmp_path, "# kit\nACGT\n\nttgg\n"), max_mismatches=1, min_distance=2)
    assert fixed.umis == ("ACGT", "TTGG")


def test_every_wrong_line_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, "ACGT\nACGTT\nACXT\nACGT\n")
    with pytest.raises(InputProblems) as caught:
        read_fixed_umis(path, max_mismatches=1, min_distance=2)
    lines = str(caught.value).splitlines()
    assert [line.split(": ")[0] for line in lines] == [f"{path}:{n}" for n in (2, 3, 4)]


@pytest.mark.parametrize("text", ["", "# nothing\n"])
def test_empty_list_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(DataError, match="holds no UMI"):
        read_fixed_umis(write(tmp_path, text), max_mismatches=1, min_distance=2)


def test_missing_list_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read_fixed_umis(tmp_path / "none.txt", max_mismatches=1, min_distance=2)
