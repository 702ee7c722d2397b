"""What junctions mean, on real exon coordinates and known fusions."""

import csv
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from alktrace.reference.gene_models import Exon, GeneModels, Transcript
from alktrace.structural.fusions.breakpoints import Breakend, Junction
from alktrace.structural.fusions.partners import (
    FusionDriver,
    FusionRole,
    Part,
    domain_kept,
    interpret,
    make_part,
    read_drivers,
)


@pytest.fixture(scope="module")
def models(root: Path) -> GeneModels:
    rows: dict[str, list[dict[str, str]]] = {}
    with (root / "resources" / "demo" / "exons.tsv").open(newline="") as stream:
        for row in csv.DictReader(stream, delimiter="\t"):
            rows.setdefault(row["gene"], []).append(row)
    found = {}
    for gene, exons in rows.items():
        coding = [r for r in exons if r["cds_start"] not in ("", ".")]
        found[gene] = Transcript(
            gene,
            exons[0]["transcript"],
            exons[0]["chrom"],
            exons[0]["strand"],
            tuple(Exon(int(r["exon"]), int(r["start"]), int(r["end"])) for r in exons),
            min(int(r["cds_start"]) for r in coding),
            max(int(r["cds_end"]) for r in coding),
        )
    return GeneModels(found)


@pytest.fixture(scope="module")
def drivers(root: Path) -> dict[str, FusionDriver]:
    return read_drivers(root / "resources" / "reference" / "fusion_drivers.tsv")


def in_intron(transcript: Transcript, number: int, keeps: str) -> Breakend:
    """A breakend in the middle of an intron that keeps the 5' or the 3' part."""
    start, end = transcript.intron(number)
    side: Literal["L", "R"] = "L" if (transcript.strand == "+") == (keeps == "5") else "R"
    return Breakend(transcript.chrom, (start + end) // 2, side)


def joined(five: Breakend, three: Breakend) -> Junction:
    return Junction(five, three).canonical()


class TestKnownFusions:
    # Usual breakpoints, by the intron of the models: EML4-ALK (intron 19, rarely 18), CD74/SLC34A2-ROS1 (31,
    # 33, 34), KIF5B/CCDC6-RET (11), TPM3-NTRK1 (8 to 11), KIF5B/ST7-MET (14), KIAA1549-BRAF (8 to 10), FGFR
    # fusions before the last exon, EGFR-RAD51 (24).
    @pytest.mark.parametrize(
        ("gene", "intron", "keeps"),
        [
            ("ALK", 18, "3"),
            ("ALK", 19, "3"),
            ("ROS1", 31, "3"),
            ("ROS1", 33, "3"),
            ("ROS1", 34, "3"),
            ("RET", 11, "3"),
            ("NTRK1", 8, "3"),
            ("NTRK1", 11, "3"),
            ("MET", 14, "3"),
            ("BRAF", 8, "3"),
            ("BRAF", 10, "3"),
            ("FGFR1", 18, "5"),
            ("FGFR2", 17, "5"),
            ("FGFR3", 16, "5"),
            ("EGFR", 24, "5"),
        ],
    )
    def test_domain(
        self, models: GeneModels, drivers: dict[str, FusionDriver], gene: str, intron: int, keeps: str
    ) -> None:
        transcript = models.by_gene[gene]
        kept = make_part(transcript, in_intron(transcript, intron, keeps))
        lost = make_part(transcript, in_intron(transcript, intron, "5" if keeps == "3" else "3"))
        assert domain_kept(kept, drivers[gene]) is True
        assert domain_kept(lost, drivers[gene]) is False

    @pytest.mark.parametrize(
        ("exon", "in_frame"),
        # resources/knowledge/alk_fusions.tsv: E13, E20, E6, E2 and E18 join A20 in frame; E14 and E17 only
        # with insertions or deletions.
        [(13, True), (20, True), (6, True), (2, True), (18, True), (14, False), (17, False)],
    )
    def test_eml4_alk(
        self, models: GeneModels, drivers: dict[str, FusionDriver], exon: int, in_frame: bool
    ) -> None:
        junction = joined(
            in_intron(models.by_gene["EML4"], exon, "5"), in_intron(models.by_gene["ALK"], 19, "3")
        )
        meaning = interpret(junction, models, drivers)
        assert meaning is not None
        assert (meaning.pair, meaning.junction, meaning.role) == (
            "EML4-ALK",
            f"E{exon};A20",
            FusionRole.DRIVER,
        )
        assert meaning.in_frame is in_frame

    def test_breakpoint_in_intron_18(self, models: GeneModels, drivers: dict[str, FusionDriver]) -> None:
        junction = joined(
            in_intron(models.by_gene["EML4"], 6, "5"), in_intron(models.by_gene["ALK"], 18, "3")
        )
        meaning = interpret(junction, models, drivers)
        assert meaning is not None
        assert (meaning.junction, meaning.in_frame) == ("E6;A19", True)

    def test_other_chromosome(self, models: GeneModels, drivers: dict[str, FusionDriver]) -> None:
        junction = joined(
            in_intron(models.by_gene["KIF5B"], 15, "5"), in_intron(models.by_gene["RET"], 11, "3")
        )
        meaning = interpret(junction, models, drivers)
        assert meaning is not None
        assert (meaning.pair, meaning.junction, meaning.in_frame) == ("KIF5B-RET", "K15;R12", True)


class TestRoles:
    def test_reciprocal(self, models: GeneModels, drivers: dict[str, FusionDriver]) -> None:
        junction = joined(
            in_intron(models.by_gene["ALK"], 19, "5"), in_intron(models.by_gene["EML4"], 13, "3")
        )
        meaning = interpret(junction, models, drivers)
        assert meaning is not None
        assert (meaning.pair, meaning.junction, meaning.role) == (
            "ALK-EML4",
            "A19;E14",
            FusionRole.RECIPROCAL,
        )

    def test_broken_domain_is_no_driver(self, models: GeneModels, drivers: dict[str, FusionDriver]) -> None:
        junction = joined(
            in_intron(models.by_gene["EML4"], 13, "5"), in_intron(models.by_gene["ALK"], 23, "3")
        )
        meaning = interpret(junction, models, drivers)
        assert meaning is not None
        assert meaning.role is FusionRole.OTHER

    def test_gene_that_drives_from_the_other_side_only(
        self, models: GeneModels, drivers: dict[str, FusionDriver]
    ) -> None:
        # EGFR drives as the 5' part; its 3' part behind a partner is none, even with the whole domain.
        junction = joined(
            in_intron(models.by_gene["EML4"], 13, "5"), in_intron(models.by_gene["EGFR"], 1, "3")
        )
        meaning = interpret(junction, models, drivers)
        assert meaning is not None
        assert meaning.role is FusionRole.OTHER

    def test_a_domain_beyond_the_model(self, models: GeneModels, drivers: dict[str, FusionDriver]) -> None:
        junction = joined(
            in_intron(models.by_gene["EML4"], 13, "5"), in_intron(models.by_gene["ALK"], 19, "3")
        )
        beyond = {"ALK": replace(drivers["ALK"], domain_last=99_999)}
        meaning = interpret(junction, models, beyond)
        assert meaning is not None
        assert meaning.role is FusionRole.UNCLEAR

    def test_no_fusion_gene(self, models: GeneModels, drivers: dict[str, FusionDriver]) -> None:
        junction = joined(
            in_intron(models.by_gene["EML4"], 13, "5"), in_intron(models.by_gene["STRN"], 3, "3")
        )
        assert interpret(junction, models, drivers) is None

    def test_inside_one_gene(self, models: GeneModels, drivers: dict[str, FusionDriver]) -> None:
        junction = joined(
            in_intron(models.by_gene["MET"], 13, "5"), in_intron(models.by_gene["MET"], 14, "3")
        )
        assert interpret(junction, models, drivers) is None


class TestFrame:
    def test_exon_to_intron_is_left_open(self, models: GeneModels, drivers: dict[str, FusionDriver]) -> None:
        eml4 = models.by_gene["EML4"]
        exon = eml4.exon(13)
        broken = Breakend(eml4.chrom, (exon.start + exon.end) // 2, "L")
        meaning = interpret(joined(broken, in_intron(models.by_gene["ALK"], 19, "3")), models, drivers)
        assert meaning is not None
        assert (meaning.junction, meaning.in_frame) == ("E13;A20", None)

    @pytest.mark.parametrize("extra", range(3))
    def test_exon_to_exon_is_read_through(
        self, models: GeneModels, drivers: dict[str, FusionDriver], extra: int
    ) -> None:
        # EML4 ends with a whole codon (c.1200): in frame where ALK begins with one (c. = 1 mod 3).
        eml4, alk = models.by_gene["EML4"], models.by_gene["ALK"]
        five = Breakend("chr2", eml4.genomic_position(1200), "L")
        three = Breakend("chr2", alk.genomic_position(3175 + extra), "L")
        meaning = interpret(joined(five, three), models, drivers)
        assert meaning is not None
        assert meaning.in_frame is ((3175 + extra) % 3 == 1)

    def test_promoter_gives_no_frame(self, models: GeneModels, drivers: dict[str, FusionDriver]) -> None:
        eml4 = models.by_gene["EML4"]
        part = make_part(eml4, Breakend(eml4.chrom, eml4.start - 10, "L"))
        assert part == Part(eml4, "5", None, False, eml4.start - 10)
