"""Languages in which pages are written."""

from enum import StrEnum


class Language(StrEnum):
    EN = "en"
    ZH = "zh"
