"""Two networks like those that others train, to try `motifbook report` on: Basset's and DeepSEA's.

    python benchmarks/report_networks.py basset-like FOLDER [--epochs 4]
    motifbook report FOLDER/basset-like.keras FOLDER/chipseq.tsv --output basset.html

Each is trained briefly on the seven TFs' ChIP-seq peaks (`motifbook data chipseq`) and written as
.keras, and as .onnx where the package tf2onnx is installed; `chipseq.tsv` beside it holds the test
split with its labels. Filters, their sizes and the pools are those of the first layers of Basset
(Kelley et al. 2016) and DeepSEA (Zhou & Troyanskaya 2015).

Basset's convolutions are a row of the book's table, so a TOML file can have them for `motifbook
train`; only its second dense layer is left out. DeepSEA's are none: they have biases and no batch
norm, and dropout differs by layer. They are padded here, for sequences of 100 nt.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

from motifbook.networks import architectures, backend, evaluation, keras_model
from motifbook.networks.protocols import AS_WRITTEN
from motifbook.sequences.catalogue import open_dataset
from motifbook.sequences.datasets import BASES, Dataset, one_hot

BASSET = {
    "convs": [
        {"filters": 300, "size": 19, "pool": 3},
        {"filters": 200, "size": 11, "pool": 4},
        {"filters": 200, "size": 7, "pool": 4},
    ],
    "hidden": 1000,
}


def basset_like(length: int, classes: int):
    row = architectures.of_row("basset-like", BASSET)
    return keras_model.build(row, AS_WRITTEN, length, classes)


def deepsea_like(length: int, classes: int):
    import keras
    from keras import layers

    keras.utils.set_random_seed(0)
    x = h = keras.Input((length, 4), name="sequence")
    for filters, pool, dropout in ((320, 4, 0.2), (480, 4, 0.2), (960, 1, 0.5)):
        h = layers.Conv1D(filters, 8, padding="same", activation="relu")(h)
        h = layers.MaxPooling1D(pool)(h) if pool > 1 else h
        h = layers.Dropout(dropout)(h)
    h = layers.Dense(925, activation="relu")(layers.Flatten()(h))
    return keras.Model(x, layers.Dense(classes, activation="sigmoid")(h), name="deepsea-like")


def write_sequences(path: Path, dataset: Dataset) -> None:
    """The test split as a table: sequences, and a column of 0 and 1 for each TF."""
    letters = np.array([*BASES, "N"])
    with path.open("w") as file:
        print("seq", *dataset.classes, sep="\t", file=file)
        for bases, labels in zip(dataset.test.bases, dataset.test.labels, strict=True):
            print("".join(letters[bases]), *labels, sep="\t", file=file)


def main() -> None:
    networks = {"basset-like": basset_like, "deepsea-like": deepsea_like}
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("network", choices=networks)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--epochs", type=int, default=4)
    options = parser.parse_args()
    dataset = open_dataset("chipseq")
    options.folder.mkdir(parents=True, exist_ok=True)
    write_sequences(options.folder / "chipseq.tsv", dataset)
    backend.start()
    model = networks[options.network](dataset.length, len(dataset.classes))
    model.compile("adam", "binary_crossentropy")
    x, valid = one_hot(dataset.train.bases), one_hot(dataset.valid.bases)
    started = time.process_time()
    model.fit(x, dataset.train.labels, batch_size=100, epochs=options.epochs, verbose=2,
              validation_data=(valid, dataset.valid.labels))  # fmt: skip
    print(f"{time.process_time() - started:.0f} CPU seconds")
    scores = evaluation.scores(dataset.test.labels, evaluation.predict(model, dataset.test.bases))
    for name, auroc in zip(dataset.classes, scores["auroc"], strict=True):
        print(f"{name}: AUROC {auroc:.3f} on the test split")
    print(f"mean {np.mean(scores['auroc']):.6f}")
    path = options.folder / options.network
    model.save(path.with_suffix(".keras"))
    try:
        import tf2onnx  # noqa: F401
    except ImportError:
        print("no .onnx: pip install tf2onnx")
    else:
        model.export(path.with_suffix(".onnx"), format="onnx", verbose=False)


if __name__ == "__main__":
    main()
