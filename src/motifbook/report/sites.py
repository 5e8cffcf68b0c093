"""A layer's sites, found and counted in compiled loops: it is what takes a report's time."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def over(active: np.ndarray, threshold: np.ndarray) -> tuple[np.ndarray, ...]:
    """Where activations exceed their filter's threshold: by sequence, filter and position.

    Parameters
    ----------
    active : (n, filters, positions) float32
    threshold : (filters,) float32

    Returns
    -------
    sequence, filters, position : (sites,) int32
    value : (sites,) float32
    """
    n, filters, positions = active.shape
    number = 0
    for i in range(n):
        for f in range(filters):
            for p in range(positions):
                number += active[i, f, p] > threshold[f]
    sequence, whose = np.empty(number, np.int32), np.empty(number, np.int32)
    position, value = np.empty(number, np.int32), np.empty(number, np.float32)
    at = 0
    for i in range(n):
        for f in range(filters):
            least = threshold[f]
            for p in range(positions):
                if active[i, f, p] > least:
                    sequence[at], whose[at], position[at] = i, f, p
                    value[at] = active[i, f, p]
                    at += 1
    return sequence, whose, position, value


@njit(cache=True, nogil=True)
def count(
    bases: np.ndarray,
    found: tuple[np.ndarray, ...],
    threshold: np.ndarray,
    stride: int,
    left: int,
    counts: np.ndarray,
    sites: np.ndarray,
    sequences: np.ndarray,
    places: np.ndarray,
) -> None:
    """Add what `over` found to the counts of each filter, in place.

    Parameters
    ----------
    bases : (n, length) uint8
        From 0; what is above 3 is unknown.
    found : tuple
        Of `over`; only what exceeds this threshold too is counted.
    threshold : (filters,) float32
    stride, left : int
        Position p stands for the bases from p * stride - left on.
    counts : (filters, window, 4) float64
        Each base of a window counts as much as the site's activation; bases outside of the
        sequence do not.
    sites, sequences : (filters,) int
        Sites, and sequences that have one.
    places : (filters, bins) int
        Sites by where their middle lies in the sequence.
    """
    window, length, bins = counts.shape[1], bases.shape[1], places.shape[1]
    last = np.full(len(counts), -1)
    for s in range(len(found[0])):
        i, f, position, weight = found[0][s], found[1][s], found[2][s], found[3][s]
        if weight <= threshold[f]:
            continue
        first = position * stride - left
        for column in range(max(0, -first), min(window, length - first)):
            base = bases[i, first + column]
            if base < 4:
                counts[f, column, base] += weight
        sites[f] += 1
        if last[f] != i:
            last[f] = i
            sequences[f] += 1
        middle = min(max(first + window // 2, 0), length - 1)
        places[f, middle * bins // length] += 1
