"""Wrong input stops the real command before work starts: one line per problem, and nothing left behind.

Which problems are found at all is tested where they are found (`test_sheet.py`, `test_inputs.py`); here the
command gets many at once, as a user's first try does.
"""

import gzip
import re
from pathlib import Path

import pysam
import pytest
import yaml
from workflow_runs import Outcome, Project

from alktrace.checks.input_files import judge_files
from alktrace.checks.probes import bam_head, fastq_head
from alktrace.errors import InputProblems, Problem
from alktrace.inputs.config_lines import with_places
from alktrace.inputs.settings.configuration import check_settings
from alktrace.inputs.sheet import read_sheet as read_checked_sheet
from alktrace.reference.contigs import GRCH37


def refused(project: Project, *lines: str, arguments: tuple[str, ...] = ("--cores", "2")) -> Outcome:
    """The command says these lines, all of them and in this order, and does nothing else."""
    outcome = project.run(*arguments)
    assert outcome.code != 0
    assert "Traceback" not in outcome.text
    assert "Job stats" not in outcome.text, "nothing is planned"
    text = outcome.text[outcome.text.index("WorkflowError") :].replace(f"{project.folder}/", "")
    said = [line for line in text.splitlines()[1:] if not line.startswith("  File ") and line.strip()]
    assert said == list(lines)
    assert project.left_behind == []
    return outcome


def change_config(project: Project, **keys: str) -> None:
    """Change keys of one assay, `assay="name"` first."""
    project.config["assays"][keys.pop("assay")] |= keys


# --- the sheet ------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [("--cores", "2"), ("--dry-run",)], ids=["run", "dry run"])
def test_bad_rows(project: Project, arguments: tuple[str, ...]) -> None:
    good = project.rows("P06")[0]
    other = {"fastq_1": "fastq/a_R1.fastq.gz", "fastq_2": "fastq/a_R2.fastq.gz"}
    project.keep(
        [
            good,
            good,
            good | {"patient": "P/6"},
            good | {"patient": "P.6"},
            good | {"timepoint": "PD_1"},
            good | {"specimen": "left lung"},
            good | other | {"patient": "p06", "timepoint": "PD2"},
            good | {"assay": "plasma-duplx"},
            good | {"collected": "05/12/2022"},
            good | {"calls": "calls/P18_PD1_plasma.tsv"},
        ],
    )
    id_rule = "use letters, digits and hyphens, beginning with a letter or digit, at most 64"
    assays = ", ".join(sorted(project.config["assays"]))
    fastqs = {name: good[name] for name in ("fastq_1", "fastq_2")}
    refused(
        project,
        *(
            f"samples.tsv:3:{name}: {path!r} is given already in line 2, column {name}; give every file once"
            for name, path in fastqs.items()
        ),
        f"samples.tsv:4:patient: id 'P/6'; {id_rule}",
        f"samples.tsv:5:patient: id 'P.6'; {id_rule}",
        f"samples.tsv:6:timepoint: id 'PD_1'; {id_rule}",
        f"samples.tsv:7:specimen: id 'left lung'; {id_rule}",
        "samples.tsv:8:patient: id 'p06' differs from 'P06' in line 2 only by case; "
        "write both alike or rename one",
        f"samples.tsv:9:assay: unknown assay 'plasma-duplx'; the config describes: {assays}",
        "samples.tsv:10:collected: date '05/12/2022'; write it as YYYY-MM-DD, such as 2026-03-31",
        "samples.tsv:11:fastq_1: fastq_1 and calls are given; fill exactly one of fastq_1, bam, calls",
        arguments=arguments,
    )


def test_wrong_column_names(project: Project) -> None:
    path = project.folder / "samples.tsv"
    path.write_text(path.read_text().replace("collected", "colected", 1).replace("bam_kind", "kind", 1))
    refused(
        project,
        "samples.tsv:1:colected: unknown column; did you mean 'collected'?",
        "samples.tsv:1:collected: column is missing; add it",
        "samples.tsv:1:kind: unknown column; did you mean 'bam_kind'?",
    )


def test_missing_sheet(project: Project) -> None:
    project.config["samples"] = "sampels.tsv"
    refused(project, "sampels.tsv: no such file; correct the path")


# --- the configuration ----------------------------------------------------------------------


def test_unknown_and_wrong_keys(project: Project) -> None:
    project.config |= {"calling": {"min_alt_molecule": 2, "min_alt_molecules": "three"}}
    project.config["assays"]["tissue"]["umi"]["source"] = "magic"
    path = project.folder / "config.yaml"
    outcome = project.run("--cores", "2")
    lines = {line.strip().rstrip(":"): n for n, line in enumerate(path.read_text().splitlines(), start=1)}
    assert outcome.code != 0
    assert "Traceback" not in outcome.text
    assert project.left_behind == []
    for key, text, said in (
        ("calling.min_alt_molecule", "min_alt_molecule: 2", "unknown key; "),
        ("calling.min_alt_molecules", "min_alt_molecules: three", "value 'three'; "),
        ("assays.tissue.umi.source", "source: magic", "value 'magic'; "),
    ):
        assert f"config.yaml:{lines[text]}:{key}: {said}" in outcome.text


def test_a_wrong_default_is_named_in_its_own_file(root: Path) -> None:
    """A value given on the command line stands in no file."""
    defaults = root / "config" / "config.yaml"
    number = next(
        n for n, line in enumerate(defaults.read_text().splitlines(), 1) if line.startswith("calling:")
    )
    problems = [
        Problem("config", 0, "calling", "x", "y"),
        Problem("config", 0, "callin", "x", "y"),
        Problem("s.tsv", 3, "calling", "x", "y"),
    ]
    text = with_places(InputProblems(problems), [defaults])
    assert text.splitlines()[0].endswith(f"config/config.yaml:{number}:calling: x; y")
    assert text.splitlines()[1:] == ["config:callin: x; y", "s.tsv:3:calling: x; y"]


def test_what_is_missing_in_the_users_file_is_not_asked_of_the_defaults(root: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text("reference: {fasta: genome.fa}\n")
    problem = Problem("config", 0, "reference.gff3", "no file 'genes.gff3'", "correct the path")
    text = with_places(InputProblems([problem]), [mine, root / "config" / "config.yaml"])
    said = "reference.gff3: no file 'genes.gff3', the default; give `reference.gff3` in your configuration"
    assert text == f"{mine}:{said}"


# --- files of reads and genome ----------------------------------------------------------------


def contigs_of(project: Project) -> dict[str, str]:
    return dict(
        line.split("\t")[:2]
        for line in (project.folder / "reference/genome.fa.gz.fai").read_text().splitlines()
    )


def rewrite_bam(path: Path, **lengths: int) -> Path:
    """Write a BAM again with other lengths of contigs."""
    with pysam.AlignmentFile(str(path)) as old:
        header, records = old.header.to_dict(), list(old)
    for contig in header["SQ"]:
        contig["LN"] = lengths.get(contig["SN"], contig["LN"])
    path.unlink()
    with pysam.AlignmentFile(str(path), "wb", header=header) as out:
        for record in records:
            out.write(pysam.AlignedSegment.from_dict(record.to_dict(), out.header))
    return path


def break_reads(project: Project) -> list[str]:
    """Break one file of each row; return the lines that must be said."""
    rows = project.rows("P01", "P02", "P03", "P05", "P06", "P10", "P16", "P17")
    project.keep(rows)
    line = {(row["patient"], row["timepoint"]): number for number, row in enumerate(rows, start=2)}
    file = {(row["patient"], row["timepoint"]): row for row in rows}

    def fastq(patient: str, timepoint: str = "PD1", name: str = "fastq_1") -> Path:
        return project.own(file[patient, timepoint][name])

    missing = fastq("P01", "BL")
    missing.unlink()
    empty = fastq("P01")
    empty.write_bytes(b"")
    cut = fastq("P02", name="fastq_2")
    cut.write_bytes(cut.read_bytes()[:-1000])
    fewer = fastq("P03", name="fastq_2")
    text = gzip.decompress(fewer.read_bytes()).decode().splitlines(keepends=True)
    fewer.write_bytes(gzip.compress("".join(text[:-4]).encode()))
    short = fastq("P05", name="fastq_umi")
    lines = gzip.decompress(short.read_bytes()).decode().splitlines()
    lines = [text[:6] if number % 2 else text for number, text in enumerate(lines)]
    short.write_bytes(gzip.compress("\n".join(lines).encode()))
    others = fastq("P06", name="fastq_2")
    others.write_bytes(fastq("P10", name="fastq_2").read_bytes())
    other_build = rewrite_bam(project.own(file["P16", "PD1"]["bam"]), chr2=GRCH37["2"])
    project.own(file["P17", "PD1"]["bam"])
    (project.folder / f"{file['P17', 'PD1']['bam']}.bai").unlink()

    def name(path: Path) -> str:
        return repr(str(path.relative_to(project.folder)))

    reads = len(text) // 4
    first, second = (read_name(fastq("P06", name=key)) for key in ("fastq_1", "fastq_2"))
    return [
        f"samples.tsv:{line['P01', 'BL']}:fastq_1: no file {name(missing)}; correct the path",
        f"samples.tsv:{line['P01', 'PD1']}:fastq_1: {name(empty)} is empty (0 bytes); "
        "fetch it again or remove the row",
        f"samples.tsv:{line['P02', 'PD1']}:fastq_2: {name(cut)} is truncated or damaged; "
        "fetch it again; compare its checksum",
        f"samples.tsv:{line['P03', 'PD1']}:fastq_2: {reads - 1} reads in {name(fewer)} but {reads} in "
        "fastq_1; give the files of one run, with all their reads",
        f"samples.tsv:{line['P05', 'PD1']}:fastq_umi: reads have at most 6 bases, the read structures "
        "(+T, +T, 8M) need 8; correct `read_structures` of the assay or the order of the files",
        f"samples.tsv:{line['P06', 'PD1']}:fastq_2: read 1 is {second!r} in {name(others)} but {first!r} in "
        "fastq_1; give the files of one run, unsorted and with all their reads",
        f"samples.tsv:{line['P16', 'PD1']}:bam: {name(other_build)} is aligned to GRCh37: chr2 has 243199373 "
        "bases; give FASTQ or an unaligned BAM, so that it is aligned to GRCh38",
        f"samples.tsv:{line['P17', 'PD1']}:bam: {file['P17', 'PD1']['bam']!r} has no index; "
        f"run `samtools index {file['P17', 'PD1']['bam']}`",
        f"samples.tsv:{line['P10', 'PD1']}:fastq_2: the first reads of {file['P10', 'PD1']['fastq_2']!r} are "
        f"those of {name(others)} in line {line['P06', 'PD1']}; give every read once",
    ]


def read_name(path: Path) -> str:
    with gzip.open(path, "rt") as stream:
        return stream.readline()[1:].split()[0].removesuffix("/1").removesuffix("/2")


def test_bad_files_of_reads(project: Project) -> None:
    project.config["clinical"] = None
    refused(project, *break_reads(project))


def test_bad_files_of_genome_and_assay(project: Project) -> None:
    rows = project.rows("P17")
    project.keep(rows)
    project.config["clinical"] = None
    (project.folder / "panel.bed").write_text(
        "chr2\t29220000\t29221000\tALK\nchr2\t29220500\t29222000\tALK\n"
        "chr9\t140000000\t140000100\tABL1\n9\t100\t200\tX\nchr2\t5\t5\tempty\n"
    )
    change_config(project, assay="plasma-tag", targets="panel.bed")
    project.config["assays"] = {"plasma-tag": project.config["assays"]["plasma-tag"]}
    length = dict(contigs_of(project))["chr9"]
    bam = rows[0]["bam"]
    path = project.own(bam)
    path.write_bytes(path.read_bytes()[:-500])
    project.config["reference"]["gff3"] = "reference/genes.gff"
    line = 1 + yaml.safe_dump(project.config, sort_keys=False).splitlines().index(
        "  gff3: reference/genes.gff"
    )
    outcome = refused(
        project,
        f"config.yaml:{line}:reference.gff3: no file 'reference/genes.gff'; correct the path",
        f"panel.bed:3:end: ends at 140000100, but chr9 has {length} bases; give targets of GRCh38",
        "panel.bed:4:chromosome: '9' is not in the genome; write 'chr9'",
        "panel.bed:5:end: empty interval chr2:5-5; write start (0-based) below end, or remove the line",
        f"samples.tsv:2:bam: {bam!r} is truncated or damaged; fetch it again; compare its checksum",
    )
    assert "panel.bed:2" not in outcome.text, "targets of panels overlap"


# --- clinical tables and reports --------------------------------------------------------------


def test_bad_clinical_tables(project: Project) -> None:
    rows = project.rows("P18")
    project.keep(rows)
    treatments = project.own("clinical/treatments.tsv")
    text = treatments.read_text()
    wrong = text.splitlines()[1].split("\t")
    date = wrong[4]
    treatments.write_text(text.replace(date, "14.03.2022", 1))
    project.own("clinical/follow_up.tsv").rename(project.folder / "clinical/followup.tsv")
    report = project.own(rows[1]["calls"])
    report.write_text(report.read_text().replace("gene\t", "gen\t", 1))
    outcome = project.run("--cores", "2")
    assert outcome.code != 0
    assert "Traceback" not in outcome.text
    assert project.left_behind == []
    said = outcome.text
    assert "clinical/followup.tsv: unknown table; did you mean follow_up.tsv?" in said
    assert re.search(r"clinical/treatments\.tsv:2:start: value '14\.03\.2022'; .*YYYY-MM-DD", said)
    assert f"{rows[1]['calls']}:1:gen: unknown column; did you mean 'gene'?" in said


def test_an_id_in_another_case_is_not_a_patient_without_data(project: Project) -> None:
    project.keep(project.rows("P18"))
    for path in sorted((project.folder / "clinical").iterdir()):
        copy = project.own(f"clinical/{path.name}")
        copy.write_text(copy.read_text().replace("P18", "p18"))
    refused(
        project,
        "clinical/patients.tsv:patient: patient 'p18' is 'P18' in the sheet; write both alike",
        arguments=("--dry-run",),
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(
            "##fileformat=VCFv4.2\n##contig=<ID=7,length=159138663>\n", "variants of GRCh37", id="GRCh37"
        ),
        pytest.param("gene\tvaf\n", "no valid VCF", id="no VCF"),
    ],
)
def test_reports_as_vcf(project: Project, root: Path, text: str, said: str) -> None:
    rows = project.rows("P18")[:1]
    path = project.folder / "report.vcf"
    path.write_text(f"{text}#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n" if "VCF" in text else text)
    project.keep([rows[0] | {"calls": str(path)}])
    found = problems(project, root)
    assert len(found) == 1
    assert found[0].startswith(f"{path}: {said}")


def problems(project: Project, root: Path) -> list[str]:
    from snakemake.utils import update_config

    config = yaml.safe_load((root / "config/config.yaml").read_text())
    update_config(config, project.config)
    folder = project.folder
    config["clinical"] = None
    config["samples"] = str(folder / "samples.tsv")
    for key, value in config["reference"].items():
        if isinstance(value, str) and (folder / value).exists():
            config["reference"][key] = str(folder / value)
    for assay in config["assays"].values():
        assay["targets"] = str(folder / assay["targets"])
    settings = check_settings(config, file="config")
    fastq_head.cache_clear()
    bam_head.cache_clear()
    sheet = read_checked_sheet(folder / "samples.tsv", assays=settings.assays)
    return [str(problem) for problem in judge_files(sheet, settings).problems]
