"""The evidence file: errors name the field, a round trip keeps every value, files come out complete."""

import json
import re
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from golden.build import cases, default_settings, evidence
from shipped_settings import SHIPPED

from alktrace.classify.classify_files import classify_evidence_file, classify_timepoint_file
from alktrace.classify.decision import classify_patient
from alktrace.classify.evidence_checks import content_problems
from alktrace.classify.resistance_table import ClassificationRow, ResistanceRow
from alktrace.cli import main
from alktrace.commands.generated_docs import SCHEMA
from alktrace.errors import DataError, InputProblems
from alktrace.evidence.evidence_file import (
    evidence_schema,
    load_evidence,
    parse_evidence,
    save_evidence,
)
from alktrace.evidence.evidence_table import EvidenceRow
from alktrace.evidence.schema import PatientEvidence
from alktrace.evidence.white_cell_origin import with_white_cell_origins
from alktrace.inputs.knowledge_files import KnowledgeFiles
from alktrace.io.tables import read_table, write_table
from alktrace.knowledge.load import load_knowledge
from alktrace.vocabulary.changes import Origin
from alktrace.vocabulary.detection import Detection

ALL = {case["id"]: case for case in cases()}


@pytest.fixture
def content() -> dict[str, Any]:
    written: dict[str, Any] = json.loads(evidence(ALL["trans_with_bound"]).model_dump_json())
    return written


@pytest.mark.parametrize("name", sorted(ALL))
def test_round_trip(name: str, tmp_path: Path) -> None:
    given = evidence(ALL[name])
    save_evidence(given, tmp_path / "a.json")
    again = load_evidence(tmp_path / "a.json")
    assert again == given
    save_evidence(again, tmp_path / "b.json")
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def spoil(content: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    *way, last = path.split(".")
    place: Any = content
    for step in way:
        place = place[int(step)] if step.isdigit() else place[step]
    if value is KeyError:
        del place[last]
    else:
        place[last] = value
    return content


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        pytest.param("specimens.0.collected", "June", ("specimens.0.collected", "'June'"), id="date"),
        pytest.param("specimens.0.setting", "relapse", ("specimens.0.setting", "'relapse'"), id="vocabulary"),
        pytest.param(
            "specimens.0.tumour_fraction.low",
            0.9,
            ("specimens.0.tumour_fraction", "low <= value"),
            id="order",
        ),
        pytest.param("specimens.0.purity", 0.3, ("specimens.0.purity", "unknown field"), id="extra"),
        pytest.param("specimens.0.assay", KeyError, ("specimens.0.assay", "missing"), id="missing"),
        pytest.param(
            "alterations.0.observations.0.vaf", 1.2, ("alterations.0.observations.0.vaf", "1.2"), id="vaf"
        ),
        pytest.param(
            "alterations.0.observations.0.specimen", "csf", ("unknown specimen csf",), id="reference"
        ),
        pytest.param("phase.0.patterns", {"1": 4}, ("phase.0", "patterns"), id="pattern"),
        pytest.param("phase.0.patterns", {"11": -1}, ("phase.0.patterns.11", "-1"), id="count"),
        pytest.param("patient", "a/b", ("patient", "'a/b'"), id="id"),
        pytest.param("schema_version", 2, ("schema_version",), id="version"),
    ],
)
def test_a_wrong_field_is_named(
    content: dict[str, Any], path: str, value: Any, words: tuple[str, ...]
) -> None:
    with pytest.raises(InputProblems) as caught:
        parse_evidence(spoil(content, path, value), file="evidence.json")
    message = str(caught.value)
    assert message.startswith("evidence.json")
    assert all(word in message for word in words), message


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        pytest.param("hgvs_p", "G1202R", ("hgvs_p", "'G1202R'", "p.Gly1202Arg"), id="one-letter"),
        pytest.param("hgvs_p", "p.G1202R", ("hgvs_p", "p.Gly1202Arg"), id="one-letter-with-p"),
        pytest.param("hgvs_p", "p.(Gly1202Arg)", ("hgvs_p", "without brackets"), id="brackets"),
        pytest.param("hgvs_p", "NP_004295.2:p.Gly1202Arg", ("hgvs_p", "transcript"), id="prefix"),
        pytest.param(
            "hgvs_p", "p.Ala1202Arg", ("hgvs_p", "residue 1202 of ALK is Gly, not Ala"), id="residue"
        ),
        pytest.param("hgvs_p", "p.Gly1203Arg", ("codon", "1202 beside p.Gly1203Arg"), id="codon"),
        pytest.param("hgvs_c", "NM_004304.5:c.3604G>A", ("hgvs_c", "c.3604G>A"), id="coding-prefix"),
        pytest.param("transcript", "ENST00000618119", ("transcript", "ENST00000389048"), id="transcript"),
        pytest.param(
            "observations.0.alt_molecules", 9999, ("observations.0.alt_molecules", "9999 of"), id="alt"
        ),
        pytest.param(
            "observations.0.vaf_low", 0.9, ("observations.0.vaf", "low <= vaf <= high"), id="interval"
        ),
    ],
)
def test_values_that_mean_something_else_are_named(
    content: dict[str, Any], root: Path, tmp_path: Path, path: str, value: Any, words: tuple[str, ...]
) -> None:
    """A name in another form would be a variant of unknown effect without a word."""
    index = [item["hgvs_p"] for item in content["alterations"]].index("p.Gly1202Arg")
    spoil(content, f"alterations.{index}.{path}", value)
    (tmp_path / "e.json").write_text(json.dumps(content))
    with pytest.raises(InputProblems) as caught:
        classify(root, tmp_path)
    (problem, *_) = caught.value.problems
    assert problem.column.startswith(f"alterations.{index}.")
    assert all(word in str(problem) for word in words), problem


def classify(root: Path, folder: Path) -> None:
    classify_evidence_file(
        evidence=folder / "e.json",
        knowledge=KnowledgeFiles(root / "resources" / "knowledge"),
        settings=default_settings(),
        origin=SHIPPED.origin,
        out_dir=folder / "out",
    )


@pytest.mark.parametrize(
    "transcript", ["ENST00000389048", "ENST00000389048.8", "NM_004304.5", "NM_004304", None]
)
def test_names_of_the_preferred_transcript_are_taken(
    content: dict[str, Any], root: Path, tmp_path: Path, transcript: str | None
) -> None:
    for item in content["alterations"]:
        item["transcript"] = transcript
    (tmp_path / "e.json").write_text(json.dumps(content))
    classify(root, tmp_path)


def test_white_cells_alone_classify_nothing(content: dict[str, Any], root: Path, tmp_path: Path) -> None:
    content["specimens"][0]["specimen_type"] = "wbc"
    (tmp_path / "e.json").write_text(json.dumps(content))
    with pytest.raises(InputProblems, match="nothing but white cells"):
        classify(root, tmp_path)


@pytest.mark.parametrize(("setting", "refused"), [("baseline", True), ("progression", False)])
def test_one_timepoint_has_one_setting(
    content: dict[str, Any], root: Path, tmp_path: Path, setting: str, refused: bool
) -> None:
    first = content["specimens"][0]
    content["specimens"].append(
        {**first, "specimen": "biopsy", "specimen_type": "tissue", "setting": setting}
    )
    (tmp_path / "e.json").write_text(json.dumps(content))
    with pytest.raises(InputProblems, match=r"specimens\.1\.setting") if refused else nullcontext():
        classify(root, tmp_path)


@pytest.mark.parametrize("field", ["specimens", "alterations"])
def test_what_is_listed_twice_is_named(content: dict[str, Any], field: str) -> None:
    content[field].append(content[field][0])
    name = {"specimens": "PD.plasma", "alterations": content["alterations"][0]["key"]}[field]
    with pytest.raises(InputProblems, match=re.escape(name)):
        parse_evidence(content, file="e.json")


def test_golden_evidence_has_no_wrong_value(root: Path) -> None:
    knowledge = load_knowledge(KnowledgeFiles(root / "resources" / "knowledge"))
    assert [p for name in ALL for p in content_problems(evidence(ALL[name]), knowledge, name)] == []


def test_all_problems_come_at_once(content: dict[str, Any]) -> None:
    spoil(content, "specimens.0.collected", "June")
    spoil(content, "alterations.0.gene", KeyError)
    with pytest.raises(InputProblems) as caught:
        parse_evidence(content, file="e.json")
    assert len(caught.value.problems) == 2


def test_broken_json_names_the_place(tmp_path: Path) -> None:
    file = tmp_path / "e.json"
    file.write_text('{"patient": "P1",\n "specimens": [}')
    with pytest.raises(DataError, match=r"e\.json:2:16: is no JSON"):
        load_evidence(file)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        load_evidence(tmp_path / "none.json")


# --- schema ----------------------------------------------------------------------------------


def test_shipped_schema_is_current(root: Path) -> None:
    assert (root / SCHEMA).read_text() == evidence_schema(), "run `make docs`"


def test_schema_names_every_field() -> None:
    schema = json.loads(evidence_schema())
    assert set(schema["properties"]) == set(PatientEvidence.model_fields)
    assert schema["additionalProperties"] is False


# --- files -----------------------------------------------------------------------------------


def test_files_of_a_patient(root: Path, tmp_path: Path) -> None:
    save_evidence(evidence(ALL["rising_between_two_progressions"]), tmp_path / "e.json")
    classify_evidence_file(
        evidence=tmp_path / "e.json",
        knowledge=KnowledgeFiles(root / "resources" / "knowledge"),
        settings=default_settings(),
        origin=SHIPPED.origin,
        out_dir=tmp_path / "out",
    )
    rows = read_table(tmp_path / "out" / "resistance.tsv", ResistanceRow)
    assert [(row.timepoint, row.alteration) for row in rows] == [("PD", "G1202R"), ("PD2", "G1202R")]
    assert len(read_table(tmp_path / "out" / "classification.tsv", ClassificationRow)) == 2
    detail = json.loads((tmp_path / "out" / "PD2.resistance.json").read_text())
    assert detail["courses"][0]["trend"] == "rising"


def test_all_specimens_of_an_evidence_file_stand_in_the_table(root: Path, tmp_path: Path) -> None:
    """The rows of the classes describe the leading specimen only."""
    save_evidence(evidence(ALL["found_in_tissue_and_below_the_rule_in_plasma"]), tmp_path / "e.json")
    classify(root, tmp_path)
    rows = read_table(tmp_path / "out" / "evidence.tsv", EvidenceRow)
    assert [(row.timepoint, row.specimen, row.alteration, row.detection) for row in rows] == [
        ("PD", "plasma", "G1202R", Detection.SUBTHRESHOLD),
        ("PD", "tissue", "G1202R", Detection.DETECTED),
    ]
    assert [(row.alt_molecules, row.total_molecules) for row in rows] == [(2, 3000), (300, 3000)]
    assert [row.vaf for row in rows] == pytest.approx([0.00067, 0.1])


@pytest.mark.parametrize("name", ["rising_between_two_progressions", "pik3ca_was_there_before"])
def test_one_timepoint_equals_its_part_of_the_patient(name: str, root: Path, tmp_path: Path) -> None:
    save_evidence(evidence(ALL[name]), tmp_path / "e.json")
    knowledge = KnowledgeFiles(root / "resources" / "knowledge")
    common: Any = {"evidence": tmp_path / "e.json", "knowledge": knowledge}
    classify_evidence_file(
        **common, settings=default_settings(), origin=SHIPPED.origin, out_dir=tmp_path / "all"
    )
    lines = (tmp_path / "all" / "resistance.tsv").read_text().splitlines()
    joined = []
    for timepoint in ALL[name]["expect"]:
        classify_timepoint_file(
            **common,
            settings=default_settings(),
            timepoint=timepoint,
            out_table=tmp_path / timepoint / "resistance.tsv",
            out_summary=tmp_path / timepoint / "classification.tsv",
            out_discovered=tmp_path / timepoint / "emergent_unknown.tsv",
            out_json=tmp_path / timepoint / "resistance.json",
        )
        joined += (tmp_path / timepoint / "resistance.tsv").read_text().splitlines()[1:]
        same = (tmp_path / timepoint / "resistance.json").read_bytes()
        assert same == (tmp_path / "all" / f"{timepoint}.resistance.json").read_bytes()
    assert joined == lines[1:]


def test_unknown_timepoint_names_the_known_ones(root: Path, tmp_path: Path) -> None:
    save_evidence(evidence(ALL["informative_negative"]), tmp_path / "e.json")
    with pytest.raises(DataError, match=r"no timepoint 'X'.*give one of: PD"):
        classify_timepoint_file(
            evidence=tmp_path / "e.json",
            knowledge=KnowledgeFiles(root / "resources" / "knowledge"),
            settings=default_settings(),
            timepoint="X",
            out_table=tmp_path / "t.tsv",
            out_summary=tmp_path / "c.tsv",
            out_discovered=tmp_path / "d.tsv",
            out_json=tmp_path / "t.json",
        )


def test_every_golden_case_fits_the_tables(root: Path, tmp_path: Path) -> None:
    """Lists hold no separator, cells no tab, and what is written is what is read."""
    knowledge = load_knowledge(KnowledgeFiles(root / "resources" / "knowledge"))
    rows = [
        row
        for case in ALL.values()
        for result in classify_patient(evidence(case), knowledge, default_settings())
        for row in result.rows
    ]
    write_table(tmp_path / "all.tsv", ResistanceRow, rows)
    again = read_table(tmp_path / "all.tsv", ResistanceRow)
    assert [row.classification for row in again] == [row.classification for row in rows]
    write_table(tmp_path / "again.tsv", ResistanceRow, again)
    assert (tmp_path / "again.tsv").read_bytes() == (tmp_path / "all.tsv").read_bytes()


# --- what a board has ------------------------------------------------------------------------


def kras(**fields: Any) -> dict[str, Any]:
    """KRAS G12D at 0.9 % of plasma, no word on its origin."""
    specimen = {
        "timepoint": "PD", "specimen": "plasma", "specimen_type": "plasma", "assay": "a",
        "collected": "2026-01-01", "setting": "progression",
        "tumour_fraction": {"status": "estimated", "value": 0.05, "low": 0.04, "high": 0.06},
    }  # fmt: skip
    seen = {
        "timepoint": "PD", "specimen": "plasma", "detection": "detected", "source": "reported",
        "alt_molecules": 18, "total_molecules": 2000, "vaf": 0.009,
    }  # fmt: skip
    alteration = {
        "key": "chr12:25245350:C:T", "gene": "KRAS", "variant_type": "snv", "alteration": "G12D",
        "consequence": "missense", "hgvs_p": "p.Gly12Asp", "codon": 12, "observations": [seen], **fields,
    }  # fmt: skip
    return {"patient": "P1", "specimens": [specimen], "alterations": [alteration]}


def with_white_cells(content: dict[str, Any], alt: int, total: int) -> dict[str, Any]:
    """The same counts as a specimen of white cells."""
    white = {**content["specimens"][0], "specimen": "wbc", "specimen_type": "wbc"}
    seen = {**content["alterations"][0]["observations"][0], "specimen": "wbc"}
    seen |= {"alt_molecules": alt, "total_molecules": total, "vaf": alt / total}
    content["specimens"].append(white)
    content["alterations"][0]["observations"].append(seen)
    return content


def count(alt: int, total: int) -> list[dict[str, int]]:
    return [{"alt_molecules": alt, "total_molecules": total}]


@pytest.mark.parametrize(
    ("content", "origin", "flags"),
    [
        pytest.param(kras(), Origin.UNDECIDED, [], id="no counts"),
        pytest.param(kras(white_cells=count(19, 2000)), Origin.CLONAL_HAEMATOPOIESIS, [], id="as much"),
        pytest.param(kras(white_cells=count(0, 2000)), Origin.SOMATIC, [], id="none"),
        pytest.param(kras(white_cells=count(0, 40)), Origin.UNDECIDED, [], id="too few"),
        pytest.param(kras(white_cells=count(990, 2000)), Origin.GERMLINE, [], id="one half"),
        pytest.param(kras(white_cells=count(3, 3000)), Origin.SOMATIC, ["wbc_carry_over"], id="carried over"),
        pytest.param(with_white_cells(kras(), 19, 2000), Origin.CLONAL_HAEMATOPOIESIS, [], id="specimen"),
        pytest.param(
            with_white_cells(kras(origin="somatic", origin_reason="judged by the workflow"), 19, 2000),
            Origin.SOMATIC,
            [],
            id="judged before",
        ),
    ],
)
def test_origin_follows_from_white_cell_counts(
    content: dict[str, Any], origin: Origin, flags: list[str]
) -> None:
    given = parse_evidence(content, file="e.json")
    (item,) = with_white_cell_origins(given, SHIPPED.origin).alterations
    assert (item.origin, [str(flag) for flag in item.flags]) == (origin, flags), item.origin_reason


@pytest.mark.parametrize(("alt", "rows"), [(19, 0), (0, 1)])
def test_a_clone_of_blood_is_no_bypass(alt: int, rows: int, root: Path, tmp_path: Path) -> None:
    (tmp_path / "e.json").write_text(json.dumps(kras(white_cells=count(alt, 2000))))
    classify(root, tmp_path)
    detail = json.loads((tmp_path / "out" / "PD.resistance.json").read_text())
    assert sum("KRAS" in str(item["mechanism"]) and item["carries"] for item in detail["mechanisms"]) == rows
    assert detail["alterations"][0]["white_cells"] == count(alt, 2000)


BOARD = {
    "rna": [{"gene": "ALK", "alteration": "EML4-ALK E13;A20", "alt_reads": 40, "total_reads": 90}],
    "alk_ihc": "positive",
    "met_cep7_ratio": 2.6,
    "alk_5_prime_copies": 2.0,
    "alk_3_prime_copies": 5.5,
    "nse_ng_ml": 18.2,
    "progrp_pg_ml": 61.0,
    "progression_site": "oligo",
    "drugs": ["lorlatinib"],
    "reported_phase": [{"alterations": ["chr12:25245350:C:T", "reported:ALK:p.Gly1202Arg"], "phase": "cis"}],
}


def with_board(**fields: Any) -> dict[str, Any]:
    content = kras()
    other = {**content["alterations"][0], "key": "reported:ALK:p.Gly1202Arg", "observations": []}
    content["alterations"].append(other)
    content["specimens"][0]["board"] = {**BOARD, **fields}
    content["alterations"][0]["observations"][0]["loss_of_heterozygosity"] = True
    return content


def test_what_a_board_has_reaches_the_account(root: Path, tmp_path: Path) -> None:
    content = with_board()
    content["alterations"][1] |= {"gene": "ALK", "hgvs_p": "p.Gly1202Arg", "codon": 1202}
    (tmp_path / "e.json").write_text(json.dumps(content))
    classify(root, tmp_path)
    detail = json.loads((tmp_path / "out" / "PD.resistance.json").read_text())
    shown = detail["specimens"][0]["board"]
    assert {name: shown[name] for name in BOARD if name != "rna"} == {
        name: value for name, value in BOARD.items() if name != "rna"
    }
    assert shown["rna"][0]["alt_reads"] == 40
    assert detail["alterations"][0]["observations"][0]["loss_of_heterozygosity"] is True


@pytest.mark.parametrize(
    ("fields", "place", "word"),
    [
        ({"met_cep7_ratio": 0}, "specimens.0.board.met_cep7_ratio", "greater than 0"),
        ({"alk_ihc": "strong"}, "specimens.0.board.alk_ihc", "strong"),
        ({"nse_ng_ml": -1}, "specimens.0.board.nse_ng_ml", "-1"),
        ({"progression_site": "liver"}, "specimens.0.board.progression_site", "liver"),
        ({"nse": 3}, "specimens.0.board.nse", "unknown field"),
        (
            {"rna": [{"gene": "ALK", "alteration": "x", "alt_reads": 9, "total_reads": 3}]},
            "specimens.0.board.rna.0",
            "9 of 3 reads",
        ),
        ({"reported_phase": [{"alterations": ["a", "b"], "phase": "cis"}]}, "", "reported_phase"),
    ],
)
def test_errors_of_what_a_board_has_name_the_field(
    fields: dict[str, int | str | list[dict[str, Any]]], place: str, word: str
) -> None:
    with pytest.raises(InputProblems) as caught:
        parse_evidence(with_board(**fields), file="e.json")
    (problem,) = caught.value.problems
    assert problem.column == place
    assert word in str(problem)


def test_a_folder_of_evidence_is_classified_as_its_files_are(
    content: dict[str, Any], root: Path, tmp_path: Path
) -> None:
    """Two patients in one process: the rows of each alone, and accounts by patient for `cohort`."""
    folder = tmp_path / "patients"
    for name in ("A", "B"):
        (folder / name).mkdir(parents=True)
        (folder / name / "evidence.json").write_text(json.dumps(content | {"patient": name}))
        assert main(["classify", str(folder / name / "evidence.json"), "--out", str(tmp_path / name)]) == 0
    assert main(["classify", str(folder), "--out", str(tmp_path / "all")]) == 0
    for name in ("classification.tsv", "resistance.tsv", "evidence.tsv", "emergent_unknown.tsv"):
        head, *rows = (tmp_path / "A" / name).read_text().splitlines()
        rows += (tmp_path / "B" / name).read_text().splitlines()[1:]
        assert (tmp_path / "all" / name).read_text().splitlines() == [head, *rows], name
    for path in (tmp_path / "A").glob("*.resistance.json"):
        joined = tmp_path / "all" / "details" / f"A.{path.name}"
        assert joined.read_bytes() == path.read_bytes()
