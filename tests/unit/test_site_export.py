"""What leaves a site: only what is listed, under names that nobody can trace back."""

import json
import re
import stat
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from alktrace.calling.genotyping.genotype_table import GenotypeRow
from alktrace.centres.exported_columns import Leaving, exported_columns
from alktrace.centres.genotype_hashes import SameRow, hashes_of
from alktrace.centres.pseudonyms import Pseudonyms, open_key
from alktrace.centres.site_differences import Site, notes, refusals
from alktrace.centres.site_export import ACCOUNTS, PARTS, RESULTS
from alktrace.centres.site_manifest import MANIFEST, SiteManifest, read_manifest, write_manifest
from alktrace.centres.site_merge import _drugs, _rows, merge_sites
from alktrace.commands.cohort import run as cohort
from alktrace.commands.export_site import run as export
from alktrace.demo.synthetic_outcomes import write_outcomes
from alktrace.errors import DataError, InputProblems
from alktrace.inputs.config_file import load_settings
from alktrace.inputs.knowledge_files import open_knowledge
from alktrace.io.resources import DEFAULTS, resource
from alktrace.io.tables import header, read_table, write_table
from alktrace.outcomes.clinical_schema import FILES

pytestmark = pytest.mark.timeout(300)  # some tests make the cohort twice


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    write_outcomes(out=folder / "tables", seed=11, patients=25)
    return folder


def exported(site: Path, name: str, *, key: str = "key") -> Path:
    out = site / name
    export(site / "tables/clinical", site / "tables", site=name, key=site / key, out=out)
    return out


def all_bytes(folder: Path) -> bytes:
    return b"\n".join(path.name.encode() + path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_every_column_is_listed_with_what_happens_to_it() -> None:
    listed = exported_columns()
    for name, row_type in {**FILES, **RESULTS}.items():
        assert list(listed[name]) == list(header(row_type)), name
    assert set(listed) == {*FILES, *RESULTS, "accounts", "genotype_hashes"}
    assert set(PARTS) == set(FILES) - {"drugs"}


def test_every_date_and_patient_is_replaced() -> None:
    for name, row_type in {**FILES, **RESULTS}.items():
        for item in fields(row_type):
            rule = exported_columns()[name][item.name]
            if item.name == "patient":
                assert rule is Leaving.PSEUDONYM
            elif "date" in str(item.type):
                assert rule is Leaving.DAY, f"{name}.{item.name}"


def test_the_key_is_made_once_and_is_private(tmp_path: Path) -> None:
    key = open_key(tmp_path / "keys" / "key", tmp_path / "out")
    assert stat.S_IMODE((tmp_path / "keys" / "key").stat().st_mode) == 0o600
    assert open_key(tmp_path / "keys" / "key", tmp_path / "out") == key
    with pytest.raises(DataError, match="lies in the folder of the export"):
        open_key(tmp_path / "out" / "key", tmp_path / "out")
    (tmp_path / "keys" / "key").chmod(0o644)
    with pytest.raises(DataError, match="others than its owner"):
        open_key(tmp_path / "keys" / "key", tmp_path / "out")


def test_pseudonyms_are_those_of_the_standard_and_of_the_key() -> None:
    # HMAC-SHA256 of `patient S001` under a key of 32 zero bytes, by `openssl dgst -sha256 -mac HMAC`.
    assert Pseudonyms(bytes(32)).patient("S001") == "d824947f218a4b5d"
    assert Pseudonyms(b"1" * 32).patient("S001") != Pseudonyms(bytes(32)).patient("S001")


def test_another_key_gives_other_ids(site: Path) -> None:
    one = exported(site, "ONE")
    again = exported(site, "AGAIN")
    other = exported(site, "OTHER", key="other-key")
    table = "clinical/patients.tsv"
    assert (one / table).read_text() == (again / table).read_text()
    ids = [
        {line.split("\t")[0] for line in (out / table).read_text().splitlines()[1:]} for out in (one, other)
    ]
    assert len(ids[0]) == 25
    assert not ids[0] & ids[1]


def test_the_merged_export_of_one_site_has_the_outcomes_of_the_site(site: Path) -> None:
    """Days, pseudonyms and withheld columns change no figure."""
    at_site = cohort([site / "tables/clinical", site / "tables"], out=site / "here").parent
    merged = cohort([exported(site, "NORTH")], out=site / "there").parent
    names = {path.name for path in at_site.iterdir()}
    assert {path.name for path in merged.iterdir()} == names | {"merged"}
    tables = {name: [(out / name).read_text() for out in (at_site, merged)] for name in names}
    for name, (here, there) in sorted(tables.items()):
        # Tables of patients have ids and dates of their own; the flow lists patients in the order of ids.
        if name in ("report.html", "flow.tsv") or "patient" in here.split("\n")[0].split("\t"):
            assert len(here.splitlines()) == len(there.splitlines()) or name == "report.html", name
        else:
            assert here == there, name


# Words that nobody but the site may know, in the places where people and programs write such words.
PERSON, VISIT, BLOCK = "SCHMIDT-ANNA", "Visit-19May", "Block-B7731"
SECRETS = (
    PERSON,
    VISIT,
    BLOCK,
    "Dr Weber",
    "/home/anna",
    "K1234N",
    "chr9:4444444",
    "Klinikum",
    "5555555",
    "王",
)


INHERITED_CELLS = {
    "gene": "ALK",
    "alteration": "K1234N",
    "key": "chr9:4444444:A:T",
    "origin": "germline",
    "flags": "probable_germline",
}
FLAGS = f"probable_germline:ALK K1234N;specimens_disagree:{BLOCK}"


def poisoned(folder: Path) -> Path:
    """A site with one patient more, whose every word of a person is one of the secrets."""
    write_outcomes(out=folder, seed=3, patients=6)
    clinical = folder / "clinical"
    rows = {
        "patients": f"{PERSON}\t2021-04-03\t2021-03-01\tfemale\t97\tDr Weber: 王\tnever\tfalse\t1\tKlinikum",
        "treatments": f"{PERSON}\t1\tlorlatinib\t2021-05-19\t2022-05-19\tprogression\tDr Weber scheme",
        "assessments": f"{PERSON}\t2022-05-19\tPD\tsystemic",
        "pathology": f"{PERSON}\t2022-05-19\tsmall_cell\ttrue\tDr Weber:positive",
        "adverse_events": f"{PERSON}\tquarrel with Dr Weber\t2\t2021-06-01\tunknown",
        "follow_up": f"{PERSON}\t2022-09-01\t.",
        "reports": f"{PERSON}\t{VISIT}\t2022-05-19\t2022-06-01",
    }
    for name, row in rows.items():
        path = clinical / f"{name}.tsv"
        lines = path.read_text().splitlines()
        if name == "patients":
            lines = [f"{lines[0]}\tcentre", *(f"{line}\tKlinikum" for line in lines[1:])]
        path.write_text("\n".join([*lines, row]) + "\n")
    (clinical / "drugs.tsv").write_text("drug\talk_tki\tsynonyms\nabemaciclib-x\tfalse\tDr Weber\n")
    words = {
        "classification": {
            "classification": "BYPASS",
            "components": "bypass",
            "timing": "ACQUIRED",
            "confidence": "established",
            "flags": FLAGS,
        },
        "resistance": {
            "classification": "BYPASS",
            "component": "bypass",
            "mechanism": "Dr Weber saw it",
            "gene": "Klinikum",
            "alteration": "Dr Weber saw it",
            "hgvs_p": "p.Lys1234Asn",
            "position_grch38": "chr9:4444444A>T",
            "lead_specimen": BLOCK,
            "specimens": BLOCK,
            "phase_partner": "Dr Weber;K1234N",
            "phase_evidence": ".",
            "variant_type": "snv",
            "not_assessable": "/home/anna",
            "evidence": "Dr Weber 2021",
            "flags": f"specimens_disagree:{BLOCK}",
        },
        "evidence": {
            "specimen": BLOCK,
            "specimen_type": "tissue",
            "key": "reported:ALK:Dr Weber",
            "gene": "Klinikum",
            "variant_type": "snv",
            "alteration": "Dr Weber saw it",
            "hgvs_c": "c.5555555A>T",
            "origin": "somatic",
            "detection": "detected",
            "source": "reported",
            "filters": "/home/anna",
        },
    }
    for name, cells in words.items():
        names = header(RESULTS[name])
        own = {"patient": PERSON, "timepoint": VISIT, "setting": "progression"} | cells
        poison = [own] if name == "classification" else [own, own | INHERITED_CELLS]
        with (folder / f"{name}.tsv").open("a") as stream:
            stream.writelines("\t".join(line.get(one, ".") for one in names) + "\n" for line in poison)
    account = {
        "patient": PERSON,
        "timepoint": VISIT,
        "setting": "progression",
        "decision": "Dr Weber",
        "windows": {BLOCK: {}},
        "fusion": {"seen": ["/home/anna"]},
        "genes_excluded": ["TP53", "Klinikum"],
        "excluded": [
            {
                "kind": "alk_mutation",
                "status": "found",
                "informative": True,
                "not_enough": ["ALK Klinikum"],
                "loci": {"ALK G1202": 0.1, "ALK Dr Weber": 0.2, "Klinikum gene": 0.3},
            }
        ],
        "alterations": [
            {
                "code": "ALK_RESISTANCE",
                "origin": "somatic",
                "effect": "on_target",
                "key": "chr9:4444444:A:T",
                "name": "ALK K1234N",
                "explanation": "Dr Weber",
            },
            {
                "code": "NO_KNOWN_EFFECT",
                "origin": "undecided",
                "effect": "co_alteration",
                "key": "chr9:4444444:A:T",
                "name": "TP53 K1234N",
            },
            {
                "code": "PROBABLE_GERMLINE",
                "origin": "somatic",
                "effect": "none",
                "key": "k",
                "name": "ALK K1234N",
            },
        ],
        "specimens": [
            {
                "specimen": BLOCK,
                "specimen_type": "tissue",
                "collected": "2022-05-19",
                "usable": True,
                "assay": "Klinikum",
                "excludes": [],
                "flags": [],
                "problems": ["/home/anna"],
                "tumour_fraction": {"value": 0.3, "markers": ["ALK K1234N"]},
                "board": {"progression_site": "systemic", "drugs": ["Dr Weber"]},
            }
        ],
    }
    (folder / "details" / f"{PERSON}.{VISIT}.resistance.json").write_text(json.dumps(account))
    return folder


def test_no_id_name_path_free_text_or_inherited_variant_leaves(tmp_path: Path) -> None:
    folder = poisoned(tmp_path / "klinikum-anna")
    config = tmp_path / "config.yaml"
    config.write_text("exclude: [S006]\nclinical: /home/anna/clinical\n")
    out = tmp_path / "out"
    told = export(folder / "clinical", folder, site="NORTH", key=tmp_path / "key", out=out, config=config)
    left = all_bytes(out)
    names = [line.split("\t")[0] for line in (folder / "clinical/patients.tsv").read_text().splitlines()[1:]]
    assert len(names) == 7
    for secret in (*SECRETS, *names, (tmp_path / "key").read_text().strip(), str(tmp_path), "Lys1234"):
        assert secret.casefold().encode() not in left.lower(), secret
    # A code alone says that something is inherited.
    assert b"probable_germline" not in left
    # No calendar date of anybody either: 2012 and later are dates of nothing here.
    assert not re.search(
        rb"(19|20)\d\d-\d\d-\d\d",
        b"".join(path.read_bytes() for path in out.rglob("*.tsv") if path.name != "columns.tsv"),
    )
    manifest = json.loads((out / MANIFEST).read_text())
    # S006 is left out by the settings, and nothing of it is here; what had no known form is counted.
    assert manifest["patients"] == 6
    assert manifest["withheld"]["patients.alk_fusion"] == 1
    assert "\t90\t" in (out / "clinical/patients.tsv").read_text()
    assert any("ages above 89" in line for line in told)


def test_no_id_and_no_date_of_the_demo_leaves(site: Path) -> None:
    """Every id and date in any file of the cohort is looked for in the bytes of its export."""
    files = [path for path in (site / "tables").rglob("*") if path.suffix in (".tsv", ".json")]
    text = "\n".join(path.read_text() for path in files)
    secrets = {*re.findall(r"\bS\d{3}\b", text), *re.findall(r"\b20\d\d-\d\d-\d\d\b", text)}
    secrets.add(str(site))
    assert len(secrets) > 200
    left = all_bytes(exported(site, "NOBODY")).lower()
    assert [secret for secret in secrets if secret.lower().encode() in left] == []


def test_the_poisoned_site_still_says_what_it_may(tmp_path: Path) -> None:
    folder = poisoned(tmp_path / "site")
    out = tmp_path / "out"
    export(folder / "clinical", folder, site="NORTH", key=tmp_path / "key", out=out)
    (account,) = [one for one in json.loads((out / ACCOUNTS).read_text()) if "genes_excluded" in one]
    assert account["genes_excluded"] == ["TP53"]
    assert account["excluded"][0]["loci"] == {"ALK G1202": 0.1}
    assert [item.get("name") for item in account["alterations"]] == ["ALK", None]
    assert account["specimens"][0]["collected"] == 365
    assert account["specimens"][0]["tumour_fraction"] == {"value": 0.3}
    events = (out / "clinical/adverse_events.tsv").read_text()
    assert "Other" in events
    assert "Cholesterol high" in events
    # The rows of the secret patient: the reported change by its kind, the inherited one not at all.
    rows = [line.split("\t") for line in (out / "resistance.tsv").read_text().splitlines()]
    place = rows[0].index("alteration")
    assert sum(row[place] == "snv" for row in rows) == 1
    merged = cohort([out], out=tmp_path / "merged").parent
    assert (merged / "report.html").is_file()


def test_an_export_that_was_changed_is_refused(site: Path) -> None:
    out = exported(site, "EDITED")
    path = out / "clinical" / "follow_up.tsv"
    path.write_text(path.read_text().replace("\t.\n", "\t7\n", 1))
    with pytest.raises(DataError, match=r"follow_up.tsv: is not the file that was exported"):
        cohort([out], out=site / "edited")
    (out / MANIFEST).write_text((out / MANIFEST).read_text().replace('"EDITED"', '"EDITOR"'))
    with pytest.raises(DataError, match="was changed after it was written"):
        cohort([out], out=site / "edited")


def test_one_patient_in_two_exports_of_one_key_is_named(site: Path) -> None:
    exports = [exported(site, name) for name in ("WARD", "CLINIC")]
    with pytest.raises(InputProblems, match="under the same key"):
        cohort(exports, out=site / "twice")


def ours(**changes: object) -> SiteManifest:
    given = {
        "site": "NORTH",
        "version": "0.2.0",
        "code": "c",
        "dates": "days",
        "cutoff": None,
        "key": "k",
        "patients": 1,
        "resistance": {"clones": {"min_share": 0.1}},
        "cohort": {"min_at_risk": 5},
        "knowledge": {"bypass": "1", "drugs": "1"},
        "assays": {"panel": {"targets": "1"}},
        "withheld": {},
        "small_groups": 0,
        "files": {},
    }
    return SiteManifest.model_validate(given | changes)


def test_what_differs_is_named_and_refused_only_where_rows_would_mean_other_things() -> None:
    same = Site(Path("a"), ours())
    assert not [*refusals([same], ours()), *notes([same], ours())]
    other = Site(
        Path("b"),
        ours(
            site="SOUTH",
            version="0.1.0",
            code="d",
            dates="kept",
            cohort={"min_at_risk": 9},
            knowledge={"bypass": "2", "drugs": "2"},
            assays={"panel": {"targets": "2"}},
            withheld={"x.y": 3},
        ),
    )
    assert [problem.column for problem in refusals([same, other], ours())] == ["version", "knowledge.bypass"]
    assert list(notes([same, other], ours())) == [
        "SOUTH: classified by other code of version 0.1.0",
        "SOUTH: cohort.min_at_risk was 9 at the site; here 5 counts",
        "SOUTH: knowledge table drugs differs (2, here 1); ours counts",
        "SOUTH: 3 cells of no known form stayed there (x.y)",
        "assay panel: targets is '1' at NORTH and '2' at SOUTH",
        "dates are days at NORTH and kept at SOUTH",
    ]


def test_drugs_of_sites_must_mean_the_same(tmp_path: Path) -> None:
    sites = []
    for name, kind in (("NORTH", "true"), ("SOUTH", "false")):
        path = tmp_path / name / "clinical" / "drugs.tsv"
        path.parent.mkdir(parents=True)
        path.write_text(f"drug\talk_tki\nexamplib\t{kind}\n")
        sites.append(Site(tmp_path / name, ours(site=name)))
    with pytest.raises(InputProblems, match=r"'examplib' is an ALK inhibitor by one of SOUTH and NORTH"):
        _drugs(sites, frozenset(), {})
    rows, told = _drugs(sites[1:], frozenset(), {"examplib": "examplinib"})
    assert (rows, told) == ([], ["SOUTH: drug 'examplib' is examplinib here"])
    # Known here as an inhibitor, declared as none there.
    with pytest.raises(InputProblems, match="our knowledge"):
        _drugs(sites[1:], frozenset({"examplinib"}), {"examplib": "examplinib"})


def test_a_day_that_is_none_and_a_manifest_of_other_fields_are_named(tmp_path: Path) -> None:
    path = tmp_path / "clinical" / "follow_up.tsv"
    path.parent.mkdir()
    for text in ("soon", "99999"):
        path.write_text(f"patient\tlast_contact\tdeath\nab\t{text}\t.\n")
        with pytest.raises(DataError, match="a day that is no number of days"):
            _rows(Site(tmp_path, ours()), "follow_up", path)
    write_manifest(tmp_path, ours().model_copy(update={"site": "no name"}))
    with pytest.raises(DataError, match="site: String should match"):
        read_manifest(tmp_path)


def genotypes_at(folder: Path, people: dict[str, list[str | None]]) -> Path:
    """Tables as a run has them, of polymorphisms 1 kb apart."""
    for name, own in people.items():
        rows = [GenotypeRow("chr1", 1000 * i, "A", "C", 50, 50, one) for i, one in enumerate(own, start=1)]
        write_table(folder / name / "PD" / "plasma" / "genotypes.tsv", GenotypeRow, rows)
    return folder


def drawn(rng: np.random.Generator, size: int = 60) -> list[str | None]:
    return [str(one) for one in rng.choice(["0/0", "0/1", "1/1"], size, p=[0.25, 0.5, 0.25])]


def test_one_person_at_two_sites_is_found_and_nobody_else(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    both = drawn(rng)
    # One genotype wrong, one missing: two blocks of six are lost.
    again = ["0/0" if both[0] != "0/0" else "1/1", None, *both[2:]]
    for name, own in (("NORTH", both), ("SOUTH", again)):
        write_outcomes(out=tmp_path / name, seed=len(own) + ord(name[0]), patients=30)
        genotypes_at(
            tmp_path / name / "patients", {f"S{i:03d}": drawn(rng) for i in range(1, 30)} | {"S030": own}
        )
    (tmp_path / "secret").write_text("ab" * 32)
    (tmp_path / "secret").chmod(0o600)
    exports = []
    for name in ("NORTH", "SOUTH"):
        exports.append(tmp_path / "exports" / name)
        export(
            tmp_path / name / "clinical",
            tmp_path / name,
            site=name,
            key=tmp_path / f"key-{name}",
            out=exports[-1],
            genotypes=tmp_path / name / "patients",
            secret=tmp_path / "secret",
        )
        assert b"0/1" not in all_bytes(exports[-1])
        assert b"ab" * 32 not in all_bytes(exports[-1])
    settings = load_settings(DEFAULTS, defaults=DEFAULTS)
    files = open_knowledge(resource("knowledge"), None)
    told = merge_sites(exports, knowledge=files, settings=settings, out=tmp_path / "merged")
    (row,) = read_table(tmp_path / "merged" / "possible_duplicates.tsv", SameRow)
    assert (row.equal, row.compared) == (4, 5)
    assert sum("possibly one person" in line for line in told) == 1
    keys = {
        name: Pseudonyms(open_key(tmp_path / f"key-{name}", tmp_path / "x")) for name in ("NORTH", "SOUTH")
    }
    assert [row.patient, row.other] == [f"{name}-{keys[name].patient('S030')}" for name in ("NORTH", "SOUTH")]


def test_hashes_of_another_secret_or_of_fewer_polymorphisms_never_meet() -> None:
    rng = np.random.default_rng(6)
    sites = [("chr1", 1000 * i) for i in range(1, 41)]
    own = dict(zip(sites, drawn(rng, 40), strict=True))
    one, other = (hashes_of(own, sites, secret) for secret in (b"1" * 32, b"2" * 32))
    assert len(one) == len(other) == 4
    assert not set(one) & set(other)
    assert hashes_of(dict(list(own.items())[:9]), sites, b"1" * 32) == ()
    # A lost allele in one of two samples leaves the genotype unknown, and its block out.
    assert len(hashes_of(own | {sites[0]: None}, sites, b"1" * 32)) == 3
