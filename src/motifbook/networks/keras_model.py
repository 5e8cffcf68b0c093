"""A Keras model from a row of the table of architectures, under a protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from motifbook.networks.architectures import Architecture
from motifbook.networks.protocols import Protocol

if TYPE_CHECKING:
    import keras


def build(
    architecture: Architecture,
    protocol: Protocol,
    length: int = 200,
    classes: int = 12,
    seed: int = 0,
) -> keras.Model:
    """A freshly initialised Keras model of a row of the table.

    Parameters
    ----------
    architecture : Architecture
    protocol : Protocol
        Decides initialisation, batch norm, regularisation and, for CNN-50-2, the widths.
    length, classes : int
        Input length (nt) and number of outputs.
    seed : int
        Seeds the initial weights and the dropout.

    Returns
    -------
    keras.Model
        From (batch, length, 4) one-hot to (batch, classes) probabilities. Layers are named
        `conv_1`, `norm_1`, `active_1`, `pool_1`, ..., `hidden`, `output`.
    """
    import keras
    from keras import layers

    row = architecture.under(protocol)
    stream = np.random.default_rng(seed)

    def fresh() -> int:
        return int(stream.integers(2**31))

    def initial():
        kinds = {"glorot": keras.initializers.GlorotUniform, "he": keras.initializers.HeNormal}
        return kinds[protocol.initialisation](seed=fresh())

    def penalty():
        return keras.regularizers.L1L2(protocol.l1, protocol.l2)

    def norm(name: str):
        # Moving averages start from zero, as in the authors' code; beta and gamma as usual.
        return layers.BatchNormalization(
            momentum=0.99,
            epsilon=protocol.norm_epsilon,
            moving_variance_initializer="zeros",
            name=name,
        )

    inputs = x = keras.Input((length, 4), name="sequence")
    for number, conv in enumerate(row.convs, start=1):
        x = layers.Conv1D(
            conv.filters,
            conv.size,
            padding="same",
            use_bias=False,
            kernel_initializer=initial(),
            kernel_regularizer=penalty(),
            name=f"conv_{number}",
        )(x)
        x = norm(f"norm_{number}")(x)
        active = protocol.activation if number == 1 else "relu"
        x = layers.Activation(active, name=f"active_{number}")(x)
        if conv.pool > 1:
            x = layers.MaxPooling1D(
                conv.pool, conv.pool_stride, padding="same", name=f"pool_{number}"
            )(x)
        x = layers.Dropout(0.1, seed=fresh(), name=f"dropout_{number}")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(
        row.hidden,
        use_bias=not protocol.norm_hidden,
        kernel_initializer=initial(),
        kernel_regularizer=penalty(),
        name="hidden",
    )(x)
    if protocol.norm_hidden:
        x = norm("norm_hidden")(x)
    x = layers.ReLU(name="active_hidden")(x)
    x = layers.Dropout(0.5, seed=fresh(), name="dropout_hidden")(x)
    if protocol.initialisation == "glorot":
        # The authors' Glorot rule takes the square root of a vector's length for both fans.
        limit = (3 / classes**0.5) ** 0.5
        bias = keras.initializers.RandomUniform(-limit, limit, seed=fresh())
    else:
        bias = "zeros"
    x = layers.Dense(
        classes,
        activation="sigmoid",
        kernel_initializer=initial(),
        bias_initializer=bias,
        kernel_regularizer=penalty(),
        bias_regularizer=penalty(),
        name="output",
    )(x)
    return keras.Model(inputs, x, name=row.name)
