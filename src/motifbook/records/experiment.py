"""Make one run: simulate or load, train, read filters, match, and put it all on record.

The one place where the whole chain is strung together.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from msgspec import convert, to_builtins
from tqdm import tqdm

from motifbook.filters import readout
from motifbook.motifs import matrices, tomtom
from motifbook.motifs.matrices import Motif
from motifbook.networks import evaluation, training
from motifbook.networks.architectures import Architecture
from motifbook.networks.protocols import Profile, Protocol
from motifbook.networks.training import Progress, Setup
from motifbook.records import runs, store
from motifbook.records.runs import Layer, Record, Run
from motifbook.sequences import catalogue, chipseq, harder
from motifbook.sequences.catalogue import Source
from motifbook.sequences.datasets import SIMULATED, Dataset

EVALUE = 0.1
DECIMALS = 4  # of a PPM, on record and when matched: what the authors' MEME files have


def ensure(
    run: Run,
    results_dir: Path | str | None = None,
    progress: Progress | None = None,
    source: Source | None = None,
) -> Record:
    """The run's record, made if it is missing; raises what `obtain` does."""
    return obtain(run, results_dir, progress, source)[0]


def obtain(
    run: Run,
    results_dir: Path | str | None = None,
    progress: Progress | None = None,
    source: Source | None = None,
) -> tuple[Record, bool]:
    """The run's record, and whether it was made now; safe if several processes ask for it at once.

    Parameters
    ----------
    run : Run
    results_dir : path, optional
        Where records lie; the project's `results` unless given.
    progress : callable, optional
        Called after each epoch with (epoch, loss, validation loss).
    source : Folder or Simulation, optional
        That of a dataset that is one's own.

    Raises
    ------
    ValueError
        If the dataset is unknown or cannot be trained on.
    training.TrainingError
        If training fails.
    """
    with runs.claimed(run, results_dir):
        if run.is_there(results_dir):
            return runs.load(run, results_dir, source), False
        if source is not None:
            runs.check_place(source, results_dir)
        record, trimmed = make(run, progress, source)
        runs.save(record, trimmed, results_dir)
        return record, True


def get(
    models: str | Iterable[str | Architecture] = "all",
    trials: str | int = 5,
    *,
    profile: str = "paper",
    dataset: str = "synthetic",
    protocol: str = "as-run",
    missing: str = "skip",
    results_dir: Path | str | None = None,
) -> list[Record]:
    """Records of the runs that these parameters name.

    Parameters
    ----------
    models : str or iterable of str
        "all", "cnn-2,cnn-25", "mine.toml", or several; or networks.
    trials : int or str
        How many: 3 is trials 1 to 3.
    profile, dataset, protocol : str
    missing : "skip", "train" or "error"
        What to do about a run that is not on record.
    results_dir : path, optional
        Where records lie; the project's `results` unless given.

    Raises
    ------
    ValueError
        For a parameter that names nothing, a folder of records among them.
    MissingRunError
        With `missing="error"`, naming the runs.
    RecordError
        For a record that cannot be trusted.
    """
    name, source = catalogue.parse_dataset(dataset)
    chosen = runs.wanted(models, trials, profile=profile, dataset=name, protocol=protocol)
    results_dir = store.open_results(results_dir, missing)
    absent = [run for run in chosen if not run.is_there(results_dir)]
    names = ", ".join(str(run) for run in absent)
    lacking = f"{len(absent)} of {len(chosen)} runs are not in {results_dir}: {names}"
    if absent and store.makes(missing, lacking):
        for run in absent:
            with shown(run) as progress:
                ensure(run, results_dir, progress, source)
    return [runs.load(run, results_dir, source) for run in chosen if run.is_there(results_dir)]


@contextlib.contextmanager
def shown(run: Run, visible: bool = True) -> Iterator[Progress]:
    """A bar on standard error for the epochs of a run; gone when the run is made."""
    epochs = run.scale.epochs
    name = f"{run.model} trial {run.trial}"
    with tqdm(
        total=epochs, desc=name, unit="epoch", leave=False, mininterval=1, disable=not visible
    ) as bar:

        def progress(epoch: int, loss: float, valid_loss: float) -> None:
            bar.set_postfix_str(f"loss {loss:.4f}, validation {valid_loss:.4f}", refresh=False)
            bar.update(epoch - bar.n)

        yield progress


def prepare(
    wanted: Iterable[Run],
    results_dir: Path | str | None = None,
    progress: Callable[[int, int, float, float], None] | None = None,
    source: Source | None = None,
) -> list[Run]:
    """Train at once those runs of one model that are not on record, into the cache of networks.

    `ensure` then finds them trained, and only reads and matches their filters.

    Parameters
    ----------
    wanted : iterable of Run
        Equal but for the trial.
    results_dir, source
        As for `ensure`.
    progress : callable, optional
        Called after each epoch of each trial with (trial, epoch, loss, validation loss).

    Returns
    -------
    list of Run
        Those trained now; the others are on record or in the cache.

    Raises
    ------
    ValueError
        If the runs differ in more than the trial; as `ensure` besides.
    training.TrainingError
        As `training.fit_trials`. No network is kept then; `ensure` trains each on its own, and the
        failure is that of one run.
    """
    wanted = sorted(set(wanted))
    if any(replace(each, trial=1) != replace(wanted[0], trial=1) for each in wanted):
        found = ", ".join(str(each) for each in wanted)
        raise ValueError(f"runs trained at once must differ in nothing but the trial: {found}")
    with contextlib.ExitStack() as stack:
        for run in wanted:  # in order, so that two processes cannot wait for each other
            stack.enter_context(runs.claimed(run, results_dir))
        absent = [run for run in wanted if not run.is_there(results_dir)]
        if not absent:
            return []
        first = setup(absent[0], source)
        setups = {run: replace(first, trial=run.trial) for run in absent}
        missing = {run: each for run, each in setups.items() if training.cached(each) is None}
        trained = training.fit_trials(list(missing.values()), progress)
        for each, network in zip(missing.values(), trained, strict=True):
            training.save(network, each.path)
    return list(missing)


DRAWN_AS_WRITTEN = ("synthetic", "peaks-planted")
"""Datasets whose motifs can be drawn as the Methods say."""


def open_dataset(
    name: str, protocol: Protocol, profile: Profile, source: Source | None = None
) -> Dataset:
    """A dataset by name, as much of it as the profile uses, as hard as the protocol makes it.

    Raises
    ------
    ValueError
        For a name that is no dataset; for the switch `dataset`, asked of one that it cannot change.
    """
    if "dataset" in protocol.name.split("+")[1:] and name not in DRAWN_AS_WRITTEN:
        known = " and ".join(DRAWN_AS_WRITTEN)
        raise ValueError(f"the switch dataset is for {known}; it cannot change {name!r}")
    if name in SIMULATED:
        dataset = catalogue.simulated(name, protocol.dataset, profile.sequences or 25_000)
    else:
        dataset = training.subset(catalogue.open_dataset(name, source), profile)
    return harder.make(dataset, protocol.data, protocol.noise)


def setup(run: Run, source: Source | None = None) -> Setup:
    """What a run trains, its dataset opened.

    Raises
    ------
    ValueError
        As `open_dataset`; if a network of one's own does not fit the sequences.
    """
    dataset = open_dataset(run.dataset, run.rules, run.scale, source)
    if run.own:
        run.own.check(dataset.length)
    return Setup(dataset, run.architecture, run.rules, run.scale, run.trial)


def make(
    run: Run, progress: Progress | None = None, source: Source | None = None
) -> tuple[Record, list[Motif]]:
    """Train and read one network; returns its record and its trimmed PPMs as matched."""
    chosen = setup(run, source)
    dataset, architecture, protocol = chosen.dataset, chosen.architecture, chosen.protocol
    trained = training.get(chosen, progress)
    model = training.new_model(chosen)
    model.set_weights(trained.weights)

    predictions = evaluation.predict(model, dataset.test.bases)
    test: dict = evaluation.scores(dataset.test.labels, predictions)
    test = {
        "loss": evaluation.cross_entropy(dataset.test.labels, predictions),
        **test,
        "mean_auroc": float(np.mean(test["auroc"])),
        "mean_aupr": float(np.mean(test["aupr"])),
        "mean_average_precision": float(np.mean(test["average_precision"])),
    }
    layers, written = [], []
    for number in range(1, architecture.unpooled_layers + 1):
        read = readout.read(model, architecture, protocol, dataset.test, number)
        layer, trimmed = describe(read, dataset, protocol)
        layers.append(to_builtins(layer))
        written += trimmed
    row = asdict(architecture.under(protocol))
    row.pop("as_written")
    searched, counted = searchable(dataset, protocol)
    targets = {
        "release": f"JASPAR {protocol.jaspar}",
        "number": len(searched),
        "evalue": EVALUE,
    }
    if source is not None:
        targets["relevant"] = {tf: list(ids) for tf, ids in dataset.relevant.items()}
    if counted != dataset.relevant:
        targets["counted"] = {tf: list(ids) for tf, ids in counted.items()}
    configuration = {
        "dataset": dataset.config,
        "architecture": row,
        "protocol": asdict(protocol),
        "profile": asdict(chosen.profile),
        "targets": targets,
    }
    data = {
        **run.names,
        **store.envelope(configuration),
        "seeds": chosen.seeds,
        **trained.machine,
        "started": trained.started,
        "seconds": round(trained.seconds, 1),
        "parameters": int(sum(np.prod(v.shape) for v in model.trainable_variables)),
        "epochs": len(trained.history["loss"]),
        "best_epoch": trained.best_epoch,
        "history": trained.history,
        "classes": list(dataset.classes),
        "test": test,
        "layers": layers,
    }
    return convert(_rounded(data), Record), written


def searchable(
    dataset: Dataset, protocol: Protocol
) -> tuple[list[Motif], dict[str, tuple[str, ...]]]:
    """The motifs that filters are matched with, and those of them that count for each TF.

    The dataset states what counts by JASPAR 2016 and motifs that are added to it. In another
    release those count that `matrices.relevant_in` says, and what is added if it is not there.
    """
    targets, added = matrices.jaspar(protocol.jaspar), chipseq.added_motifs(dataset.config)
    if protocol.jaspar == matrices.PAPERS_RELEASE:
        return [*targets, *added], dataset.relevant
    there = {motif.id for motif in targets}
    added = [motif for motif in added if motif.id not in there]
    names = {motif.id for motif in added}
    released = matrices.relevant_in(protocol.jaspar, dataset.relevant)
    relevant = {
        tf: (*released[tf], *(one for one in ids if one in names))
        for tf, ids in dataset.relevant.items()
    }
    return [*targets, *added], relevant


def describe(
    read: readout.Filters, dataset: Dataset, protocol: Protocol
) -> tuple[Layer, list[Motif]]:
    """What goes on record of a layer's filters, and their trimmed PPMs as matched.

    Filters are matched all at once; a match of TF t is a match of one of its relevant motifs. Where
    no TF has any, the fraction of relevant matches is None: there is nothing to count.
    """
    targets, relevant = searchable(dataset, protocol)
    matched, queries = match(f"layer{read.layer}_filter", read.ppms, protocol, targets, relevant)
    rows = []
    for i, found in enumerate(matched):
        state = _state(read, i, found["state"])
        row = found | {"filter": i, "state": state, "sites": int(read.sites[i])}
        if read.precision is not None:
            for name in ("precision", "recall"):
                values = getattr(read, name)[i]
                row[f"site_{name}"] = None if np.isnan(values).all() else values.tolist()
        rows.append(row)
    number = len(rows)
    layer = {
        "layer": read.layer,
        "window": read.ppms.shape[1],
        "match_any": sum(row["matches_any"] for row in rows) / number,
        "match_relevant": sum(row["tf"] is not None for row in rows) / number
        if any(relevant.values())
        else None,
        "dead": sum(row["state"] == "dead" for row in rows),
        "filters": rows,
    }
    return convert(layer, Layer), queries


def match(
    name: str,
    ppms: Iterable[np.ndarray],
    protocol: Protocol,
    targets: Sequence[Motif],
    relevant: Mapping[str, Sequence[str]],
) -> tuple[list[dict], list[Motif]]:
    """What a `Filter` on record says of PPMs, (columns, 4) each, and their parts as matched.

    All but `filter` and `sites`; `state` is "alive", or why Tomtom refused it.
    """
    ppms = list(ppms)
    parts = [readout.trim(ppm) if protocol.trim else (0, len(ppm)) for ppm in ppms]
    ppms = [np.round(ppm, DECIMALS) for ppm in ppms]
    # The authors state as nsites the number of columns, and Tomtom's pseudocounts depend on it.
    queries = [
        Motif(f"{name}{i}", "", ppm[start:stop], float(stop - start))
        for i, (ppm, (start, stop)) in enumerate(zip(ppms, parts, strict=True))
    ]
    matches = tomtom.match(queries, targets, EVALUE)
    verdicts = tomtom.verdicts(matches, relevant)
    rows = []
    for ppm, part, query in zip(ppms, parts, queries, strict=True):
        verdict = verdicts.loc[query.id]
        rows.append(
            {
                "state": matches.refused.get(query.id) or "alive",
                "matches_any": bool(verdict["any"]),
                "tf": verdict["tf"],
                "relevant_target": verdict["relevant_target"],
                "trim": [int(edge) for edge in part],
                "ppm": ppm.tolist(),
                "hits": tomtom.best_hits(matches, query.id),
            }
        )
    return rows, queries


def _state(read: readout.Filters, i: int, matched: str) -> str:
    """Why a filter has no PPM to speak of: never active, or without sites; else as it matched."""
    if read.maximum[i] <= 0:
        return "dead"
    if not read.sites[i]:
        return "no sites"
    return matched


def _rounded(value):
    """Six significant digits are enough for a record, and keep it small."""
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {
            key: item if key == "configuration" else _rounded(item) for key, item in value.items()
        }
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return value
