"""The networks that `motifbook report` is tried on: benchmarks/report_networks.py."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from motifbook.networks import backend
from motifbook.report import keras_file, sequences
from motifbook.sequences.datasets import Dataset, Split

PATH = Path(__file__).parents[1] / "benchmarks" / "report_networks.py"


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("report_networks", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_of_sequences_is_read_as_it_was(tmp_path, script):
    bases = np.array([[0, 1, 2, 3] * 4, [3, 3, 2, 4] + [0] * 12], np.uint8)
    split = Split(bases, np.array([[1, 0], [0, 1]], np.uint8))
    dataset = Dataset("two", ("A", "B"), split, split, split, {})
    script.write_sequences(tmp_path / "two.tsv", dataset)
    assert (tmp_path / "two.tsv").read_text() == (
        "seq\tA\tB\nACGTACGTACGTACGT\t1\t0\nTTGNAAAAAAAAAAAA\t0\t1\n"
    )
    found = sequences.read(tmp_path / "two.tsv")
    np.testing.assert_array_equal(found.bases, bases)
    np.testing.assert_array_equal(found.labels, split.labels)


@pytest.mark.parametrize(
    ("name", "filters", "nonlinearity"),
    [("basset_like", (19, 4, 300), "relu after batch norm"), ("deepsea_like", (8, 4, 320), "relu")],
)
def test_first_layers_are_those_of_the_papers(script, name, filters, nonlinearity):
    backend.start()
    found = keras_file.of(getattr(script, name)(100, 7))
    assert (found.kernels.shape, found.nonlinearity) == (filters, nonlinearity)
    assert found.predict(np.zeros((1, 100, 4), "f")).shape == (1, 7)
