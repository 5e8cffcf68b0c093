"""Start Keras and its backend: quietly, on as many cores as wanted, and say what they are."""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import json
import os
import platform
import sys
import tempfile
import warnings
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

BACKENDS = ("tensorflow", "jax")
"""Those that have a training loop here."""
_EXTRA = {"tensorflow": "train", "jax": "jax"}
KERAS = {"floatx": "float32", "epsilon": 1e-7, "image_data_format": "channels_last"}
"""Keras's own defaults, which our networks need."""
_CHANGES_NUMBERS = (
    "TF_ENABLE_ONEDNN_OPTS",
    "TF_SET_ONEDNN_FPMATH_MODE",
    "ONEDNN_DEFAULT_FPMATH_MODE",
    "ONEDNN_MAX_CPU_ISA",
    "TF_XLA_FLAGS",
    "NVIDIA_TF32_OVERRIDE",
    "KERAS_NNX_ENABLED",
)
"""Environment variables that the libraries read in silence. JAX's own are set by `_set`."""


def name() -> str:
    """The backend that this process's environment asks for; TensorFlow if it does not."""
    return os.environ.get("KERAS_BACKEND") or "tensorflow"


def check() -> None:
    """Refuse a backend that cannot be used, without importing any.

    Warns, once, of what a user's keras.json or environment asks for and our networks do not heed.

    Raises
    ------
    ValueError
        If $KERAS_BACKEND is none of `BACKENDS`, is not installed, or is not what Keras, imported
        before, runs on.
    """
    if name() not in BACKENDS:
        raise ValueError(f"KERAS_BACKEND is {name()!r}, expected one of {', '.join(BACKENDS)}")
    for package in (name(), "keras"):
        if importlib.util.find_spec(package) is None:
            asked = f" (KERAS_BACKEND is {name()!r})" if package == name() else ""
            raise ValueError(
                f"{package} is not installed{asked}: pip install 'motifbook[{_EXTRA[name()]}]'"
            )
    if "keras" in sys.modules and (found := sys.modules["keras"].config.backend()) != name():
        raise ValueError(
            f"Keras was imported before and runs on {found!r}, expected {name()!r}; "
            f"set KERAS_BACKEND={name()} before the import"
        )
    _say_what_is_ignored()


@functools.cache  # once
def _say_what_is_ignored() -> None:
    ignored = [*_in_keras_json(), *(name for name in _CHANGES_NUMBERS if name in os.environ)]
    if ignored:
        warnings.warn(f"ignored, as it can change numbers: {', '.join(ignored)}", stacklevel=3)


def _in_keras_json() -> list[str]:
    """What a user's keras.json says otherwise than we need."""
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    ours = {**KERAS, "backend": name()}
    try:
        found = json.loads((home / "keras.json").read_text())
        return [
            f"{key} {found[key]} in {home / 'keras.json'}"
            for key in ours
            if found.get(key, ours[key]) != ours[key]
        ]
    except (OSError, ValueError, AttributeError, TypeError):  # none, or none that says anything
        return []


def start(threads: int | None = None) -> None:
    """Import Keras and its backend without their start-up notes, and set what networks need.

    TensorFlow writes notes to the process's standard error whatever its log level; in a notebook
    they would become output. A user's keras.json decides nothing.

    Parameters
    ----------
    threads : int, optional
        Cores that TensorFlow may use; it heeds this only before its first operation.

    Raises
    ------
    ValueError
        As `check` does.
    """
    check()
    if "keras" in sys.modules:
        _set()
        return
    for variable in _CHANGES_NUMBERS:
        os.environ.pop(variable, None)
    os.environ["KERAS_BACKEND"] = name()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # By default the first process to come takes most of a GPU's memory.
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    with _silenced():
        with _without_keras_json():
            import keras
        if name() == "tensorflow":
            import tensorflow as tf

            # It warns of a graph for each network, which is what we want.
            tf.get_logger().setLevel("ERROR")
            if threads:
                # Two networks on a core each train faster than one after the other on two.
                tf.config.threading.set_intra_op_parallelism_threads(threads)
                tf.config.threading.set_inter_op_parallelism_threads(1)
        _set()
        keras.ops.zeros(1)


def _set() -> None:
    """Set what decides a number: a record says float32."""
    import keras

    keras.config.set_floatx(KERAS["floatx"])
    keras.config.set_epsilon(KERAS["epsilon"])
    keras.config.set_image_data_format(KERAS["image_data_format"])
    keras.config.set_dtype_policy(KERAS["floatx"])
    # A GPU would otherwise round the factors of products to fewer bits.
    if name() == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_tensor_float_32_execution(False)
    else:
        import jax

        jax.config.update("jax_default_matmul_precision", "highest")
        jax.config.update("jax_enable_x64", False)
        jax.config.update("jax_default_prng_impl", "threefry2x32")
        jax.config.update("jax_threefry_partitionable", True)
        jax.config.update("jax_numpy_dtype_promotion", "standard")


@contextlib.contextmanager
def _without_keras_json() -> Iterator[None]:
    """Let Keras look for its file of settings in an empty folder."""
    before = os.environ.get("KERAS_HOME")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["KERAS_HOME"] = folder
        try:
            yield
        finally:
            del os.environ["KERAS_HOME"]
            if before is not None:
                os.environ["KERAS_HOME"] = before


@contextlib.contextmanager
def _silenced() -> Iterator[None]:
    """Send what the process writes to standard error nowhere, C++ included."""
    sys.stderr.flush()
    try:
        kept = os.dup(2)
    except OSError:  # no standard error at all
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(nowhere)
        os.close(kept)


def description() -> dict:
    """Backend, precision, hardware and versions of this process, for the record."""
    import keras

    import motifbook

    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        threads = (
            tf.config.threading.get_intra_op_parallelism_threads()
            or int(os.environ.get("TF_NUM_INTRAOP_THREADS", 0))
            or os.cpu_count()
        )
        hardware = f"{_processor()}, {threads} thread{'s' if threads != 1 else ''}"
        library = "tensorflow-cpu" if _version("tensorflow-cpu") else "tensorflow"
    else:
        import jax

        kind = jax.devices()[0].device_kind
        hardware = _processor() if kind == "cpu" else kind
        library = "jax"
    return {
        "backend": backend,
        "precision": keras.config.floatx(),
        "hardware": hardware,
        "versions": {
            "motifbook": motifbook.__version__,
            "python": platform.python_version(),
            **{
                name: _version(name) for name in (library, "keras", "numpy", "memelite", "pyjaspar")
            },
        },
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
