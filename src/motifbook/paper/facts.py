"""Claims of the paper about the design or the data: computed, no network is trained for them."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import cache

import numpy as np

from motifbook.networks import receptive
from motifbook.networks.architectures import MODELS, pooled_length
from motifbook.paper.claims import motif_e_values
from motifbook.sequences import synthetic
from motifbook.sequences.deepsea import TEST, TRAINING

BALANCE = 1.1
"""No class has more than this many times the sequences of another: no imbalance."""


@cache
def _nearest_patterns(pool: int) -> float:
    """Distance of the two patterns of the toy that are hardest to tell apart, alone."""
    seen = [receptive.views(receptive.scan(pattern), pool) for pattern in receptive.PATTERNS]
    pairs = itertools.combinations(seen, 2)
    return min(receptive.distinguish(*pair).separation for pair in pairs)


@cache
def _furthest_patterns(pool: int) -> float:
    """The same of the two that are told apart most easily."""
    seen = [receptive.views(receptive.scan(pattern), pool) for pattern in receptive.PATTERNS]
    pairs = itertools.combinations(seen, 2)
    return max(receptive.distinguish(*pair).separation for pair in pairs)


def _small_pool() -> tuple[bool, float]:
    distance = _nearest_patterns(3)
    return distance >= receptive.ALIKE, distance


def _large_pool() -> tuple[bool, float]:
    distance = _furthest_patterns(20)
    return distance < receptive.ALIKE, distance


@cache
def class_counts() -> np.ndarray:
    """How many of the 25,000 synthetic sequences hold each TF's motif: (12,)."""
    data = synthetic.get()
    return sum(part.labels.sum(axis=0, dtype=int) for part in data.splits.values())


def _class_balance() -> tuple[bool, float]:
    ratio = float(class_counts().max() / class_counts().min())
    return ratio <= BALANCE, ratio


def _distinct_motifs() -> tuple[bool, float]:
    smallest = float(motif_e_values()["e_value"].min())
    return smallest > 0.1, smallest


def _same_map() -> tuple[bool, float]:
    shapes = [
        (pooled_length(synthetic.LENGTH, conv), conv.filters)
        for conv in (MODELS[name].convs[0] for name in ("cnn-2", "cnn-50-2"))
    ]
    return shapes[0] == shapes[1], float(shapes[1][0] - shapes[0][0])


def _shares() -> tuple[bool, float]:
    share = TRAINING / (TRAINING + TEST)
    return round(100 * share) == 92 and round(100 * (1 - share)) == 8, share


FACTS: dict[str, Callable[[], tuple[bool, float]]] = {
    "distinct-motifs": _distinct_motifs,
    "toy-small-pool": _small_pool,
    "toy-large-pool": _large_pool,
    "no-class-imbalance": _class_balance,
    "same-map": _same_map,
    "in-vivo-sequences": _shares,
}
"""By claim: whether it holds, and the value that says so (see the claim's note)."""
