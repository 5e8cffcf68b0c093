"""The trials of one model trained at once, for a GPU that one small network leaves idle (JAX).

Trials differ in their seeds alone, so their weights can be stacked and every step taken for all of
them by one compiled call. Each keeps its own order of the data, dropout, early stopping and best
weights, and ends as it would have ended alone. A trial that has stopped is carried along, its
results ignored, until the last one stops.

What this gains on a GPU has not been measured: it was written and tested on a CPU, where
`motifbook.networks.epochs_tensorflow` is the faster. Compiled code is kept from one process to the
next if $JAX_COMPILATION_CACHE_DIR names a folder.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np

from motifbook.networks import backend, training
from motifbook.networks.architectures import MODELS, Architecture
from motifbook.networks.protocols import Profile, Protocol, parse_profile, parse_protocol
from motifbook.networks.training import Trained, TrainingError
from motifbook.records import experiment, runs
from motifbook.records.runs import Run
from motifbook.sequences.chipseq import Folder
from motifbook.sequences.datasets import Dataset

Progress = Callable[[int, int, float, float], None]
"""Called after each epoch of each trial with (trial, epoch, loss, validation loss)."""


def prepare(
    wanted: Iterable[Run],
    results_dir: Path | str | None = None,
    progress: Progress | None = None,
    source: Folder | None = None,
) -> list[Run]:
    """Train at once those runs of one model that are not on record, into the cache of networks.

    `experiment.ensure` then finds them trained, and only reads and matches their filters. The
    cache does not tell backends apart; the network's file states which one trained it, on what
    hardware and with how many trials at once, and so does the record that is made of it.

    Parameters
    ----------
    wanted : iterable of Run
        Equal but for the trial.
    results_dir, source
        As for `experiment.ensure`.
    progress : callable, optional
        Called after each epoch of each trial with (trial, epoch, loss, validation loss).

    Returns
    -------
    list of Run
        Those trained now; the others are on record or in the cache.

    Raises
    ------
    ValueError
        If the runs differ in more than the trial; as `experiment.ensure` besides.
    training.TrainingError
        As `fit_trials`. No network is kept then; `experiment.ensure` trains each on its own, and
        the failure is that of one run.
    """
    wanted = sorted(set(wanted))
    if not wanted:
        return []
    run = wanted[0]
    if any(replace(each, trial=run.trial) != run for each in wanted):
        found = ", ".join(str(each) for each in wanted)
        raise ValueError(f"runs trained at once must differ in nothing but the trial: {found}")
    protocol, profile = parse_protocol(run.protocol), parse_profile(run.profile)
    architecture = MODELS[run.model]
    with ExitStack() as stack:
        for each in wanted:  # in order, so that two processes cannot wait for each other
            stack.enter_context(runs.claimed(each, results_dir))
        dataset = experiment.open_dataset(run.dataset, protocol, profile, source)
        what = dataset, architecture, protocol, profile
        missing = [
            each
            for each in wanted
            if not each.path(results_dir).exists() and not _trained(*what, each.trial)
        ]
        trials = [each.trial for each in missing]
        for trial, trained in zip(trials, fit_trials(*what, trials, progress), strict=True):
            training.save(trained, _path(*what, trial))
    return missing


def fit_trials(
    dataset: Dataset,
    architecture: Architecture,
    protocol: Protocol,
    profile: Profile,
    trials: Iterable[int],
    progress: Progress | None = None,
) -> list[Trained]:
    """Train several trials of one model at once; each result is that of `training.fit`.

    Returns
    -------
    list of Trained
        In the order of `trials`. `seconds` is the time from the common start to the trial's own
        last epoch; `machine` says how many trials shared it.

    Raises
    ------
    ValueError
        If the dataset cannot be trained on, or Keras does not run on JAX.
    TrainingError
        If the loss of a trial is no longer finite before it has stopped.
    """
    trials = list(trials)
    if not trials:
        return []
    training.check(dataset)
    backend.start()
    import keras

    if (found := keras.backend.backend()) != "jax":
        raise ValueError(f"only JAX trains trials at once: set KERAS_BACKEND=jax, found {found!r}")
    from motifbook.networks.epochs_jax import TrialEpochs

    models = [training.new_model(dataset, architecture, protocol, trial) for trial in trials]
    seeds = [training.seeds(architecture.name, trial) for trial in trials]
    started, clock = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), time.perf_counter()
    epochs = TrialEpochs(
        models,
        architecture,
        protocol,
        dataset.train,
        dataset.valid,
        [seed["dropout"] for seed in seeds],
    )
    shuffles = [np.random.default_rng(seed["order"]) for seed in seeds]
    patience = profile.patience or protocol.patience
    history = [{"loss": [], "valid_loss": [], "gradient_norm": []} for _ in trials]
    snapshots = [epochs.layer("conv_1", "norm_1")]
    best, best_epoch = np.full(len(trials), np.inf), np.zeros(len(trials), int)
    going, seconds = np.full(len(trials), True), np.zeros(len(trials))
    for epoch in range(1, profile.epochs + 1):
        orders = [shuffle.permutation(len(dataset.train)) for shuffle in shuffles]
        loss, norm = epochs.epoch(np.stack(orders))
        valid_loss = epochs.validate()
        for i in np.flatnonzero(going):
            news = float(loss[i]), float(valid_loss[i])
            if not np.isfinite(news).all():
                raise TrainingError(
                    f"{architecture.name} trial {trials[i]}: loss is {news[0]}, validation loss "
                    f"{news[1]} in epoch {epoch}"
                )
            for name, value in zip(history[i], (*news, float(norm[i])), strict=True):
                history[i][name].append(value)
            if progress:
                progress(trials[i], epoch, *news)
        snapshots.append(epochs.layer("conv_1", "norm_1"))
        better = going & (valid_loss < best)
        best[better], best_epoch[better] = valid_loss[better], epoch
        epochs.keep(better)
        seconds[going] = time.perf_counter() - clock
        if patience:
            going &= epoch - best_epoch < patience
        if not going.any():
            break
    machine = {**backend.description(), "trials_at_once": len(trials)}
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


def _path(dataset, architecture, protocol, profile, trial) -> Path:
    key = training.training_key(dataset, architecture, protocol, profile, trial)
    return training.weights_path(key)


def _trained(dataset, architecture, protocol, profile, trial) -> bool:
    """Whether the cache holds this network, whole."""
    try:
        training.load(_path(dataset, architecture, protocol, profile, trial))
    except (FileNotFoundError, ValueError):
        return False
    return True
