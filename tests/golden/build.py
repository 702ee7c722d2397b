"""Expand the shorthand of the golden cases into evidence; the README beside it describes the shorthand."""

from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from shipped_settings import SHIPPED

from alktrace.evidence.schema import PatientEvidence
from alktrace.inputs.settings.resistance_settings import ResistanceSettings

FOLDER = Path(__file__).resolve().parent
HOTSPOTS = {
    21: ("L1122", "G1123", "G1128"),
    22: ("T1151", "L1152", "C1156", "I1171"),
    23: ("F1174", "L1196", "L1198", "G1202", "D1203", "S1206", "E1210"),
    24: ("F1245",),
    25: ("L1256", "G1269", "R1275"),
}
CORE = {
    "MET": ("D1228", "Y1230", "M1250", "exon 14"),
    "EGFR": ("G719", "S768", "L858", "L861", "exon 19", "exon 20"),
    "ERBB2": ("S310", "L755", "D769", "V777", "V842", "exon 20"),
    "KRAS": ("G12", "G13", "A59", "Q61", "K117", "A146"),
    "NRAS": ("G12", "G13", "Q61", "K117", "A146"),
    "BRAF": ("G464", "G466", "G469", "N581", "D594", "G596", "L597", "V600", "K601"),
    "MAP2K1": ("F53", "Q56", "K57", "C121", "P124", "G128", "E203"),
    "PIK3CA": ("R88", "N345", "C420", "E453", "E542", "E545", "Q546", "M1043", "H1047", "G1049"),
    "NF2": ("gene",),
    "RET": ("intron 11",),
    "ROS1": ("intron 31", "intron 32", "intron 33", "intron 34"),
}
"""Loci of the bypass mechanisms that a negative asks for (issue 12, point 6), by the field's tables."""
SEEN_COPIES = {
    "tumour_copy_number": 2.0,
    "tumour_copy_number_low": 1.5,
    "tumour_copy_number_high": 2.6,
    "smallest_visible_cn": 5.0,
}
FIRST_SAMPLE = date(2024, 1, 10)
START = date(2024, 2, 1)
PROGRESSION = date(2025, 6, 1)
DEFAULT_CLINICAL = {
    "lorlatinib_start": START.isoformat(),
    "lorlatinib_last_dose": (PROGRESSION + timedelta(days=10)).isoformat(),
    "lorlatinib_stop_reason": "progression",
    "progression": PROGRESSION.isoformat(),
    "best_response": "PR",
    "first_cr_pr": "2024-04-01",
}
COLLECTED = {"baseline": FIRST_SAMPLE, "on_treatment": date(2024, 9, 1), "progression": PROGRESSION}


def default_settings() -> ResistanceSettings:
    return SHIPPED.resistance


@cache
def catalogue() -> dict[str, dict[str, Any]]:
    known: dict[str, dict[str, Any]] = yaml.safe_load((FOLDER / "alterations.yaml").read_text("utf-8"))
    return known


@cache
def cases() -> tuple[dict[str, Any], ...]:
    found = []
    for path in sorted((FOLDER / "cases").iterdir()):
        assert path.suffix == ".yaml", f"{path} is no golden case"
        found.extend(yaml.safe_load(path.read_text(encoding="utf-8")))
    return tuple(found)


def evidence(case: dict[str, Any]) -> PatientEvidence:
    specimens = [_specimen(name, item or {}) for name, item in case["specimens"].items()]
    content = {
        "schema_version": 1,
        "patient": "P1",
        "specimens": specimens,
        "alterations": [
            *(_alteration(name, seen) for name, seen in case.get("found", {}).items()),
            *(item for place, count in case.get("many", {}).items() for item in _passengers(place, count)),
        ],
        "phase": [_phase(item) for item in case.get("phase", [])],
        "clinical": _clinical(case),
    }
    return PatientEvidence.model_validate(content)


def _clinical(case: dict[str, Any]) -> dict[str, Any] | None:
    if "clinical" in case and case["clinical"] is None:
        return None
    return {**DEFAULT_CLINICAL, **case.get("clinical", {})}


def _specimen(name: str, item: dict[str, Any]) -> dict[str, Any]:
    timepoint, specimen = name.split(".")
    item = dict(item)
    kind = item.pop("type", specimen)
    core = item.pop("core", None)
    copies = dict.fromkeys(("ALK", "MET", "ERBB2", "NF2"), SEEN_COPIES) if core else {}
    copies |= {gene: {**copies.get(gene, {}), **values} for gene, values in item.pop("copies", {}).items()}
    indels = item.pop("core_indel", {})
    loci = _core_loci(core, item.pop("core_holes", []), item.pop("core_not_targeted", []))
    setting = item.pop("setting", "baseline" if timepoint == "BL" else "progression")
    for locus in loci:
        if (name := f"{locus['gene']} {locus['locus']}") in indels:
            locus["vaf_detectable_indel"] = indels[name]
    return {
        "timepoint": timepoint,
        "specimen": specimen,
        "specimen_type": kind,
        "assay": "panel",
        "setting": setting,
        "collected": item.pop("collected", None) or COLLECTED[setting],
        "tumour_fraction": _fraction(item.pop("tf", [0.1, 0.08, 0.12]), item.pop("truncal_markers", 1)),
        "callability": _callability(
            item.pop("vaf_detectable", 0.0025),
            item.pop("molecules", 2500),
            item.pop("holes", []),
            item.pop("not_targeted", []),
            loci + item.pop("loci", []),
            item.pop("no_callability", False),
        ),
        "copy_number": [_copies(gene, values) for gene, values in copies.items()],
        **item,
    }


def _fraction(values: list[float] | None, markers: int) -> dict[str, Any]:
    if values is None:
        return {"status": "not_estimable"}
    value, low, high = values
    return {
        "status": "estimated",
        "value": value,
        "low": low,
        "high": high,
        "markers": ["fusion EML4-ALK"],
        "truncal_markers": markers,
    }


def _callability(
    vaf: float, molecules: int, holes: list[str], untargeted: list[str], extra: list[Any], nothing: bool
) -> list[dict[str, Any]]:
    loci = [
        {
            "gene": "ALK",
            "locus": locus,
            "kind": "alk_hotspot",
            "exon": exon,
            "molecules": 0 if locus in holes else molecules,
            "vaf_detectable": None if locus in holes + untargeted else vaf,
            "status": "not_assessable"
            if locus in holes
            else "not_targeted"
            if locus in untargeted
            else "not_detected",
        }
        for exon, names in ({} if nothing else HOTSPOTS).items()
        for locus in names
    ]
    return loci + [{"molecules": molecules, **locus} for locus in extra]


def _core_loci(vaf: float | None, holes: list[str], untargeted: list[str]) -> list[dict[str, Any]]:
    """Every core locus with this detectable VAF; a gene or `gene locus` may be a hole, or not targeted."""
    loci = []
    for gene, names in CORE.items() if vaf else ():
        for name in names:
            kinds = {"gene": "bypass_gene", "intron": "fusion_intron"}
            locus = {"gene": gene, "locus": name, "kind": kinds.get(name.split()[0], "bypass_hotspot")}
            states = {"not_targeted": untargeted, "not_assessable": holes}
            status = next(
                (state for state, listed in states.items() if {gene, f"{gene} {name}"} & set(listed)), None
            )
            loci.append(
                {**locus, "molecules": 0, "status": status}
                if status
                else {**locus, "vaf_detectable": vaf, "status": "not_detected"}
            )
    return loci


def _copies(gene: str, values: dict[str, Any]) -> dict[str, Any]:
    number = values.get("copy_number", 2.0)
    return {
        "gene": gene,
        "copy_number": number,
        "copy_number_low": number * 0.9,
        "copy_number_high": number * 1.1,
        "focal": "yes",
        "call": "neutral",
        "bins": 20,
        "reference": "pooled",
        **values,
    }


def _alteration(name: str, seen: dict[str, Any]) -> dict[str, Any]:
    seen = dict(seen)
    extra = seen.pop("with", {})
    return {
        **catalogue()[name],
        **extra,
        "observations": [_observation(place, value) for place, value in seen.items()],
    }


def _passengers(place: str, count: int) -> list[dict[str, Any]]:
    """Return further somatic variants without any meaning, as a large panel finds them."""
    seen = [30, 3000]
    return [
        {
            "key": f"passenger:{i}", "gene": f"GENE{i}", "variant_type": "snv", "alteration": f"A{i}=",
            "consequence": "synonymous", "origin": "somatic", "observations": [_observation(place, seen)],
        }
        for i in range(count)
    ]  # fmt: skip


def _observation(place: str, value: Any) -> dict[str, Any]:
    """`[alt, total]`, `absent: VAF detectable`, `subthreshold: alt`, or the fields themselves."""
    timepoint, specimen = place.split(".")
    base = {"timepoint": timepoint, "specimen": specimen, "source": "called"}
    if isinstance(value, list):
        alt, total = value
        vaf = alt / total
        spread = 1.96 * (vaf * (1 - vaf) / total) ** 0.5
        return {
            **base,
            "detection": "detected",
            "alt_molecules": alt,
            "total_molecules": total,
            "duplex_alt": alt // 2,
            "vaf": vaf,
            "vaf_low": max(0.0, vaf - spread),
            "vaf_high": min(1.0, vaf + spread),
            "vaf_detectable": 0.0025,
        }
    if "absent" in value:
        return {
            **base,
            "source": "genotyped",
            "detection": "not_detected",
            "alt_molecules": 0,
            "total_molecules": 2500,
            "vaf": 0.0,
            "vaf_detectable": value["absent"],
        }
    return {**base, "detection": "detected", **value}


def _phase(item: dict[str, Any]) -> dict[str, Any]:
    timepoint, specimen = item["at"].split(".")
    names = item["of"]
    return {
        "timepoint": timepoint,
        "specimen": specimen,
        "alterations": [catalogue()[name]["key"] for name in names],
        "patterns": item["patterns"],
        "uninformative": item.get("uninformative", 0),
        "span_bp": item.get("span_bp", 20),
        "error_rates": item.get("error_rates", [1e-5] * len(names)),
        "collision_rate": item.get("collision_rate", 1e-4),
        "chimera_rate": item.get("chimera_rate", 1e-4),
    }
