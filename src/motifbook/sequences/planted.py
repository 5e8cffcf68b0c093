"""The synthetic motifs in a background of real bases: `peaks-planted`.

Sequence for sequence it is the synthetic dataset: the same motifs at the same places, with the same
labels. What lies between them is not random, though: it is the bases of ChIP-seq peaks, shuffled so
that every pair of neighbours stays as frequent as it was. Low complexity, GC content, the rarity of
CG and what a promoter or a repeat is made of are there, and no motif is but those planted.
"""

from __future__ import annotations

import numpy as np

from motifbook.sequences import chipseq, downloads, synthetic
from motifbook.sequences.datasets import AMBIGUOUS, Dataset, Split, cached

NAME = "peaks-planted"


def configuration(protocol: str = "as-run", seed: int = 33, number: int = 25_000) -> dict:
    """Everything that decides the dataset, checked as `synthetic.configuration` does."""
    return {
        **synthetic.configuration(protocol, seed, number),
        "dataset": NAME,
        "background": made_from(),
    }


def made_from() -> dict:
    """What decides `background`, for a configuration."""
    return {
        "peaks": {row["tf"]: row["sha256"] for row in downloads.table("chipseq")},
        "length": chipseq.LENGTH,
        "at_most": chipseq.AT_MOST,
        "shuffled": "dinucleotides",
    }


def make(protocol: str = "as-run", seed: int = 33, number: int = 25_000) -> Dataset:
    """Simulate the dataset.

    Parameters
    ----------
    protocol, seed, number
        As for `synthetic.make`.

    Returns
    -------
    Dataset
        As that of `synthetic.make`, but for the bases outside the embedded motifs.

    Raises
    ------
    FileNotFoundError
        If the peaks were not fetched; the error says which command does that.
    ValueError, TypeError
        As `synthetic.make`.

    Notes
    -----
    `background` makes what lies between the motifs; that of a split comes from the peaks of the
    same split, so no stretch of a peak is in two splits.
    """
    config = configuration(protocol, seed, number)
    plain, peaks = synthetic.make(protocol, seed, number), chipseq.seven()
    stream = np.random.default_rng(seed)
    splits = {
        part: _planted(split, peaks.splits[part].bases, stream)
        for part, split in plain.splits.items()
    }
    return Dataset(NAME, plain.classes, **splits, config=config, relevant=plain.relevant)


def get(protocol: str = "as-run", seed: int = 33, number: int = 25_000) -> Dataset:
    """`make`, through the cache."""
    config = configuration(protocol, seed, number)
    return cached(NAME, config, lambda: make(protocol, seed, number))


def shuffled(bases: np.ndarray, stream: np.random.Generator) -> np.ndarray:
    """A sequence with as many of every dinucleotide, all such sequences equally likely.

    Parameters
    ----------
    bases : (length,) uint8
        0..3; the first and the last stay where they are.
    stream : Generator

    Notes
    -----
    Altschul & Erickson 1985, Mol Biol Evol 2:526: a sequence is a walk over the bases that takes
    every step once. The last steps out of each base must lead to the last base; those are drawn
    until they do, and all other steps are in random order.
    """
    steps = {base: bases[1:][bases[:-1] == base].tolist() for base in set(bases[:-1].tolist())}
    end = int(bases[-1])
    while True:
        last = {base: int(stream.integers(len(to))) for base, to in steps.items() if base != end}
        if all(_arrives(base, end, steps, last) for base in last):
            break
    order = {}
    for base, to in steps.items():
        kept = [to.pop(last[base])] if base in last else []
        order[base] = iter([*stream.permutation(to).tolist(), *kept])
    walk = [int(bases[0])]
    for _ in range(len(bases) - 1):
        walk.append(int(next(order[walk[-1]])))
    return np.array(walk, np.uint8)


def _arrives(base: int, end: int, steps: dict[int, list[int]], last: dict[int, int]) -> bool:
    for _ in range(len(last)):
        base = steps[base][last[base]]
        if base == end:
            return True
    return False


def background(
    peaks: np.ndarray, number: int, length: int, stream: np.random.Generator
) -> np.ndarray:
    """Sequences of shuffled peaks: windows drawn at random, each shuffled, end to end.

    Parameters
    ----------
    peaks : (n, window) uint8
        As `chipseq.seven` has them; those with an ambiguous base are left out.
    number, length : int
        Of sequences, and of their bases.
    stream : Generator

    Returns
    -------
    (number, length) uint8
    """
    clear = peaks[(peaks != AMBIGUOUS).all(axis=1)]
    several = -(-length // clear.shape[1])
    chosen = stream.integers(len(clear), size=(number, several))
    return np.array(
        [np.concatenate([shuffled(clear[i], stream) for i in own])[:length] for own in chosen]
    )


def _planted(split: Split, peaks: np.ndarray, stream: np.random.Generator) -> Split:
    """A split whose bases outside the motifs are those of shuffled peaks."""
    number, length = split.bases.shape
    behind = background(peaks, number, length, stream)
    assert split.sites is not None  # they are known of simulated data
    ends = np.zeros((number, length + 1), int)
    np.add.at(ends, (split.sites["sequence"], split.sites["start"]), 1)
    np.add.at(ends, (split.sites["sequence"], split.sites["start"] + split.sites["length"]), -1)
    motif = np.cumsum(ends, axis=1)[:, :length] > 0
    return Split(np.where(motif, split.bases, behind), split.labels, split.sites)
