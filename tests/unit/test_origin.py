"""Origin of variants: one row per rule and per trap."""

from dataclasses import replace

import pytest
from shipped_settings import SHIPPED

from alktrace.annotate.germline_band import Elsewhere
from alktrace.annotate.origin import MoleculeCount, OriginEvidence, decide_origin, white_cells_informative
from alktrace.inputs.settings.origin_settings import OriginSettings
from alktrace.stats.intervals import share
from alktrace.vocabulary.changes import Origin
from alktrace.vocabulary.samples import SpecimenType

BLOOD_GENES = {"TP53", "KRAS", "DNMT3A", "NF1"}
PLASMA, TISSUE, WBC, CSF = SpecimenType.PLASMA, SpecimenType.TISSUE, SpecimenType.WBC, SpecimenType.CSF
SOMATIC, GERMLINE = Origin.SOMATIC, Origin.GERMLINE
BLOOD, UNDECIDED = Origin.CLONAL_HAEMATOPOIESIS, Origin.UNDECIDED


def person(kind: SpecimenType, alt: int, total: int, fraction: float | None = None) -> Elsewhere:
    return Elsewhere(kind, alt, total, fraction, same_person=True)


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


def counted(alt: int, total: int, specimen: SpecimenType = PLASMA, **more: object) -> OriginEvidence:
    vaf, low, high = share(alt, total)
    return case("ALK", vaf, specimen, vaf_low=low, vaf_high=high, **more)


SUSPECTED, OPEN = ("probable_germline",), ("germline_not_excluded",)


@pytest.mark.parametrize(
    ("evidence", "flags"),
    [
        pytest.param(counted(2006, 2006), SUSPECTED, id="all of 2,006 molecules of plasma"),
        pytest.param(counted(2006, 2006, beside=[0.003]), SUSPECTED, id="homozygous, tumour at 0.3 %"),
        pytest.param(counted(1023, 2006, beside=[0.012]), SUSPECTED, id="51 %, G1269S at 1.2 % beside it"),
        pytest.param(counted(1043, 2006, beside=[0.003, 0.02]), SUSPECTED, id="52 %, tumour at 0.3 to 2 %"),
        pytest.param(counted(1023, 2006, CSF, beside=[0.012]), SUSPECTED, id="the same in CSF"),
        pytest.param(counted(1023, 2006, beside=[0.012, 0.31]), OPEN, id="the tumour reaches 31 %"),
        pytest.param(counted(1023, 2006), OPEN, id="51 % alone says nothing"),
        pytest.param(counted(762, 2006, beside=[0.012]), OPEN, id="38 % is neither one half nor one"),
        pytest.param(counted(1023, 2006, beside=[0.012], amplified=True), OPEN, id="extra copies"),
        pytest.param(counted(1023, 2006, beside=[0.012], known_somatic=True), ("germline_suspected",),
                     id="a listed mutation is weakened, not taken for inherited"),
        # other samples of the patient
        pytest.param(counted(1023, 2006, elsewhere=[Elsewhere(PLASMA, 510, 1000)]), SUSPECTED,
                     id="the same VAF at another timepoint"),
        pytest.param(counted(95, 200, TISSUE, elsewhere=[Elsewhere(PLASMA, 510, 1000)]), SUSPECTED,
                     id="one half in tissue and in plasma"),
        pytest.param(counted(1023, 2006, elsewhere=[Elsewhere(PLASMA, 120, 1000)]), OPEN,
                     id="12 % at another timepoint"),
        pytest.param(counted(1023, 2006, tumour_fraction_high=0.05, elsewhere=[Elsewhere(PLASMA, 0, 1000)]),
                     OPEN, id="absent from another plasma, whatever the tumour fraction is said to be"),
        pytest.param(counted(1023, 2006, beside=[0.012], elsewhere=[Elsewhere(TISSUE, 20, 300)]), SUSPECTED,
                     id="pure tissue may have lost the allele"),
        pytest.param(counted(1023, 2006, elsewhere=[Elsewhere(PLASMA, 2, 4)]), OPEN,
                     id="few molecules there"),
        # tissue of high purity: mutations of all its cells lie at one half beside subclonal ones
        pytest.param(counted(95, 200, TISSUE, beside=[0.02]), OPEN, id="tissue, subclone beside it"),
        pytest.param(counted(95, 200, TISSUE, beside=[0.02], tumour_fraction_high=0.06,
                             fraction_of_trunk=False), OPEN,
                     id="tissue, its fraction rests on the subclone"),
        pytest.param(counted(200, 200, TISSUE, beside=[0.02]), OPEN, id="tissue, other allele lost"),
        pytest.param(counted(95, 200, TISSUE, elsewhere=[Elsewhere(TISSUE, 98, 200)]), OPEN,
                     id="two pure tissues"),
        pytest.param(counted(1023, 2006, elsewhere=[Elsewhere(PLASMA, 0, 40)]), OPEN,
                     id="absent from 40 molecules: up to 9 % there"),
        pytest.param(counted(1023, 2006, elsewhere=[Elsewhere(TISSUE, 0, 1000)]), OPEN,
                     id="absent from tissue of unknown purity, which may have lost the allele"),
    ],
)  # fmt: skip
def test_germline_band_is_judged_against_all_else(
    evidence: OriginEvidence, flags: tuple[str, ...], settings: OriginSettings
) -> None:
    verdict = decide_origin(evidence, settings=settings, blood_genes=BLOOD_GENES)
    assert (verdict.origin, verdict.flags) == (UNDECIDED, flags), verdict.reason


@pytest.mark.parametrize(
    ("evidence", "reason"),
    [
        pytest.param(counted(1023, 2006, beside=[0.012], elsewhere=[person(PLASMA, 0, 1000)]),
                     "0 of 1000 molecules in another sample: not inherited", id="absent from a baseline"),
        pytest.param(counted(1300, 2006, tumour_fraction_high=0.85, elsewhere=[person(PLASMA, 1, 300)]),
                     "1 of 300 molecules", id="other allele lost, one stray molecule before"),
        pytest.param(counted(95, 200, TISSUE, elsewhere=[person(PLASMA, 20, 1000)]),
                     "20 of 1000 molecules", id="tissue at one half, plasma at 2 %"),
        pytest.param(counted(1023, 2006, elsewhere=[person(TISSUE, 0, 300, 0.3)]),
                     "0 of 300 molecules", id="absent from tissue with much normal DNA"),
    ],
)  # fmt: skip
def test_what_another_sample_lacks_is_not_inherited(
    evidence: OriginEvidence, reason: str, settings: OriginSettings
) -> None:
    verdict = decide_origin(evidence, settings=settings, blood_genes=BLOOD_GENES)
    assert (verdict.origin, verdict.flags) == (SOMATIC, ())
    assert reason in verdict.reason


def test_what_another_sample_lacks_may_still_be_of_blood(settings: OriginSettings) -> None:
    seen = replace(counted(1023, 2006, elsewhere=[person(PLASMA, 0, 1000)]), gene="TP53")
    verdict = decide_origin(seen, settings=settings, blood_genes=BLOOD_GENES)
    assert (verdict.origin, verdict.flags) == (UNDECIDED, ("ch_not_excluded",))


def test_tissue_with_a_fraction_of_the_fusion_tells_a_germline_variant(settings: OriginSettings) -> None:
    seen = counted(95, 200, TISSUE, tumour_fraction_high=0.3, fraction_of_trunk=True)
    assert decide_origin(seen, settings=settings, blood_genes=BLOOD_GENES).origin is GERMLINE


@pytest.mark.parametrize("vaf", [0.001, 0.5])
def test_a_candidate_of_white_cells_is_no_clone_of_blood(vaf: float, settings: OriginSettings) -> None:
    verdict = decide_origin(case("TP53", vaf, WBC, called=False), settings=settings, blood_genes=BLOOD_GENES)
    assert verdict.origin is UNDECIDED
    assert "below the calling rule" in verdict.reason
