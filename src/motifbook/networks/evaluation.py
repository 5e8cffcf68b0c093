"""What a trained network answers, in batches, and how good the answers are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from motifbook.sequences import datasets

if TYPE_CHECKING:
    import keras

POSITIONS = 100_000
"""Bases that a network is given at a time out of training: 500 sequences of 200 nt."""


def batch_size(length: int) -> int:
    """How many sequences of a length make `POSITIONS`; at least one."""
    return max(1, POSITIONS // length)


def outputs(
    model: keras.Model, bases: np.ndarray, layer: str | None = None, batch: int | None = None
) -> Iterator[tuple[int, np.ndarray]]:
    """The outputs of a network or of one of its layers, dropout off, batch by batch.

    Parameters
    ----------
    model : keras.Model
    bases : (n, length) uint8
    layer : str, optional
        Its name.
    batch : int, optional
        Sequences at a time; `batch_size` unless given.

    Yields
    ------
    start : int
        The first row of the batch.
    output : (rows, ...) float32
    """
    import keras

    part = keras.Model(model.inputs[0], model.get_layer(layer).output) if layer else model
    batch = batch or batch_size(bases.shape[1])
    for start in range(0, len(bases), batch):
        x = datasets.one_hot(bases[start : start + batch])
        yield start, keras.ops.convert_to_numpy(part(x, training=False))


def predict(model: keras.Model, bases: np.ndarray, batch: int | None = None) -> np.ndarray:
    """(n, length) bases to (n, classes) probabilities; see `outputs`."""
    return np.concatenate([output for _, output in outputs(model, bases, batch=batch)])


def scores(labels: np.ndarray, predictions: np.ndarray) -> dict[str, list[float]]:
    """Per class: AUROC, AUPR (trapezoidal, as the paper) and average precision.

    Parameters
    ----------
    labels, predictions : (n, classes)
    """
    from sklearn import metrics

    def area(truth: np.ndarray, score: np.ndarray) -> float:
        precision, recall, _ = metrics.precision_recall_curve(truth, score)
        return float(metrics.auc(recall, precision))

    by_class = {"average": None}
    return {
        # One number, where there is one class.
        "auroc": np.atleast_1d(metrics.roc_auc_score(labels, predictions, **by_class)).tolist(),
        "aupr": [area(*pair) for pair in zip(labels.T, predictions.T, strict=True)],
        "average_precision": np.atleast_1d(
            metrics.average_precision_score(labels, predictions, **by_class)
        ).tolist(),
    }


def cross_entropy(labels: np.ndarray, predictions: np.ndarray) -> float:
    """Mean binary cross-entropy of (n, classes), clipped as in the authors' code."""
    p = np.clip(predictions.astype(float), 1e-7, 1 - 1e-7)
    return float(-np.mean(labels * np.log(p) + (1 - labels) * np.log1p(-p)))
