"""The demo cohort: who has what, when it was sampled, and which class each timepoint must get.

Patients are invented. Every class of the result appears at least once, for the reason named
in `note`, but NONE_FOUND: its panels leave out core bypass loci.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from .design import Builder, Cohort, Course, Expectation, Specimen, fusion, tumour
from .made_genome import Genome
from .planted import Amplification, Inversion, Loss, Placed, PlantedVariant, Population, duplication, placed

MET_GAIN = Amplification("MET", "chr7", 116_600_000, 116_900_000, extra=10)
RB1_LOSS = Loss("RB1", "chr13", 48_200_000, 48_600_000)
TP53_LOSS = Loss("TP53", "chr17", 7_600_000, 7_750_000)
SINGLE_STRAND_COPIES = 1.5
"""Copies per strand of libraries that recover one strand of a molecule."""
TISSUE: dict[str, Any] = {
    "specimen_type": "tissue",
    "assay": "tissue",
    "fragments": "sonicated",
    "copies": 0.45,
}

Clone = tuple[str, float, tuple[Placed, ...]]


def design_cohort(genome: Genome, *, seed: int) -> Cohort:
    """Return the demo cohort; equal seeds give equal cohorts."""
    build = Builder(genome, np.random.default_rng([seed, 2]))
    _on_target(build)
    _bypass(build)
    _negative(build)
    _transformed(build)
    _from_elsewhere(build)
    _controls(build)
    return Cohort(
        tuple(sorted(build.specimens, key=lambda item: (item.role != "patient", item.patient))),
        tuple(sorted(build.expectations, key=lambda item: item.patient)),
        tuple(sorted(build.courses, key=lambda item: item.patient)),
    )


def _on_target(build: Builder) -> None:
    one, two = build.known("G1202R"), build.known("L1196M")

    course = Course("P01", date(2022, 3, 14), date(2023, 9, 20))
    trunk = build.trunk(fusion("E13;A20", 29223741, 42299750))
    build.baseline(course, tumour(0.25, trunk), "EML4-ALK E13;A20")
    build.progressed(
        course,
        tumour(0.35, trunk, [("parental", 0.25, one), ("compound", 0.5, one + two)]),
        "ON_TARGET_COMPOUND_CIS",
        "a compound clone inside a G1202R clone",
        components=("on_target",),
        mechanisms=("ALK G1202R", "ALK L1196M"),
        phase=("CIS_AND_SINGLE",),
        fusion="EML4-ALK E13;A20",
        emergence="emergent",
    )
    _alk(
        build,
        Course("P02", date(2021, 11, 2), date(2023, 2, 8), sex="male", age=47),
        fusion("E20;A20", 29224410, 42325850),
        [("one", 0.45, one), ("two", 0.4, two)],
        "ON_TARGET_MULTIPLE_TRANS",
        "the same pair in two clones, never on one molecule",
        mechanisms=("ALK G1202R", "ALK L1196M"),
        phase=("TRANS",),
    )
    _alk(
        build,
        Course("P03", date(2022, 6, 1), date(2024, 1, 17), age=61),
        fusion("E13;A20", 29224020, 42299812),
        [("resistant", 0.6, build.known("I1171N") + one)],
        "ON_TARGET_MULTIPLE_UNRESOLVED",
        "exons 22 and 23 lie 1.5 kb apart: no fragment shows both",
        mechanisms=("ALK I1171N", "ALK G1202R"),
        phase=("UNRESOLVED",),
    )
    _alk(
        build,
        Course("P04", date(2022, 1, 10), date(2023, 4, 26), sex="male", age=39),
        fusion("E6;A20", 29224275, 42265120),
        [("resistant", 0.6, placed(build.variant("ALK", "p.Gly1269Ser", 3805, "GG>TC")))],
        "ON_TARGET_SINGLE",
        "two bases of one codon on one molecule; simplex UMI in read 1",
        mechanisms=("ALK G1269S",),
        specimen={"assay": "plasma-simplex", "copies": SINGLE_STRAND_COPIES},
    )
    _alk(
        build,
        Course("P05", date(2022, 9, 5), date(2024, 3, 11), site="cns_only", age=44),
        fusion("E13;A20", 29224500, 42299905),
        [("resistant", 0.7, placed(duplication(build.genome, "ALK", "p.Thr1151dup", 3451, 3453)))],
        "ON_TARGET_SINGLE",
        "a codon duplicated at the start of exon 22; CSF with the UMI in its own FASTQ",
        mechanisms=("ALK T1151dup",),
        specimen={
            "specimen": "csf",
            "specimen_type": "csf",
            "assay": "csf-index",
            "fragments": "csf",
            "copies": SINGLE_STRAND_COPIES,
        },
    )
    _alk(
        build,
        Course("P06", date(2021, 8, 23), date(2022, 12, 5), next_drugs=("neladalkib",), age=58),
        fusion("E13;A20", 29223902, 42299640),
        [("resistant", 0.6, one)],
        "ON_TARGET_SINGLE",
        "EML4-ALK with a single mutation",
        mechanisms=("ALK G1202R",),
    )
    rearranged = fusion("E13;A20", 29225300, 42299780)
    gain = Amplification("ALK", "chr2", 29_100_000, rearranged.low + 1, extra=10)
    _alk(
        build,
        Course("P10", date(2022, 7, 18), date(2023, 8, 30), sex="male", age=55),
        rearranged,
        [("resistant", 0.9, placed(gain))],
        "ON_TARGET_AMPLIFICATION",
        "the fused ALK, from intron 19 to the end of the gene, in 10 extra copies",
        mechanisms=("ALK amplification",),
    )


def _alk(
    build: Builder,
    course: Course,
    rearranged: Inversion,
    clones: Sequence[Clone],
    *answer: str,
    **more: Any,
) -> None:
    """Add a patient whose only family of mechanisms is on-target; `answer` is class and note."""
    cells = tumour(0.35, build.trunk(rearranged), clones)
    expected = {"components": ("on_target",), "fusion": rearranged.name} | more
    build.progressed(course, cells, *answer, **expected)


def _bypass(build: Builder) -> None:
    rearranged = fusion("E20;A20", 29224120, 42325910)
    course = Course("P07", date(2022, 5, 16), date(2023, 11, 29), sex="male", age=71, death=True)
    mutated = placed(build.variant("KRAS", "p.Gly12Asp", 35, "G>A"))
    blood = placed(build.variant("TP53", "p.Arg248Trp", 742, "C>T"))
    normal, *cells = tumour(0.3, build.trunk(rearranged), [("resistant", 0.6, mutated)])
    taken = build.progressed(
        course,
        (*_haematopoiesis(normal.share, blood), *cells),
        "BYPASS",
        "KRAS is of the tumour, TP53 R248W of the blood: white cells show it",
        components=("bypass",),
        mechanisms=("KRAS G12D",),
        fusion=rearranged.name,
    )
    build.specimens.append(
        replace(
            taken,
            specimen="wbc",
            specimen_type="wbc",
            setting=".",
            populations=_haematopoiesis(1.0, blood),
            fragments="sonicated",
            depth=420.0,
        )
    )
    rearranged = fusion("E13;A20", 29224655, 42299700)
    trunk = build.trunk(rearranged)
    clone = ("resistant", 0.8, placed(build.variant("NF2", "p.Arg341Ter", 1021, "C>T")))
    taken = build.progressed(
        Course("P08", date(2022, 2, 7), date(2023, 6, 14), next_months=9, age=49),
        tumour(0.5, trunk, [clone]),
        "BYPASS",
        "NF2 truncated; plasma and tissue agree",
        components=("bypass",),
        mechanisms=("NF2 R341*",),
        fusion=rearranged.name,
        excluded=("alk_mutation:excluded", "gene_loss:found", "bypass_fusion:not_targeted"),
    )
    build.specimens.append(replace(taken, specimen="bx", populations=tumour(0.8, trunk, [clone]), **TISSUE))
    rearranged = fusion("E6;A20", 29223850, 42265240)
    build.progressed(
        Course("P09", date(2021, 10, 4), date(2022, 11, 16), next_drugs=("lorlatinib", "crizotinib")),
        tumour(0.35, build.trunk(rearranged), [("resistant", 0.9, placed(MET_GAIN))]),
        "BYPASS",
        "focal MET gain, 12 copies in nine of ten tumour cells",
        components=("bypass",),
        mechanisms=("MET amplification",),
        fusion=rearranged.name,
    )
    rearranged = fusion("E13;A20", 29223777, 42299670)
    other = placed(build.variant("KRAS", "p.Gly12Cys", 34, "G>T"))
    trunk = build.trunk(rearranged)
    clones = [("mutated", 0.5, build.known("G1202R")), ("bypassed", 0.4, other)]
    taken = build.progressed(
        Course("P15", date(2022, 10, 10), date(2024, 4, 8), age=50),
        tumour(0.4, trunk, clones),
        "MIXED",
        "ALK in one clone, KRAS in another, UMI in the read name; the lesion biopsied has NRAS alone",
        specimen={"assay": "plasma-name", "copies": SINGLE_STRAND_COPIES},
        components=("on_target", "bypass"),
        mechanisms=("ALK G1202R", "KRAS G12C", "NRAS Q61R"),
        fusion=rearranged.name,
        excluded=("alk_mutation:found", "bypass_mutation:found", "bypass_fusion:not_targeted"),
    )
    alone = placed(build.variant("NRAS", "p.Gln61Arg", 182, "A>G"))
    lesion = tumour(0.8, trunk, [("lesion", 0.9, alone)])
    build.specimens.append(replace(taken, specimen="bx", populations=lesion, **TISSUE))


def _haematopoiesis(share: float, clone: tuple[Placed, ...]) -> tuple[Population, ...]:
    """Split normal cells into blood with and without a clone of 20 %."""
    return Population("normal", share * 0.8), Population("haematopoiesis", share * 0.2, clone)


def _negative(build: Builder) -> None:
    rearranged = fusion("E6;A20", 29224800, 42265300)
    build.progressed(
        Course("P11", date(2023, 1, 9), date(2023, 4, 5), best="PD", age=66, death=True),
        tumour(0.7, build.trunk(rearranged)),
        "ON_TARGET_EXCLUDED",
        "much tumour DNA and nothing but the trunk; introns of RET and ROS1 are not in the panel",
        fusion=rearranged.name,
        excluded=(
            "alk_mutation:excluded",
            "alk_amplification:excluded",
            "bypass_mutation:in_part",
            "met_amplification:excluded",
            "bypass_fusion:not_targeted",
        ),
    )
    trunk = build.trunk(fusion("E13;A20", 29223960, 42299860))
    build.progressed(
        Course("P12", date(2022, 4, 25), date(2023, 10, 9), site="cns_only", next_drugs=(), age=36),
        tumour(0.002, trunk, [("resistant", 0.6, build.known("G1202R"))]),
        "NOT_EVALUABLE",
        "0.2 % of tumour DNA: a G1202R that is there cannot be seen",
        reasons=("tumour_fraction_unknown", "tumour_fraction_low", "power_low"),
    )


def _transformed(build: Builder) -> None:
    def lost(rb1: PlantedVariant, tp53: PlantedVariant) -> tuple[Placed, ...]:
        return (*placed(rb1, tp53), *placed(RB1_LOSS, TP53_LOSS, on=1))

    rearranged = fusion("E13;A20", 29224333, 42299999)
    course = Course("P13", date(2022, 8, 15), date(2024, 2, 21), next_drugs=("etoposide", "carboplatin"))
    old = "PIK3CA E545K"
    trunk = build.trunk(rearranged) + placed(build.variant("PIK3CA", "p.Glu545Lys", 1633, "G>A"))
    own = lost(
        build.variant("RB1", "p.Arg320Ter", 958, "C>T"),
        build.variant("TP53", "p.Arg273Cys", 817, "C>T"),
    )
    build.baseline(
        course,
        tumour(0.25, trunk),
        rearranged.name,
        classification="BYPASS",
        note="PIK3CA in all tumour cells before lorlatinib",
        components=("bypass",),
        mechanisms=(old,),
        pre_existing=(old,),
        reasons=(),
    )
    build.progressed(
        course,
        # Enough tumour for the VAF to tell: with the other copy in place it could be a half at most.
        tumour(0.8, trunk, [("transformed", 0.95, own)]),
        "TRANSFORMATION_SUSPECTED",
        "RB1 and TP53 new, each with loss of the other copy; no histology; PIK3CA as before lorlatinib",
        components=("transformation",),
        mechanisms=(old, "RB1 R320*"),
        pre_existing=(old,),
        fusion=rearranged.name,
        emergence="emergent",
        excluded=("alk_mutation:excluded", "bypass_mutation:found", "bypass_fusion:not_targeted"),
    )

    rearranged = fusion("E20;A20", 29224580, 42325790)
    trunk = build.trunk(rearranged)
    own = lost(
        build.variant("RB1", "p.Arg445Ter", 1333, "C>T"),
        build.variant("TP53", "p.Arg175His", 524, "G>A"),
    )
    liver = build.progressed(
        Course(
            "P14",
            date(2021, 12, 13),
            date(2023, 5, 3),
            next_drugs=("etoposide", "carboplatin"),
            sex="male",
            pathology=(("bx-liver", "small_cell"), ("bx-lung", "adenocarcinoma")),
            death=True,
        ),
        tumour(0.8, trunk, [("transformed", 0.95, own)]),
        "TRANSFORMATION_CONFIRMED",
        "two biopsies of one day without UMI: small cell in the liver, adenocarcinoma in the lung",
        specimen={"specimen": "bx-liver", **TISSUE},
        components=("transformation",),
        fusion=rearranged.name,
    )
    build.specimens.append(replace(liver, specimen="bx-lung", populations=tumour(0.4, trunk)))


def _from_elsewhere(build: Builder) -> None:
    """Patients whose data come as a raw BAM, a consensus BAM and two laboratory reports."""
    rearranged = fusion("E6;A20", 29224945, 42265410)
    mutated = placed(build.variant("BRAF", "p.Val600Glu", 1799, "T>A"))
    build.progressed(
        Course("P16", date(2022, 3, 28), date(2023, 7, 12), next_drugs=("dabrafenib", "trametinib")),
        tumour(0.3, build.trunk(rearranged), [("resistant", 0.6, mutated)]),
        "BYPASS",
        "an aligned BAM with UMIs in RX",
        specimen={"assay": "plasma-tag", "source": "raw"},
        components=("bypass",),
        mechanisms=("BRAF V600E",),
        fusion=rearranged.name,
    )
    _alk(
        build,
        Course("P17", date(2021, 9, 20), date(2023, 3, 15), sex="male", age=63),
        fusion("E13;A20", 29224210, 42299735),
        [("compound", 0.7, build.known("F1174L") + build.known("G1202R"))],
        "ON_TARGET_COMPOUND_CIS",
        "a duplex consensus BAM from elsewhere",
        mechanisms=("ALK F1174L", "ALK G1202R"),
        phase=("CIS", "CIS_AND_SINGLE"),
        specimen={"assay": "plasma-tag", "source": "consensus"},
    )
    _reported(build)
    _reported_in_chinese(build)


def _reported(build: Builder) -> None:
    said = {
        "covered_genes": "ALK;EGFR;KRAS;BRAF;MET",
        "lod_vaf": "0.003",
        "tumour_fraction": "0.12",
        "molecules": "2800",
    }
    rows: tuple[dict[str, str], ...] = (
        {"gene": "ALK", "variant_class": "fusion", "vaf": "5.8%", "partner": "EML4"},
        {
            "gene": "ALK",
            "hgvs_p": "p.Gly1202Arg",
            "hgvs_c": "c.3604G>A",
            "variant_class": "snv",
            "vaf": "3.1%",
        },
    )
    taken = Specimen(
        "P18", "PD1", "plasma", "plasma", "lab-report", date(2024, 5, 13), source="calls",
        report=tuple(row | said for row in rows),
    )  # fmt: skip
    later = replace(taken, timepoint="PD2", collected=date(2024, 9, 2), report=({"gene": "."},))
    build.specimens += [taken, later]
    build.courses.append(Course("P18", date(2022, 11, 7), None, best=None, site=None, next_drugs=(), age=57))
    build.expectations += [
        Expectation(
            "P18", "PD1", "progression", "ON_TARGET_SINGLE", "a laboratory's report", ("on_target",),
            ("ALK G1202R",), timing="INDETERMINATE",
        ),
        Expectation(
            "P18", "PD2", "progression", "NOT_EVALUABLE",
            "a report without findings, coverage and detection limit",
            reasons=("callability_unknown",), timing="INDETERMINATE",
        ),
    ]  # fmt: skip


def _reported_in_chinese(build: Builder) -> None:
    """A report in Chinese at progression, and reads of a sample taken under the next treatment."""
    said = {"检测基因列表": "ALK、EGFR、KRAS、NRAS、BRAF、MET", "检测限": "0.2%", "肿瘤分数": "15%"}
    lines = (
        ("ALK", "融合", "EML4-ALK", ".", "检出", "6.1%"),
        ("ALK", "错义突变", "p.Gly1202Arg", "c.3604G>A", "检出", "4.2%"),
        ("ALK", "错义突变", "p.Leu1196Met", "c.3586C>A", "未检出", "."),
        ("KRAS", "突变", "G12C", ".", "未检出", "."),
        ("MET", "扩增", ".", ".", "未检出", "."),
    )
    head = ("基因", "变异类型", "氨基酸改变", "核苷酸改变", "检测结果", "突变丰度")
    rearranged = fusion("E13;A20", 29224480, 42299760)
    course = Course("P19", date(2022, 6, 20), date(2023, 12, 4), sex="male", age=59)
    report = tuple(dict(zip(head, line, strict=True)) | said for line in lines)
    taken = build.progressed(
        course,
        (),
        "ON_TARGET_SINGLE",
        "a laboratory's report in Chinese, a table in GB18030",
        specimen={"assay": "lab-report", "source": "calls", "report": report},
        components=("on_target",),
        mechanisms=("ALK G1202R",),
        excluded=("alk_mutation:found", "bypass_mutation:in_part", "met_amplification:not_stated"),
    )
    cells = tumour(0.4, build.trunk(rearranged), [("resistant", 0.7, build.known("G1202R"))])
    late = replace(
        taken,
        timepoint="PD2",
        assay="plasma-duplex",
        collected=taken.collected + timedelta(days=231),
        populations=cells,
        depth=340.0,
        source="fastq",
        report=(),
    )
    build.specimens.append(late)
    build.expectations.append(
        Expectation(
            "P19",
            "PD2",
            "progression",
            "NOT_EVALUABLE",
            "taken at the next progression, under pemetrexed: G1202R is listed and names no class",
            mechanisms=("ALK G1202R",),
            fusion=rearranged.name,
            reasons=("outside_window",),
            excluded=("alk_mutation:found", "bypass_fusion:not_targeted"),
        )
    )


def _controls(build: Builder) -> None:
    """Three normals, a positive control and a blank; none of them is classified."""
    nobody = (Population("normal", 1.0),)
    plain = Specimen(
        "NORMAL-1", "N1", "plasma", "plasma", "plasma-duplex", date(2022, 1, 20), ".", "normal", nobody, 420.0
    )
    build.specimens += [replace(plain, patient=f"NORMAL-{number}") for number in (1, 2, 3)]
    spiked = build.known("G1202R") + placed(
        build.variant("EGFR", "p.Leu858Arg", 2573, "T>G"),
        build.variant("KRAS", "p.Gly12Asp", 35, "G>A"),
    )
    cells = (Population("normal", 0.75), Population("cell-line", 0.25, spiked))
    control = replace(plain, role="control", populations=cells, collected=date(2022, 1, 21))
    build.specimens += [
        replace(control, patient="CONTROL-POSITIVE", depth=500.0),
        replace(control, patient="CONTROL-BLANK", assay="plasma-blank", populations=nobody, depth=0.15),
    ]
