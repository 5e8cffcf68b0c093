"""Maps of importance: identities, a network whose maps can be checked by hand, and the rules."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from msgspec import convert

from motifbook.networks import backend, keras_model
from motifbook.networks.architectures import MODELS
from motifbook.networks.protocols import AS_RUN
from motifbook.records import store
from motifbook.sequences.datasets import SITE, Split, encode, one_hot
from motifbook.yardsticks import attribution

LENGTH = 6


@pytest.fixture(scope="module")
def linear():
    """A network whose logits are sums of one weight a base: (model, weights (6, 4, 2))."""
    backend.start()
    import keras

    x = inputs = keras.Input((LENGTH, 4))
    x = keras.layers.Flatten()(x)
    x = keras.layers.Identity(name="dropout_hidden")(x)
    x = keras.layers.Dense(2, activation="sigmoid", name="output")(x)
    model = keras.Model(inputs, x)
    weights = np.random.default_rng(0).normal(size=(LENGTH, 4, 2))
    model.get_layer("output").set_weights([weights.reshape(-1, 2), np.array([0.5, -0.5])])
    return model, weights


@pytest.fixture(scope="module")
def network():
    """A small pool's network with averages in its batch norm, so that it is not at its start."""
    backend.start()
    model = keras_model.build(MODELS["cnn-25"], AS_RUN, length=50, classes=3, seed=1)
    stream = np.random.default_rng(2)
    for layer in model.layers:
        if layer.name.startswith("norm"):
            gamma, beta, mean, variance = layer.get_weights()
            layer.set_weights(
                [gamma, beta + stream.normal(size=beta.shape), mean, np.full_like(variance, 0.5)]
            )
    return model


# --- Maps -------------------------------------------------------------------------------------


def test_all_maps_of_a_linear_network_are_its_weights(linear):
    model, weights = linear
    bases = np.array([[0, 1, 2, 3, 0, 1], [3, 3, 3, 0, 0, 0]], np.uint8)
    centred = weights - weights.mean(axis=1, keepdims=True)
    expected = np.array([centred[range(LENGTH), row] for row in bases])  # (2, 6, 2)
    asked = [1, 0]
    by_class = expected[[0, 1], :, asked]
    for method in (attribution.saliency, attribution.integrated_gradients):
        np.testing.assert_allclose(method(model, bases, asked), by_class, atol=1e-5)
    np.testing.assert_allclose(attribution.mutagenesis(model, bases), expected, atol=1e-5)


def test_an_unknown_base_has_no_importance(linear):
    found = attribution.saliency(linear[0], encode("ACNACG")[None], [0])
    assert found[0, 2] == 0 and (found[0, [0, 1, 3]] != 0).all()


def test_logits_are_what_the_sigmoid_takes(network):
    x = one_hot(np.random.default_rng(0).integers(0, 4, (3, 50), dtype=np.uint8))
    found = np.asarray(attribution.logits(network, x))
    np.testing.assert_allclose(1 / (1 + np.exp(-found)), network(x, training=False), atol=1e-6)


def test_integrated_gradients_add_up_to_the_change(network):
    bases = np.random.default_rng(0).integers(0, 4, (3, 50), dtype=np.uint8)
    asked = [0, 1, 2]
    found = attribution.integrated_gradients(network, bases, asked, steps=200).sum(axis=1)
    ends = [one_hot(bases), np.full((3, 50, 4), 0.25, "float32")]
    after, before = (np.asarray(attribution.logits(network, x))[range(3), asked] for x in ends)
    np.testing.assert_allclose(found, after - before, atol=0.02)
    assert np.abs(after - before).max() > 0.1


def test_mutagenesis_is_done_base_by_base(network):
    bases = np.random.default_rng(3).integers(0, 4, (2, 50), dtype=np.uint8)
    found = attribution.mutagenesis(network, bases)
    changed = np.repeat(bases[1:], 4, axis=0)
    changed[:, 17] = range(4)
    answers = np.asarray(attribution.logits(network, one_hot(changed)))
    expected = answers[bases[1, 17]] - answers.mean(axis=0)
    np.testing.assert_allclose(found[1, 17], expected, atol=1e-4)


# --- Against the embedded sites ---------------------------------------------------------------

SITES = [(0, 2, 3, 0, 1), (0, 6, 2, 1, 1), (0, 8, 2, 1, -1), (2, 0, 4, 0, -1)]
SPLIT = Split(np.zeros((3, 10), np.uint8), np.zeros((3, 2), np.uint8), np.array(SITES, SITE))


def test_pairs_and_their_positions():
    found = attribution.pairs(SPLIT)
    assert found.to_dict("list") == {
        "row": [0, 0, 2],
        "tf": [0, 1, 0],
        "strand": ["+", "both", "−"],
    }
    truth = attribution.covered(SPLIT, found["row"], found["tf"])
    assert ["".join("01"[bit] for bit in row) for row in truth.astype(int)] == [
        "0011100000",
        "0000001111",
        "1111000000",
    ]
    with pytest.raises(ValueError, match="none are known here"):
        attribution.pairs(Split(SPLIT.bases, SPLIT.labels))


def test_scores_by_hand():
    truth = np.array([[True, True, False, False]] * 3)
    maps = np.array([[4.0, 3, 2, 1], [4, 2, 3, 1], [1, 2, 3, 4]])
    auroc, aupr = attribution.scores(maps, truth)
    assert auroc == [1, 0.75, 0]
    # The positions come first and third: 1/1 and 2/3. Third and fourth: 1/3 and 2/4.
    assert aupr == pytest.approx([1, (1 + 2 / 3) / 2, (1 / 3 + 1 / 2) / 2])


# --- On record --------------------------------------------------------------------------------


def recorded(**auroc):
    """A record of three pairs; `auroc` by `reader_method`."""
    own = [
        {"sequence": n, "tf": "MAX", "strand": "+" if n else "both", "positions": 10}
        for n in range(3)
    ]
    names = {"optimal_posterior": (attribution.CEILING, "posterior")}
    for model in attribution.MODELS:
        for method in attribution.METHODS:
            names[f"{model.replace('-', '')}_{method.split()[0]}"] = model, method
    maps = [
        {"reader": names[name][0], "method": names[name][1], "auroc": values, "aupr": [0.5] * 3}
        for name, values in auroc.items()
    ]
    networks = [
        {"run": f"synthetic/as-run/paper/{model}/trial-1", "epochs": 9, "best_epoch": 4}
        | {"hardware": "two cores", "mean_auroc": 0.9, "on_record": False}
        for model in attribution.MODELS
    ]
    data = {**store.envelope({}), "networks": networks, "pairs": own, "maps": maps}
    return convert(data, attribution.Attribution)


SMALL = recorded(
    cnn2_saliency=[0.8, 0.81, 0.82],
    cnn25_saliency=[0.7, 0.72, 0.74],
    optimal_posterior=[0.95, 0.96, 0.97],
)


def test_a_map_has_one_number_a_pair(tmp_path):
    path = store.save(attribution.path("paper", tmp_path), SMALL)
    assert attribution.get(results_dir=tmp_path).maps == SMALL.maps
    data = json.loads(path.read_text())
    data["maps"][1]["aupr"] = [0.5]
    path.write_text(json.dumps(data))
    with pytest.raises(store.RecordError, match="aupr of cnn-25 by saliency has 1 numbers, exp"):
        attribution.get(results_dir=tmp_path)
    assert attribution.get("smoke", results_dir=tmp_path) is None
    with pytest.raises(store.MissingRunError, match="no attributions"):
        attribution.get("smoke", missing="error", results_dir=tmp_path)
    assert attribution.load_check("smoke", tmp_path) is None


def test_table():
    table = SMALL.table
    assert len(table) == 9
    assert table.query("reader == 'cnn-25'")["auroc"].tolist() == [0.7, 0.72, 0.74]
    assert table["strand"].tolist() == ["both", "+", "+"] * 3


def test_claims_by_the_rules():
    found = attribution.claims(SMALL.table)
    assert found["claim"].tolist() == ["integrates", "noisy", "noisy"]
    # 0.10, 0.09, 0.08: their mean, and Student's interval with two degrees of freedom.
    first = found.iloc[0]
    half = 4.302652729911275 * 0.01 / np.sqrt(3)
    assert (first["mean"], first["low"], first["high"]) == pytest.approx(
        (0.09, 0.09 - half, 0.09 + half)
    )
    assert set(found["verdict"]) == {"holds, provisional"}
    same = recorded(cnn2_saliency=[0.9] * 3, optimal_posterior=[0.91, 0.9, 0.92])
    (row,) = attribution.claims(same.table).to_dict("records")
    assert (row["claim"], row["verdict"]) == ("noisy", "inconclusive, provisional")
    close = recorded(cnn2_saliency=[0.9, 0.9, 0.9], optimal_posterior=[0.901, 0.9, 0.902])
    assert attribution.claims(close.table)["verdict"].tolist() == ["does not hold, provisional"]


@pytest.mark.slow
def test_networks_are_read(tmp_path):
    found = attribution.make(["cnn-100"], profile="smoke", sequences=5, results_dir=tmp_path)
    assert [(one.reader, one.method) for one in found.maps] == [
        *(("cnn-100", method) for method in attribution.METHODS),
        (attribution.CEILING, "posterior"),
    ]
    assert found.networks[0].on_record is None and found.networks[0].epochs == 3
    means = found.table.groupby("reader")["auroc"].mean()
    assert means[attribution.CEILING] > 0.9
    assert isinstance(found.table, pd.DataFrame)
    with pytest.raises(ValueError, match="a model to read is expected, found none"):
        attribution.make([])
