"""Words for what normals say of a panel."""

from enum import StrEnum


class TargetState(StrEnum):
    """`low`: less than a fifth of the panel's middle; `uneven`: normals differ too much; `empty`: nothing."""

    OK = "ok"
    LOW = "low"
    UNEVEN = "uneven"
    EMPTY = "empty"


class LocusState(StrEnum):
    COVERED = "covered"
    PARTLY = "partly"
    NOT_COVERED = "not_covered"


class Readiness(StrEnum):
    """`full`: as many normals as are advised; `limited`: it works, with the limits named; `none`: too few."""

    FULL = "full"
    LIMITED = "limited"
    NONE = "none"
