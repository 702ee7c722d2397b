"""Pages of the site that lie elsewhere in the repository, and links that work in both places."""

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
PAGES = {
    "README.md": "index.md",
    "config/README.md": "configuration.md",
    "resources/knowledge/README.md": "knowledge.md",
    "resources/noise/README.md": "noise.md",
    "tests/README.md": "tests.md",
    "tests/golden/README.md": "golden_cases.md",
    "DECISIONS.md": "decisions.md",
    "CHANGELOG.md": "changes.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
}
SOURCES = {page: source for source, page in PAGES.items()}
LINK = re.compile(r"\[([^\]]*)\]\(([^)\s:#]+)(#[^)\s]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that lie outside `docs`."""
    for source, page in PAGES.items():
        if (ROOT / source).is_file():
            files.append(File.generated(config, page, abs_src_path=str(ROOT / source)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Turn links between files of the repository into links between pages.

    A file of the repository that is no page keeps its name and loses its link. What does not exist is left as
    it is, so that a strict build fails.
    """
    here = page.file.src_uri
    folder = posixpath.dirname(SOURCES.get(here, f"docs/{here}"))

    def link(found: re.Match[str]) -> str:
        text, path, anchor = found[1], found[2], found[3] or ""
        target = posixpath.normpath(posixpath.join(folder, path))
        if target in PAGES or target.startswith("docs/"):
            there = PAGES.get(target, target.removeprefix("docs/"))
            return f"[{text}]({posixpath.relpath(there, posixpath.dirname(here) or '.')}{anchor})"
        return text if (ROOT / target).exists() else found[0]

    return LINK.sub(link, markdown)
