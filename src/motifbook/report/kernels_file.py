"""Kernels alone, from NumPy's files: a filter's activation is then its plain score."""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from motifbook.report.network import Network, checked_kernels

AXES = {"keras": "(size, 4, filters)", "pytorch": "(filters, 4, size)"}
"""What the axes of an array of kernels are, by who writes them so."""


def read(path: Path, layer: str | None = None, axes: str | None = None) -> Network:
    """Kernels of a .npy, or of a .npz in which `layer` names the array.

    Parameters
    ----------
    path : path
    layer : str, optional
    axes : str, optional
        One of `AXES`. Unless given they are Keras's, if the first axis is shorter than the last:
        a layer has more filters than a filter has positions.

    Raises
    ------
    ValueError
        If there is no such array, several and no `layer`, a `layer` of a .npy, its axes cannot be
        told apart, or it cannot be used.
    """
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"PK"
        if layer is not None and not packed:
            raise ValueError(f"{path}: is one array and has no layers; leave --layer out")
        if packed:
            with np.load(path, allow_pickle=False) as arrays:
                name = _only(path, list(arrays.files), layer)
                kernels = arrays[name]
        else:
            # Mapped, so that a shape that the file is too short for is refused.
            name, kernels = path.stem, np.load(path, allow_pickle=False, mmap_mode="r")
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, MemoryError) as error:
        raise ValueError(f"{path}: damaged ({error})") from error
    except ValueError as error:
        if str(error).startswith(str(path)):
            raise
        reason = str(error).splitlines()[0]
        if "pickle" in reason or "Python objects" in reason:
            reason = "it holds Python objects (a pickle), which are not read"
        raise ValueError(f"{path}: no array that can be read ({reason})") from error
    kernels = checked_kernels(np.asarray(kernels), f"{path}: {name}")
    first, _, last = kernels.shape
    if axes is None and first >= last:
        raise ValueError(
            f"{path}: {name} is {kernels.shape}: {first} positions and {last} filters, or {first} "
            f"filters of {last} positions? Say which with --axes: "
            + " or ".join(f"{whose} is {order}" for whose, order in AXES.items())
        )
    if axes == "pytorch":
        kernels = np.ascontiguousarray(np.swapaxes(kernels, 0, 2))
    size, _, filters = kernels.shape
    note = (
        f"Kernels {first} × 4 × {last} are read as {AXES[axes or 'keras']}: {filters} filters of "
        f"{size} positions."
    )
    if axes is None:
        note += f" If they are {AXES['pytorch']}, say --axes pytorch."
    found = of(kernels, path.name, name)
    return replace(found, notes=(note, *found.notes))


def of(kernels: np.ndarray, name: str = "kernels", layer: str = "kernels") -> Network:
    """Kernels (size, 4, filters) as a network of one layer, without bias."""
    size, _, filters = kernels.shape
    flat = kernels.reshape(size * 4, filters)

    def scores(x: np.ndarray) -> np.ndarray:
        """(n, length, 4) to (n, positions, filters)."""
        windows = sliding_window_view(x, size, axis=1)  # (n, positions, 4, size)
        n, positions = windows.shape[:2]
        rows = np.moveaxis(windows, 2, 3).reshape(n * positions, size * 4)
        return np.maximum(rows @ flat, 0).reshape(n, positions, filters)

    return Network(
        scores,
        size,
        name=name,
        layer=layer,
        nonlinearity="none known (scores above zero)",
        kernels=kernels,
        notes=(
            "Only kernels were given: bias, batch norm and nonlinearity are unknown, so a site is "
            "a window whose plain score is over half of the highest.",
        ),
    )


def _only(path: Path, names: list[str], wanted: str | None) -> str:
    if wanted is not None:
        if wanted not in names:
            raise ValueError(f"{path}: no array {wanted!r}; there are: {', '.join(names)}")
        return wanted
    if len(names) != 1:
        raise ValueError(f"{path}: several arrays; choose one with --layer: {', '.join(names)}")
    return names[0]
