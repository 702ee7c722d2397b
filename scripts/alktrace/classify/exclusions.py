"""What the silence of a timepoint excludes, per kind of mechanism and per locus.

Every locus is judged in every usable specimen by the formula of `negative`, with the tumour copies of its own
gene; the specimen that excludes most counts, as far as no other one speaks against it. A kind is as good as
its worst locus.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ..evidence.schema import GeneCopyNumber, LocusCallability, SpecimenEvidence
from ..inputs.settings.resistance_settings import NegativeSettings
from ..knowledge.answers import Knowledge
from ..knowledge.core_loci import COPY_NUMBER, CoreLocus
from ..vocabulary.caveats import CaveatCode, codes_of
from ..vocabulary.changes import ALK
from ..vocabulary.copies import CopyNumberCall
from ..vocabulary.detection import Detection
from ..vocabulary.negatives import Exclusion, ExclusionStatus, NegativeKind
from ..vocabulary.resistance import Component
from .both_copies import BOTH_LOST
from .candidates import candidates_at, exceeds
from .lineage import Lineage
from .negative import (
    DIPLOID,
    alk_hotspots,
    can_exclude,
    copies_of,
    copies_seen,
    excluded_clone_fraction,
    states_coverage,
    tumour_copies,
)
from .single_criteria import Role
from .view import TimepointView
from .window import WindowStatus

COPY_KINDS = frozenset(
    {NegativeKind.ALK_AMPLIFICATION, NegativeKind.MET_AMPLIFICATION, NegativeKind.BYPASS_AMPLIFICATION}
)
BYPASS_KINDS = frozenset(
    {
        NegativeKind.BYPASS_MUTATION,
        NegativeKind.MET_AMPLIFICATION,
        NegativeKind.BYPASS_AMPLIFICATION,
        NegativeKind.BYPASS_FUSION,
        NegativeKind.GENE_LOSS,
    }
)
ALK_KINDS = frozenset({NegativeKind.ALK_MUTATION, NegativeKind.ALK_AMPLIFICATION})
WHOLE = 1.0
WHOLE_GENE = "gene"
"""Name of the locus that stands for a gene as a whole."""


@dataclass(frozen=True)
class LocusExclusion:
    """What is excluded at one locus, by the specimen that excludes most.

    Attributes:
        above: tumour-cell shares (or, of amplifications, copy numbers) above this are excluded.
        informative: low enough for a negative, in a specimen that counts for one.
    """

    gene: str
    locus: str
    status: ExclusionStatus
    above: float | None = None
    specimen: str | None = None
    informative: bool = False


@dataclass(frozen=True)
class KindExclusion:
    """What is excluded of one kind, with the loci behind it."""

    exclusion: Exclusion
    informative: bool
    loci: tuple[LocusExclusion, ...]

    @property
    def kind(self) -> NegativeKind:
        """The kind."""
        return self.exclusion.kind


def judge_exclusions(
    view: TimepointView, found: frozenset[NegativeKind], hidden: frozenset[NegativeKind], lineage: Lineage
) -> tuple[KindExclusion, ...]:
    """Return what the timepoint excludes, one entry per kind, in the order of the vocabulary.

    Args:
        view: the timepoint.
        found: kinds of which something was found.
        hidden: kinds that a line of a report may be that nobody could read.
        lineage: what pathology says.
    """
    judges = [_Judge(item, view) for item in view.usable]
    hotspots = {
        locus.locus: None for item in view.usable for locus in alk_hotspots(item, view.settings.negative)
    }
    wanted = [
        *(CoreLocus(NegativeKind.ALK_MUTATION, ALK, name) for name in sorted(hotspots)),
        CoreLocus(NegativeKind.ALK_AMPLIFICATION, ALK, COPY_NUMBER),
        *view.knowledge.core_loci,
    ]
    judged: dict[NegativeKind, list[LocusExclusion]] = {}
    for place in wanted:
        judged.setdefault(place.kind, []).append(_together(judges, place))
    told = []
    for kind in NegativeKind:
        if kind is NegativeKind.HISTOLOGY:
            told.append(_histology(lineage))
            continue
        loci = tuple(judged.get(kind, ()))
        exclusion = _alk_mutations(loci, view) if kind is NegativeKind.ALK_MUTATION else _of_kind(kind, loci)
        informative = bool(loci) and all(item.informative for item in loci)
        if kind is NegativeKind.ALK_MUTATION:
            informative = view.negative.informative
        if kind in hidden:
            exclusion, informative = Exclusion(kind, ExclusionStatus.NOT_ASSESSABLE), False
        if kind in found:
            exclusion = Exclusion(kind, ExclusionStatus.FOUND)
        told.append(KindExclusion(exclusion, informative, loci))
    return tuple(told)


def hidden_kinds(role: Role, knowledge: Knowledge) -> frozenset[NegativeKind]:
    """Return the kinds of mechanism that a line may be that nobody could read; none of one that was read."""
    item = role.found.alteration
    if role.code == "ALK_UNPLACED":
        return ALK_KINDS
    if role.code != "UNREAD":
        return frozenset()
    if CaveatCode.GENE_NOT_NAMED in codes_of(item.flags):
        return ALK_KINDS | BYPASS_KINDS
    return frozenset(place.kind for place in knowledge.core_loci if place.gene == item.gene)


def bypass_not_excluded(exclusions: Iterable[KindExclusion]) -> tuple[NegativeKind, ...]:
    """Return the kinds of bypass that may be there unseen."""
    return tuple(item.kind for item in exclusions if item.kind in BYPASS_KINDS and not item.informative)


def families_excluded(view: TimepointView) -> dict[str, tuple[Component, ...]]:
    """Return the families that each usable specimen excludes by itself, where it shows none of them.

    On-target by its ALK mutations, as `ON_TARGET_EXCLUDED` asks it; bypass at every core locus.
    """
    alk = {item.specimen for item in view.negative.specimens if item.informative}
    found = {}
    for specimen in view.usable:
        judge, places = _Judge(specimen, view), view.knowledge.core_loci
        bypass = bool(places) and all(judge.of(place).informative for place in places)
        excluded = {Component.ON_TARGET: specimen.full_name in alk, Component.BYPASS: bypass}
        found[specimen.specimen] = tuple(family for family, held in excluded.items() if held)
    return found


def genes_excluded(view: TimepointView) -> tuple[str, ...]:
    """Return the genes in which a coding mutation would have been seen, all over, by one of the specimens."""
    genes = {one.gene for item in view.usable for one in item.callability if one.locus == WHOLE_GENE}
    judges = [_Judge(item, view) for item in view.usable]
    places = [CoreLocus(NegativeKind.GENE_LOSS, gene, WHOLE_GENE) for gene in sorted(genes)]
    return tuple(place.gene for place in places if any(judge.of(place).informative for judge in judges))


class _Judge:
    """One usable specimen, asked locus by locus."""

    def __init__(self, specimen: SpecimenEvidence, view: TimepointView):
        self.specimen = specimen
        self.name = specimen.full_name
        self.settings: NegativeSettings = view.settings.negative
        self.view = view
        self.low = specimen.tumour_fraction.low or 0.0
        self.silent = can_exclude(specimen)
        inside = view.windows[specimen.specimen].status is not WindowStatus.OUTSIDE
        self.counts = inside and self.silent and self.low >= self.settings.min_tumour_fraction
        stated = states_coverage(specimen)
        self.absent = ExclusionStatus.NOT_TARGETED if stated else ExclusionStatus.NOT_STATED
        self.loci: dict[tuple[str, str], list[LocusCallability]] = {}
        for locus in specimen.callability:
            self.loci.setdefault((locus.gene, locus.locus), []).append(locus)

    def of(self, place: CoreLocus) -> LocusExclusion:
        """Return what this specimen excludes at one place."""
        if place.locus != COPY_NUMBER:
            return self._of_locus(place)
        item = copies_of(self.specimen, place.gene)
        if item is None:
            # A report without a word on copies was not asked about them; a panel without bins never looked.
            return self._told(place, self.absent if self.specimen.reads else ExclusionStatus.NOT_STATED)
        return (
            self._of_loss(place, item) if place.kind is NegativeKind.GENE_LOSS else self._of_gain(place, item)
        )

    def beside(self, place: CoreLocus, best: LocusExclusion) -> LocusExclusion:
        """Return what is left of an exclusion beside this specimen, which may show more than it allows."""
        above = best.above
        if place.locus != COPY_NUMBER:
            below = tuple(candidates_at(place, self.view.subthreshold, self.view.knowledge))
            return self._open(best) if exceeds(above, below, [self.specimen]) else best
        item = copies_of(self.specimen, place.gene)
        low, high = (item.tumour_copy_number_low, item.tumour_copy_number_high) if item else (None, None)
        # An interval around two copies is that of a blind specimen, which speaks against nothing.
        if low is None or (high is not None and low <= DIPLOID <= high):
            return best
        if place.kind is NegativeKind.GENE_LOSS:
            return self._open(best) if low < BOTH_LOST else best
        if low <= DIPLOID or above is None or (high is not None and high <= above):
            return best
        enough = high is not None and high < self.settings.amplification_copy_number
        if high is None:
            return self._open(best)
        return replace(best, above=high, informative=best.informative and enough)

    @staticmethod
    def _open(best: LocusExclusion) -> LocusExclusion:
        return replace(best, status=ExclusionStatus.NOT_ASSESSABLE, above=None, informative=False)

    def _told(
        self, place: CoreLocus, status: ExclusionStatus, above: float | None = None, *, enough: bool = False
    ) -> LocusExclusion:
        return LocusExclusion(place.gene, place.locus, status, above, self.name, enough and self.counts)

    def _of_locus(self, place: CoreLocus) -> LocusExclusion:
        rows = self.loci.get((place.gene, place.locus))
        if rows is None:
            return self._told(place, self.absent)
        if any(row.status is Detection.NOT_TARGETED for row in rows):
            return self._told(place, ExclusionStatus.NOT_TARGETED)
        limits = [_limit(row) for row in rows if row.status is not Detection.NOT_ASSESSABLE]
        # A codon that an intron splits has two rows, and is as good as the worse one.
        known = [limit for limit in limits if limit is not None]
        if len(known) < len(rows) or not self.low or not self.silent:
            return self._told(place, ExclusionStatus.NOT_ASSESSABLE)
        share = excluded_clone_fraction(max(known), self.low, tumour_copies(self.specimen, place.gene))
        if share >= WHOLE:
            return self._told(place, ExclusionStatus.NOT_ASSESSABLE)
        enough = share <= self.settings.max_excluded_clone_fraction
        return self._told(place, ExclusionStatus.EXCLUDED, share, enough=enough)

    def _of_gain(self, place: CoreLocus, item: GeneCopyNumber) -> LocusExclusion:
        if item.call is CopyNumberCall.AMPLIFICATION:
            return self._told(place, ExclusionStatus.FOUND)
        # What would have been visible says nothing of a gain that was called, or where nobody judged.
        judged = item.call in (CopyNumberCall.NEUTRAL, CopyNumberCall.LOSS)
        visible = item.smallest_visible_cn if judged else None
        limits = [value for value in (item.tumour_copy_number_high, visible) if value is not None]
        if not limits or not self.silent:
            return self._told(place, ExclusionStatus.NOT_ASSESSABLE)
        return self._told(
            place, ExclusionStatus.EXCLUDED, min(limits), enough=copies_seen(item, self.settings)
        )

    def _of_loss(self, place: CoreLocus, item: GeneCopyNumber) -> LocusExclusion:
        # Where one copy is left, the loss of both is excluded.
        if item.call is CopyNumberCall.LOSS and (item.tumour_copy_number or 0.0) < BOTH_LOST:
            return self._told(place, ExclusionStatus.FOUND)
        # Of genes that are lost, neutral is said only where a loss of both copies would have been visible.
        if item.call is CopyNumberCall.NOT_ASSESSABLE or not self.silent:
            return self._told(place, ExclusionStatus.NOT_ASSESSABLE)
        return self._told(place, ExclusionStatus.EXCLUDED, enough=True)


def _limit(row: LocusCallability) -> float | None:
    """Return the detectable VAF; of an exon, which stands for insertions and deletions too, the worse one."""
    indel = row.vaf_detectable_indel
    if row.vaf_detectable is None or indel is None or not row.locus.startswith("exon "):
        return row.vaf_detectable
    return max(row.vaf_detectable, indel)


_ORDER = (
    ExclusionStatus.FOUND,
    ExclusionStatus.EXCLUDED,
    ExclusionStatus.NOT_ASSESSABLE,
    ExclusionStatus.NOT_TARGETED,
    ExclusionStatus.NOT_STATED,
)


def _rank(item: LocusExclusion) -> tuple[bool, int, float]:
    return (not item.informative, _ORDER.index(item.status), item.above or 0.0)


def _together(judges: Sequence[_Judge], place: CoreLocus) -> LocusExclusion:
    """Return what the specimens exclude together; silence of one is no answer to what another shows."""
    told = [judge.of(place) for judge in judges]
    found = [item for item in told if item.status is ExclusionStatus.FOUND]
    best = found[0] if found else _best(told, place)
    for judge in judges if best.status is ExclusionStatus.EXCLUDED else ():
        best = judge.beside(place, best)
    return best


def _best(told: Sequence[LocusExclusion], place: CoreLocus) -> LocusExclusion:
    if not told:
        return LocusExclusion(place.gene, place.locus, ExclusionStatus.NOT_ASSESSABLE)
    # Of equals the first: specimens stand in order.
    return min(told, key=_rank)


def _of_kind(kind: NegativeKind, loci: Sequence[LocusExclusion]) -> Exclusion:
    status = _joint_status(loci)
    above = [item.above for item in loci if item.above is not None]
    return Exclusion(kind, status, max(above) if status is ExclusionStatus.EXCLUDED and above else None)


def _joint_status(loci: Sequence[LocusExclusion]) -> ExclusionStatus:
    states = {item.status for item in loci}
    if len(states) == 1:
        return states.pop()
    # Said as a part, never as the better half: one hole at KRAS G12 may be the mechanism.
    if ExclusionStatus.EXCLUDED in states:
        return ExclusionStatus.IN_PART
    looked = ExclusionStatus.NOT_ASSESSABLE in states or ExclusionStatus.FOUND in states
    return ExclusionStatus.NOT_ASSESSABLE if looked else ExclusionStatus.NOT_TARGETED


def _alk_mutations(loci: Sequence[LocusExclusion], view: TimepointView) -> Exclusion:
    """The share that `excluded_clone_fraction` states: of the best specimen as a whole, with every exon."""
    share = view.negative.excluded
    failed = all(not can_exclude(item) for item in view.usable)
    if share is not None and share < WHOLE and not failed:
        return Exclusion(NegativeKind.ALK_MUTATION, ExclusionStatus.EXCLUDED, share)
    status = _joint_status(loci) if loci else _alk_unseen(view)
    # Exons without any locus are holes that no locus here tells of.
    part = ExclusionStatus.IN_PART if status is ExclusionStatus.EXCLUDED else status
    return Exclusion(NegativeKind.ALK_MUTATION, part)


def _alk_unseen(view: TimepointView) -> ExclusionStatus:
    if any(states_coverage(item) for item in view.usable):
        return ExclusionStatus.NOT_TARGETED
    return ExclusionStatus.NOT_STATED if view.usable else ExclusionStatus.NOT_ASSESSABLE


def _histology(lineage: Lineage) -> KindExclusion:
    if lineage.transformed or lineage.neuroendocrine:
        status = ExclusionStatus.FOUND
    else:
        status = ExclusionStatus.EXCLUDED if lineage.unchanged else ExclusionStatus.NOT_EXAMINED
    return KindExclusion(Exclusion(NegativeKind.HISTOLOGY, status), status is ExclusionStatus.EXCLUDED, ())
