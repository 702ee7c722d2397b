"""A configuration laid over the defaults: merged as Snakemake merges it, refused by file and line."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from golden.build import cases, evidence
from hypothesis import given
from hypothesis import strategies as st
from snakemake.utils import update_config

from alktrace.cli import main
from alktrace.errors import AlktraceError
from alktrace.evidence.evidence_file import save_evidence
from alktrace.inputs.config_file import load_settings
from alktrace.inputs.settings.configuration import Settings, lay_over

ROOT = Path(__file__).resolve().parents[2]
DEFAULTS = ROOT / "config" / "config.yaml"

keys = st.sampled_from(["a", "b", "c"])
leaves = st.none() | st.integers(0, 3) | st.lists(st.integers(0, 3), max_size=2)
trees = st.recursive(
    leaves | st.dictionaries(keys, leaves), lambda inner: st.dictionaries(keys, inner, max_size=3)
)
configs = st.dictionaries(keys, trees, max_size=3)


@given(configs, configs)
def test_the_merge_is_that_of_snakemake(
    below: dict[str, int | dict[str, Any] | list[int] | None],
    above: dict[str, int | dict[str, Any] | list[Any] | None],
) -> None:
    expected = copy.deepcopy(below)
    update_config(expected, above)
    kept = copy.deepcopy(below)
    assert lay_over(below, above) == expected
    assert below == kept


def settings_of(tmp_path: Path, text: str) -> Settings:
    path = tmp_path / "my.yaml"
    path.write_text(text)
    return load_settings(path, defaults=DEFAULTS)


def test_maps_merge_at_every_depth_and_lists_are_replaced(tmp_path: Path) -> None:
    changed = settings_of(
        tmp_path,
        "resistance: {phase: {min_double: 5}}\n"
        "copy_number: {amplification: {MET: 9}}\n"
        "cohort: {rate_years: [3], data_cutoff: 2024-06-30}\n",
    )
    defaults = load_settings(DEFAULTS, defaults=DEFAULTS)
    assert changed.resistance.phase.min_double == 5
    assert changed.resistance.phase.alpha == defaults.resistance.phase.alpha
    assert changed.resistance.window == defaults.resistance.window
    assert changed.copy_number.amplification == {**defaults.copy_number.amplification, "MET": 9}
    assert changed.cohort.rate_years == (3,)
    assert str(changed.cohort.data_cutoff) == "2024-06-30"


def test_json_indented_by_tabs_is_read_as_snakemake_reads_it(tmp_path: Path) -> None:
    text = json.dumps({"cohort": {"rate_years": [3]}}, indent="\t")
    assert settings_of(tmp_path, text).cohort.rate_years == (3,)


ASSAY = """\
# a run
assays:
  tissue:
    umi: {source: none, edit: 2}
calling:
  power: 2
"""


def test_problems_name_file_and_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AlktraceError) as caught:
        settings_of(tmp_path, ASSAY)
    lines = str(caught.value).splitlines()
    assert [line.partition("; ")[0] for line in lines] == [
        "my.yaml:4:assays.tissue.umi.edit: unknown key",
        "my.yaml:3:assays.tissue.targets: the key is missing",
        "my.yaml:6:calling.power: value 2",
    ]


def test_an_assay_needs_its_targets_alone(tmp_path: Path) -> None:
    assay = settings_of(tmp_path, "assays: {a: {targets: a.bed}}").assays["a"]
    assert (assay.umi.source.value, assay.umi.read_structures, assay.umi.tag) == ("none", (), "RX")
    assert (assay.expected, assay.noise_model, assay.qc.min_molecules) == ((), None, 300)


def test_what_an_assay_says_is_laid_over_the_defaults_key_by_key(tmp_path: Path) -> None:
    changed = settings_of(
        tmp_path,
        "assay_defaults: {qc: {min_molecules: 7, warn_molecules: 8}}\n"
        "assays:\n"
        "  a: {targets: a.bed, qc: {min_molecules: 5}, umi: {source: inline, read_structures: [8M+T, +T]}}\n"
        "  b: {targets: b.bed, umi: {source: tag, duplex: true}}\n",
    ).assays
    assert [(x.qc.min_molecules, x.qc.warn_molecules) for x in changed.values()] == [(5, 8), (7, 8)]
    assert [x.umi.duplex for x in changed.values()] == [False, True]
    assert [x.umi.read_structures for x in changed.values()] == [("8M+T", "+T"), ()]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(
            "assay_defaults: {qc: {min_molecule: 7}}\nassays: {a: {targets: a}, b: {targets: b}}",
            ["my.yaml:1:assay_defaults.qc.min_molecule: unknown key"],
            id="said-once",
        ),
        pytest.param(
            "assay_defaults: {targets: a}", ["my.yaml:1:assay_defaults.targets: unknown key"], id="targets"
        ),
        pytest.param("assays: {a: panel.bed}", ["my.yaml:1:assays.a: value 'panel.bed'"], id="no-map"),
        pytest.param(
            "assays: {a: {targets: a, umi: null}, b: {}}",
            ["my.yaml:1:assays.a.umi: value None", "my.yaml:1:assays.b.targets: the key is missing"],
            id="null-section",
        ),
        pytest.param("assays: [a]", ["my.yaml:1:assays: value ['a']"], id="list"),
    ],
)
def test_wrong_assays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, said: list[str]) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AlktraceError) as caught:
        settings_of(tmp_path, text)
    assert [line.partition("; ")[0] for line in str(caught.value).splitlines()] == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("- a\n- b\n", "my.yaml: holds a list at its top level; write keys", id="list"),
        pytest.param("", "my.yaml: holds nothing at its top level; write keys", id="empty"),
        pytest.param("cohort:\n\trate_years: [1]\n", "my.yaml:2:1: is no YAML (found character", id="tab"),
        pytest.param("cohort: {rate_years: [1\n", "my.yaml:2:1: is no YAML (", id="open-bracket"),
        pytest.param(
            "cohort: {data_cutoff: 2026-02-30}", "my.yaml: is no YAML (day is out", id="no-such-day"
        ),
        pytest.param("cohort: {a: !!python/name:os.x 1}", "my.yaml:1:13: is no YAML (", id="tag"),
        pytest.param("cohort: null\n", "my.yaml:1:cohort: value None; ", id="null-section"),
        pytest.param("cohort: [1]\n", "my.yaml:1:cohort: value [1]; ", id="list-for-section"),
        pytest.param("1: 2\n", "my.yaml:1:1: ", id="number-as-key"),
        pytest.param(
            "resistance: {phase: {min_dbl: 1}}", "my.yaml:1:resistance.phase.min_dbl: unkn", id="key"
        ),
    ],
)
@pytest.mark.parametrize("command", ["classify", "cohort"])
def test_what_cannot_be_read_is_refused_without_a_traceback(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
    text: str,
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("my.yaml").write_text(text)
    rest = ["evidence.json"] if command == "classify" else ["clinical", "tables"]
    assert main([command, *rest, "--out", "out", "--config", "my.yaml"]) == 1
    assert capsys.readouterr().err.startswith(f"error: {said}")


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"], ids=["missing", "not-text"])
def test_a_file_that_cannot_be_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], content: bytes | None
) -> None:
    monkeypatch.chdir(tmp_path)
    if content:
        Path("my.yaml").write_bytes(content)
    assert main(["classify", "evidence.json", "--out", "out", "--config", "my.yaml"]) == 1
    assert capsys.readouterr().err.startswith("error: my.yaml: cannot be read (")


RUN = """\
samples: samples.tsv
clinical: clinical
reference: {fasta: genome.fa.gz, gff3: genes.gff3.gz}
assays:
  tissue:
    targets: targets.bed
    expected: [ALK p.Gly1202Arg]
    qc: {min_molecules: 60}
"""


def test_classify_takes_the_config_of_a_run(tmp_path: Path) -> None:
    """A run's config names files and assays, and often nothing of the section that classification reads."""
    save_evidence(evidence(cases()[0]), tmp_path / "evidence.json")
    (tmp_path / "run.yaml").write_text(RUN)
    command = ["classify", str(tmp_path / "evidence.json")]
    assert main([*command, "--out", str(tmp_path / "a")]) == 0
    assert main([*command, "--out", str(tmp_path / "b"), "--config", str(tmp_path / "run.yaml")]) == 0
    written = {path.name: path.read_bytes() for path in (tmp_path / "a").iterdir()}
    assert "resistance.tsv" in written
    assert written == {path.name: path.read_bytes() for path in (tmp_path / "b").iterdir()}
