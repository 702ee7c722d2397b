"""Build a panel of your own from normals, and validate it: limits, precision, agreement, claims.

build NORMALS: BAM files of people without the disease, of one kit and laboratory; what the panel covers and
sees, noise per position, copy-number reference, and how far so many normals reach.
validate TABLE: a table of what was put into samples and what was found, or where the results of the workflow
lie. Claims are judged where a file of criteria is given. docs/assay.md describes both.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..io.resources import resource
from ..vocabulary.languages import Language
from .one import (
    OneBam,
    add_sample_arguments,
    config_of,
    described,
    id_of,
    look_for,
    named_files,
    write_project,
)
from .run import add_run_arguments
from .run import run as run_workflow

EXAMPLE = "alktrace assay validate dilutions.tsv --criteria criteria.yaml --out validation"
PLACEHOLDER = "2000-01-01"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    one = actions.add_parser("build", help="what a panel covers and sees, from normals")
    one.add_argument("normals", type=Path, nargs="+", metavar="NORMAL", help="BAM of a normal")
    add_sample_arguments(one)
    one.add_argument("--name", default="panel", help="name of the assay (default: panel)")
    one.add_argument("--out", type=Path, required=True, help="folder for sheet, configuration and results")
    add_run_arguments(one)
    one.set_defaults(act=_build)
    one = actions.add_parser("validate", help="tables and a page from a dilution series, blanks, replicates")
    one.add_argument("table", type=Path, help="the study; text with tabs or commas, or a workbook")
    one.add_argument("--criteria", type=Path, help="YAML of claims; without it nothing passes or fails")
    one.add_argument("--title", help="name of the assay on the page (default: name of the table)")
    one.add_argument("--language", choices=list(Language), default="en", help="of the page (default: en)")
    one.add_argument("--out", type=Path, required=True, help="folder for tables and page")
    one.set_defaults(act=_validate)


def main(options: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    return int(options.act(options))


def _validate(options: argparse.Namespace) -> int:
    title = options.title or options.table.stem
    print(validate(options.table, options.criteria, options.out, title, Language(options.language)))
    return 0


def _build(options: argparse.Namespace) -> int:
    normals = [described(options, bam, PLACEHOLDER) for bam in options.normals]
    return build(normals, options.name, options.out, options.handed_on, profile=options.profile)


def build(
    normals: Sequence[OneBam], name: str, out: Path, handed_on: Sequence[str] = (), *, profile: str = "local"
) -> int:
    """Describe an assay by its normals; print how far they reach; return the exit status of the run.

    Args:
        normals: at least one, all of the same files but the BAM.
        name: of the assay.
        out: folder of the run, made if needed.
        handed_on: further options of snakemake.
        profile: as for `alktrace run`.

    Raises:
        InputProblems: files that do not exist, all at once.
    """
    write_normals(normals, name, out)
    folder = f"results/assay/{name}"
    status = run_workflow(
        out / "config.yaml", [*handed_on, f"{folder}/reach.tsv"], directory=out, profile=profile
    )
    if status == 0 and (out / folder / "reach.tsv").is_file():
        for line in summary(out, name):
            print(line)
    return status


def write_normals(normals: Sequence[OneBam], name: str, out: Path) -> None:
    """Write `samples.tsv` and `config.yaml` for the normals of an assay into a folder.

    Raises:
        InputProblems: files that do not exist, all at once.
    """
    look_for([*(("NORMAL", one.bam) for one in normals), *named_files(normals[0])])
    rows = [
        {
            # Normals of several folders may have one name.
            "patient": f"{id_of(one.bam, 'normal')[:60]}-{number}",
            "timepoint": "N1",
            "specimen_type": one.specimen_type.value,
            "assay": name,
            "collected": one.collected,
            "setting": ".",
            "role": "normal",
            "bam": str(one.bam.resolve()),
            "bam_kind": one.kind.value,
        }
        for number, one in enumerate(normals, start=1)
    ]
    write_project(rows, config_of(normals[0], name), out)


def summary(out: Path, name: str) -> list[str]:
    """Write `assay.yaml`, the part of a configuration that uses what was built; return what to say."""
    import yaml

    from ..assay.panel_table import ReachRow
    from ..inputs.config_file import read_config
    from ..io.tables import read_table
    from ..vocabulary.panels import Readiness

    folder, reference = out / "results" / "assay" / name, (out / "results" / "reference").resolve()
    rows = read_table(folder / "reach.tsv", ReachRow)
    assay: dict[str, Any] = read_config(out / "config.yaml")["assays"][name]
    del assay["qc"]
    states = {row.what: row.state for row in rows}
    if states["position_noise"] is not Readiness.NONE:
        assay["noise_model"] = str(reference / f"{name}.noise.tsv")
    if states["copy_number"] is not Readiness.NONE:
        assay["copy_number_reference"] = str(reference / f"{name}.copy_number.cnn")
    text = yaml.safe_dump({"assays": {name: assay}}, sort_keys=False)
    (folder / "assay.yaml").write_text(text, encoding="utf-8")
    lines = [
        f"{row.what.replace('_', ' ')}: {row.state} ({row.normals} of {row.advised} normals); {row.meaning}"
        for row in rows
    ]
    return [*lines, f"{folder}: tables, and assay.yaml for a configuration"]


def validate(table: Path, criteria: Path | None, out: Path, title: str, language: Language) -> Path:
    """Write the tables and the page of a study; return the page.

    Raises:
        AlktraceError: what is wrong in the table or the criteria.
    """
    from ..assay.claims import Claims, read_claims
    from ..assay.read_study import read_study
    from ..assay.validate import validate as measure
    from ..assay.validate import write_validation
    from ..inputs.knowledge_files import KnowledgeFiles
    from ..knowledge.load import load_knowledge
    from ..report.assay_page import write_assay_page
    from ..report.language import Words

    claims = Claims() if criteria is None else read_claims(criteria)
    found = measure(read_study(table), claims)
    write_validation(found, out)
    page = out / "report.html"
    words = Words(language, load_knowledge(KnowledgeFiles(resource("knowledge"))))
    write_assay_page(found, title, words, page)
    return page
