"""Knowledge of a site over ours: what it adds, replaces and takes away, who sees it, what is refused."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from golden.build import cases, default_settings, evidence
from present_values import present

from alktrace.annotate.small_variants import VariantKnowledge
from alktrace.checks.input_files import judge_files
from alktrace.classify.decision import classify_patient
from alktrace.classify.resistance_table import ClassificationRow
from alktrace.cli import main
from alktrace.commands.show import run as show
from alktrace.errors import InputProblems
from alktrace.evidence.schema import Alteration
from alktrace.inputs.knowledge_files import KnowledgeFiles, open_knowledge
from alktrace.inputs.knowledge_schemas import RECOGNITION_TABLES, WIDE_KEYS
from alktrace.inputs.settings.configuration import check_settings
from alktrace.inputs.settings.report_settings import ReportSettings
from alktrace.inputs.sheet import Sheet
from alktrace.inputs.site_knowledge import HEADER
from alktrace.io.resources import DEFAULTS, resource
from alktrace.io.tables import write_table
from alktrace.knowledge.answers import Knowledge
from alktrace.knowledge.entries import AlkRole
from alktrace.knowledge.load import edition_of, load_knowledge
from alktrace.qc.qc_table import QcRow
from alktrace.report.manifest import write_manifest
from alktrace.report.pages import write_page
from alktrace.report.patient_page import PatientData, patient_content
from alktrace.reported.report_words import Meaning, read_words
from alktrace.vocabulary.changes import Consequence, VariantType
from alktrace.vocabulary.languages import Language
from alktrace.workflow.plan import Plan

OURS = resource("knowledge")
EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "knowledge"
LONG = "subject | attribute | value | source | mark"
REMOVING = f"{LONG} | remove"


def overlay(folder: Path, header: dict[str, Any] | None = None, **tables: list[str]) -> Path:
    """Write tables of a site; cells are parted by ` | `."""
    folder.mkdir(exist_ok=True)
    said = {"name": "Site", "version": "1.0", "date": "2026-11-29"} if header is None else header
    (folder / HEADER).write_text(yaml.safe_dump(said))
    for name, lines in tables.items():
        (folder / f"{name}.tsv").write_text("".join(line.replace(" | ", "\t") + "\n" for line in lines))
    return folder


def loaded(folder: Path) -> Knowledge:
    return load_knowledge(open_knowledge(OURS, str(folder)))


def g1202r() -> Alteration:
    return Alteration(
        key="chr2:29220747:C:T", gene="ALK", alteration="G1202R", variant_type=VariantType.SNV,
        consequence=Consequence.MISSENSE, hgvs_p="p.Gly1202Arg", codon=1202,
    )  # fmt: skip


# --- add, replace, take away ------------------------------------------------------------------


def test_a_row_is_added_with_the_name_of_the_site(tmp_path: Path) -> None:
    row = "p.Gly1202Arg | effect | docetaxel:resistant:B:lung | our board, 12 patients | verified"
    hints = loaded(overlay(tmp_path / "own", alk_mutations=[LONG, row])).hints((g1202r(),))
    assert "docetaxel" in hints.resistant_to and hints.of_site == {"docetaxel"}
    told = "docetaxel resistant (B, verified): site knowledge Site 1.0: our board, 12 patients"
    assert told in hints.sources


def test_a_single_value_is_replaced(tmp_path: Path) -> None:
    row = "p.Gly1202Arg | role | unknown | our series | proposed"
    known = loaded(overlay(tmp_path / "own", alk_mutations=[LONG, row]))
    assert present(load_knowledge(KnowledgeFiles(OURS)).mutation("p.Gly1202Arg")).role is AlkRole.RESISTANCE
    assert present(known.mutation("p.Gly1202Arg")).role is AlkRole.UNKNOWN


def test_the_same_value_from_the_same_source_takes_another_mark(tmp_path: Path) -> None:
    files = KnowledgeFiles(OURS)
    ours = next(
        item.row
        for item in files.values("alk_mutations")
        if item.row.attribute == "effect" and item.row.mark.value == "cited"
    )
    row = f"{ours.subject} | effect | {ours.value} | {ours.source} | verified"
    merged = open_knowledge(OURS, str(overlay(tmp_path / "own", alk_mutations=[LONG, row])))
    rows = merged.values("alk_mutations")
    assert len(rows) == len(files.values("alk_mutations"))
    (own,) = (item for item in rows if item.own)
    assert merged.as_written(own).source == ours.source and own.row.mark.verified


@pytest.mark.parametrize(
    ("row", "left"),
    [
        ("BRAF V600 | . | . | not looked for here | . | yes", set()),
        ("BRAF V600 | codon | . | not looked for here | . | yes", {"gene", "mechanism", "rule", "class"}),
        ("BRAF V600 | codon | V600 | not looked for here | . | yes", {"gene", "mechanism", "rule", "class"}),
    ],
    ids=["subject", "attribute", "value"],
)
def test_rows_are_taken_away(row: str, left: set[str], tmp_path: Path) -> None:
    files = open_knowledge(OURS, str(overlay(tmp_path / "own", bypass=[REMOVING, row])))
    found = {item.row.attribute for item in files.values("bypass") if item.row.subject == "BRAF V600"}
    assert "codon" not in found and left <= found and bool(found) is bool(left)


@pytest.mark.parametrize(
    ("table", "lines", "added"),
    [
        ("hotspots", ["gene | kind | locus | codon | exon", "KRAS | bypass_hotspot | Q22 | 22 | 2"], 1),
        ("hotspots", ["gene | locus | remove", "KRAS | G12 | yes"], -1),
        ("isoforms", ["gene | refseq | remove", "MET | NM_001127500 | yes"], -1),
        (
            "expected_frequencies",
            [
                "series | line | material | finding | patients | total | share | source | mark",
                "Ours | first | plasma | bypass | 3 | 12 | 0.25 | our series | verified",
            ],
            1,
        ),
        ("report_words", ["word | language | meaning", "gesichtet | de | found"], 1),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_wide_tables(table: str, lines: list[str], added: int, tmp_path: Path) -> None:
    from alktrace.commands.knowledge import wide_rows

    kind = wide_rows()[table]
    files = open_knowledge(OURS, str(overlay(tmp_path / "own", None, **{table: lines})))
    before, after = KnowledgeFiles(OURS).rows(table, kind), files.rows(table, kind)
    assert len(after) - len(before) == added


def test_without_a_site_nothing_changes() -> None:
    assert load_knowledge(open_knowledge(OURS, None)) == load_knowledge(KnowledgeFiles(OURS))


# --- what is refused --------------------------------------------------------------------------

ROW = "p.Gly1202Arg | effect | lorlatinib:resistant:B:lung | our board | cited"
REFUSED: list[tuple[str, list[str], int, str, str]] = [
    ("alk_mutations", [LONG, ROW.replace("our board", ".")], 2, "source", "empty"),
    ("alk_mutations", [LONG, ROW.replace("cited", "sure")], 2, "mark", "verified, cited, proposed"),
    ("alk_mutations", [LONG, ROW.replace("resistant", "resists")], 2, "value", "resists"),
    (
        "alk_mutations",
        [LONG, ROW.replace("lorlatinib", "lorlatinob")],
        2,
        "value",
        "unknown drug 'lorlatinob'",
    ),
    ("alk_mutations", [LONG, ROW.replace("effect", "efect")], 2, "attribute", "unknown attribute 'efect'"),
    ("alk_mutations", [LONG, ROW, ROW], 3, "", "repeats line 2"),
    ("alk_mutations", [LONG, "p.Ala1202Arg | short | A1202R | ours | cited"], 2, "subject", "has G1202"),
    (
        "alk_mutations",
        [LONG, "p.Gly1702Arg | short | G1702R | ours | cited"],
        2,
        "subject",
        "has 1620 residues",
    ),
    (
        "alk_mutations",
        [LONG, "p.Gly1202Arg | role | bad | ours | cited"],
        2,
        "value",
        "write one of resistance",
    ),
    (
        "alk_mutations",
        [LONG, *[f"p.Gly1202Arg | role | {role} | ours | cited" for role in ("neutral", "unknown")]],
        3,
        "role",
        "has 2 values of role",
    ),
    (
        "alk_mutations",
        [LONG, "p.Gly1202Arg | effect | crizotinib:sensitive:B:lung | ours | verified"],
        2,
        "value",
        "crizotinib is both sensitive and resistant; add a known_conflict row",
    ),
    (
        "alk_compounds",
        [LONG, "p.Gly1202Arg+p.Leu1196Met | short | x | ours | cited"],
        2,
        "subject",
        "sort by",
    ),
    ("bypass", [LONG, "MET amplification | gene | MTE | ours | cited"], 2, "value", "mean 'MET'?"),
    ("bypass", [LONG, "BRAF V600 | codon | V6000 | ours | cited"], 2, "value", "is no locus of BRAF"),
    ("ch_genes", [LONG, "TET22 | list | clonal_haematopoiesis | ours | cited"], 2, "subject", "mean 'TET2'?"),
    ("drugs", [LONG, "docetaxel | synonym | Lorviqua | ours | cited"], 2, "value", "keep it with one drug"),
    ("bypass", [REMOVING, "BRAF V6 | . | . | why | . | yes"], 2, "subject", "takes nothing away"),
    ("bypass", [REMOVING, "BRAF V600 | . | . | . | . | yes"], 2, "source", "say why"),
    ("bypass", [REMOVING, "BRAF V600 | . | . | why | . | no"], 2, "remove", "write yes"),
    ("bypass", [REMOVING, ". | codon | . | why | . | yes"], 2, "subject", "say which row is meant"),
    ("messages", [REMOVING, "research_use | . | . | why | . | yes"], 2, "remove", "cannot be taken away"),
    ("hotspots", ["gene | locus | remove", "KRAS | G13 | yes", "KRAS | . | yes"], 3, "locus", "which row"),
    (
        "hotspots",
        ["gene | kind | locus | codon | exon", "KRSA | bypass_gene | gene | . | ."],
        2,
        "gene",
        "KRAS",
    ),
    (
        "genes",
        ["gene | transcript | source | mark", "NEW1 | ENST1 | ours | cited"],
        2,
        "transcript",
        "matches",
    ),
    (
        "expected_frequencies",
        [
            "series | line | material | finding | share | source | mark",
            *["Ours | first | plasma | bypass | 0.2 | ours | cited"] * 2,
        ],
        3,
        "",
        "repeats line 2",
    ),
    ("report_words", ["word | language | meaning", "seen | en | sean"], 2, "meaning", "write one of"),
    ("bypass", [LONG.replace("value", "values"), ROW], 1, "values", "did you mean 'value'?"),
]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: f"{case[0]}-{case[3]}-{case[4][:12]}")
def test_what_is_wrong_has_file_line_column_value_and_remedy(
    case: tuple[str, list[str], int, str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, lines, line, place, text = case
    folder = overlay(tmp_path / "own", None, **{table: lines})
    assert main(["knowledge", "check", str(folder)]) == 1
    said = capsys.readouterr()
    where = ":".join(filter(None, (str(folder / f"{table}.tsv"), str(line), place)))
    found = [item for item in said.err.splitlines() if f"{where}: " in item]
    assert found and any(text in item for item in found), said.err
    assert said.out == ""


def test_everything_wrong_is_said_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = overlay(
        tmp_path / "own",
        alk_mutations=[LONG, ROW.replace("cited", "sure"), ROW.replace("lorlatinib", "nothing")],
        drugs=[LONG, "docetaxel | generation | 9 | ours | cited"],
        hotspots=["gene | kind | locus | codon | exon", "KRAS | bypass_hotspot | Q22 | 23 | 2"],
    )
    assert main(["knowledge", "check", str(folder)]) == 1
    said = capsys.readouterr().err
    places = (
        "alk_mutations.tsv:2:mark",
        "alk_mutations.tsv:3:value",
        "drugs.tsv:2:value",
        "hotspots.tsv:2:codon",
    )
    assert all(place in said for place in places)
    assert len(said.splitlines()) == len(places), "nothing of ours is blamed"


GOOD = {"name": "Site", "version": "1.0", "date": "2026-11-29"}


@pytest.mark.parametrize(
    ("header", "place", "text"),
    [
        ({}, ":name", "write `name: Example hospital`"),
        ({k: v for k, v in GOOD.items() if k != "version"}, ":version", "the key is missing"),
        (GOOD | {"version": 1.1}, ":3:version", "value 1.1 is a number; write '1.1', in quotes"),
        (GOOD | {"date": "November"}, ":1:date", "value 'November'"),
        (GOOD | {"name": "A; B"}, ":2:name", "value 'A; B'"),
        (GOOD | {"author": "me"}, ":1:author", "unknown key; keys are name, version, date"),
    ],
)
def test_a_header_that_does_not_say_enough(
    header: dict[str, Any], place: str, text: str, tmp_path: Path
) -> None:
    folder = overlay(tmp_path / "own", header, bypass=[LONG])
    with pytest.raises(InputProblems) as caught:
        open_knowledge(OURS, str(folder))
    said = str(caught.value)
    assert f"{folder / HEADER}{place}: " in said and text in said


def test_files_that_nobody_would_read(tmp_path: Path) -> None:
    folder = overlay(tmp_path / "own", drug=[LONG], notes=[LONG])
    with pytest.raises(InputProblems) as caught:
        open_knowledge(OURS, str(folder))
    first, second = caught.value.problems
    assert (first.file, first.remedy) == (str(folder / "drug.tsv"), "did you mean drugs.tsv?")
    assert second.file == str(folder / "notes.tsv")
    with pytest.raises(InputProblems, match="nowhere: no such file or folder; give the folder"):
        open_knowledge(OURS, "nowhere")
    (folder / HEADER).unlink()
    with pytest.raises(InputProblems, match=r"no overlay\.yaml says whose tables these are"):
        open_knowledge(OURS, [str(next(EXAMPLE.glob("drugs.tsv")))])


@pytest.mark.parametrize("given", ["folder", "table", "files"])
def test_folder_table_and_files_are_read_alike(given: str) -> None:
    files = [str(path) for path in sorted(EXAMPLE.iterdir())]
    said = {"folder": str(EXAMPLE), "table": str(EXAMPLE / "bypass.tsv"), "files": files}[given]
    own = present(open_knowledge(OURS, said).own)
    assert (own.name, own.version) == ("Example hospital", "1.0")
    assert set(own.tables) == (
        {"bypass"} if given == "table" else {"drugs", "alk_compounds", "alk_mutations", "bypass"}
    )


# --- who sees it ------------------------------------------------------------------------------


class Asked(KnowledgeFiles):
    """Remembers the tables that were asked for."""

    def read(self, name: str, row_type: type[Any]) -> Any:
        NAMES.add(name)
        return super().read(name, row_type)


NAMES: set[str] = set()


@pytest.fixture
def asked() -> Iterator[set[str]]:
    NAMES.clear()
    yield NAMES
    NAMES.clear()


def test_annotation_asks_the_tables_that_its_rules_watch(asked: set[str]) -> None:
    VariantKnowledge.load(Asked(OURS))
    assert asked == set(RECOGNITION_TABLES)
    asked.clear()
    assert read_words(Asked(OURS), None) and asked == {"report_words"}


RULES = {
    "prepare_gene_models": ("genes", "hotspots", "alk_mutations"),
    "annotate_alterations": RECOGNITION_TABLES,
    "read_reported_calls": (*RECOGNITION_TABLES, "report_words"),
    "gather_evidence": ("ch_genes", "drugs"),
    "measure_outcomes": ("drugs",),
    "classify_timepoint": (),
}


def plan(own: Path | None) -> Plan:
    config = yaml.safe_load(DEFAULTS.read_text()) | {"knowledge": str(own) if own else None}
    return Plan(check_settings(config, file="config"), Sheet({}))


EFFECT = "p.Gly1202Arg | effect | docetaxel:resistant:B:lung | our board | verified"
ROLE = "p.Gly1202Arg | role | unknown | our board | verified"
DRUG = "docetaxel | synonym | EX-7 | ours | cited"
APPROVAL = "docetaxel | approval | US:2011:2026-05-15:lung cancer | ours | cited"


@pytest.mark.parametrize(
    ("tables", "due"),
    [
        ({"alk_mutations": [LONG, EFFECT]}, {"classify_timepoint"}),
        ({"drugs": [LONG, APPROVAL]}, {"classify_timepoint"}),
        (
            {"messages": [LONG, "research_use | text | For research only. | ours | cited"]},
            {"classify_timepoint"},
        ),
        ({"drugs": [LONG, DRUG]}, {"classify_timepoint", "gather_evidence", "measure_outcomes"}),
        (
            {"alk_mutations": [LONG, ROLE]},
            {"classify_timepoint", "annotate_alterations", "read_reported_calls", "prepare_gene_models"},
        ),
        ({"report_words": ["word | language | meaning"]}, {"classify_timepoint"}),
        (
            {"report_words": ["word | language | meaning", "gesichtet | de | found"]},
            {"classify_timepoint", "read_reported_calls"},
        ),
    ],
    ids=["drug effect", "approval", "message", "drug name", "role", "nothing", "word"],
)
def test_a_change_reruns_what_asks_for_it(
    tables: dict[str, list[str]], due: set[str], tmp_path: Path
) -> None:
    """Who asks what a finding means is rerun; who asks which change is which is not, by a drug effect."""
    before, after = plan(None), plan(overlay(tmp_path / "own", None, **tables))
    assert {name for name, asks in RULES.items() if before.knowledge(*asks) != after.knowledge(*asks)} == due


def test_rules_watch_what_the_test_above_says() -> None:
    text = "\n".join(path.read_text() for path in sorted((resource("..") / "rules").glob("*.smk")))
    for name, asks in RULES.items():
        rule = text.partition(f"rule {name}:")[2].partition("\nrule ")[0]
        told = rule.partition("PLAN.knowledge(")[2].partition("),")[0]
        words = told.replace("*RECOGNITION_TABLES", ", ".join(f'"{one}"' for one in RECOGNITION_TABLES))
        assert tuple(filter(None, words.replace('"', "").split(", "))) == tuple(asks), name
    pages = ("write_patient_page", "write_cohort_page", "write_manifest", "relate_outcomes")
    assert all(
        "PLAN.knowledge()," in text.partition(f"rule {name}:")[2].partition("\nrule ")[0] for name in pages
    )


def test_another_version_reruns_the_pages(tmp_path: Path) -> None:
    told = plan(overlay(tmp_path / "own", alk_mutations=[LONG, EFFECT])).knowledge()
    later = overlay(tmp_path / "own", GOOD | {"version": "1.1"}, alk_mutations=[LONG, EFFECT])
    assert plan(later).knowledge() != told


def manifest_with(knowledge: KnowledgeFiles, results: Path) -> Path:
    """The manifest of a run without inputs and samples."""
    out = results / "cohort" / "run_manifest.json"
    write_manifest(
        settings={}, inputs={}, samples=[], made=[], knowledge=knowledge, code="x", threads=1, out=out
    )
    return out


def test_the_manifest_names_site_version_and_files(tmp_path: Path) -> None:
    manifest = manifest_with(open_knowledge(OURS, str(EXAMPLE)), tmp_path)
    said = json.loads(manifest.read_text())["knowledge"]
    assert {name: said["site"][name] for name in ("name", "version", "date")} == {
        "name": "Example hospital",
        "version": "1.0",
        "date": "2026-11-29",
    }
    assert len(said["site"]["files"]) == 5 and "alk_mutations.tsv" in said["tables"]
    readme = (OURS / "README.md").read_text()
    assert f"Version {said['version']}, {said['as_of']}" in readme


def test_classify_marks_what_the_site_states(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evidence = root / "docs/examples/classification/evidence.json"
    config = tmp_path / "config.yaml"
    config.write_text(yaml.safe_dump({"knowledge": str(EXAMPLE)}))
    for out, more in (("a", ["--config", str(config)]), ("b", ["--knowledge", str(EXAMPLE)]), ("c", [])):
        assert main(["classify", str(evidence), "--out", str(tmp_path / out), *more]) == 0
    said = [(tmp_path / out / "resistance.tsv").read_text() for out in ("a", "b", "c")]
    assert said[0] == said[1] != said[2]
    assert "exampletinib (verified, site knowledge" in said[0]
    assert "site knowledge Example hospital 1.0: made up for this example: tumour board" in said[0]
    assert (
        "knowledge 1.3.0 as of 2026-11-29, over it site knowledge Example hospital 1.0"
        in capsys.readouterr().err
    )


def test_words_of_the_site_are_read_in_reports(tmp_path: Path) -> None:
    folder = overlay(tmp_path / "own", report_words=["word | language | meaning", "gesichtet | de | found"])
    words = read_words(open_knowledge(OURS, str(folder)), None)
    assert words.match("gesichtet", 0) == ("gesichtet", Meaning.FOUND)


# --- diff -------------------------------------------------------------------------------------


def test_diff_of_the_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["knowledge", "diff", str(EXAMPLE)]) == 0
    header, *lines = (line.split("\t") for line in capsys.readouterr().out.splitlines())
    assert header == ["change", "table", "subject", "attribute", "before", "after"]
    assert [line[0] for line in lines].count("changed") == 1
    said = {(line[2], line[3]): (line[4], line[5]) for line in lines if line[0] == "meaning"}
    assert said["p.Gly1202Arg", "exampletinib"] == (".", "sensitive (verified)")
    assert said["p.Leu1256Phe", "role"] == ("resistance", "unknown")
    assert said["KIT amplification", "class"] == ("bypass, at most established", ".")
    assert {line[2] for line in lines if line[0] == "removed"} == {"KIT amplification"}


def test_diff_tells_an_effect_that_turns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row = "p.Gly1202Arg | known_conflict | crizotinib | two reports of ours | verified"
    assert main(["knowledge", "diff", str(overlay(tmp_path / "own", alk_mutations=[LONG, row]))]) == 0
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [
        "meaning",
        ".",
        "p.Gly1202Arg",
        "crizotinib",
        "resistant (verified)",
        "contradictory (verified)",
    ] in lines


def test_what_says_the_same_is_no_change(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ours = next(item.row for item in KnowledgeFiles(OURS).values("ch_genes"))
    row = f"{ours.subject} | {ours.attribute} | {ours.value} | {ours.source} | {ours.mark}"
    assert main(["knowledge", "diff", str(overlay(tmp_path / "own", ch_genes=[LONG, row]))]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_every_wide_table_has_its_class() -> None:
    from alktrace.commands.knowledge import wide_rows

    assert set(wide_rows()) == set(WIDE_KEYS)


# --- before a run, and after it ---------------------------------------------------------------


def test_a_run_does_not_start_with_wrong_tables(tmp_path: Path) -> None:
    folder = overlay(tmp_path / "own", bypass=[LONG, "BRAF V600 | codon | V6000 | ours | cited"])
    config = yaml.safe_load(DEFAULTS.read_text()) | {"knowledge": str(folder)}
    found = judge_files(Sheet({}), check_settings(config, file="config")).problems
    (problem,) = (item for item in found if "knowledge" not in item.file and "own" in item.file)
    assert (problem.file, problem.line, problem.column) == (str(folder / "bypass.tsv"), 2, "value")


def test_show_names_the_site(tmp_path: Path) -> None:
    cohort = tmp_path / "cohort"
    cohort.mkdir()
    write_table(cohort / "classification.tsv", ClassificationRow, [])
    write_table(cohort / "qc.tsv", QcRow, [])
    files = open_knowledge(OURS, str(EXAMPLE))
    manifest = manifest_with(files, tmp_path)
    assert f"\n{edition_of(files)}\n" in f"{show(tmp_path)}\n"
    earlier = {"knowledge": {"bypass.tsv": "0" * 64}}
    manifest.write_text(json.dumps(earlier))
    assert "knowledge" not in show(tmp_path)


@pytest.mark.parametrize(
    ("own", "text"),
    [
        (None, "knowledge 1.3.0 as of 2026-11-29. The page"),
        (str(EXAMPLE), "Over it lies the site knowledge Example hospital 1.0 of 2026-11-29:"),
    ],
)
def test_pages_name_our_version_and_that_of_the_site(own: str | None, text: str, tmp_path: Path) -> None:
    known = load_knowledge(open_knowledge(OURS, own))
    found = evidence(next(iter(cases())))
    results = classify_patient(found, known, default_settings())
    data = PatientData(found, [r.rows for r in results], [r.detail for r in results])
    settings = ReportSettings(language=Language.EN, inherited_variants=False, pdf=False)
    write_page(
        "patient.html", patient_content(data, known, settings, default_settings()), tmp_path / "page.html"
    )
    assert text in (tmp_path / "page.html").read_text()


def test_a_table_that_changes_while_a_run_goes_on_is_read_again(tmp_path: Path) -> None:
    """Also one of the same size and date: jobs find what their run has read, by its content alone."""
    folder = Path(shutil.copytree(OURS, tmp_path / "knowledge"))
    files, table = KnowledgeFiles(folder), folder / "drugs.tsv"
    before, names = load_knowledge(files), [item.row.subject for item in files.values("drugs")]
    assert load_knowledge(files) is before
    dates = table.stat()
    table.write_text(table.read_text().replace("lorlatinib", "lorlatinob"))
    os.utime(table, ns=(dates.st_atime_ns, dates.st_mtime_ns))
    assert [item.row.subject for item in files.values("drugs")] != names
    with pytest.raises(InputProblems, match="lorlatinib"):
        load_knowledge(files)
