"""Write a site's tables for a study of several: no reads, pseudonyms, days instead of dates.

What leaves of which column stands in `columns.tsv` of the export; nothing else does. Ids are keyed hashes;
the key stays at the site, and makes the next export fit to this one.
"""

import argparse
import sys
from pathlib import Path

from ..errors import AlktraceError
from ..io.resources import DEFAULTS, resource
from .classify import CONFIG_HELP, KNOWLEDGE_HELP

EXAMPLE = "alktrace export-site synthetic/clinical synthetic --site NORTH --key keys/north.key --out north"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("clinical", type=Path, help="folder of the clinical tables")
    parser.add_argument("tables", type=Path, help="folder with classification.tsv, as of `alktrace cohort`")
    parser.add_argument(
        "--site", required=True, help="name of the site, the centre of its patients elsewhere"
    )
    parser.add_argument(
        "--key", type=Path, required=True, help="key of the pseudonyms, made if missing; it stays at the site"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for the export, new or empty")
    parser.add_argument(
        "--dates",
        choices=("days", "kept"),
        default="days",
        help="dates leave as days since the first lorlatinib dose (default), or as they are",
    )
    parser.add_argument(
        "--genotypes",
        type=Path,
        help="folder of patients of the run, to share hashes of genotypes (default: none)",
    )
    parser.add_argument("--secret", type=Path, help="of these hashes, shared by the sites; not the key")
    parser.add_argument("--config", type=Path, default=DEFAULTS, help=CONFIG_HELP)
    parser.add_argument("--knowledge", help=KNOWLEDGE_HELP)


def main(options: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    for line in run(
        options.clinical,
        options.tables,
        site=options.site,
        key=options.key,
        out=options.out,
        dates=options.dates,
        genotypes=options.genotypes,
        secret=options.secret,
        config=options.config,
        knowledge=options.knowledge,
    ):
        print(line, file=sys.stderr)
    print(options.out)
    return 0


def run(
    clinical: Path,
    tables: Path,
    *,
    site: str,
    key: Path,
    out: Path,
    dates: str = "days",
    genotypes: Path | None = None,
    secret: Path | None = None,
    config: Path = DEFAULTS,
    knowledge: str | None = None,
) -> list[str]:
    """Write the export of a site; return what a person should know of it.

    Raises:
        AlktraceError: what is wrong in the tables, the key or the configuration.
    """
    import re
    import tempfile

    from ..centres.pseudonyms import open_key
    from ..centres.site_export import export_site
    from ..centres.site_manifest import Dates
    from ..inputs.config_file import load_settings
    from ..inputs.knowledge_files import open_knowledge
    from ..report.cohort_alone import open_tables

    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]{0,31}", site):
        raise AlktraceError(f"--site: {site!r}; write letters, digits and hyphens, at most 32")
    if (genotypes is None) != (secret is None):
        raise AlktraceError("--genotypes and --secret: give both, or neither")
    settings = load_settings(config, defaults=DEFAULTS)
    files = open_knowledge(resource("knowledge"), knowledge or settings.knowledge)
    with tempfile.TemporaryDirectory() as folder:
        together, details = open_tables(tables, Path(folder))
        manifest = export_site(
            clinical=clinical,
            tables=together,
            details=details,
            site=site,
            key=open_key(key, out),
            dates=Dates(dates),
            knowledge=files,
            settings=settings,
            beside=config.parent,
            out=out,
            genotypes=(genotypes, open_key(secret, out, shared=True)) if genotypes and secret else None,
        )
    lines = [f"{manifest.patients} patients of {site}; what leaves of which column: {out / 'columns.tsv'}"]
    if manifest.small_groups:
        lines.append(
            f"{manifest.small_groups} patients share sex and ten years of age with fewer than four others: "
            "they leave as they are; ages above 89 leave as 90"
        )
    lines += [
        f"{place}: {number} cells stayed, of no known form" for place, number in manifest.withheld.items()
    ]
    return lines
