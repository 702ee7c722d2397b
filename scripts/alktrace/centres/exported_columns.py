"""What of each column leaves a site: `resources/exported_columns.tsv`, the list that a site signs."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from ..io.resources import resource
from ..io.tables import column, read_table


class ColumnKind(StrEnum):
    """What a column says of a person."""

    IDENTIFIER = "identifier"
    DATE = "date"
    QUASI_IDENTIFIER = "quasi_identifier"
    CLINICAL = "clinical"
    MOLECULAR = "molecular"
    FREE_TEXT = "free_text"
    DERIVED = "derived"


class Leaving(StrEnum):
    """What happens with a column; `cell_rules` has a function for each."""

    PSEUDONYM = "pseudonym"
    TIMEPOINT = "timepoint"
    SPECIMEN = "specimen"
    DAY = "day"
    KEPT = "kept"
    AGE = "age"
    DRUG = "drug"
    TERM = "term"
    GENE = "gene"
    ALTERATION = "alteration"
    MECHANISM = "mechanism"
    LOCUS = "locus"
    KEY = "key"
    CAVEAT = "caveat"
    GENOTYPE_HASH = "genotype_hash"
    WITHHELD = "withheld"


@dataclass(frozen=True)
class ExportedColumn:
    """`exported_columns.tsv`: one column of one table that a site has."""

    table: str = column("table, without its suffix")
    name: str = column("its column; of accounts the place in the file")
    kind: ColumnKind = column("what it says of a person")
    rule: Leaving = column("what happens with it")
    note: str | None = column("how", default=None)


@cache
def exported_columns() -> Mapping[str, Mapping[str, Leaving]]:
    """Return what happens with each column, by table; a column that is not listed does not leave."""
    found: dict[str, dict[str, Leaving]] = {}
    for row in read_table(resource("exported_columns.tsv"), ExportedColumn):
        found.setdefault(row.table, {})[row.name] = row.rule
    return found


def leaving(table: str) -> dict[str, Leaving]:
    """Return the columns of a table that leave, in order."""
    return {name: rule for name, rule in exported_columns()[table].items() if rule is not Leaving.WITHHELD}
