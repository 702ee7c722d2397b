"""Validation of an assay: the table, results of the workflow, every measure, claims, the page."""

import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from patient_pages import EN, ZH, words_in

from alktrace.annotate.alteration_table import AlterationRow, empty_row
from alktrace.assay.claims import Claims, read_claims
from alktrace.assay.limits import blank_rows, limit_rows
from alktrace.assay.measures import (
    agreement_rows,
    carry_over_rows,
    linearity_rows,
    precision_rows,
    stated_power_rows,
    stated_rows,
)
from alktrace.assay.read_study import Study, read_study
from alktrace.assay.study import Case
from alktrace.assay.validate import validate, write_validation
from alktrace.assay.validation_table import LimitRow, MeasuredRow
from alktrace.calling.callability_table import CallabilityRow
from alktrace.demo.facts import DEMO, load_facts
from alktrace.demo.made_genome import build_genome
from alktrace.errors import InputProblems
from alktrace.io.tables import read_table, write_table
from alktrace.report.assay_page import assay_content, write_assay_page
from alktrace.structural.copy_number.copy_number_table import CopyNumberRow
from alktrace.structural.tumour_fraction_table import TumourFractionRow
from alktrace.vocabulary.changes import VariantType
from alktrace.vocabulary.copies import CopyNumberCall, Focality, TumourFractionStatus
from alktrace.vocabulary.detection import Detection, LocusKind
from alktrace.vocabulary.validation import Agreement, AssayKind, Comparator, Judgement, LimitMethod

SNV = AssayKind.SNV


def case(expected: float, *, detected: bool | None = True, **values: object) -> Case:
    given = Case("S", SNV, "v", expected, "1", "1", None, None, detected, None, None)
    return replace(given, **values)  # type: ignore[arg-type]


def series(counts: dict[float, tuple[int, int]], **values: object) -> list[Case]:
    """Cases of levels with hits of so many results."""
    return [
        case(level, detected=k < hits, **values)
        for level, (hits, total) in counts.items()
        for k in range(total)
    ]


DILUTION = {0.001: (4, 20), 0.002: (11, 20), 0.005: (19, 20), 0.01: (20, 20)}


# --- limits --------------------------------------------------------------------------------------


def test_the_worst_of_three_lots_is_reported_and_of_four_that_of_all() -> None:
    lots = [case for lot in "ABC" for case in series(DILUTION, lot=lot)]
    worse = series({**DILUTION, 0.005: (14, 20)}, lot="D")
    three = limit_rows([*lots[:160], *worse])
    assert [(row.lot, row.reported) for row in three] == [("A", False), ("B", False), ("D", True)]
    four = limit_rows([*lots, *worse])
    assert [(row.lot, row.results) for row in four] == [("all", 320)]
    assert four[0].lod is not None
    assert four[0].lod < (three[2].lod or 0)


def test_a_lot_that_never_reaches_95_per_cent_leaves_nothing_to_report() -> None:
    rows = limit_rows([*series(DILUTION, lot="A"), *series({0.001: (0, 20), 0.002: (0, 20)}, lot="B")])
    assert [row.method for row in rows] == [LimitMethod.PROBIT, LimitMethod.NONE]
    assert not any(row.reported for row in rows)


def test_levels_that_separate_give_the_lowest_called_without_interval() -> None:
    (row,) = limit_rows(series({0.001: (0, 20), 0.002: (20, 20), 0.005: (20, 20)}))
    assert (row.method, row.lod, row.lod_low, row.lod_high) == (LimitMethod.HIT_RATE, 0.002, None, None)


@pytest.mark.parametrize("kind", [AssayKind.FUSION, AssayKind.AMPLIFICATION])
def test_a_limit_that_is_bounded_on_one_side_says_so(kind: AssayKind, tmp_path: Path) -> None:
    """Eight results of a level: no VAF is above 1, and no number of copies is the upper end of these."""
    hits = {0.005: 0, 0.01: 2, 0.015: 3, 0.02: 2, 0.03: 2, 0.05: 4, 0.2: 4}
    factor, base = (30.0, 2.0) if kind is AssayKind.AMPLIFICATION else (1.0, 0.0)
    cases = series({base + factor * level: (n, 4) for level, n in hits.items()}, kind=kind)
    (row,) = limit_rows(cases)
    assert row.lod_low is not None
    if kind is AssayKind.FUSION:
        assert row.lod_high is None, "5.3 by Fieller"
    found = validate(Study(tuple(cases), {}), Claims())
    half_open = [replace(row, lod_high=None)]
    found = replace(found, measures=replace(found.measures, limits=half_open))
    write_assay_page(found, "x", words_in(EN), tmp_path / "page.html")
    assert "(≥ " in (tmp_path / "page.html").read_text()


def test_a_hole_above_a_level_takes_it_back() -> None:
    (row,) = limit_rows(series({0.001: (0, 20), 0.002: (20, 20), 0.005: (20, 20), 0.01: (0, 20)}))
    assert row.lod is None


def test_what_the_assay_could_not_judge_is_no_miss() -> None:
    (row,) = limit_rows([*series(DILUTION), case(0.01, detected=None), case(0, detected=None)])
    assert (row.results, row.not_assessable) == (80, 1)


def test_copies_are_diluted_towards_two() -> None:
    """Doses are copies beyond two: 2.1 to 2.2 doubles, 4.1 to 4.2 does not."""
    levels = {2 + 100 * level: hits for level, hits in DILUTION.items()}
    (row,) = limit_rows(series(levels, kind=AssayKind.AMPLIFICATION))
    (plain,) = limit_rows(series(DILUTION))
    assert row.lod is not None
    assert plain.lod is not None
    assert row.lod == pytest.approx(2 + 100 * plain.lod)
    assert row.slope == pytest.approx(plain.slope)


def test_the_limit_of_blank_is_zero_up_to_one_call_in_twenty() -> None:
    blanks = [case(0, detected=k < 3, observed=0.001 * (k % 4), sample=f"B{k}") for k in range(60)]
    (row,) = blank_rows(blanks)
    assert (row.results, row.samples, row.false_positives, row.lob, row.lob_rank) == (60, 60, 3, 0, 0.003)
    called = [replace(one, detected=k < 4, observed=0.002) for k, one in enumerate(blanks)]
    (row,) = blank_rows(called)
    assert row.lob == 0.002
    assert row.lob_parametric == pytest.approx(0.002)


# --- other measures ------------------------------------------------------------------------------


def test_agreement_with_an_orthogonal_method_goes_before_truth() -> None:
    compared = [case(0.01, comparator=True)] * 9 + [case(0.01, comparator=True, detected=False)]
    compared += [case(0.01, comparator=False, detected=False)] * 4 + [case(0.01, detected=False)]
    rows = agreement_rows(compared, {})
    assert [(row.measure, row.agreeing, row.results) for row in rows] == [
        (Agreement.PPA, 9, 10),
        (Agreement.NPA, 4, 4),
        (Agreement.OPA, 13, 14),
    ]
    assert rows[0].comparator is Comparator.ORTHOGONAL
    # Exact: 9 of 10 is 0.5550 to 0.9975 (Clopper and Pearson).
    assert (rows[0].low, rows[0].high) == pytest.approx((0.55498, 0.99747), abs=1e-5)


def test_truth_counts_from_the_claim_on() -> None:
    cases = [*series({0.001: (0, 20), 0.01: (20, 20)}), case(0, detected=False)]
    shares = {row.measure: row.share for row in agreement_rows(cases, {SNV: 0.005})}
    assert shares == {Agreement.PPA: 1, Agreement.NPA: 1, Agreement.OPA: 1}
    assert agreement_rows(cases, {})[0].share == 0.5


def test_linearity_leaves_out_levels_where_only_calls_were_measured() -> None:
    """Half of 0.001 was called at twice its value; a line through that would bend."""
    cases = [case(level, observed=1.1 * level) for level in (0.005, 0.01, 0.02) for _ in range(3)]
    cases += [case(0.001, observed=0.002), case(0.001, detected=False)]
    (row,) = linearity_rows(cases)
    assert (row.levels, row.left_out) == (3, 1)
    assert (row.slope, row.intercept, row.largest_deviation) == pytest.approx((1.1, 0, 0), abs=1e-9)


def test_a_level_off_the_line_is_named() -> None:
    observed = {0.005: 0.005, 0.01: 0.01, 0.02: 0.02, 0.04: 0.03}
    (row,) = linearity_rows([case(x, observed=y) for x, y in observed.items()])
    assert row.at_level in (0.02, 0.04)
    assert row.largest_deviation > 0.05


def test_precision_counts_what_has_no_value() -> None:
    cases = [case(0.01, observed=x, run=run) for run, x in (("1", 0.01), ("1", 0.012), ("2", 0.008))]
    (row,) = precision_rows([*cases, case(0.01)])
    assert (row.results, row.missing, row.runs, row.changes) == (3, 1, 2, 1)
    assert row.sd_within == pytest.approx(0.002 / 2**0.5)


def test_stated_limits_by_ratio() -> None:
    cases = [
        *series({0.005: (10, 20), 0.01: (19, 20), 0.02: (20, 20)}, stated=0.01),
        case(0.01, stated=0.005, detected=None),
        case(0, stated=0.01, detected=False),
    ]
    found = [(row.from_ratio, row.to_ratio, row.detected, row.results) for row in stated_rows(cases)]
    assert found == [(0.5, 0.75, 10, 20), (1.0, 1.25, 19, 20), (2.0, 4.0, 20, 20), (1.0, None, 39, 40)]
    (power,) = stated_power_rows(cases)
    assert power.low < 0.95 < power.high
    assert power.results == 60


def test_carry_over_looks_at_the_next_place_of_the_run_only() -> None:
    cases = [
        case(0.3, place=1, run="1"),
        case(0, place=2, run="1", detected=True, observed=0.003),
        case(0, place=3, run="1", detected=True),
        case(0, place=2, run="2", detected=True),
        case(0, place=2, run="1", variant="w", detected=True),
    ]
    (row,) = carry_over_rows(cases)
    assert (row.pairs, row.detected) == (1, 1)
    assert row.largest == pytest.approx(0.01)


# --- claims --------------------------------------------------------------------------------------


def test_a_claim_holds_only_with_its_bound() -> None:
    good, few = series({0.01: (400, 400)}), series({0.01: (20, 20)})
    bad = series({0.01: (300, 400)})
    claims = Claims.model_validate({"snv": {"min_ppa": 0.95}, "samples": {"max_contamination": 0.02}})
    states = [
        [row.judgement for row in validate(Study(tuple(cases), {"S": (0.0, 0.03)}), claims).judgements]
        for cases in (good, few, bad)
    ]
    fail = Judgement.FAIL
    assert states == [[Judgement.PASS, fail], [Judgement.OPEN, fail], [fail, fail]]


def test_every_claim_is_looked_for() -> None:
    """And without anything measured it is open, never passed."""
    keys = {**dict.fromkeys(Claims().snv.model_dump(), 0.5)}
    claims = Claims.model_validate({"snv": keys})
    found = validate(Study((), {}), claims).judgements
    assert [row.criterion for row in found] == list(keys)
    assert {row.judgement for row in found} == {Judgement.OPEN}


def test_claims_name_their_line(tmp_path: Path) -> None:
    path = tmp_path / "criteria.yaml"
    path.write_text("snv:\n  max_lodd: 0.01\n  min_ppa: 95\namplification: {max_lod: 2}\ncnv: {}\n")
    with pytest.raises(InputProblems) as raised:
        read_claims(path)
    said = [(problem.line, problem.column) for problem in raised.value.problems]
    assert said == [(3, "snv.min_ppa"), (2, "snv.max_lodd"), (4, "amplification.max_lod"), (5, "cnv")]


# --- the table -----------------------------------------------------------------------------------


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(line.replace(" ", "\t") for line in lines) + "\n")
    return path


def test_all_problems_of_the_table_at_once(tmp_path: Path) -> None:
    path = write(
        tmp_path / "study.tsv",
        "sample kind variant expected detected results",
        "S1 snv v 5 true .",
        "S2 cnv v 0.1 true .",
        "S3 snv v 0.1 yes nowhere",
        "S4 snv v 0.1 true nowhere",
        "S4 snv v 0.1 true .",
    )
    with pytest.raises(InputProblems) as raised:
        read_study(path)
    said = sorted((problem.line, problem.column) for problem in raised.value.problems)
    assert said == [(2, "expected"), (3, "kind"), (4, "detected"), (5, "results"), (6, "variant")]


def specimen(root: Path) -> Path:
    folder = root / "results" / "patients" / "P1" / "T1" / "plasma"
    folder.mkdir(parents=True)
    called = replace(
        empty_row("chr2:100:C:T", "ALK", VariantType.SNV, "G1202R"), vaf=0.012, detection=Detection.DETECTED
    )
    write_table(folder / "alterations.tsv", AlterationRow, [called])
    place = ("ALK", "G1202", LocusKind.ALK_HOTSPOT, 23, "chr2", 98, 101)
    locus = CallabilityRow(*place, 1000, 0, 500, 0.004, Detection.DETECTED, 0.006)
    whole = replace(locus, locus="gene", kind=LocusKind.BYPASS_GENE, start=0, end=500, vaf_detectable=0.01)
    write_table(folder / "callability.tsv", CallabilityRow, [whole, locus])
    numbers = (1.0, 0.9, 1.1, 4.0, 3.7, 4.3, 6.0, 5.0, 7.0, 5.0)
    verdict = Focality.YES, CopyNumberCall.AMPLIFICATION, "pooled"
    copies = CopyNumberRow("MET", "chr7", 1, 9, 20, *numbers, *verdict)
    write_table(folder / "copy_number.tsv", CopyNumberRow, [copies])
    fraction = TumourFractionRow(TumourFractionStatus.ESTIMATED, 0.5, 0.4, 0.6, 2, ("a", "b"))
    write_table(folder / "tumour_fraction.tsv", TumourFractionRow, [fraction])
    return folder


def test_results_of_the_workflow_fill_in_what_is_empty(tmp_path: Path) -> None:
    place = specimen(tmp_path).relative_to(tmp_path)
    path = write(
        tmp_path / "study.tsv",
        "sample kind variant expected observed results",
        f"S snv chr2:100:C:T 0.01 . {place}",
        f"S indel chr2:100:CAG:C 0.01 . {place}",
        f"S snv chr2:300:C:T 0.01 0.009 {place}",
        f"S amplification MET 4.1 . {place}",
        f"S amplification KRAS 4.1 . {place}",
    )
    found = [(one.observed, one.detected, one.stated) for one in read_study(path).cases]
    assert found[0] == (0.012, True, 0.004)
    assert found[1] == (None, False, 0.006)
    assert found[2] == (0.009, False, None), "the limit of a whole gene is a median"
    # 5 copies of the tumour at its least share of 0.4: 3.2 over all genomes.
    assert found[3][:2] == (4.0, True)
    assert found[3][2] == pytest.approx(3.2)
    assert found[4] == (None, None, None), "no bins: not assessable"


# --- tables and page -----------------------------------------------------------------------------


def whole_study() -> Study:
    cases = [
        case(level, detected=k < hits, observed=level * (0.9 + 0.2 * (k % 2)), stated=0.004, lot=lot)
        for lot in "AB"
        for level, (hits, total) in DILUTION.items()
        for k in range(total)
    ]
    cases += [case(0, detected=False, observed=0.0, sample=f"B{k}") for k in range(60)]
    cases += series({2.2: (3, 20), 3: (20, 20)}, kind=AssayKind.AMPLIFICATION, variant="<MET>")
    return Study(tuple(cases), {"S": (0.0, 0.001)})


CLAIMS = Claims.model_validate({"snv": {"max_lod": 0.02, "min_ppa": 0.5, "max_lob": 0}})


def test_tables_are_written_and_read(tmp_path: Path) -> None:
    found = validate(whole_study(), CLAIMS)
    write_validation(found, tmp_path / "out")
    assert {path.stem for path in (tmp_path / "out").iterdir()} == set(found.tables)
    assert len(read_table(tmp_path / "out" / "limits.tsv", LimitRow)) == len(found.measures.limits)


@pytest.mark.parametrize("language", [EN, ZH])
def test_the_page_says_limits_and_claims(language: object, tmp_path: Path) -> None:
    found, page = validate(whole_study(), CLAIMS), tmp_path / "report.html"
    write_assay_page(found, "<Panel>", words_in(language), page)  # type: ignore[arg-type]
    text = page.read_text(encoding="utf-8")
    assert "<Panel>" not in text
    assert "&lt;Panel&gt;" in text
    assert 'src="http' not in text
    assert "<script" not in text
    row = next(row for row in found.measures.limits if row.reported and row.kind is SNV)
    assert f"{100 * (row.lod or 0):.2g} %" in text
    assert text.count('class="is-') == len(found.judgements)
    assert text.count("<svg") == 4, "hit rates of two kinds, stated limits and linearity of one"


def test_without_claims_nothing_passes() -> None:
    content = assay_content(validate(whole_study(), Claims()), "x", words_in(EN))
    assert content["criteria"] == []
    assert re.search("nothing passes or fails", content["headline"])


# --- the demo's panel ----------------------------------------------------------------------------


def test_the_demos_panel_holds_what_is_claimed_and_the_page_says_its_figures(root: Path) -> None:
    """`tests/bench/demo_assay.py` measured it, through the whole workflow."""
    folder = root / "docs" / "examples" / "assay"
    found = validate(read_study(folder / "demo_panel.tsv"), read_claims(folder / "demo_criteria.yaml"))
    assert {row.judgement for row in found.judgements} == {Judgement.PASS}
    page = (root / "docs" / "assay.md").read_text()
    limits = {row.kind: row for row in found.measures.limits if row.reported}
    power = {row.kind: row for row in found.measures.stated_power}[SNV]
    for kind in (SNV, AssayKind.FUSION):
        limit, blank = limits[kind], next(row for row in found.measures.blanks if row.kind is kind)
        low, high = 100 * (limit.lod_low or 0), limit.lod_high
        ends = f"{low:.1f} % and more" if high is None else f"{low:.1f} to {100 * high:.1f} %"
        shown = f"| {100 * (limit.lod or 0):.1f} % ({ends}) | {blank.false_positives} of {blank.results} |"
        assert shown in page, shown
    assert f"| {100 * power.power:.1f} % ({100 * power.low:.1f} to {100 * power.high:.1f} %) |" in page
    assert limits[AssayKind.AMPLIFICATION].method is LimitMethod.HIT_RATE
    assert f"| {limits[AssayKind.AMPLIFICATION].lod:g} copies" in page


def test_the_validation_of_the_demo_plants_what_its_table_says(root: Path) -> None:
    sys.path.insert(0, str(root / "tests" / "bench"))
    try:
        import demo_assay
    finally:
        sys.path.pop(0)
    genome = build_genome(load_facts(DEMO), seed=1)
    mutations = demo_assay.hotspot_mutations(genome)
    shipped = read_table(root / "docs/examples/assay/demo_panel.tsv", MeasuredRow)
    lines = list(demo_assay.measured(mutations))
    assert [(line.sample, line.variant, line.expected, line.lot) for line in lines] == [
        (row.sample, row.variant, row.expected, row.lot) for row in shipped
    ]
    for specimen, (_, level, *_) in zip(
        demo_assay.design(mutations).specimens, demo_assay.samples(), strict=False
    ):
        carrying = [cells.share for cells in specimen.populations if cells.placed]
        assert sum(carrying) == pytest.approx(2 * level), "a clonal change of one of two haplotypes"
