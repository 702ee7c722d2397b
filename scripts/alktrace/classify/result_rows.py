"""The rows of `resistance.tsv` and `classification.tsv`."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ..evidence.schema import HistologyFinding
from ..io.tables import LIST_SEPARATOR
from ..vocabulary.caveats import Caveat, in_order
from ..vocabulary.changes import VariantType
from ..vocabulary.resistance import Classification, Component, FindingRole, NotEvaluableReason
from .compound_share import CompoundShare
from .emergence import role_of, tumour_copy_number
from .finding_caveats import RANK, lowest
from .lineage import report_specimen
from .mechanism import Mechanism, newly_in_cis
from .named_drugs import resistant_drugs, sensitive_drugs
from .negative import not_assessable_loci
from .resistance_table import ClassificationRow, ResistanceRow
from .timepoint_criteria import Draft, Fired
from .view import COPY_TYPES, Found, TimepointView


def resistance_rows(
    draft: Draft, fired: Sequence[Fired], classification: Classification
) -> tuple[ResistanceRow, ...]:
    """Return one row per mechanism, or one row without any."""
    mechanisms: Sequence[Mechanism | None] = draft.mechanisms or (None,)
    return tuple(_row(mechanism, draft, fired, classification) for mechanism in mechanisms)


def classification_row(
    draft: Draft, rows: Sequence[ResistanceRow], classification: Classification
) -> ClassificationRow:
    """Return the row of one timepoint."""
    # Of what carries the class: an established co-finding must not lend its confidence to a weak class, and
    # a mixed one is as sure as the less sure of its families.
    carriers = [mechanism for mechanism in draft.mechanisms if mechanism.carries]
    surest = [
        min((item.confidence for item in carriers if item.component is family), key=RANK.__getitem__)
        for family in draft.families
    ]
    return ClassificationRow(
        patient=draft.view.patient.patient,
        timepoint=draft.view.timepoint,
        setting=draft.view.setting,
        classification=classification,
        components=tuple(item for item in Component if item in draft.families),
        timing=draft.view.timing,
        confidence=lowest(*surest) if surest else None,
        flags=_listed(flag for row in rows for flag in row.flags),
        not_evaluable_reason=_reasons(draft, classification),
        excluded=tuple(item.exclusion for item in draft.exclusions),
    )


def _row(
    mechanism: Mechanism | None, draft: Draft, fired: Sequence[Fired], classification: Classification
) -> ResistanceRow:
    view = draft.view
    own_criteria = mechanism.criteria if mechanism else ()
    own_flags = mechanism.flags if mechanism else _specimen_flags(view)
    fractions = {item.full_name: item.tumour_fraction.value for item in view.specimens}
    row = ResistanceRow(
        patient=view.patient.patient,
        timepoint=view.timepoint,
        setting=view.setting,
        classification=classification,
        confidence=None,
        component=None,
        mechanism=None,
        gene=None,
        alteration=None,
        hgvs_c=None,
        hgvs_p=None,
        variant_type=None,
        position_grch38=None,
        lead_specimen=None,
        specimens=(),
        vaf=None,
        vaf_low=None,
        vaf_high=None,
        alt_molecules=None,
        total_molecules=None,
        duplex_alt=None,
        copy_number=None,
        tumour_fraction=fractions.get(view.negative.best_specimen or ""),
        phase=None,
        phase_partner=(),
        phase_evidence=None,
        compound_molecules=None,
        compound_total=None,
        compound_vaf=None,
        compound_vaf_low=None,
        compound_vaf_high=None,
        compound_share=None,
        emergence=None,
        role=None,
        timing=view.timing,
        excluded_clone_fraction=view.negative.excluded,
        excluded=tuple(item.exclusion for item in draft.exclusions),
        not_evaluable_reason=_reasons(draft, classification),
        not_assessable=not_assessable_loci(
            view.specimens, view.settings.negative, view.knowledge.amplified_genes
        ),
        resistant_to=(),
        sensitive_to=(),
        evidence=(),
        # Criteria of the timepoint stand in each of its rows, for a row may be read alone.
        criteria=tuple(dict.fromkeys([*own_criteria, *(item.code for item in fired)])),
        flags=_listed([*own_flags, *(flag for item in fired for flag in item.flags)]),
    )
    return _with_mechanism(row, mechanism, view) if mechanism else row


def _with_mechanism(row: ResistanceRow, mechanism: Mechanism, view: TimepointView) -> ResistanceRow:
    row = replace(
        row,
        confidence=mechanism.confidence,
        component=mechanism.component,
        mechanism=mechanism.mechanism,
        phase=mechanism.phase,
        phase_partner=mechanism.phase_partner,
        phase_evidence=mechanism.phase_evidence,
        emergence=mechanism.emergence.emergence if mechanism.emergence else None,
        # Two old clones that became one compound: the mutations are old, the mechanism is new.
        role=FindingRole.EMERGENT if newly_in_cis(mechanism, view) else role_of(mechanism.emergence, view),
        resistant_to=resistant_drugs(mechanism),
        sensitive_to=sensitive_drugs(mechanism, view),
        evidence=mechanism.sources,
    )
    if mechanism.compound is not None:
        row = _with_compound(row, mechanism.compound)
    if mechanism.found is not None:
        return _with_finding(row, mechanism.found, view)
    return _with_report(row, mechanism.report, view) if mechanism.report else row


def _with_compound(row: ResistanceRow, compound: CompoundShare) -> ResistanceRow:
    return replace(
        row,
        compound_molecules=compound.molecules,
        compound_total=compound.total,
        compound_vaf=compound.vaf,
        compound_vaf_low=compound.vaf_low,
        compound_vaf_high=compound.vaf_high,
        compound_share=compound.share,
    )


def _with_report(row: ResistanceRow, report: HistologyFinding, view: TimepointView) -> ResistanceRow:
    specimen = report_specimen(report, view)
    return replace(
        row,
        alteration=report.histology.value,
        variant_type=VariantType.HISTOLOGY,
        lead_specimen=specimen.specimen if specimen else None,
        specimens=(specimen.specimen,) if specimen else (),
        tumour_fraction=specimen.tumour_fraction.value if specimen else None,
    )


def _with_finding(row: ResistanceRow, found: Found, view: TimepointView) -> ResistanceRow:
    item, lead = found.alteration, found.lead
    copies = None
    if item.variant_type in COPY_TYPES:
        # The copies of the tumour where they can be told: those of plasma are diluted by normal cells.
        corrected = tumour_copy_number(found, view)
        copies = corrected if corrected is not None else lead.copy_number
    return replace(
        row,
        gene=item.gene,
        alteration=item.alteration,
        hgvs_c=item.hgvs_c,
        hgvs_p=item.hgvs_p,
        variant_type=item.variant_type,
        position_grch38=item.position_grch38,
        lead_specimen=lead.specimen,
        specimens=tuple(sorted({seen.specimen for seen in found.seen})),
        vaf=lead.vaf,
        vaf_low=lead.vaf_low,
        vaf_high=lead.vaf_high,
        alt_molecules=lead.alt_molecules,
        total_molecules=lead.total_molecules,
        duplex_alt=lead.duplex_alt,
        copy_number=copies,
        tumour_fraction=view.specimen(lead.specimen).tumour_fraction.value,
    )


def _specimen_flags(view: TimepointView) -> tuple[Caveat, ...]:
    return tuple(flag for item in view.usable for flag in item.flags)


def _reasons(draft: Draft, classification: Classification) -> tuple[NotEvaluableReason, ...]:
    if classification is not Classification.NOT_EVALUABLE:
        return ()
    given = set(draft.view.negative.reasons)
    if any(item.outside for item in draft.mechanisms):
        given.add(NotEvaluableReason.OUTSIDE_WINDOW)
    # Without a reason of the specimens something was reported that nobody could interpret.
    given = given or {NotEvaluableReason.CALLABILITY_UNKNOWN}
    return tuple(reason for reason in NotEvaluableReason if reason in given)


def _listed(flags: Iterable[Caveat]) -> tuple[Caveat, ...]:
    names = ((flag.code, tuple(name.replace(LIST_SEPARATOR, ",") for name in flag.about)) for flag in flags)
    return in_order(Caveat(code, about) for code, about in names)
