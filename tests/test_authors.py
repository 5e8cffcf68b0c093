"""The authors' archived networks score, read and match in our hands as in theirs."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from motifbook.files import write_whole
from motifbook.filters import readout
from motifbook.motifs import matrices
from motifbook.networks import backend, evaluation
from motifbook.networks.architectures import MODELS
from motifbook.networks.keras_model import build
from motifbook.networks.protocols import AS_RUN
from motifbook.records import experiment, store
from motifbook.sequences import downloads, synthetic
from motifbook.sequences.datasets import Split
from motifbook.yardsticks import authors, motif_coverage

DATA = Path(__file__).parent / "data"
ROOT = Path(__file__).resolve().parents[1]
ARCHIVE = ROOT.parent / "shared" / "data" / "authors"

EQUAL = {
    "trainable parameters (networks)": (11, 11),
    "mean AUROC and its SD over classes (networks)": (9, 11),
    "mean AUPR and its SD over classes (networks)": (9, 11),
    "PPMs from activations (filters)": (330, 360),
    "PPMs from kernels (filters)": (330, 330),
    "trimmed PPMs, by the archive's rule (filters)": (630, 630),
    "trimmed PPMs, by the later script's rule (filters)": (343, 630),
    "trimmed kernels (filters)": (599, 600),
    "Tomtom's hits (networks)": (21, 21),
    "Tomtom's hits on kernels (networks)": (20, 20),
}
IN_VIVO = {  # AUROC, AUPR, match_any, match_relevant
    "cnn_2": (0.906, 0.598, 0.233, 0.033),
    "cnn_4": (0.907, 0.601, 0.733, 0.633),
    "cnn_10": (0.901, 0.584, 0.933, 0.800),
    "cnn_25": (0.900, 0.580, 0.900, 0.767),
    "cnn_50": (0.901, 0.583, 0.833, 0.700),
    "cnn_100": (0.889, 0.556, 0.933, 0.767),
    "cnn_50_2": (0.890, 0.553, 0.867, 0.600),
    "cnn9_4": (0.900, 0.565, 0.567, 0.300),
    "cnn9_25": (0.882, 0.539, 0.833, 0.567),
}


def accepted(table):
    """Every link is as exact as it was found to be, and breaks where it is known to."""
    found = authors.links(table)
    assert dict(zip(found.index, found.itertuples(index=False, name=None), strict=True)) == EQUAL
    table = table.set_index(["folder", "network"])
    assert list(table.index) == [
        (f, name) for f, names in authors.FOLDERS.items() for name in names
    ]
    synthetic = table.loc["synthetic"]
    ours, theirs = synthetic["auroc"].round(3), synthetic["archived_auroc"]
    assert set(ours.index[theirs.notna() & (ours != theirs)]) == set(authors.SUMMARY_OF_ANOTHER_RUN)
    unequal = synthetic.index[synthetic["ppms_equal"] < 30]
    assert tuple(unequal) == authors.FILTERS_OF_ANOTHER_RUN
    assert table["trimmed_equal"][table["trimmed_equal"] < 30].to_dict() == {
        ("older/invivo", "cnn9_25"): 29
    }
    pairs = table.groupby(level="folder")["hits"].sum()
    assert (pairs["invivo"], pairs["older/invivo"]) == (1817, 1451)
    columns = ["archived_auroc", "archived_aupr", "match_any", "match_relevant"]
    for name, expected in IN_VIVO.items():
        assert tuple(table.loc[("invivo", name), columns].round(3)) == expected
    assert table["match_any"].round(3)["older/synthetic", "cnn_4"] == 0.333
    assert table["match_relevant"].round(3)["older/synthetic", "cnn_4"] == 0.033


@pytest.mark.slow
@pytest.mark.skipif(not ARCHIVE.is_dir(), reason="the authors' archive is not in ../shared/data")
def test_the_whole_archive(tmp_path):
    table = authors.check(downloads.fetch_authors(ARCHIVE))
    accepted(table)
    authors.write_check(table, authors.reread([]), motif_coverage.narrowed([]), tmp_path)
    found = authors.load_check(tmp_path, folder=None)
    pd.testing.assert_frame_equal(found[table.columns], table, check_dtype=False, rtol=1e-5)


@pytest.mark.slow
@pytest.mark.skipif(not ARCHIVE.is_dir(), reason="the authors' archive is not in ../shared/data")
def test_cnn_2_s_other_file_is_of_another_run(held_out):
    model = authors.network(ARCHIVE / "synthetic", "cnn_2")
    whole = matrices.read_meme(ARCHIVE / "synthetic" / "conv_filters" / "cnn_2.meme")
    read = authors._from_activations(model, "cnn_2", Split(held_out.bases, held_out.labels))
    assert authors.equal(read, [motif.ppm for motif in whole]) == 0


def test_the_check_on_record():
    accepted(authors.load_check(ROOT / "results", folder=None))


def test_our_own_filters_trimmed_as_the_archive_s():
    table = authors.load_reread(ROOT / "results")
    assert len(table) == 85
    found = table.groupby("model")[["match_any", "match_relevant"]].mean().round(3)
    expected = {
        "cnn-2": (0.247, 0.007),
        "cnn-4": (0.540, 0.200),
        "cnn9-4": (0.353, 0.020),
        "cnn19-1-2": (0.840, 0.753),
        "cnn3-2": (0.367, 0.000),
    }
    assert {m: tuple(found.loc[m]) for m in expected} == expected
    # Recomputed for one run, whose filters are few.
    record = experiment.get("cnn-4", 1)[0]
    assert authors.reread([record]).round(5).to_dict("records") == [
        table[table["run"] == str(record.run)].round(5).to_dict("records")[0]
    ]


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
    found = evaluation.predict(small, held_out.bases[:50])
    np.testing.assert_allclose(found, stored["predictions"], atol=5e-6)


def test_our_data_are_what_it_was_trained_on(small, held_out):
    auroc = evaluation.scores(held_out.labels, evaluation.predict(small, held_out.bases))["auroc"]
    assert round(np.mean(auroc), 3) == 0.950


def test_our_filters_are_the_archived_ones(small, stored, held_out):
    without_sites = Split(held_out.bases, held_out.labels)
    found = readout.read(small, MODELS["cnn-50-2"], AS_RUN, without_sites)
    assert np.abs(found.ppms[stored["filters"]] - stored["ppms"]).max() <= authors.TOLERANCE


def a_few(name):
    """Whole and trimmed PPMs of an archived network's first eight filters."""
    files = (DATA / "authors" / f"{name}{ending}.meme" for ending in ("", "_clip"))
    return [[motif.ppm for motif in matrices.read_meme(file)] for file in files]


def test_archived_trimming_of_a_few_filters():
    whole, trimmed = a_few("cnn_4")
    assert authors.equal(authors._trimmed(whole, as_archived=True), trimmed) == 8
    # The later rule keeps other columns of most: the check can fail.
    assert authors.equal(authors._trimmed(whole, as_archived=False), trimmed) < 4


def test_archived_kernels_of_a_few_filters(small):
    whole, trimmed = a_few("kernels_cnn_50_2")
    kernels = authors._kernels(small)[:8]
    assert authors.equal(map(readout.softmax, kernels), whole) == 8
    parts = authors._trimmed(kernels, as_archived=True)
    assert authors.equal(map(readout.softmax, parts), trimmed) == 8
    # Other weights, or the same scaled by the largest positive one, are not the archive's.
    assert authors.equal(map(readout.softmax, kernels[::-1]), whole) == 0
    by_largest = [np.exp(3 * k / k.max()) for k in kernels]
    assert authors.equal([k / k.sum(axis=1, keepdims=True) for k in by_largest], whole) < 8


def test_equal_counts_filters_alike_in_every_column():
    a = np.full((3, 4), 0.25)
    off = a + [[0.0003, -0.0003, 0, 0]] * 3
    assert authors.equal([a, a, a, a], [a, a + 1e-4, off, a[:2]]) == 2
    with pytest.raises(ValueError, match="zip"):
        authors.equal([a], [a, a])


@pytest.mark.parametrize(("name", "file"), [("cnn_4", "cnn_4_clip"), ("cnn9_25", "cnn9_25")])
def test_archived_hits_of_a_few_filters(tmp_path, name, file):
    folder = tmp_path / "conv_filters" / name
    folder.mkdir(parents=True)
    shutil.copy(DATA / "tomtom" / f"{name}_tomtom.txt", folder / "tomtom.txt")
    theirs = authors.archived_hits(tmp_path, name)
    queries = matrices.read_meme(DATA / "tomtom" / f"{file}.meme")
    cut = [motif.ppm[:-3] for motif in queries]
    found = authors.match({"as they are": queries, "cut": cut, "PPMs": [q.ppm for q in queries]})
    assert found["as they are"] == theirs
    # The number of sites, which pseudocounts depend on, is the number of columns, as archived.
    assert found["PPMs"] == {
        (f"filter{i}", target)
        for i, motif in enumerate(queries)
        for query, target in theirs
        if query == motif.id
    }
    assert len(theirs) > 1
    assert found["cut"] != theirs
    assert authors.match({"alone": queries[:1]})["alone"] == {
        (query, target) for query, target in theirs if query == queries[0].id
    }


def test_fractions_of_filters():
    pairs = {("filter0", "MA0095.2"), ("filter0", "MA0001.1"), ("filter3", "MA0001.1")}
    assert authors.fractions(pairs, 8) == (0.25, 0.125)
    assert authors.fractions(set(), 8) == (0, 0)


def test_links_count_what_is_equal():
    scores = ("auroc", "auroc_sd", "aupr", "aupr_sd", "parameters")
    same = dict.fromkeys(scores, 0.1) | {f"archived_{name}": 0.1 for name in scores}
    row = {"filters": 30, "trimmed_equal": 30, "hits_equal": True}
    table = pd.DataFrame(
        [
            {"folder": "synthetic", **row, **same, "ppms_equal": 30, "trimmed_equal_later": 9},
            {"folder": "synthetic", **row, **same, "auroc_sd": 0.101, "ppms_equal": 29},
            {"folder": "synthetic", **row, "auroc": 0.9, "ppms_equal": 0},  # no summary line
            {"folder": "invivo", **row, "archived_auroc": 0.9, "trimmed_equal": 28},
            {"folder": "older/invivo", **row, "hits_equal": False},
        ]
    )
    found = authors.links(table)
    assert dict(zip(found.index, found.itertuples(index=False, name=None), strict=True)) == {
        "trainable parameters (networks)": (2, 2),
        "mean AUROC and its SD over classes (networks)": (1, 2),
        "mean AUPR and its SD over classes (networks)": (2, 2),
        "PPMs from activations (filters)": (59, 90),
        "PPMs from kernels (filters)": (0, 0),
        "trimmed PPMs, by the archive's rule (filters)": (118, 120),
        "trimmed PPMs, by the later script's rule (filters)": (9, 30),
        "trimmed kernels (filters)": (30, 30),
        "Tomtom's hits (networks)": (4, 4),
        "Tomtom's hits on kernels (networks)": (0, 1),
    }


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
    names = ("archived_auroc", "archived_auroc_sd", "archived_aupr", "archived_aupr_sd")
    assert authors._summary(path) == {
        "cnn_4": dict(zip(names, (0.952, 0.056, 0.855, 0.145), strict=True))
        | {"archived_parameters": 160048},
        "cnn_9": dict(zip(names, (1.0, 0.0, 0.5, 0.1), strict=True)) | {"archived_parameters": 1},
    }


def test_a_check_that_is_not_on_record(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"networks\.json: no such record"):
        authors.load_check(tmp_path)
    write_whole(tmp_path / "authors" / "networks.json", '{"networks": ')
    with pytest.raises(store.RecordError, match=r"networks\.json: not readable as JSON"):
        authors.load_check(tmp_path)


def test_the_record_keeps_what_is_there(tmp_path):
    table = pd.DataFrame(
        {
            "folder": ["synthetic", "invivo"],
            "network": ["cnn_4", "cnn_4"],
            "auroc": [0.952469427, np.nan],
            "auroc_by_class": [[0.9, 1.0], np.nan],
            "hits_equal": [True, False],
        }
    )
    authors.write_check(table, authors.reread([]), motif_coverage.narrowed([]), tmp_path)
    found = authors.load_check(tmp_path).to_dict("records")
    assert found == [
        {
            "folder": "synthetic",
            "network": "cnn_4",
            "auroc": 0.952469,
            "auroc_by_class": [0.9, 1.0],
            "hits_equal": True,
        }
    ]
    assert "auroc" not in authors.load_check(tmp_path, "invivo")
    assert len(authors.load_check(tmp_path, folder=None)) == 2
    assert authors.load_reread(tmp_path).empty
