"""Train networks: a `Setup` in, weights out.

A trained network is a value: the same setup gives the same network (on one machine and thread
count), and its file in the cache is named by a hash of everything that decided its weights. So
nothing is trained twice, and filters can be read again without training.

One small network leaves a GPU unused. The trials of one model differ in their seeds alone, so JAX
trains several at once (`fit_trials`). What this gains on a GPU has not been measured: on a CPU
`motifbook.networks.epochs_tensorflow` is the faster. Compiled code is kept from one process to the
next if $JAX_COMPILATION_CACHE_DIR names a folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from motifbook.files import replacing
from motifbook.networks import backend
from motifbook.networks.architectures import Architecture
from motifbook.networks.keras_model import build
from motifbook.networks.protocols import Profile, Protocol
from motifbook.sequences import datasets
from motifbook.sequences.datasets import SIMULATED, Dataset

if TYPE_CHECKING:
    import keras


_FIRST_LAYER = {"kernel", "gamma", "beta", "mean", "variance"}


Progress = Callable[[int, float, float], None]
"""Called after each epoch with (epoch, loss, validation loss)."""


class TrainingError(RuntimeError):
    """Training cannot go on: the message says where and why."""


@dataclass(frozen=True, eq=False)
class Setup:
    """All that decides a trained network."""

    dataset: Dataset
    architecture: Architecture
    protocol: Protocol
    profile: Profile
    trial: int = 1

    @property
    def seeds(self) -> dict[str, int]:
        return seeds(self.architecture.name, self.trial)

    @property
    def key(self) -> str:
        """Hash of everything that decides the weights, the backend among it."""
        row = self.architecture.under(self.protocol)
        what = {
            "dataset": self.dataset.fingerprint,
            "convs": [asdict(conv) for conv in row.convs],
            "hidden": row.hidden,
            "protocol": self.protocol.training(),
            "profile": asdict(self.profile),
            "seeds": self.seeds,
        }
        if (name := backend.name()) != "tensorflow":  # whose networks keep their key
            what["backend"] = name
        return datasets.fingerprint(what)

    @property
    def path(self) -> Path:
        """Where the trained network is kept."""
        return datasets.cache_folder() / "networks" / f"{self.key}.npz"

    def __str__(self) -> str:
        return f"{self.architecture.name} trial {self.trial}"


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
        Wall time of the training, from the start of all that were trained at once.
    machine : dict
        Backend, hardware and versions; `trials_at_once`, if there were several.
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
    if profile.sequences is None or dataset.name in SIMULATED:
        return dataset  # the simulator makes the smaller set itself
    part = min(1.0, profile.sequences / sum(len(split) for split in dataset.splits.values()))
    config = {**dataset.config, "first": profile.sequences}
    parts = {
        name: split.first(max(1, round(part * len(split))))
        for name, split in dataset.splits.items()
    }
    return Dataset(dataset.name, dataset.classes, **parts, config=config, relevant=dataset.relevant)


def fit(setup: Setup, progress: Progress | None = None) -> Trained:
    """Train one network; raises what `fit_trials` does."""

    def tell(_, *news) -> None:
        if progress:
            progress(*news)

    return fit_trials([setup], tell)[0]


def fit_trials(
    setups: Sequence[Setup], progress: Callable[[int, int, float, float], None] | None = None
) -> list[Trained]:
    """Train trials of one model, several at once on JAX only; returns their best weights.

    Each keeps its own order of the data, dropout, early stopping and best weights, and ends as it
    would have ended alone. A trial that has stopped is carried along, its results ignored, until
    the last one stops.

    Parameters
    ----------
    setups : sequence of Setup
        Equal but for the trial.
    progress : callable, optional
        Called after each epoch of each trial with (trial, epoch, loss, validation loss).

    Raises
    ------
    ValueError
        If the dataset cannot be trained on (see `check`), or several trials are asked for and
        Keras does not run on JAX.
    TrainingError
        If the loss of a trial is no longer finite before it has stopped.
    """
    if not setups:
        return []
    dataset, protocol, profile = setups[0].dataset, setups[0].protocol, setups[0].profile
    check(dataset)
    Epochs = _trainer(several=len(setups) > 1)
    models = [new_model(setup) for setup in setups]
    started, clock = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), time.perf_counter()
    dropout = [setup.seeds["dropout"] for setup in setups]
    what = setups[0].architecture, protocol, dataset.train, dataset.valid
    epochs = Epochs(models, *what, dropout)
    shuffles = [np.random.default_rng(setup.seeds["order"]) for setup in setups]
    patience = profile.patience or protocol.patience
    history: list[dict[str, list[float]]] = [
        {"loss": [], "valid_loss": [], "gradient_norm": []} for _ in setups
    ]
    snapshots = [epochs.layers("conv_1", "norm_1")]
    best, best_epoch = np.full(len(setups), np.inf), np.zeros(len(setups), int)
    going, seconds = np.full(len(setups), True), np.zeros(len(setups))
    for epoch in range(1, profile.epochs + 1):
        orders = [shuffle.permutation(len(dataset.train)) for shuffle in shuffles]
        loss, norm = epochs.epoch(np.stack(orders))
        valid_loss = epochs.validate()
        for i in map(int, np.flatnonzero(going)):
            news = float(loss[i]), float(valid_loss[i])
            if not np.isfinite(news).all():
                raise TrainingError(
                    f"{setups[i]}: loss is {news[0]}, validation loss {news[1]} in epoch {epoch}"
                )
            for name, value in zip(history[i], (*news, float(norm[i])), strict=True):
                history[i][name].append(value)
            if progress:
                progress(setups[i].trial, epoch, *news)
        snapshots.append(epochs.layers("conv_1", "norm_1"))
        better = going & (valid_loss < best)
        best[better], best_epoch[better] = valid_loss[better], epoch
        epochs.keep(better)
        seconds[going] = time.perf_counter() - clock
        if patience:
            going &= epoch - best_epoch < patience
        if not going.any():
            break
    machine = backend.description()
    if len(setups) > 1:
        machine["trials_at_once"] = len(setups)
    return [
        Trained(
            weights=weights,
            history=history[i],
            best_epoch=int(best_epoch[i]),
            seconds=float(seconds[i]),
            started=started,
            machine=machine,
            snapshots={
                name.removeprefix("moving_"): np.stack(
                    [shot[name][i] for shot in snapshots[: len(history[i]["loss"]) + 1]]
                )
                for name in snapshots[0]
            },
        )
        for i, weights in enumerate(epochs.best())
    ]


def _trainer(several: bool):
    """The class `Epochs` of the backend."""
    backend.start()
    if backend.name() == "jax":
        from motifbook.networks import epochs_jax

        return epochs_jax.Epochs
    if several:
        found = backend.name()
        raise ValueError(f"only JAX trains trials at once: set KERAS_BACKEND=jax, found {found!r}")
    from motifbook.networks import epochs_tensorflow

    return epochs_tensorflow.Epochs


def new_model(setup: Setup) -> keras.Model:
    """The untrained network of a setup."""
    backend.start()
    return build(
        setup.architecture,
        setup.protocol,
        setup.dataset.length,
        len(setup.dataset.classes),
        setup.seeds["initialisation"],
    )


def save(trained: Trained, path: Path) -> None:
    """Write a trained network, whole or not at all."""
    about = {
        name: getattr(trained, name)
        for name in ("history", "best_epoch", "seconds", "started", "machine")
    }
    arrays: dict[str, Any] = {f"weight_{i}": w for i, w in enumerate(trained.weights)}
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


def get(setup: Setup, progress: Progress | None = None) -> Trained:
    """`fit`, through the cache."""
    if (trained := cached(setup)) is None:
        path = datasets.into_cache("networks", setup.path.name)  # before the work
        trained = fit(setup, progress)
        save(trained, path)
    return trained


def cached(setup: Setup) -> Trained | None:
    """The trained network, if the cache holds it whole."""
    with contextlib.suppress(FileNotFoundError, ValueError):
        trained = load(setup.path)
        # Before keys were of a backend, another's network could lie under this one.
        if trained.machine["backend"] == backend.name():
            return trained
    return None
