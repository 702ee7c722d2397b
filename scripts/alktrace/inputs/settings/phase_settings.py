"""The section `resistance.phase`."""

from pydantic import Field

from .section import AtLeastOne, Probability, Section, Share


class PhaseSettings(Section):
    min_double: AtLeastOne = Field(description="double-mutant molecules that prove cis")
    alpha: Probability = Field(description="tail probability of doubles under noise, collisions, chimeras")
    min_informative: AtLeastOne = Field(description="molecules with at least one mutant that trans needs")
    min_single: AtLeastOne = Field(description="molecules of each single mutant that trans needs")
    min_parental: AtLeastOne = Field(
        description="molecules of a single mutant that make CIS_AND_SINGLE, beyond dropout"
    )
    chimera_rate: Share = Field(
        description="share of molecules that PCR joined from two templates between the sites; a cautious "
        "assumption of this project"
    )
    collision_rate: Share = Field(
        description="share of molecules that are two originals taken for one, where molecules.tsv gives none"
    )
    correlated_error_share: Share = Field(
        description="share of misread molecules that are misread at every other site of the set too; a "
        "cautious assumption of this project"
    )
    min_truncal_markers: AtLeastOne = Field(
        description="truncal markers the tumour fraction must rest on before VAF sums may hint at cis"
    )
