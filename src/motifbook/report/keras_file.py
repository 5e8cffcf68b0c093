"""Networks that Keras saved, `.keras` or `.h5`: looked through first, then loaded in safe mode.

What a file may name is on a list: Keras's own layers that only compute. Lambda layers, functions,
classes of other packages and assets are refused before Keras sees them.
"""

from __future__ import annotations

import inspect
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from motifbook.networks import backend
from motifbook.report.network import LARGEST, Network, as_outputs, averaged, checked_kernels

if TYPE_CHECKING:
    import h5py
    import keras

_NAMES = """
Functional Sequential Model InputLayer Activation Add Attention AdditiveAttention AlphaDropout
Average AveragePooling1D AveragePooling2D BatchNormalization Bidirectional Concatenate Conv1D
Conv1DTranspose Conv2D Cropping1D Cropping2D Dense DepthwiseConv1D Dot Dropout ELU Flatten GRU
GRUCell GaussianDropout GaussianNoise GlobalAveragePooling1D GlobalAveragePooling2D
GlobalMaxPooling1D GlobalMaxPooling2D GroupNormalization GroupQueryAttention Identity LSTM
LSTMCell LayerNormalization LeakyReLU Masking MaxPooling1D MaxPooling2D Maximum Minimum
MultiHeadAttention Multiply PReLU Permute RMSNormalization RNN ReLU Reshape SeparableConv1D
SimpleRNN SimpleRNNCell Softmax SpatialDropout1D Subtract TimeDistributed UnitNormalization
UpSampling1D ZeroPadding1D ZeroPadding2D
DTypePolicy __tuple__ __keras_tensor__
"""
_LAYERS = frozenset(_NAMES.split())
_HOMES = ("keras", "builtins")
_ARITHMETIC = "keras.src.ops."
_STEPS = {"Dropout", "SpatialDropout1D", "GaussianNoise", "GaussianDropout", "Identity"}
_BETWEEN = {"BatchNormalization": "batch norm", "LayerNormalization": "layer norm",
            **dict.fromkeys(_STEPS, "")}  # fmt: skip
_NONLINEAR = {"Activation", "ReLU", "LeakyReLU", "ELU", "PReLU", "Softmax"}
_MOST = 1 << 20  # bases of an input, and units of a layer


def read(path: Path, layer: str | None = None) -> Network:
    """A network from a file of Keras 3 (or `.h5` of Keras 2) whose input is (n, length, 4).

    Raises
    ------
    ValueError
        If the file names what is not on the list or reaches out of itself, is damaged, has several
        inputs, or no Conv1D reads the sequence.
    """
    backend.start()  # looking through asks Keras for the names of its classes
    _vet(path)
    import keras

    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # of every kind, by what is wrong
        raise ValueError(f"{path}: Keras cannot load it ({_first_line(error)})") from error
    for variable in model.weights:
        values = keras.ops.convert_to_numpy(variable)
        if values.dtype.kind == "f" and np.isnan(values).any():
            raise ValueError(f"{path}: weights {variable.path!r} hold NaN")
    return of(model, path.name, layer, str(path))


def of(
    model: keras.Model, name: str = "network", layer: str | None = None, where: str = "model"
) -> Network:
    """A Keras model in memory as a `Network`. Raises ValueError as `read` does."""
    import keras

    graph = getattr(model, "_functional", model)  # what a Sequential is inside
    if not hasattr(graph, "_nodes_by_depth") or not model.inputs:
        raise ValueError(f"{where}: a model without a graph of layers, which is not read")
    if len(model.inputs) != 1:
        names = ", ".join(one.name for one in model.inputs)
        raise ValueError(f"{where}: {len(model.inputs)} inputs ({names}); one, of sequences, "
                         "expected")  # fmt: skip
    shape = model.inputs[0].shape
    if len(shape) != 3 or shape[2] != 4:
        raise ValueError(f"{where}: reads sequences of shape {shape}, expected (n, length, 4)")
    convs = {one.name: (one, pad) for one, pad in _of_sequence(graph)}
    if not convs:
        inner = [one.name for one in model.layers if hasattr(one, "layers")]
        hint = f"; save {inner[0]!r}, which lies in it, on its own" if inner else ""
        raise ValueError(f"{where}: no Conv1D that reads the sequence itself{hint}")
    layer = next(iter(convs)) if layer is None else layer
    if layer not in convs:
        raise ValueError(
            f"{where}: {layer!r} is no convolution that reads the sequence; there are: "
            + ", ".join(convs)
        )
    conv, padded = convs[layer]
    uses = len(_calls(graph, conv))
    if uses > 1:
        raise ValueError(
            f"{where}: {layer!r} is used {uses} times, as in a network of two "
            "strands; save one strand's part"
        )
    if conv.groups != 1:
        raise ValueError(f"{where}: {layer!r} is a grouped convolution, which is not read")
    kernels = checked_kernels(keras.ops.convert_to_numpy(conv.kernel), f"{where}: {layer}")
    gap, stride = conv.dilation_rate[0], conv.strides[0]
    spread = np.zeros(((len(kernels) - 1) * gap + 1, *kernels.shape[1:]), np.float32)
    spread[::gap] = kernels
    active, between, nonlinear = _after(graph, conv)
    front = keras.Model(model.inputs[:1], active)
    rest = _rest(keras, model, active)
    notes = []
    if len(model.outputs) > 1:
        notes.append(f"Of {len(model.outputs)} outputs only {model.outputs[0].name} is read.")
    if not nonlinear:
        notes.append("No nonlinearity was recognised after the convolution.")
    notes += averaged(len(model.outputs[0].shape))

    def run(part: keras.Model, *given: np.ndarray) -> np.ndarray:
        return keras.ops.convert_to_numpy(part(list(given), training=False))

    whole = keras.Model(model.inputs[:1], model.outputs[0])
    length = shape[1]
    return Network(
        lambda x: run(front, x),
        len(spread),
        name=name,
        layer=layer,
        nonlinearity=" after ".join(filter(None, (nonlinear or "none", between))),
        left=padded + _left(conv, len(spread), (length or 0) + padded),
        stride=stride,
        kernels=spread,
        length=length,
        predict=lambda x: as_outputs(run(whole, x), len(x), where),
        rest=rest
        and (lambda x, values: as_outputs(run(rest[0], *(values, x)[: rest[1]]), len(x), where)),
        others=tuple(one for one in convs if one != layer),
        notes=tuple(notes),
    )


def _of_sequence(model: keras.Model) -> Iterator[tuple[Any, int]]:
    """Each Conv1D that reads the input, with how many zeros stand before the sequence."""
    for layer in model.layers:
        if type(layer).__name__ != "Conv1D":
            continue
        tensor, pad = _calls(model, layer)[0].input_tensors[0], 0
        while True:
            source = tensor._keras_history.operation
            kind = type(source).__name__
            if kind == "InputLayer":
                yield layer, pad
            elif kind in _STEPS or kind == "ZeroPadding1D":
                pad += source.padding[0] if kind == "ZeroPadding1D" else 0
                tensor = _calls(model, source)[0].input_tensors[0]
                continue
            break


def _calls(model: keras.Model, layer) -> list[Any]:
    """Where a model uses a layer; parts that were cut from it use it too."""
    return [node for node in layer._inbound_nodes if node in _nodes(model)]


def _nodes(model: keras.Model) -> list[Any]:
    return [node for depth in model._nodes_by_depth.values() for node in depth]


def _left(conv, size: int, length: int) -> int:
    """How many zeros Keras pads with on the left."""
    if conv.padding == "same":
        stride = conv.strides[0]
        if stride == 1 or not length:
            return (size - 1) // 2
        return max((-(-length // stride) - 1) * stride + size - length, 0) // 2
    return size - 1 if conv.padding == "causal" else 0


def _after(model: keras.Model, conv) -> tuple[Any, str, str]:
    """The activations' tensor, what lies before the nonlinearity, and its name."""
    name = _named(conv.activation)
    (call,) = _calls(model, conv)
    if name != "linear":
        return call.output_tensors[0], "", name
    between: list[str] = []
    while True:
        (tensor,) = call.output_tensors
        users = [node for node in call.operation._outbound_nodes if node in _nodes(model)]
        if len(users) != 1 or len(_calls(model, users[0].operation)) != 1:
            break
        kind = type(users[0].operation).__name__
        if kind in _NONLINEAR:
            name = _named(users[0].operation)
            if name != "linear":
                return users[0].output_tensors[0], " and ".join(between), name
        elif kind not in _BETWEEN:
            break
        elif _BETWEEN[kind]:
            between.append(_BETWEEN[kind])
        (call,) = users
    return tensor, " and ".join(between), ""


def _named(nonlinearity) -> str:
    """The name of a function or a layer, with the layer's numbers that are not its defaults."""
    inner = getattr(nonlinearity, "activation", nonlinearity)  # of the layer Activation
    if inner is not nonlinearity:
        return _named(inner)
    if hasattr(inner, "__name__"):
        return inner.__name__
    usual = inspect.signature(type(inner).__init__).parameters
    own = ", ".join(
        f"{key}={value:g}"
        for key, value in getattr(inner, "get_config", dict)().items()
        if key in usual and type(value) in (int, float) and value != usual[key].default
    )
    return type(inner).__name__.lower() + (f" ({own})" if own else "")


def _rest(keras, model: keras.Model, active) -> tuple[keras.Model, int] | None:
    """The network from its activations on, and how many inputs that has."""
    for inputs in ([active], [active, *model.inputs]):
        try:
            return keras.Model(inputs, model.outputs[0]), len(inputs)
        except ValueError:  # it needs the sequence as well
            continue
    return None


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


# --- What is refused before Keras sees it ------------------------------------------------------


def _vet(path: Path) -> None:
    """Refuse what a file names, holds or claims beyond weights of plain layers."""
    import h5py

    try:
        if path.read_bytes()[:2] == b"PK":
            with zipfile.ZipFile(path) as packed:
                names = set(packed.namelist())
                expected = {"config.json", "metadata.json", "model.weights.h5"}
                if names != expected:
                    odd = ", ".join(sorted(names ^ expected))
                    raise ValueError(
                        f"{path}: expected {', '.join(sorted(expected))} in it and no more; "
                        f"too many or missing: {odd}"
                    )
                config = json.loads(packed.read("config.json"))
                with h5py.File(io.BytesIO(packed.read("model.weights.h5")), "r") as weights:
                    sizes = _sizes(path, weights)
        else:
            with h5py.File(path, "r") as weights:
                sizes = _sizes(path, weights)
                text = weights.attrs.get("model_config")
                if text is None:
                    raise ValueError(
                        f"{path}: weights without their network; save it with model.save()"
                    )
                config = json.loads(text)
    except (OSError, zipfile.BadZipFile, KeyError, EOFError, RecursionError) as error:
        raise ValueError(f"{path}: damaged ({_first_line(error)})") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}: damaged; its configuration is no JSON ({error})") from error
    if not isinstance(config, dict):
        raise ValueError(f"{path}: damaged; its configuration is no object")
    config.pop("compile_config", None)  # of training, which is not read
    _vet_config(path, config, sizes)


def _vet_config(path: Path, part: Any, sizes: set[int]) -> None:
    if isinstance(part, list):
        for one in part:
            _vet_config(path, one, sizes)
        return
    if not isinstance(part, dict):
        return
    if "class_name" in part:
        kind, home = part["class_name"], part.get("module") or "keras"
        registered = part.get("registered_name")
        known = isinstance(kind, str) and (kind in _LAYERS or _is_plain(kind, home))
        if kind in ("Lambda", "__lambda__", "function"):
            raise ValueError(
                f"{path}: holds a {kind.strip('_')}, code that would run; export it as ONNX, or "
                "give its first layer as a function in Python"
            )
        own = registered not in (None, kind) or str(home).split(".")[0] not in _HOMES
        if not known or own:
            raise ValueError(
                f"{path}: holds {registered or kind!r} of {home}, which is not one of the layers "
                "of Keras that are read; export the network as ONNX"
            )
        inner = part.get("config")
        if isinstance(inner, dict):
            for key in ("units", "filters"):
                if key in inner and inner[key] not in sizes:
                    raise ValueError(
                        f"{path}: {kind} claims {key} {inner[key]!r}, which its weights do not have"
                    )
            shape = inner.get("batch_shape", inner.get("batch_input_shape")) or ()
            if any(isinstance(size, int) and not 0 < size <= _MOST for size in shape):
                raise ValueError(f"{path}: claims sequences of shape {shape}")
    for one in part.values():
        _vet_config(path, one, sizes)


def _is_plain(kind: str, home: str) -> bool:
    """Whether a class is one of Keras's initialisers, penalties, constraints or sums."""
    if home.startswith(_ARITHMETIC):
        return kind in {
            "Add",
            "Subtract",
            "Multiply",
            "Maximum",
            "Minimum",
            "Concatenate",
            "GetItem",
        }
    import keras

    return any(
        isinstance(getattr(place, kind, None), type)
        for place in (keras.initializers, keras.regularizers, keras.constraints)
    )


def _sizes(path: Path, weights: h5py.File) -> set[int]:
    """All lengths of the stored arrays, none of which may point out of the file."""
    import h5py

    sizes: set[int] = set()
    total = 0

    def look(group: h5py.Group, depth: int = 0) -> None:
        nonlocal total
        if depth > 50:
            raise ValueError(f"{path}: groups within groups within groups")
        for name in group:
            link = group.get(name, getlink=True)
            if not isinstance(link, h5py.HardLink):
                raise ValueError(f"{path}: {group.name}/{name} is a link, which may lead out of it")
            one = group[name]
            if isinstance(one, h5py.Group):
                look(one, depth + 1)
                continue
            if not isinstance(one, h5py.Dataset) or one.external or one.is_virtual:
                raise ValueError(f"{path}: {one.name} lies in another file")
            if one.dtype.kind not in "fiub" and not h5py.check_string_dtype(one.dtype):
                raise ValueError(f"{path}: {one.name} holds {one.dtype}, expected numbers")
            total += one.nbytes
            if total > LARGEST:
                raise ValueError(
                    f"{path}: claims weights of more than {LARGEST >> 20} MB ({one.name})"
                )
            sizes.update(one.shape)

    look(weights)
    return sizes
