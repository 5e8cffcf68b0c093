"""What `test_epochs_jax.py` compares, computed in a process of its own: Keras's backend is chosen
once per process.

Run as `KERAS_BACKEND=jax python steps_in_jax.py FOLDER`; writes there, per case,
<case>.npz with the weights before a step, and the step's loss, gradients and averages by our code
and by the plain Keras model; and numbers.json.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from msgspec import to_builtins

from motifbook.networks import backend, evaluation, training
from motifbook.networks.architectures import MODELS
from motifbook.networks.keras_model import build
from motifbook.networks.protocols import AS_RUN, AS_WRITTEN, Profile
from motifbook.records import experiment
from motifbook.records.runs import Run
from motifbook.sequences.datasets import Dataset, Split, one_hot

CASES = {
    "cnn-50-2": ("cnn-50-2", AS_RUN, 200),  # pooling windows overlap
    "cnn-1-1-100": ("cnn-1-1-100", AS_RUN, 200),
    "cnn-25": ("cnn-25", AS_WRITTEN, 190),  # the last pooling window runs off the end
}


def random_split(number: int, length: int = 200, seed: int = 0) -> Split:
    stream = np.random.default_rng(seed)
    bases = stream.integers(0, 5, (number, length)).astype(np.uint8)
    return Split(bases, stream.integers(0, 2, (number, 12)).astype(np.uint8))


def model_of(name: str, protocol, length: int = 200):
    """A model without dropout, which is random in both, and with gammas of both signs."""
    import keras

    model = build(MODELS[name], protocol, length, seed=3)
    stream = np.random.default_rng(1)
    for layer in model.layers:
        if isinstance(layer, keras.layers.Dropout):
            layer.rate = 0.0
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.gamma.assign(stream.normal(size=layer.gamma.shape))
            layer.beta.assign(stream.normal(size=layer.beta.shape))
    return model


def one_step(name: str, protocol, length: int) -> dict[str, np.ndarray]:
    import jax
    import jax.numpy as jnp
    import keras

    from motifbook.networks import epochs_jax

    model = model_of(name, protocol, length)
    # Where two positions of a pool tie to rounding, either may get the gradient; here none do.
    split = random_split(20, length, seed=1)
    labels = jnp.asarray(split.labels, jnp.float32)
    network = epochs_jax.Network.of(model, MODELS[name], protocol)
    weights, averages = epochs_jax.read(model)
    (loss, moved), gradients = jax.jit(network.gradients)(
        weights, averages, jnp.asarray(split.bases), labels, jax.random.key(0)
    )

    state = [v.value for v in model.non_trainable_variables]

    def plain(trainable):
        out, state_after, losses = model.stateless_call(
            trainable, state, one_hot(split.bases), training=True, return_losses=True
        )
        return keras.losses.BinaryCrossentropy()(labels, out) + sum(losses), state_after

    (plain_loss, state_after), plain_gradients = jax.value_and_grad(plain, has_aux=True)(
        [v.value for v in model.trainable_variables]
    )
    result = {f"weight {i}": w for i, w in enumerate(model.get_weights())}
    result |= {"loss": loss, "plain loss": plain_loss}
    for variable, gradient in zip(model.trainable_variables, plain_gradients, strict=True):
        result[f"gradient {variable.path}"] = gradients[variable.path]
        result[f"plain gradient {variable.path}"] = gradient
    for variable, value in zip(model.non_trainable_variables, state_after, strict=True):
        if variable.path in moved:
            result[f"average {variable.path}"] = moved[variable.path]
            result[f"plain average {variable.path}"] = value
    return {name: np.asarray(value) for name, value in result.items()}


def one_epoch() -> dict[str, list[float]]:
    """An epoch with a smaller last batch, by our code and by Keras: losses, weights."""
    import keras

    from motifbook.networks.epochs_jax import Epochs

    protocol = replace(AS_RUN, batch_size=32)
    train, valid = random_split(80), random_split(510, seed=1)
    ours, plain = (model_of("cnn-25", protocol) for _ in range(2))
    epochs = Epochs([ours], MODELS["cnn-25"], protocol, train, valid)
    (loss,), _ = epochs.epoch(np.arange(80)[None])
    epochs.keep(np.array([True]))
    ours.set_weights(epochs.best()[0])
    plain.compile(
        keras.optimizers.Adam(protocol.learning_rate, protocol.beta1, epsilon=1e-8),
        "binary_crossentropy",
    )
    x = one_hot(train.bases), train.labels
    run = plain.fit(*x, batch_size=32, epochs=1, shuffle=False, verbose=0)
    differences = [
        np.abs(a - b).ravel() for a, b in zip(ours.get_weights(), plain.get_weights(), strict=True)
    ]
    for layer in ours.layers:  # after one epoch they are near zero, and logits beyond clipping
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.moving_variance.assign(layer.moving_variance * 100)
    (valid_loss,) = Epochs([ours], MODELS["cnn-25"], protocol, train, valid).validate()
    entropy = evaluation.cross_entropy(valid.labels, evaluation.predict(ours, valid.bases))
    return {
        "loss": [float(loss), run.history["loss"][0]],
        "valid_loss": [float(valid_loss), entropy + float(sum(ours.losses))],
        "weights": [float(d.max()) for d in differences],
    }


def two_trials() -> dict[str, list]:
    """Trials that stop at different epochs, trained at once and one by one."""
    import keras

    plain = training.new_model

    def settled(*what):
        """Moving averages that start near their end, so that validation can get worse soon."""
        model = plain(*what)
        for layer in model.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.moving_variance.assign(np.ones(layer.moving_variance.shape))
        return model

    training.new_model = settled
    labels = random_split(230, seed=3).labels  # nothing to learn
    sizes = {"train": labels[:130], "valid": labels[130:170], "test": labels[170:]}
    parts = {
        name: Split(random_split(len(rows), 60, seed).bases, rows)
        for seed, (name, rows) in enumerate(sizes.items())
    }
    dataset = Dataset("random", tuple("abcdefghijkl"), **parts, config={}, relevant={})
    protocol = replace(AS_RUN, batch_size=60)
    what = dataset, MODELS["cnn-25"], protocol, Profile("few", None, epochs=8, patience=1)
    setups = [training.Setup(*what, trial) for trial in (1, 2)]
    together = training.fit_trials(setups)
    alone = [training.fit(setup) for setup in setups]
    training.new_model = plain

    def apart(ones, others) -> float:
        return float(max(np.abs(a - b).max() for a, b in zip(ones, others, strict=True)))

    pairs = list(zip(together, alone, strict=True))
    return {
        "histories": [[trained.history for trained in pair] for pair in pairs],
        "best epochs": [[trained.best_epoch for trained in pair] for pair in pairs],
        "weights apart": [apart(a.weights, b.weights) for a, b in pairs],
        "snapshots": [[sorted(trained.snapshots) for trained in pair] for pair in pairs],
        "snapshots apart": [
            apart((a.snapshots[name] for name in b.snapshots), b.snapshots.values())
            for a, b in pairs
        ],
    }


def smoke(folder: Path) -> dict:
    """Two smoke runs trained at once into the cache, the first put on record; and it alone."""
    wanted = [Run("synthetic", "as-run", "smoke", "cnn-50", trial) for trial in (1, 2)]
    trained = experiment.prepare(wanted, folder)
    again = experiment.prepare(wanted, folder)
    record = experiment.ensure(wanted[0], folder)
    return {
        "trained": [str(run) for run in trained],
        "again": [str(run) for run in again],
        "record": to_builtins(record),
        "alone": training.fit(experiment.setup(wanted[0])).history,
    }


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    backend.start()
    for case, what in CASES.items():
        np.savez(folder / f"{case}.npz", **one_step(*what))
    numbers = {"epoch": one_epoch(), "trials": two_trials(), "smoke": smoke(folder / "results")}
    (folder / "numbers.json").write_text(json.dumps(numbers))
