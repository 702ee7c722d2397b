"""Copy number: coverage in molecules, CNVkit's reference and fix, gene calls on simulated panels."""

import gzip
import random
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pysam
import pytest
from copy_number_panel import BOUNDARIES, MODELS, SETTINGS, Panel, fraction, gene
from present_values import present
from structural_bam import BamBuilder, random_genome, stretch

from alktrace.errors import DataError
from alktrace.io.bam_io import iterate_batches, read_header
from alktrace.io.record_columns import read_columns
from alktrace.reference.gene_models import Exon, GeneModels, Transcript
from alktrace.structural.copy_number.bin_statistics import BinStatistics
from alktrace.structural.copy_number.copy_number_table import CopyNumberRow
from alktrace.structural.copy_number.coverage import (
    EMPTY_LOG2,
    Stretches,
    bin_depths,
    make_bins,
    write_coverage,
)
from alktrace.structural.copy_number.gene_copies import (
    copy_number_rows,
    focality,
    read_boundaries,
    tumour_copy_number,
)
from alktrace.structural.copy_number.normalise import (
    Ratios,
    gc_curve,
    read_ratios,
)
from alktrace.structural.copy_number.shared_noise import Prior, learn_prior
from alktrace.vocabulary.copies import CopyNumberCall, Focality


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Panel:
    return Panel(tmp_path_factory.mktemp("panel"))


@pytest.fixture(scope="module")
def pooled(panel: Panel) -> Path:
    return panel.reference("pooled.cnn", [panel.sample(f"n{i}", 100 + i) for i in range(6)])


@pytest.fixture(scope="module")
def flat(panel: Panel) -> Path:
    return panel.reference("flat.cnn", [])


def measure(bam: Path, targets: Path, out: Path) -> None:
    """Molecules per bin of about 267 bases, as `call_structural` writes them."""
    stretches = Stretches(min_mapq=20, max_insert=1000)
    for batch in iterate_batches(bam):
        stretches.take(read_columns(batch))
    write_coverage(out, make_bins(targets, 267), read_header(bam).references, stretches.found)


class TestCoverage:
    def test_bins_cover_the_targets_once(self, tmp_path: Path) -> None:
        bed = tmp_path / "t.bed"
        bed.write_text("chr10\t0\t100\tb\nchr2\t100\t1500\ta,c\n")
        bins = make_bins(bed, 267)
        assert [b.chrom for b in bins] == ["chr2"] * 5 + ["chr10"]
        assert bins[0].start == 100
        assert bins[4].end == 1500
        assert all(a.end == b.start for a, b in pairwise(bins[:5]))

    def test_depth_against_counting_bases(self, tmp_path: Path) -> None:
        choose = random.Random(2)
        bed = tmp_path / "t.bed"
        bed.write_text("chr1\t100\t500\tx\nchr2\t50\t120\ty\n")
        bins = make_bins(bed, 100)
        pieces = [
            (choose.randrange(3), s := choose.randrange(600), s + choose.randrange(1, 200))
            for _ in range(300)
        ]
        names = ["chr1", "chr2", "chr3"]
        depths = bin_depths(bins, names, np.array(pieces))
        for item, depth in zip(bins, depths, strict=True):
            bases = sum(
                sum(start <= pos < end for pos in range(item.start, item.end))
                for chrom, start, end in pieces
                if names[chrom] == item.chrom
            )
            assert depth == pytest.approx(bases / (item.end - item.start))

    def test_a_molecule_counts_once(self, tmp_path: Path) -> None:
        genome = random_genome({"chr1": 3000}, seed=1)
        builder = BamBuilder(genome)
        path = stretch(genome, "chr1", 0, 3000)
        for _ in range(7):
            builder.molecule(path, 900, 1066)  # mates overlap
        builder.molecule(path, 950, 1250)  # mates leave a gap
        bam = builder.write(tmp_path / "r.bam")
        bed = tmp_path / "t.bed"
        bed.write_text("chr1\t1000\t1050\tx\nchr1\t1055\t1060\tz\nchr1\t2000\t2100\ty\n")
        measure(bam, bed, tmp_path / "c.cnn")
        cells = [line.split("\t") for line in (tmp_path / "c.cnn").read_text().splitlines()]
        assert cells[0] == ["chromosome", "start", "end", "gene", "depth", "log2"]
        assert [row[4] for row in cells[1:]] == ["8", "8", "0"]
        assert [row[5] for row in cells[1:]] == ["3", "3", "-20"]

    def test_what_does_not_count(self, tmp_path: Path) -> None:
        genome = random_genome({"chr1": 3000}, seed=1)
        builder = BamBuilder(genome)
        path = stretch(genome, "chr1", 0, 3000)
        for _ in range(5):
            builder.molecule(path, 900, 1066)
        for record, flag in zip(builder.records[::2], (256, 2048, 512, 1024, 4), strict=True):
            record.flag |= flag
        for record in builder.records[1::2]:
            record.mapping_quality = 0
        bam = builder.write(tmp_path / "r.bam")
        bed = tmp_path / "t.bed"
        bed.write_text("chr1\t1000\t1050\tx\n")
        measure(bam, bed, tmp_path / "c.cnn")
        assert (tmp_path / "c.cnn").read_text().splitlines()[1].split("\t")[4] == "0"

    def test_empty_bam(self, tmp_path: Path) -> None:
        bam = BamBuilder({"chr1": "A" * 100}).write(tmp_path / "r.bam")
        bed = tmp_path / "t.bed"
        bed.write_text("chr1\t10\t50\tx\n")
        measure(bam, bed, tmp_path / "c.cnn")
        assert (tmp_path / "c.cnn").read_text().splitlines()[1] == "chr1\t10\t50\tx\t0\t-20"


class TestReference:
    def test_cnvkit_reads_it(self, panel: Panel, pooled: Path) -> None:
        from cnvlib.cmdutil import read_cna

        reference = read_cna(str(pooled))
        assert len(reference) == len(panel.bins)
        assert {"gc", "spread", "residual_1", "residual_6"} <= set(reference.data.columns)

    def test_normals_do_not_differ_from_their_reference(self, pooled: Path) -> None:
        ratios = read_ratios(pooled.parent / "n3.cnn", pooled)
        assert ratios.kind == "pooled"
        assert np.median(np.abs(ratios.log2)) < 0.1

    def test_one_normal_is_no_pool(self, panel: Panel) -> None:
        reference = panel.reference("one.cnn", [panel.sample("only", 1)])
        assert read_ratios(panel.folder / "only.cnn", reference).kind == "flat"

    def test_empty_normals_are_left_out(self, panel: Panel, caplog: pytest.LogCaptureFixture) -> None:
        empty = panel.folder / "empty.cnn"
        text = (panel.sample("full", 1)).read_text().splitlines()
        rows = ["\t".join([*line.split("\t")[:4], "0", "-20"]) for line in text[1:]]
        empty.write_text("\n".join([text[0], *rows]) + "\n")
        reference = panel.reference("some.cnn", [panel.sample(f"e{i}", i) for i in range(3)] + [empty])
        assert "no covered bin" in caplog.text
        assert read_ratios(panel.folder / "full.cnn", reference).residuals.shape[0] == 3

    def test_other_targets(self, panel: Panel, pooled: Path, tmp_path: Path) -> None:
        other = tmp_path / "o.cnn"
        text = (panel.sample("cut", 1)).read_text().splitlines()
        other.write_text("\n".join([*text[:-1], "chr2\t199000\t199200\tx\t10\t3.3"]) + "\n")
        with pytest.raises(DataError, match="targets"):
            read_ratios(other, pooled)


class TestGcCurve:
    def test_finds_a_curve_beside_a_changed_gene(self) -> None:
        choose = np.random.default_rng(1)
        gc = choose.uniform(0.3, 0.7, 150)
        truth = 0.8 * (gc - 0.5) + 2 * (gc - 0.5) ** 2
        log2 = truth + choose.normal(0, 0.05, 150)
        log2[:20] += 1.2
        curve = gc_curve(log2, gc)
        assert np.abs(curve - (truth - np.median(truth))).max() < 0.08

    @pytest.mark.parametrize("gc", [np.full(100, 0.5), np.full(100, np.nan)], ids=["constant", "unknown"])
    def test_nothing_to_fit(self, gc: Any) -> None:
        assert not gc_curve(np.linspace(-1, 1, 100), gc).any()

    def test_too_few_bins(self) -> None:
        assert not gc_curve(np.linspace(-1, 1, 10), np.linspace(0.3, 0.7, 10)).any()


class TestSharedNoise:
    @pytest.mark.parametrize(("prior_df", "df"), [(6.0, 3), (20.0, 3), (6.0, 19)])
    def test_the_prior_of_many_genes_is_found(self, prior_df: float, df: int) -> None:
        """Variances drawn as Smyth's model has them: scaled F with df and d0 degrees of freedom."""
        choose = np.random.default_rng(3)
        drawn = 0.04 * choose.f(df, prior_df, 40_000)
        found = present(learn_prior(drawn.tolist(), [df] * 40_000))
        assert found.variance == pytest.approx(0.04, rel=0.1)
        assert found.df == pytest.approx(prior_df, rel=0.25)

    def test_a_dozen_alike_do_not_prove_that_genes_are_alike(self) -> None:
        found = present(learn_prior([0.04] * 12, [3] * 12))
        assert 10 < found.df < 25

    def test_the_prior_never_counts_more_than_the_others_were_measured(self) -> None:
        assert present(learn_prior([0.04, 0.04], [3, 3])).df == 3
        assert learn_prior([0.04], [3]) is None

    def test_shrinking(self) -> None:
        assert Prior(0.04, 9).moderated(0.16, 3) == pytest.approx((0.07, 12))

    @pytest.mark.parametrize(("normals", "tf", "copies"), [(4, 0.2, 6), (4, 0.05, 12), (3, 0.05, 12)])
    def test_few_normals_call_a_clear_amplification(
        self, panel: Panel, normals: int, tf: float, copies: int
    ) -> None:
        reference = panel.reference(f"few{normals}.cnn", [panel.sample(f"f{i}", i) for i in range(normals)])
        for seed in range(4):
            rows = panel.rows(panel.sample("s", 40 + seed, tf=tf, MET=copies), reference, tf)
            assert rows["MET"].call is CopyNumberCall.AMPLIFICATION
            assert present(rows["MET"].smallest_visible_cn) < copies
            assert [name for name, row in rows.items() if row.call is CopyNumberCall.AMPLIFICATION] == ["MET"]

    def test_a_gene_that_differs_in_one_normal_is_trusted_less(self, panel: Panel) -> None:
        """A normal with an inherited gain of RB1: RB1 has a wider error than genes as large, not MET."""
        normals = [panel.sample(f"g{i}", i) for i in range(5)]
        reference = panel.reference("gain.cnn", [*normals, panel.sample("g5", 5, tf=1.0, RB1=3)])
        rows = panel.rows(panel.sample("s", 77), reference, 0.2)
        widths = {
            gene: present(rows[gene].log2_high) - present(rows[gene].log2_low) for gene in ("RB1", "MET")
        }
        assert widths["RB1"] > 2 * widths["MET"]


class TestCalls:
    @pytest.mark.parametrize("tf", [0.2, 0.05])
    def test_focal_amplification(self, panel: Panel, pooled: Path, tf: float) -> None:
        found = [panel.rows(panel.sample("s", 1000 + i, tf=tf, MET=8), pooled, tf)["MET"] for i in range(6)]
        assert [r.call for r in found] == [CopyNumberCall.AMPLIFICATION] * 6
        assert {r.focal for r in found} == {Focality.YES}
        assert np.mean([r.tumour_copy_number for r in found]) == pytest.approx(8, rel=0.1)
        ends = [(present(r.tumour_copy_number_low), present(r.tumour_copy_number_high)) for r in found]
        assert sum(low < 8 < high for low, high in ends) >= 5

    @pytest.mark.parametrize("tf", [0.01, 0.005])
    def test_too_little_tumour_to_see(self, panel: Panel, pooled: Path, tf: float) -> None:
        """At a tumour fraction of 1 % eight copies of MET are not visible, and the row says from which on."""
        for seed in range(1, 5):
            row = panel.rows(panel.sample("s", seed, tf=tf, MET=8), pooled, tf)["MET"]
            assert row.call is CopyNumberCall.NOT_ASSESSABLE
            assert present(row.smallest_visible_cn) > 8

    def test_gc_wave_is_no_gain(self, panel: Panel, pooled: Path) -> None:
        rows = panel.rows(panel.sample("s", 3, wave=3.0), pooled, 0.1)
        assert {r.call for r in rows.values()} <= {CopyNumberCall.NEUTRAL, CopyNumberCall.NOT_ASSESSABLE}

    def test_blanks(self, panel: Panel, pooled: Path, flat: Path) -> None:
        for reference in (pooled, flat):
            for seed in range(6):
                rows = panel.rows(panel.sample("s", 500 + seed), reference, 0.05)
                calls = {r.call for r in rows.values()}
                assert calls <= {CopyNumberCall.NEUTRAL, CopyNumberCall.NOT_ASSESSABLE}

    def test_interval_holds_zero_in_blanks(self, panel: Panel, pooled: Path) -> None:
        rows = [
            row
            for seed in range(8)
            for row in panel.rows(panel.sample("s", 700 + seed), pooled, None).values()
            if row.log2 is not None
        ]
        held = np.mean([present(row.log2_low) <= 0 <= present(row.log2_high) for row in rows])
        assert held >= 0.93

    def test_polysomy_is_no_amplification(self, panel: Panel, pooled: Path) -> None:
        gains = {"CDK6": 6, "MET": 6, "BRAF": 6}
        row = panel.rows(panel.sample("s", 4, tf=0.4, **gains), pooled, 0.4)["MET"]
        assert (row.call, row.focal) == (CopyNumberCall.GAIN, Focality.ARM)

    def test_focal_on_top_of_polysomy(self, panel: Panel, pooled: Path) -> None:
        gains = {"CDK6": 3, "MET": 12, "BRAF": 3}
        row = panel.rows(panel.sample("s", 4, tf=0.4, **gains), pooled, 0.4)["MET"]
        assert (row.call, row.focal) == (CopyNumberCall.AMPLIFICATION, Focality.YES)

    def test_low_gain_stays_a_gain(self, panel: Panel, pooled: Path) -> None:
        row = panel.rows(panel.sample("s", 5, tf=0.5, ERBB2=3), pooled, 0.5)["ERBB2"]
        assert row.call is CopyNumberCall.GAIN

    def test_amplification_without_tumour_fraction(self, panel: Panel, pooled: Path) -> None:
        # The tumour's copy number is at least the average: 8 of it needs no correction.
        row = panel.rows(panel.sample("s", 6, tf=0.9, MET=9), pooled, None)["MET"]
        assert row.call is CopyNumberCall.AMPLIFICATION
        assert (row.tumour_copy_number, row.smallest_visible_cn) == (None, None)

    @pytest.mark.parametrize(
        ("tf", "copies", "call"),
        [
            (0.7, 0, CopyNumberCall.LOSS),
            (0.7, 1, CopyNumberCall.LOSS),
            (0.7, 2, CopyNumberCall.NEUTRAL),
            (0.2, 0, CopyNumberCall.NOT_ASSESSABLE),
        ],
        ids=["both-copies", "one-copy", "none", "impure"],
    )
    def test_loss(self, panel: Panel, pooled: Path, tf: float, copies: int, call: CopyNumberCall) -> None:
        row = panel.rows(panel.sample("s", 7, tf=tf, RB1=copies), pooled, tf)["RB1"]
        assert row.call is call

    def test_neutral_means_it_would_have_been_seen(self, panel: Panel, pooled: Path) -> None:
        rows = panel.rows(panel.sample("s", 8), pooled, 0.3)
        for name, threshold in SETTINGS.amplification.items():
            neutral = rows[name].call is CopyNumberCall.NEUTRAL
            assert neutral == (present(rows[name].smallest_visible_cn) <= threshold)

    def test_arm_without_other_bins(self, panel: Panel, pooled: Path) -> None:
        assert panel.rows(panel.sample("s", 9), pooled, 0.2)["ALK"].focal is Focality.NOT_ASSESSABLE

    def test_sex_chromosome_is_not_judged(self, panel: Panel, pooled: Path) -> None:
        row = panel.rows(panel.sample("s", 9), pooled, 0.2)["AR"]
        assert (row.bins, row.log2, row.call) == (8, None, CopyNumberCall.NOT_ASSESSABLE)

    def test_too_few_bins(self, panel: Panel, pooled: Path) -> None:
        strict = SETTINGS.model_copy(update={"min_bins": 6})
        ratios = read_ratios(panel.sample("s", 9), pooled)
        rows = {r.gene: r for r in copy_number_rows(ratios, MODELS, BOUNDARIES, strict, fraction(0.2))}
        assert (rows["KRAS"].bins, rows["KRAS"].call) == (5, CopyNumberCall.NOT_ASSESSABLE)

    @pytest.mark.parametrize("filled", [0.0, 0.4], ids=["empty", "mostly-empty"])
    def test_a_sample_without_molecules_is_not_neutral(
        self, panel: Panel, pooled: Path, flat: Path, filled: float, caplog: pytest.LogCaptureFixture
    ) -> None:
        table = [line.split("\t") for line in panel.sample("s", 9).read_text().splitlines()]
        kept = round(filled * len(table))
        rows = [line if i < kept else [*line[:4], "0", str(EMPTY_LOG2)] for i, line in enumerate(table[1:])]
        empty = panel.folder / "bare.cnn"
        empty.write_text("\n".join("\t".join(line) for line in [table[0], *rows]) + "\n")
        for reference in (pooled, flat):
            found = panel.rows(empty, reference, 0.3).values()
            assert {row.call for row in found} == {CopyNumberCall.NOT_ASSESSABLE}
            assert {row.copy_number for row in found} == {None}
        assert "of the bins hold molecules" in caplog.text

    @pytest.mark.parametrize(("chroms", "judged"), [(1, False), (2, False), (3, True)])
    def test_bins_that_are_their_own_centre_say_nothing(
        self, panel: Panel, pooled: Path, chroms: int, judged: bool, caplog: pytest.LogCaptureFixture
    ) -> None:
        """An amplified gene on the only chromosome would be level with itself."""
        whole = read_ratios(panel.sample("s", 9, tf=0.5, MET=12), pooled)
        names = ("chr7", "chrX", "chr2", "chr12")[: chroms + 1]
        own = np.array([i for i, name in enumerate(whole.chrom) if name in names])
        part = replace(
            whole, chrom=[whole.chrom[i] for i in own], start=whole.start[own], end=whole.end[own],
            log2=whole.log2[own], weight=whole.weight[own], residuals=whole.residuals[:, own],
            spread=whole.spread[own],
        )  # fmt: skip
        rows = {r.gene: r for r in copy_number_rows(part, MODELS, BOUNDARIES, SETTINGS, fraction(0.5))}
        assert (rows["MET"].call is CopyNumberCall.AMPLIFICATION) is judged
        assert ("autosomes only" in caplog.text) is not judged

    def test_gene_of_the_settings_without_bins(
        self, panel: Panel, pooled: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        models = GeneModels({**MODELS.by_gene, "NF1": gene("NF1", "chr17", 100_000, 3)})
        settings = SETTINGS.model_copy(update={"loss_genes": ("NF1", "NF2")})
        ratios = read_ratios(panel.sample("s", 9), pooled)
        rows = {r.gene: r for r in copy_number_rows(ratios, models, BOUNDARIES, settings, None)}
        assert (rows["NF1"].bins, rows["NF1"].call) == (0, CopyNumberCall.NOT_ASSESSABLE)
        assert "copy number not judged: NF2" in caplog.text


class TestNumbers:
    @pytest.mark.parametrize(
        ("average", "tf", "tumour"), [(3.2, 0.2, 8.0), (2.0, 0.5, 2.0), (1.0, 0.5, 0.0), (0.5, 0.5, 0.0)]
    )
    def test_tumour_copy_number(self, average: float, tf: float, tumour: float) -> None:
        # rules.md: CN = (C - 2 (1 - TF)) / TF.
        assert tumour_copy_number(average, tf) == pytest.approx(tumour)

    @pytest.mark.parametrize(
        ("gene_log2", "arm_log2", "bins", "expected"),
        [
            (1.0, 0.0, 20, Focality.YES),
            (1.0, 0.9, 20, Focality.ARM),
            (1.0, 0.2, 20, Focality.YES),
            (0.0, 0.0, 20, Focality.YES),
            (0.0, 0.5, 20, Focality.ARM),
            (1.0, 0.0, 4, Focality.NOT_ASSESSABLE),
            (-1.0, -0.9, 20, Focality.ARM),
            (-1.0, 0.3, 20, Focality.YES),
        ],
    )
    def test_focality(self, gene_log2: float, arm_log2: float, bins: int, expected: Focality) -> None:
        own = BinStatistics(10, gene_log2, 0.02, 20)
        arm = BinStatistics(bins, arm_log2, 0.02, bins - 1)
        assert focality(own, arm, SETTINGS) is expected

    def test_boundaries(self, root: Path) -> None:
        # Known arms: MET 7q31, EGFR 7p11, ERBB2 17q12, TP53 17p13, ALK 2p23, KRAS 12p12, FGFR1 8p11.
        found = read_boundaries(root / "resources" / "reference" / "centromeres.grch38.tsv")
        on_long = {"7": 116_672_196, "17": 39_688_094, "8": 127_735_434, "13": 48_303_751}
        on_short = {"7": 55_019_017, "17": 7_668_402, "2": 29_192_774, "12": 25_205_246, "8": 38_411_138}
        assert len(found) == 24
        assert all(pos > found[chrom] for chrom, pos in on_long.items())
        assert all(pos < found[chrom] for chrom, pos in on_short.items())


@pytest.mark.real
class TestCnvkitTables:
    """CNVkit's own example samples (hg19): known gains are called, a sample without any gives none."""

    GENES = ("EGFR", "MDM2", "CDK4", "MET", "ERBB2", "KRAS", "MYC", "FGFR1")

    def models(self, real_data: Path) -> GeneModels:
        spans: dict[str, list[list[str]]] = {}
        for line in (real_data / "reference" / "panel_transcripts.grch38.tsv").read_text().splitlines()[1:]:
            cells = line.split("\t")
            if cells[0] in self.GENES:
                spans.setdefault(cells[0], []).append(cells)
        models = {}
        for name, rows in spans.items():
            exons = tuple(Exon(int(r[4]), int(r[9]) - 1, int(r[10])) for r in rows)
            models[name] = Transcript(name, rows[0][1], rows[0][2], rows[0][3], exons, None, None)
        return GeneModels(models)

    def table(self, path: Path) -> list[dict[str, str]]:
        with gzip.open(path, "rt") as stream:
            names = stream.readline().rstrip("\n").split("\t")
            return [dict(zip(names, line.rstrip("\n").split("\t"), strict=True)) for line in stream]

    def rows(self, table: list[dict[str, str]], models: GeneModels) -> dict[str, CopyNumberRow]:
        ratios = Ratios(
            chrom=[r["chromosome"] for r in table],
            start=np.array([int(r["start"]) for r in table]),
            end=np.array([int(r["end"]) for r in table]),
            log2=np.array([float(r["log2"]) for r in table]),
            weight=np.array([max(float(r["weight"]), 1e-3) for r in table]),
            residuals=np.zeros((0, len(table))),
            spread=np.full(len(table), 0.2),
            kind="pooled",
        )
        settings = SETTINGS.model_copy(
            update={
                "amplification": dict.fromkeys(self.GENES, 5.0),
                "loss_genes": (),
                "tail_probability": 1e-3,
            }
        )
        return {r.gene: r for r in copy_number_rows(ratios, models, {}, settings, None)}

    def segments(self, real_data: Path, name: str, models: GeneModels) -> list[dict[str, str]]:
        """Bins of the genes at the segment means, with a scatter of 0.2 as in the bins of these samples."""
        choose = np.random.default_rng(3)
        bins = []
        for row in self.table(real_data / "cnv" / f"cnvkit_{name}.cns.gz"):
            start, end = int(row["start"]), int(row["end"])
            for at in range(start, end, 500):
                if not models.genes_at(row["chromosome"], at):
                    continue
                log2 = float(row["log2"]) + choose.normal(0, 0.2)
                stop = min(end, at + 500)
                bins.append({**row, "start": str(at), "end": str(stop), "log2": str(log2)})
        return bins

    @pytest.mark.parametrize(
        ("sample", "raised"), [("nv3", {"EGFR"}), ("tr95t", {"MDM2", "CDK4"})], ids=["nv3", "tr95t"]
    )
    def test_gain(self, real_data: Path, sample: str, raised: set[str]) -> None:
        models = self.models(real_data)
        rows = self.rows(self.segments(real_data, sample, models), models)
        for name in raised:
            assert rows[name].call in (CopyNumberCall.GAIN, CopyNumberCall.AMPLIFICATION)

    def test_no_gain(self, real_data: Path) -> None:
        rows = self.rows(self.table(real_data / "cnv" / "cnvkit_p2-9_2.cnr.gz"), self.models(real_data))
        assert CopyNumberCall.AMPLIFICATION not in {r.call for r in rows.values()}


def test_pysam_reads_the_builder(tmp_path: Path) -> None:
    genome = random_genome({"chr1": 3000}, seed=1)
    builder = BamBuilder(genome)
    builder.molecule(stretch(genome, "chr1", 0, 3000), 900, 1066)
    with pysam.AlignmentFile(str(builder.write(tmp_path / "r.bam"))) as bam:
        records = list(bam)
    assert [r.template_length for r in records] == [166, -166]
    assert all(r.query_sequence == genome["chr1"][r.reference_start : r.reference_end] for r in records)
