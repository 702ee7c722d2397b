"""Say before a study how precise its hazard ratios will be, by the number of events alone.

The interval of a ratio is about the ratio divided and multiplied by the factor. An interaction (does a
mechanism change what a treatment does) needs four times the events of a main effect, with equal groups.
"""

import argparse

from ..errors import AlktraceError

EXAMPLE = "alktrace precision --events 28"
EVENTS, FACTORS = (10, 20, 30, 50, 100, 200, 400), (1.25, 1.5, 2.0, 3.0)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("--events", type=int, help="events expected (default: a table of some)")
    parser.add_argument(
        "--share", type=float, default=0.5, help="of the patients in the group (default: 0.5)"
    )
    of_interaction = "of an interaction: of the patients with the mechanism (default: 0.5)"
    parser.add_argument("--other-share", type=float, default=0.5, help=of_interaction)
    parser.add_argument("--confidence", type=float, default=0.95, help="of the interval (default: 0.95)")


def main(options: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    for line in run(options.events, options.share, options.other_share, options.confidence):
        print(line)
    return 0


def run(events: int | None, share: float, other_share: float, confidence: float) -> list[str]:
    """Return the lines of two tables: factors by events, and events by factor.

    Raises:
        AlktraceError: a share or level that is none, or no events.
    """
    from ..outcomes.interval_width import events_needed, interval_factor

    for name, value in (("share", share), ("other-share", other_share), ("confidence", confidence)):
        if not 0 < value < 1:
            raise AlktraceError(f"--{name}: {value:g}; give a number between 0 and 1")
    if events is not None and events < 1:
        raise AlktraceError(f"--events: {events}; give 1 or more")
    both = (share, other_share)
    lines = ["events\thazard_ratio\tinteraction"]
    for number in (events,) if events else EVENTS:
        factors = (interval_factor(number, shares, confidence) for shares in ((share,), both))
        lines.append("\t".join([str(number), *(f"x/{factor or 0:.2f}" for factor in factors)]))
    lines += ["", "interval\tevents_hazard_ratio\tevents_interaction"]
    for factor in FACTORS:
        needed = (events_needed(factor, shares, confidence) for shares in ((share,), both))
        lines.append("\t".join([f"x/{factor:.2f}", *map(str, needed)]))
    return lines
