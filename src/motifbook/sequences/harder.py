"""A dataset made harder to learn from: fewer training sequences, wrong labels. The test set stays.

Both are of the dataset, not of a trial: every network and every trial gets the same sequences and
the same wrong labels, so that trials go on to differ in their seeds alone. Both are nested: what a
smaller part holds the larger parts hold too, and a label that is wrong at 5% is wrong at 10%.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from motifbook.sequences.datasets import Dataset, Split

KEY = "harder"
"""What a configuration calls it."""
SEED = 2019


def make(dataset: Dataset, data: int = 1, noise: int = 0) -> Dataset:
    """The dataset with a part of its training sequences, and some labels flipped.

    Parameters
    ----------
    dataset : Dataset
    data : int
        One in so many training sequences is kept, the first ones; in simulated data their order is
        random. The validation set stays whole.
    noise : int
        Percent. Each label of each class of a training or validation sequence is flipped with this
        probability, independently of all others; where motifs were embedded stays on record.

    Returns
    -------
    Dataset
        The same one if there is nothing to do.
    """
    if data == 1 and noise == 0:
        return dataset
    stream = np.random.default_rng(SEED)

    def mislabelled(split: Split) -> Split:
        wrong = stream.random(split.labels.shape) < noise / 100
        return replace(split, labels=split.labels ^ wrong)

    train, valid = mislabelled(dataset.train), mislabelled(dataset.valid)
    return replace(
        dataset,
        train=train.first(-(-len(train) // data)),
        valid=valid,
        config=dataset.config | {KEY: {"data": data, "noise": noise, "seed": SEED}},
    )
