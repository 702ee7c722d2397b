"""The accounts of timepoints, `resistance.json`: what they hold for the cohort."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ..errors import DataError
from ..io.text import parse_json
from ..vocabulary.changes import Origin
from ..vocabulary.clinical import ProgressionSite
from ..vocabulary.samples import Setting, SpecimenType

Key = tuple[str, str]
"""Patient and timepoint."""
T = TypeVar("T")
NOT_OF_THE_TUMOUR = frozenset({"GERMLINE", "PROBABLE_GERMLINE", "HAEMATOPOIESIS"})
CO_ALTERATION = "co_alteration"


@dataclass(frozen=True)
class Sampled:
    """What was measured at one timepoint.

    Attributes:
        collected: first date of its specimens.
        tumour_fraction: the largest of its usable plasma samples; None where none tells.
        mutations: small variants of the tumour that were found; None where no specimen is usable.
        co_altered: genes with a small variant that never carries a class, such as TP53.
        excluded: genes without any coding mutation, as far as a specimen could show one.
        site: where it progressed, as the evidence states it.
    """

    timepoint: str
    setting: Setting
    collected: dt.date | None = None
    tumour_fraction: float | None = None
    mutations: int | None = None
    co_altered: frozenset[str] = frozenset()
    excluded: frozenset[str] = frozenset()
    site: ProgressionSite | None = None


def read_accounts(details: Iterable[Path], read: Callable[[Any], T]) -> dict[Key, T]:
    """Return what `read` takes from each account, by patient and timepoint.

    Args:
        details: `resistance.json` of the timepoints.
        read: takes the content of one file; may raise what a wrong content raises.

    Raises:
        DataError: a file that is none.
    """
    found = {}
    for path in details:
        try:
            content = parse_json(path.read_text(encoding="utf-8"), path)
            found[content["patient"], content["timepoint"]] = read(content)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            what = f"is no account of a timepoint ({type(error).__name__}: {error})"
            raise DataError(path, what, "give it as `classify` wrote it, or remove it") from None
    return found


def sampled(content: Mapping[str, Any]) -> Sampled:
    """Return what an account says was measured; what an older one does not hold is not known."""
    usable = [item for item in content["specimens"] if item["usable"]]
    # Of plasma alone: in a biopsy the fraction is how the block was cut, not how much the tumour sheds.
    plasma = [item for item in usable if item["specimen_type"] == SpecimenType.PLASMA]
    fractions = [(item.get("tumour_fraction") or {}).get("value") for item in plasma]
    dates = [dt.date.fromisoformat(item["collected"]) for item in usable if item.get("collected")]
    sites = [(item.get("board") or {}).get("progression_site") for item in usable]
    found = [item for item in content.get("alterations", ()) if item["code"] not in NOT_OF_THE_TUMOUR]
    tumour = [item for item in found if item["origin"] in (Origin.SOMATIC, Origin.UNDECIDED)]
    small = [item for item in tumour if _is_small(item["key"])]
    # Where no specimen is usable nothing was looked at: that is no count of zero.
    told = bool(usable) and "alterations" in content
    return Sampled(
        timepoint=content["timepoint"],
        setting=Setting(content.get("setting", Setting.PROGRESSION)),
        collected=min(dates, default=None),
        tumour_fraction=max((value for value in fractions if value is not None), default=None),
        mutations=len(small) if told else None,
        co_altered=frozenset(item["name"].split()[0] for item in small if item["effect"] == CO_ALTERATION),
        excluded=frozenset(content.get("genes_excluded", ())),
        site=next((ProgressionSite(site) for site in sites if site), None),
    )


def _is_small(key: str) -> bool:
    """Tell a small variant by its key: `chr2:29220747:C:T`, `reported:ALK:p.Gly1202Arg`."""
    return not key.startswith(("fusion:", "copy_number:"))
