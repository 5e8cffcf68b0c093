"""TF-MoDISco's patterns of a network's integrated gradients, put on record.

    pip install modisco-lite        # of no other use here, so no dependency
    python benchmarks/attribution_patterns.py --profile paper

The networks are those of `motifbook attribution`, from the cache, or else trained. About 25 minutes
on two cores. The record lies beside that of the maps, `attribution-patterns.json`.
"""

from __future__ import annotations

import argparse

import numpy as np
from modiscolite.tfmodisco import TFMoDISco
from msgspec import convert, to_builtins

from motifbook.filters import readout
from motifbook.networks import training
from motifbook.records import experiment, store
from motifbook.records.runs import Run
from motifbook.sequences.datasets import one_hot
from motifbook.yardsticks import attribution, attribution_patterns

SETTINGS = {"max_seqlets_per_metacluster": 2000, "sliding_window_size": 15, "flank_size": 5}
"""Smaller than its own 20,000 windows of 21 + 2 · 10 nt: the motifs are 6 to 15 nt wide."""


def read(run: Run) -> dict:
    """The patterns of every class, from the maps of all test sequences that have it."""
    setup = experiment.setup(run)
    trained = training.get(setup)
    model = training.new_model(setup)
    model.set_weights(trained.weights)
    test = setup.dataset.test
    pairs = attribution.pairs(test)
    found = []
    for number, tf in enumerate(setup.dataset.classes):
        rows = pairs.loc[pairs["tf"] == number, "row"].to_numpy()
        bases = test.bases[rows]
        gradient = attribution.mean_gradient(model, bases, np.full(len(rows), number))
        if_there = gradient - gradient.mean(axis=2, keepdims=True)  # against any base alike
        positive, _ = TFMoDISco(one_hot(bases), if_there, **SETTINGS)
        for pattern in positive or ():
            found.append((tf, pattern.sequence, len(pattern.seqlets)))
        print(run, tf, len(rows), "maps,", len(positive or ()), "patterns", flush=True)
    layer, _ = experiment.describe(
        readout.read(model, setup.architecture, setup.protocol, test), setup.dataset, setup.protocol
    )
    learned = {one.learned_tf for one in layer.filters}
    return {
        "run": str(run),
        "shown": [tf for tf in setup.dataset.classes if tf in learned],
        "maps": len(pairs),
        "on_record": attribution.is_on_record(run, trained.history, None),
        "patterns": attribution_patterns.describe(found),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", default="paper")
    profile = parser.parse_args().profile
    chosen = [Run("synthetic", "as-run", profile, model, 1) for model in attribution.MODELS]
    networks = [read(run) for run in chosen]
    configuration = {
        "runs": [str(run) for run in chosen],
        "maps": "integrated gradients",
        "steps": attribution.STEPS,
        "settings": SETTINGS,
    }
    made = store.envelope(configuration, "keras", "modisco-lite", "leidenalg", "numpy")
    record = {**made, "networks": to_builtins(networks)}
    path = attribution_patterns.path(profile)
    store.save(path, convert(record, attribution_patterns.Patterns))
    print(f"on record: {path}")


if __name__ == "__main__":
    main()
