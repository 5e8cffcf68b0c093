"""The fast step is the plain Keras model's step: same loss, same gradients, same averages."""

import numpy as np
import pytest

from motifbook.networks import backend, evaluation
from motifbook.networks.architectures import MODELS
from motifbook.networks.keras_model import build
from motifbook.networks.protocols import AS_RUN, AS_WRITTEN, parse_protocol
from motifbook.sequences import datasets
from motifbook.sequences.datasets import Split

backend.start()
import keras  # noqa: E402


@pytest.fixture(scope="module")
def batch():
    stream = np.random.default_rng(0)
    bases = stream.integers(0, 5, (20, 200)).astype(np.uint8)
    return Split(bases, stream.integers(0, 2, (20, 12)).astype(np.uint8))


@pytest.mark.parametrize(
    "protocol",
    [AS_RUN, AS_WRITTEN, parse_protocol("as-run+l1"), parse_protocol("as-run+exponential")],
    ids=lambda p: p.name,
)
@pytest.mark.parametrize("name", ["cnn-1", "cnn-4", "cnn-25", "cnn3-50", "cnn-50-2", "cnn-1-1-100"])
def test_one_step_equals_the_plain_model(name, protocol, batch):
    import tensorflow as tf

    from motifbook.networks.epochs_tensorflow import Epochs

    model = build(MODELS[name], protocol, seed=3)
    for layer in model.layers:  # dropout is random in both; the rest must agree
        if isinstance(layer, keras.layers.Dropout):
            layer.rate = 0.0
    stream = np.random.default_rng(1)
    width = 0.3 if protocol.activation == "exponential" else 1.0  # exp of more loses digits
    for layer in model.layers:  # negative gammas are what the kernel's sign is for
        if isinstance(layer, keras.layers.BatchNormalization):
            size = layer.gamma.shape
            layer.gamma.assign(width * stream.normal(size=size))
            layer.beta.assign(width * stream.normal(size=size))
    epochs = Epochs([model], MODELS[name], protocol, batch, batch)
    before = model.get_weights()
    labels = tf.constant(batch.labels, tf.float32)

    loss, gradients = epochs.gradients(tf.constant(batch.bases), labels, tf.constant(1, tf.int64))
    averages = [v.numpy().copy() for v in model.non_trainable_variables]
    model.set_weights(before)

    x = datasets.one_hot(batch.bases)
    with tf.GradientTape() as tape:
        plain = keras.losses.BinaryCrossentropy()(labels, model(x, training=True)) + sum(
            model.losses
        )
    expected = tape.gradient(plain, epochs.variables)
    assert float(loss) == pytest.approx(float(plain), rel=1e-5)
    largest = max(float(tf.reduce_max(tf.abs(e))) for e in expected)
    for ours, theirs in zip(gradients, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5 * largest, rtol=1e-4)
    for ours, theirs in zip(averages, model.non_trainable_variables, strict=True):
        if "seed" not in theirs.path:
            np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-5)


@pytest.mark.parametrize("shape", [(4, 3), (5, 7, 3)])
def test_batch_moments_and_their_gradient(shape):
    import tensorflow as tf

    from motifbook.networks.epochs_tensorflow import batch_moments

    stream = np.random.default_rng(0)
    x = tf.constant(stream.normal(3.0, 0.5, shape), tf.float64)
    weights = tf.constant(stream.normal(size=(2, 3)))
    found = []
    for moments in (batch_moments, lambda x: tf.nn.moments(x, range(len(shape) - 1))):
        with tf.GradientTape() as tape:
            tape.watch(x)
            mean, variance = moments(x)
            total = tf.reduce_sum(weights[0] * mean + weights[1] * variance)
        found.append((mean, variance, tape.gradient(total, x)))
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12)


def test_validation_loss_is_the_plain_model_s(batch):
    from motifbook.networks.epochs_tensorflow import Epochs

    model = build(MODELS["cnn-10"], AS_RUN, seed=3)
    epochs = Epochs([model], MODELS["cnn-10"], AS_RUN, batch, batch)
    epochs.epoch(np.arange(20)[None])
    for layer in model.layers:  # after one step they are near zero, and logits beyond clipping
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.moving_variance.assign(layer.moving_variance * 100)
    probabilities = evaluation.predict(model, batch.bases)
    entropy = evaluation.cross_entropy(batch.labels, probabilities)
    assert epochs.validate() == pytest.approx(entropy + float(sum(model.losses)), rel=1e-5)
