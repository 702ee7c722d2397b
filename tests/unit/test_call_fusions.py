"""Fusions from reads to VCF, on molecules whose junction is known by construction."""

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pysam
import pysam.bcftools
import pytest
from cyvcf2 import VCF
from fusion_molecules import SETTINGS
from shipped_settings import SHIPPED
from structural_bam import (
    BamBuilder,
    derived,
    inserted,
    random_genome,
    reverse_complement,
    stretch,
    write_fasta,
)

from alktrace.errors import DataError
from alktrace.inputs.settings.fusion_settings import FusionSettings
from alktrace.io.bam_io import iterate_batches
from alktrace.io.record_columns import read_columns
from alktrace.reference.gene_models import Exon, GeneModels, Transcript
from alktrace.structural.call_structural import call_structural
from alktrace.structural.fusions.fusion_calls import (
    count_fusions,
    detectable_vaf,
    find_fusions,
    fusion_regions,
    open_indexed,
)
from alktrace.structural.fusions.fusion_vcf import FusionCall, read_fusions
from alktrace.structural.fusions.partners import FusionRole, read_drivers
from alktrace.structural.fusions.scan import SignCollector

OVERHANG = SETTINGS.min_overhang
FRAGMENT = 166


def exons(spans: list[tuple[int, int]], strand: str) -> tuple[Exon, ...]:
    ordered = spans if strand == "+" else spans[::-1]
    return tuple(Exon(i, a, b) for i, (a, b) in enumerate(ordered, start=1))


def transcript(gene: str, chrom: str, strand: str, spans: list[tuple[int, int]]) -> Transcript:
    return Transcript(gene, f"T_{gene}", chrom, strand, exons(spans, strand), spans[0][0], spans[-1][1])


# Each gene: three exons of 100, 99 and 101 bases and introns of 3,000 bases. KIN* are fusion genes whose
# domain (residues 70 to 90) lies in exon 3; DON* are donors of a 5' part.
SPANS = [(2000, 2100), (5100, 5199), (8199, 8300)]
MODELS = GeneModels(
    {
        t.gene: t
        for t in (
            transcript("KINP", "chr1", "+", SPANS),
            transcript("KINM", "chr2", "-", SPANS),
            transcript("DONP", "chr3", "+", SPANS),
            transcript("DONM", "chr4", "-", SPANS),
        )
    }
)
LENGTHS = dict.fromkeys(("chr1", "chr2", "chr3", "chr4", "chr5"), 12_000)
DRIVERS = (
    "gene\tside\tdomain_first\tdomain_last\tsource\tverified\n"
    "KINP\t3\t70\t90\tconstructed\tyes\n"
    "KINM\t3\t70\t90\tconstructed\tyes\n"
)


@pytest.fixture(scope="module")
def genome() -> dict[str, str]:
    return random_genome(LENGTHS, seed=5)


@pytest.fixture
def call(tmp_path: Path) -> Callable[..., Any]:
    def run(
        genome: dict[str, str],
        builder: BamBuilder,
        *,
        settings: FusionSettings = SETTINGS,
        models: GeneModels = MODELS,
        drivers: str = DRIVERS,
        targets: str = "",
    ) -> list[FusionCall]:
        bam = builder.write(tmp_path / "reads.bam")
        fasta = write_fasta(tmp_path / "genome.fa", genome)
        models.save(tmp_path / "models.json")
        (tmp_path / "targets.bed").write_text(targets)
        (tmp_path / "drivers.tsv").write_text(drivers)
        call_structural(
            bam=bam,
            fasta=fasta,
            targets=tmp_path / "targets.bed",
            gene_models=tmp_path / "models.json",
            drivers=tmp_path / "drivers.tsv",
            fusions=settings,
            copy_number=SHIPPED.copy_number,
            sample="p.t.plasma",
            out_vcf=tmp_path / "fusions.vcf.gz",
            out_coverage=tmp_path / "coverage.cnn",
        )
        return read_fusions(tmp_path / "fusions.vcf.gz")

    return run


def breakends(driver_strand: str, donor_strand: str) -> tuple[tuple[str, int, str], tuple[str, int, str]]:
    """Driver and donor ends of a fusion in their introns 2 and 1, 0-based, 3' part of the driver kept."""
    driver = ("chr1", 6500, "R") if driver_strand == "+" else ("chr2", 3500, "L")
    donor = ("chr3", 3300, "L") if donor_strand == "+" else ("chr4", 6700, "R")
    return driver, donor


def add_fusion(
    builder: BamBuilder,
    genome: dict[str, str],
    driver: tuple[str, int, str],
    donor: tuple[str, int, str],
    *,
    molecules: int,
    seed: int = 1,
    between: str = "",
    length: int = FRAGMENT,
    read_length: int = 100,
    single: bool = False,
) -> int:
    """Add molecules over a junction; return how many reach the overhang into both sides."""
    choose = random.Random(seed)
    path, middle = derived(genome, driver, donor, between=between)
    counted = 0
    for _ in range(molecules):
        start = middle - choose.randrange(1, length)
        end = start + length
        into_second = end - middle - len(between)
        builder.molecule(path, start, end, read_length=read_length, single=single)
        counted += middle - start >= OVERHANG and into_second >= OVERHANG
    return counted


def add_intact(
    builder: BamBuilder,
    genome: dict[str, str],
    site: tuple[str, int, str],
    *,
    molecules: int,
    seed: int = 2,
    length: int = FRAGMENT,
    read_length: int = 100,
) -> int:
    choose = random.Random(seed)
    chrom, pos, side = site
    cut = pos + 1 if side == "L" else pos
    path = stretch(genome, chrom, 0, len(genome[chrom]))
    counted = 0
    for _ in range(molecules):
        start = cut - choose.randrange(1, length)
        builder.molecule(path, start, start + length, read_length=read_length)
        counted += cut - start >= OVERHANG and start + length - cut >= OVERHANG
    return counted


def with_homology(
    genome: dict[str, str], driver: tuple[str, int, str], donor: tuple[str, int, str], length: int
) -> dict[str, str]:
    """Make the bases behind the driver's breakend those that the donor brings, so that both could."""
    path, middle = derived(genome, driver, donor)
    bases = "".join(b.base for b in path[middle : middle + length])
    chrom, pos, side = driver
    text = genome[chrom]
    if side == "L":
        text = text[: pos + 1] + bases + text[pos + 1 + length :]
        stop = {"A": "C", "C": "A", "G": "T", "T": "G"}[path[middle + length].base]
        text = text[: pos + 1 + length] + stop + text[pos + 2 + length :]
    else:
        stop = {"A": "C", "C": "A", "G": "T", "T": "G"}[reverse_complement(path[middle + length].base)]
        text = text[: pos - length - 1] + stop + reverse_complement(bases) + text[pos:]
    return {**genome, chrom: text}


STRANDS = pytest.mark.parametrize(
    ("driver_strand", "donor_strand"),
    [("-", "+"), ("-", "-"), ("+", "+"), ("+", "-")],
    ids=["inverted-LL", "LR", "RL", "inverted-RR"],
)


class TestPosition:
    @STRANDS
    @pytest.mark.parametrize("flag", [2048, 256], ids=["supplementary", "secondary"])
    @pytest.mark.parametrize("homology", [0, 4], ids=["blunt", "homology"])
    def test_to_the_base(
        self,
        genome: dict[str, str],
        call: Callable[..., Any],
        driver_strand: str,
        donor_strand: str,
        flag: int,
        homology: int,
    ) -> None:
        driver, donor = breakends(driver_strand, donor_strand)
        genome = with_homology(genome, driver, donor, homology) if homology else genome
        builder = BamBuilder(genome, supplementary_flag=flag)
        add_fusion(builder, genome, driver, donor, molecules=40)
        (found,) = call(genome, builder)
        assert found.filters == ()
        assert found.homology >= homology
        near, far = found.position.split("|")
        assert near.split(":")[0] == driver[0]
        assert far.split(":")[0] == donor[0]
        first, second = int(near.split(":")[1]) - 1, int(far.split(":")[1]) - 1
        assert abs(first - driver[1]) <= found.homology
        assert abs(second - donor[1]) <= found.homology
        assert found.homology <= homology + 3  # chance agreement beyond what was built in

    @STRANDS
    def test_alt_says_orientation(
        self, genome: dict[str, str], call: Callable[..., Any], driver_strand: str, donor_strand: str
    ) -> None:
        # VCF 4.2 section 5.4: t[p[ keeps left then right, t]p] left then left reversed, and so on.
        driver, donor = breakends(driver_strand, donor_strand)
        builder = BamBuilder(genome)
        add_fusion(builder, genome, driver, donor, molecules=40)
        (found,) = call(genome, builder)
        before = found.alt[0] in "ACGT"
        bracket = "[" if "[" in found.alt else "]"
        assert before == (driver[2] == "L")
        assert bracket == ("[" if donor[2] == "R" else "]")

    def test_untemplated_bases(
        self, genome: dict[str, str], call: Callable[..., Any], tmp_path: Path
    ) -> None:
        driver, donor = breakends("-", "+")
        path, middle = derived(genome, driver, donor)
        # An insertion that neither side continues.
        first = {"A": "C", "C": "A", "G": "T", "T": "G"}[genome["chr2"][3501]]
        last = {"A": "C", "C": "A", "G": "T", "T": "G"}[reverse_complement(genome["chr3"][3301])]
        between = f"{first}ACGTC{last}"
        builder = BamBuilder(genome)
        add_fusion(builder, genome, driver, donor, molecules=40, between=between)
        (found,) = call(genome, builder)
        assert found.position == "chr2:3501|chr3:3301"
        assert found.alt == f"{genome['chr2'][3500]}{between}]chr3:3301]"
        assert len(path) > middle

    def test_partner_in_a_repeat_is_placed_by_the_mates(
        self, genome: dict[str, str], call: Callable[..., Any]
    ) -> None:
        # The partner's end lies in a repeat: split alignments go anywhere with quality 0, mates do not.
        driver, donor = breakends("-", "+")
        builder = BamBuilder(genome)
        add_fusion(builder, genome, driver, donor, molecules=60, length=260, read_length=75)
        for record in builder.records:
            if record.has_tag("SA"):
                record.set_tag("SA", "chr5,4000,+,40M35S,0,0;")
        builder.records = [r for r in builder.records if not r.flag & 2048]
        (found,) = call(genome, builder)
        assert found.filters == ()
        assert found.position == "chr2:3501|chr3:3301"


class TestCounts:
    @STRANDS
    def test_molecules_for_and_against(
        self, genome: dict[str, str], call: Callable[..., Any], driver_strand: str, donor_strand: str
    ) -> None:
        driver, donor = breakends(driver_strand, donor_strand)
        builder = BamBuilder(genome)
        support = add_fusion(builder, genome, driver, donor, molecules=60)
        intact = add_intact(builder, genome, driver, molecules=500)
        (found,) = call(genome, builder)
        assert found.molecules == pytest.approx(support, abs=found.homology + 1)
        assert found.intact == pytest.approx(intact, abs=4 * (found.homology + 1))  # 4 ends per base
        assert found.vaf == pytest.approx(support / (support + intact), rel=0.05)
        assert found.vaf_low < found.vaf < found.vaf_high

    def test_junction_between_the_reads(self, genome: dict[str, str], call: Callable[..., Any]) -> None:
        driver, donor = breakends("-", "+")
        builder = BamBuilder(genome)
        support = add_fusion(builder, genome, driver, donor, molecules=80, length=300, read_length=75)
        intact = add_intact(builder, genome, driver, molecules=300, length=300, read_length=75)
        (found,) = call(genome, builder)
        assert found.molecules == pytest.approx(support, abs=found.homology + 1)
        assert found.intact == pytest.approx(intact, abs=found.homology + 1)
        assert found.split < found.molecules

    def test_one_molecule_counts_once(self, genome: dict[str, str], call: Callable[..., Any]) -> None:
        # Both reads of a short fragment cross the junction: four split alignments, one molecule.
        driver, donor = breakends("-", "+")
        path, middle = derived(genome, driver, donor)
        builder = BamBuilder(genome)
        for shift in (0, 3, 7):
            builder.molecule(path, middle - 60 - shift, middle + 60)
        (found,) = call(genome, builder)
        assert found.molecules == 3

    def test_single_end_reads(self, genome: dict[str, str], call: Callable[..., Any]) -> None:
        driver, donor = breakends("+", "-")
        builder = BamBuilder(genome)
        support = add_fusion(
            builder, genome, driver, donor, molecules=40, length=120, read_length=120, single=True
        )
        (found,) = call(genome, builder)
        assert found.filters == ()
        assert found.molecules == pytest.approx(support, abs=found.homology + 1)

    def test_duplex_molecules(self, genome: dict[str, str], call: Callable[..., Any]) -> None:
        driver, donor = breakends("-", "+")
        path, middle = derived(genome, driver, donor)
        builder = BamBuilder(genome)
        for i in range(6):
            depth = {"aD": 3, "bD": 2 if i < 4 else 0}
            builder.molecule(path, middle - 50 - i, middle + 70 + 2 * i, tags=depth)
        (found,) = call(genome, builder)
        assert (found.molecules, found.duplex) == (6, 4)


class TestMeaning:
    def test_driver(self, genome: dict[str, str], call: Callable[..., Any]) -> None:
        driver, donor = breakends("-", "+")
        builder = BamBuilder(genome)
        add_fusion(builder, genome, driver, donor, molecules=30)
        (found,) = call(genome, builder)
        assert found.key == "fusion:DONP:KINM"
        assert found.name == "DONP-KINM D1;K3"
        assert (found.gene, found.partner, found.junction) == ("KINM", "DONP", "D1;K3")
        assert found.role is FusionRole.DRIVER
        # 100 bases of DONP exon 1; KINM exon 3 starts at c.201 (101 + 99 bases before it, minus strand).
        assert found.in_frame is ((100 - 200) % 3 == 0)

    def test_in_frame(self, genome: dict[str, str], call: Callable[..., Any]) -> None:
        # Exon 2 of DONP ends at c.199: 199 - 200 is not a multiple of 3; KINP exon 3 starts at c.200.
        builder = BamBuilder(genome)
        add_fusion(builder, genome, ("chr1", 6500, "R"), ("chr3", 6500, "L"), molecules=30)
        (found,) = call(genome, builder)
        assert (found.junction, found.in_frame) == ("D2;K3", True)

    def test_reciprocal_shares_the_event(self, genome: dict[str, str], call: Callable[..., Any]) -> None:
        builder = BamBuilder(genome)
        add_fusion(builder, genome, ("chr2", 3500, "L"), ("chr3", 3300, "L"), molecules=40)
        add_fusion(builder, genome, ("chr2", 3503, "R"), ("chr3", 3304, "R"), molecules=20, seed=9)
        found = {f.role: f for f in call(genome, builder)}
        assert set(found) == {FusionRole.DRIVER, FusionRole.RECIPROCAL}
        assert len({f.event for f in found.values()}) == 1
        assert found[FusionRole.RECIPROCAL].key == "fusion:KINM:DONP"
        assert found[FusionRole.RECIPROCAL].junction == "K2;D2"

    def test_two_junctions_of_one_pair(self, genome: dict[str, str], call: Callable[..., Any]) -> None:
        builder = BamBuilder(genome)
        add_fusion(builder, genome, ("chr2", 3500, "L"), ("chr3", 3300, "L"), molecules=60)
        add_fusion(builder, genome, ("chr2", 3900, "L"), ("chr3", 6600, "L"), molecules=20, seed=9)
        keys = [f.key for f in call(genome, builder)]
        assert keys == ["fusion:DONP:KINM", "fusion:DONP:KINM:D2;K3"]

    def test_intergenic_partner(self, genome: dict[str, str], call: Callable[..., Any]) -> None:
        builder = BamBuilder(genome)
        add_fusion(builder, genome, ("chr2", 3500, "L"), ("chr5", 3300, "L"), molecules=30)
        (found,) = call(genome, builder)
        assert (found.partner, found.role, found.in_frame) == ("intergenic", FusionRole.UNCLEAR, None)
        assert found.key.startswith("fusion:intergenic:KINM:chr5-")

    def test_partner_on_the_wrong_strand(self, genome: dict[str, str], call: Callable[..., Any]) -> None:
        builder = BamBuilder(genome)
        add_fusion(builder, genome, ("chr2", 3500, "L"), ("chr4", 6700, "L"), molecules=30)
        (found,) = call(genome, builder)
        assert (found.junction, found.role) == (None, FusionRole.UNCLEAR)

    def test_gene_without_model(self, genome: dict[str, str], call: Callable[..., Any]) -> None:
        models = GeneModels({g: t for g, t in MODELS.by_gene.items() if g != "DONP"})
        builder = BamBuilder(genome)
        add_fusion(builder, genome, ("chr2", 3500, "L"), ("chr3", 3300, "L"), molecules=30)
        (found,) = call(genome, builder, models=models)
        assert found.partner == "intergenic"

    def test_fusion_gene_without_model_is_logged(
        self, genome: dict[str, str], call: Callable[..., Any], caplog: pytest.LogCaptureFixture
    ) -> None:
        builder = BamBuilder(genome)
        add_fusion(builder, genome, ("chr2", 3500, "L"), ("chr3", 3300, "L"), molecules=5)
        call(genome, builder, drivers=DRIVERS.replace("KINP", "ABSENT"))
        assert "ABSENT has no gene model: not searched" in caplog.text


class TestFilters:
    def test_two_molecules_are_kept_with_a_reason(
        self, genome: dict[str, str], call: Callable[..., Any]
    ) -> None:
        driver, donor = breakends("-", "+")
        path, middle = derived(genome, driver, donor)
        builder = BamBuilder(genome)
        builder.molecule(path, middle - 60, middle + 60)
        builder.molecule(path, middle - 70, middle + 80)
        (found,) = call(genome, builder)
        assert found.filters == ("molecules",)

    def test_copies_of_one_fragment(self, genome: dict[str, str], call: Callable[..., Any]) -> None:
        driver, donor = breakends("-", "+")
        path, middle = derived(genome, driver, donor)
        builder = BamBuilder(genome)
        for _ in range(8):
            builder.molecule(path, middle - 60, middle + 60)
        (found,) = call(genome, builder)
        assert set(found.filters) == {"fragments", "shared_end"}

    def test_pcr_chimeras_share_an_end(self, genome: dict[str, str], call: Callable[..., Any]) -> None:
        driver, donor = breakends("-", "+")
        path, middle = derived(genome, driver, donor)
        builder = BamBuilder(genome)
        for i in range(8):
            builder.molecule(path, middle - 60, middle + 50 + i)
        (found,) = call(genome, builder)
        assert found.filters == ("shared_end",)
        (allowed,) = call(genome, builder, settings=SETTINGS.model_copy(update={"min_ends": 1}))
        assert allowed.filters == ()

    def test_low_mapping_quality(self, genome: dict[str, str], call: Callable[..., Any]) -> None:
        driver, donor = breakends("-", "+")
        builder = BamBuilder(genome, mapq={"chr3": 3})
        add_fusion(builder, genome, driver, donor, molecules=40, length=300, read_length=75)
        assert all("mapq" in f.filters for f in call(genome, builder))

    def test_paralogue(self, genome: dict[str, str], call: Callable[..., Any]) -> None:
        # The partner is a diverged copy of the driver's own intron: nothing was joined.
        choose = random.Random(3)
        copy = [b if choose.random() > 0.08 else choose.choice("ACGT") for b in genome["chr2"][3300:3700]]
        changed = {**genome, "chr3": genome["chr3"][:3101] + "".join(copy) + genome["chr3"][3501:]}
        builder = BamBuilder(changed)
        add_fusion(builder, changed, ("chr2", 3500, "L"), ("chr3", 3302, "R"), molecules=30)
        assert all("paralogue" in f.filters or "homology" in f.filters for f in call(changed, builder))

    def test_simple_repeat(self, genome: dict[str, str], call: Callable[..., Any]) -> None:
        changed = {**genome, "chr3": genome["chr3"][:3261] + "CA" * 20 + genome["chr3"][3301:]}
        builder = BamBuilder(changed)
        add_fusion(builder, changed, ("chr2", 3500, "L"), ("chr3", 3300, "L"), molecules=40)
        assert all("repeat" in f.filters for f in call(changed, builder))

    def test_edge_of_the_known_sequence(self, genome: dict[str, str], call: Callable[..., Any]) -> None:
        # Compact contigs end where the sparse genome turns to N: clips there are no breakpoints.
        changed = {**genome, "chr3": genome["chr3"][:3301] + "N" * (12_000 - 3301)}
        builder = BamBuilder(changed)
        add_fusion(builder, changed, ("chr2", 3500, "L"), ("chr3", 3300, "L"), molecules=40)
        assert all(f.filters for f in call(changed, builder))


class TestBlanks:
    def test_random_chimeras(self, genome: dict[str, str], call: Callable[..., Any]) -> None:
        choose = random.Random(11)
        builder = BamBuilder(genome)
        for _ in range(300):
            first = (choose.choice(("chr1", "chr2")), choose.randrange(2500, 8000), choose.choice("LR"))
            second = (
                choose.choice(("chr3", "chr4", "chr5")),
                choose.randrange(2500, 8000),
                choose.choice("LR"),
            )
            add_fusion(builder, genome, first, second, molecules=1, seed=choose.randrange(1 << 30))
        add_intact(builder, genome, ("chr2", 3500, "L"), molecules=500)
        assert not [f for f in call(genome, builder) if not f.filters]

    def test_no_reads(self, genome: dict[str, str], call: Callable[..., Any], tmp_path: Path) -> None:
        assert call(genome, BamBuilder(genome)) == []
        with pysam.VariantFile(str(tmp_path / "fusions.vcf.gz")) as stream:
            assert list(stream.header.samples) == ["p.t.plasma"]

    def test_deletion_inside_one_gene_is_no_fusion(
        self, genome: dict[str, str], call: Callable[..., Any]
    ) -> None:
        builder = BamBuilder(genome)
        add_fusion(builder, genome, ("chr2", 3500, "L"), ("chr2", 6500, "R"), molecules=30)
        assert call(genome, builder) == []

    @pytest.mark.parametrize(
        "text",
        [
            "chr3",
            "chrZ,100,+,40M60S,60,0;",
            "chr3,x,+,40M,60,0;",
            "chr3,100,+,40Q,60,0;",
            "chr3,100,*,40M,60,0;",
            "chr3,100,+,,60,0;",
        ],
    )
    def test_malformed_sa_tags(
        self, genome: dict[str, str], call: Callable[..., Any], text: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        driver, donor = breakends("-", "+")
        builder = BamBuilder(genome)
        add_fusion(builder, genome, driver, donor, molecules=30)
        broken = [r for r in builder.records if r.has_tag("SA")][:6]
        for record in broken:
            record.set_tag("SA", text)
        (found,) = call(genome, builder)
        assert found.filters == ()
        assert "6 SA tags could not be read" in caplog.text


class TestKnownFusions:
    def test_counted_below_the_calling_rule(
        self, genome: dict[str, str], call: Callable[..., Any], tmp_path: Path
    ) -> None:
        driver, donor = breakends("+", "-")
        builder = BamBuilder(genome)
        add_fusion(builder, genome, driver, donor, molecules=40)
        known = call(genome, builder)
        path, middle = derived(genome, driver, donor)
        later = BamBuilder(genome)
        later.molecule(path, middle - 60, middle + 80)
        intact = add_intact(later, genome, driver, molecules=300)
        bam = later.write(tmp_path / "later.bam")
        (count,) = count_fusions(bam=bam, fasta=tmp_path / "genome.fa", known=known, settings=SETTINGS)
        assert count.key == "fusion:DONM:KINP"
        assert count.molecules == 1
        assert count.intact == pytest.approx(intact, abs=4 * (known[0].homology + 1))
        assert count.vaf == pytest.approx(1 / (1 + count.intact))

    def test_absent(self, genome: dict[str, str], call: Callable[..., Any], tmp_path: Path) -> None:
        driver, donor = breakends("-", "+")
        builder = BamBuilder(genome)
        add_fusion(builder, genome, driver, donor, molecules=40)
        known = call(genome, builder)
        bam = BamBuilder(genome).write(tmp_path / "empty.bam")
        (count,) = count_fusions(bam=bam, fasta=tmp_path / "genome.fa", known=known, settings=SETTINGS)
        assert (count.molecules, count.vaf, count.vaf_detectable) == (0, None, None)

    def test_bam_without_index(
        self, genome: dict[str, str], call: Callable[..., Any], tmp_path: Path
    ) -> None:
        builder = BamBuilder(genome)
        add_fusion(builder, genome, *breakends("-", "+"), molecules=40)
        known = call(genome, builder)
        (tmp_path / "reads.bam.bai").unlink()
        with pytest.raises(DataError, match="no index"):
            count_fusions(
                bam=tmp_path / "reads.bam", fasta=tmp_path / "genome.fa", known=known, settings=SETTINGS
            )

    @pytest.mark.parametrize(("total", "vaf"), [(2500, 0.0025), (600, 0.0105)])
    def test_detectable_vaf(self, total: int, vaf: float) -> None:
        # rules.md: three molecules with 95 % power need 0.25 % at 2,500 molecules, 1.05 % at 600.
        assert detectable_vaf(total, 3, 0.95) == pytest.approx(vaf, rel=0.01)

    def test_too_few_molecules_to_detect_anything(self) -> None:
        assert detectable_vaf(2, 3, 0.95) is None


class TestFile:
    @pytest.fixture
    def written(self, genome: dict[str, str], call: Callable[..., Any], tmp_path: Path) -> Path:
        builder = BamBuilder(genome)
        add_fusion(builder, genome, ("chr2", 3500, "L"), ("chr3", 3300, "L"), molecules=40)
        add_fusion(builder, genome, ("chr2", 3503, "R"), ("chr3", 3304, "R"), molecules=20, seed=9)
        call(genome, builder)
        return tmp_path / "fusions.vcf.gz"

    def test_mates_point_at_each_other(self, written: Path) -> None:
        records = {v.ID: v for v in VCF(str(written))}
        assert len(records) == 4
        for name, record in records.items():
            mate = records[record.INFO["MATEID"]]
            assert mate.INFO["MATEID"] == name
            assert f"{mate.CHROM}:{mate.POS}" in record.ALT[0]
            assert record.INFO["SVTYPE"] == "BND"
            assert record.INFO["EVENT"] == mate.INFO["EVENT"]

    def test_position_is_within_cipos(self, written: Path) -> None:
        # The truth of both sides lies within CIPOS, whichever side the homology is given to.
        truth = {("chr2", "driver"): 3501, ("chr3", "driver"): 3301}
        for record in VCF(str(written)):
            if record.INFO["ROLE"] == "driver":
                low, high = record.INFO["CIPOS"]
                assert record.POS + low <= truth[record.CHROM, "driver"] <= record.POS + high

    def test_tools_read_it(self, written: Path) -> None:
        assert str(pysam.bcftools.view("-H", str(written), "chr2")).count("\n") == 2

    def test_same_bytes_again(
        self, genome: dict[str, str], call: Callable[..., Any], written: Path, tmp_path: Path
    ) -> None:
        before = written.read_bytes()
        builder = BamBuilder(genome)
        add_fusion(builder, genome, ("chr2", 3503, "R"), ("chr3", 3304, "R"), molecules=20, seed=9)
        add_fusion(builder, genome, ("chr2", 3500, "L"), ("chr3", 3300, "L"), molecules=40)
        call(genome, builder)
        assert written.read_bytes() == before


def test_helpers_build_what_they_say(genome: dict[str, str]) -> None:
    path, middle = derived(genome, ("chr2", 3500, "L"), ("chr3", 3300, "L"), between="ACGT")
    assert path[middle - 1].pos == 3500
    assert [b.base for b in path[middle : middle + 4]] == [b.base for b in inserted("ACGT")]
    assert (path[middle + 4].pos, path[middle + 4].reverse) == (3300, True)
    assert replace(path[0], pos=1).pos == 1


class Segments:
    """The known segments of GRCh38, N elsewhere."""

    def __init__(self, path: Path) -> None:
        self.known: dict[str, list[tuple[int, int, str]]] = {}
        with pysam.FastxFile(str(path)) as entries:
            for entry in entries:
                assert entry.name and entry.sequence
                chrom, span = entry.name.split(":")
                start, end = (int(x) for x in span.split("-"))
                self.known.setdefault(chrom, []).append((start - 1, end, entry.sequence.upper()))

    def has(self, chrom: str) -> bool:
        return chrom in self.known

    def fetch(self, chrom: str, start: int, end: int) -> str:
        text = ["N"] * (end - start)
        for first, last, bases in self.known.get(chrom, []):
            low, high = max(start, first), min(end, last)
            if low < high:
                text[low - start : high - start] = bases[low - first : high - first]
        return "".join(text)


@pytest.mark.real
def test_h3122(real_data: Path, root: Path) -> None:
    """The cell line H3122: EML4-ALK variant 1, breakpoints chr2:29,223,741 and chr2:42,299,750."""
    rows: dict[str, list[list[str]]] = {}
    for line in (real_data / "reference" / "panel_transcripts.grch38.tsv").read_text().splitlines()[1:]:
        cells = line.split("\t")
        rows.setdefault(cells[0], []).append(cells)
    models = {}
    for gene, exons in rows.items():
        coding = [(int(c[6 + 1]), int(c[7 + 1])) for c in exons if c[7] not in ("", ".")]
        models[gene] = Transcript(
            gene,
            exons[0][1],
            exons[0][2],
            exons[0][3],
            tuple(Exon(int(c[4]), int(c[5]) - 1, int(c[6])) for c in exons),
            min(a for a, _ in coding) - 1,
            max(b for _, b in coding),
        )
    bam = real_data / "fusion" / "H3122_EML4.bam"
    genome = Segments(real_data / "reference" / "alk_eml4_segments.grch38.fa")
    drivers = read_drivers(root / "resources" / "reference" / "fusion_drivers.tsv")
    drivers = {gene: drivers[gene] for gene in ("ALK", "ROS1", "RET", "MET")}
    regions = fusion_regions(GeneModels(models), tuple(drivers), Path("/dev/null"))
    signs = SignCollector(regions, min_clip=SETTINGS.min_overhang, max_insert=SETTINGS.max_insert)
    with open_indexed(bam) as reads:
        for batch in iterate_batches(bam):
            signs.take(batch, read_columns(batch), reads.header)
        found = find_fusions(
            reads,
            signs.found,
            genome,
            regions=regions,
            models=GeneModels(models),
            drivers=drivers,
            settings=SETTINGS,
        )
    (passed,) = [f for f in found if not f.filters]
    meaning, junction = passed.meaning, passed.candidate.junction
    assert (meaning.pair, meaning.junction, meaning.in_frame) == ("EML4-ALK", "E13;A20", True)
    assert meaning.role is FusionRole.DRIVER
    assert abs(junction.first.pos + 1 - 29_223_741) <= 3
    assert abs(junction.second.pos + 1 - 42_299_750) <= 3
    assert (junction.first.side, junction.second.side) == ("L", "L")
    # 118 reads are clipped at the ALK base alone (samtools view); mates add those that span it.
    assert passed.support.molecules >= 100


def test_a_bam_that_is_damaged_behind_its_head_is_named(tmp_path: Path) -> None:
    bam = tmp_path / "s.bam"
    with pysam.AlignmentFile(str(bam), "wb", header={"SQ": [{"SN": "chr1", "LN": 10000}]}) as out:
        for place in range(5000):
            record = pysam.AlignedSegment(out.header)
            record.query_name, record.query_sequence, record.cigarstring = f"r{place}", "ACGT" * 25, "100M"
            record.reference_id, record.reference_start = 0, place
            out.write(record)
    pysam.index(str(bam))
    data = bam.read_bytes()
    bam.write_bytes(data[: len(data) // 2] + bytes(40) + data[len(data) // 2 + 40 :])
    with pytest.raises(DataError, match=r"s\.bam: cannot be read: "), open_indexed(bam) as reads:
        assert sum(1 for _ in reads) < 5000
