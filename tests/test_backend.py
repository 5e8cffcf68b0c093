"""Keras starts without a word, on as many cores as asked for, and says what it runs on."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from motifbook import __version__
from motifbook.networks import backend

ROOT = Path(__file__).resolve().parents[1]


def in_another_process(code):
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    environment.pop("TF_CPP_MIN_LOG_LEVEL", None)
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True)


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
    with pytest.raises(ValueError, match="KERAS_BACKEND is 'jax', which is not installed"):
        backend.check()


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
