"""`fix` without rolling medians, and the flat reference, held against CNVkit itself."""

import random
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from structural_bam import write_fasta

from alktrace.errors import DataError
from alktrace.structural.copy_number.bins import fix_bins, match_reference, read_bins
from alktrace.structural.copy_number.coverage import make_bins
from alktrace.structural.copy_number.normalise import build_copy_number_reference, read_ratios

LENGTH = 60_000
CHROMS = ("chr1", "chr2", "chr10", "chrX", "chrY")
# The second chromosome is rich in A and T beyond what CNVkit uses.
AT_SHARE = (0.5, 0.75, 0.55, 0.5, 0.6)
BIN_SIZE = 250


class Panel:
    """Targets and genome on disk, and coverage tables of made-up samples."""

    def __init__(self, folder: Path, targets: int) -> None:
        self.folder = folder
        self.bed = folder / "targets.bed"
        starts = [1000 + i * (LENGTH - 2000) // targets for i in range(targets)]
        choose = random.Random(7)
        lines = [
            f"{chrom}\t{start}\t{start + choose.randrange(120, 240)}\tg{start % 5}"
            for chrom in CHROMS
            for start in starts
        ]
        self.bed.write_text("\n".join(lines) + "\n")
        genome = {
            chrom: "".join(choose.choices("ACGT", weights=(at, 1 - at, 1 - at, at), k=LENGTH))
            for chrom, at in zip(CHROMS, AT_SHARE, strict=True)
        }
        self.fasta = write_fasta(folder / "genome.fa", genome)
        self.bins = make_bins(self.bed, BIN_SIZE)
        self.capture = np.random.default_rng(3).lognormal(0, 0.5, len(self.bins))

    def sample(self, name: str, seed: int, *, depth: float = 300, empty: float = 0.0) -> Path:
        choose = np.random.default_rng(seed)
        expected = depth * self.capture * choose.lognormal(0, 0.1, len(self.bins))
        depths = choose.poisson(expected) * (choose.random(len(self.bins)) >= empty)
        lines = ["chromosome\tstart\tend\tgene\tdepth\tlog2"]
        lines += [
            f"{b.chrom}\t{b.start}\t{b.end}\t{b.name}\t{d}\t{np.log2(d) if d else -20:.6g}"
            for b, d in zip(self.bins, depths, strict=True)
        ]
        path = self.folder / f"{name}.cnn"
        path.write_text("\n".join(lines) + "\n")
        return path

    def reference(self, name: str, normals: int) -> Path:
        out = self.folder / f"{name}.reference.cnn"
        build_copy_number_reference(
            coverages=[self.sample(f"{name}{i}", 50 + i) for i in range(normals)],
            fasta=self.fasta,
            targets=self.bed,
            out=out,
            bin_size=BIN_SIZE,
            min_normals=3,
        )
        return out


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Panel:
    return Panel(tmp_path_factory.mktemp("small"), 25)


@pytest.fixture(scope="module", params=[0, 5], ids=["flat", "pooled"])
def reference(request: pytest.FixtureRequest, panel: Panel) -> Path:
    return panel.reference(f"r{request.param}", request.param)


def by_cnvkit(coverage: Path, reference: Path, *, windows: bool) -> pd.DataFrame:
    """Return what CNVkit's own `fix` says: chromosome, start, log2, weight."""
    from cnvlib.cmdutil import read_cna
    from cnvlib.fix import do_fix

    sample = read_cna(str(coverage))
    fixed: pd.DataFrame = do_fix(
        sample, sample[:0], read_cna(str(reference)), do_gc=windows, do_edge=windows, do_rmask=False
    ).data
    return fixed


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("depth", "empty"), [(300, 0.0), (300, 0.2), (3, 0.0), (0.2, 0.5)], ids=["deep", "holes", "thin", "bare"]
)
def test_equals_cnvkit(panel: Panel, reference: Path, depth: float, empty: float) -> None:
    for seed in range(3):
        coverage = panel.sample("s", seed, depth=depth, empty=empty)
        expected = by_cnvkit(coverage, reference, windows=False)
        sample = read_bins(coverage)
        fixed, _ = fix_bins(sample, match_reference(sample, read_bins(reference), coverage))
        # Bins of chr2 with too little G and C are masked by both, so fewer come out than went in.
        assert 0 < len(fixed.chrom) < len(panel.bins)
        assert fixed.chrom == list(expected["chromosome"])
        assert fixed.start.tolist() == expected["start"].tolist()
        assert fixed.numbers["log2"] == pytest.approx(expected["log2"].to_numpy(), abs=1e-9)
        assert fixed.numbers["weight"] == pytest.approx(expected["weight"].to_numpy(), abs=1e-9)


@pytest.mark.filterwarnings("ignore")
def test_flat_reference_is_cnvkits(panel: Panel, tmp_path: Path) -> None:
    from cnvlib.reference import do_reference_flat

    bed = tmp_path / "bins.bed"
    bed.write_text("".join(f"{b.chrom}\t{b.start}\t{b.end}\t{b.name}\n" for b in panel.bins))
    expected = do_reference_flat(str(bed), fa_fname=str(panel.fasta))
    expected.data.to_csv(tmp_path / "cnvkit.cnn", sep="\t", index=False, float_format="%.6g")
    assert panel.reference("none", 0).read_text() == (tmp_path / "cnvkit.cnn").read_text()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("normals", [0, 4], ids=["flat", "pooled"])
def test_large_panels_go_through_cnvkits_windows(tmp_path: Path, normals: int) -> None:
    panel = Panel(tmp_path, 201)
    assert len(panel.bins) > 1000
    reference = panel.reference("large", normals)
    coverage = panel.sample("s", 1)
    expected = by_cnvkit(coverage, reference, windows=True)
    ratios = read_ratios(coverage, reference)
    assert ratios.start.tolist() == expected["start"].tolist()
    assert ratios.log2 == pytest.approx(np.maximum(expected["log2"].to_numpy(), -5.0), abs=1e-9)
    assert ratios.residuals.shape == (normals, len(ratios.chrom))
    assert ratios.kind == ("pooled" if normals else "flat")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no column"),
        ("chromosome\tstart\tend\tgene\tdepth\n", "no column log2"),
        ("chromosome\tstart\tend\tgene\tlog2\nchr1\t1\t9\tx\tmany\n", "many"),
        ("chromosome\tstart\tend\tgene\tlog2\nchr1\tone\t9\tx\t1\n", "one"),
    ],
    ids=["empty", "no-log2", "log2", "start"],
)
def test_no_table_of_bins(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "x.cnn"
    path.write_text(text)
    with pytest.raises(DataError, match=message):
        read_bins(path)


def test_importing_cnvkit_is_left_to_those_who_need_it(panel: Panel, tmp_path: Path) -> None:
    """A flat reference and a small panel cost no import of CNVkit."""
    import subprocess
    import sys

    code = (
        "import sys; from pathlib import Path;"
        "from alktrace.structural.copy_number.normalise import read_ratios;"
        f"read_ratios(Path({str(panel.sample('s', 1))!r}), Path({str(panel.reference('f', 0))!r}));"
        "sys.exit('cnvlib' in sys.modules or 'pandas' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
