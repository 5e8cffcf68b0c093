"""Scores for sites alone and in pairs: by hand, on record, and of a network."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec import convert, structs

from motifbook.records import store
from motifbook.sequences.datasets import SITE, Split
from motifbook.yardsticks import neighbours


def test_sites_alone_and_in_pairs_are_told_from_the_same_others():
    labels = np.array([[1, 1, 1, 0, 0, 0]]).T
    predictions = np.array([[0.9, 0.2, 0.5, 0.4, 0.3, 0.1]]).T
    paired = np.array([[True, False, True, False, False, False]]).T
    found = neighbours.split_scores(labels, predictions, paired)
    assert found["in pairs"] == {"auroc": 1.0, "aupr": 1.0}
    assert found["alone"]["auroc"] == pytest.approx(1 / 3)  # above one of three


def made(**changes):
    row = {"model": "cnn-2", "trial": 1, "kind": "alone", "auroc": 0.9, "aupr": 0.8} | changes
    runs = [f"richer/as-run/paper/{row['model']}/trial-1"]
    shares = {"paired": 0.5, "repeated_in_pairs": 0.7, "repeated_alone": 0.0}
    data = {**store.envelope({"runs": runs}), **shares, "rows": [row, row | {"kind": "in pairs"}]}
    return convert(data, neighbours.Neighbours)


def test_a_record_comes_back_and_holds_each_row_once(tmp_path):
    assert neighbours.get("paper", tmp_path) is None
    file = neighbours.path("paper", tmp_path)
    assert file.relative_to(tmp_path).as_posix() == "richer/as-run/paper/neighbours.json"
    store.save(file, made())
    assert neighbours.get("paper", tmp_path).table["kind"].tolist() == ["alone", "in pairs"]
    whole = made()
    with pytest.raises(ValueError, match=r"the number of .* in rows is 2, expected 1"):
        store.save(file, structs.replace(whole, rows=whole.rows[:1] * 2))


def test_rows_are_those_of_the_runs():
    assert next(made().contradictions(), None) is None
    half = structs.replace(made(), rows=made().rows[:1])
    expected = ("cnn-2 trial-1 in pairs", "no row", "one, as the configuration says")
    assert list(half.contradictions()) == [expected]
    other = made(trial=9)
    assert {there for _, there, _ in other.contradictions()} == {"a row", "no row"}


def test_how_many_sites_a_tf_has_beside_one_in_a_pair():
    places = [(0, 2, 3, 0, 1), (0, 6, 3, 0, 1), (1, 0, 3, 0, 1), (1, 5, 2, 1, 1), (2, 1, 3, 0, 1)]
    split = Split(np.zeros((3, 10), np.uint8), np.ones((3, 2), np.uint8), np.array(places, SITE))
    paired = np.array([[True, False], [True, True], [False, False]])
    # Of four sequences with a TF's site three are in pairs; of these the first has it twice.
    found = neighbours.shares(split, paired)
    assert found == {"paired": 0.75, "repeated_in_pairs": 0.3333, "repeated_alone": 0.0}


def test_none_on_record(tmp_path):
    with pytest.raises(ValueError, match="motifbook sweep --dataset richer"):
        neighbours.make(["cnn-2"], 1, "paper", tmp_path)
