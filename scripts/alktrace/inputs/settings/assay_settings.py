"""The sections `assays` and `assay_defaults`."""

import re
from collections.abc import Iterator

from pydantic import Field

from .section import AtLeastOne, Fault, Natural, Section, Share
from .umi_settings import UmiSettings

SHORT_NAME = re.compile(r"(p\.)?[A-Z*]\d+([A-Z*]|fs|del|dup|_).*")


class AssayQc(Section):
    min_molecules: Natural = Field(description="median molecules over targets, below: fail")
    warn_molecules: Natural = Field(description="median molecules over targets, below: warn")
    min_on_target: Share = Field(description="share of molecules on target, below: warn")
    max_contamination: Share = Field(description="estimated contamination, above: fail")
    max_blank_molecules: Natural = Field(description="molecules of a no-template control, above: fail")

    def faults(self) -> Iterator[Fault]:
        """Yield what makes no sense."""
        yield from self.in_order("min_molecules", "warn_molecules")


class AssayDefaults(Section):
    umi: UmiSettings = Field(description="UMIs of the assay")
    noise_model: str | None = Field(description="noise model built from normals; null: shipped prior")
    copy_number_reference: str | None = Field(
        description="CNVkit reference; null: pooled from the normals of the sheet if enough, else flat"
    )
    expected: tuple[str, ...] = Field(
        description="alterations a positive control of this assay must show, as `ALK p.Gly1202Arg`"
    )
    primers: str | None = Field(
        description="BED of primers, six columns with the strand, true coordinates: their bases are cut off "
        "raw reads, never off a given consensus; null: none"
    )
    fusion_min_ends: AtLeastOne | None = Field(
        description="in place of `fusions.min_ends` if not null; 1 where primers end all molecules on a side"
    )
    qc: AssayQc = Field(description="thresholds of the QC verdict")

    def faults(self) -> Iterator[Fault]:
        """Yield what makes no sense."""
        for text in self.expected:
            # Found are names like p.Gly1202Arg: a control with G1202R would fail for its spelling.
            if len(text.split()) != 2 or SHORT_NAME.fullmatch(text.split()[1]):
                yield Fault("expected", f"value {text!r}", "write gene and change, as `ALK p.Gly1202Arg`")


class AssaySettings(AssayDefaults):
    targets: str = Field(description="BED of targeted regions, true coordinates")
