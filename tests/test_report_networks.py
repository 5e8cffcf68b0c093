"""Networks of others: what is read of them, and files that are refused, each with one line."""

import io
import json
import os
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import h5py
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from motifbook.report import kernels_file, measure, network

ONNX = Path(__file__).parent / "data" / "onnx"
LENGTH, SIZE, FILTERS = 20, 5, 3
RNG = np.random.default_rng(5)
KERNELS = RNG.normal(size=(SIZE, 4, FILTERS)).astype("float32")
SCALE, SHIFT = np.array([1, 2, 0.5], "float32"), np.array([0.5, -1, 0], "float32")
DENSE = RNG.normal(size=(LENGTH * FILTERS, 2)).astype("float32")
X = np.eye(5, 4, dtype="float32")[RNG.integers(0, 5, (4, LENGTH))]


def expected_activations(x=X):
    """ReLU of batch norm of the cross-correlation, written out; padded to the same length."""
    padded = np.pad(x, ((0, 0), (2, 2), (0, 0)))
    scores = sum(padded[:, k : k + LENGTH] @ KERNELS[k] for k in range(SIZE))
    return np.maximum(scores * SCALE + SHIFT, 0)


def expected_outputs(active):
    return 1 / (1 + np.exp(-(active.reshape(len(active), -1) @ DENSE)))


def tensor(name, values):
    return numpy_helper.from_array(np.asarray(values), name)


def onnx_model(
    channels_last=False, rows="n", kernels=KERNELS, change=None, dtype=TensorProto.FLOAT
):
    """The network above, made by hand: with axes (n, 4, length) as PyTorch's, or (n, length, 4)."""
    shape = [rows, LENGTH, 4] if channels_last else [rows, 4, LENGTH]
    weights = kernels.transpose(2, 1, 0)
    norm = [np.ones(3, "f") * SCALE, SHIFT, np.zeros(3, "f"), np.ones(3, "f")]
    nodes = [
        helper.make_node("Transpose", ["x"], ["xt"], perm=[0, 2, 1]),
        helper.make_node(
            "Conv", ["xt" if channels_last else "x", "w"], ["c"], "first", pads=[2, 2]
        ),
        helper.make_node("BatchNormalization", ["c", "g", "b", "m", "v"], ["n"], epsilon=0.0),
        helper.make_node("Relu", ["n"], ["r"]),
        helper.make_node("Transpose", ["r"], ["rt"], perm=[0, 2, 1]),
        helper.make_node("Flatten", ["rt"], ["f"]),
        helper.make_node("MatMul", ["f", "d"], ["s"]),
        helper.make_node("Sigmoid", ["s"], ["y"]),
    ]
    nodes = nodes if channels_last else nodes[1:]
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", dtype, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [rows, 2])],
        [tensor("w", weights), *map(tensor, "gbmv", norm), tensor("d", DENSE)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    if change:
        change(model)
    return model


@pytest.fixture(scope="module")
def keras_model():
    from motifbook.networks import backend

    backend.start()
    import keras
    from keras import layers

    inputs = h = keras.Input((LENGTH, 4))
    h = layers.Conv1D(FILTERS, SIZE, padding="same", use_bias=False, name="first")(h)
    h = layers.BatchNormalization(epsilon=0.0, name="norm")(h)
    h = layers.Flatten()(layers.Activation("relu")(h))
    h = layers.Dense(2, activation="sigmoid", use_bias=False, name="dense")(h)
    model = keras.Model(inputs, h)
    model.get_layer("first").set_weights([KERNELS])
    model.get_layer("norm").set_weights([SCALE, SHIFT, np.zeros(3), np.ones(3)])
    model.get_layer("dense").set_weights([DENSE])
    return model


def check(found, layer="first"):
    active = found.activations(X)
    assert np.abs(active - expected_activations()).max() < 1e-4
    assert np.abs(found.predict(X) - expected_outputs(active)).max() < 1e-4
    silent = active.copy()
    silent[:, :, 1] = 0
    assert np.abs(found.rest(X, silent) - expected_outputs(silent)).max() < 1e-4
    assert (found.layer, found.left, found.stride, found.size) == (layer, 2, 1, SIZE)
    assert found.nonlinearity == "relu after batch norm"
    assert found.length == LENGTH
    np.testing.assert_array_equal(found.kernels, KERNELS)


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("rows", ["n", 1, 3])
def test_onnx(tmp_path, channels_last, rows):
    path = tmp_path / "net.onnx"
    onnx.save(onnx_model(channels_last, rows), path)
    check(network.read(path))


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_keras(tmp_path, keras_model, suffix):
    path = tmp_path / f"net{suffix}"
    keras_model.save(path)
    check(network.read(path))


@pytest.mark.parametrize(
    ("name", "scale"), [("keras", 1), ("pytorch", SCALE), ("pytorch-script", SCALE)]
)
def test_onnx_as_exporters_write_it(tmp_path, keras_model, name, scale):
    """The same weights, by Keras's and by PyTorch's own exports: tests/data/onnx/README.md."""
    keras_model.save(tmp_path / "net.keras")
    one, other = network.read(tmp_path / "net.keras"), network.read(ONNX / f"{name}.onnx")
    for what in ("size", "left", "stride", "length", "notes"):
        assert getattr(one, what) == getattr(other, what), what
    assert (other.nonlinearity, other.others) == ("relu", ())
    np.testing.assert_allclose(other.kernels, one.kernels * scale, atol=1e-4)
    active = one.activations(X)
    np.testing.assert_allclose(other.activations(X), active, atol=1e-4)
    np.testing.assert_allclose(other.predict(X), one.predict(X), atol=1e-4)
    active[:, :, 1] = 0
    np.testing.assert_allclose(other.rest(X, active), one.rest(X, active), atol=1e-4)
    bases = np.where(X.any(axis=2), X.argmax(axis=2), 4).astype(np.uint8)
    ours, theirs = (measure.scan(found, bases) for found in (one, other))
    np.testing.assert_array_equal(theirs.sites, ours.sites)
    np.testing.assert_array_equal(theirs.places, ours.places)
    np.testing.assert_allclose(theirs.ppms, ours.ppms, atol=1e-4)


WRITTEN_OUT = {
    "sigmoid and mul": (("Sigmoid", "n", "p"), ("Mul", "n", "p", "r")),
    "neg and relu and add": (("Neg", "n", "p"), ("Relu", "p", "q"), ("Add", "n", "q", "r")),
}


@pytest.mark.parametrize("name", WRITTEN_OUT)
def test_a_nonlinearity_that_is_written_out(tmp_path, name):
    """As PyTorch's exports have SiLU; the second is ReLU, by itself less its negative part."""

    def written(graph):
        del graph.node[2]
        for at, (kind, *inputs, output) in enumerate(WRITTEN_OUT[name]):
            graph.node.insert(2 + at, helper.make_node(kind, inputs, [output]))

    path = tmp_path / "net.onnx"
    onnx.save(changed(written), path)
    found = network.read(path)
    assert found.nonlinearity == f"{name} after batch norm" and not found.notes
    silent = found.activations(X)
    if "relu" in name:
        assert np.abs(silent - expected_activations()).max() < 1e-4
    else:
        np.testing.assert_allclose(found.rest(X, silent), found.predict(X), atol=1e-6)
        assert -0.3 < silent.min() < -0.2  # SiLU's lowest is -0.278
    silent[:, :, 1] = 0
    assert np.abs(found.rest(X, silent) - expected_outputs(silent)).max() < 1e-4


TURN = [("Unsqueeze", np.array([0])), ("Squeeze", np.array([0]))]
CAPPED = [
    ("relu and min and max", [("Relu",), ("Min", 1.5), ("Max", 0.25)],
     lambda n: np.clip(n, 0.25, 1.5)),
    ("relu and clip", [("Relu",), *TURN, ("Clip", 0, 1.5)], lambda n: np.clip(n, 0, 1.5)),
    ("max and min", [("Max", 0), ("Min", 1.5)], lambda n: np.clip(n, 0, 1.5)),
    ("clip and mul", [("Add", 3), ("Clip", 0, 6), ("Mul", 1 / 6)],
     lambda n: np.clip(n + 3, 0, 6) / 6),
    ("clip and div", [("Add", 3), ("Clip", 0, 6), ("Div", 6)], lambda n: np.clip(n + 3, 0, 6) / 6),
    # What is no part of it: numbers by filter, a weight, and what follows a batch norm.
    ("relu", [("Relu",), ("Mul", SCALE[:, None])], lambda n: np.maximum(n, 0)),
    ("relu", [("Relu",), ("Mul", -2)], lambda n: np.maximum(n, 0)),
    ("relu", [("Relu",), ("BatchNormalization", "g", "b", "m", "v"), ("Min", 1.5)],
     lambda n: np.maximum(n, 0)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "steps", "expected"), CAPPED)
def test_a_nonlinearity_goes_on_with_its_caps_and_scales(tmp_path, name, steps, expected):
    """As exporters have Keras's ReLU(max_value=...), PyTorch's clamp and hard sigmoids."""

    def capped(graph):
        del graph.node[2]
        last, nodes = "n", []
        for at, (kind, *others) in enumerate(steps):
            for i, other in enumerate(others):
                if not isinstance(other, str):
                    kept = np.asarray(other, "i8" if "squeeze" in kind.lower() else "f")
                    graph.initializer.append(tensor(f"o{at}{i}", kept))
                    others[i] = f"o{at}{i}"
            nodes.append(helper.make_node(kind, [last, *others], [f"k{at}"]))
            last = f"k{at}"
        nodes[-1].output[0] = "r"
        for node in reversed(nodes):
            graph.node.insert(2, node)

    path = tmp_path / "net.onnx"
    onnx.save(changed(capped), path)
    found = network.read(path)
    assert found.nonlinearity == f"{name} after batch norm" and not found.notes
    padded = np.pad(X, ((0, 0), (2, 2), (0, 0)))
    scores = sum(padded[:, k : k + LENGTH] @ KERNELS[k] for k in range(SIZE)) * SCALE + SHIFT
    active = found.activations(X)
    np.testing.assert_allclose(active, expected(scores), atol=1e-4)
    np.testing.assert_allclose(found.rest(X, active), found.predict(X), atol=1e-5)


def test_what_is_added_to_something_else_is_no_nonlinearity(tmp_path):
    def residual(graph):
        graph.node.insert(1, helper.make_node("Conv", ["c", "w2"], ["c2"], pads=[2, 2]))
        graph.initializer.append(tensor("w2", np.zeros((FILTERS, FILTERS, SIZE), "f")))
        graph.node.insert(3, helper.make_node("Sigmoid", ["n"], ["s2"]))
        graph.node.insert(4, helper.make_node("Mul", ["n", "s2"], ["m2"]))
        graph.node[5].CopyFrom(helper.make_node("Add", ["m2", "c2"], ["r"]))

    path = tmp_path / "net.onnx"
    onnx.save(changed(residual), path)
    assert network.read(path).nonlinearity == "none"


@pytest.mark.parametrize("pads", [(0, 0), (9, 7), (40, 0)])
def test_however_many_zeros_are_put_around_the_sequence(tmp_path, pads):
    def padded(graph):
        del graph.node[1:], graph.output[:], graph.node[0].attribute[:]
        graph.node[0].attribute.append(helper.make_attribute("pads", pads))
        graph.output.append(helper.make_tensor_value_info("c", TensorProto.FLOAT, ["n", 3, "p"]))

    path = tmp_path / "net.onnx"
    onnx.save(changed(padded), path)
    found = network.read(path)
    assert found.left == pads[0]
    padded = np.pad(X, ((0, 0), pads, (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, SIZE, axis=1)  # n, p, 4, size
    expected = np.einsum("npck,kcf->npf", windows, KERNELS)
    np.testing.assert_allclose(found.activations(X), expected, atol=1e-4)


def test_the_order_of_channels(tmp_path):
    # Saved with channels T, G, C, A: read so, it is the same network.
    path = tmp_path / "net.onnx"
    onnx.save(onnx_model(kernels=KERNELS[:, ::-1]), path)
    check(network.read(path, alphabet="TGCA"))
    assert np.abs(network.read(path).activations(X) - expected_activations()).max() > 0.1


def test_kernels_alone(tmp_path):
    np.save(tmp_path / "k.npy", KERNELS)
    np.savez(tmp_path / "k.npz", kernels=KERNELS, other=np.zeros(3))
    np.savez_compressed(tmp_path / "one.npz", first=KERNELS)
    windows = sum(X[:, k : k + LENGTH - SIZE + 1] @ KERNELS[k] for k in range(SIZE))
    for name, layer in (("k.npy", None), ("k.npz", "kernels"), ("one.npz", None)):
        found = network.read(tmp_path / name, layer, axes="keras")
        assert np.abs(found.activations(X) - np.maximum(windows, 0)).max() < 1e-5
        assert (found.left, found.predict, found.rest) == (0, None, None)
        assert "Only kernels" in found.notes[1]


def test_the_axes_of_kernels_are_said_and_asked_for(tmp_path):
    """Keras has (size, 4, filters), PyTorch (filters, 4, size): a shape alone decides neither."""
    many = np.tile(KERNELS, (1, 1, 3))  # 5 positions, 9 filters
    np.save(tmp_path / "k.npy", many)
    np.save(tmp_path / "torch.npy", np.swapaxes(many, 0, 2))
    found = network.read(tmp_path / "k.npy")
    assert found.notes[0] == (
        "Kernels 5 × 4 × 9 are read as (size, 4, filters): 9 filters of 5 positions. If they are "
        "(filters, 4, size), say --axes pytorch."
    )
    refused(tmp_path / "torch.npy", "9 positions and 5 filters, or 9 filters of 5 positions? Say")
    theirs = network.read(tmp_path / "torch.npy", axes="pytorch")
    assert theirs.size == 5 and "9 filters of 5 positions." in theirs.notes[0]
    np.testing.assert_array_equal(theirs.kernels, many)
    np.testing.assert_array_equal(theirs.activations(X), found.activations(X))


def test_options_of_no_effect_are_refused(tmp_path):
    onnx.save(onnx_model(), tmp_path / "net.onnx")
    refused(tmp_path / "net.onnx", "a network has its own axes", axes="keras")
    np.save(tmp_path / "k.npy", KERNELS)
    refused(tmp_path / "k.npy", "is one array and has no layers", layer="first", axes="keras")


def test_strides_and_dilation_are_seen(tmp_path):
    def change(model):
        del model.graph.node[1:]  # the convolution alone
        model.graph.node[0].attribute.extend(
            [helper.make_attribute("strides", [2]), helper.make_attribute("dilations", [2])]
        )
        model.graph.output[0].CopyFrom(
            helper.make_tensor_value_info("c", TensorProto.FLOAT, ["n", 3, "p"])
        )

    path = tmp_path / "net.onnx"
    onnx.save(onnx_model(change=change), path)
    found = network.read(path)
    assert (found.size, found.stride, found.left) == (2 * SIZE - 1, 2, 2)
    assert found.nonlinearity == "none" and "No nonlinearity" in found.notes[0]
    np.testing.assert_array_equal(found.kernels[::2], KERNELS)
    assert not found.kernels[1::2].any()


def test_any_function():
    found = network.Network(expected_activations, SIZE, left=2)
    np.testing.assert_array_equal(found.activations(X), expected_activations())
    assert kernels_file.of(KERNELS).kernels is KERNELS


# --- Refused -----------------------------------------------------------------------------------


def refused(path, *fragments, **options):
    with pytest.raises((ValueError, OSError)) as caught:
        network.read(path, **options)
    line = str(caught.value)
    assert line.startswith(str(path)) and "\n" not in line, line
    assert all(fragment in line for fragment in fragments), line


def external(model):
    weights = model.graph.initializer[0]
    weights.ClearField("raw_data")
    weights.data_location = TensorProto.EXTERNAL
    entry = weights.external_data.add()
    entry.key, entry.value = "location", "../../../../etc/passwd"


def huge(model):
    model.graph.initializer[0].dims[:] = [1 << 40, 4, 5]


def short(model):
    model.graph.initializer[0].dims[:] = [300, 4, 5]


def nan(model):
    values = numpy_helper.to_array(model.graph.initializer[0]).copy()
    values[0, 0, 0] = np.nan
    model.graph.initializer[0].CopyFrom(tensor("w", values))


def bomb(model):
    model.graph.initializer.append(tensor("size", np.array([1 << 20, 1 << 20])))
    model.graph.node.append(helper.make_node("ConstantOfShape", ["size"], ["big"]))


def foreign(model):
    model.opset_import.append(helper.make_opsetid("org.evil", 1))


def second_input(model):
    model.graph.input.append(helper.make_tensor_value_info("z", TensorProto.FLOAT, ["n", 4]))


def five(model):
    model.graph.input[0].CopyFrom(
        helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 5, LENGTH])
    )


def twice(model):
    model.graph.node.append(helper.make_node("Conv", ["x", "w"], ["c2"], "other"))


def other_strand(model):
    model.graph.node.append(helper.make_node("Neg", ["x"], ["turned"]))
    model.graph.node.append(helper.make_node("Conv", ["turned", "w"], ["c2"], "other"))


def no_filters(model):
    model.graph.initializer[0].CopyFrom(tensor("w", np.zeros((0, 4, 5), "f")))


@pytest.mark.parametrize(
    ("change", "fragments"),
    [
        (external, ("'w' lie in another file", "onnx.save(onnx.load('net.onnx'), 'one.onnx')")),
        (huge, ("'w' claim the shape (1099511627776, 4, 5)",)),
        (short, ("'w': of shape (300, 4, 5), which is not what the file holds",)),
        (nan, ("'w' hold NaN",)),
        (bomb, ("ConstantOfShape makes a tensor of [1048576.0, 1048576.0]",)),
        (foreign, ("operations of 'org.evil'",)),
        (second_input, ("2 inputs (x, z)",)),
        (five, ("sequences of shape (?, 5, 20)", "(n, 4, length)")),
        (twice, ("first, other share their weights", "two strands")),
        (other_strand, ("first, other share their weights", "two strands")),
        (no_filters, ("no filters",)),
    ],
)
def test_hostile_onnx(tmp_path, change, fragments):
    path = tmp_path / "net.onnx"
    path.write_bytes(onnx_model(change=change).SerializeToString())
    refused(path, *fragments)


def changed(graph_change, **options):
    return onnx_model(change=lambda model: graph_change(model.graph), **options)


def test_answers_along_the_sequence_are_averaged_over_it(tmp_path):
    """PyTorch's answers are (n, tracks, positions): the tracks are the outputs."""

    def profile(graph):
        del graph.node[3:], graph.output[:]
        shape = ["n", FILTERS, LENGTH]
        graph.output.append(helper.make_tensor_value_info("r", TensorProto.FLOAT, shape))

    path = tmp_path / "net.onnx"
    onnx.save(changed(profile), path)
    found = network.read(path)
    assert np.abs(found.predict(X) - expected_activations().mean(axis=1)).max() < 1e-5
    assert found.notes == (
        "Its answers have 3 axes: the second is taken for its outputs, and over the others, along "
        "the sequence, they are averaged.",
    )
    values = np.arange(6.0).reshape(1, 3, 2)
    assert network.as_outputs(values, 1, "net").tolist() == [[2.0, 3.0]]
    assert network.as_outputs(values, 1, "net", channels_first=True).tolist() == [[0.5, 2.5, 4.5]]


def test_weights_stored_in_half_are_read(tmp_path):
    def halved(graph):
        graph.initializer[0].CopyFrom(tensor("half", KERNELS.transpose(2, 1, 0).astype("float16")))
        cast = helper.make_node("Cast", ["half"], ["w"], to=TensorProto.FLOAT)
        graph.node.insert(0, cast)

    path = tmp_path / "net.onnx"
    onnx.save(changed(halved), path)
    kernels = network.read(path).kernels
    np.testing.assert_array_equal(kernels, KERNELS.astype("float16").astype("float32"))


def test_what_keeps_a_convolution_from_the_sequence_is_named(tmp_path):
    def scaled(graph):
        graph.initializer.append(tensor("two", np.array([2.0], "float32")))
        graph.node.insert(0, helper.make_node("Mul", ["x", "two"], ["xx"]))
        graph.node[1].input[0] = "xx"

    def computed(graph):
        graph.initializer.append(tensor("raw", KERNELS.transpose(2, 1, 0)))
        graph.node.insert(0, helper.make_node("Tanh", ["raw"], ["w2"]))
        graph.node[1].input[1] = "w2"

    path = tmp_path / "net.onnx"
    for change, why in (
        (scaled, "first reads what Mul gives"),
        (computed, "first has weights that are computed by Tanh, expected plain numbers"),
    ):
        onnx.save(changed(change), path)
        refused(path, f"no convolution that reads the sequence itself: {why}")


def test_axes_that_onnx_leaves_to_its_defaults(tmp_path):
    """Transpose reverses without `perm`; a Squeeze without axes ends what is followed."""

    def turned(graph):
        del graph.node[1].attribute[:], graph.node[2:], graph.output[:]
        graph.node[1].CopyFrom(helper.make_node("Transpose", ["c"], ["t"]))
        graph.node.append(helper.make_node("Relu", ["t"], ["r"]))
        graph.output.append(helper.make_tensor_value_info("r", TensorProto.FLOAT, [LENGTH, 3, "n"]))

    def squeezed(graph):
        graph.node[1].CopyFrom(helper.make_node("Squeeze", ["c"], ["n"]))

    path = tmp_path / "net.onnx"
    onnx.save(changed(turned), path)
    found = network.read(path)
    assert (found.nonlinearity, found.activations(X).shape) == ("relu", (len(X), LENGTH, FILTERS))
    onnx.save(changed(squeezed), path)
    assert network.read(path).nonlinearity == "none"


@pytest.mark.parametrize(
    ("node", "message"),
    [
        (helper.make_node("Constant", [], [], value_int=1), "not sound ONNX"),
        (helper.make_node("Identity", ["w"], []), "not sound ONNX"),
        (helper.make_node("Identity", [], ["w2"]), "not sound ONNX"),
        (helper.make_node("Cast", ["w"], ["w2"]), "not sound ONNX"),
    ],
)
def test_unsound_nodes(tmp_path, node, message):
    path = tmp_path / "net.onnx"
    path.write_bytes(changed(lambda graph: graph.node.insert(0, node)).SerializeToString())
    refused(path, message)


def test_onnx_of_a_later_opset_or_another_type(tmp_path):
    path = tmp_path / "net.onnx"
    model = onnx_model()
    model.opset_import[0].version = 99
    path.write_bytes(model.SerializeToString())
    refused(path, "is of opset 99; the onnx that is installed knows up to")
    path.write_bytes(onnx_model(dtype=TensorProto.DOUBLE).SerializeToString())
    refused(path, "reads double, expected floats of 16 or 32 bits")
    path.write_bytes(onnx_model(dtype=99).SerializeToString())
    refused(path)


def test_onnx_of_words_and_cut_short(tmp_path):
    path = tmp_path / "net.onnx"
    path.write_bytes(onnx_model(dtype=TensorProto.INT64).SerializeToString())
    refused(path, "reads int64, expected floats of 16 or 32 bits")
    whole = onnx_model().SerializeToString()
    for size in (0, 3, len(whole) // 2, len(whole) - 4):
        path.write_bytes(whole[:size])
        refused(path)
    onnx.save(onnx_model(), path)
    refused(path, "no convolution that reads the sequence; there are: first", layer="second")


@pytest.mark.parametrize(
    ("kernels", "fragments"),
    [
        (np.zeros((5, 5, 3), "f"), ("(5, 5, 3), expected (size, 4, filters)",)),
        (np.zeros((5, 4, 0), "f"), ("no filters",)),
        (np.zeros((5, 4), "f"), ("(5, 4), expected (size, 4, filters)",)),
        (np.zeros((5, 4, 3), int), ("int64, expected floats",)),
        (np.full((5, 4, 3), np.nan, "f"), ("NaN",)),
        (np.array([{"a": 1}], object), ("Python objects",)),
    ],
)
def test_hostile_kernels(tmp_path, kernels, fragments):
    np.save(tmp_path / "k.npy", kernels, allow_pickle=True)
    refused(tmp_path / "k.npy", *fragments)
    np.savez(tmp_path / "k.npz", kernels)
    refused(tmp_path / "k.npz", *fragments)


def test_arrays_that_lie_about_their_size(tmp_path, monkeypatch):
    np.save(tmp_path / "k.npy", KERNELS)
    whole = (tmp_path / "k.npy").read_bytes()
    lying = whole.replace(b"(5, 4, 3), ", b"(5, 4, 3000000000000), ".ljust(11))
    (tmp_path / "k.npy").write_bytes(whole[:-9])
    refused(tmp_path / "k.npy")
    (tmp_path / "k.npy").write_bytes(lying)
    refused(tmp_path / "k.npy")
    monkeypatch.setattr(network, "LARGEST", 1 << 20)
    np.savez_compressed(tmp_path / "k.npz", kernels=np.zeros((1 << 16, 4, 3), "f"))
    assert (tmp_path / "k.npz").stat().st_size < 10_000
    refused(tmp_path / "k.npz", "unpacks to more than 1 MB")


def test_pickles_and_other_kinds(tmp_path):
    class Evil:
        def __reduce__(self):
            return (pytest.fail, ("it ran",))

    path = tmp_path / "net.pt"
    for protocol in (2, 4, 5):
        path.write_bytes(pickle.dumps(Evil(), protocol))
        refused(path, "is a pickle", "torch.onnx.export")
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("net/data.pkl", pickle.dumps(Evil()))
    refused(path, "is a pickle")
    path.write_text("weights")
    refused(path, "another kind of file")
    path.write_bytes(b"")
    refused(path, "another kind of file")
    refused(tmp_path / "none.keras", "no such file")
    refused(tmp_path, "is a folder")
    with pytest.raises(ValueError, match="alphabet 'ACGU'"):
        network.read(path, alphabet="ACGU")


# --- Keras --------------------------------------------------------------------------------------


@pytest.fixture
def repacked(tmp_path, keras_model):
    """Save the network, change its parts, and pack it again."""

    def repack(change, suffix=".keras"):
        path = tmp_path / f"net{suffix}"
        keras_model.save(path)
        if suffix == ".h5":
            with h5py.File(path, "a") as file:
                config = json.loads(file.attrs["model_config"])
                change(config, file)
                file.attrs["model_config"] = json.dumps(config)
            return path
        with zipfile.ZipFile(path) as packed:
            parts = {name: packed.read(name) for name in packed.namelist()}
        config, held = json.loads(parts["config.json"]), io.BytesIO(parts["model.weights.h5"])
        with h5py.File(held, "a") as file:
            change(config, file)
        parts |= {"config.json": json.dumps(config), "model.weights.h5": held.getvalue()}
        with zipfile.ZipFile(path, "w") as packed:
            for name, content in parts.items():
                packed.writestr(name, content)
        return path

    return repack


def a_lambda(config, _):
    code = {"class_name": "__lambda__", "config": {"code": "4wEAAA==", "defaults": None}}
    layer = {"module": "keras.layers", "class_name": "Lambda", "registered_name": None}
    config["config"]["layers"].insert(1, layer | {"config": {"name": "l", "function": code}})


def a_hidden_lambda(config, _):
    config["config"]["layers"][1]["config"]["activation"] = {
        "module": "builtins", "class_name": "__lambda__", "config": {"code": "4wEAAA=="}
    }  # fmt: skip


def a_function(config, _):
    config["config"]["layers"][1]["config"]["activation"] = {
        "module": "os", "class_name": "function", "config": "system", "registered_name": "system"
    }  # fmt: skip


def unsafe(config, _):
    config["config"]["layers"].append(
        {"module": "keras.config", "class_name": "enable_unsafe_deserialization", "config": {}}
    )


def custom(config, _):
    config["config"]["layers"][1] |= {"module": "mine", "registered_name": "mine>Conv1D"}


def a_downloader(config, _):
    config["config"]["layers"][1]["class_name"] = "StringLookup"


def many_units(config, _):
    config["config"]["layers"][1]["config"]["filters"] = 10**12


def long_input(config, _):
    config["config"]["layers"][0]["config"]["batch_shape"] = [None, 10**12, 4]


def linked(_, file):
    file["odd"] = h5py.ExternalLink("/etc/passwd", "/")


def soft(_, file):
    file["odd"] = h5py.SoftLink("/odd")


def elsewhere(_, file):
    file.create_dataset("odd", (4,), "u1", external=[("/etc/hostname", 0, 4)])


def claimed(_, file):
    file.create_dataset("odd", (1 << 40,), "f4", chunks=(1 << 10,))


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize(
    ("change", "fragments"),
    [
        (a_lambda, ("holds a Lambda, code that would run",)),
        (a_hidden_lambda, ("holds a lambda, code that would run",)),
        (a_function, ("holds a function, code that would run",)),
        (unsafe, ("holds 'enable_unsafe_deserialization' of keras.config",)),
        (custom, ("holds 'mine>Conv1D' of mine",)),
        (a_downloader, ("'StringLookup'",)),
        (many_units, ("claims filters 1000000000000",)),
        (long_input, ("claims sequences of shape [None, 1000000000000, 4]",)),
        (linked, ("odd is a link",)),
        (soft, ("odd is a link",)),
        (elsewhere, ("odd lies in another file",)),
        (claimed, ("claims weights of more than 1024 MB (/odd)",)),
    ],
)
def test_hostile_keras(repacked, change, suffix, fragments):
    refused(repacked(change, suffix), *fragments)


def test_damaged_keras(tmp_path, keras_model):
    for suffix in (".keras", ".h5"):
        path = tmp_path / f"net{suffix}"
        keras_model.save(path)
        whole = path.read_bytes()
        for size in (10, len(whole) // 2, len(whole) - 200):
            path.write_bytes(whole[:size])
            refused(path)
    keras_model.save_weights(tmp_path / "only.weights.h5")
    refused(tmp_path / "only.weights.h5", "weights without their network")


def test_members_that_point_elsewhere(tmp_path, keras_model):
    path = tmp_path / "net.keras"
    for name, fragment in (
        ("../evil.py", "points out of the file"),
        ("/etc/evil", "points out of the file"),
        ("assets/vocabulary.txt", "too many or missing: assets/vocabulary.txt"),
    ):
        keras_model.save(path)
        with zipfile.ZipFile(path, "a") as packed:
            packed.writestr(name, "x")
        refused(path, fragment)


def test_keras_networks_that_are_not_read(tmp_path, keras_model):
    import keras
    from keras import layers

    def save(inputs, outputs, *fragments, **options):
        keras.Model(inputs, outputs).save(tmp_path / "net.keras")
        refused(tmp_path / "net.keras", *fragments, **options)

    one, two, five = (
        keras.Input((9, 4), name="a"),
        keras.Input((9, 4), name="b"),
        keras.Input((9, 5)),
    )
    conv = layers.Conv1D(2, 3, name="first")
    save([one, two], layers.Add()([conv(one), conv(two)]), "2 inputs (a, b)")
    conv = layers.Conv1D(2, 3, name="first")
    save(five, conv(five), "shape (None, 9, 5), expected (n, length, 4)")
    both = layers.Add()([conv2(one) for conv2 in [layers.Conv1D(2, 3, name="shared")] * 2])
    save(one, both, "'shared' is used 2 times", "two strands")
    dense = layers.Dense(2)(layers.Flatten()(one))
    save(one, dense, "no Conv1D that reads the sequence")
    inner = keras.Sequential([keras.Input((9, 4)), layers.Conv1D(2, 3)], name="stem")
    save(one, inner(one), "save 'stem', which lies in it")
    first = layers.Conv1D(2, 3, name="one")(one)
    save(one, layers.Conv1D(2, 3, name="two")(first), "'two' is no convolution that reads the "
         "sequence; there are: one", layer="two")  # fmt: skip
    keras_model.get_layer("norm").set_weights([SCALE, SHIFT, np.full(3, np.nan), np.ones(3)])
    keras_model.save(tmp_path / "net.keras")
    refused(tmp_path / "net.keras", "hold NaN")
    keras_model.get_layer("norm").set_weights([SCALE, SHIFT, np.zeros(3), np.ones(3)])


def test_what_a_layer_of_keras_is_given_is_part_of_its_nonlinearitys_name():
    from motifbook.networks import backend

    backend.start()
    import keras
    from keras import layers

    from motifbook.report import keras_file

    def name(after, **options):
        inputs = keras.Input((9, 4))
        h = layers.Conv1D(2, 3, **options)(inputs)
        h = after(h) if after else h
        model = keras.Model(inputs, layers.Dense(2)(layers.Flatten()(h)))
        found = keras_file.of(keras.models.clone_model(model))
        assert found.activations(X[:, :9]).shape == (len(X), 7, 2)
        return found.nonlinearity

    capped = layers.ReLU(max_value=6.0)
    assert name(layers.ReLU()) == name(layers.Activation("relu")) == "relu"
    assert name(capped) == name(layers.Activation(capped)) == "relu (max_value=6)"
    assert name(None, activation=layers.ReLU(max_value=1.0)) == "relu (max_value=1)"
    assert name(layers.ReLU(threshold=0.5, negative_slope=0.1, trainable=False)) == (
        "relu (negative_slope=0.1, threshold=0.5)"
    )
    assert name(layers.LeakyReLU()) == "leakyrelu" and name(layers.PReLU()) == "prelu"
    assert name(None, activation="relu") == "relu" and name(None) == "none"


def test_onnx_and_kernels_need_no_keras(tmp_path):
    onnx.save(onnx_model(), tmp_path / "net.onnx")
    np.save(tmp_path / "k.npy", KERNELS)
    program = (
        "import sys; sys.modules |= dict.fromkeys(('keras', 'tensorflow', 'jax'));"
        "from motifbook import cli; from motifbook.report import network;"
        "network.read(sys.argv[1]); network.read(sys.argv[2], axes='keras')"
    )
    files = [str(tmp_path / name) for name in ("net.onnx", "k.npy")]
    subprocess.run([sys.executable, "-c", program, *files], check=True)


WITHOUT = """
import sys

class Without:
    def find_spec(self, name, *_):
        if name.split(".")[0] in ("tensorflow", "keras", "jax"):
            raise ImportError(name + " was imported")

sys.meta_path.insert(0, Without())
from motifbook.cli import main
from motifbook.records import experiment

for model in sys.argv[3:]:
    code = main(["report", model, sys.argv[1], "--output", sys.argv[2], "--jaspar", "2016"])
    if code:
        sys.exit(code)
assert isinstance(experiment.get("cnn-25", 1), list)
"""


@pytest.mark.slow
def test_a_report_on_onnx_or_kernels_and_the_records_need_no_framework(tmp_path):
    onnx.save(onnx_model(), tmp_path / "net.onnx")
    np.savez(tmp_path / "k.npz", kernels=np.tile(KERNELS, (1, 1, 2)))
    rows = RNG.integers(0, 4, (60, LENGTH))
    texts = ["".join("ACGT"[base] for base in row) for row in rows]
    (tmp_path / "s.fa").write_text("".join(f">s{i}\n{text}\n" for i, text in enumerate(texts)))
    names = ["s.fa", "report.html", "net.onnx", "k.npz"]
    command = [sys.executable, "-c", WITHOUT, *(str(tmp_path / name) for name in names)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "first, relu after batch norm" in done.stdout and "k, none known" not in done.stdout
    assert (tmp_path / "report.html").is_file()


def test_keras_says_nothing_and_heeds_no_settings_of_the_readers(tmp_path, keras_model):
    keras_model.save(tmp_path / "net.keras")
    (tmp_path / "keras.json").write_text('{"floatx": "float16"}')
    program = (
        "import sys; from motifbook.report import network;"
        "found = network.read(sys.argv[1]); import keras;"
        "print(found.kernels.dtype, keras.config.floatx())"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, tmp_path / "net.keras"],
        capture_output=True,
        text=True,
        env=os.environ | {"KERAS_HOME": str(tmp_path)},
    )
    assert (done.stdout, done.stderr) == ("float32 float32\n", "")


def test_a_file_of_keras_without_keras_is_one_line(tmp_path, keras_model, monkeypatch):
    import importlib.util

    keras_model.save(tmp_path / "net.keras")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"not installed .*: pip install 'motifbook\[train\]'"):
        network.read(tmp_path / "net.keras")
