"""Ids that leave a site: keyed hashes of patients, numbers of their timepoints and specimens.

Without the key nobody can try out ids, not even of a hospital whose ids are numbers in a row; with another
key the same patient has another pseudonym.
"""

import hashlib
import hmac
import os
import re
import secrets
import stat
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import DataError

KEY_BYTES = 32
LENGTH = 16
"""Hexadecimal digits, 64 bits: two of a million patients share a pseudonym with a chance of 3e-8."""


def open_key(path: Path, out: Path, *, shared: bool = False) -> bytes:
    """Return the key of a site; makes one, readable by its owner alone, where the file is missing.

    Args:
        path: file of the key, 64 hexadecimal digits.
        out: folder of the export, in which the key must not lie.
        shared: it is a secret that sites agreed on, and is not made here.

    Raises:
        DataError: the key would leave with the export, is none, or others may read it; a shared one that is
            missing.
    """
    if out.resolve() in path.resolve().parents:
        raise DataError(
            path, "lies in the folder of the export", "keep the key elsewhere: it stays at the site"
        )
    if shared and not path.exists():
        raise DataError(path, "no such file", "give the secret that the sites share, 64 hexadecimal digits")
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        # Exclusive, with its permission from the start: no moment in which others may read it.
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            stream.write(f"{secrets.token_hex(KEY_BYTES)}\n")
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise DataError(path, "others than its owner may read the key", f"chmod 600 {path}")
    text = path.read_bytes().decode("ascii", errors="replace").strip()
    if not re.fullmatch(f"[0-9a-f]{{{2 * KEY_BYTES}}}", text):
        what = f"is no key of {2 * KEY_BYTES} hexadecimal digits"
        raise DataError(path, what, "give the key of the exports before, or a path where one can be made")
    return bytes.fromhex(text)


def key_mark(key: bytes) -> str:
    """Return what tells two keys apart and says nothing of either."""
    return hmac.new(key, b"which key", hashlib.sha256).hexdigest()[:LENGTH]


@dataclass
class Pseudonyms:
    """The ids of one export.

    Attributes:
        key: of the site.
        timepoints: number of each timepoint by patient, in the order in which they are asked for.
        specimens: the same of the specimens of a timepoint, by kind.
    """

    key: bytes
    timepoints: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    specimens: dict[tuple[str, str], dict[str, str]] = field(default_factory=lambda: defaultdict(dict))

    def patient(self, name: str) -> str:
        """Return the pseudonym of a patient."""
        return hmac.new(self.key, b"patient " + name.encode(), hashlib.sha256).hexdigest()[:LENGTH]

    def timepoint(self, patient: str, name: str) -> str:
        """Return the number of a timepoint: ids of people may hold a date or initials."""
        own = self.timepoints[patient]
        return own.setdefault(name, f"T{len(own) + 1}")

    def specimen(self, patient: str, timepoint: str, name: str, kind: str | None = None) -> str:
        """Return the number of a specimen of a timepoint, with its kind where that is known."""
        own = self.specimens[patient, timepoint]
        return own.setdefault(name, f"{kind or 'specimen'}{len(own) + 1}")
