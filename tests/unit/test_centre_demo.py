"""Three synthetic hospitals end to end: reports, classes, exports, one cohort compared within centres."""

from pathlib import Path

import pytest

from alktrace.classify.resistance_table import ClassificationRow, ResistanceRow
from alktrace.commands.demo import SEED, run_centres
from alktrace.demo.centre_inputs import HOSPITALS
from alktrace.demo.synthetic_outcomes import simulate_cohort
from alktrace.io.tables import read_table
from alktrace.outcomes.association_table import AssociationRow
from alktrace.outcomes.centre_table import CentreShareRow
from alktrace.outcomes.endpoint_table import EndpointPatientRow

PATIENTS = 9
pytestmark = pytest.mark.timeout(400)  # the fixture reads and classifies about forty reports


@pytest.fixture(scope="module")
def centres(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("centres")
    assert run_centres(out, seed=SEED, patients=PATIENTS) == out / "study" / "report.html"
    return out


@pytest.mark.parametrize("hospital", HOSPITALS, ids=lambda hospital: hospital.name)
def test_a_site_finds_what_its_panel_covers_and_nothing_else(centres: Path, hospital: object) -> None:
    (own,) = (one for one in HOSPITALS if one is hospital)
    truth = simulate_cohort(seed=SEED + own.seed, patients=PATIENTS).resistance
    planted = {
        (row.patient, row.timepoint, row.gene, row.alteration)
        for row in truth
        # A report without a tumour fraction, or of a loss, carries no mechanism.
        if row.gene in own.genes and row.gene != "RB1"
    }
    found = {
        (row.patient, row.timepoint, row.gene, row.alteration)
        for row in read_table(centres / own.name / "tables" / "resistance.tsv", ResistanceRow)
        if row.gene and row.gene != "RB1"
    }
    assert found == planted
    assert own.name == "SOUTH" or planted


def test_the_reports_of_one_site_are_in_chinese_alone(centres: Path) -> None:
    reports = sorted((centres / "EAST" / "calls").iterdir())
    assert reports
    for path in reports:
        header = path.read_bytes().decode("gb18030").splitlines()[0]
        assert not any(cell.isascii() for cell in header.split(","))


def test_ids_that_clash_stay_apart(centres: Path) -> None:
    rows = read_table(centres / "study" / "endpoint_patients.tsv", EndpointPatientRow)
    # Every hospital has a patient S001.
    assert len({row.patient for row in rows}) == 3 * PATIENTS
    assert {row.centre for row in rows} == {"NORTH", "SOUTH", "EAST"}
    assert all(row.patient.startswith(f"{row.centre}-") for row in rows)
    for name in ("NORTH", "SOUTH", "EAST"):
        left = b"".join(
            path.read_bytes() for path in (centres / "exports" / name).rglob("*") if path.is_file()
        )
        assert b"S001" not in left
        assert "融合".encode() not in left


def test_a_panel_of_one_gene_excludes_nothing_beyond_it(centres: Path) -> None:
    rows = read_table(centres / "study" / "centre_shares.tsv", CentreShareRow)
    (south,) = (row for row in rows if (row.centre, row.name) == ("SOUTH", "met_amplification"))
    assert (south.n, south.share) == (0, None)
    assert south.not_targeted == south.patients
    (alk,) = (row for row in rows if (row.centre, row.name) == ("SOUTH", "alk_mutation"))
    assert alk.total


def test_comparisons_are_within_centres(centres: Path) -> None:
    rows = read_table(centres / "study" / "associations.tsv", AssociationRow)
    assert any("compared within centres" in (row.note or "") for row in rows)
    merged = read_table(centres / "study/merged/tables/classification.tsv", ClassificationRow)
    each = [
        len(read_table(centres / one.name / "tables/classification.tsv", ClassificationRow))
        for one in HOSPITALS
    ]
    assert len(merged) == sum(each)
