"""Traces on record: read with their run's record, and by the rules of missing runs."""

from __future__ import annotations

import json
import math
from types import SimpleNamespace

import pytest

from motifbook.records import dynamics, experiment, store
from motifbook.records.runs import Run


@pytest.fixture
def traced(tmp_path, write_record):
    """A results folder, and a function that puts a record and its trace there."""

    def put(model: str) -> Run:
        run = Run("synthetic", "as-run", "paper", model, 1)
        write_record(tmp_path, model)
        data = {
            **store.envelope({"precise": 0.5}),
            "run": str(run),
            "classes": ["MAX", "SP1"],
            "match_any": [0.4, 0.5, 0.6],
            "match_relevant": [0.0, 0.25, 0.5],
            "recall": [[0.0, 0.0], [0.5, 0.0], [0.5, 0.25]],
        }
        dynamics.path(run, tmp_path).write_text(json.dumps(data))
        return run

    return tmp_path, put


def test_load_joins_the_trace_with_its_record(traced):
    folder, put = traced
    table = dynamics.load(put("cnn-2"), folder)
    assert table["epoch"].tolist() == [0, 1, 2]
    assert table["recall"].tolist() == [0, 0.25, 0.375]
    assert math.isnan(table["loss"][0]) and table["loss"].tolist()[1:] == [0.5, 0.25]


def test_get_stacks_what_is_there(traced):
    folder, put = traced
    assert dynamics.get(["cnn-2"], results_dir=folder).empty
    put("cnn-25"), put("cnn-2")
    table = dynamics.get(["cnn-2", "cnn-4", "cnn-25"], results_dir=folder)
    assert table["model"].tolist() == ["cnn-2"] * 3 + ["cnn-25"] * 3
    assert table["SP1"].tolist() == [0, 0, 0.25] * 2


def test_a_trace_without_its_record_counts_as_missing(traced):
    folder, put = traced
    put("cnn-2").path(folder).unlink()
    assert dynamics.get(["cnn-2"], results_dir=folder).empty


def test_missing_traces_are_named_or_made(traced, monkeypatch):
    folder, put = traced
    with pytest.raises(store.MissingRunError, match="synthetic/as-run/paper/cnn-4/trial-1"):
        dynamics.get(["cnn-4"], missing="error", results_dir=folder)
    with pytest.raises(ValueError, match="missing must be one of skip, train, error"):
        dynamics.get(["cnn-4"], missing="make", results_dir=folder)
    made = []
    monkeypatch.setattr(experiment, "ensure", lambda run, _: made.append(("record", run.model)))
    monkeypatch.setattr(
        dynamics, "write", lambda run, _: made.append(("trace", put(run.model).model))
    )
    assert len(dynamics.get(["cnn-4"], missing="train", results_dir=folder)) == 3
    assert made == [("record", "cnn-4"), ("trace", "cnn-4")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not readable as JSON"),
        ("[]", "Expected `object`, got `array`"),
        ('{"run": 1}', "Expected `str`, got `int`"),
        ('{"run": "other"}', "missing required field"),
    ],
)
def test_a_file_that_is_no_trace(traced, text, message):
    folder, put = traced
    run = put("cnn-2")
    dynamics.path(run, folder).write_text(text)
    with pytest.raises(store.RecordError, match=rf"trace-1\.json: .*{message}"):
        dynamics.load(run, folder)


def test_a_trace_of_another_run(traced):
    folder, put = traced
    run, other = put("cnn-2"), put("cnn-4")
    dynamics.path(run, folder).write_text(dynamics.path(other, folder).read_text())
    with pytest.raises(store.RecordError, match=f"says it is {other}, expected {run}"):
        dynamics.load(run, folder)


def test_a_recall_that_is_none(traced):
    folder, put = traced
    file = dynamics.path(put("cnn-2"), folder)
    file.write_text(file.read_text().replace("0.25]]", "2.5]]"))
    with pytest.raises(store.RecordError, match=r"\$\.recall\[2\]\[1\]: .*, found 2\.5"):
        dynamics.load(Run("synthetic", "as-run", "paper", "cnn-2", 1), folder)
    file.write_text(file.read_text().replace("2.5]]", "0.25, 0]]"))
    with pytest.raises(store.RecordError, match="recall must have 2 numbers an epoch"):
        dynamics.load(Run("synthetic", "as-run", "paper", "cnn-2", 1), folder)


@pytest.mark.parametrize(
    ("shorter", "message"),
    [
        (("match_any",), "match_relevant has 3 epochs, expected 2"),
        (("recall",), "recall has 2 epochs, expected 3"),
        (("match_any", "match_relevant", "recall"), "has 2 epochs .* expected 3"),
    ],
)
def test_a_trace_of_other_epochs_than_its_record(traced, shorter, message):
    folder, put = traced
    run = put("cnn-2")
    data = json.loads(dynamics.path(run, folder).read_text())
    for name in shorter:
        data[name].pop()
    dynamics.path(run, folder).write_text(json.dumps(data))
    with pytest.raises(store.RecordError, match=message):
        dynamics.load(run, folder)


@pytest.mark.parametrize(
    "loss", [[0.5], [0.5, 0.2501], [0.5, 0.25, 0.1]], ids=["shorter", "other", "longer"]
)
def test_a_network_that_is_not_the_one_on_record_is_not_traced(traced, monkeypatch, loss):
    folder, put = traced
    run = put("cnn-2")
    before = dynamics.path(run, folder).read_text()
    history = {"loss": loss, "valid_loss": [0.5, 0.75]}
    monkeypatch.setattr(experiment, "open_dataset", lambda *_: None)
    monkeypatch.setattr(
        dynamics.training, "get", lambda *_: SimpleNamespace(history=history, snapshots={})
    )
    with pytest.raises(ValueError, match=f"{run}: the network in the cache is not the one on rec"):
        dynamics.write(run, folder)
    assert dynamics.path(run, folder).read_text() == before


def test_a_network_s_history_is_compared_to_the_digits_on_record():
    recorded = {"loss": [0.123457, 0.25]}
    assert dynamics.same({"loss": [0.1234567891, 0.25]}, recorded)
    assert not dynamics.same({"loss": [0.12346, 0.25]}, recorded)
    assert not dynamics.same({"loss": [0.123457, 0.25], "valid_loss": [1.0, 1.0]}, recorded)
