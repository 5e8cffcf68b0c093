"""The ladder, the authors' list and Tomtom's silence: by hand-checked records."""

from __future__ import annotations

import math

import pytest
from conftest import record_of

from motifbook.networks.architectures import MODELS
from motifbook.networks.protocols import AS_RUN, AS_WRITTEN, SWITCHES, parse_protocol
from motifbook.paper import differences
from motifbook.records.runs import Record, Run


def record(
    protocol="as-run", trial=1, relevant=0.5, filters=None, model="cnn-4", **changes
) -> Record:
    layer = {"match_relevant": relevant, **changes.pop("layer", {})}
    if filters is not None:
        layer["filters"] = [{"filter": n} | entries for n, entries in enumerate(filters)]
    run = Run("synthetic", protocol, "paper", model, trial)
    return record_of(run, layers=[layer], **changes)


def test_every_switch_is_described_as_written_and_as_run():
    table = differences.described().set_index("switch")
    assert list(table.index) == list(SWITCHES)
    assert (table["as written"] != table["as run"]).all()
    assert f"{AS_WRITTEN.learning_rate:g}" in table.loc["optimiser", "as written"]
    assert f"{AS_RUN.beta1:g}" in table.loc["optimiser", "as run"]
    assert str(MODELS["cnn-50-2"].hidden) in table.loc["widths", "as run"]
    assert table.loc["window", "changes"] == "reading"
    assert table.loc["hidden-norm", "changes"] == "training"


def test_the_ladder_has_a_rung_for_each_switch_that_concerns_its_models():
    for protocol in differences.LADDER:
        assert parse_protocol(protocol).name == protocol
    rungs = {differences.rung(name) for name in differences.LADDER}
    assert rungs == set(SWITCHES) - {"widths"} | {"hidden-norm+epsilon"}
    assert differences.rung("as-written") == "as written"


def test_a_rung_is_compared_trial_by_trial():
    rungs = differences.ladder(
        [
            *(record(trial=n, relevant=value) for n, value in enumerate((0.1, 0.2, 0.6), start=1)),
            record("as-run+trim", 1, 0.2),
            record("as-run+trim", 2, 0.4),
            record("as-run+sites", 4, 0.9),  # no such trial as run
        ]
    )
    (row,) = differences.effects(rungs).to_dict("records")
    assert (row["rung"], row["trials"]) == ("trim", 2)
    assert row["as_run"] == pytest.approx(0.15)
    assert row["mean"] == pytest.approx(0.3)
    assert row["delta"] == pytest.approx(0.15)
    # Differences 0.1 and 0.2: mean 0.15, standard error 0.05, t of one degree of freedom 12.7062.
    assert row["low"] == pytest.approx(0.15 - 0.05 * 12.7062, abs=1e-4)
    assert row["high"] == pytest.approx(0.15 + 0.05 * 12.7062, abs=1e-4)


def test_one_trial_tells_no_interval_and_none_no_row():
    rungs = differences.ladder([record(), record("as-written", relevant=0.25)])
    (row,) = differences.effects(rungs).to_dict("records")
    assert (row["rung"], row["delta"]) == ("as written", -0.25)
    assert math.isnan(row["low"]) and math.isnan(row["high"])
    assert differences.effects(differences.ladder([])).empty
    assert differences.effects(differences.ladder([record("as-run+trim")])).empty


def matched(target: str, tf: str, precision: list[float]) -> dict:
    hit = {"target": target, "name": "", "p_value": 1e-9, "e_value": 1e-7, "offset": 0}
    hit |= {"overlap": 5, "orientation": "+"}
    return {"matches_any": True, "tf": tf, "hits": [hit], "site_precision": precision}


def test_filters_counted_for_a_tf_by_another_ones_motif():
    one = record(
        filters=[
            matched("MA0137.3", "STAT1", [0.1, 0.9]),
            matched("MA0660.1", "STAT1", [0.9, 0.1]),
            matched("MA0660.1", "STAT1", [0.1, 0.9]),
            matched("MA0601.1", "Arid3a", [0.5, 0.4]),
            {},
        ],
        classes=["MEF2A", "STAT1"],
    )
    found = differences.misfiled([one])
    assert found.columns.tolist() == ["counted as", "truly", "filters", "of", "sites"]
    assert found.to_numpy().tolist() == [
        ["Arid3a", "Arid3b", 1, 1, 0],
        ["STAT1", "MEF2B", 2, 3, 1],
    ]
    assert differences.misfiled([]).empty


def test_tomtom_reads_nothing_from_a_filter_of_zeros_on():
    zeros = {"ppm": [[0, 0, 0, 0]] * 2, "state": "dead"}
    hit = {"matches_any": True, "tf": "MAX"}
    other = {"matches_any": True}
    one = record(filters=[hit, other, zeros, hit], layer={"match_any": 0.75})
    (row,) = differences.silent_drop([one, record()]).to_dict("records")
    assert (row["first"], row["filters"]) == (2, 4)
    assert (row["match_any"], row["match_any_dropped"]) == (0.75, 0.5)
    assert (row["match_relevant"], row["match_relevant_dropped"]) == (0.5, 0.25)
    assert differences.silent_drop([record()]).empty
