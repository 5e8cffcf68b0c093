"""Which sequences show the same place in the genome: those that share a long exact stretch.

Two peaks called at one place, in two experiments or twice in one, give two windows of the same
sequence, perhaps shifted or from the other strand. Left apart, one could be trained on and the
other tested on.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from motifbook.sequences.datasets import AMBIGUOUS, reverse_complement


def groups(bases: np.ndarray, stretch: int) -> np.ndarray:
    """Group sequences that share an exact stretch, on either strand, directly or by others.

    Parameters
    ----------
    bases : (n, length) uint8
        Base indices; a stretch with an ambiguous base (4) matches nothing.
    stretch : int
        Length of the shared stretch in nt, 1 to 64.

    Returns
    -------
    (n,) int
        Number of each sequence's group, counted in the order of their first members.
    """
    if not 1 <= stretch <= 64:
        raise ValueError(f"the shared stretch must be 1 to 64 nt long, found {stretch}")
    count, length = bases.shape
    starts = length - stretch + 1
    if starts < 1 or count == 0:
        return np.arange(count)
    forward = _words(bases, stretch)
    # Word i of a strand lies where word starts - 1 - i of the other does.
    backward = [word[:, ::-1] for word in _words(reverse_complement(bases), stretch)]
    swap = (backward[0] < forward[0]) | ((backward[0] == forward[0]) & (backward[1] < forward[1]))
    unclear = np.lib.stride_tricks.sliding_window_view(bases == AMBIGUOUS, stretch, axis=1)
    known = ~unclear.any(axis=2)
    high, low = (np.where(swap, b, f)[known] for f, b in zip(forward, backward, strict=True))
    row = np.repeat(np.arange(count), starts)[known.ravel()]
    order = np.lexsort((low, high)) if stretch > 32 else np.argsort(low)
    high, low, row = high[order], low[order], row[order]
    same = (low[1:] == low[:-1]) & (high[1:] == high[:-1])
    links = coo_array((np.ones(same.sum(), bool), (row[:-1][same], row[1:][same])), (count, count))
    _, found = connected_components(links, directed=False)
    _, first, number = np.unique(found, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[number]


def _words(bases: np.ndarray, stretch: int) -> tuple[np.ndarray, np.ndarray]:
    """Every stretch of (n, length) bases as two 64-bit words: its first bases, and its last 32.

    Two bits a base; both are (n, length - stretch + 1).
    """
    count, length = bases.shape
    starts = length - stretch + 1
    high = np.zeros((count, starts), np.uint64)
    low = np.zeros((count, starts), np.uint64)
    for offset in range(stretch):
        word = low if offset >= stretch - 32 else high
        word <<= np.uint64(2)
        word |= (bases[:, offset : offset + starts] & 3).astype(np.uint64)
    return high, low
