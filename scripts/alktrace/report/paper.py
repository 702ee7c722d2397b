"""A page as a PDF, by WeasyPrint, which needs no browser; made only where the configuration asks for it."""

from pathlib import Path

from ..io.atomic import atomic_output


def print_page(page: Path, out: Path) -> None:
    """Print a page on A4.

    Args:
        page: HTML of the project's own making; it asks for nothing from outside.
        out: PDF; the same page gives the same bytes.

    Raises:
        ValueError: the page asks for a file or an address.
    """
    from weasyprint import HTML
    from weasyprint.urls import FatalURLFetchingError, URLFetcher

    nothing = URLFetcher(allowed_protocols=(), fail_on_errors=True)
    # As text, without its place: a link to a file would carry folders of this machine into the PDF.
    printed = HTML(string=page.read_text(encoding="utf-8"), url_fetcher=nothing)
    try:
        content = printed.write_pdf()
    except FatalURLFetchingError as error:
        raise ValueError(f"{page.name} must hold all it needs: {error}") from None
    with atomic_output(out) as (partial,):
        partial.write_bytes(content)
