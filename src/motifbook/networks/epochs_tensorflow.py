"""One epoch of training as one TensorFlow graph: the plain Keras model's step, computed faster.

What is gained, and why each step is exact (`tests/test_epochs.py` holds loss and gradients to the
plain model's):

* The data lie on the device as base indices, the whole epoch is one `tf.function`: no Python,
  no copies between batches.
* Batch norm's affine part and the activation (ReLU or exp) come *after* max-pooling, on a map
  that is smaller by the pool size. max commutes with a non-decreasing function; where gamma is
  negative the kernel is multiplied by -1 (and gamma with it), so the function is never decreasing.
  Batch statistics are those of the unpooled map.
* Those statistics have a gradient of their own (`batch_moments`), which passes over the map twice
  and not five times.

Updates go straight into the Keras model's own variables.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from motifbook.networks.architectures import Architecture
from motifbook.networks.evaluation import batch_size
from motifbook.networks.protocols import ADAM_EPSILON, BETA2, Protocol
from motifbook.sequences.datasets import Split


class Epochs:
    """Runs epochs of Adam on a Keras model from `keras_model.build`.

    Parameters
    ----------
    models : list of keras.Model
        One; several at once are for `motifbook.networks.epochs_jax`, whose interface this is.
    architecture, protocol
        The row that the model was built from and the protocol it was built under.
    train, valid : Split
        What it learns from, and what it is validated on.
    seeds : list of int
        One, of dropout.
    """

    def __init__(
        self,
        models: list[keras.Model],
        architecture: Architecture,
        protocol: Protocol,
        train: Split,
        valid: Split,
        seeds: Sequence[int] = (0,),
    ) -> None:
        (self.model,), (self.seed,) = models, seeds
        model = self.model
        self.convs = architecture.under(protocol).convs
        self.protocol = protocol
        self.layer = {layer.name: layer for layer in model.layers}
        self.train = _on_device(train)
        self.valid = _on_device(valid)
        self.variables = [v.value for v in model.trainable_variables]
        self.penalised = [
            v.value for v in model.trainable_variables if v.path.endswith(("kernel", "output/bias"))
        ]
        self.first = [v.value.ref() for v in self.layer["conv_1"].trainable_variables]
        self.moments = [
            (tf.Variable(tf.zeros_like(v)), tf.Variable(tf.zeros_like(v))) for v in self.variables
        ]
        self.step = tf.Variable(0, dtype=tf.int64)
        self.kept = model.get_weights()
        self._epoch = tf.function(self._epoch_eager)
        self._losses = tf.function(self._losses_eager)

    def epoch(self, orders: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """One pass in an order (1, n): mean loss, and mean first-layer gradient norm per batch."""
        loss, norm = self._epoch(tf.constant(orders[0], tf.int32))
        return loss.numpy()[None], norm.numpy()[None]

    def validate(self) -> np.ndarray:
        """Mean loss of the validation split, dropout off, moving averages in batch norm."""
        return self._losses(*self.valid).numpy()[None]

    def keep(self, better: np.ndarray) -> None:
        """Keep the present weights if they are better now."""
        if better[0]:
            self.kept = self.model.get_weights()

    def best(self) -> list[list[np.ndarray]]:
        """The weights kept, as `keras.Model.get_weights` gives them."""
        return [self.kept]

    def layers(self, *names: str) -> dict[str, np.ndarray]:
        """The present values of these layers, by the variable's name, as (1, ...)."""
        return {
            variable.path.rpartition("/")[2]: value[None]
            for name in names
            for variable, value in zip(
                self.layer[name].weights, self.layer[name].get_weights(), strict=True
            )
        }

    def logits(self, bases: tf.Tensor, training: bool, step: tf.Tensor | None = None) -> tf.Tensor:
        """(batch, length) bases to (batch, classes) logits."""
        x = tf.one_hot(bases, 4)
        for number, conv in enumerate(self.convs, start=1):
            gamma = self.layer[f"norm_{number}"].gamma.value
            sign = tf.where(gamma < 0, -1.0, 1.0)
            kernel = self.layer[f"conv_{number}"].kernel.value * sign
            x = tf.nn.conv1d(x, kernel, 1, "SAME")
            scale, shift = self._norm(f"norm_{number}", x, training, sign)
            if conv.pool > 1:
                x = tf.nn.max_pool1d(x, conv.pool, conv.pool_stride, "SAME")
            exponential = number == 1 and self.protocol.activation == "exponential"
            x = (tf.exp if exponential else tf.nn.relu)(x * scale + shift)
            if training:
                x = self._dropout(x, f"dropout_{number}", step, number)
        x = tf.reshape(x, (-1, x.shape[1] * x.shape[2]))
        hidden = self.layer["hidden"]
        x = x @ hidden.kernel.value
        if self.protocol.norm_hidden:
            scale, shift = self._norm("norm_hidden", x, training)
            x = x * scale + shift
        else:
            x += hidden.bias.value
        x = tf.nn.relu(x)
        if training:
            x = self._dropout(x, "dropout_hidden", step, 0)
        output = self.layer["output"]
        return x @ output.kernel.value + output.bias.value

    def loss(self, labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        """Mean binary cross-entropy over batch and classes, plus the penalty."""
        entropy = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels, logits))
        # l2_loss is half the sum of squares.
        loss = entropy + 2 * self.protocol.l2 * tf.add_n([tf.nn.l2_loss(v) for v in self.penalised])
        if self.protocol.l1:
            loss += self.protocol.l1 * tf.add_n([tf.reduce_sum(tf.abs(v)) for v in self.penalised])
        return loss

    def _norm(self, name, x, training, sign=1.0):
        """Batch norm of `x` as (scale, shift), its moving averages updated when training.

        `x` is the layer's true input times `sign`; the averages are kept of the true input.
        """
        layer = self.layer[name]
        if training:
            mean, variance = batch_moments(x)
            for average, now in (
                (layer.moving_mean.value, mean * sign),
                (layer.moving_variance.value, variance),
            ):
                part = layer.momentum
                average.assign(part * average + (1 - part) * tf.stop_gradient(now))
        else:
            mean, variance = layer.moving_mean.value * sign, layer.moving_variance.value
        scale = layer.gamma.value * sign * tf.math.rsqrt(variance + layer.epsilon)
        return scale, layer.beta.value - mean * scale

    def _dropout(self, x, name, step, place):
        rate = self.layer[name].rate
        if not rate:
            return x
        seed = tf.stack([tf.constant(self.seed, tf.int64), step * 8 + place])
        return tf.nn.experimental.stateless_dropout(x, rate, seed, rng_alg="philox")

    def gradients(self, bases, labels, step):
        """Loss of one batch and its gradients, in the order of `variables`."""
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(self.variables)
            loss = self.loss(labels, self.logits(bases, True, step))
        return loss, tape.gradient(loss, self.variables)

    def _epoch_eager(self, order):
        bases, labels = self.train
        size, number = self.protocol.batch_size, bases.shape[0]
        total = norms = tf.constant(0.0)
        batches = -(-number // size)
        for batch in tf.range(batches):
            chosen = order[batch * size : tf.minimum((batch + 1) * size, number)]
            step = self.step.assign_add(1)
            loss, gradients = self.gradients(
                tf.gather(bases, chosen), tf.gather(labels, chosen), step
            )
            self._adam(gradients, tf.cast(step, tf.float32))
            total += loss * tf.cast(tf.size(chosen), tf.float32)
            norms += tf.linalg.global_norm(
                [g for v, g in zip(self.variables, gradients, strict=True) if v.ref() in self.first]
            )
        return total / number, norms / batches

    def _adam(self, gradients, step):
        beta1, beta2 = self.protocol.beta1, BETA2
        for variable, (mean, square), gradient in zip(
            self.variables, self.moments, gradients, strict=True
        ):
            tf.raw_ops.ResourceApplyAdam(
                var=variable.handle,
                m=mean.handle,
                v=square.handle,
                beta1_power=beta1**step,
                beta2_power=beta2**step,
                lr=self.protocol.learning_rate,
                beta1=beta1,
                beta2=beta2,
                epsilon=ADAM_EPSILON,
                grad=gradient,
            )

    def _losses_eager(self, bases, labels):
        size, number = batch_size(bases.shape[1]), bases.shape[0]
        total = tf.constant(0.0)
        for start in tf.range(0, number, size):
            end = tf.minimum(start + size, number)
            loss = self.loss(labels[start:end], self.logits(bases[start:end], False))
            total += loss * tf.cast(end - start, tf.float32)
        return total / number


@tf.custom_gradient
def batch_moments(x: tf.Tensor):
    """Mean and variance (channels,) of (..., channels), over all axes but the last."""
    axes = tuple(range(x.shape.rank - 1))
    mean, variance = tf.nn.moments(x, axes)

    def gradient(by_mean, by_variance):
        number = tf.cast(tf.size(x) // x.shape[-1], x.dtype)
        slope = 2.0 * by_variance / number
        return x * slope + (by_mean / number - mean * slope)

    return (mean, variance), gradient


def _on_device(split: Split) -> tuple[tf.Tensor, tf.Tensor]:
    return tf.constant(split.bases), tf.constant(split.labels, tf.float32)
