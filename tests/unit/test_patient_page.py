"""The page of a patient: the answer first, four states apart, nothing inherited unasked, any input a page."""

import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from golden.build import default_settings, evidence
from patient_pages import (
    CASES,
    COMPOUND,
    EN,
    HOSTILE,
    ZH,
    content,
    data_of,
    knowledge,
    many_timepoints,
    page,
    with_clinic,
    words_in,
)

from alktrace.evidence.schema import (
    Alteration,
    BoardEvidence,
    Observation,
    PatientEvidence,
    ReportedPhase,
    RnaFinding,
    TumourFraction,
)
from alktrace.inputs.settings.report_settings import ReportSettings
from alktrace.report.bypass_matrix import bypass_matrix
from alktrace.report.patient_header import fraction_said
from alktrace.report.patient_page import PatientData, patient_content
from alktrace.report.verdict_card import all_mechanisms
from alktrace.vocabulary.clinical import ProgressionSite
from alktrace.vocabulary.copies import TumourFractionStatus
from alktrace.vocabulary.detection import Detection, ObservationSource
from alktrace.vocabulary.languages import Language


class Reader(HTMLParser):
    """What a browser would ask for, the headings, the tables and the texts."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append((tag, given))
        self.asked += [str(given[name]) for name in ("src", "data", "action") if given.get(name)]

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def read(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    return reader


# --- what is said -----------------------------------------------------------------------------------


def test_date_of_the_knowledge_and_approvals_of_the_drugs_named() -> None:
    shown = content(COMPOUND)
    assert shown["edition"].as_of == "2026-11-29"
    rows = [item for item in shown["approvals"] if item["drug"] == "lorlatinib" and item["region"] == "US"]
    # MOAlmanac indication ind:fda.lorbrena:0
    assert ("2021-03-03", "2026-05-15", "verified") in {(r["since"], r["as_of"], r["mark"]) for r in rows}
    assert {item["mark"] for item in shown["approvals"]} <= {"verified", "cited"}


@pytest.mark.parametrize(
    ("case", "text"),
    [
        ("kras_g12c_shows_its_combination", "combination: sotorasib (verified)"),
        ("ret_fusion_shows_its_combination", "combination: selpercatinib (verified)"),
        ("braf_v600e_with_clean_white_cells", "this knowledge base holds no drug report for it"),
    ],
)
def test_combinations_and_silence_in_words(case: str, text: str) -> None:
    (point,) = content(case)["points"]
    assert [item["drugs"] for item in point["mechanisms"]] == [[text]]


def test_members_of_a_compound_print_their_reports_once() -> None:
    first, second = content(COMPOUND)["points"][0]["mechanisms"]
    assert first["drugs"][0].startswith("resistance: alectinib (cited)")
    assert second["drugs"] == ["as for ALK G1202R"] and second["sources"] == []


def test_what_a_board_has_stands_on_the_page() -> None:
    case = evidence(CASES[COMPOUND])
    keys = tuple(item.key for item in case.alterations[:2])
    first, *others = case.specimens
    board = BoardEvidence(
        rna=(RnaFinding(gene="ALK", alteration="G1202R", alt_reads=40, total_reads=200, mutant_share=0.2),),
        alk_ihc="positive",
        met_cep7_ratio=2.4,
        nse_ng_ml=17,
        progression_site=ProgressionSite.CNS_ONLY,
        drugs=("lorlatinib",),
        reported_phase=(ReportedPhase(alterations=keys, phase="cis"),),
    )
    found = case.model_copy(update={"specimens": (first.model_copy(update={"board": board}), *others)})
    ((sample, findings),) = ((item["sample"], item["findings"]) for item in content(found)["board"])
    assert sample == f"{first.timepoint} {first.specimen}"
    assert findings[:6] == [
        "RNA: ALK G1202R, 40 of 200 reads, 20 % of the reads",
        "ALK immunohistochemistry: positive",
        "MET/CEP7 ratio (FISH): 2.4",
        "NSE: 17 ng/ml",
        "site of progression: CNS only",
        "drugs at sampling: lorlatinib",
    ]
    assert findings[6].startswith("a report states ALK ") and findings[6].endswith("proves nothing by itself")
    assert content(COMPOUND)["board"] == []
    assert "采样时用药：洛拉替尼" in content(found, ZH)["board"][0]["findings"]


def test_the_deciding_criteria_come_first() -> None:
    (point,) = content("compound_inside_a_parental_clone")["points"][:1]
    deciding = [item["deciding"] for item in point["criteria"]]
    assert deciding == sorted(deciding, reverse=True) and any(deciding)
    assert {item["code"] for item in point["criteria"] if item["deciding"]} == {
        "FAMILY_ON_TARGET",
        "ALK_CIS_AND_SINGLE",
    }


def test_a_criterion_of_a_specimen_names_it() -> None:
    """A negative of plasma that counts stood beside one of tissue that does not, and neither was named."""
    (point,) = content("two_of_twenty_molecules_of_kras_in_the_biopsy")["points"]
    told = {(item["code"], item["subject"]) for item in point["criteria"]}
    assert ("NEGATIVE_UNINFORMATIVE", "PD.tissue") in told


def test_progressions_come_first_the_newest_before_the_older() -> None:
    shown = content("transformed_at_an_earlier_progression")["points"]
    settings = [item["setting_code"] for item in shown]
    assert settings == sorted(settings, key=lambda name: name != "progression")
    dates = [item["collected"] for item in shown if item["setting_code"] == "progression"]
    assert dates == sorted(dates, reverse=True) and len(dates) > 1


@pytest.mark.parametrize(
    ("case", "shown"),
    [
        ("half_a_year_later_under_alectinib", ["–"]),
        (COMPOUND, ["established"]),
        ("pik3ca_was_there_before", ["–", "established"]),
    ],
)
def test_the_overview_has_the_confidence_of_the_class(case: str, shown: list[str]) -> None:
    """What is listed only, outside the window or from before treatment, lends it none."""
    assert [point["confidence"] for point in content(case)["points"]] == shown


def test_the_matrix_keeps_four_states_apart() -> None:
    data = data_of(evidence(CASES["everything_was_looked_at"]))
    mechanisms = all_mechanisms(data.tables[0], data.details[0], data.evidence.specimens)
    lines = dict(bypass_matrix(mechanisms, data.details[0]["excluded"]))
    mutation, _, fusion, _ = lines["KRAS"]
    assert mutation.state == "excluded"
    assert fusion.state == "not_asked"
    blind = data_of(evidence(CASES["an_alk_mutation_beside_blind_bypass_loci"]))
    mechanisms = all_mechanisms(blind.tables[0], blind.details[0], blind.evidence.specimens)
    lines = dict(bypass_matrix(mechanisms, blind.details[0]["excluded"]))
    assert lines["KRAS"][0].state == "not_targeted" and lines["ALK"][0].state == "found"


# --- inherited variants -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "case", ["germline_second_hit_makes_no_compound", "in_cis_with_a_probable_inherited_variant"]
)
def test_inherited_variants_are_named_only_where_that_is_wanted(case: str, tmp_path: Path) -> None:
    found = evidence(CASES[case])
    inherited = [
        item.alteration
        for item in found.alterations
        if item.origin == "germline" or any(flag.code == "probable_germline" for flag in item.flags)
    ]
    assert inherited
    text = page(found, tmp_path / "without.html")
    assert not any(name in text for name in inherited)
    assert "Inherited variants are not listed." in text
    text = page(found, tmp_path / "with.html", inherited=True)
    assert all(name in text for name in inherited)


# --- form -------------------------------------------------------------------------------------------


def test_the_page_asks_for_nothing_and_says_so(tmp_path: Path) -> None:
    text = page(COMPOUND, tmp_path / "page.html")
    reader = read(text)
    assert reader.asked == [] and "<script" not in text and "style=" not in text
    (policy,) = (given for tag, given in reader.tags if given.get("http-equiv"))
    assert "default-src 'none'" in str(policy["content"])


def test_headings_landmarks_tables_and_figures(tmp_path: Path) -> None:
    reader = read(page(COMPOUND, tmp_path / "page.html"))
    tags = [tag for tag, _ in reader.tags]
    assert [tags.count(name) for name in ("h1", "main", "header", "footer")] == [1, 1, 1, 1]
    levels = [int(tag[1]) for tag in tags if re.fullmatch(r"h[1-6]", tag)]
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all(given.get("scope") in ("row", "col") for tag, given in reader.tags if tag == "th")
    figures = tags.count("svg")
    assert figures and tags.count("desc") == figures
    ids = [given["id"] for _, given in reader.tags if given.get("id")]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("case", [COMPOUND, "met_amplification_focal", "everything_was_looked_at"])
def test_no_text_of_a_figure_is_below_eleven_pixels(case: str) -> None:
    drawn = [item.svg for figures in content(case)["figures"].values() for item in figures]
    sizes = [float(size) for svg in drawn for size in re.findall(r'font-size="([\d.]+)"', svg)]
    assert sizes and min(sizes) >= 11


# --- odd inputs: a good page each -------------------------------------------------------------------


def test_the_head_names_driver_treatment_and_progression() -> None:
    facts = dict(content(COMPOUND, record=with_clinic())["facts"])
    assert facts["Age and sex"] == "female, 52 years at diagnosis"
    assert facts["Lorlatinib"] == "line 1, 2024-02-01 to 2025-06-11 (497 days)"
    assert facts["Progression"] == "2025-06-01, systemic, day 486 of lorlatinib"


def test_a_patient_without_clinical_tables_gets_nothing_invented() -> None:
    found = evidence({**CASES[COMPOUND], "clinical": None})
    facts = dict(content(found)["facts"])
    assert "Age and sex" not in facts and "Progression" not in facts
    assert facts["Diagnosis"] == "ALK-positive lung cancer, histology not on record"
    assert facts["Lorlatinib"] == "dates not on record"


def test_thirty_timepoints(tmp_path: Path) -> None:
    found = many_timepoints(30)
    text = page(found, tmp_path / "page.html", record=with_clinic())
    shown = content(found)
    assert len(shown["points"]) == 30 and len(shown["cards"]) == 3
    assert len(shown["figures"]["strips"]) == 4
    assert [len(names) for names, _ in shown["alterations"]] == [6] * 5
    assert text.count('<section class="card') == 3


def passenger(number: int) -> Alteration:
    seen = Observation(
        timepoint="PD", specimen="plasma", detection=Detection.DETECTED, source=ObservationSource.CALLED,
        alt_molecules=9, total_molecules=3000, vaf=0.003, vaf_low=0.001, vaf_high=0.006,
    )  # fmt: skip
    return Alteration.model_validate(
        {
            "key": f"chr9:{1000 + number}:C:T", "gene": "NOTCH1", "variant_type": "snv", "origin": "somatic",
            "alteration": f"R{number}W", "consequence": "missense", "hgvs_p": f"p.Arg{number}Trp",
            "codon": number, "observations": (seen,),
        }
    )  # fmt: skip


def test_four_hundred_alterations(tmp_path: Path) -> None:
    case = evidence(CASES[COMPOUND])
    many = (*case.alterations, *(passenger(number) for number in range(1, 401)))
    shown = content(case.model_copy(update={"alterations": many}))
    ((_, lines),) = shown["alterations"]
    assert len(lines) == 100 and shown["not_listed"] == len(many) - 100 - silent(case)
    # What matters is listed, whatever else there is.
    assert {"ALK G1202R", "ALK L1196M"} <= {item["name"] for item in lines[:2]}


def silent(case: PatientEvidence) -> int:
    """Alterations of the case that a page never lists."""
    return len(case.alterations) - len(content(case)["alterations"][0][1])


def test_ids_of_sixty_four_characters(tmp_path: Path) -> None:
    name = "P" + "x" * 63
    text = page(evidence(CASES[COMPOUND]).model_copy(update={"patient": name}), tmp_path / "page.html")
    assert f"Patient {name}" in text


def test_hostile_names_in_every_free_field_stay_text(tmp_path: Path) -> None:
    """Ids are checked by their pattern; assays, names of alterations and markers are free."""
    case = evidence(CASES[COMPOUND])
    specimens = tuple(
        item.model_copy(
            update={
                "assay": HOSTILE,
                "tumour_fraction": item.tumour_fraction.model_copy(update={"markers": (HOSTILE,)}),
            }
        )
        for item in case.specimens
    )
    alterations = tuple(
        item.model_copy(update={"alteration": f"{item.alteration}{HOSTILE}", "hgvs_c": HOSTILE})
        for item in case.alterations
    )
    found = case.model_copy(update={"specimens": specimens, "alterations": alterations})
    text = page(found, tmp_path / "page.html", record=with_clinic(HOSTILE))
    assert "<img" not in text and "&lt;img" in text
    reader = read(text)
    assert reader.asked == []
    assert not any(name.startswith("on") for _, given in reader.tags for name in given)


def test_a_report_without_numbers_is_a_page(tmp_path: Path) -> None:
    text = page("report_without_molecules", tmp_path / "page.html", ZH)
    assert 'lang="zh-CN"' in text and "相位未定" in text


@pytest.mark.parametrize("field", ["points", "sample_lines", "figures"])
def test_a_patient_of_white_cells_alone(field: str) -> None:
    case = evidence(CASES[COMPOUND])
    (first, *_) = case.specimens
    white = first.model_copy(update={"specimen_type": "wbc", "setting": None})
    found = case.model_copy(update={"specimens": (white,), "alterations": (), "phase": ()})
    assert field in content_of_nothing(found)


def content_of_nothing(found: PatientEvidence) -> dict[str, Any]:
    settings = ReportSettings(language=EN, inherited_variants=False, pdf=False)
    return patient_content(PatientData(found, [], []), knowledge(), settings, default_settings())


def test_exports_are_linked_where_they_are(tmp_path: Path) -> None:
    text = page(COMPOUND, tmp_path / "page.html", exports={"igv": "../../exports/igv/P1.xml"})
    assert '<a href="../../exports/igv/P1.xml">IGV session</a>' in text
    assert "IGV" not in page(COMPOUND, tmp_path / "page.html")


def test_a_reported_tumour_fraction_has_no_interval() -> None:
    case = evidence(CASES[COMPOUND])
    given = TumourFraction(status=TumourFractionStatus.GIVEN, value=0.12, low=0.12, high=0.12)
    bare = case.specimens[0].model_copy(update={"tumour_fraction": given})
    assert words_in().tell(fraction_said(bare)) == "12 % reported, without an interval"
    assert words_in(ZH).tell(fraction_said(bare)) == "报告 12 %，无区间"


def test_alk_mutations_of_a_report_without_coverage_are_asked_for() -> None:
    """A dash says that the knowledge base asks nothing; of ALK mutations it always asks."""
    (point,) = content("a_report_that_states_no_coverage_excludes_nothing")["points"]
    (alk,) = (line for line in point["matrix"] if line["gene"] == "ALK")
    assert (alk["cells"][0]["state"], alk["cells"][0]["text"]) == ("not_stated", "not stated by the report")


def test_no_caveat_names_an_inherited_hotspot_below_the_rule() -> None:
    case = "inherited_molecules_below_the_rule_are_no_second_hit"
    assert "I1171N" not in str(content(case)["points"])
    assert "ALK I1171N" in str(content(case, inherited=True)["points"])


@pytest.mark.parametrize("language", [EN, ZH])
def test_every_link_within_the_page_leads_somewhere(tmp_path: Path, language: Language) -> None:
    """Why this class leads to its row of the decision table, which the page holds: no docs lie beside it."""
    text = page("on_target_and_bypass", tmp_path / "page.html", language)
    asked = set(re.findall(r'href="#([^"]+)"', text))
    assert "decision-D01" in asked and asked <= set(re.findall(r'id="([^"]+)"', text))
    assert len(re.findall(r'id="decision-D\d\d"', text)) == 15


def test_versions_of_what_made_the_rows_are_printed(tmp_path: Path) -> None:
    text = page(COMPOUND, tmp_path / "page.html", versions={"bwa": "0.7.17", "numba": "0.61"})
    assert "Programs and packages that the rows of this patient can rest on: bwa 0.7.17, numba 0.61." in text
