"""What a classifier without motifs reaches: base composition, and counts of short words.

A network's AUROC on real sequences says little by itself: peaks of different transcription factors
differ in GC content and in repeats. Both references stand beside it.
"""

from __future__ import annotations

import json
import platform
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

import motifbook
from motifbook.files import read_json, write_whole
from motifbook.networks import evaluation, training
from motifbook.records import runs, store
from motifbook.sequences import catalogue, chipseq
from motifbook.sequences.datasets import AMBIGUOUS, Dataset, Split, fingerprint

WORD = 6
"""Length of the counted words (nt)."""
STRENGTHS = (1e-4, 1e-3, 1e-2)
"""Inverse strengths of the L2 penalty; the validation split chooses."""
MOST_SEQUENCES = 50_000
"""Of a larger training split, so many sequences at random are enough for 2,080 weights a class."""


def baselines(dataset: Dataset, seed: int = 33) -> pd.DataFrame:
    """Two references, trained and scored on the splits that a network gets.

    "gc": logistic regression on the GC content. "words": logistic regression on the counts of all
    words of six bases, a word and its reverse complement counted as one, each count divided by
    its standard deviation; the L2 penalty is the one of `STRENGTHS` with the least cross-entropy
    on the validation split.

    Returns
    -------
    DataFrame
        One row per baseline and class: baseline, class, positives (fraction of the test split: the
        average precision of chance), auroc, aupr (trapezoidal, as the paper), average_precision.
        `attrs["strength"]` is the chosen inverse strength.

    Raises
    ------
    ValueError
        If a class has no positives or no negatives in the training or test split.
    """
    training.check(dataset)
    train = _sample(dataset.train, seed)
    labels = dataset.test.labels
    tables = []
    scores, strength = _words(train, dataset.valid, dataset.test)
    for name, found in (("gc", _gc(train, dataset.test)), ("words", scores)):
        table = pd.DataFrame(evaluation.scores(labels, found))
        table.insert(0, "positives", labels.mean(axis=0))
        table.insert(0, "class", dataset.classes)
        table.insert(0, "baseline", name)
        tables.append(table)
    table = pd.concat(tables, ignore_index=True)
    table.attrs["strength"] = strength
    return table


def gc_content(bases: np.ndarray) -> np.ndarray:
    """(n, length) bases to the (n,) fraction of G and C among the known ones (0 if none is)."""
    known = (bases != AMBIGUOUS).sum(axis=1)
    return np.isin(bases, (1, 2)).sum(axis=1) / np.maximum(known, 1)


def word_counts(bases: np.ndarray, word: int = WORD):
    """Count each word of either strand; a word and its reverse complement are one.

    Parameters
    ----------
    bases : (n, length) uint8
        A word with an ambiguous base is not counted.
    word : int
        Length of a word in nt.

    Returns
    -------
    (n, words) sparse array of float32
        Columns in the order of the words' codes (base-4 numbers, the smaller of both strands').
    """
    from scipy.sparse import csr_array, vstack

    place = 4 ** np.arange(word - 1, -1, -1)
    digits = (np.arange(4**word)[:, None] // place) % 4
    code = np.minimum(np.arange(4**word), (3 - digits) @ place[::-1])
    codes, column = np.unique(code, return_inverse=True)
    blocks = []
    for start in range(0, len(bases), 5_000):
        block = bases[start : start + 5_000]
        windows = np.lib.stride_tricks.sliding_window_view(block, word, axis=1)
        row, offset = np.nonzero((windows != AMBIGUOUS).all(axis=2))
        found = column[windows[row, offset] @ place]
        ones = np.ones(len(row), np.float32)
        # Equal positions are summed in the conversion.
        blocks.append(csr_array((ones, (row, found)), shape=(len(block), len(codes))))
    return vstack(blocks, format="csr")


def write_record(dataset: Dataset, results_dir: Path | str | None = None) -> Path:
    """Keep what a page says of a dataset as `<dataset>/dataset.json` among the results.

    That is: its configuration with the counts of what was left out, class sizes, overlaps and
    baselines. Reading it needs no data. The file is written whole or not at all.
    """
    started = time.perf_counter()
    table = baselines(dataset)
    sizes, overlap = chipseq.sizes(dataset), chipseq.overlap(dataset)
    configuration = {"dataset": dataset.config}
    record = {
        "format": store.FORMAT,
        "dataset": dataset.name,
        "configuration": configuration,
        "configuration_sha256": fingerprint(configuration),
        "versions": {
            "motifbook": motifbook.__version__,
            "python": platform.python_version(),
            **{name: version(name) for name in ("numpy", "scikit-learn", "scipy")},
        },
        "classes": list(dataset.classes),
        "relevant": {tf: list(ids) for tf, ids in dataset.relevant.items()},
        "sizes": sizes.to_dict("index"),
        "overlap": overlap.to_numpy().tolist(),
        "word": WORD,
        "strength": table.attrs["strength"],
        "baselines": json.loads(table.to_json(orient="records", double_precision=6)),
        "seconds": round(time.perf_counter() - started, 1),
    }
    path = _path(dataset.name, results_dir)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(record, indent=1, allow_nan=False)
    write_whole(path, text + "\n")
    return path


def get(
    dataset: str, *, missing: str = "skip", results_dir: Path | str | None = None
) -> dict | None:
    """The record of a dataset of real sequences, by the rules of `runs.get`.

    Parameters
    ----------
    dataset : str
        "chipseq", "deepsea", or a folder of one's own.
    missing : "skip", "train" or "error"
        Where there is no record: None, write one, or MissingRunError.
    results_dir : path, optional
        Where records lie; the project's `results` unless given.

    Raises
    ------
    ValueError
        For a parameter that names nothing.
    MissingRunError
        With `missing="error"`.
    RecordError
        For a record that cannot be trusted, or is of other data than the folder holds now.
    """
    name, source = catalogue.parse_dataset(dataset)
    store.open_results(results_dir, missing)
    path = _path(name, results_dir)
    if not path.is_file():
        if missing == "error":
            raise store.MissingRunError(f"{path}: no record of the dataset {name}")
        if missing == "skip":
            return None
        if source is not None:
            runs.check_place(source, results_dir)
        write_record(catalogue.open_dataset(name, source), results_dir)
    record = load_record(name, results_dir)
    if source is not None:
        made = record["configuration"]["dataset"]
        runs.check_source(path, source, made, record["relevant"])
    return record


def load_record(name: str, results_dir: Path | str | None = None) -> dict:
    """Read the record that `write_record` left of a dataset, its tables as data frames.

    Returns
    -------
    dict
        `sizes`, `overlap` and `baselines` are data frames as `chipseq.sizes`, `chipseq.overlap` and
        `baselines` give them; the rest as it was written.

    Raises
    ------
    FileNotFoundError
        If there is no such record.
    RecordError
        If the file is not a whole record of that dataset.
    """
    path = _path(name, results_dir)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no record of the dataset {name}")
    try:
        record = read_json(path)
        if (found := (record["format"], record["dataset"])) != (store.FORMAT, name):
            raise ValueError(f"is of format and dataset {found}, not {(store.FORMAT, name)}")
        if fingerprint(record["configuration"]) != record["configuration_sha256"]:
            raise ValueError("its configuration does not have the hash that it states")
        classes = record["classes"]
        record["sizes"] = pd.DataFrame.from_dict(record["sizes"], orient="index")
        record["overlap"] = pd.DataFrame(record["overlap"], index=classes, columns=classes)
        record["baselines"] = pd.DataFrame(record["baselines"])
        if sorted(record["baselines"]["class"]) != sorted(classes * 2):
            raise ValueError("it lacks the baselines of some classes")
    except (KeyError, TypeError, ValueError) as error:
        raise store.RecordError(f"{path}: no whole record of a dataset ({error})") from error
    return record


def _path(name: str, results_dir: Path | str | None) -> Path:
    return store.results_folder(results_dir) / name / "dataset.json"


def _sample(split: Split, seed: int) -> Split:
    if len(split) <= MOST_SEQUENCES:
        return split
    rows = np.random.default_rng(seed).choice(len(split), MOST_SEQUENCES, replace=False)
    return Split(split.bases[rows], split.labels[rows])


def _gc(train: Split, test: Split) -> np.ndarray:
    known, wanted = (gc_content(split.bases)[:, None] for split in (train, test))
    # Scores are ranked only, so the penalty does not matter; the sign of the slope does.
    return _fit(known, train.labels, 1.0)(wanted)


def _words(train: Split, valid: Split, test: Split) -> tuple[np.ndarray, float]:
    from sklearn.preprocessing import StandardScaler

    scale = StandardScaler(with_mean=False)
    known = scale.fit_transform(word_counts(train.bases))
    chosen, wanted = (scale.transform(word_counts(split.bases)) for split in (valid, test))
    fits = [(strength, _fit(known, train.labels, strength)) for strength in STRENGTHS]
    loss = [evaluation.cross_entropy(valid.labels, fit(chosen)) for _, fit in fits]
    strength, best = fits[int(np.argmin(loss))]
    return best(wanted), strength


def _fit(features, labels: np.ndarray, strength: float):
    """One logistic regression per class; gives (n, features) -> (n, classes) probabilities."""
    from sklearn.linear_model import LogisticRegression

    models = [
        LogisticRegression(C=strength, max_iter=1_000).fit(features, labels[:, i])
        for i in range(labels.shape[1])
    ]
    return lambda wanted: np.stack([m.predict_proba(wanted)[:, 1] for m in models], axis=1)
