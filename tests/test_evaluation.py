"""What a network answers does not depend on batches, and scores are those of hand-checked cases."""

import math

import numpy as np
import pytest

from motifbook.networks import backend, evaluation
from motifbook.networks.architectures import MODELS
from motifbook.networks.keras_model import build
from motifbook.networks.protocols import AS_RUN

ROW = MODELS["cnn-100"]


def column(*values):
    return np.array(values, float)[:, None]


@pytest.mark.parametrize(
    ("labels", "predictions", "auroc", "aupr", "precision"),
    [
        # Positives above 2 and 1 of 2 negatives. Precision–recall points from the top: (0, 1),
        # (1/2, 1), (1/2, 1/2), (1, 2/3); steps of recall 1/2 at precisions 1 and 2/3.
        ([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], 3 / 4, 1 / 2 + 7 / 24, 1 / 2 + 1 / 3),
        ([0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4], 1, 1, 1),
        ([1, 0, 0, 0], [0.1, 0.2, 0.3, 0.4], 0, 1 / 8, 1 / 4),
        # All tied: the trapezoid from (0, 1) to (1, 1/2) flatters, average precision does not.
        ([0, 1], [0.5, 0.5], 1 / 2, 3 / 4, 1 / 2),
    ],
)
def test_scores_of_hand_checked_cases(labels, predictions, auroc, aupr, precision):
    found = evaluation.scores(column(*labels), column(*predictions))
    assert found["auroc"] == [pytest.approx(auroc)]
    assert found["aupr"] == [pytest.approx(aupr)]
    assert found["average_precision"] == [pytest.approx(precision)]


def test_scores_are_by_class():
    labels = np.column_stack([[0, 0, 1, 1], [1, 0, 0, 0]])
    predictions = np.column_stack([[0.1, 0.4, 0.35, 0.8], [0.1, 0.2, 0.3, 0.4]])
    found = evaluation.scores(labels, predictions)
    assert found["auroc"] == pytest.approx([3 / 4, 0])
    assert all(type(value) is float for values in found.values() for value in values)


def test_cross_entropy_of_hand_checked_cases():
    assert evaluation.cross_entropy(column(1, 0), column(0.5, 0.25)) == pytest.approx(
        (math.log(2) - math.log(0.75)) / 2
    )
    # A certain and wrong answer costs log(1e7), not infinity.
    assert evaluation.cross_entropy(column(1), column(0)) == pytest.approx(math.log(1e7))
    assert evaluation.cross_entropy(column(0), column(0)) == pytest.approx(1e-7, rel=1e-3)


def test_fewer_long_sequences_are_predicted_on_at_a_time(monkeypatch):
    sizes, one_hot = [], evaluation.datasets.one_hot
    monkeypatch.setattr(
        evaluation.datasets, "one_hot", lambda bases: sizes.append(bases.size) or one_hot(bases)
    )
    monkeypatch.setattr(evaluation, "POSITIONS", 1_000)
    backend.start()
    for length, rows, expected in (
        (50, 50, [1_000, 1_000, 500]),
        (200, 10, [1_000, 1_000]),
        (1_200, 2, [1_200, 1_200]),
    ):
        model = build(ROW, AS_RUN, length=length, classes=3, seed=2)
        evaluation.predict(model, np.zeros((rows, length), np.uint8))
        assert sizes == expected
        sizes.clear()


def test_predictions_do_not_depend_on_the_batch():
    backend.start()
    model = build(ROW, AS_RUN, length=50, classes=3, seed=2)
    bases = np.random.default_rng(0).integers(0, 5, (7, 50)).astype(np.uint8)
    whole = evaluation.predict(model, bases)
    assert whole.shape == (7, 3)
    np.testing.assert_allclose(evaluation.predict(model, bases, batch=3), whole, rtol=1e-5)
    np.testing.assert_allclose(evaluation.predict(model, bases[4:5])[0], whole[4], rtol=1e-5)
