"""Train one network: dataset, architecture, protocol, profile and trial in, weights out.

A trained network is a value: the same inputs give the same network (on one machine and thread
count), and its file in the cache is named by a hash of everything that decided its weights. So
nothing is trained twice, and filters can be read again without training.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
import zipfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from motifbook.files import replacing
from motifbook.networks import backend
from motifbook.networks.architectures import Architecture
from motifbook.networks.keras_model import build
from motifbook.networks.protocols import Profile, Protocol
from motifbook.sequences import datasets
from motifbook.sequences.datasets import Dataset, Split

if TYPE_CHECKING:
    import keras


_FIRST_LAYER = {"kernel", "gamma", "beta", "mean", "variance"}


POSITIONS = 200_000
"""Bases predicted on at a time: 1,000 sequences of 200 nt, 200 of 1,000 nt."""


class TrainingError(RuntimeError):
    """Training cannot go on: the message says where and why."""


@dataclass(frozen=True, eq=False)
class Trained:
    """A network after training.

    Attributes
    ----------
    weights : list of arrays
        As `keras.Model.get_weights` gives them, of the epoch with the lowest validation loss.
    history : dict of lists
        By epoch: `loss`, `valid_loss` (both with the L2 penalty) and `gradient_norm` (mean norm
        over batches of the loss's gradient by the first layer's kernel).
    best_epoch : int
        From one; zero for an untrained network.
    seconds : float
        Wall time of the training.
    snapshots : (epochs + 1, ...) arrays by name
        The first convolution and its batch norm (`kernel`, `gamma`, `beta`, `mean`, `variance`)
        before training and after each epoch.
    """

    weights: list[np.ndarray]
    history: dict[str, list[float]]
    best_epoch: int
    seconds: float
    started: str
    machine: dict
    snapshots: dict[str, np.ndarray]


def seeds(model: str, trial: int) -> dict[str, int]:
    """Seeds of a run; the data stay the same, so trials differ in nothing else."""
    return {
        purpose: int.from_bytes(
            hashlib.sha256(f"{model}/{trial}/{purpose}".encode()).digest()[:4], "big"
        )
        % 2**31
        for purpose in ("initialisation", "order", "dropout")
    }


def training_key(
    dataset: Dataset, architecture: Architecture, protocol: Protocol, profile: Profile, trial: int
) -> str:
    """Hash of everything that decides a trained network."""
    row = architecture.under(protocol)
    return datasets.fingerprint(
        {
            "dataset": dataset.fingerprint,
            "convs": [asdict(conv) for conv in row.convs],
            "hidden": row.hidden,
            "protocol": protocol.training(),
            "profile": asdict(profile),
            "seeds": seeds(architecture.name, trial),
        }
    )


def check(dataset: Dataset) -> None:
    """Refuse a dataset that cannot be trained or scored.

    Raises
    ------
    ValueError
        For an empty split, or a class without positives or without negatives in the training or
        test split.
    """
    for part, split in dataset.splits.items():
        if not len(split):
            raise ValueError(f"dataset {dataset.name}: the {part} split is empty")
        if part == "valid":
            continue
        positives = split.labels.sum(axis=0, dtype=int)
        for name, count in zip(dataset.classes, positives, strict=True):
            if count in (0, len(split)):
                kind = "positives" if count == 0 else "negatives"
                raise ValueError(f"dataset {dataset.name}: class {name} has no {kind} in {part}")


def subset(dataset: Dataset, profile: Profile) -> Dataset:
    """What a profile uses of a dataset: the first sequences of each split, in its proportions."""
    if profile.sequences is None or dataset.name == "synthetic":
        return dataset  # the simulator makes the smaller set itself
    part = min(1.0, profile.sequences / sum(len(split) for split in dataset.splits.values()))

    def first(split: Split) -> Split:
        keep = max(1, round(part * len(split)))
        return Split(split.bases[:keep], split.labels[:keep])

    config = {**dataset.config, "first": profile.sequences}
    parts = {name: first(split) for name, split in dataset.splits.items()}
    return Dataset(dataset.name, dataset.classes, **parts, config=config, relevant=dataset.relevant)


def fit(
    dataset: Dataset,
    architecture: Architecture,
    protocol: Protocol,
    profile: Profile,
    trial: int = 1,
    progress: Callable[[int, float, float], None] | None = None,
) -> Trained:
    """Train one network and return its best weights.

    Parameters
    ----------
    dataset, architecture, protocol, profile, trial
        What identifies the network.
    progress : callable, optional
        Called after each epoch with (epoch, loss, validation loss).

    Raises
    ------
    ValueError
        If the dataset cannot be trained on; see `check`.
    TrainingError
        If the loss is no longer finite.
    """
    check(dataset)
    chosen = seeds(architecture.name, trial)
    model = new_model(dataset, architecture, protocol, trial)
    started, clock = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), time.perf_counter()
    import keras

    if keras.backend.backend() == "jax":
        from motifbook.networks.epochs_jax import Epochs
    else:
        from motifbook.networks.epochs_tensorflow import Epochs
    epochs = Epochs(model, architecture, protocol, dataset.train, dataset.valid, chosen["dropout"])
    shuffle = np.random.default_rng(chosen["order"])
    patience = profile.patience or protocol.patience
    history: dict[str, list[float]] = {"loss": [], "valid_loss": [], "gradient_norm": []}
    snapshots = [_first_layer(model)]
    best, best_epoch, weights = np.inf, 0, model.get_weights()
    for epoch in range(1, profile.epochs + 1):
        loss, norm = epochs.epoch(shuffle.permutation(len(dataset.train)))
        valid_loss = epochs.validate()
        if not np.isfinite([loss, valid_loss]).all():
            raise TrainingError(
                f"{architecture.name} trial {trial}: loss is {loss}, validation loss {valid_loss} "
                f"in epoch {epoch}"
            )
        for name, value in (("loss", loss), ("valid_loss", valid_loss), ("gradient_norm", norm)):
            history[name].append(value)
        snapshots.append(_first_layer(model))
        if valid_loss < best:
            best, best_epoch, weights = valid_loss, epoch, model.get_weights()
        if progress:
            progress(epoch, loss, valid_loss)
        if patience and epoch - best_epoch >= patience:
            break
    return Trained(
        weights=weights,
        history=history,
        best_epoch=best_epoch,
        seconds=time.perf_counter() - clock,
        started=started,
        machine=backend.description(),
        snapshots={name: np.stack([shot[name] for shot in snapshots]) for name in snapshots[0]},
    )


def new_model(
    dataset: Dataset, architecture: Architecture, protocol: Protocol, trial: int
) -> keras.Model:
    """The untrained network of a run."""
    backend.start()
    return build(
        architecture,
        protocol,
        dataset.length,
        len(dataset.classes),
        seeds(architecture.name, trial)["initialisation"],
    )


def predict(model: keras.Model, bases: np.ndarray, batch: int | None = None) -> np.ndarray:
    """(n, length) bases to (n, classes) probabilities, in batches (by default of `POSITIONS`)."""
    import keras

    batch = batch or max(1, POSITIONS // bases.shape[1])
    return np.concatenate(
        [
            keras.ops.convert_to_numpy(
                model(datasets.one_hot(bases[start : start + batch]), training=False)
            )
            for start in range(0, len(bases), batch)
        ]
    )


def scores(labels: np.ndarray, predictions: np.ndarray) -> dict[str, list[float]]:
    """Per class: AUROC, AUPR (trapezoidal, as the paper) and average precision.

    Parameters
    ----------
    labels, predictions : (n, classes)
    """
    from sklearn import metrics

    result: dict[str, list[float]] = {"auroc": [], "aupr": [], "average_precision": []}
    for truth, score in zip(labels.T, predictions.T, strict=True):
        precision, recall, _ = metrics.precision_recall_curve(truth, score)
        result["auroc"].append(float(metrics.roc_auc_score(truth, score)))
        result["aupr"].append(float(metrics.auc(recall, precision)))
        result["average_precision"].append(float(metrics.average_precision_score(truth, score)))
    return result


def cross_entropy(labels: np.ndarray, predictions: np.ndarray) -> float:
    """Mean binary cross-entropy; predictions are clipped as in the authors' code."""
    p = np.clip(predictions.astype(float), 1e-7, 1 - 1e-7)
    return float(-np.mean(labels * np.log(p) + (1 - labels) * np.log1p(-p)))


def _first_layer(model: keras.Model) -> dict[str, np.ndarray]:
    conv, norm = model.get_layer("conv_1"), model.get_layer("norm_1")
    (kernel,) = conv.get_weights()
    gamma, beta, mean, variance = norm.get_weights()
    return {"kernel": kernel, "gamma": gamma, "beta": beta, "mean": mean, "variance": variance}


def weights_path(key: str) -> Path:
    """Where the network of this key is kept."""
    return datasets.cache_folder() / "networks" / f"{key}.npz"


def save(trained: Trained, path: Path) -> None:
    """Write a trained network, whole or not at all."""
    about = {
        name: getattr(trained, name)
        for name in ("history", "best_epoch", "seconds", "started", "machine")
    }
    arrays = {f"weight_{i}": w for i, w in enumerate(trained.weights)}
    arrays |= {f"snapshot_{name}": array for name, array in trained.snapshots.items()}
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, about=json.dumps(about), **arrays)


def load(path: Path) -> Trained:
    """Read a trained network.

    Raises
    ------
    FileNotFoundError
        If there is none.
    ValueError
        If the file is damaged.
    """
    try:
        # Every checksum first; numpy does not ask for them all.
        with zipfile.ZipFile(path) as archive:
            if damaged := archive.testzip():
                raise ValueError(f"{damaged} is damaged")
        with np.load(path) as file:
            names = file.files
            weights = [
                file[f"weight_{i}"] for i in range(sum(n.startswith("weight_") for n in names))
            ]
            prefix = "snapshot_"
            snapshots = {n.removeprefix(prefix): file[n] for n in names if n.startswith(prefix)}
            if set(snapshots) != _FIRST_LAYER:  # the end of the archive's directory can be lost
                raise ValueError("incomplete")
            return Trained(weights=weights, snapshots=snapshots, **json.loads(str(file["about"])))
    except (FileNotFoundError, MemoryError):
        raise
    except Exception as error:  # zipfile and numpy raise a dozen kinds for damaged files
        raise ValueError(f"{path}: not a readable trained network ({error})") from error


def get(
    dataset: Dataset,
    architecture: Architecture,
    protocol: Protocol,
    profile: Profile,
    trial: int = 1,
    progress: Callable[[int, float, float], None] | None = None,
) -> Trained:
    """`fit`, through the cache."""
    path = weights_path(training_key(dataset, architecture, protocol, profile, trial))
    with contextlib.suppress(FileNotFoundError, ValueError):
        return load(path)
    trained = fit(dataset, architecture, protocol, profile, trial, progress)
    save(trained, path)
    return trained
