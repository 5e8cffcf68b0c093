"""Networks in ONNX, run by onnxruntime: the door for PyTorch and whatever else exports it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from motifbook.report.network import (
    LARGEST,
    Network,
    as_outputs,
    averaged,
    by_sequence,
    checked_kernels,
)

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto, TensorProto

_BEFORE = {"Identity", "Cast", "Transpose", "Squeeze", "Unsqueeze", "Reshape", "Pad", "Dropout"}
"""What may stand between the sequence and its first convolution."""
_BETWEEN = {"BatchNormalization": "batch norm", "Add": "", "Sub": "", "Mul": "", "Div": "",
            "Identity": "", "Cast": "", "Dropout": "", "Transpose": "", "Squeeze": "",
            "Unsqueeze": ""}  # fmt: skip
"""What may stand between the convolution and its nonlinearity, and how it is named."""
_NONLINEAR = {"Relu", "LeakyRelu", "PRelu", "Elu", "Selu", "Celu", "Gelu", "Mish", "Swish", "Exp",
              "Sigmoid", "HardSigmoid", "HardSwish", "Softplus", "Softsign", "Tanh", "Clip",
              "Max", "Min", "ThresholdedRelu"}  # fmt: skip
_ELEMENTWISE = {*_NONLINEAR, "Abs", "Add", "Cast", "Div", "Erf", "Greater", "Less", "Log", "Mul",
                "Neg", "Not", "Pow", "Sign", "Sqrt", "Sub", "Where"}  # fmt: skip
"""What a nonlinearity may be written out in, as x · sigmoid(x) is."""
_ARITHMETIC = {"Add", "Div", "Mul", "Sub"}
_FLOATS = (1, 10)
"""ONNX's numbers of float32 and float16."""
_FILLS = {"ConstantOfShape": 0, "Expand": 1, "Tile": 1}
"""Operations that make a tensor of a size that the file states, and which input states it."""


def read(path: Path, layer: str | None = None) -> Network:
    """A network from an ONNX file whose input is one-hot: (n, 4, length), (n, length, 4), or
    either with a further axis of one.

    Raises
    ------
    ValueError
        If the package is not there, the file is damaged or reaches out of itself, has several
        inputs, or no convolution reads the sequence.
    """
    try:
        import onnx
        import onnxruntime
    except ImportError as error:
        raise ValueError(
            f"{path}: ONNX needs the package {error.name}: pip install 'motifbook[report]'"
        ) from None
    try:
        model = onnx.load_model_from_string(path.read_bytes())
    except Exception as error:  # protobuf's own, which has no public name
        raise ValueError(f"{path}: no ONNX file, or a damaged one") from error
    _vet(path, model)
    try:
        onnx.checker.check_model(model)
    except onnx.checker.ValidationError as error:
        raise ValueError(f"{path}: not sound ONNX ({_first_line(error)})") from error
    _vet_sizes(path, model)
    try:
        return _Reader(path, model).network(layer)
    except _runtime_errors(onnxruntime) as error:
        raise ValueError(f"{path}: onnxruntime cannot run it ({_first_line(error)})") from error


def _runtime_errors(onnxruntime) -> tuple[type[Exception], ...]:
    states = onnxruntime.capi.onnxruntime_pybind11_state
    own = (kind for kind in vars(states).values() if isinstance(kind, type))
    return MemoryError, RuntimeError, *(kind for kind in own if issubclass(kind, Exception))


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


# --- What is refused before anything runs ------------------------------------------------------


def _graphs(graph: GraphProto) -> Iterator[GraphProto]:
    """A graph and those within its nodes (loops and branches)."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                if inner.node:
                    yield from _graphs(inner)


def _tensors(graph: GraphProto) -> Iterator[TensorProto]:
    for one in _graphs(graph):
        yield from one.initializer
        for sparse in one.sparse_initializer:
            yield from (sparse.values, sparse.indices)
        for node in one.node:
            for attribute in node.attribute:
                yield from (t for t in (attribute.t, *attribute.tensors) if t.data_type)


def _vet(path: Path, model: ModelProto) -> None:
    """Refuse weights outside of the file, shapes that it does not hold, and unsound numbers."""
    from onnx import TensorProto, numpy_helper
    from onnx.defs import onnx_opset_version

    if not model.graph.node:
        raise ValueError(f"{path}: an ONNX file without any operation, or a damaged one")
    for one in model.opset_import:
        if one.domain not in ("", "ai.onnx", "ai.onnx.ml", "com.microsoft"):
            raise ValueError(f"{path}: operations of {one.domain!r} are not ONNX's own")
        if one.domain in ("", "ai.onnx") and one.version > (newest := onnx_opset_version()):
            raise ValueError(
                f"{path}: is of opset {one.version}; the onnx that is installed knows up to "
                f"{newest}"
            )
    for tensor in _tensors(model.graph):
        where = f"{path}: weights {tensor.name!r}"
        if tensor.data_location == TensorProto.EXTERNAL or tensor.external_data:
            raise ValueError(
                f"{where} lie in another file; export it as one, in PyTorch with "
                f"external_data=False, or: onnx.save(onnx.load({path.name!r}), 'one.onnx')"
            )
        if any(size < 0 for size in tensor.dims) or 8 * math.prod(tensor.dims) > 8 * LARGEST:
            raise ValueError(f"{where} claim the shape {tuple(tensor.dims)}")
        try:
            values = numpy_helper.to_array(tensor)
        except Exception as error:  # several, by version
            raise ValueError(f"{where}: of shape {tuple(tensor.dims)}, which is not what the file "
                             "holds") from error  # fmt: skip
        if values.dtype.kind == "f" and np.isnan(values).any():
            raise ValueError(f"{where} hold NaN")


def _vet_sizes(path: Path, model: ModelProto) -> None:
    """Refuse tensors that a sound file asks to be made, of a size that no network needs."""
    for graph in _graphs(model.graph):
        known = _constants(graph)
        for node in graph.node:
            at = _FILLS.get(node.op_type)
            if at is not None and at < len(node.input) and node.input[at] in known:
                sizes = known[node.input[at]].astype(float)
                if abs(np.prod(np.maximum(sizes, 1))) > LARGEST:
                    raise ValueError(f"{path}: {node.op_type} makes a tensor of {sizes.tolist()}")


def _constants(graph: GraphProto) -> dict[str, np.ndarray]:
    """Tensors whose values the file states."""
    from onnx import helper, numpy_helper

    found = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant":
            for attribute in node.attribute:
                if attribute.name == "value":
                    found[node.output[0]] = numpy_helper.to_array(attribute.t)
                elif attribute.name in ("value_int", "value_ints"):
                    whole = [attribute.i] if attribute.name == "value_int" else attribute.ints
                    found[node.output[0]] = np.array(whole, np.int64)
    changed = True
    while changed:  # weights that pass through a node that leaves them as they are
        changed = False
        for node in graph.node:
            one = node.op_type in ("Identity", "Cast") and node.output[0] not in found
            if one and node.input[0] in found:
                value = found[node.input[0]]
                if node.op_type == "Cast":
                    (to,) = (a.i for a in node.attribute if a.name == "to")
                    if to not in _FLOATS:
                        continue
                    value = value.astype(helper.tensor_dtype_to_np_dtype(to))
                found[node.output[0]], changed = value, True
    return found


# --- Reading -----------------------------------------------------------------------------------


class _Reader:
    """One file while it is read."""

    def __init__(self, path: Path, model: ModelProto):
        self.path, self.model, graph = path, model, model.graph
        self.constants = _constants(graph)
        held = {tensor.name for tensor in graph.initializer}
        inputs = [one for one in graph.input if one.name not in held]
        if len(inputs) != 1:
            names = ", ".join(one.name for one in inputs) or "none"
            raise ValueError(f"{path}: {len(inputs)} inputs ({names}); one, of sequences, expected")
        self.input = inputs[0]
        self.makers = {name: node for node in graph.node for name in node.output if name}
        self.users: dict[str, list[NodeProto]] = {}
        for node in graph.node:
            for name in node.input:
                self.users.setdefault(name, []).append(node)
        self.dtype, self.shape = self._input()
        self.outputs = [one.name for one in graph.output]

    def _input(self) -> tuple[np.dtype, list[int | None]]:
        from onnx import TensorProto, helper

        kind = self.input.type.tensor_type
        if kind.elem_type not in _FLOATS:
            names = {number: name for name, number in TensorProto.DataType.items()}
            found = names.get(kind.elem_type, f"a type {kind.elem_type}").lower()
            raise ValueError(
                f"{self.path}: reads {found}, expected floats of 16 or 32 bits: one-hot sequences"
            )
        dtype = np.dtype(helper.tensor_dtype_to_np_dtype(kind.elem_type))
        shape = [d.dim_value or None for d in kind.shape.dim]
        if len(shape) not in (3, 4) or 4 not in shape[1:]:
            raise ValueError(
                f"{self.path}: reads sequences of shape {_shape(shape)}, expected (n, 4, length) "
                "or (n, length, 4)"
            )
        return dtype, shape

    def network(self, layer: str | None) -> Network:
        every = {self._label(n): n for n in self.model.graph.node if n.op_type == "Conv"}
        bars = {name: self._bar(node) for name, node in every.items()}
        convs = {name: node for name, node in every.items() if not bars[name]}
        if not convs:
            why = "; ".join(f"{name} {bar}" for name, bar in [*bars.items()][:1])
            raise ValueError(
                f"{self.path}: no convolution that reads the sequence itself"
                + (f": {why}" if why else "")
            )
        layer = next(iter(convs)) if layer is None else layer
        if layer not in convs:
            raise ValueError(
                f"{self.path}: {layer!r} is no convolution that reads the sequence; there are: "
                + ", ".join(convs)
            )
        conv = convs[layer]
        weights = conv.input[1]
        twice = [name for name, one in every.items() if one.input[1] == weights]
        if len(twice) > 1:
            raise ValueError(
                f"{self.path}: {', '.join(twice)} share their weights, as in a network of two "
                "strands; export one strand's part"
            )
        spread, stride = self._kernels(conv, layer)
        active, between, nonlinear, axes = self._after(conv)
        length = self._length()
        front = self._run([self.input.name], [conv.output[0], active])
        left, positions_of = self._place(front, spread, stride, axes, length)
        whole = self._run([self.input.name], self.outputs[:1])
        tail = self._part([active], self.outputs[:1])
        rest = self._run([one.name for one in tail.graph.input], self.outputs[:1], tail)
        takes_sequence = len(tail.graph.input) > 1
        # Keras's exports keep its order; a convolution of ONNX itself has its channels first.
        first = self.shape.index(4, 1) < len(self.shape) - 1
        notes = []
        if len(self.outputs) > 1:
            notes.append(f"Of {len(self.outputs)} outputs only {self.outputs[0]} is read.")
        if not nonlinear:
            notes.append("No nonlinearity was recognised after the convolution.")
        answers = self.model.graph.output[0].type.tensor_type.shape.dim
        notes += averaged(len(answers), first)

        def from_active(x: np.ndarray, activations: np.ndarray) -> np.ndarray:
            given = {active: positions_of(activations, back=True)}
            if takes_sequence:
                given[self.input.name] = self._laid(x)
            return as_outputs(rest(given)[0], len(x), str(self.path), first)

        return Network(
            lambda x: positions_of(front({self.input.name: self._laid(x)})[1]),
            len(spread),
            name=self.path.name,
            layer=layer,
            nonlinearity=" after ".join(filter(None, (nonlinear or "none", between))),
            left=left,
            stride=stride,
            kernels=spread,
            length=length,
            predict=lambda x: as_outputs(
                whole({self.input.name: self._laid(x)})[0], len(x), str(self.path), first
            ),
            rest=from_active,
            others=tuple(name for name in convs if name != layer),
            notes=tuple(notes),
        )

    def _label(self, node: NodeProto) -> str:
        return node.name or node.output[0]

    def _bar(self, conv: NodeProto) -> str:
        """Why a convolution is not one of the input itself with known weights; empty if it is."""
        if conv.input[1] not in self.constants:
            maker = self.makers.get(conv.input[1])
            how = f"computed by {maker.op_type}" if maker else "not in the file"
            return f"has weights that are {how}, expected plain numbers"
        name = conv.input[0]
        while name != self.input.name:
            maker = self.makers.get(name)
            if maker is None or maker.op_type not in _BEFORE:
                return f"reads what {maker.op_type if maker else 'another input'} gives"
            name = maker.input[0]
        return ""

    def _kernels(self, conv: NodeProto, layer: str) -> tuple[np.ndarray, int]:
        """(size, 4, filters), dilation written out, and the stride."""
        options = {a.name: a for a in conv.attribute}
        raw = self.constants[conv.input[1]]
        strides = list(options["strides"].ints) if "strides" in options else []
        dilations = list(options["dilations"].ints) if "dilations" in options else []
        if "group" in options and options["group"].i != 1:
            raise ValueError(f"{self.path}: {layer} is a grouped convolution, which is not read")
        filters, channels, *space = raw.shape
        if channels == 1 and 4 in space:  # the bases lie along an axis of an image
            along = next(i for i, size in reversed(list(enumerate(space))) if i != space.index(4))
            kernels = np.moveaxis(raw.reshape(filters, *space), (1 + along, 1 + space.index(4)),
                                  (0, 1))  # fmt: skip
        elif channels == 4 and sum(size > 1 for size in space) <= 1:
            along = max(range(len(space)), key=lambda i: space[i])
            kernels = raw.reshape(filters, 4, space[along]).transpose(2, 1, 0)
        else:
            raise ValueError(
                f"{self.path}: {layer} has kernels {raw.shape}, expected (filters, 4, size)"
            )
        kernels = checked_kernels(kernels, f"{self.path}: {layer}")
        gap = dilations[along] if dilations else 1
        spread = np.zeros(((len(kernels) - 1) * gap + 1, 4, filters), np.float32)
        spread[::gap] = kernels
        return spread, (strides[along] if strides else 1)

    def _after(self, conv: NodeProto) -> tuple[str, str, str, list[int | None]]:
        """The activations' tensor, what lies before the nonlinearity, its name, and the axes.

        The axes say for each of the tensor's own which of the convolution's output it is. A
        nonlinearity goes on as long as nodes cap, shift or scale it by single numbers, as in
        min(relu(x), 6) / 6. Numbers by filter are a batch norm's or a layer's, and a scale below
        zero is a weight: they come after it.
        """
        name = conv.output[0]
        between: list[str] = []
        steps: list[str] = []
        rank = len(self.constants[conv.input[1]].shape)
        axes: list[int | None] = list(range(rank))
        best = (name, list(axes))
        while True:
            users = self.users.get(name, [])
            if len(users) != 1:
                joined, written = ("", []) if steps else self._written_out(name)
                if not joined:
                    break
                name, steps, best = joined, written, (joined, list(axes))
                continue
            (node,) = users
            options = {a.name: a for a in node.attribute}
            others = [one for one in node.input if one and one != name]
            known = all(one in self.constants for one in others)
            if node.op_type in _NONLINEAR and (known or node.op_type not in ("Max", "Min")):
                name = node.output[0]
                steps.append(node.op_type.lower())
                best = (name, list(axes))
                continue
            if node.op_type not in _BETWEEN or not known:
                break  # or a sum with something else
            if steps and node.op_type in _ARITHMETIC:
                if not self._is_scale(node, name):
                    break
                steps.append(node.op_type.lower())
            elif _BETWEEN[node.op_type]:
                if steps:
                    break
                between.append(_BETWEEN[node.op_type])
            if node.op_type == "Transpose":
                turned = options["perm"].ints if "perm" in options else reversed(range(len(axes)))
                axes = [axes[i] for i in turned]
            elif node.op_type in ("Squeeze", "Unsqueeze"):
                if not others and "axes" not in options:
                    break  # of which axes are of size one
                given = self.constants[others[0]] if others else options["axes"].ints
                if node.op_type == "Squeeze":
                    gone = {int(i) % len(axes) for i in given}
                    axes = [axis for i, axis in enumerate(axes) if i not in gone]
                else:
                    total = len(axes) + len(given)
                    for i in sorted(int(i) % total for i in given):
                        axes.insert(i, None)
            name = node.output[0]
            if not steps or node.op_type in _ARITHMETIC:
                best = (name, list(axes))
        name, axes = best
        return name, " and ".join(between), " and ".join(dict.fromkeys(steps)), axes

    def _is_scale(self, node: NodeProto, name: str) -> bool:
        """Whether arithmetic shifts or scales a tensor by one number and does not turn it over."""
        others = [self.constants[one] for one in node.input if one != name]
        return (
            all(one.size == 1 for one in others)
            and (node.op_type in ("Add", "Mul") or node.input[0] == name)
            and (node.op_type in ("Add", "Sub") or all(one.item() > 0 for one in others))
        )

    def _written_out(self, name: str) -> tuple[str, list[str]]:
        """Where all that is made of a tensor, element by element, is one again; and by what.

        Empty where it never is.
        """
        inside, steps, waiting = {name}, [], {name: len(self.users.get(name, []))}
        for node in self.model.graph.node:  # in order, for the file is sound
            made_of = [one for one in node.input if one in inside]
            known = all(one in inside or one in self.constants for one in node.input if one)
            if not made_of or not known or node.op_type not in _ELEMENTWISE:
                continue
            (output,) = node.output
            inside.add(output)
            steps.append(node.op_type.lower())
            for one in made_of:
                waiting[one] -= 1
            waiting[output] = len(self.users.get(output, []))
            if not any(left for one, left in waiting.items() if one != output):
                return output, steps
        return "", []

    def _length(self) -> int | None:
        rest = list(self.shape[1:])
        rest.remove(4)
        if len(rest) == 2:
            if 1 not in rest:
                raise ValueError(f"{self.path}: reads sequences of shape {_shape(self.shape)}")
            rest.remove(1)
        return rest[0]

    def _laid(self, x: np.ndarray) -> np.ndarray:
        """One-hot (n, length, 4) as the network wants it."""
        inner = self.shape[1:]
        at = inner.index(4)
        if len(inner) == 2:
            if inner == [4, 4]:
                raise ValueError(f"{self.path}: reads four bases only")
            return (x.transpose(0, 2, 1) if at == 0 else x).astype(self.dtype)
        one = next(i for i, size in enumerate(inner) if size == 1)
        along = ({0, 1, 2} - {at, one}).pop()
        laid = x.transpose(0, 2, 1) if at < along else x
        return np.expand_dims(laid, one + 1).astype(self.dtype)

    def _place(
        self, front: Callable, kernels: np.ndarray, stride: int, axes: list, length: int | None
    ) -> tuple[int, Callable]:
        """Where a filter's window begins, found by trying; and what orders the activations."""
        size = len(kernels)
        length = length or max(4 * size, 64)
        bases = np.random.default_rng(0).integers(0, 4, (2, length))
        x = np.eye(4, dtype=np.float32)[bases]
        conv, active = front({self.input.name: self._laid(x)})
        found = conv.reshape(*conv.shape[:2], -1).transpose(0, 2, 1).astype(float)  # n, p, filters
        begins = np.arange(found.shape[1]) * stride
        most = max(begins[-1] + size - length, 0) + stride - 1  # zeros on the left
        padded = np.pad(x, ((0, 0), (most, most), (0, 0)))
        left = None
        for start in range(most + 1):
            rows = padded[:, (begins + most - start)[:, None] + np.arange(size)]
            off = found - np.einsum("npkc,kcf->npf", rows, kernels)
            if np.ptp(off, axis=(0, 1)).max() <= 1e-3 * (1 + np.ptp(found)):
                left = start
                break
        if left is None:
            raise ValueError(
                f"{self.path}: the first convolution does not read the sequence base by base, or "
                "pads it with other than zeros"
            )
        where_filters, *where_space = 1, *range(2, conv.ndim)
        longest = max(where_space, key=lambda i: conv.shape[i])
        order = (axes.index(0), axes.index(longest), axes.index(where_filters))
        others = tuple(i for i in range(active.ndim) if i not in order)

        def arrange(values: np.ndarray, back: bool = False) -> np.ndarray:
            if back:
                shaped = values.reshape(*values.shape, *(1 for _ in others))
                laid = np.transpose(shaped, np.argsort((*order, *others)))
                return laid.astype(active.dtype, copy=False)
            laid = np.transpose(values, (*order, *others))
            return laid.reshape(laid.shape[:3]).astype(np.float32, copy=False)

        return left, arrange

    # --- Parts of the graph --------------------------------------------------------------------

    def _part(self, inputs: list[str], outputs: list[str]) -> ModelProto:
        """The graph from some tensors to others; with the file's own input where it is needed."""
        import onnx
        from onnx import helper

        graph, kind = self.model.graph, self.input.type.tensor_type.elem_type
        wanted, nodes, reached, waiting = set(inputs), set(), set(), list(outputs)
        while waiting:
            name = waiting.pop()
            reached.add(name)
            maker = None if name in wanted else self.makers.get(name)
            if maker is not None and maker.output[0] not in nodes:
                nodes.add(maker.output[0])
                waiting += [one for one in maker.input if one]
                waiting += [one for inner in maker.attribute for sub in (inner.g, *inner.graphs)
                            for deep in sub.node for one in deep.input]  # fmt: skip
        given = [
            self.input if name == self.input.name
            else helper.make_tensor_value_info(name, kind, None)
            for name in dict.fromkeys([*inputs, self.input.name])
            if name in reached
        ]  # fmt: skip
        known = {one.name: one for one in graph.output}
        part = helper.make_graph(
            [node for node in graph.node if node.output and node.output[0] in nodes],
            "part",
            given,
            [
                known.get(name) or helper.make_tensor_value_info(name, kind, None)
                for name in outputs
            ],
            [tensor for tensor in graph.initializer if tensor.name in reached],
        )
        model = onnx.ModelProto()
        model.CopyFrom(self.model)
        model.graph.CopyFrom(part)
        return model

    def _run(
        self, inputs: list[str], outputs: list[str], part: ModelProto | None = None
    ) -> Callable[[dict[str, np.ndarray]], list[np.ndarray]]:
        """A function that runs a part of the graph, as many rows at a time as it wants."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        part = part or self._part(inputs, outputs)
        session = onnxruntime.InferenceSession(
            part.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        rows = self.shape[0]

        def call(given: dict[str, np.ndarray]) -> list[Any]:
            n = len(next(iter(given.values())))
            if rows is None or n == rows:
                return session.run(outputs, given)
            parts = []
            for start in range(0, n, rows):
                some = {name: values[start : start + rows] for name, values in given.items()}
                lacking = rows - min(rows, n - start)
                some = {
                    name: np.concatenate([v, np.repeat(v[-1:], lacking, axis=0)])
                    for name, v in some.items()
                }
                found = session.run(outputs, some)
                parts.append([by_sequence(one, rows, str(self.path)) for one in found])
            return [np.concatenate(column)[:n] for column in zip(*parts, strict=True)]

        return call


def _shape(shape: list) -> str:
    return "(" + ", ".join("?" if size is None else str(size) for size in shape) + ")"
