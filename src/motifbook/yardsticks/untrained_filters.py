"""Filters that have learned nothing, described as the score of `real_motif` describes any.

They are those of the paper's networks before training, over the same sequences, read three times:

* *as initialised*, with batch norm's averages as `null.calibrate` sets them;
* *as rare*: with batch norm's shift set such that each filter has about as many sites as the
  filter of its number has after training;
* *rarer*: likewise, with a tenth of them.

A random filter that seldom fires is as sharp as a motif, and that is what a score without ground
truth is tempted to call real.

None of them is a motif, unless its sites are: that is judged as for a trained filter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from motifbook.filters import readout
from motifbook.networks import evaluation, training
from motifbook.networks.training import Setup
from motifbook.records import experiment
from motifbook.records.runs import Layer, Record
from motifbook.sequences.datasets import Dataset, Split
from motifbook.yardsticks import null, real_motif, site_accuracy

TRIALS = 2
"""Of each architecture; the filters of one are the replicates of the other's."""
KINDS = {"as initialised": None, "as rare": 1.0, "rarer": 0.1}
"""Each kind's number of sites, as a part of the trained filter's; None leaves the shift at 0."""


def table(
    records: Iterable[Record], dataset: Dataset, own: dict[str, float] | None, name: str
) -> pd.DataFrame:
    """Untrained twins of some runs' filters, over the test sequences of a dataset.

    Parameters
    ----------
    records : iterable of Record
        Those of the first `TRIALS` trials count: their architecture, seeds, and number of sites.
    dataset : Dataset
        Of any sequences of the records' length.
    own : dict, optional
        From `site_accuracy.own_precision`; without it no filter is precise.
    name : str
        Of the dataset.

    Returns
    -------
    DataFrame
        dataset, kind (of `KINDS`), model, trial, filter, site_tf, precise and the features; one row
        per filter that has sites.
    """
    records = [record for record in records if record.run.trial <= TRIALS]
    read = {(r.run.model, r.run.trial): dict(layers(r, dataset)) for r in records}
    parts = []
    for (model, trial), by_kind in read.items():
        for kind, layer in by_kind.items():
            filters = layer.filters
            others = [
                _ppms(other[kind])
                for (same, number), other in read.items()
                if same == model and number != trial
            ]
            found = real_motif.features(
                _ppms(layer),
                [one.sites for one in filters],
                dataset.test.bases.size,
                others,
                [one.hits[0].e_value if one.hits else np.nan for one in filters],
            )
            truth = [_truth(one.site_precision, tuple(dataset.classes), own) for one in filters]
            found[["site_tf", "precise"]] = pd.DataFrame(truth, dtype=object)
            head = {"dataset": name, "kind": kind, "model": model, "trial": trial}
            parts.append(found.assign(**head, filter=range(len(filters))))
    whole = pd.concat(parts, ignore_index=True).dropna(subset=list(real_motif.PPM))
    return whole.astype({"precise": bool}).reset_index(drop=True)


def over_random(dataset: Dataset) -> Dataset:
    """A dataset with uniform random sequences in place of its test sequences."""
    shape = dataset.test.bases.shape
    bases = np.random.default_rng(7).integers(0, 4, shape).astype(np.uint8)
    return replace(dataset, test=Split(bases, dataset.test.labels))


def layers(record: Record, dataset: Dataset) -> Iterator[tuple[str, Layer]]:
    """The first layer of a run's network before training, by kind."""
    rules = record.run.rules
    setup = Setup(dataset, record.run.architecture, rules, record.run.scale, record.run.trial)
    model = training.new_model(setup)
    null.calibrate(model, setup.architecture, dataset.train)
    trained = np.array([one.sites for one in record.layer(1).filters]) / _positions(record)
    for kind, part in KINDS.items():
        if part is not None:
            _shift(model, dataset.test, trained * part)
        read = readout.read(model, setup.architecture, rules, dataset.test, 1)
        yield kind, experiment.describe(read, dataset, rules)[0]


def shift(values: np.ndarray, rate: float) -> float:
    """What to add to a filter's values so that this share of them exceeds half of the highest.

    Examples
    --------
    >>> values = np.arange(101.0)
    >>> moved = values + shift(values, 0.1)
    >>> round(float((moved > moved.max() / 2).mean()), 2)
    0.1
    """
    at = len(values) - 1 - round(rate * len(values))
    return float(values.max() - 2 * np.partition(values, at)[at])


def _shift(model, split: Split, rates: np.ndarray) -> None:
    """Set the shift of batch norm, which is zero before training, filter by filter."""
    norm = model.get_layer("norm_1")
    gamma, beta, mean, variance = norm.get_weights()
    norm.set_weights([gamma, 0 * beta, mean, variance])
    outputs = [output for _, output in evaluation.outputs(model, split.bases, "norm_1")]
    filters = np.concatenate([one.reshape(-1, len(rates)) for one in outputs]).T
    beta = [shift(own, rate) if rate else 0 for own, rate in zip(filters, rates, strict=True)]
    norm.set_weights([gamma, np.array(beta, np.float32), mean, variance])


def _positions(record: Record) -> float:
    """Bases of the test sequences that a record's filters were read from."""
    made = record.configuration["dataset"]
    return made["number"] * made["fractions"][-1] * made["length"]


def _ppms(layer: Layer) -> np.ndarray:
    """(filters, window, 4)."""
    return np.array([one.ppm for one in layer.filters])


def _truth(precision, classes: tuple[str, ...], own: dict[str, float] | None):
    """The TF that a filter's sites hit most precisely, and whether that is enough."""
    if own is None or precision is None:
        return None, False
    best = int(np.argmax(precision))
    return classes[best], precision[best] >= site_accuracy.PART * own[classes[best]]
