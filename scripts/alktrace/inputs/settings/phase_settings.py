"""The section `resistance.phase`."""

from collections.abc import Iterator

from pydantic import Field

from .section import AtLeastOne, Fault, Section, Share, Tail

HALF = 0.5


class PhaseSettings(Section):
    min_double: AtLeastOne = Field(description="double-mutant molecules that prove cis")
    alpha: Tail = Field(description="tail probability of doubles under noise, collisions, chimeras")
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

    def faults(self) -> Iterator[Fault]:
        """Yield what makes no sense."""
        for key in ("chimera_rate", "collision_rate"):
            if (rate := getattr(self, key)) >= HALF:
                yield Fault(key, f"at {rate} no molecule proves anything", "write some 0.001")
        yield from self.in_order("min_single", "min_informative")
