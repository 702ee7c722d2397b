"""The columns of `molecules.tsv`."""

from dataclasses import dataclass

from ..io.tables import column


@dataclass(frozen=True)
class MoleculeMetric:
    """`molecules.tsv`: one figure of grouping and consensus."""

    metric: str = column("name of the figure, such as `families` or `family_size`")
    stratum: str = column("what it is counted over, such as a family size; `all` otherwise")
    value: float = column("the figure; counts are whole numbers, rates and shares fractions")
