"""Filters that learned nothing: what they are, and how many of them match all the same."""

import json
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from conftest import FILTER, record_of
from msgspec import convert

from motifbook.motifs import matrices
from motifbook.networks import training
from motifbook.networks.architectures import MODELS, PAPER
from motifbook.networks.protocols import AS_RUN, PROFILES
from motifbook.records.runs import Filter, Run
from motifbook.records.store import RecordError
from motifbook.sequences import synthetic
from motifbook.sequences.datasets import one_hot
from motifbook.yardsticks import null

RUN = Run("synthetic", "as-run", "paper", "cnn-2", 1)


def a_filter(number, ppm, state="alive", trim=None):
    return {
        "filter": number,
        "state": state,
        "sites": 3,
        "matches_any": state == "alive",
        "tf": None,
        "trim": trim or [0, len(ppm)],
        "ppm": np.asarray(ppm).tolist(),
        "hits": [],
    }


def a_record(*filters, run=RUN, match_relevant=0.5, **changes):
    layer = {"match_any": 1.0, "match_relevant": match_relevant, "filters": list(filters)}
    return record_of(run, layers=[layer], **changes)


def known(motif_id):
    (motif,) = (one for one in matrices.jaspar() if one.id == motif_id)
    return motif.ppm


# --- Untrained ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def dataset():
    return synthetic.get(number=2_000)


def test_calibration_normalises_each_layer_s_input_and_changes_nothing_else(dataset):
    import keras

    model = training.new_model(training.Setup(dataset, MODELS["cnn-1"], AS_RUN, PROFILES["smoke"]))
    before = {layer.name: layer.get_weights() for layer in model.layers}
    null.calibrate(model, MODELS["cnn-1"], dataset.train)
    x = one_hot(dataset.train.bases)
    for number in (1, 2):
        part = keras.Model(model.inputs[0], model.get_layer(f"norm_{number}").output)
        batches = [np.asarray(part(x[i : i + 200], training=False)) for i in range(0, len(x), 200)]
        y = np.concatenate(batches)
        np.testing.assert_allclose(y.mean(axis=(0, 1)), 0, atol=1e-3)
        np.testing.assert_allclose(y.std(axis=(0, 1)), 1, atol=1e-3)
    for layer in model.layers:
        same = 2 if layer.name in ("norm_1", "norm_2") else None  # gamma and beta stay
        for old, new in zip(before[layer.name][:same], layer.get_weights()[:same], strict=True):
            np.testing.assert_array_equal(old, new)


def test_untrained_networks_have_a_row_for_each_layer_that_can_be_read():
    table = null.untrained("cnn-1,cnn-100", 1, profile="smoke")
    assert list(table.columns) == list(null.COLUMNS)
    assert table["model"].tolist() == ["cnn-1", "cnn-1", "cnn-100"]
    assert table["layer"].tolist() == [1, 2, 1]
    assert table["filters"].tolist() == [30, 128, 30]
    # ReLU cuts near the mean, so every filter is active somewhere.
    assert (table["dead"] == 0).all()
    assert table["match_any"].between(0, 1).all()
    assert (table["match_relevant"] <= table["match_any"]).all()
    assert (table["match_commonest"] <= table["match_any"]).all()
    again = null.untrained("cnn-100", 1, profile="smoke")
    pd.testing.assert_frame_equal(again, table.iloc[2:].reset_index(drop=True))


def test_untrained_networks_are_named_like_runs():
    with pytest.raises(ValueError, match="unknown model 'cnn-3'"):
        null.untrained("cnn-3")
    with pytest.raises(ValueError, match="'no-such' is neither a folder"):
        null.untrained(dataset="no-such")


# --- Shuffled ----------------------------------------------------------------------------------


def test_shuffling_moves_the_matched_columns_only():
    ppm = np.vstack([np.full((2, 4), 0.25), known("MA0058.3")])
    one = convert(FILTER | a_filter(0, ppm, trim=[2, 12]), Filter)
    shuffled = null._shuffled(one, "0_0", np.random.default_rng(0))
    columns = [tuple(column) for column in shuffled.ppm]
    assert Counter(columns) == Counter(map(tuple, known("MA0058.3")))
    assert columns != [tuple(column) for column in known("MA0058.3")]
    assert shuffled.nsites == shuffled.width == 10


def test_a_sharp_motif_is_lost_and_one_that_is_the_same_in_any_order_is_not():
    same = np.tile([0.97, 0.01, 0.01, 0.01], (12, 1))
    dead = np.zeros((12, 4))
    table = null.shuffled(
        [
            a_record(a_filter(0, known("MA0095.2"))),  # YY1
            a_record(a_filter(0, same)),
            a_record(a_filter(0, same), a_filter(1, dead, "dead")),
        ]
    )
    assert table["match_any"].iloc[0] < 0.5
    # A poly-A filter matches or not, whatever the order; beside a dead one, half as often.
    assert table["match_any"].iloc[1] in (0, 1)
    assert table["match_any"].iloc[2] == table["match_any"].iloc[1] / 2
    assert table["filters"].tolist() == [1, 1, 2]


def test_a_record_s_shuffles_do_not_depend_on_the_others():
    first = a_record(a_filter(0, known("MA0079.3")))  # SP1: much alike in any order
    second = a_record(
        a_filter(0, known("MA0079.3")), run=Run("synthetic", "as-run", "paper", "cnn-2", 2)
    )
    both = null.shuffled([second, first], shuffles=60)
    alone = null.shuffled([first], shuffles=60)
    pd.testing.assert_frame_equal(both.iloc[1:].reset_index(drop=True), alone)
    other = null.shuffled([first], shuffles=60, seed=1)
    assert set(both["trial"]) == {1, 2}
    fractions = [both["match_any"][0], alone["match_any"][0], other["match_any"][0]]
    assert len(set(fractions)) > 1


def test_relevant_is_what_the_record_says():
    sp1 = a_filter(0, known("MA0079.3"))
    named = null.shuffled([a_record(sp1)], shuffles=60).iloc[0]  # its classes are MAX and SP1
    none = null.shuffled([a_record(sp1, match_relevant=None)], shuffles=60).iloc[0]
    assert 0 < named["match_relevant"] <= named["match_any"]
    assert none["match_any"] == named["match_any"]
    assert np.isnan(none["match_relevant"])


def test_there_must_be_a_shuffle():
    with pytest.raises(ValueError, match="shuffles must be at least 1, found 0"):
        null.shuffled([], shuffles=0)


# --- On record ---------------------------------------------------------------------------------


def rows(match_any=0.25, **changes):
    said = {"dataset": "synthetic", "protocol": "as-run", "profile": "paper", "model": "cnn-2"}
    said |= {"trial": 1, "layer": 1, "filters": 30, "dead": 0, "match_any": match_any}
    said |= {
        "match_relevant": np.nan,
        "commonest": "MA0615.1",
        "match_commonest": min(0.1, match_any),
    }
    return pd.DataFrame([{**said, **changes}])[list(null.COLUMNS)]


@pytest.mark.parametrize("kind", null.KINDS)
def test_a_null_comes_back(tmp_path, kind):
    path = null.write_null(kind, rows(), tmp_path)
    assert path == tmp_path / "null" / f"{kind}.json"
    found = null.load_null(kind, tmp_path)
    pd.testing.assert_frame_equal(found, rows(), check_dtype=False)
    data = json.loads(path.read_text())
    assert data["configuration"]["targets"]["number"] == 519
    assert data["versions"]["memelite"]
    assert list(path.parent.iterdir()) == [path]


def test_rows_are_added_to_what_is_on_record(tmp_path):
    null.write_null("untrained", pd.concat([rows(0.25), rows(0.5, trial=2)]), tmp_path)
    # One network again, another profile's, and another layer's.
    # A network of one's own has a name that is not in the book's table.
    more = [rows(0.75), rows(0.125, profile="smoke", model="mine"), rows(0.0, layer=2)]
    path = null.write_null("untrained", pd.concat(more), tmp_path)
    found = null.load_null("untrained", tmp_path)
    assert found["match_any"].tolist() == [0.75, 0.5, 0.125, 0.0]
    assert found["trial"].tolist() == [1, 2, 1, 1]
    assert found["profile"].tolist() == ["paper", "paper", "smoke", "paper"]
    assert found["match_relevant"].isna().all()

    before = path.read_text()
    with pytest.raises(ValueError, match=r"untrained\.json: was made with .*'settled_on': 2000"):
        null.write_null("untrained", rows(), tmp_path, settled_on=10)
    assert path.read_text() == before
    with pytest.raises(RecordError, match=r"untrained\.json: contradicts itself: rows\[0\]\.dead"):
        null.write_null("untrained", rows(dead=31), tmp_path)
    assert path.read_text() == before
    path.write_text(before[:-20])
    with pytest.raises(RecordError, match=r"untrained\.json: not readable as JSON"):
        null.write_null("untrained", rows(), tmp_path)
    assert path.read_text() == before[:-20]


def test_what_cannot_be_kept(tmp_path):
    with pytest.raises(ValueError, match="unknown null 'random'; there are: untrained, shuffled"):
        null.write_null("random", rows(), tmp_path)
    with pytest.raises(ValueError, match="no column 'match_any'"):
        null.write_null("shuffled", rows().drop(columns="match_any"), tmp_path)
    with pytest.raises(ValueError, match="no row"):
        null.write_null("shuffled", rows().iloc[:0], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_loaded(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"shuffled\.json: no such record"):
        null.load_null("shuffled", tmp_path)
    path = null.write_null("shuffled", rows(), tmp_path)
    whole = path.read_text()
    path.with_name("untrained.json").write_text(whole)
    with pytest.raises(RecordError, match="is of kind 'shuffled', expected 'untrained'"):
        null.load_null("untrained", tmp_path)
    for damaged, message in (
        (whole[:-20], "not readable as JSON"),
        (whole.replace('"evalue": 0.1', '"evalue": 0.2'), "its configuration has sha256"),
        (whole.replace('"match_any"', '"match_all"'), "missing required field `match_any`"),
        (
            whole.replace('"match_any": 0.25', '"match_any": 25'),
            r"rows\[0\]\.match_any: .* found 25",
        ),
        ("[]", "Expected `object`, got `array`"),
    ):
        path.write_text(damaged)
        with pytest.raises(RecordError, match=rf"shuffled\.json: .*{message}"):
            null.load_null("shuffled", tmp_path)


def test_rates_are_of_the_records_runs(tmp_path):
    records = [a_record(a_filter(0, known("MA0058.3")))]
    only = null.rates(records, results_dir=tmp_path)
    assert only["kind"].tolist() == ["trained"]
    null.write_null("untrained", pd.concat([rows(0.125), rows(0.5, trial=2)]), tmp_path)
    null.write_null("shuffled", pd.concat([rows(0.25), rows(0.75, layer=2)]), tmp_path)
    found = null.rates(records, results_dir=tmp_path)
    assert found["kind"].tolist() == ["trained", "shuffled", "untrained"]
    assert found["match_any"].tolist() == [1, 0.25, 0.125]
    assert null.rates(records, layer=2, results_dir=tmp_path).empty


def test_the_untrained_networks_on_record():
    table = null.load_null("untrained")
    assert set(table["model"]) == set(PAPER)
    for model, mine in table.groupby("model"):
        layers = range(1, MODELS[model].unpooled_layers + 1)
        assert sorted(zip(mine["layer"], mine["trial"], strict=True)) == [
            (layer, trial) for layer in layers for trial in range(1, 6)
        ]
    assert (table["dead"] == 0).all()
