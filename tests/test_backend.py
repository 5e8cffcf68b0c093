"""Keras starts without a word, on as many cores as asked for, and says what it runs on."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from motifbook import __version__
from motifbook.networks import backend

ROOT = Path(__file__).resolve().parents[1]


def in_another_process(code, **more):
    ours = {"TF_CPP_MIN_LOG_LEVEL", "KERAS_BACKEND"}  # what a test before may have set here
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    environment |= {"PYTHONPATH": str(ROOT / "src"), **more}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True)


@pytest.mark.slow
def test_it_starts_quietly_on_the_threads_asked_for_and_heeds_them_once():
    run = in_another_process(
        "import sys\n"
        "from motifbook.networks import backend\n"
        "assert 'keras' not in sys.modules\n"
        "backend.start(threads=1)\n"
        "backend.start(threads=2)\n"
        "print(backend.description()['hardware'])\n"
        "print('still heard', file=sys.stderr)\n"
    )
    assert run.stdout.strip().endswith(", 1 thread")
    assert run.stderr == "still heard\n"


def test_a_backend_that_cannot_be_used_is_refused_before_anything_is_imported(monkeypatch):
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    backend.check()
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    with pytest.raises(ValueError, match="KERAS_BACKEND is 'torch', expected one of tensorflow, "):
        backend.check()
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    with pytest.raises(ValueError, match="KERAS_BACKEND is 'torch'"):
        backend.start()
    assert "keras" not in sys.modules
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    monkeypatch.setattr(backend.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"jax is not installed .*motifbook\[jax\]"):
        backend.check()


MESS = {
    "backend": "torch",
    "floatx": "float16",
    "epsilon": 0.1,
    "image_data_format": "channels_first",
}
ASKED = """
import warnings
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    from motifbook.networks import backend
    backend.check()
    backend.start()
    backend.start()
import json, os, keras, numpy as np
from motifbook.networks.architectures import MODELS
from motifbook.networks.keras_model import build
from motifbook.networks.protocols import AS_RUN
layer = build(MODELS["cnn-2"], AS_RUN).get_layer("conv_1")
print(json.dumps({
    "backend": keras.backend.backend(),
    "floatx": keras.config.floatx(),
    "epsilon": keras.config.epsilon(),
    "image_data_format": keras.config.image_data_format(),
    "layer": [layer.dtype_policy.name, str(layer.kernel.dtype), layer.data_format],
    "said": [str(warning.message) for warning in said],
    "left": sorted({"TF_ENABLE_ONEDNN_OPTS", "JAX_ENABLE_X64"} & os.environ.keys()),
    "home": os.environ.get("KERAS_HOME"),
}))
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["tensorflow", "jax"])
def test_a_user_s_settings_decide_nothing_and_that_is_said(tmp_path, name):
    pytest.importorskip(name)
    (tmp_path / "keras.json").write_text(json.dumps(MESS))
    environment = {"KERAS_HOME": str(tmp_path), "JAX_ENABLE_X64": "1", "TF_ENABLE_ONEDNN_OPTS": "0"}
    if name == "jax":
        environment["KERAS_BACKEND"] = name
    found = json.loads(in_another_process(ASKED, **environment).stdout)
    (said,) = found.pop("said")
    file = tmp_path / "keras.json"
    for what in (*(f"{key} {value} in {file}" for key, value in MESS.items()), "TF_ENABLE_ONEDNN"):
        assert what in said
    assert found == {
        "backend": name,
        **backend.KERAS,
        "layer": ["float32", "float32", "channels_last"],
        "left": ["JAX_ENABLE_X64"],  # overruled by JAX's own configuration
        "home": str(tmp_path),
    }
    assert json.loads(file.read_text()) == MESS


@pytest.mark.slow
@pytest.mark.parametrize("text", ["{", "[]", '{"floatx": "float7"}'])
def test_a_damaged_keras_json_is_no_obstacle(tmp_path, text):
    (tmp_path / "keras.json").write_text(text)
    run = in_another_process(ASKED, KERAS_HOME=str(tmp_path))
    assert json.loads(run.stdout)["floatx"] == "float32"


@pytest.mark.slow
def test_what_a_notebook_set_before_is_overruled_or_refused(tmp_path):
    # A policy changes layers, not floatx.
    before = "import keras\nkeras.config.set_dtype_policy('mixed_float16')\n"
    found = json.loads(in_another_process(before + ASKED, KERAS_HOME=str(tmp_path)).stdout)
    assert found["layer"][:2] == ["float32", "float32"]
    (tmp_path / "keras.json").write_text(json.dumps({"backend": "jax"}))
    pytest.importorskip("jax")
    late = "import keras\nfrom motifbook.networks import backend\nbackend.start()\n"
    with pytest.raises(subprocess.CalledProcessError) as error:
        in_another_process(late, KERAS_HOME=str(tmp_path))
    assert "Keras was imported before and runs on 'jax', expected 'tensorflow'" in str(
        error.value.stderr
    )


def test_silence_takes_what_other_languages_write_and_gives_it_back(capfd):
    with backend._silenced():
        os.write(2, b"from C++\n")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"


def test_what_it_runs_on():
    backend.start()
    found = backend.description()
    assert found["backend"] == "tensorflow"
    assert found["precision"] == "float32"
    assert found["hardware"]
    versions = found["versions"]
    assert versions["motifbook"] == __version__
    assert versions["python"].count(".") == 2
    assert versions["keras"].startswith("3.")
    assert any(name.startswith("tensorflow") and version for name, version in versions.items())


def test_a_package_that_is_not_there_has_no_version():
    assert backend._version("numpy")
    assert backend._version("no-such-package-as-this") is None
