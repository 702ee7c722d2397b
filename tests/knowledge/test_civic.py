"""CIViC's evidence items to candidate rows: made-up items in the layout of a release, and the real export."""

import gzip
import json
from pathlib import Path

import pytest

from alktrace.cli import main
from alktrace.inputs.knowledge_files import KnowledgeFiles
from alktrace.io.resources import resource
from alktrace.knowledge.civic import candidates, read_civic
from alktrace.knowledge.load import load_knowledge

KNOWLEDGE = load_knowledge(KnowledgeFiles(resource("knowledge")))
TOLD = "alectinib:resistant:C:lung"
# All columns of a release, in their order.
RELEASE = (
    "molecular_profile molecular_profile_id disease doid phenotypes therapies therapy_interaction_type "
    "evidence_type evidence_direction evidence_level significance evidence_statement citation_id source_type "
    "asco_abstract_id citation nct_ids rating evidence_status evidence_id variant_origin last_review_date "
    "evidence_civic_url molecular_profile_civic_url is_flagged"
).split()
ITEM = {
    "molecular_profile": "EML4::ALK Fusion AND ALK G1202R",
    "disease": "Lung Non-small Cell Carcinoma",
    "therapies": "Alectinib",
    "evidence_type": "Predictive",
    "evidence_direction": "Supports",
    "evidence_level": "C",
    "significance": "Resistance",
    "evidence_statement": 'Made up: a "case" with G1202R.',
    "citation_id": "99999999",
    "source_type": "PubMed",
    "evidence_status": "accepted",
    "evidence_id": "900001",
    "is_flagged": "false",
}


def release(folder: Path, *items: dict[str, str]) -> Path:
    """Write a release as CIViC does: cells with quotes are quoted."""
    path = folder / "01-Nov-2026-ClinicalEvidenceSummaries.tsv"
    lines = ["\t".join(RELEASE)]
    for item in items:
        cells = ({"molecular_profile_id": "1", **ITEM, **item}.get(name, "") for name in RELEASE)
        lines.append("\t".join('"' + c.replace('"', '""') + '"' if '"' in c else c for c in cells))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def read(path: Path) -> tuple[list[tuple[str, str, str, str]], list[str]]:
    rows, skipped = candidates(read_civic(path), KNOWLEDGE)
    assert all(row.mark.value == "proposed" and row.attribute == "civic" for row in rows)
    return [(row.table, row.subject, row.value, row.source) for row in rows], skipped


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({}, ("alk_mutations", "p.Gly1202Arg", TOLD)),
        (
            {"molecular_profile": "ALK L1196M AND v::ALK Fusion AND ALK G1202R"},
            ("alk_compounds", "p.Leu1196Met+p.Gly1202Arg", TOLD),
        ),
        (
            {"molecular_profile": "KIF5B::ALK Fusion"},
            ("alk_fusions", "ALK fusion", TOLD),
        ),
        (
            {"molecular_profile": "ALK T1151dup"},
            ("alk_mutations", "p.Thr1151dup", TOLD),
        ),
        (
            {"molecular_profile": "ALK Amplification"},
            ("bypass", "ALK amplification", TOLD),
        ),
        (
            {"molecular_profile": "MET Amplification"},
            ("bypass", "MET amplification", TOLD),
        ),
        ({"molecular_profile": "KRAS G12C"}, ("bypass", "KRAS G12C", TOLD)),
        ({"molecular_profile": "KRAS G12D"}, ("bypass", "KRAS mutation", TOLD)),
        ({"molecular_profile": "v::RET Fusion"}, ("bypass", "RET fusion", TOLD)),
        (
            {"disease": "Neuroblastoma", "significance": "Sensitivity/Response", "therapies": "LORLATINIB"},
            ("alk_mutations", "p.Gly1202Arg", "lorlatinib:sensitive:C:other_tumour"),
        ),
        (
            {"significance": "Reduced Sensitivity", "evidence_level": "D"},
            ("alk_mutations", "p.Gly1202Arg", "alectinib:intermediate:D:lung"),
        ),
    ],
    ids=lambda value: "-".join(value.values()) if isinstance(value, dict) else "",
)
def test_an_item_becomes_a_row(item: dict[str, str], expected: tuple[str, ...], tmp_path: Path) -> None:
    rows, skipped = read(release(tmp_path, item))
    assert (rows, skipped) == ([(*expected, "CIViC EID900001; PMID 99999999")], [])


def test_drugs_one_after_the_other_are_rows_of_their_own(tmp_path: Path) -> None:
    item = {"therapies": "Crizotinib,Alectinib", "therapy_interaction_type": "Sequential"}
    rows, _ = read(release(tmp_path, item))
    assert [row[2].partition(":")[0] for row in rows] == ["crizotinib", "alectinib"]


def test_a_statement_with_separators_of_unicode_is_one_line(tmp_path: Path) -> None:
    rows, skipped = read(release(tmp_path, {"evidence_statement": "one\u2028two\x85three\x0bfour"}))
    assert len(rows) == 1 and skipped == []


def test_a_congress_abstract_is_cited_as_such(tmp_path: Path) -> None:
    item = {"source_type": "ASCO", "citation_id": "1", "asco_abstract_id": "9008"}
    assert read(release(tmp_path, item))[0][0][3] == "CIViC EID900001; ASCO abstract 9008"


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ({"evidence_type": "Prognostic"}, "its type is 'Prognostic', not Predictive"),
        ({"evidence_status": "submitted"}, "its status is 'submitted'"),
        ({"is_flagged": "true"}, "under dispute"),
        ({"evidence_direction": "Does Not Support"}, "does not support its claim"),
        ({"significance": "Adverse Response"}, "'Adverse Response' is no effect"),
        ({"evidence_level": "F"}, "level 'F' is unknown"),
        ({"therapies": "Crizotinib,Alectinib", "therapy_interaction_type": "Combination"}, "a combination"),
        ({"therapies": "Crizotinib,Alectinib"}, "a combination"),
        ({"therapies": "ALK Inhibitor TAE684"}, "drugs.tsv does not know ALK Inhibitor TAE684"),
        ({"therapies": ""}, "names no drug"),
        ({"citation_id": ""}, "cites no publication"),
        ({"molecular_profile": "v::ALK Fusion OR v::ROS1 Fusion"}, "alternatives or absences"),
        ({"molecular_profile": "EML4::ALK Fusion AND NOT ALK G1202R"}, "alternatives or absences"),
        ({"molecular_profile": "EML4::ALK e6::e20"}, "one variant of a fusion"),
        ({"molecular_profile": "ALK I1171"}, "alk_mutations.tsv does not list I1171"),
        ({"molecular_profile": "ALK T1151dup AND ALK R1275Q"}, "alk_compounds.tsv does not list p.Thr"),
        ({"molecular_profile": "ALK G1202R AND KRAS G12C"}, "several genes together"),
        ({"molecular_profile": "KRAS Wildtype"}, "no mechanism of bypass.tsv"),
        ({"evidence_id": "441"}, "our table alk_mutations.tsv holds it"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_gives_no_row_has_its_reason(item: dict[str, str], reason: str, tmp_path: Path) -> None:
    path = release(tmp_path, {}, item)
    rows, (skipped,) = read(path)
    assert len(rows) == 1
    assert skipped.startswith(f"{path}:3: CIViC EID") and reason in skipped


def test_the_command_writes_rows_and_reasons_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = release(tmp_path, {}, {"evidence_type": "Diagnostic", "evidence_id": "900002"})
    assert main(["knowledge", "civic", str(path)]) == 0
    said = capsys.readouterr()
    header, row = (line.split("\t") for line in said.out.splitlines())
    assert header[:6] == ["table", "subject", "attribute", "value", "source", "mark"]
    assert row[5] == "proposed"
    reason, summary = said.err.splitlines()
    assert "EID900002" in reason and summary == "1 candidates for review, 1 items skipped"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "gene\tvariant\tdrugs\n",
            "f.tsv:1:molecular_profile: column is missing; give Clinical",
        ),
        ("", "f.tsv:1:molecular_profile: column is missing"),
        ("\t".join(RELEASE) + "\n" + 140_000 * "x", "f.tsv:1: no cells"),
        ("[{]", "f.tsv: is no list of evidence items"),
        ('{"data": {}}', "f.tsv: is no list of evidence items"),
        ('[{"id": 1}]', "f.tsv: is no list of evidence items (KeyError"),
    ],
    ids=["older or other table", "empty", "broken line", "broken JSON", "other JSON", "JSON of other items"],
)
def test_what_is_no_release(
    text: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("f.tsv").write_text(text)
    assert main(["knowledge", "civic", "f.tsv"]) == 1
    assert said in capsys.readouterr().err


@pytest.mark.real
def test_of_the_real_export_our_tables_hold_what_they_cite(real_data: Path, tmp_path: Path) -> None:
    """Every item that our tables took by hand is told from its profile, but those of a residue alone."""
    with gzip.open(real_data / "clinical" / "civic_2025-10_ALK_evidence.json.gz", "rt") as stream:
        text = stream.read()
    path = tmp_path / "items.json"
    path.write_text(text)
    rows, skipped = candidates(read_civic(path), KNOWLEDGE)
    assert {row.subject for row in rows} == {"ALK fusion"}
    held = [line for line in skipped if " holds it for " in line]
    assert len(rows) + len(skipped) == len(json.loads(text)) and len(held) > 50
    cited = {
        item.source.split(",")[0].removeprefix("CIViC ")
        for told in KNOWLEDGE.statements.values()
        for item in told
        if item.source.startswith("CIViC ")
    }
    reached = {word.rstrip(",") for line in held for word in line.split() if word.startswith("EID")}
    by_residue = {line.split("CIViC ")[1].split(",")[0] for line in skipped if "not list I1171" in line}
    combined = {
        "EID841",
        "EID1483",
        "EID1484",
    }  # several drugs one after the other; the export does not say it
    assert cited - reached <= by_residue | combined
