"""The genome: where its FASTA and indices are or will be built.

The FASTA is used where it lies if its index stands beside it; else it is linked into the results and
indexed there, so that nothing is ever written beside a shared genome.
"""

import shlex
from dataclasses import dataclass
from pathlib import Path

from ..inputs.settings.reference_settings import ReferenceSettings
from .contigs import is_bgzf, is_gzip

INDEX_SUFFIXES = {
    "bwa": (".pac", ".amb", ".ann", ".bwt", ".sa"),
    "bwa-mem2": (".pac", ".0123", ".amb", ".ann", ".bwt.2bit.64"),
}
# Megabytes per megabase to build an index and to align with it, as their authors state, rounded up;
# and what sorting and the members of the pipe need besides.
INDEX_MB = {"bwa": 3, "bwa-mem2": 30}
ALIGN_MB = {"bwa": 2, "bwa-mem2": 8}
OTHER_INDEX_MB = 500
OTHER_ALIGN_MB = 3000
COMPRESSION = 4
ALT_SUFFIX = ".alt"


@dataclass(frozen=True)
class Reference:
    """Paths of the genome as every rule uses them.

    Attributes:
        given: the FASTA of the configuration.
        fasta: the FASTA to use: the given one, or its link below the results.
        fai: its index; gzi: a second one if the FASTA is compressed.
        dictionary: sequence dictionary.
        linked: paths that the rule `link_fasta` makes, FASTA first, whether used or not.
        built_dictionary: path that the rule `write_dictionary` makes.
        aligned_to: FASTA that the aligner indexes: the genome or the compact one.
        compact: are alignments lifted.
        index: files of the aligner index, `.pac` first; their path without suffix is its name.
        built_index: files that the rule `index_aligner` makes, in the same order.
        alt: list of alternative contigs beside the FASTA, if there is one.
        index_memory: megabytes to build the index.
        align_memory: megabytes to align and sort.
    """

    given: str
    fasta: str
    fai: str
    gzi: tuple[str, ...]
    dictionary: str
    linked: tuple[str, ...]
    built_dictionary: str
    aligned_to: str
    compact: bool
    index: tuple[str, ...]
    built_index: tuple[str, ...]
    alt: tuple[str, ...]
    index_memory: int
    align_memory: int

    @property
    def lift_adapters(self) -> tuple[str, ...]:
        """Our own members of the pipe behind the aligner, for the digest of its code."""
        return ("lift_alignments",) if self.compact else ()

    @property
    def lift(self) -> str:
        """Member of the pipe behind the aligner, with its bar: SAM in, BAM in genome coordinates out."""
        if not self.compact:
            return "| samtools view --uncompressed -"
        program = '"$ALKTRACE_PYTHON" "$ALKTRACE_SCRIPTS/lift_alignments.py"'
        return f"| {program} --fai {shlex.quote(self.fai)}"


def locate_reference(settings: ReferenceSettings, folder: str) -> Reference:
    """Return where everything of the genome is, or where it will be built.

    Args:
        settings: the genome of the configuration.
        folder: where missing parts are built, `results/reference`.
    """
    given = Path(settings.fasta)
    link = Path(folder, "genome", given.name)
    sides = (".fai", ".gzi") if is_bgzf(given) else (".fai",)
    beside = all(_with(given, suffix).is_file() for suffix in sides)
    fasta = given if beside else link
    built_dictionary = Path(folder, "genome", f"{_stem(given)}.dict")
    dictionaries = (given.with_name(f"{_stem(given)}.dict"), _with(given, ".dict"))
    dictionary = next((path for path in dictionaries if path.is_file()), built_dictionary)
    aligned_to = Path(settings.align_fasta) if settings.align_fasta else fasta
    # The index of the genome is looked for beside the given FASTA even where only the link has a .fai.
    beside_prefix = Path(settings.align_fasta or settings.fasta)
    suffixes = INDEX_SUFFIXES[settings.aligner]
    alt = (ALT_SUFFIX,) if _with(beside_prefix, ALT_SUFFIX).is_file() else ()
    built_prefix = Path(folder, settings.aligner, beside_prefix.name)
    complete = all(_with(beside_prefix, suffix).is_file() for suffix in suffixes)
    prefix = beside_prefix if complete else built_prefix
    megabases = _megabytes(beside_prefix) * (COMPRESSION if is_gzip(beside_prefix) else 1)
    return Reference(
        given=str(given),
        fasta=str(fasta),
        fai=str(_with(fasta, ".fai")),
        gzi=tuple(str(_with(fasta, suffix)) for suffix in sides[1:]),
        dictionary=str(dictionary),
        linked=(str(link), *(str(_with(link, suffix)) for suffix in sides)),
        built_dictionary=str(built_dictionary),
        aligned_to=str(aligned_to),
        compact=settings.align_fasta is not None,
        index=tuple(str(_with(prefix, suffix)) for suffix in suffixes + alt),
        built_index=tuple(str(_with(built_prefix, suffix)) for suffix in suffixes + alt),
        alt=tuple(str(_with(beside_prefix, suffix)) for suffix in alt),
        index_memory=OTHER_INDEX_MB + INDEX_MB[settings.aligner] * megabases,
        align_memory=OTHER_ALIGN_MB + ALIGN_MB[settings.aligner] * megabases,
    )


def _with(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _stem(path: Path) -> str:
    name = path.name
    for suffix in (".gz", ".bgz", ".fasta", ".fa", ".fna"):
        name = name.removesuffix(suffix)
    return name


def _megabytes(path: Path) -> int:
    return path.stat().st_size // 10**6 if path.is_file() else 0
