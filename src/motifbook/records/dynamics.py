"""How a network's first layer came to be what it is: matches and site recall, epoch by epoch.

Losses and gradient norms by epoch are in every run's record. A trace adds what the filters were
worth after each epoch, read from the first-layer weights that training keeps in the cache.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
from msgspec import Meta, convert, structs

from motifbook.filters import readout
from motifbook.networks import backend, training
from motifbook.records import experiment, runs, store
from motifbook.records.runs import Run
from motifbook.records.store import Envelope, Fraction

PRECISE = 0.5
"""A filter counts as having found a TF if at least this part of its sites are the TF's motifs."""


class Trace(Envelope, frozen=True, kw_only=True, eq=False):
    """A run's trace on record: one value for each epoch from 0.

    Attributes
    ----------
    run : str
    match_any, match_relevant : (epochs + 1,)
    recall : (epochs + 1, classes)
        Of the best precise filter of each class; no row where nobody knows the sites.

    Raises
    ------
    ValueError
        If they are not of the same epochs, or not of all classes.
    """

    kind: Annotated[str, Meta(pattern="^trace$")] = "trace"
    run: str
    classes: tuple[str, ...]
    match_any: Annotated[tuple[Fraction, ...], Meta(min_length=1)]
    match_relevant: tuple[Fraction | None, ...]
    recall: tuple[tuple[Fraction, ...], ...]

    def __post_init__(self) -> None:
        Envelope.__post_init__(self)
        epochs = len(self.match_any)
        for name in ("match_relevant", "recall"):
            found = len(getattr(self, name))
            if found != epochs and (found or name != "recall"):
                raise ValueError(f"{name} has {found} epochs, expected {epochs} as match_any")
        if any(len(row) != len(self.classes) for row in self.recall):
            raise ValueError(f"recall must have {len(self.classes)} numbers an epoch, one a class")

    def contradictions(self) -> Iterator[store.Contradiction]:
        yield from store.repeated("classes", self.classes)
        yield from store.above("match_relevant", self.match_relevant, self.match_any)


def path(run: Run, results_dir: Path | str | None = None) -> Path:
    """Where a run's trace lies: beside its record."""
    return run.path(results_dir).with_name(f"trace-{run.trial}.json")


def write(run: Run, results_dir: Path | str | None = None) -> Path:
    """Trace a run and keep it; trains only if the cache no longer has the network.

    Epoch 0 is the untrained network. Its batch norm has no averages yet, so its filters are read
    with mean zero.

    Raises
    ------
    FileNotFoundError, RecordError
        If the run is not on record, or its record is damaged.
    ValueError
        If the network is not the one on record: trained again on other hardware, it is another.
    """
    record = runs.load(run, results_dir)
    setup = experiment.setup(run)
    trained = training.get(setup)
    if not same(trained.history, structs.asdict(record.history)):
        raise ValueError(
            f"{run}: the network in the cache is not the one on record: their losses differ, as "
            "after training on other hardware or with other versions"
        )
    model = training.new_model(setup)
    model.set_weights(trained.weights)
    rows: dict[str, list] = {"match_any": [], "match_relevant": [], "recall": []}
    shots = trained.snapshots
    for epoch in range(len(shots["kernel"])):
        model.get_layer("conv_1").set_weights([shots["kernel"][epoch]])
        norm = ("gamma", "beta", "mean", "variance")
        model.get_layer("norm_1").set_weights([shots[name][epoch] for name in norm])
        read = readout.read(model, setup.architecture, setup.protocol, setup.dataset.test)
        layer, _ = experiment.describe(read, setup.dataset, setup.protocol)
        for name in ("match_any", "match_relevant"):
            rows[name].append(getattr(layer, name))
        if read.precision is not None and read.recall is not None:
            found = np.where(read.precision >= PRECISE, read.recall, 0)
            rows["recall"].append(np.round(np.nanmax(found, axis=0, initial=0), 4).tolist())
    made = {"run": record.configuration, "precise": PRECISE}
    data = {**store.envelope(made), "run": str(run), "classes": setup.dataset.classes, **rows}
    data["versions"] = backend.description()["versions"]
    return store.save(path(run, results_dir), convert(data, Trace))


def same(history: dict, recorded: dict) -> bool:
    """Whether two histories are one, up to the six digits that a record keeps."""
    return history.keys() == recorded.keys() and all(
        len(values) == len(recorded[name]) and np.allclose(values, recorded[name], 1e-5, 0)
        for name, values in history.items()
    )


def load(run: Run, results_dir: Path | str | None = None) -> pd.DataFrame:
    """A run's trace, one row per epoch from 0, with losses and gradient norm from its record.

    Columns: epoch, match_any, match_relevant, recall (mean over TFs of the best precise filter's
    site recall), loss, valid_loss, gradient_norm (NaN for epoch 0), and one column of recall by TF.

    Raises
    ------
    store.RecordError
        If the trace is not readable or not of this run, or has other epochs than its record.
    FileNotFoundError
        If there is none.
    """
    file = path(run, results_dir)
    trace = store.load(file, Trace)
    if trace.run != str(run):
        raise store.RecordError(f"{file}: says it is {trace.run}, expected {run}")
    table = pd.DataFrame({"match_any": trace.match_any, "match_relevant": trace.match_relevant})
    by_tf = pd.DataFrame(list(trace.recall), columns=list(trace.classes), index=table.index)
    table.insert(0, "epoch", table.index)
    table["recall"] = by_tf.mean(axis=1)
    record = runs.load(run, results_dir)
    if len(table) != record.epochs + 1:
        raise store.RecordError(
            f"{file}: has {len(table)} epochs (with epoch 0), expected {record.epochs + 1} as "
            "its record has them"
        )
    for name, values in structs.asdict(record.history).items():
        table[name] = [np.nan, *values]
    return table.join(by_tf)


def get(
    models: Iterable[str],
    trial: int = 1,
    *,
    profile: str = "paper",
    missing: str = "skip",
    results_dir: Path | str | None = None,
) -> pd.DataFrame:
    """Traces of one trial of several models on the synthetic data, by the rules of `runs.get`.

    Returns
    -------
    DataFrame
        `load` of each model that has a trace, with a first column `model`. Without any, an empty
        one.

    Raises
    ------
    ValueError
        For a parameter that names nothing.
    MissingRunError
        With `missing="error"`, naming the trace.
    RecordError
        For a trace or a record that cannot be trusted.
    """
    store.open_results(results_dir, missing)
    found = []
    for model in models:
        run = Run("synthetic", "as-run", profile, model, trial)
        file = path(run, results_dir)
        if not file.exists() or not run.path(results_dir).exists():
            if not store.makes(missing, f"{file}: no trace, or no record, of {run}"):
                continue
            experiment.ensure(run, results_dir)
            write(run, results_dir)
        table = load(run, results_dir)
        table.insert(0, "model", model)
        found.append(table)
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame()
