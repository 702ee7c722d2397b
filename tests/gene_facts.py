"""Facts of the human genome used by several tests: exons of Ensembl transcripts on GRCh38, 1-based."""

from collections import defaultdict
from pathlib import Path

import pysam

from alktrace.reference.gene_models import Exon, GeneModels, Transcript
from alktrace.vocabulary.variant import Fetch

# gene: transcript, chromosome, strand, first and last base of the coding sequence with the stop codon,
# exons in transcript order.
TRANSCRIPTS: dict[str, tuple[str, str, str, int, int, tuple[tuple[int, int], ...]]] = {
    "ALK": (
        "ENST00000389048",
        "chr2",
        "-",
        29193224,
        29920659,
        (
            (29919993, 29921566),
            (29717578, 29717697),
            (29694850, 29695014),
            (29531915, 29532116),
            (29383732, 29383859),
            (29328350, 29328481),
            (29320751, 29320882),
            (29318304, 29318404),
            (29296888, 29297057),
            (29275402, 29275496),
            (29275099, 29275227),
            (29251105, 29251267),
            (29239680, 29239830),
            (29233565, 29233696),
            (29232304, 29232448),
            (29228884, 29229066),
            (29227574, 29227672),
            (29226922, 29227074),
            (29225461, 29225565),
            (29223342, 29223528),
            (29222517, 29222607),
            (29222344, 29222408),
            (29220706, 29220835),
            (29213984, 29214081),
            (29209786, 29209878),
            (29207171, 29207272),
            (29197542, 29197676),
            (29196770, 29196860),
            (29192774, 29193922),
        ),
    ),
    "EML4": (
        "ENST00000318522",
        "chr2",
        "+",
        42169612,
        42330207,
        (
            (42169350, 42169636),
            (42245505, 42245687),
            (42256501, 42256630),
            (42261121, 42261294),
            (42263178, 42263306),
            (42264706, 42264731),
            (42280850, 42280973),
            (42282823, 42282972),
            (42284634, 42284703),
            (42286269, 42286379),
            (42288227, 42288322),
            (42295125, 42295259),
            (42295381, 42295516),
            (42301241, 42301392),
            (42303104, 42303229),
            (42303315, 42303446),
            (42304484, 42304551),
            (42315962, 42316050),
            (42317427, 42317524),
            (42325467, 42325554),
            (42326154, 42326252),
            (42328886, 42329016),
            (42329734, 42332548),
        ),
    ),
    "EGFR": (
        "ENST00000275493",
        "chr7",
        "+",
        55019278,
        55205617,
        (
            (55019101, 55019365),
            (55142286, 55142437),
            (55143305, 55143488),
            (55146606, 55146740),
            (55151294, 55151362),
            (55152546, 55152664),
            (55154011, 55154152),
            (55155830, 55155946),
            (55156533, 55156659),
            (55156759, 55156832),
            (55157663, 55157753),
            (55160139, 55160338),
            (55161499, 55161631),
            (55163733, 55163823),
            (55165280, 55165437),
            (55171175, 55171213),
            (55172983, 55173124),
            (55173921, 55174043),
            (55174722, 55174820),
            (55181293, 55181478),
            (55191719, 55191874),
            (55192766, 55192841),
            (55198717, 55198863),
            (55200316, 55200413),
            (55201188, 55201355),
            (55201735, 55201782),
            (55202517, 55202625),
            (55205256, 55211628),
        ),
    ),
    "KRAS": (
        "ENST00000311936",
        "chr12",
        "-",
        25209795,
        25245384,
        (
            (25250751, 25250931),
            (25245274, 25245395),
            (25227234, 25227412),
            (25225614, 25225773),
            (25204789, 25209911),
        ),
    ),
}


def transcript(gene: str) -> Transcript:
    """Return the model of one gene."""
    name, chrom, strand, cds_first, cds_last, exons = TRANSCRIPTS[gene]
    numbered = tuple(Exon(i, first - 1, last) for i, (first, last) in enumerate(exons, start=1))
    return Transcript(gene, name, chrom, strand, numbered, cds_first - 1, cds_last)


def gene_models(*genes: str) -> GeneModels:
    """Return the models of some genes, of all if none is named."""
    return GeneModels({gene: transcript(gene) for gene in genes or TRANSCRIPTS})


def segment_fetch(path: Path) -> Fetch:
    """Return the plus strand from a FASTA of segments named chr:start-end (1-based); N between them."""
    fasta = pysam.FastaFile(str(path))
    segments: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    for name in fasta.references:
        chrom, _, span = name.partition(":")
        first, last = map(int, span.split("-"))
        segments[chrom].append((first - 1, last, name))

    def fetch(chrom: str, start: int, end: int) -> str:
        bases = ["N"] * (end - start)
        for first, last, name in segments[chrom]:
            low, high = max(first, start), min(last, end)
            if low < high:
                bases[low - start : high - start] = fasta.fetch(name, low - first, high - first)
        return "".join(bases)

    return fetch


# Residues and codons of ALK that reports in tests speak of (NM_004304).
ALK_CODONS = {1151: "ACG", 1152: "CTG", 1171: "ATC", 1196: "CTG", 1202: "GGA", 1203: "GAC", 1269: "GGA"}


def alk_fetch(chrom: str, start: int, end: int) -> str:
    """Give the codons above on chromosome 2 and N elsewhere."""
    bases = ["N"] * (end - start)
    if chrom == "chr2":
        for codon, letters in ALK_CODONS.items():
            for pos, letter in zip(transcript("ALK").codon_positions(codon), letters, strict=True):
                if start <= pos < end:
                    bases[pos - start] = letter.translate(str.maketrans("ACGT", "TGCA"))
    return "".join(bases)
