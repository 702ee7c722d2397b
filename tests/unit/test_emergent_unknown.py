"""What is asked of an alteration in no table before it is shown as new."""

from typing import Any

import pytest
from golden.build import default_settings, evidence
from golden.test_golden import ROOT

from alktrace.classify.decision import classify_patient
from alktrace.classify.discovery import EmergentUnknownRow
from alktrace.inputs.knowledge_files import KnowledgeFiles
from alktrace.knowledge.load import load_knowledge

KNOWLEDGE = load_knowledge(KnowledgeFiles(ROOT / "resources" / "knowledge"))


def discovered(
    specimen: dict[str, Any] | None = None,
    found: tuple[int, int] = (60, 3000),
    name: str = "STK11 G163R",
    **fields: Any,
) -> tuple[EmergentUnknownRow, ...]:
    """What is discovered where a good baseline lacks an alteration and one sample shows it."""
    seen = {"BL.plasma": {"absent": 0.0025}, "PD.plasma": [*found], "with": fields}
    case = {"specimens": {"BL.plasma": None, "PD.plasma": specimen}, "found": {name: seen}}
    return classify_patient(evidence(case), KNOWLEDGE, default_settings())[-1].discovered


def test_new_and_clonal_and_in_no_table() -> None:
    (told,) = discovered()
    assert (told.gene, told.change, told.hotspot) == ("STK11", "G163R", False)
    assert told.vaf == 0.02
    assert told.clone_share == pytest.approx(0.4)


def test_a_tenth_of_the_tumour_cells_suffices() -> None:
    """0.025 x 2 / 0.5 = 0.1, the share below which a clone is minor."""
    sample = {"tf": [0.5, 0.45, 0.55]}
    assert discovered(sample, (75, 3000))
    assert not discovered(sample, (74, 3000))


def test_a_listed_residue_is_said() -> None:
    """Codon 12 of KRAS is a hotspot; its deletion is in no table."""
    changed: dict[str, Any] = {
        "gene": "KRAS",
        "codon": 12,
        "hgvs_p": "p.Gly12del",
        "consequence": "inframe_deletion",
    }
    (told,) = discovered(**changed, alteration="G12del", variant_type="deletion")
    assert told.hotspot


@pytest.mark.parametrize(
    "flag",
    [
        "ch_not_excluded",
        "germline_not_excluded",
        "germline_suspected",
        "probable_germline",
        "tumour_fraction_contradicts",
    ],
)
@pytest.mark.parametrize("origin", ["somatic", "undecided"])
def test_a_doubt_of_the_origin_is_no_discovery(flag: str, origin: str) -> None:
    assert not discovered(origin=origin, flags=[flag])


@pytest.mark.parametrize(
    ("specimen", "fields"),
    [
        pytest.param({"collected": "2025-05-01"}, {}, id="outside-the-window"),
        pytest.param({"verdict": "fail"}, {}, id="failed"),
        pytest.param({"tf": None}, {}, id="no-tumour-fraction"),
        pytest.param({"setting": "on_treatment", "collected": "2025-06-01"}, {}, id="under-treatment"),
        pytest.param({}, {"origin": "germline"}, id="inherited"),
        pytest.param({}, {"origin": "clonal_haematopoiesis"}, id="of-blood"),
        pytest.param({}, {"consequence": "synonymous"}, id="silent"),
        pytest.param({}, {"name": "KRAS G12D"}, id="a-known-mechanism"),
        pytest.param({}, {"name": "TP53 R273H"}, id="a-known-co-alteration"),
    ],
)
def test_no_discovery(specimen: dict[str, Any], fields: dict[str, Any]) -> None:
    assert not discovered(specimen, **fields)
