"""One small variant as in a VCF: its normal form, its kind, and the key that names it in every table."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from .changes import VariantType

Fetch = Callable[[str, int, int], str]
"""Returns upper-case reference bases of chromosome, start, end (0-based half-open, clipped to it)."""

# Names of sequences may hold colons, as those of HLA alleles do: the last three parts are the variant.
_KEY = re.compile(r"(?P<chrom>\S+):(?P<pos>\d+):(?P<ref>[ACGTN]+):(?P<alt>[ACGTN]+)")


@dataclass(frozen=True, order=True)
class SmallVariant:
    """One alternative allele; `pos` is 1-based, alleles are upper-case bases of the plus strand."""

    chrom: str
    pos: int
    ref: str
    alt: str

    @classmethod
    def parse(cls, key: str) -> "SmallVariant":
        """Return the variant of a key such as `chr2:29220747:C:T`.

        Raises:
            ValueError: the text is no such key.
        """
        match = _KEY.fullmatch(key)
        if match is None:
            raise ValueError(f"{key!r} is no small variant; write it as chr2:29220747:C:T")
        return cls(match["chrom"], int(match["pos"]), match["ref"], match["alt"])

    @property
    def key(self) -> str:
        """Identity across specimens and tables: `chr2:29220747:C:T`."""
        return f"{self.chrom}:{self.pos}:{self.ref}:{self.alt}"

    @property
    def start(self) -> int:
        """First reference base of the record, 0-based."""
        return self.pos - 1

    @property
    def end(self) -> int:
        """End of the reference allele, 0-based, exclusive."""
        return self.pos - 1 + len(self.ref)

    @property
    def is_substitution(self) -> bool:
        """Whether both alleles have one length: SNV or MNV."""
        return len(self.ref) == len(self.alt)

    @property
    def kind(self) -> VariantType:
        """SNV, MNV, insertion, deletion or delins: what the alleles alone tell."""
        if self.is_substitution:
            return VariantType.SNV if len(self.ref) == 1 else VariantType.MNV
        if self.alt.startswith(self.ref):
            return VariantType.INSERTION
        return VariantType.DELETION if self.ref.startswith(self.alt) else VariantType.DELINS

    def normalised(self, fetch: Fetch) -> "SmallVariant":
        """Return the shortest, leftmost form, as of `bcftools norm` (Tan 2015, Bioinformatics 31:2202).

        Args:
            fetch: gives reference bases, the own `ref` among them. One allele may be empty before this call.
        """
        start, ref, alt = self.start, self.ref, self.alt
        while ref != alt:
            if ref and alt and ref[-1] == alt[-1]:
                ref, alt = ref[:-1], alt[:-1]
            elif ref and alt:
                break
            elif start > 0:
                base = fetch(self.chrom, start - 1, start)
                start, ref, alt = start - 1, base + ref, base + alt
            else:
                # Nothing lies to the left of the first base: VCF then anchors on the base behind.
                base = fetch(self.chrom, len(ref), len(ref) + 1)
                return SmallVariant(self.chrom, 1, ref + base, alt + base)
        while len(ref) > 1 and len(alt) > 1 and ref[0] == alt[0]:
            start, ref, alt = start + 1, ref[1:], alt[1:]
        return SmallVariant(self.chrom, start + 1, ref, alt)
