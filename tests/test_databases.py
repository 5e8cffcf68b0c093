"""Match fractions in other releases and at other thresholds: small readings judged by hand."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from conftest import FILTER, record_of
from msgspec import convert

from motifbook.motifs import matrices, tomtom
from motifbook.motifs.matrices import Motif
from motifbook.paper import verdicts
from motifbook.records import experiment, runs, store
from motifbook.records.runs import Run
from motifbook.yardsticks import databases, null

GROUPS = {"cnn-2": 0.1, "cnn-25": 0.9}
"""Made up: the share of relevant filters of a small pool and of a large one."""


PAPERS_RUN = Run("synthetic", "as-run", "paper", "cnn-4", 1)


def readings(shares, releases=(2016, 2024), thresholds=(0.1, 1.0), trials=3):
    """Readings with `shares(model, release, threshold)`: any, relevant and their null."""
    rows = []
    for model in GROUPS:
        for trial in range(1, trials + 1):
            for release in releases:
                values = np.array([shares(model, release, t) for t in thresholds]).T.tolist()
                row = dict(zip(databases.FRACTIONS, values, strict=True))
                rows.append({"model": model, "trial": trial, "release": release, **row})
    described = [
        {"release": r, "targets": 500 + 10 * (r - 2016), "width": 10.0, "open": 0.25}
        | {"relevant": {"MAX": ["MA0058.3"]}}
        for r in releases
    ]
    made = store.envelope({"profile": "paper"})
    data = {**made, "releases": described, "thresholds": list(thresholds), "rows": rows}
    return convert(data, databases.Databases)


def steady(model, release, threshold):
    return (1.0 if threshold == 1 else GROUPS[model], GROUPS[model], 0.05, 0.0)


# --- Reading ----------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_network_is_matched_as_it_was_and_with_other_releases():
    """One filter is YY1's own motif of 2016, one is dead: half match, in every release."""
    yy1 = next(motif.ppm for motif in matrices.jaspar() if motif.id == "MA0095.2")
    filters = [
        FILTER | {"filter": 0, "ppm": np.round(yy1, 4).tolist(), "trim": [0, len(yy1)]},
        FILTER | {"filter": 1, "ppm": [[0, 0, 0, 0]] * len(yy1), "trim": [0, 3], "state": "dead"},
    ]
    run = Run("synthetic", "as-run", "paper", "cnn-2", 1)
    record = record_of(run, layers=[{"filters": filters}])
    found = databases.reread([record], (2016, 2026), (1e-30, 0.1), shuffles=1)
    assert [row.release for row in found.rows] == [2016, 2026]
    for row in found.rows:
        assert row.match_any == row.match_relevant == (0, 0.5)
        assert row.shuffled_any[0] == row.shuffled_relevant[0] == 0
    assert [(one.release, one.targets) for one in found.releases] == [(2016, 519), (2026, 1019)]
    assert found.table["match_any"].tolist() == [0, 0.5, 0, 0.5]
    assert found.table["evalue"].tolist() == [1e-30, 0.1] * 2


def test_a_motif_that_takes_shuffled_filters():
    """Three of four shuffled filters match MA1 at E ≤ 0.1, one of them MA2 too; one at E of 0.5."""
    columns = {"query": list("abcad"), "target": ["MA1"] * 3 + ["MA2", "MA1"]}
    hits = pd.DataFrame({**columns, "e_value": [0.1, 0.01, 0.05, 0.1, 0.5]})
    matches = tomtom.Matches(tuple("abcd"), hits, hits, {}, 1.0)
    targets = [Motif("MA1", "long", np.eye(4)[[0] * 9], 1), Motif("MA2", "", np.eye(4), 1)]
    found = databases.takers(matches, list("abcd"), targets)
    assert [(one.target, one.name, one.width, one.share) for one in found] == [
        ("MA1", "long", 9, 0.75),
        ("MA2", "MA2", 4, 0.25),
    ]
    assert databases.takers(matches, list("d") + ["x"] * 20, targets) == []


def test_a_release_is_described():
    half = Motif("MA1", "", [[1, 0, 0, 0], [0.25] * 4, [0.3, 0.3, 0.2, 0.2]], 1)
    found = databases.describe([half, Motif("MA2", "", [[0, 1, 0, 0]], 1)])
    assert found == {"targets": 2, "width": 2.0, "open": 0.5}


def test_a_match_is_at_the_threshold_or_below():
    least = pd.Series([0.1, 0.05, 0.1000001, np.inf, 0.09, 0.2])
    assert databases._share(least, 0.1) == 0.5
    assert databases._share(least[:3], 0.1) == 0.666667  # six digits, as a run's record has


def test_what_cannot_be_read_again():
    run = Run("synthetic", "as-run", "paper", "cnn-2", 1)
    other = Run("synthetic", "as-run", "smoke", "cnn-2", 1)
    with pytest.raises(ValueError, match="found no record"):
        databases.reread([])
    with pytest.raises(ValueError, match="synthetic/as-run/paper, synthetic/as-run/smoke"):
        databases.reread([record_of(run), record_of(other)])
    with pytest.raises(ValueError, match="a threshold of E is expected, found none"):
        databases.reread([record_of(run)], thresholds=())
    with pytest.raises(ValueError, match="release 'JASPAR2017' is not available"):
        databases.reread([record_of(run)], releases=(2017,))


# --- On record --------------------------------------------------------------------------------


def test_readings_come_back_for_the_runs_asked_for(tmp_path):
    made = readings(steady)
    path = store.save(databases.path("paper", tmp_path), made)
    assert path == tmp_path / "synthetic" / "as-run" / "paper" / "databases.json"
    assert databases.load("paper", tmp_path).rows == made.rows
    some = databases.get("cnn-25", 2, results_dir=tmp_path)
    assert {(row.model, row.trial) for row in some.rows} == {("cnn-25", 1), ("cnn-25", 2)}
    assert databases.get("cnn-100", results_dir=tmp_path) is None
    assert databases.get(profile="smoke", results_dir=tmp_path) is None
    with pytest.raises(store.MissingRunError, match=r"smoke/databases\.json: no readings"):
        databases.get(profile="smoke", missing="error", results_dir=tmp_path)


def test_a_reading_has_one_number_a_threshold(tmp_path):
    path = store.save(databases.path("paper", tmp_path), readings(steady))
    data = json.loads(path.read_text())
    data["rows"][1]["shuffled_any"] = [0.5]
    path.write_text(json.dumps(data))
    with pytest.raises(
        store.RecordError, match=r"rows\[1\]\.shuffled_any has 1 numbers, expected 2"
    ):
        databases.load("paper", tmp_path)


def test_the_paper_s_reading_is_what_the_runs_have_on_record():
    """Exactly: the same PPMs, the same targets, the same threshold."""
    found = databases.load()
    table = found.table
    papers = table[(table["release"] == 2016) & (table["evalue"] == 0.1)]
    assert len(papers) >= 85
    for row in papers.itertuples():
        layer = runs.load(Run("synthetic", "as-run", "paper", row.model, row.trial)).layer(1)
        assert (row.match_any, row.match_relevant) == (layer.match_any, layer.match_relevant)
    again = databases.reread([runs.load(PAPERS_RUN)], (2016,), (0.1,), shuffles=1).table.iloc[0]
    mine = papers.query(f"model == {PAPERS_RUN.model!r} and trial == {PAPERS_RUN.trial}").iloc[0]
    assert again["match_any"] == mine["match_any"] > again["match_relevant"] > 0
    assert again["match_relevant"] == mine["match_relevant"]
    # Fewer random orders than the null on record, of the same filters.
    before = null.load_null("shuffled").query("layer == 1").set_index(["model", "trial"])
    after = papers.set_index(["model", "trial"])["shuffled_any"]
    assert after.mean() == pytest.approx(before["match_any"].reindex(after.index).mean(), abs=0.02)
    assert [one.targets for one in found.releases] == [519, 579, 746, 841, 879, 1019]
    assert experiment.EVALUE in found.thresholds


# --- By the rule ------------------------------------------------------------------------------


def fates(table):
    found = databases.claims(table)
    return {id_: databases.fate(mine["verdict"]) for id_, mine in found.groupby("id")}


def test_a_comparison_stands_or_flips():
    table = readings(steady).table
    table["match_relevant"] += 0.01 * (table["trial"] - 2)  # so that there is a spread
    assert set(databases.claims(table)["id"]) == {"large-filter-not-enough"}
    # "CNN-2 has hardly any": 0.1 with the margin 0.1 is neither here nor there.
    assert fates(table) == {"large-filter-not-enough": "stands"}
    low = table.assign(match_relevant=table["match_relevant"] * 0.1)
    late = low["match_relevant"].where(low["release"] == 2016, table["match_relevant"])
    assert fates(low.assign(match_relevant=late)) == {"large-filter-not-enough": "wavers"}
    high = low["match_relevant"].where(low["release"] == 2016, table["match_relevant"] + 0.5)
    assert fates(low.assign(match_relevant=high)) == {"large-filter-not-enough": "flips"}


def test_comparisons_by_values():
    values = {
        ("match_relevant", "cnn9-25"): np.array([0.9, 0.95, 1.0]),
        ("match_relevant", "cnn9-4"): np.array([0.0, 0.05, 0.1]),
    }
    assert verdicts.comparisons(values)["cnn9-25-better"] == "holds"
    swapped = dict(zip(values, reversed(values.values()), strict=True))
    assert verdicts.comparisons(swapped).to_dict() == {"cnn9-25-better": "does not hold"}
    assert verdicts.comparisons({}).empty


def test_a_count_that_survives_and_one_that_does_not():
    by_count = {row.count: row for row in databases.survival(readings(steady).table)}
    relevant, any_ = by_count["a relevant motif"], by_count["any motif"]
    assert relevant.survives_releases and relevant.survives_thresholds and relevant.half_survives
    # At E ≤ 1 every filter of CNN-2 matches something.
    assert any_.survives_releases and not any_.survives_thresholds
    assert (any_.by_threshold, any_.moved_by_threshold) == (pytest.approx(0.9), "cnn-2")
    assert any_.changed == ("cnn-2",)
    less = by_count["any motif, less shuffled"]
    assert less.by_threshold == pytest.approx(0.9) and less.changed == ("cnn-2",)


def test_less_the_null():
    found = databases.means(readings(steady).table)
    assert found.loc[("cnn-25", 2024, 0.1)].tolist() == pytest.approx([0.9, 0.9, 0.85, 0.9])


@pytest.mark.parametrize(("moved", "survives"), [(0.1, True), (0.11, False)])
def test_the_margin_is_the_ledger_s(moved, survives):
    def shares(model, release, threshold):
        relevant = GROUPS[model] - moved * (model == "cnn-25" and release == 2024)
        return (0.9, relevant, 0, 0)

    by_count = {row.count: row for row in databases.survival(readings(shares).table)}
    row = by_count["a relevant motif"]
    assert (row.survives_releases, row.moved_by_release) == (survives, "cnn-25")
    assert row.by_release == pytest.approx(moved)
    assert row.survives_thresholds and row.by_threshold == 0
