"""Pages from templates: self-contained HTML that needs no network."""

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..io.atomic import atomic_output

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"


def write_page(template: str, content: Mapping[str, Any], out: Path) -> None:
    """Fill a template and write it; every value is escaped, a missing one is an error."""
    environment = _environment()
    script = (TEMPLATES / "filter.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    environment.globals |= {"filter_script": script, "filter_digest": f"sha256-{digest}"}
    with atomic_output(out) as (partial,):
        partial.write_text(environment.get_template(template).render(content), encoding="utf-8")


def load_templates() -> None:
    """Compile all pages; each is compiled again where its file has changed since."""
    for path in TEMPLATES.glob("*.html"):
        _environment().get_template(path.name)


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
