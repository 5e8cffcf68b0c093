"""The authors' archived networks score, read and match in our hands as in theirs."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from motifbook.filters import readout
from motifbook.networks import backend, training
from motifbook.networks.architectures import MODELS
from motifbook.networks.keras_model import build
from motifbook.networks.protocols import AS_RUN
from motifbook.records import runs
from motifbook.sequences import downloads, synthetic
from motifbook.sequences.datasets import Split
from motifbook.yardsticks import authors

DATA = Path(__file__).parent / "data"
ROOT = Path(__file__).resolve().parents[1]
ARCHIVE = ROOT.parent / "shared" / "data" / "authors"

EQUAL_SCORES = ("cnn_4", "cnn_10", "cnn_50", "cnn_100", "cnn9_4", "cnn9_25", "cnn3_2", "cnn3_50")


def accepted(table):
    """Eight networks score as their archived summary, ten have their filters, all their hits."""
    table = table.set_index("network")
    assert list(table.index) == list(authors.NETWORKS)
    scored = table.loc[list(EQUAL_SCORES)]
    for ours, theirs in (("auroc", "archived_auroc"), ("auroc_sd", "archived_sd")):
        np.testing.assert_allclose(scored[ours].round(3), scored[theirs], rtol=0, atol=1e-9)
    equal = table["filters_equal"]
    assert (equal[equal > 0] == 30).all()
    assert equal.sum() == 300
    assert set(equal.index[equal == 0]) == set(authors.FILTERS_OF_ANOTHER_RUN)
    assert table["hits_equal"].all()
    assert (table["hits"] > 0).all()


@pytest.mark.slow
@pytest.mark.skipif(not ARCHIVE.is_dir(), reason="the authors' archive is not in ../shared/data")
def test_every_archived_network(tmp_path):
    folder = downloads.fetch_authors(ARCHIVE) / "synthetic"
    table = authors.check(folder)
    accepted(table)
    authors.write_check(table, tmp_path)
    pd.testing.assert_frame_equal(authors.load_check(tmp_path), table, check_dtype=False)


def test_the_check_on_record():
    table = authors.load_check(ROOT / "results")
    accepted(table)
    # The networks whose summary is another run's; scores as first found.
    found = table.set_index("network")["auroc"].round(3)
    assert found[list(authors.SUMMARY_OF_ANOTHER_RUN)].tolist() == [0.967, 0.966, 0.95, 0.969]


# --- One network that runs anywhere ------------------------------------------------------------


@pytest.fixture(scope="module")
def stored():
    with np.load(DATA / "authors" / "cnn_50_2.npz") as file:
        return {name: file[name] for name in file.files}


@pytest.fixture(scope="module")
def small(stored):
    backend.start()
    model = build(MODELS["cnn-50-2"], AS_RUN)
    number = sum(name.startswith("weight_") for name in stored)
    model.set_weights([stored[f"weight_{i}"] for i in range(number)])
    return model


@pytest.fixture(scope="module")
def held_out():
    return synthetic.get().test


def test_our_layers_give_what_numpy_gives(small, stored, held_out):
    found = training.predict(small, held_out.bases[:50])
    np.testing.assert_allclose(found, stored["predictions"], atol=5e-6)


def test_our_data_are_what_it_was_trained_on(small, held_out):
    auroc = training.scores(held_out.labels, training.predict(small, held_out.bases))["auroc"]
    assert round(np.mean(auroc), 3) == 0.950


def test_our_filters_are_the_archived_ones(small, stored, held_out):
    without_sites = Split(held_out.bases, held_out.labels)
    found = readout.read(small, MODELS["cnn-50-2"], AS_RUN, without_sites)
    assert np.abs(found.ppms[stored["filters"]] - stored["ppms"]).max() <= authors.TOLERANCE


def test_archived_hits_of_a_few_filters(tmp_path):
    folder = tmp_path / "conv_filters"
    for name, file in (("cnn_4", "cnn_4_clip.meme"), ("cnn9_25", "cnn9_25.meme")):
        (folder / name).mkdir(parents=True)
        shutil.copy(DATA / "tomtom" / file, folder / file)
        shutil.copy(DATA / "tomtom" / f"{name}_tomtom.txt", folder / name / "tomtom.txt")
        theirs, ours = authors.hits(tmp_path, name)
        assert ours == theirs
        assert len(theirs) > 1


# --- What is no archive ------------------------------------------------------------------------


def test_an_unknown_network(tmp_path):
    with pytest.raises(ValueError, match="unknown network 'cnn_3'; there are: cnn_2, cnn_4"):
        authors.network(tmp_path, "cnn_3")


def test_a_missing_checkpoint(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"cnn_4_best\.ckpt\.index: no such checkpoint"):
        authors.network(tmp_path, "cnn_4")


def test_a_damaged_checkpoint(tmp_path):
    folder = tmp_path / "model_params"
    folder.mkdir()
    (folder / "cnn_4_best.ckpt.index").write_bytes(b"no table" * 20)
    (folder / "cnn_4_best.ckpt.data-00000-of-00001").write_bytes(bytes(100))
    with pytest.raises(ValueError, match=r"cnn_4_best\.ckpt: not the weights of cnn-4"):
        authors.network(tmp_path, "cnn_4")


def test_another_network_s_checkpoint(tmp_path):
    backend.start()
    import tensorflow as tf

    folder = tmp_path / "model_params"
    folder.mkdir()
    tf.raw_ops.SaveV2(
        prefix=str(folder / "cnn_4_best.ckpt"),
        tensor_names=["conv1d_0/norm/Variable"],
        shape_and_slices=[""],
        tensors=[tf.zeros(30)],
    )
    with pytest.raises(ValueError, match=r"cnn_4_best\.ckpt: not the weights of cnn-4 \(.*norm"):
        authors.network(tmp_path, "cnn_4")


def test_the_archived_summary(tmp_path):
    path = tmp_path / "performance_summary.tsv"
    path.write_text(
        "model\tnum_params\tave roc\tave pr\n"
        "cnn_4\t160048\t0.952$\\pm$0.056\t0.855$\\pm$0.145\n"
        "cnn_9\t1\t1.0$\\pm$0.0\t0.5$\\pm$0.1\n"
    )
    assert authors._summary(path) == {"cnn_4": (0.952, 0.056), "cnn_9": (1.0, 0.0)}


def test_a_check_that_is_not_on_record(tmp_path):
    with pytest.raises(runs.RecordError, match=r"networks\.json: not a readable record"):
        authors.load_check(tmp_path)
    runs.write_whole(tmp_path / "authors" / "networks.json", '{"networks": ')
    with pytest.raises(runs.RecordError, match=r"networks\.json: not a readable record"):
        authors.load_check(tmp_path)
