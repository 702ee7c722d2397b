"""Numbers and codes as a reader wants them: molecules first, intervals always, nothing invented."""

import math
from collections.abc import Collection, Mapping, Sequence

from ..classify.phase import PartnerPhase, PhaseEvidence
from ..classify.resistance_table import ResistanceRow
from ..evidence.schema import (
    BoardEvidence,
    LocusCallability,
    Observation,
    ReportedPhase,
    RnaFinding,
    TumourFraction,
)
from ..vocabulary.caveats import Caveat, CaveatCode
from ..vocabulary.detection import Detection
from ..vocabulary.negatives import Exclusion, ExclusionStatus, NegativeKind
from ..vocabulary.resistance import Classification

NOTHING = "–"
WHOLE = 100.0
NO_DRUG_REPORT = "this knowledge base holds no drug report for it"
DRUG_FLAGS = {
    CaveatCode.INTERMEDIATE_EVIDENCE: "neither sensitive nor resistant",
    CaveatCode.CONFLICTING_EVIDENCE: "contradictory reports",
    CaveatCode.DRUG_EFFECTS_WITHHELD: "open, depends on what else shares the molecule",
    CaveatCode.OTHER_CLONE_RESISTS: "resisted by another clone",
}
"""Caveats that name drugs, in the order and with the words in which they are shown."""
CLASS_TEXT = {
    Classification.ON_TARGET_SINGLE: "A mutation of the ALK kinase domain was found, and no second one.",
    Classification.ON_TARGET_COMPOUND_CIS: "Two or more ALK mutations stand on one molecule.",
    Classification.ON_TARGET_MULTIPLE_TRANS: "Several ALK mutations were found, on separate molecules.",
    Classification.ON_TARGET_MULTIPLE_UNRESOLVED: (
        "Several ALK mutations were found; whether they share a molecule could not be told."
    ),
    Classification.ON_TARGET_AMPLIFICATION: "ALK itself has extra copies; no ALK mutation was found.",
    Classification.BYPASS: "Another pathway was found altered, and no ALK mutation.",
    Classification.TRANSFORMATION_SUSPECTED: "A change of lineage is suspected.",
    Classification.TRANSFORMATION_CONFIRMED: "A change of lineage is confirmed.",
    Classification.MIXED: "Mechanisms of more than one family were found.",
    Classification.ON_TARGET_EXCLUDED: (
        "No mechanism that counts was found. ALK mutations, other than those listed, are excluded; some "
        "other mechanisms could not have been seen."
    ),
    Classification.NONE_FOUND: (
        "No mechanism that counts was found, and the sample could have shown one, of ALK and of every core "
        "bypass."
    ),
    Classification.NOT_EVALUABLE: (
        "No mechanism that counts was found, but the sample could not have shown one reliably."
    ),
}
CRITERION_TEXT = {
    "HISTOLOGY_TRANSFORMED": "Pathology shows another histology than before lorlatinib.",
    "HISTOLOGY_WITHOUT_BASELINE": (
        "Pathology shows a histology of transformed tumours; that of before lorlatinib is not known."
    ),
    "LINEAGE_IHC": "Neuroendocrine stains are positive, without a transformed histology.",
    "LINEAGE_DNA": "DNA suggests a change of lineage; only pathology can confirm or refute it.",
    "ON_TARGET_NOT_EXCLUDED": "An ALK mutation beside it could have been missed.",
    "FURTHER_ALK_NOT_EXCLUDED": "A further ALK mutation could have been missed.",
    "BYPASS_NOT_EXCLUDED": "A bypass beside it could have been missed.",
}
"""What the class alone does not say, in the order in which it is said."""


def class_text(classification: Classification, criteria: Collection[str]) -> str:
    """Return what a class means here: its own sentence, and one per criterion that was behind it."""
    # A suspicion that pathology refuted is in the table, and no part of the meaning.
    refuted = {"LINEAGE_DNA"} if "HISTOLOGY_OVER_DNA" in criteria else set()
    said = [text for code, text in CRITERION_TEXT.items() if code in criteria and code not in refuted]
    return " ".join([CLASS_TEXT[classification], *said])


def percent(share: float) -> str:
    """Return a fraction as per cent with two significant digits: `0.42 %`; only 1 is 100 %."""
    shown = float(f"{100 * share:.2g}")
    if share < 1 and shown >= WHOLE:
        # 99.51 must not read as all
        shown = min(math.floor(1000 * share) / 10, 99.9)
    return f"{shown:g} %"


def number(value: float | None) -> str:
    """Return a count with commas between thousands, or a dash."""
    return NOTHING if value is None else f"{value:,.0f}"


def interval(value: float | None, low: float | None, high: float | None) -> str:
    """Return `0.42 % (0.2–0.78 %)`, or a dash where there is no value."""
    if value is None:
        return NOTHING
    if low is None or high is None:
        return percent(value)
    return f"{percent(value)} ({percent(low).removesuffix(' %')}–{percent(high)})"


def molecules(row: ResistanceRow) -> str:
    """Return what a mechanism rests on: molecules with the VAF, or a copy number."""
    if row.alt_molecules is not None and row.total_molecules is not None:
        duplex = f", {row.duplex_alt} duplex" if row.duplex_alt else ""
        counted = f"{row.alt_molecules} of {row.total_molecules}{duplex}"
        return f"{counted}; {interval(row.vaf, row.vaf_low, row.vaf_high)}"
    if row.copy_number is not None:
        return f"copy number {row.copy_number:.3g}"
    if row.vaf is not None:
        return f"reported VAF {percent(row.vaf)}"
    return NOTHING


def observation(seen: Observation | None) -> str:
    """Return one cell of the matrix of alterations and samples."""
    if seen is None:
        return "not assessed"
    if seen.loss_of_heterozygosity is not None:
        allele = "other allele lost" if seen.loss_of_heterozygosity else "other allele kept"
        return f"{observation(seen.model_copy(update={'loss_of_heterozygosity': None}))}; {allele}"
    if seen.detection in (Detection.DETECTED, Detection.SUBTHRESHOLD):
        if seen.alt_molecules is not None and seen.total_molecules is not None:
            share = interval(seen.vaf, seen.vaf_low, seen.vaf_high)
            text = f"{seen.alt_molecules}/{seen.total_molecules}; {share}"
        elif seen.copy_number is not None:
            text = f"copy number {seen.copy_number:.3g}"
        else:
            text = f"reported, VAF {percent(seen.vaf)}" if seen.vaf is not None else "reported"
        return text if seen.detection is Detection.DETECTED else f"below the rule: {text}"
    if seen.detection is Detection.NOT_DETECTED:
        alt = f"{seen.alt_molecules}/{seen.total_molecules}; " if seen.alt_molecules else ""
        limit = f" (≤ {percent(seen.vaf_detectable)})" if seen.vaf_detectable is not None else ""
        return f"{alt}not detected{limit}"
    return seen.detection.value.replace("_", " ")


def board(given: BoardEvidence, names: Mapping[str, str]) -> list[str]:
    """Return what is known of a specimen beside its DNA, a sentence per finding.

    Args:
        given: findings of pathology, RNA, blood and clinic.
        names: alterations by key, for phases that a report states.
    """
    numbers = {
        "MET/CEP7 ratio (FISH)": (given.met_cep7_ratio, ""),
        "copies of the 5' side of ALK": (given.alk_5_prime_copies, ""),
        "copies of the 3' side of ALK": (given.alk_3_prime_copies, ""),
        "NSE": (given.nse_ng_ml, " ng/ml"),
        "ProGRP": (given.progrp_pg_ml, " pg/ml"),
    }
    site = given.progression_site
    return [
        *(f"RNA: {_rna(item)}" for item in given.rna),
        *([f"ALK immunohistochemistry: {given.alk_ihc}"] if given.alk_ihc else []),
        *(f"{name}: {value:.3g}{unit}" for name, (value, unit) in numbers.items() if value is not None),
        *([f"site of progression: {site.replace('_', ' ')}"] if site else []),
        *([f"drugs at sampling: {', '.join(given.drugs)}"] if given.drugs else []),
        *(_reported(item, names) for item in given.reported_phase),
    ]


def _reported(item: ReportedPhase, names: Mapping[str, str]) -> str:
    together = " and ".join(names.get(key, key) for key in item.alterations)
    return f"a report states {together} in {item.phase}; that proves nothing by itself"


def _rna(item: RnaFinding) -> str:
    name = f"{item.gene} {item.alteration}" if item.gene not in item.alteration else item.alteration
    reads = None if item.total_reads is None else f"{item.alt_reads or 0} of {item.total_reads} reads"
    share = None if item.mutant_share is None else f"{percent(item.mutant_share)} of the reads"
    return ", ".join(filter(None, (name, reads, share)))


def limits(locus: LocusCallability) -> str:
    """Return from which VAF a locus shows a change; insertions and deletions by their own limit."""
    seen = f"≥ {percent(locus.vaf_detectable or 0)} visible"
    indel = locus.vaf_detectable_indel
    return seen if indel is None else f"{seen} (insertions and deletions ≥ {percent(indel)})"


def tumour_fraction(fraction: TumourFraction) -> str:
    """Return value, interval and markers, or that it could not be estimated."""
    if fraction.value is None:
        return "not estimable"
    markers = f" from {', '.join(fraction.markers)}" if fraction.markers else ""
    return f"{interval(fraction.value, fraction.low, fraction.high)}{markers}"


def drugs(row: ResistanceRow, combinations: Sequence[str] = ()) -> str:
    """Return what reports say about drugs, each with its mark, or that there are none.

    Drugs that stand in neither column are named by caveats.

    Args:
        row: of the mechanism.
        combinations: what is curated for the mechanism beside reports on single drugs.
    """
    named = {flag.code: _about(flag) for flag in row.flags}
    lists = [("resistance", row.resistant_to), ("sensitivity", row.sensitive_to)]
    told = [(words, ", ".join(map(str, names))) for words, names in lists]
    told += [(words, named.get(code, "")) for code, words in DRUG_FLAGS.items()]
    told.append(("combination", ", ".join(combinations)))
    return "; ".join(f"{words}: {names}" for words, names in told if names) or NO_DRUG_REPORT


def remark(item: Mapping[str, str]) -> str:
    """Return one sentence of `resistance.json` that is curated beside the drugs, with mark and source."""
    return f"{item['kind'].replace('_', ' ')}: {item['text']} ({item['mark']}: {item['source']})"


def phase_evidence(evidence: PhaseEvidence | None, messages: Mapping[str, str]) -> list[str]:
    """Return the evidence of a phase, a line per partner, with the reasons of open phases in words."""
    return [_phase_line(item, messages) for item in evidence.partners] if evidence else []


def _phase_line(item: PartnerPhase, messages: Mapping[str, str]) -> str:
    if item.reason is None:
        return str(item)
    return f"{item.partner}: {item.phase}: " + " ".join(filter(None, (messages[item.reason], item.counts)))


KIND_TEXT = {
    NegativeKind.ALK_MUTATION: "ALK mutation (substitution)",
    NegativeKind.ALK_AMPLIFICATION: "ALK amplification",
    NegativeKind.BYPASS_MUTATION: "bypass mutation (core hotspots)",
    NegativeKind.MET_AMPLIFICATION: "MET amplification",
    NegativeKind.BYPASS_AMPLIFICATION: "other bypass amplification",
    NegativeKind.BYPASS_FUSION: "bypass fusion (RET, ROS1)",
    NegativeKind.GENE_LOSS: "loss of a gene (NF2)",
    NegativeKind.HISTOLOGY: "change of histology",
}
STATUS_TEXT = {
    ExclusionStatus.EXCLUDED: "excluded",
    ExclusionStatus.FOUND: "found",
    ExclusionStatus.IN_PART: "excluded at some loci only",
    ExclusionStatus.NOT_ASSESSABLE: "could not be judged",
    ExclusionStatus.NOT_TARGETED: "not looked for",
    ExclusionStatus.NOT_STATED: "not stated by the report",
    ExclusionStatus.NOT_EXAMINED: "not examined",
}


def exclusion(item: Exclusion) -> str:
    """Return what is excluded of one kind: `MET amplification: excluded above 4.9 copies`."""
    if item.above is None:
        said = STATUS_TEXT[item.status]
    elif item.kind.value.endswith("amplification"):
        said = f"excluded above {item.above:.2g} copies"
    else:
        said = f"excluded in more than {percent(item.above)} of the tumour cells"
    return f"{KIND_TEXT[item.kind]}: {said}"


def excluded(share: float | None) -> str:
    """Return what a negative excludes, in words."""
    if share is None or share > 1:
        return (
            "No share of tumour cells with a substitution at an ALK hotspot can be excluded: even one in all "
            "of them could have been missed."
        )
    return (
        f"A heterozygous substitution in {percent(share)} or more of the tumour cells would have been called "
        "with 95 % power, at every ALK hotspot of exons 21 to 25; insertions and deletions have limits of "
        "their own."
    )


def explain(caveat: Caveat, messages: Mapping[str, str]) -> dict[str, str]:
    """Return a caveat as it stands in the tables, with its sentence and what it is about."""
    text = messages[caveat.code]
    return {"code": str(caveat), "text": f"{text} Concerns {_about(caveat)}." if caveat.about else text}


def explain_code(code: str, messages: Mapping[str, str]) -> dict[str, str]:
    """Return a reason or a problem of a specimen with its sentence; none where an evidence file named it."""
    return {"code": code, "text": messages.get(code, "")}


def _about(caveat: Caveat) -> str:
    return ", ".join(part.strip() for part in caveat.about)
