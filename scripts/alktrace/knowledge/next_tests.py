"""Which further test would settle what a timepoint leaves open: rules of the table `next_tests.tsv`."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from ..errors import Problem
from ..vocabulary.caveats import CaveatCode
from ..vocabulary.marks import Mark
from ..vocabulary.negatives import ExclusionStatus, NegativeKind
from ..vocabulary.resistance import Classification, NotEvaluableReason, Phase
from ..vocabulary.samples import Setting, SpecimenType
from .long_tables import Facts

AND, NOT = " & ", "!"
PHASE_REASONS = (
    "not_spannable",
    "reported_only",
    "separate_specimens",
    "uninformative",
    "too_few_molecules",
    "too_few_doubles",
    "doubles_within_noise",
    "specimens_disagree",
)
"""Why a phase is open; those of `classify.phase` that a further test can change."""
FACTS = frozenset(
    {
        *(f"class:{item}" for item in Classification),
        *(f"setting:{item}" for item in Setting),
        *(f"reason:{item}" for item in NotEvaluableReason),
        *(f"flag:{item}" for item in CaveatCode),
        *(f"kind:{kind}:{status}" for kind, status in product(NegativeKind, ExclusionStatus)),
        *(f"phase:{item}" for item in Phase),
        *(f"phase_reason:{item}" for item in PHASE_REASONS),
        *(f"specimen:{item}" for item in SpecimenType),
    }
)
"""Everything a rule may ask of a timepoint."""


@dataclass(frozen=True)
class NextTest:
    """One test.

    Attributes:
        name: what to do, and `settles`: what it would answer; `chinese_name`, `chinese_settles` the same.
        rank: those of a low rank are named first.
        when: conditions, each a set of facts that hold and facts that do not; one is enough.
        source: of what it settles, with its mark.
    """

    subject: str
    name: str
    settles: str
    chinese_name: str
    chinese_settles: str
    rank: int
    when: tuple[tuple[frozenset[str], frozenset[str]], ...]
    source: str
    mark: Mark

    def is_asked(self, facts: Iterable[str]) -> bool:
        """Return whether some condition holds."""
        held = frozenset(facts)
        return any(wanted <= held and not unwanted & held for wanted, unwanted in self.when)


def next_test_of(facts: Facts) -> NextTest:
    """Return the test that the checked rows of one subject describe."""
    settles = facts.one("settles")
    return NextTest(
        subject=facts.subject,
        name=facts.value("name"),
        settles=facts.value("settles"),
        chinese_name=facts.value("chinese_name"),
        chinese_settles=facts.value("chinese_settles"),
        rank=int(facts.value("rank")),
        when=tuple(condition_of(text) for text in facts.values("when")),
        source=settles.source if settles else "",
        mark=settles.mark if settles else Mark.PROPOSED,
    )


def condition_of(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the facts that must hold and those that must not: `class:BYPASS & !setting:baseline`."""
    parts = text.split(AND)
    return (
        frozenset(part for part in parts if not part.startswith(NOT)),
        frozenset(part.removeprefix(NOT) for part in parts if part.startswith(NOT)),
    )


def condition_problems(tests: Mapping[str, Facts]) -> Iterator[Problem]:
    """Yield conditions that no timepoint can meet: a misspelled one would name its test never."""
    for facts in tests.values():
        for item in facts.all("when"):
            wanted, unwanted = condition_of(item.row.value)
            for fact in sorted((wanted | unwanted) - FACTS):
                close = difflib.get_close_matches(fact, FACTS, n=1)
                remedy = (
                    f"write {close[0]}" if close else "write one that resources/knowledge/README.md lists"
                )
                yield Problem(item.file, item.line, "value", f"unknown condition {fact!r}", remedy)
