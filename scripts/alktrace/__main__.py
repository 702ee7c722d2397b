"""Commands beside the workflow: show results, classify evidence, outcomes from tables, renew the docs."""

import argparse
import sys
from pathlib import Path

from .errors import AlktraceError
from .vocabulary.samples import BamKind, SpecimenType, UmiSource

ROOT = Path(__file__).resolve().parents[2]
DEFAULTS = ROOT / "config" / "config.yaml"
CONFIG_HELP = "configuration of a run, or the keys in it that differ from config/config.yaml"


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit status."""
    parser = argparse.ArgumentParser(prog="alktrace", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    show = commands.add_parser("show", help="print the classification of a finished run")
    show.add_argument("results", type=Path, help="folder `results` of the run")
    classify = commands.add_parser("classify", help="classify a patient's evidence JSON")
    classify.add_argument("evidence", type=Path, help="evidence.json of one patient")
    classify.add_argument("--out", type=Path, required=True, help="folder for the tables")
    classify.add_argument("--config", type=Path, default=DEFAULTS, help=CONFIG_HELP)
    classify.add_argument("--knowledge", type=Path, default=ROOT / "resources" / "knowledge")
    one = commands.add_parser("one", help="write sheet and config for one BAM")
    for name in ("bam", "targets", "fasta", "gff3"):
        one.add_argument(f"--{name}", type=Path, required=True)
    one.add_argument("--align-fasta", type=Path)
    one.add_argument("--kind", type=BamKind, default=BamKind.RAW)
    one.add_argument("--umi", type=UmiSource, default=UmiSource.NONE)
    one.add_argument("--duplex", action="store_true")
    one.add_argument("--specimen-type", type=SpecimenType, default=SpecimenType.PLASMA)
    one.add_argument("--collected", default="2000-01-01", help="date of the sample, YYYY-MM-DD")
    one.add_argument("--out", type=Path, required=True, help="folder for sheet and config")
    cohort = commands.add_parser("cohort", help="outcomes and page of a cohort from tables, without reads")
    cohort.add_argument("clinical", type=Path, help="folder of the clinical tables")
    cohort.add_argument("tables", type=Path, help="folder with classification.tsv, resistance.tsv ...")
    cohort.add_argument("--out", type=Path, required=True, help="folder for tables and page")
    cohort.add_argument("--config", type=Path, default=DEFAULTS, help=CONFIG_HELP)
    cohort.add_argument("--knowledge", type=Path, default=ROOT / "resources" / "knowledge")
    commands.add_parser("docs", help="renew the generated parts of the docs")
    options = parser.parse_args(arguments)
    try:
        return _run(options)
    except AlktraceError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _run(options: argparse.Namespace) -> int:
    if options.command == "show":
        from .commands.show import show_results

        print(show_results(options.results))
    elif options.command == "classify":
        from .classify.classify_files import classify_evidence_file
        from .inputs.config_file import load_settings

        classify_evidence_file(
            evidence=options.evidence,
            knowledge=options.knowledge,
            settings=load_settings(options.config, defaults=DEFAULTS).resistance,
            out_dir=options.out,
        )
        print(f"wrote the tables to {options.out}")
    elif options.command == "cohort":
        from .inputs.config_file import load_settings
        from .report.cohort_alone import write_cohort

        page = write_cohort(
            clinical=options.clinical,
            tables=options.tables,
            knowledge=options.knowledge,
            settings=load_settings(options.config, defaults=DEFAULTS),
            out=options.out,
        )
        print(f"wrote {page} and its tables")
    elif options.command == "one":
        from .commands.one import OneBam, write_one

        given = {name: value for name, value in vars(options).items() if name not in ("command", "out")}
        write_one(OneBam(**given), options.out)
    else:
        from .commands.docs import write_docs

        for page in write_docs(ROOT):
            print(f"renewed {page}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
