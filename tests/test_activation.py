"""What the chapter on the exponential activation says, tabulates and draws, on made-up runs."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from conftest import learned
from drawn import points_of, texts

from motifbook.book import activation, figures
from motifbook.book.chapter import Gathered
from motifbook.records.runs import Run

OWN = {"SP1": 0.8, "MAX": 0.5}


def made(relu, exponential, trials=3, spread=0.01):
    """A table of runs with the fraction of relevant filters that a function of the model gives."""
    rows = []
    for kind, share in zip(activation.KINDS, (relu, exponential), strict=True):
        for model in activation.OWN:
            for trial in range(1, trials + 1):
                if (value := share(model)) is not None:
                    value += spread * (trial - 2)
                    row = {"kind": kind, "model": model, "trial": trial, "match_any": 1.0}
                    row |= {"match_relevant": value, "precise": value / 2, "auroc": 0.96}
                    rows.append(row)
    columns = ["kind", "model", "trial", "match_any", *activation.QUANTITIES]
    return pd.DataFrame(rows, columns=columns)


def step(model):
    return 0.95 if model in activation.LARGE else 0.1


def flat(model):
    return 0.95


BOTH = made(step, flat)
NONE = made(step, lambda model: None)


def pages(*exponential):
    relu = tuple(learned("cnn-2", trial, "none:.1,.1,.1,.1 MAX:.4,.5,.1,.1") for trial in (1, 2))
    runs = [Run("synthetic", activation.PROTOCOL, "paper", "cnn-2", trial) for trial in (1, 2)]
    return {
        "ReLU": Gathered(tuple(record.run for record in relu), relu),
        "exponential": Gathered(tuple(runs), exponential),
    }


def test_runs_are_measured():
    table = activation.measured(pages(), OWN)
    assert table["kind"].tolist() == ["ReLU", "ReLU"]
    assert table["match_relevant"].tolist() == table["precise"].tolist() == [0.5, 0.5]


def test_what_is_missing_is_said():
    assert activation.on_record(pages()) == (
        "0 of 2 runs with the exponential are on record. Missing trials: CNN-2 2."
    )
    assert activation.line(pages()).text.startswith("Made from 2 of 4 runs")


def test_pooling():
    found = activation.pooling(BOTH).set_index(["claim", "activation"])["verdict"]
    assert found.to_dict() == {
        ("pooling no longer decides", "ReLU"): "does not hold",
        ("pooling no longer decides", "exponential"): "holds",
        ("pooling still decides", "ReLU"): "holds",
        ("pooling still decides", "exponential"): "inconclusive",
    }
    assert activation.pooling(NONE)["verdict"].tolist()[1::2] == ["not yet run"] * 2
    one = activation.pooling(made(step, flat, trials=1))["verdict"]
    assert set(one) == {"inconclusive, provisional"}


def test_by_network():
    found = activation.by_network(BOTH).set_index(["network", "quantity"])
    better = found.loc[("CNN-2", "match a relevant motif")]
    # 0.85, with the spread 0.01 of three trials a side: Welch with four degrees of freedom.
    half = 2.7764451 * 0.01 * np.sqrt(2 / 3)
    assert better["difference"] == "+0.850" and better["verdict"] == "holds"
    assert better["interval"] == f"+{0.85 - half:.3f} to +{0.85 + half:.3f}"
    same = found.loc[("CNN-25", "match a relevant motif")]
    assert (same["difference"], same["verdict"]) == ("+0.000", "inconclusive")
    alike = found.loc[("CNN-2", "AUROC")]
    assert (alike["asked"], alike["verdict"]) == ("alike", "holds")
    worse = activation.by_network(made(flat, step)).set_index(["network", "quantity"])
    assert worse.loc[("CNN-2", "match a relevant motif"), "verdict"] == "does not hold"
    single = activation.by_network(made(step, flat, trials=1))
    assert set(single["interval"]) == {"needs two trials"}
    assert set(activation.by_network(NONE)["verdict"]) == {"not yet run"}


def test_an_auroc_that_is_not_alike():
    table = BOTH.copy()
    lower = table["kind"] == "exponential"
    table.loc[lower, "auroc"] = 0.9 + 0.001 * table.loc[lower, "trial"]
    found = activation.by_network(table).query("quantity == 'AUROC'")
    assert set(found["verdict"]) == {"does not hold"}


def test_in_words():
    said = activation.answer(BOTH)
    assert said.startswith(
        "Ours, with the exponential: *pooling no longer decides*: holds; *pooling still decides*: "
        "inconclusive. From ReLU to the exponential, over the same trials of both, "
    )
    assert "goes so: CNN-1 0.10 → 0.95 (3 trials), CNN-2 0.10 → 0.95 (3 trials), " in said
    first = BOTH.query("kind == 'ReLU' or trial == 1 and model != 'cnn-1'")
    assert "goes so: CNN-2 0.09 → 0.94 (1 trial), CNN-4" in activation.answer(first)
    assert "*pooling still decides*: not known yet, for runs are missing" in activation.answer(
        first
    )
    assert activation.answer(NONE).startswith("Not known yet")
    first, second = activation.in_short(BOTH)
    assert "By the database: holds 5, inconclusive 4" in first
    assert second.startswith("Is the AUROC alike? Holds 9.")
    assert activation.in_short(NONE)[1].startswith("Is the AUROC alike? Not yet run 9.")


def test_gap():
    assert activation.gap(BOTH)["gap"].to_dict() == {"ReLU": "+0.850", "exponential": "+0.000"}
    assert activation.gap(NONE).loc["exponential", "gap"] == "not yet run"


def test_beside():
    row = activation.beside(BOTH).loc["CNN-2"]
    assert row["match a relevant motif", "exponential"] == "0.950\u00a0±\u00a00.008"
    assert row["trials", ""] == "3 and 3"
    assert activation.beside(NONE).loc["CNN-2", ("AUROC", "exponential")] == "not yet run"


def test_panels():
    figures.style()
    figure = activation.panels(BOTH)
    (first,) = points_of(figure.axes[0], "exponential-match_relevant")
    assert first[:3] == [(0.94, 0.14), (0.95, 0.14), (0.96, 0.14)]
    (relu,) = points_of(figure.axes[1], "ReLU-precise")
    assert relu[0] == (0.045, -0.14)
    assert {"ReLU", "exponential", "AUROC", "CNN3-2"} <= set(texts(figure))
    plt.close(figure)
    assert texts(activation.panels(NONE.iloc[:0])) == ["no run on record yet"]
