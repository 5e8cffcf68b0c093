"""Which bases a network's answer rests on, scored against the motifs that were embedded.

Three maps of importance, all in units of the logit of one class (the sum before the sigmoid), and
all against the same alternative, a base that is A, C, G or T alike:

- `saliency`: to first order at the sequence, (x − ¼) · gradient;
- `integrated_gradients`: the same with the gradient's mean on the way from ¼ everywhere to the
  sequence (Sundararajan, Taly & Yan, ICML 2017); their sum is the logit's whole change;
- `mutagenesis`: in silico, the logit less its mean over all four bases at that position.

A map is *scored* as a reader of positions: within a sequence that has a class, does it put the
bases of that class's embedded motifs above all others? That is an AUROC and an AUPR for each pair
of a sequence and a class. The ceiling is the Bayes-optimal reader, which knows the generative
model: its probability that the position lies in a motif of the class (`optimal.coverage`).

The rules, written before any number was looked at
--------------------------------------------------
Both are asked of the pairs of sequence and class, by Student's 95% interval of a paired difference,
with the ledger's margin of an AUROC, 0.02. One trial a network stands behind them, so whatever they
say is provisional.

- *Attribution integrates a distributed representation*: CNN-2's AUROC less CNN-25's. It holds for a
  method if the interval lies above −0.02, and does not hold if it lies below it.
- *Scores are noisy*: the ceiling's AUROC less the network's. It holds if the interval lies above
  +0.02, and does not hold if it lies below it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import pandas as pd
from msgspec import Meta, Struct, convert, structs, to_builtins
from scipy import stats

from motifbook.motifs.matrices import TFS
from motifbook.networks import evaluation, training
from motifbook.networks.protocols import parse_profile
from motifbook.paper import rules
from motifbook.records import dynamics, experiment, runs, store
from motifbook.records.runs import Run
from motifbook.records.store import Count, Envelope, Number, Positive, Score
from motifbook.sequences.datasets import Split, one_hot
from motifbook.yardsticks import optimal

if TYPE_CHECKING:
    import keras

MODELS = ("cnn-2", "cnn-25")
SEQUENCES = 100
"""Test sequences that are read: the first ones. A profile of few reads a 200th of its number."""
STEPS = 32
"""Points on the way of integrated gradients, in the middles of equal parts."""
METHODS = ("saliency", "integrated gradients", "mutagenesis")
CEILING = "Bayes-optimal"
MARGIN = rules.LIMITS["auroc"][1]


# --- Maps -------------------------------------------------------------------------------------


def logits(model: keras.Model, x: Any) -> Any:
    """The network's sums before its sigmoid, (n, classes), of (n, length, 4) TensorFlow values."""
    import keras
    import tensorflow as tf

    output = model.get_layer("output")
    below = keras.Model(model.inputs[0], output.input)
    return tf.matmul(below(x, training=False), output.kernel) + output.bias


def saliency(model: keras.Model, bases: np.ndarray, classes: Sequence[int]) -> np.ndarray:
    """First-order importance of each base for a class: (x − ¼) · gradient of the logit.

    Parameters
    ----------
    model : keras.Model
        From `keras_model.build`, on TensorFlow.
    bases : (n, length) uint8
        0..3; an ambiguous base has no importance.
    classes : (n,) int
        The class asked of each sequence.

    Returns
    -------
    (n, length) float64
    """
    x = one_hot(bases)
    return _against_any_base(bases, _gradient(model, x, classes))


def integrated_gradients(
    model: keras.Model, bases: np.ndarray, classes: Sequence[int], steps: int = STEPS
) -> np.ndarray:
    """Integrated gradients from ¼ everywhere, by the midpoint rule; see `saliency`."""
    return _against_any_base(bases, mean_gradient(model, bases, classes, steps))


def mean_gradient(
    model: keras.Model, bases: np.ndarray, classes: Sequence[int], steps: int = STEPS
) -> np.ndarray:
    """The gradient's mean on the way from ¼ everywhere to each sequence, (n, length, 4)."""
    x = one_hot(bases)
    mean = np.zeros(x.shape)
    for step in range(steps):
        part = (step + 0.5) / steps
        mean += _gradient(model, (0.25 + part * (x - 0.25)).astype("float32"), classes) / steps
    return mean


def _gradient(model: keras.Model, x: np.ndarray, classes: Sequence[int]) -> np.ndarray:
    """Of each row's logit of its class: (n, length, 4), as `x`."""
    import tensorflow as tf

    found = []
    batch = evaluation.batch_size(x.shape[1])
    for start in range(0, len(x), batch):
        part = tf.constant(x[start : start + batch])
        chosen = np.asarray(classes, "int64")[start : start + batch]
        with tf.GradientTape() as tape:
            tape.watch(part)
            asked = tf.gather(logits(model, part), chosen, axis=1, batch_dims=1)
        found.append(tape.gradient(asked, part).numpy())
    return np.concatenate(found).astype(float)


def _against_any_base(bases: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """(n, length): (x − ¼) · gradient, summed over the bases; 0 where the base is not known."""
    x = one_hot(bases, "float64")
    known = x.any(axis=2)
    return ((x - 0.25) * gradient).sum(axis=2) * known


def mutagenesis(model: keras.Model, bases: np.ndarray) -> np.ndarray:
    """In silico: each class's logit less its mean over the four bases at a position.

    Parameters
    ----------
    model : keras.Model
    bases : (n, length) uint8
        0..3.

    Returns
    -------
    (n, length, classes) float64
    """
    kernel, bias = (np.asarray(value, float) for value in model.get_layer("output").get_weights())

    def answers(rows: np.ndarray) -> np.ndarray:
        features = [part for _, part in evaluation.outputs(model, rows, "dropout_hidden")]
        return np.concatenate(features).astype(float) @ kernel + bias

    length = bases.shape[1]
    before = answers(bases)
    found = np.empty((*bases.shape, before.shape[1]))
    for row, sequence in enumerate(bases):
        mutants = np.repeat(sequence[None], 3 * length, axis=0)
        place = np.arange(3 * length)
        mutants[place, place // 3] = (mutants[place, place // 3] + 1 + place % 3) % 4
        after = answers(mutants).reshape(length, 3, -1).sum(axis=1)
        found[row] = before[row] - (before[row] + after) / 4
    return found


# --- Against the embedded sites ---------------------------------------------------------------


def pairs(split: Split) -> pd.DataFrame:
    """Sequences and the classes that they have: `row`, `tf`, `strand` of the motifs.

    `strand` is "+" or "−" where all motifs of the class lie so, else "both".

    Raises
    ------
    ValueError
        If nobody knows the sites.
    """
    known = _sites(split)
    names = ("sequence", "tf", "strand")
    sites = pd.DataFrame({name: known[name].astype(int) for name in names})
    grouped = sites.groupby(["sequence", "tf"])["strand"].agg(["min", "max"]).reset_index()
    strand = np.select([grouped["min"] > 0, grouped["max"] < 0], ["+", "−"], "both")
    return pd.DataFrame({"row": grouped["sequence"], "tf": grouped["tf"], "strand": strand})


def _sites(split: Split) -> np.ndarray:
    if split.sites is None:
        raise ValueError("attributions are scored against embedded sites: none are known here")
    return split.sites


def covered(split: Split, rows: Iterable[int], classes: Iterable[int]) -> np.ndarray:
    """Whether a position lies in an embedded motif of the class: (n, length) bool."""
    sites = _sites(split)
    rows, classes = list(rows), list(classes)
    found = np.zeros((len(rows), split.bases.shape[1]), bool)
    for number, (row, tf) in enumerate(zip(rows, classes, strict=True)):
        for site in sites[(sites["sequence"] == row) & (sites["tf"] == tf)]:
            found[number, site["start"] : site["start"] + site["length"]] = True
    return found


def scores(maps: np.ndarray, truth: np.ndarray) -> tuple[list[float], list[float]]:
    """AUROC and average precision of each row of a map, as a reader of its true positions.

    Parameters
    ----------
    maps : (n, length)
    truth : (n, length) bool
        With true and false positions in every row.
    """
    from sklearn import metrics

    both = list(zip(truth, maps, strict=True))
    return (
        [float(metrics.roc_auc_score(*one)) for one in both],
        [float(metrics.average_precision_score(*one)) for one in both],
    )


# --- On record --------------------------------------------------------------------------------


class Network(Struct, frozen=True, kw_only=True):
    """A network that was read.

    Attributes
    ----------
    on_record : bool or None
        Whether its losses are those of the run's record (trained elsewhere, they are not); None
        where there is no such record.
    """

    run: str
    epochs: Number
    best_epoch: Number
    hardware: str
    mean_auroc: Score
    on_record: bool | None


class Pair(Struct, frozen=True, kw_only=True):
    """A test sequence and a class that it has; `positions` lie in the class's motifs."""

    sequence: Count
    tf: str
    strand: Annotated[str, Meta(pattern="^([+−]|both)$")]
    positions: Number


class Map(Struct, frozen=True, kw_only=True):
    """How well one reader's map tells the positions: a number for each pair."""

    reader: str
    method: str
    auroc: tuple[Score, ...]
    aupr: tuple[Score, ...]


class Attribution(Envelope, frozen=True, kw_only=True, eq=False):
    """Maps on record.

    Raises
    ------
    ValueError
        If a map has not one number for each pair.
    """

    kind: Annotated[str, Meta(pattern="^attribution$")] = "attribution"
    networks: tuple[Network, ...]
    pairs: Annotated[tuple[Pair, ...], Meta(min_length=1)]
    maps: Annotated[tuple[Map, ...], Meta(min_length=1)]

    def __post_init__(self) -> None:
        Envelope.__post_init__(self)
        for one in self.maps:
            for name in ("auroc", "aupr"):
                if (found := len(getattr(one, name))) != len(self.pairs):
                    raise ValueError(
                        f"{name} of {one.reader} by {one.method} has {found} numbers, expected "
                        f"{len(self.pairs)}, one a pair"
                    )

    def contradictions(self) -> Iterator[store.Contradiction]:
        yield from store.repeated("pairs", ((pair.sequence, pair.tf) for pair in self.pairs))
        yield from store.repeated("maps", ((one.reader, one.method) for one in self.maps))
        yield from store.repeated("networks", (network.run for network in self.networks))
        length = self.configuration.get("dataset", {}).get("length", math.inf)
        for at, pair in enumerate(self.pairs):
            if pair.tf not in TFS:
                yield f"pairs[{at}].tf", repr(pair.tf), f"one of {', '.join(TFS)}"
            if pair.positions >= length:
                yield f"pairs[{at}].positions", pair.positions, f"fewer than {length}, all"
        for at, network in enumerate(self.networks):
            if network.best_epoch > network.epochs:
                yield f"networks[{at}].best_epoch", network.best_epoch, f"at most {network.epochs}"
        read = {Path(network.run).parent.name for network in self.networks}
        for at, one in enumerate(self.maps):
            methods = ("posterior",) if one.reader == CEILING else METHODS
            if one.reader not in {CEILING, *read}:
                yield f"maps[{at}].reader", repr(one.reader), "one of the networks"
            if one.method not in methods:
                yield f"maps[{at}].method", repr(one.method), f"one of {', '.join(methods)}"

    @property
    def table(self) -> pd.DataFrame:
        """One row per map and pair: `reader`, `method`, `sequence`, `tf`, `strand`, both scores."""
        own = pd.DataFrame([structs.asdict(pair) for pair in self.pairs])
        parts = [
            own.assign(reader=one.reader, method=one.method, auroc=one.auroc, aupr=one.aupr)
            for one in self.maps
        ]
        return pd.concat(parts, ignore_index=True)


def make(
    models: Sequence[str] = MODELS,
    trial: int = 1,
    profile: str = "paper",
    sequences: int = SEQUENCES,
    results_dir: Path | str | None = None,
) -> Attribution:
    """Read these networks' first test sequences by every method; trains what the cache lacks.

    Raises
    ------
    ValueError
        For a parameter that names nothing, or without models.
    training.TrainingError
        If training fails.
    """
    chosen = [Run("synthetic", "as-run", parse_profile(profile).name, m, trial) for m in models]
    if not chosen:
        raise ValueError("a model to read is expected, found none")
    networks, maps = [], []
    for run in chosen:
        setup = experiment.setup(run)
        trained = training.get(setup)
        model = training.new_model(setup)
        model.set_weights(trained.weights)
        test = setup.dataset.test
        asked = pairs(test)
        asked = asked[asked["row"] < sequences]
        rows, classes = asked["row"].to_numpy(), asked["tf"].to_numpy()
        truth = covered(test, rows, classes)
        mutated = mutagenesis(model, test.bases[:sequences])[rows, :, classes]
        found = {
            "saliency": saliency(model, test.bases[rows], classes),
            "integrated gradients": integrated_gradients(model, test.bases[rows], classes),
            "mutagenesis": mutated,
        }
        maps += [_scored(run.model, method, map_, truth) for method, map_ in found.items()]
        auroc = evaluation.scores(test.labels, evaluation.predict(model, test.bases))["auroc"]
        networks.append(
            {
                "run": str(run),
                "epochs": len(trained.history["loss"]),
                "best_epoch": trained.best_epoch,
                "hardware": trained.machine["hardware"],
                "mean_auroc": round(float(np.mean(auroc)), 6),
                "on_record": is_on_record(run, trained.history, results_dir),
            }
        )
    sure = optimal.coverage(test.bases[rows], classes)
    maps.append(_scored(CEILING, "posterior", sure, truth))
    configuration = {
        "dataset": setup.dataset.config,
        "runs": [str(run) for run in chosen],
        "sequences": sequences,
        "steps": STEPS,
    }
    described = [
        {"sequence": int(row), "tf": setup.dataset.classes[tf], "strand": strand}
        | {"positions": int(truth[number].sum())}
        for number, (row, tf, strand) in enumerate(asked.itertuples(index=False))
    ]
    made = store.envelope(configuration, "keras", "numpy", "scikit-learn", "tensorflow-cpu")
    data = {**made, "networks": networks, "pairs": described, "maps": maps}
    return convert(to_builtins(data), Attribution)


def _scored(reader: str, method: str, map_: np.ndarray, truth: np.ndarray) -> dict:
    auroc, aupr = ([round(value, 5) for value in values] for values in scores(map_, truth))
    return {"reader": reader, "method": method, "auroc": auroc, "aupr": aupr}


def is_on_record(run: Run, history: dict, results_dir: Path | str | None) -> bool | None:
    """Whether these are the losses of the run's record; None where there is none."""
    if not run.is_there(results_dir):
        return None
    return dynamics.same(history, structs.asdict(runs.load(run, results_dir).history))


def path(profile: str = "paper", results_dir: Path | str | None = None) -> Path:
    """Where the maps of a profile's networks lie."""
    folder = store.results_folder(results_dir) / "synthetic" / "as-run"
    return folder / parse_profile(profile).name / "attribution.json"


def write(
    models: Sequence[str] = MODELS,
    trial: int = 1,
    profile: str = "paper",
    results_dir: Path | str | None = None,
) -> Path:
    """Compute `make` and keep it, whole or not at all."""
    few = parse_profile(profile).sequences
    sequences = SEQUENCES if few is None else min(SEQUENCES, few // 200)
    made = make(models, trial, profile, sequences, results_dir)
    return store.save(path(profile, results_dir), made)


def get(
    profile: str = "paper", *, missing: str = "skip", results_dir: Path | str | None = None
) -> Attribution | None:
    """The maps on record; None where they are missing and skipped, made with "train".

    Raises
    ------
    ValueError
        For a parameter that names nothing.
    store.MissingRunError
        With `missing="error"`.
    store.RecordError
        For a record that cannot be trusted.
    """
    store.open_results(results_dir, missing)
    file = path(profile, results_dir)
    if not file.exists():
        if not store.makes(missing, f"{file}: no attributions"):
            return None
        write(profile=profile, results_dir=results_dir)
    return store.load(file, Attribution)


class CheckRow(Struct, frozen=True, kw_only=True):
    """One network's maps by one method, ours and another implementation's.

    Attributes
    ----------
    library, called : str
        Whose, with its version; and what it calls the method.
    largest, scale : float
        Largest difference at any position, and the largest importance: logits.
    """

    run: str
    method: str
    library: str
    called: str
    maps: Number
    largest: Positive
    scale: Positive


class Check(Envelope, frozen=True, kw_only=True, eq=False):
    """Our maps beside another implementation's, on the same weights and sequences."""

    kind: Annotated[str, Meta(pattern="^attribution-check$")] = "attribution-check"
    rows: Annotated[tuple[CheckRow, ...], Meta(min_length=1)]


def check_path(profile: str = "paper", results_dir: Path | str | None = None) -> Path:
    """Where the comparison with another implementation lies."""
    return path(profile, results_dir).with_name("attribution-check.json")


def load_check(profile: str = "paper", results_dir: Path | str | None = None) -> Check | None:
    """The comparison on record, or None; raises RecordError if it cannot be trusted."""
    file = check_path(profile, results_dir)
    return store.load(file, Check) if file.exists() else None


# --- By the rules -----------------------------------------------------------------------------


def interval(differences: np.ndarray) -> tuple[float, float, float]:
    """Mean of (pairs,) differences, and Student's 95% interval of it."""
    test = stats.ttest_1samp(differences, 0.0).confidence_interval(1 - rules.LEVEL)
    return float(np.mean(differences)), float(test.low), float(test.high)


def claims(table: pd.DataFrame) -> pd.DataFrame:
    """Both rules by method: `claim`, `method`, `reader`, `mean`, `low`, `high`, `verdict`.

    Parameters
    ----------
    table : DataFrame
        `Attribution.table`. A claim whose readers are not in it is left out.
    """
    wide = table.pivot_table("auroc", ["sequence", "tf"], ["method", "reader"])
    rows = []

    def ask(claim: str, method: str, reader: str, first, second, limit: float) -> None:
        if first in wide.columns and second in wide.columns:
            mean, low, high = interval((wide[first] - wide[second]).to_numpy())
            found = rules.above(low, high, limit) + rules.PROVISIONAL
            row = {"claim": claim, "method": method, "reader": reader}
            rows.append(row | {"mean": mean, "low": low, "high": high, "verdict": found})

    for method in METHODS:
        both = (method, "cnn-2"), (method, "cnn-25")
        ask("integrates", method, "cnn-2", *both, -MARGIN)
        for model in MODELS:
            ask("noisy", method, model, ("posterior", CEILING), (method, model), MARGIN)
    columns = ["claim", "method", "reader", "mean", "low", "high", "verdict"]
    return pd.DataFrame(rows, columns=columns)
