"""The counts that the benchmark sets against the machine's rates, by hand."""

import importlib.util
from pathlib import Path

import pytest

from motifbook.networks.architectures import MODELS

PATH = Path(__file__).parents[1] / "benchmarks" / "sweep_throughput.py"


@pytest.fixture(scope="module")
def benchmark():
    spec = importlib.util.spec_from_file_location("sweep_throughput", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_operations_of_cnn_25(benchmark):
    first = 2 * 200 * (19 * 4) * 30
    second = 2 * 8 * (5 * 30) * 128
    hidden, output = 2 * (2 * 128) * 512, 2 * 512 * 12
    assert benchmark.operations(MODELS["cnn-25"]) == 2 * first + 3 * (second + hidden + output)


def test_map_bytes_of_cnn_4(benchmark):
    assert benchmark.map_bytes(MODELS["cnn-4"]) == 5 * 4 * (200 * 30 + 50 * 128)


def test_a_machine_that_was_not_idle_is_named(benchmark):
    row = {
        "model": "cnn-25",
        "sequences_per_second": {"fit": 1000, "sweep": 3000, "single": 2000},
        "ratio": 3.0,
        "single_ratio": 2.0,
        "best_ratio": 2.5,
        "gflops": 10.0,
        "share_of_product": 0.1,
        "share_of_copy": 0.5,
    }
    result = {
        "models": [row, row | {"model": "cnn-1", "ratio": 1.25}],
        "geometric_mean": 1.94,
        "single_geometric_mean": 2.0,
        "best_geometric_mean": 2.5,
        "limits": {"product_gflops": 100.0, "copy_gb_per_s": 20.0},
        "load_before": 0.0,
    }
    assert "lowest 1.25x, cnn-1" in benchmark.table(result)
    assert "NOT A MEASUREMENT" not in benchmark.table(result)
    assert "NOT A MEASUREMENT" in benchmark.table(result | {"load_before": 2.0})
