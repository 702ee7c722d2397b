"""The columns of `error_rates.tsv`."""

from dataclasses import dataclass

from ...io.tables import column
from ...vocabulary.detection import MoleculeGroup


@dataclass(frozen=True)
class ErrorRateRow:
    """`error_rates.tsv`: how often molecules of one group show one false base, against the reference."""

    molecules: MoleculeGroup = column(
        "what stands behind the base: `single` (no UMI), `simplex` (one strand) or `duplex` (both)"
    )
    substitution: str = column("type, named by the pyrimidine: G>T counts as C>A")
    errors: int = column(
        "molecules with the false base, at training sites (no allele above `calling.training.max_vaf`); "
        "true variants below detection may be among them"
    )
    bases: int = column(
        "molecules looked at, summed over the bases of targets and their margin that could show the type"
    )
    rate: float | None = column(
        "errors over bases, an upper estimate as far as true variants are in it; missing where none were seen"
    )
    low: float | None = column("lower end of the exact 95 % interval, of counting alone")
    high: float | None = column("upper end of that interval")
    set_aside: int = column(
        "alternatives of the type, any group, that noise does not explain: variants or places that err more"
    )
    set_aside_molecules: int = column("molecules of the group with those; they are not in errors or bases")
    sites_left_out: int = column(
        "bases that could show the type and are no training sites, for an allele above that VAF"
    )
