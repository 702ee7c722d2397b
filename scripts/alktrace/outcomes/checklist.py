"""Which part of the output answers which item of STROBE and RECORD, in our own words.

STROBE: von Elm 2007, PMID 17938396. RECORD: Benchimol 2015, PMID 26440803. The guidelines are to be read
themselves; this file says where to look.
"""

from ..io.resources import resource
from ..io.tables import read_table
from .checklist_table import ChecklistRow


def checklist_rows() -> list[ChecklistRow]:
    """Return one row per item, in the order of the guidelines."""
    return read_table(resource("reporting_checklist.tsv"), ChecklistRow)
