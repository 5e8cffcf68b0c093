"""The table of models, and the Keras models that are built from its rows."""

import os
import subprocess
import sys
from dataclasses import asdict, replace

import numpy as np
import pytest

from motifbook.networks import backend
from motifbook.networks.architectures import (
    BY_FILTERS,
    FEWER,
    FILTER_NUMBERS,
    MODELS,
    PAPER,
    Architecture,
    Conv,
    choose,
    of_row,
    parse_models,
    pooled_length,
    read,
)
from motifbook.networks.keras_model import build
from motifbook.networks.protocols import AS_RUN, AS_WRITTEN, parse_protocol

PARAMETERS = {  # trainable, as run
    **dict.fromkeys(("cnn-1", "cnn-2", "cnn-4", "cnn-10", "cnn-25", "cnn-50", "cnn-100"), 160_048),
    **dict.fromkeys(("cnn9-4", "cnn9-25"), 158_848),
    **dict.fromkeys(("cnn3-2", "cnn3-50"), 158_128),
    "cnn-50-2": 25_712,
}
POOLS = {
    "cnn-1": [(1, 1), (100, 100)],
    "cnn-2": [(2, 2), (50, 50)],
    "cnn-4": [(4, 4), (25, 25)],
    "cnn-10": [(10, 10), (10, 10)],
    "cnn-25": [(25, 25), (4, 4)],
    "cnn-50": [(50, 50), (2, 2)],
    "cnn-100": [(100, 100), (1, 1)],
    "cnn9-4": [(4, 4), (25, 25)],
    "cnn9-25": [(25, 25), (4, 4)],
    "cnn3-2": [(2, 2), (50, 50)],
    "cnn3-50": [(50, 50), (2, 2)],
    "cnn-50-2": [(50, 2), (50, 50)],
    "cnn19-1-2": [(2, 2), (50, 50)],
    "cnn-25-60": [(25, 25), (4, 4)],
    "cnn-25-90": [(25, 25), (4, 4)],
    "cnn-25-120": [(25, 25), (4, 4)],
    "cnn-1-1-100": [(1, 1), (1, 1), (100, 100)],
}


@pytest.fixture(scope="module", autouse=True)
def keras():
    backend.start()
    import keras

    yield keras
    keras.backend.clear_session()


def trainable(model):
    return sum(int(np.prod(variable.shape)) for variable in model.trainable_variables)


def by_hand(row, classes=12, hidden_norm=True):
    """Trainable parameters, counted from the row."""
    channels, length, total = 4, 200, 0
    for conv in row.convs:
        total += conv.size * channels * conv.filters + 2 * conv.filters
        channels, length = conv.filters, pooled_length(length, conv)
    total += channels * length * row.hidden + (2 if hidden_norm else 1) * row.hidden
    return total + row.hidden * classes + classes


# --- The table ---------------------------------------------------------------------------------


def test_the_table_is_the_paper_s():
    assert {
        name: [(conv.pool, conv.pool_stride) for conv in row.convs]
        for name, row in MODELS.items()
        if name in PAPER
    } == POOLS
    for name, row in MODELS.items():
        assert row.name == name
        first = 9 if "cnn9" in name else 3 if "cnn3-" in name else 19
        assert row.convs[0].size == first
        assert {conv.size for conv in row.convs[1:]} == {1 if name == "cnn19-1-2" else 5}
        number = name.removeprefix("cnn-25-")
        assert row.convs[0].filters == (int(number) if number.isdigit() else 30)
    assert MODELS["cnn-25-60"].label == "CNN-25 (60)"
    assert MODELS["cnn-1-1-100"].label == "CNN-1-1-100"
    assert len({row.label for row in MODELS.values()}) == 20


def test_fewer_filters_are_cnn_25_and_not_the_paper_s():
    for name, number in zip(FEWER, (6, 12, 18), strict=True):
        first, second = MODELS["cnn-25"].convs
        assert MODELS[name].convs == (replace(first, filters=number), second)
        assert MODELS[name].label == f"CNN-25 ({number})"
    assert (len(PAPER), len(MODELS)) == (17, 20)
    assert parse_models("all") == PAPER


def test_pooling_by_the_same_total_but_for_cnn_50_2():
    for name, row in MODELS.items():
        length = 200
        for conv in row.convs:
            length = pooled_length(length, conv)
        assert length == 2, name


def test_layers_that_can_be_read():
    readable = {name: row.unpooled_layers for name, row in MODELS.items()}
    assert readable == {**dict.fromkeys(MODELS, 1), "cnn-1": 2, "cnn-1-1-100": 3}


def test_pooled_length_rounds_up():
    assert pooled_length(200, Conv(1, 1, 3)) == 67
    assert pooled_length(200, Conv(1, 1, 50, 2)) == 100
    assert pooled_length(7, Conv(1, 1, 100)) == 1
    assert pooled_length(7, Conv(1, 1, 1)) == 7


def test_cnn_50_2_is_wider_as_written():
    row = MODELS["cnn-50-2"]
    run, written = row.under(AS_RUN), row.under(AS_WRITTEN)
    assert (run.convs[1].filters, run.hidden) == (64, 96)
    assert (written.convs[1].filters, written.hidden) == (128, 512)
    assert row.under(parse_protocol("as-run+widths")) == written
    assert (run.convs[0], run.name, run.label) == (written.convs[0], written.name, written.label)
    for name in set(MODELS) - {"cnn-50-2"}:
        assert MODELS[name].under(AS_WRITTEN) is MODELS[name].under(AS_RUN)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("all", PAPER),
        ("cnn-2", ("cnn-2",)),
        (" cnn-25 , cnn-2,cnn-25,", ("cnn-25", "cnn-2")),
    ],
)
def test_parse_models(text, names):
    assert parse_models(text) == names


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cnn-2,cnn-3", "unknown model 'cnn-3'; there are: all, design, cnn-1, cnn-2"),
        (" , ", "no model named in ' , '"),
        (25, "unknown model '25'; there are: all, design, cnn-1"),  # papermill's reading of digits
    ],
)
def test_models_that_are_not(text, message):
    with pytest.raises(ValueError, match=message):
        parse_models(text)


# --- Networks of one's own ---------------------------------------------------------------------

WIDE = """
[wide]
hidden = 32
convs = [
    { filters = 8, size = 11, pool = 4 },
    { filters = 16, size = 5, pool = 25, stride = 5 },
]
[deep.er]
"""


def of_file(tmp_path, text):
    path = tmp_path / "mine.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_network_of_one_s_own_is_a_row_like_any_other(tmp_path):
    block = "{ filters = 8, size = 3, pool = 2, stride = 2 }"
    path = of_file(tmp_path, WIDE.replace("[deep.er]", f"[two]\nconvs = [{block}]"))
    wide = Architecture("wide", "wide", (Conv(8, 11, 4), Conv(16, 5, 25, 5)), 32)
    two = Architecture("two", "two", (Conv(8, 3, 2),))  # the stride said what it is anyway
    assert read(path) == [wide, two] and two.hidden == 512
    assert wide.own and two.own and not any(row.own for row in MODELS.values())
    assert choose(f"cnn-2, {path},cnn-2") == (MODELS["cnn-2"], wide, two)
    assert choose(["cnn-2", wide]) == (MODELS["cnn-2"], wide)
    assert choose("all") == tuple(MODELS[name] for name in PAPER)
    model = build(wide, AS_RUN)
    assert trainable(model) == by_hand(wide)
    with pytest.raises(ValueError, match="network wide is one of yours"):
        parse_models(str(path))


BLOCK = "{ filters = 1, size = 1, pool = 1 }"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "holds no network, expected tables such as [wide]"),
        ("[a", "not readable as TOML (Expected ']'"),
        (b"\xff\xfe", "not readable as TOML ('utf-8' codec"),
        ("a = " + "[" * 100_000, "not readable as TOML (maximum recursion"),
        ("#" * 1_000_001, "has more than 1,000,000 bytes"),
        ("a = 3", "a: found 3, expected a table"),
        ("[a]", "a: found no key `convs`, expected convs, hidden"),
        (
            f"[a]\nkernel = 3\nconvs = [{BLOCK}]",
            "a: found the key `kernel`, expected convs, hidden",
        ),
        ("[a]\nconvs = []", "a.convs: found [], expected a list of length >= 1"),
        ("[a]\nconvs = 3", "a.convs: found 3, expected a list"),
        (f"[a]\nconvs = [{', '.join([BLOCK] * 21)}]", "expected a list of length <= 20"),
        ("[a]\nconvs = [{ size = 1, pool = 1 }]", "a.convs[0]: found no key `filters`"),
        (
            f"[a]\nconvs = [{BLOCK}, {BLOCK.replace('pool', 'poool')}]",
            "a.convs[1]: found the key `poool`, expected filters, size, pool, stride",
        ),
        (
            f"[a]\nconvs = [{BLOCK.replace('filters = 1', 'filters = 0')}]",
            "a.convs[0].filters: found 0, expected a whole number >= 1",
        ),
        (
            f"[a]\nconvs = [{BLOCK.replace('filters = 1', 'filters = 1e9')}]",
            "a.convs[0].filters: found 1000000000.0, expected a whole number",
        ),
        (
            f"[a]\nconvs = [{BLOCK.replace('size = 1', 'size = 1001')}]",
            "a.convs[0].size: found 1001, expected a whole number <= 1000",
        ),
        (
            f"[a]\nconvs = [{BLOCK.replace('pool = 1', 'pool = 2, stride = 3')}]",
            "a.convs[0].stride: found 3, expected at most the pool, 2",
        ),
        (f"[a]\nhidden = true\nconvs = [{BLOCK}]", "a.hidden: found True, expected a whole number"),
        (f"[a]\nhidden = 70_000\nconvs = [{BLOCK}]", "a.hidden: found 70000, expected"),
        (f"[CNN-2]\nconvs = [{BLOCK}]", "CNN-2: is a name in the book, expected another"),
        (f"[all]\nconvs = [{BLOCK}]", "all: is a name in the book"),
        (f'["../a"]\nconvs = [{BLOCK}]', "a network is called '../a', expected letters"),
        (f'[" "]\nconvs = [{BLOCK}]', "a network is called ' '"),
        (f'[".."]\nconvs = [{BLOCK}]', "a network is called '..'"),
        (f'["a.toml"]\nconvs = [{BLOCK}]', "a network is called 'a.toml'"),
        (f"[{'a' * 65}]\nconvs = [{BLOCK}]", "at most 64"),
        (f"[a]\nconvs = [{BLOCK}]\n[A]\nconvs = [{BLOCK}]", "a and A are one folder's name"),
    ],
)
def test_files_that_hold_no_network(tmp_path, text, line):
    path = of_file(tmp_path, text)
    with pytest.raises(ValueError) as error:
        choose(str(path))
    assert str(error.value).startswith(f"{path}: ") and line in str(error.value)


def test_two_files_with_one_name(tmp_path):
    first = of_file(tmp_path, f"[a]\nconvs = [{BLOCK}]")
    (tmp_path / "b.toml").write_text(f"[A]\nconvs = [{BLOCK}]")
    with pytest.raises(ValueError, match="two networks are called A; rename one"):
        choose(f"{first},{tmp_path / 'b.toml'}")
    assert len(choose(f"{first},{first}")) == 1
    with pytest.raises(FileNotFoundError, match="no such file; expected networks, as TOML"):
        choose(str(tmp_path / "c.toml"))


@pytest.mark.parametrize(
    ("row", "length", "line"),
    [
        (
            (Conv(1, 11, 1),),
            10,
            r"network a: convs\[0\].size is 11, expected at most 10: there are",
        ),
        ((Conv(1, 5, 4), Conv(1, 5, 25)), 96, r"convs\[1\].pool is 25, expected at most 24"),
        ((Conv(4096, 1000, 2), Conv(4096, 50, 2)), 1000, "has 856,268,800 weights, expected"),
    ],
)
def test_a_network_of_one_s_own_fits_its_sequences(row, length, line):
    with pytest.raises(ValueError, match=line):
        Architecture("a", "a", row, 1).check(length)
    for row in MODELS.values():
        row.check(200)


def test_importing_the_table_imports_no_framework():
    code = (
        "import sys, motifbook.networks.architectures\n"
        "print([name for name in ('keras', 'tensorflow', 'jax', 'torch') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


# --- Keras models ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MODELS)
def test_parameters(name):
    model = build(MODELS[name], AS_RUN)
    assert trainable(model) == by_hand(MODELS[name])
    assert trainable(model) == PARAMETERS.get(name, trainable(model))
    assert model.name == name


@pytest.mark.parametrize("name", ["cnn-2", "cnn-100", "cnn-50-2", "cnn-1-1-100"])
@pytest.mark.parametrize(("length", "classes"), [(200, 12), (100, 7), (1000, 12), (37, 1)])
def test_any_length_and_number_of_labels(name, length, classes):
    model = build(MODELS[name], AS_RUN, length, classes)
    assert model.input_shape == (None, length, 4)
    assert model.output_shape == (None, classes)
    x = np.zeros((3, length, 4), "float32")
    found = np.asarray(model(x, training=False))
    assert found.shape == (3, classes)
    assert ((found >= 0) & (found <= 1)).all()


def test_layers_of_a_block_and_their_order():
    model = build(MODELS["cnn-4"], AS_RUN)
    names = [layer.name for layer in model.layers if not layer.name.startswith("input")]
    assert names == [
        "sequence",
        *("conv_1", "norm_1", "active_1", "pool_1", "dropout_1"),
        *("conv_2", "norm_2", "active_2", "pool_2", "dropout_2"),
        *("flatten", "hidden", "norm_hidden", "active_hidden", "dropout_hidden", "output"),
    ]
    rates = [model.get_layer(f"dropout_{name}").rate for name in (1, 2, "hidden")]
    assert rates == [0.1, 0.1, 0.5]
    norm = model.get_layer("norm_1")
    assert (norm.momentum, norm.epsilon) == (0.99, 1e-8)
    # Moving averages start from zero.
    assert [float(np.abs(w).max()) for w in norm.get_weights()] == [1, 0, 0, 0]
    assert model.get_layer("conv_1").padding == model.get_layer("pool_1").padding == "same"


def test_pooling_by_one_is_no_layer():
    names = [layer.name for layer in build(MODELS["cnn-1"], AS_RUN).layers]
    assert "pool_1" not in names
    assert "pool_2" in names


def test_as_written_has_a_hidden_bias_and_no_hidden_norm():
    run, written = (build(MODELS["cnn-2"], protocol) for protocol in (AS_RUN, AS_WRITTEN))
    assert not run.get_layer("hidden").use_bias
    assert written.get_layer("hidden").use_bias
    assert "norm_hidden" not in [layer.name for layer in written.layers]
    assert written.get_layer("norm_1").epsilon == 1e-3
    for model in (run, written):
        assert not model.get_layer("conv_1").use_bias
        assert not model.get_layer("conv_2").use_bias
    assert trainable(written) == 160_048 - 512 == by_hand(MODELS["cnn-2"], hidden_norm=False)


def test_cnn_50_2_s_widths_follow_the_protocol():
    model = build(MODELS["cnn-50-2"], AS_WRITTEN)
    assert model.get_layer("conv_2").filters == 128
    assert model.get_layer("hidden").units == 512


@pytest.mark.parametrize("name", ["cnn-2", "cnn3-2", "cnn-50-2"])
def test_glorot_ranges(name):
    model = build(MODELS[name], AS_RUN, seed=5)
    for layer in ("conv_1", "conv_2", "hidden", "output"):
        kernel = model.get_layer(layer).get_weights()[0]
        *taps, inputs, outputs = kernel.shape
        size = int(np.prod(taps))
        limit = (6 / (size * inputs + size * outputs)) ** 0.5
        assert np.abs(kernel).max() <= limit
        assert np.abs(kernel).max() > 0.97 * limit
        assert abs(kernel.mean()) < 0.05 * limit


def test_the_output_bias_is_random_with_glorot_only():
    biases = np.concatenate(
        [
            build(MODELS["cnn-100"], AS_RUN, seed=seed).get_layer("output").get_weights()[1]
            for seed in range(12)
        ]
    )
    assert np.abs(biases).max() < 0.9306049  # (3 / 12^0.5)^0.5
    assert np.abs(biases).max() > 0.85
    assert abs(np.median(biases)) < 0.2
    assert len(set(biases)) == 144
    (_, bias) = build(MODELS["cnn-100"], AS_WRITTEN).get_layer("output").get_weights()
    assert not bias.any()


def test_he_has_the_right_spread():
    kernel = build(MODELS["cnn-2"], AS_WRITTEN, seed=5).get_layer("conv_2").get_weights()[0]
    assert kernel.std() == pytest.approx((2 / (5 * 30)) ** 0.5, rel=0.02)


def test_what_is_penalised():
    model = build(MODELS["cnn-2"], AS_RUN, seed=5)
    penalised = [
        model.get_layer("conv_1").get_weights()[0],
        model.get_layer("conv_2").get_weights()[0],
        model.get_layer("hidden").get_weights()[0],
        *model.get_layer("output").get_weights(),
    ]
    expected = 1e-6 * sum(float((w.astype(float) ** 2).sum()) for w in penalised)
    assert float(sum(model.losses)) == pytest.approx(expected, rel=1e-5)


def test_a_seed_decides_the_weights():
    one, same, other = (build(MODELS["cnn-2"], AS_RUN, seed=s).get_weights() for s in (1, 1, 2))
    for a, b in zip(one, same, strict=True):
        np.testing.assert_array_equal(a, b)
    assert (one[0] != other[0]).any()


def test_a_file_with_a_byte_order_mark_and_what_is_no_file(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("\ufeff[a]\r\nconvs = [{ filters = 2, size = 3, pool = 4 }]\r\n", "utf-8")
    assert [row.name for row in read(path)] == ["a"]
    with pytest.raises(ValueError, match="is a folder, expected networks, as TOML"):
        read(tmp_path)
    os.mkfifo(tmp_path / "pipe.toml")
    with pytest.raises(ValueError, match=r"named pipe \(FIFO\)"):
        read(tmp_path / "pipe.toml")


def test_the_design_map_among_others():
    assert [row.name for row in choose("pool-3-size-9,cnn-2")] == ["pool-3-size-9", "cnn-2"]
    both = choose("design,cnn-50-2")
    assert len(both) == 97
    assert both[-1].name == "cnn-50-2"
    assert choose("all,design")[: len(PAPER)] == choose("all")


def test_networks_by_number_of_filters():
    assert len(BY_FILTERS) == 12
    for (pool, number), row in BY_FILTERS.items():
        first, second = row.convs
        assert (first.filters, first.size, first.pool) == (number, 19, pool)
        assert (second.filters, second.size, second.pool) == (128, 5, 100 // pool)
    names = {pool: [BY_FILTERS[pool, n].name for n in FILTER_NUMBERS] for pool in (2, 25)}
    assert names[25] == ["cnn-25-6", "cnn-25-12", "cnn-25-18", "cnn-25", "cnn-25-60", "cnn-25-120"]
    assert names[2] == ["cnn-2-6", "cnn-2-12", "cnn-2-18", "cnn-2", "cnn-2-60", "cnn-2-120"]
    # What the table has, with its records, is the table's.
    assert BY_FILTERS[25, 60] is MODELS["cnn-25-60"] and BY_FILTERS[2, 30] is MODELS["cnn-2"]
    row_60 = BY_FILTERS[2, 60]
    assert choose("cnn-2-60,cnn-25") == (row_60, MODELS["cnn-25"])
    # A record of it is of the same network.
    assert of_row("cnn-2-60", {"convs": [asdict(c) for c in row_60.convs]}) == row_60
