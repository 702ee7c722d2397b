"""The section `molecules`."""

from pydantic import Field

from .section import BaseQuality, MappingQuality, Positive, Section, Share


class MoleculeSettings(Section):
    min_mapq: MappingQuality = Field(description="mapping quality that both mates must reach to be grouped")
    error_rate_pre_umi: Positive = Field(description="phred error rate before UMIs were attached")
    error_rate_post_umi: Positive = Field(description="phred error rate after UMIs were attached")
    min_input_base_quality: BaseQuality = Field(description="raw bases below are ignored")
    saturation: Share = Field(
        description="without UMIs: share of positions taken above which `fragment_saturation` is flagged"
    )
