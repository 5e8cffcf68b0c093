"""A network of anybody's, as the report reads it: its first convolution and what comes after.

A file is opened by what it holds, never by running what it says: Keras (`.keras`, `.h5`), ONNX
(`.onnx`), or kernels alone (`.npz`, `.npy`). In Python, a `Network` is made from any function.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from motifbook import files
from motifbook.sequences.datasets import BASES

LARGEST = 1 << 30
"""Bytes that a network may have, packed or unpacked."""
MOST_FILTERS = 100_000

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class Network:
    """The first convolution of a network, and functions that run its parts.

    Sequences are one-hot, (n, length, 4) float32 in the order A, C, G, T; an unknown base is all
    zeros.

    Attributes
    ----------
    activations : function
        One-hot to (n, positions, filters), after the nonlinearity.
    size : int
        Bases that a filter covers.
    name, layer, nonlinearity : str
        Of the file, of the convolution, and of what follows it: "relu after batch norm".
    left : int
        Position p reads the bases from ``p * stride - left`` on.
    stride : int
    kernels : (size, 4, filters) float, or None
        Where they are known.
    length : int or None
        Of the sequences that it takes; None where any will do.
    predict : function, or None
        One-hot to (n, outputs).
    rest : function, or None
        One-hot and activations to (n, outputs): the network from its first layer on.
    others : tuple of str
        Further convolutions that read the sequence.
    notes : tuple of str
        What a reader should know of how it was read.
    """

    activations: Callable[[Array], Array]
    size: int
    name: str = "network"
    layer: str = "first layer"
    nonlinearity: str = "as given"
    left: int = 0
    stride: int = 1
    kernels: Array | None = None
    length: int | None = None
    predict: Callable[[Array], Array] | None = None
    rest: Callable[[Array, Array], Array] | None = None
    others: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def read(
    path: Path | str,
    layer: str | None = None,
    alphabet: str = BASES,
    axes: str | None = None,
) -> Network:
    """Open a file that holds a network, or kernels alone.

    Parameters
    ----------
    path : path
    layer : str, optional
        Name of the convolution, which must read the sequence itself; the first unless given.
    alphabet : str
        Order of the channels that the network was trained with, such as "AGCT".
    axes : str, optional
        Of kernels alone: "keras" or "pytorch", see `kernels_file.read`.

    Returns
    -------
    Network
        Of the order A, C, G, T, whatever the file's own.

    Raises
    ------
    FileNotFoundError, ValueError
        If it is not there, is of another kind, damaged, would run code, reaches out of the file,
        is larger than `LARGEST`, or has no convolution of one-hot sequences. The message is one
        line that begins with the file.
    """
    path = Path(path)
    if sorted(alphabet.upper()) != sorted(BASES):
        raise ValueError(f"alphabet {alphabet!r}: the letters A, C, G and T in some order expected")
    files.source(path, _EXPECTED, once=False)
    if path.stat().st_size > LARGEST:
        raise ValueError(f"{path}: larger than {LARGEST >> 20} MB, the most that is read")
    kind = _kind(path)
    if axes is not None and kind != "kernels":
        raise ValueError(f"{path}: a network has its own axes; --axes is for kernels alone")
    if kind == "keras":
        from motifbook.report import keras_file

        found = keras_file.read(path, layer)
    elif kind == "onnx":
        from motifbook.report import onnx_file

        found = onnx_file.read(path, layer)
    else:
        from motifbook.report import kernels_file

        found = kernels_file.read(path, layer, axes)
    return _in_order(found, alphabet.upper())


_EXPECTED = "a network as .keras, .h5 or .onnx, or kernels as .npz or .npy"
_PICKLE = (
    "is a pickle (PyTorch's own format is one), which runs code when it is opened; "
    "export the network as ONNX: torch.onnx.export(network.eval(), example, 'network.onnx', "
    "external_data=False)"
)


def _kind(path: Path) -> str:
    """keras, onnx or kernels, by how a file starts."""
    with path.open("rb") as file:
        head = file.read(512)
    if head.startswith(b"\x89HDF"):
        return "keras"
    if head.startswith(b"\x93NUMPY"):
        return "kernels"
    if head.startswith(b"PK"):
        try:
            with zipfile.ZipFile(path) as packed:
                members = packed.infolist()
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
            raise ValueError(f"{path}: damaged ({error})") from error
        names = [member.filename for member in members]
        if any(name.endswith(".pkl") for name in names):
            raise ValueError(f"{path}: {_PICKLE}")
        for name in names:
            if name.startswith(("/", "\\")) or ".." in name or ":" in name:
                raise ValueError(f"{path}: a member {name!r} that points out of the file")
        if sum(member.file_size for member in members) > LARGEST:
            raise ValueError(f"{path}: unpacks to more than {LARGEST >> 20} MB")
        if "config.json" in names:
            return "keras"
        if names and all(name.endswith(".npy") for name in names):
            return "kernels"
    elif head[:1] == b"\x80" and head[1:2] in b"\x02\x03\x04\x05":
        raise ValueError(f"{path}: {_PICKLE}")
    elif path.suffix.lower() == ".onnx":
        return "onnx"
    raise ValueError(f"{path}: expected {_EXPECTED}, found another kind of file")


def _in_order(found: Network, alphabet: str) -> Network:
    """The network with channels A, C, G, T instead of its own order."""
    if alphabet == BASES:
        return found
    theirs = [BASES.index(base) for base in alphabet]  # channel i of theirs is base theirs[i]

    def of(x: Array) -> Array:
        return x[..., theirs]

    predict, rest, kernels = found.predict, found.rest, found.kernels
    return replace(
        found,
        activations=lambda x: found.activations(of(x)),
        predict=predict and (lambda x: predict(of(x))),
        rest=rest and (lambda x, active: rest(of(x), active)),
        kernels=None if kernels is None else kernels[:, [alphabet.index(base) for base in BASES]],
        notes=(*found.notes, f"Channels are taken in the order {', '.join(alphabet)}."),
    )


def averaged(rank: int, channels_first: bool = False) -> tuple[str, ...]:
    """A note on answers of more axes than two, which `as_outputs` averages."""
    if rank < 3:
        return ()
    axis = "second" if channels_first else "last"
    return (
        f"Its answers have {rank} axes: the {axis} is taken for its outputs, and over the others, "
        "along the sequence, they are averaged.",
    )


def checked_kernels(kernels: Array, where: str) -> Array:
    """Kernels (size, 4, filters) that can be used, as float32.

    Raises
    ------
    ValueError
        If they are not of that shape, of numbers, finite, or of one filter at least.
    """
    if kernels.dtype.kind != "f":
        raise ValueError(f"{where}: kernels are {kernels.dtype}, expected floats")
    if kernels.ndim != 3 or kernels.shape[1] != 4:
        raise ValueError(f"{where}: kernels are {kernels.shape}, expected (size, 4, filters)")
    if not kernels.size:
        raise ValueError(f"{where}: no filters; kernels are {kernels.shape}")
    if kernels.shape[2] > MOST_FILTERS:
        raise ValueError(f"{where}: {kernels.shape[2]} filters; at most {MOST_FILTERS} are read")
    if not np.isfinite(kernels).all():
        raise ValueError(f"{where}: kernels hold NaN or infinite weights")
    return kernels.astype(np.float32)


def as_outputs(values: Array, n: int, where: str, channels_first: bool = False) -> Array:
    """(n, outputs) of what a network answers to n sequences, as `by_sequence` has them.

    One output may come as (n,). What lies along the sequence is averaged: the outputs lie along the
    last axis or, in networks whose channels come first, the second.
    """
    values = by_sequence(np.asarray(values, np.float32), n, where)
    if values.ndim > 2:
        values = np.moveaxis(values, 1, -1) if channels_first else values
        values = values.reshape(n, -1, values.shape[-1]).mean(axis=1)
    return values.reshape(n, -1)


def by_sequence(values: Array, n: int, where: str) -> Array:
    """(n, ...) of what a part of a network makes of n sequences.

    A single sequence's may lack that axis, as after a squeeze.

    Raises
    ------
    ValueError
        If it is not of n sequences.
    """
    if n == 1 and values.shape[:1] != (1,):
        return values[None]
    if values.shape[:1] != (n,):
        raise ValueError(f"{where}: makes {values.shape} of {n} sequences, expected ({n}, outputs)")
    return values
