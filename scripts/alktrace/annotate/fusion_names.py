"""Known variants of ALK fusions by their exon junction, and partners that nobody listed.

A name is given only where its junction was read in a source (`verified`), and, for breakpoints in DNA, only
where both lie in the introns of that junction: a breakpoint inside an exon is spliced in another way.
Variants that differ in splicing alone (EML4 v3a and v3b, one DNA junction) are named together.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..inputs.knowledge_rows import KnownValue
from ..structural.fusions.partners import INTERGENIC
from ..vocabulary.caveats import CaveatCode

GENE = "ALK"
NOVEL_PARTNER = CaveatCode.NOVEL_PARTNER
_SPLICE_FORM = re.compile(r"^([A-Z0-9]+)[a-z];")
_PLACE = re.compile(r"(?P<chrom>\w+):(?P<first>\d+)(?:-(?P<last>\d+))?")


@dataclass(frozen=True)
class KnownFusion:
    """One subject of `alk_fusions.tsv`, verified values only, except that `partner` is listed at all.

    Attributes:
        subject: `EML4-ALK v1`, `KLC1-ALK`.
        junctions: `E13;A20`, and `E6a;A20` as well as `E6;A20` where splice forms have a letter.
        intervals: where the breakpoints of ALK and of the partner lie; 1-based, inclusive.
    """

    subject: str
    partner: str
    junctions: frozenset[str]
    intervals: Mapping[str, str]


class FusionNames:
    """What `alk_fusions.tsv` says of a junction."""

    gene = GENE
    """The driver whose variants have names."""

    def __init__(self, known: Sequence[KnownFusion]) -> None:
        """Keep the subjects."""
        self._known = known

    @classmethod
    def of(cls, rows: Iterable[KnownValue]) -> "FusionNames":
        """Return the names that the rows of `alk_fusions.tsv` give."""
        subjects: dict[str, list[KnownValue]] = {}
        for row in rows:
            subjects.setdefault(row.subject, []).append(row)
        return cls([_known(subject, rows) for subject, rows in subjects.items()])

    def subjects(self, partner: str, junction: str | None, position: str | None = None) -> tuple[str, ...]:
        """Return the subjects that a driver junction of ALK is.

        Args:
            partner: partner gene.
            junction: `E13;A20`.
            position: `chr2:29223741|chr2:42299750`, 1-based, the breakpoint in ALK first; None where a report
                gives only the exons.
        """
        found = [
            item
            for item in self._known
            if item.partner == partner
            and junction in item.junctions
            and (position is None or _within(position, item.intervals))
        ]
        # DNA does not tell how it is spliced: v5a and v5b break in the same introns.
        places = [(_stem(item.subject), item.intervals) for item in found] if position is not None else []
        alike = [item for item in self._known if (_stem(item.subject), item.intervals) in places]
        return tuple(item.subject for item in alike or found)

    def listed(self, partner: str) -> bool:
        """Tell whether a partner of ALK is listed, verified or not."""
        return any(item.partner == partner for item in self._known)

    def of_variant(self, partner: str, variant: str) -> tuple[str | None, tuple[str, ...]]:
        """Return junction and subjects of a variant of EML4-ALK that a report names.

        Args:
            partner: partner gene.
            variant: `v3a`, `v3a/b`, or `v3` for all its splice forms.
        """
        stem, forms = variant[:2], variant[2:].replace("/", "")
        found = [
            item
            for item in self._known
            if item.partner == partner
            and (short := item.subject.rpartition(" ")[2])[:2] == stem
            and (not forms or short[2:] in forms)
        ]
        plain = {name for item in found for name in item.junctions if not _SPLICE_FORM.match(name)}
        return plain.pop() if len(plain) == 1 else None, tuple(item.subject for item in found)

    def named(
        self, name: str, gene: str, partner: str, junction: str | None, position: str | None = None
    ) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
        """Return name with variant, subjects and flags of a driver junction; other genes keep their name.

        Args:
            name: `EML4-ALK E13;A20`.
            gene: the driver.
            partner: partner gene.
            junction: `E13;A20`, if known.
            position: as for `subjects`.
        """
        if gene != GENE:
            return name, (), ()
        subjects = self.subjects(partner, junction, position)
        variant = variant_of(subjects)
        flags = () if self.listed(partner) or partner == INTERGENIC else (NOVEL_PARTNER,)
        return f"{name} ({variant})" if variant else name, subjects, flags


def variant_of(subjects: Sequence[str]) -> str | None:
    """Return the short name of a variant: `v1`, `v3a/b`; None for subjects without one."""
    short = [subject.rpartition(" ")[2] for subject in subjects if re.search(r" v\d", subject)]
    if not short:
        return None
    stem = short[0].rstrip("abcdefgh")
    same = all(name.rstrip("abcdefgh") == stem for name in short)
    return stem + "/".join(name.removeprefix(stem) for name in short) if same else "/".join(short)


def _stem(subject: str) -> str:
    """Return a subject without the letter of its splice form."""
    return re.sub(r"( v\d)[a-h]$", r"\1", subject)


def _known(subject: str, rows: Sequence[KnownValue]) -> KnownFusion:
    sure = [(row.attribute, row.value) for row in rows if row.mark.verified]
    intervals = {name: value for name, value in sure if name in ("alk_interval", "partner_interval")}
    stated = [value for name, value in sure if name == "junction"]
    junctions = {*stated, *(_SPLICE_FORM.sub(r"\1;", value) for value in stated)}
    partner = next((row.value for row in rows if row.attribute == "partner"), "")
    return KnownFusion(subject, partner, frozenset(junctions), intervals)


def _within(position: str, intervals: Mapping[str, str]) -> bool:
    here, there = position.split("|")
    asked = ((here, intervals.get("alk_interval")), (there, intervals.get("partner_interval")))
    return all(interval is None or _inside(place, interval) for place, interval in asked)


def _inside(place: str, interval: str) -> bool:
    at, span = _PLACE.fullmatch(place), _PLACE.fullmatch(interval)
    if at is None or span is None:
        return False
    same = at["chrom"].removeprefix("chr") == span["chrom"].removeprefix("chr")
    return same and int(span["first"]) <= int(at["first"]) <= int(span["last"] or span["first"])
