"""What a neighbouring site is worth to a network: test scores of the richer data, split in two.

The sequences with a TF's site are those where it stands in a pair, at the pair's own distance and
orientation (`richer.in_pairs`), and those where it stands alone. Both are told from the sequences
without the TF. The trained networks are asked, so it is kept on record.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal, get_args

import numpy as np
import pandas as pd
from msgspec import Meta, Struct, convert, structs

from motifbook.networks import evaluation, training
from motifbook.networks.protocols import parse_profile
from motifbook.records import experiment, runs, store
from motifbook.records.store import Contradiction, Envelope, Fraction, Number, Score
from motifbook.sequences import richer
from motifbook.sequences.datasets import Split

Kind = Literal["alone", "in pairs"]


class Row(Struct, frozen=True, kw_only=True):
    """Mean scores over TFs of one network on the sequences where sites are of one kind."""

    model: str
    trial: Number
    kind: Kind
    auroc: Score
    aupr: Score


class Neighbours(Envelope, frozen=True, kw_only=True, eq=False, dict=True):
    """The scores of several networks, and what the sequences that they are of hold.

    Attributes
    ----------
    paired : float
        Of the sequences with a TF's site, the part in which it stands in a pair.
    repeated_in_pairs, repeated_alone : float
        The part of these, and of the others, in which the TF has more than one site.
    rows : tuple of Row
        Two for each of the configuration's runs, one of each kind.
    """

    kind: Annotated[str, Meta(pattern="^neighbours$")] = "neighbours"
    paired: Fraction
    repeated_in_pairs: Fraction
    repeated_alone: Fraction
    rows: Annotated[tuple[Row, ...], Meta(min_length=1)]

    def contradictions(self) -> Iterator[Contradiction]:
        """Rows that are there twice, or are not those of the runs."""
        yield from store.repeated("rows", ((row.model, row.trial, row.kind) for row in self.rows))
        asked = [str(run).split("/")[-2:] for run in self.configuration.get("runs", [])]
        wanted = {(model, trial, kind) for model, trial in asked for kind in get_args(Kind)}
        found = {(row.model, f"trial-{row.trial}", row.kind) for row in self.rows}
        for model, trial, kind in sorted(found ^ wanted):
            there = (model, trial, kind) in found
            what = ("a row", "none") if there else ("no row", "one, as the configuration says")
            yield f"{model} {trial} {kind}", *what

    @property
    def table(self) -> pd.DataFrame:
        """The rows: `model`, `trial`, `kind`, `auroc`, `aupr`."""
        return pd.DataFrame([structs.asdict(row) for row in self.rows])


def split_scores(
    labels: np.ndarray, predictions: np.ndarray, paired: np.ndarray
) -> dict[str, dict[str, float]]:
    """Mean AUROC and AUPR over classes, for sites alone and for those in pairs.

    Parameters
    ----------
    labels, predictions : (n, classes)
    paired : (n, classes) bool
        From `richer.in_pairs`.

    Returns
    -------
    dict
        "alone" and "in pairs" to `auroc` and `aupr`.
    """
    found = {}
    for kind, chosen in (("alone", ~paired), ("in pairs", paired)):
        each = []
        for truth, score, mine in zip(labels.T, predictions.T, chosen.T, strict=True):
            kept = (truth == 0) | mine
            one = evaluation.scores(truth[kept, None], score[kept, None])
            each.append([one["auroc"][0], one["aupr"][0]])
        auroc, aupr = np.mean(each, axis=0)
        found[kind] = {"auroc": round(float(auroc), 6), "aupr": round(float(aupr), 6)}
    return found


def shares(split: Split, paired: np.ndarray) -> dict[str, float]:
    """`paired`, `repeated_in_pairs` and `repeated_alone` of a record, of (n, classes) pairs."""
    assert split.sites is not None  # `richer.in_pairs` has asked
    number = np.zeros(paired.shape, int)
    np.add.at(number, (split.sites["sequence"], split.sites["tf"]), 1)
    alone = (number > 0) & ~paired
    return {
        "paired": round(float(paired[number > 0].mean()), 4),
        "repeated_in_pairs": round(float((number[paired] > 1).mean()), 4),
        "repeated_alone": round(float((number[alone] > 1).mean()), 4),
    }


def make(
    models: Sequence[str], trials: str | int, profile: str, results_dir: Path | str | None = None
) -> Neighbours:
    """Ask every network that is on record; what the cache no longer has is trained again.

    Raises
    ------
    ValueError
        For a parameter that names nothing, or if none of the runs is on record.
    training.TrainingError
        If training fails.
    """
    asked = runs.wanted(models, trials, profile=profile, dataset=richer.NAME)
    there = [run for run in asked if run.is_there(results_dir)]
    if not there:
        raise ValueError("none of these runs is on record; see: motifbook sweep --dataset richer")
    test = experiment.setup(there[0]).dataset.test
    paired = richer.in_pairs(test)
    rows = []
    for run in there:
        setup = experiment.setup(run)
        trained = training.get(setup)
        model = training.new_model(setup)
        model.set_weights(trained.weights)
        found = split_scores(test.labels, evaluation.predict(model, test.bases), paired)
        rows += [
            {"model": run.model, "trial": run.trial, "kind": kind, **scores}
            for kind, scores in found.items()
        ]
    configuration = {"dataset": setup.dataset.config, "runs": [str(run) for run in there]}
    made = store.envelope(configuration, "keras", "numpy", "scikit-learn")
    return convert({**made, **shares(test, paired), "rows": rows}, Neighbours)


def path(profile: str = "paper", results_dir: Path | str | None = None) -> Path:
    """Where the scores of a profile's networks lie."""
    folder = store.results_folder(results_dir) / richer.NAME / "as-run"
    return folder / parse_profile(profile).name / "neighbours.json"


def write(
    models: Sequence[str], trials: str | int, profile: str, results_dir: Path | str | None = None
) -> Path:
    """Compute `make` and keep it, whole or not at all."""
    return store.save(path(profile, results_dir), make(models, trials, profile, results_dir))


def get(profile: str = "paper", results_dir: Path | str | None = None) -> Neighbours | None:
    """The scores on record; None where there are none.

    Raises
    ------
    store.RecordError
        For a record that cannot be trusted.
    """
    file = path(profile, results_dir)
    return store.load(file, Neighbours) if file.exists() else None
