"""Sections of the MultiQC page: what the metrics of a sample become, and that MultiQC shows it."""

import base64
import gzip
import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from present_values import present

from alktrace.calling.noise.error_rate_table import ErrorRateRow
from alktrace.consensus.losses import REASONS
from alktrace.consensus.molecule_table import MoleculeMetric
from alktrace.io.tables import header, write_table
from alktrace.qc.qc_table import QcRow
from alktrace.report.multiqc_page import settle_multiqc
from alktrace.report.multiqc_sections import REASON_TEXT, multiqc_sections, write_multiqc_sections
from alktrace.vocabulary.detection import MoleculeGroup
from alktrace.vocabulary.samples import IdentityStatus, Verdict

NAMES = ("samples", "duplex_yield", "error_rates", "family_sizes", "insert_sizes", "reads_lost")
NEEDS_MULTIQC = pytest.mark.skipif(shutil.which("multiqc") is None, reason="command-line tools are missing")
DUPLEX, PLAIN, GIVEN = "P01.PD1.plasma", "P02.PD1.bam", "P03.PD1.plasma"


def metrics(text: str) -> list[MoleculeMetric]:
    """Rows from lines of metric, stratum and value."""
    rows = (line.rsplit("|", 2) for line in text.split())
    return [
        MoleculeMetric(metric, stratum.replace("_", " "), float(value)) for metric, stratum, value in rows
    ]


MOLECULES = {
    PLAIN: metrics(
        "reads_used|all|80 reads_lost|unmapped|20 family_size|1|30 family_size|100|5 family_size|250|5 "
        "mean_family_size|all|2.5 collision_rate|all|0.04 error_rate|raw_C>T|0.001 errors|raw_C>T|10 "
        "compared_bases|raw_C>T|10000 error_rate|raw_C>G|0 errors|raw_C>G|0 compared_bases|raw_C>G|10000"
    ),
    DUPLEX: metrics(
        "reads_used|all|10 reads_lost|orphan|2 reads_lost|unmapped|0 family_size|1|6 family_size|4|2 "
        "mean_family_size|all|1.75 duplex_yield|10|0.1 duplex_yield|90|0.3 duplex_yield|100|0.5 "
        "insert_size|160|3 insert_size|190|1 on_target_share|all|0.75 umi_collisions|all|0.5 "
        "collision_rate|all|0.01 error_rate|raw_A>G|0.0002 errors|raw_A>G|4 "
        "compared_bases|raw_A>G|20000 error_rate|strand_A/G|0.00002 "
        "error_rate|simplex_A/G|0.00001 error_rate|expected_duplex_A/G|0.0000000001"
    ),
}


def against_reference(group: MoleculeGroup, substitution: str, errors: int, bases: int) -> ErrorRateRow:
    """A row whose interval and what was left out play no part."""
    rate = errors / bases if bases else None
    return ErrorRateRow(group, substitution, errors, bases, rate, None, None, 0, 0, 0)


ERROR_RATES = {
    DUPLEX: [
        against_reference(MoleculeGroup.SINGLE, "C>T", 0, 0),
        against_reference(MoleculeGroup.SIMPLEX, "C>T", 3, 100_000),
        against_reference(MoleculeGroup.DUPLEX, "C>T", 2, 1_000_000),
        against_reference(MoleculeGroup.DUPLEX, "T>G", 0, 1_000_000),
    ],
    GIVEN: [against_reference(MoleculeGroup.SINGLE, "C>T", 7, 10_000)],
}
NOTHING: dict[str, Any] = dict.fromkeys(header(QcRow))
ROW = QcRow(
    **NOTHING
    | {"patient": "P01", "timepoint": "PD1", "specimen": "plasma", "role": "patient", "assay": "panel"}
    | {
        "sex": "unknown",
        "identity": IdentityStatus.MATCH,
        "verdict": Verdict.WARN,
        "raw_reads": 12,
        "duplex_yield": 0.5,
    }
    | {"control_expected": (), "control_found": (), "fusions": "EML4-ALK E13;A20, KIF5B-RET", "reasons": ()}
)
QUALITY = [
    ROW,
    replace(ROW, timepoint="BL", verdict=Verdict.PASS),
    replace(ROW, patient="P02", specimen="bam"),
]


@pytest.fixture(scope="module")
def sections() -> dict[str, dict[str, Any]]:
    return multiqc_sections(MOLECULES, ERROR_RATES, QUALITY)


def test_family_sizes_are_shares_without_gaps(sections: dict[str, dict[str, Any]]) -> None:
    data = sections["family_sizes"]["data"]
    assert data[DUPLEX] == [[1, 75.0], [2, 0.0], [3, 0.0], [4, 25.0]]


def test_the_largest_families_are_one_point(sections: dict[str, dict[str, Any]]) -> None:
    line = dict(map(tuple, sections["family_sizes"]["data"][PLAIN]))
    assert (line[1], line[100], max(line), sum(line.values())) == (75.0, 25.0, 100, 100.0)


def test_insert_sizes_are_shares_from_the_first_bin_to_the_last(
    sections: dict[str, dict[str, Any]],
) -> None:
    assert sections["insert_sizes"]["data"] == {DUPLEX: [[160, 75.0], [170, 0.0], [180, 0.0], [190, 25.0]]}


def test_duplex_yield_runs_over_the_share_of_reads_by_number(
    sections: dict[str, dict[str, Any]],
) -> None:
    assert sections["duplex_yield"]["data"] == {DUPLEX: [[10, 10.0], [90, 30.0], [100, 50.0]]}


def test_error_rates_are_measured_ones(sections: dict[str, dict[str, Any]]) -> None:
    """Of no error in n bases the bound is shown, 3.7 / n; what is expected of two strands stays away."""
    found = sections["error_rates"]
    assert found["data"] == {
        DUPLEX: {"raw A>G": 2e-4, "simplex C>T": 3e-5, "duplex C>T": 2e-6, "duplex T>G": "<3.7e-06"},
        PLAIN: {"raw C>T": 1e-3, "raw C>G": "<3.7e-04"},
        GIVEN: {"single C>T": 7e-4},
    }
    assert list(found["headers"]) == [
        "raw A>G", "raw C>G", "raw C>T", "single C>T", "simplex C>T", "duplex C>T", "duplex T>G",
    ]  # fmt: skip
    assert all(word in found["description"] for word in ("measured", "upper estimates", "left out"))


def test_reads_lost_and_used_are_all_reads(sections: dict[str, dict[str, Any]]) -> None:
    found = sections["reads_lost"]
    assert found["data"] == {
        DUPLEX: {"used": 10, "orphan": 2, "unmapped": 0},
        PLAIN: {"used": 80, "unmapped": 20},
    }
    assert next(iter(found["categories"])) == "used"


def test_every_reason_of_loss_has_words(sections: dict[str, dict[str, Any]]) -> None:
    assert set(REASON_TEXT) == {"used", *REASONS[1:]} == set(sections["reads_lost"]["categories"])


def test_a_sample_has_one_row_with_what_its_molecules_say() -> None:
    row = replace(ROW, patient=DUPLEX.split(".", maxsplit=1)[0])
    (name,) = multiqc_sections({}, {}, [row])["samples"]["data"]
    found = multiqc_sections({name: MOLECULES[DUPLEX]}, {}, [row])["samples"]
    assert list(found["data"]) == [name]
    cells = found["data"][name]
    assert (cells["mean_family_size"], cells["umi_collisions"], cells["collision_rate"]) == (1.75, 0.5, 0.01)
    assert set(cells) <= set(found["headers"])


def test_controls_are_in_the_table_and_in_no_figure() -> None:
    name = "P01.PD1.plasma"
    found = multiqc_sections(
        {name: MOLECULES[DUPLEX]}, {name: ERROR_RATES[DUPLEX]}, [replace(ROW, role="control")]
    )
    assert [section for section in NAMES if found[section]["data"]] == ["samples"]


def test_every_timepoint_of_a_patient_has_its_row(
    sections: dict[str, dict[str, Any]],
) -> None:
    data = sections["samples"]["data"]
    assert list(data) == ["P01.BL.plasma", "P01.PD1.plasma", "P02.PD1.bam"]
    assert (data["P01.BL.plasma"]["verdict"], data["P01.PD1.plasma"]["verdict"]) == ("pass", "warn")
    assert data["P01.BL.plasma"]["fusions"] == "EML4-ALK E13;A20, KIF5B-RET"
    assert "control_found" not in data["P01.BL.plasma"]
    assert next(iter(sections["samples"]["headers"])) == "verdict"


def test_order_of_samples_makes_no_difference(sections: dict[str, dict[str, Any]]) -> None:
    turned = multiqc_sections(
        dict(reversed(MOLECULES.items())), dict(reversed(ERROR_RATES.items())), QUALITY[::-1]
    )
    assert json.dumps(turned) == json.dumps(sections)


def test_consensus_bams_alone_have_quality_and_measured_rates() -> None:
    found = multiqc_sections({}, {GIVEN: ERROR_RATES[GIVEN]}, QUALITY)
    assert [name for name in NAMES if found[name]["data"]] == ["samples", "error_rates"]


# --- MultiQC itself --------------------------------------------------------------------------


def render(
    root: Path,
    folder: Path,
    molecules: dict[str, list[MoleculeMetric]],
    error_rates: dict[str, list[ErrorRateRow]],
    quality: list[QcRow],
) -> tuple[subprocess.CompletedProcess[str], Path, Path]:
    """MultiQC's page and the data it took from the sections of some samples."""
    write_table(folder / "qc.tsv", QcRow, quality)
    for name, metrics in molecules.items():
        write_table(folder / f"{name}.tsv", MoleculeMetric, metrics)
    for name, rates in error_rates.items():
        write_table(folder / f"{name}.errors.tsv", ErrorRateRow, rates)
    out = [folder / f"{name}_mqc.json" for name in NAMES]
    write_multiqc_sections(
        molecules={name: folder / f"{name}.tsv" for name in molecules},
        error_rates={name: folder / f"{name}.errors.tsv" for name in error_rates},
        quality=folder / "qc.tsv",
        out=out,
    )
    (folder / "list").write_text("".join(f"{path}\n" for path in out))
    command: list[str | Path] = [
        "multiqc",
        "--strict",
        "--quiet",
        "--no-version-check",
        "--file-list",
        folder / "list",
    ]
    command += ["--config", root / "resources/multiqc.yaml", "--outdir", folder / "out"]
    command += ["--filename", "multiqc.html"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done, folder / "out" / "multiqc.html", folder / "out" / "multiqc_data" / "multiqc_data.json"


@NEEDS_MULTIQC
def test_multiqc_shows_every_section(root: Path, tmp_path: Path) -> None:
    done, page, data = render(root, tmp_path, MOLECULES, ERROR_RATES, QUALITY)
    assert done.returncode == 0, done.stdout + done.stderr
    plots = json.loads(data.read_text())["report_plot_data"]
    text = page.read_text()
    assert set(plots) >= {f"alktrace_{name}_plot" for name in NAMES}
    assert all(f'id="alktrace_{name}' in text for name in NAMES)
    lines = {
        name: {line["name"]: line["pairs"] for line in plots[f"alktrace_{name}_plot"]["datasets"][0]["lines"]}
        for name in ("family_sizes", "duplex_yield", "insert_sizes")
    }
    assert lines["family_sizes"][DUPLEX] == [[1, 75.0], [2, 0.0], [3, 0.0], [4, 25.0]]
    assert lines["duplex_yield"] == {DUPLEX: [[10, 10.0], [90, 30.0], [100, 50.0]]}
    assert set(lines["insert_sizes"]) == {DUPLEX}
    assert PLAIN in lines["family_sizes"], "a specimen named like a file keeps its name"
    rates = text[text.index('id="alktrace_error_rates') :]
    assert "2.0e-06" in rates and "3.7e-06" in rates, (
        "a bound is no number to MultiQC and is shown all the same"
    )


@NEEDS_MULTIQC
def test_a_cohort_of_reports_has_a_page_too(root: Path, tmp_path: Path) -> None:
    done, page, _ = render(root, tmp_path, {}, {}, [])
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No sample of this cohort comes from reads." in page.read_text()


@NEEDS_MULTIQC
def test_the_page_of_equal_data_has_equal_bytes(root: Path, tmp_path: Path) -> None:
    pages = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        _, page, _ = render(root, tmp_path / name, MOLECULES, ERROR_RATES, QUALITY)
        pages.append(page)
    before, second = (page.read_bytes() for page in pages)
    assert before != second, "MultiQC still draws an id and writes the time"
    assert [settle_multiqc(page) for page in pages] == [[], []]
    first, second = (page.read_bytes() for page in pages)
    assert first == second
    assert str(tmp_path).encode() not in first
    packed = re.compile(rb'id="mqc_compressed_plotdata">([^<]+)')
    data = [gzip.decompress(base64.b64decode(present(packed.search(text))[1])) for text in (before, first)]
    assert data[0] == data[1], "the figures are those that MultiQC packed"
