"""Origin of variants: one row per rule and per trap."""

import pytest
from shipped_settings import SHIPPED

from alktrace.annotate.origin import MoleculeCount, OriginEvidence, decide_origin, white_cells_informative
from alktrace.inputs.settings import OriginSettings
from alktrace.vocabulary.changes import Origin
from alktrace.vocabulary.samples import SpecimenType

BLOOD_GENES = {"TP53", "KRAS", "DNMT3A", "NF1"}
PLASMA, TISSUE, WBC = SpecimenType.PLASMA, SpecimenType.TISSUE, SpecimenType.WBC
SOMATIC, GERMLINE = Origin.SOMATIC, Origin.GERMLINE
BLOOD, UNDECIDED = Origin.CLONAL_HAEMATOPOIESIS, Origin.UNDECIDED


@pytest.fixture(scope="module")
def settings() -> OriginSettings:
    return SHIPPED.origin


def case(gene: str, vaf: float | None, specimen: SpecimenType = PLASMA, **more: object) -> OriginEvidence:
    counts = {
        name: tuple(MoleculeCount(*pair) for pair in more.pop(name, ()))  # type: ignore[attr-defined]
        for name in ("white_cells", "tissue")
    }
    small = bool(more.pop("small_variant", True))
    return OriginEvidence(gene, small, specimen, vaf, **counts, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("evidence", "origin", "flags"),
    [
        pytest.param(case("ALK", 0.02, small_variant=False), SOMATIC, (), id="fusion"),
        pytest.param(case("ALK", 0.48, population_frequency=0.2), GERMLINE, (), id="polymorphism"),
        pytest.param(
            case("ALK", 0.01, population_frequency=0.2, white_cells=[(0, 3000)]), GERMLINE, (),
            id="polymorphism at a low VAF is contamination or germline, never somatic",
        ),
        pytest.param(case("KRAS", 0.02, population_frequency=1e-5, white_cells=[(0, 900)]), SOMATIC, (),
                     id="rare in the population"),
        # white cells
        pytest.param(case("KRAS", 0.01, white_cells=[(0, 2000)]), SOMATIC, (), id="absent from white cells"),
        pytest.param(case("KRAS", 0.01, white_cells=[(21, 2000)]), BLOOD, (), id="same VAF in white cells"),
        pytest.param(case("DNMT3A", 0.08, white_cells=[(160, 2000)]), BLOOD, (), id="DNMT3A"),
        pytest.param(case("ALK", 0.01, white_cells=[(21, 2000)]), BLOOD, (),
                     id="white cells speak for any gene"),
        pytest.param(case("KRAS", 0.10, white_cells=[(30, 2000)]), SOMATIC, ("wbc_carry_over",),
                     id="white cells five-fold below plasma"),
        pytest.param(case("KRAS", 0.074, white_cells=[(30, 2000)]), BLOOD, (),
                     id="white cells not quite five-fold below"),
        pytest.param(case("KRAS", 0.02, white_cells=[(20, 2000)], tissue=[(60, 300)]), SOMATIC,
                     ("wbc_carry_over",), id="tissue far above white cells"),
        pytest.param(case("ALK", 0.47, white_cells=[(980, 2000)]), GERMLINE, (), id="heterozygous"),
        pytest.param(case("ALK", 0.99, white_cells=[(1990, 2000)]), GERMLINE, (), id="homozygous"),
        pytest.param(case("ALK", 0.02, white_cells=[(980, 2000)]), GERMLINE, (),
                     id="germline allele lost in the tumour stays germline"),
        pytest.param(case("KRAS", 0.01, white_cells=[(1, 2000)]), SOMATIC, (), id="one molecule is noise"),
        pytest.param(case("KRAS", 0.002, white_cells=[(0, 200)]), UNDECIDED,
                     ("wbc_not_informative", "ch_not_excluded"), id="white cells too shallow"),
        pytest.param(case("KRAS", 0.01, white_cells=[(0, 2000), (20, 2000)]), UNDECIDED, ("wbc_conflict",),
                     id="white-cell samples disagree"),
        pytest.param(case("KRAS", 0.01, white_cells=[(0, 20), (20, 2000)]), BLOOD, (),
                     id="a shallow white-cell sample does not disagree"),
        # no white cells
        pytest.param(case("KRAS", 0.01), UNDECIDED, ("ch_not_excluded",), id="KRAS without white cells"),
        pytest.param(case("ALK", 0.01), SOMATIC, (), id="ALK without white cells"),
        pytest.param(case("TP53", 0.01, tissue=[(40, 200)]), SOMATIC, (), id="tissue supports"),
        pytest.param(case("TP53", 0.01, tissue=[(0, 200)]), UNDECIDED, ("ch_not_excluded",),
                     id="tissue does not support"),
        pytest.param(case("TP53", 0.2, TISSUE), SOMATIC, (), id="found in tissue"),
        pytest.param(case("ALK", 0.49, vaf_low=0.46, tumour_fraction_high=0.08), GERMLINE, (),
                     id="near one half in a low tumour fraction"),
        pytest.param(case("TP53", 0.49, vaf_low=0.46, tumour_fraction_high=0.08), GERMLINE, (),
                     id="germline TP53 needs no flag of blood"),
        pytest.param(case("ALK", 0.49, vaf_low=0.46, tumour_fraction_high=0.8), UNDECIDED,
                     ("germline_not_excluded",), id="near one half in a high tumour fraction"),
        pytest.param(case("ALK", 0.49), UNDECIDED, ("germline_not_excluded",), id="tumour fraction unknown"),
        pytest.param(case("ALK", 0.4, vaf_low=0.3, tumour_fraction_high=0.1, known_somatic=True), UNDECIDED,
                     ("germline_not_excluded",), id="a listed mutation is never germline by VAF"),
        pytest.param(case("ALK", 0.49, vaf_low=0.46, tumour_fraction_high=0.2, amplified=True), UNDECIDED,
                     ("germline_not_excluded",), id="amplified allele"),
        pytest.param(case("ALK", None), UNDECIDED, (), id="report without VAF"),
        # the white cells themselves
        pytest.param(case("TP53", 0.03, WBC), BLOOD, (), id="in white cells"),
        pytest.param(case("TP53", 0.5, WBC), GERMLINE, (), id="in white cells at one half"),
    ],
)  # fmt: skip
def test_origin(
    evidence: OriginEvidence, origin: Origin, flags: tuple[str, ...], settings: OriginSettings
) -> None:
    verdict = decide_origin(evidence, settings=settings, blood_genes=BLOOD_GENES)
    assert (verdict.origin, verdict.flags) == (origin, flags), verdict.reason
    assert verdict.reason


@pytest.mark.parametrize(
    ("total", "vaf", "informative"),
    [
        # P(at least one molecule) = 1 - (1 - f)^n, one suffices while noise is below alpha (n = 1000)
        (298, 0.01, False),  # 1 - 0.99^298 = 0.94995
        (299, 0.01, True),  # 1 - 0.99^299 = 0.95045
        # n = 3000: noise reaches one molecule with 3 % > 1 %, so two are needed: 1 - e^-x (1 + x)
        (3000, 0.0015, False),  # x = 4.5: 0.9389
        (3000, 0.0016, True),  # x = 4.8: 0.9523
        (0, 0.5, False),
    ],
)
def test_power_of_white_cells(total: int, vaf: float, informative: bool, settings: OriginSettings) -> None:
    assert white_cells_informative(MoleculeCount(0, total), vaf, settings) is informative


def test_reason_tells_the_numbers(settings: OriginSettings) -> None:
    verdict = decide_origin(
        case("KRAS", 0.10, white_cells=[(30, 2000)]), settings=settings, blood_genes=BLOOD_GENES
    )
    assert verdict.reason == "white cells 30 of 2000 molecules (1.5 %), 6.67-fold below the tumour sample"


@pytest.mark.parametrize(("count", "zygosity"), [((980, 2000), "heterozygous"), ((1990, 2000), "homozygous")])
def test_zygosity(count: tuple[int, int], zygosity: str, settings: OriginSettings) -> None:
    verdict = decide_origin(case("ALK", 0.5, white_cells=[count]), settings=settings, blood_genes=BLOOD_GENES)
    assert verdict.reason.endswith(zygosity)
