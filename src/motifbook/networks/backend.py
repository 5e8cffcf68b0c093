"""Start Keras and its backend: quietly, on as many cores as wanted, and say what they are."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import platform
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

BACKENDS = ("tensorflow", "jax")
"""Those that have a training loop here."""


def check() -> None:
    """Refuse a backend that cannot be used, without importing any.

    Raises
    ------
    ValueError
        If $KERAS_BACKEND is none of `BACKENDS`, or is not installed.
    """
    name = os.environ.get("KERAS_BACKEND") or "tensorflow"
    if name not in BACKENDS:
        raise ValueError(f"KERAS_BACKEND is {name!r}, expected one of {', '.join(BACKENDS)}")
    if importlib.util.find_spec(name) is None:
        raise ValueError(f"KERAS_BACKEND is {name!r}, which is not installed")


def start(threads: int | None = None) -> None:
    """Import Keras and its backend without their start-up notes.

    TensorFlow writes notes to the process's standard error whatever its log level; in a notebook
    they would become output.

    Parameters
    ----------
    threads : int, optional
        Cores that TensorFlow may use; it heeds this only before its first operation.

    Raises
    ------
    ValueError
        As `check` does.
    """
    if "keras" in sys.modules:
        return
    check()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with _silenced():
        import keras

        if keras.backend.backend() == "tensorflow":
            import tensorflow as tf

            # It warns of a graph for each network, which is what we want.
            tf.get_logger().setLevel("ERROR")
            if threads:
                # Two networks on a core each train faster than one after the other on two.
                tf.config.threading.set_intra_op_parallelism_threads(threads)
                tf.config.threading.set_inter_op_parallelism_threads(1)
        else:
            # By default the first process to come takes most of a GPU's memory.
            os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
            import jax

            # A GPU would otherwise round products to fewer bits than a record's float32 claims.
            jax.config.update("jax_default_matmul_precision", "highest")
        keras.ops.zeros(1)


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
