from pathlib import Path
from typing import Any

import pytest

from alktrace.errors import InputProblems
from alktrace.inputs.sample import Processing
from alktrace.inputs.sheet import COLUMNS, Sheet, read_sheet
from alktrace.vocabulary.samples import BamKind, Role, SpecimenType, VafUnit

GOOD = {
    "patient": "P1",
    "timepoint": "T1",
    "specimen_type": "plasma",
    "assay": "duplex",
    "collected": "2026-03-31",
    "setting": "progression",
    "fastq_1": "a_1.fastq.gz",
    "fastq_2": "a_2.fastq.gz",
}


def write(path: Path, *rows: dict[str, str], columns: tuple[str, ...] = COLUMNS) -> Path:
    lines = ["\t".join(columns)]
    lines += ["\t".join(row.get(name, "") for name in columns) for row in rows]
    path.write_text("\n".join(lines) + "\n")
    return path


def read(path: Path, **options: Any) -> Sheet:
    return read_sheet(path, assays={"duplex", "tissue"}, **options)


CALLS = {"fastq_1": "", "fastq_2": "", "calls": "x.tsv"}


def row(**changes: str) -> dict[str, str]:
    return GOOD | changes


def problems(path: Path, **options: Any) -> list[str]:
    with pytest.raises(InputProblems) as caught:
        read(path, **options)
    return [str(problem).removeprefix(f"{path}:") for problem in caught.value.problems]


def test_specimen_library_and_role_have_defaults(tmp_path: Path) -> None:
    sheet = read(write(tmp_path / "s.tsv", GOOD))
    (sample,) = sheet.samples.values()
    assert sample.name == "P1.T1.plasma"
    assert (sample.specimen_type, sample.role) == (SpecimenType.PLASMA, Role.PATIENT)
    assert sample.units[0].library == "lib1"
    assert (sample.units[0].unit, sample.units[0].line) == ("u1", 2)


def test_where_and_by_whom_a_specimen_was_processed(tmp_path: Path) -> None:
    said = {"batch": "B 1", "plate": "X_1", "well": "h012", "operator": "ml", "run": "240101_A"}
    again = row(fastq_1="b_1.fastq.gz", fastq_2="b_2.fastq.gz") | said | {"run": "240108_A"}
    (sample,) = read(write(tmp_path / "s.tsv", row(**said), again)).samples.values()
    assert sample.processing == Processing("B 1", "X_1", "H12", "ml", "240101_A, 240108_A")
    (other,) = read(
        write(tmp_path / "t.tsv", row(), row(fastq_1="b_1.fastq.gz", fastq_2="b_2.fastq.gz"))
    ).samples.values()
    assert other == sample and repr(other) == repr(sample), "a well written down later reruns nothing"


def test_rows_of_one_specimen_become_units_of_one_sample(tmp_path: Path) -> None:
    second = row(fastq_1="b_1.fastq.gz", fastq_2="b_2.fastq.gz", library="lib2")
    sheet = read(write(tmp_path / "s.tsv", GOOD, second))
    (sample,) = sheet.samples.values()
    assert [(u.unit, u.library, u.fastq_1) for u in sample.units] == [
        ("u1", "lib1", "a_1.fastq.gz"),
        ("u2", "lib2", "b_1.fastq.gz"),
    ]


def test_two_biopsies_of_one_day_are_two_samples(tmp_path: Path) -> None:
    one = row(specimen_type="tissue", specimen="liver", assay="tissue")
    two = one | {"specimen": "lung", "fastq_1": "b_1.fq", "fastq_2": "b_2.fq"}
    assert list(read(write(tmp_path / "s.tsv", one, two)).samples) == ["P1.T1.liver", "P1.T1.lung"]


def test_white_cells_serve_the_patient_and_make_no_timepoint(tmp_path: Path) -> None:
    cells = row(timepoint="T0", specimen_type="wbc", setting="", fastq_1="w.fq", fastq_2="")
    sheet = read(write(tmp_path / "s.tsv", GOOD, cells))
    assert sheet.timepoints == (("P1", "T1"),)
    assert [sample.name for sample in sheet.white_cells("P1")] == ["P1.T0.wbc"]


def test_normals_and_controls_are_never_classified(tmp_path: Path) -> None:
    normal = row(patient="N1", role="normal", setting="", fastq_1="n.fq", fastq_2="")
    control = row(patient="C1", role="control", setting="", fastq_1="c.fq", fastq_2="")
    sheet = read(write(tmp_path / "s.tsv", GOOD, normal, control))
    assert sheet.patients == ("P1",)
    assert [sample.patient for sample in sheet.normals("duplex")] == ["N1"]


def test_excluded_patients_leave_the_cohort(tmp_path: Path) -> None:
    other = row(patient="P2", fastq_1="b_1.fq", fastq_2="b_2.fq")
    assert read(write(tmp_path / "s.tsv", GOOD, other), exclude=["P1"]).patients == ("P2",)


def test_given_consensus_bam_is_known_as_one(tmp_path: Path) -> None:
    given = row(fastq_1="", fastq_2="", bam="x.bam", bam_kind="consensus")
    (sample,) = read(write(tmp_path / "s.tsv", given)).samples.values()
    assert sample.consensus
    assert sample.units[0].bam_kind is BamKind.CONSENSUS


def test_ids_that_look_like_numbers_and_windows_line_ends_stay_text(tmp_path: Path) -> None:
    path = write(tmp_path / "s.tsv", row(patient="001"))
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert read(path).patients == ("001",)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"patient": "P.1"}, "2:patient: id 'P.1'"),
        ({"timepoint": "T_1"}, "2:timepoint: id 'T_1'"),
        ({"specimen": "left lung"}, "2:specimen: id 'left lung'"),
        ({"patient": "-P"}, "2:patient: id '-P'"),
        ({"patient": ""}, "2:patient: empty"),
        ({"collected": "20260331"}, "2:collected: date '20260331'"),
        ({"fastq_1": "", "calls": "x.tsv"}, "2:fastq_2: given without fastq_1"),
        ({"covered_regions": "x.bed"}, "2:covered_regions: given without calls"),
        (CALLS | {"vaf_unit": "ppm"}, "2:vaf_unit: value 'ppm'; write one of percent, fraction"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_bad_cell_is_named_with_line_column_and_remedy(tmp_path: Path, changes: Any, message: str) -> None:
    found = problems(write(tmp_path / "s.tsv", row(**changes)))
    assert any(text.startswith(message) for text in found), found


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ({"patient": "p1", "timepoint": "T2"}, "3:patient: id 'p1' differs from 'P1' in line 2 only by case"),
        ({"timepoint": "t1"}, "3:timepoint: id 't1' differs from 'T1'"),
        (
            {"specimen_type": "csf", "specimen": "plasma"},
            "3:specimen_type: 'csf' here but 'plasma' in line 2",
        ),
        ({"collected": "2026-04-01"}, "3:collected: '2026-04-01' here but '2026-03-31' in line 2"),
        ({"specimen": "csf", "specimen_type": "csf", "setting": "baseline"}, "3:setting: baseline here but"),
        ({"specimen": "n", "role": "normal"}, "3:role: normal here but patient in line 2"),
        ({"fastq_1": "", "fastq_2": "", "calls": "x.tsv"}, "3:specimen: report beside FASTQ in line 2"),
        (
            {"fastq_1": "", "fastq_2": "", "bam": "x.bam", "bam_kind": "consensus"},
            "3:specimen: consensus BAM beside FASTQ in line 2",
        ),
        ({"fastq_1": "a_1.fastq.gz"}, "3:fastq_1: 'a_1.fastq.gz' is given already in line 2"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_rows_that_contradict_each_other_are_named(
    tmp_path: Path, second: dict[str, str], message: str
) -> None:
    files = {"fastq_1": "b_1.fq", "fastq_2": "b_2.fq"}
    found = problems(write(tmp_path / "s.tsv", GOOD, row(**(files | second))))
    assert any(text.startswith(message) for text in found), found


def test_what_the_sheet_says_of_a_report(tmp_path: Path) -> None:
    terms = CALLS | {"covered_regions": "x.bed", "lod_vaf": "0,3 ％", "vaf_unit": "percent"}
    (sample,) = read(write(tmp_path / "s.tsv", row(**terms))).samples.values()
    unit = sample.units[0]
    assert (unit.covered_regions, unit.lod_vaf, unit.vaf_unit) == ("x.bed", 0.003, VafUnit.PERCENT)


def test_all_problems_come_at_once_in_line_order(tmp_path: Path) -> None:
    found = problems(
        write(tmp_path / "s.tsv", row(patient="a b", assay="x"), row(collected="x", fastq_1="b"))
    )
    assert [text.split(":")[:2] for text in found] == [["2", "assay"], ["2", "patient"], ["3", "collected"]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("patient;timepoint\n", "1: the header is not separated by tabs or commas"),
        (
            "patient\ttimepoint\tspecimen_type\tassay\tcolected\n",
            "1:colected: unknown column; did you mean 'coll",
        ),
        ("patient\ttimepoint\tspecimen_type\tassay\n", "1:collected: column is missing"),
        ("\t".join((*COLUMNS, "patient")) + "\n", "1:patient: column stands twice"),
        ("\t".join(COLUMNS) + "\n", "1: no rows"),
        ("\t".join(COLUMNS) + "\n" + "\t" * len(COLUMNS) + "x\n", f"2: {len(COLUMNS) + 1} cells where"),
    ],
    ids=["semicolons", "misspelt", "missing", "twice", "empty", "too-many-cells"],
)
def test_a_wrong_form_is_named(tmp_path: Path, text: Any, message: str) -> None:
    path = tmp_path / "s.tsv"
    path.write_text(text)
    assert any(found.startswith(message) for found in problems(path)), problems(path)


def test_a_missing_or_binary_sheet_is_named(tmp_path: Path) -> None:
    assert "no such file" in problems(tmp_path / "none.tsv")[0]
    (tmp_path / "b.tsv").write_bytes(b"\xff\xfe\x00")
    assert "not a UTF-8 text file" in problems(tmp_path / "b.tsv")[0]


def test_an_excluded_patient_must_exist(tmp_path: Path) -> None:
    with pytest.raises(InputProblems, match="patient 'P9' is not in the sheet"):
        read(write(tmp_path / "s.tsv", GOOD), exclude=["P9"])


BEFORE = "# sheet of the first run\n\n#\t\t\n\t\n"


def test_comments_and_blank_lines_may_stand_before_the_header(tmp_path: Path) -> None:
    path = write(tmp_path / "s.tsv", GOOD)
    path.write_text(BEFORE + path.read_text() + "# the end\n")
    (sample,) = read(path).samples.values()
    assert (sample.name, sample.units[0].line) == ("P1.T1.plasma", 6)


def test_line_numbers_are_those_of_the_file_below_comments(tmp_path: Path) -> None:
    path = write(tmp_path / "s.tsv", row(collected="yesterday"))
    path.write_text(BEFORE + path.read_text())
    (problem,) = problems(path)
    assert problem.startswith("6:collected: ")
    path.write_text(BEFORE + path.read_text().removeprefix(BEFORE).replace("specimen_type", "specimn_type"))
    assert [problem.split(":")[0] for problem in problems(path)] == ["5", "5"]


def test_a_header_that_begins_with_a_hash_is_no_comment(tmp_path: Path) -> None:
    path = write(tmp_path / "s.tsv", GOOD)
    path.write_text("#" + path.read_text())
    assert "1:#patient: unknown column; did you mean 'patient'?" in problems(path)


@pytest.mark.parametrize("text", ["", "# nothing else\n"], ids=["empty", "comment"])
def test_a_sheet_without_a_header_misses_its_columns(tmp_path: Path, text: str) -> None:
    path = tmp_path / "s.tsv"
    path.write_text(text)
    assert "1:patient: column is missing; add it" in problems(path)


@pytest.mark.parametrize("way", ["hard link", "symlink", "spelling"])
def test_a_file_given_twice_under_another_path(tmp_path: Path, way: str) -> None:
    """Each of its molecules would count twice."""
    first, other = tmp_path / "a.fastq", tmp_path / "b.fastq"
    first.write_text("@r\nA\n+\nI\n")
    if way == "hard link":
        other.hardlink_to(first)
    elif way == "symlink":
        other.symlink_to(first)
    path = f"{tmp_path}/../{tmp_path.name}/a.fastq" if way == "spelling" else str(other)
    rows = [
        row(fastq_1=str(first), fastq_2=""),
        row(fastq_1=path, fastq_2=""),
        row(patient="P2", fastq_1=path, fastq_2=""),
    ]
    found = problems(write(tmp_path / "s.tsv", *rows))
    assert [text.partition(" is given")[2] for text in found] == [
        f" already in line 2, column fastq_1, as {str(first)!r}; give every file once"
    ] * 2
