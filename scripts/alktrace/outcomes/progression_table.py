"""The columns of `progression_sites.tsv` and `progression_ways.tsv`."""

from dataclasses import dataclass

from ..io.tables import column


@dataclass(frozen=True, kw_only=True)
class SiteRow:
    """`progression_sites.tsv`: where patients progressed, by mechanism and treatment."""

    progression: str = column("`on_lorlatinib`, or `next`: the one after it")
    grouping: str = column("`all`, `mechanism` at progression on lorlatinib, or `next_treatment`")
    group: str = column("component, `none_found` or the like, `no_sample`; or kind of treatment")
    patients: int = column("patients with that progression")
    site: str = column("`cns_only`, `oligo`, `systemic`, or `unknown`: no scan says where")
    count: int = column("of `patients`, with that site; of two readings on a day the wider one")
    share: float | None = column("their share of those with a known site", default=None)
    low: float | None = column("lower end of its exact interval", default=None)
    high: float | None = column("upper end of it", default=None)


@dataclass(frozen=True, kw_only=True)
class WayRow:
    """`progression_ways.tsv`: incidence of each way of the next progression, from the next treatment on."""

    grouping: str = column("`all`, `next_treatment` or `mechanism`")
    group: str = column("as in progression_sites.tsv")
    way: str = column("`cns_only`, `oligo`, `systemic`, `unknown` site, or `death` without progression")
    years: int = column("years after the first dose of the next treatment")
    patients: int = column("patients at risk from enrolment, and with a mechanism from its report, on")
    events: int = column("of these, who ended this way at any time")
    incidence: float | None = column(
        "incidence until then, the other ways competing (Aalen-Johansen)", default=None
    )
    low: float | None = column("lower end of its log-log interval", default=None)
    high: float | None = column("upper end of it", default=None)
    reason: str | None = column("why there is none", default=None)
