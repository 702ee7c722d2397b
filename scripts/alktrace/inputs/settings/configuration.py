"""The whole configuration as checked objects, for plan and commands: jobs import their sections alone."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError, model_validator

from ...errors import InputProblems, Problem
from ...io.resources import resource
from ...io.tables import read_table
from ...vocabulary.exports import Export
from ...vocabulary.samples import ID_PATTERN, BadInputs
from ..knowledge_rows import KnownGene, gene_symbols
from .align_settings import AlignSettings
from .assay_settings import AssayDefaults, AssaySettings
from .calling_settings import CallingSettings
from .cohort_settings import CohortSettings
from .copy_number_settings import CopyNumberSettings
from .fusion_settings import FusionSettings
from .identity_settings import IdentitySettings
from .molecule_settings import MoleculeSettings
from .origin_settings import OriginSettings
from .reference_settings import ReferenceSettings
from .report_settings import ReportSettings
from .resistance_settings import ResistanceSettings
from .section import SENSELESS, Fault, Section
from .tumour_fraction_settings import TumourFractionSettings

GENE = "[A-Z][A-Za-z0-9-]{1,15}"


class Settings(Section):
    """The whole configuration."""

    samples: str = Field(description="the sample sheet")
    clinical: str | None = Field(description="folder with the clinical tables; null: none")
    exclude: tuple[str, ...] = Field(description="patients left out of the cohort")
    bad_inputs: BadInputs = Field(
        description="a wrong file of a sample, found before work starts: `stop` the run, or make the sample "
        "a `row` (`NOT_EVALUABLE`, `unreadable`); a wrong sheet, configuration or shared file always stops"
    )
    knowledge: str | tuple[str, ...] | None = Field(
        description="folder, or list of files, with knowledge tables of your own, laid over ours; null: none"
    )
    exports: tuple[Export, ...] = Field(
        description="files for other programs, in `results/exports`: "
        + ", ".join(f"`{one}`" for one in Export)
    )
    export_inherited: bool = Field(
        description="export inherited variants too; leave it off unless the patients consented to that"
    )
    reference: ReferenceSettings
    assays: dict[Annotated[str, Field(pattern=f"^{ID_PATTERN}$")], AssaySettings] = Field(
        description="assays by name, as in the sheet; each needs `targets` alone"
    )
    assay_defaults: AssayDefaults = Field(
        exclude=True, description="what an assay does not say: the keys of an assay without `targets`"
    )
    align: AlignSettings
    molecules: MoleculeSettings
    calling: CallingSettings
    fusions: FusionSettings
    copy_number: CopyNumberSettings
    tumour_fraction: TumourFractionSettings
    origin: OriginSettings
    identity: IdentitySettings
    resistance: ResistanceSettings
    cohort: CohortSettings
    report: ReportSettings

    @model_validator(mode="before")
    @classmethod
    def _lay_defaults_under_assays(cls, config: Any) -> Any:
        """Give every assay what it does not say itself, key by key; what is no map is refused afterwards."""
        assays = config.get("assays") if isinstance(config, Mapping) else None
        if not isinstance(assays, Mapping):
            return config
        defaults = config.get("assay_defaults")
        filled = {
            name: lay_over(defaults, assay) if isinstance(assay, Mapping) else assay
            for name, assay in assays.items()
        }
        return {**config, "assays": filled}

    def faults(self) -> Iterator[Fault]:
        """Yield what makes no sense."""
        if Export.IGV_PAGE in self.exports and not self.export_inherited:
            what = "igv_page shows reads, and with them inherited variants"
            yield Fault("exports", what, "leave it out, or write export_inherited: true if that is agreed")
        for name, assay in self.assays.items():
            if (ends := assay.fusion_min_ends or 1) > (least := self.fusions.min_molecules):
                what = f"{ends} is above fusions.min_molecules ({least})"
                yield Fault(f"assays.{name}.fusion_min_ends", what, f"write a number up to {least}")
        symbols = gene_symbols(read_table(resource("knowledge") / "genes.tsv", KnownGene))
        copies = self.copy_number
        named = [("amplification", copies.amplification), ("loss_genes", copies.loss_genes)]
        for key, genes in named:
            for gene in genes:
                known = symbols.get(gene.casefold())
                if known != gene and (known or not re.fullmatch(GENE, gene)):
                    remedy = f"write {known}" if known else "write the symbol of a gene, such as MET"
                    yield Fault(f"copy_number.{key}", f"unknown gene {gene!r}", remedy)


def lay_over(below: Any, above: Mapping[Any, Any]) -> Any:
    """Return a configuration laid over another one, as Snakemake does it: maps merge at every depth.

    Args:
        below: the configuration below; stays as it is.
        above: its lists, scalars and nulls replace what they meet.
    """
    # An empty map changes nothing, even over a scalar or null: `assays: {}` removes no assay.
    if not above:
        return below
    merged = dict(below) if isinstance(below, Mapping) else {}
    for key, value in above.items():
        merged[key] = lay_over(merged.get(key, {}), value) if isinstance(value, Mapping) else value
    return merged


def check_settings(config: dict[str, Any], *, file: Path | str) -> Settings:
    """Return the checked settings.

    Args:
        config: the configuration as read from YAML.
        file: named in the messages.

    Raises:
        InputProblems: every key that is missing, unknown or has a wrong value.
    """
    try:
        return Settings.model_validate(config)
    except ValidationError as error:
        details = error.errors()
        # Wrong in the defaults is wrong in every assay; it is said once, where it stands.
        shared = {detail["loc"][1:] for detail in details if detail["loc"][:1] == ("assay_defaults",)}
        own = [d for d in details if d["loc"][:1] != ("assays",) or d["loc"][2:] not in shared]
        # A list whose items are wrong is not too short besides.
        own = [d for d in own if d["type"] != "too_short" or not any(_is_inside(d, other) for other in own)]
        raise InputProblems([p for detail in own for p in detail_problems(str(file), detail)]) from None


def _is_inside(outer: Any, inner: Any) -> bool:
    return len(inner["loc"]) > len(outer["loc"]) and inner["loc"][: len(outer["loc"])] == outer["loc"]


def detail_problems(file: str, detail: Any) -> Iterator[Problem]:
    """Yield what one detail of a `ValidationError` says; the column is the key."""
    if detail["type"] != SENSELESS:
        yield _problem(file, detail)
        return
    for fault in detail["ctx"]["faults"]:
        key = ".".join(filter(None, [*map(str, detail["loc"]), fault.key]))
        yield Problem(file, 0, key, fault.what, fault.remedy)


def _problem(file: str, detail: Any) -> Problem:
    key = ".".join(str(part) for part in detail["loc"])
    if detail["type"] == "missing":
        return Problem(file, 0, key, "the key is missing", "add it; config/README.md describes it")
    if detail["type"] == "extra_forbidden":
        return Problem(file, 0, key, "unknown key", "remove it or correct its spelling")
    return Problem(file, 0, key, f"value {detail['input']!r}", detail["msg"])
