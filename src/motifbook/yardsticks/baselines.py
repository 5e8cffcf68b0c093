"""What a classifier without motifs reaches: base composition, and counts of short words.

A network's AUROC on real sequences says little by itself: peaks of different transcription factors
differ in GC content and in repeats. Both references stand beside it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
import pandas as pd
from msgspec import Meta, Struct

from motifbook.networks import evaluation, training
from motifbook.records import runs, store
from motifbook.records.store import Count, Envelope, Fraction, Number, Positive, Score
from motifbook.sequences import catalogue, chipseq
from motifbook.sequences.datasets import AMBIGUOUS, Dataset, Split

WORD = 6
"""Length of the counted words (nt)."""
STRENGTHS = (1e-4, 1e-3, 1e-2)
"""Inverse strengths of the L2 penalty; the validation split chooses."""
MOST_SEQUENCES = 50_000
"""Of a larger training split, so many sequences at random are enough for 2,080 weights a class."""


class Baseline(Struct, frozen=True, kw_only=True):
    """One row of `baselines`."""

    baseline: Annotated[str, Meta(pattern="^(gc|words)$")]
    tf: str = msgspec.field(name="class")
    positives: Fraction
    auroc: Score
    aupr: Score
    average_precision: Score


class Description(Envelope, frozen=True, kw_only=True, eq=False):
    """What is on record of a dataset of real sequences.

    Attributes
    ----------
    relevant : dict
        The motifs that count as a match of each class.
    sizes, overlap, baselines
        The tables of `chipseq.sizes`, `chipseq.overlap` and `baselines`; as data frames they are
        `size_table`, `overlap_table` and `baseline_table`.
    word : int
        Length of the counted words (nt).
    strength : float
        The chosen inverse strength of the penalty.

    Raises
    ------
    ValueError
        If a table is not of the classes.
    """

    kind: Annotated[str, Meta(pattern="^dataset$")] = "dataset"
    dataset: str
    classes: Annotated[tuple[str, ...], Meta(min_length=1)]
    relevant: dict[str, tuple[str, ...]]
    sizes: dict[str, dict[str, Count]]
    overlap: tuple[tuple[Count, ...], ...]
    word: Number
    strength: Positive
    baselines: tuple[Baseline, ...]
    seconds: Positive

    def __post_init__(self) -> None:
        Envelope.__post_init__(self)
        if sorted(one.tf for one in self.baselines) != sorted(self.classes * 2):
            raise ValueError("baselines are not those of the classes, expected two of each")
        if {len(self.overlap), *map(len, self.overlap)} != {len(self.classes)}:
            raise ValueError(f"overlap is no square of {len(self.classes)} classes")

    def contradictions(self) -> Iterator[store.Contradiction]:
        yield from store.repeated("classes", self.classes)
        rows = ["sequences", *self.classes]
        if list(self.sizes) != rows:
            yield "the rows of sizes", list(self.sizes), rows
        for name, sizes in self.sizes.items():
            parts = sum(number for part, number in sizes.items() if part != "all")
            if sizes.get("all") != parts:
                yield f"sizes[{name!r}]['all']", sizes.get("all"), f"{parts}, those of its splits"
        if others := set(self.relevant) - set(self.classes):
            yield "a class of relevant", repr(min(others)), f"one of {', '.join(self.classes)}"
        for at, (name, row) in enumerate(zip(self.classes, self.overlap, strict=True)):
            if row[at] != self.sizes.get(name, {}).get("all"):
                yield f"overlap[{at}][{at}]", row[at], f"the size of {name}"
            for other, number in enumerate(row[:at]):
                if number != (mirrored := self.overlap[other][at]):
                    yield f"overlap[{at}][{other}]", number, f"{mirrored}, as the other way round"

    @property
    def size_table(self) -> pd.DataFrame:
        return pd.DataFrame.from_dict(self.sizes, orient="index")

    @property
    def overlap_table(self) -> pd.DataFrame:
        return pd.DataFrame(self.overlap, index=list(self.classes), columns=list(self.classes))

    @property
    def baseline_table(self) -> pd.DataFrame:
        return pd.DataFrame(msgspec.to_builtins(self.baselines))


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
    record = {
        **store.envelope({"dataset": dataset.config}, "numpy", "scikit-learn", "scipy"),
        "dataset": dataset.name,
        "classes": dataset.classes,
        "relevant": dataset.relevant,
        "sizes": sizes.to_dict("index"),
        "overlap": overlap.to_numpy().tolist(),
        "word": WORD,
        "strength": table.attrs["strength"],
        "baselines": table.round(6).to_dict("records"),
        "seconds": round(time.perf_counter() - started, 1),
    }
    return store.save(_path(dataset.name, results_dir), msgspec.convert(record, Description))


def get(
    dataset: str, *, missing: str = "skip", results_dir: Path | str | None = None
) -> Description | None:
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
    if not os.path.lexists(path):
        if not store.makes(missing, f"{path}: no record of the dataset {name}"):
            return None
        if source is not None:
            runs.check_place(source, results_dir)
        write_record(catalogue.open_dataset(name, source), results_dir)
    record = load_record(name, results_dir)
    if source is not None:
        runs.check_source(path, source, record.configuration["dataset"], record.relevant)
    return record


def load_record(name: str, results_dir: Path | str | None = None) -> Description:
    """Read the record that `write_record` left of a dataset.

    Raises
    ------
    FileNotFoundError
        If there is no such record.
    RecordError
        If the file is not a whole record of that dataset.
    """
    path = _path(name, results_dir)
    record = store.load(path, Description)
    if record.dataset != name:
        raise store.RecordError(f"{path}: says it is of {record.dataset}, expected {name}")
    return record


def _path(name: str, results_dir: Path | str | None) -> Path:
    return store.results_folder(results_dir) / name / "dataset.json"


def _sample(split: Split, seed: int) -> Split:
    if len(split) <= MOST_SEQUENCES:
        return split
    rows = np.random.default_rng(seed).choice(len(split), MOST_SEQUENCES, replace=False)
    return Split(split.bases[rows], split.labels[rows])


def _gc(train: Split, test: Split) -> np.ndarray:
    """(n, classes) scores of the test set by GC content alone."""
    known, wanted = (gc_content(split.bases)[:, None] for split in (train, test))
    # Scores are ranked only, so the penalty does not matter; the sign of the slope does.
    return _fit(known, train.labels, 1.0)(wanted)


def _words(train: Split, valid: Split, test: Split) -> tuple[np.ndarray, float]:
    """(n, classes) scores of the test set by its k-mers, and the strength that did best."""
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
