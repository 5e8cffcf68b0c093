"""One epoch of training as one compiled JAX call: the plain Keras model's step, computed faster.

Meant for a GPU. As in `motifbook.networks.epochs_tensorflow`, the data lie on the device as base
indices and max-pooling comes before batch norm's affine part, with the kernel multiplied by the
sign of gamma; `tests/test_epochs_jax.py` holds loss and gradients to the plain model's. Beyond
that:

* The step is a pure function of a `State`, so that states of several trials can be stacked and
  trained by the same code under `jax.vmap`; one trial is a stack of one.
* A convolution is one matrix product of the map's windows. A kernel of each trial's own makes of a
  convolution a grouped one, which libraries run slowly, but of a product a batched product.
* Products are asked for in full float32: by default a GPU would round their inputs to 10 bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import keras
import numpy as np
from jax import lax

from motifbook.networks.architectures import Architecture, Conv
from motifbook.networks.evaluation import batch_size
from motifbook.networks.protocols import ADAM_EPSILON, BETA2, Protocol
from motifbook.sequences.datasets import Split

Weights = dict[str, jax.Array]
"""By the path of the Keras variable, such as `conv_1/kernel`."""


class State(NamedTuple):
    """All that a step reads and writes of one network in training."""

    weights: Weights
    """The trainable ones."""
    averages: Weights
    """Batch norm's moving averages."""
    means: Weights
    squares: Weights
    """Adam's moments of the gradients of `weights`."""
    step: jax.Array
    key: jax.Array
    """Of dropout; never changed, the step is folded in."""


class Epochs:
    """Runs epochs of Adam on Keras models from `keras_model.build`; every number is an array.

    Parameters
    ----------
    models, seeds
        One of each per trial; the models' own weights are read once and not written. The seeds
        are those of dropout.
    architecture, protocol
        The row that the models were built from and the protocol they were built under.
    train, valid : Split
        What they learn from, and what they are validated on.
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
        self.network = Network.of(models[0], architecture, protocol)
        self.paths = [variable.path for variable in models[0].weights]
        self.train = on_device(train)
        self.valid = on_device(valid)
        states = [initial(model, seed) for model, seed in zip(models, seeds, strict=True)]
        self.state = jax.tree.map(lambda *values: jnp.stack(values), *states)
        self.kept = self._values()
        self.over_trials = _of_the_only_one if len(models) == 1 else _over_trials

    def epoch(self, orders: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """One pass, each trial in its own order: (trials, n) to mean losses and gradient norms."""
        self.state, losses, norms = self.over_trials(self.network.epoch)(
            self.state, jnp.asarray(orders, jnp.int32), *self.train
        )
        return np.asarray(losses), np.asarray(norms)

    def validate(self) -> np.ndarray:
        """Each trial's mean loss of the validation split."""
        losses = self.over_trials(self.network.losses)(
            self.state.weights, self.state.averages, *self.valid
        )
        return np.asarray(losses)

    def keep(self, better: np.ndarray) -> None:
        """Keep, on the device, the present weights of the trials that are better now."""
        self.kept = _keep(jnp.asarray(better), self._values(), self.kept)

    def best(self) -> list[list[np.ndarray]]:
        """The weights kept, per trial, as `keras.Model.get_weights` gives them."""
        kept = [np.asarray(self.kept[path]) for path in self.paths]
        return [list(weights) for weights in zip(*kept, strict=True)]

    def layers(self, *names: str) -> dict[str, np.ndarray]:
        """The present values of these layers, by the variable's name, trials first."""
        values = self._values()
        return {
            path.rpartition("/")[2]: np.asarray(values[path])
            for path in self.paths
            if path.partition("/")[0] in names
        }

    def _values(self) -> Weights:
        return self.state.weights | self.state.averages


def _over_trials(function):
    """`Network.epoch` or `Network.losses` of stacked trials, which all see the same data."""
    return jax.vmap(function, (0, 0, None, None))


def _of_the_only_one(function):
    """The same of one trial: mapped, its last digits would be others than without a map."""

    def mapped(first, second, *data):
        own = jax.tree.map(lambda value: value[0], (first, second))
        return jax.tree.map(lambda value: value[None], function(*own, *data))

    return mapped


def read(model: keras.Model) -> tuple[Weights, Weights]:
    """A model's trainable weights and its moving averages."""
    trainable = {variable.path for variable in model.trainable_variables}
    values = {variable.path: variable.value for variable in model.weights}
    return (
        {path: value for path, value in values.items() if path in trainable},
        {path: value for path, value in values.items() if path not in trainable},
    )


def initial(model: keras.Model, seed: int) -> State:
    """The state of a model before its first step."""
    weights, averages = read(model)
    zeros = jax.tree.map(jnp.zeros_like, weights)
    return State(weights, averages, zeros, zeros, jnp.int32(0), jax.random.key(seed))


def on_device(split: Split) -> tuple[jax.Array, jax.Array]:
    """(n, length) uint8 bases and (n, classes) float32 labels."""
    return jnp.asarray(split.bases), jnp.asarray(split.labels, jnp.float32)


@dataclass(frozen=True)
class Network:
    """A model's step and epoch as pure functions: what decides them, and no weights.

    Equal networks are compiled once.
    """

    convs: tuple[Conv, ...]
    protocol: Protocol
    rates: tuple[float, ...]
    """Of the model's dropout layers, in order."""
    momentum: float
    """Of batch norm's moving averages."""

    @classmethod
    def of(cls, model: keras.Model, architecture: Architecture, protocol: Protocol) -> Network:
        """That of a model built from this row under this protocol."""
        dropouts = [x for x in model.layers if isinstance(x, keras.layers.Dropout)]
        rates = tuple(layer.rate for layer in dropouts)
        momentum = model.get_layer("norm_1").momentum
        return cls(architecture.under(protocol).convs, protocol, rates, momentum)

    def logits(
        self, weights: Weights, averages: Weights, bases: jax.Array, key: jax.Array | None = None
    ) -> tuple[jax.Array, Weights]:
        """(batch, length) bases to (batch, classes) logits, and the moving averages afterwards.

        With a key the network is in training: dropout, and statistics of the batch.
        """
        moved = dict(averages)

        def norm(x, name, sign=1.0):
            """Batch norm of `x`, its true input times `sign`, as (scale, shift)."""
            mean, variance = averages[f"{name}/moving_mean"], averages[f"{name}/moving_variance"]
            if key is not None:
                axes = tuple(range(x.ndim - 1))
                now, part = (jnp.mean(x, axes) * sign, jnp.var(x, axes)), self.momentum
                moved[f"{name}/moving_mean"] = part * mean + (1 - part) * now[0]
                moved[f"{name}/moving_variance"] = part * variance + (1 - part) * now[1]
                mean, variance = now
            scale = weights[f"{name}/gamma"] * lax.rsqrt(variance + self.protocol.norm_epsilon)
            return scale * sign, weights[f"{name}/beta"] - mean * scale

        def dropout(x, place):
            rate = self.rates[place]
            if key is None or not rate:
                return x
            keep, own = 1 - rate, jax.random.fold_in(key, place)
            return jnp.where(jax.random.bernoulli(own, keep, x.shape), x / keep, 0)

        x = jax.nn.one_hot(bases, 4)
        for number, conv in enumerate(self.convs, start=1):
            sign = jnp.where(weights[f"norm_{number}/gamma"] < 0, -1.0, 1.0)
            x = _convolve(x, weights[f"conv_{number}/kernel"] * sign)
            scale, shift = norm(x, f"norm_{number}", sign)
            exponential = number == 1 and self.protocol.activation == "exponential"
            x = (jnp.exp if exponential else jax.nn.relu)(_pool(x, conv) * scale + shift)
            x = dropout(x, number - 1)
        x = _product(x.reshape(len(x), -1), weights["hidden/kernel"])
        if self.protocol.norm_hidden:
            scale, shift = norm(x, "norm_hidden")
            x = x * scale + shift
        else:
            x += weights["hidden/bias"]
        x = dropout(jax.nn.relu(x), len(self.convs))
        return _product(x, weights["output/kernel"]) + weights["output/bias"], moved

    def loss(self, weights, averages, bases, labels, key=None) -> tuple[jax.Array, Weights]:
        """Mean binary cross-entropy plus the penalty, and the moving averages afterwards."""
        logits, averages = self.logits(weights, averages, bases, key)
        entropy = jnp.mean(jax.nn.softplus(logits) - labels * logits)
        l1, l2 = self.protocol.l1, self.protocol.l2
        penalty = sum(
            l2 * jnp.sum(value**2) + (l1 * jnp.sum(jnp.abs(value)) if l1 else 0)
            for path, value in weights.items()
            if path.endswith(("kernel", "output/bias"))
        )
        return entropy + penalty, averages

    def gradients(self, weights, averages, bases, labels, key):
        """Of one batch: (loss, moving averages afterwards), gradients."""
        return jax.value_and_grad(self.loss, has_aux=True)(weights, averages, bases, labels, key)

    def step(self, state: State, bases, labels) -> tuple[State, jax.Array, jax.Array]:
        """One step of Adam: state, loss, norm of the first layer's gradient."""
        step = state.step + 1
        key = jax.random.fold_in(state.key, step)
        (loss, averages), gradients = self.gradients(
            state.weights, state.averages, bases, labels, key
        )
        means, squares, weights = adam(
            state.weights, state.means, state.squares, gradients, step, self.protocol
        )
        norm = jnp.linalg.norm(gradients["conv_1/kernel"])
        return State(weights, averages, means, squares, step, state.key), loss, norm

    @partial(jax.jit, static_argnums=0)
    def epoch(self, state: State, order, bases, labels) -> tuple[State, jax.Array, jax.Array]:
        """All batches in the given order: state, mean loss, mean norm per batch."""

        def batch(state, chosen):
            state, loss, norm = self.step(state, bases[chosen], labels[chosen])
            return state, (loss * len(chosen), norm)

        state, (losses, norms) = _in_batches(batch, state, order, self.protocol.batch_size)
        return state, jnp.sum(losses) / len(order), jnp.mean(norms)

    @partial(jax.jit, static_argnums=0)
    def losses(self, weights, averages, bases, labels) -> jax.Array:
        """Mean loss of a whole split, out of training."""

        def batch(carry, chosen):
            loss, _ = self.loss(weights, averages, bases[chosen], labels[chosen])
            return carry, loss * len(chosen)

        _, losses = _in_batches(batch, None, jnp.arange(len(bases)), batch_size(bases.shape[1]))
        return jnp.sum(losses) / len(bases)


@jax.jit
@jax.vmap
def _keep(better, new, old):
    return jax.tree.map(lambda a, b: jnp.where(better, a, b), new, old)


def adam(
    weights: Weights,
    means: Weights,
    squares: Weights,
    gradients: Weights,
    step: jax.Array,
    protocol: Protocol,
) -> tuple[Weights, Weights, Weights]:
    """Adam as TensorFlow and Keras compute it: moments and weights after a step (from one).

    Kingma & Ba 2015, section 2: the corrections are in the step size, and epsilon (1e-8) is their
    epsilon-hat.
    """
    beta1, beta2 = protocol.beta1, BETA2
    rate = protocol.learning_rate * jnp.sqrt(1 - beta2**step) / (1 - beta1**step)
    means = jax.tree.map(lambda m, g: beta1 * m + (1 - beta1) * g, means, gradients)
    squares = jax.tree.map(lambda s, g: beta2 * s + (1 - beta2) * g * g, squares, gradients)
    weights = jax.tree.map(
        lambda w, m, s: w - rate * m / (jnp.sqrt(s) + ADAM_EPSILON), weights, means, squares
    )
    return means, squares, weights


def _in_batches(function, carry, order, size):
    """`lax.scan` over batches of an order, the last of which may be smaller."""
    whole = len(order) // size
    carry, results = lax.scan(function, carry, order[: whole * size].reshape(whole, size))
    if rest := len(order) % size:
        carry, last = function(carry, order[-rest:])
        results = jax.tree.map(lambda a, b: jnp.append(a, b), results, last)
    return carry, results


def _product(x: jax.Array, kernel: jax.Array) -> jax.Array:
    return jnp.matmul(x, kernel, precision=lax.Precision.HIGHEST)


def _convolve(x: jax.Array, kernel: jax.Array) -> jax.Array:
    """(batch, length, channels) by (size, channels, filters), `same`-padded, stride 1."""
    size, length = len(kernel), x.shape[1]
    x = jnp.pad(x, ((0, 0), ((size - 1) // 2, size // 2), (0, 0)))
    windows = jnp.concatenate([x[:, at : at + length] for at in range(size)], axis=2)
    return _product(windows, kernel.reshape(-1, kernel.shape[2]))


def _pool(x: jax.Array, conv: Conv) -> jax.Array:
    """`same`-padded max-pooling of (batch, length, channels)."""
    size, stride = conv.pool, conv.pool_stride
    if size == stride == 1:
        return x
    if size == stride and x.shape[1] % size == 0:
        # The same, but its gradient is cheaper than that of windows that might overlap.
        return x.reshape(len(x), -1, size, x.shape[2]).max(axis=2)
    return lax.reduce_window(x, -jnp.inf, lax.max, (1, size, 1), (1, stride, 1), "SAME")
