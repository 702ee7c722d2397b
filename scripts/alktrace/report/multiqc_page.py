"""MultiQC's page without what differs between two runs on the same data.

MultiQC has no option for it: it draws a random id and writes the time, also into the head of the packed data.
"""

import base64
import re
from collections.abc import Callable
from pathlib import Path

from ..io.atomic import atomic_output

GZIP_TIME = slice(4, 8)
"""Bytes of a gzip header that hold the time of packing (RFC 1952, 2.3)."""


def settle_multiqc(page: Path) -> list[str]:
    """Rewrite a page so that equal data give equal bytes.

    Returns:
        What was looked for and is not there: another MultiQC may build its page in another way.
    """
    text, missing = page.read_text(encoding="utf-8"), []
    for pattern, settled in SETTLED.items():
        text, count = pattern.subn(settled, text)
        missing += [] if count else [pattern.pattern]
    with atomic_output(page) as (partial,):
        partial.write_text(text, encoding="utf-8")
    return missing


def _without_time(found: re.Match[str]) -> str:
    data = bytearray(base64.b64decode(found[2]))
    data[GZIP_TIME] = bytes(4)
    return found[1] + base64.b64encode(data).decode()


SETTLED: dict[re.Pattern[str], str | Callable[[re.Match[str]], str]] = {
    re.compile(r'(reportUuid = ")[^"]*(?=")'): r"\1",
    re.compile(r'(configCreationDate = ")[^"]*(?=")'): r"\1",
    re.compile(r'(id="mqc_compressed_plotdata">)([A-Za-z0-9+/=]+)(?=<)'): _without_time,
}
