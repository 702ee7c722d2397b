"""Drugs as the rows name them: beside a sensitivity stands what the patient had of the drug before.

A drug that was given is no news to the reader who sees it called sensitive, and what progressed on it may
resist it for a reason that no sample showed.
"""

from ..vocabulary.caveats import CaveatCode, codes_of
from ..vocabulary.drugs import NamedDrug
from .mechanism import Mechanism
from .treatment_history import notes_of_given, progressed_on_lorlatinib
from .view import TimepointView

SITE_KNOWLEDGE = "site knowledge"
LORLATINIB_INHIBITS_TOO = "but progressed on lorlatinib which inhibits this mutation too"


def resistant_drugs(mechanism: Mechanism) -> tuple[NamedDrug, ...]:
    """Return the drugs that the mechanism is reported to resist."""
    hints = mechanism.hints
    return tuple(NamedDrug(drug, hints.mark(drug), _whose(drug, mechanism)) for drug in hints.resistant_to)


def sensitive_drugs(mechanism: Mechanism, view: TimepointView) -> tuple[NamedDrug, ...]:
    """Return the drugs of reported sensitivity, with what the patient had of them before the sample."""
    given, hints = notes_of_given(view), mechanism.hints
    unexplained = progressed_on_lorlatinib(view) and (
        CaveatCode.LORLATINIB_INHIBITS_SINGLE in codes_of(mechanism.flags)
    )
    return tuple(
        NamedDrug(
            drug,
            hints.mark(drug),
            (
                *_whose(drug, mechanism),
                *((given[drug],) if drug in given else ()),
                *((LORLATINIB_INHIBITS_TOO,) if unexplained and drug in view.knowledge.alk_tkis else ()),
            ),
        )
        for drug in hints.sensitive_to
    )


def _whose(drug: str, mechanism: Mechanism) -> tuple[str, ...]:
    return (SITE_KNOWLEDGE,) if drug in mechanism.hints.of_site else ()
