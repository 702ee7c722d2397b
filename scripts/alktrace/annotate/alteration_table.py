"""The columns of `alterations.tsv`."""

from dataclasses import dataclass

from ..io.tables import column
from ..vocabulary.changes import Consequence, Origin, VariantType
from ..vocabulary.detection import Detection, ObservationSource
from ..vocabulary.variant import SmallVariant


@dataclass(frozen=True)
class AlterationRow:
    """`alterations.tsv`: one alteration of one specimen, called or reported."""

    key: str = column("identity across specimens")
    gene: str = column("gene symbol")
    variant_type: VariantType = column("kind of alteration")
    alteration: str = column("name shown, such as `G1202R`")
    consequence: Consequence = column("effect on the protein")
    transcript: str | None = column("transcript of the names")
    hgvs_c: str | None = column("HGVS coding name")
    hgvs_p: str | None = column("HGVS protein name, three-letter")
    exon: int | None = column("exon")
    codon: int | None = column("first residue concerned")
    chrom: str | None = column("sequence name")
    pos: int | None = column("position, 1-based")
    ref: str | None = column("reference allele")
    alt: str | None = column("alternative allele")
    partner: str | None = column("fusion partner gene")
    junction: str | None = column("junction name, such as `E13;A20`")
    in_frame: bool | None = column("does the fusion keep the reading frame")
    detection: Detection = column("`detected`, or `subthreshold` for a candidate that missed the rule")
    source: ObservationSource = column("called from reads or reported")
    vaf: float | None = column("variant allele fraction from molecules")
    vaf_low: float | None = column("lower end of the 95 % interval")
    vaf_high: float | None = column("upper end of the 95 % interval")
    alt_molecules: int | None = column("mutant molecules")
    total_molecules: int | None = column("molecules at the site")
    duplex_alt: int | None = column("mutant molecules seen on both strands")
    strict_alt: int | None = column("mutant molecules that pass the strict consensus filter")
    strict_total: int | None = column("molecules at the site that pass the strict consensus filter")
    copy_number: float | None = column("copy number, of an amplification or loss")
    origin: Origin = column("somatic, germline, clonal haematopoiesis or undecided")
    origin_reason: str = column("what the origin rests on")
    knowledge: tuple[str, ...] = column("subjects of the knowledge tables that this alteration hits")
    filters: tuple[str, ...] = column("reasons why a candidate was not called")
    flags: tuple[str, ...] = column("caveats")

    @property
    def small_variant(self) -> SmallVariant | None:
        """The allele; None without coordinates, and for a fusion, whose alleles are breakends."""
        if self.chrom is None or self.pos is None or self.ref is None or self.alt is None:
            return None
        if self.variant_type is VariantType.FUSION:
            return None
        return SmallVariant(self.chrom, self.pos, self.ref, self.alt)


def empty_row(key: str, gene: str, kind: VariantType, name: str) -> AlterationRow:
    """Return a reported row of which only the name is known."""
    return AlterationRow(
        key=key, gene=gene, variant_type=kind, alteration=name, consequence=Consequence.UNKNOWN,
        transcript=None, hgvs_c=None, hgvs_p=None, exon=None, codon=None, chrom=None, pos=None, ref=None,
        alt=None, partner=None, junction=None, in_frame=None, detection=Detection.DETECTED,
        source=ObservationSource.REPORTED, vaf=None, vaf_low=None, vaf_high=None, alt_molecules=None,
        total_molecules=None, duplex_alt=None, strict_alt=None, strict_total=None, copy_number=None,
        origin=Origin.UNDECIDED, origin_reason="", knowledge=(), filters=(), flags=(),
    )  # fmt: skip
