"""The section `report`."""

from pydantic import Field

from ...vocabulary.languages import Language
from .section import Section


class ReportSettings(Section):
    language: Language = Field(description="language of the pages: `en` or `zh`")
    inherited_variants: bool = Field(
        description="list inherited variants on the patient pages; leave it off unless the patients consented"
    )
    pdf: bool = Field(
        description="print the patient pages as PDF too; needs WeasyPrint (`pip install 'alktrace[pdf]'`)"
    )
