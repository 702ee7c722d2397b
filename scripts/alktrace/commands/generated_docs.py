"""Parts of the docs that come from the code: keys of the config, columns, endpoints, filters."""

import importlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import is_dataclass
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from ..calling.rule.caller_filters import FILTERS
from ..errors import DataError
from ..evidence.evidence_file import evidence_schema
from ..inputs.settings.configuration import Settings
from ..io.resources import PACKAGE
from ..io.tables import describe_columns
from ..outcomes.clinical_schema import FILES
from ..outcomes.covariates import COVARIATES
from ..outcomes.endpoints import ENDPOINTS
from ..outcomes.estimands import estimand_rows
from ..outcomes.predictors import PREDICTORS
from ..structural.fusions.fusion_filters import FUSION_FILTERS
from ..vocabulary.filters import Filter

MARK = "<!-- generated: {name} -->"
END = "<!-- end of generated -->"
PAGES = (
    "README.md",
    "config/README.md",
    "docs/methods/calling.md",
    "docs/methods/outcomes.md",
    "docs/assay.md",
)
SCHEMA = "resources/schemas/evidence.schema.json"


def generated_parts() -> Mapping[str, str]:
    """Return every generated part of the docs by name, as Markdown."""
    parts = {
        "config": _config_table(),
        "endpoints": _endpoint_table(),
        "estimands": _estimand_table(),
        "predictors": _predictor_table(),
        "covariates": _covariate_table(),
        "filters": _filter_table(FILTERS.values(), "calling"),
        "fusion_filters": _filter_table(FUSION_FILTERS.values(), "fusions"),
    }
    for row_type in (*written_tables(), *FILES.values()):
        parts[row_type.__name__] = _column_table(row_type)
    return parts


def fill(text: str) -> str:
    """Return a page with its generated parts renewed.

    Args:
        text: Markdown with marks `<!-- generated: NAME -->` and `<!-- end of generated -->`.

    Raises:
        KeyError: a mark names a part that does not exist.
    """
    parts = generated_parts()
    pattern = re.compile(r"<!-- generated: (\w+) -->\n.*?" + re.escape(END), re.DOTALL)
    return pattern.sub(lambda m: f"{MARK.format(name=m[1])}\n{parts[m[1]]}\n{END}", text)


def renew_docs(root: Path) -> list[Path]:
    """Renew the generated parts of all pages below the root, and the schema; return what changed.

    Raises:
        DataError: the root is no clone.
    """
    changed = []
    whole = {SCHEMA: lambda _: evidence_schema()}
    for name, renew in (dict.fromkeys(PAGES, fill) | whole).items():
        page = root / name
        if not page.is_file():
            raise DataError(page, "no such page", "run it from a clone: `python -m alktrace docs`")
        before = page.read_text(encoding="utf-8")
        after = renew(before)
        if after != before:
            page.write_text(after, encoding="utf-8")
            changed.append(page)
    return changed


def written_tables() -> Iterator[type[Any]]:
    """Yield the row of every table that is written, from the modules of their columns."""
    for path in sorted(PACKAGE.rglob("*_table.py")):
        name = ".".join((PACKAGE.name, *path.relative_to(PACKAGE).with_suffix("").parts))
        for item in vars(importlib.import_module(name)).values():
            if isinstance(item, type) and is_dataclass(item) and item.__module__ == name:
                yield item


def _column_table(row_type: type[Any]) -> str:
    lines = ["| column | meaning |", "| --- | --- |"]
    lines += [f"| `{name}` | {text} |" for name, text in describe_columns(row_type)]
    return "\n".join(lines)


def _predictor_table() -> str:
    lines = ["| with | without | what | early progression |", "| --- | --- | --- | --- |"]
    for item in PREDICTORS.values():
        asked = "yes" if item.early else "no"
        lines.append(f"| `{item.name}` | `{item.reference}` | {item.text} | {asked} |")
    return "\n".join(lines)


def _covariate_table() -> str:
    lines = ["| covariate | what |", "| --- | --- |"]
    return "\n".join(lines + [f"| `{item.name}` | {item.text} |" for item in COVARIATES.values()])


def _endpoint_table() -> str:
    lines = ["| endpoint | population | day 0 | event | quoted analysis |", "| --- | --- | --- | --- | --- |"]
    lines += [
        f"| `{item.name}` | {item.population.text} | {item.start.text} | {item.event.text} | "
        f"`{item.headline}` |"
        for item in ENDPOINTS.values()
    ]
    return "\n".join(lines)


def _estimand_table() -> str:
    lines = [
        "| endpoint | treatment | intercurrent events | summary | differs |",
        "| --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| `{row.endpoint}` | {row.treatment} | {'; '.join(row.intercurrent_events)} | {row.summary} | "
        f"{f'from `{row.sensitivity_of}`: {row.differs}' if row.sensitivity_of else ''} |"
        for row in estimand_rows()
    ]
    return "\n".join(lines)


def _filter_table(filters: Iterable[Filter], section: str) -> str:
    class Keys(dict[str, str]):
        """Names a setting where the VCF header gives its value."""

        def __missing__(self, key: str) -> str:
            return f"`{section}.{key}`"

    lines = ["| FILTER | meaning |", "| --- | --- |"]
    lines += [f"| `{one.name}` | {one.describe(Keys())} |" for one in filters]
    return "\n".join(lines)


def _config_table() -> str:
    lines = ["| key | meaning |", "| --- | --- |"]
    lines += [f"| `{key}` | {text} |" for key, text in _keys(Settings, "")]
    return "\n".join(lines)


def _keys(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, str]]:
    for name, info in model.model_fields.items():
        key = f"{prefix}{name}"
        section, repeated = _section(info.annotation)
        if section is None or info.description:
            yield key, info.description or ""
        # Keys of the defaults are those of an assay, listed there.
        if section is not None and not info.exclude:
            yield from _keys(section, f"{key}.<name>." if repeated else f"{key}.")


def _section(annotation: Any) -> tuple[type[BaseModel] | None, bool]:
    """Return the section class behind an annotation and whether it repeats under names."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _section(get_args(annotation)[0])
    if origin is dict:
        return _section(get_args(annotation)[1])[0], True
    if origin in (Union, UnionType):
        found = [_section(option)[0] for option in get_args(annotation)]
        return next((section for section in found if section), None), False
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, False
    return None, False
