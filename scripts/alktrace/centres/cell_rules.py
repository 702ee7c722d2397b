"""What becomes of one cell of a table that leaves a site; whatever has no known form stays there."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from ..io.resources import resource
from ..knowledge.answers import Knowledge
from ..vocabulary.caveats import Caveat, CaveatCode
from ..vocabulary.clinical import Histology
from ..vocabulary.negatives import NegativeKind
from .exported_columns import Leaving
from .pseudonyms import Pseudonyms

OLDEST = 90
"""Ages above 89 are one group, as in the safe harbour of HIPAA (45 CFR 164.514)."""
OTHER_TERM = "Other"
_ALTERATIONS = (
    r"[A-Z]\d{1,5}(_[A-Z]\d{1,5})?([A-Z*=]|del|dup|(del)?ins[A-Z*]{1,40}|[A-Z]?fs(\*\d{0,4})?)",
    r"c\.[-*]?\d{1,6}([+-]\d{1,6})?(_[-*]?\d{1,6}([+-]\d{1,6})?)?"
    r"([ACGT]+>[ACGT]+|del[ACGT]*|dup[ACGT]*|(del)?ins[ACGT]{1,40})",
    r"amplification|gain|loss|deletion|fusion|rearrangement|exon \d{1,2} (skipping|deletion|insertion)",
)
ALTERATION = re.compile("|".join(_ALTERATIONS))
FUSION = re.compile(
    r"([A-Z0-9]{2,10})(?:-|::)([A-Z0-9]{2,10})( [A-Z]\d{1,2};[A-Z]\d{1,2})?( \(v[0-9a-z/]{1,4}\))?"
)
KEYS = re.compile(
    r"(chr)?[0-9XYM]{1,2}:\d+:[ACGT]*:[ACGT]*|copy_number:[A-Z0-9]{2,10}:(amplification|gain|loss)"
)
FUSION_KEY = re.compile(r"fusion:([A-Z0-9]{2,10}):([A-Z0-9]{2,10}|unknown)")
DRUG = re.compile(r"[A-Za-z][A-Za-z0-9 +/-]{1,39}")
LOCUS = re.compile(r"[A-Z][0-9]{1,5}|exon [0-9]{1,2}|intron [0-9]{1,2}|gene|copy_number|[a-z_]{2,30}")
INHERITED = frozenset(
    {
        CaveatCode.GERMLINE,
        CaveatCode.PROBABLE_GERMLINE,
        CaveatCode.GERMLINE_SUSPECTED,
        CaveatCode.IN_CIS_WITH_PROBABLE_GERMLINE,
    }
)
"""Caveats that say of a patient that something is inherited, whatever it is."""
KINDS = frozenset(kind.value for kind in NegativeKind)
HISTOLOGIES = frozenset(one.value for one in Histology)


@dataclass
class Leaver:
    """Decides over the cells of one export.

    Attributes:
        pseudonyms: ids that leave.
        known: the knowledge tables: which genes and drugs have a name.
        day_0: by patient, the day that dates count from; None: dates are kept.
        withheld: how many cells of a column had no known form.
        inherited: by patient, the names of inherited variants, which leave in no column.
    """

    pseudonyms: Pseudonyms
    known: Knowledge
    day_0: Mapping[str, dt.date] | None
    withheld: Counter[str] = field(default_factory=Counter)
    inherited: dict[str, set[str]] = field(default_factory=dict)

    def cell(self, rule: Leaving, value: Any, row: Mapping[str, Any], place: str) -> Any:
        """Return what leaves of a value; None where nothing does.

        Args:
            rule: of its column.
            value: as read; of a list each item is judged by itself.
            row: the whole row, as it was at the site.
            place: table and column, for the account of what was withheld.
        """
        if value is None or value == "":
            return None
        if isinstance(value, tuple):
            found = tuple(self.cell(rule, item, row, place) for item in value)
            return tuple(dict.fromkeys(item for item in found if item is not None))
        found_one = _RULES[rule](self, value, row)
        if found_one is None and rule is not Leaving.CAVEAT:
            self.withheld[place] += 1
        return found_one

    def day(self, patient: str, value: dt.date) -> int | dt.date | None:
        """Return a date as days since day 0 of its patient, or as it is; nothing without a day 0."""
        if self.day_0 is None:
            return value
        first = self.day_0.get(patient)
        return None if first is None else (value - first).days

    def gene(self, name: str) -> str | None:
        """Return a gene that has a name in the knowledge tables."""
        return name if name in self.known.genes else None


def _specimen(leaver: Leaver, value: str, row: Mapping[str, Any]) -> str:
    kind = row.get("specimen_type")
    return leaver.pseudonyms.specimen(row["patient"], row["timepoint"], value, kind and str(kind))


def _alteration(leaver: Leaver, value: str, row: Mapping[str, Any]) -> str | None:
    # A mechanism may name an inherited change beside it, as the partner of its phase.
    if value in leaver.inherited.get(row.get("patient", ""), ()):
        return None
    if value in HISTOLOGIES or ALTERATION.fullmatch(value):
        return value
    found = FUSION.fullmatch(value)
    # Both halves must be genes: two names of a person look like a fusion.
    if found and (found[1] in leaver.known.genes or found[2] in leaver.known.genes):
        partners = {partner for partner, _ in leaver.known.fusion_variants}
        if {found[1], found[2]} <= {*leaver.known.genes, *partners}:
            return value
    kind = row.get("variant_type")
    return str(kind) if kind else None


def _mechanism(leaver: Leaver, _: str, row: Mapping[str, Any]) -> str | None:
    name = _alteration(leaver, row.get("alteration") or "", row)
    gene = leaver.gene(row.get("gene") or "")
    return " ".join(part for part in (gene, name) if part) or str(row.get("component") or "") or None


def _key(leaver: Leaver, value: str, row: Mapping[str, Any]) -> str:
    fusion = FUSION_KEY.fullmatch(value)
    if KEYS.fullmatch(value) or (fusion and _alteration(leaver, f"{fusion[1]}-{fusion[2]}", {})):
        return value
    # A report's own words: one number for the same words in all samples of a patient.
    return f"other:{leaver.pseudonyms.patient(row['patient'] + value)[:8]}"


def _caveat(_: Leaver, value: Caveat, _row: Mapping[str, Any]) -> Caveat | None:
    if value.code in INHERITED:
        return None
    return Caveat(value.code, tuple(item for item in value.about if item in KINDS))


def _drug(leaver: Leaver, value: str, _: Mapping[str, Any]) -> str | None:
    return value if value in leaver.known.drugs or DRUG.fullmatch(value) else None


def _locus(leaver: Leaver, value: str, _: Mapping[str, Any]) -> str | None:
    gene, _blank, place = value.partition(" ")
    return value if leaver.gene(gene) and LOCUS.fullmatch(place) else None


@cache
def terms() -> frozenset[str]:
    """Return the adverse events that leave by name, in lower case."""
    lines = resource("adverse_event_terms.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line.casefold() for line in lines if line and not line.startswith("#"))


_RULES: Mapping[Leaving, Callable[[Leaver, Any, Mapping[str, Any]], Any]] = {
    Leaving.PSEUDONYM: lambda leaver, value, _: leaver.pseudonyms.patient(value),
    Leaving.TIMEPOINT: lambda leaver, value, row: leaver.pseudonyms.timepoint(row["patient"], value),
    Leaving.SPECIMEN: _specimen,
    Leaving.DAY: lambda leaver, value, row: leaver.day(row["patient"], value),
    Leaving.KEPT: lambda _, value, _row: value,
    Leaving.AGE: lambda _, value, _row: min(value, OLDEST),
    Leaving.DRUG: _drug,
    Leaving.TERM: lambda _, value, _row: value if value.casefold() in terms() else OTHER_TERM,
    Leaving.GENE: lambda leaver, value, _: leaver.gene(value),
    Leaving.ALTERATION: _alteration,
    Leaving.MECHANISM: _mechanism,
    Leaving.LOCUS: _locus,
    Leaving.KEY: _key,
    Leaving.CAVEAT: _caveat,
}
