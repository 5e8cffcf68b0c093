"""The JAX step is the plain Keras model's and the TensorFlow step, alone and over several trials.

Keras runs on one backend per process, so everything in JAX is computed by `steps_in_jax.py` in a
process of its own, once, and compared here.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from motifbook.networks import backend

pytest.importorskip("jax", reason="JAX is not installed: pip install 'motifbook[jax]'")
backend.start()
import keras  # noqa: E402
from steps_in_jax import CASES, model_of, random_split  # noqa: E402

from motifbook.networks.architectures import MODELS  # noqa: E402
from motifbook.records import experiment  # noqa: E402
from motifbook.records.runs import Run  # noqa: E402

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("jax")
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("steps_in_jax.py"), folder],
        # Other tests may have left these networks in the cache that all tests share.
        env={**os.environ, "KERAS_BACKEND": "jax", "MOTIFBOOK_CACHE": str(folder / "cache")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def numbers(folder):
    return json.loads((folder / "numbers.json").read_text())


def named(step: dict, prefix: str) -> dict[str, np.ndarray]:
    return {name: value for name, value in step.items() if name.startswith(prefix)}


@pytest.mark.parametrize("case", CASES)
def test_one_step_equals_the_plain_model(case, folder):
    step = dict(np.load(folder / f"{case}.npz"))
    assert step["loss"] == pytest.approx(step["plain loss"], rel=1e-5)
    gradients, averages = named(step, "gradient"), named(step, "average")
    assert len(gradients) >= 8 and len(averages) >= 4
    largest = max(np.abs(gradient).max() for gradient in gradients.values())
    for name, gradient in gradients.items():
        np.testing.assert_allclose(
            gradient, step[f"plain {name}"], atol=1e-5 * largest, rtol=1e-4, err_msg=name
        )
    for name, average in averages.items():
        np.testing.assert_allclose(average, step[f"plain {name}"], atol=1e-5, err_msg=name)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="needs Keras on TensorFlow")
@pytest.mark.parametrize("case", CASES)
def test_one_step_equals_the_tensorflow_step(case, folder):
    import tensorflow as tf

    from motifbook.networks.epochs_tensorflow import Epochs

    step = dict(np.load(folder / f"{case}.npz"))
    name, protocol, length = CASES[case]
    model = model_of(name, protocol, length)
    model.set_weights([step[f"weight {i}"] for i in range(len(model.weights))])
    split = random_split(20, length, seed=1)
    epochs = Epochs([model], MODELS[name], protocol, split, split)
    labels = tf.constant(split.labels, tf.float32)
    loss, gradients = epochs.gradients(tf.constant(split.bases), labels, tf.constant(1, tf.int64))
    assert step["loss"] == pytest.approx(float(loss), rel=1e-5)
    largest = max(np.abs(gradient).max() for gradient in named(step, "gradient").values())
    for variable, gradient in zip(model.trainable_variables, gradients, strict=True):
        ours = step[f"gradient {variable.path}"]
        np.testing.assert_allclose(ours, gradient, atol=1e-5 * largest, rtol=1e-4)


def test_an_epoch_equals_keras_fit(numbers):
    epoch = numbers["epoch"]
    assert epoch["loss"][0] == pytest.approx(epoch["loss"][1], rel=1e-5)
    assert epoch["valid_loss"][0] == pytest.approx(epoch["valid_loss"][1], rel=1e-5)
    assert max(epoch["weights"]) < 1e-4  # three steps of Adam move a weight by some 3e-3


def test_trials_at_once_end_as_they_do_alone(numbers):
    found = numbers["trials"]
    assert found["best epochs"][0][0] < found["best epochs"][1][0]  # one stops before the other
    for together, alone in found["histories"]:
        assert list(together) == list(alone)
        for name in alone:
            assert together[name] == pytest.approx(alone[name], abs=1e-4), name
    for together, alone in (*found["best epochs"], *found["snapshots"]):
        assert together == alone
    assert max(*found["weights apart"], *found["snapshots apart"]) < 1e-4


def test_smoke_runs_are_trained_at_once_and_put_on_record(numbers):
    smoke = numbers["smoke"]
    runs = ["synthetic/as-run/smoke/cnn-50/trial-1", "synthetic/as-run/smoke/cnn-50/trial-2"]
    assert smoke["trained"] == runs and smoke["again"] == []
    record = smoke["record"]
    assert (record["backend"], record["trials_at_once"]) == ("jax", 2)
    assert "jax" in record["versions"] and "tensorflow-cpu" not in record["versions"]
    for name, values in smoke["alone"].items():
        assert record["history"][name] == pytest.approx(values, rel=1e-4), name


def test_runs_of_two_models_are_refused():
    wanted = [Run("synthetic", "as-run", "smoke", name, 1) for name in ("cnn-2", "cnn-4")]
    with pytest.raises(ValueError, match=r"nothing but the trial.*cnn-2.*cnn-4"):
        experiment.prepare(wanted)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="needs Keras on TensorFlow")
def test_another_backend_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("MOTIFBOOK_CACHE", str(tmp_path / "cache"))
    wanted = [Run("synthetic", "as-run", "smoke", "cnn-2", trial) for trial in (1, 2)]
    with pytest.raises(ValueError, match="KERAS_BACKEND=jax, found 'tensorflow'"):
        experiment.prepare(wanted, tmp_path)
